"""Pictures of a page to look at: `python -m tests.browser.look results/report.html FOLDER`."""

import sys
from pathlib import Path

from tests.browser.chromium import NARROW, WIDE, close, launched, visit

TALLEST = 2000  # pixels of one picture


def look(file: Path, folder: Path) -> None:
    """Write a page at both widths as pictures of `TALLEST` pixels, from top to bottom; the last ends with the page."""
    folder.mkdir(parents=True, exist_ok=True)
    with launched() as browser:
        for width in (WIDE, NARROW):
            opened = visit(browser, file.resolve(), width)
            height = opened.page.evaluate("document.documentElement.scrollHeight")
            opened.page.set_viewport_size({"width": width, "height": min(TALLEST, height)})
            for part, top in enumerate(range(0, height, TALLEST), start=1):
                opened.page.evaluate("top => scrollTo(0, top)", top)
                opened.page.screenshot(path=folder / f"{file.stem}_{width}_{part:02}.png")
            close(opened)


if __name__ == "__main__":
    look(*map(Path, sys.argv[1:]))
