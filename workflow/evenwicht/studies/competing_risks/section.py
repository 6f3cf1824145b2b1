"""What the report shows where another event can come first: stacked incidence, and both questions side by side."""

from evenwicht.display.section import Method
from evenwicht.studies import methods

HEADING = "When another event can come first"
METHODS = {
    "crude": methods.CRUDE.about("exposure"),
    "ipw": Method(
        "inverse probability weighting",
        "weights make the people with and without the exposure alike in the covariates.",
    ),
    "regression": methods.REGRESSION.about("exposure"),
}
