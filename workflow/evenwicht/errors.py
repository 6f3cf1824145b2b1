"""The errors a user can cause and mend; each says what is wrong, where, and how to mend it."""


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
