"""Members of a record at a path of their own, such as `/things/{id}/status`: views of the record."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.contract.inference.collection import Collection
from mockserver.contract.inference.envelopes import Entry
from mockserver.contract.inference.operations import NO_JSON, infer_change, json_response, returns_record
from mockserver.documents.nodes import Node
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation
from mockserver.schemas.shapes import COMPOUND, Shape
from mockserver.syntax import words

# A POST that sets a member is one only beside no GET: elsewhere it may add to what the GET lists.
WRITES = {"PUT": "replace", "PATCH": "update", "POST": "update"}


def find_member(segment: str, collection: Collection) -> str | None:
    """The member that the last segment of a path names; None if records have none of that name besides the key."""
    names = {words.normalize(name): name for name in sorted(collection.shape.names - {collection.key})}
    return names.get(words.normalize(segment))


def infer_member(member: str, methods: Mapping[str, Operation], collection: Collection) -> dict[str, Entry]:
    """The entries of the operations at a member's path, all of them or none."""
    if (
        methods.keys() - {"GET", "HEAD", *WRITES}
        or {"GET", "POST"} <= methods.keys()
        or not _is_required(member, collection)
    ):
        return {}
    entries: dict[str, Entry] = {}
    for method, operation in methods.items():
        entry = (
            infer_write(member, operation, collection)
            if method in WRITES
            else infer_read(member, operation, collection)
        )
        if entry is None:
            return {}
        entries[operation.id] = entry
    return entries


def _is_required(member: str, collection: Collection) -> bool:
    return any(member in schema.value.get("required", ()) for schema in collection.shape.unconditional())


def infer_read(member: str, operation: Operation, collection: Collection) -> Entry | None:
    """The entry of an operation that returns a member of a record."""
    media_type = json_response(operation.success(200))
    if media_type is None or media_type.schema is None:
        return None
    envelope = _infer_envelope(member, media_type.schema, collection)
    return {"read": collection.name, "member": member, **envelope} if envelope is not None else None


def infer_write(member: str, operation: Operation, collection: Collection) -> Entry | None:
    """The entry of an operation that writes a member of a record."""
    if operation.body is not None and returns_record(operation, collection):
        entry = infer_change(operation, collection)
        return {"update": collection.name, **entry} if entry is not None else None
    media = json_media_type(operation.body)
    response = json_response(operation.success(200))
    if media is None or media.schema is None or response is NO_JSON or operation.success() is None:
        return None
    body = infer_place(member, media.schema, collection)
    envelope: Entry | None = {}
    if response is not None and response.schema is not None:
        envelope = _infer_envelope(member, response.schema, collection)
    if body is None or envelope is None:
        return None
    kind = WRITES[operation.method]
    return {kind: collection.name, "member": member, **({"body": body} if body else {}), **envelope}


def _infer_envelope(member: str, schema: Node, collection: Collection) -> Entry | None:
    """The entry of a response that holds a member; records then have to match its schema, too."""
    place = infer_place(member, schema, collection)
    if place is None:
        return None
    limits = collection.parameter_schemas.setdefault(member, [])
    address = {"$ref": schema.address}
    if not place and address not in limits:
        limits.append(address)
    return {"envelope": {"item": place}} if place else {}


def infer_place(member: str, schema: Node, collection: Collection) -> str | None:
    """The name under which an object holds the member alone, empty for the member itself; None if neither."""
    shape, declared = Shape.from_schema(schema), collection.shape.member(member)
    names = [name for name in shape.names if words.normalize(name) == words.normalize(member)]
    if len(names) == 1 and _are_alike(shape.member(names[0]), declared):
        return names[0] if not (shape.names - {names[0]}) & collection.shape.names else None
    return "" if _are_alike(shape, declared) else None


def _are_alike(shape: Shape, other: Shape) -> bool:
    """Whether values of one shape may be values of the other: objects by a common name, arrays by their items."""
    common = shape.types & other.types - {"null"}
    if "array" in common:
        return _are_alike(shape.items, other.items)
    return bool(common - COMPOUND) or ("object" in common and bool(shape.names & other.names))
