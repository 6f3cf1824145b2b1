"""The rows of a study run on completed copies of a cohort, put together by Rubin's rules."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats
from evenwicht.display.section import Row
from evenwicht.estimators.multiple_imputation import Pooled, pooled
from evenwicht.estimators.results import ESTIMANDS, Z95, Interval
from evenwicht.results.rows import FAILED, Findings
from evenwicht.results.schema import DIAGNOSTICS, ESTIMATES, FLOW
from evenwicht.studies.measures import number_needed

RISKS, SURVIVALS = ("risk", "risk_exposed", "risk_unexposed"), ("survival_exposed", "survival_unexposed")
MOST_DF = 1e7
NORMAL = 1e-6  # how far an interval may be from normal quantiles, relative, before it is one by t
SKEWED = 1e-3  # by how much the sides of an interval differ, relative, before it is not symmetric
MIDDLE = ("p_value",)  # the median of P values keeps their size; their mean does not (Eekhout et al. 2017)
PARTS = ("estimate", "se", "lower", "upper", "reason")  # of an `Interval`, in the order of its fields
TOO_SURE = "the method gives no standard error that could be pooled"


@dataclass(frozen=True)
class Scale:
    """A scale on which an estimate is about normal: the way there, its derivative, and the interval back."""

    there: Callable[[Floats], Floats]
    derivative: Callable[[Floats], Floats]
    back: Callable[[float], float]


def _same(x: Floats) -> Floats:
    return np.asarray(x, dtype=float)


IDENTITY = Scale(_same, np.ones_like, float)
LOG = Scale(np.log, np.ones_like, lambda x: float(np.exp(x)))  # errors of ratios are on the log scale already
LOGIT = Scale(lambda p: np.log(p / (1 - p)), lambda p: 1 / (p * (1 - p)), lambda x: float(1 / (1 + np.exp(-x))))
SURVIVAL = Scale(lambda p: np.log(-np.log(p)), lambda p: 1 / (-p * np.log(p)), lambda x: float(np.exp(-np.exp(x))))
RISK = Scale(
    lambda p: np.log(-np.log1p(-p)), lambda p: 1 / (-(1 - p) * np.log1p(-p)), lambda x: float(-np.expm1(-np.exp(x)))
)


def scale_of(estimand: str) -> Scale:
    """Return the scale on which an estimand is pooled: that of its intervals."""
    kind = ESTIMANDS[estimand].kind
    if kind == "ratio":
        return LOG
    if kind == "probability":
        return RISK if estimand in RISKS else SURVIVAL if estimand in SURVIVALS else LOGIT
    return IDENTITY


def pool_estimates(copies: Sequence[Sequence[Row]]) -> list[tuple[Row, Pooled | None]]:
    """Return each estimate over the copies, with what its pooling tells of the information that is missing.

    A row that only some copies have, or without an estimate in some, is a row that says in how many. Numbers needed
    follow from the difference in risk that was pooled.
    """
    m, told = len(copies), []
    for rows in _by_key(copies, ESTIMATES.key):
        row = dict(rows[0])
        failed = [one for one in rows if np.isnan(one["estimate"])]
        if row["method"] == FAILED and len(rows) < m:
            continue  # the rows of the other copies say so
        counts = [one["events"] for one in rows if one["events"] is not None]
        row["events"] = round(float(np.mean(counts))) if counts else None
        found: Pooled | None = None
        if len(rows) == m and not failed:
            interval, found = _pooled(str(row["estimand"]), rows)
        elif len(failed) == m:
            interval = Interval.not_estimable(str(failed[0]["reason"]))
        else:
            lacking = m - len(rows) + len(failed)
            reason = failed[0]["reason"] if failed else "the comparison could not be made"
            interval = Interval.not_estimable(f"not estimable in {lacking} of {m} imputations: {reason}")
        told.append((_with(row, interval), found))
    differences = {_comparison(row): row for row, _ in told if row["estimand"] == "risk_difference"}
    return [(_needed(row, differences), found) for row, found in told]


def _comparison(row: Row) -> tuple[object, ...]:
    return tuple(row[name] for name in ESTIMATES.key if name != "estimand")


def _needed(row: Row, differences: Mapping[tuple[object, ...], Row]) -> Row:
    """The row; if it is a number needed, that of the pooled difference."""
    if row["estimand"] != "number_needed":
        return row
    difference = differences[_comparison(row)]
    return _with(row, number_needed(Interval(*(difference[name] for name in PARTS))))


def _pooled(estimand: str, rows: Sequence[Row]) -> tuple[Interval, Pooled | None]:
    """Pool an estimate that every copy has."""
    m, scale = len(rows), scale_of(estimand)
    estimate, se, lower, upper = (
        np.array([row[name] for row in rows], dtype=float) for name in ("estimate", "se", "lower", "upper")
    )
    first = Interval(estimate[0], se[0], lower[0], upper[0], str(rows[0]["reason"]))
    if np.ptp(estimate) == 0 and (np.isnan(se).all() or np.ptp(se) == 0):
        return first, None  # nothing that matters to it was imputed
    inside = (estimate > 0) & (estimate < (np.inf if scale is LOG else 1))
    if scale is not IDENTITY and not inside.all():
        return Interval(float(np.mean(estimate))).bare(TOO_SURE), None
    q = scale.there(estimate)
    bare = [row for row in rows if np.isnan(row["lower"])]
    if bare or np.isnan(se).any():
        reason = str(bare[0]["reason"]) if bare else TOO_SURE
        if len(bare) < m and bare:
            reason = f"no interval in {len(bare)} of {m} imputations: {reason}"
        return Interval(scale.back(float(np.mean(q)))).bare(reason or TOO_SURE), None
    spread = np.abs(scale.derivative(estimate)) * se
    with np.errstate(invalid="ignore", divide="ignore"):
        ends = np.sort([scale.there(lower), scale.there(upper)], axis=0)
        below, above = (q - ends[0]) / spread, (ends[1] - q) / spread
    skewed = scale is IDENTITY and _skewed(below, above)
    quantile = np.full(m, Z95) if skewed else (below + above) / 2
    found = pooled(q, spread**2, _complete_df(quantile, rows))
    wider = found.interval().upper - found.estimate
    down, up = (float(np.median(side)) / Z95 if skewed else 1.0 for side in (below, above))
    back = scale.back(found.estimate)
    low, high = sorted([scale.back(found.estimate - down * wider), scale.back(found.estimate + up * wider)])
    error = found.se if scale in (IDENTITY, LOG) else found.se / float(scale.derivative(np.array([back]))[0])
    return Interval(back, abs(error), low, high), found


def _skewed(below: Floats, above: Floats) -> bool:
    """Whether intervals, (m,), reach further to one side of their estimates than to the other."""
    return bool((np.abs(below - above) > SKEWED * np.maximum(below, above)).any())


def _complete_df(quantile: Floats, rows: Sequence[Row]) -> float:
    """Degrees of freedom of the estimate in completed data: those of its intervals, else people less one.

    An interval tells them by its reach in standard errors, (m,).
    """
    from scipy.special import stdtrit

    reach = float(np.median(quantile))
    if np.isfinite(reach) and reach > Z95 * (1 + NORMAL):
        grid = np.geomspace(MOST_DF, 0.5, 4001)
        return float(np.exp(np.interp(reach, stdtrit(grid, 0.975), np.log(grid))))
    n = rows[0]["n"]
    return np.inf if n is None else max(float(n) - 1, 1.0)


def pool_diagnostics(copies: Sequence[Sequence[Row]]) -> list[Row]:
    """Return each diagnostic over the copies: its mean; of P values the median."""
    told = []
    for rows in _by_key(copies, DIAGNOSTICS.key):
        row = dict(rows[0])
        value, lower, upper = (np.array([one[n] for one in rows], dtype=float) for n in ("value", "lower", "upper"))
        if np.isfinite(value).all():
            centre = np.median if row["statistic"] in MIDDLE else np.mean
            row |= {"value": float(centre(value)), "lower": float(np.mean(lower)), "upper": float(np.mean(upper))}
        told.append(row)
    return told


def pool_curves(copies: Sequence[Sequence[pd.DataFrame]]) -> list[pd.DataFrame]:
    """Return each curve over the copies: the mean of its numbers at each place."""
    frames = [pd.concat(curves, ignore_index=True) for curves in copies if curves]
    if not frames:
        return []
    told = []
    for _, curve in pd.concat(frames, ignore_index=True).groupby("curve", sort=False):
        curve = curve.dropna(axis="columns", how="all")
        keys = [column for column in curve if column == "x" or not pd.api.types.is_numeric_dtype(curve[column])]
        numbers = [column for column in curve if column not in keys]
        means = curve.groupby(keys, sort=False, dropna=False, as_index=False)[numbers].mean()
        if "at_risk" in means:
            means["at_risk"] = means["at_risk"].round()
        told.append(means[curve.columns])
    return told


def add_new(found: Findings, estimates: Iterable[Row], diagnostics: Iterable[Row], flow: Iterable[Row]) -> None:
    """Add rows that the findings do not have yet: some kinds tell of more than one outcome at a time."""
    for own, rows, key in (
        (found.estimates, estimates, ESTIMATES.key),
        (found.diagnostics, diagnostics, DIAGNOSTICS.key),
        (found.flow, flow, FLOW.key),
    ):
        seen = {tuple(row[name] for name in key) for row in own}
        own += [row for row in rows if tuple(row[name] for name in key) not in seen]


def _by_key(copies: Sequence[Sequence[Row]], key: Sequence[str]) -> list[list[Row]]:
    """The rows of all copies with one key, in the order of the first."""
    rows: dict[tuple[object, ...], list[Row]] = {}
    for copy in copies:
        for row in copy:
            rows.setdefault(tuple(row[name] for name in key), []).append(row)
    return list(rows.values())


def _with(row: Row, interval: Interval) -> Row:
    names = ("estimate", "lower", "upper", "se", "status", "reason")
    return row | {name: getattr(interval, name) for name in names}
