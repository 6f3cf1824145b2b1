"""Everything that is ours can be read in Dutch: each text has one, in few and plain words, and numbers follow."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from string import Formatter

import pandas as pd
import pytest
import yaml
from evenwicht.display import language as module
from evenwicht.display.labels import in_words
from evenwicht.display.language import catalogue, language, retold, say, speaking, translations
from evenwicht.display.wording import number, signed
from evenwicht.results.reading import read_tables

from tests.conftest import ROOT
from tests.pages import EMPTY, pages_of, run_of, section_of, told_by
from tests.said import LIBRARY, TEMPLATES, every_text, stored

CATALOGUE = LIBRARY / "display" / "translations" / "nl.yaml"
TEXTS = every_text()
SAID, STORED, WITHIN = (catalogue("nl")[part] for part in ("said", "stored", "within"))
BANNED = re.compile(
    r"significan|bewijst|determin|probleemgezin|risicokind|schuldig|(eigen|hun) schuld|te laat voor|dure mensen"
    r"|blootgestelden|proefpersonen|geprogrammeerd|beschadigd|zou(den)? moeten|kritieke periode|veroorzaakt|zware gebruikers",
    re.IGNORECASE,
)
OURS = re.compile(  # English that only we say: no label of these cohorts has it
    r"\b(whether|could not|cannot|per 100,000|[Tt]he data|the method|[Ii]ntervals?|[Ee]stimates?|[Tt]rue values?|[Oo]utcome|"
    r"[Cc]omparison|[Ww]ho |not known|[Dd]ue|analysed|vs|[Cc]rude|[Cc]hance|[Rr]isk|effects|[Ee]xposures?|[Pp]olicy|"
    r"[Mm]ean|[Ss]hare|[Tt]his|[Ww]ithout|[Tt]hese|holds?)\b"
)
MOST_WORDS, LONGEST = 15, 32  # of a sentence: on average, and of any
KNOWN = {"reason": ("estimates", "diagnostics", "conclusions"), "note": ("diagnostics",)}  # columns shown, and where


def slots(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def sentences(texts: Mapping[str, str]) -> list[str]:
    """Dutch sentences of three words and more; of those within a text, each."""
    parts = [part for text in texts.values() for part in re.split(r"(?<=[.?!])\s+(?=[A-Z“{])", text)]
    return [part for part in parts if len(part.split()) >= 3]


# --- the catalogue


def test_every_text_that_is_said_has_a_translation() -> None:
    assert [text for text in TEXTS if text not in SAID] == []


def test_no_translation_is_of_a_text_that_is_no_longer_said() -> None:
    assert [text for text in SAID if text not in TEXTS] == []


@pytest.mark.parametrize("part", ["said", "stored", "within"])
def test_a_translation_has_the_slots_of_its_text(part: str) -> None:
    texts = catalogue("nl")[part]
    assert {text: slots(dutch) for text, dutch in texts.items() if slots(dutch) != slots(text)} == {}


def test_no_text_stands_twice_in_the_catalogue() -> None:
    """YAML would keep the last without a word."""
    tree = yaml.compose(CATALOGUE.read_text(encoding="utf-8"))
    for _, part in tree.value:
        keys = [key.value for key, _ in part.value]
        assert [key for key in keys if keys.count(key) > 1] == []


def test_templates_have_no_words_of_their_own() -> None:
    """What a template writes beside its tags and slots is said, so that it can be translated."""
    for template in sorted(TEMPLATES.rglob("*.j2")):
        written = re.sub(r"(?s){#.*?#}|{%.*?%}|{{.*?}}", "", template.read_text(encoding="utf-8"))
        shown = re.sub(r"(?s)<(script|style).*?</\1>|<[^<>]*>|class=\"\w*\"", " ", written)
        assert not set(re.findall(r"[A-Za-z]{3,}", shown)) - {"evenwicht"}, template.name


# --- texts that tables hold


@pytest.mark.parametrize("column", KNOWN)
def test_every_reason_and_note_of_the_committed_tables_is_known(column: str) -> None:
    tables = [pd.read_csv(file, keep_default_na=False) for name in KNOWN[column] if (file := table(name)).is_file()]
    held = {part for rows in tables for text in rows[column].unique() for part in text.split("; ") if part}
    assert held
    with speaking("nl"):
        assert [part for part in sorted(held) if retold(part) == part] == []


def table(name: str) -> Path:
    return ROOT / "results" / "tables" / f"{name}.csv"


def test_no_known_form_is_of_a_text_that_no_code_writes() -> None:
    written = {part.strip() for text in stored() for part in [text, *text.split("; ")]}
    forms = {form: re.sub(r"{\w+}", "{}", form) for form in (*STORED, *WITHIN)}
    assert [form for form, bare in forms.items() if bare.strip() not in written] == []


@pytest.mark.parametrize(
    ("text", "dutch"),
    [
        ("fewer than 5 clusters in an arm", "minder dan 5 clusters in een groep"),
        ("fewer than 5 clusters", "minder dan 5 clusters"),
        (
            "too few people with the event for an interval: 3 exposed, 1,204 unexposed",
            "te weinig mensen met de gebeurtenis voor een marge: 3 met blootstelling, 1.204 zonder blootstelling",
        ),
        (
            "likelihood ratio over -26 to 15 months; a limit beyond them is infinite",
            "likelihoodratio over −26 tot 15 maanden; een grens daarbuiten is oneindig",
        ),
        ("interval too short: covers about 90% to 92%", "marge te kort: dekking ongeveer 90% tot 92%"),
        (
            "20 negative controls; 2 left out: gout (too few events: 3 in 'full', 2 in 'short'); asthma (no standard error)",
            "20 negatieve controles; 2 weggelaten: gout (te weinig gebeurtenissen: 3 in 'full', 2 in 'short'); asthma (geen standaardfout)",
        ),
        ("log hazard ratios have mean 0.029, SD 0.000", "log hazardratio's hebben gemiddelde 0,029, SD 0,000"),
        ("1930-06-01 (1930-02-01 to 1930-09-01)", "1930-06-01 (1930-02-01 tot 1930-09-01)"),
        ("a reason of a later version", "a reason of a later version"),
        ("", ""),
    ],
)
def test_a_text_of_a_table_is_known_by_its_form(text: str, dutch: str) -> None:
    assert retold(text) == text
    with speaking("nl"):
        assert retold(text) == dutch


# --- plain Dutch


@pytest.mark.parametrize("part", ["said", "stored", "within"])
def test_dutch_texts_have_no_banned_words(part: str) -> None:
    assert [dutch for dutch in catalogue("nl")[part].values() if BANNED.search(dutch)] == []


def test_dutch_sentences_are_short() -> None:
    lengths = {sentence: len(sentence.split()) for sentence in sentences(SAID)}
    assert sum(lengths.values()) / len(lengths) <= MOST_WORDS
    assert {sentence: words for sentence, words in lengths.items() if words > LONGEST} == {}


def test_how_sure_is_told_by_the_verbs_agreed_on() -> None:
    told = {"lowers": "verlaagt", "probably lowers": "verlaagt waarschijnlijk", "may lower": "verlaagt mogelijk"}
    assert {verb: SAID[f"{verb} {{outcome}}"] for verb in told} == {
        v: f"{dutch} {{outcome}}" for v, dutch in told.items()
    }
    badges = ["sure", "fairly sure", "not very sure", "very unsure"]
    assert [SAID[badge] for badge in badges] == ["zeker", "vrij zeker", "niet erg zeker", "heel onzeker"]


# --- numbers, and the language of the moment


def test_numbers_have_a_decimal_comma_and_a_point_for_thousands() -> None:
    with speaking("nl"):
        assert number(1234.5, 1) == "1.234,5"
        assert signed(-1234567.0, 0) == "−1.234.567"
        assert signed(0.04, 1) == "0,0"
    assert number(1234.5, 1) == "1,234.5"


def test_dates_have_their_month_in_words() -> None:
    day = pd.Timestamp("1953-09-27").date()
    assert in_words(day) == "27 September 1953"
    with speaking("nl"):
        assert in_words(day) == "27 september 1953"


def test_english_is_shown_as_it_is_written() -> None:
    assert language() == "en"
    assert say("Nobody has translated this") == "Nobody has translated this"
    assert say("{count} of {total}", count=1, total=2) == "1 of 2"


def test_a_text_without_a_translation_is_an_error() -> None:
    with speaking("nl"), pytest.raises(KeyError, match="Nobody has translated this"):
        say("Nobody has translated this")


def test_the_language_is_restored_even_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), speaking("nl"):
        assert language() == "nl"
        assert say("Outcome") == "Uitkomst"
        raise ZeroDivisionError
    assert language() == "en"
    assert say("Outcome") == "Outcome"


def test_every_language_that_can_be_chosen_has_a_catalogue() -> None:
    for name in module.Language.__args__:
        assert name == module.ENGLISH or translations(name)


# --- pages


@pytest.fixture(scope="module")
def dutch(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Pages in Dutch by the committed tables: of a real cohort, and of a made-up one with the most kinds of words."""
    names = ["nhefs", "rationing"]
    found = read_tables(table(name) for name in EMPTY)
    of = {name: rows[rows["cohort"].isin(names)] for name, rows in found.items()}
    pictures = {f"{name}.svg": "Figuur" for name in ("balance", "balance_narrow", "nhefs/forest", "nhefs/flow")}
    with speaking("nl"):
        return pages_of(run_of(*names), of, tmp_path_factory.mktemp("dutch"), pictures)


def test_pages_in_dutch_say_so(dutch: Mapping[str, str]) -> None:
    assert len(dutch) == 9
    for page, html in dutch.items():
        assert '<html lang="nl">' in html, page


def test_pages_in_dutch_have_no_english_but_labels_and_sources(dutch: Mapping[str, str]) -> None:
    labels = sorted(label_texts(), key=len, reverse=True)
    for page, html in dutch.items():
        beside = re.findall(r'(?:alt|aria-label|data-label)="([^"]*)"', html)
        told = " | ".join([told_by(re.sub(r"(?s)<figure.*?</figure>", "", html)), *map(unescape, beside)])
        for label in labels:
            told = re.sub(re.escape(label), "", told, flags=re.IGNORECASE)
        assert [told[max(m.start() - 40, 0) : m.end() + 40] for m in OURS.finditer(told)] == [], page


def label_texts() -> set[str]:
    """Labels, titles, descriptions, units and sources, which stay as the files give them."""
    texts: set[str] = set()
    for config in run_of("nhefs", "rationing").cohorts.values():
        texts |= {text for text in strings_in(config.model_dump(mode="json")) if len(text) > 3}
        columns, sectors = config.codebook.columns.values(), config.codebook.sectors.values()
        texts |= {text for c in columns for text in (c.label, c.unit, *c.codes.values()) if len(text) > 3}
        texts |= {sector.label for sector in sectors} | set(config.codebook.words.values())
        texts |= {key.replace("_", " ") for key in (*config.studies, *config.scenarios)}
    return texts | {source for name in ("replication", "calibration") for source in pd.read_csv(table(name))["source"]}


def strings_in(value: object) -> Iterator[str]:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        yield from strings_in(part)
    if isinstance(value, str):
        yield value


def test_pages_in_dutch_write_numbers_and_dates_as_dutch_readers_do(dutch: Mapping[str, str]) -> None:
    assert "1.629" in section_of(dutch["cohort-nhefs"], "people")
    page = told_by(dutch["cohort-rationing"])
    assert "26 september 1953" in page
    assert "hazardratio 0,6" in page
    assert "gevallen per 100.000" in page
