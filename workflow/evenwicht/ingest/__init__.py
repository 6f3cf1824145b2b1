"""From a source to a checked Cohort. `SOURCES` lists the kinds of source of real data."""

from evenwicht.base.sources import SourceSettings
from evenwicht.ingest.sources import PackageSource, TableSource

SOURCES: tuple[type[SourceSettings], ...] = (TableSource, PackageSource)
