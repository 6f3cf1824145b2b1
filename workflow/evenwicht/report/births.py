"""Tables of the page about births: windows of exposure beside every comparison, and a reform by every method."""

import pandas as pd

from evenwicht.config import CohortConfig
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.report.wording import METHOD_LABELS, PERCENTAGE_POINTS, number, scale_of
from evenwicht.rows import BEFORE_OR_AFTER, BORN_BEFORE, CONCEIVED_AFTER, PRE_TREND, contrast_label, period_label

ADJUSTED = ["gformula", "regression"]  # a linear model of a risk never leads where there is standardisation
PERIOD_COLUMNS = {  # heading -> reference group and methods, best first
    "Born before": (BORN_BEFORE, ADJUSTED),
    "Conceived after": (CONCEIVED_AFTER, ADJUSTED),
    "Both": (BEFORE_OR_AFTER, ADJUSTED),
    "Both, crude": (BEFORE_OR_AFTER, ["crude"]),
    "Spared region": (BEFORE_OR_AFTER, ["did"]),
}
REFORM_METHODS = ["crude", "rd", "rd_donut", "same_dates", "same_dates_donut"]
DIFFERENCES = ["mean_difference", "risk_difference", "first_stage"]


def headline_contrast(config: CohortConfig) -> str | None:
    """Contrast that a study of births is about: the longest exposure, or the last window against before and after."""
    if config.event_study is not None:
        return config.event_study.contrast(config.event_study.longest)
    if config.birth_periods is not None:
        name, window = list(config.birth_periods.exposed.items())[-1]
        return period_label(name, window, BEFORE_OR_AFTER)
    return None


def birth_period_lines(estimates: pd.DataFrame, config: CohortConfig) -> list[dict[str, str]]:
    """Return one line an outcome and window of exposure: its differences by comparison, and the true value."""
    study = config.birth_periods
    lines: list[dict[str, str]] = []
    if study is None:
        return lines
    for outcome in study.outcomes:
        rows = estimates[(estimates["study"] == outcome) & estimates["estimand"].isin(DIFFERENCES)]
        for name, window in study.exposed.items():
            label = period_label(name, window, BEFORE_OR_AFTER)
            line = _head(config, outcome, window.label, rows[rows["contrast"] == label])
            for heading, (reference, methods) in PERIOD_COLUMNS.items():
                line[heading] = _shown(rows, period_label(name, window, reference), methods)
            lines.append(line)
        if study.region is not None:
            line = _head(config, outcome, PRE_TREND, rows[rows["contrast"] == PRE_TREND])
            lines.append(line | dict.fromkeys(PERIOD_COLUMNS, ""))
            lines[-1]["Spared region"] = _shown(rows, PRE_TREND, ["did"])
    return lines


def design_lines(estimates: pd.DataFrame) -> list[dict[str, str]]:
    """Return one line a planned comparison: power, chance of a wrong sign and exaggeration."""
    planned = estimates[estimates["method"] == "design_analysis"]
    lines = []
    for note, rows in planned.groupby("note", sort=False):
        value = rows.set_index("estimand")["estimate"]
        lines.append(
            {
                "comparison": str(note),
                "power": f"{100 * value['power']:.0f}%",
                "type_s": f"{100 * value['type_s']:.1g}%",
                "exaggeration": number(value["exaggeration"], 1),
            }
        )
    return lines


def reform_lines(estimates: pd.DataFrame, config: CohortConfig) -> list[dict[str, str]]:
    """Return one line an outcome of a reform: the estimate by every method, and the true value."""
    study = config.reform
    lines: list[dict[str, str]] = []
    if study is None:
        return lines
    label = contrast_label(study.exposure, config.columns[study.exposure])
    for outcome in [*([study.first_stage] if study.first_stage else []), *study.outcomes]:
        rows = estimates[(estimates["study"] == outcome) & estimates["estimand"].isin(DIFFERENCES)]
        rows = rows[rows["level"] == "policy"]
        line = _head(config, outcome, "", rows[rows["contrast"] == label])
        lines.append(line | {METHOD_LABELS[m]: _shown(rows, label, [m]) for m in REFORM_METHODS})
    return lines


def reform_checks(estimates: pd.DataFrame) -> list[str]:
    """Say what the placebo dates and the count of births around the date show."""
    density = estimates[estimates["method"] == "density"]
    placebo = estimates[estimates["contrast"].str.startswith("placebo: ")]
    texts = []
    if len(placebo):
        misses = ((placebo["lower"] > 0) | (placebo["upper"] < 0)).sum()
        texts.append(
            f"At the same date in years without the reform, {misses} of {len(placebo)} intervals exclude zero; one in "
            "twenty is expected by chance."
        )
    for row in density.to_dict("records"):
        shown = scale_of(row).with_interval(row)
        texts.append(f"{ESTIMANDS['births_ratio'].label}: {shown}; 1 if no birth was moved past the date.")
    return texts


def _head(config: CohortConfig, outcome: str, window: str, rows: pd.DataFrame) -> dict[str, str]:
    """Outcome with its unit, window of birth, and the true value in the decimals of the most precise estimate."""
    label = config.outcomes[outcome].label  # the label of a mean says its unit
    scales = [(scale_of(row), row) for row in rows.to_dict("records")]
    unit = next((scale.unit for scale, _ in scales if scale.unit == PERCENTAGE_POINTS), "")
    known = [(scale, row) for scale, row in scales if not pd.isna(row["truth"])]
    truth = ""
    if known:
        scale, row = max(known, key=lambda pair: pair[0].digits)
        truth = scale.number(row["truth"])
    return {"outcome": f"{label}, {unit}" if unit else label, "window": window, "truth": truth}


def _shown(rows: pd.DataFrame, contrast: str, methods: list[str]) -> str:
    """Write the estimate by the first of the methods that made one."""
    about = rows[rows["contrast"] == contrast]
    for method in methods:
        for row in about[about["method"] == method].to_dict("records"):
            return scale_of(row).with_interval(row)
    return ""
