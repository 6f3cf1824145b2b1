"""One pass over the tables of a run: counts are withheld or rounded, and what was estimated from them with them.

What is derived from other tables (bias, conclusions, what survives) is made again from those that leave.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evenwicht.disclosure.behind import (
    COMPARISON,
    FROM_COUNTS,
    OF_EXPOSED,
    OF_UNEXPOSED,
    by_chance,
    counts_of,
    few_in_a_share,
    is_part,
    is_small,
    people_behind,
)
from evenwicht.disclosure.counts import Published
from evenwicht.disclosure.moved import RISKS
from evenwicht.disclosure.numbers import figures_of_counts, to_figures
from evenwicht.disclosure.profiles import Profile
from evenwicht.disclosure.retold import tell_exposed, tell_prices
from evenwicht.disclosure.shares import against_chance, by_released_shares, shares_of_people
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.results.schema import INTERVAL, SCHEMAS

NUMBERS = list(INTERVAL)  # of an estimate
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
OF_FLAGGED = ("net_benefit", "net_benefit_all", "flagged_well")  # with other numbers, give the cases among the flagged
INCREMENTS = ("auc_increment",)  # of one prediction over another
TOO_FEW = "withheld: too few people"
ONE_PERSON = "withheld: it is the value of one person"
PARAMETERS = "withheld: too many parameters for the people"
WOULD_TELL = "withheld: with other numbers it would tell small counts"
DOMINATED = "withheld: one or two people have most of it"
RANGE_TELLS = "withheld: its range would tell small counts"
UNADJUSTED = 2  # parameters of a model without covariates
NOT_ESTIMABLE = "not estimable"


@dataclass(frozen=True)
class Parameters:
    """What the models of each study are fitted to.

    Attributes
    ----------
    by_study
        How many parameters they have at most, by cohort and study.
    of_one_yes_no
        Cohort, study and exposure of predictions from one yes/no column: a table of four counts gives their numbers.
    over_one_yes_no
        Cohort and study whose increments are over such a prediction.
    priced
        Cohort, study and outcome that sums of money count with a price.
    """

    by_study: Mapping[tuple[str, str], int] = field(default_factory=dict)
    of_one_yes_no: frozenset[tuple[str, str, str]] = frozenset()
    over_one_yes_no: frozenset[tuple[str, str]] = frozenset()
    priced: frozenset[tuple[str, str, str]] = frozenset()

    def of(self, rows: pd.DataFrame) -> np.ndarray:
        """Return them for each row, (n,)."""
        return np.array([self.by_study.get(key, 0) for key in zip(rows["cohort"], rows["study"], strict=True)])

    def tell_four(self, rows: pd.DataFrame) -> np.ndarray:
        """Return which rows would tell the four counts behind the prediction from a yes/no column, (n,) flags."""
        keys = zip(rows["cohort"], rows["study"], rows["exposure"], strict=True)
        alone = np.array([key in self.of_one_yes_no for key in keys], dtype=bool)
        over = np.array([key in self.over_one_yes_no for key in zip(rows["cohort"], rows["study"], strict=True)])
        found: np.ndarray = alone | (over & rows["estimand"].isin(INCREMENTS).to_numpy())
        return found


def released_counts(name: str, table: pd.DataFrame, published: Mapping[str, Published]) -> pd.DataFrame:
    """Return a table with the published counts in place of the true ones."""
    left = table.copy()
    for column in counts_of(SCHEMAS[name]):
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
    of = people_behind(rows, diagnostics)
    n, events = of["all"], of["cases"]
    small = np.isnan(n) | is_small(n, profile) | is_small(events, profile) | (n - events < profile.smallest)
    small |= is_small(of["exposed"], profile) | is_small(of["unexposed"], profile)
    few = rows[few_in_a_share(rows, of, profile)]
    # what has no horizon, such as a hazard ratio, is of all horizons
    small |= is_in(rows, few, [*COMPARISON, "at"]) | (is_in(rows, few, COMPARISON) & (rows["at"] == "").to_numpy())
    small |= rows["reason"].str.startswith("too few").to_numpy()
    left = released_counts("estimates", rows, published)
    chance, few_figures = by_chance(rows, diagnostics, rows, profile)
    shown_chance = to_figures(chance, few_figures)
    left[NUMBERS] = _rounded(rows, of, (chance, shown_chance), published, profile, parameters)
    left.loc[is_part(rows), "n"] = pd.NA  # with that of all, and the changes of each, these would tell one another
    exposed_told = tell_exposed(rows, diagnostics)
    reasons = {
        TOO_FEW: small,
        PARAMETERS: n - parameters.of(rows) < profile.degrees_of_freedom,
        DOMINATED: _dominated(rows, magnitudes, profile),
        WOULD_TELL: (rows["estimate"].notna() & left["estimate"].isna()).to_numpy()
        | _beside_parts(rows, small)
        | _over_withheld(rows, small)
        | exposed_told
        | tell_prices(rows, exposed_told, parameters.priced),
    }
    bare = rows["lower"].notna() & left["lower"].isna() & left["estimate"].notna()
    left.loc[bare, ["status", "reason"]] = ["no interval", RANGE_TELLS]
    return withheld(left, reasons, [*NUMBERS, "events"])


def without_numbers(text: str) -> str:
    """Return a text with dots for its numbers, which may count people; percentages stay."""
    return re.sub(r"\d+(?:[.,]\d+)*(?![\d.,]*%)", "…", text)


def is_in(rows: pd.DataFrame, others: pd.DataFrame, key: list[str]) -> np.ndarray:
    return pd.MultiIndex.from_frame(rows[key]).isin(pd.MultiIndex.from_frame(others[key]))


def _beside_parts(rows: pd.DataFrame, small: np.ndarray) -> np.ndarray:
    """Which rows of parts of the people would, with that of all, give a part that is withheld, (n,) flags."""
    key = ["cohort", "study", "outcome", "exposure", "reference", "at", "estimand", "method"]
    of_parts = (rows["subgroup"] != "").to_numpy()
    return of_parts & is_in(rows, rows[small & of_parts], key)


def _over_withheld(rows: pd.DataFrame, small: np.ndarray) -> np.ndarray:
    """Which increments would, with what they end at, give a number that is withheld, (n,) flags."""
    key = ["cohort", "study", "outcome", "subgroup", "at"]
    gone = rows[small & (rows["estimand"] == "auc").to_numpy()]
    return rows["estimand"].isin(INCREMENTS).to_numpy() & is_in(rows, gone, key)


def _dominated(rows: pd.DataFrame, magnitudes: pd.DataFrame, profile: Profile) -> np.ndarray:
    """Whether one or two people have most of a sum that a row tells of, or few people have all, (n,) flags."""
    key = SCHEMAS["magnitudes"].key
    few = is_small(magnitudes["people"].to_numpy(dtype=float), profile)
    most = [profile.dominated(*two) for two in magnitudes[["largest", "second"]].itertuples(index=False)]
    told = magnitudes[few | np.array(most, dtype=bool)]
    of_all = told[told["exposure"] == ""]
    return is_in(rows, told, key) | is_in(rows, of_all, [name for name in key if name != "exposure"])


def _rounded(
    rows: pd.DataFrame,
    of: Mapping[str, np.ndarray],
    chance: tuple[np.ndarray, np.ndarray],
    published: Mapping[str, Published],
    profile: Profile,
    parameters: Parameters,
) -> np.ndarray:
    """Estimates, limits and standard errors, (n, 4), of rows behind which there are enough people."""
    numbers = rows[NUMBERS].to_numpy(dtype=float)
    numbers = against_chance(rows, by_released_shares(rows, numbers, of, published), *chance)
    modelled = ~rows["method"].isin(FROM_COUNTS).to_numpy() & rows["estimand"].isin(RISKS).to_numpy()
    left = to_figures(numbers, (profile.figures - is_part(rows))[:, None])  # of several changes, these tell how many
    fewest = np.fmin.reduce([of["cases"], of["others"], of["exposed"], of["unexposed"], of["all"]])
    unadjusted = parameters.of(rows) == UNADJUSTED
    counted = (rows["method"].isin(FROM_COUNTS).to_numpy() | unadjusted) & np.isfinite(fewest)
    few = figures_of_counts(np.nan_to_num(fewest, nan=1.0), profile.base, profile.figures)
    left[counted] = to_figures(numbers, few[:, None])[counted]
    share_of = rows["estimand"].map(lambda name: ESTIMANDS[name].share_of)
    for whole, people in of.items():
        here = (share_of == whole).to_numpy() & ~modelled
        scale = rows.loc[here, "estimand"].map(lambda name: ESTIMANDS[name].per).to_numpy(dtype=float)[:, None]
        cohorts = rows.loc[here, "cohort"]
        left[here] = scale * shares_of_people(cohorts, numbers[here] / scale, people[here], published, profile)
    # many numbers of one table of four counts would together tell these, unless they are large
    exactly = counted & (fewest < 2 * profile.base * 10**profile.figures) & rows["estimand"].isin(FOURFOLD).to_numpy()
    exactly &= np.isfinite(of["exposed"] * of["cases"])
    tell = rows["estimand"].isin(OF_FLAGGED).to_numpy()
    tell |= parameters.tell_four(rows) & (share_of == "").to_numpy()
    left[(fewest < 2 * profile.base * 10**profile.figures) & tell] = np.nan
    left[exactly] = np.nan
    left[exactly, 0] = to_figures(_of_fourfold(rows, left[:, 0], of, published), profile.figures)[exactly]
    return left


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


def withheld(left: pd.DataFrame, reasons: Mapping[str, np.ndarray], values: Iterable[str]) -> pd.DataFrame:
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
