"""Whether an operation does with a collection what its method promises, by what it takes and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mockserver.contract.inference.collection import Collection
from mockserver.contract.resources import properties
from mockserver.documents.tree import Node, Unresolved
from mockserver.openapi.model import DeclaredResponse, MediaType, Operation
from mockserver.schemas.shapes import Shape
from mockserver.syntax import words
from mockserver.syntax.media_types import FORM, FORMS, is_json

# The query parameters that page a list, by what they do; no others are understood.
PAGING: Mapping[str, tuple[str, ...]] = {
    "limit": ("limit", "perpage", "pagesize"),
    "offset": ("offset",),
    "page": ("page", "pagenumber"),
}
TOTALS = ("total", "totalcount", "totalitems", "totalresults", "count")
# Members that an answer, or a body, holds a record in, besides one that is called as it is.
WRAPPERS = ("data", "item", "record", "result", "resource")
PATCHES = "json-patch"

NO_JSON = MediaType("", None, None, {})


def json_of(chosen: tuple[int, DeclaredResponse] | None) -> MediaType | None:
    """What a response holds as JSON: None where it has no body, `NO_JSON` where that is none."""
    if chosen is None or not chosen[1].media:
        return None
    return next((one for name, one in chosen[1].media.items() if is_json(name)), NO_JSON)


def succeeds(operation: Operation) -> bool:
    """Whether an operation declares what it answers when all goes well."""
    return operation.success() is not None


def held(schema: Node, segment: str, fits: Callable[[Node], bool]) -> tuple[Node, str | None] | None:
    """The schema of a record that an answer is, or holds in one member such as `data`, and that member."""
    if fits(schema):
        return schema, None
    called = (*WRAPPERS, *words.singulars(segment))
    inner = {name: settled(at) for name, at in properties(schema).items() if words.plain(name) in called}
    found = [(at, name) for name, at in inner.items() if at is not None and Shape.of(at).names and fits(at)]
    return found[0] if len(found) == 1 else None


def answers(operation: Operation, status: int, collection: Collection) -> dict[str, Any] | None:
    """What is said of an operation that answers with the record, or with nothing; None of one that does not.

    Records have to meet the schema of the answer, too.
    """
    chosen = operation.success(status)
    media = json_of(chosen)
    if chosen is None or media is NO_JSON:
        return None
    if media is None or media.schema is None:
        return {}
    found = held(media.schema, collection.segment, collection.admits)
    if found is None:
        return None
    collection.schemas[found[0].address] = found[0]
    collection.examples += examples(media, found[1])
    return enveloped(found[1])


def enveloped(item: str | None) -> dict[str, Any]:
    """What is said of an answer that holds the record in a member."""
    return {"envelope": {"item": item}} if item is not None else {}


def examples(media: MediaType, item: str | None) -> list[Any]:
    """The records among the examples of an answer."""
    found = media.examples.values()
    return [one.get(item) if isinstance(one, dict) and item is not None else one for one in found]


def takes_record(operation: Operation, collection: Collection) -> dict[str, Any] | None:
    """What is said of an operation whose body has members of the record, as JSON or as a form; None of another."""
    media = operation.body.media if operation.body is not None else {}
    for name, one in media.items():
        if not ((is_json(name) and PATCHES not in name) or name == FORM) or "object" not in one.shape.types:
            continue
        if one.shape.names & collection.shape.names or not one.shape.names:
            return {}
        called = (*WRAPPERS, *words.singulars(collection.segment))
        inner = [each for each in one.shape.names if words.plain(each) in called]
        if len(inner) == 1 and one.shape.member(inner[0]).names & collection.shape.names:
            return {"body": inner[0]}
    return None


def creates(operation: Operation, collection: Collection) -> dict[str, Any] | None:
    """As `takes_record`; any body will do where the answer is the very record."""
    found = takes_record(operation, collection)
    if found is None and _takes_object(operation):
        media = json_of(operation.success(201))
        is_record = media is not None and media.schema is not None and media.schema.address in collection.schemas
        return {} if is_record else None
    return found


def _takes_object(operation: Operation) -> bool:
    media = operation.body.media if operation.body is not None else {}
    shapes = [one.shape for name, one in media.items() if is_json(name) or name in FORMS]
    return not media or any("object" in one.types for one in shapes)


def list_of(operation: Operation, collection: Collection) -> dict[str, Any] | None:
    """What `resources.yaml` says of an operation that lists the records; None where it does not."""
    media = json_of(operation.success(200))
    if media is None or media.schema is None:
        return None
    envelope: dict[str, str] | None = None
    items = _items(media.schema)
    if items is None:
        arrays = {name: one for name, at in properties(media.schema).items() if (one := _items(at)) is not None}
        fitting = [name for name in arrays if arrays[name].address in collection.schemas]
        fitting = fitting or [name for name in arrays if collection.admits(arrays[name])]
        if len(fitting) != 1:
            return None
        items, envelope = arrays[fitting[0]], {"items": fitting[0], **_total(media.schema)}
    if not collection.admits(items):
        return None
    collection.schemas[items.address] = items
    for example in media.examples.values():
        rows = example.get(envelope["items"]) if envelope is not None and isinstance(example, dict) else example
        collection.examples += rows if isinstance(rows, list) else []
    paging = _paging(operation)
    return ({"envelope": envelope} if envelope is not None else {}) | ({"paging": paging} if paging else {})


def _items(schema: Node) -> Node | None:
    """The schema of an array's items, where those are objects."""
    try:
        array = _core(schema)
        if not (isinstance(array.value, dict) and isinstance(array.value.get("items"), dict)):
            return None
    except Unresolved:
        return None
    items = settled(array.child("items"))
    is_array, are_objects = Shape.of(schema).types <= {"array", "null"}, "object" in Shape.of(items).types
    return items if is_array and are_objects else None


def settled(schema: Node) -> Node | None:
    """What a schema refers to, as long as it says no more than that."""
    try:
        schema = schema.settle()
    except Unresolved:
        return None
    return schema if isinstance(schema.value, dict) else None


def _core(schema: Node) -> Node:
    """What stands behind references and an `allOf` of one."""
    schema = schema.follow()
    while isinstance(schema.value, dict) and "items" not in schema.value and len(schema.value.get("allOf", ())) == 1:
        schema = schema.child("allOf", 0).follow()
    return schema


def _total(schema: Node) -> dict[str, str]:
    """The member of an envelope that counts the records before paging."""
    known = {words.plain(name): name for name, at in properties(schema).items() if "integer" in Shape.of(at).types}
    return next(({"total": known[one]} for one in TOTALS if one in known), {})


def _paging(operation: Operation) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in operation.parameters:
        for role, known in PAGING.items():
            if one.location == "query" and words.plain(one.name) in known and "integer" in one.notation.shape.types:
                found.setdefault(role, one.name)
    return found
