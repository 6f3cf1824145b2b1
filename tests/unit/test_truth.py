"""The statistics behind true values, against other implementations and closed forms."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import DataError
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import BinaryOutcome, ContinuousOutcome
from evenwicht.base.streams import stream_key
from evenwicht.cohort import TABLES, Cohort
from evenwicht.display.section import where
from evenwicht.estimators.classification import agreement, auc
from evenwicht.estimators.distributions import at_least
from evenwicht.results.questions import Concentration, Effect
from evenwicht.results.schema import TRUTH
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds import truth
from evenwicht.worlds.concentration_truth import concentration_rows
from evenwicht.worlds.mechanism_settings import Onset
from evenwicht.worlds.people import People
from evenwicht.worlds.scm import Noise, model
from evenwicht.worlds.world import World
from scipy.integrate import quad
from scipy.stats import binom, mannwhitneyu

from tests.worlds import Synthetic, synthetic

RNG = np.random.default_rng(51)


def test_auc_is_the_mann_whitney_statistic() -> None:
    score, cases = RNG.integers(0, 20, 500).astype(float), RNG.random(500) < 0.3
    statistic = mannwhitneyu(score[cases], score[~cases]).statistic
    assert auc(score, cases) == pytest.approx(statistic / (cases.sum() * (~cases).sum()))


def test_weighted_kappa_is_that_of_statsmodels() -> None:
    from statsmodels.stats.inter_rater import cohens_kappa

    one = RNG.integers(0, 5, 400)
    two = np.clip(one + RNG.integers(-1, 2, 400), 0, 4)
    correlation, kappa = agreement(one, two, 5)
    assert kappa == pytest.approx(cohens_kappa(pd.crosstab(one, two).to_numpy(), wt="linear").kappa)
    assert correlation == pytest.approx(np.corrcoef(one, two)[0, 1])


def test_poisson_binomial_with_equal_chances_is_binomial() -> None:
    for k in range(9):
        assert at_least(k, np.full(8, 0.2)) == pytest.approx(binom.sf(k - 1, 8, 0.2))


@pytest.mark.parametrize("age", [30.0, 66.0])
def test_time_free_of_disease_is_the_integral_of_survival(age: float) -> None:
    onset, hazard = Onset(rate=3e-5, shape=0.11), np.array([-1.0, 0.0, 1.5])
    years = by.mean_free_years(onset, hazard, age)
    for value, shift in zip(years, hazard, strict=True):
        exact, _ = quad(lambda a, shift=shift: 1 - by.onset_risk(onset, np.array([shift]), a)[0], 0, age)
        assert value == pytest.approx(exact, rel=1e-9)


def test_proportional_hazards_delay_gompertz_onset_by_the_log_ratio_over_the_shape() -> None:
    """Exact up to the constant of the cumulative hazard: at late ages the quantiles differ by minus beta over gamma."""
    onset, beta = Onset(rate=1e-6, shape=0.11), np.log(0.65)
    draw = [
        by.onset_age(Noise(1000, np.random.default_rng(1), np.arange(1000)), onset, np.full(1000, shift))
        for shift in (0.0, beta)
    ]
    assert (draw[1] - draw[0])[draw[0] > 60] == pytest.approx(-beta / 0.11, abs=0.01)


def test_onset_after_entry_follows_the_conditional_law() -> None:
    onset, n = Onset(rate=5e-5, shape=0.1), 200_000
    age = by.onset_age(Noise(n, np.random.default_rng(2), np.arange(n)), onset, entry=50.0)
    assert age.min() >= 50
    survival = np.exp(by.cumulative_hazard(onset, 50.0) - by.cumulative_hazard(onset, age))
    for q in (0.1, 0.5, 0.9):
        assert abs((survival < q).mean() - q) <= 4 * np.sqrt(q * (1 - q) / n)


def people_with(use: np.ndarray, risk: np.ndarray) -> People:
    """People of a world with three sectors, and a childhood score."""

    def never(_: np.random.SeedSequence) -> Cohort:
        raise NotImplementedError

    world = World(model(), never, use={"w": "use"}, sectors=("a", "b", "c"))
    return People(world, Codebook("toy", {}), {"use": use, "risk": risk})


def test_concentration_by_risk_never_exceeds_the_gini() -> None:
    use = RNG.lognormal(0, 1, (20_000, 3))
    question = Concentration(("w",), (0.2,), (2,), risk="risk")
    for risk in (use[:, 0], RNG.normal(size=20_000)):
        rows = pd.DataFrame(concentration_rows(question, people_with(use, risk)))
        index, gini = (
            where(rows, estimand=name, outcome=["a", "b", "c"])["value"].to_numpy()
            for name in ("concentration_index", "gini")
        )
        assert (index <= gini * (1 + 1e-3)).all()
    # ranked by the use of a sector itself, its concentration index is its Gini coefficient
    own = where(pd.DataFrame(concentration_rows(question, people_with(use, use[:, 0]))), outcome="a")
    values = own[own["exposure"].isin(["", "risk", "top_20"])].set_index("estimand")["value"]
    assert values["concentration_index"] == pytest.approx(values["gini"], rel=1e-3)
    assert values["top_risk_share"] == pytest.approx(values["top_share"], rel=1e-9)


def test_liability_thresholds_keep_their_prevalence_and_chances_agree_with_draws() -> None:
    n = 200_000
    noise = Noise(n, np.random.default_rng(3), np.arange(n))
    cause = noise.normal()
    score = by.propensity(noise, (0.6, cause))
    assert abs(by.above(0.1, score).mean() - 0.1) <= 4 * np.sqrt(0.09 / n)
    chance = by.chance_above(0.1, cause, 0.6)
    assert abs(chance.mean() - 0.1) <= 4 * chance.std() / np.sqrt(n)
    drawn = by.above(0.1, score)
    assert abs(np.corrcoef(drawn, cause)[0, 1] - np.corrcoef(chance, cause)[0, 1] * chance.std() / drawn.std()) < 0.01


# --- answers --------------------------------------------------------------------------------------------------------


def test_the_truth_table_of_a_cohort_has_the_columns_of_the_schema() -> None:
    assert TABLES["truth"] == TRUTH.columns


def test_levels_of_a_category_are_compared_if_the_model_holds_its_codes() -> None:
    effects = {"none": 0.0, "some": 1.0, "much": 3.0}

    def dose(noise: Noise) -> np.ndarray:
        return np.array(list(effects))[(3 * noise.uniform()).astype(int)]

    def health(noise: Noise, dose: np.ndarray) -> np.ndarray:
        return np.vectorize(effects.get)(dose) + noise.normal()

    def never(_: np.random.SeedSequence) -> Cohort:
        raise NotImplementedError

    toy = World(model(dose, health), never)
    book = Codebook("toy", {}, {"health": ContinuousOutcome(kind="continuous", label="Health", column="health")})
    levels = [Contrast("dose", f"dose={level}", "none", levels=(level, "none")) for level in ("some", "much")]
    unknown = Contrast("colour", "colour=red", "blue", levels=("red", "blue"))
    asked = [Effect(contrast, ("health",), policy=False) for contrast in (*levels, unknown)]
    table = truth.true_values(toy, book, asked, 1_000, stream_key(1, "toy", "levels")).set_index("exposure")
    values = table[table["estimand"] == "mean_difference"]["value"]
    assert values.to_dict() == pytest.approx({"dose=some": 1.0, "dose=much": 3.0})


def test_what_would_change_if_nobody_were_exposed_is_told_of_those_who_are_compared() -> None:
    """By hand: a dose of much adds 3, or 0.5 to a risk of 0.25; of those who have much or none half have much.

    Who has some is in another comparison, however much the dose would do to them.
    """
    doses = np.array(["none", "some", "much"])

    def dose(noise: Noise) -> np.ndarray:
        return doses[noise.family % 3]

    def health(_: Noise, dose: np.ndarray) -> np.ndarray:
        return 10.0 + 1.0 * (dose == "some") + 3.0 * (dose == "much")

    def frail(_: Noise, dose: np.ndarray) -> np.ndarray:
        return 0.25 + 0.5 * (dose == "much")

    def never(_: np.random.SeedSequence) -> Cohort:
        raise NotImplementedError

    outcomes = {
        "health": ContinuousOutcome(kind="continuous", label="Health", column="health"),
        "frail": BinaryOutcome(kind="binary", label="Frail", column="frail"),
    }
    much = Contrast("dose", "dose=much", "none", levels=("much", "none"))
    toy, book = World(model(dose, health, frail), never), Codebook("toy", {}, outcomes)
    asked = [Effect(much, ("health", "frail"), policy=False)]
    table = truth.true_values(toy, book, asked, 1_000, stream_key(1, "toy", "change")).set_index("estimand")["value"]
    assert table["population_mean_difference"] == pytest.approx(-1.5, abs=1e-4)
    assert table["risk"] == pytest.approx(0.5, abs=1e-4)
    assert table["population_risk_difference"] == pytest.approx(-0.25, abs=1e-4)
    assert table["risk_difference"] == pytest.approx(0.5)


def test_two_questions_with_one_answer_have_one_row() -> None:
    cohort = synthetic("lifecourse")
    twice = cohort.asked(*cohort.questions, *cohort.questions)
    key = stream_key(1, "lifecourse", "twice")
    pd.testing.assert_frame_equal(twice.truth(1_000, key), cohort.truth(1_000, key))


def test_a_policy_prevents_and_a_stressor_is_attributed() -> None:
    cohort = synthetic("lifecourse")
    question = Effect(Contrast("stressor_infancy", "stressor_infancy", "no"), ("disorder",), policy=False)
    prevented, attributed = {"prevented_fraction", "cases_averted"}, {"attributable_fraction"}
    for policy, expected, other in ((True, prevented, attributed), (False, attributed, prevented)):
        table = cohort.asked(replace(question, policy=policy)).truth(1_000, stream_key(1, "lifecourse", "pans"))
        assert expected <= set(table["estimand"])
        assert not other & set(table["estimand"])


# --- Monte Carlo error ----------------------------------------------------------------------------------------------


def famine_in_few_births(births: int) -> Synthetic:
    cohort = synthetic("famine")
    return cohort.where(births=cohort.source.births.model_copy(update={"early": births}))


def test_where_a_batch_has_nobody_the_error_is_that_of_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 1,000 births some 20 are exposed in early pregnancy, and in 100 there often are none in a third of SES."""
    monkeypatch.setattr(truth, "CHUNK", 1_000)
    monkeypatch.setattr(truth, "BATCH", 100)
    table = famine_in_few_births(100).truth(10_000, stream_key(1, "famine", "few"))
    thirds = table[(table["exposure"] == "exposed_early") & (table["subgroup"] != "")]
    assert len(thirds)
    assert thirds["mc_error"].notna().all()


def test_a_true_value_about_nobody_names_the_study(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truth, "CHUNK", 500)
    monkeypatch.setattr(truth, "BATCH", 100)
    with pytest.raises(DataError, match="cohort famine, source: .*early.* has no true value: of 500 people none"):
        famine_in_few_births(1).truth(1_000, stream_key(1, "famine", "nobody"))
