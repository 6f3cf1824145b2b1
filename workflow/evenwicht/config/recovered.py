"""What the replicates of each synthetic cohort are computed from."""

from evenwicht.base.digests import settings_digest
from evenwicht.config.cohort import AS_CONFIGURED, CohortConfig
from evenwicht.config.run import Run


def recovered_studies(config: CohortConfig) -> list[str]:
    """Names of the studies that replicates judge: those of effects."""
    return [name for name, study in config.studies.items() if study.has_truth]


def draws_of(run: Run) -> dict[str, int]:
    """Fresh draws of each synthetic cohort, in each of its scenarios."""
    return {name: run.cohorts[name].replicates or run.settings.replicates for name in run.synthetic}


def recovery_settings(run: Run) -> dict[str, dict[str, str]]:
    """Digest of the settings behind the replicates of each synthetic cohort that has effects, by scenario.

    It changes with the seed, with the numbers of replicates and of draws behind true values, and with everything that
    the numbers of the judged studies depend on.
    """
    draws, numbers = draws_of(run), {name: getattr(run.settings, name) for name in ("seed", "truth_draws")}
    places: dict[str, dict[str, str]] = {}
    for world in (run.cohorts[name] for name in run.synthetic):
        for scenario in (AS_CONFIGURED, *world.scenarios):
            cohort = world if scenario == AS_CONFIGURED else world.in_scenario(scenario)
            studies = recovered_studies(cohort)
            if studies:
                digest = settings_digest({**numbers, "replicates": draws[world.name], "cohort": cohort.needed(studies)})
                places.setdefault(world.name, {})[scenario] = digest
    return places
