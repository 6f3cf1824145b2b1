"""Does an analysis find the truth? Bias and coverage over fresh draws of a synthetic cohort."""

from dataclasses import replace

import numpy as np
import pandas as pd

from evenwicht.config import CohortConfig
from evenwicht.individual.exposure import individual_study
from evenwicht.rows import NULL_METHODS, TRUTH_KEY, with_truth
from evenwicht.streams import stream, stream_key
from evenwicht.studies import policy_level_studies
from evenwicht.worlds import simulate

KEY = [*TRUTH_KEY, "method"]


def replicate_estimates(config: CohortConfig, truth: pd.DataFrame, seed: int, replicates: int) -> pd.DataFrame:
    """Draw the cohort again and again, and estimate each time.

    Intervals that need a bootstrap and hazard ratios without a true value are left out: they would multiply the cost.

    Parameters
    ----------
    config
        A synthetic cohort with an individual or a policy-level study.
    truth
        Its truth table.
    seed
        Run seed; replicate r draws from the stream (seed, cohort, "replicate", r).

    Returns
    -------
    DataFrame
        Estimate rows with truth, and the replicate they belong to.
    """
    parts = []
    known = set(truth[TRUTH_KEY].itertuples(index=False, name=None))
    for r in range(1, replicates + 1):
        rng = stream(seed, config.name, "replicate analysis", r)
        cohort = replace(simulate(config, stream_key(seed, config.name, "replicate", r)), truth=truth)
        tables = []
        if config.individual is not None:
            tables.append(individual_study(cohort, config.individual, config.outcomes, 0, rng, known).estimates)
        tables += policy_level_studies(cohort, config, known)
        parts.append(with_truth(pd.concat(tables), truth).assign(replicate=r))
    return pd.concat(parts, ignore_index=True)


def summarise(replicates: pd.DataFrame) -> pd.DataFrame:
    """Mean bias and coverage of 95% intervals, each with its Monte Carlo standard error.

    Ratios are compared on the log scale, where their intervals are symmetric.
    """
    known = replicates[replicates["truth"].notna()].copy()
    ratio = known["estimand"].str.endswith("ratio").to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        known["error"] = np.where(
            ratio, np.log(known["estimate"] / known["truth"].where(ratio)), known["estimate"] - known["truth"]
        )
    known["covers"] = known["truth"].between(known["lower"], known["upper"]).astype(float)
    known.loc[known["lower"].isna(), "covers"] = np.nan
    groups = known.groupby(KEY, sort=False)
    count, coverage = groups.size(), groups["covers"].mean()
    return pd.DataFrame(
        {
            "replicates": count,
            "mean_bias": groups["error"].mean(),
            "mc_error_bias": groups["error"].std(ddof=1) / np.sqrt(count),
            "coverage": coverage,
            "mc_error_coverage": np.sqrt(coverage * (1 - coverage) / count),
        }
    ).reset_index()


def recovery_table(estimates: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Put this cohort's estimates beside their truth, and beside bias and coverage over replicates.

    Parameters
    ----------
    estimates
        Estimate rows with truth.
    summary
        Output of `summarise`, with a column `cohort`.
    """
    known = estimates[estimates["truth"].notna() & ~estimates["method"].isin(NULL_METHODS)]
    table = known[["cohort", *KEY, "truth", "estimate", "lower", "upper"]].copy()
    table["bias"] = table["estimate"] - table["truth"]
    covers = table["truth"].between(table["lower"], table["upper"])
    table["covers"] = covers.astype("boolean").mask(table["lower"].isna())
    return table.merge(summary, on=["cohort", *KEY], how="left", validate="one_to_one")
