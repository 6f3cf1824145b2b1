"""Pictures where people would rather look: dots among 1,000 births, recovery at one glance, who left and why.

What is drawn is read back from the figures, so that a picture says what its numbers say.
"""

import re
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from evenwicht.display.dots import CHANGED, EITHER, NEITHER, Dots, dots_pair, dots_svg
from evenwicht.display.picture import ALT, BLUE, ORANGE, Picture
from evenwicht.report.flow_figure import MOST, flow_figure, flow_lines, flows
from evenwicht.report.promise import holds, promise_line, recovered, rule
from evenwicht.report.recovery_figures import alarms, recovery_figure, scenario_figure
from evenwicht.results.schema import COVERAGE, FLOW, RECOVERY, SCENARIOS
from matplotlib.text import Text

SVG = "{http://www.w3.org/2000/svg}"
WHITE = "#fff"
NAMES = ("Without the benefit", "With the benefit")


def texts(picture: Picture) -> list[str]:
    """All text of a picture, as it stands below each other in the panels."""
    found = [text for axis in picture.figure.axes for text in axis.findobj(Text)]
    return [text.get_text() for text in found if text.get_text()]


# --- dots ------------------------------------------------------------------------------------------------------------


def dots_by_colour(svg: str) -> dict[str, list[tuple[float, float]]]:
    """Where the dots of each colour stand; the holes of rings are no dots."""
    paths = ElementTree.fromstring(svg).findall(f"{SVG}path")
    colours = [path.attrib["stroke"] for path in paths]
    assert len(set(colours)) == len(colours), "one path a colour"
    points = {
        path.attrib["stroke"]: [(float(x), float(y)) for x, y in re.findall(r"M([\d.]+) ([\d.]+)h0", path.attrib["d"])]
        for path in paths
    }
    return {colour: dots for colour, dots in points.items() if colour != WHITE}


@pytest.mark.parametrize("counts", [(55, 28, 917), (0, 1, 999), (1000, 0, 0), (333, 333, 334)])
def test_dots_of_each_colour_are_as_many_as_the_number_given_and_each_stands_alone(counts: tuple[int, ...]) -> None:
    groups = [(count, f"#{k}{k}{k}", f"group {k}") for k, count in enumerate(counts)]
    dots = dots_by_colour(dots_svg(groups))
    assert {colour: len(places) for colour, places in dots.items()} == {c: n for n, c, _ in groups if n}
    everywhere = [place for places in dots.values() for place in places]
    assert len(everywhere) == len(set(everywhere)) == 1000


def test_dots_are_filled_in_reading_order_rows_of_fifty_and_never_scattered() -> None:
    dots = dots_by_colour(dots_svg([(83, "#111", "yes"), (917, "#222", "no")]))
    in_order = sorted((place for places in dots.values() for place in places), key=lambda place: (place[1], place[0]))
    assert dots["#111"] == in_order[:83]
    rows = [y for _, y in in_order]
    assert len(set(rows)) == 20
    assert {rows.count(y) for y in rows} == {50}


def test_the_numbers_of_dots_are_told_to_those_who_cannot_see_them() -> None:
    root = ElementTree.fromstring(dots_svg([(55, "#111", "ill"), (945, "#222", "well & free")], name="With"))
    assert root.attrib["role"] == "img"
    assert root.findtext(f"{SVG}title") == "With. ill: 55; well & free: 945"


def test_a_picture_of_a_thousand_dots_is_small() -> None:
    assert len(dots_svg([(500, "#111", "yes"), (500, "#222", "no")])) < 10_000


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([(1, "#111", "one")], "not 1000 people"),
        ([(1001, "#111", "a"), (-1, "#222", "b")], "not 1000 people"),
        ([(500, "#111", "a"), (500, "#111", "b")], "one colour"),
    ],
    ids=["too few", "negative", "same colour"],
)
def test_dots_that_would_lie_are_refused(groups: list[tuple[int, str, str]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dots_svg(groups)


def test_without_and_with_show_the_same_people_in_the_same_order() -> None:
    pair = dots_pair(0.0831, 0.0553, NAMES)
    assert pair is not None
    without, with_ = dots_by_colour(pair.without.svg), dots_by_colour(pair.with_.svg)
    assert without == with_
    assert {colour: len(places) for colour, places in without.items()} == {EITHER: 55, CHANGED: 28, NEITHER: 917}


@pytest.mark.parametrize(("without", "with_"), [(0.083, 0.055), (0.055, 0.083)], ids=["fewer", "more"])
def test_those_who_have_it_in_one_picture_only_are_squares_there_and_rings_in_the_other(
    without: float, with_: float
) -> None:
    pair = dots_pair(without, with_, NAMES)
    assert pair is not None
    more, less = (pair.without, pair.with_) if without > with_ else (pair.with_, pair.without)
    assert 'stroke-linecap="square"' in more.svg
    assert WHITE not in more.svg
    assert f'stroke="{WHITE}"' in less.svg
    assert 'stroke-linecap="square"' not in less.svg


def test_counts_stand_beside_the_dots_as_text() -> None:
    pair = dots_pair(0.0831, 0.0553, NAMES)
    assert pair is not None
    assert [pair.without.count, pair.with_.count, pair.apart] == ["83 of 1,000", "55 of 1,000", "28 of 1,000 fewer"]
    assert [entry.count for entry in pair.key] == ["55", "28", "917"]
    assert [panel.name for panel in (pair.without, pair.with_)] == list(NAMES)


@pytest.mark.parametrize(
    ("without", "with_", "told"),
    [
        (0.0301, 0.0303, "fewer than 1 in 1,000 apart"),
        (0.0304, 0.0306, "fewer than 1 in 1,000 apart"),  # 30 and 31, though 0.2 apart
        (0.0300, 0.0330, "3 of 1,000 more"),
        (0.2, 0.2, "no difference"),
    ],
)
def test_rounding_neither_hides_nor_makes_a_difference(without: float, with_: float, told: str) -> None:
    pair = dots_pair(without, with_, NAMES)
    assert pair is not None
    assert pair.apart == told


@pytest.mark.parametrize("risk", [np.nan, -0.01, 1.2])
def test_what_is_no_share_of_people_has_no_dots(risk: float) -> None:
    assert dots_pair(0.1, risk, NAMES) is None
    assert dots_pair(risk, 0.1, NAMES) is None


def test_dots_have_the_palette_of_the_figures() -> None:
    assert (EITHER, CHANGED) == (BLUE, ORANGE)


def test_a_group_can_be_given_by_name() -> None:
    assert dots_by_colour(dots_svg([Dots(1000, "#111", "all", "small")])).keys() == {"#111"}


# --- whether a method holds its promise ------------------------------------------------------------------------------

DRAWS = 200
ABOUT = {"outcome": "ill", "exposure": "poor", "reference": "no", "subgroup": "", "estimand": "risk_difference"}


def one_row(method: str, at: int, **numbers: float) -> dict[str, object]:
    """A row of recovery; bias is in standard deviations of the estimate."""
    draws, share = numbers.get("draws", DRAWS), numbers.get("coverage", 0.95)
    return {
        **{"cohort": "made_up", "scenario": "as_configured", "study": "study", "settings": ""},
        **ABOUT,
        **{"at": str(at), "method": method, "truth": 0.1, "mean_estimate": 0.1, "scale": "difference"},
        **{"replicates": draws, "no_estimate": 0, "no_interval": 0},
        **{"mean_bias": 0.02 * numbers.get("bias", 0.0), "mc_error_bias": 0.02 / np.sqrt(draws)},
        **{"coverage": share, "mc_error_coverage": np.sqrt(share * (1 - share) / draws)},
        **{"power": 0.5, "mc_error_power": 0.03},
    }


def tables(**methods: list[dict[str, float]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Recovery and coverage of methods, from bias and coverage of each of their rows."""
    rows = [one_row(name, at, **row) for name, numbers in methods.items() for at, row in enumerate(numbers)]
    recovery = RECOVERY.checked_rows(rows)
    keys = ["cohort", "scenario", "study", "method", "settings"]
    coverage = recovery.groupby(keys, sort=False)["coverage"].agg(["mean", "size"]).reset_index()
    coverage = coverage.rename(columns={"mean": "coverage", "size": "rows"}).assign(replicates=DRAWS, outside=0)
    error = np.sqrt(coverage["coverage"] * (1 - coverage["coverage"]) / DRAWS)
    return recovery, COVERAGE.checked(coverage.assign(mc_error_coverage=error))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{}], True),
        ([{"coverage": 0.89}], True),  # 200 draws cannot tell it from 92%
        ([{"coverage": 0.80}], False),
        ([{"coverage": 0.92}] * 40, True),
        ([{"coverage": 0.97}] * 9 + [{"coverage": 0.75}], False),  # right on average, and one row misses
        ([{"coverage": 1.0}], False),  # 200 of 200: too wide
        ([{"coverage": 1.0, "draws": 20}], True),  # 20 of 20 are told from 98% by nobody
        ([{"bias": 0.3}] * 5, True),  # clear with 200 draws, and harmless
        ([{"bias": 0.6}], False),
        ([{"bias": -0.6}], False),
        ([{}] * 50 + [{"bias": 0.6}], False),
        ([{"bias": 0.6, "draws": 20}], True),  # chance alone does that with 20 draws
        ([{"bias": 0.9, "draws": 20}], False),
    ],
)
def test_a_method_holds_its_promise_by_coverage_and_bias_beyond_chance(
    rows: list[dict[str, float]], expected: bool
) -> None:
    (found,) = recovered(*tables(method=rows))
    assert holds(found) is expected


def test_the_rule_is_told_with_its_own_numbers() -> None:
    assert re.findall(r"\d[\d.]*", " ".join(rule())) == ["95", "92", "98", "2", "92", "3", "3", "0.4"]


def test_many_rows_are_no_reason_to_fail_by_chance() -> None:
    noise = np.random.default_rng(5)
    held = []
    for _ in range(100):
        shares = noise.binomial(DRAWS, 0.95, 80) / DRAWS
        rows = [{"bias": z / np.sqrt(DRAWS), "coverage": c} for z, c in zip(noise.normal(size=80), shares, strict=True)]
        held += [holds(one) for one in recovered(*tables(method=rows))]
    assert np.mean(held) > 0.97


def test_a_method_without_intervals_is_judged_by_bias() -> None:
    recovery, coverage = tables(right=[{}], wrong=[{"bias": 1.0}])
    recovery = recovery.assign(coverage=np.nan, mc_error_coverage=np.nan, no_interval=DRAWS)
    assert {one.method: holds(one) for one in recovered(recovery, coverage.iloc[:0])} == {"right": True, "wrong": False}


def test_the_line_counts_methods_that_promise_something() -> None:
    found = recovered(*tables(regression=[{}], ipw=[{"bias": 1.0}], crude=[{"bias": 5.0, "coverage": 0.0}]))
    assert promise_line(found) == "1 of 2 methods hold their promise"
    assert promise_line([one for one in found if one.method == "crude"]) == ""


def test_intervals_that_forget_a_choice_promise_nothing() -> None:
    """They are shown beside those that allow for it, as crude comparisons are."""
    found = recovered(*tables(selective=[{}], naive=[{"bias": 2.0, "coverage": 0.6}]))
    assert promise_line(found) == "1 of 1 methods hold their promise"


def test_how_often_something_is_chosen_is_no_estimate() -> None:
    """The right hypothesis is chosen in less than all draws: that is no bias."""
    recovery, coverage = tables(selective=[{}], lasso_path=[{"bias": -3.0}])
    chosen = recovery["method"] == "lasso_path"
    recovery = recovery.assign(estimand=recovery["estimand"].mask(chosen, "chosen_first"))
    assert [one.method for one in recovered(recovery, coverage)] == ["selective"]


def test_other_worlds_do_not_judge_a_method() -> None:
    recovery, coverage = tables(regression=[{"bias": 2.0}])
    assert recovered(recovery.assign(scenario="cohort_trend"), coverage) == []


def test_one_draw_judges_nothing() -> None:
    recovery, coverage = tables(regression=[{}])
    assert recovered(recovery.assign(mc_error_bias=np.nan), coverage) == []


# --- the picture of recovery -----------------------------------------------------------------------------------------

STUDIES = {"study": "Growing up in poverty"}
FARE = {"ipw": [{}] * 5, "regression": [{"bias": 0.6}, {"bias": 2.0}], "crude": [{"bias": -5.0, "coverage": 0.1}] * 3}


def recovery_picture(**methods: list[dict[str, float]]) -> Picture:
    picture = recovery_figure(*tables(**methods), "Made up", STUDIES, lambda method: f"by {method}")
    assert picture is not None
    return picture


def test_methods_that_fail_stand_first_and_crude_ones_last() -> None:
    shown = texts(recovery_picture(**FARE))
    order = [
        "Do not hold their promise",
        "• By regression",
        "Hold their promise",
        "• By ipw",
        "Simple comparisons, not counted",
        "• By crude",
    ]
    assert [text for text in shown if text in order] == order


def test_the_title_and_the_alternative_text_tell_the_message() -> None:
    picture = recovery_picture(**FARE)
    assert picture.title == "Made up: 1 of 2 methods hold their promise"
    assert picture.alt == "1 of 2 methods hold their promise; these do not: by regression."


def test_an_alternative_text_is_one_sentence_of_at_most_200_letters() -> None:
    many = {f"method_with_a_long_name_{k}": [{"bias": 3.0}] for k in range(30)}
    assert len(recovery_picture(**many).alt) <= ALT
    assert recovery_picture(ipw=[{}]).alt == "Every method holds its promise: 1 of 1."


def drawn_dots(picture: Picture, panel: int) -> np.ndarray:
    """Places along the axis of the dots of single rows."""
    lines = picture.figure.axes[panel].lines
    return np.concatenate([np.asarray(line.get_xdata(), float) for line in lines if line.get_alpha() is not None])


def test_every_estimate_is_a_dot_or_counted_beyond_the_edge() -> None:
    picture = recovery_picture(**FARE)
    bias, coverage = picture.figure.axes
    for panel, axis in enumerate((bias, coverage)):
        beyond = [int(text.get_text()) for text in axis.texts if text.get_text().isdigit()]
        arrows = [line for line in axis.lines if line.get_marker() in "<>" and len(line.get_xdata()) == 1]
        low, high = axis.get_xlim()
        dots = drawn_dots(picture, panel)
        assert len(dots) + sum(beyond) == sum(map(len, FARE.values()))
        assert len(arrows) >= len(beyond) > 0
        assert ((dots >= low) & (dots <= high)).all()


def test_coverage_is_written_beside_each_method() -> None:
    shown = texts(recovery_picture(**FARE))
    assert {"95%", "10%"} <= set(shown)


def test_without_replicates_there_is_no_picture() -> None:
    assert recovery_figure(RECOVERY.table([]), COVERAGE.table([]), "Made up", STUDIES, str) is None
    assert scenario_figure(SCENARIOS.table([]), "Made up", STUDIES, str) is None


# --- worlds that can say no ------------------------------------------------------------------------------------------


def world(scenario: str, method: str, at: int, truth: float, power: float, **other: str) -> dict[str, object]:
    row = {**one_row(method, at), "scenario": scenario, "truth": truth, "power": power}
    return row | {"mc_error_power": np.sqrt(power * (1 - power) / DRAWS)} | other


WORLDS = [
    world("no_effect", "cox", 0, 0.0, 0.05),
    world("no_effect", "cox", 1, 0.0, 0.06),
    world("no_effect", "regression", 0, np.nan, 0.04),
    world("reversed", "cox", 0, 0.2, 0.9),
    world("reversed", "cox", 1, 0.0, 0.04),
    world("reversed", "regression", 0, np.nan, 0.8),
    world("trend", "cox", 0, 1.0, 0.7, estimand="conditional_hazard_ratio"),
    world("trend", "cox", 1, np.nan, 0.9, estimand="observed_expected_ratio"),
    world("trend", "crude", 0, 0.0, 0.6),
]


def test_an_alarm_is_false_where_nothing_has_an_effect() -> None:
    found = {(one.scenario, one.method, one.false): one.shares.tolist() for one in alarms(SCENARIOS.table(WORLDS))}
    assert found == {
        ("no_effect", "cox", True): [0.05, 0.06],
        ("no_effect", "regression", True): [0.04],  # not known, but this world has no effect
        ("reversed", "cox", False): [0.9],
        ("reversed", "cox", True): [0.04],  # a regression whose truth is not known says nothing here
        ("trend", "cox", True): [0.7],  # a check of the data is no effect
        ("trend", "crude", True): [0.6],
    }


def test_false_alarms_of_what_is_seldom_chosen_count_seldom() -> None:
    """A slope has an interval in those draws alone in which its hypothesis is chosen."""
    often = world("no_effect", "selective", 0, 0.0, 0.05, estimand="timing_slope")
    seldom = world("no_effect", "selective", 1, 0.0, 1.0, estimand="timing_slope") | {"no_interval": DRAWS - 1}
    (found,) = alarms(SCENARIOS.table([often, seldom]))
    assert found.mean == pytest.approx((DRAWS * 0.05 + 1) / (DRAWS + 1))
    assert not found.too_many


def test_no_word_of_the_name_of_a_world_is_broken() -> None:
    worlds = [world(f"{name}_accumulation", "cox", 0, 0.0, 0.05) for name in ("only", "no", "much", "late")]
    picture = scenario_figure(SCENARIOS.table(worlds), "Made up", STUDIES, str)
    assert picture is not None
    titles = [axis.get_title(loc="left") for axis in picture.figure.axes]
    assert [title.split()[-1] for title in titles if title] == ["accumulation"] * len(worlds)


def test_worlds_with_too_many_false_alarms_are_named() -> None:
    picture = scenario_figure(SCENARIOS.table(WORLDS), "Made up", STUDIES, str)
    assert picture is not None
    assert "Worlds: Trend." in picture.alt
    quiet = scenario_figure(SCENARIOS.table(WORLDS[:3]), "Made up", STUDIES, str)
    assert quiet is not None
    assert quiet.alt == "Where there is no effect, no method sees one clearly more often than in 5 of 100 draws."


def test_a_world_of_effects_alone_raises_no_false_alarm() -> None:
    picture = scenario_figure(SCENARIOS.table(WORLDS[3:4]), "Made up", STUDIES, str)
    assert picture is not None
    assert picture.alt == "How often each method sees the effect of each changed world."


def test_any_number_of_worlds_is_drawn() -> None:
    rows = [world(f"world_{k}", "cox", 0, 0.0, 0.05) for k in range(6)]
    picture = scenario_figure(SCENARIOS.table(rows), "Made up", STUDIES, str)
    assert picture is not None
    assert {f"World {k}" for k in range(6)} <= set(texts(picture))


# --- who was due, left and was analysed ------------------------------------------------------------------------------


def flow_rows(*comparisons: tuple[str, str, dict[str, int]]) -> pd.DataFrame:
    keys = {"cohort": "made_up", "study": "study", "reference": "no", "subgroup": ""}
    rows = [
        {**keys, "outcome": outcome, "exposure": exposure, "step": step, "people": people}
        for outcome, exposure, steps in comparisons
        for step, people in steps.items()
    ]
    return FLOW.checked_rows(rows)


SEEN = {"due": 1000, "outcome not known": 120, "analysed": 880}
LINKED = {"due": 1000, "exposure not known": 10, "outcome not known": 40, "covariates not known": 300, "analysed": 650}
FLOWS = flow_rows(("ill", "poor", SEEN), ("ill", "cold", SEEN), ("tall", "poor", LINKED), ("rich", "poor", SEEN))


def flow_picture(rows: pd.DataFrame) -> Picture:
    picture = flow_figure(rows, "Made up", lambda row: row["outcome"], lambda row: row["exposure"])
    assert picture is not None
    return picture


def test_comparisons_with_the_same_flow_are_one_bar_that_names_them() -> None:
    assert [len(group.rows) for group in flows(FLOWS)] == [3, 1]
    assert {"Ill; Rich", "Poor; Cold"} <= set(texts(flow_picture(FLOWS)))


def test_analysed_and_reasons_add_up_to_those_due() -> None:
    picture = flow_picture(FLOWS)
    bars = picture.figure.axes[0].patches
    ends: dict[float, float] = {}
    for bar in bars:
        ends[bar.get_y()] = ends.get(bar.get_y(), 0) + bar.get_width()
    assert list(ends.values()) == [1000, 1000]
    assert [sum(group.parts.values()) for group in flows(FLOWS)] == [1000, 1000]


def test_every_number_stands_in_its_part_or_below_the_bar() -> None:
    shown = " ".join(texts(flow_picture(FLOWS)))
    for people in ("880", "120", "650", "300", "exposure not known: 10", "outcome not known: 40"):
        assert people in shown


def test_reasons_stand_in_the_order_in_which_they_apply() -> None:
    legend = flow_picture(FLOWS).figure.legends[0]
    named = [text.get_text() for text in legend.get_texts()]
    assert named == ["Analysed", "Exposure not known", "Outcome not known", "Covariates not known"]


def test_parts_differ_by_hatch_as_well_as_by_colour() -> None:
    patches = flow_picture(FLOWS).figure.legends[0].get_patches()
    assert len({patch.get_hatch() for patch in patches}) == len(patches)


def test_the_table_has_the_numbers_of_the_picture() -> None:
    lines = flow_lines(FLOWS, lambda row: row["outcome"], lambda row: row["exposure"])
    assert [(line["step"], line["people"], line["percent"]) for line in lines[:3]] == [
        ("due", "1,000", "100.0%"),
        ("outcome not known", "120", "12.0%"),
        ("analysed", "880", "88.0%"),
    ]
    assert (lines[0]["outcomes"], lines[0]["comparisons"]) == ("Ill; Rich", "Poor; Cold")
    assert len(lines) == len(SEEN) + len(LINKED)


def test_whose_cluster_is_not_known_has_not_left() -> None:
    rows = flow_rows(("ill", "poor", {**SEEN, "own cluster: label not known": 5}))
    (group,) = flows(rows)
    assert sum(group.parts.values()) == group.due
    assert flow_lines(rows, lambda _: "", lambda _: "")[-1]["people"] == "5"


def test_subgroups_are_left_out() -> None:
    assert flows(FLOWS.assign(subgroup="sex=female")) == []
    assert flow_figure(FLOWS.assign(subgroup="sex=female"), "Made up", str, str) is None


def test_of_too_many_flows_each_outcome_shows_the_one_with_the_fewest_people() -> None:
    many = [
        (outcome, f"window_{k}", {"due": 1000, "outcome not known": lost + k, "analysed": 1000 - lost - k})
        for (outcome, lost), k in product([("ill", 100), ("tall", 500)], range(MOST))
    ]
    shown = texts(flow_picture(flow_rows(*many)))
    assert shown.count(f"fewest people of {MOST} comparisons") == 2
    assert {str(1000 - 100 - MOST + 1), str(1000 - 500 - MOST + 1)} <= set(shown)
    assert len(flow_lines(flow_rows(*many), lambda _: "", lambda _: "")) == 3 * len(many)


def test_the_alternative_text_says_how_many_and_why_not() -> None:
    assert flow_picture(FLOWS).alt == (
        "650 to 880 of 1,000 people due are analysed; most of the others: covariates not known."
    )
    everybody = flow_rows(("ill", "poor", {"due": 1000, "analysed": 1000}))
    assert flow_picture(everybody).alt == "All 1,000 people due are analysed."


def test_a_reason_without_a_label_is_shown_as_it_is() -> None:
    rows = flow_rows(("ill", "poor", {"due": 10, "moved away": 4, "analysed": 6}))
    assert "moved away" in [line["step"] for line in flow_lines(rows, lambda _: "", lambda _: "")]


# --- all of them -----------------------------------------------------------------------------------------------------


def test_pictures_are_written_with_their_texts(tmp_path: Path) -> None:
    pictures = [recovery_picture(**FARE), flow_picture(FLOWS)]
    for k, picture in enumerate(pictures):
        picture.save(tmp_path / f"{k}.svg")
        root = ElementTree.parse(tmp_path / f"{k}.svg").getroot()
        assert root.findtext(f"{SVG}title") == picture.title
        assert root.findtext(f"{SVG}desc") == picture.alt
        assert len(picture.alt) <= ALT
