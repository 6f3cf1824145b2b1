"""Conditional logistic regression within groups, exact for any number of cases in a group.

Given how many of its members are cases, a group's likelihood is that of the subset that they are, among all subsets of
that size; whatever the group shares drops out. The sums over subsets are elementary symmetric polynomials, built up
member by member (Gail, Lubin and Rubinstein 1981, Biometrika 68:703), for all groups at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Floats, Ints
from evenwicht.estimators.likelihood import maximise, require_information
from evenwicht.estimators.person_time import extent, standardise

BLOCK = 2048  # groups


@dataclass(frozen=True)
class ConditionalLogit:
    """Log odds ratios (k,) with the inverse of their information, (k, k), and the conditional log likelihood."""

    params: Floats
    covariance: Floats
    log_likelihood: float


@dataclass(frozen=True)
class _Problem:
    """Members of each of G groups: covariates (k, G, size), 0 where there is none, who is there and who is a case."""

    x: Floats
    there: Floats
    case: Floats

    def blocks(self) -> Iterator["_Problem"]:
        for start in range(0, len(self.there), BLOCK):
            some = slice(start, start + BLOCK)
            yield _Problem(self.x[:, some], self.there[some], self.case[some])


@dataclass(frozen=True)
class _Point:
    log_likelihood: float
    beta: Floats


@dataclass(frozen=True)
class _Slope:
    score: Floats
    information: Floats


def fit_conditional_logit(case: Floats, x: Floats, groups: Ints, names: list[str], where: str) -> ConditionalLogit:
    """Fit a conditional logistic regression by maximum likelihood.

    Parameters
    ----------
    case : (n,) array of 0 and 1
    x : (n, k) array
    groups : (n,) array of int
        Group of each row, 0 to groups - 1. Groups in which all or none are cases say nothing; leave them out.
    names : list of k strings

    Raises
    ------
    ModelError
        If a covariate does not vary within groups or follows from others, or a coefficient has no finite estimate.
    """
    design, scale = standardise(x, np.ones(len(x), dtype=bool), groups)
    order = np.argsort(groups, kind="stable")
    size = np.bincount(groups)
    seat = np.empty(len(x), dtype=np.intp)
    seat[order] = np.arange(len(x)) - np.repeat(np.cumsum(size) - size, size)
    members, there, cases = np.zeros((len(design), len(size), size.max())), *np.zeros((2, len(size), size.max()))
    members[:, groups, seat], there[groups, seat], cases[groups, seat] = design, 1.0, case
    problem = _Problem(members, there, cases)
    fit = maximise(
        np.zeros(len(names)),
        lambda beta: _evaluate(problem, beta),
        lambda point: _differentiate(problem, point),
        lambda slope: require_information(slope.information, (design**2).sum(axis=1), names, where),
        extent(design),
        float(case.sum()),
        names,
        where,
    )
    covariance = np.linalg.inv(fit.slope.information) / np.outer(scale, scale)
    return ConditionalLogit(fit.beta / scale, covariance, fit.point.log_likelihood)


def _evaluate(problem: _Problem, beta: Floats) -> _Point:
    total = 0.0
    for part in problem.blocks():
        eta = np.tensordot(beta, part.x, 1)
        top = np.where(part.there > 0, eta, -np.inf).max(axis=1, keepdims=True)
        weight, count = part.there * np.exp(eta - top), part.case.sum(axis=1).astype(int)
        sums = np.zeros((len(eta), count.max() + 1))
        sums[:, 0] = 1.0
        for member in weight.T:
            sums[:, 1:] += member[:, None] * sums[:, :-1]
        total += float((part.case * (eta - top)).sum() - np.log(sums[np.arange(len(eta)), count]).sum())
    return _Point(total, beta)


def _differentiate(problem: _Problem, point: _Point) -> _Slope:
    """Score and information: the sums over subsets with their first two derivatives."""
    k = len(point.beta)
    score, information = np.zeros(k), np.zeros((k, k))
    for part in problem.blocks():
        eta = np.tensordot(point.beta, part.x, 1)
        top = np.where(part.there > 0, eta, -np.inf).max(axis=1, keepdims=True)
        weight, count = part.there * np.exp(eta - top), part.case.sum(axis=1).astype(int)
        groups, most = len(eta), count.max() + 1
        zeroth, first, second = np.zeros((groups, most)), np.zeros((groups, most, k)), np.zeros((groups, most, k, k))
        zeroth[:, 0] = 1.0
        for j, member in enumerate(weight.T):
            x = part.x[:, :, j].T[:, None, :]
            w = member[:, None]
            with_one = first[:, :-1] + x * zeroth[:, :-1, None]
            cross = x[..., None] * with_one[..., None, :]
            # d2 (w e) = w (d2 e + x de' + de x' + x x' e)
            second[:, 1:] += w[..., None, None] * (second[:, :-1] + cross + first[:, :-1, :, None] * x[:, :, None, :])
            first[:, 1:] += w[..., None] * with_one
            zeroth[:, 1:] += w * zeroth[:, :-1]
        at = np.arange(groups), count
        mean = first[at] / zeroth[at][:, None]
        score += np.einsum("kgs,gs->k", part.x, part.case) - mean.sum(axis=0)
        information += (second[at] / zeroth[at][:, None, None]).sum(axis=0) - mean.T @ mean
    return _Slope(score, information)
