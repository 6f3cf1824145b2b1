"""The HTML report: one self-contained page."""

import base64
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml

from evenwicht.base.files import write_text
from evenwicht.config import CohortConfig, Run
from evenwicht.display.labels import Labels, spoken
from evenwicht.display.picture import LEVELS
from evenwicht.display.section import Found, records, where
from evenwicht.display.wording import number
from evenwicht.report import lines
from evenwicht.report.comparison import Balance, Lead, compare_levels, other_lines, subgroup_lines
from evenwicht.report.methods import methods_used
from evenwicht.report.provenance import provenance
from evenwicht.studies import showing

TITLES = {  # by the levels that are studied
    ("individual", "policy"): "Individual exposures and policies, weighed in the same units",
    ("individual",): "What an individual exposure does",
    ("policy",): "What a policy does",
    (): "Life-course cohorts",
}
USED = ["cohort", "study", "method"]


def render(run: Run, tables: Mapping[str, pd.DataFrame], figures: Path, template: Path, target: str | Path) -> None:
    """Write the report.

    Parameters
    ----------
    run
        The checked config.
    tables
        estimates, diagnostics, flow, table1, attrition, truth, bias, replication, calibration and calibration_fit; and
        what recovery, scenarios and coverage say about the settings of this run.
    figures
        Folder of SVG files, <cohort>/<study>/<figure>.svg and <cohort>/<figure>.svg; see `drawing.draw_cohort`.
    template
        The Jinja template; beside it, in `sections`, is one for each kind of study that has a section.
    target
        The HTML file, written atomically.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    cohorts = [_cohort(config, tables, figures / name) for name, config in run.cohorts.items()]
    levels = [level for level in LEVELS if any(level in cohort["levels"] for cohort in cohorts)]
    settings = [("Settings of the run", run.settings.model_dump(mode="json"))]
    settings += [
        (f"Settings: {c.title}", c.model_dump(mode="json", exclude_defaults=True)) for c in run.cohorts.values()
    ]
    words = lines.Words(run)
    html = environment.get_template(template.name).render(
        cohorts=cohorts,
        failed=lines.not_estimated(words, tables["estimates"]),
        recovery=lines.recovery(words, tables["bias"], tables["recovery"]),
        not_recovered=lines.not_recovered(words, tables["recovery"]),
        coverage=lines.coverage(words, tables["coverage"]),
        scenarios=lines.scenarios(words, tables["scenarios"]),
        replication=lines.replication(words, tables["replication"]),
        worlds={
            "graphs": [{"title": c["config"].title, "graph": c["figures"]["graph"]} for c in cohorts if c["synthetic"]],
            "calibration": lines.calibration(words, tables["calibration"]),
            "fit": lines.fit(words, tables["calibration_fit"]),
            "truth": lines.truth(words, tables["truth"]),
        },
        methods=methods_used(run, pd.concat([tables[name][USED] for name in ("estimates", "diagnostics")])),
        estimates=lines.estimates(words, tables["estimates"]),
        diagnostics=lines.diagnostics(words, tables["diagnostics"]),
        levels=levels,
        title=TITLES[tuple(levels)],
        published_waves=bool(tables["attrition"]["published_percent"].notna().any()),
        settings=[(k, yaml.safe_dump(v, sort_keys=False, allow_unicode=True, width=110)) for k, v in settings],
        provenance={**provenance(template.parent), "Seed": str(run.settings.seed)},
        run=run.settings,
    )
    write_text(html, target)


def _cohort(config: CohortConfig, tables: Mapping[str, pd.DataFrame], figures: Path) -> dict[str, Any]:
    own = {name: where(tables[name], cohort=config.name) for name in ("estimates", "diagnostics", "flow")}
    estimates, book, described = own["estimates"], config.codebook, config.described_by
    balances = compare_levels(estimates, own["diagnostics"], config)
    attrition = where(tables["attrition"], cohort=config.name)
    exposed, unexposed = described.arms(book.columns) if described else ("", "")
    return {
        "config": config,
        "synthetic": config.synthetic,
        "levels": [level for level in LEVELS if any(level in balance.levels for balance in balances)],
        "balances": [_balance(balance, config) for balance in balances if balance.levels],
        "others": other_lines(estimates, config),
        "subgroups": subgroup_lines(estimates, config),
        "incomplete": bool((estimates["status"] != "estimated").any()),
        "figures": _embedded(figures),
        "sections": [section for name in config.studies if (section := _section(config, name, own, figures))],
        "exposure": book.columns[described.column].label if described else "",
        "exposed": exposed,
        "unexposed": unexposed,
        "table1": lines.table1(where(tables["table1"], cohort=config.name), Labels(book), described),
        "attrition": records(attrition.assign(wave=attrition["wave"].map(spoken))),
        "published_waves": bool(attrition["published_percent"].notna().any()),
    }


def _balance(balance: Balance, config: CohortConfig) -> dict[str, Any]:
    """A balance with the words above its pans."""

    def head(lead: Lead | None) -> dict[str, str] | None:
        if lead is None:
            return None
        columns = config.codebook.columns
        exposed, unexposed = lead.contrast.arms(columns)
        return {"label": columns[lead.contrast.column].label, "exposed": exposed, "unexposed": unexposed}

    heads = {"individual": head(balance.individual), "policy": head(balance.policy)}
    return {"levels": balance.levels, "lines": balance.lines, "heads": heads}


def _section(
    config: CohortConfig, name: str, tables: Mapping[str, pd.DataFrame], figures: Path
) -> dict[str, Any] | None:
    """What the template of a study's kind needs; None if the study has nothing to show of its own."""
    study, book = config.studies[name], config.codebook
    nothing = pd.DataFrame({"study": []})  # curves are in the figures
    found = Found.of(config.name, name, tables, nothing, synthetic=config.synthetic)
    drawn = _embedded(figures / name)
    words = showing.words(study, book, found) if len(found.estimates) else {}
    if not drawn and not words:
        return None
    return {
        "template": f"sections/{study.kind}.html.j2",
        "title": showing.title(name, study, book),
        "study": study,
        "synthetic": config.synthetic,
        "figures": drawn,
        **words,
    }


def _embedded(folder: Path) -> dict[str, dict[str, str]]:
    """Figures of a folder by name, in order of their names; numbers in them count as numbers."""
    files = sorted(folder.glob("*.svg"), key=lambda file: (len(file.stem), file.stem))
    return {file.stem: embed(file) for file in files}


def embed(path: Path) -> dict[str, str]:
    """Return an SVG as a data URI with the title and alternative text it carries."""
    svg = path.read_text(encoding="utf-8")
    texts = {key: re.search(f"<{key}>(.*?)</{key}>", svg, re.DOTALL) for key in ("title", "desc")}
    title, alt = (unescape(found.group(1)) if found else "" for found in texts.values())
    return {
        "uri": "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode(),
        "title": title,
        "alt": alt,
    }
