"""What the report shows of a study of exposures: survival curves beside the comparison that every report leads with."""


from evenwicht.base.codebook import Codebook
from evenwicht.display.picture import Picture
from evenwicht.display.section import Found, Method, where
from evenwicht.studies import methods
from evenwicht.studies.claims import Claim, compared
from evenwicht.studies.exposure import Settings
from evenwicht.studies.exposure.figures import survival_figure

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


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw survival by each exposure, with panels for each time to an event."""
    curves = found.curve("survival")
    drawn = {}
    for number, contrast in enumerate(study.contrasts(book), start=1):
        lines = where(curves, exposure=contrast.exposure, reference=contrast.reference)
        if len(lines):
            drawn[f"survival_{number}"] = survival_figure(lines, contrast, book)
    return drawn


def claims(study: Settings, book: Codebook, found: Found) -> list[Claim]:
    """An exposure is as sure as its covariates make people alike."""
    return compared(study, book, found, METHODS)
