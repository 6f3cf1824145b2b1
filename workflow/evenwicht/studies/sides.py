"""Each change: an exposure that is gone, a policy or a lever that is introduced, and what it needs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.arrays import Flags, Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.exposures import Contrast
from evenwicht.cohort import Cohort
from evenwicht.levers.package import Package
from evenwicht.results.flow import not_known
from evenwicht.studies.changes import ChangeStudy, is_weighed
from evenwicht.studies.samples import Exposed, Sample, draw_sample, exposed_by


@dataclass(frozen=True, eq=False)
class Side:
    """One change over all.

    Attributes
    ----------
    exposure, reference
        Keys of its rows.
    exposed
        The column of everybody in the cohort.
    policy
        Whether it is introduced; else it is gone.
    adjust, cluster
        Given what, and who shares it.
    columns
        All that must be known for it.
    package
        What a lever does to the column; None if the column itself is compared.
    others : (persons, p) array
        Further columns that a package changes.
    among
        To whom alone a lever is introduced, (persons,) flags.
    """

    exposure: str
    reference: str
    exposed: Exposed
    policy: bool
    adjust: Adjustment
    cluster: str | None
    columns: tuple[str, ...]
    package: Package | None = None
    others: Floats | None = None
    among: Flags | None = None

    @property
    def weighed(self) -> bool:
        """Whether it is weighed against exposures."""
        if self.package is None:
            return self.policy
        return is_weighed(self.package)


def sides_of(study: ChangeStudy, cohort: Cohort, book: Codebook) -> list[Side]:
    """Exposures, then policies, then levers."""
    shared = study.cluster or next(iter(book.role("family")), None)
    ranked = Adjustment(columns=[] if study.by is None else [study.by])  # a product needs both of its parts
    adjust, sides = book.adjustment(study.adjust).joined(ranked), list[Side]()

    def of_column(contrast: Contrast, policy: bool, given: Adjustment, cluster: str | None) -> Side:
        own, exposed = given.without(contrast.column), exposed_by(cohort, contrast)
        columns = (contrast.column, *own.columns)
        return Side(contrast.exposure, contrast.reference, exposed, policy, own, cluster, columns)

    sides += [of_column(contrast, False, adjust, shared) for contrast in study.contrasts(book)]
    if study.policies is not None:
        given, cluster = book.adjustment(study.policies.adjust).joined(ranked), study.policies.cluster
        sides += [of_column(contrast, True, given, cluster) for contrast in study.introduced(book)]
    for line in study.lines():
        first, *rest = (adjust if one.adjust is None else book.adjustment(one.adjust) for one in line.levers)
        own = first.joined(*rest, ranked)
        packages = line.packages()
        changed, among = packages[0].columns, None
        for column in changed:
            own = own.without(column)
        values = cohort.persons[changed].to_numpy(dtype=float, na_value=np.nan)
        exposed = Exposed(changed[0], values[:, 0], continuous=book.columns[changed[0]].type != "boolean")
        columns = (*changed, *own.columns)
        if line.among is not None:
            columns = (*columns, line.among.column)
            among = numbers_of(cohort, line.among.column) == (line.among.answer == "yes")
        for package in packages:
            keys = package.exposure, package.reference
            sides.append(Side(*keys, exposed, True, own, shared, columns, package, values[:, 1:], among))
    return sides


NOT_ON_BOTH_SIDES = "not known on the other side of the ledger"


class Drawing:
    """Draws the people of each change and outcome: those for whom everything that any change needs is known.

    Parameters
    ----------
    study, cohort, book
        What is studied, in whom.
    sides
        All changes.
    also
        Further columns that must be known.
    """

    def __init__(
        self, study: ChangeStudy, cohort: Cohort, book: Codebook, sides: Sequence[Side], also: Iterable[str] = ()
    ) -> None:
        self.study, self.cohort, self.book = study, cohort, book
        columns = {name for side in sides for name in side.columns} | set(also)
        self.lost = {NOT_ON_BOTH_SIDES: not_known(cohort.persons, sorted(columns))}
        self._exposed: Exposed | None = None
        self._drawn = dict[str, Sample]()

    def sample(self, side: Side, outcome: str, where: str) -> Sample:
        """Return the people of one change and outcome.

        All readings of one lever share them, and follow each other: those of other changes are not kept.
        """
        if self._exposed is not side.exposed:
            self._exposed, self._drawn = side.exposed, {}
        if outcome not in self._drawn:
            self._drawn[outcome] = draw_sample(
                self.cohort,
                side.exposed,
                side.adjust,
                self.book.outcomes[outcome],
                where,
                clusters=self.cohort.persons[side.cluster] if side.cluster else None,
                weights=self.study.weights,
                follow=self.study.follow,
                lost=self.lost,
            )
        return self._drawn[outcome]


def numbers_of(cohort: Cohort, column: str) -> Floats:
    """A column as numbers, (persons,): 0 and 1 of a yes/no one, NaN where not known."""
    return cohort.persons[column].to_numpy(dtype=float, na_value=np.nan)
