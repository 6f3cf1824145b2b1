"""Rose's comparison and the liability scale: intervals cover the truth of a model that is known in closed form.

A logistic model of a score and a covariate, both normal, in people drawn with probabilities that depend on the score.
True values are integrals over both. Bands are four binomial errors around 95%; they say of each interval that it is
neither too short nor too long by more than draws can tell.
"""

import numpy as np
import pandas as pd
import pytest
from evenwicht.estimators.association import explained
from evenwicht.estimators.concentration_intervals import share_interval
from evenwicht.estimators.influence import Estimate, Sampling, sample_mean
from evenwicht.estimators.liability import exposure_correlation, score_correlation
from evenwicht.estimators.predicted_risks import PredictedRisks, score_step
from evenwicht.estimators.regression import fit_model
from evenwicht.estimators.results import Interval
from evenwicht.estimators.rose import (
    PER,
    Programme,
    averted_by_programme,
    averted_by_shift,
    ceiling,
    equal_shift,
    equal_shift_interval,
    sensitivity,
)
from scipy.optimize import brentq
from scipy.special import expit, ndtr, ndtri

DRAWS, PEOPLE = 400, 2000
BAND = 4 * np.sqrt(0.95 * 0.05 / DRAWS)
PROGRAMME = Programme(share=0.1, uptake=0.6, effect=0.5, floor=0.05)
SHIFT = 0.2
INTERCEPT, BY_COVARIATE = -2.2, 0.4
EXPOSED_FROM = 0.5  # score above which somebody is exposed
Floats = np.ndarray


def predictor(score: Floats, covariate: Floats, slope: float) -> Floats:
    return INTERCEPT + slope * score + BY_COVARIATE * covariate


def true_values(slope: float) -> dict[str, float]:
    """By Gauss-Hermite quadrature over the covariate and Gauss-Legendre over the score, cut where a flag changes."""
    x, wx = np.polynomial.hermite_e.hermegauss(40)
    wx = wx / wx.sum()
    nodes, weights = np.polynomial.legendre.leggauss(400)
    cut = float(ndtri(1 - PROGRAMME.share))
    parts = [(-9.0, EXPOSED_FROM), (EXPOSED_FROM, cut), (cut, 9.0)]
    r = np.concatenate([(b - a) / 2 * nodes + (a + b) / 2 for a, b in parts])
    wr = np.concatenate([(b - a) / 2 * weights for a, b in parts]) * np.exp(-(r**2) / 2) / np.sqrt(2 * np.pi)
    eta, w = predictor(r[:, None], x, slope), wr[:, None] * wx
    risk, top, exposed = expit(eta), (r > cut)[:, None], (r > EXPOSED_FROM)[:, None]
    mean = float((w * risk).sum())
    found = float((w * top * risk).sum()) / mean
    averted = PROGRAMME.strength * float((w * top * np.maximum(risk - PROGRAMME.floor, 0)).sum())

    def left(shift: float) -> float:
        return float((w * expit(eta - shift * slope)).sum())

    liability = ndtri(risk)
    centred = liability - (w * liability).sum()
    r_l = float((w * r[:, None] * centred).sum() / np.sqrt(1 + (w * centred**2).sum()))
    arms = [float((w * arm * risk).sum() / (w * arm).sum()) for arm in (exposed, ~exposed)]
    share = float(ndtr(-EXPOSED_FROM))
    apart = float(ndtri(arms[0]) - ndtri(arms[1]))
    told = share * (1 - share) * apart**2
    return {
        "sensitivity": found,
        "ceiling": found * PROGRAMME.strength,
        "programme": averted * PER,
        "shift": (mean - left(SHIFT)) * PER,
        "equal shift": brentq(lambda d: mean - left(d) - averted, 0, 20) if slope else np.inf,
        "explained by the score": r_l**2,
        "explained by the exposure": told / (1 + told),
    }


def intervals(slope: float, rng: np.random.Generator) -> dict[str, Interval]:
    r, x = rng.standard_normal((2, int(1.6 * PEOPLE)))
    drawn = rng.random(len(r)) < expit(0.5 + 0.8 * r)
    r, x, w = r[drawn], x[drawn], 1 / expit(0.5 + 0.8 * r[drawn])
    ill = (rng.random(len(r)) < expit(predictor(r, x, slope))).astype(float)
    sampling = Sampling(len(r), weights=w)
    design = np.column_stack([np.ones(len(r)), r, x])
    fit = fit_model("binomial", ill, design, w)
    risks = PredictedRisks.of(fit, design)
    step = score_step(Estimate(float(fit.basis[1] @ fit.params), fit.influence(fit.basis[1])), r, w)
    exposed = (r > EXPOSED_FROM).astype(float)
    arms = []
    for inside in (exposed, 1 - exposed):
        own = w * inside
        mean = float(own @ ill / own.sum())
        arms.append(Estimate(mean, inside * (ill - mean) / own.sum()))
    found = sensitivity(risks, r, PROGRAMME.share)
    equal = equal_shift(risks, r, PROGRAMME, step)
    return {
        "sensitivity": share_interval(sampling, found),
        "ceiling": share_interval(sampling, ceiling(found, PROGRAMME)),
        "programme": sampling.interval(averted_by_programme(risks, r, PROGRAMME)),
        "shift": sampling.interval(averted_by_shift(risks, step, SHIFT)),
        "equal shift": equal_shift_interval(sampling, equal, step),
        "explained by the score": explained(sampling, score_correlation(risks, r)),
        "explained by the exposure": explained(sampling, exposure_correlation(sample_mean(exposed, w), *arms)),
    }


def draws(slope: float) -> pd.DataFrame:
    """One row an estimate: mean, spread and coverage over draws, with its true value."""
    truth = true_values(slope)
    rows = [
        {
            "name": name,
            "estimate": interval.estimate,
            "se": interval.se,
            "covers": interval.lower <= truth[name] <= interval.upper,
            "given": not interval.reason,
        }
        for rng in np.random.default_rng(41).spawn(DRAWS)
        for name, interval in intervals(slope, rng).items()
    ]
    groups = pd.DataFrame(rows).groupby("name")
    table = groups.agg(mean=("estimate", "mean"), spread=("estimate", "std"), se=("se", "mean"))
    return table.assign(truth=pd.Series(truth), coverage=groups["covers"].mean(), given=groups["given"].mean())


@pytest.fixture(scope="module")
def with_effect() -> pd.DataFrame:
    return draws(0.6)


@pytest.fixture(scope="module")
def without_effect() -> pd.DataFrame:
    return draws(0.0)


def test_intervals_cover_the_truth(with_effect: pd.DataFrame) -> None:
    assert (with_effect["given"] == 1).all()
    assert ((with_effect["coverage"] - 0.95).abs() <= BAND).all(), with_effect.to_string()


def test_errors_are_the_spread_of_estimates(with_effect: pd.DataFrame) -> None:
    """A spread of R draws has relative error 1 / sqrt(2 R); errors leave out a term of order 1 / cases, 4% here."""
    ratio = with_effect["se"] / with_effect["spread"]
    assert ((ratio - 1).abs() <= 4 / np.sqrt(2 * DRAWS) + 0.04).all(), with_effect.to_string()


def test_a_score_that_tells_nothing_finds_its_share_of_cases(without_effect: pd.DataFrame) -> None:
    """Squares and equal shifts are left out: the one cannot lie below the truth of zero, the other does not exist."""
    regular = without_effect.loc[["sensitivity", "ceiling", "programme", "shift"]]
    assert regular["truth"]["sensitivity"] == pytest.approx(PROGRAMME.share)
    assert regular["truth"]["shift"] == pytest.approx(0, abs=1e-9)
    assert ((regular["coverage"] - 0.95).abs() <= BAND).all(), without_effect.to_string()


def test_explained_variance_of_zero_lies_within_its_interval(without_effect: pd.DataFrame) -> None:
    explains = without_effect.loc[["explained by the score", "explained by the exposure"]]
    assert ((explains["coverage"] - 0.95).abs() <= BAND).all(), without_effect.to_string()


def test_no_equal_shift_has_an_interval_where_the_shift_does_nothing(without_effect: pd.DataFrame) -> None:
    """But for the one in twenty draws in which the score seems to matter."""
    assert without_effect["given"]["equal shift"] <= 0.05 + BAND
