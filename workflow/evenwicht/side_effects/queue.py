"""Waiting in closed form: arrivals at random (Poisson), exponential service, c servers, M/M/c.

First come, first served by Erlang's formulas (Kleinrock 1975, Queueing Systems 1, section 3.5); non-preemptive priority
by Cobham 1954 (Operations Research 2:70). Rates and times are in one unit of time, of the caller's choice.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import ModelError

WHERE = "queue"
TERMS = 40  # of the sum that inverts a transform: the error is near 1e-8
AVERAGED = 12  # partial sums over which Euler's average goes
DISCRETE = 18.4  # the discretisation error is exp of minus this, 1e-8


def erlang_b(offered: float, servers: int) -> float:
    """Return the probability that an arrival finds all servers busy and is lost (Erlang B, M/M/c/c).

    Parameters
    ----------
    offered
        Offered load in erlangs: arrival rate times mean service time. It may exceed the servers.
    servers
        Number of servers c.

    Raises
    ------
    ModelError
        If the offered load is negative or there is no server.

    >>> round(erlang_b(3, 4), 4)
    0.2061
    """
    _must_be_a_queue(offered, servers)
    lost = 1.0
    for k in range(1, servers + 1):
        lost = offered * lost / (k + offered * lost)
    return lost


def erlang_c(offered: float, servers: int) -> float:
    """Return the probability that an arrival has to wait (Erlang C, M/M/c); arguments as of `erlang_b`.

    Raises
    ------
    ModelError
        As `erlang_b` does, and if the load reaches 1.
    """
    load = _steady(offered, servers)
    lost = erlang_b(offered, servers)
    return lost / (1 - load * (1 - lost))


def mean_wait(rate: float, service: float, servers: int) -> float:
    """Return the mean wait until service starts, first come, first served; that of all arrivals, also those at once.

    Parameters
    ----------
    rate
        Arrivals per unit of time.
    service
        Mean service time.
    servers
        Number of servers.

    Raises
    ------
    ModelError
        As `erlang_c` does, and if the service time is not above 0.
    """
    return erlang_c(rate * service, servers) / (_pace(service, servers) - rate)


def wait_exceeds(rate: float, service: float, servers: int, limit: ArrayLike) -> Floats:
    """Return the probability of waiting longer than each limit, of its shape, first come, first served.

    Arguments and errors as of `mean_wait`; a limit is a time of 0 or more.
    """
    return erlang_c(rate * service, servers) * np.exp(-(_pace(service, servers) - rate) * _limits(limit))


def priority_waits(rates: ArrayLike, service: float, servers: int) -> Floats:
    """Return the mean wait of each class, (k,), under non-preemptive priority (Cobham 1954).

    A server that comes free takes whoever has waited longest in the first class that has somebody waiting; service that
    has begun is not broken off.

    Parameters
    ----------
    rates : (k,) array
        Arrivals of each class per unit of time, the class that goes first being first.
    service
        Mean service time, the same in all classes.
    servers
        Number of servers.

    Raises
    ------
    ModelError
        If a rate is negative, there is no server, or the load of all classes together reaches 1.

    >>> priority_waits([1, 2], 1, 4).round(4).tolist()
    [0.1698, 0.6792]
    """
    before, upto, waiting = _classes(rates, service, servers)
    return waiting / _pace(service, servers) / ((1 - before) * (1 - upto))


def priority_exceeds(rates: ArrayLike, service: float, servers: int, limit: ArrayLike) -> Floats:
    """Return the probability that each class waits longer than each limit, (k, ...), under non-preemptive priority.

    Given that all servers are busy, the work of the own and higher classes ahead is exponential, and each higher
    arrival meanwhile adds a busy period of M/M/1 (Davis 1966, Operations Research 14:133; Kella and Yechiali 1985,
    Stochastic Models 1:257). The transform is inverted by Euler's sum (Abate and Whitt 1995, ORSA Journal on Computing
    7:36), exact to about 1e-7.
    Arguments and errors as of `priority_waits` and `wait_exceeds`.
    """
    limits = _limits(limit)
    before, upto, waiting = _classes(rates, service, servers)
    pace = _pace(service, servers)
    chances = [_outlasts(pace, first * pace, pace * (1 - own), limits) for first, own in zip(before, upto, strict=True)]
    return waiting * np.array(chances)


def conserved_wait(rates: ArrayLike, waits: ArrayLike) -> float:
    """Return the mean wait over all arrivals of all classes, both (k,).

    With one mean service time it is the same under any rule that looks at no service time and lets no server idle
    while somebody waits (Kleinrock 1965, Naval Research Logistics Quarterly 12:181): priority moves waiting about.
    """
    return float(np.average(np.asarray(waits, dtype=float), weights=np.asarray(rates, dtype=float)))


def spread_factor(cv2: float) -> float:
    """Return by what the waits of M/M/c are multiplied where service times have another spread.

    Exact with one server (Pollaczek and Khinchine), an approximation with more (Lee and Longton 1959, Operational
    Research Quarterly 10:56). `cv2` is the squared coefficient of variation of service times: 1 if exponential.

    Raises
    ------
    ModelError
        If it is negative.
    """
    if not cv2 >= 0:
        raise ModelError(f"the squared coefficient of variation is {cv2:g}", where=WHERE, fix="It is 0 or more.")
    return (1 + cv2) / 2


def _must_be_a_queue(offered: float, servers: int) -> None:
    if not (offered >= 0 and servers >= 1 and servers == int(servers)):
        raise ModelError(
            f"{offered:g} erlangs are offered to {servers:g} servers",
            where=WHERE,
            fix="Rates and times are 0 or more, and there is a whole number of servers, 1 or more.",
        )


def _pace(service: float, servers: int) -> float:
    """Rate at which servers come free while all are busy."""
    if not service > 0:
        raise ModelError(f"the mean service time is {service:g}", where=WHERE, fix="It is above 0.")
    return servers / service


def _steady(offered: float, servers: int) -> float:
    """Load per server, below 1."""
    _must_be_a_queue(offered, servers)
    load = offered / servers
    if load >= 1:
        raise ModelError(
            f"the load is {load:.3g}, so that the line grows without end and no mean wait exists",
            where=WHERE,
            fix="Lower the load below 1, or simulate a finite time in which some of those who wait leave.",
        )
    return load


def _classes(rates: ArrayLike, service: float, servers: int) -> tuple[Floats, Floats, float]:
    """Load of the classes before each, (k,), and with its own, (k,); and the chance that all servers are busy."""
    each = np.asarray(rates, dtype=float)
    if not (each >= 0).all():
        raise ModelError(f"a class has {each.min():g} arrivals", where=WHERE, fix="Rates are 0 or more.")
    upto = np.cumsum(each) * service / servers
    waiting = erlang_c(float(each.sum()) * service, servers)
    return np.concatenate([[0.0], upto[:-1]]), upto, waiting


def _limits(limit: ArrayLike) -> Floats:
    limits = np.asarray(limit, dtype=float)
    if not (limits >= 0).all():
        raise ModelError(f"a limit of waiting is {limits.min():g}", where=WHERE, fix="Times are 0 or more.")
    return limits


def _outlasts(pace: float, higher: float, left: float, limits: Floats) -> Floats:
    """Probability that one who has to wait does so longer than each limit.

    `pace` is the rate at which servers come free, `higher` the rate of arrivals that go first, and `left` the rate of
    the exponential time that the work found ahead takes.
    """
    if higher == 0:
        return np.exp(-left * limits)

    def transform(s: NDArray[np.complex128]) -> NDArray[np.complex128]:
        root = np.sqrt((s + higher + pace) ** 2 - 4 * higher * pace)
        busy = (s + higher + pace - root) / (2 * higher)
        seen = s + higher * (1 - busy)
        return seen / (left + seen) / s

    times = np.where(limits > 0, limits, 1.0)
    terms = np.arange(TERMS + AVERAGED)
    at = (DISCRETE + 2j * np.pi * terms) / (2 * times[..., None])
    parts = (-1.0) ** terms * transform(at).real
    parts[..., 0] /= 2
    sums = np.cumsum(parts, axis=-1)[..., TERMS - 1 :]
    weights = np.array([1.0])
    for _ in range(AVERAGED):
        weights = np.convolve(weights, [0.5, 0.5])
    chance = np.exp(DISCRETE / 2) / times * (sums @ weights)
    return np.where(limits > 0, np.clip(chance, 0.0, 1.0), 1.0)
