"""What the report shows of a comparison within families: the words for its methods, and what it claims."""

from evenwicht.display.section import Method
from evenwicht.studies import methods

HEADING = "Within families"
METHODS = {
    "between": Method(
        "between families",
        "people of all families, whether or not their brothers and sisters differ in the exposure.",
        methods.PEOPLE,
    ),
    "within": Method(
        "within families",
        "brothers and sisters who differ in the exposure, by a fixed effect of each family.",
        methods.SIBLINGS,
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
