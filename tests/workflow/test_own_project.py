"""A project of one's own is a folder: `evenwicht new` writes it, and the workflow comes from wherever it is."""

import hashlib
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml
from evenwicht.cli import main
from evenwicht.config.loading import load_run

from tests.conftest import ROOT, copy_of_the_project, environment, run_snakemake
from tests.unit.test_ingest import own_table
from tests.workflow.test_workflow import planned

JOBS_OF_ONE_COHORT = {
    **dict.fromkeys(["ingest", "studies", "estimates_table", "description_tables", "truth_tables"], 1),
    **dict.fromkeys(["conclusions", "figures", "report_page", "briefs", "provenance", "all"], 1),
}
BESIDE = """\
configfile: "config/config.yaml"


rule everything:
    input:
        "mine.txt",
        "life/results/report.html",


rule mine:
    output:
        "mine.txt",
    shell:
        "echo mine > {output}"


module life_course:
    snakefile: "%s"
    config: config["life_course"]
    prefix: "life"


use rule * from life_course as life_*
"""

pytestmark = pytest.mark.filterwarnings("default")


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    command = ["git", *who, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the project, with a tag."""
    folder = copy_of_the_project(tmp_path_factory.mktemp("a") / "clone")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "all")
    git(folder, "tag", "v0.1.0")
    return folder


@pytest.fixture
def new(clone: Path, tmp_path: Path) -> Callable[..., Path]:
    """Write the project my-study by the command line, and return its folder."""

    def write(*arguments: str) -> Path:
        command = [sys.executable, "-m", "evenwicht.cli", "new", "my-study", *arguments]
        subprocess.run(command, cwd=tmp_path, env=environment(clone), check=True, capture_output=True)
        return tmp_path / "my-study"

    return write


def with_a_table_and_one_study(project: Path, people: int = 200) -> Path:
    """What the user does: put a table there, and keep one study of the cohort file."""
    own_table(people).to_csv(project / "private/my_study.csv", index=False)
    file = project / "config/my_study.yaml"
    cohort = yaml.safe_load(file.read_text(encoding="utf-8"))
    cohort["studies"] = {"low_birth_weight": cohort["studies"]["low_birth_weight"]}
    file.write_text(yaml.safe_dump(cohort), encoding="utf-8")
    return project


# --- the folder ------------------------------------------------------------------------------------------------------


def test_a_new_project_has_one_cohort_to_fill_in_and_says_what_to_do_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "studies/My study"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Put your table at studies/My study/private/my_study.csv and describe it in studies/My study/config/my_study.yaml,",
        "which `evenwicht init` proposes from a table of any format.",
        "Then run: cd 'studies/My study' && snakemake",
    ]
    project = tmp_path / "studies/My study"
    assert [file.name for file in project.parent.iterdir()] == ["My study"], "no scratch folder is left"
    files = {str(file.relative_to(project)) for file in project.rglob("*") if file.is_file()}
    assert files == {
        *("Snakefile", "README.md", ".gitignore"),
        *(f"config/{name}" for name in ("config.yaml", "my_study.yaml", "README.md", "schema.json")),
        *("profiles/default/config.yaml", "profiles/slurm/config.yaml"),
    }
    assert len((project / "README.md").read_text(encoding="utf-8").splitlines()) == 5
    monkeypatch.chdir(project)
    run = load_run(yaml.safe_load(Path("config/config.yaml").read_text(encoding="utf-8")))
    assert list(run.cohorts) == ["my_study"]
    assert run.cohorts["my_study"].source.path == "private/my_study.csv"
    commented = Path("config/my_study.yaml").read_text(encoding="utf-8")
    assert commented.count("#") > 20
    assert "own_cohort" not in commented + Path("config/config.yaml").read_text(encoding="utf-8")


def test_git_keeps_the_people_of_a_project_out(new: Callable[..., Path]) -> None:
    project = with_a_table_and_one_study(new())
    rows = project / "private/cohorts/my_study/persons.parquet"
    rows.parent.mkdir(parents=True)
    rows.touch()
    git(project, "init", "-q")
    git(project, "add", "-A")
    kept = set(git(project, "ls-files").split())
    assert {"Snakefile", "config/my_study.yaml"} <= kept
    assert not [file for file in kept if file.startswith(("private/", "results/"))]


def test_an_empty_folder_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine").mkdir()
    assert main(["new", "mine"]) == 0
    assert (tmp_path / "mine/config/mine.yaml").is_file()


def test_only_the_user_can_open_where_the_table_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = os.umask(0)
    try:
        assert main(["new", "mine"]) == 0
    finally:
        os.umask(before)
    assert (tmp_path / "mine/private").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["full"], "full: the folder is not empty. "),
        (["full/notes.txt"], "full/notes.txt: there is a file of this name. "),
        (["gone"], "gone: there is a file of this name. "),
        (["."], r"\.: is the folder you are in. "),
        (["full/notes.txt/below"], "full/notes.txt/below: cannot be written: "),
        (["mine", "--tag", "v1"], "--tag v1: it names no workflow. "),
        (["mine", "--workflow", "full"], "--workflow full: it names no workflow. "),
        (
            ["mine", "--workflow", str(ROOT), "--tag", "v1"],
            "--workflow .* --tag v1: a tag of a clone on this machine. ",
        ),
        (["mine", "--workflow", "me/x", "--tag", 'v"1'], "--workflow me/x --tag .*: no repository on GitHub and tag. "),
    ],
    ids=lambda value: " ".join(value[:1] + value[1::2]) if isinstance(value, list) else "",
)
def test_what_cannot_be_written_is_refused_in_one_line_and_nothing_is_left(
    arguments: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("full").mkdir()
    Path("full/notes.txt").write_text("mine", encoding="utf-8")
    Path("gone").symlink_to("nowhere")
    before = sorted(tmp_path.rglob("*"))
    assert main(["new", *arguments]) == 2
    said = capsys.readouterr().err
    assert re.match(f"ConfigError: {told}", said)
    assert said.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before
    assert Path("full/notes.txt").read_text(encoding="utf-8") == "mine"


# --- the workflow, from wherever it is -------------------------------------------------------------------------------


def test_a_clone_runs_a_project_and_stays_as_it_was(clone: Path, new: Callable[..., Path]) -> None:
    """By the Snakefile of the project, and by the clone's with `--directory`, which then finds nothing left to do."""
    project = with_a_table_and_one_study(new())
    run = run_snakemake(clone, here=project)
    assert run.returncode == 0, run.stdout[-3000:]
    assert "evenwicht: 1 cohort, 1 study.\n" in run.stdout
    assert re.search(r"^evenwicht: done in \d.* Open results/report\.html\.$", run.stdout, re.MULTILINE)
    estimates = pd.read_csv(project / "results/tables/estimates.csv")
    assert set(estimates["cohort"]) == {"my_study"}
    assert estimates["estimate"].notna().any()
    flow = pd.read_csv(project / "results/tables/flow.csv")
    assert (flow.loc[flow["step"] == "due", "people"] == 200).all()
    assert (project / "results/report.html").is_file()
    crate = (project / "results/ro-crate-metadata.json").read_text(encoding="utf-8")
    data = project / "private/my_study.csv"
    assert hashlib.sha256(data.read_bytes()).hexdigest() in crate
    assert not [place for place in (data.name, data.parent.name, str(clone), str(project.parent)) if place in crate]

    again = run_snakemake(clone, "-s", str(clone / "Snakefile"), "--directory", str(project), "--dry-run")
    assert "Nothing to be done" in again.stdout, again.stdout[-3000:]
    assert git(clone, "status", "--porcelain") == ""


@pytest.mark.parametrize("arguments", [[], ["--workflow", "CLONE"]], ids=["as installed", "by path"])
def test_the_snakefile_of_a_project_plans_its_cohort(
    arguments: list[str], clone: Path, new: Callable[..., Path]
) -> None:
    project = new(*(str(clone) if argument == "CLONE" else argument for argument in arguments))
    plan = run_snakemake(clone, "--dry-run", here=project)
    assert plan.returncode == 0, plan.stdout
    assert planned(plan.stdout) == JOBS_OF_ONE_COHORT


@pytest.fixture
def github(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Git finds the clone where it would find a repository on GitHub."""
    (tmp_path / "github/someone").mkdir(parents=True)
    git(tmp_path, "clone", "-q", "--bare", str(clone), str(tmp_path / "github/someone/evenwicht"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.file://{tmp_path}/github/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return "someone/evenwicht"


def test_a_tag_on_github_is_a_module_too(github: str, clone: Path, new: Callable[..., Path]) -> None:
    project = new("--workflow", github, "--tag", "v0.1.0")
    plan = run_snakemake(clone, "--dry-run", here=project)
    assert plan.returncode == 0, plan.stdout
    assert planned(plan.stdout) == JOBS_OF_ONE_COHORT


def test_it_is_laid_out_as_snakedeploy_and_the_catalogue_ask(github: str, clone: Path, tmp_path: Path) -> None:
    """snakedeploy copies config/ and writes a module of workflow/Snakefile; the catalogue reads three files."""
    deployed = tmp_path / "deployed"
    (deployed / "workflow").mkdir(parents=True)
    git(clone, "archive", "-o", str(tmp_path / "config.tar"), "v0.1.0", "config")
    subprocess.run(["tar", "-xf", str(tmp_path / "config.tar")], cwd=deployed, check=True)
    source = f'github("{github}", path="workflow/Snakefile", tag="v0.1.0")'
    module = f"module evenwicht:\n    snakefile:\n        {source}\n    config:\n        config\n"
    written = f'configfile: "config/config.yaml"\n{module}use rule * from evenwicht\n'
    (deployed / "workflow/Snakefile").write_text(written, encoding="utf-8")
    plan = run_snakemake(clone, "--dry-run", "--cores", "1", here=deployed)
    assert plan.returncode == 0, plan.stdout
    default = run_snakemake(clone, "--dry-run")
    assert planned(plan.stdout).keys() == planned(default.stdout).keys()

    usage = yaml.safe_load((clone / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8"))["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment"}
    assert set(usage["mandatory-flags"]) == {"desc", "flags"}
    deployments = {"conda", "apptainer", "apptainer+conda", "report"}
    assert set(usage["software-stack-deployment"]) == deployments
    assert {type(value) for value in usage["software-stack-deployment"].values()} == {bool}
    assert (clone / "config/README.md").is_file()
    readme = (clone / "README.md").read_text(encoding="utf-8").lower()
    assert "snakemake" in readme
    assert "workflow" in readme


def test_with_a_prefix_it_runs_beside_other_workflows(clone: Path, new: Callable[..., Path]) -> None:
    """Results go below the prefix, config and table are where the user has them, the target of others stays theirs."""
    project = with_a_table_and_one_study(new())
    file = project / "config/config.yaml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump({"theirs": 1, "life_course": settings}), encoding="utf-8")
    (project / "Snakefile").write_text(BESIDE % (clone / "workflow/Snakefile"), encoding="utf-8")
    plan = run_snakemake(clone, "--dry-run", here=project)
    not_asked = ("all", "briefs", "provenance")
    own = {f"life_{name}": count for name, count in JOBS_OF_ONE_COHORT.items() if name not in not_asked}
    assert planned(plan.stdout) == {"everything": 1, "mine": 1, **own}

    run = run_snakemake(clone, here=project)
    assert run.returncode == 0, run.stdout[-3000:]
    assert (project / "life/results/report.html").is_file()
    assert (project / "life/private/cohorts/my_study/persons.parquet").is_file()
    assert (project / "life/private").stat().st_mode & 0o777 == 0o700
    git(project, "init", "-q")
    git(project, "add", "-A")
    assert not [file for file in git(project, "ls-files").split() if "private/" in file or "results/" in file]
    assert not (project / "results").exists()
    assert pd.read_csv(project / "life/results/tables/estimates.csv")["estimate"].notna().any()
    assert git(clone, "status", "--porcelain") == ""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs of an environment with the wheel, built from a source distribution, and the packages of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    build = f"from setuptools import build_meta; build_meta.build_sdist({str(folder)!r})"
    source = copy_of_the_project(folder / "source")
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    pip, alone = [sys.executable, "-m", "pip"], ["--quiet", "--no-deps", "--no-index"]
    archive = str(next(folder.glob("*.tar.gz")))
    wheel = [*pip, "wheel", *alone, "--no-build-isolation", "--wheel-dir", str(folder), archive]
    subprocess.run(wheel, check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "env")], check=True)
    python = str(folder / "env/bin/python")
    where = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip())
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    install = [*pip, "--python", python, "install", *alone, "--no-compile", str(next(folder.glob("*.whl")))]
    subprocess.run(install, check=True, capture_output=True)
    return folder / "env/bin"


def test_an_installed_wheel_has_the_whole_workflow(installed: Path, clone: Path, tmp_path: Path) -> None:
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    clean["PATH"] = f"{installed}{os.pathsep}{clean['PATH']}"

    def printed(*command: str, here: Path = tmp_path) -> str:
        program = [str(installed / command[0]), *command[1:]]
        done = subprocess.run(
            program, cwd=here, env=clean, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    printed("evenwicht", "new", "my-study")
    plan = printed("python", "-m", "snakemake", "--dry-run", here=tmp_path / "my-study")
    assert planned(plan) == JOBS_OF_ONE_COHORT
    shipped = Path(printed("python", "-c", "from evenwicht.base import shipped; print(shipped.PROJECT)").strip())
    assert shipped.is_relative_to(installed.parent)
    assert str(shipped / "data/published.csv") in plan
    tracked = ["Snakefile", "workflow/Snakefile", "data/published.csv"]
    for folder in ("config", "profiles", "workflow/envs", "workflow/report", "workflow/rules", "workflow/scripts"):
        tracked += git(clone, "ls-files", folder).split()
    assert {str(file.relative_to(shipped)) for file in shipped.rglob("*") if file.is_file()} == set(tracked)
    levers = printed("python", "-c", "from evenwicht.config.loading import SHIPPED; print(SHIPPED)").strip()
    assert Path(levers) == shipped / "config/levers"
