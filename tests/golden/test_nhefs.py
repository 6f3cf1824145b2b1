"""NHEFS against the values printed in Hernan and Robins, Causal Inference: What If, chapters 12-17.

Each value must come out in the decimals the book prints. Bootstrap limits are the exception that arithmetic forces: the
book's come from a finite number of samples, so ours agree within printing and their Monte Carlo error.
"""

import numpy as np
import pandas as pd
import pytest
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.propensity import fit_propensity, weighted_means
from evenwicht.estimators.standardisation import standardised_means
from evenwicht.individual.exposure import individual_study
from evenwicht.policy.effect import policy_study
from evenwicht.samples import Sample, draw_sample

from tests.conftest import ROOT

PUBLISHED = pd.read_csv(ROOT / "data/published.csv").query("cohort == 'nhefs' and use == 'check'")
BOOKS = 1000  # bootstrap samples in the book


@pytest.fixture(scope="module")
def estimates(nhefs: Cohort, nhefs_config: CohortConfig) -> pd.DataFrame:
    individual = individual_study(nhefs, nhefs_config.individual, nhefs_config.outcomes).estimates
    return pd.concat([individual, policy_study(nhefs, nhefs_config)])


def pick(estimates: pd.DataFrame, row: pd.Series) -> pd.Series:
    same = [estimates[k] == row[k] for k in ("study", "estimand", "contrast", "method")]
    (found,) = estimates[np.logical_and.reduce(same)].to_dict("records")
    return pd.Series(found)


@pytest.mark.parametrize("index", PUBLISHED.index)
def test_estimate_is_the_printed_one(index: int, estimates: pd.DataFrame) -> None:
    row = PUBLISHED.loc[index]
    assert round(pick(estimates, row)["estimate"], row["decimals"]) == row["value"]


@pytest.mark.parametrize("index", PUBLISHED[PUBLISHED["lower"].notna() & (PUBLISHED["method"] != "gformula")].index)
def test_interval_is_the_printed_one(index: int, estimates: pd.DataFrame) -> None:
    row = PUBLISHED.loc[index]
    ours = pick(estimates, row)
    assert [round(ours[k], row["decimals"]) for k in ("lower", "upper")] == [row["lower"], row["upper"]]


def test_interval_of_standardisation_is_the_printed_bootstrap_within_its_monte_carlo_error(
    estimates: pd.DataFrame,
) -> None:
    (row,) = [PUBLISHED.loc[i] for i in PUBLISHED[PUBLISHED["method"] == "gformula"].index]
    ours = pick(estimates, row)
    # the standard error from B samples has relative error 1 / sqrt(2 B); a limit lies 1.96 standard errors away
    monte_carlo = 1.96 * ours["se"] / np.sqrt(2 * BOOKS)
    printing = 0.5 * 10.0 ** -row["decimals"]
    for limit in ("lower", "upper"):
        assert ours[limit] == pytest.approx(row[limit], abs=printing + 3 * monte_carlo)


def test_weights_that_are_estimated_leave_less_doubt_than_weights_that_are_known(estimates: pd.DataFrame) -> None:
    """What If calls its interval conservative, technical point 12.1: 3.4 (2.4 to 4.5) becomes 3.4 (2.5 to 4.4)."""
    (ours,) = estimates.query("method == 'ipw' and estimand == 'mean_difference'").to_dict("records")
    assert [round(ours[k], 1) for k in ("estimate", "lower", "upper")] == [3.4, 2.5, 4.4]


@pytest.fixture(scope="module")
def weight_sample(nhefs: Cohort, nhefs_config: CohortConfig) -> Sample:
    config = nhefs_config
    return draw_sample(nhefs, "quit", config.individual.adjust, config.outcomes["weight_change"], None, "golden")


def test_classical_intervals_of_crude_and_adjusted_difference(weight_sample: Sample) -> None:
    """What If prints intervals from equal variances: 2.5 (1.7 to 3.4) crude, 3.5 (2.6 to 4.3) adjusted."""
    s = weight_sample
    crude = least_squares(s.outcome.value, s.exposure, covariance="classical")
    adjusted = least_squares(s.outcome.value, s.exposure, s.covariates, covariance="classical")
    assert [round(v, 1) for v in (crude.estimate, crude.lower, crude.upper)] == [2.5, 1.7, 3.4]
    assert [round(v, 1) for v in (adjusted.estimate, adjusted.lower, adjusted.upper)] == [3.5, 2.6, 4.3]


def test_sample_sizes_are_the_books(estimates: pd.DataFrame) -> None:
    sizes = estimates.set_index(["study", "estimand", "method"])["n"].sort_index()
    assert set(sizes.loc[("weight_change", "mean_difference", "ipw")]) == {1566}
    assert set(sizes.loc[("weight_change", "mean_difference", "iv")]) == {1476}
    assert set(sizes.loc[("death", "hazard_ratio", "ipw")]) == {1629}


def test_weighted_hazard_ratio_finds_no_effect(estimates: pd.DataFrame) -> None:
    (ratio,) = estimates.query("study == 'death' and method == 'ipw' and estimand == 'hazard_ratio'").to_dict("records")
    assert round(ratio["estimate"], 1) == 1.0
    assert ratio["lower"] < 1 < ratio["upper"]


def test_the_books_instrument_is_called_weak_and_says_nothing(estimates: pd.DataFrame) -> None:
    (iv,) = estimates.query("method == 'iv_unadjusted' and estimand == 'mean_difference'").to_dict("records")
    (first,) = estimates.query("method == 'iv_unadjusted' and estimand == 'first_stage_f'").to_dict("records")
    assert first["estimate"] < 10
    assert first["note"] == "instrument is weak"
    assert "Anderson-Rubin 95% set: every value" in iv["note"]


def test_the_leading_instrument_has_the_covariates_clusters_and_people_of_intention_to_treat(
    estimates: pd.DataFrame,
) -> None:
    """Two states below $1.50 carry no interval, neither for the policy nor for what it tells as an instrument."""
    (iv,) = estimates.query("method == 'iv' and estimand == 'mean_difference'").to_dict("records")
    itt = estimates.query(
        "study == 'weight_change' and level == 'policy' and method == 'regression' and contrast.str.startswith('high_price')"
    ).iloc[0]
    assert iv["n"] == itt["n"]
    assert iv["status"] == itt["status"] == "no interval"
    assert iv["reason"] == itt["reason"]


def test_two_states_do_not_make_an_interval(estimates: pd.DataFrame) -> None:
    """All 41 people below $1.50 a pack live in two states; no interval can be clustered on two."""
    rows = estimates[estimates["contrast"].str.startswith("high_price") & ~estimates["method"].str.startswith("iv")]
    assert rows[["lower", "upper", "se"]].isna().all().all()
    assert (rows["reason"] == "fewer than 5 clusters in an arm").all()
    assert rows["note"].str.contains("47 with the policy, 2 without").all()


def test_every_row_has_a_method_anyone_can_find(estimates: pd.DataFrame) -> None:
    assert set(estimates["method"]) == {
        "crude",
        "regression",
        "ipw",
        "ipw_known_weights",
        "gformula",
        "iv",
        "iv_unadjusted",
    }


def test_estimated_weights_are_those_of_statsmodels(weight_sample: Sample) -> None:
    """statsmodels 0.14.6, TreatmentEffect with a logit score.ipw(): generalised method of moments, weights estimated.

    Standardisation and weighting to ten digits are from R 4.2.2 by hand, on the same 1,566 people.
    """
    from statsmodels.discrete.discrete_model import Logit
    from statsmodels.regression.linear_model import OLS
    from statsmodels.treatment.treatment_effects import TreatmentEffect

    s = weight_sample
    y, design = s.outcome.value, np.column_stack([np.ones(s.n), s.covariates])
    score = Logit(s.exposure, design).fit(disp=0, tol=1e-12)
    theirs = TreatmentEffect(OLS(y, design), s.exposure, results_select=score).ipw()
    one, none = weighted_means(y, fit_propensity(s.exposure, s.covariates, "golden"))
    ours = Sampling(s.n).interval(one - none)
    assert ours.estimate == pytest.approx(3.44053543, abs=5e-9)
    assert (ours.estimate, ours.se) == pytest.approx(
        (theirs.results_gmm.params[0], theirs.results_gmm.bse[0]), rel=1e-4
    )
    modifiers = s.covariates[:, [s.names.index("smoking_intensity")]]
    exposed, unexposed = standardised_means(y, s.exposure, s.covariates, modifiers, binary=False)
    assert (exposed - unexposed).value == pytest.approx(3.517374201, abs=5e-10)
