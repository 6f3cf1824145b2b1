"""Counts that leave are attacked: none that was to be protected is found, and the same attacks find unprotected ones."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.base.errors import DataError
from evenwicht.disclosure.attack import Sum, bounds_of_hidden, bounds_of_sums
from evenwicht.disclosure.counts import Counts, Published, published
from evenwicht.disclosure.numbers import figures_of_counts, to_figures, upwards
from evenwicht.disclosure.profiles import HOLDER_DECIDES, Profile, profile, profiles
from evenwicht.disclosure.rounding import MOST_DRAWS, Rounder
from evenwicht.disclosure.suppression import PROTECTION, hidden_cells
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

SECRET = b"0123456789abcdef" * 2
BASE = 3
TRIES = 1000
SMALLEST = 6  # counts of people that may be shown as they are
WITHIN = 1e-6  # of a linear programme, in people
NAMES = list(profiles())
PLACE = "mine"


def rounders(n: int, base: int = BASE) -> list[Rounder]:
    """One for each of so many secrets."""
    return [Rounder(base, number.to_bytes(32)) for number in range(1, n + 1)]


def noted(*sums: tuple[int, Sequence[int]]) -> Counts:
    counts = Counts()
    for total, parts in sums:
        counts.add_sum(total, parts)
    return counts


# --- profiles


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_says_where_it_is_from_and_how_well_that_is_known(name: str) -> None:
    rules = profile(name)
    assert rules.smallest >= 5
    assert rules.base > 1
    for rule, told in rules.sources.items():
        assert told["tag"] in ("P", "S", "own")
        assert told["source"]
        assert getattr(rules, rule) == told["value"]
    assert "holder of the data decides" in HOLDER_DECIDES


def test_dominance_and_p_percent_by_the_definitions() -> None:
    """The largest has 60, 40 or 30 of 100; by p%, the second knows the first to within what the others have."""
    cbs = profile("cbs")
    assert cbs.dominated(0.60, 0.05)
    assert not cbs.dominated(0.40, 0.05)
    assert cbs.dominated(0.45, 0.45)
    # of a sum of 100 the first has 48 and the second 36: the others have 16, a third of 48
    assert not cbs.dominated(0.48, 0.36)
    assert replace(cbs, p_percent=34).dominated(0.48, 0.36)


# --- rounding


@pytest.mark.parametrize("count", range(1, 9))
def test_rounding_has_no_bias_and_stays_within_the_base(count: int) -> None:
    rounded = np.array([one.rounded(PLACE, count) for one in rounders(4 * TRIES)])
    assert (np.abs(rounded - count) < BASE).all()
    assert (rounded % BASE == 0).all()
    rest = count % BASE
    error = np.sqrt(rest * (BASE - rest) / (4 * TRIES))  # standard error of the mean of a two-valued draw
    assert abs(rounded.mean() - count) <= 4 * error


def test_the_average_of_many_releases_tells_nothing_more() -> None:
    for count in range(41, 61):
        assert len({Rounder(BASE, SECRET).rounded(PLACE, count) for _ in range(100)}) == 1
        # drawn anew each time, the average gives every count away
        assert round(np.mean([one.rounded(PLACE, count) for one in rounders(TRIES)])) == count


def test_one_person_less_is_another_draw() -> None:
    """Whose count changed is seen, and by how much is not: the draws of n and of n - 1 have nothing in common."""
    seen = {(one.rounded(PLACE, 41), one.rounded(PLACE, 40)) for one in rounders(200)}
    assert seen == {(39, 39), (39, 42), (42, 39), (42, 42)}


def test_two_cohorts_are_rounded_apart() -> None:
    counts = [n for n in range(10, 200) if n % BASE]
    rounder = Rounder(BASE, SECRET)
    assert [rounder.rounded("one", n) for n in counts] != [rounder.rounded("two", n) for n in counts]


def test_a_count_that_no_draw_helps_is_an_error() -> None:
    rounder = Rounder(BASE, SECRET)
    with pytest.raises(ValueError, match="no draw"):
        for _ in range(MOST_DRAWS + 1):
            rounder.again(PLACE, 7)


# --- a difference of two tables


@pytest.mark.parametrize("name", NAMES)
def test_the_difference_of_two_tables_tells_no_count(name: str) -> None:
    """All and those of whom more is known differ by a few people: every number of these is possible, not one."""
    rules, rng = profile(name), np.random.default_rng(5)
    told = {"protected": 0, "as they are": 0}
    for number in range(TRIES):
        part, few = int(rng.integers(60, 500)), int(rng.integers(1, rules.smallest))
        out = published(PLACE, noted((part + few, [part])), rules, Rounder(rules.base, number.to_bytes(32)))
        possible = differences(out(part + few), out(part), rules)
        assert few in possible
        told["protected"] += len(possible) == 1
        told["as they are"] += len({part + few - part}) == 1
    assert told == {"protected": 0, "as they are": TRIES}


def differences(total: int | None, part: int | None, rules: Profile) -> set[int]:
    """What an attacker who knows the rules, and that one holds the other, must think possible."""
    assert total is not None
    assert part is not None
    wholes, parts = (range(max(n - rules.base + 1, rules.smallest), n + rules.base) for n in (total, part))
    return {one - other for one in wholes for other in parts if one >= other}


# --- a total and its parts


def fitting(out: Published, total: int, parts: list[int], rules: Profile) -> Ints:
    """Every table of so many people that could have been published as this one, (tables, 1 + parts)."""

    def possible(count: int) -> list[int]:
        shown = out(count)
        if shown is None:
            return list(range(total + 3 * rules.base))
        lowest = 0 if shown == 0 and count == 0 else rules.smallest
        return [n for n in range(max(shown - rules.base + 1, lowest), shown + rules.base) if n or not shown]

    return np.array([(sum(t), *t) for t in product(*map(possible, parts)) if sum(t) in possible(total)])


@pytest.mark.parametrize("name", NAMES)
def test_no_sum_tells_a_count_by_going_through_all_tables(name: str) -> None:
    rules, rng, found = profile(name), np.random.default_rng(6), {"protected": 0, "drawn once": 0}
    for number in range(TRIES):
        parts = [int(n) for n in rng.integers(rules.smallest, 40, 2)]
        total, rounder = sum(parts), Rounder(rules.base, number.to_bytes(32))
        once = {n: rounder.rounded(PLACE, n) for n in (total, *parts)}
        plain = Published(PLACE, dict(once), rounder, {}, 0, 0, 0)
        out = published(PLACE, noted((total, parts)), rules, rounder)
        for what, shown in (("protected", out), ("drawn once", plain)):
            tables = fitting(shown, total, parts, rules)
            assert (tables == [total, *parts]).all(axis=1).any()
            found[what] += bool((tables.min(axis=0) == tables.max(axis=0)).any())
    assert found["protected"] == 0
    # errors of at most 2 add up to 6, a multiple of 3, in a sum of two; those of at most 4 to 12, no multiple of 5
    assert (found["drawn once"] > 0) == (rules.base == 3)


@settings(deadline=None)
@given(st.lists(st.integers(6, 25), min_size=2, max_size=3), st.integers(1, 2**32))
def test_what_one_sum_tells_is_what_all_tables_say_that_fit(parts: list[int], number: int) -> None:
    rules, total = profile("stats_nz"), sum(parts)
    rounder = Rounder(BASE, number.to_bytes(32))
    values = {n: rounder.rounded(PLACE, n) for n in (total, *parts)}
    tables = fitting(Published(PLACE, dict(values), rounder, {}, 0, 0, 0), total, parts, rules)
    known = {n: (max(value - BASE + 1.0, SMALLEST), value + BASE - 1.0) for n, value in values.items()}
    if len(set(parts)) < len(parts):
        return  # an attacker of whom more is known: that equal counts are equal
    bounds = bounds_of_sums(known, [(total, tuple(parts))])
    assert [bounds[n] for n in (total, *parts)] == list(zip(tables.min(axis=0), tables.max(axis=0), strict=True))


def test_a_total_that_was_drawn_again_keeps_its_value_in_the_next_table() -> None:
    rules, rng, rounder = profile("stats_nz"), np.random.default_rng(7), Rounder(BASE, SECRET)
    again = 0
    for _ in range(TRIES):
        parts = [int(n) for n in rng.integers(SMALLEST, 40, 2)]
        first = published(PLACE, noted((sum(parts), parts)), rules, rounder)
        again += first.drawn_again
        assert published(PLACE, noted((sum(parts), parts)), rules, rounder).values == first.values
    assert again > 0


# --- small counts among sums


def some_flows(rules: Profile, seed: int) -> list[Sum]:
    """Of some studies of one cohort: those due are those who leave, for some reasons, and those who stay."""
    rng = np.random.default_rng(seed)
    due, sums = int(rng.integers(400, 2000)), []
    for _ in range(int(rng.integers(1, 5))):
        left = [int(n) for n in rng.integers(1, 4 * rules.smallest, int(rng.integers(1, 4)))]
        sums.append((due, (*left, due - sum(left))))
    return sums


def narrowest(sums: list[Sum], known: dict[int, tuple[float, float | None]], count: int) -> tuple[float, float]:
    """Least and greatest value of a count by two linear programmes: another way than the one that protects.

    Nobody knows that two parts of a sum are equal: each further one, "7 7 7", is an unknown of its own.
    """
    cells = [(n, 0) for n in known]
    rows = [
        [(total, 0), *((part, parts[:place].count(part)) for place, part in enumerate(parts))] for total, parts in sums
    ]
    cells = sorted({*cells, *(cell for row in rows for cell in row)})
    equal = np.zeros((len(sums), len(cells)))
    for row, members in enumerate(rows):
        for place, cell in enumerate(members):
            equal[row, cells.index(cell)] = 1 if place else -1
    goal, limits = np.eye(len(cells))[cells.index((count, 0))], [known[n] for n, _ in cells]
    found = [linprog(sign * goal, A_eq=equal, b_eq=np.zeros(len(sums)), bounds=limits) for sign in (1, -1)]
    return found[0].fun, -found[1].fun if found[1].status == 0 else np.inf


@pytest.mark.parametrize("size_is_known", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_no_small_count_is_worked_out_from_all_sums_of_a_cohort(name: str, size_is_known: bool) -> None:
    rules = profile(name)
    told, tried, bare, seed = 0, 0, 0, 0
    while tried < TRIES // len(NAMES) // 2:
        seed += 1
        sums = some_flows(rules, seed)
        counts = noted(*sums)
        due = sums[0][0]
        if size_is_known:
            counts.size = due
        out = published(PLACE, counts, rules, Rounder(rules.base, seed.to_bytes(32)))
        reach = rules.base - 1
        known: dict[int, tuple[float, float | None]] = {
            n: (0, None) if shown is None else (max(shown - reach, rules.smallest), shown + reach)
            for n, shown in out.values.items()
        }
        exact: dict[int, tuple[float, float | None]] = {
            n: (0, None) if rules.is_small(n) else (n, n) for n in out.values
        }
        if size_is_known:
            known[due] = (due, due)
        for count in sorted(n for n in out.values if rules.is_small(n)):
            low, high = narrowest(sums, known, count)
            above = min(PROTECTION, due - count)
            told += not (count - low >= min(PROTECTION, count) - WITHIN and high - count >= above - WITHIN)
            tried += 1
            low, high = narrowest(sums, exact, count)
            bare += high - low < WITHIN
    assert told == 0
    assert bare > 0  # left out alone, beside exact sums, they are found


def test_a_size_that_everybody_knows_tells_no_few_people() -> None:
    """Of 504 all but 4 are due, and 300 of these stay: the rounded 504 would hide the 4, the exact one does not."""
    for number in range(1, 41):
        counts = noted((504, [4, 500]), (500, [300, 200]))
        counts.size = 504
        rules = profile("stats_nz")
        out = published(PLACE, counts, rules, Rounder(rules.base, number.to_bytes(32)))
        assert out(4) is None
        shown = out(500)
        if shown is None:
            continue
        fitting = [n for n in range(504) if abs(504 - n - shown) < rules.base]
        assert min(fitting) <= 2
        assert max(fitting) >= 6


def test_all_but_one_of_a_known_size_is_hidden_as_far_as_all() -> None:
    """One more than 359 of 360 is all that there can be."""
    counts = noted((360, [359, 1]), (360, [200, 160]))
    counts.add_part(359, 360, profile("cbs"))
    counts.size = 360
    out = published(PLACE, counts, profile("cbs"), Rounder(5, SECRET))
    assert out(1) is None
    assert out(359) is None
    assert out(360) == 360


def test_without_rounding_others_are_hidden_beside_a_small_count() -> None:
    rules = replace(profile("cbs"), base=1)
    out = published(PLACE, noted((500, [4, 30, 466])), rules, Rounder(1, SECRET))
    assert out.values == {4: None, 30: None, 466: 466, 500: 500}
    assert (out.small, out.beside, out.drawn_again) == (1, 1, 0)


def test_a_count_that_its_own_rounding_would_tell_is_drawn_again() -> None:
    """Of 5 people or more, 3 could only be 5 by rounding to a multiple of 3."""
    rules = profile("statistics_denmark")
    for rounder in rounders(40):
        counts = noted((300, [100, 200]))
        counts.add(5)
        assert published(PLACE, counts, rules, rounder)(5) == 6
    assert {rounder.rounded(PLACE, 5) for rounder in rounders(40)} == {3, 6}


def test_small_counts_that_cannot_be_hidden_are_an_error() -> None:
    """As where somebody's sums say that a count is nothing: no table of other numbers has them."""
    counts = Counts({4, 500, 504}, sums={(): {(504, (4, 500)), (500, (4, 500))}})
    with pytest.raises(DataError, match="small counts cannot be hidden among their sums"):
        published(PLACE, counts, replace(profile("cbs"), base=1), Rounder(1, SECRET))


def test_nobody_is_hidden_beside_all() -> None:
    """A total that is its only part besides a count of nobody: the sum says nothing more."""
    out = published(PLACE, noted((803, [803, 0]), (803, [500, 303, 0])), profile("uk"), Rounder(5, SECRET))
    assert out(0) is None
    assert out(803) in (800, 805)


def test_all_but_a_few_is_as_telling_as_a_few() -> None:
    counts = Counts()
    counts.add_part(497, 500, profile("uk"))
    counts.add_part(300, 500, profile("uk"))
    counts.add_part(500, 500, profile("uk"))
    out = published(PLACE, counts, profile("uk"), Rounder(5, SECRET))
    assert out(497) is None
    assert out(300) == 300
    assert out(500) == 500


# --- numbers that are no counts


def test_significant_figures_are_those_of_a_decimal_text() -> None:
    values = np.random.default_rng(8).lognormal(0, 8, TRIES) * np.where(np.arange(TRIES) % 2, 1, -1)
    for figures in (1, 2, 3):
        np.testing.assert_allclose(
            to_figures(values, figures), [float(f"{value:.{figures - 1}e}") for value in values], rtol=1e-14
        )
    np.testing.assert_array_equal(to_figures(np.array([0.0, np.nan, np.inf]), 2), [0.0, np.nan, np.inf])


def test_fewer_people_give_fewer_figures() -> None:
    assert figures_of_counts(np.array([1, 12, 49, 50, 600, 5e6]), 5, 3).tolist() == [1, 1, 1, 2, 3, 3]


def test_rounding_upwards_never_shrinks() -> None:
    widths = np.random.default_rng(9).lognormal(0, 2, TRIES)
    wider = upwards(widths, 0.1)
    assert ((wider >= widths - 1e-9) & (wider < widths + 0.1)).all()
    np.testing.assert_allclose(upwards(wider, 0.1), wider)


# --- suppression


def table_of(rows: int, columns: int, seed: int) -> tuple[Ints, Floats]:
    """A table of counts with the totals of its rows, its columns and all, and the sums among them."""
    inner = np.random.default_rng(seed).negative_binomial(1, 0.06, (rows, columns))
    whole = np.zeros((rows + 1, columns + 1), dtype=int)
    whole[:-1, :-1] = inner
    whole[-1, :-1], whole[:-1, -1], whole[-1, -1] = inner.sum(axis=0), inner.sum(axis=1), inner.sum()
    equations = []
    for row in range(rows + 1):
        sums = np.zeros(whole.shape)
        sums[row, :-1], sums[row, -1] = 1, -1
        equations.append(sums.ravel())
    for column in range(columns + 1):
        sums = np.zeros(whole.shape)
        sums[:-1, column], sums[-1, column] = 1, -1
        equations.append(sums.ravel())
    return whole.ravel(), np.array(equations)


def are_hidden(counts: Ints, equations: Floats, small: Flags, hidden: Flags) -> Flags:
    """Which small counts could be less and more by the protection, or as little as nobody."""
    low, high = bounds_of_hidden(counts, equations, hidden)
    enough = (counts - low >= np.minimum(PROTECTION, counts) - WITHIN) & (high - counts >= PROTECTION - WITHIN)
    return enough[small]


@pytest.mark.parametrize(("rows", "columns"), [(2, 2), (3, 4), (5, 3)])
def test_no_suppressed_count_is_worked_out_from_the_sums(rows: int, columns: int) -> None:
    alone, tried = [], 0
    for seed in range(12):
        counts, equations = table_of(rows, columns, seed)
        small = (counts > 0) & (counts < SMALLEST)
        hidden = hidden_cells(counts, equations, small)
        assert (hidden | ~small).all()
        assert are_hidden(counts, equations, small, hidden).all()
        alone.append(are_hidden(counts, equations, small, small).all())
        tried += int(small.sum())
    assert tried > 0
    assert not all(alone)  # hiding the small counts alone does not hide them


@pytest.mark.parametrize("seed", range(2))
def test_no_fewer_people_could_be_hidden(seed: int) -> None:
    """Against every set of cells of a table of two by two."""
    counts, equations = table_of(2, 2, seed)
    small = (counts > 0) & (counts < SMALLEST)
    hidden = hidden_cells(counts, equations, small)
    price = np.maximum(counts, 1)
    best = min(
        price[flags].sum()
        for choice in product([False, True], repeat=len(counts))
        if (flags := np.array(choice))[small].all() and are_hidden(counts, equations, small, flags).all()
    )
    assert price[hidden].sum() == best


def test_nothing_small_hides_nothing() -> None:
    counts, equations = table_of(3, 3, 1)
    assert not hidden_cells(counts, equations, np.zeros(len(counts), dtype=bool)).any()
