"""How much of an effect goes through named mediators in order: parametric g-computation with standard errors.

The effect is taken apart from the end of the chain. First the outcome alone follows the exposure while all mediators
stay as they are without it: the direct effect. Then the last block of mediators follows, then the one before it, up to
the first. The step of a block is the path whose first mediator stands in it, with all that it moves later on; where
exposure and mediators act more than additively, the excess falls to the block that moves later in this sequence, which
is the earlier one in the chain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.estimators.design import standardised
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.mediation_chain import IDENTITY, LOGIT, Derivatives, Equation, chain_mean
from evenwicht.estimators.product_limits import Part
from evenwicht.estimators.regression import Fit, fit_model, with_intercept

NO_FIT = "a mediator or the outcome is predicted without error for some people, so a model has no finite fit"
NO_MODEL = "a mediator follows from the exposure, the covariates and the mediators before it"
NUDGE = 0.05  # of a linear predictor, to see how the outcome moves with a mediator


@dataclass(frozen=True)
class Mediator:
    """A number, or 0 and 1, of n people."""

    values: Floats
    binary: bool


@dataclass(frozen=True)
class Pathways:
    """An effect and its parts.

    Attributes
    ----------
    total
        Everything follows the exposure, against nothing.
    direct
        Through no mediator of the chain.
    blocks
        Through each block of mediators, in the order of the chain; with the direct part they add up to the total.
    """

    total: Estimate
    direct: Part
    blocks: list[Part]


def pathways(
    outcome: Floats,
    exposure: Floats,
    levels: tuple[Floats, Floats],
    covariates: Floats,
    blocks: Sequence[Sequence[Mediator]],
    *,
    binary: bool,
    interactions: bool = False,
    weights: Floats | None = None,
) -> Pathways:
    """Take an effect apart by blocks of mediators.

    Each mediator is regressed on the exposure, the covariates and all mediators before it, by least squares with normal
    residuals or by logistic regression; so is the outcome on all of them. Sources: VanderWeele, Vansteelandt and Robins
    2014, Epidemiology 25:300; Steen et al. 2017, American Journal of Epidemiology 186:184. The influence counts the
    covariates as drawn with the people, and every coefficient and residual SD as estimated.

    Parameters
    ----------
    outcome, exposure : (n,) arrays
    levels : two (n,) arrays
        The exposure of everybody without and with what is compared: zeros and ones, or a number as it is and raised.
    covariates : (n, k) array
    blocks
        Mediators of each block, in the order of the chain; those of one block move together.
    binary
        Logistic outcome model if true, linear if false.
    interactions
        Whether products of the exposure and each mediator enter the outcome model.
    weights : (n,) array, optional
        Probability weights.
    """
    chain = _Chain(
        outcome, exposure, covariates, [one for block in blocks for one in block], binary, interactions, weights
    )
    low, high = ((level - chain.origin) / chain.unit for level in levels)
    ends = np.cumsum([0, *map(len, blocks)])
    nothing = chain.mean([low] * chain.size)
    steps = [nothing]
    for start in reversed(ends):
        steps.append(chain.mean([low] * int(start) + [high] * (chain.size - int(start))))
    direct, *through = (after - before for before, after in pairwise(steps))
    parts = []
    for part, (start, end) in zip(through[::-1], pairwise(ends), strict=True):
        follows = [low] * int(end) + [high] * (chain.size - int(end))
        parts.append(Part(part, () if part.reason else chain.factors(range(start, end), high - low, follows)))
    return Pathways(steps[-1] - nothing, Part(direct), parts)


class _Chain:
    """Fitted models of the mediators and the outcome, on scales of their own."""

    def __init__(
        self,
        outcome: Floats,
        exposure: Floats,
        covariates: Floats,
        mediators: list[Mediator],
        binary: bool,
        interactions: bool,
        weights: Floats | None,
    ) -> None:
        n = len(outcome)
        self.weights = np.ones(n) if weights is None else weights
        self.share = self.weights / self.weights.sum()
        self.fixed, self.size = with_intercept(covariates), len(mediators) + 1
        self.origin, self.unit = float(exposure.mean()), float(exposure.std()) or 1.0
        exposed = (exposure - self.origin) / self.unit
        seen = [m.values if m.binary else standardised(m.values[:, None])[:, 0] for m in mediators]
        self.fits: list[Fit] = []
        self.products = [0] * len(mediators) + [len(mediators) if interactions else 0]
        kinds = [*(m.binary for m in mediators), binary]
        for j, (target, flag) in enumerate(zip([*seen, outcome], kinds, strict=True)):
            earlier = np.column_stack([np.empty((n, 0)), *seen[:j]])
            products = (exposed[:, None] * earlier)[:, : self.products[j]]
            design = np.column_stack([self.fixed, exposed, earlier, products])
            self.fits.append(fit_model("binomial" if flag else "gaussian", target, design, self.weights))
        self.equations = [self._equation(j) for j in range(self.size)]
        self.reason = NO_MODEL if any(fit.idle.size for fit in self.fits) else ""
        if not self.reason and any(fit.separated for fit in self.fits):
            self.reason = NO_FIT

    def mean(self, exposures: list[Floats], shifts: Mapping[int, float] | None = None) -> Estimate:
        """Mean outcome where each variable of the chain follows an exposure of its own, (n,) each.

        The linear predictors of some can be shifted by a number beside that.
        """
        n = len(self.weights)
        if self.reason == NO_MODEL:
            return Estimate(np.nan, np.full(n, np.nan), self.reason)
        equations = list(self.equations)
        for j, shift in (shifts or {}).items():
            equations[j] = replace(equations[j], constant=equations[j].constant + shift)
        values, derivatives = chain_mean(equations, exposures)
        mean = float(self.share @ values)
        if self.reason:
            return Estimate(mean, np.full(n, np.nan), self.reason)
        influence = (values - mean) / self.weights.sum()
        for j, (fit, by) in enumerate(zip(self.fits, derivatives, strict=True)):
            influence = influence + fit.influence(fit.basis.T @ self._gradient(by, exposures[j], self.products[j]))
            if j < self.size - 1 and fit.family == "gaussian":
                influence = influence + (self.share @ by.spread) * self._spread_influence(j)
        return Estimate(mean, influence)

    def factors(self, block: range, change: Floats, exposures: list[Floats]) -> tuple[tuple[Estimate, Estimate], ...]:
        """What the exposure does to each mediator of a block, and what that does to the mean outcome.

        `change` is that of the exposure, the same for everybody, and `exposures` what all variables follow while the
        block still stays as it is. How the outcome moves is seen halfway.
        """
        k, step = self.fixed.shape[1], float(change[0])
        shifts: dict[int, float] = {j: self.equations[j].exposure * step for j in block}
        pairs = []
        for j in block:
            fit = self.fits[j]
            done = Estimate(shifts[j], step * fit.influence(fit.basis[k]))
            halfway = {i: shift / 2 for i, shift in shifts.items()}
            more, less = (self.mean(exposures, {**halfway, j: halfway[j] + way * NUDGE}) for way in (1, -1))
            slope = more - less
            pairs.append((done, Estimate(slope.value / (2 * NUDGE), slope.influence / (2 * NUDGE))))
        return tuple(pairs)

    def _equation(self, j: int) -> Equation:
        fit, k = self.fits[j], self.fixed.shape[1]
        params = fit.basis @ fit.params
        last = len(params) - self.products[j]
        products = np.zeros(j)
        products[: self.products[j]] = params[last:]
        spread = float(np.sqrt(self.share @ (fit.outcome - fit.fitted) ** 2))
        link = LOGIT if fit.family == "binomial" else IDENTITY
        return Equation(
            self.fixed @ params[:k],
            float(params[k]),
            params[k + 1 : last],
            products,
            link,
            spread if j < self.size - 1 else 0.0,
        )

    def _gradient(self, by: Derivatives, exposure: Floats, products: int) -> Floats:
        """Derivative of the mean by the coefficients of one model."""
        own, w = by.earlier, self.share
        return np.concatenate(
            [(w * by.shift) @ self.fixed, [(w * by.shift) @ exposure], w @ own, ((w * exposure) @ own)[:products]]
        )

    def _spread_influence(self, j: int) -> Floats:
        squares, spread = (self.fits[j].outcome - self.fits[j].fitted) ** 2, self.equations[j].spread
        return np.asarray((squares - spread**2) / (2 * spread * self.weights.sum()))
