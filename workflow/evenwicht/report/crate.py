"""A Workflow Run Crate: what was made, from what and by what, in terms that other software reads (RO-Crate 1.1).

The folder of results is the crate. It tells inputs by their digests alone: no name or path of a file of people's rows,
no user and no machine. So the run has no agent, and its command is spelled from its settings.

Sources: Workflow Run Crate 0.5, https://w3id.org/ro/wfrun/workflow/0.5; Leo et al., PLOS ONE 2024,
https://doi.org/10.1371/journal.pone.0309210.
"""

import datetime as dt
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

from evenwicht.base.digests import file_digest
from evenwicht.base.files import atomic_path, write_text
from evenwicht.base.shipped import PROJECT
from evenwicht.config import RunConfig
from evenwicht.report.provenance import began, commit, ended, versions

DESCRIPTION = "ro-crate-metadata.json"  # the name that RO-Crate gives it
WORKFLOW = "workflow/Snakefile"  # in the crate as in the project
SHA256 = "https://w3id.org/ro/terms/workflow-run/context"  # the word is in no context of RO-Crate 1.1 itself
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
BIOSCHEMAS = "https://bioschemas.org/profiles"
FORMATS = {".html": "text/html", ".csv": "text/csv"}
TYPES = {int: "Integer", bool: "Boolean", str: "Text"}
TERMS = "The holders of the data decide who may have the results. The workflow has a licence of its own."


@dataclass(frozen=True)
class Inputs:
    """What a run was given.

    Attributes
    ----------
    settings
        Settings of the run, by their key.
    titles
        Title of each cohort, by its name.
    cohort_files
        SHA-256 of each cohort file, by the name of the cohort.
    data
        SHA-256 of each of the user's own files, in their order, by the name of the cohort.
    """

    settings: Mapping[str, int | bool | str]
    titles: Mapping[str, str]
    cohort_files: Mapping[str, str]
    data: Mapping[str, list[str]]


def write_crate(inputs: Inputs, results: Sequence[Path], pictures: Path, folder: Path) -> None:
    """Describe a run, and put the Snakefile beside its results, which makes their folder a crate.

    Parameters
    ----------
    inputs
        What the run was given.
    results
        Files of the folder that the run made, pages and tables: each is told with its size and digest.
    pictures
        Folder of the figures, in the folder; told as one, since the pages hold them all.
    folder
        The crate. It gets `DESCRIPTION` and `WORKFLOW`, each written atomically.
    """
    from rocrate.rocrate import ROCrate

    with atomic_path(folder / WORKFLOW) as scratch:
        shutil.copyfile(PROJECT / WORKFLOW, scratch)
    crate = ROCrate(version="1.1")
    crate.metadata.extra_contexts.append(SHA256)
    made = [
        crate.add_file(dest_path=file.relative_to(folder), properties={"name": file.name, **_content(file)})
        for file in results
    ]
    drawn = {"name": "Figures", "description": "Every figure of the run; the pages hold them too."}
    made.append(crate.add_directory(dest_path=pictures.relative_to(folder), properties=drawn))
    terms = {"@type": "CreativeWork", "name": "Terms of the results", "description": TERMS}
    end = ended(results)
    root = {
        "name": f"Run of evenwicht: {', '.join(inputs.titles.values())}",
        "description": "Tables, figures and pages of a run, and what they were made from.",
        "datePublished": end.isoformat(timespec="seconds"),
        "license": _add(crate, "#terms", terms),
        "mentions": _run(crate, inputs, _workflow(crate, folder), made, end),
        "conformsTo": [
            _add(crate, profile, {"@type": "CreativeWork", "name": name, "version": Path(profile).name})
            for profile, name in PROFILES.items()
        ],
    }
    for key, value in root.items():
        crate.root_dataset[key] = value
    write_text(json.dumps(crate.metadata.generate(), indent=1, ensure_ascii=False) + "\n", folder / DESCRIPTION)


def _run(crate: Any, inputs: Inputs, workflow: Any, made: list[Any], end: dt.datetime) -> Any:
    """The run, which takes each input as a value of a parameter of the workflow."""
    given = _parameters(crate, inputs)
    workflow["input"] = list({parameter.id: parameter for _, parameter in given}.values())
    settings = " ".join(f"{key}={_spelled(value)}" for key, value in inputs.settings.items())
    properties = {
        "@type": "CreateAction",
        "name": "Run of evenwicht",
        "description": f"snakemake --config {settings}",
        "startTime": began().isoformat(timespec="seconds"),
        "endTime": end.isoformat(timespec="seconds"),
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "instrument": workflow,
        "object": [value for value, _ in given],
        "result": made,
    }
    return _add(crate, "#run", properties)


def _workflow(crate: Any, folder: Path) -> Any:
    """The Snakefile, its licence, and the software that ran it."""
    about, used, at = metadata("evenwicht"), versions(), commit(PROJECT)
    licence = about["License-Expression"]
    spdx = f"https://spdx.org/licenses/{licence}"
    properties = {
        **_content(folder / WORKFLOW),
        "name": "evenwicht",
        "description": about["Summary"],
        "encodingFormat": "text/plain",
        "version": f"{used['evenwicht']}, commit {at}" if at else used["evenwicht"],
        "conformsTo": {"@id": f"{BIOSCHEMAS}/ComputationalWorkflow/1.0-RELEASE"},
        "license": _add(crate, spdx, {"@type": "CreativeWork", "name": licence, "url": spdx}),
        "creator": _add(crate, "#developers", {"@type": "Organization", "name": about["Author"]}),
        "softwareRequirements": [_software(crate, name, version) for name, version in used.items()],
    }
    language = {"main": True, "lang": "snakemake", "lang_version": used["snakemake"]}
    return crate.add_workflow(dest_path=WORKFLOW, properties=properties, **language)


def _software(crate: Any, name: str, version: str) -> Any:
    """A package or Python, by its package URL (ECMA-427), which names no place."""
    kind = "generic" if name == "Python" else "pypi"
    properties = {"@type": "SoftwareApplication", "name": name, "softwareVersion": version}
    return _add(crate, f"pkg:{kind}/{name}@{version}".lower(), properties)


def _parameters(crate: Any, inputs: Inputs) -> list[tuple[Any, Any]]:
    """Each value that the run was given, with the parameter of the workflow that it is a value of."""

    def parameter(key: str, type_: str, description: str) -> Any:
        properties = {
            "@type": "FormalParameter",
            "name": key,
            "additionalType": type_,
            "description": description,
            "conformsTo": {"@id": f"{BIOSCHEMAS}/FormalParameter/1.0-RELEASE"},
        }
        return _add(crate, f"#parameter-{key}", properties)

    def given(key: str, name: str, value: int | bool | str, of: Any) -> tuple[Any, Any]:
        properties = {"@type": "PropertyValue", "name": name, "value": value, "exampleOfWork": of}
        entity = _add(crate, f"#{key}", properties)
        of.append_to("workExample", entity, compact=True)
        return entity, of

    known = RunConfig.model_fields
    pairs = [
        given(f"setting-{key}", key, value, parameter(key, TYPES[type(value)], known[key].description or key))
        for key, value in inputs.settings.items()
    ]
    described = parameter("cohort_file", "Text", "SHA-256 of the file that describes a cohort")
    pairs += [
        given(f"cohort-file-{name}", f"SHA-256 of the cohort file of {name}", digest, described)
        for name, digest in inputs.cohort_files.items()
    ]
    own = [(name, number, digest) for name, files in inputs.data.items() for number, digest in enumerate(files, 1)]
    if own:
        data = parameter("data", "Text", "SHA-256 of a file of people's rows, which is not in the crate")
        pairs += [
            given(f"data-{name}-{number}", f"SHA-256 of the data of {name}, file {number}", digest, data)
            for name, number, digest in own
        ]
    return pairs


def _add(crate: Any, identifier: str, properties: dict[str, Any]) -> Any:
    """Add what is no file of the folder."""
    from rocrate.model.contextentity import ContextEntity

    return crate.add(ContextEntity(crate, identifier, properties))


def _content(file: Path) -> dict[str, str]:
    facts = {"contentSize": f"{file.stat().st_size}", "sha256": file_digest(file)}
    return facts | ({"encodingFormat": FORMATS[file.suffix]} if file.suffix in FORMATS else {})


def _spelled(value: int | bool | str) -> str:
    """A setting as it is written on the command line."""
    return json.dumps(value) if isinstance(value, bool) else f"{value}"
