"""Hazards constant in pieces of time with enough events in each, and when follow-up ends."""

from typing import Any

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.rehearsal.margins import number_margin, smooth_quantiles
from evenwicht.rehearsal.protection import Protection, to_three_figures

MOST_PIECES = 20


def hazards_in_pieces(
    entry: Floats, end: Floats, status: Floats, relative: Floats, protection: Protection
) -> tuple[list[float], list[float]]:
    """Return edges between pieces of time, and the hazard in each at a log hazard of 0.

    Parameters
    ----------
    entry, end, status : (n,)
        Follow-up of each from entry to end, in years on the clock; 1 if it ends with the event.
    relative : (n,)
        Relative hazard of each, as the twin will have it.
    """
    happened = status == 1
    count = max(1, min(MOST_PIECES, int(happened.sum()) // (2 * protection.threshold)))
    edges = np.empty(0)
    if count > 1:
        edges = np.unique(to_three_figures(smooth_quantiles(end[happened], count, protection.threshold)))
        edges = edges[edges > 0]
        # rounding may have moved an event over an edge: what lies behind each edge must be enough as well
        upto = np.searchsorted(np.sort(end[happened]), edges, side="right")
        kept: list[int] = []
        for place, events in enumerate(upto.tolist()):
            before = int(upto[kept[-1]]) if kept else 0
            if protection.enough(events - before) and protection.enough(int(happened.sum()) - events):
                kept.append(place)
        edges = edges[kept]
    starts, ends = np.array([0.0, *edges]), np.array([*edges, np.inf])
    hazards = []
    for start, stop in zip(starts, ends, strict=True):
        years = np.clip(np.minimum(end, stop) - np.maximum(entry, start), 0, None)
        events = protection.count((happened & (end > start) & (end <= stop)).sum())
        at_risk = float(years @ relative)
        hazards.append(float(f"{events / at_risk:.3g}") if at_risk > 0 else 0.0)
    return edges.tolist(), hazards


def end_of_follow_up(entry: Floats, end: Floats, status: Floats, protection: Protection) -> dict[str, Any] | float:
    """Return when follow-up ends without the event, in bands that each have enough such people.

    Those whom the event took are given the ends of the others: Kaplan and Meier 1958, Journal of the American
    Statistical Association 53:457, with the parts of both kinds of end exchanged.
    """
    censored = status == 0
    order = np.argsort(end, kind="stable")
    at_risk = np.searchsorted(np.sort(entry), end[order]) - np.arange(len(end))
    factors = np.where(censored[order], 1 - 1 / np.maximum(at_risk, 1), 1.0)
    left = np.concatenate([[1.0], np.cumprod(factors)[:-1]])
    jumps = np.empty(len(end))
    jumps[order] = left * (1 - factors)
    bands = protection.bands(int(censored.sum()))
    if bands < 4 or jumps[censored].sum() <= 0:
        return _middle(end, protection)
    edges = smooth_quantiles(end[censored], bands, protection.threshold, jumps[censored])
    if np.ptp(edges) == 0:
        return float(f"{edges[0]:.4g}")
    return {"kind": "number", "edges": to_three_figures(edges).tolist()}


def start_of_follow_up(entry: Floats, protection: Protection) -> dict[str, Any] | float:
    """Return the age when follow-up starts: one, if all start alike, else in bands."""
    if np.ptp(np.quantile(entry, [0.1, 0.9])) == 0:
        return _middle(entry, protection)
    return number_margin(entry, protection) or _middle(entry, protection)


def _middle(values: Floats, protection: Protection) -> float:
    """About the median: the mean of the middle of them."""
    return float(f"{smooth_quantiles(values, 2, protection.threshold)[0]:.4g}")
