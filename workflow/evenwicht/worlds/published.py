"""Published figures, and how far a world is from them, whether they were used to set it or not."""

import pandas as pd

from evenwicht.results.schema import ABOUT, COHORT, ESTIMAND, METHOD, QUESTION, Field, Schema

WHERE = {
    "source": Field("text", "Where it is published"),
    "tag": Field("text", "How well it is known: V verified, M from memory, C computed"),
    "use": Field("id", "calibrate: may set parameters; check: compared and nothing else; context: neither"),
}
PUBLISHED = Schema(
    {
        "cohort": COHORT,
        **ABOUT,
        "estimand": ESTIMAND,
        "method": METHOD,
        "value": Field("number", "Published value"),
        "lower": Field("number", "Lower 95% limit"),
        "upper": Field("number", "Upper 95% limit"),
        "decimals": Field("number", "Decimals with which it is published"),
        "unit": Field("text", "Unit"),
        **WHERE,
    },
    ["cohort", *QUESTION, "method"],
)
CALIBRATION = Schema(
    {
        "cohort": COHORT,
        **ABOUT,
        "estimand": ESTIMAND,
        "published": Field("number", "Published value"),
        "world": Field("number", "True value in the world"),
        "difference": Field("number", "World minus published"),
        "mc_error": Field("number", "Monte Carlo standard error of the world's value"),
        **{name: WHERE[name] for name in ("use", "source", "tag")},
    },
    ["cohort", *QUESTION],
)


def compare_with_published(cohort: str, truth: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Put the published figures of a cohort beside the true values of its world.

    Parameters
    ----------
    cohort
        Its id.
    truth
        Its truth table.
    published
        The published figures, with the columns of `PUBLISHED`.

    Returns
    -------
    DataFrame
        Columns of `CALIBRATION`; figures that the world does not have are left out.
    """
    theirs = published[published["cohort"] == cohort].rename(columns={"value": "published"})
    ours = truth[[*QUESTION, "value", "mc_error"]].rename(columns={"value": "world"})
    table = theirs.merge(ours, on=QUESTION)
    return CALIBRATION.checked(table.assign(difference=table["world"] - table["published"]))
