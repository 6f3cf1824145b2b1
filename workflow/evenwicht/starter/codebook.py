"""What a codebook says of columns, in sheets whose headings `words.yaml` knows.

A sheet has a row per variable, a row per code, or both: a row without a variable belongs to the one above it. Several
codes may stand in one cell, as `1 = yes; 2 = no`. Sheets add up, so that codes may have a sheet of their own.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from evenwicht.base.errors import DataError, listed
from evenwicht.ingest.metadata import ColumnDescription
from evenwicht.starter.sheets import Row, Sheet, sheets_of
from evenwicht.starter.words import ANSWERS, HEADINGS, found, words_of

HEADING_WITHIN = 20  # rows of a sheet: titles may stand above its headings
CODE = r"[+-]?\d+(?:\.\d+)?|\.[A-Za-z_]"
PAIR = re.compile(r"([^\s=:]+)\s*[=:]\s*(\S.*)")
BETWEEN_PAIRS = re.compile(r"\s*[;\n|]\s*|\s*,\s*(?=[^\s=:,;]+\s*[=:])")
BETWEEN_CODES = re.compile(r"\s*[;,\n|]\s*")
RANGE = re.compile(r"([+-]?\d+(?:\.\d+)?)(?:-|\s-\s|\s*(?:–|\.\.+|to|thru|t/m)\s*)([+-]?\d+(?:\.\d+)?)")
NOTHING = ("-", "–")  # in the column of missing codes
MARKED, NOT_MARKED = ("x", "✓", "1"), ("0",)  # there, beside a code


@dataclass
class Described:
    """What a codebook says of one variable: its label, code -> label, and its missing codes and ranges."""

    label: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    ranges: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Codebook:
    """A codebook.

    Attributes
    ----------
    path
        Of its file.
    variables
        What it says, by variable.
    unread
        Sheet -> its rows, from 1, with a cell that could not be placed.
    unused
        Headings of columns that say nothing that a cohort file holds, and names of sheets without headings.
    """

    path: str
    variables: dict[str, Described]
    unread: dict[str, list[int]]
    unused: list[str]

    def added(self, told: Mapping[str, ColumnDescription]) -> dict[str, ColumnDescription]:
        """Return what a file says of its columns, with what the codebook adds; where they differ, the file holds."""
        return {name: self._joined(one, self._of(name, told)) for name, one in told.items()}

    def report(self, told: Collection[str]) -> Iterator[str]:
        """Say what the codebook gave to the columns of all files, and what could not be placed.

        Raises
        ------
        DataError
            If it describes none of the columns.
        """
        names = dict.fromkeys(told)
        described = [name for name in names if self._of(name, names) is not None]
        if not described:
            raise DataError(
                "it describes no column of the data",
                where=self.path,
                fix="Give the codebook of these files; names of variables must be those of the columns.",
            )
        yield f"it describes {len(described)} of {len(names)} columns"
        used = {id(self._of(name, names)) for name in described}
        if absent := [name for name, one in self.variables.items() if id(one) not in used]:
            yield f"{len(absent)} of its variables are in no file: {listed(absent)}"
        for sheet, rows in self.unread.items():
            yield f"{len(rows)} rows of {sheet} could not be placed or read in full: {listed(rows)}"
        if self.unused:
            yield f"columns and sheets of it that are not used: {listed(self.unused)}"

    def _of(self, name: str, names: Collection[str]) -> Described | None:
        """What is said of a column; upper and lower case may differ unless they tell columns apart."""
        if name in self.variables:
            return self.variables[name]
        like = [one for other, one in self.variables.items() if other.casefold() == name.casefold()]
        alone = sum(other.casefold() == name.casefold() for other in names) == 1
        return like[0] if len(like) == 1 and alone else None

    def _joined(self, told: ColumnDescription, described: Described | None) -> ColumnDescription:
        if described is None:
            return told
        labels = {**described.labels, **told.labels}
        missing = {code: label or labels.get(code, "") for code, label in described.missing.items()}
        return replace(
            told,
            label=told.label or described.label,
            labels=labels,
            missing={**missing, **told.missing},
            missing_ranges=tuple(dict.fromkeys((*told.missing_ranges, *described.ranges))),
        )


def codebook_of(path: str) -> Codebook:
    """Read a codebook.

    Raises
    ------
    DataError
        If it cannot be read, or no sheet has the headings of a codebook.
    """
    book = Codebook(path, {}, {}, [])
    known = 0
    for sheet in sheets_of(path):
        heading = next((place for place, row in enumerate(sheet.rows[:HEADING_WITHIN]) if _is_heading(row)), None)
        if heading is not None:
            known += 1
            _add(book, sheet, heading)
        elif any(any(row) for row in sheet.rows):
            book.unused.append(sheet.name)
    if not known:
        raise DataError(
            "no sheet has a row of headings with one for the variable and one for its label, codes or missing codes",
            where=path,
            fix="Head the columns: variable, label, code, value label, missing.",
        )
    return book


def _kinds(row: Row) -> dict[str, int]:
    """Return the place of each kind of heading: the first of it, but a second label belongs to the codes."""
    places: dict[str, int] = {}
    for place, heading in enumerate(row):
        kind = next((kind for kind, words in HEADINGS.items() if words_of(heading) in words), None)
        if kind == "label" and "code" in places and "code_label" not in places:
            kind = "code_label"
        if kind is not None:
            places.setdefault(kind, place)
    return places


def _is_heading(row: Row) -> bool:
    kinds = _kinds(row)
    return "variable" in kinds and len(kinds) > 1


def _add(book: Codebook, sheet: Sheet, heading: int) -> None:
    headings = sheet.rows[heading]
    kinds = _kinds(headings)
    book.unused.extend(name for place, name in enumerate(headings) if name and place not in kinds.values())
    current: Described | None = None
    unread = []
    for number, row in enumerate(sheet.rows[heading + 1 :], start=heading + 2):
        cells = {kind: row[place] if place < len(row) else "" for kind, place in kinds.items()}
        variable, label = cells["variable"], cells.get("label", "")
        if not any(cells.values()):
            current = None
            continue
        if variable:
            current = book.variables.setdefault(variable, Described())
        if current is None:
            unread.append(number)
            continue
        code, code_label = cells.get("code", ""), cells.get("code_label", "")
        if "label" not in kinds and (not code or _pairs(code)):  # it is of no code alone, so of the variable
            label, code_label = code_label, ""
        whole = not label or (bool(variable) and current.label in ("", label))
        if label and whole:
            current.label = label
        whole &= _add_codes(current, code, code_label)
        whole &= _add_missing(current, cells.get("missing", ""), code)
        if not whole:
            unread.append(number)
    if unread:
        book.unread[sheet.name] = unread


def _pairs(cell: str) -> dict[str, str]:
    """Return code -> label of a cell such as `1 = yes; 2 = no`; nothing if any part of it is not of that form."""
    parts = [PAIR.fullmatch(part) for part in BETWEEN_PAIRS.split(cell) if part]
    return {part[1]: part[2] for part in parts if part} if all(parts) else {}


def _add_codes(variable: Described, code: str, label: str) -> bool:
    """Add the codes of a row, and say whether all of it was placed."""
    if not code:
        return not label
    pairs = _pairs(code)
    if not pairs and label and not RANGE.fullmatch(code) and not BETWEEN_CODES.search(code):
        pairs, label = {code: label}, ""
    fresh = {one: text for one, text in pairs.items() if variable.labels.get(one, text) == text}
    variable.labels |= fresh
    return not label and len(fresh) == len(pairs) > 0


def _add_missing(variable: Described, cell: str, code: str) -> bool:
    """Add the missing codes of a row, and say whether all of it was placed."""
    if cell in ("", *NOTHING) or found(ANSWERS["negative"], cell) == words_of(cell) != "":
        return True
    if code and not _pairs(code):  # beside one code, the cell says whether that is missing
        marked = cell.casefold() in MARKED or found(ANSWERS["positive"], cell) != "" or cell == code
        if marked:
            variable.missing[code] = ""
        return marked or cell in NOT_MARKED
    pairs = _pairs(cell)
    variable.missing |= pairs
    if pairs:
        return True
    whole = True
    for part in filter(None, BETWEEN_CODES.split(cell)):
        limits = RANGE.fullmatch(part)
        codes = part.split()
        if re.fullmatch(CODE, part) or (not limits and all(re.fullmatch(CODE, one) for one in codes)):
            variable.missing |= dict.fromkeys(codes, "")
        elif limits and float(limits[1]) < float(limits[2]):
            variable.ranges += ((float(limits[1]), float(limits[2])),)
        else:
            whole = False
    return whole
