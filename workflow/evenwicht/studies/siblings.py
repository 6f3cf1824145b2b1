"""An exposure compared within families: brothers and sisters who differ in it."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.outcomes import EventOutcome, effect_estimand, horizon_of
from evenwicht.display.section import Method
from evenwicht.results.questions import Effect, Question
from evenwicht.studies import methods
from evenwicht.studies.study import ExposureStudy, Job, Level

if TYPE_CHECKING:
    from evenwicht.cohort import Cohort
    from evenwicht.estimators.within_families import SiblingComparison
    from evenwicht.results.rows import Findings
    from evenwicht.studies.samples import Sample
    from evenwicht.studies.values import MeanOutcome, TimedOutcome

    Comparison = Callable[[], SiblingComparison]


class Settings(ExposureStudy):
    """Effects within families, which whatever brothers and sisters share cannot confound.

    What only one of them has still can, and errors of measurement weigh more than between families.
    """

    kind: Literal["siblings"]
    level: Level = "individual"

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        if len(book.role("family")) != 1:
            yield Mistake("", "there must be exactly one column with role 'family'", "Set the role of one column.")

    def asks(self, book: Codebook) -> list[Question]:
        return [Effect(contrast, tuple(self.outcomes), self.level == "policy") for contrast in self.contrasts(book)]


HEADING = "Within families"
METHODS = {
    "between": Method(
        "between families",
        "people of all families, whether or not their brothers and sisters differ in the exposure.",
    ),
    "within": Method(
        "within families",
        "brothers and sisters who differ in the exposure, by a fixed effect of each family.",
        "{n} people, compared with their brothers and sisters",
        {methods.MEAN: methods.WITHIN_FAMILIES, methods.RISK: methods.WITHIN_FAMILIES},
    ),
    "conditional_logit": Method(
        "within families, conditional logit",
        "brothers and sisters who differ in the exposure and in a yes/no outcome; others tell nothing.",
    ),
    "stratified_cox": Method(
        "within families, Cox model",
        "brothers and sisters who differ in the exposure, with a baseline hazard for each family.",
    ),
}


def run(study: Settings, cohort: "Cohort", book: Codebook, found: "Findings", job: Job) -> None:
    """Compare brothers and sisters who differ in the exposure, beside people of all families.

    Methods in the rows: `within`, a linear model with a fixed effect for each family; `conditional_logit` of a 0/1
    outcome; `stratified_cox`, with a baseline hazard for each family. `between` is least squares over everybody with
    the same covariates. The numbers of informative families and of the people in them stand among the diagnostics.
    """
    from evenwicht.estimators.linear import least_squares
    from evenwicht.studies.samples import draw_sample, exposed_by, response

    families = cohort.persons[book.role("family")[0]]
    adjust = book.adjustment(study.adjust)
    for contrast in study.contrasts(book):
        for name in study.outcomes:
            outcome = book.outcomes[name]
            where = f"cohort {book.cohort}, study {found.study}, {contrast.exposure} on {name}"
            estimand = "conditional_hazard_ratio" if isinstance(outcome, EventOutcome) else effect_estimand(outcome)
            with found.part(name, contrast.exposure, contrast.reference, estimand=estimand) as rows:
                exposed = exposed_by(cohort, contrast)
                covariates = adjust.without(contrast.column)
                sample = draw_sample(
                    cohort, exposed, covariates, outcome, where, clusters=families, follow=study.follow
                )
                rows.flow(sample.flow)
                numbers = response(sample.outcome)
                between = least_squares(numbers.value, sample.exposure, sample.covariates, clusters=sample.clusters)
                between = numbers.support(sample.arms).of(between)
                at = horizon_of(outcome)
                rows.add(numbers.estimand, "between", between, n=sample.n, events=numbers.events, at=at)
                for estimand, method, compare in _within_families(sample, where):
                    with found.part(name, contrast.exposure, contrast.reference, estimand=estimand):
                        compared = compare()
                        rows.add(estimand, method, compared.interval, n=sample.n, events=_events(sample.outcome))
                        rows.diagnose("families", method, float(compared.families), n=compared.people)


def _events(outcome: "MeanOutcome | TimedOutcome") -> int | None:
    """Everybody with the event, at whatever time; None for a number."""
    happened = getattr(outcome, "event", outcome.status)
    return None if happened is None else int(happened.sum())


def _within_families(sample: "Sample", where: str) -> "Iterator[tuple[str, str, Comparison]]":
    """Yield estimand, method and estimator of each comparison that suits the outcome."""
    from evenwicht.estimators.within_families import (
        conditional_odds_ratio,
        linear_fixed_effects,
        stratified_hazard_ratio,
    )
    from evenwicht.studies.values import TimedOutcome

    outcome, given = sample.outcome, (sample.exposure, sample.covariates)
    assert sample.clusters is not None
    how: dict[str, Any] = {"families": sample.clusters, "where": where}
    if isinstance(outcome, TimedOutcome):
        data = outcome.survival()
        yield "conditional_hazard_ratio", "stratified_cox", lambda: stratified_hazard_ratio(data, *given, **how)
        return
    y = outcome.value
    estimand = "risk_difference" if outcome.binary else "mean_difference"
    yield estimand, "within", lambda: linear_fixed_effects(y, *given, **how)
    if outcome.binary:
        yield "conditional_odds_ratio", "conditional_logit", lambda: conditional_odds_ratio(y, *given, **how)
