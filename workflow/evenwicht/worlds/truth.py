"""The truth registry: true values in closed form where there is one, else from paired potential outcomes.

Potential outcomes are those of the same people, drawn again under an intervention (Pearl 2009, Causality, section
7.1). Risks of a disease are in the absence of death and come from each person's exact risk, so their Monte Carlo error
is that of the covariates alone. High need is judged by the thresholds that hold without an intervention, so that an
intervention can change how many people are above them.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from evenwicht.cohort import TABLES, empty
from evenwicht.config import CohortConfig, EventOutcome, MultiSectorOutcome
from evenwicht.errors import DataError
from evenwicht.estimators.concentration import high_need, several_sectors
from evenwicht.rows import TRUTH_KEY, arm_labels
from evenwicht.streams import part_of
from evenwicht.worlds.concentration import concentration_rows
from evenwicht.worlds.mechanisms import mean_free_years, onset_risk
from evenwicht.worlds.scm import Values
from evenwicht.worlds.world import Asked, Row, World, contrasts_of

Floats = NDArray[np.float64]

TRUTH_COLUMNS = TABLES["truth"]
CHUNK = 100_000  # people drawn at a time; bounds memory
BATCH = 10_000  # people of a chunk whose own values tell the Monte Carlo error
PER = 100_000
THIRDS = ("lowest", "middle", "highest")


def true_values(config: CohortConfig, world: World, draws: int, key: np.random.SeedSequence) -> pd.DataFrame:
    """Return the truth table of a world for the studies of a cohort.

    Parameters
    ----------
    config
        The cohort, with its studies.
    world
        Its world.
    draws
        People behind the values that have no closed form, rounded up to whole chunks.
    key
        Seed of all people.

    Returns
    -------
    DataFrame
        study, estimand, level, contrast, value, mc_error (standard error of `value`; 0 in closed form), how.
    """
    exact = exact_values(world)
    simulated = simulated_values(config, world, draws, key)
    known = pd.MultiIndex.from_frame(exact[TRUTH_KEY])
    simulated = simulated[~pd.MultiIndex.from_frame(simulated[TRUTH_KEY]).isin(known)]
    parts = [part for part in (exact, simulated) if len(part)]
    if not parts:
        return empty("truth")
    # what the arithmetic of floats leaves of an exact zero is no effect
    return pd.concat(parts, ignore_index=True)[TRUTH_COLUMNS].round({"value": 12, "mc_error": 12})


def exact_values(world: World) -> pd.DataFrame:
    """Return the part of the truth table that has a closed form."""
    exact = pd.DataFrame(world.exact, columns=[*TRUTH_KEY, "value"])
    return exact.assign(mc_error=0.0, how="closed form")[TRUTH_COLUMNS]


def simulated_values(config: CohortConfig, world: World, draws: int, key: np.random.SeedSequence) -> pd.DataFrame:
    """Return the part of the truth table that potential outcomes give, also where a closed form is known.

    A value is the mean of those of whole chunks, since thresholds, ranks and ratios are biased in few people. Its Monte
    Carlo error is that of batch means over the tenths of chunks, or over chunks where a batch has no such value, for
    want of the exposed or of the outcome. Of squares and reciprocals of what is nearly nothing it is too large.

    Raises
    ------
    DataError
        If a whole chunk has no such value.
    """
    count = -(-draws // CHUNK)
    whole: list[Row] = []
    batches: list[Row] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # values that are not numbers are found below
        for part in range(count):
            for asked, natural, arms in _people(config, world, CHUNK, part_of(key, part)):
                whole += _rows(config, world, asked, natural, arms)
                for start in range(0, CHUNK, BATCH):
                    some, *some_arms = (_some(people, start) for people in (natural, *arms))
                    batches += _rows(config, world, asked, some, some_arms)
    if not whole:
        return empty("truth")
    values, parts = _by_key(whole), _by_key(batches)
    undefined = values.index[values["count"] < values["size"]]
    if len(undefined):
        raise DataError(
            f"{', '.join(undefined[0])} has no true value: of {CHUNK:,} people none is exposed, or has the outcome",
            where=f"cohort {config.name}, source",
            mend="Make the exposure or the outcome less rare, or leave the study out.",
        )
    parts = parts.reindex(values.index)
    everywhere = parts["count"] == count * CHUNK // BATCH
    errors = [table["std"] / np.sqrt(table["count"]) for table in (parts, values)]
    table = pd.DataFrame({"value": values["mean"], "mc_error": errors[0].where(everywhere, errors[1])}).reset_index()
    return table.assign(how=f"potential outcomes of {count * CHUNK:,} people")[TRUTH_COLUMNS]


def _by_key(rows: list[Row]) -> pd.DataFrame:
    """Size, count of finite values, mean and SD of each true value over chunks or batches."""
    table = pd.DataFrame(rows)
    finite = table.assign(value=table["value"].where(np.isfinite(table["value"])))
    return finite.groupby(TRUTH_KEY, sort=False)["value"].agg(["size", "count", "mean", "std"])


def _people(
    config: CohortConfig, world: World, n: int, key: np.random.SeedSequence
) -> Iterator[tuple[Asked | None, Values, list[Values]]]:
    """Yield n people without intervention, with both arms of each contrast asked for, and last without any contrast."""
    natural = world.equations.draw(n, key)
    for asked in contrasts_of(config):
        if asked.key in world.contrasts:
            compared = world.contrasts[asked.key]
            yield asked, natural, [world.equations.draw(n, key, do) for do in (compared.exposed, compared.unexposed)]
    yield None, natural, []


def _some(people: Values, start: int) -> Values:
    """One batch of a chunk of people."""
    return {name: values[start : start + BATCH] for name, values in people.items()}


def _rows(
    config: CohortConfig, world: World, asked: Asked | None, natural: Values, arms: list[Values]
) -> Iterator[Row]:
    """True values of one contrast, or those without a contrast."""
    n = len(next(iter(natural.values())))
    weights = np.ones(n) if world.inclusion is None else natural[world.inclusion].astype(float)
    if asked is None:
        yield from _without_contrast(config, world, natural, weights)
        return
    among = world.contrasts[asked.key].among
    w = weights if among is None else weights * among(natural)
    for name in asked.outcomes:
        yield from _under_every_label(asked.labels, _effects_on(config, world, asked, name, arms, natural, w))
    if asked.level == "individual":
        yield from _attributable_use(config, world, asked, natural, arms[1])


def _without_contrast(config: CohortConfig, world: World, natural: Values, weights: Floats) -> Iterator[Row]:
    yield from _unexplained(config, world, natural, weights)
    if config.concentration is not None and config.concentration.window in world.use:
        yield from concentration_rows(
            config.concentration, natural[world.use[config.concentration.window]], world.sectors, natural
        )
    if world.others is not None:
        yield from world.others(natural)


def _effects_on(
    config: CohortConfig, world: World, asked: Asked, name: str, arms: list[Values], natural: Values, weights: Floats
) -> Iterator[Row]:
    """Every estimand of one contrast and one outcome, under the first label of the contrast."""
    exposed, unexposed, now = (_outcome(config, world, name, people, natural) for people in (*arms, natural))
    effect = _Effect(name, asked.level, asked.labels[0], exposed, unexposed, now, weights)
    yield from _effects(effect, natural, asked.key)
    outcome = config.outcomes[name]
    if isinstance(outcome, EventOutcome) and outcome.time == "age":
        yield from _time_to_event(config, world, name, asked, arms, weights)


def _under_every_label(labels: list[str], rows: Iterator[Row]) -> Iterator[Row]:
    """Repeat the rows of the contrast itself for its other labels; parts of it, such as thirds of SES, stand once."""
    for row in rows:
        yield row
        if row["contrast"] == labels[0]:
            yield from ({**row, "contrast": label} for label in labels[1:])


def _outcome(config: CohortConfig, world: World, name: str, people: Values, natural: Values) -> Floats:
    """Each person's expected outcome: a risk, a 0/1 state or a number."""
    outcome = config.outcomes[name]
    if isinstance(outcome, EventOutcome):
        return onset_risk(world.diseases[outcome.event], people[f"{outcome.event}_log_hazard"], outcome.horizon)
    if isinstance(outcome, MultiSectorOutcome):
        use = world.use[outcome.window]
        flags = people[use] > _thresholds(natural[use], outcome.top_share)
        return several_sectors(flags, outcome.at_least).astype(float)
    return people[outcome.column].astype(float)


def _thresholds(amounts: Floats, top_share: float) -> Floats:
    """Largest use in each sector that does not count as high need."""
    flags = np.column_stack([high_need(column, top_share) for column in amounts.T])
    return np.where(flags, -np.inf, amounts).max(axis=0)


@dataclass(frozen=True)
class _Effect:
    """One outcome of the same n people in three regimes, (n,) each, with the weights of the sample."""

    study: str
    level: str
    contrast: str
    exposed: Floats
    unexposed: Floats
    natural: Floats
    weights: Floats

    def row(self, estimand: str, value: float, contrast: str | None = None) -> Row:
        key = {"study": self.study, "level": self.level, "contrast": contrast or self.contrast}
        return {**key, "estimand": estimand, "value": float(value)}


def _effects(effect: _Effect, people: Values, column: str) -> Iterator[Row]:
    """Every estimand of one contrast that follows from the outcomes of both arms."""
    w = effect.weights
    one, none, now = (_mean(y, w) for y in (effect.exposed, effect.unexposed, effect.natural))
    if not _is_risk(effect):
        spread = np.sqrt(_mean((effect.natural - now) ** 2, w))
        yield effect.row("mean_difference", one - none)
        yield effect.row("standardised_mean_difference", (one - none) / spread)
    else:
        yield effect.row("risk_exposed", one)
        yield effect.row("risk_unexposed", none)
        yield effect.row("risk_difference", one - none)
        yield effect.row("risk_ratio", one / none)
        yield effect.row("odds_ratio", one / (1 - one) / (none / (1 - none)))
        if one != none:
            yield effect.row("number_needed", 1 / abs(one - none))
        if effect.level == "policy":
            yield effect.row("cases_averted", PER * (none - one))
            yield effect.row("prevented_fraction", 1 - one / now)
        else:
            yield effect.row("attributable_fraction", 1 - none / now)
    if column in people:
        yield from _prediction(effect, people[column].astype(float))
    if "ses" in people:
        yield from _by_ses(effect, people["ses"])


def _mean(values: Floats, weights: Floats) -> float:
    """Weighted mean; not a number if nobody has weight."""
    mean: float = (weights * values).sum() / weights.sum()
    return mean


def _is_risk(effect: _Effect) -> bool:
    return bool(effect.natural.min() >= 0 and effect.natural.max() <= 1)


def _prediction(effect: _Effect, exposure: Floats) -> Iterator[Row]:
    """What the exposure tells about the outcome as things are: association, not effect.

    Explained variance on the liability scale after Lee et al. 2012, Genetic Epidemiology 36:214.
    """
    w, y = effect.weights, effect.natural
    mean, share = _mean(y, w), _mean(exposure, w)
    covariance = _mean((exposure - share) * (y - mean), w)
    variance = mean * (1 - mean) if _is_risk(effect) else _mean((y - mean) ** 2, w)
    explained = covariance**2 / (share * (1 - share) * variance)
    yield effect.row("crude_difference", covariance / (share * (1 - share)))
    yield effect.row("r_squared", explained)
    if _is_risk(effect):
        density = norm_density(ndtri(1 - mean))
        yield effect.row("liability_r_squared", explained * mean * (1 - mean) / density**2)
        among_cases = _mean(exposure, w * y)
        among_others = _mean(exposure, w * (1 - y))
        yield effect.row("auc", 0.5 + abs(among_cases - among_others) / 2)
        yield effect.row("sensitivity", among_cases)
        yield effect.row("specificity", 1 - among_others)
        yield effect.row("positive_predictive_value", _mean(y, w * exposure))
        yield effect.row("negative_predictive_value", 1 - _mean(y, w * (1 - exposure)))


def norm_density(z: float) -> float:
    """Density of the standard normal distribution."""
    return float(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))


def _by_ses(effect: _Effect, ses: Floats) -> Iterator[Row]:
    """The effect in each third of family SES, and the slope index of inequality in both arms."""
    third = np.searchsorted(np.quantile(ses, [1 / 3, 2 / 3]), ses)
    for k, label in enumerate(THIRDS):
        rows = third == k
        one, none = (_mean(y[rows], effect.weights[rows]) for y in (effect.exposed, effect.unexposed))
        contrast = f"{effect.contrast}, {label} third of SES"
        if _is_risk(effect):
            yield effect.row("risk_difference", one - none, contrast)
            yield effect.row("risk_ratio", one / none, contrast)
        else:
            yield effect.row("mean_difference", one - none, contrast)
    rank = (np.argsort(np.argsort(ses)) + 0.5) / len(ses)
    difference, centred = effect.exposed - effect.unexposed, rank - _mean(rank, effect.weights)
    slope = _mean(centred * difference, effect.weights) / _mean(centred**2, effect.weights)
    yield effect.row("slope_index_difference", slope)


def _time_to_event(
    config: CohortConfig, world: World, name: str, asked: Asked, arms: list[Values], weights: Floats
) -> Iterator[Row]:
    """Survival of both arms to the horizon, and time gained free of the disease."""
    outcome = config.outcomes[name]
    assert isinstance(outcome, EventOutcome)
    disease, hazard = world.diseases[outcome.event], f"{outcome.event}_log_hazard"
    row = {"study": name, "level": asked.level}
    free = [_mean(mean_free_years(disease, people[hazard], outcome.horizon), weights) for people in arms]
    if asked.level == "individual":
        for label, people in zip(arm_labels(config.columns[asked.key]), arms, strict=True):
            risk = _mean(onset_risk(disease, people[hazard], outcome.horizon), weights)
            yield {**row, "contrast": label, "estimand": "survival", "value": 1 - risk}
    yield {**row, "contrast": asked.labels[0], "estimand": "rmst_difference", "value": free[0] - free[1]}


def _unexplained(config: CohortConfig, world: World, natural: Values, weights: Floats) -> Iterator[Row]:
    """Share of the variance of a disease that remains when every cause of its hazard is known."""
    for name, outcome in config.outcomes.items():
        if isinstance(outcome, EventOutcome) and outcome.event in world.diseases:
            risk = _outcome(config, world, name, natural, natural)
            mean = _mean(risk, weights)
            left = 1 - _mean((risk - mean) ** 2, weights) / (mean * (1 - mean))
            row: Row = {"study": name, "level": "population", "contrast": "all causes of the hazard"}
            yield {**row, "estimand": "unexplained_share", "value": float(left)}


def _attributable_use(
    config: CohortConfig, world: World, asked: Asked, natural: Values, unexposed: Values
) -> Iterator[Row]:
    """Share of each sector's use that would not be there had nobody been exposed."""
    study = config.concentration
    if study is None or study.window not in world.use:
        return
    now, without = (people[world.use[study.window]].mean(axis=0) for people in (natural, unexposed))
    for sector, share in zip(world.sectors, 1 - without / now, strict=True):
        row: Row = {"study": "concentration", "level": "individual", "contrast": f"{sector}, {asked.labels[0]}"}
        yield {**row, "estimand": "attributable_fraction", "value": share}
