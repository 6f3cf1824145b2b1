"""How often the right hypothesis about timing is chosen, from a table of recovery made by hand."""

import numpy as np
import pandas as pd
import pytest
from evenwicht.display.labels import spoken
from evenwicht.display.picture import ALT, Picture
from evenwicht.display.section import Row
from evenwicht.report.choice_figure import Choices, choice_figure, choices
from evenwicht.results.schema import RECOVERY
from matplotlib.text import Text
from statsmodels.stats.proportion import proportion_confint

from tests.figures import faults

DRAWS = 200
ABOUT = {"reference": "", "subgroup": "", "at": ""}


def world(scenario: str, shares: dict[str, float], right: str | None, **other: object) -> list[dict[str, object]]:
    """Rows of one world: how often each hypothesis is chosen first, and which one is the right one."""
    return [
        {
            **{"cohort": "made_up", "scenario": scenario, "study": "timing", "outcome": "mood", "exposure": name},
            **ABOUT,
            **{"estimand": "chosen_first", "method": "lasso_path", "scale": "difference", "settings": ""},
            **{"truth": float(name == right), "mean_estimate": share, "mean_bias": share - float(name == right)},
            **{"replicates": DRAWS, "no_estimate": 0, "no_interval": DRAWS},
            **{"mc_error_bias": np.sqrt(share * (1 - share) / DRAWS), "coverage": np.nan, "mc_error_coverage": np.nan},
            **{"power": np.nan, "mc_error_power": np.nan, "mean_of_first": share},
            **other,
        }
        for name, share in shares.items()
    ]


ROWS = [
    *world("as_configured", {"accumulation": 0.9, "recency": 0.08, "ever": 0.02}, "accumulation"),
    *world("only_recency", {"accumulation": 0.0, "recency": 1.0, "ever": 0.0}, "recency"),
    *world("no_effect", {"accumulation": 0.2, "recency": 0.3, "ever": 0.5}, None),
    *world("early_misreported", {"accumulation": 0.25, "recency": 0.65, "ever": 0.1}, "accumulation"),
]


def found(rows: list[dict[str, object]] = ROWS) -> dict[str, Choices]:
    return {one.scenario: one for one in choices(RECOVERY.checked_rows(rows))}


def name(row: Row | None) -> str | None:
    return None if row is None else str(row["exposure"])


def figure(rows: list[dict[str, object]] = ROWS) -> Picture:
    table = RECOVERY.checked_rows(rows)
    picture = choice_figure(table, "Made up", lambda row: spoken(row["exposure"]), lambda row: spoken(row["outcome"]))
    assert picture is not None
    return picture


def texts(picture: Picture) -> list[str]:
    return [text.get_text() for axis in picture.figure.axes for text in axis.findobj(Text) if text.get_text()]


def test_the_right_one_and_the_other_one_chosen_most_often_are_told_apart() -> None:
    one = found()["early_misreported"]
    assert (name(one.right), one.share) == ("accumulation", pytest.approx(0.25))
    assert (name(one.other), one.of_other) == ("recency", pytest.approx(0.65))


def test_the_range_of_a_share_is_that_of_wilson() -> None:
    """Of 200 draws: limits as statsmodels has them."""
    one, sure = found()["early_misreported"], found()["only_recency"]
    assert (one.lower, one.upper) == pytest.approx(proportion_confint(50, DRAWS, method="wilson"))
    assert (sure.lower, sure.upper) == pytest.approx(proportion_confint(DRAWS, DRAWS, method="wilson"))


def test_where_nothing_is_true_nothing_is_right_and_something_is_chosen() -> None:
    one = found()["no_effect"]
    assert (one.right, one.share) == (None, 0.0)
    assert (name(one.other), one.of_other) == ("ever", 0.5)


def test_where_the_right_one_is_always_chosen_there_is_no_other() -> None:
    assert found()["only_recency"].other is None


def test_draws_in_which_a_hypothesis_cannot_be_chosen_count() -> None:
    """Chosen in each of the 50 draws in which people differ in it: in a quarter of all."""
    rows = world("small", {"accumulation": 0.75}, "accumulation")
    rows += world("small", {"always": 1.0}, "accumulation", no_estimate=150)
    assert found(rows)["small"].of_other == pytest.approx(0.25)


def test_rows_without_a_true_value_and_of_other_quantities_are_left_out() -> None:
    unknown = world("as_configured", {"accumulation": 1.0}, "accumulation", truth=np.nan)
    slopes = world("as_configured", {"accumulation": 0.1}, "accumulation", estimand="timing_slope")
    assert choices(RECOVERY.checked_rows([*unknown, *slopes])) == []
    assert choice_figure(RECOVERY.checked_rows(slopes), "Made up", str, str) is None
    assert choice_figure(RECOVERY.table([]), "Made up", str, str) is None


def test_each_world_says_what_is_true_and_what_is_chosen() -> None:
    shown = texts(figure())
    worlds = [text for text in shown if text in ("As configured", "Only recency", "No effect", "Early misreported")]
    assert worlds == ["As configured", "Only recency", "No effect", "Early misreported"]
    after = shown[shown.index("Early misreported") :]
    assert after[1:5] == ["True: accumulation", "25%", "Else most often: recency", "65%"]
    nothing = shown[shown.index("No effect") :]
    assert nothing[1:4] == ["Nothing is true here", "Chosen most often: ever", "50%"]


def test_a_share_near_none_or_all_is_not_written_as_none_or_all() -> None:
    shown = texts(figure(world("as_configured", {"accumulation": 0.995, "recency": 0.005}, "accumulation")))
    assert {"99.5%", "0.5%"} <= set(shown)


def test_bars_are_as_long_as_the_shares() -> None:
    [axis] = figure().figure.axes
    widths = [patch.get_width() for patch in axis.patches]
    drawn = np.reshape(widths, (-1, 3))  # the whole, the right one, the other
    assert drawn == pytest.approx(np.array([[100, 90, 8], [100, 100, 0], [100, 0, 50], [100, 25, 65]]))


def test_each_outcome_has_a_panel() -> None:
    rows = [*ROWS, *world("as_configured", {"accumulation": 1.0}, "accumulation", outcome="sleep")]
    assert [axis.get_title(loc="left") for axis in figure(rows).figure.axes] == ["mood", "sleep"]


def test_the_alternative_text_tells_where_it_goes_wrong() -> None:
    picture = figure()
    assert picture.alt.startswith("The right hypothesis is chosen first most often in the world “Only recency”")
    assert "“Early misreported”, in 25%" in picture.alt
    assert len(picture.alt) <= ALT
    assert figure(ROWS[6:9]).alt == "No hypothesis is true in these worlds, and yet one is chosen in each draw."
    assert figure(ROWS[:3]).alt == "The right hypothesis is chosen first in 90% of draws."


@pytest.mark.parametrize(
    "label", ["accumulation", "a hypothesis with a name that takes more than a single line of it all"]
)
def test_a_narrow_screen_shows_it_without_faults(label: str) -> None:
    table = RECOVERY.checked_rows(ROWS)
    picture = choice_figure(table, "Made up", lambda _: label, lambda _: "An outcome")
    assert picture is not None
    assert faults(picture) == []


def test_the_order_of_rows_changes_nothing() -> None:
    turned = pd.DataFrame(ROWS).iloc[::-1].to_dict("records")
    backwards = found([{str(key): value for key, value in row.items()} for row in turned])
    assert {key: (one.share, one.of_other) for key, one in backwards.items()} == {
        key: (one.share, one.of_other) for key, one in found().items()
    }
