"""The truth registry: true values in closed form where there is one, else from paired potential outcomes.

Potential outcomes are those of the same people, drawn again under an intervention (Pearl 2009, Causality, section
7.1). Risks of a disease are in the absence of death and come from each person's exact risk, so their Monte Carlo error
is that of the covariates alone. High need is judged by the thresholds that hold without an intervention, so that an
intervention can change how many people are above them.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtri

from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import DataError
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import CountOutcome, EventOutcome, UseOutcome
from evenwicht.base.streams import part_of
from evenwicht.estimators.distributions import normal_density
from evenwicht.results.questions import Question
from evenwicht.results.schema import QUESTION, TRUTH
from evenwicht.worlds.answers import ANSWERS
from evenwicht.worlds.arms import arms_of, step_of
from evenwicht.worlds.mechanism_settings import ALL_CAUSES
from evenwicht.worlds.mechanisms import mean_free_years
from evenwicht.worlds.people import People
from evenwicht.worlds.scm import Drawn, Values
from evenwicht.worlds.world import (
    PER,
    Arms,
    Intervention,
    Row,
    World,
    births_of,
    effects_by_age,
    effects_by_contrast,
    row,
)

CHUNK = 100_000  # people drawn at a time; bounds memory
BATCH = 10_000  # people of a chunk whose own values tell the Monte Carlo error
THIRDS = 3
NODES = 32  # of Gauss-Legendre quadrature over age


def true_values(
    world: World, book: Codebook, questions: Sequence[Question], draws: int, key: np.random.SeedSequence
) -> pd.DataFrame:
    """Return the truth table of a world.

    Parameters
    ----------
    world
        The world, built for the same questions.
    book
        The cohort.
    questions
        What is asked; what the world cannot answer has no row.
    draws
        People behind the values that have no closed form, rounded up to whole chunks.
    key
        Seed of all people.

    Returns
    -------
    DataFrame
        Columns of `schema.TRUTH`: the keys, value, mc_error (standard error of `value`; 0 in closed form), how.
    """
    exact = exact_values(world, book)
    simulated = simulated_values(world, book, questions, draws, key)
    known = pd.MultiIndex.from_frame(exact[QUESTION])
    simulated = simulated[~pd.MultiIndex.from_frame(simulated[QUESTION]).isin(known)]
    parts = [part for part in (exact, simulated) if len(part)]
    if not parts:
        return exact
    # what the arithmetic of floats leaves of an exact zero is no effect, and has no sign
    table = pd.concat(parts, ignore_index=True).round({"value": 12, "mc_error": 12})
    return TRUTH.checked(table.assign(value=table["value"] + 0.0))


def exact_values(world: World, book: Codebook) -> pd.DataFrame:
    """Return the part of the truth table that has a closed form."""
    rows = _each_once(world.exact)
    return TRUTH.table({"cohort": book.cohort, **r, "mc_error": 0.0, "how": "closed form"} for r in rows)


def simulated_values(
    world: World, book: Codebook, questions: Sequence[Question], draws: int, key: np.random.SeedSequence
) -> pd.DataFrame:
    """Return the part of the truth table that potential outcomes give, also where a closed form is known.

    A value is the mean of those of whole chunks, since thresholds, ranks and ratios are biased in few people. Its Monte
    Carlo error is that of batch means, over the tenths of every second chunk, or over chunks where a batch has no such
    value, for want of the exposed or of the outcome. Of squares and reciprocals of what is nearly nothing it is too
    large.

    Raises
    ------
    DataError
        If a whole chunk has no such value.
    """
    count = -(-draws // CHUNK)
    whole: list[Row] = []
    batches: list[Row] = []
    n_batches = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # values that are not numbers are found below
        for part in range(count):
            chunk: list[Row] = []
            starts = range(0, CHUNK, BATCH) if part % 2 == 0 else ()
            tenths: list[list[Row]] = [[] for _ in starts]
            for about, people in _people(world, book, questions, CHUNK, part_of(key, part)):
                chunk += _rows(about, people)
                for start, tenth in zip(starts, tenths, strict=True):
                    tenth += _rows(about, people.some(start, BATCH))
            whole += _each_once(chunk)
            batches += [one for tenth in tenths for one in _each_once(tenth)]
            n_batches += len(tenths)
    if not whole:
        return TRUTH.table([])
    values, parts = _by_key(whole), _by_key(batches)
    undefined = values.index[values["count"] < values["size"]]
    if len(undefined):
        raise DataError(
            f"{', '.join(filter(None, undefined[0]))} has no true value: of {CHUNK:,} people none is exposed, or has "
            "the outcome",
            where=f"cohort {book.cohort}, source",
            fix="Make the exposure or the outcome less rare, or leave the study out.",
        )
    parts = parts.reindex(values.index)
    everywhere = parts["count"] == n_batches
    by_batch, by_chunk = parts["std"] / np.sqrt(count * CHUNK / BATCH), values["std"] / np.sqrt(count)
    table = pd.DataFrame({"value": values["mean"], "mc_error": by_batch.where(everywhere, by_chunk)}).reset_index()
    how = f"potential outcomes of {count * CHUNK:,} people"
    return TRUTH.typed(table.assign(cohort=book.cohort, how=how))


def _each_once(rows: Sequence[Row]) -> list[Row]:
    """Several questions may have the same answer."""
    return list({tuple(one[name] for name in QUESTION): one for one in reversed(rows)}.values())[::-1]


def _by_key(rows: list[Row]) -> pd.DataFrame:
    """Size, count of finite values, mean and SD of each true value over chunks or batches."""
    table = pd.DataFrame(rows)
    finite = table.assign(value=table["value"].where(np.isfinite(table["value"])))
    return finite.groupby(QUESTION, sort=False)["value"].agg(["size", "count", "mean", "std"])


@dataclass(frozen=True)
class _Compared:
    """What both arms are about.

    Attributes
    ----------
    exposure, references
        Keys of the rows; the same value stands against each reference.
    outcomes
        Whether it is a policy -> ids of outcomes.
    arms
        Both interventions, and who they are about.
    column
        Variable that tells who is exposed as things are, if there is one.
    step
        Of a number: by how much it is raised.
    ages
        Ages by which absolute effects are asked for, beside the horizon of the outcome.
    contrast
        The column that is compared; None for a time of birth, about those born in it.
    """

    exposure: str
    references: tuple[str, ...]
    outcomes: dict[bool, list[str]]
    arms: Arms
    column: str | None = None
    step: float | None = None
    ages: tuple[float, ...] = ()
    contrast: Contrast | None = None

    def as_they_are(self, people: Values, weights: Floats) -> Floats | None:
        """Weights of those whose own exposure is one of the two, (n,); None for a time of birth, which exposed them."""
        if self.contrast is None:
            return None
        if self.contrast.levels is None:
            return weights
        return weights * np.isin(people[self.contrast.column], self.contrast.levels)


def _people(
    world: World, book: Codebook, questions: Sequence[Question], n: int, key: np.random.SeedSequence
) -> Iterator[tuple[_Compared | Question | None, People]]:
    """Yield n people with both arms of each comparison, with those of each other question, and last without any."""
    natural = Drawn(world.equations, n, key)
    people = People(world, book, natural)
    drawn: dict[tuple[tuple[str, object], ...], Values] = {}  # several questions set the same variable

    def draw(do: Intervention) -> Values:
        if any(np.ndim(value) for value in do.values()):
            return Drawn(world.equations, n, key, do, natural=natural)
        place = tuple(sorted(do.items()))
        if place not in drawn:
            drawn[place] = Drawn(world.equations, n, key, do, natural=natural) if do else natural
        return drawn[place]

    for about in _comparisons(questions, people):
        yield about, replace(people, arms=(draw(about.arms.exposed), draw(about.arms.unexposed)))
    for question in questions:
        answer = ANSWERS.get(type(question))
        if answer is not None:
            yield question, replace(people, arms=tuple(answer.arms(question, people, draw)) if answer.arms else ())
    yield None, people


def _comparisons(questions: Sequence[Question], people: People) -> Iterator[_Compared]:
    """Yield what the world can compare: columns that are variables of its model, and births."""
    world, natural, weights = people.world, people.values, people.weights
    for contrast, outcomes in effects_by_contrast(questions).items():
        step = None
        if contrast.continuous and contrast.column in natural:
            step = step_of(contrast, natural[contrast.column].astype(float), weights)
        arms = arms_of(world, contrast, natural, step)
        if arms is not None:
            known = None if contrast.levels is not None or contrast.column not in natural else contrast.column
            yield _Compared(contrast.exposure, (contrast.reference,), outcomes, arms, known, step, contrast=contrast)
    for born in births_of(questions):
        arms = world.births(born) if world.births is not None else None
        if arms is not None:
            yield _Compared(born.exposure, born.references, {True: list(born.outcomes)}, arms, ages=born.ages)


def _rows(about: _Compared | Question | None, people: People) -> Iterator[Row]:
    """True values of one comparison, of one other question, or those without either."""
    if about is None:
        yield from _without_comparison(people)
    elif not isinstance(about, _Compared):
        yield from ANSWERS[type(about)].rows(about, people)
    else:
        yield from _compared(about, people)


def _compared(about: _Compared, people: People) -> Iterator[Row]:
    w = people.weights
    w = w if about.arms.among is None else w * about.arms.among(people.values)
    for policy, outcomes in about.outcomes.items():
        for name in outcomes:
            for found in _effects_on(about, policy, name, people, w):
                yield from ({**found, "reference": reference} for reference in about.references)


def _without_comparison(people: People) -> Iterator[Row]:
    world, natural = people.world, people.values
    yield from _unexplained(people)
    if world.others is not None:
        yield from world.others(natural)


def _effects_on(about: _Compared, policy: bool, name: str, people: People, weights: Floats) -> Iterator[Row]:
    """Every estimand of one comparison and one outcome, without the reference."""
    natural = people.outcome(name)
    if natural is None:
        return
    exposed, unexposed = (np.asarray(people.outcome(name, arm)) for arm in people.arms)
    outcome = people.book.outcomes[name]
    at = f"{outcome.horizon:g}" if isinstance(outcome, EventOutcome) else ""
    present = about.as_they_are(people.values, weights)
    counted = isinstance(outcome, CountOutcome | UseOutcome)
    arms = (exposed, unexposed, natural)
    effect = _Effect(name, about.exposure, at, policy, about.step, *arms, weights, present, counted)
    yield from _effects(effect, people.values, about.column)
    if isinstance(outcome, EventOutcome):
        yield from _time_to_event(people.world, outcome, effect, about, people.arms)


@dataclass(frozen=True)
class _Effect:
    """One outcome of the same n people in three regimes, (n,) each, with the weights of the sample.

    `as_they_are` are the weights of those whose own exposure is compared, see `_Compared.as_they_are`; `ratio` tells
    whether zero means none, so that means have a ratio.
    """

    outcome: str
    exposure: str
    at: str
    policy: bool
    step: float | None
    exposed: Floats
    unexposed: Floats
    natural: Floats
    weights: Floats
    as_they_are: Floats | None
    ratio: bool

    def row(self, estimand: str, value: float, subgroup: str = "", at: str | None = None) -> Row:
        where = self.at if at is None else at
        return row(estimand, value, outcome=self.outcome, exposure=self.exposure, subgroup=subgroup, at=where)


def _effects(effect: _Effect, people: Values, column: str | None) -> Iterator[Row]:
    """Every estimand of one comparison that follows from the outcomes of both arms."""
    w = effect.weights
    one, none, now = (_mean(y, w) for y in (effect.exposed, effect.unexposed, effect.natural))
    if not _is_risk(effect):
        spread = np.sqrt(_mean((effect.natural - now) ** 2, w))
        yield effect.row("mean_difference", one - none)
        yield effect.row("standardised_mean_difference", (one - none) / spread)
        if effect.ratio:
            yield effect.row("mean_ratio", one / none)
    else:
        yield effect.row("risk_exposed", one)
        yield effect.row("risk_unexposed", none)
        yield effect.row("risk_difference", one - none)
        yield effect.row("risk_ratio", one / none)
        yield effect.row("odds_ratio", one / (1 - one) / (none / (1 - none)))
        if one != none:
            yield effect.row("number_needed", 1 / abs(one - none))
        if effect.policy:
            yield effect.row("cases_averted", PER * (none - one))
        # a number that is raised by a step leaves nobody unexposed, so nothing is attributable to it
        if effect.policy and effect.step is None:
            yield effect.row("prevented_fraction", 1 - one / now)
        elif effect.step is None:
            yield effect.row("attributable_fraction", 1 - none / now)
    yield from _of_people_as_they_are(effect)
    if column is not None:
        yield from _prediction(effect, people[column].astype(float))
    if "ses" in people:
        yield from _by_ses(effect, people["ses"])


def _mean(values: Floats, weights: Floats) -> float:
    """Weighted mean; not a number if nobody has weight."""
    mean: float = (weights * values).sum() / weights.sum()
    return mean


def _is_risk(effect: _Effect) -> bool:
    return bool(effect.natural.min() >= 0 and effect.natural.max() <= 1)


def _of_people_as_they_are(effect: _Effect) -> Iterator[Row]:
    """Their risk, and what it would change if nobody were exposed (Hubbard and van der Laan 2008, Biometrika 95:35)."""
    w = effect.as_they_are
    if w is None:
        return
    now, none = _mean(effect.natural, w), _mean(effect.unexposed, w)
    if _is_risk(effect):
        yield effect.row("risk", now)
    # a number that is raised by a step leaves nobody unexposed
    if effect.step is None:
        what = "risk" if _is_risk(effect) else "mean"
        yield effect.row(f"population_{what}_difference", none - now)


def _prediction(effect: _Effect, exposure: Floats) -> Iterator[Row]:
    """What the exposure tells about the outcome as things are: association, not effect.

    Explained variance on the liability scale after Lee et al. 2012, Genetic Epidemiology 36:214.
    """
    w, y = effect.weights, effect.natural
    mean, centre = _mean(y, w), _mean(exposure, w)
    covariance = _mean((exposure - centre) * (y - mean), w)
    spread = _mean((exposure - centre) ** 2, w)
    variance = mean * (1 - mean) if _is_risk(effect) else _mean((y - mean) ** 2, w)
    explained = covariance**2 / (spread * variance)
    yield effect.row("crude_difference", covariance / spread * (effect.step or 1.0))
    yield effect.row("r_squared", explained)
    if not _is_risk(effect):
        return
    density = float(normal_density(ndtri(1 - mean)))
    yield effect.row("liability_r_squared", explained * mean * (1 - mean) / density**2)
    if effect.step is None:
        among_cases = _mean(exposure, w * y)
        among_others = _mean(exposure, w * (1 - y))
        yield effect.row("auc", 0.5 + abs(among_cases - among_others) / 2)
        yield effect.row("sensitivity", among_cases)
        yield effect.row("specificity", 1 - among_others)
        yield effect.row("positive_predictive_value", _mean(y, w * exposure))
        yield effect.row("negative_predictive_value", 1 - _mean(y, w * (1 - exposure)))


def _by_ses(effect: _Effect, ses: Floats) -> Iterator[Row]:
    """The effect in each third of family SES, and the slope index of inequality in both arms."""
    third = np.searchsorted(np.quantile(ses, np.arange(1, THIRDS) / THIRDS), ses)
    for k in range(THIRDS):
        rows = third == k
        one, none = (_mean(y[rows], effect.weights[rows]) for y in (effect.exposed, effect.unexposed))
        subgroup = f"ses={k + 1}of{THIRDS}"
        if _is_risk(effect):
            yield effect.row("risk_difference", one - none, subgroup)
            yield effect.row("risk_ratio", one / none, subgroup)
        else:
            yield effect.row("mean_difference", one - none, subgroup)
    rank = (np.argsort(np.argsort(ses)) + 0.5) / len(ses)
    difference, centred = effect.exposed - effect.unexposed, rank - _mean(rank, effect.weights)
    slope = _mean(centred * difference, effect.weights) / _mean(centred**2, effect.weights)
    yield effect.row("slope_index_difference", slope)


def _time_to_event(
    world: World, outcome: EventOutcome, effect: _Effect, about: _Compared, arms: Sequence[Values]
) -> Iterator[Row]:
    """Survival of both arms to the horizon, time gained free of the disease, and effects by other ages."""
    weights = effect.weights
    if outcome.event in world.hazards:
        if outcome.time == "age":
            yield from _survival(effect)
            free = [_mean(_free_years(world.hazards[outcome.event], arm, outcome.horizon), weights) for arm in arms]
            yield effect.row("rmst_difference", free[0] - free[1])
        return
    disease = world.diseases[outcome.event]
    hazards = [people[f"{outcome.event}_log_hazard"] for people in arms]
    if about.step is not None and np.ptp(hazards[0] - hazards[1]) < 1e-9:
        yield effect.row("conditional_hazard_ratio", np.exp((hazards[0] - hazards[1])[0]), at="")
    if outcome.time != "age":
        return
    yield from _survival(effect)
    free = [_mean(mean_free_years(disease, hazard, outcome.horizon), weights) for hazard in hazards]
    yield effect.row("rmst_difference", free[0] - free[1])
    keys = {"outcome": effect.outcome, "exposure": effect.exposure}
    yield from effects_by_age(keys, disease, hazards[0], hazards[1], weights, about.ages)


def _survival(effect: _Effect) -> Iterator[Row]:
    for arm, risks in (("exposed", effect.exposed), ("unexposed", effect.unexposed)):
        yield effect.row(f"survival_{arm}", 1 - _mean(risks, effect.weights))


def _free_years(hazard: Callable[[Values, float], Floats | float], people: Values, age: float) -> Floats:
    """Restricted mean time free of an event, years, (n,), by Gauss-Legendre quadrature."""
    nodes, shares = np.polynomial.legendre.leggauss(NODES)
    parts = (share * np.exp(-hazard(people, age * (node + 1) / 2)) for node, share in zip(nodes, shares, strict=True))
    return np.asarray(sum(parts, np.zeros(1)) * age / 2)


def _unexplained(people: People) -> Iterator[Row]:
    """Share of the variance of a disease that remains when every cause of its hazard is known."""
    for name, outcome in people.book.outcomes.items():
        risk = people.outcome(name) if isinstance(outcome, EventOutcome) else None
        if isinstance(outcome, EventOutcome) and risk is not None:
            mean = _mean(risk, people.weights)
            left = 1 - _mean((risk - mean) ** 2, people.weights) / (mean * (1 - mean))
            yield row("unexplained_share", left, outcome=name, exposure=ALL_CAUSES, at=outcome.horizon)
