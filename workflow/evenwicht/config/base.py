"""What every section of the config shares: strictness, and types of names and numbers."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Share = Annotated[float, Field(gt=0, lt=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Correlation = Annotated[float, Field(gt=-1, lt=1)]


def _text_keys(codes: object) -> object:
    """YAML reads the keys 0 and `no` as a number and a truth value; a code is text, so that it survives JSON."""
    if not isinstance(codes, dict):
        return codes
    return {
        str(int(code)) if isinstance(code, bool | float) and code == int(code) else str(code): label
        for code, label in codes.items()
    }


Codes = Annotated[dict[str, str], BeforeValidator(_text_keys)]


class Strict(BaseModel):
    """A section of the config: unknown keys are errors, values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
