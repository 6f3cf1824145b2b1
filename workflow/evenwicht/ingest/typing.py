"""Turn raw source columns into typed columns of the persons table, refusing what the description does not allow."""

import numpy as np
import pandas as pd

from evenwicht.config import Column
from evenwicht.errors import DataError


def typed(raw: pd.Series, name: str, column: Column, where: str) -> pd.Series:
    """Return a source column with the type, codes and range of its description.

    Parameters
    ----------
    raw
        The column as it stands in the source.
    name, column
        Name in the Cohort and its description.
    where
        The source, for messages.

    Returns
    -------
    pandas.Series
        float64 (number), Int64 (integer), boolean, datetime64 (date) or categorical of labels in the order of `codes`.

    Raises
    ------
    DataError
        On a code that is not described, a value that is not a number or date, or one outside the stated range.
    """
    where = f"{where}: column '{column.source or name}'"
    # codes are few: they are read once each, not once a person
    codes = {value: _code(value) for value in raw.dropna().unique()}
    text = raw.map(codes).astype("object")
    known = text.notna() & ~text.isin([_code(value) for value in column.missing])
    text = text.where(known)
    if column.type == "category":
        return _category(text, column, where)
    if column.type == "boolean":
        return _boolean(text, where)
    if column.type == "date":
        dates = pd.to_datetime(text, errors="coerce", format="ISO8601")
        _refuse(text, known & dates.isna(), "not a date", "Write dates as YYYY-MM-DD.", where)
        return dates
    numbers = pd.to_numeric(text, errors="coerce").astype("float64")
    _refuse(text, known & ~np.isfinite(numbers), "not a number", "Correct it or list it under `missing`.", where)
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    outside = known & ~numbers.between(low, high)
    _refuse(
        text,
        outside,
        f"outside {low:g} to {high:g}",
        "Correct it, widen the range or list it under `missing`.",
        where,
    )
    if column.type == "integer":
        _refuse(text, known & (numbers % 1 != 0), "not a whole number", "Correct it or use type number.", where)
        return numbers.astype("Int64")
    return numbers


def _code(value: object) -> str:
    """Write a code the same way whether the source holds 1, 1.0 or '1'."""
    if isinstance(value, int | float | np.number) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _category(text: pd.Series, column: Column, where: str) -> pd.Series:
    if not column.codes:
        return pd.Series(pd.Categorical(text, categories=sorted(text.dropna().unique())), index=text.index)
    _refuse_unknown(text, list(column.codes), where)
    labels = list(column.codes.values())
    return pd.Series(pd.Categorical(text.map(column.codes), categories=labels), index=text.index)


def _boolean(text: pd.Series, where: str) -> pd.Series:
    truth = {"0": False, "1": True, "False": False, "True": True}
    _refuse_unknown(text, list(truth), where)
    return text.map(truth).astype("boolean")


def _refuse_unknown(text: pd.Series, known: list[str], where: str) -> None:
    unknown = sorted(set(text.dropna()) - set(known))
    if unknown:
        raise DataError(
            f"unknown code {', '.join(map(repr, unknown[:5]))} in {int(text.isin(unknown).sum())} rows",
            where=where,
            mend=f"Describe it under `codes` or list it under `missing`. Known: {', '.join(known)}.",
        )


def _refuse(text: pd.Series, bad: "pd.Series[bool]", what: str, mend: str, where: str) -> None:
    if bad.any():
        raise DataError(f"{int(bad.sum())} values are {what}, first {text[bad].iloc[0]!r}", where=where, mend=mend)
