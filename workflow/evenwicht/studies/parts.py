"""Find the parts of a kind of study that import what is heavy, when they are needed."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def part_of_kind(kind: str, module: str, name: str) -> Callable[..., Any]:
    """Return a function of a kind: of its own module, or of one in its package.

    Parameters
    ----------
    kind
        As the cohort file names it.
    module
        "run" or "section".
    name
        Name of the function.
    """
    room = import_module(f"evenwicht.studies.{kind}")
    own = vars(room).get(name)
    return own if callable(own) else getattr(import_module(f"{room.__name__}.{module}"), name)


def files_of_kind(kind: str, module: str) -> list[Path]:
    """Return the files that `part_of_kind` would import, for digests of code."""
    room = Path(__file__).parent / kind
    return [room / f"{module}.py"] if room.is_dir() else [room.with_suffix(".py")]
