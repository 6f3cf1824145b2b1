"""Maximum likelihood of hazard models: Newton-Raphson, the errors of data that have no maximum, and sandwich pieces."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from evenwicht.base.arrays import Floats, Ints, Labels
from evenwicht.base.errors import ModelError

NEWTON_STEPS = 50
CONVERGED = 1e-12  # squared length of a Newton step per event; it is taken, and squares the error
STILL = 0.1  # log hazards that the last step may move; towards infinity each step moves some by at least one
# share of the information at the start in a direction, below which steps are rounding: half of the digits of a float
ROUNDED_AWAY = 1e-8
LOST = 1e-6  # share that tells the directions that run off from the others
DEPENDENT = 1e-9  # share of a covariate's variance that the others, or the risk sets, leave
CALL = 4_096  # products of a run of people, on average, from which a call of the linear algebra for each pays
ROUNDING = 1e-11  # of a log likelihood, relative


class Evaluated(Protocol):
    """A likelihood at some coefficients."""

    @property
    def log_likelihood(self) -> float: ...


class Derived(Protocol):
    """Its score (k,) and information (k, k)."""

    @property
    def score(self) -> Floats: ...

    @property
    def information(self) -> Floats: ...


P = TypeVar("P", bound=Evaluated)
S = TypeVar("S", bound=Derived)


@dataclass(frozen=True)
class Maximum(Generic[P, S]):
    """Where Newton-Raphson ends, after how many steps, and the log likelihood where it began."""

    beta: Floats
    point: P
    slope: S
    log_likelihood_start: float
    steps: int


def maximise(
    start: Floats,
    evaluate: Callable[[Floats], P],
    differentiate: Callable[[P], S],
    require: Callable[[S], None],
    extent: Floats,
    events: float,
    names: list[str],
    where: str,
) -> Maximum[P, S]:
    """Maximise a concave log likelihood by Newton-Raphson with step halving.

    Parameters
    ----------
    start : (k,) array
    evaluate, differentiate
        From coefficients to the likelihood, and from there to score and information.
    require
        Raises an error if the data hold no information on some coefficient at the start.
    extent : (k,) array
        Largest absolute value of what each coefficient multiplies, for how far a step can move a log hazard.
    events : float
        Weight of all events, the scale of the likelihood.
    names : list of k strings
        Empty for an intercept, which moves with the coefficients and is not told of in errors.

    Raises
    ------
    ModelError
        If a coefficient runs off to infinity (complete or quasi-complete separation).
    """
    beta, point = start, evaluate(start)
    slope = differentiate(point)
    require(slope)
    begin, information = point.log_likelihood, slope.information
    for steps in range(1, NEWTON_STEPS + 1):
        step = whole = np.linalg.solve(slope.information, slope.score)
        length = step @ slope.score / events
        enough = point.log_likelihood - ROUNDING * abs(point.log_likelihood)
        point = evaluate(beta + step)
        while point.log_likelihood < enough:
            step = step / 2
            point = evaluate(beta + step)
        del slope  # it can hold more than the data do, and is not needed beside the next
        beta, slope = beta + step, differentiate(point)
        if _information_left(slope.information, information)[0][0] < ROUNDED_AWAY:
            break
        if length < CONVERGED and np.abs(whole) @ extent < STILL:  # a halved step is small everywhere
            return Maximum(beta, point, slope, begin, steps)
    raise _runs_off(slope.information, information, beta - start, names, where)


def require_information(information: Floats, scale: Floats, names: list[str], where: str) -> None:
    """Raise ModelError if a covariate holds no information (against `scale`, (k,)), or follows from those before it."""
    variance = np.diag(information)
    constant = [name for name, none in zip(names, variance <= DEPENDENT * scale, strict=True) if none]
    if constant:
        raise ModelError(
            f"{', '.join(constant)} does not vary among people at risk together",
            where=where,
            fix="Remove it from the model or widen the sample.",
        )
    correlation = information / np.sqrt(np.outer(variance, variance))
    kept: list[int] = []
    for j in range(len(names)):
        along = correlation[kept, j]
        if 1 - along @ np.linalg.solve(correlation[np.ix_(kept, kept)], along) > DEPENDENT:
            kept.append(j)
    if len(kept) < len(names):
        dependent = [name for j, name in enumerate(names) if j not in kept]
        raise ModelError(
            f"singular design: {', '.join(dependent)} follows exactly from the other covariates",
            where=where,
            fix="Remove it from the adjustment.",
        )


def _information_left(now: Floats, start: Floats) -> tuple[Floats, Floats]:
    """Share of the information at the start left by direction, smallest first, (k,), and the directions (k, k)."""
    root = np.linalg.inv(np.linalg.cholesky(start))
    left, axes = np.linalg.eigh(root @ now @ root.T)
    return left, root.T @ axes


def _runs_off(now: Floats, start: Floats, moved: Floats, names: list[str], where: str) -> ModelError:
    """The error for separation, with the covariates and directions in which the likelihood has no maximum.

    That is the way from the start as far as it lies in directions that have lost their information.
    """
    left, axes = _information_left(now, start)
    lost = axes[:, left <= max(LOST, left[0])]
    direction = lost @ (lost.T @ start @ moved)
    largest = max(abs(d) for name, d in zip(names, direction, strict=True) if name)
    told = [
        f"{name} to {'plus' if d > 0 else 'minus'} infinity"
        for name, d in zip(names, direction, strict=True)
        if name and abs(d) > largest / 10
    ]
    return ModelError(
        f"no finite estimate, the coefficient runs off: {', '.join(told)}",
        where=where,
        fix="Everybody, or nobody, at one end of it has the event, or a value lies far from all others: pool, "
        "transform or remove it.",
    )


def cluster_codes(group: Ints, where: str) -> tuple[Ints, int]:
    """Number the clusters that occur, in order; ModelError if there are fewer than two."""
    occurring, group = np.unique(group, return_inverse=True)
    if len(occurring) < 2:
        raise ModelError("fewer than two clusters", where=where, fix="Use a finer cluster or none.")
    return group, len(occurring)


def sum_by_cluster(scores: Iterable[tuple[slice, Floats]], group: Ints, n_clusters: int) -> Floats:
    """Sum the scores (k, b) of blocks of people by cluster, (clusters, k)."""
    total: Any = 0.0
    for rows, block in scores:
        total = total + np.stack([np.bincount(group[rows], values, n_clusters) for values in block])
    return np.asarray(total).T


def sum_of_squares(scores: Iterable[tuple[slice, Labels]]) -> Floats:
    """Cross product (k, k) of the scores (k, b) of blocks of people."""
    return np.asarray(sum(block @ block.T for _, block in scores))


def sum_products_by_cluster(left: Floats, right: Floats, group: Ints, n_clusters: int) -> Floats:
    """Sum the products of (k, n) and (m, n) over the people of each cluster, (clusters, k, m); zero without people."""
    order = np.argsort(group, kind="stable")
    present, start = np.unique(group[order], return_index=True)
    total = np.zeros((n_clusters, len(left), len(right)))
    total[present] = sum_products(left[:, order], right[:, order], start)
    return total


def sum_products(left: Floats, right: Floats, start: Ints) -> Floats:
    """Sum the products of (k, n) and (m, n) over s runs of people, which begin at `start` (s,), (s, k, m)."""
    if left.size * len(right) < CALL * len(start):
        return np.stack([np.add.reduceat(row * right, start, axis=1).T for row in left], axis=1)
    ends = [*start[1:], left.shape[1]]
    return np.stack([left[:, a:b] @ right[:, a:b].T for a, b in zip(start, ends, strict=True)])
