"""The truth registry: true values in closed form where there is one, else from paired potential outcomes.

Potential outcomes are those of the same people, drawn again under an intervention (Pearl 2009, Causality, section
7.1). Risks of a disease are in the absence of death and come from each person's exact risk, so their Monte Carlo error
is that of the covariates alone. High need is judged by the thresholds that hold without an intervention, so that an
intervention can change how many people are above them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from evenwicht.cohort import TABLES, empty
from evenwicht.config import CohortConfig, EventOutcome, MultiSectorOutcome
from evenwicht.estimators.concentration import high_need, several_sectors
from evenwicht.rows import TRUTH_KEY, arm_labels
from evenwicht.streams import part_of
from evenwicht.worlds.concentration import concentration_rows
from evenwicht.worlds.mechanisms import mean_free_years, onset_risk
from evenwicht.worlds.scm import Values
from evenwicht.worlds.world import Asked, Row, World, contrasts_of

Floats = NDArray[np.float64]

TRUTH_COLUMNS = TABLES["truth"]
CHUNK = 100_000  # people drawn at a time; bounds memory, and the spread between chunks gives the Monte Carlo error
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
    """Return the part of the truth table that potential outcomes give, also where a closed form is known."""
    count = -(-draws // CHUNK)
    chunks = [pd.DataFrame(_rows(config, world, CHUNK, part_of(key, part))) for part in range(count)]
    if chunks[0].empty:
        return empty("truth")
    values = pd.concat(chunks).groupby(TRUTH_KEY, sort=False)["value"]
    table = pd.DataFrame({"value": values.mean(), "mc_error": values.std(ddof=1) / np.sqrt(count)}).reset_index()
    return table.assign(how=f"potential outcomes of {count * CHUNK:,} people")[TRUTH_COLUMNS]


def _rows(config: CohortConfig, world: World, n: int, key: np.random.SeedSequence) -> Iterator[Row]:
    natural = world.equations.draw(n, key)
    weights = np.ones(n) if world.inclusion is None else natural[world.inclusion].astype(float)
    for asked in contrasts_of(config):
        if asked.key not in world.contrasts:
            continue
        compared = world.contrasts[asked.key]
        arms = [world.equations.draw(n, key, do) for do in (compared.exposed, compared.unexposed)]
        w = weights if compared.among is None else weights * compared.among(natural)
        for name in asked.outcomes:
            yield from _under_every_label(asked.labels, _effects_on(config, world, asked, name, arms, natural, w))
        if asked.level == "individual":
            yield from _attributable_use(config, world, asked, natural, arms[1])
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
    one, none, now = (float(np.average(y, weights=w)) for y in (effect.exposed, effect.unexposed, effect.natural))
    if not _is_risk(effect):
        spread = np.sqrt(np.average((effect.natural - now) ** 2, weights=w))
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


def _is_risk(effect: _Effect) -> bool:
    return bool(effect.natural.min() >= 0 and effect.natural.max() <= 1)


def _prediction(effect: _Effect, exposure: Floats) -> Iterator[Row]:
    """What the exposure tells about the outcome as things are: association, not effect.

    Explained variance on the liability scale after Lee et al. 2012, Genetic Epidemiology 36:214.
    """
    w, y = effect.weights, effect.natural
    mean, share = np.average(y, weights=w), np.average(exposure, weights=w)
    covariance = np.average((exposure - share) * (y - mean), weights=w)
    variance = mean * (1 - mean) if _is_risk(effect) else np.average((y - mean) ** 2, weights=w)
    explained = covariance**2 / (share * (1 - share) * variance)
    yield effect.row("crude_difference", covariance / (share * (1 - share)))
    yield effect.row("r_squared", explained)
    if _is_risk(effect):
        density = norm_density(ndtri(1 - mean))
        yield effect.row("liability_r_squared", explained * mean * (1 - mean) / density**2)
        among_cases = np.average(exposure, weights=w * y)
        among_others = np.average(exposure, weights=w * (1 - y))
        yield effect.row("auc", 0.5 + abs(among_cases - among_others) / 2)
        yield effect.row("sensitivity", among_cases)
        yield effect.row("specificity", 1 - among_others)
        yield effect.row("positive_predictive_value", np.average(y, weights=w * exposure))
        yield effect.row("negative_predictive_value", 1 - np.average(y, weights=w * (1 - exposure)))


def norm_density(z: float) -> float:
    """Density of the standard normal distribution."""
    return float(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))


def _by_ses(effect: _Effect, ses: Floats) -> Iterator[Row]:
    """The effect in each third of family SES, and the slope index of inequality in both arms."""
    third = np.searchsorted(np.quantile(ses, [1 / 3, 2 / 3]), ses)
    for k, label in enumerate(THIRDS):
        rows = third == k
        one, none = (np.average(y[rows], weights=effect.weights[rows]) for y in (effect.exposed, effect.unexposed))
        contrast = f"{effect.contrast}, {label} third of SES"
        if _is_risk(effect):
            yield effect.row("risk_difference", one - none, contrast)
            yield effect.row("risk_ratio", one / none, contrast)
        else:
            yield effect.row("mean_difference", one - none, contrast)
    rank = (np.argsort(np.argsort(ses)) + 0.5) / len(ses)
    difference = effect.exposed - effect.unexposed
    yield effect.row("slope_index_difference", np.polyfit(rank, difference, 1, w=np.sqrt(effect.weights))[0])


def _time_to_event(
    config: CohortConfig, world: World, name: str, asked: Asked, arms: list[Values], weights: Floats
) -> Iterator[Row]:
    """Survival of both arms to the horizon, and time gained free of the disease."""
    outcome = config.outcomes[name]
    assert isinstance(outcome, EventOutcome)
    disease, hazard = world.diseases[outcome.event], f"{outcome.event}_log_hazard"
    row = {"study": name, "level": asked.level}
    free = [np.average(mean_free_years(disease, people[hazard], outcome.horizon), weights=weights) for people in arms]
    if asked.level == "individual":
        for label, people in zip(arm_labels(config.columns[asked.key]), arms, strict=True):
            risk = np.average(onset_risk(disease, people[hazard], outcome.horizon), weights=weights)
            yield {**row, "contrast": label, "estimand": "survival", "value": 1 - risk}
    yield {**row, "contrast": asked.labels[0], "estimand": "rmst_difference", "value": free[0] - free[1]}


def _unexplained(config: CohortConfig, world: World, natural: Values, weights: Floats) -> Iterator[Row]:
    """Share of the variance of a disease that remains when every cause of its hazard is known."""
    for name, outcome in config.outcomes.items():
        if isinstance(outcome, EventOutcome) and outcome.event in world.diseases:
            risk = _outcome(config, world, name, natural, natural)
            mean = np.average(risk, weights=weights)
            left = 1 - np.average((risk - mean) ** 2, weights=weights) / (mean * (1 - mean))
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
