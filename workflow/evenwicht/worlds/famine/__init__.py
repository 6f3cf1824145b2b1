"""Births around a short famine in one city, with spared cities."""
