"""Who is complete in what a comparison uses, in which order people leave, and the weights of those who stay."""

from dataclasses import dataclass

import numpy as np

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.cohort import Cohort
from evenwicht.estimators.attrition_weights import AttritionWeights, attrition_weights
from evenwicht.results.flow import not_known
from evenwicht.studies.competing import outcome_of_study
from evenwicht.studies.samples import design_of
from evenwicht.studies.study import ExposureStudy

ATTRITION_COLUMN = "weights_for_attrition"  # column of persons while a study runs


@dataclass(frozen=True)
class Cases:
    """The people of a comparison.

    Attributes
    ----------
    cohort
        Everybody.
    columns
        Columns by which a comparison is made, and auxiliary ones.
    due : (persons,) flags
        Who is to be compared: all whose sampling weight is known, if there are any.
    lacks
        Who of everybody lacks what, (persons,) flags: by column, and last the outcome.
    outcome
        The key of the outcome in `lacks`, which predicts nothing.
    needed
        Keys without the auxiliary columns: those complete in these are analysed.
    sampling : (persons,) array or None
        Sampling weights.
    """

    cohort: Cohort
    columns: list[str]
    due: Flags
    lacks: dict[str, Flags]
    outcome: str
    needed: list[str]
    sampling: Floats | None

    @property
    def observed(self) -> Flags:
        """Who is due and complete, (persons,)."""
        return np.asarray(self.due & ~np.any([self.lacks[name] for name in self.needed], axis=0))

    @property
    def anybody_left(self) -> bool:
        """Whether anybody due is not complete."""
        return not bool(self.observed[self.due].all())


def complete_cases(study: ExposureStudy, cohort: Cohort, book: Codebook, outcome: str, where: str) -> Cases:
    """Say who is complete for all that a study rests on and for one outcome.

    Raises
    ------
    DataError
        As `competing.outcome_of_study`.
    """
    persons = cohort.persons
    exposed = [name for _, name in study.exposed_columns()]
    needed = list(dict.fromkeys([*exposed, *study.rests_on(book).columns]))
    columns = list(dict.fromkeys([*needed, *study.missing.auxiliary]))
    due, sampling = np.ones(len(persons), dtype=bool), None
    if study.weights is not None:
        sampling = persons[study.weights].to_numpy(dtype=float, na_value=np.nan)
        due &= ~np.isnan(sampling)
    _, unknown = outcome_of_study(study, cohort, book, outcome, where)
    lacks = {name: not_known(persons, [name]) for name in columns}
    own = f"outcome {outcome}"
    lacks[own] = unknown
    return Cases(cohort, columns, due, lacks, own, [*needed, own], sampling)


def staged_weights(cases: Cases, where: str) -> AttritionWeights:
    """Estimate the weights of the complete among those due, (due,) arrays.

    Columns that nobody lacks predict who is complete. What people lack is put in the order of how many lack it; who
    stays for the next is predicted by the columns that all who came so far have. Auxiliary columns that some lack are
    left out, as nobody leaves the analysis for want of them.

    Raises
    ------
    ModelError
        As `attrition_weights`.
    """
    persons = cases.cohort.persons[cases.due]
    lacks = {name: flags[cases.due] for name, flags in cases.lacks.items()}
    sampling = None if cases.sampling is None else cases.sampling[cases.due]
    known = [name for name in cases.columns if not lacks[name].any()]
    gaps = [name for name in cases.needed if lacks[name].any()]
    stages: list[tuple[Flags, Floats]] = []
    reached = np.ones(len(persons), dtype=bool)
    for name in sorted(gaps, key=lambda name: (name == cases.outcome, int(lacks[name].sum()), name)):
        design = np.zeros((len(persons), 0))
        seen = reached & ~lacks[name]
        if known and reached.any():
            own, _ = design_of(persons[reached], Adjustment(columns=known))
            design = np.full((len(persons), own.shape[1]), np.nan)
            design[reached] = own
        stages.append((seen, design))
        reached = seen
        if name != cases.outcome:
            known = [*known, name]
    everybody = (reached, np.empty((len(persons), 0)))
    return attrition_weights(stages or [everybody], where, sampling)
