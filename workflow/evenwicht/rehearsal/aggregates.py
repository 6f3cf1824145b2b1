"""The aggregates of a cohort from which its twin is drawn: nothing else of it passes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import DataError
from evenwicht.cohort import Cohort
from evenwicht.rehearsal.births import births_in
from evenwicht.rehearsal.costs import amounts_of, by_window
from evenwicht.rehearsal.events import events_of
from evenwicht.rehearsal.groups import alike_of, groups_in
from evenwicht.rehearsal.known import known_of
from evenwicht.rehearsal.margins import sizes_of_groups
from evenwicht.rehearsal.people import columns_of
from evenwicht.rehearsal.protection import Protection
from evenwicht.rehearsal.roles import Roles
from evenwicht.rehearsal.scores import Scored, correlations_of, triangle


@dataclass
class Aggregates:
    """What a twin is drawn from.

    Attributes
    ----------
    source
        Settings of the twin world, without effects.
    left
        What of the cohort the twin does not have -> why.
    """

    source: dict[str, Any]
    left: dict[str, str] = field(default_factory=dict)


def aggregates_of(cohort: Cohort, book: Codebook, roles: Roles, protection: Protection) -> Aggregates:
    """Return the rounded aggregates of a cohort.

    Parameters
    ----------
    cohort
        Its people.
    book
        Its columns and outcomes.
    roles
        Which columns are exposures, and which follow from them.
    protection
        Limits that every figure keeps to.

    Raises
    ------
    DataError
        If there are too few people for any band.
    """
    n = len(cohort.persons)
    if n < 4 * 2 * protection.threshold:
        raise DataError(
            f"{n} people are too few for bands of {2 * protection.threshold}",
            where=f"cohort {cohort.name}",
            fix="A twin needs at least four bands of people.",
        )
    told = Aggregates({"kind": "twin", "n": protection.count(n)})
    groups = groups_in(cohort, book, told.left)
    columns = columns_of(cohort, book, protection, told.left)
    amounts = amounts_of(cohort, book, protection, told.left)
    scored = {name: one for name, one in columns.items() if name not in roles.outcomes}
    before = list(scored)
    scored |= columns | amounts
    after = [name for name in scored if name not in before]
    born = births_in(cohort, book, before, protection, told.left)
    decided = list(born.told.get("decides", ())) if born else []
    exposures = [name for name in roles.exposures if name in columns]
    if roles.by_birth or set(exposures) & set(decided):
        # they are one exposure, the date of birth, told in several columns
        exposures += [name for name in decided if name not in exposures]
    _note_lost_exposures(roles, columns, told)
    scores = {name: one.score for name, one in scored.items()}
    dated = scores | ({born.column: born.score} if born else {})
    correlations = correlations_of(dated, protection)
    chained: dict[str, list[str]] = {}
    for one, other in roles.chained:
        if one in columns and other in columns and one not in decided:
            chained.setdefault(one, []).append(other)
    # what changes another exposure is not itself changed: no chain is longer than one link
    chained = {one: links for one, others in chained.items() if (links := [o for o in others if o not in chained])}
    events = events_of(cohort, book, before, scores, protection, told.left)
    for event, other in roles.same_disease:
        if event in events and other in events:
            events[event]["same_as"] = other
    known = known_of(cohort, before, scores, told.left, protection)
    drawn = [name for name in before if name not in decided]
    shared = alike_of(groups, drawn, before, after, dated, correlations, protection)
    told.source |= {
        "exposures": exposures,
        "chained": chained,
        "after": after,
        "columns": {name: one.margin for name, one in columns.items()},
        "costs": by_window(amounts),
        "correlations": triangle(list(dated), correlations),
        **known,
        "groups": {
            name: {"sizes": sizes_of_groups(place[place >= 0], protection), **shared[name]}
            for name, place in groups.items()
        },
        "births": born.told if born else None,
        "events": events,
    }
    if len(cohort.pieces):
        told.left["pieces"] = "states that change over time are not in a twin"
    return told


def _note_lost_exposures(roles: Roles, columns: Mapping[str, Scored], told: Aggregates) -> None:
    for name in roles.exposures:
        if name not in columns:
            told.left.setdefault(name, "it is no number, yes/no column or category")
