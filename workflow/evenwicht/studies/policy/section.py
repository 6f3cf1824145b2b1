"""What the report shows of a study of policies: the words for its methods, and what it claims."""

from dataclasses import replace

from evenwicht.base.codebook import Codebook
from evenwicht.display.section import Found
from evenwicht.studies import methods
from evenwicht.studies.claims import Claim, compared
from evenwicht.studies.policy import Settings

HEADING = "Policy"
METHODS = {
    "crude": methods.CRUDE.about("policy"),
    "regression": methods.REGRESSION.about("policy"),
    "standardisation": methods.STANDARDISATION.about("policy"),
}


def claims(study: Settings, book: Codebook, found: Found) -> list[Claim]:
    """A policy that chance gave to some is the surest; any other is as sure as its covariates make people alike."""
    told = compared(study, book, found, METHODS)
    return [replace(claim, design="randomised") for claim in told] if study.randomised else told
