"""Fitted coefficients of a hazard model: intervals, joint tests and a table, from one covariance matrix."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import ModelError
from evenwicht.estimators.clusters import ClusterErrors
from evenwicht.estimators.results import Error, Interval


@dataclass(frozen=True)
class Coefficients:
    """Estimates of k coefficients of a hazard model.

    `params` (k,) and `covariance` (k, k) are per unit of each covariate, on the log hazard scale. `n` rows, `events`
    and `n_clusters` (None without clusters) describe the data, `iterations` the Newton steps. With `errors`, the
    bias-reduced cluster errors, the degrees of freedom of an interval or test follow from the clusters that carry its
    contrast; with the plain sandwich they are `n_clusters` - 1; without clusters they are infinite.
    """

    names: tuple[str, ...]
    params: Floats
    covariance: Floats
    log_likelihood: float
    n: int
    events: int
    n_clusters: int | None
    errors: ClusterErrors | None
    iterations: int

    def df(self, contrast: Floats) -> float:
        """Degrees of freedom of a contrast, or of the gradient of a function, (k,)."""
        if self.errors is not None:
            return self.errors.df(contrast)
        return np.inf if self.n_clusters is None else self.n_clusters - 1

    def interval(self, estimate: float, gradient: Floats) -> Interval:
        """Return the 95% interval of a function of the coefficients with this gradient (k,), by the delta method."""
        return self.error(gradient).around(estimate)

    def error(self, gradient: Floats) -> Error:
        """Return the error of a function of the coefficients with this gradient, (k,)."""
        if self.errors is not None:
            return self.errors.error(gradient)
        return Error(float(np.sqrt(gradient @ self.covariance @ gradient)), self.df(gradient))

    def coefficient(self, name: str) -> Interval:
        """Return a coefficient, the log hazard ratio per unit of a covariate."""
        j = self.position(name)
        return self.interval(self.params[j], np.eye(len(self.names))[j])

    def position(self, name: str) -> int:
        """Return the position of a coefficient; ModelError if the model has none of that name."""
        if name not in self.names:
            raise ModelError(f"no coefficient {name}", where="hazard model", fix=f"It has {', '.join(self.names)}.")
        return self.names.index(name)

    def hazard_ratio(self, name: str) -> Interval:
        """Return the hazard ratio per unit of a covariate; `se` stays on the log scale."""
        return self.coefficient(name).exp()

    def wald(self, hypotheses: list[str] | Floats) -> tuple[float, int, float]:
        """Test jointly that coefficients, or linear combinations of them, are zero.

        Parameters
        ----------
        hypotheses : list of names, or (q, k) array
            Coefficients, or one linear combination a row.

        Returns
        -------
        statistic, degrees of freedom, p value
            The statistic is chi-squared on q degrees of freedom. With bias-reduced cluster errors p comes from the
            approximate Hotelling T-squared distribution, with the plain sandwich from an F distribution on q and
            clusters - 1.

        Raises
        ------
        ModelError
            If the covariance of the combinations is singular: they repeat each other, or outnumber the clusters.
        """
        rows = self._rows(hypotheses)
        value, spread = rows @ self.params, rows @ self.covariance @ rows.T
        size = np.sqrt(np.diag(spread))
        rank = np.linalg.matrix_rank(spread / np.outer(size, size)) if (size > 0).all() else 0
        if rank < len(rows):
            raise ModelError(
                f"{len(rows)} hypotheses but a covariance of rank {rank}",
                where="Wald test",
                fix="Test fewer hypotheses that do not follow from each other.",
            )
        q = len(rows)
        if self.errors is not None:
            statistic, p = self.errors.wald(value, rows)
            return statistic, q, p
        statistic = float(value @ np.linalg.solve(spread, value))
        p = special.chdtrc(q, statistic)
        if self.n_clusters is not None:
            p = special.fdtrc(q, self.n_clusters - 1, statistic / q)
        return statistic, q, float(p)

    def wald_df(self, hypotheses: list[str] | Floats) -> float:
        """Second degrees of freedom of a joint test (see `wald`); infinite without clusters."""
        rows = self._rows(hypotheses)
        return self.df(rows[0]) if self.errors is None else self.errors.wald_df(rows)

    def _rows(self, hypotheses: list[str] | Floats) -> Floats:
        if isinstance(hypotheses, np.ndarray):
            return np.atleast_2d(hypotheses)
        return np.eye(len(self.names))[[self.position(name) for name in hypotheses]]

    @property
    def summary(self) -> pd.DataFrame:
        """Table with a row per coefficient and lifelines' column names, and `df`; z is coef / se."""
        found = [self.coefficient(name) for name in self.names]
        coef, se, lower, upper = (
            np.array([getattr(one, k) for one in found]) for k in ("estimate", "se", "lower", "upper")
        )
        df = np.array([self.df(row) for row in np.eye(len(self.names))])
        z = coef / se
        return pd.DataFrame(
            {
                "coef": coef,
                "exp(coef)": np.exp(coef),
                "se(coef)": se,
                "coef lower 95%": lower,
                "coef upper 95%": upper,
                "exp(coef) lower 95%": np.exp(lower),
                "exp(coef) upper 95%": np.exp(upper),
                "z": z,
                "df": df,
                "p": 2 * special.stdtr(df, -np.abs(z)),
            },
            index=pd.Index(self.names, name="covariate"),
        )
