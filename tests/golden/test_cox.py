"""The Cox kernel against R's survival::coxph, case by case (see cox_reference.R for how the references were made)."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.estimators.cox import CoxResult, cox

from tests.conftest import ROOT

FOLDER = ROOT / "tests/golden/cox"
RESULTS = pd.read_csv(FOLDER / "results.csv", dtype={"value": str}, keep_default_na=False)
PRECISION = 1e-6  # relative; both sides iterate until the likelihood is flat to 1e-12

PLAIN = {"covariates": ["x1", "x2", "x3"], "duration_col": "time", "event_col": "status"}
LATE = {**PLAIN, "entry_col": "entry"}
LUNG = {**PLAIN, "covariates": ["age", "sex", "ecog", "loss"]}
WEIGHTED = {"weights_col": "weight"}
CLUSTERED = {"cluster_col": "cluster"}
STRATA = {"strata": "group"}
BRESLOW = {"ties": "breslow"}

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "efron": ("untied", PLAIN),
    "breslow": ("tied", PLAIN | BRESLOW),
    "ties": ("tied", PLAIN),
    "entry": ("untied", LATE),
    "entry_ties": ("tied", LATE),
    "entry_ties_breslow": ("tied", LATE | BRESLOW),
    "strata": ("untied", PLAIN | STRATA),
    "strata_entry_ties": ("tied", LATE | STRATA),
    "weights_efron": ("tied", PLAIN | WEIGHTED),
    "weights_breslow": ("tied", PLAIN | WEIGHTED | BRESLOW),
    "robust": ("untied", {**PLAIN, "robust": True}),
    "robust_ties": ("tied", {**PLAIN, "robust": True}),
    "robust_ties_breslow": ("tied", {**PLAIN, "robust": True} | BRESLOW),
    "robust_weights_ties": ("tied", {**PLAIN, "robust": True} | WEIGHTED),
    "cluster": ("untied", PLAIN | CLUSTERED),
    "cluster_ties": ("tied", PLAIN | CLUSTERED),
    "cluster_weights_entry_strata": ("tied", LATE | WEIGHTED | CLUSTERED | STRATA),
    "cluster_weights_entry_strata_breslow": ("tied", LATE | WEIGHTED | CLUSTERED | STRATA | BRESLOW),
    "offset": ("untied", {**PLAIN, "offset_col": "shift"}),
    "offset_weights_entry_ties": ("tied", {**LATE, "offset_col": "shift"} | WEIGHTED),
    "odd_strata": ("odd", LATE | STRATA),
    "odd_strata_cluster": ("odd", PLAIN | STRATA | CLUSTERED),
    "scaled": ("scaled", {**LATE, "covariates": ["birth", "share", "x2"]}),
    "near_separation": ("near", {**PLAIN, "covariates": ["exposed", "x1"]}),
    "lung": ("lung", LUNG),
    "lung_cluster": ("lung", {**LUNG, "cluster_col": "inst"}),
    "heart": (
        "heart",
        {
            "duration_col": "stop",
            "event_col": "event",
            "entry_col": "start",
            "covariates": ["age", "year", "surgery"],
            "cluster_col": "id",
        },
    ),
}
SEPARATED = {
    "separation": ("apart", {**PLAIN, "covariates": ["exposed", "x1"]}, "exposed to plus infinity"),
    "spared": ("spared", {**LATE, "covariates": ["exposed", "x1"]}, "exposed to minus infinity"),
}


def reference(case: str) -> pd.Series:
    """Numbers of a case, by (number, term)."""
    return RESULTS[RESULTS["case"] == case].set_index(["number", "term"])["value"]


def fitted(data: str, arguments: dict[str, Any]) -> CoxResult:
    return cox(pd.read_csv(FOLDER / f"{data}.csv"), **arguments)


def test_every_reference_is_compared() -> None:
    assert set(RESULTS["case"]) == set(CASES) | set(SEPARATED)


@pytest.mark.parametrize("case", CASES)
def test_fit_is_that_of_coxph(case: str) -> None:
    fit, expected = fitted(*CASES[case]), reference(case)
    ours = {
        "coef": fit.params,
        "se": np.sqrt(np.diag(fit.covariance)),
        "naive_se": np.sqrt(np.diag(fit.naive_covariance)),
    }
    for number, values in ours.items():
        theirs = expected[number][list(fit.names)].astype(float)
        np.testing.assert_allclose(values, theirs, rtol=PRECISION, err_msg=number)
    assert fit.log_likelihood == pytest.approx(float(expected["loglik", ""]), rel=PRECISION)
    assert fit.log_likelihood_null == pytest.approx(float(expected["loglik_null", ""]), rel=PRECISION)
    assert fit.events == float(expected["events", ""])


@pytest.mark.parametrize("case", SEPARATED)
def test_where_coxph_warns_of_an_infinite_coefficient_there_is_no_result(case: str) -> None:
    data, arguments, told = SEPARATED[case]
    assert "may be infinite" in reference(case)["warning", ""]
    with pytest.raises(ModelError, match=f"the coefficient runs off: {told}\\."):
        fitted(data, arguments)
