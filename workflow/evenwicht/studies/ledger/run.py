"""What each exposure, gone, and each policy, introduced, would change over all, and which changes more."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.arrays import Flags, Floats, Labels
from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import Outcome, UseOutcome, effect_estimand, horizon_of
from evenwicht.cohort import Cohort
from evenwicht.estimators.association import area, explained, told_by
from evenwicht.estimators.concentration_intervals import Ranked
from evenwicht.estimators.discrimination import area_under
from evenwicht.estimators.event_support import EventSupport
from evenwicht.estimators.inequality import Ranks, slope_under, standardised_slope
from evenwicht.estimators.influence import Estimate, combined, sample_mean, sample_spread
from evenwicht.estimators.joint import Drawn, joint_draws, outweighs
from evenwicht.estimators.predicted_risks import LEAST_SHRINKAGE, PredictedRisks, shrinkage
from evenwicht.estimators.propensity import fit_propensity
from evenwicht.estimators.regression import Family, fit_model, with_intercept
from evenwicht.estimators.results import Interval
from evenwicht.estimators.rose import (
    Programme,
    averted_by_programme,
    averted_by_shift,
    ceiling,
    ceiling_curve,
    equal_shift,
    equal_shift_interval,
    sensitivity,
)
from evenwicht.estimators.standardisation import OutcomeModel, Regime
from evenwicht.levers.figures import Point
from evenwicht.levers.package import Package, thirds_of
from evenwicht.levers.reach import THIRDS
from evenwicht.results.flow import not_known
from evenwicht.results.questions import HighRisk
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.clusters import ClusterSupport, cluster_support
from evenwicht.studies.ledger import Settings, is_weighed
from evenwicht.studies.measures import CRUDE, PER, arm_means, attributable, number_needed, ratio_of
from evenwicht.studies.samples import Exposed, Response, Sample, draw_sample, exposed_by, response
from evenwicht.studies.study import Job, part_keys
from evenwicht.studies.values import MeanOutcome, TimedOutcome

FIFTH = 0.2
AT_LEAST, AT_MOST = "change_at_least", "change_at_most"
METHOD, JOINT = "standardisation", "joint_draws"
SHIFTS = np.linspace(0.0, 0.5, 21)  # of everybody, in standard deviations of the predicted risk
AREAS = np.linspace(0.51, 0.95, 45)  # under the ROC curve
HARDLY_PREDICTED = "the risk is too hard to predict: predicted risks would spread less in other people than in these"
NOT_ON_BOTH_SIDES = "not known on the other side of the ledger"


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Weigh every exposure against every policy, outcome by outcome.

    All effects of an outcome are estimated in the same people: those for whom everything on both sides is known. Each
    is standardised over them (method `standardisation`, with an outcome model in which the exposure or policy may act
    differently along the rank `by`); of an event by a horizon from jackknife pseudo-values. Use and counts have a
    log-linear model, fitted by Poisson quasi-likelihood: in a linear one, more use where SES is low would pass for an
    effect that differs by SES. An exposure that is a number enters as a natural spline, as use need not grow by the
    same factor with each step. A change is counted over all: cases per 100,000, or standard deviations of a number. A
    lever changes the column that it acts on for those whom it reaches, by third of the rank, and nothing for others;
    its numbers are taken as given. What weighs more follows from joint draws (`joint_draws`), which keep that both
    sides are estimated in the same people. How use concentrates with and without a yes/no column is weighted by its
    propensity (`ipw`).
    """
    sides = _sides(study, cohort, book)
    own = {name for name in (study.by, study.doing_well) if name is not None}
    columns = {name for side in sides for name in side.columns} | own
    lost = {NOT_ON_BOTH_SIDES: not_known(cohort.persons, sorted(columns))}
    for name in study.outcomes:
        outcome = book.outcomes[name]
        at, changes, drawn = horizon_of(outcome), dict[_Side, _Change](), dict[int, Sample]()
        for side in sides:
            where = f"cohort {book.cohort}, study {found.study}, {side.exposure} on {name}"
            with found.part(name, side.exposure, side.reference, estimand=effect_estimand(outcome)) as rows:
                shared = id(side.exposed)  # by all readings of one lever
                if shared not in drawn:
                    drawn[shared] = draw_sample(
                        cohort,
                        side.exposed,
                        side.adjust,
                        outcome,
                        where,
                        clusters=cohort.persons[side.cluster] if side.cluster else None,
                        weights=study.weights,
                        follow=study.follow,
                        lost=lost,
                    )
                rows.flow(drawn[shared].flow)
                amounts = isinstance(outcome, UseOutcome)
                people = _People.of(drawn[shared], side, study, cohort)
                changes[side] = _changed(rows, people, side, at, where if amounts else None)
        _for_few_or_all(study, cohort, book, found, sides[0], outcome, (name, at), lost)
        for policy in (side for side in sides if side.weighed and side in changes):
            for exposure in (side for side in sides if not side.policy and side in changes):
                with found.part(name, policy.exposure, exposure.exposure) as rows:
                    rng = job.stream(f"ledger {name} {policy.exposure} {exposure.exposure}")
                    _weigh(rows, changes[policy], changes[exposure], rng, at)


@dataclass(frozen=True, eq=False)
class _Side:
    """One line of the ledger.

    Attributes
    ----------
    exposure, reference
        Keys of its rows.
    exposed
        The column of everybody in the cohort.
    policy
        Whether it is introduced; else it is gone.
    adjust, cluster
        Given what, and who shares it.
    columns
        All that must be known for it.
    package
        What a lever does to the column; None if the column itself is compared.
    others : (persons, p) array
        Further columns that a package changes.
    among
        To whom alone a lever is introduced, (persons,) flags.
    """

    exposure: str
    reference: str
    exposed: Exposed
    policy: bool
    adjust: Adjustment
    cluster: str | None
    columns: tuple[str, ...]
    package: Package | None = None
    others: Floats | None = None
    among: Flags | None = None

    @property
    def weighed(self) -> bool:
        """Whether it is weighed against exposures."""
        if self.package is None:
            return self.policy
        return is_weighed(self.package)


def _sides(study: Settings, cohort: Cohort, book: Codebook) -> list[_Side]:
    """Exposures, then policies, then levers."""
    shared = study.cluster or next(iter(book.role("family")), None)
    ranked = Adjustment(columns=[] if study.by is None else [study.by])  # a product needs both of its parts
    adjust, sides = book.adjustment(study.adjust).joined(ranked), list[_Side]()

    def of_column(contrast: Contrast, policy: bool, given: Adjustment, cluster: str | None) -> _Side:
        own, exposed = given.without(contrast.column), exposed_by(cohort, contrast)
        columns = (contrast.column, *own.columns)
        return _Side(contrast.exposure, contrast.reference, exposed, policy, own, cluster, columns)

    sides += [of_column(contrast, False, adjust, shared) for contrast in study.contrasts(book)]
    if study.policies is not None:
        given, cluster = book.adjustment(study.policies.adjust).joined(ranked), study.policies.cluster
        sides += [of_column(contrast, True, given, cluster) for contrast in study.introduced(book)]
    for line in study.lines():
        first, *rest = (adjust if one.adjust is None else book.adjustment(one.adjust) for one in line.levers)
        own = first.joined(*rest, ranked)
        packages = line.packages()
        changed, among = packages[0].columns, None
        for column in changed:
            own = own.without(column)
        values = cohort.persons[changed].to_numpy(dtype=float, na_value=np.nan)
        exposed = Exposed(changed[0], values[:, 0], continuous=book.columns[changed[0]].type != "boolean")
        columns = (*changed, *own.columns)
        if line.among is not None:
            columns = (*columns, line.among.column)
            among = _numbers(cohort, line.among.column) == (line.among.answer == "yes")
        for package in packages:
            keys = package.exposure, package.reference
            sides.append(_Side(*keys, exposed, True, own, shared, columns, package, values[:, 1:], among))
    return sides


def _numbers(cohort: Cohort, column: str) -> Floats:
    """A column as numbers, (persons,): 0 and 1 of a yes/no one, NaN where not known."""
    return cohort.persons[column].to_numpy(dtype=float, na_value=np.nan)


@dataclass(frozen=True)
class _People:
    """Those whom all sides are counted over.

    Attributes
    ----------
    sample
        As for any comparison.
    by
        Column of the rank, if there is one.
    ranks, rank
        Places along it, and its values, (n,).
    among
        Who of them a lever is introduced to, (n,) flags.
    exposed
        Of whom it is told how many do well, (n,) flags; None if of nobody.
    doing_well
        Column that says who is exposed.
    """

    sample: Sample
    by: str | None
    ranks: Ranks | None
    rank: Floats | None
    among: Flags
    exposed: Flags | None
    doing_well: str | None

    @classmethod
    def of(cls, sample: Sample, side: _Side, study: Settings, cohort: Cohort) -> "_People":
        """People of a sample of a cohort."""
        ranks = None if study.by is None else _numbers(cohort, study.by)
        exposed = None if study.doing_well is None else _numbers(cohort, study.doing_well)
        rank = None if ranks is None else ranks[sample.rows]
        among = np.ones(sample.n, dtype=bool) if side.among is None else side.among[sample.rows]
        flags = None if exposed is None else among & (exposed[sample.rows] == 1)
        places = None if rank is None else Ranks.of(rank, sample.weights)
        return cls(sample, study.by, places, rank, among, flags, study.doing_well)

    @property
    def thirds(self) -> Labels:
        """Third of the rank of each, (n,)."""
        return thirds_of(self.ranks, self.sample.n)

    def parts(self) -> Iterator[tuple[str, Flags]]:
        """Yield the subgroup and the people of each third, of those whom the side is about."""
        if self.by is not None:
            for key, third in zip(part_keys(self.by, len(THIRDS)), THIRDS, strict=True):
                yield key, self.among & (self.thirds == third)


@dataclass(frozen=True)
class _Change:
    """What one side changes over all, in the unit in which sides are weighed.

    Attributes
    ----------
    drawn
        The change: per 100,000 people of a risk, in standard deviations of a number.
    size
        People and events behind it.
    support, events
        What the clusters and the events carry.
    risk
        Whether it is a change of a risk.
    """

    drawn: Drawn
    size: dict[str, Any]
    support: ClusterSupport
    events: EventSupport
    risk: bool

    @property
    def interval(self) -> Interval:
        """The change with its interval."""
        return self.shown(self.drawn.sampling.interval(self.drawn.estimate))

    def shown(self, interval: Interval) -> Interval:
        """The interval as far as events and clusters carry it."""
        return self.events.of(self.support.of(interval))


def _changed(rows: Rows, people: _People, side: _Side, at: str, amounts: str | None) -> _Change:
    """Add the effect of one side in every way in which it is told; `amounts` names the place if use is studied."""
    sample = people.sample
    sampling, numbers, support = sample.sampling, response(sample.outcome, sample.weights), cluster_support(sample)
    support.tell(rows, sample.n)
    sample.tell_share(rows)
    risk = numbers.estimand == "risk_difference"
    size: dict[str, Any] = {"n": sample.n, "events": numbers.events, "at": at}
    regimes = _Regimes.of(people, side, numbers.value, _family(sample.outcome))
    among = None if people.among.all() else people.among
    spread = None if risk else sample_spread(numbers.value, sample.weights)
    before, after = regimes.means(among)

    def counted(effect: Estimate) -> Estimate:
        if spread is None:
            return combined(PER * effect.value, (PER, effect))
        value = effect.value / spread.value
        return combined(value, (1 / spread.value, effect), (-value / spread.value, spread))

    change = _Change(Drawn(counted(after - before), sampling), size, support, numbers.support(sample.arms), risk)
    estimand = "change_in_cases" if risk else "change_in_sds"
    rows.add(estimand, METHOD, change.interval, **size)
    for key, part in people.parts():
        old, new = regimes.means(part)
        events = numbers.support({name: arm & part for name, arm in sample.arms.items()})
        events_there = None if numbers.status is None else int(np.nansum(numbers.status[part]))
        interval = events.of(support.of(sampling.interval(counted(new - old))))
        rows.add(estimand, METHOD, interval, n=int(part.sum()), events=events_there, at=at, subgroup=key)
    if risk:
        ratio = support.of(change.events.of_ratio(lambda: ratio_of(sampling, after, before)))
        rows.add("ratio_over_all", METHOD, ratio, **size)
        rows.add("fraction_over_all", METHOD, attributable(ratio), **size)
        rows.add("number_over_all", METHOD, number_needed(change.shown(sampling.interval(after - before))), **size)
        if people.exposed is not None:
            _tell_doing_well(rows, people, side, regimes, numbers, at)
        if not sample.continuous and side.package is None:
            _tell_people(rows, sample, numbers.value, change, side.policy)
    if people.ranks is not None and among is None:
        rows.add("slope_over_all", METHOD, change.shown(sampling.interval(regimes.slope_change(people.ranks))), **size)
    if side.package is not None:
        _tell_range(rows, people, side.package, regimes, counted)
    elif amounts is not None and not sample.continuous:
        _tell_concentration(rows, sample, side.policy, change, amounts)
    return change


def _tell_doing_well(rows: Rows, people: _People, side: _Side, regimes: "_Regimes", numbers: Response, at: str) -> None:
    """Add the share of the exposed who do not become a case: as it is, and what a lever adds to it."""
    exposed, sample = people.exposed, people.sample
    assert exposed is not None
    assert numbers.status is not None  # only a risk has cases
    before, after = regimes.means(exposed)
    if side.package is not None:
        estimand, method, told = "doing_well_added", METHOD, before - after
    elif side.exposed.name == people.doing_well:
        estimand, method, told = "doing_well", CRUDE, combined(1 - before.value, (-1.0, before))
    else:
        return
    events = numbers.support({"exposed": exposed})
    bounded = sample.sampling.interval if side.package is not None else sample.sampling.risk_interval
    interval = events.of(cluster_support(sample).of(bounded(told)))
    rows.add(estimand, method, interval, n=int(exposed.sum()), events=int(np.nansum(numbers.status[exposed])), at=at)


def _family(outcome: MeanOutcome | TimedOutcome) -> Family:
    """Logistic of a risk, log-linear of use and counts, linear of other numbers."""
    if isinstance(outcome, TimedOutcome) or outcome.binary:
        return "binomial"
    return "poisson" if outcome.amount or outcome.counted else "gaussian"


def _tell_range(
    rows: Rows, people: _People, package: Package, regimes: "_Regimes", counted: Callable[[Estimate], Estimate]
) -> None:
    """Add the change at both ends of what is not known of a lever, and what it costs."""
    n, thirds, weights = people.sample.n, people.thirds, people.sample.weights
    among = None if people.among.all() else people.among
    ends: tuple[tuple[Point, str], ...] = (("low", AT_LEAST), ("high", AT_MOST))
    for point, statistic in ends:
        there = replace(regimes, after=package.parts(regimes.natural, thirds, point))
        before, after = there.means(among)
        rows.diagnose(statistic, METHOD, counted(after - before).value, n=n)
    if package.costed is not None:
        currency, year = package.costed
        low, mid, high = (package.cost(thirds, point, weights) for point in ("low", "mid", "high"))
        cost = Interval(mid, lower=min(low, high), upper=max(low, high))
        rows.diagnose("lever_cost", METHOD, cost, n=n, note=f"in {currency} of {year}")
    if package.refers:
        mid, *limits = (package.referrals(thirds, point, weights) for point in ("mid", "low", "high"))
        rows.diagnose("lever_referrals", METHOD, Interval(mid, lower=min(limits), upper=max(limits)), n=n)


def _tell_concentration(rows: Rows, sample: Sample, policy: bool, change: _Change, where: str) -> None:
    """Add how much more or less use concentrates in few people."""
    assert isinstance(sample.outcome, MeanOutcome)
    use, sampling = sample.outcome.value, sample.sampling
    propensity = fit_propensity(sample.exposure, sample.covariates, where, sample.weights)

    def spread_in(arm: int) -> tuple[Estimate, Estimate]:
        inside = sample.exposure == arm
        ranked = Ranked(use, weights=propensity.sampling * propensity.weights * inside)
        index, top = ranked.index(), ranked.top(FIFTH)
        return (
            Estimate(index.value, propensity.influence(inside * index.influence), index.reason),
            Estimate(top.value, propensity.influence(inside * top.influence), top.reason),
        )

    now = Ranked(use, weights=sample.weights)
    before = spread_in(0) if policy else (now.index(), now.top(FIFTH))
    after = spread_in(1) if policy else spread_in(0)
    for estimand, new, old in zip(("gini_over_all", "top_fifth_over_all"), after, before, strict=True):
        rows.add(estimand, "ipw", change.shown(sampling.interval(new - old)), **change.size)


def _tell_people(rows: Rows, sample: Sample, risk: Floats, change: _Change, policy: bool) -> None:
    """Add how well a yes/no column alone tells who becomes a case: a large effect on all may tell next to nothing."""
    share = sample_mean(sample.exposure, sample.weights)
    if policy:  # whom a policy reaches is set by a date or a place, and not drawn with the people
        share = Estimate(share.value, np.zeros(sample.n))
    told = told_by(share, *arm_means(risk, sample))
    rows.add("auc", CRUDE, change.shown(area(sample.sampling, told.lead)), **change.size)
    explains = explained(sample.sampling, told.liability)
    rows.add("liability_r_squared", CRUDE, change.shown(explains), **change.size)


@dataclass(frozen=True)
class _Regimes:
    """A model of the outcome, and the exposure of people before and after a change.

    Attributes
    ----------
    outcome : (n,) array
    model
        Of the outcome, in everybody.
    natural : (n,) or (n, p) array
        Exposures as they are.
    before
        What everybody's would be; as they are if None.
    after
        How many of whom have which exposure then, the others keeping theirs.
    """

    outcome: Floats
    model: OutcomeModel
    natural: Floats
    before: Floats | None
    after: Regime

    @classmethod
    def of(cls, people: _People, side: _Side, outcome: Floats, family: Family) -> "_Regimes":
        """An exposure as it is, then gone; a policy for nobody, then for everybody; a number moved by one step."""
        sample = people.sample
        a, n = sample.exposure, sample.n
        if side.package is not None:
            assert side.others is not None  # a package says which, if any
            a = np.column_stack([a, side.others[sample.rows]])
        along = np.empty((n, 0)) if people.rank is None else people.rank[:, None]
        # few places share a policy, too few for a curve, and the rank itself bends by its product with itself
        curved = sample.continuous and not side.policy and side.exposed.name != people.by
        model = OutcomeModel(outcome, a, sample.covariates, along, family, sample.weights, curved)
        if side.package is not None:
            return cls(outcome, model, a, None, side.package.parts(a, people.thirds))
        everybody = np.ones(n)
        if sample.continuous:
            return cls(outcome, model, a, None, [(everybody, a + (1.0 if side.policy else -1.0))])
        before = np.zeros(n) if side.policy else None
        return cls(outcome, model, a, before, [(everybody, np.full(n, float(side.policy)))])

    def means(self, among: Flags | None) -> tuple[Estimate, Estimate]:
        """Mean or risk before and after, among everybody or some, (n,) flags."""
        picked = None if among is None else among.astype(float)
        weights = self.model.weights if picked is None else self.model.weights * picked
        if self.before is not None:
            regimes = ([(np.ones_like(self.natural), self.before)], self.after)
            before, after = (self.model.mean_under(regime, picked) for regime in regimes)
            return before, after
        mean = float(np.average(self.outcome, weights=weights))
        own = (self.outcome - mean) / weights.sum()
        now = Estimate(mean, own if picked is None else picked * own)
        change = self._change(picked)
        return now, combined(now.value + change.value, (1.0, now), (1.0, change))

    def _change(self, among: Floats | None) -> Estimate:
        """What the model leads to expect of the change, over all or among some."""
        chances = [chance for chance, _ in self.after]
        kept = [(chance, self.natural) for chance in chances]
        return self.model.mean_under(self.after, among) - self.model.mean_under(kept, among)

    def slope_change(self, ranks: Ranks) -> Estimate:
        """Slope index of inequality after less before."""
        if self.before is not None:
            return slope_under(self.model, self.after, ranks) - standardised_slope(self.model, self.before, ranks)
        rest = 1.0 - np.sum([chance for chance, _ in self.after], axis=0)
        whole = [*self.after, (rest, self.natural)]
        return slope_under(self.model, whole, ranks) - standardised_slope(self.model, self.natural, ranks)


def _for_few_or_all(
    study: Settings,
    cohort: Cohort,
    book: Codebook,
    found: Findings,
    side: _Side,
    outcome: Outcome,
    keys: tuple[str, str],
    lost: Mapping[str, Flags],
) -> None:
    """Add what programmes for those at the highest risk avert, and a shift of everybody's risk, in the same people."""
    name, at = keys
    for programme, *ends in zip(*(study.programmes(point) for point in ("mid", "low", "high")), strict=True):
        with found.part(name, programme.exposure, programme.reference, estimand="change_in_cases") as rows:
            sample = draw_sample(
                cohort,
                side.exposed,
                study.predictors(book).without(side.exposed.name),
                outcome,
                f"cohort {book.cohort}, study {found.study}, {programme.exposure} on {name}",
                clusters=cohort.persons[side.cluster] if side.cluster else None,
                weights=study.weights,
                follow=study.follow,
                lost=lost,
            )
            numbers = response(sample.outcome, sample.weights)
            if numbers.estimand == "risk_difference":
                rows.flow(sample.flow)
                _programme(rows, sample, numbers, programme, ends, at)


def _programme(rows: Rows, sample: Sample, numbers: Response, few: HighRisk, ends: list[HighRisk], at: str) -> None:
    """Rose's comparison for one programme, and what it averts at both ends of what is not known of it."""
    sampling = sample.sampling
    design = with_intercept(np.column_stack([sample.exposure, sample.covariates]))
    weights = np.ones(sample.n) if sample.weights is None else sample.weights
    fit = fit_model("binomial", numbers.value, design, weights)
    risks = PredictedRisks.of(fit, design)
    score, step, programme = risks.predictor, risks.predictor_spread(), Programme(few.share, 1.0, few.strength)
    events = numbers.support({"everybody": np.ones(sample.n, dtype=bool)})
    if not events.no_interval and shrinkage(fit, sampling) < LEAST_SHRINKAGE:
        events = replace(events, no_interval=HARDLY_PREDICTED)
    size: dict[str, Any] = {"n": sample.n, "events": numbers.events, "at": at}
    averted, mean, finds = (
        averted_by_programme(risks, score, programme),
        risks.mean(),
        sensitivity(risks, score, few.share),
    )
    change = combined(-averted.value / PER, (-1 / PER, averted))
    rows.add("change_in_cases", METHOD, events.of(sampling.interval(combined(-averted.value, (-1.0, averted)))), **size)
    share = ceiling(finds, programme)
    rows.add("fraction_over_all", METHOD, events.of(sampling.interval(share)), **size)
    rows.add("ratio_over_all", METHOD, events.of(sampling.interval(share.complement())), **size)
    rows.add("number_over_all", METHOD, number_needed(events.of(sampling.interval(change))), **size)
    rows.add("sensitivity", METHOD, events.of(sampling.risk_interval(finds)), **size)
    shift = equal_shift(risks, score, programme, step)
    rows.add("equal_shift", METHOD, events.of(equal_shift_interval(sampling, shift, step)), **size)
    for end, statistic in zip(ends, (AT_LEAST, AT_MOST), strict=True):
        there = averted_by_programme(risks, score, Programme(end.share, 1.0, end.strength))
        rows.diagnose(statistic, METHOD, -there.value, n=sample.n)
    rows.diagnose("auc_of_risk", METHOD, area_under(risks.risk, risks.risk, weights), n=sample.n, at=at)
    if rows.wants_curves:
        by_shift = {float(x): sampling.interval(averted_by_shift(risks, step, float(x))) for x in SHIFTS}
        shown = [(x, one.estimate, one.lower, one.upper) for x, one in by_shift.items()]
        rows.curve("averted_by_shift", pd.DataFrame(shown, columns=["x", "estimate", "lower", "upper"]))
        least = ceiling_curve(AREAS, programme, mean.value)
        rows.curve("ceiling", pd.DataFrame({"x": AREAS, "estimate": least}))


def _weigh(rows: Rows, policy: _Change, exposure: _Change, rng: np.random.Generator, at: str) -> None:
    """Add by how much the policy changes more than the exposure, and the share of joint draws in which it does."""
    sides = (policy, exposure)
    values = [side.drawn.estimate.value for side in sides]
    estimand = "cases_apart" if policy.risk else "sds_apart"
    reason = next((side.interval.reason for side in sides if side.interval.reason), "")
    if reason:
        apart = abs(values[0]) - abs(values[1])
        none = Interval.not_estimable(reason) if np.isnan(apart) else Interval(apart).bare(reason)
        rows.add(estimand, JOINT, none, **policy.size)
        return
    drawn = joint_draws([side.drawn for side in sides], rng)
    found = outweighs(drawn[:, 0], drawn[:, 1], (values[0], values[1]))
    rows.add(estimand, JOINT, found.difference, **policy.size)
    rows.diagnose("chance_policy_larger", JOINT, found.chance, n=policy.size["n"], at=at)
