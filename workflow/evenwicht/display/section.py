"""What a section of the report is made of: all that one study found, and the words for its methods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]


@dataclass(frozen=True)
class Method:
    """How a method is called and explained.

    Attributes
    ----------
    label
        Its name in tables and figures.
    text
        What it does, for the glossary; methods that only repeat another in another specification have none.
    compared
        Who is compared, where its difference is read as the effect. Methods with the same words make the same
        comparison by other arithmetic.
    as_they_are
        Whether it leaves out the covariates of the study.
    """

    label: str
    text: str = ""
    compared: str = ""
    as_they_are: bool = False

    def about(self, cause: str) -> "Method":
        """The same method, told of an exposure or of a policy."""
        return replace(self, text=self.text.format(cause=cause))


@dataclass(frozen=True)
class Found:
    """All that one study of a cohort found.

    Attributes
    ----------
    cohort, study
        Their ids.
    synthetic
        Whether true values are known.
    estimates, diagnostics, flow
        Rows of this study, see `results.schema`.
    curves
        Points of its curves, named by the column `curve`.
    """

    cohort: str
    study: str
    synthetic: bool
    estimates: "pd.DataFrame"
    diagnostics: "pd.DataFrame"
    flow: "pd.DataFrame"
    curves: "pd.DataFrame"

    @classmethod
    def of(
        cls, cohort: str, study: str, tables: Mapping[str, "pd.DataFrame"], curves: "pd.DataFrame", *, synthetic: bool
    ) -> "Found":
        """Pick one study out of the tables of a run, and out of the curves of its cohort."""
        estimates, diagnostics, flow = (
            where(tables[name], cohort=cohort, study=study) for name in ("estimates", "diagnostics", "flow")
        )
        return cls(cohort, study, synthetic, estimates, diagnostics, flow, where(curves, study=study))

    @property
    def everybody(self) -> "Found":
        """What was found in everybody, without the rows of subgroups."""
        return self.among("")

    def among(self, *subgroups: str) -> "Found":
        """What was found in these subgroups; the key of everybody is empty."""
        estimates, diagnostics, flow, curves = (
            where(table, subgroup=subgroups) for table in (self.estimates, self.diagnostics, self.flow, self.curves)
        )
        return replace(self, estimates=estimates, diagnostics=diagnostics, flow=flow, curves=curves)

    @cached_property
    def estimate_rows(self) -> list[Row]:
        """The estimates, row by row."""
        return records(self.estimates)

    @cached_property
    def diagnostic_rows(self) -> list[Row]:
        """The diagnostics, row by row."""
        return records(self.diagnostics)

    @cached_property
    def flow_rows(self) -> list[Row]:
        """The flow of people, row by row."""
        return records(self.flow)

    def curve(self, name: str) -> "pd.DataFrame":
        """Return the points of one curve."""
        return where(self.curves, curve=name)

    def estimate(self, **keys: str) -> Row | None:
        """Return the first estimate row with these keys, if there is one."""
        return next(iter(chosen(self.estimate_rows, **keys)), None)

    def diagnostic(self, **keys: str) -> Row | None:
        """Return the first diagnostic with these keys, if there is one."""
        return next(iter(chosen(self.diagnostic_rows, **keys)), None)


def where(table: "pd.DataFrame", **keys: str | Sequence[str]) -> "pd.DataFrame":
    """Return the rows whose columns have these values, or one of these; none of a table without such a column."""
    chosen = table
    for name, value in keys.items():
        if name not in chosen:
            return table.iloc[:0]
        chosen = chosen[chosen[name] == value if isinstance(value, str) else chosen[name].isin(list(value))]
    return chosen


def first(table: "pd.DataFrame", **keys: str | Sequence[str]) -> Row | None:
    """Return the first row with these values, if there is one."""
    return next(iter(records(where(table, **keys).head(1))), None)


def records(table: "pd.DataFrame") -> list[Row]:
    """Return the rows of a table, each by column."""
    names, columns = [str(name) for name in table], [table[name].tolist() for name in table]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def chosen(rows: Sequence[Row], **keys: str | Sequence[str]) -> list[Row]:
    """Return the rows with these values, or one of these: of many small choices from the same rows the fast way."""
    wanted = [(name, (value,) if isinstance(value, str) else tuple(value)) for name, value in keys.items()]
    return [row for row in rows if all(row.get(name) in values for name, values in wanted)]
