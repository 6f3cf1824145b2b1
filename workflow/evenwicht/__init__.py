"""evenwicht: individual exposures and policies in life-course cohorts, weighed in the same units.

The library knows nothing of Snakemake. Data flow through its rooms in this order, and a room imports only
from rooms above it: config, cohort, estimators, worlds, ingest, individual, policy, report. The estimators know of
numbers only; they stand above the worlds, whose true values use the same formulas.
"""

__version__ = "0.1.0"
