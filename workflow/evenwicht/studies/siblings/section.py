"""What the report shows of a comparison within families: the words for its methods, and what it claims."""

from dataclasses import replace

from evenwicht.base.codebook import Codebook
from evenwicht.display.section import Found, Method
from evenwicht.studies import methods
from evenwicht.studies.claims import Claim, compared
from evenwicht.studies.siblings import Settings

HEADING = "Within families"
METHODS = {
    "between": Method(
        "between families",
        "people of all families, whether or not their brothers and sisters differ in the exposure.",
    ),
    "within": Method(
        "within families",
        "brothers and sisters who differ in the exposure, by a fixed effect of each family.",
        "{n} people, compared with their brothers and sisters",
        dict.fromkeys((methods.MEAN, methods.RISK), methods.REGRESSED),
    ),
    "conditional_logit": Method(
        "within families, conditional logit",
        "brothers and sisters who differ in the exposure and in a yes/no outcome; others tell nothing.",
    ),
    "stratified_cox": Method(
        "within families, Cox model",
        "brothers and sisters who differ in the exposure, with a baseline hazard for each family.",
    ),
}


def claims(study: Settings, book: Codebook, found: Found) -> list[Claim]:
    """What brothers and sisters share cannot confound."""
    return [replace(claim, design="within_families") for claim in compared(study, book, found, METHODS)]
