"""Which kinds of study may impute, what their imputations and weights know, and how many the flow says are imputed."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.adjustment import Adjustment
from evenwicht.base.errors import ModelError
from evenwicht.estimators.chained_equations import Product, Variable, completed
from evenwicht.estimators.multiple_imputation import pooled
from evenwicht.estimators.results import Interval
from evenwicht.results.flow import ANALYSED, DUE, IMPUTED, WEIGHTED
from evenwicht.results.rows import Findings
from evenwicht.studies import KINDS
from evenwicht.studies.measures import number_needed
from evenwicht.studies.pooling import pool_estimates
from evenwicht.studies.study import OutcomeStudy
from scipy.special import expit

from tests.cohorts import changed, configured
from tests.gaps import CASES, lacking, tables_of, whole

IMPUTATION: dict[str, Any] = {"handling": "imputation", "imputations": 3}
WEIGHTS: dict[str, Any] = {"handling": "attrition_weights", "auxiliary": ["sign"]}


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def steps(flow: pd.DataFrame, subgroup: str = "") -> pd.Series:
    """The largest number at each step over the comparisons of a subgroup."""
    return flow[flow["subgroup"] == subgroup].groupby("step")["people"].max()


# --- which kinds may ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cohort", "study", "given", "reason"),
    [
        ("nhefs", "price", {}, "imputations know no clusters"),
        ("nhefs", "price_as_instrument", {}, "Anderson-Rubin"),
        ("siblings", "siblings", {}, "imputations know no families"),
        ("dunedin", "prediction", {}, "seen the outcomes of the people to be predicted"),
        ("bwght", "ladder", {}, ""),
        ("lifecourse", "timing", {}, "choose another hypothesis"),
        ("regions", "context", {}, "imputations know no groups"),
        ("rationing", "event_study", {}, "imputations know no dates of birth"),
        ("famine", "birth_periods", {}, "imputations know no dates of birth"),
        ("reform", "discontinuity", {}, "imputations know no dates of birth"),
    ],
)
def test_a_kind_that_may_not_impute_says_why(cohort: str, study: str, given: dict[str, Any], reason: str) -> None:
    config = configured(cohort)
    [name, *_] = [name for name, one in config.studies.items() if study in (name, one.kind)]
    found = list(changed(config, {f"studies.{name}.missing": IMPUTATION, **given}).check())
    assert [(m.path, reason in m.what) for m in found] == (
        [(f"studies.{name}.missing.handling", True)] if reason else []
    )


def test_every_kind_says_whether_it_may_and_why_not() -> None:
    default = OutcomeStudy.not_imputed
    silent = [kind.__module__ for kind in KINDS if issubclass(kind, OutcomeStudy) and kind.not_imputed is default]
    assert silent == ["evenwicht.studies.missing_data"]  # which shows every way side by side


def test_clusters_and_families_take_the_choice_away() -> None:
    ladder, ranked = CASES["ladder"].study(), CASES["inequality"].study()
    assert not ladder.not_imputed()
    assert "no families" in ladder.model_copy(update={"within_families": True}).not_imputed()
    assert "no clusters" in ranked.model_copy(update={"cluster": "state"}).not_imputed()


# --- what the analysis rests on -----------------------------------------------------------------------------------------


def test_covariates_of_several_models_keep_their_richest_shape() -> None:
    one = Adjustment(columns=["a", "b"], squares=["a", "b"], interactions=[("a", "b")])
    other = Adjustment(columns=["b", "c"], splines={"b": 3})
    assert one.joined(other, Adjustment(columns=["b"], splines={"b": 2})) == Adjustment(
        columns=["a", "b", "c"], squares=["a"], splines={"b": 3}, interactions=[("a", "b")]
    )


@pytest.mark.parametrize("name", CASES)
def test_where_nothing_is_missing_a_study_is_as_ever(name: str) -> None:
    case = CASES[name]
    cohort = whole(rng(), case)
    plain, ours = tables_of(case, cohort), tables_of(case, cohort, **IMPUTATION)
    for table in ("estimates", "flow"):
        keys = [key for key in plain[table] if plain[table][key].dtype == object or key == "step"]
        one, other = (
            t[table].sort_values(keys, kind="stable").reset_index(drop=True).drop(columns="truth", errors="ignore")
            for t in (plain, ours)
        )
        pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("name", CASES)
def test_everybody_is_analysed_and_the_flow_says_how_many_are_imputed(name: str) -> None:
    case = CASES[name]
    cohort = lacking(rng(), whole(rng(), case), case)
    lacked = {"exposure": ["poor"], "covariates": [name for name in case.lost if name != "poor"]}
    flow = tables_of(case, cohort, **IMPUTATION)["flow"]
    told = steps(flow[flow["exposure"] == "poor"])
    assert told[DUE] == told[ANALYSED] == case.people
    for group, names in lacked.items():
        assert told.get(IMPUTED[group], 0) == cohort.persons[names].isna().any(axis=1).sum()
    assert told.get(IMPUTED["covariates"], 0) > 0.1 * case.people


def test_parts_of_a_rank_hold_everybody_once_it_is_imputed() -> None:
    """And say of how many of them it is; as things are, the rank is what is compared, and nothing else is used."""
    case = CASES["inequality"]
    cohort = lacking(rng(), whole(rng(), case), case)
    flow, without = tables_of(case, cohort, **IMPUTATION)["flow"], int(cohort.persons["ses"].isna().sum())
    thirds = [steps(flow, f"ses={k}of3") for k in (1, 2, 3)]
    assert sum(one[ANALYSED] for one in thirds) == case.people
    assert sum(one[IMPUTED["covariates"]] for one in thirds) == without
    as_things_are = flow[(flow["exposure"] == "ses") & (flow["subgroup"] == "")].set_index("step")["people"]
    assert as_things_are[IMPUTED["exposure"]] == without
    assert IMPUTED["covariates"] not in as_things_are


@pytest.mark.parametrize("name", ["inequality", "pathways", "competing_risks"])
def test_who_lacks_what_a_kind_needs_is_weighted_for(name: str) -> None:
    case = CASES[name]
    cohort = lacking(rng(), whole(rng(), case), case)
    known = int(cohort.persons[case.lost[0]].notna().sum())
    tables = tables_of(case, cohort, **WEIGHTS)
    rows = tables["flow"][tables["flow"]["exposure"] == "poor"]
    assert steps(rows)[[ANALYSED, WEIGHTED]].to_list() == [known, known]
    share = tables["diagnostics"].query("statistic == 'share_observed'")["value"]
    assert share.to_list() == [pytest.approx(known / case.people)]
    if name == "inequality":
        assert sum(steps(rows, f"ses={k}of3")[WEIGHTED] for k in (1, 2, 3)) == known


def test_who_is_not_followed_for_what_competes_is_weighted_for_and_not_imputed() -> None:
    case = CASES["competing_risks"]
    cohort = whole(rng(), case)
    events = cohort.events[(cohort.events["event"] != "death") | (cohort.events["id"] % 5 > 0)]
    lost = replace(
        cohort, events=events, persons=cohort.persons.assign(x=cohort.persons["x"].mask(cohort.persons["id"] < 20))
    )
    weighted = steps(tables_of(case, lost, handling="attrition_weights")["flow"])
    assert weighted[WEIGHTED] == int(0.8 * (case.people - 20))
    imputed = steps(tables_of(case, lost, **IMPUTATION)["flow"])
    assert imputed[ANALYSED] == int(0.8 * case.people)
    assert imputed[IMPUTED["covariates"]] == 16


# --- products ------------------------------------------------------------------------------------------------------------


def test_each_of_a_pair_is_told_by_the_other_together_with_the_outcome() -> None:
    product = Product("a", "b", "y")
    assert product.pairs("a") == [("b", "y"), ("b", "b")]
    assert product.pairs("b") == [("a", "y"), ("a", "a")]
    assert product.pairs("y") == product.pairs("c") == [("a", "b")]


@pytest.mark.parametrize("lost", ["y", "a"])
def test_what_acts_together_still_does_among_the_imputed(lost: str) -> None:
    """Without the product the imputed show next to nothing of it."""
    r, n = rng(4), 4000
    a, b = (r.random(n) < 0.5).astype(float), r.standard_normal(n)
    values = {"a": a, "b": b, "y": a * b + 0.5 * r.standard_normal(n)}
    gone = r.random(n) < 0.5
    variable = Variable(lost, np.where(gone, np.nan, values[lost]), "binary" if lost == "a" else "number")
    others = [name for name in values if name != lost]
    fixed = np.column_stack([values[name] for name in others])
    members = {name: values[name][:, None] if name in others else name for name in values}

    def product_among_imputed(*products: Product) -> float:
        [copy] = completed([variable], fixed, [rng(2)], "here", products=products)
        now = {**values, **copy}
        design = np.column_stack([np.ones(n), now["a"], b, now["a"] * b])[gone]
        return float(np.linalg.lstsq(design, now["y"][gone], rcond=None)[0][3])

    assert product_among_imputed(Product(members["a"], members["b"], members["y"])) == pytest.approx(1, abs=0.1)
    assert abs(product_among_imputed()) < 0.3


def test_what_acts_together_with_a_number_is_not_imputed() -> None:
    case = replace(CASES["inequality"], settings={**CASES["inequality"].settings, "exposures": ["iq"]})
    cohort = lacking(rng(), whole(rng(), case), case)
    with pytest.raises(
        ModelError, match="'ses' cannot be imputed: what it does may depend on 'iq', which is no yes/no"
    ):
        tables_of(case, cohort, **IMPUTATION)
    outcome = cohort.persons["symptoms"].mask(cohort.persons["sign"] > 1)
    only = replace(cohort, persons=whole(rng(), case).persons.assign(symptoms=outcome))
    told = steps(tables_of(case, only, **IMPUTATION)["flow"])
    assert told[ANALYSED] == case.people


def test_counts_are_those_of_people_who_are_alike() -> None:
    r, n = rng(6), 3000
    x = r.standard_normal(n)
    y = r.poisson(np.exp(0.2 + 0.5 * x)).astype(float)
    gone = r.random(n) < expit(x)
    [copy] = completed([Variable("y", np.where(gone, np.nan, y), "count")], x[:, None], [rng(2)], "here")
    drawn = copy["y"][gone]
    assert set(drawn) <= set(y[~gone])
    error = y[gone].std() * np.sqrt(1 / gone.sum() + 1 / (~gone).sum())
    assert drawn.mean() == pytest.approx(y[gone].mean(), abs=4 * error)
    assert abs(y[~gone].mean() - y[gone].mean()) > 8 * error


# --- pooling -------------------------------------------------------------------------------------------------------------


def pooled_rows(*copies: dict[str, Interval]) -> dict[str, dict[str, Any]]:
    found = []
    for intervals in copies:
        findings = Findings("c", "s")
        with findings.part("ill", "poor", "no") as rows:
            for estimand, interval in intervals.items():
                rows.add(estimand, "m", interval, n=1000, events=10)
        found.append(findings.estimates)
    return {str(row["estimand"]): row for row, _ in pool_estimates(found)}


def test_numbers_needed_follow_from_the_pooled_difference() -> None:
    copies = [Interval.normal(d, 0.01) for d in (0.05, 0.08, 0.06)]
    rows = pooled_rows(*({"risk_difference": one, "number_needed": number_needed(one)} for one in copies))
    difference, needed = rows["risk_difference"], rows["number_needed"]
    assert needed["estimate"] == pytest.approx(1 / difference["estimate"])
    assert needed["lower"] == pytest.approx(1 / difference["upper"])
    unclear = [Interval.normal(d, 0.01) for d in (0.05, -0.01, 0.03)]
    rows = pooled_rows(*({"risk_difference": one, "number_needed": number_needed(one)} for one in unclear))
    assert rows["number_needed"]["status"] == "no interval"


def test_an_interval_that_is_not_symmetric_stays_so() -> None:
    copies = [Interval(x, 0.1, x - 0.15, x + 0.3) for x in (0.2, 0.25, 0.24)]
    row = pooled_rows(*({"path_difference": one} for one in copies))["path_difference"]
    plain = pooled(np.array([0.2, 0.25, 0.24]), np.full(3, 0.01), 999.0).interval()
    assert row["estimate"] == pytest.approx(plain.estimate)
    below, above = row["estimate"] - row["lower"], row["upper"] - row["estimate"]
    assert above == pytest.approx(2 * below)
    assert above == pytest.approx((plain.upper - plain.estimate) * 3 / 1.959964, rel=1e-6)
