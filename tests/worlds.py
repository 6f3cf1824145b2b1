"""The default synthetic cohorts: settings of their worlds, codebooks, and what studies ask of them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import Outcome
from evenwicht.cohort import Cohort
from evenwicht.results.questions import Births, Concentration, Effect, Part, Question
from evenwicht.worlds import WORLDS, build, exact_values, fit_world, simulate, true_values
from evenwicht.worlds.published import PUBLISHED
from evenwicht.worlds.truth import simulated_values
from evenwicht.worlds.world import World
from pydantic import TypeAdapter

ROOT = Path(__file__).parents[1]
NAMES = [
    "dunedin",
    "register_nz",
    "register_dk",
    "rationing",
    "famine",
    "reform",
    "deprivation",
    "intervention",
    "lifecourse",
    "regions",
]
SETTINGS = {world.model_fields["kind"].annotation.__args__[0]: world for world in WORLDS}


@cache
def published() -> pd.DataFrame:
    """The published figures."""
    return PUBLISHED.read_csv(ROOT / "data/published.csv")


# --- what is asked --------------------------------------------------------------------------------------------------


def effect(column: str, outcomes: Sequence[str], *, policy: bool = False) -> Effect:
    """What a yes/no column does."""
    return Effect(Contrast(column, column, "no"), tuple(outcomes), policy)


def effect_per(column: str, per: float | str, outcomes: Sequence[str]) -> Effect:
    """What a number does, raised by a step."""
    step = per if per == "sd" else f"{per:g}"
    return Effect(Contrast(column, column, f"per_{step}", per=per), tuple(outcomes), False)


DISEASES = ("type_2_diabetes", "hypertension")
ENDS = dt.date(1953, 9, 26)
GROUPS = {"in_utero": (1, 3), "to_1_year": (-3, 0), "to_2_years": (-7, -4)}
CELLS = {
    "after_27_months": (10, 10),
    "after_21_months": (8, 9),
    "after_15_months": (6, 7),
    "cell_in_utero": (1, 3),
    "for_6_months": (-1, 0),
    "for_12_months": (-3, -2),
    "for_18_months": (-5, -4),
    "for_24_months": (-7, -6),
}
BEFORE = ["after_27_months", "after_21_months", "after_15_months"]  # cells of births conceived after the end
AGES = (55.0, 60.0, 62.0)


def quarters(first: int, last: int) -> tuple[dt.date, dt.date]:
    """First and last date of quarters counted from the one in which rationing of sugar ended."""

    def start(k: int) -> dt.date:
        year, quarter = divmod(4 * ENDS.year + (ENDS.month - 1) // 3 + k, 4)
        return dt.date(year, 3 * quarter + 1, 1)

    return start(first), start(last + 1) - dt.timedelta(days=1)


def rationed_births() -> dict[str, Births]:
    """Births by quarters: groups against those never rationed, cells against those of nine months after the end."""
    groups = {
        name: Births(name, ("never_rationed",), *quarters(*span), DISEASES, AGES) for name, span in GROUPS.items()
    }
    return groups | {
        name: Births(name, ("after_9_months",), *quarters(*span), DISEASES) for name, span in CELLS.items()
    }


FAMINE_OUTCOMES = ("coronary_disease", "glucose")
WINDOWS = {
    "late": (dt.date(1945, 1, 7), dt.date(1945, 4, 28)),
    "mid": (dt.date(1945, 4, 29), dt.date(1945, 8, 18)),
    "early": (dt.date(1945, 8, 19), dt.date(1945, 12, 8)),
}
REFERENCES = ("born_before", "conceived_after", "before_or_after")


def famine_births() -> list[Births]:
    """The windows of exposure, and births before them, whom the famine did not reach."""
    before = dt.date(1945, 1, 6)
    windows = [Births(name, REFERENCES, *dates, FAMINE_OUTCOMES) for name, dates in WINDOWS.items()]
    return [*windows, Births("later_half_before", ("earlier_half_before",), before, before, FAMINE_OUTCOMES)]


def questions_of(name: str) -> list[Question]:
    """What the studies of a default cohort ask."""
    births = rationed_births()
    asked: dict[str, list[Question]] = {
        "dunedin": [
            effect("poverty", ["multi_sector_need", "disease"]),
            effect("child_benefit", ["poverty", "multi_sector_need", "disease"], policy=True),
            Concentration(("38",), (0.20,), (3,), risk="childhood_risk"),
        ],
        "register_nz": [Concentration(("2006-2016",), (0.10,), (3,), risk="childhood_risk")],
        "register_dk": [Concentration(("2006-2016",), (0.10,), (2,))],
        "rationing": [
            effect("low_sugar_household", DISEASES),
            effect("rationed", DISEASES, policy=True),
            *births.values(),
            Part(births["in_utero"], births["to_2_years"]),
        ],
        "famine": [
            *(effect(f"exposed_{trimester}", FAMINE_OUTCOMES, policy=True) for trimester in ("early", "mid", "late")),
            *famine_births(),
        ],
        "reform": [
            effect("low_maternal_education", ["dropout", "log_earnings"]),
            effect("born_after", ["dropout", "log_earnings"], policy=True),
            effect("born_after", ["leave_months", "dropout", "log_earnings"], policy=True),
        ],
        "deprivation": [
            effect("stayed_in_institution", ["iq_54_months", "iq_18_years"]),
            effect("foster_care", ["iq_42_months", "iq_54_months", "iq_18_years"], policy=True),
        ],
        "intervention": [
            effect("poverty", ["skill_5", "skill_15"]),
            effect("assigned", ["skill_5", "skill_6", "skill_7", "skill_15"], policy=True),
        ],
        "lifecourse": [effect("stressor_infancy", ["symptoms", "disorder"])],
        "regions": [effect("poverty", ["readiness", "speech_delay"])],
    }
    return asked[name]


# --- cohorts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Synthetic:
    """A synthetic cohort: the settings of its world, its codebook, and what is asked of it."""

    name: str
    source: Any
    outcomes: dict[str, Any]
    questions: Sequence[Question]
    description: str = ""

    @property
    def book(self) -> Codebook:
        return Codebook(
            self.name,
            self.source.generated,
            self.outcomes,
            sectors=self.source.described_sectors,
            events=self.source.followed,
            description=self.description,
        )

    def where(self, **settings: object) -> "Synthetic":
        """The same cohort with settings of its world changed."""
        return replace(self, source=self.source.model_copy(update=settings))

    def with_artefacts(self, **artefacts: object) -> "Synthetic":
        """The same cohort with artefacts switched on."""
        return self.where(artefacts=self.source.artefacts.model_copy(update=artefacts))

    def asked(self, *questions: Question) -> "Synthetic":
        """The same cohort, asked other questions."""
        return replace(self, questions=questions)

    @property
    def world(self) -> World:
        return build(self.source, self.book, self.questions)

    def simulate(self, key: np.random.SeedSequence) -> Cohort:
        return simulate(self.source, self.book, key)

    def truth(self, draws: int, key: np.random.SeedSequence) -> pd.DataFrame:
        return true_values(self.source, self.book, self.questions, draws, key)

    def exact(self) -> pd.DataFrame:
        return exact_values(self.source, self.book, self.questions)

    def simulated(self, draws: int, key: np.random.SeedSequence) -> pd.DataFrame:
        return simulated_values(self.world, self.book, self.questions, draws, key)

    def fit(self, figures: pd.DataFrame, key: np.random.SeedSequence) -> pd.DataFrame:
        return fit_world(self.source, self.book, self.questions, figures, key)


@cache
def described(name: str) -> dict[str, Any]:
    """The sections of a default cohort file."""
    sections: dict[str, Any] = yaml.safe_load((ROOT / f"config/{name}.yaml").read_text(encoding="utf-8"))
    return sections


def synthetic(name: str) -> Synthetic:
    """A default synthetic cohort."""
    sections = described(name)
    source = SETTINGS[sections["source"]["kind"]].model_validate(sections["source"])
    outcomes = TypeAdapter(dict[str, Outcome]).validate_python(sections.get("outcomes", {}))
    return Synthetic(name, source, outcomes, questions_of(name), sections["description"])
