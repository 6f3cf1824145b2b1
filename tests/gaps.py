"""A made cohort whose people lack values by what is known of them, and studies of it that rest on more than covariates.

A trait `x` confounds the exposure; a rank `ses` goes with both and changes what the exposure does; a mediator `iq`
passes part of it on. Scores tell of `ill`; death can come before `onset`. Who lacks a value depends on a sign of the
outcome, and so complete cases mislead.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import Column
from evenwicht.base.outcomes import BinaryOutcome, ContinuousOutcome, EventOutcome
from evenwicht.cohort import Cohort
from evenwicht.results.questions import path_key
from evenwicht.studies import KINDS
from evenwicht.studies.running import job_of, run_study
from evenwicht.studies.study import OutcomeStudy
from scipy.special import expit

from tests.cohorts import Tables

HORIZON = 10.0
NUMBERS = ("x", "ses", "iq", "score", "second", "symptoms", "sign")
COLUMNS = {
    "id": Column(role="id", type="integer", label="Person"),
    **{name: Column(role="baseline", label=name) for name in NUMBERS},
    **{name: Column(role="baseline", type="boolean", label=name) for name in ("poor", "ill")},
}
BOOK = Codebook(
    cohort="made",
    columns=COLUMNS,
    outcomes={
        "symptoms": ContinuousOutcome(kind="continuous", column="symptoms", margin=0.1, label="Symptoms"),
        "ill": BinaryOutcome(kind="binary", column="ill", margin=0.01, label="Ill"),
        "onset": EventOutcome(
            kind="time_to_event", event="onset", time="follow_up", horizon=HORIZON, margin=0.01, label="Onset"
        ),
    },
    events=("onset", "death"),
)


@dataclass(frozen=True)
class Case:
    """A study of the made cohort, what its people lack, and the rows that are judged: their keys, by a short name."""

    settings: dict[str, Any]
    lost: tuple[str, ...]
    judged: dict[str, dict[str, str]]
    people: int = 300
    act_together: bool = False  # whether rank and mediator change what the exposure does

    def study(self, **missing: Any) -> OutcomeStudy:
        """Its settings, with those of `missing`."""
        [kind] = [one for one in KINDS if one.model_fields["kind"].annotation.__args__ == (self.settings["kind"],)]
        study = kind.model_validate({**self.settings, "missing": missing})
        assert not list(study.check(BOOK))
        return study


ABOUT = {"exposures": ["poor"], "outcomes": ["symptoms"], "adjust": {"columns": ["x", "ses"]}}
EFFECT = {"estimand": "mean_difference", "exposure": "poor"}
PATHS = {
    "paths": {"estimand": "path_difference", "exposure": path_key("poor", "iq")},
    "whole": {**EFFECT, "method": "paths"},
}
RANKED = {
    "slope": {"estimand": "slope_index", "exposure": "ses"},
    "change": {"estimand": "slope_index_difference", "method": "standardisation"},
    "lowest third": {**EFFECT, "method": "standardisation", "subgroup": "ses=1of3"},
}
CASES = {
    "ladder": Case(
        {
            "kind": "ladder",
            "exposures": ["poor"],
            "outcomes": ["symptoms"],
            "steps": [
                {"label": "and rank", "adjust": {"columns": ["ses"]}},
                {"label": "x", "adjust": {"columns": ["ses", "x"]}},
            ],
        },
        ("x",),
        {"last step": {**EFFECT, "method": "step_2"}, "first step": {**EFFECT, "method": "step_1"}},
    ),
    "policy": Case({"kind": "policy", **ABOUT}, ("x",), {"effect": {**EFFECT, "method": "regression"}}),
    "inequality": Case(
        {"kind": "inequality", **ABOUT, "by": "ses"},
        ("ses",),
        RANKED,
        500,
        act_together=True,
    ),
    "inequality, exposure not known": Case(
        {"kind": "inequality", **ABOUT, "by": "ses"}, ("ses", "poor"), RANKED, 500, True
    ),
    "pathways": Case({"kind": "pathways", **ABOUT, "mediators": ["iq"]}, ("iq",), PATHS),
    "pathways with products": Case(
        {"kind": "pathways", **ABOUT, "mediators": ["iq"], "interactions": True}, ("iq",), PATHS, act_together=True
    ),
    "competing_risks": Case(
        {"kind": "competing_risks", **ABOUT, "outcomes": ["onset"], "competing": ["death"]},
        ("x",),
        {"incidence": {"estimand": "cumulative_incidence_difference", "method": "standardisation"}},
    ),
}


def whole(rng: np.random.Generator, case: Case, people: int | None = None) -> Cohort:
    """A cohort of which everything is known."""
    n = people or case.people
    x, ses, score = rng.standard_normal((3, n))
    second = 0.4 * score + rng.standard_normal(n)
    poor = rng.random(n) < expit(0.8 * x - 0.6 * ses)
    iq = 0.5 * x - 0.7 * poor + rng.standard_normal(n)
    act = 0.5 if case.act_together else 0.0
    symptoms = (
        0.5 * poor
        + 0.8 * x
        - 0.5 * ses
        - 0.6 * iq
        - act * poor * (ses if "by" in case.settings else iq)
        + rng.standard_normal(n)
    )
    ill = rng.random(n) < expit(-1.0 + 0.9 * score + 0.5 * second)
    onset, death = (rng.exponential(1 / rate) for rate in (0.05 * np.exp(0.5 * poor + 0.8 * x), 0.04 * np.exp(0.3 * x)))
    numbers = {"x": x, "ses": ses, "iq": iq, "score": score, "second": second, "symptoms": symptoms, "sign": symptoms}
    flags = {"poor": pd.array(poor, dtype="boolean"), "ill": pd.array(ill, dtype="boolean")}
    ids = np.arange(n)
    ends = np.minimum(np.minimum(onset, death), rng.uniform(5, 20, n))
    events = [
        pd.DataFrame(
            {"id": ids, "event": event, "entry_age": 0.0, "exit_age": ends, "status": (time == ends).astype(int)}
        )
        for event, time in (("onset", onset), ("death", death))
    ]
    return Cohort("made", "", COLUMNS, pd.DataFrame({"id": ids, **numbers, **flags}), events=pd.concat(events))


def lacking(rng: np.random.Generator, cohort: Cohort, case: Case) -> Cohort:
    """The cohort without values of a column, by a sign of the outcome that everybody has."""
    persons = cohort.persons
    [outcome] = case.settings["outcomes"]
    happened = cohort.events.loc[cohort.events["event"] == outcome, "status"].to_numpy(dtype=float)
    value = happened if len(happened) else persons[outcome].to_numpy(dtype=float)
    sign = (value - value.mean()) / value.std() + 0.5 * rng.standard_normal(len(persons))
    chance = expit(-0.9 + 1.2 * sign)
    gaps = {name: persons[name].mask(rng.random(len(persons)) < chance) for name in case.lost}
    return replace(cohort, persons=persons.assign(sign=sign, **gaps))


def tables_of(case: Case, cohort: Cohort, seed: int = 1, **missing: Any) -> Tables:
    """Run the study."""
    return run_study("study", case.study(**missing), cohort, BOOK, job_of(seed, "made", known=set()), strict=True)


def judged(case: Case, tables: Tables) -> dict[str, pd.Series]:
    """The rows that are judged."""
    rows = {}
    for name, keys in case.judged.items():
        found = tables["estimates"]
        for key, value in {"subgroup": "", **keys}.items():
            found = found[found[key] == value]
        [rows[name]] = [row for _, row in found.iterrows()]
    return rows
