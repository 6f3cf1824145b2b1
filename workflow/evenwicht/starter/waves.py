"""Propose measures: columns whose names differ by a number alone, or the rows of a long table."""

import re
from dataclasses import dataclass
from typing import Any

from evenwicht.ingest.waves import WAVE
from evenwicht.starter.columns import CONFIRM, missing_codes
from evenwicht.starter.contents import Contents, FileContents
from evenwicht.starter.words import COLUMNS, found, words_of

OLDEST = 100  # years that a number in a name may be the age at


@dataclass(frozen=True)
class Measured:
    """A measure: its entry of the cohort file, whether somebody must complete it, what to confirm, its columns."""

    entry: dict[str, Any]
    complete: bool
    remark: str
    columns: tuple[str, ...]
    ages: tuple[str, ...] = ()


def wide(file: FileContents, id_name: str) -> list[Measured]:
    """Return the measures that stand in the columns of a table with one row per person."""
    groups = _groups([name for name in file.columns if name != id_name])
    ages = {pattern: waves for pattern, waves in groups.items() if _is_age(pattern, file)}
    made = []
    for pattern, waves in groups.items():
        columns = {wave: file.columns[name] for wave, name in waves.items()}
        if pattern in ages or not all(column.numeric for column in columns.values()):
            continue
        if all(column.levels and column.different <= 2 for column in columns.values()):
            continue  # yes/no items, such as those of a score
        age = next((other for other, known in ages.items() if set(waves) <= set(known)), None)
        of_age = {wave: file.columns[ages[age][wave]] for wave in waves} if age else {}
        made.append(_measured(pattern, columns, age, of_age))
    return made


def by_file(files: dict[str, FileContents], ids: list[str]) -> tuple[set[str], list[Measured]]:
    """Return which further files hold a wave each, and their measures: files alike but for a number in their names.

    Parameters
    ----------
    files
        By the name that they have in the cohort file.
    ids
        Column of each that identifies people.
    """
    single = {key: id_name for (key, file), id_name in zip(files.items(), ids, strict=True)}
    single = {key: id_name for key, id_name in single.items() if files[key].columns[id_name].identifies}
    names, made = set(), []
    for keys in _groups(list(single)).values():
        shared = [
            c for c in files[next(iter(keys.values()))].columns if all(c in files[k].columns for k in keys.values())
        ]
        columns = {name: [files[key].columns[name] for key in keys.values()] for name in shared}
        age = next((name for name in shared if found(COLUMNS["age"], name)), None)
        names |= {*keys.values()}
        for name, there in columns.items():
            if name in single.values() or name == age or not all(column.numeric for column in there):
                continue
            if found(COLUMNS["wave"], name) and all(column.different == 1 for column in there):
                continue
            entry = {"measure": _plain(name), **_label(there), "value": _source(name, there), "files": dict(keys)}
            remarks = (
                [] if age else [f"{CONFIRM}: the numbers in the names of the files are the ages in years"]
            ) + _remarks(there)
            entry |= {"age": _source(age, columns[age])} if age else {"ages": {wave: int(wave) for wave in keys}}
            made.append(Measured(entry, True, "; ".join(remarks), (name,)))
    return names, made


def long(file: FileContents, name: str, id_name: str) -> list[Measured]:
    """Return the measures in the rows of a long table, a further file of this name."""
    others = [column for column in file.columns.values() if column.name != id_name]
    wave = next((c for c in others if found(COLUMNS["wave"], c.name) or found(COLUMNS["wave"], c.told.label)), None)
    age = next((c for c in others if found(COLUMNS["age"], c.name) or found(COLUMNS["age"], c.told.label)), None)
    measured = [column for column in others if column.numeric and column not in (wave, age)]
    made = []
    for column in measured:
        entry: dict[str, Any] = {"measure": _plain(column.name), **_label([column])}
        entry["value"] = _source(column.name, [column])
        entry["age"] = _source(age.name, [age]) if age else "AGE"
        entry |= {"file": name, "wave_column": wave.name if wave else "WAVE"}
        remarks = ([] if wave and age else ["name the columns"]) + _remarks([column])
        made.append(Measured(entry, bool(wave and age), "; ".join(remarks), (column.name,)))
    return made


def spell_dates(file: FileContents) -> tuple[str, str] | None:
    """Return the columns with the first and the last day, if rows are spells; None if they are not."""
    dated = [column.name for column in file.columns.values() if column.kind == "date"]
    start = next((name for name in dated if found(COLUMNS["start"], name)), None)
    end = next((name for name in dated if found(COLUMNS["end"], name) and name != start), None)
    return (start, end) if start and end else None


def _measured(pattern: str, columns: dict[str, Contents], age: str | None, ages: dict[str, Contents]) -> Measured:
    waves = sorted(columns, key=int)
    entry: dict[str, Any] = {
        "measure": _plain(pattern.replace(WAVE, "")),
        **_label(list(columns.values())),
        "value": _source(pattern, list(columns.values())),
    }
    remarks = _remarks(list(columns.values()))
    alike = len({words_of(column.told.label) for column in columns.values()}) == 1  # but for numbers
    if not alike:
        remarks = ["the labels differ: are these waves, or items of one wave?", *remarks]
    if age is not None:
        entry |= {"age": _source(age, list(ages.values())), "waves": waves}
        return Measured(entry, alike, "; ".join(remarks), _names(columns), _names(ages))
    entry["ages"] = {wave: int(wave) for wave in waves}
    told = not (
        found(COLUMNS["wave"], pattern.replace(WAVE, " "))
        or re.search(r"(^|_)[wt]\{wave\}", pattern)
        or int(waves[-1]) > OLDEST
    )
    first = f"{CONFIRM}: the numbers in the names are the ages in years" if told else "give the age at each wave"
    return Measured(entry, told and alike, "; ".join([first, *remarks]), _names(columns))


def _remarks(columns: list[Contents]) -> list[str]:
    """Return what to confirm of the missing codes of a measure, as the first column shows that has any."""
    told = [(column.name, remarks) for column in columns if (remarks := missing_codes(column)[1])]
    more = f" and {len(told) - 1} more columns" if len(told) > 1 else ""
    return [f"{name}{more}: {'; '.join(remarks)}" for name, remarks in told[:1]]


def _names(columns: dict[str, Contents]) -> tuple[str, ...]:
    return tuple(columns[wave].name for wave in sorted(columns, key=int))


def _groups(names: list[str]) -> dict[str, dict[str, str]]:
    """Pattern with {wave} -> wave -> name, of names that are alike but for a number; each name stands in one group."""
    alike: dict[str, dict[str, str]] = {}
    for name in names:
        for match in re.finditer(r"(?<![0-9])\d{1,3}(?![0-9])", name):
            if str(int(match[0])) == match[0]:
                pattern = f"{name[: match.start()]}{WAVE}{name[match.end() :]}"
                alike.setdefault(pattern, {})[match[0]] = name
    chosen: dict[str, dict[str, str]] = {}
    taken: set[str] = set()
    for pattern, waves in sorted(alike.items(), key=lambda one: -len(one[1])):
        free = {wave: name for wave, name in waves.items() if name not in taken}
        if len(free) > 1 and re.search("[a-zA-Z]", pattern.replace(WAVE, "")):
            chosen[pattern] = free
            taken |= set(free.values())
    return chosen


def _is_age(pattern: str, file: FileContents) -> bool:
    labels = {column.told.label for name, column in file.columns.items() if _matches(pattern, name)}
    named = found(COLUMNS["age"], pattern.replace(WAVE, " "))
    return bool(named) or any(label.lower().startswith("age ") for label in labels)


def _matches(pattern: str, name: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(re.escape(WAVE), r"\d+"), name) is not None


def _label(columns: list[Contents]) -> dict[str, str]:
    """Return the label that a measure has at every wave, if it is one."""
    labels = {column.told.label for column in columns}
    return {"label": labels.pop()} if len(labels) == 1 and "" not in labels else {}


def _source(source: str, columns: list[Contents]) -> Any:
    """Return the name of a column, or a mapping with the missing codes of it at any wave."""
    settings: dict[str, Any] = {}
    for column in columns:
        for key, value in missing_codes(column)[0].items():
            if isinstance(value, dict):
                settings[key] = {**settings.get(key, {}), **value}
            else:
                settings[key] = [*settings.get(key, []), *(one for one in value if one not in settings.get(key, []))]
    return {"source": source, **settings} if settings else source


def _plain(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    plain = re.sub(r"_(w|wave|t)$|^(w|wave|t)_", "", plain)
    return plain if plain[:1].isalpha() else f"measure_{plain}".rstrip("_")
