"""What kinds of study declare for the report, by study: methods, labels, figures and words.

A kind declares in the module `section` of its package a `HEADING` and the `METHODS` of its rows, and `messages` if its
studies claim no effect. If it has a section of its own on the page, it has `words`, a template,
sections/<kind>.html.j2, and a module `figures` if it draws. What it gives to a brief is in a module `brief`. A kind
whose studies are about more than the columns they compare has a `headline`.
"""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import Labels, first_upper, spoken
from evenwicht.display.language import message, say
from evenwicht.display.section import Found, Method
from evenwicht.results.rows import CLUSTERS, FAILED, SAMPLE
from evenwicht.studies import KINDS
from evenwicht.studies.parts import file_of_kind, part_of_kind
from evenwicht.studies.study import StudySettings, part_keys

if TYPE_CHECKING:
    from evenwicht.display.picture import Picture

ORDINALS = (
    message("first"),
    message("second"),
    message("third"),
    message("fourth"),
    message("fifth"),
    message("sixth"),
    message("seventh"),
    message("eighth"),
    message("ninth"),
    message("tenth"),
)


def figures(study: StudySettings, book: Codebook, found: Found) -> dict[str, "Picture"]:
    """Return the figures of a study by name; none of what could not be estimated."""
    if not file_of_kind(study.kind, "figures").is_file():
        return {}
    drawn: dict[str, Picture] = part_of_kind(study.kind, "figures").figures(study, book, _about(study, found))
    return drawn


def words(study: StudySettings, book: Codebook, found: Found) -> dict[str, Any]:
    """Return what the template of the kind needs; nothing if the kind has no section of its own."""
    tell = _declared(type(study), "words")
    return tell(study, book, _about(study, found)) if tell else {}


def messages(study: StudySettings, book: Codebook, found: Found) -> list[str]:
    """Return what a study shows in a sentence or two, where it claims no effect; nothing if its kind has none."""
    tell = _declared(type(study), "messages")
    return tell(study, book, _about(study, found)) if tell else []


def brief(study: StudySettings, book: Codebook, found: Found, outcome: str) -> dict[str, Any]:
    """Return the parts of a brief that a study gives about an outcome; nothing of a kind without a module `brief`."""
    if not len(found.estimates) or not file_of_kind(study.kind, "brief").is_file():
        return {}
    parts: dict[str, Any] = part_of_kind(study.kind, "brief").brief(study, book, _about(study, found), outcome)
    return parts


def glossary(study: StudySettings) -> tuple[str, dict[str, Method]]:
    """Return the heading of the kind of a study, and its methods by id."""
    return glossary_of(type(study))


def glossary_of(kind: type[StudySettings]) -> tuple[str, dict[str, Method]]:
    """Return the heading of a kind, and its methods by id."""
    return _declared(kind, "HEADING"), _declared(kind, "METHODS")


@cache
def methods() -> dict[str, Method]:
    """Return the methods of all kinds by id; what several kinds share has one label."""
    known = {
        FAILED: Method("not estimated"),
        CLUSTERS: Method("clusters that errors allow for"),
        SAMPLE: Method("people analysed"),
    }
    for kind in KINDS:
        known |= _declared(kind, "METHODS")
    return known


def method_label(method: str) -> str:
    """Return what a method is called."""
    return say(methods()[method].label)


def headline(study: StudySettings, book: Codebook) -> tuple[str, str] | None:
    """Return exposure and reference of the comparison that a study is about: what its kind says, else the first."""
    declared = _declared(type(study), "headline")
    if declared:
        return declared(study, book)
    shown = next(iter(study.exposures_shown(book)), None)
    return (shown.exposure, shown.reference) if shown else None


def labels(study: StudySettings, book: Codebook) -> Labels:
    """Return the words for the keys of the rows of a study."""
    return Labels(book, study.labels(book), _cuts(study, book), study.names(book))


def title(name: str, study: StudySettings, book: Codebook) -> str:
    """Return what a study is called: its title, else the columns that it is about, else its id."""
    columns = dict.fromkeys(contrast.column for contrast in study.exposures_shown(book))
    return study.title or "; ".join(book.columns[column].label for column in columns) or first_upper(spoken(name))


def _about(study: StudySettings, found: Found) -> Found:
    """What was found in everybody, and in the parts that the kind itself is about."""
    return found.among("", *(key for name, parts in study.told_parts() for key in part_keys(name, parts)))


def _declared(kind: type[StudySettings], name: str) -> Any:
    """What a kind declares under a name, if it does."""
    return getattr(import_module(f"{kind.__module__}.section"), name, None)


def _cuts(study: StudySettings, book: Codebook) -> dict[str, str]:
    """Words for each part into which a number cuts the people; keys as in `running`."""
    return {
        key: say("{column}: {nth} of {parts}", column=book.columns[name].label, nth=say(ordinal), parts=cut)
        for name, cut in dict.fromkeys([*study.parted_by(), *study.told_parts()])
        if cut is not None
        for key, ordinal in zip(part_keys(name, cut), ORDINALS, strict=False)
    }
