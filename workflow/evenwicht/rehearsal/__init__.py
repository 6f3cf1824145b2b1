"""Rehearse before a claim is made: the aggregates of a cohort, a twin drawn from them, and what studies find in it."""
