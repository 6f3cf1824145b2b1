"""Plain statistics: numpy arrays in, result objects out. Nothing here knows of cohorts, files or config."""
