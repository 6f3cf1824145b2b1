"""Rows of what it does to flag people: at each cut of risk, or by a yes/no score."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from evenwicht.estimators.cross_validation import spanned
from evenwicht.estimators.flagging import Rates, cut_rates, held_out_cut_rates, net_benefit, observed_rates
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.results import Interval
from evenwicht.results.questions import Predictors
from evenwicht.results.rows import Rows
from evenwicht.studies.prediction.people import People
from evenwicht.studies.prediction.predicted import Predicted, mean_estimate

PER = 1000
OBSERVED, CROSS = "observed", "cross_validated"
NO_BENEFIT_INTERVAL = "its threshold of risk is an estimate as well"
Told = dict[str, Estimate]


def add_flags(rows: Rows, people: People, model: Predictors, predicted: Predicted, cuts: Sequence[float]) -> None:
    """Add rows at each cut; those with a yes/no score alone are one group, without a cut."""
    cases, size = people.value, {"n": people.n, "events": people.events}
    if len(model.scores) == 1 and not model.covariates:
        score = people.scores[model.scores[0]]
        if np.isin(score, (0.0, 1.0)).all():
            for estimand, estimate in _told(observed_rates(cases, score)).items():
                _add(rows, estimand, OBSERVED, _share(people, estimate), {**size, "at": ""})
            return
    prevalence = float(cases.mean())
    for cut in cuts:
        about: dict[str, Any] = {**size, "at": f"{cut:g}"}
        several = [held_out_cut_rates(one, cases, cut) for one in predicted.held]
        held, apparent = [_told(rates) for rates, _ in several], _told(cut_rates(predicted.fit.fitted, cases, cut)[0])
        for estimand, estimate in apparent.items():
            mean = mean_estimate([told[estimand] for told in held])
            _add(rows, estimand, CROSS, spanned(_share(people, mean), _share(people, estimate)), about)
        benefits = {
            "net_benefit": [rates.net_benefit(threshold) for rates, threshold in several],
            "net_benefit_all": [net_benefit(prevalence, 1 - prevalence, threshold) for _, threshold in several],
        }
        for estimand, values in benefits.items():
            rows.add(estimand, CROSS, Interval(float(np.mean(values))).bare(NO_BENEFIT_INTERVAL), **about)


def _told(rates: Rates) -> Told:
    """Shares by estimand; those of all people are told per 1,000."""
    return {
        "sensitivity": rates.sensitivity,
        "specificity": rates.specificity,
        "positive_predictive_value": rates.positive_predictive_value,
        "negative_predictive_value": rates.negative_predictive_value,
        "flagged_well": rates.positive_predictive_value.complement(),
        "false_positives": rates.false_positives,
        "missed_cases": rates.missed,
    }


def _share(people: People, estimate: Estimate) -> Interval:
    return people.sampling.risk_interval(estimate)


def _add(rows: Rows, estimand: str, method: str, share: Interval, about: dict[str, Any]) -> None:
    if estimand in ("false_positives", "missed_cases"):
        estimate, se, lower, upper = (PER * number for number in (share.estimate, share.se, share.lower, share.upper))
        share = Interval(estimate, se, lower, upper, share.reason)
    rows.add(estimand, method, share, **about)
