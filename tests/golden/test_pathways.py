"""Paths through mediators against closed forms and numerical integration."""

from itertools import pairwise

import numpy as np
import pytest
from evenwicht.estimators.distributions import normal_density
from evenwicht.estimators.mediation_chain import IDENTITY, LOGIT, Equation, Link, chain_mean
from scipy.integrate import dblquad
from scipy.special import expit, ndtr

PROBIT = Link(ndtr, normal_density)
NO, YES = np.zeros(1), np.ones(1)
NONE = np.empty(0)


def first(constant: float, exposure: float, link: Link = IDENTITY, spread: float = 1.0) -> Equation:
    """Of the first mediator."""
    return Equation(np.array([constant]), exposure, NONE, NONE, link, spread)


def test_two_mediators_in_order_in_a_linear_model() -> None:
    """M1 = .5X + e, M2 = .3X + .4 M1 + e, Y = .2X + .6 M1 + .7 M2 + .1 X M1 + e, X from 0 to 1.

    The interaction, .1 x .5, is in the path of M1, which moves last.
    """
    chain = [
        first(0, 0.5),
        Equation(NO, 0.3, np.array([0.4]), np.zeros(1), IDENTITY, 1.0),
        Equation(NO, 0.2, np.array([0.6, 0.7]), np.array([0.1, 0.0])),
    ]
    steps = [[NO, NO, NO], [NO, NO, YES], [NO, YES, YES], [YES, YES, YES]]
    means = [chain_mean(chain, exposures)[0][0] for exposures in steps]
    direct, through_second, through_first = (after - before for before, after in pairwise(means))
    assert (direct, through_second, through_first) == pytest.approx((0.2, 0.21, 0.49), abs=1e-14)
    assert means[-1] - means[0] == pytest.approx(0.9, abs=1e-14)


def test_natural_effects_on_a_binary_outcome_with_a_probit_link() -> None:
    """E[Y(x, M(x*))] = Phi((b0 + b1 x + s mu) / sqrt(1 + s^2)), s = b2 + b3 x, mu = a0 + a1 x*."""
    chain = [first(0.2, 0.5), Equation(np.array([-1.0]), 0.3, np.array([0.4]), np.array([0.2]), PROBIT)]
    p = {(x, m): chain_mean(chain, [YES * m, YES * x])[0][0] for x in (0, 1) for m in (0, 1)}
    known = {(0, 0): 0.1964974917, (0, 1): 0.2519062144, (1, 0): 0.3094725756, (1, 1): 0.4051271349}
    assert p == pytest.approx(known, abs=5e-11)
    effects = p[1, 1] - p[0, 0], p[1, 0] - p[0, 0], p[1, 1] - p[1, 0], p[1, 1] - p[0, 1], p[0, 1] - p[0, 0]
    printed = 0.2086296432, 0.1129750839, 0.0956545593, 0.1532209205, 0.0554087227
    assert effects == pytest.approx(printed, abs=5e-11)


@pytest.mark.parametrize("exposures", [(0, 0, 0, 0), (0, 1, 0, 1), (1, 0, 1, 1), (1, 1, 1, 0)])
def test_numbers_a_yes_no_mediator_and_a_binary_outcome_against_quadrature(exposures: tuple[int, ...]) -> None:
    """Two numbers, then a yes/no mediator, then the outcome, all logistic, with products in the outcome."""
    a, b, c, d = exposures
    chain = [
        first(0.3, 0.5, spread=0.9),
        Equation(np.array([-0.2]), 0.4, np.array([0.5]), np.zeros(1), IDENTITY, 0.7),
        Equation(np.array([-1.0]), 0.3, np.array([0.6, -0.8]), np.zeros(2), LOGIT),
        Equation(np.array([-1.5]), 0.4, np.array([0.5, -0.7, 0.9]), np.array([0.3, 0.0, -0.4]), LOGIT),
    ]

    def integrand(u: float, v: float) -> float:
        one = 0.3 + 0.5 * a + 0.9 * u
        two = -0.2 + 0.4 * b + 0.5 * one + 0.7 * v
        left = expit(-1 + 0.3 * c + 0.6 * one - 0.8 * two)
        base = -1.5 + 0.4 * d + (0.5 + 0.3 * d) * one - 0.7 * two
        return (
            (left * expit(base + 0.9 - 0.4 * d) + (1 - left) * expit(base)) * np.exp(-(u**2 + v**2) / 2) / (2 * np.pi)
        )

    exact, _ = dblquad(integrand, -9, 9, -9, 9, epsabs=1e-10)
    found, _ = chain_mean(chain, [YES * x for x in exposures])
    assert found[0] == pytest.approx(exact, abs=2e-5)
