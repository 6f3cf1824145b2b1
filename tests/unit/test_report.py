"""Rows, tables, figures and the page: what a reader sees."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.estimators.results import Interval
from evenwicht.report import drift, wording
from evenwicht.report.births import birth_period_lines, design_lines, reform_checks, reform_lines
from evenwicht.report.comparison import compare_levels, concentration_lines
from evenwicht.report.figures import forest_figure, lorenz_figure, survival_figure
from evenwicht.report.tables import ATTRITION_COLUMNS, attrition, replication, table_one
from evenwicht.report.world_figures import attrition_figure, graph_figure
from evenwicht.rows import COLUMNS, Rows, as_table, with_truth
from evenwicht.worlds import causal_graph

from tests.conftest import ROOT, world

PUBLISHED = pd.read_csv(ROOT / "data/published.csv")
QUIT = "quit: quit vs kept smoking"
TAX = "high_tax: high-tax state vs other state"


def some_rows() -> pd.DataFrame:
    person = Rows("nhefs", "weight_change", "individual", QUIT)
    person.add("mean_difference", "crude", Interval.normal(2.5, 0.5), n=100)
    person.add("mean_difference", "gformula", Interval.normal(3.5, 0.5), n=100)
    deaths = Rows("nhefs", "death", "individual", QUIT)
    deaths.add("risk_difference", "ipw", Interval.normal(-0.002, 0.02), n=100, events=20)
    deaths.add("hazard_ratio", "ipw", Interval.normal(0.0, 0.1).exp(), n=100, events=20)
    policy = Rows("nhefs", "weight_change", "policy", TAX)
    policy.add("mean_difference", "regression", Interval(0.2), n=90, note="clusters: 2 with the policy, 9 without")
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


def test_table_one_describes_by_exposure(nhefs: Cohort, nhefs_config: CohortConfig) -> None:
    table = table_one(nhefs, nhefs_config)
    size = table.iloc[0]
    assert (size["overall"], size["exposed"], size["unexposed"]) == (1629, 428, 1201)
    age = table[table["variable"].str.startswith("Age")].iloc[0]
    persons = nhefs.persons
    assert age["overall"] == f"{persons['age'].mean():.1f} ({persons['age'].std():.1f})"
    assert set(table[table["variable"] == "Education"]["level"]) == set(persons["education"].cat.categories)


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


def test_numbers_are_written_for_readers() -> None:
    assert wording.number(-1234.5, 1) == "−1,234.5"
    assert wording.number(-0.001, 1) == "0.0"
    assert wording.number(float("nan")) == ""
    assert wording.signed(0.26, 1) == "+0.3"
    assert wording.with_interval(1, 0.5, 2, digits=1) == "1.0 (0.5 to 2.0)"
    assert wording.with_interval(1, np.nan, np.nan, digits=1) == "1.0 (no interval)"


def test_the_comparison_puts_both_levels_in_the_same_unit(nhefs_config: CohortConfig) -> None:
    weight, death, quitting = compare_levels(some_rows(), nhefs_config)
    assert (weight.individual.effect, weight.individual.unit) == ("+3.5", "kg")
    assert (weight.policy.effect, weight.policy.unit) == ("+0.2", "kg")
    assert weight.policy.facts["95% interval"] == "none can be given"
    assert "not known" in weight.policy.facts["Reading"]
    assert death.individual.unit == "percentage points"
    assert death.individual.facts["Per 100,000 people"] == "−200 (−4,120 to +3,720)"
    assert death.individual.facts["Relative"] == "hazard ratio 1.00 (0.82 to 1.22)"
    assert death.policy is None
    assert quitting.is_exposure
    assert quitting.individual is None


def test_concentration_never_stands_without_chance(dunedin_config: CohortConfig) -> None:
    rows = Rows("dunedin", "concentration", "population", "crime")
    rows.add("gini", "observed", Interval.normal(0.9, 0.01), n=10)
    rows.add("gini", "poisson_null", Interval(0.4), n=10)
    (line,) = concentration_lines(as_table([rows]), dunedin_config)
    assert (line["what"], line["chance"], line["excess"]) == ("Criminal convictions", "0.40", "+0.50")


def test_what_is_not_counted_says_why_it_has_no_chance_value(dunedin_config: CohortConfig) -> None:
    rows = Rows("dunedin", "concentration", "population", "welfare")
    rows.add("gini", "observed", Interval.normal(0.8, 0.01), n=10, note="interval too short: covers about 80%")
    (line,) = concentration_lines(as_table([rows]), dunedin_config)
    assert line["chance"] == "none: a duration is not counted"
    assert line["excess"] == ""
    assert line["observed"] == "0.80 (0.78 to 0.82); interval too short: covers about 80%"


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
        "survival": (lambda: survival_figure(curves(), nhefs_config), "78.7% without the event at 120 months"),
        "forest": (lambda: forest_figure(some_rows(), nhefs_config, nhefs), r"standardisation: 3.5 \(2.5 to 4.5\) kg"),
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
    for estimand, value in (("power", 0.589), ("type_s", 0.00003), ("exaggeration", 1.3)):
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
    assert line["regression discontinuity"] == "5.00 (3.04 to 6.96)"
    assert line["same dates, donut"] == ""
    assert reform_checks(table) == [
        "At the same date in years without the reform, 1 of 1 intervals exclude zero; one in twenty is expected by chance."
    ]
