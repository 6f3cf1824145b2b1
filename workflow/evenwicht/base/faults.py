"""Faults of an input, gathered so that all of them are told at once, in a message of a bounded length."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from evenwicht.base.arrays import Flags
from evenwicht.base.errors import EvenwichtError, listed

MOST_LINES = 18  # in one message, before the line that counts the others
MOST_CHARACTERS = 500  # in one line


class Fault(NamedTuple):
    """One fault.

    Attributes
    ----------
    kind
        What sort of fault it is, such as "not a number": faults of one kind stand together.
    error
        Place, what is wrong with how many, and the fix.
    rows : (n,) array of bool or None
        The rows of the source that hold it, if it lies in rows.
    """

    kind: str
    error: EvenwichtError
    rows: Flags | None = None


class Faults:
    """What is wrong with an input, in the order in which it was met."""

    def __init__(self) -> None:
        self.found: list[Fault] = []
        self._met: set[str] = set()

    def add(self, kind: str, error: EvenwichtError, rows: Flags | None = None) -> None:
        """Add a fault, unless the very same is there: a source column may be read at several places."""
        if str(error) not in self._met:
            self._met.add(str(error))
            self.found.append(Fault(kind, error, rows))

    def lines(self, show_rows: bool = False) -> list[str]:
        """Return a line for each fault, by kind; of very many the first, and how many more of which kind.

        Parameters
        ----------
        show_rows
            Whether lines end with numbers of rows; 1 is the first row of people.
        """
        kinds = list(dict.fromkeys(fault.kind for fault in self.found))
        faults = sorted(self.found, key=lambda fault: kinds.index(fault.kind))
        shown = faults if len(faults) == MOST_LINES + 1 else faults[:MOST_LINES]
        lines = [_line(fault, show_rows) for fault in shown]
        if more := Counter(fault.kind for fault in faults[len(shown) :]):
            lines.append(f"and {more.total()} more: {listed(f'{kind} ({n})' for kind, n in more.items())}")
        return lines

    def raise_all(self) -> None:
        """Raise one error with all lines, of the class whose exit code comes first; nothing if there is no fault."""
        if self.found:
            error = min((fault.error for fault in self.found), key=lambda error: error.exit_code)
            error.args = ("\n".join(self.lines()),)
            raise error


def _line(fault: Fault, show_rows: bool) -> str:
    text = " ".join(str(fault.error).split())
    line = text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}..."
    if not show_rows or fault.rows is None:
        return line
    return f"{line} Rows: {listed(np.flatnonzero(fault.rows) + 1)}."
