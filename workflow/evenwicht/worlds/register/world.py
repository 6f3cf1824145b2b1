"""A national register: use of several sectors with given margins, and a need that they share.

Each sector's use is zero-inflated log-normal, so its Gini coefficient and top share have closed forms. Sectors hang
together through a shared need with an exponential upper tail (the exponential factor copula; Krupskii, Huser and Genton
2018, Journal of the American Statistical Association 113:467): people with extreme use in one sector tend to have it in
others, while low use carries no such tie. Adult need is correlated with childhood risk.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import erf, log_ndtr, ndtr, ndtri

from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.files import parquet_stream
from evenwicht.base.streams import part_of
from evenwicht.cohort import Cohort
from evenwicht.results.questions import Question, top_key
from evenwicht.worlds.mechanisms import SIGN, YEAR, above, propensity
from evenwicht.worlds.register.settings import RegisterArtefacts, RegisterSector, RegisterWorld
from evenwicht.worlds.scm import Model, Noise, Values, model, named
from evenwicht.worlds.world import Row, World, concentrations_of, row

CHUNK = 250_000  # people drawn at a time; part of the definition of a cohort, since each chunk has its own seed
STREAMED = ["persons", "events", "costs"]


def build(source: RegisterWorld, book: Codebook, questions: Sequence[Question]) -> World:
    """Return the register world of its settings."""
    return World(
        equations=register_model(source),
        cohort=partial(_cohort, book, source),
        write=partial(write_register, book, source),
        use={source.window: "use"},
        columns={"sex": "male"},
        sectors=list(source.sectors),
        exact=list(_closed_form(source, questions)),
    )


def register_model(source: RegisterWorld) -> Model:
    """Return the structural equations of a register world."""
    risk = SIGN[source.stressor_effect] * source.risk

    def male(noise: Noise) -> Flags:
        return noise.uniform() < source.share_male

    def birth_year(noise: Noise) -> Floats:
        """Date of birth in years and fractions."""
        return source.first_birth_year + noise.uniform() * (source.last_birth_year + 1 - source.first_birth_year)

    def childhood_risk(noise: Noise) -> Floats:
        """Standard normal score."""
        return noise.normal()

    def need(noise: Noise, childhood_risk: Floats) -> Floats:
        """Standard exponential, so that few people have much of it."""
        return -log_ndtr(-propensity(noise, (risk, childhood_risk)))

    def use(noise: Noise, need: Floats) -> Floats:
        """Use of every sector in the window, (n, sectors)."""
        amounts = np.empty((noise.n, len(source.sectors)))
        for j, sector in enumerate(source.sectors.values()):
            amounts[:, j] = _use_at(sector, _rank(sector.need, need, noise.normal()))
        return amounts

    def absent(noise: Noise, need: Floats) -> Flags:
        """Abroad in the window; need is standard exponential, and enters by the normal score of its rank."""
        score = ndtri(np.clip(-np.expm1(-need), 1e-16, 1 - 1e-16))
        return above(source.artefacts.absent, propensity(noise, (source.artefacts.absent_need, score)))

    def recorded_use(_: Noise, use: Floats, absent: Flags) -> Floats:
        """What the register holds: nothing of those who are abroad, and a share of the use of the others."""
        return source.artefacts.recorded * use * ~absent[:, None]

    def death_age(noise: Noise, birth_year: Floats) -> Floats:
        """Gompertz age at death of a person alive when the window opens."""
        entry = decimal_year(source.window_start) - birth_year
        growth = np.exp(source.death_shape * entry) + source.death_shape * noise.exponential() / source.death_rate
        return np.log(growth) / source.death_shape

    equations = model(male, birth_year, childhood_risk, need, use, death_age)
    if source.artefacts == RegisterArtefacts():
        return equations  # a register without artefacts holds use itself; at national scale a copy costs time
    return Model({**equations.equations, **named(absent, recorded_use)})


def decimal_year(date: dt.date) -> float:
    """Year with its fraction."""
    return date.year + (date.timetuple().tm_yday - 1) / YEAR


def _rank(weight: float, need: Floats, own: Floats) -> Floats:
    """Rank on [0, 1] of weight * need + own, by the distribution of an exponential plus a normal."""
    total = weight * need + own
    if weight == 0:
        return ndtr(total)
    return ndtr(total) - np.exp(0.5 / weight**2 - total / weight + log_ndtr(total - 1 / weight))


def _use_at(sector: RegisterSector, rank: Floats) -> Floats:
    """Use at a rank: the quantile function of the zero-inflated log-normal."""
    amount = np.zeros_like(rank)
    user = rank > sector.zero
    location = np.log(sector.mean / (1 - sector.zero)) - sector.sigma**2 / 2
    among_users = np.clip((rank[user] - sector.zero) / (1 - sector.zero), 1e-300, 1 - 1e-16)
    amount[user] = np.exp(location + sector.sigma * ndtri(among_users))
    return amount


def gini_of(sector: RegisterSector) -> float:
    """Gini coefficient of a zero-inflated log-normal: p0 + (1 - p0) erf(sigma / 2)."""
    return float(sector.zero + (1 - sector.zero) * erf(sector.sigma / 2))


def top_share_of(sector: RegisterSector, top: float) -> float:
    """Share of use by the `top` share of people: everything if users are fewer, else a normal probability."""
    among_users = top / (1 - sector.zero)
    return 1.0 if among_users >= 1 else float(ndtr(sector.sigma - ndtri(1 - among_users)))


def chunks(source: RegisterWorld, key: np.random.SeedSequence) -> Iterator[tuple[int, Values]]:
    """Yield the people in chunks, each with the identifier of its first person; chunks do not depend on each other."""
    equations = register_model(source)
    for part, start in enumerate(range(0, source.n, CHUNK)):
        yield start + 1, equations.draw(min(CHUNK, source.n - start), part_of(key, part))


def _labelled(codes: NDArray[Any], labels: list[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes.astype(np.int8), pd.Index(labels))  # type: ignore[arg-type]


def tables(source: RegisterWorld, first_id: int, people: Values) -> dict[str, pd.DataFrame]:
    """Return the Cohort tables of one chunk of people."""
    n = len(people["male"])
    ids = pd.RangeIndex(first_id, first_id + n).to_numpy(dtype=np.int32)
    sectors = list(source.sectors)
    entry, last = (decimal_year(date) - people["birth_year"] for date in (source.window_start, source.window_end))
    return {
        "persons": pd.DataFrame(
            {
                "id": ids,
                "sex": _labelled(people["male"], ["female", "male"]),
                "birth_year": np.floor(people["birth_year"]).astype(np.int16),
                "childhood_risk": people["childhood_risk"].astype(np.float32),
            }
        ),
        "events": pd.DataFrame(
            {
                "id": ids,
                "event": _labelled(np.zeros(n), ["death"]),
                "entry_age": entry,
                "exit_age": np.minimum(people["death_age"], last),
                "status": (people["death_age"] <= last).astype(np.int8),
            }
        ),
        "costs": pd.DataFrame(
            {
                "id": np.repeat(ids, len(sectors)),
                "sector": _labelled(np.tile(np.arange(len(sectors)), n), sectors),
                "window": _labelled(np.zeros(n * len(sectors)), [source.window]),
                "amount": people.get("recorded_use", people["use"]).ravel(),
            }
        ),
    }


def write_register(
    book: Codebook, source: RegisterWorld, key: np.random.SeedSequence, truth: pd.DataFrame, folder: Path
) -> None:
    """Stream a register of any size to a Cohort folder; memory is that of one chunk.

    The bytes depend on codebook, settings and key alone. Each file takes its place when it is whole.
    """
    with ExitStack() as open_files:
        writers = {name: open_files.enter_context(parquet_stream(folder / f"{name}.parquet")) for name in STREAMED}
        for first, people in chunks(source, key):
            for name, table in tables(source, first, people).items():
                writers[name](table)
    described = Cohort(book.cohort, book.description, dict(book.columns), pd.DataFrame(), truth=truth)
    described.write(folder, tables=["measures", "pieces", "absences", "truth"])


def _cohort(book: Codebook, source: RegisterWorld, key: np.random.SeedSequence) -> Cohort:
    """Draw one register in memory; `write_register` streams one of any size to disk."""
    parts = [tables(source, first, people) for first, people in chunks(source, key)]
    whole: dict[str, Any] = {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}
    return Cohort(book.cohort, book.description, dict(book.columns), **whole).check()


def _closed_form(source: RegisterWorld, questions: Sequence[Question]) -> Iterator[Row]:
    """Gini coefficients, users and top shares of the margins."""
    at = source.window
    for question in (question for question in concentrations_of(questions) if at in question.windows):
        for name, sector in source.sectors.items():
            yield row("gini", gini_of(sector), outcome=name, at=at)
            yield row("users_share", 1 - sector.zero, outcome=name, at=at)
            yield row("gini_users", float(erf(sector.sigma / 2)), outcome=name, at=at)
            for top in question.top_shares if at == question.windows[0] else question.top_shares[:1]:
                yield row("top_share", top_share_of(sector, top), outcome=name, exposure=top_key(top), at=at)
