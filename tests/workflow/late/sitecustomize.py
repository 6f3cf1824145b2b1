"""Python reads this at its start. It gives every script of a run a twin that writes when the script has ended.

So a job on a node that was given up goes on beside its successor. The twin does all that the script does, and waits
before its first file takes its place. How it ended, and which files it replaced, is told in the folder $LATE.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

SCRIPT = next((Path(part) for part in sys.orig_argv if "/.snakemake/scripts/" in part), None)


def begin_twin(script: Path, folder: Path) -> None:
    """Start the twin, and wait until it is about to write; Snakemake removes the script when it has ended."""
    copy = folder / script.name
    shutil.copyfile(script, copy)
    with copy.with_suffix(".log").open("w") as log:
        twin = subprocess.Popen(
            ["sh", "-c", '"$0" "$1"; echo $? > "$1.code"', sys.executable, copy],
            env={**os.environ, "TWIN_OF": str(os.getpid()), "MARK": str(copy)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    while not Path(f"{copy}.ready").exists() and twin.poll() is None:
        time.sleep(0.05)


def write_late(original: int, mark: str) -> None:
    """Let files take their place, whose rights are set just before, when another process has ended."""
    chmod, replace = os.chmod, os.replace

    def wait(path: str | Path, *how: object, **more: object) -> None:
        if str(path).endswith(".part"):
            Path(f"{mark}.ready").touch()
            while is_there(original):
                time.sleep(0.05)
        chmod(path, *how, **more)

    def tell(scratch: str | Path, target: str | Path) -> None:
        with open(f"{mark}.replaced", "a") as told:
            print(target, file=told)
        replace(scratch, target)

    os.chmod, os.replace = wait, tell


def is_there(process: int) -> bool:
    """Whether a process has not ended."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


if "TWIN_OF" in os.environ:
    write_late(int(os.environ["TWIN_OF"]), os.environ["MARK"])
elif SCRIPT:
    begin_twin(SCRIPT, Path(os.environ["LATE"]))
