"""Validation of crates by the profiles that they name, without a network: contexts come from `contexts/`."""

import json
from io import BytesIO
from pathlib import Path

import pytest

CONTEXTS = {
    "https://w3id.org/ro/crate/1.1/context": "ro-crate-1.1.jsonld",
    "https://w3id.org/ro/terms/workflow-run/context": "workflow-run.jsonld",
}


def faults(crate: Path, monkeypatch: pytest.MonkeyPatch, cache: Path, severity: str = "REQUIRED") -> list[str]:
    """What the Workflow Run Crate profile, and those it builds on, find wrong with a crate."""
    import requests
    import urllib3
    from rocrate_validator import models, services

    def send(self: requests.adapters.HTTPAdapter, request: requests.PreparedRequest, **_: object) -> requests.Response:
        if request.url not in CONTEXTS:
            raise requests.ConnectionError(f"tests ask no network for {request.url}")
        content = (Path(__file__).parent / "contexts" / CONTEXTS[request.url]).read_bytes()
        headers = {"Content-Type": "application/ld+json"}
        answer = urllib3.HTTPResponse(BytesIO(content), headers=headers, status=200, preload_content=False)
        return self.build_response(request, answer)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    settings = services.ValidationSettings(
        rocrate_uri=crate,
        profile_identifier="workflow-run-crate",
        requirement_severity=models.Severity[severity],
        cache_path=cache,
    )
    result = services.validate(settings)
    assert result.executed_checks, "nothing was checked"
    return [f"{issue.check.identifier}: {issue.message}" for issue in result.get_issues()]


def entities(crate: Path) -> list[dict]:
    """All that a crate tells of."""
    return json.loads((crate / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
