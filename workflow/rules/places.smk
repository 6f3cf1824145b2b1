# Where files are: what comes with the project stands beside the Snakefile, what a run reads and writes of its own in the
# working directory. They are the same folder unless a run is started elsewhere or with --directory.
from pathlib import Path

PROJECT = Path(workflow.basedir).resolve()


def of_project(path):
    """A file that comes with the project."""
    return path if PROJECT.samefile(Path.cwd()) else str(PROJECT / path)


def own_or_project(path):
    """A file of the working directory if there is one, else the project's."""
    return path if Path(path).exists() else of_project(path)
