"""What a study of policies claims."""

from dataclasses import replace

from evenwicht.base.codebook import Codebook
from evenwicht.display.section import Found
from evenwicht.studies.claims import USUAL, Claim, compared
from evenwicht.studies.policy import Settings

LEADS = USUAL


def claims(study: Settings, book: Codebook, found: Found) -> list[Claim]:
    """A policy that chance gave to some is the surest; any other is as sure as its covariates make people alike."""
    told = compared(study, book, found, LEADS)
    return [replace(claim, design="randomised") for claim in told] if study.randomised else told
