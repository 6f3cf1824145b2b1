"""Numbers with the source they rest on: one value, a sweep where nobody knows the value, or either by third of SES."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, model_validator
from pydantic import Tag as Form

from evenwicht.base.names import Strict

Point = Literal["low", "mid", "high"]
Tag = Annotated[
    Literal["V", "M-hi", "M-mid", "M-lo", "C", "D", "S", "assumed"],
    Field(
        description="How the number is known. V: read in the source. C: computed from numbers of the source. D: one of "
        "the published figures that worlds are compared with. M-hi, M-mid, M-lo: remembered, with high, middle or low "
        "confidence. S: a range chosen after reading the evidence. assumed: measured nowhere"
    ),
]
ENDS: tuple[Point, Point] = ("low", "high")
CHOSEN = ("S", "assumed")
WEAK = "M-lo"


class Sourced(Strict):
    """What every number, and every finding of nothing, says of itself."""

    source: Annotated[str, Field(min_length=1)] = Field(description="Authors or journal, with the year")
    tag: Tag


class Value(Sourced):
    """A number that a source gives."""

    value: float = Field(description="The number")

    @model_validator(mode="after")
    def _was_found_somewhere(self) -> "Value":
        if self.tag in CHOSEN:
            raise ValueError(
                f"{self.value:g} has the tag {self.tag}: a number that no source gives is a sweep, "
                "{low: ..., mid: ..., high: ...}"
            )
        return self


class Sweep(Sourced):
    """A range within which a number may lie, with a middle."""

    low: float = Field(description="Lowest value that is tried")
    mid: float = Field(description="Value used where one is needed")
    high: float = Field(description="Highest value that is tried")

    @model_validator(mode="after")
    def _is_in_order(self) -> "Sweep":
        if not self.low <= self.mid <= self.high or self.low == self.high:
            raise ValueError(
                f"low {self.low:g}, mid {self.mid:g} and high {self.high:g} must be in order, and low below high"
            )
        return self


def _form(data: object) -> str:
    keys = set(data if isinstance(data, Mapping) else getattr(type(data), "model_fields", ()))
    if "middle" in keys:
        return "by_third"
    return "sweep" if keys & {"low", "mid", "high"} else "one_value"


Figure = Annotated[Annotated[Value, Form("one_value")] | Annotated[Sweep, Form("sweep")], Discriminator(_form)]


class ByThird(Strict):
    """A number of its own for each third of family SES."""

    low: Figure = Field(description="In the third of families with the lowest SES")
    middle: Figure = Field(description="In the middle third")
    high: Figure = Field(description="In the highest third")

    @property
    def parts(self) -> tuple[Value | Sweep, Value | Sweep, Value | Sweep]:
        """The three numbers, from the lowest third."""
        return self.low, self.middle, self.high


Amount = Annotated[
    Annotated[Value, Form("one_value")] | Annotated[Sweep, Form("sweep")] | Annotated[ByThird, Form("by_third")],
    Discriminator(_form),
]


def parts(amount: Value | Sweep | ByThird) -> tuple[Value | Sweep, Value | Sweep, Value | Sweep]:
    """Return the number in each third of SES, from the lowest."""
    return amount.parts if isinstance(amount, ByThird) else (amount, amount, amount)


def at(figure: Value | Sweep, point: Point) -> float:
    """Return a number at one point of its range; a value is the same at all."""
    if isinstance(figure, Value):
        return figure.value
    return {"low": figure.low, "mid": figure.mid, "high": figure.high}[point]


def ends(amount: Value | Sweep | ByThird) -> tuple[float, float]:
    """Return the least and the greatest number that it may be, in any third."""
    within = [at(part, end) for part in parts(amount) for end in ENDS]
    return min(within), max(within)


def in_thirds(amount: Value | Sweep | ByThird, point: Point = "mid") -> tuple[float, float, float]:
    """Return a number as it is in each third of SES, from the lowest.

    Parameters
    ----------
    amount
        One number for all, or one for each third.
    point
        Which value of a sweep is taken.

    Examples
    --------
    >>> in_thirds(Value(value=0.47, source="Chetty, Hendren and Katz 2016", tag="V"))
    (0.47, 0.47, 0.47)
    """
    low, middle, high = (at(part, point) for part in parts(amount))
    return low, middle, high


def sourced(section: object, path: str = "") -> Iterator[tuple[str, Sourced]]:
    """Yield everything with a source in a section of settings, with the path of its key within the section."""
    if isinstance(section, Sourced):
        yield path, section
    elif isinstance(section, Strict):
        for key in type(section).model_fields:
            yield from sourced(getattr(section, key), f"{path}.{key}" if path else key)


def _all_within(amount: Value | Sweep | ByThird, lowest: float) -> Value | Sweep | ByThird:
    least, most = ends(amount)
    if not lowest <= least <= most <= 1:
        goes = f"is {least:g}" if least == most else f"goes from {least:g} to {most:g}"
        raise ValueError(f"a share lies between {lowest:g} and 1, and this {goes}")
    return amount


def _share(amount: Value | Sweep | ByThird) -> Value | Sweep | ByThird:
    return _all_within(amount, 0)


def _change_of_share(amount: Value | Sweep | ByThird) -> Value | Sweep | ByThird:
    return _all_within(amount, -1)


ShareAmount = Annotated[Amount, AfterValidator(_share)]
ShareChange = Annotated[Figure, AfterValidator(_change_of_share)]
