"""Find what each kind of study claims; a kind that claims nothing has no such module."""

from collections.abc import Iterable

from evenwicht.base.codebook import Codebook
from evenwicht.display.section import Found
from evenwicht.studies.claims import Claim, Leads
from evenwicht.studies.parts import file_of_kind, part_of_kind
from evenwicht.studies.study import StudySettings


def claims(study: StudySettings, book: Codebook, found: Found) -> Iterable[Claim]:
    """Return what a study claims in everybody, each with the rows that judge it."""
    if not file_of_kind(study.kind, "claims").is_file():
        return []
    told: list[Claim] = part_of_kind(study.kind, "claims").claims(study, book, found.everybody)
    return told


def leads(study: StudySettings) -> Leads:
    """Return which methods of a study may lead; none of a kind that claims nothing."""
    if not file_of_kind(study.kind, "claims").is_file():
        return {}
    ranked: Leads = part_of_kind(study.kind, "claims").LEADS
    return ranked
