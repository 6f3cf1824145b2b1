"""Every English text that pages and figures say: found in the code, in the templates, and where it is declared."""

import ast
from collections.abc import Iterator
from pathlib import Path

import evenwicht
import jinja2
from evenwicht.estimators.results import DIAGNOSTIC_LABELS, ESTIMANDS
from evenwicht.money.conventions import conventions
from evenwicht.results.rows import UNITS
from evenwicht.side_effects.assumptions import assumptions, described
from evenwicht.studies import KINDS, showing
from evenwicht.studies.event_study.survives import CHECKS
from jinja2 import nodes

from tests.conftest import ROOT

LIBRARY = Path(evenwicht.__file__).parent
TEMPLATES = ROOT / "workflow" / "report"
MARKS = ("say", "message")


def every_text() -> list[str]:
    """Return every text once, in the order of the files."""
    texts = [*in_code(), *in_templates(), *declared()]
    return list(dict.fromkeys(text for text in texts if text))


def in_code() -> Iterator[str]:
    """Texts that the library says or marks; those that it says by variable are marked or declared elsewhere."""
    for module in sorted(LIBRARY.rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS):
                continue
            match node.args[0]:
                case ast.Constant(value=str(text)):
                    yield text
                case ast.JoinedStr():
                    raise AssertionError(f"{module}:{node.lineno} says a text that is put together; use slots")


def in_templates() -> Iterator[str]:
    """Texts that the templates say."""
    for template in sorted(TEMPLATES.rglob("*.j2")):
        for call in parsed(template).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "say":
                text = call.args[0]
                assert isinstance(text, nodes.Const), f"{template}: say() needs the text itself"
                yield text.value


def parsed(template: Path) -> nodes.Template:
    """Return the syntax tree of a template."""
    return jinja2.Environment().parse(template.read_text(encoding="utf-8"))


def declared() -> Iterator[str]:
    """Names of what is estimated and how, and questions, which are said where they are shown."""
    for estimand in ESTIMANDS.values():
        yield from (estimand.label, estimand.unit)
    yield from DIAGNOSTIC_LABELS.values()
    yield from UNITS.values()
    for method in showing.methods().values():
        yield method.label
    for kind in KINDS:
        heading, methods = showing.glossary_of(kind)
        yield heading
        yield from (method.text for method in methods.values())
    yield from (check.question for check in CHECKS)
    for _, figure in described():
        yield figure.source
    yield assumptions().pressure.baseline.cut_off


def stored() -> set[str]:
    """Return every text of the library, put together or not, with {} for what is filled in: tables hold some of them."""
    texts = {convention.label for convention in conventions().values()}
    for module in sorted(LIBRARY.rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            match node:
                case ast.Constant(value=str(text)):
                    texts.add(text)
                case ast.JoinedStr(values=parts):
                    texts.add("".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts))
    return texts
