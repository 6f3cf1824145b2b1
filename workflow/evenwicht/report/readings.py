"""The same exposure, read in different ways: who is compared, given what, and how far each is off in fresh draws."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

import pandas as pd

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.base.outcomes import effect_estimand
from evenwicht.conclusions import drawn_of
from evenwicht.config import CohortConfig
from evenwicht.display.labels import cause, first_upper, in_sentence
from evenwicht.display.language import say
from evenwicht.display.section import Found, Row, chosen, where
from evenwicht.display.table import Cell, Column, Table
from evenwicht.display.wording import scale_of
from evenwicht.report.recovery_lines import performance
from evenwicht.results.questions import Context, Effect
from evenwicht.studies import showing
from evenwicht.studies.claiming import claims, leads
from evenwicht.studies.claims import DIFFERENCES, rank
from evenwicht.studies.study import OutcomeStudy, StudySettings

READ = (*DIFFERENCES, "within_difference", "between_difference")
UNRANKED = 99  # after every method that may lead
Key = tuple[str, Contrast, str]  # outcome, what is compared, and by when


@dataclass(frozen=True)
class Reading:
    """One way to read the effect of an exposure.

    Attributes
    ----------
    study
        Id of the study.
    compared
        Who is compared, in English.
    alike
        Columns in which they are made alike.
    row
        The estimate.
    place
        Among the methods of the study that may lead, 1 first.
    """

    study: str
    compared: str
    alike: tuple[str, ...]
    row: Row
    place: int

    @property
    def comparison(self) -> tuple[str, frozenset[str]]:
        """What makes it another reading than others, whichever study or arithmetic gives it."""
        return self.compared, frozenset(self.alike)


def readings(config: CohortConfig, tables: Mapping[str, pd.DataFrame]) -> dict[Key, list[Reading]]:
    """Return all readings of what is read in more than one way: where not the same people, or groups, are compared.

    Rows with the same keys are about the same, so no setting has to name them. Of one comparison given the same
    columns the first study of the cohort file with an estimate tells, by the method that leads there. Adjusting for
    more and more is no such difference: that is a ladder, which has a section of its own.

    Parameters
    ----------
    config
        The cohort.
    tables
        Its estimates, diagnostics and flow.
    """
    every = dict[Key, list[Reading]]()
    for name, study in config.studies.items():
        if isinstance(study, OutcomeStudy):
            for key, reading in _of_study(name, study, config, tables):
                every.setdefault(key, []).append(reading)
    once = {key: _once(found) for key, found in every.items()}
    return {key: found for key, found in once.items() if len({one.compared for one in found}) > 1}


def _of_study(
    name: str, study: OutcomeStudy, config: CohortConfig, tables: Mapping[str, pd.DataFrame]
) -> Iterator[tuple[Key, Reading]]:
    book, ranks = config.codebook, leads(study)
    nothing = pd.DataFrame({"study": []})  # readings have no curves
    found = Found.of(config.name, name, tables, nothing, synthetic=config.synthetic).everybody
    # a claim knows which limits hold: those of a row are too short where an instrument is weak
    claimed = {_keys(claim.lead): claim.lead for claim in claims(study, book, found)}
    for contrast in _contrasts(study, book):
        keys = {"exposure": contrast.exposure, "reference": contrast.reference, "estimand": READ}
        for key, method in showing.glossary(study)[1].items():
            if not method.compared:
                continue
            adjust = Adjustment() if method.as_they_are else study.alike_in(book, key)
            alike = tuple(adjust.without(contrast.column).columns)
            for row in chosen(found.estimate_rows, method=key, outcome=study.outcomes, **keys):
                told, place = claimed.get(_keys(row), row), rank(row, ranks) or UNRANKED
                yield (row["outcome"], contrast, row["at"]), Reading(name, method.compared, alike, told, place)


def _keys(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in ("outcome", "exposure", "reference", "at", "estimand", "method"))


def _contrasts(study: StudySettings, book: Codebook) -> Iterator[Contrast]:
    """What a study compares people by; what is done to whole groups is not read in people."""
    for question in study.asks(book):
        if isinstance(question, Effect):
            yield question.contrast
        elif isinstance(question, Context):
            yield from question.exposures


def _once(found: list[Reading]) -> list[Reading]:
    """Each comparison once; those of the same people together, from as they are to alike in most."""
    studies = list(dict.fromkeys(one.study for one in found))
    kept = dict[tuple[str, frozenset[str]], Reading]()
    for one in sorted(found, key=lambda one: (isnan(one.row["estimate"]), studies.index(one.study), one.place)):
        kept.setdefault(one.comparison, one)
    who = list(dict.fromkeys(one.compared for one in found))
    return sorted(kept.values(), key=lambda one: (who.index(one.compared), len(one.alike)))


def readings_section(
    config: CohortConfig, tables: Mapping[str, pd.DataFrame], recovery: pd.DataFrame
) -> dict[str, Any] | None:
    """Return a table for each exposure and outcome that is read in more than one way; None if there is none.

    Parameters
    ----------
    config, tables
        As in `readings`.
    recovery
        What fresh draws say about these settings, `schema.RECOVERY`; nothing of a real cohort.
    """
    draws = where(recovery, cohort=config.name)
    found = readings(config, tables)
    shown = [_table(f"readings_{k}", key, each, config, draws) for k, (key, each) in enumerate(found.items(), start=1)]
    return {"tables": shown, "bias": _of_bias(config, draws)} if shown else None


def _of_bias(config: CohortConfig, draws: pd.DataFrame) -> str:
    """Say where the bias comes from, or why none is told."""
    if not config.synthetic:
        return say(
            "These are real data. Nobody knows the right answer, so the bias of a reading cannot be known. Readings "
            "that agree may all be wrong in the same way."
        )
    if draws.empty:
        return say("No fresh draws were made with these settings, so no bias is told.")
    return say(
        "This world is made up, so the true value is known. Mean bias is how far a reading is off on average, in fresh "
        "draws of the world. Some can be left if the effect in those compared is not that in everybody. Coverage is "
        "how often the interval holds the true value: it should be 95%. ± is one Monte Carlo standard error."
    )


def _table(name: str, key: Key, found: list[Reading], config: CohortConfig, draws: pd.DataFrame) -> Table:
    outcome, contrast, _ = key
    book, described = config.codebook, config.outcomes[outcome]
    columns = [
        Column("compared", say("Who is compared"), names_row=True),
        Column("alike", say("Made alike in")),
        Column("estimate", say("Difference (95% interval)"), number=True),
        Column("truth", say("True value"), number=True),
        Column("bias", say("Mean bias ±"), number=True),
        Column("coverage", say("Coverage ±"), number=True),
    ]
    scales = [scale_of({**one.row, "estimand": effect_estimand(described)}) for one in found]
    finest = max(scales, key=lambda scale: scale.digits)  # the same true value is written alike in every line
    lines = list[dict[str, Cell]]()
    for before, one, scale in zip([None, *found], found, scales, strict=False):
        drawn = drawn_of(one.row, where(draws, study=one.study))
        lines.append(
            {
                "compared": say(one.compared),
                "alike": _alike(one, before, book),
                "estimate": scale.with_interval(one.row, sign=True),
                "truth": finest.signed(one.row["truth"]),
                **(performance(drawn, scale) if drawn else {}),
            }
        )
    told = ", ".join(filter(None, [described.label, finest.unit]))
    caption = say("{cause}: {outcome}", cause=first_upper(cause(contrast, book.columns)), outcome=told)
    return Table(name, caption, columns, lines)


def _alike(one: Reading, before: Reading | None, book: Codebook) -> str:
    """In what they are made alike; where the line before has all but some of it, those alone."""
    if not one.alike:
        return say("nothing: as they are")
    again = before is not None and before.compared == one.compared and set() < set(before.alike) < set(one.alike)
    known = before.alike if before is not None and again else ()
    names = "; ".join(in_sentence(book.columns[name].label) for name in one.alike if name not in known)
    return say("as above, and {more}", more=names) if again else names
