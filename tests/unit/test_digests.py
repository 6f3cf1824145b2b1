"""What a digest depends on: content, and for code all that may be imported; never a time stamp."""

import os
import shutil
from pathlib import Path

import evenwicht
import pytest
from evenwicht.digests import code_digest, file_digest, settings_digest

from tests.conftest import ROOT

FILES = {
    "lib/__init__.py": "",
    "lib/used.py": "from lib.deep import leaf\n",
    "lib/deep/__init__.py": "",
    "lib/deep/leaf.py": "def f():\n    from lib.lazy import g\n    return g\n",
    "lib/lazy.py": "from . import relative\n",
    "lib/relative.py": "from .deep import sibling\n",
    "lib/relative.csv": "the table of a module\n",
    "lib/deep/sibling.py": "from .. import lazy\n",
    "lib/star.py": "",
    "lib/unused.py": "import lib.used\n",
    "lib/deep/unused.py": "",
    "lib/data.csv": "",
    "scripts/job.py": "import numpy\nimport lib.used\nfrom lib.star import *\n",
}
IMPORTED = {name for name in FILES if "unused" not in name and name.endswith(".py")} | {"lib/relative.csv"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_a_job_depends_on_what_it_may_import_and_on_nothing_else(name: str, project: Path) -> None:
    """Imports of packages, of modules from packages, relative, within functions, of everything, and in a circle."""

    def digest() -> str:
        return code_digest(project / "scripts/job.py", project / "lib")

    before = digest()
    with (project / name).open("a") as file:
        file.write("# edited\n")
    assert (digest() != before) == (name in IMPORTED)


def test_a_module_that_is_added_or_renamed_counts(project: Path) -> None:
    before = code_digest(project / "scripts/job.py", project / "lib")
    (project / "lib/numpy.py").write_text("")
    assert code_digest(project / "scripts/job.py", project / "lib") == before
    (project / "lib/star").mkdir()
    (project / "lib/star.py").rename(project / "lib/star/__init__.py")
    assert code_digest(project / "scripts/job.py", project / "lib") != before


def test_the_same_code_in_another_place_has_the_same_digest(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = shutil.copytree(project, tmp_path_factory.mktemp("other") / "place")
    ours, theirs = (code_digest(place / "scripts/job.py", place / "lib") for place in (project, other))
    assert ours == theirs


def test_no_module_is_imported_under_a_name_known_only_at_run_time() -> None:
    """Such an import would not be followed."""
    library = Path(evenwicht.__file__).parent
    for file in [*library.rglob("*.py"), *(ROOT / "workflow/scripts").glob("*.py")]:
        text = file.read_text(encoding="utf-8")
        assert "import_module" not in text, file
        assert "__import__" not in text, file


def test_a_file_is_its_content_whatever_its_time_stamp(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("a\n1\n")
    before, when = file_digest(file), file.stat()
    os.utime(file, (0, 0))
    assert file_digest(file) == before
    file.write_text("a\n2\n")
    os.utime(file, ns=(when.st_atime_ns, when.st_mtime_ns))
    assert file_digest(file) != before


def test_what_is_no_readable_file_has_no_digest_and_blocks_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "absent.csv", "/dev/zero", tmp_path / "absent" / "table.csv"):
        assert file_digest(path) == ""


def test_settings_differ_if_a_value_does_and_no_digest_is_read_as_a_number() -> None:
    assert settings_digest({"a": 1, "b": [2]}) == settings_digest({"b": [2], "a": 1})
    digests = {settings_digest({"a": value}) for value in (1, 1.5, "1", None, [1], {"a": 1})}
    assert len(digests) == 6
    assert all(digest.isalnum() and digest[0] == "d" and len(digest) == 12 for digest in digests)
