"""Pages of a run as a test renders them, and what a reader reads of them."""

import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path

import pandas as pd
from evenwicht.config import Run
from evenwicht.config.loading import load_run, read_yaml
from evenwicht.report.page import render
from evenwicht.results import schema
from evenwicht.worlds.fitting import FIT
from evenwicht.worlds.published import CALIBRATION

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "workflow/report"
EMPTY = {
    name: getattr(schema, name.upper()).table([])
    for name in (
        "estimates",
        "diagnostics",
        "flow",
        "states",
        "table1",
        "attrition",
        "truth",
        "bias",
        "replication",
        "recovery",
        "scenarios",
        "coverage",
        "verdicts",
    )
} | {"calibration": CALIBRATION.table([]), "calibration_fit": FIT.table([])}
Pages = dict[str, str]  # HTML by name of the file


# --- pages ----------------------------------------------------------------------------------------------------------


def run_of(*cohorts: str) -> Run:
    """A run of some cohort files of `config/`; the default run if none is named."""
    settings = read_yaml(ROOT / "config/config.yaml")
    if cohorts:
        settings["cohorts"] = [str(ROOT / f"config/{name}.yaml") for name in cohorts]
    return load_run(settings, ROOT / "config/config.yaml", ROOT)


def pages_of(
    run: Run, found: Mapping[str, pd.DataFrame], folder: Path, figures: Mapping[str, str] | None = None
) -> Pages:
    """Render the pages of a run; tables that are not given are empty, figures are drawn at <path> as a title."""
    graphs = {f"{name}/graph.svg": "Causal graph" for name in run.synthetic}
    for path, title in {**graphs, **(figures or {})}.items():
        file = folder / "figures" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"<svg><title>{title}</title><desc>What it shows</desc></svg>", encoding="utf-8")
    render(run, {**EMPTY, **found}, folder / "figures", TEMPLATES, folder / "results")
    return {file.stem: file.read_text("utf-8") for file in (folder / "results").rglob("*.html")}


# --- what is read ---------------------------------------------------------------------------------------------------


def text_of(html: str) -> str:
    """The text of a page, without styles, scripts, settings and tags."""
    text = re.sub(r"<(style|script|pre)\b.*?</\1>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


def told_by(html: str) -> str:
    """The text that a page itself tells, without its title and the menu of all pages."""
    return text_of(re.sub(r"<(title|nav)\b.*?</\1>", "", html, flags=re.DOTALL))


def section_of(html: str, place: str) -> str:
    """The text of one section; nothing if the page has none of this id."""
    found = re.search(rf'<section id="{place}">(.*?)</section>', html, re.DOTALL)
    return text_of(found[1]) if found else ""


def empty_sections(html: str) -> list[str]:
    """Headings of the sections with neither text nor picture below them."""
    sections = re.findall(r"<section\b[^>]*>(.*?)</section>", html, re.DOTALL)
    bodies = [(re.sub(r"<h2>.*?</h2>", "", section, flags=re.DOTALL), section) for section in sections]
    return [text_of(section) for body, section in bodies if not text_of(body).strip() and "<img" not in body]


def rows_of(html: str, table: str) -> int:
    """Number of rows of a table of a page."""
    body = html.split(f'<table data-name="{table}"', 1)[1].split("</tbody>", 1)[0]
    return body.split("<tbody>", 1)[1].count("<tr>")


def bare_keys(text: str) -> list[str]:
    """Ids that stand in a text as they are, such as log_earnings or race=1; names of files may."""
    return [word for word in re.findall(r"\S*\w_\w\S*|\w+=\w+", text) if not word.startswith("results/")]
