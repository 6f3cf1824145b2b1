"""What is compared: a yes/no column, two levels of a category, or a number by a stated step."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from evenwicht.base.columns import Column
from evenwicht.base.errors import Mistake
from evenwicht.base.names import Code, Name, Positive, Strict

NUMBERS = ("number", "integer")
NO = "no"  # the reference of a yes/no column


@dataclass(frozen=True)
class Exposed:
    """Who is exposed: those with a yes, at a level of a category, or further along a number.

    As text, the key of rows, it is `column` or `column=level`; only here is it written and read.

    Attributes
    ----------
    column
        The column of `persons`.
    level
        Of a category, the code of the exposed; empty of another column.
    """

    column: str
    level: str = ""

    def __str__(self) -> str:
        return f"{self.column}={self.level}" if self.level else self.column

    @classmethod
    def read(cls, key: str) -> "Exposed":
        """Return who has this key."""
        column, _, level = key.partition("=")
        return cls(column, level)


class Exposure(Strict):
    """A column whose effect is asked for. Its name alone is enough for a yes/no column, or a number by one unit."""

    column: Name = Field(description="Column that is compared")
    per: Positive | Literal["sd"] | None = Field(
        None,
        description="Of a number: the step in its unit, or sd, that of the people studied; 1 if left out",
    )
    reference: Code | None = Field(None, description="Of a category: the code with which the other levels are compared")
    exposed: Code | None = Field(None, description="Of a category: the one code to compare; all others if left out")

    @model_validator(mode="after")
    def _is_one_kind(self) -> "Exposure":
        if self.per is not None and (self.reference is not None or self.exposed is not None):
            raise ValueError("per belongs to a number, reference and exposed to a category")
        if self.exposed is not None and self.exposed == self.reference:
            raise ValueError("exposed and reference must differ")
        return self

    def check(self, columns: Mapping[str, Column]) -> Iterator[Mistake]:
        """Yield what the column cannot give."""
        column = columns.get(self.column)
        if column is None:
            return
        if column.type == "date" or column.role in ("id", "family", "cluster"):
            yield Mistake(
                "",
                f"'{self.column}' is no exposure: it has role {column.role} and type {column.type}",
                "Choose a yes/no column, a category or a number.",
            )
        elif column.type == "category":
            levels = list(dict.fromkeys(column.levels.values()))
            if self.per is not None:
                yield Mistake("per", f"'{self.column}' is a category", "Give `reference`, one of its codes.")
            elif self.reference is None:
                yield Mistake(
                    "reference",
                    f"'{self.column}' is a category and needs a reference",
                    f"Choose one of: {', '.join(levels)}.",
                )
            for key in ("reference", "exposed"):
                code = getattr(self, key)
                if code is not None and code not in levels:
                    yield Mistake(
                        key, f"'{code}' is no level of '{self.column}'", f"Choose one of: {', '.join(levels)}."
                    )
        elif self.reference is not None or self.exposed is not None:
            key = "reference" if self.reference is not None else "exposed"
            yield Mistake(key, f"'{self.column}' is of type {column.type}", "Only a category has a reference.")
        elif self.per is not None and column.type not in NUMBERS:
            yield Mistake("per", f"'{self.column}' is of type {column.type}", "Only a number has a step.")

    def contrasts(self, columns: Mapping[str, Column]) -> list["Contrast"]:
        """Return every comparison that this exposure makes."""
        column = columns[self.column]
        if column.type == "boolean":
            return [Contrast(self.column, self.column, NO)]
        if column.type == "category":
            assert self.reference is not None
            others = [level for level in dict.fromkeys(column.levels.values()) if level != self.reference]
            levels = others if self.exposed is None else [self.exposed]
            return [
                Contrast(self.column, str(Exposed(self.column, level)), self.reference, levels=(level, self.reference))
                for level in levels
            ]
        per: float | Literal["sd"] = 1.0 if self.per is None else self.per
        step = per if per == "sd" else f"{per:g}"
        return [Contrast(self.column, self.column, f"per_{step}", per=per)]


@dataclass(frozen=True)
class Contrast:
    """One comparison by a column.

    Attributes
    ----------
    column
        The column of `persons`.
    exposure, reference
        The keys of its rows.
    levels
        Of a category: the codes of the exposed and of the reference.
    per
        Of a number: the step, in its unit or "sd".
    """

    column: str
    exposure: str
    reference: str
    levels: tuple[str, str] | None = None
    per: float | Literal["sd"] | None = None

    @property
    def continuous(self) -> bool:
        """Whether the exposure is a number."""
        return self.per is not None


def _named(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


ExposureRef = Annotated[Exposure, BeforeValidator(_named, json_schema_input_type=str | Exposure)]
