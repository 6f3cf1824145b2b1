"""Diagnostics as they may leave, beside the estimates that do."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evenwicht.disclosure.behind import COMPARISON, OF_ALL, by_chance, is_small, of_side, share_exposed
from evenwicht.disclosure.counts import Published
from evenwicht.disclosure.moved import LINES, along, straight
from evenwicht.disclosure.numbers import to_figures
from evenwicht.disclosure.profiles import Profile
from evenwicht.disclosure.retold import PRICED_TOO, accounts, accounts_gone
from evenwicht.disclosure.shares import released_shares, shares_of_people
from evenwicht.disclosure.tables import (
    ONE_PERSON,
    RANGE_TELLS,
    TOO_FEW,
    WOULD_TELL,
    is_in,
    released_counts,
    withheld,
    without_numbers,
)
from evenwicht.estimators.results import COUNTS_OF_GROUPS, EXTREMES, OF_FEW, SHARES_OF_PEOPLE


def released_diagnostics(
    diagnostics: pd.DataFrame,
    given: pd.DataFrame,
    estimates: pd.DataFrame,
    published: Mapping[str, Published],
    profile: Profile,
) -> pd.DataFrame:
    """Return the diagnostics that may leave; the others keep their row and say why they do not.

    Parameters
    ----------
    given
        Estimates as they are: what says the same as one of them is moved as it is.
    estimates
        As they leave: what would give one that was withheld is withheld too.
    """
    rows = diagnostics.reset_index(drop=True)
    n = rows["n"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    left = released_counts("diagnostics", rows, published)
    values = ["value", "lower", "upper"]
    people, events = of_side(rows, given)
    shift, scale = straight(rows["statistic"], *released_shares(rows["cohort"], people, events, published))
    is_chance = (rows["statistic"] == "chance").to_numpy()
    figures = np.where(is_chance, by_chance(rows, rows, given, profile)[1], profile.figures)
    left[values] = to_figures(along(rows[values].to_numpy(), shift, scale), figures[:, None])
    of_people = rows["statistic"].isin(SHARES_OF_PEOPLE).to_numpy()
    left.loc[of_people, values] = shares_of_people(
        rows.loc[of_people, "cohort"],
        rows.loc[of_people, [*values, "value"]].to_numpy(),
        n[of_people],
        published,
        profile,
    )[:, :3]
    part = rows["value"].to_numpy() * n
    few = of_people & (is_small(part, profile) | is_small(n - part, profile))
    small = np.isnan(n) | is_small(n, profile) | few
    left["note"] = left["note"].map(without_numbers)
    groups = rows["statistic"].isin(COUNTS_OF_GROUPS).to_numpy()
    small |= groups & is_small(rows["value"].to_numpy(), profile)
    left.loc[groups, "value"] = _groups(rows[groups], diagnostics, published, profile)
    gone = estimates[estimates["reason"].isin([TOO_FEW, WOULD_TELL, RANGE_TELLS])]
    reasons = {
        TOO_FEW: small,
        ONE_PERSON: rows["statistic"].isin(EXTREMES).to_numpy(),
        WOULD_TELL: rows["statistic"].isin(OF_FEW).to_numpy()
        | (rows["statistic"].isin(PRICED_TOO).to_numpy() & accounts(rows).isin(accounts_gone(estimates, WOULD_TELL)))
        | is_in(rows, gone, [*COMPARISON, "at", "method"])
        # at the ends of a range: of a change that is withheld
        | (rows["statistic"].isin(LINES).to_numpy() & is_in(rows, gone[gone["estimand"].isin(OF_ALL)], COMPARISON))
        | (rows["value"].notna() & left["value"].isna()).to_numpy(),
    }
    return withheld(left, reasons, values)


def _groups(
    rows: pd.DataFrame, diagnostics: pd.DataFrame, published: Mapping[str, Published], profile: Profile
) -> list[float]:
    """How many groups of people there are: rounded, or to one figure where they are of few people, such as families.

    How many of these there are tells how many people: those with an exposed member, those without, and those with both.
    """
    share = share_exposed(rows, diagnostics)
    of_arm = {"clusters_exposed": share, "clusters_unexposed": 1 - share}
    part = np.select([(rows["statistic"] == name).to_numpy() for name in of_arm], list(of_arm.values()), 1.0)
    people = np.nan_to_num(part, nan=1.0) * rows["n"].astype(float).to_numpy()
    few = people < profile.smallest * rows["value"].to_numpy()
    about = to_figures(rows["value"].to_numpy(), 1)
    return [
        about[row] if few[row] else published[cohort].rounder.rounded(cohort, round(count))
        for row, (cohort, count) in enumerate(zip(rows["cohort"], rows["value"], strict=True))
    ]
