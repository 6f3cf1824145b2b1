"""Onset of disease in births before and after a policy ended: hazard ratios, absolute risks, delay and dose.

Groups by exposure are compared with births conceived after the end, narrower cells with a reference among those. Hazard
ratios come from Cox models, delay and absolute effects from Gompertz models, all with errors clustered by month of
birth. The design is that of Gracner et al. 2024, Science 386:1043; `policy.referee` asks what it can carry.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, EventOutcome, EventStudy
from evenwicht.estimators.cox import CoxResult
from evenwicht.estimators.gompertz import GompertzResult, fit_gompertz
from evenwicht.estimators.gompertz_risk import ABSOLUTE_EFFECTS, absolute_effects
from evenwicht.estimators.results import Interval
from evenwicht.estimators.survival import kaplan_meier_curve
from evenwicht.flow import flow_table
from evenwicht.policy.births import Births, draw_births
from evenwicht.rows import Known, Rows, as_table

Floats = NDArray[np.float64]
DOSE = "each month of exposure"
INCIDENCE_COLUMNS = ["study", "group", "age", "incidence", "lower", "upper", "at_risk"]
DOSE_COLUMNS = ["study", "months", "hazard_ratio", "lower", "upper"]
GRID_POINTS = 61


def event_study(cohort: Cohort, config: CohortConfig, known: Known = None) -> pd.DataFrame:
    """Estimate every contrast of a cohort's event study, for each of its outcomes.

    With `known`, absolute effects are left out unless their true value is known; see `rows.Rows`.

    Raises
    ------
    ModelError, DataError
        If the data cannot support a model, naming cohort, study and reason.
    """
    study = config.event_study
    assert study is not None
    parts = []
    for name, births in _drawn(cohort, config):
        reason = births.too_few_events(study)
        if reason:
            parts.append(_not_estimable(births, study, cohort.name, name, reason))
        else:
            parts.append(_rows(births, study, cohort.name, name, known))
    return as_table(parts)


def event_study_flow(cohort: Cohort, config: CohortConfig) -> pd.DataFrame:
    """Count who leaves the births compared for each outcome, and why; the columns are `flow.FLOW_COLUMNS`."""
    study = config.event_study
    assert study is not None
    contrast = study.contrast(study.longest)
    drawn = _drawn(cohort, config)
    return flow_table(row for name, b in drawn for row in b.flow.rows(cohort.name, "event_study", name, contrast))


def samples(cohort: Cohort, config: CohortConfig) -> list[tuple[str, Births]]:
    """Return the people of each outcome of the event study that has enough events in every group."""
    study = config.event_study
    assert study is not None
    return [(name, births) for name, births in _drawn(cohort, config) if not births.too_few_events(study)]


def _drawn(cohort: Cohort, config: CohortConfig) -> list[tuple[str, Births]]:
    study = config.event_study
    assert study is not None
    found = []
    for name in study.outcomes:
        outcome = config.outcomes[name]
        assert isinstance(outcome, EventOutcome)
        found.append((name, draw_births(cohort, study, outcome, f"cohort {cohort.name}, event study of {name}")))
    return found


def group_columns(births: Births, study: EventStudy) -> dict[str, Floats]:
    """Indicators of the exposed groups; the unexposed are the reference."""
    return {group: births.within(quarters).astype(float) for group, quarters in study.groups.items()}


def cell_columns(births: Births, study: EventStudy) -> dict[str, Floats]:
    """Indicators of the cells of the event study."""
    return {cell: births.within(quarters).astype(float) for cell, quarters in study.cells.items()}


def in_cells(births: Births, study: EventStudy) -> Births:
    """The people born in a cell or in the reference."""
    spans = [study.reference.quarters, *study.cells.values()]
    return births.part(np.any([births.within(span) for span in spans], axis=0))


def _rows(births: Births, study: EventStudy, cohort: str, name: str, known: Known) -> Rows:
    rows = Rows(cohort, name, "policy", study.contrast(study.longest), known)
    size: dict[str, Any] = {"n": births.n, "events": births.events}
    note = f"{len(np.unique(births.clusters))} months of birth as clusters"

    groups = births.cox(group_columns(births, study))
    for group in study.groups:
        ratio = groups.hazard_ratio(group)
        rows.add("conditional_hazard_ratio", "cox", ratio, contrast=study.contrast(group), note=note, **size)
    _part_in_shortest(rows, groups, study, size)

    compared = in_cells(births, study)
    cells = compared.cox(cell_columns(compared, study))
    for cell in study.cells:
        ratio, label = cells.hazard_ratio(cell), study.cell_contrast(cell)
        rows.add(
            "conditional_hazard_ratio", "cox", ratio, contrast=label, note=note, n=compared.n, events=compared.events
        )

    dose = births.cox({DOSE: births.dose(study)})
    rows.add("conditional_hazard_ratio", "cox", dose.hazard_ratio(DOSE), contrast=DOSE, note=note, **size)

    _gompertz(rows, births, study, size, note)
    return rows


def _not_estimable(births: Births, study: EventStudy, cohort: str, name: str, reason: str) -> Rows:
    """The rows of each group, with the reason why none of them can be estimated."""
    rows = Rows(cohort, name, "policy", study.contrast(study.longest))
    missing = Interval.not_estimable(reason)
    size: dict[str, Any] = {"n": births.n, "events": births.events}
    for group in study.groups:
        label = study.contrast(group)
        for method in ("cox", "gompertz"):
            rows.add("conditional_hazard_ratio", method, missing, contrast=label, **size)
        rows.add("onset_delay", "gompertz", missing, contrast=label, **size)
        for age in study.ages:
            for estimand in ABSOLUTE_EFFECTS:
                rows.add(estimand, "gompertz", missing, contrast=f"{label}, by age {age:g}", **size)
    return rows


def _part_in_shortest(rows: Rows, fit: CoxResult, study: EventStudy, size: dict[str, Any]) -> None:
    """Effect of the shortest exposure as part of the longest, by both definitions, with delta-method intervals."""
    shortest, longest = (fit.position(group) for group in (next(iter(study.groups)), study.longest))
    short, full = fit.params[shortest], fit.params[longest]
    by_log = short / full, np.array([1 / full, -short / full**2])
    by_ratio = (
        np.expm1(short) / np.expm1(full),
        np.array([np.exp(short) / np.expm1(full), -np.expm1(short) * np.exp(full) / np.expm1(full) ** 2]),
    )
    for estimand, (value, slope) in (("share_of_effect", by_ratio), ("share_of_log_hazard", by_log)):
        gradient = np.zeros(len(fit.names))
        gradient[[shortest, longest]] = slope
        interval = fit.interval(value, gradient)
        rows.add(estimand, "cox", interval, contrast=study.part_in_shortest, note="delta method", **size)


def _gompertz(rows: Rows, births: Births, study: EventStudy, size: dict[str, Any], note: str) -> None:
    """Hazard ratio, delay, and absolute effects at each age, as if everybody were born into a group or into none."""
    fit = _fit_gompertz(births, group_columns(births, study))
    for group in study.groups:
        label = study.contrast(group)
        rows.add("conditional_hazard_ratio", "gompertz", fit.hazard_ratio(group), contrast=label, note=note, **size)
        rows.add("onset_delay", "gompertz", fit.delay(group), contrast=label, note=note, **size)
        exposed, none = (_everybody(births, study, group, present) for present in (1.0, 0.0))
        for age in study.ages:
            by_age = f"{label}, by age {age:g}"
            if rows.known is not None and (rows.study, "risk_difference", "policy", by_age) not in rows.known:
                continue
            for estimand, interval in absolute_effects(fit, exposed, none, age).items():
                rows.add(estimand, "gompertz", interval, contrast=by_age, note=note, **size)


def _everybody(births: Births, study: EventStudy, group: str, present: float) -> Floats:
    columns = {name: np.full(births.n, present if name == group else 0.0) for name in study.groups}
    return births.design(columns)[0]


def _fit_gompertz(births: Births, columns: dict[str, Floats]) -> GompertzResult:
    x, names = births.design(columns)
    o = births.outcome
    return fit_gompertz(
        o.time,
        o.event,
        x,
        names,
        entry=births.entry,
        clusters=births.clusters,
        few_clusters=True,
        where=births.where,
    )


def event_study_curves(cohort: Cohort, config: CohortConfig) -> dict[str, pd.DataFrame]:
    """Cumulative incidence by group with numbers at risk, and the hazard ratio by months of exposure.

    Incidence is one minus Kaplan-Meier with pointwise 95% log-log intervals (lifelines). The dose-response is linear in
    the log hazard, with its pointwise 95% band.
    """
    study = config.event_study
    assert study is not None
    incidence, dose = [], []
    for name, births in samples(cohort, config):
        spans = {study.unexposed.label: study.unexposed.quarters, **study.groups}
        last = max(study.ages)
        grid = np.linspace(
            np.floor(np.quantile(births.outcome.time[births.outcome.event == 1], 0.01)), last, GRID_POINTS
        )
        for label, span in spans.items():
            people = births.part(births.within(span))
            curve = kaplan_meier_curve(people.outcome.time, people.outcome.event, grid, people.entry)
            risen = 1 - curve[["survival", "upper", "lower"]].set_axis(["incidence", "lower", "upper"], axis=1)
            incidence.append(risen.assign(study=name, group=label, age=grid, at_risk=curve["at_risk"]))
        fit = births.cox({DOSE: births.dose(study)})
        months = np.linspace(0, births.dose(study).max(), GRID_POINTS)
        each = fit.coefficient(DOSE)
        limits = {"hazard_ratio": each.estimate, "lower": each.lower, "upper": each.upper}
        band = {name: value * months for name, value in limits.items()}
        dose.append(pd.DataFrame({k: np.exp(v) for k, v in band.items()}).assign(study=name, months=months))
    return {"incidence": pd.concat(incidence)[INCIDENCE_COLUMNS], "dose": pd.concat(dose)[DOSE_COLUMNS]}
