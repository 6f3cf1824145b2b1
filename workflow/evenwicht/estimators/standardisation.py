"""Standardisation (the parametric g-formula) over an exposure."""

from collections.abc import Sequence

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.estimators.design import natural_spline, spline_degrees, standardised
from evenwicht.estimators.influence import Estimate, combined
from evenwicht.estimators.regression import Family, Fit, family_of, fit_model, with_intercept

# chance, (n,), of each of n people to have exposures, and these: (n,) or (n, p)
Regime = Sequence[tuple[Floats, Floats]]
NO_FIT = "the covariates predict some outcomes without error, so the outcome model has no finite fit"


def standardised_means(
    outcome: Floats,
    exposure: Floats,
    covariates: Floats,
    modifiers: Floats,
    *,
    binary: bool,
    weights: Floats | None = None,
) -> tuple[Estimate, Estimate]:
    """Mean outcome had everybody, and had nobody, been exposed.

    Source: Hernan and Robins, What If, section 13.3. The influence counts the covariates as drawn with the people, not
    as fixed.

    Parameters
    ----------
    outcome : (n,) array
    exposure : (n,) array of 0 and 1
    covariates : (n, k) array
    modifiers : (n, m) array
        Covariates whose product with the exposure enters the outcome model.
    binary
        Logistic outcome model if true, linear if false.
    weights : (n,) array, optional
        Probability weights; they enter the fit and the average.
    """
    model = OutcomeModel(outcome, exposure, covariates, modifiers, family_of(binary), weights)

    def mean_at(arm: int, name: str) -> Estimate:
        own = outcome[(exposure == arm) & (model.weights > 0)]
        everybody = np.full(len(outcome), float(arm))
        if len(own) == 0 or not model.determines(everybody):
            return Estimate(np.nan, np.full(len(outcome), np.nan), f"the modifiers leave no comparison for {name}")
        if binary and np.ptp(own) == 0:
            return Estimate(float(own[0]), np.zeros(len(outcome)), f"the outcome does not vary among {name}")
        return model.mean(everybody)

    return mean_at(1, "the exposed"), mean_at(0, "the unexposed")


def standardised_shift(
    outcome: Floats,
    exposure: Floats,
    covariates: Floats,
    modifiers: Floats,
    change: float,
    *,
    binary: bool,
    weights: Floats | None = None,
) -> tuple[Estimate, Estimate]:
    """Mean outcome had everybody's exposure been changed by so much, and as it is.

    In a linear model without modifiers the difference is the coefficient times the change. Source: Diaz Munoz and van
    der Laan 2012, Biometrics 68:541, for the effect of such a shift; the estimate is the parametric g-formula, whose
    influence counts exposure and covariates as drawn with the people.

    Parameters
    ----------
    exposure : (n,) array
        In any unit.
    change
        In that unit.
    outcome, covariates, modifiers, binary, weights
        As in `standardised_means`.
    """
    model = OutcomeModel(outcome, exposure, covariates, modifiers, family_of(binary), weights)
    if not model.determines(exposure + change):
        none = Estimate(np.nan, np.full(len(outcome), np.nan), "the exposure follows from the covariates")
        return none, none
    return model.mean(exposure + change), model.mean(exposure)


def standardised_pseudo_values(
    estimate: Estimate, exposure: Floats, covariates: Floats, most: float = 1.0, weights: Floats | None = None
) -> tuple[Estimate, Estimate]:
    """What everybody exposed, and nobody, would have on average, by a logistic model of jackknife pseudo-values.

    Source: Klein and Andersen 2005, Biometrics 61:223. Pseudo-values are those of the infinitesimal jackknife, with the
    mean of the estimate in all people. A linear model of them would be biased where ratios, rather than differences,
    are alike over people.

    Parameters
    ----------
    estimate
        Of all n people, from 0 to `most`, with the influence of each; without a value or an interval it is returned.
    exposure : (n,) array of 0 and 1
    covariates : (n, k) array
    most
        What the model takes shares of: 1 for a share itself, the horizon for years up to it.
    weights : (n,) array, optional
        Probability weights, as in the estimate.
    """
    total = float(len(exposure) if weights is None else weights.sum())
    pseudo = (estimate.value + total * estimate.influence) / most
    if estimate.reason or not np.isfinite(pseudo).all():
        return estimate, estimate
    given = pseudo, exposure, covariates, np.empty((len(exposure), 0))
    one, none = standardised_means(*given, binary=True, weights=weights)
    return combined(most * one.value, (most, one)), combined(most * none.value, (most, none))


class OutcomeModel:
    """A regression of the outcome on exposure, covariates and their products, and what it predicts for everybody.

    Parameters
    ----------
    outcome : (n,) array
    exposure : (n,) or (n, p) array
        Several act side by side.
    covariates : (n, k) array
    modifiers : (n, m) array
        Covariates whose product with the exposure enters.
    family
        Of the outcome.
    weights : (n,) array, optional
        Probability weights.
    curved
        Whether exposures are numbers that enter as natural splines; else as straight lines in the predictor.
    """

    def __init__(
        self,
        outcome: Floats,
        exposure: Floats,
        covariates: Floats,
        modifiers: Floats,
        family: Family,
        weights: Floats | None,
        curved: bool = False,
    ) -> None:
        self.weights = np.ones(len(outcome)) if weights is None else weights
        self.fixed, self.varying = with_intercept(covariates), standardised(modifiers)
        self.scales = [(float(column.mean()), float(column.std()) or 1.0) for column in np.atleast_2d(exposure.T)]
        self.natural = self.levels(exposure)
        self.degrees = [spline_degrees(level) if curved else 1 for level in self.natural]
        self.fit: Fit = fit_model(family, outcome, self.design(exposure), self.weights)

    def levels(self, exposure: Floats) -> list[Floats]:
        """Each exposure, (n,), in standard deviations from its mean."""
        columns = zip(np.atleast_2d(exposure.T), self.scales, strict=True)
        return [(column - origin) / unit for column, (origin, unit) in columns]

    def design(self, exposure: Floats) -> Floats:
        """Design at these exposures."""
        levels = self.levels(exposure)
        curves = [
            natural_spline(natural, df, "an exposure", level) if df > 1 else level
            for natural, df, level in zip(self.natural, self.degrees, levels, strict=True)
        ]
        return np.column_stack([self.fixed, *curves, *(level[:, None] * self.varying for level in levels)])

    def determines(self, exposure: Floats) -> bool:
        """Whether the data say what to predict for everybody at these exposures."""
        return self.fit.determines(self.design(exposure)[self.weights > 0])

    def mean(self, exposure: Floats) -> Estimate:
        """Mean prediction at these exposures."""
        return self.mean_under([(np.ones(len(exposure)), exposure)])

    def mean_under(self, regime: Regime, among: Floats | None = None) -> Estimate:
        """Mean prediction under a regime, over the people whom `among`, (n,) of 0 and 1, picks if it is given."""
        predicted = self.predicted(regime)
        counted = self.weights if among is None else self.weights * among
        total = counted.sum()
        mean = float(counted @ predicted / total)
        if self.fit.separated:
            return Estimate(mean, np.full(len(predicted), np.nan), NO_FIT)
        own = (predicted - mean) / total if among is None else among * (predicted - mean) / total
        return Estimate(mean, own + self.learnt(regime, counted / total))

    def predicted(self, regime: Regime) -> Floats:
        """What is to be expected of each person under a regime, (n,)."""
        total = np.zeros(len(self.fixed))
        for chance, exposure in regime:
            total += chance * self.fit.predict(self.design(exposure))
        return total

    def learnt(self, regime: Regime, weights: Floats) -> Floats:
        """Influence, (n,), that the fit has on the sum of weights, (n,), times what a regime leads to expect."""
        gradient = np.zeros(len(self.fit.params))
        for chance, exposure in regime:
            gradient += self.fit.gradient(self.design(exposure), weights * chance)
        return self.fit.influence(gradient)
