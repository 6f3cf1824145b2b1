"""One run in one folder, also where the disk does not help to see to it."""

import errno
import fcntl
import os
from pathlib import Path

import pytest
from evenwicht.base.errors import ConfigError
from evenwicht.base.lock import take_lock


def test_a_second_run_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        with pytest.raises(ConfigError, match="lock: another run is at work in this directory. Wait for it to end"):
            take_lock(tmp_path / "lock")
    assert take_lock(tmp_path / "lock") == ""
    with pytest.raises(ConfigError):
        take_lock(tmp_path / "lock")


def answering(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk answer every lock with an error."""

    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK], ids=errno.errorcode.get)
def test_on_a_disk_without_locks_a_run_goes_on_and_says_what_nobody_sees_to(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lustre without the mount option flock, disks behind FUSE, NFS whose lock daemon is not there."""
    answering(code, monkeypatch)
    warning = take_lock(tmp_path / "lock")
    assert warning.startswith(f"{tmp_path / 'lock'}: this disk has no locks ({os.strerror(code)})")
    assert "a second run in this directory is not noticed" in warning
    assert "See to it that no other is started here" in warning


@pytest.mark.parametrize("code", [errno.EAGAIN, errno.EACCES], ids=errno.errorcode.get)
def test_a_lock_that_is_held_is_told_by_either_of_two_codes(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(code, monkeypatch)
    with pytest.raises(ConfigError, match="another run is at work"):
        take_lock(tmp_path / "lock")


def test_a_lock_that_cannot_be_opened_says_where_to_run(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(ConfigError, match="lock: the lock of this directory cannot be opened: .* you may write"):
        take_lock(tmp_path / "lock")
