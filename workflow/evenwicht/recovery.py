"""Does an analysis find the truth? Bias and coverage over fresh draws of a synthetic cohort.

Errors are on one scale for each estimand, named in the column `scale`: those of ratios are differences of logarithms
("log ratio"), on which their intervals are symmetric, all others plain differences ("difference").
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from evenwicht.base.streams import stream, stream_key
from evenwicht.conclusions import Conclusion, conclude, sign_of_truth
from evenwicht.config import AS_CONFIGURED, CohortConfig
from evenwicht.config.recovered import recovered_studies
from evenwicht.display.certainty import FROM_DRAWS, STEPS, Evidence, level_of
from evenwicht.display.section import Row, records
from evenwicht.estimators.results import ESTIMANDS, Z95
from evenwicht.results.rows import FAILED, with_truth
from evenwicht.results.schema import BIAS, COVERAGE, ESTIMATES, QUESTION, RECOVERY, SCENARIOS, SUMMARY, VERDICTS, Schema
from evenwicht.studies.running import run_study
from evenwicht.studies.study import Job
from evenwicht.worlds import build

KEY = ["study", *QUESTION, "method"]
TABLES = ("estimates", "diagnostics", "flow")
COUNTED = ["verdicts", "right", "wrong", "nothing", "null", "sized", "held"]
PLACE = ["cohort", "scenario"]
BY_METHOD = ["study", "method"]
LEVEL = 0.95  # nominal coverage
FIRST = 4  # draws by which a table is found again
Settings = Mapping[str, Mapping[str, str]]  # cohort -> scenario -> digest, see `config.recovered.recovery_settings`


def replicate(
    config: CohortConfig, truth: pd.DataFrame, seed: int, replicates: Iterable[int], scenario: str = AS_CONFIGURED
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw the cohort again and again, estimate each time what has a true value, and conclude what may be said.

    Estimates that take long and have no true value are left out: they would multiply the cost.

    Parameters
    ----------
    config
        A synthetic cohort, in a scenario as `in_scenario` gives it.
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
    estimates : DataFrame
        Estimate rows with truth, the scenario, and the replicate they belong to. A comparison that a draw cannot
        support has no row with an estimate; the reason is printed, and `recovery_table` counts it.
    verdicts : DataFrame
        What each draw would let us say, before what draws tell of the method: see `verdicts_table`.
    """
    rule = "replicate" if scenario == AS_CONFIGURED else f"replicate {scenario}"
    known = set(truth[QUESTION].astype(str).itertuples(index=False, name=None))
    job = Job(lambda part: stream(seed, config.name, part), known=known)
    book, world = config.codebook, build(config.source, config.codebook, config.questions)
    studies = {name: config.studies[name] for name in recovered_studies(config)}
    parts, verdicts = [], []
    for r in replicates:
        cohort = world.cohort(stream_key(seed, config.name, rule, r))
        # every study looks for the rows of its event: names as text would be compared one by one each time
        cohort = replace(cohort, events=cohort.events.astype({"event": "category"}))
        found = [run_study(name, study, cohort, book, job) for name, study in studies.items()]
        tables = {name: pd.concat([one[name] for one in found], ignore_index=True) for name in TABLES}
        tables["estimates"] = estimates = with_truth(tables["estimates"], truth)
        verdicts += [{**_verdict(one), "scenario": scenario, "replicate": r} for one in conclude(config, tables)]
        failed = estimates["method"] == FAILED
        for row in estimates[failed].itertuples():
            print(f"replicate {r}: study {row.study}, {row.outcome} by {row.exposure}: {row.reason}")
        parts.append(estimates[~failed].assign(scenario=scenario, replicate=r))
    return pd.concat(parts or [_no_replicates()], ignore_index=True), pd.DataFrame(verdicts)


def _verdict(one: Conclusion) -> Row:
    """What one draw would let us say, with the keys of the row that is counted."""
    row = one.claim.counted
    keys = {name: row[name] for name in ("cohort", "study", *QUESTION, "method")}
    told = one.verdict
    side, truth = one.evidence.side, sign_of_truth(one)
    held = float(row["lower"] <= row["truth"] <= row["upper"]) if not np.isnan(row["truth"]) else np.nan
    judged = {"status": told.status, "start": told.start, "steps": told.steps}
    return {**keys, **judged, "side": side, "truth": truth, "held": held}


def verdicts_table(verdicts: pd.DataFrame, recovery: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """How often what may be said is right, by status and level, over all comparisons and draws.

    Coverage and power of the world as configured count here as they do on the page, also in its scenarios: who has
    data from a scenario does not know that they are.

    Parameters
    ----------
    verdicts
        Verdicts of `replicate`, put together.
    recovery
        Output of `recovery_table`.
    settings
        As there.

    Returns
    -------
    DataFrame
        The columns of `schema.VERDICTS`. Verdicts without a known truth are not counted.
    """
    if not len(verdicts):  # no study claims anything
        return VERDICTS.table([])
    known = verdicts[verdicts["truth"].notna()]
    keys = ["cohort", "study", *QUESTION, "method"]
    judged = recovery[recovery["scenario"] == AS_CONFIGURED]
    columns = [*keys, "coverage", "mc_error_coverage", "power"]
    told = known.merge(judged[columns], on=keys, how="left", validate="many_to_one")
    levels = []
    for row in records(told):
        drawn = Evidence(
            np.nan,
            np.nan,
            np.nan,
            "crude",
            coverage=row["coverage"],
            coverage_error=float(np.nan_to_num(row["mc_error_coverage"])),
            power=row["power"],
        )
        also = [name for name in FROM_DRAWS if STEPS[name].applies(drawn)]
        levels.append(level_of(row["status"], row["start"], [*row["steps"], *also]))
    side = told["side"].where(told["status"] == "found", 0)
    told = told.assign(
        certainty=levels,
        verdicts=1,
        right=(side * told["truth"] > 0).astype(int),
        wrong=(side * told["truth"] < 0).astype(int),
        nothing=((side != 0) & (told["truth"] == 0)).astype(int),
        null=(told["truth"] == 0).astype(int),
        sized=((side != 0) & told["held"].notna()).astype(int),
        held=told["held"].where(side != 0, 0.0).fillna(0.0).astype(int),
    )
    by = [*PLACE, "status", "certainty"]
    table = told.groupby(by, sort=False)[COUNTED].sum().reset_index()
    digests = [settings[cohort][scenario] for cohort, scenario in zip(table["cohort"], table["scenario"], strict=True)]
    return VERDICTS.checked(table.assign(settings=digests).sort_values(by, ignore_index=True))


def bias_table(estimates: pd.DataFrame) -> pd.DataFrame:
    """Put each estimate beside its true value: its error, and whether its interval covers.

    Parameters
    ----------
    estimates
        Estimate rows with truth.

    Returns
    -------
    DataFrame
        The columns of `schema.BIAS`.
    """
    known = estimates[estimates["truth"].notna()]
    covers = known["truth"].between(known["lower"], known["upper"]).astype("boolean").mask(known["lower"].isna())
    return BIAS.checked(known.assign(scale=_scale(known), bias=_error(known), covers=covers))


def summarise(replicates: pd.DataFrame, drawn: int | None = None) -> pd.DataFrame:
    """Mean bias, coverage and power of 95% intervals, each with its Monte Carlo standard error.

    Power is the share of intervals that exclude no effect; where there is none, it is the share of false alarms.
    Estimates without a true value have power alone. Replicates without an estimate or an interval are counted, among
    all those `drawn`, which are those with any row if it is left out.

    Returns
    -------
    DataFrame
        One row a study, question and method, with the columns of `schema.SUMMARY`.
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
    return pd.DataFrame(summary)[list(SUMMARY)].reset_index()


def gather_replicates(pieces: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put pieces of replicates together, in an order that does not depend on how they were cut."""
    parts = [piece for piece in pieces if len(piece)]
    whole = pd.concat(parts or [_no_replicates()], ignore_index=True)
    first, second = (pd.factorize(whole[name])[0] for name in PLACE)
    return whole.iloc[np.lexsort([whole["replicate"].to_numpy(int), second, first])].reset_index(drop=True)


def recovery_table(replicates: pd.DataFrame, settings: Settings, drawn: Mapping[str, int]) -> pd.DataFrame:
    """How each study fares in each world: truth, mean estimate, bias, coverage and power over replicates.

    Parameters
    ----------
    replicates
        Output of `gather_replicates`.
    settings
        Digest of what the replicates of each cohort and scenario were computed from.
    drawn
        Number of replicates of each cohort, in each scenario, with those that have no rows.

    Returns
    -------
    DataFrame
        The columns of `schema.RECOVERY`, one row a cohort, scenario, study, question and method.
    """
    parts = [RECOVERY.table([])]
    for (cohort, scenario), rows in replicates.groupby(PLACE, sort=False):
        scaled = rows.assign(mean_estimate=_on_scale(rows, rows["estimate"]))
        means = scaled.groupby(KEY, sort=False)[["truth", "mean_estimate"]].mean().reset_index()
        ratio = _scale(means) == "log ratio"
        means["mean_estimate"] = np.exp(means["mean_estimate"].where(ratio)).where(ratio, means["mean_estimate"])
        place = _place(str(cohort), str(scenario), settings)
        found = means.merge(summarise(rows, drawn[str(cohort)]), on=KEY).merge(first_draws(rows), on=KEY, how="left")
        parts.append(RECOVERY.typed(found.assign(**place)))
    return RECOVERY.checked(pd.concat(parts, ignore_index=True))


def first_draws(replicates: pd.DataFrame) -> pd.DataFrame:
    """Mean estimate of the first draws of each row: whether a table was made by this code can be told by a few draws.

    Returns
    -------
    DataFrame
        One row a study, question and method, with the column `mean_of_first`; none of a row without such an estimate.
    """
    first = replicates[replicates["replicate"] <= FIRST]
    means = first.groupby(KEY, sort=False)["estimate"].mean()
    return means.dropna().rename("mean_of_first").reset_index()


def coverage_by_method(replicates: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """One line a study and method: do its 95% intervals cover in 95% of replicates, over all its rows?

    Rows of one replicate share its people, so the Monte Carlo error of the mean comes from the spread between
    replicates.

    Parameters
    ----------
    replicates, settings
        As in `recovery_table`.

    Returns
    -------
    DataFrame
        The columns of `schema.COVERAGE`. Chance puts one row in twenty `outside` 95%.
    """
    parts = [COVERAGE.table([])]
    judged = replicates.assign(covers=_covers(replicates)).dropna(subset=["covers"])
    for (cohort, scenario), rows in judged.groupby(PLACE, sort=False):
        of_rows = rows.groupby([*BY_METHOD, *QUESTION], sort=False)["covers"]
        summary = pd.DataFrame(
            {"coverage": of_rows.mean(), "reach": Z95 * np.sqrt(LEVEL * (1 - LEVEL) / of_rows.count())}
        )
        outside = ((summary["coverage"] - LEVEL).abs() > summary["reach"]).groupby(BY_METHOD, sort=False)
        means = rows.groupby([*BY_METHOD, "replicate"], sort=False)["covers"].mean().groupby(BY_METHOD, sort=False)
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
        parts.append(COVERAGE.typed(table.assign(**place)))
    return COVERAGE.checked(pd.concat(parts, ignore_index=True))


def read_recovery(path: str | Path, schema: Schema, settings: Settings) -> pd.DataFrame:
    """Read what a table of recovery says about these settings, and nothing that it says about others.

    Parameters
    ----------
    path
        A table of `recovery_table` or `coverage_by_method`. It need not be there.
    schema
        Its schema. A table of another version of the library has other columns, and says nothing.
    settings
        Digest of the present settings of each cohort and scenario.
    """
    if not Path(path).is_file() or list(pd.read_csv(path, nrows=0).columns) != schema.columns:
        return schema.table([])
    table = schema.read_csv(path)
    places = zip(table["cohort"], table["scenario"], strict=True)
    present = pd.Series(
        [settings.get(cohort, {}).get(scenario) for cohort, scenario in places], index=table.index, dtype=object
    )
    return table[table["settings"] == present].reset_index(drop=True)


def read_every(paths: Mapping[str, str | Path], settings: Settings) -> dict[str, pd.DataFrame]:
    """Read what every table of recovery says about these settings, by name; see `read_recovery`."""
    schemas = {"recovery": RECOVERY, "scenarios": SCENARIOS, "coverage": COVERAGE, "verdicts": VERDICTS}
    return {name: read_recovery(path, schemas[name], settings) for name, path in paths.items()}


def with_recovery(bias: pd.DataFrame, recovery: pd.DataFrame) -> pd.DataFrame:
    """Put estimates of this cohort beside what replicates say about their methods, for cohorts with replicates."""
    recovered = bias[bias["cohort"].isin(recovery["cohort"])]
    summary = recovery[["cohort", *KEY, *(name for name in SUMMARY if name != "scale")]]
    return recovered.merge(summary, on=["cohort", *KEY], how="left", validate="one_to_one")


def _no_replicates() -> pd.DataFrame:
    return ESTIMATES.table([]).assign(scenario="", replicate=0)


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
