"""The cohort file of a twin: the studies of the cohort, on people drawn from its aggregates."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import yaml

from evenwicht.base.arrays import Floats
from evenwicht.base.columns import Column
from evenwicht.base.exposures import Contrast, Exposed
from evenwicht.base.outcomes import AnyOutcome, BinaryOutcome, ContinuousOutcome, EventOutcome, MultiSectorOutcome
from evenwicht.base.variables import Amount, target_of
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.config.loading import MOST_MISTAKES, mistakes_in, validate
from evenwicht.rehearsal.aggregates import Aggregates
from evenwicht.rehearsal.protection import Protection
from evenwicht.rehearsal.scores import SAME, partial_sizes

SUFFIX = "_twin"
SDS_BETWEEN_ENDS = 3.3  # of a normal number, between the first and last of twenty bands
STATED = "effect_of_"  # and the column: scenario in which its effects are put in, and others are as measured
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
    scenarios, judged = dict[str, Any](), dict[str, list[str]]()
    for column in aggregates.source["exposures"]:
        sizes = _of_column(column, {name: effects[name] for name in effects if name in data["outcomes"]})
        studies = [name for name in data["studies"] if column in _compared(config, name)]
        if sizes and studies:
            name = f"{STATED}{column}"
            scenarios[name] = {"effects": sizes, "exposures": _as_one(column, aggregates.source)}
            judged[name] = studies
    if scenarios:
        data["scenarios"], data["scenario_studies"] = scenarios, judged
    where = f"twin of {config.name}"
    mistakes = mistakes_in(validate(CohortConfig, data, where))
    if mistakes:
        raise mistakes[0].error(where).beside([mistake.error(where) for mistake in mistakes[1:MOST_MISTAKES]])
    return data


def _of_column(column: str, effects: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Effects of one column: stated effects of exposures that go together would confound each other."""
    own = {
        name: {key: size for key, size in sizes.items() if Exposed.read(key).column == column}
        for name, sizes in effects.items()
    }
    return {name: sizes for name, sizes in own.items() if sizes}


def _as_one(column: str, source: Mapping[str, Any]) -> list[str]:
    """Return the column with those exposures that say the same in another unit."""
    order, matrix = list(source["correlations"]), _matrix(source["correlations"])
    ties = np.abs(matrix[order.index(column)])
    return [name for name in source["exposures"] if ties[order.index(name)] >= SAME]


def _compared(config: CohortConfig, name: str) -> set[str]:
    """Columns that a study compares, if worlds can judge it."""
    study = config.studies[name]
    return {contrast.column for contrast in study.exposures_shown(config.codebook)} if study.has_truth else set()


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


def sizes_that_matter(config: CohortConfig, aggregates: Aggregates) -> dict[str, dict[str, float]]:
    """Return effects of the size of the margin of each outcome that has one, of every exposure studied with it.

    Of an event the margin is a difference in risk, and becomes the hazard ratio that gives it by the horizon; of a
    count or use it becomes about the ratio of means that gives it. A number has it by the step of its comparison.
    """
    book, found = config.codebook, dict[str, dict[str, float]]()
    for study in config.studies.values():
        for contrast in study.exposures_shown(book):
            if contrast.column not in aggregates.source["exposures"]:
                continue
            for name in getattr(study, "outcomes", ()):
                size = _size(book.outcomes[name], target_of(book.outcomes[name]), aggregates.source)
                if size is not None:
                    found.setdefault(name, {})[contrast.exposure] = float(
                        f"{_by_unit(*size, contrast, aggregates):.3g}"
                    )
    return found


def measured_chains(config: CohortConfig, aggregates: Aggregates) -> dict[str, dict[str, float]]:
    """Return what exposures do to those that studies also ask of as outcomes, as it was measured given the background.

    So an instrument moves its exposure in a twin as in the cohort. The size is that of a linear regression of scores.
    """
    source, book, found = aggregates.source, config.codebook, dict[str, dict[str, float]]()
    order, matrix = list(source["correlations"]), _matrix(source["correlations"])
    causes = [name for name in order if name not in {*source["after"], *source["chained"]}]
    for study in config.studies.values():
        for name in getattr(study, "outcomes", ()):
            column = book.column_of(name)
            if column is None or column not in source["chained"]:
                continue
            for contrast in study.exposures_shown(book):
                if contrast.column in source["chained"][column] and contrast.levels is None:
                    score = partial_sizes(column, causes, order, matrix).get(contrast.column, 0.0)
                    ratio = _spread(source["columns"][column]) / _spread(source["columns"][contrast.column])
                    found.setdefault(name, {})[contrast.column] = float(f"{score * ratio:.2g}")
    return found


def _matrix(triangle: Mapping[str, Sequence[float]]) -> Floats:
    matrix = np.eye(len(triangle))
    for place, row in enumerate(triangle.values()):
        matrix[place, :place] = matrix[:place, place] = row
    return matrix


def _spread(margin: Mapping[str, Any]) -> float:
    """About the SD of a column."""
    if margin["kind"] == "yes_no":
        return math.sqrt(margin["share"] * (1 - margin["share"]))
    return (margin["edges"][-1] - margin["edges"][0]) / SDS_BETWEEN_ENDS or 1.0


def _size(outcome: AnyOutcome, target: str, source: Mapping[str, Any]) -> tuple[float, bool] | None:
    """A size as the twin takes it, and whether it is a ratio; None if no margin is stated, or the twin has no such."""
    if isinstance(outcome, MultiSectorOutcome):
        return None if outcome.margin is None or outcome.window not in source["costs"] else (outcome.margin, False)
    if outcome.margin is None or target not in {*source["after"], *source["events"]}:
        return None
    if isinstance(outcome, ContinuousOutcome | BinaryOutcome):
        return outcome.margin, False
    if isinstance(outcome, EventOutcome):
        risk = -math.expm1(-_cumulative(source["events"][target], outcome.horizon_years))
        more = risk + outcome.margin if risk + outcome.margin < 1 else risk - outcome.margin
        return (math.log1p(-more) / math.log1p(-risk), True) if 0 < risk < 1 and 0 < more < 1 else None
    amount = Amount.read(target)
    bands = source["columns"].get(target) or source["costs"][amount.window][amount.sector]
    mean = (1 - bands.get("zeros", 0.0)) * sum(bands["edges"]) / len(bands["edges"])
    return (1 + outcome.margin / mean, True) if mean > 0 else None


def _cumulative(event: Mapping[str, Any], horizon: float) -> float:
    starts, ends = [0.0, *event["edges"]], [*event["edges"], math.inf]
    pieces = zip(starts, ends, event["hazards"], strict=True)
    return sum(max(0.0, min(end, horizon) - start) * hazard for start, end, hazard in pieces)


def _by_unit(size: float, ratio: bool, contrast: Contrast, aggregates: Aggregates) -> float:
    """The size by one unit of a number, of which the comparison has more or less than one."""
    step = contrast.per or 1.0
    if step == "sd":
        step = _spread(aggregates.source["columns"][contrast.column])
    return size ** (1 / float(step)) if ratio else size / float(step)


class _Dumper(yaml.SafeDumper):
    """Short lists and rows of numbers stand on one line."""


def _row(dumper: yaml.SafeDumper, data: list[Any]) -> yaml.Node:
    flat = all(isinstance(one, int | float | str) for one in data)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=flat)


_Dumper.add_representer(list, _row)
_Dumper.ignore_aliases = lambda *_: True  # type: ignore[method-assign]
