"""The cohort file of a twin: the studies of the cohort, on people drawn from its aggregates."""

from collections.abc import Mapping
from typing import Any

import yaml

from evenwicht.base.columns import Column
from evenwicht.base.variables import Amount, target_of
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.config.loading import MOST_MISTAKES, mistakes_in, validate
from evenwicht.rehearsal.aggregates import Aggregates
from evenwicht.rehearsal.protection import Protection
from evenwicht.rehearsal.sizes import STATED, in_scenarios, measured_chains

SUFFIX = "_twin"
WORDS = ("label", "unit", "role", "type")  # of a column, that pass as they are
HEAD = """\
# yaml-language-server: $schema=schema.json#/$defs/CohortConfig
#
# A twin of the cohort '{cohort}': nobody in it is a person of that cohort. `source` holds rounded aggregates, of at
# least {threshold} people each, numbers of people to multiples of {base}; all else is from the cohort file. As it
# stands, exposures do nothing, but to each other; a scenario puts in effects of one. Whoever keeps the data
# decides whether this may leave.
"""


def twin_file(config: CohortConfig, settings: Mapping[str, Any], protection: Protection) -> str:
    """Return the text of the cohort file of a twin."""
    head = HEAD.format(cohort=config.name, threshold=protection.threshold, base=protection.base)
    return head + yaml.dump(dict(settings), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def twin_settings(
    config: CohortConfig, cohort: Cohort, aggregates: Aggregates, effects: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """Return the cohort file of a twin as settings; what the twin cannot have is added to what is `left`.

    Raises
    ------
    ConfigError
        If they are no cohort file, or no study is left.
    """
    source = {key: value for key, value in aggregates.source.items() if value not in (None, {}, [])}
    source |= {"exposures": aggregates.source["exposures"], "after": aggregates.source["after"]}
    has = _columns(cohort, source)
    book = config.codebook
    kept = config.model_dump(
        mode="json", exclude_unset=True, exclude={"source", "columns", "scenarios", "scenario_studies"}
    )
    sectors = {name: one.model_dump(include={"label", "unit", "measures"}) for name, one in book.sectors.items()}
    data: dict[str, Any] = {
        **kept,
        "name": f"{config.name}{SUFFIX}",
        "title": f"Twin of {config.title}",
        "description": "People drawn from rounded aggregates of a cohort, in whom every effect is known.",
        "source": source,
        "columns": {name: _described(column) for name, column in book.columns.items() if name in has},
        **({"sectors": sectors} if sectors else {}),
        "table1": [name for name in config.table1 if name in has],
    }
    data = _possible(data, config, aggregates)
    if chain := measured_chains(config, aggregates):
        data["source"] = {**source, "effects": chain}
    scenarios, judged = in_scenarios(config, data, effects, STATED)
    if scenarios:
        data["scenarios"], data["scenario_studies"] = scenarios, judged
    where = f"twin of {config.name}"
    mistakes = mistakes_in(validate(CohortConfig, data, where))
    if mistakes:
        raise mistakes[0].error(where).beside([mistake.error(where) for mistake in mistakes[1:MOST_MISTAKES]])
    return data


def _possible(data: dict[str, Any], config: CohortConfig, aggregates: Aggregates) -> dict[str, Any]:
    """Leave out outcomes that the twin does not have, and studies that need more than it has."""
    where, source = f"twin of {config.name}", data["source"]
    names = {*source["columns"], *source.get("groups", {}), *source.get("events", {})}
    names |= {str(Amount(sector, window)) for window, sectors in source.get("costs", {}).items() for sector in sectors}
    windows, outcomes = set(source.get("costs", {})), dict(data.get("outcomes", {}))
    for name, outcome in config.codebook.outcomes.items():
        target = target_of(outcome)
        if target not in names and not (target == "" and outcomes[name]["window"] in windows):
            del outcomes[name]
            aggregates.left[f"outcome {name}"] = "the twin does not have it"
    studies = {}
    for name, study in data["studies"].items():
        some = [outcome for outcome in study.get("outcomes", []) if outcome in outcomes]
        if study.get("outcomes") and not some:
            aggregates.left[f"study {name}"] = "the twin has none of its outcomes"
        else:
            studies[name] = {**study, **({"outcomes": some} if some else {})}
    data = {**data, "outcomes": outcomes, "studies": studies}
    for mistake in validate(CohortConfig, data, where).check():
        part, _, rest = mistake.path.partition(".")
        name = rest.partition(".")[0]
        if part == "studies" and name in studies:
            aggregates.left[f"study {name}"] = mistake.what
            del studies[name]
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


class _Dumper(yaml.SafeDumper):
    """Short lists and rows of numbers stand on one line."""


def _row(dumper: yaml.SafeDumper, data: list[Any]) -> yaml.Node:
    flat = all(isinstance(one, int | float | str) for one in data)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=flat)


_Dumper.add_representer(list, _row)
_Dumper.ignore_aliases = lambda *_: True  # type: ignore[method-assign]
