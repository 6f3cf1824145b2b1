"""What the report shows of inequality."""

from evenwicht.display.section import Method
from evenwicht.studies import methods

HEADING = "Inequality"
METHODS = {
    "crude": methods.CRUDE.about("exposure"),
    "ipw": Method(
        "inverse probability weighting",
        "weights make the people with and without the exposure alike in the covariates.",
    ),
    "standardisation": methods.STANDARDISATION.about("exposure"),
    "ranks": Method(
        "line over ranks", "the outcome over everybody’s place in the order, 0 at the bottom, 1 at the top."
    ),
}
