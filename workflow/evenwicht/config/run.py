"""One cohort, and the run of several."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from evenwicht.config.base import Name, Strict
from evenwicht.config.dunedin import DunedinWorld
from evenwicht.config.event_study import EventStudy
from evenwicht.config.famine import FamineWorld
from evenwicht.config.lifecourse import LifecourseWorld
from evenwicht.config.rationing import RationingWorld
from evenwicht.config.reform import ReformWorld
from evenwicht.config.register import RegisterWorld
from evenwicht.config.source import Column, NhefsSource, TableSource
from evenwicht.config.studies import (
    BirthPeriodsStudy,
    ConcentrationStudy,
    IndividualStudy,
    Outcome,
    PolicyStudy,
    ReformStudy,
    SectorLabel,
)
from evenwicht.config.trials import DeprivationWorld, InterventionWorld

World = (
    DunedinWorld
    | RegisterWorld
    | RationingWorld
    | FamineWorld
    | ReformWorld
    | DeprivationWorld
    | InterventionWorld
    | LifecourseWorld
)
STUDIES = ["individual", "policy", "event_study", "birth_periods", "reform", "concentration"]
Source = Annotated[TableSource | NhefsSource | World, Field(discriminator="kind")]


AS_CONFIGURED = "as_configured"  # the scenario without changes


class CohortConfig(Strict):
    """One cohort: where it comes from, what its columns are, and what is studied in it."""

    name: Name
    title: str
    description: str
    source: Source
    columns: dict[Name, Column] = Field(min_length=2)
    sectors: dict[Name, SectorLabel] = Field(
        default={}, description="Cost sectors of a real cohort; a world describes its own"
    )
    outcomes: dict[Name, Outcome] = {}
    individual: IndividualStudy | None = None
    policy: PolicyStudy | None = None
    birth_periods: BirthPeriodsStudy | None = None
    reform: ReformStudy | None = None
    concentration: ConcentrationStudy | None = None
    event_study: EventStudy | None = None
    scenarios: dict[Name, dict[str, Any]] = Field(
        default={}, description="Name -> changes to `source`: worlds in which the policy studies must still be right"
    )
    table1: list[Name] = Field(min_length=1, description="Columns described by exposure")

    @model_validator(mode="after")
    def _studies_something(self) -> "CohortConfig":
        if not any(getattr(self, study) for study in STUDIES):
            raise ValueError(f"at least one of the studies {', '.join(STUDIES[:-1])} and {STUDIES[-1]} is needed")
        if AS_CONFIGURED in self.scenarios:
            raise ValueError(f"a scenario must not be called '{AS_CONFIGURED}', the name of the world without changes")
        if self.policy is not None and self.policy.instrument is not None and self.individual is None:
            raise ValueError("policy.instrument needs an individual study, whose exposure it instruments")
        return self

    @model_validator(mode="after")
    def _describes_its_sectors(self) -> "CohortConfig":
        if isinstance(self.source, TableSource):
            unknown = [cost.sector for cost in self.source.costs if cost.sector not in self.sectors]
            if unknown:
                raise ValueError(f"source.costs names sectors that sectors does not describe: {', '.join(unknown)}")
        return self

    def in_scenario(self, name: str) -> "CohortConfig":
        """The same cohort in a world with the changes of a scenario.

        Raises
        ------
        ValidationError
            If the changes do not give a valid world.
        """
        data = self.model_dump(mode="json")
        data["source"] = merged(data["source"], self.scenarios[name])
        return CohortConfig.model_validate(data)

    @property
    def synthetic(self) -> bool:
        """Whether the cohort is drawn from a world with known truth."""
        return isinstance(self.source, World)

    @property
    def sector_labels(self) -> dict[str, SectorLabel]:
        """Every cost sector by name: its label, unit and what it measures."""
        if isinstance(self.source, DunedinWorld | RegisterWorld | InterventionWorld):
            return dict(self.source.sectors)
        return self.sectors


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with changes, section by section."""
    both = {k: merged(base[k], v) for k, v in changes.items() if isinstance(v, dict) and isinstance(base.get(k), dict)}
    return {**base, **changes, **both}


class RunConfig(Strict):
    """The default run."""

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    permutations: Annotated[int, Field(ge=100, le=1_000_000)] = Field(description="Draws of a permutation null")
    truth_draws: Annotated[int, Field(ge=10_000, le=100_000_000)] = Field(
        description="People per potential-outcome arm behind a true value"
    )
    replicates: Annotated[int, Field(ge=20, le=10_000)] = Field(
        description="Fresh draws of each synthetic cohort and scenario by which `make recovery` judges the methods"
    )
    cohorts: list[str] = Field(
        min_length=1, description="Cohort files, relative to the working directory, else to the project"
    )


class Run(Strict):
    """A checked run: its settings and its cohorts by name."""

    settings: RunConfig
    cohorts: dict[str, CohortConfig]

    @property
    def synthetic(self) -> list[str]:
        """Names of the cohorts with known truth."""
        return [name for name, cohort in self.cohorts.items() if cohort.synthetic]

    @property
    def ingested(self) -> list[str]:
        """Names of the cohorts read from real data."""
        return [name for name, cohort in self.cohorts.items() if not cohort.synthetic]


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of `RunConfig`, with `CohortConfig` under `$defs`."""
    from pydantic.json_schema import models_json_schema

    _, schema = models_json_schema([(RunConfig, "validation"), (CohortConfig, "validation")])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": "#/$defs/RunConfig", **schema}
