"""Every table that a run writes, in one place: names, types and keys of its columns, and which of them count people.

A table is checked against its schema when it is written: columns in order, types, and keys that are unique.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["id", "number", "count", "flag", "text"]
DTYPES = {"id": "object", "number": "float64", "count": "Int64", "flag": "boolean", "text": "object"}


@dataclass(frozen=True)
class Field:
    """One column: its kind ("count" is a number of people, which disclosure control protects) and meaning."""

    kind: Kind
    meaning: str

    def typed(self, values: "pd.Series") -> "pd.Series":
        """Return a column in the type of its kind; a missing id or text is empty text."""
        if self.kind in ("id", "text"):
            return values.fillna("").astype(str).astype("object")
        return values.astype(DTYPES[self.kind])  # type: ignore[call-overload]


@dataclass(frozen=True)
class Schema:
    """The columns of a table in order, and those that tell its rows apart."""

    fields: dict[str, Field]
    key: list[str]

    @property
    def columns(self) -> list[str]:
        return list(self.fields)

    def table(self, rows: Iterable[dict[str, object]]) -> "pd.DataFrame":
        """Return rows as a typed table; a missing id or text is empty text."""
        import pandas as pd

        return self.typed(pd.DataFrame(list(rows), columns=self.columns))

    def typed(self, table: "pd.DataFrame") -> "pd.DataFrame":
        """Return a table, such as one read from CSV, in the columns and types of this schema."""
        import pandas as pd

        return pd.DataFrame({name: field.typed(table[name]) for name, field in self.fields.items()})

    def checked(self, table: "pd.DataFrame") -> "pd.DataFrame":
        """Return a table that keeps its promises, typed.

        Raises
        ------
        ValueError
            If two rows share their key: the program's own fault.
        """
        return self._told_apart(self.typed(table))

    def checked_rows(self, rows: Iterable[dict[str, object]]) -> "pd.DataFrame":
        """Return rows as a typed table that keeps its promises; see `checked`."""
        return self._told_apart(self.table(rows))

    def _told_apart(self, typed: "pd.DataFrame") -> "pd.DataFrame":
        twice = typed.duplicated(self.key)
        if twice.any():
            shown = typed.loc[twice, self.key].iloc[0].to_dict()
            raise ValueError(f"{int(twice.sum())} rows repeat the key of an earlier one, such as {shown}")
        return typed

    def read_csv(self, path: object) -> "pd.DataFrame":
        """Read a table that was written by this schema."""
        import pandas as pd

        texts = {name: str for name, field in self.fields.items() if field.kind in ("id", "text")}
        return self.typed(pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=[""]))  # type: ignore[call-overload]


COHORT = Field("id", "Cohort")
STUDY = Field("id", "Study, as the cohort file names it")
# what a number is about, apart from the study and the method
ABOUT = {
    "outcome": Field("id", "Outcome, sector or group that the row is about"),
    "exposure": Field("id", "Column, level, window or group that is compared"),
    "reference": Field("id", "What it is compared with"),
    "subgroup": Field("id", "Part of the people; empty for all of them"),
    "at": Field("id", "Age, horizon or window; empty where there is none"),
}
ESTIMAND = Field("id", "What is estimated")
METHOD = Field("id", "How")
INTERVAL = {
    "estimate": Field("number", "Estimate"),
    "lower": Field("number", "Lower 95% limit"),
    "upper": Field("number", "Upper 95% limit"),
    "se": Field("number", "Standard error, of ratios on the log scale"),
}
STATUS = {
    "status": Field("text", "estimated, no interval or not estimable"),
    "reason": Field("text", "Why there is no interval or no estimate"),
}
QUESTION = [*ABOUT, "estimand"]  # what a true value answers
Known = set[tuple[str, ...]] | None  # questions with a true value; None where that does not matter
ESTIMATES = Schema(
    {
        "cohort": COHORT,
        "study": STUDY,
        **ABOUT,
        "estimand": ESTIMAND,
        "method": METHOD,
        **INTERVAL,
        "n": Field("count", "People"),
        "events": Field("count", "People with the event, up to the horizon if there is one"),
        "unit": Field("text", "Unit of the estimate"),
        **STATUS,
        "truth": Field("number", "True value, where it is known"),
    },
    ["cohort", "study", *ABOUT, "estimand", "method"],
)
DIAGNOSTICS = Schema(
    {
        "cohort": COHORT,
        "study": STUDY,
        **ABOUT,
        "method": METHOD,
        "statistic": Field("id", "Test, first stage, weight, information criterion or value under chance"),
        "value": Field("number", "Its value"),
        "lower": Field("number", "Lower limit, where it has one"),
        "upper": Field("number", "Upper limit, where it has one"),
        "n": Field("count", "People"),
        **STATUS,
        "note": Field("text", "How it was made"),
    },
    ["cohort", "study", *ABOUT, "method", "statistic"],
)
FLOW = Schema(
    {
        "cohort": COHORT,
        "study": STUDY,
        **{name: ABOUT[name] for name in ("outcome", "exposure", "reference", "subgroup")},
        "step": Field("id", "due, analysed, or the first reason to leave that holds"),
        "people": Field("count", "People"),
    },
    ["cohort", "study", "outcome", "exposure", "reference", "subgroup", "step"],
)
STATES = Schema(
    {
        "cohort": COHORT,
        "table": Field("id", "Table of the cohort: persons, measures, events or costs; or files, those joined"),
        "item": Field("id", "Column, measure, event, sector or file"),
        "at": Field("id", "Wave or window; empty where there is none"),
        "state": Field("id", "people: all of the cohort; known: with a value or row; else why there is none"),
        "people": Field("count", "People; of unknown_rows, rows"),
    },
    ["cohort", "table", "item", "at", "state"],
)
TRUTH = Schema(
    {
        "cohort": COHORT,
        **ABOUT,
        "estimand": ESTIMAND,
        "value": Field("number", "True value"),
        "mc_error": Field("number", "Monte Carlo standard error; 0 in closed form"),
        "how": Field("text", "Closed form or potential outcomes"),
    },
    ["cohort", *QUESTION],
)
SCALE = Field("text", "Scale of errors: difference, or log ratio")
BIAS = Schema(
    {
        "cohort": COHORT,
        "study": STUDY,
        **ABOUT,
        "estimand": ESTIMAND,
        "method": METHOD,
        "truth": Field("number", "True value"),
        **{name: INTERVAL[name] for name in ("estimate", "lower", "upper")},
        "scale": SCALE,
        "bias": Field("number", "Estimate minus true value, on its scale"),
        "covers": Field("flag", "Whether the interval holds the true value; empty without an interval"),
    },
    ["cohort", "study", *QUESTION, "method"],
)
SCENARIO = Field("id", "World as configured, or the scenario that changes it")
COVERED = Field("number", "Share of 95% intervals that hold the true value")
COVERED_ERROR = Field("number", "Monte Carlo standard error of the coverage")
SETTINGS = Field("id", "Digest of the settings that the replicates were computed from")
SUMMARY = {
    "scale": SCALE,
    "replicates": Field("number", "Draws of the cohort"),
    "no_estimate": Field("number", "Draws without an estimate"),
    "no_interval": Field("number", "Draws without an interval"),
    "mean_bias": Field("number", "Mean error, on its scale"),
    "mc_error_bias": Field("number", "Monte Carlo standard error of the mean error"),
    "coverage": COVERED,
    "mc_error_coverage": COVERED_ERROR,
    "power": Field("number", "Share of intervals that exclude no effect; where there is none, of false alarms"),
    "mc_error_power": Field("number", "Monte Carlo standard error of the power"),
}
RECOVERY = Schema(
    {
        "cohort": COHORT,
        "scenario": SCENARIO,
        "study": STUDY,
        **ABOUT,
        "estimand": ESTIMAND,
        "method": METHOD,
        "truth": Field("number", "True value"),
        "mean_estimate": Field("number", "Mean estimate, of ratios the geometric mean"),
        **SUMMARY,
        "mean_of_first": Field("number", "Mean estimate of the first draws, by which others find these numbers again"),
        "settings": SETTINGS,
    },
    ["cohort", "scenario", "study", *QUESTION, "method"],
)
SCENARIOS = RECOVERY
COVERAGE = Schema(
    {
        "cohort": COHORT,
        "scenario": SCENARIO,
        "study": STUDY,
        "method": METHOD,
        "rows": Field("number", "Rows with a true value and intervals"),
        "replicates": Field("number", "Draws of the cohort with an interval"),
        "coverage": COVERED,
        "mc_error_coverage": COVERED_ERROR,
        "outside": Field("number", "Rows whose coverage differs from 95% by more than 1.96 binomial errors"),
        "settings": SETTINGS,
    },
    ["cohort", "scenario", "study", "method"],
)
VERDICTS = Schema(
    {
        "cohort": COHORT,
        "scenario": SCENARIO,
        "status": Field("id", "What may be said, see `display.certainty`"),
        "certainty": Field("number", "How sure: from 1, very unsure, to 4, sure"),
        "verdicts": Field("number", "Comparisons of all draws with this status and level"),
        "right": Field("number", "Of those: the interval lies on the side of the true effect"),
        "wrong": Field("number", "Of those: it lies on the other side"),
        "nothing": Field("number", "Of those: it lies on a side where there is no true effect"),
        "null": Field("number", "Of those: there is no true effect, whatever is said"),
        "sized": Field("number", "Of those found: the true size is known"),
        "held": Field("number", "Of those with a known size: the interval holds it"),
        "settings": SETTINGS,
    },
    ["cohort", "scenario", "status", "certainty"],
)
TABLE1 = Schema(
    {
        "cohort": COHORT,
        "exposure": ABOUT["exposure"],
        "reference": ABOUT["reference"],
        "variable": Field("id", "Column that is described; empty for the number of people"),
        "level": Field("id", "Code of the level; yes of a yes/no column, empty of a number or date"),
        "statistic": Field("id", "n, percent, mean_sd or median_quartiles"),
        "overall": Field("text", "Among all whose exposure is known"),
        "exposed": Field("text", "Among the exposed"),
        "unexposed": Field("text", "Among the reference"),
        "standardised_difference": Field("text", "Exposed minus reference in pooled standard deviations"),
        "missing": Field("count", "People whose value is not known"),
    },
    ["cohort", "variable", "level", "statistic"],
)
ATTRITION = Schema(
    {
        "cohort": COHORT,
        "wave": Field("id", "Wave"),
        "age": Field("number", "Mean age, years"),
        "due": Field("count", "People alive and in the study"),
        "assessed": Field("count", "People assessed"),
        "percent_assessed": Field("number", "Per cent of those due"),
        "published_percent": Field("number", "The same as published"),
    },
    ["cohort", "wave"],
)
REPLICATION = Schema(
    {
        "cohort": COHORT,
        "study": STUDY,
        **ABOUT,
        "estimand": Field("id", "What is estimated, or the diagnostic"),
        "method": METHOD,
        "estimate_published": Field("number", "Published estimate"),
        "lower_published": Field("number", "Published lower limit"),
        "upper_published": Field("number", "Published upper limit"),
        "estimate": Field("number", "Estimate of this run"),
        "lower": Field("number", "Its lower limit"),
        "upper": Field("number", "Its upper limit"),
        "decimals": Field("number", "Decimals with which it is published"),
        "agrees": Field("flag", "Whether all that is published is equal when rounded alike"),
        "source": Field("text", "Where it is published"),
        "tag": Field("text", "How well it is known"),
    },
    ["cohort", "study", *QUESTION, "method"],
)
SURVIVES = Schema(
    {
        "cohort": COHORT,
        "study": STUDY,
        **{name: ABOUT[name] for name in ("outcome", "exposure", "reference")},
        "check": Field("id", "Which question"),
        "question": Field("text", "The question in words"),
        "answer": Field("text", "The numbers that answer it"),
        "reading": Field("text", "survives, moves, does not survive, cannot tell, not asked or context"),
        "why": Field("text", "By what rule, and how the numbers were made"),
        "decisive": Field("flag", "Whether a result that fails it is not counted as an effect"),
        "factor": Field("number", "Of what moves: how many times the size that was found, on the log scale"),
    },
    ["cohort", "study", "outcome", "exposure", "reference", "check"],
)
CONCLUSIONS = Schema(
    {
        "cohort": COHORT,
        "study": STUDY,
        "level": Field("id", "individual, policy or population: whose doing is told"),
        **{name: ABOUT[name] for name in ("outcome", "exposure", "reference", "at")},
        "estimand": ESTIMAND,
        "method": METHOD,
        **INTERVAL,
        "n": Field("count", "People"),
        "truth": Field("number", "True value, where it is known"),
        "counted_in": Field("id", "cases per 100,000 births, or sd: standard deviations of the outcome"),
        "counted_estimate": Field("number", "The estimate so counted"),
        "counted_lower": Field("number", "Lower 95% limit so counted"),
        "counted_upper": Field("number", "Upper 95% limit so counted"),
        "counted_truth": Field("number", "True value so counted"),
        "margin": Field("number", "Smallest difference that matters, stated beforehand, so counted"),
        "share_exposed": Field("number", "Share of those analysed who are exposed"),
        "risk_without": Field("number", "Risk over all without the exposure, or without the policy"),
        "risk_with": Field("number", "Risk over all as things are, or with the policy"),
        "status": Field("id", "What may be said, see `display.certainty`"),
        "certainty": Field("number", "How sure: from 1, very unsure, to 4, sure"),
        "start": Field("number", "Where the design starts"),
        "steps": Field("text", "What moved it from there"),
        "contradicted_by": Field("text", "Adjusted methods that say something else"),
        "failed": Field("text", "Decisive checks that fail"),
        "reason": Field("text", "Why it could not be estimated"),
    },
    ["cohort", "study", "outcome", "exposure", "reference"],
)
# of amounts, kept with the people: in each, whose sum it is, and what the two with most have of it
MAGNITUDES = Schema(
    {
        "cohort": COHORT,
        "study": STUDY,
        **{name: ABOUT[name] for name in ("outcome", "exposure", "subgroup", "at")},
        "people": Field("count", "People whose amounts are summed"),
        "largest": Field("number", "Share of the sum that one person has"),
        "second": Field("number", "Share of the sum that the next has"),
    },
    ["cohort", "study", "outcome", "exposure", "subgroup", "at"],
)
SCHEMAS = {name.lower(): schema for name, schema in globals().copy().items() if isinstance(schema, Schema)}
