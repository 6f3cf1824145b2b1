"""Every effect of the default run can be told in people: beside it stands what it is an effect on, or its unit."""

import pandas as pd
import pytest
from evenwicht.results.rows import SAMPLE
from evenwicht.results.schema import DIAGNOSTICS, ESTIMATES

from tests.cohorts import configured
from tests.conftest import ROOT

COMPARED = ["cohort", "study", "outcome", "exposure", "reference", "at"]
TABLES = ROOT / "results/tables"


@pytest.fixture(scope="module")
def estimates() -> pd.DataFrame:
    """Of everybody, with the kind of their study."""
    rows = ESTIMATES.read_csv(TABLES / "estimates.csv").query("subgroup == '' and status != 'not estimable'")
    kinds = [
        configured(cohort).studies[study].kind for cohort, study in zip(rows["cohort"], rows["study"], strict=True)
    ]
    return rows.assign(kind=kinds)


@pytest.fixture(scope="module")
def diagnostics() -> pd.DataFrame:
    rows = DIAGNOSTICS.read_csv(TABLES / "diagnostics.csv")
    return rows[rows["method"] == SAMPLE]


def missing(rows: pd.DataFrame, told: pd.DataFrame, keys: list[str]) -> list[tuple[str, ...]]:
    """Comparisons among the rows of which nothing is told."""
    wanted = pd.MultiIndex.from_frame(rows[keys]).unique()
    assert len(wanted)
    return wanted.difference(pd.MultiIndex.from_frame(told[keys])).tolist()


def test_every_mean_difference_has_the_standard_deviation_of_its_outcome(
    estimates: pd.DataFrame, diagnostics: pd.DataFrame
) -> None:
    differences = estimates[estimates["estimand"] == "mean_difference"]
    spread = diagnostics[diagnostics["statistic"] == "outcome_sd"]
    assert not missing(differences, spread, ["cohort", "study", "outcome"])
    assert (spread["value"] > 0).all()


@pytest.mark.parametrize("kind", ["exposure", "policy"])
def test_every_risk_difference_has_the_risk_as_things_are(kind: str, estimates: pd.DataFrame) -> None:
    rows = estimates[estimates["kind"] == kind]
    assert not missing(*(rows[rows["estimand"] == name] for name in ("risk_difference", "risk")), COMPARED)


@pytest.mark.parametrize(
    ("kind", "methods"),
    [("policy", ["crude", "regression", "standardisation"]), ("event_study", ["gompertz"])],
)
def test_every_risk_difference_of_a_policy_has_the_risk_without_it(
    kind: str, methods: list[str], estimates: pd.DataFrame
) -> None:
    """Unless it is a number: one that is raised by a step leaves nobody without it."""
    rows = estimates[(estimates["kind"] == kind) & estimates["method"].isin(methods)]
    rows = rows[~rows["reference"].str.startswith("per_")]
    of = {name: rows[rows["estimand"] == name] for name in ("risk_difference", "risk_unexposed")}
    assert not missing(of["risk_difference"], of["risk_unexposed"], [*COMPARED, "method"])
    assert of["risk_unexposed"]["estimate"].between(0, 1).all()


@pytest.mark.parametrize("what", ["risk", "mean"])
def test_every_effect_of_an_exposure_has_that_of_nobody_exposed_on_the_population(
    what: str, estimates: pd.DataFrame, diagnostics: pd.DataFrame
) -> None:
    """Unless it is a number; and the share who are exposed is told beside it."""
    exposures = estimates[(estimates["kind"] == "exposure") & estimates["method"].isin(["ipw", "standardisation"])]
    exposures = exposures[~exposures["reference"].str.startswith("per_")]
    of = [exposures[exposures["estimand"] == name] for name in (f"{what}_difference", f"population_{what}_difference")]
    assert not missing(*of, [*COMPARED, "method"])
    shares = diagnostics[diagnostics["statistic"] == "share_exposed"]
    assert not missing(of[1], shares, ["cohort", "study", "outcome", "exposure", "reference"])
    assert shares["value"].between(0, 1, inclusive="neither").all()
