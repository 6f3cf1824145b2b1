"""Write what may leave a secure room: tables, figures and pages after disclosure control, with a manifest."""

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from evenwicht.base.errors import ConfigError, DataError
from evenwicht.base.files import PRIVATE, SCRATCH, write_text
from evenwicht.base.shipped import PROJECT
from evenwicht.disclosure.profiles import HOLDER_DECIDES, Profile, profile, profiles

if TYPE_CHECKING:
    from evenwicht.config import Run
    from evenwicht.disclosure.manifest import Manifest
    from evenwicht.report.released import Released, Source

NAME = "release"
RUN_CONFIG = Path("config/config.yaml")
RESULTS = Path("results")
TABLES = RESULTS / "tables"
MOST_NAMED = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what it takes."""
    parser.add_argument("--profile", required=True, help=f"rules of the holder of the data: {', '.join(profiles())}")
    parser.add_argument("--out", default="release", help="new folder for what is released (default: release)")
    parser.add_argument("--processes", type=int, default=2, help="processes that draw figures (default: 2)")


def run(arguments: argparse.Namespace) -> int:
    """Release the results of the run in this folder; return 0."""
    import evenwicht
    from evenwicht.disclosure.manifest import Manifest
    from evenwicht.disclosure.private import Kept, changed_by_few
    from evenwicht.disclosure.rounding import Rounder
    from evenwicht.report.released import counts_by_place, released, write_released

    rules, out = profile(arguments.profile), Path(arguments.out)
    if out.exists():
        raise ConfigError("it is there already", where=str(out), fix="Name a new folder, or move the earlier release.")
    configured = _run()
    _nothing_unknown(configured)
    source = _source(configured)
    kept = Kept(Path(PRIVATE) / "release")
    rounder = Rounder(rules.base, kept.secret(), kept.draws())
    left = released(source, rules, rounder)
    now = counts_by_place(source.tables)
    manifest = Manifest(rules, evenwicht.__version__)
    if few := changed_by_few(kept.counts(), now, rules.smallest):
        manifest.warnings.append(
            f"{few} counts differ from the last release by fewer than {rules.smallest} people. That somebody came or "
            "went can be seen where a rounded count has changed; no rounding hides it. Do not release both."
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=SCRATCH, dir=out.parent))
    try:
        write_released(configured, left, rules, PROJECT / "workflow/report", scratch, arguments.processes)
        _list(manifest, left, scratch)
        write_text(json.dumps(manifest.as_written(), indent=1) + "\n", scratch / "manifest.json")
        scratch.chmod(0o755)
        kept.keep(rounder.draws, now)
        scratch.rename(out)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(*_told(rules, manifest, left, out), sep="\n")
    return 0


def _run() -> "Run":
    from evenwicht.config.loading import load_run, read_yaml

    return load_run(read_yaml(RUN_CONFIG), str(RUN_CONFIG), PROJECT).without_paths()


def _nothing_unknown(configured: "Run") -> None:
    """Refuse outputs of which nobody has said what they are.

    Raises
    ------
    DataError
        If some file in `results/` is of no known kind, or a table of the run is not there.
    """
    from evenwicht.disclosure.manifest import CLASSES
    from evenwicht.report.crate import DESCRIPTION
    from evenwicht.report.sites import FRONT, briefs_of, pages_of

    pages = {FRONT, *pages_of(configured).beside, *briefs_of(configured), DESCRIPTION}
    known = {RESULTS / page for page in pages} | {TABLES / f"{name}.csv" for name in CLASSES}
    made_aside = [RESULTS / name for name in ("figures", "logs", "benchmarks", "workflow", "rehearsal")]
    files = [path for path in RESULTS.rglob("*") if path.is_file() and not any(p in path.parents for p in made_aside)]
    unknown = sorted(str(path) for path in files if path not in known)
    if unknown:
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        fix = "Nothing is released beside them. Move away what the run did not make, or run again."
        raise DataError("outputs of no known kind", where=", ".join(unknown[:MOST_NAMED]) + more, fix=fix)
    if not (RESULTS / FRONT).is_file():
        raise DataError("there is no finished run to release", where=str(RESULTS / FRONT), fix="Run `snakemake` first.")


def _source(configured: "Run") -> "Source":
    import pandas as pd

    from evenwicht.cohort import read_cohort
    from evenwicht.config.recovered import recovery_settings
    from evenwicht.recovery import read_every
    from evenwicht.report.released import OF_RECOVERY, Source
    from evenwicht.results.reading import read_tables

    def found(name: str, table: str) -> pd.DataFrame:
        files = [Path(PRIVATE) / "estimates" / name / job / f"{table}.parquet" for job in configured.cohorts[name].jobs]
        return pd.concat(map(pd.read_parquet, files), ignore_index=True)

    paths = [path for path in sorted(TABLES.glob("*.csv")) if path.stem not in OF_RECOVERY]
    own = {name: TABLES / f"{name}.csv" for name in OF_RECOVERY}
    there = {name: path if path.exists() else PROJECT / path for name, path in own.items()}
    tables = read_tables(paths) | read_every(there, recovery_settings(configured))
    folders = {
        name: Path("data/synthetic" if name in configured.synthetic else f"{PRIVATE}/cohorts") / name
        for name in configured.cohorts
    }
    return Source(
        configured,
        tables,
        {name: found(name, "curves") for name in configured.cohorts},
        {name: found(name, "magnitudes") for name in configured.cohorts},
        {name: read_cohort(folder) for name, folder in folders.items()},
    )


def _list(manifest: "Manifest", left: "Released", folder: Path) -> None:
    from evenwicht.disclosure.manifest import CLASSES, SHOWN

    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        table = file.stem if file.parent.name == "tables" else None
        manifest.add(folder, file, CLASSES[table] if table else SHOWN, left.checks[table] if table else [])


def _told(rules: Profile, manifest: "Manifest", left: "Released", out: Path) -> list[str]:
    lines = [f"Rules of {rules.title} (profile {rules.name}):"]
    lines += [f"  {name}: {rule['value']} [{rule['tag']}] {rule['source']}" for name, rule in rules.sources.items()]
    lines.append(HOLDER_DECIDES)
    lines += [f"{name}: {c.check}: {c.number} ({c.status})" for name, cs in left.checks.items() for c in cs if c.number]
    lines += [f"Warning: {warning}" for warning in manifest.warnings]
    return [*lines, f"{len(manifest.outputs)} files and manifest.json in {out}."]
