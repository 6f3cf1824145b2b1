"""Counts that leave are attacked: none that was to be protected is found, and the same attacks find unprotected ones."""

from itertools import product

import numpy as np
import pytest
from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.disclosure.attack import bounds_of_hidden, bounds_of_rounded
from evenwicht.disclosure.rounding import Keys, Rounder, keys_of_cells, keys_of_people
from evenwicht.disclosure.suppression import PROTECTION, hidden_cells
from hypothesis import given
from hypothesis import strategies as st

SECRET, OTHER = "0123456789abcdef", "fedcba9876543210"
BASE = 3
TRIES = 1000
SMALLEST = 6  # counts of people that may be shown as they are
WITHIN = 1e-6  # of a linear programme, in people


def some_keys(n: int, seed: int) -> Keys:
    """Keys of sets of people of whom nothing else is known."""
    return np.random.default_rng(seed).integers(0, 2**64, n, dtype=np.uint64)


# --- rounding


@pytest.mark.parametrize("count", range(1, 9))
def test_rounding_has_no_bias_and_stays_within_the_base(count: int) -> None:
    rounded = Rounder(BASE, SECRET).rounded(np.full(4 * TRIES, count), some_keys(4 * TRIES, 1))
    assert (np.abs(rounded - count) < BASE).all()
    assert (rounded % BASE == 0).all()
    rest = count % BASE
    error = np.sqrt(rest * (BASE - rest) / (4 * TRIES))  # standard error of the mean of a two-valued draw
    assert abs(rounded.mean() - count) <= 4 * error


def test_the_same_people_have_the_same_count_in_any_order_and_table() -> None:
    ids = [f"person {place}" for place in range(500)]
    cell = np.arange(500) % 7
    order = np.random.default_rng(2).permutation(500)
    once = keys_of_cells(keys_of_people(ids, SECRET), cell, 7)
    again = keys_of_cells(keys_of_people([ids[place] for place in order], SECRET), cell[order], 7)
    counts = np.bincount(cell)
    np.testing.assert_array_equal(
        Rounder(BASE, SECRET).rounded(counts, once), Rounder(BASE, SECRET).rounded(counts[::-1], again[::-1])[::-1]
    )


def test_a_number_and_its_text_are_one_person_and_secrets_differ() -> None:
    np.testing.assert_array_equal(keys_of_people([7, 12], SECRET), keys_of_people(["7", "12"], SECRET))
    assert (keys_of_people([7, 12], SECRET) != keys_of_people([7, 12], OTHER)).all()
    assert len(keys_of_people([], SECRET)) == 0
    with pytest.raises(ValueError, match="a secret has 16 bytes"):
        keys_of_people([7], "short")


def test_the_average_of_many_releases_tells_nothing_more() -> None:
    keys = some_keys(20, 3)
    counts = np.arange(41, 61)
    releases = np.array([Rounder(BASE, SECRET).rounded(counts, keys) for _ in range(100)])
    assert (releases == releases[0]).all()
    # drawn anew each time, the average gives every count away
    fresh = np.array([Rounder(BASE, SECRET).rounded(counts, some_keys(20, seed)) for seed in range(400)])
    np.testing.assert_array_equal(fresh.mean(axis=0).round(), counts)


def test_one_person_less_is_another_draw() -> None:
    """Whose count changed is seen, and by how much is not: the draws of n and of n - 1 have nothing in common."""
    rounder = Rounder(BASE, SECRET)
    before = rounder.rounded(np.full(4 * TRIES, 41), some_keys(4 * TRIES, 4))
    after = rounder.rounded(np.full(4 * TRIES, 40), some_keys(4 * TRIES, 5))
    seen = {(int(first), int(second)) for first, second in zip(before, after, strict=True)}
    assert seen == {(39, 39), (39, 42), (42, 39), (42, 42)}


# --- a total and its parts


def pinned(total: int, parts: Ints) -> bool:
    """Whether a sum that was rounded tells a true count."""
    least, most = bounds_of_rounded(total, parts, BASE)
    return bool((least == most).any())


@given(st.lists(st.integers(0, 12), min_size=2, max_size=3), st.integers(0, 2**32))
def test_what_one_sum_tells_is_what_all_tables_say_that_fit(parts: list[int], seed: int) -> None:
    counts = np.array([sum(parts), *parts])
    published = Rounder(BASE, SECRET).rounded(counts, some_keys(len(counts), seed))
    ranges = [range(max(0, n - BASE + 1), n + BASE) for n in published[1:]]
    fitting = np.array([(sum(table), *table) for table in product(*ranges) if abs(sum(table) - published[0]) < BASE])
    least, most = bounds_of_rounded(int(published[0]), published[1:], BASE)
    np.testing.assert_array_equal(least, fitting.min(axis=0))
    np.testing.assert_array_equal(most, fitting.max(axis=0))


def test_no_sum_tells_a_count() -> None:
    rng = np.random.default_rng(6)
    found = {"drawn again": 0, "as drawn": 0, "to the nearest": 0}
    for seed in range(TRIES):
        parts = rng.integers(1, 40, 2)
        counts, keys = np.array([parts.sum(), *parts]), some_keys(3, seed)
        protected = Rounder(BASE, SECRET).rounded_sums(counts, keys, [(0, [1, 2])])
        found["drawn again"] += pinned(int(protected[0]), protected[1:])
        plain = Rounder(BASE, SECRET).rounded(counts, keys)
        found["as drawn"] += pinned(int(plain[0]), plain[1:])
        # errors are at most 1 then, so that all three are known where they add up to 3
        nearest = BASE * np.round(counts / BASE).astype(int)
        found["to the nearest"] += bool(np.abs(nearest[0] - nearest[1:].sum()) == BASE)
    assert found["drawn again"] == 0
    assert found["as drawn"] > 0
    assert found["to the nearest"] > 0


def test_a_total_that_was_drawn_again_keeps_its_value_in_the_next_table() -> None:
    rng = np.random.default_rng(7)
    rounder = Rounder(BASE, SECRET)
    for seed in range(TRIES):
        parts = rng.integers(1, 40, 2)
        counts, keys = np.array([parts.sum(), *parts]), some_keys(3, seed)
        first = rounder.rounded_sums(counts, keys, [(0, [1, 2])])
        np.testing.assert_array_equal(rounder.rounded(counts, keys), first)
    assert rounder.draws


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


@pytest.mark.parametrize("seed", range(8))
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
