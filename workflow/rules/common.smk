# Shared by all stages: the checked config, where a cohort lives, and the lock of the working directory.
import fcntl

from snakemake.exceptions import WorkflowError

import evenwicht
from evenwicht.digests import code_digest, file_digest, recovery_settings
from evenwicht.errors import ConfigError
from evenwicht.loading import load_run
from evenwicht.config import AS_CONFIGURED

try:
    RUN = load_run(config, RUN_CONFIG, PROJECT)
except ConfigError as error:
    raise WorkflowError(str(error)) from None

# jobs run in the environment that runs Snakemake, or with `--software-deployment-method conda` in this one
ENVIRONMENT = "../envs/evenwicht.yaml"
SETTINGS = RUN.settings
COHORT_FILES = [
    "persons.parquet",
    "measures.parquet",
    "events.parquet",
    "costs.parquet",
    "truth.parquet",
    "cohort.yaml",
]
ATTRITION_FIGURE = "results/figures/attrition.svg"
PUBLISHED = of_project("data/published.csv")
TEMPLATE = of_project("workflow/report/report.html.j2")
TABLES = [
    f"results/tables/{name}.csv"
    for name in (
        "estimates",
        "flow",
        "table1",
        "attrition",
        "truth",
        "bias",
        "survives",
        "replication",
        "calibration",
        "calibration_fit",
    )
]
# made by `snakemake recovery` alone; the default run reads them if they are there
RECOVERY_TABLES = {name: f"results/tables/{name}.csv" for name in ("recovery", "scenarios", "coverage")}
RECOVERY_SETTINGS = recovery_settings(RUN)


# curves behind the figures, one file a kind and cohort; the library's `studies.CURVES`, without its imports
CURVES = ["survival", "lorenz", "incidence", "dose", "scan"]


wildcard_constraints:
    cohort="|".join(RUN.cohorts),
    scenario="[a-z0-9_]+",


def code_of(script):
    """Digest of a rule's script and of the modules that it may import; a change makes the rule's jobs run again."""
    path = PROJECT / "workflow/scripts" / script
    return lambda wildcards: code_digest(path, Path(evenwicht.__file__).parent)


def cohort_config(wildcards):
    """The cohort's checked config, as a job receives it; a change makes the job run again."""
    return RUN.cohorts[wildcards.cohort].model_dump(mode="json")


def cohort_files(name):
    """Files of a cohort: synthetic ones under data/, ingested ones under results/."""
    folder = "data/synthetic" if name in RUN.synthetic else "results/cohorts"
    return [f"{folder}/{name}/{file}" for file in COHORT_FILES]


def source_path(wildcards):
    """Path of the user's own table, if the cohort is read from one."""
    source = RUN.cohorts[wildcards.cohort].source
    return source.path if source.kind == "table" else None


def source_file(wildcards):
    """The user's own table, if there is one. Content decides, see `source_digest`, and the reader says if it is missing."""
    path = source_path(wildcards)
    return [ancient(path)] if path and Path(path).is_file() else []


def source_digest(wildcards):
    """Digest of the user's own table; a change, however old its time stamp, makes the cohort be read again."""
    path = source_path(wildcards)
    return file_digest(path) if path else ""


def replicates_of(name):
    """Files with the replicates of a cohort as configured and in its scenarios."""
    folder = f"results/estimates/{name}/replicates"
    pieces = [f"{folder}/{scenario}_{{scatteritem}}.parquet" for scenario in RECOVERY_SETTINGS[name]]
    return [file for piece in pieces for file in gather.replicates(piece)]


def truth_of_replicates(wildcards):
    """True values of a cohort as configured; those of a scenario are closed forms."""
    return f"data/synthetic/{wildcards.cohort}/truth.parquet" if wildcards.scenario == AS_CONFIGURED else []


def piece_of_replicates(wildcards):
    """Numbers of the replicates of one piece; which piece a replicate is in does not change it."""
    piece, pieces = map(int, wildcards.scatteritem.split("-of-"))
    return list(range(piece, SETTINGS.replicates + 1, pieces))


def figures_of(name):
    """Figures of a cohort by kind; survival curves need an event outcome, Lorenz curves a concentration study."""
    cohort = RUN.cohorts[name]
    exposed = cohort.individual.outcomes if cohort.individual else []
    wanted = {
        "forest": cohort.individual or cohort.policy,
        "survival": any(cohort.outcomes[outcome].kind == "time_to_event" for outcome in exposed),
        "lorenz": cohort.concentration,
        "event_study": cohort.event_study,
        "incidence": cohort.event_study,
        "dose": cohort.event_study,
        "scan": cohort.event_study,
        "graph": cohort.synthetic,
    }
    kinds = [kind for kind, asked in wanted.items() if asked]
    return {kind: f"results/figures/{name}_{kind}.svg" for kind in kinds}


def figures(kind):
    """Files of one kind of figure, over all cohorts."""
    return [files[kind] for files in map(figures_of, RUN.cohorts) if kind in files]


def curves(kind):
    """Curves behind one kind of figure, over all cohorts."""
    return [f"results/estimates/{name}/{kind}_curves.parquet" for name in RUN.cohorts if kind in figures_of(name)]


def take_lock():
    """Refuse a second run in this directory. The kernel drops the lock when a run ends, even if it is killed."""
    global LOCK
    LOCK = open(".snakemake/evenwicht.lock", "w")
    try:
        fcntl.flock(LOCK, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise WorkflowError("another run is at work in this directory. Wait for it to end, or stop it.") from None
