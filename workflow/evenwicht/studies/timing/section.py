"""What the report shows of timing: what the data choose, how sure that is, and what cannot be told apart."""

from collections.abc import Sequence
from math import isnan
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import Labels
from evenwicht.display.language import say
from evenwicht.display.section import Found, Method, Row, chosen
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import number, scale_of
from evenwicht.estimators.results import Z95
from evenwicht.results.rows import CHOSEN, NAIVE
from evenwicht.studies.timing import CHOICE, SELECTIVE, Settings

HEADING = "When in life it matters"
METHODS = {
    CHOICE: Method(
        "lasso path",
        "each hypothesis about timing is a column made of the exposures. Covariates are taken out of it and of the "
        "outcome. As the penalty of the lasso falls, hypotheses enter one after the other, the best one first.",
    ),
    SELECTIVE: Method(
        "slope, allowing for the choice",
        "the slope by the hypothesis that the data chose. Its interval holds the truth in 95% of the samples in which "
        "this hypothesis is chosen: it follows from the lasso at the penalty where a second one would enter.",
    ),
    NAIVE: Method(
        "slope, as if stated beforehand",
        "the same slope with the interval of somebody who had named the hypothesis before seeing the data. Where "
        "the choice was close it is too narrow, and is shown for comparison only.",
    ),
    "largest_t": Method(
        "largest of all t values",
        "how often the best of all hypotheses would fit as well as here if none had anything to do with the outcome.",
    ),
}
CLEAR = 0.05  # P value below which a choice is more than chance
RARE = 0.001  # chances below it are told as less than this
MOST_SHOWN = 6


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return what is chosen for each outcome, what fits nearly as well, and both in sentences."""
    labels = Labels(book, words=study.names(book))
    return {
        "table": choice_table(study, labels, found),
        "close": close_table(study, labels, found),
        "told": [text for name in study.outcomes for text in told(labels, found, name)],
    }


def messages(study: Settings, book: Codebook, found: Found) -> list[str]:
    """What the data choose for each outcome, and how sure that is."""
    labels = Labels(book, words=study.names(book))
    return [text for name in study.outcomes for text in told(labels, found, name)[:2]]


def choice_table(study: Settings, labels: Labels, found: Found) -> Table:
    """The first choice for each outcome, with both intervals, beside the truth."""
    columns = [
        Column("outcome", say("Outcome")),
        Column("chosen", say("The data choose"), names_row=True),
        Column("selective", say("Slope (95% interval that allows for the choice)"), number=True),
        Column("naive", say("As if stated beforehand"), number=True),
        Column("explained", say("Explains beyond covariates"), number=True),
        Column("truth", say("True slope"), number=True),
        Column("best", say("Truly the best")),
    ]
    lines = []
    for name in study.outcomes:
        row = found.estimate(outcome=name, method=SELECTIVE)
        naive = found.estimate(outcome=name, method=NAIVE, estimand="timing_slope")
        if row is None or naive is None:
            failed = found.estimate(outcome=name, estimand="timing_slope")
            if failed is not None:
                shown = scale_of(failed).with_interval(failed)
                lines.append({"outcome": labels.outcome(name), "chosen": "", "selective": shown})
            continue
        explained = found.estimate(outcome=name, estimand="partial_r_squared")
        scale = scale_of(row)
        lines.append(
            {
                "outcome": labels.outcome(name),
                "chosen": labels.contrast(row["exposure"], ""),
                "selective": scale.with_unit(row, sign=True),
                "naive": scale.with_interval(naive, sign=True),
                "explained": _percent(explained["estimate"]) if explained else "",
                "truth": "" if isnan(row["truth"]) else scale.signed(row["truth"]),
                "best": _truly_best(labels, found, name),
            }
        )
    caption = say(
        "The hypothesis that the data choose first. Slopes are differences in the outcome for each step of it, as it "
        "is coded, among people with the same covariates. The interval as if it was stated beforehand is too narrow "
        "where another hypothesis was close."
    )
    return Table("timing_choice", caption, columns, lines)


def _truly_best(labels: Labels, found: Found, outcome: str) -> str:
    """The hypothesis that is truly the best, where that is known."""
    rows = [row for row in _choices(found, outcome) if not isnan(row["truth"])]
    best = [labels.contrast(row["exposure"], "") for row in rows if row["truth"] == 1]
    return best[0] if best else say("none: it does nothing") if rows else ""


def close_table(study: Settings, labels: Labels, found: Found) -> Table:
    """The hypotheses that fit best alone, and how much each goes with the first choice."""
    columns = [
        Column("outcome", say("Outcome")),
        Column("hypothesis", say("Hypothesis"), names_row=True),
        Column("explained", say("Explains alone, beyond covariates"), number=True),
        Column("correlation", say("Correlation with the first choice"), number=True),
        Column("behind", say("Behind it, standard errors"), number=True),
    ]
    lines = []
    for name in study.outcomes:
        rows = chosen(found.diagnostic_rows, outcome=name, statistic="explained_alone")
        alike, behind = (_others(found, name, what) for what in ("correlation_with_first", "behind_first"))
        for row in sorted(rows, key=lambda one: -one["value"])[:MOST_SHOWN]:
            key = row["exposure"]
            lines.append(
                {
                    "outcome": labels.outcome(name),
                    "hypothesis": labels.contrast(key, ""),
                    "explained": _percent(row["value"]),
                    "correlation": number(alike[key], 2) if key in alike else say("chosen first"),
                    "behind": number(behind[key], 1) if key in behind else "",
                }
            )
    caption = say(
        "Each hypothesis alone: the {most} that fit best. One that is less than two standard errors behind the first "
        "choice cannot be told from it.",
        most=MOST_SHOWN,
    )
    return Table("timing_alone", caption, columns, lines)


def told(labels: Labels, found: Found, outcome: str) -> list[str]:
    """Say what is chosen for an outcome, whether that is more than chance, how large it is, and what is close."""
    row = found.estimate(outcome=outcome, method=SELECTIVE)
    chance = found.diagnostic(outcome=outcome, statistic="first_p_value")
    if row is None or chance is None:
        return []
    count = len(_choices(found, outcome))
    slots = {"outcome": labels.outcome(outcome), "hypothesis": labels.contrast(row["exposure"], "")}
    texts = [
        say("{outcome}: of {count} hypotheses about timing, the data choose “{hypothesis}”.", count=count, **slots),
        _chance(chance["value"]),
        say(
            "Its slope is {slope}; the range allows for the choice.",
            slope=scale_of(row).with_unit(row, sign=True),
        ),
    ]
    if not row["lower"] <= row["estimate"] <= row["upper"]:
        texts.append(say("The range leaves the slope itself out, as another hypothesis was all but chosen instead."))
    behind = _others(found, outcome, "behind_first")
    rivals = [labels.contrast(name, "") for name, errors in behind.items() if errors < Z95]
    if rivals:
        names = ", ".join(f"“{name}”" for name in rivals)
        texts.append(say("These fit so nearly as well that they cannot be told from it: {names}.", names=names))
    else:
        texts.append(say("No other hypothesis fits nearly as well."))
    return texts


def _chance(p_value: float) -> str:
    """Say how often the best hypothesis would fit as well by chance."""
    share = f"{number(100 * p_value, 1)}%"
    if p_value >= CLEAR:
        return say(
            "That is no more than chance gives: one hypothesis always fits best, and if none were true the best would "
            "fit as well in {share} of samples.",
            share=share,
        )
    if p_value < RARE:
        share = say("fewer than {share}", share=f"{number(100 * RARE, 1)}%")
    return say("If none were true, the best would fit as well in {share} of samples.", share=share)


def _choices(found: Found, outcome: str) -> Sequence[Row]:
    """Every hypothesis that was a candidate for an outcome."""
    rows = chosen(found.estimate_rows, outcome=outcome, estimand=CHOSEN)
    return [row for row in rows if not isnan(row["estimate"])]


def _others(found: Found, outcome: str, statistic: str) -> dict[str, float]:
    """A statistic of each hypothesis that was not chosen first, the best fitting one first."""
    rows = chosen(found.diagnostic_rows, outcome=outcome, statistic=statistic)
    explained = chosen(found.diagnostic_rows, outcome=outcome, statistic="explained_alone")
    order = {row["exposure"]: -row["value"] for row in explained}
    return {row["exposure"]: row["value"] for row in sorted(rows, key=lambda one: order[one["exposure"]])}


def _percent(share: float) -> str:
    return f"{number(100 * share, 1)}%"
