"""What ids are called when they are shown: a label where the cohort, its source or the study gives one."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.outcomes import EventOutcome
from evenwicht.display.section import Row


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
        return known if known is not None else " vs ".join(self._name(part) for part in (exposure, reference) if part)

    def subgroup(self, key: str) -> str:
        """Which part of the people."""
        part = self.subgroups.get(key) or self._parts.get(key)
        return part if part is not None else self._name(key)

    def at(self, outcome: str, key: str) -> str:
        """By which age or horizon, or in which window."""
        described = self.book.outcomes.get(outcome)
        if isinstance(described, EventOutcome):
            return f"by age {key}" if described.time == "age" else f"by {key} {described.unit}"
        return f"window {key}" if key in self.book.windows and key not in self._known else self._name(key)

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
        return {"yes": column.answer(True), "no": column.answer(False)}
    return {level: column.level_label(level) for level in column.levels.values()} if column.type == "category" else {}


def spoken(key: str) -> str:
    """An id as words, for what has no label."""
    return key.replace("_", " ")


def in_words(date: dt.date) -> str:
    """A date as text, such as 1 July 1977."""
    return f"{date.day} {date:%B %Y}"


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
