"""Regressions with fixed effects: differences-in-differences, discontinuities, event studies.

By pyfixest, because it absorbs fixed effects instead of building a column for each (a register has thousands of days of
birth), gives cluster-robust errors with the small-sample factors of the field's standard, R `fixest`, and is itself
tested against it in its continuous integration. What it does in silence is refused here: a coefficient dropped for
collinearity, and a cell without people.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.errors import ModelError
from evenwicht.estimators.results import Interval

Floats = NDArray[np.float64]


def panel_regression(
    outcome: Floats,
    regressors: Mapping[str, Floats],
    *,
    absorb: Mapping[str, NDArray[Any]] | None = None,
    clusters: NDArray[Any] | None = None,
    weights: Floats | None = None,
    where: str = "panel regression",
) -> dict[str, Interval]:
    """Coefficients of a linear model with fixed effects, each with its 95% t interval.

    Parameters
    ----------
    outcome : (n,) array
    regressors
        Name -> (n,) array. A row that is alone in its fixed effect is kept; it adds nothing but to n.
    absorb
        Name -> (n,) array of levels, one fixed effect each; an intercept if left out.
    clusters : (n,) array, optional
        Cluster of each row: cluster-robust (CV1) errors with a t distribution on (clusters - 1) degrees of freedom
        (Cameron and Miller 2015, Journal of Human Resources 50:317). Without, robust to unequal variances (HC1).
    weights : (n,) array, optional
        Kernel or probability weights, all positive.

    Returns
    -------
    dict
        Name -> Interval, for every regressor, in the units of the outcome.

    Raises
    ------
    ModelError
        With fewer than two clusters, a regressor that does not vary (an empty cell), or one that follows from the
        fixed effects and the other regressors.
    """
    from pyfixest.estimation import feols

    names = list(regressors)
    constant = [name for name in names if np.ptp(regressors[name]) == 0]
    if constant:
        raise ModelError(
            f"{', '.join(constant)} does not vary: a cell of the comparison is empty",
            where=where,
            mend="Widen the window of births or leave this comparison out.",
        )
    if clusters is not None and len(np.unique(clusters)) < 2:
        raise ModelError("fewer than two clusters", where=where, mend="Choose clusters that vary.")
    levels = {f"level{k}": pd.factorize(values)[0] for k, values in enumerate((absorb or {}).values())}
    frame = pd.DataFrame({"outcome": outcome, **{f"x{j}": regressors[name] for j, name in enumerate(names)}, **levels})
    options: dict[str, Any] = {"vcov": "hetero"}
    if clusters is not None:
        frame["cluster"], options["vcov"] = pd.factorize(clusters)[0], {"CRV1": "cluster"}
    if weights is not None:
        frame["weight"], options["weights"] = weights, "weight"
    formula = "outcome ~ " + " + ".join(f"x{j}" for j in range(len(names)))
    if levels:
        formula += " | " + " + ".join(levels)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r"\s*\d+ variables dropped", category=UserWarning)
            fit = feols(formula, frame, fixef_rm="none", copy_data=False, store_data=False, **options)
        found = fit.tidy()
    except ValueError as error:
        if "All variables are collinear" not in str(error):
            raise
        found = pd.DataFrame()
    dropped = [name for j, name in enumerate(names) if f"x{j}" not in found.index]
    if dropped:
        raise ModelError(
            f"singular design: {', '.join(dropped)} follows exactly from the fixed effects and the other covariates",
            where=where,
            mend="Remove it from the adjustment, or widen the window of births.",
        )
    rows = found[["Estimate", "Std. Error", "2.5%", "97.5%"]]
    return {name: Interval(*map(float, rows.loc[f"x{j}"])) for j, name in enumerate(names)}
