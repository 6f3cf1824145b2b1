"""What the report shows of a prediction: the ladder of areas, who would be flagged, and what is left unexplained."""

import math
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import ContinuousOutcome, MultiSectorOutcome
from evenwicht.display.dots import Dots, dots_key, dots_svg
from evenwicht.display.labels import Labels, first_upper
from evenwicht.display.language import say
from evenwicht.display.section import Found, Method, Row
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import Scale, decimals, number, scale_of
from evenwicht.results.questions import NO_SECTOR
from evenwicht.studies.prediction import ELSE, Settings, flagged_words, well_words

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
CROSS, APPARENT, DELONG, OBSERVED = "cross_validated", "apparent", "delong", "observed"
FOUND, WELL, MISSED, REST = "#0072B2", "#56B4E9", "#D55E00", "#949494"
RISKS = (
    "calibration_slope",
    "calibration_in_the_large",
    "brier_score",
    "r_squared",
    "liability_r_squared",
    "tjur_r_squared",
)


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


def _labels(study: Settings, book: Codebook) -> Labels:
    return Labels(book, study.labels(book), {}, study.names(book))


def _binary(study: Settings, book: Codebook) -> list[str]:
    return [name for name in study.outcomes if not isinstance(book.outcomes[name], ContinuousOutcome)]


def ladder_table(study: Settings, book: Codebook, found: Found) -> Table:
    """The area under the curve of each model, and what scores add to the covariates."""
    columns = [
        Column("outcome", say("Outcome")),
        Column("model", say("What is known"), names_row=True),
        Column("auc", say("AUC, of people not seen (95% interval)"), number=True),
        Column("truth", say("True AUC"), number=True),
        Column("delong", say("The score as it is (DeLong)"), number=True),
        Column("apparent", say("AUC in-sample"), number=True),
        Column("gain", say("Gain over covariates"), number=True),
        Column("gain_truth", say("True gain"), number=True),
        Column("extremes", say("AUC without the middle groups"), number=True),
        Column("extremes_truth", say("True AUC without them"), number=True),
    ]
    lines, names = [], study.model_names(book)
    for outcome in _binary(study, book):
        for key, name in names.items():
            keys = {"outcome": outcome, "exposure": key}
            cells = {"outcome": book.outcomes[outcome].label, "model": name}
            cells |= _pair(found, "auc", "truth", {**keys, "reference": ELSE, "estimand": "auc", "method": CROSS})
            for method in (APPARENT, DELONG):
                row = found.estimate(reference=ELSE, estimand="auc", method=method, **keys)
                cells[method] = "" if row is None else _area(row, alone=method == APPARENT)
            gain = {**keys, "reference": ELSE, "estimand": "auc_increment", "method": CROSS}
            cells |= _pair(found, "gain", "gain_truth", gain, sign=True)
            extremes = {**keys, "reference": NO_SECTOR, "estimand": "auc", "method": CROSS}
            cells |= _pair(found, "extremes", "extremes_truth", extremes)
            lines.append(cells)
    caption = say(
        "The AUC is the chance that of two children, one who comes to the outcome and one who does not, the model "
        "gives the first the higher risk: 0.5 is a coin, 1 is always right. It is not the share of children told right."
    )
    return Table("prediction_ladder", caption, columns, lines)


def _pair(found: Found, name: str, truth: str, keys: dict[str, str], *, sign: bool = False) -> dict[str, str]:
    """An estimate and its true value; the reason where it failed."""
    row = found.estimate(**keys)
    if row is None:
        failed = found.estimate(**{**keys, "method": "none"})
        return {name: scale_of(failed).with_interval(failed)} if failed and keys["estimand"] == "auc" else {}
    scale = Scale(1.0, "", max(2, decimals(row)))
    return {
        name: scale.with_interval(row, sign=sign),
        truth: (scale.signed if sign else scale.number)(row["truth"]),
    }


def _area(row: Row, *, alone: bool) -> str:
    scale = Scale(1.0, "", 2 if alone else max(2, decimals(row)))
    return scale.number(row["estimate"]) if alone else scale.with_interval(row)


def flags_table(study: Settings, book: Codebook, found: Found) -> Table:
    """What it would do to flag a share of children at each cut, per 1,000."""
    columns = [
        Column("outcome", say("Outcome")),
        Column("model", say("What is known"), names_row=True),
        Column("cut", say("Flagged")),
        Column("well", say("Of 100 flagged, stay free of it"), number=True),
        Column("truth", say("True value"), number=True),
        Column("found", say("Of 100 who come to it, flagged"), number=True),
        Column("false", say("Of 1,000, flagged but free of it"), number=True),
        Column("missed", say("Of 1,000, not flagged but come to it"), number=True),
        Column("benefit", say("Net benefit"), number=True),
        Column("everybody", say("Net benefit of flagging all"), number=True),
    ]
    lines, names = [], study.model_names(book)
    for outcome in _binary(study, book):
        for key, name in names.items():
            for at in ["", *(f"{cut:g}" for cut in study.cuts)]:
                row = _row(found, "flagged_well", outcome, key, at)
                if row is None:
                    continue
                others = {
                    what: _row(found, estimand, outcome, key, at)
                    for what, estimand in {
                        "found": "sensitivity",
                        "false": "false_positives",
                        "missed": "missed_cases",
                        "benefit": "net_benefit",
                        "everybody": "net_benefit_all",
                    }.items()
                }
                percent = _percent(row)
                lines.append(
                    {
                        "outcome": book.outcomes[outcome].label,
                        "model": name,
                        "cut": flagged_words(float(at)) if at else say("those with it"),
                        "well": percent.with_interval(row),
                        "truth": percent.number(row["truth"]),
                        "found": _percent(others["found"]).with_interval(others["found"]) if others["found"] else "",
                        "false": _whole(others["false"]),
                        "missed": _whole(others["missed"]),
                        "benefit": _benefit(others["benefit"]),
                        "everybody": _benefit(others["everybody"]),
                    }
                )
    caption = say(
        "If the children at highest risk were flagged. Net benefit counts those found, less those flagged for nothing "
        "at the odds of the risk at the cut; flagging nobody has 0."
    )
    return Table("prediction_flags", caption, columns, lines)


def _row(found: Found, estimand: str, outcome: str, key: str, at: str) -> Row | None:
    method = CROSS if at else OBSERVED
    return found.estimate(outcome=outcome, exposure=key, reference=ELSE, at=at, estimand=estimand, method=method)


def _percent(row: Row) -> Scale:
    return Scale(100.0, "", max(0, decimals(row, 100.0) - 1))


def _whole(row: Row | None) -> str:
    return Scale(1.0, "", 0).with_interval(row) if row else ""


def _benefit(row: Row | None) -> str:
    return number(row["estimate"], 3) if row else ""


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
    if outcome not in _binary(study, book):
        return None
    cut, key = study.cuts[0], study.models(book)[-1].key
    rows = [_row(found, name, outcome, key, f"{cut:g}") for name in ("false_positives", "missed_cases")]
    if any(row is None or math.isnan(row["estimate"]) for row in rows):
        return None
    well, missed = (round(row["estimate"]) for row in rows if row is not None)
    return round(1000 * cut), well, missed


def well_lines(study: Settings, book: Codebook, found: Found, outcome: str) -> list[str]:
    """Of children with a yes/no score: how many stay free of the outcome."""
    told = []
    for score in study.scores:
        row = _row(found, "flagged_well", outcome, score, "")
        if row is None or math.isnan(row["lower"]):
            continue
        scale = _percent(row)
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


def risks_table(study: Settings, book: Codebook, found: Found) -> Table:
    """Whether risks come true, and how much of the variance they take, by model."""
    columns = [
        Column("outcome", say("Outcome")),
        Column("model", say("What is known"), names_row=True),
        Column("calibration_slope", say("Slope (1: right)"), number=True),
        Column("calibration_in_the_large", say("Log odds too low on average (0: right)"), number=True),
        Column("brier_score", say("Brier score"), number=True),
        Column("r_squared", say("Explained variance, %"), number=True),
        Column("liability_r_squared", say("On the liability scale, %"), number=True),
        Column("tjur_r_squared", say("Tjur, %"), number=True),
    ]
    lines = []
    for outcome in _binary(study, book):
        for key, name in study.model_names(book).items():
            cells = {"outcome": book.outcomes[outcome].label, "model": name}
            for estimand in RISKS:
                row = found.estimate(outcome=outcome, exposure=key, reference=ELSE, estimand=estimand, method=CROSS)
                if row is None:
                    continue
                scale = _percent(row) if estimand.endswith("r_squared") else scale_of(row)
                cells[estimand] = scale.with_interval(row)
            lines.append(cells)
    caption = say("Of people not seen: whether predicted risks come true, and how much of the outcome they take.")
    return Table("prediction_risks", caption, columns, lines)


def spread_lines(study: Settings, book: Codebook, found: Found) -> list[str]:
    """What is left of the variance of each outcome when all that is known early is known."""
    key, told = study.models(book)[-1].key, []
    for outcome in study.outcomes:
        keys = {"outcome": outcome, "exposure": key, "reference": ELSE, "method": CROSS}
        row = found.estimate(estimand="residual_share", **keys)
        if row is None or math.isnan(row["lower"]):
            continue
        scale = _percent(row)
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
        row = _row(found, "flagged_well", outcome, key, f"{study.cuts[0]:g}") if counted else None
        if counted is None or row is None or math.isnan(row["lower"]):
            continue
        scale = _percent(row)
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
