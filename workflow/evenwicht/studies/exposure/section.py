"""What the report shows of a study of exposures: survival curves beside the comparison that every report leads with."""

from evenwicht.display.section import Method
from evenwicht.studies import methods

HEADING = "Individual exposure"
METHODS = {
    "crude": methods.CRUDE.about("exposure"),
    "regression": methods.REGRESSION.about("exposure"),
    "ipw": Method(
        "inverse probability weighting",
        "weights make the people with and without the exposure alike in the covariates.",
    ),
    "ipw_known_weights": Method("inverse probability weighting, weights as if known"),
    "standardisation": methods.STANDARDISATION.about("exposure"),
}
