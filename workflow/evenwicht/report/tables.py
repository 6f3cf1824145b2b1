"""The committed tables other than the estimates themselves."""

import numpy as np
import pandas as pd

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig
from evenwicht.report.wording import decimals
from evenwicht.rows import arm_labels

TABLE1_COLUMNS = [
    "cohort",
    "variable",
    "level",
    "statistic",
    "overall",
    "exposed",
    "unexposed",
    "standardised_difference",
    "missing",
]

SHARE, MEAN, DATE = "%", "mean (SD)", "median date (quartiles)"

ATTRITION_COLUMNS = ["cohort", "wave", "age", "due", "assessed", "percent_assessed", "published_percent"]


def table_one(cohort: Cohort, config: CohortConfig) -> pd.DataFrame:
    """Describe a cohort by the exposure of its individual study, or as a whole if it has none.

    Numbers are given as mean and standard deviation, categories as per cent of the people with a known value. The
    standardised difference (exposed minus unexposed, in pooled standard deviations; Austin 2009, Statistics in
    Medicine 28:3083) does not depend on sample size, as a p-value would.
    """
    persons, arm, title = _arms(cohort, config)
    sizes: dict[str, object] = {"overall": len(persons), "exposed": "", "unexposed": ""}
    if arm is not None:
        sizes |= {"exposed": int(arm.sum()), "unexposed": int((~arm).sum())}
    rows: list[dict[str, object]] = [{"variable": title, "statistic": "n", **sizes, "missing": 0}]
    for name in config.table1:
        column, values = cohort.columns[name], persons[name]
        missing = int(values.isna().sum())
        if isinstance(values.dtype, pd.CategoricalDtype):
            parts = [(level, (values == level).where(values.notna()).astype(float)) for level in values.cat.categories]
            # one of two levels says all there is to say
            shown = parts[1:] if len(parts) == 2 else parts
            rows += [_row(column.label, str(level), SHARE, 100 * flag, arm, missing) for level, flag in shown]
        elif column.type == "boolean":
            flag = pd.Series(values.to_numpy(dtype=float, na_value=np.nan), index=values.index)
            rows.append(_row(column.label, arm_labels(column)[0], SHARE, 100 * flag, arm, missing))
        elif column.type == "date":
            rows.append(_row(column.label, "", DATE, values, arm, missing))
        else:
            number = pd.Series(values.to_numpy(dtype=float, na_value=np.nan), index=values.index)
            label = f"{column.label}, {column.unit}" if column.unit else column.label
            rows.append(_row(label, "", MEAN, number, arm, missing))
    return pd.DataFrame(rows).assign(cohort=cohort.name)[TABLE1_COLUMNS]


def _arms(cohort: Cohort, config: CohortConfig) -> tuple[pd.DataFrame, np.ndarray | None, str]:
    """People with a known exposure, who of them is exposed, and what the exposure is."""
    if config.individual is None:
        return cohort.persons, None, "Everybody"
    exposure = config.individual.exposure
    persons = cohort.persons[cohort.persons[exposure].notna()]
    exposed, unexposed = arm_labels(cohort.columns[exposure])
    title = f"{cohort.columns[exposure].label}: {exposed} | {unexposed}"
    return persons, persons[exposure].to_numpy(dtype=bool), title


def _row(
    variable: str, level: str, statistic: str, values: pd.Series, arm: np.ndarray | None, missing: int
) -> dict[str, object]:
    row: dict[str, object] = {"variable": variable, "level": level, "statistic": statistic}
    row["overall"] = _described(values, statistic)
    if arm is None:
        return {**row, "exposed": "", "unexposed": "", "standardised_difference": "", "missing": missing}
    return {
        **row,
        "exposed": _described(values[arm], statistic),
        "unexposed": _described(values[~arm], statistic),
        "standardised_difference": _standardised_difference(values[arm], values[~arm]),
        "missing": missing,
    }


def _described(values: pd.Series, statistic: str) -> str:
    """Describe the known values of one column in one group."""
    known = values.dropna()
    if known.empty:
        return "none known"
    if statistic == DATE:
        lower, median, upper = (f"{known.quantile(q):%Y-%m-%d}" for q in (0.25, 0.5, 0.75))
        return f"{median} ({lower} to {upper})"
    mean = float(known.mean())
    if statistic == SHARE:
        return f"{mean:.1f}"
    spread = float(known.std(ddof=1)) if len(known) > 1 else 0.0
    digits = max(decimals({"estimate": mean, "se": spread}), 0 if spread >= 100 else 1)
    mean = round(mean, digits) + 0.0  # minus nought is nought
    separator = "," if abs(mean) >= 10_000 else ""  # below, a year may be meant
    return f"{mean:{separator}.{digits}f} ({spread:{separator}.{digits}f})"


def _standardised_difference(exposed: pd.Series, unexposed: pd.Series) -> str:
    """Difference in means in pooled standard deviations; empty where nothing varies or an arm has no known value."""
    if pd.api.types.is_datetime64_any_dtype(exposed.dtype):
        start = pd.concat([exposed, unexposed]).min()
        exposed, unexposed = ((arm - start) / pd.Timedelta(days=1) for arm in (exposed, unexposed))
    pooled = np.sqrt((exposed.var(ddof=0) + unexposed.var(ddof=0)) / 2)
    return f"{(exposed.mean() - unexposed.mean()) / pooled:.2f}" if pooled > 0 else ""


def attrition(cohort: Cohort, published: pd.DataFrame) -> pd.DataFrame:
    """Count, wave by wave, the people due (alive and in the study) and those assessed in any measure.

    A cohort with a measure `attendance` is counted by that one alone.

    Where published counts exist they stand beside; for a synthetic cohort they were used to set its parameters, so
    agreement is no evidence.
    """
    if cohort.measures.empty:
        return pd.DataFrame(columns=ATTRITION_COLUMNS)
    measures = cohort.measures
    attended = measures[measures["measure"] == "attendance"]
    people = (
        (attended if len(attended) else measures)
        .groupby(["wave", "id"], sort=False)[["age", "value"]]
        .max()
        .reset_index()
    )
    waves = people.groupby("wave", sort=False).agg(age=("age", "mean"), due=("id", "size"), assessed=("value", "count"))
    table = waves.reset_index().assign(cohort=cohort.name)
    table["percent_assessed"] = (100 * table["assessed"] / table["due"]).round(1)
    counts = published[(published["cohort"] == cohort.name) & (published["study"] == "attrition")]
    wide = counts.pivot(index="contrast", columns="estimand", values="value")
    if wide.empty:
        table["published_percent"] = np.nan
    else:
        table["published_percent"] = table["wave"].map((100 * wide["n_assessed"] / wide["n_eligible"]).round(1))
    return table[ATTRITION_COLUMNS]


def replication(estimates: pd.DataFrame, published: pd.DataFrame, synthetic: list[str]) -> pd.DataFrame:
    """Put published estimates beside those of this run.

    Only rows marked `check` in the data file enter, and only those of real cohorts: what a synthetic world gives is
    compared by its true values (`worlds.calibration`), not by one draw. `agrees` says whether estimate and limits,
    rounded to the printed decimals, equal the published ones.
    """
    key = ["cohort", "study", "estimand", "contrast", "method"]
    check = published[(published["use"] == "check") & ~published["cohort"].isin(synthetic)]
    table = check.merge(estimates[[*key, "estimate", "lower", "upper"]], on=key, suffixes=("_published", ""))
    table = table.rename(columns={"value": "estimate_published"})

    def same(name: str) -> pd.Series:
        theirs = table[f"{name}_published"]
        ours = pd.Series([round(v, d) for v, d in zip(table[name], table["decimals"], strict=True)], index=table.index)
        return theirs.isna() | np.isclose(ours, theirs)

    table["agrees"] = same("estimate") & same("lower") & same("upper")
    columns = [f"{name}{suffix}" for suffix in ("_published", "") for name in ("estimate", "lower", "upper")]
    return table[[*key, *columns, "decimals", "agrees", "source", "tag"]]
