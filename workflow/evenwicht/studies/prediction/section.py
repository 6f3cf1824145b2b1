"""What the report shows of a prediction."""

from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.display.section import Found, Method
from evenwicht.studies.prediction import Settings

HEADING = "What one childhood tells"
METHODS = {
    "cross_validated": Method(
        "cross-validation",
        "each tenth of the people is predicted by a model that was fitted to the others. Families stay together.",
    ),
    "apparent": Method("in-sample", "people are predicted by a model that was fitted to them too. It overstates."),
    "delong": Method("DeLong", "one score as it is, with the interval of DeLong and others (1988)."),
}


def words(study: Settings, book: Codebook, found: Found) -> dict[str, Any]:
    return {}
