"""True changes over all in money: what exposures that are gone, and policies and levers that are there, are worth."""

from collections.abc import Iterator

from evenwicht.levers.package import thirds_of
from evenwicht.results.questions import Money
from evenwicht.worlds.changes import ChangedColumn, everybody_in, known_changes, ranks_along, weights_of
from evenwicht.worlds.people import People
from evenwicht.worlds.world import Row, row


def money_rows(question: Money, people: People) -> Iterator[Row]:
    """Yield every change of every outcome that the world knows, and what follows from them in money."""
    everybody = everybody_in(question, people)
    thirds = thirds_of(ranks_along(question.by, people, everybody), people.n)
    for change, arms in known_changes(question, people, thirds):
        weights, changes = weights_of(change, people, everybody), dict[str, float]()
        for name in question.outcomes:
            if people.outcome(name) is not None:
                before, after = change.means(name, people, arms)
                changes[name] = float(weights @ (after - before) / weights.sum())
        lever = None if isinstance(change, ChangedColumn) else change.lever
        about = (change.keys["exposure"], lever, changes, thirds, weights)
        for outcome, estimand, at, value in question.accounts.truths(*about):
            yield row(estimand, value, outcome=outcome, at=at, **change.keys)
