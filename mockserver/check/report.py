"""A proof as people and as programs read it."""

from __future__ import annotations

from typing import Any

from mockserver.check.finding import Finding
from mockserver.check.proof import Proof


def summary(proof: Proof) -> list[str]:
    """A line for each scenario, and one for all of it."""
    lines = []
    for one in proof.scenarios:
        counts = ", ".join(f"{count} {resource}" for resource, count in one.records.items()) or "no resources"
        lines.append(f"scenario {one.name}: {counts}; {one.states + one.answers:,} responses validated")
    errors = sum(one.level == "error" for one in proof.findings)
    warnings = len(proof.findings) - errors
    found = f"{counted(errors, 'error') if errors else 'No errors'} found" + (
        f", {counted(warnings, 'warning')}." if warnings else "."
    )
    name, operations = proof.contract.name, counted(len(proof.contract.operations), "operation")
    lines.append(f"{name}: {operations}, {proof.answers:,} responses validated. {found}")
    return lines


def as_dict(proof: Proof | None, findings: list[Finding]) -> dict[str, Any]:
    """A proof as JSON; without one, what kept the contract from being loaded."""
    scenarios = [] if proof is None else proof.scenarios
    return {
        "contract": None if proof is None else proof.contract.name,
        "holds": all(one.level != "error" for one in findings),
        "operations": 0 if proof is None else len(proof.contract.operations),
        "answers": 0 if proof is None else proof.answers,
        "scenarios": [
            {"name": one.name, "records": one.records, "answers": one.states + one.answers} for one in scenarios
        ],
        "findings": [one.as_dict() for one in findings],
    }


def counted(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
