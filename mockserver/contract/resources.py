"""From `schemas/resources.yaml` to resources and behaviours, every name in it checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from mockserver.contract.behaviour import KINDS, Behaviour, Kind
from mockserver.contract.lifecycle import LOG_EVENT, Lifecycle, Transition
from mockserver.contract.model import DerivedField, Resource, SortField
from mockserver.contract.overrides import json_media
from mockserver.documents.source import Report, Source
from mockserver.documents.tree import Documents, Node
from mockserver.errors import did_you_mean, quote
from mockserver.openapi.model import Operation, Parameter
from mockserver.schemas.shapes import COMPOUND, Shape, types_of
from mockserver.schemas.validators import Schemas

STATUSES: Mapping[Kind, int] = {"create": 201, "delete": 204}
# Values of a query parameter that no record has: they ask for all.
EVERY = ("all", "any", "*")


@dataclass(slots=True)
class ResourcesReader:
    """Reads the file `source`, whose form has been checked; schemas are named relative to `base`."""

    source: Source
    base: str
    documents: Documents
    schemas: Schemas
    report: Report

    def resources(self) -> dict[str, Resource]:
        """Every resource whose schema can be read, with references among them checked."""
        declared: Mapping[str, Any] = self.source.data.get("resources", {})
        found = {
            name: resource
            for name, entry in declared.items()
            if (resource := self._resource(name, entry, set(declared))) is not None
        }
        for name, resource in found.items():
            self._lifecycle_agrees(resource, found)
            self._derived_agree(name, resource, found)
        return found

    def behaviours(
        self, operations: Mapping[str, Operation], resources: Mapping[str, Resource]
    ) -> dict[str, Behaviour]:
        """The declared behaviours by operationId, in the order of `operations`."""
        found: dict[str, Behaviour] = {}
        for name, entry in self.source.data.get("operations", {}).items():
            pointer = f"/operations/{name}"
            if name not in operations:
                self._note(pointer, f"there is no operation {quote(name)}.{did_you_mean(name, operations)}")
                continue
            behaviour = self._behaviour(pointer, entry, operations[name], resources)
            if behaviour is not None:
                found[name] = behaviour
        return {name: found[name] for name in operations if name in found}

    def _resource(self, name: str, entry: Mapping[str, Any], names: set[str]) -> Resource | None:
        pointer = f"/resources/{name}"
        uri = self.base + entry["schema"]
        if uri not in self.documents.sources:
            known = (one.removeprefix(self.base) for one in self.documents.sources)
            hint = did_you_mean(entry["schema"], known)
            self._note(f"{pointer}/schema", f"there is no schema {quote(entry['schema'])}.{hint}")
            return None
        schema = self.documents.root(uri)
        try:
            validator = self.schemas.at(schema)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):
            return None  # noted with the schema files
        fields = {field: types_of(at) for field, at in properties(schema).items()}
        shape = Shape.of(schema)
        references = entry.get("references", {})
        self._fields_exist(f"{pointer}/references", references, fields)
        for field, target in references.items():
            self._known(f"{pointer}/references/{field}", "resource", target, names)
        for place, field in enumerate(entry.get("owned_by", ())):
            self._known(f"{pointer}/owned_by/{place}", "reference", field, references)
        key = entry.get("key", "")
        if key:
            self._fields_exist(f"{pointer}/key", [key], fields)
            if key in fields and not shape.member(key).types <= {"string", "integer"}:
                self._note(f"{pointer}/key", f"{quote(key)} must be a string or an integer to name a record")
        sort = tuple(SortField.parse(text) for text in entry.get("sort", ()))
        self._fields_exist(f"{pointer}/sort", [one.name for one in sort], fields)
        return Resource(
            name=name,
            schema=schema,
            validator=validator,
            fields=fields,
            key=key,
            references=references,
            sort=sort,
            derived=self._derived(pointer, entry.get("derived", {}), names, fields, key),
            lifecycle=self._lifecycle(pointer, entry.get("lifecycle"), names, fields),
            read_only=frozenset(field for field in fields if shape.member(field).says("readOnly")),
            write_only=frozenset(field for field in fields if shape.member(field).says("writeOnly")),
            owned_by=frozenset(entry.get("owned_by", ())),
            shape=shape,
        )

    def _lifecycle(
        self, pointer: str, entry: Mapping[str, Any] | None, names: set[str], fields: Mapping[str, Any]
    ) -> Lifecycle | None:
        if entry is None:
            return None
        pointer = f"{pointer}/lifecycle"
        self._fields_exist(f"{pointer}/field", [entry["field"]], fields)
        if "touch" in entry:
            self._fields_exist(f"{pointer}/touch", [entry["touch"]], fields)
        if "log" in entry:
            self._known(f"{pointer}/log", "resource", entry["log"], names)
        transitions = {
            name: Transition(name, tuple([one["from"]] if isinstance(one["from"], str) else one["from"]), one["to"])
            for name, one in entry["transitions"].items()
        }
        return Lifecycle(entry["field"], entry["initial"], transitions, entry.get("touch"), entry.get("log"))

    def _derived(
        self, pointer: str, entries: Mapping[str, Any], names: set[str], fields: Mapping[str, Any], key: str
    ) -> tuple[DerivedField, ...]:
        self._fields_exist(f"{pointer}/derived", entries, fields)
        found = []
        for name, entry in entries.items():
            self._known(f"{pointer}/derived/{name}/latest", "resource", entry["latest"], names)
            ((reference, own),) = entry["where"].items()
            if own != key:
                self._note(f"{pointer}/derived/{name}/where/{reference}", f"{quote(own)} is not the key of this one")
            values = entry["map"]
            found.append(
                DerivedField(name, entry["latest"], reference, values["field"], values["values"], values["none"])
            )
        return tuple(found)

    def _lifecycle_agrees(self, resource: Resource, resources: Mapping[str, Resource]) -> None:
        lifecycle = resource.lifecycle
        if lifecycle is None:
            return
        pointer = f"/resources/{resource.name}/lifecycle"
        state = properties(resource.schema).get(lifecycle.field)
        for name in lifecycle.states if state is not None else ():
            for violation in self.schemas.at(state).violations(name, "body")[:1] if state is not None else ():
                self._note(f"{pointer}/transitions", f"the state {quote(name)} breaks the schema: {violation.message}")
        log = resources.get(lifecycle.log or "")
        if log is None:
            return
        if log.key or list(log.references.values()).count(resource.name) != 1:
            self._note(f"{pointer}/log", f"{log.name} must have no key, and one reference to {resource.name}")
        event = properties(log.schema).get(LOG_EVENT)
        if event is None:
            self._note(f"{pointer}/log", f"the schema of {log.name} has no {quote(LOG_EVENT)}")
            return
        for name in lifecycle.transitions:
            for violation in self.schemas.at(event).violations(name, "body"):
                self._note(f"{pointer}/transitions/{name}", f"the log's schema refuses it: {violation.message}")

    def _derived_agree(self, name: str, resource: Resource, resources: Mapping[str, Resource]) -> None:
        for derived in resource.derived:
            pointer = f"/resources/{name}/derived/{derived.name}"
            other = resources.get(derived.resource)
            if other is None:
                continue
            if other.references.get(derived.reference) != name:
                known = [field for field, target in other.references.items() if target == name]
                hint = did_you_mean(derived.reference, known)
                self._note(f"{pointer}/where", f"{other.name} has no reference {quote(derived.reference)} here.{hint}")
            self._fields_exist(f"{pointer}/map/field", [derived.field], other.fields)
            place = properties(resource.schema).get(derived.name)
            for label, value in {**derived.values, "": derived.none}.items():
                at = f"{pointer}/map/values/{label}" if label else f"{pointer}/map/none"
                for violation in self.schemas.at(place).violations(value, "body") if place is not None else ():
                    self._note(at + violation.pointer, f"breaks the schema: {violation.message}")
            if other.lifecycle is not None and other.lifecycle.field == derived.field:
                for state in set(other.lifecycle.states) - set(derived.values):
                    self._note(f"{pointer}/map/values", f"the state {quote(state)} of {other.name} has no value")

    def _behaviour(
        self, pointer: str, entry: Mapping[str, Any], operation: Operation, resources: Mapping[str, Resource]
    ) -> Behaviour | None:
        kind: Kind = next(one for one in KINDS if one in entry)
        name, _, transition = entry[kind].partition(".")
        if not self._known(f"{pointer}/{kind}", "resource", name, resources):
            return None
        resource = resources[name]
        if kind == "transition":
            known = resource.lifecycle.transitions if resource.lifecycle else ()
            if not self._known(f"{pointer}/{kind}", "transition", transition, known):
                return None
        if kind != "list" and not resource.key:
            self._note(f"{pointer}/{kind}", f"{name} has no key, so {kind} cannot name a record of it")
            return None
        if kind not in ("list", "create") and not operation.path_names:
            self._note(f"{pointer}/{kind}", f"{operation.path} has no path parameter to name a record by")
            return None
        path = entry.get("path", {})
        for parameter in path:
            self._known(f"{pointer}/path", "path parameter", parameter, operation.path_names)
        for parameter in operation.path_names if kind == "list" else operation.path_names[:-1]:
            self._known(f"{pointer}/{kind}", "field", path.get(parameter, parameter), resource.fields)
        query = {one.name: one for one in operation.parameters if one.location == "query"}
        paging = entry.get("paging", {})
        for role, parameter in paging.items():
            self._known(f"{pointer}/paging/{role}", "query parameter", parameter, query)
        envelope = entry.get("envelope", {})
        page = query.get(paging.get("page", ""))
        return Behaviour(
            kind=kind,
            resource=name,
            transition=transition or None,
            items=envelope.get("items"),
            total=envelope.get("total"),
            limit=paging.get("limit"),
            offset=paging.get("offset"),
            sort=paging.get("sort"),
            page=paging.get("page"),
            first_page=0 if page is not None and page.default == 0 else 1,
            filters=tuple(
                name for name, one in query.items() if name not in paging.values() and _filters(one, resource)
            ),
            item=envelope.get("item"),
            envelope=_others(operation, kind, envelope) if envelope else None,
            body=entry.get("body"),
            path=path,
        )

    def _fields_exist(self, pointer: str, names: Iterable[str], fields: Mapping[str, Any]) -> None:
        for name in names:
            self._known(pointer, "field", name, fields)

    def _known(self, pointer: str, what: str, name: str, known: Iterable[str]) -> bool:
        names = list(known)
        if name in names:
            return True
        self._note(pointer, f"there is no {what} {quote(name)}.{did_you_mean(name, names)}")
        return False

    def _note(self, pointer: str, message: str) -> None:
        self.report.add(
            self.source, pointer, message, "unknown-name" if message.startswith("there is no") else "invalid"
        )


def _filters(parameter: Parameter, resource: Resource) -> bool:
    """Whether a query parameter asks for values of the field that has its name."""
    if parameter.name not in resource.fields:
        return False
    asked, held = parameter.notation.shape, resource.shape.member(parameter.name)
    asked = asked.items if asked.types == {"array"} else asked
    if not (asked.types & held.types) - COMPOUND - {"null"}:
        return False
    values, known = asked.values or [], held.values
    return all(one not in EVERY if known is None else one in known for one in values)


def _others(operation: Operation, kind: Kind, envelope: Mapping[str, str]) -> Node | None:
    """The schema of an answer that declares more than what the envelope is said to hold."""
    chosen = operation.success(STATUSES.get(kind, 200))
    media = json_media(chosen[1]) if chosen is not None else None
    if media is None or media.schema is None or media.shape.names <= set(envelope.values()):
        return None
    return media.schema


def properties(schema: Node, depth: int = 0) -> dict[str, Node]:
    """The properties that a schema declares, those of its references and `allOf` included."""
    if depth > 20 or not isinstance(schema.value, dict):
        return {}
    found: dict[str, Node] = {}
    if isinstance(schema.value.get("$ref"), str):
        found |= properties(schema.follow(), depth + 1)
    if "allOf" in schema.value:
        for index in range(len(schema.value["allOf"])):
            found |= properties(schema.child("allOf", index), depth + 1)
    if isinstance(schema.value.get("properties"), dict):
        found |= {name: schema.child("properties", name) for name in schema.value["properties"]}
    return found
