"""What an event study claims: the effect of the longest exposure, judged by the referee's decisive questions."""

import math

import numpy as np
import pandas as pd

from evenwicht.base.codebook import Codebook
from evenwicht.display.certainty import Check
from evenwicht.display.language import say
from evenwicht.display.section import Found, Row, chosen, records, where
from evenwicht.results.rows import FAILED
from evenwicht.studies.claims import RISK, Claim, Leads, clusters_of
from evenwicht.studies.event_study import Settings
from evenwicht.studies.event_study.survives import CERTAINTY, TREND, survives

LEADS: Leads = {"gompertz": {RISK: 1}}


def claims(study: Settings, book: Codebook, found: Found) -> list[Claim]:
    """The longest exposure against births that had none, by the last age; the referee's decisive checks judge it."""
    exposure, reference = (study.longest, study.unexposed.id)
    last, told = f"{max(study.ages):g}", survives(found.estimates, found.diagnostics)
    made = []
    for outcome in study.outcomes:
        keys = {"outcome": outcome, "exposure": exposure, "reference": reference}
        rows = chosen(found.estimate_rows, subgroup="", **keys)
        ratios = chosen(rows, estimand="conditional_hazard_ratio", method="cox")
        may_lead = [*chosen(rows, estimand=RISK, method="gompertz", at=last), *chosen(rows, method=FAILED)]
        may_lead += map(_as_difference, ratios)  # where absolute effects were not asked for
        if not may_lead:
            continue
        lead = may_lead[0]
        planned = chosen(found.diagnostic_rows, method="design_analysis", **keys)
        value = {row["statistic"]: float(row["value"]) for row in planned}
        made.append(
            Claim(
                outcome,
                exposure,
                reference,
                lead=lead,
                counted=lead,
                design="natural_experiment",
                others=ratios,
                checks=decisive(where(told, outcome=outcome)),
                clusters=clusters_of(found, keys, "cox"),
                power=value.get("power", np.nan),
                exaggeration=value.get("type_m", np.nan),
                rows=rows,
            )
        )
    return made


def _as_difference(ratio: Row) -> Row:
    """A ratio as the difference of log hazards, so that no effect is nought."""
    return {**ratio, **{name: math.log(ratio[name]) for name in ("estimate", "lower", "upper", "truth")}}


def decisive(answers: pd.DataFrame) -> list[Check]:
    """The decisive questions that could be asked, as checks."""
    asked = records(answers[answers["decisive"] & answers["reading"].isin(list(CERTAINTY))])
    return [
        Check(say(row["question"]), CERTAINTY[row["reading"]], row["factor"], row["answer"], row["check"] == TREND)
        for row in asked
    ]
