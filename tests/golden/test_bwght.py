"""Birth weight and smoking as ingested, against J. M. Wooldridge, Introductory Econometrics, examples 4.9 and 15.3.

The models are fitted by statsmodels and linearmodels, not by us: what is tested is that the cohort file and the reader
hand on the data behind the printed values.
"""

import pandas as pd
import pytest
import statsmodels.api as sm
from evenwicht.cohort import Cohort
from linearmodels.iv import IV2SLS

from tests.conftest import ingested, world


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return ingested(world("bwght"))


@pytest.fixture(scope="module")
def births(cohort: Cohort) -> pd.DataFrame:
    return cohort.persons


def test_every_birth_is_a_row_with_a_number(births: pd.DataFrame) -> None:
    assert births["id"].tolist() == list(range(1, 1389))


def test_births_of_one_state_share_price_and_tax(births: pd.DataFrame) -> None:
    by_state = births.groupby("state", observed=True)[["cigarette_price", "cigarette_tax"]]
    assert by_state.ngroups == 46
    assert (by_state.nunique() == 1).all().all()
    assert births["cigarette_price"].nunique() == 46


def test_example_4_9_ounces_per_cigarette_given_parity_income_and_education(births: pd.DataFrame) -> None:
    columns = ["cigarettes", "parity", "family_income", "mother_education", "father_education"]
    known = births.dropna(subset=columns)
    fit = sm.OLS(known["birth_weight"], sm.add_constant(known[columns])).fit()
    assert fit.nobs == 1191
    assert fit.params["const"].round(2) == 114.52
    assert fit.params[columns].round(3).tolist() == [-0.596, 1.788, 0.056, -0.370, 0.472]
    assert fit.bse["cigarettes"].round(3) == 0.110
    assert round(fit.rsquared, 4) == 0.0387


def test_example_15_3_price_moves_hardly_any_packs_and_tells_nothing(births: pd.DataFrame) -> None:
    one = pd.Series(1.0, index=births.index, name="const")
    packs, price = births[["packs"]], births[["cigarette_price"]]
    fit = IV2SLS(births["log_birth_weight"], one, packs, price).fit(cov_type="unadjusted", debiased=True)
    assert fit.params.round(2).tolist() == [4.45, 2.99]
    assert fit.std_errors.round(2).tolist() == [0.91, 8.70]
    first = sm.OLS(births["packs"], sm.add_constant(price)).fit()
    assert (round(first.params["const"], 3), round(first.params["cigarette_price"], 4)) == (0.067, 0.0003)
    assert (round(first.bse["const"], 3), round(first.bse["cigarette_price"], 4)) == (0.103, 0.0008)
    assert round(first.fvalue, 2) == 0.13
