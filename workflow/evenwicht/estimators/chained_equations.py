"""Completed copies of incomplete data: imputations by chained equations.

Each incomplete variable is drawn from its own regression on all others, in turn (van Buuren 2007, Statistical Methods
in Medical Research 16:219). The coefficients of a regression are drawn before the values, so that imputations differ by
all that is not known (Rubin 1987, chapter 5). Where whoever lacks one variable lacks the next as well, the turns are
drawn one after the other and nothing need be repeated.

Numbers are drawn by linear regression with normal residuals, so that they need not be whole or stay within bounds;
counts are those of people for whom nearly the same is predicted (predictive mean matching, Little 1988, Journal of
Business & Economic Statistics 6:287); yes/no variables by logistic regression; categories by a logistic regression of
each level among the levels not yet passed, which together are a model of all levels (Agresti 2013, Categorical Data
Analysis, section 8.3.6).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from scipy.special import expit

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.errors import ModelError
from evenwicht.estimators.design import standardised
from evenwicht.estimators.regression import Fit, fit_model, with_intercept

Kind = Literal["number", "count", "binary", "category"]
CYCLES = 5  # turns of all variables, as in R's mice (van Buuren and Groothuis-Oudshoorn 2011, section 4.3)
DONORS = 5  # people with the nearest predictions, one of whose counts is taken
SPARE = 5  # known values beyond the coefficients that an imputation model needs


@dataclass(frozen=True)
class Variable:
    """A variable of n people, some of whose values are not known.

    Attributes
    ----------
    name
        What it is called in messages; variables missing as often are imputed in the order of their names.
    values : (n,) array
        Numbers or counts; 0 and 1; or the number of a level, from 0 on. NaN where not known.
    kind
        Which of these.
    squared
        Whether a number enters the models of others with its square as well.
    """

    name: str
    values: Floats
    kind: Kind = "number"
    squared: bool = False

    @property
    def missing(self) -> Flags:
        return np.isnan(self.values)


Member = str | Floats  # the name of an incomplete variable, or complete columns, (n, k)


@dataclass(frozen=True)
class Product:
    """Two variables that act on an outcome more, or less, than each by itself.

    The model of each of the two has the product of the other and the outcome, and the square of the other: both are in
    the odds of a yes/no exposure given a number and a normal outcome, if they act together. The models of the outcome
    and of all further variables have the product of the two. What is multiplied follows from what is drawn (Tilling et
    al. 2016, Journal of Clinical Epidemiology 80:107).
    """

    one: Member
    other: Member
    outcome: Member

    def pairs(self, name: str) -> list[tuple[Member, Member]]:
        """Return what is multiplied in the model of a variable."""
        for own, partner in ((self.one, self.other), (self.other, self.one)):
            if isinstance(own, str) and own == name:
                return [(partner, self.outcome), (partner, partner)]
        return [(self.one, self.other)]


def completed(
    variables: Sequence[Variable],
    fixed: Floats,
    streams: Sequence[np.random.Generator],
    where: str,
    cycles: int = CYCLES,
    products: Sequence[Product] = (),
    apart: Member | None = None,
) -> Iterator[dict[str, Floats]]:
    """Yield a completed copy of the incomplete variables for every stream, by name.

    No copy depends on units, origins or the order of variables; the order of people decides who gets which draw.

    Parameters
    ----------
    variables
        Incomplete variables, each at least once known.
    fixed : (n, k) array
        What else predicts them, complete: the outcome must be among either if the study is about it.
    streams
        Random numbers of each imputation.
    cycles
        Turns of all variables where the pattern of missing values has no order.
    products
        What acts more, or less, together.
    apart
        A yes/no variable; all others have models of their own for people with and without it. What acts together with
        it can be normal in each of these groups where it is not so over both (White, Royston and Wood 2011, Statistics
        in Medicine 30:377).

    Raises
    ------
    ModelError
        If a variable is known for too few people to predict it for the others, or a predictor varies only among those
        for whom it is not known.
    """
    ordered = sorted(variables, key=lambda variable: (int(variable.missing.sum()), variable.name))
    flags = [variable.missing for variable in ordered]
    monotone = all((less <= more).all() for less, more in pairwise(flags)) and not isinstance(apart, str)
    background = standardised(fixed)

    def models(variable: Variable, others: Sequence[tuple[Variable, Floats]]) -> list[tuple[Flags, _Model]]:
        pairs = [pair for product in products for pair in product.pairs(variable.name)]
        design = _design(background, others, pairs)
        groups = [group for group in _groups(apart, variable, others) if variable.missing[group].any()]
        parts = [replace(variable, values=variable.values[group]) for group in groups]
        return [(group, _Model(part, design[group], where)) for group, part in zip(groups, parts, strict=True)]

    first = models(ordered[0], []) if monotone and ordered else []
    for rng in streams:
        now = {variable.name: variable.values for variable in ordered}
        if monotone:
            for place, variable in enumerate(ordered):
                known = [(v, now[v.name]) for v in ordered[:place]]
                now[variable.name] = _drawn(variable, models(variable, known) if known else first, rng)
        else:
            now = {variable.name: _started(variable, rng, where) for variable in ordered}
            for _ in range(cycles):
                for variable in ordered:
                    others = [(v, now[v.name]) for v in ordered if v is not variable]
                    now[variable.name] = _drawn(variable, models(variable, others), rng)
        yield now


def _drawn(variable: Variable, models: Sequence[tuple[Flags, "_Model"]], rng: np.random.Generator) -> Floats:
    """The variable, (n,), with draws where it is not known, from the model of each group."""
    filled = variable.values.copy()
    for group, model in models:
        filled[group] = model.draw(rng)
    return filled


def _groups(apart: Member | None, variable: Variable, others: Sequence[tuple[Variable, Floats]]) -> list[Flags]:
    """Who has models of their own, (n,) flags each; everybody together in that of the variable that sets them apart."""
    values = next((v for one, v in others if one.name == apart), None) if isinstance(apart, str) else apart
    if values is None:
        return [np.ones(len(variable.values), dtype=bool)]
    yes = values.reshape(len(variable.values)) > values.min()
    return [yes, ~yes]


def _started(variable: Variable, rng: np.random.Generator, where: str) -> Floats:
    """The variable with values of others in the place of those not known."""
    missing = variable.missing
    if missing.all():
        raise _too_few(variable.name, where)
    filled = variable.values.copy()
    filled[missing] = rng.choice(variable.values[~missing], int(missing.sum()))
    return filled


def _design(
    background: Floats, others: Sequence[tuple[Variable, Floats]], products: Sequence[tuple[Member, Member]]
) -> Floats:
    """Intercept and predictors, (n, p); products of what is not yet drawn are left out."""
    columns = {variable.name: _columns(variable, values) for variable, values in others}
    squares = [columns[variable.name] ** 2 for variable, _ in others if variable.squared]
    pairs = []
    for factors in products:
        one, other = (columns.get(f) if isinstance(f, str) else standardised(f) for f in factors)
        if one is not None and other is not None:
            pairs.append((one[:, :, None] * other[:, None, :]).reshape(len(one), -1))
    return with_intercept(np.hstack([background, *columns.values(), *squares, *pairs]))


def _columns(variable: Variable, values: Floats) -> Floats:
    """A variable in the models of others, (n, k): a category as indicators of all levels but the first."""
    if variable.kind == "category":
        levels = np.unique(values)[1:]
        return (values[:, None] == levels).astype(float)
    return standardised(values[:, None])


class _Model:
    """The regression of a variable on others, fitted to those who have it, for draws of those who lack it."""

    def __init__(self, variable: Variable, design: Floats, where: str) -> None:
        self.variable, self.missing = variable, variable.missing
        known, self.at = design[~self.missing], design[self.missing]
        values = variable.values[~self.missing]
        if len(values) < design.shape[1] + SPARE:
            raise _too_few(variable.name, where)
        self.steps: list[tuple[float, Fit | None]] = []  # level, and the model of being at it; the last has none
        if variable.kind in ("number", "count"):
            self.steps = [(np.nan, fit_model("gaussian", values, known))]
        elif variable.kind == "binary":
            self.steps = [(1.0, _logistic(values, known)), (0.0, None)]
        else:
            *levels, last = np.unique(values)
            for level in levels:
                left = values >= level
                self.steps.append((level, _logistic((values[left] == level).astype(float), known[left])))
            self.steps.append((last, None))
        if not all(fit.determines(self.at) for _, fit in self.steps if fit is not None):
            raise ModelError(
                f"'{variable.name}' cannot be imputed: a covariate varies only among people for whom it is not known",
                where=where,
                fix="Merge rare categories, or leave the column out of the imputation.",
            )

    def draw(self, rng: np.random.Generator) -> Floats:
        """The variable, (n,), with draws where it is not known."""
        filled = self.variable.values.copy()
        if self.variable.kind in ("number", "count"):
            [(_, fit)] = self.steps
            assert fit is not None
            left = len(fit.outcome) - fit.columns.shape[1]
            spread = float(np.sqrt(np.sum((fit.outcome - fit.fitted) ** 2) / rng.chisquare(left)))
            predicted = _predictor(fit, self.at, rng, spread)
            if self.variable.kind == "count":
                filled[self.missing] = _matched(predicted, fit, rng)
            else:
                filled[self.missing] = predicted + spread * rng.standard_normal(len(predicted))
            return filled
        drawn = np.full(len(self.at), np.nan)
        for level, fit in self.steps:
            open_ = np.isnan(drawn)
            if fit is not None:
                open_ &= rng.random(len(drawn)) < expit(_predictor(fit, self.at, rng))
            drawn[open_] = level
        filled[self.missing] = drawn
        return filled


def _predictor(fit: Fit, design: Floats, rng: np.random.Generator, spread: float = 1.0) -> Floats:
    """Linear predictor at a design, (m, p), by coefficients drawn from about their posterior.

    The draw comes from one number per person of the fit, so that no choice of basis of the design changes it.
    """
    variance = fit.fitted * (1 - fit.fitted) if fit.family == "binomial" else np.ones(len(fit.fitted))
    noise = np.sqrt(fit.weights * variance) * rng.standard_normal(len(variance))
    moved = np.linalg.solve(fit.root, np.linalg.solve(fit.root.T, fit.columns.T @ noise))
    return np.asarray(design @ (fit.basis @ (fit.params + spread * moved)))


def _matched(predicted: Floats, fit: Fit, rng: np.random.Generator) -> Floats:
    """Values of people whose fit is nearest to what is predicted for others, (m,)."""
    order = np.argsort(fit.fitted, kind="stable")
    near = fit.fitted[order]
    places = np.searchsorted(near, predicted)[:, None] + np.arange(-DONORS, DONORS)
    places = np.clip(places, 0, len(near) - 1)
    nearest = np.argsort(np.abs(near[places] - predicted[:, None]), axis=1, kind="stable")
    chosen = nearest[np.arange(len(predicted)), rng.integers(DONORS, size=len(predicted))]
    return np.asarray(fit.outcome[order[places[np.arange(len(predicted)), chosen]]])


def _logistic(values: Floats, design: Floats) -> Fit:
    """Logistic regression of 0/1 values; with a few made-up people where it has no finite fit.

    They stand one standard deviation to either side of the mean of each predictor, half of them with a 1, and together
    weigh as much as there are coefficients (White, Daniel and Royston 2010, Computational Statistics & Data Analysis
    54:2267).
    """
    fit = fit_model("binomial", values, design)
    if not fit.separated:
        return fit
    centre, spread = design.mean(axis=0), design.std(axis=0)
    sides = np.vstack([centre, *(centre + side * np.diag(spread)[spread > 0] for side in (1, -1))])
    made_up = np.vstack([sides, sides])
    answers = np.repeat([0.0, 1.0], len(sides))
    weight = np.full(len(made_up), design.shape[1] / len(made_up))
    return fit_model(
        "binomial",
        np.concatenate([values, answers]),
        np.vstack([design, made_up]),
        np.concatenate([np.ones(len(values)), weight]),
    )


def _too_few(name: str, where: str) -> ModelError:
    return ModelError(
        f"'{name}' cannot be imputed: it is known for too few people",
        where=where,
        fix="Leave it out of the study, or analyse complete cases.",
    )
