"""When in life an exposure matters: how hypotheses are coded, what the path rests on, and what the study says."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.base.streams import stream
from evenwicht.display.section import Found
from evenwicht.estimators.life_course import FAMILIES, OF_ANY, hypotheses
from evenwicht.estimators.life_course_paths import Moments, lasso_path, partial_moments
from evenwicht.estimators.selective_inference import Truncated, largest_t, selection_at, truncated
from evenwicht.results.rows import FAILED, NAIVE, with_truth
from evenwicht.studies import showing
from evenwicht.studies.timing import CHOICE, SELECTIVE, Settings
from evenwicht.studies.timing.section import words

from tests.cohorts import Tables, changed, configured, people_of, studied, truth_of, with_studies
from tests.figures import faults

PERIODS, AGES = ["early", "middle", "late"], [1.0, 5.0, 10.0]
PATTERNS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 0, 1], [1, 1, 1]], dtype=float)

# --- hypotheses

CODED = {
    "sensitive_early": [0, 1, 0, 1, 1],
    "sensitive_middle": [0, 0, 1, 0, 1],
    "sensitive_late": [0, 0, 0, 1, 1],
    "accumulation": [0, 1, 1, 2, 3],
    "recency": [0, 0.1, 0.5, 1.1, 1.6],
    "worsening_early_middle": [0, 0, 1, 0, 0],
    "improvement_early_middle": [0, 1, 0, 1, 0],
    "worsening_middle_late": [0, 0, 0, 1, 0],
    "improvement_middle_late": [0, 0, 1, 0, 0],
    "ever": [0, 1, 1, 1, 1],
    "always": [0, 0, 0, 0, 1],
}


def test_each_hypothesis_is_one_column() -> None:
    columns = hypotheses(PATTERNS, PERIODS, AGES, FAMILIES, binary=True)
    assert list(columns) == list(CODED)
    assert {name: pytest.approx(values) for name, values in CODED.items()} == columns


def test_of_a_number_change_is_a_difference_and_there_is_no_ever() -> None:
    amounts = np.array([[1.0, 2.5, 2.0], [0.0, 0.0, 4.0]])
    columns = hypotheses(amounts, PERIODS, AGES, OF_ANY, binary=False)
    assert "ever" not in columns
    assert columns["change_early_middle"] == pytest.approx([1.5, 0.0])
    assert columns["change_middle_late"] == pytest.approx([-0.5, 4.0])
    assert columns["accumulation"] == pytest.approx([5.5, 4.0])


def test_only_the_families_asked_for_are_coded() -> None:
    assert list(hypotheses(PATTERNS, PERIODS, AGES, ["accumulation", "ever"], binary=True)) == ["accumulation", "ever"]


def test_recency_weighs_by_age_over_the_last_age() -> None:
    """So the unit of age changes nothing, and exposure in the last period counts 1."""
    years = hypotheses(PATTERNS, PERIODS, AGES, FAMILIES, binary=True)["recency"]
    months = hypotheses(PATTERNS, PERIODS, [12 * age for age in AGES], FAMILIES, binary=True)["recency"]
    assert years == pytest.approx(months)
    assert hypotheses(np.array([[0.0, 0.0, 1.0]]), PERIODS, AGES, FAMILIES, binary=True)["recency"] == [1.0]


# --- what the path rests on


@cache
def people(n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, exposures and covariates, of whom one is far from zero in a small unit."""
    rng = np.random.default_rng(5)
    covariates = np.column_stack([rng.normal(size=n), 1e6 + 1e-3 * rng.normal(size=n)])
    liability = rng.normal(size=(n, 1)) + rng.normal(size=(n, 3)) + 0.5 * covariates[:, :1]
    exposure = (liability > 0.5).astype(float)
    outcome = 0.4 * exposure.sum(axis=1) + covariates[:, 0] + rng.normal(size=n)
    return outcome, exposure, covariates


def moments_of(
    outcome: np.ndarray, exposure: np.ndarray, covariates: np.ndarray, weights: np.ndarray | None = None
) -> Moments:
    columns = hypotheses(exposure, PERIODS, AGES, FAMILIES, binary=True)
    return partial_moments(outcome, columns, covariates, "here", weights)


def slope(moments: Moments) -> tuple[str, float, float, float]:
    """The first choice with its slope and selective limits, in the unit of the outcome."""
    path = lasso_path(moments)
    first = path.steps[0].position
    found = truncated(selection_at(path, moments, float(path.penalties[1])), moments, first, moments.noise("here"))
    return (moments.names[first], *(x / moments.length[first] for x in (found.estimate, *found.limits())))


def test_slope_of_the_first_choice_is_that_of_least_squares_with_the_covariates() -> None:
    outcome, exposure, covariates = people()
    name, estimate, lower, upper = slope(moments_of(outcome, exposure, covariates))
    chosen = hypotheses(exposure, PERIODS, AGES, FAMILIES, binary=True)[name]
    scaled = (covariates - covariates.mean(axis=0)) / covariates.std(axis=0)
    design = np.column_stack([chosen, np.ones(len(outcome)), scaled])
    assert estimate == pytest.approx(np.linalg.lstsq(design, outcome)[0][0], rel=1e-9)
    assert lower < estimate < upper


def test_explained_variance_is_that_beyond_the_covariates() -> None:
    outcome, exposure, covariates = people()
    moments = moments_of(outcome, exposure, covariates)
    scaled = (covariates - covariates.mean(axis=0)) / covariates.std(axis=0)
    base = np.column_stack([np.ones(len(outcome)), scaled])
    full = np.column_stack([base, exposure.sum(axis=1)])
    left = [np.sum((outcome - d @ np.linalg.lstsq(d, outcome)[0]) ** 2) for d in (base, full)]
    explained = moments.explained([moments.names.index("accumulation")])
    assert explained == pytest.approx(1 - left[1] / left[0], rel=1e-9)


@pytest.mark.parametrize(("factor", "shift"), [(1e6, 0.0), (1e-6, 0.0), (1.0, 1e5), (-3.0, 7.0)])
def test_the_unit_and_origin_of_the_outcome_change_no_choice(factor: float, shift: float) -> None:
    outcome, exposure, covariates = people()
    name, *numbers = slope(moments_of(outcome, exposure, covariates))
    other, *scaled = slope(moments_of(factor * outcome + shift, exposure, covariates))
    expected = factor * np.array(numbers)
    assert other == name
    assert scaled == pytest.approx(expected if factor > 0 else expected[[0, 2, 1]], rel=1e-6)


def test_units_origins_and_order_of_covariates_change_nothing() -> None:
    outcome, exposure, covariates = people()
    other = np.column_stack([1e4 * (covariates[:, 1] - 1e6), 3 - 1e-5 * covariates[:, 0]])
    first, second = (slope(moments_of(outcome, exposure, c)) for c in (covariates, other))
    assert first[0] == second[0]
    assert first[1:] == pytest.approx(second[1:], rel=1e-7)


def test_the_order_of_rows_changes_nothing() -> None:
    order = np.random.default_rng(3).permutation(len(people()[0]))
    first, second = (slope(moments_of(*(part[rows] for part in people()))) for rows in (slice(None), order))
    assert first[0] == second[0]
    assert first[1:] == pytest.approx(second[1:], rel=1e-9)


def test_a_weight_is_so_many_people() -> None:
    outcome, exposure, covariates = (part[:60] for part in people())
    counts = np.random.default_rng(1).integers(0, 4, 60)
    rows = np.repeat(np.arange(60), counts)
    weighted = moments_of(outcome, exposure, covariates, counts.astype(float))
    repeated = moments_of(outcome[rows], exposure[rows], covariates[rows])
    assert weighted.names == repeated.names
    assert weighted.gram == pytest.approx(repeated.gram, abs=1e-9)
    assert weighted.inner == pytest.approx(repeated.inner, rel=1e-7)
    assert weighted.length == pytest.approx(repeated.length, rel=1e-9)
    assert (weighted.total, weighted.left) == pytest.approx((repeated.total, repeated.left))


def test_the_path_has_the_kkt_conditions_of_the_lasso_at_every_knot() -> None:
    """Whom the penalty holds back has that much correlation left; nobody has more."""
    moments = moments_of(*people())
    path = lasso_path(moments, least=1e-2)
    for penalty, coefficients in zip(path.penalties, path.coefficients.T, strict=True):
        left = moments.inner - moments.gram @ coefficients
        chosen = coefficients != 0
        assert np.abs(left).max() <= penalty * (1 + 1e-6)
        assert left[chosen] == pytest.approx(penalty * np.sign(coefficients[chosen]), rel=1e-6)


def test_accumulation_follows_from_the_periods_and_does_not_break_the_path() -> None:
    moments = moments_of(*people())
    assert moments.rank == 3 + 2 + 2  # periods, their neighbours together, and ever and always
    assert len(moments.names) > moments.rank
    assert len(lasso_path(moments, most=6).steps) >= 5


# --- what cannot be told


def test_a_hypothesis_in_which_nobody_differs_is_left_out_with_the_reason() -> None:
    outcome, exposure, covariates = people()
    never_all = exposure * (exposure.sum(axis=1, keepdims=True) < 3)
    moments = moments_of(outcome, never_all, covariates)
    assert "always" not in moments.names
    assert moments.unlike["always"] == "people do not differ in it, given the covariates"


def test_what_follows_from_the_covariates_is_left_out() -> None:
    outcome, exposure, covariates = people()
    moments = moments_of(outcome, exposure, np.column_stack([covariates, exposure[:, 0]]))
    assert moments.unlike["sensitive_early"] == "people do not differ in it, given the covariates"


def test_of_two_hypotheses_that_tell_people_apart_alike_the_first_stays() -> None:
    outcome, exposure, covariates = people()
    constant = np.column_stack([exposure[:, 0], exposure[:, 0], exposure[:, 2]])
    moments = moments_of(outcome, constant, covariates)
    assert "sensitive_early" in moments.names
    assert moments.unlike["sensitive_middle"] == "it tells people apart exactly as another hypothesis does"


@pytest.mark.parametrize(
    ("outcome", "columns", "what"),
    [
        (np.ones(50), {"a": np.arange(50.0), "b": np.arange(50.0) ** 2}, "the outcome does not vary"),
        (np.arange(50.0), {"a": np.arange(50.0), "b": np.ones(50)}, "fewer than two hypotheses"),
    ],
)
def test_no_path_without_an_outcome_and_hypotheses_that_vary(
    outcome: np.ndarray, columns: dict[str, np.ndarray], what: str
) -> None:
    with pytest.raises(ModelError, match=what):
        partial_moments(outcome, columns, np.empty((50, 0)), "here")


def test_no_variance_from_a_few_people_or_from_none_that_is_left() -> None:
    outcome, exposure, covariates = (part[:35] for part in people())
    with pytest.raises(ModelError, match="too few people"):
        moments_of(outcome, exposure, covariates).noise("here")
    _, exposure, covariates = people()
    with pytest.raises(ModelError, match="without error"):
        moments_of(exposure.sum(axis=1), exposure, covariates).noise("here")


# --- truncated normal estimates


def test_without_limits_an_estimate_has_the_usual_interval_and_p_value() -> None:
    free = Truncated(1.5, 0.5, -np.inf, np.inf)
    assert free.limits() == pytest.approx((1.5 - 1.959963985 * 0.5, 1.5 + 1.959963985 * 0.5), abs=1e-8)
    assert free.two_sided() == pytest.approx(0.002699796, abs=1e-9)


def test_the_sign_of_an_estimate_changes_only_signs() -> None:
    one, other = Truncated(3.0, 1.0, 2.5, np.inf), Truncated(-3.0, 1.0, -np.inf, -2.5)
    assert one.limits() == pytest.approx([-limit for limit in other.limits()[::-1]])
    assert one.two_sided() == pytest.approx(other.two_sided())
    assert one.beyond(1.0) == pytest.approx(other.beyond(-1.0))


def test_both_tails_are_a_half_for_the_same_mean() -> None:
    found = Truncated(3.0, 1.0, 2.0, 5.0)
    assert found.beyond(1.0) + found.beyond(-1.0) == pytest.approx(1.0)
    assert found.below(0.0) == pytest.approx(found.beyond(-1.0))


def test_interval_and_p_value_agree() -> None:
    """An interval that just excludes no effect has a P value just below 5%."""
    for estimate in np.linspace(2.51, 6.0, 40):
        found = Truncated(float(estimate), 1.0, 2.5, np.inf)
        assert (found.limits()[0] > 0) == (found.two_sided() < 0.05)


def test_far_out_in_the_tail_limits_are_finite_and_ordered() -> None:
    lower, upper = Truncated(41.0, 1.0, 40.0, np.inf).limits()
    assert -np.inf < lower < 41.0 < upper < np.inf


def test_the_closer_an_estimate_is_to_its_limit_the_less_it_says() -> None:
    """Next to it, even the whole interval can lie below: almost any smaller mean fits better."""
    widths = [upper - lower for lower, upper in (Truncated(2.0 + d, 1.0, 2.0, np.inf).limits() for d in (2, 0.5, 0.1))]
    assert widths == sorted(widths)
    lower, upper = Truncated(2.01, 1.0, 2.0, np.inf).limits()
    assert lower < upper < 2.01


def test_the_best_of_many_by_chance_is_that_of_independent_columns() -> None:
    """Of p unrelated hypotheses the chance that none is beyond t is that of one to the power p."""
    p, n = 5, 100_000
    moments = Moments([f"h{j}" for j in range(p)], np.eye(p), np.array([2.5, 0, 0, 0, 0]), np.ones(p), 1e5, n, {})
    expected = 1 - 0.987580669**p
    p_value, explained = largest_t(moments, 1.0, np.random.default_rng(1))
    assert p_value == pytest.approx(expected, abs=4 * np.sqrt(expected / 20_000))
    assert explained == pytest.approx(2.5688**2 / 1e5, rel=0.03)


# --- settings


def mistakes(**changes: Any) -> dict[str, str]:
    """What is wrong with the timing study of the life-course file with other settings, by key path."""
    data = {**configured("lifecourse").studies["timing"].model_dump(), **changes}
    return {m.path: m.what for m in Settings.model_validate(data).check(configured("lifecourse").codebook)}


def test_the_default_study_has_no_mistakes() -> None:
    assert mistakes() == {}


def period(column: str, age: float) -> dict[str, Any]:
    return {"column": column, "age": age}


FIRST, LAST = period("stressor_prenatal", 0.1), period("stressor_adolescence", 15)
WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "an outcome that is no number": ({"outcomes": ["disorder"]}, "outcomes.0", "'disorder' is no number"),
    "an unknown column": ({"periods": {"a": FIRST, "b": period("stresor", 3)}}, "periods.b.column", "'stresor' is not"),
    "one column twice": ({"periods": {"a": FIRST, "b": {**FIRST, "age": 3}}}, "periods.a.column", "of two periods"),
    "a category": ({"periods": {"a": FIRST, "b": period("sex", 3)}}, "periods.b.column", "of type category"),
    "several units": ({"periods": {"a": FIRST, "b": period("ses", 3)}}, "periods", "not in one unit"),
    "an exposure among covariates": (
        {"adjust": {"columns": ["stressor_infancy"]}},
        "adjust.columns.0",
        "the exposure itself",
    ),
    "ever of numbers": (
        {
            "periods": {"a": period("ses", 1), "b": period("birth_year", 2)},
            "hypotheses": ["ever"],
            "adjust": {"columns": []},
        },
        "hypotheses.0",
        "of a yes/no exposure",
    ),
    "imputation": ({"missing": {"handling": "imputation"}}, "missing.handling", "imputation"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_study_that_cannot_be_made_says_where_and_why(case: str) -> None:
    changes, path, what = WRONG[case]
    assert what in mistakes(**changes)[path]


def test_periods_must_be_in_order_of_age() -> None:
    with pytest.raises(ValueError, match="in order of age"):
        mistakes(periods={"a": LAST, "b": FIRST})


def test_all_hypotheses_that_fit_are_asked_unless_some_are_named() -> None:
    book = configured("lifecourse").codebook
    study = configured("lifecourse").studies["timing"]
    assert isinstance(study, Settings)
    assert study.families(book) == FAMILIES
    some = study.model_copy(update={"hypotheses": ["recency", "accumulation"]})
    assert some.families(book) == ("accumulation", "recency")


# --- the study


@cache
def found() -> Tables:
    config = with_studies(changed(configured("lifecourse"), {"scenarios": {}, "scenario_studies": []}), "timing")
    tables = studied("timing", config, people_of(config, 1))
    return {**tables, "estimates": with_truth(tables["estimates"], truth_of(config, 100_000, 1))}


def rows(**keys: str) -> pd.DataFrame:
    table = found()["estimates"]
    for name, value in keys.items():
        table = table[table[name] == value]
    return table


def test_one_hypothesis_is_chosen_and_only_it_has_a_slope() -> None:
    choices = rows(method=CHOICE, estimand="chosen_first")
    assert len(choices) == 14
    assert choices["estimate"].sum() == 1
    chosen = choices.loc[choices["estimate"] == 1, "exposure"].item()
    slopes = rows(estimand="timing_slope")
    assert sorted(slopes["method"]) == [NAIVE, SELECTIVE]
    assert set(slopes["exposure"]) == {chosen}


def test_the_interval_that_allows_for_the_choice_is_never_narrower_towards_no_effect() -> None:
    selective, naive = (rows(estimand="timing_slope", method=method).iloc[0] for method in (SELECTIVE, NAIVE))
    assert selective["estimate"] == naive["estimate"]
    assert abs(selective["lower"]) <= abs(naive["lower"]) + 1e-6


def test_every_row_has_a_true_value() -> None:
    assert found()["estimates"]["truth"].notna().all()
    assert rows(estimand="chosen_first")["truth"].sum() == 1


def test_people_without_the_outcome_leave_and_are_counted() -> None:
    flow = found()["flow"].set_index("step")["people"]
    assert flow["due"] == 5000
    assert flow["outcome not known"] + flow["analysed"] == 5000


def test_a_job_that_is_judged_leaves_out_what_recovery_cannot_judge() -> None:
    config = with_studies(changed(configured("lifecourse"), {"scenarios": {}, "scenario_studies": []}), "timing")
    judged = studied("timing", config, people_of(config, 1), known=set())
    assert set(judged["diagnostics"]["statistic"]) == {"outcome_sd"}
    columns = ["exposure", "estimand", "method", "estimate", "lower", "upper"]
    pd.testing.assert_frame_equal(judged["estimates"][columns], found()["estimates"][columns])


def test_too_few_people_are_a_row_with_the_reason() -> None:
    config = configured("lifecourse")
    few = with_studies(
        changed(config, {"source.n": 100, "source.assessed": 0.3, "scenarios": {}, "scenario_studies": []}), "timing"
    )
    table = studied("timing", few, people_of(few, 1), strict=False)["estimates"]
    assert table["method"].tolist() == [FAILED]
    assert table["status"].tolist() == ["not estimable"]
    assert "too few people" in table["reason"].item()


# --- what is shown


def shown() -> tuple[Settings, Found]:
    config = configured("lifecourse")
    study = config.studies["timing"]
    assert isinstance(study, Settings)
    return study, Found.of("lifecourse", "timing", found(), found()["curves"], synthetic=True)


def test_the_report_tells_choice_both_intervals_and_the_truth() -> None:
    study, all_found = shown()
    told = words(study, configured("lifecourse").codebook, all_found)
    [line] = told["table"].rows
    assert line["chosen"] == line["best"] == "Accumulation: all periods count alike"
    assert line["selective"]
    assert line["naive"]
    assert told["told"][0].startswith("Symptoms at 30: of 14 hypotheses about timing")
    assert len(told["close"].rows) == 6


def test_every_hypothesis_has_words() -> None:
    study, _ = shown()
    names = study.names(configured("lifecourse").codebook)
    assert set(rows(estimand="chosen_first")["exposure"]) <= set(names)


def test_the_path_is_drawn_without_faults() -> None:
    study, all_found = shown()
    [picture] = showing.figures(study, configured("lifecourse").codebook, all_found).values()
    assert faults(picture) == []
    assert "Chosen first: Accumulation" in picture.alt


def test_random_draws_come_from_the_stream_of_the_job() -> None:
    first, second = (
        largest_t(moments_of(*people()), 1.0, stream(1, "lifecourse", "timing"), draws=500) for _ in range(2)
    )
    assert first == second
