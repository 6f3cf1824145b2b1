"""What a comparison within families claims."""

from dataclasses import replace

from evenwicht.base.codebook import Codebook
from evenwicht.display.section import Found
from evenwicht.studies.claims import MEAN, REGRESSED, RISK, Claim, Leads, compared
from evenwicht.studies.siblings import Settings

LEADS: Leads = {"within": {MEAN: REGRESSED, RISK: REGRESSED}}


def claims(study: Settings, book: Codebook, found: Found) -> list[Claim]:
    """What brothers and sisters share cannot confound."""
    return [replace(claim, design="within_families") for claim in compared(study, book, found, LEADS)]
