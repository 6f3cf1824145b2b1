"""How well what is known in childhood tells an outcome: of a group, and of one child."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.names import Name, Share
from evenwicht.base.outcomes import BinaryOutcome, ContinuousOutcome, MultiSectorOutcome
from evenwicht.display.labels import answer
from evenwicht.display.language import say
from evenwicht.results.questions import NO_SECTOR, Prediction, Predictors, Question
from evenwicht.studies.study import Level, OutcomeStudy, all_known

COVARIATES, ALL, BESIDE = "covariates", "all", "+covariates"  # keys of models
ELSE = "no"  # reference: everybody else
TAKEN = (BinaryOutcome, MultiSectorOutcome, ContinuousOutcome)


class Settings(OutcomeStudy):
    """How well scores and covariates tell an outcome of people who were not seen when the model was fitted.

    Models: the covariates, each score alone and beside them, and all scores. Everybody in it has all of these. Of an
    outcome that is a number, the spread that they leave is told. A column with role `family` keeps families in one
    fold, and makes standard errors cluster by family.
    """

    kind: Literal["prediction"]
    level: Level = "individual"
    scores: list[Name] = Field(min_length=1, description="Columns of numbers, or of yes/no, known in childhood")
    cuts: list[Share] = Field(
        [0.1, 0.2], description="Shares of people who would be flagged as at highest risk", min_length=1, max_length=5
    )
    folds: Annotated[int, Field(ge=2, le=50)] = Field(10, description="Parts, each predicted from the others")
    repeats: Annotated[int, Field(ge=1, le=20)] = Field(1, description="How often people are dealt to folds anew")

    @model_validator(mode="after")
    def _cuts_differ(self) -> "Settings":
        if len({f"{cut:g}" for cut in self.cuts}) < len(self.cuts):
            raise ValueError("a cut is listed twice")
        return self

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        yield from all_known("scores", self.scores, book.columns, "a column")
        covariates = book.adjustment(self.adjust).columns if self._adjust_is_known(book) else []
        own = {book.column_of(name): name for name in self.outcomes}
        for index, name in enumerate(self.scores):
            path, column = f"scores.{index}", book.columns.get(name)
            if column is not None and (column.type not in ("number", "integer", "boolean") or column.role == "id"):
                yield Mistake(path, f"'{name}' is no number and no yes/no column", "Name a score of numbers or yes/no.")
            if name in covariates:
                yield Mistake(path, f"'{name}' is among the covariates", "Name it once.")
            if name in own:
                yield Mistake(path, f"'{name}' is the outcome {own[name]} itself", "Remove it.")
            if name in (COVARIATES, ALL):
                yield Mistake(path, f"'{name}' is what a model of this study is called", "Call the column otherwise.")
        for index, name in enumerate(self.outcomes):
            outcome = book.outcomes.get(name)
            if outcome is not None and not isinstance(outcome, TAKEN):
                yield Mistake(
                    f"outcomes.{index}",
                    f"'{name}' is of kind {outcome.kind}, which this study cannot predict",
                    "Name a binary, multi_sector_need or continuous outcome.",
                )
            if outcome is not None and book.column_of(name) in covariates:
                yield Mistake(f"outcomes.{index}", f"'{name}' is among the covariates", "Remove it from one of them.")

    def models(self, book: Codebook) -> list[Predictors]:
        """Return what is fitted, from least to most."""
        beside = bool(book.adjustment(self.adjust).columns)
        models = [Predictors(COVARIATES, (), True)] if beside else []
        sets: list[tuple[str, tuple[str, ...]]] = [(score, (score,)) for score in self.scores]
        sets += [(ALL, tuple(self.scores))] if len(self.scores) > 1 else []
        for key, scores in sets:
            models.append(Predictors(key, scores, False))
            models += [Predictors(key + BESIDE, scores, True)] if beside else []
        return models

    def not_imputed(self) -> str:
        return (
            "imputations are drawn from a model that has seen the outcomes of the people to be predicted, so scores "
            "would seem to tell what they do not"
        )

    def asks(self, book: Codebook) -> list[Question]:
        adjust = book.adjustment(self.adjust)
        return [Prediction(tuple(self.models(book)), adjust, tuple(self.outcomes), tuple(self.cuts))]

    def references(self, book: Codebook) -> list[str]:
        """Return with whom people with the outcome are compared."""
        several = any(isinstance(book.outcomes[name], MultiSectorOutcome) for name in self.outcomes)
        return [ELSE, NO_SECTOR] if several else [ELSE]

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        names = self.model_names(book)
        return {
            (key, reference): name if reference == ELSE else say("{what}; {others}", what=name, others=without_middle())
            for key, name in names.items()
            for reference in self.references(book)
        }

    def model_names(self, book: Codebook) -> dict[str, str]:
        """Return what each model is called, by its key."""
        about = {score: book.columns[score].label for score in self.scores if score in book.columns}
        names = {COVARIATES: say("Covariates alone"), ALL: say("All scores")}
        names |= about
        beside = {key + BESIDE: say("{score} and covariates", score=name) for key, name in names.items()}
        return {model.key: {**names, **beside}[model.key] for model in self.models(book)}

    def names(self, book: Codebook) -> dict[str, str]:
        flagged = {f"{cut:g}": flagged_words(cut) for cut in self.cuts}
        return {**flagged, ELSE: say("everybody else"), NO_SECTOR: say("People with high need in no sector")}

    def _adjust_is_known(self, book: Codebook) -> bool:
        return not isinstance(self.adjust, str) or self.adjust in book.adjustments


def without_middle() -> str:
    """What the published contrast leaves out."""
    return say("without people with high need in some sectors")


def flagged_words(cut: float) -> str:
    """What a cut is called."""
    from evenwicht.display.wording import number

    return say("the {percent}% at highest risk", percent=number(100 * cut, 0 if round(100 * cut, 6) % 1 == 0 else 1))


def well_words(score: str, book: Codebook) -> str:
    """What those who have a yes/no score are called."""
    column = book.columns[score]
    return f"{column.label}: {answer(column, True)}"
