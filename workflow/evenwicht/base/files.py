"""Files: input that can be read to its end, and atomic output, complete under its own name or not there."""

import filecmp
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from evenwicht.base.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

PRIVATE = "private"  # folder of what never leaves: rows of people, and what was not judged for disclosure
SCRATCH = ".part"  # how the name of a file that is being written ends


def rehearsal_file(cohort: str) -> Path:
    """Return the table of what twins of a cohort have shown; it is not released."""
    return Path("results/rehearsal") / f"{cohort}_twin.csv"


def why_unreadable(path: str | Path) -> str | None:
    """Say why a path is not a file that can be read to its end, without opening it: a pipe would wait for ever."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return "no such file"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except ValueError:  # a zero byte
        return "not a name that a file can have"
    if stat.S_ISDIR(mode):
        return "a directory, not a file"
    if not stat.S_ISREG(mode):
        return "a pipe, socket or device, not a file"
    return None if os.access(path, os.R_OK) else "cannot be read: permission denied"


@contextmanager
def atomic_path(target: str | Path) -> Iterator[Path]:
    """Yield a scratch path beside `target` that takes its place when the block ends without an error.

    Several may write the same target at once, such as a job on a node that was given up and its successor: each has a
    scratch file of its own, and who comes late with the bytes that are there leaves the file, and its time, alone.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=SCRATCH, dir=target.parent)
    os.close(handle)
    scratch = Path(name)
    try:
        yield scratch
        umask = os.umask(0)
        os.umask(umask)
        scratch.chmod(0o666 & ~umask)
        if not _same(scratch, target):
            os.replace(scratch, target)
    finally:
        scratch.unlink(missing_ok=True)


def _same(one: Path, other: Path) -> bool:
    """Whether two files have the same bytes and rights; a file that is not there is like no other."""
    try:
        return one.stat().st_mode == other.stat().st_mode and filecmp.cmp(one, other, shallow=False)
    except FileNotFoundError:
        return False


def sweep(folders: Iterable[str | Path]) -> None:
    """Remove scratch files below some folders, at a time when no job is to write there: killed jobs left them.

    A folder of that name is a release on its way, and stays with all that is in it.
    """
    for folder in folders:
        for parent, within, files in os.walk(folder):
            within[:] = [name for name in within if not _is_scratch(name)]
            for name in filter(_is_scratch, files):
                Path(parent, name).unlink(missing_ok=True)


def _is_scratch(name: str) -> bool:
    return name.startswith(".") and name.endswith(SCRATCH)


@contextmanager
def kept_private(folder: str | Path) -> Iterator[None]:
    """Close a folder to all but its owner, whatever the umask, and let nobody else read what the block writes.

    Raises
    ------
    ConfigError
        If others can open it and that cannot be changed.
    """
    folder = Path(folder)
    before = os.umask(0o077)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # what remains open is told
            folder.chmod(0o700)
        if stat.S_IMODE(folder.stat().st_mode) & 0o077:
            raise ConfigError(
                "others can open this folder, in which rows of people are kept",
                where=str(folder),
                fix="Run `chmod 700` on it, or let it be a link to a folder of yours on a disk that keeps such rights.",
            )
        yield
    finally:
        os.umask(before)


def write_text(text: str, target: str | Path) -> None:
    """Write UTF-8 text atomically."""
    with atomic_path(target) as path:
        path.write_text(text, encoding="utf-8")


def write_csv(table: "pd.DataFrame", target: str | Path) -> None:
    """Write a table as CSV, atomically, with floats at six significant digits."""
    with atomic_path(target) as path:
        table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")


@contextmanager
def parquet_stream(target: str | Path) -> Iterator["Callable[[pd.DataFrame], None]"]:
    """Yield a function that appends a table to a zstd Parquet file; the file takes its place when the block ends."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writers: list[pq.ParquetWriter] = []
    with atomic_path(target) as path:

        def append(table: "pd.DataFrame") -> None:
            arrow = pa.Table.from_pandas(table, preserve_index=False)
            if not writers:
                writers.append(pq.ParquetWriter(path, arrow.schema, compression="zstd", compression_level=1))
            writers[0].write_table(arrow)

        yield append
        for writer in writers:
            writer.close()


def write_parquet(table: "pd.DataFrame", target: str | Path) -> None:
    """Write a table as zstd Parquet, atomically."""
    with atomic_path(target) as path:
        table.to_parquet(path, index=False, compression="zstd")


def withdraw(files: Iterable[str]) -> None:
    """Remove pages of an earlier run, so that they never stand beside tables that they do not show."""
    for file in files:
        Path(file).unlink(missing_ok=True)
