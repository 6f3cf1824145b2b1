"""A policy that holds for births from a date on: discontinuity at the date, and the same dates of other years.

What each method assumes:

- `rd`, regression discontinuity (Imbens and Lemieux 2008, Journal of Econometrics 142:615): local linear in date of
  birth on both sides of the date, triangular kernel. What else varies with date of birth, season and trend included,
  passes through the date smoothly and nearly straight within the bandwidth; a curve of the season is not removed.
- `same_dates`, difference-in-differences: births after against before the date, in the year of the reform against other
  years, with fixed effects of year and of week around the date. A season that is the same every year and a trend over
  years fall out. The reform must act alike at all dates within the bandwidth; no other year may have its own reform.
- `rd_donut` and `same_dates_donut` leave out births near the date (Barreca et al. 2011, Quarterly Journal of Economics
  126:2117): nobody beyond the hole can have been moved past the date. The discontinuity then rests on a longer straight
  line; the comparison with other years does not.

Errors cluster by date of birth (day, week or month) because such births share it. They are no remedy for a curve that
is not straight: Kolesar and Rothe 2018, American Economic Review 108:2277, show that clustering by a discrete running
variable does not cover misspecification. The placebo dates and the count of births around the date are the checks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, ReformStudy
from evenwicht.errors import DataError, ModelError
from evenwicht.estimators.design import covariate_matrix, require_both_arms
from evenwicht.estimators.event_support import event_support, two_arms
from evenwicht.estimators.panel import panel_regression
from evenwicht.estimators.results import Interval
from evenwicht.flow import BIRTH_DATE, COVARIATES, OUTSIDE, Flow, departures, flow_table, not_known
from evenwicht.outcomes import outcome_values
from evenwicht.policy.birth_dates import birth_days, birth_units
from evenwicht.policy.clusters import cluster_support
from evenwicht.rows import Known, Rows, as_table, contrast_label, placebo_label
from evenwicht.samples import response, subset

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
DENSITY_DAYS = 14
DENSITY = "births: in the two weeks after vs before the date"


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
    clusters: NDArray[np.int64] | None

    def only(self, rows: Flags) -> "_People":
        covariates = {name: values[rows] for name, values in self.covariates.items()}
        clusters = None if self.clusters is None else self.clusters[rows]
        status = None if self.status is None else self.status[rows]
        return _People(self.value[rows], status, self.year[rows], self.days[rows], covariates, clusters)


def reform_study(cohort: Cohort, config: CohortConfig, known: Known = None) -> pd.DataFrame:
    """Estimate what a reform did by every method above, and what the discontinuity finds where there was none.

    Raises
    ------
    DataError
        If the exposure column contradicts the date of the reform.
    ModelError
        If the data cannot support a model, naming cohort, outcome and reason.
    """
    study = config.reform
    assert study is not None
    born = birth_days(cohort, study.date)
    _require_agreement(cohort, study, born)
    label = contrast_label(study.exposure, cohort.columns[study.exposure])
    parts = []
    for name, where, people, estimand, _ in _samples(cohort, config, study, born):
        rows = Rows(cohort.name, name, "policy", label, known)
        if name == study.first_stage:
            estimand = "first_stage"
        for suffix, hole in (("", 0.0), ("_donut", float(study.donut_days))):
            chosen = people.only(np.abs(people.days) > hole)
            _discontinuity(rows, estimand, f"rd{suffix}", chosen, study, study.date.year, where)
            _same_dates(rows, estimand, f"same_dates{suffix}", chosen, study, where)
        if name != study.first_stage:
            for year in study.other_years:
                _discontinuity(rows, estimand, "rd", people, study, year, where, placebo_label(year))
        parts.append(rows)
    parts.append(_density(cohort, study, born))
    return as_table(parts)


def reform_flow(cohort: Cohort, config: CohortConfig) -> pd.DataFrame:
    """Count who leaves the births near the date in any year studied, and why; columns are `flow.FLOW_COLUMNS`."""
    study = config.reform
    assert study is not None
    label = contrast_label(study.exposure, cohort.columns[study.exposure])
    drawn = _samples(cohort, config, study, birth_days(cohort, study.date))
    return flow_table(row for name, *_, flow in drawn for row in flow.rows(cohort.name, "reform", name, label))


def _samples(
    cohort: Cohort, config: CohortConfig, study: ReformStudy, born: Floats
) -> Iterator[tuple[str, str, _People, str, Flow]]:
    """Yield outcome, name in messages, people, estimand of a difference and flow of each outcome."""
    for name in [*([study.first_stage] if study.first_stage else []), *study.outcomes]:
        where = f"cohort {cohort.name}, reform study of {name}"
        yield name, where, *_people(cohort, config, study, name, born, where)


def _require_agreement(cohort: Cohort, study: ReformStudy, born: Floats) -> None:
    exposed = cohort.persons[study.exposure].to_numpy(dtype=float, na_value=np.nan)
    wrong = ~np.isnan(exposed) & ~np.isnan(born) & (exposed != (born >= 0))
    if wrong.any():
        raise DataError(
            f"'{study.exposure}' contradicts the date {study.date} for {int(wrong.sum())} people",
            where=f"cohort {cohort.name}, reform study",
            mend="Set it to yes for births on or after the date, or correct `reform.date`.",
        )


def _people(
    cohort: Cohort, config: CohortConfig, study: ReformStudy, name: str, born: Floats, where: str
) -> tuple[_People, str, Flow]:
    """Return the people near a date, the estimand of a difference in the outcome, and who left."""
    values, unknown = outcome_values(cohort, config.outcomes[name], where)
    year, days = _nearest_date(study, born)
    complete, flow = departures(
        {
            BIRTH_DATE: np.isnan(born),
            OUTSIDE: np.abs(days + 0.5) >= study.bandwidth_days,
            **unknown,
            COVARIATES: not_known(cohort.persons, study.adjust.columns),
        }
    )
    if not complete.any():
        raise ModelError(
            "nobody was born near the date with a known outcome", where=where, mend="Widen `reform.bandwidth_days`."
        )
    numbers = response(subset(values, complete))
    matrix, names = covariate_matrix(cohort.persons[complete], study.adjust.columns, study.adjust.quadratic)
    clusters = None
    if study.cluster is not None:
        clusters = pd.factorize(birth_units(born[complete], study.date, study.cluster))[0]
    covariates = dict(zip(names, matrix.T, strict=True))
    people = _People(numbers.value, numbers.status, year[complete], days[complete] + 0.5, covariates, clusters)
    return people, numbers.estimand, flow


def _nearest_date(study: ReformStudy, born: Floats) -> tuple[Floats, Floats]:
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
    study: ReformStudy,
    year: int,
    where: str,
    contrast: str | None = None,
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
    _add(rows, estimand, method, fit["after"], after, near, contrast)


def _same_dates(rows: Rows, estimand: str, method: str, people: _People, study: ReformStudy, where: str) -> None:
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
    _add(rows, estimand, method, fit["reformed"], reformed, people)


def _add(
    rows: Rows,
    estimand: str,
    method: str,
    interval: Interval,
    exposed: Floats,
    people: _People,
    contrast: str | None = None,
) -> None:
    support, status = cluster_support(exposed, people.clusters), people.status
    found = event_support(status, two_arms(exposed)).of(support.of(interval))
    events = None if status is None else int(np.nansum(status))
    rows.add(estimand, method, found, n=len(exposed), events=events, contrast=contrast, note=support.note)


def _density(cohort: Cohort, study: ReformStudy, born: Floats) -> Rows:
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
            where=f"cohort {cohort.name}, reform study",
            mend="Check the dates of birth and `reform.other_years`.",
        )
    now, then = (np.log(counts[k] / counts[k + 2]) for k in (0, 1))
    interval = Interval.normal(now - then, float(np.sqrt(sum(1 / count for count in counts)))).exp()
    rows = Rows(cohort.name, "births", "policy", DENSITY)
    note = f"{counts[0]} after and {counts[2]} before; other years {counts[1]} and {counts[3]}"
    rows.add("births_ratio", "density", interval, n=sum(counts), note=note)
    return rows
