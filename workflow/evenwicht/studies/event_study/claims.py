"""What an event study claims: the effect of the longest exposure, judged by the referee's decisive questions."""

import numpy as np
import pandas as pd

from evenwicht.base.codebook import Codebook
from evenwicht.display.certainty import Check
from evenwicht.display.section import Found, first, records, where
from evenwicht.results.rows import FAILED
from evenwicht.studies.claims import RISK, Claim, Leads, clusters_of
from evenwicht.studies.event_study import Settings
from evenwicht.studies.event_study.survives import CERTAINTY, survives

LEADS: Leads = {"gompertz": {RISK: 1}}


def claims(study: Settings, book: Codebook, found: Found) -> list[Claim]:
    """The longest exposure against births that had none, by the last age; the referee's decisive checks judge it."""
    exposure, reference = (study.longest, study.unexposed.id)
    last, told = f"{max(study.ages):g}", survives(found.estimates, found.diagnostics)
    made = []
    for outcome in study.outcomes:
        keys = {"outcome": outcome, "exposure": exposure, "reference": reference}
        rows = where(found.estimates, subgroup="", **keys)
        lead = first(rows, estimand=RISK, method="gompertz", at=last) or first(rows, method=FAILED)
        if lead is None:
            continue
        ratio = first(rows, estimand="conditional_hazard_ratio", method="cox")
        planned = where(found.diagnostics, method="design_analysis", **keys).set_index("statistic")["value"]
        made.append(
            Claim(
                outcome,
                exposure,
                reference,
                lead=lead,
                counted=lead,
                design="natural_experiment",
                others=[ratio] if ratio else [],
                checks=decisive(where(told, outcome=outcome)),
                clusters=clusters_of(found, keys, "cox"),
                power=float(planned.get("power", np.nan)),
                exaggeration=float(planned.get("type_m", np.nan)),
                rows=rows,
            )
        )
    return made


def decisive(answers: pd.DataFrame) -> list[Check]:
    """The decisive questions that could be asked, as checks."""
    asked = records(answers[answers["decisive"] & answers["reading"].isin(list(CERTAINTY))])
    return [Check(row["question"], CERTAINTY[row["reading"]], row["factor"], row["answer"]) for row in asked]
