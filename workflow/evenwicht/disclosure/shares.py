"""Shares of people as they leave, and every number of a comparison that holds one."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evenwicht.disclosure.behind import BY_CHANCE, FROM_COUNTS, SIDE, is_part, of_side
from evenwicht.disclosure.counts import Published
from evenwicht.disclosure.moved import REACH, RISKS, averaged, moved, needing_each, pairs
from evenwicht.disclosure.numbers import to_figures, upwards
from evenwicht.disclosure.profiles import Profile

OF_THE_EXPOSED = "doing_well_added"  # the change in cases over all, for each who is exposed


def released_shares(
    cohorts: pd.Series, people: np.ndarray, events: np.ndarray, published: Mapping[str, Published]
) -> tuple[np.ndarray, np.ndarray]:
    """Share of people with the event, as it is and as released, (n,) each; not a number where not known."""
    with np.errstate(divide="ignore", invalid="ignore"):
        true = events / people
    released = [
        published[cohort].share(share, n) if np.isfinite(share) and share > 0 else np.nan
        for cohort, share, n in zip(cohorts, true, people, strict=True)
    ]
    return true, np.array(released, dtype=float)


def by_released_shares(
    rows: pd.DataFrame, numbers: np.ndarray, of: Mapping[str, np.ndarray], published: Mapping[str, Published]
) -> np.ndarray:
    """Return numbers, (n, 4), with the released share of people with the event in what holds it."""
    cohorts = rows["cohort"]
    of_counts = rows["method"].isin(FROM_COUNTS).to_numpy() & rows["estimand"].isin(RISKS).to_numpy()
    people, events = of["all"], np.where(of_counts, np.nan, of["cases"])
    # what is told of some of the people with a change over all has its line
    whole = of_side(rows, rows)
    of_exposed = (rows["estimand"] == OF_THE_EXPOSED).to_numpy()
    by_side = (is_part(rows) | of_exposed) & np.isfinite(events * whole[1])
    people, events = np.where(by_side, whole[0], people), np.where(by_side, whole[1], events)
    left = moved(rows, numbers, *released_shares(cohorts, people, events, published))
    for row in np.flatnonzero(by_side & of_exposed):
        share = of["all"][row] / people[row]
        left[row] *= share / published[cohorts[row]].share(share, people[row])
    left = _averaged(rows, left, of["all"], published)
    # of a number, by the difference, the spread and the share of the exposed alone
    by_arms = (rows["estimand"] == "r_squared").to_numpy() & rows["method"].isin(FROM_COUNTS).to_numpy()
    by_arms &= np.isnan(of["cases"]) & np.isfinite(of["exposed"])
    for row in np.flatnonzero(by_arms):
        share = of["exposed"][row] / of["all"][row]
        told = published[cohorts[row]].share(share, of["all"][row])
        left[row] *= told * (1 - told) / (share * (1 - share))
    both = (rows["estimand"] == "need_odds_ratio").to_numpy() & np.isfinite(numbers[:, 0] * of["cases"])
    people, pair = of["all"][both], of["cases"][both]
    sector = needing_each(numbers[both, 0], people, pair)
    shown = [
        np.array([published[cohort].people(n) for cohort, n in zip(cohorts[both], some, strict=True)], dtype=float)
        for some in (people, pair, sector)
    ]
    left[both] = pairs(numbers[both], (people, pair, sector), (shown[0], shown[1], shown[2]))
    # without interaction it is the share of the exposed times the difference
    of_all = (rows["estimand"] == "population_mean_difference").to_numpy() & np.isfinite(of["exposed"])
    for row in np.flatnonzero(of_all):
        share = of["exposed"][row] / of["all"][row]
        left[row] *= published[cohorts[row]].share(share, of["all"][row]) / share
    return left


def _averaged(
    rows: pd.DataFrame, numbers: np.ndarray, people: np.ndarray, published: Mapping[str, Published]
) -> np.ndarray:
    """Numbers, (n, 4), those of parts as released numbers of people would have them give that of all."""
    left, parts = numbers.copy(), rows[is_part(rows)]
    for _, some in parts.groupby([*SIDE, "at", "estimand", "method"], sort=False):
        here = some.index.to_numpy()
        shown = np.array([published[cohort].people(n) for cohort, n in zip(some["cohort"], people[here], strict=True)])
        left[here] = averaged(numbers[here], people[here], shown)
    return left


def against_chance(rows: pd.DataFrame, numbers: np.ndarray, chance: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Numbers, (n, 4), those of people against chance by what of the latter leaves."""
    left = numbers.copy()
    excess, ratio = ((rows["estimand"] == name).to_numpy() & np.isfinite(chance) for name in BY_CHANCE)
    left[excess, :3] += (chance - shown)[excess, None]
    left[ratio] *= (chance / shown)[ratio, None]
    return left


def shares_of_people(
    cohorts: pd.Series, numbers: np.ndarray, of: np.ndarray, published: Mapping[str, Published], profile: Profile
) -> np.ndarray:
    """Estimate, limits and standard error of shares of people, (n, 4).

    A limit is as many binomial standard errors of the released share away as it was of the true one, rounded upwards.
    """
    left = to_figures(numbers, 1)  # all that can be done where it is not known of how many
    known = np.isfinite(numbers[:, 0]) & (of >= profile.smallest)
    shares, wholes = np.full((2, len(of)), np.nan)
    for row in np.flatnonzero(known):
        rounded = published[cohorts.iloc[row]]
        shares[row], wholes[row] = rounded.share(numbers[row, 0], of[row]), rounded.people(of[row])
    true, released = (_binomial_error(p, n)[:, None] for p, n in ((numbers[:, 0], of), (shares, wholes)))
    reach = np.abs(numbers[:, 1:3] - numbers[:, :1]) / true
    limits = shares[:, None] + np.array([-1.0, 1.0]) * upwards(reach, REACH) * released
    spread = upwards(numbers[:, 3:] / true, REACH) * released
    made = np.column_stack([shares, np.clip(limits, 0.0, 1.0), spread])
    left[known] = to_figures(made, profile.figures)[known]
    return left


def _binomial_error(share: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Standard error of a share, by that of two more successes and two more failures, so that it is never nought."""
    more = (share * of + 2) / (of + 4)
    error: np.ndarray = np.sqrt(more * (1 - more) / of)
    return error
