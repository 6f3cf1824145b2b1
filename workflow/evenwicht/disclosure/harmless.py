"""Cells that a spreadsheet would take for a formula."""

import pandas as pd

FORMULA = ("=", "+", "-", "@", "\t", "\r")
NUMBER = r"[+-]?\d[\d.,]*( \([+-]?\d[\d.,]*\))?"  # or two, as a mean with its standard deviation


def harmless(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which no text begins a formula: those that would are put behind an apostrophe.

    Source: OWASP, CSV injection.
    """
    left = table.copy()
    for name in left.columns:
        if left[name].dtype == object:
            texts = left[name].astype(str)
            begins = texts.str.startswith(FORMULA) & ~texts.str.fullmatch(NUMBER) & left[name].notna()
            left[name] = left[name].where(~begins, "'" + texts)
    return left
