"""The library is rooms in the order in which data flow; a room imports only from rooms above it."""

import ast
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import evenwicht
import pytest
from evenwicht.studies import KINDS
from evenwicht.worlds import WORLDS

from tests.conftest import ROOT

LIBRARY = Path(evenwicht.__file__).parent
MODULES = sorted(LIBRARY.rglob("*.py"))
RULES = [ROOT / "Snakefile", ROOT / "workflow/Snakefile", *sorted((ROOT / "workflow/rules").glob("*.smk"))]
ORDER = [
    "base",
    "cohort",
    "estimators",
    "results",
    "display",
    "disclosure",
    "ingest",
    "levers",
    "money",
    "side_effects",
    "worlds",
    "studies",
    "config",
    "conclusions",
    "weighing",
    "recovery",
    "rehearsal",
    "report",
    "starter",
    "commands",
    "cli",
]
HEAVY = ["pandas", "numpy", "scipy", "statsmodels", "lifelines", "linearmodels", "pyfixest", "matplotlib"]


def room(module: Path) -> str:
    return module.relative_to(LIBRARY).with_suffix("").parts[0]


def imports(module: Path) -> list[str]:
    """Dotted names that a module imports, wherever."""
    names = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return names


def imported_rooms(module: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(module) if name.startswith("evenwicht.")}


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(LIBRARY)))
def test_a_room_imports_only_from_rooms_above_it(module: Path) -> None:
    if module == LIBRARY / "__init__.py":
        return
    own = ORDER.index(room(module))
    for other in imported_rooms(module):
        assert ORDER.index(other) <= own, f"{room(module)} must not import {other}"


def test_the_library_knows_nothing_of_snakemake() -> None:
    assert not [module for module in MODULES if "snakemake" in {name.split(".")[0] for name in imports(module)}]


# --- kinds of study and worlds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("room", "settings"), [("studies", KINDS), ("worlds", WORLDS)], ids=["kinds of study", "worlds"]
)
def test_each_is_known_in_its_own_package_and_in_one_registry(room: str, settings: list[type]) -> None:
    packages = {one.__module__.split(".")[2] for one in settings}
    knowing: set[str] = set()
    for module in MODULES:
        place = module.relative_to(LIBRARY)
        met = {name.split(".")[2] for name in imports(module) if name.startswith(f"evenwicht.{room}.")} & packages
        if met - {place.parts[1] if place.parts[0] == room else ""}:
            knowing.add(place.as_posix())
    assert knowing == {f"{room}/__init__.py"}
    own = {folder.name for folder in (LIBRARY / room).iterdir() if (folder / "__init__.py").is_file()}
    assert own == packages


def test_no_rule_names_a_kind_of_study_or_a_world() -> None:
    names = {settings.model_fields["kind"].annotation.__args__[0] for settings in (*KINDS, *WORLDS)}
    for rules in RULES:
        assert not names & set(re.findall(r"\w+", rules.read_text(encoding="utf-8"))), rules.name


def test_no_code_asks_which_world_or_kind_of_study_it_has() -> None:
    names = {settings.__name__ for settings in WORLDS} | {"Settings"}
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "issubclass"):
                assert not names & set(re.findall(r"\w+", ast.unparse(node.args[1]))), module


# --- keys are not labels ---------------------------------------------------------------------------------------------

TAKE_TEXT_APART = {
    *("split", "rsplit", "partition", "rpartition", "removeprefix", "removesuffix"),
    *("startswith", "endswith", "contains", "match", "extract"),
}


HANDLE_ROWS = ["results", "studies", "conclusions", "weighing", "recovery", "report"]


@pytest.mark.parametrize(
    "module",
    [m for m in MODULES if room(m) in HANDLE_ROWS and m.name != "drift.py"],
    ids=lambda m: str(m.relative_to(LIBRARY)),
)
def test_what_handles_rows_takes_no_text_apart(module: Path) -> None:
    """Rows are found by their keys, and keys are made whole; `drift` handles names of files."""
    called = [
        node.attr for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute)
    ]
    assert not {*TAKE_TEXT_APART, "str"} & set(called)


def test_what_is_no_module_comes_with_the_package_too() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    files = [file.relative_to(LIBRARY).as_posix() for file in LIBRARY.rglob("*.*") if file.is_file()]
    others = [file for file in files if not file.endswith((".py", ".pyc"))]
    assert "starter/words.yaml" in others
    assert [file for file in others if not any(fnmatch(file, form) for form in declared["evenwicht"])] == []


# --- what is imported ------------------------------------------------------------------------------------------------


def heavy(modules: str, among: list[str] = HEAVY) -> str:
    """Which heavy libraries these modules import, as printed."""
    code = f"import sys, {modules}; print([m for m in {among} if m in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_planning_the_jobs_imports_nothing_heavy() -> None:
    """Reading the config, and all else that the rules import."""
    text = "\n".join(rules.read_text(encoding="utf-8") for rules in RULES)
    modules = sorted(set(re.findall(r"^(?:from|import) (evenwicht\S*)", text, re.MULTILINE)))
    assert "evenwicht.config.loading" in modules
    assert heavy(", ".join(modules)) == "[]"


def test_schemas_and_questions_import_nothing_heavy() -> None:
    assert heavy("evenwicht.results.schema, evenwicht.results.questions") == "[]"


def test_what_may_be_said_is_judged_without_drawing() -> None:
    """Every draw of every world is judged, and the table of conclusions is made, by jobs that draw no figure."""
    assert heavy("evenwicht.conclusions, evenwicht.weighing, evenwicht.recovery", ["matplotlib"]) == "[]"


def test_cohorts_and_rows_need_no_model_library() -> None:
    assert heavy("evenwicht.results.rows, evenwicht.cohort", HEAVY[3:]) == "[]"
