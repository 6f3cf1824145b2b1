# Where files are. What comes with evenwicht is found from its library, be that in a clone or installed; what a run reads
# and writes of its own lies in the working directory. They are the same folder when the clone itself is run in.
from pathlib import Path

from evenwicht.base.shipped import PROJECT

# of this module, if the workflow is one; other modules are read later
PLACES = workflow.modifier.path_modifier


def placed(path):
    """Where a file of the rules lies: Snakemake puts the files of a module with a prefix below it."""
    return PLACES.replace_prefix(path)


def of_project(path):
    """A file that comes with evenwicht."""
    is_here = placed(path) == path and PROJECT.samefile(Path.cwd())
    return path if is_here else str(PROJECT / path)


def own_or_project(path):
    """A file of the working directory if there is one, else the one that comes with evenwicht."""
    return path if Path(path).exists() else of_project(path)


def placed_or_project(path):
    """The same of a file that the rules make."""
    return placed(path) if Path(placed(path)).exists() else of_project(path)
