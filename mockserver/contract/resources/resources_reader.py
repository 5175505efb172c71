"""Reads `schemas/resources.yaml`: resources and behaviours, with every name in them checked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from typing import Any

import jsonschema_rs

from mockserver.contract.behaviour import (
    BEHAVIOUR_KINDS,
    LAST_EVENT_ID,
    SELECTED_BY_BODY,
    SELECTING,
    Behaviour,
    BehaviourKind,
    usual_success,
)
from mockserver.contract.effects import NO_EFFECTS, NOW, Effects, find_reference_error, find_references
from mockserver.contract.lifecycle import LOG_EVENT, Lifecycle, Transition
from mockserver.contract.list_reader import ListReader, is_filter, query_parameters, read_counting, selecting_parameters
from mockserver.contract.model import DerivedField, Resource, SortField
from mockserver.contract.record_paths import (
    KEY_TYPES,
    has_key_in_body,
    missing_owners,
    sends_field,
    with_item_paths,
    with_joined_keys,
    with_types_of_keys,
)
from mockserver.dataclass import dataclass
from mockserver.documents.nodes import Documents, Node
from mockserver.documents.source import Report, Source
from mockserver.errors import did_you_mean, quote, unknown_name
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation
from mockserver.schemas.inline import compile_inline
from mockserver.schemas.properties import declared_properties
from mockserver.schemas.shapes import Shape, types_of
from mockserver.schemas.validators import Schemas, Validator
from mockserver.syntax import json_pointer
from mockserver.syntax.media_types import EVENT_STREAM
from mockserver.syntax.member_path import MemberPath

# The entries of `paging` that name members of the envelope rather than query parameters.
PAGING_MEMBERS = ("next", "more")
# The events of EventSource itself, and those with which a stream begins and ends.
RESERVED_EVENTS = ("open", "error", "message", "ready", "reset")


@dataclass(slots=True)
class ResourcesReader:
    """Reads the file `source`, whose form has been validated; schemas are named relative to `base`."""

    source: Source
    base: str
    documents: Documents
    schemas: Schemas
    report: Report

    def read_resources(self) -> dict[str, Resource]:
        """Every resource whose schema can be read, with the references between them checked."""
        declared: Mapping[str, Any] = self.source.data.get("resources", {})
        resources = {
            name: resource
            for name, entry in declared.items()
            if (resource := self._read_resource(name, entry, set(declared))) is not None
        }
        resources = with_joined_keys(resources, declared, self._add)
        resources = {name: with_types_of_keys(resource, resources) for name, resource in resources.items()}
        for resource in resources.values():
            self._check_lifecycle(resource, resources)
            self._check_derived(resource, resources)
        return resources

    def read_behaviours(
        self, operations: Mapping[str, Operation], resources: Mapping[str, Resource]
    ) -> dict[str, Behaviour]:
        """The declared behaviours by operationId, in the order of `operations`."""
        behaviours: dict[str, Behaviour] = {}
        for name, entry in self.source.data.get("operations", {}).items():
            pointer = json_pointer.append("/operations", name)
            if self._check_name(pointer, "operation", name, operations):
                behaviour = self._read_behaviour(pointer, entry, operations[name], resources)
                if behaviour is not None:
                    behaviours[name] = behaviour
        return with_item_paths(behaviours, operations)

    def _read_resource(self, name: str, entry: Mapping[str, Any], names: set[str]) -> Resource | None:
        pointer = json_pointer.append("/resources", name)
        uri = self.base + entry["schema"]
        if uri not in self.documents.sources:
            files = (other.removeprefix(self.base) for other in self.documents.sources)
            message = unknown_name("schema", entry["schema"], files)
            self._add(f"{pointer}/schema", message, "unknown-name")
            return None
        schema = self.documents.root(uri)
        try:
            validator = self.schemas.validator(schema)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):
            return None  # reported with the schema files
        shape = Shape.from_schema(schema)
        fields = {field: types_of(property_) for field, property_ in declared_properties(schema).items()}
        fields |= {field: shape.member(field).types for field in shape.ordered_names if field not in fields}
        references, hidden, key = entry.get("references", {}), entry.get("hidden", ()), entry.get("key", "")
        for index, field in enumerate(hidden):
            if field in fields:
                self._add(f"{pointer}/hidden/{index}", f"{quote(field)} is in the schema, so clients see it")
        fields |= {field: KEY_TYPES for field in hidden if field not in fields}
        if key in hidden and key not in references and not entry.get("single"):
            fields[key] = frozenset({"integer"})
        self._check_names(f"{pointer}/references", "field", references, fields)
        for field, target in references.items():
            self._check_name(json_pointer.append(pointer, "references", field), "resource", target, names)
        for index, field in enumerate(entry.get("owned_by", ())):
            self._check_name(f"{pointer}/owned_by/{index}", "reference", field, references)
        links = entry.get("links", {})
        self._check_names(f"{pointer}/links", "field", links, fields)
        for field, target in links.items():
            self._check_name(json_pointer.append(pointer, "links", field), "resource", target, names)
        self._check_names(f"{pointer}/fill", "field", entry.get("fill", ()), fields)
        if key and self._check_name(f"{pointer}/key", "field", key, fields):
            if key not in hidden and not shape.member(key).types <= {"string", "integer"}:
                self._add(f"{pointer}/key", f"the key {quote(key)} must be a string or an integer")
        sort = tuple(SortField.parse(text) for text in entry.get("sort", ()))
        self._check_names(f"{pointer}/sort", "field", [criterion.name for criterion in sort], fields)
        return Resource(
            name=name,
            schema=schema,
            validator=validator,
            fields=fields,
            key=key,
            references=references,
            sort=sort,
            derived=self._read_derived(pointer, entry.get("derived", {}), names, fields, key),
            lifecycle=self._read_lifecycle(pointer, entry.get("lifecycle"), names, fields, key, shape),
            read_only=frozenset(field for field in fields if shape.member(field).has_annotation("readOnly")),
            write_only=frozenset(field for field in fields if shape.member(field).has_annotation("writeOnly")),
            owned_by=frozenset(entry.get("owned_by", ())),
            fill=frozenset(entry.get("fill", ())),
            hidden=frozenset(hidden),
            single=entry.get("single", False),
            links=links,
            shape=shape,
        )

    def _read_lifecycle(
        self,
        pointer: str,
        entry: Mapping[str, Any] | None,
        names: set[str],
        fields: Mapping[str, Any],
        key: str,
        shape: Shape,
    ) -> Lifecycle | None:
        if entry is None:
            return None
        pointer = f"{pointer}/lifecycle"
        self._check_name(f"{pointer}/field", "field", entry["field"], fields)
        if "touch" in entry:
            self._check_name(f"{pointer}/touch", "field", entry["touch"], fields)
        if "log" in entry:
            self._check_name(f"{pointer}/log", "resource", entry["log"], names)
        own = {entry["field"]: "holds the state", key: "is the key", entry.get("touch"): "has the time already"}
        transitions = {
            name: Transition(
                name,
                tuple([transition["from"]] if isinstance(transition["from"], str) else transition["from"]),
                transition["to"],
                self._read_effects(f"{pointer}/transitions/{name}/set", transition.get("set", {}), own, fields, shape),
                self._read_guard(f"{pointer}/transitions/{name}/when", transition),
            )
            for name, transition in entry["transitions"].items()
        }
        return Lifecycle(entry["field"], entry["initial"], transitions, entry.get("touch"), entry.get("log"))

    def _read_effects(
        self,
        pointer: str,
        entries: Mapping[str, Any],
        own: Mapping[str | None, str],
        fields: Mapping[str, Any],
        shape: Shape,
    ) -> Effects:
        """The effects of a transition. Those in `own` are fields that it may not write, with the reason."""
        self._check_names(pointer, "field", entries, fields)
        seconds, dates = set(), set()
        for name, value in entries.items():
            at, member = json_pointer.append(pointer, name), shape.member(name)
            if name in own:
                self._add(at, f"{quote(name)} {own[name]}, so `set` cannot write it")
            texts = list(find_references(value))
            for place, text in texts:
                message = find_reference_error(text)
                if message is not None:
                    self._add(at + place, message)
            if "string" not in member.types and member.types & {"integer", "number"}:
                seconds.add(name)
            elif any(schema.value.get("format") == "date" for schema in member.unconditional()):
                dates.add(name)
            if not texts or value == NOW:
                example = Effects({name: value}, frozenset(seconds), frozenset(dates)).apply(0, None)[name]
                for schema in member.unconditional():
                    for violation in self.schemas.validator(schema).violations(example, "body")[:1]:
                        self._add(at + violation.pointer, f"does not match the schema of {name}: {violation.message}")
        return Effects(entries, frozenset(seconds), frozenset(dates)) if entries else NO_EFFECTS

    def _read_guard(self, pointer: str, transition: Mapping[str, Any]) -> Validator | None:
        guard, errors = compile_inline(transition["when"]) if "when" in transition else (None, [])
        for place, message in errors:
            self._add(pointer + place, f"is not a JSON Schema: {message}")
        return guard

    def _read_derived(
        self, pointer: str, entries: Mapping[str, Any], names: set[str], fields: Mapping[str, Any], key: str
    ) -> tuple[DerivedField, ...]:
        self._check_names(f"{pointer}/derived", "field", entries, fields)
        derived = []
        for name, entry in entries.items():
            self._check_name(
                json_pointer.append(pointer, "derived", name, "latest"), "resource", entry["latest"], names
            )
            ((reference, referenced),) = entry["where"].items()
            if referenced != key:
                message = f"{quote(referenced)} is not the key of this resource"
                self._add(json_pointer.append(pointer, "derived", name, "where", reference), message)
            mapping = entry["map"]
            derived.append(
                DerivedField(name, entry["latest"], reference, mapping["field"], mapping["values"], mapping["none"])
            )
        return tuple(derived)

    def _check_lifecycle(self, resource: Resource, resources: Mapping[str, Resource]) -> None:
        """Check a lifecycle against the schemas of its resource and of its log."""
        lifecycle = resource.lifecycle
        if lifecycle is None:
            return
        pointer = json_pointer.join(("resources", resource.name, "lifecycle"))
        state_schema = declared_properties(resource.schema).get(lifecycle.field)
        validator = self.schemas.validator(state_schema) if state_schema is not None else None
        for state in lifecycle.states:
            for violation in validator.violations(state, "body")[:1] if validator is not None else ():
                message = f"the state {quote(state)} does not match the schema: {violation.message}"
                self._add(f"{pointer}/transitions", message)
        log = resources.get(lifecycle.log or "")
        if log is None:
            return
        if log.key or list(log.references.values()).count(resource.name) != 1:
            message = f"{log.name} must have no key, and exactly one reference to {resource.name}"
            self._add(f"{pointer}/log", message)
        event_schema = declared_properties(log.schema).get(LOG_EVENT)
        if event_schema is None:
            self._add(f"{pointer}/log", f"the schema of {log.name} has no {quote(LOG_EVENT)}")
            return
        for name in lifecycle.transitions:
            for violation in self.schemas.validator(event_schema).violations(name, "body"):
                message = f"the name does not match the log's schema: {violation.message}"
                self._add(json_pointer.append(pointer, "transitions", name), message)

    def _check_derived(self, resource: Resource, resources: Mapping[str, Resource]) -> None:
        """Check derived fields against the resource that they are computed from, and their values by the schema."""
        for derived in resource.derived:
            pointer = json_pointer.join(("resources", resource.name, "derived", derived.name))
            other = resources.get(derived.resource)
            if other is None:
                continue
            if other.references.get(derived.reference) != resource.name:
                names = [field for field, target in other.references.items() if target == resource.name]
                hint = did_you_mean(derived.reference, names)
                message = f"{other.name} has no reference {quote(derived.reference)} to {resource.name}.{hint}"
                self._add(f"{pointer}/where", message)
            self._check_name(f"{pointer}/map/field", "field", derived.field, other.fields)
            schema = declared_properties(resource.schema).get(derived.name)
            for label, value in {**derived.values, "": derived.none}.items():
                value_pointer = json_pointer.append(pointer, "map", "values", label) if label else f"{pointer}/map/none"
                for violation in self.schemas.validator(schema).violations(value, "body") if schema is not None else ():
                    self._add(value_pointer + violation.pointer, f"does not match the schema: {violation.message}")
            if other.lifecycle is not None and other.lifecycle.field == derived.field:
                for state in set(other.lifecycle.states) - set(derived.values):
                    self._add(f"{pointer}/map/values", f"the state {quote(state)} of {other.name} has no value")

    def _read_behaviour(
        self, pointer: str, entry: Mapping[str, Any], operation: Operation, resources: Mapping[str, Resource]
    ) -> Behaviour | None:
        kind: BehaviourKind = next(kind for kind in BEHAVIOUR_KINDS if kind in entry)
        name, _, transition = entry[kind].partition(".")
        if not self._check_target(f"{pointer}/{kind}", kind, name, transition, operation, resources):
            return None
        resource, path_fields = resources[name], entry.get("path", {})
        if kind == "transition":
            self._check_body_paths(f"{pointer}/transition", resource, transition, operation)
        self._check_names(f"{pointer}/path", "path parameter", path_fields, operation.path_names)
        key_in_body = not resource.single and has_key_in_body(kind, operation, path_fields, resource.local_key)
        parameters = operation.path_names if kind in SELECTING or key_in_body else operation.path_names[:-1]
        names = [path_fields.get(parameter, parameter) for parameter in parameters]
        self._check_names(f"{pointer}/{kind}", "field", names, resource.fields)
        response = _response_schema(operation, kind)
        self._check_names(f"{pointer}/member", "field", [entry["member"]] if "member" in entry else (), resource.fields)
        query = selecting_parameters(operation) if kind in SELECTED_BY_BODY else query_parameters(operation)
        paging = entry.get("paging", {})
        for role, parameter in paging.items():
            if role in PAGING_MEMBERS:
                continue
            self._check_name(json_pointer.append(pointer, "paging", role), "query parameter", parameter, query)
        envelope = entry.get("envelope", {})
        reader = ListReader(self.source, self.report, pointer, resource, query, Shape.from_schema(response))
        members = {
            role: reader.check_member(json_pointer.append(pointer, "envelope", role), member)
            for role, member in envelope.items()
        }
        selection = reader.read(entry)
        by_key = selection.cursor is not None and selection.cursor.by_key
        if missing := missing_owners(resource, kind, names, by_key=by_key):
            self._add(f"{pointer}/{kind}", f"{operation.path} {missing}")
        used = {*paging.values(), *selection.parameters}
        if kind == "stream":
            used.add(LAST_EVENT_ID)
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
            filters=tuple(
                parameter.name
                for parameter in query.values()
                if parameter.name not in used and is_filter(parameter, resource)
            ),
            selection=selection,
            item=members.get("item", ()),
            envelope_schema=response if members and _is_larger(response, filled) else None,
            body_member=entry.get("body"),
            member=entry.get("member"),
            path_fields=path_fields,
            key_schema=response if "returns" in entry else None,
            key_in_body=key_in_body,
            assigned=self._read_assigned(f"{pointer}/set", entry.get("set", {}), resource),
        )

    def _read_assigned(self, pointer: str, entries: Mapping[str, Any], resource: Resource) -> Mapping[str, Any]:
        self._check_names(pointer, "field", entries, resource.fields)
        for name, value in entries.items():
            for schema in resource.shape.member(name).unconditional():
                for violation in self.schemas.validator(schema).violations(value, "body")[:1]:
                    message = f"does not match the schema of {name}: {violation.message}"
                    self._add(json_pointer.append(pointer, name) + violation.pointer, message)
        return entries

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
        if not self._check_name(pointer, "resource", name, resources):
            return False
        resource = resources[name]
        if kind == "transition":
            transitions = resource.lifecycle.transitions if resource.lifecycle else ()
            if not self._check_name(pointer, "transition", transition, transitions):
                return False
        if kind == "stream":
            self._check_stream(pointer, resource, operation)
            return True
        if kind != "list" and not resource.key:
            self._add(pointer, f"{name} has no key, which {kind} needs to identify a record")
            return False
        has_key = (
            operation.path_names
            or resource.single
            or (kind in ("replace", "update") and sends_field(operation, resource.local_key))
        )
        if kind not in (*SELECTING, "create") and not has_key:
            self._add(pointer, f"{operation.path} has no path parameter for the key of the record")
            return False
        return True

    def _check_stream(self, pointer: str, resource: Resource, operation: Operation) -> None:
        """Check that the events of a resource can be sent as the response of an operation."""
        success = operation.success()
        if operation.method != "GET" or success is None or EVENT_STREAM not in success[1].media:
            message = f"{operation.id} must be a GET whose response is declared as {EVENT_STREAM}"
            self._add(pointer, message)
        self.check_event_names(resource)

    def check_event_names(self, resource: Resource) -> None:
        """Check that no transition of a resource whose events are sent has a name with another meaning there."""
        for name in resource.lifecycle.transitions if resource.lifecycle is not None else ():
            if name in RESERVED_EVENTS:
                others = ", ".join(event for event in RESERVED_EVENTS if event != name)
                message = f"a transition whose events are streamed cannot be named {quote(name)}, nor {others}: "
                message += "clients would take its events for others"
                self._add(json_pointer.join(("resources", resource.name, "lifecycle", "transitions", name)), message)

    def _check_body_paths(self, pointer: str, resource: Resource, transition: str, operation: Operation) -> None:
        """Check that the operation's body has the members that the effects of its transition read."""
        assert resource.lifecycle is not None
        media = json_media_type(operation.body)
        shape = media.shape if media is not None else Shape()
        if media is not None and shape.is_open:
            return
        for path in resource.lifecycle.transitions[transition].effects.body_paths:
            if path and path[0] not in shape.names:
                hint = did_you_mean(path[0], shape.names)
                message = f"{quote(transition)} sets a field to $body.{'.'.join(path)}, which the body lacks.{hint}"
                self._add(pointer, message)

    def _check_names(self, pointer: str, kind: str, names: Iterable[str], declared: Collection[str]) -> None:
        for name in names:
            self._check_name(pointer, kind, name, declared)

    def _check_name(self, pointer: str, kind: str, name: str, declared: Collection[str]) -> bool:
        """Whether a name is declared; one that is not is a mistake."""
        if name not in declared:
            self._add(pointer, unknown_name(kind, name, declared), "unknown-name")
        return name in declared

    def _add(self, pointer: str, message: str, code: str = "invalid") -> None:
        self.report.add(self.source, pointer, message, code)


def _response_schema(operation: Operation, kind: BehaviourKind) -> Node | None:
    """The schema of the JSON that the operation responds with."""
    success = usual_success(operation, kind)
    media_type = json_media_type(success[1]) if success is not None else None
    return media_type.schema if media_type is not None else None


def _is_larger(response: Node | None, members: Set[MemberPath]) -> bool:
    """Whether a response declares more members than those that are filled in."""
    return response is not None and not {(name,) for name in Shape.from_schema(response).names} <= members
