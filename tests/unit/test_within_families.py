"""Sibling comparisons: closed forms of pairs, what carries them, and what they refuse."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.errors import ModelError
from evenwicht.base.outcomes import BinaryOutcome, ContinuousOutcome, EventOutcome
from evenwicht.cohort import Cohort
from evenwicht.display.section import where
from evenwicht.estimators.conditional_logit import fit_conditional_logit
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.estimators.within_families import (
    conditional_odds_ratio,
    linear_fixed_effects,
    stratified_hazard_ratio,
)
from evenwicht.results.rows import FAILED
from evenwicht.studies.running import job_of, run_study
from evenwicht.studies.siblings import Settings

from tests.cohorts import Tables

Data = dict[str, np.ndarray]


def siblings(n: int = 200, seed: int = 1) -> Data:
    """Families of one to four, with a level of their own that raises exposure and outcome."""
    rng = np.random.default_rng(seed)
    family = np.repeat(np.arange(n), rng.integers(1, 5, n))
    level = rng.normal(size=n)[family]
    x = rng.normal(size=(len(family), 2))
    a = (rng.random(len(family)) < 1 / (1 + np.exp(-level - x[:, 0]))).astype(float)
    y = level + 0.5 * a + x[:, 0] + rng.normal(size=len(family))
    return {"family": family, "x": x, "a": a, "y": y, "case": (y > 0.5).astype(float), "time": np.exp(-y)}


def test_pairs_compare_the_exposed_with_the_unexposed_sibling() -> None:
    """The mean difference of pairs; their standard error is that of a paired t test, on pairs - 1 degrees of freedom."""
    rng = np.random.default_rng(2)
    y, pair, a = rng.normal(size=80), np.repeat(np.arange(40), 2), np.tile([1.0, 0.0], 40)
    found = linear_fixed_effects(y, a, families=pair)
    difference = y[::2] - y[1::2]
    assert found.interval.estimate == pytest.approx(difference.mean())
    assert found.interval.se == pytest.approx(difference.std(ddof=1) / np.sqrt(40))
    assert found.interval.upper == pytest.approx(difference.mean() + 2.0226909117 * found.interval.se)  # t(39)
    assert (found.families, found.people) == (40, 80)


def test_the_odds_ratio_of_pairs_is_that_of_mcnemar() -> None:
    """30 pairs in which the exposed sibling is the case, 12 in which the other is: 30/12, SE sqrt(1/30 + 1/12)."""
    a = np.tile([1.0, 0.0], 50)
    case = np.concatenate([np.tile([1.0, 0.0], 30), np.tile([0.0, 1.0], 12), np.tile([1.0, 1.0], 8)])
    found = conditional_odds_ratio(case, a, families=np.repeat(np.arange(50), 2))
    assert found.interval.estimate == pytest.approx(30 / 12)
    assert found.interval.se == pytest.approx(np.sqrt(1 / 30 + 1 / 12))
    assert (found.families, found.people) == (42, 84)


def test_the_hazard_ratio_of_pairs_counts_who_is_first() -> None:
    """In 35 pairs the exposed sibling falls ill first, in 25 the other: 35/25; who is first is all that a pair says."""
    first = np.repeat([1.0, 0.0], [35, 25])
    a = np.column_stack([first, 1 - first]).ravel()
    data = SurvivalData(np.tile([1.0, 2.0], 60), np.ones(120))
    found = stratified_hazard_ratio(data, a, families=np.repeat(np.arange(60), 2))
    assert found.interval.estimate == pytest.approx(35 / 25)
    assert found.interval.se == pytest.approx(np.sqrt(1 / 35 + 1 / 25))


def test_the_conditional_likelihood_sums_over_all_subsets() -> None:
    """Three groups of five with two or three cases, every subset written out."""
    rng = np.random.default_rng(3)
    x, groups = rng.normal(size=(15, 1)), np.repeat(np.arange(3), 5)
    case = np.tile([1.0, 0.0, 1.0, 0.0, 0.0], 3)
    case[10:] = [1, 1, 0, 1, 0]
    fit = fit_conditional_logit(case, x, groups, ["x"], "here")

    def likelihood(beta: float) -> float:
        total = 0.0
        for g in range(3):
            values, cases = x[groups == g, 0], case[groups == g] == 1
            subsets = [np.exp(beta * sum(chosen)) for chosen in combinations(values, int(cases.sum()))]
            total += beta * values[cases].sum() - np.log(sum(subsets))
        return total

    beta, step = fit.params[0], 1e-4
    assert fit.log_likelihood == pytest.approx(likelihood(beta))
    curvature = (likelihood(beta + step) - 2 * likelihood(beta) + likelihood(beta - step)) / step**2
    assert fit.covariance[0, 0] == pytest.approx(-1 / curvature, rel=1e-5)
    assert max(likelihood(beta + 0.01), likelihood(beta - 0.01)) < fit.log_likelihood


def test_fixed_effects_are_those_of_pyfixest() -> None:
    import pyfixest as pf

    d = siblings()
    table = pd.DataFrame({"y": d["y"], "a": d["a"], "x": d["x"][:, 0], "family": d["family"]})
    table = table[table.groupby("family")["y"].transform("size") > 1]  # it warns of families of one
    theirs = pf.feols("y ~ a + x | family", table, vcov={"CRV1": "family"}, ssc=pf.ssc(k_adj=False, G_adj=True))
    ours = linear_fixed_effects(d["y"], d["a"], d["x"][:, :1], families=d["family"]).interval
    assert ours.estimate == pytest.approx(theirs.coef()["a"], rel=1e-8)
    assert ours.se == pytest.approx(theirs.se()["a"], rel=0.02)  # CR1 and CR2 meet as families become many


def test_statsmodels_score_is_zero_where_the_conditional_likelihood_has_its_maximum() -> None:
    """Its own search stops short of it."""
    from statsmodels.discrete.conditional_models import ConditionalLogit

    d = siblings()
    cases = np.bincount(d["family"], d["case"])[d["family"]]
    split = (cases > 0) & (cases < np.bincount(d["family"])[d["family"]])
    x, (_, group) = np.column_stack([d["a"], d["x"]])[split], np.unique(d["family"][split], return_inverse=True)
    ours = fit_conditional_logit(d["case"][split], x, group, ["a", "b", "c"], "here")
    theirs = ConditionalLogit(d["case"][split], x, groups=group)
    np.testing.assert_allclose(theirs.score(ours.params), 0, atol=1e-8)
    assert theirs.loglike(ours.params) == pytest.approx(ours.log_likelihood, rel=1e-12)


ESTIMATORS = {
    "linear": lambda d: linear_fixed_effects(d["y"], d["a"], d["x"], families=d["family"]),
    "linear, weighted": lambda d: linear_fixed_effects(d["y"], d["a"], d["x"], families=d["family"], weights=d["time"]),
    "odds": lambda d: conditional_odds_ratio(d["case"], d["a"], d["x"], families=d["family"]),
    "hazard": lambda d: stratified_hazard_ratio(
        SurvivalData(d["time"], d["case"]), d["a"], d["x"], families=d["family"]
    ),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_what_siblings_share_units_and_order_change_nothing(name: str) -> None:
    d = siblings()
    order = np.random.default_rng(4).permutation(len(d["a"]))
    shared = np.random.default_rng(5).normal(size=200)[d["family"]]
    moved = {**d, "x": np.column_stack([1e4 + 1e3 * d["x"][:, 1], shared, d["x"][:, 0] + 5 * shared])}
    moved["x"][:, 2] -= 5 * shared
    moved = {key: values[order] for key, values in moved.items()}
    moved["family"] = np.array([f"f{900 - i}" for i in moved["family"]])
    before, after = ESTIMATORS[name](d), ESTIMATORS[name](moved)
    assert (after.families, after.people) == (before.families, before.people)
    limits = before.interval.estimate, before.interval.lower, before.interval.upper
    assert limits == pytest.approx((after.interval.estimate, after.interval.lower, after.interval.upper), rel=1e-8)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_only_families_that_differ_carry_the_comparison(name: str) -> None:
    """Families of one, and those alike in exposure, change no odds or hazard ratio without covariates."""
    d = siblings()
    d["x"] = d["x"][:, :0]
    differ = np.array([len(np.unique(d["a"][d["family"] == f])) > 1 for f in range(200)])[d["family"]]
    some = ESTIMATORS[name]({key: values[differ] for key, values in d.items()})
    everybody = ESTIMATORS[name](d)
    assert everybody.interval.estimate == pytest.approx(some.interval.estimate, rel=1e-9)
    assert (everybody.families, everybody.people) == (some.families, some.people)
    assert everybody.people <= differ.sum()


@pytest.mark.parametrize("name", ESTIMATORS)
def test_too_few_families_are_refused(name: str) -> None:
    d = siblings(20)
    with pytest.raises(ModelError, match="siblings: .* families have members .*; at least 20 are needed"):
        ESTIMATORS[name](d)


def test_an_exposure_that_always_goes_with_the_outcome_has_no_odds_ratio() -> None:
    a = np.tile([1.0, 0.0], 30)
    with pytest.raises(ModelError, match="runs off: exposure to plus infinity"):
        conditional_odds_ratio(a, a, families=np.repeat(np.arange(30), 2))


# --- the study ------------------------------------------------------------------------------------------------------

BOOK = Codebook(
    "pairs",
    {
        "id": Column(role="id", type="integer", label="Person"),
        "family": Column(role="family", type="integer", label="Family"),
        "exposed": Column(role="exposure", type="boolean", label="Exposed"),
        "score": Column(role="outcome", label="Score"),
        "sick": Column(role="outcome", type="boolean", label="Sick"),
    },
    {
        "score": ContinuousOutcome(kind="continuous", column="score", label="Score"),
        "sick": BinaryOutcome(kind="binary", column="sick", label="Sick"),
        "onset": EventOutcome(kind="time_to_event", event="onset", time="age", horizon=50, label="Onset by 50"),
    },
    events=("onset",),
)
STUDY = Settings(kind="siblings", exposures=["exposed"], outcomes=["score", "sick", "onset"])


def compared(differ: int, sick: int, fallen: int, *, strict: bool = False) -> Tables:
    """Forty pairs and twenty only children: so many pairs differ in exposure, and so many of these in each outcome.

    In the first pairs that differ one sibling is sick, in the last an only one falls ill; all others are well.
    """
    rng = np.random.default_rng(4)
    family = np.r_[np.repeat(np.arange(40), 2), np.arange(40, 60)]
    first = np.r_[np.tile([True, False], 40), rng.random(20) < 0.5]
    ill = np.isin(family, np.arange(differ - fallen, differ)) & (first == (family % 3 > 0))
    persons = pd.DataFrame(
        {
            "id": np.arange(100),
            "family": family,
            "exposed": pd.array(np.where(family < differ, first, family % 2 == 0), dtype="boolean"),
            "score": rng.normal(size=100),
            "sick": pd.array((family < sick) & (first == (family % 3 > 0)), dtype="boolean"),
        }
    )
    ages = {"entry_age": 0.0, "exit_age": np.where(ill, 40.0, 55.0), "status": ill.astype(float)}
    events = pd.DataFrame({"id": persons["id"], "event": "onset", **ages})
    cohort = Cohort("pairs", "", dict(BOOK.columns), persons, events=events)
    return run_study("within", STUDY, cohort, BOOK, job_of(1, "pairs"), strict=strict)


def test_the_families_and_people_that_carry_each_comparison_are_told() -> None:
    """Pairs that differ in exposure carry a mean; of these, those with one case carry an odds and a hazard ratio."""
    tables = compared(differ=35, sick=24, fallen=22)
    told = where(tables["diagnostics"], statistic="families").set_index(["outcome", "method"])
    assert told["value"].to_dict() == {
        ("score", "within"): 35,
        ("sick", "within"): 35,
        ("sick", "conditional_logit"): 24,
        ("onset", "stratified_cox"): 22,
    }
    assert (told["n"] == 2 * told["value"]).all()
    estimates = tables["estimates"]
    assert set(estimates["status"]) == {"estimated"}
    assert set(where(estimates, method="between")["outcome"]) == {"score", "sick", "onset"}
    assert set(estimates["n"]) == {100}


@pytest.mark.parametrize(
    ("carried", "failing"),
    [
        ({"differ": 35, "sick": 5, "fallen": 22}, {("sick", "conditional_odds_ratio"): 5}),
        ({"differ": 35, "sick": 24, "fallen": 8}, {("onset", "conditional_hazard_ratio"): 8}),
        (
            {"differ": 12, "sick": 7, "fallen": 6},
            {
                ("score", "mean_difference"): 12,
                ("sick", "risk_difference"): 12,
                ("sick", "conditional_odds_ratio"): 7,
                ("onset", "conditional_hazard_ratio"): 6,
            },
        ),
    ],
)
def test_each_comparison_within_families_fails_alone_with_the_reason(
    carried: dict[str, int], failing: dict[tuple[str, str], int]
) -> None:
    tables = compared(**carried)
    estimates = tables["estimates"]
    failed = where(estimates, method=FAILED)
    assert set(failed["status"]) == {"not estimable"}
    reasons = failed.set_index(["outcome", "estimand"])["reason"].to_dict()
    assert set(reasons) == set(failing)
    for which, families in failing.items():
        assert reasons[which].startswith(f"{families} families have members ")
        assert reasons[which].endswith("at least 20 are needed")
    assert where(estimates, method="between")["estimate"].notna().all()
    left = where(estimates, method=["within", "conditional_logit", "stratified_cox"])
    assert len(left) == 4 - len(failing)
    assert len(where(tables["diagnostics"], statistic="families")) == len(left)
    with pytest.raises(ModelError, match="cohort pairs, study within, exposed on .*at least 20 are needed"):
        compared(**carried, strict=True)
