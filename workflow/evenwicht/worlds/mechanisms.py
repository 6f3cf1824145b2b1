"""The few mechanisms that all worlds are built from: thresholds, onset of disease, attendance, error, follow-up."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from evenwicht.base.arrays import Flags, Floats
from evenwicht.worlds.mechanism_settings import Accuracy, Onset
from evenwicht.worlds.scm import Noise

SIGN = {"harmful": 1.0, "beneficial": 1.0, "null": 0.0, "reversed": -1.0}
YEAR = 365.25  # days


def propensity(noise: Noise, *causes: tuple[float, Floats], between: float = 0.0) -> Floats:
    """Standard normal number with the given weights on standard normal causes.

    Parameters
    ----------
    noise
        Source of the person's own part.
    causes
        Pairs of a weight and an (n,) array.
    between
        Correlation of the first two causes with each other; all others are independent.
    """
    weights = [weight for weight, _ in causes]
    shared = 2 * between * weights[0] * weights[1] if between else 0.0
    own = np.sqrt(1 - sum(weight**2 for weight in weights) - shared)
    return np.asarray(sum(weight * cause for weight, cause in causes) + own * noise.normal())


def above(prevalence: Any, score: Floats) -> Flags:
    """Whether a standard normal score passes the threshold that leaves `prevalence` above it."""
    return np.asarray(score > ndtri(1 - np.asarray(prevalence)))


def chance_above(prevalence: float, score: Floats, correlation: float) -> Floats:
    """Chance that a propensity correlated with a standard normal score passes the threshold of its prevalence."""
    spread = np.sqrt(1 - correlation**2)
    return np.asarray(ndtr((ndtri(prevalence) + correlation * score) / spread))


def takes_part(noise: Noise, share: float, *habits: tuple[float, Floats], lowered: Floats | float = 0.0) -> Flags:
    """Whether people take part: a propensity tied to their habits, lowered for some, passes the bar of a share."""
    return above(share, propensity(noise, *habits) - lowered)


def calendar_month(born: pd.DatetimeIndex) -> pd.Categorical:
    """Calendar month of each date, such as 1953-09, (n,)."""
    months, code = np.unique(12 * born.year + born.month - 1, return_inverse=True)
    labels = [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in months]
    return pd.Categorical.from_codes(code, pd.Index(labels))  # type: ignore[arg-type]  # an array is a sequence


def onset_age(noise: Noise, onset: Onset, log_hazard: Floats | float = 0.0, entry: Floats | float = 0.0) -> Floats:
    """Gompertz age at onset of people free of it at entry, by inversion of the cumulative hazard (Bender 2005)."""
    cumulative = onset.shape * noise.exponential() / (onset.rate * np.exp(log_hazard))
    return np.asarray(np.log(np.exp(onset.shape * np.asarray(entry)) + cumulative) / onset.shape)


def cumulative_hazard(onset: Onset, age: Any) -> Any:
    """Gompertz cumulative hazard from birth to an age, at a log hazard of 0."""
    return onset.rate / onset.shape * np.expm1(onset.shape * np.asarray(age))


def onset_risk(onset: Onset, log_hazard: Floats, age: Floats | float) -> Floats:
    """Probability of onset by an age in the absence of death."""
    return np.asarray(-np.expm1(-cumulative_hazard(onset, age) * np.exp(log_hazard)))


def mean_free_years(onset: Onset, log_hazard: Floats, age: float) -> Floats:
    """Restricted mean time free of disease up to an age, years, by Gauss-Legendre quadrature with 24 nodes."""
    nodes, weights = np.polynomial.legendre.leggauss(24)
    free = np.zeros(len(log_hazard))
    hazard = np.exp(log_hazard)
    for node, weight in zip(nodes, weights, strict=True):
        free += weight * np.exp(-cumulative_hazard(onset, age * (node + 1) / 2) * hazard)
    return free * age / 2


def recorded(noise: Noise, truth: Flags, accuracy: Accuracy) -> Flags:
    """A yes/no state as it is measured."""
    draw = noise.uniform()
    return np.where(truth, draw < accuracy.sensitivity, draw >= accuracy.specificity)


def with_error(noise: Noise, truth: Floats, sigma: float, reliability: float) -> Floats:
    """A measurement whose share `reliability` of variance is that of the truth, whose SD is `sigma`."""
    return truth + sigma * np.sqrt(1 / reliability - 1) * noise.normal()


def followed(ids: NDArray[Any], event: str, onset: Floats, entry: Floats | float, until: Floats) -> pd.DataFrame:
    """Events of people followed from entry to the event or to `until`; those who leave before entry are absent."""
    table = pd.DataFrame(
        {
            "id": ids,
            "event": event,
            "entry_age": np.broadcast_to(np.asarray(entry, dtype=float), np.shape(until)),
            "exit_age": np.minimum(onset, until),
            "status": (onset <= until).astype(float),
        }
    )
    return table[table["exit_age"] > table["entry_age"]]


def attendance(ids: NDArray[Any], wave: str, age: Floats | float, due: Flags, assessed: Flags) -> pd.DataFrame:
    """Attendance at one wave of those due: 1 if assessed, empty if not."""
    value = np.where(assessed, 1.0, np.nan)
    table = pd.DataFrame({"id": ids, "wave": wave, "age": age, "measure": "attendance", "value": value})
    return table[due]


def sex(male: Flags) -> pd.Categorical:
    """Sex as the persons table holds it."""
    return pd.Categorical(np.where(male, "male", "female"), categories=["female", "male"])


def costs(ids: NDArray[Any], use: Floats, sectors: list[str], window: str) -> pd.DataFrame:
    """Long table of costs from the use of every sector, (n, sectors)."""
    wide = pd.DataFrame(use, columns=sectors, index=pd.Index(ids, name="id"))
    long = wide.melt(ignore_index=False, var_name="sector", value_name="amount").reset_index()
    return long.assign(window=window)[["id", "sector", "window", "amount"]]
