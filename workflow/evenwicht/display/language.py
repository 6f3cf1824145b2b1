"""The language in which things are shown: sentences, and the signs of numbers.

A sentence is written in English where it is used, and looked up by that text. `translations/<language>.yaml` has it in
another language. Labels of the cohort file are shown as they are.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Literal

Language = Literal["en", "nl"]
ENGLISH: Language = "en"
SWAPPED = {"nl": str.maketrans(",.", ".,")}  # languages with a decimal comma, and a point for thousands
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


def localised(digits: str) -> str:
    """Return a number written the English way, such as 1,234.5, in the signs of the language of the moment."""
    swapped = SWAPPED.get(language())
    return digits.translate(swapped) if swapped else digits


@cache
def translations(language: Language) -> Mapping[str, str]:
    """Return the sentences of a language by their English text."""
    import yaml

    file = Path(__file__).parent / "translations" / f"{language}.yaml"
    return dict(yaml.safe_load(file.read_text(encoding="utf-8")))
