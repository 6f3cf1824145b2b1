"""Words for the methods of a study of policies; its estimates stand in the comparison that every report leads with."""

from evenwicht.studies import methods

HEADING = "Policy"
METHODS = {
    "crude": methods.CRUDE.about("policy"),
    "regression": methods.REGRESSION.about("policy"),
    "standardisation": methods.STANDARDISATION.about("policy"),
}
