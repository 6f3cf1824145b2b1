"""How much of an effect goes through named mediators, in order."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.names import Name, Strict
from evenwicht.base.outcomes import EventOutcome, NumberOutcome
from evenwicht.display.labels import cause, comparison, first_upper
from evenwicht.display.language import message, say
from evenwicht.results.questions import DIRECT, Pathways, Question, path_key
from evenwicht.studies.study import ExposureStudy, Level, unknown

MOST_YES_NO = 3  # each doubles what is integrated over
DIRECTLY = message("through none of these")


class Block(Strict):
    """Mediators that stand at one place of the order. A name, or a list of names, is enough."""

    columns: list[Name] = Field(min_length=1, description="Columns: numbers, or yes/no")
    label: str = Field("", description="What they are called together, such as Mind: IQ and self-control")

    @property
    def key(self) -> str:
        """Its id in the rows."""
        return "_".join(self.columns)

    def told(self, book: Codebook) -> str:
        """What it is called."""
        return self.label or " + ".join(book.columns[name].label for name in self.columns)


def _listed(value: object) -> object:
    value = [value] if isinstance(value, str) else value
    return {"columns": value} if isinstance(value, list) else value


BlockRef = Annotated[Block, BeforeValidator(_listed, json_schema_input_type=str | list[str] | Block)]


class Settings(ExposureStudy):
    """Parts of an effect that go through mediators in a stated order, and the part that goes through none of them.

    A part is the path whose first mediator stands in the block, with all that this mediator moves later. A column with
    role `family` makes standard errors cluster by family.
    """

    weighted: ClassVar[bool] = True

    kind: Literal["pathways"]
    level: Level = "individual"
    mediators: list[BlockRef] = Field(min_length=1, max_length=6, description="Blocks, from early to late in life")
    interactions: bool = Field(
        False, description="Whether a mediator may count more, or less, for those with the exposure"
    )

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        taken = {name: "an exposure" for _, name in self.exposed_columns()}
        taken |= {known: "an outcome" for name in self.outcomes if (known := book.column_of(name)) is not None}
        if not isinstance(self.adjust, str) or self.adjust in book.adjustments:
            taken |= dict.fromkeys(book.adjustment(self.adjust).columns, "a covariate")
        for index, block in enumerate(self.mediators):
            for place, name in enumerate(block.columns):
                at, column = f"mediators.{index}.columns.{place}", book.columns.get(name)
                yield from unknown(at, name, book.columns, "a column")
                if name in taken:
                    yield Mistake(at, f"'{name}' is {taken[name]} already", "A mediator stands in no other place.")
                elif column is not None and (
                    column.type not in ("number", "integer", "boolean") or column.role in ("id", "family", "cluster")
                ):
                    yield Mistake(
                        at,
                        f"'{name}' has role {column.role} and type {column.type}",
                        "A mediator is a number or a yes/no column.",
                    )
                taken.setdefault(name, "a mediator")
        yes_no = [name for name in self.mediator_columns if name in book.columns and _is_flag(name, book)]
        if len(yes_no) > MOST_YES_NO:
            yield Mistake(
                "mediators", f"{len(yes_no)} yes/no columns; at most {MOST_YES_NO} can be handled", "Leave some out."
            )
        for index, name in enumerate(self.outcomes):
            if isinstance(book.outcomes.get(name), EventOutcome):
                yield Mistake(
                    f"outcomes.{index}",
                    f"'{name}' is a time to an event",
                    "Name outcomes that are numbers, or happen or not.",
                )

    def rests_on(self, book: Codebook) -> Adjustment:
        return super().rests_on(book).joined(Adjustment(columns=self.mediator_columns))

    def products(self) -> list[tuple[str, str]]:
        if not self.interactions:
            return []
        return [(exposure.column, name) for exposure in self.exposures for name in self.mediator_columns]

    def not_imputed(self) -> str:
        return ""

    def asks(self, book: Codebook) -> list[Question]:
        blocks = tuple((block.key, tuple(block.columns)) for block in self.mediators)
        return [Pathways(contrast, tuple(self.outcomes), blocks) for contrast in self.contrasts(book)]

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        paths = {
            (path_key(c.exposure, key), c.reference): say("{cause}: {path}", cause=cause(c, book.columns), path=path)
            for c in self.contrasts(book)
            for key, path in self.paths(book).items()
        }
        return {**{(c.exposure, c.reference): comparison(c, book.columns) for c in self.contrasts(book)}, **paths}

    @property
    def mediator_columns(self) -> list[str]:
        """Columns of all blocks in their order."""
        return [name for block in self.mediators for name in block.columns]

    def paths(self, book: Codebook) -> dict[str, str]:
        """What each part is called, by its id: the blocks in their order, and last what goes through none of them."""
        through = {block.key: first_upper(block.told(book)) for block in self.mediators}
        return {**through, DIRECT: first_upper(say(DIRECTLY))}


def part_estimand(outcome: object) -> str:
    """Return the estimand of a part of an effect on an outcome."""
    return "path_difference" if isinstance(outcome, NumberOutcome) else "path_risk_difference"


def _is_flag(name: str, book: Codebook) -> bool:
    return book.columns[name].type == "boolean"
