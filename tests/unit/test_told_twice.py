"""What leaves of a run says the same wherever it is told again: beside what is as it was, a moved number tells a count."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evenwicht.disclosure.behind import BY_CHANCE
from evenwicht.disclosure.counts import Counts, Published, published
from evenwicht.disclosure.curves import released_curves
from evenwicht.disclosure.diagnostics import released_diagnostics
from evenwicht.disclosure.moved import LINES
from evenwicht.disclosure.noted import note_counts
from evenwicht.disclosure.numbers import to_figures
from evenwicht.disclosure.profiles import Profile, profile
from evenwicht.disclosure.retold import OF_MEANS, PRICED, PRICED_TOO
from evenwicht.disclosure.rounding import Rounder
from evenwicht.disclosure.tables import (
    FOURFOLD,
    NUMBERS,
    OF_FLAGGED,
    WOULD_TELL,
    Parameters,
    released_estimates,
)
from evenwicht.estimators.results import (
    COUNTS_OF_GROUPS,
    CURVES,
    DIAGNOSTIC_LABELS,
    ESTIMANDS,
    EXTREMES,
    OF_FEW,
    SHARES_OF_PEOPLE,
)
from evenwicht.estimators.rose import binormal_sensitivity
from evenwicht.report.released import models_of
from evenwicht.results.schema import DIAGNOSTICS, ESTIMATES, MAGNITUDES, SCHEMAS

from tests.pages import run_of

SECRET = b"a secret of thirty-two bytes ...."
SIDE = {"cohort": "mine", "study": "ledger", "outcome": "ill", "exposure": "smoke", "reference": "no"}
N, CASES, EXPOSED = 1001, 215, 131


def exactly() -> Profile:
    """Rules that round counts, and numbers hardly at all."""
    return replace(profile("stats_nz"), figures=12)


def rounded(count: int, rules: Profile, *others: int) -> Published:
    """Counts of people, rounded so that this one is not as it was."""
    own = Counts()
    own.add(count, *others)
    number = next(k for k in range(1, 50) if Rounder(rules.base, k.to_bytes(32)).rounded("mine", count) != count)
    return published("mine", own, rules, Rounder(rules.base, number.to_bytes(32)))


def change(estimand: str, estimate: float, **about: Any) -> dict[str, Any]:
    row = {**SIDE, "estimand": estimand, "method": "standardisation", "n": N, "events": CASES, "status": "estimated"}
    return {**row, "estimate": estimate, "lower": estimate - 200, "upper": estimate + 200, **about}


def diagnosed(statistic: str, value: float, **about: Any) -> dict[str, Any]:
    row = {**SIDE, "method": "standardisation", "statistic": statistic, "value": value, "n": N, "status": "estimated"}
    return {**row, **about}


def left_of(
    rows: list[dict[str, Any]],
    diagnostics: list[dict[str, Any]],
    out: Published,
    rules: Profile,
    parameters: Parameters | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Estimates and diagnostics as they leave."""
    given, told = ESTIMATES.table(rows), DIAGNOSTICS.table(diagnostics)
    models, by_cohort = parameters or Parameters({("mine", "ledger"): 9}), {"mine": out}
    estimates = released_estimates(given, told, MAGNITUDES.table([]), by_cohort, rules, models)
    return estimates, released_diagnostics(told, given, estimates, by_cohort, rules)


def curve(name: str, x: np.ndarray, estimate: np.ndarray, **about: Any) -> pd.DataFrame:
    keys = {key: SIDE[key] for key in SIDE if key != "cohort"}
    return pd.DataFrame({"curve": name, **keys, "subgroup": "", "arm": "", "x": x, "estimate": estimate, **about})


# --- cases


def test_a_change_in_cases_is_moved_wherever_it_is_told_again() -> None:
    """As it was in money, at the ends of a range or in a curve, it would tell how many cases there are."""
    rules = exactly()
    out = rounded(CASES, rules, N)
    rows = [change("change_in_cases", -960.0), change("units_over_all", -960.0, study="money")]
    ends = [diagnosed("change_at_least", -96.0), diagnosed("change_at_most", -1920.0)]
    estimates, diagnostics = left_of(rows, [*ends, diagnosed("cost_for_one", 500.0, study="money")], out, rules)
    times = out.share(CASES / N, N) / (CASES / N)
    assert times != 1
    assert estimates["estimate"].tolist() == pytest.approx([-960 * times] * 2)
    assert diagnostics["value"].tolist() == pytest.approx([-96 * times, -1920 * times, 500 / times])
    averted = curve("averted_by_shift", np.array([0.1, 0.2]), np.array([400.0, 960.0]), lower=300.0, upper=1000.0)
    given = ESTIMATES.table(rows)
    line = released_curves(averted, given, estimates, MAGNITUDES.table([]), out, rules, {})
    assert line["estimate"].tolist() == pytest.approx([400 * times, 960 * times])
    assert line["upper"].tolist() == pytest.approx([1000 * times] * 2)


def test_where_the_share_of_cases_is_withheld_so_is_what_holds_it() -> None:
    rules = exactly()
    out = Published("mine", {N: 1002, CASES: None}, Rounder(1, SECRET), {}, 0, 0, 0)
    rows, ends = [change("change_in_cases", -960.0)], [diagnosed("change_at_most", -1920.0)]
    estimates, diagnostics = left_of(rows, ends, out, rules)
    assert set(estimates["reason"]) == set(diagnostics["reason"]) == {WOULD_TELL}
    averted = curve("averted_by_shift", np.array([0.1]), np.array([400.0]))
    given = ESTIMATES.table(rows)
    assert released_curves(averted, given, estimates, MAGNITUDES.table([]), out, rules, {}).empty


def test_the_most_that_a_programme_averts_is_of_the_released_share_of_cases() -> None:
    """By its reach and how well a score tells it is a function of that share alone, known to whoever has the code."""
    rules = exactly()
    out = rounded(CASES, rules, N)
    x = np.array([0.6, 0.7, 0.8])
    line = curve("ceiling", x, 0.3 * binormal_sensitivity(x, 0.1, CASES / N))
    given = ESTIMATES.table([change("change_in_cases", -960.0)])
    reached = {(SIDE["study"], SIDE["exposure"], SIDE["reference"]): 0.1}
    left = released_curves(line, given, given, MAGNITUDES.table([]), out, rules, reached)
    np.testing.assert_allclose(left["estimate"], 0.3 * binormal_sensitivity(x, 0.1, out.share(CASES / N, N)))


def test_what_a_lever_adds_for_the_exposed_is_the_change_over_all_by_their_released_share() -> None:
    """Each by a factor of its own, they would tell how many of the exposed become cases."""
    rules = exactly()
    out = rounded(CASES, rules, N, EXPOSED, 49)
    added = change("doing_well_added", 0.0096 * N / EXPOSED, n=EXPOSED, events=49, lower=0.01, upper=0.2)
    left = left_of([change("change_in_cases", -960.0), added], [], out, rules)[0]["estimate"]
    assert -left[0] / 100_000 / left[1] == pytest.approx(out.share(EXPOSED / N, N))


def test_the_price_of_one_case_less_shifts_where_it_is_worth_it() -> None:
    rules = exactly()
    out = rounded(CASES, rules, N)
    price = np.linspace(0, 1000, 41)
    times = out.share(CASES / N, N) / (CASES / N)
    given = ESTIMATES.table([change("units_over_all", -960.0)])
    left = released_curves(
        curve("acceptability", price, price / 2000), given, given, MAGNITUDES.table([]), out, rules, {}
    )
    np.testing.assert_allclose(left["estimate"], np.minimum(price * times, 1000) / 2000)
    assert left["x"].tolist() == price.tolist()  # rounded prices would tell by how much they were moved


def test_money_over_a_priced_change_in_cases_is_withheld() -> None:
    """Prices are public: a sum at both ends of one tells the change as it was."""
    rules = exactly()
    out = rounded(CASES, rules, N)
    value = change("present_value", 8.0, outcome="society", at="nl", events=None)
    ends = [diagnosed("value_at_least", 4.0, outcome="society", at="ill")]
    worth = curve("value_by_rate", np.array([0.0, 1.0]), np.array([8.0, 7.0]))
    for priced, gone in ((frozenset[tuple[str, str, str]](), False), (frozenset({("mine", "ledger", "ill")}), True)):
        rows = [change("units_over_all", -960.0), value]
        parameters = Parameters({("mine", "ledger"): 9}, priced=priced)
        estimates, diagnostics = left_of(rows, ends, out, rules, parameters)
        assert estimates["estimate"].isna().tolist() == [False, gone]
        assert diagnostics["value"].isna().tolist() == [gone]
        line = released_curves(worth, ESTIMATES.table(rows), estimates, MAGNITUDES.table([]), out, rules, {})
        assert line.empty == gone


def test_which_outcomes_have_a_price_is_read_from_the_studies() -> None:
    priced = models_of(run_of("dunedin")).priced
    assert ("dunedin", "money", "convictions") in priced
    assert ("dunedin", "money", "disease") not in priced  # what is bought has none


def test_a_rate_over_person_years_is_of_the_released_count() -> None:
    rules = exactly()
    out = rounded(CASES, rules, N)
    rate = change("rate_exposed", 1000 * CASES / 8000, method="crude", lower=None, upper=None)
    time = diagnosed("person_years_exposed", 8000.0, method="sample")
    estimates, diagnostics = left_of([rate], [time], out, rules)
    told = estimates["estimate"].item() * diagnostics["value"].item() / 1000
    assert told / N == pytest.approx(out.share(CASES / N, N), rel=0.01)  # a number of counts has few figures


# --- parts of the people


def parts(estimand: str, changes: tuple[float, ...], people: tuple[int, ...], events: tuple[Any, ...]) -> list[Any]:
    names = [f"ses={k}of3" for k in range(1, 4)]
    whole = float(np.average(changes, weights=people))
    some = zip(names, changes, people, events, strict=True)
    all_events = None if events[0] is None else sum(events)
    return [
        change(estimand, whole, n=sum(people), events=all_events),
        *(change(estimand, value, n=n, events=e, subgroup=name) for name, value, n, e in some),
    ]


@pytest.mark.parametrize("estimand", ["change_in_cases", "change_in_sds"])
def test_parts_give_that_of_all_by_the_released_numbers_of_people(estimand: str) -> None:
    """As they were, those of a few exposures would together tell how many people and cases are in each part."""
    rules, people = exactly(), (355, 403, 433)
    events = (20, 24, 23) if estimand == "change_in_cases" else (None, None, None)
    out = rounded(67, rules, sum(people), *people, 20, 24, 23)
    left, _ = left_of(parts(estimand, (-4500.0, 1200.0, -60.0), people, events), [], out, rules)
    shown = np.array([out.people(n) for n in people])
    assert (shown != people).any()
    assert left["estimate"][0] == pytest.approx(np.average(left["estimate"][1:], weights=shown))
    assert left["n"].isna().tolist() == [False, True, True, True]
    reach = left["upper"] - left["lower"]
    assert reach.max() == pytest.approx(reach.min())


def test_parts_have_a_figure_less() -> None:
    rules = profile("stats_nz")
    out = rounded(67, rules, 1191, 355, 403, 433, 20, 24, 23)
    rows = parts("change_in_sds", (0.12345, 0.23456, -0.34567), (355, 403, 433), (None, None, None))
    left, _ = left_of(rows, [], out, rules)
    for numbers, figures in ((left[NUMBERS][:1], 3), (left[NUMBERS][1:], 2)):
        values = numbers.to_numpy(dtype=float)
        np.testing.assert_allclose(values, to_figures(values, figures), equal_nan=True)


def test_that_parts_are_all_the_people_is_noted() -> None:
    rows = ESTIMATES.table(parts("change_in_cases", (-1.0, -2.0, -3.0), (355, 403, 433), (20, 24, 23)))
    own = {"mine": Counts()}
    tables = {name: SCHEMAS[name].table([]) for name in ("diagnostics", "flow", "states", "attrition")}
    note_counts({**tables, "estimates": rows}, own, profile("stats_nz"))
    assert {(67, (20, 23, 24)), (1191, (355, 403, 433))} <= set().union(*own["mine"].sums.values())


# --- the exposed


def test_changes_of_a_mean_over_all_stay_in_every_study() -> None:
    """Moved in one alone, to the released share of the exposed, they would tell that share."""
    rules = exactly()
    out = rounded(EXPOSED, rules, N)
    none = {"events": None}
    rows = [
        change("change_in_sds", -0.2, **none),
        change("mean_over_all", -0.6, study="money", **none),
        change("units_over_all", -60_000.0, study="money", **none),
        change("sds_apart", -0.1, reference="poverty", **none),
    ]
    shares = [diagnosed("share_exposed", EXPOSED / N, method="sample"), diagnosed("change_at_most", -0.4)]
    estimates, diagnostics = left_of(rows, shares, out, rules)
    assert estimates["estimate"].tolist() == pytest.approx([-0.2, -0.6, -60_000, -0.1])
    assert diagnostics["value"][1] == pytest.approx(-0.4)


@pytest.mark.parametrize(("estimand", "times"), [("mean_over_all", 1.0), ("change_in_sds", 1 / 3.0)])
def test_a_change_over_all_that_is_a_difference_times_the_share_of_the_exposed_is_withheld(
    estimand: str, times: float
) -> None:
    """Without a rank it is the same as in a study of the exposure, which tells the difference of means too."""
    rules = exactly()
    out = rounded(EXPOSED, rules, N)
    told = {"study": "stressors", "events": None, "lower": None, "upper": None}
    there = [
        change("mean_difference", 2.0, **told),
        change("population_mean_difference", -2.0 * EXPOSED / N, **told),
    ]
    spread = diagnosed("outcome_sd", 3.0, study="stressors", method="sample")
    for size, gone in ((1.0, True), (1.03, False)):
        own = change(estimand, size * times * -2.0 * EXPOSED / N, events=None, lower=None, upper=None)
        lever = change(estimand, size * times * -0.4 * EXPOSED / N, events=None, exposure="visits")
        left, _ = left_of([*there, own, lever], [spread], out, rules)
        assert left["estimate"].isna().tolist() == [False, False, gone, gone]


# --- groups of people


def test_groups_of_few_people_are_told_to_one_figure() -> None:
    """Of pairs of siblings 358 have an exposed, 1935 an unexposed and 293 one of each: 423 are exposed, and no other."""
    rules = profile("stats_nz")
    out = rounded(EXPOSED, rules, 4000, 586, N, CASES)
    share = diagnosed("share_exposed", 423 / 4000, n=4000, method="sample")
    counts = {"clusters_exposed": 358, "clusters_unexposed": 1935, "families": 293, "clusters": 50}
    groups = [diagnosed(name, count, n=4000, method="clusters") for name, count in counts.items()]
    groups[2]["n"] = 586
    _, left = left_of([change("change_in_cases", -960.0)], [share, *groups], out, rules)
    told = left.set_index("statistic")["value"]
    assert told[["clusters_exposed", "clusters_unexposed", "families"]].tolist() == [400, 2000, 300]
    assert told["clusters"] in (48, 51)  # of 80 people each, which are many


# --- chance


def test_people_against_chance_tell_of_chance_what_is_told_of_it() -> None:
    """Of nine groups to three figures, chance would tell how many people have high need in all sectors together."""
    rules = profile("stats_nz")
    out = rounded(CASES, rules, N)
    about = {"outcome": "top_20_in_3", "exposure": "", "reference": "", "at": "38", "lower": None, "upper": None}
    observed = CASES / N
    there = {**about, "method": "observed"}
    rows = [change("excess_group_share", observed - 0.18345, **there)]
    rows += [change("observed_expected_share", observed / 0.18345, **there)]
    chance = diagnosed("chance", 0.18345, **{**about, "method": "unrelated_sectors"})
    estimates, diagnostics = left_of(rows, [chance], out, rules)
    assert diagnostics["value"].tolist() == [0.18]
    share = out.share(observed, N)
    assert estimates["estimate"].tolist() == pytest.approx([share - 0.18, share / 0.18], rel=0.03)


# --- curves


def test_means_and_sums_in_a_curve_are_of_as_many_people_as_in_a_table() -> None:
    rules = profile("stats_nz")
    assert rules.smallest_sum > rules.smallest
    out = rounded(CASES, rules, 955)
    given = ESTIMATES.table([change("gini", 0.5, n=955, events=None)])
    people = np.array([rules.smallest_sum - 1, rules.smallest_sum])
    dots = curve("groups", np.array([0.113, 0.217]), np.array([0.51, 1.53]), people=people.astype(float))
    left = released_curves(dots, given, given, MAGNITUDES.table([]), out, rules, {})
    assert left["estimate"].tolist() == [1.53]
    x = np.linspace(0, 1, 101)
    lorenz = released_curves(curve("lorenz", x, x**2), given, given, MAGNITUDES.table([]), out, rules, {})
    assert (np.diff(lorenz["x"]) * 955 >= rules.smallest_sum - 1e-6).all()
    assert (lorenz["x"].min(), lorenz["x"].max()) == (0.0, 1.0)


# --- nothing is left out

# Of these the share of cases or of the exposed is not told by any other number of the same comparison: ratios, hazards,
# differences of means, explained variance, shares of amounts, and what is a function of those alone.
WITHOUT_A_SHARE = """
    associated_risk_ratio attributable_fraction auc_increment births_ratio break_date calibration_in_the_large
    calibration_intercept calibration_slope chosen_first competing_hazard_ratio competing_years_lost_difference
    compositional_share conditional_competing_hazard_ratio conditional_hazard_ratio conditional_odds_ratio correlation
    cumulative_incidence_ratio equal_shift excess_use_share first_stage fraction_over_all gini gini_over_all
    group_use_share hazard_ratio healthy_years_difference intraclass_correlation mean_difference mean_ratio
    observed_expected_ratio onset_delay partial_r_squared path_difference path_share prevented_fraction ratio_over_all
    relative_index relative_index_log_linear residual_sd residual_share risk_ranked_part rmst_difference
    sequential_fraction share_of_effect share_of_log_hazard standardised_mean_difference timing_slope tjur_r_squared
    top_fifth_over_all top_risk_share top_share unexplained_share wagstaff_index weighted_kappa
    years_lost_difference
"""
BY_NAME = frozenset({"concentration_index", "need_odds_ratio", "population_mean_difference"})  # lines of their own
DIAGNOSED_WITHOUT = """
    aic_difference anderson_rubin auc_of_risk behind_first chance_gain chance_policy_larger controls
    correlation_with_first coverage_gini coverage_group_use_share coverage_top_share dispersion dominated dominates
    e_value effective_n explained_alone first_p_value first_stage_f lever_cost lever_referrals missing_information
    null_mean outcome_sd outlay p_value pays_for_itself penalty person_years_exposed person_years_unexposed power
    reliability saves_and_hurts saves_but_loses specification step_p_value test_size trade_off type_m type_s
    variance_between variance_within window_check without_rate
"""
DRAWN_WITHOUT = frozenset({"path", "dose", "placebo", "profile"})
DRAWN_BY_NAME = frozenset({"ceiling"})  # no straight line


def test_every_number_says_whether_it_holds_a_share_of_people() -> None:
    """A new one needs its line, or a place among those without: moved beside it, others would tell a count."""
    shares = {name for name, one in ESTIMANDS.items() if one.share_of}
    held = set(LINES) | shares | set(FOURFOLD) | set(OF_FLAGGED) | set(BY_CHANCE) | set(PRICED) | set(OF_MEANS)
    without = set(WITHOUT_A_SHARE.split())
    assert set(ESTIMANDS) == ((held | BY_NAME) & set(ESTIMANDS)) | without
    assert not (held | BY_NAME) & without
    groups = {*COUNTS_OF_GROUPS, *SHARES_OF_PEOPLE, *EXTREMES, *OF_FEW, *PRICED_TOO, "chance"}
    told = (set(LINES) | groups) & set(DIAGNOSTIC_LABELS)
    assert set(DIAGNOSTIC_LABELS) == told | set(DIAGNOSED_WITHOUT.split())
    assert not told & set(DIAGNOSED_WITHOUT.split())
    models = {name for name, kind in CURVES.items() if kind == "model"}
    assert models == (set(LINES) & set(CURVES)) | DRAWN_BY_NAME | DRAWN_WITHOUT
    assert set(LINES) <= {*ESTIMANDS, *DIAGNOSTIC_LABELS, *CURVES}


def test_what_is_counted_in_cases_has_a_line() -> None:
    """By its unit: a difference of risks, or cases among so many people."""
    in_cases = {
        name
        for name, one in ESTIMANDS.items()
        if one.kind == "difference" and (one.unit == "risk" or one.unit.startswith("per 100,000"))
    }
    assert len(in_cases) > 5
    assert in_cases <= set(LINES)
