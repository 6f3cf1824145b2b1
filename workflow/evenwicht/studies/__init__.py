"""Kinds of study: each is a room of its own, with settings, a run and a section of the report.

A kind is a package here: `__init__` holds its `Settings` and imports nothing heavy, `run` estimates, `section` shows.
To add one, write the package and name its settings in `KINDS`.
"""

from evenwicht.studies import (
    adoption,
    birth_periods,
    competing_risks,
    concentration,
    context,
    discontinuity,
    event_study,
    exposure,
    inequality,
    instrument,
    ladder,
    ledger,
    missing_data,
    money,
    pathways,
    policy,
    prediction,
    siblings,
    time_varying,
    timing,
)
from evenwicht.studies.study import StudySettings

KINDS: tuple[type[StudySettings], ...] = (
    exposure.Settings,
    ladder.Settings,
    siblings.Settings,
    policy.Settings,
    instrument.Settings,
    event_study.Settings,
    birth_periods.Settings,
    discontinuity.Settings,
    concentration.Settings,
    missing_data.Settings,
    competing_risks.Settings,
    inequality.Settings,
    timing.Settings,
    prediction.Settings,
    pathways.Settings,
    context.Settings,
    ledger.Settings,
    money.Settings,
    adoption.Settings,
    time_varying.Settings,
)
