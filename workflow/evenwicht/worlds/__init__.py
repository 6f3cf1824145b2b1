"""Structural causal models of cohorts, each with a registry of true effects."""
