"""Figures of the worlds: the causal graph of each, and who took part at each wave."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.text import Text
from statsmodels.stats.proportion import proportion_confint

from evenwicht.config import CohortConfig
from evenwicht.report.picture import BLUE, GREY, ORANGE, Picture, style


def graph_figure(graph: dict[str, list[str]], config: CohortConfig) -> Picture:
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
            text = textwrap.fill(name.replace("_", " "), 15)
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
    return Picture(figure, f"Causal graph: {config.title}", " ".join(sentences).replace("_", " "))


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


def attrition_figure(attrition: pd.DataFrame, titles: dict[str, str]) -> Picture:
    """Draw the share assessed at each wave of each cohort with 95% Wilson intervals, and published shares beside.

    Parameters
    ----------
    attrition
        The attrition table.
    titles
        Title of each cohort by name.
    """
    names = [name for name in titles if (attrition["cohort"] == name).any()]
    columns = 2
    rows = max(1, -(-len(names) // columns))
    sentences = [] if names else ["No cohort of this run has waves."]
    with style():
        figure, axes = plt.subplots(rows, columns, figsize=(8, 2.3 * rows), squeeze=False, layout="constrained")
        for axis in axes.flat[len(names) :]:
            axis.axis("off")
        for axis, name in zip(axes.flat, names, strict=False):
            waves = attrition[attrition["cohort"] == name]
            share = waves["percent_assessed"].to_numpy(float)
            low, high = proportion_confint(waves["assessed"], waves["due"], method="wilson")
            error = np.abs(np.vstack([100 * np.asarray(low), 100 * np.asarray(high)]) - share)
            place = np.arange(len(waves))
            axis.errorbar(place, share, error, fmt="o", ms=4, color=BLUE, capsize=2, label="This cohort")
            if waves["published_percent"].notna().any():
                axis.plot(place, waves["published_percent"], "x", color=ORANGE, ms=6, label="Published")
                axis.legend(frameon=False, fontsize=8, loc="lower left")
            axis.set_xticks(place, [textwrap.fill(wave.replace("_", " "), 11) for wave in waves["wave"]], fontsize=8)
            axis.set_xlim(-0.5, len(waves) - 0.5)
            axis.set_ylim(0, 104)
            axis.set_title(textwrap.fill(titles[name], 44))
            axis.set_ylabel("Assessed, %")
            told = ", ".join(f"{wave} {value:.0f}%" for wave, value in zip(waves["wave"], share, strict=True))
            sentences.append(f"{titles[name]}: {told}.".replace("_", " "))
        for axis in axes[-1]:
            axis.set_xlabel("Wave")
    return Picture(figure, "Who took part at each wave", " ".join(sentences))
