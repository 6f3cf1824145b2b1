"""How sure a Gini coefficient, a Lorenz curve, a top share or the multi-sector group is, without resampling.

Standard errors come from influence functions (linearisation; Deville 1999, Survey Methodology 25:193), so that a cohort
is sorted once. Thresholds and ranks are estimates themselves: their part of the error is in every influence function.
Limits are those of a normal approximation on the logit scale and lie inside 0..1.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.estimators.concentration import thresholds
from evenwicht.estimators.influence import Estimate, Sampling
from evenwicht.estimators.results import Z95, Interval

ROUNDING = 1e-12  # of a share: nearer than this to nobody or everybody is either
WITHOUT_ERROR = "everybody or nobody is counted, so that the spread over people is zero"


@dataclass(frozen=True)
class LorenzCurve:
    """Share of use by the people with least use, with pointwise limits; each as long as the grid of people."""

    share: Floats
    lower: Floats
    upper: Floats


class Ranked:
    """Use of people in an order: by their use itself, or by anything else.

    Parameters
    ----------
    amounts : (n,) array
        Use, none negative, not all of it zero.
    by : (n,) array, optional
        What people are ranked by; those alike share the middle of their ranks. Use itself if left out.
    weights : (n,) array, optional
        Probability weights.

    Attributes
    ----------
    mean
        Mean use.
    """

    def __init__(self, amounts: Floats, by: Floats | None = None, weights: Floats | None = None) -> None:
        self._order = np.argsort(amounts if by is None else by)
        self._by = None if by is None else by[self._order]
        self.n = len(amounts)
        weight = np.ones(self.n) if weights is None else weights[self._order]
        self._total = float(weight.sum())
        self._weight = weight / self._total
        self.mean = float(self._weight @ amounts[self._order])
        self._use = amounts[self._order] / self.mean

    @property
    def ordered(self) -> Floats:
        """Use in the order of the people."""
        return self._use * self.mean

    def index(self) -> Estimate:
        """Concentration index, or, of people ranked by use itself, the Gini coefficient: without small-sample factor.

        The Gini coefficient's influence function is that of Langel and Tille 2013, JRSS A 176:521; that of the index
        follows in the same way, with the rank as an estimate.
        """
        rank, above = self._middle(np.cumsum(self._weight), self._weight), self._rest()
        product = float(self._weight @ (self._use * rank))
        index: float = 2 * product - 1
        moved: Floats = 2 * (self._use * rank + above - 2 * product) - (index + 1) * (self._use - 1)
        return Estimate(index, self._in_place(moved))

    def _middle(self, cumulated: Floats, own: Floats) -> Floats:
        """Middle of what is cumulated over people alike; alike in use makes no difference to what follows from it."""
        if self._by is None:
            return np.asarray(cumulated - own / 2)
        starts = np.flatnonzero(np.append(True, self._by[1:] != self._by[:-1]))
        lengths = np.diff(np.append(starts, self.n))
        ends = cumulated[starts + lengths - 1]
        begins = np.append(0.0, ends[:-1])
        return np.repeat((begins + ends) / 2, lengths)

    def _rest(self) -> Floats:
        """Use of those above each, with half of those alike."""
        own = self._weight * self._use
        return 1 - self._middle(np.cumsum(own), own)

    def users(self) -> Estimate:
        """Share of people with any use."""
        used = self._use > 0
        share = float(self._weight @ used)
        return Estimate(share, self._in_place(used.astype(float) - share))

    def top(self, share: float) -> Estimate:
        """Share of all use by the last `share` of people in the order."""
        [(below, moved)] = self._ordinates(np.array([1 - share]))
        return Estimate(1 - below, self._in_place(-moved))

    def _ordinates(self, grid: Floats) -> Iterator[tuple[float, Floats]]:
        """Share of use by the first of the people, and the influence of each of them on it."""
        people = np.append(0.0, np.cumsum(self._weight))
        use = np.append(0.0, np.cumsum(self._weight * self._use))
        for p in grid:
            share, margin = float(np.interp(p, people, use)), self._at(p, people)
            below = np.arange(self.n) < self._reached(p, people)
            yield share, below * (self._use - margin) + p * margin - share * self._use

    def _reached(self, p: float, people: Floats) -> int:
        """How many people lie below a share of them; the next one lies on it."""
        return max(min(int(np.searchsorted(people, p + ROUNDING, side="right")) - 1, self.n - 1), 0)

    def _at(self, p: float, people: Floats) -> float:
        """Mean use of the people at a share of them: of one, or, ranked by something else, of those around."""
        place = self._reached(p, people)
        if self._by is None:
            return float(self._use[place])
        reach = min(max(0.1 * (1000 / self.n) ** 0.2, 0.01), p, 1 - p)
        around = slice(self._reached(p - reach, people), self._reached(p + reach, people) + 1)
        return float(np.average(self._use[around], weights=self._weight[around]))

    def curve(self, grid: Floats) -> LorenzCurve:
        """Lorenz or concentration curve with pointwise normal 95% limits; a Lorenz curve lies within 0 and 1.

        The influence of a person with amount y on the ordinate at p with quantile q is p q - (q - y)+ - L(p) y, over
        the mean (Beach and Davidson 1983, Review of Economic Studies 50:723). Its variance needs sums of y and y
        squared up to each quantile only.

        Parameters
        ----------
        grid : (m,) array
            Shares of people, 0 to 1.
        """
        people = np.append(0.0, np.cumsum(self._weight))
        share = np.interp(grid, people, np.append(0.0, np.cumsum(self._weight * self._use)))
        place = np.array([self._reached(p, people) for p in grid])
        margin = np.array([self._at(p, people) for p in grid])
        sums = [np.append(0.0, np.cumsum(self._weight**2 * self._use**k)) for k in range(3)]
        below = [total[place] for total in sums]
        above = [total[-1] - total[place] for total in sums]
        a, b = 1 - share, margin * (grid - 1)
        c, d = -share, margin * grid
        variance = a**2 * below[2] + 2 * a * b * below[1] + b**2 * below[0]
        variance += c**2 * above[2] + 2 * c * d * above[1] + d**2 * above[0]
        inside = (grid > 0) & (grid < 1) & ((share > 0) | (self._by is not None))
        error = np.where(inside, np.sqrt(np.maximum(variance, 0) * self.n / (self.n - 1)), 0.0)
        return LorenzCurve(share, np.maximum(share - Z95 * error, 0), np.minimum(share + Z95 * error, 1))

    def unrelated(self, grid: Floats) -> Floats:
        """Half width of the pointwise 95% band of a concentration curve around equality if the order tells nothing.

        That of a share of a finite sample drawn at random: p (1 - p) times the squared spread of use over the mean.
        """
        spread = float(np.sum(self._weight**2 * (self._use - 1) ** 2))
        return np.asarray(Z95 * np.sqrt(grid * (1 - grid) * spread))

    def _in_place(self, moved: Floats) -> Floats:
        """Influence in the order of the people given."""
        influence = np.empty(self.n)
        influence[self._order] = moved / self._total
        return influence


class HighNeed:
    """Who has high need in which sector, and what moves when the thresholds do.

    A sector's threshold moves with the sample. It lets people at the margin of the top group in or out. Their number
    and use, for a step of the top share of one standard error to either side, is the derivative by the top share; times
    the influence of a person on the realised top share it joins the influence function. Where users, or the equal
    amounts at the cut, outnumber the step, the threshold does not move and nothing is added.

    Parameters
    ----------
    amounts : sequence of (n,) arrays
        Use of each sector, every one used by somebody.
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
        step = float(np.sqrt(top_share * (1 - top_share) * np.sum(self.weight**2)))
        smaller, larger = max(top_share - step, 0.0), min(top_share + step, 1.0)
        self.width = larger - smaller
        self.flags, self.margins = list[Flags](), list[Ints]()
        for column in amounts:
            least, cut, most = thresholds(column, [larger, top_share, smaller], weights)
            self.flags.append(column > cut)
            self.margins.append(np.flatnonzero((column > least) & (column <= most)))
        self.reached: Ints = np.asarray(np.sum(self.flags, axis=0, dtype=np.int8))

    def members(self, at_least: int) -> Flags:
        """Who has high need in at least so many sectors, (n,)."""
        return np.asarray(self.reached >= at_least)

    def size(self, at_least: int) -> Estimate:
        """Their share of all people."""
        return self._estimate(self.members(at_least), None, self._entering(at_least))

    def use_share(self, at_least: int, sector: int) -> Estimate:
        """Their share of a sector's use."""
        return self._estimate(self.members(at_least), self.amounts[sector], self._entering(at_least))

    def _entering(self, at_least: int) -> list[Flags]:
        """Of each margin, who joins the group as they are let in."""
        return [self.reached[m] - self.flags[j][m] == at_least - 1 for j, m in enumerate(self.margins)]

    def exactly(self, count: int) -> Estimate:
        """Share of people with high need in just so many sectors."""
        members = np.asarray(self.reached == count)
        moving = []
        for j, margin in enumerate(self.margins):
            others = self.reached[margin] - self.flags[j][margin]
            moving.append((others == count - 1).astype(float) - (others == count))
        return self._estimate(members, None, moving)

    def _estimate(self, members: Flags, amounts: Floats | None, moving: Sequence[Floats | Flags]) -> Estimate:
        """Share of people, or of some use, by members; `moving` says who of each margin joins them as it is let in."""
        counted = np.ones(len(members)) if amounts is None else amounts / float(self.weight @ amounts)
        share = float(self.weight @ (members * counted))
        moved = (members - share) * counted
        for flags, margin, joins in zip(self.flags, self.margins, moving, strict=True):
            slope = float(self.weight[margin] @ (joins * counted[margin])) / self.width
            if slope:
                moved -= slope * (flags - float(self.weight @ flags))
        return Estimate(share, moved / self.total)


def share_interval(sampling: Sampling, estimate: Estimate) -> Interval:
    """Interval of a number between 0 and 1; without limits at the ends, where the spread over people is zero."""
    value = estimate.value
    se = _error(sampling, estimate)
    if not ROUNDING < value < 1 - ROUNDING or not se > 0:
        return Interval(float(value)).bare(estimate.reason or WITHOUT_ERROR)
    centre, reach = special.logit(value), Z95 * se / (value * (1 - value))
    lower, upper = special.expit([centre - reach, centre + reach])
    return Interval(float(value), float(se), float(lower), float(upper))


def difference_interval(sampling: Sampling, estimate: Estimate) -> Interval:
    """Symmetric interval of an index or a difference."""
    se = _error(sampling, estimate)
    if estimate.reason or not se > 0:
        return Interval(float(estimate.value)).bare(estimate.reason or WITHOUT_ERROR)
    return Interval.normal(estimate.value, se)


def ratio_interval(sampling: Sampling, estimate: Estimate) -> Interval:
    """Interval of a ratio, on the log scale."""
    log = estimate.log()
    se = _error(sampling, log)
    if log.reason or not se > 0:
        return Interval(float(estimate.value)).bare(log.reason or WITHOUT_ERROR)
    return Interval.normal(log.value, se).exp()


def _error(sampling: Sampling, estimate: Estimate) -> float:
    """Standard error; of people drawn alone with the divisor n - 1, as that of a mean."""
    n = len(estimate.influence)
    factor = np.sqrt(n / (n - 1)) if sampling.codes is None else 1.0
    return float(factor * sampling.standard_error(estimate.influence))
