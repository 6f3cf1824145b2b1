"""The lines of a ledger in words, and the rows of each."""

from dataclasses import dataclass

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.display.labels import answer, arms, cause, first_upper
from evenwicht.display.language import message, say
from evenwicht.display.section import Found, Row
from evenwicht.studies.changes import READINGS, Line
from evenwicht.studies.ledger import Settings

CHANGES = ("change_in_cases", "change_in_sds")
GONE, INTRODUCED = message("gone"), message("introduced")


@dataclass(frozen=True)
class Side:
    """One line of the ledger.

    Attributes
    ----------
    exposure, reference
        Keys of its rows.
    about
        What it is, in words.
    by
        What happens to it, in words.
    level
        Individual or policy.
    """

    exposure: str
    reference: str
    about: str
    by: str
    level: str

    @property
    def told(self) -> str:
        """All of it in words."""
        return f"{first_upper(self.about)}: {self.by}"


def sides(study: Settings, book: Codebook) -> list[Side]:
    """Return every line of the ledger: exposures, policies, then levers in each reading of the evidence."""
    columns = [*((c, "individual") for c in study.contrasts(book)), *((c, "policy") for c in study.introduced(book))]
    return [
        *(side_of(contrast, level, book) for contrast, level in columns),
        *(
            Side(line.key, variant, _called(line, book), say(reading), "policy")
            for line in study.lines()
            for variant, reading in READINGS.items()
        ),
        *(
            Side(lever.name, variant, lever.label, say(reading), "policy")
            for lever in ([] if study.high_risk is None else [study.high_risk])
            for variant, reading in READINGS.items()
        ),
    ]


def _called(line: Line, book: Codebook) -> str:
    """What a lever is called, and among whom it is introduced if not among all."""
    if line.among is None:
        return line.called
    who = answer(book.columns[line.among.column], line.among.answer == "yes")
    return say("{lever}, where: {who}", lever=line.called, who=who)


def side_of(contrast: Contrast, level: str, book: Codebook) -> Side:
    keys, policy = (contrast.exposure, contrast.reference), level == "policy"
    if not contrast.continuous:
        return Side(*keys, cause(contrast, book.columns), say(INTRODUCED) if policy else say(GONE), level)
    step = arms(contrast, book.columns)[0].lstrip("+")
    by = say("{step} more", step=step) if policy else say("{step} less", step=step)
    return Side(*keys, book.columns[contrast.column].label, by, level)


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


def row_of(found: Found, outcome: str, side: Side, estimand: str, subgroup: str = "") -> Row | None:
    keys = {"exposure": side.exposure, "reference": side.reference, "subgroup": subgroup}
    return found.estimate(outcome=outcome, estimand=estimand, **keys)
