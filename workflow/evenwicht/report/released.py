"""A release: the tables of a run as they may leave, the figures and pages made again from them, and a manifest."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pandas as pd

from evenwicht.base.files import write_csv
from evenwicht.cohort import Cohort
from evenwicht.conclusions import conclusions_table
from evenwicht.config import CohortConfig, Run
from evenwicht.disclosure.behind import is_part
from evenwicht.disclosure.counts import Counts, Published, published
from evenwicht.disclosure.curves import released_curves
from evenwicht.disclosure.described import Noted, Safe
from evenwicht.disclosure.diagnostics import released_diagnostics
from evenwicht.disclosure.harmless import harmless
from evenwicht.disclosure.manifest import Check
from evenwicht.disclosure.noted import note_counts, note_fourfold, note_sectors, note_shares
from evenwicht.disclosure.profiles import Profile
from evenwicht.disclosure.rounding import Rounder
from evenwicht.disclosure.tables import (
    Parameters,
    released_attrition,
    released_counts,
    released_estimates,
    withheld_by_reason,
)
from evenwicht.display.described import Describe
from evenwicht.display.language import speaking
from evenwicht.recovery import bias_table
from evenwicht.report.brief import write_briefs
from evenwicht.report.drawing import Drawing, draw_run
from evenwicht.report.page import render
from evenwicht.report.tables import agreement, table_one
from evenwicht.results.questions import Concentration, Ledger, Money, Prediction
from evenwicht.results.schema import QUESTION, SCHEMAS, TABLE1
from evenwicht.studies.parts import file_of_kind, part_of_kind
from evenwicht.studies.study import OutcomeStudy

Tables = dict[str, pd.DataFrame]
Asked = TypeVar("Asked")
OF_PEOPLE = ("flow", "states")  # counts and nothing else
OF_RECOVERY = ("recovery", "scenarios", "coverage", "verdicts")
OF_WORLDS = ("truth", "calibration", "calibration_fit", *OF_RECOVERY)


@dataclass(frozen=True)
class Source:
    """What a run made in the secure room.

    Attributes
    ----------
    run
        The checked config.
    tables
        By name, with those of recovery that are about its settings.
    curves, magnitudes
        Of all studies, by cohort.
    cohorts
        The people, by cohort, to describe them again.
    """

    run: Run
    tables: Tables
    curves: Tables
    magnitudes: Tables
    cohorts: Mapping[str, Cohort]


@dataclass
class Released:
    """What may leave of it, and how it was checked, by table."""

    tables: Tables = field(default_factory=dict)
    curves: Tables = field(default_factory=dict)
    published: dict[str, Published] = field(default_factory=dict)
    checks: dict[str, list[Check]] = field(default_factory=dict)


def released(source: Source, profile: Profile, rounder: Rounder) -> Released:
    """Return what may leave of a run by the rules of a profile."""
    given, out = source.tables, Released()
    counts: dict[str, Counts] = defaultdict(Counts)
    note_counts({name: given[name] for name in ("estimates", "diagnostics", "attrition", *OF_PEOPLE)}, counts, profile)
    note_fourfold(given["estimates"], given["diagnostics"], counts, profile)
    note_sectors(given["estimates"], _questions(source.run, Concentration), counts)
    note_shares(given["estimates"], given["diagnostics"], counts, profile)
    _table_one(source, {name: Noted(counts[name], profile) for name in source.run.cohorts})
    out.published = {name: published(name, own, profile, rounder) for name, own in counts.items()}

    magnitudes = pd.concat([SCHEMAS["magnitudes"].table([]), *source.magnitudes.values()])
    estimates = released_estimates(
        given["estimates"], given["diagnostics"], magnitudes, out.published, profile, models_of(source.run)
    )
    diagnostics = released_diagnostics(given["diagnostics"], given["estimates"], estimates, out.published, profile)
    tables: Tables = {"estimates": estimates, "diagnostics": diagnostics}
    tables |= {name: released_counts(name, given[name], out.published) for name in OF_PEOPLE}
    tables["attrition"] = released_attrition(given["attrition"], out.published)
    described = _table_one(source, {name: Safe(out.published[name], profile) for name in source.run.cohorts})
    described["missing"] = [out.published[c](n) for c, n in zip(described["cohort"], described["missing"], strict=True)]
    tables["table1"] = TABLE1.typed(described)
    tables["bias"] = bias_table(estimates)
    tables["survives"] = _survives(source.run, estimates, diagnostics)
    tables["replication"] = released_replication(given["replication"], estimates, diagnostics)
    tables |= {name: given[name] for name in OF_WORLDS}
    tables["conclusions"] = conclusions_table(source.run.cohorts.values(), _shown(tables), given["recovery"])
    out.tables = {name: tables[name] for name in given}
    out.curves = {
        name: released_curves(
            curves,
            _of(given["estimates"], name),
            _of(estimates, name),
            source.magnitudes[name],
            out.published[name],
            profile,
            _reached(source.run, name),
        )
        for name, curves in source.curves.items()
    }
    out.checks = _checks(given, out, profile)
    lost = sum(map(len, source.curves.values())) - sum(map(len, out.curves.values()))
    out.checks["estimates"].append(Check("points of curves that are left out of figures", "pass", lost))
    return out


def write_released(run: Run, out: Released, rules: Profile, templates: Path, folder: Path, processes: int) -> None:
    """Write tables, figures, pages and briefs to a folder, as a run does to its own."""
    for name, table in out.tables.items():
        write_csv(harmless(SCHEMAS[name].checked(table)) if name in SCHEMAS else harmless(table), _file(folder, name))
    shown = _shown(out.tables)
    draw_run(Drawing(run, shown, out.curves, folder / "figures"), processes)
    with speaking(run.settings.language):
        render(run, shown, folder / "figures", templates, folder, rules)
    write_briefs(run, shown, templates, folder, rules)


def counts_by_place(tables: Tables) -> dict[str, int]:
    """Return every count of people in the tables of a run, by where it stands."""
    places: dict[str, int] = {}
    for name in ("estimates", "diagnostics", "attrition", *OF_PEOPLE):
        schema, table = SCHEMAS[name], tables[name]
        for column in (column for column, about in schema.fields.items() if about.kind == "count"):
            known = table[table[column].notna()]
            keys = known[schema.key].astype(str).agg("|".join, axis=1)
            places |= {f"{name}|{column}|{key}": int(n) for key, n in zip(keys, known[column], strict=True)}
    return places


def _shown(tables: Tables) -> Tables:
    """What figures and pages are made of: a step or state whose count is withheld is not drawn."""
    return {name: table[table["people"].notna()] if name in OF_PEOPLE else table for name, table in tables.items()}


def _file(folder: Path, name: str) -> Path:
    return folder / "tables" / f"{name}.csv"


def _of(table: pd.DataFrame, cohort: str) -> pd.DataFrame:
    return table[table["cohort"] == cohort]


def _table_one(source: Source, describe: Mapping[str, Describe]) -> pd.DataFrame:
    parts = [
        table_one(source.cohorts[name], config.codebook, config.table1, config.described_by, describe[name])
        for name, config in source.run.cohorts.items()
    ]
    return pd.concat(parts, ignore_index=True)


def released_replication(table: pd.DataFrame, estimates: pd.DataFrame, diagnostics: pd.DataFrame) -> pd.DataFrame:
    """Return comparisons of published numbers with those that leave."""
    key, numbers = ["cohort", *QUESTION, "method", "study"], ["estimate", "lower", "upper"]
    as_estimates = diagnostics.rename(columns={"statistic": "estimand", "value": "estimate"})
    told = pd.concat([estimates[[*key, *numbers]], as_estimates[[*key, *numbers]]]).drop_duplicates(key)
    shown = table[table.columns.difference(numbers)].merge(told, on=key, how="left", validate="many_to_one")
    shown["agrees"] = agreement(shown)
    return shown[list(table.columns)]


def _survives(run: Run, estimates: pd.DataFrame, diagnostics: pd.DataFrame) -> pd.DataFrame:
    kinds = sorted({study.kind for config in run.cohorts.values() for study in config.studies.values()})
    asked = [part_of_kind(kind, "survives") for kind in kinds if file_of_kind(kind, "survives").is_file()]
    return pd.concat([SCHEMAS["survives"].table([]), *(part.survives(estimates, diagnostics) for part in asked)])


def _reached(run: Run, cohort: str) -> dict[tuple[str, str, str], float]:
    """Share of people whom programmes for those at the highest risk reach, by study, exposure and reference."""
    return {
        (study, one.exposure, one.reference): one.share
        for name, study, question in _questions(run, Ledger)
        for one in question.high_risk
        if name == cohort
    }


def models_of(run: Run) -> Parameters:
    """Parameters of the models of each study: constant, exposure, and the columns or levels that it adjusts for."""
    by_study = {
        (name, study): 2 + sum(_width(config, column) for column in settings.rests_on(config.codebook).columns)
        for name, config in run.cohorts.items()
        for study, settings in config.studies.items()
        if isinstance(settings, OutcomeStudy)
    }
    predictions = [
        (name, study, model)
        for name, study, question in _questions(run, Prediction)
        for model in question.models
        if _is_yes_no(run.cohorts[name], [*model.scores, *(question.adjust.columns if model.covariates else ())])
    ]
    return Parameters(
        by_study,
        frozenset((name, study, model.key) for name, study, model in predictions),
        frozenset((name, study) for name, study, model in predictions if not model.scores),
        frozenset(
            (name, study, outcome)
            for name, study, question in _questions(run, Money)
            for outcome in question.accounts.outcomes()
        ),
    )


def _questions(run: Run, kind: type[Asked]) -> list[tuple[str, str, Asked]]:
    """Questions of a kind, with the cohort and the study that asks each."""
    return [
        (name, study, question)
        for name, config in run.cohorts.items()
        for study, settings in config.studies.items()
        for question in settings.asks(config.codebook)
        if isinstance(question, kind)
    ]


def _is_yes_no(config: CohortConfig, columns: list[str]) -> bool:
    """Whether they are one column of two values."""
    if len(columns) != 1:
        return False
    column = config.codebook.columns[columns[0]]
    return column.type == "boolean" or len(set(column.codes.values())) == 2


def _width(config: CohortConfig, column: str) -> int:
    return max(len(set(config.codebook.columns[column].codes.values())) - 1, 1)


def _checks(given: Tables, out: Released, profile: Profile) -> dict[str, list[Check]]:
    counts = list(out.published.values())
    found: dict[str, list[Check]] = {}
    for name, table in out.tables.items():
        if name in OF_WORLDS:
            found[name] = []
            continue
        lost = withheld_by_reason(table)
        found[name] = [Check(f"withheld, rows: {reason}", "pass", number) for reason, number in lost.items()]
        if name in OF_PEOPLE:
            gone = int(table["people"].isna().sum())
            found[name].append(Check(f"counts below {profile.smallest}, or that give one away, withheld", "pass", gone))
    found["flow"].append(Check("different counts withheld as small", "pass", sum(one.small for one in counts)))
    found["flow"].append(Check("different counts withheld to hide those", "pass", sum(one.beside for one in counts)))
    found["flow"].append(
        Check("totals rounded again, as sums gave a count away", "pass", sum(o.drawn_again for o in counts))
    )
    rows = given["estimates"]
    parts = int((is_part(rows) & rows["n"].notna()).sum())
    found["estimates"].append(
        Check("people in parts of all that are left out, as several changes would tell them", "pass", parts)
    )
    most = (rows["events"] > profile.most_in_class * rows["n"]).fillna(False)
    found["estimates"].append(
        Check(
            f"cases are more than {profile.most_in_class:.0%} of the people",
            "review" if most.any() else "pass",
            int(most.sum()),
        )
    )
    return found
