"""What is wrong with a figure as a reader meets it on a narrow screen."""

from itertools import combinations

from evenwicht.display.picture import WIDTH, Picture, style
from matplotlib.text import Text
from matplotlib.transforms import Bbox

NARROW = 350  # pixels that a telephone of 390 leaves for a figure
SMALLEST = 10  # pixels of its text


def faults(picture: Picture) -> list[str]:
    """Name text that is too small there, runs out of the figure, or lies over other text; and a width of its own."""
    figure = picture.figure
    figure.dpi = 72
    with style():
        figure.draw_without_rendering()
    told = [] if figure.get_figwidth() == WIDTH else [f"{figure.get_figwidth()} inches wide"]
    boxes = {text: _box(text) for text in figure.findobj(_is_shown)}
    for text, box in boxes.items():
        name = repr(text.get_text())
        if text.get_fontsize() * NARROW / (72 * WIDTH) < SMALLEST:
            told.append(f"{name} is too small")
        if box.x0 < 0 or box.y0 < 0 or box.x1 > figure.bbox.x1 or box.y1 > figure.bbox.y1:
            told.append(f"{name} runs out")
    told += [
        f"{one.get_text()!r} lies over {other.get_text()!r}"
        for (one, at), (other, there) in combinations(boxes.items(), 2)
        if at.overlaps(there)
    ]
    return told


def _is_shown(artist: object) -> bool:
    if not isinstance(artist, Text) or not artist.get_visible() or not artist.get_text().strip():
        return False
    return artist.axes is None or artist.axes.get_visible()


def _box(text: Text) -> Bbox:
    """Where the letters are, without the room that a font leaves around them."""
    box = text.get_window_extent()
    return Bbox.from_extents(box.x0 + 0.5, box.y0 + 1, box.x1 - 0.5, box.y1 - 1)
