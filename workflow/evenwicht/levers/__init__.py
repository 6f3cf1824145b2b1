"""Levers: what policies and programmes change, for whom, how far that is known, and what people's exposures become.

Settings of one lever are in `lever`, numbers with their sources in `figures`, the mechanics in `reach`. A lever knows
no cohort: whoever weighs it says which exposure of the cohort it acts on, and what that does to an outcome.
"""
