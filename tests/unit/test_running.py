"""Running one study: subgroups, weights, follow-up, what fails alone, and the keys of the rows."""

from dataclasses import replace
from itertools import chain
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.adjustment import Adjustment
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.errors import DataError, ModelError
from evenwicht.base.exposures import Exposure
from evenwicht.base.outcomes import BinaryOutcome, ContinuousOutcome, EventOutcome
from evenwicht.cohort import Cohort
from evenwicht.config.loading import SHIPPED, load_lever
from evenwicht.results.flow import ANALYSED, DUE, SUBGROUP
from evenwicht.results.rows import FAILED, SAMPLE, Findings, with_truth
from evenwicht.results.schema import DIAGNOSTICS, ESTIMATES, FLOW
from evenwicht.studies import KINDS, running
from evenwicht.studies.running import job_of, run_study
from evenwicht.studies.samples import Sample, draw_sample, exposed_by
from evenwicht.studies.subgroups import among
from evenwicht.worlds import exact_values
from pydantic import TypeAdapter

from tests.cohorts import Tables, changed, configured, people_of, studied

N = 600
BOOK = Codebook(
    "made",
    {
        "id": Column(role="id", type="integer", label="Person"),
        "family": Column(role="family", type="integer", label="Family"),
        "sex": Column(role="sex", type="category", label="Sex", codes={"f": "girls", "m": "boys"}),
        "region": Column(role="baseline", type="category", label="Region", codes={"n": "N", "e": "E", "s": "S"}),
        "urban": Column(role="baseline", type="boolean", label="Urban"),
        "age": Column(role="baseline", label="Age"),
        "exposed": Column(role="exposure", type="boolean", label="Exposed"),
        "dose": Column(role="exposure", label="Dose", unit="g"),
        "times": Column(role="weight", label="Weight"),
        "score": Column(role="outcome", label="Score"),
        "sick": Column(role="outcome", type="boolean", label="Sick"),
        "constant": Column(role="baseline", label="The same for everybody"),
    },
    {
        "score": ContinuousOutcome(kind="continuous", column="score", label="Score"),
        "sick": BinaryOutcome(kind="binary", column="sick", label="Sick"),
        "onset": EventOutcome(kind="time_to_event", event="onset", time="age", horizon=50, label="Onset by 50"),
    },
    events=("onset",),
)
ROW = ["outcome", "exposure", "reference", "at", "estimand", "method"]


def made() -> Cohort:
    """People who differ in everything, with a few values missing in what makes subgroups."""
    rng = np.random.default_rng(11)
    sex, region = rng.choice(["f", "m"], N), rng.choice(["n", "e", "s"], N)
    urban, exposed = rng.random(N) < 0.4, rng.random(N) < 0.5
    age, dose, years = rng.normal(30, 5, N), rng.gamma(2, 3, N), rng.uniform(0, 60, N)
    score = 0.5 * exposed + 0.1 * dose + 0.2 * (age - 30) ** 2 * (sex == "m") + rng.normal(size=N)
    persons = pd.DataFrame(
        {
            "id": np.arange(N),
            "family": np.arange(N) // 2,
            "sex": pd.Categorical(sex, ["f", "m"]),
            "region": pd.Categorical(region, ["n", "e", "s"]),
            "urban": pd.array(urban, dtype="boolean"),
            "age": age,
            "exposed": pd.array(exposed, dtype="boolean"),
            "dose": dose,
            "times": rng.integers(1, 4, N).astype(float),
            "score": score,
            "sick": pd.array(rng.random(N) < 0.2 + 0.2 * exposed, dtype="boolean"),
            "constant": 1.0,
        }
    )
    few = np.arange(N)
    persons = persons.assign(
        sex=persons["sex"].mask(few < 7),
        urban=persons["urban"].mask((few >= 100) & (few < 113)),
        age=persons["age"].mask((few >= 200) & (few < 217)),
    )
    events = pd.DataFrame(
        {"id": np.arange(N), "event": "onset", "entry_age": 20.0, "exit_age": 20 + years, "status": 1}
    )
    return Cohort("made", "made for a test", dict(BOOK.columns), persons, events=events)


PEOPLE = made()


def settings(kind: str = "exposure", **given: Any) -> Any:
    """A study of a kind, with nothing at fault."""
    asked = {"exposures": ["exposed"], "outcomes": ["score"], **given, "kind": kind}
    known = {study.model_fields["kind"].annotation.__args__[0]: study for study in KINDS}
    study = TypeAdapter(known[kind]).validate_python(asked)
    assert not list(study.check(BOOK))
    return study


def ran(study: Any, cohort: Cohort = PEOPLE, *, strict: bool = True) -> Tables:
    return run_study("study", study, cohort, BOOK, job_of(1, "made"), strict=strict)


def values(tables: Tables) -> pd.Series:
    """Estimates by the keys of their rows."""
    return tables["estimates"].set_index(ROW)["estimate"]


# --- subgroups -------------------------------------------------------------------------------------------------------

PARTS = {
    "sex": ["sex=f", "sex=m"],
    "region": ["region=n", "region=e", "region=s"],
    "urban": ["urban=yes", "urban=no"],
    "age": ["age=1of3", "age=2of3", "age=3of3"],
}


@pytest.fixture(scope="module")
def by_subgroup() -> Tables:
    return ran(settings(subgroups=["sex", "region", "urban", {"column": "age"}], adjust={"columns": ["sex", "dose"]}))


def test_a_study_is_repeated_in_each_level_of_each_subgroup(by_subgroup: Tables) -> None:
    everybody = by_subgroup["estimates"].query("subgroup == ''")
    assert by_subgroup["estimates"]["subgroup"].unique().tolist() == ["", *chain(*PARTS.values())]
    for _, rows in by_subgroup["estimates"].groupby("subgroup"):
        assert rows[ROW].to_numpy().tolist() == everybody[ROW].to_numpy().tolist()


@pytest.mark.parametrize(("column", "unknown"), [("sex", 7), ("region", 0), ("urban", 13), ("age", 17)])
def test_everybody_is_in_one_part_of_a_subgroup_or_counted_as_not_known(
    by_subgroup: Tables, column: str, unknown: int
) -> None:
    flow = by_subgroup["flow"]
    people = flow[flow["subgroup"].isin(PARTS[column])].query("step == @DUE")["people"].sum()
    whole = flow[flow["subgroup"] == column].set_index("step")["people"].to_dict()
    assert whole == {DUE: N, **({SUBGROUP: unknown} if unknown else {}), ANALYSED: people}
    assert people + unknown == N


def test_the_numbers_of_a_subgroup_are_those_of_its_people_alone(by_subgroup: Tables) -> None:
    """Without what makes the subgroup among the covariates."""
    girls = among(PEOPLE, (PEOPLE.persons["sex"] == "f").to_numpy(bool, na_value=False))
    alone = ran(settings(adjust={"columns": ["dose"]}), girls)
    of_girls = {name: by_subgroup[name][by_subgroup[name].get("subgroup") == "sex=f"] for name in ("estimates", "flow")}
    pd.testing.assert_series_equal(values(of_girls), values(alone))
    assert of_girls["flow"]["people"].tolist() == alone["flow"]["people"].tolist()


def test_a_cut_number_makes_parts_of_equal_size_in_its_order() -> None:
    study = settings(subgroups=[{"column": "age", "parts": 4}])
    flow = ran(study)["flow"].query("step == @DUE").set_index("subgroup")["people"]
    sizes = flow.drop(["", "age"])
    assert sizes.index.tolist() == [f"age={part}of4" for part in (1, 2, 3, 4)]
    assert sizes.max() - sizes.min() <= 1
    oldest = PEOPLE.persons["age"] > PEOPLE.persons["age"].quantile(0.75)
    alone = ran(settings(), among(PEOPLE, oldest.to_numpy()))["estimates"]["estimate"]
    found = ran(study)["estimates"].query("subgroup == 'age=4of4'")["estimate"]
    np.testing.assert_array_equal(found, alone)


def test_people_of_a_subgroup_keep_their_own_rows_of_every_table() -> None:
    some = among(PEOPLE, np.arange(N) % 3 == 0)
    assert some.check().events["id"].tolist() == some.persons["id"].tolist() == list(range(0, N, 3))


# --- weights ---------------------------------------------------------------------------------------------------------


def repeated(cohort: Cohort, column: str) -> Cohort:
    """Everybody so often as a column says, each time as another person."""
    times = cohort.persons[column].astype(int)
    persons = cohort.persons.loc[np.repeat(cohort.persons.index, times)].reset_index(drop=True)
    events = persons[["id"]].merge(cohort.events, on="id")
    ids = np.arange(len(persons))
    return replace(cohort, persons=persons.assign(id=ids), events=events.assign(id=ids))


@pytest.mark.parametrize("kind", ["exposure", "policy"])
@pytest.mark.parametrize("exposure", ["exposed", "dose"])
def test_a_whole_weight_is_so_many_people(kind: str, exposure: str) -> None:
    """Hazard ratios apart: repeated people are ties, which a weight does not make."""
    given = {"exposures": [exposure], "adjust": {"columns": ["region"]}, "outcomes": ["score", "sick"]}
    if (kind, exposure) == ("exposure", "exposed"):
        given["outcomes"] = ["score", "sick", "onset"]
    weighted, counted = (
        ran(settings(kind, **given, weights="times")),
        ran(settings(kind, **given), repeated(PEOPLE, "times")),
    )
    plain = values(ran(settings(kind, **given)))
    these = [row for row in plain.index if "hazard_ratio" not in row and "conditional_hazard_ratio" not in row]
    np.testing.assert_allclose(values(weighted)[these], values(counted)[these], rtol=1e-7, atol=1e-10)
    assert (abs(values(weighted)[these] - plain[these]) > 1e-5).all()


def test_in_a_ledger_a_whole_weight_is_so_many_people() -> None:
    """Draws apart, which give no estimate of their own."""
    levers = [{"lever": load_lever(SHIPPED, "income_floor"), "column": "exposed"}]
    few = load_lever(SHIPPED, "high_risk")
    ledger = {
        "levers": levers,
        "high_risk": few,
        "by": "dose",
        "doing_well": "exposed",
        "outcomes": ["score", "sick", "onset"],
    }
    weighted, counted, plain = (
        ran(settings("ledger", **ledger, adjust={"columns": ["age"]}, weights=weights), cohort)["estimates"].set_index(
            [*ROW, "subgroup"]
        )["estimate"]
        for weights, cohort in (("times", PEOPLE), (None, repeated(PEOPLE, "times")), (None, PEOPLE))
    )
    np.testing.assert_allclose(weighted, counted[weighted.index], rtol=1e-9, atol=1e-10)
    assert (abs(weighted - plain[weighted.index]) > 1e-6).mean() > 0.8


def test_weights_reach_hazard_ratios_too() -> None:
    for kind in ("exposure", "policy"):
        one, other = (values(ran(settings(kind, outcomes=["onset"], weights=w))) for w in ("times", None))
        hazards = one.index.get_level_values("estimand").isin(["hazard_ratio", "conditional_hazard_ratio"])
        assert hazards.sum() >= 2
        assert (abs(one[hazards] - other[hazards]) > 1e-5).all()


def test_how_many_equally_weighted_people_say_as_much_is_a_diagnostic() -> None:
    told = ran(settings(weights="times"))["diagnostics"].query("statistic == 'effective_n'")
    weights = PEOPLE.persons["times"]
    assert told["value"].tolist() == pytest.approx([weights.sum() ** 2 / (weights**2).sum()])


def test_whose_weight_is_not_known_leaves_and_a_weight_of_zero_is_refused() -> None:
    unknown, zero = (
        replace(PEOPLE, persons=PEOPLE.persons.assign(times=PEOPLE.persons["times"].mask(np.arange(N) < 5, value)))
        for value in (np.nan, 0.0)
    )
    flow = ran(settings(weights="times"), unknown)["flow"].set_index("step")["people"].to_dict()
    assert flow == {DUE: N, "weight not known": 5, ANALYSED: N - 5}
    rows = ran(settings(weights="times"), zero, strict=False)["estimates"]
    assert rows["reason"].tolist() == ["sampling weights are not all positive numbers"]


# --- what effects are told by ----------------------------------------------------------------------------------------


def described(study: Any) -> dict[tuple[str, str], float]:
    """What a study says of the people analysed, by exposure and statistic."""
    told = ran(study)["diagnostics"]
    return told[told["method"] == SAMPLE].set_index(["exposure", "statistic"])["value"].to_dict()


@pytest.mark.parametrize("kind", ["exposure", "policy", "siblings"])
def test_the_share_exposed_and_the_spread_of_a_number_are_those_of_the_people_analysed(kind: str) -> None:
    exposed, score = PEOPLE.persons["exposed"].to_numpy(bool), PEOPLE.persons["score"].to_numpy(float)
    assert described(settings(kind)) == pytest.approx(
        {("exposed", "share_exposed"): exposed.mean(), ("exposed", "outcome_sd"): score.std(ddof=1)}
    )
    if kind != "siblings":
        w = PEOPLE.persons["times"].to_numpy(float)
        spread = np.sqrt(N / (N - 1) * np.average((score - np.average(score, weights=w)) ** 2, weights=w))
        assert described(settings(kind, weights="times")) == pytest.approx(
            {("exposed", "share_exposed"): np.average(exposed, weights=w), ("exposed", "outcome_sd"): spread}
        )


@pytest.mark.parametrize("kind", ["exposure", "policy", "siblings"])
def test_a_number_has_no_share_exposed_and_a_level_has_that_among_those_compared(kind: str) -> None:
    assert list(described(settings(kind, exposures=["dose"]))) == [("dose", "outcome_sd")]
    level = {"column": "region", "reference": "n", "exposed": "s"}
    of_region = PEOPLE.persons["region"].value_counts()
    told = described(settings(kind, exposures=[level], outcomes=["sick"]))
    assert told == pytest.approx({("region=s", "share_exposed"): of_region["s"] / (of_region["s"] + of_region["n"])})


ADJUSTED = {"adjust": {"columns": ["region", "dose"]}, "outcomes": ["score", "sick", "onset"]}


def test_the_population_effect_is_the_mean_without_exposure_less_the_mean_as_things_are() -> None:
    rows = ran(settings(**ADJUSTED))["estimates"].set_index(["outcome", "estimand", "method"])["estimate"]
    for method in ("ipw", "standardisation"):
        change = rows["sick", "risk_unexposed", method] - rows["sick", "risk", "crude"]
        assert rows["sick", "population_risk_difference", method] == pytest.approx(change, rel=1e-10)
    change = 1 - rows["onset", "survival_unexposed", "ipw"] - rows["onset", "risk", "crude"]
    assert rows["onset", "population_risk_difference", "ipw"] == pytest.approx(change, rel=1e-10)
    share = PEOPLE.persons["exposed"].mean()
    linear = -share * rows["score", "mean_difference", "standardisation"]
    assert rows["score", "population_mean_difference", "standardisation"] == pytest.approx(linear, rel=1e-10)


@pytest.mark.parametrize("kind", ["exposure", "policy"])
@pytest.mark.parametrize("exposure", ["exposed", "dose"])
def test_the_risk_as_things_are_is_the_share_of_cases(kind: str, exposure: str) -> None:
    """With an interval, and of events by the horizon: nobody is censored here."""
    given = {"exposures": [exposure], "outcomes": ["score", "sick", "onset"]}
    rows = ran(settings(kind, **given))["estimates"].query("estimand == 'risk'").set_index("outcome")
    onset = (PEOPLE.events["exit_age"] <= 50).mean()
    assert rows["estimate"].to_dict() == pytest.approx({"sick": PEOPLE.persons["sick"].mean(), "onset": onset})
    assert rows["at"].to_dict() == {"sick": "", "onset": "50"}
    assert (rows["method"] == "crude").all()
    assert (rows["status"] == "estimated").all()


def test_a_number_leaves_nobody_unexposed() -> None:
    estimands = set(ran(settings(**{**ADJUSTED, "exposures": ["age"]}))["estimates"]["estimand"])
    assert not [name for name in estimands if name.startswith("population")]


@pytest.mark.parametrize("outcome", ["sick", "onset"])
def test_risks_of_both_arms_stand_beside_a_policys_difference(outcome: str) -> None:
    given = {"adjust": {"columns": ["region", "dose"]}, "outcomes": [outcome], "cluster": "family"}
    rows = ran(settings("policy", **given))["estimates"].set_index(["method", "estimand"])
    methods = ["crude", "regression", *(["standardisation"] if outcome == "sick" else [])]
    for method in methods:
        arms = rows.loc[[(method, f"risk_{arm}") for arm in ("exposed", "unexposed")]]
        assert (arms["status"] == "estimated").all()
        assert arms["estimate"].between(arms["lower"], arms["upper"]).all()
        difference = rows.loc[(method, "risk_difference"), "estimate"]
        assert arms["estimate"].iloc[0] - arms["estimate"].iloc[1] == pytest.approx(difference, rel=1e-9)


# --- follow-up -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["exposure", "policy", "siblings"])
def test_follow_up_of_a_study_is_between_two_ages(kind: str) -> None:
    tables = ran(settings(kind, outcomes=["onset"], follow={"entry": 30, "exit": 55}))
    exit_age = PEOPLE.events["exit_age"]
    left = int((exit_age <= 30).sum())
    flow = tables["flow"].set_index("step")["people"].to_dict()
    assert flow == {DUE: N, "left at or before entry": left, ANALYSED: N - left}
    hazards = tables["estimates"].query("estimand == 'conditional_hazard_ratio'")
    assert hazards["events"].tolist() == [int(exit_age.between(30, 55, inclusive="right").sum())]
    risks = tables["estimates"].query("estimand == 'risk_difference'")
    assert set(risks["at"]) == {"50"}
    assert set(risks["events"]) == {int(exit_age.between(30, 50, inclusive="right").sum())}


# --- what fails ------------------------------------------------------------------------------------------------------


def test_what_the_data_cannot_support_is_a_row_that_says_why_and_the_rest_keeps_its_rows() -> None:
    few = PEOPLE.persons["exposed"] & (PEOPLE.persons["region"] != "s")
    cohort = replace(PEOPLE, persons=PEOPLE.persons.assign(exposed=few, sick=PEOPLE.persons["sick"].mask(few)))
    study = settings(outcomes=["score", "sick"], subgroups=["region"])
    with pytest.raises(ModelError, match="too few people to compare: 0 exposed"):
        ran(study, cohort)
    rows = ran(study, cohort, strict=False)["estimates"]
    failed = rows[rows["method"] == FAILED]
    assert failed[["outcome", "exposure", "reference", "subgroup", "estimand"]].to_numpy().tolist() == [
        ["sick", "exposed", "no", "", "risk_difference"],
        ["sick", "exposed", "no", "region=n", "risk_difference"],
        ["sick", "exposed", "no", "region=e", "risk_difference"],
        ["score", "exposed", "no", "region=s", "mean_difference"],
        ["sick", "exposed", "no", "region=s", "risk_difference"],
    ]
    assert (failed["status"] == "not estimable").all()
    assert failed["reason"].str.startswith("too few people to compare: 0 exposed").all()
    assert failed[["estimate", "lower", "upper"]].isna().all(axis=None)
    whole = ran(settings(), cohort)["estimates"]
    pd.testing.assert_frame_equal(rows.query("outcome == 'score' and subgroup == ''").reset_index(drop=True), whole)
    assert (rows.query("method != @FAILED")["status"] == "estimated").all()


def test_a_study_that_fails_before_its_first_comparison_is_one_row() -> None:
    config = configured("reform")
    cohort = people_of(config, seed=1)
    wrong = replace(cohort, persons=cohort.persons.assign(born_after=~cohort.persons["born_after"]))
    rows = studied("leave", config, wrong, strict=False)["estimates"]
    assert rows[["study", "outcome", "method", "status"]].to_numpy().tolist() == [
        ["leave", "", FAILED, "not estimable"]
    ]
    assert "contradicts the date 1977-07-01" in rows["reason"].iloc[0]
    with pytest.raises(DataError, match="contradicts the date 1977-07-01"):
        studied("leave", config, wrong)


def test_a_fault_of_the_program_ends_the_run_however_lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(running, "part_of_kind", lambda *_: SimpleNamespace(run=broken))
    with pytest.raises(KeyError, match="a fault of ours"):
        ran(settings(), strict=False)


# --- keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", [ESTIMATES, DIAGNOSTICS, FLOW])
def test_two_rows_with_one_key_are_a_fault_of_the_program(schema: Any) -> None:
    row = dict.fromkeys(schema.key, "x")
    assert len(schema.checked(schema.table([row]))) == 1
    with pytest.raises(ValueError, match="1 rows repeat the key of an earlier one"):
        schema.checked(schema.table([row, row]))
    for name in schema.key:
        assert len(schema.checked(schema.table([row, {**row, name: "y"}]))) == 2


def test_the_rows_of_a_study_are_checked_for_their_keys() -> None:
    sample, found = drawn(Adjustment()), Findings("made", "study")
    for _ in range(2):
        with found.part("score", "exposed", "no") as rows:
            rows.flow(sample.flow)
    with pytest.raises(ValueError, match="rows repeat the key of an earlier one"):
        found.tables()


# --- exposures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["exposure", "policy", "siblings"])
def test_the_effect_of_a_step_is_that_of_a_unit_times_the_step(kind: str) -> None:
    steps = [{"column": "dose"}, {"column": "dose", "per": 10}, {"column": "dose", "per": "sd"}]
    rows = ran(settings(kind, exposures=steps, adjust={"columns": ["age"]}))["estimates"].query(
        "estimand != 'r_squared'"
    )
    by_step = rows.set_index(["reference", "method"])[["estimate", "lower", "upper", "se"]]
    sd = PEOPLE.persons["dose"].std(ddof=0)
    for reference, step in (("per_10", 10.0), ("per_sd", sd)):
        np.testing.assert_allclose(by_step.loc[reference], by_step.loc["per_1"] * step, rtol=1e-9)


@pytest.mark.parametrize("kind", ["exposure", "policy", "siblings"])
def test_every_level_of_a_category_is_compared_with_the_reference_alone(kind: str) -> None:
    tables = ran(settings(kind, exposures=[{"column": "region", "reference": "e"}]))
    compared = tables["estimates"][["exposure", "reference"]].drop_duplicates().to_numpy().tolist()
    assert compared == [["region=n", "e"], ["region=s", "e"]]
    two = among(PEOPLE, (PEOPLE.persons["region"] != "n").to_numpy())
    alone = ran(settings(kind, exposures=[{"column": "region", "reference": "e", "exposed": "s"}]), two)
    pd.testing.assert_series_equal(values(tables).loc[:, ["region=s"]], values(alone))
    left = tables["flow"].query("step == 'another level of the exposure'").set_index("exposure")["people"]
    counts = PEOPLE.persons["region"].value_counts()
    assert left.to_dict() == {"region=n": counts["s"], "region=s": counts["n"]}


def test_a_category_is_a_contrast_of_means_where_nothing_is_adjusted_for() -> None:
    found = values(ran(settings(exposures=[{"column": "region", "reference": "e"}])))
    means = PEOPLE.persons.groupby("region", observed=True)["score"].mean()
    for level in ("n", "s"):
        row = ("score", f"region={level}", "e", "", "mean_difference", "crude")
        assert found[row] == pytest.approx(means[level] - means["e"])


# --- covariates ------------------------------------------------------------------------------------------------------


def drawn(adjust: Adjustment) -> Sample:
    contrast = Exposure(column="exposed").contrasts(BOOK.columns)[0]
    return draw_sample(PEOPLE, exposed_by(PEOPLE, contrast), adjust, BOOK.outcomes["score"], "here")


def test_splines_squares_and_interactions_enter_the_design() -> None:
    shapes = {"squares": ["dose"], "splines": {"age": 3}, "interactions": [("age", "sex"), ("dose", "urban")]}
    assert drawn(Adjustment(columns=["sex", "age", "dose", "urban"], **shapes)).names == [
        *("sex=m", "age", "age spline 2", "age spline 3", "dose", "dose^2", "urban"),
        *("age:sex=m", "age spline 2:sex=m", "age spline 3:sex=m", "dose:urban", "dose^2:urban"),
    ]


def test_an_adjusted_difference_is_that_of_least_squares_on_the_design() -> None:
    """The score is a square of age among boys alone: with squares and products nothing but noise is left."""
    adjust = {"columns": ["sex", "age", "dose"], "squares": ["age"], "interactions": [["age", "sex"]]}
    tables = ran(settings(adjust=adjust))
    known = PEOPLE.persons.dropna(subset=["sex", "age"])
    boys, age = (known["sex"] == "m").to_numpy(float), known["age"].to_numpy() - 30
    exposed = known["exposed"].to_numpy(float)
    x = [np.ones(len(known)), exposed, boys, age, age**2, boys * age, boys * age**2, known["dose"]]
    coefficients, *_ = np.linalg.lstsq(np.column_stack(x), known["score"].to_numpy(), rcond=None)
    row = tables["estimates"].set_index("method").loc["regression"]
    assert row["estimate"] == pytest.approx(coefficients[1])
    assert row["n"] == len(known)
    linear = (
        ran(settings(adjust={"columns": ["sex", "age", "dose"]}))["estimates"].set_index("method").loc["regression"]
    )
    assert row["se"] < linear["se"] / 4


def test_the_covariates_of_a_named_set_are_those_stated_in_the_study() -> None:
    book = replace(BOOK, adjustments={"full": Adjustment(columns=["age"], splines={"age": 4})})
    named, stated = settings(), settings(adjust={"columns": ["age"], "splines": {"age": 4}})
    job = job_of(1, "made")
    named = named.model_copy(update={"adjust": "full"})
    pd.testing.assert_series_equal(values(run_study("study", named, PEOPLE, book, job)), values(ran(stated)))


def test_covariates_that_do_not_vary_or_repeat_each_other_are_a_reason() -> None:
    rows = ran(settings(adjust={"columns": ["age", "constant"]}), strict=False)["estimates"]
    assert rows["reason"].tolist() == ["constant does not vary"]
    twice = replace(PEOPLE, persons=PEOPLE.persons.assign(constant=2 * PEOPLE.persons["age"] + 1))
    rows = ran(settings(adjust={"columns": ["age", "constant"]}), twice, strict=False)["estimates"]
    assert rows["reason"].tolist() == ["singular design: constant follows exactly from the other covariates"]


@pytest.mark.parametrize("modifier", ["sex", "age"])
def test_a_modifier_is_a_category_or_a_number_and_none_within_its_own_levels(modifier: str) -> None:
    given = {"adjust": {"columns": ["sex", "age"]}, "subgroups": ["sex"]}
    tables = [ran(settings(**given, modifiers=modifiers))["estimates"] for modifiers in ([], [modifier])]
    question = "method == 'standardisation' and estimand == 'mean_difference'"
    none, product = (rows.query(question).set_index("subgroup")["estimate"] for rows in tables)
    assert abs(none[""] - product[""]) > 1e-5
    within = abs(none["sex=m"] - product["sex=m"])
    assert within == 0 if modifier == "sex" else within > 1e-5


def test_a_subgroup_of_a_world_is_not_judged_by_the_truth_of_everybody() -> None:
    config = changed(configured("deprivation"), {"studies.foster_care.subgroups": ["low_birth_weight"]})
    truth = exact_values(config.source, config.codebook, config.questions)
    rows = with_truth(studied("foster_care", config, people_of(config, seed=1))["estimates"], truth)
    assert set(rows["subgroup"]) == {"", "low_birth_weight=yes", "low_birth_weight=no"}
    assert rows.groupby("subgroup")["truth"].agg(lambda known: known.notna().mean()).to_dict() == {
        "": 1.0,
        "low_birth_weight=yes": 0.0,
        "low_birth_weight=no": 0.0,
    }
