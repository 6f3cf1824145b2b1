"""Rows, tables, how tables drift, and what sections of studies show."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.estimators.results import Interval
from evenwicht.report import drift
from evenwicht.report.tables import attrition, replication
from evenwicht.results import schema
from evenwicht.results.reading import read_tables
from evenwicht.results.rows import with_truth
from evenwicht.studies.birth_periods.section import words as birth_periods
from evenwicht.studies.concentration.tables import beside_chance
from evenwicht.studies.discontinuity.section import words as discontinuity
from evenwicht.worlds.published import PUBLISHED

from tests.cohorts import changed, configured, described
from tests.conftest import WORLDS
from tests.rows import TOO_SHORT, about, estimates, found_in, some_rows, some_tables, tables, use_of
from tests.worlds import published

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


def test_table_one_names_no_value_of_few_people_but_those_that_the_cohort_file_names(
    nhefs: Cohort, nhefs_config: CohortConfig
) -> None:
    n = len(nhefs.persons)
    trade = pd.Series(["cook"] * (n - 19) + ["clerk"] * 10 + [f"acrobat {i}" for i in range(9)])
    column = {"role": "baseline", "type": "category", "label": "Trade"}
    cohort = replace(nhefs, persons=nhefs.persons.assign(trade=pd.Categorical(trade)))

    def levels(**codes: object) -> dict[str, str]:
        lines = described(cohort, changed(nhefs_config, {"columns.trade": {**column, **codes}, "table1": ["trade"]}))
        return dict(zip(lines["level"].iloc[1:], lines["overall"].iloc[1:], strict=True))

    assert levels() == {
        "clerk": f"{1000 / n:.1f}",
        "cook": f"{100 * (n - 19) / n:.1f}",
        "rarer_values": f"{900 / n:.1f}",
    }
    named = levels(codes={level: level for level in trade.unique()})
    assert "rarer_values" not in named
    assert len(named) == 11


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


# --- sections of studies ----------------------------------------------------------------------------------------------


def test_concentration_never_stands_without_chance(dunedin_config: CohortConfig) -> None:
    study, book = dunedin_config.studies["concentration"], dunedin_config.codebook
    (line,) = beside_chance(study, book, found_in(use_of("crime", 0.9, 0.4))).rows
    assert (line["what"], line["chance"], line["excess"]) == ("Criminal convictions", "0.400", "+0.500")


def test_what_is_not_counted_says_why_it_has_no_chance_value(dunedin_config: CohortConfig) -> None:
    study, book = dunedin_config.studies["concentration"], dunedin_config.codebook
    (line,) = beside_chance(study, book, found_in(use_of("welfare", 0.8, note=TOO_SHORT))).rows
    assert line["chance"] == "none: a duration is not counted"
    assert "excess" not in line
    assert line["observed"] == f"0.800 (0.780 to 0.820); {TOO_SHORT}"


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
    (line,), (plan,) = told["table"].rows, told["planned"]
    assert line["outcome"] == "Coronary disease by age 50, percentage points"
    assert line["Both"].startswith("6.0 (4.0 to 8.0)")
    assert line["Spared region"].startswith("4.0")
    assert "Born before" not in [column.head for column in told["table"].shown], "no column without any row"
    assert plan.pop("comparison").endswith("odds ratio 3")
    assert plan == {"power": "59", "type_s": "0.003", "type_m": "1.3"}


def test_a_policy_from_a_date_on_stands_under_every_method_with_its_checks() -> None:
    config = configured("reform")
    (name,) = (name for name, study in config.studies.items() if study.kind == "discontinuity")
    reform = changed(config, {f"studies.{name}.outcomes": ["log_earnings"], f"studies.{name}.first_stage": None})
    rows = about(name, "log_earnings", "born_after", "no", "reform")
    rows.add("mean_difference", "rd", Interval.normal(5, 1), n=10)
    rows.add("mean_difference", "rd", Interval.normal(5, 1), n=10, exposure="born_after_1975")
    told = discontinuity(reform.studies[name], reform.codebook, found_in(rows))
    (line,) = told["table"].rows
    every = {column.key: column.head for column in told["table"].columns}
    assert {every[key]: text for key, text in line.items()} == {
        "Outcome": "Log of earnings at 30",
        "Regression discontinuity": "5.0 (3.0 to 7.0)",
        "Discontinuity, donut": "",
        "Difference in discontinuities": "",
        "Difference in discontinuities, donut": "",
        "True value": "",
    }
    (check,) = told["checks"]
    assert "in years without the policy, 1 of 1 intervals lie wholly above or below no difference" in check
