"""Rows of what it does to flag people: at each cut of risk, or by a yes/no score."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.estimators.flagging import Rates, cut_rates, net_benefit, observed_rates, risk_at_cut
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.results import Interval
from evenwicht.results.questions import Predictors
from evenwicht.results.rows import Rows
from evenwicht.studies.prediction.people import People

PER = 1000
OBSERVED, CROSS = "observed", "cross_validated"
NO_BENEFIT_INTERVAL = "its threshold of risk is an estimate as well"


def add_flags(rows: Rows, people: People, model: Predictors, risks: Sequence[Floats], cuts: Sequence[float]) -> None:
    """Add rows at each cut; those with a yes/no score alone are one group, without a cut.

    `risks` are cross-validated, one array, (n,), for each dealing of folds.
    """
    if len(model.scores) == 1 and not model.covariates:
        score = people.scores[model.scores[0]]
        if np.isin(score, (0.0, 1.0)).all():
            _add_rates(rows, people, [observed_rates(people.value, score)], OBSERVED, "")
            return
    prevalence = float(people.value.mean())
    for cut in cuts:
        at, several, benefits = f"{cut:g}", [], []
        for risk, folds in zip(risks, people.folds, strict=True):
            rates, flags = cut_rates(risk, people.value, cut, folds)
            threshold = float(np.mean([risk_at_cut(risk[folds == f], flags[folds == f]) for f in np.unique(folds)]))
            several.append(rates)
            benefits.append((rates.net_benefit(threshold), net_benefit(prevalence, 1 - prevalence, threshold)))
        _add_rates(rows, people, several, CROSS, at)
        for estimand, value in zip(("net_benefit", "net_benefit_all"), np.mean(benefits, axis=0), strict=True):
            bare = Interval(float(value)).bare(NO_BENEFIT_INTERVAL)
            rows.add(estimand, CROSS, bare, n=people.n, events=people.events, at=at)


def _add_rates(rows: Rows, people: People, several: Sequence[Rates], method: str, at: str) -> None:
    """Add the mean of the rates by several dealings of folds."""
    shares = ("sensitivity", "specificity", "positive_predictive_value", "negative_predictive_value")
    told = {name: [getattr(rates, name) for rates in several] for name in shares}
    told["flagged_well"] = [one.complement() for one in told["positive_predictive_value"]]
    size: dict[str, Any] = {"n": people.n, "events": people.events, "at": at}
    for estimand, parts in told.items():
        rows.add(estimand, method, people.sampling.risk_interval(_mean(parts)), **size)
    for estimand, parts in {
        "false_positives": [rates.false_positives for rates in several],
        "missed_cases": [rates.missed for rates in several],
    }.items():
        share = people.sampling.risk_interval(_mean(parts))
        counted = Interval(PER * share.estimate, PER * share.se, PER * share.lower, PER * share.upper, share.reason)
        rows.add(estimand, method, counted, **size)


def _mean(parts: Sequence[Estimate]) -> Estimate:
    influence = np.asarray(np.mean([part.influence for part in parts], axis=0))
    return Estimate(float(np.mean([part.value for part in parts])), influence, next((p.reason for p in parts), ""))
