"""Limits of products: the least and the largest value over all factors that the data do not rule out."""

import numpy as np
import pytest
from evenwicht.estimators.influence import Estimate, Sampling
from evenwicht.estimators.product_limits import NO_SHARE, Part, part_interval, share_interval

Floats = np.ndarray
Z = 1.959963984540054
COVARIANCE = np.array([[1.0, 0.2, 0.1], [0.2, 0.5, -0.1], [0.1, -0.1, 0.8]])


def estimates(mean: tuple[float, ...], covariance: Floats) -> tuple[list[Estimate], Sampling]:
    """Estimates whose influences have this covariance."""
    raw = np.random.default_rng(2).normal(size=(50, len(mean)))
    white = np.linalg.qr(raw - raw.mean(axis=0))[0]
    influence = white @ np.linalg.cholesky(covariance).T
    return [Estimate(value, influence[:, k]) for k, value in enumerate(mean)], Sampling(50)


def border(mean: tuple[float, ...]) -> Floats:
    """Many points of the border of what is not ruled out, (3, points)."""
    u = np.random.default_rng(3).normal(size=(400_000, len(mean)))
    return (np.array(mean) + Z * (u / np.linalg.norm(u, axis=1)[:, None]) @ np.linalg.cholesky(COVARIANCE).T).T


def product(one: Estimate, other: Estimate) -> Part:
    influence = one.value * other.influence + other.value * one.influence
    return Part(Estimate(one.value * other.value, influence), ((one, other),))


@pytest.mark.parametrize("mean", [(2.5, 1.5, 9.0), (0.1, 0.0, 5.0), (0.0, 3.0, -6.0), (-1.0, 1.0, 4.0)])
def test_limits_are_the_least_and_the_largest_value_that_is_not_ruled_out(mean: tuple[float, ...]) -> None:
    (one, other, total), sampling = estimates(mean, COVARIANCE)
    part = product(one, other)
    interval, share = part_interval(part, sampling), share_interval(part, total, sampling)
    a, b, t = border(mean)
    assert (interval.lower, interval.upper) == pytest.approx((np.min(a * b), np.max(a * b)), abs=0.05)
    assert interval.lower <= np.min(a * b)
    assert interval.upper >= np.max(a * b)
    assert (share.lower, share.upper) == pytest.approx((np.min(a * b / t), np.max(a * b / t)), abs=0.02)
    assert (interval.estimate, share.estimate) == pytest.approx((mean[0] * mean[1], mean[0] * mean[1] / mean[2]))


def test_a_sum_of_products_is_bounded_as_one() -> None:
    """Two independent products with the same factors: the sum of both, not of their limits."""
    (a, b, c, d), sampling = estimates((2.0, 1.0, 2.0, 1.0), np.diag([0.3, 0.3, 0.3, 0.3]))
    one, other = product(a, b), product(c, d)
    both = Part(Estimate(4.0, one.estimate.influence + other.estimate.influence), one.factors + other.factors)
    found, alone = (part_interval(part, sampling) for part in (both, one))
    u = np.random.default_rng(3).normal(size=(400_000, 4))
    p, q, r, s = (np.array([2, 1, 2, 1]) + Z * np.sqrt(0.3) * u / np.linalg.norm(u, axis=1)[:, None]).T
    assert (found.lower, found.upper) == pytest.approx((np.min(p * q + r * s), np.max(p * q + r * s)), abs=0.05)
    assert found.upper < 2 * alone.upper


def test_around_a_product_of_zeros_the_limits_are_half_the_squared_reach() -> None:
    (one, other), sampling = estimates((0.0, 0.0), np.eye(2))
    part = Part(Estimate(0.0, 1e-9 * one.influence), ((one, other),))
    found = part_interval(part, sampling)
    assert (found.lower, found.upper) == pytest.approx((-(Z**2) / 2, Z**2 / 2))


def test_what_is_no_product_has_the_usual_interval() -> None:
    (part,), sampling = estimates((2.0,), np.array([[0.25]]))
    found = part_interval(Part(part), sampling)
    assert (found.lower, found.upper) == pytest.approx((2 - Z / 2, 2 + Z / 2))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_share_of_what_is_no_product_has_fiellers_interval(sign: float) -> None:
    """Ratios r with (p - r t)^2 <= z^2 var(p - r t)."""
    (part, total), sampling = estimates((2 * sign, 5 * sign), np.array([[1.0, 0.3], [0.3, 2.0]]))
    roots = np.roots([25 - 2 * Z**2, -2 * (10 - 0.3 * Z**2), 4 - Z**2])
    found = share_interval(Part(part), total, sampling)
    assert (found.lower, found.upper) == pytest.approx(sorted(roots.real), abs=1e-9)


def test_limits_turn_with_the_sign_and_scale_with_the_unit() -> None:
    (one, other, total), sampling = estimates((2.5, 1.5, 9.0), COVARIANCE)
    usual = part_interval(product(one, other), sampling)
    turned = part_interval(product(Estimate(-3 * one.value, -3 * one.influence), other), sampling)
    assert (turned.lower, turned.upper) == pytest.approx((-3 * usual.upper, -3 * usual.lower))
    share = share_interval(product(one, other), total, sampling)
    same = share_interval(
        product(Estimate(-3 * one.value, -3 * one.influence), other),
        Estimate(-3 * total.value, -3 * total.influence),
        sampling,
    )
    assert (same.lower, same.upper) == pytest.approx((share.lower, share.upper))


def test_an_effect_that_is_not_clear_of_zero_has_no_shares() -> None:
    (part, total), sampling = estimates((1.0, 1.5), np.eye(2))
    found = share_interval(Part(part), total, sampling)
    assert (found.status, found.reason) == ("not estimable", NO_SHARE)


def test_clusters_widen_the_limits_as_they_widen_errors() -> None:
    (one, other, _), _ = estimates((2.5, 1.5, 9.0), COVARIANCE)
    clusters = np.repeat(np.arange(10), 5)
    sampling = Sampling(50, clusters)
    columns = np.column_stack([one.influence, other.influence])
    errors = [sampling.standard_error(column) for column in columns.T]
    assert np.sqrt(np.diag(sampling.covariance(columns))) == pytest.approx(errors)
    plain, wide = (part_interval(product(one, other), how) for how in (Sampling(50), sampling))
    ratio = (wide.upper - wide.lower) / (plain.upper - plain.lower)
    assert ratio == pytest.approx(wide.se / plain.se * 2.262157 / Z, rel=0.1)
