"""What a policy as an instrument claims of the exposure that it moves."""

from dataclasses import replace

import numpy as np

from evenwicht.base.codebook import Codebook
from evenwicht.display.section import Found, Row, records, where
from evenwicht.studies.claims import Claim, Leads, claims_of, clusters_of
from evenwicht.studies.instrument import Settings

LEADS: Leads = {}  # its one estimate leads
ANY_EFFECT = "the policy hardly changed the exposure, so the data fit any value"
EITHER_WAY = "the policy hardly changed the exposure, so the data fit large effects either way, but not all between"


def claims(study: Settings, book: Codebook, found: Found) -> list[Claim]:
    """What a policy tells of the exposure that it moves; an effect that may have any size is not estimated."""
    exposure, _ = study.pair(book)
    keys = {"exposure": exposure.exposure, "reference": exposure.reference}
    told: list[Claim] = []
    for outcome in study.outcomes:
        row = found.estimate(outcome=outcome, method="iv", subgroup="", **keys)
        if row is None:
            told += claims_of(found, LEADS, "natural_experiment", outcome, exposure.exposure, exposure.reference)
            continue
        allowed = records(where(found.diagnostics, outcome=outcome, method="iv", statistic="anderson_rubin"))
        limits = {**row, **(_hull(allowed) if allowed else {"lower": np.nan, "upper": np.nan})}
        clusters = clusters_of(found, {"outcome": outcome}, "iv")
        claim = Claim(
            outcome, exposure.exposure, exposure.reference, limits, limits, "natural_experiment", clusters=clusters
        )
        told.append(claim)
    # the policy only moves the exposure, whose effect this is
    return [replace(claim, level="individual") for claim in told]


def _hull(allowed: list[Row]) -> dict[str, object]:
    """The limits of an Anderson-Rubin set, around its parts if it has two: they hold however weak the instrument is."""
    lower, upper = min(part["lower"] for part in allowed), max(part["upper"] for part in allowed)
    why = ANY_EFFECT if len(allowed) == 1 else EITHER_WAY
    return {"lower": lower, "upper": upper, "reason": why if np.isinf([lower, upper]).all() else ""}
