"""Where a response holds a record or a list of them: in a member such as `data`, or in one of that: `data.items`.

The names that lead there are written with dots, as in `resources.yaml`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mockserver.contract.inference.collection import Collection
from mockserver.documents.nodes import Node
from mockserver.openapi.content import example_values
from mockserver.openapi.model import MediaType
from mockserver.schemas.properties import declared_properties
from mockserver.schemas.shapes import Shape
from mockserver.syntax import words
from mockserver.syntax.member_path import member_at

Entry = dict[str, Any]
# Members that hold the record in an envelope, besides one with the collection's own name.
WRAPPERS = ("data", "item", "record", "result", "resource")
# Members that hold such an envelope in turn. `_embedded` is that of HAL.
OUTER_WRAPPERS = (*WRAPPERS, "results", "response", "payload", "embedded")
# Members of an envelope that hold what is said about the page.
PAGE_INFO = ("meta", "metadata", "responsemetadata", "paging", "pagination", "pageinfo", "page")
TOTALS = ("total", "totalcount", "totalitems", "totalresults", "totalelements", "odatacount", "count")
Place = tuple[str | None, Node]


def find_record_schema(
    schema: Node, segment: str, fits: Callable[[Node], bool], *, members_first: bool = False
) -> tuple[Node, str | None] | None:
    """The schema of the record in a response, and the member of the envelope that holds it, such as `data`.

    With `members_first`, the response itself is the record only if no member fits.
    """
    if members_first:
        return _find_member_schema(schema, segment, fits) or ((schema, None) if fits(schema) else None)
    return (schema, None) if fits(schema) else _find_member_schema(schema, segment, fits)


def _find_member_schema(schema: Node, segment: str, fits: Callable[[Node], bool]) -> tuple[Node, str] | None:
    wrappers = (*WRAPPERS, *words.singular_forms(segment))
    for members in _members_by_depth(schema):
        candidates = [
            (member, name)
            for name, member in members.items()
            if words.normalize(name.rpartition(".")[2]) in wrappers and Shape.from_schema(member).names and fits(member)
        ]
        if candidates:
            return candidates[0] if len(candidates) == 1 else None
    return None


def _members_by_depth(schema: Node) -> Iterator[dict[str, Node]]:
    """The members of an envelope, and those of the envelopes in it."""
    members = _members(schema)
    yield members
    outer = [(name, member) for name, member in members.items() if words.normalize(name) in OUTER_WRAPPERS]
    yield {f"{name}.{inner}": below for name, member in outer for inner, below in _members(member).items()}


def _members(schema: Node) -> dict[str, Node]:
    members = {name: resolve(property_) for name, property_ in declared_properties(schema).items()}
    return {name: member for name, member in members.items() if member is not None}


def envelope_entry(member: str | None) -> Entry:
    """The entry of a response that holds the record in a member."""
    return {"envelope": {"item": member}} if member is not None else {}


def record_examples(media_type: MediaType, member: str | None) -> list[Any]:
    """The records in the examples of a response, or the lists of them."""
    path = member.split(".") if member is not None else ()
    return [member_at(example, tuple(path)) for example in example_values(media_type)]


def find_items(schema: Node | None, segment: str) -> Node | None:
    """The schema of the records that a response lists: of an array, or of the array in an envelope.

    Of several arrays in an envelope, that which is named like the collection.
    """
    if schema is None:
        return None
    for arrays in _arrays_by_depth(schema):
        named = [
            items for name, items in arrays.items() if words.name_the_same((name or "").rpartition(".")[2], segment)
        ]
        candidates = named if len(arrays) > 1 else list(arrays.values())
        if arrays:
            return candidates[0] if len(candidates) == 1 else None
    return None


def add_list(schema: Node, collection: Collection) -> Place | None:
    """The member of a response that is an array of the records, and the schema of its items; None is the response.

    Records then have to match that schema, too.
    """
    listed = _find_list(schema, collection)
    if listed is None or not collection.is_compatible(listed[1]):
        return None
    collection.schemas[listed[1].address] = listed[1]
    return listed


def _find_list(schema: Node, collection: Collection) -> Place | None:
    for arrays in _arrays_by_depth(schema):
        names = [name for name, items in arrays.items() if items.address in collection.schemas]
        names = names or [name for name, items in arrays.items() if collection.is_compatible(items)]
        if names:
            return (names[0], arrays[names[0]]) if len(names) == 1 else None
    return None


def _arrays_by_depth(schema: Node) -> Iterator[dict[str | None, Node]]:
    """The schemas of the items of a response that is an array of objects, or of the arrays in its envelopes."""
    items = _object_items(schema)
    if items is not None:
        yield {None: items}
        return
    for members in _members_by_depth(schema):
        yield {name: items for name, member in members.items() if (items := _object_items(member)) is not None}


def _object_items(schema: Node) -> Node | None:
    """The schema of an array's items if they are objects."""
    array = _unwrap(schema)
    if not (isinstance(array.value, dict) and isinstance(array.value.get("items"), dict)):
        return None
    items = resolve(array.child("items"))
    is_array, are_objects = (
        Shape.from_schema(schema).types <= {"array", "null"},
        "object" in Shape.from_schema(items).types,
    )
    return items if is_array and are_objects else None


def resolve(schema: Node) -> Node | None:
    """The schema that a reference leads to if nothing stands beside the reference; None if that is not an object."""
    schema = schema.resolve_plain_ref()
    return schema if isinstance(schema.value, dict) else None


def _unwrap(schema: Node) -> Node:
    """The schema behind references and an `allOf` of one schema."""
    schema = schema.resolve()
    while isinstance(schema.value, dict) and "items" not in schema.value and len(schema.value.get("allOf", ())) == 1:
        schema = schema.child("allOf", 0).resolve()
    return schema


def list_envelope(schema: Node, member: str | None) -> Entry:
    """The entry of a response that holds a list in a member, perhaps beside its length."""
    if member is None:
        return {}
    forms = words.singular_forms(member.rpartition(".")[2])
    counts = tuple(name for form in forms for name in (f"{form}count", f"total{form}", f"{form}total"))
    total = find_number(schema, (*TOTALS, *counts), member)
    return {"envelope": {"items": member} | ({"total": total} if total is not None else {})}


def find_number(schema: Node, names: tuple[str, ...], items: str = "") -> str | None:
    """The member of an envelope that is an integer of one of these names, as `words.normalize` writes them."""
    return find_member(Shape.from_schema(schema), names, "integer", items)


def find_member(envelope: Shape, names: tuple[str, ...], kind: str, items: str = "") -> str | None:
    """The member of an envelope, or of what it says about the page, that has one of these names and a type.

    `items` is the member that holds the list: the others may be beside it.
    """
    holder = items.rpartition(".")[0]
    outer = [""] + ([f"{holder}."] if holder else [])
    for place in (*outer, *(place for start in outer for place in _page_info(envelope, start))):
        shape = _shape_at(envelope, place)
        members = {words.normalize(name): name for name in sorted(shape.names) if kind in shape.member(name).types}
        member = next((members[name] for name in names if name in members), None)
        if member is not None:
            return place + member
    return None


def _page_info(envelope: Shape, start: str) -> list[str]:
    names = sorted(_shape_at(envelope, start).names)
    return [f"{start}{name}." for name in names if words.normalize(name) in PAGE_INFO]


def _shape_at(envelope: Shape, place: str) -> Shape:
    for name in filter(None, place.split(".")):
        envelope = envelope.member(name)
    return envelope
