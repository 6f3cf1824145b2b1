"""What would change if nobody were exposed, by hand: smoking and low birth weight by race (Hosmer and Lemeshow 1989).

With one covariate of three levels and its product with the exposure every model is saturated. Weighting and
standardisation are then the same sum over levels, which the counts below give in fractions.
"""

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from evenwicht.estimators.influence import Estimate, Sampling, sample_mean
from evenwicht.estimators.propensity import fit_propensity, weighted_means
from evenwicht.estimators.results import Z95
from evenwicht.estimators.standardisation import standardised_means

from tests.conftest import ROOT

Cells = Mapping[tuple[int, int], tuple[int, int]]
# race (1 white, 2 black, 3 other) and smoking -> births of normal and of low weight
COUNTS: Cells = {(1, 0): (40, 4), (1, 1): (33, 19), (2, 0): (11, 5), (2, 1): (4, 6), (3, 0): (35, 20), (3, 1): (7, 5)}
RACES = (1, 2, 3)
REPLICATES = 4000
EXACT = 1e-9


def by_hand(cells: Cells) -> float:
    """Mean over everybody's race of the risk of those who do not smoke, less the risk of all."""
    total = sum(sum(cell) for cell in cells.values())
    risk = Fraction(sum(low for _, low in cells.values()), total)
    unexposed = Fraction(0)
    for race in RACES:
        normal, low = cells[race, 0]
        unexposed += Fraction(sum(cells[race, 0]) + sum(cells[race, 1]), total) * Fraction(low, normal + low)
    return float(unexposed - risk)


def error_by_hand(cells: Cells) -> float:
    """Root of the sum of squares of each birth's influence: that on the risk of those who do not smoke, less its own."""
    total = sum(sum(cell) for cell in cells.values())
    risk = Fraction(sum(low for _, low in cells.values()), total)
    change = Fraction(by_hand(cells)).limit_denominator(10**12)
    squares = Fraction(0)
    for (race, smokes), cell in cells.items():
        normal, low = cells[race, 0]
        there = Fraction(low, normal + low)
        weight = Fraction(0) if smokes else Fraction(sum(cells[race, 0]) + sum(cells[race, 1]), normal + low)
        for outcome, count in enumerate(cell):
            influence = there - (change + risk) + weight * (outcome - there) - (outcome - risk)
            squares += count * influence**2
    return float(squares) ** 0.5 / total


@pytest.fixture(scope="module")
def estimates() -> dict[str, Estimate]:
    table = pd.read_csv(ROOT / "tests/golden/birthwt.csv")
    low, smoke = table["low"].to_numpy(float), table["smoke"].to_numpy(float)
    race = np.column_stack([table["race"] == code for code in (2, 3)]).astype(float)
    _, weighted = weighted_means(low, fit_propensity(smoke, race, "here"))
    _, standardised = standardised_means(low, smoke, race, race, binary=True)
    _, linear = standardised_means(low, smoke, race, race, binary=False)
    now = sample_mean(low)
    return {"ipw": weighted - now, "standardisation": standardised - now, "standardisation, linear": linear - now}


def test_the_counts_are_those_of_the_births() -> None:
    table = pd.read_csv(ROOT / "tests/golden/birthwt.csv").groupby(["race", "smoke"])["low"].agg(["size", "sum"])
    assert {place: (n - low, low) for place, n, low in table.itertuples()} == COUNTS


def test_every_method_is_the_sum_over_races(estimates: dict[str, Estimate]) -> None:
    """4/44, 5/16 and 20/55, each for the share of its race: 0.2181 if nobody smoked, against 59/189."""
    assert by_hand(COUNTS) == pytest.approx(
        96 / 189 * 4 / 44 + 26 / 189 * 5 / 16 + 67 / 189 * 20 / 55 - 59 / 189, rel=1e-12
    )
    for name, estimate in estimates.items():
        assert estimate.value == pytest.approx(by_hand(COUNTS), rel=EXACT), name


def test_the_error_is_that_of_the_influence_written_out(estimates: dict[str, Estimate]) -> None:
    for name, estimate in estimates.items():
        interval = Sampling(189).interval(estimate)
        assert interval.se == pytest.approx(error_by_hand(COUNTS), rel=EXACT), name
        assert interval.upper - interval.estimate == pytest.approx(Z95 * error_by_hand(COUNTS), rel=EXACT), name


def test_the_error_is_that_of_redrawn_births() -> None:
    """Births are redrawn by cell and summed by hand.

    A spread of R draws has relative error 1 / sqrt(2 R); the influence leaves out a term of order 1 / n, 1 part in 100
    or so here.
    """
    places = list(COUNTS)
    chances = np.array([count for place in places for count in COUNTS[place]]) / 189
    drawn = np.random.default_rng(1).multinomial(189, chances, REPLICATES).reshape(REPLICATES, len(places), 2)
    values = [
        by_hand({place: (int(n), int(low)) for place, (n, low) in zip(places, cells, strict=True)}) for cells in drawn
    ]
    assert error_by_hand(COUNTS) == pytest.approx(np.std(values, ddof=1), rel=4 / np.sqrt(2 * REPLICATES) + 0.02)
