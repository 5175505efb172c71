"""What a contract declares beside its OpenAPI document: resources, scenarios, and the contract that holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.lifecycle import Lifecycle
from mockserver.contract.request_conditions import Conditions, ParameterCondition
from mockserver.documents.nodes import Documents, Node
from mockserver.documents.source import DeferredProblems, Source, list_problems
from mockserver.errors import Problem
from mockserver.handlers.python import ContractPython, PythonFunction
from mockserver.openapi.examples import BrokenExample, DeclaredExample, find_broken
from mockserver.openapi.model import Operation
from mockserver.schemas.inline_schemas import InlineSchema
from mockserver.schemas.shapes import Shape
from mockserver.schemas.validators import Schemas, Validator
from mockserver.schemas.write_only import without_write_only

if TYPE_CHECKING:
    from mockserver.contract.upstream import Upstream
    from mockserver.contract.webhooks.callbacks import Callbacks
    from mockserver.contract.webhooks.model import Webhook

Record = Mapping[str, Any]
# The key of a single record that no parameter of a path names.
SINGLE_KEY = 1
# Of contracts with more characters, examples are validated when they are first used.
EXAMPLES_LIMIT = 16_000_000


class SortField(Struct, frozen=True):
    """One criterion of a sort order."""

    name: str
    descending: bool = False

    @classmethod
    def parse(cls, text: str) -> SortField:
        """Read `name`, or `-name` for descending."""
        return cls(text.lstrip("-"), text.startswith("-"))


class DerivedField(Struct, frozen=True):
    """A field that is computed on read from another resource.

    It takes the first record of `resource`, in that resource's sort order, whose `reference` field is this record's
    key, and maps the value of its `field` by `values`; `none` is the value if there is no such record.
    """

    name: str
    resource: str
    reference: str
    field: str
    values: Mapping[str, Any]
    none: Any


class ComputedField(Struct, frozen=True):
    """A field that a function of `handlers.py` computes on read; where a record is stored, `none` stands in for it."""

    name: str
    function: PythonFunction
    none: Any


class Resource(Struct, frozen=True):
    """A declared collection of records; without a `key` it is append-only.

    `fields` holds the JSON types of each field, `references` the resource that a field refers to. Clients do not set
    `read_only` fields and do not receive `write_only` ones, nor, with `nests_write_only`, such members of members. A
    record is removed with the one that an `owned_by` field refers to. `hidden` fields, which are references or the
    key, are kept with a record beside what its schema describes. `links` are references that generated records have,
    and that nothing requires. With `single`, there is one record, or one for each value of a key that the path gives.
    `joined` are the hidden fields that join the values of other fields, by name: the key, where records have a key of
    their own only below their owner, and references to such records.
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
    nests_write_only: bool = False
    owned_by: frozenset[str] = frozenset()
    fill: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    single: bool = False
    links: Mapping[str, str] = field(default_factory=dict)
    joined: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shape: Shape = field(default_factory=Shape)
    computed: tuple[ComputedField, ...] = ()

    @property
    def key_fields(self) -> tuple[str, ...]:
        """The fields that identify a record together: those of `unique_within`, and the one that clients know."""
        return self.joined.get(self.key, (self.key,))

    @property
    def local_key(self) -> str:
        """The field that identifies a record to clients; of records below an owner, among those of the same owner."""
        return self.key_fields[-1]

    @property
    def unique_within(self) -> tuple[str, ...]:
        """The fields of the owner below which the local key is unique; none where it is unique by itself."""
        return self.key_fields[:-1]

    @property
    def is_set(self) -> bool:
        """Whether records have nothing but references: to a record of another resource, and to their owners."""
        return bool(self.references) and self.fields.keys() <= self.references.keys() | self.joined.keys()

    def returned_by(self, behaviour: Behaviour) -> str:
        """The name of the resource whose records an operation on this one returns."""
        return self.name if behaviour.shown is None else self.references[behaviour.shown]

    @property
    def owner_fields(self) -> frozenset[str]:
        """The fields that say which records own this one, none of which joins others."""
        owners = (self.joined.get(name, (name,)) for name in self.owned_by)
        return frozenset(self.unique_within).union(*owners)

    def target(self, name: str) -> str | None:
        """The resource that a field refers to, by itself or as the last of the fields that are joined."""
        joined = (self.references.get(other) for other, parts in self.joined.items() if parts[-1] == name)
        return self.references.get(name) or next(filter(None, joined), None)

    def visible(self, record: Record) -> Record:
        """The record without its hidden fields."""
        if not self.hidden:
            return record
        return {name: value for name, value in record.items() if name not in self.hidden}

    @property
    def conceals(self) -> bool:
        """Whether clients may not see all members of a record."""
        return bool(self.hidden or self.write_only or self.nests_write_only)

    def shown(self, record: Record) -> Record:
        """The record as clients see it: without what is hidden or write-only; itself if it has none of it."""
        if self.nests_write_only:
            return without_write_only(self.visible(record), self.shape)  # type: ignore[no-any-return]
        if self.hidden.isdisjoint(record) and self.write_only.isdisjoint(record):
            return record
        return {name: value for name, value in record.items() if name not in self.hidden | self.write_only}

    @property
    def derived_fields(self) -> tuple[DerivedField | ComputedField, ...]:
        """The fields that are computed on read, by declarations or by functions."""
        return (*self.derived, *self.computed)


Mode = Literal["manual", "real", "per-request"]


class ClockPlan(Struct, frozen=True):
    """Where a run's clock starts (milliseconds since 1970) and what moves it.

    A clock that `starts_now` starts at the machine's time, and the fixtures' stamps are shifted by as much. A recording
    continues from `now`. `step` is in milliseconds; `counted` are the operations that move a per-request clock, None
    standing for all.
    """

    start: int
    mode: Mode = "manual"
    speed: float = 1.0
    step: int = 0
    counted: frozenset[str] | None = None
    starts_now: bool = False
    now: int | None = None

    @property
    def initial(self) -> int:
        """The time of a new run."""
        return self.start if self.now is None else self.now


class Rule(Struct, frozen=True):
    """How a record changes by itself: `transition` fires `min_wait` to `max_wait` milliseconds after entering `state`.

    It applies to records with the values of `where`, `times` per record (None: without limit).
    """

    state: str
    transition: str
    min_wait: int
    max_wait: int
    where: Mapping[str, Any] = field(default_factory=dict)
    times: int | None = None

    def applies_to(self, record: Record) -> bool:
        """Whether the record has the values of `where`."""
        return all(record.get(name) == value for name, value in self.where.items())


class Override(Struct, frozen=True):
    """A response declared for an operation in place of the normal one; `entry` is the declaration as written.

    `headers` holds the values of each header. `media_type` is that of the body, where there is one. The delay is
    `min_delay` to `max_delay` milliseconds. Without a status, body or example, the normal response is sent with the
    override's headers, delay and fault. It is for requests to `operation`, None standing for every operation, with the
    parameters of `where` that meet the `conditions`, and for that `share` of them. A stream of events ends after
    `cut_after` of them. With `upstream`, the real backend responds. If it `patches`, `patch` is applied to the body of
    the response (RFC 7396). `assigned` are members that the operation writes into the record that it creates or
    changes, in place of its own. The body, the patch and the headers of a template have runtime expressions in them.
    """

    operation: str | None
    entry: Mapping[str, Any]
    where: Mapping[str, ParameterCondition] = field(default_factory=dict)
    conditions: Conditions | None = None
    share: float = 1.0
    status: int | None = None
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    has_body: bool = False
    body: Any = None
    media_type: str | None = None
    example: str | None = None
    min_delay: int = 0
    max_delay: int = 0
    fault: str | None = None
    times: int | None = None
    commit: bool = False
    violate: bool = False
    upstream: bool = False
    patches: bool = False
    patch: Any = None
    cut_after: int | None = None
    assigned: Mapping[str, Any] = field(default_factory=dict)
    is_template: bool = False

    @property
    def replaces(self) -> bool:
        """Whether the normal response is replaced, not only amended."""
        return self.status is not None or self.has_body or self.example is not None


class Scenario(Struct, frozen=True):
    """A named starting point.

    `records` are the fixtures merged with the scenario's own records, whose keys are in `put_keys`. `generate` is the
    number of records to generate by resource. Of a resource's `progress` rules the first that applies counts.
    `commands` are carried out as part of the start. `data` is the content of the file.
    """

    name: str
    summary: str
    clock: ClockPlan
    seed: int
    records: Mapping[str, tuple[Record, ...]]
    put_keys: Mapping[str, frozenset[Any]]
    generate: Mapping[str, int]
    progress: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    responses: tuple[Override, ...] = ()
    commands: tuple[Mapping[str, Any], ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    source: Source | None = None


class Dataset(Struct, frozen=True):
    """The records of one folder of `fixtures/` by resource, and the files that they come from."""

    name: str
    records: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)


class ChannelReply(Struct, frozen=True):
    """What is sent in response to a message of a client that matches a JSON Schema."""

    match: InlineSchema
    message: Any


class Channel(Struct, frozen=True):
    """A path at which clients open a WebSocket; `operation` stands for the request that does so.

    It sends the events of `resource`, if there is one, whose records have the values of `where`; of a list, one of
    them, each as its `message` says, if there is one. The first of the `replies` whose schema a client's message
    matches responds to it.
    """

    path: str
    operation: Operation
    resource: str | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    replies: tuple[ChannelReply, ...] = ()
    message: Any = None


class Contract(Struct, frozen=True):
    """Everything declared in a contract directory, or in a single OpenAPI file.

    `behaviours` holds the behaviour of each operation that has one, by operationId, in the order of `operations`.
    `findings` are the warnings of loading, their lines not looked up yet; those about `examples`, which are found on
    demand, are not among them. `inferred` describes each resource that was inferred from the operations, in a line, and
    `without_state` says of each other operation why it returns samples. `python` holds the functions of `handlers.py`,
    if there is one, and `upstream` is the real backend, if one is named. `channels` are by path, `webhooks` by name,
    `callbacks` by operationId.
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
    findings: tuple[DeferredProblems | Problem, ...] = ()
    inferred: Mapping[str, str] = field(default_factory=dict)
    without_state: Mapping[str, str] = field(default_factory=dict)
    behaviours: Mapping[str, Behaviour] = field(default_factory=dict)
    python: ContractPython | None = None
    upstream: Upstream | None = None
    channels: Mapping[str, Channel] = field(default_factory=dict)
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    callbacks: Callbacks = field(default_factory=dict)
    examples: tuple[DeclaredExample, ...] = ()

    @property
    def warnings(self) -> list[Problem]:
        """The warnings of loading and about examples with their lines, which are looked up on each call."""
        return list_problems((*self.findings, *self._broken_examples()))

    @property
    def defers_examples(self) -> bool:
        """Whether there are so many examples that each is validated when it is first used, and not at the start."""
        return bool(self.examples) and self.documents.size > EXAMPLES_LIMIT

    @property
    def invalid_examples(self) -> int:
        """The number of examples that violate their schemas and are repaired when served; validates those left."""
        return len(self._broken_examples())

    def _broken_examples(self) -> list[BrokenExample]:
        return find_broken(self.examples, is_repaired=True)

    def resource_named_by(self, operation: Operation, parameter: str) -> str | None:
        """The resource whose records a path parameter of an operation names, if the operation has a behaviour.

        The last parameter names a record of the behaviour's own resource, unless that is listed or created; any other
        names a record of the resource that the parameter's field refers to.
        """
        behaviour = self.behaviours.get(operation.id)
        if behaviour is None:
            return None
        if parameter == behaviour.key_parameter(operation.path_names):
            return behaviour.resource
        return self.resources[behaviour.resource].target(behaviour.field_of(parameter))

    @property
    def implemented(self) -> frozenset[str]:
        """The operations that have a behaviour or a handler, by operationId."""
        return frozenset((*self.behaviours, *(self.python.handlers if self.python is not None else ())))

    def log_of(self, resource: Resource) -> tuple[Resource, str] | None:
        """The resource that logs this one's transitions, and its field that refers to this one; None without a log."""
        if resource.lifecycle is None or resource.lifecycle.log is None:
            return None
        log = self.resources[resource.lifecycle.log]
        return log, next(name for name, target in log.references.items() if target == resource.name)
