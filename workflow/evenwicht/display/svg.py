"""A drawing of Matplotlib as a lean SVG that can stand in any page.

Its style is written on the root instead of in a style sheet that would reach the whole page, ids that nothing refers
to are dropped, and numbers keep the hundredth of a point.
"""

import re
from xml.etree import ElementTree

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
FONTS = "DejaVu Sans, Verdana, sans-serif"  # Verdana is as wide; the reader's fonts have whatever scripts it lacks
ROOT = {"role": "img", "font-family": FONTS, "stroke-linejoin": "round", "stroke-linecap": "butt"}
DROPPED = {f"{{{SVG}}}metadata", f"{{{SVG}}}style"}
NOT_TURNED = re.compile(r"rotate\(-?0( [^)]*)?\)")
FAMILY = re.compile(r"font-family: [^;]*(; )?")
LONG = re.compile(r"-?\d+\.\d{3,}")

ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


def lean(svg: str, title: str, text: str) -> str:
    """Return a drawing with a title and a text for those who cannot see it, without what no reader needs."""
    root = ElementTree.fromstring(svg)
    used = {address for address in re.findall(r'(?:href="|url\()#(\w+)', svg)}
    _prune(root, used)
    for place, (name, words) in enumerate({"title": title, "desc": text}.items()):
        told = ElementTree.Element(f"{{{SVG}}}{name}")
        told.text, told.tail = words, "\n"
        root.insert(place, told)
    root.attrib |= ROOT
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _prune(element: ElementTree.Element, used: set[str]) -> None:
    """Make an element and all in it lean; a group that says nothing gives way to its parts."""
    element.tail = "\n"
    if element.tag != f"{{{SVG}}}text":
        element.text = None
    kept: list[ElementTree.Element] = []
    for part in element:
        if part.tag in DROPPED:
            continue
        _prune(part, used)
        if part.tag in (f"{{{SVG}}}g", f"{{{SVG}}}defs") and not part.attrib and (part.tag.endswith("g") or not len(part)):
            kept += part
        else:
            kept.append(part)
    element[:] = kept
    for name, value in list(element.attrib.items()):
        if name == "id" and value not in used or name == "transform" and NOT_TURNED.fullmatch(value):
            del element.attrib[name]
        else:
            element.attrib[name] = LONG.sub(_short, FAMILY.sub("", " ".join(value.split())))


def _short(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
