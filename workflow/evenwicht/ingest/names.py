"""The names of a source's columns."""

import re
from collections import Counter
from collections.abc import Sequence

from evenwicht.base.errors import DataError, listed

LOOKS_LIKE_DATA = re.compile(r"[-+.,:/\d\s]*\d[-+.,:/\d\s]*|[\[{<].*[:>].*", re.DOTALL)  # or JSON, or a page of the web


def look_like_data(names: Sequence[str]) -> bool:
    """Whether what should be names of columns holds numbers or dates, and may be a person's row."""
    return any(LOOKS_LIKE_DATA.fullmatch(name) for name in names)


def require_names(names: Sequence[str], wanted: Sequence[str], where: str) -> None:
    """Raise DataError if a name stands twice or a wanted one is absent.

    A first line with numbers or dates may be a person's row, so that its cells are not shown.
    """
    headless = look_like_data(names)
    twice = [name for name, times in Counter(names).items() if name and times > 1]
    absent = [name for name in dict.fromkeys(wanted) if name not in names]
    if absent:
        by_case = {name.casefold(): name for name in names}
        spelt = [f"{by_case[name.casefold()]} for {name}" for name in absent if name.casefold() in by_case]
        other_case = f"Upper and lower case differ: {listed(spelt)}. " if spelt else ""
        present = (
            "The first line holds numbers, dates or markup: is the line with the names missing?"
            if headless
            else f"Present: {listed(names)}."
        )
        error = DataError(
            f"columns are missing: {listed(absent)}",
            where=where,
            fix=f"Correct the names in the cohort file. {other_case}{present}",
        )
        error.absent = tuple(absent)
        raise error
    if twice:
        shown = [name for name in twice if name in wanted or not headless]
        raise DataError(
            f"{len(twice)} column names stand twice{': ' if shown else ''}{listed(shown)}",
            where=where,
            fix="Give every column a name of its own; which of them is meant cannot be known.",
        )
