"""The lines of a ledger in words, and the rows of each."""

from evenwicht.base.codebook import Codebook
from evenwicht.display.language import say
from evenwicht.display.section import Found, Row
from evenwicht.studies import change_words
from evenwicht.studies.change_words import Side, row_of
from evenwicht.studies.changes import READINGS
from evenwicht.studies.ledger import Settings

CHANGES = ("change_in_cases", "change_in_sds")


def sides(study: Settings, book: Codebook) -> list[Side]:
    """Return every line of the ledger: all changes, and last the programme for those at the highest risk."""
    programme = [] if study.high_risk is None else [study.high_risk]
    return [
        *change_words.sides(study, book),
        *(
            Side(lever.name, variant, lever.label, say(reading), "policy")
            for lever in programme
            for variant, reading in READINGS.items()
        ),
    ]


def changes_of(study: Settings, book: Codebook, found: Found, outcome: str) -> list[Row]:
    """Return the change by each side of an outcome, with what it is `about`, its `level`, and what happens, `by`."""
    return [
        {**row, "about": side.about, "level": side.level, "by": side.by}
        for side in sides(study, book)
        if (row := change_of(found, outcome, side)) is not None
    ]


def change_of(found: Found, outcome: str, side: Side, subgroup: str = "") -> Row | None:
    rows = (row_of(found, outcome, side, estimand, subgroup) for estimand in CHANGES)
    return next((row for row in rows if row is not None), None)
