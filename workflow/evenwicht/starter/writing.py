"""How a text file is written, found out by looking at it."""

import codecs

from evenwicht.base.files import why_unreadable
from evenwicht.ingest.formats import delimited, format_of
from evenwicht.ingest.sources import TableFile

ELSEWHERE = "cp1252"  # what text from Windows is written in, if not in UTF-8
CHUNK = 1 << 20  # bytes


def as_written(source: TableFile) -> TableFile:
    """Return a text file with the separator, decimal mark and encoding that it seems to have; others as they are."""
    if format_of(source.path) is not delimited.FORMAT or why_unreadable(source.path) is not None:
        return source
    if not _is_utf8(source):
        source = source.model_copy(update={"encoding": ELSEWHERE})
    return source.model_copy(update=delimited.other_marks(source))


def _is_utf8(source: TableFile) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with delimited.opened(source) as file:
            while part := file.read(CHUNK):
                decoder.decode(part)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    except (OSError, EOFError, ValueError):  # the reader tells what is wrong with it
        return True
    return True
