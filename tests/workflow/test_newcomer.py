"""A newcomer's path, by the commands of the README: from a file with labels and four waves to a report, without code."""

import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import ROOT, environment
from tests.survey import NOT_ASKED, N, people

pytestmark = pytest.mark.filterwarnings("default")


COHORT = "private/cohorts/survey"
OWN, LEAVES = "Your own cohort", "What may leave, and a rehearsal"


def commands(title: str) -> list[str]:
    """The commands of a chapter, in their order."""
    chapter = re.split(r"^## ", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    (own,) = [text for text in chapter if text.startswith(f"{title}\n")]
    blocks = re.findall(r"^ *```sh\n(.*?)```", own, flags=re.MULTILINE | re.DOTALL)
    return [line.split("  #")[0].strip() for block in blocks for line in block.splitlines() if line.strip()]


def confirmed(path: Path) -> None:
    """The two things that somebody does in the file: confirm all proposals, and ask all that is proposed."""
    text = path.read_text(encoding="utf-8")
    assert "confirm role stressor: 'poverty' in its label" in text
    start = text.index("\nstudies:\n")
    text = text[:start] + text[start:].replace("\n# ", "\n")
    path.write_text(re.sub(r"  # confirm[^\n]*", "", text), encoding="utf-8")


def walked(chapter: str, folder: Path, suffix: str = ".dta", last: str = "") -> str:
    """Do what a chapter says from a folder on, with something else than its last command if need be.

    What `evenwicht check` said is returned.
    """
    told, (*before, end) = "", commands(chapter)
    for command in [*before, last or end]:
        command = command.replace("survey.dta", f"survey{suffix}")
        if command == "cd my-study":
            folder = folder / "my-study"
            continue
        if command.startswith("evenwicht check"):
            confirmed(folder / "config/my_study.yaml")
        done = subprocess.run(command, shell=True, cwd=folder, env=environment(ROOT), capture_output=True, text=True)
        assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-3000:])
        told = done.stdout if command.startswith("evenwicht check") else told
    return told


def with_the_tests(folder: Path) -> Path:
    """A folder in which the README's commands find the survey."""
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


AWAY = (people()["bmi_18"] == NOT_ASKED).sum()
CHECKED = f"measures, bmi 18: {N - AWAY} known, not in wave {AWAY}."


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study after all commands on one's own cohort."""
    top = with_the_tests(tmp_path_factory.mktemp("newcomer"))
    assert CHECKED in walked(OWN, top)
    return top / "my-study"


def test_the_commands_of_the_readme_lead_to_a_report_a_release_and_a_rehearsal(reported: Path) -> None:
    estimates = pd.read_csv(reported / "results/tables/estimates.csv")
    assert set(estimates["study"]) == {"exposures", "brothers_and_sisters", "policy"}
    states = pd.read_csv(reported / "results/tables/states.csv", dtype={"at": str})
    here = states[(states["item"] == "bmi") & (states["at"] == "18")].set_index("state")["people"]
    assert here.to_dict() == {"people": N, "known": N - AWAY, "not_in_wave": AWAY}
    assert (reported / "results/report.html").stat().st_size > 0
    walked(LEAVES, reported)
    assert (reported / "released/manifest.json").is_file()
    assert (reported / "released/report.html").is_file()
    assert (reported / "config/survey_twin.yaml").is_file()
    rehearsed = pd.read_csv(reported / "results/rehearsal/survey_twin.csv")
    assert set(rehearsed["study"]) <= set(estimates["study"])
    assert rehearsed["power"].notna().any()


def test_they_lead_to_the_same_cohort_from_a_file_of_spss(reported: Path, tmp_path: Path) -> None:
    """And ask the same of it; from there on no job sees which program wrote the file."""
    assert CHECKED in walked(OWN, with_the_tests(tmp_path), ".sav", f"snakemake {COHORT}/persons.parquet")
    tables = sorted(file.name for file in (reported / COHORT).glob("*.parquet"))
    assert "persons.parquet" in tables
    for name in tables:
        one, other = (pd.read_parquet(folder / COHORT / name) for folder in (reported, tmp_path / "my-study"))
        pd.testing.assert_frame_equal(one, other)
    asked = [
        (folder / "config/my_study.yaml").read_text(encoding="utf-8").partition("\nstudies:\n")[2]
        for folder in (reported, tmp_path / "my-study")
    ]
    assert asked[0] == asked[1] != ""
