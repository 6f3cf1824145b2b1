"""Readers of real data: a flat source table and its description become a checked Cohort."""
