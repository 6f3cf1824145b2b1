"""What each change over all is worth, to whom, and what it returns."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Floats, Labels
from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import NumberOutcome
from evenwicht.cohort import Cohort
from evenwicht.estimators.influence import Estimate, Sampling, combined
from evenwicht.estimators.results import Interval
from evenwicht.levers.figures import ENDS, Point
from evenwicht.money.appraisal import DEADWEIGHTS
from evenwicht.money.cost_effectiveness import acceptability, quadrants
from evenwicht.money.discounting import Schedule
from evenwicht.money.payers import BOTH, COLUMNS, SOCIETY
from evenwicht.money.prices import CURRENCIES
from evenwicht.money.public_funds import public_funds
from evenwicht.money.returns import IN_MILLIONS, STATE, Returns, Worked
from evenwicht.results.rows import Findings, Rows
from evenwicht.studies.changes import METHOD
from evenwicht.studies.clusters import cluster_support
from evenwicht.studies.money import Bought, Settings
from evenwicht.studies.money.accounting import Accounting
from evenwicht.studies.regimes import People, Regimes, family_for
from evenwicht.studies.samples import response
from evenwicht.studies.sides import Drawing, Side, sides_of
from evenwicht.studies.study import Job

JOINT = "joint_draws"
FROM_DRAWS = ("paid_back", "public_funds")
RATES = np.linspace(0.0, 0.10, 41)  # of the curve of present values
NOT_ALL = "a change of an outcome with a price could not be estimated"
NO_MONEY = "nothing that it changes has a price, and its cost is not known"
CASES = "cases"


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Estimate what each change does to each outcome, and tell it as money where there is a price.

    Changes are those of a ledger: standardised over everybody, with a log-linear model of use and counts. Those of all
    outcomes of one change share their people, so that money over several outcomes has its error from how they vary
    together. What is no smooth function of them follows from joint draws (`joint_draws`).
    """
    sides, accounting = sides_of(study, cohort, book), Accounting.of(study, book)
    drawing = Drawing(study, cohort, book, sides, [] if study.by is None else [study.by])
    money = f"million {CURRENCIES[study.country]} at {study.price_year} prices over 100,000 births"
    found.units |= dict.fromkeys(COLUMNS, money)
    found.units |= {name: CASES for name in study.outcomes if not isinstance(book.outcomes[name], NumberOutcome)}
    for side in sides:
        changes = dict[str, _Change]()
        for name in study.outcomes:
            where = f"cohort {book.cohort}, study {found.study}, {side.exposure} on {name}"
            estimand, factor = accounting.told_as(name)
            with found.part(name, side.exposure, side.reference, estimand=estimand) as rows:
                sample = drawing.sample(side, name, where)
                rows.flow(sample.flow)
                changes[name] = change = _Change.of(People.of(sample, side, cohort, study.by), side, factor)
                rows.add(estimand, METHOD, change.interval, n=sample.n, events=change.events)
        with found.part(SOCIETY, side.exposure, side.reference, estimand="present_value") as rows:
            if not changes or not set(study.worth) <= set(changes):
                rows.add("present_value", METHOD, Interval.not_estimable(NOT_ALL), at=study.rates)
                continue
            books = _Books.of(study, accounting, side, changes, job.stream(f"money {side.exposure} {side.reference}"))
            if books.returns.worked.account:
                _tell(rows, books, study.bought, judged=job.judged)
            else:
                rows.add("present_value", METHOD, Interval.not_estimable(NO_MONEY), at=study.rates)


@dataclass(frozen=True)
class _Change:
    """What a change does to one outcome of each birth.

    Attributes
    ----------
    people
        In whom it was estimated.
    estimate
        Mean after less before, in the unit of the outcome.
    events
        People with the event, of a risk.
    interval
        As it is told: over 100,000 births, or as a mean, as far as clusters and events carry it.
    """

    people: People
    estimate: Estimate
    events: int | None
    interval: Interval

    @classmethod
    def of(cls, people: People, side: Side, factor: float) -> "_Change":
        sample = people.sample
        numbers = response(sample.outcome, sample.weights)
        regimes = Regimes.of(people, side, numbers.value, family_for(sample.outcome))
        before, after = regimes.means(None if people.among.all() else people.among)
        change = after - before
        over_all = sample.sampling.interval(combined(factor * change.value, (factor, change)))
        events = numbers.support(sample.arms)
        return cls(people, change, numbers.events, events.of(cluster_support(sample).of(over_all)))


@dataclass(frozen=True)
class _Books:
    """The account of one change, with the changes of outcomes that fill it.

    Attributes
    ----------
    accounting, side
        How accounts are kept, and what is changed.
    thirds, weights
        Of those among whom it is changed, by which its cost is counted, (n,) each.
    returns
        The account as it was estimated.
    reason
        Why nothing has an interval, if the change of an outcome has none.
    """

    accounting: Accounting
    side: Side
    thirds: Labels
    weights: Floats
    returns: Returns
    reason: str

    @classmethod
    def of(
        cls,
        study: Settings,
        accounting: Accounting,
        side: Side,
        changes: dict[str, _Change],
        rng: np.random.Generator,
    ) -> "_Books":
        bought = [study.bought.outcome] if study.bought and study.bought.outcome in changes else []
        used = [changes[name] for name in (*study.worth, *bought)]
        people = next(iter(changes.values())).people
        weights = (np.ones(people.sample.n) if people.sample.weights is None else people.sample.weights) * people.among
        estimates, sampling = _together(used or list(changes.values()))
        account = accounting.account(side.exposure, side.package, people.thirds, weights)
        last = estimates[-1] if bought else None
        returns = Returns(Worked(account, accounting.schedules), estimates[: len(study.worth)], sampling, rng, last)
        reason = next((change.interval.reason for change in used if change.interval.reason), "")
        return cls(accounting, side, people.thirds, weights, returns, reason)

    @property
    def n(self) -> int:
        """People in whom any of the changes was estimated."""
        return len(self.returns.sampling.weights)

    def shown(self, interval: Interval) -> Interval:
        """The interval as far as the changes carry one."""
        return interval.bare(self.reason) if self.reason else interval

    def at_end(self, name: str, point: Point) -> Returns:
        """The same with one price, or the cost, at an end of what is known of it."""
        ends = {name: point}
        account = self.accounting.account(self.side.exposure, self.side.package, self.thirds, self.weights, ends)
        return replace(self.returns, worked=replace(self.returns.worked, account=account))


def _together(changes: Sequence[_Change]) -> tuple[list[Estimate], Sampling]:
    """Estimates of several samples with their influence on all who are in any of them, and how these were drawn."""
    rows = np.array([change.people.sample.rows for change in changes])
    anybody = np.asarray(rows.any(axis=0))
    weights, labels, clustered = np.ones(len(anybody)), np.empty(len(anybody), dtype=object), False
    estimates = list[Estimate]()
    for change in changes:
        sample = change.people.sample
        influence = np.zeros(len(anybody))
        influence[sample.rows] = change.estimate.influence
        estimates.append(replace(change.estimate, influence=influence[anybody]))
        if sample.weights is not None:
            weights[sample.rows] = sample.weights
        if sample.clusters is not None:
            labels[sample.rows], clustered = sample.clusters, True
    return estimates, Sampling(int(anybody.sum()), labels[anybody] if clustered else None, weights[anybody])


def _tell(rows: Rows, books: _Books, bought: Bought | None, *, judged: bool) -> None:
    """Add every number; what no true value judges only if it is wanted."""
    returns, worked = books.returns, books.returns.worked
    for asked in worked.asked():
        method = JOINT if asked.estimand in FROM_DRAWS else METHOD
        interval = books.shown(returns.interval(asked))
        rows.add(asked.estimand, method, interval, n=books.n, at=asked.at, outcome=asked.column)
    if judged:
        return
    if worked.account.outlays is not None:
        spent = float(IN_MILLIONS * worked.factors(worked.convention) @ worked.account.spent(STATE))
        rows.diagnose("outlay", METHOD, spent, outcome=STATE, at=worked.convention)
    if books.reason:
        return
    if returns.effects:
        _tell_chances(rows, books)
    _tell_ends(rows, books)
    _tell_curves(rows, books)
    if bought is not None and returns.bought is not None and worked.account.outlays:
        _tell_bought(rows, books, bought)


def _tell_chances(rows: Rows, books: _Books) -> None:
    """Add how often draws gain, and what raising taxes may lose."""
    returns, worked = books.returns, books.returns.worked
    told = {(column, "chance_gain"): returns.gains(column) for column in BOTH}
    told |= {(c, "without_rate"): returns.without_rate(c) for c in BOTH if (worked.account.spent(c) < 0).any()}
    if (worked.account.spent(STATE) < 0).any():
        funds = returns.public_funds
        told |= {(STATE, "pays_for_itself"): funds.pays_for_itself, (STATE, "saves_and_hurts"): funds.saves_and_hurts}
        for share in DEADWEIGHTS:
            rows.diagnose("deadweight", METHOD, returns.with_deadweight(share), n=books.n, at=f"{100 * share:g}")
    for (column, statistic), share in told.items():
        rows.diagnose(statistic, JOINT, share, outcome=column, n=books.n, at=worked.convention)


def _tell_ends(rows: Rows, books: _Books) -> None:
    """Add the present value at both ends of what is known of each price, and of the cost."""
    convention = books.returns.worked.convention
    for name in books.accounting.swept(books.side.exposure, books.side.package):
        for column in BOTH:
            values = [
                books.at_end(name, point).present_value(column, books.returns.worked.factors(convention)).estimate
                for point in ENDS
            ]
            for statistic, value in zip(("value_at_least", "value_at_most"), sorted(values), strict=True):
                rows.diagnose(statistic, METHOD, value, outcome=column, at=name, n=books.n)


def _tell_curves(rows: Rows, books: _Books) -> None:
    """Add the present value by the discount rate, and what has come in by each age."""
    if not rows.wants_curves:
        return
    returns, account = books.returns, books.returns.worked.account
    for column in BOTH:
        by_rate = [
            returns.present_value(column, Schedule.constant(float(rate)).factors(account.times)) for rate in RATES
        ]
        rows.curve("value_by_rate", _points(100 * RATES, by_rate).assign(column=column))
        summed = np.tri(len(account.times)) * returns.worked.factors(returns.worked.convention)
        by_age = [returns.present_value(column, factors) for factors in summed]
        rows.curve("value_by_age", _points(account.ends, by_age).assign(column=column))


def _points(x: Floats, intervals: Sequence[Interval]) -> pd.DataFrame:
    """Points of a curve; a value that is known is its own limit."""
    points = pd.DataFrame([{"estimate": one.estimate, "lower": one.lower, "upper": one.upper} for one in intervals])
    return points.assign(x=x, **{end: points[end].fillna(points["estimate"]) for end in ("lower", "upper")})


def _tell_bought(rows: Rows, books: _Books, bought: Bought) -> None:
    """Add where draws lie on the plane of what is bought and what it costs the state, and how often it is worth it."""
    returns = books.returns
    sign = 1.0 if bought.better == "higher" else -1.0
    effects, costs = sign * returns.draws_bought, returns.worked.funds(returns.draws)[1]
    one = public_funds(costs, effects)  # the order is the same: with no gain, what it costs is without end
    rows.diagnose("cost_for_one", JOINT, Interval(one.value, lower=one.lower, upper=one.upper), outcome=bought.outcome)
    for name, share in asdict(quadrants(effects, costs)).items():
        rows.diagnose(name, JOINT, share, outcome=bought.outcome, n=books.n)
    if rows.wants_curves:
        gained, spent = float(np.median(np.abs(effects))), float(np.median(np.abs(costs)))
        most = 4 * spent / gained
        thresholds = np.linspace(0.0, float(f"{most:.1g}"), 41)
        none = np.zeros(len(effects))
        chosen = acceptability(np.column_stack([none, effects]), np.column_stack([none, costs]), thresholds)[:, 1]
        curve = pd.DataFrame({"x": thresholds, "estimate": chosen}).assign(outcome=bought.outcome)
        rows.curve("acceptability", curve)
