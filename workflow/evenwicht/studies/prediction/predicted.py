"""What one model predicts of the people: in folds, and in-sample."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.estimators.cross_validation import HeldOut, held_out
from evenwicht.estimators.influence import Estimate
from evenwicht.estimators.regression import Fit, fit_model
from evenwicht.results.questions import Predictors
from evenwicht.studies.prediction.people import People


@dataclass(frozen=True)
class Predicted:
    """What one model predicts of n people.

    Attributes
    ----------
    held
        Predictions of people by the others, for each dealing of folds.
    fit, design
        The model of everybody, and its design, (n, k).
    """

    held: list[HeldOut]
    fit: Fit
    design: Floats


def predict(people: People, model: Predictors, where: str) -> Predicted:
    """Fit a model to everybody, and to all folds but one in turn.

    Raises
    ------
    ModelError
        If a column follows from others, or outcomes are predicted without error.
    """
    design = people.design(model, where)
    held = [held_out(people.value, design, folds, where) for folds in people.folds]
    return Predicted(held, fit_model("binomial", people.value, design), design)


def mean_estimate(parts: Sequence[Estimate]) -> Estimate:
    """Mean of the same estimate by several dealings of folds."""
    influence = np.asarray(np.mean([part.influence for part in parts], axis=0))
    reason = next((part.reason for part in parts if part.reason), "")
    return Estimate(float(np.mean([part.value for part in parts])), influence, reason)
