"""Fit Cox models shaped like the rationing design, against lifelines and R's coxph, and at forty times the people.

    python benchmarks/cox.py [people [many]]

Ages are whole months (about 400 distinct), entry is delayed, there are 13 covariates, 11% events and 54 clusters, the
months of birth. Each fit is timed from the data frame to the summary, in a process of its own whose peak resident
memory is measured, data included; linear algebra runs on one thread on every side. Ours is the median of several fits,
each peer is fitted once. In R only the call of coxph is timed; without Rscript its row is left out. The table goes to
benchmarks/cox.csv.
"""

import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from evenwicht.estimators.cox import cox

ROOT = Path(__file__).parents[1]
COVARIATES = [f"x{j}" for j in range(13)]
FOLLOWED = 346  # months
FIT_IN_R = """
library(survival)
data <- read.csv(commandArgs(TRUE)[1])
formula <- reformulate(setdiff(names(data), c("entry", "age", "status", "birth")), quote(Surv(entry, age, status)))
cat(system.time(coxph(formula, data, cluster = birth))[["elapsed"]])
"""


def rationing_like(people: int) -> pd.DataFrame:
    """Three windows of exposure by month of birth, ten personal covariates, Gompertz onset seen from a fixed date."""
    rng = np.random.default_rng(1)
    columns = {"birth": rng.integers(54, size=people).astype(float)}
    for j in range(3):
        columns[f"x{j}"] = ((columns["birth"] >= 9 * j) & (columns["birth"] < 9 * (j + 2))).astype(float)
    for j in range(3, 8):
        columns[f"x{j}"] = (rng.random(people) < 0.1 * j).astype(float)
    for j in range(8, 13):
        columns[f"x{j}"] = rng.standard_normal(people)
    entry = 653 - columns["birth"]
    log_ratio = -0.1 * columns["x0"] + 0.2 * columns["x3"] + 0.1 * columns["x8"]
    later = np.log1p(0.005 * rng.exponential(size=people) / (1.25e-4 * np.exp(log_ratio))) / 0.005
    columns["entry"] = entry
    columns["age"] = entry + np.ceil(np.minimum(later, FOLLOWED))
    columns["status"] = (later <= FOLLOWED).astype(float)
    return pd.DataFrame(columns)


def ours(frame: pd.DataFrame, cluster: str | None) -> None:
    columns = {"covariates": COVARIATES, "entry_col": "entry", "cluster_col": cluster}
    assert np.isfinite(cox(frame, "age", "status", **columns).summary.drop(columns="df")).all(axis=None)


def lifelines(frame: pd.DataFrame, cluster: str | None) -> None:
    from lifelines import CoxPHFitter

    used = frame if cluster else frame.drop(columns="birth")
    assert np.isfinite(CoxPHFitter().fit(used, "age", "status", entry_col="entry", cluster_col=cluster).summary).all(
        axis=None
    )


def measured(
    fit: Callable[[pd.DataFrame, str | None], None],
    people: int,
    cluster: str | None,
    repeats: int,
    answer: "multiprocessing.Queue",
) -> None:
    frame, seconds = rationing_like(people), []
    for _ in range(repeats):
        start = time.perf_counter()
        fit(frame, cluster)
        seconds.append(time.perf_counter() - start)
    answer.put((float(np.median(seconds)), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20))


def in_own_process(
    fit: Callable[[pd.DataFrame, str | None], None], people: int, cluster: str | None, repeats: int
) -> tuple[float, float]:
    """Median seconds of a fit, and peak memory in GiB."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=measured, args=(fit, people, cluster, repeats, answer))
    process.start()
    result = answer.get()
    process.join()
    return result


def seconds_in_r(people: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder) / "data.csv", Path(folder) / "fit.R"
        rationing_like(people).to_csv(data, index=False)
        script.write_text(FIT_IN_R, encoding="utf-8")
        return float(subprocess.run(["Rscript", script, data], capture_output=True, text=True, check=True).stdout)


def main(people: int, many: int) -> None:
    os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    clustered, peak = in_own_process(ours, people, "birth", 15)
    plain, plain_peak = in_own_process(ours, people, None, 15)
    large, large_peak = in_own_process(ours, many, "birth", 5)
    rows = [
        (f"ours at {many:,}, clusters, to {people:,}", many, large, clustered, large / clustered, "<= 50", large_peak)
    ]
    if shutil.which("Rscript"):
        peer = seconds_in_r(people)
        rows.append(("R coxph to ours, clusters", people, clustered, peer, peer / clustered, ">= 20", peak))
    else:
        print("no Rscript: the row of R is left out")
    peer, _ = in_own_process(lifelines, people, None, 1)
    rows.append(("lifelines to ours, no clusters", people, plain, peer, peer / plain, "", plain_peak))
    peer, _ = in_own_process(lifelines, people, "birth", 1)
    rows.append(("lifelines to ours, clusters", people, clustered, peer, peer / clustered, ">= 100", peak))
    columns = ["comparison", "people", "seconds", "seconds_of_peer", "ratio", "target", "peak_memory_gib"]
    digits = {"seconds": 3, "seconds_of_peer": 3, "ratio": 1, "peak_memory_gib": 2}
    table = pd.DataFrame(rows, columns=columns).round(digits)
    table.to_csv(ROOT / "benchmarks/cox.csv", index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:])) if len(sys.argv) > 1 else main(100_000, 4_000_000)
