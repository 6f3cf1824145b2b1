"""Starts programs, and ends them with all that they began, however the tests end: failed, stopped or killed.

A process of its own: it reads a command a line, as JSON, and answers each by its exit code and what it said. When nobody
is there any more to write a line, it ends all processes below it, those that went on in the background too, and removes
the files that it was given.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36  # who loses its parent becomes a child of this process
PATIENCE = 5.0  # seconds between asking and killing


def main(files: list[str]) -> None:
    """Start what is asked for, and end it."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        for line in sys.stdin:
            run = subprocess.run(json.loads(line), capture_output=True, text=True, check=False, timeout=60)
            print(json.dumps([run.returncode, run.stdout + run.stderr]), flush=True)
    finally:
        end_all()
        for file in files:
            Path(file).unlink(missing_ok=True)


def end_all() -> None:
    """Ask every child to end, and kill what does not; children of theirs then become children."""
    begun = time.monotonic()
    while children := ended_or_not():
        for child in children:
            os.kill(child, signal.SIGTERM if time.monotonic() < begun + PATIENCE else signal.SIGKILL)
        time.sleep(0.2)


def ended_or_not() -> list[int]:
    """Take leave of children that have ended, and return the others."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return []
    return [int(child) for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


if __name__ == "__main__":
    main(sys.argv[1:])
