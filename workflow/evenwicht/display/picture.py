"""What every figure shares: style, palette, and a picture that carries its own title and alternative text."""

import io
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from evenwicht.base.files import write_text
from evenwicht.display.language import say
from evenwicht.display.lettering import FONT, TEXT
from evenwicht.display.svg import lean

# Okabe and Ito's palette, told apart under every common colour-vision deficiency; markers and dashes differ as well
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#6b6b6b"
PALE, RULE = "#eceff3", "#dcdcdc"  # what lies behind the data, and lines to read it by
LEVELS = {"individual": (BLUE, "o"), "policy": (ORANGE, "s")}
TRUTH: dict[str, Any] = {"marker": "D", "color": "black", "markerfacecolor": "none", "ms": 7, "mew": 1.2, "ls": ""}
WIDTH = 4.9  # inches of every figure: at 390 pixels its text is still read, and a wide page shows it as it is
ALT = 200  # letters of an alternative text: one sentence
STYLE = {
    "figure.figsize": (WIDTH, 3.0),
    "font.family": [FONT],
    "font.size": TEXT,
    "text.parse_math": False,  # a label may hold dollars
    "axes.labelsize": TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": TEXT,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "legend.fontsize": TEXT,
    "xtick.labelsize": TEXT,
    "ytick.labelsize": TEXT,
    "svg.hashsalt": "evenwicht",
    "svg.fonttype": "none",  # text stays text: the reader's fonts have any script, and it can be searched
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
        with style(), warnings.catch_warnings():
            # only its width is not known: the letter itself is shown by the reader's fonts
            warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
            self.figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(self.figure)
        text = self.alt if len(self.alt) <= ALT else f"{self.alt[: ALT - 2].rstrip()} …"
        write_text(lean(buffer.getvalue(), self.title, text), path)


@contextmanager
def style() -> Iterator[None]:
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        yield


def level_label(level: str) -> str:
    """What the effects of a level are called."""
    return {"individual": say("Individual exposure"), "policy": say("Policy or event")}[level]


def told(clauses: Iterable[str]) -> str:
    """Put as many whole clauses together as fit in an alternative text."""
    first, *more = clauses
    for clause in more:
        if len(first) + len(clause) + len("; .") > ALT:
            break
        first = f"{first}; {clause}"
    return f"{first}."
