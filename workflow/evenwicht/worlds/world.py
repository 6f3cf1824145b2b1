"""What every world offers, so that cohorts are drawn and truths computed in one way."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenwicht.cohort import Cohort
from evenwicht.config import BinaryOutcome, CohortConfig, ContinuousOutcome, EventOutcome
from evenwicht.config.mechanisms import Onset
from evenwicht.rows import REFERENCES, contrast_label, period_label
from evenwicht.worlds.scm import Model, Values

Row = dict[str, object]
Intervention = Mapping[str, Any]
Parameter = Callable[[str, str], float | None]  # key of a contrast and an outcome -> effect, None if there is none


@dataclass(frozen=True)
class Contrast:
    """Two interventions on the same people.

    Attributes
    ----------
    exposed, unexposed
        Variables set for everybody, to a number or an (n,) array.
    among
        From people drawn without intervention, who the contrast is about; everybody if left out.
    """

    exposed: Intervention
    unexposed: Intervention
    among: Callable[[Values], NDArray[np.bool_]] | None = None


@dataclass(frozen=True)
class World:
    """A structural causal model, how it becomes a Cohort, and what is needed to know its true effects.

    Attributes
    ----------
    equations
        The structural causal model.
    cohort
        Draws a Cohort from a seed, without its truth table.
    contrasts
        Column of `persons`, or window of births -> the interventions that set it to yes and to no.
    diseases
        Event -> its Gompertz baseline; its log hazard is the variable `<event>_log_hazard`.
    use
        Window of costs -> variable with the use of every sector, (n, sectors).
    sectors
        Names of the sectors, in the order of the columns of use.
    inclusion
        Variable with the chance to be in the sample that the truth is about; everybody if left out.
    exact
        True values in closed form: rows with study, estimand, level, contrast and value.
    others
        True values particular to this world, from people drawn without intervention.
    """

    equations: Model
    cohort: Callable[[np.random.SeedSequence], Cohort]
    contrasts: dict[str, Contrast] = field(default_factory=dict)
    diseases: Mapping[str, Onset] = field(default_factory=dict)
    use: dict[str, str] = field(default_factory=dict)
    sectors: list[str] = field(default_factory=list)
    inclusion: str | None = None
    exact: list[Row] = field(default_factory=list)
    others: Callable[[Values], Iterable[Row]] | None = None


def yes_or_no(*columns: str) -> dict[str, Contrast]:
    """Return the contrasts of columns that are variables of the model with the same name."""
    return {column: Contrast({column: True}, {column: False}) for column in columns}


@dataclass(frozen=True)
class Asked:
    """A contrast that the studies of a cohort ask for.

    Attributes
    ----------
    level
        "individual" or "policy".
    key
        Its key in `World.contrasts`: a column of `persons`, or a window of births.
    labels
        Names under which estimates of it stand; one for each group that the exposed are compared with.
    outcomes
        Names of outcomes.
    """

    level: str
    key: str
    labels: list[str]
    outcomes: list[str]


def contrasts_of(config: CohortConfig) -> Iterator[Asked]:
    """Yield every contrast that the studies of a cohort ask for, each once with all its outcomes."""
    columns: dict[tuple[str, str], list[str]] = {}
    if config.individual is not None:
        columns[("individual", config.individual.exposure)] = config.individual.outcomes
    if config.policy is not None:
        columns |= {("policy", exposure): config.policy.outcomes for exposure in config.policy.exposures}
    if config.reform is not None:
        key = ("policy", config.reform.exposure)
        columns[key] = list(dict.fromkeys([*columns.get(key, []), *config.reform.outcomes]))
    for (level, column), outcomes in columns.items():
        yield Asked(level, column, [contrast_label(column, config.columns[column])], outcomes)
    study = config.birth_periods
    if study is not None:
        for name, window in study.exposed.items():
            labels = [period_label(name, window, reference) for reference in REFERENCES]
            yield Asked("policy", name, labels, study.outcomes)


def exact_effects(
    config: CohortConfig,
    diseases: Mapping[str, Onset] | None = None,
    *,
    log_hazard_ratio: Parameter | None = None,
    mean_difference: Parameter | None = None,
    risk_difference: Parameter | None = None,
) -> Iterator[Row]:
    """Yield the effects that are parameters of a world, for every contrast and outcome that its studies ask for.

    Parameters
    ----------
    config
        The cohort.
    diseases
        Event -> Gompertz baseline. Delay of onset is minus the log hazard ratio over its shape, exact for the
        cumulative hazard up to the constant at birth.
    log_hazard_ratio
        Called with key of the contrast and event.
    mean_difference
        Called with key of the contrast and column of a continuous outcome.
    risk_difference
        Called with key of the contrast and column of a binary outcome.
    """
    for asked in contrasts_of(config):
        for name, label in product(asked.outcomes, asked.labels):
            outcome = config.outcomes[name]
            row: Row = {"study": name, "level": asked.level, "contrast": label}
            if isinstance(outcome, EventOutcome) and log_hazard_ratio is not None and outcome.event in (diseases or {}):
                effect = log_hazard_ratio(asked.key, outcome.event)
                if effect is not None:
                    yield {**row, "estimand": "conditional_hazard_ratio", "value": float(np.exp(effect))}
                    yield {**row, "estimand": "onset_delay", "value": -effect / (diseases or {})[outcome.event].shape}
            for kind, estimand, parameter in (
                (ContinuousOutcome, "mean_difference", mean_difference),
                (BinaryOutcome, "risk_difference", risk_difference),
            ):
                if isinstance(outcome, kind) and parameter is not None:
                    effect = parameter(asked.key, outcome.column)
                    if effect is not None:
                        yield {**row, "estimand": estimand, "value": effect}
