"""Numbers that another study, or an account in money, tells again where one factor cannot keep both: withheld."""

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags

# changes of a mean over all, by how many times that of one person they are; of standard deviations it is one over that
TIMES = {"mean_over_all": 1.0, "units_over_all": 100_000.0}
IN_SDS = "change_in_sds"
OF_MEANS = (*TIMES, IN_SDS, "slope_over_all", "sds_apart")
PRICED = ("present_value", "benefit_cost_ratio", "internal_rate", "paid_back", "public_funds")
PRICED_TOO = ("value_at_least", "value_at_most", "deadweight", "cost_for_one")  # among the diagnostics
ACCOUNT = ["cohort", "study", "exposure", "reference"]
SAME = 1e-4  # of two numbers, apart by how they are written


def tell_exposed(rows: pd.DataFrame, diagnostics: pd.DataFrame) -> Flags:
    """Which changes of a mean over all would tell how many are exposed, (n,) flags.

    They do if another study has the same change of the same people as `population_mean_difference`: of a straight line
    that is the share of the exposed times its difference in means, so that it is moved to the released share. All
    changes of that outcome go, since those of levers are known parts of it.

    Parameters
    ----------
    rows
        Estimates, as they are.
    """
    of, place = ["cohort", "outcome", "exposure", "reference", "n"], ["cohort", "study", "outcome"]
    changes = rows[rows["estimand"].isin([*TIMES, IN_SDS]) & (rows["subgroup"] == "") & rows["events"].isna()]
    there = rows.loc[rows["estimand"] == "population_mean_difference", [*of, "estimate"]].dropna()
    spread = diagnostics.loc[diagnostics["statistic"] == "outcome_sd", ["cohort", "outcome", "n", "value"]]
    both = changes.merge(there, on=of, suffixes=("", "_there"))
    both = both.merge(spread.drop_duplicates(["cohort", "outcome", "n"]), how="left")
    times = both["estimand"].map(TIMES).fillna(1 / both["value"])
    alike = np.isclose(both["estimate"], times * both["estimate_there"], rtol=SAME, atol=0)
    told = pd.MultiIndex.from_frame(both.loc[alike, place])
    of_mean = (rows["estimand"].isin(OF_MEANS) & rows["events"].isna()).to_numpy()
    flags: Flags = of_mean & pd.MultiIndex.from_frame(rows[place]).isin(told)
    return flags


def tell_prices(rows: pd.DataFrame, tell: Flags, priced: frozenset[tuple[str, str, str]]) -> Flags:
    """Which sums of money hold the change of a priced outcome that leaves moved, or not at all, (n,) flags.

    Prices are public: with them a sum, or two at both ends of a price, would tell the change as it is.

    Parameters
    ----------
    rows
        Estimates, as they are.
    tell : (n,)
        What is withheld by `tell_exposed`.
    priced
        Cohort, study and outcome with a price.
    """
    keys = zip(rows["cohort"], rows["study"], rows["outcome"], strict=True)
    has_price = np.array([key in priced for key in keys], dtype=bool)
    moved = (rows["estimand"] == "units_over_all").to_numpy() & rows["events"].notna().to_numpy()
    told = rows.loc[has_price & (tell | moved), ACCOUNT]
    flags: Flags = rows["estimand"].isin(PRICED).to_numpy() & accounts(rows).isin(accounts(told))
    return flags


def accounts(rows: pd.DataFrame) -> pd.MultiIndex:
    """Return whose account each row is of."""
    return pd.MultiIndex.from_frame(rows[ACCOUNT])


def accounts_gone(left: pd.DataFrame, reason: str) -> pd.MultiIndex:
    """Return the accounts of which a sum is withheld for this reason, from estimates as they leave."""
    return accounts(left[left["estimand"].isin(PRICED) & (left["reason"] == reason)])
