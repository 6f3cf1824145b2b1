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


@pytest.mark.parametrize("suffix", [".dta", ".sav"])
def test_the_commands_of_the_readme_lead_to_a_report(suffix: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    folder, told = tmp_path, ""
    for command in commands(OWN):
        command = command.replace("survey.dta", f"survey{suffix}")
        if command == "cd my-study":
            folder = tmp_path / "my-study"
            continue
        if command.startswith("evenwicht check"):
            confirmed(folder / "config/my_study.yaml")
        done = subprocess.run(command, shell=True, cwd=folder, env=environment(ROOT), capture_output=True, text=True)
        assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-3000:])
        told = done.stdout if command.startswith("evenwicht check") else told
    away = (people()["bmi_18"] == NOT_ASKED).sum()
    assert f"measures, bmi 18: {N - away} known, not in wave {away}." in told
    estimates = pd.read_csv(folder / "results/tables/estimates.csv")
    assert set(estimates["study"]) == {"exposures", "brothers_and_sisters", "policy"}
    states = pd.read_csv(folder / "results/tables/states.csv", dtype={"at": str})
    here = states[(states["item"] == "bmi") & (states["at"] == "18")].set_index("state")["people"]
    assert here.to_dict() == {"people": N, "known": N - away, "not_in_wave": away}
    assert (folder / "results/report.html").stat().st_size > 0
    if suffix == ".dta":
        for command in commands(LEAVES):
            done = subprocess.run(
                command, shell=True, cwd=folder, env=environment(ROOT), capture_output=True, text=True
            )
            assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-3000:])
        assert (folder / "released/manifest.json").is_file()
        assert (folder / "released/report.html").is_file()
        assert (folder / "config/survey_twin.yaml").is_file()
        rehearsed = pd.read_csv(folder / "results/rehearsal/survey_twin.csv")
        assert set(rehearsed["study"]) <= set(estimates["study"])
        assert rehearsed["power"].notna().any()
