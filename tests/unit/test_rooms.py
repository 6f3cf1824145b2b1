"""The library is rooms in the order in which data flow; a room imports only from rooms above it."""

import ast
import subprocess
import sys
from pathlib import Path

import evenwicht
import pytest

LIBRARY = Path(evenwicht.__file__).parent
ORDER = [
    "base",
    "cohort",
    "estimators",
    "results",
    "display",
    "ingest",
    "worlds",
    "studies",
    "config",
    "recovery",
    "report",
]
HEAVY = ["pandas", "numpy", "scipy", "statsmodels", "lifelines", "linearmodels", "pyfixest", "matplotlib"]


def room(module: Path) -> str:
    return module.relative_to(LIBRARY).with_suffix("").parts[0]


def imported_rooms(module: Path) -> set[str]:
    names = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return {name.split(".")[1] for name in names if name.startswith("evenwicht.")}


@pytest.mark.parametrize("module", sorted(LIBRARY.rglob("*.py")), ids=lambda m: str(m.relative_to(LIBRARY)))
def test_a_room_imports_only_from_rooms_above_it(module: Path) -> None:
    if module == LIBRARY / "__init__.py":
        return
    own = ORDER.index(room(module))
    for other in imported_rooms(module):
        assert ORDER.index(other) <= own, f"{room(module)} must not import {other}"


def test_the_library_knows_nothing_of_snakemake() -> None:
    sources = [m for m in LIBRARY.rglob("*.py") if "import snakemake" in m.read_text(encoding="utf-8")]
    assert not sources


def heavy(modules: str, among: list[str] = HEAVY) -> str:
    """Which heavy libraries these modules import, as printed."""
    code = f"import sys, {modules}; print([m for m in {among} if m in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_reading_the_config_imports_nothing_heavy() -> None:
    assert heavy("evenwicht.config.loading, evenwicht.config.recovered, evenwicht.base.digests") == "[]"


def test_schemas_and_questions_import_nothing_heavy() -> None:
    assert heavy("evenwicht.results.schema, evenwicht.results.questions") == "[]"


def test_cohorts_and_rows_need_no_model_library() -> None:
    assert heavy("evenwicht.results.rows, evenwicht.cohort", HEAVY[3:]) == "[]"
