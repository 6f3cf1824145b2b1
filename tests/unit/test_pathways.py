"""Paths: what their parts add up to, what must not matter, the mediators of a study, the truth, and what is shown."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.streams import stream_key
from evenwicht.display.section import Found
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.pathways import NO_FIT, NO_MODEL, Mediator, Pathways, pathways
from evenwicht.estimators.product_limits import NO_SHARE, part_interval, share_interval
from evenwicht.estimators.standardisation import standardised_means
from evenwicht.results.questions import Pathways as Question
from evenwicht.results.rows import with_truth
from evenwicht.studies import showing
from evenwicht.studies.pathways import Block, Settings
from evenwicht.worlds.dunedin.world import TRAIT, dunedin_model
from scipy.special import expit

from tests.cohorts import Tables, changed, configured, people_of, studied, truth_of, with_studies
from tests.figures import faults
from tests.worlds import effect, synthetic

Floats = np.ndarray
N, STUDY = 400, "pathways"
CONFIG = with_studies(configured("dunedin"), STUDY)

# --- the estimator ---------------------------------------------------------------------------------------------------


def people(seed: int = 5, n: int = N) -> dict[str, Floats]:
    """A confounder, an exposure, a number, a yes/no mediator and another number, and a yes/no outcome."""
    rng = np.random.default_rng(seed)
    c = rng.standard_normal(n)
    x = (rng.random(n) < expit(0.5 * c)).astype(float)
    one = 0.6 * x + 0.4 * c + rng.standard_normal(n)
    flag = (rng.random(n) < expit(-0.5 + 0.5 * x + 0.5 * one)).astype(float)
    two = 0.3 * x + 0.4 * one - 0.5 * flag + rng.standard_normal(n)
    y = (rng.random(n) < expit(-1 + 0.4 * x + 0.4 * one + 0.6 * flag - 0.3 * two + 0.3 * c)).astype(float)
    return {"c": c, "x": x, "one": one, "flag": flag, "two": two, "y": y, "extra": rng.standard_normal(n)}


def parts(p: dict[str, Floats], **how: Any) -> Pathways:
    """Paths through the first number, and through the other two mediators together."""
    n = len(p["y"])
    how = {"binary": True, "interactions": True, **how}
    blocks = [[Mediator(p["one"], False)], [Mediator(p["flag"], True), Mediator(p["two"], False)]]
    covariates = np.column_stack([p["c"], p["extra"]])
    return pathways(p["y"], p["x"], (np.zeros(n), np.ones(n)), covariates, blocks, **how)


def told(found: Pathways) -> list[float]:
    """Total and parts with their standard errors, as shares of the total and by product limits too."""
    sampling = Sampling(len(found.total.influence))
    intervals = [sampling.interval(found.total)]
    for part in (*found.blocks, found.direct):
        intervals += [part_interval(part, sampling), share_interval(part, found.total, sampling)]
    return [number for i in intervals for number in (i.estimate, i.lower, i.upper)]


@pytest.mark.parametrize("interactions", [True, False])
@pytest.mark.parametrize("binary", [True, False])
def test_parts_add_up_to_the_whole_for_each_person(binary: bool, interactions: bool) -> None:
    found = parts(people(), binary=binary, interactions=interactions)
    every = [part.estimate for part in (*found.blocks, found.direct)]
    assert sum(one.value for one in every) == pytest.approx(found.total.value)
    np.testing.assert_allclose(sum(one.influence for one in every), found.total.influence, atol=1e-12)


@pytest.mark.parametrize("interactions", [True, False])
@pytest.mark.parametrize("binary", [True, False])
def test_the_influence_is_the_derivative_by_weight(binary: bool, interactions: bool) -> None:
    p, weights = people(n=120), np.linspace(0.5, 2, 120)
    near = 1e-6 if binary else 2e-7  # logistic means are right to four digits, as the nodes turn with the models
    found = parts(p, weights=weights, binary=binary, interactions=interactions)
    for k in range(0, 120, 17):
        step = np.zeros(120)
        step[k] = 1e-5
        up, down = (parts(p, weights=weights + way * step, binary=binary, interactions=interactions) for way in (1, -1))
        for at, above, below in zip(
            (found.total, *(part.estimate for part in (*found.blocks, found.direct))),
            (up.total, *(part.estimate for part in (*up.blocks, up.direct))),
            (down.total, *(part.estimate for part in (*down.blocks, down.direct))),
            strict=True,
        ):
            assert at.influence[k] == pytest.approx((above.value - below.value) / 2e-5, abs=near)


def test_with_numbers_and_a_linear_outcome_the_whole_is_the_effect_without_mediators() -> None:
    """Least squares along the chain multiplies out to least squares without it."""
    p = people()
    y = p["y"] + 0.5 * p["one"] * 1.3
    mediators = [[Mediator(p["one"], False)], [Mediator(p["two"], False)]]
    arms = np.zeros(N), np.ones(N)
    found = pathways(y, p["x"], arms, p["c"][:, None], mediators, binary=False)
    design = np.column_stack([np.ones(N), p["x"], p["c"]])
    assert found.total.value == pytest.approx(np.linalg.lstsq(design, y, rcond=None)[0][1])
    last = np.column_stack([design, p["one"], p["two"]])
    assert found.direct.estimate.value == pytest.approx(np.linalg.lstsq(last, y, rcond=None)[0][1])


def test_whole_effect_is_near_that_of_one_model_without_mediators() -> None:
    """The two differ by the form of the models alone, far within the error of either."""
    p = people(n=4000)
    found, none = parts(p), np.empty((4000, 0))
    exposed, unexposed = standardised_means(p["y"], p["x"], np.column_stack([p["c"], p["extra"]]), none, binary=True)
    one = exposed - unexposed
    assert abs(found.total.value - one.value) < Sampling(4000).standard_error(one.influence) / 4


Change = Callable[[dict[str, Floats]], Pathways]
SHUFFLED = np.random.default_rng(1).permutation(N)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: parts({**p, "one": 1000 * p["one"] - 7, "two": -0.01 * p["two"]}),
        lambda p: parts({**p, "c": 100 + 1e-4 * p["c"]}),
        lambda p: parts({**p, "c": p["extra"], "extra": p["c"]}),
        lambda p: parts({**p, "flag": 1 - p["flag"]}),
        lambda p: parts({name: values[SHUFFLED] for name, values in p.items()}),
        lambda p: parts(p, weights=np.full(N, 1.0)),
    ],
    ids=["unit of mediators", "unit of covariates", "order of covariates", "yes for no", "order of rows", "weights"],
)
def test_nothing_depends_on(change: Change) -> None:
    assert told(change(people())) == pytest.approx(told(parts(people())), rel=2e-6, abs=1e-8)


def test_a_weight_counts_people_so_often() -> None:
    p = people()
    counts = 1 + np.arange(N) % 3
    often = parts({name: np.repeat(values, counts) for name, values in p.items()})
    weighted = parts(p, weights=counts.astype(float))
    assert [weighted.total.value, weighted.direct.estimate.value] == pytest.approx(
        [often.total.value, often.direct.estimate.value], rel=1e-6
    )


def test_people_of_weight_0_do_not_count() -> None:
    p = people()
    more = {name: np.append(values, values[:30]) for name, values in p.items()}
    found = parts(more, weights=np.r_[np.ones(N), np.zeros(30)])
    alone = parts(p)
    assert found.total.value == pytest.approx(alone.total.value, rel=1e-6)
    weighed = Sampling(N + 30, weights=np.r_[np.ones(N), np.zeros(30)]).standard_error(found.total.influence)
    assert weighed == pytest.approx(Sampling(N).standard_error(alone.total.influence), rel=1e-5)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p: {**p, "flag": (p["one"] > 0).astype(float)}, NO_FIT),
        (lambda p: {**p, "two": p["one"] + p["c"]}, NO_MODEL),
    ],
    ids=["told without error", "told by those before"],
)
def test_a_chain_that_has_no_models_says_why(change: Callable[[dict[str, Floats]], Any], reason: str) -> None:
    found = parts(change(people()))
    assert {part.estimate.reason for part in (*found.blocks, found.direct)} == {reason}
    assert part_interval(found.direct, Sampling(N)).reason == reason


def test_no_part_has_a_share_of_an_effect_that_may_be_nil() -> None:
    p = people()
    found, sampling = parts({**p, "y": p["y"][::-1]}), Sampling(N)
    whole = sampling.interval(found.total)
    assert whole.lower < 0 < whole.upper
    assert {share_interval(part, found.total, sampling).reason for part in (*found.blocks, found.direct)} == {NO_SHARE}


# --- the study -------------------------------------------------------------------------------------------------------


def settings(**given: Any) -> Settings:
    asked = {"exposures": ["poverty"], "mediators": ["brain_health"], "adjust": "design", **given}
    return Settings.model_validate({"kind": "pathways", "outcomes": ["multi_sector_need"], **asked})


def test_a_block_is_a_name_or_names_or_has_a_label() -> None:
    study = settings(
        mediators=["brain_health", ["iq", "self_control"], {"columns": ["mental_problems"], "label": "Mind"}]
    )
    assert study.mediators == [
        Block(columns=["brain_health"], label=""),
        Block(columns=["iq", "self_control"], label=""),
        Block(columns=["mental_problems"], label="Mind"),
    ]
    assert list(study.paths(CONFIG.codebook)) == ["brain_health", "iq_self_control", "mental_problems", "direct"]
    assert study.paths(CONFIG.codebook)["mental_problems"] == "Mind"


@pytest.mark.parametrize(
    ("given", "path", "what"),
    [
        ({"mediators": ["brian_health"]}, "mediators.0.columns.0", "'brian_health' is not a column of this cohort"),
        ({"mediators": ["poverty"]}, "mediators.0.columns.0", "'poverty' is an exposure already"),
        ({"mediators": ["ses"]}, "mediators.0.columns.0", "'ses' is a covariate already"),
        ({"mediators": ["iq", ["brain_health", "iq"]]}, "mediators.1.columns.1", "'iq' is a mediator already"),
        ({"exposures": ["unsafe_home"], "outcomes": ["poverty"], "mediators": ["poverty"]}, "mediators.0.columns.0",
         "'poverty' is an outcome already"),
        ({"mediators": ["birth_date"]}, "mediators.0.columns.0", "'birth_date' has role birth_date and type date"),
        ({"outcomes": ["disease"]}, "outcomes.0", "'disease' is a time to an event"),
        (
            {"mediators": ["unsafe_home", "maltreatment", ["no_qualifications", "prenatal_exposure"]]},
            "mediators",
            "4 yes/no columns; at most 3 can be handled",
        ),
    ],
)  # fmt: skip
def test_what_the_cohort_file_gets_wrong_is_told(given: dict[str, Any], path: str, what: str) -> None:
    found = [(mistake.path, mistake.what) for mistake in settings(**given).check(CONFIG.codebook)]
    assert found == [(path, what)]


@pytest.fixture(scope="module")
def dunedin() -> Tables:
    return studied(STUDY, CONFIG, people_of(CONFIG, 1))


def rows_of(found: Tables) -> pd.Series:
    rows = found["estimates"]
    return rows.set_index(["exposure", "estimand", "method"])["estimate"]


def test_rows_of_parts_add_up_to_the_whole_and_their_shares_to_one(dunedin: Tables) -> None:
    rows = rows_of(dunedin)
    parts, whole = rows.xs("path_risk_difference", level="estimand"), rows["poverty", "risk_difference", "paths"]
    assert list(parts.index.get_level_values("exposure")) == [
        "poverty:brain_health",
        "poverty:iq_self_control_mental_problems",
        "poverty:no_qualifications",
        "poverty:direct",
    ]
    assert parts.sum() == pytest.approx(whole)
    assert rows.xs("path_share", level="estimand").sum() == pytest.approx(1)


def test_who_lacks_a_mediator_leaves_with_the_reason() -> None:
    cohort = people_of(CONFIG, 1)
    cohort.persons.loc[cohort.persons.index[::10], "iq"] = np.nan
    flow = studied(STUDY, CONFIG, cohort)["flow"].set_index("step")["people"]
    assert flow["mediators not known"] > 0
    assert flow["due"] == flow.drop("due").sum()


def test_rows_do_not_depend_on_the_order_of_people(dunedin: Tables) -> None:
    cohort = people_of(CONFIG, 1)
    turned = replace(cohort, persons=cohort.persons[::-1].reset_index(drop=True))
    pd.testing.assert_series_equal(rows_of(studied(STUDY, CONFIG, turned)), rows_of(dunedin), rtol=1e-7)


def test_a_mediator_that_nobody_differs_in_is_a_row_with_the_reason() -> None:
    cohort = people_of(CONFIG, 1)
    cohort.persons["iq"] = 100.0
    rows = studied(STUDY, CONFIG, cohort, strict=False)["estimates"]
    assert rows["status"].tolist() == ["not estimable"]
    assert "iq" in rows["reason"].iloc[0]


def test_a_number_as_exposure_and_as_outcome() -> None:
    """Family income and birth weight: one mediator, cigarettes; the whole is per $10,000 a year."""
    rows = rows_of(
        studied("income_paths", with_studies(configured("bwght"), "income_paths"), people_of(configured("bwght"), 1))
    )
    whole = rows["family_income", "mean_difference"]
    assert whole["paths"] == pytest.approx(whole["standardisation"])
    assert rows.xs("path_difference", level="estimand").sum() == pytest.approx(whole["paths"])


# --- the truth and its world -----------------------------------------------------------------------------------------

CONTRAST = effect("poverty", ["multi_sector_need"]).contrast
ASKED = Question(CONTRAST, ("multi_sector_need",), (("body", ("brain_health",)), ("mind", ("iq", "self_control"))))


def true_parts(**source: Any) -> pd.Series:
    world = synthetic("dunedin").where(**source).asked(ASKED)
    rows = world.simulated(20_000, stream_key(1, "dunedin", "test"))
    return rows[rows["exposure"].str.startswith("poverty")].set_index("exposure")["value"]


def test_true_parts_add_up_to_the_true_effect_of_the_same_people() -> None:
    rows = true_parts()
    assert list(rows.index) == ["poverty", "poverty:direct", "poverty:mind", "poverty:body"]
    assert rows.iloc[1:].sum() == pytest.approx(rows["poverty"])
    asked = synthetic("dunedin").asked(effect("poverty", ["multi_sector_need"]))
    plain = asked.simulated(20_000, stream_key(1, "dunedin", "test"))
    whole = plain[(plain["estimand"] == "risk_difference") & (plain["subgroup"] == "")].set_index("exposure")["value"]
    assert rows["poverty"] == pytest.approx(whole["poverty"])


def test_a_block_that_the_exposure_moves_only_through_those_before_has_no_part() -> None:
    truth = truth_of(CONFIG, 20_000, 1).set_index("exposure")["value"]
    assert truth["poverty:no_qualifications"] == 0
    assert truth["poverty:brain_health"] > 0


def test_where_nothing_acts_all_parts_are_nil_and_where_it_is_reversed_they_turn() -> None:
    np.testing.assert_allclose(true_parts(stressor_effect="null"), 0, atol=1e-12)
    assert (true_parts(stressor_effect="reversed") < 0).all()


def drawn(trait: float) -> dict[str, Any]:
    source = synthetic("dunedin").with_artefacts(mediator_confounding=trait).source
    return dict(dunedin_model(source).draw(2_000, np.random.SeedSequence(3)))


def test_the_unmeasured_trait_changes_nothing_before_it_and_all_that_it_acts_on() -> None:
    """Without it the same people are drawn to the last bit, since every equation draws from a stream of its own."""
    without, faint, full = drawn(0.0), drawn(1e-9), drawn(1.0)
    assert TRAIT not in without
    assert TRAIT not in configured("dunedin").codebook.columns
    for name in without:
        if name not in ("self_control", "need_log_odds") and not downstream(name):
            assert without[name].tobytes() == full[name].tobytes(), name
        if without[name].dtype.kind == "f":
            np.testing.assert_allclose(faint[name], without[name], rtol=1e-6, atol=1e-6, err_msg=name)
    lowered = np.corrcoef(full[TRAIT], full["self_control"])[0, 1]
    raised = np.corrcoef(full[TRAIT], full["need_log_odds"])[0, 1]
    assert lowered < -0.5 < 0.5 < raised
    assert abs(full["self_control"].std() - 1) < 0.1


def downstream(name: str) -> bool:
    """Whether the trait acts on a variable."""
    source = synthetic("dunedin").with_artefacts(mediator_confounding=1.0).source
    return name in dunedin_model(source).changed_by({TRAIT: 0.0})


# --- what is shown ---------------------------------------------------------------------------------------------------


def found_in(tables: Tables) -> Found:
    judged = {**tables, "estimates": with_truth(tables["estimates"], truth_of(CONFIG, 20_000, 1))}
    return Found.of("dunedin", STUDY, judged, judged["curves"], synthetic=True)


def test_each_line_names_what_more_it_needs(dunedin: Tables) -> None:
    (table,) = showing.words(CONFIG.studies[STUDY], CONFIG.codebook, found_in(dunedin))["tables"]
    assert [row["needs"] for row in table.rows] == [
        "Poverty in early childhood; High need in 3 or more of 8 sectors at 38",
        "as above, and Biological: brain health",
        "as above, and Psychological: IQ, self-control and mental health",
        "as above, and Social: schooling",
        "as above",
    ]
    assert [row["path"] for row in table.rows][::4] == ["Whole effect", "Through none of these"]
    assert all(row["truth"] for row in table.rows)
    assert sum(float(row["true_share"]) for row in table.rows[1:]) == pytest.approx(100, abs=2)


def test_the_figure_has_a_lane_for_each_path_and_can_be_read_on_a_telephone(dunedin: Tables) -> None:
    drawn = showing.figures(CONFIG.studies[STUDY], CONFIG.codebook, found_in(dunedin))
    assert list(drawn) == ["paths_1"]
    assert faults(drawn["paths_1"]) == []
    assert "Psychological: IQ, self-control and mental health: 15% of the effect" in drawn["paths_1"].alt


def test_how_much_passes_what_was_measured_is_said_only_of_an_effect_clear_of_zero(dunedin: Tables) -> None:
    study = CONFIG.studies[STUDY]
    (text,) = showing.messages(study, CONFIG.codebook, found_in(dunedin))
    assert "of an effect of +13.7 percentage points" in text
    nothing = with_studies(changed(configured("dunedin"), {"source.stressor_effect": "null"}), STUDY)
    tables = studied(STUDY, nothing, people_of(nothing, 1), strict=False)
    rows = tables["estimates"].set_index("estimand")
    assert (rows.loc["risk_difference", "lower"] < 0).all()
    assert showing.messages(study, CONFIG.codebook, found_in(tables)) == []
    assert set(rows.loc["path_share", "reason"]) == {NO_SHARE}
