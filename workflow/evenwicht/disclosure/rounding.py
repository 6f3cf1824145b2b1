"""Consistent random rounding of counts: the same count of a cohort is rounded alike in every table and run.

Rounding goes up or down with the chances that leave the mean as it is. The draw is made from a secret, the cohort and
the count itself, so that the same people have the same rounded count wherever they are counted, and averaging over
releases tells nothing. (A cell key made of the people counted, as of Fraser and Wooton 2005, would draw apart for two
groups of the same size as well; but results hold counts, not people. Who knows how one count was rounded knows it of
all counts of that size.)
"""

import hashlib
from dataclasses import dataclass, field

MOST_DRAWS = 1000
SECRET_LENGTH = 32  # bytes


@dataclass
class Rounder:
    """Rounds counts to multiples of a base, at random and without bias.

    Attributes
    ----------
    base
        A count that is a multiple of it stays; others go to the nearer one more often. 1: all stay.
    secret
        Kept by the holder of the data; with it rounding can be undone.
    draws
        "cohort count" -> how often a count was drawn again. Kept beside the secret, for the next release.
    """

    base: int
    secret: bytes
    draws: dict[str, int] = field(default_factory=dict)

    def rounded(self, cohort: str, count: int) -> int:
        """Return the rounded count."""
        rest = count % self.base
        if not rest:
            return count
        word = f"{cohort} {count} {self.base} {self.drawn(cohort, count)}"
        drawn = hashlib.blake2b(word.encode(), key=self.secret, digest_size=8).digest()
        return count - rest + self.base * (int.from_bytes(drawn) < rest / self.base * 2**64)

    def drawn(self, cohort: str, count: int) -> int:
        """Return how often a count was drawn again."""
        return self.draws.get(_place(cohort, count), 0)

    def again(self, cohort: str, count: int) -> None:
        """Draw a count again from now on.

        Raises
        ------
        ValueError
            If it was drawn so often that no draw seems to help.
        """
        self.draws[_place(cohort, count)] = self.drawn(cohort, count) + 1
        if self.drawn(cohort, count) > MOST_DRAWS:
            raise ValueError("no draw of a count hides the others")


def _place(cohort: str, count: int) -> str:
    return f"{cohort} {count}"
