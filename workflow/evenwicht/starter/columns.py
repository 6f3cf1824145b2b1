"""Propose what each column is: its role, type, codes and missing codes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isinf
from typing import Any

from evenwicht.base.columns import NOT_KNOWN, TRUTH_WORDS, Meaning, Role
from evenwicht.starter.contents import MOST_LEVELS, Contents
from evenwicht.starter.words import meaning_by_words, role_by_words, yes_code

CONFIRM = "confirm"  # what every proposal is marked with
ONCE: tuple[Role, ...] = ("id", "family", "birth_date", "sex", "weight")  # a cohort has one column of each
OF_NUMBERS: tuple[Role, ...] = ("weight",)
OF_GROUPS: tuple[Role, ...] = ("family", "cluster", "sex")
CODES_OF_OLD = r"-\d{1,2}|8|9|88|98|99|888|988|998|999|8888|9998|9999|99999"  # what often stands for no value


@dataclass(frozen=True)
class Proposal:
    """What a column of a file may be in a cohort.

    Attributes
    ----------
    name
        In the cohort.
    settings
        As the cohort file has them, in their order; without `role` if no word told one.
    remarks
        What to confirm, and why.
    """

    name: str
    contents: Contents
    settings: dict[str, Any]
    remarks: list[str] = field(default_factory=list)

    @property
    def role(self) -> Role | None:
        """Its role; None if somebody must choose it."""
        role: Role | None = self.settings.get("role")
        return role


def proposals(columns: Iterable[Contents], id_name: str, file: str = "", taken: Iterable[str] = ()) -> list[Proposal]:
    """Return a proposal for each column of a file, in their order.

    Parameters
    ----------
    columns
        What they hold.
    id_name
        The one that identifies people.
    file
        Which of the further `files` they stand in, if in any.
    taken
        Names that other columns of the cohort have.
    """
    made: list[Proposal] = []
    names = set(taken)
    roles: set[Role] = set()
    for column in columns:
        name = _name(column.name, names, file)
        names.add(name)
        role, word = ("id", "") if column.name == id_name else _role(column, roles)
        if role:
            roles.add(role)
        values, remarks = _values(column, role)
        if word:
            remarks = [f"{CONFIRM} role {role}: {word}", *remarks]
        settings = {
            **({"role": role} if role else {}),
            **values,
            "label": column.told.label or column.name,
            **({"source": column.name} if column.name != name else {}),
            **({"file": file} if file else {}),
        }
        made.append(Proposal(name, column, settings, remarks))
    return made


def missing_codes(column: Contents) -> tuple[dict[str, Any], list[str]]:
    """Return `missing` and `missing_ranges` of a column, and what to confirm of them."""
    codes: dict[str, Meaning] = {
        code: meaning_by_words(label) or NOT_KNOWN for code, label in column.told.missing.items()
    }
    remarks = []
    by_label = {
        code: meaning
        for code, label in column.labels.items()
        if code not in codes and (meaning := meaning_by_words(label)) is not None
    }
    if by_label:
        remarks.append(f"{CONFIRM} missing {', '.join(by_label)}: the labels say so, the file does not")
    if column.told.storage == "number":
        codes |= {code: NOT_KNOWN for code in column.levels if re.fullmatch(r"\.[a-z_]", code) and code not in codes}
    ranges = [
        [None if isinf(limit) else int(limit) if limit.is_integer() else limit for limit in (low, high)]
        for low, high in column.told.missing_ranges
        if not (low == high and f"{low:.15g}" in codes)
    ]
    settings: dict[str, Any] = {}
    if codes | by_label:
        settings["missing"] = codes | by_label
    if ranges:
        settings["missing_ranges"] = ranges
        remarks.append("these ranges are declared to be missing")
    doubtful = _doubtful(column, {*settings.get("missing", {}), *column.told.labels})
    if doubtful and not ranges:
        shown = ", ".join(f"{code} in {column.common[code]} rows" for code in doubtful)
        remarks.append(f"are these values, or `missing` codes? {shown}")
    return settings, remarks


def _doubtful(column: Contents, known: set[str]) -> list[str]:
    """Codes that many share and that lie apart from all other values, as far as few different values can tell."""
    if not column.numeric:
        return []
    suspects = [code for code in column.common if re.fullmatch(CODES_OF_OLD, code) and code not in known]
    others = [
        float(v) for v in column.levels or column.common if v not in suspects and v not in known and _is_number(v)
    ]
    if not others:
        return []
    return sorted(
        (code for code in suspects if (float(code) < 0 <= min(others)) or float(code) > 2 * max(others)), key=float
    )


def _is_number(value: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d*)?", value) is not None


def _name(name: str, taken: set[str], file: str) -> str:
    """Return a name as cohort files have them: lower case, digits and underscores, not taken by another."""
    plain = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()).strip("_")
    plain = plain if plain[:1].isalpha() else f"column_{plain}".rstrip("_")
    plain = f"{file}_{plain}" if file and plain in taken else plain
    number = 2
    found = plain
    while found in taken:
        found, number = f"{plain}_{number}", number + 1
    return found


def _role(column: Contents, roles: set[Role]) -> tuple[Role | None, str]:
    told = role_by_words(column.name, column.told.label)
    if told is None or column.kind == "empty":
        return None, ""
    role, word = told
    dated = column.kind in ("date", "month")
    fits = {
        role not in ONCE or role not in roles,
        role != "id",
        dated == (role == "birth_date"),
        role not in OF_NUMBERS or column.numeric,
        column.kind != "text" or column.different <= MOST_LEVELS or role in OF_GROUPS,
    }
    return (role, word) if all(fits) else (None, "")


def _values(column: Contents, role: Role | None) -> tuple[dict[str, Any], list[str]]:
    """Return the type and codes of a column, and what to confirm of them."""
    if role == "id":
        plain = column.kind == "integer" and not any(value.startswith("0") for value in column.levels)
        return {"type": "integer" if plain else "category"}, []
    missing, remarks = missing_codes(column)
    answers = {code: label for code, label in column.labels.items() if code not in missing.get("missing", {})}
    if column.kind in ("date", "month"):
        precision = {"precision": "month"} if column.kind == "month" else {}
        order = {"date_order": column.orders[0]} if column.orders else {}
        if len(column.orders) > 1:
            remarks.append(f"{CONFIRM} date_order: it could be {column.orders[1]} too")
        return {"type": "date", **precision, **order, **missing}, remarks
    if role in ("family", "cluster") and not answers:
        return {"type": "category", **missing}, remarks
    found = [value for value in column.levels if value not in missing.get("missing", {})]
    unlabelled = [value for value in found if value not in answers]
    if answers and column.levels and len(unlabelled) <= len(answers):
        described, more = _coded(answers, unlabelled)
        return {**described, **missing}, remarks + more
    if answers:
        remarks.append("the file labels single values; as numbers they stay what they are")
    if column.numeric:
        doubtful = _doubtful(column, {*missing.get("missing", {})})
        values = set(found) - {*doubtful}
        if values == {"0", "1"}:
            return {"type": "boolean", **missing}, remarks
        if column.levels and (role == "sex" or len(values) == 2):
            return {"type": "category", **missing}, [*remarks, "say what the codes mean, under `codes`"]
        return {"type": column.kind, **missing}, remarks
    if column.kind == "text" and column.levels and set(map(str.casefold, found)) <= set(TRUTH_WORDS):
        return {"type": "boolean", **missing}, remarks
    return {"type": "category", **missing}, remarks


def _coded(answers: dict[str, str], unlabelled: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Return a column of labelled codes: yes/no if its two labels say so, else a category."""
    remarks = ["some codes have no label: check counts them"] if unlabelled else []
    if len(answers) == 2 and not unlabelled:
        yes = yes_code(answers)
        if set(answers) == {"0", "1"}:
            return {"type": "boolean", "codes": answers}, remarks
        if yes is not None:
            return {"type": "boolean", "codes": answers, "yes_code": yes}, remarks
    return {"type": "category", "codes": answers}, remarks
