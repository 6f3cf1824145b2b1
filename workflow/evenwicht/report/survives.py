"""Does the headline of an event study survive a sceptical referee? One line a question, with a stated rule.

The rules are for reading, not for choosing what to report: every question is always asked and always printed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from evenwicht.policy.windows import INCOHERENT_FROM
from evenwicht.report.wording import number, with_interval

SURVIVES, FAILS, UNCLEAR, CONTEXT = "survives", "does not survive", "cannot tell", "context"
COLUMNS = ["cohort", "study", "contrast", "check", "question", "answer", "reading", "why"]
ALPHA, ENOUGH_POWER = 0.05, 0.8


@dataclass(frozen=True)
class Check:
    """One question: the rows that answer it, and how they are read beside the headline."""

    name: str
    question: str
    estimand: str
    method: str
    read: Callable[[pd.Series, pd.Series, pd.DataFrame], tuple[str, str, str]]


def survives(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the table of questions and answers for every event study among the estimate rows.

    Parameters
    ----------
    estimates
        Estimate rows of all cohorts, as `policy.event_study` and `policy.referee` write them.

    Returns
    -------
    DataFrame
        cohort, study, contrast (the headline), check, question, answer, reading (survives, does not survive, cannot
        tell, context) and why.
    """
    lines = [line for _, rows in estimates.groupby(["cohort", "study"], sort=False) for line in _lines(rows)]
    return pd.DataFrame(lines, columns=COLUMNS)


def _lines(rows: pd.DataFrame) -> Iterator[dict[str, str]]:
    """Answers for one outcome; none if it has no headline."""
    asked = rows[rows["method"] == "cox_trend"]
    if asked.empty:
        return
    contrast = asked["contrast"].iloc[0]
    same = (rows["method"] == "cox") & (rows["contrast"] == contrast)
    headline = rows[same & (rows["estimand"] == "conditional_hazard_ratio")].iloc[0]
    about = {"cohort": headline["cohort"], "study": headline["study"], "contrast": contrast}
    first = {"check": "headline", "question": "What is found?", "answer": _ratio(headline)}
    yield {**about, **first, "reading": CONTEXT, "why": "hazard ratio with the cluster jackknife"}
    for check in CHECKS:
        found = rows[(rows["estimand"] == check.estimand) & (rows["method"] == check.method)]
        for _, row in found.iterrows():
            answer, reading, why = check.read(row, headline, rows)
            told = {"check": check.name, "question": check.question, "answer": answer}
            yield {**about, **told, "reading": reading, "why": why}


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {number(value, 3)}"


def _ratio(row: pd.Series) -> str:
    return with_interval(row["estimate"], row["lower"], row["upper"], digits=2)


def _another_estimate(row: pd.Series, headline: pd.Series, _: pd.DataFrame) -> tuple[str, str, str]:
    """Survives if the interval excludes 1 on the same side; cannot tell if it holds both 1 and the headline."""
    same_side = (row["estimate"] < 1) == (headline["estimate"] < 1)
    if not row["lower"] <= 1 <= row["upper"]:
        reading, why = (SURVIVES, "") if same_side else (FAILS, "the sign turns")
    elif row["lower"] <= headline["estimate"] <= row["upper"]:
        reading, why = UNCLEAR, "the interval holds both no effect and the headline"
    else:
        reading, why = FAILS, "the interval holds no effect and excludes the headline"
    return f"hazard ratio {_ratio(row)}", reading, "; ".join(part for part in (why, row["note"]) if part)


def _small_p(row: pd.Series, _: pd.Series, __: pd.DataFrame) -> tuple[str, str, str]:
    reading = SURVIVES if row["estimate"] < ALPHA else UNCLEAR
    return _p(row["estimate"]), reading, row["note"]


def _pre_trend(row: pd.Series, _: pd.Series, rows: pd.DataFrame) -> tuple[str, str, str]:
    power = rows[(rows["estimand"] == "power") & (rows["method"] == "pre_trend")].iloc[0]
    answer = f"{_p(row['estimate'])}; power {number(100 * power['estimate'], 0)}%"
    if row["estimate"] < ALPHA:
        return answer, FAILS, "births that the policy never reached differ among themselves"
    if power["estimate"] < ENOUGH_POWER:
        return answer, UNCLEAR, f"too little power {power['note']}"
    return answer, SURVIVES, f"power is {power['note']}"


def _break_date(row: pd.Series, _: pd.Series, __: pd.DataFrame) -> tuple[str, str, str]:
    low, high = row["lower"], row["upper"]
    answer = f"{row['estimate']:+.0f} months ({low:+.0f} to {high:+.0f})"
    if not low <= 0 <= high:
        return answer, FAILS, "the data place the break at another time"
    limits = [int(word) for word in row["note"].split() if word.lstrip("-").isdigit()]
    if limits and (low == limits[0] or high == limits[-1]):
        return answer, UNCLEAR, "the interval reaches the end of the months that can be tried"
    return answer, SURVIVES, row["note"]


def _aic(row: pd.Series, _: pd.Series, __: pd.DataFrame) -> tuple[str, str, str]:
    gained = row["estimate"]
    reading = SURVIVES if gained > 2 else FAILS if gained < -2 else UNCLEAR
    return f"{gained:+.1f} AIC".replace("-", "\N{MINUS SIGN}"), reading, row["contrast"]


def _windows(row: pd.Series, _: pd.Series, __: pd.DataFrame) -> tuple[str, str, str]:
    if pd.isna(row["estimate"]):
        return "coherent", SURVIVES, row["note"]
    answer = f"{_ratio(row)} events per event expected"
    return answer, FAILS if row["lower"] > INCOHERENT_FROM else SURVIVES, row["note"]


def _e_value(row: pd.Series, _: pd.Series, __: pd.DataFrame) -> tuple[str, str, str]:
    return f"{number(row['estimate'])} (interval: {number(row['lower'])})", CONTEXT, row["note"]


def _design(row: pd.Series, _: pd.Series, rows: pd.DataFrame) -> tuple[str, str, str]:
    of = rows[rows["method"] == "design_analysis"].set_index("estimand")["estimate"]
    answer = (
        f"power {number(100 * of['power'], 0)}%, wrong sign {number(100 * of['type_s'], 1)}%, "
        f"exaggeration {number(of['exaggeration'], 1)} times"
    )
    return answer, CONTEXT, row["note"]


RATIO = "conditional_hazard_ratio"
CHECKS = [
    Check("sandwich", "With the usual sandwich error?", RATIO, "cox_sandwich", _another_estimate),
    Check("wild bootstrap", "With an inference made for few clusters?", "p_value", "wild_bootstrap", _small_p),
    Check("pre-trend", "Did unexposed births already differ?", "p_value", "pre_trend", _pre_trend),
    Check("linear trend", "With a linear trend over births?", RATIO, "cox_trend", _another_estimate),
    Check("donut", "Without births near the change?", RATIO, "cox_donut", _another_estimate),
    Check("placebo cut-offs", "Is the break larger than at other dates?", "p_value", "placebo_cutoff", _small_p),
    Check("break date", "Where do the data place the end of exposure?", "break_date", "profile", _break_date),
    Check("dose or trend", "Does the dose fit better than a trend or a step?", "aic_difference", "profile", _aic),
    Check("delayed entry", "From a visit on, with delayed entry?", RATIO, "cox_delayed_entry", _another_estimate),
    Check("negative controls", "Beside outcomes that cannot change?", RATIO, "cox_calibrated", _another_estimate),
    Check("windows", "Are events and censoring sought alike?", "observed_expected_ratio", "windows", _windows),
    Check("coherent windows", "With everybody followed to the last visit?", RATIO, "cox_coherent", _another_estimate),
    Check("selection", "How strong must selection be to make it?", "e_value", "selection", _e_value),
    Check("design analysis", "Could this design find a plausible effect?", "power", "design_analysis", _design),
]
