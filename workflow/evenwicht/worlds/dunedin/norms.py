"""Norms of the childhood scores of a Dunedin-style world: their mean and SD among all births, in closed form.

A score is normed in the population of its own world, as it is without any intervention, so that IQ has a mean of 100
and an SD of 15 whatever the switches of the world. The equations are linear in SES, genes and stressors. Those are
normal, or normal propensities above a threshold, whose covariance is the integral of the bivariate normal density over
the correlation (Plackett 1954, Biometrika 41:351).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from evenwicht.base.arrays import Floats
from evenwicht.estimators.distributions import normal_density
from evenwicht.worlds.dunedin.settings import Cognition, DunedinWorld, Stressor, StressorWeights
from evenwicht.worlds.mechanisms import SIGN

STRESSORS = ["poverty", "unsafe_home", "parental_mental_illness", "maltreatment", "prenatal_exposure"]
SES, GENES, FIRST_STRESSOR = 0, 1, 2  # places of the causes


@dataclass(frozen=True)
class Scale:
    """From a latent score to the scale on which it is recorded, and back.

    Attributes
    ----------
    mean, sd
        Of the latent score in the population.
    centre, unit
        Mean and SD of the recorded score.
    """

    mean: float
    sd: float
    centre: float = 0.0
    unit: float = 1.0

    def score(self, latent: Floats) -> Floats:
        """The recorded score."""
        return self.centre + self.unit * (latent - self.mean) / self.sd

    def latent(self, score: Floats) -> Floats:
        """The latent score."""
        return self.mean + self.sd * (score - self.centre) / self.unit


@dataclass(frozen=True)
class Norms:
    """Scales of the scores of a world; maltreatment is a state, with its share as mean."""

    brain_health: Scale
    iq: Scale
    self_control: Scale
    mental_problems: Scale
    maltreatment: Scale


def norms_of(source: DunedinWorld) -> Norms:
    """Return the norms of a world; brothers and sisters born years apart are left out."""
    harm, (mean, covariance) = SIGN[source.stressor_effect], _moments(source)

    def weights(ses: float, genes: float, stressors: StressorWeights) -> Floats:
        return np.array([ses, genes, *(harm * getattr(stressors, name) for name in STRESSORS)])

    def scale(loads: Floats, own: float, shift: float = 0.0, centre: float = 0.0, unit: float = 1.0) -> Scale:
        """`own` is the variance that does not come from SES, genes and stressors."""
        return Scale(float(loads @ mean) + shift, float(np.sqrt(loads @ covariance @ loads + own)), centre, unit)

    def cognition(w: Cognition) -> tuple[Floats, float]:
        return weights(w.ses, w.genes, w.stressors) + w.brain_health * brain, 1 + w.brain_health**2

    brain = weights(source.brain_health.ses, source.brain_health.genes, source.brain_health.stressors)
    iq, (control_loads, control_own) = cognition(source.iq), cognition(source.self_control)
    control = control_loads, control_own + source.artefacts.mediator_confounding**2
    w, boys = source.mental_problems, source.share_male
    problems = weights(0, 0, w.stressors) + w.self_control * control[0]
    own = 1 + w.self_control**2 * control[1] + w.male**2 * boys * (1 - boys)
    maltreated = FIRST_STRESSOR + STRESSORS.index("maltreatment")
    return Norms(
        brain_health=scale(brain, 1.0),
        iq=scale(*iq, centre=100.0, unit=15.0),
        self_control=scale(*control),
        mental_problems=scale(problems, own, shift=w.male * boys),
        maltreatment=Scale(float(mean[maltreated]), float(np.sqrt(covariance[maltreated, maltreated]))),
    )


def _moments(source: DunedinWorld) -> tuple[Floats, Floats]:
    """Mean and covariance of SES, genes and the stressors, over births with and without the policy."""
    days = (source.last_birth - source.first_birth).days + 1
    covered = 1 - (source.policy.born_on_or_after - source.first_birth).days / days
    lowered = SIGN[source.policy_effect] * source.policy.poverty_shift
    (before, spread), (after, spread_after) = (_moments_under(source, shift) for shift in (0.0, lowered))
    between = np.outer(after - before, after - before)
    mean = (1 - covered) * before + covered * after
    return mean, (1 - covered) * spread + covered * spread_after + covered * (1 - covered) * between


def _moments_under(source: DunedinWorld, lowered: float) -> tuple[Floats, Floats]:
    """The same where the propensity to poverty is lowered for everybody."""
    stressors: list[Stressor] = [getattr(source.stressors, name) for name in STRESSORS]
    bars = ndtri(1 - np.array([s.prevalence for s in stressors])) + lowered * (np.array(STRESSORS) == "poverty")
    # SES, the genetic score and family adversity, tied by the parents' genes, each child having half of them
    a, b = source.families.genes_ses, source.families.genes_adversity
    half = np.sqrt(0.5)
    causes = np.array([[1, half * a, a * b], [half * a, 1, half * b], [a * b, half * b, 1]])
    loads = np.array([[s.ses, 0.0, s.family] for s in stressors])
    tied, among = loads @ causes, loads @ causes @ loads.T
    chance = ndtr(-bars)
    covariance = np.empty((FIRST_STRESSOR + len(bars),) * 2)
    covariance[:FIRST_STRESSOR, :FIRST_STRESSOR] = causes[:FIRST_STRESSOR, :FIRST_STRESSOR]
    covariance[FIRST_STRESSOR:, :FIRST_STRESSOR] = tied[:, :FIRST_STRESSOR] * normal_density(bars)[:, None]
    covariance[:FIRST_STRESSOR, FIRST_STRESSOR:] = covariance[FIRST_STRESSOR:, :FIRST_STRESSOR].T
    covariance[FIRST_STRESSOR:, FIRST_STRESSOR:] = _above_both(bars, among)
    np.fill_diagonal(covariance[FIRST_STRESSOR:, FIRST_STRESSOR:], chance * (1 - chance))
    return np.array([0.0, 0.0, *chance]), covariance


def _above_both(bars: Floats, correlation: Floats) -> Floats:
    """Covariance of passing two bars, (k, k); its diagonal, where one bar meets itself, has no meaning."""
    nodes, node_weights = np.polynomial.legendre.leggauss(24)
    total: NDArray[np.float64] = np.zeros_like(correlation)
    x, y = bars[:, None], bars[None, :]
    rho = np.where(np.eye(len(bars), dtype=bool), 0.0, correlation)
    for node, weight in zip(nodes, node_weights, strict=True):
        r = rho * (node + 1) / 2
        free = 1 - r**2
        total += weight * np.exp(-(x**2 - 2 * r * x * y + y**2) / (2 * free)) / (2 * np.pi * np.sqrt(free))
    return total * rho / 2
