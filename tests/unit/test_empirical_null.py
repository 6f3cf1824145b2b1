"""The empirical null: its fit beside reference values, and what it says of an estimate."""

import numpy as np
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.estimators.empirical_null import EmpiricalNull, fit_empirical_null
from scipy import stats

ESTIMATES = np.array([0.05, -0.10, 0.20, 0.30, 0.12, -0.02, 0.25, 0.15])
SES = np.array([0.10, 0.12, 0.08, 0.15, 0.10, 0.09, 0.20, 0.11])


def plug_in(null: EmpiricalNull, estimate: float, se: float) -> float:
    """P value with mean and SD taken as known."""
    return float(2 * stats.norm.sf(abs(estimate - null.mean) / np.hypot(null.sd, se)))


def test_mean_and_sd_are_the_maximum_of_the_likelihood() -> None:
    """Reference: the likelihood N(mu, tau^2 + se^2) maximised by an independent optimiser."""
    null = fit_empirical_null(ESTIMATES, SES)
    assert null.mean == pytest.approx(0.1009566646, abs=1e-8)
    assert null.sd == pytest.approx(0.0352133141, abs=1e-8)
    likelihood = stats.norm.logpdf(ESTIMATES, null.mean, np.hypot(SES, null.sd)).sum()
    assert likelihood == pytest.approx(5.5708212, abs=1e-7)
    assert plug_in(null, 0.5, 0.1) == pytest.approx(1.6728807e-4, rel=1e-6)


def test_the_distribution_of_the_sd_has_the_published_confidence_limits() -> None:
    """Diuretics in pregnancy (Collins, Yusuf and Peto 1985): Q-profile limits of tau^2 and fits of Viechtbauer 2007."""
    treated, control = (
        np.array([131, 385, 57, 38, 1011, 1370, 506, 108, 153]),
        np.array([136, 134, 48, 40, 760, 1336, 524, 103, 102]),
    )
    ill, ill_control = np.array([14, 21, 14, 6, 12, 138, 15, 6, 65]), np.array([14, 17, 24, 18, 35, 175, 20, 2, 40])
    log_odds = np.log(ill * (control - ill_control) / (ill_control * (treated - ill)))
    se = np.sqrt(1 / ill + 1 / (treated - ill) + 1 / ill_control + 1 / (control - ill_control))
    null = fit_empirical_null(log_odds, se)
    assert null.sd**2 == pytest.approx(0.2386, abs=5e-5)
    # a component of the mixture: variance of the mean, given tau, and tau^2
    tau = np.sqrt([0.0723, 2.2027])
    variance = [1 / (1 / (se**2 + t**2)).sum() + t**2 for t in tau]
    below = [null.shares[null.sds**2 <= v].sum() for v in variance]
    assert below == pytest.approx([0.025, 0.975], abs=0.004)  # half a cell of the grid of tau


def test_few_controls_weigh_less_than_many_that_say_the_same() -> None:
    few, many = (fit_empirical_null(np.tile(ESTIMATES, k), np.tile(SES, k)) for k in (1, 500))
    assert (many.mean, many.sd) == pytest.approx((few.mean, few.sd), abs=1e-7)
    # 4,000 controls leave tau^2 a standard error of 3e-4, which moves this p by 5%
    assert many.p_value(0.3, 0.1) == pytest.approx(plug_in(many, 0.3, 0.1), rel=0.05)
    assert few.p_value(0.3, 0.1) > 1.5 * plug_in(few, 0.3, 0.1)


def test_controls_that_agree_exactly_leave_the_error_of_their_mean() -> None:
    """No spread at all puts all of the distribution at SD 0: prediction error is that of the weighted mean."""
    ses = np.array([0.1, 0.2, 0.4])
    null = fit_empirical_null(np.full(3, 0.02), ses)
    se = np.sqrt(1 / (1 / ses**2).sum())
    assert (null.mean, null.sd) == (pytest.approx(0.02), 0.0)
    assert null.p_value(0.25, 0.1) == pytest.approx(2 * stats.norm.sf(0.23 / np.hypot(0.1, se)), rel=1e-6)
    assert null.error().upper == pytest.approx(0.02 + stats.norm.ppf(0.975) * se, rel=1e-6)


@pytest.mark.parametrize("estimate", [-0.4, 0.1, 0.35, 0.38, 0.6])
def test_the_interval_excludes_zero_where_p_is_under_five_per_cent(estimate: float) -> None:
    null = fit_empirical_null(ESTIMATES, SES)
    interval = null.calibrate(estimate, 0.1)
    assert interval.estimate == pytest.approx(estimate - null.mean)
    assert interval.lower < interval.estimate < interval.upper
    assert (interval.lower > 0 or interval.upper < 0) == (null.p_value(estimate, 0.1) < 0.05)
    at_limit = null.p_value(estimate - interval.lower, 0.1)
    assert at_limit == pytest.approx(0.05, abs=1e-9)


def test_neither_sign_nor_origin_matters() -> None:
    null = fit_empirical_null(ESTIMATES, SES)
    turned, moved = fit_empirical_null(-ESTIMATES, SES), fit_empirical_null(ESTIMATES + 3, SES)
    assert turned.p_value(-0.4, 0.1) == pytest.approx(null.p_value(0.4, 0.1))
    assert moved.p_value(3.4, 0.1) == pytest.approx(null.p_value(0.4, 0.1))


@pytest.mark.parametrize("broken", [(np.nan, 0.1), (0.1, np.inf), (0.1, 0.0)])
def test_controls_without_an_estimate_are_refused(broken: tuple[float, float]) -> None:
    estimate, se = broken
    with pytest.raises(ModelError, match="two or more finite estimates"):
        fit_empirical_null(np.append(ESTIMATES, estimate), np.append(SES, se))
    with pytest.raises(ModelError, match="two or more"):
        fit_empirical_null(ESTIMATES[:1], SES[:1])
