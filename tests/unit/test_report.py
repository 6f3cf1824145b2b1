"""Rows, tables, figures and the page: what a reader sees."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.columns import Column
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.display import wording
from evenwicht.estimators.results import Interval
from evenwicht.loading import load_run, read_yaml
from evenwicht.report import drift
from evenwicht.report.births import birth_period_lines, design_lines, reform_checks, reform_lines
from evenwicht.report.comparison import compare_levels, concentration_lines
from evenwicht.report.figures import forest_figure, lorenz_figure, survival_figure
from evenwicht.report.methods import methods_used
from evenwicht.report.page import FIGURES, render
from evenwicht.results.reading import read_tables
from evenwicht.report.tables import attrition, replication, table_one
from evenwicht.report.world_figures import attrition_figure, graph_figure
from evenwicht.results.rows import COLUMNS, Rows, as_table, with_truth
from evenwicht.worlds import causal_graph

from tests.conftest import ROOT, world

PUBLISHED = pd.read_csv(ROOT / "data/published.csv")
QUIT = "quit: quit vs kept smoking"
FEW = "2 clusters with the policy, 5 are needed"
TAX = "high_tax: high-tax state vs other state"


def some_rows() -> pd.DataFrame:
    person = Rows("nhefs", "weight_change", "individual", QUIT)
    person.add("mean_difference", "crude", Interval.normal(2.5, 0.5), n=100)
    person.add("mean_difference", "gformula", Interval.normal(3.5, 0.5), n=100)
    deaths = Rows("nhefs", "death", "individual", QUIT)
    deaths.add("risk_difference", "ipw", Interval.normal(-0.002, 0.02), n=100, events=20)
    deaths.add("hazard_ratio", "ipw", Interval.normal(0.0, 0.1).exp(), n=100, events=20)
    policy = Rows("nhefs", "weight_change", "policy", TAX)
    policy.add("mean_difference", "regression", Interval(0.2).bare(FEW), n=90)
    reach = Rows("nhefs", "quitting", "policy", TAX)
    reach.add("risk_difference", "crude", Interval.normal(0.01, 0.02), n=90, events=30)
    return as_table([person, deaths, policy, reach])


# --- rows -----------------------------------------------------------------------------------------------------------


def test_an_estimate_is_a_row_with_these_columns() -> None:
    assert COLUMNS == (
        [
            "study",
            "cohort",
            "estimand",
            "level",
            "contrast",
            "estimate",
            "lower",
            "upper",
            "se",
            "n",
            "events",
            "method",
            "truth",
            "status",
            "reason",
            "note",
        ]
    )
    assert list(some_rows().columns) == COLUMNS


def test_an_estimand_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(KeyError, match="unknown estimand odds"):
        Rows("c", "s", "individual", "x").add("odds", "crude", Interval(1.0), n=1)


def test_truth_stands_beside_estimates_but_not_beside_chance() -> None:
    rows = Rows("c", "concentration", "population", "crime")
    rows.add("gini", "observed", Interval(0.9), n=10)
    rows.add("gini", "poisson_null", Interval(0.4), n=10)
    truth = pd.DataFrame(
        [["concentration", "gini", "population", "crime", 0.88]],
        columns=["study", "estimand", "level", "contrast", "value"],
    )
    assert with_truth(as_table([rows]), truth)["truth"].tolist() == pytest.approx([0.88, np.nan], nan_ok=True)


# --- tables ---------------------------------------------------------------------------------------------------------


def described(cohort: Cohort, config: CohortConfig) -> pd.DataFrame:
    """Table 1 of a cohort, as its file describes it."""
    return table_one(cohort, config.codebook, config.table1, config.described_by)


def test_table_one_describes_by_exposure(nhefs: Cohort, nhefs_config: CohortConfig) -> None:
    table = described(nhefs, nhefs_config)
    size = table.iloc[0]
    assert (size["overall"], size["exposed"], size["unexposed"]) == (1629, 428, 1201)
    age = table[table["variable"].str.startswith("Age")].iloc[0]
    persons = nhefs.persons
    assert age["overall"] == f"{persons['age'].mean():.1f} ({persons['age'].std():.1f})"
    assert set(table[table["variable"] == "Education"]["level"]) == set(persons["education"].cat.categories)


def dated(nhefs: Cohort, config: CohortConfig) -> tuple[Cohort, CohortConfig]:
    """The cohort with a date of birth: the first of June 1930 and later for those who quit, a year earlier for others."""
    day = pd.Series(range(len(nhefs.persons)), index=nhefs.persons.index) % 101
    start = pd.Series(pd.Timestamp("1929-06-01"), index=day.index).mask(
        nhefs.persons["quit"].astype(bool), pd.Timestamp("1930-06-01")
    )
    born = (start + pd.to_timedelta(day, unit="D")).mask(day == 100)
    column = Column(role="birth_date", type="date", label="Date of birth")
    columns = {**nhefs.columns, "born": column}
    changed = config.model_copy(update={"columns": {**config.columns, "born": column}, "table1": ["born"]})
    return replace(nhefs, persons=nhefs.persons.assign(born=born), columns=columns), changed


def test_table_one_gives_dates_as_dates(nhefs: Cohort, nhefs_config: CohortConfig) -> None:
    cohort, config = dated(nhefs, nhefs_config)
    line = described(cohort, config).iloc[1]
    quit_ = cohort.persons.loc[cohort.persons["quit"].astype(bool), "born"]
    lower, median, upper = (f"{quit_.quantile(q):%Y-%m-%d}" for q in (0.25, 0.5, 0.75))
    assert line["statistic"] == "median date (quartiles)"
    assert line["exposed"] == f"{median} ({lower} to {upper})"
    assert median.startswith("1930-07")
    assert line["missing"] == cohort.persons["born"].isna().sum() > 0
    assert float(line["standardised_difference"]) > 5, "a year apart, in standard deviations of about a month"


def test_table_one_says_where_nothing_is_known(nhefs: Cohort, nhefs_config: CohortConfig) -> None:
    empty = replace(nhefs, persons=nhefs.persons.assign(age=np.nan))
    line = described(empty, nhefs_config.model_copy(update={"table1": ["age"]})).iloc[1]
    assert (line["overall"], line["exposed"], line["standardised_difference"]) == ("none known", "none known", "")


def test_text_in_tables_is_read_as_it_was_written(tmp_path: Path) -> None:
    numbers = pd.DataFrame(
        {"statistic": ["n", "%"], "overall": ["6000", "50.0"], "standardised_difference": ["", "0.50"]}
    )
    numbers.to_csv(tmp_path / "table1.csv", index=False)
    pd.DataFrame({"wave": ["07"]}).to_csv(tmp_path / "attrition.csv", index=False)
    tables = read_tables([tmp_path / "table1.csv", tmp_path / "attrition.csv"])
    assert tables["table1"]["overall"].tolist() == ["6000", "50.0"]
    assert tables["table1"]["standardised_difference"][1] == "0.50"
    assert tables["attrition"]["wave"].tolist() == ["07"]


def test_a_run_without_waves_says_so_in_its_attrition_figure() -> None:
    none = pd.DataFrame(columns=ATTRITION_COLUMNS)
    assert attrition_figure(none, {"register": "A register"}).alt == "No cohort of this run has waves."


def test_attrition_counts_those_due_and_those_assessed(nhefs: Cohort) -> None:
    table = attrition(nhefs, PUBLISHED).set_index("wave")
    assert table.loc["1982", ["due", "assessed"]].tolist() == [1629, 1566]
    assert table.loc["1982", "percent_assessed"] == 96.1


def test_replication_holds_only_rows_that_set_no_parameter() -> None:
    rows = some_rows()
    table = replication(rows, PUBLISHED, ["dunedin"])
    assert set(table["cohort"]) == {"nhefs"}
    published = table.set_index("method")
    assert published.loc["crude", "agrees"]
    assert published.loc["gformula", "estimate_published"] == 3.5
    altered = rows.assign(estimate=rows["estimate"] + 0.1)
    assert not replication(altered, PUBLISHED, ["dunedin"])["agrees"].any()


def test_every_published_figure_has_source_tag_and_use() -> None:
    assert PUBLISHED[["source", "tag", "use"]].notna().all().all()
    assert set(PUBLISHED["use"]) <= {"calibrate", "check", "context"}
    assert not PUBLISHED.duplicated(["cohort", "study", "estimand", "contrast", "method"]).any()
    low = PUBLISHED["tag"].str.contains("M-lo")
    assert not low.any()


def test_the_world_is_set_by_the_published_counts(dunedin_config: CohortConfig) -> None:
    """The config repeats shares that the data file gives as counts; they must not part ways."""
    published = PUBLISHED[PUBLISHED["cohort"] == "dunedin"]
    counts = published[published["study"] == "attrition"].pivot(index="contrast", columns="estimand", values="value")
    world = dunedin_config.source
    for wave in world.waves:
        due, assessed = counts.loc[f"{wave.age:g}", ["n_eligible", "n_assessed"]]
        assert wave.participation == pytest.approx(assessed / due, abs=5e-5)
    design = published[published["study"] == "design"].set_index("estimand")["value"]
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
    changed = table.copy()
    changed.loc[1, "estimate"] = 3.6
    (line,) = drift.compare(table, changed)
    assert line.startswith("~ weight_change | nhefs | mean_difference | individual | quit")
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


# --- the two pans ---------------------------------------------------------------------------------------------------


def test_the_comparison_puts_both_levels_in_the_same_unit(nhefs_config: CohortConfig) -> None:
    weight, death, quitting = compare_levels(some_rows(), nhefs_config)
    assert (weight.individual.effect, weight.individual.unit) == ("+3.50", "kg")
    assert (weight.policy.effect, weight.policy.unit) == ("+0.200", "kg")
    assert weight.policy.facts["95% interval"] == "no interval: 2 clusters with the policy, 5 are needed"
    assert "not known" in weight.policy.facts["Reading"]
    assert death.individual.unit == "percentage points"
    assert death.individual.facts["Cases per 100,000 of them"] == "−200 (−4,100 to +3,700)"
    assert death.policy is None
    assert quitting.is_exposure
    assert quitting.individual is None


def test_each_pan_says_whom_it_averages_over(nhefs_config: CohortConfig) -> None:
    weight, death, quitting = compare_levels(some_rows(), nhefs_config)
    assert weight.individual.facts["Who"] == "average over all 100 people analysed"
    assert death.individual.facts["Who"] == "average over all 100 people analysed"
    assert quitting.policy.facts["Who"] == "90 people, compared as they are"


def test_weighting_and_regression_stand_side_by_side_where_they_disagree(nhefs_config: CohortConfig) -> None:
    rows = Rows("nhefs", "death", "individual", QUIT)
    rows.add("risk_difference", "ipw", Interval.normal(0.09, 0.02), n=100, events=20)
    rows.add("hazard_ratio", "ipw", Interval.normal(np.log(2.89), 0.15).exp(), n=100, events=20)
    rows.add("conditional_hazard_ratio", "regression", Interval.normal(np.log(2.05), 0.15).exp(), n=100, events=20)
    (facts,) = (line.individual.facts for line in compare_levels(as_table([rows]), nhefs_config) if line.individual)
    assert facts["Marginal hazard ratio"] == "2.89 (2.15 to 3.88)"
    assert facts["Conditional hazard ratio"] == "2.05 (1.53 to 2.75)"
    assert facts["Two hazard ratios"].endswith("not the same thing; they disagree")


def test_two_hazard_ratios_that_fit_each_other_are_still_both_shown(nhefs_config: CohortConfig) -> None:
    rows = Rows("nhefs", "death", "individual", QUIT)
    rows.add("risk_difference", "ipw", Interval.normal(0.0, 0.02), n=100, events=20)
    rows.add("hazard_ratio", "ipw", Interval.normal(0.0, 0.1).exp(), n=100, events=20)
    rows.add("conditional_hazard_ratio", "regression", Interval.normal(0.03, 0.1).exp(), n=100, events=20)
    (facts,) = (line.individual.facts for line in compare_levels(as_table([rows]), nhefs_config) if line.individual)
    assert {"Marginal hazard ratio", "Conditional hazard ratio"} <= set(facts)
    assert facts["Two hazard ratios"].endswith("they do not disagree")


def test_a_linear_model_of_a_risk_never_leads(nhefs_config: CohortConfig) -> None:
    rows = Rows("nhefs", "quitting", "policy", TAX)
    rows.add("risk_difference", "regression", Interval.normal(0.034, 0.015), n=90, events=30)
    rows.add("risk_difference", "crude", Interval.normal(-0.001, 0.019), n=90, events=30)
    (cell,) = (line.policy for line in compare_levels(as_table([rows]), nhefs_config) if line.policy)
    assert cell.effect == "−0.1"
    assert cell.facts["Linear model of the risk"] == "+3.4 (+0.5 to +6.3)"
    assert cell.facts["Methods disagree"] == (
        "only values above no effect fit the data: linear model of the risk; "
        "cannot tell, since no effect fits the data too: crude difference"
    )
    rows.add("risk_difference", "gformula", Interval.normal(0.01, 0.016), n=90, events=30)
    (cell,) = (line.policy for line in compare_levels(as_table([rows]), nhefs_config) if line.policy)
    assert (cell.effect, cell.facts["Method"]) == ("+1.0", "standardisation")


def test_a_regression_of_a_mean_may_lead(nhefs_config: CohortConfig) -> None:
    weight = compare_levels(some_rows(), nhefs_config)[0]
    assert weight.policy.facts["Method"] == "regression"


def test_the_next_method_leads_where_the_first_cannot_be_estimated(nhefs_config: CohortConfig) -> None:
    rows = Rows("nhefs", "quitting", "policy", TAX)
    rows.add("risk_difference", "gformula", Interval.not_estimable("nobody quit in an arm"), n=90, events=30)
    (cell,) = (line.policy for line in compare_levels(as_table([rows]), nhefs_config) if line.policy)
    assert cell.effect == "Cannot be estimated"
    assert cell.facts["Why"] == "no estimate: nobody quit in an arm"
    rows.add("risk_difference", "crude", Interval.normal(-0.001, 0.019), n=90, events=30)
    (cell,) = (line.policy for line in compare_levels(as_table([rows]), nhefs_config) if line.policy)
    assert cell.effect == "−0.1"
    assert cell.facts["Standardisation"] == "cannot be estimated: nobody quit in an arm"


def test_concentration_never_stands_without_chance(dunedin_config: CohortConfig) -> None:
    rows = Rows("dunedin", "concentration", "population", "crime")
    rows.add("gini", "observed", Interval.normal(0.9, 0.01), n=10)
    rows.add("gini", "poisson_null", Interval(0.4), n=10)
    (line,) = concentration_lines(as_table([rows]), dunedin_config)
    assert (line["what"], line["chance"], line["excess"]) == ("Criminal convictions", "0.400", "+0.500")


def test_what_is_not_counted_says_why_it_has_no_chance_value(dunedin_config: CohortConfig) -> None:
    rows = Rows("dunedin", "concentration", "population", "welfare")
    rows.add("gini", "observed", Interval.normal(0.8, 0.01), n=10, note="interval too short: covers about 80%")
    (line,) = concentration_lines(as_table([rows]), dunedin_config)
    assert line["chance"] == "none: a duration is not counted"
    assert line["excess"] == ""
    assert line["observed"] == "0.800 (0.780 to 0.820); interval too short: covers about 80%"


# --- the page -------------------------------------------------------------------------------------------------------


def page_of(cohort: str, estimates: pd.DataFrame, table1: pd.DataFrame, folder: Path, waves: int = 0) -> str:
    """The text of a page about one cohort, from its estimate rows and Table 1; all other tables are empty."""
    run = load_run({**read_yaml(ROOT / "config/config.yaml"), "cohorts": [str(ROOT / f"config/{cohort}.yaml")]})
    folder.mkdir(exist_ok=True)
    estimates.to_csv(folder / "estimates.csv", index=False)
    table1.to_csv(folder / "table1.csv", index=False)
    empty = {path.stem: read_tables([path])[path.stem].iloc[:0] for path in (ROOT / "results/tables").glob("*.csv")}
    told = pd.DataFrame([{"cohort": cohort, "wave": "1", "age": 3, "due": 9, "assessed": 8, "percent_assessed": 89}])
    attrition = pd.concat([told] * waves or [told.iloc[:0]]).reindex(columns=ATTRITION_COLUMNS)
    read = read_tables([folder / "estimates.csv", folder / "table1.csv"])
    picture = folder / "picture.svg"
    picture.write_text("<svg><title>A figure</title><desc>What it shows</desc></svg>", encoding="utf-8")
    figures = dict.fromkeys(FIGURES, picture) if run.synthetic else {"forest": picture, "survival": picture}
    tables = {**empty, **read, "attrition": attrition}
    render(run, tables, {cohort: figures}, picture, ROOT / "workflow/report/report.html.j2", folder / "page.html")
    text = re.sub(r"<style>.*?</style>|<pre>.*?</pre>", "", (folder / "page.html").read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


def test_a_page_about_one_real_cohort_speaks_of_nothing_else(
    nhefs: Cohort, nhefs_config: CohortConfig, tmp_path: Path
) -> None:
    page = page_of("nhefs", some_rows(), described(nhefs, nhefs_config), tmp_path)
    assert "Individual exposures and policies, weighed in the same units" in page
    assert "1,629" in page
    assert "1629.0" not in page
    for absent in ("Who took part", "Worlds", "ynthetic", "Does each method find", "Event study", "Gini", " nan "):
        assert absent not in page, absent


def test_a_page_about_a_register_alone_has_no_pans(tmp_path: Path) -> None:
    rows = Rows("register_nz", "concentration", "population", "welfare")
    rows.add("gini", "observed", Interval.normal(0.86, 0.01), n=6000)
    rows.add("gini", "poisson_null", Interval(0.4), n=6000)
    size = pd.DataFrame([{"variable": "Everybody", "statistic": "n", "overall": 6000, "missing": 0}])
    table1 = size.reindex(columns=TABLE1_COLUMNS).assign(cohort="register_nz")
    page = page_of("register_nz", as_table([rows]), table1, tmp_path)
    assert "How use concentrates in few people" in page
    assert "Everybody n 6,000 0" in page
    for absent in ("Individual", "individual", "policy", "Policy", "Who took part", "Regression", "hazard ratio"):
        assert absent not in page, absent


def test_the_page_says_why_a_number_or_its_interval_is_missing(
    nhefs: Cohort, nhefs_config: CohortConfig, tmp_path: Path
) -> None:
    rows = Rows("nhefs", "death", "individual", QUIT)
    rows.add("risk_difference", "crude", Interval.not_estimable("no deaths among those who quit"), n=100, events=0)
    table = pd.concat([some_rows(), as_table([rows])])
    page = page_of("nhefs", table, described(nhefs, nhefs_config), tmp_path)
    assert "Crude difference cannot be estimated: no deaths among those who quit" in page
    assert f"no interval: {FEW}" in page
    assert "Why an estimate or an interval is missing" in page


def test_waves_have_a_section_where_there_are_any(nhefs: Cohort, nhefs_config: CohortConfig, tmp_path: Path) -> None:
    page = page_of("nhefs", some_rows(), described(nhefs, nhefs_config), tmp_path, waves=1)
    assert "Who took part at each wave" in page
    assert "Published %" not in page


def test_only_methods_that_made_an_estimate_are_explained() -> None:
    assert {section: list(entries) for section, entries in methods_used(some_rows()).items()} == {
        "Individual exposure": ["Crude", "Inverse probability weighting", "Standardisation"],
        "Policy": ["Crude", "Regression"],
    }


# --- figures --------------------------------------------------------------------------------------------------------


def curves() -> pd.DataFrame:
    time = np.linspace(0, 120, 61)
    parts = []
    for method in ("crude", "ipw"):
        for arm in ("quit", "kept smoking"):
            s = np.exp(-time / 500)
            frame = pd.DataFrame({"study": "death", "method": method, "arm": arm, "time": time, "survival": s})
            parts.append(frame.assign(lower=s - 0.02, upper=s + 0.02, at_risk=100))
    return pd.concat(parts)


def test_figures_carry_alternative_text_and_keep_their_bytes(
    nhefs: Cohort, nhefs_config: CohortConfig, dunedin_config: CohortConfig, tmp_path: Path
) -> None:
    grid = np.linspace(0, 1, 101)
    lorenz = pd.DataFrame(
        {"sector": "crime", "people": grid, "share": grid**3, "lower": grid**4, "upper": grid**2, "null": grid}
    )
    rows = Rows("dunedin", "concentration", "population", "crime")
    rows.add("gini", "observed", Interval.normal(0.9, 0.01), n=10)
    rows.add("gini", "poisson_null", Interval(0.4), n=10)
    welfare = Rows("dunedin", "concentration", "population", "welfare")
    welfare.add("gini", "observed", Interval.normal(0.8, 0.01), n=10, note="interval too short: covers about 80%")
    duration = lorenz.assign(sector="welfare", null=np.nan)
    pictures = {
        "survival": (
            lambda: survival_figure(curves(), nhefs_config),
            r"78.7 \(76.7 to 80.7\) per cent without the event at 120 months",
        ),
        "forest": (
            lambda: forest_figure(some_rows(), nhefs_config, nhefs),
            r"standardisation, kg: 3.50 \(2.52 to 4.48\)",
        ),
        "graph": (lambda: graph_figure(causal_graph(dunedin_config), dunedin_config), "poverty depends on ses, family"),
        "attrition": (
            lambda: attrition_figure(attrition(nhefs, PUBLISHED), {"nhefs": "NHEFS"}),
            "NHEFS: 1971 100%, 1982 96%",
        ),
        "lorenz": (lambda: lorenz_figure(lorenz, as_table([rows]), dunedin_config), "chance alone 0.40"),
        "lorenz_of_months": (
            lambda: lorenz_figure(duration, as_table([welfare]), dunedin_config),
            "covers about 80%, no value for chance, as a duration is not counted",
        ),
    }
    for name, (draw, text) in pictures.items():
        for copy in ("a", "b"):
            draw().save(tmp_path / f"{name}_{copy}.svg")
        svg = (tmp_path / f"{name}_a.svg").read_text(encoding="utf-8")
        assert svg == (tmp_path / f"{name}_b.svg").read_text(encoding="utf-8")
        assert re.search(f"<desc>[^<]*{text}", svg)
        assert re.search("<title>[^<]+</title>", svg)


def test_a_figure_says_what_cannot_be_estimated(nhefs: Cohort, nhefs_config: CohortConfig) -> None:
    rows = Rows("nhefs", "quitting", "policy", TAX)
    rows.add("risk_difference", "crude", Interval.not_estimable("nobody quit in an arm"), n=90)
    table = as_table([rows])
    studied = nhefs_config.policy.model_copy(update={"outcomes": ["quitting"]})
    config = nhefs_config.model_copy(update={"individual": None, "policy": studied})
    picture = forest_figure(table, config, nhefs)
    assert picture.title.startswith("Effects of policy: ")
    assert picture.alt.endswith("percentage points: cannot be estimated: nobody quit in an arm.")


def test_a_cohort_without_truth_is_the_same_type(nhefs: Cohort, dunedin: Cohort) -> None:
    assert type(replace(nhefs)) is type(replace(dunedin))
    assert nhefs.truth.empty


# --- births ---------------------------------------------------------------------------------------------------------


def test_windows_of_birth_stand_beside_every_comparison() -> None:
    config = world("famine")
    label = "early: exposed in early pregnancy vs born before or conceived after"
    risk = Rows("famine", "coronary_disease", "policy", label)
    for method, value in (("crude", 0.05), ("regression", 0.06), ("did", 0.04)):
        risk.add("risk_difference", method, Interval.normal(value, 0.01), n=100)
    for estimand, value in (("power", 0.589), ("type_s", 0.00003), ("type_m", 1.3)):
        risk.add(estimand, "design_analysis", Interval(value), n=508, note="odds ratio 3")
    config = config.model_copy(
        update={
            "birth_periods": config.birth_periods.model_copy(
                update={
                    "outcomes": ["coronary_disease"],
                    "exposed": {"early": config.birth_periods.exposed["early"]},
                    "region": None,
                }
            )
        }
    )
    (line,) = birth_period_lines(as_table([risk]), config)
    assert line["outcome"] == "Coronary disease by age 50, percentage points"
    assert line["Both"].startswith("6.0 (4.0 to 8.0)")
    assert line["Spared region"].startswith("4.0")
    assert line["Born before"] == ""
    (plan,) = design_lines(as_table([risk]))
    assert plan == {"comparison": "odds ratio 3", "power": "59%", "type_s": "0.003%", "exaggeration": "1.3"}


def test_a_reform_stands_under_every_method_with_its_checks() -> None:
    config = world("reform")
    rows = Rows("reform", "log_earnings", "policy", "born_after: born after vs born before")
    rows.add("mean_difference", "rd", Interval.normal(5, 1), n=10)
    rows.add("mean_difference", "rd", Interval.normal(5, 1), n=10, contrast="placebo: born from the same date of 1975")
    config = config.model_copy(
        update={"reform": config.reform.model_copy(update={"outcomes": ["log_earnings"], "first_stage": None})}
    )
    table = as_table([rows])
    (line,) = reform_lines(table, config)
    assert line["regression discontinuity"] == "5.0 (3.0 to 7.0)"
    assert line["same dates, donut"] == ""
    assert reform_checks(table) == [
        "At the same date in years without the reform, 1 of 1 intervals exclude zero; one in twenty is expected by chance."
    ]
