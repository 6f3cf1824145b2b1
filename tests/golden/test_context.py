"""People in groups: random intercepts are those of lme4 and nlme, differences within and between those of plm.

R 4.2.2: lme4 `lmer(reaction ~ days + (1 | subject))`, nlme Orthodont `distance ~ age`, plm Grunfeld `inv ~ value +
capital` by firm.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from evenwicht.estimators.contextual import WithinBetween
from evenwicht.estimators.multilevel import random_intercept

from tests.conftest import ROOT

SLEEP = pd.read_csv(ROOT / "tests/golden/sleepstudy.csv")
GROWTH = pd.read_csv(ROOT / "tests/golden/orthodont.csv")


def test_random_intercept_of_reaction_times_is_that_of_lme4() -> None:
    found = random_intercept(SLEEP["reaction"].to_numpy(), SLEEP[["days"]].to_numpy(float), SLEEP["subject"].to_numpy())
    assert found.intercept == pytest.approx(251.4051048485, rel=1e-9)
    assert found.params[0] == pytest.approx(10.4672859596, rel=1e-10)
    assert np.sqrt(found.covariance[0, 0]) == pytest.approx(0.8042214289, rel=1e-6)
    assert (found.between, found.within) == pytest.approx((1378.17851, 960.45658), rel=1e-6)
    assert found.share.estimate == pytest.approx(0.589309, abs=5e-7)
    assert found.log_likelihood == pytest.approx(-893.232542697, rel=1e-9)


def test_random_intercept_of_growth_is_that_of_nlme() -> None:
    found = random_intercept(
        GROWTH["distance"].to_numpy(float), GROWTH[["age"]].to_numpy(float), GROWTH["child"].to_numpy()
    )
    assert found.intercept == pytest.approx(16.7611111111, rel=1e-9)
    assert found.params[0] == pytest.approx(0.6601851852, rel=1e-9)
    assert (found.between, found.within) == pytest.approx((4.4720556, 2.0494560), rel=1e-6)
    assert found.share.estimate == pytest.approx(4.4720556 / (4.4720556 + 2.0494560), rel=1e-6)
    assert found.log_likelihood == pytest.approx(-223.501257798, rel=1e-9)


def test_random_intercept_is_that_of_statsmodels() -> None:
    model = sm.MixedLM.from_formula("reaction ~ days", SLEEP, groups="subject")
    theirs = model.fit(reml=True, method=["powell", "lbfgs"])
    ours = random_intercept(SLEEP["reaction"].to_numpy(), SLEEP[["days"]].to_numpy(float), SLEEP["subject"].to_numpy())
    assert ours.params[0] == pytest.approx(theirs.params["days"], rel=1e-8)
    assert ours.between == pytest.approx(float(theirs.cov_re.iloc[0, 0]), rel=1e-5)  # where their search stops
    assert ours.log_likelihood == pytest.approx(theirs.llf, rel=1e-8)


def test_differences_within_firms_and_between_them_are_those_of_plm() -> None:
    data = sm.datasets.grunfeld.load_pandas().data.query("firm != 'American Steel'")
    columns, nothing = data[["value", "capital"]].to_numpy(float), np.empty((len(data), 0))
    names = ["value", "capital"]
    model = WithinBetween(data["invest"].to_numpy(float), columns, nothing, nothing, data["firm"].to_numpy(), names)
    assert [one.estimate for one in model.within] == pytest.approx([0.1101238041, 0.3100653413], rel=1e-8)
    parts = [model.by_sampled_means(j) for j in range(2)]
    assert [one.contextual.estimate for one in parts] == pytest.approx([0.0245222829, -0.2780338670], rel=1e-8)
    assert [one.between.estimate for one in parts] == pytest.approx([0.1346460870, 0.0320314743], rel=1e-7)
