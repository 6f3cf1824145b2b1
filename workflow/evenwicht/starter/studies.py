"""Propose outcomes, and the studies that the columns of a cohort could support."""

from typing import Any

from evenwicht.starter.columns import Proposal


def outcomes(columns: list[Proposal]) -> dict[str, dict[str, Any]]:
    """Return an outcome for each column of that role which is a number or yes/no."""
    kinds = {"number": "continuous", "integer": "continuous", "boolean": "binary"}
    return {
        column.name: {"kind": kinds[column.settings["type"]], "column": column.name, "label": column.settings["label"]}
        for column in columns
        if column.role == "outcome" and column.settings["type"] in kinds
    }


def studies(columns: list[Proposal], measured: list[str]) -> dict[str, dict[str, Any]]:
    """Return a study of each kind that the roles allow, by id.

    Parameters
    ----------
    columns
        Those with a role.
    measured
        Outcomes to ask about.
    """
    by = {role: [column for column in columns if column.role == role] for role in {column.role for column in columns}}
    exposures = [_exposure(column) for role in ("exposure", "stressor") for column in by.get(role, [])]
    exposures = [exposure for exposure in exposures if exposure is not None]
    before = [column.name for role in ("sex", "baseline") for column in by.get(role, [])]
    made: dict[str, dict[str, Any]] = {}
    if not measured:
        return made
    weights = {"weights": by["weight"][0].name} if "weight" in by else {}
    if exposures:
        made["exposures"] = {"kind": "exposure", "exposures": exposures, "outcomes": measured, **weights}
        if before:
            made["exposures"]["adjust"] = {"columns": before}
    if exposures and by.get("family"):
        made["brothers_and_sisters"] = {"kind": "siblings", "exposures": exposures, "outcomes": measured}
    policies = [column.name for column in by.get("policy", []) if column.settings["type"] == "boolean"]
    if policies and by.get("cluster"):
        cluster = by["cluster"][0].name
        sides = {"exposures": policies, "outcomes": measured, "cluster": cluster}
        made["policy"] = {"kind": "policy", **sides, **({"adjust": {"columns": before}} if before else {})}
    return made


def _exposure(column: Proposal) -> Any:
    kind = column.settings["type"]
    if kind == "boolean":
        return column.name
    if kind in ("number", "integer"):
        return {"column": column.name, "per": "sd"}
    codes = list(column.settings.get("codes", {}))
    return {"column": column.name, "reference": codes[0]} if codes else None
