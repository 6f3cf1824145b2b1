"""Coronary disease of the famine world by the published risk and odds ratio."""

from collections.abc import Iterator

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.worlds.famine.settings import FamineWorld
from evenwicht.worlds.famine.world import TRIMESTERS, famine_model
from evenwicht.worlds.fitting import PEOPLE, Fitted, Given, number, solve
from evenwicht.worlds.mechanisms import onset_risk


def fits(source: FamineWorld, given: Given) -> Iterator[Fitted]:
    """Yield the fit of the rate of coronary disease, and of the log hazard ratio of early famine."""
    keys = {"exposure": "exposed_early", "reference": "no", "at": f"{source.clinic_age:g}"}
    targets = [given.target(estimand, "coronary_disease", **keys) for estimand in ("risk_unexposed", "odds_ratio")]
    people = famine_model(source).draw(PEOPLE, given.key, {f"exposed_{t}": False for t in TRIMESTERS})
    hazard = people["coronary_disease_log_hazard"][people["famine_city"]]
    disease = source.coronary_disease

    def found(x: Floats) -> list[float]:
        tried = disease.model_copy(update={"rate": float(np.exp(x[0]))})
        none, early = (float(onset_risk(tried, hazard + shift, source.clinic_age).mean()) for shift in (0.0, x[1]))
        return [none, early / (1 - early) / (none / (1 - none))]

    paths = ["coronary_disease.rate", "coronary_disease.famine.early"]
    rows = solve(paths, [float(np.log(disease.rate)), disease.famine.early], (-30.0, 5.0), targets, found)
    rows[0] |= {"fitted": float(np.exp(number(rows[0]["fitted"]))), "in_config": disease.rate}
    yield rows
