"""Who has a value and who has none, by state, at the places of one cohort: a sentence, a picture and a table."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import EventOutcome
from evenwicht.display.labels import Labels, first_upper, spoken
from evenwicht.display.language import say
from evenwicht.display.picture import Picture
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import number
from evenwicht.report.people_bars import MOST, Bar, people_bars
from evenwicht.results.states import (
    ABSENT,
    EMPTY,
    FILES,
    KNOWN,
    NOT_DERIVED,
    PEOPLE,
    UNKNOWN_IDS,
    UNKNOWN_ROWS,
    Place,
    places,
)

DRAWN = ("measures", "events", "costs")


@dataclass(frozen=True)
class Gap:
    """A place with people without a value, or with rows of nobody.

    Attributes
    ----------
    place
        Table, item, and wave or window.
    people, known
        All of the cohort, and those with a value.
    absent
        The others, by state, in the order of all states.
    unknown_ids, unknown_rows
        Of a joined file: not those of any person.
    """

    place: Place
    people: int
    known: int
    absent: dict[str, int]
    unknown_ids: int
    unknown_rows: int

    @property
    def parts(self) -> dict[str, int]:
        """Those with a value and those without, by state, which add up to all people."""
        return {KNOWN: self.known, **self.absent}


def gaps(rows: pd.DataFrame) -> list[Gap]:
    """Return the places of a cohort where not all is known, from its rows of `results.schema.STATES`."""
    every = [
        Gap(
            place,
            counts[PEOPLE],
            counts.get(KNOWN, 0),
            {state: counts[state] for state in ABSENT if state in counts},
            counts.get(UNKNOWN_IDS, 0),
            counts.get(UNKNOWN_ROWS, 0),
        )
        for place, counts in places(rows).items()
    ]
    return [gap for gap in every if gap.absent or gap.unknown_rows]


def state_label(state: str, table: str) -> str:
    """Return what a state is called at a place of a table."""
    if state == EMPTY and table == "persons":
        return say("left empty")
    if state == KNOWN:
        return say("with a row") if table == FILES else say("known")
    return {
        "not_known": say("not known, as a code says"),
        "refused": say("refused"),
        "not_asked": say("not asked"),
        "not_in_wave": say("not in the wave"),
        "dead": say("dead"),
        "not_linked": say("not linked"),
        EMPTY: say("not assessed"),
        NOT_DERIVED: say("not derived: a value that it needs is not known"),
        "not_due": say("not due"),
        "not_followed": say("not followed"),
        "not_observed": say("not observed in the window"),
    }[state]


def place_label(place: Place, book: Codebook) -> str:
    """Return what a place is called."""
    table, item, at = place
    labels = Labels(book, words=book.words)
    if table == FILES:
        return say("File {name}", name=spoken(item))
    if table == "persons":
        return first_upper(book.columns[item].label)
    if table == "measures":
        measure = book.measures.get(item) or labels.outcome(item)
        return say("{measure}, wave {wave}", measure=first_upper(measure), wave=spoken(at))
    if table == "events":
        named = (o.label for o in book.outcomes.values() if isinstance(o, EventOutcome) and o.event == item)
        return first_upper(next(named, labels.outcome(item)))
    return say("{sector}, {window}", sector=first_upper(labels.outcome(item)), window=labels.at("", at))


def states_sentence(rows: pd.DataFrame) -> str:
    """Say at how many places all is known; empty without rows."""
    if rows.empty:
        return ""
    counts = places(rows)
    people = number(next(iter(counts.values()))[PEOPLE], 0)
    short = len(gaps(rows))
    if not short:
        return say("All that was to be known is known of all {people} people.", people=people)
    told = {"whole": number(len(counts) - short, 0), "all": number(len(counts), 0), "people": people}
    return say(
        "Of the {all} columns, measures, events, costs and files, {whole} are complete for all {people} people.", **told
    )


def states_table(rows: pd.DataFrame, book: Codebook) -> Table:
    """Tell who has no value and why, a line for each place where not all is known."""
    columns = [
        Column("what", say("What"), names_row=True),
        Column("people", say("People"), number=True),
        Column("known", say("Known"), number=True),
        Column("why", say("Without, and why")),
    ]
    caption = say("Each person counts once in a line. What is known of everybody is left out.")
    return Table("states", caption, columns, [_line(gap, book) for gap in gaps(rows)])


def _line(gap: Gap, book: Codebook) -> dict[str, str]:
    why = [f"{state_label(state, gap.place[0])} {number(people, 0)}" for state, people in gap.absent.items()]
    if gap.unknown_rows:
        counts = {"rows": number(gap.unknown_rows, 0), "ids": number(gap.unknown_ids, 0)}
        why.append(say("left out are {rows} rows of {ids} ids that are not in the main table", **counts))
    return {
        "what": place_label(gap.place, book),
        "people": number(gap.people, 0),
        "known": number(gap.known, 0),
        "why": "; ".join(why),
    }


def states_figure(rows: pd.DataFrame, title: str, book: Codebook) -> Picture | None:
    """Draw the measures, events and costs that are not known of everybody; None if there are none.

    Places of a table with the same counts share a bar. Of more bars than can be looked at, those with the fewest people
    with a value are shown.
    """
    alike: dict[tuple[str, tuple[tuple[str, int], ...]], list[Gap]] = {}
    for gap in gaps(rows):
        if gap.place[0] in DRAWN:
            alike.setdefault((gap.place[0], tuple(gap.parts.items())), []).append(gap)
    if not alike:
        return None
    fewest = sorted(alike.values(), key=lambda same: same[0].known)[:MOST]
    shown = [same for same in alike.values() if same in fewest]
    bars = [
        Bar(
            names=[place_label(gap.place, book) for gap in same],
            about=[],
            beside=say("{people} people", people=number(same[0].people, 0)),
            parts=same[0].parts,
        )
        for same in shown
    ]
    states = [state for state in ABSENT if any(state in same[0].absent for same in shown)]
    figure = people_bars(bars, KNOWN, states, lambda state: state_label(state, "measures"))
    if len(alike) > MOST:
        title = say("{title}: who was due and who was not seen, where the fewest are known", title=title)
    else:
        title = say("{title}: who was due and who was not seen", title=title)
    return Picture(figure, title, _alt([same[0] for same in shown]))


def _alt(shown: Sequence[Gap]) -> str:
    """How many are known, and why most of the others are not."""
    least, most = (number(limit(gap.known for gap in shown), 0) for limit in (min, max))
    _, state = max((people, state) for gap in shown for state, people in gap.absent.items())
    told = {"least": least, "people": number(shown[0].people, 0), "reason": state_label(state, "measures")}
    if least == most:
        return say("{least} of {people} people have a value; most of the others: {reason}.", **told)
    return say("{least} to {most} of {people} people have a value; most of the others: {reason}.", **told, most=most)
