"""Propose a cohort file from what data files say of their columns, and from what stands in them."""

import argparse
import sys
from typing import TYPE_CHECKING

from evenwicht.base.errors import DataError, bounded
from evenwicht.base.names import cohort_name

if TYPE_CHECKING:
    from evenwicht.starter.contents import FileContents

NAME = "init"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="the file with one row per person, then further files, if any"
    )
    parser.add_argument(
        "--codebook", metavar="CODEBOOK", help="an Excel (.xlsx) or CSV file with labels, codes and missing codes"
    )
    parser.add_argument("--id", metavar="COLUMN", help="of the first file: the column that identifies people")


def run(arguments: argparse.Namespace) -> int:
    """Print the cohort file; no value of fewer than ten people stands in it, unless the file has a label for it.

    Raises
    ------
    DataError
        If a file or the codebook cannot be read, the codebook describes no column, or no column of the first file
        identifies people.
    """
    from evenwicht.starter.codebook import codebook_of
    from evenwicht.starter.contents import look_into
    from evenwicht.starter.written import cohort_file

    codebook = codebook_of(arguments.codebook) if arguments.codebook is not None else None
    files = []
    for path in arguments.files:
        print(f"evenwicht init: looking into {path}", file=sys.stderr, flush=True)
        files.append(look_into(path, codebook))
    if codebook is not None:
        for line in codebook.report([name for file in files for name in file.columns]):
            print(f"evenwicht init: {bounded(codebook.path)}: {bounded(line)}", file=sys.stderr)
    print(cohort_file(files, cohort_name(files[0].stem), _identifier(files[0], arguments.id)), end="")
    return 0


def _identifier(file: "FileContents", given: str | None) -> str:
    """Return the column that identifies people: the one given, else by its name or label, else the first that can."""
    from evenwicht.starter.words import ROLES, found

    where = "the first file"
    if given is not None and given not in file.columns:
        raise DataError(f"no column is called '{given}'", where=where, fix="Correct --id.")
    if given is not None:
        if not file.columns[given].identifies:
            fix = "Name another column, or put the file with one row per person first."
            raise DataError(f"'{given}' is empty or the same in some rows", where=where, fix=fix)
        return given
    possible = [c for c in file.columns.values() if c.identifies and c.kind in ("integer", "text")]
    called = [c for c in possible if found(ROLES["id"], c.name) or found(ROLES["id"], c.told.label)]
    if not possible:
        raise DataError(
            "no column is filled and different in every row, so none identifies people",
            where=where,
            fix="Put the file with one row per person first; visits, stays and later waves come behind it.",
        )
    return (called or possible)[0].name
