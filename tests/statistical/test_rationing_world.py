"""The rationing world: the calendar, one dose-response for policy and household, diagnoses, windows and volunteers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import DataError
from evenwicht.base.streams import stream_key
from evenwicht.cohort import Cohort
from evenwicht.estimators.survival import hazard_ratio
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.results.schema import QUESTION
from evenwicht.worlds.mechanisms import YEAR, onset_risk
from evenwicht.worlds.rationing import world as rationing
from evenwicht.worlds.rationing.settings import RationingWorld

from tests.worlds import BEFORE, CELLS, DISEASES, GROUPS, Synthetic, rationed_births, synthetic

BIG = 100_000
MONTH = YEAR / 12


@pytest.fixture(scope="module")
def config() -> Synthetic:
    return synthetic("rationing")


@pytest.fixture(scope="module")
def settings(config: Synthetic) -> RationingWorld:
    return config.source


def many(config: Synthetic, **changes: object) -> Synthetic:
    """The same world with 60,183 participants, all of whom are recruited with ease."""
    easy = config.source.recruitment.model_copy(update={"response": 0.5})
    return config.where(**{"scale": 1.0, "recruitment": easy, **changes})


def artefacts(config: Synthetic, **changes: object) -> dict[str, object]:
    return {"artefacts": config.source.artefacts.model_copy(update=changes)}


def crude_hazard_ratio(cohort: Cohort, column: str, event: str = "type_2_diabetes") -> tuple[float, float]:
    """Log hazard ratio with its standard error."""
    rows = cohort.events[cohort.events["event"] == event].set_index("id")
    exposed = cohort.persons.set_index("id")[column].loc[rows.index].to_numpy(float)
    entry = rows["entry_age"].to_numpy(float)
    fit = hazard_ratio(
        SurvivalData(rows["exit_age"].to_numpy(float), rows["status"].to_numpy(float), entry if entry.any() else None),
        exposed,
    )
    return float(np.log(fit.estimate)), fit.se


def test_the_default_scale_is_that_of_the_study(config: Synthetic) -> None:
    cohort = config.where(scale=1.0).simulate(stream_key(1, "rationing", "size"))
    assert len(cohort.persons) == 60_183
    rationed = cohort.persons["rationed"].mean()
    assert abs(rationed - 38_155 / 60_183) <= 4 * np.sqrt(0.634 * 0.366 / 60_183)
    assert cohort.persons["birth_date"].between("1951-10-01", "1956-03-31").all()
    assert cohort.persons["birth_month"].nunique() == 54


def test_months_of_rationing_follow_from_the_calendar(settings: RationingWorld) -> None:
    end = rationing.day_of(settings, settings.calendar["sugar"].ends)
    born = {"conceived at the end": end + 274, "born at the end": end, "a year old": end - 12 * MONTH}
    months = rationing.months_rationed(settings, np.array([*born.values(), end - 30 * MONTH, end + 400]))
    assert months == pytest.approx([0, 9, 21, 33, 0], abs=0.01)


def test_groups_of_birth_are_those_of_the_literature(settings: RationingWorld) -> None:
    """In utero: October 1953 to June 1954; then October 1952 to September 1953; then October 1951 to September 1952."""
    births = rationed_births()
    groups = [births[group] for group in GROUPS]
    assert [str(born.first) for born in groups] == ["1953-10-01", "1952-10-01", "1951-10-01"]
    assert [str(born.last) for born in groups] == ["1954-06-30", "1953-09-30", "1952-09-30"]
    disease = settings.diseases["type_2_diabetes"]
    ratios = {cell: rationing.log_hazard_ratio(settings, disease, births[cell]) for cell in CELLS}
    assert [ratios[cell] for cell in BEFORE] == [0, 0, 0]
    exposed = [ratio for cell, ratio in ratios.items() if cell not in BEFORE]
    assert exposed == sorted(exposed, reverse=True)
    assert exposed[0] < 0


def test_every_reference_of_a_group_has_its_true_value(config: Synthetic) -> None:
    born = replace(rationed_births()["to_2_years"], references=("never_rationed", "anybody_else"))
    value = config.asked(born).exact().set_index(QUESTION)["value"]
    keys = ("type_2_diabetes", "to_2_years"), ("", "", "conditional_hazard_ratio")
    one, other = (value[(*keys[0], reference, *keys[1])] for reference in born.references)
    assert one == other < 1


def test_negative_controls_know_nothing_of_sugar(config: Synthetic) -> None:
    model, key = config.world.equations, stream_key(16, "rationing", "controls")
    none = {f"withheld_{window}": 0.0 for window in rationing.WINDOWS}
    natural, free = model.draw(2_000, key), model.draw(2_000, key, none)
    assert (natural["control_onsets"] == free["control_onsets"]).all()
    assert (natural["type_2_diabetes_onset"] != free["type_2_diabetes_onset"]).any()
    events = config.simulate(key).events
    assert {f"control_{k}" for k in range(1, 21)} <= set(events["event"])


def test_absolute_effects_of_a_group_are_those_of_paired_births(config: Synthetic, settings: RationingWorld) -> None:
    """The registry's risks by age against the model drawn with everybody's birth set into the group or after the end."""
    born, n, key = rationed_births()["to_2_years"], 200_000, stream_key(17, "rationing", "absolute")
    births = np.resize(rationing.days_of(settings, born), n)
    model = config.world.equations
    longest, never = (model.draw(n, key, {"birth_day": day}) for day in (births, 1_600.0))
    truth = config.truth(n, key).set_index(QUESTION)
    for disease in DISEASES:
        risks = [
            np.average(
                onset_risk(settings.diseases[disease], people[f"{disease}_log_hazard"], 60.0),
                weights=people["volunteer_chance"],
            )
            for people in (longest, never)
        ]
        row = truth.loc[(disease, "to_2_years", "never_rationed", "", "60", "risk_difference")]
        assert risks[0] - risks[1] == pytest.approx(row["value"], abs=4 * row["mc_error"] + 1e-6)


def test_sugar_withheld_is_the_share_of_the_window_under_each_ration(settings: RationingWorld) -> None:
    sweets, sugar = (rationing.day_of(settings, settings.calendar[k].ends) for k in ("sweets", "sugar"))
    early, late = np.array([0.0]), np.array([float(sugar + 274)])
    for window in ("prenatal", "early_infancy"):
        assert rationing.withheld_in(settings, early, window) == pytest.approx(39)
    for window in rationing.WINDOWS:
        assert rationing.withheld_in(settings, late, window) == 0
    halfway = np.array([sugar + 274 / 2])  # half of the pregnancy under sugar rationing
    assert rationing.withheld_in(settings, halfway, "prenatal") == pytest.approx(
        35 / 2 + 4 * max(0.0, sweets - (halfway[0] - 274)) / 274, abs=1e-9
    )


def test_policy_and_household_share_one_dose_response(config: Synthetic) -> None:
    """A gram of sugar changes the log hazard by the same amount, whether a ration or a household withheld it."""
    model = config.world.equations
    key = stream_key(2, "rationing", "dose")
    base = {"birth_day": 900.0, "household_sugar": 0.0, **{f"withheld_{w}": 0.0 for w in rationing.WINDOWS}}
    by_policy = model.draw(1000, key, {**base, **{f"withheld_{w}": 10.0 for w in rationing.WINDOWS}})
    by_household = model.draw(1000, key, {**base, "household_sugar": -10.0})
    neither = model.draw(1000, key, base)
    for disease in config.source.diseases:
        hazard = f"{disease}_log_hazard"
        np.testing.assert_allclose(by_policy[hazard], by_household[hazard])
        assert (by_policy[hazard] < neither[hazard]).all()


def test_ses_and_genes_confound_the_household_and_not_the_policy(config: Synthetic) -> None:
    people = config.world.equations.draw(BIG, stream_key(3, "rationing", "confounding"))
    for cause in ("ses", "genes"):
        gap = [
            people[cause][people[c]].mean() - people[cause][~people[c]].mean()
            for c in ("low_sugar_household", "rationed")
        ]
        assert abs(gap[0]) > 0.1
        assert abs(gap[1]) <= 4 * np.sqrt(1 / people["rationed"].sum() + 1 / (~people["rationed"]).sum())


def test_share_diagnosed_is_the_published(config: Synthetic) -> None:
    cohort = many(config).simulate(stream_key(4, "rationing", "cases"))
    status = cohort.events.groupby("event")["status"].sum() / 60_183
    # volunteers are recruited otherwise here, and deaths end follow-up: within half a point, as the dossier allows
    assert status["type_2_diabetes"] == pytest.approx(0.0654, abs=0.005)
    assert status["hypertension"] == pytest.approx(0.3264, abs=0.012)


def ages_at_diagnosis(settings: RationingWorld) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Onset and age at diagnosis of many people who are visited at one age and followed to another."""
    from evenwicht.worlds.scm import Noise

    onset, visit, until = np.random.default_rng(5).uniform(40, 80, BIG), 55.0, 65.0
    noise = Noise(BIG, np.random.default_rng(6), np.arange(BIG))
    age = rationing.diagnosis_age(settings, onset, np.full(BIG, visit), np.full(BIG, until), noise)
    return onset, age, visit, until


def test_without_artefacts_every_disease_in_follow_up_is_known_and_told_in_whole_years(
    settings: RationingWorld,
) -> None:
    onset, age, _, until = ages_at_diagnosis(settings)
    known = np.isfinite(age)
    assert (known == (onset <= until)).all()
    assert (np.abs(age - onset)[known] <= 0.5).all()


def test_missed_diagnoses_are_lost_unless_told_at_a_visit(settings: RationingWorld) -> None:
    missed, told = 0.3, settings.diagnosis.self_reported
    changed = settings.artefacts.model_copy(update={"missed_diagnoses": missed})
    onset, age, visit, until = ages_at_diagnosis(settings.model_copy(update={"artefacts": changed}))
    known = np.isfinite(age)
    assert not known[onset > until].any()
    for rows, share in ((onset <= visit, missed * (1 - told)), ((onset > visit) & (onset <= until), missed)):
        assert abs((~known[rows]).mean() - share) <= 4 * np.sqrt(share * (1 - share) / rows.sum())


def test_the_share_diagnosed_counts_what_is_missed(config: Synthetic) -> None:
    """The registry's share against diagnoses of drawn people, where nobody dies, all are seen once, a third is missed."""
    alive = config.source.death.model_copy(update={"rate": 1e-12})
    once = config.source.recruitment.model_copy(update={"response": 0.5, "repeat_share": 0.0})
    missed = config.where(scale=1.0, death=alive, recruitment=once, **artefacts(config, missed_diagnoses=0.3))
    key = stream_key(18, "rationing", "missed")
    truth = missed.truth(100_000, key).query("estimand == 'group_share'").set_index("outcome")["value"]
    status = missed.simulate(key).events.groupby("event")["status"].sum() / 60_183
    for disease in missed.source.diseases:
        share = truth[disease]
        assert abs(status[disease] - share) <= 4 * np.sqrt(share * (1 - share) / 60_183)


def test_follow_up_from_the_visit_holds_nobody_diagnosed_before_it(config: Synthetic) -> None:
    cohort = config.simulate(stream_key(7, "rationing", "entry"))
    rows = cohort.events[cohort.events["event"] == "type_2_diabetes_from_baseline"]
    whole = cohort.events[cohort.events["event"] == "type_2_diabetes"]
    assert (rows["entry_age"] > 49).all()
    prevalent = whole[(whole["status"] == 1) & ~whole["id"].isin(rows["id"])]
    visits = cohort.measures[cohort.measures["wave"] == "baseline"].set_index("id")["age"]
    assert (prevalent["exit_age"].to_numpy() <= visits.loc[prevalent["id"]].to_numpy() + 1e-9).all()


def test_coherent_windows_find_nothing_in_the_null_world_and_incoherent_ones_do(config: Synthetic) -> None:
    """With no effect at all, cases sought after the last visit alone make rationing look protective."""
    null = {"stressor_effect": "null", "policy_effect": "null"}
    coherent, incoherent = (
        many(config, **null, **artefacts(config, incoherent_windows=w)).simulate(stream_key(8, "rationing", "windows"))
        for w in (False, True)
    )
    log_ratio, se = crude_hazard_ratio(coherent, "rationed")
    assert abs(log_ratio) <= 4 * se
    spurious, error = crude_hazard_ratio(incoherent, "rationed")
    assert spurious < -4 * error


def test_a_cohort_trend_biases_the_unadjusted_contrast_by_its_size(config: Synthetic) -> None:
    null = {"stressor_effect": "null", "policy_effect": "null"}
    cohort = many(config, **null, **artefacts(config, cohort_trend=0.1)).simulate(stream_key(9, "rationing", "trend"))
    log_ratio, se = crude_hazard_ratio(cohort, "rationed", "hypertension")
    years = cohort.persons.groupby("rationed")["birth_date"].mean()
    gap = (years[True] - years[False]).days / YEAR
    assert log_ratio == pytest.approx(0.1 * gap, abs=4 * se)


def test_bundled_foods_act_beside_sugar(config: Synthetic) -> None:
    model = config.with_artefacts(bundled_foods=-0.5).world.equations
    plain = config.world.equations
    key = stream_key(10, "rationing", "bundled")
    difference = model.draw(5_000, key)["hypertension_log_hazard"] - plain.draw(5_000, key)["hypertension_log_hazard"]
    first, last = plain.draw(5_000, key)["birth_day"] < 30, plain.draw(5_000, key)["birth_day"] > 1_600
    assert difference[first] == pytest.approx(-0.5, abs=1e-9)
    assert (difference[last] == 0).all()


def test_selection_leaves_volunteers_with_less_genetic_risk(config: Synthetic) -> None:
    plain, selected = (
        many(config, **artefacts(config, selection=s)).simulate(stream_key(11, "rationing", "selection")).persons
        for s in (0.0, 0.4)
    )
    assert abs(plain["genes"].mean()) <= 4 / np.sqrt(60_183)
    assert selected["genes"].mean() < -0.2
    assert plain["ses"].mean() > 0.1  # volunteers are better off in any case


def test_error_of_measured_sugar_has_the_stated_reliability(config: Synthetic) -> None:
    plain, noisy = (
        many(config, **artefacts(config, household_reliability=r)).simulate(stream_key(12, "rationing", "error"))
        for r in (1.0, 0.5)
    )
    error = noisy.persons["early_sugar"] - plain.persons["early_sugar"]
    # half of the variance between households is error, so that the error varies as much as their sugar does
    sugar = config.world.equations.draw(BIG, stream_key(12, "rationing", "sugar"))["household_sugar"]
    assert error.std() == pytest.approx(sugar.std(), rel=4 / np.sqrt(2 * 60_183))


def test_differential_attrition_keeps_the_rationed_from_returning(config: Synthetic) -> None:
    lossy = many(config, **artefacts(config, differential_attrition=0.5))
    cohort = lossy.simulate(stream_key(13, "rationing", "loss"))
    repeat = cohort.measures[cohort.measures["wave"] == "repeat visit"].set_index("id")["value"].notna()
    rationed = cohort.persons.set_index("id")["rationed"].loc[repeat.index].astype(bool)
    assert repeat[rationed].mean() < repeat[~rationed].mean() - 0.1


def test_too_few_volunteers_are_an_error(config: Synthetic) -> None:
    deadly = config.source.death.model_copy(update={"rate": 0.01})
    with pytest.raises(DataError, match="only .* participants are alive and willing"):
        config.where(death=deadly).simulate(stream_key(14, "rationing", "dead"))


def test_the_shape_of_sexes_and_regions(config: Synthetic) -> None:
    persons = many(config).simulate(stream_key(15, "rationing", "margins")).persons
    expected = {"male": config.source.share_male}
    shares = pd.concat([persons["sex"].value_counts(normalize=True), persons["region"].value_counts(normalize=True)])
    for name, share in {**expected, **config.source.regions}.items():
        assert abs(shares[name] - share) <= 4 * np.sqrt(share * (1 - share) / 60_183)
