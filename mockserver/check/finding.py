"""What a proof finds: mistakes, which must be mended, and what only looks like one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mockserver.contract.model import Contract, Scenario
from mockserver.documents.source import Source
from mockserver.errors import Problem

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake in a file, and how bad that is."""

    level: Level
    problem: Problem

    def __str__(self) -> str:
        return str(self.problem) if self.level == "error" else f"{self.problem} (warning)"

    def as_dict(self) -> dict[str, str | int]:
        """The finding as JSON."""
        return {"level": self.level, **self.problem.as_dict()}


@dataclass(slots=True)
class ScenarioCounts:
    """What was proved of one scenario: how many places of records, and how many answers."""

    name: str
    records: dict[str, int] = field(default_factory=dict)
    states: int = 0
    answers: int = 0


def source_of(contract: Contract, scenario: Scenario) -> Source:
    """The scenario's file; of one that has none, the contract's document."""
    return scenario.source or contract.openapi.source
