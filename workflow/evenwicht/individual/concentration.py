"""How use of costly services concentrates in few people, each statistic beside what chance alone gives."""

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, ConcentrationStudy
from evenwicht.errors import DataError
from evenwicht.estimators.concentration import (
    gini,
    group_share_of_use,
    high_need,
    lorenz,
    permuted_groups,
    poisson_gini,
    several_sectors,
    sorted_gini,
    top_share_of_use,
)
from evenwicht.estimators.resampling import bootstrap, standard_error
from evenwicht.estimators.results import Interval
from evenwicht.flow import departures, flow_table
from evenwicht.outcomes import sector_amounts, without_amounts
from evenwicht.rows import Rows, as_table

Floats = NDArray[np.float64]
LORENZ_GRID = np.linspace(0, 1, 101)
CURVE_COLUMNS = ["sector", "people", "share", "lower", "upper", "null"]


def concentration_study(
    cohort: Cohort, study: ConcentrationStudy, replicates: int, permutations: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Estimate Gini coefficients, top shares and the group with high need in several sectors.

    Methods in the rows: `observed`; `poisson_null`, the Gini of counts with the same mean and no difference between
    people; `permutation_null`, the same statistic with each sector shuffled over people (its interval is the range of
    95% of shuffles).

    Returns
    -------
    estimates : DataFrame of estimate rows
    curves : DataFrame
        Lorenz curves: sector, people and share (0 to 1), pointwise 95% bootstrap limits, and the Poisson null.
    """
    where = f"cohort {cohort.name}, concentration study"
    amounts = sector_amounts(cohort, study.window, where)
    values = amounts.to_numpy(float)
    n = len(values)
    unused = [str(sector) for sector in amounts.columns[values.sum(axis=0) == 0]]
    if unused:
        raise DataError(f"nobody uses {', '.join(unused)}", where=where, mend="Leave these sectors out of the costs.")
    rows = Rows(cohort.name, "concentration", "population", "")
    curves = []
    for j, sector in enumerate(amounts.columns):
        use = np.sort(values[:, j])
        statistic = partial(_sector_statistics, use, study.top_share)
        draws = bootstrap(statistic, np.arange(n), replicates, rng)
        spread = standard_error(draws)
        users = int((use > 0).sum())
        rows.add("gini", "observed", Interval.normal(gini(use), spread[0]), n=n, events=users, contrast=sector)
        rows.add("gini", "poisson_null", Interval(poisson_gini(use.mean())), n=n, contrast=sector)
        top = Interval.normal(top_share_of_use(use, study.top_share), spread[1])
        rows.add("top_share", "observed", top, n=n, events=users, contrast=sector)
        lower, upper = np.quantile(draws[:, 2:], [0.025, 0.975], axis=0)
        curves.append(
            pd.DataFrame(
                {
                    "sector": sector,
                    "people": LORENZ_GRID,
                    "share": lorenz(use, LORENZ_GRID),
                    "lower": lower,
                    "upper": upper,
                    "null": _poisson_lorenz(use.mean()),
                }
            )
        )
    _group_rows(rows, list(amounts.columns), values, study, replicates, permutations, rng)
    return as_table([rows]), pd.concat(curves)[CURVE_COLUMNS]


def concentration_flow(cohort: Cohort, config: CohortConfig) -> pd.DataFrame:
    """Count who leaves the study, and why; the columns are `flow.FLOW_COLUMNS`, the contrast is the window."""
    study = config.concentration
    assert study is not None
    amounts = sector_amounts(cohort, study.window, f"cohort {cohort.name}, concentration study")
    _, flow = departures(without_amounts(cohort, study.window, amounts))
    return flow_table(flow.rows(cohort.name, "concentration", "concentration", f"window {study.window}"))


def _sector_statistics(use: Floats, top_share: float, weights: Floats) -> Floats:
    """Gini, top share and Lorenz curve of one bootstrap sample of sorted use."""
    curve = lorenz(use, LORENZ_GRID, weights)
    return np.concatenate([[sorted_gini(use, weights), top_share_of_use(use, top_share, weights)], curve])


def _poisson_lorenz(mean: float) -> Floats:
    """Lorenz curve of a Poisson count with this mean."""
    from scipy.stats import poisson

    counts = np.arange(poisson.ppf(1 - 1e-9, mean) + 1)
    return lorenz(counts, LORENZ_GRID, poisson.pmf(counts, mean))


def _group_rows(
    rows: Rows,
    sectors: list[str],
    values: Floats,
    study: ConcentrationStudy,
    replicates: int,
    permutations: int,
    rng: np.random.Generator,
) -> None:
    n = len(values)
    flags = np.column_stack([high_need(values[:, j], study.top_share) for j in range(len(sectors))])
    group = several_sectors(flags, study.at_least)
    null_size, null_use = permuted_groups(values, flags, study.at_least, permutations, rng)

    def statistic(weights: Floats) -> Floats:
        inside = weights * group
        return np.concatenate([[inside.sum() / n], inside @ values / (weights @ values)])

    observed = np.concatenate([[group.mean()], group_share_of_use(values, group)])
    spread = standard_error(bootstrap(statistic, np.arange(n), replicates, rng))
    null = np.column_stack([null_size, null_use])
    names = [f"high need in {study.at_least} or more of {len(sectors)} sectors", *sectors]
    estimands = ["group_share", *(["group_use_share"] * len(sectors))]
    for k, (estimand, name) in enumerate(zip(estimands, names, strict=True)):
        interval = Interval.normal(observed[k], spread[k])
        rows.add(estimand, "observed", interval, n=n, events=int(group.sum()), contrast=name)
        low, high = np.quantile(null[:, k], [0.025, 0.975])
        chance = Interval(float(null[:, k].mean()), float(null[:, k].std(ddof=1)), float(low), float(high))
        rows.add(estimand, "permutation_null", chance, n=n, contrast=name, note=f"{permutations} permutations")
