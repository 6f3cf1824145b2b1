"""The run of several cohorts."""

from typing import Annotated, Any

from pydantic import Field

from evenwicht.base.names import Strict
from evenwicht.config.cohort import CohortConfig
from evenwicht.display.language import Language


class RunConfig(Strict):
    """The default run."""

    seed: Annotated[int, Field(ge=0, lt=2**32, description="Seed of every random number of the run")]
    truth_draws: Annotated[int, Field(ge=10_000, le=100_000_000)] = Field(
        400_000, description="People per potential-outcome arm behind a true value"
    )
    replicates: Annotated[int, Field(ge=20, le=10_000)] = Field(
        200, description="Fresh draws of each synthetic cohort and scenario by which `make recovery` judges the methods"
    )
    strict: bool = Field(
        False, description="Whether a study that the data cannot support ends the run, instead of a row that says why"
    )
    language: Language = Field("en", description="Of the pages, en or nl; labels stay as the cohort files give them")
    cohorts: list[str] = Field(
        min_length=1, description="Cohort files, relative to the working directory, else to the project"
    )


class Run(Strict):
    """A checked run: its settings and its cohorts by name."""

    settings: RunConfig
    cohorts: dict[str, CohortConfig]

    def without_paths(self) -> "Run":
        """Return the same run with no more of the paths of files of people than what kinds of file they are."""
        cohorts = {
            name: cohort.model_copy(update={"source": cohort.source.without_paths()})
            for name, cohort in self.cohorts.items()
        }
        return self.model_copy(update={"cohorts": cohorts})

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
