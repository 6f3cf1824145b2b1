"""True changes over all of exposures that are gone and of policies that are introduced, and which is larger."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.base.outcomes import UseOutcome, horizon_of
from evenwicht.estimators.concentration import gini, top_share_of_use
from evenwicht.estimators.inequality import slope_leverage
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.predicted_risks import LEAST_SHRINKAGE, PredictedRisks, shrinkage
from evenwicht.estimators.regression import fit_model, with_intercept
from evenwicht.estimators.rose import sensitivity, shift_that_averts
from evenwicht.levers.package import thirds_of
from evenwicht.levers.reach import THIRDS
from evenwicht.results.questions import Ledger
from evenwicht.worlds.changes import (
    Change,
    ChangedByLever,
    ChangedColumn,
    everybody_in,
    known_changes,
    ranks_along,
    weights_of,
)
from evenwicht.worlds.people import People
from evenwicht.worlds.prediction_truth import covariates_of
from evenwicht.worlds.world import PER, Row, row

FIFTH = 0.2


def ledger_rows(question: Ledger, people: People) -> Iterator[Row]:
    """Yield every change over all, and by how much each policy changes more than each exposure."""
    everybody = everybody_in(question, people)
    ranks = ranks_along(question.by, people, everybody)
    thirds = thirds_of(ranks, people.n)
    parts = [(thirds == third).astype(float) for third in THIRDS]
    leverage = None if ranks is None else slope_leverage(ranks)
    sides = list(known_changes(question, people, thirds))
    predictors = covariates_of(question.predictors, people) if question.high_risk else None
    exposed = people.values.get(question.exposed) if question.exposed else None
    for name in question.outcomes:
        natural, outcome = people.outcome(name), people.book.outcomes[name]
        if natural is None:
            continue
        risk, at = bool(natural.min() >= 0 and natural.max() <= 1), horizon_of(outcome)
        mean = float(np.average(natural, weights=everybody))
        spread = float(np.sqrt(np.average((natural - mean) ** 2, weights=everybody)))
        scale, estimand = (PER, "change_in_cases") if risk else (1 / spread, "change_in_sds")
        changes = dict[tuple[str, str], float]()
        for side, arms in sides:
            before, after = side.means(name, people, arms)
            w = weights_of(side, people, everybody)
            keys = {"outcome": name, "at": at, **side.keys}
            old, new = (float(w @ values / w.sum()) for values in (before, after))
            changes[side.keys["exposure"], side.keys["reference"]] = scale * (new - old)
            yield row(estimand, scale * (new - old), **keys)
            if leverage is not None:
                change = after - before
                if w is everybody:  # the slope is linear in the outcome
                    yield row("slope_over_all", float(leverage @ change), **keys)
                for k, within in enumerate(parts, start=1):
                    part = scale * float((w * within) @ change / (w @ within))
                    yield row(estimand, part, subgroup=f"{question.by}={k}of{len(THIRDS)}", **keys)
            if risk:
                yield row("ratio_over_all", new / old, **keys)
                yield row("fraction_over_all", 1 - new / old, **keys)
                if new != old:
                    yield row("number_over_all", 1 / abs(new - old), **keys)
                if exposed is not None:
                    yield from _doing_well(question, side, (before, after), w * exposed, keys)
            if isinstance(outcome, UseOutcome) and isinstance(side, ChangedColumn) and not side.contrast.continuous:
                yield row("gini_over_all", gini(after, w) - gini(before, w), **keys)
                tops = [top_share_of_use(values, FIFTH, w) for values in (before, after)]
                yield row("top_fifth_over_all", tops[1] - tops[0], **keys)
        if risk and predictors is not None:
            yield from _high_risk(question, natural, predictors, everybody, {"outcome": name, "at": at})
        introduced = [(one.exposure, one.reference) for one in question.policies]
        for policy in [*introduced, *((one.exposure, one.reference) for one in question.weighed)]:
            for exposure in question.exposures:
                pair = [policy, (exposure.exposure, exposure.reference)]
                if all(one in changes for one in pair):
                    apart = abs(changes[pair[0]]) - abs(changes[pair[1]])
                    keys = {"outcome": name, "exposure": policy[0], "reference": exposure.exposure}
                    yield row("cases_apart" if risk else "sds_apart", apart, at=at, **keys)


def _doing_well(
    question: Ledger, side: Change, arms: tuple[Floats, Floats], weights: Floats, keys: Mapping[str, Any]
) -> Iterator[Row]:
    """How many of the exposed do not become a case as things are, and how many more under a lever."""
    before, after = (float(weights @ values / weights.sum()) for values in arms)
    if isinstance(side, ChangedByLever):
        yield row("doing_well_added", before - after, **keys)
    elif side.contrast.column == question.exposed:
        yield row("doing_well", 1 - before, **keys)


def _high_risk(
    question: Ledger, chance: Floats, predictors: Floats, weights: Floats, keys: Mapping[str, Any]
) -> Iterator[Row]:
    """What programmes for those at the highest risk avert, by the same regression fitted to everybody.

    Where nothing predicts the outcome, no shift of predicted risks averts as many.
    """
    design = with_intercept(predictors)
    fit = fit_model("binomial", chance, design, weights)
    risks = PredictedRisks.of(fit, design)
    step, mean = risks.predictor_spread().value, risks.mean().value
    predicted = shrinkage(fit, Sampling(len(chance), weights=weights)) >= LEAST_SHRINKAGE
    finds = {share: sensitivity(risks, risks.predictor, share).value for share in {o.share for o in question.high_risk}}
    for one in question.high_risk:
        about = {**keys, "exposure": one.exposure, "reference": one.reference}
        fraction = one.strength * finds[one.share]
        averted = PER * fraction * mean
        yield row("change_in_cases", -averted, **about)
        yield row("fraction_over_all", fraction, **about)
        yield row("ratio_over_all", 1 - fraction, **about)
        if averted:
            yield row("number_over_all", PER / abs(averted), **about)
        yield row("sensitivity", finds[one.share], **about)
        shift = shift_that_averts(risks, step, averted)
        if predicted and not np.isnan(shift):
            yield row("equal_shift", shift, **about)
