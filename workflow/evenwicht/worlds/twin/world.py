"""People like those of a cohort, drawn from its rounded aggregates, in whom every effect is known.

What comes before outcomes hangs together by a Gaussian copula. Each outcome has a normal number of its own: a sum of
scores of what comes before, with the coefficients that follow from the correlations, and a rest that outcomes share.
The part of `exposures` in it is taken out, and the stated `effects` are put in its place: what confounds an exposure
stays as it was measured, what it does is known. Columns outside `exposures` do what was measured of them.

Not in a twin: what depends on the date of birth, dependence that is not that of a normal copula (such as use that is
extreme in several sectors at once), interactions, and frailty of events in groups.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr, ndtri

from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import ConfigError, listed
from evenwicht.base.outcomes import AnyOutcome, BinaryOutcome, ContinuousOutcome, EventOutcome, UseOutcome
from evenwicht.base.streams import part_of
from evenwicht.cohort import Cohort, empty
from evenwicht.results.questions import Question
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.scm import Equation, Model, Noise, Values, named_causes
from evenwicht.worlds.twin.dependence import WHOLE, Structure, correlations_near, matrix_of, root_of
from evenwicht.worlds.twin.margins import centre_of, scores_of, values_of
from evenwicht.worlds.twin.settings import Bands, Group, Happening, Levels, Margin, TwinWorld, YesNo
from evenwicht.worlds.world import Arms, Row, World, effects_by_contrast, row

BACKGROUND, REST = "normal_numbers", "rest_of_outcomes"  # variables beside columns
LEAST_RISK = 1e-6
LOGISTIC = 3 / np.pi**2  # how far a normal number flattens the logistic curve: variance of a logistic one, inverted


@dataclass(frozen=True)
class Together:
    """People in groups.

    Attributes
    ----------
    place : (n,) array
        Group of each.
    group
        In what they are alike.
    """

    place: Ints
    group: Group


@dataclass(frozen=True)
class Effects:
    """What is put in: exposure -> size, by the variable or event that it changes."""

    of: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def on(self, target: str) -> Mapping[str, float]:
        """Exposure -> size of its effect on a variable or event."""
        return self.of.get(target, {})


def build(source: TwinWorld, book: Codebook, questions: Sequence[Question]) -> World:
    """Return the twin world of its settings.

    Raises
    ------
    ConfigError
        If an effect is on nothing that the twin has, stated in two ways, or too large for a risk.
    """
    structure, effects = Structure(source), stated_effects(source, book)
    return World(
        equations=twin_model(structure, book, effects),
        cohort=partial(_cohort, book, structure, effects),
        births=lambda _: Arms({}, {}),  # no time of birth does anything
        hazards={event: partial(_cumulative, source.events[event], event) for event in source.events},
        use=_uses(source),
        sectors=_sectors(source),
        exact=list(_exact(structure, book, questions, effects)),
    )


def stated_effects(source: TwinWorld, book: Codebook) -> Effects:
    """Return the effects by what they change; outcomes that the cohort does not have are left to its check."""
    found: dict[str, dict[str, float]] = {}
    for name, sizes in source.effects.items():
        if name not in book.outcomes:
            continue
        where, target = f"cohort {book.cohort}: source.effects.{name}", target_of(book.outcomes[name])
        possible = [*source.after, *source.chained, *source.events]
        if target not in possible:
            fix = f"Effects are on: {listed(possible)}."
            raise ConfigError("it is no outcome that effects can be put on", where=where, fix=fix)
        for exposure, size in sizes.items():
            if not isinstance(book.outcomes[name], ContinuousOutcome | BinaryOutcome) and size <= 0:
                raise ConfigError(f"the ratio for '{exposure}' is not above 0", where=where, fix="1 is no effect.")
            if found.setdefault(target, {}).setdefault(exposure, size) != size:
                fix = "Give it the same size, or state it once."
                raise ConfigError(f"'{exposure}' has two effects on '{target}'", where=where, fix=fix)
        margin = source.columns.get(target)
        if isinstance(margin, YesNo) and not _fits(margin.share, source, found[target]):
            fix = "Give smaller differences of risk."
            raise ConfigError("these effects give a risk below 0 or above 1", where=where, fix=fix)
    return Effects(found)


def target_of(outcome: AnyOutcome) -> str:
    """Return the variable or event that an outcome is; empty if it is made of several."""
    if isinstance(outcome, EventOutcome):
        return outcome.event
    if isinstance(outcome, UseOutcome):
        return f"{outcome.sector}@{outcome.window}"
    return getattr(outcome, "column", "")


def _fits(share: float, source: TwinWorld, sizes: Mapping[str, float]) -> bool:
    """Whether everybody's mean risk stays between 0 and 1, of exposures that are yes or no."""
    moved = [sorted((-centre * size, (1 - centre) * size)) for centre, size in _flagged(source, sizes)]
    return share + sum(low for low, _ in moved) > 0 and share + sum(high for _, high in moved) < 1


def _flagged(source: TwinWorld, sizes: Mapping[str, float]) -> Iterator[tuple[float, float]]:
    for exposure, size in sizes.items():
        centre = _centre(source, exposure)
        if not isinstance(source.columns[exposure.partition("=")[0]], Bands):
            yield centre, size


def _centre(source: TwinWorld, exposure: str) -> float:
    """Share exposed, or the middle of a number."""
    column, _, level = exposure.partition("=")
    margin = source.columns[column]
    return margin.shares.get(level, 0.0) if isinstance(margin, Levels) else centre_of(margin)


def _exposed(source: TwinWorld, exposure: str, values: NDArray[Any]) -> Floats:
    """How far each is from the mean exposure, (n,)."""
    level = exposure.partition("=")[2]
    amount = (values == level) if level else values
    return np.asarray(amount).astype(float) - _centre(source, exposure)


def twin_model(structure: Structure, book: Codebook, effects: Effects, together: Sequence[Together] = ()) -> Model:
    """Return the structural equations of a twin, of people alone or in groups."""
    source = structure.source
    shared = [(one.place, structure.shared(one.group)) for one in together]
    rest = [(one.place, structure.shared_rest(structure.outcomes, one.group)) for one in together]
    equations: dict[str, Equation] = {
        BACKGROUND: partial(_normal_numbers, structure.of_before, shared),
        REST: partial(_normal_numbers, structure.outcomes.left, rest),
    }
    for place, name in sorted(enumerate(structure.before), key=lambda one: one[1] in source.chained):
        sizes = effects.on(name)
        causes = list(dict.fromkeys(exposure.partition("=")[0] for exposure in sizes))
        equation = partial(_from_background, structure, name, place, sizes, _additive(book, name), causes)
        equations[name] = named_causes(equation, BACKGROUND, *causes)
    variable = {name: name for name in structure.margins} | _variables(source)
    for name in structure.outcomes.names:
        sizes = effects.on(name)
        links = (exposure.partition("=")[0] for exposure in sizes)
        causes = list(dict.fromkeys([*structure.outcomes.kept(name), *links]))
        equation = partial(_outcome, structure, name, sizes, _additive(book, name), causes)
        equations[variable[name]] = named_causes(equation, REST, *causes)
    for event, happening in source.events.items():
        kept, sizes = {k: v for k, v in happening.by.items() if k not in source.exposures}, effects.on(event)
        causes = list(dict.fromkeys([*kept, *(exposure.partition("=")[0] for exposure in sizes)]))
        equation = partial(_log_hazard, structure, kept, sizes, causes)
        equations[f"{event}_log_hazard"] = named_causes(equation, *causes)
    sectors = _sectors(source)
    for window, amounts in source.costs.items():
        names = [variable[f"{sector}@{window}"] for sector in sectors if sector in amounts]
        equations[_uses(source)[window]] = named_causes(partial(_use, [s in amounts for s in sectors]), REST, *names)
    return Model(equations)


def _variables(source: TwinWorld) -> dict[str, str]:
    """Variable of each cost: windows may have names that no variable can have."""
    return {f"{sector}@{window}": f"amount_{k}" for k, (sector, window) in enumerate(source.amounts)}


def _uses(source: TwinWorld) -> dict[str, str]:
    """Variable with the use of all sectors, by window."""
    return {window: f"use_{k}" for k, window in enumerate(source.costs)}


def _sectors(source: TwinWorld) -> list[str]:
    return list(dict.fromkeys(sector for amounts in source.costs.values() for sector in amounts))


def _normal_numbers(covariance: Floats, shared: Sequence[tuple[Ints, Floats]], noise: Noise) -> Floats:
    """Normal numbers with this covariance, (n, k), parts of which are the same in everybody of a group.

    Parameters
    ----------
    covariance : (k, k)
    shared
        For each kind of group, the group of everybody, (n,), and the covariance of what it shares, (k, k).
    """
    own = covariance - sum((part for _, part in shared), np.zeros(covariance.shape))
    some = np.diag(own) > 1e-9  # else a column is of groups alone
    root = root_of(np.where(np.outer(some, some), own, 0.0))
    reached = (root**2).sum(axis=1)
    numbers = noise.normal(len(covariance)) @ root.T
    for place, part in shared:
        members, root = np.bincount(place), root_of(part)
        of_groups = noise.rng.standard_normal((len(members), len(covariance))) @ root.T
        for column in np.flatnonzero(np.diag(part) >= WHOLE * np.diag(covariance)):
            of_groups[:, column] = _spread_over(of_groups[:, column], members) * np.sqrt(part[column, column])
        numbers += of_groups[place]
        reached = reached + (root**2).sum(axis=1)
    # rounded parts may be those of no numbers; raised to such, they are too large
    return np.asarray(numbers * np.sqrt(np.diag(covariance) / np.maximum(reached, 1e-9)))


def _spread_over(numbers: Floats, members: Ints) -> Floats:
    """Return normal numbers of groups in the same order, (groups,), even over people.

    As many people as in the cohort then live in a group with a policy, however few the groups.
    """
    order = np.argsort(numbers)
    upto = np.cumsum(members[order])
    even = np.empty(len(numbers))
    even[order] = ndtri((upto - members[order] / 2) / upto[-1])
    return even


def _from_background(
    structure: Structure,
    name: str,
    place: int,
    sizes: Mapping[str, float],
    additive: bool,
    causes: Sequence[str],
    noise: Noise,
    numbers: Floats,
    *given: NDArray[Any],
) -> NDArray[Any]:
    """A column from its normal number, and from the effects of other exposures."""
    values = dict(zip(causes, given, strict=True))
    return _with_effects(structure, name, numbers[:, place], 1.0, sizes, additive, values, noise)


def _additive(book: Codebook, name: str) -> bool:
    """Whether effects on a number are differences, not ratios."""
    kinds = {type(outcome) for outcome in book.outcomes.values() if target_of(outcome) == name}
    return kinds <= {ContinuousOutcome, BinaryOutcome}


def _score(structure: Structure, sizes: Mapping[str, float], values: Mapping[str, NDArray[Any]], n: int) -> Floats:
    """Sum of scores with these coefficients, (n,)."""
    total = np.zeros(n)
    for name, size in sizes.items():
        if size:
            total += size * scores_of(structure.margins[name], values[name])
    return total


def _outcome(
    structure: Structure,
    name: str,
    sizes: Mapping[str, float],
    additive: bool,
    causes: Sequence[str],
    noise: Noise,
    rest: Floats,
    *given: NDArray[Any],
) -> NDArray[Any]:
    """An outcome from the scores of what comes before it, what is left, and the effects that are put in."""
    part, values = structure.outcomes, dict(zip(causes, given, strict=True))
    number = _score(structure, part.kept(name), values, noise.n) + rest[:, part.names.index(name)]
    spread = part.spread(name)
    return _with_effects(structure, name, number / spread, spread, sizes, additive, values, noise)


def _with_effects(
    structure: Structure,
    name: str,
    number: Floats,
    spread: float,
    sizes: Mapping[str, float],
    additive: bool,
    values: Mapping[str, NDArray[Any]],
    noise: Noise,
) -> NDArray[Any]:
    """Values of standard normal numbers, which had this SD before, moved by effects."""
    margin = structure.margins[name]
    moved = {exposure: _exposed(structure.source, exposure, values[exposure.partition("=")[0]]) for exposure in sizes}
    if isinstance(margin, YesNo):
        risk = margin.share + sum((size * moved[exposure] for exposure, size in sizes.items()), np.zeros(noise.n))
        return np.asarray(ndtr(number) > 1 - np.clip(risk, LEAST_RISK, 1 - LEAST_RISK))
    made = values_of(margin, number)
    if isinstance(margin, Levels) or (not sizes and spread == 1):
        return made
    if not additive:
        ratio = np.exp(sum((np.log(size) * moved[exposure] for exposure, size in sizes.items()), np.zeros(noise.n)))
        return np.asarray(np.floor(made * ratio + noise.uniform()) if margin.whole else made * ratio)
    if not (margin.logarithmic or margin.zeros):
        # without what exposures add, people differ by less
        made = centre_of(margin) + spread * (made - centre_of(margin))
    return np.asarray(made + sum((size * moved[exposure] for exposure, size in sizes.items()), np.zeros(noise.n)))


def _log_hazard(
    structure: Structure,
    kept: Mapping[str, float],
    sizes: Mapping[str, float],
    causes: Sequence[str],
    noise: Noise,
    *given: NDArray[Any],
) -> Floats:
    values = dict(zip(causes, given, strict=True))
    total = _score(structure, kept, values, noise.n)
    for exposure, size in sizes.items():
        total += np.log(size) * _exposed(structure.source, exposure, values[exposure.partition("=")[0]])
    return total


def _use(known: Sequence[bool], _: Noise, rest: Floats, *amounts: Floats) -> Floats:
    """Use of every sector in a window, (n, sectors); none where the cohort has none."""
    use = np.zeros((len(rest), len(known)))
    use[:, np.flatnonzero(known)] = np.column_stack(amounts) if amounts else 0.0
    return use


# --- events ----------------------------------------------------------------------------------------------------------


def _pieces(happening: Happening) -> tuple[Floats, Floats, Floats]:
    """Start of each piece, its hazard, and the cumulative hazard at its start."""
    starts, rates = np.array([0.0, *happening.edges]), np.array(happening.hazards)
    return starts, rates, np.concatenate([[0.0], np.cumsum(rates[:-1] * np.diff(starts))])


def baseline_hazard(happening: Happening, time: Any) -> Floats:
    """Cumulative hazard up to a time, at a log hazard of 0."""
    starts, rates, upto = _pieces(happening)
    place = np.searchsorted(starts, time, side="right") - 1
    return np.asarray(upto[place] + rates[place] * (np.asarray(time) - starts[place]))


def _time_of(happening: Happening, cumulative: Floats) -> Floats:
    """Time by which a cumulative hazard is reached; infinite if it never is."""
    starts, rates, upto = _pieces(happening)
    place = np.searchsorted(upto, cumulative, side="right") - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = (cumulative - upto[place]) / rates[place]
    return np.asarray(starts[place] + np.where(np.isnan(beyond), np.inf, beyond))


def _cumulative(happening: Happening, event: str, values: Values, time: float) -> Floats:
    """Everybody's cumulative hazard up to a time on the clock of the event, (n,)."""
    return np.asarray(baseline_hazard(happening, time) * np.exp(values[f"{event}_log_hazard"]))


def _exact(structure: Structure, book: Codebook, questions: Sequence[Question], effects: Effects) -> Iterator[Row]:
    """Yield the effects that are parameters as they stand: differences of means, and hazard ratios."""
    chained = structure.source.chained
    # what changes exposures does so to all that they change
    through = {exposure.partition("=")[0] for name in chained for exposure in effects.on(name)}
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
                log = _between(contrast.column, contrast.levels, {k: np.log(v) for k, v in sizes.items()})
                yield row("conditional_hazard_ratio", float(np.exp(log * (contrast.per or 1.0))), **keys)
            elif isinstance(outcome, ContinuousOutcome) and target in {
                *structure.outcomes.names,
                *chained,
            }:
                difference = _between(contrast.column, contrast.levels, sizes) * (contrast.per or 1.0)
                yield row("mean_difference", float(difference), **keys)


def _between(column: str, levels: tuple[str, str] | None, sizes: Mapping[str, float]) -> float:
    """Size of an effect between two levels, or by one unit."""
    if levels is None:
        return sizes.get(column, 0.0)
    one, none = (sizes.get(f"{column}={level}", 0.0) for level in levels)
    return one - none


# --- a cohort --------------------------------------------------------------------------------------------------------


def _cohort(book: Codebook, structure: Structure, effects: Effects, key: np.random.SeedSequence) -> Cohort:
    source, n = structure.source, structure.source.n
    rng = np.random.default_rng(part_of(key, 1))
    together = groups_of(source, n, rng)
    people = twin_model(structure, book, effects, list(together.values())).draw(n, part_of(key, 0))
    seen = _known(structure, people, n, rng)
    ids = np.arange(1, n + 1)
    persons = {name: _column(structure.margins[name], people[name], seen.get(name)) for name in source.columns}
    persons |= {name: pd.array(group.place + 1, dtype="Int64").astype(str) for name, group in together.items()}
    if source.births is not None:
        persons |= _births(source, n, rng)
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
        measures=_joined("measures", [_wave(ids, wave, age, seen) for wave, age in source.waves.items()]),
        events=_joined("events", [_happenings(ids, e, h, people, seen, rng) for e, h in source.events.items()]),
        costs=_joined("costs", [_amounts(ids, name, people[v], seen) for name, v in _variables(source).items()]),
    ).check()


def _joined(name: str, parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else empty(name)


def groups_of(source: TwinWorld, n: int, rng: np.random.Generator) -> dict[str, Together]:
    """Return who belongs with whom: whole groups of one column lie in one group of the column before it."""
    found: dict[str, Together] = {}
    inner: Ints = np.arange(n)
    for name, group in reversed(source.groups.items()):
        inner = _placed(group, inner, rng)
        found[name] = Together(inner, group)
    return dict(reversed(found.items()))


def _placed(group: Group, inner: Ints, rng: np.random.Generator) -> Ints:
    """Group of each person, (n,): units that stay together are dealt into groups of the sizes that there are."""
    sizes = np.array([size for size, _ in group.sizes])
    shares = np.array([share for _, share in group.sizes], dtype=float)
    shares /= shares.sum()
    count = max(1, round(len(inner) / float(sizes @ shares)))
    # every size as often as its share says, in any order
    wanted = np.repeat(sizes, np.diff(np.rint(np.cumsum(shares) * count), prepend=0).astype(int))
    ends = np.cumsum(rng.permutation(wanted))
    members = np.bincount(inner)
    start = np.cumsum(members) - members
    unit = np.minimum(np.searchsorted(ends, start + members / 2), len(ends) - 1)
    return np.asarray(np.unique(unit, return_inverse=True)[1])[inner]


def _known(structure: Structure, people: Values, n: int, rng: np.random.Generator) -> dict[str, Flags]:
    """Who has which value, (n,) each."""
    source = structure.source
    root = root_of(correlations_near(matrix_of(source.known_together)))
    together = rng.standard_normal((n, len(root))) @ root.T
    place = {name: position for position, name in enumerate(source.known_together)}
    found: dict[str, Flags] = {}
    for name, model in source.known.items():
        number = together[:, place[name]] if name in place else rng.standard_normal(n)
        if model.share == 1:
            found[name] = np.ones(n, dtype=bool)
            continue
        # the intercept at which the mean chance is the share (Zeger et al. 1988, Biometrics 44:1049)
        intercept = logit(model.share) * np.sqrt(1 + LOGISTIC * structure.variance_of(model.by))
        chance = expit(intercept + _score(structure, model.by, people, n))
        found[name] = np.asarray(ndtr(number) < chance)
    return found


def _column(margin: Margin, values: NDArray[Any], seen: Flags | None) -> Any:
    """A column as the persons table holds it."""
    if isinstance(margin, YesNo):
        made = pd.Series(values, dtype="boolean")
    elif isinstance(margin, Levels):
        made = pd.Series(pd.Categorical(values, categories=list(margin.shares)))
    else:
        made = pd.Series(np.rint(values)).astype("Int64") if margin.whole else pd.Series(values.astype(float))
    return made if seen is None else made.where(seen)


def _births(source: TwinWorld, n: int, rng: np.random.Generator) -> dict[str, Any]:
    """Dates of birth, even within their periods, and the columns made of them."""
    births = source.births
    assert births is not None
    starts = np.array([*births.periods, births.end], dtype="datetime64[D]")
    shares = np.array(list(births.periods.values()), dtype=float)
    period = rng.choice(len(shares), n, p=shares / shares.sum())
    days = np.diff(starts).astype(int)
    born = pd.DatetimeIndex(starts[period] + np.floor(rng.random(n) * days[period]).astype("timedelta64[D]"))
    return {births.column: born, **{name: by.calendar_month(born) for name in births.months}}


def _wave(ids: Ints, wave: str, age: float, seen: Mapping[str, Flags]) -> pd.DataFrame:
    everybody = np.ones(len(ids), dtype=bool)
    return by.attendance(ids, wave, age, everybody, seen.get(f"attendance@{wave}", everybody))


def _drawn(spread: Bands | float, n: int, rng: np.random.Generator) -> Floats:
    return values_of(spread, rng.standard_normal(n)).astype(float) if isinstance(spread, Bands) else np.full(n, spread)


def _happenings(
    ids: Ints, event: str, happening: Happening, people: Values, seen: Mapping[str, Flags], rng: np.random.Generator
) -> pd.DataFrame:
    """Events of those followed: from the start of follow-up to the event or its end."""
    n = len(ids)
    entry = np.maximum(_drawn(happening.entry, n, rng), 0.0)
    until = _drawn(happening.until, n, rng)
    origin = entry if happening.clock == "follow_up" else np.zeros(n)
    begin = entry - origin
    reached = baseline_hazard(happening, begin) + rng.standard_exponential(n) * np.exp(-people[f"{event}_log_hazard"])
    rows = by.followed(ids, event, _time_of(happening, reached) + origin, entry, np.maximum(until, begin) + origin)
    return rows[rows["id"].isin(ids[seen[event]])] if event in seen else rows


def _amounts(ids: Ints, name: str, amounts: Floats, seen: Mapping[str, Flags]) -> pd.DataFrame:
    sector, _, window = name.partition("@")
    table = by.costs(ids, amounts[:, None].astype(float), [sector], window)
    return table[seen[name]] if name in seen else table
