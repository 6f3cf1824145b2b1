"""How a job ends: its messages go to its log, and a user's mistake is one clear line, not a traceback."""

import contextlib
import sys
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

from evenwicht.base.errors import INTERNAL, EvenwichtError


@contextlib.contextmanager
def logged(log: str | Path) -> Iterator[None]:
    """Send all that a job prints to its log; on an EvenwichtError, end with one message and the exit code of its class.

    Any other exception is the program's own fault: its traceback goes to the log too, and it goes on.

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
    ):
        warnings.simplefilter("default")
        try:
            yield
        except EvenwichtError as error:
            told.write_text(str(error.exit_code))
            for stream in (file, terminal):
                print(f"{type(error).__name__}: {error}", file=stream)
            sys.exit(error.exit_code)
        except Exception:
            traceback.print_exc(file=file)
            raise
    told.unlink(missing_ok=True)  # a run that was started since may have swept it up


def forget_exits(logs: str | Path) -> None:
    """Remove what earlier runs left below the folder of logs about how jobs ended."""
    for told in Path(logs).rglob("*.exit"):
        told.unlink()


def exit_code_of(logs: str | Path) -> int:
    """Return the exit code of the worst failed job whose log is below a folder: the lowest, see `base.errors`."""
    return min((int(told.read_text()) for told in Path(logs).rglob("*.exit")), default=INTERNAL)
