"""Names of what people have beside columns: use of a sector, attendance at a wave, and what an outcome is made of."""

from typing import NamedTuple

from evenwicht.base.outcomes import AnyOutcome, EventOutcome, UseOutcome


class Amount(NamedTuple):
    """Use of a sector in a window. As text, a name beside those of columns, it is sector@window."""

    sector: str
    window: str

    def __str__(self) -> str:
        return f"{self.sector}@{self.window}"

    @classmethod
    def read(cls, name: str) -> "Amount":
        """Return the amount with this name."""
        sector, _, window = name.partition("@")
        return cls(sector, window)


def attendance_at(wave: str) -> str:
    """Return the name, beside those of columns, of who was at a wave."""
    return f"attendance@{wave}"


def target_of(outcome: AnyOutcome) -> str:
    """Return the variable or event that an outcome is; empty if it is made of several."""
    if isinstance(outcome, EventOutcome):
        return outcome.event
    if isinstance(outcome, UseOutcome):
        return str(Amount(outcome.sector, outcome.window))
    return getattr(outcome, "column", "")
