"""Detects single records: `/settings`, and the `/users/{id}/profile` of each user, which no path lists."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.contract.inference.collection import HIDDEN_KEY, Collection, DetectedCollections, free_name
from mockserver.contract.inference.envelopes import Entry, envelope_entry, find_record_schema, record_examples
from mockserver.contract.inference.operations import (
    has_success,
    infer_body,
    infer_change,
    infer_response,
    json_response,
)
from mockserver.contract.inference.owners import bind_owners, choose_name, find_owners, has_collection, path_entry
from mockserver.documents.nodes import Node
from mockserver.openapi.model import Operation
from mockserver.schemas.shapes import Shape

# The behaviours of the methods that write the record: where there is none, a POST or PUT creates it.
WRITES = {"PUT": "replace", "POST": "replace", "PATCH": "update"}


def detect_single_record(
    path: str, methods: Mapping[str, Operation], collections: DetectedCollections
) -> Collection | None:
    """The record at a path that is read and written there; None if there is none, or an operation does not fit."""
    read = methods.get("GET")
    media_type = json_response(read.success(200)) if read is not None else None
    if read is None or media_type is None or media_type.schema is None:
        return None

    def fits(schema: Node) -> bool:
        return _is_written(schema, path, methods)

    segment, is_wrapped = path.rpartition("/")[2], _shares_one_member(media_type.schema, methods)
    record = find_record_schema(media_type.schema, segment, fits, members_first=is_wrapped)
    if record is None:
        return None
    schema, member = record
    collection = Collection(
        choose_name(path, collections.names), path, HIDDEN_KEY, {schema.address: schema}, single=True
    )
    owners = find_owners_of_single(collection, read, "DELETE" in methods, collections)
    if owners is None:
        return None
    entries: dict[str, Entry] = {read.id: {"read": collection.name, **envelope_entry(member)}}
    for method, kind in WRITES.items():
        operation = methods.get(method)
        entry = infer_change(operation, collection) if operation is not None else None
        if operation is not None and entry is not None and (method != "POST" or _is_whole(operation, collection)):
            entries[operation.id] = {kind: collection.name, **entry}
        elif operation is not None and method != "POST":
            return None
    if "DELETE" in methods and has_success(methods["DELETE"]):
        entries[methods["DELETE"].id] = {"delete": collection.name}
    if len(entries) < 2:
        return None
    collection.operations = {name: entry | path_entry(owners) for name, entry in entries.items()}
    collection.examples += record_examples(media_type, member)
    bind_owners(collection, read, owners, collections, required=True)
    return collection


def _shares_one_member(schema: Node, methods: Mapping[str, Operation]) -> bool:
    """Whether the response and the bodies have one member in common, which may hold the record in both."""
    bodies = [methods[method].body for method in WRITES if method in methods]
    names = {name for body in bodies if body is not None for media in body.media.values() for name in media.shape.names}
    return len(names & Shape.from_schema(schema).names) == 1


def _is_written(schema: Node, path: str, methods: Mapping[str, Operation]) -> bool:
    """Whether the body of an operation at the path is a record of this schema."""
    candidate = Collection("", path, "", {schema.address: schema}, single=True)
    if "object" not in candidate.shape.types or not candidate.shape.names:
        return False
    changes = [methods[method] for method in ("PUT", "PATCH") if method in methods]
    if not changes and "POST" in methods:
        return _is_whole(methods["POST"], candidate)
    return any(infer_body(operation, candidate) is not None for operation in changes)


def _is_whole(operation: Operation, collection: Collection) -> bool:
    """Whether a POST takes and returns the record: its body has no other members, such as those of a line of a cart."""
    body = infer_body(operation, collection)
    media = next(iter(operation.body.media.values()), None) if operation.body is not None else None
    if body is None or media is None:
        return False
    names = media.shape.member(body["body"]).names if "body" in body else media.shape.names
    response = json_response(operation.success(200))
    has_record = response is None or response.schema is not None
    return bool(names) and names <= collection.shape.names and has_record and _returns_record(operation, collection)


def _returns_record(operation: Operation, collection: Collection) -> bool:
    copy = Collection(collection.name, collection.path, collection.key, dict(collection.schemas), single=True)
    return infer_response(operation, 200, copy) is not None


def find_owners_of_single(
    collection: Collection, read: Operation, is_deleted: bool, collections: DetectedCollections
) -> dict[str, str] | None:
    """The field that each parameter of the path holds, of which the last one becomes the key; None if one holds none.

    A parameter that nothing else is known of is the key, too, unless the record can be deleted: there is then no
    telling which of them there are.
    """
    names, hidden_key = read.path_names, free_name(HIDDEN_KEY, collection.shape.names)
    owners = find_owners(collection.path, read, collection.shape, "", collections)
    if owners is None and len(names) == 1 and not is_deleted:
        owners = {names[0]: hidden_key}
    if len(names) > 1 and not has_collection(collection.path, names[-1], collections):
        # The last parameter alone does not say which record it is.
        return None
    collection.key = owners[names[-1]] if owners else hidden_key
    if not owners:
        collection.hidden.append(hidden_key)
    return owners
