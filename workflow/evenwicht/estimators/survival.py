"""Survival to a horizon and hazard ratios.

The product limit here exists for what lifelines does not offer: weights that are themselves estimated, each person's
influence, and the jackknife pseudo-values of a register-sized cohort in linear memory. Cox models come from `cox`.
Times that are equal up to rounding are tied everywhere, as in R.
"""

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats, Ints
from evenwicht.base.errors import ModelError
from evenwicht.estimators.cox import fit_cox
from evenwicht.estimators.event_support import arms, hazard_support
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.near_ties import merge_near_ties
from evenwicht.estimators.propensity import Propensity
from evenwicht.estimators.results import Interval
from evenwicht.estimators.survival_data import SurvivalData


class ProductLimit:
    """Weighted Kaplan-Meier survival, and its derivative by each person's weight.

    Parameters
    ----------
    data
        Follow-up of n people; weights are probability or frequency weights, and those with weight 0 do not enter.
    """

    def __init__(self, data: SurvivalData) -> None:
        time, entry = merge_near_ties(data.time, data.entry, "survival")
        event = data.event
        self.time, self.event, self.entry = time, event, entry
        self.weights = np.ones(data.n) if data.weights is None else data.weights
        inside = self.weights > 0
        entered = None if entry is None else entry[inside]
        times, deaths, at_risk = _risk_table(time[inside], event[inside], entered, self.weights[inside])
        spared = at_risk - deaths
        spared[spared < 1e-9 * at_risk] = 0.0  # sums of weights in another order
        self.times = times
        self.hazard = 1 - spared / at_risk
        self.survival = np.concatenate([[1.0], np.cumprod(spared / at_risk)])
        with np.errstate(divide="ignore"):
            self._jump = np.where(spared > 0, 1 / spared, 0.0)

    def at(self, grid: Floats) -> Floats:
        """Survival at the times of `grid`, (m,)."""
        return self.survival[np.searchsorted(self.times, grid, side="right")]

    def derivative(self, when: float) -> Floats:
        """Derivative of survival at a time by each person's weight, (n,).

        It is the martingale residual that the person adds to the cumulative hazard, in discrete time so that ties and
        small risk sets are exact. With weights of one the sum of its squares is Greenwood's variance, if nobody enters
        late. Source: Reid 1981, Annals of Statistics 9:78.
        """
        reached = int(np.searchsorted(self.times, when, side="right"))
        first, last = self._places
        expected = np.minimum(last, reached)
        expected = self._expected[expected] - self._expected[np.minimum(first, expected)]
        own = (self.event == 1) & (last <= reached) & (self.weights > 0)
        observed = np.zeros(len(self.time))
        observed[own] = self._jump[last[own] - 1]
        return np.where(self.weights > 0, self.survival[reached] * (expected - observed), 0.0)

    @cached_property
    def _expected(self) -> Floats:
        """Sum over event times of the hazard over the weight of those who are spared."""
        return np.concatenate([[0.0], np.cumsum(self.hazard * self._jump)])

    @cached_property
    def _places(self) -> tuple[Ints, Ints]:
        """Numbers of event times up to each person's entry and exit."""
        last = np.searchsorted(self.times, self.time, side="right")
        if self.entry is None:
            return np.zeros_like(last), last
        return np.searchsorted(self.times, self.entry, side="right"), last


def survival_estimate(curve: ProductLimit, when: float, name: str, propensity: Propensity | None = None) -> Estimate:
    """Survival at a time with the influence of each person, who may carry an estimated weight.

    Parameters
    ----------
    curve
        Survival of an arm, with sampling weights (or 1) times the weights of `propensity`, if any; 0 outside the arm.
    when
        Time.
    name
        Of the arm, for the reason why there is no interval.
    propensity
        Where the weights come from.
    """
    value = float(curve.at(np.array([when]))[0])
    if value > 0 and when > curve.time[curve.weights > 0].max():
        nothing = np.full(len(curve.time), np.nan)
        return Estimate(np.nan, nothing, f"nobody among {name} is followed for so long")
    derivative = curve.derivative(when)
    influence = derivative if propensity is None else propensity.influence(derivative)
    reasons = {1.0: f"no event by then among {name}", 0.0: f"nobody at risk by then is spared among {name}"}
    return Estimate(value, influence, reasons.get(value, ""))


def _risk_table(
    time: Floats, event: Floats, entry: Floats | None, weights: Floats | None
) -> tuple[Floats, Floats, Floats]:
    """Distinct event times with the weight of events and of people at risk."""
    weights = np.ones(len(time)) if weights is None else weights
    times = np.unique(time[event == 1])
    position = np.searchsorted(times, time[event == 1])
    deaths: Floats = np.bincount(position, weights=weights[event == 1], minlength=len(times)).astype(float)

    def weight_from(values: Floats, side: Any) -> Floats:
        order = np.argsort(values)
        total = np.concatenate([[0.0], np.cumsum(weights[order])])
        return total[-1] - total[np.searchsorted(values[order], times, side=side)]

    at_risk = weight_from(time, "left")
    if entry is not None:
        at_risk = at_risk - weight_from(entry, "left")
    return times, deaths, at_risk


def survival_pseudo_values(data: SurvivalData, horizon: float) -> Floats:
    """Jackknife pseudo-values of survival to the horizon, n S - (n - 1) S_(-i).

    Their mean is the Kaplan-Meier estimate, and a regression of them on covariates estimates differences in survival
    under censoring. Source: Andersen, Klein and Rosthoj 2003, Biometrika 90:15.

    With sampling weights they come from the infinitesimal jackknife, S + W dS/dw_i with W the sum of weights, which
    differs by a term of order 1/n: their weighted mean is the weighted estimate, and the regression takes the weights
    as well.

    Returns
    -------
    (n,) array
    """
    if data.weights is not None:
        curve = ProductLimit(data)
        return curve.at(np.array([horizon])) + data.weights.sum() * curve.derivative(horizon)
    time, entry = merge_near_ties(data.time, data.entry, "survival to the horizon")
    event = data.event
    times, deaths, at_risk = _risk_table(time, event, entry, None)
    keep = times <= horizon
    times, deaths, at_risk = times[keep], deaths[keep], at_risk[keep]
    factor = 1 - deaths / at_risk
    earlier = np.concatenate([[1.0], np.cumprod(factor)])  # before each event time, and after all
    later = np.concatenate([np.cumprod(factor[::-1])[::-1], [1.0]])  # from each event time on
    # one absent who would be present: where all present leave at once nobody could be, so the factor is never used
    without = np.where(at_risk > deaths, 1 - deaths / np.maximum(at_risk - 1, 1), 1.0)
    nobody_left = np.concatenate([[0], np.cumsum(without == 0)])
    log_without = np.concatenate([[0.0], np.cumsum(np.log(np.where(without == 0, 1.0, without)))])
    before = np.searchsorted(times, time, side="left")
    last = np.searchsorted(times, time, side="right")
    first = np.zeros_like(before) if entry is None else np.searchsorted(times, entry, side="right")
    middle = np.exp(log_without[before] - log_without[first]) * (nobody_left[before] == nobody_left[first])
    at_exit = np.ones(len(time))
    own = np.flatnonzero(last > before)  # leaves at an event time
    others = deaths[before[own]] - (event[own] == 1)
    at_exit[own] = 1 - others / np.maximum(at_risk[before[own]] - 1, 1)
    n = len(time)
    return n * earlier[-1] - (n - 1) * earlier[first] * middle * at_exit * later[last]


def kaplan_meier_curve(data: SurvivalData, grid: Floats) -> pd.DataFrame:
    """Survival at the times of `grid` with pointwise 95% limits (lifelines; log-log) and the number at risk.

    Returns
    -------
    DataFrame
        survival, lower, upper and at_risk, one row a time of the grid.

    Raises
    ------
    ModelError
        If the data have weights: Greenwood's limits are not those of a weighted curve (see `survival_estimate`).
    """
    if data.weights is not None:
        raise ModelError(
            "Kaplan-Meier limits do not take sampling weights",
            where="survival curve",
            fix="Leave the curve out, or take limits from the influence of each person.",
        )
    from lifelines import KaplanMeierFitter

    time, entry = merge_near_ties(data.time, data.entry, "survival")
    fit = KaplanMeierFitter().fit(time, data.event, entry=entry)
    limits = fit.confidence_interval_survival_function_.reindex(grid, method="ffill").fillna(1.0)
    entered = np.searchsorted(np.sort(np.zeros(len(time)) if entry is None else entry), grid, side="right")
    return pd.DataFrame(
        {
            "survival": fit.survival_function_at_times(grid).to_numpy(),
            "lower": limits.iloc[:, 0].to_numpy(),
            "upper": limits.iloc[:, 1].to_numpy(),
            "at_risk": entered - np.searchsorted(np.sort(time), grid, side="left"),
        }
    )


def hazard_ratio(
    data: SurvivalData, exposure: Floats, covariates: Floats | None = None, where: str = "Cox model"
) -> Interval:
    """Hazard ratio of an exposure by a Cox model (Efron ties), with its 95% interval.

    Parameters
    ----------
    data
        Follow-up of n people. With weights the standard error is robust (Lin and Wei 1989); with clusters it is the
        bias-reduced sandwich with Satterthwaite degrees of freedom, as in `least_squares`.
    exposure : (n,) array
    covariates : (n, k) array, optional

    Returns
    -------
    Interval
        On the ratio scale; `se` is the standard error of the log hazard ratio. Without limits if an arm has fewer than
        five events, not estimable if one has none or there are fewer events than covariates.

    Raises
    ------
    ModelError
        Where `fit_cox` raises it.
    """
    x = exposure[:, None] if covariates is None else np.column_stack([exposure, covariates])
    names = ["exposure", *(f"covariate {j}" for j in range(1, x.shape[1]))]

    def estimate() -> Interval:
        return fit_cox(
            data,
            x,
            names,
            few_clusters=data.clusters is not None,
            robust=data.weights is not None,
            where=where,
        ).hazard_ratio("exposure")

    return hazard_support(data.event, arms(exposure), len(names)).of_ratio(estimate)
