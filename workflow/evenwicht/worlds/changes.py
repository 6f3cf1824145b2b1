"""Changes of everybody in a world, one by one: an exposure that is gone, a policy or a lever that is introduced."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evenwicht.base.arrays import Floats, Labels
from evenwicht.base.exposures import Contrast
from evenwicht.estimators.inequality import Ranks
from evenwicht.levers.package import thirds_of
from evenwicht.results.questions import Changes, Lever
from evenwicht.worlds.arms import among, arms_of, step_of
from evenwicht.worlds.people import Draw, People
from evenwicht.worlds.scm import Values
from evenwicht.worlds.world import Intervention


@dataclass(frozen=True)
class ChangedColumn:
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
class ChangedByLever:
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


Change = ChangedColumn | ChangedByLever


def changes_of(question: Changes, thirds: Labels) -> list[Change]:
    return [
        *(ChangedColumn(contrast, False) for contrast in question.exposures),
        *(ChangedColumn(contrast, True) for contrast in question.policies),
        *(ChangedByLever(lever, thirds) for lever in question.levers),
    ]


def changed_arms(question: Changes, people: People, draw: Draw) -> list[Values]:
    """People before and after each change of a column, and changed in each way by each lever, in order."""
    thirds = thirds_of(ranks_along(question.by, people, everybody_in(question, people)), people.n)
    return [arm for change in changes_of(question, thirds) for arm in change.arms(people, draw)]


def known_changes(question: Changes, people: People, thirds: Labels) -> Iterator[tuple[Change, Sequence[Values]]]:
    """Yield the changes that the world knows, each with its arms."""
    place = 0
    for change in changes_of(question, thirds):
        count = len(change.arms(people, lambda _: people.values))
        if count:
            yield change, people.arms[place : place + count]
        place += count


def everybody_in(question: Changes, people: People) -> Floats:
    """Weights of those whom all comparisons are about, (n,)."""
    weights = people.weights.copy()
    for contrast in (*question.exposures, *question.policies):
        weights *= among(contrast, people) > 0
    return weights


def weights_of(change: Change, people: People, everybody: Floats) -> Floats:
    """Weights of those whom one change is about, (n,)."""
    if isinstance(change, ChangedColumn) or change.lever.among is None:
        return everybody
    column, answer = change.lever.among
    return everybody * (people.values[column].astype(bool) == (answer == "yes"))


def ranks_along(by: str | None, people: People, weights: Floats) -> Ranks | None:
    if by is None or by not in people.values:
        return None
    return Ranks.of(people.values[by].astype(float), weights)
