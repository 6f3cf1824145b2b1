"""A Slurm of two nodes on this machine, for as long as the tests last: munge, slurmctld, and slurmd as n1 and as n2.

It needs root and the commands of Slurm (on Debian the packages slurm-wlm and munge). Its configuration must lie where
every command of Slurm looks for it; a machine that has one already belongs to a cluster, and is left alone.
"""

import os
import shutil
import signal
import socket
import subprocess
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
        return f"{CONFIG} is there: this machine belongs to a cluster, or a test was killed that wrote it"
    return None


@contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """Start a Slurm whose state and logs are in a folder, wait until its nodes are idle, and stop it at the end."""
    stops = []
    (folder / "state").mkdir(parents=True)
    try:
        if subprocess.run(["munge", "-n"], capture_output=True, check=False).returncode:
            subprocess.run(["install", "-d", "-o", "munge", "-g", "munge", "/run/munge"], check=True)
            started("munged", "runuser", "-u", "munge", "--", "munged")
            stops.append(Path("/run/munge/munged.pid"))
        CONFIG.parent.mkdir(exist_ok=True)
        CONFIG.write_text(SETTINGS.format(host=socket.gethostname().split(".")[0], folder=folder))
        started("slurmctld")
        stops.append(folder / "slurmctld.pid")
        for node in NODES:
            started("slurmd", "slurmd", "-N", node)
            stops.append(folder / f"slurmd.{node}.pid")
        until(lambda: states() == ["idle", "idle"], f"nodes that are idle; see the logs in {folder}")
        yield
    finally:
        for pid in reversed(stops):
            stop(pid)
        CONFIG.unlink(missing_ok=True)


def started(name: str, *command: str) -> None:
    """Start a daemon, which goes on in the background."""
    run = subprocess.run(command or [name], capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, f"{name}: {run.stdout}{run.stderr}"


def stop(pid: Path) -> None:
    """End the daemon that wrote this file, and wait for its end."""
    if not pid.exists():
        return
    process = int(pid.read_text())
    try:
        os.kill(process, signal.SIGTERM)
        until(lambda: not Path(f"/proc/{process}").exists(), f"the end of {pid.name}")
    except ProcessLookupError:
        pass


def states() -> list[str]:
    """What each node is at; none if the controller does not answer, for which a bare `sinfo` would wait minutes."""
    return slurm("timeout", "3", "sinfo", "-h", "-N", "-o", "%T").split()


def jobs(state: str, node: str = "") -> list[str]:
    """Ids of the jobs in a state, such as RUNNING, on one node or anywhere."""
    where = ["-w", node] if node else []
    return slurm("squeue", "-h", "-t", state, "-o", "%i", *where).split()


def slurm(*command: str) -> str:
    """What a command of Slurm prints."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def until(is_so: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait for something, and fail if it does not come."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited {seconds:g} s for {what}"
        time.sleep(0.2)
