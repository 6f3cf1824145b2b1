"""Parameters of a register that give the published concentration of its sectors."""

from collections.abc import Iterator

from evenwicht.base.arrays import Floats
from evenwicht.worlds.fitting import Fitted, Given, solve
from evenwicht.worlds.register.settings import RegisterSector, RegisterWorld
from evenwicht.worlds.register.world import gini_of, top_share_of

TOP_SHARE = 0.10  # the published shares are those of the top tenth


def fits(source: RegisterWorld, given: Given) -> Iterator[Fitted]:
    """Yield the fit of each sector with a published figure."""
    for name, sector in source.sectors.items():
        yield from _margin(name, sector, given)


def _margin(name: str, sector: RegisterSector, given: Given) -> Iterator[Fitted]:
    """Share without use and SD of log use, by Gini coefficient and top-10% share; by the Gini alone the SD alone."""
    targets = [*given.every("gini", name), *given.every("top_share", name)]
    names = {2: ["sigma", "zero"], 1: ["sigma"], 0: []}[len(targets)]

    def found(x: Floats) -> list[float]:
        tried = sector.model_copy(update=dict(zip(names, map(float, x), strict=True)))
        figures = {"gini": gini_of(tried), "top_share": top_share_of(tried, TOP_SHARE)}
        return [figures[target.estimand] for target in targets]

    if names:
        start = [getattr(sector, parameter) for parameter in names]
        paths = [f"sectors.{name}.{parameter}" for parameter in names]
        limits = ([0.01, 0.0][: len(names)], [5.0, 0.999][: len(names)])
        yield solve(paths, start, limits, targets, found)
