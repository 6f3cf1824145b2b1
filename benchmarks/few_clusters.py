"""Do 95% intervals cover when few clusters carry the contrast? Every path with clustered errors, over designs.

`python benchmarks/few_clusters.py [draws]` simulates people in clusters that share an effect, without any effect of the
treatment, so that the true difference is 0 and every true ratio 1, and writes benchmarks/few_clusters.csv: coverage,
its Monte Carlo error, and the mean degrees of freedom behind it.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from evenwicht.estimators.gompertz import fit_gompertz
from evenwicht.estimators.linear import least_squares
from evenwicht.estimators.panel import panel_regression
from evenwicht.estimators.ratios import odds_ratio, risk_ratio, standardised_difference
from evenwicht.estimators.results import Interval
from evenwicht.estimators.survival import hazard_ratio
from evenwicht.estimators.survival_data import SurvivalData

Data = dict[str, np.ndarray]
# clusters, of them treated, mean people in each
DESIGNS = {
    "54 months, 22 treated": (54, 22, 30),
    "49 states, 9 treated": (49, 9, 30),
    "49 states, 5 treated": (49, 5, 30),
    "180 days, 90 treated": (180, 90, 8),
    "78 weeks, 13 treated": (78, 13, 15),
}
SHARED = 0.3  # SD of what a cluster shares, in SDs of the rest


def people(clusters: int, treated: int, mean_size: int, rng: np.random.Generator) -> Data:
    """Unequal clusters, of which the first ones are treated, with a covariate that clusters share in part."""
    size = rng.poisson(mean_size, clusters) + 2
    group = np.repeat(np.arange(clusters), size)
    shared = SHARED * rng.normal(size=clusters)[group]
    x = 0.5 * rng.normal(size=clusters)[group] + rng.normal(size=len(group))
    y = 0.3 * x + shared + rng.normal(size=len(group))
    case = (rng.random(len(group)) < 1 / (1 + np.exp(1.5 - 0.3 * x - 2 * shared))).astype(float)
    onset = np.log1p(rng.exponential(size=len(group)) * 30 * np.exp(-0.3 * x - shared)) / 0.09
    end = rng.uniform(25, 50, len(group))
    return {
        "group": group,
        "a": (group < treated).astype(float),
        "x": x[:, None],
        "y": y,
        "case": case,
        "time": np.minimum(onset, end),
        "event": (onset <= end).astype(float),
    }


def followed(d: Data) -> SurvivalData:
    return SurvivalData(d["time"], d["event"], clusters=d["group"])


def gompertz(d: Data) -> Interval:
    x = np.column_stack([d["a"], d["x"]])
    fit = fit_gompertz(followed(d), x, ["a", "x"], few_clusters=True)
    return fit.coefficient("a")


def difference_in_differences(d: Data) -> Interval:
    """Two regions and as many periods as fit, the treated ones in one region; cells of both are the clusters."""
    half = int(d["group"].max() + 1) // 2
    period, region = d["group"] % half, d["group"] // half
    treated = min(int(d["group"][d["a"] == 1].max()) + 1, half // 2)
    exposed = ((region == 0) & (period < treated)).astype(float)
    absorbed = {"period": period, "region": region}
    fit = panel_regression(d["y"], {"a": exposed, "x": d["x"][:, 0]}, absorb=absorbed, clusters=d["group"])
    return fit["a"]


def discontinuity(d: Data) -> Interval:
    """Local linear in the cluster's number, triangular kernel around the last treated cluster."""
    days = d["group"] - np.unique(d["group"][d["a"] == 1]).max() - 0.5
    reach = np.abs(days).max() + 1
    after = (days > 0).astype(float)
    columns = {"after": after, "days": days, "days after": days * after, "x": d["x"][:, 0]}
    return panel_regression(d["y"], columns, clusters=d["group"], weights=1 - np.abs(days) / reach)["after"]


PATHS: dict[str, Callable[[Data], Interval]] = {
    "difference, crude": lambda d: least_squares(d["y"], d["a"], clusters=d["group"]),
    "difference, adjusted": lambda d: least_squares(d["y"], d["a"], d["x"], clusters=d["group"]),
    "difference in differences": difference_in_differences,
    "discontinuity": discontinuity,
    "risk ratio": lambda d: risk_ratio(d["case"], d["a"], d["x"], clusters=d["group"]),
    "odds ratio": lambda d: odds_ratio(d["case"], d["a"], d["x"], clusters=d["group"]),
    "risk difference, standardised": lambda d: standardised_difference(d["case"], d["a"], d["x"], clusters=d["group"]),
    "hazard ratio, Cox": lambda d: hazard_ratio(followed(d), d["a"], d["x"]),
    "hazard ratio, Gompertz": gompertz,
}
RATIOS = ("risk ratio", "odds ratio", "hazard ratio, Cox")


def covered(path: str, interval: Interval) -> bool:
    truth = 1.0 if path in RATIOS else 0.0
    return bool(interval.lower <= truth <= interval.upper)


def coverage(design: str, draws: int, seed: int) -> pd.DataFrame:
    """Coverage of every path over draws of one design; rows without an interval are counted apart."""
    inside: dict[str, list[bool]] = {path: [] for path in PATHS}
    for draw in range(draws):
        data = people(*DESIGNS[design], np.random.default_rng([seed, draw]))
        for path, estimate in PATHS.items():
            interval = estimate(data)
            if not interval.reason:
                inside[path].append(covered(path, interval))
    rows = []
    for path, hits in inside.items():
        share = float(np.mean(hits)) if hits else np.nan
        error = np.sqrt(share * (1 - share) / len(hits)) if hits else np.nan
        rows.append({"design": design, "path": path, "draws": draws, "intervals": len(hits), "coverage": share})
        rows[-1]["mc_error"] = error
    return pd.DataFrame(rows)


if __name__ == "__main__":
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    table = pd.concat([coverage(design, draws, 8) for design in DESIGNS], ignore_index=True)
    table.round(4).to_csv(Path(__file__).with_suffix(".csv"), index=False)
    print(table.round(3).to_string())
