"""True concentration of use: in those who use most, by a childhood score, and what a change would take away.

Chance is that of sectors which have nothing to do with each other, within strata if the question has any; as people are
drawn independently, it has a closed form given the margins.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.exposures import NO, Contrast
from evenwicht.estimators.classification import auc
from evenwicht.estimators.concentration import (
    gini,
    group_share_of_use,
    high_need,
    several_sectors,
    top_share_of_use,
)
from evenwicht.estimators.distributions import at_least, midranks
from evenwicht.results.questions import ALL_CHANGES, Concentration, exactly_key, group_key, top_key
from evenwicht.worlds.arms import arms_of, step_of
from evenwicht.worlds.people import Draw, People
from evenwicht.worlds.scm import Values
from evenwicht.worlds.world import Intervention, Row, row

TOP_RISK = 0.2  # of people by childhood risk: a fifth


def concentration_arms(question: Concentration, people: People, draw: Draw) -> list[Values]:
    """The same people after each change alone, and after each with those before it; none if one is not known."""
    changes = [_change(contrast, people) for contrast in question.changes]
    known = [change for change in changes if change is not None]
    if len(known) < len(changes):
        return []
    together = [{name: value for change in known[: k + 1] for name, value in change.items()} for k in range(len(known))]
    return [draw(change) for change in [*known, *together[1:]]]


def _change(contrast: Contrast, people: People) -> Intervention | None:
    """Nobody has it, or a number is one step lower; None if it is no variable of the world."""
    natural = people.values
    if not contrast.continuous:
        arms = arms_of(people.world, contrast, natural, None)
        return None if arms is None else arms.unexposed
    if contrast.column not in natural or natural[contrast.column].dtype.kind not in "fiu":
        return None
    values = natural[contrast.column].astype(float)
    return {contrast.column: values - step_of(contrast, values, people.weights)}


def concentration_rows(question: Concentration, people: People) -> Iterator[Row]:
    """Yield all that is asked of the first window, and of others what their length changes."""
    world, (first, *others) = people.world, question.windows
    for window in (window for window in others if window in world.use):
        yield from spread_rows(question, people.values[world.use[window]], world.sectors, window)
    if first not in world.use:
        return
    use = people.values[world.use[first]]
    yield from spread_rows(question, use, world.sectors, first)
    about = _Use(question, use, world.sectors, people, first)
    yield from _all_groups(about)
    yield from _by_risk(about)
    yield from _without(about)


def spread_rows(question: Concentration, use: Floats, sectors: Sequence[str], at: str) -> Iterator[Row]:
    """Yield how some use, (n, sectors), concentrates in those who use most; `at` is the window of the rows."""
    for column, sector in zip(use.T, sectors, strict=True):
        index, users = gini(column), float((column > 0).mean())
        yield row("gini", index, outcome=sector, at=at)
        yield row("users_share", users, outcome=sector, at=at)
        yield row("gini_users", 1 - (1 - index) / users, outcome=sector, at=at)
        share = question.top_shares[0]
        yield row("top_share", top_share_of_use(column, share), outcome=sector, exposure=top_key(share), at=at)
    for share, least in question.groups[:1]:
        flags = np.column_stack([high_need(column, share) for column in use.T])
        yield from _group(group_key(share, least), several_sectors(flags, least), use, sectors, at)


def _group(key: str, group: Flags, use: Floats, sectors: Sequence[str], at: str) -> Iterator[Row]:
    yield row("group_share", group.mean(), outcome=key, at=at)
    for sector, share in zip(sectors, group_share_of_use(use, group), strict=True):
        yield row("group_use_share", share, outcome=sector, exposure=key, at=at)


@dataclass(frozen=True)
class _Use:
    """Use in the main window, (n, sectors): `at` is its key."""

    question: Concentration
    use: Floats
    sectors: Sequence[str]
    people: People
    at: str

    @cached_property
    def flags(self) -> dict[float, Flags]:
        """Who has high need in which sector, (n, sectors), by share of people."""
        return {
            share: np.column_stack([high_need(column, share) for column in self.use.T])
            for share in self.question.top_shares
        }


def _strata(question: Concentration, people: People) -> NDArray[np.int64] | None:
    """The stratum of each person, (n,); None if the world does not know them."""
    codes = np.zeros(people.n, dtype=np.int64)
    for column, parts in question.strata:
        variable = people.world.columns.get(column, column)
        if variable not in people.values:
            return None
        values = people.values[variable]
        if parts is not None:
            values = np.searchsorted(np.quantile(values, np.arange(1, parts) / parts), values)
        _, code = np.unique(values, return_inverse=True)
        codes = codes * (code.max() + 1) + code
    return codes


def _margins(flags: Flags, strata: NDArray[np.int64]) -> Iterator[tuple[Flags, Floats]]:
    """Yield the people of each stratum, (n,), and the share of them with high need in each sector."""
    for code in np.unique(strata):
        rows = strata == code
        yield rows, flags[rows].mean(axis=0)


def _all_groups(about: _Use) -> Iterator[Row]:
    """Every group beside chance; by number of sectors and by pairs of sectors for the main share of people."""
    question, use, sectors, at = about.question, about.use, about.sectors, about.at
    strata = _strata(question, about.people)
    for share in question.top_shares[1:]:
        for column, sector in zip(use.T, sectors, strict=True):
            yield row("top_share", top_share_of_use(column, share), outcome=sector, exposure=top_key(share), at=at)
    held = {} if strata is None else {share: _held(flags, use, strata) for share, flags in about.flags.items()}
    for share, least in question.groups:
        group, key = several_sectors(about.flags[share], least), group_key(share, least)
        if (share, least) != question.groups[0]:
            yield from _group(key, group, use, sectors, at)
        if strata is not None:
            size, by_chance = _by_chance(about.flags[share], least, held[share], strata)
            yield row("excess_group_share", group.mean() - size, outcome=key, at=at)
            for sector, excess in zip(sectors, group_share_of_use(use, group) - by_chance, strict=True):
                yield row("excess_use_share", excess, outcome=sector, exposure=key, at=at)
    if question.at_least:
        yield from _by_number(about, strata)
        yield from _by_pairs(about)


def _by_chance(flags: Flags, least: int, held: Floats, strata: NDArray[np.int64]) -> tuple[float, Floats]:
    """Expected size of a group, and its share of each sector's use, if sectors had nothing to do with each other.

    `held` is the use of people without and with high need in the sector, (strata, sectors, 2).
    """
    size, shared = 0.0, np.zeros(flags.shape[1])
    for of_stratum, (rows, margins) in zip(held, _margins(flags, strata), strict=True):
        size += float(rows.mean()) * at_least(least, margins)
        for j, (low, high) in enumerate(of_stratum):
            others = np.delete(margins, j)
            shared[j] += low * at_least(least, others) + high * at_least(least - 1, others)
    return size, shared / held.sum(axis=(0, 2))


def _held(flags: Flags, use: Floats, strata: NDArray[np.int64]) -> Floats:
    """Use of people without and with high need in each sector, (strata, sectors, 2)."""
    _, place = np.unique(strata, return_inverse=True)
    count = int(place.max()) + 1
    sums = [np.bincount(2 * place + high, used, 2 * count) for high, used in zip(flags.T, use.T, strict=True)]
    return np.stack([total.reshape(count, 2) for total in sums], axis=1)


def _by_number(about: _Use, strata: NDArray[np.int64] | None) -> Iterator[Row]:
    """People by their number of sectors, and that against chance."""
    top = about.question.top_shares[0]
    flags = about.flags[top]
    reached = flags.sum(axis=1)
    for count in range(len(about.sectors) + 1):
        share, keys = float((reached == count).mean()), {"outcome": exactly_key(top, count), "at": about.at}
        yield row("group_share", share, **keys)
        if strata is not None:
            chance = sum(
                float(rows.mean()) * (at_least(count, margins) - at_least(count + 1, margins))
                for rows, margins in _margins(flags, strata)
            )
            yield row("observed_expected_share", share / chance, **keys)


def _by_pairs(about: _Use) -> Iterator[Row]:
    """Odds ratios of high need in two sectors."""
    top = about.question.top_shares[0]
    flags = about.flags[top]
    for a, b in combinations(range(len(about.sectors)), 2):
        one, other = flags[:, a], flags[:, b]
        odds = (one & other).mean() * (~one & ~other).mean() / ((one & ~other).mean() * (~one & other).mean())
        keys = {"outcome": about.sectors[a], "exposure": about.sectors[b], "reference": top_key(top)}
        yield row("need_odds_ratio", odds, at=about.at, **keys)


def _by_risk(about: _Use) -> Iterator[Row]:
    """How far the score ranks use; nothing where it is no variable of the world."""
    name, people = about.question.risk, about.people
    if name is None or name not in people.values:
        return
    risk = people.values[name].astype(float)
    rank = (midranks(risk) - 0.5) / len(risk)
    top = risk > np.quantile(risk, 1 - TOP_RISK)
    for column, sector in zip(about.use.T, about.sectors, strict=True):
        keys = {"outcome": sector, "exposure": name, "at": about.at}
        index = _index(column, rank)
        yield row("concentration_index", index, **keys)
        yield row("risk_ranked_part", index / gini(column), **keys)
        yield row("top_risk_share", column[top].sum() / column.sum(), **keys)
    for share, least in about.question.groups[:1]:
        group = several_sectors(about.flags[share], least).astype(float)
        keys = {"outcome": group_key(share, least), "exposure": name, "at": about.at}
        index, mean = _index(group, rank), float(group.mean())
        yield row("auc", auc(risk, group > 0), **keys)
        yield row("concentration_index", index, **keys)
        yield row("erreygers_index", 4 * mean * index, **keys)
        yield row("wagstaff_index", index / (1 - mean), **keys)
        yield row("top_risk_share", group[top].sum() / group.sum(), **keys)


def _index(use: Floats, rank: Floats) -> float:
    """Concentration index: twice the covariance with the rank over the mean."""
    return float(2 * (np.mean(use * rank) - use.mean() * rank.mean()) / use.mean())


def _without(about: _Use) -> Iterator[Row]:
    """Share of use, and of the main group, that would not be there after each change; thresholds stay as they are."""
    question, people = about.question, about.people
    if not people.arms:
        return
    variable, p, outcomes = people.world.use[about.at], len(question.changes), list(about.sectors)
    cuts, least = None, 0
    for share, least in question.groups[:1]:
        cuts = np.where(about.flags[share], -np.inf, about.use).max(axis=0)
        outcomes.append(group_key(share, least))

    def means(values: Values) -> Floats:
        amounts = values[variable]
        mean: Floats = amounts.mean(axis=0)
        return mean if cuts is None else np.append(mean, several_sectors(amounts > cuts, least).mean())

    now = means(people.values)
    fractions = [1 - means(values) / now for values in people.arms]
    alone, together = fractions[:p], [np.zeros(len(outcomes)), fractions[0], *fractions[p:]]
    for k, contrast in enumerate(question.changes):
        for o, outcome in enumerate(outcomes):
            keys = {"outcome": outcome, "exposure": contrast.exposure, "reference": contrast.reference}
            yield row("attributable_fraction", alone[k][o], at=about.at, **keys)
            if p > 1:
                yield row("sequential_fraction", together[k + 1][o] - together[k][o], at=about.at, **keys)
    if p > 1:
        for outcome, fraction in zip(outcomes, together[-1], strict=True):
            keys = {"outcome": outcome, "exposure": ALL_CHANGES, "reference": NO}
            yield row("attributable_fraction", fraction, at=about.at, **keys)
