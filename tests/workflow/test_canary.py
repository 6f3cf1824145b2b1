"""Nothing of a person leaves the private folder: neither by what a good run writes, nor by what fifty bad ones say.

The values of a made-up cohort (`tests.canary`) are looked for in every file below the project but the user's own cohort
file and `private/`, and in all that is printed. The path of a file of people is left out of the search where it cannot
be avoided: Snakemake prints the input of the job that reads the people, and keeps it in its log and in what it notes
of the output of that job.
"""

import base64
import gzip
import hashlib
import io
import json
import runpy
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from evenwicht.base.errors import ConfigError, DataError, EvenwichtError
from evenwicht.base.files import PRIVATE
from evenwicht.cli import main
from evenwicht.config.loading import load_cohort

from tests.bad import parquet, statistical
from tests.canary import (
    CODE,
    DEAREST,
    FIRST,
    FOLDER,
    HIGHEST,
    LAB,
    LAST,
    LONGEST,
    LOWEST,
    MAIN,
    STAYS,
    STEM,
    found_in,
    leaks,
    settings,
    tables,
)
from tests.conftest import ROOT, environment, run_snakemake

pytestmark = pytest.mark.filterwarnings("default")
COHORT = "config/mine.yaml"


def left_out(name: str) -> bool:
    """Whether a file of a project is the user's own, or where the people are kept."""
    return name == COHORT or name.split("/")[0] == PRIVATE


def keeps_input(name: str) -> bool:
    """Whether Snakemake keeps the paths of input in a file: its log, or its notes of what was read from them."""
    if name.startswith(".snakemake/metadata/"):
        return base64.b64decode(Path(name).name).startswith(f"{PRIVATE}/cohorts/".encode())
    return name.startswith(".snakemake/log/")


def told_by(project: Path) -> dict[str, set[str]]:
    """What is found below a project, but for paths where Snakemake keeps them."""
    found = leaks(project, left_out).items()
    return {name: told for name, kinds in found if (told := kinds - ({"path"} if keeps_input(name) else set()))}


@pytest.fixture(scope="module")
def people() -> dict[str, pd.DataFrame]:
    return tables()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, people: dict[str, pd.DataFrame]) -> Path:
    """A project made by `evenwicht new`, whose data lie elsewhere."""
    top = tmp_path_factory.mktemp("canary")
    new = [sys.executable, "-m", "evenwicht.cli", "new", "mine"]
    subprocess.run(new, cwd=top, env=environment(ROOT), check=True, capture_output=True)
    (top / FOLDER).mkdir()
    for name, table in people.items():
        table.to_csv(top / FOLDER / name, index=False)
    (top / "mine" / COHORT).write_text(yaml.safe_dump(settings(top / FOLDER), sort_keys=False), encoding="utf-8")
    return top / "mine"


@pytest.fixture(scope="module")
def good(project: Path) -> subprocess.CompletedProcess[str]:
    """A whole run, from a folder that is open to all."""
    (project / PRIVATE).chmod(0o755)
    run = run_snakemake(ROOT, "--cores", "1", here=project)
    assert run.returncode == 0, run.stdout[-3000:]
    return run


# --- the search finds what is there ----------------------------------------------------------------------------------


def packed(text: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("part.xml", text)
    return archive.getvalue()


WAYS: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "upper case": lambda text: text.upper().encode(),
    "in the middle": lambda text: f"x{text}y".encode(),
    "utf-16": partial(str.encode, encoding="utf-16"),
    "json": lambda text: json.dumps({"params": [text]}).encode(),
    "gzip": lambda text: gzip.compress(text.encode()),
    "zlib": lambda text: zlib.compress(text.encode()),
    "zip": packed,
    "base64": lambda text: b"<img src='data:text/plain;base64," + base64.b64encode(f"some {text} more".encode()) + b"'>",
    "base64 of gzip": lambda text: b"data:" + base64.b64encode(gzip.compress(text.encode())),
    "svg in base64": lambda text: base64.b64encode(f"<svg><title>é {text}</title></svg>\n".encode()),
    "parquet": lambda text: parquet(pd.DataFrame({"column": [text]})),
    "column of parquet": lambda text: parquet(pd.DataFrame({text: [1]})),
}  # fmt: skip
PLANTED = {
    "identifier": ["70410300000000000", "80511000000000017"],
    "name": [f"{STEM.title()}uwen-007, J."],
    "code": [f"{CODE}-0007"],
    "date": [FIRST, FIRST.replace("-", ""), "27/02/1989", "27.02.1989", "27 February 1989", "02/27/1989", f"{LAST}T00:00:00"],
    "amount": [str(HIGHEST), f"{HIGHEST:,.2f}", f"{HIGHEST:.6g}", f"{HIGHEST:.0f}", f"{LOWEST:.6g}", f"{DEAREST:,.0f}", str(LONGEST)],
    "path": [f"/home/jane/{FOLDER}/data.csv", MAIN],
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_what_is_leaked_on_purpose_is_found(way: str, tmp_path: Path) -> None:
    for kind, texts in PLANTED.items():
        for number, text in enumerate(texts):
            (tmp_path / f"{kind}_{number}").write_bytes(WAYS[way](text))
    assert leaks(tmp_path) == {f"{kind}_{number}": {kind} for kind in PLANTED for number in range(len(PLANTED[kind]))}


def test_numbers_in_binary_and_names_of_files_are_searched_too(tmp_path: Path) -> None:
    (tmp_path / "draws.npy").write_bytes(np.array([1.0, HIGHEST]).tobytes())
    (tmp_path / base64.urlsafe_b64encode(f"/data/{FOLDER}/x.csv".encode()).decode()).touch()
    (tmp_path / f"{STEM}.svg").mkdir()
    assert sorted(map(sorted, leaks(tmp_path).values())) == [["amount"], ["name"], ["path"]]


def test_what_stands_nowhere_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "estimates.csv").write_text("estimate,date\n748236,1988-04-01\n7.0410,1989-02-26\n", encoding="utf-8")
    assert leaks(tmp_path) == {}


# --- a good run ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("good")
def test_every_value_that_is_looked_for_is_in_the_rows_that_stay(project: Path) -> None:
    kept = leaks(project / PRIVATE)
    assert set.union(*kept.values()) == {"identifier", "name", "date", "amount"}
    assert {name.split("/")[0] for name in kept} == {"cohorts"}, "no value of one person is in estimates and curves"


def test_a_run_leaves_nothing_of_a_person_outside_the_private_folder(
    project: Path, good: subprocess.CompletedProcess[str]
) -> None:
    assert {file.suffix for file in (project / "results").rglob("*") if file.is_file()} >= {
        ".html",
        ".svg",
        ".csv",
        ".log",
        ".tsv",
    }
    assert told_by(project) == {}
    assert found_in(good.stdout.encode()) <= {"path"}
    study_kinds = {study["kind"] for study in settings("")["studies"].values()}
    estimates = pd.read_csv(project / "results/tables/estimates.csv")
    done = estimates.loc[estimates["estimate"].notna(), "study"].unique()
    assert {settings("")["studies"][name]["kind"] for name in done} == study_kinds, "each study was run"


@pytest.mark.usefixtures("good")
def test_only_its_owner_can_open_the_private_folder_and_what_is_in_it(project: Path) -> None:
    """It was open before the run."""
    assert (project / PRIVATE).stat().st_mode & 0o777 == 0o700
    files = [file for file in (project / PRIVATE).rglob("*") if file.is_file()]
    assert {"persons.parquet", "curves.parquet"} <= {file.name for file in files}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert (project / "results/report.html").stat().st_mode & 0o077, "pages are for others to read"


@pytest.mark.usefixtures("good")
def test_a_report_of_snakemake_has_nothing_of_a_person_either(project: Path) -> None:
    run = run_snakemake(ROOT, "--cores", "1", "--report", "snakemake.zip", here=project)
    assert run.returncode == 0, run.stdout[-3000:]
    assert found_in((project / "snakemake.zip").read_bytes()) == set()


# --- a release -------------------------------------------------------------------------------------------------------


def released(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evenwicht.cli", "release", *arguments]
    return subprocess.run(command, cwd=project, env=environment(ROOT), capture_output=True, text=True, check=False)


@pytest.mark.usefixtures("good")
def test_a_release_is_refused_beside_what_nobody_knows(project: Path) -> None:
    unknown = [project / name for name in ("results/notes.txt", "results/tables/rows.csv")]
    for file in unknown:
        file.write_text("what is this?\n")
    refused = released(project, "--profile", "cbs")
    for file in unknown:
        file.unlink()
    assert refused.returncode == DataError.exit_code
    assert "outputs of no known kind" in refused.stderr
    assert all(str(file.relative_to(project)) in refused.stderr for file in unknown)
    assert not (project / "release").exists()


@pytest.mark.usefixtures("good")
def test_a_release_has_nothing_of_a_person_and_says_what_each_file_is(project: Path) -> None:
    done = released(project, "--profile", "cbs")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "The holder of the data decides" in done.stdout
    assert found_in(done.stdout.encode() + done.stderr.encode()) == set()
    folder = project / "release"
    assert leaks(folder) == {}
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    listed = {one["file"]: one["sha256"] for one in manifest["outputs"]}
    there = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    assert set(there) == {*listed, "manifest.json"}
    assert all(hashlib.sha256(there[name].read_bytes()).hexdigest() == told for name, told in listed.items())
    assert {"report.html", "tables/estimates.csv", "pages/cohort-mine.html"} <= set(there)
    assert manifest["warnings"] == []
    flow = pd.read_csv(folder / "tables/flow.csv")["people"].dropna()
    assert (flow % 5 == 0).all()
    assert (pd.read_csv(project / "results/tables/estimates.csv")["events"] % 5).any(), "as they are, they are not"
    page = (folder / "pages/cohort-mine.html").read_text(encoding="utf-8")
    assert "Counts of people are rounded to multiples of 5" in page

    again = released(project, "--profile", "cbs")
    assert again.returncode == ConfigError.exit_code
    assert "it is there already" in again.stderr
    second = released(project, "--profile", "cbs", "--out", "second")
    assert second.returncode == 0
    for name in ("tables/flow.csv", "tables/estimates.csv"):
        assert (project / "second" / name).read_bytes() == there[name].read_bytes()


# --- bad runs --------------------------------------------------------------------------------------------------------


@dataclass
class Project:
    """What a user has, sound until it is changed."""

    tables: dict[str, pd.DataFrame]
    config: dict[str, Any]
    contents: dict[str, bytes | None]  # of files that are no plain table; None if there is none
    scratch: Path

    def cell(self, value: object, column: str, table: str = MAIN, row: int = 11) -> None:
        """Put a value into one cell."""
        changed = self.tables[table].astype({column: object})
        changed.loc[row, column] = value
        self.tables[table] = changed

    def csv(self, table: str = MAIN, **how: Any) -> str:
        return str(self.tables[table].to_csv(index=False, **how))

    def file(self, suffix: str, content: bytes | None) -> None:
        """Take the people from a file of this kind."""
        name = MAIN.replace(".csv", suffix)
        self.config["source"]["path"] = self.config["source"]["path"].replace(MAIN, name)
        self.contents[name] = content


Fault = Callable[[Project], object]


def cell(value: object, column: str, table: str = MAIN) -> Fault:
    return lambda project: project.cell(value, column, table)


def without(column: str, table: str = MAIN) -> Fault:
    return lambda project: project.tables.update({table: project.tables[table].drop(columns=column)})


def text(change: Callable[[str], str | bytes], table: str = MAIN) -> Fault:
    def make(project: Project) -> None:
        changed = change(project.csv(table))
        project.contents[table] = changed if isinstance(changed, bytes) else changed.encode()

    return make


def described(column: str, **keys: object) -> Fault:
    return lambda project: project.config["columns"][column].update(keys)


def whole(suffix: str, content: bytes | None) -> Fault:
    return lambda project: project.file(suffix, content)


def of_program(suffix: str, damage: Callable[[bytes], bytes] = bytes, value: object = None) -> Fault:
    """The people in a file of another program, that is damaged or holds a wrong value."""

    def make(project: Project) -> None:
        if value is not None:
            project.cell(value, "sex")
        table = project.tables[MAIN].astype(str)
        content = parquet(table) if suffix == ".parquet" else statistical(table, suffix[1:], project.scratch)
        project.file(suffix, damage(content))

    return make


def spells(change: Callable[[pd.DataFrame], pd.DataFrame], table: str = STAYS) -> Fault:
    return lambda project: project.tables.update({table: change(project.tables[table])})


def cut(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


NAME, AMOUNT = f"{STEM.title()}uwen, J.", str(HIGHEST)
JUNK = f"{NAME};{FIRST};{AMOUNT}\n".encode() * 400
FAULTS: dict[str, Fault] = {
    "a name as code": cell(NAME, "sex"),
    "an amount as code": cell(AMOUNT, "sex"),
    "a date as yes or no": cell(LAST, "smokes"),
    "a code as yes or no": cell(f"{CODE}-0001", "leave"),
    "a name as number": cell(NAME, "income"),
    "a date as number": cell(FIRST, "income"),
    "a number with a comma": cell(AMOUNT.replace(".", ","), "income"),
    "a number in words": cell(f"{AMOUNT} euro", "school"),
    "a name as date": cell(NAME, "born"),
    "an amount as date": cell(AMOUNT, "born"),
    "a date in another order": cell("27/02/1989", "born"),
    "a date that does not exist": cell(f"{FIRST}T25:99", "born"),
    "a date too late": described("born", maximum="1989-02-26"),
    "a date too early": described("born", minimum="1987-01-10"),
    "a number too high": described("income", maximum=7e8),
    "a number too low": described("income", minimum=0),
    "a number missing by a range": described("income", type="boolean"),
    "names for a yes or no": described("village", type="boolean"),
    "names for a number": described("trade", type="number"),
    "dates for a number": described("birth_month", type="number"),
    "unlisted codes": described("trade", codes={"clerk": "clerk", "cook": "cook"}),
    "an amount as age": cell(AMOUNT, "age_7"),
    "an identifier as age": cell("70410300000000000", "stop"),
    "a name as age": cell(NAME, "start"),
    "an exit before the entry": cell(-LONGEST, "stop"),
    "a name as status": cell(NAME, "ill"),
    "a negative amount": cell(LOWEST, "hospital"),
    "a name as amount": cell(NAME, "crime"),
    "an identifier twice": lambda p: p.cell(p.tables[MAIN]["pid"][12], "pid"),
    "no identifier": cell(None, "pid"),
    "identifiers that are no numbers": lambda p: (p.cell(NAME, "pid"), described("pid", type="integer")(p)),
    "a column that is absent": without("income"),
    "no column of identifiers": without("pid"),
    "a column of a joined file that is absent": without("iron", LAB),
    "a column twice": text(lambda t: t.replace("mother", "income", 1)),
    "no header": text(lambda t: t.split("\n", 1)[1]),
    "no header in a joined file": text(lambda t: t.split("\n", 1)[1], LAB),
    "a row too long": text(lambda t: t.replace("acrobat", f"acrobat,{NAME}")),
    "a row too short": text(lambda t: f"{t}{NAME}\n"),
    "an open quote": text(lambda t: t.replace("acrobat", f'acrobat "{NAME}').replace(f"{STEM} acro", f'"{STEM} acro')),
    "latin-1": text(lambda t: t.replace("acrobat", "acrobät").encode("latin-1")),
    "utf-16": text(lambda t: t.encode("utf-16")),
    "zero bytes": text(lambda t: t.replace("acrobat", "\0")),
    "semicolons": lambda p: p.contents.update({MAIN: p.csv(sep=";").encode()}),
    "cut off": text(lambda t: t[: t.index("acrobat")]),
    "an empty file": text(lambda t: ""),
    "a header alone": text(lambda t: t.split("\n", 1)[0]),
    "a page of the web": text(lambda t: f"<html><body>{NAME} {FIRST}</body></html>"),
    "no file": whole(".csv.gz", None),
    "gzip that is cut off": whole(".csv.gz", cut(gzip.compress(JUNK))),
    "a workbook": whole(".xlsx", JUNK),
    "an unknown kind of file": whole(".qqq", JUNK),
    **{f"no {suffix} file": whole(suffix, JUNK) for suffix in (".parquet", ".dta", ".sav", ".sas7bdat", ".xpt", ".por")},
    **{f"{suffix} that is cut off": of_program(suffix, cut) for suffix in (".parquet", ".dta", ".sav")},
    **{f"a bad code in {suffix}": of_program(suffix, value=NAME) for suffix in (".parquet", ".dta", ".sav")},
    "nested cells": lambda p: p.file(".parquet", parquet(p.tables[MAIN].assign(income=[[NAME]] * len(p.tables[MAIN])))),
    "binary cells": lambda p: p.file(".parquet", parquet(p.tables[MAIN].assign(income=[f"{NAME} {i}".encode() for i in range(len(p.tables[MAIN]))]))),
    "a bad value in a joined file": cell(f"{CODE}-9", "iron", LAB),
    "two rows of a person": lambda p: p.cell(p.tables[LAB]["pid"][12], "pid", LAB),
    "no identifier in a joined file": cell(None, "pid", LAB),
    "identifiers written otherwise": spells(lambda t: t.assign(pid="0" + t["pid"]), LAB),
    "identifiers of nobody": spells(lambda t: t.assign(pid=[f"{NAME} {i}" for i in range(len(t))]), LAB),
    "a spell that begins with a name": cell(NAME, "from", STAYS),
    "a spell that ends with an amount": cell(str(DEAREST), "to", STAYS),
    "a spell that ends before it begins": cell("1989-02-27", "to", STAYS),
    "a spell that costs a name": cell(NAME, "paid", STAYS),
    "a spell that costs too little": cell(LOWEST, "paid", STAYS),
}  # fmt: skip


def job_of(cohort: str) -> None:
    """Ingest the cohort as the workflow does, and keep what it ends with to what whoever started it sees."""
    try:
        people = load_cohort(cohort).needed()
    except EvenwichtError as error:
        print(error)
        raise SystemExit(error.exit_code) from None
    files = ["persons.parquet"]
    job = SimpleNamespace(
        log=["results/logs/ingest/mine.log"],
        output=[f"{PRIVATE}/cohorts/mine/{name}" for name in files],
        params=SimpleNamespace(cohort=people, private=PRIVATE),
    )
    runpy.run_path(str(ROOT / "workflow/scripts/ingest.py"), init_globals={"snakemake": job})


@pytest.fixture
def bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, people: dict[str, pd.DataFrame]) -> Iterator[Project]:
    """A project to make a mistake in, and its folder to be in."""
    (tmp_path / "mine/config").mkdir(parents=True)
    (tmp_path / FOLDER).mkdir()
    (tmp_path / "scratch").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    yield Project(dict(people), settings(tmp_path / FOLDER), {}, tmp_path / "scratch")
    shutil.rmtree(tmp_path)


def write(project: Project) -> list[str]:
    """Write what a user has, and return the paths of the data."""
    folder = Path("..") / FOLDER
    for name, table in project.tables.items():
        if name != MAIN or project.config["source"]["path"].endswith(MAIN):
            table.to_csv(folder / name, index=False)
    for name, content in project.contents.items():
        if content is not None:
            (folder / name).write_bytes(content)
    Path(COHORT).write_text(yaml.safe_dump(project.config, sort_keys=False), encoding="utf-8")
    source = project.config["source"]
    return [source["path"], *(file["path"] for file in source["files"].values())]


def test_there_are_fifty_of_them_at_least() -> None:
    assert len(FAULTS) >= 50


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_run_says_nothing_of_a_person(fault: str, bad: Project, capfd: pytest.CaptureFixture[str]) -> None:
    """`evenwicht check`, the job that reads the people, and `evenwicht init`, which has to print the paths it is given."""
    FAULTS[fault](bad)
    paths = write(bad)
    assert main(["check", COHORT, "--show-rows"]) in (2, 3)
    with pytest.raises(SystemExit) as ended:
        job_of(COHORT)
    assert ended.value.code in (2, 3)
    assert found_in("".join(capfd.readouterr()).encode()) == set()
    main(["init", *paths])
    assert found_in("".join(capfd.readouterr()).encode()) <= {"path"}
    assert told_by(Path.cwd()) == {}


@pytest.mark.parametrize("fault", ["a name as date", "no .parquet file"])
def test_a_bad_run_of_the_workflow_says_nothing_of_a_person(fault: str, bad: Project) -> None:
    FAULTS[fault](bad)
    write(bad)
    Path("config/config.yaml").write_text(f"seed: 1\ncohorts: [{COHORT}]\n", encoding="utf-8")
    run = run_snakemake(ROOT, "--cores", "1", "-s", str(ROOT / "Snakefile"), here=Path.cwd())
    assert run.returncode == 3, run.stdout[-3000:]
    assert "DataError: " in run.stdout
    assert found_in(run.stdout.encode()) <= {"path"}
    assert Path(".snakemake/log").is_dir()
    assert told_by(Path.cwd()) == {}
