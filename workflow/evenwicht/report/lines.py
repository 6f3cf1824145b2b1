"""The tables of the page: rows of the report tables with words for their ids, and numbers as text."""

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.columns import Column as Described
from evenwicht.base.exposures import Contrast
from evenwicht.config import CohortConfig, Run
from evenwicht.display.described import DATE, MEAN, NONE_KNOWN, SHARE, SIZE
from evenwicht.display.labels import Labels, answer, arms, comparison, first_upper, spoken
from evenwicht.display.language import localised, message, retold, say
from evenwicht.display.section import Row, records, where
from evenwicht.display.table import Cell, Column, Table
from evenwicht.display.wording import MINUS, Scale, decimals, number, signed, unit_of, with_interval
from evenwicht.estimators.results import DIAGNOSTIC_LABELS, ESTIMANDS
from evenwicht.ingest.typing import LEAST_SHOWN
from evenwicht.report.tables import RARER, YES
from evenwicht.results.rows import FAILED
from evenwicht.studies import showing

STATISTICS = {
    SIZE: message("number"),
    SHARE: message("%"),
    MEAN: message("mean (SD)"),
    DATE: message("median date (quartiles)"),
}
EVERYBODY = message("Everybody")
USES = {"calibrate": message("set by it"), "check": message("not used"), "context": message("not used")}


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


def not_estimated(words: Words, config: CohortConfig, estimates: pd.DataFrame) -> list[dict[str, str]]:
    """Return the studies of a cohort that gave no estimate, and comparisons that could not be made, with the reason."""
    lines = []
    for name in config.studies:
        rows = where(estimates, study=name)
        about: Row = {"cohort": config.name, "study": name}
        head = {"cohort": config.title, "study": words.study(about)}
        none = rows["estimate"].isna().all()
        missing = rows if none else rows[rows["method"] == FAILED]
        keys = ["outcome", "exposure", "reference", "subgroup", "reason"]
        for row in records(missing.drop_duplicates(keys)):
            told = {"outcome": words.outcome(row), "about": words.about(row), "reason": retold(row["reason"])}
            lines.append({**head, **told})
        if rows.empty:
            lines.append({**head, "outcome": "", "about": "", "reason": say("the study gave no rows")})
    return lines


def not_estimated_table(lines: list[dict[str, str]]) -> Table:
    """Return what could not be estimated, as a table."""
    columns = [
        Column("cohort", say("Cohort")),
        Column("study", say("Study")),
        Column("outcome", say("Outcome"), names_row=True),
        Column("about", say("Comparison")),
        Column("reason", say("Why")),
    ]
    return Table(
        "not_estimated",
        say("Could not be estimated. This says nothing about whether there is an effect."),
        columns,
        lines,
    )


def _level(level: str, column: Described) -> str:
    if level == YES and not column.levels:
        return answer(column, True)
    return (
        say("values of fewer than {least} people each", least=LEAST_SHOWN)
        if level == RARER
        else column.level_label(level)
    )


def table1(rows: pd.DataFrame, labels: Labels, contrast: Contrast | None) -> Table:
    """Table 1 in words, with thousands separators in numbers of people."""
    exposed, unexposed = arms(contrast, labels.book.columns) if contrast else ("", "")
    head = [
        Column("variable", say("Characteristic"), names_row=True),
        Column("level", say("Level")),
        Column("statistic", say("Statistic")),
        Column("overall", say("All"), number=True),
        Column("exposed", first_upper(exposed), number=True),
        Column("unexposed", first_upper(unexposed), number=True),
        Column("standardised_difference", say("Standardised difference"), number=True),
        Column("missing", say("Missing"), number=True),
    ]
    if contrast is None:
        caption = say("Who is in the cohort.")
    else:
        name = labels.book.columns[contrast.column].label
        caption = say(
            "Who is in the cohort, by {exposure}. The standardised difference is exposed minus unexposed, in pooled "
            "standard deviations.",
            exposure=name,
        )
    columns, told = labels.book.columns, []
    for row in records(rows):
        column = columns.get(row["variable"])
        if column is None:
            label = comparison(contrast, columns) if contrast else say(EVERYBODY)
            level = ""
        else:
            label = f"{column.label}, {column.unit}" if column.unit and row["statistic"] == MEAN else column.label
            level = _level(row["level"], column)
        groups = ("overall", "exposed", "unexposed")
        told.append(
            {
                "variable": label,
                "level": level,
                "statistic": say(STATISTICS[row["statistic"]]),
                **{name: _summary(row[name], row["statistic"]) for name in groups},
                "standardised_difference": localised(row["standardised_difference"].replace("-", MINUS)),
                "missing": localised(f"{row['missing']:,}"),
            }
        )
    return Table("table1", caption, head, told)


def _summary(value: str, statistic: str) -> str:
    """What describes a group, in the signs of the language of the moment; in dates a hyphen is no minus."""
    if statistic == SIZE:
        return localised(f"{int(value):,}") if value else ""
    if statistic == DATE or value == NONE_KNOWN:
        return retold(value)
    return localised(value.replace("-", MINUS))


def replication(words: Words, table: pd.DataFrame) -> Table:
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
                "agrees": say("yes") if row["agrees"] else say("no"),
                "source": f"{row['source']} [{row['tag']}]",
            }
        )
    columns = [
        Column("what", say("Quantity"), names_row=True),
        Column("method", say("Method")),
        Column("published", say("Published"), number=True),
        Column("run", say("This run"), number=True),
        Column("agrees", say("Agrees")),
        Column("source", say("Source")),
    ]
    return Table("replication", say("Published values beside those of this run, rounded alike."), columns, lines)


def _quantity(name: str) -> str:
    """An estimand or a diagnostic in words."""
    return say(ESTIMANDS[name].label if name in ESTIMANDS else DIAGNOSTIC_LABELS[name])


def _printed(values: list[float], digits: int) -> str:
    estimate, lower, upper = values
    return number(estimate, digits) if pd.isna(lower) else with_interval(estimate, lower, upper, digits=digits)


def truth(words: Words, table: pd.DataFrame) -> Table:
    """True values of everybody."""
    lines: list[dict[str, Cell]] = []
    for row in records(where(table, subgroup="")):
        digits = decimals({"estimate": row["value"], "mc_error": row["mc_error"]})
        lines.append(
            {
                "cohort": words.cohort(row["cohort"]),
                "outcome": words.outcome(row),
                "estimand": say(ESTIMANDS[row["estimand"]].label),
                "contrast": words.about(row),
                "value": (number(row["value"], digits), row["value"]),
                "error": say("closed form") if row["mc_error"] == 0 else number(row["mc_error"], digits),
            }
        )
    columns = [
        Column("cohort", say("Cohort")),
        Column("outcome", say("Outcome"), names_row=True),
        Column("estimand", say("What is asked")),
        Column("contrast", say("Comparison")),
        Column("value", say("True value"), number=True),
        Column("error", say("Monte Carlo error"), number=True),
    ]
    return Table("truth", say("True values of everybody."), columns, lines, searchable=True)


def calibration(words: Words, table: pd.DataFrame) -> dict[str, Table]:
    """Published figures beside true values, by id of the cohort."""
    worlds: dict[str, list[dict[str, str]]] = {}
    for row in records(table):
        digits = decimals({"estimate": row["world"], "mc_error": row["mc_error"]})
        about = ", ".join(filter(None, [words.outcome(row), words.about(row)]))
        line: dict[str, str] = {
            "what": f"{_quantity(row['estimand'])}: {about}",
            "published": localised(f"{row['published']:g}".replace("-", MINUS)),
            "difference": signed(row["difference"], digits),
            "error": say("closed form") if row["mc_error"] == 0 else f"± {number(row['mc_error'], digits)}",
            "use": say(USES[row["use"]]),
            "source": f"{row['source']} [{row['tag']}]",
            "value": number(row["world"], digits),
        }
        worlds.setdefault(row["cohort"], []).append(line)
    columns = [
        Column("what", say("Quantity"), names_row=True),
        Column("published", say("Published"), number=True),
        Column("value", say("World"), number=True),
        Column("difference", say("Difference"), number=True),
        Column("error", say("Monte Carlo error"), number=True),
        Column("use", say("Use")),
        Column("source", say("Source")),
    ]
    caption = say("Published figures beside this world. What set a parameter is no evidence that the world is right.")
    return {cohort: Table(f"published_{cohort}", caption, columns, rows) for cohort, rows in worlds.items()}


def fit(words: Words, table: pd.DataFrame) -> Table:
    """Fitted parameters, each by the path of its key in the cohort file."""
    lines = [
        {
            "cohort": words.cohort(row["cohort"]),
            "parameter": spoken(row["parameter"].replace(".", " › ")),
            "fitted": _four_digits(row["fitted"]),
            "in_config": _four_digits(row["in_config"]),
            "loss": localised(f"{row['loss']:.1g}".replace("-", MINUS)),
        }
        for row in records(table)
    ]
    columns = [
        Column("cohort", say("Cohort")),
        Column("parameter", say("Parameter"), names_row=True),
        Column("fitted", say("Fitted"), number=True),
        Column("in_config", say("In the cohort file"), number=True),
        Column("loss", say("Remaining distance"), number=True),
    ]
    return Table("fit", say("Parameters that were set so that the world gives the published figures."), columns, lines)


def _four_digits(value: float) -> str:
    return localised(f"{value:.4g}".replace("-", MINUS))


def estimates(words: Words, table: pd.DataFrame) -> Table:
    """Every estimate row."""
    lines: list[dict[str, Cell]] = []
    for row in records(table):
        scale = Scale(1.0, "", decimals(row))
        lines.append(
            {
                **_place(words, row),
                "estimand": ", ".join(filter(None, [say(ESTIMANDS[row["estimand"]].label), unit_of(row)])),
                "estimate": (
                    say("not estimable") if pd.isna(row["estimate"]) else scale.number(row["estimate"]),
                    row["estimate"],
                ),
                "interval": (scale.limits(row) or retold(row["reason"]), row["lower"]),
                "n": _count(row["n"]),
                "events": _count(row["events"]),
                "unit": unit_of(row),
                "truth": (scale.number(row["truth"]), row["truth"]),
            }
        )
    columns = [
        *place(),
        Column("estimand", say("What is estimated")),
        Column("estimate", say("Estimate"), number=True),
        Column("interval", say("95% interval"), number=True),
        Column("n", say("People"), number=True),
        Column("events", say("With the event"), number=True),
        Column("truth", say("True value"), number=True),
    ]
    return Table("estimates", say("Every estimate of the run."), columns, lines, searchable=True)


def place() -> list[Column]:
    """Columns that say what a row is about."""
    return [
        Column("study", say("Cohort and study")),
        Column("outcome", say("Outcome"), names_row=True),
        Column("contrast", say("Comparison")),
        Column("method", say("Method")),
    ]


def diagnostics(words: Words, table: pd.DataFrame) -> Table:
    """Every diagnostic."""
    lines: list[dict[str, Cell]] = []
    for row in records(table):
        told = {**row, "estimate": row["value"], "estimand": None}
        scale = Scale(1.0, "", decimals(told))
        lines.append(
            {
                **_place(words, row),
                "statistic": say(DIAGNOSTIC_LABELS[row["statistic"]]),
                "value": (say("infinite") if np.isinf(row["value"]) else scale.number(row["value"]), row["value"]),
                "limits": scale.limits(told) or retold(row["reason"]),
                "note": retold(row["note"]),
            }
        )
    columns = [
        *place(),
        Column("statistic", say("Test or check")),
        Column("value", say("Value"), number=True),
        Column("limits", say("Limits"), number=True),
        Column("note", say("How it was made")),
    ]
    return Table(
        "diagnostics", say("Tests, first stages, weights and values under chance."), columns, lines, searchable=True
    )


def _place(words: Words, row: Row) -> dict[str, str]:
    """What a row is about, and how it was made; a study by its id, as in the cohort file."""
    return {
        "study": f"{words.cohort(row['cohort'])}: {spoken(row['study'])}",
        "outcome": words.outcome(row),
        "contrast": words.about(row),
        "method": showing.method_label(row["method"]),
    }


def _count(value: Any) -> Cell:
    return "" if pd.isna(value) else (number(float(value), 0), float(value))
