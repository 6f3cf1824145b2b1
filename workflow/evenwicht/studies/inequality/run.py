"""Effects in parts of a rank, how unequal outcomes are along it, and what an exposure or policy does to that."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import ModelError
from evenwicht.base.outcomes import effect_estimand, horizon_of
from evenwicht.cohort import Cohort
from evenwicht.estimators.event_support import EventSupport
from evenwicht.estimators.inequality import Ranks, log_linear_ratio, rank_line, standardised_slope
from evenwicht.estimators.influence import Estimate, Sampling
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.propensity import Propensity, fit_propensity, weighted_means
from evenwicht.estimators.regression import family_of
from evenwicht.estimators.results import Interval
from evenwicht.estimators.standardisation import OutcomeModel, standardised_means, standardised_shift
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.clusters import ClusterSupport, all_clusters, cluster_support
from evenwicht.studies.inequality import Settings
from evenwicht.studies.measures import arm_means, ratio_of
from evenwicht.studies.samples import Exposed, Response, Sample, draw_sample, exposed_by, response
from evenwicht.studies.study import Job, part_keys

Pair = tuple[Estimate, Estimate]  # of the exposed and of the unexposed


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Estimate the effect of each exposure on each outcome, and inequality by the rank.

    The study is repeated in each part of the rank, where only effects are estimated. In all people stand as well the
    slope and the relative index of each outcome as things are (method `ranks`), with the rank as exposure; and, for
    each exposure, the slope index if everybody, and if nobody, were exposed, and their difference.

    Methods of effects: `crude`; `ipw`, weighting with the estimated propensity in its standard error;
    `standardisation`, from a model in which the exposure acts differently along the rank: logistic for a risk, of
    jackknife pseudo-values if it is by a horizon, and linear for a number. The slope index is not weighted: the few who
    are exposed far up the rank would carry it.
    """
    column = study.cluster or next(iter(book.role("family")), None)
    clusters = cohort.persons[column] if column else None
    draw = partial(draw_sample, clusters=clusters, weights=study.weights, follow=study.follow)
    adjust = book.adjustment(study.adjust)
    if study.by not in adjust.columns:
        adjust = adjust.model_copy(update={"columns": [*adjust.columns, study.by]})
    in_part = found.subgroup in part_keys(study.by, study.parts)
    ranked = cohort.persons[study.by].to_numpy(dtype=float, na_value=np.nan)
    for name in study.outcomes:
        outcome = book.outcomes[name]
        at, where = horizon_of(outcome), f"cohort {book.cohort}, study {found.study}, {name}"
        if not in_part:
            with found.part(name, study.by, estimand="slope_index") as rows:
                everybody = Exposed(study.by, ranked, continuous=True)
                sample = draw(cohort, everybody, Adjustment(), outcome, where)
                rows.flow(sample.flow)
                _as_things_are(rows, sample, at)
        for contrast in study.contrasts(book):
            about = f"{where}, {contrast.exposure}"
            with found.part(name, contrast.exposure, contrast.reference, estimand=effect_estimand(outcome)) as rows:
                sample = draw(cohort, exposed_by(cohort, contrast), adjust.without(contrast.column), outcome, about)
                rows.flow(sample.flow)
                sample.tell_weights(rows)
                sample.tell_share(rows)
                sample.tell_spread(rows)
                compared = _Compared.of(sample, ranked[sample.rows], about)
                compared.support.tell(rows, sample.n)
                _effects(rows, compared, at)
                if not in_part:
                    _change(rows, compared, at, study.asked_of(contrast).reference)


def _as_things_are(rows: Rows, sample: Sample, at: str) -> None:
    """Slope and relative index of an outcome."""
    numbers, ranks = response(sample.outcome, sample.weights), Ranks.of(sample.exposure, sample.weights)
    events, clusters = numbers.support(sample.arms), all_clusters(sample)
    size: dict[str, Any] = {"n": sample.n, "events": numbers.events, "at": at}
    line = rank_line(numbers.value, ranks)
    slope = clusters.of(sample.sampling.interval(line.slope))
    rows.add("slope_index", "ranks", events.of(slope), **size)
    if numbers.estimand == "risk_difference":
        for estimand, ratio in (
            ("relative_index", line.ratio()),
            ("relative_index_log_linear", log_linear_ratio(numbers.value, ranks)),
        ):
            rows.add(estimand, "ranks", events.of(clusters.of(_exp(sample.sampling, ratio))), **size)


@dataclass(frozen=True)
class _Compared:
    """A comparison ready to be estimated: the sample, its outcome as numbers, the rank (n,), and what carries it."""

    sample: Sample
    numbers: Response
    rank: Floats
    where: str
    support: ClusterSupport
    events: EventSupport

    @classmethod
    def of(cls, sample: Sample, rank: Floats, where: str) -> "_Compared":
        numbers = response(sample.outcome, sample.weights)
        return cls(sample, numbers, rank, where, cluster_support(sample), numbers.support(sample.arms))

    @property
    def binary(self) -> bool:
        """Whether a logistic model fits the outcome: a risk, also where its values are pseudo-values."""
        return self.numbers.estimand == "risk_difference"

    @cached_property
    def propensity(self) -> Propensity:
        """The chance of the exposure given the covariates."""
        return fit_propensity(self.sample.exposure, self.sample.covariates, self.where, self.sample.weights)

    def shown(self, interval: Interval) -> Interval:
        """The interval as far as events and clusters carry it."""
        return self.events.of(self.support.of(interval))


def _effects(rows: Rows, compared: _Compared, at: str) -> None:
    """The effect of an exposure by each method, with the risks behind it."""
    sample, numbers, sampling = compared.sample, compared.numbers, compared.sample.sampling
    size: dict[str, Any] = {"n": sample.n, "events": numbers.events, "at": at}
    if sample.continuous:
        crude = least_squares(numbers.value, sample.exposure, **sample.design)
        raised, now = _shift(compared)
        for method, interval in (("crude", crude), ("standardisation", sampling.interval(raised - now))):
            rows.add(numbers.estimand, method, compared.shown(interval), **size)
        return
    for method, (exposed, unexposed) in _means(compared):
        rows.add(numbers.estimand, method, compared.shown(sampling.interval(exposed - unexposed)), **size)
        if numbers.estimand == "risk_difference":
            ratio = partial(ratio_of, sampling, exposed, unexposed)
            rows.add("risk_ratio", method, compared.support.of(compared.events.of_ratio(ratio)), **size)
            rows.add("risk_exposed", method, compared.shown(sampling.risk_interval(exposed)), **size)
            rows.add("risk_unexposed", method, compared.shown(sampling.risk_interval(unexposed)), **size)


def _means(compared: _Compared) -> Iterator[tuple[str, Pair]]:
    """Mean outcome in both arms by each method."""
    sample, y = compared.sample, compared.numbers.value
    yield "crude", arm_means(y, sample)
    yield "ipw", weighted_means(y, compared.propensity)
    standardised = standardised_means(
        y, sample.exposure, sample.covariates, compared.rank[:, None], binary=compared.binary, weights=sample.weights
    )
    yield "standardisation", standardised


def _shift(compared: _Compared) -> Pair:
    """Mean outcome with everybody's exposure one step higher, and as it is."""
    sample, modifiers = compared.sample, compared.rank[:, None]
    given = compared.numbers.value, sample.exposure, sample.covariates, modifiers, 1.0
    return standardised_shift(*given, binary=compared.binary, weights=sample.weights)


def _change(rows: Rows, compared: _Compared, at: str, reference: str) -> None:
    """The slope index in both arms, and their difference."""
    sample = compared.sample
    ranks = Ranks.of(compared.rank, sample.weights)
    size: dict[str, Any] = {"n": sample.n, "events": compared.numbers.events, "at": at, "reference": reference}
    for method, (exposed, unexposed) in _slopes(compared, ranks):
        parts = {"slope_index_difference": exposed - unexposed}
        if not sample.continuous:
            parts |= {"slope_index_exposed": exposed, "slope_index_unexposed": unexposed}
        for estimand, estimate in parts.items():
            rows.add(estimand, method, compared.shown(sample.sampling.interval(estimate)), **size)


def _slopes(compared: _Compared, ranks: Ranks) -> Iterator[tuple[str, Pair]]:
    sample, y, a = compared.sample, compared.numbers.value, compared.sample.exposure
    if not sample.continuous:
        yield "crude", (rank_line(y, ranks, a == 1).slope, rank_line(y, ranks, a == 0).slope)
    family = family_of(compared.binary)
    model = OutcomeModel(y, a, sample.covariates, compared.rank[:, None], family, sample.weights)
    levels = (a + 1, a) if sample.continuous else (np.ones(sample.n), np.zeros(sample.n))
    if not all(model.determines(level) for level in levels):
        raise ModelError(
            "the data do not tell how the exposure acts along the rank",
            where=compared.where,
            fix="Remove covariates, or leave the study out.",
        )
    yield "standardisation", (standardised_slope(model, levels[0], ranks), standardised_slope(model, levels[1], ranks))


def _exp(sampling: Sampling, log_ratio: Estimate) -> Interval:
    return sampling.interval(log_ratio).exp()
