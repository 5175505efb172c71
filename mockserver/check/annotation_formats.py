"""CheckFindings for code review: as workflow commands of GitHub Actions, and as SARIF 2.1.0 for code scanning."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mockserver.check.finding import CheckFinding
from mockserver.version import __version__

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def display_path(root: Path, file: str, here: Path) -> str:
    """The path of a contract's file relative to `here`, the working directory; absolute if it is not below that."""
    path = (root / file).resolve()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.as_posix()


def as_github_commands(findings: Iterable[CheckFinding], root: Path, here: Path) -> list[str]:
    """A workflow command for each finding."""
    lines = []
    for finding in findings:
        problem = finding.problem
        properties = {"file": display_path(root, problem.file, here), "line": problem.line, "title": problem.code}
        annotation = ",".join(
            f"{name}={_escape_property(str(value))}" for name, value in properties.items() if value is not None
        )
        message = f"{problem.pointer}: {problem.message}" if problem.pointer else problem.message
        lines.append(f"::{finding.level} {annotation}::{_escape(message)}")
    return lines


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(findings: Iterable[CheckFinding], root: Path, here: Path) -> dict[str, Any]:
    """The findings as one run of a SARIF log; each code is a rule."""
    findings = list(findings)
    rules = sorted({finding.problem.code for finding in findings})
    driver = {
        "name": "mockserver",
        "version": __version__,
        "rules": [{"id": code, "shortDescription": {"text": code.replace("-", " ")}} for code in rules],
    }
    results = [_result(finding, rules, root, here) for finding in findings]
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _result(finding: CheckFinding, rules: list[str], root: Path, here: Path) -> dict[str, Any]:
    problem = finding.problem
    path = display_path(root, problem.file, here)
    # An absolute path needs a scheme to be a URI.
    uri = Path(path).as_uri() if Path(path).is_absolute() else quote(path)
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if problem.line is not None:
        physical["region"] = {"startLine": problem.line}
    location: dict[str, Any] = {"physicalLocation": physical}
    if problem.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": problem.pointer}]
    identity = f"{problem.code}\n{problem.file}\n{problem.pointer}\n{problem.message}"
    fingerprint = hashlib.sha256(identity.encode()).hexdigest()
    return {
        "ruleId": problem.code,
        "ruleIndex": rules.index(problem.code),
        "level": finding.level,
        "message": {"text": problem.message},
        "locations": [location],
        "partialFingerprints": {"finding/v1": fingerprint},
    }
