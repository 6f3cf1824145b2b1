"""Augmented inverse probability weighting: right if either the outcome model or the propensity is."""

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.propensity import Propensity
from evenwicht.estimators.regression import family_of
from evenwicht.estimators.standardisation import NO_FIT, OutcomeModel


def doubly_robust_means(
    outcome: Floats, covariates: Floats, modifiers: Floats, propensity: Propensity, *, binary: bool
) -> tuple[Estimate, Estimate]:
    """Mean outcome had everybody, and had nobody, been exposed: predictions, corrected by weighted residuals.

    Source: Robins, Rotnitzky and Zhao 1994, Journal of the American Statistical Association 89:846. The influence has
    both estimated models in it, so that its error holds when one of them is wrong (Bang and Robins 2005, Biometrics
    61:962, for the estimate).

    Parameters
    ----------
    outcome : (n,) array
    covariates : (n, k) array
    modifiers : (n, m) array
        Covariates whose product with the exposure enters the outcome model.
    propensity
        Of the same n people; it carries the exposure and the probability weights.
    binary
        Logistic outcome model if true, linear if false.

    Returns
    -------
    tuple of Estimate
        Exposed, unexposed. An arm whose outcome does not vary or is predicted without error has a reason.
    """
    exposure, share = propensity.exposure, propensity.sampling / propensity.sampling.sum()
    model = OutcomeModel(outcome, exposure, covariates, modifiers, family_of(binary), propensity.sampling)
    chance = propensity.fit.fitted

    def mean_of(arm: int, name: str) -> Estimate:
        inside, of_arm = exposure == arm, chance if arm == 1 else 1 - chance
        everybody = np.full(len(outcome), float(arm))
        own = outcome[inside & (share > 0)]
        if not model.determines(everybody):
            return Estimate(np.nan, np.full(len(outcome), np.nan), f"the modifiers leave no comparison for {name}")
        if binary and np.ptp(own) == 0:
            return Estimate(float(own[0]), np.zeros(len(outcome)), f"the outcome does not vary among {name}")
        design = model.design(everybody)
        predicted = model.fit.predict(design)
        weight = inside / of_arm
        corrected = predicted + weight * (outcome - predicted)
        mean = float(share @ corrected)
        if model.fit.separated:
            return Estimate(mean, np.full(len(outcome), np.nan), NO_FIT)
        influence = (corrected - mean) / propensity.sampling.sum()
        influence = influence + model.fit.influence(model.fit.gradient(design, share * (1 - weight)))
        # the log odds of exposure raise the chance of the exposed and lower that of the others
        by_log_odds = -weight * (1 - of_arm) * (1 if arm == 1 else -1) * (outcome - predicted)
        influence = influence + propensity.fit.influence((share * by_log_odds) @ propensity.fit.columns)
        return Estimate(mean, influence, f"the outcome does not vary among {name}" if np.ptp(own) == 0 else "")

    return mean_of(1, "the exposed"), mean_of(0, "the unexposed")
