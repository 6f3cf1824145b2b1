"""The default run in a fresh copy: committed tables and picture come back, every figure is on a page, drift is seen."""

import base64
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import WORLDS
from tests.crates import entities, faults

Run = Callable[..., subprocess.CompletedProcess[str]]
COHORTS = ["nhefs", "bwght", "randhie", "castle", "siblings", *WORLDS]
# of the README: a copy, since a committed file in the folder of figures would pass for all of them
PICTURE, DRAWN = "workflow/report/balance.svg", "results/figures/balance.svg"
NUMBER = r"-?\d+\.\d+"

pytestmark = pytest.mark.filterwarnings("default")


def git(checkout: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    done = subprocess.run(["git", *identity, *arguments], cwd=checkout, check=True, capture_output=True, text=True)
    return done.stdout


def drift(checkout: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evenwicht.report.drift", "results/tables"]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)


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


def test_full_default_run_gives_the_committed_tables_the_picture_the_pages_and_a_valid_crate(
    snakemake: Run, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(checkout, "init", "-q")
    git(checkout, "add", "-A")
    git(checkout, "commit", "-qm", "test")
    assert git(checkout, "ls-files", "results").split() == git(checkout, "ls-files", "results/tables").split()
    run = snakemake()
    assert run.returncode == 0, run.stdout[-3000:]
    assert "rule estimates_table" in run.stdout, "committed tables must be made again, not taken for done"
    agreed = drift(checkout)
    assert agreed.returncode == 0, agreed.stdout
    committed, made = ((checkout / file).read_text(encoding="utf-8") for file in (PICTURE, DRAWN))
    assert is_the_same_drawing(committed, made), f"the README shows another run: cp {DRAWN} {PICTURE}"
    assert f"]({PICTURE})" in (checkout / "README.md").read_text(encoding="utf-8")

    estimates = pd.read_csv(checkout / "results/tables/estimates.csv")
    assert set(estimates["cohort"]) == set(COHORTS)
    beside = {file.stem for file in (checkout / "results/pages").iterdir()}
    assert beside == {
        *(f"cohort-{name}" for name in COHORTS),
        "recovery",
        "worlds",
        "methods",
        "estimates",
        "checklist",
        "side_effects",
    }
    drawn = {str(file.relative_to(checkout / "results/figures")) for file in checkout.glob("results/figures/**/*.svg")}
    assert drawn >= {"balance.svg", "balance_narrow.svg", "nhefs/attrition.svg", "nhefs/quitting/survival_1.svg"}
    assert drawn >= {f"{name}/flow.svg" for name in COHORTS} | {f"{name}/graph.svg" for name in WORLDS}
    pages = [checkout / "results/report.html", *checkout.glob("results/pages/*.html")]
    for page in (*pages, *checkout.glob("results/brief_*.html")):
        assert " object at 0x" not in page.read_text(encoding="utf-8"), page
    dunedin = (checkout / "results/pages/cohort-dunedin.html").read_text(encoding="utf-8")
    assert "can be told from no change at all" in dunedin
    assert len(list(checkout.glob("results/brief_*.html"))) == 2 * len(COHORTS)
    on_pages = [figure for page in pages for figure in shown(page)]
    assert len(shown(pages[0])) == 2, "the balance, for a laptop and for a phone"
    assert sorted(on_pages) == sorted((checkout / "results/figures" / file).read_bytes() for file in drawn)

    assert faults(checkout / "results", monkeypatch, tmp_path / "cache") == []
    made = {entity["@id"] for entity in entities(checkout / "results") if "sha256" in entity}
    results = [*checkout.glob("results/**/*.html"), *(checkout / "results/tables").glob("*.csv")]
    of_recovery = {f"tables/{name}.csv" for name in ("recovery", "scenarios", "coverage", "verdicts")}
    files = {str(file.relative_to(checkout / "results")) for file in results} - of_recovery
    assert made == files | {"workflow/Snakefile"}, "what `make recovery` alone writes is no result of this run"

    again = snakemake("--dry-run", "--quiet")
    assert "Nothing to be done" in again.stdout

    bundle = snakemake("--report", "results/snakemake_report.html")
    assert bundle.returncode == 0, bundle.stdout[-3000:]
    assert (checkout / "results/snakemake_report.html").stat().st_size > 100_000

    table = checkout / "results/tables/estimates.csv"
    table.write_text(table.read_text().replace("2.54058", "2.64058"))
    drifted = drift(checkout)
    assert drifted.returncode == 1
    assert "estimates.csv: ~ nhefs | quitting | weight_change | quit | no | mean_difference | crude" in drifted.stdout
    assert "estimate 2.54058 -> 2.64058" in drifted.stdout
