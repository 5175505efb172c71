"""Findings where reviewers see them: as workflow commands of GitHub Actions, and as SARIF 2.1.0 for code scanning."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mockserver.check.finding import Finding
from mockserver.version import __version__

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def place(root: Path, file: str, here: Path) -> str:
    """The path of a contract's file as seen from where the command runs; absolute where it is elsewhere."""
    path = (root / file).resolve()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.as_posix()


def github(findings: Iterable[Finding], root: Path, here: Path) -> list[str]:
    """A workflow command for each finding."""
    lines = []
    for one in findings:
        problem = one.problem
        members = {"file": place(root, problem.file, here), "line": problem.line, "title": problem.code}
        told = ",".join(f"{name}={_member(str(value))}" for name, value in members.items() if value is not None)
        message = f"{problem.pointer}: {problem.message}" if problem.pointer else problem.message
        lines.append(f"::{one.level} {told}::{_text(message)}")
    return lines


def _text(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _member(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")


def sarif(findings: Iterable[Finding], root: Path, here: Path) -> dict[str, Any]:
    """The findings as one run of a SARIF log; each code is a rule."""
    findings = list(findings)
    rules = sorted({one.problem.code for one in findings})
    driver = {
        "name": "mockserver",
        "version": __version__,
        "rules": [{"id": code, "shortDescription": {"text": code.replace("-", " ")}} for code in rules],
    }
    results = [_result(one, rules, root, here) for one in findings]
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _result(finding: Finding, rules: list[str], root: Path, here: Path) -> dict[str, Any]:
    problem = finding.problem
    path = place(root, problem.file, here)
    # A path from the top is a URI only with its scheme.
    uri = Path(path).as_uri() if Path(path).is_absolute() else quote(path)
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if problem.line is not None:
        physical["region"] = {"startLine": problem.line}
    location: dict[str, Any] = {"physicalLocation": physical}
    if problem.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": problem.pointer}]
    same = hashlib.sha256(f"{problem.code}\n{problem.file}\n{problem.pointer}\n{problem.message}".encode()).hexdigest()
    return {
        "ruleId": problem.code,
        "ruleIndex": rules.index(problem.code),
        "level": finding.level,
        "message": {"text": problem.message},
        "locations": [location],
        "partialFingerprints": {"finding/v1": same},
    }
