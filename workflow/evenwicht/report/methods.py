"""What the methods of a run do, in plain words: only those that made one of its estimates."""

from dataclasses import dataclass

import pandas as pd

from evenwicht.report.wording import METHOD_LABELS


@dataclass(frozen=True)
class Explained:
    """A method as it is used at one level, or in one study where the same method means something else."""

    section: str
    level: str
    method: str
    text: str


INDIVIDUAL = "Individual exposure"
POLICY = "Policy"
BIRTHS = "Births around a date or in a window"
EVENT_STUDY = "Event study by date of birth"
CONCENTRATION = "Concentration of use"
# methods of both levels, told of the exposure or of the policy
SHARED = {
    "crude": "people with and without the {cause} as they are; whatever else sets them apart is part of the result.",
    "regression": "least squares with the {cause} and the covariates. For a yes/no outcome this is a linear model of "
    "the risk, which is biased where the outcome is rare, so it never leads. A hazard ratio comes from a Cox model.",
    "ipw": "weights make the people with and without the {cause} alike in the covariates.",
    "gformula": "the g-formula: the outcome of everybody is predicted with and without the {cause}, and the difference "
    "is averaged over everybody.",
}

GLOSSARY = [
    *(Explained(INDIVIDUAL, "individual", m, text.format(cause="exposure")) for m, text in SHARED.items()),
    *(Explained(POLICY, "policy", m, text.format(cause="policy")) for m, text in SHARED.items()),
    Explained(
        POLICY,
        "policy",
        "iv",
        "the policy moves the individual exposure, and the outcome only through it; the estimate is their ratio. The "
        "first-stage F tells how much it moves the exposure; the Anderson–Rubin set is valid even if that is little.",
    ),
    Explained(
        POLICY,
        "policy",
        "iv_unadjusted",
        "the same as textbooks print it: without covariates, with equal variances and people taken as independent.",
    ),
    Explained(
        BIRTHS,
        "policy",
        "did",
        "births of the same dates in the spared region show what would have happened without the exposure.",
    ),
    Explained(
        BIRTHS, "policy", "rd", "births just after the date against births just before it, each with its own line."
    ),
    Explained(
        BIRTHS, "policy", "rd_donut", "the same without births so near the date that they could have been moved."
    ),
    Explained(
        BIRTHS,
        "policy",
        "same_dates",
        "births after against births before the date, less the same difference in years without a reform.",
    ),
    Explained(
        BIRTHS,
        "policy",
        "same_dates_donut",
        "the same without births so near the date that they could have been moved.",
    ),
    Explained(BIRTHS, "policy", "density", "births after over births before the date, against other years."),
    Explained(BIRTHS, "policy", "design_analysis", "what a comparison of this size could find, worked out beforehand."),
    Explained(
        EVENT_STUDY,
        "policy",
        "cox",
        "hazard ratios of births by exposure, with delayed entry where people enter late. Few months of birth carry "
        "them, and degrees of freedom follow from these.",
    ),
    Explained(
        EVENT_STUDY,
        "policy",
        "gompertz",
        "delay of onset and absolute effects, averaged over the covariates of everybody.",
    ),
    Explained(CONCENTRATION, "population", "observed", "statistics of use as recorded."),
    Explained(CONCENTRATION, "population", "poisson_null", "what chance gives if everybody has the same rate."),
    Explained(
        CONCENTRATION, "population", "permutation_null", "what chance gives if each sector is shuffled over people."
    ),
]


def methods_used(estimates: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return the explanation of each method of these estimate rows, by section and by name of the method."""
    used = set(estimates[["level", "method"]].itertuples(index=False, name=None))
    sections: dict[str, dict[str, str]] = {}
    for entry in GLOSSARY:
        if (entry.level, entry.method) in used:
            label = METHOD_LABELS[entry.method]
            sections.setdefault(entry.section, {})[label[0].upper() + label[1:]] = entry.text
    return sections
