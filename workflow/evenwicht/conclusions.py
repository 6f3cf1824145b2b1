"""What may be said of every comparison, and how sure: claims of the studies, joined with what fresh draws say of them.

A conclusion counts each exposure and each policy in the same way: what would change over all births if nobody were
exposed, or if the policy were there. Risks are counted in cases per 100,000 births, numbers in standard deviations.
What a ledger counts over the same people takes the place of what each study counts over its own.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evenwicht.config import CohortConfig
from evenwicht.display.certainty import Evidence, Other, Verdict, judge
from evenwicht.display.section import Found, Row, chosen, first, records, where
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.results.flow import ANALYSED, DUE, EXPOSURE, OUTSIDE
from evenwicht.results.schema import CONCLUSIONS, QUESTION
from evenwicht.studies.claiming import claims
from evenwicht.studies.claims import POPULATION, RISK, Claim, told_of_sample
from evenwicht.studies.samples import OTHER_LEVEL

PER = 100_000
CASES, SDS = "cases", "sd"  # units of what is counted
COUNTED_IN = {"change_in_cases": CASES, "change_in_sds": SDS}  # by what a ledger calls a change
NOT_COMPARED = (EXPOSURE, OUTSIDE, OTHER_LEVEL, "born elsewhere")  # who leaves for these belongs to no arm
SCALED = ("estimate", "lower", "upper", "truth")


@dataclass(frozen=True)
class Conclusion:
    """A claim with the evidence for it and the verdict.

    Attributes
    ----------
    study, level
        Id of the study; individual or policy.
    share, sd
        Share exposed, and standard deviation of an outcome that is a number, of those analysed; NaN where not told.
    claim
        What is claimed.
    evidence
        How it is judged.
    verdict
        What may be said.
    """

    study: str
    level: str
    share: float
    sd: float
    claim: Claim
    evidence: Evidence
    verdict: Verdict

    @property
    def keys(self) -> tuple[str, str, str]:
        """What is compared, whichever study compares it."""
        return self.claim.outcome, self.claim.exposure, self.claim.reference


def conclude(
    config: CohortConfig, tables: Mapping[str, pd.DataFrame], recovery: pd.DataFrame | None = None
) -> list[Conclusion]:
    """Return what may be said of every comparison of a cohort, in the order of its studies.

    Parameters
    ----------
    config
        The cohort.
    tables
        estimates, diagnostics and flow; rows of other cohorts are left out.
    recovery
        Rows of `schema.RECOVERY` for these settings, which tell coverage and power; none of a real cohort.
    """
    draws = where(recovery, cohort=config.name) if recovery is not None else pd.DataFrame()
    made = list(_conclusions(config, tables, draws))
    return [_confirmed(one, made) for one in made]


def _conclusions(config: CohortConfig, tables: Mapping[str, pd.DataFrame], draws: pd.DataFrame) -> Iterator[Conclusion]:
    book, nothing = config.codebook, pd.DataFrame({"study": []})  # curves are judged by no rule
    for name, study in config.studies.items():
        found = Found.of(config.name, name, tables, nothing, synthetic=config.synthetic)
        for claim in claims(study, book, found):
            evidence = _evidence(claim, found, config, where(draws, study=name))
            keys = {"outcome": claim.outcome, "exposure": claim.exposure, "reference": claim.reference}
            share, sd = (told_of_sample(found, statistic, keys) for statistic in ("share_exposed", "outcome_sd"))
            yield Conclusion(name, claim.level or study.level, share, sd, claim, evidence, judge(evidence))


def _evidence(claim: Claim, found: Found, config: CohortConfig, draws: pd.DataFrame) -> Evidence:
    counted = _presence(claim.counted, claim)
    drawn = drawn_of(claim.counted, draws)
    others = [(row, ESTIMANDS[row["estimand"]].kind == "ratio") for row in claim.others if _given(row)]
    return Evidence(
        estimate=counted["estimate"],
        lower=counted["lower"],
        upper=counted["upper"],
        design=claim.design,
        margin=_margin(config, claim),
        crude=claim.crude["estimate"] if claim.crude else math.nan,
        relative=[_other(row, 1.0) for row, ratio in others if ratio],
        absolute=[_other(row, 0.0) for row, ratio in others if not ratio],
        checks=claim.checks,
        clusters=claim.clusters,
        coverage=drawn.get("coverage", math.nan),
        coverage_error=drawn.get("mc_error_coverage", 0.0),
        power=drawn.get("power", math.nan) if math.isnan(claim.power) else claim.power,
        exaggeration=claim.exaggeration,
        seen=_seen(found, claim),
    )


def _margin(config: CohortConfig, claim: Claim) -> float | None:
    """Smallest difference that matters, of what is told as a difference in the unit of the outcome, or in risk."""
    outcome = config.outcomes.get(claim.outcome)
    return outcome.margin if outcome and ESTIMANDS[claim.counted["estimand"]].kind == "difference" else None


def _presence(row: Row, claim: Claim) -> Row:
    """A row as the effect of an exposure that is there, whichever way it is counted."""
    if not claim.gone:
        return row
    return {**row, "estimate": -row["estimate"], "lower": -row["upper"], "upper": -row["lower"]}


def _given(row: Row) -> bool:
    return not math.isnan(row["lower"])


def _other(row: Row, nothing: float) -> Other:
    return Other(row["method"], row["estimate"], row["lower"], row["upper"], nothing)


def drawn_of(row: Row, draws: pd.DataFrame) -> Row:
    """What fresh draws say of an estimate row, if any were made."""
    return first(draws, **{name: row[name] for name in (*QUESTION, "method")}) or {}


def sign_of_truth(one: Conclusion) -> float:
    """-1, 0 or 1: the true direction of what is concluded, by any true value of the comparison; NaN without one."""
    claim = one.claim
    flipped = _presence({**claim.counted, "estimate": claim.counted["truth"]}, claim)["estimate"]
    known = [(flipped, 0.0), (claim.lead["truth"], 0.0)]
    known += [(row["truth"], 1.0 if ESTIMANDS[row["estimand"]].kind == "ratio" else 0.0) for row in claim.others]
    told = [float(np.sign(value - nothing)) for value, nothing in known if not math.isnan(value)]
    return told[0] if told else math.nan


def _seen(found: Found, claim: Claim) -> float:
    """Share of those who belong to the comparison that is analysed; 1 where the study tells no flow."""
    keys = {"outcome": claim.outcome, "exposure": claim.exposure, "reference": claim.reference}
    # an event study tells the flow of an outcome once
    flow = chosen(found.flow_rows, **keys) or chosen(found.flow_rows, outcome=claim.outcome)
    people = {row["step"]: int(row["people"]) for row in reversed(flow)}
    if DUE not in people or ANALYSED not in people:
        return 1.0
    belong = people[DUE] - sum(people.get(reason, 0) for reason in NOT_COMPARED)
    return float(people[ANALYSED] / belong) if belong else 1.0


def _confirmed(one: Conclusion, made: Iterable[Conclusion]) -> Conclusion:
    """The same conclusion, surer if another design finds the same effect of the same comparison."""
    confirmed = any(
        other.keys == one.keys
        and other.claim.design != one.claim.design
        and other.evidence.side == one.evidence.side != 0
        and other.verdict.status == "found"
        for other in made
        if other is not one
    )
    if not confirmed:
        return one
    evidence = replace(one.evidence, confirmed=True)
    return replace(one, evidence=evidence, verdict=judge(evidence))


def conclusions_table(
    cohorts: Iterable[CohortConfig], tables: Mapping[str, pd.DataFrame], recovery: pd.DataFrame
) -> pd.DataFrame:
    """Return the conclusions of a run, one row a study, comparison and outcome.

    Returns
    -------
    DataFrame
        The columns of `schema.CONCLUSIONS`.
    """
    rows = []
    for config in cohorts:
        changes = _in_ledger(where(tables["estimates"], cohort=config.name))
        rows += [_row(config, one, changes) for one in conclude(config, tables, recovery)]
    return CONCLUSIONS.checked_rows(rows)


def _in_ledger(estimates: pd.DataFrame) -> dict[tuple[str, str, str], Row]:
    """Changes with an interval that a ledger of the cohort has, by outcome, exposure and reference."""
    rows = where(estimates, estimand=list(COUNTED_IN), subgroup="")
    found = records(rows[rows["lower"].notna()])
    return {(row["outcome"], row["exposure"], row["reference"]): row for row in found}


def _row(config: CohortConfig, one: Conclusion, changes: Mapping[tuple[str, str, str], Row]) -> Row:
    claim, counted, verdict, evidence = one.claim, one.claim.counted, one.verdict, one.evidence
    unit, factor = _counting(counted, one.sd)
    over_all = {name: factor * counted[name] for name in SCALED}
    if (change := changes.get(one.keys)) is not None:
        unit, over_all = COUNTED_IN[change["estimand"]], {name: change[name] for name in SCALED}
        if one.level == "individual" and not claim.gone:  # a ledger lowers a number that a study raises
            low, high = over_all["lower"], over_all["upper"]
            over_all = {**{name: -over_all[name] for name in SCALED}, "lower": -high, "upper": -low}
    without, within = risks_of(one)
    return {
        "cohort": config.name,
        "study": one.study,
        "level": one.level,
        "outcome": claim.outcome,
        "exposure": claim.exposure,
        "reference": claim.reference,
        **{name: counted[name] for name in ("at", "estimand", "method", *SCALED, "se", "n")},
        "counted_in": unit,
        **{f"counted_{name}": value for name, value in over_all.items()},
        "margin": math.nan if evidence.margin is None else abs(factor) * evidence.margin,
        "share_exposed": one.share,
        "risk_without": without,
        "risk_with": within,
        "status": verdict.status,
        "certainty": verdict.level,
        "start": verdict.start,
        "steps": "; ".join(verdict.steps),
        "contradicted_by": "; ".join(dict.fromkeys(other.method for other in evidence.contradictions)),
        "failed": "; ".join(check.question for check in evidence.reads("fails")),
        "reason": counted["reason"] if verdict.status == "not_estimable" else "",
    }


def _counting(row: Row, sd: float) -> tuple[str, float]:
    """In what a row is counted, and the factor."""
    if row["estimand"] in (RISK, POPULATION[RISK]):
        return CASES, float(PER)
    return SDS, 1 / sd if sd > 0 else math.nan


def risks_of(one: Conclusion) -> tuple[float, float]:
    """Risks over all without and with the exposure as it is, or without and with the policy; NaN of numbers."""
    claim, counted, rows = one.claim, one.claim.counted, one.claim.rows
    if claim.gone:
        risk = next((row["estimate"] for row in chosen(rows, estimand="risk", at=counted["at"])), math.nan)
        return risk + counted["estimate"], risk
    own = chosen(rows, estimand="risk_unexposed", method=counted["method"], at=counted["at"])
    now = chosen(rows, estimand="risk", at=counted["at"])
    told = [row["estimate"] for row in own] + [row["estimate"] - one.share * counted["estimate"] for row in now]
    without = next(iter(told), math.nan)
    return without, without + counted["estimate"]
