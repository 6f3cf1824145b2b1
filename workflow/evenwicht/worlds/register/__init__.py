"""A national register with given margins of use."""
