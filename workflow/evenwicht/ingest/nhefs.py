"""The NHEFS extract of Hernan and Robins, read from the installed package `causaldata`.

Source: Hernan MA, Robins JM (2020). Causal Inference: What If. Chapman & Hall/CRC; data as packaged by causaldata.
"""

import numpy as np
import pandas as pd

FOLLOW_UP_START = 1983  # death is followed from January 1983, What If section 17.1
FOLLOW_UP_MONTHS = 120
YEARS_TO_SECOND_WAVE = 11
YEARS_TO_FOLLOW_UP = 12


def load_nhefs(high_price: float) -> pd.DataFrame:
    """Return the 1,629 persons with the columns of the extract and those derived from it.

    Parameters
    ----------
    high_price
        Price of a pack in 1982 (US$ of 2008) from which a state counts as high-price.

    Returns
    -------
    pandas.DataFrame
        Added columns: `state` (identified by its history of price and tax), `high_price` (0/1, empty without a
        price), `age_1982`, `age_1983` and `exit_age` (years; age at death or at the end of 1992). The extract gives
        age at baseline in whole years only, so later ages are baseline age plus the years between the waves;
        durations are exact to the month.
    """
    from causaldata import nhefs

    flat = nhefs.load_pandas().data
    history = flat[["price71", "price82", "tax71", "tax82"]]
    state = history.groupby(list(history.columns)).ngroup()
    months_to_death = (flat["yrdth"] + 1900 - (FOLLOW_UP_START)) * 12 + flat["modth"]
    months = np.where(flat["death"] == 1, months_to_death, FOLLOW_UP_MONTHS)
    age_1983 = flat["age"] + YEARS_TO_FOLLOW_UP
    return flat.assign(
        state=state.where(state >= 0).map("state {:02.0f}".format, na_action="ignore"),
        high_price=(flat["price82"] >= high_price).where(flat["price82"].notna()).astype("float64"),
        age_1982=flat["age"] + YEARS_TO_SECOND_WAVE,
        age_1983=age_1983,
        exit_age=age_1983 + months / 12,
    )
