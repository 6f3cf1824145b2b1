"""What the report shows of concentration: Lorenz curves, and every statistic beside what chance alone gives."""

import math
import textwrap
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd

from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import Sector
from evenwicht.display.language import message, say
from evenwicht.display.picture import BLUE, GREY, Picture, style
from evenwicht.display.section import Found, Method, Row, records, where
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import Scale, decimals, number, scale_of
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.studies.concentration import Settings

HEADING = "Concentration of use"
METHODS = {
    "observed": Method("observed", "statistics of use as recorded."),
    "poisson_null": Method("Poisson count of the same mean", "what chance gives if everybody has the same rate."),
    "permutation_null": Method("shuffles over people", "what chance gives if each sector is shuffled over people."),
}
SHOWN = ("gini", "group_share", "group_use_share")  # those beside which chance has a value
KEYS = ("outcome", "exposure", "reference", "at")
COLUMNS = 4


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw the Lorenz curves of all sectors."""
    curves = found.curve("lorenz")
    return {"lorenz": lorenz_figure(curves, book, found)} if len(curves) else {}


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return each statistic beside what chance alone gives, and the excess."""
    columns = [
        Column("estimand", say("Statistic")),
        Column("what", say("Sector or group"), names_row=True),
        Column("observed", say("Observed (interval)"), number=True),
        Column("chance", say("Chance alone"), number=True),
        Column("excess", say("Excess"), number=True),
        Column("truth", say("True value"), number=True),
    ]
    caption = say(
        "Concentration beside chance. Intervals are nominal 95% ones; where a heavy tail makes one too short, it says how "
        "often it covers. For shuffles, the bracket is the range of 95% of them."
    )
    return {"table": Table("concentration", caption, columns, concentration_lines(study, book, found))}


def concentration_lines(study: Settings, book: Codebook, found: Found) -> list[dict[str, str]]:
    """Return each concentration statistic beside what chance alone gives, and the excess.

    Only counts have a value under chance for their Gini coefficient; elsewhere the line says what is measured instead.
    An interval that is known to be too short says so, and never passes as one of 95%.
    """
    lines = []
    observed = records(where(found.estimates, estimand=SHOWN, method="observed"))
    sectors = len({row["outcome"] for row in observed if row["outcome"] in book.sectors})
    for row in observed:
        sector, scale = book.sectors.get(row["outcome"]), scale_of(row)
        null = found.diagnostic(statistic="chance", **{key: row[key] for key in KEYS})
        group = say("High need in {least} or more of {all} sectors", least=study.at_least, all=sectors)
        lines.append(
            {
                "estimand": say(ESTIMANDS[row["estimand"]].label),
                "what": sector.label if sector else group,
                "observed": with_caveat(row, found),
                "chance": _chance(null, row) if null else no_null(sector),
                "excess": scale.signed(row["estimate"] - null["value"]) if null else "",
                "truth": scale.number(row["truth"]),
            }
        )
    return lines


def messages(study: Settings, book: Codebook, found: Found) -> list[str]:
    """How many people have high need in several sectors, beside chance."""
    rows = records(where(found.estimates, estimand="group_share", method="observed"))
    told = []
    for row in rows:
        null = found.diagnostic(statistic="chance", **{key: row[key] for key in KEYS})
        if null is None or math.isnan(row["lower"]):
            continue
        per = Scale(1000.0, "", decimals(row, 1000.0))
        told.append(
            say(
                "Of 1,000 people, {share} ({range}) have high need in {least} or more sectors at once; if sectors had "
                "nothing to do with each other, {chance} would.",
                share=per.number(row["estimate"]),
                range=per.limits(row),
                least=study.at_least,
                chance=per.number(null["value"]),
            )
        )
    return told


NOT_COUNTED = {
    "money": message("none: money is not counted"),
    "duration": message("none: a duration is not counted"),
    "quantity": message("none: a quantity is not counted"),
}


def no_null(sector: Sector | None) -> str:
    """Say why a statistic has no value under chance."""
    return say(NOT_COUNTED[sector.measures]) if sector and sector.measures in NOT_COUNTED else say("none")


def with_caveat(row: Row, found: Found) -> str:
    """Write an observed statistic with its interval, and with what qualifies the interval."""
    text = scale_of(row).with_interval(row)
    caveat = found.diagnostic(statistic=f"coverage_{row['estimand']}", **{key: row[key] for key in KEYS})
    return f"{text}; {caveat['note']}" if caveat else text


def _chance(null: Row, observed: Row) -> str:
    told = {**null, "estimate": null["value"], "estimand": observed["estimand"]}
    scale = scale_of(told)
    return scale.number(null["value"]) if pd.isna(null["lower"]) else scale.with_interval(told)


def lorenz_figure(curves: pd.DataFrame, book: Codebook, found: Found) -> Picture:
    """Draw a Lorenz curve for every sector with its band, beside the curve that chance alone gives for counts."""
    sectors = list(dict.fromkeys(curves["arm"]))
    rows = -(-len(sectors) // COLUMNS)
    sentences = []
    with style():
        figure, axes = plt.subplots(
            rows,
            COLUMNS,
            figsize=(7.4, 2.25 * rows + 0.5),
            sharex=True,
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for axis in axes.flat[len(sectors) :]:
            axis.set_visible(False)
        for axis, name in zip(axes.flat, sectors, strict=False):
            line, sector = where(curves, arm=name), book.sectors[name]
            people = 100 * line["x"]
            axis.plot([0, 100], [0, 100], color=GREY, lw=0.8, label="Equal use")
            axis.plot(people, 100 * line["null"], ":", color="black", lw=1.4, label="Chance alone (Poisson), of counts")
            axis.fill_between(people, 100 * line["lower"], 100 * line["upper"], color=BLUE, alpha=0.25, lw=0)
            axis.plot(people, 100 * line["estimate"], color=BLUE, lw=1.6, label="Observed, with nominal 95% band")
            observed = found.estimate(estimand="gini", outcome=name)
            null = found.diagnostic(statistic="chance", method="poisson_null", outcome=name)
            if null:
                below, sentence = f"chance {number(null['value'])}", f"chance alone {number(null['value'])}"
            else:
                below, sentence = f"chance: none\n({sector.measures})", f"no value for chance, as {no_null(sector)}"
            axis.set_title(textwrap.fill(sector.label, 22), fontsize=8.5)
            if observed:
                axis.text(4, 96, f"Gini {number(observed['estimate'])}\n{below}", va="top", fontsize=8.5)
                sentences.append(f"{sector.label}: Gini {with_caveat(observed, found)}, {sentence}.")
            axis.set(xlim=(0, 100), ylim=(0, 100), xticks=[0, 50, 100], yticks=[0, 50, 100], aspect="equal")
        figure.supxlabel("People, from least to most use, %", fontsize=10)
        figure.supylabel("Cumulative use, %", fontsize=10)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=3, frameon=False, fontsize=9)
    return Picture(figure, f"Lorenz curves: {book.title}", " ".join(sentences))
