"""Small pages written as the report's are, to try the assets and the checks on."""

import json
from collections.abc import Mapping, Sequence

from tests.conftest import ROOT

ASSETS = ROOT / "workflow/report/assets"
ENGLISH = {
    "copy": "Copy",
    "copied": "Copied",
    "csv": "Download CSV",
    "word": "Download for Word",
    "search": "Search",
    "sort": "sort by this column",
    "showing": "Showing {shown} of {all} rows",
    "none": "No row has these words",
}
ROWS = [
    ("Gini of nights", "With “rest”, not without", "0.31", "0.305"),
    ("Deaths, by age 45", "A < B & C", "−1,200", "-1204.5"),
    ("Gini of months", "Line\nbreak", "12.5", "12.5"),
    ("Diabetes by age 62", 'Says "no"', "not estimable", ""),
    ("Costs", "Ελλάδα 漢字, −5 to 4", "9", "9.04"),
]


def asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def table(rows: Sequence[tuple[str, str, str, str]] = ROWS, searchable: bool = False) -> str:
    """A table of an outcome, a note and a number, with its value beside its text."""
    lines = "".join(
        f'<tr><th scope="row">{outcome}</th><td>{note.replace("&", "&amp;").replace("<", "&lt;")}</td>'
        f'<td class="n" data-value="{value}">{text}</td></tr>'
        for outcome, note, text, value in rows
    )
    return (
        f'<table data-name="outcomes"{" class=searchable" if searchable else ""}>'
        '<caption>Estimates of the example</caption><thead><tr><th scope="col">Outcome</th><th scope="col">Note</th>'
        f'<th scope="col" class="n">Estimate</th></tr></thead><tbody>{lines}</tbody></table>'
    )


def page(body: str, words: Mapping[str, str] = ENGLISH, language: str = "en", searchable: bool = False) -> str:
    """A page that stands alone, with the assets that it needs."""
    scripts = [asset("page.js")] + [asset("vendor/dataTables.min.js"), asset("tables.js")] * searchable
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Example</title>'
        f"<style>body {{ font: 16px/1.5 sans-serif }} {asset('tools.css')}</style></head>"
        f"<body><main><h1>Example</h1>{body}</main>"
        f'<script type="application/json" id="words">{json.dumps(words)}</script>'
        f"{''.join(f'<script>{script}</script>' for script in scripts)}</body></html>"
    )
