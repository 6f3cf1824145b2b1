"""True effects in a Dunedin-style world."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.config import BinaryOutcome, CohortConfig, DunedinWorld, EventOutcome, MultiSectorOutcome
from evenwicht.estimators.concentration import gini, group_share_of_use, high_need, several_sectors, top_share_of_use
from evenwicht.rows import arm_labels, contrast_label
from evenwicht.worlds.dunedin import POLICY, SIGN, STRESSORS, dunedin_model
from evenwicht.worlds.scm import Model, Values
from evenwicht.worlds.truth import Row, truth_table

Floats = NDArray[np.float64]


def true_values(config: CohortConfig, draws: int, key: np.random.SeedSequence) -> pd.DataFrame:
    """Return the truth table of a Dunedin-style world; see `worlds.truth.truth_table`.

    High need is judged by the thresholds that hold without an intervention, so that an intervention can change how many
    people are above them. Risks of disease are in the absence of death.
    """
    world = config.source
    assert isinstance(world, DunedinWorld)
    potential_outcomes = partial(_potential_outcomes, config, world, dunedin_model(world))
    return truth_table(_closed_form(config, world), potential_outcomes, draws, key)


def _closed_form(config: CohortConfig, world: DunedinWorld) -> Iterator[Row]:
    """The conditional hazard ratio is a structural coefficient."""
    if config.individual is None or config.individual.exposure not in STRESSORS:
        return
    exposure = config.individual.exposure
    log_ratio = SIGN[world.stressor_effect] * getattr(world.disease.stressors, exposure)
    for name in config.individual.outcomes:
        if isinstance(config.outcomes[name], EventOutcome):
            yield {
                "study": name,
                "estimand": "conditional_hazard_ratio",
                "level": "individual",
                "contrast": contrast_label(exposure, config.columns[exposure]),
                "value": float(np.exp(log_ratio)),
            }


def _potential_outcomes(
    config: CohortConfig, world: DunedinWorld, equations: Model, n: int, key: np.random.SeedSequence
) -> Iterator[Row]:
    natural = equations.draw(n, key)
    contrasts = []
    if config.individual is not None:
        contrasts.append(("individual", config.individual.exposure, config.individual.outcomes))
    if config.policy is not None:
        contrasts += [("policy", exposure, config.policy.outcomes) for exposure in config.policy.exposures]
    for level, column, outcomes in contrasts:
        if column not in (POLICY, *STRESSORS):
            continue
        exposed, unexposed = (equations.draw(n, key, {column: value}) for value in (True, False))
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


def _concentration(config: CohortConfig, world: DunedinWorld, people: Values) -> Iterator[Row]:
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
    for sector, share in zip(world.sectors, group_share_of_use(people["use"], group), strict=True):
        yield {**key, "estimand": "group_use_share", "contrast": sector, "value": share}
