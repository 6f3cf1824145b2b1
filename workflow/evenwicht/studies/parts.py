"""Find the modules of a kind of study that import what is heavy, when they are needed."""

from importlib import import_module
from pathlib import Path
from types import ModuleType


def part_of_kind(kind: str, module: str) -> ModuleType:
    """Return a module of the package of a kind, as the cohort file names it: "run" or "section"."""
    return import_module(f"evenwicht.studies.{kind}.{module}")


def file_of_kind(kind: str, module: str) -> Path:
    """Return the file that `part_of_kind` would import, for digests of code."""
    return Path(__file__).parent / kind / f"{module}.py"
