"""Need, sectors and adversity scores of the Dunedin-style world by the published segment, risk ratios and margins."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from evenwicht.base.arrays import Floats
from evenwicht.estimators.classification import agreement
from evenwicht.results.questions import Concentration, group_key
from evenwicht.worlds.dunedin.recorded import given_what
from evenwicht.worlds.dunedin.segment import Segment
from evenwicht.worlds.dunedin.settings import (
    CLASSES,
    POOR_BRAIN_HEALTH,
    PROSPECTIVE,
    RETROSPECTIVE,
    DunedinWorld,
)
from evenwicht.worlds.dunedin.world import dunedin_model
from evenwicht.worlds.fitting import PEOPLE, Fitted, Given, listing, number, solve
from evenwicht.worlds.scm import Values

LAYERS, EVERY = 200, 10  # of need, and how many people one stands for, where each step fits regressions


def fits(source: DunedinWorld, given: Given) -> Iterator[Fitted]:
    """Yield the fit of the published segment, if it is asked for, and that of the adversity scores.

    Parameters are those of the factor mixture, whatever the switch says: the other two worlds are held against it.
    """
    source = source.model_copy(update={"need": "factor_mixture"})
    people = dunedin_model(source).draw(PEOPLE, given.key)
    for question in (
        question for question in given.questions if isinstance(question, Concentration) and question.groups
    ):
        yield _segment(source, question, given, people)
    yield _adversity_scores(source, given, people)


def _segment(source: DunedinWorld, question: Concentration, given: Given, people: Values) -> Fitted:
    """The latent group and the sectors by the published multi-sector group, its shares of use, and risk ratios."""
    names, sectors = list(source.sectors), list(source.sectors.values())
    group, at = group_key(*question.groups[0]), question.windows[0]
    targets = [
        given.target("group_share", group, at=at),
        *(given.target("group_use_share", name, exposure=group, at=at) for name in names),
        *(
            given.target("associated_risk_ratio", name, exposure=POOR_BRAIN_HEALTH, reference=given_what(sector), at=at)
            for name, sector in source.sectors.items()
        ),
    ]
    need, segment = source.high_need, Segment(source, question, _some(people))
    paths = [
        "high_need.share",
        *(f"sectors.{name}.high_if_severe" for name in names),
        *(f"sectors.{name}.brain_health" for name in names),
    ]
    start = [need.share, *(s.high_if_severe for s in sectors), *(s.brain_health for s in sectors)]
    bounds = ([0.01] * (1 + len(names)) + [-2.0] * len(names), [0.99] * (1 + len(names)) + [2.0] * len(names))
    rows = solve(paths, start, bounds, targets, segment.figures())
    share, *found = (number(row["fitted"]) for row in rows)
    shift = segment.shift(share)
    log_odds = people["need_log_odds"] + shift
    derived = {
        "high_need.intercept": (need.intercept + shift, need.intercept),
        "high_need.mean": (float(log_odds.mean()), need.mean),
        "high_need.sd": (float(log_odds.std()), need.sd),
    }
    for j, (name, sector) in enumerate(source.sectors.items()):
        use = segment.use(j, segment.member(share), found[j], found[len(names) + j])
        derived[f"sectors.{name}.high_otherwise"] = (use.otherwise, sector.high_otherwise)
    text, loss = rows[0]["targets"], rows[0]["loss"]
    return [
        *rows,
        *(
            {"parameter": path, "fitted": fitted, "in_config": configured, "targets": text, "loss": loss}
            for path, (fitted, configured) in derived.items()
        ),
    ]


def _some(people: Values) -> Values:
    """Every tenth person in order of brain health within layers of need: they differ little from all of them."""
    log_odds = people["need_log_odds"]
    layer = np.argsort(np.argsort(log_odds, kind="stable")) * LAYERS // len(log_odds)
    chosen = np.lexsort((people["brain_health"], layer))[EVERY // 2 :: EVERY]
    return {name: values[chosen] for name, values in people.items()}


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
