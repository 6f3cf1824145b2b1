"""Linearised errors of concentration against a bootstrap, in a cohort of a thousand: which covers, and at what cost?

    python benchmarks/concentration_bootstrap.py [draws]

Samples are of 1,037 people alone, or in families that share half of the variance of need; families are what the
bootstrap draws again then. Use of three sectors is log-normal, with a lighter and a heavier tail; 44% use none. Rows
have the coverage of the nominal 95% interval of either method, its Monte Carlo error, the mean width of the intervals
of the bootstrap over that of the linearised ones, and how many times longer the bootstrap took. It is the percentile
bootstrap with 199 draws. The truth is that of four million people. The table goes to
benchmarks/concentration_bootstrap.csv.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from evenwicht.estimators.concentration_intervals import (
    HighNeed,
    Order,
    Ranked,
    difference_interval,
    share_interval,
)
from evenwicht.estimators.influence import Estimate, Sampling
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
Floats = NDArray[np.float64]
PEOPLE, POPULATION, RESAMPLES = 1037, 4_000_000, 199
SECTORS, TOP, LEAST = 3, 0.2, 2
UNUSED, SHARED = 0.44, 0.5
SIGMAS = {"lighter": 0.75, "heavier": 1.5}
FAMILY = {"alone": 1, "families of 4": 4}
INTERVALS = {
    "gini": share_interval,
    "top_share": share_interval,
    "concentration_index": difference_interval,
    "group_share": share_interval,
    "group_use_share": share_interval,
}


def drawn(people: int, sigma: float, family: int, rng: np.random.Generator) -> tuple[list[Floats], Floats, Floats]:
    """Use of each sector, a score known beforehand, and families."""
    families = np.arange(people) // family
    common = np.sqrt(SHARED) * rng.standard_normal(families[-1] + 1)[families]
    need = common + np.sqrt(1 - SHARED) * rng.standard_normal(people)
    use = []
    for _ in range(SECTORS):
        own = (need + rng.standard_normal(people)) / np.sqrt(2)
        use.append(np.where(rng.random(people) < UNUSED, 0, np.exp(sigma * own)))
    return use, need + rng.standard_normal(people), families


def estimates(use: list[Floats], score: Floats) -> dict[str, Estimate]:
    ranked, need = Ranked(use[0]), HighNeed(use, TOP)
    return {
        "gini": ranked.index(),
        "top_share": ranked.top(TOP),
        "concentration_index": Ranked(use[0], Order(score)).index(),
        "group_share": need.size(LEAST),
        "group_use_share": need.use_share(LEAST, 0),
    }


def resampled(use: list[Floats], score: Floats, family: int, rng: np.random.Generator) -> pd.DataFrame:
    """Limits of each statistic from families drawn again, `lower` and `upper` by statistic."""
    groups, found = len(score) // family, []
    for _ in range(RESAMPLES):
        again = (rng.integers(0, groups, groups)[:, None] * family + np.arange(family)).ravel()
        values = estimates([column[again] for column in use], score[again])
        found.append({name: one.value for name, one in values.items()})
    limits = pd.DataFrame(found).quantile([0.025, 0.975]).T
    return limits.set_axis(["lower", "upper"], axis=1)


def design(tail: str, families: str, draws: int, rng: np.random.Generator) -> list[dict[str, object]]:
    sigma, family = SIGMAS[tail], FAMILY[families]
    use, score, _ = drawn(POPULATION, sigma, family, rng)
    truth = {name: one.value for name, one in estimates(use, score).items()}
    people = PEOPLE // family * family
    held: dict[str, list[tuple[bool, bool, float, float]]] = {name: [] for name in INTERVALS}
    seconds = np.zeros(2)
    for _ in range(draws):
        use, score, labels = drawn(people, sigma, family, rng)
        times = [time.process_time()]
        sampling = Sampling(people, labels if family > 1 else None)
        own = {name: INTERVALS[name](sampling, one) for name, one in estimates(use, score).items()}
        times.append(time.process_time())
        limits = resampled(use, score, family, rng)
        times.append(time.process_time())
        seconds += np.diff(times)
        for name, interval in own.items():
            low, high = limits.loc[name]
            covers = [interval.lower <= truth[name] <= interval.upper, low <= truth[name] <= high]
            held[name].append((*covers, interval.upper - interval.lower, high - low))
    rows = []
    for name, each in held.items():
        linearised, bootstrap, width, other = np.mean(each, axis=0)
        rows.append(
            {
                "tail": tail,
                "people": families,
                "statistic": name,
                "coverage_linearised": round(linearised, 3),
                "coverage_bootstrap": round(bootstrap, 3),
                "mc_error": round(float(np.sqrt(0.95 * 0.05 / draws)), 4),
                "bootstrap_width": round(other / width, 2),
                "bootstrap_seconds": round(seconds[1] / seconds[0]),
            }
        )
    return rows


def main(draws: int) -> None:
    cells = [(tail, families) for tail in SIGMAS for families in FAMILY]
    streams = np.random.default_rng(18).spawn(len(cells))
    rows = [row for cell, rng in zip(cells, streams, strict=True) for row in design(*cell, draws, rng)]
    table = pd.DataFrame(rows)
    table.to_csv(ROOT / "benchmarks/concentration_bootstrap.csv", index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 250)
