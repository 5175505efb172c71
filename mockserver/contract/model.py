"""What a contract declares, frozen: operations, resources, scenarios, and the contract that holds them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.lifecycle import Lifecycle
from mockserver.documents.source import Note, Source, listed
from mockserver.documents.tree import Documents, Node
from mockserver.errors import Problem
from mockserver.openapi.security import RequiredCredential
from mockserver.schemas.shapes import COMPOUND, Shape
from mockserver.schemas.validators import Schemas, Validator

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ParameterStyle:
    """How a value is written as text: by style and explode (OpenAPI 3.1, section 4.8.12), or as `media` has it."""

    name: str
    location: str
    style: str
    explode: bool
    shape: Shape
    media: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the text is the value, without delimiters or prefixes."""
        return self.media is None and self.style in ("simple", "form") and self.shape.types.isdisjoint(COMPOUND)


@dataclass(frozen=True, slots=True)
class Header:
    """A response header, or that of a part of a body, as declared."""

    name: str
    required: bool
    schema: Node | None
    validator: Validator | None
    notation: ParameterStyle
    examples: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one field of a form is written: in one of the media types `kinds`, or by a notation."""

    kinds: tuple[str, ...] = ()
    headers: tuple[Header, ...] = ()
    notation: ParameterStyle | None = None


@dataclass(frozen=True, slots=True)
class MediaType:
    """One entry of a `content` map: its schema, if it has one, its examples by name, and what a form's fields are.

    `broken` names the examples that break the schema.
    """

    name: str
    schema: Node | None
    validator: Validator | None
    examples: Mapping[str, Any]
    encoding: Mapping[str, Encoding] = field(default_factory=dict)
    shape: Shape = field(default_factory=Shape, compare=False)
    broken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DeclaredResponse:
    """A declared response; `status` is `200`, `2XX` or `default`."""

    status: str
    media: Mapping[str, MediaType]
    headers: tuple[Header, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared parameter: `gathers` if its members are parameters of their own, `is_plain` as its notation is."""

    name: str
    location: str
    required: bool
    notation: ParameterStyle
    validator: Validator
    default: Any = None
    gathers: bool = False
    is_plain: bool = False
    may_be_empty: bool = False
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """A declared request body."""

    required: bool
    media: Mapping[str, MediaType]


@dataclass(frozen=True, slots=True)
class Operation:
    """A method and path of the OpenAPI document.

    `security` holds the ways to identify oneself, of which one is enough, each with the credentials that it needs.
    It answers below each of `prefixes` too.
    """

    id: str
    method: str
    path: str
    summary: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: Mapping[str, DeclaredResponse]
    behaviour: Behaviour | None = None
    security: tuple[tuple[RequiredCredential, ...], ...] = ()
    deprecated: bool = False
    prefixes: tuple[str, ...] = ()
    _successes: dict[int | None, tuple[int, DeclaredResponse] | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def route(self) -> str:
        """The path without the query that some documents write into it, which `query` holds."""
        return self.path.partition("?")[0]

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """What a request's query must hold, where the path says so; what a template stands for may be anything."""
        pairs = parse_qsl(self.path.partition("?")[2], keep_blank_values=True)
        return tuple((name, value) for name, value in pairs if "{" not in value)

    @property
    def path_names(self) -> tuple[str, ...]:
        """The names of the path parameters, in the order of the path."""
        return template_names(self.path)

    def named_by(self, name: str, resource: Resource) -> str | None:
        """The resource whose key a path parameter is: `resource`, which stands behind the operation, for the last one,
        unless that lists or makes records; else what the field of the parameter's name refers to.
        """
        listed = self.behaviour is None or self.behaviour.kind in ("list", "create")
        if not listed and name == self.path_names[-1]:
            return resource.name
        return resource.references.get(self.behaviour.field_of(name) if self.behaviour is not None else name)

    def response(self, status: int) -> DeclaredResponse | None:
        """The declared response for a status: exact, then its range, then `default` (OpenAPI 3.1, section 4.8.16)."""
        return (
            self.responses.get(str(status)) or self.responses.get(f"{status // 100}XX") or self.responses.get("default")
        )

    def success(self, preferred: int | None = None) -> tuple[int, DeclaredResponse] | None:
        """The status and response of success: `preferred` if declared, else the lowest 2xx, `2XX`, `default`."""
        if preferred not in self._successes:
            self._successes[preferred] = self._success(preferred)
        return self._successes[preferred]

    def _success(self, preferred: int | None) -> tuple[int, DeclaredResponse] | None:
        for status in (str(preferred), f"{preferred // 100}XX") if preferred is not None else ():
            if preferred is not None and status in self.responses:
                return preferred, self.responses[status]
        exact = sorted(status for status in self.responses if status.isdigit() and status[0] == "2")
        for status in (*exact, "2XX", "default"):
            if status in self.responses:
                number = int(status) if status.isdigit() else (preferred or 200)
                return number, self.responses[status]
        return None

    def lowest(self) -> tuple[int, DeclaredResponse] | None:
        """The lowest status that is declared, of whatever kind, and its response."""
        found = sorted(status for status in self.responses if status[:1].isdigit())
        return (int(found[0].upper().replace("X", "0")), self.responses[found[0]]) if found else None


def shape(path: str) -> str:
    """A path with its parameters unnamed: paths of the same shape match the same requests."""
    return re.sub(r"\{[^{}]*\}", "{}", path)


@lru_cache(maxsize=4096)
def template_names(path: str) -> tuple[str, ...]:
    """The parameter names in a path template, in order; not those in a query that is written into it."""
    return tuple(part.partition("}")[0] for part in path.partition("?")[0].split("{")[1:])


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

    @property
    def warnings(self) -> list[Problem]:
        """What was found to be wrong, and is served all the same, with lines: those take a moment to find."""
        return listed(self.notes)

    @property
    def broken_examples(self) -> int:
        """How many examples break their schemas, and are mended where they are served."""
        return sum(one.code == "example" for one in self.notes)

    def log_of(self, resource: Resource) -> tuple[Resource, str] | None:
        """The resource that logs this one's transitions, and its field that refers here."""
        if resource.lifecycle is None or resource.lifecycle.log is None:
            return None
        log = self.resources[resource.lifecycle.log]
        return log, next(name for name, target in log.references.items() if target == resource.name)
