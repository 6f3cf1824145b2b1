"""People like those of a cohort, drawn from its rounded aggregates, in whom every effect is known.

What comes before outcomes hangs together by a Gaussian copula. Each outcome has a normal number of its own: a sum of
scores of what comes before, with the coefficients that follow from the correlations, and a rest that outcomes share.
The part of `exposures` in it is taken out, and the stated `effects` are put in its place: what confounds an exposure
stays as it was measured, what it does is known. Columns outside `exposures` do what was measured of them.

Columns that the date of birth decides follow from it, so that groups of births differ by what happened to them; what
else differs between dates of birth does so through columns that go with them.

Not in a twin: trends of outcomes over dates of birth, dependence that is not that of a normal copula (of use it is that
of who has most, where an outcome asks for it), interactions, and frailty of events in groups.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import BinaryOutcome, ContinuousOutcome, EventOutcome
from evenwicht.base.streams import part_of
from evenwicht.base.variables import Amount, target_of
from evenwicht.cohort import Cohort, empty
from evenwicht.results.questions import Question
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.scm import Equation, Model, named_causes
from evenwicht.worlds.twin import costs, follow_up, people, times
from evenwicht.worlds.twin.dependence import Structure
from evenwicht.worlds.twin.effects import Effects, between, logarithms, stated_effects
from evenwicht.worlds.twin.settings import TwinWorld
from evenwicht.worlds.twin.several import stated_shifts
from evenwicht.worlds.world import Row, World, effects_by_contrast, row

BACKGROUND, REST = "normal_numbers", "rest_of_outcomes"  # variables beside columns


def build(source: TwinWorld, book: Codebook, questions: Sequence[Question]) -> World:
    """Return the twin world of its settings.

    Raises
    ------
    ConfigError
        If an effect is on nothing that the twin has, stated in two ways, or too large for a risk.
    """
    structure = Structure(source)
    effects = replace(stated_effects(source, book), shifts=stated_shifts(structure, book))
    return World(
        equations=twin_model(structure, book, effects),
        cohort=partial(_cohort, book, structure, effects),
        births=partial(times.arms_of, structure),
        hazards={event: partial(follow_up.cumulative_hazard, source.events[event], event) for event in source.events},
        use=costs.uses(source),
        sectors=costs.sectors(source),
        exact=[
            *_exact(structure, book, questions, effects),
            *times.effects_of(structure, book, questions, effects),
        ],
    )


def twin_model(
    structure: Structure, book: Codebook, effects: Effects, together: Sequence[people.Together] = ()
) -> Model:
    """Return the structural equations of a twin, of people alone or in groups."""
    source = structure.source
    shared = [(one.place, structure.shared(one.group)) for one in together]
    rest = [(one.place, structure.shared_rest(structure.outcomes, one.group)) for one in together]
    equations: dict[str, Equation] = {
        BACKGROUND: partial(people.normal_numbers, structure.of_drawn, shared),
        REST: partial(people.normal_numbers, structure.outcomes.left, rest),
    }
    chained: dict[str, Equation] = {}
    for place, name in enumerate(structure.drawn):
        sizes, causes = effects.on(name), effects.causes(name)
        equation = partial(people.from_background, structure, name, place, sizes, _additive(book, name), causes)
        (chained if name in source.chained else equations)[name] = named_causes(equation, BACKGROUND, *causes)
    if source.births is not None:
        for name, one in source.births.decides.items():
            equation = partial(people.decided_by_birth, source.births, name)
            equations[name] = named_causes(equation, source.births.column, *filter(None, [one.among]))
    equations |= chained
    variable = {name: name for name in structure.margins} | costs.variables(source)
    for name in structure.outcomes.names:
        sizes, shifts = effects.on(name), effects.shifts.get(name, {})
        causes = list(dict.fromkeys([*structure.outcomes.kept(name), *effects.causes(name)]))
        equation = partial(people.outcome_of, structure, name, sizes, shifts, _additive(book, name), causes)
        equations[variable[name]] = named_causes(equation, REST, *causes)
    for event, happening in source.events.items():
        kept, sizes = {k: v for k, v in happening.by.items() if k not in source.exposures}, effects.on(event)
        causes = list(dict.fromkeys([*kept, *effects.causes(event)]))
        equation = partial(follow_up.log_hazard, structure, kept, sizes, causes)
        equations[f"{event}_log_hazard"] = named_causes(equation, *causes)
    sectors = costs.sectors(source)
    for window, used in costs.uses(source).items():
        some = [sector in source.costs[window] for sector in sectors]
        names = [variable[str(Amount(sector, window))] for sector in sectors if sector in source.costs[window]]
        equations[used] = named_causes(partial(costs.use, some), REST, *names)
    return Model(equations)


def _additive(book: Codebook, name: str) -> bool:
    """Whether effects on a number are differences, not ratios."""
    kinds = {type(outcome) for outcome in book.outcomes.values() if target_of(outcome) == name}
    return kinds <= {ContinuousOutcome, BinaryOutcome}


def _exact(structure: Structure, book: Codebook, questions: Sequence[Question], effects: Effects) -> Iterator[Row]:
    """Yield the effects that are parameters as they stand: differences of means, and hazard ratios."""
    chained = structure.source.chained
    # what changes exposures does so to all that they change
    through = {column for name in chained for column in effects.causes(name)}
    for contrast, levels in effects_by_contrast(questions).items():
        column = contrast.column
        if column not in structure.source.exposures or contrast.per == "sd":
            continue
        for name in dict.fromkeys(name for outcomes in levels.values() for name in outcomes):
            outcome = book.outcomes[name]
            target, keys = target_of(outcome), {"outcome": name, "exposure": contrast.exposure}
            keys["reference"] = contrast.reference
            sizes = effects.on(target)
            if column in through and target not in chained:
                continue
            if isinstance(outcome, EventOutcome):
                log = between(contrast.column, contrast.levels, logarithms(sizes))
                yield row("conditional_hazard_ratio", float(np.exp(log * (contrast.per or 1.0))), **keys)
            elif isinstance(outcome, ContinuousOutcome) and target in {
                *structure.outcomes.names,
                *chained,
            }:
                difference = between(contrast.column, contrast.levels, sizes) * (contrast.per or 1.0)
                yield row("mean_difference", float(difference), **keys)


def _cohort(book: Codebook, structure: Structure, effects: Effects, key: np.random.SeedSequence) -> Cohort:
    source, n = structure.source, structure.source.n
    rng = np.random.default_rng(part_of(key, 1))
    together = people.groups_of(source, n, rng)
    drawn = twin_model(structure, book, effects, list(together.values())).draw(n, part_of(key, 0))
    seen = follow_up.known(structure, drawn, n, rng)
    ids = np.arange(1, n + 1)
    persons = {name: people.column_of(structure.margins[name], drawn[name], seen.get(name)) for name in source.columns}
    persons |= {name: pd.array(group.place + 1, dtype="Int64").astype(str) for name, group in together.items()}
    if source.births is not None:
        born = people.column_of(source.births, drawn[source.births.column], None)
        persons |= {source.births.column: born}
        persons |= {name: by.calendar_month(pd.DatetimeIndex(born)) for name in source.births.months}
    identifier = {name: pd.array(ids, dtype="Int64") for name in book.role("id")}
    table = pd.DataFrame({**identifier, **persons})
    for name in table.columns:
        if book.columns[name].type == "category":
            table[name] = table[name].astype("category")
    return Cohort(
        name=book.cohort,
        description=book.description,
        columns=dict(book.columns),
        persons=table[list(book.columns)] if set(book.columns) <= set(table) else table,
        measures=_joined("measures", [follow_up.wave_of(ids, wave, age, seen) for wave, age in source.waves.items()]),
        events=_joined("events", [follow_up.happenings(ids, e, h, drawn, seen, rng) for e, h in source.events.items()]),
        costs=_joined("costs", [costs.amounts(ids, source, window, drawn, seen) for window in source.costs]),
    ).check()


def _joined(name: str, parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else empty(name)
