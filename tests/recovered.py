"""What the committed tables say of fresh draws of the default worlds, and how the mean of draws is judged.

`make recovery` draws each synthetic cohort as it is configured and in its scenarios; a test that asks the same of the
same world reads the tables instead of drawing it once more. Bias is judged by four Monte Carlo errors of its mean,
coverage by four binomial errors around 95%.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from evenwicht.config import AS_CONFIGURED
from evenwicht.config.recovered import recovery_settings
from evenwicht.display.section import where
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.recovery import Settings, read_recovery
from evenwicht.results.schema import QUESTION, RECOVERY, TRUTH

from tests.conftest import ROOT
from tests.pages import run_of

TABLES = ROOT / "results/tables"


@cache
def present_settings() -> Settings:
    """Digests of the settings of the default run."""
    return recovery_settings(run_of())


def recovered(cohort: str, scenario: str = AS_CONFIGURED, settings: Settings | None = None) -> pd.DataFrame:
    """What the draws of a world say, one row a study, question and method.

    Parameters
    ----------
    cohort, scenario
        A default cohort file, and one of its scenarios.
    settings
        Digests of the settings that its draws must have been made with; those of the default run if left out. Without
        draws of these settings the test fails.

    Returns
    -------
    DataFrame
        The columns of `schema.RECOVERY`, and `mc_error_truth`, the Monte Carlo error of the true value on its scale.
    """
    name = "recovery" if scenario == AS_CONFIGURED else "scenarios"
    table = read_recovery(TABLES / f"{name}.csv", RECOVERY, present_settings() if settings is None else settings)
    rows = where(table, cohort=cohort, scenario=scenario)
    if rows.empty:
        _refuse(f"{name}.csv has no draws of {cohort}, {scenario}, with the present settings")
    if scenario != AS_CONFIGURED:
        return rows.assign(mc_error_truth=0.0)  # closed forms
    keys = ["cohort", *QUESTION]
    truth = TRUTH.read_csv(TABLES / "truth.csv")[[*keys, "value", "mc_error"]]
    both = rows.merge(truth, on=keys, how="left", validate="many_to_one")
    if not np.allclose(both["truth"], both["value"], equal_nan=True):
        _refuse(f"{name}.csv was made with other true values of {cohort} than truth.csv")
    error = both["mc_error"] / both["value"].where(both["scale"] == "log ratio", 1.0)
    return both[RECOVERY.columns].assign(mc_error_truth=error)


def _refuse(why: str) -> None:
    pytest.fail(f"results/tables/{why}: run make recovery", pytrace=False)


def effects(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows about what an exposure does: not what it tells as people are, and no reciprocal that needs a clear effect."""
    told = rows["estimand"].map(lambda name: ESTIMANDS[name].kind == "association")
    return rows[~told & ~rows["estimand"].isin(["r_squared", "liability_r_squared", "auc", "number_needed"])]


# --- judging --------------------------------------------------------------------------------------------------------


def unbiased(rows: pd.DataFrame, draws: int | None = None) -> bool:
    """Whether every row, and there are rows, has a mean of errors that chance allows if there is no bias.

    Parameters
    ----------
    rows
        Of `recovered` or of `summarise`.
    draws
        Bias is looked for as closely as so many draws could; all that were made if left out.
    """
    return len(rows) > 0 and bool((rows["mean_bias"].abs() <= 4 * _error(rows, draws)).all())


def biased(rows: pd.DataFrame) -> bool:
    """Whether every row, and there are rows, has a mean of errors beyond what chance allows without bias."""
    return len(rows) > 0 and bool((rows["mean_bias"].abs() > 4 * _error(rows)).all())


def covers(rows: pd.DataFrame) -> bool:
    """Whether in every row, and there are rows, no fewer intervals hold the true value than chance allows of 95%."""
    band = 4 * np.sqrt(0.95 * 0.05 / (rows["replicates"] - rows["no_interval"]))
    return len(rows) > 0 and bool((rows["coverage"] >= 0.95 - band).all())


def spread(rows: pd.DataFrame) -> pd.Series:
    """Standard deviation of estimates over draws, on the scale of their errors."""
    return rows["mc_error_bias"] * np.sqrt(rows["replicates"] - rows["no_estimate"])


def _error(rows: pd.DataFrame, draws: int | None = None) -> pd.Series:
    of_mean = rows["mc_error_bias"] if draws is None else spread(rows) / np.sqrt(draws)
    return np.hypot(of_mean, rows.get("mc_error_truth", 0.0))
