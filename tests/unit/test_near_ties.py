"""Times that differ by rounding alone: merged by R's rule, and without influence on any estimate."""

import numpy as np
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.estimators.cox import fit_cox
from evenwicht.estimators.near_ties import merge_near_ties
from evenwicht.estimators.survival import ProductLimit, kaplan_meier_curve, survival_pseudo_values
from evenwicht.estimators.survival_data import SurvivalData
from hypothesis import given, settings

from tests.unit.test_cox import assert_same, fit, people, seeds

EXACT = 1e-9  # what moving a time by 1e-10 may do to a number that is a smooth function of it


def noise(seed: int, times: np.ndarray) -> np.ndarray:
    """Errors like those of a date divided by 365.25."""
    return times + np.random.default_rng(seed).uniform(-1e-10, 1e-10, len(times))


def two_deaths(unit: float, gap: float) -> float:
    """Hazard ratio when the second death is an exposed one, `gap` after the first; a third person outlives both."""
    time = np.array([unit, unit + gap, 2 * unit])
    exposed = np.array([[0.0], [1.0], [0.0]])
    return float(np.exp(fit_cox(SurvivalData(time, np.array([1.0, 1.0, 0.0])), exposed, ["exposed"]).params[0]))


@pytest.mark.parametrize(
    ("unit", "gap", "tied"), [(1.0, 0.0, True), (1.0, 1e-10, True), (1e5, 1e-4, True), (1.0, 1e-6, False)]
)
def test_deaths_are_tied_if_they_differ_by_rounding_alone(unit: float, gap: float, tied: bool) -> None:
    """In closed form: Efron's likelihood 2r / ((r + 2)(r + 3)) is highest at the root of 6, r / ((r + 2)(r + 1)) at
    the root of 2."""
    assert two_deaths(unit, gap) == pytest.approx(np.sqrt(6) if tied else np.sqrt(2), rel=1e-8)


def test_who_enters_at_a_death_is_not_at_risk_at_it() -> None:
    """However entry is rounded: R has time at risk open on the left."""
    time, event, x = np.array([1.0, 2, 3, 4, 5, 6]), np.array([1.0, 1, 1, 1, 1, 0]), np.array([1.0, 0, 1, 1, 0, 0])
    fits = []
    for shift in (0.0, -1e-10, 1e-10):
        entry = np.array([0.0, 0, 0, 2 + shift, 1 + shift, 0])
        fits.append(fit_cox(SurvivalData(time, event, entry), x[:, None], ["x"]))
    assert_same(fits[0], fits[1])
    assert_same(fits[0], fits[2])


@given(seeds)
@settings(deadline=None, max_examples=20)
def test_noise_in_the_last_digits_changes_no_hazard_model(seed: int) -> None:
    data = people(seed)
    noisy = data | {"time": noise(seed, data["time"]), "entry": noise(seed + 1, data["entry"])}
    assert_same(fit(data), fit(noisy))


@given(seeds)
@settings(deadline=None, max_examples=20)
def test_noise_in_the_last_digits_changes_no_survival_curve(seed: int) -> None:
    data = people(seed, n=300)
    time, entry = noise(seed, data["time"]), noise(seed + 1, data["entry"])
    grid, event = np.array([3.5, 5.5, 7.5]), data["event"]  # between times, where no jump is moved
    entered = np.minimum(data["entry"], 2)  # early enough that somebody is at risk at every event
    noisy = np.minimum(entry, 2)
    pairs = [
        (
            ProductLimit(SurvivalData(t, event, e, data["weights"])).at(grid),
            survival_pseudo_values(SurvivalData(t, event, e), 5.5),
        )
        for t, e in ((data["time"], entered), (time, noisy))
    ]
    for one, other in zip(*pairs, strict=True):
        np.testing.assert_allclose(other, one, atol=EXACT * 300)
    curve, same = (
        kaplan_meier_curve(SurvivalData(t, event, e), grid) for t, e in ((data["time"], entered), (time, noisy))
    )
    np.testing.assert_allclose(same.to_numpy(), curve.to_numpy(), atol=EXACT)


def test_a_chain_of_near_neighbours_is_one_time_and_others_stay() -> None:
    time = np.array([3.0, 1.0, 1.0 + 2e-8, 1.0 + 1e-8, 2.0])
    merged, entry = merge_near_ties(time, None, "test")
    assert merged.tolist() == [3.0, 1.0, 1.0, 1.0, 2.0]
    assert entry is None


def test_times_that_are_distinct_are_given_back_as_they_are() -> None:
    time, entry = np.array([3.0, 1.0, 2.0]), np.array([0.0, 0.5, 1.0])
    same = merge_near_ties(time, entry, "test")
    assert same[0] is time
    assert same[1] is entry


def test_time_at_risk_that_is_rounding_alone_is_refused() -> None:
    """As in R, which finds an interval of effective length 0."""
    data = people(3)
    short = data | {"entry": data["entry"].copy()}
    short["entry"][5] = data["time"][5] - 1e-10
    with pytest.raises(ModelError, match="here: 1 of 90 rows enter and leave at times that are equal up to rounding"):
        fit(short, where="here")
