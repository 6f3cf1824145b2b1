"""What people's exposures become under levers: who takes part, what changes in them, and the outcome to be expected.

Whoever takes part in one lever of a package takes part in another independently, given the third of SES, so the outcome
to be expected is an exact mixture over who takes part in what: nothing is drawn. Doses on one exposure add up within a
person, and no more is taken away than there is, so nobody is counted twice.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from evenwicht.base.arrays import Floats, Ints, Labels
from evenwicht.base.errors import ConfigError, DataError, listed
from evenwicht.levers.figures import ByThird, Point, Sweep, Value, in_thirds
from evenwicht.levers.lever import Lever, VariantName

THIRDS = ("low", "middle", "high")
Outcome = Callable[[Mapping[str, Floats]], Floats]


@dataclass(frozen=True)
class Action:
    """What a lever does to people.

    Attributes
    ----------
    lever, exposure, unit
        Ids of the lever and of what it acts on, and the unit of that.
    measure
        How the change is counted; see `lever.ActsOn`.
    least
        Amount below which nothing can be taken away.
    probability : (n,) array
        That each person's exposure is changed.
    change : (n,) array
        Of the exposure, if it is changed: below zero it is lowered.
    effect : (n,) array
        Multiple of the effect that the exposure has in the cohort.
    """

    lever: str
    exposure: str
    unit: str
    measure: str
    least: float | None
    probability: Floats
    change: Floats
    effect: Floats


def offered(lever: Lever, thirds: Labels, *, point: Point = "mid", score: Floats | None = None) -> Floats:
    """Return the probability, (n,), that each person is offered a lever.

    Parameters
    ----------
    thirds : (n,) array
        Third of family SES: low, middle or high.
    point
        Which value of a sweep is taken.
    score : (n,) array, optional
        Predicted risk, for a lever that is offered to those at the highest risk. People whose scores tie at the cut
        have the same chance of what is left of the places.

    Raises
    ------
    DataError
        If a number goes by third and a third has another name, or a score is not known.
    ConfigError
        If a lever that goes by risk is given no score.
    """
    share = _of_people(lever.reach, thirds, point)
    if lever.offered_to == "everybody":
        return share
    if score is None:
        raise ConfigError(
            "it is offered to those at the highest risk, and no score predicts the risk",
            where=lever.name,
            fix="Name a score, or set offered_to to everybody.",
        )
    if np.isnan(score).any():
        raise DataError(
            "somebody's score is not known", where=lever.name, fix="Leave them out, or predict their risk otherwise."
        )
    return _highest(score, float(share[0]))


def taking_part(lever: Lever, thirds: Labels, *, point: Point = "mid", score: Floats | None = None) -> Floats:
    """Return the probability, (n,), that each person is offered a lever and takes part; arguments as of `offered`.

    Raises
    ------
    DataError, ConfigError
        As `offered` does, and if nothing is known of the uptake.
    """
    if lever.uptake is None:
        raise ConfigError("its uptake is not known", where=lever.name, fix="Count those to whom it is offered.")
    return offered(lever, thirds, point=point, score=score) * _of_people(lever.uptake, thirds, point)


def action(
    lever: Lever,
    variant: VariantName,
    thirds: Labels,
    *,
    age: float | None = None,
    point: Point = "mid",
    score: Floats | None = None,
) -> Action:
    """Return what a lever does to people in one variant.

    An effect of taking part (TOT) happens to those who are offered the lever, take part and would not have had the like
    of it anyway; an effect of the offer (ITT) happens to all who are offered it.

    Parameters
    ----------
    thirds : (n,) array
        Third of family SES: low, middle or high.
    age
        Age in years at which the exposure is looked at; the end of the lever if left out.
    point, score
        As of `offered`.

    Raises
    ------
    DataError, ConfigError
        As `offered` does.
    """
    if lever.estimand == "ITT":
        probability = offered(lever, thirds, point=point, score=score)
    else:
        probability = taking_part(lever, thirds, point=point, score=score)
        if lever.substitution is not None:
            probability = probability * (1 - _of_people(lever.substitution, thirds, point))
    dose, effect = _dose(lever, variant, thirds, age, point), np.ones(len(thirds))
    if variant == "no_effect":
        dose, effect = (dose, 0 * effect) if lever.variants.differ_in_effect else (0 * dose, effect)
    elif (multiple := lever.variants.with_effect[variant].effect) is not None:
        effect = _of_people(multiple, thirds, point)
    on = lever.acts_on
    change = -dose if on.direction == "lowers" else dose
    return Action(lever.name, on.exposure, on.unit, on.measure, on.least, probability, change, effect)


def _dose(lever: Lever, variant: VariantName, thirds: Labels, age: float | None, point: Point) -> Floats:
    """Change of the exposure, (n,), in those who take part, at an age."""
    own = lever.variants.with_effect.get(variant)
    dose = _of_people((own and own.dose) or lever.acts_on.dose, thirds, point)
    if age is not None and age < lever.age_start:
        return np.zeros_like(dose)
    if age is None or lever.retention is None:
        return dose
    lasting = _of_people(own.lasting, thirds, point) if own and own.lasting else np.zeros_like(dose)
    return faded(dose, lasting, _of_people(lever.retention, thirds, point), age - lever.age_end)


def faded(dose: Floats, lasting: Floats, retention: Floats, years: float) -> Floats:
    """Return what is left, (n,), of a dose some years after its end.

    What does not last shrinks to a share `retention` each year, so what is left falls, or turns, towards the lasting
    part and never passes it.

    Parameters
    ----------
    dose, lasting : (n,) arrays
        At the end of the lever, and long after it; in one unit.
    retention : (n,) array
        Share left a year later.
    years
        Since the end; before it nothing has faded.
    """
    return lasting + (dose - lasting) * retention ** max(years, 0.0)


def after(exposures: Mapping[str, Floats], actions: Sequence[Action]) -> dict[str, Floats]:
    """Return the exposures of people who are changed by all of these actions.

    Amounts and rates are shifted by the effect's multiple of the change, so that the dose-response of the cohort can be
    read at the new value. Of a yes/no exposure, whoever is changed is no longer exposed, or becomes so; the multiple
    enters how many that counts for, see `mixture`. Where levers pull either way, the greater number does, and of equal
    numbers neither.

    Parameters
    ----------
    exposures
        Exposures as they are by id, (n,) each; the values of a yes/no exposure are 0 and 1.

    Raises
    ------
    ConfigError
        If no exposure has the id that a lever acts on, or levers on one exposure do not agree on what it is.
    """
    changed = dict(exposures)
    for name in dict.fromkeys(one.exposure for one in actions):
        together = [one for one in actions if one.exposure == name]
        if name not in exposures:
            raise ConfigError(
                f"it acts on '{name}', which is not among the exposures",
                where=together[0].lever,
                fix="Name the exposure of the cohort that it acts on.",
            )
        _must_agree(together)
        changed[name] = _CHANGED[together[0].measure](exposures[name], together)
    return changed


def expected(exposures: Mapping[str, Floats], actions: Sequence[Action], outcome: Outcome) -> Floats:
    """Return the outcome, (n,), to be expected of each person under a package of levers.

    Parameters
    ----------
    exposures
        Exposures as they are by id, (n,) each.
    actions
        Those of each lever of the package; the outcome is asked for 2^k times with k of them.
    outcome
        The dose-response: exposures by id to the mean or risk of each person, (n,). It is one and the same for all
        levers, which differ in reach, dose and cost only.

    Raises
    ------
    ConfigError
        As `after` does.
    """
    return np.asarray(sum(chance * outcome(changed) for chance, changed in mixture(exposures, actions)))


def mixture(exposures: Mapping[str, Floats], actions: Sequence[Action]) -> Iterator[tuple[Floats, dict[str, Floats]]]:
    """Yield who may be changed by what: a chance, (n,), and the exposures after those of the actions that it is about.

    Chances sum to one for each person; a yes/no exposure with an effect below zero has one below zero. The first is
    nobody changed; combinations that nobody can have are left out. Arguments and errors as of `expected`.
    """
    people = len(next(iter(exposures.values())))
    for takes in product((False, True), repeat=len(actions)):
        chance = np.ones(people)
        for one, changed in zip(actions, takes, strict=True):
            chance = chance * (_chance(one) if changed else 1 - _chance(one))
        if chance.any():
            yield chance, after(exposures, [one for one, changed in zip(actions, takes, strict=True) if changed])


def _chance(one: Action) -> Floats:
    """That an exposure is changed; of those who take part, only a share leaves or takes up a yes/no exposure.

    A yes/no exposure cannot change by a multiple, so the multiple of its effect counts those whom it happens to: with
    one below zero, the outcome moves the other way by as much.
    """
    if one.measure == "yes_no":
        return one.probability * one.effect * np.minimum(np.abs(one.change), 1.0)
    return one.probability


def _amounts(values: Floats, actions: Sequence[Action]) -> Floats:
    change = np.sum([one.change for one in actions], axis=0)
    least = actions[0].least
    if least is not None:
        change = np.maximum(change, -np.maximum(values - least, 0.0))
    return values + actions[0].effect * change


def _answers(values: Floats, actions: Sequence[Action]) -> Floats:
    net = np.sum([np.sign(one.change) for one in actions], axis=0)
    return np.where(net < 0, 0.0, np.where(net > 0, 1.0, values))


def _rates(values: Floats, actions: Sequence[Action]) -> Floats:
    return values * np.prod([np.maximum(1 + one.effect * one.change, 0.0) for one in actions], axis=0)


_CHANGED: dict[str, Callable[[Floats, Sequence[Action]], Floats]] = {
    "amount": _amounts,
    "yes_no": _answers,
    "relative": _rates,
}


def _must_agree(actions: Sequence[Action]) -> None:
    """One exposure has one unit, one bound and one effect, whichever lever changes it."""
    first = actions[0]
    for one in actions[1:]:
        kept = (one.unit, one.measure, one.least) == (first.unit, first.measure, first.least)
        if not kept or not np.array_equal(one.effect, first.effect):
            raise ConfigError(
                f"it and {first.lever} act on '{first.exposure}', but differ in its "
                + ("effect" if kept else "unit, measure or least amount"),
                where=one.lever,
                fix="Levers on one exposure share one dose-response: choose the same variant, or correct acts_on.",
            )


def _of_people(amount: Value | Sweep | ByThird, thirds: Labels, point: Point) -> Floats:
    """A number as it is for each person, (n,)."""
    by_third = in_thirds(amount, point)
    if len(set(by_third)) == 1:
        return np.full(len(thirds), by_third[0])
    return np.array(by_third)[_places(thirds)]


def _places(thirds: Labels) -> Ints:
    names = np.asarray(thirds)
    is_one = names[:, None] == np.array(THIRDS)
    strange = ~is_one.any(axis=1)
    if strange.any():
        unknown = listed(sorted({str(name) for name in np.unique(names[strange])}))
        raise DataError(f"no third of SES is called {unknown}", where="thirds of SES", fix=f"Use {listed(THIRDS)}.")
    return is_one.argmax(axis=1)


def _highest(score: Floats, share: float) -> Floats:
    """Probability, (n,), of being among the share of people with the highest scores."""
    places = share * len(score)
    cut = np.sort(score)[::-1][min(int(places), len(score) - 1)]
    above, tied = score > cut, score == cut
    left = np.clip((places - above.sum()) / tied.sum(), 0.0, 1.0)
    return np.where(above, 1.0, np.where(tied, left, 0.0))
