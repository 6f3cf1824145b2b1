"""How many people are behind the rows of a table of estimates, and behind the shares that they are."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evenwicht.disclosure.numbers import figures_of_counts
from evenwicht.disclosure.profiles import Profile
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.results.schema import Schema

COMPARISON = ["cohort", "study", "outcome", "exposure", "reference", "subgroup"]
FROM_COUNTS = (
    "crude",
    "step_0",
    "observed",
    "naive",
    "density",
    "windows",
)  # methods whose numbers a table of counts gives
OF_EXPOSED = {
    "risk_exposed": True,
    "positive_predictive_value": True,
}  # whether it is a risk, or the chance to stay free
OF_UNEXPOSED = {"risk_unexposed": True, "negative_predictive_value": False}
SHARE_EXPOSED = "share_exposed"
SIDE = ["cohort", "study", "outcome", "exposure", "reference"]
OF_ALL = ("change_in_cases", "units_over_all")  # over everybody: of these the share of cases is that of a side
# of parts of the people, they give that of all
OF_PARTS = ("change_in_cases", "change_in_sds")
BY_CHANCE = ("excess_group_share", "observed_expected_share")  # what is there against what chance would give


def counts_of(schema: Schema) -> list[str]:
    return [name for name, field in schema.fields.items() if field.kind == "count"]


def people_behind(rows: pd.DataFrame, diagnostics: pd.DataFrame) -> dict[str, np.ndarray]:
    """How many people a share can be of, by `Estimand.share_of`, (n,) each; not a number where not known."""
    n, events = (rows[name].astype("Float64").to_numpy(dtype=float, na_value=np.nan) for name in ("n", "events"))
    share = share_exposed(rows, diagnostics)
    # the row of an arm counts its people alone
    of_arm = (rows["estimand"].map(lambda name: ESTIMANDS[name].share_of) == "arm").to_numpy()
    share = np.where(of_arm, np.nan, share)
    people = {"all": n, "exposed": n * share, "unexposed": n * (1 - share), "cases": events, "others": n - events}
    return {**people, "arm": n}


def of_side(rows: pd.DataFrame, estimates: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """How many people a change over all is of, and how many of them have the event, (n,) each, by the side of a row.

    Not a number where the side has no change in cases.

    Parameters
    ----------
    rows
        Of any table with the columns of `SIDE`.
    estimates
        As they are.
    """
    told = estimates[estimates["estimand"].isin(OF_ALL) & (estimates["subgroup"] == "")]
    counts = told.dropna(subset=["n", "events"]).drop_duplicates(SIDE).set_index(SIDE)[["n", "events"]].astype(float)
    found = counts.reindex(pd.MultiIndex.from_frame(rows[SIDE])).to_numpy(dtype=float)
    return found[:, 0], found[:, 1]


def is_part(rows: pd.DataFrame) -> np.ndarray:
    """Whether a row is of a part of the people, and gives that of all with those of the others, (n,) flags."""
    flags: np.ndarray = ((rows["subgroup"] != "") & rows["estimand"].isin(OF_PARTS)).to_numpy()
    return flags


def by_chance(
    rows: pd.DataFrame, diagnostics: pd.DataFrame, estimates: pd.DataFrame, profile: Profile
) -> tuple[np.ndarray, np.ndarray]:
    """What chance would give of the people that a row is about, (n,), and with how many figures it leaves, (n,).

    So few that it hides more than a count of as many people: those of several groups together would tell how many
    people have high need in each sector. Not a number, and all figures, where a row is not about people against chance.
    """
    key = [*COMPARISON, "at"]
    against = pd.MultiIndex.from_frame(estimates.loc[estimates["estimand"].isin(BY_CHANCE), key])
    told = diagnostics[diagnostics["statistic"] == "chance"].drop_duplicates(key)
    told = told[pd.MultiIndex.from_frame(told[key]).isin(against)].set_index(key)[["value", "n"]].astype(float)
    chance, n = told.reindex(pd.MultiIndex.from_frame(rows[key])).to_numpy(dtype=float).T
    fewest = np.minimum(chance, 1 - chance) * n
    few = figures_of_counts(np.nan_to_num(fewest, nan=1.0), profile.base, profile.figures - 1)
    return chance, np.where(np.isnan(chance), profile.figures, few)


def first_share(rows: pd.DataFrame, names: Mapping[str, bool]) -> float:
    """The risk that the first of these estimands gives, or does not; not a number without any."""
    for name, estimate in rows[["estimand", "estimate"]].itertuples(index=False):
        if name in names and np.isfinite(estimate):
            return float(estimate if names[name] else 1 - estimate)
    return np.nan


def share_exposed(rows: pd.DataFrame, diagnostics: pd.DataFrame) -> np.ndarray:
    """Share of the people of each comparison who are exposed, (n,); not a number where it is not told."""
    told = diagnostics[(diagnostics["statistic"] == SHARE_EXPOSED) & (diagnostics["at"] == "")]
    shares = told.drop_duplicates(COMPARISON).set_index(COMPARISON)["value"]
    found: np.ndarray = shares.reindex(pd.MultiIndex.from_frame(rows[COMPARISON])).to_numpy(dtype=float)
    return found


def is_small(count: np.ndarray, profile: Profile) -> np.ndarray:
    """Whether counts are too small to tell of; one that is not known is not."""
    whole = np.round(count)
    return (whole < profile.smallest) & (profile.zero_is_small | (whole > 0))


def few_in_a_share(rows: pd.DataFrame, of: Mapping[str, np.ndarray], profile: Profile) -> np.ndarray:
    """Whether few people have it, or have it not, in the share of people that a row is, (n,) flags."""
    share_of = rows["estimand"].map(lambda name: ESTIMANDS[name].share_of)
    whole = np.select([(share_of == name).to_numpy() for name in of], list(of.values()), np.nan)
    per = rows["estimand"].map(lambda name: ESTIMANDS[name].per).to_numpy(dtype=float)
    part = rows["estimate"].to_numpy(dtype=float) * whole / per
    few: np.ndarray = is_small(part, profile) | (np.round(whole - part) < profile.smallest)
    return few
