"""Whether predicted risks are those that come true, and how much of the variance of an outcome they take."""

import numpy as np
from scipy.special import expit, logit, ndtri

from evenwicht.base.arrays import Floats
from evenwicht.estimators.distributions import normal_density
from evenwicht.estimators.influence import Estimate, combined, sample_mean
from evenwicht.estimators.regression import Fit, fit_model

STEPS = 50
NO_SPREAD = "the predicted risks do not vary"


def calibration_line(log_odds: Floats, cases: Floats) -> tuple[Estimate, Estimate]:
    """Intercept and slope of a logistic regression of the outcome on the predicted log odds; ideally 0 and 1.

    A slope below 1 tells that predictions are too extreme. Source: Cox 1958, Biometrika 45:562; Van Calster et al.
    2019, BMC Medicine 17:230.

    Parameters
    ----------
    log_odds : (n,) array
        Predicted for people who were not seen.
    cases : (n,) array of 0 and 1
    """
    if np.ptp(log_odds) < 1e-9:
        none = Estimate(np.nan, np.full(len(cases), np.nan), NO_SPREAD)
        return none, none
    fit = fit_model("binomial", cases, np.column_stack([np.ones(len(cases)), log_odds]))
    params = fit.basis @ fit.params
    reason = "the predicted risks tell the outcome without error" if fit.separated else ""
    line = [Estimate(float(params[k]), fit.influence(fit.basis[k]), reason) for k in (0, 1)]
    return line[0], line[1]


def calibration_in_the_large(log_odds: Floats, cases: Floats) -> Estimate:
    """Log odds by which all predictions are too low on average, ideally 0: the intercept beside a slope of 1."""
    shift = 0.0
    for _ in range(STEPS):
        risk = expit(log_odds + shift)
        step = float((cases - risk).sum() / (risk * (1 - risk)).sum())
        shift += float(np.clip(step, -2.0, 2.0))
        if abs(step) < 1e-12:
            break
    risk = expit(log_odds + shift)
    return Estimate(shift, (cases - risk) / float((risk * (1 - risk)).sum()))


def brier(risk: Floats, cases: Floats) -> Estimate:
    """Mean squared error of predicted risks (Brier 1950, Monthly Weather Review 78:1)."""
    return sample_mean((cases - risk) ** 2)


def tjur(risk: Floats, cases: Floats, fit: Fit, design: Floats) -> Estimate:
    """Mean predicted risk of cases less that of others (Tjur 2009, The American Statistician 63:366).

    Unlike an area or a squared error it grows with the size of the coefficients, so that their error is part of it.

    Parameters
    ----------
    risk : (n,) array
        Predicted without the person's own fold, or by the fit itself.
    cases : (n,) array of 0 and 1
    fit, design
        The model fitted to everybody, and its design, (n, k).
    """
    prevalence = float(cases.mean())
    weights = (cases / prevalence - (1 - cases) / (1 - prevalence)) / len(cases)
    means = [float(risk[cases == k].mean()) for k in (1, 0)]
    own = np.where(cases == 1, (risk - means[0]) / prevalence, -(risk - means[1]) / (1 - prevalence)) / len(cases)
    moved = own if fit.separated else own + fit.influence(fit.gradient(design, weights))
    return Estimate(means[0] - means[1], moved)


def explained_variance(error: Estimate, outcome: Floats) -> Estimate:
    """One less the mean squared error over the variance of the outcome, (n,)."""
    mean = float(outcome.mean())
    spread = sample_mean((outcome - mean) ** 2)
    return combined(1 - error.value / spread.value, (-1 / spread.value, error), (error.value / spread.value**2, spread))


def liability_r_squared(error: Estimate, cases: Floats) -> Estimate:
    """Explained variance of the liability behind a yes/no outcome (Lee et al. 2012, Genetic Epidemiology 36:214).

    Parameters
    ----------
    error
        Mean squared error of predicted risks.
    cases : (n,) array of 0 and 1
    """
    prevalence = sample_mean(cases)
    share = prevalence.value
    cut = float(ndtri(1 - share))
    density = float(normal_density(np.array(cut)))
    explained = share * (1 - share) - error.value
    by_share = (1 - 2 * share - 2 * cut * explained / density) / density**2
    return combined(explained / density**2, (by_share, prevalence), (-1 / density**2, error))


def tenths(risk: Floats, count: int = 10) -> Floats:
    """Which part of the people in order of their predicted risk each belongs to, (n,): 0 and up; ties together."""
    cuts = np.unique(np.quantile(risk, np.arange(1, count) / count))
    return np.searchsorted(cuts, risk, side="left").astype(float)


def log_odds_of(risk: Floats) -> Floats:
    """Log odds of risks, kept finite."""
    return np.asarray(logit(np.clip(risk, 1e-12, 1 - 1e-12)))
