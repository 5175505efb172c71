"""Sets of records of another collection: `GET /wishlist` lists products, `PUT /wishlist/{productId}` adds one of them.

A record of such a set has nothing but its key, which refers to the member, and the owner that the path names.
"""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.contract.inference.collection import KEY_TYPES, Collection, DetectedCollections, can_hold_parameter
from mockserver.contract.inference.collection_entries import infer_on_collection
from mockserver.contract.inference.envelopes import Entry, envelope_entry, find_items, find_record_schema
from mockserver.contract.inference.operations import NO_JSON, has_success, json_response
from mockserver.contract.inference.operations_by_path import Methods, OperationsByPath
from mockserver.contract.inference.owners import (
    RecordPath,
    bind_owners,
    choose_name,
    find_owners,
    group_by_form,
    named_by,
    path_entry,
)
from mockserver.documents.nodes import Node
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation
from mockserver.schemas.shapes import Shape
from mockserver.syntax import words

# The behaviours of operations on one member.
ON_MEMBER = {"PUT": "replace", "POST": "replace", "DELETE": "delete", "GET": "read"}


def may_be_member_set(path: RecordPath, record_methods: Methods, by_path: OperationsByPath) -> bool:
    """Whether records at this path are added by what is no part of them: by their path alone, or by one other field."""
    methods = by_path.get(path.collection, {})
    items = _listed_items(path.collection, methods)
    if items is None:
        return False
    additions = [operation for method, operation in record_methods.items() if method in ("PUT", "POST")]
    creation = methods.get("POST")
    media = json_media_type(creation.body) if creation is not None else None
    names = media.shape.names if media is not None else frozenset[str]()
    is_added_by_field = len(names) == 1 and names.isdisjoint(Shape.from_schema(items).names)
    return is_added_by_field or any(operation.body is None for operation in additions)


def detect_member_set(path: str, by_path: OperationsByPath, collections: DetectedCollections) -> Collection | None:
    """The set at a path; None if there is none, or an operation does not fit."""
    methods = by_path[path]
    target = _find_target(path, methods, collections)
    record_paths = [f"{path}/{below}" for below in by_path.below(path) if "{" in below]
    if target is None or len(record_paths) > 1:
        return None
    record_path = RecordPath.parse(record_paths[0]) if record_paths else None
    member_methods = by_path[record_paths[0]] if record_path is not None else {}
    creation, listing = methods.get("POST"), methods["GET"]
    field = _field(target, record_path.parameter if record_path is not None else "", creation)
    if not field or not (creation or member_methods.keys() & {"PUT", "POST"}):
        return None
    key = {"type": next(iter(target.shape.member(target.key).types - {"null"}))}
    collection = Collection(choose_name(path, collections.names), path, field, {}, {field: [key]}, [field])
    owners = find_owners(path, listing, Shape(), field, collections)
    if owners is None or field in owners.values():
        return None
    collection.references = {field: target.name}
    bind_owners(collection, listing, owners, collections, required=True)
    entries = dict(_infer(collection, target, methods, member_methods))
    operations = (*methods.values(), *member_methods.values())
    if any(has_success(operation) and operation.id not in entries for operation in operations):
        return None
    for operation in member_methods.values():
        parameter = record_path.parameter if record_path is not None else ""
        if not can_hold_parameter(target.shape, target.key, operation, parameter):
            return None
    collection.operations = {name: entry | path_entry(owners) for name, entry in entries.items()}
    return collection


def _find_target(path: str, methods: Methods, collections: DetectedCollections) -> Collection | None:
    """The collection whose records the path lists as well."""
    items = _listed_items(path, methods)
    if items is None:
        return None
    targets = [
        other
        for other in collections
        if items.address in other.schemas
        and not (other.single or other.hidden or other.unique_within)
        and other.shape.member(other.key).types - {"null"} in KEY_TYPES
    ]
    is_its_own = targets and words.name_the_same(targets[0].segment, path.rpartition("/")[2])
    return targets[0] if len(targets) == 1 and not is_its_own else None


def _listed_items(path: str, methods: Methods) -> Node | None:
    """The schema of the items that the path lists, unless it is the path's own: that of `/tasks` is called `Task`."""
    listing, segment = methods.get("GET"), path.rpartition("/")[2]
    media_type = json_response(listing.success(200)) if listing is not None else None
    items = find_items(media_type.schema, segment) if media_type is not None else None
    is_own = items is not None and words.name_the_same(items.address.rpartition("/")[2], segment)
    return None if is_own else items


def _field(target: Collection, parameter: str, creation: Operation | None) -> str:
    """The field that refers to a member: that of the body of a creation, else the parameter; empty if there is none."""
    by_name = group_by_form([target])
    media = json_media_type(creation.body) if creation is not None else None
    if creation is not None:
        names = media.shape.names if media is not None else frozenset[str]()
        referring = [name for name in sorted(names) if named_by(name, by_name)]
        return referring[0] if len(referring) == 1 and len(names) == 1 else ""
    if words.find_key_field(parameter, target.segment, target.shape.names) != target.key:
        return ""
    return parameter if named_by(parameter, by_name) else f"{words.singular_forms(target.segment)[-1]}_{target.key}"


def _infer(
    collection: Collection, target: Collection, methods: Methods, member_methods: Methods
) -> Iterator[tuple[str, Entry]]:
    """The entries of the operations that fit."""
    copy = Collection(collection.name, collection.path, target.key, dict(target.schemas))
    whole = infer_on_collection(copy, {"GET": methods["GET"]}, {}).get(methods["GET"].id)
    if whole is not None:
        kept = {name: part for name, part in whole.items() if name in ("list", "envelope")}
        paging = {role: name for role, name in whole.get("paging", {}).items() if role in ("limit", "offset", "page")}
        yield methods["GET"].id, {**kept, **({"paging": paging} if paging else {}), "show": collection.key}
    if "POST" in methods:
        response = _infer_response(methods["POST"], 201, collection, target)
        if response is not None:
            yield methods["POST"].id, {"create": collection.name, **response}
    if "DELETE" in methods and methods["DELETE"].body is None and has_success(methods["DELETE"]):
        yield methods["DELETE"].id, {"delete_all": collection.name}
    for method, operation in member_methods.items():
        response = _infer_response(operation, 200, collection, target)
        is_sent = operation.body is not None and operation.body.required
        if method == "DELETE":
            yield operation.id, {"delete": collection.name, **(response or {})}
        elif response is not None and not is_sent and method in ON_MEMBER:
            yield operation.id, {ON_MEMBER[method]: collection.name, **response}


def _infer_response(operation: Operation, status: int, collection: Collection, target: Collection) -> Entry | None:
    """What an operation responds with: nothing, or the member itself."""
    media_type = json_response(operation.success(status))
    if media_type is NO_JSON:
        return None
    if media_type is None or media_type.schema is None:
        return {}

    def is_member(schema: Node) -> bool:
        return schema.address in target.schemas

    record = find_record_schema(media_type.schema, target.segment, is_member)
    return {"show": collection.key, **envelope_entry(record[1])} if record is not None else None
