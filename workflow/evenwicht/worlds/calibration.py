"""Parameters of a world that reproduce published figures, and how far every published figure is from the world.

Only rows of data/published.csv marked `calibrate` enter a fit; rows marked `check` are compared and nothing else.
"""

import numpy as np
import pandas as pd

from evenwicht.config import RegisterSector, RegisterWorld
from evenwicht.errors import ConfigError
from evenwicht.worlds.register import gini_of, top_share_of

TOP_SHARE = 0.10  # the published shares are those of the top tenth
FIT_COLUMNS = ["cohort", "sector", "targets", "zero", "sigma", "zero_in_config", "sigma_in_config", "loss"]


def fit_margins(cohort: str, world: RegisterWorld, published: pd.DataFrame) -> pd.DataFrame:
    """Fit each sector's share without use and SD of log use to its published Gini coefficient and top-10% share.

    The optimiser is scipy.optimize.least_squares (trust region reflective, bounded), started at the config's values.
    With one target a sector keeps its configured share without use and only the SD is fitted.

    Returns
    -------
    DataFrame
        One row a sector: fitted and configured parameters, and the loss (sum of squared differences).

    Raises
    ------
    ConfigError
        If no row of the published figures is marked `calibrate` for the cohort.
    """
    targets = published[
        (published["cohort"] == cohort) & (published["study"] == "concentration") & (published["use"] == "calibrate")
    ]
    if targets.empty:
        raise ConfigError(
            f"no rows marked 'calibrate' for cohort {cohort}",
            where="data/published.csv",
            mend="Add the published figures with their source, or leave the cohort out of calibration.",
        )
    rows = []
    for name, sector in world.sectors.items():
        wanted = targets[targets["contrast"] == name].set_index("estimand")["value"]
        if len(wanted):
            rows.append({"cohort": cohort, "sector": name, **_fit(sector, wanted)})
    return pd.DataFrame(rows, columns=FIT_COLUMNS)


def _fit(sector: RegisterSector, wanted: "pd.Series[float]") -> dict[str, object]:
    from scipy.optimize import least_squares

    both = len(wanted) == 2

    def with_parameters(parameters: np.ndarray) -> RegisterSector:
        zero = parameters[1] if both else sector.zero
        return sector.model_copy(update={"sigma": float(parameters[0]), "zero": float(zero)})

    def misses(parameters: np.ndarray) -> list[float]:
        tried = with_parameters(parameters)
        found = {"gini": gini_of(tried), "top_share": top_share_of(tried, TOP_SHARE)}
        return [found[str(estimand)] - value for estimand, value in wanted.items()]

    start = [sector.sigma, sector.zero] if both else [sector.sigma]
    bounds = ([0.01, 0.0], [5.0, 0.999]) if both else ([0.01], [5.0])
    fit = least_squares(misses, start, bounds=bounds, xtol=1e-12, ftol=1e-12)
    fitted = with_parameters(fit.x)
    return {
        "targets": ", ".join(sorted(wanted.index)),
        "zero": fitted.zero,
        "sigma": fitted.sigma,
        "zero_in_config": sector.zero,
        "sigma_in_config": sector.sigma,
        "loss": 2 * fit.cost,
    }


def compare_with_published(cohort: str, truth: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Put published figures beside a world's true values, whether they were used to set it or not.

    Returns
    -------
    DataFrame
        cohort, estimand, contrast, published, world, difference, mc_error (of the world's value), use, source, tag.
    """
    key = ["study", "estimand", "contrast"]
    theirs = published[published["cohort"] == cohort].rename(columns={"value": "published"})
    table = theirs.merge(truth[[*key, "value", "mc_error"]].rename(columns={"value": "world"}), on=key)
    table["difference"] = table["world"] - table["published"]
    return table[["cohort", *key[1:], "published", "world", "difference", "mc_error", "use", "source", "tag"]]
