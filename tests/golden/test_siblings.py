"""Comparisons within groups against R: firms over years, matched sets of women, litters of rats."""

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.estimators import within_families
from evenwicht.estimators.conditional_logit import fit_conditional_logit
from evenwicht.estimators.cox import fit_cox
from evenwicht.estimators.linear import fit_linear
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.estimators.within_families import (
    conditional_odds_ratio,
    linear_fixed_effects,
    stratified_hazard_ratio,
)

from tests.conftest import ROOT


@pytest.fixture
def firms() -> pd.DataFrame:
    """Grunfeld's ten firms, as in R's plm; statsmodels has an eleventh."""
    from statsmodels.datasets import grunfeld

    table = grunfeld.load_pandas().data
    return table[table["firm"] != "American Steel"]


def test_fixed_effects_of_firms(firms: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """plm 2.6-2, model = "within": value 0.1101238041, capital 0.3100653413; ten firms leave few degrees of freedom."""
    monkeypatch.setattr(within_families, "LEAST_FAMILIES", 5)
    invest, value, capital, firm = (firms[name].to_numpy() for name in ("invest", "value", "capital", "firm"))
    found = linear_fixed_effects(invest, value, capital[:, None], families=firm)
    assert found.interval.estimate == pytest.approx(0.1101238041, abs=5e-11)
    other = linear_fixed_effects(invest, capital, value[:, None], families=firm)
    assert other.interval.estimate == pytest.approx(0.3100653413, abs=5e-11)
    assert (found.families, found.people) == (10, 200)
    assert found.interval.status == "no interval"


def test_errors_of_fixed_effects_by_firm(firms: pd.DataFrame) -> None:
    """clubSandwich 0.5.8, vcovCR(plm, type = "CR2"): 0.02063110683 0.08267530205; no parameter of a firm counts."""
    within = firms[["invest", "value", "capital"]] - firms.groupby("firm")[["invest", "value", "capital"]].transform(
        "mean"
    )
    y, x = within["invest"].to_numpy(), within[["value", "capital"]].to_numpy()
    fit = fit_linear(y, x, clusters=firms["firm"].to_numpy(), intercept=False, absorbed=10)
    assert fit.errors is not None
    errors = [fit.errors.se(contrast) for contrast in fit.contrasts]
    np.testing.assert_allclose(errors, [0.02063110683, 0.08267530205], rtol=1e-9)


def test_conditional_logistic_regression() -> None:
    """survival 3.5-3: clogit(case ~ spontaneous + induced + strata(stratum), infert), all sets with one case."""
    table = pd.read_csv(ROOT / "tests/golden/infert.csv")
    case, stratum = table["case"].to_numpy(float), table["stratum"].to_numpy()
    x = table[["spontaneous", "induced"]].to_numpy(float)
    fit = fit_conditional_logit(case, x, stratum - 1, ["spontaneous", "induced"], "here")
    digits = 1e-8  # printed
    np.testing.assert_allclose(fit.params, [1.985875517, 1.409011632], rtol=digits)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), [0.3524435398, 0.3607124362], rtol=digits)
    assert fit.log_likelihood == pytest.approx(-64.20223692, rel=digits)
    found = conditional_odds_ratio(case, x[:, 0], x[:, 1:], families=stratum)
    assert np.log(found.interval.estimate) == pytest.approx(1.985875517, rel=digits)
    differing = table.groupby("stratum")["spontaneous"].nunique() > 1
    assert found.families == differing.sum()
    assert found.people == differing[table["stratum"]].sum()


def test_litters_of_rats() -> None:
    """coxph(Surv(time, status) ~ rx + strata(litter), rats, sex == "f"): 0.9847174995, SE 0.3869930906."""
    table = pd.read_csv(ROOT / "tests/golden/rats.csv")
    data = SurvivalData(table["time"].to_numpy(float), table["status"].to_numpy(float))
    treated, litter = table["rx"].to_numpy(float), table["litter"].to_numpy()
    found = stratified_hazard_ratio(data, treated, families=litter)
    assert np.log(found.interval.estimate) == pytest.approx(0.9847174995, abs=5e-11)
    assert found.interval.se == pytest.approx(0.3869930906, abs=5e-11)
    assert fit_cox(data, treated[:, None], ["rx"], strata=litter).log_likelihood == pytest.approx(-28.3132065354)
    with pytest.raises(ModelError, match="members with an event while a sibling"):
        stratified_hazard_ratio(data.among(litter <= 20), treated[litter <= 20], families=litter[litter <= 20])


def test_strata_of_cells() -> None:
    """coxph(Surv(time, status) ~ karno + trt + strata(celltype), veteran)."""
    table = pd.read_csv(ROOT / "tests/golden/veteran.csv")
    data = SurvivalData(table["time"].to_numpy(float), table["status"].to_numpy(float))
    cells = table["celltype"].to_numpy()
    fit = fit_cox(data, table[["karno", "trt"]].to_numpy(float), ["karno", "trt"], strata=cells)
    np.testing.assert_allclose(fit.params, [-0.0358011230, 0.2328346769], atol=5e-11)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), [0.0055301909, 0.2010987449], atol=5e-11)
