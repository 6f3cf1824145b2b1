"""How use of costly services concentrates in few people, each statistic beside what chance alone gives."""

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import DataError
from evenwicht.cohort import Cohort
from evenwicht.estimators.concentration import lorenz, permuted_groups, poisson_gini
from evenwicht.estimators.concentration_coverage import Amounts, judged
from evenwicht.estimators.concentration_intervals import (
    gini_interval,
    lorenz_curve,
    multi_sector_group,
    top_share_interval,
)
from evenwicht.estimators.results import Interval
from evenwicht.results.flow import departures
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.concentration import Settings
from evenwicht.studies.study import Job
from evenwicht.studies.values import sector_amounts, without_amounts

LORENZ_GRID = np.linspace(0, 1, 101)


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Estimate Gini coefficients, top shares and the group with high need in several sectors.

    Beside each stands what chance alone gives, among the diagnostics: `poisson_null`, the Gini of counts with the same
    mean and no difference between people, for sectors that count something (that of an amount would depend on its
    unit); `permutation_null`, the same statistic with each sector shuffled over people (its limits hold 95% of
    shuffles). Where the tail of the amounts makes an interval too short, a diagnostic says how often such an interval
    covers.

    Curves: `lorenz`, by sector, with pointwise nominal 95% limits, and the Poisson null, missing where a sector does
    not count.
    """
    where = f"cohort {book.cohort}, study {found.study}"
    with found.part(study.group, estimand="group_share") as rows:
        amounts = sector_amounts(cohort, study.window, where)
        _, flow = departures(without_amounts(cohort, study.window, amounts))
        rows.flow(flow)
        values = amounts.to_numpy(float)
        n = len(values)
        names = [str(sector) for sector in amounts.columns]
        unused = [name for name, total in zip(names, values.sum(axis=0), strict=True) if total == 0]
        if unused:
            raise DataError(
                f"nobody uses {', '.join(unused)}", where=where, fix="Leave these sectors out of the costs."
            )
        described = []
        for j, name in enumerate(names):
            ordered = np.sort(values[:, j])
            about = Amounts.of(ordered)
            described.append(about)
            _judge(rows, "gini", name, *judged("gini", gini_interval(ordered), about, about.unused), study, n, about)
            counts = book.sectors[name].measures == "count"
            if counts:
                chance = poisson_gini(ordered.mean())
                rows.diagnose("chance", "poisson_null", chance, n=n, at=study.window, outcome=name)
            top = top_share_interval(ordered, study.top_share)
            top, note = judged("top_share", top, about, study.top_share * n / about.users)
            _judge(rows, "top_share", name, top, note, study, n, about)
            curve = lorenz_curve(ordered, LORENZ_GRID)
            null = _poisson_lorenz(ordered.mean()) if counts else np.full(len(LORENZ_GRID), np.nan)
            drawn = {"x": LORENZ_GRID, "estimate": curve.share, "lower": curve.lower, "upper": curve.upper}
            rows.curve("lorenz", pd.DataFrame({"arm": name, **drawn, "null": null}))
        _group_rows(rows, names, values, described, study, job)


def _judge(
    rows: Rows, estimand: str, name: str, interval: Interval, note: str, study: Settings, n: int, about: Amounts
) -> None:
    """Add a statistic of a sector, and how its interval covers where that is not 95%."""
    rows.add(estimand, "observed", interval, n=n, events=about.users, at=study.window, outcome=name)
    if note:
        rows.diagnose(
            f"coverage_{estimand}", "observed", Interval(np.nan), n=n, note=note, at=study.window, outcome=name
        )


def _poisson_lorenz(mean: float) -> Floats:
    """Lorenz curve of a Poisson count with this mean."""
    from scipy.stats import poisson

    counts = np.arange(poisson.ppf(1 - 1e-9, mean) + 1)
    return lorenz(counts, LORENZ_GRID, poisson.pmf(counts, mean))


def _group_rows(
    rows: Rows, sectors: list[str], values: Floats, described: list[Amounts], study: Settings, job: Job
) -> None:
    n = len(values)
    group = multi_sector_group(values, study.top_share, study.at_least)
    null_size, null_use = permuted_groups(
        values, group.flags, study.at_least, job.permutations, job.stream("concentration")
    )
    observed = [("group_share", {"outcome": study.group}, group.size, "")]
    for name, interval, about in zip(sectors, group.use_shares, described, strict=True):
        keys = {"outcome": name, "exposure": study.group}
        observed.append(("group_use_share", keys, *judged("group_use_share", interval, about, 0)))
    members = int(group.members.sum())
    for (estimand, keys, interval, note), null in zip(observed, [null_size, *null_use.T], strict=True):
        rows.add(estimand, "observed", interval, n=n, events=members, at=study.window, **keys)
        low, high = np.quantile(null, [0.025, 0.975])
        chance = Interval(float(null.mean()), float(null.std(ddof=1)), float(low), float(high))
        told = f"{job.permutations} permutations"
        rows.diagnose("chance", "permutation_null", chance, n=n, at=study.window, note=told, **keys)
        if note:
            missing = Interval(np.nan)
            rows.diagnose(f"coverage_{estimand}", "observed", missing, n=n, note=note, at=study.window, **keys)
