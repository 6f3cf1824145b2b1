"""Compare people within groups and between them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import ModelError
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import Outcome
from evenwicht.cohort import Cohort
from evenwicht.estimators.composition import compositional_share
from evenwicht.estimators.contextual import Parts, WithinBetween
from evenwicht.estimators.multilevel import random_intercept
from evenwicht.estimators.results import Interval
from evenwicht.results.flow import COVARIATES, EXPOSURE, Flow, departures, not_known
from evenwicht.results.rows import SAMPLE, Findings, Rows
from evenwicht.studies.clusters import ClusterSupport
from evenwicht.studies.context import Settings
from evenwicht.studies.samples import design_of, exposed_by, tell_spread
from evenwicht.studies.study import Job
from evenwicht.studies.values import MeanOutcome, outcome_values

NO_GROUP = "group not known"
SAMPLED, EXPECTED, INTERCEPT = "sampled_means", "expected_means", "random_intercept"
LEAST_SHOWN = 10  # people of a group whose mean is drawn


@dataclass(frozen=True)
class Grouped:
    """The n complete cases of one outcome, with what they differ in and their groups.

    Attributes
    ----------
    value
        The outcome, (n,).
    binary
        Whether it is 0 or 1.
    exposures, covariates, conditions
        (n, k), (n, p) and (n, c).
    groups
        (n,).
    flow
        Who left, and why.
    """

    value: Floats
    binary: bool
    exposures: Floats
    covariates: Floats
    conditions: Floats
    groups: np.ndarray
    flow: Flow

    @property
    def n(self) -> int:
        return len(self.value)

    @property
    def events(self) -> int | None:
        """People with the event of a yes/no outcome."""
        return int(self.value.sum()) if self.binary else None

    @property
    def count(self) -> int:
        """Number of groups."""
        return len(np.unique(self.groups))


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Compare people within groups, and groups with each other.

    Methods in the rows: `within`, a fixed effect of each group; `sampled_means`, least squares with the means of the
    people in each group; `expected_means`, the same with the means to be expected of the groups, which errors of
    sampling do not blunt; `random_intercept`, a random-intercept model with the better of these means. Curve: `groups`,
    the means of groups that are large enough to be shown.
    """
    exposures, conditions = study.contrasts(book), study.conditions_of(book)
    names = [contrast.column for contrast in (*exposures, *conditions)]
    for name in study.outcomes:
        where = f"cohort {book.cohort}, study {found.study}, {name}"
        model: WithinBetween | None = None
        with found.part(name, study.group, estimand="intraclass_correlation") as rows:
            people = grouped(study, cohort, book, exposures, conditions, book.outcomes[name], where)
            rows.flow(people.flow)
            if not people.binary:
                tell_spread(rows, people.value)
            _variance(rows, people, study.question(book).made_of, where)
            parts = people.exposures, people.covariates, people.conditions
            model = WithinBetween(people.value, *parts, people.groups, names, where)
        if model is None:
            continue
        told = _Told(model, people, study.whole_groups)
        for place, contrast in enumerate(exposures):
            with found.part(name, contrast.exposure, contrast.reference, estimand="within_difference") as rows:
                told.exposure(rows, place)
                if rows.wants_curves:
                    rows.curve("groups", _dots(model, people, place))
        for place, contrast in enumerate(conditions):
            estimand = "risk_difference" if people.binary else "mean_difference"
            with found.part(name, contrast.exposure, contrast.reference, estimand=estimand) as rows:
                told.condition(rows, place, estimand)


def grouped(
    study: Settings,
    cohort: Cohort,
    book: Codebook,
    exposures: list[Contrast],
    conditions: list[Contrast],
    outcome: Outcome,
    where: str,
) -> Grouped:
    """Return the complete cases of one outcome.

    Raises
    ------
    ModelError
        If nobody is left.
    DataError
        As `values.outcome_values`.
    """
    adjust = book.adjustment(study.adjust)
    own, places = ([exposed_by(cohort, one).value for one in listed] for listed in (exposures, conditions))
    values, unknown = outcome_values(cohort, outcome, where)
    assert isinstance(values, MeanOutcome)
    complete, flow = departures(
        {
            NO_GROUP: not_known(cohort.persons, [study.group]),
            EXPOSURE: np.asarray(np.isnan(np.column_stack([*own, *places])).any(axis=1)),
            **unknown,
            COVARIATES: not_known(cohort.persons, adjust.columns),
        }
    )
    if not complete.any():
        raise ModelError("nobody has all that is compared", where=where, fix="Look at the missing values.")
    rows = cohort.persons[complete]

    def columns(listed: list[Floats]) -> Floats:
        return np.column_stack(listed)[complete] if listed else np.empty((len(rows), 0))

    groups = rows[study.group].to_numpy()
    return Grouped(
        values.value[complete],
        values.binary,
        columns(own),
        design_of(rows, adjust)[0],
        columns(places),
        groups.astype(str),
        flow,
    )


def _variance(rows: Rows, people: Grouped, made_of: str, where: str) -> None:
    """How much of the variance is between groups, and how much of that is who is in them."""
    rows.diagnose("clusters", SAMPLE, float(people.count), n=people.n)
    empty = random_intercept(people.value, None, people.groups, where=where)
    rows.add("intraclass_correlation", INTERCEPT, empty.share, n=people.n, events=people.events)
    personal = np.column_stack([people.exposures, people.covariates])
    given = random_intercept(people.value, personal, people.groups, where=where)
    for method, fit in (("no_columns", empty), ("columns_of_people", given)):
        rows.diagnose("variance_between", method, fit.between, n=people.n)
        rows.diagnose("variance_within", method, fit.within, n=people.n)
    if rows.wants("compositional_share", reference=made_of):
        try:
            share = compositional_share(people.value, personal, people.groups, where=where)
        except ModelError as error:
            share = Interval.not_estimable(error.what)
        rows.add("compositional_share", "analysis_of_variance", share, n=people.n, reference=made_of)


class _Told:
    """The rows of one outcome: what exposures and conditions go with, by each kind of mean."""

    def __init__(self, model: WithinBetween, people: Grouped, whole_groups: bool) -> None:
        self.model, self.people, self.whole = model, people, whole_groups
        self.size: dict[str, Any] = {"n": people.n, "events": people.events}
        self.support = ClusterSupport({"clusters": model.count})

    def exposure(self, rows: Rows, place: int) -> None:
        """Add the three differences of an exposure."""
        model = self.model
        rows.add("within_difference", "within", self.support.of(model.within[place]), **self.size)
        rows.diagnose("reliability", SAMPLED, float(model.reliability[place]), n=self.people.n)
        ways: dict[str, Callable[[], Parts]] = {SAMPLED: lambda: model.by_sampled_means(place)}
        if not self.whole:
            ways[EXPECTED] = lambda: model.by_expected_means(place)
        ways[INTERCEPT] = lambda: self._intercept[0][place]
        for method, way in ways.items():
            try:
                parts = way()
                between, contextual = self.support.of(parts.between), self.support.of(parts.contextual)
            except ModelError as error:
                between = contextual = Interval.not_estimable(error.what)
            rows.add("between_difference", method, between, **self.size)
            rows.add("contextual_difference", method, contextual, **self.size)

    def condition(self, rows: Rows, place: int, estimand: str) -> None:
        """Add what a condition of groups goes with, given who is in them."""
        ways: dict[str, Callable[[], Interval]] = {
            SAMPLED: lambda: self.model.by_condition(place, expected=False),
            INTERCEPT: lambda: self._intercept[1][place],
        }
        if not self.whole:
            ways[EXPECTED] = lambda: self.model.by_condition(place, expected=True)
        for method, way in ways.items():
            try:
                interval = self.support.of(way())
            except ModelError as error:
                interval = Interval.not_estimable(error.what)
            rows.add(estimand, method, interval, **self.size)

    @cached_property
    def _intercept(self) -> tuple[list[Parts], list[Interval]]:
        """The random-intercept model, with the means to be expected where groups are samples."""
        means = self.model.sampled_means if self.whole else self.model.expected_means
        return self.model.by_random_intercept(means)


def _dots(model: WithinBetween, people: Grouped, place: int) -> pd.DataFrame:
    """Means of an exposure and of the outcome by group, of groups with enough people to be shown."""
    outcome = model.means(people.value[:, None])[:, 0]
    table = pd.DataFrame({"x": model.sampled_means[:, place], "estimate": outcome, "people": model.size})
    return table[table["people"] >= LEAST_SHOWN].sort_values(["x", "estimate"], ignore_index=True)
