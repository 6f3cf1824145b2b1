"""Youth care as a queue: what closed forms say, what only a simulation can, and what mild referrals do to severe cases.

Reference values: R's queueing 0.2.12 (`QueueingModel(NewInput.MMC(...))`, `B_erlang`) for first come, first served;
Cobham's formula for priority, checked here by the law that priority only moves waiting about.
"""

from dataclasses import replace

import numpy as np
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.base.streams import stream_key
from evenwicht.display.language import speaking
from evenwicht.levers.figures import at, sourced
from evenwicht.side_effects.assumptions import YouthCare, assumptions
from evenwicht.side_effects.crowding import (
    NO_STEADY_STATE,
    TOO_FEW,
    birth_area,
    most_referrals,
    severe_by_share,
    severe_by_share_simulated,
    waits_after_lever,
)
from evenwicht.side_effects.figures import crowding_figure
from evenwicht.side_effects.queue import (
    conserved_wait,
    erlang_b,
    erlang_c,
    mean_wait,
    priority_exceeds,
    priority_waits,
    spread_factor,
    wait_exceeds,
)
from evenwicht.side_effects.shown import Waits
from evenwicht.side_effects.simulation import FULL, LEAVE, Care, Plan, simulate
from evenwicht.side_effects.team import Team, Triage, late, mean_waits
from pydantic import ValidationError

from tests.figures import faults

CARE = assumptions().youth_care
SMALL = Team(places=4, service=1.0, severe=1.0, mild=2.0)  # M/M/4 at a load of .75
KEY = stream_key(1, "youth_care", "test")
FEW = Plan(runs=16, warm_up=40, weeks=500)
MOST_ERRORS = 3.5  # standard errors: with so fixed a key, more is a fault and no chance


def team(places: int = 50, load: float = 0.95, mild: float = 0.8) -> Team:
    return Team.at_load(places, 59, load, mild)


# --- closed forms


def test_erlang_formulas_are_those_of_r() -> None:
    assert erlang_b(3, 4) == pytest.approx(0.2061068702, abs=1e-10)
    assert erlang_c(3, 4) == pytest.approx(0.5094339623, abs=1e-10)
    assert erlang_c(8, 10) == pytest.approx(0.4091801508, abs=1e-10)
    assert erlang_c(90, 100) == pytest.approx(0.2169404809, abs=1e-10)
    assert mean_wait(3, 1, 4) == pytest.approx(0.50943396, abs=1e-8)
    assert mean_wait(8, 1, 10) == pytest.approx(0.2045900754, abs=1e-10)
    assert 3 * mean_wait(3, 1, 4) == pytest.approx(1.528301887, abs=1e-9)  # Little: those who wait
    assert wait_exceeds(3, 1, 4, [0.5, 1]) == pytest.approx([0.3089873172, 0.1874102814], abs=1e-10)


def test_lost_arrivals_may_be_offered_more_than_there_is() -> None:
    assert erlang_b(1000, 1) == pytest.approx(1000 / 1001)


def test_cobham_gives_each_class_its_wait() -> None:
    assert priority_waits([1, 2], 1, 4) == pytest.approx([0.1698113208, 0.6792452830], abs=1e-10)


@pytest.mark.parametrize("rates", [[1.0, 2.0], [0.3, 0.3, 2.0], [3.0]])
def test_priority_moves_waiting_about_and_takes_none_away(rates: list[float]) -> None:
    assert conserved_wait(rates, priority_waits(rates, 1, 4)) == pytest.approx(mean_wait(sum(rates), 1, 4))


def test_the_chance_of_waiting_longer_adds_up_to_the_mean_wait() -> None:
    limits, step = np.linspace(0, 100, 50_001, retstep=True)
    for rates in ([1.0, 2.0], [0.5, 0.5, 2.0]):
        areas = np.trapezoid(priority_exceeds(rates, 1, 4, limits), dx=step, axis=1)
        assert areas == pytest.approx(priority_waits(rates, 1, 4), rel=1e-5)


def test_a_class_that_is_never_passed_waits_as_in_closed_form() -> None:
    """The first class of all, and the second if nobody is in the first."""
    assert priority_exceeds([1, 2], 1, 4, 1.5)[0] == pytest.approx(erlang_c(3, 4) * np.exp(-1.5 * (4 - 1)))
    assert priority_exceeds([0, 3], 1, 4, 1.5)[1] == pytest.approx(float(wait_exceeds(3, 1, 4, 1.5)))
    assert priority_exceeds([1e-6, 3], 1, 4, 1.5)[1] == pytest.approx(float(wait_exceeds(3, 1, 4, 1.5)), rel=1e-4)


def test_a_queue_that_is_full_has_no_mean() -> None:
    for full in (lambda: erlang_c(4, 4), lambda: mean_wait(5, 1, 4), lambda: priority_waits([1, 3], 1, 4)):
        with pytest.raises(ModelError, match="the line grows without end.*Lower the load below 1"):
            full()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: erlang_b(-1, 4),
        lambda: erlang_b(1, 0),
        lambda: mean_wait(0, 0, 4),
        lambda: priority_waits([2, -1], 1, 4),
        lambda: wait_exceeds(3, 1, 4, -1),
        lambda: spread_factor(-1),
        lambda: Triage(1.2),
        lambda: Team(0, 1, 1, 1),
        lambda: team().with_mild_share(1.0),
        lambda: Plan(1, 0, 10),
        lambda: Care(spread=0),
    ],
)
def test_what_is_no_queue_is_refused(wrong) -> None:
    with pytest.raises(ModelError):
        wrong()


def test_units_of_time_do_not_matter() -> None:
    assert mean_wait(3 / 7, 7, 4) == pytest.approx(7 * mean_wait(3, 1, 4))
    assert priority_exceeds([1 / 7, 2 / 7], 7, 4, 14) == pytest.approx(priority_exceeds([1, 2], 1, 4, 2))


# --- teams of youth care


@pytest.mark.parametrize(
    ("places", "load", "first_come", "severe", "mild", "beyond_4"),
    [
        (10, 0.90, 39.46, 4.81, 48.12, 0.625),
        (20, 0.90, 16.25, 1.98, 19.81, 0.481),
        (50, 0.90, 4.29, 0.52, 5.24, 0.259),
        (50, 0.95, 14.85, 0.92, 18.33, 0.531),
        (100, 0.95, 5.98, 0.37, 7.38, 0.361),
        (1000, 0.95, 0.08, 0.00, 0.10, 0.002),
    ],
)
def test_a_team_of_few_places_waits_long(
    places: int, load: float, first_come: float, severe: float, mild: float, beyond_4: float
) -> None:
    one = team(places, load)
    assert mean_waits(one).severe == pytest.approx(first_come, abs=0.006)
    by_need = mean_waits(one, Triage())
    assert (by_need.severe, by_need.mild) == pytest.approx((severe, mild), abs=0.006)
    assert by_need.everybody == pytest.approx(mean_waits(one).everybody)
    assert late(one, 4).everybody == pytest.approx(beyond_4, abs=0.0006)


@pytest.mark.parametrize(
    ("added", "first_come", "severe", "beyond_14"),
    [(0, 4.29, 0.52, 0.111), (0.025, 6.45, 0.64, 0.169), (0.05, 10.04, 0.78, 0.255), (0.1, 32.81, 1.12, 0.559)],
)
def test_mild_referrals_crowd_out_severe_cases(
    added: float, first_come: float, severe: float, beyond_14: float
) -> None:
    start = team(load=0.90)
    then = start.with_more(0, added * start.mild)
    assert mean_waits(then).severe == pytest.approx(first_come, abs=0.006)
    assert mean_waits(then, Triage()).severe == pytest.approx(severe, abs=0.006)
    assert late(then, 14).severe == pytest.approx(beyond_14, abs=0.0006)


def test_a_seventh_more_mild_referrals_leave_no_steady_state() -> None:
    start = team(load=0.90)
    with pytest.raises(ModelError, match="the load is 1"):
        mean_waits(start.with_more(0, 0.139 * start.mild))


def test_triage_that_cannot_tell_is_first_come_with_other_words() -> None:
    """Those who go first are then a random half of either need."""
    blind = mean_waits(team(), Triage(0.5, 0.5))
    assert (blind.severe, blind.mild) == pytest.approx((14.85, 14.85), abs=0.006)


def test_each_error_of_triage_lengthens_the_wait_of_severe_cases() -> None:
    perfect, misses, alarms = (mean_waits(team(), Triage(*wrong)).severe for wrong in ((0, 0), (0.1, 0), (0, 0.1)))
    assert perfect < alarms < misses
    assert misses == pytest.approx(
        0.9 * priority_waits(_moved(0.1), 59, 50)[0] + 0.1 * priority_waits(_moved(0.1), 59, 50)[1]
    )


def _moved(missed: float) -> list[float]:
    one = team()
    return [one.severe * (1 - missed), one.mild + one.severe * missed]


# --- simulation


@pytest.mark.parametrize("triage", [None, Triage(), Triage(0.2, 0.1)], ids=["first come", "priority", "triage errs"])
def test_a_simulated_queue_waits_as_the_closed_forms_say(triage: Triage | None) -> None:
    found = simulate(SMALL, FEW, KEY, limit=1, triage=triage)
    for what, told in (
        (lambda one: one.mean, mean_waits(SMALL, triage)),
        (lambda one: one.late, late(SMALL, 1, triage)),
    ):
        for need in ("severe", "mild", "everybody"):
            interval = what(getattr(found, need))
            assert abs(interval.estimate - getattr(told, need)) < MOST_ERRORS * interval.se, need
            assert interval.se < 0.15 * interval.estimate
    assert found.everybody.left.estimate == 0


def test_with_one_server_spread_multiplies_the_wait() -> None:
    """Pollaczek and Khinchine, exact with one place."""
    alone = Team(places=1, service=1.0, severe=0.2, mild=0.4)
    for spread in (0.25, 1.5):
        wait = simulate(alone, replace(FEW, weeks=2000), KEY, limit=1, care=Care(spread=spread)).everybody.mean
        told = spread_factor(spread) * mean_wait(0.6, 1, 1)
        assert abs(wait.estimate - told) < MOST_ERRORS * wait.se
        assert wait.se < 0.1 * told


def test_one_key_gives_one_result_and_runs_differ() -> None:
    short = Plan(4, 10, 50)
    assert simulate(SMALL, short, KEY, limit=1) == simulate(SMALL, short, KEY, limit=1)
    other = stream_key(2, "youth_care", "test")
    assert simulate(SMALL, short, KEY, limit=1) != simulate(SMALL, short, other, limit=1)


def test_rules_are_compared_over_the_same_cases() -> None:
    """Under either rule all wait as long together, though a run by itself says little of how long."""
    rough = Plan(4, 10, 400)
    first_come, priority = (
        simulate(SMALL, rough, KEY, limit=1, triage=rule).everybody.mean for rule in (None, Triage())
    )
    assert abs(first_come.estimate - priority.estimate) < 0.25 * first_come.se


def test_an_overfull_team_is_refused_unless_some_stop_waiting() -> None:
    over = team(load=1.05)
    with pytest.raises(ModelError, match="nobody stops waiting, so that the line grows without end.*after how long"):
        simulate(over, Plan(2, 0, 52), KEY, limit=14)


@pytest.mark.parametrize(("load", "reason"), [(1.3, FULL), (0.9, LEAVE)])
def test_where_some_stop_waiting_no_mean_wait_is_given(load: float, reason: str) -> None:
    found = simulate(team(10, load), Plan(8, 200, 520), KEY, limit=14, care=Care(patience=52)).everybody
    assert np.isnan(found.mean.estimate)
    assert found.mean.reason == reason
    assert 0 < found.left.estimate < found.late.estimate < 1


def test_about_as_many_stop_waiting_as_there_is_no_room_for() -> None:
    """Few places are ever empty at a load of 1.5, so that a third of referrals go without."""
    left = simulate(team(10, 1.5), Plan(10, 300, 3000), KEY, limit=14, care=Care(patience=52)).everybody.left
    assert abs(left.estimate - 1 / 3) < MOST_ERRORS * left.se + 0.02


def test_referrals_can_change_after_the_warm_up() -> None:
    quiet, busy = team(10, 0.5), team(10, 1.5)
    care, plan = Care(patience=52), Plan(8, 300, 52)
    grown = simulate(busy, plan, KEY, limit=14, care=care, before=quiet).everybody.late.estimate
    long_busy = simulate(busy, plan, KEY, limit=14, care=care).everybody.late.estimate
    long_quiet = simulate(quiet, plan, KEY, limit=14, care=care).everybody.late.estimate
    assert long_quiet < grown < long_busy


# --- what mild referrals and levers do


def test_the_country_as_one_queue_cannot_show_the_waits_that_are_reported() -> None:
    one, country = CARE.team(), CARE.nation()
    assert country.load == pytest.approx(one.load)
    assert country.load * country.places == pytest.approx(at(CARE.in_care, "mid"), rel=1e-5)
    least, most = at(CARE.observed, "low"), at(CARE.observed, "high")
    assert least < mean_waits(one).everybody < most
    assert mean_waits(country).everybody < 1e-6


def test_if_severe_cases_stay_as_many_mild_ones_fill_the_team() -> None:
    found = severe_by_share(CARE.team(), [0.6, 0.78, 0.8, 0.9])
    assert found.first_come.load == pytest.approx([0.475, 0.8636, 0.95, 1.9], abs=1e-4)
    assert found.first_come.estimate[2] == pytest.approx(14.85, abs=0.006)
    assert found.priority.estimate[2] == pytest.approx(0.92, abs=0.006)
    assert np.isnan([found.first_come.estimate[3], found.priority.estimate[3]]).all()


def test_if_the_load_is_known_and_not_who_is_mild_first_come_tells_nothing() -> None:
    found = severe_by_share(CARE.team(), [0.4, 0.9], held="load")
    assert found.first_come.estimate == pytest.approx([14.85, 14.85], abs=0.006)
    assert found.priority.estimate[0] > found.priority.estimate[1]


def test_a_lever_changes_waiting_by_the_births_of_one_team() -> None:
    one = CARE.team()
    found = waits_after_lever(one, [-3000.0, 0.0, 3000.0], CARE)
    assert len(found) == 3 * 3 * 3
    for row in found:
        weekly = row.change / 100_000 * row.births * 7 / 365.25
        then = one.with_more(weekly * (1 - row.mild), weekly * row.mild)
        assert row.load == pytest.approx(then.load)
        assert row.first_come.estimate == pytest.approx(mean_waits(then).severe - mean_waits(one).severe)
        assert row.late_first_come.estimate == pytest.approx(late(then, 14).severe - late(one, 14).severe)
        assert np.sign(row.priority.estimate) == np.sign(row.change)
        assert abs(row.priority.estimate) <= abs(row.first_come.estimate)


def test_a_lever_may_fill_a_team_or_empty_it_and_then_no_mean_is_given() -> None:
    one = CARE.team()
    most = most_referrals(one, 26)
    full, empty = waits_after_lever(one, [1.01 * most, -200_000.0], CARE, points=["mid"])
    assert (full.first_come.reason, empty.first_come.reason) == (NO_STEADY_STATE, TOO_FEW)
    assert np.isnan([full.priority.estimate, full.late_priority.estimate, empty.first_come.estimate]).all()
    assert waits_after_lever(one, [0.99 * most], CARE, points=["mid"])[0].first_come.estimate > 100


def test_births_of_a_team_are_those_that_its_referrals_come_from() -> None:
    assert birth_area(CARE) == pytest.approx(at(CARE.births_of_team, "mid"), abs=0.5)


# --- assumptions, and the figure


def test_every_assumption_has_a_source_and_what_nobody_measured_is_a_range() -> None:
    figures = dict(sourced(assumptions()))
    assert len(figures) == 20
    assert all(one.source for one in figures.values())
    assert {path for path, one in figures.items() if one.tag == "M-lo"} == set()


@pytest.mark.parametrize(
    ("key", "value"),
    [("mild_share", {"low": 0.4, "mid": 0.8, "high": 1.2}), ("service", {"low": 0, "mid": 5, "high": 9})],
)
def test_an_assumption_out_of_range_is_refused(key: str, value: dict[str, float]) -> None:
    data = CARE.model_dump()
    with pytest.raises(ValidationError, match=r"between 0 and 1|above 0"):
        YouthCare.model_validate({**data, key: {**value, "source": "Nobody", "tag": "S"}})


def test_the_figure_says_that_it_is_an_assumption_and_can_be_read() -> None:
    one, shares = team(20), np.array([0.7, 0.78, 0.8])
    plan, triage = Plan(4, 100, 200), Triage(0.1, 0.1)
    exact, known = (severe_by_share(one, shares, triage=each) for each in (triage, None))
    drawn = Waits(exact.first_come, known.priority, exact.priority)
    simulated = severe_by_share_simulated(one, shares, plan, KEY, limit=14, triage=triage)
    care = Care(patience=52)
    late_ones = severe_by_share_simulated(
        one, [*shares, 0.85], plan, KEY, limit=14, quantity="late", care=care, triage=triage, changes=True
    )
    assert (late_ones.first_come.lower <= late_ones.first_come.estimate).all()
    for language in ("en", "nl"):
        with speaking(language):
            picture = crowding_figure(drawn, simulated, late_ones, full=0.81, limit=14, reported=(13, 17))
        assert faults(picture) == []
        assert {"en": "Assumed, not measured", "nl": "Aangenomen, niet gemeten"}[language] in picture.alt
        assert len(picture.alt) <= 200
