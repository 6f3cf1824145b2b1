"""Impossible worlds: each mistake gives one message with the file, the key and what is wrong."""

import copy
from pathlib import Path

import pytest
import yaml
from evenwicht.errors import ConfigError
from evenwicht.loading import load_cohort, read_yaml

from tests.conftest import ROOT
from tests.unit.test_config import at

SECTIONS = ["source", "concentration", "birth_periods", "reform"]
MISTAKES = {
    # dunedin
    "genes leave no variance": (
        "dunedin",
        {
            "source.stressors.poverty.family": 0.9,
            "source.stressors.poverty.ses": -0.43,
            "source.families.genes_ses": 0.9,
            "source.families.genes_adversity": -0.9,
        },
        "stressors.poverty: ses and family leave no variance",
    ),
    "more pairs than children": ("dunedin", {"source.families.sibling_pairs": 600}, "ask for more children than n"),
    "cuts that fall": (
        "dunedin",
        {"source.adversity_scores.prospective.cuts": [1, 0.5, 2, 3]},
        "adversity_scores.prospective: cuts must be in order",
    ),
    "blind measurement": (
        "dunedin",
        {"source.artefacts.stressor_accuracy": {"sensitivity": 0.3, "specificity": 0.6}},
        "sensitivity plus specificity must exceed 1",
    ),
    "selection of one": (
        "dunedin",
        {"source.artefacts.selection": 1.0},
        "source.artefacts.selection: input should be less than 1",
    ),
    "waves that repeat": ("dunedin", {"source.waves.1.age": 3}, "waves must be in order of age, each age once"),
    "unknown artefact": (
        "dunedin",
        {"source.artefacts.cohort_trends": 0.1},
        "cohort_trends: unknown key. Did you mean 'cohort_trend'?",
    ),
    # register
    "scale above one": ("register_nz", {"source.scale": 1.5}, "source.scale: input should be less than or equal to 1"),
    "window before the births": (
        "register_nz",
        {"source.window_start": "1980-01-01"},
        "window_start must lie after the last birth",
    ),
    "too few residents": (
        "register_nz",
        {"source.scale": 0.0001},
        "people times scale must be at least 1000, it is 170",
    ),
    "unknown risk score": (
        "register_nz",
        {"concentration.risk": "child_risk"},
        "concentration.risk: 'child_risk' is not a column of this cohort. Did you mean 'childhood_risk'?",
    ),
    # rationing
    "no sugar in the calendar": (
        "rationing",
        {"source.calendar": {"sweets": {"ends": "1953-02-05", "grams": 4}}},
        "calendar needs the food 'sugar'",
    ),
    "rationing outlasts the births": (
        "rationing",
        {"source.calendar.sugar.ends": "1956-01-01"},
        "calendar.sugar.ends must leave births with and without",
    ),
    "more withheld than eaten": (
        "rationing",
        {"source.calendar.sugar.grams": 90},
        "grams of the calendar must not exceed free_intake",
    ),
    "regions that do not sum": ("rationing", {"source.regions.Wales": 0.5}, "regions must sum to 1, they sum to 1.45"),
    "visits before the births": (
        "rationing",
        {"source.recruitment.first_visit": "1950-01-01"},
        "recruitment.first_visit must lie after the last birth",
    ),
    "linkage ends before the visits": (
        "rationing",
        {"source.diagnosis.linkage_end": "2008-01-01"},
        "diagnosis.linkage_end must lie after",
    ),
    "household without variance": (
        "rationing",
        {"source.household.ses": 0.9, "source.household.genes": 0.9},
        "household: ses squared plus genes squared",
    ),
    "diagnoses all missed": (
        "rationing",
        {"source.artefacts.missed_diagnoses": 1.0},
        "source.artefacts.missed_diagnoses: input should be less than 1",
    ),
    "negative hazard": (
        "rationing",
        {"source.diseases.hypertension.rate": -1e-5},
        "source.diseases.hypertension.rate: input should be greater than 0",
    ),
    # intervention
    "skill without variance of its own": (
        "intervention",
        {"source.ses_skill": 0.9},
        "ses_skill and poverty_skill leave no variance of skill, whose SD is 1",
    ),
    # famine
    "rations out of order": ("famine", {"source.rations.1.since": "1946-01-01"}, "rations must be in order of date"),
    "rations that start too late": (
        "famine",
        {"source.rations.0.since": "1943-06-01"},
        "rations must start before the first conception",
    ),
    "a famine without hunger": ("famine", {"source.rations.1.kcal": 1300}, "no birth is exposed"),
    "a window longer than a pregnancy": (
        "famine",
        {"source.exposure.window_days": 275, "source.exposure.gestation_days": 270},
        "exposure.window_days must not exceed gestation_days",
    ),
    "nobody born after": ("famine", {"source.last_birth": "1945-11-01"}, "births before and after the exposed ones"),
    "clinic after linkage": ("famine", {"source.clinic_age": 60}, "clinic_age must lie below linkage_age"),
    "exposures that overlap": (
        "famine",
        {"birth_periods.exposed.mid.first": "1945-04-01"},
        "birth_periods: windows of exposed must be in order of date and must not overlap",
    ),
    "an exposure that ends before it starts": (
        "famine",
        {"birth_periods.exposed.early.last": "1945-08-01"},
        "birth_periods.exposed.early: first must not lie after last",
    ),
    "a plan for an exposure that does not exist": (
        "famine",
        {"birth_periods.design_analysis.0.period": "first_trimester"},
        "design_analysis names no window of exposed: first_trimester",
    ),
    "a region that is not yes or no": (
        "famine",
        {"birth_periods.region": "ses"},
        "birth_periods.region: 'ses' is not of type boolean",
    ),
    # reform
    "a reform before the births": (
        "reform",
        {"source.reform_date": "1975-07-01"},
        "reform_date must lie in a year with years of birth before and after it",
    ),
    "leave below nothing": ("reform", {"source.leave.spread": 4}, "leave.spread must not exceed leave.before"),
    "a risk below nothing": (
        "reform",
        {"source.dropout.low_education": 0.3},
        "dropout: the causes can move the risk by 0.44, beyond 0 or 1",
    ),
    "a trend that leaves the risks": (
        "reform",
        {"source.artefacts.cohort_trend.dropout": 0.05},
        "dropout: the causes can move the risk by 0.47",
    ),
    "a reform of nobody": ("reform", {"source.scale": 0.001}, "people times scale must be at least 1000, it is 250"),
    "a season stronger than families": (
        "reform",
        {"source.season.ses": 0.6},
        "source.season.ses: input should be less than or equal to 0.25",
    ),
    "more births moved than there are": (
        "reform",
        {"source.artefacts.shifted_births": 1.5},
        "source.artefacts.shifted_births: input should be less than or equal to 1",
    ),
    "a hole as wide as the comparison": (
        "reform",
        {"reform.donut_days": 60},
        "reform: donut_days must not exceed half of bandwidth_days",
    ),
    "the year of the reform as a year without": (
        "reform",
        {"reform.other_years": [1976, 1977]},
        "reform: other_years must name each year once, and not the year of the date",
    ),
    "a first stage that is no outcome": (
        "reform",
        {"reform.first_stage": "leave_month"},
        "reform.first_stage: 'leave_month' is not an outcome of this cohort. Did you mean 'leave_months'",
    ),
    "births without a date": (
        "reform",
        {"columns.birth_date.role": "baseline"},
        "reform: there must be exactly one column with role 'birth_date'",
    ),
    # trials
    "assessment before placement": (
        "deprivation",
        {"source.placement_age": 50},
        "placement_age must lie before the first assessment",
    ),
    "a trial of nobody": (
        "deprivation",
        {"source.foster": 0},
        "source.foster: input should be greater than or equal to 10",
    ),
    "skill before the programme ends": (
        "intervention",
        {"source.programme_ends": 6},
        "skill_ages must not start before programme_ends",
    ),
    "an effect that grows": ("intervention", {"source.lasting": 0.5}, "lasting must not exceed effect_at_end"),
    "a window that ends before it starts": (
        "intervention",
        {"source.windows.at_19_to_27": [27, 19]},
        "windows.at_19_to_27 must start before it ends",
    ),
    "retention above one": (
        "intervention",
        {"source.retention": 1.1},
        "source.retention: input should be less than or equal to 1",
    ),
    # life course
    "a sensitive period that does not exist": (
        "lifecourse",
        {"source.effect.sensitive": {"toddler": 0.2}},
        "effect.sensitive names no period of this world: toddler",
    ),
    "periods out of order": ("lifecourse", {"source.periods.infancy.age": 9}, "periods must be in order of age"),
    "births reversed": (
        "lifecourse",
        {"source.first_birth_year": 1995},
        "first_birth_year must not lie after last_birth_year",
    ),
    "perfect autocorrelation": (
        "lifecourse",
        {"source.autocorrelation": 1.0},
        "source.autocorrelation: input should be less than 1",
    ),
    "unknown effect": (
        "lifecourse",
        {"source.stressor_effect": "beneficial"},
        "source.stressor_effect: .*got 'beneficial'",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_an_impossible_world_names_file_key_and_reason(mistake: str, tmp_path: Path) -> None:
    name, changes, message = MISTAKES[mistake]
    data = copy.deepcopy(read_yaml(ROOT / f"config/{name}.yaml"))
    for path, value in changes.items():
        at(path, value)(data)
    file = tmp_path / f"{name}.yaml"
    file.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as caught:
        load_cohort(file)
    assert str(caught.value).startswith(tuple(f"{file}: {section}" for section in SECTIONS))
    assert len(str(caught.value).splitlines()) == 1
