"""Figures: one width, text that a telephone can show, and bytes that follow from the numbers alone."""

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from evenwicht.base.codebook import Codebook
from evenwicht.config import CohortConfig
from evenwicht.display.axes import numbered, ticks_upto
from evenwicht.display.language import speaking
from evenwicht.display.lettering import width_of, wrapped
from evenwicht.display.picture import ALT, Picture, style, told
from evenwicht.estimators.results import Interval
from evenwicht.report import world_figures
from evenwicht.report.forest import forest_figure
from evenwicht.report.world_figures import attrition_figure, graph_figure
from evenwicht.studies.concentration.figures import lorenz_figure
from evenwicht.studies.exposure.figures import survival_figure
from evenwicht.worlds import causal_graph
from matplotlib.text import Text

from tests.cohorts import changed, configured
from tests.conftest import WORLDS
from tests.figures import faults
from tests.rows import TOO_SHORT, about, estimates, found_in, some_rows, use_of

SCRIPTS = {
    "Greek": "Κάπνισμα στην εγκυμοσύνη",
    "Cyrillic": "Курение во время беременности",
    "Arabic": "التدخين أثناء الحمل",
    "Chinese": "怀孕期间吸烟",
    "Devanagari": "गर्भावस्था में धूम्रपान",
}
LONG = " ".join(["A label as long as somebody who writes a cohort file may wish it to be"] * 3)


def curves() -> pd.DataFrame:
    """Survival of those who quit and of those who did not, by two methods."""
    x = np.linspace(0, 120, 61)
    s = np.exp(-x / 500)
    lines = {"x": x, "estimate": s, "lower": s - 0.02, "upper": s + 0.02, "at_risk": 100_000}
    keys = {"outcome": "death", "exposure": "quit", "reference": "no"}
    arms = [(method, arm) for method in ("crude", "ipw") for arm in ("exposed", "unexposed")]
    return pd.concat([pd.DataFrame({**keys, "method": method, "arm": arm, **lines}) for method, arm in arms])


def survival(config: CohortConfig) -> Picture:
    return survival_figure(curves(), config.studies["quitting"].contrasts(config.codebook)[0], config.codebook)


def lorenz(sector: str, null: object, **use: object) -> Picture:
    grid = np.linspace(0, 1, 101)
    line = {"arm": sector, "x": grid, "estimate": grid**3, "lower": grid**4, "upper": grid**2, "null": null}
    ranked = pd.DataFrame(columns=["arm", "x", "estimate", "lower", "upper", "null_lower", "null_upper"])
    return lorenz_figure(pd.DataFrame(line), ranked, configured("dunedin").codebook, found_in(use_of(sector, **use)))


def waves(*rows: tuple[str, float, float, float]) -> pd.DataFrame:
    """Waves by name, age, and shares assessed and published, of 100 people."""
    table = pd.DataFrame(rows, columns=["wave", "age", "percent_assessed", "published_percent"])
    return table.assign(due=100, assessed=table["percent_assessed"])


FIGURES: dict[str, tuple[Callable[[], Picture], str]] = {
    "survival": (
        lambda: survival(configured("nhefs")),
        "Death within 120 months, weighted for confounders: free of it are 79% (quit) and 79% (kept smoking).",
    ),
    "forest": (
        lambda: forest_figure(some_rows(), configured("nhefs")),
        "4 of 5 estimates have a 95% interval: Weight gain 1971–82, Death within 120 months, Quitting smoking by 1982.",
    ),
    "waves": (
        lambda: attrition_figure(
            waves(("1971", 43.9, 100, np.nan), ("1982", 54.9, 96, 95)), configured("nhefs").codebook
        ),
        "Assessed of those due: 100% at the first wave, 96% at the last, 96% at the lowest (1982).",
    ),
    "one wave": (
        lambda: attrition_figure(waves(("3", 3.0, 90, np.nan)), configured("nhefs").codebook),
        "Assessed of those due: 90% (Age 3).",
    ),
    "lorenz": (
        lambda: lorenz("crime", 0.5, gini=0.9, chance=0.4),
        "Use is most concentrated for Criminal convictions (Gini 0.90).",
    ),
    **{
        f"graph of {name}": (
            lambda name=name: graph_figure(causal_graph(configured(name).source), configured(name).codebook),
            message,
        )
        for name, message in {
            "dunedin": "36 variables, 75 direct effects of one on another; Family SES has the most, 14.",
            "rationing": "24 variables, 38 direct effects of one on another; birth day has the most, 7.",
            "register_nz": "6 variables, 3 direct effects of one on another; Year of birth has the most, 1.",
        }.items()
    },
}


def saved(picture: Picture, folder: Path, name: str = "figure") -> str:
    picture.save(folder / f"{name}.svg")
    return (folder / f"{name}.svg").read_text(encoding="utf-8")


def texts(picture: Picture) -> list[str]:
    return [text.get_text() for text in picture.figure.findobj(Text) if text.get_text()]


@pytest.mark.parametrize("name", FIGURES)
def test_a_telephone_can_show_all_text_of_a_figure(name: str) -> None:
    draw, _ = FIGURES[name]
    picture = draw()
    assert faults(picture) == []


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_has_a_title_and_one_sentence_and_keeps_its_bytes(name: str, tmp_path: Path) -> None:
    draw, message = FIGURES[name]
    first, again = (saved(draw(), tmp_path, copy) for copy in ("a", "b"))
    assert first == again
    root = ElementTree.fromstring(first)
    parts = {part.tag.rpartition("}")[2]: part.text for part in root}
    assert parts["title"]
    assert parts["desc"] == message
    assert root.attrib["width"] == "352.8pt"


# --- what a cohort file may bring -----------------------------------------------------------------------------------


def labelled(label: str) -> CohortConfig:
    """The cohort with a label in every place of a figure."""
    return changed(
        configured("nhefs"),
        {
            "columns.quit.label": label,
            "columns.high_tax.label": label,
            "outcomes.weight_change.label": label,
            "outcomes.death.label": label,
        },
    )


@pytest.mark.parametrize("script", SCRIPTS)
def test_labels_in_any_script_stay_text_that_the_fonts_of_the_reader_show(script: str, tmp_path: Path) -> None:
    label = SCRIPTS[script]
    config = labelled(label)
    for draw in (lambda: forest_figure(some_rows(), config), lambda: survival(config)):
        svg = saved(draw(), tmp_path)
        (root,) = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}svg")
        assert root.attrib["font-family"].endswith("sans-serif")
        assert "font-family" not in svg.partition(">")[2], "all text has the fonts of the root"
        assert label in svg.partition("</desc>")[2]


@pytest.mark.filterwarnings("ignore:Glyph")  # of text that is measured outside of a file
@pytest.mark.parametrize("label", [LONG, "怀孕期间吸烟" * 20], ids=["words", "without spaces"])
def test_long_labels_break_into_lines(label: str) -> None:
    config = labelled(label)
    for picture in (forest_figure(some_rows(), config), survival(config)):
        assert faults(picture) == []
        assert label.replace(" ", "") in "".join(texts(picture)).replace("\n", "").replace(" ", "")


def test_dollars_are_no_formula(nhefs_config: CohortConfig, tmp_path: Path) -> None:
    rows = about("price", "weight_change", "high_price")
    rows.add("mean_difference", "regression", Interval.normal(0.2, 0.1), n=90)
    picture = forest_figure(estimates(rows), nhefs_config)
    assert "State with cigarettes at US$1.50 or more a pack in 1982" in " ".join(texts(picture))
    assert "US$1.50" in saved(picture, tmp_path)


@pytest.mark.parametrize("label", [LONG, "怀孕期间吸烟" * 40], ids=["words", "without spaces"])
def test_alternative_texts_are_short_whatever_the_labels(label: str, tmp_path: Path) -> None:
    for picture in (forest_figure(some_rows(), labelled(label)), survival(labelled(label))):
        (text,) = re.findall("<desc>(.*)</desc>", saved(picture, tmp_path))
        assert label[:30] in text
        assert len(text) <= ALT


def test_an_alternative_text_holds_whole_clauses_only() -> None:
    assert told(["one", "two"]) == "one; two."
    assert told(["one", "x" * ALT, "three"]) == "one."


# --- the forest -----------------------------------------------------------------------------------------------------


def test_the_forest_names_what_cannot_be_estimated(nhefs_config: CohortConfig) -> None:
    rows = about("price", "quitting", "high_tax")
    rows.add("risk_difference", "crude", Interval.not_estimable("nobody quit in an arm"), n=90)
    picture = forest_figure(estimates(rows), nhefs_config)
    assert picture.title.startswith("Effects of policy: ")
    assert picture.alt.startswith("0 of 1 estimates")
    assert "cannot be estimated" in texts(picture)


def test_the_forest_says_how_many_intervals_hold_the_truth(dunedin_config: CohortConfig) -> None:
    rows = about("stressors", "disease", "poverty", cohort="dunedin")
    for method, estimate in (("crude", 0.2), ("ipw", 0.1)):
        rows.add("risk_difference", method, Interval.normal(estimate, 0.02), n=90)
    picture = forest_figure(estimates(rows).assign(truth=0.11), dunedin_config)
    assert picture.alt == "1 of 2 intervals of 95% hold the true value: Disease by age 45."


# --- the causal graph -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("world", WORLDS)
def test_lines_of_a_causal_graph_never_share_a_lane(world: str) -> None:
    graph = causal_graph(configured(world).source)
    order = world_figures._order(graph)
    lanes = world_figures._lanes(graph, order)
    assert sorted(order) == sorted(graph)
    rows: dict[tuple[int, int], str] = {}
    for cause, lane in lanes.items():
        last = max(order.index(effect) for effect, causes in graph.items() if cause in causes)
        for row in range(order.index(cause), last + 1):
            assert rows.setdefault((lane, row), cause) == cause


def test_causes_stand_above_their_effects_and_the_unconnected_last() -> None:
    graph = {"root": [], "alone": [], "second": [], "left": ["root"], "effect": ["left", "second"]}
    assert world_figures._order(graph) == ["root", "left", "second", "effect", "alone"]


def test_every_direct_effect_is_a_dot() -> None:
    graph = {"root": [], "left": ["root"], "right": ["root"], "effect": ["left", "right"]}
    picture = graph_figure(graph, Codebook("", {}))
    (axis,) = picture.figure.axes
    dots = [line for line in axis.lines if line.get_marker() == "o"]
    assert sum(len(line.get_xdata()) for line in dots) == 4


# --- lorenz curves --------------------------------------------------------------------------------------------------


def test_only_counts_have_a_curve_and_a_coefficient_by_chance() -> None:
    counts, months = lorenz("crime", 0.5, gini=0.9, chance=0.4), lorenz("welfare", np.nan, gini=0.8, note=TOO_SHORT)
    assert "Gini 0.90\nby chance 0.40" in texts(counts)
    assert "Gini 0.80" in texts(months)


# --- letters and numbers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bold", [False, True])
def test_text_is_measured_as_matplotlib_measures_it(bold: bool) -> None:
    with style():
        figure = plt.figure(dpi=72)
        text = figure.text(0, 0, "Quit smoking, Ελληνικά", weight="bold" if bold else "normal")
    assert width_of("Quit smoking, Ελληνικά", bold=bold) == pytest.approx(text.get_window_extent().width, abs=1)


def test_lines_break_between_words_and_within_a_word_only_if_it_must() -> None:
    assert wrapped("short words", 200) == ["short words"]
    assert wrapped("short words", width_of("short word")) == ["short", "words"]
    assert "".join(wrapped("a" * 50, 100)) == "a" * 50
    assert all(width_of(line) <= 100 for line in wrapped("a" * 50, 100))
    assert wrapped("", 100) == [""]


def test_letters_that_the_font_lacks_have_the_room_that_matplotlib_leaves() -> None:
    with style():
        figure = plt.figure(dpi=72)
        text = figure.text(0, 0, "怀孕ก")
    with pytest.warns(UserWarning, match="missing from font"):
        box = text.get_window_extent()
    assert width_of("怀孕ก") == pytest.approx(box.width, abs=0.5)


def test_numbers_on_an_axis_share_decimals_and_follow_the_language() -> None:
    _, axis = plt.subplots()
    numbered(axis.xaxis, [-0.5, 0, 1000.25])
    assert [label.get_text() for label in axis.get_xticklabels()] == ["−0.50", "0.00", "1,000.25"]
    with speaking("nl"):
        numbered(axis.xaxis, [0, 0.5])
    assert [label.get_text() for label in axis.get_xticklabels()] == ["0,0", "0,5"]


@pytest.mark.parametrize(
    ("end", "ticks"),
    [
        (45, [0, 15, 30, 45]),
        (120, [0, 30, 60, 90, 120]),
        (100, [0, 25, 50, 75, 100]),
        (50, [0, 10, 20, 30, 40, 50]),
        (62, [0, 20, 40, 62]),
    ],
)
def test_an_axis_ends_with_its_end_and_no_number_is_close_to_it(end: float, ticks: list[float]) -> None:
    assert ticks_upto(end).tolist() == ticks
