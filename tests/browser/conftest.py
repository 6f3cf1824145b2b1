from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chromium import PATIENCE, WIDE, Visit, close, launched, visit

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as running:
        yield running


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Visit]]:
    """Write a page and open it in a window of a width, with or without scripts."""
    visits: list[Visit] = []

    def write_and_open(html: str, width: int = WIDE, scripts: bool = True) -> Visit:
        (tmp_path / "example.html").write_text(html, encoding="utf-8")
        visits.append(visit(browser, tmp_path / "example.html", width, scripts))
        return visits[-1]

    yield write_and_open
    for each in visits:
        close(each)
