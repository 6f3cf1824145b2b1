"""Kinds of file; each is one module of this package, with its `FORMAT`."""

from importlib import import_module
from pkgutil import iter_modules

from evenwicht.ingest.metadata import Format

FORMATS: tuple[Format, ...] = tuple(
    import_module(f"{__name__}.{module.name}").FORMAT for module in iter_modules(__path__)
)
READERS: dict[str, Format] = {suffix: form for form in FORMATS for suffix in form.suffixes}


def format_of(path: str) -> Format | None:
    """Return the kind of file that a path names by its suffix, in whatever case."""
    return next((form for suffix, form in READERS.items() if path.lower().endswith(suffix)), None)
