"""One cohort: where it comes from, what its columns and outcomes are, and what is studied in it."""

from collections.abc import Iterable, Iterator
from functools import cached_property, reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, model_validator

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.codebook import Codebook
from evenwicht.base.columns import SINGLE, Column
from evenwicht.base.errors import Mistake, listed
from evenwicht.base.exposures import Contrast
from evenwicht.base.names import Name, Reason, Strict
from evenwicht.base.outcomes import (
    BinaryOutcome,
    ContinuousOutcome,
    CountOutcome,
    EventOutcome,
    Outcome,
    Sector,
    UseOutcome,
)
from evenwicht.base.sources import SourceSettings
from evenwicht.display.language import message, say
from evenwicht.ingest import SOURCES
from evenwicht.results.questions import Question
from evenwicht.studies import KINDS
from evenwicht.studies.study import StudySettings, all_known, covariate_mistakes, unknown
from evenwicht.worlds import WORLDS

if TYPE_CHECKING:
    Source = SourceSettings
    Study = StudySettings
else:
    Source = Annotated[reduce(or_, (*SOURCES, *WORLDS)), Field(discriminator="kind")]
    Study = Annotated[reduce(or_, KINDS), Field(discriminator="kind")]


AS_CONFIGURED = "as_configured"  # the scenario without changes
PEOPLE = message("people")  # what those counted are called if the file does not say
# what a study does not depend on
UNASKED: dict[str, Any] = {"scenarios": {}, "scenario_studies": [], "replicates": None, "table1": []}
TOGETHER = "light"  # the job of all studies that are not worth one of their own


class CohortConfig(Strict):
    """One cohort file."""

    name: Name = Field(description="Id of the cohort in every table and file")
    title: str = Field(description="What the cohort is called")
    description: str = Field(description="Where it comes from, for the reader of the report")
    members: str = Field(PEOPLE, description="What those counted are called, such as births or children")
    source: Source = Field(description="Real data, or the world that it is drawn from")
    columns: dict[Name, Column] = Field(default={}, description="Columns of `persons`; a world describes its own")
    sectors: dict[Name, Sector] = Field(default={}, description="Cost sectors; a world describes its own")
    outcomes: dict[Name, Outcome] = Field(default={}, description="What studies ask about")
    adjustments: dict[Name, Adjustment] = Field(default={}, description="Sets of covariates that studies name")
    studies: dict[Name, Study] = Field(description="Id of your choice -> study; at least one")
    scenarios: dict[Name, dict[str, Any]] = Field(
        default={}, description="Name -> changes to `source`: worlds in which studies must still be right"
    )
    scenario_studies: list[Name] | dict[Name, list[Name]] = Field(
        default=[], description="Studies that are run in all scenarios, or in each; those of policies if left out"
    )
    replicates: Annotated[int, Field(ge=20, le=10_000)] | None = Field(
        None, description="Fresh draws in `snakemake recovery`; as many as the run says if left out"
    )
    table1: list[Name] = Field(description="Columns described by exposure; at least one")
    unavailable: dict[Name, Reason] = Field(
        default={}, description="Id of what readers would look for and the cohort does not have -> why"
    )

    @model_validator(mode="after")
    def _names_are_free(self) -> "CohortConfig":
        if AS_CONFIGURED in self.scenarios:
            raise ValueError(f"a scenario must not be called '{AS_CONFIGURED}', the name of the world without changes")
        if TOGETHER in self.studies:
            raise ValueError(f"a study must not be called '{TOGETHER}', the name of the job of all light studies")
        return self

    @cached_property
    def codebook(self) -> Codebook:
        """What studies and worlds know of this file."""
        return Codebook(
            cohort=self.name,
            columns={**self.source.generated, **self.columns},
            outcomes=self.outcomes,
            adjustments=self.adjustments,
            sectors={**self.source.described_sectors, **self.sectors},
            events=self.source.followed,
            windows=self.source.cost_windows,
            measures=self.source.measured,
            changing=self.source.changing,
            words=self.source.words,
            title=self.title,
            description=self.description,
        )

    @property
    def counted(self) -> str:
        """What those counted are called: as the file says, else people, in the language of the moment."""
        return say(PEOPLE) if self.members == PEOPLE else self.members

    @property
    def synthetic(self) -> bool:
        """Whether the cohort is drawn from a world with known truth."""
        return self.source.synthetic

    @property
    def questions(self) -> list[Question]:
        """What the studies ask the truth registry for."""
        return [question for study in self.studies.values() for question in study.asks(self.codebook)]

    @property
    def jobs(self) -> dict[str, list[str]]:
        """Names of the studies that each job runs: heavy ones alone, the others together."""
        jobs = {name: [name] for name, study in self.studies.items() if study.heavy}
        light = [name for name in self.studies if name not in jobs]
        return {**({TOGETHER: light} if light else {}), **jobs}

    @property
    def described_by(self) -> Contrast | None:
        """The exposure by which people are described: the first yes/no one of an individual."""
        shown = (
            contrast
            for study in self.studies.values()
            if study.level == "individual"
            for contrast in study.exposures_shown(self.codebook)
        )
        return next((contrast for contrast in shown if not contrast.continuous), None)

    def needed(self, studies: Iterable[str] = ()) -> dict[str, Any]:
        """Return what the numbers of some studies depend on, as JSON: a cohort file with these studies and no words.

        Without studies it is what the people are made from. A job that is given no more need not run again when
        anything else in the file changes.
        """
        data = self.model_dump(mode="json", exclude={"unavailable"})
        chosen = {name: data["studies"][name] for name in studies}
        sets = data["adjustments"] if chosen else {}
        return without_words({**data, "adjustments": sets, "studies": chosen, **UNASKED})

    def in_scenario(self, name: str) -> "CohortConfig":
        """The same cohort in a world with the changes of a scenario, with the studies that are run in scenarios.

        Raises
        ------
        ValidationError
            If the changes do not give a valid world.
        """
        data = self.model_dump(mode="json")
        source = merged(data["source"], self.scenarios[name])
        studies = {study: data["studies"][study] for study in self.judged_in(name)}
        return CohortConfig.model_validate({**data, **UNASKED, "source": source, "studies": studies})

    def judged_in(self, scenario: str) -> list[str]:
        """Names of the studies that are run in a scenario."""
        named = self.scenario_studies
        chosen = named.get(scenario, []) if isinstance(named, dict) else named
        return chosen or [name for name, study in self.studies.items() if study.level == "policy"]

    def check(self) -> Iterator[Mistake]:
        """Yield every reference that leads nowhere, and everything a study names but cannot use."""
        for mistake in self._mistakes():
            why = self.unavailable.get(mistake.name)
            yield (
                mistake
                if why is None
                else mistake._replace(
                    what=f"{mistake.what}; it is unavailable: {why}", fix="Remove it here, or from `unavailable`."
                )
            )

    def _mistakes(self) -> Iterator[Mistake]:
        book = self.codebook
        if len(book.role("id")) != 1:
            yield Mistake("columns", "there must be exactly one column with role 'id'", "Set the role of one column.")
        for role in SINGLE:
            if len(found := book.role(role)) > 1:
                yield Mistake("columns", f"{listed(found)} have role {role}, and one can", "Keep the role of one.")
        for path, sector in self.source.cost_sectors.items():
            yield from unknown(path, sector, book.sectors, "a sector")
        for name, column in self.columns.items():
            if column.file is not None:
                yield from unknown(f"columns.{name}.file", column.file, self.source.further_files, "a further file")
            if column.file is not None and column.role == "id":
                yield Mistake(f"columns.{name}.file", "the identifier stands in the main table", "Leave it out.")
        used = {*self.source.files_used, *(column.file for column in self.columns.values())}
        for file in self.source.further_files:
            if file not in used:
                yield Mistake(f"source.files.{file}", "nothing names this file", "Name it as `file`, or remove it.")
        for path, name in self.source.dates_named.items():
            yield from unknown(path, name, book.columns, "a column")
            if name in book.columns and book.columns[name].type != "date":
                yield Mistake(path, f"'{name}' is of type {book.columns[name].type}, not a date", "Name a date.")
        for path, name in self.source.outcomes_named.items():
            yield from unknown(path, name, self.outcomes, "an outcome")
        for key, outcome in self.outcomes.items():
            for mistake in _outcome_mistakes(outcome, self):
                yield mistake.under("outcomes", key)
        for key, adjust in self.adjustments.items():
            for mistake in covariate_mistakes(adjust, book):
                yield mistake.under("adjustments", key)
        for key, study in self.studies.items():
            for mistake in study.check(book):
                yield mistake.under("studies", key)
        if isinstance(self.scenario_studies, dict):
            yield from all_known("scenario_studies", list(self.scenario_studies), self.scenarios, "a scenario")
            for key, judged in self.scenario_studies.items():
                yield from all_known(f"scenario_studies.{key}", judged, self.studies, "a study")
        else:
            yield from all_known("scenario_studies", self.scenario_studies, self.studies, "a study")
        for key in ("studies", "table1"):
            if not getattr(self, key):
                yield Mistake(key, "it is empty", "Add at least one entry.")
        for key in self.unavailable:
            if key in {*book.columns, *book.outcomes, *book.events, *book.sectors}:
                yield Mistake(f"unavailable.{key}", "the cohort has it", "Remove it here, or where it is described.")
        yield from all_known("table1", self.table1, book.columns, "a column")
        for index, name in enumerate(self.table1):
            if name in book.columns and book.columns[name].role == "id":
                yield Mistake(f"table1.{index}", f"'{name}' is an identifier", "Remove it: it describes nobody.")


def _outcome_mistakes(outcome: Outcome, config: CohortConfig) -> Iterator[Mistake]:
    book = config.codebook
    if isinstance(outcome, ContinuousOutcome | BinaryOutcome | CountOutcome):
        yield from unknown("column", outcome.column, book.columns, "a column")
        fitting = ["boolean"] if isinstance(outcome, BinaryOutcome) else ["number", "integer"]
        column = book.columns.get(outcome.column)
        if column is not None and column.type not in fitting:
            yield Mistake(
                "column",
                f"'{outcome.column}' is of type {column.type}; a {outcome.kind} outcome is of type "
                f"{' or '.join(fitting)}",
                "Correct `kind`, or the type of the column.",
            )
    elif isinstance(outcome, EventOutcome):
        yield from unknown("event", outcome.event, book.events, "an event")
    else:
        yield from unknown("window", outcome.window, book.windows, "a window of costs")
    if isinstance(outcome, UseOutcome):
        yield from unknown("sector", outcome.sector, book.sectors, "a sector")


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with changes, section by section."""
    both = {k: merged(base[k], v) for k, v in changes.items() if isinstance(v, dict) and isinstance(base.get(k), dict)}
    return {**base, **changes, **both}


WORDS = {"label", "title", "description", "members"}
CODES = {"into"}  # codes of any text, which may look like words


def without_words(data: Any) -> Any:
    """Return dumped settings without labels, titles and descriptions: no number depends on them.

    They are empty, but for labels of codes, where the first code with a label stands for it: codes with one label are
    one level.
    """
    if isinstance(data, list):
        return [without_words(item) for item in data]
    if not isinstance(data, dict):
        return data
    return {key: _without_words(key, value) for key, value in data.items()}


def _without_words(key: str, value: Any) -> Any:
    if key in CODES:
        return value
    if key in WORDS and isinstance(value, str):
        return ""
    if key == "codes" and isinstance(value, dict) and all(isinstance(label, str) for label in value.values()):
        first: dict[str, str] = {}
        return {code: first.setdefault(label, code) for code, label in value.items()}
    return without_words(value)
