"""Mean outcome when the mediators of a chain follow one exposure each: integrated over what their models leave open.

Each mediator follows from the exposure, from what else is known of a person, and from earlier mediators. Numbers are
linear in these with a normal rest, yes/no mediators have a probability. Given the yes/no ones all numbers are normal,
so the mean is an integral over the few linear predictors of probabilities, whatever the number of mediators. It is
found by Gauss-Hermite quadrature along the directions in which they vary, and its derivatives by going back through the
chain. Nothing is drawn at random.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import expit

from evenwicht.base.arrays import Floats

LEAST_NODES, MOST_NODES = 4, 20  # along one direction
NODES_PER_SD = 4  # more for each SD of a linear predictor: a logistic mean is then right to about four digits
CELLS = 200_000  # people times nodes that are worked on at a time; bounds memory


@dataclass(frozen=True)
class Link:
    """From a linear predictor to a mean, and the derivative of that."""

    mean: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]


IDENTITY = Link(lambda predictor: predictor, np.ones_like)
LOGIT = Link(expit, lambda predictor: expit(predictor) * expit(-predictor))


@dataclass(frozen=True)
class Equation:
    """How one variable follows from the exposure and the j variables before it.

    Attributes
    ----------
    constant : (n,) array
        What intercept and covariates add to the linear predictor of each person.
    exposure
        Coefficient of the exposure.
    earlier, products : (j,) arrays
        Coefficients of the earlier variables, and of their products with the exposure.
    link
        `IDENTITY` for a number, `LOGIT` for a yes/no mediator; any for the outcome, which comes last.
    spread
        SD of the normal rest of a mediator that is a number.
    """

    constant: Floats
    exposure: float
    earlier: Floats
    products: Floats
    link: Link = IDENTITY
    spread: float = 0.0

    def some(self, part: slice) -> "Equation":
        """The same for some of the people."""
        values = self.exposure, self.earlier, self.products, self.link, self.spread
        return Equation(self.constant[part], *values)


@dataclass(frozen=True)
class Derivatives:
    """Of each person's mean outcome, by one equation.

    Attributes
    ----------
    shift, spread : (n,) arrays
        By the constant of the person, and by the spread.
    earlier : (n, j) array
        By the coefficients of earlier variables; times the exposure those by their products.
    """

    shift: Floats
    earlier: Floats
    spread: Floats


def chain_mean(equations: Sequence[Equation], exposures: Sequence[Floats]) -> tuple[Floats, list[Derivatives]]:
    """Return each person's mean outcome, (n,), and its derivatives by every equation.

    Source: the mediation formula with several mediators in order, Daniel et al. 2015, Biometrics 71:1; VanderWeele,
    Vansteelandt and Robins 2014, Epidemiology 25:300.

    Parameters
    ----------
    equations
        Of the mediators in their order, and of the outcome.
    exposures : (n,) arrays
        The exposure that each of them follows.
    """
    n = len(equations[0].constant)
    axes, spreads = _axes(equations, exposures)
    linear = all(equation.link is IDENTITY for equation in equations)
    z, weights = _nodes(np.zeros_like(spreads) if linear else spreads)
    step = max(1, CELLS // len(weights))
    parts = []
    for start in range(0, n, step):
        part = slice(start, start + step)
        people = _People([e.some(part) for e in equations], [x[part] for x in exposures])
        parts.append(people.mean(z, weights, axes))
    values = np.concatenate([value for value, _ in parts])
    found = [
        Derivatives(
            *(np.concatenate([getattr(many[j], name) for _, many in parts]) for name in ("shift", "earlier", "spread"))
        )
        for j in range(len(equations))
    ]
    return values, found


def _slopes(equations: Sequence[Equation], exposures: Sequence[Floats]) -> list[Floats]:
    """Coefficients of the earlier variables in each equation, (n, j), or (1, j) if they are the same for everybody."""
    slopes = []
    for equation, exposure in zip(equations, exposures, strict=True):
        level = exposure[:1] if not equation.products.any() or not np.ptp(exposure) else exposure
        slopes.append(equation.earlier + level[:, None] * equation.products)
    return slopes


def _loadings(equations: Sequence[Equation], slopes: list[Floats]) -> list[Floats]:
    """How the linear predictor of each variable, with the rest of a number, moves with the q rests, (n or 1, q)."""
    numbers = [j for j, equation in enumerate(equations[:-1]) if equation.link is IDENTITY]
    loadings: list[Floats] = []
    for j, equation in enumerate(equations):
        own = np.zeros((1, len(numbers)))
        if j in numbers:
            own[0, numbers.index(j)] = equation.spread
        for k in numbers:
            if k < j:
                own = own + slopes[j][:, [k]] * loadings[k]
        loadings.append(own)
    return loadings


def _axes(equations: Sequence[Equation], exposures: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Orthonormal directions, (d, q), in which the linear predictors of probabilities and of the outcome vary.

    Beside them the largest SD, (d,), of a linear predictor in each.
    """
    loadings = _loadings(equations, _slopes(equations, exposures))
    last = len(equations) - 1
    seen = [own for j, (own, e) in enumerate(zip(loadings, equations, strict=True)) if j == last or e.link is LOGIT]
    rows = np.vstack(seen)
    _, sizes, directions = np.linalg.svd(np.linalg.qr(rows, mode="r"))
    axes = directions[: int((sizes > 1e-12 * sizes.max(initial=0.0)).sum())]
    return axes, np.abs(rows @ axes.T).max(axis=0)


def _nodes(spreads: Floats) -> tuple[Floats, Floats]:
    """Nodes, (r, d), and weights, (r,), of a standard normal: more along a direction in which more varies, (d,) SDs.

    One node integrates what is linear, and a direction without spread.
    """
    points, shares = [], []
    for spread in spreads:
        count = min(LEAST_NODES + int(np.ceil(NODES_PER_SD * spread)), MOST_NODES) if spread else 1
        count *= 2 if len(spreads) == 1 and spread else 1  # one direction costs little
        own, weights = np.polynomial.hermite_e.hermegauss(count)
        points.append(own)
        shares.append(weights / weights.sum())
    nodes = np.array(list(product(*points))).reshape(-1, len(spreads))
    return nodes, np.array([np.prod(one) for one in product(*shares)])


class _People:
    """Some people, and the parts of the integral that are the same for every history of yes/no mediators."""

    def __init__(self, equations: list[Equation], exposures: list[Floats]) -> None:
        self.equations, self.exposures = equations, exposures
        self.slopes = _slopes(equations, exposures)
        self.loadings = _loadings(equations, self.slopes)
        self.last = len(equations) - 1
        self.numbers = [j for j, e in enumerate(equations[:-1]) if e.link is IDENTITY]
        self.flags = [j for j, e in enumerate(equations[:-1]) if e.link is not IDENTITY]

    def mean(self, z: Floats, weights: Floats, axes: Floats) -> tuple[Floats, list[Derivatives]]:
        n = len(self.equations[0].constant)
        value = np.zeros(n)
        found = [Derivatives(np.zeros(n), np.zeros((n, j)), np.zeros(n)) for j in range(len(self.equations))]
        moments = np.column_stack([np.ones(len(weights)), z]) * weights[:, None]
        noise = {j: self.loadings[j] @ axes.T @ z.T for j in (*self.flags, self.last)}
        for history in product((0.0, 1.0), repeat=len(self.flags)):
            states = dict(zip(self.flags, history, strict=True))
            means = self._means(states)
            predictors = {j: means[j][:, None] + noise[j] for j in noise}
            chances = {j: expit(predictors[j]) for j in self.flags}
            chance = np.ones((1, 1))
            for j, state in states.items():
                chance = chance * (chances[j] if state else 1 - chances[j])
            link = self.equations[self.last].link
            outcome = chance * link.mean(predictors[self.last])
            value += outcome @ weights
            back = {j: (outcome * (states[j] - chances[j])) @ moments for j in self.flags}
            back[self.last] = (chance * link.slope(predictors[self.last])) @ moments
            self._back(found, {j: (m[:, 0], m[:, 1:] @ axes) for j, m in back.items()}, means, states)
        return value, found

    def _means(self, states: dict[int, float]) -> list[Floats]:
        """Linear predictors without any rest, given the yes/no mediators; (n,) each."""
        means: list[Floats] = []
        for j, (equation, exposure) in enumerate(zip(self.equations, self.exposures, strict=True)):
            mean = equation.constant + equation.exposure * exposure
            for k in range(j):
                mean = mean + self.slopes[j][:, k] * states.get(k, means[k])
            means.append(mean)
        return means

    def _back(
        self,
        found: list[Derivatives],
        seen: dict[int, tuple[Floats, Floats]],
        means: list[Floats],
        states: dict[int, float],
    ) -> None:
        """Add what one history gives to the derivatives.

        `seen` is the derivative by a linear predictor, (n,), and that times each rest, (n, q), both integrated.
        """
        for j in range(self.last, -1, -1):
            if j not in seen:
                continue
            shift, along = seen[j]
            found[j].shift[:] += shift
            for k in range(j):
                if k in states:
                    found[j].earlier[:, k] += states[k] * shift
                    continue
                found[j].earlier[:, k] += means[k] * shift + (along * self.loadings[k]).sum(axis=1)
                slope = self.slopes[j][:, k]
                before = seen.get(k, (0.0, 0.0))
                seen[k] = before[0] + slope * shift, before[1] + slope[:, None] * along
            if j in self.numbers:
                found[j].spread[:] += along[:, self.numbers.index(j)]
