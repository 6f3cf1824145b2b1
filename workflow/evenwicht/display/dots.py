"""People as dots: how many of 1,000 have an outcome, without and with what is weighed.

Dots are filled in reading order, in blocks of a hundred, and are never scattered: blocks are counted at a glance, and a
dot stands for the same birth in both panels (Ancker et al. 2006, Journal of the American Medical Informatics
Association 13:608). All dots of one colour are one path of strokes without length, which a browser draws as round or
square points.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from textwrap import shorten
from typing import Literal, NamedTuple

from evenwicht.display.language import say
from evenwicht.display.wording import number

Shape = Literal["round", "square", "ring", "small"]
TOTAL = 1000
ACROSS = 50  # dots in a row
DEEP = 2  # rows of a block, which is a hundred people
PITCH, GAP = 4, 2  # from dot to dot, and between blocks
SIZES = {"round": 3.0, "square": 2.8, "ring": 3.2, "small": 2.0}
HOLE = 1.7  # of a ring
LONGEST = 195  # letters of what is told of a picture
EITHER, CHANGED = "#0072B2", "#D55E00"  # blue and orange of `picture`, which would bring Matplotlib along
NEITHER = "#949494"  # light, and still seen on white


class Dots(NamedTuple):
    """People who are alike: how many, in which colour, what they are called, and the shape of their dots."""

    people: int
    colour: str
    label: str
    shape: Shape = "round"


@dataclass(frozen=True)
class Panel:
    """One picture: what it shows, how many have the outcome, such as "55 of 1,000", and the drawing."""

    name: str
    count: str
    svg: str


@dataclass(frozen=True)
class Entry:
    """A line of the key: a drawing of the dots, what they mean, and how many there are."""

    svg: str
    label: str
    count: str


@dataclass(frozen=True)
class Pair:
    """Two pictures of the same people, how far they are apart in words, and the key of both."""

    without: Panel
    with_: Panel
    apart: str
    key: list[Entry]


def dots_pair(without: float, with_: float, names: tuple[str, str], total: int = TOTAL) -> Pair | None:
    """Draw the same people without and with an exposure or policy, side by side.

    Who has the outcome either way comes first and is round and blue, then those in whom it differs, orange: a square
    where they have it, a ring where they do not. Numbers are rounded, and differences of less than one are named so.

    Parameters
    ----------
    without, with_
        Risks.
    names
        What the two pictures show, such as "Without the benefit" and "With the benefit".
    total
        People in each picture.

    Returns
    -------
    Pair or None
        None if a risk is not known, or is an estimate outside 0 to 1.
    """
    if not (0 <= without <= 1 and 0 <= with_ <= 1):
        return None
    counts = round(total * without), round(total * with_)
    either, changed, neither = min(counts), abs(counts[1] - counts[0]), total - max(counts)
    panels = []
    for name, count in zip(names, counts, strict=True):
        here = Dots(changed, CHANGED, say("only here"), "square")
        elsewhere = Dots(changed, CHANGED, say("only in the other"), "ring")
        groups = [
            Dots(either, EITHER, say("in both pictures")),
            here if count > either else elsewhere,
            Dots(neither, NEITHER, say("in neither"), "small"),
        ]
        shown = say("{count} of {total}", count=number(count, 0), total=number(total, 0))
        panels.append(Panel(name, shown, dots_svg(groups, total, f"{name}: {shown}")))
    entries = [Entry(_sample(EITHER, "round"), say("in both pictures"), number(either, 0))]
    if changed:
        samples = _sample(CHANGED, "square", "ring")
        entries.append(Entry(samples, say("in one picture (square), not in the other (ring)"), number(changed, 0)))
    entries.append(Entry(_sample(NEITHER, "small"), say("in neither"), number(neither, 0)))
    return Pair(panels[0], panels[1], _apart(without, with_, counts, total), entries)


def _apart(without: float, with_: float, counts: tuple[int, int], total: int) -> str:
    """How far two risks are apart, in people; honest where rounding hides it or makes it larger."""
    if without == with_:
        return say("no difference")
    if total * abs(with_ - without) < 1:
        return say("fewer than 1 in {total} apart", total=number(total, 0))
    told = {"count": number(abs(counts[1] - counts[0]), 0), "total": number(total, 0)}
    return say("{count} of {total} fewer", **told) if with_ < without else say("{count} of {total} more", **told)


def dots_svg(groups: Sequence[Dots | tuple[int, str, str]], total: int = TOTAL, name: str = "") -> str:
    """Draw people as dots, group after group, as an inline SVG that fills the width it is given.

    Parameters
    ----------
    groups
        In reading order. Their counts add up to `total`, and each has a colour of its own.
    total
        People in the picture.
    name
        What the picture shows, for those who cannot see it; the counts follow it.

    Raises
    ------
    ValueError
        If the counts do not add up, one is negative, or a colour is used twice: the program's own fault.
    """
    drawn = [Dots(*group) for group in groups]
    if sum(group.people for group in drawn) != total or min(group.people for group in drawn) < 0:
        raise ValueError(f"{[group.people for group in drawn]} are not {total} people")
    if len({group.colour for group in drawn}) < len(drawn):
        raise ValueError("two groups have one colour")
    paths, start = [], 0
    for group in drawn:
        if group.people:
            places = [_place(index) for index in range(start, start + group.people)]
            paths.append(_path(group.colour, group.shape, places))
        start += group.people
    right, bottom = _place(ACROSS - 1)[0] + PITCH // 2, _place(total - 1)[1] + PITCH // 2
    counts = "; ".join(f"{group.label}: {number(group.people, 0)}" for group in drawn if group.people)
    told = ". ".join(filter(None, [shorten(name, LONGEST - len(counts), placeholder=" …"), counts]))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="dots" role="img" viewBox="0 0 {right} {bottom}" fill="none">'
        f"<title>{escape(told)}</title>{''.join(paths)}</svg>"
    )


def dots_key(groups: Sequence[Dots]) -> list[Entry]:
    """Say what the dots of each group mean, and how many there are."""
    return [Entry(_sample(group.colour, group.shape), group.label, number(group.people, 0)) for group in groups]


def _sample(colour: str, *shapes: Shape) -> str:
    """Dots for the key, beside text that says what they are."""
    side = PITCH + GAP
    paths = (_path(colour, shape, [(side * k + side // 2, side // 2)]) for k, shape in enumerate(shapes))
    box = f"0 0 {side * len(shapes)} {side}"
    return f'<svg class="dot" aria-hidden="true" viewBox="{box}" fill="none">{"".join(paths)}</svg>'


def _path(colour: str, shape: Shape, places: Sequence[tuple[int, int]]) -> str:
    points = "".join(f"M{x} {y}h0" for x, y in places)
    cap = "square" if shape == "square" else "round"
    path = f'<path stroke="{colour}" stroke-width="{SIZES[shape]}" stroke-linecap="{cap}" d="{points}"/>'
    hole = f'<path stroke="#fff" stroke-width="{HOLE}" stroke-linecap="round" d="{points}"/>' if shape == "ring" else ""
    return path + hole


def _place(index: int) -> tuple[int, int]:
    """Where the dot with this number stands."""
    row, column = divmod(index, ACROSS)
    return PITCH * column + GAP * (column // 10) + PITCH // 2, PITCH * row + GAP * (row // DEEP) + PITCH // 2
