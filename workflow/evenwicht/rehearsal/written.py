"""The cohort file of a twin: the studies of the cohort, on people drawn from its aggregates."""

from collections.abc import Mapping
from typing import Any

import yaml

from evenwicht.base.columns import Column
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import BinaryOutcome, ContinuousOutcome, EventOutcome
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.config.loading import validate
from evenwicht.rehearsal.aggregates import Aggregates
from evenwicht.rehearsal.protection import Protection
from evenwicht.rehearsal.roles import Roles, targets

SUFFIX = "_twin"
STATED = "stated_effects"  # scenario in which effects are put in
WORDS = ("label", "unit", "role", "type")  # of a column, that pass as they are
HEAD = """\
# yaml-language-server: $schema=schema.json#/$defs/CohortConfig
#
# A twin of the cohort '{cohort}': nobody in it is a person of that cohort. `source` holds rounded aggregates of at least
# {threshold} people each (numbers of people to {base}s), and everything else is from the cohort file. As it stands, exposures
# do nothing; the scenario {stated} puts effects in. Whoever keeps the data decides whether this file may leave.
"""


def twin_file(
    config: CohortConfig,
    cohort: Cohort,
    aggregates: Aggregates,
    roles: Roles,
    effects: Mapping[str, Mapping[str, float]],
    protection: Protection,
) -> str:
    """Return the text of the cohort file of a twin.

    Raises
    ------
    ConfigError
        If it would not be a valid cohort file; nothing is written then.
    """
    data = twin_settings(config, cohort, aggregates, roles, effects)
    validate(CohortConfig, data, f"twin of {config.name}")
    head = HEAD.format(cohort=config.name, stated=STATED, threshold=protection.threshold, base=protection.base)
    return head + yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def twin_settings(
    config: CohortConfig,
    cohort: Cohort,
    aggregates: Aggregates,
    roles: Roles,
    effects: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    """Return the cohort file of a twin as settings."""
    source = {key: value for key, value in aggregates.source.items() if value not in (None, {}, [])}
    source |= {"exposures": aggregates.source["exposures"], "after": aggregates.source["after"]}
    has = _columns(cohort, source)
    book = config.codebook
    kept = config.model_dump(mode="json", exclude_unset=True, exclude={"source", "columns", "scenarios"})
    kept.pop("scenario_studies", None)
    data: dict[str, Any] = {
        **kept,
        "name": f"{config.name}{SUFFIX}",
        "title": f"Twin of {config.title}",
        "description": "People drawn from rounded aggregates of a cohort, in whom every effect is known.",
        "source": source,
        "columns": {name: _described(column) for name, column in cohort.columns.items() if name in has},
        "sectors": {
            name: sector.model_dump(mode="json", include={"label", "unit", "measures"})
            for name, sector in book.sectors.items()
        },
        "table1": [name for name in config.table1 if name in has],
    }
    if not config.table1:
        data["table1"] = []
    judged = [name for name, study in config.studies.items() if study.has_truth]
    if effects and judged:
        data["scenarios"] = {STATED: {"effects": {name: dict(sizes) for name, sizes in effects.items()}}}
        data["scenario_studies"] = judged
    return data


def _columns(cohort: Cohort, source: Mapping[str, Any]) -> set[str]:
    """Columns of the twin."""
    births = source.get("births") or {}
    return {
        cohort.id,
        *source["columns"],
        *source.get("groups", {}),
        *births.get("months", ()),
        *([births["column"]] if births else []),
    }


def _described(column: Column) -> dict[str, Any]:
    """A column without how it is read from a file."""
    told = column.model_dump(mode="json", include={*WORDS}, exclude_defaults=True)
    if column.type == "boolean" and column.codes:
        told["codes"] = {"0": column.answer(False), "1": column.answer(True)}
    elif column.type == "category" and column.role not in ("family", "cluster", "id"):
        told["codes"] = dict(column.codes)
    if column.role == "id":
        told["type"] = "integer"
    elif column.role in ("family", "cluster") and column.type != "date":
        told["type"] = "category"
    return {key: value for key, value in told.items() if value}


def sizes_that_matter(config: CohortConfig, aggregates: Aggregates, roles: Roles) -> dict[str, dict[str, float]]:
    """Return an effect of the size of the margin of each outcome that has one, for every exposure studied with it.

    Of an event, the margin is a difference in risk, and becomes the hazard ratio that gives it at the share with the
    event; of a count or of use, the ratio of means. Numbers raise an outcome so by one step of their comparison.
    """
    book, found = config.codebook, dict[str, dict[str, float]]()
    on = targets(book)
    for study in config.studies.values():
        for contrast in study.exposures_shown(book):
            if contrast.column not in aggregates.source["exposures"]:
                continue
            for name in getattr(study, "outcomes", ()):
                size = _size(config, name, on[name], aggregates)
                if size is not None and name in book.outcomes:
                    found.setdefault(name, {})[contrast.exposure] = _by_unit(size, contrast, config, name)
    return found


def _size(config: CohortConfig, name: str, target: str, aggregates: Aggregates) -> float | None:
    outcome, source = config.codebook.outcomes[name], aggregates.source
    if outcome.margin is None or target not in {*source["after"], *source["events"]}:
        return None
    if isinstance(outcome, ContinuousOutcome | BinaryOutcome):
        return outcome.margin
    return None


def _by_unit(size: float, contrast: Contrast, config: CohortConfig, name: str) -> float:
    return size


class _Dumper(yaml.SafeDumper):
    """Short lists and rows of numbers stand on one line."""


def _row(dumper: yaml.SafeDumper, data: list[Any]) -> yaml.Node:
    flat = all(isinstance(one, int | float | str) for one in data)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=flat)


_Dumper.add_representer(list, _row)
_Dumper.ignore_aliases = lambda *_: True  # type: ignore[method-assign]
