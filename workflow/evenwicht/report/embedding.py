"""Files put into a page, so that it stands alone."""

import base64
import re
from html import unescape
from pathlib import Path

Embedded = dict[str, str]


def embedded(folder: Path) -> dict[str, Embedded]:
    """Figures of a folder by name, in order of their names; numbers in them count as numbers."""
    files = sorted(folder.glob("*.svg"), key=lambda file: (len(file.stem), file.stem))
    return {file.stem: embed(file) for file in files}


def embed(path: Path) -> Embedded:
    """Return an SVG as a data URI with the title and alternative text it carries."""
    svg = path.read_text(encoding="utf-8")
    texts = {key: re.search(f"<{key}>(.*?)</{key}>", svg, re.DOTALL) for key in ("title", "desc")}
    title, alt = (unescape(found.group(1)) if found else "" for found in texts.values())
    return {
        "uri": "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode(),
        "title": title,
        "alt": alt,
    }
