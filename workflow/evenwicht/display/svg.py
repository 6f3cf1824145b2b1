"""A drawing of Matplotlib as a lean SVG that can stand in any page.

Its style is written on the root instead of in a style sheet that would reach the whole page, ids that nothing refers
to are dropped, and numbers keep the hundredth of a point. Other ids are numbered: those of Matplotlib follow from
coordinates to their last digit, which depends on what was drawn before.
"""

import re
from xml.etree import ElementTree

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
FONTS = "DejaVu Sans, Verdana, sans-serif"  # Verdana is as wide; the reader's fonts have whatever scripts it lacks
ROOT = {"role": "img", "font-family": FONTS, "stroke-linejoin": "round", "stroke-linecap": "butt"}
DROPPED = {f"{{{SVG}}}{name}" for name in ("metadata", "style")}
NOT_TURNED = re.compile(r"rotate\(-?0( [^)]*)?\)")
FAMILY = re.compile(r"font-family: [^;]*(; )?")
REFERENCE = re.compile(r'(?:href="|url\()#(\w+)')
ID = re.compile(r'(\bid="|href="#|url\(#)(\w+)')
LONG = re.compile(r"-?\d+\.\d{3,}")

ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


def lean(svg: str, title: str, text: str) -> str:
    """Return a drawing with a title and a text for those who cannot see it, without what no reader needs."""
    numbers = {name: f"i{place}" for place, name in enumerate(dict.fromkeys(REFERENCE.findall(svg)))}
    root = ElementTree.fromstring(ID.sub(lambda found: found[1] + numbers.get(found[2], found[2]), svg))
    _prune(root, set(numbers.values()))
    for place, (name, words) in enumerate({"title": title, "desc": text}.items()):
        told = ElementTree.Element(_tag(name))
        told.text, told.tail = words, "\n"
        root.insert(place, told)
    root.attrib |= ROOT
    return ElementTree.tostring(root, encoding="unicode")


def _tag(name: str) -> str:
    return f"{{{SVG}}}{name}"


def _prune(element: ElementTree.Element, used: set[str]) -> None:
    """Make an element and all in it lean; a group that says nothing gives way to its parts."""
    element.tail = "\n"
    if element.tag != _tag("text"):
        element.text = None
    parts = [part for part in element if part.tag not in DROPPED]
    element[:] = []
    for part in parts:
        _prune(part, used)
        element.extend(part if part.tag == _tag("g") and not part.attrib else [part])
    if element.get("id") not in used:
        element.attrib.pop("id", None)
    if NOT_TURNED.fullmatch(element.get("transform", "")):
        del element.attrib["transform"]
    for name, value in element.attrib.items():
        element.set(name, LONG.sub(_short, FAMILY.sub("", " ".join(value.split()))))


def _short(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
