"""Estimates: one number with its uncertainty, and the vocabulary of estimands."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Z95 = 1.959963984540054  # 97.5% quantile of the standard normal

ROUNDING = 1e-12  # a probability so near to zero or one is that


@dataclass(frozen=True)
class Interval:
    """A point estimate with its standard error and 95% confidence limits; NaN where not defined.

    Where the estimate or its limits cannot be given, `reason` says why, in words that a reader can act on.
    """

    estimate: float
    se: float = np.nan
    lower: float = np.nan
    upper: float = np.nan
    reason: str = ""

    @classmethod
    def normal(cls, estimate: float, se: float) -> "Interval":
        """Return the 95% interval of a normal approximation."""
        return cls(float(estimate), float(se), float(estimate - Z95 * se), float(estimate + Z95 * se))

    @classmethod
    def student(cls, estimate: float, se: float, df: float) -> "Interval":
        """Return the 95% interval by a t distribution with the given degrees of freedom."""
        reach = t_quantile(df) * se
        return cls(float(estimate), float(se), float(estimate - reach), float(estimate + reach))

    @classmethod
    def survival(cls, estimate: float, se: float, df: float = np.inf) -> "Interval":
        """Return the 95% interval of a survival probability on the complementary log-log scale, within 0 and 1.

        Source: Kalbfleisch and Prentice 2002, The Statistical Analysis of Failure Time Data, section 1.4.
        """
        if not ROUNDING < estimate < 1 - ROUNDING:
            return cls(float(estimate)).bare("a probability of zero or one has no standard error")
        reach = t_quantile(df) * se / (estimate * -np.log(estimate))
        return cls(float(estimate), float(se), float(estimate ** np.exp(reach)), float(estimate ** np.exp(-reach)))

    @classmethod
    def risk(cls, estimate: float, se: float, df: float = np.inf) -> "Interval":
        """Return the 95% interval of a risk: that of survival, turned round."""
        survival = cls.survival(1 - estimate, se, df)
        return cls(float(estimate), survival.se, 1 - survival.upper, 1 - survival.lower, survival.reason)

    @classmethod
    def not_estimable(cls, reason: str) -> "Interval":
        """Return what stands where no number can: the reason."""
        return cls(np.nan, reason=reason)

    def bare(self, reason: str) -> "Interval":
        """Return the estimate alone, with the reason why it has no interval; what is not estimable keeps its own."""
        return self if self.status == "not estimable" else Interval(self.estimate, reason=reason)

    @property
    def status(self) -> str:
        """ "estimated", "no interval" or "not estimable"; a number that needs no interval has no reason."""
        if not self.reason:
            return "estimated"
        return "not estimable" if np.isnan(self.estimate) else "no interval"

    def exp(self) -> "Interval":
        """Return the interval on the ratio scale; the standard error stays on the log scale."""
        estimate, lower, upper = (float(np.exp(value)) for value in (self.estimate, self.lower, self.upper))
        return Interval(estimate, self.se, lower, upper, self.reason)


@dataclass(frozen=True)
class Error:
    """Standard error of an estimate with its degrees of freedom, or the reason why it has none."""

    se: float
    df: float = np.inf
    reason: str = ""

    def around(self, estimate: float) -> Interval:
        """Return the 95% interval of an estimate with this error."""
        if self.reason:
            return Interval(float(estimate), reason=self.reason)
        return Interval.student(estimate, self.se, self.df)


def t_quantile(df: float) -> float:
    """97.5% quantile of a t distribution; of the normal one with infinite degrees of freedom."""
    from scipy.special import stdtrit

    return Z95 if np.isinf(df) else float(stdtrit(df, 0.975))


@dataclass(frozen=True)
class Estimand:
    """How an estimand is named, measured and read.

    `kind` is "difference" (no effect at 0), "ratio" (no effect at 1), "probability" or "index" (0 to 1), "association"
    (not causal), or "statistic" (without a null). `unit` is left out where the outcome has it or the kind says it.
    A share of people says of whom in `share_of`: "all" who are analysed, the "exposed", the "unexposed", "cases",
    "others", or the "arm" whose people alone the row counts; `per` says of how many, where it is no fraction.
    """

    label: str
    kind: str
    unit: str = ""
    share_of: str = ""
    per: float = 1.0


ESTIMANDS = {
    "mean_difference": Estimand("Mean difference", "difference"),
    "risk_difference": Estimand("Risk difference", "difference", "risk"),
    "population_mean_difference": Estimand("Change in the mean if nobody were exposed", "difference"),
    "population_risk_difference": Estimand("Change in risk if nobody were exposed", "difference", "risk"),
    "risk_ratio": Estimand("Risk ratio", "ratio"),
    "mean_ratio": Estimand("Ratio of means", "ratio"),
    "hazard_ratio": Estimand("Hazard ratio", "ratio"),
    "conditional_hazard_ratio": Estimand("Hazard ratio, conditional on covariates", "ratio"),
    "rate_exposed": Estimand("Events in time with the exposure", "statistic", "per 1,000 person-years"),
    "rate_unexposed": Estimand("Events in time without the exposure", "statistic", "per 1,000 person-years"),
    "risk": Estimand("Risk as things are", "probability", share_of="all"),
    "risk_exposed": Estimand("Risk if everybody were exposed", "probability", share_of="exposed"),
    "risk_unexposed": Estimand("Risk if nobody were exposed", "probability", share_of="unexposed"),
    "odds_ratio": Estimand("Odds ratio", "ratio"),
    "conditional_odds_ratio": Estimand("Odds ratio, conditional on covariates", "ratio"),
    "standardised_mean_difference": Estimand("Standardised mean difference", "difference"),
    "rmst_difference": Estimand("Difference in time free of disease up to the horizon", "difference", "years"),
    "onset_delay": Estimand("Delay of onset", "difference", "years"),
    "number_needed": Estimand("Number of people for one case", "statistic"),
    "cases_averted": Estimand("Cases averted", "difference", "per 100,000 people"),
    "prevented_fraction": Estimand("Share of cases that reaching everybody would prevent", "difference"),
    "attributable_fraction": Estimand("Population attributable fraction", "difference"),
    "slope_index_difference": Estimand("Change of the slope index of inequality by SES", "difference"),
    "share_of_effect": Estimand("Share of the effect, by 1 minus hazard ratio", "difference"),
    "share_of_log_hazard": Estimand("Share of the effect, by log hazard ratio", "difference"),
    "crude_difference": Estimand("Difference between exposed and unexposed as they are", "association"),
    "associated_risk_ratio": Estimand("Risk ratio of people as they are, given covariates", "association"),
    "liability_r_squared": Estimand("Explained variance on the liability scale", "probability"),
    "unexplained_share": Estimand("Share of variance left when all causes are known", "probability"),
    "auc": Estimand("Area under the ROC curve", "probability"),
    "sensitivity": Estimand("Share of cases who were exposed", "association", share_of="cases"),
    "specificity": Estimand("Share of others who were not exposed", "association", share_of="others"),
    "positive_predictive_value": Estimand("Risk of the exposed as they are", "association", share_of="exposed"),
    "negative_predictive_value": Estimand("Chance of the unexposed to stay free", "association", share_of="unexposed"),
    "r_squared": Estimand("Explained variance", "probability"),
    "survival_exposed": Estimand("Survival of the exposed", "probability", share_of="arm"),
    "survival_unexposed": Estimand("Survival of the unexposed", "probability", share_of="arm"),
    "selection_bias": Estimand("Bias of the crude difference by who is compared", "association"),
    "first_stage": Estimand("Change of what the policy sets", "statistic"),
    "births_ratio": Estimand("Births after over before the date, against other years", "ratio"),
    "break_date": Estimand("Month of the break", "difference", "months"),
    "observed_expected_ratio": Estimand("Late events per expected event", "ratio"),
    "gini": Estimand("Gini coefficient", "index"),
    "top_share": Estimand("Share of use by the top group", "probability"),
    "group_share": Estimand("Share of people", "probability", share_of="all"),
    "group_use_share": Estimand("Share of use by people with high need", "probability"),
    "excess_use_share": Estimand("Share of use by people with high need, above chance", "difference"),
    "users_share": Estimand("Share of people who use it at all", "probability", share_of="all"),
    "gini_users": Estimand("Gini coefficient among those who use it", "index"),
    "excess_group_share": Estimand("Share of people above chance", "difference", "share"),
    "observed_expected_share": Estimand("Share of people over that by chance", "ratio"),
    "need_odds_ratio": Estimand("Odds ratio of high need in two sectors", "ratio"),
    "concentration_index": Estimand("Concentration index by a score", "difference"),
    "erreygers_index": Estimand("Concentration index by a score (Erreygers)", "difference"),
    "wagstaff_index": Estimand("Concentration index by a score (Wagstaff)", "difference"),
    "risk_ranked_part": Estimand("Concentration index as a part of the Gini coefficient", "difference"),
    "sequential_fraction": Estimand("Attributable fraction on top of earlier changes", "difference"),
    "top_risk_share": Estimand("Share of use by the fifth with the highest score", "probability"),
    "correlation": Estimand("Pearson correlation", "difference"),
    "weighted_kappa": Estimand("Weighted kappa (linear weights)", "difference"),
    # when something else can come first
    "cumulative_incidence_exposed": Estimand(
        "Share with the event if everybody were exposed", "probability", share_of="exposed"
    ),
    "cumulative_incidence_unexposed": Estimand(
        "Share with the event if nobody were exposed", "probability", share_of="unexposed"
    ),
    "cumulative_incidence_difference": Estimand("Difference in the share with the event", "difference", "risk"),
    "cumulative_incidence_ratio": Estimand("Ratio of the shares with the event", "ratio"),
    "competing_incidence_exposed": Estimand(
        "Share with the competing event first, exposed", "probability", share_of="exposed"
    ),
    "competing_incidence_unexposed": Estimand(
        "Share with the competing event first, unexposed", "probability", share_of="unexposed"
    ),
    "competing_incidence_difference": Estimand(
        "Difference in the share with the competing event first", "difference", "risk"
    ),
    "years_lost_difference": Estimand("Difference in years lost to the event up to the horizon", "difference", "years"),
    "competing_years_lost_difference": Estimand(
        "Difference in years lost to the competing event up to the horizon", "difference", "years"
    ),
    "healthy_years_difference": Estimand(
        "Difference in years free of both events up to the horizon", "difference", "years"
    ),
    "competing_hazard_ratio": Estimand("Hazard ratio of the competing event", "ratio"),
    "conditional_competing_hazard_ratio": Estimand(
        "Hazard ratio of the competing event, conditional on covariates", "ratio"
    ),
    # along a rank
    "slope_index": Estimand("Slope index of inequality (top less bottom)", "difference"),
    "slope_index_exposed": Estimand("Slope index of inequality if everybody were exposed", "difference"),
    "slope_index_unexposed": Estimand("Slope index of inequality if nobody were exposed", "difference"),
    "relative_index": Estimand("Relative index of inequality, linear (bottom over top)", "ratio"),
    "relative_index_log_linear": Estimand("Relative index of inequality, log-linear (bottom over top)", "ratio"),
    # which time of life an exposure counts in
    "timing_slope": Estimand("Slope by the chosen hypothesis", "difference"),
    "partial_r_squared": Estimand("Variance explained beyond covariates", "probability"),
    "chosen_first": Estimand("Chosen first", "probability"),
    # what is told beforehand
    "auc_increment": Estimand("Gain in the area under the ROC curve over covariates alone", "difference"),
    "tjur_r_squared": Estimand("Mean predicted risk of cases less that of others (Tjur)", "probability"),
    "brier_score": Estimand("Mean squared error of predicted risks (Brier)", "index"),
    "calibration_slope": Estimand("Calibration slope (1: right)", "statistic"),
    "calibration_intercept": Estimand("Calibration intercept (0: right)", "statistic"),
    "calibration_in_the_large": Estimand("Calibration in the large, log odds (0: right)", "statistic"),
    "flagged_well": Estimand("Share of flagged people without the outcome", "association"),
    "false_positives": Estimand("Flagged without the outcome", "statistic", "per 1,000 people", "all", per=1000.0),
    "missed_cases": Estimand("With the outcome, not flagged", "statistic", "per 1,000 people", "all", per=1000.0),
    "net_benefit": Estimand("Net benefit of flagging", "statistic"),
    "net_benefit_all": Estimand("Net benefit of flagging everybody", "statistic"),
    "residual_share": Estimand("Share of variance left when what is known early is known", "probability"),
    "residual_sd": Estimand("Standard deviation left when what is known early is known", "statistic"),
    # how much goes through mediators
    "path_difference": Estimand("Part of the difference in means", "difference"),
    "path_risk_difference": Estimand("Part of the difference in risk", "difference", "risk"),
    "path_share": Estimand("Part of the effect as a share of all of it", "difference", "share"),
    "within_difference": Estimand("Difference among people of one group", "difference"),
    "between_difference": Estimand("Difference between groups with more and with fewer such people", "difference"),
    "contextual_difference": Estimand("What the group adds: between groups less within them", "difference"),
    "intraclass_correlation": Estimand("Share of the variance that is between groups", "probability"),
    "compositional_share": Estimand("Share of the variance between groups that is who is in them", "difference"),
    # both sides in one currency
    "change_in_cases": Estimand("Change in cases", "difference", "per 100,000 people"),
    "change_in_sds": Estimand("Change in the mean", "difference", "SD"),
    "ratio_over_all": Estimand("Risk after over risk before", "ratio"),
    "fraction_over_all": Estimand("Share of all cases that would not be there", "difference"),
    "number_over_all": Estimand("Number of people for one case fewer or more", "statistic"),
    "units_over_all": Estimand("Change over 100,000 births, in its own unit", "difference"),
    "mean_over_all": Estimand("Change of the mean over all", "difference"),
    "present_value": Estimand("Present value", "difference"),
    "benefit_cost_ratio": Estimand("Benefits to society over costs", "statistic", "times the cost"),
    "internal_rate": Estimand("Internal rate of return", "difference", "% a year"),
    "paid_back": Estimand("Age by which it has paid for itself", "statistic", "years"),
    "public_funds": Estimand("Marginal value of public funds", "statistic", "for each unit that the state pays"),
    "slope_over_all": Estimand("Change in the slope index of inequality (top less bottom)", "difference"),
    "doing_well": Estimand("Share of the exposed who do not become a case", "probability", share_of="arm"),
    "doing_well_added": Estimand("Change in the share of the exposed who do not become a case", "difference", "share"),
    "equal_shift": Estimand("Shift of everybody that averts as many cases", "difference", "SD of predicted risk"),
    "gini_over_all": Estimand("Change in the Gini coefficient of use", "difference", "share"),
    "top_fifth_over_all": Estimand("Change in the share of use by the fifth with most", "difference", "share"),
    "cases_apart": Estimand(
        "Size of the policy’s change less that of the exposure’s", "difference", "per 100,000 people"
    ),
    "sds_apart": Estimand("Size of the policy’s change less that of the exposure’s, in SD", "difference", "SD"),
}

DIAGNOSTIC_LABELS = {
    "p_value": "P value",
    "power": "Power of the test",
    "test_size": "Chance that the test at 5% rejects where there is nothing",
    "type_s": "Chance that a clear estimate has the wrong sign",
    "type_m": "How many times too large a clear estimate is on average",
    "e_value": "E-value",
    "aic_difference": "Difference in AIC (positive: the dose fits better)",
    "dispersion": "Dispersion of counts: variance = mean + dispersion x mean squared",
    "first_stage_f": "First-stage F statistic",
    "effective_n": "Effective number of people (Kish)",
    "largest_weight": "Largest weight",
    "share_exposed": "Share of the people analysed who are exposed",
    "change_at_least": "Change where every range of the lever is at its low end",
    "change_at_most": "Change where every range of the lever is at its high end",
    "auc_of_risk": "Area under the ROC curve of the predicted risk",
    "lever_cost": "Cost over 100,000 births",
    "outlay": "Present value of what the change costs the state",
    "cost_for_one": "Cost to the state for one unit of what is bought",
    "chance_gain": "Share of joint draws with a present value above zero",
    "without_rate": "Share of joint draws without one internal rate of return",
    "pays_for_itself": "Share of joint draws in which the policy pays for itself",
    "saves_and_hurts": "Share of joint draws in which it saves the state money and others lose",
    "deadweight": "Present value to society if raising taxes loses a share of them",
    "value_at_least": "Present value at the lowest price or cost",
    "value_at_most": "Present value at the highest price or cost",
    "trade_off": "Share of joint draws with a gain at a cost",
    "dominates": "Share of joint draws with a gain that saves money",
    "dominated": "Share of joint draws with a loss at a cost",
    "saves_but_loses": "Share of joint draws with a loss that saves money",
    "lever_referrals": "Referrals to youth care, more or fewer, over 100,000 births",
    "chance_policy_larger": "Share of joint draws in which the policy changes more",
    "outcome_sd": "Standard deviation of the outcome among the people analysed",
    "person_years_exposed": "Person-years with the exposure",
    "person_years_unexposed": "Person-years without the exposure",
    "clusters": "Clusters",
    "specification": "Specification",
    "clusters_exposed": "Clusters with the exposure",
    "clusters_unexposed": "Clusters without the exposure",
    "anderson_rubin": "Anderson-Rubin 95% set",
    "chance": "Value under chance",
    "coverage_gini": "Coverage of an interval of a Gini coefficient like this one",
    "coverage_top_share": "Coverage of an interval of a top share like this one",
    "coverage_group_use_share": "Coverage of an interval of a share of use like this one",
    "null_mean": "Mean of negative controls, log scale",
    "controls": "Negative controls",
    "families": "Informative families",
    "window_check": "Are events and censoring sought in the same window?",
    # when values are missing
    "share_missing": "Share of people for whom it is not known",
    "share_observed": "Share of people for whom everything is known",
    "missing_difference": "People with something missing less complete ones, standard deviations",
    "missing_information": "Share of the information lost with what is missing",
    # which time of life an exposure counts in
    "first_p_value": "P value of the first choice (largest of all t values)",
    "step_p_value": "P value of a step, given the steps before it",
    "penalty": "Penalty at which it enters",
    "explained_alone": "Variance that a hypothesis alone explains beyond covariates",
    "correlation_with_first": "Correlation of a hypothesis with the first choice",
    "behind_first": "How much less well a hypothesis fits than the first choice, standard errors",
    "reliability": "Share of what groups differ by in the exposure that is not chance",
    "variance_between": "Variance between groups",
    "variance_within": "Variance within groups",
}
EXTREMES = ("largest_weight",)  # of one person
OF_FEW = ("missing_difference",)  # of the people with something missing, who are few
COUNTS_OF_GROUPS = ("clusters", "clusters_exposed", "clusters_unexposed", "families")
SHARES_OF_PEOPLE = ("share_exposed", "share_missing", "share_observed")  # of all who are analysed

# What a curve of a figure is made of: "steps" of people who have had the event; shares of use along people "ranked";
# points for "groups" of people; "sets" of people, by thousand; shares of cases and others "told_apart"; numbers of
# a "model" of all; sums of "money"; "withheld" is what gives the cases and others at every point
CurveKind = Literal["steps", "ranked", "groups", "sets", "told_apart", "model", "money", "withheld"]
CURVES: dict[str, CurveKind] = {
    "survival": "steps",
    "incidence": "steps",
    "lorenz": "ranked",
    "by_risk": "ranked",
    "calibration": "groups",
    "groups": "groups",
    "roc": "told_apart",
    "together": "sets",
    "net_benefit": "withheld",
    "path": "model",
    "dose": "model",
    "placebo": "model",
    "profile": "model",
    "averted_by_shift": "model",
    "ceiling": "model",
    "value_by_age": "money",
    "value_by_rate": "money",
    "acceptability": "money",
}
