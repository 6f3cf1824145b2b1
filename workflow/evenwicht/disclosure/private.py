"""What the holder of the data keeps about releases: the secret of rounding, its draws, and the counts last released."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evenwicht.base.errors import DataError
from evenwicht.base.files import kept_private, write_text
from evenwicht.disclosure.rounding import SECRET_LENGTH

PLACE = str  # where a count stands: table, keys and column


@dataclass(frozen=True)
class Kept:
    """A folder that nobody else can read.

    Attributes
    ----------
    folder
        Made when it is first needed.
    """

    folder: Path

    def secret(self) -> bytes:
        """Return the secret, made at the first release and the same ever after.

        Raises
        ------
        DataError
            If it was damaged.
        """
        file = self.folder / "secret"
        if not file.exists():
            with kept_private(self.folder):
                write_text(secrets.token_hex(SECRET_LENGTH) + "\n", file)
        text = file.read_text().strip()
        if len(text) != 2 * SECRET_LENGTH or not all(letter in "0123456789abcdef" for letter in text):
            fix = "Put the copy back that went with earlier releases, or remove it: rounding then differs from theirs."
            raise DataError("the secret of rounding is damaged", where=str(file), fix=fix)
        return bytes.fromhex(text)

    def draws(self) -> dict[str, int]:
        """Return how often counts were rounded again."""
        return self._read("draws.json")

    def counts(self) -> dict[PLACE, int]:
        """Return the true counts of the last release, by where they stood."""
        return self._read("counts.json")

    def keep(self, draws: Mapping[str, int], counts: Mapping[PLACE, int]) -> None:
        """Remember them for the next release."""
        with kept_private(self.folder):
            for name, kept in (("draws.json", draws), ("counts.json", counts)):
                write_text(json.dumps(kept, indent=0, sort_keys=True) + "\n", self.folder / name)

    def _read(self, name: str) -> dict[str, int]:
        file = self.folder / name
        return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}


def changed_by_few(before: Mapping[PLACE, int], now: Mapping[PLACE, int], smallest: int) -> int:
    """Return how many counts differ from the last release by some people, but fewer than a count may tell of."""
    return sum(0 < abs(now[place] - before[place]) < smallest for place in now.keys() & before.keys())
