"""What ids are called when they are shown: a label where the cohort file gives one, else the id itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from evenwicht.base.codebook import Codebook
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
    """

    book: Codebook
    contrasts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    subgroups: Mapping[str, str] = field(default_factory=dict)

    def outcome(self, key: str) -> str:
        """What is measured."""
        described = self.book.outcomes.get(key) or self.book.sectors.get(key)
        return described.label if described else key

    def contrast(self, exposure: str, reference: str) -> str:
        """What is compared."""
        known = self.contrasts.get((exposure, reference))
        return known if known is not None else " vs ".join(part for part in (exposure, reference) if part)

    def subgroup(self, key: str) -> str:
        """Which part of the people."""
        return self.subgroups.get(key, key)

    def about(self, row: Row) -> str:
        """What a row compares, among whom, and by when."""
        parts = [self.contrast(row["exposure"], row["reference"])]
        if row.get("subgroup"):
            parts.append(self.subgroup(row["subgroup"]))
        if row.get("at"):
            parts.append(f"at {row['at']}")
        return ", ".join(part for part in parts if part)


def first_upper(text: str) -> str:
    """The text with a capital at its start, all else as it is."""
    return text[:1].upper() + text[1:]


def first_lower(text: str) -> str:
    """The text with a small letter at its start, all else as it is."""
    return text[:1].lower() + text[1:]
