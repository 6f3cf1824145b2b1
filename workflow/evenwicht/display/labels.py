"""What ids are called when they are shown: a label where the cohort, its source or the study gives one."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import EventOutcome
from evenwicht.display.language import localised, message, say
from evenwicht.display.section import Row

MONTHS = (
    message("January"),
    message("February"),
    message("March"),
    message("April"),
    message("May"),
    message("June"),
    message("July"),
    message("August"),
    message("September"),
    message("October"),
    message("November"),
    message("December"),
)
YES, NO = message("yes"), message("no")


@dataclass(frozen=True)
class Labels:
    """Words for the keys of one study's rows.

    Attributes
    ----------
    book
        What the columns, outcomes and sectors of the cohort are called.
    contrasts
        Words by exposure and reference.
    subgroups
        Words by key of a part of the people.
    words
        Words by other keys of the study.
    """

    book: Codebook
    contrasts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    subgroups: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    def outcome(self, key: str) -> str:
        """What is measured."""
        described = self.book.outcomes.get(key) or self.book.sectors.get(key)
        return described.label if described else self._name(key)

    def contrast(self, exposure: str, reference: str) -> str:
        """What is compared."""
        known = self.contrasts.get((exposure, reference))
        if known is not None:
            return known
        first, *others = (self._name(part) for part in (exposure, reference) if part or not exposure)
        return against(first, *others)

    def subgroup(self, key: str) -> str:
        """Which part of the people."""
        part = self.subgroups.get(key) or self._parts.get(key)
        return part if part is not None else self._name(key)

    def at(self, outcome: str, key: str) -> str:
        """By which age or horizon, or in which window."""
        described = self.book.outcomes.get(outcome)
        if isinstance(described, EventOutcome):
            time = localised(key)
            if described.time == "age":
                return say("by age {age}", age=time)
            return (
                say("by {time} years", time=time) if described.unit == "years" else say("by {time} months", time=time)
            )
        if key in self.book.windows and key not in self._known:
            return say("window {window}", window=key)
        return self._name(key)

    def about(self, row: Row) -> str:
        """What a row compares, among whom, and by when."""
        parts = [self.contrast(row["exposure"], row["reference"])]
        if row.get("subgroup"):
            parts.append(self.subgroup(row["subgroup"]))
        if row.get("at"):
            parts.append(self.at(row["outcome"], row["at"]))
        return ", ".join(part for part in parts if part)

    @cached_property
    def _known(self) -> Mapping[str, str]:
        return {**self.book.words, **self.words}

    @cached_property
    def _parts(self) -> Mapping[str, str]:
        """Words for each level of each category and yes/no column; keys as in `studies.running`."""
        return {
            f"{name}={key}": f"{column.label}: {answer}"
            for name, column in self.book.columns.items()
            for key, answer in _answers(column).items()
        }

    def _name(self, key: str) -> str:
        column = self.book.columns.get(key)
        return self._known.get(key) or (column.label if column else spoken(key))


def _answers(column: Column) -> dict[str, str]:
    """Words by key of what a column says of a person, where that is one of few things."""
    if column.type == "boolean":
        return {"yes": answer(column, True), "no": answer(column, False)}
    return {level: column.level_label(level) for level in column.levels.values()} if column.type == "category" else {}


def answer(column: Column, yes: bool) -> str:
    """What a yes/no column says of a person."""
    return column.answer(yes) or say(YES if yes else NO)


def arms(contrast: Contrast, columns: Mapping[str, Column]) -> tuple[str, str]:
    """What the exposed and the reference are called."""
    column = columns[contrast.column]
    if contrast.per is not None:
        step = say("1 SD") if contrast.per == "sd" else f"{localised(f'{contrast.per:g}')} {column.unit}".strip()
        return f"+{step}", say("no change")
    if contrast.levels is not None:
        return column.level_label(contrast.levels[0]), column.level_label(contrast.levels[1])
    return answer(column, True), answer(column, False)


def cause(contrast: Contrast, columns: Mapping[str, Column]) -> str:
    """The exposure as the cause in a sentence; without the reference of a yes/no column."""
    name = columns[contrast.column].label
    return name if contrast.per is None and contrast.levels is None else f"{name}: {arms(contrast, columns)[0]}"


def comparison(contrast: Contrast, columns: Mapping[str, Column]) -> str:
    """A comparison in words."""
    exposed, unexposed = arms(contrast, columns)
    told = exposed if contrast.continuous else against(exposed, unexposed)
    return f"{columns[contrast.column].label}: {told}"


def against(exposed: str, reference: str = "") -> str:
    """Two that are compared; the first alone if there is no other."""
    return say("{exposed} vs {reference}", exposed=exposed, reference=reference) if reference else exposed


def spoken(key: str) -> str:
    """An id as words, for what has no label."""
    return key.replace("_", " ")


def in_words(date: dt.date) -> str:
    """A date as text, such as 1 July 1977."""
    return say("{day} {month} {year}", day=date.day, month=say(MONTHS[date.month - 1]), year=date.year)


def first_upper(text: str) -> str:
    """The text with a capital at its start, all else as it is."""
    return text[:1].upper() + text[1:]


def in_sentence(text: str) -> str:
    """The text as it stands within a sentence: with a small letter, but for abbreviations and single letters."""
    abbreviated = text[1:2].isupper() or not text[1:2].isalpha()
    return text if abbreviated else first_lower(text)


def first_lower(text: str) -> str:
    """The text with a small letter at its start, all else as it is."""
    return text[:1].lower() + text[1:]
