"""Words follow rules over several rows: statuses, levels of certainty, sentences, and which side weighs more."""

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evenwicht.conclusions import conclude, conclusions_table
from evenwicht.display.certainty import (
    LOWEST,
    STARTS,
    STATUSES,
    STEPS,
    Check,
    Evidence,
    Other,
    judge,
    size_of,
)
from evenwicht.display.labels import in_sentence
from evenwicht.display.section import where
from evenwicht.report.front import MOST_STATEMENTS, paragraph
from evenwicht.report.sentences import Told, sentence, tell, truth
from evenwicht.results.reading import read_tables
from evenwicht.results.schema import RECOVERY, VERDICTS
from evenwicht.weighing import Weighed, weigh

from tests.conftest import ROOT, WORLDS, world

TABLES = ROOT / "results" / "tables"
DIRECTION = re.compile(r"\b(raises?|lowers?|fewer|more|higher|lower)\b")
BANNED = re.compile(
    r"significan|exclud\w+ (zero|no effect)|proves?\b|determin(es|ed|istic)|high-cost|fatherless|damaged|programmed"
    r"|should (have|parents)|too late|trend towards|survives\b|heavy users|risk child|problem famil"
)


def evidence(estimate: float = 0.02, lower: float = 0.01, upper: float = 0.03, **changes: Any) -> Evidence:
    """An adjusted comparison of people with an interval above no difference."""
    return Evidence(**{"estimate": estimate, "lower": lower, "upper": upper, "design": "adjusted", **changes})


HOLDS_NOTHING = {"estimate": 0.005, "lower": -0.01, "upper": 0.02}
FAILS, UNCLEAR = Check("Is it so?", "fails"), Check("Is it so?", "unclear")


# --- statuses


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (evidence(math.nan, math.nan, math.nan), "not_estimable"),
        (evidence(lower=math.nan, upper=math.nan), "not_estimable"),
        (evidence(lower=-math.inf, upper=math.inf), "not_estimable"),
        (evidence(lower=0.01, upper=math.inf), "found"),
        (evidence(), "found"),
        (evidence(-0.02, -0.03, -0.01), "found"),
        (evidence(checks=[FAILS]), "does_not_survive"),
        (evidence(checks=[UNCLEAR]), "found"),
        (evidence(**HOLDS_NOTHING, checks=[FAILS]), "cannot_tell"),
        (evidence(relative=[Other("regression", 1.2, 0.9, 1.6, 1.0)]), "depends_on_method"),
        (evidence(relative=[Other("regression", 0.7, 0.6, 0.8, 1.0)]), "depends_on_method"),
        (evidence(relative=[Other("regression", 1.2, 1.1, 1.3, 1.0)]), "found"),
        (evidence(**HOLDS_NOTHING, relative=[Other("regression", 1.2, 1.1, 1.3, 1.0)]), "depends_on_method"),
        (evidence(absolute=[Other("ipw", -0.01, -0.03, 0.01)]), "depends_on_method"),
        (evidence(absolute=[Other("ipw", 0.01, -0.01, 0.03)]), "found"),
        (evidence(**HOLDS_NOTHING, margin=0.03), "no_difference_that_matters"),
        (evidence(**HOLDS_NOTHING, margin=0.015), "cannot_tell"),
        (evidence(**HOLDS_NOTHING), "cannot_tell"),
    ],
)
def test_the_first_status_whose_rule_holds_is_that_of_a_comparison(told: Evidence, status: str) -> None:
    assert judge(told).status == status


def test_no_difference_that_matters_cannot_be_said_without_a_stated_margin() -> None:
    """However narrow the interval is: what matters is not for the data to say."""
    assert judge(evidence(0.0, -1e-6, 1e-6)).status == "cannot_tell"


def test_the_three_faults_of_words_that_follow_one_interval() -> None:
    """A card said -7.6 points where the truth is -1.3 and 1 of 50 draws finds anything; a difference contradicted by
    its own hazard ratio; and a check that moves 0.58 to 0.21 and was said to survive."""
    benefit = evidence(-0.0761, -0.1308, -0.0215, design="natural_experiment", clusters=6, power=0.02)
    assert judge(benefit).status == "found"
    assert judge(benefit).level == LOWEST
    assert not judge(benefit).told
    tax = evidence(0.0344, 0.0048, 0.0641, relative=[Other("regression", 1.20, 0.89, 1.60, 1.0)])
    assert judge(tax).status == "depends_on_method"
    trend = Check("With a linear trend over births?", "moves", math.log(0.21) / math.log(0.58))
    rationing = judge(evidence(-0.02, -0.03, -0.01, design="natural_experiment", checks=[trend]))
    assert rationing.steps == ["size_moves"]
    assert rationing.level == STARTS["natural_experiment"] - 1


# --- how sure


@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        ({}, []),
        ({"margin": 0.005}, []),
        ({"margin": 0.02, "lower": 0.01, "upper": 0.07}, ["too_wide"]),
        ({"clusters": 9}, ["few_clusters"]),
        ({"clusters": 10}, []),
        ({"checks": [UNCLEAR, UNCLEAR]}, ["unclear_checks"]),
        ({"checks": [UNCLEAR, Check("", "unclear", rival=True)]}, ["unclear_rival"]),
        ({"checks": [Check("", "moves", 1.4)]}, []),
        ({"checks": [Check("", "moves", 0.5)]}, ["size_moves"]),
        ({"coverage": 0.90, "coverage_error": 0.005}, ["coverage"]),
        ({"coverage": 0.90, "coverage_error": 0.015}, []),
        ({"coverage": 0.995, "coverage_error": 0.005}, ["coverage"]),
        ({"coverage": 0.80, "coverage_error": 0.02}, ["poor_coverage"]),
        ({"power": 0.4}, ["low_power"]),
        ({"power": 0.1}, ["little_power"]),
        ({"exaggeration": 1.6}, ["low_power"]),
        ({"exaggeration": 3.0}, ["little_power"]),
        ({"seen": 0.79}, ["attrition"]),
        ({"crude": -0.01}, ["crude_opposite"]),
        ({"crude": 0.1}, []),
        ({"confirmed": True}, ["confirmed"]),
    ],
)
def test_each_step_moves_the_level_as_its_rule_says(changes: dict[str, Any], steps: list[str]) -> None:
    told = judge(evidence(**{"design": "natural_experiment", **changes}))
    assert told.steps == steps
    assert told.level == STARTS["natural_experiment"] + sum(STEPS[name].levels for name in steps)


def test_a_level_stays_between_one_and_four() -> None:
    everything = evidence(design="crude", clusters=2, power=0.1, seen=0.5, crude=-1.0)
    assert judge(everything).level == 1
    assert judge(evidence(design="randomised", confirmed=True)).level == 4


@pytest.mark.parametrize("changes", [{"checks": [FAILS]}, {"absolute": [Other("ipw", -0.1, -0.2, 0.1)]}])
def test_what_fails_or_depends_on_the_method_is_never_sure(changes: dict[str, Any]) -> None:
    assert judge(evidence(design="randomised", **changes)).level == LOWEST


def test_size_words_follow_the_stated_margin() -> None:
    assert [size_of(x, 0.01) for x in (0.005, -0.02, 0.04)] == ["small", "plain", "large"]
    assert size_of(0.5, None) == "plain"


# --- sentences


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return read_tables(TABLES / f"{name}.csv" for name in ("estimates", "diagnostics", "flow"))


@pytest.fixture(scope="module")
def told(tables: dict[str, pd.DataFrame]) -> list[Told]:
    """Every conclusion of the default run."""
    recovery = RECOVERY.read_csv(TABLES / "recovery.csv")
    configs = [world(name) for name in ("nhefs", "bwght", *WORLDS)]
    return [tell(config, one) for config in configs for one in conclude(config, tables, recovery)]


def with_status(one: Told, status: str, level: int = 1) -> Told:
    """The same comparison, judged otherwise."""
    verdict = replace(one.verdict, status=status, level=level)
    return replace(one, conclusion=replace(one.conclusion, verdict=verdict))


def test_a_level_is_told_by_its_verb_alone(told: list[Told]) -> None:
    one = next(t for t in told if t.verdict.status == "found")
    verbs = {4: r"\b(raises|lowers)\b", 3: r"\bprobably\b", 2: r"\bmay\b"}
    for level, verb in verbs.items():
        text = sentence(with_status(one, "found", level))
        assert re.search(verb, text)
        assert not any(re.search(other, text) for k, other in verbs.items() if k not in (level, 4))


def test_what_is_too_uncertain_has_no_direction(told: list[Told]) -> None:
    for one in told:
        text = sentence(with_status(one, "found", 1)).replace(one.cause, "").replace(one.outcome, "")
        assert not DIRECTION.search(text.replace(in_sentence(one.cause), "").replace(in_sentence(one.outcome), ""))


def test_cannot_tell_gives_the_whole_range_and_no_verb_of_effect(told: list[Told]) -> None:
    shown = [one for one in told if one.verdict.status == "cannot_tell"]
    assert shown
    for one in shown:
        text = sentence(one)
        assert text.startswith("We cannot tell whether")
        assert not re.search(r"\b(raises?|lowers|may|probably|no effect)\b", text)
        assert one.scale.number(abs(one.row["lower"])) in text
        assert one.scale.number(abs(one.row["upper"])) in text


def test_contradicting_methods_are_named(told: list[Told]) -> None:
    shown = [one for one in told if one.verdict.status == "depends_on_method"]
    for one in shown:
        assert "do not agree" in sentence(one)
        assert one.conclusion.evidence.contradictions


def test_what_could_not_be_estimated_says_why_and_that_this_is_no_answer(told: list[Told]) -> None:
    shown = [one for one in told if one.verdict.status == "not_estimable"]
    assert shown
    for one in shown:
        assert one.row["reason"] in sentence(one)
        assert "says nothing about whether there is an effect" in sentence(one)


def numerals(text: str) -> set[str]:
    return set(re.findall(r"\d[\d,]*(?:\.\d+)?", text))


def test_every_numeral_in_a_sentence_comes_from_a_row(told: list[Told]) -> None:
    """The estimate, its limits and its true value as they are written; labels have their own; cases are per 100,000."""
    for one in told:
        text = f"{sentence(one)} {truth(one)}"
        labels = numerals(f"{one.cause} {one.outcome} {one.members} {one.row['reason']} {one.row['unit']}")
        answers = numerals(" ".join(check.answer for check in one.conclusion.evidence.checks))
        values = [one.row[name] for name in ("estimate", "lower", "upper", "truth")]
        written = {one.scale.number(abs(v)) for v in values if math.isfinite(v)}
        assert numerals(text) <= written | labels | answers | {"100,000"}, text


def test_a_sentence_never_says_what_one_study_cannot(told: list[Told]) -> None:
    for one in told:
        for status in STATUSES:
            for level in (1, 2, 3, 4):
                assert not BANNED.search(sentence(with_status(one, status, level)))


def test_an_interval_is_never_rounded_to_hold_no_difference(told: list[Told]) -> None:
    for one in told:
        row = one.row
        if one.is_risk and row["lower"] > 0:
            assert float(one.scale.number(row["lower"]).replace(",", "")) > 0


@pytest.mark.parametrize(
    ("label", "within"),
    [
        ("Type 2 diabetes", "type 2 diabetes"),
        ("IQ at 18 years", "IQ at 18 years"),
        ("X-ray", "X-ray"),
        ("A", "A"),
        ("", ""),
    ],
)
def test_a_label_within_a_sentence_keeps_its_abbreviations(label: str, within: str) -> None:
    assert in_sentence(label) == within


def test_a_paragraph_is_short_and_names_the_surest_of_each_side_first(
    told: list[Told], tables: dict[str, pd.DataFrame]
) -> None:
    for name in WORLDS:
        own = [one for one in told if one.config.name == name]
        statements = paragraph(own, weighed_of(name, own, tables))
        assert len(statements) <= MOST_STATEMENTS
        sure = [one for one in own if one.verdict.told]
        if sure:
            best = max(one.verdict.level for one in sure)
            assert any(statements[0].startswith(sentence(one)) for one in sure if one.verdict.level == best)


# --- what is counted


def test_an_exposure_is_counted_as_what_would_change_if_nobody_had_it(told: list[Told]) -> None:
    poverty = next(t for t in told if t.config.name == "dunedin" and t.conclusion.claim.exposure == "poverty")
    claim = poverty.conclusion.claim
    assert claim.gone
    assert claim.counted["estimand"] == "population_risk_difference"
    assert poverty.conclusion.evidence.estimate == -claim.counted["estimate"]


def test_without_and_with_differ_by_what_is_counted(tables: dict[str, pd.DataFrame]) -> None:
    table = conclusions_table([world("dunedin"), world("rationing")], tables, RECOVERY.table([]))
    known = table[table["risk_without"].notna()]
    assert len(known) > 10
    gone = known["estimand"] == "population_risk_difference"
    change = np.where(gone, known["risk_without"] - known["risk_with"], known["risk_with"] - known["risk_without"])
    assert change == pytest.approx(known["estimate"].to_numpy(float))
    assert known[["risk_without", "risk_with"]].melt()["value"].between(0, 1).all()


def test_an_instrument_tells_of_the_exposure_and_of_nothing_where_any_value_fits(told: list[Told]) -> None:
    packs = next(t for t in told if t.config.name == "bwght" and t.conclusion.claim.exposure == "packs")
    assert packs.conclusion.level == "individual"
    assert packs.verdict.status == "not_estimable"
    assert "any value" in sentence(packs)


def test_a_trial_starts_highest_and_a_comparison_without_covariates_lowest(told: list[Told]) -> None:
    starts = {(t.config.name, t.conclusion.study): t.verdict.start for t in told}
    assert starts["deprivation", "foster_care"] == 4
    assert starts["rationing", "end_of_rationing"] == 3
    assert starts["reform", "leave"] == 3
    assert starts["nhefs", "quitting"] == 2


# --- which side weighs more


def weighed_of(name: str, told: list[Told], tables: dict[str, pd.DataFrame]) -> list[Weighed]:
    return weigh([one.conclusion for one in told], where(tables["diagnostics"], cohort=name))


def test_only_an_effect_that_may_be_told_weighs_more(told: list[Told], tables: dict[str, pd.DataFrame]) -> None:
    by_cohort: dict[str, list[Told]] = {}
    for one in told:
        by_cohort.setdefault(one.config.name, []).append(one)
    weighed = [w for name, ones in by_cohort.items() for w in weighed_of(name, ones, tables)]
    assert weighed
    for one in weighed:
        if one.answer == "policy":
            assert one.policy.verdict.told
        if one.answer == "exposure":
            assert one.exposure.verdict.told


# --- are the words right, over fresh draws?


@pytest.fixture(scope="module")
def verdicts() -> pd.DataFrame:
    return VERDICTS.read_csv(TABLES / "verdicts.csv")


def test_where_nothing_happened_an_effect_is_told_in_at_most_one_draw_in_twenty(verdicts: pd.DataFrame) -> None:
    """In every world, also where a trend over births, windows of diagnosis or who has children mislead."""
    told = verdicts[(verdicts["status"] == "found") & (verdicts["certainty"] >= 2)]
    for scenario, rows in verdicts.groupby("scenario"):
        chances = rows["null"].sum()
        if chances:
            share = told.loc[told["scenario"] == scenario, "nothing"].sum() / chances
            assert share < 0.05 + 2 * math.sqrt(0.05 * 0.95 / chances), scenario


def test_an_effect_that_is_told_has_the_true_direction(verdicts: pd.DataFrame) -> None:
    """As often as its level promises: nineteen times in twenty from "may" on, in all worlds together."""
    honest = verdicts[
        verdicts["scenario"].isin(["as_configured", "reversed_effect", "no_effect", "selective_fertility"])
    ]
    found = honest[honest["status"] == "found"]
    for level in (2, 3, 4):
        rows = found[found["certainty"] == level]
        total = rows["verdicts"].sum()
        if total:
            share = rows["right"].sum() / total
            assert share > 0.95 - 2 * math.sqrt(0.05 * 0.95 / total), level
