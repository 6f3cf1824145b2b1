"""What a job leaves in its log, and how a message lists many names."""

import subprocess
import sys
from pathlib import Path

import pytest
from evenwicht.base.errors import listed
from evenwicht.base.jobs import logged


def test_a_fault_of_the_program_leaves_its_traceback_in_the_log(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), logged(tmp_path / "job.log"):
        1 / 0  # noqa: B018
    assert "Traceback" in (tmp_path / "job.log").read_text()


def test_a_warning_is_in_the_log(tmp_path: Path) -> None:
    job = (
        "import sys, warnings\n"
        "from evenwicht.base.jobs import logged\n"
        "with logged(sys.argv[1]):\n"
        "    warnings.warn('the time zone is dropped')\n"
    )
    subprocess.run([sys.executable, "-c", job, str(tmp_path / "job.log")], check=True)
    assert "UserWarning: the time zone is dropped" in (tmp_path / "job.log").read_text()


def test_a_long_list_is_cut_with_a_count() -> None:
    assert listed(range(3)) == "0, 1, 2"
    assert listed(range(100)).endswith("10, 11 and 88 more")
