"""Who has a code instead of a value, and why: refused, not asked, not in the wave, dead, or not known."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import MEANINGS, SourceColumn
from evenwicht.cohort import empty
from evenwicht.ingest.sources import WideSource
from evenwicht.ingest.typing import why_missing

Place = tuple[str, str, str]  # table, item, and wave or window


def absences(ids: pd.Series, source: WideSource, book: Codebook, cells: Any) -> pd.DataFrame:
    """Return the `absences` of a Cohort: a row for each person and place with a missing code.

    A place has several source columns where it is an age with a value, or the ages and status of an event; a person
    counts once, by the first of them with a code.

    Parameters
    ----------
    ids : (n,)
        Identifiers.
    source, book
        Say which columns there are.
    cells
        Gives the text of a described column, (n,), and the marks of its numbers; called with the column and its name.
    """
    found: dict[Place, np.ndarray[Any, np.dtype[np.int8]]] = {}
    for place, name, column in places(source, book):
        text, (decimal, _) = cells(column, name)
        why = why_missing(text, column, decimal)
        found[place] = np.where(found[place] < 0, why, found[place]) if place in found else why
    meanings = np.array(MEANINGS)
    parts = [
        pd.DataFrame({"id": ids[why >= 0], "table": table, "item": item, "at": at, "meaning": meanings[why[why >= 0]]})
        for (table, item, at), why in found.items()
        if (why >= 0).any()
    ]
    return pd.concat(parts, ignore_index=True) if parts else empty("absences")


def places(source: WideSource, book: Codebook) -> Iterator[tuple[Place, str, SourceColumn]]:
    """Yield each place with the name and description of a source column that it is read from, if it has codes."""
    described: list[tuple[Place, str, SourceColumn]] = [
        *((("persons", name, ""), name, column) for name, column in book.columns.items()),
        *((("measures", m.measure, m.wave), "", c) for m in source.single for c in (m.value, m.age)),
        *((("events", e.event, ""), "", c) for e in source.events for c in (e.status, e.entry_age, e.exit_age)),
        *((("costs", c.sector, c.window), "", c.amount) for c in source.costs),
    ]
    yield from (one for one in described if one[2].missing or one[2].missing_ranges)
