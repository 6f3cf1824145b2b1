"""What the report shows of a policy as an instrument: the effect it gives, and how strong it is."""

from typing import Any

import numpy as np

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import Labels, comparison
from evenwicht.display.language import message, say
from evenwicht.display.section import Found, Method, Row, records, where
from evenwicht.display.wording import decimals, number, scale_of
from evenwicht.studies.instrument import Settings

HEADING = "Policy as an instrument"
METHODS = {
    "iv": Method(
        "instrumental variable",
        "the policy moves the individual exposure, and the outcome only through it; the estimate is their ratio. The "
        "first-stage F tells how much it moves the exposure; the Anderson–Rubin set is valid even if that is little.",
        message("People with more and with less of a policy that moves it"),
    ),
    "iv_unadjusted": Method(
        "instrumental variable, textbook",
        "the same as textbooks print it: without covariates, with equal variances and people taken as independent.",
    ),
}


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
                "heading": heading,
                "verdict": verdict,
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
        return say("it cannot answer"), say("Without an error there is no telling which effects fit the data.")
    if any(np.isinf([row["lower"], row["upper"]]).all() for row in allowed):
        return say("it cannot answer"), say(
            "The policy moves the exposure so little that any effect fits the data, however large and in either "
            "direction: the 95% Anderson–Rubin set, which holds however weak an instrument is, is the whole line. The "
            "estimate and its interval say nothing about the exposure."
        )
    if len(shown) == 1:
        return say("what it tells"), say(
            "However weak the instrument is, the effects that fit the data are {effects} (95% Anderson–Rubin set).",
            effects=shown[0],
        )
    return say("what it tells"), say(
        "However weak the instrument is, the effects that fit the data are {first} and {second} (95% Anderson–Rubin "
        "set).",
        first=shown[0],
        second=shown[1],
    )


def _f(strength: Row | None) -> str:
    if strength is None or not np.isfinite(strength["value"]):
        return ""
    value = number(strength["value"], decimals({"estimate": strength["value"]}))
    return say("The first-stage F is {value}; the usual bar is 10.", value=value)
