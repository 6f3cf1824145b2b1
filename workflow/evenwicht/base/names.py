"""What every section of the config shares: strictness, and types of names and numbers."""

import datetime as dt
import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

NAME_OF_NONE = "study"  # of a cohort named after a file or folder without a letter that an id may have
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Share = Annotated[float, Field(gt=0, lt=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Correlation = Annotated[float, Field(gt=-1, lt=1)]


def code_text(code: object) -> object:
    """Return a code as text, so that it survives JSON; a whole number has one spelling, whatever YAML made of it."""
    if isinstance(code, bool):
        raise ValueError(f"YAML reads a bare yes, no, on, off, true or false as {code}; write the code in quotes")
    if isinstance(code, list | dict | tuple | set):
        raise ValueError("a code is a number or a text, not a list or a section")
    if isinstance(code, float) and code.is_integer():
        return str(int(code))
    if isinstance(code, int | float | dt.date):
        return str(code)
    return code


def _text_keys(codes: object) -> object:
    """YAML reads bare no and yes as truth values: as codes they are 0 and 1, as labels they stay words."""
    if not isinstance(codes, dict):
        return codes
    return {
        str(int(code)) if isinstance(code, bool) else code_text(code): _word(label) for code, label in codes.items()
    }


def _word(label: object) -> object:
    return {True: "yes", False: "no"}[label] if isinstance(label, bool) else label


def _on_one_line(text: object) -> object:
    return " ".join(text.split()) if isinstance(text, str) else text


Reason = Annotated[str, BeforeValidator(_on_one_line), Field(min_length=1, max_length=300)]
Code = Annotated[str, BeforeValidator(code_text, json_schema_input_type=int | float | str)]
Codes = Annotated[dict[str, str], BeforeValidator(_text_keys)]


def cohort_name(called: str) -> str:
    """Return an id for the cohort of a folder or file: its letters, digits and underscores, beginning with a letter.

    >>> cohort_name("My-study 2"), cohort_name("2024"), cohort_name("研究")
    ('my_study_2', 'study_2024', 'study')
    """
    name = "_".join(re.findall("[a-z0-9]+", called.lower()))
    return name if name[:1].isalpha() else f"{NAME_OF_NONE}_{name}".rstrip("_")


class Strict(BaseModel):
    """A section of the config: unknown keys are errors, values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
