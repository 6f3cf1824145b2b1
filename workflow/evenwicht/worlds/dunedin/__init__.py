"""A Dunedin-style cohort: one year of births, followed from age 3."""
