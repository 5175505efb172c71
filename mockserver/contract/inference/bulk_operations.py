"""Whether an operation counts, creates, replaces or deletes several records of a collection."""

from __future__ import annotations

from mockserver.contract.inference.collection import Collection
from mockserver.contract.inference.envelopes import TOTALS, Entry, add_list, find_number, list_envelope
from mockserver.contract.inference.list_selection import infer_selection
from mockserver.contract.inference.operations import NO_JSON, json_response
from mockserver.contract.record_identity import requires_field
from mockserver.contract.selecting_parameters import query_parameters
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation
from mockserver.schemas.shapes import COMPOUND, Shape
from mockserver.syntax import words

# Members that hold the records in the body of a request, besides one with the collection's name.
WRAPPERS = ("data", "items", "records", "results", "resources", "entries")
# Members that say how many records were deleted.
DELETED = ("deleted", "deletedcount", "removed", *TOTALS)


def infer_count(operation: Operation, collection: Collection) -> Entry | None:
    """The entry of an operation that returns the number of records, alone or in an object."""
    media_type = json_response(operation.success(200))
    if media_type is None or media_type.schema is None:
        return None
    selection = _selection(operation, collection)
    if "integer" in media_type.shape.types and not media_type.shape.types & COMPOUND:
        return selection
    number = find_number(media_type.schema, TOTALS)
    return {"envelope": {"total": number}, **selection} if number is not None else None


def infer_create_all(operation: Operation, collection: Collection) -> Entry | None:
    """The entry of an operation that creates a record of each item of its body."""
    return _infer_write(operation, collection, 201)


def infer_replace_all(operation: Operation, collection: Collection) -> Entry | None:
    """The entry of an operation whose body is all of the records."""
    return _infer_write(operation, collection, 200)


def infer_delete_all(operation: Operation, collection: Collection) -> Entry | None:
    """The entry of an operation that deletes the records that its query selects, or all.

    None if it has a body or a parameter that nothing is known of: either may say which records are meant.
    """
    selection = _selection(operation, collection)
    used = {*selection.get("filters", ()), *selection.get("search", ()), *collection.shape.names}
    if operation.success() is None or operation.body is not None or query_parameters(operation).keys() - used:
        return None
    return _with_number(selection, operation)


def infer_delete_listed(operation: Operation, collection: Collection) -> Entry | None:
    """The entry of an operation that deletes the records whose keys are listed in its body, which has nothing else."""
    media = json_media_type(operation.body)
    if media is None or operation.success() is None or len(media.shape.names) != 1:
        return None
    name = next(iter(media.shape.names))
    listed, key = media.shape.member(name), collection.key
    forms = ("", *words.singular_forms(collection.segment))
    is_named = words.normalize(name) in [f"{form}{words.normalize(end)}s" for form in forms for end in (key, "id")]
    has_keys = listed.types == {"array"} and listed.items.types & collection.shape.member(key).types - COMPOUND
    if not (is_named and has_keys and requires_field(operation, name)):
        return None
    return _with_number({"filters": {name: {"field": key, "op": "in"}}}, operation)


def _with_number(selection: Entry, operation: Operation) -> Entry:
    """The entry of an operation that deletes what is selected, with how many these are if it responds with that."""
    media_type = json_response(operation.success(204))
    if media_type is None or media_type.schema is None:
        return selection
    number = find_number(media_type.schema, DELETED)
    return {"envelope": {"total": number}, **selection} if number is not None else selection


def _selection(operation: Operation, collection: Collection) -> Entry:
    selection = infer_selection(operation, None, collection.shape, collection.key)
    return {name: part for name, part in selection.items() if name != "paging"}


def _infer_write(operation: Operation, collection: Collection, status: int) -> Entry | None:
    """The entry of an operation whose body is a list of records, and which returns them or nothing."""
    body = _infer_body(operation, collection)
    media_type = json_response(operation.success(status))
    if body is None or media_type is NO_JSON or operation.success() is None:
        return None
    if media_type is None or media_type.schema is None:
        return body
    listed = add_list(media_type.schema, collection)
    return body | list_envelope(media_type.schema, listed[0]) if listed is not None else None


def _infer_body(operation: Operation, collection: Collection) -> Entry | None:
    media = json_media_type(operation.body)
    if media is None or media.schema is None:
        return None
    if _are_records(media.shape, collection):
        return {}
    names = (*WRAPPERS, *words.singular_forms(collection.segment))
    members = [name for name in sorted(media.shape.names) if words.normalize(name) in names]
    members = [name for name in members if _are_records(media.shape.member(name), collection)]
    return {"body": members[0]} if len(members) == 1 and len(media.shape.names) == 1 else None


def _are_records(shape: Shape, collection: Collection) -> bool:
    return shape.types == {"array"} and bool(shape.items.names & collection.shape.names)
