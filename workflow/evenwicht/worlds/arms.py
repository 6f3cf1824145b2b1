"""What comparing people by a column means in a world: two interventions, and by how much a number is raised."""

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.base.exposures import Contrast
from evenwicht.worlds.people import Draw, People
from evenwicht.worlds.scm import Values
from evenwicht.worlds.world import Arms, World


def step_of(contrast: Contrast, values: Floats, weights: Floats) -> float:
    """By how much a number, (n,), is raised; its standard deviation is that of the population."""
    if contrast.per != "sd":
        return float(contrast.per or 1.0)
    mean = np.average(values, weights=weights)
    return float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))


def arms_of(world: World, contrast: Contrast, natural: Values, step: float | None) -> Arms | None:
    """Both interventions on a column, or None if it is no variable of the model."""
    column = contrast.column
    if column in world.arms and contrast.levels is None and not contrast.continuous:
        return world.arms[column]
    if column not in natural:
        return None
    kind = natural[column].dtype.kind
    if contrast.continuous:
        return Arms({column: natural[column] + step}, {}) if kind in "fiu" else None
    if contrast.levels is not None:
        exposed, unexposed = contrast.levels
        return Arms({column: exposed}, {column: unexposed}) if kind in "OU" else None
    return Arms({column: True}, {column: False}) if kind == "b" else None


def drawn_arms(contrast: Contrast, people: People, draw: Draw) -> list[Values]:
    """The same people exposed and not, or their number raised and as it is; none if the world cannot compare them."""
    step = None
    if contrast.continuous and contrast.column in people.values:
        step = step_of(contrast, people.values[contrast.column].astype(float), people.weights)
    arms = arms_of(people.world, contrast, people.values, step)
    return [] if arms is None else [draw(arms.exposed), draw(arms.unexposed)]


def among(contrast: Contrast, people: People) -> Floats:
    """Weights of those whom a comparison is about, (n,)."""
    special = people.world.arms.get(contrast.column)
    if special is None or special.among is None or contrast.levels is not None or contrast.continuous:
        return people.weights
    return people.weights * special.among(people.values)
