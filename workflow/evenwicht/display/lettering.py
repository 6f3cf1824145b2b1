"""How wide text is in a figure, and where its lines break.

Measured are the letters of DejaVu Sans that Matplotlib brings along, on every machine. A script that these do not have
is shown by the reader's own fonts, and counts with room enough.
"""

from functools import cache

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import FT2Font, LoadFlags

FONT = "DejaVu Sans"
TEXT = 10.2  # points of all text: 10 pixels where a figure of 4.9 inches is shown in 350
LINE = 1.25 * TEXT  # points from one line of text to the next
LACKED = 1.15  # width of a letter that the font lacks: that of Matplotlib's own sign for it, wider than letters are


def width_of(text: str, *, bold: bool = False, size: float = TEXT) -> float:
    """Return the width of one line of text, points."""
    return size * sum(_advance(letter, bold) for letter in text)


def wrapped(text: str, points: float, *, bold: bool = False, size: float = TEXT) -> list[str]:
    """Break text into lines of at most so many points: between words, and within a word only if it is too wide."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if width_of(longer, bold=bold, size=size) <= points:
            lines[-1] = longer
            continue
        *whole, rest = _pieces(word, points, bold, size)
        lines += [*whole, rest]
    return [line for line in lines if line] or [""]


def _pieces(word: str, points: float, bold: bool, size: float) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and width_of(pieces[-1] + letter, bold=bold, size=size) > points:
            pieces.append("")
        pieces[-1] += letter
    return pieces


@cache
def _advance(letter: str, bold: bool) -> float:
    """Width of a letter as a part of the size of the text."""
    font = _font(bold)
    if not font.get_char_index(ord(letter)):
        return LACKED
    font.set_size(1000, 72)  # the fonts are shared with Matplotlib, which sets its own size each time
    return float(font.load_char(ord(letter), LoadFlags.NO_HINTING).linearHoriAdvance) / 65536 / 1000


@cache
def _font(bold: bool) -> FT2Font:
    wanted = FontProperties(family=FONT, weight="bold" if bold else "normal")
    return get_font(findfont(wanted, fallback_to_default=False))


def widest_word(text: str, *, bold: bool = False) -> float:
    """Points that the widest word of a text takes: in less room `wrapped` would break it."""
    return max((width_of(word, bold=bold) for word in text.split()), default=0.0)
