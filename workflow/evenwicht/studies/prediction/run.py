"""Estimate how well scores and covariates tell an outcome, of people who were not seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import DataError, ModelError
from evenwicht.base.outcomes import MultiSectorOutcome
from evenwicht.cohort import Cohort
from evenwicht.estimators.calibration import (
    brier,
    calibration_in_the_large,
    calibration_line,
    explained_variance,
    liability_r_squared,
    tjur,
)
from evenwicht.estimators.cross_validation import held_out_log_odds, held_out_means
from evenwicht.estimators.discrimination import auc_estimate
from evenwicht.estimators.influence import Estimate, sample_mean
from evenwicht.estimators.regression import Fit, fit_model
from evenwicht.estimators.results import Interval
from evenwicht.results.questions import NO_SECTOR, Predictors
from evenwicht.results.rows import FAILED, Findings, Rows
from evenwicht.studies.prediction import ELSE, Settings
from evenwicht.studies.prediction.curves import add_curves
from evenwicht.studies.prediction.flags import add_flags
from evenwicht.studies.prediction.people import People, draw_people
from evenwicht.studies.study import Job

CROSS, APPARENT, DELONG = "cross_validated", "apparent", "delong"


@dataclass(frozen=True)
class Predicted:
    """What one model predicts of n people.

    Attributes
    ----------
    log_odds
        For each dealing of folds, of everybody by the others, (n,).
    fit, design
        The model of everybody.
    areas
        Area under the curve: cross-validated, and in-sample.
    """

    log_odds: list[Floats]
    fit: Fit
    design: Floats
    areas: tuple[Estimate, Estimate]


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Fit each model to each outcome.

    Methods in the rows: `cross_validated` predicts people from the others, in folds; `apparent` predicts them by the
    model that was fitted to them too, which overstates; `delong` takes one score as it is; `observed` tells a yes/no
    score. The reference of rows is everybody else, or those without high need in any sector.

    Curves: `roc`, `calibration` and `net_benefit` of each model, cross-validated.
    """
    for name in study.outcomes:
        references = [ELSE, NO_SECTOR] if isinstance(book.outcomes[name], MultiSectorOutcome) else [ELSE]
        for reference in references:
            _outcome(study, cohort, book, found, job, name, reference)


def _outcome(
    study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job, name: str, reference: str
) -> None:
    where = f"cohort {book.cohort}, study {found.study}, {name} against {reference}"
    models = study.models(book)
    try:
        people = draw_people(study, cohort, book, name, reference, job, where)
    except (DataError, ModelError) as error:
        if found.strict:
            raise
        for model in models:
            Rows(found, name, model.key, reference).add("auc", FAILED, Interval.not_estimable(error.what))
        return
    Rows(found, name, "", reference).flow(people.flow)
    alone = None
    for model in models:
        estimand = "auc" if people.binary else "r_squared"
        with found.part(name, model.key, reference, estimand=estimand) as rows:
            if not people.binary:
                _spread(rows, people, model, where, last=model is models[-1])
                continue
            predicted = _predicted(people, model, where)
            _areas(rows, people, model, predicted, alone)
            alone = predicted if not model.scores else alone
            if reference == ELSE:
                _risks(rows, people, predicted, last=model is models[-1])
                risks = [expit(one) for one in predicted.log_odds]
                add_flags(rows, people, model, risks, study.cuts)
                if rows.wants_curves:
                    add_curves(rows, people, risks)


def _predicted(people: People, model: Predictors, where: str) -> Predicted:
    design, cases = people.design(model, where), people.value == 1
    log_odds = [held_out_log_odds(people.value, design, folds, where) for folds in people.folds]
    fit = fit_model("binomial", people.value, design)
    held = mean_estimate([auc_estimate(one, cases, f, where) for one, f in zip(log_odds, people.folds, strict=True)])
    return Predicted(log_odds, fit, design, (held, auc_estimate(fit.fitted, cases, where=where)))


def mean_estimate(parts: Sequence[Estimate]) -> Estimate:
    """Mean of the same estimate by several dealings of folds."""
    influence = np.mean([part.influence for part in parts], axis=0)
    reason = next((part.reason for part in parts if part.reason), "")
    return Estimate(float(np.mean([part.value for part in parts])), influence, reason)


def _areas(rows: Rows, people: People, model: Predictors, predicted: Predicted, alone: Predicted | None) -> None:
    """Areas under the curve, and what scores add to that of the covariates.

    Where little is told, the cross-validated area varies more than its influence says, because the direction of a
    weak model differs from draw to draw, and the in-sample area is too high. The interval spans the limits of both.
    """
    size: dict[str, Any] = {"n": people.n, "events": people.events}
    held, apparent = predicted.areas
    rows.add("auc", CROSS, spanned(people, held, apparent), **size)
    rows.add("auc", APPARENT, people.sampling.interval(apparent).bare(OVERSTATED), **size)
    if len(model.scores) == 1 and not model.covariates:
        rows.add("auc", DELONG, people.sampling.interval(apparent), **size)
    if model.scores and model.covariates and alone is not None:
        gain = spanned(people, held - alone.areas[0], apparent - alone.areas[1])
        rows.add("auc_increment", CROSS, gain, **size)
        more = Interval((apparent - alone.areas[1]).value).bare(OVERSTATED)
        rows.add("auc_increment", APPARENT, more, **size)


OVERSTATED = "in-sample: it overstates what the model tells of others"


def spanned(people: People, held: Estimate, apparent: Estimate) -> Interval:
    """Interval of a held-out estimate that reaches to the limits of the in-sample one as well."""
    one, other = (people.sampling.interval(part) for part in (held, apparent))
    if one.reason:
        return one
    limits = np.array([one.lower, one.upper, other.lower, other.upper, other.estimate])
    return Interval(one.estimate, one.se, float(np.nanmin(limits)), float(np.nanmax(limits)))


def _risks(rows: Rows, people: People, predicted: Predicted, *, last: bool) -> None:
    """Whether risks come true, and how much of the variance they take."""
    value = people.value
    size: dict[str, Any] = {"n": people.n, "events": people.events}

    def over(what: Callable[[Floats], Estimate]) -> Estimate:
        return mean_estimate([what(one) for one in predicted.log_odds])

    error = over(lambda one: brier(expit(one), value))
    told = {
        "brier_score": error,
        "r_squared": explained_variance(error, value),
        "liability_r_squared": liability_r_squared(error, value),
        "tjur_r_squared": over(lambda one: tjur(expit(one), value, predicted.fit, predicted.design)),
        "calibration_slope": over(lambda one: calibration_line(one, value)[1]),
        "calibration_intercept": over(lambda one: calibration_line(one, value)[0]),
        "calibration_in_the_large": over(lambda one: calibration_in_the_large(one, value)),
    }
    if last:
        told["residual_share"] = told["r_squared"].complement()
    for estimand, estimate in told.items():
        rows.add(estimand, CROSS, people.sampling.interval(estimate), **size)


def _spread(rows: Rows, people: People, model: Predictors, where: str, *, last: bool) -> None:
    """What is left of the variance of a number."""
    design, value = people.design(model, where), people.value
    if not np.ptp(value):
        raise ModelError("the outcome does not vary", where=where, fix="Leave it out.")
    errors = [sample_mean((value - held_out_means(value, design, folds)) ** 2) for folds in people.folds]
    error = mean_estimate(errors)
    explained = explained_variance(error, value)
    rows.add("r_squared", CROSS, people.sampling.interval(explained), n=people.n)
    if last:
        rows.add("residual_share", CROSS, people.sampling.interval(explained.complement()), n=people.n)
        root = float(np.sqrt(error.value))
        spread = Estimate(root, error.influence / (2 * root))
        rows.add("residual_sd", CROSS, people.sampling.interval(spread), n=people.n)
