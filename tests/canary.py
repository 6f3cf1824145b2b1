"""A made-up cohort whose every cell of a person can be told again wherever it turns up, and the search for it.

What is planted is as unlike all else as it can be: identifiers of 17 digits, money of 9, names of no language. A search
looks into compressed and encoded parts too, and for each value in the ways in which programs write it.
"""

import base64
import gzip
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

N = 360
REFORM = np.datetime64("1988-04-01")
FOLDER, MAIN, STAYS, LAB = "Qvelthuizen_ward9", "qvelt_subjects.csv", "qvelt_stays.csv", "qvelt_assays.csv"
STEM = "qophzwal"  # of every name, in whatever case
ID, PARENT, CODE = 70410, 80511, "kx7qj"  # beginnings
FIRST, LAST = "1987-01-09", "1989-02-27"  # birthdays of one person each
HIGHEST, LOWEST = 748_236_159.25, -219_853_467.75  # incomes
DEAREST, LONGEST = 918_273_645.5, 61.8273  # what one stay cost, and the age to which one person was followed
LONE = [FIRST, LAST, "1991-05-13"]  # the day on which one stay began
MONEY = [HIGHEST, LOWEST, DEAREST]
DEEPEST = 4


def tables() -> dict[str, pd.DataFrame]:
    """The people, their stays in hospital and their laboratory values, in text as a file would hold them."""
    rng, rows = np.random.default_rng(20_260), np.arange(N)
    born = np.datetime64("1987-01-20") + rng.integers(0, 760, N)
    near = rows % 3 == 0  # to the reform, which a regression discontinuity needs
    born[near] = REFORM + rng.integers(-60, 60, int(near.sum()))
    born[:2] = [np.datetime64(FIRST), np.datetime64(LAST)]
    ids = [f"{ID}{number:012d}" for number in 7 * rows + rng.integers(10**11, 9 * 10**11)]
    income = np.round(rng.gamma(4, 9e6, N), 2)
    income[2:4] = HIGHEST, LOWEST
    smokes, sex = rng.integers(0, 2, N), rng.integers(1, 3, N)
    ill = rng.random(N) < 0.25 + 0.15 * smokes
    exit_age = np.round(rng.uniform(22, 34, N), 4)
    exit_age[4] = LONGEST
    people = pd.DataFrame(
        {
            "pid": ids,
            "mother": [f"{PARENT}{i // 2:012d}" for i in rows],
            "name": [f"{STEM.title()}uwen-{i:03d}, J." for i in rows],
            "born": born.astype(str),
            "birth_month": [day[:7] for day in born.astype(str)],
            "sex": sex,
            "income": income.astype(str),
            "smokes": smokes,
            "leave": (born >= REFORM).astype(int),
            "village": [f"hamlet {i % 24}" for i in rows],
            # one person alone has each of these
            "trade": np.where(rows == 5, f"{STEM} acrobat", np.where(rows % 2, "clerk", "cook")),
            "school": 8 + 2 * smokes + rows % 7,
            "start": 18,
            "stop": exit_age,
            "ill": ill.astype(int),
            "hospital": rng.poisson(1.2, N),
            "crime": rng.poisson(0.6, N),
            "weight_7": np.round(20 + rng.normal(0, 3, N), 4),
            "age_7": np.round(7 + rng.random(N), 4),
        }
    )
    begin = np.datetime64("1990-01-01") + rng.integers(0, 900, N)
    begin[6] = np.datetime64(LONE[2])
    begin[np.flatnonzero(begin == begin[6])[1:]] += 1
    paid = np.round(rng.gamma(2, 9e5, N), 2)
    paid[7] = DEAREST
    stays = pd.DataFrame(
        {"pid": ids, "from": begin.astype(str), "to": (begin + 3).astype(str), "what": "ward", "paid": paid.astype(str)}
    )
    lab = pd.DataFrame({"pid": ids, "kit": [f"{CODE}-{i:04d}" for i in rows], "iron": np.round(rng.normal(9, 2, N), 4)})
    return {MAIN: people, STAYS: stays, LAB: lab}


def settings(folder: Path | str) -> dict[str, Any]:
    """The cohort file, with studies of several kinds."""
    place = str(folder)
    adjust, rare = {"columns": ["sex", "income"]}, {"columns": ["sex", "income", "trade"]}
    kinds = {
        "smoking": {"kind": "exposure", "exposures": ["smokes"], "adjust": adjust, "outcomes": ["school", "ill"]},
        "leave": {"kind": "policy", "exposures": ["leave"], "cluster": "birth_month", "outcomes": ["school", "ill"]},
        "reform": {
            "kind": "discontinuity", "exposure": "leave", "date": "1988-04-01", "bandwidth_days": 60, "donut_days": 7,
            "other_years": [1987], "outcomes": ["school"],
        },
        "use": {
            "kind": "concentration", "windows": ["early"], "top_shares": [0.1], "at_least": [2], "strata": ["sex"],
            "risk": "income", "adjust": {"columns": ["sex"]},
        },
        "villages": {
            "kind": "context", "group": "village", "exposures": ["smokes"], "adjust": {"columns": ["sex"]}, "outcomes": ["school"],
        },
        "told": {"kind": "prediction", "scores": ["income"], "adjust": {"columns": ["sex"]}, "outcomes": ["iron"]},
        "absent": {"kind": "missing_data", "exposures": ["smokes"], "adjust": rare, "outcomes": ["school"]},
    }  # fmt: skip
    window = {"early": {"ages": [1, 4]}}
    return {
        "name": "mine",
        "title": "A cohort",
        "description": "People who were made up.",
        "source": {
            "kind": "table",
            "path": f"{place}/{MAIN}",
            "files": {"stays": {"path": f"{place}/{STAYS}", "id": "pid"}, "lab": {"path": f"{place}/{LAB}", "id": "pid"}},
            "measures": [{"measure": "weight", "wave": "7", "age": "age_7", "value": "weight_7"}],
            "events": [{"event": "ill", "entry_age": "start", "exit_age": "stop", "status": "ill"}],
            "costs": [{"sector": key, "window": "early", "amount": key} for key in ("hospital", "crime")],
            "spells": [
                {
                    "file": "stays", "start": {"source": "from"}, "end": {"source": "to"}, "what": "what",
                    "amount": {"source": "paid"}, "until": "1995-12-31", "costs": {"money": ["ward"]}, "windows": window,
                }
            ],
        },
        "columns": {
            "pid": {"role": "id", "type": "category", "label": "Person"},
            "mother": {"role": "family", "type": "category", "label": "Mother"},
            "born": {"role": "birth_date", "type": "date", "label": "Born", "minimum": "1900-01-01"},
            "birth_month": {"role": "cluster", "type": "category", "label": "Month of birth"},
            "village": {"role": "cluster", "type": "category", "label": "Village"},
            "sex": {"role": "sex", "type": "category", "label": "Sex", "codes": {1: "male", 2: "female"}},
            "income": {"role": "baseline", "label": "Income", "unit": "EUR"},
            "trade": {"role": "baseline", "type": "category", "label": "Trade"},
            "smokes": {"role": "exposure", "type": "boolean", "label": "Smokes"},
            "leave": {"role": "policy", "type": "boolean", "label": "Leave"},
            "school": {"role": "outcome", "label": "Schooling", "unit": "years"},
            "iron": {"role": "outcome", "label": "Iron", "file": "lab"},
        },
        "sectors": {
            **{key: {"label": key.title(), "unit": "times", "measures": "count"} for key in ("hospital", "crime")},
            "money": {"label": "Paid", "unit": "EUR", "measures": "money"},
        },
        "outcomes": {
            "school": {"kind": "continuous", "column": "school", "margin": 0.1, "label": "Schooling"},
            "iron": {"kind": "continuous", "column": "iron", "margin": 0.1, "label": "Iron"},
            "ill": {"kind": "time_to_event", "event": "ill", "time": "age", "unit": "years", "horizon": 30, "margin": 0.01, "label": "Ill by 30"},
        },
        "studies": kinds,
        "table1": ["sex", "income", "born", "trade", "smokes", "leave"],
    }  # fmt: skip


# --- the search ------------------------------------------------------------------------------------------------------


def _days(day: str) -> list[str]:
    year, month, of_month = day.split("-")
    names = pd.Timestamp(day)
    return [
        day,
        f"{year}{month}{of_month}",
        *(f"{of_month}{mark}{month}{mark}{year}" for mark in "./-"),
        f"{month}/{of_month}/{year}",
        f"{int(of_month)} {names:%B} {year}",
        f"{names:%B} {int(of_month)}, {year}",
        f"{of_month}{names:%b}{year}",
    ]


def _amounts(value: float) -> list[str]:
    size = abs(value)  # a search finds it behind any sign
    whole = [f"{size:,.0f}", f"{int(size):,}"]
    return [
        f"{int(size)}",
        f"{round(size)}",
        *whole,
        *(text.replace(",", mark) for text in whole for mark in (".", "&nbsp;", "\u202f", "\u2009", " ", "'")),
        f"{size:.6g}",
        f"{size / 1e6:.2f} million",
    ]


# of people, and of their files
TOKENS: dict[str, list[str]] = {
    "name": [STEM],
    "code": [CODE],
    "date": [text for day in LONE for text in _days(day)],
    "amount": [text for value in MONEY for text in _amounts(value)] + [f"{LONGEST}", f"{LONGEST}".replace(".", ",")],
    "path": ["qvelthuizen", "qvelt_"],
}
BINARY = [struct.pack("<d", value) for value in [*MONEY, LONGEST]]
ENCODED = re.compile(rb"[A-Za-z0-9+/_-]{16,}")
NOT_PACKED = (OSError, EOFError, zlib.error, zipfile.BadZipFile, pa.ArrowException)
FOR_URLS = bytes.maketrans(b"-_", b"+/")


def _pattern(tokens: Iterable[str]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(re.escape(token.encode()) for token in tokens), re.IGNORECASE)


PATTERNS = {kind: _pattern(tokens) for kind, tokens in TOKENS.items()}
PATTERNS["identifier"] = re.compile(rb"(%d|%d)\d{12}" % (ID, PARENT))


def found_in(content: bytes, deep: int = 0) -> set[str]:
    """Kinds of what is planted that some bytes hold, in any of its spellings, packed or encoded."""
    plain = content.replace(b"\0", b"") if b"\0" in content else content  # UTF-16
    found = {kind for kind, pattern in PATTERNS.items() if pattern.search(plain)}
    if any(number in content for number in BINARY):
        found.add("amount")
    if deep < DEEPEST:
        for part in _parts(content):
            found |= found_in(part, deep + 1)
    return found


def _parts(content: bytes) -> Iterator[bytes]:
    """What is packed or encoded in some bytes."""
    with suppress(*NOT_PACKED):  # bytes that begin like what is
        yield from _unpacked(content)
    for match in ENCODED.finditer(content):
        text = match[0].translate(FOR_URLS)
        for start in range(4):  # what stands before it may look like a part of it
            part = text[start:]
            yield base64.b64decode(part[: len(part) // 4 * 4] if len(part) % 4 == 1 else part + b"=" * (-len(part) % 4))


def _unpacked(content: bytes) -> Iterator[bytes]:
    if content[:2] == b"\x1f\x8b":
        yield gzip.decompress(content)
    elif content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield archive.read(name)
    elif content[:4] == b"PAR1":
        table = pq.read_table(io.BytesIO(content))
        yield str(table.schema.metadata).encode()
        yield table.to_pandas().to_csv().encode()
    elif content[:1] == b"\x78":
        yield zlib.decompress(content)


def leaks(folder: Path, left_out: Callable[[str], bool] = lambda _: False) -> dict[str, set[str]]:
    """Kinds of what is planted in each file below a folder, and in its name; `left_out` names those not searched."""
    found = {}
    for file in sorted(folder.rglob("*")):
        name = str(file.relative_to(folder))
        if left_out(name) or not (file.is_file() or file.is_dir()):
            continue
        held = found_in(name.encode()) | (found_in(file.read_bytes()) if file.is_file() else set())
        if held:
            found[name] = held
    return found
