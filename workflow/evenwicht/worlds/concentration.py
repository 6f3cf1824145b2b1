"""True values of concentration, and of how well a score or a second rating tells who is who."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from evenwicht.config import ConcentrationStudy
from evenwicht.estimators.concentration import (
    gini,
    group_share_of_use,
    high_need,
    several_sectors,
    top_share_of_use,
)
from evenwicht.worlds.scm import Values
from evenwicht.worlds.world import Row

Floats = NDArray[np.float64]


def concentration_rows(
    study: ConcentrationStudy, use: Floats, sectors: list[str], people: Values, name: str = "concentration"
) -> Iterator[Row]:
    """How use concentrates: ranked by use, in the multi-sector group beside chance, and ranked by childhood risk."""
    row: Row = {"study": name, "level": "population"}
    shares = study.top_share
    flags = np.column_stack([high_need(column, shares) for column in use.T])
    group = several_sectors(flags, study.at_least)
    # people are drawn independently, so handing each sector to the next person breaks what sectors share
    strangers = np.column_stack([np.roll(use[:, j], j) for j in range(len(sectors))])
    null_flags = np.column_stack([np.roll(flags[:, j], j) for j in range(len(sectors))])
    null_share = group_share_of_use(strangers, several_sectors(null_flags, study.at_least))
    for j, sector in enumerate(sectors):
        yield {**row, "estimand": "gini", "contrast": sector, "value": gini(use[:, j])}
        yield {**row, "estimand": "top_share", "contrast": sector, "value": top_share_of_use(use[:, j], shares)}
    contrast = f"high need in {study.at_least} or more of {len(sectors)} sectors"
    yield {**row, "estimand": "group_share", "contrast": contrast, "value": float(group.mean())}
    yield {
        **row,
        "estimand": "group_share",
        "contrast": "high need in no sector",
        "value": float((~flags.any(1)).mean()),
    }
    for sector, share, null in zip(sectors, group_share_of_use(use, group), null_share, strict=True):
        yield {**row, "estimand": "group_use_share", "contrast": sector, "value": share}
        yield {**row, "estimand": "excess_use_share", "contrast": sector, "value": share - null}
    if study.risk is not None:
        risk = people[study.risk]
        rank = rankdata(risk) / len(risk)
        top = risk >= np.quantile(risk, 0.8)
        yield {**row, "estimand": "auc", "contrast": f"{study.risk}, {contrast}", "value": auc(risk, group)}
        for j, sector in enumerate(sectors):
            index = 2 * np.cov(use[:, j], rank)[0, 1] / use[:, j].mean()
            yield {**row, "estimand": "concentration_index", "contrast": sector, "value": index}
            yield {
                **row,
                "estimand": "top_risk_share",
                "contrast": sector,
                "value": use[top, j].sum() / use[:, j].sum(),
            }


def auc(score: Floats, cases: NDArray[np.bool_]) -> float:
    """Probability that a case has a higher score than another person, with ties counted half.

    The mean rank of cases exceeds that of others by this probability less one half.

    Examples
    --------
    >>> auc(np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, True, False, True]))
    0.75
    """
    rank = rankdata(score) / len(score)
    return float(0.5 + rank[cases].mean() - rank[~cases].mean())


def agreement(one: NDArray[np.int64], two: NDArray[np.int64], classes: int) -> tuple[float, float]:
    """Pearson correlation, and Cohen's kappa with linear weights (Cohen 1968), of two ordinal ratings."""
    table = np.bincount(one * classes + two, minlength=classes**2).reshape(classes, classes) / len(one)
    weight = np.abs(np.subtract.outer(np.arange(classes), np.arange(classes)))
    expected = np.outer(table.sum(1), table.sum(0))
    return float(np.corrcoef(one, two)[0, 1]), float(1 - (weight * table).sum() / (weight * expected).sum())
