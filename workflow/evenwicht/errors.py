"""The errors a user can cause and mend; each says what is wrong, where, and how to mend it."""

from collections.abc import Iterable

MOST_LISTED = 12


def listed(names: Iterable[object]) -> str:
    """Join names with commas, and cut a long list with a count."""
    texts = [str(name) for name in names]
    more = len(texts) - MOST_LISTED
    return ", ".join(texts) if more <= 0 else f"{', '.join(texts[:MOST_LISTED])} and {more} more"


class EvenwichtError(Exception):
    """Base of every error that is the input's fault, not the program's; `what` is wrong, without where and the mend."""

    def __init__(self, what: str, *, where: str, mend: str) -> None:
        super().__init__(f"{where}: {what}. {mend}")
        self.what = what


class ConfigError(EvenwichtError):
    """A setting is missing, unknown or out of range."""


class DataError(EvenwichtError):
    """A table does not hold what its description promises."""


class ModelError(EvenwichtError):
    """The data cannot support the model: singular design, too few events, no variation."""
