"""Cox and Gompertz models where the truth is known: proportional Gompertz hazards, entered late, exposed by cluster.

200 replicates of 2,000 people in 100 clusters. The mean estimate must lie within three Monte Carlo standard errors of
the truth, and the number of 95% intervals that cover it within the central 99.9% of a binomial distribution.
"""

import numpy as np
import pytest
from evenwicht.estimators.cox import fit_cox
from evenwicht.estimators.gompertz import fit_gompertz
from evenwicht.estimators.results import Interval
from scipy import stats

from tests.follow_up import arguments

REPLICATES, PEOPLE, CLUSTERS = 200, 2000, 100
RATE, SHAPE, CONFOUNDER = 2e-4, 0.09, 0.4
BAND = stats.binom.ppf([0.0005, 0.9995], REPLICATES, 0.95)


def replicate(rng: np.random.Generator, log_ratio: float) -> dict[str, np.ndarray]:
    """Half the clusters are exposed; a personal covariate is commoner there; onset is seen from entry at 30 to 60."""
    cluster = np.arange(PEOPLE) % CLUSTERS
    exposed = rng.permutation(np.repeat([0.0, 1.0], CLUSTERS // 2))[cluster]
    covariate = rng.normal(0.5 * exposed)
    entry = rng.uniform(30, 60, PEOPLE)
    rate = RATE * np.exp(log_ratio * exposed + CONFOUNDER * covariate)
    onset = np.log(np.exp(SHAPE * entry) + SHAPE * rng.exponential(size=PEOPLE) / rate) / SHAPE
    censoring = entry + rng.uniform(5, 35, PEOPLE)
    return {
        "time": np.minimum(onset, censoring),
        "event": (onset <= censoring).astype(float),
        "x": np.column_stack([exposed, covariate]),
        "entry": entry,
        "clusters": cluster,
    }


@pytest.fixture(scope="module", params=[0.0, -0.3], ids=["null", "protective"])
def world(request: pytest.FixtureRequest) -> tuple[float, list[dict[str, np.ndarray]]]:
    log_ratio = request.param
    return log_ratio, [replicate(np.random.default_rng([41, i]), log_ratio) for i in range(REPLICATES)]


def assert_recovered(intervals: list[Interval], truth: float) -> None:
    estimates = np.array([i.estimate for i in intervals])
    assert estimates.mean() == pytest.approx(truth, abs=3 * estimates.std(ddof=1) / np.sqrt(REPLICATES))
    covered = sum(i.lower <= truth <= i.upper for i in intervals)
    assert BAND[0] <= covered <= BAND[1]


@pytest.mark.parametrize("clustered", [True, False], ids=["clusters", "no clusters"])
def test_cox_recovers_the_log_hazard_ratio(world: tuple[float, list[dict[str, np.ndarray]]], clustered: bool) -> None:
    log_ratio, data = world
    intervals = []
    for one in data:
        used = one if clustered else one | {"clusters": None}
        row = fit_cox(**arguments(used), names=["exposed", "covariate"]).summary.loc["exposed"]
        intervals.append(Interval(row["coef"], row["se(coef)"], row["coef lower 95%"], row["coef upper 95%"]))
    assert_recovered(intervals, log_ratio)


def test_gompertz_recovers_the_delay_and_its_parameters(world: tuple[float, list[dict[str, np.ndarray]]]) -> None:
    log_ratio, data = world
    fits = [fit_gompertz(**arguments(one), names=["exposed", "covariate"]) for one in data]
    assert_recovered([fit.delay("exposed") for fit in fits], -log_ratio / SHAPE)
    for j, truth in enumerate([np.log(RATE), SHAPE, log_ratio, CONFOUNDER]):
        assert_recovered([fit.interval(fit.params[j], np.eye(len(fit.params))[j]) for fit in fits], truth)
