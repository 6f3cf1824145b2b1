"""Rose’s comparison in a ledger: a programme for those at the highest risk, or a shift of everybody’s risk."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags
from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import Outcome
from evenwicht.cohort import Cohort
from evenwicht.estimators.discrimination import area_under
from evenwicht.estimators.influence import combined
from evenwicht.estimators.predicted_risks import LEAST_SHRINKAGE, PredictedRisks, shrinkage
from evenwicht.estimators.regression import fit_model, with_intercept
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
from evenwicht.results.questions import HighRisk
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.changes import METHOD
from evenwicht.studies.ledger import AT_LEAST, AT_MOST, Settings
from evenwicht.studies.measures import PER, number_needed
from evenwicht.studies.samples import Response, Sample, draw_sample, response
from evenwicht.studies.sides import Side

SHIFTS = np.linspace(0.0, 0.5, 21)  # of everybody, in standard deviations of the predicted risk
AREAS = np.linspace(0.51, 0.95, 45)  # under the ROC curve
HARDLY_PREDICTED = "the risk is too hard to predict: predicted risks would spread less in other people than in these"


def tell_few_or_all(
    study: Settings,
    cohort: Cohort,
    book: Codebook,
    found: Findings,
    side: Side,
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
