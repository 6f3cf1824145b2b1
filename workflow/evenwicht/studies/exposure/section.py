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
        methods.PEOPLE,
    ),
    "ipw_known_weights": Method("inverse probability weighting, weights as if known"),
    "standardisation": methods.STANDARDISATION.about("exposure"),
    "aipw": Method(
        "doubly robust (AIPW)",
        "the predictions of standardisation, corrected by what inverse probability weighting finds left over. It is "
        "right if either of the two models is.",
        methods.PEOPLE,
    ),
    "modified_poisson": methods.MODIFIED_POISSON,
    "negative_binomial": methods.NEGATIVE_BINOMIAL,
    "two_part": Method(
        "two-part model",
        "of an amount that many people do not have: first whether there is any, then how much, put together for "
        "everybody with and without the exposure.",
    ),
}
