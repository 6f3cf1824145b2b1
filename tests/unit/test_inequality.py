"""Inequality: influence of people and of their places, what must not matter, the study and what it shows."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.outcomes import BinaryOutcome
from evenwicht.base.streams import stream_key
from evenwicht.display.section import Found
from evenwicht.estimators.inequality import Ranks, log_linear_ratio, rank_line, standardised_slope
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.standardisation import OutcomeModel
from evenwicht.results.questions import Inequality
from evenwicht.results.schema import QUESTION
from evenwicht.studies import showing
from evenwicht.studies.inequality import Settings
from evenwicht.worlds.inequality_truth import inequality_arms, inequality_rows
from evenwicht.worlds.people import People

from tests.cohorts import Tables, configured, people_of, studied, with_studies
from tests.figures import faults
from tests.worlds import effect, synthetic

Floats = np.ndarray
N = 80
STUDY = "inequality"

# --- the estimators --------------------------------------------------------------------------------------------------


def people(seed: int = 5) -> dict[str, Floats]:
    """Ranks in whole numbers, so that many are tied; a covariate that confounds; a 0/1 outcome."""
    rng = np.random.default_rng(seed)
    rank = np.floor(rng.normal(0, 3, N))
    x = rng.standard_normal(N)
    exposure = (rng.random(N) < 1 / (1 + np.exp(0.3 * rank - x))).astype(float)
    outcome = (rng.random(N) < 1 / (1 + np.exp(1 + 0.3 * rank - exposure - x))).astype(float)
    return {"rank": rank, "x": x, "exposure": exposure, "outcome": outcome}


def slope(p: dict[str, Floats], w: Floats) -> Estimate:
    return rank_line(p["outcome"], Ranks.of(p["rank"], w)).slope


def bottom(p: dict[str, Floats], w: Floats) -> Estimate:
    return rank_line(p["outcome"], Ranks.of(p["rank"], w)).bottom


def linear(p: dict[str, Floats], w: Floats) -> Estimate:
    return rank_line(2 + p["outcome"], Ranks.of(p["rank"], w)).ratio()


def log_linear(p: dict[str, Floats], w: Floats) -> Estimate:
    return log_linear_ratio(p["outcome"], Ranks.of(p["rank"], w))


def crude(p: dict[str, Floats], w: Floats) -> Estimate:
    return rank_line(p["outcome"], Ranks.of(p["rank"], w), p["exposure"] == 1).slope


def standardised(p: dict[str, Floats], w: Floats) -> Estimate:
    covariates = np.column_stack([p["x"], p["rank"]])
    model = OutcomeModel(p["outcome"], p["exposure"], covariates, p["rank"][:, None], "binomial", w)
    return standardised_slope(model, np.ones(len(w)), Ranks.of(p["rank"], w))


EVERY = [slope, bottom, linear, log_linear, crude, standardised]


@pytest.mark.parametrize("estimate", EVERY)
def test_the_influence_is_the_derivative_by_weight(estimate: Callable[[dict[str, Floats], Floats], Estimate]) -> None:
    p, w = people(), np.linspace(0.5, 2, N)
    influence = estimate(p, w).influence
    for k in range(0, N, 9):
        step = np.zeros(N)
        step[k] = 1e-5
        slope = (estimate(p, w + step).value - estimate(p, w - step).value) / 2e-5
        assert influence[k] == pytest.approx(slope, rel=1e-5, abs=1e-8)
    assert w @ influence == pytest.approx(0, abs=1e-9)


def told(found: Estimate, w: Floats) -> list[float]:
    return [found.value, float(np.sqrt(np.sum((w * found.influence) ** 2)))]


@pytest.mark.parametrize("estimate", EVERY)
@pytest.mark.parametrize(
    "changed",
    [
        lambda p: ({**p, "rank": 1000 + 7 * p["rank"], "x": 3 - p["x"] / 100}, np.ones(N)),
        lambda p: ({name: values[::-1] for name, values in p.items()}, np.ones(N)),
        lambda p: (p, np.full(N, 3.0)),
    ],
    ids=["units", "order of rows", "common factor of weights"],
)
def test_nothing_depends_on(
    estimate: Callable[[dict[str, Floats], Floats], Estimate],
    changed: Callable[[dict[str, Floats]], tuple[dict[str, Floats], Floats]],
) -> None:
    p, w = changed(people())
    assert told(estimate(p, w), w) == pytest.approx(told(estimate(people(), np.ones(N)), np.ones(N)), rel=1e-6)


@pytest.mark.parametrize("estimate", [slope, bottom, linear, log_linear, crude])
def test_of_a_rank_its_order_alone_matters(estimate: Callable[[dict[str, Floats], Floats], Estimate]) -> None:
    """Unless it is a covariate as well."""
    p, w = people(), np.ones(N)
    assert told(estimate({**p, "rank": np.exp(p["rank"])}, w), w) == pytest.approx(told(estimate(p, w), w))


@pytest.mark.parametrize("estimate", EVERY)
def test_a_weight_counts_people_so_often(estimate: Callable[[dict[str, Floats], Floats], Estimate]) -> None:
    p, counts = people(), 1 + np.arange(N) % 3
    repeated = {name: np.repeat(values, counts) for name, values in p.items()}
    assert estimate(p, counts.astype(float)).value == pytest.approx(estimate(repeated, np.ones(counts.sum())).value)


def test_the_index_turns_round_with_the_rank() -> None:
    p, w = people(), np.ones(N)
    turned = {**p, "rank": -p["rank"]}
    assert slope(turned, w).value == pytest.approx(-slope(p, w).value)
    assert linear(turned, w).value == pytest.approx(-linear(p, w).value)
    assert log_linear(turned, w).value == pytest.approx(-log_linear(p, w).value)


@pytest.mark.parametrize(
    ("estimate", "given", "reason"),
    [
        (slope, {"rank": np.ones(N)}, "everybody has the same rank"),
        (log_linear, {"rank": np.ones(N)}, "everybody has the same rank"),
        (log_linear, {"outcome": np.zeros(N)}, "no ratio with a mean of zero"),
    ],
)
def test_what_cannot_be_estimated_says_why(
    estimate: Callable[[dict[str, Floats], Floats], Estimate], given: dict[str, Floats], reason: str
) -> None:
    assert estimate({**people(), **given}, np.ones(N)).reason == reason


def test_a_line_below_zero_has_no_ratio_of_its_ends() -> None:
    ranks = Ranks.of(np.arange(10.0))
    assert "no ratio of its ends" in rank_line((np.arange(10.0) < 2).astype(float), ranks).ratio().reason


# --- the study -------------------------------------------------------------------------------------------------------

BOOK = Codebook(
    "made",
    {
        "id": Column(role="id", type="integer", label="Person"),
        "exposed": Column(role="exposure", type="boolean", label="Exposure"),
        "ill": Column(role="outcome", type="boolean", label="Ill"),
        "sex": Column(role="sex", type="category", label="Sex", codes={"f": "girl", "m": "boy"}),
        "ses": Column(role="baseline", type="number", label="SES"),
        "income": Column(role="baseline", type="number", label="Income"),
    },
    {"ill": BinaryOutcome(kind="binary", column="ill", label="Ill")},
)


def settings(**given: Any) -> Settings:
    asked = {"exposures": ["exposed"], "outcomes": ["ill"], "by": "ses", **given}
    return Settings.model_validate({"kind": "inequality", **asked})


@pytest.mark.parametrize(
    ("given", "path", "what"),
    [
        ({"by": "sess"}, "by", "'sess' is not a column of this cohort"),
        ({"by": "sex"}, "by", "'sex' is of type category"),
        ({"exposures": ["ses"]}, "exposures.0", "'ses' is the rank itself"),
        ({"cluster": "sex"}, "cluster", "'sex' is not a column with role cluster of this cohort"),
    ],
)
def test_what_the_cohort_file_gets_wrong_is_told(given: dict[str, Any], path: str, what: str) -> None:
    assert [(mistake.path, mistake.what) for mistake in settings(**given).check(BOOK)] == [(path, what)]


def test_rows_by_another_rank_than_ses_are_told_apart_from_those_by_it() -> None:
    [by_ses], [by_income] = (settings(by=by).asks(BOOK)[1:] for by in ("ses", "income"))
    assert isinstance(by_ses, Inequality)
    assert isinstance(by_income, Inequality)
    assert (by_ses.reference, by_income.reference) == ("no", "no_by_income")
    assert settings(by="income").labels(BOOK)["exposed", "no_by_income"] == "Exposure: yes vs no, by Income"


@pytest.fixture(scope="module")
def tables() -> Tables:
    config = with_studies(configured("dunedin"), STUDY)
    return studied(STUDY, config, people_of(config, 1))


def test_effects_are_told_in_each_third_and_inequality_in_all(tables: Tables) -> None:
    rows = tables["estimates"]
    assert rows["subgroup"].unique().tolist() == ["", "ses=1of3", "ses=2of3", "ses=3of3"]
    slopes = rows[rows["estimand"].str.startswith(("slope_index", "relative_index"))]
    assert set(slopes["subgroup"]) == {""}
    effects = rows[rows["estimand"] == "risk_difference"].groupby("subgroup").size()
    assert effects.nunique() == 1


def test_high_need_in_a_third_is_relative_to_everybody(tables: Tables) -> None:
    """People with high need in the thirds are together those in all."""
    rows = tables["estimates"].query("outcome == 'multi_sector_need' and estimand == 'risk_difference'")
    events = rows.query("method == 'crude' and exposure == 'poverty'").set_index("subgroup")["events"]
    assert events.drop("").sum() == events[""]
    assert events["ses=1of3"] > events["ses=3of3"]


def test_change_of_the_slope_is_that_between_both_arms(tables: Tables) -> None:
    rows = tables["estimates"].query("subgroup == ''")
    wide = rows.pivot_table(index=["outcome", "exposure", "method"], columns="estimand", values="estimate")
    wide = wide.dropna(subset="slope_index_difference")
    change = wide["slope_index_exposed"] - wide["slope_index_unexposed"]
    np.testing.assert_allclose(wide["slope_index_difference"], change)


def test_every_row_of_inequality_and_of_a_part_has_a_true_value(tables: Tables) -> None:
    config = with_studies(configured("dunedin"), STUDY)
    world, key = synthetic("dunedin").world, stream_key(1, "dunedin", "test")
    people = People(world, config.codebook, world.equations.draw(2000, key))
    known = set()
    for question in config.studies[STUDY].asks(config.codebook):
        if isinstance(question, Inequality):
            drawn = inequality_arms(question, people, lambda do: world.equations.draw(2000, key, do))
            rows = inequality_rows(question, replace(people, arms=tuple(drawn)))
            known |= {tuple(row[name] for name in QUESTION) for row in rows}
    rows = tables["estimates"]
    own = rows[rows["estimand"].str.contains("index") | rows["subgroup"].ne("")]
    without = own["estimate"].isna()  # high need falls so steeply along SES that its line ends below zero
    assert set(own[without]["estimand"]) <= {"relative_index"}
    own = own[~without]
    assert set(own[QUESTION].itertuples(index=False, name=None)) == known


def test_the_section_tells_indices_changes_and_parts_and_draws_each_exposure(tables: Tables) -> None:
    config = with_studies(configured("dunedin"), STUDY)
    found = Found.of("dunedin", STUDY, tables, tables["curves"], synthetic=True)
    shown = showing.words(config.studies[STUDY], config.codebook, found)
    assert [len(shown[name].rows) for name in ("indices", "change", "parts")] == [6, 4, 12]
    drawn = showing.figures(config.studies[STUDY], config.codebook, found)
    assert {name: faults(picture) for name, picture in drawn.items()} == {"parts_1": [], "parts_2": []}


def test_a_number_raised_by_a_step_has_effects_and_a_change_of_slope_in_its_unit() -> None:
    config = with_studies(configured("bwght"), "smoking_inequality")
    found = studied("smoking_inequality", config, people_of(config, 1))
    rows = found["estimates"]
    assert set(rows["unit"]) == {"oz"}
    assert set(rows["estimand"]) == {"slope_index", "mean_difference", "slope_index_difference"}
    own = Found.of("bwght", "smoking_inequality", found, found["curves"], synthetic=False)
    drawn = showing.figures(config.studies["smoking_inequality"], config.codebook, own)
    assert [faults(picture) for picture in drawn.values()] == [[]]


# --- the truth -------------------------------------------------------------------------------------------------------


def test_true_inequality_is_that_of_people_ranked_and_cut() -> None:
    contrast = effect("poverty", ["disease"]).contrast
    world = synthetic("dunedin").asked(Inequality(contrast, ("disease",), "ses", 3))
    truth = world.simulated(100_000, stream_key(1, "dunedin", "test")).query("outcome == 'disease'")
    values = dict(zip(zip(truth["estimand"], truth["subgroup"], strict=True), truth["value"], strict=True))
    drawn = world.world.equations.draw(100_000, stream_key(2, "dunedin", "test"), {"poverty": True})
    ill = drawn["disease_onset"] <= 45
    place = (np.argsort(np.argsort(drawn["ses"])) + 0.5) / len(ill)
    slope = np.polyfit(place, ill, 1)[0]
    assert abs(values["slope_index_exposed", ""] - slope) < 4 * ill.std() * np.sqrt(12 / len(ill))
    lowest = ill[place < 1 / 3]
    assert abs(values["risk_exposed", "ses=1of3"] - lowest.mean()) < 4 * lowest.std() / np.sqrt(len(lowest))


def test_where_nothing_acts_nothing_changes_the_slope() -> None:
    contrast = effect("poverty", ["disease"]).contrast
    world = synthetic("dunedin").where(stressor_effect="null").asked(Inequality(contrast, ("disease",), "ses", 3))
    rows = world.simulated(100_000, stream_key(1, "dunedin", "test")).set_index("estimand")["value"]
    assert rows["slope_index_difference"] == pytest.approx(0, abs=1e-12)
    assert rows["slope_index"] < -0.01
