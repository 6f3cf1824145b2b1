"""Consistent random rounding of counts: the same people have the same rounded count in every table and run.

Each person has a key that only the holder of a secret can make, a set of people has those of its members together,
and the draw of a count is made from that key (cell keys: Fraser and Wooton 2005, UNECE work session on statistical
data confidentiality). A total and its parts are rounded apart from each other, as Stats NZ does; where they would
tell a true count together, the total is drawn again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenwicht.base.arrays import Ints
from evenwicht.disclosure.attack import bounds_of_rounded

Keys = NDArray[np.uint64]
SECRET_LENGTH = 16  # bytes of a key of SipHash
MOST_DRAWS = 1000
RANGE = 2.0**64  # of a key


def keys_of_people(ids: Sequence[object], secret: str) -> Keys:
    """Return a key for each person, (n,), by SipHash, which nobody can make or undo without the secret.

    Raises
    ------
    ValueError
        If the secret has not 16 bytes.
    """
    if len(secret.encode()) != SECRET_LENGTH:
        raise ValueError(f"a secret has {SECRET_LENGTH} bytes")
    texts = np.array([str(one) for one in ids], dtype=object) if len(ids) else np.empty(0, dtype=object)
    return pd.util.hash_array(texts, hash_key=secret, categorize=False)


def keys_of_cells(people: Keys, cell: Ints, cells: int) -> Keys:
    """Return a key for each set of people, (c,): that of its members together, in whatever order.

    Parameters
    ----------
    people : (n,)
        Keys of people.
    cell : (n,)
        In which cell each is, from 0.
    cells
        How many there are.
    """
    keys = np.zeros(cells, dtype=np.uint64)
    np.bitwise_xor.at(keys, cell, people)
    return keys


@dataclass
class Rounder:
    """Rounds counts to multiples of a base, at random and without bias.

    Attributes
    ----------
    base
        A count that is a multiple of it stays; others go to the nearer one more often.
    secret
        Kept by the holder of the data, 16 bytes; with it rounding can be undone.
    draws
        Key of a cell -> how often its count was drawn again. Kept beside the secret, for the next release.
    """

    base: int
    secret: str
    draws: dict[int, int] = field(default_factory=dict)

    def rounded(self, counts: Ints, keys: Keys) -> Ints:
        """Return rounded counts, (k,).

        Parameters
        ----------
        counts : (k,)
            True counts.
        keys : (k,)
            Of the people in each.
        """
        words = [f"{self.base} {key} {self.draws.get(int(key), 0)}" for key in keys]
        share = keys_of_people(words, self.secret) / RANGE
        rest = counts % self.base
        return counts - rest + self.base * (share < rest / self.base)

    def rounded_sums(self, counts: Ints, keys: Keys, sums: Iterable[tuple[int, Sequence[int]]]) -> Ints:
        """Return rounded counts, (k,), of which no sum tells a true count; a total that would is drawn again.

        Parameters
        ----------
        counts, keys : (k,)
            As for `rounded`.
        sums
            Place of a total, and places of its parts.

        Raises
        ------
        ValueError
            If no draw of a total hides all counts.
        """
        sums = [(total, list(parts)) for total, parts in sums]
        for _ in range(MOST_DRAWS):
            rounded = self.rounded(counts, keys)
            telling = {int(keys[total]) for total, parts in sums if self._tells(rounded[total], rounded[parts])}
            if not telling:
                return rounded
            for key in telling:
                self.draws[key] = self.draws.get(key, 0) + 1
        raise ValueError("no draw of a total hides its parts")

    def _tells(self, total: int, parts: Ints) -> bool:
        least, most = bounds_of_rounded(int(total), parts, self.base)
        return bool((least == most).any())
