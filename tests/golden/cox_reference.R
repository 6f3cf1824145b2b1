# References of tests/golden/test_cox.py: data sets and what survival::coxph makes of them.
#
# Written by R 4.2.2 with survival 3.5-3; run from the root of the repository with
#
#     Rscript tests/golden/cox_reference.R
#
# It writes one CSV per data set and results.csv (a row for each case and number, 17 significant digits) to
# tests/golden/cox. No test runs R.

suppressPackageStartupMessages(library(survival))
folder <- "tests/golden/cox"
set.seed(19450505)
exact <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50, timefix = FALSE)
digits <- function(x) format(x, digits = 17, scientific = TRUE, trim = TRUE)

write_data <- function(name, data) {
  numbers <- sapply(data, function(x) !is.integer(x))
  data[numbers] <- lapply(data[numbers], digits)
  write.csv(data, file.path(folder, paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
}

# Gompertz hazard with delayed entry; `unit` rounds times, so that a large one ties them
simulate <- function(n, unit = NULL) {
  x1 <- rnorm(n)
  x2 <- rbinom(n, 1, 0.4)
  x3 <- runif(n, -1, 2)
  entry <- runif(n, 0, 8)
  ratio <- exp(0.5 * x1 - 0.4 * x2 + 0.2 * x3)
  onset <- log(exp(0.1 * entry) - 0.1 * log(runif(n)) / (0.03 * ratio)) / 0.1
  censoring <- entry + runif(n, 1, 25)
  time <- pmin(onset, censoring)
  status <- as.integer(onset <= censoring)
  if (!is.null(unit)) {
    entry <- floor(entry / unit) * unit
    time <- ceiling(time / unit) * unit
  }
  data.frame(entry, time, status, x1, x2 = as.integer(x2), x3, group = sample.int(4, n, TRUE),
             cluster = sample.int(17, n, TRUE), weight = round(runif(n, 0.2, 3), 3), shift = round(rnorm(n, 0, 0.5), 3))
}

untied <- simulate(200)
tied <- simulate(300, 2.5)

# strata of one row, strata without events, a stratum whose rows are never at risk together with an event
odd <- simulate(120, 1)
odd$group <- c(1:30, rep(31:39, each = 10))
odd$status[odd$group %in% c(33, 36)] <- 0L

# birth in days since 1900 next to a share in millionths
scaled <- simulate(150, 0.5)
scaled$birth <- 16000 + 365.25 * 10 * runif(150) + 1e6
scaled$share <- 1e-6 * runif(150)

# one event among the exposed, right after the first event of all: large but finite
near <- simulate(100)
near$time[1:2] <- min(near$time) / c(2, 4)
near$status[1:2] <- 1L
near$exposed <- as.integer(seq_len(100) == 1)

# every exposed person has the event before any unexposed one leaves
apart <- data.frame(time = c(1:20, 21:60), status = as.integer(c(rep(1, 20), rbinom(40, 1, 0.5))),
                    exposed = rep(1:0, c(20, 40)), x1 = rnorm(60))
# nobody exposed has the event
spared <- simulate(80, 1)
spared$exposed <- as.integer(seq_len(80) <= 20)
spared$status[1:20] <- 0L

frames <- list(untied = untied, tied = tied, odd = odd, scaled = scaled, near = near, apart = apart, spared = spared,
               lung = na.omit(transform(lung, status = as.integer(status - 1))[c("time", "status", "age", "sex", "ph.ecog", "wt.loss", "inst")]),
               heart = heart[c("start", "stop", "event", "age", "year", "surgery", "id")])
names(frames$lung)[5:6] <- c("ecog", "loss")
frames$heart$event <- as.integer(frames$heart$event)
for (name in names(frames)) write_data(name, frames[[name]])

results <- NULL
add <- function(case, number, term, value) {
  results <<- rbind(results, data.frame(case, number, term, value = digits(value)))
}
reference <- function(case, formula, data, ..., weights = NULL, cluster = NULL) {
  frame <- frames[[data]]
  arguments <- list(formula, data = frame, control = exact, ...)
  if (!is.null(weights)) arguments$weights <- frame[[weights]]
  if (!is.null(cluster)) arguments$cluster <- frame[[cluster]]
  warned <- ""
  fit <- withCallingHandlers(
    do.call(coxph, arguments),
    warning = function(w) { warned <<- conditionMessage(w); invokeRestart("muffleWarning") })
  terms <- names(coef(fit))
  naive <- if (is.null(fit$naive.var)) fit$var else fit$naive.var
  for (j in seq_along(terms)) {
    add(case, "coef", terms[j], coef(fit)[[j]])
    add(case, "se", terms[j], sqrt(fit$var[j, j]))
    add(case, "naive_se", terms[j], sqrt(naive[j, j]))
  }
  add(case, "loglik_null", "", fit$loglik[1])
  add(case, "loglik", "", fit$loglik[2])
  add(case, "events", "", fit$nevent)
  if (warned != "") results <<- rbind(results, data.frame(case, number = "warning", term = "", value = gsub(",", ";", warned)))
}

plain <- Surv(time, status) ~ x1 + x2 + x3
late <- Surv(entry, time, status) ~ x1 + x2 + x3
reference("efron", plain, "untied")
reference("breslow", plain, "tied", ties = "breslow")
reference("ties", plain, "tied")
reference("entry", late, "untied")
reference("entry_ties", late, "tied")
reference("entry_ties_breslow", late, "tied", ties = "breslow")
reference("strata", update(plain, . ~ . + strata(group)), "untied")
reference("strata_entry_ties", update(late, . ~ . + strata(group)), "tied")
reference("weights_efron", plain, "tied", weights = "weight", robust = FALSE)
reference("weights_breslow", plain, "tied", weights = "weight", ties = "breslow", robust = FALSE)
reference("robust", plain, "untied", robust = TRUE)
reference("robust_ties", plain, "tied", robust = TRUE)
reference("robust_ties_breslow", plain, "tied", ties = "breslow", robust = TRUE)
reference("robust_weights_ties", plain, "tied", weights = "weight", robust = TRUE)
reference("cluster", plain, "untied", cluster = "cluster")
reference("cluster_ties", plain, "tied", cluster = "cluster")
reference("cluster_weights_entry_strata", update(late, . ~ . + strata(group)), "tied", weights = "weight", cluster = "cluster")
reference("cluster_weights_entry_strata_breslow", update(late, . ~ . + strata(group)), "tied", weights = "weight",
          cluster = "cluster", ties = "breslow")
reference("offset", update(plain, . ~ . + offset(shift)), "untied")
reference("offset_weights_entry_ties", update(late, . ~ . + offset(shift)), "tied", weights = "weight", robust = FALSE)
reference("odd_strata", update(late, . ~ . + strata(group)), "odd")
reference("odd_strata_cluster", update(plain, . ~ . + strata(group)), "odd", cluster = "cluster")
reference("scaled", Surv(entry, time, status) ~ birth + share + x2, "scaled")
reference("near_separation", Surv(time, status) ~ exposed + x1, "near")
reference("lung", Surv(time, status) ~ age + sex + ecog + loss, "lung")
reference("lung_cluster", Surv(time, status) ~ age + sex + ecog + loss, "lung", cluster = "inst")
reference("heart", Surv(start, stop, event) ~ age + year + surgery, "heart", cluster = "id")
reference("separation", Surv(time, status) ~ exposed + x1, "apart")
reference("spared", Surv(entry, time, status) ~ exposed + x1, "spared")
write.csv(results, file.path(folder, "results.csv"), row.names = FALSE, quote = FALSE)
