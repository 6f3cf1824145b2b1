"""Tables of a prediction: areas under the curve, what flagging does, and whether risks come true."""

from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import ContinuousOutcome
from evenwicht.display.labels import first_upper
from evenwicht.display.language import say
from evenwicht.display.section import Found, Row
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import Scale, decimals, number, scale_of
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.results.questions import NO_SECTOR
from evenwicht.results.rows import FAILED
from evenwicht.studies.prediction import ELSE, Settings, flagged_words

CROSS, APPARENT, DELONG, OBSERVED = "cross_validated", "apparent", "delong", "observed"
RISKS = (
    "calibration_slope",
    "calibration_in_the_large",
    "brier_score",
    "r_squared",
    "liability_r_squared",
    "tjur_r_squared",
)


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
    for outcome in yes_no_outcomes(study, book):
        for key, name in names.items():
            keys = {"outcome": outcome, "exposure": key}
            cells = {"outcome": _named(study, book, outcome), "model": name}
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
    return Table("prediction_ladder", _captioned(study, book, caption), columns, lines)


def _pair(found: Found, name: str, truth: str, keys: dict[str, str], *, sign: bool = False) -> dict[str, str]:
    """An estimate and its true value; the reason where it failed."""
    row = found.estimate(**keys)
    if row is None:
        failed = found.estimate(**{**keys, "method": FAILED})
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
    for outcome in yes_no_outcomes(study, book):
        for key, name in names.items():
            for at in ["", *(f"{cut:g}" for cut in study.cuts)]:
                row = flag_row(found, "flagged_well", outcome, key, at)
                if row is None:
                    continue
                others = {
                    what: flag_row(found, estimand, outcome, key, at)
                    for what, estimand in {
                        "found": "sensitivity",
                        "false": "false_positives",
                        "missed": "missed_cases",
                        "benefit": "net_benefit",
                        "everybody": "net_benefit_all",
                    }.items()
                }
                scale = percent(row)
                lines.append(
                    {
                        "outcome": _named(study, book, outcome),
                        "model": name,
                        "cut": flagged_words(float(at)) if at else say("those with it"),
                        "well": scale.with_interval(row),
                        "truth": scale.number(row["truth"]),
                        "found": percent(others["found"]).with_interval(others["found"]) if others["found"] else "",
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
    return Table("prediction_flags", _captioned(study, book, caption), columns, lines)


def flag_row(found: Found, estimand: str, outcome: str, key: str, at: str) -> Row | None:
    method = CROSS if at else OBSERVED
    return found.estimate(outcome=outcome, exposure=key, reference=ELSE, at=at, estimand=estimand, method=method)


def percent(row: Row) -> Scale:
    return Scale(100.0, "", max(0, decimals(row, 100.0) - 1))


def _whole(row: Row | None) -> str:
    return Scale(1.0, "", 0).with_interval(row) if row else ""


def _benefit(row: Row | None) -> str:
    return number(row["estimate"], 3) if row else ""


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
    for outcome in yes_no_outcomes(study, book):
        for key, name in study.model_names(book).items():
            cells = {"outcome": _named(study, book, outcome), "model": name}
            for estimand in RISKS:
                row = found.estimate(outcome=outcome, exposure=key, reference=ELSE, estimand=estimand, method=CROSS)
                if row is None:
                    continue
                scale = percent(row) if ESTIMANDS[estimand].kind == "probability" else scale_of(row)
                cells[estimand] = scale.with_interval(row)
            lines.append(cells)
    caption = say("Of people not seen: whether predicted risks come true, and how much of the outcome they take.")
    return Table("prediction_risks", _captioned(study, book, caption), columns, lines)


def yes_no_outcomes(study: Settings, book: Codebook) -> list[str]:
    return [name for name in study.outcomes if not isinstance(book.outcomes[name], ContinuousOutcome)]


def _named(study: Settings, book: Codebook, outcome: str) -> str:
    """What the outcome of a line is called; nothing if all lines have the same, which the caption names."""
    return book.outcomes[outcome].label if len(yes_no_outcomes(study, book)) > 1 else ""


def _captioned(study: Settings, book: Codebook, caption: str) -> str:
    names = yes_no_outcomes(study, book)
    return f"{first_upper(book.outcomes[names[0]].label)}. {caption}" if len(names) == 1 else caption
