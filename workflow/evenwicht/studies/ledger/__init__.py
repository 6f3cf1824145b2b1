"""Both sides in one currency: what would change if an exposure were gone, and what a policy changes, over all."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import Mistake
from evenwicht.base.names import Name
from evenwicht.display.language import say
from evenwicht.levers.figures import Point, in_thirds
from evenwicht.levers.lever import LeverRef
from evenwicht.results.questions import HighRisk, Ledger, Question
from evenwicht.studies.changes import READINGS, ChangeStudy
from evenwicht.studies.study import OF_STUDY, Level, needs_binary, unknown

AT_LEAST, AT_MOST = "change_at_least", "change_at_most"  # at the ends of what is not known of a lever


class Settings(ChangeStudy):
    """Exposures that would be gone against policies and levers that would be there, in the same people and unit."""

    kind: Literal["ledger"]
    level: Level = "population"
    high_risk: LeverRef | None = Field(
        None, description="A programme for those at the highest risk, as all exposures and their covariates predict it"
    )
    doing_well: Name | None = Field(
        None, description="Yes/no exposure: how many of those exposed do well, and what each lever adds to that"
    )

    def check(self, book: Codebook) -> Iterator[Mistake]:
        yield from super().check(book)
        if self.doing_well is not None:
            exposed = [one.column for one in self.exposures]
            if self.doing_well in exposed:
                yield from needs_binary("doing_well", self.doing_well, book)
            else:
                yield from unknown("doing_well", self.doing_well, exposed, "an exposure", OF_STUDY)
        if self.high_risk is not None:
            if self.high_risk.offered_to != "highest_risk" or self.high_risk.acts_on.measure != "relative":
                what = f"{self.high_risk.name} does not lower the risk of those at the highest risk"
                yield Mistake("high_risk", what, "Put it among `levers`.")
            if self.high_risk.name in self.taken():
                yield Mistake("high_risk", f"'{self.high_risk.name}' is taken", "Give the other an id of its own.")

    def predictors(self, book: Codebook) -> Adjustment:
        """All that the risk is predicted from: exposures and their covariates."""
        adjust = book.adjustment(self.adjust)
        exposed = Adjustment(columns=list(dict.fromkeys(contrast.column for contrast in self.contrasts(book))))
        return adjust.joined(exposed)

    def programmes(self, point: Point = "mid") -> list[HighRisk]:
        """Return the programme for those at the highest risk in each reading of the evidence, if there is one."""
        lever = self.high_risk
        if lever is None:
            return []
        share, uptake = (1.0 if one is None else in_thirds(one, point)[1] for one in (lever.reach, lever.uptake))
        doses = {name: lever.variants.with_effect[name].dose or lever.acts_on.dose for name in READINGS}
        return [HighRisk(lever.name, name, share, uptake * in_thirds(dose, point)[1]) for name, dose in doses.items()]

    def asks(self, book: Codebook) -> list[Question]:
        ledger = Ledger(
            **self.changed(book),
            high_risk=tuple(self.programmes()),
            predictors=self.predictors(book),
            exposed=self.doing_well,
            weighed=tuple(self.weighed()),
        )
        return [*self.effects(book), ledger]

    def labels(self, book: Codebook) -> dict[tuple[str, str], str]:
        told = super().labels(book)
        if self.high_risk is not None:
            told |= {(self.high_risk.name, v): f"{self.high_risk.label}: {say(r)}" for v, r in READINGS.items()}
        policies = [(c.exposure, c.reference) for c in self.introduced(book)]
        policies += [(one.exposure, one.reference) for one in self.weighed()]
        exposures = [(c.exposure, c.reference) for c in self.contrasts(book)]
        return told | {
            (policy[0], exposure[0]): say(
                "{policy}, against {exposure} gone", policy=told[policy], exposure=told[exposure]
            )
            for policy in policies
            for exposure in exposures
        }
