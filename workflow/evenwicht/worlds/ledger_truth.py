"""True changes over all of exposures that are gone and of policies that are introduced, and which is larger."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evenwicht.base.arrays import Floats, Labels
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import UseOutcome, horizon_of
from evenwicht.estimators.concentration import gini, top_share_of_use
from evenwicht.estimators.inequality import Ranks, slope_leverage
from evenwicht.estimators.influence import Sampling
from evenwicht.estimators.predicted_risks import LEAST_SHRINKAGE, PredictedRisks, shrinkage
from evenwicht.estimators.regression import fit_model, with_intercept
from evenwicht.estimators.rose import sensitivity, shift_that_averts
from evenwicht.levers.package import thirds_of
from evenwicht.levers.reach import THIRDS
from evenwicht.results.questions import Ledger, Lever
from evenwicht.worlds.arms import among, arms_of, step_of
from evenwicht.worlds.people import Draw, People
from evenwicht.worlds.prediction_truth import covariates_of
from evenwicht.worlds.scm import Values
from evenwicht.worlds.world import PER, Intervention, Row, row

FIFTH = 0.2


@dataclass(frozen=True)
class _Column:
    """An exposure that is gone, or a policy that is introduced."""

    contrast: Contrast
    policy: bool

    @property
    def keys(self) -> dict[str, str]:
        return {"exposure": self.contrast.exposure, "reference": self.contrast.reference}

    def arms(self, people: People, draw: Draw) -> list[Values]:
        """People before and after; none if it is no variable of the world."""
        contrast, step = self.contrast, None
        if contrast.continuous and contrast.column in people.values:
            step = step_of(contrast, people.values[contrast.column].astype(float), people.weights)
            step = step if self.policy else -step
        arms = arms_of(people.world, contrast, people.values, step)
        if arms is None:
            return []
        if contrast.continuous:
            return [people.values, draw(arms.exposed)]
        return [draw(arms.unexposed), draw(arms.exposed)] if self.policy else [people.values, draw(arms.unexposed)]

    def means(self, name: str, people: People, arms: Sequence[Values]) -> tuple[Floats, Floats]:
        """Expected outcome of each person before and after, (n,) each."""
        before, after = (np.asarray(people.outcome(name, arm)) for arm in arms)
        return before, after


@dataclass(frozen=True)
class _Lever:
    """A lever, or a package, on columns."""

    lever: Lever
    thirds: Labels

    @property
    def keys(self) -> dict[str, str]:
        return {"exposure": self.lever.exposure, "reference": self.lever.reference}

    def arms(self, people: People, draw: Draw) -> list[Values]:
        """People changed in each way; none if it acts on no variable of the world."""
        values = self._values(people)
        if values is None:
            return []
        return [draw(self._set(people, after)) for _, after in self.lever.parts(values, self.thirds)]

    def _set(self, people: People, after: Floats) -> Intervention:
        """Everybody's values, (n, p); one number if all have the same, whose draw others may share."""
        done = dict[str, Any]()
        for column, own in zip(self.lever.columns, after.T, strict=True):
            moved = people.world.moved.get(column)
            if moved is not None:
                done |= moved.to(people.values, own)
                continue
            values = own.astype(people.values[column].dtype)
            done[column] = values[0].item() if (values == values[0]).all() else values
        return done

    def _values(self, people: People) -> Floats | None:
        """The columns as they are, (n, p)."""
        moved, columns = people.world.moved, list[Floats]()
        for column in self.lever.columns:
            if column in moved:
                columns.append(moved[column].level(people.values))
            elif column in people.values:
                columns.append(people.values[column].astype(float))
            else:
                return None
        return np.column_stack(columns)

    def means(self, name: str, people: People, arms: Sequence[Values]) -> tuple[Floats, Floats]:
        """Expected outcome of each person before and after, (n,) each."""
        values = self._values(people)
        assert values is not None  # there are arms
        natural = np.asarray(people.outcome(name))
        after = natural.copy()
        for (chance, _), arm in zip(self.lever.parts(values, self.thirds), arms, strict=True):
            after += chance * (np.asarray(people.outcome(name, arm)) - natural)
        return natural, after


Side = _Column | _Lever


def _sides(question: Ledger, thirds: Labels) -> list[Side]:
    return [
        *(_Column(contrast, False) for contrast in question.exposures),
        *(_Column(contrast, True) for contrast in question.policies),
        *(_Lever(lever, thirds) for lever in question.levers),
    ]


def ledger_arms(question: Ledger, people: People, draw: Draw) -> list[Values]:
    """People before and after each change of a column, and changed in each way by each lever, in order."""
    thirds = thirds_of(_ranks(question.by, people, _everybody(question, people)), people.n)
    return [arm for side in _sides(question, thirds) for arm in side.arms(people, draw)]


def _known(question: Ledger, people: People, thirds: Labels) -> Iterator[tuple[Side, Sequence[Values]]]:
    """Yield the sides that the world knows, each with its arms."""
    place = 0
    for side in _sides(question, thirds):
        count = len(side.arms(people, lambda _: people.values))
        if count:
            yield side, people.arms[place : place + count]
        place += count


def _everybody(question: Ledger, people: People) -> Floats:
    """Weights of those whom all comparisons are about, (n,)."""
    weights = people.weights.copy()
    for contrast in (*question.exposures, *question.policies):
        weights *= among(contrast, people) > 0
    return weights


def _weights(side: Side, people: People, everybody: Floats) -> Floats:
    """Weights of those whom one side is about, (n,)."""
    if isinstance(side, _Column) or side.lever.among is None:
        return everybody
    column, answer = side.lever.among
    return everybody * (people.values[column].astype(bool) == (answer == "yes"))


def _ranks(by: str | None, people: People, weights: Floats) -> Ranks | None:
    if by is None or by not in people.values:
        return None
    return Ranks.of(people.values[by].astype(float), weights)


def ledger_rows(question: Ledger, people: People) -> Iterator[Row]:
    """Yield every change over all, and by how much each policy changes more than each exposure."""
    everybody = _everybody(question, people)
    ranks = _ranks(question.by, people, everybody)
    thirds = thirds_of(ranks, people.n)
    parts = [(thirds == third).astype(float) for third in THIRDS]
    leverage = None if ranks is None else slope_leverage(ranks)
    sides = list(_known(question, people, thirds))
    predictors = covariates_of(question.predictors, people) if question.high_risk else None
    exposed = people.values.get(question.exposed) if question.exposed else None
    for name in question.outcomes:
        natural, outcome = people.outcome(name), people.book.outcomes[name]
        if natural is None:
            continue
        risk, at = bool(natural.min() >= 0 and natural.max() <= 1), horizon_of(outcome)
        mean = float(np.average(natural, weights=everybody))
        spread = float(np.sqrt(np.average((natural - mean) ** 2, weights=everybody)))
        scale, estimand = (PER, "change_in_cases") if risk else (1 / spread, "change_in_sds")
        changes = dict[tuple[str, str], float]()
        for side, arms in sides:
            before, after = side.means(name, people, arms)
            w = _weights(side, people, everybody)
            keys = {"outcome": name, "at": at, **side.keys}
            old, new = (float(w @ values / w.sum()) for values in (before, after))
            changes[side.keys["exposure"], side.keys["reference"]] = scale * (new - old)
            yield row(estimand, scale * (new - old), **keys)
            if leverage is not None:
                change = after - before
                if w is everybody:  # the slope is linear in the outcome
                    yield row("slope_over_all", float(leverage @ change), **keys)
                for k, within in enumerate(parts, start=1):
                    part = scale * float((w * within) @ change / (w @ within))
                    yield row(estimand, part, subgroup=f"{question.by}={k}of{len(THIRDS)}", **keys)
            if risk:
                yield row("ratio_over_all", new / old, **keys)
                yield row("fraction_over_all", 1 - new / old, **keys)
                if new != old:
                    yield row("number_over_all", 1 / abs(new - old), **keys)
                if exposed is not None:
                    yield from _doing_well(question, side, (before, after), w * exposed, keys)
            if isinstance(outcome, UseOutcome) and isinstance(side, _Column) and not side.contrast.continuous:
                yield row("gini_over_all", gini(after, w) - gini(before, w), **keys)
                tops = [top_share_of_use(values, FIFTH, w) for values in (before, after)]
                yield row("top_fifth_over_all", tops[1] - tops[0], **keys)
        if risk and predictors is not None:
            yield from _high_risk(question, natural, predictors, everybody, {"outcome": name, "at": at})
        introduced = [(one.exposure, one.reference) for one in question.policies]
        for policy in [*introduced, *((one.exposure, one.reference) for one in question.weighed)]:
            for exposure in question.exposures:
                pair = [policy, (exposure.exposure, exposure.reference)]
                if all(one in changes for one in pair):
                    apart = abs(changes[pair[0]]) - abs(changes[pair[1]])
                    keys = {"outcome": name, "exposure": policy[0], "reference": exposure.exposure}
                    yield row("cases_apart" if risk else "sds_apart", apart, at=at, **keys)


def _doing_well(
    question: Ledger, side: Side, arms: tuple[Floats, Floats], weights: Floats, keys: Mapping[str, Any]
) -> Iterator[Row]:
    """How many of the exposed do not become a case as things are, and how many more under a lever."""
    before, after = (float(weights @ values / weights.sum()) for values in arms)
    if isinstance(side, _Lever):
        yield row("doing_well_added", before - after, **keys)
    elif side.contrast.column == question.exposed:
        yield row("doing_well", 1 - before, **keys)


def _high_risk(
    question: Ledger, chance: Floats, predictors: Floats, weights: Floats, keys: Mapping[str, Any]
) -> Iterator[Row]:
    """What programmes for those at the highest risk avert, by the same regression fitted to everybody.

    Where nothing predicts the outcome, no shift of predicted risks averts as many.
    """
    design = with_intercept(predictors)
    fit = fit_model("binomial", chance, design, weights)
    risks = PredictedRisks.of(fit, design)
    step, mean = risks.predictor_spread().value, risks.mean().value
    predicted = shrinkage(fit, Sampling(len(chance), weights=weights)) >= LEAST_SHRINKAGE
    finds = {share: sensitivity(risks, risks.predictor, share).value for share in {o.share for o in question.high_risk}}
    for one in question.high_risk:
        about = {**keys, "exposure": one.exposure, "reference": one.reference}
        fraction = one.strength * finds[one.share]
        averted = PER * fraction * mean
        yield row("change_in_cases", -averted, **about)
        yield row("fraction_over_all", fraction, **about)
        yield row("ratio_over_all", 1 - fraction, **about)
        if averted:
            yield row("number_over_all", PER / abs(averted), **about)
        yield row("sensitivity", finds[one.share], **about)
        shift = shift_that_averts(risks, step, averted)
        if predicted and not np.isnan(shift):
            yield row("equal_shift", shift, **about)
