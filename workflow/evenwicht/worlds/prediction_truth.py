"""What is true of a prediction: the same regression fitted to everybody, which is what more and more people lead to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.outcomes import ContinuousOutcome, MultiSectorOutcome
from evenwicht.estimators.design import covariate_matrix
from evenwicht.estimators.discrimination import area_under
from evenwicht.estimators.distributions import normal_density
from evenwicht.estimators.flagging import flag_top, net_benefit, risk_at_cut
from evenwicht.estimators.regression import fit_model, with_intercept
from evenwicht.results.questions import NO_SECTOR, Prediction, Predictors
from evenwicht.worlds.people import People
from evenwicht.worlds.world import Row, row

ELSE = "no"
PER = 1000


@dataclass(frozen=True)
class _Group:
    """Some of the people: their outcome, weights and what predicts it, by column.

    Attributes
    ----------
    chance : (n,) array
        Of the outcome: 0 or 1, or a risk; a number if the outcome is one.
    """

    chance: Floats
    weights: Floats
    scores: dict[str, Floats]
    covariates: Floats

    def design(self, model: Predictors) -> Floats:
        parts = [self.scores[name][:, None] for name in model.scores]
        return with_intercept(np.column_stack([*parts, *([self.covariates] if model.covariates else [])]))

    def risk(self, model: Predictors) -> Floats:
        """Risk of each person by the model, (n,)."""
        return fit_model("binomial", self.chance, self.design(model), self.weights).fitted

    def some(self, who: Flags) -> "_Group":
        scores = {name: values[who] for name, values in self.scores.items()}
        return _Group(self.chance[who], self.weights[who], scores, self.covariates[who])

    def mean(self, values: Floats) -> float:
        return float((self.weights * values).sum() / self.weights.sum())


def prediction_rows(question: Prediction, people: People) -> Iterator[Row]:
    """Yield what each model tells of each outcome; nothing where the world does not know a column of it."""
    columns = {name: _column(people, name) for model in question.models for name in model.scores}
    covariates = covariates_of(question.adjust, people)
    if covariates is None or any(values is None for values in columns.values()):
        return
    scores = {name: values.astype(float) for name, values in columns.items() if values is not None}
    for name in question.outcomes:
        outcome, chance = people.book.outcomes[name], people.outcome(name)
        if chance is None:
            continue
        everybody = _Group(chance, people.weights, scores, covariates)
        if isinstance(outcome, ContinuousOutcome):
            yield from _spread(question, everybody, name)
            continue
        yield from _told(question, everybody, name)
        if isinstance(outcome, MultiSectorOutcome):
            extremes = (chance == 1) | ~people.high_needs(outcome).any(axis=1)
            group = everybody.some(extremes)
            risks = [group.risk(model) for model in question.models]
            yield from _areas(question, group, risks, {"outcome": name, "reference": NO_SECTOR})


def _column(people: People, name: str) -> Any:
    """A column of the persons table, as the world knows it, (n,)."""
    values = people.values
    if name not in values and name in people.book.role("sex") and "male" in values:
        return values["male"]
    return values.get(name)


def covariates_of(adjust: Adjustment, people: People) -> Floats | None:
    """Covariates, (n, k); None if the world does not know one."""
    columns = {name: _column(people, name) for name in adjust.columns}
    if any(values is None for values in columns.values()):
        return None
    table = pd.DataFrame(
        {name: pd.Categorical(v) if v.dtype.kind in "OU" else v.astype(float) for name, v in columns.items()},
        index=range(people.n),
    )
    return covariate_matrix(table, adjust.columns, adjust.squares, adjust.splines, adjust.interactions)[0]


def _spread(question: Prediction, group: _Group, name: str) -> Iterator[Row]:
    """What is left of the variance of a number."""
    variance = group.mean((group.chance - group.mean(group.chance)) ** 2)
    for model in question.models:
        fit = fit_model("gaussian", group.chance, group.design(model), group.weights)
        left = group.mean((group.chance - fit.fitted) ** 2)
        keys: dict[str, Any] = {"outcome": name, "exposure": model.key, "reference": ELSE}
        yield row("r_squared", 1 - left / variance, **keys)
        if model is question.models[-1]:
            yield row("residual_share", left / variance, **keys)
            yield row("residual_sd", np.sqrt(left), **keys)


def _areas(question: Prediction, group: _Group, risks: list[Floats], keys: dict[str, Any]) -> Iterator[Row]:
    """Areas under the curve, and what scores add to that of the covariates."""
    alone = None
    for model, risk in zip(question.models, risks, strict=True):
        area = area_under(risk, group.chance, group.weights)
        yield row("auc", area, exposure=model.key, **keys)
        if not model.scores:
            alone = area
        elif model.covariates and alone is not None:
            yield row("auc_increment", area - alone, exposure=model.key, **keys)


def _told(question: Prediction, group: _Group, name: str) -> Iterator[Row]:
    """Everything that risks tell of everybody."""
    risks = [group.risk(model) for model in question.models]
    yield from _areas(question, group, risks, {"outcome": name, "reference": ELSE})
    prevalence = group.mean(group.chance)
    density = float(normal_density(ndtri(1 - prevalence)))
    variance = prevalence * (1 - prevalence)
    for model, risk in zip(question.models, risks, strict=True):
        keys: dict[str, Any] = {"outcome": name, "exposure": model.key, "reference": ELSE}
        error = group.mean(group.chance * (1 - risk) ** 2 + (1 - group.chance) * risk**2)
        yield row("brier_score", error, **keys)
        yield row("r_squared", 1 - error / variance, **keys)
        yield row("liability_r_squared", (variance - error) / density**2, **keys)
        among = [group.mean(risk * part) / group.mean(part) for part in (group.chance, 1 - group.chance)]
        yield row("tjur_r_squared", among[0] - among[1], **keys)
        # by the equations of the model its predictions are right on average and have the right spread
        yield row("calibration_slope", 1.0, **keys)
        yield row("calibration_intercept", 0.0, **keys)
        yield row("calibration_in_the_large", 0.0, **keys)
        if model is question.models[-1]:
            yield row("residual_share", error / variance, **keys)
        yield from _flagged(question, group, model, risk, keys)


def _flagged(
    question: Prediction, group: _Group, model: Predictors, risk: Floats, keys: dict[str, Any]
) -> Iterator[Row]:
    """What flagging people does at each cut; those with a yes/no score are a group of their own."""
    if not model.covariates and len(model.scores) == 1:
        [score] = model.scores
        if set(np.unique(group.scores[score])) <= {0.0, 1.0}:
            yield from _rates(group, group.scores[score], keys, "")
            return
    prevalence = group.mean(group.chance)
    for cut in question.cuts:
        flags = flag_top(risk, cut, group.weights)
        at = f"{cut:g}"
        yield from _rates(group, flags, keys, at)
        found, threshold = group.mean(group.chance * flags), risk_at_cut(risk, flags)
        false = group.mean(flags) - found
        yield row("net_benefit", net_benefit(found, false, threshold), at=at, **keys)
        yield row("net_benefit_all", net_benefit(prevalence, 1 - prevalence, threshold), at=at, **keys)


def _rates(group: _Group, flags: Floats, keys: dict[str, Any], at: str) -> Iterator[Row]:
    prevalence, share = group.mean(group.chance), group.mean(flags)
    found = group.mean(group.chance * flags)
    false, missed = share - found, prevalence - found
    yield row("sensitivity", found / prevalence, at=at, **keys)
    yield row("specificity", 1 - false / (1 - prevalence), at=at, **keys)
    yield row("positive_predictive_value", found / share, at=at, **keys)
    yield row("negative_predictive_value", 1 - missed / (1 - share), at=at, **keys)
    yield row("flagged_well", false / share, at=at, **keys)
    yield row("false_positives", PER * false, at=at, **keys)
    yield row("missed_cases", PER * missed, at=at, **keys)
