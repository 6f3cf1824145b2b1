"""Lorenz curves of use, a panel for every sector."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import Sector
from evenwicht.display.axes import POINTS, key, numbered
from evenwicht.display.language import say
from evenwicht.display.lettering import LINE, TEXT, wrapped
from evenwicht.display.picture import BLUE, GREY, WIDTH, Picture, style, told
from evenwicht.display.section import Found, where
from evenwicht.display.wording import number
from evenwicht.studies.concentration import Settings

COLUMNS = 2
PANEL = 0.38 * POINTS  # points: width and height of a panel
LETTERS = PANEL - 8  # points that a title may take


def lorenz_figure(curves: pd.DataFrame, book: Codebook, found: Found) -> Picture:
    """Draw a Lorenz curve for every sector with its band, beside the curve that chance alone gives for counts."""
    sectors = list(dict.fromkeys(curves["arm"]))
    rows = -(-len(sectors) // COLUMNS)
    with style():
        figure, axes = plt.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False, layout="constrained")
        titles = [wrapped(book.sectors[name].label, LETTERS, bold=True) for name in sectors]
        for axis in axes.flat[len(sectors) :]:
            axis.set_visible(False)
        for axis, name, title in zip(axes.flat, sectors, titles, strict=False):
            _panel(axis, where(curves, arm=name), book.sectors[name], name, found)
            axis.set_title("\n".join(title), linespacing=1.25)
        for axis in axes.flat[max(len(sectors) - COLUMNS, 0) : len(sectors)]:
            axis.tick_params(labelbottom=True)  # the lowest of its column
        axes_named = [say("Across: people from least to most use, %"), say("Upwards: their share of all use, %")]
        figure.supxlabel("\n".join(axes_named), fontsize=TEXT, linespacing=1.25)
        figure.get_layout_engine().set(w_pad=5 / 72, wspace=0.07)  # type: ignore[union-attr, call-arg]
        above = key(figure, *axes[0, 0].get_legend_handles_labels())
        tallest = sum(max(map(len, titles[k : k + COLUMNS])) for k in range(0, len(titles), COLUMNS))
        figure.set_size_inches(WIDTH, (above + rows * (PANEL + 24) + LINE * tallest + 44) / 72)
    return Picture(figure, say("Lorenz curves: {cohort}", cohort=book.title), _message(sectors, book, found))


def _panel(axis: Axes, line: pd.DataFrame, sector: Sector, name: str, found: Found) -> None:
    people = 100 * line["x"]
    axis.plot([0, 100], [0, 100], color=GREY, lw=0.8, label=say("Equal use"))
    axis.plot(people, 100 * line["null"], ":", color="black", lw=1.4, label=say("Chance alone (Poisson), of counts"))
    axis.fill_between(people, 100 * line["lower"], 100 * line["upper"], color=BLUE, alpha=0.25, lw=0)
    axis.plot(people, 100 * line["estimate"], color=BLUE, lw=1.6, label=say("Observed, with nominal 95% band"))
    axis.set(xlim=(0, 100), ylim=(0, 100), aspect="equal")
    for side in (axis.xaxis, axis.yaxis):
        numbered(side, [0, 50, 100])
    observed = found.estimate(estimand="gini", outcome=name)
    if observed:
        null = found.diagnostic(statistic="chance", method="poisson_null", outcome=name)
        words = [say("Gini {value}", value=number(observed["estimate"]))]
        words += [say("by chance {value}", value=number(null["value"]))] if null else []
        axis.text(4, 97, "\n".join(words), va="top", linespacing=1.25)


def _message(sectors: list[str], book: Codebook, found: Found) -> str:
    """Where use is spread most and least evenly."""
    known = {name: row["estimate"] for name in sectors if (row := found.estimate(estimand="gini", outcome=name))}
    if not known:
        return say("Lorenz curves of {sectors} sectors.", sectors=len(sectors))
    most, least = max(known, key=known.__getitem__), min(known, key=known.__getitem__)
    label = {name: book.sectors[name].label for name in known}
    clauses = [
        say("Use is most concentrated for {sector} (Gini {value})", sector=label[most], value=number(known[most]))
    ]
    if least != most:
        clauses.append(say("least for {sector} ({value})", sector=label[least], value=number(known[least])))
    return told(clauses)


def figures(study: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw the Lorenz curves of all sectors."""
    curves = found.curve("lorenz")
    return {"lorenz": lorenz_figure(curves, book, found)} if len(curves) else {}
