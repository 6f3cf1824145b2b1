"""All counts of one cohort that leave together: which are withheld, and how the others are rounded.

A count is known by its value: the same number in two tables is withheld in both or in none, and is rounded alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from evenwicht.base.errors import DataError
from evenwicht.disclosure.attack import Bounds, Sum, bounds_by_programmes, bounds_of_sums
from evenwicht.disclosure.profiles import Profile
from evenwicht.disclosure.rounding import Rounder
from evenwicht.disclosure.suppression import PROTECTION, hidden_cells

Block = tuple[str, ...]
Values = dict[int, int | None]


@dataclass
class Counts:
    """The true counts of a cohort in everything that leaves, with the sums among them.

    Attributes
    ----------
    shown
        Counts that tables hold.
    telling
        Counts that tell of a few people by what they leave over, such as all but three: withheld like small ones.
    sums
        Totals and their parts, of counts that tables hold, by block. An attacker sees all blocks, but does not know
        that a count of one is of the same people as another of the same size.
    """

    shown: set[int] = field(default_factory=set)
    telling: set[int] = field(default_factory=set)
    sums: dict[Block, set[Sum]] = field(default_factory=dict)

    def add(self, *counts: int) -> None:
        """Note counts that a table holds."""
        self.shown.update(map(int, counts))

    def add_sum(self, total: int, parts: Iterable[int], block: Block = ()) -> None:
        """Note counts that a table holds, and that one is the sum of the others."""
        parts = [int(part) for part in parts]
        self.add(total, *parts)
        parts = [part for part in parts if part]  # a count of nobody changes no sum
        if len(parts) > 1:
            self.sums.setdefault(block, set()).add((int(total), tuple(sorted(parts))))

    def add_part(self, part: int, whole: int, profile: Profile) -> None:
        """Note a count of some of these people, whose remainder no table holds."""
        self.add(part, whole)
        if 0 < whole - part < profile.smallest:
            self.telling.add(int(part))


@dataclass(frozen=True)
class Published:
    """What leaves of the counts of one cohort.

    Attributes
    ----------
    values
        By true count: the rounded one, or None if it is withheld.
    rounder
        By which it was rounded.
    small, beside
        How many different counts are withheld because they tell of few people, and how many to hide those.
    drawn_again
        How many counts were rounded again, since sums told them.
    """

    cohort: str
    values: Values
    rounder: Rounder
    small: int
    beside: int
    drawn_again: int

    def share(self, value: float, whole: float) -> float:
        """Return a share of people, from rounded counts; of those who have it there need be no count in a table.

        Not a number where there are so few people that they are rounded to nobody.
        """
        part, people = (self.rounder.rounded(self.cohort, round(count)) for count in (value * whole, whole))
        return min(part / people, 1.0) if people else float("nan")

    def __call__(self, count: int) -> int | None:
        """Return what is published in place of a true count."""
        return self.values[int(count)]


def published(cohort: str, counts: Counts, profile: Profile, rounder: Rounder) -> Published:
    """Withhold and round the counts of a cohort, so that sums tell none of them.

    An attacker is given more than there is: that equal counts of a block are of the same people.

    Raises
    ------
    DataError
        If some count cannot be hidden.
    """
    small = {count for count in counts.shown if profile.is_small(count)} | counts.telling
    hidden, drawn = set(small), 0
    blocks: list[list[Sum]] = [[], *(sorted(sums) for _, sums in sorted(counts.sums.items()))]  # each alone, first
    try:
        while True:
            values = {n: None if n in hidden else rounder.rounded(cohort, n) for n in sorted(counts.shown)}
            alone = _known(values, profile)
            found = [_told(values, alone, small, block, profile.base) for block in blocks]
            more = set[int]().union(*(_beside(told.bare[0], told.block, hidden) for told in found if told.bare))
            pinned = set[int]().union(*(told.pinned for told in found))
            if not (more or pinned):
                return Published(cohort, values, rounder, len(small), len(hidden - small), drawn)
            hidden |= more
            for count in sorted(pinned):
                rounder.again(cohort, count)
            drawn += len(pinned)
    except ValueError as error:
        fix = "Leave out the study or the columns with the fewest people, run again, and release that."
        raise DataError("small counts cannot be hidden among their sums", where=cohort, fix=fix) from error


@dataclass(frozen=True)
class _Told:
    """What a block of sums tells: small counts that are bare, and counts to draw again since one is known exactly."""

    block: Sequence[Sum]
    bare: list[int]
    pinned: set[int]


def _told(values: Values, alone: Bounds, small: set[int], block: Sequence[Sum], base: int) -> _Told:
    """What one sum tells is looked for first: to look at all of a block takes longer, and of one says the same."""
    members = {n for total, parts in block for n in (total, *parts)} if block else set(values)
    known = {n: alone[n] for n in members}
    bare, pinned = list[int](), set[int]()
    for attack in (bounds_of_sums, bounds_by_programmes)[: min(len(block), 2) or 1]:
        bounds = attack(known, block)
        bare = sorted(n for n in small & members if not _is_hidden(n, bounds))
        pinned = set() if bare else _pinned(values, alone, bounds, block, base)
        if bare or pinned:
            break
    return _Told(block, bare, pinned)


def _known(values: Values, profile: Profile) -> Bounds:
    """Between what each count lies for everybody who knows the rules."""
    reach = profile.base - 1
    bounds: dict[int, tuple[float, float]] = {}
    for count, value in values.items():
        if value is None:
            bounds[count] = (0.0, np.inf)
        elif value == 0 and count == 0:
            bounds[count] = (0.0, 0.0)
        else:
            bounds[count] = (max(value - reach, profile.smallest), value + reach)
    return bounds


def _is_hidden(count: int, bounds: Bounds) -> bool:
    low, high = bounds[count]
    return count - low >= min(PROTECTION, count) and high - count >= PROTECTION


def _beside(count: int, block: Sequence[Sum], hidden: set[int]) -> set[int]:
    """Further counts that hide this one: as few people as can be, of those in its sums."""
    sums = [one for one in block if count == one[0] or count in one[1]]
    cells = sorted({member for total, parts in sums for member in (total, *parts)})
    equations = np.zeros((len(sums), len(cells)))
    for row, (total, parts) in enumerate(sums):
        for part in parts:
            equations[row, cells.index(part)] += 1
        equations[row, cells.index(total)] -= 1
    found = hidden_cells(np.array(cells), equations, np.array([cell in hidden for cell in cells]))
    more = {cell for cell, flag in zip(cells, found, strict=True) if flag} - hidden
    if not more:  # hidden in its own sums, told by those of others
        others = [cell for cell in cells if cell not in hidden]
        if not others:
            raise ValueError("a small count cannot be hidden")
        more = {others[0]}
    return more


def _pinned(values: Values, alone: Bounds, bounds: Bounds, block: Sequence[Sum], base: int) -> set[int]:
    """Counts to draw again, since one is known exactly: itself if by its own value, else totals, itself, or parts."""
    can = {n for n, value in values.items() if value is not None and n % base}
    again: set[int] = set()
    for count in sorted(n for n, (low, high) in bounds.items() if n and values[n] is not None and high - low < 1):
        sums = [one for one in block if count == one[0] or count in one[1]]
        totals, parts = {total for total, _ in sums}, {part for _, parts in sums for part in parts}
        low, high = alone[count]
        again |= ({count} & can if low == high else set()) or (totals & can) or ({count} & can) or (parts & can)
    return again
