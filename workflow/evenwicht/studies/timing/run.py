"""Let the data choose a hypothesis about timing, and say how sure the choice and its slope are."""

from typing import Any

import pandas as pd

from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.cohort import Cohort
from evenwicht.estimators.life_course import hypotheses
from evenwicht.estimators.life_course_paths import LassoPath, Moments, lasso_path, partial_moments
from evenwicht.estimators.results import Interval
from evenwicht.estimators.selective_inference import (
    largest_t,
    selection_at,
    spacing_p_values,
    truncated,
)
from evenwicht.results.flow import COVARIATES, EXPOSURE, departures, not_known
from evenwicht.results.rows import CHOSEN, NAIVE, Findings, Rows
from evenwicht.studies.samples import design_of, subset, tell_spread
from evenwicht.studies.study import Job
from evenwicht.studies.timing import CHOICE, SELECTIVE, Settings
from evenwicht.studies.values import MeanOutcome, outcome_values

STEPS = 6  # of the path that are told; further ones add next to nothing


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Choose a hypothesis for each outcome.

    Exposures of the rows are ids of hypotheses (see `estimators.life_course`). Methods: `lasso_path` says of each
    hypothesis whether it is chosen first (1 or 0); `selective` has the slope of the outcome on the chosen one given the
    covariates, with an interval that allows for the choice; `naive` the same slope with the interval of somebody who
    had stated that hypothesis beforehand, and what it explains. Others have no slope: an interval that holds the truth
    in 95% of samples exists of what is chosen.

    The choice is made by the lasso at the penalty where a second hypothesis would enter (see
    `estimators.selective_inference.selection_at`): a rule stated beforehand, so that intervals hold.

    Curve: `path`, a row a step: `hypothesis`, whether it `enters`, the `penalty`, what is `explained` by least squares
    on those chosen so far, by the `shrunken` coefficients at the next knot, by `all_hypotheses`, and by the best one
    in 95% of samples at most `by_chance`.
    """
    for name in study.outcomes:
        where = f"cohort {book.cohort}, study {found.study}, {name}"
        with found.part(name, estimand="timing_slope") as rows:
            outcome, exposure, covariates = _people(study, cohort, book, name, where, rows)
            tell_spread(rows, outcome)
            ages = [period.age for period in study.periods.values()]
            columns = hypotheses(exposure, list(study.periods), ages, study.families(book), binary=study.binary(book))
            moments = partial_moments(outcome, columns, covariates, where)
            _choose(rows, moments, lasso_path(moments, most=STEPS), len(outcome), job, where)


def _people(
    study: Settings, cohort: Cohort, book: Codebook, name: str, where: str, rows: Rows
) -> tuple[Floats, Floats, Floats]:
    """Outcome, (n,), exposure by period, (n, T), and covariates, (n, k), of all for whom all is known."""
    persons, adjust = cohort.persons, book.adjustment(study.adjust)
    columns = [period.column for period in study.periods.values()]
    values, unknown = outcome_values(cohort, book.outcomes[name], where)
    complete, flow = departures(
        {EXPOSURE: not_known(persons, columns), **unknown, COVARIATES: not_known(persons, adjust.columns)}
    )
    rows.flow(flow)
    people = persons[complete]
    outcome = subset(values, complete)
    assert isinstance(outcome, MeanOutcome)
    return outcome.value, people[columns].to_numpy(dtype=float), design_of(people, adjust)[0]


def _choose(rows: Rows, moments: Moments, path: LassoPath, n: int, job: Job, where: str) -> None:
    noise = moments.noise(where)
    first = path.steps[0].position
    for name in moments.names:
        rows.add(CHOSEN, CHOICE, Interval(float(name == moments.names[first])), n=n, exposure=name)
    for name, reason in moments.unlike.items():
        rows.add(CHOSEN, CHOICE, Interval.not_estimable(reason), n=n, exposure=name)

    keys: dict[str, Any] = {"n": n, "exposure": moments.names[first]}
    chosen = truncated(selection_at(path, moments, float(path.penalties[1])), moments, first, noise)
    slope, error = chosen.estimate / moments.length[first], chosen.sd / moments.length[first]
    low, high = (limit / moments.length[first] for limit in chosen.limits())
    rows.add("timing_slope", SELECTIVE, Interval(float(slope), float(error), float(low), float(high)), **keys)
    rows.add("timing_slope", NAIVE, Interval.normal(slope, error), **keys)
    rows.add("partial_r_squared", NAIVE, Interval(moments.explained([first])), **keys)
    if job.judged:
        return
    rows.diagnose("p_value", SELECTIVE, chosen.two_sided(), **keys)
    rows.diagnose("p_value", NAIVE, chosen.free().two_sided(), **keys)
    p_value, by_chance = largest_t(moments, noise, job.stream(f"timing {rows.findings.study} {rows.outcome}"))
    rows.diagnose("first_p_value", "largest_t", p_value, **keys)
    behind = moments.ahead_of(first, noise)
    for j, name in enumerate(moments.names):
        rows.diagnose("explained_alone", CHOICE, float(moments.inner[j] ** 2 / moments.total), n=n, exposure=name)
        if j != first:
            rows.diagnose("correlation_with_first", CHOICE, float(moments.gram[first, j]), n=n, exposure=name)
            rows.diagnose("behind_first", CHOICE, float(behind[j]), n=n, exposure=name)
    p_values = spacing_p_values(path, moments, noise)
    for k, step in enumerate(path.steps, start=1):
        about: dict[str, Any] = {"n": n, "exposure": moments.names[step.position], "at": f"step_{k}"}
        rows.diagnose("penalty", CHOICE, step.penalty, note="enters" if step.enters else "leaves", **about)
        if k <= len(p_values):
            rows.diagnose("step_p_value", CHOICE, p_values[k - 1], **about)
    if rows.wants_curves:
        rows.curve("path", _path_table(moments, path).assign(by_chance=by_chance))


def _path_table(moments: Moments, path: LassoPath) -> pd.DataFrame:
    """What each step of the path explains."""
    ceiling = moments.explained(range(len(moments.names)))
    after = {
        float(penalty): float(share) for penalty, share in zip(path.penalties[:-1], path.explained[1:], strict=True)
    }
    return pd.DataFrame(
        {
            "step": k,
            "hypothesis": moments.names[step.position],
            "enters": step.enters,
            "penalty": step.penalty,
            "explained": moments.explained(step.chosen),
            "shrunken": after[step.penalty],
            "all_hypotheses": ceiling,
        }
        for k, step in enumerate(path.steps, start=1)
    )
