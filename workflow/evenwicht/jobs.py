"""How a job ends: its messages go to its log, and a user's mistake is one clear line, not a traceback."""

import contextlib
import sys
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

from evenwicht.errors import EvenwichtError


@contextlib.contextmanager
def logged(log: str | Path) -> Iterator[None]:
    """Send everything a job prints to its log; end with exit code 1 and one message on an EvenwichtError.

    Any other exception is the program's own fault: its traceback goes to the log too, and it goes on.
    """
    Path(log).parent.mkdir(parents=True, exist_ok=True)
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
            for stream in (file, terminal):
                print(f"{type(error).__name__}: {error}", file=stream)
            sys.exit(1)
        except Exception:
            traceback.print_exc(file=file)
            raise
