"""What a study claims: which of its rows leads, and which of its checks could refute it."""

import numpy as np
import pytest
from evenwicht.config import CohortConfig
from evenwicht.estimators.results import Interval
from evenwicht.results.rows import Rows
from evenwicht.studies.claiming import claims, leads
from evenwicht.studies.claims import Claim
from evenwicht.studies.discontinuity import AFTER, BEFORE, BIRTHS

from tests.cohorts import changed, configured
from tests.rows import about, found_in


def claimed(rows: Rows, config: CohortConfig) -> Claim:
    """The claim about the first outcome of these rows."""
    made = claims(config.studies[rows.findings.study], config.codebook, found_in(rows))
    return next(claim for claim in made if claim.outcome == rows.outcome)


# --- what leads -----------------------------------------------------------------------------------------------------


def risks_of_quitting() -> Rows:
    """Who quit by tax: a linear model of the risk, whose interval lies above no difference, and the crude difference."""
    rows = about("price", "quitting", "high_tax")
    rows.add("risk_difference", "regression", Interval.normal(0.034, 0.015), n=90, events=30)
    rows.add("risk_difference", "crude", Interval.normal(-0.001, 0.019), n=90, events=30)
    return rows


def test_a_linear_model_of_a_risk_never_leads_and_judges_nothing(nhefs_config: CohortConfig) -> None:
    rows = risks_of_quitting()
    claim = claimed(rows, nhefs_config)
    assert (claim.lead["method"], claim.design) == ("crude", "crude")
    rows.add("risk_difference", "standardisation", Interval.normal(0.01, 0.016), n=90, events=30)
    claim = claimed(rows, nhefs_config)
    assert (claim.lead["method"], claim.crude["method"]) == ("standardisation", "crude")
    assert claim.design == "adjusted"
    assert not claim.others


def test_a_regression_of_a_mean_may_lead(nhefs_config: CohortConfig) -> None:
    rows = about("price", "weight_change", "high_tax")
    rows.add("mean_difference", "crude", Interval.normal(0.5, 0.1), n=90)
    rows.add("mean_difference", "regression", Interval.normal(0.2, 0.1), n=90)
    assert claimed(rows, nhefs_config).lead["method"] == "regression"


def test_within_families_even_a_linear_model_of_a_risk_leads() -> None:
    """There is no other difference in risk."""
    config = changed(
        configured("dunedin"),
        {
            "studies.families": {
                "kind": "siblings",
                "exposures": ["poverty"],
                "outcomes": ["disease"],
                "adjust": {"columns": []},
            }
        },
    )
    rows = about("families", "disease", "poverty", "no", "dunedin")
    rows.add("risk_difference", "within", Interval.normal(0.03, 0.01), n=90, events=30)
    claim = claimed(rows, config)
    assert (claim.lead["method"], claim.design) == ("within", "within_families")


def test_the_next_method_leads_where_the_first_cannot_be_estimated(nhefs_config: CohortConfig) -> None:
    rows = about("price", "quitting", "high_tax")
    rows.add("risk_difference", "standardisation", Interval.not_estimable("nobody quit in an arm"), n=90, events=30)
    assert claimed(rows, nhefs_config).lead["reason"] == "nobody quit in an arm"
    rows.add("risk_difference", "crude", Interval.normal(-0.001, 0.019), n=90, events=30)
    assert claimed(rows, nhefs_config).lead["method"] == "crude"


def test_a_claim_is_judged_by_the_ratio_of_a_model_of_its_own_and_by_the_other_differences(
    nhefs_config: CohortConfig,
) -> None:
    rows = about("quitting", "death")
    rows.add("risk_difference", "standardisation", Interval.normal(0.09, 0.02), n=100, events=20)
    rows.add("risk_difference", "ipw", Interval.normal(0.08, 0.02), n=100, events=20)
    rows.add("hazard_ratio", "ipw", Interval.normal(0.5, 0.15).exp(), n=100, events=20)
    rows.add("conditional_hazard_ratio", "regression", Interval.normal(0.7, 0.15).exp(), n=100, events=20)
    judged = [(row["estimand"], row["method"]) for row in claimed(rows, nhefs_config).others]
    assert judged == [("risk_difference", "ipw"), ("conditional_hazard_ratio", "regression")]


def test_an_exposure_is_counted_as_what_would_change_if_nobody_had_it_by_the_method_that_leads(
    nhefs_config: CohortConfig,
) -> None:
    rows = about("quitting", "death")
    rows.add("risk_difference", "standardisation", Interval.normal(0.09, 0.02), n=100, events=20)
    assert not claimed(rows, nhefs_config).gone
    rows.add("population_risk_difference", "ipw", Interval.normal(-0.02, 0.01), n=100, events=20)
    rows.add("population_risk_difference", "standardisation", Interval.normal(-0.03, 0.01), n=100, events=20)
    claim = claimed(rows, nhefs_config)
    assert claim.gone
    assert claim.counted["estimate"] == -0.03


def test_a_claim_says_how_many_clusters_the_smaller_arm_has(nhefs_config: CohortConfig) -> None:
    rows = risks_of_quitting()
    assert np.isnan(claimed(rows, nhefs_config).clusters)
    rows.diagnose("clusters_exposed", "clusters", 9.0)
    rows.diagnose("clusters_unexposed", "clusters", 40.0)
    assert claimed(rows, nhefs_config).clusters == 9


def test_a_kind_that_counts_use_claims_nothing(dunedin_config: CohortConfig) -> None:
    study = dunedin_config.studies["concentration"]
    rows = about("concentration", "crime", "", "", "dunedin")
    assert list(claims(study, dunedin_config.codebook, found_in(rows))) == []
    assert leads(study) == {}


# --- what could refute it -------------------------------------------------------------------------------------------


def readings(claim: Claim) -> list[str]:
    return [check.reading for check in claim.checks]


@pytest.mark.parametrize(
    ("trend", "reading"),
    [
        pytest.param(Interval.normal(0.0, 0.005), "holds", id="none, and the effect would have been seen"),
        pytest.param(Interval.normal(0.0, 0.1), "unclear", id="too few births to see the effect"),
        pytest.param(Interval.normal(0.05, 0.01), "fails", id="the regions already differed"),
    ],
)
def test_births_before_a_window_must_not_differ_between_the_regions(trend: Interval, reading: str) -> None:
    rows = about("windows", "coronary_disease", "early", "spared_region", "famine")
    rows.add("risk_difference", "did", Interval.normal(0.04, 0.01), n=100)
    before = {"exposure": "later_half_before", "reference": "earlier_half_before"}
    rows.add("risk_difference", "did", trend, n=100, **before)
    claim = claimed(rows, configured("famine"))
    assert claim.lead["method"] == "did"
    assert readings(claim) == [reading]


@pytest.mark.parametrize(("after", "reading"), [(0.03, "holds"), (-0.03, "fails")])
def test_births_before_and_births_after_a_window_must_not_contradict_each_other(after: float, reading: str) -> None:
    rows = about("windows", "coronary_disease", "early", "spared_region", "famine")
    rows.add("risk_difference", "did", Interval.normal(0.04, 0.01), n=100)
    for reference, value in (("born_before", 0.04), ("conceived_after", after)):
        rows.add("risk_difference", "standardisation", Interval.normal(value, 0.01), n=100, reference=reference)
    assert readings(claimed(rows, configured("famine"))) == [reading]


def a_reform(placebo: float) -> tuple[Rows, CohortConfig]:
    """Earnings around the date, and around the same date of each other year."""
    config = configured("reform")
    name, study = next((name, study) for name, study in config.studies.items() if study.kind == "discontinuity")
    rows = about(name, "log_earnings", "born_after", "no", "reform")
    rows.add("mean_difference", "difference_in_discontinuities_donut", Interval.normal(0.05, 0.01), n=10)
    for year in study.other_years:
        rows.add("mean_difference", "rd", Interval.normal(placebo, 0.01), n=10, exposure=study.placebo(year))
    return rows, config


@pytest.mark.parametrize(("placebo", "reading"), [(0.0, "holds"), (0.05, "fails")])
def test_the_same_date_of_other_years_must_show_no_more_than_chance(placebo: float, reading: str) -> None:
    assert readings(claimed(*a_reform(placebo))) == [reading]


@pytest.mark.parametrize(("log_ratio", "reading"), [(0.02, "holds"), (0.2, "fails")])
def test_births_must_not_be_moved_past_the_date(log_ratio: float, reading: str) -> None:
    rows, config = a_reform(0.0)
    moved = Rows(rows.findings, BIRTHS, AFTER, BEFORE)
    moved.add("births_ratio", "density", Interval.normal(log_ratio, 0.03).exp(), n=10)
    assert readings(claimed(rows, config)) == [reading, "holds"]
