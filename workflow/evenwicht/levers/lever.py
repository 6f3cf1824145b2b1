"""Settings of one lever: a policy, programme or campaign that changes an exposure of children or their families.

Evidence on what a lever does is almost always divided: where one study found a gain, another found nothing or harm. A
lever therefore comes in three variants, each with its evidence, and a default only where the evidence has one.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from evenwicht.base.names import Name, Strict
from evenwicht.levers.figures import (
    WEAK,
    Amount,
    ByThird,
    Figure,
    ShareAmount,
    ShareChange,
    Sourced,
    Sweep,
    Value,
    ends,
    in_thirds,
    sourced,
)

VariantName = Literal["beneficial", "no_effect", "reversed"]
VARIANTS: tuple[VariantName, ...] = ("beneficial", "no_effect", "reversed")
Area = Literal[
    "supply_and_price",
    "leave",
    "child_care",
    "early_education",
    "health_visits",
    "income",
    "housing",
    "out_of_home_care",
    "advice",
    "family_and_community",
]
BY_THIRD: tuple[Area, ...] = ("leave", "child_care")
Age = Annotated[float, Field(ge=-1, le=120)]


class ActsOn(Strict):
    """What a lever changes, and by how much in those who take part."""

    exposure: Name = Field(description="Id of the exposure or state; levers with the same one act on the same thing")
    what: Annotated[str, Field(min_length=1)] = Field(description="The exposure or state in words")
    unit: Annotated[str, Field(min_length=1)] = Field(description="Of the dose")
    measure: Literal["amount", "yes_no", "relative"] = Field(
        description="amount: the dose is in the unit of the exposure. yes_no: it is the share of the exposed who are "
        "no longer exposed. relative: it is the share by which a rate or an amount changes"
    )
    direction: Literal["lowers", "raises"] = Field(description="What a dose above zero does to the exposure")
    least: float | None = Field(None, description="Amount below which nothing can be taken away; no bound if left out")
    dose: Amount = Field(description="Change of the exposure in one who takes part")

    @model_validator(mode="after")
    def _fits_the_measure(self) -> "ActsOn":
        if self.least is not None and self.measure != "amount":
            raise ValueError(f"least belongs to measure amount, not to {self.measure}: remove it")
        return self


class Variant(Strict):
    """One reading of the evidence: a dose of its own, or what the dose does."""

    evidence: Annotated[str, Field(min_length=1)] = Field(
        description="Where and when this was found, in one sentence that names the place; or that no study found it"
    )
    dose: Amount | None = Field(None, description="Takes the place of the dose of `acts_on`; below zero, it does harm")
    effect: Amount | None = Field(
        None,
        description="Multiple of the effect that the exposure has in the cohort: 1 as it is, 0 none, below zero the "
        "opposite",
    )
    lasting: Amount | None = Field(
        None, description="Part of the dose that does not fade, in its unit; nothing lasts if left out"
    )

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Variant":
        if (self.dose is None) == (self.effect is None):
            raise ValueError("a variant has either a dose of its own or an effect: give one of the two")
        return self

    @property
    def size(self) -> Value | Sweep | ByThird:
        """The number that sets this variant apart from the others."""
        size = self.dose if self.effect is None else self.effect
        assert size is not None  # one of the two is there
        return size


class NoEffect(Sourced):
    """The reading by which a lever changes nothing that matters."""

    evidence: Annotated[str, Field(min_length=1)] = Field(
        description="Where and when nothing was found, in one sentence that names the place; or that no study found it"
    )


class Variants(Strict):
    """All three readings: each lever has studies that disagree, or none that would settle it."""

    beneficial: Variant
    no_effect: NoEffect
    reversed: Variant

    @model_validator(mode="after")
    def _are_what_they_are_called(self) -> "Variants":
        if self.differ_in_effect != (self.reversed.effect is not None):
            raise ValueError("beneficial and reversed: give both a dose of their own, or both an effect")
        if max(in_thirds(self.beneficial.size)) <= 0:
            raise ValueError("beneficial: its middle value must be above zero in at least one third of SES")
        if min(in_thirds(self.reversed.size)) >= 0:
            raise ValueError("reversed: its middle value must be below zero in at least one third of SES")
        return self

    @property
    def differ_in_effect(self) -> bool:
        """Whether variants differ in what the dose does, and not in the dose."""
        return self.beneficial.effect is not None

    @property
    def with_effect(self) -> dict[str, Variant]:
        """The variants in which the lever does something, by name."""
        return {"beneficial": self.beneficial, "reversed": self.reversed}


class Cost(Strict):
    """What a lever costs; below zero if it brings in money."""

    amount: Figure = Field(description="Money, in the currency and at the prices of the year")
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = Field(description="Code of three letters: EUR")
    price_year: Annotated[int, Field(ge=1900, le=2100)] = Field(description="Year of the prices")
    payer: Annotated[str, Field(min_length=1)] = Field(description="Who pays, or receives")
    per: Literal["participant", "offer", "birth"] = Field(
        description="Whether it is spent on each who takes part, on each to whom it is offered, or over all births"
    )


class Lever(Strict):
    """A policy, programme or campaign: whom it reaches, what it changes, and how far that is known."""

    name: Name = Field(description="Id of the lever")
    label: str = Field(description="What it is called where it is shown")
    description: str = Field(description="What it is, in one plain sentence")
    area: Area = Field(description="Kind of policy; levers on leave and child care are given by third of SES")
    acts_on: ActsOn
    estimand: Literal["ITT", "TOT"] = Field(
        description="ITT: the dose is the mean of all to whom it is offered. TOT: it is that of those who take part, "
        "and is multiplied by uptake, once"
    )
    offered_to: Literal["everybody", "highest_risk"] = Field(
        "everybody",
        description="Whether reach is a share of people whatever their risk, or those whose predicted risk is highest",
    )
    reach: ShareAmount = Field(description="Share of births to which it is offered")
    uptake: ShareAmount | None = Field(None, description="Share of those who are offered it that take part")
    substitution: ShareAmount | None = Field(
        None, description="Share of participants who would have had the like of it anyway, so that nothing changes"
    )
    age_start: Age = Field(description="Age of the child at which it starts, years; before birth below zero")
    age_end: Age = Field(description="Age of the child at which it ends, years")
    retention: ShareAmount | None = Field(
        None, description="Share of what does not last that is left a year later; nothing fades if left out"
    )
    referral_effect: ShareChange | None = Field(
        None,
        description="Change of the share who are referred to youth care, of either sign, since visits detect as well "
        "as prevent: of those who take part, or of all to whom it is offered if the dose is that of the offer (ITT)",
    )
    cost: Cost | None = Field(None, description="Left out if no source gives it with its year")
    variants: Variants
    default_variant: VariantName | Literal["none"] = Field(
        description="Variant that is used where one is needed; none: all three stand side by side"
    )
    do_not_claim: list[Annotated[str, Field(min_length=1)]] = Field(
        min_length=1, description="What must not be said of this lever"
    )

    @model_validator(mode="after")
    def _hangs_together(self) -> "Lever":
        faults = [*self._faults_of_taking_part(), *self._faults_of_timing(), *self._faults_of_sizes(), *self._weak()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def shown(self) -> tuple[VariantName, ...]:
        """Names of the variants that results rest on: the default, or all of them if there is none."""
        return VARIANTS if self.default_variant == "none" else (self.default_variant,)

    def _faults_of_taking_part(self) -> Iterator[str]:
        if self.estimand == "TOT" and self.uptake is None:
            yield "uptake: an effect of taking part (TOT) needs it, to say how many take part"
        if self.cost is not None and self.cost.per == "participant" and self.uptake is None:
            yield "uptake: a cost for each who takes part needs it, to say how many take part"
        if self.estimand == "ITT" and self.substitution is not None:
            yield "substitution: an effect of the offer (ITT) has it in it already: remove it"
        if self.offered_to == "highest_risk" and isinstance(self.reach, ByThird):
            yield "reach: those at the highest risk are one share of all: give one number"

    def _faults_of_timing(self) -> Iterator[str]:
        if self.age_end < self.age_start:
            yield f"age_end: {self.age_end:g} comes before age_start, {self.age_start:g}"
        for name, variant in self.variants.with_effect.items():
            if variant.lasting is not None and self.retention is None:
                yield f"variants.{name}.lasting: nothing fades without retention: give it, or remove lasting"

    def _faults_of_sizes(self) -> Iterator[str]:
        if self.area in BY_THIRD and not isinstance(self.uptake, ByThird):
            yield f"uptake: give it by third of SES, {{low, middle, high}}: it differs for {self.area}"
        for name, variant in self.variants.with_effect.items():
            if self.area in BY_THIRD and not isinstance(variant.size, ByThird):
                yield f"variants.{name}: give it by third of SES, {{low, middle, high}}: it differs for {self.area}"
            least, most = ends(variant.dose or self.acts_on.dose)
            if self.acts_on.measure == "yes_no" and not -1 <= least <= most <= 1:
                yield f"variants.{name}: a dose on a yes/no exposure is a share between -1 and 1"

    def _weak(self) -> Iterator[str]:
        """Numbers that are used by default and remembered with low confidence."""
        for path, figure in sourced(self):
            unused = any(path.startswith(f"variants.{name}.") for name in VARIANTS if name not in self.shown)
            if figure.tag == WEAK and not unused:
                yield f"{path}: it is used by default and has the tag {WEAK}: read it in a source, or sweep it, tag S"


def on_one_thing(levers: Sequence[Lever]) -> bool:
    """Whether levers act on the same exposure, counted in the same way."""
    return len({(one.acts_on.exposure, one.acts_on.unit, one.acts_on.measure) for one in levers}) == 1


def _by_name(value: object, info: ValidationInfo) -> object:
    """A lever that is named is read from the file of that name, where the cohort file is read."""
    read = (info.context or {}).get(READER)
    return read(value) if isinstance(value, str) and read is not None else value


READER = "levers"  # key of the context of validation: a function from a name to the lever
LeverRef = Annotated[Lever, BeforeValidator(_by_name, json_schema_input_type=Name | Lever)]
