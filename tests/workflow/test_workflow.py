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

from tests.cohorts import configured
from tests.conftest import ROOT, WORLDS, environment
from tests.unit.test_ingest import own_table

Run = Callable[..., subprocess.CompletedProcess[str]]
# every kind of job, of cohorts that are fast
COHORTS = "cohorts=['config/nhefs.yaml','config/dunedin.yaml','config/register_nz.yaml','config/deprivation.yaml']"
QUICK = ["--config", "truth_draws=100000", "replicates=20", COHORTS]
FRESH = ["--forcerun", "recovery_tables"]  # the committed tables are there already
OUTPUTS = [
    "results/tables",
    "results/figures",
    "private/estimates",
    "private/cohorts",
    *(f"data/synthetic/{name}" for name in WORLDS),
    "results/report.html",
    "results/pages",
    "results/ro-crate-metadata.json",
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


def planned(printed: str) -> dict[str, int]:
    """Number of jobs by rule in the table that a dry run prints."""
    table = re.search(r"^job +count\n[- ]+\n(.*?)^total", printed, re.MULTILINE | re.DOTALL)
    return {name: int(count) for name, count in map(str.split, table[1].strip().splitlines())}


def test_dry_run_plans_few_jobs_and_no_replicates(snakemake: Run) -> None:
    """Jobs pay for their imports: a cohort has one for its people, one for all light studies, one for each heavy one."""
    plan = snakemake("--dry-run")
    assert plan.returncode == 0, plan.stdout
    jobs = planned(plan.stdout)
    names = [Path(file).stem for file in yaml.safe_load((ROOT / "config/config.yaml").read_text())["cohorts"]]
    assert jobs["ingest"] + jobs["simulate"] == len(names)
    studies = [study for name in names for study in configured(name).studies.values()]
    with_light = sum(any(not study.heavy for study in configured(name).studies.values()) for name in names)
    assert jobs["studies"] == with_light + sum(study.heavy for study in studies)
    tables = ("estimates_table", "description_tables", "truth_tables", "conclusions")
    gather = (*tables, "figures", "report_page", "briefs", "provenance", "all")
    assert {rule: jobs[rule] for rule in gather} == dict.fromkeys(gather, 1)
    assert set(jobs) == {"ingest", "simulate", "studies", *gather}


def test_recovery_plans_the_replicates_of_every_world_and_scenario(snakemake: Run) -> None:
    plan = snakemake("recovery", *FRESH, "--set-scatter", "replicates=1", "--dry-run")
    assert plan.returncode == 0, plan.stdout
    jobs = planned(plan.stdout)
    synthetic = [*WORLDS, "siblings"]
    assert jobs["replicates"] == len(synthetic) + sum(len(configured(name).scenarios) for name in synthetic)
    assert "studies" not in jobs


def test_lint_is_clean(snakemake: Run) -> None:
    lint = snakemake("--lint")
    assert lint.returncode == 0, lint.stdout
    assert "Congratulations" in lint.stdout


def test_every_rule_states_log_benchmark_threads_and_resources() -> None:
    rules = re.split(
        r"^rule ",
        "".join(f.read_text() for f in (ROOT / "workflow/rules").glob("*.smk") if f.name != "evenwicht.smk"),
        flags=re.MULTILINE,
    )
    assert len(rules) > 8
    for rule in rules[1:]:
        for directive in ("log:", "benchmark:", "threads:", "mem_mb=", "runtime="):
            assert directive in rule, f"{rule.split(':')[0]} has no {directive}"


def test_scripts_are_thin() -> None:
    for script in (ROOT / "workflow/scripts").glob("*.py"):
        assert len(script.read_text().splitlines()) < 40, script.name


def test_neither_kills_nor_cores_change_the_bytes(snakemake: Run, checkout: Path) -> None:
    """A run on four cores, killed in each of its stages, alone or with its jobs, against one on one core in peace."""
    shutil.rmtree(checkout / "results/tables")  # what is committed and no default run writes
    whole = snakemake(*QUICK, "--cores", "1")
    assert whole.returncode == 0, whole.stdout[-3000:]
    expected = digests(checkout)
    subprocess.run(["rm", "-rf", ".snakemake", *OUTPUTS], cwd=checkout, check=True)

    for number, rule in enumerate(["simulate", "studies", "estimates_table", "report_page"]):
        with (checkout / "attempt.log").open("w") as log:
            process = subprocess.Popen(
                ["snakemake", *QUICK, "--cores", "4"],
                cwd=checkout,
                env=environment(checkout),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while not re.search(rf"^(local)?rule {rule}:", (checkout / "attempt.log").read_text(), re.MULTILINE):
            assert process.poll() is None, (checkout / "attempt.log").read_text()[-3000:]
            time.sleep(0.1)
        time.sleep(0.5)
        if number % 2:
            os.kill(process.pid, signal.SIGKILL)  # its jobs live on
        else:
            os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "it was still at work"
    last = snakemake(*QUICK, "--cores", "4")
    assert last.returncode == 0, last.stdout[-3000:]
    time.sleep(1)
    assert digests(checkout) == expected


NOT_COMPUTED = "No fresh draws were made for the settings of"


def test_the_page_shows_recovery_of_its_own_settings_and_of_no_others_however_its_replicates_scatter_over_jobs(
    snakemake: Run, checkout: Path
) -> None:
    one_cohort = [*QUICK[:-1], "cohorts=['config/deprivation.yaml']"]
    page = checkout / "results/pages/recovery.html"

    def after(*arguments: str) -> str:
        run = snakemake(*arguments)
        assert run.returncode == 0, run.stdout[-3000:]
        return page.read_text(encoding="utf-8")

    def recovered_in(pieces: int) -> tuple[str, list[bytes]]:
        run = snakemake("recovery", *FRESH, "--set-scatter", f"replicates={pieces}", *one_cohort)
        assert run.returncode == 0, run.stdout[-3000:]
        for what in ("replicates", "verdicts"):
            folder = checkout / f"private/estimates/deprivation/{what}"
            assert len(list(folder.glob("*.parquet"))) == pieces
            shutil.rmtree(folder)
        files = [checkout / f"results/tables/{name}.csv" for name in ("recovery", "scenarios", "coverage", "verdicts")]
        return run.stdout, [file.read_bytes() for file in files]

    assert NOT_COMPUTED in after(*one_cohort), "committed tables are of other settings"
    told, tables = recovered_in(1)
    assert "All jobs together took" in told, "what an earlier run took is told at the start of the next"
    assert not page.exists(), "pages that do not show the new tables are withdrawn"
    assert not (checkout / "results/report.html").exists()
    assert recovered_in(3)[1] == tables, "which piece a replicate is in does not change a byte"
    fresh = after(*one_cohort)
    assert NOT_COMPUTED not in fresh
    for heading in ("How often is what may be said right?", "Bias and coverage of each method", "The numbers"):
        assert f"<h2>{heading}</h2>" in fresh
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
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")


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
    "unknown outcome of a study": (
        "nhefs.yaml",
        lambda d: d["studies"]["price"]["outcomes"].append("deaths"),
        "config/nhefs.yaml: studies.price.outcomes.3: 'deaths' is not an outcome of this cohort. Did you mean 'death'?",
    ),
}


@pytest.mark.parametrize("mistake", BEFORE_ANY_JOB)
def test_a_bad_config_fails_before_any_job(mistake: str, snakemake: Run, checkout: Path) -> None:
    file, change, message = BEFORE_ANY_JOB[mistake]
    edit(checkout / "config" / file, change)
    run = snakemake()
    assert run.returncode == 2
    assert re.search(message, run.stdout), run.stdout
    assert "Traceback" not in run.stdout
    assert not (checkout / "results/logs").exists()


ONLY_NHEFS = ["--config", "cohorts=['config/nhefs.yaml']"]
UNREADABLE = {
    "unknown code": (
        lambda d: d["columns"]["sex"]["codes"].pop(1),
        "830 values are not described (1 unknown code): '1' in 830 rows",
    ),
    "missing column": (
        lambda d: d["columns"]["age"].update(source="aged"),
        "columns are missing: aged",
    ),
    "out of range": (lambda d: d["columns"]["age"].update(maximum=60), "values are outside 25 to 60"),
}


@pytest.mark.parametrize("mistake", UNREADABLE)
def test_a_source_that_breaks_its_description_stops_with_one_message_and_no_half_file(
    mistake: str, snakemake: Run, checkout: Path
) -> None:
    change, message = UNREADABLE[mistake]
    edit(checkout / "config/nhefs.yaml", change)
    run = snakemake(*ONLY_NHEFS)
    assert run.returncode == 3
    assert re.search(rf"DataError: .*nhefs.*{re.escape(message)}", run.stdout), run.stdout[-3000:]
    assert not list(checkout.rglob("*.part"))
    assert not (checkout / "results/report.html").exists()


def with_the_same_column_twice(data: dict) -> None:
    data["columns"].update(twice={"role": "baseline", "label": "Age again", "source": "age"})
    data["adjustments"]["full"]["columns"].append("twice")
    del data["studies"]["price"], data["studies"]["price_as_instrument"]
    data["studies"]["without_it"] = {**data["studies"]["quitting"], "adjust": {"columns": ["sex"]}, "modifiers": []}


def test_a_study_that_the_data_cannot_support_is_rows_that_say_why_and_the_run_goes_on(
    snakemake: Run, checkout: Path
) -> None:
    edit(checkout / "config/nhefs.yaml", with_the_same_column_twice)
    run = snakemake(*ONLY_NHEFS)
    assert run.returncode == 0, run.stdout[-3000:]
    estimates = pd.read_csv(checkout / "results/tables/estimates.csv")
    failed = estimates[estimates["study"] == "quitting"]
    assert failed["estimate"].isna().all()
    assert failed["reason"].str.startswith("singular design: twice follows exactly").all()
    assert set(failed["outcome"]) == {"weight_change", "death"}
    assert estimates.loc[estimates["study"] == "without_it", "estimate"].notna().all()
    why = "singular design: twice follows exactly"
    page = (checkout / "results/report.html").read_text(encoding="utf-8")
    assert page.lower().index(why) < page.index("<figure")
    page = (checkout / "results/pages/cohort-nhefs.html").read_text(encoding="utf-8")
    assert page.index(why) < page.index('id="answer"')
    assert "2 comparisons could not be estimated; the page names them first." in run.stdout


def test_a_strict_run_ends_with_such_a_study(snakemake: Run, checkout: Path) -> None:
    edit(checkout / "config/nhefs.yaml", with_the_same_column_twice)
    run = snakemake(*ONLY_NHEFS, "strict=true")
    assert run.returncode == 4
    assert re.search(r"ModelError: .*quitting.*singular design: twice follows exactly", run.stdout), run.stdout[-3000:]
    summary = run.stdout.partition("evenwicht: stopped after")[2].splitlines()
    assert summary[0].endswith(" Failed:")
    assert [line.strip() for line in summary[1:2]] == ["studies/nhefs_light: see results/logs/studies/nhefs_light.log"]
    assert (checkout / "results/logs/studies/nhefs_light.log").is_file()
    assert not (checkout / "results/report.html").exists()


def test_a_fault_of_the_program_fails_the_run_and_no_older_page_stands_beside_new_tables(
    snakemake: Run, checkout: Path
) -> None:
    pages = [checkout / f"results/{name}.html" for name in ("report", "pages/cohort-nhefs", "pages/estimates")]
    pages[1].parent.mkdir()
    for page in pages:
        page.write_text("of an earlier run", encoding="utf-8")
    shutil.rmtree(checkout / "results/tables")
    module = checkout / "workflow/evenwicht/report/page.py"
    module.write_text(module.read_text(encoding="utf-8") + "\nraise RuntimeError('broken')\n", encoding="utf-8")
    run = snakemake(*ONLY_NHEFS)
    assert run.returncode == 1
    assert (checkout / "results/tables/estimates.csv").exists()
    assert not [page for page in pages if page.exists()]
    assert "evenwicht: stopped after" in run.stdout
    assert "evenwicht: done" not in run.stdout


def test_an_own_cohort_runs_from_the_template(snakemake: Run, checkout: Path) -> None:
    own_table(600).to_csv(checkout / "data/own_cohort.csv", index=False)
    run = snakemake("--config", "cohorts=['config/own_cohort_example.yaml']")
    assert run.returncode == 0, run.stdout[-3000:]
    estimates = pd.read_csv(checkout / "results/tables/estimates.csv")
    assert set(estimates["cohort"]) == {"own"}
    assert set(estimates["study"]) == {"low_birth_weight", "leave", "ledger"}
    assert estimates["estimate"].notna().any()
    flow = pd.read_csv(checkout / "results/tables/flow.csv")
    assert set(flow["study"]) == {"low_birth_weight", "leave", "ledger"}
    assert (flow.loc[flow["step"] == "due", "people"] == 600).all()
    assert "Our cohort" in (checkout / "results/report.html").read_text(encoding="utf-8")
    beside = sorted(file.stem for file in (checkout / "results/pages").iterdir())
    assert beside == ["checklist", "cohort-own", "estimates", "methods", "side_effects"], (
        "no page about worlds without one"
    )
    assert "evenwicht: 1 cohort, 3 studies.\n" in run.stdout
    assert re.search(r"^evenwicht: done in \d.* Open results/report\.html\.$", run.stdout, re.MULTILINE)


SLURM = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text(encoding="utf-8"))


def test_the_slurm_profile_leaves_partition_and_account_to_slurm() -> None:
    """No name fits every cluster, and "default" none: Slurm reserves it."""
    assert not [line for line in map(str, SLURM.values()) if re.search("partition|account", line)]
    assert not [key for key in SLURM if re.search("partition|account|resources", key)]


def test_on_slurm_a_cohort_is_one_job_and_so_are_all_tables_and_replicates_are_many() -> None:
    groups = dict(pair.split("=") for pair in SLURM["groups"])
    files = [*(ROOT / "workflow/rules").glob("*.smk")]
    rules = {rule for file in files for rule in re.findall(r"^rule (\w+):", file.read_text(), re.MULTILINE)}
    assert rules - set(groups) == {"replicates", "recovery_tables", "recovery"}
    assert {rule for rule, group in groups.items() if group == "cohort"} == {"ingest", "simulate", "studies"}
    assert set(groups.values()) == {"cohort", "tables"}
    assert SLURM["retries"] > 0, "each attempt asks for more memory and time"


def test_the_slurm_profile_plans_the_same_jobs(snakemake: Run) -> None:
    plan = snakemake("--profile", "profiles/slurm", "--dry-run", "--quiet", "rules")
    assert plan.returncode == 0, plan.stdout
    assert planned(plan.stdout) == planned(snakemake("--dry-run", "--quiet", "rules").stdout)


def test_the_lock_file_has_hashes_and_no_addresses() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^[a-z0-9._-]+==\S+", lock, re.MULTILINE)
    assert len(pins) > 50
    assert len(re.findall(r"^    --hash=sha256:", lock, re.MULTILINE)) >= len(pins)
    assert not re.search(r"https?://|--index-url|--find-links|file:", lock)


def test_the_schema_file_is_json() -> None:
    assert json.loads((ROOT / "config/schema.json").read_text(encoding="utf-8"))["$ref"] == "#/$defs/RunConfig"
