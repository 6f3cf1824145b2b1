"""The event study by date of birth: who is born when, doses, risks, bootstrap, windows, and how answers are read."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from evenwicht.base.errors import ConfigError, DataError
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.config.loading import load_cohort, read_yaml
from evenwicht.display.section import Found, where
from evenwicht.estimators.cox import fit_cox, scores_at
from evenwicht.estimators.cox_bootstrap import score_bootstrap
from evenwicht.estimators.empirical_null import fit_empirical_null
from evenwicht.estimators.gompertz import fit_gompertz
from evenwicht.estimators.gompertz_risk import absolute_effects
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.sensitivity import e_value
from evenwicht.estimators.survival import ProductLimit, kaplan_meier_curve, survival_estimate
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.results.flow import Flow
from evenwicht.results.rows import with_truth
from evenwicht.results.schema import DIAGNOSTICS, ESTIMATES
from evenwicht.studies import event_study, showing
from evenwicht.studies.event_study.births import Births, draw_births
from evenwicht.studies.event_study.referee import placebo_cutoffs, rank_size
from evenwicht.studies.event_study.survives import survives
from evenwicht.studies.event_study.windows import window_check
from evenwicht.studies.values import TimedOutcome
from evenwicht.worlds import exact_values
from scipy import stats

from tests.cohorts import Tables, changed, configured, people_of, studied
from tests.conftest import ROOT
from tests.figures import faults
from tests.follow_up import arguments
from tests.unit.test_config import at

RNG = np.random.default_rng(61)
STUDY = "end_of_rationing"
RATIO = "conditional_hazard_ratio"
HEADLINE = {"exposure": "to_2_years", "reference": "never_rationed"}


def with_study(config: CohortConfig, **settings: Any) -> CohortConfig:
    """The cohort with settings of the event study changed; None takes one away."""
    return changed(config, {f"studies.{STUDY}.{key}": value for key, value in settings.items()})


@pytest.fixture(scope="module")
def config() -> CohortConfig:
    return configured("rationing")


@pytest.fixture(scope="module")
def study(config: CohortConfig) -> event_study.Settings:
    return config.studies[STUDY]


@pytest.fixture(scope="module")
def cohort(config: CohortConfig) -> Cohort:
    return people_of(config, 1, "event study")


@pytest.fixture(scope="module")
def births(cohort: Cohort, config: CohortConfig, study: event_study.Settings) -> Births:
    book = config.codebook
    return draw_births(cohort, book, study, book.outcomes["hypertension"], "test")


# --- who is born when ------------------------------------------------------------------------------------------------


def test_quarters_and_months_count_from_the_end_of_the_policy(
    births: Births, cohort: Cohort, study: event_study.Settings
) -> None:
    dates = cohort.persons.set_index("id")["birth_date"].loc[births.ids]
    born = pd.DataFrame({"date": dates.to_numpy(), "quarter": births.quarter, "month": births.month})
    last_rationed = born[born["date"].dt.strftime("%Y-%m") == "1954-06"]
    first_never = born[born["date"].dt.strftime("%Y-%m") == "1954-07"]
    assert set(last_rationed["quarter"]) == {3}
    assert set(first_never["quarter"]) == {4}
    assert set(last_rationed["month"]) == {9}
    assert set(born.loc[born["date"].dt.strftime("%Y-%m") == "1953-09", "month"]) == {0}
    everybody = sum(births.within(group).sum() for group in study.compared.values())
    assert everybody == births.n


def test_the_dose_is_months_from_conception_to_two_years(births: Births, study: event_study.Settings) -> None:
    """As in the literature: nine months after the last exposed birth month no dose, 33 months at most."""
    dose = pd.Series(births.dose(study)).groupby(births.month).first()
    assert dose.loc[10:].eq(0).all()
    assert dose.loc[9] == 0
    assert dose.loc[8] == 1
    assert dose.loc[0] == 9
    assert dose.loc[-23] == 32
    shifted = pd.Series(births.dose(study, 3)).groupby(births.month).first()
    assert shifted.loc[3] == dose.loc[0]


def test_everybody_is_followed_to_an_age_at_most(births: Births) -> None:
    cut = births.censored_at(np.full(births.n, 55.0))
    assert cut.outcome.time.max() <= 55
    assert cut.events == int((births.outcome.event[births.outcome.time <= 55]).sum())


def test_too_few_events_in_a_group_are_rows_with_the_reason(cohort: Cohort, config: CohortConfig) -> None:
    """One outcome is rare, the other is not: the rare one is not estimable, and does not stop the other."""
    seldom = (cohort.events["event"] != "hypertension") | (cohort.events.index % 2000 == 0)
    rare = replace(cohort, events=cohort.events.assign(status=cohort.events["status"].where(seldom, 0.0)))
    rows = studied(STUDY, config, rare, known=set())["estimates"]
    unknown = where(rows, outcome="hypertension")
    assert set(unknown["status"]) == {"not estimable"}
    assert unknown["reason"].str.contains("too few events: .* in 'never_rationed'").all()
    assert {RATIO, "onset_delay", "risk_difference"} <= set(unknown["estimand"])
    known = where(rows, outcome="type_2_diabetes", estimand=RATIO)
    assert known["lower"].notna().all()


def test_empty_groups_are_errors(cohort: Cohort, config: CohortConfig) -> None:
    long_ago = {"label": "long ago", "quarters": [-90, -80]}
    nowhere = with_study(config, **{"cells.long_ago": long_ago})
    with pytest.raises(DataError, match="nobody is born in the quarters -90 to -80 of 'long_ago'"):
        studied(STUDY, nowhere, cohort, known=set())


# --- settings ----------------------------------------------------------------------------------------------------------

KEY = f"studies.{STUDY}"
MISTAKES = {
    "quarters that overlap": (
        {f"{KEY}.groups.in_utero.quarters": [1, 4]},
        "groups: quarter 4 is in 'never_rationed' and in 'in_utero'",
    ),
    "quarters that turn back": (
        {f"{KEY}.cells.in_utero.quarters": [3, 1]},
        f"{KEY}.cells.in_utero: the first quarter must not lie after",
    ),
    "unexposed who were exposed": (
        {f"{KEY}.unexposed.quarters": [-1, 10]},
        "unexposed births must be later than the quarter",
    ),
    "a group with the id of the reference": (
        {f"{KEY}.groups.never_rationed": {"label": "never", "quarters": [20, 21]}},
        "groups: 'never_rationed' is the id of the reference",
    ),
    "two controls": ({f"{KEY}.negative_controls": ["a", "b"]}, "an empirical null needs at least five"),
    "unknown control": (
        {f"{KEY}.negative_controls.0": "control_0"},
        f"{KEY}.negative_controls.0: 'control_0' is not an event",
    ),
    "control twice": ({f"{KEY}.negative_controls.1": "control_1"}, "'control_1' is listed twice"),
    "unknown event from a visit": (
        {f"{KEY}.from_visit.hypertension": "visit"},
        f"{KEY}.from_visit.hypertension: 'visit' is not an event",
    ),
    "unknown cluster": ({f"{KEY}.cluster": "month"}, f"{KEY}.cluster: 'month' is not a column"),
    "unknown covariate": ({f"{KEY}.adjust.columns.0": "sx"}, "adjust.columns.0: 'sx' is not a column.*mean 'sex'"),
    "unknown outcome": ({f"{KEY}.outcomes.0": "gout"}, f"{KEY}.outcomes.0: 'gout' is not an outcome"),
    "impossible donut": ({f"{KEY}.donut_months": 0}, "donut_months: input should be greater than or equal to 1"),
    "clock of follow-up": (
        {"outcomes.hypertension.time": "follow_up"},
        f"{KEY}.outcomes.1: 'hypertension' is not a time to an event on the clock of age",
    ),
    "scenario without a world": ({"scenarios.no_effect": {"stressor_effect": "none"}}, "scenarios.no_effect: "),
    "scenario with an unknown key": (
        {"scenarios.no_effect": {"stresor_effect": "null"}},
        "scenarios.no_effect: source.stresor_effect: unknown key. Did you mean 'stressor_effect'?",
    ),
    "a study of a scenario that is not there": (
        {"scenario_studies": {"no_effect": ["end_of_rationin"]}},
        "scenario_studies.no_effect.0: 'end_of_rationin' is not a study of this cohort. Did you mean 'end_of_rationing'?",
    ),
    "scenario without changes": ({"scenarios.as_configured": {}}, "a scenario must not be called 'as_configured'"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_an_event_study_is_one_message(mistake: str, tmp_path: Path) -> None:
    changes, message = MISTAKES[mistake]
    data = copy.deepcopy(read_yaml(ROOT / "config/rationing.yaml"))
    for path, value in changes.items():
        at(path, value)(data)
    file = tmp_path / "rationing.yaml"
    file.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_cohort(file)


def test_a_scenario_changes_what_it_names_and_nothing_else(config: CohortConfig) -> None:
    trended = config.in_scenario("cohort_trend")
    assert trended.source.artefacts.cohort_trend == 0.08
    assert trended.source.policy_effect == "null"
    back = {"stressor_effect": "harmful", "policy_effect": "beneficial", "artefacts": config.source.artefacts}
    assert trended.source.model_copy(update=back) == config.source


# --- few clusters ------------------------------------------------------------------------------------------------------


def few_clusters(clusters: int, exposed: int, effect: float = 0.0) -> dict[str, np.ndarray]:
    """Exponential times of 40 people in each cluster, the first clusters exposed, with a normal cluster effect."""
    group = np.repeat(np.arange(clusters), 40)
    exposure = (group < exposed).astype(float)
    x = np.column_stack([exposure, RNG.normal(size=(len(group), 2))])
    hazard = np.exp(effect * exposure + 0.3 * x[:, 1] + RNG.normal(0, 0.4, clusters)[group])
    time = RNG.exponential(1 / hazard)
    end = np.quantile(time, 0.4)
    return {"time": np.minimum(time, end), "event": (time <= end).astype(float), "x": x, "clusters": group}


def test_the_bias_reduced_error_is_near_that_of_leaving_out_one_cluster_at_a_time() -> None:
    """They correct the same bias and differ in the second order of a cluster's share."""
    data = few_clusters(40, 15)
    fit = fit_cox(**arguments(data), names=["a", "b", "c"], few_clusters=True)
    refits = []
    for g in range(40):
        kept = data["clusters"] != g
        left = {name: values[kept] for name, values in data.items() if name != "clusters"}
        refits.append(fit_cox(**arguments(left), names=["a", "b", "c"]).params)
    exact = np.sqrt(39 / 40 * ((np.array(refits) - fit.params) ** 2).sum(axis=0))
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(exact, rel=2 / 40)


def test_few_clusters_mislead_the_sandwich_and_neither_the_bias_reduced_error_nor_the_bootstrap() -> None:
    """False alarms at 5% with 12 clusters, 4 of them exposed; bands are 99.9% binomial."""
    draws, names = 400, ["a", "b", "c"]
    alarms = np.zeros(3)
    for _ in range(draws):
        data = few_clusters(12, 4)
        fits = [fit_cox(**arguments(data), names=names, few_clusters=few) for few in (False, True)]
        p = [fit.summary.loc["a", "p"] for fit in fits]
        p.append(score_bootstrap(**arguments(data), position=0, draws=399, rng=RNG))
        alarms += np.array(p) < 0.05
    high = stats.binom.ppf(0.9995, draws, 0.05)
    assert alarms[0] > high
    assert alarms[1] <= high
    assert alarms[2] <= high


def test_the_bootstrap_sees_an_effect_and_ignores_the_order_of_rows() -> None:
    data = few_clusters(30, 15, effect=1.5)
    p = score_bootstrap(**arguments(data), position=0, draws=999, rng=np.random.default_rng(1))
    order = RNG.permutation(len(data["time"]))
    mixed = {name: values[order] for name, values in data.items()}
    same = score_bootstrap(**arguments(mixed), position=0, draws=999, rng=np.random.default_rng(1))
    assert p == same < 0.01


def test_scores_at_the_estimate_are_those_of_the_fit_and_sum_to_zero() -> None:
    data = few_clusters(20, 8)
    fit = fit_cox(**arguments(data), names=["a", "b", "c"])
    scores, information = scores_at(fit.params, **arguments(data))
    np.testing.assert_allclose(scores, fit.cluster_scores, atol=1e-8)
    np.testing.assert_allclose(np.linalg.inv(information), fit.naive_covariance, rtol=1e-8)
    assert np.abs(scores.sum(axis=0)).max() < 1e-6


def test_the_bias_reduced_gompertz_error_is_near_that_of_leaving_out_one_cluster_at_a_time() -> None:
    data = few_clusters(40, 15)
    fit = fit_gompertz(**arguments(data), names=["a", "b", "c"], few_clusters=True)
    refits = []
    for g in range(40):
        kept = data["clusters"] != g
        left = {name: values[kept] for name, values in data.items() if name != "clusters"}
        refits.append(fit_gompertz(**arguments(left), names=["a", "b", "c"]).params)
    exact = np.sqrt(39 / 40 * ((np.array(refits) - fit.params) ** 2).sum(axis=0))
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(exact, rel=2 / 40)


# --- absolute effects ----------------------------------------------------------------------------------------------------


def test_absolute_effects_are_those_of_the_fitted_hazard_with_errors_by_the_delta_method(births: Births) -> None:
    from scipy.integrate import quad

    o, exposure = births.outcome, (births.quarter < 4).astype(float)
    x = np.column_stack([exposure, births.x[:, 0]])
    fit = fit_gompertz(SurvivalData(o.time, o.event), x, ["exposure", "sex"])
    arms = [np.column_stack([np.full(births.n, a), births.x[:, 0]]) for a in (1.0, 0.0)]

    def risk(params: np.ndarray, arm: np.ndarray, age: float) -> float:
        hazard = np.exp(params[0] + arm @ params[2:]) * np.expm1(params[1] * age) / params[1]
        return float(-np.expm1(-hazard).mean())

    def quantities(params: np.ndarray) -> dict[str, float]:
        one, none = (risk(params, arm, 60.0) for arm in arms)
        gained = quad(lambda a: risk(params, arms[1], a) - risk(params, arms[0], a), 0, 60, epsabs=1e-10)[0]
        return {
            "risk_difference": one - none,
            "risk_ratio": np.log(one / none),
            "cases_averted": 100_000 * (none - one),
            "rmst_difference": gained,
            "risk_unexposed": none,
        }

    found, expected = absolute_effects(fit, *arms, 60.0, Sampling(births.n)), quantities(fit.params)
    step = 1e-5 * np.sqrt(np.diag(fit.covariance))
    sides = [
        [quantities(fit.params + sign * np.eye(4)[j] * step[j]) for sign in (1, -1)] for j in range(len(fit.params))
    ]
    for name, interval in found.items():
        value = np.log(interval.estimate) if name == "risk_ratio" else interval.estimate
        slope = np.array([(up[name] - down[name]) / (2 * step[j]) for j, (up, down) in enumerate(sides)])
        assert value == pytest.approx(expected[name], rel=1e-7)
        variance = slope @ fit.covariance @ slope
        if name == "risk_unexposed":  # a risk itself also depends on whose covariates were drawn
            each = -np.expm1(
                -np.exp(fit.params[0] + arms[1] @ fit.params[2:]) * np.expm1(60 * fit.params[1]) / fit.params[1]
            )
            variance += each.var() / births.n
        assert interval.se == pytest.approx(np.sqrt(variance), rel=1e-4)


def test_incidence_curves_end_where_kaplan_meier_does(births: Births) -> None:
    o = births.outcome
    curve = kaplan_meier_curve(SurvivalData(o.time, o.event), np.array([40.0, 62.0]))
    limit = ProductLimit(SurvivalData(o.time, o.event))
    fit = Sampling(len(o.time)).survival_interval(survival_estimate(limit, 62.0, "everybody"))
    last = curve.iloc[-1]
    assert (last["survival"], last["lower"], last["upper"]) == pytest.approx((fit.estimate, fit.lower, fit.upper))
    assert last["at_risk"] == (o.time >= 62).sum()


# --- negative controls, selection, windows ----------------------------------------------------------------------------


def test_the_empirical_null_finds_systematic_error_and_calibrates_p() -> None:
    """With many controls, mean and SD come back within four standard errors, and null p values are uniform."""
    n, ses = 4_000, RNG.uniform(0.05, 0.3, 4_000)
    estimates = RNG.normal(-0.2, np.hypot(ses, 0.1))
    null = fit_empirical_null(estimates, ses)
    error = np.sqrt(1 / (1 / (ses**2 + 0.01)).sum())
    assert abs(null.mean + 0.2) <= 4 * error
    assert abs(null.sd - 0.1) <= 4 * 0.1 * np.sqrt(1 / n) * (1 + (ses.mean() / 0.1) ** 2)
    p = np.array([null.p_value(b, s) for b, s in zip(estimates, ses, strict=True)])
    assert stats.kstest(p, "uniform").pvalue > 0.001
    assert np.mean(np.array([2 * stats.norm.sf(abs(b / s)) for b, s in zip(estimates, ses, strict=True)]) < 0.05) > 0.2


@pytest.fixture(scope="module")
def with_rare_controls(cohort: Cohort, config: CohortConfig) -> Callable[[int], Tables]:
    """What is told of negative controls, for one outcome, when so many of seven controls have a single event."""

    def tables(rare: int) -> Tables:
        named = [f"control_{k}" for k in range(1, 8)]
        events = cohort.events.copy()
        for name in named[:rare]:
            ill = events.index[(events["event"] == name) & (events["status"] == 1)]
            events.loc[ill[1:], "status"] = 0
        one = with_study(config, negative_controls=named, outcomes=["hypertension"], from_visit=None)
        found = studied(STUDY, one, replace(cohort, events=events))
        methods = ["empirical_null", "cox_calibrated"]
        return {name: where(found[name], method=methods) for name in ("estimates", "diagnostics")}

    return tables


def test_controls_that_are_too_rare_are_counted_with_the_reason(with_rare_controls: Callable[[int], Tables]) -> None:
    tables = with_rare_controls(2)
    told = tables["diagnostics"].set_index(["statistic", "method"])
    assert told.loc[("controls", "empirical_null"), "value"] == 5
    for row in (("controls", "empirical_null"), ("p_value", "cox_calibrated")):
        note = told.loc[row, "note"]
        assert "5 negative controls; 2 left out: control_1 (too few events: " in note
        assert "control_2 (too few events: " in note
    null = told.loc[("chance", "empirical_null")]
    assert null["lower"] < null["value"] < null["upper"]
    assert "predicted" in null["note"]
    assert tables["estimates"]["status"].tolist() == ["estimated"]


def test_fewer_than_five_controls_give_a_reason_and_no_number(with_rare_controls: Callable[[int], Tables]) -> None:
    tables = with_rare_controls(3)
    estimates = tables["estimates"].rename(columns={"estimate": "value"})
    rows = pd.concat([estimates, where(tables["diagnostics"], statistic=["chance", "p_value"])])
    assert len(rows) == 3
    assert rows["value"].isna().all()
    assert set(rows["status"]) == {"not estimable"}
    assert rows["reason"].str.startswith("4 negative controls, fewer than 5; 3 left out: control_1 (").all()


def test_the_e_value_does_not_care_for_direction() -> None:
    assert e_value(0.5) == pytest.approx(e_value(2.0))
    assert e_value(1.0) == 1.0


def followed(incoherent: bool, seed: int = 0) -> Births:
    """People whose disease has nothing to do with birth, followed to 65; if incoherent, the healthy only to a visit."""
    n, rng = 20_000, np.random.default_rng([62, seed])
    month = rng.integers(-20, 25, n)
    onset = np.log1p(rng.exponential(size=n) * 0.1 / 2e-5) / 0.1
    visit = 55 - month / 12 + rng.uniform(0, 4, n)
    event = onset <= 65
    time = np.where(event, onset, visit if incoherent else 65.0)
    outcome = TimedOutcome(np.zeros(n), time, event.astype(float), 62.0)
    return Births(
        ids=np.arange(n),
        month=month,
        quarter=month // 3,
        years=month / 12,
        x=rng.normal(size=(n, 1)),
        names=["x"],
        clusters=month,
        outcome=outcome,
        flow=Flow(n, {}, n),
        where="test",
    )


def test_incoherent_windows_are_detected_and_named_and_coherent_ones_are_not() -> None:
    coherent, incoherent = (window_check(followed(flag)) for flag in (False, True))
    assert not coherent.incoherent
    assert incoherent.incoherent
    assert "incoherent windows" in incoherent.note
    assert "incoherent" not in coherent.note


def test_late_but_fair_follow_up_is_called_incoherent_no_more_often_than_chance() -> None:
    """More than half of the people leave early, ill or not: later events are what their time at risk explains."""
    draws, outside = 40, 0
    for seed in range(draws):
        fair = followed(False, seed)
        early = np.where(np.random.default_rng([63, seed]).random(fair.n) < 0.6, 55.0, np.inf)
        check = window_check(fair.censored_at(early))
        assert check.observed > 100
        outside += not check.ratio.lower <= 1 <= check.ratio.upper
    assert outside <= stats.binom.ppf(0.9995, draws, 0.05)


def test_placebo_cutoffs_leave_births_on_both_sides(births: Births) -> None:
    scan = placebo_cutoffs(births)
    assert scan["actual"].sum() == 1
    assert scan.loc[scan["actual"], "months"].item() == 10
    for cutoff in (scan["months"].min(), scan["months"].max()):
        assert len(np.unique(births.month[births.month < cutoff])) >= 6
        assert len(np.unique(births.month[births.month >= cutoff])) >= 6


# --- reading -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tables(cohort: Cohort, config: CohortConfig) -> Tables:
    """Everything that the study finds, with true values beside its estimates."""
    found = studied(STUDY, config, cohort)
    truth = exact_values(config.source, config.codebook, config.questions)
    return {**found, "estimates": with_truth(found["estimates"], truth)}


def test_every_question_is_asked_of_every_outcome(tables: Tables) -> None:
    table = survives(tables["estimates"], tables["diagnostics"])
    asked = table.groupby("outcome")["check"].agg(set)
    assert set(asked.index) == {"type_2_diabetes", "hypertension"}
    wanted = {
        "headline", "sandwich", "wild_bootstrap", "pre_trend", "linear_trend", "donut", "placebo_cutoffs", "break_date",
        "dose_or_trend", "dose_or_step", "delayed_entry", "negative_controls", "windows", "coherent_windows", "selection",
        "design_analysis",
    }  # fmt: skip
    assert all(checks == wanted for checks in asked)
    assert set(table["reading"]) <= {"survives", "moves", "does not survive", "cannot tell", "context"}
    for name, value in HEADLINE.items():
        assert set(table[name]) == {value}
    assert not tables["estimates"].duplicated(ESTIMATES.key).any()
    assert not tables["diagnostics"].duplicated(DIAGNOSTICS.key).any()


LIMITS = ["estimate", "lower", "upper"]


def reread(
    tables: Tables, changes: dict[tuple[str, str], dict[str, object]], headline: tuple[float, float, float]
) -> pd.DataFrame:
    """The table of hypertension by check, after rows (estimand or statistic, method) were changed and the headline set."""
    estimates, diagnostics = (
        where(tables[name], outcome="hypertension", **HEADLINE).copy() for name in ("estimates", "diagnostics")
    )
    estimates.loc[(estimates["method"] == "cox") & (estimates["estimand"] == RATIO), LIMITS] = headline
    for (what, method), values in changes.items():
        of_estimates = (estimates["estimand"] == what) & (estimates["method"] == method)
        judged = (diagnostics["statistic"] == what) & (diagnostics["method"] == method)
        assert of_estimates.any() or judged.any()
        for name, value in values.items():
            if name in estimates:
                estimates.loc[of_estimates, name] = value
            diagnostics.loc[judged, "value" if name == "estimate" else name] = value
    return survives(estimates, diagnostics).set_index("check")


def limits(estimate: float, lower: float, upper: float) -> dict[str, object]:
    return {"estimate": estimate, "lower": lower, "upper": upper}


READINGS = {
    "excludes one on the same side and holds the headline": ((0.8, 0.7, 0.9), "survives", ""),
    "excludes one and the headline, nearer to one": ((0.9, 0.85, 0.95), "moves", "towards no effect"),
    "excludes one and the headline, farther from one": ((0.3, 0.2, 0.5), "moves", "away from no effect"),
    "holds one and the headline": ((0.8, 0.5, 1.2), "cannot tell", "holds both no effect and the headline"),
    "holds one and not the headline": (
        (1.0, 0.9, 1.1),
        "does not survive",
        "holds no effect and excludes the headline",
    ),
    "excludes one on the other side": ((1.3, 1.1, 1.5), "does not survive", "the sign turns"),
}


@pytest.mark.parametrize("case", READINGS)
@pytest.mark.parametrize("harmful", [False, True], ids=["protective", "harmful"])
def test_another_estimate_is_read_by_a_stated_rule(case: str, harmful: bool, tables: Tables) -> None:
    """A ratio and its inverse are read alike."""
    (estimate, lower, upper), reading, why = READINGS[case]
    found, headline = (estimate, lower, upper), (0.75, 0.7, 0.8)
    if harmful:
        found, headline = (1 / estimate, 1 / upper, 1 / lower), (1 / 0.75, 1 / 0.8, 1 / 0.7)
    line = reread(tables, {(RATIO, "cox_trend"): limits(*found)}, headline).loc["linear_trend"]
    assert line["reading"] == reading
    assert why in line["why"]


@pytest.mark.parametrize(
    ("headline", "why"),
    [((0.9, 0.8, 1.01), "own interval holds no effect"), ((0.9, np.nan, np.nan), "the headline has no interval")],
)
def test_where_nothing_is_found_nothing_survives(
    headline: tuple[float, float, float], why: str, tables: Tables
) -> None:
    changes = {(RATIO, "cox_trend"): limits(0.85, 0.75, 0.95), (RATIO, "cox_donut"): limits(0.5, 0.4, 0.7)}
    table = reread(tables, changes, headline)
    assert "survives" not in set(table["reading"])
    assert table.loc["linear_trend", "reading"] == "cannot tell"
    assert table.loc["donut", "reading"] == "moves"
    assert why in table.loc["headline", "why"]
    assert why in table.loc["linear_trend", "why"]


def test_a_row_without_an_estimate_is_not_asked_with_its_reason(tables: Tables) -> None:
    lost = {**limits(np.nan, np.nan, np.nan), "status": "not estimable", "reason": "3 of 54 months are exposed"}
    missing = {(RATIO, "cox_trend"): lost, ("p_value", "wild_bootstrap"): lost, ("power", "design_analysis"): lost}
    table = reread(tables, missing, (0.75, 0.7, 0.8))
    for check in ("linear_trend", "wild_bootstrap", "design_analysis"):
        assert table.loc[check, "reading"] == "not asked"
        assert table.loc[check, "answer"] == "not estimable"
        assert table.loc[check, "why"].startswith("3 of 54 months are exposed")


def test_a_question_without_rows_is_not_asked_and_says_what_it_needs(tables: Tables) -> None:
    estimates = where(tables["estimates"], outcome="hypertension")
    kept = estimates[~estimates["method"].isin(["cox_delayed_entry", "cox_calibrated", "cox_coherent"])]
    table = survives(kept, tables["diagnostics"]).set_index("check")
    for check, needed in {
        "delayed_entry": "from_visit",
        "negative_controls": "negative_controls",
        "coherent_windows": "attended",
    }.items():
        assert table.loc[check, "reading"] == "not asked"
        assert needed in table.loc[check, "why"]


def test_answers_are_the_same_after_the_rows_went_through_files(tables: Tables, tmp_path: Path) -> None:
    """An empty note or reason comes back from CSV as a missing text, an open limit as infinity."""
    read = []
    for name, schema in (("estimates", ESTIMATES), ("diagnostics", DIAGNOSTICS)):
        tables[name].to_csv(tmp_path / f"{name}.csv", index=False)
        read.append(schema.read_csv(tmp_path / f"{name}.csv"))
    pd.testing.assert_frame_equal(survives(*read), survives(tables["estimates"], tables["diagnostics"]))


BREAKS = {
    "holds the true end": ((3.0, -6.0, 9.0), "survives", "+3 months (\N{MINUS SIGN}6 to +9)"),
    "open on one side": ((3.0, -6.0, np.inf), "cannot tell", "+3 months (\N{MINUS SIGN}6 to no limit)"),
    "open, at another time": ((9.0, 5.0, np.inf), "does not survive", "+9 months (+5 to no limit)"),
    "at another time": ((-8.0, -12.0, -3.0), "does not survive", "\N{MINUS SIGN}8 months"),
}


@pytest.mark.parametrize("case", BREAKS)
@pytest.mark.parametrize("note", ["", "likelihood ratio over 3 to 9 months"])
def test_the_break_date_is_read_from_its_limits_and_no_text(case: str, note: str, tables: Tables) -> None:
    found, reading, answer = BREAKS[case]
    changes = {("break_date", "profile"): limits(*found), ("specification", "profile"): {"note": note}}
    line = reread(tables, changes, (0.75, 0.7, 0.8)).loc["break_date"]
    assert line["reading"] == reading
    assert answer in line["answer"]


def test_a_limit_of_the_break_that_was_not_reached_is_infinite(tables: Tables) -> None:
    rows = where(tables["estimates"], estimand="break_date").set_index("outcome")
    assert len(rows) == 2
    for outcome, row in rows.iterrows():
        profile = where(tables["curves"], curve="profile", outcome=str(outcome))
        inside = (2 * profile["estimate"].abs() <= stats.chi2.ppf(0.95, 1)).to_numpy()
        assert np.isinf(row["lower"]) == inside[0]
        assert np.isinf(row["upper"]) == inside[-1]


def test_a_placebo_test_says_the_size_that_its_ranks_allow(tables: Tables) -> None:
    table = reread(tables, {}, (0.75, 0.7, 0.8))
    assert "a test at 5% has size 4.7%" in table.loc["placebo_cutoffs", "answer"]  # the two first of 43
    few = {("test_size", "placebo_cutoff"): {"estimate": rank_size(12)}}
    line = reread(tables, few, (0.75, 0.7, 0.8)).loc["placebo_cutoffs"]
    assert "size 0.0%" in line["answer"]
    assert "too few cut-offs for any p value up to 0.05" in line["why"]


@pytest.mark.parametrize("cutoffs", [12, 20, 34, 40, 43, 60, 140])
def test_the_size_of_a_rank_is_how_often_it_is_among_the_first(cutoffs: int) -> None:
    ranks = np.arange(1, cutoffs + 1)
    assert rank_size(cutoffs) == pytest.approx((ranks / cutoffs <= 0.05).mean())


def test_figures_of_an_event_study_say_what_they_show(
    tables: Tables, study: event_study.Settings, config: CohortConfig, tmp_path: Path
) -> None:
    found = Found.of("rationing", STUDY, tables, tables["curves"], synthetic=True)
    wanted = {
        "cells": ", 24 months against 9 months after",
        "incidence": ": by age 62, ",
        "dose": ": 32 months of exposure against none, hazard ratio 0.",
        "scan": "months from the true one",
    }
    drawings = [showing.figures(study, config.codebook, found) for _ in range(3)]
    assert list(drawings[0]) == list(wanted)
    for name, text in wanted.items():
        assert faults(drawings[2][name]) == []
        for drawn, copy_of in zip(drawings, ("a", "b"), strict=False):
            drawn[name].save(tmp_path / f"{name}_{copy_of}.svg")
        svg = (tmp_path / f"{name}_a.svg").read_text(encoding="utf-8")
        assert text in svg
        assert svg == (tmp_path / f"{name}_b.svg").read_text(encoding="utf-8")
