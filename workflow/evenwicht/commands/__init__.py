"""What the command `evenwicht` can do: a module each, with its name, its arguments and its run."""

import argparse
from typing import Protocol

from evenwicht.commands import check, init, new, release, twin


class Command(Protocol):
    """A module of this package; the first line of its docstring says what it does."""

    __doc__: str | None
    NAME: str

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None:
        """Say what it takes."""

    def run(self, arguments: argparse.Namespace, /) -> int:
        """Do it, and return the exit code."""


COMMANDS: tuple[Command, ...] = (new, init, check, twin, release)
