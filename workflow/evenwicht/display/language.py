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
from typing import Literal, get_args

Language = Literal["en", "nl"]
ENGLISH: Language = "en"
LANGUAGES: tuple[Language, ...] = get_args(Language)
SWAPPED = {"nl": str.maketrans(",.", ".,")}  # languages with a decimal comma, and a point for thousands
JOINT = "; "  # between the parts of a text that a table holds
LISTED = re.compile(r"(, )(?![^(]*\))")  # between entries within a part, kept in place
MINUS = "\N{MINUS SIGN}"
NUMBER = re.compile(r"[\d.,]*\d")
Form = tuple[re.Pattern[str], str]  # what to match, and the text of the language
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
    return JOINT.join(_retold(part, _forms(language())) for part in stored.split(JOINT))


def _retold(part: str, forms: list[Form]) -> str:
    for form, text in forms:
        found = form.fullmatch(part)
        if found:
            return text.format(**{name: _in_slot(value) for name, value in found.groupdict().items()})
    return part


def _in_slot(value: str) -> str:
    if not any(letter.isalpha() for letter in value):
        return NUMBER.sub(lambda digits: localised(digits[0]), re.sub(r"^-", MINUS, value))
    forms = _forms(language(), within=True)
    return "".join(_retold(part, forms) for part in LISTED.split(value))


def localised(digits: str) -> str:
    """Return a number written the English way, such as 1,234.5, in the signs of the language of the moment."""
    swapped = SWAPPED.get(language())
    return digits.translate(swapped) if swapped else digits


def translations(language: Language) -> Mapping[str, str]:
    """Return the sentences of a language by their English text."""
    return catalogue(language)["said"]


@cache
def catalogue(language: Language) -> Mapping[str, Mapping[str, str]]:
    """Return what a language has by English text: what is said, what is stored in tables, and what is within that."""
    import yaml

    return dict(yaml.safe_load(catalogue_file(language).read_text(encoding="utf-8")))


def catalogue_file(language: Language) -> Path:
    """Where the catalogue of a language is; English has none."""
    return Path(__file__).parent / "translations" / f"{language}.yaml"


@cache
def _forms(language: Language, *, within: bool = False) -> list[Form]:
    """Forms to match, those with most text of their own first."""
    known = {**catalogue(language)["stored"], **(catalogue(language)["within"] if within else {})}
    parsed = [(list(Formatter().parse(form)), text) for form, text in known.items()]
    parsed.sort(key=lambda pair: -sum(len(literal) for literal, *_ in pair[0]))
    return [
        (re.compile("".join(_matching(literal, slot) for literal, slot, *_ in form)), text) for form, text in parsed
    ]


def _matching(literal: str, slot: str | None) -> str:
    return re.escape(literal) + (f"(?P<{slot}>.*?)" if slot else "")
