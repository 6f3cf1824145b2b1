"""What a study claims: for each comparison and outcome, the rows by which it is judged."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from evenwicht.base.codebook import Codebook
from evenwicht.display.certainty import Check, Design
from evenwicht.display.section import Found, Row, chosen
from evenwicht.results.rows import CLUSTERS, FAILED, SAMPLE
from evenwicht.studies.study import ExposureStudy

MEAN, RISK = "mean_difference", "risk_difference"
DIFFERENCES = (MEAN, RISK)
POPULATION = {MEAN: "population_mean_difference", RISK: "population_risk_difference"}  # if nobody were exposed
CRUDE_ID = "crude"
# places among the methods that may lead; a linear model of a risk is biased where the outcome is rare and never leads
BY_DATE, STANDARDISED, WEIGHTED, REGRESSED, AS_THEY_ARE = range(1, 6)
Leads = Mapping[str, Mapping[str, int]]  # method -> estimand -> its place among those that may lead
USUAL: Leads = {
    "standardisation": {MEAN: STANDARDISED, RISK: STANDARDISED},
    "regression": {MEAN: REGRESSED},
    CRUDE_ID: {MEAN: AS_THEY_ARE, RISK: AS_THEY_ARE},
}
RATIOS = ("conditional_hazard_ratio", "hazard_ratio", "conditional_odds_ratio", "risk_ratio")  # the first is judged
GIVES_CLUSTERS = ("clusters_exposed", "clusters_unexposed", "clusters")


@dataclass(frozen=True)
class Claim:
    """One comparison and one outcome of a study, in everybody.

    Attributes
    ----------
    outcome, exposure, reference
        Keys of its rows.
    lead
        The difference that leads: everybody exposed against nobody, or one step more of a number. It has no estimate if
        the comparison could not be made.
    counted
        The difference that is counted over all births. For an exposure of a person it is what would change if nobody
        were exposed, where that is estimated; else `lead`.
    design
        Where certainty starts.
    crude
        The difference as it is, if something else leads.
    others
        Adjusted estimates of the same effect: ratios, and differences by other methods.
    checks
        Decisive ones.
    clusters
        In the smaller arm; NaN without clusters.
    power, exaggeration
        Of a planned comparison of this size; NaN if it was not worked out.
    level
        Whose doing is told, if it is not what the study says.
    rows
        All estimates of this comparison.
    """

    outcome: str
    exposure: str
    reference: str
    lead: Row
    counted: Row
    design: Design
    crude: Row | None = None
    others: Sequence[Row] = ()
    checks: Sequence[Check] = ()
    clusters: float = float("nan")
    power: float = float("nan")
    exaggeration: float = float("nan")
    level: str = ""
    rows: Sequence[Row] = ()

    @property
    def gone(self) -> bool:
        """Whether `counted` tells what would change if nobody were exposed."""
        return self.counted["estimand"] in POPULATION.values()


def compared(study: ExposureStudy, book: Codebook, found: Found, leads: Leads) -> list[Claim]:
    """Return the claims of a study that compares people by columns; without covariates it is as crude as it leads."""
    design: Design = "adjusted" if book.adjustment(study.adjust).columns else "crude"
    return [
        claim
        for contrast in study.contrasts(book)
        for outcome in study.outcomes
        for claim in claims_of(found, leads, design, outcome, contrast.exposure, contrast.reference)
    ]


def claims_of(
    found: Found,
    leads: Leads,
    design: Design,
    outcome: str,
    exposure: str,
    reference: str,
    checks: Sequence[Check] = (),
) -> Iterator[Claim]:
    """Yield the claim of one comparison and outcome, if it has a row that may lead or says why there is none."""
    keys = {"outcome": outcome, "exposure": exposure, "reference": reference}
    rows = chosen(found.estimate_rows, subgroup="", **keys)
    lead = leading(rows, leads)
    if lead is None:
        return
    if lead["method"] == CRUDE_ID and design == "adjusted":
        design = "crude"  # a risk by a date has no adjusted difference that may lead
    ranked = [row for row in rows if rank(row, leads) and row["method"] not in (CRUDE_ID, lead["method"])]
    crude = next(iter(chosen(rows, method=CRUDE_ID, estimand=lead["estimand"])), None)
    population = chosen(rows, estimand=POPULATION.get(lead["estimand"], ""), method=lead["method"])
    yield Claim(
        outcome,
        exposure,
        reference,
        lead,
        population[0] if population else lead,
        design,
        crude if lead["method"] != CRUDE_ID else None,
        [*ranked, *adjusted_ratio(rows, lead["method"])],
        checks,
        clusters_of(found, keys, lead["method"]),
        rows=rows,
    )


def leading(rows: Iterable[Row], leads: Leads) -> Row | None:
    """Return the difference that leads among the rows of one comparison: the best ranked that has an estimate.

    If none has, it is the best ranked, or the row that says why the comparison could not be made.
    """
    rows = list(rows)
    ranked = sorted((row for row in rows if rank(row, leads)), key=lambda row: rank(row, leads))
    given = [row for row in ranked if not pd.isna(row["estimate"])]
    failed = [row for row in rows if row["method"] == FAILED]
    return next(iter([*given, *ranked, *failed]), None)


def rank(row: Row, leads: Leads) -> int:
    """Place of a row among those that may lead, 1 first; 0 if it may not."""
    return leads.get(row["method"], {}).get(row["estimand"], 0)


def adjusted_ratio(rows: Sequence[Row], method: str) -> list[Row]:
    """Return the ratio of a comparison that accounts for covariates, if there is one.

    A ratio of hazards or odds comes from a model of its own; a ratio of risks is taken by the method that leads, since
    it is the same prediction told in another way.
    """
    given = [row for row in rows if row["method"] != CRUDE_ID and row["estimand"] in RATIOS]
    given = [row for row in given if row["estimand"] != RATIOS[-1] or row["method"] == method]
    return sorted(given, key=lambda row: RATIOS.index(row["estimand"]))[:1]


def clusters_of(found: Found, keys: Mapping[str, str], method: str) -> float:
    """Number of clusters in the smaller arm, or in all where the exposure is a number; NaN without clusters."""
    told = chosen(found.diagnostic_rows, method=(CLUSTERS, method), statistic=GIVES_CLUSTERS, subgroup="", **keys)
    return min((float(row["value"]) for row in told), default=float("nan"))


def told_of_sample(found: Found, statistic: str, keys: Mapping[str, str]) -> float:
    """Return a number about the people analysed, such as the share exposed; NaN if the study does not tell it."""
    told = chosen(found.diagnostic_rows, method=SAMPLE, statistic=statistic, subgroup="", **keys)
    return float(told[0]["value"]) if told else float("nan")
