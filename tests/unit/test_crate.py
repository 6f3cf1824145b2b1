"""A run as a Workflow Run Crate: valid, the same bytes from the same run, and nothing of places, users or machines."""

import hashlib
import json
import os
import platform
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from evenwicht.base.shipped import PROJECT
from evenwicht.config import RunConfig
from evenwicht.report.crate import DESCRIPTION, Inputs, write_crate
from evenwicht.report.provenance import BEGAN, PACKAGES, provenance

from tests.conftest import ROOT
from tests.crates import entities, faults

WORLD = Inputs(
    settings={"seed": 7, "truth_draws": 10_000, "strict": False, "language": "nl"},
    titles={"world": "A made-up world"},
    cohort_files={"world": "a" * 64},
    data={},
)
OWN = replace(
    WORLD,
    titles={**WORLD.titles, "own": "Our cohort"},
    cohort_files={**WORLD.cohort_files, "own": "b" * 64},
    data={"own": ["c" * 64, "d" * 64]},
)
TABLE = "tables/estimates.csv"

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # of the validator


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results of a run whose time is fixed, in the home of a user."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    folder = tmp_path / "home/jane_doe/results"
    for file in ("report.html", "pages/cohort-own.html", TABLE, "figures/balance.svg"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(f"content of {file}\n", encoding="utf-8")
    return folder


def written(folder: Path, inputs: Inputs = OWN) -> str:
    files = [folder / file for file in ("report.html", "pages/cohort-own.html", TABLE)]
    write_crate(inputs, files, folder / "figures", folder)
    return (folder / DESCRIPTION).read_text(encoding="utf-8")


def found(folder: Path, type_: str) -> list[dict]:
    return [entity for entity in entities(folder) if type_ in entity["@type"]]


# --- valid -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inputs", [OWN, WORLD], ids=["own data", "worlds alone"])
def test_it_has_all_that_the_profiles_of_workflow_run_crates_require(
    inputs: Inputs, results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(results, inputs)
    assert faults(results, monkeypatch, tmp_path / "cache") == []


def without_terms(entity: dict) -> None:
    entity.pop("license", None)


def without_type_of_parameters(entity: dict) -> None:
    entity.pop("additionalType", None)


def without_instrument(entity: dict) -> None:
    entity.pop("instrument", None)


def with_a_word_of_its_own(entity: dict) -> None:
    entity["sha_of_file"] = "c"


@pytest.mark.parametrize(
    "change", [without_terms, without_type_of_parameters, without_instrument, with_a_word_of_its_own]
)
def test_the_profiles_find_what_is_missing(
    change: Callable[[dict], None], results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crate = json.loads(written(results))
    for entity in crate["@graph"]:
        change(entity)
    (results / DESCRIPTION).write_text(json.dumps(crate), encoding="utf-8")
    assert faults(results, monkeypatch, tmp_path / "cache")


def test_the_profiles_find_a_result_that_is_not_there(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(results)
    (results / TABLE).unlink()
    assert TABLE in " ".join(faults(results, monkeypatch, tmp_path / "cache"))


# --- what it tells ---------------------------------------------------------------------------------------------------


def test_every_result_is_told_with_its_size_and_digest(results: Path) -> None:
    written(results)
    told = {entity["@id"]: entity for entity in found(results, "File")}
    assert set(told) == {"report.html", "pages/cohort-own.html", TABLE, "workflow/Snakefile"}
    for file, entity in told.items():
        content = (results / file).read_bytes()
        assert entity["sha256"] == hashlib.sha256(content).hexdigest()
        assert entity["contentSize"] == str(len(content))
    (run,) = found(results, "CreateAction")
    assert {result["@id"] for result in run["result"]} == {*told, "figures/"} - {"workflow/Snakefile"}


def test_a_changed_table_changes_its_digest_and_nothing_else(results: Path) -> None:
    before = written(results).splitlines()
    content = (results / TABLE).read_text(encoding="utf-8")
    (results / TABLE).write_text(content.upper(), encoding="utf-8")
    after = written(results).splitlines()
    (changed,) = [line for line, old in zip(after, before, strict=True) if line != old]
    assert hashlib.sha256(content.upper().encode()).hexdigest() in changed


def test_settings_and_digests_of_inputs_are_values_of_parameters_of_the_workflow(results: Path) -> None:
    written(results)
    (run,) = found(results, "CreateAction")
    (workflow,) = found(results, "ComputationalWorkflow")
    values = {entity["@id"]: entity for entity in found(results, "PropertyValue")}
    parameters = {entity["@id"]: entity for entity in found(results, "FormalParameter")}
    assert [reference["@id"] for reference in run["object"]] == list(values)
    assert [reference["@id"] for reference in workflow["input"]] == list(parameters)
    given = {entity["name"]: entity["value"] for entity in values.values()}
    assert given == {
        **OWN.settings,
        "SHA-256 of the cohort file of world": "a" * 64,
        "SHA-256 of the cohort file of own": "b" * 64,
        "SHA-256 of the data of own, file 1": "c" * 64,
        "SHA-256 of the data of own, file 2": "d" * 64,
    }
    for key, entity in values.items():
        examples = parameters[entity["exampleOfWork"]["@id"]]["workExample"]
        assert {"@id": key} in (examples if isinstance(examples, list) else [examples])
    assert run["description"] == "snakemake --config seed=7 truth_draws=10000 strict=false language=nl"


def test_every_setting_of_a_run_can_be_told(results: Path) -> None:
    settings = RunConfig(seed=1, cohorts=["a.yaml"]).model_dump(mode="json", exclude={"cohorts"})
    written(results, replace(WORLD, settings=settings))
    described = {entity["name"]: entity["description"] for entity in found(results, "FormalParameter")}
    assert {key: described[key] for key in settings} == {
        key: RunConfig.model_fields[key].description for key in settings
    }


def test_the_snakefile_stands_beside_the_results_under_its_licence_and_the_versions_are_told(results: Path) -> None:
    written(results)
    (workflow,) = found(results, "ComputationalWorkflow")
    assert (results / workflow["@id"]).read_bytes() == (PROJECT / "workflow/Snakefile").read_bytes()
    assert workflow["license"] == {"@id": "https://spdx.org/licenses/MIT"}
    assert {entity["name"] for entity in found(results, "SoftwareApplication")} == {"Python", *PACKAGES}
    (root,) = [entity for entity in entities(results) if entity["@id"] == "./"]
    assert root["license"] == {"@id": "#terms"}, "results are not under the licence of the program"


# --- what it does not tell, and times --------------------------------------------------------------------------------


def test_it_names_no_place_no_user_and_no_machine(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.setenv(variable, "jane_doe")
    monkeypatch.setattr(socket, "gethostname", lambda: "jane_laptop")
    monkeypatch.setattr(platform, "node", lambda: "jane_laptop")
    text = written(results)
    assert not [trace for trace in ("jane", "home/", str(results), str(PROJECT), str(Path.cwd())) if trace in text]


def test_with_a_fixed_time_the_same_run_has_the_same_bytes_wherever_it_lies(results: Path, tmp_path: Path) -> None:
    first = written(results)
    assert written(results.rename(tmp_path / "elsewhere")) == first
    (run,) = found(tmp_path / "elsewhere", "CreateAction")
    assert run["startTime"] == run["endTime"] == "2023-11-14T22:13:20+00:00"


@pytest.mark.parametrize(
    ("last", "told"), [(1_700_000_100, "2023-11-14T22:15:00"), (1_600_000_000, "2023-11-14T22:13:20")], ids=str
)
def test_otherwise_it_tells_when_the_run_began_and_had_its_results_whoever_writes_it_again(
    last: int, told: str, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that found all its results made already ends when it begins."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    monkeypatch.setenv(BEGAN, "1700000000")
    for file in results.rglob("*.*"):
        os.utime(file, (last - 60, last - 60))
    os.utime(results / TABLE, (last, last))
    first = written(results)
    (run,) = found(results, "CreateAction")
    assert run["startTime"] == "2023-11-14T22:13:20+00:00"
    assert run["endTime"] == f"{told}+00:00"
    assert written(results) == first


def test_pages_say_when_the_run_began_whoever_makes_them_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setenv(BEGAN, "1700000000")
    assert provenance(ROOT)["Made"] == "2023-11-14 22:13 UTC"
