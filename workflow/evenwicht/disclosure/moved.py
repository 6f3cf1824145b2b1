"""Numbers that hold the share of people with an event, moved to its released value: together they tell no count.

A risk difference beside a risk ratio gives both risks, and with an attributable fraction the share of cases. Ratios of
risks, fractions and explained variance stay as they are; what holds the share of cases besides is made of these and the
released share. All are straight lines in the number: a shift and a scale, which limits and standard errors take too.
Whatever says the same thing twice, in a table of estimates, of diagnostics or in a curve, is moved in all of them.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats
from evenwicht.disclosure.numbers import upwards

Line = Callable[[Floats, Floats], tuple[Floats, Floats]]  # of the true and the released share: shift and scale
Sector = tuple[Floats, Floats, Floats]  # all people, those with high need in two sectors, and in each of these
SAME_METHOD = ["cohort", "study", "outcome", "exposure", "reference", "subgroup", "at", "method"]
REACH = 0.25  # to which limits are rounded, in standard errors


def _times(true: Floats, released: Floats) -> tuple[Floats, Floats]:
    return np.zeros(len(true)), released / true


def _over(true: Floats, released: Floats) -> tuple[Floats, Floats]:
    return np.zeros(len(true)), true / released


def _plus(true: Floats, released: Floats) -> tuple[Floats, Floats]:
    return released - true, np.ones(len(true))


def _times_variance(true: Floats, released: Floats) -> tuple[Floats, Floats]:
    return np.zeros(len(true)), released * (1 - released) / (true * (1 - true))


def _of_liability(true: Floats, released: Floats) -> tuple[Floats, Floats]:
    """Lee et al. 2012, Genet Epidemiol 36:214: explained variance of yes or no, over the squared density at the cut."""
    densities = [_density_at(share) for share in (true, released)]
    return np.zeros(len(true)), _times_variance(true, released)[1] * (densities[0] / densities[1]) ** 2


def _of_users(true: Floats, released: Floats) -> tuple[Floats, Floats]:
    """One less it is what the Gini coefficient of all lacks to one, for each user."""
    return 1 - true / released, true / released


def _of_others(true: Floats, released: Floats) -> tuple[Floats, Floats]:
    return np.zeros(len(true)), (1 - released) / (1 - true)


RISKS = (
    "risk_exposed",
    "risk_unexposed",
    "cumulative_incidence_exposed",
    "cumulative_incidence_unexposed",
    "competing_incidence_exposed",
    "competing_incidence_unexposed",
)  # of models; those of counts are made of counts
# of estimands, of diagnostics and of curves
LINES: Mapping[str, Line] = {
    **dict.fromkeys(
        (
            *RISKS,
            "risk_difference",
            "population_risk_difference",
            "crude_difference",
            "selection_bias",
            "cumulative_incidence_difference",
            "competing_incidence_difference",
            "path_risk_difference",
            "within_difference",
            "between_difference",
            "contextual_difference",
            "cases_averted",
            "change_in_cases",
            "cases_apart",
            "units_over_all",
            "change_at_least",
            "change_at_most",
            "averted_by_shift",
            "doing_well_added",
            "slope_index",
            "slope_index_exposed",
            "slope_index_unexposed",
            "slope_index_difference",
            "slope_over_all",
            "observed_expected_share",
            "rate_exposed",
            "rate_unexposed",
        ),
        _times,
    ),
    "number_needed": _over,
    "number_over_all": _over,
    "cost_for_one": _over,
    "excess_group_share": _plus,
    "brier_score": _times_variance,
    "erreygers_index": _times_variance,
    "liability_r_squared": _of_liability,
    "gini_users": _of_users,
}


def moved(rows: pd.DataFrame, numbers: Floats, true: Floats, released: Floats) -> Floats:
    """Return estimates, limits and standard errors, (n, 4), as they are with the released share of people.

    Parameters
    ----------
    rows
        Rows of `results.schema.ESTIMATES`.
    numbers : (n, 4)
        Of these.
    true, released : (n,)
        Share of the people with the event; not a number where there is none, which moves nothing.
    """
    known = (true > 0) & (true < 1)
    released = _usable(released)
    shift, scale = straight(rows["estimand"], true, released)
    # a concentration index of yes or no, beside that of Wagstaff, which the share is not in
    of_yes = _keyed(rows, rows["estimand"] == "wagstaff_index", SAME_METHOD).notna().to_numpy()
    here = known & of_yes & (rows["estimand"] == "concentration_index").to_numpy()
    shift[here], scale[here] = _of_others(true[here], released[here])
    here = known & (rows["estimand"] == "odds_ratio").to_numpy()
    scale[here] = _of_odds(rows, released / np.where(known, true, 1.0))[here]
    return along(numbers, shift, scale)


def along(numbers: Floats, shift: Floats, scale: Floats) -> Floats:
    """Return estimates and limits, and standard errors if there are any, (n, 3 or 4), on their lines, (n,) each."""
    left = numbers * scale[:, None]
    left[:, :3] += shift[:, None]
    return left


def straight(names: pd.Series, true: Floats, released: Floats) -> tuple[Floats, Floats]:
    """Return the shift and the scale of numbers by their line, (n,) each; 0 and 1 of what has none.

    Parameters
    ----------
    names : (n,)
        Keys of `LINES`, or others.
    true, released : (n,)
        As in `moved`.
    """
    known, released = (true > 0) & (true < 1), _usable(released)
    shift, scale = np.zeros(len(names)), np.ones(len(names))
    for name, line in LINES.items():
        here = known & (names == name).to_numpy()
        shift[here], scale[here] = line(true[here], released[here])
    return shift, scale


def _usable(released: Floats) -> Floats:
    return np.where((released > 0) & (released < 1), released, np.nan)  # not known: so is what would hold it


def averaged(numbers: Floats, people: Floats, shown: Floats) -> Floats:
    """Return numbers of parts of the people, (k, 4), that give that of all by the released numbers of people.

    Those of several changes would otherwise tell how many people are in each part: the true ones give that of all.

    Parameters
    ----------
    numbers : (k, 4)
        Estimates, limits and standard errors.
    people, shown : (k,)
        In each part, and as released.
    """
    apart = (shown / shown.sum() - people / people.sum()) @ numbers[:, 0]
    if not np.isfinite(apart):  # one is not told, and so is what all of them give
        return numbers
    left = numbers.copy()
    left[:, :3] -= apart
    return left


def _keyed(rows: pd.DataFrame, flags: pd.Series, key: list[str]) -> pd.Series:
    """Return for each row the estimate of the first flagged row of its key; missing where there is none."""
    told = rows[flags].drop_duplicates(key)
    values = told["estimate"].set_axis(pd.MultiIndex.from_frame(told[key]))
    return values.reindex(pd.MultiIndex.from_frame(rows[key])).set_axis(rows.index)


def _of_odds(rows: pd.DataFrame, times: Floats) -> Floats:
    """Scale of odds ratios whose risks, by the difference and the ratio of these, are so many times as large.

    Not a number where it is not known how many times, or no risk is so large; 1 where these two are not told beside it.
    """
    difference, ratio = (
        _keyed(rows, rows["estimand"] == name, SAME_METHOD).to_numpy(dtype=float)
        for name in ("risk_difference", "risk_ratio")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        unexposed = difference / (ratio - 1)
        exposed = ratio * unexposed
        scale = (1 - exposed) / (1 - unexposed) * (1 - times * unexposed) / (1 - times * exposed)
    beside = np.isfinite(difference * ratio) & (ratio != 1)
    return np.where(beside, np.where(scale > 0, scale, np.nan), 1.0)


def needing_each(ratio: Floats, people: Floats, both: Floats) -> Floats:
    """Return how many have high need in one sector, (n,), given the odds ratio of it in another.

    Both sectors have as many people with high need.

    Parameters
    ----------
    ratio : (n,)
        Odds ratios.
    people, both : (n,)
        All, and those with high need in both.
    """
    # of one sector alone: the root of ratio x^2 + 2 both x - both (people - both) = 0
    with np.errstate(divide="ignore", invalid="ignore"):
        one = (np.sqrt(both**2 + ratio * both * (people - both)) - both) / ratio
    return np.asarray(both + one)


def pairs(numbers: Floats, true: Sector, shown: Sector) -> Floats:
    """Return odds ratios of need in two sectors, limits and standard errors, (n, 4), from released counts.

    A limit is as many standard errors away as it was (Woolf 1955), rounded upwards.

    Parameters
    ----------
    numbers : (n, 4)
        As they are.
    true, shown : (n,) each
        All people, those with high need in both sectors and in each, and the same as released.
    """
    tables = [(both, each - both, people - 2 * each + both) for people, both, each in (true, shown)]
    with np.errstate(divide="ignore", invalid="ignore"):
        true_error, error = (np.sqrt(1 / both + 2 / one + 1 / none) for both, one, none in tables)
        both, one, none = tables[1]
        ratio = both * none / one**2
        away = upwards(np.abs(np.log(numbers[:, 1:3] / numbers[:, :1])) / true_error[:, None], REACH)
        limits = ratio[:, None] * np.exp(np.array([-1.0, 1.0]) * away * error[:, None])
        spread = upwards(numbers[:, 3] / true_error, REACH) * error
    made = np.column_stack([ratio, limits, spread])
    made[~((both > 0) & (one > 0) & (none > 0))] = np.nan
    return made


def _density_at(share: Floats) -> Floats:
    """Density of the standard normal where so many lie above."""
    from scipy.special import ndtri

    return np.exp(-(ndtri(share) ** 2) / 2) / np.sqrt(2 * np.pi)
