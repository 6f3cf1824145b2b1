"""What goes beside a release: each file with its class, its checks and its digest, and the rules with their sources.

Statuses are those of acro (pass, review, fail); classes are after the SACRO guide (Zenodo 10054629).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from evenwicht.disclosure.profiles import HOLDER_DECIDES, Profile

Status = Literal["pass", "review"]
# what each table is; a table of another name is not released
CLASSES = {
    "estimates": "linear aggregations, ratios, and model coefficients",
    "diagnostics": "model diagnostics",
    "flow": "frequencies",
    "states": "frequencies",
    "attrition": "frequencies",
    "table1": "frequencies, means and positions",
    "conclusions": "derived from released estimates",
    "survives": "derived from released estimates and diagnostics",
    "bias": "derived from released estimates",
    "replication": "derived from released estimates",
    "truth": "made-up worlds: no people",
    "calibration": "made-up worlds: no people",
    "calibration_fit": "made-up worlds: no people",
    "recovery": "made-up worlds: no people",
    "scenarios": "made-up worlds: no people",
    "coverage": "made-up worlds: no people",
    "verdicts": "made-up worlds: no people",
}
SHOWN = "drawn or written from released tables"


@dataclass(frozen=True)
class Check:
    """A check of a file: how it ended, and of how many numbers or rows it says so."""

    check: str
    status: Status
    number: int


@dataclass
class Manifest:
    """What is released under which rules."""

    profile: Profile
    version: str
    warnings: list[str] = field(default_factory=list)
    outputs: list[dict[str, object]] = field(default_factory=list)

    def add(self, folder: Path, file: Path, what: str, checks: Iterable[Check]) -> None:
        """Add a file of a folder, with what it is and how it was checked."""
        content = file.read_bytes()
        self.outputs.append(
            {
                "file": file.relative_to(folder).as_posix(),
                "class": what,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "checks": [asdict(check) for check in checks],
            }
        )

    def as_written(self) -> dict[str, object]:
        """Return all of it."""
        return {
            "holder_decides": HOLDER_DECIDES,
            "profile": self.profile.name,
            "title": self.profile.title,
            "evenwicht": self.version,
            "rules": dict(self.profile.sources),
            "warnings": self.warnings,
            "outputs": sorted(self.outputs, key=lambda one: str(one["file"])),
        }
