"""The pages on shapes of data are true: their files, read by their cohort files, give the tables they show."""

import re
import warnings
from pathlib import Path

import pytest
import yaml
from evenwicht.config import CohortConfig
from evenwicht.ingest.table import ingest

from tests.conftest import ROOT

PAGES = sorted((ROOT / "docs/shapes").glob("*.md"))
BLOCK = re.compile(r"^\*\*(?P<name>[^*]+)\*\*\n\n```(?:csv|yaml)\n(?P<text>.*?)```", flags=re.MULTILINE | re.DOTALL)
# what every cohort file has beside what a page tells
REST = {"name": "own", "title": "Own", "description": "Own", "studies": {}, "table1": []}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_what_is_read(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = {block["name"]: block["text"] for block in BLOCK.finditer(page.read_text(encoding="utf-8"))}
    settings = yaml.safe_load(blocks.pop("The cohort file"))
    tables = {name: text for name, text in blocks.items() if not name.endswith(".csv")}
    for name in blocks.keys() - tables:
        (tmp_path / name).write_text(blocks[name], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    config = CohortConfig.model_validate({**REST, **settings})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # notes of people without a row, which the pages tell themselves
        cohort = ingest(config.source, config.codebook)
    assert tables
    assert {name: getattr(cohort, name).to_csv(index=False) for name in tables} == tables


def test_the_readme_links_every_page() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if f"(docs/shapes/{page.name})" not in readme] == []
