"""The shape of every result: estimate rows, and counts of people."""
