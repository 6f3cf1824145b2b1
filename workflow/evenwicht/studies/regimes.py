"""Whom a change is counted over, and the mean outcome that a model leads to expect of them before and after it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evenwicht.base.arrays import Flags, Floats, Labels
from evenwicht.cohort import Cohort
from evenwicht.estimators.inequality import Ranks, slope_under, standardised_slope
from evenwicht.estimators.influence import Estimate, combined
from evenwicht.estimators.regression import Family
from evenwicht.estimators.standardisation import OutcomeModel, Regime
from evenwicht.levers.package import thirds_of
from evenwicht.levers.reach import THIRDS
from evenwicht.studies.samples import Sample
from evenwicht.studies.sides import Side, numbers_of
from evenwicht.studies.study import part_keys
from evenwicht.studies.values import MeanOutcome, TimedOutcome


@dataclass(frozen=True)
class People:
    """Those whom all sides are counted over.

    Attributes
    ----------
    sample
        As for any comparison.
    by
        Column of the rank, if there is one.
    ranks, rank
        Places along it, and its values, (n,).
    among
        Who of them a lever is introduced to, (n,) flags.
    exposed
        Of whom it is told how many do well, (n,) flags; None if of nobody.
    doing_well
        Column that says who is exposed.
    """

    sample: Sample
    by: str | None
    ranks: Ranks | None
    rank: Floats | None
    among: Flags
    exposed: Flags | None
    doing_well: str | None

    @classmethod
    def of(cls, sample: Sample, side: Side, cohort: Cohort, by: str | None, doing_well: str | None = None) -> "People":
        """People of a sample of a cohort."""
        ranks = None if by is None else numbers_of(cohort, by)
        exposed = None if doing_well is None else numbers_of(cohort, doing_well)
        rank = None if ranks is None else ranks[sample.rows]
        among = np.ones(sample.n, dtype=bool) if side.among is None else side.among[sample.rows]
        flags = None if exposed is None else among & (exposed[sample.rows] == 1)
        places = None if rank is None else Ranks.of(rank, sample.weights)
        return cls(sample, by, places, rank, among, flags, doing_well)

    @property
    def thirds(self) -> Labels:
        """Third of the rank of each, (n,)."""
        return thirds_of(self.ranks, self.sample.n)

    def parts(self) -> Iterator[tuple[str, Flags]]:
        """Yield the subgroup and the people of each third, of those whom the side is about."""
        if self.by is not None:
            for key, third in zip(part_keys(self.by, len(THIRDS)), THIRDS, strict=True):
                yield key, self.among & (self.thirds == third)


@dataclass(frozen=True)
class Regimes:
    """A model of the outcome, and the exposure of people before and after a change.

    Attributes
    ----------
    outcome : (n,) array
    model
        Of the outcome, in everybody.
    natural : (n,) or (n, p) array
        Exposures as they are.
    before
        What everybody's would be; as they are if None.
    after
        How many of whom have which exposure then, the others keeping theirs.
    """

    outcome: Floats
    model: OutcomeModel
    natural: Floats
    before: Floats | None
    after: Regime

    @classmethod
    def of(cls, people: People, side: Side, outcome: Floats, family: Family) -> "Regimes":
        """An exposure as it is, then gone; a policy for nobody, then for everybody; a number moved by one step."""
        sample = people.sample
        a, n = sample.exposure, sample.n
        if side.package is not None:
            assert side.others is not None  # a package says which, if any
            a = np.column_stack([a, side.others[sample.rows]])
        along = np.empty((n, 0)) if people.rank is None else people.rank[:, None]
        # few places share a policy, too few for a curve, and the rank itself bends by its product with itself
        curved = sample.continuous and not side.policy and side.exposed.name != people.by
        model = OutcomeModel(outcome, a, sample.covariates, along, family, sample.weights, curved)
        if side.package is not None:
            return cls(outcome, model, a, None, side.package.parts(a, people.thirds))
        everybody = np.ones(n)
        if sample.continuous:
            return cls(outcome, model, a, None, [(everybody, a + (1.0 if side.policy else -1.0))])
        before = np.zeros(n) if side.policy else None
        return cls(outcome, model, a, before, [(everybody, np.full(n, float(side.policy)))])

    def means(self, among: Flags | None) -> tuple[Estimate, Estimate]:
        """Mean or risk before and after, among everybody or some, (n,) flags."""
        picked = None if among is None else among.astype(float)
        weights = self.model.weights if picked is None else self.model.weights * picked
        if self.before is not None:
            regimes = ([(np.ones_like(self.natural), self.before)], self.after)
            before, after = (self.model.mean_under(regime, picked) for regime in regimes)
            return before, after
        mean = float(np.average(self.outcome, weights=weights))
        own = (self.outcome - mean) / weights.sum()
        now = Estimate(mean, own if picked is None else picked * own)
        change = self._change(picked)
        return now, combined(now.value + change.value, (1.0, now), (1.0, change))

    def _change(self, among: Floats | None) -> Estimate:
        """What the model leads to expect of the change, over all or among some."""
        chances = [chance for chance, _ in self.after]
        kept = [(chance, self.natural) for chance in chances]
        return self.model.mean_under(self.after, among) - self.model.mean_under(kept, among)

    def slope_change(self, ranks: Ranks) -> Estimate:
        """Slope index of inequality after less before."""
        if self.before is not None:
            return slope_under(self.model, self.after, ranks) - standardised_slope(self.model, self.before, ranks)
        rest = 1.0 - np.sum([chance for chance, _ in self.after], axis=0)
        whole = [*self.after, (rest, self.natural)]
        return slope_under(self.model, whole, ranks) - standardised_slope(self.model, self.natural, ranks)


def family_for(outcome: MeanOutcome | TimedOutcome) -> Family:
    """Logistic of a risk, log-linear of use and counts, linear of other numbers."""
    if isinstance(outcome, TimedOutcome) or outcome.binary:
        return "binomial"
    return "poisson" if outcome.amount or outcome.counted else "gaussian"
