"""What every world offers, so that cohorts are drawn and truths computed in one way."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, ContinuousOutcome, EventOutcome
from evenwicht.config.mechanisms import Onset
from evenwicht.rows import contrast_label
from evenwicht.worlds.scm import Model, Values

Row = dict[str, object]
Intervention = Mapping[str, Any]
Parameter = Callable[[str, str], float | None]  # column of a contrast and an outcome -> effect, None if there is none


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
        Column of `persons` -> the interventions that set it to yes and to no.
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


def contrasts_of(config: CohortConfig) -> Iterator[tuple[str, str, list[str]]]:
    """Yield level, column and outcomes of every contrast that the studies of a cohort ask for."""
    if config.individual is not None:
        yield "individual", config.individual.exposure, config.individual.outcomes
    if config.policy is not None:
        for exposure in config.policy.exposures:
            yield "policy", exposure, config.policy.outcomes


def exact_effects(
    config: CohortConfig,
    diseases: Mapping[str, Onset] | None = None,
    *,
    log_hazard_ratio: Parameter | None = None,
    mean_difference: Parameter | None = None,
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
        Called with column and event.
    mean_difference
        Called with column of the contrast and column of a continuous outcome.
    """
    for level, column, names in contrasts_of(config):
        label = contrast_label(column, config.columns[column])
        for name in names:
            outcome = config.outcomes[name]
            row: Row = {"study": name, "level": level, "contrast": label}
            if isinstance(outcome, EventOutcome) and log_hazard_ratio is not None and outcome.event in (diseases or {}):
                effect = log_hazard_ratio(column, outcome.event)
                if effect is not None:
                    yield {**row, "estimand": "conditional_hazard_ratio", "value": float(np.exp(effect))}
                    yield {**row, "estimand": "onset_delay", "value": -effect / (diseases or {})[outcome.event].shape}
            if isinstance(outcome, ContinuousOutcome) and mean_difference is not None:
                effect = mean_difference(column, outcome.column)
                if effect is not None:
                    yield {**row, "estimand": "mean_difference", "value": effect}
