"""What a contract declares beside its OpenAPI document: resources, scenarios, and the contract that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.lifecycle import Lifecycle
from mockserver.documents.source import Note, Source, listed
from mockserver.documents.tree import Documents, Node
from mockserver.errors import Problem
from mockserver.openapi.model import Operation
from mockserver.schemas.shapes import Shape
from mockserver.schemas.validators import Schemas, Validator

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SortField:
    """One criterion of an order."""

    name: str
    descending: bool = False

    @classmethod
    def parse(cls, text: str) -> SortField:
        """Read `name`, or `-name` for descending."""
        return cls(text.lstrip("-"), text.startswith("-"))


@dataclass(frozen=True, slots=True)
class DerivedField:
    """A field that is computed on read: the first record of `resource` (in its own sort order) whose `reference`
    field is this record's key, mapped by its `field`; `none` where there is none.
    """

    name: str
    resource: str
    reference: str
    field: str
    values: Mapping[str, Any]
    none: Any


@dataclass(frozen=True, slots=True)
class Resource:
    """A declared collection. `key` is empty where it is append-only.

    `read_only` are fields that clients do not set, `write_only` those that they do not get. A record goes with the one
    that a field of `owned_by` refers to.
    """

    name: str
    schema: Node
    validator: Validator
    fields: Mapping[str, frozenset[str]]
    key: str = ""
    references: Mapping[str, str] = field(default_factory=dict)
    sort: tuple[SortField, ...] = ()
    derived: tuple[DerivedField, ...] = ()
    lifecycle: Lifecycle | None = None
    read_only: frozenset[str] = frozenset()
    write_only: frozenset[str] = frozenset()
    owned_by: frozenset[str] = frozenset()
    shape: Shape = field(default_factory=Shape, compare=False)


Mode = Literal["manual", "real", "per-request"]


@dataclass(frozen=True, slots=True)
class ClockPlan:
    """Where a run's clock begins (milliseconds since 1970) and what moves it.

    `floating` clocks begin at the machine's own time, and the fixtures' stamps move along. A recording's goes on from
    `now`, its commands folded. `step` is in milliseconds; `counted` are the operations that a per-request clock counts,
    all where it is None.
    """

    start: int
    mode: Mode = "manual"
    speed: float = 1.0
    step: int = 0
    counted: frozenset[str] | None = None
    floating: bool = False
    now: int | None = None

    @property
    def begins(self) -> int:
        """Where a run's clock stands at first."""
        return self.start if self.now is None else self.now


@dataclass(frozen=True, slots=True)
class Rule:
    """How a record moves on its own: in `state`, fire a transition after `least` to `most` milliseconds."""

    state: str
    fire: str
    least: int
    most: int
    where: Mapping[str, Any] = field(default_factory=dict)
    times: int | None = None

    def is_for(self, record: Record) -> bool:
        """Whether the record has the values that the rule asks for."""
        return all(record.get(name) == value for name, value in self.where.items())


@dataclass(frozen=True, slots=True)
class Override:
    """A response declared for an operation in place of the normal one; `entry` is it as it was written.

    `least` and `most` bound the delay in milliseconds. Without a status, body or example the normal answer is given,
    with the headers, the delay and the fault.
    """

    operation: str
    entry: Mapping[str, Any]
    where: Mapping[str, Any] = field(default_factory=dict)
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    has_body: bool = False
    body: Any = None
    example: str | None = None
    least: int = 0
    most: int = 0
    fault: str | None = None
    times: int | None = None
    commit: bool = False
    violate: bool = False

    @property
    def replaces(self) -> bool:
        """Whether it gives an answer of its own."""
        return self.status is not None or self.has_body or self.example is not None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named starting point.

    `progress` holds each resource's rules, of which the first that matches counts.
    `records` are the fixtures, with those the scenario puts over them in place; `put` the keys of the latter.
    `commands` are folded as part of the start. `data` is what the file says.
    """

    name: str
    summary: str
    clock: ClockPlan
    seed: int
    records: Mapping[str, tuple[Record, ...]]
    put: Mapping[str, frozenset[Any]]
    generate: Mapping[str, int]
    progress: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    responses: tuple[Override, ...] = ()
    commands: tuple[Mapping[str, Any], ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """The records of one folder by resource, and the files that they come from."""

    name: str
    records: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contract:
    """Everything declared in a contract directory, or in a bare OpenAPI file; `notes` are what is hardly meant.

    `behaviours` holds, by operationId, those of the operations that have one, in the order of `operations`.
    `collections` tells, in a line each, of the resources that were derived from the operations alone.
    """

    name: str
    root: Path
    documents: Documents
    openapi: Node
    schemas: Schemas
    operations: Mapping[str, Operation]
    resources: Mapping[str, Resource]
    datasets: Mapping[str, Dataset]
    scenarios: Mapping[str, Scenario]
    default_scenario: str
    built_in: bool = False
    notes: tuple[Note | Problem, ...] = ()
    collections: Mapping[str, str] = field(default_factory=dict)
    behaviours: Mapping[str, Behaviour] = field(default_factory=dict)

    @property
    def warnings(self) -> list[Problem]:
        """What was found to be wrong, and is served all the same, with lines: those take a moment to find."""
        return listed(self.notes)

    @property
    def broken_examples(self) -> int:
        """How many examples break their schemas, and are mended where they are served."""
        return sum(one.code == "example" for one in self.notes)

    def resource_named_by(self, operation: Operation, parameter: str) -> str | None:
        """The resource whose records a path parameter of an operation names, if the operation has a behaviour.

        The last parameter names a record of the behaviour's own resource, unless that is listed or created; any other
        names a record of the resource that the parameter's field refers to.
        """
        behaviour = self.behaviours.get(operation.id)
        if behaviour is None:
            return None
        if behaviour.kind not in ("list", "create") and parameter == operation.path_names[-1]:
            return behaviour.resource
        return self.resources[behaviour.resource].references.get(behaviour.field_of(parameter))

    def log_of(self, resource: Resource) -> tuple[Resource, str] | None:
        """The resource that logs this one's transitions, and its field that refers here."""
        if resource.lifecycle is None or resource.lifecycle.log is None:
            return None
        log = self.resources[resource.lifecycle.log]
        return log, next(name for name, target in log.references.items() if target == resource.name)
