"""The committed tables of recovery are those of this code: the first draws of every world, made again, agree with them."""

import numpy as np
import pytest
from evenwicht.config import AS_CONFIGURED
from evenwicht.config.recovered import recovered_studies
from evenwicht.recovery import FIRST, KEY, first_draws, replicate
from evenwicht.results.schema import TRUTH
from evenwicht.worlds import exact_values, true_values

from tests.cohorts import configured
from tests.conftest import ROOT
from tests.pages import run_of
from tests.recovered import present_settings, recovered

PLACES = [(cohort, scenario) for cohort, scenarios in present_settings().items() for scenario in scenarios]
SAME = 1e-4  # of the spread over draws: another processor sums in another order
DIGITS = 1e-5  # tables have six


@pytest.mark.parametrize(("cohort", "scenario"), PLACES)
def test_first_draws_are_those_of_the_table(cohort: str, scenario: str) -> None:
    seed = run_of().settings.seed
    config = configured(cohort)
    if scenario == AS_CONFIGURED:
        truth = TRUTH.read_csv(ROOT / "results/tables/truth.csv").query("cohort == @cohort")
    else:
        config = config.in_scenario(scenario)
        truth = exact_values(config.source, config.codebook, config.questions)
        if any(study.level != "policy" for study in config.studies.values()):
            # which true values there are is asked of few people; what they are is not looked at
            key = np.random.SeedSequence(seed)
            truth = true_values(config.source, config.codebook, config.questions, 1, key)
    assert recovered_studies(config)
    drawn, _ = replicate(config, truth, seed, range(1, FIRST + 1), scenario)
    known = drawn[drawn["truth"].notna()] if scenario == AS_CONFIGURED else drawn
    again = first_draws(known).rename(columns={"mean_of_first": "again"})
    table = recovered(cohort, scenario)
    both = table.merge(again, on=KEY, how="outer", validate="one_to_one")
    assert both["mean_of_first"].isna().equals(both["again"].isna())
    spread = both["mc_error_bias"] * np.sqrt(both["replicates"] - both["no_estimate"])
    apart = (both["again"] - both["mean_of_first"]).abs()
    allowed = SAME * spread.fillna(0.0) + DIGITS * both["mean_of_first"].abs()
    assert both[apart > allowed].empty, both.loc[apart > allowed, [*KEY, "mean_of_first", "again"]].head().to_string()
