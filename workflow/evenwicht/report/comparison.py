"""The lead of the report: individual exposure | policy, for each outcome, in the same units."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from evenwicht.config import CohortConfig, SectorLabel
from evenwicht.report.wording import (
    METHOD_LABELS,
    Scale,
    decimals,
    scale_of,
    with_reason,
)
from evenwicht.rows import contrast_label

# methods that may lead a pan, best first; a linear model of a risk is biased where the outcome is rare and never leads
LEADING = {
    "mean_difference": ["same_dates_donut", "gformula", "ipw", "regression", "crude"],
    "risk_difference": ["same_dates_donut", "gformula", "ipw", "crude"],
}
MARGINAL, CONDITIONAL = "Marginal hazard ratio", "Conditional hazard ratio"
# estimand -> name beside the methods that give it, best first
RATIOS = {
    "risk_ratio": {"gformula": "Risk ratio", "crude": "Crude risk ratio"},
    "hazard_ratio": {"ipw": MARGINAL, "crude": "Crude hazard ratio"},
    "conditional_hazard_ratio": {"regression": CONDITIONAL},
}
# who an estimate by a method is about
PEOPLE = {
    "gformula": "average over all {n} people analysed",
    "ipw": "average over all {n} people analysed",
    "regression": "{n} people, compared as if alike in the covariates",
    "crude": "{n} people, compared as they are",
    "same_dates_donut": "{n} people born near the date, in the year of the reform or another",
}
# where an interval lies -> what a reader may take from it
READINGS = {
    "above": "only values above no effect fit the data",
    "below": "only values below no effect fit the data",
    "open": "cannot tell, since no effect fits the data too",
    "": "without an interval, how sure we can be is not known",
}
PER = 100_000


@dataclass(frozen=True)
class Cell:
    """One pan of the balance for one outcome: the leading number, and facts to read beside it."""

    effect: str
    unit: str
    facts: dict[str, str]


@dataclass(frozen=True)
class Line:
    """One outcome with its two pans; a pan is None where that level has no such outcome."""

    outcome: str
    is_exposure: bool
    individual: Cell | None
    policy: Cell | None


@dataclass(frozen=True)
class Shown:
    """An estimate row that a pan shows, with the name it is called by and how it is written."""

    name: str
    row: Any
    scale: Scale

    @property
    def direction(self) -> str:
        return self.scale.direction(self.row)

    @property
    def text(self) -> str:
        return self.scale.with_interval(self.row, sign=self.row["estimand"] in LEADING)


def compare_levels(estimates: pd.DataFrame, config: CohortConfig) -> list[Line]:
    """Return, outcome by outcome, the leading individual and policy estimate of a cohort.

    Standardisation leads, else weighting; for a policy without either, the difference as it is leads a risk, and the
    one with covariates a mean; for a reform at a date of birth, the comparison with the same dates of other years.
    Relative effects stand beside absolute ones, and so does every method that disagrees with what leads.
    """
    exposure = config.individual.exposure if config.individual else None
    policy = config.policy.exposures[0] if config.policy else None
    columns = {"individual": exposure, "policy": policy}

    def cell(name: str, level: str) -> Cell | None:
        column = columns[level]
        if column is None:
            return None
        contrast = contrast_label(column, config.columns[column])
        same = (estimates["study"] == name) & (estimates["level"] == level) & (estimates["contrast"] == contrast)
        outcome_column = getattr(config.outcomes[name], "column", None)
        unit = config.columns[outcome_column].unit if outcome_column else ""
        return _cell(estimates[same].to_dict("records"), unit)

    return [
        Line(
            config.outcomes[name].label,
            exposure is not None and getattr(config.outcomes[name], "column", None) == exposure,
            cell(name, "individual"),
            cell(name, "policy"),
        )
        for name in studied_outcomes(config)
    ]


def studied_outcomes(config: CohortConfig) -> list[str]:
    """Names of the outcomes of a cohort's individual and policy studies, each once."""
    studies = [study for study in (config.individual, config.policy) if study is not None]
    return list(dict.fromkeys(name for study in studies for name in study.outcomes))


def _cell(rows: list[dict[Any, Any]], unit: str) -> Cell | None:
    differences = {
        row["method"]: Shown(_name(row), row, scale_of(row, unit)) for row in rows if row["estimand"] in LEADING
    }
    if not differences:
        return None
    leading = LEADING[next(iter(differences.values())).row["estimand"]]
    lead = _first(differences, leading)
    if lead is None:
        return None
    others = [differences[m] for m in dict.fromkeys([*leading, "regression"]) if m in differences]
    others = [other for other in others if other is not lead]
    ratios = list(filter(None, (_ratio(rows, estimand, names) for estimand, names in RATIOS.items())))
    facts = {**_leading_facts(lead), **{ratio.name: ratio.text for ratio in ratios}}
    facts |= _two_hazard_ratios(ratios)
    facts |= {other.name: other.text for other in others if _stands_beside(lead, other)}
    facts |= _disagreement(lead, others, ratios)
    if not pd.isna(lead.row["truth"]):
        facts["True value"] = f"{lead.scale.signed(lead.row['truth'])} {lead.scale.unit}".strip()
    facts["Method"] = METHOD_LABELS[lead.row["method"]]
    if lead.row["level"] == "policy" and isinstance(lead.row["note"], str) and lead.row["note"]:
        facts["Support"] = lead.row["note"]
    if pd.isna(lead.row["estimate"]):
        return Cell("Cannot be estimated", "", facts)
    facts["Reading"] = READINGS[lead.direction]
    return Cell(lead.scale.signed(lead.row["estimate"]), lead.scale.unit, facts)


def _leading_facts(lead: Shown) -> dict[str, str]:
    """Uncertainty of the leading estimate, whom it is about, and cases among them."""
    row = lead.row
    who = {"Who": PEOPLE[row["method"]].format(n=f"{row['n']:,.0f}")}
    if pd.isna(row["estimate"]):
        return {"Why": with_reason("no estimate", row), **who}
    facts = {"95% interval": lead.scale.limits(row, sign=True) or with_reason("no interval", row), **who}
    if row["estimand"] == "risk_difference":
        cases = Scale(PER, "", decimals(row, PER))
        limits = cases.limits(row, sign=True)
        facts[f"Cases per {PER:,} of them"] = cases.signed(row["estimate"]) + (f" ({limits})" if limits else "")
    return facts


def _first(shown: dict[str, Shown], methods: list[str]) -> Shown | None:
    """First of the methods that gives an estimate; if none does, the first that was tried."""
    tried = [shown[method] for method in methods if method in shown]
    given = [one for one in tried if not pd.isna(one.row["estimate"])]
    return next(iter([*given, *tried]), None)


def _ratio(rows: list[dict[Any, Any]], estimand: str, names: dict[str, str]) -> Shown | None:
    known = [row for row in rows if row["estimand"] == estimand and row["method"] in names]
    return _first({row["method"]: Shown(names[row["method"]], row, scale_of(row)) for row in known}, list(names))


def _name(row: dict[Any, Any]) -> str:
    """Name of a difference by its method."""
    if row["estimand"] == "risk_difference" and row["method"] == "regression":
        return "Linear model of the risk"
    label = "crude difference" if row["method"] == "crude" else METHOD_LABELS[row["method"]]
    return label[0].upper() + label[1:]


def _stands_beside(lead: Shown, other: Shown) -> bool:
    """Whether a method is shown beside the leading one: crude always, others where they say something else."""
    crude = "crude" in (lead.row["method"], other.row["method"])
    return crude or pd.isna(other.row["estimate"]) or _disagree(lead, other)


def _two_hazard_ratios(ratios: list[Shown]) -> dict[str, str]:
    """Say that a marginal and a conditional hazard ratio are not the same thing, where both are shown."""
    both = {shown.name: shown for shown in ratios if shown.name in (MARGINAL, CONDITIONAL)}
    if len(both) < 2:
        return {}
    verdict = "disagree" if _disagree(*both.values()) else "do not disagree"
    return {
        "Two hazard ratios": f"of everybody, and of people with the same covariates: not the same thing; they {verdict}"
    }


def _disagree(one: Shown, other: Shown) -> bool:
    """Whether two estimates point elsewhere, or, of one kind, lie outside each other's interval."""
    if one.direction and other.direction and one.direction != other.direction:
        return True
    if one.scale.unit != other.scale.unit:
        return False
    pairs = ((one.row, other.row), (other.row, one.row))
    return any(a["estimate"] < b["lower"] or a["estimate"] > b["upper"] for a, b in pairs)


def _disagreement(lead: Shown, others: list[Shown], ratios: list[Shown]) -> dict[str, str]:
    """Say which methods for the same contrast give another answer; nothing where they agree.

    Where covariates are accounted for, what is crude is meant to differ and is no party to it.
    """
    crude_leads = lead.row["method"] == "crude"
    parties = [one for one in (lead, *others, *ratios) if crude_leads or one.row["method"] != "crude"]
    by_side = {side: [one for one in parties if one.direction == side] for side in ("above", "below", "open")}
    told = [f"{READINGS[side]}: {_listed(ones)}" for side, ones in by_side.items() if ones]
    if len(told) > 1:
        return {"Methods disagree": "; ".join(told)}
    outside = [one for one in others if one in parties and _disagree(lead, one)]
    if outside:
        return {"Methods disagree": f"outside each other’s interval: {_listed([lead, *outside])}"}
    return {}


def _listed(shown: list[Shown]) -> str:
    return ", ".join(one.name[0].lower() + one.name[1:] for one in shown)


def concentration_lines(estimates: pd.DataFrame, config: CohortConfig) -> list[dict[str, str]]:
    """Return each concentration statistic beside what chance alone gives, and the excess.

    Only counts have a value under chance for their Gini coefficient; elsewhere the line says what is measured instead.
    An interval that is known to be too short says so, and never passes as one of 95%.
    """
    nulls = {"gini": "poisson_null", "group_share": "permutation_null", "group_use_share": "permutation_null"}
    rows = estimates[(estimates["study"] == "concentration") & estimates["estimand"].isin(nulls)]
    sectors = config.sector_labels
    lines = []
    for row in rows[rows["method"] == "observed"].to_dict("records"):
        same = (rows["estimand"] == row["estimand"]) & (rows["contrast"] == row["contrast"])
        null = rows[same & (rows["method"] == nulls[row["estimand"]])].to_dict("records")
        name, scale = row["contrast"], scale_of(row)
        lines.append(
            {
                "estimand": row["estimand"],
                "what": sectors[name].label if name in sectors else name.capitalize(),
                "observed": with_caveat(row),
                "chance": _chance(null[0]) if null else f"none: {no_null(sectors[name])}",
                "excess": scale.signed(row["estimate"] - null[0]["estimate"]) if null else "",
                "truth": scale.number(row["truth"]),
            }
        )
    return lines


def no_null(sector: SectorLabel) -> str:
    """Say why a Gini coefficient has no Poisson null."""
    what = "money" if sector.measures == "money" else f"a {sector.measures}"
    return f"{what} is not counted"


def with_caveat(row: dict[Any, Any]) -> str:
    """Write an observed statistic with its interval, and with the note that qualifies the interval."""
    text = scale_of(row).with_interval(row)
    return f"{text}; {row['note']}" if isinstance(row["note"], str) and row["note"] else text


def _chance(null: dict[Any, Any]) -> str:
    scale = scale_of(null)
    return scale.number(null["estimate"]) if pd.isna(null["lower"]) else scale.with_interval(null)
