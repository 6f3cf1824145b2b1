"""What the report shows of a study of exposures: survival curves beside the comparison that every report leads with."""

from evenwicht.base.codebook import Codebook
from evenwicht.display.section import Found, Method
from evenwicht.studies import methods
from evenwicht.studies.claims import Claim, compared
from evenwicht.studies.exposure import Settings

HEADING = "Individual exposure"
METHODS = {
    "crude": methods.CRUDE.about("exposure"),
    "regression": methods.REGRESSION.about("exposure"),
    "ipw": Method(
        "inverse probability weighting",
        "weights make the people with and without the exposure alike in the covariates.",
        methods.EVERYBODY,
        {methods.MEAN: methods.WEIGHTED, methods.RISK: methods.WEIGHTED},
    ),
    "ipw_known_weights": Method("inverse probability weighting, weights as if known"),
    "standardisation": methods.STANDARDISATION.about("exposure"),
}


def claims(study: Settings, book: Codebook, found: Found) -> list[Claim]:
    """An exposure is as sure as its covariates make people alike."""
    return compared(study, book, found, METHODS)
