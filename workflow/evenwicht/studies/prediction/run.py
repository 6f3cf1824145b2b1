"""Estimate how well scores and covariates tell an outcome, of people who were not seen."""

from collections.abc import Mapping
from typing import Any

import numpy as np

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
from evenwicht.estimators.cross_validation import held_out_means, spanned
from evenwicht.estimators.discrimination import auc_estimate
from evenwicht.estimators.influence import Estimate, sample_mean
from evenwicht.estimators.regression import fit_model
from evenwicht.estimators.results import Interval
from evenwicht.results.questions import NO_SECTOR, Predictors
from evenwicht.results.rows import FAILED, Findings, Rows
from evenwicht.studies.prediction import ELSE, Settings
from evenwicht.studies.prediction.curves import add_curves
from evenwicht.studies.prediction.flags import add_flags
from evenwicht.studies.prediction.people import People, draw_people
from evenwicht.studies.prediction.predicted import Predicted, mean_estimate, predict
from evenwicht.studies.study import Job

CROSS, APPARENT, DELONG = "cross_validated", "apparent", "delong"
OVERSTATED = "in-sample: it overstates what the model tells of others"
SAME_PEOPLE = "the model is fitted to the same people in other folds, so that their chance errors cancel"


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
    models, alone = study.models(book), None
    try:
        people = draw_people(study, cohort, book, name, reference, job, where)
    except (DataError, ModelError) as error:
        if found.strict:
            raise
        for model in models:
            Rows(found, name, model.key, reference).add("auc", FAILED, Interval.not_estimable(error.what))
        return
    for model in models:
        last = model is models[-1]
        with found.part(name, model.key, reference, estimand="auc" if people.binary else "r_squared") as rows:
            rows.flow(people.flow)
            if not people.binary:
                _spread(rows, people, model, where, last=last)
                continue
            predicted = predict(people, model, where)
            areas = _areas(rows, people, model, predicted, alone)
            alone = areas if not model.scores else alone
            if reference == ELSE:
                _risks(rows, people, predicted, last=last)
                add_flags(rows, people, model, predicted, study.cuts)
                if rows.wants_curves:
                    add_curves(rows, people, predicted.held)


def _areas(
    rows: Rows, people: People, model: Predictors, predicted: Predicted, alone: tuple[Estimate, Estimate] | None
) -> tuple[Estimate, Estimate]:
    """Add areas under the curve, and what scores add to that of the covariates; return them held-out and in-sample."""
    size: dict[str, Any] = {"n": people.n, "events": people.events}
    cases, interval = people.value == 1, people.sampling.interval
    held = mean_estimate([auc_estimate(one.log_odds, cases, one.folds) for one in predicted.held])
    apparent = auc_estimate(predicted.fit.fitted, cases)
    rows.add("auc", CROSS, spanned(interval(held), interval(apparent)), **size)
    rows.add("auc", APPARENT, Interval(apparent.value).bare(OVERSTATED), **size)
    if len(model.scores) == 1 and not model.covariates:
        rows.add("auc", DELONG, interval(apparent), **size)
    if model.scores and model.covariates and alone is not None:
        gain, seen = held - alone[0], apparent - alone[1]
        rows.add("auc_increment", CROSS, spanned(interval(gain), interval(seen)), **size)
        rows.add("auc_increment", APPARENT, Interval(seen.value).bare(OVERSTATED), **size)
    return held, apparent


def _risks(rows: Rows, people: People, predicted: Predicted, *, last: bool) -> None:
    """Whether risks come true, and how much of the variance they take."""
    value, held, fit = people.value, predicted.held, predicted.fit
    size: dict[str, Any] = {"n": people.n, "events": people.events}

    def taken(error: Estimate) -> Mapping[str, Estimate]:
        explained = explained_variance(error, value)
        told = {"brier_score": error, "r_squared": explained, "liability_r_squared": liability_r_squared(error, value)}
        return {**told, "residual_share": explained.complement()} if last else told

    apart = mean_estimate([tjur(one.risk, value, fit, predicted.design) for one in held])
    unseen = {**taken(mean_estimate([brier(one.risk, value) for one in held])), "tjur_r_squared": apart}
    seen = {**taken(brier(fit.fitted, value)), "tjur_r_squared": tjur(fit.fitted, value, fit, predicted.design)}
    for estimand in unseen:
        limits = [people.sampling.interval(part[estimand]) for part in (unseen, seen)]
        rows.add(estimand, CROSS, spanned(*limits), **size)
    lines = [calibration_line(one.log_odds, value) for one in held]
    calibrations = {
        "calibration_slope": [slope for _, slope in lines],
        "calibration_intercept": [intercept for intercept, _ in lines],
        "calibration_in_the_large": [calibration_in_the_large(one.log_odds, value) for one in held],
    }
    for estimand, parts in calibrations.items():
        mean = mean_estimate(parts)
        bare = Interval.not_estimable(mean.reason) if np.isnan(mean.value) else Interval(mean.value).bare(SAME_PEOPLE)
        rows.add(estimand, CROSS, bare, **size)


def _spread(rows: Rows, people: People, model: Predictors, where: str, *, last: bool) -> None:
    """What is left of the variance of a number."""
    design, value = people.design(model, where), people.value
    if not np.ptp(value):
        raise ModelError("the outcome does not vary", where=where, fix="Leave it out.")
    errors = [sample_mean((value - held_out_means(value, design, folds)) ** 2) for folds in people.folds]
    seen = sample_mean((value - fit_model("gaussian", value, design).fitted) ** 2)
    pair = [mean_estimate(errors), seen]
    told = {"r_squared": [explained_variance(error, value) for error in pair]}
    if last:
        told["residual_share"] = [explained.complement() for explained in told["r_squared"]]
        told["residual_sd"] = [_root(error) for error in pair]
    for estimand, parts in told.items():
        limits = [people.sampling.interval(part) for part in parts]
        rows.add(estimand, CROSS, spanned(*limits), n=people.n)


def _root(error: Estimate) -> Estimate:
    root = float(np.sqrt(error.value))
    return Estimate(root, error.influence / (2 * root) if root else error.influence)
