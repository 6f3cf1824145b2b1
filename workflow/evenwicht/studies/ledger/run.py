"""What each exposure, gone, and each policy, introduced, would change over all, and which changes more."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import effect_estimand, horizon_of
from evenwicht.cohort import Cohort
from evenwicht.estimators.association import area, explained, told_by
from evenwicht.estimators.event_support import EventSupport
from evenwicht.estimators.inequality import Ranks, rank_line, standardised_slope
from evenwicht.estimators.influence import Estimate, combined, sample_mean, sample_spread
from evenwicht.estimators.joint import Drawn, joint_draws, outweighs
from evenwicht.estimators.results import Interval
from evenwicht.estimators.standardisation import OutcomeModel
from evenwicht.results.flow import not_known
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.clusters import ClusterSupport, cluster_support
from evenwicht.studies.ledger import Settings
from evenwicht.studies.measures import CRUDE, PER, arm_means, attributable, number_needed, ratio_of
from evenwicht.studies.samples import Sample, draw_sample, exposed_by, response
from evenwicht.studies.study import Job

METHOD, JOINT = "standardisation", "joint_draws"
NOT_ON_BOTH_SIDES = "not known on the other side of the ledger"


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Weigh every exposure against every policy, outcome by outcome.

    All effects of an outcome are estimated in the same people: those for whom everything on both sides is known. Each
    is standardised over them (method `standardisation`, with an outcome model in which the exposure or policy may act
    differently along the rank `by`); of an event by a horizon from jackknife pseudo-values. A change is counted over
    all: cases per 100,000, or standard deviations of a number. What weighs more follows from joint draws
    (`joint_draws`), which keep that both sides are estimated in the same people.
    """
    family = next(iter(book.role("family")), None)
    gone, new = study.contrasts(book), study.introduced(book)
    sides = [
        *(_Side(contrast, False, book.adjustment(study.adjust), family) for contrast in gone),
        *(_Side(contrast, True, book.adjustment(study.policies.adjust), study.policies.cluster) for contrast in new),
    ]
    columns = {name for side in sides for name in (side.contrast.column, *side.adjust.columns)}
    rank = None
    if study.by is not None:
        columns.add(study.by)
        rank = cohort.persons[study.by].to_numpy(dtype=float, na_value=np.nan)
    lost = {NOT_ON_BOTH_SIDES: not_known(cohort.persons, sorted(columns))}
    for name in study.outcomes:
        outcome = book.outcomes[name]
        at, changes = horizon_of(outcome), dict[Contrast, _Change]()
        for side in sides:
            contrast = side.contrast
            where = f"cohort {book.cohort}, study {found.study}, {contrast.exposure} on {name}"
            with found.part(name, contrast.exposure, contrast.reference, estimand=effect_estimand(outcome)) as rows:
                sample = draw_sample(
                    cohort,
                    exposed_by(cohort, contrast),
                    side.adjust.without(contrast.column),
                    outcome,
                    where,
                    clusters=cohort.persons[side.cluster] if side.cluster else None,
                    weights=study.weights,
                    follow=study.follow,
                    lost=lost,
                )
                rows.flow(sample.flow)
                changes[contrast] = _changed(rows, sample, side.policy, at, None if rank is None else rank[sample.rows])
        for policy in (contrast for contrast in new if contrast in changes):
            for exposure in (contrast for contrast in gone if contrast in changes):
                with found.part(name, policy.exposure, exposure.exposure) as rows:
                    rng = job.stream(f"ledger {name} {policy.exposure} {exposure.exposure}")
                    _weigh(rows, changes[policy], changes[exposure], rng, at)


@dataclass(frozen=True)
class _Side:
    """One column of the ledger: what is compared, given what, and who shares it."""

    contrast: Contrast
    policy: bool
    adjust: Adjustment
    cluster: str | None


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


def _changed(rows: Rows, sample: Sample, policy: bool, at: str, rank: Floats | None) -> _Change:
    """Add the effect of one side in every way in which it is told; inequality by the rank, (n,), if there is one."""
    numbers, support = response(sample.outcome, sample.weights), cluster_support(sample)
    support.tell(rows, sample.n)
    sample.tell_share(rows)
    risk = numbers.estimand == "risk_difference"
    size: dict[str, Any] = {"n": sample.n, "events": numbers.events, "at": at}
    along = np.empty((sample.n, 0)) if rank is None else rank[:, None]
    regimes = _Regimes.of(sample, numbers.value, along, policy, binary=risk)
    before, after = regimes.means()
    effect = after - before
    scale = PER if risk else 1.0
    counted = combined(scale * effect.value, (scale, effect))
    if not risk:
        spread = sample_spread(numbers.value, sample.weights)
        value = effect.value / spread.value
        counted = combined(value, (1 / spread.value, effect), (-value / spread.value, spread))
    change = _Change(Drawn(counted, sample.sampling), size, support, numbers.support(sample.arms), risk)
    sampling = sample.sampling
    rows.add("change_in_cases" if risk else "change_in_sds", METHOD, change.interval, **size)
    if risk:
        ratio = support.of(change.events.of_ratio(lambda: ratio_of(sampling, after, before)))
        rows.add("ratio_over_all", METHOD, ratio, **size)
        rows.add("fraction_over_all", METHOD, attributable(ratio), **size)
        rows.add("number_over_all", METHOD, number_needed(change.shown(sampling.interval(effect))), **size)
        if not sample.continuous:
            _tell_people(rows, sample, numbers.value, change, policy)
    if rank is not None:
        steeper = regimes.slope_change(Ranks.of(rank, sample.weights))
        rows.add("slope_over_all", METHOD, change.shown(sampling.interval(steeper)), **size)
    return change


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
    """A model of the outcome, and the exposure of each person before and after a change; None: as they are."""

    outcome: Floats
    model: OutcomeModel
    before: Floats | None
    after: Floats

    @classmethod
    def of(cls, sample: Sample, outcome: Floats, modifiers: Floats, policy: bool, *, binary: bool) -> "_Regimes":
        """An exposure as it is, then gone; a policy for nobody, then for everybody; a number moved by one step."""
        a = sample.exposure
        model = OutcomeModel(outcome, a, sample.covariates, modifiers, binary, sample.weights)
        if sample.continuous:
            return cls(outcome, model, None, a + (1.0 if policy else -1.0))
        nobody, everybody = np.zeros(sample.n), np.ones(sample.n)
        return cls(outcome, model, nobody if policy else None, everybody if policy else nobody)

    def means(self) -> tuple[Estimate, Estimate]:
        """Mean or risk before and after."""
        now = sample_mean(self.outcome, self.model.weights)
        return now if self.before is None else self.model.mean(self.before), self.model.mean(self.after)

    def slope_change(self, ranks: Ranks) -> Estimate:
        """Slope index of inequality after less before."""
        if self.before is None:
            return standardised_slope(self.model, self.after, ranks) - rank_line(self.outcome, ranks).slope
        return standardised_slope(self.model, self.after, ranks) - standardised_slope(self.model, self.before, ranks)


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
