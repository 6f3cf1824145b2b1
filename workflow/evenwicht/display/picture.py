"""What every figure shares: style, palette, and a picture that carries its own title and alternative text."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from evenwicht.base.files import write_text

# Okabe and Ito's palette, told apart under every common colour-vision deficiency; markers and dashes differ as well
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#6b6b6b"
LEVELS = {"individual": (BLUE, "o", "Individual exposure"), "policy": (ORANGE, "s", "Policy")}
STYLE = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "svg.hashsalt": "evenwicht",
    "svg.fonttype": "path",
}


@dataclass(frozen=True)
class Picture:
    """A figure with a title and a text that says what it shows to those who cannot see it."""

    figure: Figure
    title: str
    alt: str

    def save(self, path: str | Path) -> None:
        """Write the figure as SVG, atomically and with the same bytes each time; the texts are part of the file."""
        buffer = io.StringIO()
        with style():
            self.figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
        plt.close(self.figure)
        svg = buffer.getvalue()
        texts = f"<title>{escape(self.title)}</title>\n <desc>{escape(self.alt)}</desc>\n"
        head, mark, rest = svg.partition("<metadata>")
        head = head.replace("<svg ", '<svg role="img" ', 1)
        write_text(f"{head}{texts} {mark}{rest}", path)


@contextmanager
def style() -> Iterator[None]:
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        yield
