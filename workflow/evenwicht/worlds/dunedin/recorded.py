"""What registers and memories make of the truth: use that they do not hold, what foretells it, two adversity scores.

Risk ratios and areas under the curve follow the specification of Caspi et al. (2016): a regression of high recorded
use with a log link, on the predictor and sex, and in the sectors of registers on time abroad. The area is that of the
fitted risk, so it holds what sex and time abroad tell.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from evenwicht.base.arrays import Flags, Floats
from evenwicht.estimators.classification import agreement
from evenwicht.estimators.concentration import high_need, several_sectors
from evenwicht.estimators.discrimination import area_under
from evenwicht.estimators.regression import fit_model, with_intercept
from evenwicht.results.questions import Question, group_key
from evenwicht.worlds.concentration_truth import spread_rows
from evenwicht.worlds.dunedin.settings import (
    ABROAD,
    CLASSES,
    EVERYWHERE,
    FOUR_RISKS,
    GIVEN_SEX,
    GIVEN_SEX_AND_ABROAD,
    GROUP_OR_NONE,
    POOR_BRAIN_HEALTH,
    POOR_MENTAL_HEALTH,
    PROSPECTIVE,
    RETROSPECTIVE,
    DunedinSector,
    DunedinWorld,
)
from evenwicht.worlds.scm import Values
from evenwicht.worlds.world import Row, concentrations_of, row


def recorded_rows(source: DunedinWorld, questions: Sequence[Question], people: Values) -> Iterator[Row]:
    """Yield true values of use wherever people live, of what foretells it on record, and of two adversity scores."""
    for question in concentrations_of(questions):
        window = question.windows[0]
        if f"use_by_{window}" not in people:
            continue
        everywhere = people[f"use_by_{window}"]
        yield from spread_rows(question, everywhere, list(source.sectors), f"{window}{EVERYWHERE}")
        for share, least in question.groups[:1]:
            yield from _foretold(source, share, least, people[f"recorded_use_by_{window}"], people, window)
    correlation, kappa = agreement(people[PROSPECTIVE], people[RETROSPECTIVE], CLASSES)
    yield row("correlation", correlation, outcome=PROSPECTIVE, exposure=RETROSPECTIVE)
    yield row("weighted_kappa", kappa, outcome=PROSPECTIVE, exposure=RETROSPECTIVE)
    for k in range(CLASSES):
        yield row("group_share", (people[PROSPECTIVE] == k).mean(), outcome=f"{PROSPECTIVE}={k}")
    yield row("group_share", (people["share_abroad"] > 0).mean(), outcome=ABROAD)


def _foretold(
    source: DunedinWorld, top_share: float, least: int, use: Floats, people: Values, at: str
) -> Iterator[Row]:
    """How poor brain health foretells each sector, and what foretells the group, all as Caspi et al. (2016) did."""
    flags = np.column_stack([high_need(column, top_share) for column in use.T])
    group, none = several_sectors(flags, least), ~flags.any(axis=1)
    poor = -people["brain_health"]
    for j, (name, sector) in enumerate(source.sectors.items()):
        given = covariates(people, sector.administrative)
        ratio, area = log_link_risk(flags[:, j].astype(float), poor, given)
        keys = {"outcome": name, "exposure": POOR_BRAIN_HEALTH, "reference": given_what(sector), "at": at}
        yield row("associated_risk_ratio", ratio, **keys)
        yield row("auc", area, **keys)
    given = covariates(people, True)
    everybody = {"outcome": group_key(top_share, least), "reference": GIVEN_SEX_AND_ABROAD, "at": at}
    antecedents = {
        POOR_BRAIN_HEALTH: poor,
        POOR_MENTAL_HEALTH: people["mental_problems"],
        "no_qualifications": people["no_qualifications"].astype(float),
    }
    for name, antecedent in antecedents.items():
        ratio, _ = log_link_risk(group.astype(float), antecedent, given)
        yield row("associated_risk_ratio", ratio, exposure=name, **everybody)
    risks = np.column_stack([people[name] for name in ("ses", "maltreatment", "iq", "self_control")]).astype(float)
    extremes = {**everybody, "subgroup": GROUP_OR_NONE}
    for name, predictors in ((POOR_BRAIN_HEALTH, poor[:, None]), (FOUR_RISKS, risks)):
        yield row("auc", _area(group, np.column_stack([predictors, given])), exposure=name, **everybody)
        some = group | none
        design = np.column_stack([predictors, given])[some]
        yield row("auc", _area(group[some], design), exposure=name, **extremes)


def given_what(sector: DunedinSector) -> str:
    """Key of the covariates of a sector."""
    return GIVEN_SEX_AND_ABROAD if sector.administrative else GIVEN_SEX


def covariates(people: Values, administrative: bool) -> Floats:
    """Sex, and of the sectors of registers the share of adult years abroad, (n, 1 or 2)."""
    sex = people["male"].astype(float)
    return np.column_stack([sex, people["share_abroad"]]) if administrative else sex[:, None]


def log_link_risk(chance: Floats, predictor: Floats, given: Floats) -> tuple[float, float]:
    """Risk ratio per unit of a predictor by Poisson regression with covariates, and the area under its fitted risk.

    Parameters
    ----------
    chance : (n,) array
        Of high use: 0 or 1, or a risk.
    predictor : (n,) array
    given : (n, k) array
        Covariates.
    """
    design = np.column_stack([np.ones(len(chance)), predictor, given])
    fit = fit_model("poisson", chance, design)
    return float(np.exp((fit.basis @ fit.params)[1])), area_under(fit.fitted, chance)


def _area(cases: Flags, predictors: Floats) -> float:
    """Area under the fitted risk of a logistic regression on the predictors, (n, k)."""
    chance = cases.astype(float)
    return area_under(fit_model("binomial", chance, with_intercept(predictors)).fitted, chance)
