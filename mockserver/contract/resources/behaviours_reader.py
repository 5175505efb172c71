"""Reads `operations:` of `resources.yaml`: the behaviours of operations, with every name in them checked."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from msgspec import Struct

from mockserver.contract.behaviour import (
    BEHAVIOUR_KINDS,
    ITEM_KINDS,
    LAST_EVENT_ID,
    NAMING_ITEMS,
    SELECTED_BY_BODY,
    SELECTING,
    Behaviour,
    BehaviourKind,
    EventMessage,
    usual_success,
)
from mockserver.contract.effects import Effects
from mockserver.contract.model import Resource
from mockserver.contract.record_identity import has_key_in_body, missing_owners, sends_field, with_item_paths
from mockserver.contract.resources.effects_reader import read_effects
from mockserver.contract.resources.event_names import check_event_names
from mockserver.contract.resources.list_reader import ListReader, read_counting
from mockserver.contract.selecting_parameters import is_filter, query_parameters, selecting_parameters
from mockserver.contract.webhooks.expressions import find_body_mistakes
from mockserver.documents.nodes import Node
from mockserver.documents.source import FileReport
from mockserver.errors import did_you_mean, quote
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation, Parameter
from mockserver.schemas.shapes import Shape
from mockserver.schemas.validators import Schemas
from mockserver.syntax import json_pointer
from mockserver.syntax.http.media_types import EVENT_STREAM
from mockserver.syntax.member_path import MemberPath

# The entries of `paging` that name members of the envelope rather than query parameters.
PAGING_MEMBERS = {"next", "more"}


class BehavioursReader(Struct):
    """Reads the file of `report`, whose form has been validated."""

    schemas: Schemas
    report: FileReport

    def read(self, operations: Mapping[str, Operation], resources: Mapping[str, Resource]) -> dict[str, Behaviour]:
        """The declared behaviours by operationId, in the order of `operations`."""
        behaviours: dict[str, Behaviour] = {}
        for name, entry in self.report.source.data.get("operations", {}).items():
            pointer = json_pointer.append("/operations", name)
            if self.report.check_name(pointer, "operation", name, operations):
                behaviour = self._read_behaviour(pointer, entry, operations[name], resources)
                if behaviour is not None:
                    behaviours[name] = behaviour
        return with_item_paths(behaviours, operations)

    def _read_behaviour(
        self, pointer: str, entry: Mapping[str, Any], operation: Operation, resources: Mapping[str, Resource]
    ) -> Behaviour | None:
        kind: BehaviourKind = next(kind for kind in BEHAVIOUR_KINDS if kind in entry)
        name, _, transition = entry[kind].partition(".")
        if not self._check_target(f"{pointer}/{kind}", kind, name, transition, operation, resources):
            return None
        resource, path_fields = resources[name], entry.get("path", {})
        if kind == "transition" and resource.lifecycle is not None:
            effects, verb = resource.lifecycle.transitions[transition].effects, f"{quote(transition)} sets"
            self._check_body_paths(f"{pointer}/transition", effects, verb, operation)
        self._check_members(pointer, kind, entry, resource, resources)
        key_in_body = not resource.single and has_key_in_body(kind, operation, path_fields, resource.local_key)
        names = self._fields_in_path(pointer, kind, path_fields, operation, resource, key_in_body=key_in_body)
        response = _response_schema(operation, kind)
        query = selecting_parameters(operation) if kind in SELECTED_BY_BODY else query_parameters(operation)
        paging = entry.get("paging", {})
        self._check_paging(f"{pointer}/paging", paging, query)
        source, report = self.report.source, self.report.contract_report
        reader = ListReader(source, report, pointer, resource, query, Shape.from_schema(response))
        members, selection = reader.read_envelope(entry), reader.read(entry)
        by_key = selection.cursor is not None and selection.cursor.by_key
        if missing := missing_owners(resource, kind, names, by_key=by_key):
            self.report.add(f"{pointer}/{kind}", f"{operation.path} {missing}")
        used = {*paging.values(), *selection.parameters, *((LAST_EVENT_ID,) if kind == "stream" else ())}
        filled = {*members.values(), *((paging[role],) for role in PAGING_MEMBERS if role in paging)}
        first_page, first_offset = read_counting(paging, query)
        return Behaviour(
            kind=kind,
            resource=name,
            transition=transition or None,
            items=members.get("items", ()),
            total=members.get("total", ()),
            limit=paging.get("limit"),
            offset=paging.get("offset"),
            sort=paging.get("sort"),
            order=paging.get("order"),
            page=paging.get("page"),
            first_page=first_page,
            first_offset=first_offset,
            filters=_filters_of(query.keys() - used, query, resource),
            selection=selection,
            item=members.get("item", ()),
            envelope_schema=response if members and _is_larger(response, filled) else None,
            body_member=entry.get("body"),
            member=entry.get("member"),
            by=entry.get("by", ""),
            copied=entry.get("copy", {}),
            returns=entry.get("returns", "item" if kind in ITEM_KINDS else ""),
            path_fields=path_fields,
            key_schema=response if entry.get("returns") == "key" else None,
            key_in_body=key_in_body,
            shown=entry.get("show"),
            message=self._read_message(f"{pointer}/message", entry),
            effects=self._read_effects(f"{pointer}/set", entry.get("set", {}), resource, operation),
        )

    def _check_members(
        self,
        pointer: str,
        kind: BehaviourKind,
        entry: Mapping[str, Any],
        resource: Resource,
        resources: Mapping[str, Resource],
    ) -> None:
        if "member" in entry:
            self.report.check_name(f"{pointer}/member", "field", entry["member"], resource.fields)
        if "show" in entry:
            self._check_shown(f"{pointer}/show", entry["show"], resource)
        if kind in ITEM_KINDS:
            self._check_items(pointer, entry, resource, resources)

    def _fields_in_path(
        self,
        pointer: str,
        kind: BehaviourKind,
        path_fields: Mapping[str, str],
        operation: Operation,
        resource: Resource,
        *,
        key_in_body: bool,
    ) -> list[str]:
        """The fields whose values the path gives, besides the key of the record."""
        self.report.check_names(f"{pointer}/path", "path parameter", path_fields, operation.path_names)
        parameters = operation.path_names if kind in SELECTING or key_in_body else operation.path_names[:-1]
        parameters = parameters[:-1] if kind in NAMING_ITEMS else parameters
        names = [path_fields.get(parameter, parameter) for parameter in parameters]
        self.report.check_names(f"{pointer}/{kind}", "field", names, resource.fields)
        return names

    def _check_paging(self, pointer: str, paging: Mapping[str, str], query: Mapping[str, Parameter]) -> None:
        for role in paging.keys() - PAGING_MEMBERS:
            self.report.check_name(json_pointer.append(pointer, role), "query parameter", paging[role], query)

    def _check_target(
        self,
        pointer: str,
        kind: BehaviourKind,
        name: str,
        transition: str,
        operation: Operation,
        resources: Mapping[str, Resource],
    ) -> bool:
        """Whether the resource exists and the operation can find its records."""
        if not self.report.check_name(pointer, "resource", name, resources):
            return False
        resource = resources[name]
        if kind == "transition":
            transitions = resource.lifecycle.transitions if resource.lifecycle else ()
            if not self.report.check_name(pointer, "transition", transition, transitions):
                return False
        if kind == "stream":
            self._check_stream(pointer, resource, operation)
            return True
        if kind != "list" and not resource.key:
            self.report.add(pointer, f"{name} has no key, which {kind} needs to identify a record")
            return False
        has_key = (
            operation.path_names
            or resource.single
            or (kind in ("replace", "update") and sends_field(operation, resource.local_key))
        )
        if kind not in (*SELECTING, "create") and not has_key:
            self.report.add(pointer, f"{operation.path} has no path parameter for the key of the record")
            return False
        return True

    def _check_stream(self, pointer: str, resource: Resource, operation: Operation) -> None:
        """Check that the events of a resource can be sent as the response of an operation."""
        success = operation.success()
        if operation.method != "GET" or success is None or EVENT_STREAM not in success[1].media:
            message = f"{operation.id} must be a GET whose response is declared as {EVENT_STREAM}"
            self.report.add(pointer, message)
        check_event_names(resource, self.report)

    def _read_message(self, pointer: str, entry: Mapping[str, Any]) -> EventMessage | None:
        """The form of the events of a stream."""
        declared = entry.get("message")
        for place, mistake in find_body_mistakes(declared):
            self.report.add(f"{pointer}{place}", mistake)
        return EventMessage(**declared) if declared is not None else None

    def _check_items(
        self, pointer: str, entry: Mapping[str, Any], resource: Resource, resources: Mapping[str, Resource]
    ) -> None:
        """Check that a member is a list, and that its items have the members that name one or refer to records."""
        shape = resource.shape.member(entry["member"])
        if "array" not in shape.types:
            self.report.add(f"{pointer}/member", f"{quote(entry['member'])} is not a list")
        elif entry.get("by"):
            self.report.check_name(f"{pointer}/by", "member", entry["by"], shape.items.names)
        copied = entry.get("copy", {})
        self.report.check_names(f"{pointer}/copy", "member", copied, shape.items.names)
        for name, target in copied.items():
            self.report.check_name(json_pointer.append(pointer, "copy", name), "resource", target, resources)

    def _read_effects(
        self, pointer: str, entries: Mapping[str, Any], resource: Resource, operation: Operation
    ) -> Effects:
        effects = read_effects(self.report, self.schemas, pointer, entries, resource.shape, resource.fields)
        self._check_body_paths(pointer, effects, "`set` sets", operation)
        return effects

    def _check_body_paths(self, pointer: str, effects: Effects, verb: str, operation: Operation) -> None:
        """Check that the operation's body has the members that effects read; `verb` begins the message."""
        media = json_media_type(operation.body)
        shape = media.shape if media is not None else Shape()
        if media is not None and shape.is_open:
            return
        for path in effects.body_paths:
            if path and path[0] not in shape.names:
                hint = did_you_mean(path[0], shape.names)
                self.report.add(pointer, f"{verb} a field to $body.{'.'.join(path)}, which the body lacks.{hint}")

    def _check_shown(self, pointer: str, field: str, resource: Resource) -> None:
        """Report a field that is no reference, or that need not refer to a record."""
        if self.report.check_name(pointer, "reference", field, resource.references):
            if not _is_always_there(field, resource):
                self.report.add(pointer, f"{quote(field)} may be null or missing, and then no record can be shown")


def _is_always_there(field: str, resource: Resource) -> bool:
    is_required = any(field in schema.value.get("required", ()) for schema in resource.shape.unconditional())
    return field == resource.local_key or (is_required and "null" not in resource.shape.member(field).types)


def _filters_of(names: Set[str], query: Mapping[str, Parameter], resource: Resource) -> tuple[str, ...]:
    """Those of the parameters, in the order of `query`, that select records by equal fields."""
    return tuple(name for name, parameter in query.items() if name in names and is_filter(parameter, resource))


def _response_schema(operation: Operation, kind: BehaviourKind) -> Node | None:
    """The schema of the JSON that the operation responds with."""
    success = usual_success(operation, kind)
    media_type = json_media_type(success[1]) if success is not None else None
    return media_type.schema if media_type is not None else None


def _is_larger(response: Node | None, members: Set[MemberPath]) -> bool:
    """Whether a response declares more members, or must have more, than those that are filled in."""
    if response is None:
        return False
    shape = Shape.from_schema(response)
    required = {name for schema in shape.unconditional() for name in schema.value.get("required", ())}
    return not {(name,) for name in shape.names | required} <= members
