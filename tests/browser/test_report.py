"""Every page of the default run, as a reader opens it from the disk on a laptop, on a phone, and on paper."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import pages
from tests.browser.chromium import NARROW, WIDE, Visit, close, visit
from tests.conftest import ROOT

FRONT = ROOT / "results/report.html"
BESIDE = FRONT.with_name("pages")
ESTIMATES = BESIDE / "estimates.html"
TABLE = "table[data-name=estimates]"
HEAVIEST, TALLEST = 1_500_000, 8  # bytes, screens of 1280 x 1000 pixels
MOST_DOWNLOADS = 8  # in a row from one page, before the browser stops them


@pytest.fixture(scope="module", params=[FRONT, *sorted(BESIDE.glob("*.html"))], ids=lambda file: file.stem)
def file(request: pytest.FixtureRequest) -> Path:
    """Each page in turn; tests are ordered by it, so that a page is opened once per width."""
    return made(request.param)


@pytest.fixture(scope="module")
def wide(browser: Browser, file: Path) -> Iterator[Visit]:
    """A page on a laptop, with everything unfolded."""
    opened = visit(browser, file)
    pages.unfold(opened.page)
    yield opened
    close(opened)


@pytest.fixture(scope="module")
def narrow(browser: Browser, file: Path) -> Iterator[Visit]:
    """A page on a phone, with everything unfolded."""
    opened = visit(browser, file, NARROW)
    pages.unfold(opened.page)
    yield opened
    close(opened)


@pytest.fixture
def estimates(browser: Browser) -> Iterator[Visit]:
    opened = visit(browser, made(ESTIMATES))
    yield opened
    close(opened)


def made(file: Path) -> Path:
    if not file.is_file():
        pytest.fail(f"{file.relative_to(ROOT)} is not there: run make first", pytrace=False)
    return file


def test_on_a_laptop_nothing_is_cut_and_nothing_scrolls_sideways(wide):
    assert pages.wider_than_the_window(wide.page) == []
    assert pages.cut_off(wide.page) == []
    assert pages.with_a_scroll_bar(wide.page) == []


def test_on_a_phone_the_page_does_not_scroll_sideways(narrow):
    assert pages.wider_than_the_window(narrow.page) == []
    assert pages.cut_off(narrow.page) == []


def test_on_a_phone_text_in_figures_can_be_read(narrow):
    assert pages.small_text_in_figures(narrow.page) == []


def test_every_link_leads_somewhere(wide):
    assert pages.broken_links(wide.page, wide.file) == []


def test_a_page_stands_alone_and_its_scripts_run(wide, narrow):
    assert (wide.requests, wide.complaints) == ([], [])
    assert (narrow.requests, narrow.complaints) == ([], [])


def test_every_picture_is_told_in_a_sentence(wide):
    assert pages.pictures_without_words(wide.page) == []


def test_headings_are_in_order(wide):
    assert pages.headings_out_of_order(wide.page) == []


def test_no_part_is_empty(wide):
    assert pages.empty_parts(wide.page) == []


def test_every_table_can_be_copied_and_saved(wide):
    assert pages.tables_that_stay(wide.page) == []


def test_a_saved_table_has_the_rows_and_columns_that_are_shown(wide):
    tables = wide.page.locator("table[data-name]")
    for place in range(tables.count()):
        if place and place % MOST_DOWNLOADS == 0:
            wide.page.reload()
            pages.unfold(wide.page)
        head, *body = pages.saved_rows(wide.page, place)
        assert len(body) == tables.nth(place).locator("tbody tr, tfoot tr").count()
        assert {len(line) for line in body} <= {len(head)}


def test_a_page_prints_on_a4_without_buttons(wide):
    assert pages.controls_on_paper(wide.page) == []
    assert set(pages.sheets(wide.page)) == {pages.A4}


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_no_barrier_is_found_by_axe(browser, file, width):
    opened = visit(browser, file, width)
    pages.unfold(opened.page)
    found = pages.barriers(opened.page)
    close(opened)
    assert found == []


def test_the_front_page_is_short_and_light(browser):
    opened = visit(browser, made(FRONT))
    height = pages.screens(opened.page)
    close(opened)
    assert height <= TALLEST
    assert FRONT.stat().st_size < HEAVIEST


def test_search_leaves_the_rows_with_the_word_and_says_how_many(estimates):
    rows = estimates.page.locator(f"{TABLE} tbody tr")
    around = estimates.page.locator(".dt-container", has=estimates.page.locator(TABLE))
    every = rows.count()
    around.get_by_role("searchbox").fill("gini")
    expect(rows).not_to_have_count(every)
    left = rows.all_inner_texts()
    assert left
    assert all("gini" in row.lower() for row in left)
    assert f"{len(left)} of {every:,}" in around.locator("[role=status][aria-live=polite]").inner_text()
    assert len(pages.saved_rows(estimates.page, 0)) == len(left) + 1


def test_columns_of_numbers_are_sorted_by_keyboard(estimates):
    header = estimates.page.locator(f"{TABLE} th.n").first
    column = header.evaluate("cell => cell.cellIndex")
    for direction in ("ascending", "descending"):
        header.get_by_role("button").press("Enter")
        expect(header).to_have_attribute("aria-sort", direction)
        values = estimates.page.locator(f"{TABLE} tbody tr").evaluate_all(
            "(rows, column) => rows.map(row => row.cells[column].dataset.order)", column
        )
        numbers = [float(value) for value in values if value]
        assert len(numbers) > 1
        assert numbers == sorted(numbers, reverse=direction == "descending")
        assert not any(values[len(numbers) :])


def test_paper_has_every_estimate(estimates):
    estimates.page.emulate_media(media="print")
    rows = estimates.page.locator(f"{TABLE} tbody tr")
    assert rows.count() == ESTIMATES.read_text("utf-8").split("<tbody", 1)[1].split("</tbody", 1)[0].count("<tr")
    assert rows.last.is_visible()


def test_without_scripts_every_estimate_is_there(browser):
    opened = visit(browser, made(ESTIMATES), NARROW, scripts=False)
    assert opened.page.locator(f"{TABLE} tbody tr").count() > 1
    assert opened.page.get_by_role("button").count() == 0
    assert pages.wider_than_the_window(opened.page) == []
    close(opened)


@pytest.fixture
def what_if(browser: Browser) -> Iterator[Visit]:
    opened = visit(browser, made(BESIDE / "cohort-dunedin.html"))
    pages.unfold(opened.page)
    yield opened
    close(opened)


def told_if(opened: Visit, **numbers: str) -> str:
    """What the form says with these numbers."""
    form = opened.page.locator("form.whatif")
    for name, number in numbers.items():
        form.locator(f"[name={name}]").fill(number)
    return form.locator("output").inner_text()


def test_a_lever_of_the_readers_own_changes_its_share_of_the_whole(what_if):
    """All of poverty gone is the row of the table; 2% of 50% of 10% is a thousandth of it."""
    whole = what_if.page.locator("form.whatif option").first.get_attribute("data-estimate")
    everybody = told_if(what_if, reach="100", uptake="100", dose="100", cost="300")
    assert f"{float(f'{float(whole):.2g}'):,.0f}".replace("-", "−") in everybody
    assert "Cost over 100,000: 30,000,000." in everybody
    part = told_if(what_if, reach="10", uptake="50", dose="2", cost="300")
    assert f"{float(whole) / 1000:.2g}".replace("-", "−") in part
    assert "Cost over 100,000: 1,500,000." in part


@pytest.mark.parametrize("wrong", ["", "-1", "101"])
def test_a_share_that_is_none_is_said_so(what_if, wrong):
    assert told_if(what_if, reach=wrong) == "Fill in every number: shares lie between 0 and 100."


def test_without_scripts_there_is_no_form_that_does_nothing(what_if):
    assert what_if.page.evaluate("document.querySelector('form.whatif').outerHTML").count("hidden") == 0
    text = (BESIDE / "cohort-dunedin.html").read_text(encoding="utf-8")
    assert '<form class="whatif" hidden' in text
