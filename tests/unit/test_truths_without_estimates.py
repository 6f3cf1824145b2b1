"""Which true values of the default run have no estimate beside them: known, counted, and meant to become fewer.

After a change that adds estimates or true values, write the list again with
`python -m tests.unit.test_truths_without_estimates`, and commit it with the tables of the default run.
"""

import pandas as pd
from evenwicht.results.schema import ESTIMATES, QUESTION, TRUTH

from tests.conftest import ROOT

LISTED = ROOT / "tests/unit/truths_without_estimates.csv"
PLACE = ["cohort", *QUESTION]
GROUP = ["cohort", "estimand", "why"]
NOTHING, PART, ELSEWHERE = "no study estimates it", "of a part of the people", "estimated of other comparisons only"


def without_estimate(truth: pd.DataFrame, estimates: pd.DataFrame) -> pd.DataFrame:
    """Number of true values that no row of the estimates answers to, by cohort, estimand and why."""
    found = estimates.dropna(subset="estimate")
    alone = truth[~pd.MultiIndex.from_frame(truth[PLACE]).isin(pd.MultiIndex.from_frame(found[PLACE]))]
    why = alone["subgroup"].ne("").map({True: PART, False: ELSEWHERE})
    why = why.where(alone["estimand"].isin(found["estimand"]), NOTHING)
    return alone.assign(why=why).groupby(GROUP).size().rename("true_values").reset_index()


def of_the_default_run() -> pd.DataFrame:
    tables = ROOT / "results/tables"
    return without_estimate(TRUTH.read_csv(tables / "truth.csv"), ESTIMATES.read_csv(tables / "estimates.csv"))


def test_a_true_value_counts_unless_an_estimate_of_the_same_thing_has_a_number() -> None:
    place = {**dict.fromkeys(PLACE, ""), "cohort": "c", "outcome": "o", "exposure": "a", "estimand": "risk_ratio"}
    others = [{"reference": "b"}, {"at": "60"}, {"exposure": "b"}, {"subgroup": "sex=girl"}, {"estimand": "auc"}]
    truth = pd.DataFrame([place, *({**place, **other} for other in others)])
    estimates = pd.DataFrame([{**place, "estimate": 1.2}, {**place, "estimand": "auc", "estimate": float("nan")}])
    found = without_estimate(truth, estimates)
    assert list(found.itertuples(index=False, name=None)) == [
        ("c", "auc", NOTHING, 1),
        ("c", "risk_ratio", ELSEWHERE, 3),
        ("c", "risk_ratio", PART, 1),
    ]


def test_every_estimate_that_is_judged_has_the_true_value_of_its_question() -> None:
    """What stands beside an estimate is the registry's answer to the same question, and nothing else."""
    tables = ROOT / "results/tables"
    estimates = ESTIMATES.read_csv(tables / "estimates.csv")
    truth = TRUTH.read_csv(tables / "truth.csv").set_index(PLACE)["value"]
    expected = truth.reindex(pd.MultiIndex.from_frame(estimates[PLACE]))
    pd.testing.assert_series_equal(
        estimates["truth"].reset_index(drop=True), expected.reset_index(drop=True), check_names=False
    )


def test_true_values_of_the_default_run_without_an_estimate_are_those_listed() -> None:
    counts = [table.set_index(GROUP)["true_values"] for table in (pd.read_csv(LISTED), of_the_default_run())]
    listed, found = counts[0].align(counts[1], fill_value=0)
    changed = pd.DataFrame({"listed": listed, "found": found})[listed != found]
    assert changed.empty, f"write the list again (see above) if this is meant:\n{changed}"


if __name__ == "__main__":
    of_the_default_run().to_csv(LISTED, index=False)
