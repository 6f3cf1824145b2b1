"""Random streams that depend on what is computed, never on when or where it runs."""

import hashlib

import numpy as np


def stream(seed: int, cohort: str, rule: str, replicate: int = 0) -> np.random.Generator:
    """Return the generator of one (run seed, cohort, rule, replicate).

    The names are hashed into the entropy of a `numpy.random.SeedSequence`, so streams of different jobs are
    independent and do not change with the number of cores or the order of jobs.

    >>> stream(1, "dunedin", "simulate").integers(10) == stream(1, "dunedin", "simulate").integers(10)
    np.True_
    """
    digest = hashlib.sha256(f"{cohort}\n{rule}".encode()).digest()
    words = np.frombuffer(digest, dtype=">u4").astype(np.uint32)
    return np.random.default_rng(np.random.SeedSequence([seed, *map(int, words), replicate]))
