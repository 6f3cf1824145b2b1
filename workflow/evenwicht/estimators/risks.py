"""Risk of everybody with a 0/1 exposure, of everybody without, and their difference, all from one model.

A mean prediction over people errs by the model given their covariates, and by which people were drawn. Where the model
is right the two are uncorrelated, so that their variances add up; degrees of freedom are then Satterthwaite's (1946,
Biometrics Bulletin 2:110). Differences of a linear model have the first part alone.
"""

from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Floats, Labels
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.linear import fit_linear
from evenwicht.estimators.results import Error, Interval


@dataclass(frozen=True)
class Risks:
    """What one model says of everybody: the difference, and the risks that it is the difference of."""

    difference: Interval
    exposed: Interval
    unexposed: Interval

    @classmethod
    def not_estimable(cls, reason: str) -> "Risks":
        """Return what stands where no number can: the reason."""
        none = Interval.not_estimable(reason)
        return cls(none, none, none)


def mean_risk(predicted: Floats, model: Error, sampling: Sampling) -> Interval:
    """Mean of the risks that a model predicts for people who were drawn, with its 95% interval.

    Parameters
    ----------
    predicted : (n,) array
        Risk of each person.
    model
        Error of their mean given their covariates.
    sampling
        How people were drawn.

    Returns
    -------
    Interval
        Not estimable if the mean is no probability, as that of a linear model need not be.
    """
    mean = float(np.average(predicted, weights=sampling.weights))
    if not 0 <= mean <= 1:
        return Interval.not_estimable("the model predicts a mean risk below 0 or above 1")
    if model.reason:
        return Interval(mean, reason=model.reason)
    drawn = sampling.standard_error((predicted - mean) / sampling.weights.sum())
    variance, doubt = model.se**2 + drawn**2, model.se**4 / model.df + drawn**4 / sampling.df
    return Interval.risk(mean, float(np.sqrt(variance)), variance**2 / doubt if doubt > 0 else np.inf)


def crude_risk(
    outcome: Floats, exposure: Floats, *, weights: Floats | None = None, clusters: Labels | None = None
) -> Interval:
    """Risk as things are, given who is exposed.

    Whom a policy reaches is set by a date or a place and not drawn with the people: whole clusters differ by it, which
    would otherwise count as doubt. Without clusters it makes next to no difference.

    Parameters
    ----------
    outcome : (n,) array
        0/1 values, or pseudo-values of a risk.
    exposure : (n,) array
    weights, clusters
        As in `linear.least_squares`.
    """
    fit = fit_linear(outcome, exposure[:, None], weights=weights, clusters=clusters, where="risk as things are")
    sampling = Sampling(len(outcome), clusters, weights)
    mean = np.full(len(outcome), np.average(outcome, weights=weights))
    return mean_risk(mean, fit.error(np.sqrt(sampling.weights) @ fit.q / sampling.weights.sum()), sampling)


def linear_risks(
    outcome: Floats,
    exposure: Floats,
    covariates: Floats | None = None,
    *,
    weights: Floats | None = None,
    clusters: Labels | None = None,
) -> Risks:
    """Risks by a linear model, whose coefficient is their difference.

    Parameters
    ----------
    outcome : (n,) array
        0/1 values, or pseudo-values of a risk.
    exposure : (n,) array of 0 and 1
    covariates, weights, clusters
        As in `linear.least_squares`.
    """
    parts = exposure[:, None] if covariates is None else np.column_stack([exposure, covariates])
    fit = fit_linear(outcome, parts, weights=weights, clusters=clusters)
    sampling = Sampling(len(outcome), clusters, weights)
    root, total = np.sqrt(sampling.weights), sampling.weights.sum()
    fitted, now = outcome - fit.residual / root, np.average(exposure, weights=weights)

    def with_everybody_at(level: float) -> Interval:
        contrast = root @ fit.q / total + (level - now) * fit.contrasts[0]
        return mean_risk(fitted + (level - exposure) * fit.params[0], fit.error(contrast), sampling)

    return Risks(fit.interval(0), with_everybody_at(1.0), with_everybody_at(0.0))
