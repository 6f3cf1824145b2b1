"""Intervals of concentration: linearised errors with thresholds drawn again, limits in 0..1, and no claim beyond coverage.

Coverage is measured on 2,000 samples of 1,000 people, where its Monte Carlo error is about 0.005.
"""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.outcomes import Sector
from evenwicht.cohort import Cohort
from evenwicht.display.section import where
from evenwicht.estimators import concentration
from evenwicht.estimators.concentration_coverage import (
    ENOUGH,
    LEAST_USERS,
    TABLE,
    Amounts,
    expected_coverage,
    judged,
    tail_index,
)
from evenwicht.estimators.concentration_intervals import (
    HighNeed,
    Ranked,
    share_interval,
)
from evenwicht.estimators.influence import Estimate, Sampling
from evenwicht.estimators.results import Interval
from evenwicht.studies.concentration import Settings
from evenwicht.studies.running import job_of, run_study
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError
from scipy import special, stats

from tests.cohorts import Tables, changed, configured

DRAWS, PEOPLE, TOP = 2000, 1000, 0.2
INCOMES = np.array([541.0, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261])
HEAVY = {"sigma": 1.98, "unused": 0.44}  # a register's heaviest sector
MODERATE = {"sigma": 0.75, "unused": 0.44}


def lognormal(rng: np.random.Generator, people: int, sigma: float, unused: float) -> np.ndarray:
    """Zero-inflated log-normal amounts in ascending order."""
    amounts = np.exp(sigma * rng.standard_normal(people))
    return np.sort(np.where(rng.random(people) < unused, 0, amounts))


def gini_of(sigma: float, unused: float) -> float:
    return float(unused + (1 - unused) * special.erf(sigma / 2))


def top_share_of(sigma: float, unused: float, top: float = TOP) -> float:
    return float(special.ndtr(sigma - special.ndtri(1 - top / (1 - unused))))


def coverage(intervals: list[Interval], truth: float) -> float:
    return float(np.mean([interval.lower <= truth <= interval.upper for interval in intervals]))


def interval_of(estimate: Estimate) -> Interval:
    return share_interval(Sampling(len(estimate.influence)), estimate)


def gini_interval(amounts: np.ndarray) -> Interval:
    return interval_of(Ranked(amounts).index())


def top_share_interval(amounts: np.ndarray, top: float) -> Interval:
    return interval_of(Ranked(amounts).top(top))


def group_of(amounts: np.ndarray, top: float, at_least: int) -> tuple[Estimate, list[Estimate]]:
    """Size of the group with high need in several sectors, and its share of each sector's use."""
    need = HighNeed(list(amounts.T), top)
    return need.size(at_least), [need.use_share(at_least, j) for j in range(amounts.shape[1])]


# --- linearised standard errors -------------------------------------------------------------------------------------


def test_linearised_errors_have_their_reference_values() -> None:
    """The influence functions written out for ten incomes; the second by n, ours by n - 1."""
    gini = gini_interval(INCOMES)
    assert gini.estimate == pytest.approx(0.4620911303, abs=1e-10)
    assert gini.se == pytest.approx(0.0807177475, abs=1e-10)
    top = top_share_interval(INCOMES, 0.2)
    assert top.estimate == pytest.approx(0.5130958460, abs=1e-10)
    assert top.se == pytest.approx(0.0806768162 * np.sqrt(10 / 9), abs=1e-10)


def test_the_band_of_a_lorenz_curve_comes_from_its_influence_function() -> None:
    grid = np.array([0, 0.05, 0.25, 0.5, 0.83, 1])
    curve = Ranked(INCOMES).curve(grid)
    np.testing.assert_allclose(curve.share, concentration.lorenz(INCOMES, grid), atol=1e-12)
    for p, share, upper in zip(grid[1:-1], curve.share[1:-1], curve.upper[1:-1], strict=True):
        quantile = INCOMES[int(p * 10)]
        influence = (p * quantile - np.maximum(quantile - INCOMES, 0) - share * INCOMES) / INCOMES.mean()
        assert upper == pytest.approx(share + 1.959964 * influence.std(ddof=1) / np.sqrt(10), abs=1e-6)
    assert curve.lower[0] == curve.upper[0] == 0
    assert curve.lower[-1] == curve.upper[-1] == 1


@given(arrays(float, st.integers(3, 60), elements=st.integers(0, 50).map(float)), st.floats(0.05, 0.95))
@settings(deadline=None)
def test_limits_lie_between_zero_and_one_around_the_estimate(amounts: np.ndarray, top: float) -> None:
    if amounts.sum() == 0:
        return
    ordered = np.sort(amounts)
    pair = np.column_stack([amounts, np.roll(amounts, 1)])
    size, use_shares = group_of(pair, top, 2)
    intervals = [interval_of(estimate) for estimate in (size, *use_shares)]
    for interval in (gini_interval(ordered), top_share_interval(ordered, top), *intervals):
        if interval.reason:
            assert np.isnan([interval.lower, interval.upper]).all()
        else:
            assert 0 <= interval.lower <= interval.estimate <= interval.upper <= 1
    curve = Ranked(ordered).curve(np.linspace(0, 1, 21))
    assert ((curve.lower >= 0) & (curve.lower <= curve.share + 1e-12)).all()
    assert ((curve.upper <= 1) & (curve.upper >= curve.share - 1e-12)).all()


def test_a_top_group_that_holds_all_use_has_no_interval() -> None:
    rng = np.random.default_rng(56)
    use = {"nights": np.r_[np.zeros(900), rng.gamma(20.0, size=100)]}
    top = where(studied(use, at_least=[])["estimates"], estimand="top_share").iloc[0]
    assert (top["estimate"], top["status"]) == (1, "no interval")
    assert "users may be no more people than it" in top["reason"]


def test_neither_has_one_of_hardly_more_users() -> None:
    rng = np.random.default_rng(56)
    use = {"nights": np.r_[np.zeros(790), rng.gamma(20.0, size=210)]}
    top = where(studied(use, at_least=[])["estimates"], estimand="top_share").iloc[0]
    assert top["estimate"] < 1
    assert "users may be no more people than it" in top["reason"]


# --- coverage -------------------------------------------------------------------------------------------------------


def test_intervals_cover_at_moderate_tails() -> None:
    rng = np.random.default_rng(46)
    samples = [lognormal(rng, PEOPLE, **MODERATE) for _ in range(DRAWS)]
    assert 0.93 <= coverage([gini_interval(sample) for sample in samples], gini_of(**MODERATE)) <= 0.97
    tops = [top_share_interval(sample, TOP) for sample in samples]
    assert 0.93 <= coverage(tops, top_share_of(**MODERATE)) <= 0.97


def test_intervals_cover_for_counts() -> None:
    """Negative binomial counts with mean 0.5 and three quarters of zeros; the truth from the probabilities."""
    rng = np.random.default_rng(47)
    values = np.arange(200.0)
    chances = stats.nbinom.pmf(values, 0.3, 0.3 / 0.8)
    samples = np.sort(rng.negative_binomial(0.3, 0.3 / 0.8, size=(DRAWS, PEOPLE)).astype(float), axis=1)
    truth = concentration.gini(values, chances)
    assert 0.93 <= coverage([gini_interval(sample) for sample in samples], truth) <= 0.97
    truth = concentration.top_share_of_use(values, 0.1, chances)
    assert 0.93 <= coverage([top_share_interval(sample, 0.1) for sample in samples], truth) <= 0.97


def test_an_interval_that_covers_less_says_so_and_claims_no_more_than_it_covers() -> None:
    rng = np.random.default_rng(48)
    covers, claimed, notes = [], [], []
    for _ in range(1000):
        sample = lognormal(rng, 950, **HEAVY)
        about = Amounts.of(sample)
        interval, note = judged("gini", gini_interval(sample), about, about.unused)
        covers.append(interval.lower <= gini_of(**HEAVY) <= interval.upper)
        claimed.append(expected_coverage("gini", about, about.unused)[0])
        notes.append(note)
    measured, error = np.mean(covers), np.std(covers) / np.sqrt(1000)
    assert measured + 4 * error < ENOUGH
    assert all(note.startswith("interval too short: covers about ") for note in notes)
    assert np.mean(claimed) <= measured + 4 * error


def test_unequal_weights_count_as_the_fewer_people_they_speak_for() -> None:
    """Log-normal amounts of 950 people whose weights differ elevenfold: as many as 475 for a mean."""
    rng = np.random.default_rng(57)
    covers, claimed = [], []
    for _ in range(500):
        amounts, weights = lognormal(rng, 950, **HEAVY), rng.choice([0.2, 2.25], 950, p=[1 / 1.64, 0.64 / 1.64])
        about = Amounts.of(amounts, weights)
        assert about.users == Amounts.of(amounts).users
        assert about.effective_users == pytest.approx(about.users / 2, rel=0.15)
        interval = share_interval(Sampling(950, weights=weights), Ranked(amounts, weights=weights).index())
        covers.append(interval.lower <= gini_of(**HEAVY) <= interval.upper)
        claimed.append(expected_coverage("gini", about, about.unused)[0])
    assert np.mean(claimed) <= np.mean(covers) + 0.03 + 4 * np.std(covers) / np.sqrt(500)
    equal, plain = Amounts.of(amounts, np.full(950, 3.0)), Amounts.of(amounts)
    assert equal.effective_users == pytest.approx(plain.users)
    assert (equal.unused, equal.tail_index) == pytest.approx((plain.unused, plain.tail_index))


def test_a_note_gives_the_range_over_shapes_of_tail_and_never_95() -> None:
    table = where(pd.read_csv(TABLE), statistic="gini")
    table = table[table["coverage"] < ENOUGH]
    assert len(table) > 100
    for line in table.itertuples():
        about = Amounts(line.users, line.users, line.part, line.tail_index)
        lowest, highest = expected_coverage("gini", about, line.part)
        assert line.coverage <= lowest <= highest
        _, note = judged("gini", Interval.normal(0.9, 0.01), about, line.part)
        if lowest < ENOUGH:
            assert f"covers about {100 * lowest:.0f}%" in note
            assert note.endswith(" or more" if highest >= ENOUGH else f"{100 * highest:.0f}%")


def test_an_interval_that_covers_enough_carries_no_note() -> None:
    rng = np.random.default_rng(49)
    sample = lognormal(rng, 20_000, sigma=0.5, unused=0.0)
    about = Amounts.of(sample)
    interval = gini_interval(sample)
    assert judged("gini", interval, about, about.unused) == (interval, "")


def test_too_few_users_have_an_estimate_and_a_reason() -> None:
    sample = np.sort(np.r_[np.zeros(500), np.arange(1.0, LEAST_USERS)])
    about = Amounts.of(sample)
    gini, note = judged("gini", gini_interval(sample), about, about.unused)
    assert gini.estimate == pytest.approx(concentration.gini(sample), rel=1e-12)
    assert (gini.status, note) == ("no interval", "")
    assert "too few people use it" in gini.reason


def test_the_tail_index_of_a_pareto_tail_is_found() -> None:
    """Error of a Hill estimate: index over the root of the number of people behind it (10,000)."""
    rng = np.random.default_rng(50)
    users = np.sort(rng.pareto(1.5, 100_000) + 1)
    assert tail_index(np.r_[np.zeros(50_000), users]) == pytest.approx(1.5, abs=4 * 1.5 / 100)
    assert tail_index(np.ones(100)) == np.inf


def test_the_table_of_coverage_is_one_of_simulated_shares() -> None:
    table = pd.read_csv(TABLE)
    assert table["coverage"].between(0, table["highest"]).all()
    assert table["highest"].le(1).all()
    assert set(table["statistic"]) == {"gini", "top_share", "group_use_share"}
    assert not table.duplicated(["statistic", "users", "part", "tail_index"]).any()
    error = np.sqrt(table["coverage"] * (1 - table["coverage"]) / 60)  # at least 60 samples behind every line
    assert (table["mc_error"] <= error + 0.001).all()


# --- the group with high need in several sectors --------------------------------------------------------------------

SHARED = 0.4  # correlation between the logs of use of any two of three sectors


@cache
def group_samples() -> list[tuple[Estimate, list[Estimate]]]:
    rng = np.random.default_rng(51)

    def sample() -> np.ndarray:
        shared, own = rng.standard_normal((PEOPLE, 1)), rng.standard_normal((PEOPLE, 3))
        return np.exp(MODERATE["sigma"] * (np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * own))

    return [group_of(sample(), TOP, 2) for _ in range(DRAWS)]


def group_of_everybody(shift: float) -> float:
    """P(high need in two or more sectors), with the first log use shifted: by sigma, the group's share of its use.

    Weighting a log-normal by itself shifts the normal by sigma; given what is shared, sectors are independent.
    """
    node, weight = np.polynomial.hermite_e.hermegauss(80)
    shared = np.sqrt(SHARED) * (node + np.sqrt(SHARED) * shift)
    cut = special.ndtri(1 - TOP)
    first = special.ndtr((shared + (1 - SHARED) * shift - cut) / np.sqrt(1 - SHARED))
    other = special.ndtr((shared - cut) / np.sqrt(1 - SHARED))
    return float(weight @ (first * (1 - (1 - other) ** 2) + (1 - first) * other**2) / weight.sum())


def test_the_group_s_size_and_use_are_covered() -> None:
    assert 0.93 <= coverage([interval_of(size) for size, _ in group_samples()], group_of_everybody(0)) <= 0.97
    shares = [interval_of(use_shares[0]) for _, use_shares in group_samples()]
    assert 0.93 <= coverage(shares, group_of_everybody(MODERATE["sigma"])) <= 0.97


def test_errors_of_the_group_hold_the_thresholds_that_each_sample_draws_again() -> None:
    """An SD over 2,000 samples is known to 1.6%, and the noise of 25 people at each threshold adds about 5% to the error.

    Thresholds held fixed give a size an error 1.7 times too large.
    """
    sizes = [interval_of(size) for size, _ in group_samples()]
    drawn = np.std([size.estimate for size in sizes])
    assert np.mean([size.se for size in sizes]) == pytest.approx(drawn, rel=0.1)
    share = group_of_everybody(0)
    assert np.sqrt(share * (1 - share) / PEOPLE) > 1.5 * drawn


def test_combinations_of_sectors_are_those_of_the_flags() -> None:
    rng = np.random.default_rng(58)
    need = HighNeed(list(rng.exponential(size=(12, 400))), 0.3)
    flags = np.column_stack(need.flags)
    np.testing.assert_array_equal(need.patterns[need.codes], flags)
    np.testing.assert_array_equal(need.reached, flags.sum(axis=1))
    assert len(need.patterns) == len(np.unique(flags, axis=0))
    assert need.shares == pytest.approx(flags.mean(axis=0))


def test_a_threshold_below_which_nobody_uses_does_not_move() -> None:
    """A tenth uses anything, so the top fifth are the users: their number has the error of a proportion."""
    use = np.repeat([[0.0, 0.0], [1.0, 2.0]], [900, 100], axis=0)
    size, use_shares = group_of(use, 0.2, 2)
    assert interval_of(size).se == pytest.approx(np.sqrt(0.1 * 0.9 / 999))
    assert use_shares[0].value == pytest.approx(1, rel=1e-12)
    assert interval_of(use_shares[0]).status == "no interval"


# --- the study ------------------------------------------------------------------------------------------------------

MEASURES = {"claims": "count", "spending": "money", "nights": "duration", "drugs": "quantity"}


def studied(use: dict[str, np.ndarray], earlier: dict[int, float] | None = None, **settings: Any) -> Tables:
    """The study of one window: use of the same people by sector, NaN if not known; in an earlier window nights by id."""
    study = Settings(**{"kind": "concentration", "windows": ["w"], "top_shares": [TOP], "at_least": [2]} | settings)
    people = np.arange(len(next(iter(use.values()))))
    costs = pd.concat(
        pd.DataFrame({"id": people, "sector": name, "window": "w", "amount": amount}) for name, amount in use.items()
    )
    others = [{"id": i, "sector": "nights", "window": "earlier", "amount": n} for i, n in (earlier or {}).items()]
    costs = pd.concat([costs.dropna(), pd.DataFrame(others, columns=costs.columns).astype(costs.dtypes)])
    columns = {"id": Column(role="id", type="integer", label="Person")}
    sectors = {name: Sector(label=name, unit="", measures=MEASURES[name]) for name in use}
    cohort = Cohort("c", "c", columns, pd.DataFrame({"id": people}), costs=costs)
    return run_study("use", study, cohort, Codebook("c", columns, sectors=sectors), job_of(53, "c"), strict=True)


def four_sectors(unit_of_money: float = 1.0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(54)
    return {
        "claims": rng.negative_binomial(0.5, 0.2, 500).astype(float),
        "spending": unit_of_money * rng.lognormal(5, 1, 500),
        "nights": rng.exponential(4, 500),
        "drugs": rng.exponential(9, 500),
    }


def test_only_counts_have_a_poisson_null() -> None:
    tables = studied(four_sectors())
    assert where(tables["diagnostics"], method="poisson_null")["outcome"].tolist() == ["claims"]
    drawn = where(tables["curves"], curve="lorenz").groupby("arm")["null"].agg(lambda null: null.notna().all())
    assert drawn.to_dict() == {"claims": True, "spending": False, "nights": False, "drugs": False}


def test_the_unit_of_money_changes_nothing() -> None:
    euros, thousands = studied(four_sectors()), studied(four_sectors(0.001))
    for table, value in (("estimates", ["estimate", "se"]), ("diagnostics", ["value"])):
        numbers = [*value, "lower", "upper"]
        np.testing.assert_allclose(euros[table][numbers], thousands[table][numbers], rtol=1e-8)


def test_a_heavy_sector_carries_the_warning_beside_its_rows() -> None:
    rng = np.random.default_rng(55)
    use = {"spending": rng.permutation(lognormal(rng, 950, **HEAVY)), "nights": rng.gamma(20.0, size=950)}
    told = where(studied(use)["diagnostics"], method="observed")
    for statistic in ("coverage_gini", "coverage_top_share"):
        warned = where(told, statistic=statistic)
        assert warned["outcome"].tolist() == ["spending"]
        assert warned["note"].item().startswith("interval too short: covers about ")


def test_who_is_not_analysed_is_counted_with_the_reason() -> None:
    """One person has no costs at all, one none in the window, and of one the claims are not known."""
    use = {"claims": np.r_[[np.nan] * 3, np.arange(100.0)], "nights": np.r_[[np.nan] * 2, np.arange(101.0)]}
    assert studied(use, earlier={1: 4.0})["flow"].set_index("step")["people"].to_dict() == {
        "due": 103,
        "not linked": 1,
        "not observed in the window": 1,
        "use of a sector not known": 1,
        "analysed": 100,
    }


def test_a_sector_must_say_what_it_measures() -> None:
    with pytest.raises(ValidationError, match="measures"):
        Sector(label="Hospital", unit="nights")


def test_costs_of_a_sector_that_is_not_described_are_refused() -> None:
    costs = [{"sector": "hospital", "window": "40", "amount": "hospital_nights"}]
    config = changed(configured("own_cohort_example"), {"source.costs": costs})
    (mistake,) = config.check()
    assert mistake.path == "source.costs.0.sector"
    assert mistake.what == "'hospital' is not a sector of this cohort"
    described = {"hospital": {"label": "Hospital", "unit": "nights", "measures": "duration"}}
    assert not list(changed(config, {"sectors": described}).check())
