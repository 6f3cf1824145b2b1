"""Which hypothesis about timing fits best: the lasso path over hypotheses, once covariates are taken out.

Covariates are taken out of the outcome and of the hypotheses (Lovell 1963, Journal of the American Statistical
Association 58:993), hypotheses are scaled to length 1, and the lasso path tells in which order they enter as the
penalty falls (Efron et al. 2004, Annals of Statistics 32:407). All of it follows from the products of columns, so rows
may stand for many people.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import ModelError
from evenwicht.estimators.design import standardised

ALIKE = 1e-9  # what is left of a column, or of the difference between two, below which nothing is
LEAST_LEFT = 30  # degrees of freedom for the variance, so that it can be taken as known


@dataclass(frozen=True)
class Moments:
    """What the path takes of p hypotheses, with covariates taken out and columns of length 1.

    Attributes
    ----------
    names
        Ids of the hypotheses.
    gram : (p, p) array
        Their correlations given the covariates.
    inner : (p,) array
        Inner products with the outcome.
    length : (p,) array
        Length of each column before scaling: slopes are coefficients over it.
    total
        Sum of squares of the outcome given the covariates.
    left
        Degrees of freedom that the covariates leave.
    unlike
        Why a hypothesis is not among them, by id.
    """

    names: list[str]
    gram: Floats
    inner: Floats
    length: Floats
    total: float
    left: float
    unlike: Mapping[str, str]

    def explained(self, chosen: Sequence[int]) -> float:
        """Share of the variance given the covariates that least squares on some hypotheses explains."""
        at = list(chosen)
        if not at:
            return 0.0
        inner = self.inner[at]
        return (
            float(inner @ np.linalg.pinv(self.gram[np.ix_(at, at)], rcond=ALIKE, hermitian=True) @ inner) / self.total
        )

    def ahead_of(self, first: int, noise: float) -> Floats:
        """How much better one hypothesis fits than each, (p,), in standard errors of the difference; 0 for itself.

        The difference is that of the slopes by columns of length 1, in the direction in which each fits.
        """
        signs = np.sign(self.inner)
        alike = self.gram[first] * signs * signs[first]
        error = noise * np.sqrt(2 * np.maximum(1 - alike, 0.0))
        ahead = np.abs(self.inner[first]) - np.abs(self.inner)
        return np.asarray(np.divide(ahead, error, out=np.zeros_like(ahead), where=error > 0))

    @property
    def rank(self) -> int:
        """Number of hypotheses that do not follow from the others."""
        return int(np.linalg.matrix_rank(self.gram, tol=ALIKE * len(self.names), hermitian=True))

    def noise(self, where: str) -> float:
        """Standard deviation of the outcome given the covariates and every hypothesis.

        Raises
        ------
        ModelError
            If there are too few people to take it as known, or nothing is left.
        """
        df = self.left - self.rank
        if df < LEAST_LEFT:
            raise ModelError(
                f"too few people: {LEAST_LEFT} more than parameters are needed",
                where=where,
                fix="Leave out hypotheses or covariates.",
            )
        unexplained = 1 - self.explained(range(len(self.names)))
        if unexplained <= ALIKE:
            raise ModelError(
                "the hypotheses explain the outcome without error", where=where, fix="Choose another outcome."
            )
        return float(np.sqrt(unexplained * self.total / df))


def partial_moments(
    outcome: Floats, columns: Mapping[str, Floats], covariates: Floats, where: str, weights: Floats | None = None
) -> Moments:
    """Take covariates out of an outcome and of hypotheses, and return what is left of their products.

    A hypothesis that does not vary, or follows from the covariates, or tells people apart exactly as an earlier one
    does, is left out with the reason.

    Parameters
    ----------
    outcome : (n,) array
    columns
        Hypotheses by id, (n,) arrays.
    covariates : (n, k) array
        Without intercept; one is added.
    where
        Name of the model in messages.
    weights : (n,) array, optional
        How many people a row stands for.

    Raises
    ------
    ModelError
        If fewer than two hypotheses are left, or the outcome does not vary.
    """
    w = np.ones(len(outcome)) if weights is None else weights
    root = np.sqrt(w)[:, None]
    basis = _basis(np.column_stack([np.ones(len(outcome)), standardised(covariates)]) * root)
    matrix = standardised(np.column_stack([outcome, *columns.values()]))
    spread = _spread(np.column_stack([outcome, *columns.values()]))
    rest = matrix * root
    for _ in range(2):  # once more, for the digits that the first leaves
        rest = rest - basis @ (basis.T @ rest)
    squares = (rest**2).sum(axis=0)
    varies = squares > ALIKE * float(w.sum())
    if not varies[0]:
        raise ModelError("the outcome does not vary", where=where, fix="Choose another outcome.")
    names, at, unlike = list(columns), list[int](), dict[str, str]()
    lengths = np.sqrt(np.where(varies, squares, 1.0))
    products = rest.T @ rest / np.outer(lengths, lengths)
    for j, name in enumerate(names, start=1):
        if not varies[j]:
            unlike[name] = "people do not differ in it, given the covariates"
        elif (np.abs(products[j, at]) > 1 - ALIKE).any():
            unlike[name] = "it tells people apart exactly as another hypothesis does"
        else:
            at.append(j)
    if len(at) < 2:
        raise ModelError(
            "fewer than two hypotheses tell people apart", where=where, fix="Add periods, or widen the sample."
        )
    total = float(squares[0] * spread[0] ** 2)
    return Moments(
        names=[names[j - 1] for j in at],
        gram=products[np.ix_(at, at)],
        inner=products[at, 0] * np.sqrt(total),
        length=lengths[at] * spread[at],
        total=total,
        left=float(w.sum()) - basis.shape[1],
        unlike=unlike,
    )


@dataclass(frozen=True)
class Step:
    """A hypothesis enters the path, or leaves it, as the penalty falls to this value."""

    penalty: float
    position: int
    enters: bool
    chosen: tuple[int, ...]  # hypotheses from here on, in the order in which they entered


@dataclass(frozen=True)
class LassoPath:
    """The lasso path of p hypotheses over k knots.

    Attributes
    ----------
    penalties : (k,) array
        Penalties at the knots, falling.
    coefficients : (p, k) array
        Of columns of length 1, at the knots; straight between them.
    steps
        What happens at each knot but the last.
    explained : (k,) array
        Share of the variance explained by these shrunken coefficients, at the knots.
    """

    penalties: Floats
    coefficients: Floats
    steps: list[Step]
    explained: Floats


def lasso_path(moments: Moments, most: int | None = None, least: float = 1e-4) -> LassoPath:
    """Return the lasso path, by least angle regression with its drop step.

    Parameters
    ----------
    moments
        Of the hypotheses.
    most
        Number of steps after which the path may end; all if left out.
    least
        Share of the first penalty at which it ends.
    """
    from sklearn.linear_model import lars_path_gram

    size = float(np.sqrt(moments.total))
    inner = moments.inner / size
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a hypothesis that follows from those chosen is passed over
        found = lars_path_gram(
            Xy=inner.copy(),
            Gram=moments.gram.copy(),
            n_samples=1,
            method="lasso",
            max_iter=8 * len(inner) if most is None else most,
            alpha_min=least * float(np.abs(inner).max()),
        )
    penalties, coefficients = np.asarray(found[0]) * size, np.asarray(found[2]) * size
    fit = 2 * moments.inner @ coefficients - (coefficients * (moments.gram @ coefficients)).sum(axis=0)
    return LassoPath(penalties, coefficients, _steps(penalties, coefficients), fit / moments.total)


def _steps(penalties: Floats, coefficients: Floats) -> list[Step]:
    """Entries and drops, read from the coefficients: between two knots those are chosen that are not zero at either."""
    present = np.abs(coefficients) > ALIKE * np.abs(coefficients).max(initial=1e-300)
    steps: list[Step] = []
    chosen: tuple[int, ...] = ()
    for k in range(len(penalties) - 1):
        now = set(np.flatnonzero(present[:, k] | present[:, k + 1]).tolist())
        for gone in [j for j in chosen if j not in now]:
            chosen = tuple(j for j in chosen if j != gone)
            steps.append(Step(float(penalties[k]), gone, False, chosen))
        for new in sorted(now - set(chosen)):
            chosen = (*chosen, new)
            steps.append(Step(float(penalties[k]), new, True, chosen))
    return steps


def _basis(design: Floats) -> Floats:
    """Orthonormal basis of the columns of a design, (n, rank)."""
    u, size, _ = np.linalg.svd(design, full_matrices=False)
    return np.asarray(u[:, size > size[0] * len(design) * np.finfo(float).eps])


def _spread(matrix: Floats) -> Floats:
    """Standard deviation of each column, (k,), as `standardised` divides by it."""
    centred = matrix - matrix[:1]
    centred = centred - centred.mean(axis=0)
    return np.asarray(np.sqrt((centred**2).mean(axis=0)))
