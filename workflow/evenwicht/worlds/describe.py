"""Descriptions of the columns that worlds make."""

from evenwicht.base.columns import Column, Role


def identifier(label: str = "Person") -> Column:
    """The identifying column."""
    return Column(role="id", type="integer", label=label)


def sex() -> Column:
    """Sex, by its two codes."""
    return Column(role="sex", type="category", label="Sex", codes={"female": "female", "male": "male"})


def birth_columns() -> dict[str, Column]:
    """Date of birth and the month that births share."""
    return {
        "birth_date": Column(role="birth_date", type="date", label="Date of birth"),
        "birth_month": Column(role="cluster", type="category", label="Month of birth"),
    }


def number(role: Role, label: str, unit: str = "") -> Column:
    """A number."""
    return Column(role=role, label=label, unit=unit)


def yes_no(role: Role, label: str, no: str = "absent", yes: str = "present") -> Column:
    """A yes/no column, with the words for both answers."""
    return Column(role=role, type="boolean", label=label, codes={"0": no, "1": yes})
