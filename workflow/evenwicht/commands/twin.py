"""Write a twin of a cohort, from rounded aggregates and with known effects, and say what its studies could see."""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from evenwicht.base.errors import ConfigError
from evenwicht.base.files import PRIVATE
from evenwicht.config import CohortConfig
from evenwicht.config.loading import load_cohort

if TYPE_CHECKING:
    import pandas as pd

    from evenwicht.rehearsal.sizes import Sizes

NAME = "twin"
PROFILE = "uk"
SEED = 20250407
FEWEST_DRAWS = 20
MOST_LEFT = 12  # lines about what a twin does not have
ESTIMATES = Path("results/tables/estimates.csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what it takes."""
    parser.add_argument("file", help="cohort file whose people have been made by a run, such as config/mine.yaml")
    parser.add_argument("--profile", default=PROFILE, help=f"rules of the holder of the data; {PROFILE} if left out")
    parser.add_argument("--out", default="config", metavar="FOLDER", help="where the twin goes; config if left out")
    parser.add_argument(
        "--judge", type=int, metavar="DRAWS", help="draw so many twins, and say what each study could see; 200 is good"
    )


def cohort_folder(config: CohortConfig) -> Path:
    """Return the folder with the people of a cohort that a run has made."""
    return Path("data/synthetic" if config.synthetic else f"{PRIVATE}/cohorts") / config.name


def run(arguments: argparse.Namespace) -> int:
    """Write the cohort file of the twin, say what it does not have, and judge it if that is asked for.

    Raises
    ------
    ConfigError
        If the cohort file has mistakes, or so few draws are asked for that they tell nothing.
    DataError
        If its people are not there, or too few.
    """
    from evenwicht.base.files import write_text
    from evenwicht.cohort import read_cohort
    from evenwicht.disclosure.private import Kept
    from evenwicht.disclosure.profiles import profile
    from evenwicht.disclosure.rounding import Rounder
    from evenwicht.rehearsal.aggregates import aggregates_of
    from evenwicht.rehearsal.protection import Protection
    from evenwicht.rehearsal.roles import roles_of
    from evenwicht.rehearsal.sizes import estimated_sizes, sizes_that_matter
    from evenwicht.rehearsal.written import twin_file, twin_settings

    if arguments.judge is not None and arguments.judge < FEWEST_DRAWS:
        fix = f"Ask for {FEWEST_DRAWS} or more."
        raise ConfigError(f"{arguments.judge} draws are too few", where="evenwicht twin --judge", fix=fix)
    config = load_cohort(arguments.file)
    _stage(f"reading the people of {config.name}")
    cohort = read_cohort(cohort_folder(config))
    rules, kept, roles = profile(arguments.profile), Kept(Path(PRIVATE) / "release"), roles_of(config)
    rounder = Rounder(rules.base, kept.secret(), kept.draws())  # as a release rounds: two ways would tell more
    protection = Protection(rules.smallest, rules.base, partial(rounder.rounded, config.name))
    _stage("measuring aggregates")
    aggregates = aggregates_of(cohort, config.codebook, roles, protection)
    effects = sizes_that_matter(config, aggregates)
    settings = twin_settings(config, cohort, aggregates, effects)
    path = Path(arguments.out) / f"{settings['name']}.yaml"
    write_text(twin_file(config, settings, protection), path)
    print(f"{path}: a twin of {config.name}, to be checked before it leaves.")
    if not settings.get("scenarios"):
        print("No effect is put in: state `margin`, the smallest difference that matters, of an outcome.")
    _print_left(aggregates.left)
    if arguments.judge is not None:
        estimates = _estimates(config.name)
        sizes, impossible = estimated_sizes(config, aggregates, estimates)
        _judge(path, config.name, estimates, sizes, impossible, arguments.judge)
    return 0


def _judge(
    path: Path, original: str, estimates: "pd.DataFrame", sizes: "Sizes", impossible: dict[str, str], draws: int
) -> None:
    from evenwicht.base.files import rehearsal_file, write_csv
    from evenwicht.rehearsal.judged import judged, lines
    from evenwicht.rehearsal.sizes import with_estimated

    twin, refused = with_estimated(load_cohort(path), sizes)
    _print_left({**impossible, **refused})
    _stage(f"drawing {draws} twins in each of {1 + len(twin.scenarios)} scenarios")
    table = judged(twin, estimates, SEED, draws)
    told = rehearsal_file(original)  # apart from the twin: it holds estimates of the cohort itself
    write_csv(table, told)
    print(*lines(table, twin.source.n), f"{told}: the same as a table, beside the cohort's own estimates.", sep="\n")  # type: ignore[attr-defined]


def _print_left(left: dict[str, str]) -> None:
    told = [f"Not in the twin: {what}: {why}." for what, why in left.items()]
    print(*told[:MOST_LEFT], sep="\n", end="\n" if told else "")
    if len(told) > MOST_LEFT:
        print(f"{len(told) - MOST_LEFT} more are not in the twin.")


def _estimates(cohort: str) -> "pd.DataFrame":
    """Return the estimates that a run has made of a cohort; none if there are none yet."""
    from evenwicht.results.schema import ESTIMATES as SCHEMA

    if not ESTIMATES.is_file():
        return SCHEMA.table([])
    table = SCHEMA.read_csv(ESTIMATES)
    return table[table["cohort"] == cohort]


def _stage(what: str) -> None:
    print(f"evenwicht twin: {what}", file=sys.stderr, flush=True)
