"""A twin of a cohort: aggregates that tell of no person, and people drawn from them alone."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from evenwicht.base.columns import Column
from evenwicht.base.outcomes import BinaryOutcome, ContinuousOutcome, EventOutcome, UseOutcome
from evenwicht.base.streams import stream_key
from evenwicht.cli import main
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.config.loading import load_cohort
from evenwicht.estimators.design_analysis import design_analysis
from evenwicht.rehearsal.aggregates import Aggregates, aggregates_of
from evenwicht.rehearsal.follow_up import end_of_follow_up, hazards_in_pieces
from evenwicht.rehearsal.judged import with_their_effect
from evenwicht.rehearsal.margins import levels_margin, number_margin, sizes_of_groups, smooth_quantiles, yes_no_margin
from evenwicht.rehearsal.protection import Protection
from evenwicht.rehearsal.roles import roles_of
from evenwicht.rehearsal.sizes import estimated_sizes, sizes_that_matter, with_estimated
from evenwicht.rehearsal.written import twin_settings
from evenwicht.results.schema import ESTIMATES
from evenwicht.worlds import simulate, true_values
from scipy.stats import spearmanr

N = 4000
ALONE = Protection(threshold=10, base=5)
CANARIES = ["87654321", "76543.21", "1911", "canary", "98.765"]
RNG = np.random.default_rng


def files(n: int = N, seed: int = 1) -> dict[str, pd.DataFrame]:
    """A made-up cohort in families, with confounding, attrition, an event, costs, and values that only one person has."""
    rng = RNG(seed)
    family = np.arange(n) // 2
    ses = np.sqrt(0.5) * rng.standard_normal(n // 2)[family] + np.sqrt(0.5) * rng.standard_normal(n)
    smokes = -0.6 * ses + 0.8 * rng.standard_normal(n) > 0.5
    score = 100 + 15 * (0.4 * ses - 0.3 * smokes + 0.8 * rng.standard_normal(n))
    income = np.exp(10 + 0.5 * ses + 0.5 * rng.standard_normal(n))
    income[7] = 87654321.0
    ill = -0.3 * ses + 0.5 * smokes + rng.standard_normal(n) > 1
    onset = 40 + 30 * rng.standard_exponential(n) * np.exp(-0.5 * smokes)
    until = rng.uniform(45, 75, n)
    until[9] = 98.765
    born = pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 1460, n), "D")
    born = born.to_series().reset_index(drop=True)
    born[3] = pd.Timestamp("1911-03-03")
    area = pd.Series(rng.choice(["north", "south", "east"], n)).astype(object)
    area[5] = "canary"
    used = rng.random(n) < 0.4
    amount = np.where(used, np.exp(5 + 0.8 * rng.standard_normal(n)), 0.0)
    amount[11] = 76543.21
    ids = np.arange(1, n + 1)
    lost = rng.random(n) < 1 / (1 + np.exp(1.5 + ses))
    persons = pd.DataFrame({
        "id": pd.array(ids, dtype="Int64"), "family": pd.Categorical(family.astype(str)), "born": born, "ses": ses,
        "area": pd.Categorical(area), "income": income, "smokes": pd.array(smokes, dtype="boolean"),
        "score": np.where(lost, np.nan, score), "ill": pd.array(ill, dtype="boolean"),
    })  # fmt: skip
    events = pd.DataFrame({
        "id": ids, "event": "death", "entry_age": 40.0, "exit_age": np.minimum(onset, until),
        "status": (onset <= until).astype(float),
    })  # fmt: skip
    costs = pd.DataFrame({"id": ids, "sector": "hospital", "window": "2010-2015", "amount": amount})
    seen = np.where(lost, np.nan, 1.0)
    measures = pd.DataFrame({"id": ids, "wave": "50", "age": 50.0, "measure": "attendance", "value": seen})
    return {"persons": persons, "events": events, "costs": costs, "measures": measures}


def settings() -> CohortConfig:
    """Its cohort file. The file that it names is never read here."""
    columns = {
        "id": {"role": "id", "type": "integer", "label": "Person", "source": "secret_id"},
        "family": {"role": "family", "type": "category", "label": "Family"},
        "born": {"role": "birth_date", "type": "date", "label": "Born"},
        "ses": {"role": "baseline", "label": "SES", "missing": [-99999]},
        "area": {"role": "baseline", "type": "category", "label": "Area"},
        "income": {"role": "baseline", "label": "Income", "unit": "euros"},
        "smokes": {"role": "exposure", "type": "boolean", "label": "Smokes"},
        "score": {"role": "outcome", "label": "Score"},
        "ill": {"role": "outcome", "type": "boolean", "label": "Ill"},
    }
    outcomes = {
        "score": {"kind": "continuous", "column": "score", "label": "Score", "margin": 3.0},
        "ill": {"kind": "binary", "column": "ill", "label": "Ill", "margin": 0.05},
        "death": {"kind": "time_to_event", "event": "death", "time": "age", "horizon": 60, "label": "Death", "margin": 0.05},
        "stays": {"kind": "use", "sector": "hospital", "window": "2010-2015", "label": "Hospital", "margin": 20.0},
    }  # fmt: skip
    study = {
        "kind": "exposure", "exposures": ["smokes"], "adjust": {"columns": ["ses", "area"]}, "outcomes": list(outcomes),
    }  # fmt: skip
    source = {
        "kind": "table", "path": "/secret/place/people.csv",
        "events": [{"event": "death", "entry_age": "a", "exit_age": "b", "status": "c"}],
        "costs": [{"sector": "hospital", "window": "2010-2015", "amount": "stays"}],
    }  # fmt: skip
    return CohortConfig.model_validate({
        "name": "town", "title": "Town", "description": "Made up", "source": source, "columns": columns,
        "sectors": {"hospital": {"label": "Hospital", "unit": "euros", "measures": "money"}}, "outcomes": outcomes,
        "studies": {"smoking": study}, "table1": ["ses", "smokes"],
    })  # fmt: skip


def cohort(config: CohortConfig, **tables: pd.DataFrame) -> Cohort:
    return Cohort("town", "Made up", dict(config.codebook.columns), **tables).check()


@pytest.fixture(scope="module")
def town() -> tuple[CohortConfig, Cohort, Aggregates]:
    config = settings()
    people = cohort(config, **files())
    return config, people, aggregates_of(people, config.codebook, roles_of(config), ALONE)


@pytest.fixture(scope="module")
def twin(town: tuple[CohortConfig, Cohort, Aggregates]) -> CohortConfig:
    config, people, aggregates = town
    return CohortConfig.model_validate(twin_settings(config, people, aggregates, sizes_that_matter(config, aggregates)))


# --- aggregates tell of no person ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [80, 81, 333, 4000])
def test_enough_people_lie_in_every_band_and_no_edge_rests_on_the_first_or_last(n: int) -> None:
    values = RNG(n).lognormal(size=n)
    edges = np.array(number_margin(values, ALONE)["edges"])
    assert len(edges) >= 3
    between = np.histogram(values, [-np.inf, *edges, np.inf])[0]
    assert between.min() >= ALONE.threshold
    # whatever the five least and greatest are, the edges are the same
    order = np.argsort(values)
    moved = values.copy()
    moved[order[:5]], moved[order[-5:]] = values.min() / 1e6, values.max() * 1e6
    assert number_margin(moved, ALONE)["edges"] == edges.tolist()


def test_an_edge_is_a_mean_of_as_many_people_as_the_threshold() -> None:
    values = np.arange(1000.0)
    edge = smooth_quantiles(values, 2, 10)[0]
    values[500] += 0.5
    assert smooth_quantiles(values, 2, 10)[0] == pytest.approx(edge + 0.05)


@pytest.mark.parametrize("n", [0, 79])
def test_too_few_people_give_no_bands(n: int) -> None:
    assert number_margin(RNG(1).normal(size=n), ALONE) == {}


def test_a_yes_of_fewer_than_the_threshold_is_not_told() -> None:
    values = np.zeros(500)
    values[:9] = 1
    assert yes_no_margin(values, ALONE) == {}
    assert yes_no_margin(1 - values, ALONE) == {}
    values[9] = 1
    assert yes_no_margin(values, ALONE) == {"kind": "yes_no", "share": 0.02}


@pytest.mark.parametrize(("people", "of"), [(10, 1_000_000), (999_990, 1_000_000), (3, 40), (1, 2)])
def test_a_share_of_some_is_neither_none_nor_all(people: int, of: int) -> None:
    assert 0 < Protection(threshold=3, base=50).share(people, of) < 1
    assert ALONE.share(of, of) == 1


def test_rare_levels_are_counted_and_not_named() -> None:
    values = pd.Series(["a"] * 300 + ["b"] * 200 + ["rare"] * 9 + ["single"])
    told = levels_margin(values, np.arange(510.0), ALONE)
    assert told == {"kind": "levels", "shares": {"a": 0.6, "b": 0.4}, "rare": 2}


def test_every_size_of_groups_is_of_enough_groups() -> None:
    sizes = [1] * 100 + [2] * 50 + [3] * 9 + [4] * 4 + [17]
    place = np.repeat(np.arange(len(sizes)), sizes)
    assert sizes_of_groups(place, ALONE) == [[1, 0.61], [2, 0.305], [4, 0.0854]]  # 14 groups have 60 people


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_enough_events_lie_in_every_piece_of_time(seed: int) -> None:
    rng = RNG(seed)
    n = 1000
    onset, until = rng.weibull(2, n) * 60, rng.uniform(20, 60, n)
    end, status = np.minimum(onset, until), (onset <= until).astype(float)
    edges, hazards = hazards_in_pieces(np.zeros(n), end, status, np.ones(n), ALONE)
    assert len(hazards) == len(edges) + 1 > 3
    assert np.histogram(end[status == 1], [0, *edges, np.inf])[0].min() >= ALONE.threshold
    # together they are about the cumulative hazard of the times, (t / 60)**2, within four errors of so many events
    reached = float(np.diff([0.0, *edges]) @ hazards[:-1])
    assert reached == pytest.approx((edges[-1] / 60) ** 2, rel=4 / np.sqrt(status.sum()))


def test_the_end_of_follow_up_is_that_of_people_without_the_event() -> None:
    rng = RNG(4)
    n = 20_000
    onset, until = rng.exponential(30, n), rng.uniform(10, 50, n)
    end, status = np.minimum(onset, until), (onset <= until).astype(float)
    told: Any = end_of_follow_up(np.zeros(n), end, status, ALONE)
    wanted = np.quantile(until, np.arange(1, 20) / 20)
    assert np.abs(np.array(told["edges"]) - wanted).max() < 1.5
    assert np.abs(np.quantile(end, np.arange(1, 20) / 20) - wanted).max() > 5  # who ends is not when it ends


def test_what_one_person_has_is_nowhere_in_the_file(
    town: tuple[CohortConfig, Cohort, Aggregates], twin: CohortConfig
) -> None:
    text = yaml.safe_dump(twin.model_dump(mode="json")) + repr(town[2])
    for canary in [*CANARIES, "secret", "people.csv", "-99999"]:
        assert canary not in text
    for name in ("ses", "income"):
        for extreme in (town[1].persons[name].min(), town[1].persons[name].max()):
            assert f"{extreme:.4g}" not in text


def test_numbers_of_people_are_rounded(town: tuple[CohortConfig, Cohort, Aggregates]) -> None:
    config, people, _ = town
    some = cohort(config, **{
        "persons": people.persons.iloc[:3998], "events": people.events.iloc[:3998],
        "costs": people.costs.iloc[:3998], "measures": people.measures.iloc[:3998],
    })  # fmt: skip
    assert aggregates_of(some, config.codebook, roles_of(config), ALONE).source["n"] == 4000


def test_a_handful_of_people_have_no_twin(town: tuple[CohortConfig, Cohort, Aggregates]) -> None:
    config, people, _ = town
    few = cohort(config, persons=people.persons.iloc[:79])
    with pytest.raises(Exception, match="79 people are too few"):
        aggregates_of(few, config.codebook, roles_of(config), ALONE)


# --- people drawn from them ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn(twin: CohortConfig) -> Cohort:
    large = twin.model_copy(update={"source": twin.source.model_copy(update={"n": 40_000})})
    return simulate(large.source, large.codebook, stream_key(2, "town", "twin"))


@pytest.fixture(scope="module")
def many() -> pd.DataFrame:
    """The cohort itself, of so many people that nothing of it is chance."""
    return files(200_000, seed=5)["persons"]


def test_margins_are_those_of_the_cohort(many: pd.DataFrame, drawn: Cohort) -> None:
    error = 5 / np.sqrt(N)  # of a share among the people who were measured, five times
    for name in ("ses", "income"):
        quantiles = np.quantile(many[name], [0.1, 0.25, 0.5, 0.75, 0.9])
        shares = [(drawn.persons[name] < q).mean() for q in quantiles]
        assert np.abs(np.array(shares) - [0.1, 0.25, 0.5, 0.75, 0.9]).max() < error / 2
    assert abs(drawn.persons["smokes"].mean() - many["smokes"].mean()) < error / 2
    levels = drawn.persons["area"].value_counts(normalize=True)
    assert set(levels.index) == {"north", "south", "east"}
    assert np.abs(levels - 1 / 3).max() < error / 2
    some = drawn.costs["amount"]
    assert abs((some > 0).mean() - 0.4) < error / 2
    assert abs(np.log(some[some > 0]).std() - 0.8) < 0.05


@pytest.mark.parametrize("pair", [("ses", "income"), ("ses", "smokes"), ("income", "smokes")])
def test_rank_correlations_are_those_of_the_cohort(pair: tuple[str, str], many: pd.DataFrame, drawn: Cohort) -> None:
    wanted, found = (
        spearmanr(*(table[name].astype(float) for name in pair)).statistic for table in (many, drawn.persons)
    )
    # rounding to hundredths, and four errors of the correlation in the people who were measured
    assert abs(found - wanted) < 0.01 + 4 / np.sqrt(N)
    assert abs(wanted) > 0.2


def test_families_are_as_alike_as_they_were(drawn: Cohort) -> None:
    """SES is shared by half; of the score, what SES and smoking leave is not shared at all."""
    for name, wanted in (("ses", 0.5), ("score", 0.5 * 0.4**2 / (0.4**2 + 0.8**2))):
        known = drawn.persons.dropna(subset=[name])
        pairs = known.groupby("family", observed=True)[name].agg(["first", "last", "size"])
        pairs = pairs[pairs["size"] == 2]
        assert len(pairs) > 5_000
        assert abs(np.corrcoef(pairs["first"], pairs["last"])[0, 1] - wanted) < 0.06


def test_who_leaves_hangs_together_with_what_it_did(many: pd.DataFrame, drawn: Cohort) -> None:
    lost = drawn.persons["score"].isna()
    assert lost.mean() == pytest.approx(many["score"].isna().mean(), abs=0.03)
    ses = drawn.persons["ses"]
    fitted = 1 / (1 + np.exp(1.5 + ses))
    for part in (ses < -1, ses > 1):
        assert lost[part].mean() == pytest.approx(fitted[part].mean(), abs=0.05)
    # who has no score was not at the wave, as in the cohort
    attended = drawn.measures.set_index("id")["value"].notna().to_numpy()
    assert (attended == ~lost.to_numpy()).mean() > 0.95


def test_events_come_as_fast_as_they_did(twin: CohortConfig) -> None:
    """Half of the people measured die by about 61 at this hazard; the twin has it without what smoking adds."""
    people = files(100_000, seed=6)["events"]
    large = twin.model_copy(update={"source": twin.source.model_copy(update={"n": 40_000})})
    events = simulate(large.source, large.codebook, stream_key(3, "town", "twin")).events
    for age in (45, 50, 60):
        rates = [
            (t["status"] * (t["exit_age"] <= age)).sum() / (np.minimum(t["exit_age"], age) - t["entry_age"]).sum()
            for t in (people, events)
        ]
        assert rates[1] == pytest.approx(rates[0], rel=0.15)


# --- effects are known -----------------------------------------------------------------------------------------------


def truth(config: CohortConfig) -> pd.DataFrame:
    table = true_values(config.source, config.codebook, config.questions, 100_000, stream_key(4, "town", "truth"))
    return table[table["subgroup"] == ""].set_index(["outcome", "estimand"])["value"]


def test_as_it_stands_exposures_do_nothing(twin: CohortConfig) -> None:
    values = truth(twin)
    assert values["score", "mean_difference"].item() == 0
    assert values["ill", "risk_difference"].item() == 0
    assert values["death", "conditional_hazard_ratio"].item() == 1
    assert values["death", "risk_difference"].item() == 0
    assert values["stays", "mean_ratio"].item() == 1


def test_stated_effects_have_the_size_of_the_margins(twin: CohortConfig) -> None:
    stated = twin.scenarios["effect_of_smokes"]["effects"]
    assert stated["score"] == {"smokes": 3.0}
    assert stated["ill"] == {"smokes": 0.05}
    values = truth(twin.in_scenario("effect_of_smokes"))
    assert values["score", "mean_difference"].item() == 3
    assert values["ill", "risk_difference"].item() == pytest.approx(0.05, abs=0.005)
    assert values["death", "conditional_hazard_ratio"].item() == stated["death"]["smokes"]
    assert values["death", "risk_difference"].item() == pytest.approx(0.05, abs=0.01)
    assert values["stays", "mean_difference"].item() == pytest.approx(20, rel=0.25)
    assert values["stays", "mean_ratio"].item() == pytest.approx(stated["stays"]["smokes"])


def test_high_need_in_several_sectors_has_the_effect_that_is_stated(
    town: tuple[CohortConfig, Cohort, Aggregates],
) -> None:
    data = town[0].model_dump(mode="json")
    data["outcomes"]["need"] = {
        "kind": "multi_sector_need", "window": "2010-2015", "top_share": 0.2, "at_least": 1, "margin": 0.1, "label": "Need",
    }  # fmt: skip
    data["studies"]["smoking"]["outcomes"] = ["need"]
    config = CohortConfig.model_validate(data)
    aggregates = aggregates_of(town[1], config.codebook, roles_of(config), ALONE)
    twin = CohortConfig.model_validate(
        twin_settings(config, town[1], aggregates, sizes_that_matter(config, aggregates))
    )
    stated = twin.in_scenario("effect_of_smokes")
    assert stated.source.effects == {"need": {"smokes": 0.1}}  # type: ignore[attr-defined]
    # of 100,000 people, beside what is counted as high use where some use more than others
    assert truth(stated)["need", "risk_difference"].item() == pytest.approx(0.1, abs=0.01)
    assert truth(twin)["need", "risk_difference"].item() == 0
    source = twin.source.model_copy(update={"effects": {"need": {"smokes": 0.995}}})
    with pytest.raises(Exception, match="no shift of use gives the effect of 'smokes'"):
        simulate(source, twin.codebook, stream_key(1, "town", "twin"))


def test_who_has_high_need_is_told_of_enough_people_only() -> None:
    data = settings().model_dump(mode="json")
    data["outcomes"]["need"] = {
        "kind": "multi_sector_need", "window": "2010-2015", "top_share": 0.2, "at_least": 1, "label": "Need",
    }  # fmt: skip
    config, tables = CohortConfig.model_validate(data), files()
    for few, told in ((9, None), (10, 0.2)):
        # nearly all use as much as one another, and equal use is never split
        tables["costs"]["amount"] = np.where(np.arange(N) < few, 200.0, 100.0)
        people = cohort(config, **tables)
        costs = aggregates_of(people, config.codebook, roles_of(config), ALONE).source["costs"]
        assert costs["2010-2015"]["hospital"].get("top") == told


def leading_estimates(**sizes: float) -> pd.DataFrame:
    """Estimates by the method that leads in a study of exposures, and by another."""
    estimands = {"score": "mean_difference", "stays": "mean_difference"}
    keys = {"study": "smoking", "exposure": "smokes", "reference": "no"}
    return ESTIMATES.table([
        {**keys, "outcome": name, "estimand": estimands.get(name, "risk_difference"), "method": method,
         "at": "60" if name == "death" else "", "estimate": size}
        for name, size in sizes.items() for method, size in (("crude", 9 * size), ("standardisation", size))
    ])  # fmt: skip


def test_effects_are_also_put_in_that_are_as_large_as_the_estimates(
    town: tuple[CohortConfig, Cohort, Aggregates], twin: CohortConfig
) -> None:
    config, _, aggregates = town
    own = leading_estimates(score=-5.12345, ill=0.123456, death=0.08, stays=-30.0)
    sizes, left = estimated_sizes(config, aggregates, own)
    assert left == {}
    assert sizes["score"] == {"smokes": -5.12}
    assert sizes["ill"] == {"smokes": 0.123}
    larger, refused = with_estimated(twin, sizes)
    assert refused == {}
    assert [*larger.scenarios] == ["effect_of_smokes", "estimated_effect_of_smokes"]
    values = truth(larger.in_scenario("estimated_effect_of_smokes"))
    assert values["score", "mean_difference"].item() == -5.12
    assert values["ill", "risk_difference"].item() == pytest.approx(0.123, abs=0.005)
    assert values["death", "risk_difference"].item() == pytest.approx(0.08, abs=0.01)
    assert values["stays", "mean_difference"].item() == pytest.approx(-30, rel=0.25)
    assert "5.12" not in yaml.safe_dump(twin.model_dump(mode="json"))


def test_an_estimate_that_the_twin_cannot_have_is_said(
    town: tuple[CohortConfig, Cohort, Aggregates], twin: CohortConfig
) -> None:
    config, _, aggregates = town
    sizes, left = estimated_sizes(config, aggregates, leading_estimates(score=2.0, ill=0.97, death=-0.9))
    assert [*left] == ["effect of smokes on death as large as it was estimated"]
    larger, refused = with_estimated(twin, sizes)
    assert refused == {
        "effect of smokes on ill as large as it was estimated": "these effects give a risk below 0 or above 1"
    }
    assert larger.scenarios["estimated_effect_of_smokes"]["effects"] == {"score": {"smokes": 2.0}}


@pytest.mark.parametrize(
    ("effects", "message"),
    [
        ({"ill": {"smokes": 0.9}}, "a risk below 0 or above 1"),
        ({"death": {"smokes": 0.0}}, "is not above 0"),
    ],
)
def test_effects_that_cannot_be_say_so(twin: CohortConfig, effects: dict[str, Any], message: str) -> None:
    source = twin.source.model_copy(update={"effects": effects})
    with pytest.raises(Exception, match=message):
        simulate(source, twin.codebook, stream_key(1, "town", "twin"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"effects": {"score": {"ses": 1.0}}}, "effects are of exposures, which ses is not"),
        ({"exposures": ["smoke"], "effects": {}}, "no column or cost: smoke"),
        ({"after": ["score", "ill"]}, "costs come after everything else"),
        ({"correlations": {"ses": []}}, "correlations must be of all columns, costs"),
        ({"chained": {"score": ["smokes"]}}, "are of columns that come before outcomes"),
        ({"known": {"score": {"share": 0.5, "by": {"ill": 1.0}}}}, "follows from columns that come before: ill"),
        ({"groups": {"family": {"sizes": [[2, 1]], "alike": {"age": 0.5}}}}, "alike is of columns and costs"),
    ],
)
def test_aggregates_that_do_not_fit_together_say_so(twin: CohortConfig, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        type(twin.source).model_validate({**twin.source.model_dump(mode="json"), **change})


def test_an_instrument_moves_its_exposure_in_a_twin_as_it_did(town: tuple[CohortConfig, Cohort, Aggregates]) -> None:
    """A tax lowers smoking, which a study asks: the effect that was measured is put in, and found in the people drawn."""
    rng = RNG(8)
    tables = files(20_000, seed=7)
    tax = rng.random(20_000) < 0.5
    smokes = tables["persons"]["smokes"].to_numpy(dtype=bool) & (~tax | (rng.random(20_000) < 0.5))
    tables["persons"]["smokes"], tables["persons"]["tax"] = pd.array(smokes), pd.array(tax, dtype="boolean")
    data = town[0].model_dump(mode="json")
    data["columns"]["tax"] = {"role": "policy", "type": "boolean", "label": "Tax"}
    data["outcomes"]["smoking"] = {"kind": "binary", "column": "smokes", "label": "Smoking"}
    data["studies"]["taxed"] = {"kind": "policy", "exposures": ["tax"], "outcomes": ["smoking", "score"]}
    config = CohortConfig.model_validate(data)
    people = cohort(config, **tables)
    aggregates = aggregates_of(people, config.codebook, roles_of(config), ALONE)
    made = twin_settings(config, people, aggregates, sizes_that_matter(config, aggregates))
    assert made["source"]["chained"] == {"smokes": ["tax"]}
    wanted = smokes[tax].mean() - smokes[~tax].mean()
    error = 2 / np.sqrt(20_000)  # at most, of a difference of two shares
    assert wanted < -10 * error
    assert made["source"]["effects"]["smoking"]["tax"] == pytest.approx(wanted, abs=2 * error)
    twin = CohortConfig.model_validate(made)
    drawn = simulate(twin.source, twin.codebook, stream_key(9, "town", "taxed")).persons
    found = drawn["smokes"][drawn["tax"]].mean() - drawn["smokes"][~drawn["tax"]].mean()
    assert found == pytest.approx(wanted, abs=4 * error)


def test_an_effect_on_an_outcome_that_is_not_there_is_found_by_check(twin: CohortConfig) -> None:
    changed = twin.model_copy(update={"source": twin.source.model_copy(update={"effects": {"scores": {"smokes": 1}}})})
    assert [mistake.path for mistake in changed.check()] == ["source.effects.scores"]


# --- the file alone is enough ----------------------------------------------------------------------------------------


def test_the_file_alone_checks_simulates_and_runs_every_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from evenwicht.studies.running import job_of, run_study

    config = load_cohort("config/intervention.yaml")
    people = simulate(config.source, config.codebook, stream_key(1, "intervention", "test"))
    here, there = tmp_path / "here", tmp_path / "there"
    people.write(here / "data/synthetic/intervention")
    original = Path("config/intervention.yaml").resolve()
    monkeypatch.chdir(here)
    assert main(["twin", str(original), "--out", str(there)]) == 0
    assert "a twin of intervention" in capsys.readouterr().out
    monkeypatch.chdir(there)
    assert [file.name for file in there.iterdir()] == ["intervention_twin.yaml"]
    assert str(tmp_path) not in Path("intervention_twin.yaml").read_text(encoding="utf-8")
    assert main(["check", "intervention_twin.yaml"]) == 0
    twin = load_cohort("intervention_twin.yaml")
    assert list(twin.studies) == list(config.studies)
    cohort = simulate(twin.source, twin.codebook, stream_key(1, twin.name, "test"))
    job = job_of(1, twin.name)
    for name, study in twin.studies.items():
        rows = run_study(name, study, cohort, twin.codebook, job, strict=True)["estimates"]
        assert rows["estimate"].notna().any(), name


def test_draws_say_what_a_study_could_see(twin: CohortConfig) -> None:
    from evenwicht.rehearsal.judged import judged, lines

    small = twin.model_copy(update={"source": twin.source.model_copy(update={"n": 200})})
    data = small.model_dump(mode="json")
    data["outcomes"] = {"score": data["outcomes"]["score"]}
    data["studies"] = {"smoking": {
        "kind": "ladder", "exposures": ["smokes"], "outcomes": ["score"],
        "steps": [{"label": "given SES", "adjust": {"columns": ["ses"]}}],
    }}  # fmt: skip
    data["scenarios"] = {"effect_of_smokes": {"effects": {"score": {"smokes": -4.0}}}}
    data["scenario_studies"] = {"effect_of_smokes": ["smoking"]}
    few = CohortConfig.model_validate(data)
    own = ESTIMATES.table([{"study": "smoking", "outcome": "score", "exposure": "smokes", "reference": "no",
                            "estimand": "mean_difference", "method": "step_1", "estimate": -8.0}])  # fmt: skip
    table = judged(few, own, 1, 80)
    assert table["method"].tolist() == ["step_0", "step_1"]
    row = table.iloc[1]
    assert (row["effect"], row["estimate"]) == (-4, -8)
    # about 160 people with a score, of whom three in ten smoke; 13 is the SD beside SES
    wanted = design_analysis(4, 13 / np.sqrt(160 * 0.3 * 0.7))
    assert row["power"] == pytest.approx(wanted.power, abs=4 * np.sqrt(wanted.power * (1 - wanted.power) / 80))
    assert row["type_m"] == pytest.approx(wanted.type_m, rel=0.25)
    assert row["type_s"] <= 0.1
    assert row["false_alarms"] <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 80)
    biased = table.assign(coverage=0.5, power=0.95)
    assert all("it would be misled about an effect of -4" in line for line in list(lines(biased, 200))[1:])
    told = list(lines(table, 200))
    assert any(re.search(r"step_1.*estimate -8; it could not see an effect of -4: power", line) for line in told)


def test_of_several_scenarios_the_one_counts_that_puts_most_in() -> None:
    """Births of one window in the scenarios of its own exposure and of others that the date of birth decides."""
    keys = {"study": "windows", "outcome": "ill", "reference": "after", "subgroup": "", "at": "", "method": "cox"}
    rows = pd.DataFrame([
        {**keys, "estimand": estimand, "exposure": window, "put_in": put_in, "effect": effect}
        for estimand, window, put_in, effect in [
            ("conditional_hazard_ratio", "early", "margin", 1.0), ("conditional_hazard_ratio", "early", "margin", 0.5),
            ("conditional_hazard_ratio", "early", "margin", 1.2), ("conditional_hazard_ratio", "early", "estimate", 1.1),
            ("mean_difference", "late", "margin", 0.0), ("mean_difference", "late", "margin", -0.4),
            ("mean_difference", "late", "margin", 0.1), ("mean_difference", "mid", "margin", np.nan),
        ]
    ])  # fmt: skip
    assert with_their_effect(rows)["effect"].tolist()[:3] == [0.5, 1.1, -0.4]
    assert len(with_their_effect(rows)) == 4


def test_a_cohort_that_no_run_has_made_has_no_twin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    original = Path("config/intervention.yaml").resolve()
    monkeypatch.chdir(tmp_path)
    assert main(["twin", str(original)]) == 3
    assert "files are missing" in capsys.readouterr().err


def test_kinds_of_outcomes_and_columns_are_those_of_the_cohort(twin: CohortConfig) -> None:
    assert {type(outcome) for outcome in twin.outcomes.values()} == {
        ContinuousOutcome, BinaryOutcome, EventOutcome, UseOutcome,
    }  # fmt: skip
    assert twin.columns["smokes"] == Column(role="exposure", type="boolean", label="Smokes")


def test_the_command_judges_and_keeps_the_estimates_apart_from_the_twin(
    twin: CohortConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = twin.model_dump(mode="json")
    study = {"kind": "ladder", "exposures": ["smokes"], "outcomes": ["score"], "steps": [{"label": "a", "adjust": {}}]}
    config |= {"name": "town", "studies": {"smoking": study}, "scenarios": {}, "scenario_studies": []}
    config["source"]["n"] = 400
    town = CohortConfig.model_validate(config)
    monkeypatch.chdir(tmp_path)
    Path("town.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    simulate(town.source, town.codebook, stream_key(1, "town", "command")).write("data/synthetic/town")
    assert main(["twin", "town.yaml", "--out", "sent", "--judge", "19"]) == 2
    assert "19 draws are too few" in capsys.readouterr().err
    assert main(["twin", "town.yaml", "--out", "sent", "--judge", "20"]) == 0
    told = capsys.readouterr().out
    assert "With 400 people, their clusters and their attrition:" in told
    assert re.search(r"smoking, score by smokes \(mean_difference, step_0\): it (could|would)", told)
    assert [file.name for file in Path("sent").iterdir()] == ["town_twin.yaml"]
    assert len(pd.read_csv("results/rehearsal/town_twin.csv")) == 2  # a step, and people as they are
