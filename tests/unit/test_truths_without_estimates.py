"""Which true values of the default run have no estimate beside them: known, counted, and meant to become fewer.

After a change that adds estimates or true values, write the list again with
`python -m tests.unit.test_truths_without_estimates`, and commit it with the tables of the default run.
"""

import pandas as pd

from tests.conftest import ROOT

LISTED = ROOT / "tests/unit/truths_without_estimates.csv"
PLACE = ["cohort", "study", "estimand", "level", "contrast"]
GROUP = ["cohort", "estimand", "level"]


def without_estimate(truth: pd.DataFrame, estimates: pd.DataFrame) -> pd.DataFrame:
    """Number of true values by cohort, estimand and level that no row of the estimates answers to."""
    answered = pd.MultiIndex.from_frame(estimates.dropna(subset="estimate")[PLACE])
    alone = truth[~pd.MultiIndex.from_frame(truth[PLACE]).isin(answered)]
    return alone.groupby(GROUP).size().rename("true_values").reset_index()


def of_the_default_run() -> pd.DataFrame:
    tables = ROOT / "results/tables"
    return without_estimate(pd.read_csv(tables / "truth.csv"), pd.read_csv(tables / "estimates.csv"))


def test_a_true_value_counts_unless_an_estimate_of_the_same_thing_has_a_number() -> None:
    place = dict(zip(PLACE, ["c", "s", "risk_ratio", "policy", "a vs b"], strict=True))
    truth = pd.DataFrame([place, {**place, "contrast": "a vs c"}, {**place, "estimand": "auc"}])
    estimates = pd.DataFrame([{**place, "estimate": 1.2}, {**place, "estimand": "auc", "estimate": float("nan")}])
    found = without_estimate(truth, estimates)
    assert list(found.itertuples(index=False, name=None)) == [
        ("c", "auc", "policy", 1),
        ("c", "risk_ratio", "policy", 1),
    ]


def test_true_values_of_the_default_run_without_an_estimate_are_those_listed() -> None:
    counts = [table.set_index(GROUP)["true_values"] for table in (pd.read_csv(LISTED), of_the_default_run())]
    listed, found = counts[0].align(counts[1], fill_value=0)
    changed = pd.DataFrame({"listed": listed, "found": found})[listed != found]
    assert changed.empty, f"write the list again (see above) if this is meant:\n{changed}"


if __name__ == "__main__":
    of_the_default_run().to_csv(LISTED, index=False)
