"""Does an analysis find the truth? Bias and coverage over fresh draws of a synthetic cohort.

Errors are on one scale for each estimand, named in the column `scale`: those of ratios are differences of logarithms
("log ratio"), on which their intervals are symmetric, all others plain differences ("difference").
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from evenwicht.config import AS_CONFIGURED, CohortConfig
from evenwicht.errors import ModelError
from evenwicht.estimators.results import ESTIMANDS, Z95
from evenwicht.individual.exposure import individual_study
from evenwicht.rows import COLUMNS, NULL_METHODS, TRUTH_KEY, with_truth
from evenwicht.streams import stream_key
from evenwicht.studies import policy_level_studies, specification_studies
from evenwicht.worlds import build

KEY = [*TRUTH_KEY, "method"]
PLACE = ["cohort", "scenario"]
REPLICATE_COLUMNS = [*COLUMNS, "scenario", "replicate"]
LEVEL = 0.95  # nominal coverage
BIAS_COLUMNS = ["cohort", *KEY, "truth", "estimate", "lower", "upper", "scale", "bias", "covers"]
SUMMARY_COLUMNS = [
    "scale",
    "replicates",
    "no_estimate",
    "no_interval",
    "mean_bias",
    "mc_error_bias",
    "coverage",
    "mc_error_coverage",
    "power",
    "mc_error_power",
]
RECOVERY_COLUMNS = [*PLACE, *KEY, "truth", "mean_estimate", *SUMMARY_COLUMNS, "settings"]
METHOD_KEY = ["level", "method"]
COVERAGE_COLUMNS = [*PLACE, *METHOD_KEY, "rows", "replicates", "coverage", "mc_error_coverage", "outside", "settings"]
Settings = Mapping[str, Mapping[str, str]]  # cohort -> scenario -> digest, see `digests.recovery_settings`


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
        Estimate rows with truth, the scenario, and the replicate they belong to. A draw that cannot support one of the
        studies has no rows; the reason is printed, and `recovery_table` counts it.
    """
    rule = "replicate" if scenario == AS_CONFIGURED else f"replicate {scenario}"
    known = set(truth[TRUTH_KEY].itertuples(index=False, name=None))
    world, parts = build(config), []
    for r in replicates:
        cohort = world.cohort(stream_key(seed, config.name, rule, r))
        # every study looks for the rows of its event: names as text would be compared one by one each time
        cohort = replace(cohort, truth=truth, events=cohort.events.astype({"event": "category"}))
        try:
            tables = [*policy_level_studies(cohort, config, known), *specification_studies(cohort, config)]
            if scenario == AS_CONFIGURED and config.individual is not None:
                tables.insert(0, individual_study(cohort, config.individual, config.outcomes, known).estimates)
        except ModelError as error:
            print(f"replicate {r} is left out: {error}")
            continue
        parts.append(with_truth(pd.concat(tables), truth).assign(scenario=scenario, replicate=r))
    return pd.concat(parts or [pd.DataFrame(columns=REPLICATE_COLUMNS)], ignore_index=True)


def bias_table(estimates: pd.DataFrame) -> pd.DataFrame:
    """Put each estimate beside its true value: its error, and whether its interval covers.

    Parameters
    ----------
    estimates
        Estimate rows with truth.

    Returns
    -------
    DataFrame
        The columns `BIAS_COLUMNS`; `covers` is empty without an interval.
    """
    known = estimates[estimates["truth"].notna() & ~estimates["method"].isin(NULL_METHODS)]
    covers = known["truth"].between(known["lower"], known["upper"]).astype("boolean").mask(known["lower"].isna())
    return known.assign(scale=_scale(known), bias=_error(known), covers=covers)[BIAS_COLUMNS]


def summarise(replicates: pd.DataFrame, drawn: int | None = None) -> pd.DataFrame:
    """Mean bias, coverage and power of 95% intervals, each with its Monte Carlo standard error.

    Power is the share of intervals that exclude no effect; where there is none, it is the share of false alarms.
    Estimates without a true value have power alone. Replicates without an estimate or an interval are counted, among
    all those `drawn`, which are those with any row if it is left out.
    """
    drawn = replicates["replicate"].nunique() if drawn is None else drawn
    kind = replicates["estimand"].map(lambda name: ESTIMANDS[name].kind)
    bounded = replicates["lower"].notna()
    nothing = kind.map({"ratio": 1.0, "difference": 0.0})
    excludes = (~nothing.between(replicates["lower"], replicates["upper"]) & bounded).astype(float)
    # a window check without late events has no interval and raises no alarm
    judged = nothing.notna() & (bounded | (replicates["estimand"] == "observed_expected_ratio"))
    table = replicates.assign(
        scale=_scale(replicates), error=_error(replicates), covers=_covers(replicates), excludes=excludes.where(judged)
    )
    groups = table.groupby(KEY, sort=False)
    coverage, power = groups["covers"].mean(), groups["excludes"].mean()
    summary = {
        "scale": groups["scale"].first(),
        "replicates": drawn,
        "no_estimate": drawn - groups["estimate"].count(),
        "no_interval": drawn - groups["lower"].count(),
        "mean_bias": groups["error"].mean(),
        "mc_error_bias": groups["error"].std(ddof=1) / np.sqrt(groups["error"].count()),
        "coverage": coverage,
        "mc_error_coverage": np.sqrt(coverage * (1 - coverage) / groups["covers"].count()),
        "power": power,
        "mc_error_power": np.sqrt(power * (1 - power) / groups["excludes"].count()),
    }
    return pd.DataFrame(summary)[SUMMARY_COLUMNS].reset_index()


def gather_replicates(pieces: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put pieces of replicates together, in an order that does not depend on how they were cut."""
    nothing = pd.DataFrame(columns=REPLICATE_COLUMNS)
    parts = [piece for piece in pieces if len(piece)]
    whole = pd.concat(parts or [nothing], ignore_index=True)
    first, second = (pd.factorize(whole[name])[0] for name in PLACE)
    return whole.iloc[np.lexsort([whole["replicate"].to_numpy(int), second, first])].reset_index(drop=True)


def recovery_table(replicates: pd.DataFrame, settings: Settings, drawn: int) -> pd.DataFrame:
    """How each study fares in each world: truth, mean estimate, bias, coverage and power over replicates.

    Parameters
    ----------
    replicates
        Output of `gather_replicates`.
    settings
        Digest of what the replicates of each cohort and scenario were computed from.
    drawn
        Number of replicates of each cohort and scenario, with those that have no rows.

    Returns
    -------
    DataFrame
        The columns `RECOVERY_COLUMNS`, one row a cohort, scenario, contrast, estimand and method. The mean of ratios
        is geometric.
    """
    parts = [pd.DataFrame(columns=RECOVERY_COLUMNS)]
    for (cohort, scenario), rows in replicates.groupby(PLACE, sort=False):
        scaled = rows.assign(mean_estimate=_on_scale(rows, rows["estimate"]))
        means = scaled.groupby(KEY, sort=False)[["truth", "mean_estimate"]].mean().reset_index()
        ratio = _scale(means) == "log ratio"
        means["mean_estimate"] = np.exp(means["mean_estimate"].where(ratio)).where(ratio, means["mean_estimate"])
        place = _place(str(cohort), str(scenario), settings)
        parts.append(means.merge(summarise(rows, drawn), on=KEY).assign(**place)[RECOVERY_COLUMNS])
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def coverage_by_method(replicates: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """One line a method: do its 95% intervals cover in 95% of replicates, over all its rows in a cohort?

    Rows of one replicate share its people, so the Monte Carlo error of the mean comes from the spread between
    replicates.

    Parameters
    ----------
    replicates, settings
        As in `recovery_table`.

    Returns
    -------
    DataFrame
        The columns `COVERAGE_COLUMNS`: number of rows with a true value and intervals, mean coverage with its error,
        and the number of rows `outside` 95% by more than 1.96 binomial errors. Chance puts one row in twenty there.
    """
    parts = [pd.DataFrame(columns=COVERAGE_COLUMNS)]
    judged = replicates.assign(covers=_covers(replicates)).dropna(subset=["covers"])
    for (cohort, scenario), rows in judged.groupby(PLACE, sort=False):
        of_rows = rows.groupby([*METHOD_KEY, *[name for name in KEY if name not in METHOD_KEY]], sort=False)["covers"]
        summary = pd.DataFrame(
            {"coverage": of_rows.mean(), "reach": Z95 * np.sqrt(LEVEL * (1 - LEVEL) / of_rows.count())}
        )
        outside = ((summary["coverage"] - LEVEL).abs() > summary["reach"]).groupby(METHOD_KEY, sort=False)
        means = rows.groupby([*METHOD_KEY, "replicate"], sort=False)["covers"].mean().groupby(METHOD_KEY, sort=False)
        table = pd.DataFrame(
            {
                "rows": outside.size(),
                "replicates": means.count(),
                "coverage": means.mean(),
                "mc_error_coverage": means.std(ddof=1) / np.sqrt(means.count()),
                "outside": outside.sum(),
            }
        ).reset_index()
        place = _place(str(cohort), str(scenario), settings)
        parts.append(table.assign(**place)[COVERAGE_COLUMNS])
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def read_recovery(path: str | Path, columns: list[str], settings: Settings) -> pd.DataFrame:
    """Read what a table of recovery says about these settings, and nothing that it says about others.

    Parameters
    ----------
    path
        A table of `recovery_table` or `coverage_by_method`. It need not be there.
    columns
        Its columns. A table of another version of the library has others, and says nothing.
    settings
        Digest of the present settings of each cohort and scenario.
    """
    if not Path(path).is_file():
        return pd.DataFrame(columns=columns)
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])  # a scenario may be called null
    if list(table.columns) != columns:
        return pd.DataFrame(columns=columns)
    places = zip(table["cohort"], table["scenario"], strict=True)
    present = pd.Series(
        [settings.get(cohort, {}).get(scenario) for cohort, scenario in places], index=table.index, dtype=object
    )
    return table[table["settings"] == present].reset_index(drop=True)


def with_recovery(bias: pd.DataFrame, recovery: pd.DataFrame) -> pd.DataFrame:
    """Put estimates of this cohort beside what replicates say about their methods, for cohorts with replicates."""
    recovered = bias[bias["cohort"].isin(recovery["cohort"])]
    summary = recovery[["cohort", *KEY, *(name for name in SUMMARY_COLUMNS if name != "scale")]]
    return recovered.merge(summary, on=["cohort", *KEY], how="left", validate="one_to_one")


def _place(cohort: str, scenario: str, settings: Settings) -> dict[str, str]:
    return {"cohort": cohort, "scenario": scenario, "settings": settings[cohort][scenario]}


def _scale(table: pd.DataFrame) -> pd.Series:
    ratio = table["estimand"].map(lambda name: ESTIMANDS[name].kind == "ratio").astype(bool)
    return ratio.map({True: "log ratio", False: "difference"})


def _on_scale(table: pd.DataFrame, values: pd.Series) -> pd.Series:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log(values.where(_scale(table) == "log ratio")).fillna(values.where(_scale(table) == "difference"))


def _error(table: pd.DataFrame) -> pd.Series:
    """Estimate minus truth on the scale of the estimand; empty without a true value."""
    return _on_scale(table, table["estimate"]) - _on_scale(table, table["truth"])


def _covers(table: pd.DataFrame) -> pd.Series:
    """1 or 0, empty without a true value or an interval."""
    inside = table["truth"].between(table["lower"], table["upper"]).astype(float)
    return inside.where(table["lower"].notna() & table["truth"].notna())
