"""Real cohorts by a cohort file alone: what their studies give is what others printed, or what statsmodels and lifelines fit.

The data come with installed packages, or lie beside this test; none of these files is in the default run.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import yaml
from evenwicht.config import CohortConfig
from evenwicht.config.loading import load_cohort

from tests.cohorts import changed, configured, people_of, studied
from tests.conftest import ROOT

ROSSI = """
name: rossi
title: Financial aid after prison
description: 432 men released from prisons of Maryland, followed for 52 weeks. From the Python package lifelines.
source:
  kind: package
  package: lifelines
  dataset: rossi
  derived:
    id: {kind: row_number}
    start: {kind: at_least, of: week, limit: 53}   # 0: everybody is followed from release on
  events:
    - {event: arrest, entry_age: start, exit_age: week, status: arrest}   # weeks stand for years
columns:
  id: {role: id, type: integer, label: Man}
  aid: {role: exposure, type: boolean, label: Financial aid, source: fin}
  age: {role: baseline, label: Age at release, unit: years}
  race: {role: baseline, type: boolean, label: Black}
  work: {role: baseline, type: boolean, label: Work before prison, source: wexp}
  married: {role: baseline, type: boolean, label: Married, source: mar}
  parole: {role: baseline, type: boolean, label: Released on parole, source: paro}
  convictions: {role: baseline, label: Earlier convictions, source: prio}
outcomes:
  arrest: {kind: time_to_event, event: arrest, time: follow_up, horizon: 52, label: Arrest}
studies:
  aid:
    kind: exposure
    exposures: [aid]
    adjust: {columns: [age, race, work, married, parole, convictions]}
    outcomes: [arrest]
table1: [age]
"""

LARYNX = """
name: larynx
title: Cancer of the larynx
description: 90 men from diagnosis on. From the Python package lifelines.
source:
  kind: package
  package: lifelines
  dataset: larynx
  derived:
    id: {kind: row_number}
    age_left: {kind: sum, of: [age, time]}
  events:
    - {event: death, entry_age: age, exit_age: age_left, status: death}
columns:
  id: {role: id, type: integer, label: Man}
  stage_4: {role: exposure, type: boolean, label: Stage IV, source: Stage_IV}
outcomes:
  death: {kind: time_to_event, event: death, time: age, horizon: 75, label: Death}
studies:
  stage: {kind: exposure, exposures: [stage_4], outcomes: [death]}
table1: [stage_4]
"""

SCHOOLS = f"""
name: schools
title: Schools of California
description: Stratified sample of 200 schools, `apistrat` of R's survey.
source:
  kind: table
  path: {ROOT / "tests/golden/apistrat.csv"}
  derived:
    id: {{kind: row_number}}
columns:
  id: {{role: id, type: integer, label: School}}
  weight: {{role: weight, label: Sampling weight, source: pw}}
  learners: {{role: exposure, label: Learners of English, unit: "%", source: ell}}
  meals: {{role: baseline, label: Subsidised meals, unit: "%"}}
  score: {{role: outcome, label: Academic performance, unit: points, source: api00}}
outcomes:
  score: {{kind: continuous, column: score, label: Academic performance}}
studies:
  learners:
    kind: exposure
    exposures: [learners]
    adjust: {{columns: [meals]}}
    weights: weight
    outcomes: [score]
table1: [meals]
"""


def file_of(text: str, folder: Path) -> CohortConfig:
    """Load a cohort file as a user would, checks included."""
    path = folder / "cohort.yaml"
    path.write_text(text, encoding="utf-8")
    return load_cohort(path)


def estimate(config: CohortConfig, **keys: str) -> dict[str, Any]:
    """The one estimate with these keys of the only study of a file."""
    [name] = config.studies
    rows = studied(name, config, people_of(config, 1))["estimates"]
    for key, value in keys.items():
        rows = rows[rows[key] == value]
    [row] = rows.to_dict("records")
    return row


def test_hazard_of_arrest_with_financial_aid_over_that_without(tmp_path: Path) -> None:
    """Allison's example as Fox (2002) and R's `coxph(Surv(week, arrest) ~ ., rossi)` print it: -0.379, SE 0.191."""
    row = estimate(file_of(ROSSI, tmp_path), estimand="conditional_hazard_ratio")
    assert round(row["estimate"], 3) == 0.684
    assert (round(np.log(row["estimate"]), 5), round(row["se"], 5)) == (-0.37942, 0.19138)
    assert (row["n"], row["events"]) == (432, 114)


def test_men_enter_at_their_age_at_diagnosis(tmp_path: Path) -> None:
    """On the clock of age, against lifelines with late entry; who forgets it gets another answer."""
    from lifelines import CoxPHFitter
    from lifelines.datasets import load_larynx

    row = estimate(file_of(LARYNX, tmp_path), estimand="hazard_ratio", method="crude")
    data = load_larynx().assign(left=lambda d: d["age"] + d["time"])[["age", "left", "death", "Stage_IV"]]
    late = CoxPHFitter().fit(data, "left", "death", entry_col="age")
    assert np.log(row["estimate"]) == pytest.approx(late.params_["Stage_IV"], abs=1e-6)
    assert row["se"] == pytest.approx(late.standard_errors_["Stage_IV"], rel=1e-5)
    early = CoxPHFitter().fit(data.drop(columns="age"), "left", "death")
    assert abs(np.log(row["estimate"]) - early.params_["Stage_IV"]) > 0.05


def test_a_school_counts_by_how_many_it_was_drawn_from(tmp_path: Path) -> None:
    """svyglm(api00 ~ ell + meals), weights alone: -0.505725552, SE 0.393179823; its error has n - 1, ours n - 3."""
    row = estimate(file_of(SCHOOLS, tmp_path), estimand="mean_difference", method="regression")
    assert row["estimate"] == pytest.approx(-0.505725552, abs=5e-10)
    assert row["se"] * np.sqrt(197 / 199) == pytest.approx(0.393179823, abs=5e-10)


def test_weights_are_of_variances_and_not_numbers_of_schools(tmp_path: Path) -> None:
    """With `freq_weights` statsmodels takes the sample for a census: same coefficient, wrong error."""
    row = estimate(file_of(SCHOOLS, tmp_path), estimand="mean_difference", method="regression")
    data = pd.read_csv(ROOT / "tests/golden/apistrat.csv")
    design, weights = sm.add_constant(data[["ell", "meals"]]), data["pw"] / data["pw"].mean()

    def fit(**given: Any) -> Any:
        return sm.GLM(data["api00"], design, **given).fit(cov_type="HC0")

    right, wrong = fit(var_weights=weights), fit(freq_weights=weights)
    assert row["estimate"] == pytest.approx(right.params["ell"], rel=1e-8)
    assert wrong.params["ell"] == pytest.approx(right.params["ell"], rel=1e-8)
    assert row["se"] == pytest.approx(right.bse["ell"] * np.sqrt(200 / 197), rel=1e-8)
    assert abs(row["se"] / wrong.bse["ell"] - 1) > 0.02


def test_visits_to_a_doctor_are_as_unequal_as_printed() -> None:
    config = configured("randhie")
    rows = studied("concentration", config, people_of(config, 1))["estimates"].set_index("estimand")
    assert round(rows.loc["gini", "estimate"], 3) == 0.642


# R 4.2.2, `glm` with binomial family of any visit, and with Gamma(log) of the visits of those with any
ANY_VISIT = {"const": 0.28170106074, "lncoins": -0.19048707936, "idp": -0.66568285083}
ANY_VISIT |= {"lpi": 0.07597004579, "physlm": 0.14873847022, "disea": 0.06218449937}
VISITS_OF_USERS = {"const": 1.1609694485, "lncoins": -0.0305303094, "idp": -0.0936200784}
VISITS_OF_USERS |= {"lpi": 0.0007317998, "physlm": 0.2555136620, "disea": 0.0228003106}


def two_parts(at: pd.DataFrame) -> float:
    """The mean number of visits by the two models of R."""
    chance, visits = ((at * pd.Series(model)).sum(axis=1) for model in (ANY_VISIT, VISITS_OF_USERS))
    return float((np.exp(visits) / (1 + np.exp(-chance))).mean())


def test_visits_by_plan_in_two_parts_are_those_of_the_two_models_of_r() -> None:
    """And with a negative binomial model the ratio of means is that of statsmodels.

    The plan is compared, since two parts are for yes/no exposures. R's own means were printed for physical limitation,
    which holds a mean for 1,052 person-years that were not asked: as a covariate it is the number that it is.
    """
    study = {
        "kind": "exposure",
        "exposures": ["deductible"],
        "adjust": {"columns": ["cost_share", "incentive", "limitation", "chronic_diseases"]},
        "outcomes": ["use", "visits"],
    }
    use = {"kind": "use", "sector": "visits", "window": "year", "label": "Visits to a doctor"}
    config = changed(configured("randhie"), {"outcomes.use": use, "studies.plan": study})
    assert not list(config.check())
    rows = studied("plan", config, people_of(config, 1))["estimates"].set_index(["outcome", "estimand", "method"])
    data = sm.datasets.randhie.load_pandas().data
    design = sm.add_constant(data[[*ANY_VISIT][1:]].astype(float))
    assert two_parts(design.assign(physlm=1.0)) == pytest.approx(3.656102598, abs=5e-9)
    assert two_parts(design.assign(physlm=0.0)) == pytest.approx(2.720601576, abs=5e-9)
    expected = two_parts(design.assign(idp=1.0)) - two_parts(design.assign(idp=0.0))
    found = rows.loc[("use", "mean_difference", "two_part"), "estimate"]
    assert found == pytest.approx(expected, rel=1e-7)  # R stops its iterations at 1e-8
    counted = sm.NegativeBinomial(data["mdvis"], design).fit(method="newton", maxiter=200, disp=0)
    ratio = rows.loc[("visits", "mean_ratio", "negative_binomial"), "estimate"]
    assert np.log(ratio) == pytest.approx(counted.params["idp"], abs=1e-6)


def test_no_file_needs_more_than_fifty_lines() -> None:
    """And each is YAML that says all: what is read, what columns are, what is asked."""
    for text in (ROSSI, LARYNX, SCHOOLS):
        assert len(text.splitlines()) <= 50
        assert {"source", "columns", "outcomes", "studies"} <= set(yaml.safe_load(text))
