"""How a job ends: its messages go to its log, and a user's mistake is one clear line, not a traceback."""

import contextlib
import sys
import traceback
import warnings
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from evenwicht.base.errors import INTERNAL, ConfigError, EvenwichtError
from evenwicht.base.files import PRIVATE, kept_private, write_text

FAULTS = f"{PRIVATE}/faults"  # where a traceback is whole
MOST_CALLS = 12  # the last of one exception that a log shows


@contextlib.contextmanager
def logged(log: str | Path) -> Iterator[None]:
    """Send all that a job prints to its log; on an EvenwichtError, end with one message and the exit code of its class.

    Any other exception is the program's own fault. What libraries say in one may show values of people and paths of
    files, and logs are sent to those who are asked for help. So the log and whoever started the job learn its class and
    the lines of code that led to it; the whole of it stands below `private/`.

    Whoever started the job may learn no more than that it failed. So its exit code stands beside the log, in a file
    of the same name that ends in `.exit`: from the start that of an internal error, which remains if the job is
    killed, and no file once it has succeeded.
    """
    told = Path(log).with_suffix(".exit")
    told.parent.mkdir(parents=True, exist_ok=True)
    told.write_text(str(INTERNAL))
    terminal = sys.stderr
    with (
        open(log, "w", encoding="utf-8") as file,
        contextlib.redirect_stdout(file),
        contextlib.redirect_stderr(file),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("default")
        warnings.showwarning = _warned
        try:
            yield
        except EvenwichtError as error:
            told.write_text(str(error.exit_code))
            for stream in (file, terminal):
                print(f"{type(error).__name__}: {error}", file=stream)
            sys.exit(error.exit_code)
        except Exception as error:
            lines = [*_without_values(error), _kept_whole(error, f"{told.parent.name}_{told.stem}.txt")]
            for stream in (file, terminal):
                print(*lines, sep="\n", file=stream)
            sys.exit(INTERNAL)
    told.unlink(missing_ok=True)  # a run that was started since may have swept it up


def _warned(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    """Print a warning without the path of the library, which says whose computer it is."""
    print(f"{category.__name__}: {message}", file=sys.stderr)


def _without_values(error: BaseException) -> Iterator[str]:
    """Yield where an exception, and those it came from, arose: modules, lines and functions, nothing that they said."""
    if before := error.__cause__ or error.__context__:
        yield from _without_values(before)
    yield f"{type(error).__name__}, a fault of the program, at:"
    for frame, line in deque(traceback.walk_tb(error.__traceback__), MOST_CALLS):
        yield f"  {frame.f_globals.get('__name__')}, line {line}, in {frame.f_code.co_name}"


def _kept_whole(error: Exception, name: str) -> str:
    """Write all that an exception says where nothing leaves, and say where."""
    whole = Path(FAULTS) / name
    try:
        with kept_private(PRIVATE):
            write_text("".join(traceback.format_exception(error)), whole)
    except (OSError, ConfigError):
        return f"What it said may show values, and could not be written to {whole}."
    return f"What it said may show values, and stands in {whole}."


def forget_exits(logs: str | Path) -> None:
    """Remove what earlier runs left below the folder of logs about how jobs ended."""
    for told in Path(logs).rglob("*.exit"):
        told.unlink()


def exit_code_of(logs: str | Path) -> int:
    """Return the exit code of the worst failed job whose log is below a folder: the lowest, see `base.errors`."""
    return min((int(told.read_text()) for told in Path(logs).rglob("*.exit")), default=INTERNAL)
