"""Who was due, who left and why, who was analysed: a picture of one cohort, and its table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from evenwicht.display.labels import first_upper
from evenwicht.display.language import say
from evenwicht.display.picture import Picture
from evenwicht.display.section import Row, records, where
from evenwicht.display.wording import number
from evenwicht.report.people_bars import MOST, Bar, people_bars
from evenwicht.results import flow
from evenwicht.studies.samples import OTHER_LEVEL, WEIGHT

Words = Callable[[Row], str]
KEYS = ["study", "outcome", "exposure", "reference"]
BESIDE = (flow.DUE, *flow.STAYING)  # steps that are no part of those due
FILLED = (*flow.IMPUTED.values(), flow.WEIGHTED)


@dataclass(frozen=True)
class Group:
    """Comparisons with the same flow of people.

    Attributes
    ----------
    steps
        People by step, in order, from those due to those analysed.
    rows
        The keys of the comparisons.
    among
        Comparisons of the same outcome that it stands for, if it is the smallest of several flows; else 0.
    """

    steps: dict[str, int]
    rows: list[Row]
    among: int = 0

    @property
    def due(self) -> int:
        return self.steps[flow.DUE]

    @property
    def analysed(self) -> int:
        return self.steps[flow.ANALYSED]

    @property
    def parts(self) -> dict[str, int]:
        """Those analysed and those who left, by reason, which add up to those due."""
        left = {step: people for step, people in self.steps.items() if step not in (*BESIDE, flow.ANALYSED)}
        return {flow.ANALYSED: self.analysed, **left}


def step_label(step: str) -> str:
    """Return what a step is called; reasons of a kind of study that has its own are words already."""
    known = {
        flow.DUE: say("due"),
        flow.ANALYSED: say("analysed"),
        flow.OWN_CLUSTER: say("analysed, but cluster not known"),
        flow.IMPUTED["exposure"]: say("due, exposure imputed"),
        flow.IMPUTED["outcome"]: say("due, outcome imputed"),
        flow.IMPUTED["covariates"]: say("due, covariates imputed"),
        flow.WEIGHTED: say("analysed, weighted for people not observed"),
        flow.BIRTH_DATE: say("birth date not known"),
        flow.OUTSIDE: say("born outside the compared windows"),
        flow.EXPOSURE: say("exposure not known"),
        flow.OUTCOME: say("outcome not known"),
        flow.ABSENT["dead"]: say("outcome not known: dead"),
        flow.ABSENT["not_in_wave"]: say("outcome not known: not in the wave"),
        flow.ABSENT["not_asked"]: say("outcome not known: not asked"),
        flow.ABSENT["refused"]: say("outcome not known: refused"),
        flow.COVARIATES: say("covariates not known"),
        flow.SUBGROUP: say("subgroup not known"),
        OTHER_LEVEL: say("another level of the exposure"),
        WEIGHT: say("weight not known"),
        "not known on the other side of the ledger": say("not known on the other side of the ledger"),
        "born elsewhere": say("born elsewhere"),
        "region not known": say("region not known"),
        "not linked": say("not linked"),
        "not observed in the window": say("not observed in the window"),
        "not followed": say("not followed"),
        "left at or before entry": say("left at or before entry"),
        "not followed for the competing event": say("not followed for the competing event"),
        "competing event before entry": say("competing event before entry"),
        "use of a sector not known": say("use of a sector not known"),
        "score not known": say("score not known"),
        "high need in some sectors": say("high need in some sectors"),
        "unit or period not known": say("unit or period not known"),
        "unit never seen without the policy": say("unit never seen without the policy"),
    }
    return known.get(step, step)


def flows(rows: pd.DataFrame) -> list[Group]:
    """Put comparisons together whose people come and go alike; subgroups are left out.

    Parameters
    ----------
    rows
        Rows of `results.schema.FLOW` of one cohort.
    """
    groups: dict[tuple[tuple[str, int], ...], Group] = {}
    for _, part in where(rows, subgroup="").groupby(KEYS, sort=False):
        steps = {str(row["step"]): int(row["people"]) for row in records(part)}
        if not {flow.DUE, flow.ANALYSED} <= steps.keys():  # withheld from a release
            continue
        groups.setdefault(tuple(steps.items()), Group(steps, [])).rows.append(records(part)[0])
    return list(groups.values())


def flow_lines(rows: pd.DataFrame, outcome: Words, comparison: Words) -> list[dict[str, str]]:
    """Tell every step of every flow, as lines of a table: what is compared, the step, people and per cent of those due.

    Parameters
    ----------
    rows, outcome, comparison
        As in `flow_figure`.
    """
    return [
        {
            "outcomes": "; ".join(_names(group, outcome)),
            "comparisons": "; ".join(_names(group, comparison)),
            "step": step_label(step),
            "people": number(people, 0),
            "percent": f"{number(100 * people / group.due, 1)}%" if group.due else "",
        }
        for group in flows(rows)
        for step, people in group.steps.items()
    ]


def flow_figure(rows: pd.DataFrame, title: str, outcome: Words, comparison: Words) -> Picture | None:
    """Draw who was due, left and was analysed, one bar for each flow of people; None if there is none.

    Of more flows than can be looked at, each outcome of a study shows the one with the fewest people analysed.

    Parameters
    ----------
    rows
        Rows of `results.schema.FLOW` of one cohort.
    title
        Title of the cohort.
    outcome, comparison
        Words for the outcome of a row, and for what it compares.
    """
    groups = flows(rows)
    if not groups:
        return None
    shown = groups if len(groups) <= MOST else _fewest(groups)
    bars = [
        Bar(
            names=_names(group, outcome),
            about=_names(group, comparison),
            beside=say("{people} due", people=number(group.due, 0)),
            parts=group.parts,
            above=[say("fewest people of {count} comparisons", count=number(group.among, 0))] if group.among else [],
            below=_filled(group),
        )
        for group in shown
    ]
    figure = people_bars(bars, flow.ANALYSED, _reasons(shown), step_label)
    return Picture(figure, say("{title}: who was due, who left and why", title=title), _alt(groups))


def _fewest(groups: Sequence[Group]) -> list[Group]:
    """For every outcome of a study the flow with the fewest people analysed; outcomes with the same flow together."""
    chosen: dict[int, Group] = {}
    for about in dict.fromkeys((row["study"], row["outcome"]) for group in groups for row in group.rows):
        own = [replace(group, rows=[row for row in group.rows if _about(row) == about]) for group in groups]
        own = [group for group in own if group.rows]
        least = min(own, key=lambda group: group.analysed)
        place = next(place for place, group in enumerate(groups) if group.steps == least.steps)
        among = sum(len(group.rows) for group in own) if len(own) > 1 else 0
        before = chosen.get(place, replace(least, rows=[]))
        chosen[place] = replace(least, rows=[*before.rows, *least.rows], among=before.among + among)
    return list(chosen.values())


def _about(row: Row) -> tuple[str, str]:
    return row["study"], row["outcome"]


def _reasons(groups: Sequence[Group]) -> list[str]:
    """Reasons to leave, in an order that agrees with that of every flow."""
    order: list[str] = []
    for group in groups:
        place = 0
        for reason in list(group.parts)[1:]:
            if reason not in order:
                order.insert(place, reason)
            place = order.index(reason) + 1
    return order


def _names(group: Group, words: Words) -> list[str]:
    return [first_upper(name) for name in dict.fromkeys(words(row) for row in group.rows) if name]


def _filled(group: Group) -> list[str]:
    """What became of values that are not known, one text if there is any."""
    told = [f"{step_label(step)}: {number(people, 0)}" for step, people in group.steps.items() if step in FILLED]
    return ["; ".join(told)] if told else []


def _alt(groups: Sequence[Group]) -> str:
    """How many are analysed, and the reason why most of the others are not."""
    least, most = (number(limit(group.analysed for group in groups), 0) for limit in (min, max))
    told = {"least": least, "most": most, "due": number(max(group.due for group in groups), 0)}
    left = [(people, step) for group in groups for step, people in group.parts.items() if step != flow.ANALYSED]
    if not left:
        return say("All {due} people due are analysed.", **told)
    told["reason"] = step_label(max(left)[1])
    if least == most:
        return say("{most} of {due} people due are analysed; most of the others: {reason}.", **told)
    return say("{least} to {most} of {due} people due are analysed; most of the others: {reason}.", **told)
