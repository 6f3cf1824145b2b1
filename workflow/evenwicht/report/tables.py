"""The committed tables other than the estimates themselves."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.cohort import Cohort
from evenwicht.display.described import DATE, MEAN, SHARE, SIZE, Describe, described
from evenwicht.ingest.typing import LEAST_SHOWN
from evenwicht.results.schema import ATTRITION, QUESTION, REPLICATION, TABLE1

YES, RARER = "yes", "rarer_values"
KEY = ["cohort", *QUESTION, "method"]


def table_one(
    cohort: Cohort,
    book: Codebook,
    variables: Sequence[str],
    contrast: Contrast | None,
    describe: Describe = described,
) -> pd.DataFrame:
    """Describe a cohort by an exposure that is no number, or as a whole without one.

    Numbers are given as mean and standard deviation, dates as median and quartiles, categories as per cent of the
    people with a known value. The standardised difference (exposed minus unexposed, in pooled standard deviations;
    Austin 2009, Statistics in Medicine 28:3083) does not depend on sample size, as a p-value would.

    Returns
    -------
    DataFrame
        The columns of `results.schema.TABLE1`.
    """
    persons, arm = _arms(cohort, contrast)
    rows: list[dict[str, object]] = [{**describe(SIZE, persons[cohort.id], arm), "missing": 0}]
    for name in variables:
        column, values = book.columns[name], persons[name]
        about: dict[str, object] = {"variable": name, "missing": int(values.isna().sum())}
        if isinstance(values.dtype, pd.CategoricalDtype):
            levels = _levels(values, named=bool(column.codes))
            parts = [(level, values.isin(of).where(values.notna()).astype(float)) for level, of in levels.items()]
            # one of two levels says all there is to say
            shown = parts[1:] if len(parts) == 2 and RARER not in levels else parts
            rows += [{**about, "level": str(level), **describe(SHARE, 100 * flag, arm)} for level, flag in shown]
        elif column.type == "date":
            rows.append({**about, **describe(DATE, values, arm)})
        else:
            number = pd.Series(values.to_numpy(dtype=float, na_value=np.nan), index=values.index)
            yes_no = column.type == "boolean"
            how = describe(SHARE, 100 * number, arm) if yes_no else describe(MEAN, number, arm)
            rows.append({**about, "level": YES if yes_no else "", **how})
    keys = {"exposure": contrast.exposure, "reference": contrast.reference} if contrast else {}
    return TABLE1.checked_rows({"cohort": book.cohort, **keys, **row} for row in rows)


def _levels(values: pd.Series, named: bool) -> dict[str, list[str]]:
    """Levels that are shown, with the categories in each; values that few people share and no code names are one."""
    levels = {level: [level] for level in values.cat.categories}
    counts = values.value_counts()
    rare = [] if named else [level for level in levels if counts[level] < LEAST_SHOWN]
    return {level: of for level, of in levels.items() if level not in rare} | ({RARER: rare} if rare else {})


def _arms(cohort: Cohort, contrast: Contrast | None) -> tuple[pd.DataFrame, np.ndarray | None]:
    """People who are compared, and who of them is exposed."""
    if contrast is None:
        return cohort.persons, None
    values = cohort.persons[contrast.column]
    if contrast.levels is None:
        known = values.notna().to_numpy()
        return cohort.persons[known], values[known].to_numpy(dtype=bool)
    one, none = (np.asarray(values == level, dtype=bool) for level in contrast.levels)
    return cohort.persons[one | none], one[one | none]


def attrition(cohort: Cohort, published: pd.DataFrame) -> pd.DataFrame:
    """Count, wave by wave, the people due (alive and in the study) and those assessed in any measure.

    A cohort with a measure `attendance` is counted by that one alone.

    Where published counts exist they stand beside: rows with outcome `attrition`, the wave as `at`, and the estimands
    n_eligible and n_assessed. For a synthetic cohort they were used to set its parameters, so agreement is no evidence.

    Returns
    -------
    DataFrame
        The columns of `results.schema.ATTRITION`.
    """
    if cohort.measures.empty:
        return ATTRITION.table([])
    measures = cohort.measures
    attended = measures[measures["measure"] == "attendance"]
    people = (
        (attended if len(attended) else measures)
        .groupby(["wave", "id"], sort=False, observed=True)[["age", "value"]]
        .max()
        .reset_index()
    )
    counts = {"age": ("age", "mean"), "due": ("id", "size"), "assessed": ("value", "count")}
    waves = people.groupby("wave", sort=False, observed=True).agg(**counts)
    table = waves.reset_index().assign(cohort=cohort.name)
    table["percent_assessed"] = (100 * table["assessed"] / table["due"]).round(1)
    theirs = published[(published["cohort"] == cohort.name) & (published["outcome"] == "attrition")]
    wide = theirs.pivot(index="at", columns="estimand", values="value")
    if wide.empty:
        table["published_percent"] = np.nan
    else:
        share = (100 * wide["n_assessed"] / wide["n_eligible"]).round(1)
        table["published_percent"] = table["wave"].astype(str).map(share)
    return ATTRITION.checked(table)


def replication(
    estimates: pd.DataFrame, diagnostics: pd.DataFrame, published: pd.DataFrame, synthetic: list[str]
) -> pd.DataFrame:
    """Put published estimates beside those of this run.

    Only rows marked `check` in the data file enter, and only those of real cohorts: what a synthetic world gives is
    compared by its true values (`worlds.published`), not by one draw. `agrees` says whether estimate and limits,
    rounded to the printed decimals, equal the published ones. A published diagnostic, such as a first-stage F, has the
    name of its statistic as estimand.

    Returns
    -------
    DataFrame
        The columns of `results.schema.REPLICATION`, one row for every study that answers.
    """
    check = published[(published["use"] == "check") & ~published["cohort"].isin(synthetic)]
    judged = diagnostics.rename(columns={"statistic": "estimand", "value": "estimate"})
    columns = ["study", *KEY, "estimate", "lower", "upper"]
    ours = pd.concat([part[columns] for part in (estimates, judged) if len(part)] or [estimates[columns]])
    table = check.merge(ours, on=KEY, suffixes=("_published", "")).rename(columns={"value": "estimate_published"})

    table["agrees"] = agreement(table)
    return REPLICATION.checked(table)


def agreement(table: pd.DataFrame) -> pd.Series:
    """Whether all that is published is equal when rounded alike, of rows with the columns of a replication."""

    def same(name: str) -> pd.Series:
        theirs = table[f"{name}_published"]
        rounded = [round(v, int(d)) for v, d in zip(table[name], table["decimals"], strict=True)]
        return theirs.isna() | np.isclose(pd.Series(rounded, index=table.index, dtype=float), theirs)

    return same("estimate") & same("lower") & same("upper")
