"""Read config files and say, for every mistake, which file, which key and how to fix it."""

import difflib
import re
import reprlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from evenwicht import config as tree
from evenwicht.base.errors import ConfigError, Mistake, listed
from evenwicht.base.files import why_unreadable
from evenwicht.base.shipped import PROJECT
from evenwicht.config import CohortConfig, Run, RunConfig
from evenwicht.config.cohort import merged
from evenwicht.levers.lever import READER, Lever

Model = TypeVar("Model", bound=BaseModel)
LEVERS = "levers"  # folder beside cohort files
SHIPPED = PROJECT / "config" / LEVERS
MOST_MISTAKES = 12  # in one message
MOST_SUGGESTED = 100  # mistakes for whose keys the nearest known one is looked up
MOST_BYTES, MOST_VALUES = 1_000_000, 200_000  # of a file
MOST_CHARACTERS = 10_000  # of one text
MOST_SHOWN = 80  # characters of a wrong value
OTHER_FORM = "string_type", "model_type"  # faults of a key that is text or a section, in the form that was not meant


class _UniqueKeyLoader(yaml.SafeLoader):
    """A YAML loader to which a key that stands twice is an error, not a silent overwrite."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> Any:
        """Tell what a bare word is; numbers are decimal."""
        if kind is yaml.ScalarNode and implicit[0] and _OTHER_NUMBERS.fullmatch(value):
            return self.DEFAULT_SCALAR_TAG
        return super().resolve(kind, value, implicit)

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


def _refused(_: _UniqueKeyLoader, node: yaml.Node) -> Any:
    raise yaml.MarkedYAMLError(problem="bytes, which would pass as text", problem_mark=node.start_mark)


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_UniqueKeyLoader.add_constructor("tag:yaml.org,2002:binary", _refused)
# YAML 1.1 also reads 010 as 8 and 1:30 as 90: here a whole number is decimal, and such a code or time stays as written
_OTHER_NUMBERS = re.compile(r"[-+]?(0[0-9_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)")
_SHOWN = reprlib.Repr()  # bounded in depth and length: a value may be millions once it is written out
_SHOWN.maxstring = _SHOWN.maxother = MOST_SHOWN


def _loaded(text: str) -> Any:
    loader = _UniqueKeyLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _require_few_values(node, {})
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _require_few_values(node: yaml.Node, counted: dict[int, int]) -> int:
    """Return how many values stand in a node once aliases are written out; few lines of aliases can be millions."""
    if id(node) in counted:
        return counted[id(node)]
    counted[id(node)] = MOST_VALUES + 1  # met again below itself, it has no end
    if isinstance(node, yaml.ScalarNode):
        _require_plain_text(node)
    below = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
    values = 1 if isinstance(node, yaml.ScalarNode) else 1 + sum(_require_few_values(part, counted) for part in below)
    if values > MOST_VALUES:
        problem = f"more than {MOST_VALUES} values once its aliases are written out"
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
    counted[id(node)] = values
    return values


def _require_plain_text(node: yaml.ScalarNode) -> None:
    if len(node.value) > MOST_CHARACTERS:
        problem = f"a text of {len(node.value)} characters; the longest may have {MOST_CHARACTERS}"
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
    try:
        node.value.encode()
    except UnicodeEncodeError:
        raise yaml.MarkedYAMLError(problem="half a character", problem_mark=node.start_mark) from None


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises
    ------
    ConfigError
        If the file is missing, is no regular file, is not UTF-8 or YAML, holds a key twice or is not a mapping.
    """
    reason = why_unreadable(path)
    if reason is not None:
        raise ConfigError(reason, where=str(path), fix="Create it or correct its path (in a run config: `cohorts`).")
    size = Path(path).stat().st_size
    if size == 0:  # so are files of the system, such as its log, that wait for ever
        raise ConfigError("the file is empty", where=str(path), fix="Start from config/dunedin.yaml.")
    if size > MOST_BYTES:
        raise ConfigError("too large for a config file", where=str(path), fix="Is it a YAML file of settings?")
    try:
        data = _loaded(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path), fix="Try again, or copy it.") from None
    except UnicodeDecodeError:
        raise ConfigError("not UTF-8 text", where=str(path), fix="Save it as UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigError(f"not valid YAML: {error.problem}", where=f"{path}{line}", fix="Correct that line.") from None
    except yaml.reader.ReaderError:
        raise ConfigError(
            "not valid YAML: it holds a character that is no text", where=str(path), fix="Is it a YAML file?"
        ) from None
    except RecursionError:
        raise ConfigError("nested too deeply", where=str(path), fix="Start from config/dunedin.yaml.") from None
    if not isinstance(data, dict):
        raise ConfigError("not a mapping of keys to values", where=str(path), fix="Start from config/dunedin.yaml.")
    return data


def validate(model: type[Model], data: Mapping[str, Any], where: str, levers: Path | None = None) -> Model:
    """Check `data` against a model of the tree; raise one ConfigError that lists every mistake by key path.

    Levers that it names are read from a folder of `levers`, if there is one, and else from those that evenwicht has.
    """
    checked, mistakes = tried(model, data, levers)
    if checked is None:
        raise _config_error(mistakes, where)
    return checked


def tried(
    model: type[Model], data: Mapping[str, Any], levers: Path | None = None
) -> tuple[Model | None, list[Mistake]]:
    """Check `data` as `validate` does; return what it describes, or None and its mistakes."""
    try:
        return model.model_validate(data, context={READER: lambda name: load_lever(levers or SHIPPED, name)}), []
    except ValidationError as error:
        return None, _mistakes(error, data)


def load_cohort(path: str | Path) -> CohortConfig:
    """Read and check one cohort file, including references from studies to columns and outcomes."""
    cohort = validate(CohortConfig, read_yaml(path), str(path), Path(path).parent / LEVERS)
    mistakes = mistakes_in(cohort)
    if mistakes:
        raise _config_error(mistakes, str(path))
    return cohort


def mistakes_in(cohort: CohortConfig) -> list[Mistake]:
    """Return every reference of a cohort file that leads nowhere, and every scenario that gives no world."""
    return [*cohort.check(), *_broken_scenarios(cohort)]


def load_lever(folder: Path, name: str) -> Lever:
    """Read and check the file of one lever: from this folder, or else one that evenwicht comes with.

    Raises
    ------
    ConfigError
        If the folder has no lever of that name, its file has another name in it, or mistakes.
    """
    files = {file.stem: file for place in (SHIPPED, folder) for file in place.glob("*.yaml")}
    path = files.get(name)
    if path is None:
        known = sorted(files)
        what = f"there is no lever '{name}'"
        raise ConfigError(what, where=str(folder), fix=f"{_suggest(name, known)}Known: {listed(known) or 'none'}.")
    lever = validate(Lever, read_yaml(path), str(path))
    if lever.name != name:
        raise ConfigError(f"its name is '{lever.name}'", where=str(path), fix="Give the file the name of the lever.")
    return lever


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
        With one line for each mistake: file, key path, what is wrong, how to fix it.
    """
    run = validate(RunConfig, settings, where)
    cohorts: dict[str, CohortConfig] = {}
    faults: list[ConfigError] = []
    for index, path in enumerate(run.cohorts):
        with_project = Path(project) / path
        try:
            cohort = load_cohort(with_project if with_project.exists() and not Path(path).exists() else path)
        except ConfigError as error:
            faults.append(error)
            continue
        if cohort.name in cohorts:
            taken = f"the name '{cohort.name}' is taken by an earlier cohort"
            fix = f"Give `name` in {path} a value of its own."
            faults.append(ConfigError(taken, where=f"{where}: cohorts.{index}", fix=fix))
        cohorts[cohort.name] = cohort
    if faults:
        raise faults[0].beside(faults[1:])
    return Run(settings=run, cohorts=cohorts)


def _broken_scenarios(cohort: CohortConfig) -> Iterator[Mistake]:
    if cohort.scenarios and not cohort.synthetic:
        yield Mistake(
            "scenarios", "a real cohort has no world to change", "Remove them, or rehearse on a synthetic cohort."
        )
        return
    for name, changes in cohort.scenarios.items():
        if not set(cohort.judged_in(name)) <= set(cohort.studies):
            continue  # the cohort's own check names them
        try:
            cohort.in_scenario(name)
        except ValidationError as error:
            world = {"source": merged(cohort.source.model_dump(mode="json"), changes)}
            for mistake in _mistakes(error, world):
                yield mistake._replace(path=f"scenarios.{name}: {mistake.path}")


def _config_error(mistakes: list[Mistake], where: str) -> ConfigError:
    faults = [mistake.error(where) for mistake in mistakes[:MOST_MISTAKES]]
    if len(mistakes) > MOST_MISTAKES:
        more = f"and {len(mistakes) - MOST_MISTAKES} more mistakes"
        faults.append(ConfigError(more, where=where, fix="Correct those above first."))
    return faults[0].beside(faults[1:])


def _mistakes(error: ValidationError, data: Mapping[str, Any]) -> list[Mistake]:
    """Every fault; that a value is not what it was not meant to be is none where text or a section may stand."""
    found = [
        (fault["type"] in OTHER_FORM, _mistake(fault, data, suggest=position < MOST_SUGGESTED))
        for position, fault in enumerate(error.errors())
    ]
    meant = {above for other_form, mistake in found if not other_form for above in _paths_to(mistake.path)}
    return [mistake for other_form, mistake in found if not (other_form and mistake.path in meant)]


def _paths_to(path: str) -> Iterator[str]:
    """The path, and those of all sections that it lies in."""
    parts = path.split(".")
    yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def _mistake(error: Any, data: Mapping[str, Any], suggest: bool) -> Mistake:
    kind, got = error["type"], error["input"]
    path = _key_path(error["loc"], data, missing=kind == "missing")
    if kind == "extra_forbidden":
        key = str(error["loc"][-1])
        known = _all_keys()
        if key in known:
            return Mistake(path, "no key of this section", "Move it to its own, see config/README.md, or remove it.")
        return Mistake(
            path, "unknown key", f"{_suggest(key, known) if suggest else ''}Remove it or correct its spelling."
        )
    if kind == "missing":
        return Mistake(path, "required key is missing", "Add it; config/README.md says what it means.")
    if kind.startswith("union_tag"):
        return Mistake(f"{path}.kind", error["msg"], "Choose one of the kinds named.")
    if kind == "value_error":
        return Mistake(path, str(error["ctx"]["error"]), "Correct these values together.")
    if kind == "dict_type" and got is None:
        return Mistake(path, "it is empty", "Add at least one entry.")
    shown = _SHOWN.repr(got)
    shown = shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}..."
    return Mistake(path, f"{error['msg'][0].lower()}{error['msg'][1:]} (got {shown})", "Correct the value.")


def _key_path(location: tuple[int | str, ...], data: Any, missing: bool) -> str:
    """Turn pydantic's location into the key path a user wrote, leaving out the tags of unions."""
    parts: list[str] = []
    tagged = False  # a key may have the name of its section's kind
    for position, part in enumerate(location):
        if not tagged and isinstance(data, Mapping) and part == data.get("kind"):
            tagged = True
            continue
        inside = isinstance(data, Mapping) and part in data
        inside = inside or (isinstance(data, list) and isinstance(part, int) and part < len(data))
        if inside:
            data, tagged = data[part], False
        elif not (missing and position == len(location) - 1):
            continue
        parts.append(str(part))
    return ".".join(parts) or "(top level)"


@cache
def _all_keys() -> list[str]:
    return sorted({key for section in tree.json_schema()["$defs"].values() for key in section.get("properties", {})})


def _suggest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"Did you mean '{close[0]}'? " if close else ""
