"""Random streams that depend on what is computed, never on when or where it runs."""

import hashlib

import numpy as np


def stream_key(seed: int, cohort: str, rule: str, replicate: int = 0) -> np.random.SeedSequence:
    """Return the key of one (run seed, cohort, rule, replicate).

    The names are hashed into the entropy of a `numpy.random.SeedSequence`, so streams of different jobs are
    independent and do not change with the number of cores or the order of jobs.
    """
    digest = hashlib.sha256(f"{cohort}\n{rule}".encode()).digest()
    words = np.frombuffer(digest, dtype=">u4").astype(np.uint32)
    return np.random.SeedSequence([seed, *map(int, words), replicate])


def stream(seed: int, cohort: str, rule: str, replicate: int = 0) -> np.random.Generator:
    """Return the generator of one (run seed, cohort, rule, replicate).

    >>> stream(1, "dunedin", "simulate").integers(10) == stream(1, "dunedin", "simulate").integers(10)
    np.True_
    """
    return np.random.default_rng(stream_key(seed, cohort, rule, replicate))


def part_of(key: np.random.SeedSequence, part: int) -> np.random.SeedSequence:
    """Return the key of one numbered part (a chunk of people) of a job."""
    return np.random.SeedSequence(key.entropy, spawn_key=(*key.spawn_key, part))
