"""Write a folder for a project of your own, which takes this workflow as a Snakemake module."""

import argparse
import json
import os
import re
import shlex
import shutil
import tempfile
from pathlib import Path

from evenwicht.base.errors import ConfigError
from evenwicht.base.files import write_text
from evenwicht.base.names import cohort_name
from evenwicht.base.shipped import PROJECT

NAME = "new"
ON_GITHUB = r"[\w.-]+/[\w.-]+"
TAG = r"[\w./+-]+"

SNAKEFILE = """\
# The workflow is evenwicht {said}; what it reads and writes stays in this folder.
{imports}configfile: "config/config.yaml"


module evenwicht:
    snakefile:
        {declared}
    config:
        config


use rule * from evenwicht


# what a run says when it starts and ends, and its exit code
onstart:
    evenwicht.onstart()


onsuccess:
    evenwicht.onsuccess()


onerror:
    evenwicht.onerror()
"""
INSTALLED = "from evenwicht.base.shipped import SNAKEFILE\n\n\n"

RUN = """\
# One file a cohort; those that come with evenwicht, such as config/nhefs.yaml, are found too.
cohorts:
  - config/{name}.yaml
"""

COHORT = """\
# Your cohort: describe your columns, outcomes and studies here. README.md beside it lists every key. The table has one
# row per person, as a CSV, TSV or Parquet file. It stays in private/, which git ignores, or anywhere else.

"""

IGNORED = """\
# the people: your table, and the rows that a run makes of them
private/
/data/
# Tables and pages count people. Look at them before you share them.
results/
.snakemake/
*.part
"""

README = """\
# {title}
A project of evenwicht {said}. Its table goes to `private/{name}.csv`, which git ignores.
Describe it in `config/{name}.yaml`; `config/README.md` lists every key, `config/config.yaml` is the run.
`snakemake --dry-run` shows what would be done, `snakemake` does it, with `--profile profiles/slurm` on a cluster.
Then open `results/report.html`, which needs no network.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="to write; it must not exist yet, or be empty")
    parser.add_argument(
        "--workflow",
        metavar="PLACE",
        help="take the rules from the folder of a clone, or with --tag from OWNER/NAME on GitHub; "
        "from the installed evenwicht if left out",
    )
    parser.add_argument("--tag", help="of git, in the repository on GitHub: the rules stay at this version")


def run(arguments: argparse.Namespace) -> int:
    """Write the folder and say what to do next.

    Raises
    ------
    ConfigError
        If the folder holds anything, is a file, is the working directory or cannot be written, or if there is no
        workflow at the place arguments.
    """
    target: Path = arguments.folder
    said, declared = _workflow(arguments.workflow, arguments.tag)
    name = cohort_name(target.resolve().name)
    write_project(target, name, said, declared)
    print(f"Put your table at {target / 'private' / name}.csv and describe it in {target / 'config' / name}.yaml,")
    print("which `evenwicht init` proposes from a table of any format.")
    print(f"Then run: cd {shlex.quote(str(target))} && snakemake")
    return 0


def write_project(target: Path, name: str, said: str, declared: str) -> None:
    """Write the whole folder of a project, or nothing.

    Parameters
    ----------
    target
        The folder.
    name
        Id of its cohort.
    said
        Where the workflow comes from, in words.
    declared
        The same as an expression in a Snakefile.

    Raises
    ------
    ConfigError
        If there is anything in the folder, or it cannot be written.
    """
    _refuse_what_is_there(target)
    whole = target.resolve()
    try:
        whole.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{whole.name}.", suffix=".part", dir=whole.parent) as scratch:
            made = Path(scratch, whole.name)
            _write(made, name, said, declared)
            os.replace(made, whole)  # fails if something has come into the folder meanwhile
    except OSError as error:
        fix = "Choose a folder that you may write."
        raise ConfigError(f"cannot be written: {error.strerror}", where=str(target), fix=fix) from None


def _refuse_what_is_there(target: Path) -> None:
    if target.is_dir() and target.samefile(Path.cwd()):
        fix = "Name a new folder inside it, or call this from above."
        raise ConfigError("is the folder you are in", where=str(target), fix=fix)
    if target.is_dir() and not any(target.iterdir()):
        return
    if os.path.lexists(target):
        what = "the folder is not empty" if target.is_dir() else "there is a file of this name"
        raise ConfigError(what, where=str(target), fix="Choose a folder that does not exist yet; nothing was written.")


def _write(made: Path, name: str, said: str, declared: str) -> None:
    """Write every file; what does not differ between projects is copied from those that come with evenwicht."""
    config = PROJECT / "config"
    settings = (config / "config.yaml").read_text(encoding="utf-8")
    cohort = (config / "own_cohort_example.yaml").read_text(encoding="utf-8")
    for part, own in {
        r"# A template for your own cohort.*?\n\n": COHORT,
        r"^name: own$": f'name: "{name}"',
        r"\bdata/own_cohort\.csv\b": f"private/{name}.csv",
    }.items():
        cohort = _with(cohort, part, own)
    imports = INSTALLED if declared == "SNAKEFILE" else ""
    texts = {
        "Snakefile": SNAKEFILE.format(said=said, imports=imports, declared=declared),
        "README.md": README.format(title=made.name, said=said, name=name),
        ".gitignore": IGNORED,
        "config/config.yaml": _with(settings, r"^# One file a cohort.*\Z", RUN.format(name=name)),
        f"config/{name}.yaml": cohort,
    }
    for path, text in texts.items():
        write_text(text, made / path)
    for file in ("README.md", "schema.json"):
        shutil.copyfile(config / file, made / "config" / file)
    shutil.copytree(PROJECT / "profiles", made / "profiles")
    (made / "private").mkdir(mode=0o700)


def _with(text: str, part: str, own: str) -> str:
    """The text with the one place that matches replaced."""
    changed, times = re.subn(part, lambda _: own, text, flags=re.MULTILINE | re.DOTALL)
    if times != 1:
        raise ValueError(f"a file that comes with evenwicht has {times} places like {part!r}, not one")
    return changed


def _workflow(place: str | None, tag: str | None) -> tuple[str, str]:
    """Where the workflow comes from, in words and as an expression in a Snakefile."""
    if place is None and tag is None:
        return "as installed", "SNAKEFILE"
    if place is None or (tag is None and not _is_clone(place)):
        what = "it names no workflow"
    elif tag is None:
        clone = str(Path(place).resolve())
        return f"in {clone}", json.dumps(f"{clone}/Snakefile", ensure_ascii=False)
    elif Path(place).exists():  # Snakemake 9 reads no scripts from a tag of a local repository
        what = "a tag of a clone on this machine"
    elif re.fullmatch(ON_GITHUB, place) and re.fullmatch(TAG, tag):
        return f"{place} at {tag}", f'github("{place}", path="workflow/Snakefile", tag="{tag}")'
    else:
        what = "no repository on GitHub and tag"
    where = " ".join(f"--{key} {value}" for key, value in (("workflow", place), ("tag", tag)) if value is not None)
    fix = "Give --workflow the folder of a clone, with the version checked out, or OWNER/NAME on GitHub and --tag."
    raise ConfigError(what, where=where, fix=fix)


def _is_clone(place: str) -> bool:
    return (Path(place) / "Snakefile").is_file() and (Path(place) / "workflow/rules").is_dir()
