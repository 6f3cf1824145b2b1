"""People of a twin: who belongs together, what comes before outcomes, and outcomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.worlds.scm import Noise
from evenwicht.worlds.twin.births import decided
from evenwicht.worlds.twin.dependence import WHOLE, Structure, root_of
from evenwicht.worlds.twin.effects import Sizes, logarithms, moved_by
from evenwicht.worlds.twin.margins import centre_of, scores_of, values_of
from evenwicht.worlds.twin.settings import AnyMargin, Births, Group, Levels, TwinWorld, YesNo

LEAST_RISK = 1e-6


@dataclass(frozen=True)
class Together:
    """People in groups.

    Attributes
    ----------
    place : (n,) array
        Group of each.
    group
        In what they are alike.
    """

    place: Ints
    group: Group


def groups_of(source: TwinWorld, n: int, rng: np.random.Generator) -> dict[str, Together]:
    """Return who belongs with whom: whole groups of one column lie in one group of the column before it."""
    found: dict[str, Together] = {}
    inner: Ints = np.arange(n)
    for name, group in reversed(source.groups.items()):
        inner = _placed(group, inner, rng)
        found[name] = Together(inner, group)
    return dict(reversed(found.items()))


def _placed(group: Group, inner: Ints, rng: np.random.Generator) -> Ints:
    """Group of each person, (n,): units that stay together are dealt into groups of the sizes that there are."""
    sizes = np.array([size for size, _ in group.sizes])
    shares = np.array([share for _, share in group.sizes], dtype=float)
    shares /= shares.sum()
    count = max(1, round(len(inner) / float(sizes @ shares)))
    # every size as often as its share says, in any order
    wanted = np.repeat(sizes, np.diff(np.rint(np.cumsum(shares) * count), prepend=0).astype(int))
    ends = np.cumsum(rng.permutation(wanted))
    members = np.bincount(inner)
    start = np.cumsum(members) - members
    unit = np.minimum(np.searchsorted(ends, start + members / 2), len(ends) - 1)
    return np.asarray(np.unique(unit, return_inverse=True)[1])[inner]


def normal_numbers(covariance: Floats, shared: Sequence[tuple[Ints, Floats]], noise: Noise) -> Floats:
    """Return normal numbers with this covariance, (n, k), parts of which are the same in everybody of a group.

    Parameters
    ----------
    covariance : (k, k)
    shared
        For each kind of group, the group of everybody, (n,), and the covariance of what it shares, (k, k).
    """
    own = covariance - sum((part for _, part in shared), np.zeros(covariance.shape))
    some = np.diag(own) > 1e-9  # else a column is of groups alone
    root = root_of(np.where(np.outer(some, some), own, 0.0))
    reached = (root**2).sum(axis=1)
    numbers = noise.normal(len(covariance)) @ root.T
    for place, part in shared:
        members, root = np.bincount(place), root_of(part)
        of_groups = noise.rng.standard_normal((len(members), len(covariance))) @ root.T
        for column in np.flatnonzero(np.diag(part) >= WHOLE * np.diag(covariance)):
            of_groups[:, column] = _spread_over(of_groups[:, column], members) * np.sqrt(part[column, column])
        numbers += of_groups[place]
        reached = reached + (root**2).sum(axis=1)
    # rounded parts may be those of no numbers; raised to such, they are too large
    return np.asarray(numbers * np.sqrt(np.diag(covariance) / np.maximum(reached, 1e-9)))


def _spread_over(numbers: Floats, members: Ints) -> Floats:
    """Return normal numbers of groups in the same order, (groups,), even over people.

    As many people as in the cohort then live in a group with a policy, however few the groups.
    """
    order = np.argsort(numbers)
    upto = np.cumsum(members[order])
    even = np.empty(len(numbers))
    even[order] = ndtri((upto - members[order] / 2) / upto[-1])
    return even


def from_background(
    structure: Structure,
    name: str,
    place: int,
    sizes: Sizes,
    additive: bool,
    causes: Sequence[str],
    noise: Noise,
    numbers: Floats,
    *given: NDArray[Any],
) -> NDArray[Any]:
    """Return a column from its normal number, and from the effects of other exposures."""
    values = dict(zip(causes, given, strict=True))
    return _with_effects(structure, name, numbers[:, place], 1.0, sizes, additive, values, noise)


def outcome_of(
    structure: Structure,
    name: str,
    sizes: Sizes,
    shifts: Sizes,
    additive: bool,
    causes: Sequence[str],
    noise: Noise,
    rest: Floats,
    *given: NDArray[Any],
) -> NDArray[Any]:
    """Return an outcome from the scores of what comes before it, what is left, and the effects that are put in."""
    part, values = structure.outcomes, dict(zip(causes, given, strict=True))
    number = score_of(structure, part.kept(name), values, noise.n) + rest[:, part.names.index(name)]
    spread = part.spread(name)
    number = number / spread + moved_by(structure.source, shifts, values, noise.n)
    return _with_effects(structure, name, number, spread, sizes, additive, values, noise)


def score_of(structure: Structure, sizes: Mapping[str, float], values: Mapping[str, NDArray[Any]], n: int) -> Floats:
    """Return a sum of scores with these coefficients, (n,)."""
    total = np.zeros(n)
    for name, size in sizes.items():
        if size:
            total += size * scores_of(structure.margins[name], values[name])
    return total


def _with_effects(
    structure: Structure,
    name: str,
    number: Floats,
    spread: float,
    sizes: Sizes,
    additive: bool,
    values: Mapping[str, NDArray[Any]],
    noise: Noise,
) -> NDArray[Any]:
    """Values of standard normal numbers, which had this SD before, moved by effects."""
    margin = structure.margins[name]
    if isinstance(margin, YesNo):
        risk = margin.share + moved_by(structure.source, sizes, values, noise.n)
        return np.asarray(ndtr(number) > 1 - np.clip(risk, LEAST_RISK, 1 - LEAST_RISK))
    made = values_of(margin, number)
    if isinstance(margin, Levels | Births) or (not sizes and spread == 1):
        return made
    if not additive:
        ratio = np.exp(moved_by(structure.source, logarithms(sizes), values, noise.n))
        return np.asarray(np.floor(made * ratio + noise.uniform()) if margin.whole else made * ratio)
    if not (margin.logarithmic or margin.zeros):
        # without what exposures add, people differ by less
        made = centre_of(margin) + spread * (made - centre_of(margin))
    return np.asarray(made + moved_by(structure.source, sizes, values, noise.n))


def decided_by_birth(births: Births, name: str, _: Noise, days: Floats, *among: Flags) -> NDArray[Any]:
    """Return a column that the date of birth decides, (n,), in those of a yes/no column if there is one."""
    made = decided(births, name, days)
    for flags in among:
        made = np.where(flags, made, 0.0)
    return made > 0 if births.decides[name].flag else made


def column_of(margin: AnyMargin, values: NDArray[Any], seen: Flags | None) -> Any:
    """Return a column as the persons table holds it."""
    if isinstance(margin, Births):
        return pd.Series(values.astype("datetime64[D]").astype("datetime64[ns]"))
    if isinstance(margin, YesNo):
        made = pd.Series(values, dtype="boolean")
    elif isinstance(margin, Levels):
        made = pd.Series(pd.Categorical(values, categories=list(margin.shares)))
    else:
        made = pd.Series(np.rint(values)).astype("Int64") if margin.whole else pd.Series(values.astype(float))
    return made if seen is None else made.where(seen)
