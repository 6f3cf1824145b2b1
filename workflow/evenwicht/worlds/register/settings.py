"""Settings of the register worlds."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenwicht.base.columns import Column
from evenwicht.base.names import Correlation, Name, Positive, Probability, Share, Strict
from evenwicht.base.outcomes import Sector
from evenwicht.worlds.describe import identifier, number, sex
from evenwicht.worlds.mechanism_settings import (
    StressorEffect,
    WorldSettings,
)


class RegisterSector(Sector):
    """Use of one sector: nothing for some, log-normal for the others (a zero-inflated log-normal)."""

    zero: Probability = Field(description="Share of people without use in the window")
    sigma: Positive = Field(description="SD of log use among users")
    mean: Positive = Field(description="Mean use of everybody in the window")
    need: Annotated[float, Field(ge=0, lt=1)] = Field(
        description="Weight of the shared need against the sector's own part"
    )


class RegisterArtefacts(Strict):
    """Known artefacts, each off at its default."""

    absent: Probability = Field(
        0.0, description="Share of people who live abroad in the window but count as residents without use"
    )
    absent_need: Correlation = Field(0.0, description="Correlation of the propensity to be abroad with need")
    recorded: Annotated[float, Field(gt=0, le=1, description="Share of everybody's use that is recorded")] = 1.0


class RegisterWorld(WorldSettings):
    """A national register: costs of several sectors with given margins and a shared need with a heavy upper tail."""

    kind: Literal["register"]
    people: Annotated[int, Field(ge=1000, le=50_000_000)] = Field(description="Residents at scale 1")
    scale: Annotated[float, Field(gt=0, le=1)] = Field(description="Share of them to generate")
    window: str = Field(description="Id of the window of costs")
    stressor_effect: StressorEffect = Field(description="Direction of the tie between childhood risk and adult need")
    first_birth_year: Annotated[int, Field(ge=1850, le=2100)] = Field(description="First year of birth")
    last_birth_year: Annotated[int, Field(ge=1850, le=2100)] = Field(description="Last year of birth")
    window_start: dt.date = Field(description="First day of the window")
    window_end: dt.date = Field(description="Last day of the window")
    share_male: Share = Field(description="Share of men")
    risk: Correlation = Field(description="Correlation of childhood risk with the score behind adult need")
    death_rate: Positive = Field(description="Yearly hazard of death at age 0 (Gompertz)")
    death_shape: Positive = Field(description="Growth of the log hazard of death a year")
    sectors: dict[Name, RegisterSector] = Field(min_length=1, description="Id of a cost sector -> its margins")
    artefacts: RegisterArtefacts = RegisterArtefacts()

    @model_validator(mode="after")
    def _is_consistent(self) -> "RegisterWorld":
        if self.first_birth_year > self.last_birth_year:
            raise ValueError("first_birth_year must not lie after last_birth_year")
        if not dt.date(self.last_birth_year, 12, 31) < self.window_start < self.window_end:
            raise ValueError("window_start must lie after the last birth and before window_end")
        if self.n < 1000:
            raise ValueError(f"people times scale must be at least 1000, it is {self.n}")
        return self

    @property
    def n(self) -> int:
        """People to generate."""
        return round(self.people * self.scale)

    @property
    def words(self) -> dict[str, str]:
        return {**super().words, self.window: f"in {self.window}"}

    @property
    def generated(self) -> dict[str, Column]:
        return {
            "id": identifier(),
            "sex": sex(),
            "birth_year": number("baseline", "Year of birth", "year"),
            "childhood_risk": number("baseline", "Childhood risk score", "SD"),
        }

    @property
    def described_sectors(self) -> dict[str, Sector]:
        return dict(self.sectors)

    @property
    def followed(self) -> tuple[str, ...]:
        return ("death",)

    @property
    def cost_windows(self) -> tuple[str, ...]:
        return (self.window,)
