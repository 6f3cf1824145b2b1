"""Dose-response and rates of the rationing world that give the published effects and cases."""

from collections.abc import Iterator

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.base.outcomes import EventOutcome
from evenwicht.results.questions import Part
from evenwicht.worlds.fitting import PEOPLE, Fitted, Given, fit_rate, solve
from evenwicht.worlds.rationing.settings import DIAGNOSED, RationingWorld
from evenwicht.worlds.rationing.world import diagnosed_share, log_hazard_ratio, rationing_model
from evenwicht.worlds.scm import Values


def fits(source: RationingWorld, given: Given) -> Iterator[Fitted]:
    """Yield the fits of each disease whose shortest exposure is asked for as part of the longest."""
    parts = [question for question in given.questions if isinstance(question, Part)]
    people = rationing_model(source).draw(PEOPLE, given.key) if parts else {}
    for part in parts:
        for name in part.part.outcomes:
            outcome = given.book.outcomes[name]
            if isinstance(outcome, EventOutcome) and outcome.event in source.diseases:
                yield _dose_response(name, outcome.event, part, source, given)
                yield _cases(name, outcome.event, source, given, people)


def _dose_response(name: str, event: str, part: Part, source: RationingWorld, given: Given) -> Fitted:
    """Dose-response by the effect of the longest exposure, and the part of the shortest in it."""
    disease, some, whole = source.diseases[event], part.part, part.whole
    targets = [
        given.target("conditional_hazard_ratio", name, exposure=whole.exposure, reference=whole.references[0]),
        given.target("share_of_effect", name, exposure=some.exposure, reference=whole.exposure),
    ]

    def found(x: Floats) -> list[float]:
        sugar = disease.sugar.model_copy(update={"prenatal": float(x[0]), "later_infancy": float(x[1])})
        tried = disease.model_copy(update={"sugar": sugar})
        short, full = (log_hazard_ratio(source, tried, born) for born in (some, whole))
        return [float(np.exp(full)), float(np.expm1(short) / np.expm1(full))]

    paths = [f"diseases.{event}.sugar.prenatal", f"diseases.{event}.sugar.later_infancy"]
    return solve(paths, [disease.sugar.prenatal, disease.sugar.later_infancy], (-3.0, 3.0), targets, found)


def _cases(name: str, event: str, source: RationingWorld, given: Given, people: Values) -> Fitted:
    """The rate by the share of participants with a diagnosis."""
    target = given.target("group_share", name, exposure=DIAGNOSED)
    rate = source.diseases[event].rate
    return fit_rate(f"diseases.{event}.rate", rate, target, lambda tried: diagnosed_share(source, event, people, tried))
