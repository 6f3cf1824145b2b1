"""A Slurm of two nodes on this machine, for as long as the tests last: munge, slurmctld, and slurmd as n1 and as n2.

It needs root and the commands of Slurm (on Debian the packages slurm-wlm and munge). Its configuration must lie where
every command of Slurm looks for it; a machine that has one already belongs to a cluster, and is left alone.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

CONFIG = Path("/etc/slurm/slurm.conf")
COMMANDS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "sinfo", "runuser")
NODES = ("n1", "n2")

# More cores than there are, so that every job fits; who takes more memory than was asked for is killed.
SETTINGS = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=17100
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
MpiDefault=none
MailProg=/bin/true
ReturnToService=1
MinJobAge=300
KillWait=5
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port=17101 CPUs=8 RealMemory=32000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port=17102 CPUs=8 RealMemory=32000
PartitionName=main Nodes=ALL Default=YES
"""


def why_not() -> str | None:
    """Say why no Slurm can be started on this machine."""
    if os.geteuid():
        return "only root can start a Slurm"
    if absent := [command for command in COMMANDS if shutil.which(command) is None]:
        return f"not installed: {', '.join(absent)} (on Debian: apt-get install slurm-wlm munge)"
    if CONFIG.exists():
        return f"{CONFIG} is there: this machine belongs to a cluster"
    return None


class Guard:
    """The process that starts the daemons; see `tests/slurm/guard.py`."""

    def __init__(self, *files: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("guard.py")), *map(str, files)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # no key that stops the tests reaches it
        )

    def starts(self, *command: str) -> None:
        """Let it start a daemon, which goes on in the background."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(command), file=self._process.stdin, flush=True)
        code, said = json.loads(self._process.stdout.readline())
        assert code == 0, f"{command}: {said}"

    def ends(self) -> None:
        """Let it end all daemons and what they began, and remove its files."""
        self._process.communicate()


@contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """Start a Slurm whose state and logs are in a folder, wait until its nodes are idle, and stop it at the end."""
    guard = Guard(CONFIG)
    try:
        (folder / "state").mkdir(parents=True)
        CONFIG.parent.mkdir(exist_ok=True)
        CONFIG.write_text(SETTINGS.format(host=socket.gethostname().split(".")[0], folder=folder))
        if subprocess.run(["munge", "-n"], capture_output=True, check=False).returncode:
            guard.starts("install", "-d", "-o", "munge", "-g", "munge", "/run/munge")
            guard.starts("runuser", "-u", "munge", "--", "munged")
        guard.starts("slurmctld")
        for node in NODES:
            guard.starts("slurmd", "-N", node)
        until(lambda: states() == ["idle", "idle"], f"nodes that are idle; see the logs in {folder}")
        yield
    finally:
        guard.ends()


def states() -> list[str]:
    """What each node is at; none if the controller does not answer, for which a bare `sinfo` would wait minutes."""
    return slurm("timeout", "3", "sinfo", "-h", "-N", "-o", "%T").split()


def jobs(state: str, node: str = "") -> list[str]:
    """Ids of the jobs in a state, such as RUNNING, on one node or anywhere."""
    where = ["-w", node] if node else []
    return slurm("squeue", "-h", "-t", state, "-o", "%i", *where).split()


def cancel_all() -> None:
    """Let no job go on."""
    slurm("scancel", *jobs("all"))
    until(lambda: not jobs("PENDING,RUNNING,COMPLETING"), "the end of all jobs")


def slurm(*command: str) -> str:
    """What a command of Slurm prints."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def until(is_so: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait for something, and fail if it does not come."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited {seconds:g} s for {what}"
        time.sleep(0.2)
