"""Does an analysis find the truth? Bias and coverage over fresh draws of a synthetic cohort."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from evenwicht.config import AS_CONFIGURED, CohortConfig
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.individual.exposure import individual_study
from evenwicht.rows import NULL_METHODS, TRUTH_KEY, with_truth
from evenwicht.streams import stream_key
from evenwicht.studies import policy_level_studies, specification_studies
from evenwicht.worlds import simulate

KEY = [*TRUTH_KEY, "method"]


def replicate_estimates(
    config: CohortConfig, truth: pd.DataFrame, seed: int, replicates: Iterable[int], scenario: str = AS_CONFIGURED
) -> pd.DataFrame:
    """Draw the cohort again and again, and estimate each time.

    Estimates that take long and have no true value are left out: they would multiply the cost. In a scenario only the
    studies at the level of a policy are run, in all their specifications.

    Parameters
    ----------
    config
        A synthetic cohort, in the world of the scenario.
    truth
        Its truth table.
    seed
        Run seed; replicate r draws from the stream (seed, cohort, "replicate" and scenario, r).
    replicates
        Numbers of the replicates.
    scenario
        Name of the scenario.

    Returns
    -------
    DataFrame
        Estimate rows with truth, the scenario, and the replicate they belong to.
    """
    rule = "replicate" if scenario == AS_CONFIGURED else f"replicate {scenario}"
    known = set(truth[TRUTH_KEY].itertuples(index=False, name=None))
    parts = []
    for r in replicates:
        cohort = replace(simulate(config, stream_key(seed, config.name, rule, r)), truth=truth)
        tables = [*policy_level_studies(cohort, config, known), *specification_studies(cohort, config)]
        if scenario == AS_CONFIGURED and config.individual is not None:
            tables.insert(0, individual_study(cohort, config.individual, config.outcomes, known).estimates)
        parts.append(with_truth(pd.concat(tables), truth).assign(scenario=scenario, replicate=r))
    return pd.concat(parts, ignore_index=True)


def summarise(replicates: pd.DataFrame) -> pd.DataFrame:
    """Mean bias, coverage and power of 95% intervals, each with its Monte Carlo standard error.

    Ratios are compared on the log scale, where their intervals are symmetric. Power is the share of intervals that
    exclude no effect; where there is none, it is the share of false alarms. Estimates without a true value have power
    alone.
    """
    table = replicates.copy()
    kind = table["estimand"].map(lambda name: ESTIMANDS[name].kind)
    ratio = table["estimand"].str.endswith("ratio").to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        table["error"] = np.where(
            ratio, np.log(table["estimate"] / table["truth"].where(ratio)), table["estimate"] - table["truth"]
        )
    bounded = table["lower"].notna()
    covers = table["truth"].between(table["lower"], table["upper"]).astype(float)
    table["covers"] = covers.where(bounded & table["truth"].notna())
    nothing = kind.map({"ratio": 1.0, "difference": 0.0})
    excludes = (~nothing.between(table["lower"], table["upper"]) & bounded).astype(float)
    # a window check without late events has no interval and raises no alarm
    table["excludes"] = excludes.where(nothing.notna() & (bounded | (table["estimand"] == "observed_expected_ratio")))
    groups = table.groupby(KEY, sort=False)
    count, coverage, power = groups.size(), groups["covers"].mean(), groups["excludes"].mean()
    return pd.DataFrame(
        {
            "replicates": count,
            "mean_bias": groups["error"].mean(),
            "mc_error_bias": groups["error"].std(ddof=1) / np.sqrt(count),
            "coverage": coverage,
            "mc_error_coverage": np.sqrt(coverage * (1 - coverage) / count),
            "power": power,
            "mc_error_power": np.sqrt(power * (1 - power) / count),
        }
    ).reset_index()


def gather_replicates(pieces: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put pieces of replicates together, in an order that does not depend on how they were cut."""
    columns = pd.DataFrame(columns=["cohort", "scenario", "replicate", *KEY])
    parts = [piece for piece in pieces if len(piece)]
    whole = pd.concat(parts or [columns], ignore_index=True)
    first, second = (pd.factorize(whole[name])[0] for name in ("cohort", "scenario"))
    return whole.iloc[np.lexsort([whole["replicate"].to_numpy(int), second, first])].reset_index(drop=True)


def scenario_table(replicates: pd.DataFrame) -> pd.DataFrame:
    """How the studies fare in each scenario: truth, mean estimate, bias, coverage and power over replicates.

    Parameters
    ----------
    replicates
        Output of `replicate_estimates` over scenarios, with a column `cohort`.

    Returns
    -------
    DataFrame
        One row a cohort, scenario, contrast, estimand and method. Ratios are averaged on the log scale.
    """
    place = ["cohort", "scenario"]
    parts = [pd.DataFrame(columns=[*place, *KEY])]
    for _, rows in replicates.groupby(place, sort=False):
        log = rows["estimand"].str.endswith("ratio")
        scaled = rows.assign(mean_estimate=np.where(log, np.log(rows["estimate"].where(log)), rows["estimate"]))
        means = scaled.groupby(KEY, sort=False)[["truth", "mean_estimate"]].mean().reset_index()
        log = means["estimand"].str.endswith("ratio")
        means["mean_estimate"] = np.where(log, np.exp(means["mean_estimate"].where(log)), means["mean_estimate"])
        named = {name: rows[name].iloc[0] for name in place}
        parts.append(means.merge(summarise(rows), on=KEY).assign(**named))
    table = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    return table[[*place, *table.columns.difference(place, sort=False)]]


def recovery_table(estimates: pd.DataFrame, replicates: pd.DataFrame) -> pd.DataFrame:
    """Put this cohort's estimates beside their truth, and beside bias, coverage and power over replicates.

    Parameters
    ----------
    estimates
        Estimate rows with truth.
    replicates
        Output of `gather_replicates`, as configured.
    """
    known = estimates[estimates["truth"].notna() & ~estimates["method"].isin(NULL_METHODS)]
    table = known[["cohort", *KEY, "truth", "estimate", "lower", "upper"]].copy()
    table["bias"] = table["estimate"] - table["truth"]
    covers = table["truth"].between(table["lower"], table["upper"])
    table["covers"] = covers.astype("boolean").mask(table["lower"].isna())
    summaries = [summarise(rows).assign(cohort=name) for name, rows in replicates.groupby("cohort", sort=False)]
    summary = pd.concat(summaries) if summaries else pd.DataFrame(columns=["cohort", *KEY])
    return table.merge(summary, on=["cohort", *KEY], how="left", validate="one_to_one")
