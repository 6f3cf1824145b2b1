"""What words in names, labels and codes tell of a column; they stand in `words.yaml`."""

import re
from collections.abc import Iterable
from pathlib import Path

import yaml

from evenwicht.base.columns import Meaning, Role

_WORDS = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
ROLES: dict[Role, list[str]] = _WORDS["roles"]
MEANINGS: dict[Meaning, list[str]] = _WORDS["meanings"]
COLUMNS: dict[str, list[str]] = _WORDS["columns"]
HEADINGS: dict[str, list[str]] = _WORDS["headings"]
ANSWERS: dict[str, list[str]] = _WORDS["answers"]


def words_of(text: str) -> str:
    """Return the words of a name or label, in lower case, with one blank between them.

    >>> words_of("BirthWeight_2 (kg)"), words_of("mother's-ID")
    ('birth weight kg', 'mother s id')
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return " ".join(re.findall(r"[^\W\d_]+", spaced)).lower()


def found(words: Iterable[str], text: str) -> str:
    """Return the first of some words that stands in a name or label; empty if none does."""
    form = "|".join(re.escape(word).replace(r"\*", r"\w*").replace(r"\ ", " ") for word in words)
    match = re.search(rf"\b({form})\b", words_of(text))
    return match[1] if match else ""


def role_by_words(name: str, label: str) -> tuple[Role, str] | None:
    """Return a role but id, and where which word tells it, the name before the label; None if no word does."""
    others = {role: words for role, words in ROLES.items() if role != "id"}
    for place, text in (("name", name), ("label", label)):
        for role, words in others.items():
            if word := found(words, text):
                return role, f"'{word}' in its {place}"
    return None


def meaning_by_words(label: str) -> Meaning | None:
    """Return why there is no value, if the label of a code says so; None if it is an answer."""
    return next((meaning for meaning, words in MEANINGS.items() if found(words, label)), None)


def yes_code(codes: dict[str, str]) -> str | None:
    """Return which of two codes means yes by its label; None if the labels do not say."""
    no = {code for code, label in codes.items() if found(ANSWERS["negative"], label)}
    yes = {code for code, label in codes.items() if found(ANSWERS["positive"], label)} - no
    return yes.pop() if len(codes) == 2 and len(yes) == len(no) == 1 else None
