"""What leaves of a run: no small group, no extreme, no count that other numbers give, and nothing lost in silence."""

import json
import os
import stat
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import ConfigError, DataError
from evenwicht.cohort import Cohort
from evenwicht.disclosure.counts import Counts, Published, published
from evenwicht.disclosure.curves import released_curves
from evenwicht.disclosure.described import WITHHELD, Safe
from evenwicht.disclosure.diagnostics import released_diagnostics
from evenwicht.disclosure.harmless import harmless
from evenwicht.disclosure.manifest import CLASSES, Check, Manifest
from evenwicht.disclosure.moved import needing_each, pairs
from evenwicht.disclosure.noted import note_fourfold, note_sectors, note_shares
from evenwicht.disclosure.numbers import figures_of_counts, to_figures, upwards
from evenwicht.disclosure.private import Kept, changed_by_few
from evenwicht.disclosure.profiles import Profile, profile
from evenwicht.disclosure.rounding import Rounder
from evenwicht.disclosure.tables import (
    FOURFOLD,
    ONE_PERSON,
    RANGE_TELLS,
    TOO_FEW,
    WOULD_TELL,
    Parameters,
    released_attrition,
    released_estimates,
    without_numbers,
)
from evenwicht.display.described import DATE, MEAN, SHARE
from evenwicht.estimators.results import CURVES, ESTIMANDS
from evenwicht.recovery import bias_table
from evenwicht.report.cohort_page import attrition_table
from evenwicht.report.released import Released, Source, counts_by_place, models_of, released, released_replication
from evenwicht.report.tables import attrition, replication
from evenwicht.report.world_figures import attrition_figure
from evenwicht.results.questions import Concentration, exactly_key, group_key
from evenwicht.results.rows import with_truth
from evenwicht.results.schema import DIAGNOSTICS, ESTIMATES, MAGNITUDES, SCHEMAS
from evenwicht.results.states import states
from evenwicht.worlds.published import PUBLISHED
from scipy.stats import norm

from tests.cohorts import described, every_study, people_of, with_studies
from tests.pages import EMPTY, run_of

SECRET = b"a secret of thirty-two bytes ...."
TRIES = int(os.environ.get("EVENWICHT_TRIES", "60"))  # of the attack that takes longest
PLACE = "mine"
COMPARED = {"cohort": "mine", "study": "one", "outcome": "ill", "exposure": "smoke", "reference": "no"}


@cache
def source() -> Source:
    """A real cohort and a made-up one, with a few of their studies."""
    run = run_of("nhefs", "dunedin")
    chosen = {"nhefs": ("quitting", "price"), "dunedin": ("stressors", "concentration")}
    run = run.model_copy(
        update={"cohorts": {name: with_studies(run.cohorts[name], *studies) for name, studies in chosen.items()}}
    )
    people = {name: people_of(config, seed=3) for name, config in run.cohorts.items()}
    found = {name: every_study(config, people[name]) for name, config in run.cohorts.items()}
    tables = dict(EMPTY)
    for name in ("estimates", "diagnostics", "flow"):
        tables[name] = SCHEMAS[name].checked(pd.concat([one[name] for one in found.values()], ignore_index=True))
    configs = run.cohorts.items()
    tables["table1"] = pd.concat([described(people[name], config) for name, config in configs], ignore_index=True)
    tables["states"] = pd.concat([states(people[name], config.source) for name, config in configs], ignore_index=True)
    none = PUBLISHED.table([])
    tables["attrition"] = pd.concat([attrition(one, none) for one in people.values()], ignore_index=True)
    tables["conclusions"] = SCHEMAS["conclusions"].table([])
    tables["survives"] = SCHEMAS["survives"].table([])
    tables["bias"] = bias_table(with_truth(tables["estimates"], SCHEMAS["truth"].table([])))
    tables["replication"] = replication(tables["estimates"], tables["diagnostics"], none, [])
    curves, magnitudes = ({name: one[part] for name, one in found.items()} for part in ("curves", "magnitudes"))
    return Source(run, tables, curves, magnitudes, people)


@cache
def release_of(name: str) -> Released:
    rules = profile(name)
    return released(source(), rules, Rounder(rules.base, SECRET))


# --- all tables


@pytest.mark.parametrize("name", ["uk", "stats_nz"])
def test_no_count_that_leaves_is_small_or_as_it_was(name: str) -> None:
    rules, out = profile(name), release_of(name)
    for table, schema in SCHEMAS.items():
        for column in (column for column, about in schema.fields.items() if about.kind == "count"):
            counts = out.tables.get(table, pd.DataFrame({column: []}))[column].dropna().astype(int)
            assert (counts % rules.base == 0).all(), table
            assert ((counts > rules.smallest - rules.base) | (counts == 0)).all(), table
    given = source().tables["flow"]["people"]
    assert (given.dropna() % rules.base).any()  # of which there were some


def test_every_row_stays_and_says_why_it_is_empty() -> None:
    given, left = source().tables["estimates"], release_of("uk").tables["estimates"]
    pd.testing.assert_frame_equal(given[ESTIMATES.key], left[ESTIMATES.key])
    gone = given["estimate"].notna().to_numpy() & left["estimate"].isna().to_numpy()
    assert 0 < gone.sum() < len(left) / 2
    assert set(left.loc[gone, "reason"]) == {TOO_FEW, WOULD_TELL}
    assert (left.loc[gone, "status"] == "not estimable").all()
    bare = given["lower"].notna().to_numpy() & left["lower"].isna().to_numpy() & ~gone
    assert set(left.loc[bare, "reason"]) == {RANGE_TELLS}
    told = {check.check: check.number for check in release_of("uk").checks["estimates"]}
    assert sum(number for check, number in told.items() if check.startswith("withheld")) == gone.sum() + bare.sum()
    drawn = sum(len(curves) for curves in release_of("uk").curves.values())
    there = sum(len(curves) for curves in source().curves.values())
    assert told["points of curves that are left out of figures"] == there - drawn > 0


def test_few_people_behind_an_estimate_withhold_it() -> None:
    given, left = source().tables["estimates"], release_of("uk").tables["estimates"]
    few = ((given["events"] < 10) | (given["n"] - given["events"] < 10)).fillna(False).to_numpy(dtype=bool)
    assert few.any()
    assert left.loc[few, ["estimate", "lower", "upper", "se"]].isna().all(axis=None)
    assert left.loc[few, "events"].isna().all()


def test_the_weight_of_one_person_never_leaves() -> None:
    given, left = source().tables["diagnostics"], release_of("uk").tables["diagnostics"]
    largest = (given["statistic"] == "largest_weight").to_numpy()
    assert given.loc[largest, "value"].notna().any()
    assert left.loc[largest, "value"].isna().all()
    assert set(left.loc[largest, "reason"]) == {ONE_PERSON}


def test_what_few_people_make_leaves_by_no_other_way() -> None:
    """Each of these gave counts away to somebody who attacked a release."""
    given, left = source().tables, release_of("uk").tables
    missing = (given["diagnostics"]["statistic"] == "missing_difference").to_numpy()
    assert left["diagnostics"].loc[missing, "value"].isna().all()
    groups = given["diagnostics"]["statistic"].isin(["clusters_exposed", "clusters_unexposed"]).to_numpy()
    told = left["diagnostics"].loc[groups, "value"].dropna()
    assert groups.any()
    assert (told % 5 == 0).all()


def test_a_diagnostic_does_not_give_an_estimate_that_is_withheld() -> None:
    """An E-value is a function of the ratio alone."""
    rules, own = profile("uk"), Counts()
    own.add(400)
    out = {"mine": published("mine", own, rules, Rounder(rules.base, SECRET))}
    key = {**COMPARED, "at": "45", "method": "ipw"}
    diagnostics = DIAGNOSTICS.table([{**key, "statistic": "e_value", "value": 2.1, "n": 400, "status": "estimated"}])
    estimate = {**key, "estimand": "risk_ratio"}
    for reason, gone in (("", False), (TOO_FEW, True), (RANGE_TELLS, True)):
        rows = ESTIMATES.table([{**estimate, "reason": reason}])
        left = released_diagnostics(diagnostics, rows, rows, out, rules)
        assert left["value"].isna().item() == gone


def test_few_cases_of_a_comparison_withhold_what_has_no_horizon_too() -> None:
    rules, own = profile("uk"), Counts()
    own.add_part(60, 400, rules)
    out = {"mine": published("mine", own, rules, Rounder(rules.base, SECRET))}
    size = {**COMPARED, "n": 400, "events": 60, "method": "ipw", "status": "estimated"}
    few = {**size, "at": "45", "estimand": "risk_exposed", "estimate": 0.05}  # 4 of 80
    ratio = {**size, "estimand": "hazard_ratio", "estimate": 0.8}
    share = {**COMPARED, "method": "sample", "statistic": "share_exposed", "value": 0.2, "n": 400}
    diagnostics, none = DIAGNOSTICS.table([share]), MAGNITUDES.table([])
    both = released_estimates(ESTIMATES.table([few, ratio]), diagnostics, none, out, rules, Parameters())
    alone = released_estimates(ESTIMATES.table([ratio]), diagnostics, none, out, rules, Parameters())
    assert both["estimate"].isna().all()
    assert alone["estimate"].notna().all()
    says = {**ratio, "reason": "too few people with the event for an interval: 4 exposed"}
    assert (
        released_estimates(ESTIMATES.table([says]), diagnostics, none, out, rules, Parameters())["estimate"]
        .isna()
        .all()
    )


def test_a_curve_does_not_show_what_a_table_withholds() -> None:
    left = release_of("uk")
    gone = left.tables["estimates"][left.tables["estimates"]["reason"] == TOO_FEW]
    key = ["study", "outcome", "exposure", "reference", "subgroup"]
    curves = left.curves["dunedin"]
    shown = curves[~curves["curve"].isin(["lorenz", "by_risk"])]
    assert not pd.MultiIndex.from_frame(shown[key]).isin(pd.MultiIndex.from_frame(gone[key])).any()


def test_the_row_of_an_arm_counts_its_people_alone() -> None:
    rules, own = profile("uk"), Counts()
    own.add(300, 200)
    out = {"mine": published("mine", own, rules, Rounder(rules.base, SECRET))}
    row = {**COMPARED, "estimand": "survival_exposed", "method": "crude", "estimate": 0.762, "n": 200, "events": 47}
    own.add_part(47, 200, rules)
    out = {"mine": published("mine", own, rules, Rounder(rules.base, SECRET))}
    share = {**COMPARED, "method": "sample", "statistic": "share_exposed", "value": 0.26, "n": 769}
    left = released_estimates(
        ESTIMATES.table([row]), DIAGNOSTICS.table([share]), MAGNITUDES.table([]), out, rules, Parameters()
    )
    assert left["estimate"].item() in (0.75, 0.775)  # 150 or 155 of 200


def test_a_comparison_without_covariates_is_one_of_counts_whatever_its_method() -> None:
    rules, own = profile("uk"), Counts()
    own.add_part(120, 400, rules)
    out = {"mine": published("mine", own, rules, Rounder(rules.base, SECRET))}
    row = {**COMPARED, "estimand": "risk_difference", "method": "regression", "estimate": 0.0712, "n": 400}
    share = {**COMPARED, "method": "sample", "statistic": "share_exposed", "value": 0.4, "n": 400}
    rows, shares = ESTIMATES.table([{**row, "events": 120, "status": "estimated"}]), DIAGNOSTICS.table([share])
    for parameters, kept in ((2, False), (3, True)):
        width = Parameters({("mine", "one"): parameters})
        left = released_estimates(rows, shares, MAGNITUDES.table([]), out, rules, width)
        assert left["estimate"].notna().item() == kept


def test_published_comparisons_show_what_leaves() -> None:
    key = {**COMPARED, "subgroup": "", "at": "", "estimand": "hazard_ratio", "method": "cox"}
    table = SCHEMAS["replication"].table([{**key, "estimate_published": 1.5, "estimate": 1.46, "decimals": 1}])
    rows = ESTIMATES.table([{**key, "estimate": 1.5}])
    left = released_replication(table, rows, DIAGNOSTICS.table([]))
    assert left["estimate"].tolist() == [1.5]
    assert left["agrees"].tolist() == [True]
    assert not released_replication(table, ESTIMATES.table([{**key, "estimate": 1.4}]), DIAGNOSTICS.table([]))[
        "agrees"
    ].any()
    assert released_replication(table, rows.iloc[:0], DIAGNOSTICS.table([]))["estimate"].isna().all()


def test_texts_lose_their_numbers() -> None:
    assert without_numbers("too few: 3 exposed, 12 unexposed") == "too few: … exposed, … unexposed"
    assert without_numbers("covers about 92.5% or more") == "covers about 92.5% or more"
    for column in ("reason", "note"):
        texts = release_of("uk").tables["diagnostics"].get(column, pd.Series(dtype=str))
        assert not texts.str.contains(r"\d(?![\d.,]*%)").any()


def test_a_wave_whose_people_are_withheld_keeps_its_row_and_its_place() -> None:
    config = run_of("dunedin").cohorts["dunedin"]
    waves = source().tables["attrition"].query("cohort == 'dunedin'")
    left = released_attrition(waves, {"dunedin": everything(2000)})
    left.loc[left.index[2], "assessed"] = pd.NA
    left = SCHEMAS["attrition"].checked(
        left.assign(percent_assessed=100 * (left["assessed"] / left["due"]).astype(float))
    )
    cells = [row["assessed"] for row in attrition_table(left).rows]
    assert [cell == "withheld" for cell in cells] == [k == 2 for k in range(len(left))]
    assert len(attrition_figure(left, config.codebook).figure.axes[0].get_yticks()) == len(left)


def test_two_releases_of_a_run_are_the_same_and_another_secret_rounds_otherwise() -> None:
    rules = profile("uk")
    again = released(source(), rules, Rounder(rules.base, SECRET))
    other = released(source(), rules, Rounder(rules.base, SECRET[::-1]))
    for name, table in release_of("uk").tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    assert not release_of("uk").tables["flow"]["people"].equals(other.tables["flow"]["people"])


def test_every_table_of_a_run_has_a_class() -> None:
    assert set(SCHEMAS) - {"magnitudes"} <= set(CLASSES)
    assert set(release_of("uk").tables) <= set(CLASSES)


# --- a table of four counts


def fourfold(a: Any, b: Any, c: Any, d: Any) -> dict[str, dict[str, Any]]:
    """What a study tells of cases and others who are exposed (a, b) or not (c, d), of one table or of many."""
    one, none, n = a / (a + b), c / (c + d), a + b + c + d
    shares = {
        "risk_exposed": (one, a + b),
        "risk_unexposed": (none, c + d),
        "sensitivity": (a / (a + c), a + c),
        "specificity": (d / (b + d), b + d),
        "positive_predictive_value": (one, a + b),
        "negative_predictive_value": (1 - none, c + d),
        "risk": ((a + c) / n, n),
    }
    told = {name: normal(p, np.sqrt(p * (1 - p) / of)) for name, (p, of) in shares.items()}
    ratio = normal(np.log(one / none), np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)))
    odds = normal(np.log(a * d / b / c), np.sqrt(1 / a + 1 / b + 1 / c + 1 / d))
    for name, logs in (("risk_ratio", ratio), ("odds_ratio", odds)):
        told[name] = {key: value if key == "se" else np.exp(value) for key, value in logs.items()}
    spread = np.sqrt(one * (1 - one) / (a + b) + none * (1 - none) / (c + d))
    told["risk_difference"] = normal(one - none, spread)
    return told


def normal(estimate: Any, se: Any) -> dict[str, Any]:
    return {"estimate": estimate, "lower": estimate - 1.96 * se, "upper": estimate + 1.96 * se, "se": se}


def release_of_four(counts: tuple[int, int, int, int], rules: Profile, number: int) -> pd.DataFrame:
    a, b, c, _ = counts
    n, own = sum(counts), Counts()
    size = {"n": n, "events": a + c, "status": "estimated"}
    numbers = [{"estimand": name, **told} for name, told in fourfold(*counts).items()]
    estimates = ESTIMATES.table([{**COMPARED, "method": "crude", **size, **row} for row in numbers])
    share = {"method": "sample", "statistic": "share_exposed", "value": (a + b) / n, "n": n}
    diagnostics = DIAGNOSTICS.table([{**COMPARED, **share}])
    own.add_part(a + c, n, rules)
    note_fourfold(estimates, diagnostics, {"mine": own}, rules)
    out = {"mine": published("mine", own, rules, Rounder(rules.base, (number + 1).to_bytes(32)))}
    return released_estimates(estimates, diagnostics, MAGNITUDES.table([]), out, rules, Parameters())


def candidates(counts: tuple[int, int, int, int], reach: int) -> np.ndarray:
    """Tables near the true one: an attacker is given more than there is. (4, tables)."""
    near = np.arange(-reach, reach + 1)
    shifts = np.array(np.meshgrid(near, near, near, near, indexing="ij")).reshape(4, -1)
    tables: np.ndarray = shifts + np.array(counts)[:, None]
    return tables


def rounded_to(count: np.ndarray, base: int) -> list[np.ndarray]:
    return [count - count % base, count - count % base + base * (count % base > 0)]


def error(share: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Of a share, with two successes and two failures more (Agresti and Coull 1998)."""
    more = (share * of + 2) / (of + 4)
    return np.asarray(np.sqrt(more * (1 - more) / of))


def fits(tables: np.ndarray, left: pd.DataFrame, rules: Profile) -> np.ndarray:
    """Which tables could have been released like this, for whoever knows all rules but the secret, (tables,) flags."""
    a, b, c, d = tables
    of = {"exposed": a + b, "unexposed": c + d, "cases": a + c, "others": b + d, "all": a + b + c + d}
    keep = np.ones(len(a), dtype=bool)
    seen = left.set_index("estimand")
    for column, whole in (("n", of["all"]), ("events", of["cases"])):
        keep &= np.abs(whole - int(seen[column].iloc[0])) < rules.base
    for name, one in fourfold(*tables.astype(float)).items():
        row = seen.loc[name]
        if share_of := ESTIMANDS[name].share_of:
            part, whole = np.round(one["estimate"] * of[share_of]).astype(int), of[share_of]
            ways = []
            for p, w in product(rounded_to(part, rules.base), rounded_to(whole, rules.base)):
                way = np.isclose(to_figures(p / w, rules.figures), row["estimate"])
                for limit, sign in (("lower", -1), ("upper", 1)):
                    reach = upwards(np.abs(one[limit] - one["estimate"]) / error(one["estimate"], whole), 0.25)
                    shown = np.clip(p / w + sign * reach * error(p / w, w), 0, 1)
                    way &= np.isclose(to_figures(shown, rules.figures), row[limit])
                ways.append(way)
            keep &= np.any(ways, axis=0)
        elif name not in FOURFOLD:
            raise AssertionError(name)
    return keep


def to_three(told: dict[str, dict[str, Any]]) -> dict[str, np.ndarray]:
    return {name: to_figures(np.asarray(one["estimate"]), 3) for name, one in told.items()}


@pytest.mark.parametrize("name", ["uk", "stats_nz"])
def test_no_count_of_four_is_told_by_all_numbers_of_a_comparison_together(name: str) -> None:
    rules, rng = profile(name), np.random.default_rng(11)
    told = {"protected": 0, "to three figures": 0}
    for number in range(TRIES):
        counts = tuple(int(n) for n in rng.integers(rules.smallest + rules.base, 90, 4))
        left = release_of_four(counts, rules, number)  # type: ignore[arg-type]
        tables = candidates(counts, rules.base - 1)  # type: ignore[arg-type]
        fitting = tables[:, fits(tables, left, rules)]
        assert (fitting == np.array(counts)[:, None]).all(axis=0).any()
        told["protected"] += bool((fitting.min(axis=1) == fitting.max(axis=1)).any())
        # as many would release it: counts are rounded, estimates have three figures
        true, all_of = (to_three(fourfold(*some)) for some in (np.array(counts, dtype=float), tables.astype(float)))
        same = [np.isclose(all_of[name], value) for name, value in true.items()]
        fitting = tables[:, np.all(same, axis=0)]
        told["to three figures"] += bool((fitting.min(axis=1) == fitting.max(axis=1)).any())
    assert told["protected"] == 0
    assert told["to three figures"] > 0.9 * TRIES


def predicted(a: Any, b: Any, c: Any, d: Any) -> dict[str, Any]:
    """What is told of the prediction of cases from one yes/no column alone, by its table of four counts."""
    one, none, n = a / (a + b), c / (c + d), a + b + c + d
    share = (a + c) / n
    brier = ((a + b) * one * (1 - one) + (c + d) * none * (1 - none)) / n
    return {
        "auc": (a / (a + c) + d / (b + d)) / 2,
        "brier_score": brier,
        "r_squared": 1 - brier / (share * (1 - share)),
        "auc_increment": 0.7 - (a / (a + c) + d / (b + d)) / 2,  # of 0.7, which is told too
    }


@pytest.mark.parametrize("name", ["uk", "stats_nz"])
def test_no_count_of_four_is_told_by_the_prediction_from_one_yes_no_column(name: str) -> None:
    """As it is, to three figures, it tells some; it is told of many people alone."""
    rules, rng, pinned = profile(name), np.random.default_rng(12), 0
    alone = Parameters(
        of_one_yes_no=frozenset({("mine", "one", COMPARED["exposure"])}), over_one_yes_no=frozenset({("mine", "one")})
    )

    def left(counts: tuple[int, ...], parameters: Parameters) -> pd.DataFrame:
        n, events, own = sum(counts), counts[0] + counts[2], Counts()
        own.add_part(events, n, rules)
        out = {"mine": published("mine", own, rules, Rounder(rules.base, SECRET))}
        row = {**COMPARED, "method": "apparent", "n": n, "events": events, "status": "estimated"}
        told = predicted(*map(float, counts)).items()
        rows = ESTIMATES.table([{**row, "estimand": key, "estimate": value} for key, value in told])
        none = DIAGNOSTICS.table([]), MAGNITUDES.table([])
        return released_estimates(rows, *none, out, rules, parameters).set_index("estimand")

    for _ in range(TRIES // 10):
        counts = tuple(int(n) for n in rng.integers(rules.smallest + rules.base, 90, 4))
        assert left(counts, alone)["estimate"].isna().all()
        tables = candidates(counts, rules.base - 1)  # type: ignore[arg-type]
        true, all_of = (predicted(*some.astype(float)) for some in (np.array(counts), tables))
        same = [
            np.isclose(to_figures(all_of[name], rules.figures), to_figures(np.asarray(value), rules.figures))
            for name, value in true.items()
        ]
        fitting = tables[:, np.all(same, axis=0)]
        assert (fitting == np.array(counts)[:, None]).all(axis=0).any()
        pinned += bool((fitting.min(axis=1) == fitting.max(axis=1)).any())
    assert pinned > 0
    assert left((20_000, 40_000, 30_000, 90_000), alone)["estimate"].notna().all()


def test_a_prediction_from_one_yes_no_column_is_known_by_its_columns() -> None:
    run = run_of("dunedin")
    run = run.model_copy(update={"cohorts": {"dunedin": with_studies(run.cohorts["dunedin"], "prediction")}})
    models = models_of(run)
    alone = models.of_one_yes_no
    assert models.over_one_yes_no == {("dunedin", "prediction")}
    assert ("dunedin", "prediction", "covariates") in alone  # sex
    assert ("dunedin", "prediction", "brain_health") not in alone
    assert ("dunedin", "prediction", "all") not in alone


def adjusted(one: float, none: float, cases: float) -> dict[str, float]:
    """What adjusted risks of all if exposed or not tell, with the share of cases."""
    return {
        "risk_difference": one - none,
        "risk_ratio": one / none,
        "odds_ratio": one / (1 - one) / none * (1 - none),
        "number_needed": 1 / abs(one - none),
        "population_risk_difference": cases - none,
        "attributable_fraction": (cases - none) / cases,
    }


def test_adjusted_numbers_are_all_of_the_released_share_of_cases() -> None:
    """As if both risks were larger by it: so together they tell the share that counts tell, and no other."""
    rules, own, n, cases = replace(profile("stats_nz"), figures=12), Counts(), 1001, 215
    own.add_part(cases, n, rules)
    number = next(k for k in range(1, 50) if Rounder(rules.base, k.to_bytes(32)).rounded("mine", cases) != cases)
    out = {"mine": published("mine", own, rules, Rounder(rules.base, number.to_bytes(32)))}
    row = {**COMPARED, "method": "aipw", "n": n, "events": cases, "status": "estimated"}
    told = adjusted(0.31, 0.19, cases / n)
    rows = ESTIMATES.table(
        [{**row, "estimand": key, "estimate": x, "lower": x - 0.1, "upper": x + 0.1} for key, x in told.items()]
    )
    width = Parameters({("mine", "one"): 9})
    left = released_estimates(rows, DIAGNOSTICS.table([]), MAGNITUDES.table([]), out, rules, width)
    share = out["mine"].share(cases / n, n)
    times = share / (cases / n)
    assert times != 1
    for key, value in adjusted(0.31 * times, 0.19 * times, share).items():
        seen = left.set_index("estimand").loc[key]
        assert seen["estimate"] == pytest.approx(value, abs=1e-9)
        # limits move with it
        assert (seen["upper"] - seen["lower"]) / 0.2 == pytest.approx(value / told[key])


def test_accuracy_and_inequality_hold_the_released_share_of_cases() -> None:
    rules, own, n, cases = replace(profile("stats_nz"), figures=12), Counts(), 1001, 215
    own.add_part(cases, n, rules)
    number = next(k for k in range(1, 50) if Rounder(rules.base, k.to_bytes(32)).rounded("mine", cases) != cases)
    out = {"mine": published("mine", own, rules, Rounder(rules.base, number.to_bytes(32)))}

    def told(share: float) -> dict[str, float]:
        error, liability = share * (1 - share), norm.pdf(norm.ppf(share))
        return {
            "r_squared": 0.2,
            "brier_score": 0.8 * error,
            "liability_r_squared": 0.2 * error / liability**2,
            "wagstaff_index": 0.3,
            "concentration_index": 0.3 * (1 - share),
            "erreygers_index": 4 * 0.3 * share * (1 - share),
            "gini": 0.7,
            "gini_users": 1 - (1 - 0.7) / share,
        }

    row = {**COMPARED, "method": "observed", "n": n, "events": cases, "status": "estimated"}
    rows = ESTIMATES.table([{**row, "estimand": key, "estimate": x} for key, x in told(cases / n).items()])
    left = released_estimates(rows, DIAGNOSTICS.table([]), MAGNITUDES.table([]), out, rules, Parameters())
    seen = left.set_index("estimand")["estimate"]
    for key, value in told(out["mine"].share(cases / n, n)).items():
        figures = figures_of_counts(np.array([float(min(cases, n - cases))]), rules.base, rules.figures)
        assert seen[key] == pytest.approx(float(to_figures(np.array([value]), figures)[0]))


def test_modelled_risks_move_with_their_difference_and_none_stays_where_the_share_is_withheld() -> None:
    rules, n, cases = replace(profile("stats_nz"), figures=12), 1001, 215
    row = {**COMPARED, "method": "aipw", "n": n, "events": cases, "status": "estimated"}
    told = {"risk_exposed": 0.31, "risk_unexposed": 0.19, "risk_difference": 0.12}
    odds = {"risk_ratio": 0.31 / 0.19, "odds_ratio": 0.31 / 0.69 / 0.19 * 0.81}
    rows = ESTIMATES.table([{**row, "estimand": key, "estimate": x} for key, x in told.items()])
    share = {"method": "sample", "statistic": "share_exposed", "value": 0.4, "n": n}
    exposed = DIAGNOSTICS.table([{**COMPARED, **share}])
    for shown, withheld in ((210, False), (None, True)):
        values = {n: 1002, cases: shown}
        out = {"mine": Published("mine", values, Rounder(1, SECRET), {}, 0, 0, 0)}
        left = released_estimates(rows, exposed, MAGNITUDES.table([]), out, rules, Parameters({("mine", "one"): 9}))
        assert left["estimate"].isna().all() == withheld
        one, none, apart = left["estimate"]
        assert withheld or one - none == pytest.approx(apart, abs=1e-9)
        # an odds ratio beside the ratio of risks gives both risks
        more = ESTIMATES.table([{**row, "estimand": key, "estimate": x} for key, x in (told | odds).items()])
        left = released_estimates(more, exposed, MAGNITUDES.table([]), out, rules, Parameters({("mine", "one"): 9}))
        seen = left.set_index("estimand")["estimate"]
        assert seen["risk_ratio"] == pytest.approx(odds["risk_ratio"], abs=1e-9)
        assert seen.isna()["odds_ratio"] == withheld


def test_a_change_of_the_mean_holds_the_released_share_of_the_exposed() -> None:
    """Of a straight line it is the difference times that share: both would tell how many are exposed."""
    rules, own, n, exposed = replace(profile("stats_nz"), figures=12), Counts(), 955, 131
    own.add(n)
    out = {"mine": published("mine", own, rules, Rounder(rules.base, SECRET))}
    row = {**COMPARED, "method": "standardisation", "n": n, "status": "estimated"}
    told = {"mean_difference": 2.0, "population_mean_difference": -2.0 * exposed / n}
    rows = ESTIMATES.table([{**row, "estimand": key, "estimate": x} for key, x in told.items()])
    share = {"method": "sample", "statistic": "share_exposed", "value": exposed / n, "n": n}
    diagnostics = DIAGNOSTICS.table([{**COMPARED, **share}])
    width = Parameters({("mine", "one"): 9})
    left = released_estimates(rows, diagnostics, MAGNITUDES.table([]), out, rules, width)["estimate"]
    assert -left[1] / left[0] == pytest.approx(out["mine"].share(exposed / n, n), abs=1e-9)


def test_groups_show_shares_of_rounded_counts_on_both_sides() -> None:
    line = {"curve": "groups", "study": "one", "outcome": "ill", "subgroup": "", "exposure": "", "reference": ""}
    people, exposed = np.array([90, 118, 80]), np.array([31, 1, 40])
    table = pd.DataFrame({**line, "arm": "", "x": exposed / people, "estimate": [0.5, 1.5, 2.5], "people": people})
    estimates = ESTIMATES.table([{**COMPARED, "estimand": "between_difference", "n": 288}])
    out = everything(300)
    left = released_curves(table, estimates, estimates, MAGNITUDES.table([]), out, profile("uk"), {})
    shares = [out.share(e / n, n) for e, n in zip(exposed, people, strict=True) if e != 1]
    np.testing.assert_allclose(left["x"], shares, rtol=0.005)  # three figures


def test_need_in_two_sectors_is_told_by_rounded_counts() -> None:
    """By the table: of n people m have high need in each of two sectors, and some in both."""
    n, both, sector = 5000.0, 300.0, 700.0
    table = np.array([both, sector - both, sector - both, n - 2 * sector + both])
    error = np.sqrt((1 / table).sum())
    ratio = table[0] * table[3] / table[1] / table[2]
    numbers = np.array([[ratio, ratio * np.exp(-2 * error), ratio * np.exp(2 * error), error]])
    one = np.ones(1)
    np.testing.assert_allclose(needing_each(ratio * one, n * one, both * one), sector)
    true = n * one, both * one, sector * one
    np.testing.assert_allclose(pairs(numbers, true, true), numbers)
    shown, lower, upper, spread = pairs(numbers, true, (n * one, (both + 3) * one, sector * one))[0]
    more = np.array([both + 3, sector - both - 3, sector - both - 3, n - 2 * sector + both + 3])
    assert shown == pytest.approx(more[0] * more[3] / more[1] / more[2])
    assert np.log(upper / shown) == pytest.approx(2 * np.sqrt((1 / more).sum()))
    assert lower * upper == pytest.approx(shown**2)
    assert spread == pytest.approx(np.sqrt((1 / more).sum()))


def parts(events: tuple[int, ...]) -> pd.DataFrame:
    row = {**COMPARED, "estimand": "change_in_cases", "method": "aipw", "estimate": 20.0, "status": "estimated"}
    names = [""] + [f"ses={k}of3" for k in range(1, len(events) + 1)]
    sizes = [(1500, sum(events)), *((500, k) for k in events)]
    return ESTIMATES.table(
        [{**row, "subgroup": name, "n": n, "events": e} for name, (n, e) in zip(names, sizes, strict=True)]
    )


def test_the_one_part_that_is_withheld_is_not_all_less_the_others() -> None:
    rules, own = profile("stats_nz"), Counts()
    own.add(1500, 500, *range(400))
    out = {"mine": published("mine", own, rules, Rounder(rules.base, SECRET))}
    for events, gone in (((90, 80, 70), [False] * 4), ((90, 80, 4), [False, True, True, True])):
        left = released_estimates(
            parts(events), DIAGNOSTICS.table([]), MAGNITUDES.table([]), out, rules, Parameters({("mine", "one"): 5})
        )
        assert left["estimate"].isna().tolist() == gone
    assert left["reason"].tolist()[1:] == [WOULD_TELL, WOULD_TELL, TOO_FEW]


def test_increments_over_what_is_withheld_are_withheld() -> None:
    rules, own = profile("stats_nz"), Counts()
    own.add(1500, 300, 4)
    out = {"mine": published("mine", own, rules, Rounder(rules.base, SECRET))}
    row = {**COMPARED, "method": "cross_validated", "n": 1500, "estimate": 0.6, "status": "estimated"}
    for events, gone in ((300, False), (4, True)):
        rows = ESTIMATES.table(
            [
                {**row, "exposure": "covariates", "estimand": "auc", "events": events},
                {**row, "exposure": "score+covariates", "estimand": "auc_increment", "events": 300},
            ]
        )
        width = Parameters({("mine", "one"): 5})
        left = released_estimates(rows, DIAGNOSTICS.table([]), MAGNITUDES.table([]), out, rules, width)
        assert left["estimate"].isna().tolist() == [gone, gone]


def test_shares_of_cases_and_others_are_noted_with_their_sums() -> None:
    own = {"mine": Counts()}
    row = {**COMPARED, "method": "cross_validated", "at": "0.1", "n": 955, "events": 214}
    rows = ESTIMATES.table(
        [
            {**row, "estimand": "sensitivity", "estimate": 56 / 214},
            {**row, "estimand": "missed_cases", "estimate": 1000 * 158 / 955},
        ]
    )
    note_shares(rows, DIAGNOSTICS.table([]), own, profile("stats_nz"))
    (sums,) = own["mine"].sums.values()
    assert sums == {(214, (56, 158)), (955, (158, 797)), (955, (214, 741))}


def test_people_by_number_of_sectors_are_noted_with_their_sums() -> None:
    run = run_of("dunedin")
    (question,) = run.cohorts["dunedin"].studies["concentration"].asks(run.cohorts["dunedin"].codebook)
    assert isinstance(question, Concentration)
    top, at = question.top_shares[0], question.windows[0]
    exactly, row = (500, 300, 155), {**COMPARED, "estimand": "group_share", "method": "observed", "at": at, "n": 955}
    keys = [exactly_key(top, k) for k in range(3)] + [group_key(top, 1)]
    rows = ESTIMATES.table([{**row, "outcome": k, "events": n} for k, n in zip(keys, [*exactly, 455], strict=True)])
    own = {"mine": Counts()}
    note_sectors(rows, [("mine", "one", replace(question, at_least=(1, 2)))], own)
    assert list(own["mine"].sums.values()) == [{(955, (155, 300, 500)), (455, (155, 300))}]


def test_means_of_all_in_a_description_are_those_of_the_arms_as_released() -> None:
    """The true one, 40% of the way from one arm's mean to the other's, would tell that 40% are exposed."""
    out, arm = everything(300), np.arange(201) < 81
    values = pd.Series(np.where(arm, 10.0, 20.0) + np.resize([-1.0, 1.0], 201))
    row = Safe(out, profile("uk"))(MEAN, values, arm)
    mean, exposed, unexposed = (float(str(row[name]).split()[0]) for name in ("overall", "exposed", "unexposed"))
    shown = [out(n) for n in (81, 120)]
    assert mean == pytest.approx((shown[0] * exposed + shown[1] * unexposed) / sum(shown), rel=0.005)  # three figures


def test_people_all_but_a_few_count_as_all_in_a_share() -> None:
    """Their own number is withheld; a share of its rounded value beside that of the cases would tell it."""
    rules, own = profile("stats_nz"), Counts()
    own.add_part(1387, 1388, rules)
    own.add(88)
    out = published("mine", own, rules, Rounder(rules.base, SECRET))
    assert out(1387) is None
    assert out.share(88 / 1387, 1387) == out.share(88 / 1388, 1388)


def test_a_large_table_keeps_its_estimates() -> None:
    left = release_of_four((20_000, 40_000, 30_000, 90_000), profile("uk"), 1).set_index("estimand")
    assert left.loc["odds_ratio", "estimate"] == 1.5
    assert left["lower"].notna().all()


def test_fewer_figures_for_fewer_people_are_those_of_the_smallest_of_the_four() -> None:
    assert figures_of_counts(np.array([400.0]), 5, 3) == [2]


def test_too_many_parameters_withhold_a_model() -> None:
    rules, own = profile("uk"), Counts()
    own.add(60, 30)
    out = {"mine": published("mine", own, rules, Rounder(rules.base, SECRET))}
    row = {**COMPARED, "estimand": "mean_difference", "method": "regression", "estimate": 2.0, "n": 60, "events": 30}
    of = {"diagnostics": DIAGNOSTICS.table([]), "magnitudes": MAGNITUDES.table([]), "published": out, "profile": rules}
    for parameters, gone in ((50, False), (51, True)):
        width = Parameters({("mine", "one"): parameters})
        left = released_estimates(ESTIMATES.table([row]), **of, parameters=width)  # type: ignore[arg-type]
        assert left["estimate"].isna().all() == gone


# --- money


def test_a_sum_that_one_person_dominates_is_withheld_everywhere() -> None:
    rules, own = profile("cbs"), Counts()
    own.add(500)
    out = {"mine": published("mine", own, rules, Rounder(rules.base, SECRET))}
    keys = {"cohort": "mine", "study": "use", "outcome": "hospital", "at": "2010"}
    row = {**keys, "estimand": "gini", "method": "observed", "estimate": 0.9, "n": 500, "status": "estimated"}
    for largest, people, gone in ((0.2, 500, False), (0.6, 500, True), (0.2, 4, True)):
        sums = MAGNITUDES.table([{**keys, "people": people, "largest": largest, "second": 0.01}])
        left = released_estimates(ESTIMATES.table([row]), DIAGNOSTICS.table([]), sums, out, rules, Parameters())
        assert left["estimate"].isna().all() == gone


def test_studies_note_what_the_two_with_most_have() -> None:
    sums = source().magnitudes["dunedin"]
    assert len(sums)
    assert (sums["largest"] >= sums["second"]).all()
    assert sums["largest"].between(0, 1).all()
    costs = source().cohorts["dunedin"].costs
    row = sums[sums["exposure"] == ""].iloc[0]
    amounts = costs[(costs["sector"] == row["outcome"]) & (costs["window"] == row["at"])]["amount"]
    assert row["largest"] == pytest.approx(amounts.max() / amounts.sum())


# --- who the people are


def everything(count: int) -> Published:
    rules = profile("uk")
    own = Counts()
    own.add(*range(count))
    return published(PLACE, own, rules, Rounder(rules.base, SECRET))


def test_descriptions_are_of_rounded_counts_without_days_or_few() -> None:
    safe = Safe(everything(300), profile("uk"))
    arm = np.arange(200) < 60
    flags = pd.Series(np.where(np.arange(200) % 4 == 0, 100.0, 0.0))
    row = safe(SHARE, flags, arm)
    one, none = (float(str(row[name])) / 100 for name in ("exposed", "unexposed"))
    apart = (one - none) / np.sqrt((one * (1 - one) + none * (1 - none)) / 2)
    assert float(str(row["standardised_difference"])) == pytest.approx(apart, abs=0.01)
    part, size = everything(300)(15), everything(300)(60)
    assert part is not None
    assert size is not None
    assert row["exposed"] == f"{100 * part / size:.1f}"
    assert safe(SHARE, pd.Series(np.where(np.arange(200) < 4, 100.0, 0.0)), None)["overall"] == WITHHELD
    assert safe(SHARE, pd.Series(np.full(200, 100.0)), None)["overall"] == WITHHELD
    days = pd.Series(pd.date_range("1970-01-03", periods=200, freq="11D"))
    told = str(safe(DATE, days, None)["overall"])
    assert "1973-01" in told
    assert "-03" not in told.replace("1970-03", "")
    few = Safe(everything(300), profile("statistics_denmark"))(DATE, days, None)
    assert few["overall"] == WITHHELD


def test_a_mean_that_one_person_makes_is_withheld() -> None:
    safe = Safe(everything(300), profile("uk"))
    amounts = pd.Series(np.r_[np.full(100, 10.0), 1e6])
    assert safe(MEAN, amounts, None)["overall"] == WITHHELD
    assert safe(MEAN, pd.Series(np.linspace(-3, 5, 101)), None)["overall"] == "1 (2.34)"


# --- curves


def events_between(cohort: Cohort, arm: np.ndarray, event: str, ages: np.ndarray) -> np.ndarray:
    rows = cohort.events[cohort.events["event"] == event]
    own = set(cohort.persons.loc[arm, cohort.id])
    ages_of = rows.loc[(rows["status"] == 1) & rows["id"].isin(own), "exit_age"]
    return np.histogram(ages_of, bins=ages)[0]


@pytest.mark.parametrize("name", ["opensafely", "uk"])
def test_a_step_of_a_survival_curve_is_of_enough_people(name: str) -> None:
    rules, given = profile(name), source()
    left = release_of(name).curves["dunedin"]
    full = given.curves["dunedin"]
    survival = left[(left["curve"] == "survival") & (left["method"] == "crude")]
    assert len(survival)
    assert len(survival) < len(full[(full["curve"] == "survival") & (full["method"] == "crude")])
    persons, config = given.cohorts["dunedin"].persons, given.run.cohorts["dunedin"]
    event = next(o.event for o in config.codebook.outcomes.values() if getattr(o, "event", None))
    for (exposure, arm), line in survival.groupby(["exposure", "arm"]):
        exposed = persons[exposure].to_numpy(dtype=bool, na_value=False)
        who = exposed if arm == "exposed" else ~exposed
        ages = line["x"].to_numpy(dtype=float)
        if len(ages) > 1:
            assert (events_between(given.cohorts["dunedin"], who, event, ages) >= rules.smallest).all()
        assert (line["at_risk"] >= rules.smallest - rules.base).all()


def test_a_survival_curve_is_of_rounded_counts() -> None:
    """Of 150 people without censoring, 1 - 11 / 150 would tell the eleven."""
    had = np.array([0, 11, 24, 37])
    line = {"curve": "survival", "study": "one", "outcome": "ill", "subgroup": "", "exposure": "", "reference": ""}
    level = 1 - had / 150
    table = pd.DataFrame({**line, "arm": "all", "method": "crude", "x": [0, 10, 20, 30], "estimate": level})
    table = table.assign(lower=level - 0.05, upper=np.minimum(level + 0.05, 1), at_risk=150 - had)
    estimates = ESTIMATES.table([{**COMPARED, "estimand": "risk", "n": 150, "events": 37}])
    out = everything(300)
    left = released_curves(table, estimates, estimates, MAGNITUDES.table([]), out, profile("uk"), {})
    whole = out.rounder.rounded(PLACE, 150)
    np.testing.assert_allclose(
        left["estimate"], [round(1 - out.rounder.rounded(PLACE, int(n)) / whole, 3) for n in had], atol=1e-9
    )
    assert (left["lower"] <= left["estimate"]).all()


def test_sets_of_few_people_are_left_out_and_others_rounded() -> None:
    line = {"curve": "together", "study": "use", "outcome": "", "subgroup": "", "exposure": "", "reference": ""}
    people = np.array([41, 12, 7])
    table = pd.DataFrame({**line, "arm": ["a", "b", "c"], "x": [0, 1, 2], "estimate": 1000 * people / 200, "null": 1.0})
    estimates = ESTIMATES.table([{"cohort": "mine", "study": "use", "outcome": "gp", "estimand": "gini", "n": 200}])
    out = everything(300)
    left = released_curves(table, estimates, estimates, MAGNITUDES.table([]), out, profile("uk"), {})
    assert left["arm"].tolist() == ["a", "b"]
    assert left["estimate"].tolist() == [5.0 * out.rounder.rounded(PLACE, n) for n in (41, 12)]


def test_a_lorenz_curve_has_enough_people_between_its_points() -> None:
    n, x = 200, np.linspace(0, 1, 101)
    line = pd.DataFrame({"curve": "lorenz", "study": "use", "outcome": "", "subgroup": "", "arm": "gp", "x": x})
    line = line.assign(exposure="", reference="", estimate=x**2, lower=x**2, upper=x**2)
    estimates = ESTIMATES.table([{"cohort": "mine", "study": "use", "outcome": "gp", "estimand": "gini", "n": n}])
    keys = {"cohort": "mine", "study": "use", "outcome": "gp", "at": "2010", "people": n}
    for largest, kept in ((0.1, True), (0.9, False)):
        sums = MAGNITUDES.table([{**keys, "largest": largest, "second": 0.01}])
        left = released_curves(line, estimates, estimates, sums, everything(300), profile("uk"), {})
        assert bool(len(left)) == kept
        assert (np.diff(left["x"]) * n >= 10 - 1e-9).all()


def test_every_curve_of_a_study_has_a_rule() -> None:
    for table in source().curves.values():
        assert set(table["curve"]) <= set(CURVES)


# --- files


def test_a_cell_that_begins_a_formula_is_a_text() -> None:
    table = pd.DataFrame(
        {"text": ["=1+1", "+cmd", "-2", "-0.17", "@x", "a=b", "-1|calc", "-0.04 (0.98)", ""], "n": range(-4, 5)}
    )
    left = harmless(table)
    assert left["text"].tolist() == ["'=1+1", "'+cmd", "-2", "-0.17", "'@x", "a=b", "'-1|calc", "-0.04 (0.98)", ""]
    assert left["n"].tolist() == list(range(-4, 5))


def test_the_secret_is_made_once_and_for_nobody_else(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "private" / "release")
    secret = kept.secret()
    assert kept.secret() == secret
    assert stat.S_IMODE((tmp_path / "private/release").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "private/release/secret").stat().st_mode) == 0o600
    kept.keep({"mine 7": 2}, {"flow|people|a": 12})
    assert (kept.draws(), kept.counts()) == ({"mine 7": 2}, {"flow|people|a": 12})
    (tmp_path / "private/release/secret").write_text("short")
    with pytest.raises(DataError, match="the secret of rounding is damaged"):
        kept.secret()


def test_two_releases_that_differ_by_few_people_are_told() -> None:
    before = counts_by_place(source().tables)
    now = dict(before)
    first, second, third = list(before)[:3]
    now[first] += 1
    now[second] += 9
    now[third] += 10
    assert changed_by_few(before, now, 10) == 2
    assert changed_by_few(before, before, 10) == 0


def test_a_manifest_says_what_each_file_is_and_how_it_was_checked(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    file = tmp_path / "tables" / "flow.csv"
    file.write_text("cohort\n")
    manifest = Manifest(profile("uk"), "1.0")
    manifest.add(tmp_path, file, CLASSES["flow"], [Check("withheld", "pass", 3)])
    told = json.loads(json.dumps(manifest.as_written()))
    assert told["outputs"][0]["file"] == "tables/flow.csv"
    assert told["outputs"][0]["checks"] == [{"check": "withheld", "status": "pass", "number": 3}]
    assert told["rules"]["smallest"]["tag"] == "P"
    assert "decides" in told["holder_decides"]


def test_an_unknown_profile_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="there is no such profile"):
        profile("cern")
