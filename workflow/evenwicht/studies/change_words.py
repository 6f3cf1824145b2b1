"""Changes over all in words: what each line of a study of changes is about, and what happens to it."""

from dataclasses import dataclass

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.display.labels import answer, arms, cause, first_upper
from evenwicht.display.language import message, say
from evenwicht.display.section import Found, Row
from evenwicht.studies.changes import READINGS, ChangeStudy, Line

GONE, INTRODUCED = message("gone"), message("introduced")


@dataclass(frozen=True)
class Side:
    """One line of a study of changes.

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

    @property
    def keys(self) -> dict[str, str]:
        """Keys of its rows in everybody."""
        return {"exposure": self.exposure, "reference": self.reference, "subgroup": ""}


def sides(study: ChangeStudy, book: Codebook) -> list[Side]:
    """Return every line: exposures, policies, then levers in each reading of the evidence."""
    columns = [*((c, "individual") for c in study.contrasts(book)), *((c, "policy") for c in study.introduced(book))]
    return [
        *(side_of(contrast, level, book) for contrast, level in columns),
        *(
            Side(line.key, variant, _called(line, book), say(reading), "policy")
            for line in study.lines()
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


def row_of(found: Found, outcome: str, side: Side, estimand: str, subgroup: str = "") -> Row | None:
    """Return the row of one estimand of a line."""
    return found.estimate(outcome=outcome, estimand=estimand, **{**side.keys, "subgroup": subgroup})
