"""Coverage with few clusters by every path; `benchmarks/few_clusters.py` holds the designs and the full run."""

import sys

import numpy as np
import pytest

from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from few_clusters import PATHS, coverage

DRAWS = 400
BAND = 4 * np.sqrt(0.95 * 0.05 / DRAWS)


@pytest.mark.parametrize("design", ["49 states, 5 treated", "49 states, 9 treated"])
def test_intervals_cover_with_few_treated_clusters_or_say_why_there_are_none(design: str) -> None:
    """A t distribution on all clusters less one covers .90 to .93 here."""
    table = coverage(design, DRAWS, seed=80).set_index("path")
    given = table[table["intervals"] > 0]
    assert (abs(given["coverage"] - 0.95) <= BAND).all(), given
    assert set(PATHS) - set(given.index) <= {"discontinuity"}  # five weeks on one side of a date carry no line
