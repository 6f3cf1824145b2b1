"""Does the headline of an event study survive a sceptical referee? One line a question, with a stated rule.

The rules are for reading, not for choosing what to report: every question is always asked and always printed. An
estimate in another specification is read by its 95% interval:

| the interval                                                          | reading          |
|-----------------------------------------------------------------------|------------------|
| excludes no effect on the headline's side and holds the headline      | survives         |
| excludes no effect on the headline's side and excludes the headline   | moves            |
| excludes no effect on the other side                                  | does not survive |
| holds no effect and the headline                                      | cannot tell      |
| holds no effect and excludes the headline                             | does not survive |

"The headline" is its estimate here. Where the headline's own interval holds no effect, or it has none, nothing was
found that could survive, and what would read "survives" reads "cannot tell". A question that the data or the cohort
file give nothing to answer with reads "not asked", with the reason.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evenwicht.policy.windows import INCOHERENT_FROM
from evenwicht.report.wording import number, with_interval

SURVIVES, MOVES, FAILS, UNCLEAR = "survives", "moves", "does not survive", "cannot tell"
NOT_ASKED, CONTEXT = "not asked", "context"
COLUMNS = ["cohort", "study", "contrast", "check", "question", "answer", "reading", "why"]
ALPHA, ENOUGH_POWER = 0.05, 0.8


@dataclass(frozen=True)
class Check:
    """One question: the rows that answer it, how they are read beside the headline, and what they need to be there."""

    name: str
    question: str
    estimand: str
    method: str
    read: Callable[[pd.Series, pd.Series, pd.DataFrame], tuple[str, str, str]]
    needs: str = "no such row among the estimates"


def survives(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the table of questions and answers for every event study among the estimate rows.

    Parameters
    ----------
    estimates
        Estimate rows of all cohorts, as `policy.event_study` and `policy.referee` write them.

    Returns
    -------
    DataFrame
        cohort, study, contrast (the headline), check, question, answer, reading (survives, moves, does not survive,
        cannot tell, not asked, context) and why.
    """
    words = ["note", "reason"]  # an empty text comes back from CSV as a missing number
    told = estimates.assign(**estimates[words].astype(object).fillna(""))
    lines = [line for _, rows in told.groupby(["cohort", "study"], sort=False) for line in _lines(rows)]
    return pd.DataFrame(lines, columns=COLUMNS)


def _lines(rows: pd.DataFrame) -> Iterator[dict[str, str]]:
    """Answers for one outcome; none if it has no headline."""
    asked = rows[rows["method"] == "cox_trend"]
    if asked.empty:
        return
    contrast = asked["contrast"].iloc[0]
    same = (rows["method"] == "cox") & (rows["contrast"] == contrast)
    headline = rows[same & (rows["estimand"] == RATIO)].iloc[0]
    about = {"cohort": headline["cohort"], "study": headline["study"], "contrast": contrast}
    nothing = _nothing_found(headline)
    first = {"check": "headline", "question": "What is found?", "answer": _ratio(headline)}
    yield {
        **about,
        **first,
        "reading": CONTEXT,
        "why": _join("errors clustered by month of birth", nothing),
    }
    for check in CHECKS:
        found = rows[(rows["estimand"] == check.estimand) & (rows["method"] == check.method)]
        told = {"check": check.name, "question": check.question}
        if found.empty:
            yield {**about, **told, "answer": "", "reading": NOT_ASKED, "why": check.needs}
        for _, row in found.iterrows():
            answer, reading, why = _read(check, row, headline, rows)
            if nothing and reading == SURVIVES:
                reading, why = UNCLEAR, _join(nothing, why)
            yield {**about, **told, "answer": answer, "reading": reading, "why": why}


def _read(check: Check, row: pd.Series, headline: pd.Series, rows: pd.DataFrame) -> tuple[str, str, str]:
    """Answer, reading and why of one row; a row without an estimate or its interval cannot be read."""
    if row["status"] != "estimated":
        return row["status"], NOT_ASKED, _join(row["reason"], row["note"])
    return check.read(row, headline, rows)


def _nothing_found(headline: pd.Series) -> str:
    """Why there is nothing that could survive; empty if the headline excludes no effect."""
    if pd.isna(headline["lower"]):
        return _join("the headline has no interval", headline["reason"])
    return "the headline's own interval holds no effect" if _holds(headline, 1) else ""


def _holds(row: pd.Series, value: float) -> bool:
    return bool(row["lower"] <= value <= row["upper"])


def _join(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {number(value, 3)}"


def _ratio(row: pd.Series) -> str:
    if pd.isna(row["estimate"]):
        return row["status"]
    return with_interval(row["estimate"], row["lower"], row["upper"])


def _another_estimate(row: pd.Series, headline: pd.Series, _: pd.DataFrame) -> tuple[str, str, str]:
    """Read a hazard ratio by whether its interval holds no effect and the headline's estimate, as the module says."""
    answer = f"hazard ratio {_ratio(row)}"
    if pd.isna(headline["estimate"]):
        return answer, NOT_ASKED, "there is no headline to compare with"
    nothing, same = _holds(row, 1), _holds(row, headline["estimate"])
    same_side = (row["estimate"] < 1) == (headline["estimate"] < 1)
    if nothing and same:
        reading, why = UNCLEAR, "the interval holds both no effect and the headline"
    elif nothing:
        reading, why = FAILS, "the interval holds no effect and excludes the headline"
    elif not same_side:
        reading, why = FAILS, "the sign turns"
    elif same:
        reading, why = SURVIVES, ""
    else:
        nearer = abs(np.log(row["estimate"])) < abs(np.log(headline["estimate"]))
        where = "towards no effect" if nearer else "away from no effect"
        reading, why = MOVES, f"{where}: the interval excludes both no effect and the headline"
    return answer, reading, _join(why, row["note"])


def _small_p(row: pd.Series, _: pd.Series, __: pd.DataFrame) -> tuple[str, str, str]:
    return _p(row["estimate"]), SURVIVES if row["estimate"] <= ALPHA else UNCLEAR, row["note"]


def _placebo(row: pd.Series, headline: pd.Series, rows: pd.DataFrame) -> tuple[str, str, str]:
    """A rank has few possible values: beside p stands the size that a test at 5% then has."""
    p, reading, note = _small_p(row, headline, rows)
    size = rows[(rows["estimand"] == "test_size") & (rows["method"] == row["method"])].iloc[0]
    answer = f"{p}; a test at {100 * ALPHA:.0f}% has size {number(100 * size['estimate'], 1)}%"
    too_few = "" if size["estimate"] > 0 else "too few cut-offs for any p value up to 0.05"
    return answer, reading, _join(too_few, note)


def _pre_trend(row: pd.Series, _: pd.Series, rows: pd.DataFrame) -> tuple[str, str, str]:
    power = rows[(rows["estimand"] == "power") & (rows["method"] == "pre_trend")].iloc[0]
    answer = f"{_p(row['estimate'])}; power {number(100 * power['estimate'], 0)}%"
    if row["estimate"] < ALPHA:
        return answer, FAILS, "births that the policy never reached differ among themselves"
    if power["estimate"] < ENOUGH_POWER:
        return answer, UNCLEAR, f"too little power {power['note']}"
    return answer, SURVIVES, f"power is {power['note']}"


def _break_date(row: pd.Series, _: pd.Series, __: pd.DataFrame) -> tuple[str, str, str]:
    answer = f"{_months(row['estimate'])} months ({_months(row['lower'])} to {_months(row['upper'])})"
    if not _holds(row, 0):
        return answer, FAILS, _join("the data place the break at another time", row["note"])
    if np.isinf(row[["lower", "upper"]].to_numpy(float)).any():
        return answer, UNCLEAR, _join("the interval reaches the end of the months that can be tried", row["note"])
    return answer, SURVIVES, row["note"]


def _months(value: float) -> str:
    return "no limit" if np.isinf(value) else f"{value:+.0f}".replace("-", "\N{MINUS SIGN}")


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
CELLS = "needs a cell of unexposed births beside the reference"
SIDES = "needs months of birth on both sides of the true cut-off"
VISIT = "needs an event of this disease followed from a visit on (`from_visit`)"
CONTROLS = "needs outcomes that the policy cannot have changed (`negative_controls`)"
ATTENDANCE = "needs a record of who attended which visit"
CHECKS = [
    Check("sandwich", "With the usual sandwich error?", RATIO, "cox_sandwich", _another_estimate),
    Check("wild bootstrap", "With an inference made for few clusters?", "p_value", "wild_bootstrap", _small_p),
    Check("pre-trend", "Did unexposed births already differ?", "p_value", "pre_trend", _pre_trend, CELLS),
    Check("linear trend", "With a linear trend over births?", RATIO, "cox_trend", _another_estimate),
    Check("donut", "Without births near the change?", RATIO, "cox_donut", _another_estimate),
    Check("placebo cut-offs", "Is the break larger than at other dates?", "p_value", "placebo_cutoff", _placebo, SIDES),
    Check("break date", "Where do the data place the end of exposure?", "break_date", "profile", _break_date),
    Check("dose or trend", "Does the dose fit better than a trend or a step?", "aic_difference", "profile", _aic),
    Check(
        "delayed entry", "From a visit on, with delayed entry?", RATIO, "cox_delayed_entry", _another_estimate, VISIT
    ),
    Check(
        "negative controls", "Beside outcomes that cannot change?", RATIO, "cox_calibrated", _another_estimate, CONTROLS
    ),
    Check("windows", "Are events and censoring sought alike?", "observed_expected_ratio", "windows", _windows),
    Check(
        "coherent windows",
        "With everybody followed to the last visit?",
        RATIO,
        "cox_coherent",
        _another_estimate,
        ATTENDANCE,
    ),
    Check("selection", "How strong must selection be to make it?", "e_value", "selection", _e_value),
    Check("design analysis", "Could this design find a plausible effect?", "power", "design_analysis", _design),
]
