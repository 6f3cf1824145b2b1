"""Errors of estimates from people in clusters, of which few may carry the contrast.

The bias-reduced sandwich CR2 and Satterthwaite degrees of freedom under working independence (Bell and McCaffrey 2002,
Survey Methodology 28:169), with the approximate Hotelling test for several coefficients (Pustejovsky and Tipton 2018,
Journal of Business and Economic Statistics 36:672). The degrees of freedom follow from the clusters that carry the
contrast, not from all there are: with 5 of 54 clusters treated they are about 5, and a t distribution on 53 covers too
little.

All of it needs only the part of each cluster in the information and in the score, so one code serves linear,
generalised linear, Cox and Gompertz models. In coordinates in which the information is the identity, let N_g be the
part of cluster g, u_g its score and d the contrast. The estimate's error is the sum of d' u_g; under working
independence Cov(u_g, u_h) = N_g [g = h] - N_g N_h, and A_g = (I - N_g)^(-1/2) takes out what fitting did to the
residuals.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from evenwicht.base.arrays import Floats, Ints
from evenwicht.base.errors import ModelError
from evenwicht.estimators.results import Error, Interval

WHOLE = 1e-8  # distance from one at which a cluster holds all information in a direction
LEAST_DF = 3  # below, a t distribution overstates what two or three clusters say (benchmarks/few_clusters.py)
LARGEST = 4_000_000  # numbers in all N_g together, beyond which clusters are so many that none needs a correction


@dataclass(frozen=True)
class ClusterErrors:
    """Cluster-robust covariance of k coefficients, and the degrees of freedom of every contrast of them.

    Attributes
    ----------
    root : (k, k) array
        L with L L' the inverse information.
    scores : (clusters, k) array
        A_g u_g.
    shares, axes : (clusters, k) and (clusters, k, k) arrays, or None
        Eigenvalues and eigenvectors (columns) of N_g; None with very many clusters, where A_g is the identity and
        degrees of freedom are clusters - 1.
    """

    root: Floats
    scores: Floats
    shares: Floats | None
    axes: Floats | None

    @property
    def count(self) -> int:
        """Number of clusters."""
        return len(self.scores)

    @property
    def covariance(self) -> Floats:
        """Covariance of the coefficients, (k, k)."""
        moved = self.scores @ self.root.T
        return np.asarray(moved.T @ moved)

    def carried_by_one(self, contrast: Floats) -> bool:
        """Whether some cluster alone holds the information on a contrast (k,), so that its error is unknown."""
        if self.shares is None or self.axes is None:
            return False
        d = self.root.T @ contrast
        along = (np.einsum("gij,i->gj", self.axes, d)) ** 2
        return bool((along[self.shares >= 1 - WHOLE] > WHOLE * (d @ d)).any())

    def df(self, contrast: Floats) -> float:
        """Satterthwaite degrees of freedom of a contrast, (k,)."""
        return self._hotelling(contrast[None, :])

    def interval(self, estimate: float, contrast: Floats) -> Interval:
        """Return the 95% interval of an estimate whose error is that of a contrast (or gradient), (k,).

        Without limits, and with the reason, if `error` has one.
        """
        return self.error(contrast).around(estimate)

    def error(self, contrast: Floats) -> Error:
        """Return the error of a contrast, (k,).

        None, with the reason, if one cluster carries it alone or degrees of freedom are below `LEAST_DF`.
        """
        if self.carried_by_one(contrast):
            return Error(np.nan, reason="one cluster alone carries this contrast")
        df = self.df(contrast)
        if df < LEAST_DF:
            return Error(np.nan, reason=f"the clusters that carry it leave fewer than {LEAST_DF} degrees of freedom")
        return Error(self.se(contrast), df)

    def se(self, contrast: Floats) -> float:
        """Standard error of a contrast, (k,)."""
        return float(np.sqrt(np.maximum(contrast @ self.covariance @ contrast, 0.0)))  # rounding can be below zero

    def wald(self, estimate: Floats, rows: Floats) -> tuple[float, float]:
        """Test that q combinations, `rows` (q, k) of the coefficients, with these estimates (q,), are all zero.

        Returns
        -------
        statistic, p
            The chi-squared statistic, and p by the approximate Hotelling T-squared distribution.
        """
        q, df = len(rows), self.wald_df(rows)
        statistic = float(estimate @ np.linalg.solve(rows @ self.covariance @ rows.T, estimate))
        return statistic, float(special.fdtrc(q, df, df / (df + q - 1) * statistic / q))

    def wald_df(self, rows: Floats) -> float:
        """Second degrees of freedom of the test of q combinations, (q, k).

        Raises
        ------
        ModelError
            If too few clusters carry so many combinations.
        """
        df = self._hotelling(rows) - len(rows) + 1
        if df <= 0 or any(self.carried_by_one(row) for row in rows):
            raise ModelError(
                f"{len(rows)} hypotheses need more clusters than carry them",
                where="Wald test",
                fix="Test fewer hypotheses at once, or use finer clusters.",
            )
        return df

    def _hotelling(self, rows: Floats) -> float:
        """Degrees of freedom of the Wishart distribution nearest to the covariance of q combinations, (q, k)."""
        if self.shares is None or self.axes is None:
            return float(self.count - 1)
        q = len(rows)
        d = self.root.T @ rows.T
        # white under the working model, whose covariance of the combinations is d'd
        d = np.linalg.solve(np.linalg.cholesky(d.T @ d), d.T)
        along = np.einsum("gij,qi->gqj", self.axes, d)
        own = np.einsum("gsj,gj,gtj->gst", along, np.where(self.shares < 1 - WHOLE, self.shares, 0.0), along)
        moved = np.einsum("gij,gqj->gqi", self.axes, along * (self.shares * _shrunk(self.shares))[:, None, :])
        # sum over clusters g, h of K^ss K^tt + K^st K^ts, where K_gg is `own` and K_gh is - moved_g' moved_h elsewhere
        inner = np.einsum("gsi,gti->gst", moved, moved)
        outer = np.einsum("gsi,gtj->stij", moved, moved)
        total = 0.0
        for s in range(q):
            for t in range(q):
                total += own[:, s, s] @ own[:, t, t] - inner[:, s, s] @ inner[:, t, t] + (outer[s, t] ** 2).sum()
                total += (own[:, s, t] ** 2).sum() - (inner[:, s, t] ** 2).sum() + (outer[s, t] * outer[s, t].T).sum()
        return float(q * (q + 1) / total)


def _shrunk(shares: Floats) -> Floats:
    """(1 - share)^(-1/2), and zero where a cluster holds a direction alone: its residuals there are zero."""
    left = 1 - shares
    return np.where(left > WHOLE, 1 / np.sqrt(np.where(left > WHOLE, left, 1.0)), 0.0)


def cluster_errors(scores: Floats, parts: Floats | None, root: Floats) -> ClusterErrors:
    """Return cluster-robust errors from what each cluster adds to score and information.

    Parameters
    ----------
    scores : (clusters, k) array
        Sum of the scores of each cluster, at the estimate.
    parts : (clusters, k, k) array, or None
        The part of each cluster in the information; None with very many clusters (see `exact`).
    root : (k, k) array
        L with L L' the inverse information.
    """
    white = scores @ root
    if parts is None:
        count = len(scores)
        return ClusterErrors(root, white * np.sqrt(count / (count - 1)), None, None)
    shares, axes = np.linalg.eigh(root.T @ parts @ root)
    shares = np.clip(shares, 0.0, 1.0)
    adjusted = np.einsum("gij,gj->gi", axes, np.einsum("gij,gi->gj", axes, white) * _shrunk(shares))
    return ClusterErrors(root, adjusted, shares, axes)


def exact(n_clusters: int, width: int) -> bool:
    """Whether the parts of so many clusters in the information of `width` coefficients are few enough to be kept."""
    return n_clusters * width**2 <= LARGEST


def errors_of_rows(q: Floats, residual: Floats, groups: Ints) -> ClusterErrors:
    """Return cluster-robust errors of a fit by (weighted) least squares, in the coordinates of its orthonormal design.

    Parameters
    ----------
    q : (n, k) array
        Orthonormal basis of the root-weighted design.
    residual : (n,) array
        Root-weighted residuals; Pearson residuals of a generalised linear model.
    groups : (n,) array of int
        Cluster of each row, 0 to clusters - 1.
    """
    count, width = int(groups.max()) + 1, q.shape[1]
    order = np.argsort(groups, kind="stable")
    rows, start = q[order], np.searchsorted(groups[order], np.arange(count))
    scores = np.add.reduceat(rows * residual[order, None], start)
    parts = None
    if exact(count, width):
        parts = np.stack([np.add.reduceat(rows * rows[:, [j]], start) for j in range(width)], axis=1)
    return cluster_errors(scores, parts, np.eye(width))
