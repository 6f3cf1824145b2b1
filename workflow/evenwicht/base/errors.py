"""The errors a user can cause and fix; each says what is wrong, where, and how to fix it.

A program ends with the exit code of its error's class. Where several errors meet, the lowest tells: a fault of the
program (1) hides all others, a mistake in the config (2) comes before what it does to data and models.
"""

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

MOST_LISTED = 12
MOST_CHARACTERS = 1_000  # of each part of a message
INTERNAL = 1  # the exit code of every other error, which is the program's own fault


def listed(names: Iterable[object]) -> str:
    """Join names with commas, and cut a long list with a count."""
    texts = [str(name) for name in names]
    more = len(texts) - MOST_LISTED
    return ", ".join(texts) if more <= 0 else f"{', '.join(texts[:MOST_LISTED])} and {more} more"


def bounded(text: str) -> str:
    """Put text on one line, and cut it if it is very long: names in it may be of any length."""
    line = " ".join(text[: MOST_CHARACTERS + 1].splitlines())
    return line if len(text) <= MOST_CHARACTERS else f"{line[:MOST_CHARACTERS]}..."


class EvenwichtError(Exception):
    """Base of every error that is the input's fault, not the program's; `what` is wrong, without where and the fix."""

    exit_code: ClassVar[int]

    def __init__(self, what: str, *, where: str, fix: str) -> None:
        super().__init__(f"{bounded(where)}: {bounded(what)}. {bounded(fix)}")
        self.what = what

    def __reduce__(self) -> tuple[Any, ...]:
        """How it comes from one process to another; exceptions are made again from their message alone."""
        return _again, (type(self), self.args, self.what)


def _again(kind: type[EvenwichtError], args: tuple[str, ...], what: str) -> EvenwichtError:
    """The same error in another process."""
    error = kind(what, where="", fix="")
    error.args = args
    return error


class ConfigError(EvenwichtError):
    """A setting is missing, unknown or out of range."""

    exit_code: ClassVar[int] = 2

    def beside(self, others: Iterable["ConfigError"]) -> "ConfigError":
        """The same error, with the messages of others below its own."""
        self.args = ("\n".join(str(error) for error in (self, *others)),)
        return self


class DataError(EvenwichtError):
    """A table does not hold what its description promises; `absent`: columns it lacks, if others can be read."""

    exit_code: ClassVar[int] = 3
    absent: tuple[str, ...] = ()


class ModelError(EvenwichtError):
    """The data cannot support the model: singular design, too few events, no variation."""

    exit_code: ClassVar[int] = 4


class Mistake(NamedTuple):
    """One fault of a config: the path of its key, what is wrong, how to fix it, and the name that leads nowhere."""

    path: str
    what: str
    fix: str
    name: str = ""

    def error(self, where: str) -> ConfigError:
        """The error of this fault of a file."""
        return ConfigError(self.what, where=f"{where}: {self.path}" if self.path else where, fix=self.fix)

    def under(self, *above: str | int) -> "Mistake":
        """The same fault, seen from further up in the file."""
        return self._replace(path=".".join([*map(str, above), *([self.path] if self.path else [])]))
