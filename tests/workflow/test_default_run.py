"""The default run in a fresh copy: every committed table comes back, figures and page are there, drift is seen."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import WORLDS
from tests.pages import bare_keys, text_of

Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.filterwarnings("default")


def commit(checkout: Path) -> None:
    """Make the copy a repository with everything committed."""
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "test"]):
        subprocess.run(["git", *arguments], cwd=checkout, check=True)


def drift(checkout: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evenwicht.report.drift", "results/tables"]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)


def test_full_default_run_gives_the_committed_tables_and_the_report(snakemake: Run, checkout: Path) -> None:
    """The default run in a fresh copy: every committed table comes back, figures and page are there, drift is seen."""
    commit(checkout)
    run = snakemake()
    assert run.returncode == 0, run.stdout[-3000:]
    assert "rule estimates_table" in run.stdout, "committed tables must be made again, not taken for done"
    agreed = drift(checkout)
    assert agreed.returncode == 0, agreed.stdout

    estimates = pd.read_csv(checkout / "results/tables/estimates.csv")
    assert set(estimates["cohort"]) == {"nhefs", "bwght", *WORLDS}
    page = (checkout / "results/report.html").read_text(encoding="utf-8")
    assert page.index("Individual exposure<small>") < page.index('id="methods"')
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page), "the page must open offline"
    images = re.findall(r"<img [^>]*>", page)
    drawn = {str(file.relative_to(checkout / "results/figures")) for file in checkout.glob("results/figures/**/*.svg")}
    assert len(images) == len(drawn)
    assert drawn >= {"nhefs/attrition.svg", "nhefs/quitting/survival_1.svg", *(f"{name}/graph.svg" for name in WORLDS)}
    assert all(re.search(r'alt="[^"]{40,}"', image) for image in images)
    assert bare_keys(text_of(page)) == []
    assert "it cannot answer" in page, "the price of cigarettes moves smoking in pregnancy too little"

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
