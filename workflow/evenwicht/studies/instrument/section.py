"""What the report shows of a policy as an instrument: the effect it gives, and how strong it is."""

from typing import Any

import numpy as np
import pandas as pd

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import Labels
from evenwicht.display.section import Found, Method, Row
from evenwicht.display.wording import decimals, number, scale_of
from evenwicht.studies.instrument import Settings

HEADING = "Policy as an instrument"
METHODS = {
    "iv": Method(
        "instrumental variable",
        "the policy moves the individual exposure, and the outcome only through it; the estimate is their ratio. The "
        "first-stage F tells how much it moves the exposure; the Anderson–Rubin set is valid even if that is little.",
    ),
    "iv_unadjusted": Method(
        "instrumental variable, textbook",
        "the same as textbooks print it: without covariates, with equal variances and people taken as independent.",
    ),
}


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Say what the policy, used as an instrument, tells about the exposure, and how weak it is."""
    exposure, instrument = study.pair(book)
    labels = Labels(book)
    lines = []
    for name in study.outcomes:
        row = found.estimate(outcome=name, method="iv")
        if row is None:
            continue
        scale = scale_of(row)
        span = row["upper"] - row["lower"]
        width: str = "" if pd.isna(span) else f"{scale.number(span)} {scale.unit}".strip()
        strength = found.diagnostic(outcome=name, method="iv", statistic="first_stage_f")
        lines.append(
            {
                "outcome": labels.outcome(name),
                "effect": f"{scale.with_interval(row, sign=True)} {scale.unit}".strip(),
                "width": width,
                "strength": _f(strength),
                "judgement": strength["note"] if strength else "",
                "clusters": _clusters(found, name),
            }
        )
    return {
        "exposure": exposure.label(book.columns),
        "instrument": instrument.label(book.columns),
        "lines": lines,
    }


def _f(strength: Row | None) -> str:
    if strength is None or not np.isfinite(strength["value"]):
        return ""
    return number(strength["value"], decimals({"estimate": strength["value"]}))


def _clusters(found: Found, outcome: str) -> str:
    """Numbers of clusters with and without the policy, where the study names them."""
    rows = [
        found.diagnostic(outcome=outcome, method="iv", statistic=f"clusters_{arm}") for arm in ("exposed", "unexposed")
    ]
    told = [f"{row['value']:,.0f} {word}" for row, word in zip(rows, ("with", "without"), strict=True) if row]
    return f"clusters: {', '.join(told)} the policy" if told else ""
