"""The Dunedin-style world: counts and margins within Monte Carlo error, paired outcomes, and truth two ways."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.streams import stream_key
from evenwicht.cohort import Cohort
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.results.schema import QUESTION
from evenwicht.worlds.dunedin.norms import STRESSORS, norms_of
from evenwicht.worlds.dunedin.settings import DunedinWorld
from evenwicht.worlds.dunedin.world import dunedin_model

from tests.worlds import Synthetic, published, synthetic

BIG = 200_000
PUBLISHED = published().query("cohort == 'dunedin'")


@pytest.fixture(scope="module")
def config() -> Synthetic:
    return synthetic("dunedin")


@pytest.fixture(scope="module")
def world(config: Synthetic) -> DunedinWorld:
    return config.source


def within(share: float, expected: float, n: int) -> bool:
    """Within four binomial Monte Carlo errors."""
    return abs(share - expected) <= 4 * np.sqrt(expected * (1 - expected) / n)


def test_design_is_the_studys(dunedin: Cohort) -> None:
    persons = dunedin.persons
    assert len(persons) == 1037
    assert persons["family"].value_counts().value_counts().to_dict() == {1: 1013, 2: 12}
    assert persons["birth_date"].min() >= pd.Timestamp(1972, 4, 1)
    assert persons["birth_date"].max() <= pd.Timestamp(1973, 3, 31)
    twins = persons[persons["family"].duplicated(keep=False)]
    assert (twins.groupby("family")["birth_date"].nunique() == 1).all()


@pytest.mark.parametrize("age", [3, 5, 7, 9, 11, 13, 15, 18, 21, 26, 32, 38, 45])
def test_wave_counts_are_the_published_within_monte_carlo_error(age: int, config: Synthetic) -> None:
    counts = PUBLISHED[(PUBLISHED["outcome"] == "attrition") & (PUBLISHED["at"] == str(age))].set_index("estimand")[
        "value"
    ]
    replicates = [config.simulate(stream_key(3, "dunedin", "waves", r)).measures for r in range(5)]
    rows = pd.concat(m[(m["wave"] == str(age)) & (m["measure"] == "attendance")] for m in replicates)
    assert within(rows["value"].notna().mean(), counts["n_assessed"] / counts["n_eligible"], len(rows))


def test_attrition_dips_at_thirteen_and_rebounds_at_fifteen(dunedin: Cohort) -> None:
    attended = dunedin.measures[dunedin.measures["measure"] == "attendance"]
    share = attended.groupby("wave")["value"].agg(lambda v: v.notna().mean())
    assert share["13"] < share["11"]
    assert share["13"] < share["15"]


def test_deaths_by_the_last_wave_match(world: DunedinWorld) -> None:
    people = dunedin_model(world).draw(BIG, stream_key(4, "dunedin", "deaths"))
    assert within((people["death_age"] <= 45).mean(), world.death_by_end, BIG)


def test_stressors_have_their_prevalence_and_cluster_in_families(world: DunedinWorld) -> None:
    untouched = {"child_benefit": False}
    people = dunedin_model(world).draw(BIG, stream_key(5, "dunedin", "stressors"), untouched)
    flags = pd.DataFrame({name: people[name] for name in STRESSORS})
    for name in STRESSORS:
        assert within(flags[name].mean(), getattr(world.stressors, name).prevalence, BIG)
    correlation = flags.astype(float).corr().to_numpy()
    assert (correlation[np.triu_indices(len(STRESSORS), 1)] > 4 / np.sqrt(BIG)).all()


def test_correlation_of_two_stressors_is_the_bivariate_normal_probability(world: DunedinWorld) -> None:
    from scipy.stats import multivariate_normal, norm

    people = dunedin_model(world).draw(BIG, stream_key(6, "dunedin", "pair"))
    a, b = world.stressors.unsafe_home, world.stressors.maltreatment
    between = world.families.genes_ses * world.families.genes_adversity
    rho = a.ses * b.ses + a.family * b.family + between * (a.ses * b.family + a.family * b.ses)
    expected = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([norm.ppf(a.prevalence), norm.ppf(b.prevalence)])
    both = people["unsafe_home"] & people["maltreatment"]
    assert within(both.mean(), expected, BIG)


def test_onset_ages_follow_the_gompertz_law(world: DunedinWorld) -> None:
    people = dunedin_model(world).draw(BIG, stream_key(7, "dunedin", "onset"))
    d = world.disease
    survival = np.exp(
        -d.rate / d.shape * np.expm1(d.shape * people["disease_onset"]) * np.exp(people["disease_log_hazard"])
    )
    for quantile in (0.1, 0.5, 0.9):  # S(T) is uniform
        assert within((survival < quantile).mean(), quantile, BIG)


def test_interventions_change_nothing_but_what_they_cause(world: DunedinWorld) -> None:
    people = partial(dunedin_model(world).draw, 5_000, stream_key(8, "dunedin", "paired"))
    natural, poor = people(), people({"poverty": True})
    assert poor["poverty"].all()
    for name in ("child_benefit", *STRESSORS[1:]):
        assert (poor[name] == natural[name]).all()
    already = natural["poverty"]
    assert (poor["use_by_38"][already] == natural["use_by_38"][already]).all()
    assert (poor["death_age"] == natural["death_age"]).all()


def test_harmful_poverty_never_makes_anyone_better_off(world: DunedinWorld) -> None:
    """The same person with poverty has lower brain health, earlier onset and no less use in any sector."""
    people = partial(dunedin_model(world).draw, 20_000, stream_key(9, "dunedin", "monotone"))
    poor, spared = (people({"poverty": value}) for value in (True, False))
    assert (poor["brain_health"] < spared["brain_health"]).all()
    assert (poor["disease_onset"] < spared["disease_onset"]).all()
    assert (poor["use_by_38"].sum(axis=1) >= spared["use_by_38"].sum(axis=1)).mean() > 0.99


def test_the_policy_acts_through_poverty_alone(world: DunedinWorld) -> None:
    people = partial(dunedin_model(world).draw, 20_000, stream_key(10, "dunedin", "policy"))
    reached, not_reached = (people({"child_benefit": value}) for value in (True, False))
    unchanged = reached["poverty"] == not_reached["poverty"]
    assert (~reached["poverty"] | not_reached["poverty"]).all()
    assert (reached["use_by_38"][unchanged] == not_reached["use_by_38"][unchanged]).all()
    assert (reached["disease_onset"][unchanged] == not_reached["disease_onset"][unchanged]).all()
    assert not unchanged.all()


def test_the_conditional_hazard_ratio_is_that_of_the_paired_outcomes(config: Synthetic, world: DunedinWorld) -> None:
    from evenwicht.estimators.survival import hazard_ratio

    people = partial(dunedin_model(world).draw, 40_000, stream_key(13, "dunedin", "hazard"))
    poor, spared = (people({"poverty": value}) for value in (True, False))
    time = np.concatenate([poor["disease_onset"], spared["disease_onset"]])
    event = (time <= 45).astype(float)
    exposure = np.repeat([1.0, 0.0], 40_000)
    others = spared["disease_log_hazard"]  # every other cause of onset, known here
    fit = hazard_ratio(SurvivalData(np.minimum(time, 45), event), exposure, np.tile(others, 2)[:, None])
    (truth,) = config.truth(100_000, stream_key(1, "x", "y")).query("estimand == 'conditional_hazard_ratio'")["value"]
    assert abs(np.log(fit.estimate / truth)) <= 4 * fit.se


def test_truth_states_its_monte_carlo_error(config: Synthetic) -> None:
    one, two = (config.truth(BIG, stream_key(s, "dunedin", "truth")) for s in (14, 15))
    simulated = one["how"] != "closed form"
    error = np.hypot(one["mc_error"], two["mc_error"])[simulated]
    gap = (one["value"] - two["value"]).abs()[simulated]
    # fifty batches estimate each error: nearly normal, so in fewer than one of a hundred pairs any of 200 values gapes wider
    assert (gap <= 4.5 * error).all()
    assert (one["mc_error"][simulated & one["estimand"].eq("risk_difference")] < 0.005).all()


def test_truth_covers_a_risk_difference_a_hazard_ratio_and_a_gini(config: Synthetic) -> None:
    truth = config.truth(100_000, stream_key(16, "dunedin", "truth"))
    assert {"risk_difference", "conditional_hazard_ratio", "gini"} <= set(truth["estimand"])
    assert not truth.duplicated(QUESTION).any()


# --- families, genes, adolescence, registers, memories ---------------------------------------------------------------


def test_siblings_share_a_family_and_half_of_their_genes(config: Synthetic) -> None:
    pairs = 20_000
    families = config.source.families.model_copy(update={"twin_pairs": 0, "sibling_pairs": pairs})
    cohort = config.where(n=2 * pairs + 100, families=families)
    persons = cohort.simulate(stream_key(20, "dunedin", "siblings")).persons
    first, second = persons.iloc[: 2 * pairs : 2], persons.iloc[1 : 2 * pairs : 2]
    assert (first["family"].to_numpy() == second["family"].to_numpy()).all()
    assert (first["ses"].to_numpy() == second["ses"].to_numpy()).all()
    years = (second["birth_date"].to_numpy() - first["birth_date"].to_numpy()) / np.timedelta64(1, "D") / 365.25
    least, most = families.sibling_gap
    assert ((years > least - 0.01) & (years < most + 0.01)).all()
    shared = np.corrcoef(first["genes"], second["genes"])[0, 1]
    assert abs(shared - 0.5) <= 4 * 0.75 / np.sqrt(pairs)
    assert persons["family"].duplicated(keep=False).sum() == 2 * pairs


def test_genes_confound_poverty_and_brain_health(world: DunedinWorld) -> None:
    people = dunedin_model(world).draw(BIG, stream_key(21, "dunedin", "genes"))
    assert people["genes"][people["poverty"]].mean() < people["genes"][~people["poverty"]].mean() - 0.05
    key, model = stream_key(22, "dunedin", "genes"), dunedin_model(world)
    low, high = (model.draw(1_000, key, {"genes": value}) for value in (-1.0, 1.0))
    for later in ("brain_health", "iq", "self_control"):
        assert (high[later] > low[later]).all()
    assert (high["poverty"] == low["poverty"]).all()


@pytest.mark.parametrize("effects", [("harmful", "beneficial"), ("null", "null"), ("reversed", "reversed")])
def test_iq_is_recorded_in_points_normed_in_its_own_world(config: Synthetic, effects: tuple[str, str]) -> None:
    stressor, policy = effects
    large = config.where(n=BIG, stressor_effect=stressor, policy_effect=policy)
    iq = large.simulate(stream_key(31, "dunedin", "iq")).persons["iq"]
    assert abs(iq.mean() - 100) <= 4 * 15 / np.sqrt(BIG)
    assert iq.std() == pytest.approx(15, rel=4 / np.sqrt(2 * BIG))


def test_norms_do_not_move_with_an_intervention(world: DunedinWorld) -> None:
    """One stressor costs everybody the same points, directly and by brain health: 15 over the SD of the latent score."""
    model, key = dunedin_model(world), stream_key(32, "dunedin", "norms")
    poor, spared = (model.draw(1_000, key, {"poverty": value})["iq"] for value in (True, False))
    latent = world.iq.stressors.poverty + world.iq.brain_health * world.brain_health.stressors.poverty
    sd = norms_of(world).iq.sd
    assert sd == pytest.approx(18.8 / 15, abs=0.01)
    assert poor - spared == pytest.approx(15 * latent / sd)


def test_childhood_risk_is_a_sum_of_four_sds(dunedin: Cohort, world: DunedinWorld) -> None:
    persons = dunedin.persons
    share = norms_of(world).maltreatment.mean
    maltreated = (persons["maltreatment"].astype(float) - share) / np.sqrt(share * (1 - share))
    expected = maltreated - persons["ses"] - (persons["iq"] - 100) / 15 - persons["self_control"]
    assert persons["childhood_risk"].to_numpy() == pytest.approx(expected.to_numpy())
    assert share == pytest.approx(world.stressors.maltreatment.prevalence)


def test_adolescence_and_schooling_carry_effects_to_need(world: DunedinWorld) -> None:
    model, key = dunedin_model(world), stream_key(23, "dunedin", "adolescence")
    troubled, well = (model.draw(20_000, key, {"mental_problems": value}) for value in (2.0, -2.0))
    assert (troubled["no_qualifications"] >= well["no_qualifications"]).all()
    assert (troubled["need_log_odds"] > well["need_log_odds"]).all()


def test_use_grows_with_age_and_registers_miss_the_years_abroad(world: DunedinWorld) -> None:
    people = dunedin_model(world).draw(20_000, stream_key(24, "dunedin", "use"))
    assert (people["use_by_45"] >= people["use_by_38"]).all()
    administrative = np.array([sector.administrative for sector in world.sectors.values()])
    for age in (38, 45):
        true, recorded = people[f"use_by_{age}"], people[f"recorded_use_by_{age}"]
        stayed = people["share_abroad"] == 0
        assert (recorded[stayed] == true[stayed]).all()
        assert (recorded[:, ~administrative] == true[:, ~administrative]).all()
        assert recorded[~stayed][:, administrative].sum() < 0.8 * true[~stayed][:, administrative].sum()
    assert within((~stayed).mean(), world.abroad.prevalence, 20_000)


def test_costs_are_kept_for_both_ages_and_for_those_assessed(dunedin: Cohort) -> None:
    attended = dunedin.measures[dunedin.measures["measure"] == "attendance"]
    for age in ("38", "45"):
        assessed = attended[(attended["wave"] == age) & attended["value"].notna()]["id"]
        assert set(dunedin.costs.loc[dunedin.costs["window"] == age, "id"]) == set(assessed)


def test_recall_is_kept_for_those_assessed_at_38(dunedin: Cohort) -> None:
    recalled = dunedin.measures[dunedin.measures["measure"] == "retrospective_adversities"]
    attended = dunedin.measures[(dunedin.measures["measure"] == "attendance") & (dunedin.measures["wave"] == "38")]
    assert set(recalled["id"]) == set(attended.loc[attended["value"].notna(), "id"])
    assert recalled["value"].between(0, 4).all()


def test_a_cohort_trend_moves_later_births_alone(config: Synthetic) -> None:
    key = stream_key(25, "dunedin", "trend")
    trended = config.with_artefacts(cohort_trend=0.5).source
    plain, changed = (dunedin_model(w).draw(5_000, key) for w in (config.source, trended))
    difference = changed["disease_log_hazard"] - plain["disease_log_hazard"]
    assert difference == pytest.approx(0.5 * plain["birth_day"] / 365.25)


def test_incoherent_windows_censor_the_healthy_when_last_seen(config: Synthetic) -> None:
    key = stream_key(26, "dunedin", "windows")
    plain, changed = (
        config.with_artefacts(incoherent_windows=w).simulate(key).events.query("event == 'disease'")
        for w in (False, True)
    )
    assert plain.query("status == 1").reset_index(drop=True).equals(changed.query("status == 1").reset_index(drop=True))
    assert (changed["exit_age"] <= plain["exit_age"]).all()
    assert changed.query("status == 0")["exit_age"].mean() < plain.query("status == 0")["exit_age"].mean()


def test_differential_attrition_loses_those_in_poverty(config: Synthetic) -> None:
    lossy = config.where(n=20_000).with_artefacts(differential_attrition=1.0)
    cohort = lossy.simulate(stream_key(27, "dunedin", "lost"))
    attended = cohort.measures[(cohort.measures["measure"] == "attendance") & (cohort.measures["wave"] == "38")]
    poor = cohort.persons.set_index("id")["poverty"].loc[attended["id"]].to_numpy(bool)
    came = attended["value"].notna().to_numpy()
    assert came[poor].mean() < came[~poor].mean() - 0.05


def test_selection_enrols_fewer_children_of_adverse_families(config: Synthetic) -> None:
    key = stream_key(28, "dunedin", "selection")
    large = config.where(n=50_000)
    plain, selected = (large.with_artefacts(selection=s).simulate(key).persons for s in (0.0, 0.6))
    assert len(selected) == 50_000
    assert selected["maltreatment"].mean() < plain["maltreatment"].mean() - 0.005


def test_stressors_are_recorded_with_the_stated_accuracy(config: Synthetic) -> None:
    accuracy = config.source.artefacts.stressor_accuracy.model_copy(update={"sensitivity": 0.6, "specificity": 0.9})
    key, large = stream_key(29, "dunedin", "accuracy"), config.where(n=50_000)
    true, seen = (
        cohort.simulate(key).persons["maltreatment"].to_numpy(bool)
        for cohort in (large, large.with_artefacts(stressor_accuracy=accuracy))
    )
    assert within(seen[true].mean(), 0.6, int(true.sum()))
    assert within(seen[~true].mean(), 0.1, int((~true).sum()))
