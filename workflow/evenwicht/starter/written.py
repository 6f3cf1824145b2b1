"""Write a first cohort file as text that people read, correct and confirm."""

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import yaml

from evenwicht.base.columns import Role
from evenwicht.starter import waves
from evenwicht.starter.columns import CONFIRM, Proposal, proposals
from evenwicht.starter.contents import FileContents
from evenwicht.starter.studies import outcomes, studies
from evenwicht.starter.words import COLUMNS, ROLES, found

PLAIN = re.compile(r"[A-Za-z_][\w ./()%+-]*", re.ASCII)
# what YAML would not read as text
WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}

HEAD = """\
# yaml-language-server: $schema=schema.json#/$defs/CohortConfig
#
# Proposed by `evenwicht init` from {files}.
# Nothing here is decided. Read each line that says `confirm`, correct it, and delete the remark.
# Columns without a role stand below the others: give those you need a role and remove the `# `.
# Roles: {roles}.
# A stressor or exposure is what may have done something to a person, a policy what was decided for many, baseline what
# was there before both, a cluster what people share (a school, a month of birth). An outcome came after.
# The keys are explained in config/README.md. Then run: evenwicht check <this file>

name: {name}
title: {title}
description: Say who is in it, when they were born, how they were recruited, and where the data come from.
members: people
"""
OUTCOMES = """
# `margin` is the smallest difference that matters, in the unit of the outcome or in risk. State it before you look.
# An event is an outcome too: follow-up goes under `events` of `source`, as
# - {event: diabetes, entry_age: age_in, exit_age: age_out, status: diabetes}
# with status 1 for the event at age_out, 0 for the end of follow-up then.
"""
STUDIES = """
# Studies that these columns could support: remove the `# ` before what you want to ask. Every kind: config/README.md.
# Adjust for what came before an exposure, never for what followed from it.
studies:
"""


def cohort_file(files: list[FileContents], name: str, id_name: str) -> str:
    """Return the text of a cohort file.

    Parameters
    ----------
    files
        The main one, with one row per person, and further ones.
    name
        Id of the cohort.
    id_name
        Column of the main file that identifies people; further files have it too, or one whose name says so.
    """
    main, *further = files
    keys = _keys(further)
    measured = waves.wide(main, id_name)
    in_waves = {column for one in measured if one.complete for column in (*one.columns, *one.ages)}
    last = {one.columns[-1] for one in measured if one.complete}
    columns = proposals([c for c in main.columns.values() if c.name not in in_waves or c.name in last], id_name)
    columns = [_as_outcome(column) if column.contents.name in last else column for column in columns]
    source: list[str] = []
    by_file: list[str] = []
    of_waves, each = waves.by_file(dict(zip(keys, further, strict=True)), [id_of(file, id_name) for file in further])
    measured += each
    for key, file in zip(keys, further, strict=True):
        own_id = id_of(file, id_name)
        entry = _entry(key, {"path": file.source.path, "id": own_id, **file.writing})
        spells = waves.spell_dates(file) if not file.columns[own_id].identifies else None
        made = [] if key in of_waves else _named(file, own_id, key, columns)
        used = key in of_waves or any(one.role for one in made) or (not made and spells is None)
        by_file.append(entry if used else f"# {entry}  # nothing names it yet")
        if key in of_waves:
            continue
        columns += made
        if file.columns[own_id].identifies:
            by_file += _parents(file, own_id)
        elif spells is not None:
            source += _spells(key, file, own_id, *spells)
        else:
            measured += waves.long(file, key, own_id)
    chosen = [column for column in columns if column.role]
    told = [f"{file.source.path} ({file.rows:,} rows, {len(file.columns)} columns)" for file in files]
    lines = HEAD.format(
        files=", ".join(told),
        name=name,
        title=_scalar(main.stem.replace("_", " ").capitalize()),
        roles=", ".join(get_args(Role)),
    ).splitlines()
    lines += ["", "source:", "  kind: table", f"  path: {_scalar(main.source.path)}"]
    lines += [f"  {key}: {_scalar(value)}{_found_out(key)}" for key, value in main.writing.items()]
    if by_file:
        lines += ["  files:" if any(line[:1] != "#" for line in by_file) else "  # files:"]
        lines += [f"    {line}" for line in by_file]
    lines += [*_measures(measured), *source, "", "columns:"]
    lines += [f"  {line}" for column in chosen for line in _column(column)]
    if unknown := [column for column in columns if not column.role]:
        lines += ["  # Without a role yet:", *(f"  # {line}" for column in unknown for line in _column(column))]
    return "\n".join([*lines, *_questions(chosen), ""])


def id_of(file: FileContents, id_name: str) -> str:
    """Return the column of a further file with the id: of the same name, else the first whose name tells."""
    named = [name for name in file.columns if name.casefold() == id_name.casefold()]
    named += [name for name in file.columns if found(ROLES["id"], name)]
    return named[0] if named else next(iter(file.columns))


def _named(file: FileContents, own_id: str, key: str, columns: list[Proposal]) -> list[Proposal]:
    """Return proposals for the columns of a further file, if it has one row per person."""
    if not file.columns[own_id].identifies:
        return []
    others = [column for column in file.columns.values() if column.name != own_id]
    return proposals(others, "", key, [column.name for column in columns])


def _keys(files: list[FileContents]) -> list[str]:
    keys: list[str] = []
    for file in files:
        plain = re.sub(r"[^a-z0-9]+", "_", file.stem.lower()).strip("_")
        plain = plain if plain[:1].isalpha() else f"file_{plain}".rstrip("_")
        keys.append(plain if plain not in keys else f"{plain}_{len(keys)}")
    return keys


def _as_outcome(column: Proposal) -> Proposal:
    settings = {**column.settings, "role": "outcome"}
    remarks = [one for one in column.remarks if not one.startswith(f"{CONFIRM} role")]
    return Proposal(column.name, column.contents, settings, [f"{CONFIRM} role outcome: the last wave of it", *remarks])


def _found_out(key: str) -> str:
    return f"  # {CONFIRM}: found by looking at the file" if key != "thousands" else ""


def _measures(measured: list[waves.Measured]) -> Iterator[str]:
    if not measured:
        return
    yield "  # An empty value means: due at that wave, but not assessed."
    yield "  measures:" if any(one.complete for one in measured) else "  # measures:"
    for one in measured:
        remark = f"  # {one.remark}" if one.remark else ""
        yield f"    {'' if one.complete else '# '}- {_flow(one.entry)}{remark}"


def _spells(key: str, file: FileContents, own_id: str, start: str, end: str) -> Iterator[str]:
    numbers = [c.name for c in file.columns.values() if c.numeric and c.name != own_id]
    amount = {"amount": numbers[0]} if numbers else {}
    kinds = [c.name for c in file.columns.values() if c.kind == "text" and c.levels and c.name != own_id]
    dates = {
        place: {"source": name, "date_order": file.columns[name].orders[0]} if file.columns[name].orders else name
        for place, name in (("start", start), ("end", end))
    }
    entry = {"file": key, **dates, **({"what": kinds[0]} if kinds else {}), **amount}
    covered = {"begin": "YYYY-MM-DD", "until": "YYYY-MM-DD"}
    windows = {"WINDOW": {"ages": ["FROM", "TO"]}}
    yield f"  # Each row of {key} is a spell. Say what time the file covers: outside it, no spell does not mean 0."
    yield "  # A window is from one birthday to the day before another; a column with role birth_date is needed."
    yield "  # spells:"
    yield f"  #   - {_flow({**entry, **covered, 'costs': {key: []}, 'windows': windows})}"
    yield "  # and beside `source`:"
    yield f"  # sectors: {_flow({key: {'label': key, 'unit': 'UNIT', 'measures': 'money'}})}"


def _parents(file: FileContents, own_id: str) -> Iterator[str]:
    mother, father = (
        next((name for name in file.columns if found(words, name) and name != own_id), None)
        for words in (COLUMNS["mother"], COLUMNS["father"])
    )
    born = next((c.name for c in file.columns.values() if c.kind == "date"), None)
    if mother and born:
        parents = {"mother": mother, **({"father": father} if father else {}), "born": born}
        yield f"  # {CONFIRM}, to get the columns family, parity and interval:  births: {_flow(parents)}"


def _column(column: Proposal) -> Iterator[str]:
    empty = column.contents.rows - column.contents.filled
    remarks = [*column.remarks, *([f"{empty:,} of {column.contents.rows:,} empty"] if empty else [])]
    settings = column.settings if column.role else {"role": "ROLE", **column.settings}
    if not column.role and column.contents.kind == "text" and not column.contents.levels:
        remarks = ["text of many kinds", *remarks]
    yield _entry(column.name, settings) + (f"  # {'; '.join(remarks)}" if remarks else "")


def _questions(columns: list[Proposal]) -> Iterator[str]:
    yield from OUTCOMES.splitlines()
    named = outcomes(columns)
    if named:
        yield "outcomes:"
        yield from (f"  {_entry(name, settings)}" for name, settings in named.items())
    else:
        yield "outcomes: {}"
    yield from STUDIES.splitlines()
    for name, settings in studies(columns, list(named)).items():
        yield f"#   {name}:"
        yield from (f"#     {_entry(key, value)}" for key, value in settings.items())
    shown = [column.name for column in columns if column.role in ("sex", "baseline", "exposure", "stressor", "policy")]
    yield ""
    yield _entry("table1", shown)


def _entry(key: str, value: Any) -> str:
    return f"{_scalar(key)}: {_flow(value)}"


def _flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_scalar(key)}: {_flow(one)}' for key, one in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flow, value))}]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """Return one value as YAML, in quotes unless it reads as itself without."""
    if not isinstance(value, str):
        return json.dumps(value)
    if PLAIN.fullmatch(value) and value.casefold() not in WORDS and not value.endswith(" "):
        return value
    quoted: str = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=float("inf"))
    return quoted.rstrip("\n")
