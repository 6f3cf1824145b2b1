"""The tables of the page: rows of the report tables with words for their ids, and numbers as text."""

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.exposures import Contrast
from evenwicht.config import AS_CONFIGURED, Run
from evenwicht.config.recovered import recovery_settings
from evenwicht.display.labels import Labels, first_upper, spoken
from evenwicht.display.section import Row, records, where
from evenwicht.display.wording import MINUS, Scale, decimals, number, scale_of, signed, with_interval
from evenwicht.estimators.results import DIAGNOSTIC_LABELS, ESTIMANDS
from evenwicht.recovery import with_recovery
from evenwicht.report.tables import DATE, MEAN, SHARE, SIZE, YES
from evenwicht.results.rows import FAILED
from evenwicht.studies import showing

STATISTICS = {SIZE: "n", SHARE: "%", MEAN: "mean (SD)", DATE: "median date (quartiles)"}
EVERYBODY = "Everybody"
JUDGED = ("difference", "ratio")  # kinds of estimand in the table of recovery; arms and the rest are left to the CSV
HEADLINES = (  # estimands by which scenarios are judged
    "conditional_hazard_ratio",
    "observed_expected_ratio",
    "onset_delay",
    "risk_difference",
    "mean_difference",
)
USES = {"calibrate": "set by it", "check": "not used", "context": "not used"}


class Words:
    """Words for the ids of the rows of a run."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @cached_property
    def _labels(self) -> dict[tuple[str, str], Labels]:
        return {
            (cohort, name): showing.labels(study, config.codebook)
            for cohort, config in self.run.cohorts.items()
            for name, study in config.studies.items()
        }

    @cached_property
    def _cohorts(self) -> dict[str, Labels]:
        """For rows of no study, such as true values: the words of all studies of a cohort, the first goes first."""
        merged = {}
        for cohort, config in self.run.cohorts.items():
            every = [self._labels[cohort, name] for name in reversed(config.studies)]
            contrasts = {key: label for labels in every for key, label in labels.contrasts.items()}
            subgroups = {key: label for labels in every for key, label in labels.subgroups.items()}
            words = {key: label for labels in every for key, label in labels.words.items()}
            merged[cohort] = Labels(config.codebook, contrasts, subgroups, words)
        return merged

    def of(self, row: Row) -> Labels:
        """The words of the study of a row, or of its cohort."""
        own = self._labels.get((row["cohort"], row.get("study", "")))
        return own if own is not None else self._cohorts[row["cohort"]]

    def cohort(self, name: str) -> str:
        """Title of a cohort."""
        return self.run.cohorts[name].title

    def study(self, row: Row) -> str:
        """What the study of a row is called."""
        config = self.run.cohorts[row["cohort"]]
        return showing.title(row["study"], config.studies[row["study"]], config.codebook)

    def outcome(self, row: Row) -> str:
        """What a row is measured in."""
        return self.of(row).outcome(row["outcome"])

    def about(self, row: Row) -> str:
        """What a row compares."""
        return self.of(row).about(row)


def not_estimated(words: Words, estimates: pd.DataFrame) -> list[dict[str, str]]:
    """Return what could not be estimated at all, with the reason: comparisons, and studies without any estimate."""
    lines = []
    for cohort, config in words.run.cohorts.items():
        for name in config.studies:
            rows = where(estimates, cohort=cohort, study=name)
            about: Row = {"cohort": cohort, "study": name}
            head = {"cohort": words.cohort(cohort), "study": words.study(about)}
            none = rows["estimate"].isna().all()
            missing = rows if none else rows[rows["method"] == FAILED]
            keys = ["outcome", "exposure", "reference", "subgroup", "reason"]
            for row in records(missing.drop_duplicates(keys)):
                told = {"outcome": words.outcome(row), "about": words.about(row), "reason": row["reason"]}
                lines.append({**head, **told})
            if rows.empty:
                lines.append({**head, "outcome": "", "about": "", "reason": "the study gave no rows"})
    return lines


def table1(rows: pd.DataFrame, labels: Labels, contrast: Contrast | None) -> list[dict[str, str]]:
    """Table 1 in words, with thousands separators in numbers of people."""
    columns, told = labels.book.columns, []
    for row in records(rows):
        column = columns.get(row["variable"])
        if column is None:
            label = contrast.label(columns) if contrast else EVERYBODY
            level = ""
        else:
            label = f"{column.label}, {column.unit}" if column.unit and row["statistic"] == MEAN else column.label
            level = (
                column.answer(True) if row["level"] == YES and not column.levels else column.level_label(row["level"])
            )
        numbers = {name: row[name] for name in ("overall", "exposed", "unexposed")}
        if row["statistic"] == SIZE:
            numbers = {name: f"{int(value):,}" if value else "" for name, value in numbers.items()}
        elif row["statistic"] == MEAN:  # in dates a hyphen is no minus
            numbers = {name: value.replace("-", MINUS) for name, value in numbers.items()}
        told.append(
            {
                "variable": label,
                "level": level,
                "statistic": STATISTICS[row["statistic"]],
                **numbers,
                "standardised_difference": row["standardised_difference"].replace("-", MINUS),
                "missing": f"{row['missing']:,}",
            }
        )
    return told


def recovery(words: Words, bias: pd.DataFrame, recovered: pd.DataFrame) -> list[dict[str, str]]:
    """Show how effects recover their truth; of what is told by an age or horizon, differences are enough here."""
    rows = with_recovery(bias, recovered)
    kinds = rows["estimand"].map(lambda name: ESTIMANDS[name].kind)
    differences = rows["estimand"].isin(["risk_difference", "mean_difference"])
    shown = rows[kinds.isin(JUDGED) & (differences | (rows["at"] == ""))]
    lines = []
    for row in records(shown):
        scale = scale_of(row)
        lines.append(
            {
                **_what(words, row, scale),
                "truth": scale.number(row["truth"]),
                "estimate": scale.with_interval(row),
                **_performance(row, scale),
            }
        )
    return lines


def _what(words: Words, row: Row, scale: Scale) -> dict[str, str]:
    estimand = ESTIMANDS[row["estimand"]].label
    return {
        "outcome": words.outcome(row),
        "contrast": words.about(row),
        "estimand": f"{estimand}, {scale.unit}" if scale.unit else estimand,
        "method": showing.method_label(row["method"]),
    }


def _performance(row: Row, scale: Scale) -> dict[str, str]:
    return {
        "bias": _bias(row, scale),
        "coverage": _percent(row["coverage"], row["mc_error_coverage"]),
        "power": _percent(row["power"], row["mc_error_power"]),
    }


def not_recovered(words: Words, recovered: pd.DataFrame) -> list[str]:
    """Titles of the cohorts whose replicates were not drawn for the settings of this run."""
    return [words.cohort(name) for name in recovery_settings(words.run) if name not in set(recovered["cohort"])]


def coverage(words: Words, table: pd.DataFrame) -> list[dict[str, str]]:
    """One line a study and method: coverage over all its rows in a cohort as configured."""
    return [
        {
            "cohort": words.cohort(row["cohort"]),
            "study": words.study(row),
            "method": showing.method_label(row["method"]),
            "rows": f"{row['rows']:,.0f}",
            "coverage": f"{100 * row['coverage']:.1f}% ± {100 * row['mc_error_coverage']:.1f}",
            "outside": f"{row['outside']:,.0f}",
        }
        for row in records(where(table, scenario=AS_CONFIGURED))
    ]


def scenarios(words: Words, table: pd.DataFrame) -> dict[str, list[dict[str, str]]]:
    """How the headline of each study fares in each scenario, by title of the cohort."""
    headlines = {
        (cohort, name): showing.headline(study, config.codebook)
        for cohort, config in words.run.cohorts.items()
        for name, study in config.studies.items()
    }
    tables: dict[str, list[dict[str, str]]] = {}
    for row in records(where(table, estimand=HEADLINES, subgroup="")):
        if headlines.get((row["cohort"], row["study"])) != (row["exposure"], row["reference"]):
            continue
        # the error of a mean over draws is that of its bias, which for ratios is on the log scale, as `se` is
        scale = scale_of({**row, "estimate": row["mean_estimate"], "se": row["mc_error_bias"]})
        line = {
            "scenario": spoken(row["scenario"]),
            **_what(words, row, scale),
            "truth": scale.number(row["truth"]),
            "mean": scale.number(row["mean_estimate"]) or "not estimable",
            **_performance(row, scale),
        }
        tables.setdefault(words.cohort(row["cohort"]), []).append(line)
    return tables


def _bias(row: Row, scale: Scale) -> str:
    """Mean bias with its Monte Carlo error, in the decimals of that error; of ratios on the log scale."""
    if pd.isna(row["mean_bias"]):
        return ""
    digits = decimals({"estimate": row["mean_bias"], "se": row["mc_error_bias"]}, scale.factor)
    bias = signed(scale.factor * row["mean_bias"], digits)
    return f"{bias} ± {number(scale.factor * row['mc_error_bias'], digits)}"


def _percent(share: float, error: float) -> str:
    return "" if pd.isna(share) else f"{100 * share:.0f}% ± {100 * error:.0f}"


def replication(words: Words, table: pd.DataFrame) -> list[dict[str, str]]:
    """Published values beside those of this run, in the decimals in which they are published."""
    lines = []
    for row in records(table):
        digits = int(row["decimals"])
        theirs, ours = ([row[f"{name}{end}"] for name in ("estimate", "lower", "upper")] for end in ("_published", ""))
        lines.append(
            {
                "what": ", ".join(filter(None, [_quantity(row["estimand"]), words.outcome(row), words.about(row)])),
                "method": showing.method_label(row["method"]),
                "published": _printed(theirs, digits),
                "run": _printed(ours, digits),
                "agrees": "yes" if row["agrees"] else "no",
                "source": f"{row['source']} [{row['tag']}]",
            }
        )
    return lines


def _quantity(name: str) -> str:
    """An estimand or a diagnostic in words."""
    return ESTIMANDS[name].label if name in ESTIMANDS else DIAGNOSTIC_LABELS[name]


def _printed(values: list[float], digits: int) -> str:
    estimate, lower, upper = values
    return number(estimate, digits) if pd.isna(lower) else with_interval(estimate, lower, upper, digits=digits)


def truth(words: Words, table: pd.DataFrame) -> list[dict[str, str]]:
    """True values of everybody."""
    lines = []
    for row in records(where(table, subgroup="")):
        digits = decimals({"estimate": row["value"], "mc_error": row["mc_error"]})
        lines.append(
            {
                "cohort": words.cohort(row["cohort"]),
                "outcome": words.outcome(row),
                "estimand": ESTIMANDS[row["estimand"]].label,
                "contrast": words.about(row),
                "value": number(row["value"], digits),
                "error": "closed form" if row["mc_error"] == 0 else number(row["mc_error"], digits),
            }
        )
    return lines


def calibration(words: Words, table: pd.DataFrame) -> dict[str, list[dict[str, str]]]:
    """Published figures beside true values, by title of the world."""
    worlds: dict[str, list[dict[str, str]]] = {}
    for row in records(table):
        digits = decimals({"estimate": row["world"], "mc_error": row["mc_error"]})
        about = ", ".join(filter(None, [words.outcome(row), words.about(row)]))
        line: dict[str, str] = {
            "what": f"{_quantity(row['estimand'])}: {about}",
            "published": f"{row['published']:g}".replace("-", MINUS),
            "difference": signed(row["difference"], digits),
            "error": "closed form" if row["mc_error"] == 0 else f"± {number(row['mc_error'], digits)}",
            "use": USES[row["use"]],
            "source": f"{row['source']} [{row['tag']}]",
            "value": number(row["world"], digits),
        }
        worlds.setdefault(words.cohort(row["cohort"]), []).append(line)
    return worlds


def fit(words: Words, table: pd.DataFrame) -> list[dict[str, str]]:
    """Fitted parameters, each by the path of its key in the cohort file."""
    return [
        {
            "cohort": words.cohort(row["cohort"]),
            "parameter": spoken(row["parameter"].replace(".", " › ")),
            "fitted": _four_digits(row["fitted"]),
            "in_config": _four_digits(row["in_config"]),
            "loss": f"{row['loss']:.1g}".replace("-", MINUS),
        }
        for row in records(table)
    ]


def _four_digits(value: float) -> str:
    return f"{value:.4g}".replace("-", MINUS)


def estimates(words: Words, table: pd.DataFrame) -> list[dict[str, str]]:
    """Every estimate row."""
    lines = []
    for row in records(table):
        scale = Scale(1.0, "", decimals(row))
        lines.append(
            {
                **_place(words, row),
                "estimand": ESTIMANDS[row["estimand"]].label,
                "estimate": row["status"] if pd.isna(row["estimate"]) else scale.number(row["estimate"]),
                "interval": scale.limits(row) or row["reason"],
                "n": _count(row["n"]),
                "events": _count(row["events"]),
                "unit": row["unit"],
                "truth": scale.number(row["truth"]),
            }
        )
    return lines


def diagnostics(words: Words, table: pd.DataFrame) -> list[dict[str, str]]:
    """Every diagnostic."""
    lines = []
    for row in records(table):
        told = {**row, "estimate": row["value"], "estimand": None}
        scale = Scale(1.0, "", decimals(told))
        lines.append(
            {
                **_place(words, row),
                "statistic": DIAGNOSTIC_LABELS[row["statistic"]],
                "value": "infinite" if np.isinf(row["value"]) else scale.number(row["value"]),
                "limits": scale.limits(told) or row["reason"],
                "note": row["note"],
            }
        )
    return lines


def _place(words: Words, row: Row) -> dict[str, str]:
    """What a row is about, and how it was made; a study by its id, as in the cohort file."""
    return {
        "cohort": words.cohort(row["cohort"]),
        "study": first_upper(spoken(row["study"])),
        "outcome": words.outcome(row),
        "contrast": words.about(row),
        "method": showing.method_label(row["method"]),
    }


def _count(value: Any) -> str:
    return "" if pd.isna(value) else f"{value:,.0f}"
