"""What a study finds, collected row by row: estimates, diagnostics, the flow of people, curves, and largest amounts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import DataError, ModelError
from evenwicht.estimators.results import CURVES, DIAGNOSTIC_LABELS, ESTIMANDS, Interval
from evenwicht.results.flow import Flow
from evenwicht.results.schema import DIAGNOSTICS, ESTIMATES, FLOW, MAGNITUDES, QUESTION, Known

if TYPE_CHECKING:
    import pandas as pd

FAILED = "none"  # method of the row of a comparison that could not be made
CLUSTERS = "clusters"  # method of the rows that count clusters, whatever the estimate
SAMPLE = "sample"  # method of the rows that describe the people analysed
NAIVE = "naive"  # method of the rows that forget that the data chose what they are about
CHOSEN = "chosen_first"  # estimand of the rows that say what the data choose
UNITS = {"ratio": "ratio", "probability": "share", "index": "share", "association": "share"}


@dataclass
class Findings:
    """All that one study of a cohort finds.

    Attributes
    ----------
    cohort, study
        Keys of every row.
    units
        Unit of each outcome that is a number.
    known
        Questions with a true value, as tuples in the order of `schema.QUESTION`; if given, costly estimates of others
        are left out.
    strict
        Whether a data or model error ends the study, instead of giving a row that says why.
    """

    cohort: str
    study: str
    units: dict[str, str] = field(default_factory=dict)
    known: Known = None
    strict: bool = False
    subgroup: str = ""
    estimates: list[dict[str, object]] = field(default_factory=list)
    diagnostics: list[dict[str, object]] = field(default_factory=list)
    flow: list[dict[str, object]] = field(default_factory=list)
    curves: list["pd.DataFrame"] = field(default_factory=list)
    magnitudes: list[dict[str, object]] = field(default_factory=list)

    @contextmanager
    def part(
        self, outcome: str = "", exposure: str = "", reference: str = "", *, estimand: str = "mean_difference"
    ) -> Iterator["Rows"]:
        """Collect the rows of one comparison; a data or model error in it becomes a row with the reason.

        Parameters
        ----------
        outcome, exposure, reference
            Keys of the rows.
        estimand
            What the row of an error is about.
        """
        rows = Rows(self, outcome, exposure, reference)
        try:
            yield rows
        except (DataError, ModelError) as error:
            if self.strict:
                raise
            rows.add(estimand, FAILED, Interval.not_estimable(error.what))

    def tables(self) -> dict[str, "pd.DataFrame"]:
        """Return estimates, diagnostics, flow, curves and magnitudes as tables; those with a schema are checked."""
        import pandas as pd

        curves = pd.concat(self.curves, ignore_index=True) if self.curves else pd.DataFrame({"curve": []})
        return {
            "estimates": ESTIMATES.checked_rows(self.estimates),
            "diagnostics": DIAGNOSTICS.checked_rows(self.diagnostics),
            "flow": FLOW.checked_rows(self.flow),
            "curves": curves,
            "magnitudes": MAGNITUDES.checked_rows(self.magnitudes),
        }


@dataclass(frozen=True)
class Rows:
    """The rows of one comparison; `exposure` and `reference` can be given for a single row as well."""

    findings: Findings
    outcome: str
    exposure: str
    reference: str

    def wants(
        self, estimand: str, at: str | float = "", exposure: str | None = None, reference: str | None = None
    ) -> bool:
        """Whether an estimate that takes long is worth its time."""
        about = {**self._about(at, exposure=exposure, reference=reference), "estimand": estimand}
        known = self.findings.known
        return known is None or tuple(about[name] for name in QUESTION) in known

    def add(
        self,
        estimand: str,
        method: str,
        interval: Interval,
        *,
        n: int | None = None,
        events: int | None = None,
        at: str | float = "",
        outcome: str | None = None,
        exposure: str | None = None,
        reference: str | None = None,
        subgroup: str | None = None,
    ) -> None:
        """Add one estimate; `estimand` must be in the vocabulary `ESTIMANDS`.

        What cannot be estimated is a row too: with its `status` and `reason` from the interval. A `subgroup` is given
        where a model of all people tells of some.
        """
        about = self._about(at, outcome, exposure, reference)
        about["subgroup"] = about["subgroup"] if subgroup is None else subgroup
        kind = ESTIMANDS[estimand].kind
        unit = ESTIMANDS[estimand].unit or UNITS.get(kind) or self.findings.units.get(about["outcome"], "")
        self.findings.estimates.append(
            {
                **self._place(),
                **about,
                "estimand": estimand,
                "method": method,
                "estimate": interval.estimate,
                "lower": interval.lower,
                "upper": interval.upper,
                "se": interval.se,
                "n": n,
                "events": events,
                "unit": unit,
                "status": interval.status,
                "reason": interval.reason,
                "truth": np.nan,
            }
        )

    def diagnose(
        self,
        statistic: str,
        method: str,
        value: Interval | float,
        *,
        n: int | None = None,
        note: str = "",
        at: str | float = "",
        outcome: str | None = None,
        exposure: str | None = None,
        reference: str | None = None,
    ) -> None:
        """Add one diagnostic; `statistic` must be in the vocabulary `DIAGNOSTIC_LABELS`."""
        if statistic not in DIAGNOSTIC_LABELS:
            raise KeyError(f"unknown diagnostic {statistic}")
        interval = value if isinstance(value, Interval) else Interval(float(value))
        self.findings.diagnostics.append(
            {
                **self._place(),
                **self._about(at, outcome, exposure, reference),
                "method": method,
                "statistic": statistic,
                "value": interval.estimate,
                "lower": interval.lower,
                "upper": interval.upper,
                "n": n,
                "status": interval.status,
                "reason": interval.reason,
                "note": note,
            }
        )

    @property
    def wants_curves(self) -> bool:
        """Whether curves are worth their time: none is judged by a true value."""
        return self.findings.known is None

    def flow(self, flow: Flow, *, exposure: str | None = None, reference: str | None = None) -> None:
        """Add who was due, who left and why, and who was analysed."""
        about = self._about("", None, exposure, reference)
        about.pop("at")
        self.findings.flow += [{**self._place(), **about, "step": s, "people": k} for s, k in flow.steps().items()]

    def magnitude(
        self, amounts: Floats, *, outcome: str | None = None, exposure: str | None = None, at: str | float = ""
    ) -> None:
        """Note what the two with most have of a sum of amounts, (n,), that an estimate with these keys tells of.

        Kept with the people: disclosure control asks for it, and nothing else does. With an empty exposure, it is of
        all people whom the outcome is about.
        """
        if not self.wants_curves:
            return
        total = amounts.sum()
        second, largest = np.sort(amounts)[-2:] / total if len(amounts) > 1 and total > 0 else (0.0, 1.0)
        about = self._about(at, outcome, exposure)
        about.pop("reference")
        self.findings.magnitudes.append(
            {**self._place(), **about, "people": len(amounts), "largest": largest, "second": second}
        )

    def curve(self, curve: str, table: "pd.DataFrame") -> None:
        """Add a curve of a figure; its columns are its own, its name must be in the vocabulary `CURVES`."""
        if curve not in CURVES:
            raise KeyError(f"unknown curve {curve}")
        about = self._about("")
        about.pop("at")
        self.findings.curves.append(table.assign(**{"curve": curve, "study": self.findings.study, **about}))

    def _place(self) -> dict[str, str]:
        return {"cohort": self.findings.cohort, "study": self.findings.study}

    def _about(
        self, at: str | float, outcome: str | None = None, exposure: str | None = None, reference: str | None = None
    ) -> dict[str, str]:
        return {
            "outcome": self.outcome if outcome is None else outcome,
            "exposure": self.exposure if exposure is None else exposure,
            "reference": self.reference if reference is None else reference,
            "subgroup": self.findings.subgroup,
            "at": at if isinstance(at, str) else f"{at:g}",
        }


def with_truth(estimates: "pd.DataFrame", truth: "pd.DataFrame") -> "pd.DataFrame":
    """Fill the truth column from a cohort's truth registry; estimands without a true value stay empty."""
    known = truth.rename(columns={"value": "known"})[[*QUESTION, "known"]]
    merged = estimates.merge(known, on=QUESTION, how="left", validate="many_to_one")
    return merged.assign(truth=merged["known"].astype("float64"))[ESTIMATES.columns]
