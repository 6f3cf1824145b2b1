"""Methods that several kinds of study share, with their words."""

from evenwicht.display.section import Method

EVERYBODY = "average over all {n} people analysed"
MEAN, RISK = "mean_difference", "risk_difference"
POPULATION = {MEAN: "population_mean_difference", RISK: "population_risk_difference"}  # if nobody were exposed
CRUDE_ID = "crude"
# places among the methods that may lead; a linear model of a risk is biased where the outcome is rare and never leads
BY_DATE, STANDARDISED, WEIGHTED, REGRESSED, AS_THEY_ARE = range(1, 6)

CRUDE = Method(
    "crude",
    "people with and without the {cause} as they are; whatever else sets them apart is part of the result.",
    "{n} people, compared as they are",
    {MEAN: AS_THEY_ARE, RISK: AS_THEY_ARE},
)
REGRESSION = Method(
    "regression",
    "least squares with the {cause} and the covariates. For a yes/no outcome this is a linear model of the risk, which "
    "is biased where the outcome is rare, so it never leads. A hazard ratio comes from a Cox model.",
    "{n} people, compared as if alike in the covariates",
    {MEAN: REGRESSED},
)
STANDARDISATION = Method(
    "standardisation (g-formula)",
    "the outcome of everybody is predicted with and without the {cause}, and the difference is averaged over them.",
    EVERYBODY,
    {MEAN: STANDARDISED, RISK: STANDARDISED},
)
DESIGN_ANALYSIS = Method(
    "design analysis",
    "what a comparison of this size could find, worked out beforehand: power, type S and type M error.",
)
