"""Tables of a run, read back from their files."""

from collections.abc import Hashable, Iterable
from pathlib import Path

import pandas as pd

from evenwicht.results import schema

IDS: dict[Hashable, type] = dict.fromkeys(("cohort", "study", *schema.ABOUT, "estimand", "method"), str)


def read_tables(paths: Iterable[str | Path]) -> dict[str, pd.DataFrame]:
    """Read the tables of a run, by name of the file, typed where a schema has their name."""
    named = {Path(path).stem: path for path in paths}
    return {name: _read(name, path) for name, path in named.items()}


def _read(name: str, path: str | Path) -> pd.DataFrame:
    if name in schema.SCHEMAS:
        return schema.SCHEMAS[name].read_csv(path)
    table = pd.read_csv(path, dtype=IDS, keep_default_na=False, na_values=[""])
    return table.fillna({column: "" for column in IDS if column in table})
