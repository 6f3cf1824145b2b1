"""The reform world: season, families, leave, and artefacts that change what is seen and no truth."""

import numpy as np
import pytest
from evenwicht.base.streams import stream_key
from evenwicht.worlds.reform.settings import ReformWorld
from evenwicht.worlds.reform.world import SHIFT_DAYS, mean_effect, reform_day

from tests.worlds import Synthetic, synthetic

BIG = 200_000


@pytest.fixture(scope="module")
def config() -> Synthetic:
    return synthetic("reform")


@pytest.fixture(scope="module")
def source(config: Synthetic) -> ReformWorld:
    return config.source


def test_births_are_even_over_the_year_but_better_off_ones_come_near_the_peak(
    config: Synthetic, source: ReformWorld
) -> None:
    people = config.world.equations.draw(BIG, stream_key(1, "reform", "season"))
    month = np.floor(12 * people["part_of_year"])
    share = np.bincount(month.astype(int)) / BIG
    assert share == pytest.approx(1 / 12, abs=4 * np.sqrt(1 / 12 / BIG))
    near = np.cos(2 * np.pi * (people["part_of_year"] - source.season.peak_day / 365))
    # E[ses | time of year] = season.ses times the wave, so their covariance is season.ses E[wave^2]
    covariance = (people["ses"] * near).mean()
    assert covariance == pytest.approx(source.season.ses / 2, abs=4 * (people["ses"] * near).std() / np.sqrt(BIG))
    assert abs(people["ses"].mean()) <= 4 / np.sqrt(BIG)


def test_only_eligible_mothers_after_the_reform_take_more_leave(config: Synthetic, source: ReformWorld) -> None:
    model, key = config.world.equations, stream_key(2, "reform", "leave")
    after, before = (model.draw(BIG, key, {"born_after": value}) for value in (True, False))
    gain = after["leave_months"] - before["leave_months"]
    assert gain[after["eligible"]] == pytest.approx(source.leave.gain)
    assert (gain[~after["eligible"]] == 0).all()
    assert before["leave_months"].min() >= source.leave.before - source.leave.spread
    assert before["leave_months"].mean() == pytest.approx(
        source.leave.before, abs=4 * before["leave_months"].std() / np.sqrt(BIG)
    )


def test_the_reform_does_more_where_maternal_education_is_low(config: Synthetic, source: ReformWorld) -> None:
    model, key = config.world.equations, stream_key(3, "reform", "education")
    after, before = (model.draw(BIG, key, {"born_after": value}) for value in (True, False))
    effect, low = after["log_earnings"] - before["log_earnings"], after["low_maternal_education"]
    for group, share in ((low, 1.0), (~low, 0.0)):
        error = effect[group].std() / np.sqrt(group.sum())
        assert abs(effect[group].mean() - mean_effect(source, source.log_earnings, share)) <= 4 * error
    assert effect[low].mean() == pytest.approx(source.low_education_factor * effect[~low].mean(), rel=0.02)


def test_nobody_has_an_impossible_risk_of_dropping_out(config: Synthetic) -> None:
    for policy in ("beneficial", "reversed"):
        people = config.where(policy_effect=policy).world.equations.draw(BIG, stream_key(4, "reform", "risk"))
        assert people["dropout_risk"].min() > 0
        assert people["dropout_risk"].max() < 1


def test_better_off_families_move_births_past_the_date(config: Synthetic, source: ReformWorld) -> None:
    moving = config.with_artefacts(shifted_births=0.5)
    key, date = stream_key(5, "reform", "moved"), reform_day(source)
    plain, moved = (c.world.equations.draw(BIG, key) for c in (config, moving))
    changed = plain["birth_day"] != moved["birth_day"]
    week = (plain["birth_day"] >= date - SHIFT_DAYS) & (plain["birth_day"] < date)
    assert not (changed & ~week).any()
    assert changed[week].mean() == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / week.sum()))
    assert (moved["birth_day"][changed] >= date).all()
    assert (moved["birth_day"][changed] < date + SHIFT_DAYS).all()
    assert plain["ses"][changed].mean() > 0.3 + plain["ses"][week & ~changed].mean()


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        ({"differential_attrition": 1.0}, {"followed"}),
        ({"selection": 0.5}, {"followed"}),
        (
            {"shifted_births": 0.5},
            {"birth_day", "born_after", "leave_months", "dropout_risk", "dropout", "log_earnings"},
        ),
    ],
)
def test_each_artefact_changes_what_it_should_and_no_truth(
    change: dict[str, float], touched: set[str], config: Synthetic
) -> None:
    switched = config.with_artefacts(**change)
    key = stream_key(6, "reform", "artefact")
    plain, other = (c.world.equations.draw(BIG, key) for c in (config, switched))
    assert {name for name in plain if not np.array_equal(plain[name], other[name])} <= touched
    assert any(not np.array_equal(plain[name], other[name]) for name in touched)
    assert config.world.exact == switched.world.exact


def test_the_default_cohort_has_the_births_of_five_calendar_years(config: Synthetic, source: ReformWorld) -> None:
    persons = config.simulate(stream_key(7, "reform", "design")).persons
    assert len(persons) == source.n == 20_000
    assert set(persons["birth_date"].dt.year) == {1975, 1976, 1977, 1978, 1979}
    assert (persons["born_after"] == (persons["birth_date"].dt.date >= source.reform_date)).all()
    assert persons["log_earnings"].notna().mean() == pytest.approx(source.share_followed, abs=0.01)
