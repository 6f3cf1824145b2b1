"""Children of many regions: who lives there, and what the place adds.

Regions differ in disadvantage, and so in how many families are poor. Poverty of the family harms the child wherever it
lives; many poor families in a region harm every child there (Mundlak 1978, Econometrica 46:69, tells both apart).
Childcare places are a condition of the region. What is favourable in a region and measured nowhere can go with less
disadvantage and more places: then comparisons of regions are confounded, and comparisons within regions are not.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from evenwicht.base.arrays import Flags, Floats, Ints
from evenwicht.base.codebook import Codebook
from evenwicht.base.streams import part_of
from evenwicht.cohort import Cohort
from evenwicht.results.questions import Question
from evenwicht.worlds import mechanisms as by
from evenwicht.worlds.context_truth import exact_context
from evenwicht.worlds.mechanisms import SIGN
from evenwicht.worlds.regions.settings import PER_PLACES, RegionalOutcome, RegionsWorld
from evenwicht.worlds.scm import Equation, Model, Noise, Values, model
from evenwicht.worlds.world import World, exact_effects

SCHOOL_AGE = 5.0  # years; age at which children are assessed
BETTER = {"readiness": 1.0, "speech_delay": -1.0}  # outcome -> sign of a gain


def build(source: RegionsWorld, book: Codebook, questions: Sequence[Question]) -> World:
    """Return the regions world of its settings."""
    equations = regions_model(source)
    return World(
        equations=equations,
        cohort=partial(_cohort, book, source, equations),
        exact=[
            *exact_effects(book, questions, partial(_difference, source)),
            *exact_context(book, questions, partial(_personal, source), partial(_of_region, source)),
        ],
        group_means={
            "ses": lambda people: _mean_ses(source, people["disadvantage"]),
            "poverty": lambda people: people["region_poverty"],
            **{name: partial(_expected, source, name) for name in BETTER},
        },
    )


def regions_model(source: RegionsWorld) -> Model:
    """Return the structural equations of a regions world; a family of people is those of one region."""

    def climate(noise: Noise) -> Floats:
        """What is favourable in a region and measured nowhere."""
        return noise.of_family(noise.normal())

    def disadvantage(noise: Noise, climate: Floats) -> Floats:
        return noise.of_family(by.propensity(noise, (-source.artefacts.regional_confounding, climate)))

    def childcare_places(noise: Noise, disadvantage: Floats, climate: Floats) -> Floats:
        """Per 100 children."""
        hidden = source.artefacts.regional_confounding
        causes = (source.places_disadvantage, disadvantage), (hidden, climate)
        score = by.propensity(noise, *causes, between=-hidden)
        return source.places + source.places_sigma * noise.of_family(score)

    def region_poverty(_: Noise, disadvantage: Floats) -> Floats:
        """Share of families that are poor."""
        tied = source.poverty_region + source.poverty_ses * source.ses_region
        return by.chance_above(source.poor, disadvantage, tied)

    def ses(noise: Noise, disadvantage: Floats) -> Floats:
        return by.propensity(noise, (source.ses_region, disadvantage))

    def poverty(noise: Noise, disadvantage: Floats, ses: Floats) -> Flags:
        causes = (source.poverty_region, disadvantage), (source.poverty_ses, ses)
        return by.above(source.poor, by.propensity(noise, *causes, between=source.ses_region))

    def readiness(
        noise: Noise, poverty: Flags, ses: Floats, region_poverty: Floats, childcare_places: Floats, climate: Floats
    ) -> Floats:
        """Points."""
        mean = _mean_outcome(source, "readiness", poverty, ses, region_poverty, childcare_places, climate)
        return mean + source.readiness_sigma * noise.normal()

    def speech_delay(
        noise: Noise, poverty: Flags, ses: Floats, region_poverty: Floats, childcare_places: Floats, climate: Floats
    ) -> Flags:
        risk = _mean_outcome(source, "speech_delay", poverty, ses, region_poverty, childcare_places, climate)
        return noise.uniform() < risk

    first: list[Equation] = [climate, disadvantage, childcare_places, region_poverty, ses, poverty]
    return model(*first, readiness, speech_delay)


def _effects(source: RegionsWorld, outcome: str) -> RegionalOutcome:
    about: RegionalOutcome = getattr(source, outcome)
    return about


def _mean_outcome(
    source: RegionsWorld,
    outcome: str,
    poverty: Floats | Flags,
    ses: Floats,
    region_poverty: Floats,
    childcare_places: Floats,
    climate: Floats,
) -> Floats:
    """Mean of an outcome given all causes: its number, or its risk."""
    about, better = _effects(source, outcome), BETTER[outcome]
    harm, benefit = SIGN[source.stressor_effect], SIGN[source.policy_effect]
    harmed = about.poverty * poverty + about.region_poverty * (region_poverty - source.poor)
    gained = about.ses * ses + about.region * climate
    places = about.places * (childcare_places - source.places) / PER_PLACES
    return np.asarray(about.level + better * (gained + benefit * places - harm * harmed))


def _mean_ses(source: RegionsWorld, disadvantage: Floats) -> Floats:
    return source.ses_region * disadvantage


def _expected(source: RegionsWorld, outcome: str, people: Values) -> Floats:
    """Mean of an outcome over the people of each person's region."""
    share, ses = people["region_poverty"], _mean_ses(source, people["disadvantage"])
    return _mean_outcome(source, outcome, share, ses, share, people["childcare_places"], people["climate"])


def _personal(source: RegionsWorld, column: str, outcome: str) -> tuple[float, float] | None:
    """What a column does to the child itself by one unit, and what its mean does to every child of the region."""
    if outcome not in BETTER:
        return None
    about, better, harm = _effects(source, outcome), BETTER[outcome], SIGN[source.stressor_effect]
    known = {"poverty": (-harm * about.poverty, -harm * about.region_poverty), "ses": (about.ses, 0.0)}
    own = known.get(column)
    return None if own is None else (better * own[0], better * own[1])


def _of_region(source: RegionsWorld, column: str, outcome: str) -> tuple[float, float] | None:
    """What a condition of regions does by one unit, and its SD."""
    if outcome not in BETTER or column != "childcare_places":
        return None
    effect = BETTER[outcome] * SIGN[source.policy_effect] * _effects(source, outcome).places / PER_PLACES
    return effect, source.places_sigma


def _difference(source: RegionsWorld, column: str, outcome: str) -> float | None:
    own = _personal(source, column, outcome)
    return own[0] if own is not None and column == "poverty" else None


def _cohort(book: Codebook, source: RegionsWorld, equations: Model, key: np.random.SeedSequence) -> Cohort:
    noise = Noise(source.n, np.random.default_rng(part_of(key, 1)), np.arange(source.n))
    region = _regions(source, noise.rng)
    _, first = np.unique(region, return_index=True)
    people = equations.draw(source.n, part_of(key, 0), family=first[np.unique(region, return_inverse=True)[1]])
    lowered = source.artefacts.differential_attrition * people["poverty"]
    seen = by.takes_part(noise, source.assessed, (source.artefacts.selection, people["ses"]), lowered=lowered)
    ids, width = np.arange(1, source.n + 1), len(str(source.regions))
    labels = [f"{k:0{width}d}" for k in range(1, source.regions + 1)]
    persons = pd.DataFrame(
        {
            "id": pd.Series(ids, dtype="Int64"),
            "region": pd.Categorical.from_codes(region, pd.Index(labels)),  # type: ignore[arg-type]
            "ses": people["ses"],
            "poverty": pd.array(people["poverty"], dtype="boolean"),
            "region_poverty": people["region_poverty"],
            "childcare_places": people["childcare_places"],
            "readiness": np.where(seen, people["readiness"], np.nan),
            "speech_delay": pd.arrays.BooleanArray(people["speech_delay"], ~seen),
        }
    )
    return Cohort(
        name=book.cohort,
        description=book.description,
        columns=dict(book.columns),
        persons=persons,
        measures=by.attendance(ids, "school_entry", SCHOOL_AGE, np.ones(source.n, dtype=bool), seen),
    ).check()


def _regions(source: RegionsWorld, rng: np.random.Generator) -> Ints:
    """Region of everybody, (n,): regions differ in size."""
    size = np.exp(source.size_spread * rng.standard_normal(source.regions))
    return np.asarray(rng.choice(source.regions, size=source.n, p=size / size.sum()))
