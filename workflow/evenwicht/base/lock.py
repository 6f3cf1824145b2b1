"""One run in one folder: a lock that the kernel drops when a run ends, even if it is killed."""

import fcntl
import os
from pathlib import Path

from evenwicht.base.errors import ConfigError


def take_lock(file: str | Path) -> str:
    """Lock a file for as long as this process lives.

    Parameters
    ----------
    file
        Where the lock is, in a folder that is there.

    Returns
    -------
    warning
        What to tell if its disk has no locks, as many network disks, else "". A run goes on without: one run at a time
        is safe, and whoever cannot change the disk could not run at all.

    Raises
    ------
    ConfigError
        If another process holds the lock, or the file cannot be opened.
    """
    where = str(file)
    try:
        lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        what = f"the lock of this directory cannot be opened: {error.strerror}"
        raise ConfigError(what, where=where, fix="Run in a directory in which you may write.") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # network disks may tell it by either
        os.close(lock)
        what = "another run is at work in this directory"
        raise ConfigError(what, where=where, fix="Wait for it to end, or stop it.") from None
    except OSError as error:
        os.close(lock)
        return (
            f"{where}: this disk has no locks ({error.strerror}), so a second run in this directory is not noticed. "
            "The run goes on. See to it that no other is started here, or run in a directory on a disk that has locks."
        )
    return ""
