"""One pass over the tables of a run: counts are withheld or rounded, and what was estimated from them with them.

What is derived from other tables (bias, conclusions, what survives) is made again from those that leave.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evenwicht.disclosure.counts import Counts, Published
from evenwicht.disclosure.numbers import figures_of_counts, to_figures, upwards
from evenwicht.disclosure.profiles import Profile
from evenwicht.estimators.results import COUNTS_OF_GROUPS, ESTIMANDS, EXTREMES, OF_FEW, SHARES_OF_PEOPLE
from evenwicht.results.flow import ANALYSED, DUE, STAYING
from evenwicht.results.schema import INTERVAL, SCHEMAS, Schema
from evenwicht.results.states import NOT_DUE, PEOPLE, UNKNOWN_IDS, UNKNOWN_ROWS

COMPARISON = ["cohort", "study", "outcome", "exposure", "reference", "subgroup"]
NUMBERS = list(INTERVAL)  # of an estimate
FROM_COUNTS = (
    "crude",
    "step_0",
    "observed",
    "naive",
    "density",
    "windows",
)  # methods whose numbers a table of counts gives
Formula = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def _variance(exposed: np.ndarray, unexposed: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Of being a case, by the risks of both and the share of the exposed."""
    risk = share * exposed + (1 - share) * unexposed
    return risk * (1 - risk)


def _nothing(_one: np.ndarray, none: np.ndarray, _share: np.ndarray) -> np.ndarray:
    return np.full(len(none), np.nan)


# What a table of exposed or not by case or not gives alone, from the risk of both (a, b) and the share of the exposed
# (p); nothing where that is not simple.
FOURFOLD: dict[str, Formula] = {
    "risk_difference": lambda a, b, _: a - b,
    "crude_difference": lambda a, b, _: a - b,
    "risk_ratio": lambda a, b, _: a / b,
    "odds_ratio": lambda a, b, _: a / (1 - a) / b * (1 - b),
    "number_needed": lambda a, b, _: 1 / np.abs(a - b),
    "r_squared": lambda a, b, p: p * (1 - p) * (a - b) ** 2 / _variance(a, b, p),
    "auc": lambda a, b, p: 0.5 + p * (1 - p) * np.abs(a - b) / 2 / _variance(a, b, p),
    "liability_r_squared": _nothing,
    "cases_averted": _nothing,
}
# numbers that, with others, would give the share of people with the event
OVER_SHARE, LESS_SHARE = ("attributable_fraction", "fraction_over_all"), ("ratio_over_all",)  # the latter one less that
TIMES_SHARE, PLUS_SHARE = ("observed_expected_share",), ("excess_group_share",)
OF_FLAGGED = ("net_benefit", "net_benefit_all", "flagged_well")  # with other numbers, give the cases among the flagged
OF_EXPOSED = {
    "risk_exposed": True,
    "positive_predictive_value": True,
}  # whether it is a risk, or the chance to stay free
OF_UNEXPOSED = {"risk_unexposed": True, "negative_predictive_value": False}
TOO_FEW = "withheld: too few people"
ONE_PERSON = "withheld: it is the value of one person"
PARAMETERS = "withheld: too many parameters for the people"
WOULD_TELL = "withheld: with other numbers it would tell small counts"
DOMINATED = "withheld: one or two people have most of it"
RANGE_TELLS = "withheld: its range would tell small counts"
REACH = 0.25  # to which limits are rounded, in standard errors
UNADJUSTED = 2  # parameters of a model without covariates
NOT_ESTIMABLE = "not estimable"
SHARE_EXPOSED = "share_exposed"


@dataclass(frozen=True)
class Parameters:
    """How many parameters the models of each study have at most, by cohort and study."""

    by_study: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def of(self, rows: pd.DataFrame) -> np.ndarray:
        """Return them for each row, (n,)."""
        return np.array([self.by_study.get(key, 0) for key in zip(rows["cohort"], rows["study"], strict=True)])


def note_counts(tables: Mapping[str, pd.DataFrame], counts: Mapping[str, Counts], profile: Profile) -> None:
    """Note all counts of people in these tables, and their sums, by cohort.

    Parameters
    ----------
    tables
        By the names of `results.schema.SCHEMAS`.
    counts
        By cohort; they are added to.
    """
    for name, table in tables.items():
        for cohort, rows in table.groupby("cohort", sort=False):
            for column in _counts_of(SCHEMAS[name]):
                counts[str(cohort)].add(*rows[column].dropna())
    for cohort, n, events in tables["estimates"][["cohort", "n", "events"]].dropna().itertuples(index=False):
        if events <= n:
            counts[cohort].add_part(events, n, profile)
    for cohort, due, assessed in tables["attrition"][["cohort", "due", "assessed"]].itertuples(index=False):
        counts[cohort].add_part(assessed, due, profile)
    for key, rows in tables["flow"].groupby(COMPARISON, sort=False):
        people = dict(zip(rows["step"], rows["people"], strict=True))
        left = [n for step, n in people.items() if step not in (DUE, *STAYING)]
        if DUE in people and ANALYSED in people:
            counts[str(key[0])].add_sum(people[DUE], left)
    for key, rows in tables["states"].groupby(["cohort", "table", "item", "at"], sort=False):
        people = dict(zip(rows["state"], rows["people"], strict=True))
        parts = {state: n for state, n in people.items() if state not in (PEOPLE, UNKNOWN_IDS, UNKNOWN_ROWS)}
        own = counts[str(key[0])]
        own.add_sum(people[PEOPLE], parts.values())
        due = sum(n for state, n in parts.items() if state != NOT_DUE)
        if NOT_DUE in parts and due in own.shown:  # the table of waves tells it
            own.add_sum(due, [n for state, n in parts.items() if state != NOT_DUE])
            own.add_sum(people[PEOPLE], [due, parts[NOT_DUE]])


def note_fourfold(
    estimates: pd.DataFrame, diagnostics: pd.DataFrame, counts: Mapping[str, Counts], profile: Profile
) -> None:
    """Note the counts of exposed or not by case or not that shares of people tell, and their sums, by cohort."""
    rows = estimates[estimates["method"].isin(FROM_COUNTS)].reset_index(drop=True)
    of = _groups(rows, diagnostics)
    rows = rows.assign(**of)[~_few_in_a_share(rows, of, profile)]
    key = [*COMPARISON, "at"]
    for block, some in rows.groupby(key, sort=False):
        one, none = (_first_share(some, names) for names in (OF_EXPOSED, OF_UNEXPOSED))
        n, exposed, unexposed, cases = some[["all", "exposed", "unexposed", "cases"]].iloc[0]
        if not np.isfinite(one * none * exposed * n):
            continue
        n, e, u = round(n), round(exposed), round(unexposed)
        a, c = round(one * e), round(none * u)
        own, place = counts[str(block[0])], tuple(map(str, block))
        for total, parts in ((n, (e, u)), (e, (a, e - a)), (u, (c, u - c))):
            own.add_sum(total, parts, place)
        if a + c == round(cases):
            for total, parts in ((n, (a + c, n - a - c)), (a + c, (a, c)), (n - a - c, (e - a, u - c))):
                own.add_sum(total, parts, place)


def released_counts(name: str, table: pd.DataFrame, published: Mapping[str, Published]) -> pd.DataFrame:
    """Return a table with the published counts in place of the true ones."""
    left = table.copy()
    for column in _counts_of(SCHEMAS[name]):
        left[column] = [
            pd.NA if pd.isna(count) else published[cohort](count)
            for cohort, count in zip(table["cohort"], table[column], strict=True)
        ]
        left[column] = left[column].astype("Int64")
    return left


def released_attrition(table: pd.DataFrame, published: Mapping[str, Published]) -> pd.DataFrame:
    """Return the table of waves, its percentages from rounded counts and its ages to a month."""
    left = released_counts("attrition", table, published)
    left["percent_assessed"] = (100 * left["assessed"] / left["due"]).clip(upper=100).round(1).astype(float)
    left["age"] = left["age"].round(1)
    return left


def released_estimates(
    estimates: pd.DataFrame,
    diagnostics: pd.DataFrame,
    magnitudes: pd.DataFrame,
    published: Mapping[str, Published],
    profile: Profile,
    parameters: Parameters,
) -> pd.DataFrame:
    """Return the estimates that may leave; the others keep their row and say why they do not.

    An estimate leaves if enough people, cases and compared people are behind it and its model is not saturated. Shares
    of people are made of rounded counts, with limits as far away as they were or farther; what a table of exposed or
    not by case or not gives alone is made of these shares, without limits; other numbers have few figures.

    Parameters
    ----------
    estimates, diagnostics
        As in `results.schema`; `share_exposed` among the latter says how many people are compared.
    magnitudes
        As in `results.schema`: what one or two people have of sums.
    """
    rows = estimates.reset_index(drop=True)
    of = _groups(rows, diagnostics)
    n, events = of["all"], of["cases"]
    small = np.isnan(n) | _small(n, profile) | _small(events, profile) | (n - events < profile.smallest)
    small |= _small(of["exposed"], profile) | _small(of["unexposed"], profile)
    few = rows[_few_in_a_share(rows, of, profile)]
    # what has no horizon, such as a hazard ratio, is of all horizons
    small |= _is_in(rows, few, [*COMPARISON, "at"]) | (_is_in(rows, few, COMPARISON) & (rows["at"] == "").to_numpy())
    small |= rows["reason"].str.startswith("too few").to_numpy()
    left = released_counts("estimates", rows, published)
    left[NUMBERS] = _rounded(rows, of, published, profile, parameters.of(rows) != UNADJUSTED)
    reasons = {
        TOO_FEW: small,
        PARAMETERS: n - parameters.of(rows) < profile.degrees_of_freedom,
        DOMINATED: _dominated(rows, magnitudes, profile),
        WOULD_TELL: (rows["estimate"].notna() & left["estimate"].isna()).to_numpy(),
    }
    bare = rows["lower"].notna() & left["lower"].isna() & left["estimate"].notna()
    left.loc[bare, ["status", "reason"]] = ["no interval", RANGE_TELLS]
    return _withheld(left, reasons, [*NUMBERS, "events"])


def released_diagnostics(
    diagnostics: pd.DataFrame, estimates: pd.DataFrame, published: Mapping[str, Published], profile: Profile
) -> pd.DataFrame:
    """Return the diagnostics that may leave; the others keep their row and say why they do not.

    Parameters
    ----------
    estimates
        As they leave: what would give one that was withheld is withheld too.
    """
    rows = diagnostics.reset_index(drop=True)
    n = rows["n"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    left = released_counts("diagnostics", rows, published)
    values = ["value", "lower", "upper"]
    left[values] = to_figures(rows[values].to_numpy(), profile.figures)
    of_people = rows["statistic"].isin(SHARES_OF_PEOPLE).to_numpy()
    left.loc[of_people, values] = _shares(
        rows.loc[of_people, "cohort"],
        rows.loc[of_people, [*values, "value"]].to_numpy(),
        n[of_people],
        published,
        profile,
    )[:, :3]
    part = rows["value"].to_numpy() * n
    few = of_people & (_small(part, profile) | _small(n - part, profile))
    small = np.isnan(n) | _small(n, profile) | few
    left["note"] = left["note"].map(without_numbers)
    groups = rows["statistic"].isin(COUNTS_OF_GROUPS).to_numpy()
    small |= groups & _small(rows["value"].to_numpy(), profile)
    left.loc[groups, "value"] = [
        published[cohort].rounder.rounded(cohort, round(count))
        for cohort, count in rows.loc[groups, ["cohort", "value"]].itertuples(index=False)
    ]
    gone = estimates[estimates["reason"].isin([TOO_FEW, WOULD_TELL, RANGE_TELLS])]
    reasons = {
        TOO_FEW: small,
        ONE_PERSON: rows["statistic"].isin(EXTREMES).to_numpy(),
        WOULD_TELL: rows["statistic"].isin(OF_FEW).to_numpy() | _is_in(rows, gone, [*COMPARISON, "at", "method"]),
    }
    return _withheld(left, reasons, values)


def without_numbers(text: str) -> str:
    """Return a text with dots for its numbers, which may count people; percentages stay."""
    return re.sub(r"\d+(?:[.,]\d+)*(?![\d.,]*%)", "…", text)


def _counts_of(schema: Schema) -> list[str]:
    return [name for name, field in schema.fields.items() if field.kind == "count"]


def _groups(rows: pd.DataFrame, diagnostics: pd.DataFrame) -> dict[str, np.ndarray]:
    """How many people a share can be of, by `Estimand.share_of`, (n,) each; not a number where not known."""
    n, events = (rows[name].astype("Float64").to_numpy(dtype=float, na_value=np.nan) for name in ("n", "events"))
    share = _share_exposed(rows, diagnostics)
    # the row of an arm counts its people alone
    of_arm = (rows["estimand"].map(lambda name: ESTIMANDS[name].share_of) == "arm").to_numpy()
    share = np.where(of_arm, np.nan, share)
    people = {"all": n, "exposed": n * share, "unexposed": n * (1 - share), "cases": events, "others": n - events}
    return {**people, "arm": n}


def _first_share(rows: pd.DataFrame, names: Mapping[str, bool]) -> float:
    """The risk that the first of these estimands gives, or does not; not a number without any."""
    for name, estimate in rows[["estimand", "estimate"]].itertuples(index=False):
        if name in names and np.isfinite(estimate):
            return float(estimate if names[name] else 1 - estimate)
    return np.nan


def _share_exposed(rows: pd.DataFrame, diagnostics: pd.DataFrame) -> np.ndarray:
    told = diagnostics[(diagnostics["statistic"] == SHARE_EXPOSED) & (diagnostics["at"] == "")]
    shares = told.drop_duplicates(COMPARISON).set_index(COMPARISON)["value"]
    found: np.ndarray = shares.reindex(pd.MultiIndex.from_frame(rows[COMPARISON])).to_numpy(dtype=float)
    return found


def _small(count: np.ndarray, profile: Profile) -> np.ndarray:
    """Whether counts are too small to tell of; one that is not known is not."""
    whole = np.round(count)
    return (whole < profile.smallest) & (profile.zero_is_small | (whole > 0))


def _is_in(rows: pd.DataFrame, others: pd.DataFrame, key: list[str]) -> np.ndarray:
    return pd.MultiIndex.from_frame(rows[key]).isin(pd.MultiIndex.from_frame(others[key]))


def _dominated(rows: pd.DataFrame, magnitudes: pd.DataFrame, profile: Profile) -> np.ndarray:
    """Whether one or two people have most of a sum that a row tells of, or few people have all, (n,) flags."""
    key = SCHEMAS["magnitudes"].key
    few = _small(magnitudes["people"].to_numpy(dtype=float), profile)
    most = [profile.dominated(*two) for two in magnitudes[["largest", "second"]].itertuples(index=False)]
    told = magnitudes[few | np.array(most, dtype=bool)]
    of_all = told[told["exposure"] == ""]
    return _is_in(rows, told, key) | _is_in(rows, of_all, [name for name in key if name != "exposure"])


def _few_in_a_share(rows: pd.DataFrame, of: Mapping[str, np.ndarray], profile: Profile) -> np.ndarray:
    """Whether few people have it, or have it not, in the share of people that a row is, (n,) flags."""
    share_of = rows["estimand"].map(lambda name: ESTIMANDS[name].share_of)
    whole = np.select([(share_of == name).to_numpy() for name in of], list(of.values()), np.nan)
    thousand = rows["unit"].str.startswith("per 1,000").to_numpy()
    part = rows["estimate"].to_numpy(dtype=float) * whole / np.where(thousand, 1000.0, 1.0)
    few: np.ndarray = _small(part, profile) | (np.round(whole - part) < profile.smallest)
    return few


def _rounded(
    rows: pd.DataFrame,
    of: Mapping[str, np.ndarray],
    published: Mapping[str, Published],
    profile: Profile,
    adjusted: np.ndarray,
) -> np.ndarray:
    """Estimates, limits and standard errors, (n, 4), of rows behind which there are enough people."""
    numbers = rows[NUMBERS].to_numpy(dtype=float)
    numbers[:, :3] = _by_released_shares(rows, numbers[:, :3], of, published)
    left = to_figures(numbers, profile.figures)
    fewest = np.fmin.reduce([of["cases"], of["others"], of["exposed"], of["unexposed"], of["all"]])
    counted = (rows["method"].isin(FROM_COUNTS).to_numpy() | ~adjusted) & np.isfinite(fewest)
    few = figures_of_counts(np.nan_to_num(fewest, nan=1.0), profile.base, profile.figures)
    left[counted] = to_figures(numbers, few[:, None])[counted]
    share_of = rows["estimand"].map(lambda name: ESTIMANDS[name].share_of)
    for whole, people in of.items():
        here = (share_of == whole).to_numpy()
        scale = np.where(rows.loc[here, "unit"].str.startswith("per 1,000"), 1000.0, 1.0)[:, None]
        cohorts = rows.loc[here, "cohort"]
        left[here] = scale * _shares(cohorts, numbers[here] / scale, people[here], published, profile)
    # many numbers of one table of four counts would together tell these, unless they are large
    exactly = counted & (fewest < 2 * profile.base * 10**profile.figures) & rows["estimand"].isin(FOURFOLD).to_numpy()
    exactly &= np.isfinite(of["exposed"] * of["cases"])
    left[(fewest < 2 * profile.base * 10**profile.figures) & rows["estimand"].isin(OF_FLAGGED).to_numpy()] = np.nan
    left[exactly] = np.nan
    left[exactly, 0] = to_figures(_of_fourfold(rows, left[:, 0], of, published), profile.figures)[exactly]
    return left


def _by_released_shares(
    rows: pd.DataFrame, numbers: np.ndarray, of: Mapping[str, np.ndarray], published: Mapping[str, Published]
) -> np.ndarray:
    """Return numbers, (n, 3), that are made of the share of people with the event, with the released share in it."""
    true = of["cases"] / of["all"]
    released = np.array(
        [
            published[cohort].share(share, n) if np.isfinite(share) and share > 0 else np.nan
            for cohort, share, n in zip(rows["cohort"], true, of["all"], strict=True)
        ]
    )
    left, name = numbers.copy(), rows["estimand"]
    known = np.nan_to_num(released) > 0
    true, released = np.where(known, true, 1.0)[:, None], np.where(known, released, 1.0)[:, None]
    over, less, times, plus = (
        known & name.isin(some).to_numpy() for some in (OVER_SHARE, LESS_SHARE, TIMES_SHARE, PLUS_SHARE)
    )
    left[over] *= (true / released)[over]
    left[less] = 1 - (1 - left[less]) * (true / released)[less]
    left[times] *= (released / true)[times]
    left[plus] += (released - true)[plus]
    return left


def _shares(
    cohorts: pd.Series, numbers: np.ndarray, of: np.ndarray, published: Mapping[str, Published], profile: Profile
) -> np.ndarray:
    """Estimate, limits and standard error of shares of people, (n, 4).

    A limit is as many binomial standard errors of the released share away as it was of the true one, rounded upwards.
    """
    left = to_figures(numbers, 1)  # all that can be done where it is not known of how many
    known = np.isfinite(numbers[:, 0]) & (of >= profile.smallest)
    shares, wholes = np.full((2, len(of)), np.nan)
    for row in np.flatnonzero(known):
        rounded = published[cohorts.iloc[row]]
        shares[row], wholes[row] = (
            rounded.share(numbers[row, 0], of[row]),
            rounded.rounder.rounded(rounded.cohort, round(of[row])),
        )
    true, released = (_binomial_error(p, n)[:, None] for p, n in ((numbers[:, 0], of), (shares, wholes)))
    reach = np.abs(numbers[:, 1:3] - numbers[:, :1]) / true
    limits = shares[:, None] + np.array([-1.0, 1.0]) * upwards(reach, REACH) * released
    spread = upwards(numbers[:, 3:] / true, REACH) * released
    made = np.column_stack([shares, np.clip(limits, 0.0, 1.0), spread])
    left[known] = to_figures(made, profile.figures)[known]
    return left


def _binomial_error(share: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Standard error of a share, by that of two more successes and two more failures, so that it is never nought."""
    more = (share * of + 2) / (of + 4)
    error: np.ndarray = np.sqrt(more * (1 - more) / of)
    return error


def _of_fourfold(
    rows: pd.DataFrame, released: np.ndarray, of: Mapping[str, np.ndarray], published: Mapping[str, Published]
) -> np.ndarray:
    """What the released risks of the exposed and the unexposed give, (n,); not a number where they give nothing."""
    key = [*COMPARISON, "at"]
    crude = rows[key].assign(estimand=rows["estimand"], estimate=released)[rows["method"].isin(FROM_COUNTS).to_numpy()]
    risks = []
    for names in (OF_EXPOSED, OF_UNEXPOSED):
        told = crude[crude["estimand"].isin(names)].dropna(subset="estimate").drop_duplicates(key)
        is_risk = told["estimand"].map(names).astype(bool)
        values = told["estimate"].where(is_risk, 1 - told["estimate"]).set_axis(pd.MultiIndex.from_frame(told[key]))
        risks.append(values.reindex(pd.MultiIndex.from_frame(rows[key])).to_numpy(dtype=float))
    share = np.array(
        [
            published[cohort].share(exposed / n, n) if np.isfinite(exposed) else np.nan
            for cohort, exposed, n in zip(rows["cohort"], of["exposed"], of["all"], strict=True)
        ]
    )
    found = np.full(len(rows), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        for estimand, formula in FOURFOLD.items():
            here = (rows["estimand"] == estimand).to_numpy()
            found[here] = formula(risks[0][here], risks[1][here], share[here])
    return np.where(np.isfinite(found), found, np.nan)


def _withheld(left: pd.DataFrame, reasons: Mapping[str, np.ndarray], values: Iterable[str]) -> pd.DataFrame:
    """Empty the values of rows that may not leave, and say why; a row without any keeps its own reason."""
    values = list(values)
    left["reason"] = left["reason"].map(without_numbers)
    had = (left["status"] != NOT_ESTIMABLE).to_numpy()
    for reason, flags in reasons.items():
        here = had & flags
        left.loc[here, values] = np.nan
        left.loc[here, ["status", "reason"]] = [NOT_ESTIMABLE, reason]
        had &= ~flags
    return left


def withheld_by_reason(left: pd.DataFrame) -> dict[str, int]:
    """Return how many rows of a table were withheld, by reason."""
    if "reason" not in left:
        return {}
    reasons = left["reason"].value_counts()
    return {
        reason: int(reasons.get(reason, 0))
        for reason in (TOO_FEW, PARAMETERS, DOMINATED, ONE_PERSON, WOULD_TELL, RANGE_TELLS)
    }
