"""What a column of a cohort is: its role, type, unit, codes and missing codes."""

import datetime as dt
import re
from collections.abc import Mapping
from itertools import combinations
from math import inf
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

from evenwicht.base.names import Code, Codes, Name, Strict, code_text

Role = Literal[
    "id",
    "family",
    "cluster",
    "birth_date",
    "sex",
    "baseline",
    "stressor",
    "exposure",
    "policy",
    "weight",
    "mediator",
    "outcome",
]
Precision = Literal["day", "month", "year"]
DateOrder = Literal["year_month_day", "day_month_year", "month_day_year"]
Meaning = Literal["not_known", "refused", "not_asked", "not_in_wave", "dead"]
SINGLE: tuple[Role, ...] = ("family", "birth_date", "sex")  # what a person has one of, beside the identifier
MEANINGS: tuple[Meaning, ...] = get_args(Meaning)
NOT_KNOWN: Meaning = "not_known"
NOT_LINKED = "not_linked"  # no code says so: the further file that a value stands in has no row of the person
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
ZEROS = r"^(-?\d+)[.,]0+$"  # the same code as without them
TRUTH_WORDS = {"0": False, "1": True, "no": False, "yes": True, "false": False, "true": True}


def _meanings(codes: object) -> object:
    """Codes that are only listed mean no more than that the value is not known."""
    listed = dict.fromkeys(map(code_text, codes), NOT_KNOWN) if isinstance(codes, list) else codes
    if not isinstance(listed, Mapping):
        return listed
    meant: dict[object, object] = {}
    for code, meaning in ((code_text(code), meaning) for code, meaning in listed.items()):
        if meant.setdefault(code, meaning) != meaning:
            raise ValueError(f"code {code} has two meanings")
    return meant


class MissingRange(Strict):
    """Numbers from `lowest` to `highest`, both included, that stand for a value that is not there."""

    lowest: float | None = Field(None, description="No bound if left out")
    highest: float | None = Field(None, description="No bound if left out")
    meaning: Meaning = Field(NOT_KNOWN, description="Why there is no value")

    @model_validator(mode="after")
    def _is_in_order(self) -> "MissingRange":
        if self.lowest is None and self.highest is None:
            raise ValueError("a range of missing codes needs `lowest` or `highest`")
        if self.lowest is not None and self.highest is not None and self.lowest > self.highest:
            raise ValueError("lowest must not exceed highest")
        return self

    @property
    def limits(self) -> tuple[float, float]:
        """Its ends, infinite where it has none."""
        return (-inf if self.lowest is None else self.lowest), (inf if self.highest is None else self.highest)

    def meets(self, other: "MissingRange") -> bool:
        """Whether a number lies in both."""
        return self.limits[0] <= other.limits[1] and other.limits[0] <= self.limits[1]

    def holds(self, values: Any) -> Any:
        """Whether numbers lie in it, flags of the same shape."""
        low, high = self.limits
        return (values >= low) & (values <= high)


def _range(value: object) -> object:
    return (
        dict(zip(("lowest", "highest"), value, strict=True)) if isinstance(value, list) and len(value) == 2 else value
    )


MissingCodes = Annotated[
    dict[str, Meaning], BeforeValidator(_meanings, json_schema_input_type=list[Code] | dict[str, Meaning])
]
AnyMissingRange = Annotated[
    MissingRange, BeforeValidator(_range, json_schema_input_type=list[float | None] | MissingRange)
]


def in_file(file: str, source: str) -> str:
    """Name of a column of a further file, once it is joined to the main table."""
    return f"{file}: {source}"


class SourceColumn(Strict):
    """How the text of a source column becomes values; only the empty cell and declared codes are missing."""

    source: str | None = Field(None, min_length=1, description="Name in the source table; the same name if left out")
    file: Name | None = Field(None, description="Which of the further `files` it stands in; the main table if left out")
    type: Literal["number", "integer", "boolean", "category", "date"] = Field(
        "number", description="What its values are; boolean is a yes/no column"
    )
    codes: Codes = Field(default={}, description="Code in the source -> label; codes with one label are one level")
    yes_code: Code | None = Field(
        None,
        description="The code of a yes/no column that means yes, if the codes are not 0 and 1, or no and yes",
    )
    missing: MissingCodes = Field(
        default={},
        description="Codes that stand for no value: a list of codes, or code -> why: not_known, refused, not_asked, "
        "not_in_wave or dead",
    )
    missing_ranges: list[AnyMissingRange] = Field(
        default=[],
        description="Ranges of numeric codes that stand for no value: [-9, -1], or lowest, highest and meaning; what "
        "`missing` says of a code of its own comes first",
    )
    minimum: float | dt.date | None = Field(None, description="Least possible value, of a number or date")
    maximum: float | dt.date | None = Field(None, description="Greatest possible value, of a number or date")
    precision: Precision = Field("day", description="What is known of dates; each is stored as the first day of it")

    date_order: DateOrder = Field(
        "year_month_day",
        description="How dates are written in text, with years of four digits: 1980-03-24 or 19800324; 24/3/1980; "
        "3/24/1980",
    )

    @model_validator(mode="before")
    @classmethod
    def _truth_values_are_not_category_codes(cls, data: object) -> object:
        codes = data.get("codes") if isinstance(data, Mapping) and data.get("type") == "category" else None
        if isinstance(codes, Mapping) and any(isinstance(code, bool) for code in codes):
            raise ValueError("YAML reads a bare yes, no, on, off, true or false as a truth value; quote these codes")
        return data

    @model_validator(mode="after")
    def _settings_fit_the_type(self) -> "SourceColumn":
        if self.codes and self.type not in ("category", "boolean"):
            raise ValueError(f"codes belong to type category or boolean, not {self.type}")
        both = [code for code in self.codes if code in self.missing]
        if both:
            raise ValueError(f"{', '.join(both)} stands in `codes` and in `missing`")
        self._check_spellings()
        self._check_missing_ranges()
        if self.precision != "day" and self.type != "date":
            raise ValueError("precision belongs to type date")
        if self.date_order != "year_month_day" and (self.type != "date" or self.precision != "day"):
            raise ValueError("date_order belongs to type date, known to the day")
        self._check_range()
        if self.type == "boolean":
            self._check_truth()
        elif self.yes_code is not None:
            raise ValueError("yes_code belongs to type boolean")
        return self

    def _check_spellings(self) -> None:
        """Refuse two codes that are one in the source, such as 9 and 9.0, but do not say the same."""
        met: dict[object, tuple[str, str | None]] = {}
        for code, meaning in [*((code, None) for code in self.codes), *self.missing.items()]:
            other, meant = met.setdefault(self._read_as(code), (code, meaning))
            if other != code and (meaning is None or meant != meaning):
                raise ValueError(f"{other} and {code} are one code, written in two ways, and do not mean the same")

    def _read_as(self, code: str) -> object:
        """What a code is once it is read, however it is written."""
        if self.type in ("number", "integer"):
            return float(code) if NUMBER.fullmatch(code) else code
        if self.type == "date":
            return code[: len("YYYY-MM-DD")]
        return re.sub(ZEROS, r"\1", code) if self.codes or self.type == "boolean" else code

    def _check_missing_ranges(self) -> None:
        if self.missing_ranges and self.type == "date":
            raise ValueError("missing_ranges are of numbers; list dates under `missing`")
        for first, second in combinations(self.missing_ranges, 2):
            if first.meaning != second.meaning and first.meets(second):
                raise ValueError(f"missing_ranges of {first.meaning} and of {second.meaning} overlap")
        both = [
            code
            for code in self.codes
            if NUMBER.fullmatch(code) and any(missing.holds(float(code)) for missing in self.missing_ranges)
        ]
        if both:
            raise ValueError(f"{', '.join(both)} stands in `codes` and in `missing_ranges`")

    def _check_range(self) -> None:
        limits = [limit for limit in (self.minimum, self.maximum) if limit is not None]
        if limits and self.type not in ("number", "integer", "date"):
            raise ValueError(f"minimum and maximum belong to numbers and dates, not to type {self.type}")
        if any(isinstance(limit, dt.date) != (self.type == "date") for limit in limits):
            raise ValueError(f"minimum and maximum must be {'dates' if self.type == 'date' else 'numbers'}")
        if len(limits) == 2 and limits[0] > limits[1]:  # type: ignore[operator]
            raise ValueError("minimum must not exceed maximum")

    def _check_truth(self) -> None:
        if not self.codes:
            if self.yes_code is not None:
                raise ValueError("yes_code needs `codes`, the two codes of the yes/no column")
            return
        if len(self.codes) != 2 or len(set(self.codes.values())) != 2:
            raise ValueError("a boolean column has two codes with a label each; use type category for others")
        if self.yes_code is None and not self.spelt_out:
            raise ValueError(f"which of the codes {' and '.join(self.codes)} means yes? Say so with `yes_code`")
        if self.yes_code is not None and self.yes_code not in self.codes:
            raise ValueError(f"yes_code '{self.yes_code}' is not one of the codes {' and '.join(self.codes)}")

    def origin(self, name: str = "") -> str:
        """Name in the table of all that is read of a person, where columns of further files have theirs before it."""
        source = self.source or name
        return source if self.file is None else in_file(self.file, source)

    @property
    def spelt_out(self) -> bool:
        """Whether the codes of a yes/no column, if any, say by themselves which of them means yes."""
        if self.yes_code is not None:
            return False
        return not self.codes or {TRUTH_WORDS.get(code.casefold()) for code in self.codes} == {False, True}

    @property
    def truth(self) -> dict[str, bool]:
        """What each code of a yes/no column means."""
        if not self.spelt_out:
            return {code: code == self.yes_code for code in self.codes}
        return {**TRUTH_WORDS, **{code: TRUTH_WORDS[code.casefold()] for code in self.codes}}

    @property
    def levels(self) -> dict[str, str]:
        """The level of each code of a category: the first code listed among those that share its label."""
        first: dict[str, str] = {}
        return {code: first.setdefault(label, code) for code, label in self.codes.items()}

    def level_label(self, code: str) -> str:
        """The label of a level of a category; a level of a category without codes is its own label."""
        return self.codes.get(code, code)

    def answer(self, yes: bool) -> str:
        """The label of yes, or of no, in a yes/no column; empty if its codes have none."""
        labels = {self.truth[code]: label for code, label in self.codes.items()}
        return labels.get(yes, "")


class Column(SourceColumn):
    """One column of the persons table: its role, type, unit and codes."""

    role: Role = Field(description="What it is in the cohort")
    label: str = Field(description="What it is called")
    unit: str = Field("", description="Unit of its values")

    @model_validator(mode="after")
    def _identifier_is_exact(self) -> "Column":
        if self.role == "id" and self.type not in ("integer", "category"):
            raise ValueError("an identifier has type integer, or category if it is any text")
        if self.role == "id" and (self.codes or self.missing or self.missing_ranges):
            raise ValueError("an identifier has no codes and is never missing")
        return self
