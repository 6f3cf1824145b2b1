"""The workflow as a user runs it: dry run, full run, kill and resume, drift, reports, mistakes, an own cohort."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml
from evenwicht.studies import CURVES

from tests.conftest import ROOT, WORLDS, environment
from tests.unit.test_ingest import own_table

Run = Callable[..., subprocess.CompletedProcess[str]]
# every kind of job, of cohorts that are fast
COHORTS = "cohorts=['config/nhefs.yaml','config/dunedin.yaml','config/register_nz.yaml','config/deprivation.yaml']"
QUICK = ["--config", "permutations=100", "truth_draws=100000", "replicates=20", COHORTS]
FRESH = ["--forcerun", "recovery_tables"]  # the committed tables are there already
OUTPUTS = [
    "results/tables",
    "results/figures",
    "results/estimates",
    "results/cohorts",
    *(f"data/synthetic/{name}" for name in WORLDS),
    "results/report.html",
]

pytestmark = pytest.mark.filterwarnings("default")


def digests(checkout: Path) -> dict[str, str]:
    """Digest of every output file of a run, by path."""
    found = {}
    for place in OUTPUTS:
        top = checkout / place
        for file in [top] if top.is_file() else sorted(top.rglob("*")):
            if file.is_file():
                found[str(file.relative_to(checkout))] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def test_dry_run_plans_few_jobs_and_no_replicates(snakemake: Run) -> None:
    """Jobs pay for their imports: two a cohort and a few that gather; replicates are a target of their own."""
    plan = snakemake("--dry-run")
    assert plan.returncode == 0, plan.stdout
    total = int(re.search(r"^total\s+(\d+)", plan.stdout, re.MULTILINE)[1])
    files = yaml.safe_load((ROOT / "config/config.yaml").read_text())["cohorts"]
    assert total <= 2 * len(files) + 6
    assert "rule replicates" not in plan.stdout


def test_recovery_plans_the_replicates_of_every_world_and_scenario(snakemake: Run) -> None:
    plan = snakemake("recovery", *FRESH, "--set-scatter", "replicates=1", "--dry-run")
    assert plan.returncode == 0, plan.stdout
    jobs = int(re.search(r"^replicates\s+(\d+)", plan.stdout, re.MULTILINE)[1])
    scenarios = sum(len(yaml.safe_load((ROOT / f"config/{n}.yaml").read_text()).get("scenarios", {})) for n in WORLDS)
    with_effects = [name for name in WORLDS if not name.startswith("register")]
    assert jobs == len(with_effects) + scenarios
    assert "rule studies" not in plan.stdout


def test_lint_is_clean(snakemake: Run) -> None:
    lint = snakemake("--lint")
    assert lint.returncode == 0, lint.stdout
    assert "Congratulations" in lint.stdout


def test_every_rule_states_log_benchmark_threads_and_resources() -> None:
    rules = re.split(
        r"^rule ", "".join(f.read_text() for f in (ROOT / "workflow/rules").glob("*.smk")), flags=re.MULTILINE
    )
    assert len(rules) > 8
    for rule in rules[1:]:
        for directive in ("log:", "benchmark:", "threads:", "mem_mb=", "runtime="):
            assert directive in rule, f"{rule.split(':')[0]} has no {directive}"


def test_the_workflow_plans_every_curve_that_studies_write() -> None:
    listed = re.search(r"^CURVES = (\[.*\])$", (ROOT / "workflow/rules/common.smk").read_text(), re.MULTILINE)
    assert json.loads(listed[1]) == list(CURVES)


def test_scripts_are_thin() -> None:
    for script in (ROOT / "workflow/scripts").glob("*.py"):
        assert len(script.read_text().splitlines()) < 40, script.name


def test_a_killed_run_finishes_with_the_same_bytes(snakemake: Run, checkout: Path) -> None:
    """Kill the run again and again, alone or with its jobs, each time a little later, and start it again."""
    shutil.rmtree(checkout / "results/tables")  # what is committed and no default run writes
    whole = snakemake(*QUICK)
    assert whole.returncode == 0, whole.stdout[-3000:]
    expected = digests(checkout)
    subprocess.run(["rm", "-rf", ".snakemake", *OUTPUTS], cwd=checkout, check=True)

    killed, patience = 0, 2.5
    while True:
        with (checkout / "attempt.log").open("w") as log:
            process = subprocess.Popen(
                ["snakemake", *QUICK],
                cwd=checkout,
                env=environment(checkout),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                assert process.wait(timeout=patience) == 0, (checkout / "attempt.log").read_text()[-3000:]
                break
            except subprocess.TimeoutExpired:
                if killed % 2:
                    os.kill(process.pid, signal.SIGKILL)  # its jobs live on
                else:
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                killed, patience = killed + 1, patience + 0.7
    assert killed >= 3
    time.sleep(1)
    assert digests(checkout) == expected


def test_cores_do_not_change_the_bytes(snakemake: Run, checkout: Path) -> None:
    shutil.rmtree(checkout / "results/tables")  # what is committed and no default run writes
    assert snakemake(*QUICK, "--cores", "1").returncode == 0
    one = digests(checkout)
    subprocess.run(["rm", "-rf", ".snakemake", *OUTPUTS], cwd=checkout, check=True)
    assert snakemake(*QUICK, "--cores", "4").returncode == 0
    assert digests(checkout) == one


def test_replicates_scatter_over_jobs_without_changing_a_byte(snakemake: Run, checkout: Path) -> None:
    one_cohort = [*QUICK[:-1], "cohorts=['config/deprivation.yaml']"]
    tables = {}
    for pieces in ("1", "3"):
        run = snakemake("recovery", *FRESH, "--set-scatter", f"replicates={pieces}", *one_cohort)
        assert run.returncode == 0, run.stdout[-3000:]
        assert len(list((checkout / "results/estimates/deprivation/replicates").glob("*.parquet"))) == int(pieces)
        folder = checkout / "results/tables"
        tables[pieces] = [(folder / f"{name}.csv").read_bytes() for name in ("recovery", "scenarios", "coverage")]
        subprocess.run(["rm", "-rf", ".snakemake", *OUTPUTS], cwd=checkout, check=True)
    assert tables["1"] == tables["3"]


NOT_COMPUTED = "bias and coverage were not computed for these settings"


def test_the_page_shows_recovery_of_its_own_settings_and_of_no_others(snakemake: Run, checkout: Path) -> None:
    one_cohort = [*QUICK[:-1], "cohorts=['config/deprivation.yaml']"]
    page = checkout / "results/report.html"

    def after(*arguments: str) -> str:
        run = snakemake(*arguments)
        assert run.returncode == 0, run.stdout[-3000:]
        return page.read_text(encoding="utf-8")

    assert NOT_COMPUTED in after(*one_cohort), "committed tables are of other settings"
    snakemake("recovery", *one_cohort)
    fresh = after(*one_cohort)
    assert NOT_COMPUTED not in fresh
    assert "Coverage by method" in fresh
    config = checkout / "config/deprivation.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace("family: 72 ", "family: 80 "), encoding="utf-8")
    assert NOT_COMPUTED in after(*one_cohort), "a changed world has other bias and coverage"


def test_two_runs_in_one_folder_are_refused(snakemake: Run, checkout: Path) -> None:
    first = subprocess.Popen(
        ["snakemake", *QUICK],
        cwd=checkout,
        env=environment(checkout),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    lock = checkout / ".snakemake/evenwicht.lock"
    for _ in range(200):
        if lock.exists():
            break
        time.sleep(0.1)
    second = snakemake(*QUICK)
    first.terminate()
    first.wait()
    assert second.returncode != 0
    assert "another run is at work in this directory" in second.stdout


def edit(path: Path, change: Callable[[dict], None]) -> None:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")


BEFORE_ANY_JOB = {
    "unknown key": (
        "config.yaml",
        lambda d: d.update(sed=1),
        "config/config.yaml: sed: unknown key. Did you mean 'seed'?",
    ),
    "bad value": ("dunedin.yaml", lambda d: d["source"].update(n="all"), "config/dunedin.yaml: source.n: .*'all'"),
    "unknown column": (
        "nhefs.yaml",
        lambda d: d["table1"].append("hight"),
        "config/nhefs.yaml: table1.11: 'hight' is not a column of this cohort. Did you mean",
    ),
}


@pytest.mark.parametrize("mistake", BEFORE_ANY_JOB)
def test_a_bad_config_fails_before_any_job(mistake: str, snakemake: Run, checkout: Path) -> None:
    file, change, message = BEFORE_ANY_JOB[mistake]
    edit(checkout / "config" / file, change)
    run = snakemake()
    assert run.returncode != 0
    assert re.search(message, run.stdout), run.stdout
    assert "Traceback" not in run.stdout
    assert not (checkout / "results/logs").exists()


INSIDE_A_JOB = {
    "unknown code": (
        lambda d: d["columns"]["sex"]["codes"].pop(1),
        "830 values are not described (1 unknown code): '1' in 830 rows",
    ),
    "missing column": (
        lambda d: d["columns"]["age"].update(source="aged"),
        "DataError: cohort nhefs, source nhefs: columns are missing: aged",
    ),
    "out of range": (lambda d: d["columns"]["age"].update(maximum=60), "values are outside 25 to 60"),
    "singular design": (
        lambda d: (
            d["columns"].update(twice={"role": "baseline", "label": "Age again", "source": "age"}),
            d["individual"]["adjust"]["columns"].append("twice"),
        ),
        "ModelError: cohort nhefs, individual study of weight_change: singular design: twice follows exactly",
    ),
    "exposure decided by a covariate": (
        lambda d: (
            d["columns"].update(same={"role": "baseline", "type": "boolean", "label": "Same", "source": "death"}),
            d["individual"].update(exposure="same"),
            d["individual"]["adjust"]["columns"].append("quit"),
            d["columns"]["quit"].update(source="death"),
        ),
        "ModelError: cohort nhefs, individual study of weight_change: singular design: quit",
    ),
}


@pytest.mark.parametrize("mistake", INSIDE_A_JOB)
def test_data_that_break_their_description_stop_with_one_message_and_no_half_file(
    mistake: str, snakemake: Run, checkout: Path
) -> None:
    change, message = INSIDE_A_JOB[mistake]
    edit(checkout / "config/nhefs.yaml", change)
    run = snakemake("--config", "cohorts=['config/nhefs.yaml']")
    assert run.returncode != 0
    assert message in run.stdout, run.stdout[-3000:]
    assert not list(checkout.rglob("*.part"))
    assert not (checkout / "results/report.html").exists()


def test_an_own_cohort_runs_from_the_template(snakemake: Run, checkout: Path) -> None:
    own_table(600).to_csv(checkout / "data/own_cohort.csv", index=False)
    run = snakemake("--config", "cohorts=['config/own_cohort_example.yaml']", "permutations=100")
    assert run.returncode == 0, run.stdout[-3000:]
    estimates = pd.read_csv(checkout / "results/tables/estimates.csv")
    assert set(estimates["cohort"]) == {"own"}
    assert {"individual", "policy"} == set(estimates["level"])
    flow = pd.read_csv(checkout / "results/tables/flow.csv")
    assert {"individual", "policy"} == set(flow["study"])
    assert (flow.loc[flow["step"] == "due", "people"] == 600).all()
    assert "Our cohort" in (checkout / "results/report.html").read_text(encoding="utf-8")


def test_the_slurm_profile_plans_the_same_jobs(snakemake: Run) -> None:
    plan = snakemake("--profile", "profiles/slurm", "--dry-run", "--quiet", "rules")
    assert plan.returncode == 0, plan.stdout


def test_the_lock_file_has_hashes_and_no_addresses() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^[a-z0-9._-]+==\S+", lock, re.MULTILINE)
    assert len(pins) > 50
    assert len(re.findall(r"^    --hash=sha256:", lock, re.MULTILINE)) >= len(pins)
    assert not re.search(r"https?://|--index-url|--find-links|file:", lock)


def test_the_schema_file_is_json() -> None:
    assert json.loads((ROOT / "config/schema.json").read_text(encoding="utf-8"))["$ref"] == "#/$defs/RunConfig"
