"""Read config files and say, for every mistake, which file, which key and how to mend it."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from evenwicht import config as tree
from evenwicht.config import BinaryOutcome, CohortConfig, ContinuousOutcome, EventOutcome, Run, RunConfig
from evenwicht.config.refusals import Mistake, refusals
from evenwicht.errors import ConfigError, listed
from evenwicht.files import why_unreadable

Model = TypeVar("Model", bound=BaseModel)
MOST_MISTAKES = 12  # in one message
MOST_SHOWN = 80  # characters of a wrong value


class _UniqueKeyLoader(yaml.SafeLoader):
    """A YAML loader to which a key that stands twice is an error, not a silent overwrite."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Build one value; a date that does not exist or a key that is a list names its line too."""
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, TypeError) as error:
            raise yaml.MarkedYAMLError(problem=str(error), problem_mark=node.start_mark) from None


def _mapping(loader: _UniqueKeyLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if key in seen:
            raise yaml.MarkedYAMLError(problem=f"key '{key}' stands twice", problem_mark=key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises
    ------
    ConfigError
        If the file is missing, is no regular file, is not UTF-8 or YAML, holds a key twice or is not a mapping.
    """
    reason = why_unreadable(path)
    if reason is not None:
        raise ConfigError(reason, where=str(path), mend="Create it or correct the path in `cohorts` of the run config.")
    try:
        data = yaml.load(Path(path).read_text(encoding="utf-8-sig"), Loader=_UniqueKeyLoader)
    except UnicodeDecodeError:
        raise ConfigError("not UTF-8 text", where=str(path), mend="Save it as UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigError(
            f"not valid YAML: {error.problem}", where=f"{path}{line}", mend="Correct that line."
        ) from None
    except yaml.reader.ReaderError:
        raise ConfigError(
            "not valid YAML: it holds a character that is no text", where=str(path), mend="Is it a YAML file?"
        ) from None
    except RecursionError:
        raise ConfigError("nested too deeply", where=str(path), mend="Start from config/dunedin.yaml.") from None
    if not isinstance(data, dict):
        raise ConfigError("not a mapping of keys to values", where=str(path), mend="Start from config/dunedin.yaml.")
    return data


def validate(model: type[Model], data: Mapping[str, Any], where: str) -> Model:
    """Check `data` against a model of the tree; raise one ConfigError that lists every mistake by key path."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _config_error([_mistake(e, data) for e in error.errors()], where) from None


def load_cohort(path: str | Path) -> CohortConfig:
    """Read and check one cohort file, including references from studies to columns and outcomes."""
    cohort = validate(CohortConfig, read_yaml(path), str(path))
    mistakes = [*_broken_references(cohort), *refusals(cohort)]
    if mistakes:
        raise _config_error(mistakes, str(path))
    return cohort


def load_run(settings: Mapping[str, Any], where: str = "config/config.yaml", project: str | Path = ".") -> Run:
    """Check the run settings and every cohort file they name.

    Parameters
    ----------
    settings
        The parsed run config (Snakemake's `config`).
    where
        Name of the run config in messages.
    project
        Folder in which cohort files are looked for that are not in the working directory.

    Raises
    ------
    ConfigError
        With one line for each mistake: file, key path, what is wrong, how to mend it.
    """
    run = validate(RunConfig, settings, where)
    cohorts: dict[str, CohortConfig] = {}
    for index, path in enumerate(run.cohorts):
        with_project = Path(project) / path
        cohort = load_cohort(with_project if with_project.exists() and not Path(path).exists() else path)
        if cohort.name in cohorts:
            raise ConfigError(
                f"the name '{cohort.name}' is taken by an earlier cohort",
                where=f"{where}: cohorts.{index}",
                mend=f"Give `name` in {path} a value of its own.",
            )
        cohorts[cohort.name] = cohort
    return Run(settings=run, cohorts=cohorts)


def _config_error(mistakes: list[Mistake], where: str) -> ConfigError:
    (path, what, mend), *others = mistakes
    more = [f"\n{where}: {path}: {what}. {mend}" for path, what, mend in others[: MOST_MISTAKES - 1]]
    if len(mistakes) > MOST_MISTAKES:
        more.append(f"\n{where}: and {len(mistakes) - MOST_MISTAKES} more mistakes")
    return ConfigError(what, where=f"{where}: {path}", mend=mend + "".join(more))


def _mistake(error: Any, data: Mapping[str, Any]) -> Mistake:
    kind, got = error["type"], error["input"]
    path = _key_path(error["loc"], data, missing=kind == "missing")
    if kind == "extra_forbidden":
        key = str(error["loc"][-1])
        return path, "unknown key", f"{_suggest(key, _all_keys())}Remove it or correct its spelling."
    if kind == "missing":
        return path, "required key is missing", "Add it; the comments in config/ say what it means."
    if kind.startswith("union_tag"):
        return f"{path}.kind", error["msg"], "Choose one of the kinds named."
    if kind == "value_error":
        return path, str(error["ctx"]["error"]), "Correct these values together."
    shown = repr(got)
    shown = shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}..."
    return path, f"{error['msg'][0].lower()}{error['msg'][1:]} (got {shown})", "Correct the value."


def _key_path(location: tuple[int | str, ...], data: Any, missing: bool) -> str:
    """Turn pydantic's location into the key path a user wrote, leaving out the tags of unions."""
    parts: list[str] = []
    for position, part in enumerate(location):
        inside = isinstance(data, Mapping) and part in data
        inside = inside or (isinstance(data, list) and isinstance(part, int) and part < len(data))
        if inside:
            data = data[part]
        elif not (missing and position == len(location) - 1):
            continue
        parts.append(str(part))
    return ".".join(parts) or "(top level)"


def _all_keys() -> list[str]:
    return sorted({key for section in tree.json_schema()["$defs"].values() for key in section.get("properties", {})})


def _suggest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"Did you mean '{close[0]}'? " if close else ""


def _broken_references(cohort: CohortConfig) -> Iterator[Mistake]:
    """Yield every place where a study names a column or outcome that the cohort does not have."""
    columns, outcomes = list(cohort.columns), list(cohort.outcomes)

    def unknown(path: str, name: str, known: list[str], what: str) -> Iterator[Mistake]:
        if name not in known:
            listing = f"Known: {listed(known)}."
            yield path, f"'{name}' is not {what} of this cohort", f"{_suggest(name, known)}{listing}"

    def binary(path: str, name: str) -> Iterator[Mistake]:
        yield from unknown(path, name, columns, "a column")
        if name in columns and cohort.columns[name].type != "boolean":
            yield (
                path,
                f"'{name}' is not of type boolean",
                "Contrasts need a yes/no column; add one to `columns`.",
            )

    if sum(column.role == "id" for column in cohort.columns.values()) != 1:
        yield "columns", "there must be exactly one column with role 'id'", "Set the role of one column."
    for key, outcome in cohort.outcomes.items():
        if isinstance(outcome, ContinuousOutcome | BinaryOutcome):
            yield from unknown(f"outcomes.{key}.column", outcome.column, columns, "a column")
        events = getattr(cohort.source, "events", None)
        if isinstance(outcome, EventOutcome) and events is not None:
            yield from unknown(f"outcomes.{key}.event", outcome.event, [e.event for e in events], "an event")

    for index, name in enumerate(cohort.table1):
        yield from unknown(f"table1.{index}", name, columns, "a column")
    if cohort.concentration is not None and cohort.concentration.risk is not None:
        yield from unknown("concentration.risk", cohort.concentration.risk, columns, "a column")
    yield from _broken_scenarios(cohort)
    yield from _broken_event_study(cohort, unknown)
    individual, policy = cohort.individual, cohort.policy
    periods, reform = cohort.birth_periods, cohort.reform
    for section, births in (("birth_periods", periods), ("reform", reform)):
        if births is not None and sum(column.role == "birth_date" for column in cohort.columns.values()) != 1:
            yield section, "there must be exactly one column with role 'birth_date'", "Set the role of one column."
    if periods is not None:
        if periods.region is not None:
            yield from binary("birth_periods.region", periods.region)
        for index, planned in enumerate(periods.design_analysis):
            yield from unknown(
                f"birth_periods.design_analysis.{index}.outcome", planned.outcome, outcomes, "an outcome"
            )
    if reform is not None:
        yield from binary("reform.exposure", reform.exposure)
        if reform.first_stage is not None:
            yield from unknown("reform.first_stage", reform.first_stage, outcomes, "an outcome")
    if individual is not None:
        yield from binary("individual.exposure", individual.exposure)
        for index, name in enumerate(individual.modifiers):
            known = individual.adjust.columns
            yield from unknown(f"individual.modifiers.{index}", name, known, "an adjustment column")
    if policy is not None:
        for index, name in enumerate(policy.exposures):
            yield from binary(f"policy.exposures.{index}", name)
        if policy.instrument is not None:
            yield from unknown("policy.instrument", policy.instrument, policy.exposures, "a policy exposure")
        if policy.cluster is not None:
            yield from unknown("policy.cluster", policy.cluster, columns, "a column")
    for level, study in (
        ("individual", individual),
        ("policy", policy),
        ("birth_periods", periods),
        ("reform", reform),
    ):
        if study is None:
            continue
        for index, name in enumerate(study.outcomes):
            yield from unknown(f"{level}.outcomes.{index}", name, outcomes, "an outcome")
        for index, name in enumerate(study.adjust.columns):
            yield from unknown(f"{level}.adjust.columns.{index}", name, columns, "a column")
        for index, name in enumerate(study.adjust.quadratic):
            known = study.adjust.columns
            yield from unknown(f"{level}.adjust.quadratic.{index}", name, known, "an adjustment column")


def _broken_scenarios(cohort: CohortConfig) -> Iterator[Mistake]:
    """Yield every scenario that does not give a valid world."""
    if cohort.scenarios and not cohort.synthetic:
        yield "scenarios", "a real cohort has no world to change", "Remove them, or rehearse on a synthetic cohort."
        return
    for name in cohort.scenarios:
        try:
            cohort.in_scenario(name)
        except ValidationError as error:
            for mistake in error.errors():
                path, what, mend = _mistake(mistake, {"source": cohort.scenarios[name]})
                yield f"scenarios.{name}: {path}", what, mend


def _broken_event_study(cohort: CohortConfig, unknown: Callable[..., Iterator[Mistake]]) -> Iterator[Mistake]:
    """Yield every reference of the event study that leads nowhere."""
    study = cohort.event_study
    if study is None:
        return
    columns, outcomes = list(cohort.columns), list(cohort.outcomes)
    if not any(column.role == "birth_date" for column in cohort.columns.values()):
        yield "event_study", "the cohort has no column with role 'birth_date'", "Give the date of birth that role."
    yield from unknown("event_study.cluster", study.cluster, columns, "a column")
    for index, name in enumerate(study.adjust.columns):
        yield from unknown(f"event_study.adjust.columns.{index}", name, columns, "a column")
    for index, name in enumerate(study.outcomes):
        path = f"event_study.outcomes.{index}"
        yield from unknown(path, name, outcomes, "an outcome")
        outcome = cohort.outcomes.get(name)
        if outcome is not None and not (isinstance(outcome, EventOutcome) and outcome.time == "age"):
            yield (
                path,
                f"'{name}' is not a time to an event on the clock of age",
                "Study onset by age, or leave it out.",
            )
    for name in study.from_visit:
        yield from unknown("event_study.from_visit", name, study.outcomes, "an outcome of the event study")
