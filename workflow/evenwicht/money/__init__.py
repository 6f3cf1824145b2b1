"""Money over time: unit costs, discounting, and what a change returns on what it costs."""
