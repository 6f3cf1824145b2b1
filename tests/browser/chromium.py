"""The browser of this machine, and what happens when it opens a page. Nothing is downloaded."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, Request, sync_playwright

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, NARROW, HEIGHT = 1280, 390, 1000  # pixels: a laptop, a phone, and a screen of either
PATIENCE = 120_000  # milliseconds: other tests keep the machine busy


@dataclass
class Visit:
    """A page as it is opened from the disk, offline.

    Attributes
    ----------
    page
        The page, laid out.
    file
        Where it lies.
    requests
        Addresses that it asked for besides itself.
    complaints
        What it wrote on the console, and errors of its scripts.
    """

    page: Page
    file: Path
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def note_request(self, request: Request) -> None:
        if not request.url.startswith(("data:", "blob:", self.file.as_uri())):
            self.requests.append(request.url)


def executable() -> str:
    """Return the path of the first browser that is installed here.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise FileNotFoundError("The tests of the pages need Chromium or Chrome. Fix: sudo apt-get install chromium")
    return found


@contextmanager
def launched() -> Iterator[Browser]:
    """Run the browser without a window meanwhile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=QUIET, timeout=PATIENCE)
        try:
            yield browser
        finally:
            browser.close()


def visit(browser: Browser, file: Path, width: int = WIDE, scripts: bool = True) -> Visit:
    """Open a page in a window of its own of a width in pixels; the caller closes it with `close`."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT}, offline=True, java_script_enabled=scripts, accept_downloads=True
    )
    context.set_default_timeout(PATIENCE)
    made = Visit(context.new_page(), file)
    made.page.on("request", made.note_request)
    made.page.on("console", lambda message: made.complaints.append(message.text))
    made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
    made.page.goto(file.as_uri())
    return made


def close(opened: Visit) -> None:
    """Close the window of a page."""
    opened.page.context.close()


if __name__ == "__main__":
    try:
        print(executable())
    except FileNotFoundError as error:
        sys.exit(str(error))
