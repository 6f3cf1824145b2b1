"""The HTML report: one self-contained page."""

import base64
import re
from collections.abc import Iterable
from html import unescape
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
import yaml

from evenwicht.config import AS_CONFIGURED, CohortConfig, Run
from evenwicht.digests import recovery_settings
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.files import write_text
from evenwicht.recovery import with_recovery
from evenwicht.report.births import (
    PERIOD_COLUMNS,
    birth_period_lines,
    design_lines,
    headline_contrast,
    reform_checks,
    reform_lines,
)
from evenwicht.report.comparison import compare_levels, concentration_lines
from evenwicht.report.methods import methods_used
from evenwicht.report.provenance import provenance
from evenwicht.report.wording import (
    METHOD_LABELS,
    Scale,
    decimals,
    number,
    scale_of,
    signed,
    with_interval,
    with_reason,
)
from evenwicht.rows import arm_labels

LEVELS = ["individual", "policy"]
TITLES = {  # by the levels that are studied
    ("individual", "policy"): "Individual exposures and policies, weighed in the same units",
    ("individual",): "What an individual exposure does",
    ("policy",): "What a policy does",
    (): "Life-course cohorts",
}
AS_TEXT: dict[str, Any] = {"table1": str, "attrition": {"wave": str}}  # written as text: 0.50 stays, wave 07 is no 7
FIGURES = ["forest", "survival", "lorenz", "graph", "event_study", "incidence", "dose", "scan"]


def read_tables(paths: Iterable[str | Path]) -> dict[str, pd.DataFrame]:
    """Read the tables of a run, by name of the file, as `render` takes them."""
    named = {Path(path).stem: path for path in paths}
    return {name: pd.read_csv(path, dtype=AS_TEXT.get(name)) for name, path in named.items()}


def render(
    run: Run,
    tables: dict[str, pd.DataFrame],
    figures: dict[str, dict[str, Path]],
    attrition: Path,
    template: Path,
    target: Path,
) -> None:
    """Write the report.

    Parameters
    ----------
    run
        The checked config.
    tables
        estimates, table1, attrition, truth, bias, survives, replication, calibration and calibration_fit; and what
        recovery, scenarios and coverage say about the settings of this run.
    figures
        SVG files by cohort and kind (see `FIGURES`).
    attrition
        SVG file of the attrition of all cohorts.
    template
        The Jinja template, in the folder of the project.
    target
        The HTML file, written atomically.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["number"] = number
    page = environment.from_string(template.read_text(encoding="utf-8"))
    cohorts = [_cohort(run, name, tables, figures[name]) for name in run.cohorts]
    levels = [level for level in LEVELS if any(level in cohort["levels"] for cohort in cohorts)]
    settings = {"run": run.settings.model_dump(mode="json")}
    settings |= {name: cohort.model_dump(mode="json", exclude_defaults=True) for name, cohort in run.cohorts.items()}
    html = page.render(
        labels={name: estimand.label for name, estimand in ESTIMANDS.items()},
        cohorts=cohorts,
        recovery=_recovery(run, with_recovery(tables["bias"], tables["recovery"])),
        not_recovered=_not_recovered(run, tables["recovery"]),
        coverage=_coverage(run, tables["coverage"]),
        scenarios=_scenarios(run, tables["scenarios"]),
        replication=_replication(tables["replication"]),
        worlds=_worlds(run, tables, figures),
        attrition=embed(attrition) if len(tables["attrition"]) else None,
        methods=methods_used(tables["estimates"]),
        estimates=_estimates(tables["estimates"]),
        levels=levels,
        title=TITLES[tuple(levels)],
        published_waves=bool(tables["attrition"]["published_percent"].notna().any()),
        settings={k: yaml.safe_dump(v, sort_keys=False, allow_unicode=True, width=110) for k, v in settings.items()},
        provenance={**provenance(template.parent), "Seed": str(run.settings.seed)},
        run=run.settings,
        period_columns=list(PERIOD_COLUMNS),
    )
    write_text(html, target)


def _cohort(run: Run, name: str, tables: dict[str, pd.DataFrame], figures: dict[str, Path]) -> dict[str, Any]:
    config = run.cohorts[name]
    estimates, table1, attrition, survives = (
        tables[key][tables[key]["cohort"] == name] for key in ("estimates", "table1", "attrition", "survives")
    )
    exposure = config.columns[config.individual.exposure] if config.individual else None
    exposed, unexposed = arm_labels(exposure) if exposure else ("", "")
    policy = config.columns[config.policy.exposures[0]] if config.policy else None
    reached, unreached = arm_labels(policy) if policy else ("", "")
    concentration = concentration_lines(estimates, config) if config.concentration else []
    lines = compare_levels(estimates, config)
    return {
        "config": config,
        "levels": [level for level in LEVELS if any(getattr(line, level) for line in lines)],
        "incomplete": bool((estimates["status"] != "estimated").any()),
        "exposure": exposure,
        "exposed": exposed,
        "unexposed": unexposed,
        "policy": policy,
        "reached": reached,
        "unreached": unreached,
        "lines": lines,
        "instrument": _instrument(estimates, config),
        "figures": {kind: embed(figures[kind]) if kind in figures else None for kind in FIGURES},
        "concentration": concentration,
        "effects": _event_study(estimates, config) if config.event_study else [],
        "survives": _survives(survives, config),
        "periods": birth_period_lines(estimates, config),
        "planned": design_lines(estimates) if config.birth_periods else [],
        "reform": reform_lines(estimates, config),
        "reform_checks": reform_checks(estimates),
        "table1": _table1(table1),
        "attrition": attrition.to_dict("records"),
        "published_waves": bool(attrition["published_percent"].notna().any()),
    }


def _event_study(estimates: pd.DataFrame, config: CohortConfig) -> list[dict[str, str]]:
    """The groups of an event study in relative and absolute terms, up to its last age."""
    study = config.event_study
    assert study is not None
    key = ["study", "contrast", "estimand", "method"]
    found = {tuple(row[k] for k in key): row for row in estimates.to_dict("records")}
    lines = []
    for name in study.outcomes:
        for group in study.groups:
            label = study.contrast(group)
            by_age = f"{label}, by age {max(study.ages):g}"

            def shown(contrast: str, estimand: str, method: str, name: str = name) -> str:
                row = found[(name, contrast, estimand, method)]
                return scale_of(row).with_interval(row)

            lines.append(
                {
                    "outcome": config.outcomes[name].label.split(" by age ")[0],
                    "group": label,
                    "ratio": shown(label, "conditional_hazard_ratio", "cox"),
                    "delay": shown(label, "onset_delay", "gompertz"),
                    "averted": shown(by_age, "cases_averted", "gompertz"),
                    "risk_ratio": shown(by_age, "risk_ratio", "gompertz"),
                    "free": shown(by_age, "rmst_difference", "gompertz"),
                }
            )
    return lines


def _survives(survives: pd.DataFrame, config: CohortConfig) -> dict[str, list[dict[Any, Any]]]:
    """Questions and answers by outcome."""
    return {
        config.outcomes[str(name)].label.split(" by age ")[0]: rows.fillna("").to_dict("records")
        for name, rows in survives.groupby("study", sort=False)
    }


def _table1(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    """Table 1 as text, with thousands separators in numbers of people."""
    lines = rows.fillna("").to_dict("records")
    for line in lines:
        counts = ["missing", *(["overall", "exposed", "unexposed"] if line["statistic"] == "n" else [])]
        line |= {name: f"{int(line[name]):,}" for name in counts if line[name] != ""}
    return lines


def _instrument(estimates: pd.DataFrame, config: CohortConfig) -> list[dict[str, str]]:
    """Say what the policy, used as an instrument, tells about the individual exposure, and how weak it is."""
    of_iv = estimates[estimates["method"] == "iv"]
    strength = of_iv[of_iv["estimand"] == "first_stage_f"].set_index("study")
    lines = []
    for row in of_iv[of_iv["estimand"] != "first_stage_f"].to_dict("records"):
        column = getattr(config.outcomes[row["study"]], "column", None)
        scale = scale_of(row, config.columns[column].unit if column else "")
        first = strength.loc[row["study"]]
        width = "" if pd.isna(row["lower"]) else f"{scale.number(row['upper'] - row['lower'])} {scale.unit}"
        lines.append(
            {
                "outcome": config.outcomes[row["study"]].label,
                "effect": f"{scale.with_interval(row, sign=True)} {scale.unit}",
                "width": width,
                "strength": scale_of(first).number(first["estimate"]) if np.isfinite(first["estimate"]) else "",
                "judgement": first["note"],
                "note": row["note"],
            }
        )
    return lines


def embed(path: Path) -> dict[str, str]:
    """Return an SVG as a data URI with the title and alternative text it carries."""
    svg = path.read_text(encoding="utf-8")
    texts = {key: re.search(f"<{key}>(.*?)</{key}>", svg, re.DOTALL) for key in ("title", "desc")}
    title, alt = (unescape(found.group(1)) if found else "" for found in texts.values())
    return {
        "uri": "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode(),
        "title": title,
        "alt": alt,
    }


def _recovery(run: Run, recovery: pd.DataFrame) -> list[dict[str, str]]:
    """Show how effects recover their truth; concentration has its own table, and arms are left to the CSV."""
    lines = []
    shown = ~recovery["estimand"].isin(["survival"]) & (recovery["study"] != "concentration")
    # of the risks by each age, differences tell enough here
    shown &= ~recovery["contrast"].str.contains(", by age ") | (recovery["estimand"] == "risk_difference")
    for row in recovery[shown].to_dict("records"):
        config = run.cohorts[row["cohort"]]
        scale = scale_of(row)
        estimand = ESTIMANDS[row["estimand"]].label
        lines.append(
            {
                "outcome": config.outcomes[row["study"]].label,
                "contrast": row["contrast"].split(": ", 1)[-1],
                "estimand": f"{estimand}, {scale.unit}" if scale.unit else estimand,
                "method": METHOD_LABELS[row["method"]],
                "truth": scale.number(row["truth"]),
                "estimate": scale.with_interval(row),
                "bias": _bias(row, scale),
                "coverage": _percent(row["coverage"], row["mc_error_coverage"]),
                "power": _percent(row["power"], row["mc_error_power"]),
            }
        )
    return lines


def _not_recovered(run: Run, recovery: pd.DataFrame) -> list[str]:
    """Titles of the cohorts whose replicates were not drawn for the settings of this run."""
    return [run.cohorts[name].title for name in recovery_settings(run) if name not in set(recovery["cohort"])]


def _coverage(run: Run, coverage: pd.DataFrame) -> list[dict[str, str]]:
    """One line a method: coverage over all its rows in a cohort as configured."""
    return [
        {
            "cohort": run.cohorts[row["cohort"]].title,
            "level": row["level"],
            "method": METHOD_LABELS[row["method"]],
            "rows": f"{row['rows']:,}",
            "coverage": f"{100 * row['coverage']:.1f}% ± {100 * row['mc_error_coverage']:.1f}",
            "outside": f"{row['outside']:,}",
        }
        for row in coverage[coverage["scenario"] == AS_CONFIGURED].to_dict("records")
    ]


def _scenarios(run: Run, scenarios: pd.DataFrame) -> dict[str, list[dict[str, str]]]:
    """How the headline of each study fares in each scenario, by title of the cohort."""
    tables: dict[str, list[dict[str, str]]] = {}
    for row in scenarios[_leads(run, scenarios)].to_dict("records"):
        config = run.cohorts[row["cohort"]]
        # the error of a mean over draws is that of its bias, which for ratios is on the log scale, as `se` is
        scale = scale_of({**row, "estimate": row["mean_estimate"], "se": row["mc_error_bias"]})
        line = {
            "scenario": row["scenario"].replace("_", " "),
            "outcome": config.outcomes[row["study"]].label,
            "contrast": row["contrast"].split(": ", 1)[-1],
            "estimand": ESTIMANDS[row["estimand"]].label + (f", {scale.unit}" if scale.unit else ""),
            "method": METHOD_LABELS[row["method"]],
            "truth": scale.number(row["truth"]),
            "mean": scale.number(row["mean_estimate"]) or "not estimable",
            "bias": _bias(row, scale),
            "coverage": _percent(row["coverage"], row["mc_error_coverage"]),
            "power": _percent(row["power"], row["mc_error_power"]),
        }
        tables.setdefault(config.title, []).append(line)
    return tables


def _leads(run: Run, scenarios: pd.DataFrame) -> "pd.Series[bool]":
    """Rows about the headline contrast of each study of births, which is what scenarios are there to test."""
    headlines = {name: headline_contrast(config) for name, config in run.cohorts.items()}
    leads = scenarios["contrast"] == scenarios["cohort"].map(headlines)
    ratios = ["conditional_hazard_ratio", "observed_expected_ratio", "onset_delay"]
    return leads & scenarios["estimand"].isin([*ratios, "risk_difference", "mean_difference"])


def _bias(row: dict[Any, Any], scale: Scale) -> str:
    """Mean bias with its Monte Carlo error, in the decimals of that error; of ratios on the log scale."""
    if pd.isna(row["mean_bias"]):
        return ""
    digits = decimals({"estimate": row["mean_bias"], "se": row["mc_error_bias"]}, scale.factor)
    bias = signed(scale.factor * row["mean_bias"], digits)
    return f"{bias} ± {number(scale.factor * row['mc_error_bias'], digits)}"


def _percent(share: float, error: float) -> str:
    return "" if pd.isna(share) else f"{100 * share:.0f}% ± {100 * error:.0f}"


def _replication(replication: pd.DataFrame) -> list[dict[str, str]]:
    lines = []
    for row in replication.to_dict("records"):
        digits = int(row["decimals"])
        theirs = [row[f"{k}_published"] for k in ("estimate", "lower", "upper")]
        printed = number(theirs[0], digits) if pd.isna(theirs[1]) else with_interval(*theirs, digits=digits)
        lines.append(
            {
                "what": f"{ESTIMANDS[row['estimand']].label} ({row['contrast'].split(': ')[-1]})",
                "method": METHOD_LABELS[row["method"]],
                "published": printed,
                "run": number(row["estimate"], digits)
                if pd.isna(row["lower"])
                else with_interval(*(row[k] for k in ("estimate", "lower", "upper")), digits=digits),
                "agrees": "yes" if row["agrees"] else "no",
                "source": f"{row['source']} [{row['tag']}]",
            }
        )
    return lines


def _worlds(run: Run, tables: dict[str, pd.DataFrame], figures: dict[str, dict[str, Path]]) -> dict[str, Any]:
    truth = tables["truth"]
    by_ses = truth["contrast"].str.endswith("third of SES").astype(bool)
    return {
        "graphs": [{"title": run.cohorts[n].title, "graph": embed(figures[n]["graph"])} for n in run.synthetic],
        "calibration": _calibration(run, tables["calibration"]),
        "fit": tables["calibration_fit"].to_dict("records"),
        "truth": [{**row, **_true_value(row)} for row in truth[~by_ses].to_dict("records")],
    }


def _true_value(row: dict[Any, Any]) -> dict[str, str]:
    digits = decimals({"estimate": row["value"], "mc_error": row["mc_error"]})
    error = "closed form" if row["mc_error"] == 0 else number(row["mc_error"], digits)
    return {"value": number(row["value"], digits), "error": error}


def _calibration(run: Run, calibration: pd.DataFrame) -> dict[str, list[dict[str, str]]]:
    """Published figures beside true values, by title of the world."""
    worlds: dict[str, list[dict[str, str]]] = {}
    for row in calibration.to_dict("records"):
        config = run.cohorts[row["cohort"]]
        sector = config.sector_labels.get(row["contrast"])
        about = sector.label if sector else row["contrast"]
        if row["study"] in config.outcomes:
            about = f"{row['study'].replace('_', ' ')}, {about}"
        digits = decimals({"estimate": row["world"], "mc_error": row["mc_error"]})
        line = {
            "what": f"{ESTIMANDS[row['estimand']].label}: {about}",
            "published": f"{row['published']:g}",
            "difference": signed(row["difference"], digits),
            "error": "closed form" if row["mc_error"] == 0 else f"± {number(row['mc_error'], digits)}",
            "use": {"calibrate": "set by it", "check": "not used"}.get(row["use"], row["use"]),
            "source": f"{row['source']} [{row['tag']}]",
            "value": number(row["world"], digits),
        }
        worlds.setdefault(config.title, []).append(line)
    return worlds


def _estimates(estimates: pd.DataFrame) -> list[dict[str, str]]:
    lines = []
    for row in estimates.to_dict("records"):
        scale = Scale(1.0, "", decimals(row))
        missing = pd.isna(row["estimate"])
        interval = scale.limits(row) or with_reason("", row).removeprefix(": ")
        lines.append(
            {
                **{k: row[k] for k in ("cohort", "study", "level", "contrast", "method")},
                "estimand": row["estimand"],
                "estimate": row["status"] if missing else scale.number(row["estimate"]),
                "interval": interval,
                "n": f"{row['n']:,.0f}",
                "events": "" if pd.isna(row["events"]) else f"{row['events']:,.0f}",
                "truth": scale.number(row["truth"]),
                "note": "" if pd.isna(row["note"]) else row["note"],
            }
        )
    return lines
