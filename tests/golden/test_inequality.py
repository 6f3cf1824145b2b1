"""Slope and relative index of four classes of 200, 300, 300 and 200 people with rates .20, .15, .10 and .06.

The line is weighted least squares on the middle ranks .1, .35, .65 and .9. The log-linear index comes from a Poisson
model of the same ranks.
"""

import numpy as np
import pytest
from evenwicht.estimators.inequality import Ranks, log_linear_ratio, rank_line

PRINTED = 5e-11
SIZES, CASES = (200, 300, 300, 200), (40, 45, 30, 12)


@pytest.fixture(scope="module")
def people() -> tuple[np.ndarray, np.ndarray]:
    """Class and illness of each."""
    ill = [np.arange(size) < cases for size, cases in zip(SIZES, CASES, strict=True)]
    return np.repeat(np.arange(4.0), SIZES), np.concatenate(ill).astype(float)


def test_middle_ranks(people: tuple[np.ndarray, np.ndarray]) -> None:
    assert np.unique(Ranks.of(people[0]).place) == pytest.approx([0.1, 0.35, 0.65, 0.9])


def test_indices(people: tuple[np.ndarray, np.ndarray]) -> None:
    ranks, ill = Ranks.of(people[0]), people[1]
    line = rank_line(ill, ranks)
    assert line.slope.value == pytest.approx(-0.1735483871, abs=PRINTED)
    assert [line.bottom.value, line.top.value] == pytest.approx([0.2137741935, 0.0402258065], abs=PRINTED)
    assert np.exp(line.ratio().value) == pytest.approx(5.3143544507, abs=PRINTED)
    assert line.slope.value / ill.mean() == pytest.approx(-1.3665227330, abs=PRINTED)
    assert np.exp(log_linear_ratio(ill, ranks).value) == pytest.approx(4.0944550070, abs=PRINTED)


def test_classes_as_weights_give_the_same() -> None:
    """One row for the ill and one for the healthy of each class, weighted by how many they are."""
    counts = np.array([(cases, size - cases) for size, cases in zip(SIZES, CASES, strict=True)], dtype=float).ravel()
    rank, ill = np.repeat(np.arange(4.0), 2), np.tile([1.0, 0.0], 4)
    ranks = Ranks.of(rank, counts)
    assert rank_line(ill, ranks).slope.value == pytest.approx(-0.1735483871, abs=PRINTED)
    assert np.exp(log_linear_ratio(ill, ranks).value) == pytest.approx(4.0944550070, abs=PRINTED)
