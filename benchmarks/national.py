"""Time the whole workflow at the size of nations, rule by rule.

    python benchmarks/national.py [people ...]

People are shared among the registers as in the two countries: 4,000,000 are all of both. A third cohort of as many
people as the larger register has effects of an individual and of a policy, with clusters, and an event study with
twenty negative controls. Each size is a run of Snakemake, one job at a time, from simulation to the report, and a
release of it by the rules of a holder of data. CPU seconds and peak resident memory are those of a job's process,
imports included. The growth exponent is that of the seconds from one size to the next: 1 is linear, less where fixed
costs still count. The table goes to benchmarks/national.csv; rows of other sizes that are in it stay.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

ROOT = Path(__file__).parents[1]
REGISTERS = {"register_nz": 1_700_000, "register_dk": 2_300_000}
TABLE = ROOT / "benchmarks/national.csv"
POLICY = "rationing"

# Python runs it at the start of every process: what a job took is known at its end, not before.
MEASURE = """
import atexit, resource, sys
from pathlib import Path

def told():
    job = getattr(sys.modules["__main__"], "snakemake", None)
    if job is None:
        return
    took = resource.getrusage(resource.RUSAGE_SELF)
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak = int(status["VmHWM"].split()[0]) / 1024  # that of `resource` begins with what Snakemake took
    of = [job.rule, *dict(job.wildcards).values(), took.ru_utime + took.ru_stime, peak]
    with open("took.txt", "a") as file:
        print(*of, file=file)

atexit.register(told)
"""


def configure(people: int, folder: Path) -> None:
    """Write the configuration of so many people."""
    (folder / "config").mkdir()
    nation = sum(REGISTERS.values())
    for name in (*REGISTERS, POLICY):
        text = yaml.safe_load((ROOT / f"config/{name}.yaml").read_text(encoding="utf-8"))
        of = REGISTERS.get(name, max(REGISTERS.values()))
        text["source"] |= {"people": round(people * of / nation), "scale": 1.0}
        (folder / f"config/{name}.yaml").write_text(yaml.safe_dump(text, sort_keys=False), encoding="utf-8")
    run = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    run["cohorts"] = [f"config/{name}.yaml" for name in (*REGISTERS, POLICY)]
    (folder / "config/config.yaml").write_text(yaml.safe_dump(run, sort_keys=False), encoding="utf-8")


def run(people: int) -> pd.DataFrame:
    """Seconds and memory of every job, `job` being its rule and cohort."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        configure(people, folder)
        (folder / "sitecustomize.py").write_text(MEASURE, encoding="utf-8")
        paths = [name, str(ROOT), str(ROOT / "workflow"), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        subprocess.run(
            ["snakemake", "--snakefile", ROOT / "Snakefile", "--directory", name, "--cores", "1", "--quiet"],
            env=environment,
            check=True,
        )
        release = [sys.executable, "-m", "evenwicht.cli", "release", "--profile", "stats_nz"]
        done = subprocess.Popen(release, cwd=name, env=environment, stdout=subprocess.DEVNULL)
        _, status, took = os.wait4(done.pid, 0)
        if status:
            raise SystemExit("the release failed")
        seconds, peak = took.ru_utime + took.ru_stime, took.ru_maxrss / 1024
        with (folder / "took.txt").open("a", encoding="utf-8") as file:
            print("release", seconds, peak, file=file)
        lines = [line.split() for line in (folder / "took.txt").read_text(encoding="utf-8").splitlines()]
    return pd.DataFrame(
        {
            "job": [" ".join(of) for *of, _, _ in lines],
            "people": people,
            "seconds": [float(seconds) for *_, seconds, _ in lines],
            "peak_memory_mb": [float(memory) for *_, memory in lines],
        }
    )


def grown(jobs: pd.DataFrame) -> pd.DataFrame:
    """All jobs, and their sum with the largest memory, with growth exponents."""
    jobs = jobs.sort_values("people")
    whole = jobs.groupby("people", as_index=False).agg({"seconds": "sum", "peak_memory_mb": "max"})
    table = pd.concat([jobs, whole.assign(job="all")], ignore_index=True)
    before = table.groupby("job")[["people", "seconds"]].shift()
    times = np.log(table["seconds"] / before["seconds"]) / np.log(table["people"] / before["people"])
    return table.assign(
        seconds=table["seconds"].round(1), peak_memory_mb=table["peak_memory_mb"].round(), exponent=times.round(2)
    ).sort_values(["job", "people"], key=lambda column: column.where(column != "all", "~"))


def main(sizes: list[int]) -> None:
    jobs = [run(people) for people in sizes]
    if TABLE.exists():
        before = pd.read_csv(TABLE)
        jobs.append(before[(before["job"] != "all") & ~before["people"].isin(sizes)])
    table = grown(pd.concat(jobs, ignore_index=True))
    table.to_csv(TABLE, index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [40_000, 400_000, 4_000_000])
