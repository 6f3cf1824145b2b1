"""How use of costly services concentrates in few people, each statistic beside what chance alone gives."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, ConcentrationStudy, SectorLabel
from evenwicht.errors import DataError
from evenwicht.estimators.concentration import lorenz, permuted_groups, poisson_gini
from evenwicht.estimators.concentration_coverage import Amounts, judged
from evenwicht.estimators.concentration_intervals import (
    gini_interval,
    lorenz_curve,
    multi_sector_group,
    top_share_interval,
)
from evenwicht.estimators.results import Interval
from evenwicht.flow import departures, flow_table
from evenwicht.outcomes import sector_amounts, without_amounts
from evenwicht.rows import Rows, as_table

Floats = NDArray[np.float64]
LORENZ_GRID = np.linspace(0, 1, 101)
CURVE_COLUMNS = ["sector", "people", "share", "lower", "upper", "null"]


def concentration_study(
    cohort: Cohort,
    study: ConcentrationStudy,
    sectors: dict[str, SectorLabel],
    permutations: int,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Estimate Gini coefficients, top shares and the group with high need in several sectors.

    Methods in the rows: `observed`; `poisson_null`, the Gini of counts with the same mean and no difference between
    people, for sectors that count something (that of an amount would depend on its unit); `permutation_null`, the same
    statistic with each sector shuffled over people (its interval is the range of 95% of shuffles). Where the tail of
    the amounts makes an interval too short, its note says how often such an interval covers.

    Parameters
    ----------
    cohort, study
        The cohort and what is asked.
    sectors
        What every sector of the cohort measures.
    permutations
        Number of shuffles.
    rng
        Source of the shuffles; nothing else is random.

    Returns
    -------
    estimates : DataFrame of estimate rows
    curves : DataFrame
        Lorenz curves: sector, people and share (0 to 1), pointwise nominal 95% limits, and the Poisson null, missing
        where a sector does not count.
    """
    where = f"cohort {cohort.name}, concentration study"
    amounts = sector_amounts(cohort, study.window, where)
    values = amounts.to_numpy(float)
    n = len(values)
    names = [str(sector) for sector in amounts.columns]
    unused = [name for name, total in zip(names, values.sum(axis=0), strict=True) if total == 0]
    if unused:
        raise DataError(f"nobody uses {', '.join(unused)}", where=where, mend="Leave these sectors out of the costs.")
    rows = Rows(cohort.name, "concentration", "population", "")
    described = []
    curves = []
    for j, name in enumerate(names):
        ordered = np.sort(values[:, j])
        about = Amounts.of(ordered)
        described.append(about)
        gini, note = judged("gini", gini_interval(ordered), about, about.unused)
        rows.add("gini", "observed", gini, n=n, events=about.users, contrast=name, note=note)
        counts = sectors[name].measures == "count"
        if counts:
            rows.add("gini", "poisson_null", Interval(poisson_gini(ordered.mean())), n=n, contrast=name)
        top = top_share_interval(ordered, study.top_share)
        top, note = judged("top_share", top, about, study.top_share * n / about.users)
        rows.add("top_share", "observed", top, n=n, events=about.users, contrast=name, note=note)
        curve = lorenz_curve(ordered, LORENZ_GRID)
        null = _poisson_lorenz(ordered.mean()) if counts else np.full(len(LORENZ_GRID), np.nan)
        columns = [np.full(len(null), name), LORENZ_GRID, curve.share, curve.lower, curve.upper, null]
        curves.append(pd.DataFrame(dict(zip(CURVE_COLUMNS, columns, strict=True))))
    _group_rows(rows, names, values, described, study, permutations, rng)
    return as_table([rows]), pd.concat(curves)


def concentration_flow(cohort: Cohort, config: CohortConfig) -> pd.DataFrame:
    """Count who leaves the study, and why; the columns are `flow.FLOW_COLUMNS`, the contrast is the window."""
    study = config.concentration
    assert study is not None
    amounts = sector_amounts(cohort, study.window, f"cohort {cohort.name}, concentration study")
    _, flow = departures(without_amounts(cohort, study.window, amounts))
    return flow_table(flow.rows(cohort.name, "concentration", "concentration", f"window {study.window}"))


def _poisson_lorenz(mean: float) -> Floats:
    """Lorenz curve of a Poisson count with this mean."""
    from scipy.stats import poisson

    counts = np.arange(poisson.ppf(1 - 1e-9, mean) + 1)
    return lorenz(counts, LORENZ_GRID, poisson.pmf(counts, mean))


def _group_rows(
    rows: Rows,
    sectors: list[str],
    values: Floats,
    described: list[Amounts],
    study: ConcentrationStudy,
    permutations: int,
    rng: np.random.Generator,
) -> None:
    n = len(values)
    group = multi_sector_group(values, study.top_share, study.at_least)
    null_size, null_use = permuted_groups(values, group.flags, study.at_least, permutations, rng)
    whole = f"high need in {study.at_least} or more of {len(sectors)} sectors"
    observed = [("group_share", whole, group.size, "")]
    for name, interval, about in zip(sectors, group.use_shares, described, strict=True):
        observed.append(("group_use_share", name, *judged("group_use_share", interval, about, 0)))
    members = int(group.members.sum())
    for (estimand, name, interval, note), null in zip(observed, [null_size, *null_use.T], strict=True):
        rows.add(estimand, "observed", interval, n=n, events=members, contrast=name, note=note)
        low, high = np.quantile(null, [0.025, 0.975])
        chance = Interval(float(null.mean()), float(null.std(ddof=1)), float(low), float(high))
        rows.add(estimand, "permutation_null", chance, n=n, contrast=name, note=f"{permutations} permutations")
