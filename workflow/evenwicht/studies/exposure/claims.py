"""What a study of exposures claims."""

from evenwicht.base.codebook import Codebook
from evenwicht.display.section import Found
from evenwicht.studies.claims import MEAN, RISK, USUAL, WEIGHTED, Claim, Leads, compared
from evenwicht.studies.exposure import Settings

LEADS: Leads = {**USUAL, "ipw": {MEAN: WEIGHTED, RISK: WEIGHTED}, "aipw": {MEAN: WEIGHTED, RISK: WEIGHTED}}


def claims(study: Settings, book: Codebook, found: Found) -> list[Claim]:
    """An exposure is as sure as its covariates make people alike."""
    return compared(study, book, found, LEADS)
