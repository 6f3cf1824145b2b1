"""Arrays of a test, by name, as the arguments of a hazard model."""

from typing import Any

import numpy as np
from evenwicht.estimators.survival_data import SurvivalData

FOLLOW_UP = ("time", "event", "entry", "weights", "clusters")


def arguments(data: dict[str, np.ndarray]) -> dict[str, Any]:
    """What describes follow-up as `data`, everything else under its own name."""
    rest = {name: values for name, values in data.items() if name not in FOLLOW_UP}
    return {"data": SurvivalData(**{name: data[name] for name in FOLLOW_UP if name in data}), **rest}
