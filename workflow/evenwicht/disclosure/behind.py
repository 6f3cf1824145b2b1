"""How many people are behind the rows of a table of estimates, and behind the shares that they are."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

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


def counts_of(schema: Schema) -> list[str]:
    return [name for name, field in schema.fields.items() if field.kind == "count"]


def people_behind(rows: pd.DataFrame, diagnostics: pd.DataFrame) -> dict[str, np.ndarray]:
    """How many people a share can be of, by `Estimand.share_of`, (n,) each; not a number where not known."""
    n, events = (rows[name].astype("Float64").to_numpy(dtype=float, na_value=np.nan) for name in ("n", "events"))
    share = _share_exposed(rows, diagnostics)
    # the row of an arm counts its people alone
    of_arm = (rows["estimand"].map(lambda name: ESTIMANDS[name].share_of) == "arm").to_numpy()
    share = np.where(of_arm, np.nan, share)
    people = {"all": n, "exposed": n * share, "unexposed": n * (1 - share), "cases": events, "others": n - events}
    return {**people, "arm": n}


def first_share(rows: pd.DataFrame, names: Mapping[str, bool]) -> float:
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
