"""The lead of the report: individual exposure | policy, for each outcome, in the same units."""

from dataclasses import dataclass

import pandas as pd

from evenwicht.config import CohortConfig
from evenwicht.report.wording import number, scale_of, signed, with_interval
from evenwicht.rows import contrast_label

PREFERRED = {"individual": ["gformula", "ipw", "regression", "crude"], "policy": ["regression", "crude"]}
RATIOS = {"risk_ratio": "risk ratio", "hazard_ratio": "hazard ratio", "conditional_hazard_ratio": "hazard ratio"}
PER = 100_000


@dataclass(frozen=True)
class Cell:
    """One pan of the balance for one outcome, in words."""

    effect: str
    unit: str
    interval: str
    per_population: str
    relative: str
    truth: str
    method: str
    verdict: str


@dataclass(frozen=True)
class Line:
    """One outcome with its two pans; a pan is None where that level has no such outcome."""

    outcome: str
    individual: Cell | None
    policy: Cell | None


def compare_levels(estimates: pd.DataFrame, config: CohortConfig) -> list[Line]:
    """Return, outcome by outcome, the preferred individual and policy estimate of a cohort.

    The individual estimate is standardisation if it exists, else weighting; the policy estimate is the adjusted effect
    of the leading policy exposure. Relative effects stand beside absolute ones.
    """
    exposure, policy = config.individual.exposure, config.policy.exposures[0]
    contrasts = {
        "individual": contrast_label(exposure, config.columns[exposure]),
        "policy": contrast_label(policy, config.columns[policy]),
    }
    outcomes = dict.fromkeys([*config.individual.outcomes, *config.policy.outcomes])
    return [
        Line(
            config.outcomes[name].label,
            **{level: _cell(estimates, config, name, level, contrast) for level, contrast in contrasts.items()},
        )
        for name in outcomes
    ]


def _cell(estimates: pd.DataFrame, config: CohortConfig, name: str, level: str, contrast: str) -> Cell | None:
    rows = estimates[
        (estimates["study"] == name) & (estimates["level"] == level) & (estimates["contrast"] == contrast)
    ]
    absolute = _preferred(rows[rows["estimand"].isin(["mean_difference", "risk_difference"])], level)
    if absolute is None:
        return None
    column = getattr(config.outcomes[name], "column", None)
    unit = config.columns[column].unit if column else ""
    factor, shown, digits = scale_of(absolute["estimand"], unit)
    estimate, lower, upper = (factor * absolute[k] for k in ("estimate", "lower", "upper"))
    is_risk = absolute["estimand"] == "risk_difference"
    ratio = _preferred(rows[rows["estimand"].isin(RATIOS)], level)
    return Cell(
        effect=signed(estimate, digits),
        unit=shown,
        interval="no interval" if pd.isna(lower) else f"{signed(lower, digits)} to {signed(upper, digits)}",
        per_population=f"{signed(PER * absolute['estimate'], 0)} per 100,000 people" if is_risk else "",
        relative="" if ratio is None else f"{RATIOS[ratio['estimand']]} {_ratio(ratio)}",
        truth="" if pd.isna(absolute["truth"]) else f"{signed(factor * absolute['truth'], digits)} {shown}",
        method=absolute["method"],
        verdict=_verdict(lower, upper),
    )


def _preferred(rows: pd.DataFrame, level: str) -> "pd.Series | None":
    for method in PREFERRED[level]:
        found = rows[rows["method"] == method]
        if len(found):
            return found.iloc[0]
    return None


def _ratio(row: pd.Series) -> str:
    return with_interval(row["estimate"], row["lower"], row["upper"], digits=2)


def _verdict(lower: float, upper: float) -> str:
    """Say whether the interval leaves the direction open; never more than that."""
    if pd.isna(lower):
        return "The data give no interval"
    if lower <= 0 <= upper:
        return "The interval includes no effect"
    return "The interval excludes no effect"


def concentration_lines(estimates: pd.DataFrame, config: CohortConfig) -> list[dict[str, str]]:
    """Return each concentration statistic beside what chance alone gives, and the excess."""
    nulls = {"gini": "poisson_null", "group_share": "permutation_null", "group_use_share": "permutation_null"}
    rows = estimates[(estimates["study"] == "concentration") & estimates["estimand"].isin(nulls)]
    labels = {name: label.label for name, label in config.sector_labels.items()}
    lines = []
    for row in rows[rows["method"] == "observed"].to_dict("records"):
        same = (rows["estimand"] == row["estimand"]) & (rows["contrast"] == row["contrast"])
        null = rows[same & (rows["method"] == nulls[row["estimand"]])].iloc[0]
        chance = number(null["estimate"]) if pd.isna(null["lower"]) else _ratio(null)
        lines.append(
            {
                "estimand": row["estimand"],
                "what": labels.get(row["contrast"], row["contrast"]),
                "observed": with_interval(row["estimate"], row["lower"], row["upper"], digits=2),
                "chance": chance,
                "excess": signed(row["estimate"] - null["estimate"], 2),
                "truth": number(row["truth"]),
            }
        )
    return lines
