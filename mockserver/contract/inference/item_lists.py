"""Lists that a record holds, whose items have paths of their own: `POST /cart/items` where `/cart` has `items`."""

from __future__ import annotations

from collections.abc import Container

from mockserver.contract.inference.collection import HIDDEN_KEY, Collection, DetectedCollections
from mockserver.contract.inference.envelopes import (
    WRAPPERS,
    Entry,
    envelope_entry,
    find_record_schema,
    record_examples,
)
from mockserver.contract.inference.member_paths import find_member, infer_place, infer_read, infer_write
from mockserver.contract.inference.operations import (
    NO_JSON,
    has_success,
    infer_change,
    infer_response,
    json_response,
    returns_record,
)
from mockserver.contract.inference.operations_by_path import Methods, OperationsByPath
from mockserver.contract.inference.owners import RecordPath, bind_owners, choose_name, path_entry
from mockserver.contract.inference.single_records import find_owners_of_single
from mockserver.documents.nodes import Node
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation
from mockserver.schemas.shapes import COMPOUND, Shape
from mockserver.syntax import words

CHANGES = {"PUT": "replace_item", "PATCH": "update_item", "POST": "update_item"}


def infer_items(
    collection: Collection, path: str, by_path: OperationsByPath, assigned: Container[str] = ()
) -> dict[str, Entry]:
    """The entries of the operations on the items of the lists that a record at a path holds.

    All operations on the items of a list must fit, and none may be one of another collection, in `assigned`.
    """
    entries: dict[str, Entry] = {}
    for segment in by_path.below(path):
        member = find_member(segment, collection) if "{" not in segment else None
        if member is None or not _is_list(collection.shape.member(member)):
            continue
        below = f"{path}/{segment}"
        methods = by_path.get(below, {})
        item_paths = [f"{below}/{name}" for name in by_path.below(below) if RecordPath.parse(f"{below}/{name}")]
        item_methods = by_path[item_paths[0]] if len(item_paths) == 1 else {}
        # What reads or writes the list as a whole may have been inferred already.
        whole = {name for name, entry in collection.operations.items() if entry.get("member") == member}
        methods = {method: operation for method, operation in methods.items() if operation.id not in whole}
        operations = [operation for operation in (*methods.values(), *item_methods.values()) if has_success(operation)]
        if len(item_paths) > 1 or any(operation.id in assigned for operation in operations):
            continue
        parsed = RecordPath.parse(item_paths[0]) if item_paths else None
        item_list = _ItemList(collection, member, segment, parsed.parameter if parsed is not None else "")
        of_list = item_list.infer(methods, item_methods)
        if all(operation.id in of_list for operation in operations):
            entries |= of_list
    return entries


def detect_holder(
    path: str, by_path: OperationsByPath, assigned: Container[str], collections: DetectedCollections
) -> Collection | None:
    """The single record at a path that holds a list whose items are written below the path; None if there is none."""
    methods = by_path[path]
    read = methods.get("GET")
    media_type = json_response(read.success(200)) if read is not None else None
    if read is None or media_type is None or media_type.schema is None or not by_path.below(path):
        return None

    def fits(schema: Node) -> bool:
        candidate = Collection("", path, "", {schema.address: schema}, single=True)
        return bool(infer_items(candidate, path, by_path, assigned))

    record = find_record_schema(media_type.schema, path.rpartition("/")[2], fits)
    if record is None:
        return None
    schema, member = record
    collection = Collection(
        choose_name(path, collections.names), path, HIDDEN_KEY, {schema.address: schema}, single=True
    )
    owners = find_owners_of_single(collection, read, False, collections)
    if owners is None:
        return None
    entries = infer_items(collection, path, by_path, assigned)
    entries[read.id] = {"read": collection.name, **envelope_entry(member)}
    for method, kind in (("PUT", "replace"), ("PATCH", "update")):
        change = infer_change(methods[method], collection) if method in methods else None
        if change is not None:
            entries[methods[method].id] = {kind: collection.name, **change}
    lists = {entry["member"] for entry in entries.values() if "member" in entry}
    if "DELETE" in methods and has_success(methods["DELETE"]) and len(lists) == 1:
        cleared = _infer_clearing(methods["DELETE"], collection, lists.pop())
        entries |= {methods["DELETE"].id: cleared} if cleared is not None else {}
    collection.operations = {name: entry | path_entry(owners) for name, entry in entries.items()}
    collection.examples += record_examples(media_type, member)
    bind_owners(collection, read, owners, collections, required=True)
    return collection


def are_items_of_owner(path: str, read: Operation, by_path: OperationsByPath, collections: DetectedCollections) -> bool:
    """Whether what is read below a path is an item of a list that a record holds, at the path before it.

    Then that record is where the items are listed.
    """
    owner_path, _, segment = path.rpartition("/")
    methods = by_path.get(owner_path, {})
    owner_record = RecordPath.parse(owner_path)
    if "GET" not in methods or "{" in segment:
        return False
    if owner_record is None:
        holder = detect_holder(owner_path, by_path, (), collections)
        return holder is not None and read.id in holder.operations
    owners = collections.at(owner_record.collection)
    return any(read.id in infer_items(owner, owner_path, by_path) for owner in owners)


def _is_list(shape: Shape) -> bool:
    items = shape.items.types
    return shape.types - {"null"} == {"array"} and (items == {"object"} or not items & COMPOUND)


def _infer_clearing(operation: Operation, collection: Collection, member: str) -> Entry | None:
    """The entry of a DELETE that empties a list and returns nothing, or the record."""
    media_type = json_response(operation.success(204))
    if operation.body is not None or media_type is NO_JSON:
        return None
    is_empty = media_type is None or media_type.schema is None
    if not is_empty and not returns_record(operation, collection):
        return None
    response = infer_response(operation, 204, collection)
    entry = {"clear_items": collection.name, "member": member, "returns": "record"}
    return {**entry, **response} if response is not None else None


class _ItemList:
    """A list that records of a collection hold, and the parameter that names an item of it, if there is one."""

    def __init__(self, collection: Collection, member: str, segment: str, parameter: str) -> None:
        self.collection, self.member, self.segment, self.parameter = collection, member, segment, parameter
        self.items = collection.shape.member(member).items
        self.are_objects = self.items.types == {"object"}
        names = self.items.names
        by = words.find_key_field(parameter, segment, names) if parameter else words.find_identifier(segment, names)
        if by is None and parameter:
            by = words.find_usual_key_field(parameter, segment, names)
        self.by = by if by is not None and self.items.member(by).types & {"string", "integer"} else ""

    def infer(self, methods: Methods, item_methods: Methods) -> dict[str, Entry]:
        """The entries of the operations on the list and on its items that fit."""
        if self.parameter and self.are_objects and not self.by:
            return {}
        writes = (methods.keys() & {"POST", "DELETE"}) | (item_methods.keys() - {"GET"})
        if not writes:
            return {}
        entries: dict[str, Entry | None] = {}
        for method, operation in methods.items():
            if method == "GET":
                entries[operation.id] = infer_read(self.member, operation, self.collection)
            elif method == "POST":
                entries[operation.id] = self._infer_write("add_item", operation) if self.are_objects else None
            elif method == "PUT":
                entries[operation.id] = infer_write(self.member, operation, self.collection)
            elif method == "DELETE":
                entries[operation.id] = _infer_clearing(operation, self.collection, self.member)
        for method, operation in item_methods.items():
            entries[operation.id] = self._infer_on_item(method, operation)
        return {name: entry for name, entry in entries.items() if entry is not None}

    def _infer_on_item(self, method: str, operation: Operation) -> Entry | None:
        if method == "DELETE":
            response = self._infer_response(operation, 204)
            is_item = response is not None and response["returns"] == "item"
            return self._entry("remove_item", response) if not is_item else None
        if method == "GET":
            return self._entry("read_item", self._infer_response(operation, 200)) if self.are_objects else None
        if self.are_objects:
            return self._infer_write(CHANGES[method], operation) if method in CHANGES else None
        is_addition = method in ("PUT", "POST") and operation.body is None
        return self._entry("replace_item", self._infer_response(operation, 200)) if is_addition else None

    def _infer_write(self, kind: str, operation: Operation) -> Entry | None:
        """The entry of an operation whose body has members of an item."""
        media = json_media_type(operation.body)
        if media is None:
            return None
        wrappers = (*WRAPPERS, *words.singular_forms(self.segment))
        bodies: dict[str, Shape] = {"": media.shape}
        bodies |= {name: media.shape.member(name) for name in media.shape.names if words.normalize(name) in wrappers}
        names = set(map(words.normalize, self.items.names))
        body = next((name for name, shape in bodies.items() if names & set(map(words.normalize, shape.names))), None)
        if body is None or "object" not in bodies[body].types:
            return None
        entry = self._entry(kind, self._infer_response(operation, 201 if kind == "add_item" else 200))
        return {**entry, **({"body": body} if body else {})} if entry is not None else None

    def _entry(self, kind: str, response: Entry | None) -> Entry | None:
        by = {"by": self.by} if self.by else {}
        return {kind: self.collection.name, "member": self.member, **by, **response} if response is not None else None

    def _infer_response(self, operation: Operation, status: int) -> Entry | None:
        """What an operation responds with: the record, its list, the item, or nothing."""
        media_type = json_response(operation.success(status))
        if media_type is NO_JSON:
            return None
        if media_type is None or media_type.schema is None:
            return {"returns": "record"}
        if returns_record(operation, self.collection):
            response = infer_response(operation, status, self.collection)
            return {"returns": "record", **response} if response is not None else None
        place = infer_place(self.member, media_type.schema, self.collection)
        if place is not None:
            return {"returns": "member", **({"envelope": {"item": place}} if place else {})}
        item = find_record_schema(media_type.schema, self.segment, self._is_item) if self.are_objects else None
        return {"returns": "item", **envelope_entry(item[1])} if item is not None else None

    def _is_item(self, schema: Node) -> bool:
        return Shape.from_schema(schema).names == self.items.names
