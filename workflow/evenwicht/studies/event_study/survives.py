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

from evenwicht.display import certainty
from evenwicht.display.language import message, retold, say
from evenwicht.display.section import Row, first, records, where
from evenwicht.display.wording import number, signed, with_interval
from evenwicht.results.schema import SURVIVES as TABLE
from evenwicht.studies.event_study.windows import INCOHERENT_FROM

SURVIVES, MOVES, FAILS, UNCLEAR = "survives", "moves", "does not survive", "cannot tell"
NOT_ASKED, CONTEXT = "not asked", "context"
ALPHA, ENOUGH_POWER = 0.05, 0.8
TREND = "linear_trend"  # the check that tells an effect from a trend over births
Reading = tuple[str, str, str]  # answer, reading, why
CERTAINTY: dict[str, certainty.Reading] = {
    SURVIVES: "holds",
    MOVES: "moves",
    FAILS: "fails",
    UNCLEAR: "unclear",
}  # readings of `display.certainty`


@dataclass(frozen=True)
class Outcome:
    """What the referee found for one outcome: its rows, each with `value` and `note`, and the headline.

    `rows` holds estimates and diagnostics alike: `what` is the estimand or the statistic.
    """

    rows: pd.DataFrame
    headline: Row

    def row(self, what: str, method: str) -> Row | None:
        """The row of one estimand or statistic about the headline's contrast."""
        return first(self.rows, what=what, method=method)


@dataclass(frozen=True)
class Check:
    """One question: the row that answers it, how it is read beside the headline, and what it needs to be there."""

    name: str
    question: str
    what: str
    method: str
    read: Callable[[Row, Outcome], Reading]
    needs: str = message("no such row among the estimates")
    decisive: bool = False  # whether what fails it is no effect


def survives(estimates: pd.DataFrame, diagnostics: pd.DataFrame) -> pd.DataFrame:
    """Return the table of questions and answers for every event study among the rows.

    Parameters
    ----------
    estimates, diagnostics
        Rows of any cohorts and studies, as `run` and `referee` write them.

    Returns
    -------
    DataFrame
        The columns of `results.schema.SURVIVES`; the reading is survives, moves, does not survive, cannot tell, not
        asked or context. Only everybody is judged, no subgroup.
    """
    rows = _told(estimates, diagnostics)
    asked = where(rows, method="cox_trend", what=RATIO, subgroup="")
    lines = [line for headline in records(asked) for line in _lines(rows, headline)]
    return TABLE.checked_rows(lines)


def _told(estimates: pd.DataFrame, diagnostics: pd.DataFrame) -> pd.DataFrame:
    """Estimates and diagnostics as one table; an estimate has the note of its method's specification."""
    judged = diagnostics.rename(columns={"statistic": "what"})
    notes = judged[judged["what"].isin(["specification", "window_check"])]
    key = ["cohort", "study", "outcome", "exposure", "reference", "subgroup", "method"]
    found = estimates.rename(columns={"estimand": "what", "estimate": "value"})
    found = found.merge(notes[[*key, "note"]].drop_duplicates(key), on=key, how="left")
    columns = [*key, "what", "value", "lower", "upper", "status", "reason", "note"]
    parts = [part[columns] for part in (found, judged) if len(part)]
    table = pd.concat(parts or [found[columns]], ignore_index=True)
    return table.assign(**table[["status", "reason", "note"]].astype(object).fillna(""))


def _lines(rows: pd.DataFrame, asked: Row) -> Iterator[dict[str, object]]:
    """Answers for one outcome; none if it has no headline."""
    about = {name: asked[name] for name in ("cohort", "study", "outcome", "exposure", "reference")}
    same = where(rows, subgroup="", **about)
    headline = first(same, what=RATIO, method="cox")
    if headline is None:
        return
    outcome = Outcome(same, headline)
    nothing = _nothing_found(headline)
    line = {"check": "headline", "question": FOUND, "answer": _ratio(headline)}
    why = _join(say("errors clustered by month of birth"), nothing)
    yield {**about, **line, "reading": CONTEXT, "why": why, "decisive": False}
    for check in CHECKS:
        row = outcome.row(check.what, check.method)
        answer, reading, why = ("", NOT_ASKED, say(check.needs)) if row is None else _read(check, row, outcome)
        if nothing and reading == SURVIVES:
            reading, why = UNCLEAR, _join(nothing, why)
        told = {"check": check.name, "question": check.question, "answer": answer, "reading": reading, "why": why}
        factor = _factor(row, headline) if reading == MOVES and row is not None else np.nan
        yield {**about, **told, "decisive": check.decisive, "factor": factor}


def _factor(row: Row, headline: Row) -> float:
    """How many times the size of the headline another hazard ratio has, on the log scale."""
    return float(abs(np.log(row["value"]) / np.log(headline["value"])))


def _read(check: Check, row: Row, outcome: Outcome) -> Reading:
    """Answer, reading and why of one row; a row without an estimate or its interval cannot be read."""
    if row["status"] != "estimated":
        return retold(row["status"]), NOT_ASKED, _join(retold(row["reason"]), retold(row["note"]))
    return check.read(row, outcome)


def _nothing_found(headline: Row) -> str:
    """Why there is nothing that could survive; empty if the headline excludes no effect."""
    if pd.isna(headline["lower"]):
        return _join(say("the headline has no interval"), retold(headline["reason"]))
    return say("the headline's own interval holds no effect") if _holds(headline, 1) else ""


def _holds(row: Row, value: float) -> bool:
    return bool(row["lower"] <= value <= row["upper"])


def _join(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _p(value: float) -> str:
    return f"p < {number(0.001, 3)}" if value < 0.001 else f"p = {number(value, 3)}"


def _ratio(row: Row) -> str:
    if pd.isna(row["value"]):
        return retold(row["status"])
    return with_interval(row["value"], row["lower"], row["upper"])


def _another_estimate(row: Row, outcome: Outcome) -> Reading:
    """Read a hazard ratio by whether its interval holds no effect and the headline's estimate, as the module says."""
    answer, headline = say("hazard ratio {ratio}", ratio=_ratio(row)), outcome.headline
    if pd.isna(headline["value"]):
        return answer, NOT_ASKED, say("there is no headline to compare with")
    nothing, same = _holds(row, 1), _holds(row, headline["value"])
    same_side = (row["value"] < 1) == (headline["value"] < 1)
    if nothing and same:
        reading, why = UNCLEAR, say("the interval holds both no effect and the headline")
    elif nothing:
        reading, why = FAILS, say("the interval holds no effect and excludes the headline")
    elif not same_side:
        reading, why = FAILS, say("the sign turns")
    elif same:
        reading, why = SURVIVES, ""
    else:
        nearer = abs(np.log(row["value"])) < abs(np.log(headline["value"]))
        towards = say("towards no effect: the interval excludes both no effect and the headline")
        away = say("away from no effect: the interval excludes both no effect and the headline")
        reading, why = MOVES, towards if nearer else away
    return answer, reading, _join(why, retold(row["note"]))


def _small_p(row: Row, _: Outcome) -> Reading:
    return _p(row["value"]), SURVIVES if row["value"] <= ALPHA else UNCLEAR, retold(row["note"])


def _placebo(row: Row, outcome: Outcome) -> Reading:
    """A rank has few possible values: beside p stands the size that a test at 5% then has."""
    p, reading, note = _small_p(row, outcome)
    size = outcome.row("test_size", row["method"])
    assert size is not None
    answer = say(
        "{p}; a test at {level}% has size {size}%",
        p=p,
        level=number(100 * ALPHA, 0),
        size=number(100 * size["value"], 1),
    )
    too_few = "" if size["value"] > 0 else say("too few cut-offs for any p value up to {level}", level=number(ALPHA))
    return answer, reading, _join(too_few, note)


def _pre_trend(row: Row, outcome: Outcome) -> Reading:
    power = outcome.row("power", "pre_trend")
    assert power is not None
    answer = say("{p}; power {power}%", p=_p(row["value"]), power=number(100 * power["value"], 0))
    against = retold(power["note"])
    if row["value"] < ALPHA:
        return answer, FAILS, say("births that the policy never reached differ among themselves")
    if power["value"] < ENOUGH_POWER:
        return answer, UNCLEAR, say("too little power {against}", against=against)
    return answer, SURVIVES, say("power is {against}", against=against)


def _break_date(row: Row, _: Outcome) -> Reading:
    answer = say(
        "{estimate} months ({low} to {high})",
        estimate=_months(row["value"]),
        low=_months(row["lower"]),
        high=_months(row["upper"]),
    )
    if not _holds(row, 0):
        return answer, FAILS, _join(say("the data place the break at another time"), retold(row["note"]))
    if np.isinf(row["lower"]) or np.isinf(row["upper"]):
        reaches = say("the interval reaches the end of the months that can be tried")
        return answer, UNCLEAR, _join(reaches, retold(row["note"]))
    return answer, SURVIVES, retold(row["note"])


def _months(value: float) -> str:
    return say("no limit") if np.isinf(value) else signed(value, 0)


def _aic(row: Row, _: Outcome) -> Reading:
    gained = row["value"]
    reading = SURVIVES if gained > 2 else FAILS if gained < -2 else UNCLEAR
    return say("{gained} AIC", gained=signed(gained)), reading, retold(row["note"])


def _windows(row: Row, _: Outcome) -> Reading:
    if pd.isna(row["value"]):
        return say("coherent"), SURVIVES, retold(row["note"])
    answer = say("{ratio} events per event expected", ratio=_ratio(row))
    return answer, FAILS if row["lower"] > INCOHERENT_FROM else SURVIVES, retold(row["note"])


def _e_value(row: Row, _: Outcome) -> Reading:
    answer = say("{value} (interval: {limit})", value=number(row["value"]), limit=number(row["lower"]))
    return answer, CONTEXT, retold(row["note"])


def _design(row: Row, outcome: Outcome) -> Reading:
    of = where(outcome.rows, method="design_analysis").set_index("what")["value"]
    answer = say(
        "power {power}%, wrong sign {type_s}%, type M error {type_m} times",
        power=number(100 * of["power"], 0),
        type_s=number(100 * of["type_s"], 1),
        type_m=number(of["type_m"], 1),
    )
    return answer, CONTEXT, retold(row["note"])


RATIO = "conditional_hazard_ratio"
FOUND = message("What is found?")
CELLS = message("needs a cell of unexposed births beside the reference")
SIDES = message("needs months of birth on both sides of the true cut-off")
VISIT = message("needs an event of this disease followed from a visit on (`from_visit`)")
CONTROLS = message("needs outcomes that the policy cannot have changed (`negative_controls`)")
ATTENDANCE = message("needs a record of who attended which visit")
CHECKS = [
    Check("sandwich", "With the standard way of computing the range?", RATIO, "cox_sandwich", _another_estimate),
    Check("wild_bootstrap", "With a method made for few months of birth?", "p_value", "wild_bootstrap", _small_p),
    Check(
        "pre_trend",
        "Did births that the policy never reached already differ?",
        "p_value",
        "pre_trend",
        _pre_trend,
        CELLS,
        decisive=True,
    ),
    Check(TREND, "With a linear trend over births?", RATIO, "cox_trend", _another_estimate, decisive=True),
    Check("donut", "Without births near the change?", RATIO, "cox_donut", _another_estimate),
    Check(
        "placebo_cutoffs",
        "Is the break larger than at other dates?",
        "p_value",
        "placebo_cutoff",
        _placebo,
        SIDES,
        decisive=True,
    ),
    Check("break_date", "Where do the data place the end of exposure?", "break_date", "profile", _break_date),
    Check("dose_or_trend", "Does the dose fit better than a trend?", "aic_difference", "linear_trend", _aic),
    Check("dose_or_step", "Does the dose fit better than a step?", "aic_difference", "step", _aic),
    Check(
        "delayed_entry",
        "Among people free of the disease at a visit, followed from then on?",
        RATIO,
        "cox_delayed_entry",
        _another_estimate,
        VISIT,
    ),
    Check(
        "negative_controls",
        "Does the method find ‘effects’ on things the policy cannot change?",
        RATIO,
        "cox_calibrated",
        _another_estimate,
        CONTROLS,
        decisive=True,
    ),
    Check(
        "windows",
        "Were sick and healthy people followed equally long?",
        "observed_expected_ratio",
        "windows",
        _windows,
        decisive=True,
    ),
    Check(
        "coherent_windows",
        "With everybody followed to the last visit?",
        RATIO,
        "cox_coherent",
        _another_estimate,
        ATTENDANCE,
        decisive=True,
    ),
    Check("selection", "How strong would selection have to be to explain it?", "e_value", "selection", _e_value),
    Check("design_analysis", "Could this design find a plausible effect?", "power", "design_analysis", _design),
]
