"""A policy that holds for births from a date on: discontinuity at the date, and the same dates of other years.

What each method assumes:

- `rd`, regression discontinuity (Imbens and Lemieux 2008, Journal of Econometrics 142:615): local linear in date of
  birth on both sides of the date, triangular kernel. What else varies with date of birth, season and trend included,
  passes through the date smoothly and nearly straight within the bandwidth; a curve of the season is not removed.
- `difference_in_discontinuities`: births after against before the date, in the year of the reform against other years,
  with fixed effects of year and of week around the date. A season that is the same every year and a trend over
  years fall out. The reform must act alike at all dates within the bandwidth; no other year may have its own reform.
- `rd_donut` and `difference_in_discontinuities_donut` leave out births near the date (Barreca et al. 2011, Quarterly
  Journal of Economics 126:2117): nobody beyond the hole can have been moved past the date. The discontinuity then rests
  on a longer straight line; the comparison with other years does not.

Errors cluster by date of birth (day, week or month) because such births share it. They are no remedy for a curve that
is not straight: Kolesar and Rothe 2018, American Economic Review 108:2277, show that clustering by a discrete running
variable does not cover misspecification. The placebo dates and the count of births around the date are the checks.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags, Floats, Labels
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import DataError, ModelError
from evenwicht.base.outcomes import effect_estimand, horizon_of
from evenwicht.cohort import Cohort
from evenwicht.estimators.design import require_both_arms
from evenwicht.estimators.event_support import event_support, two_arms
from evenwicht.estimators.panel import panel_regression
from evenwicht.estimators.results import Interval
from evenwicht.results.flow import BIRTH_DATE, COVARIATES, OUTSIDE, Flow, departures, not_known
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.birth_dates import birth_days, birth_units
from evenwicht.studies.clusters import cluster_counts
from evenwicht.studies.discontinuity import AFTER, BEFORE, BIRTHS, Settings
from evenwicht.studies.samples import design_of, response, subset, tell_spread
from evenwicht.studies.study import Job
from evenwicht.studies.values import outcome_values

DENSITY_DAYS = 14


@dataclass(frozen=True)
class _People:
    """Births near the date of any year studied whose outcome is known, (n,) arrays.

    Days run from the date to the middle of the day of birth, so that the date lies between two days. `status` is 1 with
    the event, 0 without, NaN if not known, or None if the outcome is no event.
    """

    value: Floats
    status: Floats | None
    year: Floats
    days: Floats
    covariates: dict[str, Floats]
    clusters: Labels | None

    def only(self, rows: Flags) -> "_People":
        covariates = {name: values[rows] for name, values in self.covariates.items()}
        clusters = None if self.clusters is None else self.clusters[rows]
        status = None if self.status is None else self.status[rows]
        return _People(self.value[rows], status, self.year[rows], self.days[rows], covariates, clusters)


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Estimate what a reform did by every method above, and what the discontinuity finds where there was none.

    Raises
    ------
    DataError
        If the exposure column contradicts the date of the reform.
    """
    born = birth_days(cohort.persons[book.role("birth_date")[0]], study.date)
    _require_agreement(cohort, study, born, f"cohort {book.cohort}, study {found.study}")
    contrast = study.contrast
    for name in study.every_outcome:
        outcome = book.outcomes[name]
        at, estimand = horizon_of(outcome), effect_estimand(outcome)
        where = f"cohort {book.cohort}, study {found.study}, {name}"
        with found.part(name, contrast.exposure, contrast.reference, estimand=estimand) as rows:
            people, flow = _people(cohort, book, study, name, born, where)
            rows.flow(flow)
            if people.status is None:
                tell_spread(rows, people.value)
            for suffix, hole in (("", 0.0), ("_donut", float(study.donut_days))):
                chosen = people.only(np.abs(people.days) > hole)
                _discontinuity(rows, estimand, f"rd{suffix}", chosen, study, study.date.year, at, where)
                _in_differences(rows, estimand, f"difference_in_discontinuities{suffix}", chosen, study, at, where)
            if name != study.first_stage:
                for year in study.other_years:
                    placebo = {"exposure": study.placebo(year)}
                    _discontinuity(rows, estimand, "rd", people, study, year, at, where, **placebo)
    with found.part(BIRTHS, AFTER, BEFORE, estimand="births_ratio") as rows:
        _density(rows, study, born, where=f"cohort {book.cohort}, study {found.study}")


def _require_agreement(cohort: Cohort, study: Settings, born: Floats, where: str) -> None:
    exposed = cohort.persons[study.exposure].to_numpy(dtype=float, na_value=np.nan)
    wrong = ~np.isnan(exposed) & ~np.isnan(born) & (exposed != (born >= 0))
    if wrong.any():
        raise DataError(
            f"'{study.exposure}' contradicts the date {study.date} for {int(wrong.sum())} people",
            where=where,
            fix="Set it to yes for births on or after the date, or correct `date` of the study.",
        )


def _people(
    cohort: Cohort, book: Codebook, study: Settings, name: str, born: Floats, where: str
) -> tuple[_People, Flow]:
    """Return the people near a date, and who left."""
    values, unknown = outcome_values(cohort, book.outcomes[name], where)
    adjust, (year, days) = book.adjustment(study.adjust), _nearest_date(study, born)
    complete, flow = departures(
        {
            BIRTH_DATE: np.isnan(born),
            OUTSIDE: np.abs(days + 0.5) >= study.bandwidth_days,
            **unknown,
            COVARIATES: not_known(cohort.persons, adjust.columns),
        }
    )
    if not complete.any():
        raise ModelError(
            "nobody was born near the date with a known outcome", where=where, fix="Widen `bandwidth_days`."
        )
    numbers = response(subset(values, complete))
    matrix, names = design_of(cohort.persons[complete], adjust)
    clusters = None
    if study.cluster is not None:
        clusters = pd.factorize(birth_units(born[complete], study.date, study.cluster))[0]
    covariates = dict(zip(names, matrix.T, strict=True))
    return _People(numbers.value, numbers.status, year[complete], days[complete] + 0.5, covariates, clusters), flow


def _nearest_date(study: Settings, born: Floats) -> tuple[Floats, Floats]:
    """Return the year studied whose date is nearest to each birth, and the days from it; (n,) each."""
    years = np.array([study.date.year, *study.other_years])
    since = np.array([(study.date.replace(year=int(year)) - study.date).days for year in years])
    apart = born[:, None] - since
    nearest = np.argmin(np.abs(np.nan_to_num(apart)), axis=1)
    return years[nearest].astype(float), np.take_along_axis(apart, nearest[:, None], axis=1)[:, 0]


def _discontinuity(
    rows: Rows,
    estimand: str,
    method: str,
    people: _People,
    study: Settings,
    year: int,
    at: str,
    where: str,
    **keys: Any,
) -> None:
    """Local linear regression on both sides of the date, with a triangular kernel."""
    near = people.only(people.year == year)
    where = f"{where}, {method} in {year}"
    after = (near.days > 0).astype(float)
    require_both_arms(after, where)
    fit = panel_regression(
        near.value,
        {"after": after, "days": near.days, "days after": near.days * after, **near.covariates},
        clusters=near.clusters,
        weights=1 - np.abs(near.days) / study.bandwidth_days,
        where=where,
    )
    _add(rows, estimand, method, fit["after"], after, near, at, **keys)


def _in_differences(
    rows: Rows, estimand: str, method: str, people: _People, study: Settings, at: str, where: str
) -> None:
    """Births after against before the date in the year of the reform, less the same difference in other years."""
    where = f"{where}, {method}"
    for year in (study.date.year, *study.other_years):
        require_both_arms((people.days > 0)[people.year == year].astype(float), f"{where}, {year}")
    reformed = ((people.year == study.date.year) & (people.days > 0)).astype(float)
    fit = panel_regression(
        people.value,
        {"reformed": reformed, **people.covariates},
        absorb={"year": people.year, "week around the date": np.floor(people.days / 7)},
        clusters=people.clusters,
        where=where,
    )
    _add(rows, estimand, method, fit["reformed"], reformed, people, at)


def _add(
    rows: Rows,
    estimand: str,
    method: str,
    interval: Interval,
    exposed: Floats,
    people: _People,
    at: str,
    **keys: Any,
) -> None:
    support, status = cluster_counts(exposed, people.clusters), people.status
    support.tell(rows, len(exposed), method, **keys)
    found = event_support(status, two_arms(exposed)).of(support.of(interval))
    events = None if status is None else int(np.nansum(status))
    rows.add(estimand, method, found, n=len(exposed), events=events, at=at, **keys)


def _density(rows: Rows, study: Settings, born: Floats, where: str) -> None:
    """Births just after over just before the date, against the same ratio in other years: were births moved past it?

    All births count, whether their outcome is known or not. The interval is that of a ratio of Poisson counts.
    """
    year, days = _nearest_date(study, born)
    reformed, after, before = year == study.date.year, (days >= 0) & (days < DENSITY_DAYS), days < 0
    before &= days >= -DENSITY_DAYS
    counts = [int((side & group).sum()) for side, group in product((after, before), (reformed, ~reformed))]
    if min(counts) == 0:
        raise ModelError(
            f"no births on one side of the date in the {DENSITY_DAYS} days next to it",
            where=where,
            fix="Check the dates of birth and `other_years`.",
        )
    now, then = (np.log(counts[k] / counts[k + 2]) for k in (0, 1))
    interval = Interval.normal(now - then, float(np.sqrt(sum(1 / count for count in counts)))).exp()
    rows.add("births_ratio", "density", interval, n=sum(counts))
    note = f"{counts[0]} after and {counts[2]} before; other years {counts[1]} and {counts[3]}"
    rows.diagnose("specification", "density", Interval(np.nan), n=sum(counts), note=note)
