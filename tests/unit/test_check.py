"""`evenwicht check` tells every fault of a cohort file and its data at once, or what each study will have."""

import os
import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from evenwicht.base.errors import ConfigError, DataError
from evenwicht.base.faults import MOST_LINES, Faults
from evenwicht.cli import main
from evenwicht.cohort import read_cohort
from evenwicht.config.loading import load_cohort, read_yaml
from evenwicht.estimators.power import (
    design_effect,
    least_difference,
    least_hazard_ratio,
    least_odds_ratio,
    least_risk_ratio,
)
from evenwicht.ingest.table import ingest
from evenwicht.report.tables import attrition
from evenwicht.studies.samples import draw_sample, exposed_by
from evenwicht.worlds.published import PUBLISHED

from tests.conftest import ROOT

N = 200
HEADER = ["pid", "sex", "smokes", "school", "weight_7", "age_7", "weight_11", "age_11", "entry", "exit", "sick", "euro"]
HEAD = ("name", "title", "description")


def cells() -> list[dict[str, str]]:
    """People as rows of text: half smoke, one in four of them and one in eight of the others fall sick."""
    return [
        {
            "pid": str(5000 + i),
            "sex": str(1 + i // 2 % 2),
            "smokes": str(i % 2),
            "school": str(8 + i % 7),
            "weight_7": f"{20 + i % 9}.5",
            "age_7": "7.1",
            "weight_11": f"{34 + i % 9}.5",
            "age_11": "11.2",
            "entry": "20",
            "exit": f"{40 + i % 20}",
            "sick": str(int(i % 8 in (1, 5, 6))),
            "euro": str(10 * (i % 5)),
        }
        for i in range(N)
    ]


def settings() -> dict[str, Any]:
    measures = [{"measure": "weight", "wave": w, "age": f"age_{w}", "value": f"weight_{w}"} for w in ("7", "11")]
    return {
        **dict.fromkeys(HEAD, "own"),
        "source": {
            "kind": "table",
            "measures": measures,
            "events": [{"event": "sickness", "entry_age": "entry", "exit_age": "exit", "status": "sick"}],
            "costs": [{"sector": "care", "window": "40", "amount": {"source": "euro", "minimum": 0}}],
        },
        "columns": {
            "id": {"role": "id", "type": "integer", "label": "Person", "source": "pid"},
            "sex": {"role": "sex", "type": "category", "label": "Sex", "codes": {1: "male", 2: "female"}},
            "smokes": {"role": "exposure", "type": "boolean", "label": "Smokes"},
            "school": {"role": "outcome", "label": "Schooling", "minimum": 0, "maximum": 30},
        },
        "sectors": {"care": {"label": "Care", "unit": "EUR", "measures": "money"}},
        "outcomes": {
            "schooling": {"kind": "continuous", "column": "school", "label": "Schooling"},
            "sickness": {"kind": "time_to_event", "event": "sickness", "time": "age", "horizon": 40, "label": "Sick"},
            "care": {"kind": "use", "sector": "care", "window": "40", "label": "Care"},
        },
        "studies": {
            "smoking": {
                "kind": "exposure",
                "exposures": ["smokes"],
                "adjust": {"columns": ["sex"]},
                "outcomes": ["schooling", "sickness", "care"],
            }
        },
        "table1": ["sex"],
    }


def written(folder: Path, rows: list[dict[str, str]], config: dict[str, Any]) -> Path:
    """The cohort file, with its data beside it."""
    header = [name for name in rows[0] if name]
    data = folder / "own.csv"
    data.write_text("\n".join([",".join(header), *(",".join(row[name] for name in header) for row in rows), ""]))
    file = folder / "own.yaml"
    source = {**config["source"], "path": str(data)} if "source" in config else None
    file.write_text(yaml.safe_dump({**config, **({"source": source} if source else {})}))
    return file


Told = tuple[int, list[str], str]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Check people and settings as changed; return the exit code, the lines, and what went to stderr."""

    def run(
        change: Callable[[list[dict[str, str]], dict[str, Any]], object] = lambda _rows, _config: None, *options: str
    ) -> Told:
        rows, config = cells(), settings()
        change(rows, config)
        code = main(["check", str(written(tmp_path, rows, config)), *options])
        told = capsys.readouterr()
        assert len(told.out.splitlines()) <= 20
        return code, told.out.splitlines(), told.err

    return run


# --- without faults --------------------------------------------------------------------------------------------------


def test_without_faults_it_tells_what_each_study_will_have(check: Callable[..., Told]) -> None:
    code, lines, progress = check()
    assert code == 0
    assert lines[0].endswith("own.yaml: no faults. 200 people due.")
    assert lines[1] == "Known of all people: 7 of 7 columns, measures, events, costs and files."
    assert lines[2] == "Study smoking (exposure):"
    schooling, sickness, care = lines[3:]
    assert schooling.startswith("  smokes on schooling: 200 analysed; 100 exposed; 100 unexposed; smallest difference")
    assert "; smallest hazard ratio found with 80% power: " in sickness
    assert care.startswith("  smokes on care: 200 analysed")
    assert [line.split(":")[0] for line in progress.splitlines()] == ["evenwicht check"] * 3


def test_events_are_those_by_the_horizon_and_clusters_are_counted(check: Callable[..., Told]) -> None:
    def change(rows: list[dict[str, str]], config: dict[str, Any]) -> None:
        for i, row in enumerate(rows):
            row["family"] = str(i // 4)
        config["columns"]["family"] = {"role": "family", "type": "category", "label": "Family"}

    rows = cells()
    events = {
        arm: sum(row["sick"] == "1" and row["exit"] == "40" and row["smokes"] == code for row in rows)
        for arm, code in (("exposed", "1"), ("unexposed", "0"))
    }
    _, lines, _ = check(change)
    assert f"events: exposed {events['exposed']}, unexposed {events['unexposed']}; 50 clusters;" in lines[4]


def test_who_lacks_events_or_costs_counts_once_by_the_first_reason(check: Callable[..., Told]) -> None:
    def change(rows: list[dict[str, str]], _config: dict[str, Any]) -> None:
        for row in rows[:30]:
            row["entry"] = ""
        for row in rows[20:60]:
            row["euro"] = ""

    _, lines, _ = check(change)
    assert lines[2:4] == [
        "events, sickness: 170 known, not followed 30.",
        "costs, care 40: 160 known, not linked 40.",
    ]
    assert "170 analysed" in lines[6]
    assert "left: not followed 30;" in lines[6]
    assert "160 analysed" in lines[7]
    assert "left: not linked 40;" in lines[7]


def test_a_study_that_the_data_cannot_support_says_why(check: Callable[..., Told]) -> None:
    def change(rows: list[dict[str, str]], _config: dict[str, Any]) -> None:
        for row in rows:
            row["smokes"] = "0"

    code, lines, _ = check(change)
    assert code == 0
    assert all("cannot be estimated: " in line for line in lines[3:6])


def test_nothing_is_written(check: Callable[..., Told], tmp_path: Path) -> None:
    check()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["own.csv", "own.yaml"]


def test_the_package_installs_the_command() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, function = project["scripts"]["evenwicht"].split(":")
    assert getattr(import_module(module), function) is main


def test_a_command_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([])
    assert "COMMAND" in capsys.readouterr().err


def test_a_world_has_no_data_to_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(ROOT / "config/regions.yaml")]) == 0
    assert "drawn from a world" in capsys.readouterr().out


# --- faults ----------------------------------------------------------------------------------------------------------


def many_faults(rows: list[dict[str, str]], config: dict[str, Any]) -> None:
    rows[3]["pid"] = rows[4]["pid"]
    rows[5]["sex"] = "7"
    for row in rows[:6]:
        row["school"] = "many"
    rows[10]["school"] = "77"
    rows[11]["age_11"] = "6.5"
    rows[12]["exit"] = "19"
    rows[13]["sick"] = "perhaps"
    rows[14]["euro"] = "1 000"
    config["source"]["costs"].append({"sector": "benefit", "window": "40", "amount": "benefit_euro"})
    config["studies"]["smoking"]["outcomes"].append("scholing")


FOUND = [
    "studies.smoking.outcomes.3: 'scholing' is not an outcome of this cohort. Did you mean 'schooling'?",
    "source.costs.1.sector: 'benefit' is not a sector of this cohort",
    "columns are missing: benefit_euro.",
    "column 'school': 6 values are not a number.",
    "column 'euro': 1 value is not a number.",
    "column 'sex': 1 value is not described (1 unknown code).",
    "column 'sick': 1 value is not described (1 unknown code).",
    "column 'school': 1 value is outside 0 to 30.",
    "measures: 1 people are younger at a later wave of weight than at an earlier one.",
    "persons: 'id' is empty in 0 rows, and 1 rows repeat an earlier one.",
    "events: exit before entry in 1 rows (sickness: 1).",
]


def test_every_fault_of_file_and_data_is_told_at_once(check: Callable[..., Told]) -> None:
    code, lines, _ = check(many_faults)
    assert code == ConfigError.exit_code
    for fault in FOUND:
        assert sum(fault in line for line in lines) == 1, fault
    assert len(lines) == len(FOUND)


def test_faults_of_one_kind_stand_together(check: Callable[..., Told]) -> None:
    _, lines, _ = check(many_faults)
    places = [i for i, line in enumerate(lines) if "not a number" in line]
    assert len(places) == places[-1] - places[0] + 1 == 2


def test_no_value_is_shown_and_rows_only_if_asked_for(check: Callable[..., Told]) -> None:
    _, lines, _ = check(many_faults)
    text = "\n".join(lines)
    assert not [value for value in ("perhaps", "many", "77", "1 000", "6.5", "5004", "Rows:") if value in text]
    _, lines, _ = check(many_faults, "--show-rows")
    text = "\n".join(lines)
    assert "column 'school': 6 values are not a number. Correct it or list it under `missing`. Rows: 1, 2, 3, 4" in text
    assert next(line for line in lines if "younger" in line).endswith("Rows: 12.")
    assert next(line for line in lines if "exit before entry" in line).endswith("Rows: 13.")
    assert not [value for value in ("perhaps", "many", "1 000", "5004") if value in text]


def test_a_code_is_named_only_if_many_rows_hold_it(check: Callable[..., Told]) -> None:
    def change(times: int) -> Callable[..., None]:
        def do(rows: list[dict[str, str]], _config: dict[str, Any]) -> None:
            for row in rows[:times]:
                row["sex"] = "77"

        return do

    assert "'77'" not in "\n".join(check(change(4))[1])
    assert "'77' in 12 rows" in "\n".join(check(change(12))[1])


def test_faults_of_the_data_alone_end_with_their_own_code(check: Callable[..., Told]) -> None:
    def change(rows: list[dict[str, str]], _config: dict[str, Any]) -> None:
        rows[0]["school"] = "many"

    assert check(change)[0] == DataError.exit_code


def test_data_are_checked_though_a_study_is_no_study(check: Callable[..., Told]) -> None:
    def change(rows: list[dict[str, str]], config: dict[str, Any]) -> None:
        rows[0]["school"] = "many"
        config["studies"]["smoking"]["kind"] = "astrology"
        config["sectors"]["care"].pop("unit")

    code, lines, _ = check(change)
    assert code == ConfigError.exit_code
    assert [bool(part in "\n".join(lines)) for part in ("smoking.kind", "care.unit", "'school': 1 value")] == [True] * 3


def test_all_absent_columns_are_told_beside_what_is_wrong_with_others(check: Callable[..., Told]) -> None:
    def change(rows: list[dict[str, str]], _config: dict[str, Any]) -> None:
        for row in rows:
            row["person"], row["status"] = row.pop("pid"), row.pop("sick")
        rows[0]["school"] = "many"

    code, lines, _ = check(change)
    assert code == DataError.exit_code
    assert len(lines) == 2
    assert "columns are missing: pid, sick." in lines[0]
    assert "'school': 1 value is not a number" in lines[1]


def test_the_workflow_tells_the_same_faults_in_one_error(tmp_path: Path) -> None:
    rows, config = cells(), settings()
    many_faults(rows, config)
    config["source"]["costs"].pop()
    config["studies"]["smoking"]["outcomes"].pop()
    cohort = load_cohort(written(tmp_path, rows, config))
    with pytest.raises(DataError) as refused:
        ingest(cohort.source, cohort.codebook)
    lines = str(refused.value).splitlines()
    assert len(lines) == len(FOUND) - 3
    assert all(any(fault in line for line in lines) for fault in FOUND[3:])


def test_of_very_many_faults_the_others_are_counted_by_kind() -> None:
    faults = Faults()
    for i in range(50):
        faults.add("not a number", DataError(f"{i} are no numbers", where="here" * 1000, fix="Correct them."))
        faults.add("unknown code", DataError(f"{i} are unknown", where="here", fix="Describe\nthem."))
    lines = faults.lines()
    assert len(lines) == MOST_LINES + 1 < 20
    assert lines[-1] == "and 82 more: not a number (32), unknown code (50)"
    assert max(map(len, lines)) < 600
    with pytest.raises(DataError) as refused:
        faults.raise_all()
    assert str(refused.value).splitlines() == lines


def test_a_fault_that_is_met_twice_is_told_once() -> None:
    faults = Faults()
    for _ in range(2):
        faults.add("not a number", DataError("1 is no number", where="here", fix="Correct it."))
    assert len(faults.lines()) == 1


# --- what could hang -------------------------------------------------------------------------------------------------


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    return "\n".join([*lines, "title: *a29", ""])


TEXTS = {
    "aliases that multiply": (bomb(), "more than 200000 values once its aliases are written out"),
    "an alias to itself": ("title: &a [*a]\n", "more than 200000 values"),
    "an enormous title": (f"title: {'x' * 3_000_000}\n", "too large for a config file"),
    "a long title that is no title": (f"title: [{'x' * 900_000}]\n", "a text of 900000 characters"),
    "very many unknown keys": ("".join(f"key_{i}: 1\n" for i in range(10_000)), "unknown key"),
    "nested": ("[" * 5000, "nested too deeply"),
    "empty": ("", "the file is empty"),
    "two documents": ("a: 1\n---\nb: 2\n", "not valid YAML"),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_a_strange_cohort_file_ends_in_a_message(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, message = TEXTS[kind]
    file = tmp_path / "own.yaml"
    file.write_text(text)
    assert main(["check", str(file)]) == ConfigError.exit_code
    out = capsys.readouterr().out
    assert message in out
    assert len(out.splitlines()) <= 20
    assert len(out) < 20_000


def test_anchors_are_no_bombs(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("a: &a {x: 1, y: [1, 2]}\nb: *a\nc: [*a, *a]\n")
    assert read_yaml(file)["c"] == [{"x": 1, "y": [1, 2]}] * 2


@pytest.mark.parametrize("place", ["cohort file", "data"])
@pytest.mark.parametrize("kind", ["pipe", "device", "directory", "nothing"])
def test_what_is_no_file_ends_in_a_message(
    place: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = {"device": Path("/dev/zero"), "directory": tmp_path}.get(kind, tmp_path / "own.fifo")
    if kind == "pipe":
        os.mkfifo(path)
    file = path
    if place == "data":
        file = tmp_path / "own.yaml"
        config = settings()
        file.write_text(yaml.safe_dump({**config, "source": {**config["source"], "path": str(path)}}))
    assert main(["check", str(file)]) == (ConfigError if place == "cohort file" else DataError).exit_code
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_path_that_no_file_can_have_ends_in_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = settings()
    for path in ("own\0.csv", "x" * 5000):
        file = tmp_path / "own.yaml"
        file.write_text(yaml.safe_dump({**config, "source": {**config["source"], "path": path}}))
        assert main(["check", str(file)]) == DataError.exit_code
        assert len(capsys.readouterr().out) < 1000


# --- missing codes with a meaning ------------------------------------------------------------------------------------


def coded(rows: list[dict[str, str]], config: dict[str, Any]) -> None:
    """Schooling: 10 refused, 6 not in the wave, 4 dead and 3 empty; weight at 11: 5 dead, 7 not in the wave."""
    for row, code in zip(rows, ["-8"] * 10 + ["-9"] * 6 + ["x"] * 4 + [""] * 3, strict=False):
        row["school"] = code
    for row, code in zip(rows[50:], ["-9"] * 7 + ["x"] * 5, strict=False):
        row["weight_11"] = code
    meanings = {-8: "refused", -9: "not_in_wave", "x": "dead"}
    config["columns"]["school"]["missing"] = meanings
    config["source"]["measures"][1]["value"] = {"source": "weight_11", "missing": meanings}


def test_codes_are_counted_by_place_and_meaning(check: Callable[..., Told]) -> None:
    code, lines, _ = check(coded)
    assert code == 0
    assert "persons, school: 177 known, refused 10, not in wave 6, dead 4, not assessed 3." in lines
    assert "measures, weight 11: 188 known, not in wave 7, dead 5." in lines


def test_who_lacks_an_outcome_leaves_by_what_the_code_means(check: Callable[..., Told]) -> None:
    _, lines, _ = check(coded)
    [line] = [line for line in lines if "on schooling" in line]
    assert "177 analysed" in line
    assert (
        "left: outcome not known: dead 4, outcome not known: not in the wave 6, outcome not known: refused 10, "
        "outcome not known 3;" in line
    )


def test_codes_stay_with_the_cohort(tmp_path: Path) -> None:
    rows, config = cells(), settings()
    coded(rows, config)
    settings_read = load_cohort(written(tmp_path, rows, config))
    cohort = ingest(settings_read.source, settings_read.codebook)
    cohort.write(tmp_path / "cohort")
    again = read_cohort(tmp_path / "cohort")
    assert again.columns == cohort.columns
    pd.testing.assert_frame_equal(again.absences, cohort.absences)
    assert cohort.absences["id"].tolist()[:3] == [5000, 5001, 5002]


def test_the_dead_are_not_due_at_a_wave(tmp_path: Path) -> None:
    rows, config = cells(), settings()
    coded(rows, config)
    read = load_cohort(written(tmp_path, rows, config))
    wave = attrition(ingest(read.source, read.codebook), PUBLISHED.table([])).set_index("wave").loc["11"]
    assert (wave["due"], wave["assessed"]) == (195, 188)


def test_a_code_that_is_not_declared_is_a_fault_in_costs_too(check: Callable[..., Told]) -> None:
    def change(rows: list[dict[str, str]], _config: dict[str, Any]) -> None:
        for row in rows[:40]:
            row["euro"] = "-8"
        for row in rows[40:50]:
            row["euro"] = "refused"

    _, lines, _ = check(change)
    assert len(lines) == 2
    assert "column 'euro': 10 values are not a number: 'refused' in 10 rows." in lines[0]
    assert "column 'euro': 40 values are outside 0 to inf: '-8' in 40 rows." in lines[1]

    def declared(rows: list[dict[str, str]], config: dict[str, Any]) -> None:
        change(rows, config)
        config["source"]["costs"][0]["amount"]["missing"] = {"-8": "not_asked", "refused": "refused"}

    code, lines, _ = check(declared)
    assert code == 0
    assert "costs, care 40: 150 known, refused 10, not asked 40." in lines
    assert "left: outcome not known: not asked 40, outcome not known: refused 10;" in lines[-1]


# --- power -----------------------------------------------------------------------------------------------------------


def test_the_smallest_effects_are_those_of_published_sample_sizes() -> None:
    """R 4.3: power.prop.test(p1=.1, p2=.2, power=.8) gives 198.96 an arm; Cohen's d of .5 takes 62.79 an arm."""
    assert least_risk_ratio(0.1, 198.96, 198.96) == pytest.approx(2.0, abs=1e-3)
    assert least_difference(1.0, 0.25, 2 * 62.79) == pytest.approx(0.5, abs=1e-4)
    assert least_hazard_ratio(190.96, 0.25) == pytest.approx(1.5, abs=1e-3)  # Schoenfeld 1983: 191 events
    assert least_odds_ratio(0.5, 1.0, 190.96) == pytest.approx(1.5, abs=1e-3)  # Hsieh et al. 1998: 191 people


@pytest.mark.parametrize("risk", [0.0, 1.0, 0.9])
def test_where_no_ratio_would_be_found_there_is_none(risk: float) -> None:
    assert np.isnan(least_risk_ratio(risk, 10, 10))
    assert np.isnan(least_hazard_ratio(0, 0.25))
    assert np.isnan(least_odds_ratio(0, 1.0, 100))


def test_people_who_are_copies_of_each_other_count_as_one() -> None:
    x, y = np.tile([0.0, 1.0], 50), np.arange(100.0) % 7
    clusters = np.repeat(np.arange(100), 5)
    assert design_effect(np.repeat(x, 5), np.repeat(y, 5), clusters) == pytest.approx(5)


def test_clusters_with_the_same_share_exposed_cost_nothing() -> None:
    clusters = np.repeat(np.arange(50), 4)
    x, y = np.tile([0.0, 0.0, 1.0, 1.0], 50), np.repeat(np.arange(50.0), 4)
    assert design_effect(x, y, clusters) == 1.0
    assert design_effect(x, y, np.arange(200)) == 1.0


def test_the_difference_told_is_that_of_the_people_analysed(tmp_path: Path, check: Callable[..., Told]) -> None:
    _, lines, _ = check()
    config = load_cohort(tmp_path / "own.yaml")
    cohort, book, study = ingest(config.source, config.codebook), config.codebook, config.studies["smoking"]
    [contrast] = study.exposures_shown(book)
    sample = draw_sample(
        cohort, exposed_by(cohort, contrast), book.adjustment(study.adjust), book.outcomes["schooling"], ""
    )
    least = 2.8016 * np.std(sample.outcome.value, ddof=1) * np.sqrt(1 / 100 + 1 / 100)
    assert lines[3].endswith(f": {least:.3g}.")


def test_a_large_file_is_told_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, cells(), settings())
    main(["check", str(path)])
    assert " columns of " not in capsys.readouterr().err
    monkeypatch.setattr("evenwicht.ingest.table.LARGE", 0)
    main(["check", str(path)])
    assert "evenwicht check: reading 12 columns of " in capsys.readouterr().err
