"""How an operation is implemented: as one of the kinds of behaviours, such as a list of records; and its success."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, get_args

from msgspec import Struct, field

from mockserver.contract.effects import NO_EFFECTS, Effects
from mockserver.contract.lists import ListSelection
from mockserver.documents.nodes import Node
from mockserver.openapi.model import DeclaredResponse, Operation
from mockserver.syntax.member_path import MemberPath

BehaviourKind = Literal[
    "list", "read", "create", "replace", "update", "delete", "transition", "stream",
    "count", "create_all", "replace_all", "delete_all",
    "read_item", "add_item", "update_item", "replace_item", "remove_item", "clear_items",
]  # fmt: skip
BEHAVIOUR_KINDS: tuple[BehaviourKind, ...] = get_args(BehaviourKind)
# What is about the records that the path and the query select, and not about the one that the path names.
SELECTING: tuple[BehaviourKind, ...] = ("list", "stream", "count", "create_all", "replace_all", "delete_all")
# What creates records of the body, so that no path need name them.
CREATING: tuple[BehaviourKind, ...] = ("create", "create_all", "replace_all")
# What members of the body may select, like parameters of the query.
SELECTED_BY_BODY: tuple[BehaviourKind, ...] = ("list", "count", "delete_all")
# What is about the items of a list that a record holds; and of these, what is about the item that the path names.
ITEM_KINDS: tuple[BehaviourKind, ...] = (
    "read_item", "add_item", "update_item", "replace_item", "remove_item", "clear_items",
)  # fmt: skip
NAMING_ITEMS: tuple[BehaviourKind, ...] = ("read_item", "update_item", "replace_item", "remove_item")
# What is returned where that is not what the behaviour is about: the key of the record, the record, or its member.
Returns = Literal["", "item", "key", "record", "member"]
# The query parameter by which a stream continues after an event, like the header Last-Event-ID; declared or not.
LAST_EVENT_ID = "last_event_id"


class EventMessage(Struct, frozen=True):
    """The name and the data of an event as they are declared, with references to it."""

    event: str = "$event"
    data: Any = "$record"


class Behaviour(Struct, frozen=True):
    """How an operation is implemented: `kind` applied to `resource`.

    `items` and `total` lead to the members of a list's envelope, `item` to that of a single record's, and are empty
    without one; `envelope_schema` is the schema of an envelope with further members. `body_member` names the member of
    a request body that holds the record. `limit`, `offset`, `page`, `sort` and `order` (the direction of the sort) name
    the query parameters of a list, `filters` those that filter by the field of their name; pages are counted from
    `first_page`, records from `first_offset`. `path_fields` maps path parameters to fields of another name. `selection`
    is what else selects and pages the records of a list. `item_path` holds the segments of the path at which a record
    that is created can be read, where that is not below the path of the operation. `key_schema` is the schema of a
    response that holds the key in place of the record. With `key_in_body`, the request body names the record, and no
    path parameter does. `effects` are what an update writes beside the members of the body. With `member`, the
    operation is about that member of the record, in its place, or about the items of the list that it holds: `by` is
    the member by which the path names one, empty where that is the item itself. `returns` is what such an operation
    responds with. `copied` are the members of an item that refer to records of other resources, from which it gets the
    members that both have. `shown` is the field that refers to the record of another resource which is returned in
    place of the record. `message` is the form of the events of a stream, where it is declared.
    """

    kind: BehaviourKind
    resource: str
    transition: str | None = None
    items: MemberPath = ()
    total: MemberPath = ()
    limit: str | None = None
    offset: str | None = None
    sort: str | None = None
    page: str | None = None
    order: str | None = None
    first_page: int = 1
    first_offset: int = 0
    filters: tuple[str, ...] = ()
    selection: ListSelection = field(default_factory=ListSelection)
    item: MemberPath = ()
    envelope_schema: Node | None = None
    body_member: str | None = None
    path_fields: Mapping[str, str] = field(default_factory=dict)
    item_path: tuple[str, ...] | None = None
    key_schema: Node | None = None
    key_in_body: bool = False
    effects: Effects = NO_EFFECTS
    member: str | None = None
    by: str = ""
    copied: Mapping[str, str] = field(default_factory=dict)
    returns: Returns = ""
    shown: str | None = None
    message: EventMessage | None = None

    def record_parameters(self, path_names: tuple[str, ...]) -> tuple[str, ...]:
        """The path parameters of the operation that say which record it is about, without that of an item."""
        return path_names[:-1] if self.kind in NAMING_ITEMS else path_names

    def key_parameter(self, path_names: tuple[str, ...]) -> str | None:
        """The path parameter that holds the key of the record, of those of the operation; None if none does."""
        path_names = self.record_parameters(path_names)
        has_key = path_names and self.kind not in (*SELECTING, "create") and not self.key_in_body
        return path_names[-1] if has_key else None

    def field_of(self, parameter: str) -> str:
        """The field of the record that a path parameter holds."""
        return self.path_fields.get(parameter, parameter)


def kinds_of(behaviours: Mapping[str, Behaviour], resource: str) -> set[BehaviourKind]:
    """How the operations on a resource are implemented; `behaviours` are those of a contract."""
    return {behaviour.kind for behaviour in behaviours.values() if behaviour.resource == resource}


class ResultKind(StrEnum):
    """What became of the record that a call was about."""

    RETURNED = "returned"
    CREATED = "created"
    DELETED = "deleted"


STATUSES: Mapping[ResultKind, int] = {ResultKind.RETURNED: 200, ResultKind.CREATED: 201, ResultKind.DELETED: 204}
RESULTS: Mapping[BehaviourKind, ResultKind] = {
    "create": ResultKind.CREATED, "create_all": ResultKind.CREATED,
    "delete": ResultKind.DELETED, "delete_all": ResultKind.DELETED,
}  # fmt: skip


def success_of(operation: Operation, result: ResultKind) -> tuple[int, DeclaredResponse | None]:
    """The status of a result, one that the operation declares if it declares a success, and the declared response."""
    preferred = STATUSES[result]
    if result is ResultKind.RETURNED and "204" in operation.responses and "200" not in operation.responses:
        # A PUT that declares 201 and 204 has created nothing (RFC 9110, section 9.3.4).
        preferred = 204
    return operation.success(preferred) or (preferred, None)


def usual_success(operation: Operation, kind: BehaviourKind) -> tuple[int, DeclaredResponse] | None:
    """The success of an operation that has a behaviour, before it is known what becomes of the record.

    None if it declares none.
    """
    return operation.success(STATUSES[RESULTS.get(kind, ResultKind.RETURNED)])
