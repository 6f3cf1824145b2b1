"""The twin world: people with the rounded margins and dependence of a cohort, in whom known effects are put."""
