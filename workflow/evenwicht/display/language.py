"""The language in which things are shown: sentences, and the signs of numbers.

A sentence is written in English where it is used, and looked up by that text. `translations/<language>.yaml` has it in
another language. Tables hold English texts whatever the language, such as the reason why there is no estimate; where
they are shown, they are known by their form. Labels of the cohort file are shown as they are.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Literal

Language = Literal["en", "nl"]
ENGLISH: Language = "en"
SWAPPED = {"nl": str.maketrans(",.", ".,")}  # languages with a decimal comma, and a point for thousands
JOINT = "; "  # between the parts of a text that a table holds
NUMBER = re.compile(r"[\d.,]*\d")
_spoken: ContextVar[Language] = ContextVar("language", default=ENGLISH)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Show everything in a language meanwhile."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def language() -> Language:
    """The language of the moment."""
    return _spoken.get()


def say(message: str, **slots: object) -> str:
    """Return a sentence in the language of the moment, with its {slots} filled.

    Raises
    ------
    KeyError
        If the sentence has no translation: the program's own fault, which a test finds.
    """
    text = message if language() == ENGLISH or not message else translations(language())[message]
    return text.format(**slots) if slots else text


def message(text: str) -> str:
    """Mark a sentence that is said where it is used, so that it is found for translation; it is returned as it is."""
    return text


def retold(stored: str) -> str:
    """Return a text that a table holds in the language of the moment, part by part; what is not known as it is.

    A known form has slots for numbers, ids, or further texts: "{count} events in the smaller arm".
    """
    if language() == ENGLISH or not isinstance(stored, str):
        return stored
    return JOINT.join(_retold(part) for part in stored.split(JOINT))


def _retold(part: str) -> str:
    for form, text in _forms(language()):
        found = form.fullmatch(part)
        if found:
            return text.format(**{name: _in_slot(value) for name, value in found.groupdict().items()})
    return part


def _in_slot(value: str) -> str:
    return _retold(value) if any(letter.isalpha() for letter in value) else NUMBER.sub(_swapped, value)


def _swapped(digits: re.Match[str]) -> str:
    return localised(digits[0])


def localised(digits: str) -> str:
    """Return a number written the English way, such as 1,234.5, in the signs of the language of the moment."""
    swapped = SWAPPED.get(language())
    return digits.translate(swapped) if swapped else digits


def translations(language: Language) -> Mapping[str, str]:
    """Return the sentences of a language by their English text."""
    return _catalogue(language)["said"]


def stored_forms(language: Language) -> Mapping[str, str]:
    """Return the forms of texts that tables hold, by their English form."""
    return _catalogue(language)["stored"]


@cache
def _catalogue(language: Language) -> dict[str, dict[str, str]]:
    import yaml

    file = Path(__file__).parent / "translations" / f"{language}.yaml"
    return dict(yaml.safe_load(file.read_text(encoding="utf-8")))


@cache
def _forms(language: Language) -> list[tuple[re.Pattern[str], str]]:
    """Forms to match, those with most text of their own first."""
    parsed = [(list(Formatter().parse(form)), text) for form, text in stored_forms(language).items()]
    parsed.sort(key=lambda pair: -sum(len(literal) for literal, *_ in pair[0]))
    return [
        (re.compile("".join(_matching(literal, slot) for literal, slot, *_ in parts)), text) for parts, text in parsed
    ]


def _matching(literal: str, slot: str | None) -> str:
    return re.escape(literal) + (f"(?P<{slot}>.+?)" if slot else "")
