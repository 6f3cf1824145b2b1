"""Exposures that change over time in made people whose true hazard ratio is known, and the immortal time of a yes/no."""

from dataclasses import dataclass

import numpy as np
import pytest
from evenwicht.base.arrays import Floats
from evenwicht.estimators.pieces import cut
from evenwicht.estimators.results import Interval
from evenwicht.estimators.survival import hazard_ratio
from evenwicht.estimators.survival_data import SurvivalData

PEOPLE, DRAWS, BAND = 300, 1000, 3.0  # a band in Monte Carlo errors
HAZARD, END = 0.2, 6.0


@dataclass(frozen=True)
class Made:
    """People followed from a late entry on, and the one time in which each would be exposed."""

    survival: SurvivalData
    covariate: Floats
    start: Floats
    end: Floats


def made(draw: int, ratio: float, lasting: bool) -> Made:
    """People whose covariate brings exposure forward and raises the hazard; exposure ends again unless it is lasting.

    An exponential amount of cumulative hazard is used up before exposure, in it, and after it.
    """
    rng = np.random.default_rng([15, 4, draw])
    x = rng.normal(size=4 * PEOPLE)
    base = HAZARD * np.exp(0.5 * x)
    start = rng.exponential(2 / np.exp(0.5 * x))
    end = np.full_like(start, np.inf) if lasting else start + rng.exponential(1.5, len(start))
    amount = rng.exponential(size=len(start))
    before, during = base * start, base * ratio * (end - start)
    died = np.where(
        amount < before,
        amount / base,
        np.where(amount < before + during, start + (amount - before) / (base * ratio), 0.0),
    )
    after = amount >= before + during
    died[after] = end[after] + (amount[after] - before[after] - during[after]) / base[after]
    entry = rng.uniform(0, 1.5, len(start))
    seen = np.flatnonzero(died > entry)[:PEOPLE]  # who dies before entry is never seen
    time = np.minimum(died, END)[seen]
    survival = SurvivalData(time, (died[seen] <= END).astype(float), entry[seen])
    return Made(survival, x[seen], start[seen], end[seen])


def by_pieces(people: Made) -> Interval:
    everybody = np.arange(PEOPLE)
    pieces = cut(people.survival, everybody, people.start, people.end)
    covariate = people.covariate[pieces.person][:, None]
    return hazard_ratio(pieces.survival(everybody, None), pieces.exposed, covariate)


def by_yes_or_no(people: Made) -> Interval:
    exposed = (people.start < people.survival.time).astype(float)
    return hazard_ratio(people.survival, exposed, people.covariate[:, None])


def judged(intervals: list[Interval], truth: float) -> tuple[float, float, float]:
    """Bias of the log ratio, its Monte Carlo error, and the share of intervals that hold the truth."""
    errors = np.log([one.estimate for one in intervals]) - np.log(truth)
    covered = np.mean([one.lower <= truth <= one.upper for one in intervals])
    return float(errors.mean()), float(errors.std(ddof=1) / np.sqrt(len(errors))), float(covered)


@pytest.mark.parametrize("lasting", [True, False], ids=["ever", "while"])
@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_pieces_find_the_true_ratio(ratio: float, lasting: bool) -> None:
    bias, error, coverage = judged([by_pieces(made(draw, ratio, lasting)) for draw in range(DRAWS)], ratio)
    assert abs(bias) < BAND * error
    assert abs(coverage - 0.95) < BAND * np.sqrt(0.95 * 0.05 / DRAWS)


def test_a_fixed_yes_or_no_protects_where_nothing_happens_and_pieces_do_not() -> None:
    people = [made(draw, 1.0, True) for draw in range(DRAWS)]
    bias, error, coverage = judged([by_yes_or_no(one) for one in people], 1.0)
    assert bias < -0.5
    assert bias + 10 * error < 0
    assert coverage < 0.2
    bias, error, _ = judged([by_pieces(one) for one in people], 1.0)
    assert abs(bias) < BAND * error
