# Shared by all stages: the checked config, where files are, what a job depends on and asks for, and the lock of the
# working directory. No kind of study, world or figure is named here.
import os
import sys
import time
from functools import cache

from snakemake.exceptions import WorkflowError

import evenwicht
from evenwicht.base.digests import code_digest, file_digest, modules_beside
from evenwicht.base.errors import ConfigError
from evenwicht.base.files import PRIVATE, rehearsal_file, sweep
from evenwicht.base.jobs import exit_code_of, forget_exits
from evenwicht.base.lock import take_lock
from evenwicht.base.progress import at_end, at_failure, at_start, not_estimated
from evenwicht.config import AS_CONFIGURED
from evenwicht.config.loading import load_run
from evenwicht.config.recovered import draws_of, recovered_studies, recovery_settings
from evenwicht.display.language import LANGUAGES, catalogue_file
from evenwicht.report.crate import DESCRIPTION, WORKFLOW
from evenwicht.report.provenance import BEGAN as RUN_BEGAN
from evenwicht.report.sites import FRONT, briefs_of, pages_of
from evenwicht.studies.parts import file_of_kind

try:
    # with the paths of files of people, which the job that reads them is given, and no other
    READ = load_run(config, RUN_CONFIG, PROJECT)
except ConfigError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
RUN = READ.without_paths()

# jobs run in the environment that runs Snakemake, or with `--software-deployment-method conda` in this one
ENVIRONMENT = "../envs/evenwicht.yaml"
SETTINGS = RUN.settings
LOGS = "results/logs"
PAGE = f"results/{FRONT}"
PAGES = [f"results/{page}" for page in pages_of(RUN).beside]
BRIEFS = [f"results/{brief}" for brief in briefs_of(RUN)]
CRATE = [f"results/{file}" for file in (DESCRIPTION, WORKFLOW)]
REPORT = [placed(page) for page in (PAGE, *PAGES, CRATE[0])]  # what is withdrawn once tables change
FIGURES = "results/figures"
WRITTEN = [placed(folder) for folder in ("data/synthetic", f"{PRIVATE}/cohorts", f"{PRIVATE}/estimates", "results")]
PUBLISHED = of_project("data/published.csv")
TEMPLATE = of_project("workflow/report/base.html.j2")
SHOWN = ("*.html.j2", "sections/*.html.j2", "*.css", "assets/*.js", "assets/*.css", "assets/vendor/*")
TEMPLATES = [TEMPLATE, *sorted(str(file) for kind in SHOWN for file in Path(TEMPLATE).parent.glob(kind))]
TABLES = [
    f"results/tables/{name}.csv"
    for name in (
        "estimates",
        "diagnostics",
        "flow",
        "table1",
        "attrition",
        "states",
        "truth",
        "bias",
        "survives",
        "replication",
        "calibration",
        "calibration_fit",
        "conclusions",
    )
]
MADE = [PAGE, *PAGES, *BRIEFS, *TABLES]
RESULTS = [*MADE, *CRATE]  # what a run is for
# made by `snakemake recovery` alone; the default run reads them if they are there
RECOVERY_TABLES = {name: f"results/tables/{name}.csv" for name in ("recovery", "scenarios", "coverage", "verdicts")}
RECOVERED = {name: placed_or_project(path) for name, path in RECOVERY_TABLES.items()}
# made by a rehearsal alone; the pages read them if they are there
REHEARSED = {name: str(path) for name in RUN.cohorts if (path := rehearsal_file(name)).is_file()}
RECOVERY_SETTINGS, DRAWS = recovery_settings(RUN), draws_of(RUN)
# of a Cohort folder; the library's `cohort.FILES`, without its imports
COHORT_FILES = [
    "persons.parquet",
    "measures.parquet",
    "events.parquet",
    "costs.parquet",
    "pieces.parquet",
    "absences.parquet",
    "truth.parquet",
    "cohort.yaml",
]

# What a job asks for, by rule: MB of memory and MB for each MB of its (compressed) input, then minutes and minutes for
# each MB. `results/benchmarks` has what it took. Every further attempt asks for as much again; profiles set `retries`.
NEEDS = {
    "ingest": (800, 20, 10, 0.2),
    "simulate": (2000, 0, 20, 0),
    "studies": (600, 30, 30, 0.5),
    "tables": (500, 30, 5, 0.2),
    "figures": (2000, 60, 10, 0.2),
    "page": (500, 10, 5, 0),
    "replicates": (2000, 0, 60, 0),
}


wildcard_constraints:
    cohort="|".join(RUN.cohorts),
    job="[a-z0-9_]+",
    scenario="[a-z0-9_]+",


def size_of(files):
    """MB of the files that are there: what jobs of one group make for each other is not, when the group is submitted."""
    return sum(Path(file).stat().st_size for file in files if Path(file).exists()) / 2**20


def memory(rule):
    """MB that a job of a rule asks for, by its input and attempt."""
    base, slope, _, _ = NEEDS[rule]
    return lambda wildcards, input, attempt: attempt * round(base + slope * size_of(input))


def minutes(rule):
    """Run time that a job of a rule asks for, by its input and attempt."""
    _, _, base, slope = NEEDS[rule]
    return lambda wildcards, input, attempt: attempt * round(base + slope * size_of(input))


def code_of(script, also=()):
    """Digest of a rule's script and of the modules that it may import; a change makes the rule's jobs run again.

    Modules that it finds by name when it runs are given: only those of the kinds that the job meets.
    """
    return code_digest(PROJECT / "workflow/scripts" / script, Path(evenwicht.__file__).parent, also)


def runs_of(cohort, names):
    """Modules by which some studies of a cohort are run."""
    kinds = {RUN.cohorts[cohort].studies[name].kind for name in names}
    return [file_of_kind(kind, "run") for kind in sorted(kinds)]


def of_kinds(*parts):
    """Modules of these parts of every kind of study in the run: those that find them by name."""
    kinds = {study.kind for cohort in RUN.cohorts.values() for study in cohort.studies.values()}
    files = [file_of_kind(kind, part) for kind in sorted(kinds) for part in parts]
    return [file for file in files if file.is_file()]


def world_of(*cohorts, part="world"):
    """Modules by which the worlds of some cohorts are drawn, or fitted."""
    return modules_beside([RUN.cohorts[name].source for name in cohorts], part)


def people_of(wildcards):
    """What the people of a cohort are made from, as its job receives it; a change makes the job run again."""
    return READ.cohorts[wildcards.cohort].needed()


def cohort_files(name):
    """Files of a cohort: synthetic ones under data/, ingested ones under private/."""
    folder = "data/synthetic" if name in RUN.synthetic else f"{PRIVATE}/cohorts"
    return [f"{folder}/{name}/{file}" for file in COHORT_FILES]


def truth_files(names):
    """Truth tables of cohorts, in their order."""
    return [file for name in names for file in cohort_files(name) if file.endswith("truth.parquet")]


def private_folder(wildcards):
    """The folder that only its owner can open, which a job closes before it writes there."""
    return placed(PRIVATE)


def cohort_folders():
    """Folder of each cohort, in the order of the run."""
    return [placed(str(Path(cohort_files(name)[0]).parent)) for name in RUN.cohorts]


def found(table, names=RUN.cohorts):
    """Files of one table of every job of studies of some cohorts, all of them if left out."""
    return [f"{PRIVATE}/estimates/{name}/{job}/{table}.parquet" for name in names for job in RUN.cohorts[name].jobs]


def source_files(wildcards):
    """The user's own files that are there. Content decides, see `source_digests`, and the reader says if one is missing.
    They stay where the user has them, also for a module with a prefix.
    """
    paths = dict.fromkeys(READ.cohorts[wildcards.cohort].source.paths)
    return [local(ancient(path)) for path in paths if Path(path).is_file()]


def source_digests(wildcards):
    """Digests of the user's own files; a change, however old its time stamp, makes the cohort be read again."""
    return digests_of(wildcards.cohort)


@cache
def digests_of(cohort):
    """The same by the name of the cohort; large files are read once for all jobs that ask."""
    return [file_digest(path) for path in READ.cohorts[cohort].source.paths]


def inputs_of_the_run():
    """What the run was given, as its crate tells it; see `evenwicht.report.crate.Inputs`."""
    files = zip(RUN.cohorts, map(own_or_project, SETTINGS.cohorts), strict=True)
    return {
        "settings": SETTINGS.model_dump(mode="json", exclude={"cohorts"}),
        "titles": {name: cohort.title for name, cohort in RUN.cohorts.items()},
        "cohort_files": {name: file_digest(path) for name, path in files},
        "data": {name: digests for name in RUN.ingested if (digests := digests_of(name))},
    }


def in_its_scenario(wildcards):
    """The cohort whose replicates a job draws, in the world of its scenario."""
    cohort, scenario = RUN.cohorts[wildcards.cohort], wildcards.scenario
    return cohort if scenario == AS_CONFIGURED else cohort.in_scenario(scenario)


def replicated(wildcards):
    """The same with the studies that are judged alone."""
    cohort = in_its_scenario(wildcards)
    return cohort.needed(recovered_studies(cohort))


def replicates_of(name, what):
    """Files with the replicates of a cohort as configured and in its scenarios, or with their verdicts."""
    folder = f"{PRIVATE}/estimates/{name}/{what}"
    pieces = [f"{folder}/{scenario}_{{scatteritem}}.parquet" for scenario in RECOVERY_SETTINGS[name]]
    return [file for piece in pieces for file in gather.replicates(piece)]


def code_of_replicates(wildcards):
    """Digest of the code by which replicates are drawn and judged."""
    judged = recovered_studies(in_its_scenario(wildcards))
    return code_of(
        "replicates.py", [*runs_of(wildcards.cohort, judged), *world_of(wildcards.cohort), *of_kinds("claims")]
    )


def truth_of_replicates(wildcards):
    """True values of a cohort as configured; those of a scenario are worked out with its draws."""
    return f"data/synthetic/{wildcards.cohort}/truth.parquet" if wildcards.scenario == AS_CONFIGURED else []


def piece_of_replicates(wildcards):
    """Numbers of the replicates of one piece; which piece a replicate is in does not change it."""
    piece, pieces = map(int, wildcards.scatteritem.split("-of-"))
    return list(range(piece, DRAWS[wildcards.cohort] + 1, pieces))


BEGAN = time.monotonic()
# no parameter of a job: it changes no result, so no job runs again for it
os.environ.setdefault(RUN_BEGAN, f"{int(time.time())}")


def seconds_run():
    """Seconds since the workflow was read."""
    return time.monotonic() - BEGAN


def tell_start():
    """Say in plain words what the run is about to do."""
    titles = [cohort.title for cohort in RUN.cohorts.values()]
    studies = sum(len(cohort.studies) for cohort in RUN.cohorts.values())
    print(at_start(titles, studies, placed("results/benchmarks"), workflow.cores or 1, placed(PAGE)))


def tell_end():
    """Say where the result lies, if it is all there."""
    page = placed(PAGE)
    if Path(page).exists():
        print(at_end(seconds_run(), page, not_estimated(placed("results/tables/conclusions.csv"))))


def refuse_a_second_run():
    """Hold the lock of the working directory as long as this process lives."""
    try:
        warning = take_lock(".snakemake/evenwicht.lock")
    except ConfigError as error:
        raise WorkflowError(str(error)) from None
    if warning:
        print(f"Warning: {warning}", file=sys.stderr)
