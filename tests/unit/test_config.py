"""A mistake in the config stops the run before any job, and its message says where it is and how to mend it."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from evenwicht.config import json_schema
from evenwicht.errors import ConfigError
from evenwicht.loading import load_cohort, load_run, read_yaml

from tests.conftest import ROOT

RUN = read_yaml(ROOT / "config/config.yaml")
DUNEDIN = read_yaml(ROOT / "config/dunedin.yaml")
NHEFS = read_yaml(ROOT / "config/nhefs.yaml")


def at(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Set the value at a key path."""

    def change(data: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for key in parents:
            data = data[int(key) if isinstance(data, list) else key]
        data[int(last) if isinstance(data, list) else last] = value

    return change


def without(path: str) -> Callable[[dict[str, Any]], None]:
    """Remove a key."""

    def change(data: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for key in parents:
            data = data[key]
        del data[last]

    return change


RUN_MISTAKES = {
    "wrong key": (at("bootstraps", 100), "bootstraps: unknown key. Did you mean 'bootstrap'?"),
    "missing key": (without("seed"), "seed: required key is missing"),
    "wrong type": (at("seed", "many"), "seed: input should be a valid integer.*got 'many'"),
    "negative seed": (at("seed", -1), "seed: input should be greater than or equal to 0.*got -1"),
    "too few replicates": (at("bootstrap", 3), "bootstrap: input should be greater than or equal to 50.*got 3"),
    "no cohorts": (at("cohorts", []), "cohorts: list should have at least 1 item"),
    "absent cohort file": (at("cohorts", ["config/absent.yaml"]), "config/absent.yaml: no such file"),
    "same cohort twice": (
        at("cohorts", ["config/nhefs.yaml", "config/nhefs.yaml"]),
        "cohorts.1: the name 'nhefs' is taken",
    ),
}
COHORT_MISTAKES = {
    "share above one": (DUNEDIN, at("source.share_male", 1.2), "source.share_male: .*less than 1.*got 1.2"),
    "misspelt stressor": (
        DUNEDIN,
        at("source.stressors.povertyy", {"prevalence": 0.1, "ses": 0, "family": 0}),
        "source.stressors.povertyy: unknown key. Did you mean 'poverty'?",
    ),
    "impossible correlations": (
        DUNEDIN,
        at("source.stressors.poverty", {"prevalence": 0.1, "ses": 0.9, "family": 0.9}),
        "source.stressors.poverty: ses squared plus family squared",
    ),
    "unknown effect": (DUNEDIN, at("source.policy_effect", "good"), "source.policy_effect: .*'beneficial'.*got 'good'"),
    "impossible date": (DUNEDIN, at("source.first_birth", "1972-13-01"), "source.first_birth: .*valid date"),
    "policy outside the births": (
        DUNEDIN,
        at("source.policy.born_on_or_after", "1980-01-01"),
        "source: policy.born_on_or_after must split the births",
    ),
    "waves out of order": (
        DUNEDIN,
        at("source.waves.0", {"age": 99, "participation": 1}),
        "source: waves must be in order",
    ),
    "cost age without wave": (DUNEDIN, at("source.cost_ages", [40]), "source: cost_ages must be ages of waves"),
    "unknown kind of source": (NHEFS, at("source.kind", "excel"), r"source\.kind: .*'excel'.*Choose one of"),
    "unknown column in adjustment": (
        NHEFS,
        at("individual.adjust.columns.0", "sexe"),
        r"individual.adjust.columns.0: 'sexe' is not a column of this cohort. Did you mean 'sex'\?",
    ),
    "square of a column that is not adjusted for": (
        NHEFS,
        at("individual.adjust.quadratic.0", "weight_change"),
        "individual.adjust.quadratic.0: 'weight_change' is not an adjustment column",
    ),
    "exposure that is not yes or no": (
        NHEFS,
        at("individual.exposure", "age"),
        "individual.exposure: 'age' is not of type",
    ),
    "unknown outcome": (NHEFS, at("policy.outcomes.0", "divorce"), "policy.outcomes.0: 'divorce' is not an outcome"),
    "unknown event": (NHEFS, at("outcomes.death.event", "birth"), "outcomes.death.event: 'birth' is not an event"),
    "instrument that is not a policy": (
        NHEFS,
        at("policy.instrument", "sex"),
        "policy.instrument: 'sex' is not a policy",
    ),
    "boolean with other codes": (
        NHEFS,
        at("columns.quit.codes", {1: "quit", 2: "kept smoking"}),
        "columns.quit: a boolean column has the codes 0 and 1",
    ),
    "two identifiers": (
        NHEFS,
        at("columns.age.role", "id"),
        "columns: there must be exactly one column with role 'id'",
    ),
    "unknown role": (NHEFS, at("columns.age.role", "confounder"), "columns.age.role: .*got 'confounder'"),
    "not a number": (DUNEDIN, at("source.disease.shape", ".nan"), "source.disease.shape: .*valid number"),
}


@pytest.mark.parametrize("mistake", RUN_MISTAKES)
def test_mistake_in_the_run_config_names_its_key(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    change, message = RUN_MISTAKES[mistake]
    data = copy.deepcopy(RUN)
    change(data)
    with pytest.raises(ConfigError, match=message):
        load_run(data)


@pytest.mark.parametrize("mistake", COHORT_MISTAKES)
def test_mistake_in_a_cohort_file_names_its_key(mistake: str, tmp_path: Path) -> None:
    original, change, message = COHORT_MISTAKES[mistake]
    data = copy.deepcopy(original)
    change(data)
    path = tmp_path / "cohort.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as caught:
        load_cohort(path)
    assert str(caught.value).startswith(str(path))


def test_every_mistake_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(ConfigError) as caught:
        load_run({**RUN, "seed": -1, "bootstrap": 1, "typo": True})
    assert len(str(caught.value).splitlines()) == 3


def test_broken_yaml_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("name: a\ntitle: [unclosed\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(f"{path}, line 3: not valid YAML")):
        read_yaml(path)


def test_key_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "twice.yaml"
    path.write_text("seed: 1\nseed: 2\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="line 2.*key 'seed' stands twice"):
        read_yaml(path)


def test_bare_null_is_the_world_without_effect(tmp_path: Path) -> None:
    path = tmp_path / "null.yaml"
    text = (ROOT / "config/dunedin.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("stressor_effect: harmful", "stressor_effect: null"), encoding="utf-8")
    assert load_cohort(path).source.stressor_effect == "null"


def test_committed_schema_is_current() -> None:
    committed = json.loads((ROOT / "config/schema.json").read_text(encoding="utf-8"))
    assert committed == json_schema(), "run `make schema` and commit config/schema.json"


def test_default_cohorts_satisfy_the_schema() -> None:
    from jsonschema import Draft202012Validator

    schema = json_schema()
    plain = json.loads(json.dumps({"run": RUN, "nhefs": NHEFS, "dunedin": DUNEDIN}, default=str))
    Draft202012Validator(schema).validate(plain["run"])
    for name in ("nhefs", "dunedin"):
        Draft202012Validator({**schema, "$ref": "#/$defs/CohortConfig"}).validate(plain[name])
