"""The famine world: exposure from the ration calendar, fewer and other births, survival, and what is seen."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.streams import stream_key
from evenwicht.results.questions import Births
from evenwicht.results.schema import QUESTION
from evenwicht.worlds.famine.settings import FamineWorld
from evenwicht.worlds.famine.world import period_limits

from tests.worlds import FAMINE_OUTCOMES, WINDOWS, Synthetic, synthetic

BIG = 200_000


@pytest.fixture(scope="module")
def config() -> Synthetic:
    return synthetic("famine")


@pytest.fixture(scope="module")
def settings(config: Synthetic) -> FamineWorld:
    return config.source


def test_the_calendar_exposes_the_births_of_the_published_cohort(settings: FamineWorld) -> None:
    """Born 7 January to 8 December 1945; three periods of sixteen weeks, late, mid and early in pregnancy."""
    exposed = settings.exposed_births()
    assert (exposed[0], exposed[-1]) == (dt.date(1945, 1, 7), dt.date(1945, 12, 8))
    starts = [settings.first_birth + dt.timedelta(days=day) for day in period_limits(settings)]
    assert starts[1:5] == [dt.date(1945, 1, 7), dt.date(1945, 4, 29), dt.date(1945, 8, 19), dt.date(1945, 12, 9)]


def test_a_shorter_famine_exposes_fewer_births(settings: FamineWorld) -> None:
    steps = [*settings.rations[:2], settings.rations[2].model_copy(update={"since": dt.date(1945, 3, 1)})]
    shorter = settings.model_copy(update={"rations": steps}).exposed_births()
    assert 0 < len(shorter) < len(settings.exposed_births())


def test_births_have_the_published_counts_and_dip_in_famine(config: Synthetic, settings: FamineWorld) -> None:
    people = config.world.equations.draw(BIG, stream_key(1, "famine", "births"))
    here = people["famine_city"]
    counts = np.array(list(settings.births.model_dump().values()))
    share = np.bincount(people["period"][here], minlength=5) / here.sum()
    expected = counts / counts.sum()
    assert (np.abs(share - expected) <= 4 * np.sqrt(expected * (1 - expected) / here.sum())).all()
    days = np.diff(period_limits(settings))
    per_day = counts / days
    assert per_day[3] < 0.8 * per_day[2]  # conceived in the depth of the famine, against just before it
    elsewhere = np.bincount(people["period"][~here], minlength=5) / (~here).sum()
    assert elsewhere == pytest.approx(days / days.sum(), abs=4 * np.sqrt(0.25 / (~here).sum()))


def test_the_default_cohort_has_the_design_of_the_study(config: Synthetic, settings: FamineWorld) -> None:
    cohort = config.simulate(stream_key(2, "famine", "design"))
    n = sum(settings.births.model_dump().values()) + settings.control_births
    assert len(cohort.persons) == n
    seen = cohort.persons["glucose"].notna().sum() / n
    assert seen == pytest.approx(0.33, abs=0.05)  # alive and at the clinic
    # a contrast leaves out the other exposures and the spared cities
    early = cohort.persons["exposed_early"]
    assert early.isna().sum() > settings.control_births * 0.9
    assert not (cohort.persons["exposed_early"].fillna(False) & cohort.persons["exposed_late"].fillna(False)).any()


def test_those_conceived_in_famine_come_from_better_off_families(config: Synthetic, settings: FamineWorld) -> None:
    people = config.world.equations.draw(BIG, stream_key(3, "famine", "ses"))
    conceived = people["famine_city"] & (people["period"] == 3)
    gap = people["ses"][conceived].mean() - people["ses"][~conceived].mean()
    assert gap == pytest.approx(settings.fertility_selection, abs=4 / np.sqrt(conceived.sum()))


def test_the_frail_die_first_and_more_so_in_famine(config: Synthetic, settings: FamineWorld) -> None:
    people = config.world.equations.draw(BIG, stream_key(4, "famine", "survival"))
    exposed = people["exposed_early"] | people["exposed_mid"] | people["exposed_late"]
    dead = people["infant_death"]
    base = settings.survival.infant_death
    assert abs(dead[~exposed].mean() - base) <= 4 * np.sqrt(base * (1 - base) / (~exposed).sum())
    assert dead[exposed].mean() > 1.3 * base
    assert people["frailty"][dead].mean() > 0.2 + people["frailty"][~dead].mean()


def test_registers_know_survivors_and_the_clinic_those_who_come(config: Synthetic) -> None:
    cohort = config.simulate(stream_key(5, "famine", "events"))
    infancy = cohort.measures[cohort.measures["wave"] == "survived infancy"]
    survivors = set(infancy.loc[infancy["value"].notna(), "id"])
    assert set(cohort.events["id"]) == survivors
    assert set(cohort.persons.loc[cohort.persons["glucose"].notna(), "id"]) < survivors


@pytest.mark.parametrize(
    ("artefact", "value"),
    [("cohort_trend", 0.2), ("city_trend", 0.2), ("selection", 0.5), ("differential_attrition", 1.0)],
)
def test_each_artefact_changes_what_it_should_and_no_truth(artefact: str, value: float, config: Synthetic) -> None:
    switched = config.with_artefacts(**{artefact: value})
    key = stream_key(6, "famine", "artefact")
    plain, changed = (c.world.equations.draw(20_000, key) for c in (config, switched))
    touched = {name for name in plain if not np.array_equal(plain[name], changed[name])}
    onset = {"coronary_disease_log_hazard", "coronary_disease_onset"}
    assert touched == (onset if artefact.endswith("trend") else {"attends"})
    assert config.world.exact == switched.world.exact


def test_errors_of_dating_mix_the_exposures(config: Synthetic) -> None:
    switched = config.with_artefacts(dating_error_days=60)
    key = stream_key(7, "famine", "dating")
    plain, mixed = (c.simulate(key).persons for c in (config, switched))
    both = pd.concat([plain["exposed_mid"], mixed["exposed_mid"]], axis=1).dropna()
    assert (both.iloc[:, 0] != both.iloc[:, 1]).any()
    assert mixed["birth_date"].ne(plain["birth_date"]).mean() > 0.9


def test_incoherent_windows_end_follow_up_of_the_healthy_at_the_clinic(config: Synthetic) -> None:
    events = config.with_artefacts(incoherent_windows=True).simulate(stream_key(8, "famine", "windows")).events
    disease = events[events["event"] == "coronary_disease"]
    assert disease.loc[disease["status"] == 0, "exit_age"].max() <= config.source.clinic_age
    assert disease.loc[disease["status"] == 1, "exit_age"].max() > config.source.clinic_age


def test_windows_of_births_are_recognised_by_their_dates(config: Synthetic) -> None:
    """Whatever a window is called: of one trimester its own effect, of births before the famine none."""
    effect = config.source.glucose.famine
    found = {}
    for name, (first, last) in {**WINDOWS, "before": (dt.date(1944, 1, 1), dt.date(1944, 6, 30))}.items():
        asked = Births(f"born_{name}", ("others",), first, last, FAMINE_OUTCOMES)
        found[name] = config.asked(asked).exact().set_index(QUESTION)["value"]
        glucose = found[name][("glucose", f"born_{name}", "others", "", "", "mean_difference")]
        assert glucose == getattr(effect, name, 0.0)
    assert found["before"][("coronary_disease", "born_before", "others", "", "50", "risk_difference")] == 0


def test_a_window_wider_than_the_famine_dilutes_its_effect(config: Synthetic) -> None:
    """Births of the late window with as many days before it: the effect is that of the exposed times their share."""
    first, last = WINDOWS["late"]
    wide = Births("wide", ("others",), first - dt.timedelta(days=112), last, FAMINE_OUTCOMES)
    truth = config.asked(wide).truth(400_000, stream_key(9, "famine", "wide")).set_index(QUESTION)
    row = truth.loc[("glucose", "wide", "others", "", "", "mean_difference")]
    births, limits = config.source.births, period_limits(config.source)
    before = births.born_before * 112 / (limits[1] - limits[0])
    expected = config.source.glucose.famine.late * births.late / (births.late + before)
    assert row["value"] == pytest.approx(expected, abs=4 * row["mc_error"])
