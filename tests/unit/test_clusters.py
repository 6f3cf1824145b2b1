"""Errors with few clusters: against R clubSandwich, closed forms, and the definition written out person by person."""

from dataclasses import replace

import numpy as np
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.estimators import clusters
from evenwicht.estimators.cox import fit_cox
from evenwicht.estimators.linear import fit_linear, least_squares
from evenwicht.estimators.ratios import odds_ratio, risk_ratio, standardised_difference
from evenwicht.estimators.survival_data import SurvivalData
from scipy import stats

EQUAL = 1e-8


def cr2(matrix: np.ndarray, outcome: np.ndarray, groups: np.ndarray, contrast: np.ndarray) -> tuple[float, float]:
    """CR2 standard error and Satterthwaite degrees of freedom of a contrast, with matrices of people by people.

    Pustejovsky and Tipton 2018, working independence: A_g = (I - H_gg)^(-1/2), p_g = (I - H)_g' A_g X_g B c,
    df = (sum p_g'p_g)^2 / sum (p_g'p_h)^2.
    """
    bread = np.linalg.inv(matrix.T @ matrix)
    away = np.eye(len(matrix)) - matrix @ bread @ matrix.T
    residual, errors, pull = away @ outcome, [], []
    for g in np.unique(groups):
        people = groups == g
        values, vectors = np.linalg.eigh(away[np.ix_(people, people)])
        root = np.divide(1, np.sqrt(values.clip(0)), out=np.zeros_like(values), where=values > 1e-10)
        weight = (vectors * root) @ vectors.T @ matrix[people] @ bread @ contrast
        errors.append(weight @ residual[people])
        pull.append(away[:, people] @ weight)
    products = np.array(pull) @ np.array(pull).T
    return float(np.sqrt(np.sum(np.square(errors)))), float(np.trace(products) ** 2 / np.sum(products**2))


def people(n: int = 240, groups: int = 14, seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    g = rng.integers(groups, size=n)
    x = rng.normal(size=(n, 2)) + rng.normal(size=(groups, 2))[g]
    a = (g < groups // 3).astype(float)
    shared = rng.normal(0, 0.5, groups)[g]
    y = a + x @ [0.5, -0.2] + shared + rng.normal(size=n)
    case = (rng.random(n) < 1 / (1 + np.exp(1 - 0.5 * a - 0.4 * x[:, 0] - shared))).astype(float)
    return {"y": y, "a": a, "x": x, "g": g, "case": case, "w": rng.uniform(0.3, 2, n)}


# Grunfeld's ten firms, twenty years; treated are General Motors and US Steel
FIRMS = ["General Motors", "US Steel", "General Electric", "Chrysler", "Atlantic Refining", "IBM", "Union Oil"]
FIRMS += ["Westinghouse", "Goodyear", "Diamond Match"]


def test_two_treated_firms_of_ten_have_the_error_and_degrees_of_freedom_of_clubsandwich() -> None:
    """clubSandwich 0.5.8, coef_test(lm(inv ~ value + tr), vcov = "CR2", cluster = firm, test = "Satterthwaite")."""
    import statsmodels.api as sm

    data = sm.datasets.grunfeld.load_pandas().data
    data = data[data["firm"].isin(FIRMS)]
    treated = data["firm"].isin(FIRMS[:2]).to_numpy(float)
    fit = fit_linear(
        data["invest"].to_numpy(), np.column_stack([treated, data["value"]]), clusters=data["firm"].to_numpy()
    )
    se, df = fit.errors.se(fit.contrasts[0]), fit.errors.df(fit.contrasts[0])
    assert fit.params[0] == pytest.approx(234.104, abs=5e-4)
    assert se == pytest.approx(83.5570, abs=5e-5)
    assert df == pytest.approx(1.70, abs=5e-3)
    assert 2 * stats.t.sf(fit.params[0] / se, df) == pytest.approx(0.129, abs=5e-4)
    assert fit.interval(0).reason == "the clusters that carry it leave fewer than 3 degrees of freedom"


@pytest.mark.parametrize(("treated", "df"), [(2, 1.2336719884), (3, 2.7574321413), (5, 6.8923076923), (10, 18)])
def test_equal_clusters_have_welchs_degrees_of_freedom(treated: int, df: float) -> None:
    """(1/G1 + 1/G0)^2 / (1/(G1^2 (G1 - 1)) + 1/(G0^2 (G0 - 1))), whatever the outcome."""
    g = np.repeat(np.arange(20), 4)
    fit = fit_linear(np.random.default_rng(0).normal(size=80), (g < treated).astype(float)[:, None], clusters=g)
    assert fit.errors.df(fit.contrasts[0]) == pytest.approx(df, abs=5e-11)
    means = [fit.residual[g < treated].reshape(-1, 4).mean(1), fit.residual[g >= treated].reshape(-1, 4).mean(1)]
    welch = np.sqrt(sum(m.var(ddof=1) / len(m) for m in means))
    assert fit.errors.se(fit.contrasts[0]) == pytest.approx(welch, rel=EQUAL)
    assert (fit.interval(0).status == "estimated") == (df >= 3)


def test_one_treated_cluster_has_an_estimate_and_no_interval() -> None:
    """The formula would return 18 degrees of freedom; the treated cluster has no residuals to learn from."""
    g = np.repeat(np.arange(20), 4)
    y = np.random.default_rng(0).normal(size=80)
    found = least_squares(y, (g == 0).astype(float), clusters=g)
    assert found.estimate == pytest.approx(y[:4].mean() - y[4:].mean())
    assert np.isnan([found.se, found.lower, found.upper]).all()
    assert found.reason == "one cluster alone carries this contrast"
    assert found.status == "no interval"


@pytest.mark.parametrize("weighted", [False, True])
def test_errors_are_those_of_the_definition(weighted: bool) -> None:
    t = people()
    weights = t["w"] if weighted else np.ones(len(t["y"]))
    root = np.sqrt(weights)
    matrix = np.column_stack([np.ones(len(root)), t["a"], t["x"]]) * root[:, None]
    se, df = cr2(matrix, t["y"] * root, t["g"], np.eye(4)[1])
    found = least_squares(t["y"], t["a"], t["x"], weights=weights, clusters=t["g"])
    assert found.se == pytest.approx(se, rel=EQUAL)
    assert found.upper - found.estimate == pytest.approx(stats.t.ppf(0.975, df) * se, rel=EQUAL)


def test_a_category_that_lies_in_one_cluster_does_not_spoil_the_others() -> None:
    t = people()
    alone = (t["g"] == 5).astype(float)
    found = least_squares(t["y"], t["a"], np.column_stack([t["x"], alone]), clusters=t["g"])
    matrix = np.column_stack([np.ones(len(alone)), t["a"], t["x"], alone])
    se, _ = cr2(matrix, t["y"], t["g"], np.eye(5)[1])
    assert found.se == pytest.approx(se, rel=1e-6)
    assert least_squares(t["y"], alone, t["x"], clusters=t["g"]).status == "no interval"


@pytest.mark.parametrize("family", ["Poisson", "Binomial"])
def test_errors_of_ratios_are_those_of_their_last_weighted_regression(family: str) -> None:
    """statsmodels for the coefficients; CR2 of the regression of working residuals with working weights."""
    from statsmodels.genmod import families
    from statsmodels.genmod.generalized_linear_model import GLM

    t = people(400)
    matrix = np.column_stack([np.ones(400), t["a"], t["x"]])
    theirs = GLM(t["case"], matrix, family=getattr(families, family)()).fit(tol=1e-14)
    root = np.sqrt(theirs.mu if family == "Poisson" else theirs.mu * (1 - theirs.mu))
    working = matrix @ theirs.params + (t["case"] - theirs.mu) / root**2
    se, df = cr2(matrix * root[:, None], working * root, t["g"], np.eye(4)[1])
    found = {"Poisson": risk_ratio, "Binomial": odds_ratio}[family](t["case"], t["a"], t["x"], clusters=t["g"])
    assert np.log(found.estimate) == pytest.approx(theirs.params[1], rel=EQUAL)
    assert found.se == pytest.approx(se, rel=1e-7)
    assert np.log(found.upper / found.estimate) == pytest.approx(stats.t.ppf(0.975, df) * se, rel=1e-7)


def test_a_joint_test_of_one_hypothesis_is_the_t_test() -> None:
    t = people()
    fit = fit_linear(t["y"], np.column_stack([t["a"], t["x"]]), clusters=t["g"])
    row = fit.contrasts[:1]
    statistic, p = fit.errors.wald(fit.params[:1], row)
    found = fit.interval(0)
    z = found.estimate / found.se
    assert statistic == pytest.approx(z**2, rel=EQUAL)
    assert p == pytest.approx(2 * stats.t.sf(abs(z), fit.errors.df(row[0])), rel=EQUAL)


def test_a_joint_test_keeps_its_size_with_few_clusters() -> None:
    """Two arms of four clusters each against ten others, and no effect: false alarms within 4 Monte Carlo errors."""
    draws, rng = 1500, np.random.default_rng(4)
    g = np.repeat(np.arange(18), 6)
    arms = np.column_stack([g < 4, (g >= 4) & (g < 8)]).astype(float)
    rejected = naive = 0
    for _ in range(draws):
        y = rng.normal(size=18)[g] + rng.normal(size=len(g))
        fit = fit_linear(y, arms, clusters=g)
        statistic, p = fit.errors.wald(fit.params, fit.contrasts)
        rejected += p < 0.05
        naive += stats.f.sf(statistic / 2, 2, 17) < 0.05
    error = np.sqrt(0.05 * 0.95 / draws)
    assert rejected / draws <= 0.05 + 4 * error
    assert rejected / draws >= 0.02  # it is conservative (Pustejovsky and Tipton 2018, figure 2), but alive
    assert naive > rejected


def test_too_many_hypotheses_for_their_clusters_are_refused() -> None:
    g = np.repeat(np.arange(14), 5)
    y = np.random.default_rng(1).normal(size=len(g))
    for arms, size in ((6, 2), (3, 1)):
        flags = np.column_stack([g // size == k for k in range(arms)]).astype(float)
        fit = fit_linear(y, flags, clusters=g)
        with pytest.raises(ModelError, match=f"{arms} hypotheses need more clusters than carry them"):
            fit.errors.wald(fit.params, fit.contrasts)


def test_very_many_clusters_need_no_correction(monkeypatch: pytest.MonkeyPatch) -> None:
    """With people as clusters CR2 and the plain sandwich agree to their leverage, k / n."""
    t = people(2000, 1000)
    t["a"] = (np.random.default_rng(2).random(2000) < 0.4).astype(float)
    exact = least_squares(t["y"], t["a"], t["x"], clusters=t["g"])
    monkeypatch.setattr(clusters, "LARGEST", 0)
    plain = least_squares(t["y"], t["a"], t["x"], clusters=t["g"])
    assert plain.se == pytest.approx(exact.se, rel=2 * 4 / 1000)
    assert plain.upper == pytest.approx(exact.upper, rel=1e-2)


def test_cox_errors_lie_between_the_sandwich_and_leaving_out_clusters() -> None:
    """The sandwich counts residuals that the fit has shrunk, leaving out a cluster overcorrects; CR2 is in between."""
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(16), 30)
    a = (g < 5).astype(float)
    x = np.column_stack([a, rng.normal(size=len(g))])
    time = rng.exponential(np.exp(-rng.normal(0, 0.4, 16)[g]))
    data = SurvivalData(np.minimum(time, 1.5), (time <= 1.5).astype(float))
    sandwich, reduced = (
        fit_cox(replace(data, clusters=g), x, ["a", "x"], few_clusters=few).coefficient("a") for few in (False, True)
    )
    left_out = [fit_cox(data.among(g != k), x[g != k], ["a", "x"]).params[0] for k in range(16)]
    jackknife = np.sqrt(15 / 16 * np.sum((np.array(left_out) - reduced.estimate) ** 2))
    assert sandwich.se < reduced.se < jackknife
    assert reduced.upper > sandwich.upper


def test_the_standardised_difference_without_covariates_is_the_crude_one() -> None:
    t = people(400)
    found = standardised_difference(t["case"], t["a"])
    arms = [t["case"][t["a"] == arm] for arm in (1, 0)]
    assert found.estimate == pytest.approx(arms[0].mean() - arms[1].mean(), rel=EQUAL)
    assert found.se == pytest.approx(np.sqrt(sum(y.var() / len(y) for y in arms)), rel=EQUAL)


def test_the_standardised_difference_is_that_of_the_logistic_model_over_the_covariates() -> None:
    """statsmodels for the fit; the delta method by finite differences."""
    from statsmodels.genmod import families
    from statsmodels.genmod.generalized_linear_model import GLM

    t = people(500)
    matrix = np.column_stack([np.ones(500), t["a"], t["x"]])
    theirs = GLM(t["case"], matrix, family=families.Binomial()).fit(tol=1e-14, cov_type="HC0")

    def difference(beta: np.ndarray) -> float:
        arms = (np.column_stack([np.ones(500), np.full(500, arm), t["x"]]) for arm in (1.0, 0.0))
        one, none = (1 / (1 + np.exp(-arm @ beta)) for arm in arms)
        return float((one - none).mean())

    step = 1e-6
    slope = [
        (difference(theirs.params + step * e) - difference(theirs.params - step * e)) / (2 * step) for e in np.eye(4)
    ]
    found = standardised_difference(t["case"], t["a"], t["x"])
    assert found.estimate == pytest.approx(difference(theirs.params), rel=EQUAL)
    assert found.se == pytest.approx(np.sqrt(slope @ theirs.cov_params() @ slope), rel=1e-6)
