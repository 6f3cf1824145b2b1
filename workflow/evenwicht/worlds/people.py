"""People of a world, drawn without intervention and under some, and what is known of their outcomes."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import EventOutcome, MultiSectorOutcome, UseOutcome
from evenwicht.estimators.concentration import several_sectors, thresholds
from evenwicht.worlds.mechanisms import onset_risk
from evenwicht.worlds.scm import Some, Values
from evenwicht.worlds.world import Intervention, World

Draw = Callable[[Intervention], Values]  # the same people again, with variables set


@dataclass(frozen=True)
class People:
    """The same n people, as things are and under interventions.

    Attributes
    ----------
    world, book
        Where they come from, and what is studied in them.
    values
        Variables as things are, arrays whose first axis is people.
    arms
        The same under each intervention that an answer needs, in its order.
    cuts
        Thresholds of high need that are worked out already, by which of the people they are of.
    first
        Place of the first of them among those who were drawn.
    """

    world: World
    book: Codebook
    values: Values
    arms: tuple[Values, ...] = ()
    cuts: dict[tuple[int, int, str, float], Floats] = field(default_factory=dict, compare=False)
    first: int = 0

    @property
    def n(self) -> int:
        return len(self.values[next(iter(self.values))])

    @property
    def weights(self) -> Floats:
        """Chance of each to be among those whom the truth is about, (n,)."""
        chance = self.world.inclusion
        return np.ones(self.n) if chance is None else self.values[chance].astype(float)

    def some(self, start: int, count: int) -> "People":
        """Some of them, in their order."""
        arms = tuple(Some(arm, start, count) for arm in self.arms)
        return replace(self, values=Some(self.values, start, count), arms=arms, first=self.first + start)

    def outcome(self, name: str, values: Values | None = None) -> Floats | None:
        """Each person's expected outcome, (n,): a risk, a 0/1 state or a number; None if the model does not know it.

        `values` are theirs in one of the arms; as things are if left out.
        """
        people, outcome = self.values if values is None else values, self.book.outcomes[name]
        if isinstance(outcome, EventOutcome):
            if outcome.event in self.world.hazards:
                return -np.expm1(-self.world.hazards[outcome.event](people, outcome.horizon_years) * np.ones(self.n))
            if outcome.event not in self.world.diseases:
                return None
            return onset_risk(
                self.world.diseases[outcome.event], people[f"{outcome.event}_log_hazard"], outcome.horizon
            )
        if isinstance(outcome, MultiSectorOutcome):
            if outcome.window not in self.world.use:
                return None
            return several_sectors(self.high_needs(outcome, people), outcome.at_least).astype(float)
        if isinstance(outcome, UseOutcome):
            if outcome.window not in self.world.use:
                return None
            place = list(self.world.sectors).index(outcome.sector)
            return people[self.world.use[outcome.window]][:, place].astype(float)
        return people[outcome.column].astype(float) if outcome.column in people else None

    def high_needs(self, outcome: MultiSectorOutcome, values: Values | None = None) -> Flags:
        """Who has high need in which sector, (n, sectors); `values` as in `outcome`."""
        use = self.world.use[outcome.window]
        people = self.values if values is None else values
        return np.asarray(people[use] > self._thresholds(use, outcome.top_share))

    def _thresholds(self, use: str, top_share: float) -> Floats:
        """Largest use in each sector that does not count as high need, as things are."""
        place = (self.first, self.n, use, top_share)
        if place not in self.cuts:
            self.cuts[place] = np.array([thresholds(column, [top_share])[0] for column in self.values[use].T])
        return self.cuts[place]
