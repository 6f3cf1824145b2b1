"""The scripts that the report's pages carry: copying, saving, searching, sorting and printing of tables."""

import hashlib

import pytest
import yaml
from playwright.sync_api import Page, expect

from tests.browser.examples import ASSETS, ENGLISH, ROWS, page, table
from tests.browser.pages import A4, controls_on_paper, saved_rows, sheets

HEADER = ["Outcome", "Note", "Estimate"]
DUTCH = {
    "copy": "Kopiëren",
    "copied": "Gekopieerd",
    "csv": "CSV opslaan",
    "word": "Opslaan voor Word",
    "search": "Zoeken",
    "sort": "sorteer op deze kolom",
    "showing": "{shown} van de {all} rijen",
    "none": "Geen rij met deze woorden",
}
NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', { value: undefined })"
NO_COMMAND = "document.execCommand = () => false"


@pytest.fixture
def small(opened) -> Page:
    return opened(page(table())).page


@pytest.fixture
def long(opened) -> Page:
    return opened(page(table(searchable=True), searchable=True)).page


def outcomes(page: Page) -> list[str]:
    return page.locator("tbody th").all_inner_texts()


@pytest.mark.parametrize(
    "source", yaml.safe_load((ASSETS / "vendor/SOURCES.yaml").read_text()), ids=lambda s: s["file"]
)
def test_a_file_of_others_is_as_they_published_it(source):
    assert hashlib.sha256((ASSETS / "vendor" / source["file"]).read_bytes()).hexdigest() == source["sha256"]


def test_a_csv_file_has_every_cell_with_numbers_that_programs_read(small):
    notes = ["With “rest”, not without", "A < B & C", "Line break", 'Says "no"', "Ελλάδα 漢字, -5 to 4"]
    lines = [[outcome, note, value] for (outcome, _, _, value), note in zip(ROWS, notes, strict=True)]
    assert saved_rows(small, 0) == [HEADER, *lines]


def test_a_csv_file_opens_in_excel_with_accents(small):
    with small.expect_download() as download:
        small.get_by_role("button", name="Download CSV").click()
    assert download.value.suggested_filename == "outcomes.csv"
    content = download.value.path().read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert b'"Says ""no"""' in content
    assert content.count(b"\r\n") == len(ROWS) + 1


def test_cells_over_several_rows_or_columns_keep_the_columns_of_a_csv_file_in_line(opened):
    spans = (
        '<table data-name="spans"><thead><tr><th>Group</th><th>Who</th><th>n</th></tr></thead><tbody>'
        '<tr><th colspan="3">All<br>children</th></tr>'
        '<tr><th rowspan="2">Sex</th><td>boys</td><td>5</td></tr><tr><td>girls</td><td>6</td></tr></tbody></table>'
    )
    assert saved_rows(opened(page(spans)).page, 0) == [
        ["Group", "Who", "n"],
        ["All children", "", ""],
        ["Sex", "boys", "5"],
        ["Sex", "girls", "6"],
    ]


def test_a_file_for_word_is_a_table_with_its_caption(small, opened):
    with small.expect_download() as download:
        small.get_by_role("button", name="Download for Word").click()
    assert download.value.suggested_filename == "outcomes.doc"
    inside = opened(download.value.path().read_text("utf-8"), scripts=False).page
    assert inside.locator("caption").inner_text() == "Estimates of the example"
    assert inside.locator("tr").count() == len(ROWS) + 1
    assert inside.locator("tr").nth(2).locator("th, td").all_inner_texts() == [
        "Deaths, by age 45",
        "A < B & C",
        "−1,200",
    ]


@pytest.mark.parametrize("clipboard", [True, False], ids=["by the clipboard", "by the older command"])
def test_a_table_is_copied_as_text_and_as_a_table(opened, clipboard):
    example = opened(page(table() + '<textarea aria-label="paste"></textarea><div contenteditable></div>')).page
    example.evaluate(NO_COMMAND if clipboard else NO_CLIPBOARD)
    if clipboard:
        example.context.grant_permissions(["clipboard-read", "clipboard-write"])
    example.get_by_role("button", name="Copy").click()
    expect(example.get_by_role("status")).to_have_text("Copied")

    example.locator("textarea").press("Control+v")
    text = example.locator("textarea").input_value()
    assert [line.split("\t") for line in text.splitlines()][:2] == [
        HEADER,
        ["Gini of nights", "With “rest”, not without", "0.31"],
    ]
    example.locator("[contenteditable]").press("Control+v")
    assert example.locator("[contenteditable] tr").count() == len(ROWS) + 1


def test_a_table_that_a_browser_does_not_copy_is_selected_for_the_reader_to_copy(small):
    small.evaluate(NO_COMMAND)
    small.evaluate(NO_CLIPBOARD)
    small.get_by_role("button", name="Copy").click()
    assert "Deaths, by age 45" in small.evaluate("getSelection().toString()")
    assert small.get_by_role("status").inner_text() == ""


def test_buttons_say_which_table_they_are_for(small):
    assert small.get_by_role("group", name="Estimates of the example").get_by_role("button").count() == 3


def test_search_narrows_the_rows_and_says_how_many_are_left(long):
    long.get_by_label("Search").fill("gini")
    expect(long.get_by_text("Showing 2 of 5 rows")).to_be_visible()
    assert outcomes(long) == ["Gini of nights", "Gini of months"]
    status = long.get_by_text("Showing 2 of 5 rows")
    assert (status.get_attribute("role"), status.get_attribute("aria-live")) == ("status", "polite")


def test_search_without_a_match_says_so_and_leaves_an_empty_file(long):
    long.get_by_label("Search").fill("nowhere")
    expect(long.get_by_text(ENGLISH["none"])).to_be_visible()
    expect(long.get_by_text("Showing 0 of 5 rows")).to_be_visible()
    assert saved_rows(long, 0) == [HEADER]


def test_what_is_saved_is_what_is_shown_in_the_order_shown(long):
    long.get_by_label("Search").fill("gini")
    header = long.get_by_role("columnheader", name="Estimate")
    for direction in ("ascending", "descending"):
        header.get_by_role("button").press("Enter")
        expect(header).to_have_attribute("aria-sort", direction)
    assert [line[0] for line in saved_rows(long, 0)] == ["Outcome", "Gini of months", "Gini of nights"]


def test_sorting_by_keyboard_follows_the_numbers_and_keeps_what_has_none_last(long):
    header = long.get_by_role("columnheader", name="Estimate")
    order = header.get_by_role("button", name="Estimate: sort by this column")
    order.press("Enter")
    expect(header).to_have_attribute("aria-sort", "ascending")
    up = ["Deaths, by age 45", "Gini of nights", "Costs", "Gini of months", "Diabetes by age 62"]
    assert outcomes(long) == up
    order.press("Enter")
    expect(header).to_have_attribute("aria-sort", "descending")
    assert outcomes(long) == [*up[3::-1], up[4]]


def test_words_follow_the_language_of_the_page(opened):
    dutch = opened(page(table(ROWS * 300, searchable=True), DUTCH, "nl", searchable=True)).page
    assert dutch.get_by_role("group").get_by_role("button").all_inner_texts() == [
        "Kopiëren",
        "CSV opslaan",
        "Opslaan voor Word",
    ]
    dutch.get_by_label("Zoeken").fill("diabetes")
    expect(dutch.get_by_text("300 van de 1.500 rijen")).to_be_visible()
    shown = dutch.locator("main").inner_html()
    assert not [word for word in ("Search", "Showing", "sort by", "Activate", "Copy", "Download") if word in shown]


def test_a_page_without_scripts_has_every_row_and_no_button(opened):
    bare = opened(page(table(searchable=True), searchable=True), scripts=False).page
    assert outcomes(bare) == [row[0] for row in ROWS]
    assert bare.get_by_role("button").count() == 0


def test_paper_has_every_row_and_no_control(opened):
    many = opened(page(table(ROWS * 60, searchable=True), searchable=True)).page
    many.emulate_media(media="print")
    rows = many.locator("tbody tr")
    assert rows.count() == len(ROWS) * 60
    assert rows.last.is_visible()
    assert controls_on_paper(many) == []
    assert set(sheets(many)) == {A4}


def test_paper_unfolds_what_the_screen_folds(opened):
    folded = opened(page("<details><summary>More</summary><p>Below</p></details>")).page
    folded.evaluate(
        "addEventListener('beforeprint', () => { window.printed = document.querySelector('details').open })"
    )
    folded.pdf()
    assert folded.evaluate("window.printed")
    assert not folded.evaluate("document.querySelector('details').open")
