"""How sure a Gini coefficient, a Lorenz curve, a top share or the multi-sector group is, without resampling.

Standard errors come from influence functions (linearisation; Deville 1999, Survey Methodology 25:193), so that a cohort
is sorted once. Thresholds and ranks are estimates themselves: their part of the error is in every influence function.
Limits are those of a normal approximation, with clusters of a t distribution, on the logit scale and lie inside 0..1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import special

from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.estimators.concentration import thresholds
from evenwicht.estimators.influence import ONE_CLUSTER, Estimate, Sampling
from evenwicht.estimators.results import Z95, Interval, t_quantile

ROUNDING = 1e-12  # of a share: nearer than this to nobody or everybody is either
WITHOUT_ERROR = "everybody or nobody is counted, so that the spread over people is zero"


@dataclass(frozen=True)
class LorenzCurve:
    """Share of use by the people with least use, with pointwise limits; each as long as the grid of people."""

    share: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class _Cut:
    """Where a share of people ends in their order.

    Attributes
    ----------
    start, end
        Places of the people who stand on the cut: of one, or of all who are ranked alike.
    inside
        Share of those who lie below it.
    use
        Share of all use below it.
    margin
        Mean use, over that of everybody, of the people at the cut.
    """

    start: int
    end: int
    inside: float
    use: float
    margin: float


class Order:
    """People in ascending order of a number, sorted once for all that is ranked by it.

    Parameters
    ----------
    by : (n,) array
        The number.
    weights : (n,) array, optional
        Probability weights.
    use
        Whether the number is the use that is ranked. Those without any need no sorting then, and how people alike in it
        are ordered makes no difference.

    Attributes
    ----------
    places : (n,) array
        Of people, in order.
    weight : (n,) array
        Shares of all weight, in order.
    people : (n + 1,) array
        Shares of all weight of nobody, the first, the first two and so on.
    starts : (m + 1,) array or None
        Where people with another number begin, and n; None for use itself.
    """

    def __init__(self, by: Floats, weights: Floats | None = None, *, use: bool = False) -> None:
        self.by = by
        self.weights = np.ones(len(by)) if weights is None else weights
        self.total = float(self.weights.sum())
        self.places = _users_in_order(by) if use else np.argsort(by)
        self.weight = self.weights[self.places] / self.total
        self.people = _cumulated(self.weight)
        self.starts: Ints | None = None
        if not use:
            ranks = by[self.places]
            self.starts = np.flatnonzero(np.concatenate([[True], ranks[1:] != ranks[:-1], [True]]))


class Ranked:
    """Use of people in an order: by their use itself, or by anything else.

    Parameters
    ----------
    amounts : (n,) array
        Use, none negative, not all of it zero.
    by : (n,) array or Order, optional
        What people are ranked by; those alike share their ranks, and lie below a cut among them in equal parts. Use
        itself if left out.
    weights : (n,) array, optional
        Probability weights; an `Order` has its own.

    Attributes
    ----------
    n
        People.
    mean
        Mean use.
    """

    def __init__(self, amounts: Floats, by: Floats | Order | None = None, weights: Floats | None = None) -> None:
        if not isinstance(by, Order):
            by = Order(amounts, weights, use=True) if by is None else Order(by, weights)
        self.n = len(amounts)
        self._amounts, self._order = amounts, by
        self.mean = float(by.weights @ amounts) / by.total
        self._use = amounts[by.places] / self.mean
        self._below = _cumulated(by.weight * self._use)
        if by.starts is not None and len(by.starts) <= self.n:
            self._below = np.interp(by.people, by.people[by.starts], self._below[by.starts])

    def index(self) -> Estimate:
        """Concentration index, or, of people ranked by use itself, the Gini coefficient: without small-sample factor.

        The Gini coefficient's influence function is that of Langel and Tille 2013, JRSS A 176:521; that of the index
        follows in the same way, with the rank as an estimate.
        """
        moved = self._use * self._middle(self._order.people)
        product = float(self._order.weight @ moved)
        index = 2 * product - 1
        moved -= self._middle(self._below)
        moved *= 2
        moved -= (index + 1) * self._use
        moved += 2 * (1 - 2 * product) + index + 1
        moved /= self._order.total
        influence = np.empty(self.n)
        influence[self._order.places] = moved
        return Estimate(index, influence)

    def _middle(self, cumulated: Floats) -> Floats:
        """Middle of what is cumulated over people alike; alike in use makes no difference to what follows from it."""
        if self._order.starts is None:
            return np.asarray((cumulated[1:] + cumulated[:-1]) / 2)
        ends = cumulated[self._order.starts]
        return np.repeat((ends[1:] + ends[:-1]) / 2, np.diff(self._order.starts))

    def users(self) -> Estimate:
        """Share of people with any use."""
        used = (self._amounts > 0).astype(float)
        share = float(self._order.weights @ used) / self._order.total
        used -= share
        used /= self._order.total
        return Estimate(share, used)

    def top(self, share: float) -> Estimate:
        """Share of all use by the last `share` of people in the order."""
        cut = self._cut(1 - share)
        at = self._order.by[self._order.places[cut.start]]
        below = (self._order.by < at).astype(float)
        if self._order.starts is not None:
            below[self._order.by == at] = cut.inside
        moved = (cut.use - below) * (self._amounts / self.mean)
        below -= 1 - share
        moved += cut.margin * below
        moved /= self._order.total
        return Estimate(1 - cut.use, moved)

    def _cut(self, p: float) -> _Cut:
        start = self._reached(p)
        end = start + 1
        if self._order.starts is not None:
            place = int(np.searchsorted(self._order.starts, start, side="right"))
            start, end = int(self._order.starts[place - 1]), int(self._order.starts[place])
        people = self._order.people[end] - self._order.people[start]
        inside = float(np.clip((p - self._order.people[start]) / people, 0, 1))
        use = float(self._below[start] + inside * (self._below[end] - self._below[start]))
        return _Cut(start, end, inside, use, self._margin(p, start, end))

    def _reached(self, p: float) -> int:
        """How many people lie below a share of them; the next one lies on it."""
        return max(min(int(np.searchsorted(self._order.people, p + ROUNDING, side="right")) - 1, self.n - 1), 0)

    def _margin(self, p: float, start: int, end: int) -> float:
        """Mean use of the people at a share of them: of those alike, or, if they are few, of those around."""
        if self._order.starts is None:
            return float(self._use[start])
        reach = min(max(0.1 * (1000 / self.n) ** 0.2, 0.01), p, 1 - p)
        people = float(self._order.people[end] - self._order.people[start])
        if people >= reach:
            return float(self._below[end] - self._below[start]) / people
        below, above = np.interp([p - reach, p + reach], self._order.people, self._below)
        return float(above - below) / (2 * reach)

    def curve(self, grid: Floats, sampling: Sampling | None = None) -> LorenzCurve:
        """Lorenz or concentration curve with pointwise 95% limits; both lie within 0 and 1.

        The influence of a person with amount y on the ordinate at p with quantile q is p q - (q - y)+ - L(p) y, over
        the mean (Beach and Davidson 1983, Review of Economic Studies 50:723). Of people drawn alone its variance needs
        sums of y and y squared up to each quantile only; with clusters it is summed by cluster at every point.

        Parameters
        ----------
        grid : (m,) array
            Shares of people, 0 to 1.
        sampling
            How people were drawn: alone, if left out. There are no limits where everybody is in one cluster.
        """
        sampling = sampling or Sampling(self.n, weights=self._order.weights)
        cuts = [self._cut(p) for p in grid]
        share = np.array([cut.use for cut in cuts])
        known = (grid > 0) & (grid < 1) & ((share > 0) | (self._order.starts is not None))
        error = np.zeros(len(grid))
        if sampling.codes is None:
            error[known] = self._errors_alone(grid, cuts)[known]
        else:
            error[known] = [sampling.standard_error(self.top(1 - p).influence) for p in grid[known]]
        reach = t_quantile(sampling.df) * error if sampling.df else np.full(len(grid), np.nan)
        return LorenzCurve(share, np.maximum(share - reach, 0), np.minimum(share + reach, 1))

    def _errors_alone(self, grid: Floats, cuts: list[_Cut]) -> Floats:
        """Standard errors of a curve at each point, if people were drawn alone."""
        share, margin, inside = (np.array([getattr(c, name) for c in cuts]) for name in ("use", "margin", "inside"))
        ends = np.unique([0, self.n, *(c.start for c in cuts), *(c.end for c in cuts)])
        weight = self._order.weight
        own = weight * self._use
        parts = [slice(*pair) for pair in pairwise(ends.tolist())]
        sums = np.cumsum(
            [[0.0] * 3] + [[weight[k] @ weight[k], weight[k] @ own[k], own[k] @ own[k]] for k in parts],
            axis=0,
        )
        first, last = (sums[np.searchsorted(ends, [getattr(c, name) for c in cuts])] for name in ("start", "end"))
        variance = np.zeros(len(grid))
        for counted, part in ((1.0, first), (inside, last - first), (0.0, sums[-1] - last)):
            by_use, constant = counted - share, (grid - counted) * margin
            variance += by_use**2 * part[:, 2] + 2 * by_use * constant * part[:, 1] + constant**2 * part[:, 0]
        return np.sqrt(np.maximum(variance, 0) * self.n / (self.n - 1))

    def unrelated(self, grid: Floats) -> Floats:
        """Half width of the pointwise 95% band of a concentration curve around equality if the order tells nothing.

        That of a share of a finite sample drawn at random: p (1 - p) times the squared spread of use over the mean.
        """
        spread = float(np.sum(self._order.weight**2 * (self._use - 1) ** 2))
        return np.asarray(Z95 * np.sqrt(grid * (1 - grid) * spread))


def _users_in_order(amounts: Floats) -> Ints:
    """Places of people in ascending order of use, of which only that of users needs sorting."""
    users = np.flatnonzero(amounts)
    return np.concatenate([np.flatnonzero(amounts == 0), users[np.argsort(amounts[users])]])


def _cumulated(values: Floats) -> Floats:
    """Sums of none, the first, the first two and so on, (n + 1,)."""
    sums = np.zeros(len(values) + 1)
    np.cumsum(values, out=sums[1:])
    return sums


class HighNeed:
    """Who has high need in which sector, and what moves when the thresholds do.

    A sector's threshold moves with the sample. It lets people at the margin of the top group in or out. Their number
    and use, for a step of the top share of one standard error to either side, is the derivative by the top share; times
    the influence of a person on the realised top share it joins the influence function. Where users, or the equal
    amounts at the cut, outnumber the step, the threshold does not move and nothing is added.

    Parameters
    ----------
    amounts : sequence of (n,) arrays
        Use of each sector, every one used by somebody. They are not copied.
    top_share
        Share of people with high need in a sector.
    weights : (n,) array, optional
        Probability weights.

    Attributes
    ----------
    flags
        For each sector, (n,) flags of high need.
    reached : (n,) array
        Number of sectors with high need.
    patterns : (m, sectors) array
        The combinations of sectors with high need that occur.
    codes : (n,) array
        Combination of each person.
    shares : (sectors,) array
        Share of people with high need, which equal use at the cut makes smaller than `top_share`.
    margins, width
        For each sector the places of the people whom a step of the threshold lets in or out, and twice that step of
        the top share.
    """

    def __init__(self, amounts: Sequence[Floats], top_share: float, weights: Floats | None = None) -> None:
        n = len(amounts[0])
        self.amounts, self.top_share = amounts, top_share
        weight = np.ones(n) if weights is None else weights
        self.total = float(weight.sum())
        self.weight = weight / self.total
        step = float(np.sqrt(top_share * (1 - top_share) * (self.weight @ self.weight)))
        smaller, larger = max(top_share - step, 0.0), min(top_share + step, 1.0)
        self.width = larger - smaller
        self.flags, self.margins = list[Flags](), list[Ints]()
        for column in amounts:
            least, cut, most = thresholds(column, [larger, top_share, smaller], weights)
            self.flags.append(column > cut)
            self.margins.append(np.flatnonzero((column > least) & (column <= most)))
        self.codes, self.patterns = _combinations(self.flags)
        self.reached: Ints = self.patterns.sum(axis=1, dtype=np.int8)[self.codes]
        self.shares = np.bincount(self.codes, self.weight) @ self.patterns

    def members(self, at_least: int) -> Flags:
        """Who has high need in at least so many sectors, (n,)."""
        return np.asarray(self.reached >= at_least)

    def size(self, at_least: int) -> Estimate:
        """Their share of all people."""
        return self._share(self._numbers() >= at_least, None)

    def use_share(self, at_least: int, sector: int) -> Estimate:
        """Their share of a sector's use."""
        return self._share(self._numbers() >= at_least, sector)

    def exactly(self, count: int) -> Estimate:
        """Share of people with high need in just so many sectors."""
        return self._share(self._numbers() == count, None)

    def _numbers(self) -> Ints:
        return np.arange(len(self.flags) + 1)

    def _share(self, counts: Flags, sector: int | None) -> Estimate:
        """Share of people, or of a sector's use, of those whose number of sectors counts: (sectors + 1,) flags."""
        counted = counts.astype(float)
        held = self.held(self.codes, sector)
        member = counted[self.patterns.sum(axis=1)]
        share = float(held @ member / held.sum())
        pressure = np.zeros(len(self.flags))
        for j, (flags, margin) in enumerate(zip(self.flags, self.margins, strict=True)):
            others = self.reached[margin] - flags[margin]
            pressure[j] = self.let_in(j, np.diff(counted)[others], sector) / held.sum()
        return self.estimate(share, self.codes, member - share, -(self.patterns - self.shares) @ pressure, sector)

    def held(self, cells: Ints, sector: int | None) -> Floats:
        """Share of people, or mean use of a sector, by cell: (cells,) of (n,) codes."""
        each = self.weight if sector is None else self.weight * self.amounts[sector]
        return np.asarray(np.bincount(cells, each), dtype=float)

    def let_in(self, sector: int, joins: Floats, use: int | None) -> float:
        """Derivative by the top share of a sector: of people, or of use, if those at its margin count so much each."""
        margin = self.margins[sector]
        each = self.weight[margin] if use is None else self.weight[margin] * self.amounts[use][margin]
        return float(each @ joins) / self.width

    def estimate(self, value: float, cells: Ints, own: Floats, shift: Floats, sector: int | None) -> Estimate:
        """With influences that two numbers by cell give: what one times own use, or one person, adds, and a shift."""
        if sector is None:
            return Estimate(value, ((own + shift) / self.total)[cells])
        amounts = self.amounts[sector]
        influence = (own / (self.total * float(self.weight @ amounts)))[cells]
        influence *= amounts
        influence += (shift / self.total)[cells]
        return Estimate(value, influence)


def _combinations(flags: Sequence[Flags]) -> tuple[Ints, Flags]:
    """Code of each person's combination of flags, (n,), and the combinations that occur, (m, sectors)."""
    codes, patterns = np.zeros(len(flags[0]), dtype=np.intp), np.zeros((1, 0), dtype=bool)
    for column in flags:
        codes *= 2
        codes += column
        present = np.bincount(codes, minlength=2 * len(patterns)) > 0
        codes = (np.cumsum(present) - 1)[codes]
        grown = np.column_stack([np.repeat(patterns, 2, axis=0), np.tile([False, True], len(patterns))])
        patterns = grown[present]
    return codes, patterns


def share_interval(sampling: Sampling, estimate: Estimate) -> Interval:
    """Interval of a number between 0 and 1; without limits at the ends, where the spread over people is zero."""
    value = float(estimate.value)
    se, reason = _judged(sampling, estimate)
    if reason or not ROUNDING < value < 1 - ROUNDING:
        return Interval(value).bare(reason or WITHOUT_ERROR)
    centre, reach = special.logit(value), t_quantile(sampling.df) * se / (value * (1 - value))
    lower, upper = special.expit([centre - reach, centre + reach])
    return Interval(value, se, float(lower), float(upper))


def difference_interval(sampling: Sampling, estimate: Estimate) -> Interval:
    """Symmetric interval of an index or a difference."""
    se, reason = _judged(sampling, estimate)
    if reason:
        return Interval(float(estimate.value)).bare(reason)
    return Interval.student(estimate.value, se, sampling.df)


def ratio_interval(sampling: Sampling, estimate: Estimate) -> Interval:
    """Interval of a ratio, on the log scale."""
    log = estimate.log()
    se, reason = _judged(sampling, log)
    if reason:
        return Interval(float(estimate.value)).bare(reason)
    return Interval.student(log.value, se, sampling.df).exp()


def _judged(sampling: Sampling, estimate: Estimate) -> tuple[float, str]:
    """Standard error, of people drawn alone with the divisor n - 1 as that of a mean; and why there is none."""
    if estimate.reason:
        return np.nan, estimate.reason
    if sampling.df == 0:
        return np.nan, ONE_CLUSTER
    n = len(estimate.influence)
    factor = np.sqrt(n / (n - 1)) if sampling.codes is None else 1.0
    se = float(factor * sampling.standard_error(estimate.influence))
    return se, "" if se > 0 else WITHOUT_ERROR
