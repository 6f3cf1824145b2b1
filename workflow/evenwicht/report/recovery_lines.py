"""Tables of recovery: how each method fares over fresh draws, and how often what may be said is right."""

import numpy as np
import pandas as pd

from evenwicht.config import AS_CONFIGURED
from evenwicht.config.recovered import recovery_settings
from evenwicht.display.certainty import TOLD_FROM
from evenwicht.display.labels import spoken
from evenwicht.display.language import say
from evenwicht.display.section import Row, records, where
from evenwicht.display.table import Cell, Column, Table
from evenwicht.display.wording import Scale, decimals, number, scale_of, signed
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.recovery import with_recovery
from evenwicht.report.lines import Words
from evenwicht.studies import showing

JUDGED = ("difference", "ratio")  # kinds of estimand in the table of recovery; arms and the rest are left to the CSV
HEADLINES = (  # estimands by which scenarios are judged
    "conditional_hazard_ratio",
    "observed_expected_ratio",
    "onset_delay",
    "risk_difference",
    "mean_difference",
)


def recovery(words: Words, bias: pd.DataFrame, recovered: pd.DataFrame) -> Table:
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
                "cohort": words.cohort(row["cohort"]),
                **_what(words, row, scale),
                "truth": (scale.number(row["truth"]), row["truth"]),
                "estimate": (scale.with_interval(row), row["estimate"]),
                **performance(row, scale),
            }
        )
    columns = [
        Column("cohort", say("Cohort")),
        Column("what", say("Outcome and comparison"), names_row=True),
        Column("estimand", say("What is estimated")),
        Column("method", say("Method")),
        Column("truth", say("True value"), number=True),
        Column("estimate", say("This run (95% interval)"), number=True),
        Column("bias", say("Mean bias ±"), number=True),
        Column("coverage", say("Coverage ±"), number=True),
        Column("power", say("How often an effect is seen ±"), number=True),
    ]
    caption = say(
        "Every method beside its true value. ± is one Monte Carlo standard error; bias of ratios is on the log scale."
    )
    return Table("recovery", caption, columns, lines, searchable=True)


def _what(words: Words, row: Row, scale: Scale) -> dict[str, str]:
    estimand = say(ESTIMANDS[row["estimand"]].label)
    return {
        "what": ": ".join(filter(None, [words.outcome(row), words.about(row)])),
        "estimand": f"{estimand}, {scale.unit}" if scale.unit else estimand,
        "method": showing.method_label(row["method"]),
    }


def performance(row: Row, scale: Scale) -> dict[str, Cell]:
    """Bias, coverage and power of a row of recovery, each with its Monte Carlo error."""
    return {
        "bias": (_bias(row, scale), row["mean_bias"]),
        "coverage": (_percent(row["coverage"], row["mc_error_coverage"]), row["coverage"]),
        "power": (_percent(row["power"], row["mc_error_power"]), row["power"]),
    }


def not_recovered(words: Words, recovered: pd.DataFrame) -> list[str]:
    """Titles of the cohorts whose replicates were not drawn for the settings of this run."""
    return [words.cohort(name) for name in recovery_settings(words.run) if name not in set(recovered["cohort"])]


def coverage(words: Words, table: pd.DataFrame) -> Table:
    """One line a study and method: coverage over all its rows in a cohort as configured."""
    lines = [
        {
            "cohort": words.cohort(row["cohort"]),
            "study": words.study(row),
            "method": showing.method_label(row["method"]),
            "rows": number(row["rows"], 0),
            "coverage": f"{number(100 * row['coverage'], 1)}% ± {number(100 * row['mc_error_coverage'], 1)}",
            "outside": number(row["outside"], 0),
        }
        for row in records(where(table, scenario=AS_CONFIGURED))
    ]
    columns = [
        Column("cohort", say("Cohort")),
        Column("study", say("Study")),
        Column("method", say("Method"), names_row=True),
        Column("rows", say("Rows"), number=True),
        Column("coverage", say("Coverage ±"), number=True),
        Column("outside", say("Outside"), number=True),
    ]
    caption = say(
        "Coverage of 95% intervals over all rows of a method. “Outside” counts rows that differ from 95% by more than "
        "1.96 Monte Carlo errors: by chance one in twenty."
    )
    return Table("coverage", caption, columns, lines)


def scenarios(words: Words, table: pd.DataFrame) -> dict[str, Table]:
    """How the headline of each study fares in each scenario, by id of the cohort."""
    headlines = {
        (cohort, name): showing.headline(study, config.codebook)
        for cohort, config in words.run.cohorts.items()
        for name, study in config.studies.items()
    }
    lines: dict[str, list[dict[str, Cell]]] = {}
    for row in records(where(table, estimand=HEADLINES, subgroup="")):
        if headlines.get((row["cohort"], row["study"])) != (row["exposure"], row["reference"]):
            continue
        # the error of a mean over draws is that of its bias, which for ratios is on the log scale, as `se` is
        scale = scale_of({**row, "estimate": row["mean_estimate"], "se": row["mc_error_bias"]})
        nothing = row["truth"] == (1.0 if ESTIMANDS[row["estimand"]].kind == "ratio" else 0.0)
        line: dict[str, Cell] = {
            "scenario": spoken(row["scenario"]),
            **_what(words, row, scale),
            "truth": scale.number(row["truth"]),
            "mean": scale.number(row["mean_estimate"]) or say("not estimable"),
            **performance(row, scale),
        }
        if nothing:
            line |= {"alarms": line["power"], "power": ""}
        lines.setdefault(row["cohort"], []).append(line)
    columns = [
        Column("scenario", say("Scenario")),
        Column("what", say("Outcome and comparison"), names_row=True),
        Column("estimand", say("What is estimated")),
        Column("method", say("Method")),
        Column("truth", say("True value"), number=True),
        Column("mean", say("Mean estimate"), number=True),
        Column("bias", say("Mean bias ±"), number=True),
        Column("coverage", say("Coverage ±"), number=True),
        Column("alarms", say("False alarms ±"), number=True),
        Column("power", say("How often an effect is seen ±"), number=True),
    ]
    return {cohort: Table(f"scenarios_{cohort}", words.cohort(cohort), columns, rows) for cohort, rows in lines.items()}


def verdicts(table: pd.DataFrame) -> Table:
    """How often an effect that is found is right, by kind of world and level."""
    counted = ["verdicts", "right", "wrong", "nothing"]
    found = where(table, status="found")
    sums = found.groupby(["scenario", "certainty"])[[*counted, "sized", "held"]].sum().reset_index()
    sums = sums.sort_values("scenario", key=lambda names: names != AS_CONFIGURED, kind="stable")
    lines: list[dict[str, Cell]] = []
    for row in records(sums):
        lines.append(
            {
                "world": say("as configured") if row["scenario"] == AS_CONFIGURED else spoken(row["scenario"]),
                "level": number(row["certainty"], 0),
                "told": say("yes") if row["certainty"] >= TOLD_FROM else say("no"),
                **{name: (number(row[name], 0), row[name]) for name in counted},
                "share": _percent(row["right"] / row["verdicts"], _error(row["right"], row["verdicts"])),
                "holds": _percent(row["held"] / row["sized"], _error(row["held"], row["sized"]))
                if row["sized"]
                else "",
            }
        )
    columns = [
        Column("world", say("World"), names_row=True),
        Column("level", say("Level"), number=True),
        Column("told", say("May be told")),
        Column("verdicts", say("Times found"), number=True),
        Column("right", say("Right"), number=True),
        Column("wrong", say("Wrong side"), number=True),
        Column("nothing", say("No effect there"), number=True),
        Column("share", say("Share right ±"), number=True),
        Column("holds", say("Interval holds the true size ±"), number=True),
    ]
    caption = say("Over all worlds, comparisons and draws. Comparisons of a draw share its people, so ± is too small.")
    return Table("verdicts", caption, columns, lines)


def _error(part: float, whole: float) -> float:
    """Monte Carlo error of a share."""
    share = part / whole
    return float(np.sqrt(share * (1 - share) / whole))


def _bias(row: Row, scale: Scale) -> str:
    """Mean bias with its Monte Carlo error, in the decimals of that error; of ratios on the log scale."""
    if pd.isna(row["mean_bias"]):
        return ""
    digits = decimals({"estimate": row["mean_bias"], "se": row["mc_error_bias"]}, scale.factor)
    bias = signed(scale.factor * row["mean_bias"], digits)
    return f"{bias} ± {number(scale.factor * row['mc_error_bias'], digits)}"


def _percent(share: float, error: float) -> str:
    return "" if pd.isna(share) else f"{number(100 * share, 0)}% ± {number(100 * error, 0)}"
