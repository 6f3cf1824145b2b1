"""Incidence of an event with and without an exposure when another can come first, beside the risk if none did."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import EventOutcome, horizon_of
from evenwicht.cohort import Cohort
from evenwicht.estimators.design import LEAST_EVENTS
from evenwicht.estimators.event_support import EventSupport, event_support, two_arms
from evenwicht.estimators.influence import Estimate, Sampling
from evenwicht.estimators.propensity import Propensity, fit_propensity
from evenwicht.estimators.results import Interval
from evenwicht.estimators.standardisation import standardised_pseudo_values
from evenwicht.estimators.survival import hazard_ratio
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.competing import competing_follow_up
from evenwicht.studies.competing_risks import Settings
from evenwicht.studies.competing_risks.arm import EVENT, OTHER, Arm
from evenwicht.studies.competing_risks.follow_up import Courses
from evenwicht.studies.measures import ratio_of
from evenwicht.studies.samples import Sample, draw_sample, exposed_by
from evenwicht.studies.study import Job
from evenwicht.studies.values import MONTHS, TimedOutcome, outcome_values

CURVE_POINTS = 61
NET = "nobody_first"  # the curve of the event if nobody had the competing one
SHARES = ("cumulative_incidence", "competing_incidence", "risk")
ABOUT = {  # what is estimated -> the events that it is about
    "cumulative_incidence": "event",
    "competing_incidence": "other",
    "risk": "event",
    "years_lost": "event",
    "competing_years_lost": "other",
    "healthy_years": "either",
    "rmst": "event",
}


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Estimate what each exposure does to the incidence of each outcome, and to that of what competes with it.

    Methods in the rows: `crude`; `ipw`, weighting with the estimated propensity in its standard error;
    `standardisation`, a logistic model of jackknife pseudo-values (Klein and Andersen 2005, Biometrics 61:223), which
    heavy weights do not disturb; `regression`, Cox models with covariates. Cumulative incidence is Aalen and
    Johansen's; `risk_exposed`, `risk_unexposed`, `risk_difference` and `rmst_difference` are those of Kaplan and
    Meier's curve, which ends follow-up where the competing event comes: what would be if nobody had it first. Hazard
    ratios are those of each event among people who have had neither (cause-specific).

    Curves: `incidence`, by arm and cause: the event, either event, and the event if nobody had the other first, with
    pointwise 95% limits and numbers at risk.
    """
    adjust = book.adjustment(study.adjust)
    family = next(iter(book.role("family")), None)
    for contrast in study.contrasts(book):
        for name in study.outcomes:
            outcome = book.outcomes[name]
            assert isinstance(outcome, EventOutcome)
            where = f"cohort {book.cohort}, study {found.study}, {contrast.exposure} on {name}"
            keys = (name, contrast.exposure, contrast.reference)
            with found.part(*keys, estimand="cumulative_incidence_difference") as rows:
                values, _ = outcome_values(cohort, outcome, where, study.follow)
                assert isinstance(values, TimedOutcome)
                other = competing_follow_up(cohort, outcome, study.competing, where)
                sample = draw_sample(
                    cohort,
                    exposed_by(cohort, contrast),
                    adjust.without(contrast.column),
                    outcome,
                    where,
                    clusters=cohort.persons[family] if family else None,
                    weights=study.weights,
                    follow=study.follow,
                    lost=other.lost(outcome, values),
                )
                rows.flow(sample.flow)
                sample.tell_weights(rows)
                sample.tell_share(rows)
                courses = Courses.of(sample, other)
                propensity = fit_propensity(sample.exposure, sample.covariates, where, sample.weights)
                rows.diagnose("largest_weight", "ipw", float(propensity.weights.max()), n=sample.n)
                years = 1 / MONTHS if outcome.unit == "months" else 1.0
                _incidence_rows(rows, sample, courses, propensity, horizon_of(outcome), years)
                _hazard_ratios(rows, sample, courses, propensity, where)


def _incidence_rows(
    rows: Rows, sample: Sample, courses: Courses, propensity: Propensity, at: str, years: float
) -> None:
    """Incidence, risk and years by the horizon in both arms, as they are, weighted, and standardised."""
    told, size = _Told.of(sample, courses), {"n": sample.n, "at": at}
    for method, weighting in (("crude", None), ("ipw", propensity)):
        weights = propensity.sampling * (1.0 if weighting is None else weighting.weights)
        arms = {name: Arm(courses, weights * arm, name, weighting) for name, arm in two_arms(sample.exposure).items()}
        one, none = (arm.estimates() for arm in arms.values())
        told.tell(rows, method, {what: (one[what], none[what]) for what in one}, years, size)
        if rows.wants_curves:
            for name, arm in arms.items():
                curves = _curves(arm, told.sampling, two_arms(sample.exposure)[name])
                rows.curve("incidence", curves.assign(method=method, arm=name))
    everybody = Arm(courses, propensity.sampling, "the people", None).estimates()
    most = {what: 1.0 if what in SHARES else courses.horizon for what in everybody}
    given = sample.exposure, sample.covariates
    standardised = {
        what: standardised_pseudo_values(estimate, *given, most[what], sample.weights)
        for what, estimate in everybody.items()
    }
    told.tell(rows, "standardisation", standardised, years, size)


@dataclass(frozen=True)
class _Told:
    """What the events of a sample carry, and how many they are, by what is estimated."""

    sampling: Sampling
    supports: dict[str, EventSupport]
    events: dict[str, int]

    @classmethod
    def of(cls, sample: Sample, courses: Courses) -> "_Told":
        event, other = courses.event, courses.competing
        status = {"event": courses.status(event, other), "other": courses.status(other, event)}
        status["either"] = np.fmax(status["event"], status["other"])
        arms = two_arms(sample.exposure)
        return cls(
            sample.sampling,
            {what: event_support(status[of], arms) for what, of in ABOUT.items()},
            {what: int(np.nansum(status[of])) for what, of in ABOUT.items()},
        )

    def tell(
        self, rows: Rows, method: str, both: dict[str, tuple[Estimate, Estimate]], years: float, size: dict[str, Any]
    ) -> None:
        """Add shares of both arms with their difference, the ratio of incidence, and differences in years."""
        for what, (one, none) in both.items():
            support, about = self.supports[what], {**size, "events": self.events[what]}
            change = one - none
            if what in SHARES:
                rows.add(f"{what}_exposed", method, support.of(self.sampling.risk_interval(one)), **about)
                rows.add(f"{what}_unexposed", method, support.of(self.sampling.risk_interval(none)), **about)
            else:
                change = Estimate(change.value * years, change.influence * years, change.reason)
            rows.add(f"{what}_difference", method, support.of(self.sampling.interval(change)), **about)
            if what == "cumulative_incidence":
                ratio = partial(ratio_of, self.sampling, one, none)
                rows.add(f"{what}_ratio", method, support.of_ratio(ratio), **about)


def _curves(arm: Arm, sampling: Sampling, flags: Flags) -> pd.DataFrame:
    """Points of the incidence of the event, of either event, and of the event if nobody had the other first.

    There are no limits before as many people have had it as an interval takes.
    """
    courses = arm.courses
    grid = np.linspace(0, courses.horizon, CURVE_POINTS)
    entry = np.zeros(flags.sum()) if courses.entry is None else courses.entry[flags]
    entered = np.searchsorted(np.sort(entry), grid, side="right")
    left = np.searchsorted(np.sort(courses.time[flags]), grid, side="left")
    parts = []
    for cause, share, event in (
        ("event", partial(arm.incidence, EVENT), courses.event),
        ("either", arm.either, courses.event + courses.competing),
        (NET, arm.net_risk, courses.event),
    ):
        counts = np.searchsorted(np.sort(courses.time[flags & (event == 1)]), grid, side="right")
        limits = [
            sampling.risk_interval(share(when)) if count >= LEAST_EVENTS else Interval(share(when).value)
            for when, count in zip(grid, counts, strict=True)
        ]
        points = {name: [getattr(limit, name) for limit in limits] for name in ("estimate", "lower", "upper")}
        parts.append(pd.DataFrame({"x": grid, **points, "at_risk": entered - left, "cause": cause}))
    return pd.concat(parts, ignore_index=True)


def _hazard_ratios(rows: Rows, sample: Sample, courses: Courses, propensity: Propensity, where: str) -> None:
    """Cause-specific hazard ratios: of the event and of the competing one, among people who have had neither."""
    weighted = propensity.sampling * propensity.weights
    for cause, what in ((EVENT, "hazard_ratio"), (OTHER, "competing_hazard_ratio")):
        for estimand, method, covariates, weights in (
            (what, "crude", None, sample.weights),
            (what, "ipw", None, weighted),
            (f"conditional_{what}", "regression", sample.covariates, sample.weights),
        ):
            if rows.wants(estimand):
                data = courses.causes(weights, sample.clusters)[cause]
                data = data.among(data.time > (0 if data.entry is None else data.entry))
                interval = hazard_ratio(data, *_present(sample, courses, cause, covariates), where=where)
                rows.add(estimand, method, interval, n=data.n, events=int(data.event.sum()))


def _present(sample: Sample, courses: Courses, cause: int, covariates: Floats | None) -> tuple[Floats, Floats | None]:
    """Exposure and covariates of those who were ever at risk of a cause."""
    entry = courses.entry if cause == EVENT else courses.competing_entry
    kept = courses.time > (0 if entry is None else entry)
    return sample.exposure[kept], None if covariates is None else covariates[kept]
