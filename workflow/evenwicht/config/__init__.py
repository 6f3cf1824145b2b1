"""Every setting of a run, as one pydantic tree.

`RunConfig` is `config/config.yaml`; each cohort it names is one `CohortConfig` file. `loading.load_run` reads and
checks them all before any job starts; `python -m evenwicht.config config/schema.json` writes the JSON schema that lets
editors complete and check these files. One module a section; the worlds have one each.
"""

from evenwicht.config.dunedin import Cognition, DunedinWorld, StressorWeights
from evenwicht.config.event_study import EventStudy
from evenwicht.config.famine import FamineWorld
from evenwicht.config.lifecourse import LifecourseWorld
from evenwicht.config.rationing import RationedDisease, RationingWorld
from evenwicht.config.reform import ReformWorld
from evenwicht.config.register import RegisterSector, RegisterWorld
from evenwicht.config.run import AS_CONFIGURED, STUDIES, CohortConfig, Run, RunConfig, json_schema
from evenwicht.config.source import Column, NhefsSource, Precision, Role, SourceColumn, TableSource
from evenwicht.config.studies import (
    Adjustment,
    BinaryOutcome,
    BirthPeriodsStudy,
    BirthWindow,
    ConcentrationStudy,
    ContinuousOutcome,
    EventOutcome,
    IndividualStudy,
    MultiSectorOutcome,
    Outcome,
    PolicyStudy,
    ReformStudy,
    SectorLabel,
)
from evenwicht.config.trials import DeprivationWorld, InterventionWorld

__all__ = [
    "AS_CONFIGURED",
    "STUDIES",
    "Adjustment",
    "BinaryOutcome",
    "BirthPeriodsStudy",
    "BirthWindow",
    "Cognition",
    "CohortConfig",
    "Column",
    "ConcentrationStudy",
    "ContinuousOutcome",
    "DeprivationWorld",
    "DunedinWorld",
    "EventOutcome",
    "EventStudy",
    "FamineWorld",
    "IndividualStudy",
    "InterventionWorld",
    "LifecourseWorld",
    "MultiSectorOutcome",
    "NhefsSource",
    "Outcome",
    "PolicyStudy",
    "Precision",
    "RationedDisease",
    "RationingWorld",
    "ReformStudy",
    "ReformWorld",
    "RegisterSector",
    "RegisterWorld",
    "Role",
    "Run",
    "RunConfig",
    "SectorLabel",
    "SourceColumn",
    "StressorWeights",
    "TableSource",
    "json_schema",
]
