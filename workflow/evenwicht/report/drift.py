"""Have the regenerated report tables drifted from the committed ones?

`python -m evenwicht.report.drift results/tables` compares every CSV of the folder with its version in the last commit
and exits 1 with a diff of rows if they differ.
"""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

RELATIVE_TOLERANCE = 1.5e-5  # tables print six significant digits; another processor may round the last one differently


def compare(committed: pd.DataFrame, regenerated: pd.DataFrame) -> list[str]:
    """Return a readable line for every row that differs; rows are matched by their text columns, in order."""
    if list(committed.columns) != list(regenerated.columns):
        return [f"columns: committed {list(committed.columns)}, regenerated {list(regenerated.columns)}"]
    text = [str(name) for name in committed if not pd.api.types.is_numeric_dtype(committed[name])]
    text = [name for name in text if not pd.api.types.is_numeric_dtype(regenerated[name])]
    old, new = _keyed(committed, text), _keyed(regenerated, text)
    lines = [f"- {_describe(key)}" for key in old.index.difference(new.index, sort=False)]
    lines += [f"+ {_describe(key)}" for key in new.index.difference(old.index, sort=False)]
    both = old.index.intersection(new.index, sort=False)
    was, now = (table.loc[both].to_numpy() for table in (old, new))
    changed = ~np.isclose(was, now, rtol=RELATIVE_TOLERANCE, atol=0, equal_nan=True)
    for row, column in zip(*np.nonzero(changed), strict=True):
        change = f"{old.columns[column]} {was[row, column]:g} -> {now[row, column]:g}"
        lines.append(f"~ {_describe(both[row])}: {change}")
    return lines


def _keyed(table: pd.DataFrame, text: list[str]) -> pd.DataFrame:
    """The numbers of a table, by the text of each row and how many rows before it have the same."""
    labels = table[text].fillna("").astype(str)
    repeat = labels.groupby(text).cumcount() if text else pd.Series(range(len(table)), table.index)
    keys = zip(*(labels[name] for name in text), repeat.astype(str), strict=True)
    numbers = table.drop(columns=text).astype(float)
    return numbers.set_axis(pd.Index(list(keys), tupleize_cols=False))


def _describe(key: tuple[str, ...]) -> str:
    return " | ".join(part for part in key[:-1] if part)


def committed_names(folder: Path) -> list[str]:
    """Return the names of the tables in the last commit."""
    command = ["git", "ls-tree", "--name-only", "HEAD", "."]
    listing = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    return [name for name in listing.split() if name.endswith(".csv")]


def committed_version(path: Path) -> pd.DataFrame | None:
    """Return a table as it stands in the last commit, or None if it is not committed."""
    show = subprocess.run(["git", "show", f"HEAD:./{path.name}"], cwd=path.parent, capture_output=True, check=False)
    return pd.read_csv(io.BytesIO(show.stdout)) if show.returncode == 0 else None


def main(folder: Path) -> int:
    """Compare every table of a folder; return the exit code."""
    drifted = False
    names = sorted({path.name for path in folder.glob("*.csv")} | set(committed_names(folder)))
    for path in (folder / name for name in names):
        committed = committed_version(path)
        if not path.exists():
            lines = ["committed, but this run did not write it"]
        else:
            lines = ["not committed yet"] if committed is None else compare(committed, pd.read_csv(path))
        for line in lines:
            print(f"{path.name}: {line}")
        drifted = drifted or bool(lines)
    if drifted:
        print("Report tables drifted. If it is meant, commit the tables that `make tables` and `make recovery` wrote.")
        return 1
    print(f"{len(names)} report tables agree with the last commit.")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
