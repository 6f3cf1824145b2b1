"""What every world offers, so that cohorts are drawn and truths computed in one way."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import BinaryOutcome, ContinuousOutcome, EventOutcome
from evenwicht.cohort import Cohort
from evenwicht.results.questions import Births, Concentration, Effect, Question
from evenwicht.worlds.mechanism_settings import Onset
from evenwicht.worlds.mechanisms import mean_free_years, onset_risk
from evenwicht.worlds.scm import Model, Values

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, object]
Intervention = Mapping[str, Any]
Parameter = Callable[[str], float | None]  # event or column -> effect on its log hazard, mean or risk; None if unknown
PER = 100_000


@dataclass(frozen=True)
class Arms:
    """Two interventions on the same people.

    Attributes
    ----------
    exposed, unexposed
        Variables set for everybody, to a number or an (n,) array.
    among
        From people drawn without intervention, who the comparison is about, (n,); everybody if left out.
    """

    exposed: Intervention
    unexposed: Intervention
    among: Callable[[Values], Flags] | None = None


@dataclass(frozen=True)
class Moved:
    """A column that is made of several variables of a world, and how it is changed.

    Attributes
    ----------
    level
        From people, the column without error, (n,).
    to
        From people and what the column is to be, (n,), the intervention that makes it so.
    """

    level: Callable[[Values], Floats]
    to: Callable[[Values, Floats], Intervention]


@dataclass(frozen=True)
class World:
    """A structural causal model, how it becomes a Cohort, and what is needed to know its true effects.

    Attributes
    ----------
    equations
        The structural causal model.
    cohort
        Draws a Cohort from a seed, without its truth table.
    write
        Draws a Cohort from a seed and writes it with its truth table as a folder, for a world with a way of its own.
    arms
        Yes/no column of `persons` -> the interventions that set it, if it is more than a variable of the same name.
    births
        What happened to the births that a question is about, and its absence; None if it is nothing.
    diseases
        Event -> its Gompertz baseline; its log hazard is the variable `<event>_log_hazard`.
    hazards
        Event that is no such disease -> everybody's cumulative hazard of it from birth to an age, a number or (n,).
    use
        Window of costs -> variable with the use of every sector, (n, sectors).
    sectors
        Ids of the sectors, in the order of the columns of use.
    inclusion
        Variable with the chance to be in the sample that the truth is about; everybody if left out.
    exact
        True values in closed form: rows with the keys `schema.QUESTION` and value; see `row`.
    others
        True values particular to this world, from people drawn without intervention.
    group_means
        Column of people or of an outcome -> its expected mean over each person's group, (n,), where people live in
        groups.
    columns
        Column of `persons` -> the variable that it codes, where their names differ.
    moved
        Column of `persons` -> how levers change it, where it is no variable itself.
    """

    equations: Model
    cohort: Callable[[np.random.SeedSequence], Cohort]
    write: Callable[[np.random.SeedSequence, "pd.DataFrame", Path], None] | None = None
    arms: Mapping[str, Arms] = field(default_factory=dict)
    births: Callable[[Births], Arms | None] | None = None
    diseases: Mapping[str, Onset] = field(default_factory=dict)
    hazards: Mapping[str, Callable[[Values, float], Floats | float]] = field(default_factory=dict)
    use: Mapping[str, str] = field(default_factory=dict)
    sectors: Sequence[str] = ()
    inclusion: str | None = None
    exact: Sequence[Row] = ()
    others: Callable[[Values], Iterable[Row]] | None = None
    group_means: Mapping[str, Callable[[Values], Floats]] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, Moved] = field(default_factory=dict)


def row(
    estimand: str,
    value: float,
    *,
    outcome: str = "",
    exposure: str = "",
    reference: str = "",
    subgroup: str = "",
    at: str | float = "",
) -> Row:
    """Return one true value with its keys."""
    return {
        "outcome": outcome,
        "exposure": exposure,
        "reference": reference,
        "subgroup": subgroup,
        "at": at if isinstance(at, str) else f"{at:g}",
        "estimand": estimand,
        "value": float(value),
    }


def effects_by_contrast(questions: Iterable[Question]) -> dict[Contrast, dict[bool, list[str]]]:
    """Return every contrast that is asked for, once: whether as a policy -> ids of its outcomes."""
    asked: dict[Contrast, dict[bool, list[str]]] = {}
    for question in questions:
        if isinstance(question, Effect):
            outcomes = asked.setdefault(question.contrast, {}).setdefault(question.policy, [])
            outcomes += [name for name in question.outcomes if name not in outcomes]
    return asked


def births_of(questions: Iterable[Question]) -> list[Births]:
    """Return the questions about times of birth."""
    return [question for question in questions if isinstance(question, Births)]


def concentrations_of(questions: Iterable[Question]) -> list[Concentration]:
    """Return the questions about the concentration of use."""
    return [question for question in questions if isinstance(question, Concentration)]


def exact_effects(
    book: Codebook,
    questions: Iterable[Question],
    parameter: Callable[[str, str], float | None],
    diseases: Mapping[str, Onset] | None = None,
) -> Iterator[Row]:
    """Yield the effects of yes/no columns that are parameters of a world.

    Parameters
    ----------
    book
        The cohort.
    questions
        What is asked.
    parameter
        Called with the column and an event or the column of an outcome: effect on the log hazard, mean or risk.
    diseases
        Event -> Gompertz baseline.
    """
    for contrast, levels in effects_by_contrast(questions).items():
        if contrast.levels is not None or contrast.continuous:
            continue

        def effect(target: str, column: str = contrast.column) -> float | None:
            return parameter(column, target)

        for name in dict.fromkeys(name for outcomes in levels.values() for name in outcomes):
            yield from exact_effect(book, name, contrast.exposure, contrast.reference, effect, diseases)


def exact_effect(
    book: Codebook,
    name: str,
    exposure: str,
    reference: str,
    parameter: Parameter,
    diseases: Mapping[str, Onset] | None = None,
) -> Iterator[Row]:
    """Yield the effect on one outcome as far as it is a parameter.

    Delay of onset is minus the log hazard ratio over the Gompertz shape, exact for the cumulative hazard up to the
    constant at birth.
    """
    outcome, keys = book.outcomes[name], {"outcome": name, "exposure": exposure, "reference": reference}
    if isinstance(outcome, EventOutcome):
        disease = (diseases or {}).get(outcome.event)
        effect = parameter(outcome.event) if disease is not None else None
        if disease is not None and effect is not None:
            yield row("conditional_hazard_ratio", np.exp(effect), **keys)
            yield row("onset_delay", 0.0 - effect / disease.shape, **keys)
    elif isinstance(outcome, ContinuousOutcome | BinaryOutcome):
        effect = parameter(outcome.column)
        if effect is not None:
            estimand = "mean_difference" if isinstance(outcome, ContinuousOutcome) else "risk_difference"
            yield row(estimand, effect, **keys)


def effects_by_age(
    keys: Mapping[str, str],
    disease: Onset,
    exposed: Floats,
    unexposed: Floats,
    weights: Floats,
    ages: Iterable[float],
) -> Iterator[Row]:
    """Yield absolute effects on a disease by each age, and the risk that they are effects on.

    Parameters
    ----------
    keys
        Outcome, exposure and reference of the rows.
    disease
        Its Gompertz baseline.
    exposed, unexposed
        Log hazards of the same people in both arms, (n,).
    weights
        Of the sample, (n,).
    ages
        Years.
    """
    for age in ages:
        one, none = (float(np.average(onset_risk(disease, h, age), weights=weights)) for h in (exposed, unexposed))
        free = [float(np.average(mean_free_years(disease, h, age), weights=weights)) for h in (exposed, unexposed)]
        yield row("risk_unexposed", none, at=age, **keys)
        yield row("risk_difference", one - none, at=age, **keys)
        yield row("risk_ratio", one / none, at=age, **keys)
        yield row("cases_averted", PER * (none - one), at=age, **keys)
        yield row("rmst_difference", free[0] - free[1], at=age, **keys)
