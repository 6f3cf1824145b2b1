"""Each check of a page finds the fault that it is there for, and none in a page without faults."""

import base64

import pytest

from tests.browser import pages
from tests.browser.chromium import NARROW, WIDE
from tests.browser.examples import page, table

WORDS = "Dots: 3 of 1,000 births"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="20" viewBox="0 0 400 20"><text y="12" style="font: {size}px sans-serif">age 38</text></svg>'


def image(size: int) -> str:
    encoded = base64.b64encode(SVG.format(size=size).encode()).decode()
    return f'<img alt="{WORDS}" style="width: 100%" src="data:image/svg+xml;base64,{encoded}">'


GOOD = page(
    f'<section id="one"><h2>Part</h2><p>See <a href="#one">the part</a> and <a href="example.html#one">the page</a>.</p>{table()}</section>'
    f'<section><h2>Picture</h2>{image(12)}<svg role="img" aria-label="{WORDS}" width="10" height="10"></svg></section>'
)
FAULTS = [
    (pages.wider_than_the_window, NARROW, '<p style="width: 500px">wide</p>'),
    (pages.cut_off, WIDE, '<div style="width: 99px; overflow: hidden"><p style="width: 200px">cut</p></div>'),
    (pages.with_a_scroll_bar, WIDE, f'<div style="width: 99px; overflow-x: auto">{table()}</div>'),
    (pages.pictures_without_words, WIDE, '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">'),
    (pages.pictures_without_words, WIDE, '<svg><title>Short</title></svg>'),
    (pages.pictures_without_words, WIDE, f'<div role="img" aria-label="{"long " * 50}">dots</div>'),
    (pages.barriers, WIDE, '<p style="color: #aaa">pale</p>'),
    (pages.barriers, WIDE, "<input>"),
    (pages.headings_out_of_order, WIDE, "<h3>Third before second</h3><p>text</p>"),
    (pages.headings_out_of_order, WIDE, "<h1>Second title</h1><p>text</p>"),
    (pages.empty_parts, WIDE, "<h2>Nothing below</h2><h2>Next</h2><p>text</p>"),
    (pages.empty_parts, WIDE, "<section><h2>Nothing inside</h2></section><p>text</p>"),
    (pages.small_text_in_figures, NARROW, image(9)),
    (pages.small_text_in_figures, NARROW, SVG.format(size=9)),
]  # fmt: skip


@pytest.mark.parametrize(("check", "width", "body"), FAULTS, ids=lambda part: getattr(part, "__name__", ""))
def test_a_check_finds_its_fault(opened, check, width, body):
    assert check(opened(page(body), width).page) != []


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_page_without_faults_passes(opened, width):
    visit = opened(GOOD, width)
    for check in {check for check, _, _ in FAULTS}:
        assert check(visit.page) == [], check.__name__
    assert pages.broken_links(visit.page, visit.file) == []
    assert (visit.requests, visit.complaints) == ([], [])


@pytest.mark.parametrize("target", ["#nowhere", "missing.html", "example.html#nowhere", "javascript:alert(1)", ""])
def test_a_link_that_leads_nowhere_is_found(opened, target):
    visit = opened(page(f'<p><a href="{target}">there</a></p>'))
    assert pages.broken_links(visit.page, visit.file) == [target]


def test_a_page_that_asks_for_another_file_or_fails_is_found(opened):
    visit = opened(page('<img src="beside.png" alt="A file beside the page"><script>nothing()</script>'))
    assert [request.rsplit("/", 1)[-1] for request in visit.requests] == ["beside.png"]
    assert any("nothing is not defined" in complaint for complaint in visit.complaints)


def test_a_table_without_the_assets_is_found_on_paper_and_on_the_screen(opened):
    visit = opened("<!doctype html><table><tr><td>1</td></tr></table><button>Press</button>")
    assert pages.controls_on_paper(visit.page) != []
    assert pages.tables_that_stay(visit.page) != []
    assert set(pages.sheets(visit.page)) != {pages.A4}


def test_a_folded_part_is_looked_into_once_it_is_unfolded(opened):
    visit = opened(page('<details><summary>More</summary><p style="color: #aaa">pale</p></details>'))
    assert pages.barriers(visit.page) == []
    pages.unfold(visit.page)
    assert pages.barriers(visit.page) != []
