"""How a world answers a question about its people as they are, or under interventions of its own.

Effects of columns and of births are answered in `truth`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from evenwicht.results.questions import (
    CompetingRisk,
    Concentration,
    Context,
    Inequality,
    Ledger,
    Money,
    Pathways,
    Prediction,
    Question,
    Timing,
)
from evenwicht.worlds.changes import changed_arms
from evenwicht.worlds.competing_truth import competing_arms, competing_rows
from evenwicht.worlds.concentration_truth import concentration_arms, concentration_rows
from evenwicht.worlds.context_truth import context_rows
from evenwicht.worlds.inequality_truth import inequality_arms, inequality_rows
from evenwicht.worlds.ledger_truth import ledger_rows
from evenwicht.worlds.money_truth import money_rows
from evenwicht.worlds.pathways_truth import pathways_arms, pathways_rows
from evenwicht.worlds.people import Draw, People
from evenwicht.worlds.prediction_truth import prediction_rows
from evenwicht.worlds.scm import Values
from evenwicht.worlds.timing_truth import timing_arms, timing_rows
from evenwicht.worlds.world import Row


@dataclass(frozen=True)
class Answer:
    """How one kind of question is answered.

    Attributes
    ----------
    rows
        Called with the question and any number of people: yields the rows of `world.row`, none if the world does not
        know.
    arms
        Called with the question, the people as things are, and a way to draw them again under an intervention: returns
        the arms that `rows` finds in `people.arms`. Left out where people as they are answer.
    """

    rows: Callable[[Any, People], Iterable[Row]]
    arms: Callable[[Any, People, Draw], Iterable[Values]] | None = None


ANSWERS: dict[type[Question], Answer] = {
    Concentration: Answer(concentration_rows, concentration_arms),
    CompetingRisk: Answer(competing_rows, competing_arms),
    Inequality: Answer(inequality_rows, inequality_arms),
    Ledger: Answer(ledger_rows, changed_arms),
    Money: Answer(money_rows, changed_arms),
    Timing: Answer(timing_rows, timing_arms),
    Prediction: Answer(prediction_rows),
    Pathways: Answer(pathways_rows, pathways_arms),
    Context: Answer(context_rows),
}
