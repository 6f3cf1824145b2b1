"""Fitted coefficients of a hazard model: intervals, joint tests and a table, from one covariance matrix."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from evenwicht.errors import ModelError
from evenwicht.estimators.results import Interval

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Coefficients:
    """Estimates of k coefficients of a hazard model.

    `params` (k,) and `covariance` (k, k) are per unit of each covariate, on the log hazard scale. `n` rows, `events`
    and `n_clusters` (None without clusters) describe the data, `iterations` the Newton steps. With clusters every
    interval and test refers to a t (or F) distribution on `n_clusters` - 1 degrees of freedom, otherwise to the normal
    (or chi-squared).
    """

    names: tuple[str, ...]
    params: Floats
    covariance: Floats
    log_likelihood: float
    n: int
    events: int
    n_clusters: int | None
    iterations: int

    @property
    def freedom(self) -> float:
        """Degrees of freedom of the intervals: clusters - 1, or infinite."""
        return np.inf if self.n_clusters is None else self.n_clusters - 1

    def interval(self, estimate: float, se: float) -> Interval:
        """Return the 95% interval of an estimate with this model's degrees of freedom."""
        reach = float(stats.t.ppf(0.975, self.freedom)) * se
        return Interval(float(estimate), float(se), float(estimate - reach), float(estimate + reach))

    def position(self, name: str) -> int:
        """Return the position of a coefficient; ModelError if the model has none of that name."""
        if name not in self.names:
            raise ModelError(f"no coefficient {name}", where="hazard model", mend=f"It has {', '.join(self.names)}.")
        return self.names.index(name)

    def hazard_ratio(self, name: str) -> Interval:
        """Return the hazard ratio per unit of a covariate; `se` stays on the log scale."""
        j = self.position(name)
        return self.interval(self.params[j], np.sqrt(self.covariance[j, j])).exp()

    def wald(self, hypotheses: list[str] | Floats) -> tuple[float, int, float]:
        """Test jointly that coefficients, or linear combinations of them, are zero.

        Parameters
        ----------
        hypotheses : list of names, or (q, k) array
            Coefficients, or one linear combination a row.

        Returns
        -------
        statistic, degrees of freedom, p value
            The statistic is chi-squared on q degrees of freedom. With clusters, p is that of statistic / q under an
            F distribution on q and clusters - 1, so that one coefficient gives the p of `summary`.

        Raises
        ------
        ModelError
            If the covariance of the combinations is singular: they repeat each other, or outnumber the clusters.
        """
        if isinstance(hypotheses, np.ndarray):
            rows = np.atleast_2d(hypotheses)
        else:
            rows = np.eye(len(self.names))[[self.position(name) for name in hypotheses]]
        value, spread = rows @ self.params, rows @ self.covariance @ rows.T
        size = np.sqrt(np.diag(spread))
        rank = np.linalg.matrix_rank(spread / np.outer(size, size)) if (size > 0).all() else 0
        if rank < len(rows):
            raise ModelError(
                f"{len(rows)} hypotheses but a covariance of rank {rank}",
                where="Wald test",
                mend="Test fewer hypotheses that do not follow from each other.",
            )
        statistic, q = float(value @ np.linalg.solve(spread, value)), len(rows)
        p = stats.chi2.sf(statistic, q) if self.n_clusters is None else stats.f.sf(statistic / q, q, self.freedom)
        return statistic, q, float(p)

    @property
    def summary(self) -> pd.DataFrame:
        """Table with a row per coefficient and lifelines' column names; z is coef / se, p and limits as above."""
        se = np.sqrt(np.diag(self.covariance))
        reach = stats.t.ppf(0.975, self.freedom) * se
        z = self.params / se
        return pd.DataFrame(
            {
                "coef": self.params,
                "exp(coef)": np.exp(self.params),
                "se(coef)": se,
                "coef lower 95%": self.params - reach,
                "coef upper 95%": self.params + reach,
                "exp(coef) lower 95%": np.exp(self.params - reach),
                "exp(coef) upper 95%": np.exp(self.params + reach),
                "z": z,
                "p": 2 * stats.t.sf(np.abs(z), self.freedom),
            },
            index=pd.Index(self.names, name="covariate"),
        )
