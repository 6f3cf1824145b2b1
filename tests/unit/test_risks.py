"""Risks with and without a 0/1 exposure: what they add up to, and what their errors are made of."""

import numpy as np
import pytest
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.ratios import standardised_difference, standardised_risks
from evenwicht.estimators.results import Error, Interval
from evenwicht.estimators.risks import crude_risk, linear_risks, mean_risk
from scipy import stats

from tests.resampling import bootstrap, standard_error

REPLICATES = 600
EXACT = 1e-9
Data = dict[str, np.ndarray]


def people(n: int = 600, seed: int = 3) -> Data:
    """A covariate decides most of the outcome, so that whose covariates were drawn matters."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 1))
    a = (rng.random(n) < 1 / (1 + np.exp(-x[:, 0]))).astype(float)
    case = (rng.random(n) < 1 / (1 + np.exp(0.5 - 0.8 * a - 3 * x[:, 0]))).astype(float)
    return {"x": x, "a": a, "case": case}


def months_of(exposed: int, unexposed: int, size: int = 10, seed: int = 4) -> Data:
    """Months of births, `size` people each; the policy reaches whole months, and months differ in risk."""
    rng = np.random.default_rng(seed)
    month = np.repeat(np.arange(exposed + unexposed), size)
    risk = np.clip(rng.normal(0.3, 0.1, exposed + unexposed), 0.05, 0.9)[month]
    reached = (month < exposed).astype(float)
    return {"g": month, "a": reached, "case": (rng.random(len(month)) < risk + 0.3 * reached).astype(float)}


def limits(interval: Interval) -> tuple[float, float, float, float]:
    return interval.estimate, interval.se, interval.lower, interval.upper


# --- what they are ----------------------------------------------------------------------------------------------------


def test_their_difference_is_the_one_that_is_reported() -> None:
    d = people()
    linear, logistic = linear_risks(d["case"], d["a"], d["x"]), standardised_risks(d["case"], d["a"], d["x"])
    assert linear.difference == least_squares(d["case"], d["a"], d["x"])
    assert logistic.difference == standardised_difference(d["case"], d["a"], d["x"])
    for risks in (linear, logistic):
        assert risks.exposed.estimate - risks.unexposed.estimate == pytest.approx(risks.difference.estimate, rel=EXACT)


def test_without_covariates_they_are_the_shares_of_both_arms() -> None:
    """With the binomial error of each arm; the linear model's has the factor n / (n - 2) of HC1 in its variance."""
    d = people()
    for risks, factor in ((linear_risks(d["case"], d["a"]), 600 / 598), (standardised_risks(d["case"], d["a"]), 1.0)):
        for arm, interval in ((1, risks.exposed), (0, risks.unexposed)):
            own = d["case"][d["a"] == arm]
            assert interval.estimate == pytest.approx(own.mean(), rel=EXACT)
            assert interval.se == pytest.approx(np.sqrt(factor * own.var() / len(own)), rel=EXACT)


def test_limits_of_a_risk_are_symmetric_for_the_complementary_log_log_of_survival() -> None:
    """By hand: a risk of 0.2 with error 0.05 on 10 degrees of freedom."""
    found = Interval.risk(0.2, 0.05, 10)
    reach = stats.t.ppf(0.975, 10) * 0.05 / (0.8 * -np.log(0.8))
    sides = [np.log(-np.log(1 - limit)) - np.log(-np.log(0.8)) for limit in (found.lower, found.upper)]
    assert sides == pytest.approx([-reach, reach])


def test_a_linear_model_that_leaves_the_scale_has_no_risk() -> None:
    """Everybody with the exposure has the outcome in one half; in the other, without exposed, the line goes on above 1."""
    x = np.repeat([0.0, 1.0], 100)
    a = np.r_[np.tile([0.0, 1.0], 50), np.zeros(90), np.ones(10)]
    case = np.r_[a[:100], np.ones(100)]
    case[0] = 1.0
    risks = linear_risks(case, a, x[:, None])
    assert risks.exposed.reason == "the model predicts a mean risk below 0 or above 1"
    assert risks.exposed.status == "not estimable"
    assert risks.difference.status == risks.unexposed.status == "estimated"


def test_an_arm_without_cases_has_no_logistic_risks() -> None:
    d = people()
    risks = standardised_risks(d["case"] * d["a"], d["a"], d["x"])
    reason = "nobody of the unexposed has the outcome"
    assert risks.exposed.reason == risks.unexposed.reason == risks.difference.reason == reason


# --- what their errors are made of ------------------------------------------------------------------------------------


def test_errors_count_covariates_as_drawn() -> None:
    """Against the bootstrap of people, which draws them too. Of the linear model, 13 in 100 less would be left given the covariates."""
    d = people()

    def values(frequency: np.ndarray) -> np.ndarray:
        there = frequency > 0
        people = (d["case"][there], d["a"][there], d["x"][there])
        both = (model(*people, weights=frequency[there]) for model in (linear_risks, standardised_risks))
        return np.array([risk.estimate for risks in both for risk in (risks.exposed, risks.unexposed)])

    spread = standard_error(bootstrap(values, np.arange(600), REPLICATES, np.random.default_rng(5)))
    both = (model(d["case"], d["a"], d["x"]) for model in (linear_risks, standardised_risks))
    ours = [risk.se for risks in both for risk in (risks.exposed, risks.unexposed)]
    assert ours == pytest.approx(spread, rel=4 / np.sqrt(2 * REPLICATES) + 0.02)


def test_two_parts_of_an_error_add_up_with_satterthwaites_degrees_of_freedom() -> None:
    """By hand: a model's error of 0.03 on 5 degrees of freedom, and four clusters with mean risks 0.1 to 0.4."""
    predicted, clusters = np.repeat([0.1, 0.2, 0.3, 0.4], 25), np.repeat(np.arange(4), 25)
    drawn = np.var([0.1, 0.2, 0.3, 0.4], ddof=1) / 4
    variance = 0.03**2 + drawn
    df = variance**2 / (0.03**4 / 5 + drawn**2 / 3)
    found = mean_risk(predicted, Error(0.03, 5), Sampling(100, clusters))
    assert limits(found) == pytest.approx(limits(Interval.risk(0.25, np.sqrt(variance), df)))
    assert mean_risk(predicted, Error(0.03), Sampling(100)).se == pytest.approx(np.sqrt(0.03**2 + 0.0125 / 100))


@pytest.mark.parametrize(("exposed", "unexposed"), [(12, 20), (6, 40)])
def test_an_arm_of_whole_months_rests_on_its_own_months(exposed: int, unexposed: int) -> None:
    """Equal months: the mean of month means, with their spread and the degrees of freedom of that arm alone."""
    d = months_of(exposed, unexposed)
    risks = linear_risks(d["case"], d["a"], clusters=d["g"])
    means = np.array([d["case"][d["g"] == month].mean() for month in range(exposed + unexposed)])
    for interval, own in ((risks.exposed, means[:exposed]), (risks.unexposed, means[exposed:])):
        by_hand = Interval.risk(own.mean(), own.std(ddof=1) / np.sqrt(len(own)), len(own) - 1)
        assert limits(interval) == pytest.approx(limits(by_hand), rel=1e-8)


def test_the_risk_as_things_are_takes_as_given_whom_the_policy_reaches() -> None:
    """Its error is that of both arms, each for its share: what sets the arms apart adds nothing to it."""
    d = months_of(12, 20)
    means = np.array([d["case"][d["g"] == month].mean() for month in range(32)])
    parts = [share**2 * own.var(ddof=1) / len(own) for share, own in ((12 / 32, means[:12]), (20 / 32, means[12:]))]
    found = crude_risk(d["case"], d["a"], clusters=d["g"])
    assert found.estimate == pytest.approx(d["case"].mean())
    assert found.se == pytest.approx(np.sqrt(sum(parts)), rel=1e-8)
    halves = [crude_risk(0.5 * d["case"] + more * d["a"], d["a"], clusters=d["g"]).se for more in (0.0, 0.2)]
    assert halves[0] == pytest.approx(halves[1], rel=1e-8)
