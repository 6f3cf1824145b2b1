"""Who has no value, and why: a code says so (refused, not asked, not in the wave, dead), or a file has no row."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import MEANINGS, NOT_LINKED, SourceColumn
from evenwicht.cohort import empty
from evenwicht.ingest.sources import WideSource
from evenwicht.ingest.typing import why_missing

Place = tuple[str, str, str]  # table, item, and wave or window
REASONS = (*MEANINGS, NOT_LINKED)


def absences(
    ids: pd.Series, source: WideSource, book: Codebook, cells: Any, linked: Mapping[str, Flags]
) -> pd.DataFrame:
    """Return the `absences` of a Cohort: a row for each person and place with a missing code, or with no row linked.

    A place has several source columns where it is an age with a value, or the ages and status of an event; a person
    counts once, by the first of them with a reason.

    Parameters
    ----------
    ids : (n,)
        Identifiers.
    source, book
        Say which columns there are.
    cells
        Gives the text of a described column, (n,), and the marks of its numbers; called with the column and its name.
    linked
        Who has a row in each further file, (n,) flags.
    """
    found: dict[Place, np.ndarray[Any, np.dtype[np.int8]]] = {}
    for place, name, column in places(source, book):
        text, (decimal, _) = cells(column, name)
        why = why_missing(text, column, decimal)
        if column.file is not None and column.file in linked:
            why = np.where(linked[column.file], why, np.int8(REASONS.index(NOT_LINKED)))
        found[place] = np.where(found[place] < 0, why, found[place]) if place in found else why
    found = {place: why for place, why in found.items() if (why >= 0).any()}
    if not found:
        return empty("absences")
    people = [np.flatnonzero(why >= 0) for why in found.values()]
    place_of = np.repeat(np.arange(len(found)), [len(some) for some in people])
    table, item, at = zip(*found, strict=True)
    why = np.concatenate([why[some] for why, some in zip(found.values(), people, strict=True)])
    return pd.DataFrame(
        {
            "id": ids.iloc[np.concatenate(people)].reset_index(drop=True),
            "table": _repeated(table, place_of),
            "item": _repeated(item, place_of),
            "at": _repeated(at, place_of),
            "meaning": _repeated(REASONS, why),
        }
    )


def _repeated(words: tuple[str, ...], places: Any) -> pd.Categorical:
    """Words at places, (m,): few, in very many rows."""
    codes, distinct = pd.factorize(np.array(words, dtype=object))
    return pd.Categorical.from_codes(codes[places], pd.Index(distinct))


def places(source: WideSource, book: Codebook) -> Iterator[tuple[Place, str, SourceColumn]]:
    """Yield each place with the name and description of a source column of it, if that has codes or may lack a row."""
    described: list[tuple[Place, str, SourceColumn]] = [
        *((("persons", name, ""), name, column) for name, column in book.columns.items()),
        *((("measures", m.measure, m.wave), "", c) for m in source.single for c in (m.value, m.age)),
        *((("events", e.event, ""), "", c) for e in source.events for c in (e.status, e.entry_age, e.exit_age)),
        *((("costs", c.sector, c.window), "", c.amount) for c in source.costs),
    ]
    yield from (one for one in described if one[2].missing or one[2].missing_ranges or one[2].file is not None)
