"""What may be said of a comparison, and how sure: rules over several of its rows, never over one interval.

The first status of `STATUSES` whose rule holds is that of the comparison. Its level starts from the design and moves
for each of `STEPS` that applies. The verbs of the levels are those of GRADE (Santesso et al. 2020, Journal of Clinical
Epidemiology 119:126); GRADE rates a body of studies, this rates one.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from evenwicht.display.language import message

Status = Literal[
    "not_estimable", "does_not_survive", "depends_on_method", "found", "no_difference_that_matters", "cannot_tell"
]
Design = Literal["randomised", "natural_experiment", "within_families", "adjusted", "crude"]
Reading = Literal["holds", "moves", "fails", "unclear"]

STARTS: dict[Design, int] = {
    "randomised": 4,
    "natural_experiment": 3,
    "within_families": 3,
    "adjusted": 2,
    "crude": 1,
}
HIGHEST, LOWEST = 4, 1
CAPPED: tuple[Status, ...] = ("not_estimable", "does_not_survive", "depends_on_method")  # never surer than the lowest
FROM_DRAWS = ("coverage", "poor_coverage", "low_power", "little_power")  # steps that fresh draws tell of
TOLD_FROM = 2  # below this level no direction is told
MUCH = 3  # times the margin
MOVED = 1.5  # times larger or smaller: the size does not survive
FEW_CLUSTERS = 10  # in the smaller arm
COVERED = (0.92, 0.98)  # what intervals of 95% may cover
POORLY_COVERED = 0.85
ENOUGH_POWER, EXAGGERATED = 0.5, 1.5
LITTLE_POWER, MUCH_EXAGGERATED = 0.2, 2.5  # what is found with a power of 20% is 2.3 times too large on average
SEEN = 0.8  # share of those who belong to the comparison


@dataclass(frozen=True)
class Check:
    """A test that decides whether a result may be an effect at all.

    Attributes
    ----------
    question
        What is tested, in words.
    reading
        holds, moves (an effect on the same side, of another size), fails, or unclear (the test cannot tell).
    factor
        Of what moves: how many times the size that was found.
    answer
        Its numbers, in words.
    rival
        Whether it tells the effect from what else would look the same, such as a trend over births.
    """

    question: str
    reading: Reading
    factor: float = math.nan
    answer: str = ""
    rival: bool = False


@dataclass(frozen=True)
class Other:
    """Another adjusted estimate of the same effect: its method, its limits, and its value of no effect."""

    method: str
    estimate: float
    lower: float
    upper: float
    nothing: float = 0.0

    @property
    def side(self) -> int:
        """-1 or 1 if the interval lies below or above no effect, 0 if it holds it."""
        return _side(self.lower, self.upper, self.nothing)

    @property
    def sign(self) -> int:
        return (self.estimate > self.nothing) - (self.estimate < self.nothing)


@dataclass(frozen=True)
class Evidence:
    """All that is known of one comparison and one outcome.

    Attributes
    ----------
    estimate, lower, upper
        The leading difference, in the unit of the outcome or in risk; NaN or infinite where not known.
    design
        Where the level starts.
    margin
        Smallest difference that matters, stated beforehand, in the same unit.
    crude
        The difference as it is.
    relative, absolute
        Adjusted estimates of the same effect as ratios, and as differences by other methods.
    checks
        Decisive ones.
    clusters
        In the smaller arm, where errors cluster.
    coverage, coverage_error
        Share of 95% intervals of this method for this estimand that hold the truth in fresh draws, and its Monte Carlo
        error.
    power, exaggeration
        Chance to find the plausible effect, and how many times too large it is on average when found.
    seen
        Share of those who belong to the comparison that is analysed.
    confirmed
        Whether another design, with other weaknesses, finds the same.
    """

    estimate: float
    lower: float
    upper: float
    design: Design
    margin: float | None = None
    crude: float = math.nan
    relative: Sequence[Other] = ()
    absolute: Sequence[Other] = ()
    checks: Sequence[Check] = ()
    clusters: float = math.nan
    coverage: float = math.nan
    coverage_error: float = 0.0
    power: float = math.nan
    exaggeration: float = math.nan
    seen: float = 1.0
    confirmed: bool = False

    @property
    def side(self) -> int:
        """-1 or 1 if the interval lies below or above no effect, 0 if it holds it or there is none."""
        return _side(self.lower, self.upper, 0.0)

    def reads(self, reading: Reading) -> list[Check]:
        """The checks with a reading."""
        return [check for check in self.checks if check.reading == reading]

    @property
    def contradictions(self) -> list[Other]:
        """Adjusted estimates that say something else: ratios by excluding no effect or not, differences by sign."""
        ratios = [other for other in self.relative if other.side != self.side]
        return [*ratios, *(other for other in self.absolute if self.side and other.sign == -self.side)]


@dataclass(frozen=True)
class Rule:
    """A status or step: what it is called, the rule in words, when it applies, and how far a step moves the level."""

    label: str
    text: str
    applies: Callable[[Evidence], bool]
    levels: int = -1


@dataclass(frozen=True)
class Verdict:
    """What may be said: the status, the level of certainty from 1 to 4, its start, and the steps that were taken."""

    status: Status
    level: int
    start: int
    steps: list[str] = field(default_factory=list)

    @property
    def told(self) -> bool:
        """Whether an effect and its direction may be told."""
        return self.status == "found" and self.level >= TOLD_FROM


def judge(evidence: Evidence) -> Verdict:
    """Return status and level of a comparison."""
    status: Status = next(name for name, rule in STATUSES.items() if rule.applies(evidence))
    start = STARTS[evidence.design]
    if status == "not_estimable":
        return Verdict(status, LOWEST, start)
    steps = [name for name, step in STEPS.items() if step.applies(evidence)]
    return Verdict(status, level_of(status, start, steps), start, steps)


def level_of(status: Status, start: int, steps: Iterable[str]) -> int:
    """Return the level of certainty of a status after these steps."""
    if status in CAPPED:
        return LOWEST
    return min(max(start + sum(STEPS[name].levels for name in steps), LOWEST), HIGHEST)


def size_of(value: float, margin: float | None) -> Literal["small", "plain", "large"]:
    """How large a difference is beside the smallest that matters."""
    if margin is None or math.isnan(value):
        return "plain"
    return "small" if abs(value) < margin else "large" if abs(value) > MUCH * margin else "plain"


def _side(lower: float, upper: float, nothing: float) -> int:
    return 1 if lower > nothing else -1 if upper < nothing else 0


def _bounded(e: Evidence) -> bool:
    """An interval that is infinite on one side still tells something; one that is on both tells nothing."""
    known = not (math.isnan(e.estimate) or math.isnan(e.lower) or math.isnan(e.upper))
    return known and not (math.isinf(e.lower) and math.isinf(e.upper))


def _too_wide(e: Evidence) -> bool:
    if e.margin is None:
        return False
    nearest = 0.0 if e.side == 0 else min(abs(e.lower), abs(e.upper))
    return nearest < e.margin and max(abs(e.lower), abs(e.upper)) > MUCH * e.margin


def _miscovered(e: Evidence) -> bool:
    low, high = COVERED
    return e.coverage < low - 2 * e.coverage_error or e.coverage > high + 2 * e.coverage_error


def _low_power(e: Evidence) -> bool:
    return e.power < ENOUGH_POWER or e.exaggeration > EXAGGERATED


def _little_power(e: Evidence) -> bool:
    return e.power < LITTLE_POWER or e.exaggeration > MUCH_EXAGGERATED


def _rival_unclear(e: Evidence) -> bool:
    return any(check.rival for check in e.reads("unclear"))


def _size_moves(e: Evidence) -> bool:
    return any(not 1 / MOVED <= check.factor <= MOVED for check in e.reads("moves"))


# the first that holds
STATUSES: dict[Status, Rule] = {
    "not_estimable": Rule(
        message("could not be estimated"),
        message("There is no estimate, or no interval, or the interval is the whole line."),
        lambda e: not _bounded(e),
    ),
    "does_not_survive": Rule(
        message("does not hold up"),
        message("The interval lies on one side of no difference, but a decisive check fails."),
        lambda e: e.side != 0 and bool(e.reads("fails")),
    ),
    "depends_on_method": Rule(
        message("depends on the method"),
        message(
            "The adjusted difference and the adjusted ratio of the same comparison disagree on whether there is an "
            "effect, or another adjusted method has the opposite sign."
        ),
        lambda e: bool(e.contradictions),
    ),
    "found": Rule(
        message("found"),
        message("The interval lies on one side of no difference, and no decisive check fails."),
        lambda e: e.side != 0,
    ),
    "no_difference_that_matters": Rule(
        message("no difference that matters"),
        message(
            "The whole interval is smaller than the smallest difference that matters, which the cohort file states "
            "beforehand."
        ),
        lambda e: e.margin is not None and -e.margin < e.lower and e.upper < e.margin,
    ),
    "cannot_tell": Rule(message("cannot tell"), message("Anything else."), lambda _: True),
}

STEPS: dict[str, Rule] = {
    "too_wide": Rule(
        message("range too wide"),
        message(
            "The interval holds differences too small to matter, and differences more than three times as large as the "
            "smallest that matters."
        ),
        _too_wide,
    ),
    "few_clusters": Rule(
        message("few groups"),
        message("Fewer than 10 groups share the exposure or policy, or its absence."),
        lambda e: e.clusters < FEW_CLUSTERS,
    ),
    "unclear_checks": Rule(
        message("checks unclear"),
        message("A decisive check cannot tell."),
        lambda e: bool(e.reads("unclear")) and not _rival_unclear(e),
    ),
    # with one step alone, two in three draws of a world with a trend and no effect told one
    "unclear_rival": Rule(
        message("not told from a trend"),
        message("The check that tells the effect from a trend over births cannot tell."),
        lambda e: _rival_unclear(e),
        -2,
    ),
    "size_moves": Rule(
        message("size not stable"),
        message("In a decisive check the direction holds, but the size changes more than 1.5 times."),
        _size_moves,
    ),
    "coverage": Rule(
        message("ranges of this method are off"),
        message(
            "In fresh draws the intervals of this method hold the true value less than 92% or more than 98% of the "
            "time."
        ),
        lambda e: _miscovered(e) and e.coverage >= POORLY_COVERED,
    ),
    "poor_coverage": Rule(
        message("ranges of this method are far off"),
        message("In fresh draws the intervals of this method hold the true value less than 85% of the time."),
        lambda e: _miscovered(e) and e.coverage < POORLY_COVERED,
        -2,
    ),
    "low_power": Rule(
        message("few people for this effect"),
        message(
            "A comparison of this size would find the plausible effect less than half of the time, or make it more "
            "than 1.5 times too large."
        ),
        lambda e: _low_power(e) and not _little_power(e),
    ),
    "little_power": Rule(
        message("far too few people for this effect"),
        message(
            "A comparison of this size would find the plausible effect less than one time in five, or make it more "
            "than 2.5 times too large (Gelman and Carlin 2014, Perspectives on Psychological Science 9:641)."
        ),
        lambda e: _little_power(e),
        -2,
    ),
    "attrition": Rule(
        message("many not seen"),
        message("More than one in five of those who belong to the comparison are not in it."),
        lambda e: e.seen < SEEN,
    ),
    "crude_opposite": Rule(
        message("simple difference points the other way"),
        message("The simple difference, before adjusting, points the other way."),
        lambda e: e.crude * e.estimate < 0,
    ),
    "confirmed": Rule(
        message("another design agrees"),
        message("Another design, with other weaknesses, finds the same."),
        lambda e: e.confirmed,
        1,
    ),
}
