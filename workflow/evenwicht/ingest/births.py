"""Births with parents: the family, the parity and the interval of each, from the ids of mother and father."""

import warnings
from typing import TYPE_CHECKING, Any

from pydantic import Field

from evenwicht.base.names import Strict
from evenwicht.ingest.described import DateColumn

if TYPE_CHECKING:  # settings are loaded by every job, and most need no pandas
    import pandas as pd

ONE_DELIVERY = 60  # days; twins may be born on two dates, and nobody gives birth again so soon
MADE = ("family", "parity", "interval")


class Births(Strict):
    """One row per birth with its parents: gives the file the columns `family`, `parity` and `interval`."""

    mother: str = Field(description="Column with the id of the mother")
    father: str | None = Field(
        None, description="Column with the id of the father; without it a family is all births of a mother"
    )
    born: DateColumn = Field(description="Column with the date of birth")

    @property
    def parents(self) -> list[str]:
        """The columns with the ids of parents."""
        return [self.mother, *([self.father] if self.father is not None else [])]

    @property
    def named(self) -> list[str]:
        """The columns it reads."""
        return [*self.parents, str(self.born.source)]


def of_births(
    mother: "pd.Series", father: "pd.Series | None", born: "pd.Series", where: str
) -> dict[str, "pd.Series[Any]"]:
    """Return family, parity and interval of each birth, (n,) each, and tell how many births have none.

    A family is all births of one mother and one father. Parity counts a mother's earlier deliveries in this file, in
    which the first is 0; births at most 60 days apart are one delivery. The interval is in days, from the first birth
    of the delivery before; a first delivery has none.

    Parameters
    ----------
    mother, father : (n,) text, empty if unknown
    born : (n,) dates
    where
        The file, in the message.
    """
    import pandas as pd

    parents = pd.DataFrame({"mother": mother} if father is None else {"mother": mother, "father": father})
    related = parents.notna().all(axis=1)
    family = parents.groupby(list(parents), sort=True).ngroup().where(related).astype("Int64")

    dated = (mother.notna() & born.notna()).to_numpy()
    births = pd.DataFrame({"mother": mother, "born": born})[dated].sort_values(["mother", "born"], kind="stable")
    since = births.groupby("mother")["born"].diff().dt.days
    births["first"] = since.isna() | (since > ONE_DELIVERY)
    births["parity"] = births.groupby("mother")["first"].cumsum().astype("int64") - 1
    deliveries = births[births["first"]]
    between = deliveries["born"].groupby(deliveries["mother"]).diff().dt.days
    births["interval"] = between.reindex(births.index).where(births["first"])
    births["interval"] = births.groupby(["mother", "parity"])["interval"].transform("first")

    untold = {"family": int((~related).sum()), "parity": int((~dated).sum())}
    if any(untold.values()):
        warnings.warn(
            f"{where}: of {len(mother)} births {untold['family']} have no family, for want of a parent's id, and "
            f"{untold['parity']} no parity and interval, for want of the mother's id or the date",
            stacklevel=2,
        )
    return {
        "family": family,
        "parity": births["parity"].reindex(mother.index).astype("Int64"),
        "interval": births["interval"].reindex(mother.index).astype("Int64"),
    }
