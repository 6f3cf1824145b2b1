"""Children of many regions: who lives there, and what the place adds."""
