"""Births around a reform of parental leave that holds from a date of birth on."""
