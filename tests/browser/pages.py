"""What can be wrong with a page, one function each: a list of faults in words, empty if there is none."""

import csv
import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
A4 = (595, 842)  # points
SMALLEST_TEXT = 10  # pixels
ALTERNATIVE = range(10, 201)  # characters
ROWS_FOR_AXE = 40  # of each table: rows are alike, and thousands of cells take axe a minute

OVERFLOWING = """how => [...document.body.querySelectorAll('*')]
  .filter(e => how.includes(getComputedStyle(e).overflowX) && !e.closest('svg') && e.localName != 'input')
  .filter(e => e.clientWidth > 1 && e.scrollWidth > e.clientWidth + 1)
  .map(e => `${e.localName}.${e.className} shows ${e.clientWidth} of ${e.scrollWidth} pixels: ${e.innerText.slice(0, 60)}`)"""

PICTURES = """() => [...document.querySelectorAll('img, svg, [role=img]')]
  .filter(e => !e.closest('[aria-hidden=true]') && !e.parentElement.closest('svg, [role=img]'))
  .map(e => {
    const title = e.localName == 'svg' ? e.querySelector(':scope > title')?.textContent : e.getAttribute('title');
    const by = (e.getAttribute('aria-labelledby') ?? '').split(/\\s+/).map(id => document.getElementById(id)?.textContent ?? '');
    return e.getAttribute('alt') ?? e.getAttribute('aria-label') ?? (by.join(' ').trim() || title || '');
  })"""

HEADINGS = """() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(e => [Number(e.localName[1]), e.textContent.trim()])"""

EMPTY = """() => {
  const faults = [];
  const holds = fragment => {
    const box = document.createElement('div');
    box.append(fragment);
    box.querySelectorAll('h1, h2, h3, h4, h5, h6, script, style').forEach(e => e.remove());
    return box.textContent.trim() || box.querySelector('img, svg');
  };
  const range = (start, end) => {
    const made = document.createRange();
    start(made); end(made);
    return made.cloneContents();
  };
  const headings = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')];
  headings.forEach((heading, i) => {
    const next = headings.slice(i + 1).find(e => e.localName <= heading.localName);
    const below = range(r => r.setStartAfter(heading), r => next ? r.setEndBefore(next) : r.setEndAfter(document.body.lastChild));
    if (!holds(below)) faults.push(`nothing below the heading ${heading.textContent.trim()}`);
  });
  for (const section of document.querySelectorAll('section, details, figure')) {
    if (!holds(range(r => r.selectNodeContents(section), () => {}))) faults.push(`nothing in ${section.localName} ${section.id}`);
  }
  return faults;
}"""

# Figures inside an <img> are laid out once more as part of the page, at the width at which they are shown.
TEXT_SIZES = """() => {
  const sizes = [];
  const measure = svg => {
    for (const text of svg.querySelectorAll('text, tspan')) {
      const words = [...text.childNodes].filter(n => n.nodeType == 3).map(n => n.data.trim()).join('');
      const matrix = text.getScreenCTM();
      const scale = Math.sqrt(Math.abs(matrix.a * matrix.d - matrix.b * matrix.c));
      if (words) sizes.push([parseFloat(getComputedStyle(text).fontSize) * scale, words]);
    }
  };
  document.querySelectorAll('svg').forEach(svg => svg.getBoundingClientRect().width && measure(svg));
  for (const image of document.images) {
    const width = image.getBoundingClientRect().width;
    const [, packed, body] = image.currentSrc.match(/^data:image\\/svg\\+xml[^,]*?(;base64)?,(.*)$/s) ?? [];
    if (!width || !body) continue;
    const source = packed
      ? new TextDecoder().decode(Uint8Array.from(atob(body), c => c.charCodeAt(0)))
      : decodeURIComponent(body);
    const svg = document.importNode(new DOMParser().parseFromString(source, 'image/svg+xml').documentElement, true);
    svg.setAttribute('style', `position: absolute; width: ${width}px; height: auto`);
    document.body.append(svg);
    measure(svg);
    svg.remove();
  }
  return sizes;
}"""


PAPER = """() => [...document.querySelectorAll('button, input, [role=button]')]
  .filter(e => e.getClientRects().length).map(e => e.outerHTML.slice(0, 120))"""


def unfold(page: Page) -> None:
    """Open every part that a reader can open."""
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")


def screens(page: Page) -> float:
    """Return the height of a page in screens of its window."""
    return page.evaluate("document.documentElement.scrollHeight / innerHeight")


def wider_than_the_window(page: Page) -> list[str]:
    wide, window = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    return [f"the page is {wide} pixels wide, the window {window}"] if wide > window else []


def cut_off(page: Page) -> list[str]:
    """Parts of which a reader can never see the right end."""
    return page.evaluate(OVERFLOWING, ["hidden", "clip"])


def with_a_scroll_bar(page: Page) -> list[str]:
    return page.evaluate(OVERFLOWING, ["auto", "scroll"])


def broken_links(page: Page, file: Path) -> list[str]:
    """Links to a file that is not there, or to a place that a page does not have."""
    targets = page.eval_on_selector_all("a[href]", "links => links.map(a => a.getAttribute('href'))")
    return [target for target in dict.fromkeys(targets) if not _leads_somewhere(target, file)]


def _leads_somewhere(target: str, file: Path) -> bool:
    parts = urlsplit(target)
    if not target:
        return False
    if parts.scheme:
        return parts.scheme in {"https", "http", "mailto", "data"}
    there = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if not there.is_file():
        return False
    place = unquote(parts.fragment)
    return not place or re.search(rf"""\sid=["']?{re.escape(place)}["'\s>]""", there.read_text("utf-8")) is not None


def pictures_without_words(page: Page) -> list[str]:
    """Alternative texts that are missing, too short or too long."""
    return [f"{len(text)} characters: {text[:80]}" for text in page.evaluate(PICTURES) if len(text) not in ALTERNATIVE]


def barriers(page: Page) -> list[str]:
    """What axe finds against WCAG 2.1 A and AA, contrast included, in a page that loses the ends of its long tables."""
    page.locator(f"tbody > tr:nth-child(n + {ROWS_FOR_AXE + 1})").evaluate_all(
        "rows => rows.forEach(row => row.remove())"
    )
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]})
    return [
        f"{rule['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]


def tables_that_stay(page: Page) -> list[str]:
    """Tables that a reader cannot copy or save, or not under a name of their own."""
    names = page.eval_on_selector_all("table", "tables => tables.map(t => [t.dataset.name ?? '', t.innerText])")
    buttons = page.locator(".tools").count()
    faults = [f"no name: {text[:80]}" for name, text in names if not name]
    faults += [
        f"{n} tables are called {name}" for name, n in Counter(name for name, _ in names).items() if n > 1 and name
    ]
    return faults if buttons == len(names) else [*faults, f"{len(names)} tables, {buttons} with buttons"]


def controls_on_paper(page: Page) -> list[str]:
    """Buttons and fields that would be printed, where they do nothing."""
    page.emulate_media(media="print")
    found = page.evaluate(PAPER)
    page.emulate_media(media="screen")
    return found


def sheets(page: Page) -> list[tuple[int, int]]:
    """Print a page, and return the size of each sheet in points, the shorter side first."""
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", page.pdf(prefer_css_page_size=True))
    return [(min(size), max(size)) for size in ((round(float(a)), round(float(b))) for a, b in sizes)]


def saved_rows(page: Page, table: int) -> list[list[str]]:
    """Save a table of a page, by its place among those that can be saved, as CSV, and return its lines."""
    with page.expect_download() as download:
        page.locator(".tools").nth(table).get_by_role("button").nth(1).click()
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def headings_out_of_order(page: Page) -> list[str]:
    """More or less than one title, headings that skip a level, and headings without words."""
    headings = page.evaluate(HEADINGS)
    titles = sum(level == 1 for level, _ in headings)
    faults = [] if titles == 1 else [f"{titles} headings of level 1"]
    level_before = 0
    for level, text in headings:
        if level > level_before + 1:
            faults.append(f"level {level} after level {level_before}: {text}")
        if not text:
            faults.append(f"a heading of level {level} without words")
        level_before = level
    return faults


def empty_parts(page: Page) -> list[str]:
    """Headings with nothing below them, and sections with nothing besides their heading."""
    return page.evaluate(EMPTY)


def small_text_in_figures(page: Page) -> list[str]:
    return [f"{size:.1f} pixels: {text}" for size, text in page.evaluate(TEXT_SIZES) if round(size, 1) < SMALLEST_TEXT]
