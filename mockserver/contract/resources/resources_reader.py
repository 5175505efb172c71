"""Reads `resources:` of `resources.yaml`: records, their references and lifecycles, with every name in them checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema_rs
from msgspec import Struct
from msgspec.structs import replace

from mockserver.contract.lifecycle import LOG_EVENT, LOG_STAMP, Lifecycle, Transition
from mockserver.contract.model import DerivedField, Resource, SortField
from mockserver.contract.record_identity import KEY_TYPES, with_joined_keys, with_types_of_keys
from mockserver.contract.resources.effects_reader import read_effects
from mockserver.documents.nodes import Documents, Node
from mockserver.documents.source import FileReport
from mockserver.errors import did_you_mean, quote, unknown_name
from mockserver.schemas.directions import changes_schemas
from mockserver.schemas.inline_schemas import compile_inline
from mockserver.schemas.properties import declared_properties
from mockserver.schemas.shapes import Shape, types_of
from mockserver.schemas.validators import Schemas, Validator
from mockserver.schemas.write_only import WRITE_ONLY, holds_write_only, is_write_only
from mockserver.syntax import json_pointer
from mockserver.syntax.instants import format_instant

# What is written as the time of a transition.
STAMP = format_instant(0)


class ResourcesReader(Struct):
    """Reads the file of `report`, whose form has been validated; schemas are named relative to `base`."""

    base: str
    documents: Documents
    schemas: Schemas
    report: FileReport

    def read(self) -> dict[str, Resource]:
        """Every resource whose schema can be read, with the references between them checked."""
        declared: Mapping[str, Any] = self.report.source.data.get("resources", {})
        resources = {
            name: resource
            for name, entry in declared.items()
            if (resource := self._read_resource(name, entry, set(declared))) is not None
        }
        if changes_schemas(self.documents, "response"):
            resources = {name: _with_nested_write_only(resource) for name, resource in resources.items()}
        resources = with_joined_keys(resources, declared, self.report.add)
        resources = {name: with_types_of_keys(resource, resources) for name, resource in resources.items()}
        for resource in resources.values():
            self._check_lifecycle(resource, resources)
            self._check_derived(resource, resources)
        return resources

    def _read_resource(self, name: str, entry: Mapping[str, Any], names: set[str]) -> Resource | None:
        pointer = json_pointer.append("/resources", name)
        uri = self.base + entry["schema"]
        if uri not in self.documents.sources:
            files = (other.removeprefix(self.base) for other in self.documents.sources)
            message = unknown_name("schema", entry["schema"], files)
            self.report.add(f"{pointer}/schema", message, "unknown-name")
            return None
        schema = self.documents.root(uri)
        try:
            validator = self.schemas.validator(schema)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):
            return None  # reported with the schema files
        shape = Shape.from_schema(schema)
        fields = self._read_fields(pointer, entry, schema, shape)
        key, hidden = entry.get("key", ""), entry.get("hidden", ())
        references, links = entry.get("references", {}), entry.get("links", {})
        self._check_targets(f"{pointer}/references", references, fields, names)
        for index, field in enumerate(entry.get("owned_by", ())):
            self.report.check_name(f"{pointer}/owned_by/{index}", "reference", field, references)
        self._check_targets(f"{pointer}/links", links, fields, names)
        self.report.check_names(f"{pointer}/fill", "field", entry.get("fill", ()), fields)
        if key and self.report.check_name(f"{pointer}/key", "field", key, fields):
            if key not in hidden and not shape.member(key).types <= {"string", "integer"}:
                self.report.add(f"{pointer}/key", f"the key {quote(key)} must be a string or an integer")
        sort = tuple(SortField.parse(text) for text in entry.get("sort", ()))
        self.report.check_names(f"{pointer}/sort", "field", [criterion.name for criterion in sort], fields)
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
            write_only=frozenset(field for field in fields if is_write_only(shape, field)),
            owned_by=frozenset(entry.get("owned_by", ())),
            fill=frozenset(entry.get("fill", ())),
            hidden=frozenset(hidden),
            single=entry.get("single", False),
            links=links,
            shape=shape,
        )

    def _read_fields(self, pointer: str, entry: Mapping[str, Any], schema: Node, shape: Shape) -> dict[str, Any]:
        """The fields of a resource, also those that clients do not see, each with its JSON types."""
        fields = {field: types_of(property_) for field, property_ in declared_properties(schema).items()}
        fields |= {field: shape.member(field).types for field in shape.ordered_names if field not in fields}
        hidden, key = entry.get("hidden", ()), entry.get("key", "")
        for index, field in enumerate(hidden):
            if field in fields:
                self.report.add(f"{pointer}/hidden/{index}", f"{quote(field)} is in the schema, so clients see it")
        fields |= {field: KEY_TYPES for field in hidden if field not in fields}
        if key in hidden and key not in entry.get("references", {}) and not entry.get("single"):
            fields[key] = frozenset({"integer"})
        return fields

    def _check_targets(
        self, pointer: str, targets: Mapping[str, str], fields: Mapping[str, Any], names: set[str]
    ) -> None:
        """Check fields that name other resources."""
        self.report.check_names(pointer, "field", targets, fields)
        declared = self.report.source.data["resources"]
        for field, target in targets.items():
            place = json_pointer.append(pointer, field)
            if self.report.check_name(place, "resource", target, names) and not declared[target].get("key"):
                self.report.add(place, f"{target} has no key, which {quote(field)} would hold")

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
        self.report.check_name(f"{pointer}/field", "field", entry["field"], fields)
        if not key:
            self.report.add(pointer, "needs a `key` of the resource, which says whose state changes")
        if entry["field"] == key:
            self.report.add(f"{pointer}/field", f"{quote(key)} is the key, which no transition changes")
        if "touch" in entry and self.report.check_name(f"{pointer}/touch", "field", entry["touch"], fields):
            self._check_touch(f"{pointer}/touch", entry["touch"], entry["field"], key, shape)
        if "log" in entry:
            self.report.check_name(f"{pointer}/log", "resource", entry["log"], names)
        occupied = {entry["field"]: "holds the state", key: "is the key", entry.get("touch"): "has the time already"}
        transitions = {
            name: Transition(
                name,
                tuple([transition["from"]] if isinstance(transition["from"], str) else transition["from"]),
                transition["to"],
                read_effects(
                    self.report,
                    self.schemas,
                    f"{pointer}/transitions/{name}/set",
                    transition.get("set", {}),
                    shape,
                    fields,
                    occupied,
                ),
                self._read_guard(f"{pointer}/transitions/{name}/when", transition),
            )
            for name, transition in entry["transitions"].items()
        }
        return Lifecycle(entry["field"], entry["initial"], transitions, entry.get("touch"), entry.get("log"))

    def _check_touch(self, pointer: str, field: str, state: str, key: str, shape: Shape) -> None:
        """Check that a field can hold the time of a transition."""
        if field in (state, key):
            use = "holds the state" if field == state else "is the key"
            self.report.add(pointer, f"{quote(field)} {use}, so it cannot hold the time of a transition")
            return
        if problem := self._stamp_problem(shape.member(field)):
            self.report.add(pointer, f"{quote(field)} cannot hold the time of a transition: {problem}")

    def _stamp_problem(self, shape: Shape) -> str:
        """Why a field of this shape cannot hold an instant; empty if it can."""
        schemas = (self.schemas.validator(schema) for schema in shape.unconditional())
        problems = (violation.message for schema in schemas for violation in schema.violations(STAMP, "body"))
        return next(problems, "")

    def _read_guard(self, pointer: str, transition: Mapping[str, Any]) -> Validator | None:
        guard, errors = compile_inline(transition["when"]) if "when" in transition else (None, [])
        for place, message in errors:
            self.report.add(pointer + place, f"is not a JSON Schema: {message}")
        return guard

    def _read_derived(
        self, pointer: str, entries: Mapping[str, Any], names: set[str], fields: Mapping[str, Any], key: str
    ) -> tuple[DerivedField, ...]:
        self.report.check_names(f"{pointer}/derived", "field", entries, fields)
        derived = []
        for name, entry in entries.items():
            self.report.check_name(
                json_pointer.append(pointer, "derived", name, "latest"), "resource", entry["latest"], names
            )
            ((reference, referenced),) = entry["where"].items()
            if referenced != key:
                message = f"{quote(referenced)} is not the key of this resource"
                self.report.add(json_pointer.append(pointer, "derived", name, "where", reference), message)
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
                self.report.add(f"{pointer}/transitions", message)
        log = resources.get(lifecycle.log or "")
        if log is None:
            return
        if log.key or list(log.references.values()).count(resource.name) != 1:
            message = f"{log.name} must have no key, and exactly one reference to {resource.name}"
            self.report.add(f"{pointer}/log", message)
        event_schema = declared_properties(log.schema).get(LOG_EVENT)
        if event_schema is None:
            self.report.add(f"{pointer}/log", f"the schema of {log.name} has no {quote(LOG_EVENT)}")
            return
        references = [name for name, target in log.references.items() if target == resource.name]
        written = {
            LOG_EVENT,
            LOG_STAMP,
            *references,
            *(part for name in references for part in log.joined.get(name, ())),
        }
        for name in sorted(_required(log.shape) - written):
            self.report.add(f"{pointer}/log", f"the schema of {log.name} requires {quote(name)}, which no entry has")
        if problem := self._stamp_problem(log.shape.member(LOG_STAMP)):
            self.report.add(f"{pointer}/log", f"{quote(LOG_STAMP)} of {log.name} cannot hold a time: {problem}")
        for name in lifecycle.transitions:
            for violation in self.schemas.validator(event_schema).violations(name, "body"):
                message = f"the name does not match the log's schema: {violation.message}"
                self.report.add(json_pointer.append(pointer, "transitions", name), message)

    def _check_derived(self, resource: Resource, resources: Mapping[str, Resource]) -> None:
        """Check derived fields against the resource that they are computed from, and their values by the schema."""
        stored = _stored_fields(resource)
        for derived in resource.derived:
            pointer = json_pointer.join(("resources", resource.name, "derived", derived.name))
            if (reason := stored.get(derived.name)) is not None:
                self.report.add(pointer, f"{quote(derived.name)} {reason}, so it cannot be computed on read")
            other = resources.get(derived.resource)
            if other is None:
                continue
            if other.references.get(derived.reference) != resource.name:
                names = [field for field, target in other.references.items() if target == resource.name]
                hint = did_you_mean(derived.reference, names)
                message = f"{other.name} has no reference {quote(derived.reference)} to {resource.name}.{hint}"
                self.report.add(f"{pointer}/where", message)
            self.report.check_name(f"{pointer}/map/field", "field", derived.field, other.fields)
            schema = declared_properties(resource.schema).get(derived.name)
            for label, value in {**derived.values, "": derived.none}.items():
                value_pointer = json_pointer.append(pointer, "map", "values", label) if label else f"{pointer}/map/none"
                for violation in self.schemas.validator(schema).violations(value, "body") if schema is not None else ():
                    message = f"does not match the schema: {violation.message}"
                    self.report.add(value_pointer + violation.pointer, message)
            if other.lifecycle is not None and other.lifecycle.field == derived.field:
                for state in set(other.lifecycle.states) - set(derived.values):
                    self.report.add(f"{pointer}/map/values", f"the state {quote(state)} of {other.name} has no value")


def _required(shape: Shape) -> set[str]:
    return {name for schema in shape.unconditional() for name in schema.value.get("required", ())}


def _stored_fields(resource: Resource) -> dict[str | None, str]:
    """The fields that must be stored, each with the reason."""
    lifecycle = resource.lifecycle
    references = (*resource.references, *(part for parts in resource.joined.values() for part in parts))
    return {
        **{criterion.name: "is in the `sort`" for criterion in resource.sort},
        **dict.fromkeys(references, "is a reference"),
        **dict.fromkeys(resource.key_fields, "is the key"),
        **({lifecycle.field: "holds the state", lifecycle.touch: "has the time of a transition"} if lifecycle else {}),
    }


def _with_nested_write_only(resource: Resource) -> Resource:
    """The resource, which knows whether members of its fields are write-only."""
    fields = resource.fields.keys() - resource.write_only
    shapes = [resource.shape.member(field) for field in fields]
    nests_write_only = any(shape.has_annotation(WRITE_ONLY) or holds_write_only(shape) for shape in shapes)
    return replace(resource, nests_write_only=nests_write_only) if nests_write_only else resource
