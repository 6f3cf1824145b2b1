"""The lasso path and inference after it, against the R packages lars 1.3 and selectiveInference 1.2.5, and by hand.

Data are those on diabetes of Efron et al. 2004 (442 people, 10 columns in their own units), and the cell table of
Mishra et al. 2009, International Journal of Epidemiology 38:528: numbers and mean body mass index of men by
socioeconomic position in three periods of life.
"""

from functools import cache

import numpy as np
import pytest
from evenwicht.estimators.life_course import hypotheses
from evenwicht.estimators.life_course_paths import LassoPath, Moments, lasso_path, partial_moments
from evenwicht.estimators.selective_inference import selection_at, spacing_p_values, truncated

NOISE = 54.1542393281  # residual standard deviation of the model with all ten columns


@cache
def diabetes() -> tuple[Moments, LassoPath]:
    from sklearn.datasets import load_diabetes

    columns, outcome = load_diabetes(return_X_y=True, scaled=False)
    names = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
    moments = partial_moments(
        outcome, dict(zip(names, columns.T, strict=True)), np.empty((len(outcome), 0)), "diabetes"
    )
    return moments, lasso_path(moments, least=1e-3)


@cache
def mishra() -> tuple[Moments, LassoPath]:
    """Each cell stands for its people."""
    people = np.array([141, 20, 88, 80, 40, 35, 317, 367], dtype=float)
    body_mass = np.array([28.7, 27.5, 29.1, 27.8, 28.3, 27.1, 27.6, 26.0])
    position = np.array([[int(digit) for digit in row] for row in ("01001101", "00101011", "00010111")]).T
    columns = hypotheses(
        position.astype(float),
        ["early", "mid", "late"],
        [5.0, 25.0, 45.0],
        ["sensitive_period", "accumulation", "change"],
        binary=True,
    )
    moments = partial_moments(body_mass, columns, np.empty((8, 0)), "Mishra", weights=people)
    return moments, lasso_path(moments)


def told(found: tuple[Moments, LassoPath]) -> list[str]:
    moments, path = found
    return [("+" if step.enters else "-") + moments.names[step.position] for step in path.steps]


# --- the path


def test_penalties_of_the_path_are_those_of_lars() -> None:
    published = [
        949.435260384, 889.313785360, 452.895700527, 316.073378949, 130.129537096, 88.784299351, 68.964790190,
        19.981165360, 5.477536366, 5.088236294, 2.182266844, 1.310441340,
    ]  # fmt: skip
    assert diabetes()[1].penalties[:12] == pytest.approx(published, abs=1e-9 * 949)


def test_hypotheses_enter_and_leave_in_the_order_of_lars() -> None:
    """The seventh column leaves before it returns, which least angle regression alone would not see."""
    expected = ["+bmi", "+s5", "+bp", "+s3", "+sex", "+s6", "+s1", "+s4", "+s2", "+age", "-s3", "+s3"]
    assert told(diabetes()) == expected


def test_explained_variance_along_the_path_is_that_of_lars() -> None:
    explained = diabetes()[1].explained[1:5]
    assert explained == pytest.approx([0.042177764, 0.351256552, 0.417336935, 0.478927808], abs=5e-10)


def test_least_squares_on_everything_explains_what_the_end_of_the_path_does() -> None:
    moments, _ = diabetes()
    assert moments.explained(range(10)) == pytest.approx(0.517748422, abs=5e-10)
    assert moments.noise("diabetes") == pytest.approx(NOISE, abs=5e-10)


def test_path_of_the_cell_table_with_its_drop() -> None:
    """Penalties follow from numbers and means of cells alone."""
    expected = [
        "+accumulation", "+sensitive_early", "+improvement_mid_late", "+sensitive_late", "+worsening_early_mid",
        "-sensitive_late", "+improvement_early_mid",
    ]  # fmt: skip
    assert told(mishra()) == expected
    penalties = [step.penalty for step in mishra()[1].steps]
    assert penalties == pytest.approx([32.112, 18.578, 14.500, 5.553, 4.705, 3.664, 0.360], abs=5e-4)


def test_the_cell_table_gives_the_path_of_the_people_in_it() -> None:
    """Rows with weights are so many people."""
    people = np.array([141, 20, 88, 80, 40, 35, 317, 367])
    moments, path = mishra()
    assert moments.left == people.sum() - 1
    rows = np.repeat(np.arange(8), people)
    body_mass = np.array([28.7, 27.5, 29.1, 27.8, 28.3, 27.1, 27.6, 26.0])[rows]
    position = np.array([[int(digit) for digit in row] for row in ("01001101", "00101011", "00010111")]).T[rows]
    columns = hypotheses(
        position.astype(float),
        ["early", "mid", "late"],
        [5.0, 25.0, 45.0],
        ["sensitive_period", "accumulation", "change"],
        binary=True,
    )
    everybody = partial_moments(body_mass, columns, np.empty((len(rows), 0)), "Mishra")
    assert lasso_path(everybody).penalties == pytest.approx(path.penalties, rel=1e-9)


# --- inference after the choice

CHOSEN = [  # penalty, column, coefficient, one-sided P value, limits of the truncation
    (400.0, "bmi", 603.078357, 1.1e-18, (213.010617, 720.833338)),
    (400.0, "bp", 262.272003, 0.118051075, (231.640091, 1480.129260)),
    (400.0, "s5", 543.871206, None, (213.818152, 662.925983)),
    (200.0, "bp", None, 2.13191671e-04, None),
    (200.0, "s3", -193.952822, 0.0324141970, None),
]


@pytest.mark.parametrize(("penalty", "column", "coefficient", "p_value", "limits"), CHOSEN)
def test_inference_at_a_penalty_is_that_of_selective_inference(
    penalty: float,
    column: str,
    coefficient: float | None,
    p_value: float | None,
    limits: tuple[float, float] | None,
) -> None:
    moments, path = diabetes()
    found = truncated(selection_at(path, moments, penalty), moments, moments.names.index(column), NOISE)
    if coefficient is not None:
        assert found.estimate == pytest.approx(coefficient, abs=5e-7)
    if p_value is not None:
        digits = 5e-20 if p_value < 1e-15 else 5e-9
        assert found.beyond(np.sign(found.estimate)) == pytest.approx(p_value, abs=digits)
    if limits is not None:
        assert (found.low, found.high) == pytest.approx(limits, abs=5e-7)


def test_standard_deviation_of_a_coefficient_at_a_penalty() -> None:
    moments, path = diabetes()
    found = truncated(selection_at(path, moments, 400.0), moments, moments.names.index("bmi"), NOISE)
    assert found.sd == pytest.approx(62.7940209, abs=5e-8)


INTERVALS = [
    (400.0, "bp", (-196.465689, 376.091462)),
    (200.0, "bp", (136.688505, 391.341063)),
    (200.0, "s3", (-314.106159, 16.727547)),
]


@pytest.mark.parametrize(("penalty", "column", "published"), INTERVALS)
def test_intervals_are_those_of_selective_inference_up_to_its_grid(
    penalty: float, column: str, published: tuple[float, float]
) -> None:
    """R looks for limits on a grid of the mean and takes the next point outwards; ours solve for them."""
    moments, path = diabetes()
    found = truncated(selection_at(path, moments, penalty), moments, moments.names.index(column), NOISE)
    lower, upper = found.limits()
    assert found.below(lower) == pytest.approx(0.975, abs=1e-9)
    assert found.below(upper) == pytest.approx(0.025, abs=1e-9)
    assert published[0] < lower < upper < published[1]
    assert (lower, upper) == pytest.approx(published, abs=0.06 * found.sd)


def test_spacing_test_of_each_step() -> None:
    """R approximates the far tail of the first."""
    moments, path = diabetes()
    bmi, s5, bp, s3 = spacing_p_values(path, moments, NOISE)[:4]
    assert bmi == pytest.approx(6.1149176e-09, rel=1e-3)
    assert s5 == pytest.approx(0, abs=5e-9)
    assert (bp, s3) == pytest.approx((6.4815146e-03, 7.4151298e-03), abs=5e-11)


def test_at_the_second_knot_inference_is_the_spacing_test() -> None:
    moments, path = diabetes()
    found = truncated(selection_at(path, moments, float(path.penalties[1])), moments, 2, NOISE)
    assert found.estimate == pytest.approx(949.4352604, abs=5e-8)
    assert found.low == pytest.approx(path.penalties[1], rel=1e-12)
    assert found.high == np.inf
    assert found.beyond(1.0) == pytest.approx(spacing_p_values(path, moments, NOISE)[0], rel=1e-9)
