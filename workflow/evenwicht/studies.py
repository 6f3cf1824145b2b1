"""All studies that a cohort's config asks for, each with a stream of random numbers of its own."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.individual.concentration import CURVE_COLUMNS as LORENZ_COLUMNS
from evenwicht.individual.concentration import concentration_study
from evenwicht.individual.exposure import CURVE_COLUMNS as SURVIVAL_COLUMNS
from evenwicht.individual.exposure import individual_study
from evenwicht.policy.birth_periods import birth_periods_study
from evenwicht.policy.effect import policy_study
from evenwicht.policy.reform import reform_study
from evenwicht.rows import Known
from evenwicht.streams import stream

# section of a cohort's config -> its study, those that draw no random numbers
POLICY_STUDIES: dict[str, Callable[[Cohort, CohortConfig, Known], pd.DataFrame]] = {
    "policy": policy_study,
    "birth_periods": birth_periods_study,
    "reform": reform_study,
}


@dataclass(frozen=True)
class Results:
    """Estimate rows of all studies of a cohort, and the curves behind its figures (empty if it has none)."""

    estimates: pd.DataFrame
    survival: pd.DataFrame
    lorenz: pd.DataFrame


def policy_level_studies(cohort: Cohort, config: CohortConfig, known: Known = None) -> list[pd.DataFrame]:
    """Run every policy-level study that a cohort's config has; for `known` see `rows.Rows`."""
    return [study(cohort, config, known) for section, study in POLICY_STUDIES.items() if getattr(config, section)]


def run_studies(cohort: Cohort, config: CohortConfig, seed: int, bootstrap: int, permutations: int) -> Results:
    """Run the individual, policy-level and concentration studies of a cohort, those that its config has.

    Parameters
    ----------
    cohort, config
        The cohort and its config.
    seed
        Run seed.
    bootstrap, permutations
        Numbers of bootstrap replicates and of draws of the permutation null.

    Raises
    ------
    DataError, ModelError
        If the data cannot support a study.
    """
    parts: list[pd.DataFrame] = []
    survival, lorenz = pd.DataFrame(columns=SURVIVAL_COLUMNS), pd.DataFrame(columns=LORENZ_COLUMNS)
    if config.individual is not None:
        rng = stream(seed, config.name, "individual")
        result = individual_study(cohort, config.individual, config.outcomes, bootstrap, rng)
        survival = result.curves
        parts.append(result.estimates)
    parts += policy_level_studies(cohort, config)
    if config.concentration is not None:
        rng = stream(seed, config.name, "concentration")
        estimates, lorenz = concentration_study(cohort, config.concentration, bootstrap, permutations, rng)
        parts.append(estimates)
    return Results(pd.concat(parts, ignore_index=True), survival, lorenz)
