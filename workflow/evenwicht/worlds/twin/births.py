"""When people of a twin are born."""

import numpy as np
from scipy.special import ndtr

from evenwicht.base.arrays import Floats
from evenwicht.worlds.calendar import Calendar
from evenwicht.worlds.twin.settings import Births


def calendar_of(births: Births) -> Calendar:
    """Return the periods of birth."""
    return Calendar([*births.periods, births.end])


def decided(births: Births, name: str, days: Floats) -> Floats:
    """Return what a date of birth, in days since 1970, makes a column, (n,), of those among whom it does."""
    one = births.decides[name]
    return calendar_of(births).decided(one.values, one.flag, days)


def days_at(births: Births, normal: Floats) -> Floats:
    """Return the days since 1970, (n,), that standard normal numbers stand for: dates are even within periods."""
    starts, upto = calendar_of(births).starts, _upto(births)
    share = ndtr(normal)
    period = np.searchsorted(upto[1:-1], share, side="right")
    within = (share - upto[period]) / (upto[period + 1] - upto[period])
    days = starts[period] + np.floor(within * (starts[period + 1] - starts[period]))
    return np.asarray(np.minimum(days, starts[period + 1] - 1))


def share_born_by(births: Births, days: Floats) -> Floats:
    """Return the share of people born up to the middle of each day, (n,)."""
    period, within = calendar_of(births).place_of(days + 0.5)
    upto = _upto(births)
    return np.asarray(upto[period] + within * (upto[period + 1] - upto[period]))


def _upto(births: Births) -> Floats:
    shares = np.array(list(births.periods.values()), dtype=float)
    return np.concatenate([[0.0], np.cumsum(shares) / shares.sum()])
