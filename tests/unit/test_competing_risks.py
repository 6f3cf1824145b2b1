"""Competing risks: the estimator by hand and under changes that must not matter, who came first, and what is shown."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.adjustment import Adjustment
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.outcomes import EventOutcome
from evenwicht.base.streams import stream_key
from evenwicht.cohort import Cohort
from evenwicht.display.section import Found
from evenwicht.estimators.competing_risks import CumulativeIncidence, incidence_estimate
from evenwicht.estimators.survival import ProductLimit
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.results.questions import CompetingRisk
from evenwicht.results.rows import with_truth
from evenwicht.studies import showing
from evenwicht.studies.competing import competing_follow_up
from evenwicht.studies.competing_risks import Settings
from evenwicht.studies.competing_risks.follow_up import Courses
from evenwicht.studies.running import job_of, run_study
from evenwicht.studies.samples import Exposed, draw_sample

from tests.cohorts import Tables, configured, people_of, studied, truth_of, with_studies
from tests.figures import faults
from tests.worlds import effect, synthetic

Floats = np.ndarray
N = 60
STUDY = "disease_or_death"

# --- the estimator ---------------------------------------------------------------------------------------------------


def people(seed: int = 3, n: int = N) -> dict[str, Floats]:
    """Times in whole months, so that many are tied; late entry, for the second cause later still."""
    rng = np.random.default_rng(seed)
    time = 3 + np.floor(rng.exponential(12, n))
    cause = rng.choice([0, 1, 2], n, p=[0.3, 0.4, 0.3])
    entry = np.minimum(rng.choice([0.0, 1.0, 2.0], n), time - 1)
    return {"time": time, "cause": cause, "entry": entry, "late": entry + rng.choice([0.0, 2.0], n)}


def curve(
    p: dict[str, Floats], weights: Floats | None = None, *, late: bool = True, unit: float = 1.0
) -> CumulativeIncidence:
    entries = (p["entry"] * unit, p["late"] * unit) if late else (None, None)
    return CumulativeIncidence(
        [
            SurvivalData(p["time"] * unit, (p["cause"] == k).astype(float), entry, weights)
            for k, entry in enumerate(entries, start=1)
        ]
    )


def test_incidence_by_hand() -> None:
    """Of 4, one falls ill at 1, one dies at 2 and one falls ill at 3: 1/4, then 1/3 of 3/4 dies, then half of the rest."""
    time, cause = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 2, 1, 0])
    found = curve({"time": time, "cause": cause}, late=False)
    grid = np.array([0.5, 1, 2, 3, 4])
    assert found.incidence(0, grid).tolist() == pytest.approx([0, 1 / 4, 1 / 4, 1 / 2, 1 / 2])
    assert found.incidence(1, grid).tolist() == pytest.approx([0, 0, 1 / 4, 1 / 4, 1 / 4])
    assert found.years_lost(0, 4) == pytest.approx(3 / 4 + 1 / 4)
    assert found.years_lost(1, 4) == pytest.approx(2 / 4)


def test_without_a_competing_cause_it_is_one_minus_kaplan_and_meier_with_the_same_influence() -> None:
    p = people()
    data = SurvivalData(p["time"], (p["cause"] == 1).astype(float), p["entry"], np.linspace(0.5, 2, N))
    one, limit = CumulativeIncidence([data]), ProductLimit(data)
    grid = np.arange(40.0)
    np.testing.assert_allclose(one.incidence(0, grid), 1 - limit.at(grid), atol=1e-12)
    np.testing.assert_allclose(one.incidence_derivative(0, 15.0), -limit.derivative(15.0), atol=1e-12)


@pytest.mark.parametrize("late", [False, True], ids=["from the start", "late entry"])
@pytest.mark.parametrize("cause", [0, 1])
@pytest.mark.parametrize("what", ["incidence", "years_lost"])
def test_the_influence_is_the_derivative_by_weight(late: bool, cause: int, what: str) -> None:
    p, weights, when = people(), np.linspace(0.5, 2, N), 14.0

    def value(at: Floats) -> float:
        found = curve(p, at, late=late)
        return float(
            found.incidence(cause, np.array([when]))[0] if what == "incidence" else found.years_lost(cause, when)
        )

    derivative = getattr(curve(p, weights, late=late), f"{what}_derivative")(cause, when)
    for k in range(0, N, 7):
        step = np.zeros(N)
        step[k] = 1e-5
        assert derivative[k] == pytest.approx((value(weights + step) - value(weights - step)) / 2e-5, abs=1e-8)
    assert weights @ derivative == pytest.approx(0, abs=1e-12)


def told(found: CumulativeIncidence, unit: float = 1.0) -> list[float]:
    error = np.sqrt(np.sum((found.weights * found.incidence_derivative(0, 14 * unit)) ** 2))
    return [*found.incidence(0, np.array([5.0, 14.0]) * unit), found.years_lost(1, 14 * unit) / unit, error]


@pytest.mark.parametrize(
    "changed",
    [
        lambda p: told(curve(p, unit=1 / 12), 1 / 12),
        lambda p: told(curve({name: values[::-1] for name, values in p.items()})),
        lambda p: told(curve(p, np.full(N, 1.0))),
        lambda p: told(
            curve({name: np.append(values, values[:9]) for name, values in p.items()}, np.r_[np.ones(N), np.zeros(9)])
        ),
        lambda p: told(curve({**p, "time": p["time"] - 1e-10 * np.arange(N)})),
    ],
    ids=["unit", "order of rows", "weights of one", "people of weight 0", "rounding"],
)
def test_nothing_depends_on(changed: Callable[[dict[str, Floats]], list[float]]) -> None:
    assert changed(people()) == pytest.approx(told(curve(people())), rel=1e-7)


def test_a_weight_counts_people_so_often() -> None:
    p = people()
    counts = 1 + np.arange(N) % 3
    repeated = curve({name: np.repeat(values, counts) for name, values in p.items()})
    assert told(curve(p, counts.astype(float)))[:3] == pytest.approx(told(repeated)[:3])


def test_the_risk_if_nobody_died_is_never_below_the_share_who_get_it() -> None:
    p = people(n=400)
    grid = np.arange(40.0)
    alone = CumulativeIncidence([SurvivalData(p["time"], (p["cause"] == 1).astype(float), p["entry"])])
    assert (alone.incidence(0, grid) >= curve(p).incidence(0, grid) - 1e-12).all()


def test_whoever_is_not_seen_to_die_yet_is_at_risk_of_the_disease_alone() -> None:
    """Two ill before anybody could be seen to die; death is judged among those who enter at 3."""
    time, cause = np.array([1.0, 2.0, 5.0, 6.0, 7.0]), np.array([1, 1, 2, 0, 0])
    found = curve({"time": time, "cause": cause, "entry": np.zeros(5), "late": np.full(5, 3.0)})
    assert found.at_risk[:, -1].tolist() == [3, 3]
    assert found.incidence(1, np.array([5.0]))[0] == pytest.approx(3 / 5 / 3)


@pytest.mark.parametrize(
    ("when", "cause", "reason"),
    [(2.0, 0, "no event by then among the exposed"), (90.0, 0, "nobody among the exposed is followed for so long")],
)
def test_what_cannot_be_estimated_says_why(when: float, cause: int, reason: str) -> None:
    p = people()
    p["cause"][p["time"] == p["time"].max()] = 0
    assert incidence_estimate(curve(p), cause, when, "the exposed").reason == reason


# --- who came first --------------------------------------------------------------------------------------------------

DISEASE = EventOutcome(kind="time_to_event", event="disease", time="age", unit="years", horizon=60, label="Disease")
BOOK = Codebook(
    "made",
    {
        "id": Column(role="id", type="integer", label="Person"),
        "exposed": Column(role="exposure", type="boolean", label="Exposure"),
        "dose": Column(role="exposure", type="number", label="Dose"),
    },
    {"disease": DISEASE, "dose": {}},  # type: ignore[dict-item]
    events=("disease", "death", "emigration"),
)
# disease (entry, exit, status), death (entry, exit, status) -> time, ill, died
COURSES = {
    "ill, and dies later": ((0, 40, 1), (0, 50, 1), (40, 1, 0)),
    "dies without": ((0, 45, 0), (0, 45, 1), (45, 0, 1)),
    "ill on the day of death": ((0, 45, 1), (0, 45, 1), (45, 1, 0)),
    "followed longer for death": ((0, 30, 0), (0, 50, 1), (30, 0, 0)),
    "followed longer for disease": ((0, 50, 1), (0, 40, 0), (40, 0, 0)),
    "free to the end": ((0, 70, 0), (0, 70, 0), (70, 0, 0)),
    "dies up to rounding at the end": ((0, 45, 0), (0, 45 + 1e-9, 1), (45, 0, 1)),
}


def made(courses: list[tuple[Any, ...]]) -> Cohort:
    """One person for each course, and twenty more so that both arms have people."""
    courses = [*courses, *[((0, 70, 0), (0, 70, 0))] * 20]
    rows = [
        {"id": k, "event": event, "entry_age": float(row[0]), "exit_age": float(row[1]), "status": float(row[2])}
        for k, course in enumerate(courses)
        for event, row in zip(("disease", "death"), course, strict=False)
    ]
    persons = pd.DataFrame(
        {"id": range(len(courses)), "exposed": pd.array(np.arange(len(courses)) % 2 == 0, "boolean")}
    )
    return Cohort("made", "", dict(BOOK.columns), persons.assign(dose=1.0), events=pd.DataFrame(rows))


def courses_of(cohort: Cohort, competing: list[str]) -> Courses:
    other = competing_follow_up(cohort, DISEASE, competing, "here")
    exposed = Exposed("exposed", cohort.persons["exposed"].to_numpy(float))
    return Courses.of(draw_sample(cohort, exposed, Adjustment(), DISEASE, "here"), other)


@pytest.mark.parametrize("name", COURSES)
def test_what_came_first(name: str) -> None:
    disease, death, (time, ill, died) = COURSES[name]
    found = courses_of(made([(disease, death)]), ["death"])
    assert (found.time[0], found.event[0], found.competing[0]) == pytest.approx((time, ill, died))


def test_of_several_competing_events_the_first_counts_and_follow_up_is_for_all() -> None:
    cohort = made([((0, 50, 0), (0, 50, 1)), ((0, 50, 0), (0, 60, 0)), ((0, 50, 1), (0, 60, 0))])
    moves = cohort.events[cohort.events["event"] == "death"].assign(event="emigration", status=0.0, exit_age=70.0)
    moves.iloc[:3, moves.columns.get_indexer(["exit_age", "status"])] = [[40.0, 1.0], [45.0, 0.0], [30.0, 0.0]]
    both = Cohort(
        "made", "", dict(BOOK.columns), cohort.persons, events=pd.concat([cohort.events, moves], ignore_index=True)
    )
    found = courses_of(both, ["death", "emigration"])
    assert found.time[:3].tolist() == [40, 45, 30]
    assert (found.event[:3].tolist(), found.competing[:3].tolist()) == ([0, 0, 0], [1, 0, 0])


def test_who_is_not_followed_for_death_or_died_before_entry_leaves_with_the_reason() -> None:
    cohort = made([((0, 50, 0),), ((40, 50, 0), (0, 39, 1))])
    book = Codebook("made", BOOK.columns, {"disease": DISEASE}, events=BOOK.events)
    study = settings(outcomes=["disease"])
    flow = run_study("study", study, cohort, book, job_of(1, "made"))["flow"].set_index("step")["people"]
    assert flow["not followed for the competing event"] == flow["competing event before entry"] == 1
    assert flow["analysed"] == 20


# --- the study -------------------------------------------------------------------------------------------------------


def settings(**given: Any) -> Settings:
    asked = {"exposures": ["exposed"], "outcomes": ["disease"], "competing": ["death"], **given}
    return Settings.model_validate({"kind": "competing_risks", **asked})


@pytest.mark.parametrize(
    ("given", "path", "what"),
    [
        ({"competing": ["deth"]}, "competing.0", "'deth' is not an event of this cohort"),
        ({"competing": ["disease"]}, "competing", "'disease' is the event of 'disease' itself"),
        (
            {"exposures": ["dose"]},
            "exposures.0",
            "'dose' is a number, and incidence is told with and without an exposure",
        ),
    ],
)
def test_what_the_cohort_file_gets_wrong_is_told(given: dict[str, Any], path: str, what: str) -> None:
    book = Codebook("made", BOOK.columns, {"disease": DISEASE}, events=BOOK.events)
    found = [(mistake.path, mistake.what) for mistake in settings(**given).check(book)]
    assert found == [(path, what)]


@pytest.fixture(scope="module")
def dunedin_tables() -> Tables:
    config = with_studies(configured("dunedin"), STUDY)
    return studied(STUDY, config, people_of(config, 1))


def test_shares_of_the_two_events_and_of_those_free_of_both_make_up_everybody(dunedin_tables: Tables) -> None:
    curves = dunedin_tables["curves"].set_index(["exposure", "method", "arm", "x"])
    event, either, alone = (curves[curves["cause"] == name]["estimate"] for name in ("event", "either", "nobody_first"))
    assert (either >= event).all()
    assert (alone >= event - 1e-12).all()
    assert (event.groupby(level=[0, 1, 2]).diff().dropna() >= -1e-12).all()


def test_rows_agree_with_each_other(dunedin_tables: Tables) -> None:
    rows = dunedin_tables["estimates"].set_index(["exposure", "method", "estimand"])["estimate"].sort_index()
    for exposure in ("poverty", "maltreatment"):
        for method in ("crude", "ipw", "standardisation"):
            of = rows[exposure, method]
            if method != "standardisation":  # whose models do not add up
                years = of["years_lost_difference"] + of["competing_years_lost_difference"]
                assert of["healthy_years_difference"] == pytest.approx(-years)
            assert of["cumulative_incidence_ratio"] == pytest.approx(
                of["cumulative_incidence_exposed"] / of["cumulative_incidence_unexposed"]
            )


def test_every_row_but_marginal_hazard_ratios_can_be_judged(dunedin_tables: Tables) -> None:
    config = with_studies(configured("dunedin"), STUDY)
    judged = with_truth(dunedin_tables["estimates"], truth_of(config, 100_000, 1))
    assert set(judged.loc[judged["truth"].isna(), "estimand"]) == {"hazard_ratio", "competing_hazard_ratio"}


def test_the_section_tells_both_questions_and_draws_each_exposure(dunedin_tables: Tables) -> None:
    config = with_studies(configured("dunedin"), STUDY)
    found = Found.of("dunedin", STUDY, dunedin_tables, dunedin_tables["curves"], synthetic=True)
    shown = showing.words(config.studies[STUDY], config.codebook, found)
    assert [len(shown[name].rows) for name in ("table", "years")] == [6, 12]
    drawn = showing.figures(config.studies[STUDY], config.codebook, found)
    assert list(drawn) == ["incidence_1", "incidence_2"]
    assert {name: faults(picture) for name, picture in drawn.items()} == {"incidence_1": [], "incidence_2": []}
    messages = showing.messages(config.studies[STUDY], config.codebook, found)
    assert len(messages) == 2
    assert all("death" in text and "1,000 people" in text for text in messages)


# --- the truth -------------------------------------------------------------------------------------------------------


def test_true_incidence_is_that_of_people_whose_disease_and_death_are_drawn() -> None:
    world = synthetic("dunedin")
    contrast = effect("poverty", ["disease"]).contrast
    asked = world.asked(CompetingRisk(contrast, ("disease",), ("death",)))
    truth = asked.simulated(100_000, stream_key(1, "dunedin", "test")).set_index("estimand")["value"]
    drawn = [
        world.world.equations.draw(100_000, stream_key(2, "dunedin", "test"), {"poverty": state})
        for state in (True, False)
    ]
    for arm, lives in zip(("exposed", "unexposed"), drawn, strict=True):
        ill = (lives["disease_onset"] <= 45) & (lives["disease_onset"] < lives["death_age"])
        died = (lives["death_age"] <= 45) & ~ill
        for what, flags in (("cumulative_incidence", ill), ("competing_incidence", died)):
            share = flags.mean()
            assert abs(truth[f"{what}_{arm}"] - share) < 4 * np.sqrt(share * (1 - share) / 100_000)
    first = [np.minimum(np.minimum(lives["disease_onset"], lives["death_age"]), 45) for lives in drawn]
    apart = first[0] - first[1]
    assert abs(truth["healthy_years_difference"] - apart.mean()) < 4 * apart.std() / np.sqrt(100_000)


def test_where_nothing_acts_all_true_effects_are_nil() -> None:
    world = synthetic("dunedin").where(stressor_effect="null")
    contrast = effect("poverty", ["disease"]).contrast
    truth = world.asked(CompetingRisk(contrast, ("disease",), ("death",))).simulated(
        100_000, stream_key(1, "dunedin", "test")
    )
    rows = truth.set_index("estimand")["value"]
    np.testing.assert_allclose(rows.filter(like="difference"), 0, atol=1e-12)
    np.testing.assert_allclose(rows.filter(like="ratio"), 1, atol=1e-12)


def test_a_world_without_death_does_not_answer() -> None:
    world = synthetic("lifecourse")
    question = CompetingRisk(effect("stressor_infancy", ["disorder"]).contrast, ("disorder",), ("death",))
    assert (
        world.asked(question)
        .simulated(100_000, stream_key(1, "dunedin", "test"))
        .query("estimand.str.contains('incidence')")
        .empty
    )
