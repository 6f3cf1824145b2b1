"""The pages of a run: a front page that answers first, and beside it one per cohort and one for each kind of evidence.

Every page is one file that opens offline: styles, scripts and figures are in it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml
from markupsafe import Markup

from evenwicht.base.files import write_text
from evenwicht.config import AS_CONFIGURED, Run
from evenwicht.disclosure.profiles import Profile
from evenwicht.display.certainty import STARTS, STATUSES, STEPS
from evenwicht.display.labels import first_upper
from evenwicht.display.language import LANGUAGES, language, message, say
from evenwicht.display.section import where
from evenwicht.display.table import Column, Table
from evenwicht.display.wording import number
from evenwicht.report import lines, recovery_lines
from evenwicht.report.checklist import checklists
from evenwicht.report.cohort_page import cohort_page
from evenwicht.report.embedding import embedded
from evenwicht.report.front import front
from evenwicht.report.methods import methods_used
from evenwicht.report.promise import promise_line, recovered, rule
from evenwicht.report.provenance import provenance
from evenwicht.report.sentences import BADGES
from evenwicht.report.side_effects_page import side_effects_page
from evenwicht.report.sites import FRONT, brief_file, pages_of

USED = ["cohort", "study", "method"]
DESIGNS = {  # where a level starts, in words
    "randomised": message("Chance decided who was exposed, as in a trial"),
    "natural_experiment": message("A date of birth, a place or a rule decided, as in a natural experiment"),
    "within_families": message("Brothers and sisters who differ are compared"),
    "adjusted": message("People are compared, alike in what was measured"),
    "crude": message("People are compared as they are"),
}
BUTTONS = {  # what the scripts of a page say
    "copy": message("Copy"),
    "copied": message("Copied"),
    "csv": message("Download CSV"),
    "word": message("Download for Word"),
    "search": message("Search"),
    "sort": message("sort"),
    "showing": message("{shown} of {all} rows"),
    "none": message("No row has this"),
}


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes
    ----------
    file
        Relative to the front page.
    title
        Its name in the menu.
    template, needs
        The template, and what it needs.
    heading
        What stands above it, if that is not the title.
    menu
        Whether the menu of every page has it.
    """

    file: str
    title: str
    template: str
    needs: dict[str, Any]
    heading: str = ""
    menu: bool = True


def render(
    run: Run,
    tables: Mapping[str, pd.DataFrame],
    figures: Path,
    templates: Path,
    folder: str | Path,
    rules: Profile | None = None,
) -> None:
    """Write the pages of a run.

    Parameters
    ----------
    run
        The checked config.
    tables
        estimates, diagnostics, flow, states, table1, attrition, truth, bias, replication, calibration and
        calibration_fit; and what recovery, scenarios and coverage say about the settings of this run.
    figures
        Folder of SVG files, see `drawing.Drawing`.
    templates
        Folder of the Jinja templates, their styles and scripts.
    folder
        Where the front page goes, with the others below it, as `sites.pages_of` names them; each is written atomically.
    rules
        Those by which the tables were released, if they were.
    """
    environment = environment_of(templates, rules)
    pages = list(_pages(run, tables, figures))
    made = provenance(templates)
    for page in pages:
        up = "../" if "/" in page.file else ""
        shown = [one for one in pages if one.menu or one is page]
        links = [{"href": up + one.file, "title": one.title, "here": one is page} for one in shown]
        html = environment.get_template(page.template).render(
            page=page, pages=links, up=up, provenance=made, run=run.settings, **page.needs
        )
        write_text(html, Path(folder) / page.file)


def environment_of(templates: Path, rules: Profile | None = None) -> jinja2.Environment:
    """What pages are written with, in the language of the moment."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "capitalize_first": first_upper}
    environment.globals |= {
        "say": say,
        "released_by": rules,
        "language": language(),
        "asset": lambda name: Markup((templates / name).read_text(encoding="utf-8")),
        "words": Markup(json.dumps({key: say(text) for key, text in BUTTONS.items()}, ensure_ascii=False)),
    }
    return environment


def _pages(run: Run, tables: Mapping[str, pd.DataFrame], figures: Path) -> Iterator[Page]:
    words, files = lines.Words(run), pages_of(run)
    cohorts = {
        name: cohort_page(config, tables, tables["recovery"], figures / name, words)
        for name, config in run.cohorts.items()
    }
    for name, cohort in cohorts.items():
        cohort["href"] = files.cohorts[name]
        cohort["briefs"] = {spoken.upper(): brief_file(name, spoken) for spoken in LANGUAGES}
    answer = front(list(cohorts.values()))
    drawn = embedded(figures)
    yield Page(FRONT, say("Answer"), "front.html.j2", {"front": answer, "figures": drawn}, heading=answer["title"])
    for name, cohort in cohorts.items():
        yield Page(files.cohorts[name], cohort["title"], "cohort.html.j2", {"cohort": cohort}, menu=False)
    if files.worlds:
        yield Page(
            files.recovery, say("Do the methods find the truth?"), "recovery.html.j2", _recovery(words, tables, drawn)
        )
        yield Page(files.worlds, say("Made-up worlds"), "worlds.html.j2", _worlds(words, tables, cohorts))
    yield Page(files.methods, say("Methods"), "methods.html.j2", _methods(run, tables))
    needs = {
        "estimates": lines.estimates(words, tables["estimates"]),
        "diagnostics": lines.diagnostics(words, tables["diagnostics"]),
    }
    yield Page(files.estimates, say("All estimates"), "estimates.html.j2", needs)
    heading = say("Side effects: what is assumed")
    assumed = {"assumed": side_effects_page(run.settings.seed), "figures": drawn}
    yield Page(files.side_effects, say("Side effects"), "side_effects.html.j2", assumed, heading=heading)
    items = {"checklists": checklists(files, FRONT)}
    yield Page(files.checklist, say("Checklists"), "checklist.html.j2", items, heading=say("What a report should tell"))


def _recovery(words: lines.Words, tables: Mapping[str, pd.DataFrame], figures: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "figures": figures,
        "promise": promise_line(recovered(tables["recovery"], where(tables["coverage"], scenario=AS_CONFIGURED))),
        "rule": rule(),
        "verdicts": recovery_lines.verdicts(tables["verdicts"]),
        "recovery": recovery_lines.recovery(words, tables["bias"], tables["recovery"]),
        "not_recovered": recovery_lines.not_recovered(words, tables["recovery"]),
        "coverage": recovery_lines.coverage(words, tables["coverage"]),
        "scenarios": recovery_lines.scenarios(words, tables["scenarios"]),
    }


def _worlds(
    words: lines.Words, tables: Mapping[str, pd.DataFrame], cohorts: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    published = lines.calibration(words, tables["calibration"])
    return {
        "worlds": [
            {"cohort": cohort, "graph": cohort["figures"]["graph"], "published": published.get(name)}
            for name, cohort in cohorts.items()
            if cohort["synthetic"]
        ],
        "fit": lines.fit(words, tables["calibration_fit"]),
        "truth": lines.truth(words, tables["truth"]),
    }


def _methods(run: Run, tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    settings = [(say("Settings of the run"), run.settings.model_dump(mode="json"))]
    settings += [
        (config.title, config.model_dump(mode="json", exclude_defaults=True)) for config in run.cohorts.values()
    ]
    return {
        "methods": methods_used(run, pd.concat([tables[name][USED] for name in ("estimates", "diagnostics")])),
        "rules": rules(),
        "settings": [(k, yaml.safe_dump(v, sort_keys=False, allow_unicode=True, width=110)) for k, v in settings],
    }


def rules() -> dict[str, Table]:
    """The rules for words as tables: statuses in their order, where certainty starts, what moves it, and its verbs."""
    status = [{"status": say(rule.label), "rule": say(rule.text)} for rule in STATUSES.values()]
    starts = [{"design": say(DESIGNS[design]), "level": str(level)} for design, level in STARTS.items()]
    steps = [
        {"step": say(rule.label), "rule": say(rule.text), "levels": number(rule.levels, 0)} for rule in STEPS.values()
    ]
    verbs = {
        4: say("raises, lowers"),
        3: say("probably raises, probably lowers"),
        2: say("may raise, may lower"),
        1: say("no direction is told: we do not know well"),
    }
    levels = [{"level": str(level), "badge": say(BADGES[level]), "verb": verb} for level, verb in verbs.items()]
    return {
        "status": Table(
            "statuses",
            say("What may be said: the first status whose rule holds."),
            [Column("status", say("Status"), names_row=True), Column("rule", say("Rule"))],
            status,
        ),
        "starts": Table(
            "starts",
            say("How sure: where the design starts."),
            [Column("design", say("Design"), names_row=True), Column("level", say("Level"), number=True)],
            starts,
        ),
        "steps": Table(
            "steps",
            say("How sure: what moves the level, which stays between 1 and 4."),
            [
                Column("step", say("Step"), names_row=True),
                Column("rule", say("When")),
                Column("levels", say("Levels"), number=True),
            ],
            steps,
        ),
        "levels": Table(
            "levels",
            say("The words of each level."),
            [
                Column("level", say("Level"), number=True),
                Column("badge", say("How sure"), names_row=True),
                Column("verb", say("Verbs")),
            ],
            levels,
        ),
    }
