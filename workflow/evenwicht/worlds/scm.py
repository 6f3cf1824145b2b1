"""Structural causal models as plain functions: one equation a variable, its causes are its arguments.

An equation is a function whose first argument is its own source of noise and whose other arguments are named after the
variables that cause it. The causal graph is read from those names, so it is true of the code by construction. Every
equation draws from a stream of its own, so running the model again with a variable set (the do-operator; Pearl 2009,
Causality, section 3.2) gives paired potential outcomes of the same people.
"""

import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = Mapping[str, NDArray[Any]]
Equation = Callable[..., NDArray[Any]]


@dataclass(frozen=True)
class Noise:
    """The random numbers of one equation, for n people.

    Attributes
    ----------
    n
        Number of people.
    rng
        The equation's own stream.
    family
        For each person, the index of the first person of the same family.
    """

    n: int
    rng: np.random.Generator
    family: NDArray[np.int64]

    def normal(self, *shape: int) -> NDArray[np.float64]:
        """Standard normal numbers, (n, *shape)."""
        return self.rng.standard_normal((self.n, *shape))

    def uniform(self, *shape: int) -> NDArray[np.float64]:
        """Numbers uniform on [0, 1), (n, *shape)."""
        return self.rng.random((self.n, *shape))

    def exponential(self) -> NDArray[np.float64]:
        """Standard exponential numbers, (n,)."""
        return self.rng.standard_exponential(self.n)

    def of_family(self, own: NDArray[Any]) -> NDArray[Any]:
        """Give everybody the number of the first person of their family."""
        return own[self.family]


@dataclass(frozen=True)
class Model:
    """A structural causal model: equations in causal order."""

    equations: dict[str, Equation]

    def __post_init__(self) -> None:
        known: set[str] = set()
        for name, equation in self.equations.items():
            unknown = set(causes_of(equation)) - known
            if unknown:
                raise ValueError(f"equation of {name} uses {sorted(unknown)}, which no earlier equation gives")
            known.add(name)

    @cached_property
    def graph(self) -> dict[str, list[str]]:
        """Causes of every variable."""
        return {name: causes_of(equation) for name, equation in self.equations.items()}

    def upto(self, name: str) -> "Model":
        """The part of the model that a variable depends on, with the variable itself."""
        wanted: set[str] = set()
        for variable in reversed(self.equations):
            if variable == name or any(variable in self.graph[effect] for effect in wanted):
                wanted.add(variable)
        return Model({variable: equation for variable, equation in self.equations.items() if variable in wanted})

    def draw(
        self,
        n: int,
        key: np.random.SeedSequence,
        do: Mapping[str, Any] | None = None,
        family: NDArray[np.int64] | None = None,
    ) -> Values:
        """Draw n people.

        Parameters
        ----------
        n
            Number of people.
        key
            Seed of these people; the same key gives the same people under every intervention.
        do
            Variables set by intervention, to a number for everybody or an (n,) array.
        family
            For each person, the index of the first person of the same family; everybody alone if left out.

        Returns
        -------
        dict of arrays whose first axis is people
        """
        drawn = Drawn(self, n, key, do, family)
        return {name: drawn[name] for name in self.equations}

    def changed_by(self, do: Mapping[str, Any]) -> set[str]:
        """The variables of an intervention, and all that they cause."""
        changed = set(do) & set(self.equations)
        for name, causes in self.graph.items():
            if not changed.isdisjoint(causes):
                changed.add(name)
        return changed


class Drawn(Mapping[str, NDArray[Any]]):
    """People whose variables are worked out when they are asked for, each with the causes that it needs.

    Parameters
    ----------
    model, n, key, do, family
        As in `Model.draw`.
    natural
        The same people without intervention: what it does not change is theirs.
    """

    def __init__(
        self,
        model: Model,
        n: int,
        key: np.random.SeedSequence,
        do: Mapping[str, Any] | None = None,
        family: NDArray[np.int64] | None = None,
        natural: "Drawn | None" = None,
    ) -> None:
        self._model, self._n, self._key, self._do, self._natural = model, n, key, do or {}, natural
        self._family = np.arange(n) if family is None else family
        self._changed = model.changed_by(self._do) if natural is not None else set(model.equations)
        self._known: dict[str, NDArray[Any]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        if self._natural is not None and name not in self._changed:
            return self._natural[name]
        if name not in self._known:
            self._known[name] = self._worked_out(name)
        return self._known[name]

    def _worked_out(self, name: str) -> NDArray[Any]:
        equation = self._model.equations[name]
        if name in self._do:
            return np.broadcast_to(np.asarray(self._do[name]), (self._n,))
        noise = Noise(self._n, np.random.default_rng(_child(self._key, name)), self._family)
        return equation(noise, **{cause: self[cause] for cause in self._model.graph[name]})

    def __contains__(self, name: object) -> bool:
        return name in self._model.equations

    def __iter__(self) -> Iterator[str]:
        return iter(self._model.equations)

    def __len__(self) -> int:
        return len(self._model.equations)


class Some(Mapping[str, NDArray[Any]]):
    """A row of neighbours among people: the same variables, cut when they are asked for."""

    def __init__(self, people: Values, start: int, count: int) -> None:
        self._people, self._rows = people, slice(start, start + count)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._people[name][self._rows]

    def __contains__(self, name: object) -> bool:
        return name in self._people

    def __iter__(self) -> Iterator[str]:
        return iter(self._people)

    def __len__(self) -> int:
        return len(self._people)


def named(*equations: Equation) -> dict[str, Equation]:
    """Return equations by the names of their functions."""
    return {str(getattr(equation, "__name__")): equation for equation in equations}  # noqa: B009


def model(*equations: Equation) -> Model:
    """Build a model from functions; each gives the variable of its own name."""
    return Model(named(*equations))


def causes_of(equation: Equation) -> list[str]:
    """Names of the variables an equation depends on."""
    return list(inspect.signature(equation).parameters)[1:]


def named_causes(equation: Equation, *causes: str) -> Equation:
    """Return an equation that takes its causes by position under names known only from the config."""

    def renamed(noise: Noise, **values: NDArray[Any]) -> NDArray[Any]:
        return equation(noise, *(values[cause] for cause in causes))

    kind = inspect.Parameter.POSITIONAL_ONLY  # a column may be called class, or another word of Python
    parameters = [inspect.Parameter(name, kind) for name in ("noise", *causes)]
    renamed.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return renamed


def _child(key: np.random.SeedSequence, name: str) -> np.random.SeedSequence:
    """Seed of one equation, from the key and the variable's name alone."""
    word = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    return np.random.SeedSequence(key.entropy, spawn_key=(*key.spawn_key, word))
