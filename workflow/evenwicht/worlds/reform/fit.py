"""Effects of a month of leave by the published effects of the reform."""

from collections.abc import Iterator

from evenwicht.base.arrays import Floats
from evenwicht.worlds.fitting import Fitted, Given, solve
from evenwicht.worlds.reform.settings import ReformWorld
from evenwicht.worlds.reform.world import POLICY, mean_effect


def fits(source: ReformWorld, given: Given) -> Iterator[Fitted]:
    """Yield the fit of the effects of a month of leave on dropout and on log earnings."""
    keys = {"exposure": POLICY, "reference": "no"}
    targets = [
        given.target("risk_difference", "dropout", **keys),
        given.target("mean_difference", "log_earnings", **keys),
    ]

    def found(x: Floats) -> list[float]:
        dropout = source.dropout.model_copy(update={"per_month": float(x[0])})
        earnings = source.log_earnings.model_copy(update={"per_month": float(x[1])})
        return [-mean_effect(source, dropout), mean_effect(source, earnings)]

    paths = ["dropout.per_month", "log_earnings.per_month"]
    yield solve(paths, [source.dropout.per_month, source.log_earnings.per_month], (0.0, 10.0), targets, found)
