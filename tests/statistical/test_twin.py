"""The twin of a world, with that world's effects put in, has its bias and its coverage over fresh draws.

A world is measured on so many people that its twin is not one of chance; both are then drawn at the same size.
Differences are judged by four Monte Carlo errors.
"""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.streams import stream_key
from evenwicht.config import CohortConfig
from evenwicht.recovery import KEY, replicate, summarise
from evenwicht.rehearsal.aggregates import aggregates_of
from evenwicht.rehearsal.protection import Protection
from evenwicht.rehearsal.roles import roles_of
from evenwicht.rehearsal.written import twin_settings
from evenwicht.worlds import simulate, true_values

from tests.conftest import world

PEOPLE = {"intervention": 100_000, "siblings": 400_000, "dunedin": 400_000}  # measured
SIZES = {"intervention": 600, "siblings": 20_000, "dunedin": 20_000}  # people in a draw
DRAWS = {"intervention": 200, "siblings": 40, "dunedin": 20}
ERRORS = 4
# steps of adjustment: cheap to draw, and each with a bias of its own
LADDERS: dict[str, dict[str, Any]] = {
    "intervention": {
        "exposures": ["poverty"],
        "steps": [{"label": "given SES", "adjust": {"columns": ["ses"]}}],
        "outcomes": ["skill_5", "skill_15"],
    },
    "siblings": {
        "exposures": ["maltreatment"],
        "steps": [
            {"label": "given SES", "adjust": {"columns": ["sex", "ses"]}},
            {"label": "and other adversity", "adjust": "adversity"},
            {"label": "and genes", "adjust": "full"},
        ],
        "within_families": True,
        "outcomes": ["iq", "no_qualifications"],
    },
    "dunedin": {
        "exposures": ["maltreatment"],
        "steps": [
            {"label": "given SES", "adjust": "design"},
            {"label": "and genes", "adjust": {"columns": ["sex", "ses", "genes"]}},
        ],
        "outcomes": ["multi_sector_need"],
    },
}


def of_size(data: dict[str, Any], n: int) -> CohortConfig:
    source = {**data["source"], "n": n}
    if source.get("families", {}).get("sibling_pairs"):
        source["families"] = {**source["families"], "sibling_pairs": n // 2}
    return CohortConfig.model_validate({**data, "source": source})


def truth(config: CohortConfig) -> pd.DataFrame:
    return true_values(config.source, config.codebook, config.questions, 100_000, stream_key(1, config.name, "truth"))


@cache
def measured(name: str) -> tuple[dict[str, Any], CohortConfig]:
    """A world with one study, and the cohort file of its twin with the effects of the world."""
    data = world(name).model_dump(mode="json")
    data |= {"studies": {"ladder": {"kind": "ladder", **LADDERS[name]}}, "scenarios": {}, "scenario_studies": []}
    large = of_size(data, PEOPLE[name])
    people = simulate(large.source, large.codebook, stream_key(2, name, "measured"))
    aggregates = aggregates_of(people, large.codebook, roles_of(large), Protection())
    twin = twin_settings(large, people, aggregates, {})
    effects: dict[str, dict[str, float]] = {}
    kinds = {"continuous": "mean_difference", "binary": "risk_difference", "multi_sector_need": "risk_difference"}
    for row in truth(large).itertuples():
        wanted = kinds.get(large.outcomes[row.outcome].kind) if row.outcome in large.outcomes else None
        if row.estimand == wanted and row.subgroup == "" and row.exposure in twin["source"]["exposures"]:
            effects.setdefault(row.outcome, {})[row.exposure] = float(row.value)
    assert effects
    twin["source"]["effects"] = effects
    return data, CohortConfig.model_validate(twin)


def found(config: CohortConfig, name: str) -> pd.DataFrame:
    draws, _ = replicate(config, truth(config), 3, range(1, DRAWS[name] + 1))
    rows = summarise(draws)
    return rows[rows["estimand"].isin(["mean_difference", "risk_difference"]) & (rows["subgroup"] == "")]


def compared(one: pd.DataFrame, other: pd.DataFrame, name: str) -> pd.DataFrame:
    """Differences of bias and of coverage, in their Monte Carlo errors: of draws of n, and of the people measured."""
    both = one.merge(other, on=KEY, suffixes=("", "_twin"))
    assert len(both) == len(one) == len(other) > 0
    bias = np.sqrt(
        both["mc_error_bias"] ** 2 * (1 + DRAWS[name] * SIZES[name] / PEOPLE[name]) + both["mc_error_bias_twin"] ** 2
    )
    share = (both["coverage"] + both["coverage_twin"]) / 2
    coverage = np.sqrt(2 * np.maximum(share * (1 - share), 1 / DRAWS[name]) / DRAWS[name])
    return both.assign(
        by_bias=(both["mean_bias"] - both["mean_bias_twin"]) / bias,
        by_coverage=(both["coverage"] - both["coverage_twin"]) / coverage,
    )


def without_dependence(twin: CohortConfig) -> CohortConfig:
    nothing = {name: [0.0] * len(row) for name, row in twin.source.correlations.items()}  # type: ignore[attr-defined]
    return twin.model_copy(update={"source": twin.source.model_copy(update={"correlations": nothing})})


def small(twin: CohortConfig, n: int) -> CohortConfig:
    return twin.model_copy(update={"source": twin.source.model_copy(update={"n": n})})


@cache
def poverty_in_the_world() -> pd.DataFrame:
    return found(of_size(measured("intervention")[0], SIZES["intervention"]), "intervention")


def test_a_twin_has_the_bias_and_the_coverage_of_its_world() -> None:
    twin = small(measured("intervention")[1], SIZES["intervention"])
    both = compared(poverty_in_the_world(), found(twin, "intervention"), "intervention")
    crude, adjusted = (both[both["method"] == method] for method in ("step_0", "step_1"))
    # the world confounds: crude estimates miss the truth and their intervals do not hold it, adjusted ones do
    assert (crude["mean_bias"].abs() > 20 * crude["mc_error_bias"]).all()
    assert (crude["coverage"] < 0.6).all()
    assert (adjusted["coverage"] > 0.88).all()
    assert both["by_bias"].abs().max() < ERRORS, both
    assert both["by_coverage"].abs().max() < ERRORS, both


def test_people_whose_columns_do_not_hang_together_would_not_have_it() -> None:
    """Without the copula nothing confounds: margins alone are no rehearsal."""
    twin = without_dependence(small(measured("intervention")[1], SIZES["intervention"]))
    both = compared(poverty_in_the_world(), found(twin, "intervention"), "intervention")
    crude = both[both["method"] == "step_0"]
    assert (crude["mean_bias_twin"].abs() < ERRORS * crude["mc_error_bias_twin"]).all()
    assert crude["by_bias"].abs().min() > 2 * ERRORS
    assert crude["by_coverage"].abs().min() > ERRORS


@cache
def both_of(name: str) -> pd.DataFrame:
    data, twin = measured(name)
    return compared(found(of_size(data, SIZES[name]), name), found(small(twin, SIZES[name]), name), name)


def test_families_of_a_twin_are_those_of_its_world() -> None:
    """What brothers and sisters share confounds a comparison of people, and not one within families."""
    both = both_of("siblings")
    assert "step_within_families" in set(both["method"])
    assert both["by_bias"].abs().max() < ERRORS, both
    assert both["by_coverage"].abs().max() < ERRORS, both


@pytest.mark.parametrize("name", ["siblings", "dunedin"])
def test_what_few_have_is_as_confounded_in_a_twin_as_in_its_world(name: str) -> None:
    """One child in ten is maltreated: risks rise by more than along a line, and use is shared by few people.

    Crude differences in risk are off by .12 and .18. Their difference has an error of .003 and .004, so that four errors
    tell of a twin that adds along a line in normal numbers (.134), or knows use as a whole alone.
    """
    both = both_of(name)
    both = both[both["estimand"] == "risk_difference"]
    crude = both[both["method"] == "step_0"]
    assert len(crude) == 1
    assert (crude["mean_bias"] > 20 * crude["mc_error_bias"]).all()
    assert both["by_bias"].abs().max() < ERRORS, both
    assert both["by_coverage"].abs().max() < ERRORS, both


# --- designs by date of birth ----------------------------------------------------------------------------------------

BORN, FEW, PER_DRAW = 100_000, 60, 6000  # people measured, draws, and people in each
RATIONED = 0.85  # hazard ratio put in
GROUPS = {"in_utero", "to_1_year", "to_2_years"}


@cache
def rationing() -> tuple[CohortConfig, CohortConfig]:
    """The world of rationing with an event study and a comparison by a column, and its twin in which rationing acts."""
    data = world("rationing").model_dump(mode="json")
    by_date = {"outcomes": ["hypertension"], "from_visit": {}, "negative_controls": []}
    by_column = {"exposures": ["rationed"], "steps": [{"label": "given sex", "adjust": {"columns": ["sex"]}}]}
    data |= {
        "studies": {
            "by_date": {**data["studies"]["end_of_rationing"], **by_date},
            "by_column": {"kind": "ladder", "outcomes": ["hypertension"], **by_column},
        },
        "scenarios": {},
        "scenario_studies": [],
    }
    large, small = (
        CohortConfig.model_validate({**data, "source": {**data["source"], "people": people, "scale": 1}})
        for people in (BORN, PER_DRAW)
    )
    people = simulate(large.source, large.codebook, stream_key(2, "rationing", "measured"))
    twin = twin_settings(large, people, aggregates_of(people, large.codebook, roles_of(large), Protection()), {})
    twin["source"]["effects"] = {"hypertension": {"rationed": RATIONED}}
    return small, small_twin(CohortConfig.model_validate(twin))


def small_twin(twin: CohortConfig) -> CohortConfig:
    return twin.model_copy(update={"source": twin.source.model_copy(update={"n": PER_DRAW})})


def born_when_they_like(twin: CohortConfig) -> CohortConfig:
    """The twin with dates of birth that decide nothing and go with nothing."""
    source = twin.source.model_dump(mode="json")
    dates = source["births"]["column"]
    source["births"]["decides"] = {}
    source["correlations"] = {
        name: [0.0 if dates in (name, other) else one for other, one in zip(source["correlations"], row, strict=False)]
        for name, row in source["correlations"].items()
    }
    return twin.model_copy(update={"source": type(twin.source).model_validate(source)})


def judged_by_birth(config: CohortConfig, true: pd.DataFrame, draws: int) -> pd.DataFrame:
    rows, _ = replicate(config, true, 3, range(1, draws + 1))
    told = summarise(rows)
    hazard_ratios = told["exposure"].isin(GROUPS) & (told["estimand"] == "conditional_hazard_ratio")
    return told[hazard_ratios | ((told["exposure"] == "rationed") & (told["estimand"] == "risk_difference"))]


def test_what_the_date_of_birth_decides_does_what_it_did_and_is_as_little_confounded() -> None:
    """Births of a policy have its effect in an event study; in a world where it is no choice, nothing confounds it."""
    small, twin = rationing()
    own, drawn = (judged_by_birth(one, truth(one), FEW) for one in (small, twin))
    both = own.merge(drawn, on=KEY, suffixes=("", "_twin"))
    assert set(both["exposure"]) == {*GROUPS, "rationed"}
    assert len(both) == len(own) == len(drawn) > 8
    error = np.hypot(both["mc_error_bias"], both["mc_error_bias_twin"])
    assert ((both["mean_bias"] - both["mean_bias_twin"]).abs() < ERRORS * error).all(), both
    assert (both["mean_bias_twin"].abs() < ERRORS * both["mc_error_bias_twin"]).all(), both
    share = (both["coverage"] + both["coverage_twin"]) / 2
    spread = np.sqrt(2 * np.maximum(share * (1 - share), 1 / FEW) / FEW)
    assert ((both["coverage"] - both["coverage_twin"]).abs() < ERRORS * spread).all(), both


def test_dates_of_birth_that_decide_nothing_would_show_no_effect() -> None:
    _, twin = rationing()
    found = judged_by_birth(born_when_they_like(twin), truth(twin), FEW // 3)
    groups = found[found["exposure"].isin(GROUPS) & (found["method"] == "cox")]
    assert len(groups) > len(GROUPS)
    missed = groups["mean_bias"] + np.log(RATIONED)
    assert (missed.abs() < ERRORS * groups["mc_error_bias"]).all(), groups
    assert (groups["mean_bias"] > ERRORS * groups["mc_error_bias"]).all(), groups
