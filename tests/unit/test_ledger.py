"""Both sides of the ledger: changes over all in one unit, weighed by joint draws, with true values of their own."""

import weakref
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import ConfigError
from evenwicht.config import CohortConfig
from evenwicht.config.loading import SHIPPED, load_lever, validate
from evenwicht.display.section import where
from evenwicht.estimators.association import area, explained, told_by
from evenwicht.estimators.influence import Estimate, Sampling, sample_mean
from evenwicht.estimators.joint import DRAWS, Drawn, joint_covariance, joint_draws, outweighs
from evenwicht.estimators.standardisation import OutcomeModel
from evenwicht.levers.lever import Lever
from evenwicht.levers.package import Acting, Package
from evenwicht.studies.changes import Introduced
from evenwicht.studies.ledger.few_or_all import HARDLY_PREDICTED
from evenwicht.studies.ledger.run import NOISE
from evenwicht.studies.sides import Drawing, sides_of

from tests.cohorts import Tables, changed, configured, people_of, studied, truth_of, with_studies

LEDGER = {
    "kind": "ledger",
    "exposures": ["poverty", "maltreatment"],
    "adjust": "full",
    "policies": {"columns": ["child_benefit"], "adjust": "design", "cluster": "birth_month"},
    "levers": [
        {"lever": "income_floor", "column": "poverty"},
        {"lever": "visits_maltreatment", "column": "maltreatment"},
    ],
    "packages": [{"levers": ["income_floor", "visits_maltreatment"], "id": "floor_and_visits"}],
    "high_risk": "high_risk",
    "by": "ses",
    "doing_well": "maltreatment",
    "outcomes": ["multi_sector_need", "hospital_nights"],
}
LEVERS = ("income_floor", "visits_maltreatment", "floor_and_visits")
TWO = LEVERS[:2]
PAIRS = (1 + len(LEVERS)) * 2  # the policy and every lever against two exposures


def loaded(settings: dict[str, object]) -> dict[str, object]:
    """Settings of a ledger as a cohort file gives them, with the levers that they name."""
    levers = [{**one, "lever": load_lever(SHIPPED, one["lever"])} for one in settings["levers"]]
    return {**settings, "levers": levers, "high_risk": load_lever(SHIPPED, settings["high_risk"])}


def with_ledger(**settings: object) -> CohortConfig:
    config = changed(configured("dunedin"), {"studies.ledger": loaded({**LEDGER, **settings}), "scenario_studies": []})
    return with_studies(config, "ledger")


@cache
def tables() -> Tables:
    config = with_ledger()
    return studied("ledger", config, people_of(config, 61), strict=True)


# --- the study --------------------------------------------------------------------------------------------------------


def test_the_people_of_one_change_at_a_time_are_kept() -> None:
    """So that memory does not grow with the number of changes and outcomes."""
    config = with_ledger()
    study, cohort, book = config.studies["ledger"], people_of(config, 61), config.codebook
    sides = sides_of(study, cohort, book)
    drawing = Drawing(study, cohort, book, sides)
    kept = weakref.ref(drawing.sample(sides[0], "hospital_nights", "a test"))
    assert drawing.sample(sides[0], "hospital_nights", "a test") is kept()
    drawing.sample(sides[1], "hospital_nights", "a test")
    assert kept() is None


def test_both_sides_are_counted_over_the_same_people() -> None:
    estimates = where(tables()["estimates"], outcome="multi_sector_need", subgroup="")
    changes = estimates[estimates["estimand"].isin(["change_in_cases", "cases_apart"])]
    assert len(changes) == 3 + 2 * len(LEVERS) + 2 + PAIRS
    assert changes["n"].nunique() == 1


def test_a_change_in_cases_is_a_change_in_risk_times_100_000() -> None:
    estimates = where(tables()["estimates"], outcome="multi_sector_need", exposure="poverty", subgroup="")
    rows = estimates.set_index("estimand")["estimate"]
    before = rows["change_in_cases"] / 100_000 / (rows["ratio_over_all"] - 1)
    assert 0 < before < 1
    np.testing.assert_allclose(rows["fraction_over_all"], 1 - rows["ratio_over_all"])
    np.testing.assert_allclose(rows["number_over_all"], 100_000 / abs(rows["change_in_cases"]))


def test_numbers_are_weighed_in_standard_deviations() -> None:
    estimates = where(tables()["estimates"], outcome="hospital_nights")
    spread = {"gini_over_all", "top_fifth_over_all"}
    assert set(estimates["estimand"]) == {"change_in_sds", "sds_apart", "slope_over_all", *spread}


def test_what_weighs_more_is_the_difference_of_sizes() -> None:
    rows = where(tables()["estimates"], outcome="multi_sector_need", subgroup="")
    rows = rows[rows["reference"] != "reversed"]
    change = where(rows, estimand="change_in_cases").set_index("exposure")["estimate"].abs()
    apart = where(rows, estimand="cases_apart").set_index(["exposure", "reference"])["estimate"]
    assert len(apart) == PAIRS
    for (policy, exposure), difference in apart.items():
        np.testing.assert_allclose(difference, change[policy] - change[exposure])


def test_every_pair_tells_the_share_of_draws_in_which_the_policy_changes_more() -> None:
    chance = where(tables()["diagnostics"], statistic="chance_policy_larger")
    assert len(chance) == 2 * PAIRS
    assert chance["value"].between(0, 1).all()


def test_a_lever_is_no_smaller_than_an_exposure_that_may_do_nothing() -> None:
    """Of noise, the part that a lever takes is smaller than the whole in every draw: that says nothing."""
    rows = where(tables()["estimates"], subgroup="")
    changes = rows[rows["estimand"].str.startswith("change_in")].set_index(["outcome", "exposure", "reference"])
    clear = (changes["lower"] > 0) | (changes["upper"] < 0)
    for row in rows[rows["estimand"].isin(["cases_apart", "sds_apart"])].itertuples():
        if row.exposure in LEVERS:
            told = clear[row.outcome, row.exposure, "beneficial"] or clear[row.outcome, row.reference, "no"]
            assert np.isnan(row.lower) != told
            assert (row.reason == NOISE) != told


def test_every_row_that_a_world_knows_has_a_true_value() -> None:
    truth = truth_of(with_ledger(), 100_000, 62)
    keys = ["outcome", "exposure", "reference", "subgroup", "at", "estimand"]
    known = set(truth[keys].itertuples(index=False, name=None))
    assert set(tables()["estimates"][keys].itertuples(index=False, name=None)) <= known


def test_nothing_weighs_anything_in_a_null_world() -> None:
    config = changed(with_ledger(), {"source.stressor_effect": "null", "source.policy_effect": "null"})
    truth = truth_of(config, 100_000, 63)
    changes = truth[truth["estimand"].isin(["change_in_cases", "change_in_sds", "cases_apart", "sds_apart"])]
    sides = 3 + 2 * len(LEVERS)
    assert len(where(changes, subgroup="", estimand=["cases_apart", "sds_apart"])) == 2 * PAIRS
    # two outcomes, all and each third; a programme by risk for one of them
    assert len(changes) == 2 * PAIRS + 2 * 4 * sides + 2
    changes = changes[changes["exposure"] != "high_risk"]  # of people whose risk has other causes
    assert (changes["value"] == 0).all()


def test_use_in_a_register_is_lowered_as_far_as_in_its_world() -> None:
    """Use grows faster than childhood risk, so a straight line would miss by a quarter."""
    config = with_studies(configured("register_nz"), "ledger")
    found = studied("ledger", config, people_of(config, 64), strict=True)["estimates"]
    truth = truth_of(config, 200_000, 65)
    keys = ["outcome", "exposure", "reference", "subgroup", "at", "estimand"]
    told = found.merge(truth, on=keys, validate="one_to_one")
    assert len(told) == len(found)
    assert set(told["estimand"]) >= {"change_in_cases", "change_in_sds", "equal_shift"}
    assert ((told["estimate"] - told["value"]).abs() < 4 * told["se"])[told["se"].notna()].all()


def test_where_nothing_predicts_no_shift_of_risks_has_a_true_size() -> None:
    config = changed(with_studies(configured("register_nz"), "ledger"), {"source.stressor_effect": "null"})
    truth = where(truth_of(config, 100_000, 66), outcome="multi_sector_need")
    assert where(truth, exposure="childhood_risk", estimand="change_in_cases")["value"].tolist() == [0]
    assert "sensitivity" in set(truth["estimand"])
    assert "equal_shift" not in set(truth["estimand"])


# --- levers -----------------------------------------------------------------------------------------------------------


def changes_of(outcome: str, subgroup: str = "") -> pd.Series:
    rows = where(tables()["estimates"], outcome=outcome, subgroup=subgroup)
    rows = rows[rows["estimand"].isin(["change_in_cases", "change_in_sds"])]
    return rows.set_index(["exposure", "reference"])["estimate"]


def test_a_lever_takes_away_its_share_of_the_exposure_and_no_more() -> None:
    """Reach and uptake of 1, 30% of the poor, of whose risk 90% goes with poverty: .27 of what all of it would do."""
    for outcome in LEDGER["outcomes"]:
        change = changes_of(outcome)
        np.testing.assert_allclose(change["income_floor", "beneficial"], 0.3 * 0.9 * change["poverty", "no"])
        np.testing.assert_allclose(change["income_floor", "reversed"], -0.3 * 0.1 * change["poverty", "no"])
        visited = 0.4 * 0.65 * 0.2
        np.testing.assert_allclose(change["visits_maltreatment", "beneficial"], visited * change["maltreatment", "no"])


def test_changes_in_thirds_make_up_the_change_of_all() -> None:
    everybody = where(
        tables()["estimates"], exposure="poverty", outcome="multi_sector_need", estimand="change_in_cases"
    )
    thirds = everybody[everybody["subgroup"] != ""]
    assert thirds["subgroup"].tolist() == [f"ses={k}of3" for k in (1, 2, 3)]
    total = everybody[everybody["subgroup"] == ""]
    assert thirds["n"].sum() == total["n"].item()
    np.testing.assert_allclose(np.average(thirds["estimate"], weights=thirds["n"]), total["estimate"].item())


def test_ends_of_what_is_not_known_of_a_lever_lie_around_its_middle() -> None:
    change, told = changes_of("multi_sector_need"), where(tables()["diagnostics"], outcome="multi_sector_need")
    for lever in (*LEVERS, "high_risk"):
        own = where(told, exposure=lever, reference="beneficial").set_index("statistic")["value"]
        ends = sorted([own["change_at_least"], own["change_at_most"]])
        assert ends[0] < change[lever, "beneficial"] < ends[1]


def test_a_cost_is_that_of_all_who_take_part() -> None:
    told = where(tables()["diagnostics"], statistic="lever_cost", exposure="visits_maltreatment")
    assert set(told["note"]) == {"in EUR of 2023"}
    np.testing.assert_allclose(told["value"], 100_000 * 0.4 * 0.65 * 5500)
    np.testing.assert_allclose(told["lower"], 100_000 * 0.2 * 0.5 * 1800)


def test_referrals_go_either_way() -> None:
    """Visits detect as well as prevent: nobody knows whether more or fewer are referred."""
    told = where(tables()["diagnostics"], statistic="lever_referrals", exposure="visits_maltreatment")
    np.testing.assert_allclose(told["value"], 0)
    np.testing.assert_allclose(told["lower"], 100_000 * 0.2 * 0.5 * -0.08)
    np.testing.assert_allclose(told["upper"], 100_000 * 0.6 * 0.8 * 0.06)


def test_doing_well_is_what_is_left_of_the_exposed() -> None:
    rows = where(tables()["estimates"], outcome="multi_sector_need", subgroup="")
    well = where(rows, estimand="doing_well").iloc[0]
    assert well["exposure"] == "maltreatment"
    np.testing.assert_allclose(well["estimate"], 1 - well["events"] / well["n"])
    added = where(rows, estimand="doing_well_added", exposure="visits_maltreatment", reference="beneficial").iloc[0]
    np.testing.assert_allclose(  # visits change the exposed alone
        100_000 * added["estimate"] * added["n"] / rows["n"].max(),
        -where(rows, estimand="change_in_cases", exposure="visits_maltreatment", reference="beneficial")["estimate"],
    )


def test_levers_on_two_columns_change_each_person_by_both_independently() -> None:
    """Chances multiply, and in a linear model effects add up: as least squares by hand have it."""
    one, two = (load_lever(SHIPPED, name) for name in ("income_floor", "visits_maltreatment"))
    both = Package("both", "beneficial", (Acting(one, "poverty"), Acting(two, "maltreatment")), "beneficial")
    rng = np.random.default_rng(66)
    exposed = (rng.random((5000, 2)) < 0.3).astype(float)
    outcome = exposed @ [1.0, 2.0] + rng.normal(size=5000)
    model = OutcomeModel(outcome, exposed, np.empty((5000, 0)), np.empty((5000, 0)), "gaussian", None)
    regime = both.parts(exposed, np.full(5000, "middle"))
    kept = [(chance, exposed) for chance, _ in regime]
    change = model.mean_under(regime).value - model.mean_under(kept).value
    slopes = np.linalg.lstsq(np.column_stack([np.ones(5000), exposed]), outcome)[0][1:]
    np.testing.assert_allclose(change, -(slopes * exposed.mean(axis=0)) @ [0.3 * 0.9, 0.4 * 0.65 * 0.2])


def test_a_dose_fades_from_the_age_at_which_the_lever_ends() -> None:
    """Of .23 SD at the end, .02 lasts, and of the rest 40% is left a year later; it may start at another age."""
    lever = load_lever(SHIPPED, "preschool_intensive")
    poorest = np.full(2, "low")

    def change(**timing: float) -> float:
        one = Introduced(lever=lever, column="skill", **timing)
        acting = Acting(one.timed, "skill", age=one.age)
        ((_, after),) = Package("preschool", "beneficial", (acting,), "beneficial").parts(np.zeros((2, 1)), poorest)
        return float(after[0, 0])

    np.testing.assert_allclose(change(), 0.23)
    np.testing.assert_allclose(change(age=7), 0.02 + 0.21 * 0.4**2)
    np.testing.assert_allclose(change(start=10, age=14), change(age=7))


def test_a_programme_for_the_few_averts_what_the_cut_finds_times_uptake_and_effect() -> None:
    rows = where(tables()["estimates"], exposure="high_risk", reference="beneficial").set_index("estimand")["estimate"]
    np.testing.assert_allclose(rows["fraction_over_all"], rows["sensitivity"] * 0.5 * 0.3)
    np.testing.assert_allclose(rows["ratio_over_all"], 1 - rows["fraction_over_all"])
    assert rows["change_in_cases"] < 0 < rows["equal_shift"]


def sugar(rows: pd.DataFrame, lever: str) -> float:
    return float(
        where(rows, exposure=lever, reference="beneficial", estimand="change_in_cases", subgroup="")["value"].item()
    )


@cache
def rationing_truth() -> pd.DataFrame:
    config = with_studies(configured("rationing"), "ledger")
    return where(truth_of(config, 100_000, 71), outcome="type_2_diabetes")


def test_a_programme_has_no_interval_where_the_risk_is_hardly_predicted() -> None:
    """Where nothing has an effect, predicted risks still spread, by chance alone."""
    nothing = {"source.stressor_effect": "null", "source.policy_effect": "null"}
    config = changed(with_ledger(outcomes=["disease"]), nothing)
    found = studied("ledger", config, people_of(config, 65), strict=True)["estimates"]
    rows = where(found, exposure="high_risk", outcome="disease")
    assert len(rows) > 0
    assert rows["lower"].isna().all()
    assert set(rows["reason"]) == {HARDLY_PREDICTED}


def test_a_package_counts_people_whom_both_levers_reach_once() -> None:
    levy, advice, both = (
        sugar(rationing_truth(), name) for name in ("sugar_levy", "advice_campaign", "levy_and_advice")
    )
    assert levy + advice < both < min(levy, advice) < 0


def test_rationing_and_advice_differ_in_reach_alone() -> None:
    """The same sugar of everybody, or of 60% of parents of whom 1.4% follow advice."""
    ratio = sugar(rationing_truth(), "advice_campaign") / sugar(rationing_truth(), "sugar_rationing")
    np.testing.assert_allclose(ratio, 0.6 * 0.014)


def test_a_cost_for_each_who_takes_part_needs_to_know_how_many_do() -> None:
    """Else the cost could not be worked out, and a study would end in its middle."""
    free = load_lever(SHIPPED, "income_floor").model_dump()
    cost = {**load_lever(SHIPPED, "cash").model_dump()["cost"], "per": "participant"}
    with pytest.raises(ConfigError, match="uptake: a cost for each who takes part needs it"):
        validate(Lever, {**free, "cost": cost}, "income_floor.yaml")
    assert validate(Lever, {**free, "cost": {**cost, "per": "offer"}}, "income_floor.yaml").uptake is None


def test_a_lever_is_read_by_its_name(tmp_path: Path) -> None:
    assert load_lever(tmp_path, "cash").name == "cash"
    with pytest.raises(ConfigError, match=r"there is no lever 'chash'\. Did you mean 'cash'\?"):
        load_lever(tmp_path, "chash")
    (tmp_path / "cash_for_all.yaml").write_text((SHIPPED / "cash.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"its name is 'cash'\. Give the file the name of the lever"):
        load_lever(tmp_path, "cash_for_all")


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"policies": {"columns": ["poverty"]}}, "studies.ledger.policies.columns"),
        ({"policies": {"columns": ["no_such_column"]}}, "studies.ledger.policies.columns.0"),
        ({"policies": {"columns": ["child_benefit"], "cluster": "nowhere"}}, "studies.ledger.policies.cluster"),
        ({"by": "sex"}, "studies.ledger.by"),
        ({"doing_well": "unsafe_home"}, "studies.ledger.doing_well"),
        ({"packages": [{"levers": ["income_floor", "nobody"], "id": "both"}]}, "studies.ledger.packages.0.levers.1"),
        ({"packages": [{"levers": list(TWO), "id": "income_floor"}]}, "studies.ledger.packages.0.id"),
    ],
)
def test_what_the_cohort_does_not_have_is_named(settings: dict[str, object], path: str) -> None:
    assert path in [mistake.path for mistake in with_ledger(**settings).check()]


@pytest.mark.parametrize(
    "other",
    [
        {"lever": "sugar_levy", "column": "poverty"},  # another exposure
        {"lever": "income_floor", "column": "poverty", "age": 40},  # looked at when it is gone
        {"lever": "visits_maltreatment", "column": "maltreatment", "among": {"column": "poverty", "answer": "no"}},
    ],
)
def test_levers_that_do_not_go_together_are_refused(other: dict[str, object]) -> None:
    levers = [{"lever": "income_floor", "column": "poverty"}, {**other, "id": "other"}]
    config = with_ledger(levers=levers, packages=[{"levers": ["income_floor", "other"], "id": "both"}])
    assert "studies.ledger.packages.0.levers" in [mistake.path for mistake in config.check()]


# --- joint draws ------------------------------------------------------------------------------------------------------


def paired_means(rho: float, n: int = 400, seed: int = 64) -> list[Drawn]:
    """Means of two numbers of the same people that go together."""
    values = np.random.default_rng(seed).multivariate_normal([2.0, -1.0], [[1, rho], [rho, 1]], n)
    return [Drawn(sample_mean(column), Sampling(n)) for column in values.T]


def test_the_covariance_is_that_of_the_people() -> None:
    one, _other = parts = paired_means(0.8)
    n = len(one.estimate.influence)
    values = np.column_stack([part.estimate.influence for part in parts]) * n
    np.testing.assert_allclose(joint_covariance(parts), np.cov(values.T, bias=True) / n)


def test_a_difference_of_what_goes_together_is_surer_than_of_what_does_not() -> None:
    spread = {
        rho: np.ptp(np.percentile(np.diff(joint_draws(paired_means(rho), np.random.default_rng(65))), [2.5, 97.5]))
        for rho in (0.0, 0.9)
    }
    # the variance of a difference is proportional to 1 - rho
    assert spread[0.9] / spread[0.0] == pytest.approx(np.sqrt(0.1), rel=0.2)


def test_few_clusters_make_draws_spread_as_student() -> None:
    values = np.random.default_rng(66).normal(size=60)
    clusters = np.arange(60) // 10
    part = Drawn(sample_mean(values), Sampling(60, clusters))
    draws = joint_draws([part], np.random.default_rng(67), 400_000)[:, 0]
    interval = part.sampling.interval(part.estimate)
    # the Monte Carlo error of a percentile of a t distribution with 5 degrees of freedom
    error = 4 * np.sqrt(0.025 * 0.975 / 400_000) / 0.0303 * interval.se
    np.testing.assert_allclose(np.percentile(draws, [2.5, 97.5]), [interval.lower, interval.upper], atol=error)


def test_clusters_of_two_kinds_give_a_covariance_that_can_be_drawn_from() -> None:
    rng = np.random.default_rng(68)
    month, family = np.arange(600) // 50, np.arange(600) // 2
    shared = rng.normal(size=12)[month] + rng.normal(size=300)[family]
    values = [shared + rng.normal(size=600), shared + rng.normal(size=600)]
    parts = [Drawn(sample_mean(v), Sampling(600, c)) for v, c in zip(values, (month, family), strict=True)]
    covariance = joint_covariance(parts)
    assert np.linalg.eigvalsh(covariance).min() >= -1e-15
    own = [part.sampling.standard_error(part.estimate.influence) for part in parts]
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), own)


def test_sizes_are_compared_whichever_way_effects_go() -> None:
    rng = np.random.default_rng(69)
    draws = np.array([-3.0, 1.0]) + rng.normal(size=(DRAWS, 2)) * 0.1
    found = outweighs(draws[:, 0], draws[:, 1], (-3.0, 1.0))
    assert found.chance == 1
    assert found.difference.lower > 1.5
    assert found.difference.estimate == 2


def test_an_estimate_without_spread_stays_where_it_is() -> None:
    fixed = Drawn(Estimate(3.0, np.zeros(50)), Sampling(50))
    draws = joint_draws([fixed, *paired_means(0.0, 50)[:1]], np.random.default_rng(70), 100)
    assert (draws[:, 0] == 3).all()
    assert np.ptp(draws[:, 1]) > 0


# --- the example of sugar ---------------------------------------------------------------------------------------------


def test_a_policy_that_weighs_much_tells_next_to_nothing_of_one_person() -> None:
    """Births under rationing until their first birthday or later, against births never rationed, by age 66.

    A hazard ratio of .65 for 63% of people of whom 6.5% have diabetes would be 8.4 against 5.5 in 100, one fewer for
    35, an area under the curve of .55 and 1% of variance. The world has the published ratios of its groups, not that
    one, so its numbers lie near these: within a tenth, or within the digits given.
    """
    config = changed(
        with_studies(configured("rationing"), "end_of_rationing"),
        {"outcomes.type_2_diabetes.horizon": 66, "studies.end_of_rationing.ages": [66]},
    )
    truth = where(truth_of(config, 100_000, 72), outcome="type_2_diabetes", reference="never_rationed", at="66")
    longest = truth[truth["exposure"].isin(["to_1_year", "to_2_years"])]
    rows = longest.groupby("estimand")["value"].mean()  # as many months of births in either
    without, fewer = rows["risk_unexposed"], -rows["risk_difference"]
    assert without == pytest.approx(0.083, rel=0.1)
    assert without - fewer == pytest.approx(0.055, rel=0.1)
    assert 1 / fewer == pytest.approx(35, rel=0.1)
    share, n = 24 / (24 + 21), 1  # of births: months of either, and never rationed
    risks = [Estimate(risk, np.zeros(n)) for risk in (without - fewer, without)]
    told = told_by(Estimate(share, np.zeros(n)), *risks)
    assert area(Sampling(n), told.lead).estimate == pytest.approx(0.55, abs=0.01)
    assert explained(Sampling(n), told.liability).estimate == pytest.approx(0.01, abs=0.005)
