"""What a study does about values that are not known."""

from typing import Annotated, Literal

from pydantic import Field

from evenwicht.base.names import Name, Strict


class Missing(Strict):
    """How values that are not known are handled; each way is right under an assumption that no data can test.

    Complete cases need that who is complete does not depend on the outcome, given the covariates; the other two that
    it does not depend on what is not known, given what is. None helps where it depends on the unseen value itself.
    """

    handling: Literal["complete_cases", "imputation", "attrition_weights"] = Field(
        "complete_cases",
        description="People with a value missing leave; or missing values of all columns that the study rests on are "
        "drawn several times; or people who are complete stand for those who are not. A kind that rests on dates of "
        "birth, clusters, families or groups imputes nothing, nor does one whose results cannot be put together",
    )
    imputations: Annotated[int, Field(ge=2, le=200)] = Field(20, description="Times that missing values are drawn")
    auxiliary: list[Name] = Field(
        default=[], description="Further columns that tell of missing values, or of who has them; no covariates"
    )
