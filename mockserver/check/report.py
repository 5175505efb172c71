"""The result of a check as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mockserver.check.checker import ContractChecker
from mockserver.check.finding import CheckFinding
from mockserver.errors import count_noun


def summarize(checker: ContractChecker) -> list[str]:
    """A line for each scenario, and one for the whole contract."""
    lines = []
    for counts in checker.scenarios:
        records = ", ".join(f"{count} {resource}" for resource, count in counts.records.items()) or "no resources"
        lines.append(f"scenario {counts.name}: {records}; {counts.responses:,} responses validated")
    errors = count_errors(checker.findings)
    warnings = len(checker.findings) - errors
    result = f"{count_noun(errors, 'error') if errors else 'No errors'} found"
    result += f", {count_noun(warnings, 'warning')}." if warnings else "."
    operations = count_noun(len(checker.contract.operations), "operation")
    lines.append(f"{checker.contract.name}: {operations}, {checker.responses:,} responses validated. {result}")
    return lines


def as_dict(checker: ContractChecker | None, findings: Sequence[CheckFinding]) -> dict[str, Any]:
    """The result as JSON; without a checker, the contract could not be loaded because of the findings."""
    scenarios = [] if checker is None else checker.scenarios
    return {
        "contract": None if checker is None else checker.contract.name,
        "holds": not count_errors(findings),
        "operations": 0 if checker is None else len(checker.contract.operations),
        "answers": 0 if checker is None else checker.responses,
        "scenarios": [
            {"name": counts.name, "records": counts.records, "answers": counts.responses} for counts in scenarios
        ],
        "findings": [finding.as_dict() for finding in findings],
    }


def count_errors(findings: Sequence[CheckFinding]) -> int:
    """The number of findings that are errors."""
    return sum(finding.level == "error" for finding in findings)
