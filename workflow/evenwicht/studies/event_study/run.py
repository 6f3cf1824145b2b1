"""Onset of disease in births before and after a policy ended: hazard ratios, absolute risks, delay and dose.

Groups by exposure are compared with births conceived after the end, narrower cells with a reference among those. Hazard
ratios come from Cox models, delay and absolute effects from Gompertz models, all with errors clustered by month of
birth. The design is that of Gracner et al. 2024, Science 386:1043; `referee` asks what it can carry.
"""

from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import EventOutcome
from evenwicht.cohort import Cohort
from evenwicht.estimators.cox import CoxResult
from evenwicht.estimators.gompertz import GompertzResult, fit_gompertz
from evenwicht.estimators.gompertz_risk import ABSOLUTE_EFFECTS, absolute_effects
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.results import Interval
from evenwicht.estimators.survival import kaplan_meier_curve
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.event_study import DOSE, PER_MONTH, Settings
from evenwicht.studies.event_study.births import Births, Models, draw_births, group_columns
from evenwicht.studies.event_study.referee import control_estimates, put_to_every_question, specifications
from evenwicht.studies.study import Job

GRID_POINTS = 61


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Estimate every contrast for each outcome, and put the longest exposure to the referee's questions.

    Curves: `incidence`, one minus Kaplan-Meier by group with pointwise 95% log-log limits and numbers at risk; `dose`,
    the hazard ratio by months of exposure, linear in the log hazard, with its pointwise 95% band; and the referee's.
    """
    controls = None if job.judged else control_estimates(study, cohort, book)
    rng = job.stream("referee")
    for name in study.outcomes:
        outcome = book.outcomes[name]
        assert isinstance(outcome, EventOutcome)
        where = f"cohort {book.cohort}, study {found.study}, {name}"
        with found.part(name, study.longest, study.unexposed.id, estimand="conditional_hazard_ratio") as rows:
            births = draw_births(cohort, book, study, outcome, where)
            rows.flow(births.flow)
            reason = births.too_few_events(study)
            if reason:
                _not_estimable(rows, births, study, reason)
                continue
            models = Models(births, study)
            _effects(rows, models)
            specifications(rows, births, study, cohort, book)
            if controls is not None:
                put_to_every_question(rows, models, controls, rng)
                _curves(rows, models)


def _effects(rows: Rows, models: Models) -> None:
    births, study = models.births, models.study
    size: dict[str, Any] = {"n": births.n, "events": births.events}
    rows.diagnose("clusters", "cox", float(len(np.unique(births.clusters))), n=births.n)

    for group in study.groups:
        rows.add("conditional_hazard_ratio", "cox", models.groups.hazard_ratio(group), exposure=group, **size)
    _part_in_shortest(rows, models.groups, study, size)

    cells = models.cells
    among: dict[str, Any] = {"n": cells.n, "events": cells.events, "reference": study.reference.id}
    for cell in study.cells:
        rows.add("conditional_hazard_ratio", "cox", cells.hazard_ratio(cell), exposure=cell, **among)

    dose = models.dose.hazard_ratio(DOSE)
    rows.add("conditional_hazard_ratio", "cox", dose, exposure=DOSE, reference=PER_MONTH, **size)

    _gompertz(rows, births, study, size)


def _not_estimable(rows: Rows, births: Births, study: Settings, reason: str) -> None:
    """The rows of each group, with the reason why none of them can be estimated."""
    missing = Interval.not_estimable(reason)
    size: dict[str, Any] = {"n": births.n, "events": births.events}
    for group in study.groups:
        for method in ("cox", "gompertz"):
            rows.add("conditional_hazard_ratio", method, missing, exposure=group, **size)
        rows.add("onset_delay", "gompertz", missing, exposure=group, **size)
        for age in study.ages:
            for estimand in ABSOLUTE_EFFECTS:
                rows.add(estimand, "gompertz", missing, exposure=group, at=age, **size)


def _part_in_shortest(rows: Rows, fit: CoxResult, study: Settings, size: dict[str, Any]) -> None:
    """Effect of the shortest exposure as part of the longest, by both definitions, with delta-method intervals."""
    shortest, longest = (fit.position(group) for group in (study.shortest, study.longest))
    short, full = fit.params[shortest], fit.params[longest]
    by_log = short / full, np.array([1 / full, -short / full**2])
    by_ratio = (
        np.expm1(short) / np.expm1(full),
        np.array([np.exp(short) / np.expm1(full), -np.expm1(short) * np.exp(full) / np.expm1(full) ** 2]),
    )
    keys: dict[str, Any] = {"exposure": study.shortest, "reference": study.longest}
    for estimand, (value, slope) in (("share_of_effect", by_ratio), ("share_of_log_hazard", by_log)):
        gradient = np.zeros(len(fit.names))
        gradient[[shortest, longest]] = slope
        rows.add(estimand, "cox", fit.interval(value, gradient), **keys, **size)


def _gompertz(rows: Rows, births: Births, study: Settings, size: dict[str, Any]) -> None:
    """Hazard ratio, delay, and absolute effects at each age, as if everybody were born into a group or into none."""
    fit = _fit_gompertz(births, group_columns(births, study))
    none = births.design({group: np.zeros(births.n) for group in study.groups})[0]
    exposed, sampling = none.copy(), Sampling(births.n, births.clusters)
    for column, group in enumerate(study.groups):
        rows.add("conditional_hazard_ratio", "gompertz", fit.hazard_ratio(group), exposure=group, **size)
        rows.add("onset_delay", "gompertz", fit.delay(group), exposure=group, **size)
        exposed[:, : len(study.groups)] = 0.0
        exposed[:, column] = 1.0
        for age in study.ages:
            if rows.wants("risk_difference", age, exposure=group):
                for estimand, interval in absolute_effects(fit, exposed, none, age, sampling).items():
                    rows.add(estimand, "gompertz", interval, exposure=group, at=age, **size)


def _fit_gompertz(births: Births, columns: dict[str, Floats]) -> GompertzResult:
    x, names = births.design(columns)
    return fit_gompertz(births.data, x, names, few_clusters=True, where=births.where)


def _curves(rows: Rows, models: Models) -> None:
    births, study = models.births, models.study
    start = np.floor(np.quantile(births.outcome.time[births.outcome.event == 1], 0.01))
    grid = np.linspace(start, max(study.ages), GRID_POINTS)
    for name, group in study.compared.items():
        people = births.part(births.within(group))
        curve = kaplan_meier_curve(people.outcome.survival(), grid)
        risen = {"estimate": 1 - curve["survival"], "lower": 1 - curve["upper"], "upper": 1 - curve["lower"]}
        rows.curve("incidence", pd.DataFrame({**risen, "arm": name, "x": grid, "at_risk": curve["at_risk"]}))
    months = np.linspace(0, births.dose(study).max(), GRID_POINTS)
    each = models.dose.coefficient(DOSE)
    limits = {"estimate": each.estimate, "lower": each.lower, "upper": each.upper}
    band = {name: np.exp(value * months) for name, value in limits.items()}
    rows.curve("dose", pd.DataFrame({"x": months, **band}))
