"""How use of costly services concentrates in few people, each statistic beside what chance alone gives."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import DataError
from evenwicht.base.exposures import NO
from evenwicht.cohort import Cohort
from evenwicht.estimators.bounded_index import erreygers, wagstaff
from evenwicht.estimators.concentration import lorenz, poisson_gini
from evenwicht.estimators.concentration_coverage import Amounts, Statistic, judged
from evenwicht.estimators.concentration_intervals import (
    HighNeed,
    Order,
    Ranked,
    difference_interval,
    ratio_interval,
    share_interval,
)
from evenwicht.estimators.design import require_full_rank
from evenwicht.estimators.discrimination import auc_estimate
from evenwicht.estimators.influence import Estimate, Sampling, combined
from evenwicht.estimators.removal import Changed, Removal, one_after_the_other
from evenwicht.estimators.results import Interval
from evenwicht.estimators.sampling_weights import require_weights
from evenwicht.estimators.sector_pairs import log_odds_ratio
from evenwicht.estimators.unrelated_sectors import UnrelatedSectors, at_least, exactly
from evenwicht.results.flow import COVARIATES, EXPOSURE, Flow, cluster_labels, departures, not_known
from evenwicht.results.questions import ALL_CHANGES, exactly_key, group_key, top_key
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.concentration import Settings
from evenwicht.studies.samples import WEIGHT, design_of, exposed_by
from evenwicht.studies.study import Job
from evenwicht.studies.values import sector_amounts, without_amounts

GRID = np.linspace(0, 1, 101)  # of curves
TOP_RISK = 0.2  # of people by childhood score: a fifth
LEAST_IN_CLASS = 5  # people of a number of sectors whose ratio to chance has an interval
LEAST_DRAWN, MOST_DRAWN = 10, 12  # people of a combination of sectors that is drawn, and combinations


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, _: Job) -> None:
    """Estimate who uses most, how far a childhood score ranks it, and what changes would take away.

    Statistics of use have the method `observed`. Beside them stands what chance alone gives, among the diagnostics:
    `poisson_null`, the Gini of counts with the same mean and no difference between people, for sectors that count
    something (that of an amount would depend on its unit); `unrelated_sectors`, the group in several sectors if each
    sector is handed out anew within strata (its limits hold 95% of shuffles, by a normal approximation; they need
    people who weigh alike). Where the tail of the amounts makes an interval too short, a diagnostic says how often such
    an interval covers. What changes would take away has the method `use_model`.

    Curves: `lorenz` and `by_risk`, by sector, with pointwise nominal 95% limits and what chance gives; `together`, the
    combinations of sectors in which people have high need at once.
    """
    where = f"cohort {book.cohort}, study {found.study}"
    sectors = list(book.sectors)
    about = next((group_key(*group) for group in study.main_groups), sectors[0])
    first, *others = study.windows
    main: _Use | None = None
    with found.part(about, estimand="group_share" if study.main_groups else "gini") as rows:
        main = _Use.of(study, cohort, book, first, where, rows)
        _spread(rows, main)
        _groups(rows, main)
        for window in others:
            use = _Use.of(study, cohort, book, window, where, None)
            _spread(rows, use)
            _size_of_groups(rows, use, use.need(study.top_shares[0]), study.main_groups)
    if main is None:
        return
    if study.risk is not None:
        with found.part(about, study.risk, estimand="concentration_index") as rows:
            _by_risk(rows, main, cohort, study.risk)
    if study.changes:
        with found.part(about, *study.all_changes(book), estimand="attributable_fraction") as rows:
            _changes(rows, main, cohort)


@dataclass(frozen=True)
class _Use:
    """Use of some people in a window.

    Attributes
    ----------
    study, book
        Settings, and what columns and sectors are.
    window
        Key of the window.
    people
        Their rows of `persons`.
    lost
        Who of the cohort they are not, (persons,) flags by reason.
    amounts
        Use of each sector, (n,), by id.
    weights : (n,) array or None
    sampling
        How they were drawn.
    where
        For messages.
    """

    study: Settings
    book: Codebook
    window: str
    people: pd.DataFrame
    lost: dict[str, Flags]
    amounts: dict[str, Floats]
    weights: Floats | None
    sampling: Sampling
    where: str

    @classmethod
    def of(cls, study: Settings, cohort: Cohort, book: Codebook, window: str, where: str, rows: Rows | None) -> "_Use":
        """Read the use in a window; the flow of people goes to `rows`, if given."""
        amounts = sector_amounts(cohort, window, where)
        lost = without_amounts(cohort, window, amounts)
        if study.weights:
            lost[WEIGHT] = not_known(cohort.persons, [study.weights])
        present, flow = departures(lost)
        people = cohort.persons[present]
        clusters = None
        family = next(iter(book.role("family")), None)
        if family is not None:
            clusters, alone = cluster_labels(people[family])
            flow = replace(flow, own_cluster=alone)
        if rows is not None:
            rows.flow(flow)
        weights = people[study.weights].to_numpy(dtype=float) if study.weights else None
        if weights is not None:
            require_weights(weights, where)
        amounts = amounts.loc[people[cohort.id]]
        columns = {name: amounts[name].to_numpy(dtype=float) for name in book.sectors if name in amounts}
        unused = [name for name, column in columns.items() if not column.any()]
        if unused:
            raise DataError(
                f"nobody uses {', '.join(unused)}", where=where, fix="Leave these sectors out of the costs."
            )
        sampling = Sampling(len(people), clusters, weights)
        return cls(study, book, window, people, lost, columns, weights, sampling, where)

    @property
    def n(self) -> int:
        return len(self.people)

    @property
    def main(self) -> bool:
        """Whether all is asked of this window."""
        return self.window == self.study.windows[0]

    def need(self, top_share: float) -> HighNeed:
        """Who has high need in which sector."""
        return HighNeed(list(self.amounts.values()), top_share, self.weights)

    @cached_property
    def members(self) -> dict[tuple[float, int], Flags]:
        """Who is in the main group, (n,), by its share and number; empty if there is none."""
        return {group: self.need(group[0]).members(group[1]) for group in self.study.main_groups}

    def strata(self) -> Ints | None:
        """Stratum of each person, (n,); people whose value is not known are a stratum of their own."""
        codes: Ints | None = None
        for name, cut in self.study.cut_strata():
            values = self.people[name]
            if cut is not None:
                number = values.to_numpy(dtype=float, na_value=np.nan)
                cuts = np.nanquantile(number, np.arange(1, cut) / cut)
                values = pd.Series(np.where(np.isnan(number), -1, np.searchsorted(cuts, number)))
            levels = pd.factorize(values, sort=True, use_na_sentinel=True)[0] + 1
            codes = levels if codes is None else codes * (levels.max() + 1) + levels
            codes = np.searchsorted(np.flatnonzero(np.bincount(codes)), codes)
        return codes

    def without(self, unknown: dict[str, Flags]) -> tuple["_Use", Flags, Flow]:
        """Leave out further people, (persons,) flags by reason; return those left, who they are, and their flow."""
        before, _ = departures(self.lost)
        left, flow = departures({**self.lost, **unknown})
        return self._among(left[before]), left, flow

    def _among(self, rows: Flags) -> "_Use":
        clusters = None if self.sampling.codes is None else self._clusters[rows]
        weights = None if self.weights is None else self.weights[rows]
        return replace(
            self,
            people=self.people[rows],
            amounts={name: column[rows] for name, column in self.amounts.items()},
            weights=weights,
            sampling=Sampling(int(rows.sum()), clusters, weights),
        )

    @property
    def _clusters(self) -> Ints:
        family = next(iter(self.book.role("family")))
        return cluster_labels(self.people[family])[0]


def _spread(rows: Rows, use: _Use) -> None:
    """How each sector's use concentrates in those who use most."""
    study, at, sampling = use.study, use.window, use.sampling
    for name, column in use.amounts.items():
        ranked = Ranked(column, weights=use.weights)
        about = Amounts.of(column, use.weights)
        size: dict[str, Any] = {"n": use.n, "events": about.users, "at": at, "outcome": name}
        rows.magnitude(column, outcome=name, exposure="", at=at)
        gini, users = ranked.index(), ranked.users()
        _judged(rows, "gini", share_interval(sampling, gini), about, about.unused, size)
        used = share_interval(sampling, users)
        rows.add("users_share", "observed", used, **size)
        value = max(0.0, 1 - (1 - gini.value) / users.value)  # of one user, rounding can leave it below zero
        among = combined(value, (1 / users.value, gini), ((1 - gini.value) / users.value**2, users))
        interval, _ = judged("gini", share_interval(sampling, among), about, 0.0)
        rows.add("gini_users", "observed", interval, **size)
        counts = use.book.sectors[name].measures == "count"
        if counts:
            rows.diagnose("chance", "poisson_null", poisson_gini(ranked.mean), n=use.n, at=at, outcome=name)
        for share in study.top_shares if use.main else study.top_shares[:1]:
            top = share_interval(sampling, ranked.top(share))
            if users.value <= share or used.lower <= share:
                top = top.bare("the top group may hold all use, as users may be no more people than it")
            part = share * use.n / about.users
            _judged(rows, "top_share", top, about, part, {**size, "exposure": top_key(share)})
            highest = np.sort(column)[len(column) - round(share * len(column)) :]
            rows.magnitude(highest, outcome=name, exposure=top_key(share), at=at)
        if use.main and rows.wants_curves:
            curve = ranked.curve(GRID, sampling)
            null = _poisson_lorenz(ranked.mean) if counts else np.full(len(GRID), np.nan)
            drawn = {"x": GRID, "estimate": curve.share, "lower": curve.lower, "upper": curve.upper, "null": null}
            rows.curve("lorenz", pd.DataFrame({"arm": name, **drawn}))


def _judged(
    rows: Rows, estimand: Statistic, interval: Interval, about: Amounts, part: float, size: dict[str, Any]
) -> None:
    """Add a statistic of a sector, and how its interval covers where that is not 95%."""
    interval, note = judged(estimand, interval, about, part)
    rows.add(estimand, "observed", interval, **size)
    if note:
        keys = {key: size[key] for key in ("n", "at", "outcome", "exposure") if key in size}
        rows.diagnose(f"coverage_{estimand}", "observed", Interval(np.nan), note=note, **keys)


def _poisson_lorenz(mean: float) -> Floats:
    """Lorenz curve of a Poisson count with this mean."""
    counts = np.arange(np.ceil(special.pdtrik(1 - 1e-9, mean)) + 1)
    return lorenz(counts, GRID, np.exp(special.xlogy(counts, mean) - special.gammaln(counts + 1) - mean))


def _groups(rows: Rows, use: _Use) -> None:
    """Every group with high need in several sectors, beside chance; the main one by number and pairs of sectors."""
    study, strata = use.study, use.strata()
    for share in study.top_shares if study.at_least else []:
        need = use.need(share)
        chance = UnrelatedSectors(need, strata)
        groups = [(share, least) for least in study.at_least]
        _size_of_groups(rows, use, need, groups)
        for _, least in groups:
            _beside_chance(rows, use, need, chance, least)
        if share == study.top_shares[0]:
            _by_number(rows, use, need, chance)
            _by_pairs(rows, use, need)
            if rows.wants_curves:
                _together(rows, use, need)


def _size_of_groups(rows: Rows, use: _Use, need: HighNeed, groups: list[tuple[float, int]]) -> None:
    """Size of each group, and its share of each sector's use."""
    for share, least in groups:
        key, members = group_key(share, least), need.members(least)
        size: dict[str, Any] = {"n": use.n, "events": int(members.sum()), "at": use.window}
        rows.add("group_share", "observed", share_interval(use.sampling, need.size(least)), outcome=key, **size)
        for j, (name, column) in enumerate(use.amounts.items()):
            interval = share_interval(use.sampling, need.use_share(least, j))
            about = Amounts.of(column, use.weights)
            _judged(rows, "group_use_share", interval, about, 0.0, {**size, "outcome": name, "exposure": key})
            rows.magnitude(column[members], outcome=name, exposure=key, at=use.window)


def _beside_chance(rows: Rows, use: _Use, need: HighNeed, chance: UnrelatedSectors, least: int) -> None:
    """What chance gives to one group, and what is beyond it."""
    counts, key = at_least(least, len(use.amounts)), group_key(need.top_share, least)
    size: dict[str, Any] = {"n": use.n, "at": use.window}
    people = {**size, "events": int(need.members(least).sum())}
    expected = chance.size(counts)
    spread = np.nan if use.weights is not None else chance.size_spread(counts)
    _tell_chance(rows, expected, spread, {**size, "outcome": key})
    beyond = difference_interval(use.sampling, need.size(least) - expected)
    rows.add("excess_group_share", "observed", beyond, outcome=key, **people)
    for j, name in enumerate(use.amounts):
        keys: dict[str, Any] = {"outcome": name, "exposure": key}
        expected = chance.use_share(counts, j)
        spread = np.nan if use.weights is not None else chance.use_spread(counts, j)
        _tell_chance(rows, expected, spread, {**size, **keys})
        beyond = difference_interval(use.sampling, need.use_share(least, j) - expected)
        rows.add("excess_use_share", "observed", beyond, **keys, **people)


def _tell_chance(rows: Rows, expected: Estimate, spread: float, keys: dict[str, Any]) -> None:
    interval = Interval(expected.value)
    if np.isfinite(spread):
        interval = Interval.normal(expected.value, spread)
        low, high = max(interval.lower, 0.0), min(interval.upper, 1.0)
        interval = Interval(expected.value, spread, low, high)
    rows.diagnose("chance", "unrelated_sectors", interval, **keys)


def _by_number(rows: Rows, use: _Use, need: HighNeed, chance: UnrelatedSectors) -> None:
    """People by number of sectors, and that against chance."""
    sectors = len(use.amounts)
    for count in range(sectors + 1):
        seen, expected = need.exactly(count), chance.size(exactly(count, sectors))
        people = int((need.reached == count).sum())
        keys: dict[str, Any] = {"n": use.n, "at": use.window, "outcome": exactly_key(need.top_share, count)}
        rows.add("group_share", "observed", share_interval(use.sampling, seen), events=people, **keys)
        _tell_chance(rows, expected, np.nan, keys)
        value = seen.value / expected.value
        ratio = combined(value, (1 / expected.value, seen), (-value / expected.value, expected))
        interval = ratio_interval(use.sampling, ratio)
        if people < LEAST_IN_CLASS:
            interval = Interval(value).bare(f"fewer than {LEAST_IN_CLASS} people have just so many")
        rows.add("observed_expected_share", "observed", interval, events=people, **keys)


def _by_pairs(rows: Rows, use: _Use, need: HighNeed) -> None:
    """Odds ratios of high need in two sectors."""
    names = list(use.amounts)
    for a, name in enumerate(names):
        for b in range(a + 1, len(names)):
            log = log_odds_ratio(need.flags[a], need.flags[b], use.weights)
            if np.isnan(log.value):
                interval = Interval.not_estimable(log.reason)
            else:
                interval = difference_interval(use.sampling, log).exp()
            rows.add(
                "need_odds_ratio",
                "observed",
                interval,
                n=use.n,
                events=int((need.flags[a] & need.flags[b]).sum()),
                at=use.window,
                outcome=name,
                exposure=names[b],
                reference=top_key(need.top_share),
            )


def _together(rows: Rows, use: _Use, need: HighNeed) -> None:
    """Which sectors people have high need in at once: what most people have, beside chance."""
    names = list(use.amounts)
    codes = np.sum([flags.astype(np.int64) << j for j, flags in enumerate(need.flags)], axis=0)
    people = np.bincount(codes, minlength=2 ** len(names))
    weight = np.bincount(codes, need.weight, 2 ** len(names))
    shares = [float(need.weight @ flags) for flags in need.flags]
    order = [code for code in np.argsort(-weight, kind="stable") if code and people[code] >= LEAST_DRAWN]
    for place, code in enumerate(order[:MOST_DRAWN]):
        inside = [bool(code >> j & 1) for j in range(len(names))]
        chance = np.prod([share if member else 1 - share for share, member in zip(shares, inside, strict=True)])
        members = [name for name, member in zip(names, inside, strict=True) if member]
        seen = {"x": float(place), "estimate": 1000 * weight[code], "null": 1000 * float(chance)}
        rows.curve("together", pd.DataFrame({"arm": members, **seen}))


def _by_risk(rows: Rows, use: _Use, cohort: Cohort, risk: str) -> None:
    """How far a childhood score ranks use, and the group with high need in several sectors."""
    score = cohort.persons[risk].to_numpy(dtype=float, na_value=np.nan)
    some, known, flow = use.without({EXPOSURE: np.isnan(score)})
    rows.flow(flow)
    score = score[known]
    present, _ = departures(use.lost)
    order = Order(score, some.weights)
    size: dict[str, Any] = {"n": some.n, "at": use.window}
    for name, column in some.amounts.items():
        users = int((column > 0).sum())
        if users == 0:
            raise DataError(f"nobody with a known {risk} uses {name}", where=use.where, fix="Leave the sector out.")
        by_risk, by_use = Ranked(column, order), Ranked(column, weights=some.weights)
        index, gini = by_risk.index(), by_use.index()
        part = combined(index.value / gini.value, (1 / gini.value, index), (-index.value / gini.value**2, gini))
        keys: dict[str, Any] = {**size, "outcome": name, "events": users}
        rows.add("concentration_index", "observed", difference_interval(some.sampling, index), **keys)
        rows.add("risk_ranked_part", "observed", difference_interval(some.sampling, part), **keys)
        rows.add("top_risk_share", "observed", share_interval(some.sampling, by_risk.top(TOP_RISK)), **keys)
        if rows.wants_curves:
            curve, band = by_risk.curve(GRID, some.sampling), by_risk.unrelated(GRID)
            drawn = {"x": GRID, "estimate": curve.share, "lower": curve.lower, "upper": curve.upper}
            nothing = {"null_lower": np.maximum(GRID - band, 0), "null_upper": np.minimum(GRID + band, 1)}
            rows.curve("by_risk", pd.DataFrame({"arm": name, **drawn, **nothing}))
    for named, members in use.members.items():
        group = members[known[present]]
        keys = {**size, "outcome": group_key(*named), "events": int(group.sum())}
        area = auc_estimate(score, group, where=use.where) if some.weights is None else None
        if area is not None:
            rows.add("auc", "observed", share_interval(some.sampling, area), **keys)
        member = group.astype(float)
        ranked = Ranked(member, order)
        index, mean = ranked.index(), ranked.users()
        indices = {
            "concentration_index": index,
            "erreygers_index": erreygers(index, mean),
            "wagstaff_index": wagstaff(index, mean),
        }
        for estimand, estimate in indices.items():
            rows.add(estimand, "observed", difference_interval(some.sampling, estimate), **keys)
        rows.add("top_risk_share", "observed", share_interval(some.sampling, ranked.top(TOP_RISK)), **keys)


def _changes(rows: Rows, use: _Use, cohort: Cohort) -> None:
    """What would not be there after each change, alone and one after the other."""
    study, book = use.study, use.book
    contrasts, adjust = study.contrasts(book), book.adjustment(study.adjust)
    values = np.column_stack([exposed_by(cohort, contrast).value for contrast in contrasts])
    unknown = {
        EXPOSURE: np.asarray(np.isnan(values).any(axis=1)),
        COVARIATES: not_known(cohort.persons, adjust.columns),
    }
    some, known, flow = use.without(unknown)
    rows.flow(flow)
    changed, (present, _) = values[known], departures(use.lost)
    after = np.where([contrast.continuous for contrast in contrasts], changed - 1, 0.0)
    covariates, names = design_of(some.people, adjust)
    columns = [contrast.column for contrast in contrasts]
    require_full_rank(np.column_stack([changed, covariates]), [*columns, *names], use.where)
    numbers = [k for k, contrast in enumerate(contrasts) if contrast.continuous]
    changes = Changed(changed, covariates, numbers=numbers, weights=some.weights)
    outcomes = [(name, column, False) for name, column in some.amounts.items()]
    for group, members in use.members.items():
        outcomes.append((group_key(*group), members[known[present]].astype(float), True))
    for outcome, column, binary in outcomes:
        size: dict[str, Any] = {"n": some.n, "events": int((column > 0).sum()), "at": use.window, "outcome": outcome}
        alone, together = one_after_the_other(Removal(column, changes, binary=binary), after)
        for k, contrast in enumerate(contrasts):
            keys = {**size, "exposure": contrast.exposure, "reference": contrast.reference}
            rows.add("attributable_fraction", "use_model", difference_interval(some.sampling, alone[k]), **keys)
            if len(contrasts) > 1:
                added = together[k] - together[k - 1] if k else together[0]
                rows.add("sequential_fraction", "use_model", difference_interval(some.sampling, added), **keys)
        if len(contrasts) > 1:
            whole = difference_interval(some.sampling, together[-1])
            rows.add("attributable_fraction", "use_model", whole, **size, exposure=ALL_CHANGES, reference=NO)
