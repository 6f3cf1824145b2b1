"""A twin of a job: the same job on a node that was given up. It does all that the job does, and writes after the run.

The test of late writers puts this module into the library of a copy of the project. A twin waits before its first file,
until a file named `go` is in the folder $LATE. How it ended, and which files it replaced, is told there.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

Logged = Callable[[str], AbstractContextManager[None]]


def with_twin(logged: Logged) -> Logged:
    """Let every job that begins have a twin."""

    @contextmanager
    def both(log: str) -> Iterator[None]:
        with logged(log):
            begin_twin(os.environ["LATE"] + os.sep + log.replace(os.sep, "."))
            yield

    return both


def begin_twin(mark: str) -> None:
    """Return twice, as the job and as its twin, of which a process between them tells how it ended."""
    if os.fork():
        return
    os.setsid()
    told = os.open(f"{mark}.told", os.O_WRONLY | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(told, stream)
    if twin := os.fork():
        code = os.waitstatus_to_exitcode(os.waitpid(twin, 0)[1])
        Path(f"{mark}.code").write_text(f"{code}")
        os._exit(0)
    write_late(mark)


def write_late(mark: str) -> None:
    """Wait before any file is begun, and tell whose place a file takes."""
    make, replace, late = tempfile.mkstemp, os.replace, Path(mark).parent

    def wait(*how: object, **more: object) -> tuple[int, str]:
        while not (late / "go").exists():
            if not late.exists():
                os._exit(1)  # the test was stopped
            time.sleep(0.05)
        return make(*how, **more)

    def tell(scratch: str, target: str) -> None:
        with open(f"{mark}.replaced", "a") as places:
            print(target, file=places)
        replace(scratch, target)

    tempfile.mkstemp, os.replace = wait, tell
