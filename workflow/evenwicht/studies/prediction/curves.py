"""Curves of a prediction, cross-validated: ROC, calibration by tenths of risk, and net benefit by threshold."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats
from evenwicht.estimators.calibration import tenths
from evenwicht.estimators.cross_validation import HeldOut
from evenwicht.estimators.discrimination import roc_points
from evenwicht.estimators.flagging import net_benefit
from evenwicht.estimators.influence import Sampling, sample_mean
from evenwicht.results.rows import Rows
from evenwicht.studies.prediction.people import People

FALSE_POSITIVES = np.linspace(0, 1, 101)
THRESHOLDS = 60  # of risk, from nearly none to that which almost nobody has


def add_curves(rows: Rows, people: People, held: Sequence[HeldOut]) -> None:
    """Add the curves of one model; of several dealings of folds, ROC is averaged and the others show the first."""
    cases, risk = people.value == 1, held[0].risk
    roc = [roc_points(one.log_odds, cases, one.folds, FALSE_POSITIVES) for one in held]
    rows.curve("roc", pd.DataFrame({"x": FALSE_POSITIVES, "estimate": np.mean(roc, axis=0)}))
    rows.curve("calibration", _calibration(people, risk))
    rows.curve("net_benefit", _net_benefit(people.value, risk))


def _calibration(people: People, risk: Floats) -> pd.DataFrame:
    """Mean predicted and observed risk in each tenth of predicted risk, with the 95% interval of the observed."""
    part, points = tenths(risk), []
    for k in np.unique(part):
        inside = part == k
        clusters = None if people.sampling.codes is None else people.sampling.codes[inside]
        observed = sample_mean(people.value[inside])
        interval = Sampling(int(inside.sum()), clusters).risk_interval(observed)
        points.append((risk[inside].mean(), interval.estimate, interval.lower, interval.upper, inside.sum()))
    return pd.DataFrame(points, columns=["x", "estimate", "lower", "upper", "people"])


def _net_benefit(cases: Floats, risk: Floats) -> pd.DataFrame:
    """Net benefit of flagging whoever has at least each risk, and of flagging everybody."""
    thresholds = np.linspace(0.005, float(np.quantile(risk, 0.995)), THRESHOLDS)
    prevalence = float(cases.mean())
    flagged = risk >= thresholds[:, None]
    found, false = (flagged * cases).mean(axis=1), (flagged * (1 - cases)).mean(axis=1)
    benefit = [net_benefit(*point) for point in zip(found, false, thresholds, strict=True)]
    everybody = [net_benefit(prevalence, 1 - prevalence, float(t)) for t in thresholds]
    return pd.DataFrame({"x": thresholds, "estimate": benefit, "everybody": everybody})
