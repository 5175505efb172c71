"""What a check finds: errors, which must be corrected, and warnings."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from mockserver.contract.model import Contract, Scenario
from mockserver.documents.source import Source
from mockserver.errors import Problem

Level = Literal["error", "warning"]


class CheckFinding(Struct, frozen=True):
    """A problem in a file, and how severe it is."""

    level: Level
    problem: Problem

    def __str__(self) -> str:
        return str(self.problem) if self.level == "error" else f"{self.problem} (warning)"

    def as_dict(self) -> dict[str, str | int]:
        """The finding as JSON."""
        return {"level": self.level, **self.problem.as_dict()}


class ScenarioCounts(Struct):
    """What was validated in one scenario: records by resource, responses about records in all states, and requests."""

    name: str
    records: dict[str, int] = field(default_factory=dict)
    states: int = 0
    requests: int = 0

    @property
    def responses(self) -> int:
        """How many responses were validated."""
        return self.states + self.requests


def source_of(contract: Contract, scenario: Scenario) -> Source:
    """The scenario's file; the OpenAPI document if it has none."""
    return scenario.source or contract.openapi.source
