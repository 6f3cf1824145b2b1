"""Kinds of file; each is one module of this package, with its `FORMAT`."""

from evenwicht.ingest.formats import delimited, parquet, portable, sas, spss, stata, transport
from evenwicht.ingest.metadata import Format

FORMATS: tuple[Format, ...] = tuple(
    module.FORMAT for module in (delimited, parquet, portable, sas, spss, stata, transport)
)
READERS: dict[str, Format] = {suffix: form for form in FORMATS for suffix in form.suffixes}


def suffix_of(path: str) -> str:
    """Return the suffix by which a path names a kind of file, empty if it names none."""
    return next((suffix for suffix in READERS if path.lower().endswith(suffix)), "")


def format_of(path: str) -> Format | None:
    """Return the kind of file that a path names by its suffix, in whatever case."""
    return READERS.get(suffix_of(path))
