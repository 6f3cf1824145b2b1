"""The run of `make`: committed tables and picture come back, every figure is on a page, drift is seen."""

import base64
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT, WORLDS, environment, run_snakemake
from tests.crates import entities, faults

COHORTS = ["nhefs", "bwght", "randhie", "castle", "siblings", *WORLDS]
# of the README: a copy, since a committed file in the folder of figures would pass for all of them
PICTURE, DRAWN = "workflow/report/balance.svg", "results/figures/balance.svg"
TABLES = Path("results/tables")
NUMBER = r"-?\d+\.\d+"

pytestmark = pytest.mark.filterwarnings("default")


def drift(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evenwicht.report.drift", str(TABLES)]
    return subprocess.run(command, cwd=folder, env=environment(ROOT), capture_output=True, text=True, check=False)


def is_the_same_drawing(one: str, other: str) -> bool:
    """Whether two figures differ by rounding alone: a table may differ in its last digit from machine to machine."""
    if re.sub(NUMBER, "", one) != re.sub(NUMBER, "", other):
        return False
    places = [np.array(re.findall(NUMBER, svg), float) for svg in (one, other)]
    return np.allclose(*places, rtol=0, atol=0.02)


def shown(page: Path) -> list[bytes]:
    """The figures of a page."""
    packed = re.findall(r'"data:image/svg\+xml;base64,([^"]+)"', page.read_text(encoding="utf-8"))
    return [base64.b64decode(figure) for figure in packed]


@pytest.fixture(scope="module")
def results() -> Path:
    """What `make` made, of the files as they are now."""
    plan = run_snakemake(ROOT, "--dry-run", "--quiet")
    if "Nothing to be done" not in plan.stdout:
        pytest.fail(f"the default run is not there, or is of other files: run make first\n{plan.stdout[-3000:]}", False)
    return ROOT / "results"


def test_the_default_run_gives_the_committed_tables_and_picture(results: Path) -> None:
    """That a clean clone makes them again and does not take them for done: `test_dry_run_plans_few_jobs`."""
    agreed = drift(ROOT)
    assert agreed.returncode == 0, agreed.stdout
    committed, made = ((ROOT / file).read_text(encoding="utf-8") for file in (PICTURE, DRAWN))
    assert is_the_same_drawing(committed, made), f"the README shows another run: cp {DRAWN} {PICTURE}"
    assert f"]({PICTURE})" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(pd.read_csv(results / "tables/estimates.csv")["cohort"]) == set(COHORTS)
    tracked = subprocess.run(["git", "ls-files", "results"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {Path(file).parent for file in tracked.stdout.split()} == {TABLES}, "tables alone are committed"


def test_every_figure_of_the_default_run_is_on_a_page(results: Path) -> None:
    beside = {file.stem for file in (results / "pages").iterdir()}
    assert beside == {
        *(f"cohort-{name}" for name in COHORTS),
        "recovery",
        "worlds",
        "methods",
        "estimates",
        "checklist",
        "side_effects",
    }
    drawn = {str(file.relative_to(results / "figures")) for file in results.glob("figures/**/*.svg")}
    assert drawn >= {"balance.svg", "balance_narrow.svg", "nhefs/attrition.svg", "nhefs/quitting/survival_1.svg"}
    assert drawn >= {f"{name}/flow.svg" for name in COHORTS} | {f"{name}/graph.svg" for name in WORLDS}
    pages = [results / "report.html", *results.glob("pages/*.html")]
    for page in (*pages, *results.glob("brief_*.html")):
        assert " object at 0x" not in page.read_text(encoding="utf-8"), page
    dunedin = (results / "pages/cohort-dunedin.html").read_text(encoding="utf-8")
    assert "can be told from no change at all" in dunedin
    assert len(list(results.glob("brief_*.html"))) == 2 * len(COHORTS)
    on_pages = [figure for page in pages for figure in shown(page)]
    assert len(shown(pages[0])) == 2, "the balance, for a laptop and for a phone"
    assert sorted(on_pages) == sorted((results / "figures" / file).read_bytes() for file in drawn)


def test_the_crate_of_the_default_run_is_valid_and_tells_each_result(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert faults(results, monkeypatch, tmp_path / "cache") == []
    made = {entity["@id"] for entity in entities(results) if "sha256" in entity}
    files = {str(file.relative_to(results)) for file in [*results.glob("**/*.html"), *results.glob("tables/*.csv")]}
    of_recovery = {f"tables/{name}.csv" for name in ("recovery", "scenarios", "coverage", "verdicts")}
    assert made == files - of_recovery | {"workflow/Snakefile"}, (
        "what `make recovery` alone writes is no result of this run"
    )


@pytest.mark.usefixtures("results")
def test_snakemake_makes_its_own_report_of_the_default_run(tmp_path: Path) -> None:
    bundle = run_snakemake(ROOT, "--report", str(tmp_path / "report.html"))
    assert bundle.returncode == 0, bundle.stdout[-3000:]
    assert (tmp_path / "report.html").stat().st_size > 100_000


def test_a_number_that_is_not_the_committed_one_is_drift(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    shutil.copytree(ROOT / TABLES, tmp_path / TABLES)
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "test")
    assert drift(tmp_path).returncode == 0
    table = tmp_path / TABLES / "estimates.csv"
    table.write_text(table.read_text().replace("2.54058", "2.64058"))
    drifted = drift(tmp_path)
    assert drifted.returncode == 1
    assert "estimates.csv: ~ nhefs | quitting | weight_change | quit | no | mean_difference | crude" in drifted.stdout
    assert "estimate 2.54058 -> 2.64058" in drifted.stdout
