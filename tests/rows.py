"""Rows of studies for tests of what is shown, without a cohort."""

import numpy as np
import pandas as pd
from evenwicht.display.section import Found
from evenwicht.estimators.results import Interval
from evenwicht.results.rows import Findings, Rows

Tables = dict[str, pd.DataFrame]
FEW = "2 clusters with the policy, 5 are needed"
TOO_SHORT = "interval too short: covers about 80%"


def about(study: str, outcome: str, exposure: str = "quit", reference: str = "no", cohort: str = "nhefs") -> Rows:
    """Rows of one comparison, to be filled."""
    return Rows(
        Findings(cohort, study, {"weight_change": "kg", "log_birth_weight": "log oz"}), outcome, exposure, reference
    )


def tables(*rows: Rows) -> Tables:
    """All that these rows hold, one below the other."""
    found = [one.findings.tables() for one in rows]
    return {name: pd.concat([each[name] for each in found], ignore_index=True) for name in found[0]}


def estimates(*rows: Rows) -> pd.DataFrame:
    return tables(*rows)["estimates"]


def some_tables() -> Tables:
    weight = about("quitting", "weight_change")
    weight.add("mean_difference", "crude", Interval.normal(2.5, 0.5), n=100)
    weight.add("mean_difference", "standardisation", Interval.normal(3.5, 0.5), n=100)
    death = about("quitting", "death")
    death.add("risk_difference", "ipw", Interval.normal(-0.002, 0.02), n=100, events=20, at=120)
    death.add("hazard_ratio", "ipw", Interval.normal(0.0, 0.1).exp(), n=100, events=20)
    policy = about("price", "weight_change", "high_tax")
    policy.add("mean_difference", "regression", Interval(0.2).bare(FEW), n=90)
    reach = about("price", "quitting", "high_tax")
    reach.add("risk_difference", "crude", Interval.normal(0.01, 0.02), n=90, events=30)
    return tables(weight, death, policy, reach)


def some_rows() -> pd.DataFrame:
    return some_tables()["estimates"]


def found_in(rows: Rows) -> Found:
    """What the study of these rows found, as its section is given it; of a world."""
    one, nothing = rows.findings, pd.DataFrame({"study": []})
    return Found.of(one.cohort, one.study, tables(rows), nothing, synthetic=True)


def use_of(sector: str, gini: float, chance: float | None = None, note: str = "") -> Rows:
    """The Gini coefficient of a sector of the Dunedin world."""
    rows = about("concentration", sector, "", "", "dunedin")
    rows.add("gini", "observed", Interval.normal(gini, 0.01), n=10, at="38")
    if chance is not None:
        rows.diagnose("chance", "poisson_null", chance, at="38")
    if note:
        rows.diagnose("coverage_gini", "observed", Interval(np.nan), note=note, at="38")
    return rows
