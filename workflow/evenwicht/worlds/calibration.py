"""Parameters of a world that reproduce published figures, and how far every published figure is from the world.

Only rows of data/published.csv marked `calibrate` enter a fit; rows marked `check` are compared and nothing else. The
optimiser is `scipy.optimize.least_squares` (trust region reflective, bounded), started at the config's values; where a
target needs people, the same people are used throughout a fit, so that the loss is smooth.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from evenwicht.config import (
    CohortConfig,
    DunedinWorld,
    EventStudy,
    FamineWorld,
    InterventionWorld,
    RationingWorld,
    ReformWorld,
    RegisterSector,
    RegisterWorld,
)
from evenwicht.errors import ConfigError
from evenwicht.worlds import dunedin, intervention, rationing, reform
from evenwicht.worlds.concentration import agreement
from evenwicht.worlds.famine import famine_model
from evenwicht.worlds.mechanisms import onset_risk
from evenwicht.worlds.register import gini_of, top_share_of

Floats = NDArray[np.float64]

PEOPLE = 200_000
TOP_SHARE = 0.10  # the published shares of registers are those of the top tenth
FIT_COLUMNS = ["cohort", "parameter", "fitted", "in_config", "targets", "loss"]
KEY = ["study", "estimand", "contrast"]
COMPARED_COLUMNS = ["cohort", *KEY, "published", "world", "difference", "mc_error", "use", "source", "tag"]


@dataclass(frozen=True)
class Target:
    """A published figure, and the row of the truth registry that answers to it."""

    study: str
    estimand: str
    contrast: str
    value: float


def targets_of(cohort: str, published: pd.DataFrame) -> list[Target]:
    """Return the published figures of a cohort that may set its parameters: those marked `calibrate`."""
    rows = published[(published["cohort"] == cohort) & (published["use"] == "calibrate")]
    return [Target(*row) for row in rows[["study", "estimand", "contrast", "value"]].itertuples(index=False)]


def fit_world(config: CohortConfig, published: pd.DataFrame, key: np.random.SeedSequence) -> pd.DataFrame:
    """Fit the free parameters of a world to its published figures.

    Returns
    -------
    DataFrame
        One row a parameter: its key path under `source`, fitted and configured value, the targets of its fit, and their
        loss (sum of squared differences). Empty if the world has nothing to fit.

    Raises
    ------
    ConfigError
        If a figure that a fit needs is not among the published ones.
    """
    rows: list[dict[str, object]] = []
    for part in _fits(config, _Wanted(config.name, targets_of(config.name, published)), key):
        rows += part
    return pd.DataFrame([{"cohort": config.name, **row} for row in rows], columns=FIT_COLUMNS)


@dataclass(frozen=True)
class _Wanted:
    cohort: str
    targets: list[Target]

    def __call__(self, study: str, estimand: str, contrast: str) -> Target:
        for target in self.targets:
            if (target.study, target.estimand, target.contrast) == (study, estimand, contrast):
                return target
        raise ConfigError(
            f"no row marked 'calibrate' for cohort {self.cohort}, {study}, {estimand}, {contrast}",
            where="data/published.csv",
            mend="Add the published figure with its source, or give the cohort another name to leave it uncalibrated.",
        )


def _fits(config: CohortConfig, wanted: _Wanted, key: np.random.SeedSequence) -> Iterator[list[dict[str, object]]]:
    world = config.source
    if isinstance(world, RegisterWorld):
        for name, sector in world.sectors.items():
            yield from _register(name, sector, wanted)
    elif isinstance(world, RationingWorld) and config.event_study is not None:
        people = rationing.rationing_model(world).draw(PEOPLE, key)
        for name in config.event_study.outcomes:
            yield from _rationed_disease(name, config.event_study, world, wanted, people)
    elif isinstance(world, DunedinWorld):
        people = dunedin.dunedin_model(world).draw(PEOPLE, key)
        yield _segment(world, wanted, people)
        yield _adversity_scores(world, wanted, people, key)
    elif isinstance(world, FamineWorld):
        yield _famine(world, wanted, key)
    elif isinstance(world, ReformWorld):
        yield _leave(world, wanted)
    elif isinstance(world, InterventionWorld):
        yield _fade_out(world, wanted)


def _solve(
    paths: list[str],
    start: list[float],
    bounds: tuple[Any, Any],
    targets: list[Target],
    found: Callable[[Floats], list[float]],
    step: float | None = None,
) -> list[dict[str, object]]:
    """Return the fitted parameters with their loss.

    `found` gives the world's figures in the order of the targets; `step` is the relative step of the numerical
    derivative, wide where figures are counts of people and so move in small jumps.
    """
    from scipy.optimize import least_squares

    value = np.array([target.value for target in targets])
    options = {"xtol": 1e-12, "ftol": 1e-12, "diff_step": step}
    fit = least_squares(lambda x: np.array(found(x)) - value, start, bounds=bounds, **options)
    loss = round(2 * fit.cost, 12)  # below it, what is left is the arithmetic of floats
    return [
        {"parameter": path, "fitted": float(x), "in_config": x0, "targets": _listing(targets), "loss": loss}
        for path, x, x0 in zip(paths, fit.x, start, strict=True)
    ]


def _listing(targets: list[Target]) -> str:
    """Name the figures of a fit by study and estimand, with how many there are."""
    counts: dict[str, int] = {}
    for target in targets:
        label = f"{target.study}: {target.estimand}"
        counts[label] = counts.get(label, 0) + 1
    return "; ".join(f"{label} ({count})" if count > 1 else label for label, count in counts.items())


def _register(name: str, sector: RegisterSector, wanted: _Wanted) -> Iterator[list[dict[str, object]]]:
    """Share without use and SD of log use, by Gini coefficient and top-10% share; by the Gini alone the SD alone."""
    targets = [t for t in wanted.targets if t.study == "concentration" and t.contrast == name]
    names = {2: ["sigma", "zero"], 1: ["sigma"], 0: []}[len(targets)]

    def found(x: Floats) -> list[float]:
        tried = sector.model_copy(update=dict(zip(names, map(float, x), strict=True)))
        figures = {"gini": gini_of(tried), "top_share": top_share_of(tried, TOP_SHARE)}
        return [figures[target.estimand] for target in targets]

    if names:
        start = [getattr(sector, parameter) for parameter in names]
        paths = [f"sectors.{name}.{parameter}" for parameter in names]
        limits = ([0.01, 0.0][: len(names)], [5.0, 0.999][: len(names)])
        yield _solve(paths, start, limits, targets, found)


def _rationed_disease(
    name: str, study: EventStudy, world: RationingWorld, wanted: _Wanted, people: dict[str, Floats]
) -> Iterator[list[dict[str, object]]]:
    """Dose-response by the longest group and the part of the shortest; then the rate by the cases."""
    disease = world.diseases[name]
    targets = [
        wanted(name, "conditional_hazard_ratio", study.contrast(study.longest)),
        wanted(name, "share_of_effect", study.part_in_shortest),
    ]

    def found(x: Floats) -> list[float]:
        sugar = disease.sugar.model_copy(update={"prenatal": float(x[0]), "later_infancy": float(x[1])})
        tried = disease.model_copy(update={"sugar": sugar})
        ratios = [rationing.log_hazard_ratio(study, world, tried, quarters) for quarters in study.groups.values()]
        return [float(np.exp(ratios[-1])), float(np.expm1(ratios[0]) / np.expm1(ratios[-1]))]

    paths = [f"diseases.{name}.sugar.prenatal", f"diseases.{name}.sugar.later_infancy"]
    yield _solve(paths, [disease.sugar.prenatal, disease.sugar.later_infancy], (-3.0, 3.0), targets, found)
    cases = wanted(name, "group_share", "participants with a diagnosis")
    yield _rate(
        f"diseases.{name}.rate",
        disease.rate,
        [cases],
        lambda rate: rationing.diagnosed_share(world, name, people, rate),
    )


def _rate(path: str, start: float, targets: list[Target], found: Callable[[float], float]) -> list[dict[str, object]]:
    """Fit a positive parameter on the log scale."""
    rows = _solve([path], [float(np.log(start))], (-30.0, 5.0), targets, lambda x: [found(float(np.exp(x[0])))])
    return [{**row, "fitted": float(np.exp(float(str(row["fitted"])))), "in_config": start} for row in rows]


def _segment(world: DunedinWorld, wanted: _Wanted, people: dict[str, Floats]) -> list[dict[str, object]]:
    """Size of the latent group and chances of high use in it, by the published multi-sector group and its shares.

    In closed form, on the two classes: given the class, sectors are independent, so the number of them with high use is
    Poisson-binomial. One fifth of all people are high users of each sector. That registers miss the years abroad, and
    that amounts of high and low use overlap, is left to the comparison with the world itself.
    """
    from scipy.optimize import brentq

    names = list(world.sectors)
    study = "concentration_recorded"
    targets = [
        wanted(study, "group_share", f"high need in 3 or more of {len(names)} sectors"),
        *(wanted(study, "group_use_share", name) for name in names),
    ]
    sectors = list(world.sectors.values())
    high_mean = np.array([s.mean_high for s in sectors])
    low_mean = np.array([s.mean_low * s.any_low for s in sectors])

    def found(x: Floats) -> list[float]:
        size, severe = x[0], x[1:]
        use, group_use, group = np.zeros(len(names)), np.zeros(len(names)), 0.0
        for share, high in ((size, severe), (1 - size, (0.2 - size * severe) / (1 - size))):
            group += share * at_least(3, high)
            for j in range(len(names)):
                others = np.delete(high, j)
                group_use[j] += share * high[j] * high_mean[j] * at_least(2, others)
                group_use[j] += share * (1 - high[j]) * low_mean[j] * at_least(3, others)
                use[j] += share * (high[j] * high_mean[j] + (1 - high[j]) * low_mean[j])
        return [group, *(group_use / use)]

    intercept, log_odds = world.high_need.intercept, people["need_log_odds"]
    size = float(expit(log_odds).mean())
    start = [size, *(s.high_if_severe for s in sectors)]
    paths = ["high_need.intercept", *(f"sectors.{name}.high_if_severe" for name in names)]
    rows = _solve(paths, start, (0.01, 0.99), targets, found)
    fitted = float(str(rows[0]["fitted"]))
    shift = brentq(lambda s: float(expit(log_odds + s).mean()) - fitted, -5, 5)
    rows[0] |= {"fitted": intercept + shift, "in_config": intercept}
    text, loss = rows[0]["targets"], rows[0]["loss"]
    otherwise = [
        {
            "parameter": f"sectors.{name}.high_otherwise",
            "fitted": (0.2 - fitted * float(str(row["fitted"]))) / (1 - fitted),
            "in_config": sector.high_otherwise,
            "targets": text,
            "loss": loss,
        }
        for name, sector, row in zip(names, sectors, rows[1:], strict=True)
    ]
    return [*rows, *otherwise]


def at_least(k: int, chances: Floats) -> float:
    """Probability that at least k of independent events happen (Poisson-binomial, by convolution)."""
    distribution = np.ones(1)
    for chance in chances:
        distribution = np.convolve(distribution, [1 - chance, chance])
    return float(distribution[k:].sum())


def _adversity_scores(
    world: DunedinWorld, wanted: _Wanted, people: dict[str, Floats], key: np.random.SeedSequence
) -> list[dict[str, object]]:
    """Error of recall by the published correlation; limits of the classes are quantiles at the published margins."""
    labels = [f"prospective, {k}{' or more' if k == dunedin.CLASSES - 1 else ''}" for k in range(dunedin.CLASSES)]
    margins = [wanted("adversities", "group_share", label) for label in labels]
    tie = wanted("adversities", "correlation", "prospective and retrospective")
    scores = world.adversity_scores
    noise = np.random.default_rng(key).standard_normal((2, PEOPLE))
    count = people["stressors"].sum(axis=1)
    levels = np.cumsum([target.value for target in margins])[:-1] / sum(target.value for target in margins)

    def classes(error: float, z: Floats) -> tuple[Floats, NDArray[np.int64]]:
        score = count + error * z
        cuts = np.quantile(score, levels)
        return cuts, np.searchsorted(cuts, score)

    cuts, prospective = classes(scores.prospective.error, noise[0])

    def correlation(error: float) -> float:
        return agreement(prospective, classes(error, noise[1])[1], dunedin.CLASSES)[0]

    path, error = "adversity_scores.retrospective.error", scores.retrospective.error
    rows = _solve([path], [error], (0.05, 20.0), [tie], lambda x: [correlation(float(x[0]))], step=0.01)
    recalled, _ = classes(float(str(rows[0]["fitted"])), noise[1])
    text = _listing(margins)
    for kind, fitted in (("prospective", cuts), ("retrospective", recalled)):
        for k, value in enumerate(fitted):
            configured = getattr(scores, kind).cuts[k]
            path = f"adversity_scores.{kind}.cuts.{k}"
            rows.append({"parameter": path, "fitted": value, "in_config": configured, "targets": text, "loss": 0.0})
    return rows


def _famine(world: FamineWorld, wanted: _Wanted, key: np.random.SeedSequence) -> list[dict[str, object]]:
    """Rate of coronary disease, and the log hazard ratio of early famine, by the published risk and odds ratio."""
    contrast = "exposed_early: exposed early vs born before or conceived after"
    targets = [wanted("coronary_disease", estimand, contrast) for estimand in ("risk_unexposed", "odds_ratio")]
    people = famine_model(world).draw(PEOPLE, key, {f"exposed_{t}": False for t in ("late", "mid", "early")})
    hazard = people["coronary_disease_log_hazard"][people["famine_city"]]
    disease = world.coronary_disease

    def found(x: Floats) -> list[float]:
        tried = disease.model_copy(update={"rate": float(np.exp(x[0]))})
        none, early = (float(onset_risk(tried, hazard + shift, world.clinic_age).mean()) for shift in (0.0, x[1]))
        return [none, early / (1 - early) / (none / (1 - none))]

    paths = ["coronary_disease.rate", "coronary_disease.famine.early"]
    rows = _solve(paths, [float(np.log(disease.rate)), disease.famine.early], (-30.0, 5.0), targets, found)
    rows[0] |= {"fitted": float(np.exp(float(str(rows[0]["fitted"])))), "in_config": disease.rate}
    return rows


def _fade_out(world: InterventionWorld, wanted: _Wanted) -> list[dict[str, object]]:
    """Effect at the end, retention and lasting part, by the published effects at the end and in the two years after."""
    contrast = "assigned: programme vs control"
    ages = (5, 6, 7)
    targets = [wanted(f"skill_{age}", "mean_difference", contrast) for age in ages]
    names = ["effect_at_end", "retention", "lasting"]

    def found(x: Floats) -> list[float]:
        tried = world.model_copy(update=dict(zip(names, map(float, x), strict=True)))
        return [world.take_up * intervention.effect_at(tried, age) for age in ages]

    return _solve(names, [getattr(world, name) for name in names], (0.0, 1.0), targets, found)


def _leave(world: ReformWorld, wanted: _Wanted) -> list[dict[str, object]]:
    """Effect of a month of leave on dropout and on log earnings, by the published effects of the reform."""
    contrast = "born_after: born after vs born before"
    targets = [wanted("dropout", "risk_difference", contrast), wanted("log_earnings", "mean_difference", contrast)]

    def found(x: Floats) -> list[float]:
        dropout = world.dropout.model_copy(update={"per_month": float(x[0])})
        earnings = world.log_earnings.model_copy(update={"per_month": float(x[1])})
        return [-reform.mean_effect(world, dropout), reform.mean_effect(world, earnings)]

    paths = ["dropout.per_month", "log_earnings.per_month"]
    return _solve(paths, [world.dropout.per_month, world.log_earnings.per_month], (0.0, 10.0), targets, found)


def compare_with_published(cohort: str, truth: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Put published figures beside a world's true values, whether they were used to set it or not.

    Returns
    -------
    DataFrame
        cohort, study, estimand, contrast, published, world, difference, mc_error (of the world's value), use, source,
        tag.
    """
    theirs = published[published["cohort"] == cohort].rename(columns={"value": "published"})
    table = theirs.merge(truth[[*KEY, "value", "mc_error"]].rename(columns={"value": "world"}), on=KEY)
    table["difference"] = table["world"] - table["published"]
    return table[COMPARED_COLUMNS]
