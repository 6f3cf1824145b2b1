"""Impossible worlds: each mistake gives one message with the key and what is wrong."""

import copy
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from evenwicht.base.errors import ConfigError
from evenwicht.config.loading import validate

from tests.worlds import NAMES, SETTINGS, described, synthetic

MISTAKES = {
    # dunedin
    "genes leave no variance": (
        "dunedin",
        {
            "stressors.poverty.family": 0.9,
            "stressors.poverty.ses": -0.43,
            "families.genes_ses": 0.9,
            "families.genes_adversity": -0.9,
        },
        "stressors.poverty: ses and family leave no variance",
    ),
    "more pairs than children": ("dunedin", {"families.sibling_pairs": 600}, "ask for more children than n"),
    "cuts that fall": (
        "dunedin",
        {"adversity_scores.prospective.cuts": [1, 0.5, 2, 3]},
        "adversity_scores.prospective: cuts must be in order",
    ),
    "blind measurement": (
        "dunedin",
        {"artefacts.stressor_accuracy": {"sensitivity": 0.3, "specificity": 0.6}},
        "sensitivity plus specificity must exceed 1",
    ),
    "selection of one": (
        "dunedin",
        {"artefacts.selection": 1.0},
        "artefacts.selection: input should be less than 1",
    ),
    "waves that repeat": ("dunedin", {"waves.1.age": 3}, "waves must be in order of age, each age once"),
    "unknown artefact": (
        "dunedin",
        {"artefacts.cohort_trends": 0.1},
        "cohort_trends: unknown key. Did you mean 'cohort_trend'?",
    ),
    # register
    "scale above one": ("register_nz", {"scale": 1.5}, "scale: input should be less than or equal to 1"),
    "window before the births": (
        "register_nz",
        {"window_start": "1980-01-01"},
        "window_start must lie after the last birth",
    ),
    "too few residents": (
        "register_nz",
        {"scale": 0.0001},
        "people times scale must be at least 1000, it is 170",
    ),
    # rationing
    "no sugar in the calendar": (
        "rationing",
        {"calendar": {"sweets": {"ends": "1953-02-05", "grams": 4}}},
        "calendar needs the food 'sugar'",
    ),
    "rationing outlasts the births": (
        "rationing",
        {"calendar.sugar.ends": "1956-01-01"},
        "calendar.sugar.ends must leave births with and without",
    ),
    "more withheld than eaten": (
        "rationing",
        {"calendar.sugar.grams": 90},
        "grams of the calendar must not exceed free_intake",
    ),
    "regions that do not sum": ("rationing", {"regions.Wales": 0.5}, "regions must sum to 1, they sum to 1.45"),
    "visits before the births": (
        "rationing",
        {"recruitment.first_visit": "1950-01-01"},
        "recruitment.first_visit must lie after the last birth",
    ),
    "linkage ends before the visits": (
        "rationing",
        {"diagnosis.linkage_end": "2008-01-01"},
        "diagnosis.linkage_end must lie after",
    ),
    "household without variance": (
        "rationing",
        {"household.ses": 0.9, "household.genes": 0.9},
        "household: ses squared plus genes squared",
    ),
    "diagnoses all missed": (
        "rationing",
        {"artefacts.missed_diagnoses": 1.0},
        "artefacts.missed_diagnoses: input should be less than 1",
    ),
    "negative hazard": (
        "rationing",
        {"diseases.hypertension.rate": -1e-5},
        "diseases.hypertension.rate: input should be greater than 0",
    ),
    # intervention
    "skill without variance of its own": (
        "intervention",
        {"ses_skill": 0.9},
        "ses_skill and poverty_skill leave no variance of skill, whose SD is 1",
    ),
    # famine
    "rations out of order": ("famine", {"rations.1.since": "1946-01-01"}, "rations must be in order of date"),
    "rations that start too late": (
        "famine",
        {"rations.0.since": "1943-06-01"},
        "rations must start before the first conception",
    ),
    "a famine without hunger": ("famine", {"rations.1.kcal": 1300}, "no birth is exposed"),
    "a window longer than a pregnancy": (
        "famine",
        {"exposure.window_days": 275, "exposure.gestation_days": 270},
        "exposure.window_days must not exceed gestation_days",
    ),
    "nobody born after": ("famine", {"last_birth": "1945-11-01"}, "births before and after the exposed ones"),
    "clinic after linkage": ("famine", {"clinic_age": 60}, "clinic_age must lie below linkage_age"),
    # reform
    "a reform before the births": (
        "reform",
        {"reform_date": "1975-07-01"},
        "reform_date must lie in a year with years of birth before and after it",
    ),
    "leave below nothing": ("reform", {"leave.spread": 4}, "leave.spread must not exceed leave.before"),
    "a risk below nothing": (
        "reform",
        {"dropout.low_education": 0.3},
        "dropout: the causes can move the risk by 0.44, beyond 0 or 1",
    ),
    "a trend that leaves the risks": (
        "reform",
        {"artefacts.cohort_trend.dropout": 0.05},
        "dropout: the causes can move the risk by 0.47",
    ),
    "a reform of nobody": ("reform", {"scale": 0.001}, "people times scale must be at least 1000, it is 250"),
    "a season stronger than families": (
        "reform",
        {"season.ses": 0.6},
        "season.ses: input should be less than or equal to 0.25",
    ),
    "more births moved than there are": (
        "reform",
        {"artefacts.shifted_births": 1.5},
        "artefacts.shifted_births: input should be less than or equal to 1",
    ),
    # trials
    "assessment before placement": (
        "deprivation",
        {"placement_age": 50},
        "placement_age must lie before the first assessment",
    ),
    "a trial of nobody": (
        "deprivation",
        {"foster": 0},
        "foster: input should be greater than or equal to 10",
    ),
    "skill before the programme ends": (
        "intervention",
        {"programme_ends": 6},
        "skill_ages must not start before programme_ends",
    ),
    "an effect that grows": ("intervention", {"lasting": 0.5}, "lasting must not exceed effect_at_end"),
    "a window that ends before it starts": (
        "intervention",
        {"windows.at_19_to_27": [27, 19]},
        "windows.at_19_to_27 must start before it ends",
    ),
    "retention above one": (
        "intervention",
        {"retention": 1.1},
        "retention: input should be less than or equal to 1",
    ),
    # life course
    "a sensitive period that does not exist": (
        "lifecourse",
        {"effect.sensitive": {"toddler": 0.2}},
        "effect.sensitive names no period of this world: toddler",
    ),
    "periods out of order": ("lifecourse", {"periods.infancy.age": 9}, "periods must be in order of age"),
    "births reversed": (
        "lifecourse",
        {"first_birth_year": 1995},
        "first_birth_year must not lie after last_birth_year",
    ),
    "perfect autocorrelation": (
        "lifecourse",
        {"autocorrelation": 1.0},
        "autocorrelation: input should be less than 1",
    ),
    "unknown effect": (
        "lifecourse",
        {"stressor_effect": "beneficial"},
        "stressor_effect: .*got 'beneficial'",
    ),
}


def put(data: Any, path: str, value: object) -> None:
    """Set the value at a key path."""
    *parents, last = path.split(".")
    for key in parents:
        data = data[int(key) if isinstance(data, list) else key]
    data[int(last) if isinstance(data, list) else last] = value


@pytest.mark.parametrize("mistake", MISTAKES)
def test_an_impossible_world_names_key_and_reason(mistake: str) -> None:
    name, changes, message = MISTAKES[mistake]
    source = copy.deepcopy(described(name)["source"])
    for path, value in changes.items():
        put(source, path, value)
    with pytest.raises(ConfigError, match=message) as caught:
        validate(SETTINGS[source["kind"]], source, "source")
    assert str(caught.value).startswith("source")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_cohort_of_a_world_has_what_its_settings_describe(name: str) -> None:
    """Columns in order, sectors, events and windows of costs, whether or not the cohort file repeats them."""
    cohort, source = synthetic(name), synthetic(name).source
    drawn = cohort.simulate(np.random.SeedSequence(1))
    assert set(drawn.persons.columns) == set(source.generated)
    assert set(drawn.events["event"]) == set(source.followed)
    assert set(drawn.costs["sector"]) == set(source.described_sectors)
    assert set(drawn.costs["window"]) == set(source.cost_windows)
    for column, about in source.generated.items():
        if about.type == "category" and about.codes:
            assert set(drawn.persons[column].dropna()) == set(about.codes)


def test_settings_of_worlds_import_nothing_heavy() -> None:
    code = "import evenwicht.worlds, sys; print([m for m in ('numpy', 'pandas', 'scipy') if m in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
