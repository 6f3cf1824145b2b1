"""What the report shows of a policy as an instrument: the effect it gives, and how strong it is."""

from typing import Any

import numpy as np

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import Labels, comparison
from evenwicht.display.section import Found, Method, Row, records, where
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
NO_ANSWER = (  # heading and sentence where the Anderson-Rubin set is the whole line
    "it cannot answer",
    "The policy moves the exposure so little that any effect fits the data, however large and in either direction: the "
    "95% Anderson–Rubin set, which holds however weak an instrument is, is the whole line. The estimate and its "
    "interval say nothing about the exposure.",
)
ANY_EFFECT = "the policy hardly changed the exposure, so the data fit any value"
UNKNOWN = ("it cannot answer", "Without an error there is no telling which effects fit the data.")


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    """Say what the policy, used as an instrument, tells about the exposure, and whether it can answer at all."""
    exposure, instrument = study.pair(book)
    labels = Labels(book)
    lines = []
    for name in study.outcomes:
        row = found.estimate(outcome=name, method="iv")
        if row is None:
            continue
        strength = found.diagnostic(outcome=name, method="iv", statistic="first_stage_f")
        allowed = where(found.diagnostics, outcome=name, method="iv", statistic="anderson_rubin")
        heading, verdict = _verdict(records(allowed), row)
        lines.append(
            {
                "outcome": labels.outcome(name),
                "effect": scale_of(row).with_unit(row, sign=True),
                "strength": _f(strength),
                "judgement": strength["note"] if strength else "",
                "heading": heading,
                "verdict": verdict,
                "clusters": _clusters(found, name),
            }
        )
    return {
        "exposure": comparison(exposure, book.columns),
        "instrument": comparison(instrument, book.columns),
        "lines": lines,
    }


def _verdict(allowed: list[Row], effect: Row) -> tuple[str, str]:
    """Whether the policy can answer, and what the parts of the Anderson-Rubin set say."""
    parts = [{**effect, "se": np.nan, "lower": part["lower"], "upper": part["upper"]} for part in allowed]
    shown = [scale_of(part).limits(part, sign=True) for part in parts]
    if not shown:
        return UNKNOWN
    if any(np.isinf([row["lower"], row["upper"]]).all() for row in allowed):
        return NO_ANSWER
    text = f"However weak the instrument is, the effects that fit the data are {' and '.join(shown)}"
    return "what it tells", f"{text} (95% Anderson–Rubin set)."


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
