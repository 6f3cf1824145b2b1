"""True values of the concentration of use."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.stats import rankdata

from evenwicht.base.arrays import Floats
from evenwicht.estimators.classification import auc
from evenwicht.estimators.concentration import (
    gini,
    group_share_of_use,
    high_need,
    several_sectors,
    top_share_of_use,
)
from evenwicht.results.questions import NO_SECTOR, Concentration
from evenwicht.worlds.scm import Values
from evenwicht.worlds.world import Row, row


def concentration_rows(
    question: Concentration, use: Floats, sectors: Sequence[str], people: Values, at: str | None = None
) -> Iterator[Row]:
    """Yield how use, (n, sectors), concentrates: ranked by use, in the group beside chance, and ranked by risk.

    `at` is the window of the rows, that of the question if left out.
    """
    window = question.window if at is None else at
    shares = question.top_share
    flags = np.column_stack([high_need(column, shares) for column in use.T])
    group = several_sectors(flags, question.at_least)
    # people are drawn independently, so handing each sector to the next person breaks what sectors share
    strangers = np.column_stack([np.roll(use[:, j], j) for j in range(len(sectors))])
    null_flags = np.column_stack([np.roll(flags[:, j], j) for j in range(len(sectors))])
    null_share = group_share_of_use(strangers, several_sectors(null_flags, question.at_least))
    yield row("group_share", group.mean(), outcome=question.group, at=window)
    yield row("group_share", (~flags.any(1)).mean(), outcome=NO_SECTOR, at=window)
    shared = group_share_of_use(use, group)
    for j, sector in enumerate(sectors):
        yield row("gini", gini(use[:, j]), outcome=sector, at=window)
        yield row("top_share", top_share_of_use(use[:, j], shares), outcome=sector, at=window)
        keys = {"outcome": sector, "exposure": question.group, "at": window}
        yield row("group_use_share", shared[j], **keys)
        yield row("excess_use_share", shared[j] - null_share[j], **keys)
    if question.risk is not None:
        risk = people[question.risk]
        rank = rankdata(risk) / len(risk)
        top = risk >= np.quantile(risk, 0.8)
        yield row("auc", auc(risk, group), outcome=question.group, exposure=question.risk, at=window)
        for j, sector in enumerate(sectors):
            keys = {"outcome": sector, "exposure": question.risk, "at": window}
            index = 2 * np.cov(use[:, j], rank)[0, 1] / use[:, j].mean()
            yield row("concentration_index", index, **keys)
            yield row("top_risk_share", use[top, j].sum() / use[:, j].sum(), **keys)
