"""How large the effects are that are put in a twin, and the scenarios in which they are.

An effect has the size of the margin of its outcome, the smallest difference that matters, or that of the estimate in
the cohort itself. Both are differences, and become what the twin takes.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import ConfigError
from evenwicht.base.exposures import NO, Contrast, Exposed
from evenwicht.base.outcomes import (
    AnyOutcome,
    BinaryOutcome,
    ContinuousOutcome,
    EventOutcome,
    MultiSectorOutcome,
    effect_estimand,
    horizon_of,
)
from evenwicht.base.variables import Amount, target_of
from evenwicht.config import CohortConfig
from evenwicht.display.section import records
from evenwicht.rehearsal.aggregates import Aggregates
from evenwicht.rehearsal.roles import compares_births
from evenwicht.rehearsal.scores import SAME, partial_sizes
from evenwicht.studies.claiming import leads
from evenwicht.studies.claims import leading
from evenwicht.studies.study import StudySettings
from evenwicht.worlds import build

SDS_BETWEEN_ENDS = 3.3  # of a normal number, between the first and last of twenty bands
# and the column: scenario in which its effects are put in, and others are as measured
STATED, ESTIMATED = "effect_of_", "estimated_effect_of_"
Sizes = dict[str, dict[str, float]]  # outcome -> key of who is exposed -> size
Left = dict[str, str]  # what is not in the twin -> why


def sizes_that_matter(config: CohortConfig, aggregates: Aggregates) -> Sizes:
    """Return effects of the size of the margin of each outcome that has one, of every exposure studied with it.

    Of an event the margin is a difference in risk, and becomes the hazard ratio that gives it by the horizon; of a
    count or use it becomes about the ratio of means that gives it. A number has it by the step of its comparison.
    """
    outcomes = config.codebook.outcomes
    return _sizes(config, aggregates, lambda _, outcome, __: outcomes[outcome].margin, {})


def estimated_sizes(config: CohortConfig, aggregates: Aggregates, estimates: pd.DataFrame) -> tuple[Sizes, Left]:
    """Return effects of the size of the estimates by which studies lead, in three figures, and what cannot be -> why.

    Parameters
    ----------
    estimates
        Of the cohort, with the columns of `schema.ESTIMATES`. Of several studies of one comparison, the first counts.
    """
    alone = estimates[estimates["subgroup"] == ""]
    found = dict(tuple(alone.groupby(["study", "outcome", "exposure", "reference"])))

    def estimate(study: str, outcome: str, contrast: Contrast) -> float | None:
        rows = found.get((study, outcome, contrast.exposure, contrast.reference))
        lead = None if rows is None else leading(records(rows), leads(config.studies[study]))
        if rows is None or lead is None:
            return None
        told = config.codebook.outcomes[outcome]
        same = rows[(rows["method"] == lead["method"]) & (rows["estimand"] == effect_estimand(told))]
        same = same[same["estimate"].notna() & (same["at"] == horizon_of(told))]
        return float(same["estimate"].iloc[0]) if len(same) else None

    left = Left()
    return _sizes(config, aggregates, estimate, left), left


def _sizes(
    config: CohortConfig,
    aggregates: Aggregates,
    wanted: Callable[[str, str, Contrast], float | None],
    left: Left,
) -> Sizes:
    book, found = config.codebook, dict[str, dict[str, float]]()
    for name, study in config.studies.items():
        for contrast in (*study.exposures_shown(book), *_policies(study, book, aggregates.source)):
            if contrast.column not in aggregates.source["exposures"]:
                continue
            for outcome in getattr(study, "outcomes", ()):
                difference = wanted(name, outcome, contrast)
                size = _size(book.outcomes[outcome], difference, aggregates.source)
                if size is None and difference is not None:
                    left[_effect(contrast.exposure, outcome)] = "no risk, hazard or use in the twin gives it"
                elif size is not None:
                    by_unit = float(f"{_by_unit(*size, contrast, aggregates):.3g}")
                    found.setdefault(outcome, {}).setdefault(contrast.exposure, by_unit)
    return found


def in_scenarios(
    config: CohortConfig, data: Mapping[str, Any], effects: Mapping[str, Mapping[str, float]], prefix: str
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Return a scenario for each exposure in which its effects are put in, and which studies are run in it.

    Parameters
    ----------
    config
        The cohort.
    data
        The cohort file of its twin.
    effects
        Outcome -> key of who is exposed -> size.
    prefix
        Of the names of the scenarios.
    """
    scenarios, judged = dict[str, Any](), dict[str, list[str]]()
    for column in data["source"]["exposures"]:
        sizes = _of_column(column, {name: effects[name] for name in effects if name in data["outcomes"]})
        studies = [name for name in data["studies"] if column in _compared(config, name, data["source"])]
        if sizes and studies:
            scenarios[f"{prefix}{column}"] = {"effects": sizes, "exposures": _as_one(column, data["source"])}
            judged[f"{prefix}{column}"] = studies
    return scenarios, judged


def with_estimated(twin: CohortConfig, effects: Mapping[str, Mapping[str, float]]) -> tuple[CohortConfig, Left]:
    """Return a twin with scenarios for effects of the size of estimates, and which of these it cannot have -> why.

    It is not to be written: what was estimated would leave with it.
    """
    possible, left = dict[str, dict[str, float]](), Left()
    for name, sizes in effects.items():
        for column in dict.fromkeys(Exposed.read(key).column for key in sizes):
            own = _of_column(column, {name: sizes})
            source = twin.source.model_copy(update={"effects": own, "exposures": [column]})
            try:
                build(source, twin.codebook)
            except ConfigError as error:
                left[_effect(column, name)] = error.what
            else:
                possible.setdefault(name, {}).update(own[name])
    scenarios, judged = in_scenarios(twin, twin.model_dump(mode="json"), possible, ESTIMATED)
    every = {name: twin.judged_in(name) for name in twin.scenarios} | judged
    return twin.model_copy(update={"scenarios": {**twin.scenarios, **scenarios}, "scenario_studies": every}), left


def _effect(exposure: str, outcome: str) -> str:
    return f"effect of {exposure} on {outcome} as large as it was estimated"


def _of_column(column: str, effects: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Effects of one column: stated effects of exposures that go together would confound each other."""
    own = {
        name: {key: size for key, size in sizes.items() if Exposed.read(key).column == column}
        for name, sizes in effects.items()
    }
    return {name: sizes for name, sizes in own.items() if sizes}


def _as_one(column: str, source: Mapping[str, Any]) -> list[str]:
    """Return the column with those exposures that say the same in another unit, or that are also the date of birth."""
    if column in (decided := _decided(source)):
        return [name for name in source["exposures"] if name in decided]
    order, matrix = list(source["correlations"]), _matrix(source["correlations"])
    ties = np.abs(matrix[order.index(column)])
    return [name for name in source["exposures"] if ties[order.index(name)] >= SAME]


def _compared(config: CohortConfig, name: str, source: Mapping[str, Any]) -> set[str]:
    """Columns that a study compares, by themselves or as times of birth, if worlds can judge it."""
    study, book = config.studies[name], config.codebook
    if not study.has_truth:
        return set()
    columns = {contrast.column for contrast in study.exposures_shown(book)}
    return columns | set(_decided(source)) if compares_births(study, book) else columns


def _policies(study: StudySettings, book: Codebook, source: Mapping[str, Any]) -> list[Contrast]:
    """Yes/no columns by which times of birth differ, of a study that compares these."""
    if not compares_births(study, book):
        return []
    return [Contrast(name, name, NO) for name, one in _decided(source).items() if one.get("flag")]


def _decided(source: Mapping[str, Any]) -> dict[str, Any]:
    """What the date of birth decides."""
    found: dict[str, Any] = (source.get("births") or {}).get("decides", {})
    return found


def measured_chains(config: CohortConfig, aggregates: Aggregates) -> dict[str, dict[str, float]]:
    """Return what exposures do to those that studies also ask of as outcomes, as it was measured given the background.

    So an instrument moves its exposure in a twin as in the cohort. The size is that of a linear regression of scores.
    """
    source, book, found = aggregates.source, config.codebook, dict[str, dict[str, float]]()
    order, matrix = list(source["correlations"]), _matrix(source["correlations"])
    causes = [name for name in source["columns"] if name not in {*source["after"], *source["chained"]}]
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


def _size(outcome: AnyOutcome, wanted: float | None, source: Mapping[str, Any]) -> tuple[float, bool] | None:
    """A difference as the twin takes it, and whether that is a ratio; None without one, or where it cannot be."""
    target = target_of(outcome)
    if isinstance(outcome, MultiSectorOutcome):
        return None if wanted is None or outcome.window not in source["costs"] else (wanted, False)
    if wanted is None or target not in {*source["after"], *source["events"]}:
        return None
    if isinstance(outcome, ContinuousOutcome | BinaryOutcome):
        return wanted, False
    if isinstance(outcome, EventOutcome):
        risk = -math.expm1(-_cumulative(source["events"][target], outcome.horizon_years))
        more = risk + wanted if risk + wanted < 1 else risk - wanted
        return (math.log1p(-more) / math.log1p(-risk), True) if 0 < risk < 1 and 0 < more < 1 else None
    amount = Amount.read(target)
    bands = source["columns"].get(target) or source["costs"][amount.window][amount.sector]
    mean = _mean(bands)
    return (1 + wanted / mean, True) if mean > 0 and wanted > -mean else None


def _mean(bands: Mapping[str, Any]) -> float:
    """Mean of a number: bands are even along a normal number, and go on as they end."""
    edges = np.log(bands["edges"]) if bands.get("logarithmic") else np.array(bands["edges"])
    shares = np.arange(1, len(edges) + 1) / (len(edges) + 1)
    # where the first and last bands are cut once more, their lines go on to their middles
    middles = ndtri(np.concatenate([[shares[0] / 2], (shares[1:] + shares[:-1]) / 2, [1 - shares[0] / 2]]))
    places, slopes = ndtri(shares), np.diff(edges) / np.diff(ndtri(shares))
    numbers = np.interp(middles, places, edges)
    numbers[0] += slopes[0] * (middles[0] - places[0])
    numbers[-1] += slopes[-1] * (middles[-1] - places[-1])
    numbers = np.exp(numbers) if bands.get("logarithmic") else numbers
    return float((1 - bands.get("zeros", 0.0)) * numbers.mean())


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
