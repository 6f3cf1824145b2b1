"""Lorenz curves of use with people ranked by a score as well, and which sectors people have high need in at once."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evenwicht.base.codebook import Codebook
from evenwicht.display.axes import POINTS, key, numbered, round_ticks
from evenwicht.display.language import say
from evenwicht.display.lettering import LINE, TEXT, wrapped
from evenwicht.display.picture import BLUE, GREY, ORANGE, RULE, WIDTH, Picture, style, told
from evenwicht.display.section import Found, where
from evenwicht.display.wording import number
from evenwicht.studies.concentration import Settings

COLUMNS = 2
PANEL = 0.38 * POINTS  # points: width and height of a panel
LETTERS = PANEL - 8  # points that a title may take
NAMES = 0.36 * POINTS  # points that the name of a sector may take beside its dots
BARS = 120.0  # points: height of the bars above them
MOST_NAMED = 3  # sectors in an alternative text


def lorenz_figure(curves: pd.DataFrame, ranked: pd.DataFrame, book: Codebook, found: Found) -> Picture:
    """Draw each sector with people ranked by use and by a score, each beside what chance alone gives."""
    sectors = list(dict.fromkeys(curves["arm"]))
    rows = -(-len(sectors) // COLUMNS)
    with style():
        figure, axes = plt.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False, layout="constrained")
        titles = [wrapped(book.sectors[name].label, LETTERS, bold=True) for name in sectors]
        for axis in axes.flat[len(sectors) :]:
            axis.set_visible(False)
        for axis, name, title in zip(axes.flat, sectors, titles, strict=False):
            _ranked_by_risk(axis, where(ranked, arm=name))
            _panel(axis, where(curves, arm=name), name, found)
            axis.set_title("\n".join(title), linespacing=1.25)
        for axis in axes.flat[max(len(sectors) - COLUMNS, 0) : len(sectors)]:
            axis.tick_params(labelbottom=True)  # the lowest of its column
        axes_named = [
            say("Across: people ranked by use or by score, %"),
            say("Upwards: their share of all use, %"),
        ]
        figure.supxlabel("\n".join(axes_named), fontsize=TEXT, linespacing=1.25)
        figure.get_layout_engine().set(w_pad=5 / 72, wspace=0.07)  # type: ignore[union-attr, call-arg]
        above = key(figure, *axes[0, 0].get_legend_handles_labels())
        tallest = sum(max(map(len, titles[k : k + COLUMNS])) for k in range(0, len(titles), COLUMNS))
        figure.set_size_inches(WIDTH, (above + rows * (PANEL + 24) + LINE * tallest + 44) / 72)
    return Picture(figure, say("Lorenz curves: {cohort}", cohort=book.title), _message(sectors, book, found))


def _ranked_by_risk(axis: Axes, line: pd.DataFrame) -> None:
    """Use of people from the lowest to the highest score, on the band that chance gives if it tells nothing."""
    if line.empty:
        return
    people = 100 * line["x"]
    nothing = say("95% of chance, if the score tells nothing")
    axis.fill_between(people, 100 * line["null_lower"], 100 * line["null_upper"], color=RULE, lw=0, label=nothing)
    axis.fill_between(people, 100 * line["lower"], 100 * line["upper"], color=ORANGE, alpha=0.25, lw=0)
    axis.plot(people, 100 * line["estimate"], "--", color=ORANGE, lw=1.6, label=say("Ranked by score, with 95% band"))


def _panel(axis: Axes, line: pd.DataFrame, name: str, found: Found) -> None:
    people = 100 * line["x"]
    axis.plot([0, 100], [0, 100], color=GREY, lw=0.8, label=say("Equal use"))
    axis.plot(people, 100 * line["null"], ":", color="black", lw=1.4, label=say("Chance alone (Poisson), of counts"))
    axis.fill_between(people, 100 * line["lower"], 100 * line["upper"], color=BLUE, alpha=0.25, lw=0)
    axis.plot(people, 100 * line["estimate"], color=BLUE, lw=1.6, label=say("Ranked by use, with nominal 95% band"))
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


def together_figure(found: Found, book: Codebook) -> Picture | None:
    """Draw which sectors people have high need in at once, beside chance (an UpSet plot); None if nothing is shown.

    Source: Lex et al. 2014, IEEE Transactions on Visualization and Computer Graphics 20:1983.
    """
    curve = found.curve("together")
    if curve.empty:
        return None
    places = curve.drop_duplicates("x").sort_values("x")
    sectors = [name for name in book.sectors if name in set(curve["arm"])]
    labels = [wrapped(book.sectors[name].label, NAMES) for name in sectors]
    heights = [LINE * len(label) + 5 for label in labels]
    below = sum(heights) + 6
    with style():
        figure = plt.figure(layout=None)
        width, left = WIDTH * 72, NAMES + 12
        above = key(figure, *_together_key())
        total = above + BARS + below + 24
        figure.set_size_inches(WIDTH, total / 72)
        across = (left / width, (width - left - 4) / width)
        bars = figure.add_axes((across[0], (below + 10) / total, across[1], BARS / total))
        dots = figure.add_axes((across[0], 4 / total, across[1], below / total))
        bars.bar(places["x"], places["estimate"], color=BLUE, width=0.6)
        for x, chance in zip(places["x"], places["null"], strict=True):
            bars.plot([x - 0.4, x + 0.4], [chance, chance], color="black", lw=1.8)
        bars.set(xlim=(-0.6, len(places) - 0.4), xticks=[])
        bars.set_title(say("Of 1,000 people"), fontweight="normal", loc="left")
        numbered(bars.yaxis, round_ticks(0, max(places["estimate"].max(), places["null"].max())))
        centres, y = {}, 0.0
        for name, label, height in zip(sectors, labels, heights, strict=True):
            centres[name] = y + height / 2
            dots.text(-0.9, centres[name], "\n".join(label), ha="right", va="center", linespacing=1.25)
            y += height
        for x in places["x"]:
            dots.plot(np.full(len(sectors), x), list(centres.values()), "o", color=RULE, ms=6)
        for x in places["x"]:
            inside = [centres[name] for name in sectors if name in set(curve.loc[curve["x"] == x, "arm"])]
            dots.plot(np.full(len(inside), x), inside, "o-", color="black", ms=6, lw=1.6)
        dots.set(xlim=bars.get_xlim(), ylim=(y, 0))
        dots.axis("off")
    return Picture(figure, say("High need at once: {cohort}", cohort=book.title), _together_alt(curve, places, book))


def _together_key() -> tuple[list[Artist], list[str]]:
    seen = Patch(color=BLUE)
    chance = Line2D([], [], color="black", lw=1.8)
    return [seen, chance], [say("Seen"), say("By chance, if sectors had nothing to do with each other")]


def _together_alt(curve: pd.DataFrame, places: pd.DataFrame, book: Codebook) -> str:
    """The combination of several sectors that most people have."""
    sizes = curve.groupby("x")["arm"].nunique()
    several = places[places["x"].map(sizes) > 1]
    if several.empty:
        return say("High need in {count} combinations of sectors, beside chance.", count=len(places))
    first = several.iloc[0]
    names = [book.sectors[name].label for name in curve.loc[curve["x"] == first["x"], "arm"]]
    if len(names) > MOST_NAMED:
        return say(
            "The combination of several sectors that most people have is one of {count}: {seen} of 1,000, {chance} by "
            "chance.",
            count=len(names),
            seen=number(first["estimate"], 1),
            chance=number(first["null"], 1),
        )
    return say(
        "The combination of several that most people have: {names}. {seen} of 1,000 people, {chance} by chance.",
        names=", ".join(names),
        seen=number(first["estimate"], 1),
        chance=number(first["null"], 1),
    )


def figures(_: Settings, book: Codebook, found: Found) -> dict[str, Picture]:
    """Draw the curves of all sectors, and which of them people have high need in at once."""
    drawn = {}
    curves = found.curve("lorenz")
    if len(curves):
        drawn["lorenz"] = lorenz_figure(curves, found.curve("by_risk"), book, found)
    together = together_figure(found, book)
    if together is not None:
        drawn["together"] = together
    return drawn
