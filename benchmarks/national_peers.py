"""What takes most of a nation's run, beside peers that do the same work in the same process.

    python benchmarks/national_peers.py [people ...]

- `gini`: the Gini coefficients of five sectors with standard errors, against 199 resamples in numpy;
- `poisson`: the model of what a change would take away, five sectors on one design of eight columns with robust errors,
  against as many of statsmodels' GLM (HC0);
- `clusters`: a policy's risk difference in 54 clusters with six covariates, CR2 with Satterthwaite degrees of freedom,
  against pyfixest's `feols` with CRV1, which leaves out both.

Seconds are CPU time. Of resamples three are timed and stand for all. Estimates that both sides make must agree, else
the script fails. Exponents are those of the seconds from one size to the next. The table goes to
benchmarks/national_peers.csv.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from evenwicht.estimators.concentration import gini
from evenwicht.estimators.concentration_intervals import Ranked, share_interval
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.regression import Orthonormal, fit_on
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
Floats = NDArray[np.float64]
SECTORS, CLUSTERS, RESAMPLES, TIMED = 5, 54, 199, 3
Values = list[float]


def timed(job: Callable[[], Values]) -> tuple[float, Values]:
    start = time.process_time()
    values = job()
    return time.process_time() - start, values


def use_of(people: int, rng: np.random.Generator) -> list[Floats]:
    need = rng.standard_normal(people)
    return [
        np.where(rng.random(people) < 0.4, 0, np.exp(0.5 * need + rng.standard_normal(people))) for _ in range(SECTORS)
    ]


def ginis(people: int, rng: np.random.Generator) -> tuple[float, float]:
    use, sampling = use_of(people, rng), Sampling(people)
    own, values = timed(lambda: [share_interval(sampling, Ranked(column).index()).estimate for column in use])

    def resampled() -> Values:
        return [gini(column[rng.integers(0, people, people)]) for column in use for _ in range(TIMED)]

    peer, again = timed(resampled)
    np.testing.assert_allclose(np.reshape(again, (SECTORS, TIMED)).mean(axis=1), values, rtol=0.05)
    return own, peer * RESAMPLES / TIMED


def poisson(people: int, rng: np.random.Generator) -> tuple[float, float]:
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    use = use_of(people, rng)
    design = np.column_stack([np.ones(people), rng.standard_normal((people, 7))])
    sampling = Sampling(people)

    def ours() -> Values:
        shared, errors = Orthonormal.of(design, np.ones(people)), []
        for column in use:
            fit = fit_on("poisson", column, shared)
            errors += [sampling.standard_error(fit.influence(row)) for row in fit.basis]
        return errors

    def peer() -> Values:
        fits = [GLM(column, design, family=Poisson()).fit(cov_type="HC0") for column in use]
        return [error for fit in fits for error in fit.bse]

    (own, errors), (other, expected) = timed(ours), timed(peer)
    np.testing.assert_allclose(errors, expected, rtol=1e-5)
    return own, other


def clusters(people: int, rng: np.random.Generator) -> tuple[float, float]:
    import pyfixest

    group = rng.integers(0, CLUSTERS, people)
    table = pd.DataFrame(rng.standard_normal((people, 6)), columns=[f"x{j}" for j in range(6)])
    table["policy"] = (group < CLUSTERS // 2).astype(float)
    shared = 0.02 * rng.standard_normal(CLUSTERS)[group]
    table["case"] = (rng.random(people) < 0.1 + 0.02 * table["policy"] + shared).astype(float)
    table["month"] = group
    covariates = [name for name in table if name.startswith("x")]

    def ours() -> Values:
        case, policy = (table[name].to_numpy() for name in ("case", "policy"))
        return [least_squares(case, policy, table[covariates].to_numpy(), clusters=group).estimate]

    def peer() -> Values:
        fit = pyfixest.feols(f"case ~ policy + {' + '.join(covariates)}", table, vcov={"CRV1": "month"})
        return [float(fit.coef()["policy"]), float(fit.se()["policy"])]

    peer()  # compiles
    (own, value), (other, expected) = timed(ours), timed(peer)
    np.testing.assert_allclose(value, expected[:1], rtol=1e-6)
    return own, other


WORK = {"gini": ginis, "poisson": poisson, "clusters": clusters}


def main(sizes: list[int]) -> None:
    rows = []
    for name, job in WORK.items():
        for people in sizes:
            own, peer = job(people, np.random.default_rng(1))
            rows.append({"work": name, "people": people, "seconds": own, "seconds_of_peer": peer})
    table = pd.DataFrame(rows)
    before = table.groupby("work")[["people", "seconds", "seconds_of_peer"]].shift()
    for seconds, exponent in (("seconds", "exponent"), ("seconds_of_peer", "exponent_of_peer")):
        times = np.log(table[seconds] / before[seconds]) / np.log(table["people"] / before["people"])
        table[exponent] = times.round(2)
    table["ratio"] = (table["seconds_of_peer"] / table["seconds"]).round(2)
    table = table.round({"seconds": 3, "seconds_of_peer": 3})
    table.to_csv(ROOT / "benchmarks/national_peers.csv", index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [40_000, 400_000, 4_000_000])
