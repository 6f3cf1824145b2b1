"""How the people of a cohort are described in a table that leaves: from rounded counts, without small groups."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags
from evenwicht.disclosure.counts import Counts, Published
from evenwicht.disclosure.numbers import to_figures
from evenwicht.disclosure.profiles import Profile
from evenwicht.display.described import DATE, NONE_KNOWN, QUARTILES, SHARE, SIZE, standardised_difference

WITHHELD = "withheld"


def groups_of(values: pd.Series, arm: Flags | None) -> Iterator[tuple[str, pd.Series]]:
    """Yield each group that a table describes, with its values; see `display.described.described`."""
    yield "overall", values
    if arm is not None:
        yield "exposed", values[arm]
        yield "unexposed", values[~arm]


@dataclass(frozen=True)
class Noted:
    """Notes the counts that a description of people will hold, before any is published."""

    counts: Counts
    profile: Profile

    def __call__(self, statistic: str, values: pd.Series, arm: Flags | None) -> dict[str, object]:
        """Note the counts of one row; there is nothing to show yet."""
        groups = [part for _, part in groups_of(values, arm)]
        whole, *parts = (int(part.notna().sum()) for part in groups)
        self.counts.add_sum(whole, parts)
        self.counts.add(int(values.isna().sum()))
        if statistic == SHARE:
            had, *each = (int((part > 0).sum()) for part in groups)
            self.counts.add_sum(had, each)
            for part, known in zip((had, *each), (whole, *parts), strict=True):
                self.counts.add_part(part, known, self.profile)
        return {"statistic": statistic}


@dataclass(frozen=True)
class Safe:
    """Describes people as far as the rules allow: `WITHHELD` where they do not."""

    published: Published
    profile: Profile

    def __call__(self, statistic: str, values: pd.Series, arm: Flags | None) -> dict[str, object]:
        """Describe one column, or one level of it, in everybody and by arm."""
        told = {name: self._of(statistic, part.dropna()) for name, part in groups_of(values, arm)}
        row: dict[str, object] = {"statistic": statistic, **told}
        if arm is not None and statistic != SIZE:
            withheld = WITHHELD in told.values()
            row["standardised_difference"] = "" if withheld else standardised_difference(values[arm], values[~arm])
        return row

    def _of(self, statistic: str, known: pd.Series) -> str:
        size = self.published(len(known))
        if known.empty and not self.profile.zero_is_small:
            return NONE_KNOWN
        if not size:
            return WITHHELD
        if statistic == SIZE:
            return f"{size}"
        if statistic == SHARE:
            had = int((known > 0).sum())
            part = None if had == len(known) else self.published(had)  # nobody is told apart where all are alike
            return WITHHELD if part is None else f"{min(100 * part / size, 100):.1f}"
        if len(known) < self.profile.smallest_sum:
            return WITHHELD
        if statistic == DATE:
            return self._dates(known)
        numbers = known.to_numpy(dtype=float)
        if self._dominated(numbers):
            return WITHHELD
        mean, spread = to_figures(np.array([numbers.mean(), numbers.std(ddof=1)]), self.profile.figures)
        return f"{_plain(mean)} ({_plain(spread)})"

    def _dates(self, known: pd.Series) -> str:
        if not self.profile.quantiles or len(known) < self.profile.smallest * (len(QUARTILES) + 1):
            return WITHHELD
        lower, median, upper = (f"{known.quantile(q):%Y-%m}" for q in QUARTILES)
        return f"{median} ({lower} to {upper})"

    def _dominated(self, numbers: np.ndarray) -> bool:
        """Whether one or two people have most of a sum of amounts, by the rules of the profile."""
        if (numbers < 0).any() or not numbers.sum():
            return False
        second, largest = np.sort(numbers)[-2:] / numbers.sum()
        return self.profile.dominated(float(largest), float(second))


def _plain(value: float) -> str:
    return np.format_float_positional(value + 0.0, trim="-")
