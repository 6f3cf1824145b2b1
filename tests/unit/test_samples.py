"""Who enters an analysis, what its events can carry, and what a row counts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.adjustment import Adjustment
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.errors import DataError
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import BinaryOutcome, EventOutcome, Outcome
from evenwicht.cohort import Cohort
from evenwicht.estimators.event_support import EventSupport, event_support, hazard_support, two_arms
from evenwicht.estimators.results import Interval
from evenwicht.studies import exposure, policy
from evenwicht.studies.event_study.births import draw_births
from evenwicht.studies.running import job_of, run_study
from evenwicht.studies.samples import Sample, draw_sample, exposed_by
from evenwicht.studies.study import Follow, StudySettings
from evenwicht.studies.values import TimedOutcome

from tests.cohorts import Tables, configured, people_of

BY_TEN = EventOutcome(kind="time_to_event", label="Event by 10", event="event", time="follow_up", horizon=10.0)
BY_AGE_50 = EventOutcome(kind="time_to_event", label="Event by 50", event="event", time="age", horizon=50.0)
SICK = BinaryOutcome(kind="binary", label="Sick", column="sick")
COMPARED = {"exposures": ["exposed"], "adjust": {"columns": ["x"]}, "outcomes": ["event"]}
STUDY = exposure.Settings.model_validate({"kind": "exposure", **COMPARED})
POLICY = policy.Settings.model_validate({"kind": "policy", **COMPARED})
SURVIVAL = ["survival_exposed", "survival_unexposed"]
HAZARDS = ["hazard_ratio", "conditional_hazard_ratio"]
COLUMNS = {
    "id": Column(role="id", type="integer", label="Person"),
    "exposed": Column(role="exposure", type="boolean", label="Exposed"),
    "x": Column(role="baseline", label="Covariate"),
    "sick": Column(role="outcome", type="boolean", label="Sick"),
    "family": Column(role="family", type="category", label="Family"),
}


def people(
    exposed: list[bool],
    *,
    years: list[float] | None = None,
    status: list[int] | None = None,
    sick: list[bool] | None = None,
    entry: float = 40.0,
) -> Cohort:
    """People followed from an age on for some years, with a covariate that says nothing."""
    n = len(exposed)
    x = np.random.default_rng(3).normal(size=n)
    persons = pd.DataFrame({"id": np.arange(n), "exposed": pd.array(exposed, dtype="boolean"), "x": x, "family": None})
    persons["sick"] = pd.array([False] * n if sick is None else sick, dtype="boolean")
    followed = pd.DataFrame({"id": np.arange(n), "event": "event", "entry_age": entry})
    followed["exit_age"] = entry + np.array([20.0] * n if years is None else years)
    followed["status"] = [0] * n if status is None else status
    return Cohort("own", "made for a test", COLUMNS, persons, events=followed)


def ran(cohort: Cohort, outcome: Outcome, study: StudySettings = STUDY) -> Tables:
    """The tables of a study of one outcome, of people without families."""
    columns = {name: column for name, column in COLUMNS.items() if name != "family"}
    return run_study("study", study, cohort, Codebook("own", columns, {"event": outcome}), job_of(1, "own"))


def estimated(cohort: Cohort, outcome: Outcome) -> pd.DataFrame:
    return ran(cohort, outcome)["estimates"]


def drawn(cohort: Cohort, outcome: Outcome, *, family: bool = False, follow: Follow | None = None) -> Sample:
    """The people of the comparison, in families or each alone."""
    clusters = cohort.persons["family"] if family else None
    exposed = exposed_by(cohort, Contrast("exposed", "exposed", "no"))
    return draw_sample(cohort, exposed, Adjustment(), outcome, "here", clusters=clusters, follow=follow)


def with_events(exposed_early: int, unexposed_early: int, late: int = 10) -> Cohort:
    """Sixty people in each arm: so many events by year 10, ten more in each arm after it, the others free at 20."""
    years, status = [], []
    for early in (exposed_early, unexposed_early):
        years += [*np.linspace(1, 9, early), *np.linspace(12, 18, late), *[20.0] * (60 - early - late)]
        status += [1] * (early + late) + [0] * (60 - early - late)
    return people([True] * 60 + [False] * 60, years=years, status=status)


# --- events ----------------------------------------------------------------------------------------------------------


def test_a_risk_counts_the_events_up_to_its_horizon_and_a_hazard_ratio_those_in_the_fit() -> None:
    rows = estimated(with_events(12, 8), BY_TEN)
    events = rows.groupby("estimand")["events"].unique().map(list).to_dict()
    assert events["risk_difference"] == [20]
    assert events["hazard_ratio"] == events["conditional_hazard_ratio"] == [40]
    arms = rows[rows["estimand"].isin(SURVIVAL) & (rows["method"] == "crude")].set_index("estimand")["events"]
    assert arms.to_dict() == {"survival_exposed": 12, "survival_unexposed": 8}


def test_a_policys_rows_count_events_alike() -> None:
    rows = ran(with_events(12, 8), BY_TEN, POLICY)["estimates"].set_index("estimand")["events"]
    assert rows["risk_difference"].unique().tolist() == [20]
    assert rows["hazard_ratio"] == rows["conditional_hazard_ratio"] == 40


def test_a_few_events_by_the_horizon_in_one_arm_carry_no_interval_however_many_follow() -> None:
    """With 3 of 13 exposed events by the horizon, the whole of follow-up hides how little is known at it."""
    rows = estimated(with_events(3, 12), BY_TEN)
    risks = rows[rows["estimand"] == "risk_difference"]
    assert (risks["status"] == "no interval").all()
    assert (risks["reason"] == "too few people with the event for an interval: 3 exposed, 12 unexposed").all()
    assert risks["estimate"].notna().all()
    assert risks[["lower", "upper", "se"]].isna().all(axis=None)
    status = rows.set_index(["method", "estimand"])["status"]
    assert status["crude", "survival_exposed"] == status["ipw", "survival_exposed"] == "no interval"
    assert status["crude", "survival_unexposed"] == "estimated"
    assert (rows.loc[rows["estimand"].isin(HAZARDS), "status"] == "estimated").all()


def test_no_event_in_an_arm_gives_a_bare_difference_and_no_ratio() -> None:
    rows = estimated(with_events(0, 12, late=0), BY_TEN).set_index("estimand")
    assert (rows.loc["risk_difference", "status"] == "no interval").all()
    assert rows.loc[["hazard_ratio"], "reason"].eq("no events in an arm: 0 exposed, 12 unexposed").all()
    assert (rows.loc[HAZARDS, "status"] == "not estimable").all()


@pytest.mark.parametrize("cases", [(0, 0), (60, 60), (0, 20), (20, 0), (3, 20), (20, 57), (20, 60)])
def test_few_with_or_without_a_yes_no_outcome_are_rows_with_a_reason(cases: tuple[int, int]) -> None:
    sick = [j < count for count in cases for j in range(60)]
    rows = estimated(people([True] * 60 + [False] * 60, sick=sick), SICK)
    differences = rows[rows["estimand"] == "risk_difference"]
    assert (differences["status"] == "no interval").all()
    assert differences["estimate"].notna().all()
    assert (differences["events"] == sum(cases)).all()
    one_sided = 0 in cases or 60 in cases
    ratio = rows[rows["estimand"] == "risk_ratio"].iloc[0]
    assert ratio["status"] == ("not estimable" if one_sided else "no interval")
    assert rows.loc[rows["estimand"] != "risk", "reason"].str.len().gt(10).all()


@pytest.mark.parametrize(("cases", "told"), [((0, 20), True), ((2, 3), True), ((1, 3), False), ((60, 56), False)])
@pytest.mark.parametrize("study", [STUDY, POLICY])
def test_the_risk_as_things_are_rests_on_everybody(cases: tuple[int, int], told: bool, study: StudySettings) -> None:
    """However few an arm has: five with and five without the outcome are enough for an interval."""
    sick = [j < count for count in cases for j in range(60)]
    rows = ran(people([True] * 60 + [False] * 60, sick=sick), SICK, study)["estimates"]
    risk = rows[rows["estimand"] == "risk"].iloc[0]
    assert risk["estimate"] == pytest.approx(sum(cases) / 120)
    assert risk["status"] == ("estimated" if told else "no interval")
    assert risk["n"] == 120


def test_nobody_with_an_event_is_a_difference_of_nothing_without_interval() -> None:
    rows = estimated(with_events(0, 0, late=0), BY_TEN).set_index("estimand")
    assert rows.loc["risk_difference", "estimate"].eq(0).all()
    assert rows.loc[SURVIVAL, "estimate"].eq(1).all()
    assert rows.loc[["risk_difference", *SURVIVAL], ["lower", "upper"]].isna().all(axis=None)
    assert rows.loc["hazard_ratio", "estimate"].isna().all()


def test_everybody_with_an_event_is_a_difference_without_interval() -> None:
    rows = estimated(with_events(60, 60, late=0), BY_TEN).set_index("estimand")
    assert rows.loc["risk_difference", "estimate"].to_numpy() == pytest.approx(0, abs=1e-12)
    assert rows.loc["risk_difference", "reason"].str.startswith("too few people without the event").all()
    assert rows.loc["hazard_ratio", "status"].eq("estimated").all()


def test_an_arm_that_is_not_followed_to_the_horizon_has_no_risk_but_a_hazard_ratio() -> None:
    cohort = with_events(12, 8)
    exposed = cohort.events["id"] < 60
    gone = cohort.events.assign(
        exit_age=cohort.events["exit_age"].where(~exposed, cohort.events["exit_age"].clip(upper=48.5)),
        status=cohort.events["status"].where(~exposed | (cohort.events["exit_age"] <= 48.5), 0),
    )
    result = ran(replace(cohort, events=gone), BY_TEN)
    rows = result["estimates"].set_index("estimand")
    assert rows.loc["risk_difference", "reason"].str.startswith("an arm is not followed to the horizon").all()
    assert rows.loc["survival_exposed", "status"].eq("not estimable").all()
    assert rows.loc["survival_unexposed", "status"].eq("estimated").all()
    assert (rows.loc[HAZARDS, "status"] == "estimated").all()
    curve = result["curves"].query("method == 'crude' and arm == 'exposed'")
    assert curve.loc[curve["x"] > 8.5, "estimate"].isna().all()
    assert curve.loc[curve["x"] <= 8.5, "estimate"].notna().all()


def test_what_events_carry() -> None:
    arms = two_arms(np.repeat([1.0, 0.0], 20))

    def status(exposed: int, unexposed: int) -> np.ndarray:
        return np.array([j < k for k in (exposed, unexposed) for j in range(20)], float)

    assert event_support(None, arms) == event_support(status(5, 15), arms) == EventSupport()
    given = Interval.normal(0.1, 0.05)
    assert event_support(status(4, 15), arms).of(given).reason.endswith("4 exposed, 15 unexposed")
    assert event_support(status(5, 16), arms).of(given).reason.endswith("15 exposed, 4 unexposed")
    assert event_support(status(5, 15), {"exposed": arms["exposed"]}).of(given) == given
    unseen = np.where(status(5, 15) == 0, np.nan, 1.0)
    assert event_support(unseen, arms).of(given).status == "not estimable"
    assert hazard_support(status(20, 5), arms, 1) == EventSupport()


def test_who_enters_after_the_horizon_says_nothing_about_the_risk_by_it() -> None:
    entry, leave = np.array([40.0, 40, 55, 55]), np.array([60.0, 45, 60, 70])
    outcome = TimedOutcome(entry, leave, np.array([0.0, 1, 0, 1]), 50.0)
    np.testing.assert_array_equal(outcome.status, [0, 1, np.nan, np.nan])


def test_a_horizon_before_everybodys_entry_is_refused_by_name() -> None:
    with pytest.raises(
        DataError, match=r"nobody followed for 'event' enters before the horizon 50.*later age, in years"
    ):
        drawn(people([True, False] * 30, entry=50.0), BY_AGE_50)


# --- events at entry -------------------------------------------------------------------------------------------------


def test_events_at_the_start_of_follow_up_stay_and_survival_is_that_of_a_hand_computation() -> None:
    """Exposed: 5 of 20 at time 0, 5 of the 15 left at 3, so 10/20; unexposed: 4 of 20 at 0, 4 of 16 at 6, so 12/20."""
    years = [0.0] * 5 + [3.0] * 5 + [12.0] * 10 + [0.0] * 4 + [6.0] * 4 + [12.0] * 12
    status = [1] * 10 + [0] * 10 + [1] * 8 + [0] * 12
    cohort = people([True] * 20 + [False] * 20, years=years, status=status)
    rows = estimated(cohort, BY_TEN)
    survival = rows[rows["method"] == "crude"].set_index("estimand").loc[SURVIVAL]
    assert survival["estimate"].tolist() == pytest.approx([0.5, 0.6])
    assert survival["n"].tolist() == [20, 20]
    assert survival["events"].tolist() == [10, 8]
    greenwood = 0.5 * np.sqrt(5 / (20 * 15) + 5 / (15 * 10))
    assert survival["se"]["survival_exposed"] == pytest.approx(greenwood)
    ratio = rows[rows["estimand"] == "hazard_ratio"].iloc[0]
    assert (ratio["n"], ratio["events"], ratio["status"]) == (40, 18, "estimated")


def test_events_at_entry_on_the_clock_of_age_were_never_at_risk_and_are_counted() -> None:
    years = [0.0] * 5 + [3.0] * 7 + [12.0] * 12 + [0.0] * 4 + [6.0] * 8 + [12.0] * 12
    status = [1] * 12 + [0] * 12 + [1] * 12 + [0] * 12
    cohort = people([True] * 24 + [False] * 24, years=years, status=status)
    sample = drawn(cohort, BY_AGE_50)
    assert sample.n == 39
    assert sample.flow.left["left at or before entry"] == 9
    survival = estimated(cohort, BY_AGE_50).query("estimand in @SURVIVAL and method == 'crude'")
    assert survival["estimate"].tolist() == pytest.approx([12 / 19, 12 / 20])


# --- follow-up -------------------------------------------------------------------------------------------------------


def test_nobody_is_followed_before_the_entry_or_beyond_the_exit_of_a_study() -> None:
    """At risk from 40 to 60, but seen from 45 to 55: who left before 45 is out, who had the event after 55 had none."""
    years = [*np.linspace(1, 4, 10), *np.linspace(6, 14, 10), *np.linspace(16, 19, 10)] * 2
    cohort = people([True] * 30 + [False] * 30, years=years, status=[1] * 60)
    sample = drawn(cohort, BY_AGE_50, follow=Follow(entry=45, exit=55))
    assert isinstance(sample.outcome, TimedOutcome)
    assert sample.flow.left["left at or before entry"] == 20
    assert set(sample.outcome.entry) == {45.0}
    assert sample.outcome.time.max() == 55
    assert sample.outcome.event.sum() == 20
    np.testing.assert_array_equal(sample.outcome.event, sample.outcome.time < 55)


def test_follow_up_is_never_longer_than_it_was() -> None:
    cohort = with_events(12, 8)
    whole, shown = (drawn(cohort, BY_AGE_50, follow=follow).outcome for follow in (None, Follow(entry=0, exit=100)))
    for name in ("entry", "time", "event", "horizon"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(shown, name))


# --- clusters --------------------------------------------------------------------------------------------------------


def test_whose_family_is_not_known_is_a_family_alone() -> None:
    cohort = people([True, False] * 30, sick=[True, True, False, False] * 15)
    family = pd.Series([f"f{j // 2}" for j in range(60)]).where(np.arange(60) % 10 != 0)
    told = replace(cohort, persons=cohort.persons.assign(family=family))
    sample = drawn(told, SICK, family=True)
    assert sample.n == 60
    assert sample.flow.own_cluster == 6
    alone = sample.clusters[family.isna()]
    assert len(set(alone)) == 6
    assert not set(alone) & set(sample.clusters[family.notna()])
    whole = family.notna() & family.shift(-1).eq(family)
    assert (sample.clusters[whole] == sample.clusters[np.roll(whole, 1)]).all()


def test_the_order_of_people_does_not_number_their_clusters() -> None:
    cohort = people([True, False] * 30, sick=[True, True, False, False] * 15)
    family = pd.Series([f"f{j // 3:02d}" for j in range(60)])
    persons = cohort.persons.assign(family=family)
    shuffled = persons.sample(frac=1, random_state=1).reset_index(drop=True)
    one, two = (drawn(replace(cohort, persons=p), SICK, family=True).clusters for p in (persons, shuffled))
    np.testing.assert_array_equal(one[shuffled["id"]], two)


def test_births_without_a_cluster_label_stay() -> None:
    config = configured("rationing")
    cohort, study = people_of(config, seed=3, rule="own clusters"), config.studies["end_of_rationing"]
    cluster = study.cluster
    missing = np.arange(len(cohort.persons)) % 100 == 0
    told = replace(cohort, persons=cohort.persons.assign(**{cluster: cohort.persons[cluster].mask(missing)}))
    outcome = config.outcomes["hypertension"]
    before, after = (draw_births(c, config.codebook, study, outcome, "test") for c in (cohort, told))
    assert after.n == before.n
    assert after.flow.own_cluster == int(np.isin(before.ids, cohort.persons.loc[missing, cohort.id]).sum())
    known = len(np.unique(before.clusters))
    assert len(np.unique(after.clusters)) == known + after.flow.own_cluster
