"""How the people of a cohort are described in a table that leaves: from rounded counts, without small groups."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags
from evenwicht.disclosure.counts import Counts, Published
from evenwicht.disclosure.numbers import to_figures
from evenwicht.disclosure.profiles import Profile
from evenwicht.display.described import DATE, NONE_KNOWN, QUARTILES, SHARE, SIZE

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
        row: dict[str, object] = {"statistic": statistic, **{name: one.text for name, one in told.items()}}
        if arm is not None and statistic != SIZE:
            row["standardised_difference"] = _difference(told["exposed"], told["unexposed"])
        return row

    def _of(self, statistic: str, known: pd.Series) -> "_Told":
        size = self.published(len(known))
        if known.empty and not self.profile.zero_is_small:
            return _Told(NONE_KNOWN)
        if not size:
            return _Told(WITHHELD)
        if statistic == SIZE:
            return _Told(f"{size}")
        if statistic == SHARE:
            had = int((known > 0).sum())
            part = None if had == len(known) else self.published(had)  # nobody is told apart where all are alike
            if part is None:
                return _Told(WITHHELD)
            share = min(part / size, 1.0)
            return _Told(f"{100 * share:.1f}", share, share * (1 - share))
        if len(known) < self.profile.smallest_sum:
            return _Told(WITHHELD)
        if statistic == DATE:
            return _Told(self._dates(known))
        numbers = known.to_numpy(dtype=float)
        if self._dominated(numbers):
            return _Told(WITHHELD)
        mean, spread = to_figures(np.array([numbers.mean(), numbers.std(ddof=1)]), self.profile.figures)
        return _Told(f"{_plain(mean)} ({_plain(spread)})", float(mean), float(spread**2))

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


@dataclass(frozen=True)
class _Told:
    """What is said of a group, and the mean and variance that it says, if any."""

    text: str
    mean: float = np.nan
    variance: float = np.nan


def _difference(exposed: _Told, unexposed: _Told) -> str:
    """Standardised difference of what is said; empty where a group says no mean."""
    pooled = np.sqrt((exposed.variance + unexposed.variance) / 2)
    return f"{(exposed.mean - unexposed.mean) / pooled:.2f}" if pooled > 0 else ""


def _plain(value: float) -> str:
    return np.format_float_positional(value + 0.0, trim="-")
