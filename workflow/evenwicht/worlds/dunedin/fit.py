"""Latent group, sectors and adversity scores of the Dunedin-style world by the published segment and margins."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from evenwicht.base.arrays import Floats
from evenwicht.estimators.classification import agreement
from evenwicht.estimators.distributions import at_least
from evenwicht.results.questions import Concentration, group_key
from evenwicht.worlds.dunedin.settings import CLASSES, PROSPECTIVE, RETROSPECTIVE, DunedinWorld
from evenwicht.worlds.dunedin.world import dunedin_model
from evenwicht.worlds.fitting import PEOPLE, Fitted, Given, listing, number, solve
from evenwicht.worlds.scm import Values


def fits(source: DunedinWorld, given: Given) -> Iterator[Fitted]:
    """Yield the fit of the published segment, if it is asked for, and that of the adversity scores."""
    people = dunedin_model(source).draw(PEOPLE, given.key)
    for question in (
        question for question in given.questions if isinstance(question, Concentration) and question.groups
    ):
        yield _segment(source, question, given, people)
    yield _adversity_scores(source, given, people)


def _segment(source: DunedinWorld, question: Concentration, given: Given, people: Values) -> Fitted:
    """Size of the latent group and chances of high use in it, by the published multi-sector group and its shares.

    In closed form, on the two classes: given the class, sectors are independent, so the number of them with high use is
    Poisson-binomial. A stated share of all people are high users of each sector. That registers miss the years abroad,
    and that amounts of high and low use overlap, is left to the comparison with the world itself.
    """
    from scipy.optimize import brentq

    names, (top, k), at = list(source.sectors), question.groups[0], question.windows[0]
    targets = [
        given.target("group_share", group_key(top, k), at=at),
        *(given.target("group_use_share", name, exposure=group_key(top, k), at=at) for name in names),
    ]
    sectors = list(source.sectors.values())
    high_mean = np.array([s.mean_high for s in sectors])
    low_mean = np.array([s.mean_low * s.any_low for s in sectors])

    def found(x: Floats) -> list[float]:
        size, severe = x[0], x[1:]
        use, group_use, group = np.zeros(len(names)), np.zeros(len(names)), 0.0
        for share, high in ((size, severe), (1 - size, (top - size * severe) / (1 - size))):
            group += share * at_least(k, high)
            for j in range(len(names)):
                others = np.delete(high, j)
                group_use[j] += share * high[j] * high_mean[j] * at_least(k - 1, others)
                group_use[j] += share * (1 - high[j]) * low_mean[j] * at_least(k, others)
                use[j] += share * (high[j] * high_mean[j] + (1 - high[j]) * low_mean[j])
        return [group, *(group_use / use)]

    intercept, log_odds = source.high_need.intercept, people["need_log_odds"]
    size = float(expit(log_odds).mean())
    start = [size, *(s.high_if_severe for s in sectors)]
    paths = ["high_need.intercept", *(f"sectors.{name}.high_if_severe" for name in names)]
    rows = solve(paths, start, (0.01, 0.99), targets, found)
    fitted = number(rows[0]["fitted"])
    shift = brentq(lambda s: float(expit(log_odds + s).mean()) - fitted, -5, 5)
    rows[0] |= {"fitted": intercept + shift, "in_config": intercept}
    text, loss = rows[0]["targets"], rows[0]["loss"]
    otherwise = [
        {
            "parameter": f"sectors.{name}.high_otherwise",
            "fitted": (top - fitted * number(row["fitted"])) / (1 - fitted),
            "in_config": sector.high_otherwise,
            "targets": text,
            "loss": loss,
        }
        for name, sector, row in zip(names, sectors, rows[1:], strict=True)
    ]
    return [*rows, *otherwise]


def _adversity_scores(source: DunedinWorld, given: Given, people: Values) -> Fitted:
    """Error of recall by the published correlation; limits of the classes are quantiles at the published margins."""
    margins = [given.target("group_share", f"{PROSPECTIVE}={k}") for k in range(CLASSES)]
    tie = given.target("correlation", PROSPECTIVE, exposure=RETROSPECTIVE)
    scores = source.adversity_scores
    noise = np.random.default_rng(given.key).standard_normal((2, PEOPLE))
    count = people["stressors"].sum(axis=1)
    levels = np.cumsum([target.value for target in margins])[:-1] / sum(target.value for target in margins)

    def classes(error: float, z: Floats) -> tuple[Floats, NDArray[np.int64]]:
        score = count + error * z
        cuts = np.quantile(score, levels)
        return cuts, np.searchsorted(cuts, score)

    cuts, prospective = classes(scores.prospective.error, noise[0])

    def correlation(error: float) -> float:
        return agreement(prospective, classes(error, noise[1])[1], CLASSES)[0]

    path, error = "adversity_scores.retrospective.error", scores.retrospective.error
    rows = solve([path], [error], (0.05, 20.0), [tie], lambda x: [correlation(float(x[0]))], step=0.01)
    recalled, _ = classes(number(rows[0]["fitted"]), noise[1])
    text = listing(margins)
    for kind, fitted in (("prospective", cuts), ("retrospective", recalled)):
        for k, value in enumerate(fitted):
            configured = getattr(scores, kind).cuts[k]
            path = f"adversity_scores.{kind}.cuts.{k}"
            rows.append({"parameter": path, "fitted": value, "in_config": configured, "targets": text, "loss": 0.0})
    return rows
