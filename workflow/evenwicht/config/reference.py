"""The key reference, config/README.md: every key of the config files, with its type, default and meaning.

It is written from the JSON schema of the pydantic tree, so that it says what the program checks. Each section of the
tree is a table; keys whose values are sections link to theirs.
"""

import json
from collections.abc import Iterator
from typing import Any

from evenwicht.config.run import json_schema

Node = dict[str, Any]
INTRODUCTION = """# Keys of the config files

`config.yaml` is the run; each file that its `cohorts` name describes one cohort. `evenwicht init` proposes one from
your data, and `own_cohort_example.yaml`, which comes with evenwicht, shows most of what one can hold. A key that is
not listed here, or a value of another type, stops the run before any job, with the path of the key. An *id* is a name
of your choice in lower case letters, digits and underscores.

This file is written by `make schema`, from the same definitions that check the files.
"""
ROOTS = {"RunConfig": "config.yaml", "CohortConfig": "Cohort file"}
BOUNDS = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
PLAIN = {"string": "text", "boolean": "true or false", "null": "nothing", "number": "number", "integer": "whole number"}


def key_reference() -> str:
    """Return the text of config/README.md."""
    sections = json_schema()["$defs"]
    headings = _headings(sections)
    parts = [INTRODUCTION]
    for name, heading in headings.items():
        section = sections[name]
        parts += [f"{'##' if name in ROOTS else '###'} {heading}\n", *_paragraphs(section)]
        rows = [_row(key, section, sections, headings) for key in _keys(section)]
        if rows:
            parts.append("\n".join(["| key | type | default | meaning |", "| --- | --- | --- | --- |", *rows]) + "\n")
    return "\n".join(parts)


def without_meaning() -> list[str]:
    """Return every key that nothing is said about, as `Section.key`."""
    sections = json_schema()["$defs"]
    return [
        f"{name}.{key}"
        for name, section in sections.items()
        for key in _keys(section)
        if not _meaning(section["properties"][key], sections)
    ]


def _headings(sections: dict[str, Node]) -> dict[str, str]:
    """What each section is called, by its name in the schema, in the order in which keys lead to them."""
    found: dict[str, str] = {}

    def visit(name: str, heading: str) -> None:
        if name in found:
            return
        found[name] = heading
        for key, value in sections[name].get("properties", {}).items():
            for kind, inner in _leads_to(value):
                visit(inner, f"{key}: {kind}" if kind else _words(sections[inner]["title"]))

    for name, heading in ROOTS.items():
        visit(name, heading)
    return found


def _leads_to(node: Node) -> Iterator[tuple[str, str]]:
    """Kind, if the section is one of several, and name of every section within the type of a key."""
    if "discriminator" in node:
        yield from _kinds(node)
    elif "$ref" in node:
        yield "", _name(node["$ref"])
    else:
        for inner in _inside(node):
            yield from _leads_to(inner)


def _inside(node: Node) -> list[Node]:
    """Types of which a type is made."""
    several = [inner for key in ("anyOf", "oneOf", "prefixItems") for inner in node.get(key, [])]
    one = [inner for key in ("items", "additionalProperties") if isinstance(inner := node.get(key), dict)]
    return [*several, *one, *node.get("patternProperties", {}).values()]


def _keys(section: Node) -> list[str]:
    """Keys of a section; its kind is in its heading."""
    return [key for key, value in section.get("properties", {}).items() if "const" not in value]


def _row(key: str, section: Node, sections: dict[str, Node], headings: dict[str, str]) -> str:
    value = section["properties"][key]
    default = "required" if key in section.get("required", []) else _default(value)
    cells = (f"`{key}`", _type(value, headings), default, _meaning(value, sections))
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _meaning(value: Node, sections: dict[str, Node]) -> str:
    """What a key says of itself, else what the section that it leads to says."""
    refs = [inner["$ref"] for inner in (value, *value.get("anyOf", [])) if "$ref" in inner]
    said = value.get("description") or (sections[_name(refs[0])].get("description", "") if len(refs) == 1 else "")
    return " ".join(said.split("\n\n")[0].split())


def _default(value: Node) -> str:
    default = value.get("default")
    if default is None:
        return "none"
    if default in ("", [], {}):
        return "empty"
    if isinstance(default, dict):
        return "that of its keys"
    return f"`{json.dumps(default, ensure_ascii=False)}`"


def _type(node: Node, headings: dict[str, str]) -> str:
    """A type in words."""

    def inner(one: Node) -> str:
        return _type(one, headings)

    if "discriminator" in node:
        return "one of: " + ", ".join(_link(kind, headings[name]) for kind, name in _kinds(node))
    if "$ref" in node:
        heading = headings[_name(node["$ref"])]
        return _link(heading, heading)
    for several in ("anyOf", "oneOf"):
        if several in node:
            return " or ".join(dict.fromkeys(inner(one) for one in node[several] if one.get("type") != "null"))
    if "enum" in node:
        return " or ".join(f"`{choice}`" for choice in node["enum"] if choice is not None)
    if "const" in node:
        return f"`{node['const']}`"
    if node.get("type") == "array":
        if "prefixItems" in node:
            return f"list of {len(node['prefixItems'])}: {', '.join(map(inner, node['prefixItems']))}"
        return f"list of {inner(node['items'])}"
    if node.get("type") == "object":
        ids = "pattern" in node.get("propertyNames", {}) or "patternProperties" in node
        values = _inside(node)
        return f"{'id' if ids else 'name'} -> {inner(values[0]) if values else 'anything'}"
    if "pattern" in node:
        return "id"
    plain = node.get("format") or PLAIN.get(node.get("type", ""), "anything")
    return ", ".join([plain, *(f"{words} {_number(node[bound])}" for bound, words in BOUNDS.items() if bound in node)])


def _number(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else f"{value:g}"


def _kinds(node: Node) -> Iterator[tuple[str, str]]:
    """Kind and name of every section that a key may hold, in the order of their registry."""
    kinds = {ref: kind for kind, ref in node["discriminator"]["mapping"].items()}
    yield from ((kinds[one["$ref"]], _name(one["$ref"])) for one in node["oneOf"])


def _link(text: str, heading: str) -> str:
    kept = "".join(letter for letter in heading.lower() if letter.isalnum() or letter in " -_")
    return f"[{text}](#{kept.replace(' ', '-')})"


def _paragraphs(section: Node) -> list[str]:
    return [f"{section['description']}\n"] if section.get("description") else []


def _name(ref: str) -> str:
    return ref.rpartition("/")[2]


def _words(title: str) -> str:
    """The name of a class as words."""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in title).strip()
    return spaced[0].upper() + spaced[1:]
