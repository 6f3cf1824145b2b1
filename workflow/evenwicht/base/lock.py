"""One run in one folder: a lock that the kernel drops when a run ends, even if it is killed."""

import fcntl
from pathlib import Path
from typing import TextIO

from evenwicht.base.errors import ConfigError


def take_lock(file: str | Path) -> tuple[TextIO, str]:
    """Lock a file for as long as what is returned stays open.

    Parameters
    ----------
    file
        Where the lock is, in a folder that is there.

    Returns
    -------
    lock, warning
        The open file; and what to tell if its disk has no locks, as many network disks, else "". A run goes on without:
        one run at a time is safe, and whoever cannot change the disk could not run at all.

    Raises
    ------
    ConfigError
        If another run holds the lock, or the file cannot be opened.
    """
    try:
        lock = open(file, "a", encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"the lock of this folder cannot be opened: {error.strerror}",
            where=str(file),
            fix="Run in a folder in which you may write.",
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # network disks may tell it by either
        lock.close()
        raise ConfigError(
            "another run is at work in this directory", where=str(file), fix="Wait for it to end, or stop it."
        ) from None
    except OSError as error:
        return lock, (
            f"{file}: this disk has no locks ({error.strerror}), so a second run in this folder is not noticed. "
            "The run goes on. See to it that no other is started here, or run in a folder on a disk that has locks."
        )
    return lock, ""
