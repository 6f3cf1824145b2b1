"""Side effects that nobody has measured: waiting for youth care, and pressure that a campaign puts on families.

All of this room is assumption. `assumptions.yaml` has every number with its source and how it is known; `queue` has
the closed forms of waiting and `simulation` what has none, `team` and `crowding` apply them to youth care, and
`parents` says what felt pressure would do if it did anything. Nothing here is estimated from a cohort.
"""
