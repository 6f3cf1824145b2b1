"""Comparisons of siblings: what an exposure does within families, whatever families share.

Only families whose members differ say anything: in the exposure, and for a 0/1 outcome or a hazard also in the outcome.
They are not everybody, and an odds or hazard ratio within families is not that of the population (Frisell and others
2012, Epidemiology 23:713). What siblings do not share confounds as before.
"""

from dataclasses import dataclass, replace

import numpy as np

from evenwicht.base.arrays import Flags, Floats, Ints, Labels
from evenwicht.base.errors import ModelError
from evenwicht.estimators.conditional_logit import fit_conditional_logit
from evenwicht.estimators.cox import fit_cox
from evenwicht.estimators.cox_kernel import at_risk_sum, risk_sets
from evenwicht.estimators.linear import fit_linear
from evenwicht.estimators.person_time import codes, stratum_means
from evenwicht.estimators.results import Interval
from evenwicht.estimators.survival_data import SurvivalData

LEAST_FAMILIES = 20  # informative ones; with fewer, large-sample errors of a likelihood within families mean little
SAME = 1e-9  # share of a variable's variance, within families, that is no more than rounding


@dataclass(frozen=True)
class SiblingComparison:
    """An estimate within families, the number of families that it rests on, and of the people in them."""

    interval: Interval
    families: int
    people: int


def linear_fixed_effects(
    outcome: Floats,
    exposure: Floats,
    covariates: Floats | None = None,
    *,
    families: Labels,
    weights: Floats | None = None,
    where: str = "siblings",
) -> SiblingComparison:
    """Coefficient of an exposure in a linear model with a fixed effect for each family.

    Source: Wooldridge 2010, Econometric Analysis of Cross Section and Panel Data, section 10.5. Errors cluster by
    family, by the bias-reduced sandwich CR2 with Satterthwaite degrees of freedom. Fixed effects within the clusters
    change neither (Pustejovsky and Tipton 2018), so no other small-sample factor is needed.

    Parameters
    ----------
    outcome, exposure : (n,) arrays
    covariates : (n, k) array, optional
        Those that no two siblings differ in are left out: the fixed effects hold them.
    families : (n,) array
        Family of each person.
    weights : (n,) array, optional
        Probability weights, all positive.

    Raises
    ------
    ModelError
        If fewer than `LEAST_FAMILIES` families have members who differ in exposure, or the exposure follows from the
        covariates within families.
    """
    family = codes(families, "family", where)
    informative = _varies(exposure, family)
    found = _require_families(informative, family, "who differ in exposure", where)
    weight = np.ones(len(outcome)) if weights is None else weights
    total = np.bincount(family, weight)

    def within(values: Floats) -> Floats:
        return values - (np.bincount(family, weight * values) / total)[family]

    columns = _varying(_columns(exposure, covariates), family)
    fit = fit_linear(
        within(outcome),
        np.column_stack([within(column) for column in columns.T]),
        weights=weights,
        clusters=family,
        intercept=False,
        absorbed=len(total),
        where=where,
    )
    return SiblingComparison(fit.interval(0), *found)


def conditional_odds_ratio(
    outcome: Floats,
    exposure: Floats,
    covariates: Floats | None = None,
    *,
    families: Labels,
    where: str = "siblings",
) -> SiblingComparison:
    """Odds ratio of an exposure by conditional logistic regression within families.

    Source: Breslow and Day 1980, Statistical Methods in Cancer Research I, chapter 7. The error is model-based: given
    their family, siblings are independent. There is no version with sampling weights, which do not enter a likelihood
    given the number of cases.

    Parameters
    ----------
    outcome : (n,) array of 0 and 1
    exposure, covariates, families
        As in `linear_fixed_effects`.

    Returns
    -------
    SiblingComparison
        On the ratio scale; `se` is that of the log odds ratio.

    Raises
    ------
    ModelError
        If fewer than `LEAST_FAMILIES` families have members who differ in outcome and in exposure, or the likelihood
        has no maximum.
    """
    family = codes(families, "family", where)
    split = _varies(outcome, family)
    found = _require_families(split & _varies(exposure, family), family, "who differ in outcome and in exposure", where)
    rows = split[family]
    _, group = np.unique(family[rows], return_inverse=True)
    columns = _varying(_columns(exposure, covariates)[rows], group)
    fit = fit_conditional_logit(outcome[rows], columns, group, _names(columns), where)
    return SiblingComparison(Interval.normal(fit.params[0], float(np.sqrt(fit.covariance[0, 0]))).exp(), *found)


def stratified_hazard_ratio(
    data: SurvivalData,
    exposure: Floats,
    covariates: Floats | None = None,
    *,
    families: Labels,
    where: str = "siblings",
) -> SiblingComparison:
    """Hazard ratio of an exposure by a Cox model with a baseline hazard for each family (Efron ties).

    Source: Holt and Prentice 1974, Biometrika 61:17. The error is model-based; with sampling weights it is Lin and
    Wei's with each family as a cluster. Clusters of `data` are not used.

    Parameters
    ----------
    data
        Follow-up of n people.
    exposure, covariates, families
        As in `linear_fixed_effects`.

    Returns
    -------
    SiblingComparison
        On the ratio scale; `se` is that of the log hazard ratio.

    Raises
    ------
    ModelError
        If fewer than `LEAST_FAMILIES` families have an event while siblings of another exposure are at risk, or where
        `fit_cox` raises it.
    """
    family = codes(families, "family", where)
    informative = _compared_at_events(data, exposure, family, where)
    what = "with an event while a sibling of another exposure is at risk"
    found = _require_families(informative, family, what, where)
    columns = _varying(_columns(exposure, covariates), family)
    data = replace(data, clusters=None if data.weights is None else family)
    fit = fit_cox(data, columns, _names(columns), strata=family, where=where)
    return SiblingComparison(fit.hazard_ratio("exposure"), *found)


def _columns(exposure: Floats, covariates: Floats | None) -> Floats:
    return exposure[:, None] if covariates is None else np.column_stack([exposure, covariates])


def _names(columns: Floats) -> list[str]:
    return ["exposure", *(f"covariate {j}" for j in range(1, columns.shape[1]))]


def _varying(columns: Floats, family: Ints) -> Floats:
    """The first column, and those others in which siblings differ."""
    kept = [j == 0 or bool(_varies(column, family).any()) for j, column in enumerate(columns.T)]
    return columns[:, kept]


def _varies(values: Floats, family: Ints) -> Flags:
    """Whether members differ, by family."""
    order = np.argsort(family, kind="stable")
    start = np.searchsorted(family[order], np.arange(family.max() + 1))
    spread = np.maximum.reduceat(values[order], start) - np.minimum.reduceat(values[order], start)
    return np.asarray(spread > SAME * values.std())


def _compared_at_events(data: SurvivalData, exposure: Floats, family: Ints, where: str) -> Flags:
    """Whether the exposure varies among those at risk at some event, by family."""
    ever, sets = risk_sets(data, family, efron=False, where=where)
    level = exposure - stratum_means(exposure, family)
    level = (level / (level.std() or 1.0))[ever]
    there, first, second = (at_risk_sum(sets, level**power) for power in (0, 1, 2))
    return np.bincount(sets.stratum, second - first**2 / there > 1e-6, int(family.max()) + 1) > 0


def _require_families(informative: Flags, family: Ints, what: str, where: str) -> tuple[int, int]:
    """Numbers of informative families, and of people in them; ModelError if they are too few."""
    count = int(informative.sum())
    if count < LEAST_FAMILIES:
        raise ModelError(
            f"{count} families have members {what}; at least {LEAST_FAMILIES} are needed",
            where=where,
            fix="Compare people of different families, or take a wider definition of the exposure.",
        )
    return count, int(informative[family].sum())
