"""Do studies of births find the truth, and fail where they should?

What draws of famine as configured and in its scenario say stands in the committed tables; other worlds are drawn here.
Bias is judged by four Monte Carlo errors of its mean; coverage by four binomial errors around 95%, which with 40
replicates is 14 percentage points. "Biased" means beyond four Monte Carlo errors. Where only bias is asked, fewer
replicates do.
"""

import numpy as np
import pandas as pd
from evenwicht.config import CohortConfig
from evenwicht.display.section import where
from evenwicht.recovery import summarise
from evenwicht.results.rows import with_truth
from evenwicht.studies.birth_periods import AFTER, BEFORE, BOTH, PRE_TREND, SPARED

from tests.cohorts import changed, configured, people_of, studied, truth_of, with_studies
from tests.conftest import world_with
from tests.recovered import biased, covers, recovered, unbiased

REPLICATES, FEW = 40, 25
EARLY = {"exposure": "early", "reference": BOTH}
REFORM = {"exposure": "born_after", "reference": "no"}


def summary_of(config: CohortConfig, replicates: int = REPLICATES) -> pd.DataFrame:
    """Mean bias and coverage by comparison and method, over fresh cohorts; ratios left out for their cost."""
    truth = truth_of(config, 100_000, 71)
    parts = []
    for r in range(replicates):
        people = people_of(config, 72, "births", r)
        tables = [studied(name, config, people, known=set())["estimates"] for name in config.studies]
        parts.append(with_truth(pd.concat(tables), truth).assign(replicate=r))
    return summarise(pd.concat(parts))


# --- famine ---------------------------------------------------------------------------------------------------------


def famine(outcomes: list[str], **changes: object) -> CohortConfig:
    """The famine world with the study of births alone."""
    alone = with_studies(world_with(configured("famine"), **changes), "windows")
    return changed(alone, {"studies.windows.outcomes": outcomes, "studies.windows.design_analysis": None})


def with_artefacts(config: CohortConfig, **changes: object) -> CohortConfig:
    return world_with(config, artefacts=config.source.artefacts.model_copy(update=changes))


def test_differences_in_differences_and_adjusted_contrasts_find_famine_and_cover_it() -> None:
    rows = where(recovered("famine"), study="windows")
    differences = where(rows, estimand=["risk_difference", "mean_difference"], method=["regression", "did"])
    assert set(differences["method"]) == {"regression", "did"}
    assert len(differences) == 2 * (9 + 3 + 1)
    assert unbiased(differences), differences
    assert covers(differences), differences


def test_nothing_is_found_where_famine_does_nothing() -> None:
    """Although better-off families conceived in it."""
    rows = where(recovered("famine", "selective_fertility"), study="windows", method=["regression", "did"])
    known = rows[rows["truth"].notna()]
    assert len(where(known, outcome="glucose", estimand="mean_difference")) == 9 + 3 + 1
    assert len(where(known, outcome="coronary_disease", estimand="conditional_hazard_ratio")) == 9
    assert known["truth"].isin([0, 1]).all()
    assert unbiased(known), known
    assert covers(known), known


def test_a_reversed_famine_comes_back_with_its_sign() -> None:
    config = famine(["coronary_disease"], stressor_effect="reversed")
    rows = where(summary_of(config, FEW), estimand="risk_difference", method=["did", "regression"], exposure="early")
    assert len(rows) == 4
    true = where(truth_of(config, 100_000, 71), estimand="risk_difference", subgroup="", **EARLY)["value"].item()
    assert true < 0
    assert (true + rows["mean_bias"] + 4 * rows["mc_error_bias"] < 0).all()


def test_selective_fertility_biases_the_crude_contrast_by_what_the_registry_says() -> None:
    """SES of those conceived in famine 0.8 SD higher, and half a unit of glucose for each SD."""
    source = configured("famine").source
    glucose = source.glucose.model_copy(update={"ses": -0.5})
    config = famine(["glucose"], fertility_selection=0.8, glucose=glucose)
    rows = where(summary_of(config), exposure="early", reference=[BOTH, SPARED], estimand="mean_difference")
    crude = where(rows, method="crude")
    assert biased(crude), rows
    adjusted = where(rows, method=["regression", "did"])
    assert len(adjusted) == 2
    assert unbiased(adjusted), rows
    expected = where(truth_of(config, 200_000, 73), estimand="selection_bias", at="conception", **EARLY)
    assert len(expected) == 1
    gap = abs(crude["mean_bias"].item() - expected["value"].item())
    assert gap <= 4 * np.hypot(crude["mc_error_bias"].item(), expected["mc_error"].item())


def test_a_trend_of_all_cities_falls_out_of_the_difference_but_not_one_of_the_famine_city() -> None:
    plain = famine(["coronary_disease"])
    shared = where(
        summary_of(with_artefacts(plain, cohort_trend=0.8), FEW),
        estimand="risk_difference",
        method=["regression", "did"],
    )
    before, after = (where(shared, reference=reference, method="regression") for reference in (BEFORE, AFTER))
    assert biased(before)
    assert (before["mean_bias"] > 0).all()
    assert biased(after)
    assert (after["mean_bias"] < 0).all()
    assert unbiased(where(shared, method="did")), shared
    own = where(summary_of(with_artefacts(plain, city_trend=0.8), FEW), estimand="risk_difference", method="did")
    assert biased(where(own, exposure=PRE_TREND)), own
    # at the early window a rising trend lies about as high as on average over the births before and after
    assert biased(where(own, exposure=["late", "mid"])), own


# --- reform ---------------------------------------------------------------------------------------------------------


def reform(outcomes: list[str], season: float = 0.0, trend: float = 0.0, **changes: object) -> CohortConfig:
    """The reform world with little noise in earnings, and a season and a trend of earnings as given."""
    config = with_studies(configured("reform"), "before_and_after", "leave")
    source = config.source
    earnings = source.log_earnings.model_copy(update={"sigma": 10.0, "ses": 20.0})
    seasons = source.season.model_copy(update={"ses": 0.0, "dropout": 0.0, "log_earnings": season})
    birth_trend = source.artefacts.cohort_trend.model_copy(update={"log_earnings": trend})
    asked = {"before_and_after.outcomes": outcomes, "leave.outcomes": outcomes}
    asked |= {"leave.other_years": [1976, 1978], "leave.first_stage": None}
    config = changed(config, {f"studies.{key}": value for key, value in asked.items()})
    config = world_with(config, **{"log_earnings": earnings, "season": seasons, "scale": 0.04} | changes)
    return with_artefacts(config, cohort_trend=birth_trend)


DATES = ["rd", "rd_donut", "difference_in_discontinuities", "difference_in_discontinuities_donut"]


def test_every_method_finds_a_reform_where_nothing_else_depends_on_the_date() -> None:
    rows = summary_of(reform(["dropout", "log_earnings"]))
    rows = where(rows, estimand=["risk_difference", "mean_difference"])
    assert set(rows["method"]) == {"crude", "regression", "standardisation", *DATES}
    assert unbiased(rows), rows
    assert covers(rows), rows


def test_nothing_is_found_where_leave_does_nothing() -> None:
    rows = where(
        summary_of(reform(["log_earnings"], policy_effect="null"), FEW), estimand="mean_difference", method=DATES
    )
    assert unbiased(rows), rows


def test_a_harmful_reform_comes_back_with_its_sign() -> None:
    rows = where(summary_of(reform(["log_earnings"], policy_effect="reversed"), FEW), method=DATES, **REFORM)
    assert (-5 + rows["mean_bias"] + 4 * rows["mc_error_bias"] < 0).all(), rows


def test_a_trend_biases_before_and_after_but_not_the_comparisons_at_the_date() -> None:
    rows = where(summary_of(reform(["log_earnings"], trend=5.0), FEW), estimand="mean_difference")
    assert biased(where(rows, method=["crude", "regression"])), rows
    assert unbiased(where(rows, method=DATES)), rows


def test_a_strong_season_bends_the_discontinuity_but_not_the_same_dates_of_other_years() -> None:
    """With a peak in April the season curves against itself at the date, which a straight line cannot follow."""
    config = with_studies(reform(["log_earnings"], season=40.0), "leave")
    rows = where(summary_of(config), **REFORM)
    assert biased(where(rows, method=DATES[:2])), rows
    assert unbiased(where(rows, method=DATES[2:])), rows


def test_births_moved_past_the_date_bias_the_discontinuity_but_not_the_donuts_and_show_in_the_count() -> None:
    config = with_artefacts(reform(["log_earnings"]), shifted_births=0.6)
    rows = where(summary_of(config, FEW), **REFORM)
    bent, shared = (where(rows, method=method) for method in ("rd", "difference_in_discontinuities"))
    assert biased(bent), rows
    assert bent["mean_bias"].item() > 0
    assert abs(shared["mean_bias"].item()) < bent["mean_bias"].item()  # one week of thirteen, not the heaviest
    assert unbiased(where(rows, method=DATES[1::2])), rows
    counted = []
    for change in (config, with_artefacts(config, shifted_births=0.0)):
        table = studied("leave", change, people_of(change, 74, "count"))["estimates"]
        counted.append(where(table, estimand="births_ratio").iloc[0])
    assert counted[0]["lower"] > 1
    assert counted[1]["lower"] < 1 < counted[1]["upper"]
