"""Figures of the worlds: the causal graph of each, and who took part at each wave."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.text import Text
from statsmodels.stats.proportion import proportion_confint

from evenwicht.display.labels import spoken
from evenwicht.display.picture import BLUE, GREY, ORANGE, Picture, style


def graph_figure(graph: dict[str, list[str]], title: str) -> Picture:
    """Draw the causal graph of a world: causes above what they cause, an arrow for every direct cause."""
    depth: dict[str, int] = {}
    for name, causes in graph.items():  # a model lists causes before effects
        depth[name] = 1 + max((depth[cause] for cause in causes), default=-1)
    places, widest = _places(graph, depth)
    rows = 1 + max(depth.values())
    with style():
        figure, axis = plt.subplots(figsize=(max(1.4 * widest, 4.0), 0.78 * rows))

        def label(name: str, zorder: float) -> Text:
            box = {"boxstyle": "round,pad=0.3", "facecolor": "#eef2f7" if graph[name] else "white", "edgecolor": BLUE}
            text = textwrap.fill(spoken(name), 15)
            return axis.text(*places[name], text, ha="center", va="center", fontsize=8, bbox=box, zorder=zorder)

        # a box has its size once it is drawn: below the arrows, which end at its edge, and again above them
        boxes = {name: label(name, 0).get_bbox_patch() for name in graph}
        for name, causes in graph.items():
            label(name, 3)
            for cause in causes:
                arrow = {
                    "arrowstyle": "-|>",
                    "color": GREY,
                    "lw": 0.6,
                    "alpha": 0.7,
                    "patchA": boxes[cause],
                    "patchB": boxes[name],
                    "connectionstyle": "arc3,rad=0" if depth[name] - depth[cause] == 1 else "arc3,rad=0.12",
                }
                axis.annotate("", xy=places[name], xytext=places[cause], arrowprops=arrow, zorder=1)
        axis.set(xlim=(-0.6, widest - 0.4), ylim=(0.5 - rows, 0.5))
        axis.axis("off")
    sentences = [
        f"{name} depends on {', '.join(causes)}." if causes else f"{name} has no cause in the model."
        for name, causes in graph.items()
    ]
    return Picture(figure, f"Causal graph: {title}", spoken(" ".join(sentences)))


def _places(graph: dict[str, list[str]], depth: dict[str, int]) -> tuple[dict[str, tuple[float, float]], int]:
    """Places by layer, and the size of the largest layer.

    Each layer is in the order of the mean place of its causes, so that arrows cross little (Sugiyama et al. 1981).
    """
    layers = [[name for name in graph if depth[name] == layer] for layer in range(1 + max(depth.values()))]
    widest = max(map(len, layers))
    places: dict[str, tuple[float, float]] = {}
    for layer, names in enumerate(layers):
        if layer:
            names.sort(key=lambda name: np.mean([places[cause][0] for cause in graph[name]]))
        step = widest / len(names)
        places |= {name: ((k + 0.5) * step - 0.5, -float(layer)) for k, name in enumerate(names)}
    return places, widest


def attrition_figure(waves: pd.DataFrame, title: str) -> Picture:
    """Draw the share assessed at each wave of a cohort with 95% Wilson intervals, and published shares beside.

    Parameters
    ----------
    waves
        The rows of the cohort in the attrition table.
    title
        Title of the cohort.
    """
    share, names = waves["percent_assessed"].to_numpy(float), [spoken(wave) for wave in waves["wave"]]
    assessed, due = (waves[name].to_numpy(float) for name in ("assessed", "due"))
    low, high = proportion_confint(assessed, due, method="wilson")
    error = np.abs(np.vstack([100 * np.asarray(low), 100 * np.asarray(high)]) - share)
    place = np.arange(len(waves))
    with style():
        figure, axis = plt.subplots(figsize=(7.4, 2.6), layout="constrained")
        axis.errorbar(place, share, error, fmt="o", ms=4, color=BLUE, capsize=2, label="This cohort")
        if waves["published_percent"].notna().any():
            axis.plot(place, waves["published_percent"], "x", color=ORANGE, ms=6, label="Published")
            axis.legend(frameon=False, fontsize=8, loc="lower left")
        axis.set_xticks(place, [textwrap.fill(name, 11) for name in names], fontsize=8)
        axis.set(xlim=(-0.5, len(waves) - 0.5), ylim=(0, 104), xlabel="Wave", ylabel="Assessed, %")
    told = ", ".join(f"{name} {value:.0f}%" for name, value in zip(names, share, strict=True))
    return Picture(figure, f"Who took part at each wave: {title}", f"{title}: {told}.")
