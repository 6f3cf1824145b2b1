"""What a study of an exposure that changes over time will have."""

from collections.abc import Iterator

import numpy as np

from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import DataError, ModelError
from evenwicht.cohort import Cohort
from evenwicht.estimators.power import least_hazard_ratio
from evenwicht.estimators.sampling_weights import effective_n
from evenwicht.studies.expected import Expected
from evenwicht.studies.time_varying import EXPOSED, STATES, Settings
from evenwicht.studies.time_varying.people import draw_people


def expected(study: Settings, cohort: Cohort, book: Codebook) -> Iterator[Expected]:
    """Yield people ever exposed, and ever unexposed, and their events; one person can be in both."""
    for name in study.outcomes:
        for exposure in study.exposures:
            try:
                people = draw_people(study, cohort, book, exposure, name, "")
            except (DataError, ModelError) as error:
                yield Expected(name, exposure, why_not=error.what)
                continue
            share = people.summed(people.years, EXPOSED).sum() / people.years.sum()
            worth = 1.0 if people.weights is None else effective_n(people.weights) / people.n
            yield Expected(
                name,
                exposure,
                left=people.flow.left,
                analysed=people.n,
                arms={state: people.ever(state) for state in STATES},
                events={state: people.events(state) for state in STATES},
                clusters=0 if people.clusters is None else len(np.unique(people.clusters)),
                measure="hazard ratio",
                least=least_hazard_ratio(people.pieces.event.sum() * worth, share * (1 - share)),
            )
