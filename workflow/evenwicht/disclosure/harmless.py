"""Cells that a spreadsheet would take for a formula."""

import pandas as pd

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which no text begins a formula: those that would are put behind an apostrophe.

    Source: OWASP, CSV injection.
    """
    left = table.copy()
    for name in left.columns:
        if left[name].dtype == object:
            texts = left[name].astype(str)
            left[name] = texts.where(~texts.str.startswith(FORMULA), "'" + texts).where(left[name].notna(), left[name])
    return left
