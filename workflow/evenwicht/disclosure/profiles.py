"""What holders of data ask of results that leave them, each value with its source and how well it is known."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from evenwicht.base.errors import ConfigError

FILE = Path(__file__).with_name("profiles.yaml")
HOLDER_DECIDES = (
    "This is a reading of published rules. The holder of the data decides what may leave; "
    "hand in the manifest with the results."
)


@dataclass(frozen=True)
class Profile:
    """Rules of one holder.

    Attributes
    ----------
    title
        Who holds the data.
    smallest
        Fewest people that a count may tell of.
    zero_is_small
        Whether a count of nobody is withheld too.
    base
        Counts are rounded at random to multiples of it.
    smallest_sum
        Fewest people behind a mean, a standard deviation or a quantile.
    quantiles
        Whether quantiles may leave at all.
    degrees_of_freedom
        Least residual degrees of freedom of a model.
    largest, two_largest
        Most that one person, and two together, may have of a sum of amounts.
    p_percent
        How near, in per cent, the second may come to the amount of the first by taking their own off a sum.
    most_in_class
        Share of a group in one class from which on a count is put up for review.
    figures
        Significant figures of estimates.
    sources
        Of each value: the value, its source and its tag.
    """

    name: str
    title: str
    smallest: int
    zero_is_small: bool
    base: int
    smallest_sum: int
    quantiles: bool
    degrees_of_freedom: int
    largest: float
    two_largest: float
    p_percent: float
    most_in_class: float
    figures: int
    sources: Mapping[str, Mapping[str, Any]]

    def is_small(self, count: int) -> bool:
        """Whether a count of people must be withheld."""
        return count < self.smallest if count or self.zero_is_small else False

    def dominated(self, largest: float, second: float) -> bool:
        """Whether one or two people have so much of a sum that it tells of them.

        Parameters
        ----------
        largest, second
            Shares of the sum. By the dominance rules, and by the p% rule: what all but the first two have is less than
            p% of what the first has (Hundepool et al. 2012, Statistical Disclosure Control, section 4.2).
        """
        rest = max(1 - largest - second, 0.0)
        return largest > self.largest or largest + second > self.two_largest or rest < self.p_percent / 100 * largest


@cache
def profiles() -> dict[str, Profile]:
    """Return all profiles by name."""
    import yaml

    read = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {name: _profile(name, dict(values)) for name, values in read.items()}


def profile(name: str) -> Profile:
    """Return one profile.

    Raises
    ------
    ConfigError
        If there is none of this name.
    """
    if name not in profiles():
        raise ConfigError("there is no such profile", where="--profile", fix=f"One of: {', '.join(profiles())}.")
    return profiles()[name]


def _profile(name: str, values: dict[str, Any]) -> Profile:
    title = values.pop("title")
    given = {field.name: values[field.name]["value"] for field in fields(Profile) if field.name in values}
    return Profile(name=name, title=title, sources=values, **given)
