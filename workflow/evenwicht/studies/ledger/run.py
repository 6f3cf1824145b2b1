"""What each exposure, gone, and each policy, introduced, would change over all, and which changes more."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import UseOutcome, effect_estimand, horizon_of
from evenwicht.cohort import Cohort
from evenwicht.estimators.association import area, explained, told_by
from evenwicht.estimators.concentration_intervals import Ranked
from evenwicht.estimators.event_support import EventSupport
from evenwicht.estimators.influence import Estimate, combined, sample_mean, sample_spread
from evenwicht.estimators.joint import Drawn, joint_draws, outweighs
from evenwicht.estimators.propensity import fit_propensity
from evenwicht.estimators.results import Interval
from evenwicht.levers.figures import Point
from evenwicht.levers.package import Package
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.changes import METHOD
from evenwicht.studies.clusters import ClusterSupport, cluster_support
from evenwicht.studies.ledger import AT_LEAST, AT_MOST, Settings
from evenwicht.studies.ledger.few_or_all import tell_few_or_all
from evenwicht.studies.measures import CRUDE, PER, arm_means, attributable, number_needed, ratio_of
from evenwicht.studies.regimes import People, Regimes, family_for
from evenwicht.studies.samples import Response, Sample, response
from evenwicht.studies.sides import Drawing, Side, sides_of
from evenwicht.studies.study import Job
from evenwicht.studies.values import MeanOutcome

FIFTH = 0.2
JOINT = "joint_draws"
NOISE = "neither the lever nor the exposure can be told from no change, so that there are no sizes to compare"


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
    sides = sides_of(study, cohort, book)
    own = {name for name in (study.by, study.doing_well) if name is not None}
    drawing = Drawing(study, cohort, book, sides, own)
    for name in study.outcomes:
        outcome = book.outcomes[name]
        at, changes = horizon_of(outcome), dict[Side, _Change]()
        for side in sides:
            where = f"cohort {book.cohort}, study {found.study}, {side.exposure} on {name}"
            with found.part(name, side.exposure, side.reference, estimand=effect_estimand(outcome)) as rows:
                sample = drawing.sample(side, name, where)
                rows.flow(sample.flow)
                amounts = isinstance(outcome, UseOutcome)
                people = People.of(sample, side, cohort, study.by, study.doing_well)
                changes[side] = _changed(rows, people, side, at, where if amounts else None)
        tell_few_or_all(study, cohort, book, found, sides[0], outcome, (name, at), drawing.lost)
        for policy in (side for side in sides if side.weighed and side in changes):
            for exposure in (side for side in sides if not side.policy and side in changes):
                with found.part(name, policy.exposure, exposure.exposure) as rows:
                    rng = job.stream(f"ledger {name} {policy.exposure} {exposure.exposure}")
                    _weigh(rows, changes[policy], changes[exposure], rng, at, lever=policy.package is not None)


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


def _changed(rows: Rows, people: People, side: Side, at: str, amounts: str | None) -> _Change:
    """Add the effect of one side in every way in which it is told; `amounts` names the place if use is studied."""
    sample = people.sample
    sampling, numbers, support = sample.sampling, response(sample.outcome, sample.weights), cluster_support(sample)
    support.tell(rows, sample.n)
    sample.tell_share(rows)
    risk = numbers.estimand == "risk_difference"
    size: dict[str, Any] = {"n": sample.n, "events": numbers.events, "at": at}
    regimes = Regimes.of(people, side, numbers.value, family_for(sample.outcome))
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


def _tell_doing_well(rows: Rows, people: People, side: Side, regimes: Regimes, numbers: Response, at: str) -> None:
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


def _tell_range(
    rows: Rows, people: People, package: Package, regimes: Regimes, counted: Callable[[Estimate], Estimate]
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


def _weigh(rows: Rows, policy: _Change, exposure: _Change, rng: np.random.Generator, at: str, *, lever: bool) -> None:
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
    # a lever has a part of the effect of a column: of two sizes that are noise, the part is nearly always the smaller
    noise = lever and not any(side.interval.lower > 0 or side.interval.upper < 0 for side in sides)
    rows.add(estimand, JOINT, found.difference.bare(NOISE) if noise else found.difference, **policy.size)
    rows.diagnose("chance_policy_larger", JOINT, found.chance, n=policy.size["n"], at=at)
