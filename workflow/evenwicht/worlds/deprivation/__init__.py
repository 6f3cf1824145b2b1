"""A trial of foster care among children in institutions."""
