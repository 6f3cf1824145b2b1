"""A mistake in the config stops the run before any job, and its message says where it is and how to fix it."""

import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from evenwicht.base.errors import ConfigError
from evenwicht.base.exposures import Exposure
from evenwicht.base.outcomes import EventOutcome
from evenwicht.config import CohortConfig, RunConfig, json_schema
from evenwicht.config.loading import load_cohort, load_run, read_yaml, validate
from evenwicht.config.reference import without_meaning
from evenwicht.studies import KINDS

from tests.cohorts import changed, configured
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


def born_to(precision: str) -> dict[str, Any]:
    """The date of birth of a world, described as known less well."""
    return {"birth_date": {"role": "birth_date", "type": "date", "label": "Date of birth", "precision": precision}}


RUN_MISTAKES = {
    "wrong key": (at("replicate", 100), "replicate: unknown key. Did you mean 'replicates'?"),
    "missing key": (without("seed"), "seed: required key is missing"),
    "wrong type": (at("seed", "many"), "seed: input should be a valid integer.*got 'many'"),
    "negative seed": (at("seed", -1), "seed: input should be greater than or equal to 0.*got -1"),
    "too few replicates": (at("replicates", 3), "replicates: input should be greater than or equal to 20.*got 3"),
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
        at("adjustments.full.columns.0", "sexe"),
        r"adjustments.full.columns.0: 'sexe' is not a column of this cohort. Did you mean 'sex'\?",
    ),
    "square of a column that is not adjusted for": (
        NHEFS,
        at("adjustments.full.squares.0", "weight_change"),
        "adjustments.full: squares, splines and interactions are of columns; not among them: weight_change",
    ),
    "unknown outcome": (
        NHEFS,
        at("studies.price.outcomes.0", "divorce"),
        "studies.price.outcomes.0: 'divorce' is not an outcome",
    ),
    "unknown event": (NHEFS, at("outcomes.death.event", "birth"), "outcomes.death.event: 'birth' is not an event"),
    "instrument that is the exposure": (
        NHEFS,
        at("studies.price_as_instrument.instrument", "quit"),
        "studies.price_as_instrument.instrument: the instrument is the exposure itself",
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
    "Norway missing": (NHEFS, at("columns.sex.missing", [False]), "columns.sex.missing: YAML reads a bare yes, no"),
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
        at("studies.price.outcomes", ["quitting", "quitting"]),
        "studies.price.outcomes.1: 'quitting' is listed twice",
    ),
    "comparison twice": (
        NHEFS,
        at("studies.price.exposures", ["high_price", "high_price"]),
        "studies.price.exposures: a comparison is listed twice",
    ),
    "date as a covariate": (
        RATIONING,
        at("studies.end_of_rationing.adjust.columns", ["birth_date"]),
        "studies.end_of_rationing.adjust.columns.0: 'birth_date' is a date",
    ),
    "identifier as a covariate": (
        NHEFS,
        at("adjustments.full.columns.0", "id"),
        "adjustments.full.columns.0: 'id' identifies persons",
    ),
    "outcome as a covariate": (
        NHEFS,
        at("studies.quitting.adjust", {"columns": ["weight_change"]}),
        "studies.quitting.adjust.columns.0: 'weight_change' is the outcome weight_change itself",
    ),
    "exposure as a covariate": (
        NHEFS,
        at("studies.quitting.adjust", {"columns": ["sex", "quit", "smoking_intensity"]}),
        "studies.quitting.adjust.columns.1: 'quit' is the exposure itself",
    ),
    "exposure as an outcome": (
        NHEFS,
        at("studies.quitting.outcomes.0", "quitting"),
        "studies.quitting.outcomes: 'quitting' is the exposure quit of exposures itself",
    ),
    "unknown adjustment set": (
        NHEFS,
        at("studies.quitting.adjust", "ful"),
        r"studies.quitting.adjust: 'ful' is not a set of adjustments of this cohort. Did you mean 'full'\?",
    ),
    "spline of a category": (
        NHEFS,
        at("adjustments.full.splines", {"sex": 3}),
        "adjustments.full.splines: 'sex' is of type category",
    ),
    "spline and square": (
        NHEFS,
        at("adjustments.full.splines", {"age": 3}),
        "adjustments.full: a spline needs no square beside it: age",
    ),
    "unknown kind of study": (
        NHEFS,
        at("studies.quitting.kind", "individual"),
        r"studies.quitting.kind: .*'individual'.*'exposure', 'ladder', 'siblings'.*Choose one of",
    ),
    "study called as the job of light studies": (
        NHEFS,
        at("studies.light", NHEFS["studies"]["quitting"]),
        "a study must not be called 'light'",
    ),
    "no study": (NHEFS, at("studies", {}), "studies: it is empty"),
    "nothing in Table 1": (NHEFS, at("table1", []), "table1: it is empty"),
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
        at("columns", born_to("month")),
        "studies.leave: 'birth_date' is known to the month, but this study needs the day of birth",
    ),
    "year of birth in a study by month": (
        RATIONING,
        at("columns", born_to("year")),
        "studies.end_of_rationing: 'birth_date' is known to the year, but this study needs the month of birth",
    ),
    "month of birth in windows by day": (
        FAMINE,
        at("columns", born_to("month")),
        "studies.windows: 'birth_date' is known to the month, but this study needs the day of birth",
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
        load_run({**RUN, "seed": -1, "replicates": 1, "typo": True})
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
    "empty": (b"", "the file is empty"),
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
    windows = data["studies"]["windows"]
    data["columns"], windows["cluster"] = born_to("month"), "month"
    for window, (first, last) in zip(
        windows["windows"].values(),
        [("1944-02-01", "1944-11-30"), ("1944-12-01", "1945-02-28"), ("1945-03-01", "1945-06-30")],
        strict=False,
    ):
        window |= {"first": first, "last": last}
    path = tmp_path / "famine.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    assert load_cohort(path).columns["birth_date"].precision == "month"
    windows["cluster"] = "week"
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with pytest.raises(ConfigError, match="studies.windows: .*this study needs the day of birth"):
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
        (
            {"path": "own.parquet", "decimal": ",", "separator": ";"},
            "says itself how it is written: leave out decimal, separator",
        ),
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


# --- what the tree says of itself ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which `make schema` writes."""
    folder = tmp_path_factory.mktemp("config")
    subprocess.run([sys.executable, "-m", "evenwicht.config", str(folder)], check=True)
    return folder


@pytest.mark.parametrize("name", ["schema.json", "README.md"])
def test_committed_schema_and_key_reference_are_current(name: str, written: Path) -> None:
    committed, current = ((folder / name).read_text(encoding="utf-8") for folder in (ROOT / "config", written))
    assert committed == current, f"run `make schema` and commit config/{name}"


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_file_of_the_project_satisfies_the_schema(path: Path) -> None:
    from jsonschema import Draft202012Validator

    schema = json_schema() if path.stem == "config" else {**json_schema(), "$ref": "#/$defs/CohortConfig"}
    Draft202012Validator(schema).validate(json.loads(json.dumps(read_yaml(path), default=str)))


def test_every_key_says_what_it_means() -> None:
    assert without_meaning() == []


def test_every_kind_of_study_is_in_the_key_reference(written: Path) -> None:
    text = (written / "README.md").read_text(encoding="utf-8")
    for kind in KINDS:
        assert f"\n### studies: {name_of(kind)}\n" in text


def test_a_run_needs_a_seed_and_cohorts_only() -> None:
    assert json_schema()["$defs"]["RunConfig"]["required"] == ["seed", "cohorts"]
    assert not RunConfig(seed=1, cohorts=["config/nhefs.yaml"]).strict


def test_a_world_describes_its_own_columns_and_sectors() -> None:
    assert "columns" not in DUNEDIN
    assert "sectors" not in DUNEDIN
    book = configured("dunedin").codebook
    assert set(DUNEDIN["table1"]) <= set(book.columns)
    assert set(book.sectors) == set(DUNEDIN["source"]["sectors"])


def test_a_file_may_describe_a_column_of_its_world_anew() -> None:
    described = changed(configured("dunedin"), {"columns.ses": {"role": "baseline", "label": "Family income"}})
    assert described.codebook.columns["ses"].label == "Family income"
    assert list(described.codebook.columns) == list(configured("dunedin").codebook.columns)


def test_an_outcome_may_state_the_smallest_difference_that_matters() -> None:
    stated = changed(configured("dunedin"), {"outcomes.disease.margin": 0.02})
    assert stated.outcomes["disease"].margin == 0.02
    with pytest.raises(ConfigError, match="outcomes.disease.margin: input should be greater than 0"):
        validate(
            CohortConfig, {**DUNEDIN, "outcomes": {"disease": {**DUNEDIN["outcomes"]["disease"], "margin": 0}}}, ""
        )


# --- unknown keys ----------------------------------------------------------------------------------------------------

UNKNOWN_KEYS = {
    "studis": "studis: unknown key. Did you mean 'studies'?",
    "studies.stressors.outcoms": "studies.stressors.outcoms: unknown key. Did you mean 'outcomes'?",
    "studies.stressors.cluster": "studies.stressors.cluster: no key of this section. Move it to its own",
    "studies.concentration.top_sharess": "studies.concentration.top_sharess: unknown key. Did you mean 'top_shares'?",
    "outcomes.disease.column": "outcomes.disease.column: no key of this section",
    "adjustments.full.quadratic": "adjustments.full.quadratic: unknown key",
    "source.disease.ratee": "source.disease.ratee: unknown key. Did you mean 'rate'?",
}


@pytest.mark.parametrize("path", UNKNOWN_KEYS)
def test_an_unknown_key_is_named_with_its_section(path: str) -> None:
    data = copy.deepcopy(DUNEDIN)
    at(path, 1)(data)
    with pytest.raises(ConfigError, match=re.escape(UNKNOWN_KEYS[path])) as refused:
        validate(CohortConfig, data, "file")
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("adjust", {"columns": ["sex"], "quadratic": ["sex"]}, "stressors.adjust.quadratic: unknown key"),
        ("adjust", {"columns": ["sex"], "squares": ["ses"]}, "stressors.adjust: squares, splines and interactions are"),
        ("adjust", "The full set", "stressors.adjust: string should match pattern"),
        ("subgroups", [{"column": "ses", "part": 3}], "stressors.subgroups.0.part: unknown key"),
    ],
)
def test_a_key_that_is_text_or_a_section_is_one_mistake_in_the_form_that_was_meant(
    key: str, value: object, message: str
) -> None:
    data = copy.deepcopy(DUNEDIN)
    at(f"studies.stressors.{key}", value)(data)
    with pytest.raises(ConfigError, match=message) as refused:
        validate(CohortConfig, data, "file")
    assert len(str(refused.value).splitlines()) == 1


# --- what each kind of study needs of the cohort ---------------------------------------------------------------------

SIBLINGS = {"kind": "siblings", "exposures": ["poverty"], "outcomes": ["disease"]}
QUITTERS = {"kind": "time_varying", "exposures": ["treated"], "outcomes": ["death"]}
TREATED = {"file": "stays", "start": "from", "exposures": {"treated": {"label": "Treated", "state": "ever"}}}
# studies that no default cohort file has, with what they need
ADDED: dict[str, dict[str, Any]] = {
    "siblings": {"studies.brothers": SIBLINGS},
    "time_varying": {
        "source.files": {"stays": {"path": "stays.csv", "id": "no"}},
        "source.spells": [TREATED],
        "studies.quitters": QUITTERS,
    },
}
# a study of each kind, what is changed in it, and the keys at fault, relative to the study
FAULTS: dict[str, tuple[str, str, dict[str, Any], list[str]]] = {
    "exposure": (
        "dunedin",
        "stressors",
        {
            "exposures": ["povertyy", "birth_date"],
            "outcomes": ["multi_sector_need", "divorce"],
            "adjust": {"columns": ["sex", "sess"]},
            "modifiers": ["iq"],
            "subgroups": ["ses", {"column": "sex"}, "famly", "ses"],
            "weights": "sampling",
        },
        [
            *("exposures.0", "exposures.1", "outcomes.1", "adjust.columns.1", "modifiers.0"),
            *("subgroups.0", "subgroups.1", "subgroups.2", "subgroups.3", "subgroups.3", "weights"),
        ],
    ),
    "siblings": (
        "dunedin",
        "brothers",
        {"exposures": ["povertyy"], "outcomes": ["divorce"], "adjust": "fully"},
        ["exposures.0", "outcomes.0", "adjust"],
    ),
    "ladder": (
        "dunedin",
        "what_confounds",
        {
            "exposures": ["povertyy"],
            "adjust": "full",
            "steps.0.adjust": {"columns": ["sess"]},
            "steps.1.adjust": "designs",
            "outcomes": ["disease", "divorce"],
        },
        ["exposures.0", "adjust", "steps.0.adjust.columns.0", "steps.1.adjust", "outcomes.1"],
    ),
    "competing_risks": (
        "dunedin",
        "disease_or_death",
        {"exposures": ["povertyy"], "outcomes": ["multi_sector_need"], "competing": ["deaths"]},
        ["exposures.0", "outcomes.0", "competing.0"],
    ),
    "inequality": (
        "dunedin",
        "inequality",
        {"exposures": ["povertyy"], "by": "sex", "outcomes": ["divorce"]},
        ["exposures.0", "by", "outcomes.0"],
    ),
    "timing": (
        "lifecourse",
        "timing",
        {"periods.infancy.column": "stressor", "outcomes": ["disorder"], "adjust": {"columns": ["sess"]}},
        ["periods.infancy.column", "outcomes.0", "adjust.columns.0"],
    ),
    "pathways": (
        "dunedin",
        "pathways",
        {"mediators": ["poverty", "brains", "sex"], "outcomes": ["disease"]},
        ["mediators.0.columns.0", "mediators.1.columns.0", "mediators.2.columns.0", "outcomes.0"],
    ),
    "context": (
        "regions",
        "people_and_places",
        {"group": "poverty", "exposures": ["poor"], "conditions": ["parks"], "outcomes": ["speech"]},
        ["group", "exposures.0", "conditions.0", "outcomes.0"],
    ),
    "policy": (
        "dunedin",
        "child_benefit",
        {"exposures": ["child_benefits"], "cluster": "month", "outcomes": ["poor"], "adjust": {"columns": ["id"]}},
        ["exposures.0", "cluster", "outcomes.0", "adjust.columns.0"],
    ),
    "instrument": (
        "nhefs",
        "price_as_instrument",
        {"exposure": "education", "instrument": "prices", "cluster": "county", "outcomes": ["death"], "adjust": {}},
        ["exposure.reference", "exposure.exposed", "instrument", "cluster", "outcomes.0"],
    ),
    "event_study": (
        "rationing",
        "end_of_rationing",
        {
            "cluster": "month",
            "outcomes": ["type_2_diabetes", "gout"],
            "from_visit.hypertension": "first_visit",
            "negative_controls": ["control_1", "control_1", "control_2", "control_3", "control_99"],
        },
        [
            *("cluster", "outcomes.1", "from_visit", "from_visit.hypertension"),
            *("negative_controls.1", "negative_controls.4"),
        ],
    ),
    "adoption": (
        "castle",
        "law",
        {
            "exposure": "year",
            "unit": "county",
            "period": "population",
            "weights": "states",
            "outcomes": ["log_homicide"],
            "adjust": {"columns": ["homicides"]},
            "missing": {"handling": "attrition_weights"},
        },
        ["exposure", "unit", "period", "weights", "outcomes.0", "adjust", "missing.handling"],
    ),
    "time_varying": (
        "nhefs",
        "quitters",
        {
            "exposures": ["treatd"],
            "outcomes": ["death", "weight_change"],
            "cluster": "county",
            "weights": "sampling",
            "adjust": {"columns": ["id"]},
            "missing": {"handling": "imputation"},
        },
        ["exposures.0", "outcomes.1", "cluster", "weights", "adjust.columns.0", "missing.handling"],
    ),
    "birth_periods": (
        "famine",
        "windows",
        {"region": "city", "outcomes": ["glucoses"], "design_analysis.0.outcome": "coronary"},
        ["region", "outcomes.0", "design_analysis.0.outcome"],
    ),
    "discontinuity": (
        "reform",
        "leave",
        {"exposure": "ses", "first_stage": "months", "outcomes": ["dropouts"]},
        ["exposure", "first_stage", "outcomes.0"],
    ),
    "concentration": (
        "dunedin",
        "concentration",
        {
            "risk": "sex",
            "windows": ["39"],
            "weights": "sampling",
            "at_least": [9, 9],
            "strata": ["ses"],
            "changes": ["povertyy", "ses"],
            "adjust": {"columns": ["ses"]},
        },
        ["weights", "windows.0", "at_least.1", "at_least.0", "at_least.1", "strata.0", "risk", "changes.0", "adjust"],
    ),
    "missing_data": (
        "nhefs",
        "dropout",
        {
            "exposures": ["quits"],
            "weights": "sampling",
            "missing": {"handling": "imputation", "auxiliary": ["idd", "quit", "id", "quit"]},
            "outcomes": ["weight_change", "deaths"],
        },
        [
            *("exposures.0", "outcomes.1", "weights", "missing.handling"),
            *("missing.auxiliary.0", "missing.auxiliary.2", "missing.auxiliary.3"),
        ],
    ),
    "prediction": (
        "dunedin",
        "prediction",
        {"scores": ["brain", "birth_month", "maltreatment"], "outcomes": ["disease"], "weights": "sampling"},
        ["scores.0", "scores.1", "outcomes.0", "weights", "weights"],
    ),
    "ledger": (
        "dunedin",
        "ledger",
        {
            "exposures": ["child_benefit"],
            "policies": {"columns": ["child_benefit", "no_policy"], "adjust": "designs"},
            "levers": [
                {"lever": "income_floor", "column": "ses", "units": 0},
                {"lever": "sugar_levy", "column": "iq", "units": -1, "start": 6, "age": 3},
                {"lever": "high_risk", "column": "iq", "id": "child_benefit"},
            ],
            "outcomes": ["diseases"],
        },
        [
            *("outcomes.0", "policies.columns.1", "policies.adjust", "policies.columns"),
            *("levers.0.column", "levers.0.units", "levers.1.units", "levers.1.age"),
            *("levers.2.lever", "levers.2.id", "doing_well"),
            "packages.0.levers.1",
        ],
    ),
    "money": (
        "dunedin",
        "money",
        {
            "exposures": ["povertty"],
            "outcomes": ["hospital_nights", "diseases"],
            "rates": "dutch",
            "worth": {"welfare": {"ages": [18, 38], "price": "nl_hospital_dye"}},
            "costs": {
                "visits_maltreatment": {"ages": [0, 2], "amount": {"value": 1, "tag": "V", "source": "somewhere"}}
            },
            "transfers": ["visits"],
            "bought": {"outcome": "disease"},
            "weights": "sampling",
        },
        [
            *("exposures.0", "outcomes.1", "rates", "worth.welfare", "worth.welfare.price"),
            *("costs.visits_maltreatment", "transfers.0", "bought.outcome", "weights"),
        ],
    ),
}


def name_of(kind: Any) -> str:
    """A kind of study as the cohort file names it."""
    return str(kind.model_fields["kind"].annotation.__args__[0])


@pytest.mark.parametrize("kind", list(map(name_of, KINDS)))
def test_a_kind_of_study_tells_all_its_faults_at_once(kind: str, tmp_path: Path) -> None:
    name, study, changes, keys = FAULTS[kind]
    data = copy.deepcopy(read_yaml(ROOT / f"config/{name}.yaml"))
    for key, value in ADDED.get(kind, {}).items():
        at(key, copy.deepcopy(value))(data)
    assert data["studies"][study]["kind"] == kind
    for key, value in changes.items():
        at(f"studies.{study}.{key}", value)(data)
    path = tmp_path / "cohort.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_cohort(path)
    found = [line.split(": ")[1] for line in str(refused.value).splitlines()]
    assert sorted(found) == sorted(f"studies.{study}.{key}" for key in keys)


WEIGHTED = {"columns.sampling": {"role": "weight", "label": "Sampling weight"}}


@pytest.mark.parametrize("kind", list(map(name_of, KINDS)))
def test_a_kind_of_study_honours_weights_or_refuses_them_by_name(kind: str) -> None:
    name, study, *_ = FAULTS[kind]
    config = changed(configured(name), {**WEIGHTED, **ADDED.get(kind, {})})
    assert not list(config.check())
    faults = [(m.path, m.what) for m in changed(config, {f"studies.{study}.weights": "sampling"}).check()]
    refused = [(f"studies.{study}.weights", f"a study of kind {kind} does not honour weights")]
    honour = (
        "exposure",
        "policy",
        "missing_data",
        "pathways",
        "competing_risks",
        "inequality",
        "concentration",
        "ledger",
        "money",
        "adoption",
        "time_varying",
    )
    assert faults == ([] if kind in honour else refused)


def test_a_study_within_families_needs_families() -> None:
    config = changed(
        configured("nhefs"), {"studies.brothers": {**SIBLINGS, "exposures": ["quit"], "outcomes": ["death"]}}
    )
    assert [m.path for m in config.check()] == ["studies.brothers"]


def test_concentration_needs_sectors() -> None:
    study = {"kind": "concentration", "windows": ["38"], "top_shares": [0.2], "at_least": [2]}
    faults = list(changed(configured("nhefs"), {"studies.use": study}).check())
    assert faults[-1].what == "the cohort has no cost sectors"


# --- what is compared ------------------------------------------------------------------------------------------------


def compared(name: str, **exposure: Any) -> list[tuple[str, str]]:
    """Keys of the rows of an exposure of a cohort."""
    columns = configured(name).codebook.columns
    exposed = Exposure.model_validate(exposure)
    assert not list(exposed.check(columns))
    return [(contrast.exposure, contrast.reference) for contrast in exposed.contrasts(columns)]


def test_the_keys_of_a_comparison_say_what_is_compared_with_what() -> None:
    assert compared("nhefs", column="quit") == [("quit", "no")]
    assert compared("nhefs", column="age") == [("age", "per_1")]
    assert compared("nhefs", column="age", per=10) == [("age", "per_10")]
    assert compared("nhefs", column="age", per="sd") == [("age", "per_sd")]
    levels = [("exercise=1", "0"), ("exercise=2", "0")]
    assert compared("nhefs", column="exercise", reference=0) == levels
    assert compared("nhefs", column="exercise", reference=0, exposed=2) == levels[1:]


def test_yes_and_no_may_be_any_two_codes() -> None:
    answers = {"role": "exposure", "type": "boolean", "label": "Quit", "source": "qsmk", "yes_code": 0}
    column = changed(configured("nhefs"), {"columns.quit": {**answers, "codes": {"0": "kept", "1": "quit"}}}).columns[
        "quit"
    ]
    assert column.truth == {"0": True, "1": False}
    assert compared("nhefs", column="race", reference="1") == [("race=0", "1")]


EXPOSURE_MISTAKES: dict[str, tuple[object, str]] = {
    "category without reference": ("education", "0.reference: 'education' is a category and needs a reference"),
    "reference that is no code": (
        {"column": "education", "reference": 9},
        "0.reference: '9' is no level of 'education'. Choose one of: 1, 2, 3, 4, 5",
    ),
    "exposed that is no code": (
        {"column": "education", "reference": 1, "exposed": 9},
        "0.exposed: '9' is no level of 'education'",
    ),
    "exposed that is the reference": (
        {"column": "education", "reference": 1, "exposed": 1},
        "0: exposed and reference must differ",
    ),
    "step of a category": ({"column": "education", "per": 2}, "0.per: 'education' is a category"),
    "step of yes or no": ({"column": "quit", "per": 2}, "0.per: 'quit' is of type boolean. Only a number has a step"),
    "reference of a number": ({"column": "age", "reference": 30}, "0.reference: 'age' is of type number"),
    "step and reference": ({"column": "age", "reference": 30, "per": 1}, "0: per belongs to a number"),
    "step of nothing": ({"column": "age", "per": 0}, "0.per: input should be greater than 0"),
    "step in words": ({"column": "age", "per": "iqr"}, "0.per: input should be 'sd'"),
    "cluster": ("state", "0: 'state' is no exposure: it has role cluster and type category"),
    "identifier": ("id", "0: 'id' is no exposure: it has role id and type integer"),
}


@pytest.mark.parametrize("mistake", EXPOSURE_MISTAKES)
def test_mistake_in_an_exposure_names_its_key(mistake: str, tmp_path: Path) -> None:
    exposure, message = EXPOSURE_MISTAKES[mistake]
    data = copy.deepcopy(NHEFS)
    at("studies.quitting.exposures", [exposure])(data)
    path = tmp_path / "cohort.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(f"studies.quitting.exposures.{message}")):
        load_cohort(path)


@pytest.mark.parametrize(
    ("follow", "outside"), [({"entry": 45}, True), ({"exit": 44}, True), ({"entry": 44.9, "exit": 45}, False)]
)
def test_people_are_followed_to_the_horizon_of_the_outcome(follow: dict[str, float], outside: bool) -> None:
    disease = configured("dunedin").outcomes["disease"]
    assert isinstance(disease, EventOutcome)
    assert disease.horizon_years == 45
    faults = list(changed(configured("dunedin"), {"studies.stressors.follow": follow}).check())
    assert [m.path for m in faults] == (["studies.stressors.follow"] if outside else [])


def test_follow_up_belongs_to_a_time_to_an_event_on_the_clock_of_age() -> None:
    faults = list(changed(configured("nhefs"), {"studies.quitting.follow": {"entry": 30}}).check())
    assert [m.what for m in faults] == ["no outcome is a time to an event on the clock of age"]


# --- jobs ------------------------------------------------------------------------------------------------------------


def test_a_heavy_study_is_a_job_and_all_light_ones_are_another() -> None:
    assert configured("rationing").jobs == {
        "light": ["household", "rationed", "ledger", "money"],
        "end_of_rationing": ["end_of_rationing"],
    }
    assert configured("reform").jobs == {"light": list(configured("reform").studies)}


def test_a_job_depends_on_its_own_studies_and_on_no_words() -> None:
    config = configured("dunedin")
    reworded = changed(
        config, {"title": "Another", "outcomes.disease.label": "Illness", "studies.stressors.title": "What hurts"}
    )
    assert reworded.needed(["stressors"]) == config.needed(["stressors"])
    edited = changed(config, {"studies.child_benefit.outcomes": ["disease"]})
    assert edited.needed(["stressors"]) == config.needed(["stressors"])
    assert edited.needed(["child_benefit"]) != config.needed(["child_benefit"])
    assert edited.needed() == config.needed()
