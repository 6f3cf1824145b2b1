"""NHEFS against the values printed in Hernan and Robins, Causal Inference: What If, chapters 12-17.

Each value must come out in the decimals the book prints, from the people that `config/nhefs.yaml` reads from an installed
package and by the studies it states. Bootstrap limits are the exception that arithmetic forces: the book's come from a
finite number of samples, so ours agree within printing and their Monte Carlo error.
"""

import numpy as np
import pandas as pd
import pytest
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.display.section import where
from evenwicht.estimators.doubly_robust import doubly_robust_means
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.propensity import fit_propensity, weighted_means
from evenwicht.estimators.standardisation import standardised_means
from evenwicht.report.tables import replication
from evenwicht.results.rows import CLUSTERS
from evenwicht.results.schema import QUESTION
from evenwicht.studies.samples import Sample, draw_sample, exposed_by

from tests.cohorts import Tables, every_study
from tests.worlds import published

PUBLISHED = published().query("cohort == 'nhefs' and use == 'check'").reset_index(drop=True)
STANDARDISED = PUBLISHED["method"] == "standardisation"
BOOKS = 1000  # bootstrap samples in the book


@pytest.fixture(scope="module")
def tables(nhefs: Cohort, nhefs_config: CohortConfig) -> Tables:
    return every_study(nhefs_config, nhefs)


@pytest.fixture(scope="module")
def estimates(tables: Tables) -> pd.DataFrame:
    return tables["estimates"]


def only(table: pd.DataFrame, **keys: str) -> pd.Series:
    """The one row with these keys."""
    (found,) = where(table, **keys).to_dict("records")
    return pd.Series(found)


def ours(tables: Tables, row: pd.Series) -> pd.Series:
    """The row of this run that answers to a published one, limits and all, found by its keys alone."""
    diagnostics = tables["diagnostics"].rename(columns={"statistic": "estimand", "value": "estimate"})
    return only(pd.concat([tables["estimates"], diagnostics]), **{key: row[key] for key in [*QUESTION, "method"]})


@pytest.mark.parametrize("index", PUBLISHED.index)
def test_estimate_is_the_printed_one(index: int, tables: Tables) -> None:
    row = PUBLISHED.loc[index]
    assert round(ours(tables, row)["estimate"], int(row["decimals"])) == row["value"]


@pytest.mark.parametrize("index", PUBLISHED[PUBLISHED["lower"].notna() & ~STANDARDISED].index)
def test_interval_is_the_printed_one(index: int, tables: Tables) -> None:
    row = PUBLISHED.loc[index]
    found = ours(tables, row)
    assert [round(found[k], int(row["decimals"])) for k in ("lower", "upper")] == [row["lower"], row["upper"]]


def test_interval_of_standardisation_is_the_printed_bootstrap_within_its_monte_carlo_error(tables: Tables) -> None:
    (row,) = [PUBLISHED.loc[index] for index in PUBLISHED[STANDARDISED].index]
    found = ours(tables, row)
    # the standard error from B samples has relative error 1 / sqrt(2 B); a limit lies 1.96 standard errors away
    se = only(tables["estimates"], **{key: row[key] for key in [*QUESTION, "method"]})["se"]
    monte_carlo = 1.96 * se / np.sqrt(2 * BOOKS)
    printing = 0.5 * 10.0 ** -row["decimals"]
    for limit in ("lower", "upper"):
        assert found[limit] == pytest.approx(row[limit], abs=printing + 3 * monte_carlo)


def test_the_cohort_is_an_ordinary_one_read_from_a_package(nhefs: Cohort, nhefs_config: CohortConfig) -> None:
    """1,629 smokers; weight and date of death as the book uses them come from the mapping alone."""
    assert nhefs_config.source.kind == "package"
    assert (nhefs_config.source.package, nhefs_config.source.dataset) == ("causaldata", "nhefs")
    assert len(nhefs.persons) == 1629
    assert nhefs.events["status"].sum() == 318


def test_every_published_value_has_a_row_in_the_table_of_replications_and_agrees(tables: Tables) -> None:
    table = replication(tables["estimates"], tables["diagnostics"], published(), synthetic=[])
    rows = where(table, cohort="nhefs")
    assert len(rows) == len(PUBLISHED) == 10
    assert rows["agrees"].all()
    sections = rows["source"].str.extract(r"section (\d+)\.")[0]
    assert set(sections) == {"12", "13", "15", "16", "17"}


def test_weights_that_are_estimated_leave_less_doubt_than_weights_that_are_known(estimates: pd.DataFrame) -> None:
    """What If calls its interval conservative, technical point 12.1: 3.4 (2.4 to 4.5) becomes 3.4 (2.5 to 4.4)."""
    found = only(estimates, method="ipw", estimand="mean_difference")
    assert [round(found[k], 1) for k in ("estimate", "lower", "upper")] == [3.4, 2.5, 4.4]


@pytest.fixture(scope="module")
def weight_sample(nhefs: Cohort, nhefs_config: CohortConfig) -> Sample:
    book, study = nhefs_config.codebook, nhefs_config.studies["quitting"]
    (quitting,) = study.contrasts(book)
    adjust = book.adjustment(study.adjust)
    return draw_sample(nhefs, exposed_by(nhefs, quitting), adjust, book.outcomes["weight_change"], "golden")


def test_classical_intervals_of_crude_and_adjusted_difference(weight_sample: Sample) -> None:
    """What If prints intervals from equal variances: 2.5 (1.7 to 3.4) crude, 3.5 (2.6 to 4.3) adjusted."""
    s = weight_sample
    crude = least_squares(s.outcome.value, s.exposure, covariance="classical")
    adjusted = least_squares(s.outcome.value, s.exposure, s.covariates, covariance="classical")
    assert [round(v, 1) for v in (crude.estimate, crude.lower, crude.upper)] == [2.5, 1.7, 3.4]
    assert [round(v, 1) for v in (adjusted.estimate, adjusted.lower, adjusted.upper)] == [3.5, 2.6, 4.3]


def test_sample_sizes_are_the_books(estimates: pd.DataFrame) -> None:
    assert set(where(estimates, outcome="weight_change", method="ipw")["n"]) == {1566}
    assert set(where(estimates, outcome="weight_change", method="iv")["n"]) == {1476}
    assert set(where(estimates, outcome="death", method="ipw", estimand="hazard_ratio")["n"]) == {1629}


def test_weighted_hazard_ratio_finds_no_effect(estimates: pd.DataFrame) -> None:
    ratio = only(estimates, outcome="death", method="ipw", estimand="hazard_ratio")
    assert round(ratio["estimate"], 1) == 1.0
    assert ratio["lower"] < 1 < ratio["upper"]


def test_the_books_instrument_is_called_weak_and_says_nothing(tables: Tables) -> None:
    of = where(tables["diagnostics"], method="iv_unadjusted")
    first, allowed = only(of, statistic="first_stage_f"), only(of, statistic="anderson_rubin")
    assert first["value"] < 10
    assert first["note"] == "instrument is weak"
    assert (allowed["lower"], allowed["upper"]) == (-np.inf, np.inf)


def test_the_leading_instrument_has_the_covariates_clusters_and_people_of_intention_to_treat(
    estimates: pd.DataFrame,
) -> None:
    """Two states below $1.50 carry no interval, neither for the policy nor for what it tells as an instrument."""
    iv = only(estimates, method="iv")
    itt = only(estimates, study="price", outcome="weight_change", method="regression", exposure="high_price")
    assert iv["n"] == itt["n"]
    assert iv["status"] == itt["status"] == "no interval"
    assert iv["reason"] == itt["reason"]


def test_two_states_do_not_make_an_interval(tables: Tables) -> None:
    """All 41 people below $1.50 a pack live in two states; no interval can be clustered on two.

    The risk as things are does not rest on them: 97 in 100 live elsewhere, in 47 states.
    """
    price = {"study": "price", "exposure": "high_price"}
    found = where(tables["estimates"], **price)
    assert found.loc[found["estimand"] == "risk", "status"].eq("estimated").all()
    rows = found[found["estimand"] != "risk"]
    assert rows[["lower", "upper", "se"]].isna().all().all()
    assert set(rows["reason"]) == {"fewer than 5 clusters in an arm"}
    told = where(tables["diagnostics"], **price, method=CLUSTERS).groupby("statistic")["value"].agg(set).to_dict()
    assert told == {"clusters_exposed": {47}, "clusters_unexposed": {2}}


def test_every_row_has_a_method_anyone_can_find(estimates: pd.DataFrame) -> None:
    books = estimates[estimates["study"].isin(["quitting", "price", "price_as_instrument"])]
    assert set(books["method"]) == {
        "crude",
        "regression",
        "ipw",
        "ipw_known_weights",
        "standardisation",
        "aipw",
        "iv",
        "iv_unadjusted",
    }


def test_doubly_robust_estimate_is_that_of_statsmodels(weight_sample: Sample) -> None:
    """statsmodels fits an outcome model in each arm, which products with every covariate do as well."""
    from statsmodels.discrete.discrete_model import Logit
    from statsmodels.regression.linear_model import OLS
    from statsmodels.treatment.treatment_effects import TreatmentEffect

    s = weight_sample
    y, design = s.outcome.value, np.column_stack([np.ones(s.n), s.covariates])
    score = Logit(s.exposure, design).fit(disp=0, tol=1e-12)
    theirs = TreatmentEffect(OLS(y, design), s.exposure, results_select=score).aipw(return_results=False)
    propensity = fit_propensity(s.exposure, s.covariates, "golden")
    one, none = doubly_robust_means(y, s.covariates, s.covariates, propensity, binary=False)
    assert (one - none).value == pytest.approx(3.37326463, abs=5e-9)
    assert (one - none).value == pytest.approx(theirs[0], rel=1e-8)


def test_doubly_robust_estimate_and_the_error_of_its_own_part(weight_sample: Sample) -> None:
    """By hand in R 4.2.2: 3.45728429, and .4888070074 as if both models were known, of the people's own terms alone."""
    s = weight_sample
    propensity = fit_propensity(s.exposure, s.covariates, "golden")
    modifiers = s.covariates[:, [s.names.index("smoking_intensity")]]
    one, none = doubly_robust_means(s.outcome.value, s.covariates, modifiers, propensity, binary=False)
    assert (one - none).value == pytest.approx(3.45728429, abs=5e-9)
    stacked = Sampling(s.n).interval(one - none).se
    assert stacked == pytest.approx(0.4888070074, rel=0.02)  # they differ by parts of 1 / n where both models hold


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
