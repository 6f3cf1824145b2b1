"""The library is rooms in the order in which data flow; a room imports only from rooms above it."""

import ast
import subprocess
import sys
from pathlib import Path

import evenwicht
import pytest

LIBRARY = Path(evenwicht.__file__).parent
ORDER = [
    "errors",
    "files",
    "jobs",
    "streams",
    "config",
    "loading",
    "digests",
    "cohort",
    "flow",
    "estimators",
    "rows",
    "outcomes",
    "samples",
    "worlds",
    "ingest",
    "individual",
    "policy",
    "studies",
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


def test_reading_the_config_imports_nothing_heavy() -> None:
    code = f"import evenwicht.loading, evenwicht.digests, sys; print([m for m in {HEAVY} if m in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_cohorts_and_rows_need_no_model_library() -> None:
    code = f"import evenwicht.rows, evenwicht.cohort, sys; print([m for m in {HEAVY[3:]} if m in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
