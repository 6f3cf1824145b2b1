"""Bias, coverage and power over replicates: on which scale, of how many, and for which settings."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.errors import ModelError
from evenwicht.config.loading import load_run
from evenwicht.config.recovered import recovered_studies, recovery_settings
from evenwicht.recovery import (
    bias_table,
    coverage_by_method,
    gather_replicates,
    read_recovery,
    recovery_table,
    replicate,
    summarise,
    with_recovery,
)
from evenwicht.results.rows import FAILED
from evenwicht.results.schema import COVERAGE, ESTIMATES, RECOVERY
from evenwicht.studies.policy import run as policy_run
from evenwicht.studies.samples import Sample
from evenwicht.worlds import exact_values

from tests.cohorts import changed, configured
from tests.conftest import ROOT

SETTINGS = {"town": {"as_configured": "d1", "null": "d2"}}
DRAWN = dict.fromkeys(SETTINGS, 2)
WIDE, NARROW = 1.0, 0.1  # half-widths of intervals that cover an error of 0.5, and that do not


def rows_of(estimates: list[float], estimand: str = "mean_difference", **changes: object) -> pd.DataFrame:
    """One estimate a replicate, of a true value of 2, with a wide interval."""
    about = {"outcome": "weight", "exposure": "leave", "reference": "no", "subgroup": "", "at": ""}
    place = {"cohort": "town", "scenario": "as_configured", "study": "parents", **about, "method": "regression"}
    table = pd.DataFrame({"estimate": estimates, "replicate": range(1, len(estimates) + 1)}, dtype=float)
    table = table.assign(truth=2.0, lower=table["estimate"] - WIDE, upper=table["estimate"] + WIDE, estimand=estimand)
    return table.assign(**{**place, **changes})


def found(estimates: list[float], **changes: object) -> pd.DataFrame:
    """The same estimates of one draw, each about an outcome of its own."""
    rows = rows_of(estimates, **changes)
    return rows.assign(outcome=[f"outcome {k}" for k in range(len(rows))])


def test_errors_of_ratios_are_on_the_log_scale_everywhere_and_the_scale_is_named() -> None:
    one = bias_table(pd.concat([found([2.5, 3.0]), found([1.0, 4.0], estimand="hazard_ratio")])).set_index("estimand")
    np.testing.assert_allclose(one.loc["mean_difference", "bias"], [0.5, 1.0])
    np.testing.assert_allclose(one.loc["hazard_ratio", "bias"], [-np.log(2), np.log(2)])
    assert one.groupby("estimand")["scale"].unique().str[0].to_dict() == {
        "hazard_ratio": "log ratio",
        "mean_difference": "difference",
    }
    both = pd.concat([rows_of([2.5, 3.0]), rows_of([1.0, 4.0], "hazard_ratio")])
    many = recovery_table(both, SETTINGS, DRAWN).set_index("estimand")
    assert many["mean_bias"].to_dict() == pytest.approx({"mean_difference": 0.75, "hazard_ratio": 0.0})
    assert many["mean_estimate"].to_dict() == pytest.approx({"mean_difference": 2.75, "hazard_ratio": 2.0})
    assert many["scale"].to_dict() == {"mean_difference": "difference", "hazard_ratio": "log ratio"}


def test_mean_of_the_biases_is_the_mean_bias() -> None:
    for estimand, estimates in (("mean_difference", [2.5, 3.0, 1.8]), ("risk_ratio", [1.0, 4.5, 2.2])):
        (mean,) = summarise(rows_of(estimates, estimand))["mean_bias"]
        assert mean == pytest.approx(bias_table(found(estimates, estimand=estimand))["bias"].mean())


def test_what_has_no_true_value_has_no_bias() -> None:
    assert len(bias_table(found([2.5, 2.5]).assign(truth=[np.nan, 2.0]))) == 1


def test_without_an_interval_nothing_is_said_of_covering() -> None:
    bare = found([2.5, 9.0]).assign(lower=[np.nan, 8.0], upper=[np.nan, 10.0])
    assert bias_table(bare)["covers"].isna().tolist() == [True, False]
    assert not bias_table(bare)["covers"].iloc[1]


def test_replicates_without_an_estimate_or_an_interval_are_counted_and_do_not_dilute_errors() -> None:
    rows = rows_of([2.5, 3.5, np.nan, 2.4])
    rows.loc[3, ["lower", "upper"]] = np.nan
    (row,) = summarise(rows).to_dict("records")
    assert (row["replicates"], row["no_estimate"], row["no_interval"]) == (4, 1, 2)
    errors = np.array([0.5, 1.5, 0.4])
    assert row["mean_bias"] == pytest.approx(errors.mean())
    assert row["mc_error_bias"] == pytest.approx(errors.std(ddof=1) / np.sqrt(3))
    assert row["coverage"] == 0.5
    assert row["mc_error_coverage"] == pytest.approx(np.sqrt(0.25 / 2))


def test_a_draw_that_cannot_support_a_comparison_is_counted_and_told_and_does_not_end_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = changed(
        configured("deprivation"), {f"studies.{name}": None for name in ("institution", "ledger", "money")}
    )
    truth = exact_values(config.source, config.codebook, config.questions)
    support = policy_run.draw_sample
    draws = iter(range(9))  # three outcomes of three draws

    def unsupported(*arguments: object, **options: object) -> Sample:
        if next(draws) == 4:
            raise ModelError("too few events", where="here", fix="Draw again.")
        return support(*arguments, **options)

    monkeypatch.setattr(policy_run, "draw_sample", unsupported)
    rows, _ = replicate(config, truth, 1, [1, 2, 3])
    outcomes = rows.groupby("replicate")["outcome"].agg(set).to_dict()
    every = {"iq_42_months", "iq_54_months", "iq_18_years"}
    assert outcomes == {1: every, 2: every - {"iq_54_months"}, 3: every}
    assert FAILED not in set(rows["method"])
    assert capsys.readouterr().out == "replicate 2: study foster_care, iq_54_months by foster_care: too few events\n"
    table = recovery_table(rows, {"deprivation": {"as_configured": "d1"}}, {"deprivation": 3})
    assert (table["replicates"] == 3).all()
    assert table.groupby("outcome")["no_estimate"].agg(set).to_dict() == {
        name: {1} if name == "iq_54_months" else {0} for name in every
    }


def covering(covers: list[bool], **changes: object) -> pd.DataFrame:
    rows = rows_of([2.5] * len(covers), **changes)
    reach = np.where(covers, WIDE, NARROW)
    return rows.assign(lower=rows["estimate"] - reach, upper=rows["estimate"] + reach)


def test_one_line_a_method_counts_the_rows_outside_what_chance_allows() -> None:
    """With 400 replicates the binomial error at 95% is 1.09 points, so that rows are right from 92.9% to 97.1%."""
    shares = {"a": 372, "b": 371, "c": 388, "d": 389, "e": 380}  # 93.0, 92.75, 97.0, 97.25 and 95%
    parts = [covering([True] * k + [False] * (400 - k), exposure=name) for name, k in shares.items()]
    other = covering([True, False], method="crude")
    bare = rows_of([2.5, 2.5], method="standardisation").assign(lower=np.nan, upper=np.nan)
    table = coverage_by_method(pd.concat([*parts, other, bare]), SETTINGS)
    assert list(table.columns) == COVERAGE.columns
    assert table["method"].tolist() == ["regression", "crude"]
    line = table.iloc[0]
    assert (line["rows"], line["replicates"], line["outside"]) == (5, 400, 2)
    assert line["coverage"] == pytest.approx(1900 / 2000)
    assert line["settings"] == "d1"


def test_the_error_of_a_method_s_mean_coverage_knows_that_rows_share_their_people() -> None:
    """Three rows that always cover together are one piece of evidence, not three."""
    covers = [True] * 80 + [False] * 20
    parts = [covering(covers, exposure=name) for name in ("a", "b", "c")]
    (line,) = coverage_by_method(pd.concat(parts), SETTINGS).to_dict("records")
    alone = np.sqrt(0.8 * 0.2 / 99)  # SD with denominator R - 1, over the root of R
    assert line["mc_error_coverage"] == pytest.approx(alone)


def test_worlds_are_kept_apart_and_no_replicates_give_empty_tables() -> None:
    rows = pd.concat([rows_of([2.5, 3.0]), rows_of([9.0, 9.5], scenario="null")])
    table = recovery_table(gather_replicates([rows]), SETTINGS, DRAWN)
    assert list(table.columns) == RECOVERY.columns
    assert table.set_index("scenario")["mean_bias"].to_dict() == pytest.approx({"as_configured": 0.75, "null": 7.25})
    assert table["settings"].tolist() == ["d1", "d2"]
    nothing = gather_replicates([])
    assert set(ESTIMATES.columns) <= set(nothing.columns)
    assert list(recovery_table(nothing, {}, {}).columns) == RECOVERY.columns
    assert list(coverage_by_method(nothing, {}).columns) == COVERAGE.columns


def test_recovery_of_other_settings_or_of_another_version_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "recovery.csv"
    assert read_recovery(file, RECOVERY, SETTINGS).empty
    recovery_table(pd.concat([rows_of([2.5, 3.0]), rows_of([9.0, 9.5], scenario="null")]), SETTINGS, DRAWN).to_csv(
        file, index=False
    )
    assert len(read_recovery(file, RECOVERY, SETTINGS)) == 2
    changed = {"town": {"as_configured": "d1", "null": "d9"}}
    assert read_recovery(file, RECOVERY, changed)["scenario"].tolist() == ["as_configured"]
    assert read_recovery(file, RECOVERY, {}).empty
    pd.read_csv(file).drop(columns="settings").to_csv(file, index=False)
    assert read_recovery(file, RECOVERY, SETTINGS).empty


def test_estimates_stand_beside_recovery_only_where_there_is_any() -> None:
    ours, theirs = rows_of([2.5]), rows_of([2.5]).assign(cohort="village")
    bias = bias_table(pd.concat([ours, ours.assign(method="crude"), theirs]))
    joined = with_recovery(bias, recovery_table(rows_of([2.5, 3.0]), SETTINGS, DRAWN))
    assert joined["cohort"].unique().tolist() == ["town"]
    assert joined.set_index("method")["replicates"].to_dict() == pytest.approx(
        {"regression": 2, "crude": np.nan}, nan_ok=True
    )


def test_the_digest_of_settings_follows_what_replicates_are_computed_from() -> None:
    base = {"seed": 1, "truth_draws": 10_000, "replicates": 400}
    run = load_run(
        {
            **base,
            "cohorts": [str(ROOT / f"config/{name}.yaml") for name in ("nhefs", "rationing", "register_nz", "famine")],
        }
    )
    settings = recovery_settings(run)
    assert list(settings) == ["rationing", "register_nz", "famine"], "real cohorts have nothing to recover"
    scenarios = run.cohorts["rationing"].scenarios
    assert list(settings["rationing"]) == ["as_configured", *scenarios]
    digests = [digest for by_scenario in settings.values() for digest in by_scenario.values()]
    assert len(set(digests)) == len(digests)

    def with_cohort(**changes: object) -> dict[str, dict[str, str]]:
        rationing = run.cohorts["rationing"].model_copy(update=changes)
        return recovery_settings(run.model_copy(update={"cohorts": {**run.cohorts, "rationing": rationing}}))

    def with_number(**numbers: int) -> dict[str, dict[str, str]]:
        return recovery_settings(run.model_copy(update={"settings": run.settings.model_copy(update=numbers)}))

    assert with_cohort(title="Other", description="Other", table1=["sex"]) == settings
    for number in ("seed", "replicates", "truth_draws"):
        assert with_number(**{number: 20_000})["famine"]["as_configured"] not in digests
    assert with_cohort(scenarios={"no_effect": scenarios["no_effect"]})["rationing"] == {
        name: settings["rationing"][name] for name in ("as_configured", "no_effect")
    }
    studies = run.cohorts["rationing"].studies
    clustered = {**studies, "rationed": studies["rationed"].model_copy(update={"cluster": None})}
    other = with_cohort(studies=clustered)
    assert not set(other["rationing"].values()) & set(digests)
    assert other["famine"] == settings["famine"]


def test_a_scenario_depends_on_its_policy_studies_alone() -> None:
    config = configured("rationing")
    assert recovered_studies(config) == ["household", "rationed", "end_of_rationing", "ledger", "money"]
    assert recovered_studies(config.in_scenario("cohort_trend")) == ["rationed", "end_of_rationing"]
    assert recovered_studies(configured("register_nz")) == ["concentration", "ledger", "money"]
