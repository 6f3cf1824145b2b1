"""What a digest depends on: content, and for code all that may be imported; never a time stamp."""

import os
import re
import shutil
from pathlib import Path

import evenwicht
import pytest
from evenwicht.base.digests import code_digest, file_digest, modules_beside, settings_digest
from evenwicht.studies import KINDS
from evenwicht.studies.parts import file_of_kind

from tests.cohorts import configured
from tests.conftest import ROOT

FILES = {
    "lib/__init__.py": "",
    "lib/used.py": "from lib.deep import leaf\n",
    "lib/deep/__init__.py": "",
    "lib/deep/leaf.py": "def f():\n    from lib.lazy import g\n    return g\n",
    "lib/lazy.py": "from . import relative\n",
    "lib/relative.py": "from .deep import sibling\n",
    "lib/relative.csv": "the table of a module\n",
    "lib/relative.yaml": "what: it reads\n",
    "lib/deep/sibling.py": "from .. import lazy\n",
    "lib/star.py": "",
    "lib/unused.py": "import lib.used\n",
    "lib/deep/unused.py": "",
    "lib/data.csv": "",
    "scripts/job.py": "import numpy\nimport lib.used\nfrom lib.star import *\n",
}
READ = {"lib/relative.csv", "lib/relative.yaml"}
IMPORTED = {name for name in FILES if "unused" not in name and name.endswith(".py")} | READ


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


FOUND_BY_NAME = {"worlds/__init__.py", "studies/parts.py", "studies/showing.py"}
PACKAGES_OF_OTHERS = {"ingest/packages.py"}  # their versions are locked


def test_modules_are_found_by_name_in_known_places_only() -> None:
    """Such an import is not followed: the rules name the modules of the kinds that a job meets."""
    library = Path(evenwicht.__file__).parent
    by_name = {
        str(file.relative_to(library)) if file.is_relative_to(library) else file.name
        for file in [*library.rglob("*.py"), *(ROOT / "workflow/scripts").glob("*.py")]
        if {"import_module", "__import__"} & set(re.findall(r"\w+", file.read_text(encoding="utf-8")))
    }
    assert by_name == FOUND_BY_NAME | PACKAGES_OF_OTHERS


@pytest.mark.parametrize("kind", [study.model_fields["kind"].annotation.__args__[0] for study in KINDS])
@pytest.mark.parametrize("part", ["run", "section"])
def test_each_part_of_every_kind_of_study_is_a_file(kind: str, part: str) -> None:
    assert file_of_kind(kind, part).is_file()


def test_the_parts_of_a_world_stand_beside_its_settings() -> None:
    worlds = [configured(name).source for name in ("register_nz", "register_dk", "dunedin", "nhefs")]
    found = [file.relative_to(Path(evenwicht.__file__).parent) for file in modules_beside(worlds, "world")]
    assert found == [Path("worlds/dunedin/world.py"), Path("worlds/register/world.py")]


def test_a_module_found_by_name_counts_with_all_that_it_imports(project: Path) -> None:
    """As given to `also`, and only then."""

    def digests() -> tuple[str, str]:
        job = (project / "scripts/job.py", project / "lib")
        return code_digest(*job), code_digest(*job, [project / "lib/by_name.py"])

    (project / "lib/by_name.py").write_text("from lib.deep import unused\n")
    before = digests()
    (project / "lib/deep/unused.py").write_text("# edited\n")
    after = digests()
    assert before[0] == after[0]
    assert before[1] != after[1]


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
