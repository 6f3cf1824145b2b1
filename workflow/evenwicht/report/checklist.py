"""What readers of studies expect to be reported, each item with where it stands in the report, or that it is not met.

Items are those of STROBE (von Elm et al. 2007, PLoS Medicine 4:e296) and of CHEERS 2022 (Husereau et al. 2022, BMC
Medicine 20:23), and the four main recommendations of TARGET (Cashin et al. 2025, BMJ, doi:10.1136/bmj-2025-087179), in
words of our own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evenwicht.display.language import message, say
from evenwicht.report.sites import Files

COHORT, METHODS, ESTIMATES, SETTINGS = "cohort", "methods", "estimates", "settings"
BY_HAND = message("not met: whoever uses the report must write it")
NO_TRIAL = message("not met: no study here claims to emulate a trial")
NOT_MAPPED = message("not met: the parts of a trial are not set out beside the data")


@dataclass(frozen=True)
class Item:
    """One item of a checklist.

    Attributes
    ----------
    number
        Its number there.
    text
        What should be reported.
    place
        Where it stands, a key of `_places`; empty if it is not met.
    why
        Why it is not met.
    """

    number: str
    text: str
    place: str = ""
    why: str = ""


STROBE = (
    Item("1", message("Title and summary name the design and what was found"), COHORT),
    Item("2", message("Background and reasons"), "", BY_HAND),
    Item("3", message("The question, asked before the data were seen"), SETTINGS),
    Item("4", message("Design of the study"), METHODS),
    Item("5", message("Setting, places and dates"), COHORT),
    Item("6", message("Who belongs to the study, and how they were chosen"), COHORT),
    Item("7", message("Outcomes, exposures and covariates, each defined"), SETTINGS),
    Item("8", message("Sources and measurement of each"), SETTINGS),
    Item("9", message("What was done against bias"), METHODS),
    Item("10", message("How the number of people came about"), COHORT),
    Item("11", message("How numbers are handled: units, steps, groups"), SETTINGS),
    Item("12", message("Methods, subgroups, missing values, sensitivity"), METHODS),
    Item("13", message("Who was due, who left and why, as a figure"), COHORT),
    Item("14", message("What people are like, and what is missing of each"), COHORT),
    Item("15", message("Numbers of events or means of outcomes"), ESTIMATES),
    Item("16", message("Estimates as they are and adjusted, with intervals, and absolute risks"), ESTIMATES),
    Item("17", message("Subgroups and sensitivity"), COHORT),
    Item("18", message("What was found, in a few sentences"), COHORT),
    Item("19", message("Limits, and in which direction they act"), COHORT),
    Item("20", message("A careful reading of the whole"), COHORT),
    Item("21", message("To whom it applies elsewhere"), "", BY_HAND),
    Item("22", message("Who paid for the study"), "", BY_HAND),
)
CHEERS = (
    Item("1", message("The title says that costs are weighed, and what is compared"), COHORT),
    Item("2", message("Summary"), COHORT),
    Item("3", message("Background and reasons"), "", BY_HAND),
    Item("4", message("The plan of the analysis, and where it is"), SETTINGS),
    Item("5", message("Who the people are"), COHORT),
    Item("6", message("Setting and place"), COHORT),
    Item("7", message("What is compared, and why"), COHORT),
    Item("8", message("Whose costs count, and why"), COHORT),
    Item("9", message("Over how long, and why"), SETTINGS),
    Item("10", message("Discount rate, and why"), COHORT),
    Item("11", message("Which outcomes tell of gain and harm"), SETTINGS),
    Item("12", message("How they were measured"), SETTINGS),
    Item("13", message("How they were valued"), COHORT),
    Item("14", message("How costs were valued"), COHORT),
    Item("15", message("Currency, price year, conversion"), COHORT),
    Item("16", message("The model, and whether it is public"), METHODS),
    Item("17", message("Methods and what they assume"), METHODS),
    Item("18", message("How effects differ between people"), COHORT),
    Item("19", message("Who gains and who does not"), COHORT),
    Item("20", message("How uncertainty is told"), METHODS),
    Item("21", message("Which people affected were asked, and how"), "", BY_HAND),
    Item("22", message("Every number that goes in, with range and source"), COHORT),
    Item("23", message("Main results"), COHORT),
    Item("24", message("What uncertainty does to the results"), COHORT),
    Item("25", message("What asking people changed"), "", BY_HAND),
    Item("26", message("Findings, limits, and use elsewhere"), COHORT),
    Item("27", message("Who paid for the study"), "", BY_HAND),
    Item("28", message("Interests of those who made it"), "", BY_HAND),
)

TARGET = (
    Item("1", message("The report says that a trial is emulated with observations"), "", NO_TRIAL),
    Item("2", message("The causal question, and why a trial is emulated"), "", NO_TRIAL),
    Item(
        "3",
        message("The plan of that trial: estimand, assumptions, analysis, and what each is in the data"),
        "",
        NOT_MAPPED,
    ),
    Item(
        "4",
        message("An estimate of each estimand, how precise it is, and what other assumptions would do to it"),
        COHORT,
    ),
)


def checklists(files: Files, front: str) -> list[dict[str, Any]]:
    """Return the checklists for the template: each item with its link, or with why it is not met."""
    places = {
        COHORT: (front, say("the page of each cohort")),
        METHODS: (files.methods, say("Methods")),
        SETTINGS: (f"{files.methods}#made", say("Settings of the run")),
        ESTIMATES: (files.estimates, say("All estimates")),
    }
    told = (
        ("strobe", say("Observational studies (STROBE)"), STROBE),
        ("cheers", say("Economic evaluations (CHEERS 2022)"), CHEERS),
        ("target", say("Observations that emulate a trial (TARGET 2025, its main recommendations)"), TARGET),
    )
    return [
        {"name": name, "title": title, "items": list(_items(items, places)), "met": _met(items)}
        for name, title, items in told
    ]


def _items(items: tuple[Item, ...], places: dict[str, tuple[str, str]]) -> Iterator[dict[str, str]]:
    for item in items:
        href, name = places.get(item.place, ("", ""))
        yield {"number": item.number, "text": say(item.text), "href": href, "place": name, "why": say(item.why)}


def _met(items: tuple[Item, ...]) -> str:
    met = sum(bool(item.place) for item in items)
    return say("{met} of {all} items are met.", met=met, all=len(items))
