"""What the report shows of a prediction: the ladder of areas, who would be flagged, and what is left unexplained."""

import math
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import MultiSectorOutcome
from evenwicht.display.dots import Dots, dots_key, dots_svg
from evenwicht.display.labels import first_upper
from evenwicht.display.language import say
from evenwicht.display.section import Found, Method
from evenwicht.display.wording import number, scale_of
from evenwicht.studies.prediction import ELSE, Settings, flagged_words, well_words
from evenwicht.studies.prediction.tables import (
    CROSS,
    flag_row,
    flags_table,
    ladder_table,
    percent,
    risks_table,
    yes_no_outcomes,
)

HEADING = "What one childhood tells"
METHODS = {
    "cross_validated": Method(
        "cross-validation",
        "each part of the people is predicted by a model that was fitted to the others. Families stay together. "
        "Its intervals reach to the limits of those in-sample as well.",
    ),
    "apparent": Method(
        "in-sample",
        "people are predicted by a model that was fitted to them too, which overstates what it tells of others.",
    ),
    "delong": Method("DeLong", "one score as it is, with the interval of DeLong and others (1988)."),
    "observed": Method("observed", "people with and without a yes/no score as they are."),
}
FOUND, WELL, MISSED, REST = "#0072B2", "#56B4E9", "#D55E00", "#949494"


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return the ladder of areas, what flagging does, people as dots, and how much is left."""
    return {
        "ladder": ladder_table(study, book, found),
        "flags": flags_table(study, book, found),
        "dots": [drawn for name in study.outcomes if (drawn := thousand(study, book, found, name))],
        "well": [text for name in study.outcomes for text in well_lines(study, book, found, name)],
        "risks": risks_table(study, book, found),
        "spread": spread_lines(study, book, found),
        "middle": any(isinstance(book.outcomes[name], MultiSectorOutcome) for name in study.outcomes),
        "folds": study.folds,
    }


def thousand(study: Settings, book: Codebook, found: Found, outcome: str) -> dict[str, Any] | None:
    """1,000 children by the model that knows most, at the first cut: flagged or not, and what comes."""
    counted = _counted(study, book, found, outcome)
    if counted is None:
        return None
    picked, well, missed = counted
    groups = [
        Dots(picked - well, FOUND, say("flagged, and come to it")),
        Dots(well, WELL, say("flagged, and stay free of it"), "ring"),
        Dots(missed, MISSED, say("not flagged, and come to it"), "square"),
        Dots(1000 - picked - missed, REST, say("not flagged, and stay free of it"), "small"),
    ]
    label = first_upper(book.outcomes[outcome].label)
    cut = flagged_words(study.cuts[0])
    return {"title": label, "svg": dots_svg(groups, name=label), "key": dots_key(groups), "cut": cut}


def _counted(study: Settings, book: Codebook, found: Found, outcome: str) -> tuple[int, int, int] | None:
    """Of 1,000 children: flagged at the first cut by the model that knows most, of these well, and others missed."""
    if outcome not in yes_no_outcomes(study, book):
        return None
    cut, key = study.cuts[0], study.models(book)[-1].key
    rows = [flag_row(found, name, outcome, key, f"{cut:g}") for name in ("false_positives", "missed_cases")]
    if any(row is None or math.isnan(row["estimate"]) for row in rows):
        return None
    well, missed = (round(row["estimate"]) for row in rows if row is not None)
    picked = round(1000 * cut)  # of people not seen a little more or less are flagged, by cuts of the others
    return picked, min(well, picked), min(missed, 1000 - picked)


def well_lines(study: Settings, book: Codebook, found: Found, outcome: str) -> list[str]:
    """Of children with a yes/no score: how many stay free of the outcome."""
    told = []
    for score in study.scores:
        row = flag_row(found, "flagged_well", outcome, score, "")
        if row is None or math.isnan(row["lower"]):
            continue
        scale = percent(row)
        told.append(
            say(
                "{score}: of 100 such children {well} ({range}) stay free of it ({outcome}).",
                score=well_words(score, book),
                well=scale.number(row["estimate"]),
                range=scale.limits(row),
                outcome=book.outcomes[outcome].label,
            )
        )
    return told


def spread_lines(study: Settings, book: Codebook, found: Found) -> list[str]:
    """What is left of the variance of each outcome when all that is known early is known."""
    key, told = study.models(book)[-1].key, []
    for outcome in study.outcomes:
        keys = {"outcome": outcome, "exposure": key, "reference": ELSE, "method": CROSS}
        row = found.estimate(estimand="residual_share", **keys)
        if row is None or math.isnan(row["lower"]):
            continue
        scale = percent(row)
        about = {
            "outcome": first_upper(book.outcomes[outcome].label),
            "share": scale.number(row["estimate"]),
            "range": scale.limits(row),
        }
        sd = found.estimate(estimand="residual_sd", **keys)
        if sd is None:
            told.append(
                say("{outcome}: of the differences between people, {share}% ({range}) are left unexplained.", **about)
            )
            continue
        told.append(
            say(
                "{outcome}: of the differences between people, {share}% ({range}) are left unexplained; children who "
                "are alike in all of this still differ by a standard deviation of {sd} {unit}.",
                sd=scale_of(sd).number(sd["estimate"]),
                unit=sd["unit"],
                **about,
            )
        )
    return told


def messages(study: Settings, book: Codebook, found: Found) -> list[str]:
    """Of the children at highest risk, how many stay free of the outcome, and how many others come to it."""
    told, key = [], study.models(book)[-1].key
    for outcome in study.outcomes:
        counted = _counted(study, book, found, outcome)
        row = flag_row(found, "flagged_well", outcome, key, f"{study.cuts[0]:g}") if counted else None
        if counted is None or row is None or math.isnan(row["lower"]):
            continue
        scale = percent(row)
        told.append(
            say(
                "{outcome}. If {cut} were flagged by what is known early, {well}% ({range}) of them would stay free of "
                "it, and {missed} of 1,000 children would come to it without a flag.",
                outcome=first_upper(book.outcomes[outcome].label),
                cut=flagged_words(study.cuts[0]),
                well=scale.number(row["estimate"]),
                range=scale.limits(row),
                missed=number(counted[2], 0),
            )
        )
    return told
