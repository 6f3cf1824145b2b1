"""The truth registry: the true value of each estimand, in closed form or from potential outcomes of the same people."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.cohort import TABLES
from evenwicht.config import BinaryOutcome, CohortConfig, DunedinWorld, EventOutcome, MultiSectorOutcome
from evenwicht.estimators.concentration import gini, high_need, several_sectors, top_share_of_use
from evenwicht.rows import TRUTH_KEY, arm_labels, contrast_label
from evenwicht.streams import part_of
from evenwicht.worlds.dunedin import POLICY, SIGN, STRESSORS, dunedin_model
from evenwicht.worlds.scm import Model, Values

Floats = NDArray[np.float64]
CHUNK = 100_000  # people drawn at a time; bounds memory and gives the Monte Carlo error of the concentration indices


def true_values(config: CohortConfig, draws: int, key: np.random.SeedSequence) -> pd.DataFrame:
    """Return the truth table of a Dunedin-style world.

    Parameters
    ----------
    config
        A cohort whose source is a `DunedinWorld`.
    draws
        People behind the values that have no closed form, rounded up to whole chunks.
    key
        Seed of these people; the same people are drawn under every intervention.

    Returns
    -------
    DataFrame
        study, estimand, level, contrast, value, mc_error (standard error of `value`; 0 in closed form), how.
        High need is judged by the thresholds that hold without an intervention, so that an intervention can change how
        many people are above them.
    """
    world = config.source
    assert isinstance(world, DunedinWorld)
    equations = dunedin_model(world)
    chunks = [
        pd.DataFrame(_one_chunk(config, world, equations, part_of(key, chunk))) for chunk in range(-(-draws // CHUNK))
    ]
    stacked = pd.concat(chunks).groupby(TRUTH_KEY, sort=False)["value"]
    simulated = pd.DataFrame(
        {"value": stacked.mean(), "mc_error": stacked.std(ddof=1) / np.sqrt(len(chunks))}
    ).reset_index()
    simulated["how"] = f"potential outcomes of {len(chunks) * CHUNK:,} people"
    table = pd.concat([pd.DataFrame(_closed_form(config, world)), simulated], ignore_index=True)
    return table[TABLES["truth"]]


def _closed_form(config: CohortConfig, world: DunedinWorld) -> Iterator[dict[str, object]]:
    """The conditional hazard ratio is a structural coefficient."""
    exposure = config.individual.exposure
    if exposure not in STRESSORS:
        return
    log_ratio = SIGN[world.stressor_effect] * getattr(world.disease.stressors, exposure)
    for name in config.individual.outcomes:
        if isinstance(config.outcomes[name], EventOutcome):
            yield {
                "study": name,
                "estimand": "conditional_hazard_ratio",
                "level": "individual",
                "contrast": contrast_label(exposure, config.columns[exposure]),
                "value": float(np.exp(log_ratio)),
                "mc_error": 0.0,
                "how": "closed form",
            }


def _one_chunk(
    config: CohortConfig, world: DunedinWorld, equations: Model, key: np.random.SeedSequence
) -> Iterator[dict[str, object]]:
    natural = equations.draw(CHUNK, key)
    contrasts = [("individual", config.individual.exposure, config.individual.outcomes)]
    contrasts += [("policy", exposure, config.policy.outcomes) for exposure in config.policy.exposures]
    for level, column, outcomes in contrasts:
        if column not in (POLICY, *STRESSORS):
            continue
        exposed, unexposed = (equations.draw(CHUNK, key, {column: value}) for value in (True, False))
        contrast = contrast_label(column, config.columns[column])
        for name in outcomes:
            with_it, without = (_risk(config, world, name, people, natural) for people in (exposed, unexposed))
            row = {"study": name, "level": level, "contrast": contrast}
            yield {**row, "estimand": "risk_difference", "value": with_it - without}
            if level == "individual" and isinstance(config.outcomes[name], MultiSectorOutcome):
                yield {**row, "estimand": "risk_ratio", "value": with_it / without}
            if level == "individual" and isinstance(config.outcomes[name], EventOutcome):
                for label, risk in zip(arm_labels(config.columns[column]), (with_it, without), strict=True):
                    yield {**row, "contrast": label, "estimand": "survival", "value": 1 - risk}
    if config.concentration is not None:
        yield from _concentration(config, world, natural)


def _risk(config: CohortConfig, world: DunedinWorld, name: str, people: Values, natural: Values) -> float:
    """Share of people with the outcome; a disease in the absence of death."""
    outcome = config.outcomes[name]
    if isinstance(outcome, EventOutcome):
        growth = np.expm1(world.disease.shape * outcome.horizon) / world.disease.shape
        return float(np.mean(-np.expm1(-world.disease.rate * growth * np.exp(people["log_hazard"]))))
    if isinstance(outcome, MultiSectorOutcome):
        flags = people["use"] > _thresholds(natural["use"], outcome.top_share)
        return float(several_sectors(flags, outcome.at_least).mean())
    assert isinstance(outcome, BinaryOutcome)
    return float(people[outcome.column].mean())


def _thresholds(amounts: Floats, top_share: float) -> Floats:
    """Largest use in each sector that does not count as high need."""
    flags = np.column_stack([high_need(column, top_share) for column in amounts.T])
    return np.where(flags, -np.inf, amounts).max(axis=0)


def _concentration(config: CohortConfig, world: DunedinWorld, people: Values) -> Iterator[dict[str, object]]:
    study = config.concentration
    assert study is not None
    key = {"study": "concentration", "level": "population"}
    for j, sector in enumerate(world.sectors):
        use = people["use"][:, j]
        yield {**key, "estimand": "gini", "contrast": sector, "value": gini(use)}
        yield {
            **key,
            "estimand": "top_share",
            "contrast": sector,
            "value": top_share_of_use(use, study.top_share),
        }
    flags = np.column_stack([high_need(column, study.top_share) for column in people["use"].T])
    group = several_sectors(flags, study.at_least)
    contrast = f"high need in {study.at_least} or more of {len(world.sectors)} sectors"
    yield {**key, "estimand": "group_share", "contrast": contrast, "value": group.mean()}
    for sector, share in zip(world.sectors, people["use"][group].sum(axis=0) / people["use"].sum(axis=0), strict=True):
        yield {**key, "estimand": "group_use_share", "contrast": sector, "value": share}
