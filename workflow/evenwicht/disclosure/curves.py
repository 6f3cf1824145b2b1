"""Curves of figures as they may leave: no step of few people, no point that few people make."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags, Floats
from evenwicht.disclosure.behind import of_side
from evenwicht.disclosure.counts import Published
from evenwicht.disclosure.moved import along, straight
from evenwicht.disclosure.numbers import to_figures
from evenwicht.disclosure.profiles import Profile
from evenwicht.disclosure.retold import accounts, accounts_gone
from evenwicht.disclosure.shares import released_shares
from evenwicht.disclosure.tables import TOO_FEW, WOULD_TELL
from evenwicht.estimators.results import CURVES, CurveKind
from evenwicht.estimators.rose import binormal_sensitivity

KEYS = ["curve", "study", "outcome", "exposure", "reference", "subgroup"]
COMPARED = [name for name in KEYS if name != "curve"]
LINE = [*KEYS, "arm", "method"]  # what tells lines apart, as far as a curve has it
PLACES: dict[CurveKind, int] = {"steps": 3, "ranked": 3, "told_apart": 2}  # decimals of shares
FROM_PEOPLE: tuple[CurveKind, ...] = ("groups",)  # of which the places on the axis are those of people
PEOPLE = ("people", "at_risk")
NUMBERS = ("estimate", "lower", "upper")
Reached = Mapping[tuple[str, str, str], float]  # by study, exposure and reference: share whom a programme reaches

WHOLE = 1e-6  # from a whole number of people


def released_curves(
    curves: pd.DataFrame,
    estimates: pd.DataFrame,
    left: pd.DataFrame,
    magnitudes: pd.DataFrame,
    published: Published,
    profile: Profile,
    reached: Reached,
) -> pd.DataFrame:
    """Return what may leave of the curves of one cohort.

    Steps of a survival curve are put together until enough people have had the event (as OpenSAFELY asks); a Lorenz
    curve keeps points between which enough people lie, and none where one or two people have most; groups of few
    people or cases are left out; shares are made of rounded counts, what holds the share of cases has that as released,
    and everything else is rounded. Of a comparison of which an estimate is withheld for too few people, no curve
    leaves, nor of money where a sum is withheld.

    Parameters
    ----------
    curves, estimates, magnitudes
        Of one cohort, as they are.
    left
        Its estimates as they leave.
    reached
        By programmes for those at the highest risk.
    """
    if curves.empty:
        return curves
    lines = [name for name in LINE if name in curves]
    few = pd.MultiIndex.from_frame(left.loc[left["reason"] == TOO_FEW, COMPARED])
    gone = accounts_gone(left, WOULD_TELL)
    kept = []
    for _, line in curves.groupby(lines, sort=False, dropna=False):
        kind = CURVES[str(line["curve"].iloc[0])]
        n, fewest = _people(line, estimates)
        told = kind != "ranked" and pd.MultiIndex.from_frame(line[COMPARED].head(1)).isin(few).any()
        of_money = kind == "money" and accounts(line.head(1).assign(cohort=published.cohort)).isin(gone).any()
        if told or of_money or fewest < max(profile.smallest, profile.smallest_sum):
            continue
        line = _of_released_share(line, estimates, published, reached)
        kept.append(_rounded(_safe(line, kind, n, magnitudes, published, profile), kind, published, profile))
    return pd.concat(kept, ignore_index=True) if kept else curves.iloc[:0]


def _safe(
    line: pd.DataFrame, kind: CurveKind, n: int, magnitudes: pd.DataFrame, published: Published, profile: Profile
) -> pd.DataFrame:
    """Points that tell of enough people."""
    if kind == "steps":
        return _of_counts(_steps(line, profile.smallest), published, profile)
    if kind == "ranked":
        return _ranked(line, n, magnitudes, profile)
    if kind == "groups":
        return _groups(line, published, profile)
    if kind == "sets":
        return _sets(line, n, published, profile)
    return line.iloc[:0] if kind == "withheld" else line


def _of_released_share(
    line: pd.DataFrame, estimates: pd.DataFrame, published: Published, reached: Reached
) -> pd.DataFrame:
    """The same line as it is with the released share of cases; it is not there where that is not known."""
    first = line.head(1).assign(cohort=published.cohort)
    shares = released_shares(first["cohort"], *of_side(first, estimates), {published.cohort: published})
    true, released = (np.full(len(line), share.item()) for share in shares)
    if not np.isfinite(true).all():
        return line
    x, estimate = (line[column].to_numpy(dtype=float) for column in ("x", "estimate"))
    if line["curve"].iloc[0] == "ceiling":
        share = reached[tuple(first[["study", "exposure", "reference"]].iloc[0])]
        finds = [binormal_sensitivity(x, share, of[0]) for of in (true, released)]
        left = line.assign(estimate=estimate / finds[0] * finds[1])
    elif line["curve"].iloc[0] == "acceptability":  # where more cases are averted it is worth it from a lower price on
        left = line.assign(estimate=np.interp(x * released / true, x, estimate))
    else:
        numbers = [column for column in NUMBERS if column in line]
        left = line.copy()
        left[numbers] = along(line[numbers].to_numpy(dtype=float), *straight(line["curve"], true, released))
    return _only(left, np.isfinite(left["estimate"]))


def _people(line: pd.DataFrame, estimates: pd.DataFrame) -> tuple[int, int]:
    """Most people, and fewest people or cases, behind the estimates that a line goes with; 0 if none are known."""
    of = line.iloc[0]
    same = estimates[(estimates["study"] == of["study"]) & (estimates["subgroup"] == of["subgroup"])]
    if (same["outcome"] == of["outcome"]).any() and of["outcome"]:
        same = same[same["outcome"] == of["outcome"]]
    known = same[["n", "events"]].astype("Float64")
    if known["n"].isna().all():
        return 0, 0
    return int(known["n"].max()), int(known.min().min())


def _steps(lines: pd.DataFrame, smallest: int) -> pd.DataFrame:
    """Times between which enough people more have had each event, while enough are followed.

    The lines of several causes are of the same people, and keep the same times.
    """
    causes = ["cause"] if "cause" in lines else []
    lines = lines.sort_values([*causes, "x"])
    followed = lines.groupby("x")["at_risk"].transform("min") >= smallest
    lines = _only(lines, followed)
    times = np.unique(lines["x"])
    if not len(times):
        return lines
    level = lines["estimate"].to_numpy(dtype=float).reshape(-1, len(times))
    at_risk = lines["at_risk"].to_numpy(dtype=float).reshape(-1, len(times))
    free = level if lines["curve"].iloc[0] == "survival" else 1 - level
    # events since the time before, at least: the fewest at risk, times the share of them who have had it
    events = np.minimum(at_risk[:, :-1], at_risk[:, 1:]) * (1 - free[:, 1:] / np.maximum(free[:, :-1], 1e-12))
    keep, waiting = [times[0]], np.zeros(len(events))
    for time, more in zip(times[1:], events.T, strict=True):
        waiting += more
        if (waiting >= smallest).all():
            keep.append(time)
            waiting[:] = 0.0
    return _only(lines, lines["x"].isin(keep))


def _of_counts(lines: pd.DataFrame, published: Published, profile: Profile) -> pd.DataFrame:
    """Shares who have had the event, or are free of it, from rounded counts; their limits go with them."""
    if lines.empty:
        return lines
    free, at_first = lines["curve"].iloc[0] == "survival", int(lines["at_risk"].iloc[0])
    level = lines["estimate"].to_numpy(dtype=float)
    had = np.round((1 - level if free else level) * at_first).clip(min=0)
    enough = (had == 0) | (had >= profile.smallest)
    shares = np.array([published.share(count / at_first, at_first) for count in had[enough]])
    return _moved(_only(lines, enough), 1 - shares if free else shares)


def _groups(line: pd.DataFrame, published: Published, profile: Profile) -> pd.DataFrame:
    """Groups of enough people; of shares, with enough who have it and who have not, from rounded counts."""
    line = _only(line, line["people"] >= max(profile.smallest, profile.smallest_sum))
    for name in ("estimate", "x"):
        people, share = (line[column].to_numpy(dtype=float) for column in ("people", name))
        had = np.round(share * people)
        # what is no count of people over all of them is a mean of something else
        if line.empty or not (np.abs(share * people - had) < WHOLE).all() or (had > people).any() or (had < 0).any():
            continue
        enough = (had >= profile.smallest) & (people - had >= profile.smallest)
        line = _only(line, enough)
        pairs = zip(had[enough] / people[enough], people[enough], strict=True)
        shares = np.array([published.share(share, of) for share, of in pairs], dtype=float)
        line = _moved(line, shares) if name == "estimate" else line.assign(x=shares)
    return line


def _moved(line: pd.DataFrame, estimates: Floats) -> pd.DataFrame:
    """The same line at other estimates of shares, with limits as far away as they were."""
    left, moved = line.copy(), estimates - line["estimate"].to_numpy(dtype=float)
    for name in ("estimate", "lower", "upper"):
        if name in line:
            left[name] = np.clip(line[name].to_numpy(dtype=float) + moved, 0.0, 1.0)
    return left


def _sets(line: pd.DataFrame, n: int, published: Published, profile: Profile) -> pd.DataFrame:
    """Sets of people, by thousand, from rounded counts."""
    share = line["estimate"].to_numpy(dtype=float) / 1000
    enough = np.round(share * n) >= profile.smallest
    return _only(line.assign(estimate=[1000 * published.share(value, n) for value in share]), enough)


def _ranked(line: pd.DataFrame, n: int, magnitudes: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Points with enough people between them; none within the top group that one or two people have most of."""
    line = line.sort_values("x")
    x, fewest = line["x"].to_numpy(dtype=float), max(profile.smallest, profile.smallest_sum)
    keep = _apart(x * n, n, fewest)
    study, arm = line["study"].iloc[0], line["arm"].iloc[0]
    told = magnitudes[(magnitudes["study"] == study) & (magnitudes["outcome"] == arm)]
    keep[-1] = True
    keep &= not any(profile.dominated(*two) for two in told[["largest", "second"]].itertuples(index=False))
    return _only(line, keep)


def _apart(places: Floats, n: int, fewest: int) -> Flags:
    """Which places, from the lowest, have so many people between them, and before the last of all."""
    keep, last = np.zeros(len(places), dtype=bool), -np.inf
    for point, place in enumerate(places):
        keep[point] = place == 0 or (place - max(last, 0.0) >= fewest - WHOLE and n - place >= fewest - WHOLE)
        last = place if keep[point] else last
    return keep


def _only(lines: pd.DataFrame, keep: Flags | pd.Series) -> pd.DataFrame:
    return lines.iloc[np.flatnonzero(keep)]


def _rounded(line: pd.DataFrame, kind: CurveKind, published: Published, profile: Profile) -> pd.DataFrame:
    left = line.copy()
    for name in left.select_dtypes("number").columns:
        values = left[name].to_numpy(dtype=float)
        if name in PEOPLE:
            counted = np.isfinite(values)
            left[name] = values
            left.loc[left.index[counted], name] = [
                float(published.rounder.rounded(published.cohort, int(count))) for count in values[counted]
            ]
        elif name != "x" or kind in FROM_PEOPLE:
            left[name] = np.round(values, PLACES[kind]) if kind in PLACES else to_figures(values, profile.figures)
    return left
