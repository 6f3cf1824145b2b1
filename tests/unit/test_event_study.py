"""The event study by date of birth: who is born when, doses, risks, bootstrap, windows, and how answers are read."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from evenwicht.base.errors import ConfigError, DataError
from evenwicht.base.streams import stream_key
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, EventStudy
from evenwicht.estimators.cox import fit_cox, scores_at
from evenwicht.estimators.cox_bootstrap import score_bootstrap
from evenwicht.estimators.empirical_null import fit_empirical_null
from evenwicht.estimators.gompertz import fit_gompertz
from evenwicht.estimators.gompertz_risk import absolute_effects
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.sensitivity import e_value
from evenwicht.estimators.survival import ProductLimit, kaplan_meier_curve, survival_estimate
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.loading import load_cohort, read_yaml
from evenwicht.outcomes import TimedOutcome
from evenwicht.policy.births import Births, draw_births
from evenwicht.policy.event_study import event_study, event_study_curves, samples
from evenwicht.policy.referee import Answers, placebo_cutoffs, rank_size, referee
from evenwicht.policy.windows import window_check
from evenwicht.report.event_study_figures import dose_figure, event_study_figure, incidence_figure, scan_figure
from evenwicht.report.survives import survives
from evenwicht.results.flow import Flow
from evenwicht.results.rows import with_truth
from evenwicht.studies import policy_level_studies
from evenwicht.worlds import exact_values, simulate
from scipy import stats

from tests.conftest import ROOT, world
from tests.follow_up import arguments
from tests.unit.test_config import at

RNG = np.random.default_rng(61)


@pytest.fixture(scope="module")
def config() -> CohortConfig:
    return world("rationing")


@pytest.fixture(scope="module")
def study(config: CohortConfig) -> EventStudy:
    return config.event_study


@pytest.fixture(scope="module")
def cohort(config: CohortConfig) -> Cohort:
    return simulate(config, stream_key(1, "rationing", "event study"))


@pytest.fixture(scope="module")
def births(cohort: Cohort, config: CohortConfig) -> Births:
    return draw_births(cohort, config.event_study, config.outcomes["hypertension"], "test")


# --- who is born when ------------------------------------------------------------------------------------------------


def test_quarters_and_months_count_from_the_end_of_the_policy(
    births: Births, cohort: Cohort, study: EventStudy
) -> None:
    dates = cohort.persons.set_index("id")["birth_date"].loc[births.ids]
    born = pd.DataFrame({"date": dates.to_numpy(), "quarter": births.quarter, "month": births.month})
    last_rationed = born[born["date"].dt.strftime("%Y-%m") == "1954-06"]
    first_never = born[born["date"].dt.strftime("%Y-%m") == "1954-07"]
    assert set(last_rationed["quarter"]) == {3}
    assert set(first_never["quarter"]) == {4}
    assert set(last_rationed["month"]) == {9}
    assert set(born.loc[born["date"].dt.strftime("%Y-%m") == "1953-09", "month"]) == {0}
    everybody = sum(births.within(span).sum() for span in [study.unexposed.quarters, *study.groups.values()])
    assert everybody == births.n


def test_the_dose_is_months_from_conception_to_two_years(births: Births, study: EventStudy) -> None:
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
    rows = event_study(rare, config)
    unknown = rows[rows["study"] == "hypertension"]
    assert (unknown["status"] == "not estimable").all()
    assert unknown["reason"].str.contains("too few events: .* in 'never rationed'").all()
    asked = {"conditional_hazard_ratio", "onset_delay", "risk_difference"}
    assert asked <= set(unknown["estimand"])
    known = rows[(rows["study"] != "hypertension") & (rows["estimand"] == "conditional_hazard_ratio")]
    assert known["lower"].notna().all()
    assert [name for name, _ in samples(rare, config)] == [
        n for n in config.event_study.outcomes if n != "hypertension"
    ]


def test_empty_groups_are_errors(cohort: Cohort, config: CohortConfig, study: EventStudy) -> None:
    nowhere = study.model_copy(update={"cells": {**study.cells, "long ago": (-90, -80)}})
    with pytest.raises(DataError, match="nobody is born in the quarters -90 to -80 of 'long ago'"):
        draw_births(cohort, nowhere, config.outcomes["hypertension"], "test")


# --- settings ----------------------------------------------------------------------------------------------------------

STUDY = "event_study"
MISTAKES = {
    "quarters that overlap": (
        {f"{STUDY}.groups.in utero": [1, 4]},
        "groups: quarter 4 is in 'never rationed' and in 'in utero'",
    ),
    "quarters that turn back": (
        {f"{STUDY}.cells.in utero": [3, 1]},
        "'in utero': the first quarter must not lie after",
    ),
    "unexposed who were exposed": (
        {f"{STUDY}.unexposed.quarters": [-1, 10]},
        "unexposed births must be later than the quarter",
    ),
    "two controls": ({f"{STUDY}.negative_controls": ["a", "b"]}, "an empirical null needs at least five"),
    "unknown cluster": ({f"{STUDY}.cluster": "month"}, "event_study.cluster: 'month' is not a column"),
    "unknown covariate": ({f"{STUDY}.adjust.columns.0": "sx"}, "adjust.columns.0: 'sx' is not a column.*mean 'sex'"),
    "unknown outcome": ({f"{STUDY}.outcomes.0": "gout"}, "event_study.outcomes.0: 'gout' is not an outcome"),
    "impossible donut": ({f"{STUDY}.donut_months": 0}, "donut_months: input should be greater than or equal to 1"),
    "clock of follow-up": (
        {"outcomes.hypertension.time": "follow_up"},
        "event_study.outcomes.1: 'hypertension' is not a time to an event on the clock of age",
    ),
    "scenario without a world": ({"scenarios.no_effect": {"stressor_effect": "none"}}, "scenarios.no_effect: "),
    "scenario with an unknown key": (
        {"scenarios.no_effect": {"stresor_effect": "null"}},
        "scenarios.no_effect: source.stresor_effect: unknown key. Did you mean 'stressor_effect'?",
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
    changed = config.in_scenario("cohort_trend")
    assert changed.source.artefacts.cohort_trend == 0.08
    assert changed.source.policy_effect == "null"
    back = {"stressor_effect": "harmful", "policy_effect": "beneficial", "artefacts": config.source.artefacts}
    assert changed.source.model_copy(update=back) == config.source


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
        }

    found, expected = absolute_effects(fit, *arms, 60.0), quantities(fit.params)
    step = 1e-5 * np.sqrt(np.diag(fit.covariance))
    sides = [
        [quantities(fit.params + sign * np.eye(4)[j] * step[j]) for sign in (1, -1)] for j in range(len(fit.params))
    ]
    for name, interval in found.items():
        value = np.log(interval.estimate) if name == "risk_ratio" else interval.estimate
        slope = np.array([(up[name] - down[name]) / (2 * step[j]) for j, (up, down) in enumerate(sides)])
        assert value == pytest.approx(expected[name], rel=1e-7)
        assert interval.se == pytest.approx(np.sqrt(slope @ fit.covariance @ slope), rel=1e-4)


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
def with_rare_controls(cohort: Cohort, config: CohortConfig) -> Callable[[int], pd.DataFrame]:
    """Referee's rows about negative controls, for one outcome, when so many of seven controls have a single event."""

    def rows(rare: int) -> pd.DataFrame:
        named = [f"control_{k}" for k in range(1, 8)]
        events = cohort.events.copy()
        for name in named[:rare]:
            ill = events.index[(events["event"] == name) & (events["status"] == 1)]
            events.loc[ill[1:], "status"] = 0
        study = config.event_study.model_copy(update={"negative_controls": named, "outcomes": ["hypertension"]})
        changed = config.model_copy(update={"event_study": study})
        table = referee(replace(cohort, events=events), changed, np.random.default_rng(1)).estimates
        return table[table["method"].isin(["empirical_null", "cox_calibrated"])].set_index(["estimand", "method"])

    return rows


def test_controls_that_are_too_rare_are_counted_with_the_reason(
    with_rare_controls: Callable[[int], pd.DataFrame],
) -> None:
    rows = with_rare_controls(2)
    assert set(rows["contrast"]) == {"5 negative controls"}
    for note in rows["note"]:
        assert "2 left out: control_1 (too few events: " in note
        assert "control_2 (too few events: " in note
    null = rows.loc[(RATIO, "empirical_null")]
    assert null["lower"] < null["estimate"] < null["upper"]
    assert "predicted" in null["note"]


def test_fewer_than_five_controls_give_a_reason_and_no_number(
    with_rare_controls: Callable[[int], pd.DataFrame],
) -> None:
    rows = with_rare_controls(3)
    assert len(rows) == 3
    assert rows["estimate"].isna().all()
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
def answers(cohort: Cohort, config: CohortConfig) -> Answers:
    return referee(cohort, config, np.random.default_rng(1))


@pytest.fixture(scope="module")
def estimates(cohort: Cohort, config: CohortConfig, answers: Answers) -> pd.DataFrame:
    tables = policy_level_studies(cohort, config, known=set())
    return with_truth(pd.concat([*tables, answers.estimates], ignore_index=True), exact_values(config))


def test_every_question_is_asked_of_every_outcome(estimates: pd.DataFrame) -> None:
    table = survives(estimates)
    asked = table.groupby("study")["check"].agg(set)
    assert set(asked.index) == {"type_2_diabetes", "hypertension"}
    wanted = {
        "headline", "sandwich", "wild bootstrap", "pre-trend", "linear trend", "donut", "placebo cut-offs", "break date",
        "dose or trend", "delayed entry", "negative controls", "windows", "coherent windows", "selection", "design analysis",
    }  # fmt: skip
    assert all(checks == wanted for checks in asked)
    assert set(table["reading"]) <= {"survives", "moves", "does not survive", "cannot tell", "context"}
    assert not estimates.duplicated(["study", "cohort", "estimand", "level", "contrast", "method"]).any()


HEADLINE = "in utero and 1 to 2 years vs never rationed"
RATIO = "conditional_hazard_ratio"
LIMITS = ["estimate", "lower", "upper"]


def reread(
    estimates: pd.DataFrame, changes: dict[tuple[str, str], dict[str, object]], headline: tuple[float, float, float]
) -> pd.DataFrame:
    """The table of hypertension by check, after rows (estimand, method) were changed and the headline was set."""
    rows = estimates[estimates["study"] == "hypertension"].copy()
    of_headline = (rows["method"] == "cox") & (rows["contrast"] == HEADLINE) & (rows["estimand"] == RATIO)
    rows.loc[of_headline, LIMITS] = headline
    for (estimand, method), values in changes.items():
        where = (rows["estimand"] == estimand) & (rows["method"] == method)
        assert where.any()
        rows.loc[where, list(values)] = list(values.values())
    return survives(rows).set_index("check")


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
def test_another_estimate_is_read_by_a_stated_rule(case: str, harmful: bool, estimates: pd.DataFrame) -> None:
    """A ratio and its inverse are read alike."""
    (estimate, lower, upper), reading, why = READINGS[case]
    found, headline = (estimate, lower, upper), (0.75, 0.7, 0.8)
    if harmful:
        found, headline = (1 / estimate, 1 / upper, 1 / lower), (1 / 0.75, 1 / 0.8, 1 / 0.7)
    line = reread(estimates, {(RATIO, "cox_trend"): limits(*found)}, headline).loc["linear trend"]
    assert line["reading"] == reading
    assert why in line["why"]


@pytest.mark.parametrize(
    ("headline", "why"),
    [((0.9, 0.8, 1.01), "own interval holds no effect"), ((0.9, np.nan, np.nan), "the headline has no interval")],
)
def test_where_nothing_is_found_nothing_survives(
    headline: tuple[float, float, float], why: str, estimates: pd.DataFrame
) -> None:
    changes = {(RATIO, "cox_trend"): limits(0.85, 0.75, 0.95), (RATIO, "cox_donut"): limits(0.5, 0.4, 0.7)}
    table = reread(estimates, changes, headline)
    assert "survives" not in set(table["reading"])
    assert table.loc["linear trend", "reading"] == "cannot tell"
    assert table.loc["donut", "reading"] == "moves"
    assert why in table.loc["headline", "why"]
    assert why in table.loc["linear trend", "why"]


def test_a_row_without_an_estimate_is_not_asked_with_its_reason(estimates: pd.DataFrame) -> None:
    lost = {**limits(np.nan, np.nan, np.nan), "status": "not estimable", "reason": "3 of 54 months are exposed"}
    missing = {(RATIO, "cox_trend"): lost, ("p_value", "wild_bootstrap"): lost, ("power", "design_analysis"): lost}
    table = reread(estimates, missing, (0.75, 0.7, 0.8))
    for check in ("linear trend", "wild bootstrap", "design analysis"):
        assert table.loc[check, "reading"] == "not asked"
        assert table.loc[check, "answer"] == "not estimable"
        assert table.loc[check, "why"].startswith("3 of 54 months are exposed")


def test_a_question_without_rows_is_not_asked_and_says_what_it_needs(estimates: pd.DataFrame) -> None:
    kept = estimates[~estimates["method"].isin(["cox_delayed_entry", "cox_calibrated", "cox_coherent"])]
    table = survives(kept[kept["study"] == "hypertension"]).set_index("check")
    for check, needed in {
        "delayed entry": "from_visit",
        "negative controls": "negative_controls",
        "coherent windows": "attended",
    }.items():
        assert table.loc[check, "reading"] == "not asked"
        assert needed in table.loc[check, "why"]


def test_answers_are_the_same_after_the_estimates_went_through_a_file(estimates: pd.DataFrame, tmp_path: Path) -> None:
    """An empty note or reason comes back from CSV as a missing number, an open limit as infinity."""
    estimates.to_csv(tmp_path / "estimates.csv", index=False)
    pd.testing.assert_frame_equal(survives(pd.read_csv(tmp_path / "estimates.csv")), survives(estimates))


BREAKS = {
    "holds the true end": ((3.0, -6.0, 9.0), "survives", "+3 months (\N{MINUS SIGN}6 to +9)"),
    "open on one side": ((3.0, -6.0, np.inf), "cannot tell", "+3 months (\N{MINUS SIGN}6 to no limit)"),
    "open, at another time": ((9.0, 5.0, np.inf), "does not survive", "+9 months (+5 to no limit)"),
    "at another time": ((-8.0, -12.0, -3.0), "does not survive", "\N{MINUS SIGN}8 months"),
}


@pytest.mark.parametrize("case", BREAKS)
@pytest.mark.parametrize("note", ["", "likelihood ratio over 3 to 9 months"])
def test_the_break_date_is_read_from_its_limits_and_no_text(case: str, note: str, estimates: pd.DataFrame) -> None:
    found, reading, answer = BREAKS[case]
    changes = {("break_date", "profile"): {**limits(*found), "note": note}}
    line = reread(estimates, changes, (0.75, 0.7, 0.8)).loc["break date"]
    assert line["reading"] == reading
    assert answer in line["answer"]


def test_a_limit_of_the_break_that_was_not_reached_is_infinite(answers: Answers) -> None:
    for study, rows in answers.estimates[answers.estimates["estimand"] == "break_date"].groupby("study"):
        profile = answers.scans[(answers.scans["study"] == study) & (answers.scans["scan"] == "profile")]
        inside = (2 * profile["estimate"].abs() <= stats.chi2.ppf(0.95, 1)).to_numpy()
        assert np.isinf(rows["lower"].item()) == inside[0]
        assert np.isinf(rows["upper"].item()) == inside[-1]


def test_a_placebo_test_says_the_size_that_its_ranks_allow(estimates: pd.DataFrame) -> None:
    table = reread(estimates, {}, (0.75, 0.7, 0.8))
    assert "a test at 5% has size 4.7%" in table.loc["placebo cut-offs", "answer"]  # the two first of 43
    few = {("test_size", "placebo_cutoff"): {"estimate": rank_size(12)}}
    line = reread(estimates, few, (0.75, 0.7, 0.8)).loc["placebo cut-offs"]
    assert "size 0.0%" in line["answer"]
    assert "too few cut-offs for any p value up to 0.05" in line["why"]


@pytest.mark.parametrize("cutoffs", [12, 20, 34, 40, 43, 60, 140])
def test_the_size_of_a_rank_is_how_often_it_is_among_the_first(cutoffs: int) -> None:
    ranks = np.arange(1, cutoffs + 1)
    assert rank_size(cutoffs) == pytest.approx((ranks / cutoffs <= 0.05).mean())


def test_figures_of_an_event_study_say_what_they_show(
    estimates: pd.DataFrame, answers: Answers, cohort: Cohort, config: CohortConfig, tmp_path: Path
) -> None:
    curves, scans = event_study_curves(cohort, config), answers.scans
    pictures = {
        "cells": (lambda: event_study_figure(estimates, config), "24 months 0."),
        "incidence": (lambda: incidence_figure(curves["incidence"], config), "by age 62, in utero and 1 to 2 years: "),
        "dose": (lambda: dose_figure(curves["dose"], estimates, config), "32 months against none, hazard ratio 0."),
        "scan": (lambda: scan_figure(scans, config), "months from the true one"),
    }
    for name, (draw, text) in pictures.items():
        for copy_of in ("a", "b"):
            draw().save(tmp_path / f"{name}_{copy_of}.svg")
        svg = (tmp_path / f"{name}_a.svg").read_text(encoding="utf-8")
        assert text in svg
        assert svg == (tmp_path / f"{name}_b.svg").read_text(encoding="utf-8")
