"""The lead of the report: individual exposure | policy, for each outcome, in the same units."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from evenwicht.config import CohortConfig, SectorLabel
from evenwicht.report.wording import METHOD_LABELS, number, scale_of, signed, with_interval
from evenwicht.rows import contrast_label

PREFERRED = {
    "individual": ["gformula", "ipw", "regression", "crude"],
    "policy": ["same_dates_donut", "regression", "crude"],
}
RATIOS = {
    "risk_ratio": "risk ratio",
    "hazard_ratio": "hazard ratio",
    "conditional_hazard_ratio": "hazard ratio",
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


def compare_levels(estimates: pd.DataFrame, config: CohortConfig) -> list[Line]:
    """Return, outcome by outcome, the preferred individual and policy estimate of a cohort.

    The individual estimate is standardisation if it exists, else weighting. The policy estimate is the adjusted effect
    of the leading policy exposure; for a reform at a date of birth, the comparison with the same dates of other years.
    Relative effects stand beside absolute ones.
    """
    exposure = config.individual.exposure if config.individual else None
    policy = config.policy.exposures[0] if config.policy else None
    columns = {"individual": exposure, "policy": policy}

    def cell(name: str, level: str) -> Cell | None:
        column = columns[level]
        if column is None:
            return None
        return _cell(estimates, config, name, level, contrast_label(column, config.columns[column]))

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


def _cell(estimates: pd.DataFrame, config: CohortConfig, name: str, level: str, contrast: str) -> Cell | None:
    rows = estimates[(estimates["study"] == name) & (estimates["level"] == level) & (estimates["contrast"] == contrast)]
    differences = rows[rows["estimand"].isin(["mean_difference", "risk_difference"])]
    absolute = _preferred(differences, level)
    if absolute is None:
        return None
    column = getattr(config.outcomes[name], "column", None)
    unit = config.columns[column].unit if column else ""
    factor, shown, digits = scale_of(absolute["estimand"], unit)
    facts = {"95% interval": _limits(absolute, factor, digits) or "none can be given"}
    if absolute["estimand"] == "risk_difference":
        people = signed(round(PER * absolute["estimate"], -1), 0)
        limits = _limits(absolute, PER, -1)
        facts["Per 100,000 people"] = f"{people} ({limits})" if limits else people
    ratio = _preferred(rows[rows["estimand"].isin(RATIOS)], level)
    if ratio is not None:
        interval = with_interval(ratio["estimate"], ratio["lower"], ratio["upper"], digits=2)
        facts["Relative"] = f"{RATIOS[ratio['estimand']]} {interval}"
    crude = _preferred(differences[differences["method"] == "crude"], level)
    if crude is not None:
        limits = _limits(crude, factor, digits)
        facts["Crude"] = signed(factor * crude["estimate"], digits) + (f" ({limits})" if limits else "")
    if not pd.isna(absolute["truth"]):
        facts["True value"] = f"{signed(factor * absolute['truth'], digits)} {shown}"
    facts["Method"] = f"{METHOD_LABELS[absolute['method']]}, {absolute['n']:,} people"
    if level == "policy" and isinstance(absolute["note"], str):
        facts["Support"] = absolute["note"]
    facts["Reading"] = _verdict(absolute["lower"], absolute["upper"])
    return Cell(signed(factor * absolute["estimate"], digits), shown, facts)


def _limits(row: pd.Series, factor: float, digits: int) -> str:
    """Write the 95% limits, or nothing if there are none; negative digits round to tens."""
    if pd.isna(row["lower"]):
        return ""
    low, high = (signed(round(factor * row[k], digits), max(digits, 0)) for k in ("lower", "upper"))
    return f"{low} to {high}"


def _preferred(rows: pd.DataFrame, level: str) -> "pd.Series | None":
    for method in PREFERRED[level]:
        found = rows[rows["method"] == method]
        if len(found):
            return found.iloc[0]
    return None


def _verdict(lower: float, upper: float) -> str:
    """Say whether the interval leaves the direction open; never more than that."""
    if pd.isna(lower):
        return "no interval: how sure we can be is not known"
    return "the interval includes zero" if lower <= 0 <= upper else "the interval excludes zero"


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
        name = row["contrast"]
        lines.append(
            {
                "estimand": row["estimand"],
                "what": sectors[name].label if name in sectors else name.capitalize(),
                "observed": with_caveat(row, digits=2),
                "chance": _chance(null[0]) if null else f"none: {no_null(sectors[name])}",
                "excess": signed(row["estimate"] - null[0]["estimate"], 2) if null else "",
                "truth": number(row["truth"]),
            }
        )
    return lines


def no_null(sector: SectorLabel) -> str:
    """Say why a Gini coefficient has no Poisson null."""
    what = "money" if sector.measures == "money" else f"a {sector.measures}"
    return f"{what} is not counted"


def with_caveat(row: dict[Any, Any], *, digits: int) -> str:
    """Write an observed statistic with its interval, and with the note or reason that qualifies the interval."""
    caveat = next((row[key] for key in ("note", "reason") if isinstance(row[key], str) and row[key]), "")
    text = with_interval(row["estimate"], row["lower"], row["upper"], digits=digits)
    return f"{text}; {caveat}" if caveat else text


def _chance(null: dict[Any, Any]) -> str:
    if pd.isna(null["lower"]):
        return number(null["estimate"])
    return with_interval(null["estimate"], null["lower"], null["upper"], digits=2)
