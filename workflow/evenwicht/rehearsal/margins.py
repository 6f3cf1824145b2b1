"""How values are spread, told in bands of many people: no value of one person, no least and no greatest."""

from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats
from evenwicht.rehearsal.protection import Protection, to_three_figures

FEWEST_BANDS = 4
Margin = dict[str, Any]  # as the settings of a twin have it


def smooth_quantiles(values: Floats, bands: int, threshold: int, weights: Floats | None = None) -> Floats:
    """Return the values between bands with equal shares, (bands - 1,), each the mean of `threshold` neighbours.

    Parameters
    ----------
    values : (n,)
        Numbers, n at least 2 bands threshold: then no edge rests on the threshold / 2 least or greatest of them.
    bands, threshold
        Number of bands, and of values behind each edge.
    weights : (n,)
        Of values; alike if left out. With them the neighbours are counted, and the ends kept out.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    mass = np.ones(len(values)) if weights is None else weights[order]
    wanted = np.arange(1, bands) / bands * mass.sum()
    place = np.searchsorted(np.cumsum(mass) - mass / 2, wanted)
    first = np.clip(place - threshold // 2, threshold // 2, len(values) - threshold - threshold // 2)
    return np.array([ordered[start : start + threshold].mean() for start in first])


def number_margin(values: Floats, protection: Protection, *, whole: bool = False, amounts: bool = False) -> Margin:
    """Return the bands of a number that is known of these people, (n,); empty if they are too few.

    Amounts are told in two parts: the share with none, and bands of the others.
    """
    zeros = float((values == 0).mean()) if amounts else 0.0
    some = values[values > 0] if zeros else values
    none = len(values) - len(some)
    if zeros and not protection.enough(none):
        zeros, some = 0.0, values
    bands = protection.bands(len(some))
    if bands < FEWEST_BANDS:
        return {}
    edges = smooth_quantiles(some, bands, protection.threshold)
    logarithmic = edges[0] > 0 and (amounts or _lopsided(np.log(edges)) < _lopsided(edges))
    rounded = np.array([float(f"{edge:.3g}") for edge in edges]) if logarithmic else to_three_figures(edges)
    told: Margin = {"kind": "number", "edges": rounded.tolist()}
    if zeros:
        told["zeros"] = protection.share(none, len(values))
    if logarithmic:
        told["logarithmic"] = True
    if whole:
        told["whole"] = True
    return told


def _lopsided(edges: Floats) -> float:
    """How unequal both halves of the bands are."""
    low, high = edges[len(edges) // 2] - edges[0], edges[-1] - edges[len(edges) // 2]
    return float(abs(high - low) / (high + low)) if high + low > 0 else 0.0


def yes_no_margin(values: Floats, protection: Protection) -> Margin:
    """Return the share of yes among these people, (n,) of 0 and 1; empty if too few say either."""
    yes = values.sum()
    if not (protection.enough(yes) and protection.enough(len(values) - yes)):
        return {}
    return {"kind": "yes_no", "share": protection.share(yes, len(values))}


def levels_margin(values: "pd.Series[Any]", leaning: Floats, protection: Protection) -> Margin:
    """Return the shares of levels with enough people; empty if there are not two of them.

    Levels stand in the order of the mean of `leaning`, (n,), a number that goes with many columns.
    """
    codes = values.astype(object)
    counts = codes.value_counts()
    told = counts[counts >= protection.threshold]
    if len(told) < 2:
        return {}
    means = pd.Series(leaning, index=codes.index).groupby(codes).mean()
    order = sorted(told.index, key=lambda level: (means[level], str(level)))
    shares = {str(level): protection.share(told[level], told.sum()) for level in order}
    return {"kind": "levels", "shares": shares, "rare": int(len(counts) - len(told))}


def sizes_of_groups(place: Any, protection: Protection) -> list[list[float]]:
    """Return sizes of groups with the share of groups of each: neighbours are joined until they are enough.

    Each size is the mean of enough groups, with enough people in them. Too few groups of any size: one size for all.
    """
    sizes = np.sort(np.bincount(place))
    sizes = sizes[sizes > 0]
    values, counts = np.unique(sizes, return_counts=True)
    told: list[list[float]] = []
    groups = people = 0
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        groups, people = groups + count, people + value * count
        if protection.enough(groups) and protection.enough(people):
            told.append([groups, people])
            groups = people = 0
    if groups and told:
        told[-1] = [told[-1][0] + groups, told[-1][1] + people]
    elif groups:
        told = [[groups, people]]
    total = sum(count for count, _ in told)
    return [[max(1, round(of / count)), float(f"{count / total:.3g}")] for count, of in told]
