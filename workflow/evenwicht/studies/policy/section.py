"""What the report shows of a study of policies: the words for its methods, and what it claims."""

from evenwicht.studies import methods

HEADING = "Policy"
METHODS = {
    "crude": methods.CRUDE.about("policy"),
    "regression": methods.REGRESSION.about("policy"),
    "standardisation": methods.STANDARDISATION.about("policy"),
    "modified_poisson": methods.MODIFIED_POISSON,
    "negative_binomial": methods.NEGATIVE_BINOMIAL,
}
