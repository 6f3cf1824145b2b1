"""Hazards in people's exposed and unexposed time, by a Cox model of (entry, exit] pieces; see `estimators.pieces`."""

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import NO
from evenwicht.cohort import Cohort
from evenwicht.estimators.event_support import hazard_support
from evenwicht.estimators.influence import sample_mean
from evenwicht.estimators.results import Interval
from evenwicht.estimators.survival import hazard_ratio
from evenwicht.results.rows import SAMPLE, Findings, Rows
from evenwicht.studies.clusters import cluster_counts
from evenwicht.studies.measures import ratio_of
from evenwicht.studies.study import Job
from evenwicht.studies.time_varying import STATES, Settings
from evenwicht.studies.time_varying.people import People, draw_people

PER = 1000  # person-years


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Estimate the ratio of hazards, exposed to unexposed, without and with covariates; and the rate in each state.

    The model compares the exposed and the unexposed at the same time of the outcome's clock: the same age, or the same
    time since entry. Counts are of people, never of pieces.
    """
    for exposure in study.exposures:
        for name in study.outcomes:
            where = f"cohort {book.cohort}, study {found.study}, {exposure} on {name}"
            with found.part(name, exposure, NO, estimand="hazard_ratio") as rows:
                people = draw_people(study, cohort, book, exposure, name, where)
                rows.flow(people.flow)
                for state in STATES:
                    _tell_state(rows, people, state)
                _tell_ratios(rows, people, where)


def _tell_ratios(rows: Rows, people: People, where: str) -> None:
    """Add the ratios of hazards, without and with covariates, and the clusters behind them."""
    pieces, events = people.pieces, int(people.pieces.event.sum())
    support = cluster_counts(pieces.exposed, None if people.clusters is None else people.clusters[pieces.person])
    support.tell(rows, people.n)
    crude = hazard_ratio(people.survival, pieces.exposed, where=where)
    rows.add("hazard_ratio", "crude", support.of(crude), n=people.n, events=events)
    if people.covariates.shape[1]:
        adjusted = hazard_ratio(people.survival, pieces.exposed, people.at_piece, where=where)
        rows.add("conditional_hazard_ratio", "regression", support.of(adjusted), n=people.n, events=events)


def _tell_state(rows: Rows, people: People, state: str) -> None:
    """Add the person-years in a state, and the rate of events in it."""
    years, events = people.summed(people.years, state), people.summed(people.pieces.event, state)
    ever = people.ever(state)
    rows.diagnose(f"person_years_{state}", SAMPLE, float(years.sum()), n=ever)

    def rate() -> Interval:
        per_year = ratio_of(people.sampling, sample_mean(events, people.weights), sample_mean(years, people.weights))
        estimate, lower, upper = (PER * value for value in (per_year.estimate, per_year.lower, per_year.upper))
        return Interval(estimate, per_year.se * estimate, lower, upper, per_year.reason)

    enough = hazard_support(people.pieces.event, {state: people.pieces.states[state]}, 0)
    rows.add(f"rate_{state}", "crude", enough.of_ratio(rate), n=ever, events=people.events(state))
