"""Rows, tables, figures and the page: what a reader sees."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.config.loading import load_run, read_yaml
from evenwicht.display import wording
from evenwicht.display.labels import Labels
from evenwicht.estimators.results import ESTIMANDS, Interval
from evenwicht.report import drift
from evenwicht.report.comparison import Cell, Line, compare_levels
from evenwicht.report.methods import methods_used
from evenwicht.report.page import render
from evenwicht.report.tables import attrition, replication, table_one
from evenwicht.results import schema
from evenwicht.results.reading import read_tables
from evenwicht.results.rows import Findings, Rows, with_truth
from evenwicht.studies import showing
from evenwicht.studies.birth_periods.section import words as birth_periods
from evenwicht.studies.concentration.section import concentration_lines
from evenwicht.studies.discontinuity.section import words as discontinuity
from evenwicht.worlds.fitting import FIT
from evenwicht.worlds.published import CALIBRATION, PUBLISHED

from tests.cohorts import changed, configured
from tests.conftest import ROOT, WORLDS
from tests.pages import bare_keys, text_of
from tests.rows import FEW, TOO_SHORT, Tables, about, estimates, found_in, some_rows, some_tables, tables, use_of
from tests.worlds import published

EMPTY = {
    **{
        name: getattr(schema, name.upper()).table([])
        for name in (
            "estimates",
            "diagnostics",
            "flow",
            "table1",
            "attrition",
            "truth",
            "bias",
            "recovery",
            "scenarios",
        )
    },
    "coverage": schema.COVERAGE.table([]),
    "replication": schema.REPLICATION.table([]),
    "calibration": CALIBRATION.table([]),
    "calibration_fit": FIT.table([]),
}


# --- rows -----------------------------------------------------------------------------------------------------------


def test_an_estimate_is_a_row_with_these_columns() -> None:
    assert list(some_rows().columns) == [
        "cohort",
        "study",
        "outcome",
        "exposure",
        "reference",
        "subgroup",
        "at",
        "estimand",
        "method",
        "estimate",
        "lower",
        "upper",
        "se",
        "n",
        "events",
        "unit",
        "status",
        "reason",
        "truth",
    ]


def test_two_rows_of_one_key_are_refused() -> None:
    rows = about("quitting", "weight_change")
    rows.add("mean_difference", "crude", Interval(1.0), n=1)
    rows.add("mean_difference", "crude", Interval(2.0), n=1)
    with pytest.raises(ValueError, match="1 rows repeat the key"):
        rows.findings.tables()


def test_an_estimand_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(KeyError, match="odds"):
        about("quitting", "death").add("odds", "crude", Interval(1.0), n=1)
    with pytest.raises(KeyError, match="unknown diagnostic luck"):
        about("quitting", "death").diagnose("luck", "crude", 1.0)


def test_truth_stands_beside_the_estimates_of_the_same_question_only() -> None:
    crime = about("concentration", "crime", "", "", "dunedin")
    crime.add("gini", "observed", Interval(0.9), n=10, at="38")
    crime.add("gini", "observed", Interval(0.9), n=10, at="45")
    known = {"outcome": "crime", "estimand": "gini", "at": "38", "value": 0.88}
    truth = schema.TRUTH.table([{"cohort": "dunedin", **known}])
    assert with_truth(estimates(crime), truth)["truth"].tolist() == pytest.approx([0.88, np.nan], nan_ok=True)


# --- tables ---------------------------------------------------------------------------------------------------------


def described(cohort: Cohort, config: CohortConfig) -> pd.DataFrame:
    """Table 1 as the cohort file asks for it."""
    return table_one(cohort, config.codebook, config.table1, config.described_by)


def test_table_one_describes_by_exposure(nhefs: Cohort, nhefs_config: CohortConfig) -> None:
    table = described(nhefs, nhefs_config)
    size = table.iloc[0]
    assert (size["overall"], size["exposed"], size["unexposed"]) == ("1629", "428", "1201")
    age = table[table["variable"] == "age"].iloc[0]
    persons = nhefs.persons
    assert age["overall"] == f"{persons['age'].mean():.1f} ({persons['age'].std():.1f})"
    assert set(table[table["variable"] == "education"]["level"]) == set(persons["education"].cat.categories)


def dated(nhefs: Cohort, config: CohortConfig) -> tuple[Cohort, CohortConfig]:
    """The cohort with a date of birth: the first of June 1930 and later for those who quit, a year earlier for others."""
    day = pd.Series(range(len(nhefs.persons)), index=nhefs.persons.index) % 101
    start = pd.Series(pd.Timestamp("1929-06-01"), index=day.index).mask(
        nhefs.persons["quit"].astype(bool), pd.Timestamp("1930-06-01")
    )
    born = (start + pd.to_timedelta(day, unit="D")).mask(day == 100)
    column = {"role": "birth_date", "type": "date", "label": "Date of birth"}
    return (
        replace(nhefs, persons=nhefs.persons.assign(born=born)),
        changed(config, {"columns.born": column, "table1": ["born"]}),
    )


def test_table_one_gives_dates_as_dates(nhefs: Cohort, nhefs_config: CohortConfig) -> None:
    cohort, config = dated(nhefs, nhefs_config)
    line = described(cohort, config).iloc[1]
    quit_ = cohort.persons.loc[cohort.persons["quit"].astype(bool), "born"]
    lower, median, upper = (f"{quit_.quantile(q):%Y-%m-%d}" for q in (0.25, 0.5, 0.75))
    assert line["statistic"] == "median_quartiles"
    assert line["exposed"] == f"{median} ({lower} to {upper})"
    assert median.startswith("1930-07")
    assert line["missing"] == cohort.persons["born"].isna().sum() > 0
    assert float(line["standardised_difference"]) > 5, "a year apart, in standard deviations of about a month"


def test_table_one_says_where_nothing_is_known(nhefs: Cohort, nhefs_config: CohortConfig) -> None:
    empty = replace(nhefs, persons=nhefs.persons.assign(age=np.nan))
    line = described(empty, changed(nhefs_config, {"table1": ["age"]})).iloc[1]
    assert (line["overall"], line["exposed"], line["standardised_difference"]) == ("none known", "none known", "")


def test_text_in_tables_is_read_as_it_was_written(tmp_path: Path) -> None:
    told = [
        {"statistic": "n", "overall": "6000"},
        {"statistic": "percent", "overall": "50.0", "standardised_difference": "0.50"},
    ]
    schema.TABLE1.table(told).to_csv(tmp_path / "table1.csv", index=False)
    schema.ATTRITION.table([{"wave": "07"}]).to_csv(tmp_path / "attrition.csv", index=False)
    read = read_tables([tmp_path / "table1.csv", tmp_path / "attrition.csv"])
    assert read["table1"]["overall"].tolist() == ["6000", "50.0"]
    assert read["table1"]["standardised_difference"].tolist() == ["", "0.50"]
    assert read["attrition"]["wave"].tolist() == ["07"]


def test_attrition_counts_those_due_and_those_assessed(nhefs: Cohort) -> None:
    table = attrition(nhefs, published()).set_index("wave")
    assert table.loc["1982", ["due", "assessed"]].tolist() == [1629, 1566]
    assert table.loc["1982", "percent_assessed"] == 96.1


def test_replication_holds_only_real_cohorts_and_rows_that_set_no_parameter() -> None:
    some = some_tables()
    table = replication(some["estimates"], some["diagnostics"], published(), WORLDS)
    assert set(table["cohort"]) == {"nhefs"}
    by_method = table.set_index("method")
    assert by_method.loc["crude", "agrees"]
    assert by_method.loc["standardisation", "estimate_published"] == 3.5
    altered = some["estimates"].assign(estimate=some["estimates"]["estimate"] + 0.1)
    assert not replication(altered, some["diagnostics"], published(), WORLDS)["agrees"].any()


def test_a_published_diagnostic_is_compared_as_well() -> None:
    first = about("price_as_instrument", "log_birth_weight", "cigarette_price", "per_1", "bwght")
    first.diagnose("first_stage_f", "iv_unadjusted", 0.1305)
    some = tables(first)
    (row,) = replication(some["estimates"], some["diagnostics"], published(), WORLDS).to_dict("records")
    assert (row["estimand"], row["estimate_published"], row["agrees"]) == ("first_stage_f", 0.13, True)


def test_every_published_figure_has_source_tag_and_use() -> None:
    figures = PUBLISHED.checked(published())
    assert (figures[["source", "tag", "use"]] != "").all().all()
    assert set(figures["use"]) <= {"calibrate", "check", "context"}
    low = figures["tag"].str.contains("M-lo")
    assert not low.any()


def test_the_world_is_set_by_the_published_counts(dunedin_config: CohortConfig) -> None:
    """The config repeats shares that the data file gives as counts; they must not part ways."""
    theirs = published()[published()["cohort"] == "dunedin"]
    counts = theirs[theirs["outcome"] == "attrition"].pivot(index="at", columns="estimand", values="value")
    world = dunedin_config.source
    for wave in world.waves:
        due, assessed = counts.loc[f"{wave.age:g}", ["n_eligible", "n_assessed"]]
        assert wave.participation == pytest.approx(assessed / due, abs=5e-5)
    design = theirs[theirs["outcome"] == "design"].set_index("estimand")["value"]
    assert world.n == design["n"]
    assert 2 * world.families.twin_pairs == design["n_twins"]
    assert world.share_male == pytest.approx(design["n_male"] / design["n"], abs=5e-4)
    assert world.death_by_end == pytest.approx(design["n_deaths"] / design["n"], abs=5e-5)


# --- drift ----------------------------------------------------------------------------------------------------------


def test_equal_tables_have_not_drifted() -> None:
    assert drift.compare(some_rows(), some_rows()) == []


def test_rounding_of_the_last_printed_digit_is_not_drift() -> None:
    table = some_rows()
    assert drift.compare(table, table.assign(estimate=table["estimate"] * (1 + 1e-6))) == []


def test_a_changed_number_is_shown_with_its_row() -> None:
    table = some_rows()
    altered = table.copy()
    altered.loc[1, "estimate"] = 3.6
    (line,) = drift.compare(table, altered)
    assert line.startswith("~ nhefs | quitting | weight_change | quit | no | mean_difference | standardisation")
    assert line.endswith("estimate 3.5 -> 3.6")


def test_lost_and_new_rows_are_shown() -> None:
    table = some_rows()
    (lost,) = drift.compare(table, table.drop(index=0))
    (new,) = drift.compare(table.drop(index=0), table)
    assert (lost[0], new[0]) == ("-", "+")
    assert "crude" in lost


def test_changed_columns_are_shown() -> None:
    assert drift.compare(some_rows(), some_rows().rename(columns={"n": "size"}))[0].startswith("columns: ")


# --- words ----------------------------------------------------------------------------------------------------------


def row(estimate: float, lower: float = np.nan, upper: float = np.nan, se: float = np.nan, **more: object) -> dict:
    return {"estimand": "mean_difference", "estimate": estimate, "lower": lower, "upper": upper, "se": se, **more}


def normal(estimate: float, se: float, **more: object) -> dict:
    return row(estimate, estimate - 1.96 * se, estimate + 1.96 * se, se, **more)


def test_numbers_are_written_for_readers() -> None:
    assert wording.number(-1234.5, 1) == "−1,234.5"
    assert wording.number(-0.001, 1) == "0.0"
    assert wording.number(12_345, -2) == "12,300"
    assert wording.number(float("nan")) == ""
    assert wording.signed(0.26, 1) == "+0.3"
    assert wording.with_interval(1, 0.5, 2, digits=1) == "1.0 (0.5 to 2.0)"
    assert wording.with_interval(1, np.nan, np.nan, digits=1) == "1.0 (no interval)"


@pytest.mark.parametrize(
    ("told", "factor", "written"),
    [
        pytest.param(normal(0.21537, 0.0052), 1, "0.2154 (0.2052 to 0.2256)", id="log wage"),
        pytest.param(normal(3.4626, 0.4689), 1, "3.46 (2.54 to 4.38)", id="kg"),
        pytest.param(normal(-0.00188, 0.02052), 100, "−0.2 (−4.2 to 3.8)", id="percentage points"),
        pytest.param(normal(-0.00188, 0.02052), 100_000, "−200 (−4,200 to 3,800)", id="cases per 100,000"),
        pytest.param(normal(43_210.9, 1_234.5), 1, "43,200 (40,800 to 45,600)", id="euros"),
        pytest.param(normal(101.234, 0.4729), 1, "101.2 (100.3 to 102.2)", id="more than four digits"),
        pytest.param(row(0.665, 0.5, 0.882, 0.145, estimand="hazard_ratio"), 1, "0.665 (0.500 to 0.882)", id="ratio"),
        pytest.param(row(6.65, 5.0, 8.82, 0.145, estimand="hazard_ratio"), 1, "6.65 (5.00 to 8.82)", id="large ratio"),
        pytest.param(row(0.05, 0.01, 0.13), 1, "0.050 (0.010 to 0.130)", id="interval without error"),
        pytest.param(normal(0.1543, 0.0987), 1, "0.154 (−0.039 to 0.348)", id="error just below a power of ten"),
        pytest.param(normal(0.1543, 0.0996), 1, "0.15 (−0.04 to 0.35)", id="error that rounds to a power of ten"),
    ],
)
def test_decimals_follow_the_standard_error(told: dict, factor: float, written: str) -> None:
    assert wording.Scale(factor, "", wording.decimals(told, factor)).with_interval(told) == written


def test_a_true_value_follows_its_monte_carlo_error_and_is_never_rounded_away() -> None:
    assert wording.decimals({"estimate": 0.0208, "mc_error": 0.0012}) == 4
    assert wording.number(0.05, wording.decimals({"estimate": 0.05, "mc_error": 0.0})) == "0.0500"
    assert wording.number(12_345.0, wording.decimals({"estimate": 12_345.0})) == "12,345"
    faded = [wording.scale_of(normal(0.08, 0.061, truth=truth)).number(truth) for truth in (0.10, 0.05, 0.02)]
    assert faded == ["0.100", "0.050", "0.020"]


def printed(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "").replace("+", ""))


def estimates_of_every_size() -> Iterator[tuple[dict, float, float]]:
    """Rows with the standard error on the scale of the estimate, and the value of no effect."""
    rng = np.random.default_rng(1)
    for _ in range(3000):
        se = 10 ** rng.uniform(-4, 5)
        yield normal(se * rng.normal() * 10 ** rng.uniform(-1, 3), se), se, 0.0
        log, error = rng.normal(), 10 ** rng.uniform(-3, 0)
        ratio, lower, upper = map(float, np.exp([log, log - 1.96 * error, log + 1.96 * error]))
        yield row(ratio, lower, upper, error, estimand="risk_ratio"), ratio * error, 1.0


def test_rounding_moves_no_number_by_more_than_half_a_standard_error() -> None:
    for told, se, _ in estimates_of_every_size():
        scale = wording.scale_of(told)
        for name in ("estimate", "lower", "upper"):
            assert abs(printed(scale.number(told[name])) - told[name]) <= 0.5 * se


def test_estimate_and_limits_share_their_decimals() -> None:
    for told, _, _ in estimates_of_every_size():
        estimate, lower, _, upper = wording.scale_of(told).with_interval(told).split()
        texts = [text.strip("()") for text in (estimate, lower, upper)]
        assert len({len(text.partition(".")[2]) for text in texts}) == 1
        assert len(texts[0].partition(".")[2]) <= 8


def test_the_verdict_says_what_the_printed_limits_say() -> None:
    for told, se, nothing in estimates_of_every_size():
        scale = wording.scale_of(told)
        lower, upper = (printed(scale.number(told[name])) for name in ("lower", "upper"))
        assert scale.direction(told) == ("above" if lower > nothing else "below" if upper < nothing else "open")
        if told["lower"] > nothing + se / 100:  # further than any rounding
            assert scale.direction(told) == "above"


@pytest.mark.parametrize("lower", [0.0004, 0.004, 0.02])
def test_a_limit_that_excludes_no_effect_is_not_printed_as_no_effect(lower: float) -> None:
    above = row(0.15, lower, 0.3, 0.076)
    scale = wording.scale_of(above)
    assert printed(scale.number(lower)) > 0
    assert scale.direction(above) == "above"
    below_one = row(0.8, 0.64, 1 - lower / 2, 0.114, estimand="risk_ratio")
    assert printed(wording.scale_of(below_one).number(1 - lower / 2)) < 1


def test_what_cannot_be_given_is_said_with_its_reason() -> None:
    none = {**row(np.nan), "reason": "no events among the exposed"}
    bare = {**row(0.2), "reason": "2 clusters with the policy, 5 are needed"}
    assert wording.scale_of(none).with_interval(none) == "cannot be estimated: no events among the exposed"
    assert wording.scale_of(bare).with_interval(bare) == "0.200 (no interval: 2 clusters with the policy, 5 are needed)"


def test_an_estimate_stands_beside_its_unit_before_its_interval() -> None:
    told = normal(-3.13, 0.5, unit="kg")
    bare = {**row(-3.13, unit="kg"), "reason": "fewer than 5 clusters in an arm"}
    assert wording.scale_of(told).with_unit(told) == "−3.13 kg (−4.11 to −2.15)"
    assert wording.scale_of(bare).with_unit(bare) == "−3.13 kg (no interval: fewer than 5 clusters in an arm)"


def test_a_limit_that_is_infinite_is_told_in_words() -> None:
    inf = float("inf")
    assert [
        wording.Scale(1.0, "", 1).limits({"lower": a, "upper": b}) for a, b in ((-inf, inf), (-inf, 2), (1, inf))
    ] == [
        "any value",
        "2.0 or less",
        "1.0 or more",
    ]


# --- labels ---------------------------------------------------------------------------------------------------------


def test_keys_are_told_by_the_words_of_the_cohort_file() -> None:
    labels = showing.labels(configured("bwght").studies["price"], configured("bwght").codebook)
    assert labels.outcome("birth_weight") == "Birth weight"
    assert labels.contrast("cigarette_price", "per_10") == "Price of cigarettes in the state: +10 cents/pack"
    assert labels.subgroup("race=1") == "Race: white"


def test_ages_and_follow_up_and_windows_are_told_apart() -> None:
    nhefs, dunedin = (Labels(configured(name).codebook) for name in ("nhefs", "dunedin"))
    assert nhefs.at("death", "120") == "by 120 months"
    assert dunedin.at("disease", "45") == "by age 45"
    assert dunedin.at("crime", "38_recorded") == "at 38 as registers hold it"


def test_a_key_without_words_is_shown_as_words() -> None:
    assert Labels(configured("nhefs").codebook).outcome("left_to_itself") == "left to itself"


# --- the two pans ---------------------------------------------------------------------------------------------------


def lines_of(found: Tables, config: CohortConfig) -> list[Line]:
    """Lines of the first balance."""
    return compare_levels(found["estimates"], found["diagnostics"], config)[0].lines


def pans_of(rows: Rows, config: CohortConfig, level: str) -> list[Cell]:
    """All pans of a level."""
    return [cell for line in lines_of(tables(rows), config) if (cell := getattr(line, level))]


def test_the_comparison_puts_both_levels_in_the_same_unit(nhefs_config: CohortConfig) -> None:
    weight, death, quitting = lines_of(some_tables(), nhefs_config)
    assert (weight.individual.effect, weight.individual.unit) == ("+3.50", "kg")
    assert (weight.policy.effect, weight.policy.unit) == ("+0.200", "kg")
    assert weight.policy.facts["95% interval"] == f"no interval: {FEW}"
    assert "not known" in weight.policy.facts["Reading"]
    assert death.individual.unit == "percentage points"
    assert death.individual.facts["Cases per 100,000 of them"] == "−200 (−4,100 to +3,700)"
    assert death.policy is None
    assert quitting.is_exposure
    assert quitting.individual is None


def test_each_pan_says_whom_it_averages_over(nhefs_config: CohortConfig) -> None:
    weight, death, quitting = lines_of(some_tables(), nhefs_config)
    assert weight.individual.facts["Who"] == "average over all 100 people analysed"
    assert death.individual.facts["Who"] == "average over all 100 people analysed"
    assert quitting.policy.facts["Who"] == "90 people, compared as they are"


def test_a_pan_says_how_many_clusters_stand_behind_it(nhefs_config: CohortConfig) -> None:
    rows = about("price", "weight_change", "high_tax")
    rows.add("mean_difference", "regression", Interval.normal(0.2, 0.1), n=90)
    rows.diagnose("clusters_exposed", "clusters", 9.0)
    rows.diagnose("clusters_unexposed", "clusters", 40.0)
    (cell,) = pans_of(rows, nhefs_config, "policy")
    assert cell.facts["Support"] == "clusters: 9 with the policy, 40 without"


def test_weighting_and_regression_stand_side_by_side_where_they_disagree(nhefs_config: CohortConfig) -> None:
    rows = about("quitting", "death")
    rows.add("risk_difference", "ipw", Interval.normal(0.09, 0.02), n=100, events=20)
    rows.add("hazard_ratio", "ipw", Interval.normal(np.log(2.89), 0.15).exp(), n=100, events=20)
    rows.add("conditional_hazard_ratio", "regression", Interval.normal(np.log(2.05), 0.15).exp(), n=100, events=20)
    (cell,) = pans_of(rows, nhefs_config, "individual")
    assert cell.facts["Marginal hazard ratio"] == "2.89 (2.15 to 3.88)"
    assert cell.facts["Conditional hazard ratio"] == "2.05 (1.53 to 2.75)"
    assert cell.facts["Two hazard ratios"].endswith("not the same thing; they disagree")


def test_two_hazard_ratios_that_fit_each_other_are_still_both_shown(nhefs_config: CohortConfig) -> None:
    rows = about("quitting", "death")
    rows.add("risk_difference", "ipw", Interval.normal(0.0, 0.02), n=100, events=20)
    rows.add("hazard_ratio", "ipw", Interval.normal(0.0, 0.1).exp(), n=100, events=20)
    rows.add("conditional_hazard_ratio", "regression", Interval.normal(0.03, 0.1).exp(), n=100, events=20)
    (cell,) = pans_of(rows, nhefs_config, "individual")
    assert {"Marginal hazard ratio", "Conditional hazard ratio"} <= set(cell.facts)
    assert cell.facts["Two hazard ratios"].endswith("they do not disagree")


def test_a_linear_model_of_a_risk_never_leads(nhefs_config: CohortConfig) -> None:
    rows = about("price", "quitting", "high_tax")
    rows.add("risk_difference", "regression", Interval.normal(0.034, 0.015), n=90, events=30)
    rows.add("risk_difference", "crude", Interval.normal(-0.001, 0.019), n=90, events=30)
    (cell,) = pans_of(rows, nhefs_config, "policy")
    assert cell.effect == "−0.1"
    assert cell.facts["Linear model of the risk"] == "+3.4 (+0.5 to +6.3)"
    assert cell.facts["Methods disagree"] == (
        "only values above no effect fit the data: linear model of the risk; "
        "cannot tell, since no effect fits the data too: crude difference"
    )
    rows.add("risk_difference", "standardisation", Interval.normal(0.01, 0.016), n=90, events=30)
    (cell,) = pans_of(rows, nhefs_config, "policy")
    assert (cell.effect, cell.facts["Method"]) == ("+1.0", "standardisation (g-formula)")


def test_a_regression_of_a_mean_may_lead(nhefs_config: CohortConfig) -> None:
    weight = lines_of(some_tables(), nhefs_config)[0]
    assert weight.policy.facts["Method"] == "regression"


def test_the_next_method_leads_where_the_first_cannot_be_estimated(nhefs_config: CohortConfig) -> None:
    rows = about("price", "quitting", "high_tax")
    rows.add("risk_difference", "standardisation", Interval.not_estimable("nobody quit in an arm"), n=90, events=30)
    (cell,) = pans_of(rows, nhefs_config, "policy")
    assert cell.effect == "Cannot be estimated"
    assert cell.facts["Why"] == "no estimate: nobody quit in an arm"
    rows.add("risk_difference", "crude", Interval.normal(-0.001, 0.019), n=90, events=30)
    (cell,) = pans_of(rows, nhefs_config, "policy")
    assert cell.effect == "−0.1"
    assert cell.facts["Standardisation (g-formula)"] == "cannot be estimated: nobody quit in an arm"


def test_concentration_never_stands_without_chance(dunedin_config: CohortConfig) -> None:
    study, book = dunedin_config.studies["concentration"], dunedin_config.codebook
    (line,) = concentration_lines(study, book, found_in(use_of("crime", 0.9, 0.4)))
    assert (line["what"], line["chance"], line["excess"]) == ("Criminal convictions", "0.400", "+0.500")


def test_what_is_not_counted_says_why_it_has_no_chance_value(dunedin_config: CohortConfig) -> None:
    study, book = dunedin_config.studies["concentration"], dunedin_config.codebook
    (line,) = concentration_lines(study, book, found_in(use_of("welfare", 0.8, note=TOO_SHORT)))
    assert line["chance"] == "none: a duration is not counted"
    assert line["excess"] == ""
    assert line["observed"] == f"0.800 (0.780 to 0.820); {TOO_SHORT}"


# --- the page -------------------------------------------------------------------------------------------------------


def html_of(
    cohorts: list[str], found: Mapping[str, pd.DataFrame], folder: Path, figures: Mapping[str, str] = {}
) -> str:
    """A page about some cohorts; tables that are not given are empty, figures are drawn at <path> as a title."""
    paths = [str(ROOT / f"config/{name}.yaml") for name in cohorts]
    run = load_run({**read_yaml(ROOT / "config/config.yaml"), "cohorts": paths})
    graphs = {f"{name}/graph.svg": "Causal graph" for name in run.synthetic}
    for path, title in {**graphs, **figures}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"<svg><title>{title}</title><desc>What it shows</desc></svg>", encoding="utf-8")
    template, page = ROOT / "workflow/report/report.html.j2", folder / "page.html"
    render(run, {**EMPTY, **found}, folder, template, page)
    return page.read_text("utf-8")


def page_of(cohort: str, found: Mapping[str, pd.DataFrame], folder: Path, figures: Mapping[str, str] = {}) -> str:
    return text_of(html_of([cohort], found, folder, figures))


def test_a_page_about_one_real_cohort_speaks_of_nothing_else(
    nhefs: Cohort, nhefs_config: CohortConfig, tmp_path: Path
) -> None:
    figures = {"nhefs/forest.svg": "Effects", "nhefs/quitting/survival_1.svg": "Survival by exposure"}
    page = page_of("nhefs", {**some_tables(), "table1": described(nhefs, nhefs_config)}, tmp_path, figures)
    assert "Individual exposures and policies, weighed in the same units" in page
    assert "1,629" in page
    assert "1629.0" not in page
    assert "Survival by exposure. Kaplan–Meier" in page
    for absent in ("Who took part", "Worlds", "ynthetic", "Does each method find", "Event study", "Gini", " nan "):
        assert absent not in page, absent


def test_a_page_about_a_register_alone_has_no_pans(tmp_path: Path) -> None:
    rows = about("concentration", "welfare", "", "", "register_nz")
    rows.add("gini", "observed", Interval.normal(0.86, 0.01), n=6000, at="2006-2016")
    size = [{"cohort": "register_nz", "statistic": "n", "overall": "6000", "missing": 0}]
    page = page_of("register_nz", {**tables(rows), "table1": schema.TABLE1.table(size)}, tmp_path)
    assert "How use concentrates in few people" in page
    assert "Everybody n 6,000 0" in page
    for absent in ("Individual", "individual", "policy", "Policy", "Who took part", "Regression", "hazard ratio"):
        assert absent not in page, absent


def test_the_page_says_why_a_number_or_its_interval_is_missing(tmp_path: Path) -> None:
    rows = about("quitting", "death")
    rows.add(
        "risk_difference", "crude", Interval.not_estimable("no deaths among those who quit"), n=100, events=0, at=120
    )
    found = {"estimates": pd.concat([some_rows(), estimates(rows)])}
    page = page_of("nhefs", found, tmp_path, {"nhefs/forest.svg": "Effects"})
    assert "Crude difference cannot be estimated: no deaths among those who quit" in page
    assert f"no interval: {FEW}" in page
    assert "Why an estimate or an interval is missing" in page


def test_waves_have_a_section_where_there_are_any(tmp_path: Path) -> None:
    wave = [{"cohort": "nhefs", "wave": "1", "age": 3, "due": 9, "assessed": 8, "percent_assessed": 89}]
    page = page_of("nhefs", {**some_tables(), "attrition": schema.ATTRITION.table(wave)}, tmp_path)
    assert "Who took part at each wave" in page
    assert "Published %" not in page


def test_only_methods_that_made_an_estimate_are_explained() -> None:
    run = load_run({**read_yaml(ROOT / "config/config.yaml"), "cohorts": [str(ROOT / "config/nhefs.yaml")]})
    assert {section: list(entries) for section, entries in methods_used(run, some_rows()).items()} == {
        "Individual exposure": ["Crude", "Inverse probability weighting", "Standardisation (g-formula)"],
        "Policy": ["Crude", "Regression"],
    }


WRONG = "the model does not converge"


def failing(cohort: str, study: str) -> pd.DataFrame:
    """The rows of a study that fails as a whole."""
    found = Findings(cohort, study)
    with found.part():
        raise ModelError(WRONG, where="here", fix="Leave it out.")
    return found.tables()["estimates"]


def test_what_could_not_be_estimated_is_shown_first(tmp_path: Path) -> None:
    part = about("quitting", "death")
    with part.findings.part("death", "quit", "no"):
        raise ModelError("nobody died", where="here", fix="Follow people for longer.")
    found = {"estimates": pd.concat([some_rows(), estimates(part), failing("nhefs", "price_as_instrument")])}
    html = html_of(["nhefs"], found, tmp_path)
    first, rest = html.split('<section id="nhefs">')
    section = text_of(first)
    assert "Could not be estimated" in section
    assert "Quitting smoking between 1971 and 1982 Death within 120 months" in section
    assert "nobody died" in section
    assert WRONG in section
    assert "+3.50 kg" in text_of(rest), "all else is still there"


def test_nothing_is_said_to_have_failed_where_nothing_failed(tmp_path: Path) -> None:
    rows = about("price_as_instrument", "weight_change")
    rows.add("mean_difference", "iv", Interval.normal(2.4, 19.8), n=100)
    found = pd.concat([some_rows(), estimates(rows)])
    assert "Could not be estimated" not in page_of("nhefs", {"estimates": found}, tmp_path)


@pytest.mark.parametrize("cohort", ["nhefs", "bwght", *WORLDS])
def test_the_page_stands_when_every_study_failed(cohort: str, tmp_path: Path) -> None:
    studies = configured(cohort).studies
    found = {"estimates": pd.concat([failing(cohort, name) for name in studies])}
    assert page_of(cohort, found, tmp_path).count(WRONG) >= len(studies)


def instrument(*allowed: tuple[float, float]) -> Tables:
    """Birth weight by packs, with the price as instrument and its Anderson-Rubin set."""
    rows = about("price_as_instrument", "log_birth_weight", "packs", "per_1", "bwght")
    rows.add("mean_difference", "iv", Interval.normal(3, 10.6), n=1388)
    rows.diagnose("first_stage_f", "iv", 0.0933, note="instrument is weak", exposure="cigarette_price")
    for part, (low, high) in enumerate(allowed, start=1):
        rows.diagnose("anderson_rubin", "iv", Interval(np.nan, lower=low, upper=high), at=part)
    return tables(rows)


def test_the_page_says_when_an_instrument_cannot_answer(tmp_path: Path) -> None:
    page = page_of("bwght", instrument((-np.inf, np.inf)), tmp_path)
    assert "The policy as an instrument: it cannot answer" in page
    assert "First-stage F: 0.0933 (instrument is weak; the usual bar is 10)" in page
    assert "any effect fits the data, however large and in either direction" in page


def test_the_page_says_what_an_instrument_answers(tmp_path: Path) -> None:
    page = page_of("bwght", instrument((0.5, 2.0)), tmp_path)
    assert "cannot answer" not in page
    assert "the effects that fit the data are +0.50 to +2.00" in page


def test_an_instrument_whose_set_has_two_parts_says_both(tmp_path: Path) -> None:
    page = page_of("bwght", instrument((-np.inf, -1.0), (2.0, np.inf)), tmp_path)
    assert "cannot answer" not in page
    assert "−1.00 or less and +2.00 or more" in page


def test_every_published_figure_of_a_world_is_shown_in_words(tmp_path: Path) -> None:
    theirs = published()
    known = theirs["cohort"].isin(WORLDS) & theirs["estimand"].isin(list(ESTIMANDS))
    shown = theirs[known].assign(published=theirs["value"], world=theirs["value"], difference=0.0, mc_error=0.0)
    page = text_of(html_of(WORLDS, {"calibration": CALIBRATION.checked(shown)}, tmp_path))
    assert "Share of people: no adversity noted in childhood" in page
    assert "Log of earnings at 30" in page
    assert bare_keys(page) == []


# --- cohorts --------------------------------------------------------------------------------------------------------


def test_a_cohort_without_truth_is_the_same_type(nhefs: Cohort, dunedin: Cohort) -> None:
    assert type(replace(nhefs)) is type(replace(dunedin))
    assert nhefs.truth.empty


# --- births ---------------------------------------------------------------------------------------------------------


def test_windows_of_birth_stand_beside_every_comparison() -> None:
    config = configured("famine")
    windows = config.studies["windows"].windows
    config = changed(
        config,
        {
            "studies.windows.outcomes": ["coronary_disease"],
            "studies.windows.windows": {"early": windows["early"].model_dump(mode="json")},
            "studies.windows.region": None,
        },
    )
    risk = about("windows", "coronary_disease", "early", "before_or_after", "famine")
    for method, value in (("crude", 0.05), ("regression", 0.06)):
        risk.add("risk_difference", method, Interval.normal(value, 0.01), n=100)
    risk.add("risk_difference", "did", Interval.normal(0.04, 0.01), n=100, reference="spared_region")
    for statistic, value in (("power", 0.589), ("type_s", 0.00003), ("type_m", 1.3)):
        risk.diagnose(statistic, "design_analysis", value, n=508, note="odds ratio 3")
    told = birth_periods(config.studies["windows"], config.codebook, found_in(risk))
    (line,), (plan,) = told["lines"], told["planned"]
    assert line["outcome"] == "Coronary disease by age 50, percentage points"
    assert line["cells"]["Both"].startswith("6.0 (4.0 to 8.0)")
    assert line["cells"]["Spared region"].startswith("4.0")
    assert line["cells"]["Born before"] == ""
    assert plan.pop("comparison").endswith("odds ratio 3")
    assert plan == {"power": "59%", "type_s": "0.003%", "type_m": "1.3"}


def test_a_policy_from_a_date_on_stands_under_every_method_with_its_checks() -> None:
    config = configured("reform")
    (name,) = (name for name, study in config.studies.items() if study.kind == "discontinuity")
    reform = changed(config, {f"studies.{name}.outcomes": ["log_earnings"], f"studies.{name}.first_stage": None})
    rows = about(name, "log_earnings", "born_after", "no", "reform")
    rows.add("mean_difference", "rd", Interval.normal(5, 1), n=10)
    rows.add("mean_difference", "rd", Interval.normal(5, 1), n=10, exposure="born_after_1975")
    told = discontinuity(reform.studies[name], reform.codebook, found_in(rows))
    (line,) = told["lines"]
    assert dict(zip(told["headings"], line["cells"], strict=True)) == {
        "Regression discontinuity": "5.0 (3.0 to 7.0)",
        "Discontinuity, donut": "",
        "Difference in discontinuities": "",
        "Difference in discontinuities, donut": "",
    }
    assert told["checks"] == [
        "At the same date in years without the policy, 1 of 1 intervals exclude zero; one in twenty is expected by chance."
    ]
