"""A mistake in the config stops the run before any job, and its message says where it is and how to fix it."""

import copy
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from evenwicht.base.errors import ConfigError
from evenwicht.config import CohortConfig, json_schema
from evenwicht.config.loading import load_cohort, load_run, read_yaml, validate

from tests.conftest import ROOT

RUN = read_yaml(ROOT / "config/config.yaml")
DUNEDIN = read_yaml(ROOT / "config/dunedin.yaml")
NHEFS = read_yaml(ROOT / "config/nhefs.yaml")
RATIONING = read_yaml(ROOT / "config/rationing.yaml")
FAMINE = read_yaml(ROOT / "config/famine.yaml")
REFORM = read_yaml(ROOT / "config/reform.yaml")


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
    "wrong key": (at("permutation", 100), "permutation: unknown key. Did you mean 'permutations'?"),
    "missing key": (without("seed"), "seed: required key is missing"),
    "wrong type": (at("seed", "many"), "seed: input should be a valid integer.*got 'many'"),
    "negative seed": (at("seed", -1), "seed: input should be greater than or equal to 0.*got -1"),
    "too few replicates": (at("permutations", 3), "permutations: input should be greater than or equal to 100.*got 3"),
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
        "columns.quit: which of the codes 1 and 2 means yes. Say so with `yes_code`",
    ),
    "boolean with three codes": (
        NHEFS,
        at("columns.quit.codes", {0: "no", 1: "yes", 2: "perhaps"}),
        "columns.quit: a boolean column has two codes",
    ),
    "yes_code that is no code": (
        NHEFS,
        at("columns.quit.yes_code", "7"),
        "columns.quit: yes_code '7' is not one of the codes 0 and 1",
    ),
    "code that is described and missing": (
        NHEFS,
        at("columns.sex.missing", [1.0]),
        "columns.sex: 1 stands in `codes` and in `missing`",
    ),
    "codes of a number": (NHEFS, at("columns.age.codes", {1: "young"}), "columns.age: codes belong to type category"),
    "Norway": (NHEFS, at("columns.sex.codes", {False: "Norway"}), "columns.sex: YAML reads a bare yes, no"),
    "Norway missing": (NHEFS, at("columns.sex.missing", [False]), "columns.sex.missing.0: YAML reads a bare yes, no"),
    "range of a category": (NHEFS, at("columns.sex.minimum", 0), "columns.sex: minimum and maximum belong to numbers"),
    "date as range of a number": (
        NHEFS,
        at("columns.age.minimum", "1950-01-01"),
        "columns.age: minimum and maximum must be numbers",
    ),
    "range upside down": (NHEFS, at("columns.age.minimum", 80), "columns.age: minimum must not exceed maximum"),
    "precision of a number": (NHEFS, at("columns.age.precision", "month"), "columns.age: precision belongs to type"),
    "identifier as a number": (NHEFS, at("columns.id.type", "number"), "columns.id: an identifier has type integer"),
    "measure twice": (
        NHEFS,
        at("source.measures.1.wave", "1971"),
        "source: listed twice: measure weight at wave 1971",
    ),
    "event twice": (NHEFS, at("source.events", NHEFS["source"]["events"] * 2), "source: listed twice: event death"),
    "sector twice": (
        NHEFS,
        at("source.costs", [{"sector": "gp", "window": "40", "amount": name} for name in ("age", "wt71")]),
        "source: listed twice: sector gp in window 40",
    ),
    "status with another type": (
        NHEFS,
        at("source.events.0.status", {"source": "death", "type": "number"}),
        r"source.events.0.status: this column has type boolean, not number",
    ),
    "age without a name": (
        NHEFS,
        at("source.events.0.entry_age", {"minimum": 0}),
        "source.events.0.entry_age: `source`, the name in the source table, is needed",
    ),
    "outcome twice": (
        NHEFS,
        at("policy.outcomes", ["quitting", "quitting"]),
        "policy.outcomes.1: 'quitting' is listed twice",
    ),
    "policy twice": (
        NHEFS,
        at("policy.exposures", ["high_price", "high_price"]),
        "policy.exposures.1: 'high_price' is listed twice",
    ),
    "date as a covariate": (
        RATIONING,
        at("event_study.adjust.columns", ["birth_date"]),
        "event_study.adjust.columns.0: 'birth_date' is a date",
    ),
    "identifier as a covariate": (
        NHEFS,
        at("individual.adjust.columns.0", "id"),
        "individual.adjust.columns.0: 'id' identifies persons",
    ),
    "outcome as a covariate": (
        NHEFS,
        at("individual.adjust.columns.0", "weight_change"),
        "individual.adjust.columns.0: 'weight_change' is the outcome weight_change itself",
    ),
    "exposure as a covariate": (
        NHEFS,
        at("individual.adjust.columns.0", "quit"),
        "individual.adjust.columns.0: 'quit' is the exposure itself",
    ),
    "exposure as an outcome": (
        NHEFS,
        at("individual.outcomes.0", "quitting"),
        "individual.outcomes: 'quitting' is the exposure quit itself",
    ),
    "category as an outcome": (
        NHEFS,
        at("outcomes.weight_change.column", "education"),
        "outcomes.weight_change.column: 'education' is of type category",
    ),
    "number as a yes/no outcome": (
        NHEFS,
        at("outcomes.quitting.column", "age"),
        "outcomes.quitting.column: 'age' is of type number; a binary outcome is of type boolean",
    ),
    "identifier in Table 1": (NHEFS, at("table1.0", "id"), "table1.0: 'id' is an identifier"),
    "month of birth in a study by day": (
        REFORM,
        at("columns.birth_date.precision", "month"),
        "columns.birth_date.precision: 'birth_date' is known to the month, but reform needs the day of birth",
    ),
    "year of birth in a study by month": (
        RATIONING,
        at("columns.birth_date.precision", "year"),
        "'birth_date' is known to the year, but event_study needs the month of birth",
    ),
    "month of birth in windows by day": (
        FAMINE,
        at("columns.birth_date.precision", "month"),
        "'birth_date' is known to the month, but birth_periods needs the day of birth",
    ),
    "two identifiers": (
        NHEFS,
        at("columns.sex", {"role": "id", "type": "integer", "label": "Sex"}),
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
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as caught:
        load_cohort(path)
    assert str(caught.value).startswith(str(path))


def test_every_mistake_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(ConfigError) as caught:
        load_run({**RUN, "seed": -1, "permutations": 1, "typo": True})
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


UNREADABLE: dict[str, tuple[bytes, str]] = {
    "another encoding": ("title: Århus\n".encode("cp1252"), "not UTF-8 text"),
    "control character": (b"title: \x07\n", "not valid YAML: it holds a character that is no text"),
    "date that does not exist": (b"first: 1954-02-30\n", "line 1: not valid YAML: day is out of range for month"),
    "list as a key": (b"? [a, b]\n: c\n", "line 1: not valid YAML: .*unhashable"),
    "nested without end": (b"[" * 5000, "nested too deeply"),
    "empty": (b"", "not a mapping"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_config_that_cannot_be_read_is_one_message(kind: str, tmp_path: Path) -> None:
    content, message = UNREADABLE[kind]
    path = tmp_path / "cohort.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as refused:
        load_cohort(path)
    assert str(refused.value).startswith(str(path))


def test_a_config_that_is_no_file_is_refused_without_opening_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a directory, not a file"):
        load_cohort(tmp_path)
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(ConfigError, match="a pipe, socket or device, not a file"):
        load_cohort(tmp_path / "pipe.yaml")


def test_many_mistakes_are_cut_with_a_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(ConfigError, match="and 28 more mistakes") as caught:
        load_run({**RUN, **{f"key_{i}": ["x" * 1000] for i in range(40)}})
    assert len(str(caught.value).splitlines()) < 20


def test_windows_of_whole_months_need_the_month_of_birth_only(tmp_path: Path) -> None:
    data = copy.deepcopy(FAMINE)
    data["columns"]["birth_date"]["precision"] = "month"
    data["birth_periods"]["cluster"] = "month"
    for window, (first, last) in zip(
        data["birth_periods"]["exposed"].values(),
        [("1944-02-01", "1944-11-30"), ("1944-12-01", "1945-02-28"), ("1945-03-01", "1945-06-30")],
        strict=False,
    ):
        window |= {"first": first, "last": last}
    path = tmp_path / "famine.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    assert load_cohort(path).columns["birth_date"].precision == "month"
    data["birth_periods"]["cluster"] = "week"
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with pytest.raises(ConfigError, match="birth_periods needs the day of birth"):
        load_cohort(path)


def own(**source: object) -> dict[str, Any]:
    """The template for own cohorts with settings of its source changed."""
    data = read_yaml(ROOT / "config/own_cohort_example.yaml")
    return {**data, "source": {**data["source"], **source}}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"decimal": ","}, "separator and decimal must differ"),
        ({"encoding": "klingon"}, "source.encoding: no such encoding"),
        ({"encoding": "hex"}, "source.encoding: no such encoding"),
        ({"separator": ";;"}, "source.separator: .*at most 1 character"),
        ({"path": "own.parquet", "decimal": ",", "separator": ";"}, "belong to text files, not to Parquet"),
    ],
)
def test_mistake_in_how_a_table_is_written_names_its_key(source: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        validate(CohortConfig, own(**source), "own.yaml")


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
