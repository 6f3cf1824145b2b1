"""Risks that a model predicts for people, and what other quantities inherit of the model's own error."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy.special import expit, ndtr, ndtri

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import ModelError
from evenwicht.estimators.distributions import normal_density
from evenwicht.estimators.influence import Estimate, Sampling, combined, sample_mean, sample_spread
from evenwicht.estimators.regression import Fit
from evenwicht.estimators.standardisation import NO_FIT

Link = Literal["logit", "probit"]
LEAST_SHRINKAGE = 0.9


def _known(by_predictor: Floats) -> Floats:
    return np.zeros(len(by_predictor))


@dataclass(frozen=True)
class PredictedRisks:
    """Risks of n people by a model of a yes/no outcome.

    Attributes
    ----------
    predictor : (n,) array
        Linear predictor of each person's risk.
    link
        "logit", or "probit".
    weights : (n,) array
        Probability weights.
    learnt
        Influence of each person, (n,), through the estimated model, on a quantity with given derivatives by each
        person's predictor, (n,). Left out, risks are known.
    reason
        Why the model gives no errors, if it gives none.
    """

    predictor: Floats
    link: Link
    weights: Floats
    learnt: Callable[[Floats], Floats] = field(default=_known)
    reason: str = ""

    @classmethod
    def known(cls, risk: Floats, link: Link, weights: Floats | None = None) -> "PredictedRisks":
        """Take risks, (n,), as given, such as the true ones of a synthetic world.

        Raises
        ------
        ModelError
            If a risk is not between 0 and 1: one that cannot change has no place on the scale of the link.
        """
        if not ((risk > 0) & (risk < 1)).all():
            raise ModelError(
                "a risk is not above 0 and below 1", where="predicted risks", fix="Leave out people without a risk."
            )
        predictor = np.log(risk / (1 - risk)) if link == "logit" else ndtri(risk)
        return cls(predictor, link, np.ones(len(risk)) if weights is None else weights)

    @classmethod
    def of(cls, fit: Fit, design: Floats) -> "PredictedRisks":
        """Predict by a fitted logistic regression for its own people, at a design (n, k) with intercept."""
        predictor = design @ (fit.basis @ fit.params)

        def learnt(by_predictor: Floats) -> Floats:
            if fit.separated:
                return np.full(len(by_predictor), np.nan)
            return fit.influence(by_predictor @ design @ fit.basis)

        return cls(predictor, "logit", fit.weights, learnt, NO_FIT if fit.separated else "")

    @property
    def risk(self) -> Floats:
        """Risk of each person, (n,)."""
        return self.risk_at(self.predictor)

    @property
    def liability(self) -> Floats:
        """Mean of each person's normal liability, (n,), in standard deviations of what is left of it."""
        if self.link == "probit":
            return self.predictor
        smaller = ndtri(expit(-np.abs(self.predictor)))  # of the rarer of risk and safety, which keeps its digits
        return np.asarray(np.where(self.predictor > 0, -smaller, smaller))

    def risk_at(self, predictor: Floats) -> Floats:
        """Risk at any linear predictor, (n,)."""
        return np.asarray(expit(predictor) if self.link == "logit" else ndtr(predictor))

    def slope_at(self, predictor: Floats) -> Floats:
        """Derivative of the risk by the linear predictor, (n,)."""
        if self.link == "probit":
            return normal_density(predictor)
        return np.asarray(expit(predictor) * expit(-predictor))

    def estimate(self, own: Estimate, by_predictor: Floats) -> Estimate:
        """Add the model's error to an estimate whose influence takes risks as known.

        Parameters
        ----------
        own
            The value, and the influence of who was drawn.
        by_predictor : (n,) array
            Derivative of the value by each person's predictor.
        """
        return Estimate(own.value, own.influence + self.learnt(by_predictor), own.reason or self.reason)

    def mean(self) -> Estimate:
        """Mean risk."""
        share = self.weights / self.weights.sum()
        return self.estimate(sample_mean(self.risk, self.weights), share * self.slope_at(self.predictor))

    def predictor_spread(self) -> Estimate:
        """Standard deviation of the linear predictor."""
        own = sample_spread(self.predictor, self.weights)
        centred = self.predictor - np.average(self.predictor, weights=self.weights)
        return self.estimate(own, self.weights * centred / (self.weights.sum() * own.value))


def score_step(slope: Estimate, score: Floats, weights: Floats | None = None) -> Estimate:
    """Change of the linear predictor by one standard deviation of a score.

    Parameters
    ----------
    slope
        Coefficient of the score, per unit, in the model of the risks.
    score : (n,) array
    weights : (n,) array, optional
        Probability weights.
    """
    spread = sample_spread(score, weights)
    return combined(slope.value * spread.value, (spread.value, slope), (slope.value, spread))


def shrinkage(fit: Fit, sampling: Sampling) -> float:
    """Share of a model's Wald chi-squared that is beyond what its slopes get by chance.

    Risks spread further in the people whom a model was fitted to than they truly do, the more so the smaller this is;
    at zero, chance alone would have given as much; minus infinity if the model predicts the same of all. Below
    `LEAST_SHRINKAGE` a model is held to be too rich for its data (Riley et al. 2019, Statistics in Medicine 38:1276).
    Source: van Houwelingen and le Cessie 1990, Statistics in
    Medicine 9:1303.

    Parameters
    ----------
    fit
        A model with intercept, its first column.
    sampling
        How people were drawn.
    """
    slopes = fit.basis[1:] @ fit.params
    influences = np.column_stack([fit.influence(row) for row in fit.basis[1:]])
    covariance = sampling.covariance(influences)
    wald = float(slopes @ np.linalg.pinv(covariance, hermitian=True) @ slopes)
    return 1 - float(np.linalg.matrix_rank(covariance, hermitian=True)) / wald if wald > 0 else -np.inf
