"""The aggregates of a cohort from which its twin is drawn: nothing else of it passes.

Scores are normal numbers of ranks (van der Waerden), and of yes/no columns 0 and 1. Correlations are of scores, over
people with both values.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column, Role
from evenwicht.base.errors import DataError, ModelError
from evenwicht.cohort import Cohort
from evenwicht.estimators.cox import fit_cox
from evenwicht.estimators.regression import fit_model
from evenwicht.estimators.survival_data import SurvivalData
from evenwicht.rehearsal.follow_up import end_of_follow_up, hazards_in_pieces, start_of_follow_up
from evenwicht.rehearsal.margins import levels_margin, number_margin, sizes_of_groups, yes_no_margin
from evenwicht.rehearsal.protection import Protection
from evenwicht.rehearsal.roles import Roles

STEP = 0.05  # of coefficients
ALL_SHARED = 0.995  # of the variance: the column is one of groups
COPIED: tuple[Role, ...] = ("cluster", "family")  # roles of columns that say who belongs together
MOST_COEFFICIENT = 5.0
RIDGE = 0.01
SAME = 0.98  # correlation from which two columns are one, in another unit
ATTENDANCE = "attendance"


@dataclass
class Aggregates:
    """What a twin is drawn from.

    Attributes
    ----------
    source
        Settings of the twin world, without effects.
    left
        What of the cohort the twin does not have -> why.
    """

    source: dict[str, Any]
    left: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Scored:
    """A column or cost: how it is spread, and the score of everybody, (n,), standardised, NaN if not known."""

    margin: dict[str, Any]
    score: Floats


def aggregates_of(cohort: Cohort, book: Codebook, roles: Roles, protection: Protection) -> Aggregates:
    """Return the rounded aggregates of a cohort.

    Parameters
    ----------
    cohort
        Its people.
    book
        Its columns and outcomes.
    roles
        Which columns are exposures, and which follow from them.
    protection
        Limits that every figure keeps to.

    Raises
    ------
    DataError
        If there are too few people for any band.
    """
    n = len(cohort.persons)
    if n < 4 * 2 * protection.threshold:
        raise DataError(
            f"{n} people are too few for bands of {2 * protection.threshold}",
            where=f"cohort {cohort.name}",
            fix="A twin needs at least four bands of people.",
        )
    told = Aggregates({"kind": "twin", "n": protection.count(n)})
    groups = _groups(cohort, book, told)
    columns = _columns(cohort, book, protection, told)
    amounts = _amounts(cohort, protection, told)
    scored = {name: one for name, one in columns.items() if name not in roles.outcomes}
    before = list(scored)
    scored |= columns | amounts
    after = [name for name in scored if name not in before]
    exposures = [name for name in roles.exposures if name in columns]
    _note_lost_exposures(roles, columns, told)
    scores = {name: one.score for name, one in scored.items()}
    correlations = _correlations(scores, protection)
    names = list(scored)
    chained: dict[str, list[str]] = {}
    for one, other in roles.chained:
        if one in columns and other in columns:
            chained.setdefault(one, []).append(other)
    # what changes another exposure is not itself changed: no chain is longer than one link
    chained = {one: links for one, others in chained.items() if (links := [o for o in others if o not in chained])}
    known = _known(cohort, before, scores, told, protection)
    shared = _alike(groups, before, after, scores, correlations, protection)
    told.source |= {
        "exposures": exposures,
        "chained": chained,
        "after": after,
        "columns": {name: one.margin for name, one in columns.items()},
        "costs": _by_window(amounts),
        "correlations": _triangle(names, correlations),
        **known,
        "groups": {
            name: {"sizes": sizes_of_groups(place[place >= 0], protection), **shared[name]}
            for name, place in groups.items()
        },
        "births": _births(cohort, book, protection, told),
        "events": _events(cohort, book, before, scores, protection, told),
    }
    if len(cohort.pieces):
        told.left["pieces"] = "states that change over time are not in a twin"
    return told


# --- columns and costs -----------------------------------------------------------------------------------------------


def _columns(cohort: Cohort, book: Codebook, protection: Protection, told: Aggregates) -> dict[str, _Scored]:
    numbers: dict[str, _Scored] = {}
    kinds = {name: column for name, column in book.columns.items() if name in cohort.persons and _spread(column)}
    for name, column in kinds.items():
        if column.type == "category":
            continue
        values = cohort.persons[name].to_numpy(dtype=float, na_value=np.nan)
        known = ~np.isnan(values)
        if column.type == "boolean":
            margin = yes_no_margin(values[known], protection)
        else:
            margin = number_margin(values[known], protection, whole=column.type == "integer")
        if margin:
            numbers[name] = _Scored(margin, _score(values, plain=column.type == "boolean"))
        else:
            told.left[name] = "too few people for a band, or of one answer"
    leaning = _leaning([one.score for one in numbers.values()], len(cohort.persons))
    for name, column in kinds.items():
        if column.type == "category":
            levels = cohort.persons[name].astype(object)
            known = levels.notna().to_numpy()
            margin = levels_margin(levels[known], leaning[known], protection)
            if margin:
                place = {level: float(position) for position, level in enumerate(margin["shares"])}
                ranks = levels.astype(str).where(known).map(place).to_numpy(dtype=float)
                numbers[name] = _Scored(margin, _score(ranks))
            else:
                told.left[name] = "fewer than two levels with enough people"
    for name, column in book.columns.items():
        if column.type == "date" and column.role != "birth_date":
            told.left[name] = "dates other than of birth are not in a twin"
    return {name: numbers[name] for name in book.columns if name in numbers}


def _spread(column: Column) -> bool:
    return column.type != "date" and column.role not in ("id", *COPIED)


def _amounts(cohort: Cohort, protection: Protection, told: Aggregates) -> dict[str, _Scored]:
    found: dict[str, _Scored] = {}
    places = pd.Index(cohort.persons[cohort.id])
    for (window, sector), rows in cohort.costs.groupby(["window", "sector"], sort=False, observed=True):
        sums = rows.groupby("id")["amount"].sum(min_count=1).dropna()
        values = np.full(len(places), np.nan)
        values[places.get_indexer(sums.index)] = sums.to_numpy(dtype=float)
        margin = number_margin(values[~np.isnan(values)], protection, amounts=True)
        name = f"{sector}@{window}"
        if margin:
            found[name] = _Scored(margin, _score(values))
        else:
            told.left[name] = "too few people who use it"
    return found


def _by_window(amounts: Mapping[str, _Scored]) -> dict[str, dict[str, Any]]:
    nested: dict[str, dict[str, Any]] = {}
    for name, one in amounts.items():
        sector, _, window = name.partition("@")
        nested.setdefault(window, {})[sector] = one.margin
    return nested


def _score(values: Floats, *, plain: bool = False) -> Floats:
    """Standardised scores, (n,): normal numbers of mean ranks, or the numbers themselves; NaN where not known."""
    known = ~np.isnan(values)
    score = np.full(len(values), np.nan)
    ranks = pd.Series(values[known]).rank().to_numpy()
    score[known] = values[known] if plain else ndtri((ranks - 0.5) / max(len(ranks), 1))
    spread = float(np.nanstd(score))
    return (score - float(np.nanmean(score))) / (spread or 1.0)


def _leaning(scores: Sequence[Floats], n: int) -> Floats:
    """What most columns go with, (n,): the first principal component, so that levels can stand in an order."""
    if not scores:
        return np.zeros(n)
    filled = np.nan_to_num(np.column_stack(scores))
    return np.asarray(filled @ np.linalg.eigh(filled.T @ filled)[1][:, -1])


def _correlations(scores: Mapping[str, Floats], protection: Protection) -> Floats:
    """Rounded correlations of all scores, (k, k), each over people with both."""
    table = np.column_stack(list(scores.values()))
    known = (~np.isnan(table)).astype(float)
    filled = np.nan_to_num(table)
    pairs, products = known.T @ known, filled.T @ filled
    squares, sums = (filled**2).T @ known, filled.T @ known  # of the row's column, among people who have both
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = products - sums * sums.T / pairs
        spread = squares - sums**2 / pairs
        matrix = covariance / np.sqrt(spread * spread.T)
    return np.array(
        [[protection.correlation(r, k) for r, k in zip(*row, strict=True)] for row in zip(matrix, pairs, strict=True)]
    )


def _triangle(names: Sequence[str], matrix: Floats) -> dict[str, list[float]]:
    return {name: matrix[place, :place].tolist() for place, name in enumerate(names)}


def _note_lost_exposures(roles: Roles, columns: Mapping[str, _Scored], told: Aggregates) -> None:
    for name in roles.exposures:
        if name not in columns:
            told.left.setdefault(name, "it is no number, yes/no column or category")


# --- who is known ----------------------------------------------------------------------------------------------------


def _design(before: Sequence[str], scores: Mapping[str, Floats], without: str = "") -> tuple[list[str], Floats]:
    """Names and scores, (n, k), of what others follow from; what is not known counts as the mean."""
    names = [name for name in before if name != without and float(np.nanstd(scores[name])) > 0]
    n = len(next(iter(scores.values()), np.empty(0)))
    columns = [np.nan_to_num(scores[name]) for name in names]
    return names, np.column_stack(columns) if columns else np.empty((n, 0))


def _coefficients(names: Sequence[str], sizes: Iterable[float]) -> dict[str, float]:
    """Rounded coefficients that are not 0."""
    rounded = {name: round(round(float(size) / STEP) * STEP, 2) for name, size in zip(names, sizes, strict=True)}
    return {
        name: float(np.clip(size, -MOST_COEFFICIENT, MOST_COEFFICIENT))
        for name, size in rounded.items()
        if size and np.isfinite(size)
    }


def _items(cohort: Cohort, scores: Mapping[str, Floats]) -> Iterator[tuple[str, Flags]]:
    """Yield each column, cost, event and wave with who has it, (n,)."""
    for name, score in scores.items():
        yield name, ~np.isnan(score)
    ids = cohort.persons[cohort.id]
    for event, rows in cohort.events.groupby("event", sort=False, observed=True):
        yield str(event), ids.isin(rows["id"]).to_numpy(dtype=bool)
    for wave, rows in _attendance(cohort):
        yield f"{ATTENDANCE}@{wave}", ids.isin(rows.loc[rows["value"].notna(), "id"]).to_numpy(dtype=bool)


def _attendance(cohort: Cohort) -> Iterator[tuple[str, pd.DataFrame]]:
    attended = cohort.measures[cohort.measures["measure"] == ATTENDANCE]
    for wave, rows in attended.groupby("wave", sort=False, observed=True):
        yield str(wave), rows


def _known(
    cohort: Cohort, before: Sequence[str], scores: Mapping[str, Floats], told: Aggregates, protection: Protection
) -> dict[str, Any]:
    """Return who has what: a logistic model on what comes before, and how those without hang together."""
    known: dict[str, Any] = {}
    rests: dict[str, Floats] = {}
    n = len(cohort.persons)
    for name, has in _items(cohort, scores):
        people = int(has.sum())
        if not protection.enough(n - people):
            continue
        model: dict[str, Any] = {"share": protection.share(people, n)}
        names, design = _design(before, scores, without=name)
        enough = min(people, n - people) >= protection.threshold * (len(names) + 1)
        if enough and names:
            fit = fit_model("binomial", has.astype(float), np.column_stack([np.ones(n), design]))
            if not fit.separated:
                model["by"] = _coefficients(names, (fit.basis @ fit.params)[1:])
                rests[name] = (has - fit.fitted) / np.sqrt(np.maximum(fit.fitted * (1 - fit.fitted), 1e-6))
        known[name] = model
        rests.setdefault(name, has - has.mean())
    waves = {wave: float(f"{rows['age'].mean():.3g}") for wave, rows in _attendance(cohort)}
    waves = {wave: age for wave, age in waves.items() if age > 0}
    for measure in cohort.measures["measure"].unique():
        if measure != ATTENDANCE:
            told.left[f"measure {measure}"] = "only attendance at waves is in a twin"
    together = np.eye(len(rests))
    if len(rests) > 1:
        ties = np.corrcoef(np.column_stack(list(rests.values())), rowvar=False)
        # a correlation of who is there is that of normal numbers behind it, made smaller by the cut
        shares = [known[name]["share"] for name in rests]
        cut = np.array([np.exp(-(ndtri(p) ** 2) / 2) / np.sqrt(2 * np.pi * p * (1 - p)) for p in shares])
        behind = np.clip(ties / np.outer(cut, cut), -0.95, 0.95)
        behind[ties > 0.98] = 0.99
        together = np.array([[protection.correlation(r, n) for r in row] for row in behind])
    return {"known": known, "known_together": _triangle(list(rests), together), "waves": waves}


# --- people who belong together --------------------------------------------------------------------------------------


def _groups(cohort: Cohort, book: Codebook, told: Aggregates) -> dict[str, Ints]:
    """Return the group of everybody, (n,), by column; larger groups first, those that tell the month of birth not."""
    found: dict[str, Ints] = {}
    months = set(_months(cohort, book))
    for role in COPIED:
        for name in cohort.role(role):
            if name in months:
                continue
            codes, labels = pd.factorize(cohort.persons[name])
            if len(labels) > 1:
                found[name] = np.asarray(codes, dtype=np.int64)
            else:
                told.left[name] = "all people are in one group"
    return dict(sorted(found.items(), key=lambda item: int(item[1].max())))


def _alike(
    groups: Mapping[str, Ints],
    before: Sequence[str],
    after: Sequence[str],
    scores: Mapping[str, Floats],
    correlations: Floats,
    protection: Protection,
) -> dict[str, dict[str, Any]]:
    """Return how much alike people of a group are, beyond those of the groups that it lies in, and what goes together.

    Of what comes after, it is of what is left when all that comes before is known.
    """
    if not groups:
        return {}
    parts = {name: scores[name] for name in before}
    parts |= {name: _left_of(name, before, scores, correlations) for name in after}
    table = np.nan_to_num(np.column_stack(list(parts.values())))
    spread = table.std(axis=0)
    table = (table - table.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    found: dict[str, dict[str, Any]] = {}
    above = np.zeros((len(parts), len(parts)))
    for group, place in groups.items():
        shared = _shared(table, place, protection) - above
        count = len(np.unique(place[place >= 0]))
        share = [max(0.0, protection.correlation(one, count)) for one in np.diag(shared)]
        alike = {name: one for name, one in zip(parts, share, strict=True) if one > 0}
        alike |= {name: 1.0 for name, one in zip(parts, np.diag(shared), strict=True) if one >= ALL_SHARED}
        told = [position for position, name in enumerate(parts) if name in alike and name in before]
        size = np.sqrt(np.diag(shared)[told])
        ties = shared[np.ix_(told, told)] / np.outer(size, size)
        ties = np.array([[protection.correlation(one, count) for one in row] for row in ties])
        found[group] = {"alike": alike, "together": _triangle([list(parts)[position] for position in told], ties)}
        above = above + np.maximum(shared, 0) * (np.eye(len(parts)) > 0) + shared * (np.eye(len(parts)) == 0)
    return found


def _left_of(name: str, causes: Sequence[str], scores: Mapping[str, Floats], correlations: Floats) -> Floats:
    """Score of a column without what follows from others, (n,)."""
    sizes = partial_sizes(name, causes, list(scores), correlations)
    return np.asarray(scores[name] - sum((size * np.nan_to_num(scores[one]) for one, size in sizes.items()), 0.0))


def partial_sizes(name: str, causes: Sequence[str], order: Sequence[str], correlations: Floats) -> dict[str, float]:
    """Return the coefficients of scores on which another score is regressed, all at once, from their correlations."""
    own = correlations[order.index(name)]
    causes = [one for one in causes if abs(own[order.index(one)]) < SAME]
    places = [order.index(one) for one in causes]
    ridge = RIDGE * np.eye(len(places))  # rounded correlations may be those of no numbers
    sizes = np.linalg.solve(correlations[np.ix_(places, places)] + ridge, own[places])
    return dict(zip(causes, sizes.tolist(), strict=True))


def _shared(table: Floats, place: Ints, protection: Protection) -> Floats:
    """Covariance of what groups share, (k, k): all of it less that within groups; none if too few have another in it.

    Parameters
    ----------
    table : (n, k)
        Standardised scores.
    place : (n,)
        Group of each, below 0 if not known.
    """
    rows = place >= 0
    x, (_, group, sizes) = table[rows], np.unique(place[rows], return_inverse=True, return_counts=True)
    if not protection.enough(int(sizes[sizes > 1].sum())):
        return np.zeros((table.shape[1], table.shape[1]))
    sums = np.column_stack([np.bincount(group, weights=column) for column in x.T])
    inside = x - (sums / sizes[:, None])[group]
    return np.asarray(x.T @ x / len(x) - inside.T @ inside / (len(x) - len(sizes)))


# --- births and events -----------------------------------------------------------------------------------------------


def _months(cohort: Cohort, book: Codebook) -> list[str]:
    """Columns that are the calendar month of birth."""
    dates = cohort.role("birth_date")
    if not dates:
        return []
    born = pd.to_datetime(cohort.persons[dates[0]])
    month = born.dt.strftime("%Y-%m")
    texts = [name for name in cohort.role("cluster") if book.columns[name].type == "category"]
    return [name for name in texts if (cohort.persons[name].astype(str) == month)[born.notna()].all()]


def _births(cohort: Cohort, book: Codebook, protection: Protection, told: Aggregates) -> dict[str, Any] | None:
    """Return births by calendar month; months with too few are joined to those behind them."""
    dates = cohort.role("birth_date")
    if not dates:
        return None
    born = pd.to_datetime(cohort.persons[dates[0]]).dropna()
    counts = born.dt.to_period("M").value_counts().sort_index()
    # the first period starts, and the last ends, with the month in which there are enough: no first or last birth shows
    periods: list[list[Any]] = []
    waiting = 0
    for month, count in counts.items():
        waiting += int(count)
        if protection.enough(waiting):
            periods.append([periods[-1][1] + 1 if periods else month, month, waiting])
            waiting = 0
    if not periods:
        told.left[dates[0]] = "too few people with a date of birth"
        return None
    periods[-1][2] += waiting
    shares = {str(first.start_time.date()): protection.share(count, len(born)) for first, _, count in periods}
    end = (periods[-1][1] + 1).start_time.date()
    return {"column": dates[0], "periods": shares, "end": str(end), "months": _months(cohort, book)}


def _events(
    cohort: Cohort,
    book: Codebook,
    before: Sequence[str],
    scores: Mapping[str, Floats],
    protection: Protection,
    told: Aggregates,
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    clocks = {getattr(o, "event", ""): getattr(o, "time", "age") for o in book.outcomes.values()}
    places = pd.Index(cohort.persons[cohort.id])
    for event, rows in cohort.events.groupby("event", sort=False, observed=True):
        name = str(event)
        if not protection.enough(rows["status"].sum()) or len(rows) < 4 * 2 * protection.threshold:
            told.left[name] = "too few events"
            continue
        who = places.get_indexer(rows["id"])
        clock = clocks.get(name, "age")
        entry, end, status = (rows[column].to_numpy(dtype=float) for column in ("entry_age", "exit_age", "status"))
        origin = entry if clock == "follow_up" else np.zeros(len(rows))
        names, design = _design(before, {one: scores[one][who] for one in before})
        on: dict[str, float] = {}
        if names and status.sum() >= protection.threshold * len(names):
            try:
                fit = fit_cox(SurvivalData(end - origin, status, entry=entry - origin), design, names)
                on = _coefficients(names, fit.params)
            except ModelError as error:
                told.left[f"{name}, what it follows from"] = error.what
        elif names:
            told.left[f"{name}, what it follows from"] = "too few events for so many columns"
        sizes = np.array([on.get(one, 0.0) for one in names])
        relative = np.exp(design @ sizes) if names else np.ones(len(rows))
        edges, hazards = hazards_in_pieces(entry - origin, end - origin, status, relative, protection)
        found[name] = {
            "clock": clock,
            "edges": edges,
            "hazards": hazards,
            "entry": start_of_follow_up(entry, protection),
            "until": end_of_follow_up(entry - origin, end - origin, status, protection),
            "by": on,
        }
    return found
