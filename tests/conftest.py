"""Shared pieces of the test suite: the repository, its two default cohorts, and a copy to run the workflow in."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # tests run side by side; threads of BLAS would fight for the cores

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from evenwicht.base.streams import stream_key
from evenwicht.cohort import Cohort

from tests.worlds import NAMES as WORLDS
from tests.worlds import synthetic

if TYPE_CHECKING:
    from evenwicht.config import CohortConfig

__all__ = ["ROOT", "WORLDS"]
ROOT = Path(__file__).parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave unit tests and examples to the end: files run side by side, and none that is long may be the last alone."""
    items.sort(key=lambda item: "unit" in item.path.parts or ROOT / "tests" not in item.path.parents)


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    """Close the figures of a test, if it drew any."""
    yield
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        pyplot.close("all")


@pytest.fixture(scope="session")
def nhefs_config() -> "CohortConfig":
    return world("nhefs")


@pytest.fixture(scope="session")
def nhefs(nhefs_config: "CohortConfig") -> Cohort:
    return ingested(nhefs_config)


@pytest.fixture(scope="session")
def dunedin_config() -> "CohortConfig":
    return world("dunedin")


@pytest.fixture(scope="session")
def dunedin() -> Cohort:
    return synthetic("dunedin").simulate(stream_key(1, "dunedin", "test"))


def ingested(config: "CohortConfig") -> Cohort:
    """A real cohort, read from its source."""
    from evenwicht.ingest.table import ingest

    return ingest(config.source, config.codebook)


def world(name: str) -> "CohortConfig":
    """The settings of a default cohort file."""
    from evenwicht.config.loading import load_cohort

    return load_cohort(ROOT / f"config/{name}.yaml")


def world_with(config: "CohortConfig", **changes: object) -> "CohortConfig":
    """A cohort config with settings of its world changed."""
    return config.model_copy(update={"source": config.source.model_copy(update=changes)})


def copy_of_the_project(folder: Path) -> Path:
    """Copy the files git tracks (or would track) into a folder, to run the workflow in without touching this one."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in listing.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project of its own for each test."""
    return copy_of_the_project(tmp_path / "checkout")


def environment(project: Path) -> dict[str, str]:
    """The environment of a workflow run: this interpreter first on the path, the copy's library, a fixed time."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(project / "workflow"), "SOURCE_DATE_EPOCH": "1700000000"}


def run_snakemake(project: Path, *arguments: str, here: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `snakemake` in a copy of the project, or from elsewhere, and return what it printed, errors included."""
    return subprocess.run(
        ["snakemake", *arguments],
        cwd=here or project,
        env=environment(project),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.fixture
def snakemake(checkout: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `snakemake` in the copy and return what it printed, errors included."""
    return partial(run_snakemake, checkout)
