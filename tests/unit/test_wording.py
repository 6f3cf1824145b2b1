"""How numbers and keys are written for readers."""

from collections.abc import Iterator

import numpy as np
import pytest
from evenwicht.display import wording
from evenwicht.display.labels import Labels
from evenwicht.studies import showing

from tests.cohorts import configured

# --- words ----------------------------------------------------------------------------------------------------------


def row(estimate: float, lower: float = np.nan, upper: float = np.nan, se: float = np.nan, **more: object) -> dict:
    return {"estimand": "mean_difference", "estimate": estimate, "lower": lower, "upper": upper, "se": se, **more}


def normal(estimate: float, se: float, **more: object) -> dict:
    return row(estimate, estimate - 1.96 * se, estimate + 1.96 * se, se, **more)


def test_numbers_are_written_for_readers() -> None:
    assert wording.number(-1234.5, 1) == "−1,234.5"
    assert wording.number(-0.001, 1) == "0.0"
    assert wording.number(12_345, -2) == "12,300"
    assert wording.number(float("nan")) == ""
    assert wording.signed(0.26, 1) == "+0.3"
    assert wording.with_interval(1, 0.5, 2, digits=1) == "1.0 (0.5 to 2.0)"
    assert wording.with_interval(1, np.nan, np.nan, digits=1) == "1.0 (no interval)"


@pytest.mark.parametrize(
    ("told", "factor", "written"),
    [
        pytest.param(normal(0.21537, 0.0052), 1, "0.2154 (0.2052 to 0.2256)", id="log wage"),
        pytest.param(normal(3.4626, 0.4689), 1, "3.46 (2.54 to 4.38)", id="kg"),
        pytest.param(normal(-0.00188, 0.02052), 100, "−0.2 (−4.2 to 3.8)", id="percentage points"),
        pytest.param(normal(-0.00188, 0.02052), 100_000, "−200 (−4,200 to 3,800)", id="cases per 100,000"),
        pytest.param(normal(43_210.9, 1_234.5), 1, "43,200 (40,800 to 45,600)", id="euros"),
        pytest.param(normal(101.234, 0.4729), 1, "101.2 (100.3 to 102.2)", id="more than four digits"),
        pytest.param(row(0.665, 0.5, 0.882, 0.145, estimand="hazard_ratio"), 1, "0.665 (0.500 to 0.882)", id="ratio"),
        pytest.param(row(6.65, 5.0, 8.82, 0.145, estimand="hazard_ratio"), 1, "6.65 (5.00 to 8.82)", id="large ratio"),
        pytest.param(row(0.05, 0.01, 0.13), 1, "0.050 (0.010 to 0.130)", id="interval without error"),
        pytest.param(normal(0.1543, 0.0987), 1, "0.154 (−0.039 to 0.348)", id="error just below a power of ten"),
        pytest.param(normal(0.1543, 0.0996), 1, "0.15 (−0.04 to 0.35)", id="error that rounds to a power of ten"),
    ],
)
def test_decimals_follow_the_standard_error(told: dict, factor: float, written: str) -> None:
    assert wording.Scale(factor, "", wording.decimals(told, factor)).with_interval(told) == written


def test_a_true_value_follows_its_monte_carlo_error_and_is_never_rounded_away() -> None:
    assert wording.decimals({"estimate": 0.0208, "mc_error": 0.0012}) == 4
    assert wording.number(0.05, wording.decimals({"estimate": 0.05, "mc_error": 0.0})) == "0.0500"
    assert wording.number(12_345.0, wording.decimals({"estimate": 12_345.0})) == "12,345"
    faded = [wording.scale_of(normal(0.08, 0.061, truth=truth)).number(truth) for truth in (0.10, 0.05, 0.02)]
    assert faded == ["0.100", "0.050", "0.020"]


def printed(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "").replace("+", ""))


def estimates_of_every_size() -> Iterator[tuple[dict, float, float]]:
    """Rows with the standard error on the scale of the estimate, and the value of no effect."""
    rng = np.random.default_rng(1)
    for _ in range(3000):
        se = 10 ** rng.uniform(-4, 5)
        yield normal(se * rng.normal() * 10 ** rng.uniform(-1, 3), se), se, 0.0
        log, error = rng.normal(), 10 ** rng.uniform(-3, 0)
        ratio, lower, upper = map(float, np.exp([log, log - 1.96 * error, log + 1.96 * error]))
        yield row(ratio, lower, upper, error, estimand="risk_ratio"), ratio * error, 1.0


def test_rounding_moves_no_number_by_more_than_half_a_standard_error() -> None:
    for told, se, _ in estimates_of_every_size():
        scale = wording.scale_of(told)
        for name in ("estimate", "lower", "upper"):
            assert abs(printed(scale.number(told[name])) - told[name]) <= 0.5 * se


def test_estimate_and_limits_share_their_decimals() -> None:
    for told, _, _ in estimates_of_every_size():
        estimate, lower, _, upper = wording.scale_of(told).with_interval(told).split()
        texts = [text.strip("()") for text in (estimate, lower, upper)]
        assert len({len(text.partition(".")[2]) for text in texts}) == 1
        assert len(texts[0].partition(".")[2]) <= 8


def test_printed_limits_lie_on_the_side_of_no_effect_on_which_the_interval_does() -> None:
    for told, se, nothing in estimates_of_every_size():
        scale = wording.scale_of(told)
        lower, upper = (printed(scale.number(told[name])) for name in ("lower", "upper"))
        if told["lower"] <= nothing <= told["upper"]:
            assert lower <= nothing <= upper
        if told["lower"] > nothing + se / 100:  # further than any rounding
            assert lower > nothing


@pytest.mark.parametrize("lower", [0.0004, 0.004, 0.02])
def test_a_limit_that_excludes_no_effect_is_not_printed_as_no_effect(lower: float) -> None:
    assert printed(wording.scale_of(row(0.15, lower, 0.3, 0.076)).number(lower)) > 0
    below_one = row(0.8, 0.64, 1 - lower / 2, 0.114, estimand="risk_ratio")
    assert printed(wording.scale_of(below_one).number(1 - lower / 2)) < 1


def test_what_cannot_be_given_is_said_with_its_reason() -> None:
    none = {**row(np.nan), "reason": "no events among the exposed"}
    bare = {**row(0.2), "reason": "2 clusters with the policy, 5 are needed"}
    assert wording.scale_of(none).with_interval(none) == "cannot be estimated: no events among the exposed"
    assert wording.scale_of(bare).with_interval(bare) == "0.200 (no interval: 2 clusters with the policy, 5 are needed)"


def test_an_estimate_stands_beside_its_unit_before_its_interval() -> None:
    told = normal(-3.13, 0.5, unit="kg")
    bare = {**row(-3.13, unit="kg"), "reason": "fewer than 5 clusters in an arm"}
    assert wording.scale_of(told).with_unit(told) == "−3.13 kg (−4.11 to −2.15)"
    assert wording.scale_of(bare).with_unit(bare) == "−3.13 kg (no interval: fewer than 5 clusters in an arm)"


def test_a_limit_that_is_infinite_is_told_in_words() -> None:
    inf = float("inf")
    assert [
        wording.Scale(1.0, "", 1).limits({"lower": a, "upper": b}) for a, b in ((-inf, inf), (-inf, 2), (1, inf))
    ] == [
        "any value",
        "2.0 or less",
        "1.0 or more",
    ]


# --- labels ---------------------------------------------------------------------------------------------------------


def test_keys_are_told_by_the_words_of_the_cohort_file() -> None:
    labels = showing.labels(configured("bwght").studies["price"], configured("bwght").codebook)
    assert labels.outcome("birth_weight") == "Birth weight"
    assert labels.contrast("cigarette_price", "per_10") == "Price of cigarettes in the state: +10 cents/pack"
    assert labels.subgroup("race=1") == "Race: white"


def test_ages_and_follow_up_and_windows_are_told_apart() -> None:
    nhefs, dunedin = (Labels(configured(name).codebook) for name in ("nhefs", "dunedin"))
    assert nhefs.at("death", "120") == "by 120 months"
    assert dunedin.at("disease", "45") == "by age 45"
    assert dunedin.at("crime", "38_everywhere") == "at 38 wherever people live"


def test_a_key_without_words_is_shown_as_words() -> None:
    assert Labels(configured("nhefs").codebook).outcome("left_to_itself") == "left to itself"
