"""Streams, files and errors: what every rule leans on."""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import INTERNAL, ConfigError, DataError, EvenwichtError, ModelError
from evenwicht.base.files import atomic_path, kept_private, sweep, write_csv, write_parquet, write_text
from evenwicht.base.streams import stream


def test_a_stream_depends_on_seed_cohort_rule_and_replicate_only() -> None:
    key = (7, "dunedin", "simulate", 3)
    assert stream(*key).random(5).tolist() == stream(*key).random(5).tolist()
    others = [
        (8, "dunedin", "simulate", 3),
        (7, "nhefs", "simulate", 3),
        (7, "dunedin", "truth", 3),
        (7, "dunedin", "simulate", 4),
    ]
    for other in others:
        assert stream(*other).random() != stream(*key).random()


def test_names_do_not_run_into_each_other() -> None:
    assert stream(1, "ab", "c").random() != stream(1, "a", "bc").random()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    write_text("old", target)

    def fail() -> None:
        with atomic_path(target) as path:
            path.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_job_left_half_written_is_swept_up_at_a_time_when_nobody_writes(tmp_path: Path) -> None:
    """The target is as it was; other hidden files stay."""
    write_text("whole", tmp_path / "tables/table.csv")
    job = (
        "import os, sys\nfrom evenwicht.base.files import atomic_path\n"
        "with atomic_path(sys.argv[1]) as path:\n    path.write_text('half')\n    os._exit(137)\n"
    )
    subprocess.run([sys.executable, "-c", job, str(tmp_path / "tables/table.csv")], check=False)
    (tmp_path / "tables/.gitignore").touch()
    assert len(list((tmp_path / "tables").iterdir())) == 3
    sweep([tmp_path, tmp_path / "not there"])
    assert {file.name for file in (tmp_path / "tables").iterdir()} == {"table.csv", ".gitignore"}
    assert (tmp_path / "tables/table.csv").read_text() == "whole"


def test_a_release_on_its_way_is_not_swept_up_by_a_run_that_begins(tmp_path: Path) -> None:
    """It is a folder beside its place, which may be in `results/`, and takes its place whole."""
    write_text("a,b\n", tmp_path / ".release.x1.part/tables/estimates.csv")
    (tmp_path / ".release.x1.part/.flow.csv.x2.part").touch()
    sweep([tmp_path])
    left = {file.name for file in tmp_path.rglob("*") if file.is_file()}
    assert left == {"estimates.csv", ".flow.csv.x2.part"}


def test_who_writes_the_same_bytes_late_changes_nothing_not_even_the_time(tmp_path: Path) -> None:
    """A job on a node that was given up can go on beside its successor."""
    target = tmp_path / "table.csv"
    with atomic_path(target) as late:
        late.write_text("a,b\n1,2\n")
        write_text("a,b\n1,2\n", target)  # its successor is faster
        os.utime(target, ns=(1, 1))
        before = target.stat()
    assert (target.stat().st_mtime_ns, target.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert list(tmp_path.iterdir()) == [target]


def test_a_late_writer_that_fails_leaves_the_file_of_its_successor(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"

    def fail_late() -> None:
        with atomic_path(target) as late:
            late.write_text("half")
            write_text("whole", target)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_late()
    assert target.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [target]


def test_other_bytes_and_closer_rights_do_replace_a_file(tmp_path: Path, umask: int) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old")
    target.chmod(0o777)
    for text in ("new", "new", "newer"):
        write_text(text, target)
        assert target.read_text() == text
        assert target.stat().st_mode & 0o777 == 0o666 & ~umask


def modes(folder: Path) -> set[int]:
    """Rights of a folder and of all below it."""
    return {path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))}


@pytest.fixture(params=[0o000, 0o022, 0o077], ids="{:03o}".format)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """What the user has set."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.parametrize("there", [False, True], ids=["new", "open to all"])
def test_a_private_folder_is_closed_and_so_is_all_that_is_written_in_it(
    there: bool, umask: int, tmp_path: Path
) -> None:
    folder = tmp_path / "deep/private"
    if there:
        (folder / "cohorts").mkdir(parents=True)
        folder.chmod(0o777)
    with kept_private(folder):
        assert folder.stat().st_mode & 0o777 == 0o700, "before anything is written"
        write_parquet(pd.DataFrame({"x": [1]}), folder / "new/persons.parquet")
        with atomic_path(folder / "cohort.yaml") as scratch:
            assert modes(folder / "new") == {0o700, 0o600}
            assert scratch.stat().st_mode & 0o777 == 0o600, "while it is written"
    assert os.umask(umask) == umask


def test_nobody_else_reads_a_table_while_it_is_written(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "estimates.csv") as scratch:
        assert scratch.stat().st_mode & 0o077 == 0


def test_rows_of_people_are_not_written_where_others_can_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk without rights of files, or a folder of somebody else; a link to a folder of one's own is a way out."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    (tmp_path / "private").mkdir(mode=0o755)
    with monkeypatch.context() as there:
        there.setattr(Path, "chmod", refuse)
        with (
            pytest.raises(ConfigError, match="others can open this folder, .*chmod 700"),
            kept_private(tmp_path / "private"),
        ):
            pytest.fail("written")
    (tmp_path / "own").mkdir()
    (tmp_path / "link").symlink_to("own")
    with kept_private(tmp_path / "link"):
        pass
    assert modes(tmp_path / "own") == {0o700}


def test_tables_print_six_significant_digits(tmp_path: Path) -> None:
    write_csv(pd.DataFrame({"x": [1 / 3, np.nan, 12345678.9]}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == 'x\n0.333333\n""\n1.23457e+07\n'


@pytest.mark.parametrize("kind", [ConfigError, DataError, ModelError])
def test_an_error_says_the_same_in_another_process(kind: type[EvenwichtError]) -> None:
    error = kind("no events", where="study x", fix="Choose another outcome.")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.what) == (kind, str(error), "no events")


def test_every_class_of_error_has_an_exit_code_of_its_own() -> None:
    assert {error: error.exit_code for error in (ConfigError, DataError, ModelError)} == {
        ConfigError: 2,
        DataError: 3,
        ModelError: 4,
    }
    assert INTERNAL == 1


def test_a_message_says_where_what_and_how_to_fix_it_in_one_line() -> None:
    error = DataError("'age' is empty in 3 rows", where="cohort x, persons", fix="Fill it in.")
    assert str(error) == "cohort x, persons: 'age' is empty in 3 rows. Fill it in."
    assert error.what == "'age' is empty in 3 rows"


def test_several_mistakes_of_a_config_are_a_line_each() -> None:
    first, second = (ConfigError("unknown key", where=f"a.yaml: {key}", fix="Remove it.") for key in ("x", "y"))
    assert str(first.beside([second])) == "a.yaml: x: unknown key. Remove it.\na.yaml: y: unknown key. Remove it."


def test_versions_are_pinned_so_that_no_resolver_falls_into_the_pandas_trap() -> None:
    code = "import pandas, lifelines; print(pandas.__version__.split('.')[0], lifelines.__version__)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert int(printed[0]) < 3
    assert tuple(map(int, printed[1].split("."))) >= (0, 30, 3)
