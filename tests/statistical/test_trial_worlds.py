"""The deprivation, intervention and life-course worlds: design, margins, fade-out and timing in closed form."""

import numpy as np
import pytest
from evenwicht.base.streams import stream_key
from evenwicht.worlds.intervention.world import effect_at, explained_variance
from scipy.stats import multivariate_normal, norm

from tests.worlds import Synthetic, synthetic

BIG = 200_000


# --- deprivation ----------------------------------------------------------------------------------------------------


def test_the_trial_randomises_68_and_68_and_compares_with_72() -> None:
    persons = synthetic("deprivation").simulate(stream_key(1, "deprivation", "design")).persons
    assert persons["foster_care"].sum() == 68
    assert (~persons["foster_care"].dropna().astype(bool)).sum() == 68
    assert persons["foster_care"].isna().sum() == 72
    assert persons["stayed_in_institution"].isna().sum() == 68


@pytest.mark.parametrize(
    ("name", "means"), [("iq_42_months", (77.1, 85.7, 103.4)), ("iq_54_months", (73.3, 81.0, 109.3))]
)
def test_groups_have_the_published_means(name: str, means: tuple[float, float, float]) -> None:
    people = synthetic("deprivation").world.equations.draw(BIG, stream_key(2, "deprivation", "means"))
    groups = (people["institution"] & ~people["foster_care"], people["foster_care"], ~people["institution"])
    for group, mean in zip(groups, means, strict=True):
        values = people[name][group]
        assert abs(values.mean() - mean) <= 4 * values.std() / np.sqrt(len(values))


def test_later_placement_loses_gain() -> None:
    config = synthetic("deprivation")
    model, key = config.world.equations, stream_key(3, "deprivation", "placement")
    fostered = {"institution": True, "foster_care": True}
    early, late = (model.draw(100, key, {**fostered, "placement_age": age})["iq_54_months"] for age in (12.0, 32.0))
    assert early - late == pytest.approx(20 * config.source.gain_lost_per_month)


def test_low_birth_weight_confounds_the_comparison_with_families_alone() -> None:
    people = synthetic("deprivation").world.equations.draw(BIG, stream_key(4, "deprivation", "confounding"))
    low = people["low_birth_weight"]
    trial = people["institution"]
    assert low[trial].mean() > low[~trial].mean() + 0.1
    arms = [low[trial & people["foster_care"]], low[trial & ~people["foster_care"]]]
    assert abs(arms[0].mean() - arms[1].mean()) <= 4 * np.sqrt(sum(a.var() / len(a) for a in arms))


def test_months_of_care_fill_the_window() -> None:
    cohort = synthetic("deprivation").simulate(stream_key(5, "deprivation", "care"))
    months = cohort.costs.groupby("id")["amount"].sum()
    family = cohort.persons["foster_care"].isna().to_numpy()
    assert months[~family].to_numpy() == pytest.approx(54)
    assert (months[family] == 0).all()


def test_attrition_selection_and_error_of_iq_do_what_they_say() -> None:
    config = synthetic("deprivation")
    large = {"foster": 4000, "institution": 4000, "family": 4000}
    config = config.where(**large)
    key = stream_key(6, "deprivation", "artefacts")
    plain = config.simulate(key).persons
    lost = config.with_artefacts(differential_attrition=1.0).simulate(key).persons
    chosen = config.with_artefacts(selection=0.6).simulate(key).persons
    noisy = config.with_artefacts(iq_reliability=0.5).simulate(key).persons
    fostered = plain["foster_care"].fillna(False).astype(bool)
    assert lost.loc[fostered, "iq_18_years"].notna().mean() < plain.loc[fostered, "iq_18_years"].notna().mean() - 0.1
    assert chosen["iq_18_years"].mean() > plain["iq_18_years"].mean() + 1
    error = (noisy["iq_54_months"] - plain["iq_54_months"]).std()
    assert error == pytest.approx(config.source.sigma, rel=0.05)


# --- intervention ---------------------------------------------------------------------------------------------------


def test_the_effect_fades_to_its_lasting_part() -> None:
    settings = synthetic("intervention").source
    effects = [effect_at(settings, age) for age in (5, 6, 7, 10, 40)]
    assert effects[0] == pytest.approx(settings.effect_at_end)
    assert effects == sorted(effects, reverse=True)
    assert effects[-1] == pytest.approx(settings.lasting, abs=1e-9)


def test_assignment_is_exact_and_only_the_assigned_attend() -> None:
    persons = synthetic("intervention").simulate(stream_key(7, "intervention", "design")).persons
    assert persons["assigned"].sum() == 600
    assert not (persons["attended"] & ~persons["assigned"]).any()


def test_skill_hangs_together_over_ages_by_its_persistence() -> None:
    config = synthetic("intervention")
    people = config.world.equations.draw(
        BIG, stream_key(8, "intervention", "persistence"), {"poverty": False, "ses": 0.0}
    )
    correlation = np.corrcoef(people["skill_10"], people["skill_15"])[0, 1]
    rho = config.source.persistence
    assert abs(correlation - rho) <= 4 * (1 - rho**2) / np.sqrt(BIG)


def test_lasting_skill_moves_every_sector_in_its_direction() -> None:
    config = synthetic("intervention")
    model, key = config.world.equations, stream_key(9, "intervention", "sectors")
    with_it, without = (model.draw(2_000, key, {"attended": value}) for value in (True, False))
    for window in config.source.windows:
        ratio = with_it[f"use_{window}"] / without[f"use_{window}"]
        expected = [np.exp(s.per_sd * config.source.lasting) for s in config.source.sectors.values()]
        np.testing.assert_allclose(ratio, np.tile(expected, (2_000, 1)))


def test_mean_of_a_sector_is_its_closed_form() -> None:
    """Amounts are log-normal given lasting skill, which is normal among those alike in poverty and SES.

    It lies above 0 for those without poverty, and its variance is the share `persistence` of what both leave of 1.
    """
    config = synthetic("intervention")
    skill = config.source
    level = -skill.poverty_skill * skill.poverty
    variance = skill.persistence * (1 - explained_variance(skill))
    fixed = {"poverty": False, "ses": 0.0, "assigned": False}
    people = config.world.equations.draw(BIG, stream_key(10, "intervention", "mean"), fixed)
    start, end = config.source.windows["at_19_to_27"]
    for j, sector in enumerate(config.source.sectors.values()):
        amounts = people["use_at_19_to_27"][:, j]
        mean = sector.mean * (end - start) * np.exp(sector.per_sd * level + sector.per_sd**2 * variance / 2)
        assert abs(amounts.mean() - mean) <= 4 * amounts.std() / np.sqrt(BIG)


def test_attrition_selection_and_error_of_skill_do_what_they_say() -> None:
    config = synthetic("intervention").where(n=20_000)
    key = stream_key(11, "intervention", "artefacts")
    plain = config.simulate(key).persons
    lost = config.with_artefacts(differential_attrition=1.0).simulate(key).persons
    chosen = config.with_artefacts(selection=0.6).simulate(key).persons
    noisy = config.with_artefacts(skill_reliability=0.8).simulate(key).persons
    assigned = plain["assigned"].astype(bool)
    assert lost.loc[assigned, "skill_15"].notna().mean() < plain.loc[assigned, "skill_15"].notna().mean() - 0.1
    # among the 90% who take part, the mean of a score that goes with taking part is its correlation times phi(z) / 0.9
    seen = chosen["skill_15"].notna()
    expected = 0.6 * norm.pdf(norm.ppf(0.9)) / 0.9
    assert abs(chosen.loc[seen, "ses"].mean() - expected) <= 4 / np.sqrt(seen.sum())
    assert (noisy["skill_15"] - plain["skill_15"]).std() == pytest.approx(0.5, rel=0.05)


# --- life course ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def timing() -> Synthetic:
    return synthetic("lifecourse")


def test_exposure_has_its_prevalence_and_its_correlation_over_periods(timing: Synthetic) -> None:
    settings = timing.source
    people = timing.world.equations.draw(BIG, stream_key(12, "lifecourse", "exposure"))
    names = list(settings.periods)
    for name, period in settings.periods.items():
        share = people[f"stressor_{name}"].mean()
        assert abs(share - period.prevalence) <= 4 * np.sqrt(period.prevalence * (1 - period.prevalence) / BIG)
    for lag in (1, 2, 3):
        one, two = names[0], names[lag]
        rho = settings.ses**2 + (1 - settings.ses**2) * settings.autocorrelation**lag
        limits = [norm.ppf(settings.periods[name].prevalence) for name in (one, two)]
        expected = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf(limits)
        both = (people[f"stressor_{one}"] & people[f"stressor_{two}"]).mean()
        assert abs(both - expected) <= 4 * np.sqrt(expected * (1 - expected) / BIG)


HYPOTHESES = {
    "sensitive period": ({"sensitive": {"infancy": 0.4}}, [0.0, 0.4, 0.0, 0.0]),
    "accumulation": ({"accumulation": 0.2}, [0.2, 0.2, 0.2, 0.2]),
    "recency": ({"recency": 0.3}, [0.3 * 0.1 / 15, 0.3 / 15, 0.3 * 8 / 15, 0.3]),
    "mixed": ({"sensitive": {"infancy": 0.4}, "accumulation": 0.1}, [0.1, 0.5, 0.1, 0.1]),
}


@pytest.mark.parametrize("hypothesis", HYPOTHESES)
def test_each_hypothesis_about_timing_gives_its_effects(hypothesis: str, timing: Synthetic) -> None:
    given, effects = HYPOTHESES[hypothesis]
    nothing = {"sensitive": {}, "accumulation": 0.0, "recency": 0.0}
    effect = timing.source.effect.model_copy(update={**nothing, **given})
    resilience = timing.source.resilience.model_copy(update={"share": 0.0})
    model = timing.where(effect=effect, resilience=resilience).world.equations
    key = stream_key(13, "lifecourse", "timing")
    for period, expected in zip(timing.source.periods, effects, strict=True):
        arms = [model.draw(500, key, {f"stressor_{period}": value})["symptoms"] for value in (True, False)]
        np.testing.assert_allclose(arms[0] - arms[1], expected, atol=1e-12)


def test_resilience_spares_some_people_a_part(timing: Synthetic) -> None:
    model, key = timing.world.equations, stream_key(14, "lifecourse", "resilience")
    arms = [model.draw(BIG, key, {"stressor_infancy": value}) for value in (True, False)]
    difference = arms[0]["symptoms"] - arms[1]["symptoms"]
    resilient, full = arms[0]["resilient"], timing.source.effect_of("infancy")
    assert difference[~resilient] == pytest.approx(full)
    assert difference[resilient] == pytest.approx(full * (1 - timing.source.resilience.protection))


def test_measurement_errs_by_period(timing: Synthetic) -> None:
    poor = timing.source.periods["prenatal"].accuracy.model_copy(update={"sensitivity": 0.7, "specificity": 0.95})
    periods = {
        **timing.source.periods,
        "prenatal": timing.source.periods["prenatal"].model_copy(update={"accuracy": poor}),
    }
    key = stream_key(15, "lifecourse", "error")
    true, seen = (timing.where(n=BIG, **change).simulate(key).persons for change in ({}, {"periods": periods}))
    exposed = true["stressor_prenatal"].astype(bool)
    recorded = seen["stressor_prenatal"].astype(bool)
    assert abs(recorded[exposed].mean() - 0.7) <= 4 * np.sqrt(0.21 / exposed.sum())
    assert abs(recorded[~exposed].mean() - 0.05) <= 4 * np.sqrt(0.0475 / (~exposed).sum())
    assert true["stressor_infancy"].equals(seen["stressor_infancy"])


def test_artefacts_of_the_life_course_do_what_they_say(timing: Synthetic) -> None:
    config, key = timing.where(n=50_000), stream_key(16, "lifecourse", "artefacts")
    plain = config.simulate(key).persons
    lost = config.with_artefacts(differential_attrition=1.0).simulate(key).persons
    chosen = config.with_artefacts(selection=0.6).simulate(key).persons
    trend = config.with_artefacts(cohort_trend=0.5).simulate(key).persons
    exposed = plain["stressor_prenatal"].astype(bool)
    assert lost.loc[exposed, "symptoms"].notna().mean() < plain.loc[exposed, "symptoms"].notna().mean() - 0.1
    assert chosen.loc[chosen["symptoms"].notna(), "ses"].mean() > 0.1
    rise = trend["symptoms"] - plain["symptoms"]
    assert rise.dropna().to_numpy() == pytest.approx(0.5 * (plain.loc[rise.notna(), "birth_year"] - 1990).to_numpy())
