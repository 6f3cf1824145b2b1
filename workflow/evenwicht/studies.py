"""All studies that a cohort's config asks for, each with a stream of random numbers of its own."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.individual.concentration import CURVE_COLUMNS as LORENZ_COLUMNS
from evenwicht.individual.concentration import concentration_flow, concentration_study
from evenwicht.individual.exposure import CURVE_COLUMNS as SURVIVAL_COLUMNS
from evenwicht.individual.exposure import individual_flow, individual_study
from evenwicht.policy.birth_periods import birth_periods_flow, birth_periods_study
from evenwicht.policy.effect import policy_flow, policy_study
from evenwicht.policy.event_study import (
    DOSE_COLUMNS,
    INCIDENCE_COLUMNS,
    event_study,
    event_study_curves,
    event_study_flow,
)
from evenwicht.policy.referee import SCAN_COLUMNS, referee, specification_study
from evenwicht.policy.reform import reform_flow, reform_study
from evenwicht.rows import Known
from evenwicht.streams import stream

# section of a cohort's config -> its study, those that draw no random numbers
POLICY_STUDIES: dict[str, Callable[[Cohort, CohortConfig, Known], pd.DataFrame]] = {
    "policy": policy_study,
    "event_study": event_study,
    "birth_periods": birth_periods_study,
    "reform": reform_study,
}
# section of a cohort's config -> who leaves its study, and why
FLOWS: dict[str, Callable[[Cohort, CohortConfig], pd.DataFrame]] = {
    "individual": individual_flow,
    "policy": policy_flow,
    "event_study": event_study_flow,
    "birth_periods": birth_periods_flow,
    "reform": reform_flow,
    "concentration": concentration_flow,
}
CURVES = {
    "survival": SURVIVAL_COLUMNS,
    "lorenz": LORENZ_COLUMNS,
    "incidence": INCIDENCE_COLUMNS,
    "dose": DOSE_COLUMNS,
    "scan": SCAN_COLUMNS,
}


@dataclass(frozen=True)
class Results:
    """Estimate rows and flow of people of all studies of a cohort, and the curves of its figures, named as `CURVES`."""

    estimates: pd.DataFrame
    curves: dict[str, pd.DataFrame]
    flow: pd.DataFrame


def policy_level_studies(cohort: Cohort, config: CohortConfig, known: Known = None) -> list[pd.DataFrame]:
    """Run every policy-level study that a cohort's config has; for `known` see `rows.Rows`."""
    return [study(cohort, config, known) for section, study in POLICY_STUDIES.items() if getattr(config, section)]


def people_flow(cohort: Cohort, config: CohortConfig) -> pd.DataFrame:
    """Count everybody due, everybody who leaves at the first reason, and the analysed, in every study of a cohort.

    The columns are `flow.FLOW_COLUMNS`.
    """
    parts = [flow(cohort, config) for section, flow in FLOWS.items() if getattr(config, section)]
    return pd.concat(parts, ignore_index=True)


def run_studies(cohort: Cohort, config: CohortConfig, seed: int, permutations: int) -> Results:
    """Run every study that a cohort's config has.

    Parameters
    ----------
    cohort, config
        The cohort and its config.
    seed
        Run seed.
    permutations
        Number of draws of the permutation null.

    Returns
    -------
    Results
        A curve that no study draws is an empty table.

    Raises
    ------
    DataError, ModelError
        If the data cannot support a study.
    """
    parts: list[pd.DataFrame] = []
    curves = {name: pd.DataFrame(columns=columns) for name, columns in CURVES.items()}
    if config.individual is not None:
        result = individual_study(cohort, config.individual, config.outcomes)
        curves["survival"] = result.curves
        parts.append(result.estimates)
    parts += policy_level_studies(cohort, config)
    if config.event_study is not None:
        answers = referee(cohort, config, stream(seed, config.name, "referee"))
        parts.append(answers.estimates)
        curves |= {**event_study_curves(cohort, config), "scan": answers.scans}
    if config.concentration is not None:
        rng = stream(seed, config.name, "concentration")
        estimates, curves["lorenz"] = concentration_study(
            cohort, config.concentration, config.sector_labels, permutations, rng
        )
        parts.append(estimates)
    return Results(pd.concat(parts, ignore_index=True), curves, people_flow(cohort, config))


def specification_studies(cohort: Cohort, config: CohortConfig) -> list[pd.DataFrame]:
    """Estimate rows of the event study's headline in other specifications; see `policy.referee.specifications`."""
    return [] if config.event_study is None else [specification_study(cohort, config)]
