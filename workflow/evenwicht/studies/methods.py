"""Methods that several kinds of study share, with their words."""

from evenwicht.display.language import message
from evenwicht.display.section import Method

PEOPLE = message("People who differ in it")
SIBLINGS = message("Brothers and sisters who differ in it")
CRUDE = Method(
    "crude",
    "people with and without the {cause} as they are; whatever else sets them apart is part of the result.",
    PEOPLE,
    as_they_are=True,
)
REGRESSION = Method(
    "regression",
    "least squares with the {cause} and the covariates. For a yes/no outcome this is a linear model of the risk, which "
    "is biased where the outcome is rare, so it never leads. A hazard ratio comes from a Cox model.",
    PEOPLE,
)
STANDARDISATION = Method(
    "standardisation (g-formula)",
    "the outcome of everybody is predicted with and without the {cause}, and the difference is averaged over them.",
    PEOPLE,
)
MODIFIED_POISSON = Method(
    "modified Poisson regression",
    "a ratio of risks, or of mean counts, given the covariates, with errors that do not rely on the Poisson law.",
)
NEGATIVE_BINOMIAL = Method(
    "negative binomial regression",
    "a ratio of mean counts given the covariates, where counts vary more than chance alone makes them.",
)
DESIGN_ANALYSIS = Method(
    "design analysis",
    "what a comparison of this size could find, worked out beforehand: power, type S and type M error.",
)
