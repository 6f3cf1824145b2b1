"""Numbers needed: the set of numbers is that of the differences, whichever side of zero they lie on."""

import numpy as np
import pytest
from evenwicht.estimators.number_needed import Limits, NumberNeeded, number_needed
from evenwicht.estimators.results import Interval
from hypothesis import assume, given
from hypothesis import strategies as st

differences = st.floats(-1.0, 1.0, allow_subnormal=False).map(lambda d: round(d, 6))


def holds(needed: NumberNeeded, difference: float) -> bool:
    """Whether the set holds the number of people that goes with a difference."""
    people = 1 / abs(difference) if difference else np.inf
    sides = [needed.benefit] if difference < 0 else [needed.harm] if difference > 0 else [needed.benefit, needed.harm]
    return any(side is not None and side.least <= people <= side.most for side in sides)


@given(st.tuples(differences, differences, differences).map(sorted), differences)
def test_the_set_holds_a_number_if_the_limits_hold_its_difference(ends: list[float], other: float) -> None:
    lower, estimate, upper = ends
    assume(lower < 0 or upper > 0)
    needed = number_needed(Interval(estimate, 0.1, lower, upper))
    for difference in (lower, estimate, upper, other, 0.0):
        assert holds(needed, difference) == (lower <= difference <= upper)


@given(st.tuples(differences, differences, differences).map(sorted))
def test_turning_the_difference_round_swaps_the_sides(ends: list[float]) -> None:
    lower, estimate, upper = ends
    one = number_needed(Interval(estimate, 0.1, lower, upper))
    other = number_needed(Interval(-estimate, 0.1, -upper, -lower))
    assert (one.estimate, one.kind, one.benefit, one.harm) == (other.estimate, other.kind, other.harm, other.benefit)


@pytest.mark.parametrize(
    ("lower", "upper", "kind", "benefit", "harm"),
    [
        (-0.05, -0.02, "one interval", Limits(20.0, 50.0), None),
        (-0.05, 0.0, "one interval", Limits(20.0, np.inf), None),
        (0.0, 0.04, "one interval", None, Limits(25.0, np.inf)),
        (0.02, 0.04, "one interval", None, Limits(25.0, 50.0)),
        (-0.05, 0.04, "two rays through infinity", Limits(20.0, np.inf), Limits(25.0, np.inf)),
    ],
    ids=["benefit", "benefit up to nothing", "harm down to nothing", "harm", "either"],
)
def test_sides(lower: float, upper: float, kind: str, benefit: Limits | None, harm: Limits | None) -> None:
    needed = number_needed(Interval((lower + upper) / 2, 0.01, lower, upper))
    assert needed.kind == kind
    for found, expected in ((needed.benefit, benefit), (needed.harm, harm)):
        assert (found is None) == (expected is None)
        if found is not None and expected is not None:
            assert [found.least, found.most] == pytest.approx([expected.least, expected.most])


def test_risks_that_do_not_differ_need_infinitely_many_people() -> None:
    needed = number_needed(Interval(0.0, 0.01, -0.02, 0.02))
    assert (needed.estimate, needed.side, needed.kind) == (np.inf, "", "two rays through infinity")
    assert needed.benefit == needed.harm == Limits(50.0, np.inf)


def test_limits_of_zero_on_both_sides_are_no_limits() -> None:
    """A difference that is zero without error, as where nobody has the outcome."""
    needed = number_needed(Interval(0.0, 0.0, 0.0, 0.0))
    assert (needed.estimate, needed.kind, needed.benefit, needed.harm) == (np.inf, "no limits", None, None)
    assert needed.reason == "the risks do not differ"


def test_no_fewer_than_one_person_is_needed() -> None:
    """Limits of a difference by a normal approximation may lie beyond one."""
    needed = number_needed(Interval(-0.5, 0.5, -1.5, np.inf))
    assert needed.benefit == needed.harm == Limits(1.0, np.inf)


def test_a_difference_without_limits_has_a_number_without() -> None:
    needed = number_needed(Interval(-0.04, reason="too few people"))
    assert (needed.estimate, needed.side, needed.kind, needed.reason) == (
        25.0,
        "benefit",
        "no limits",
        "too few people",
    )
    assert number_needed(Interval(-0.04)).reason == "the difference has no limits"


def test_a_difference_that_is_not_known_has_no_number() -> None:
    needed = number_needed(Interval.not_estimable("nobody was exposed"))
    assert np.isnan(needed.estimate)
    assert (needed.side, needed.kind, needed.reason) == ("", "no limits", "nobody was exposed")
