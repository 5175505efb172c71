"""Detects lists that are only read, but whose items records of other collections refer to, or hold: `/categories`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mockserver.contract.inference.collection import KEY_TYPES, Collection
from mockserver.contract.inference.collection_entries import infer_on_collection
from mockserver.contract.inference.envelopes import find_items
from mockserver.contract.inference.operations import json_response
from mockserver.contract.inference.operations_by_path import OperationsByPath
from mockserver.contract.inference.owners import choose_name, group_by_form, named_by
from mockserver.schemas.shapes import Shape
from mockserver.syntax import words


def detect_referred_lists(
    paths: Iterable[str], by_path: OperationsByPath, collections: Sequence[Collection]
) -> list[Collection]:
    """The collections at paths that only list them, if a field of a record has the name of their key: `category_id`.

    Or if it holds what has their schema, alone or in a list. As samples, they would lack what these fields refer to. A
    field that may refer to several refers to none.
    """
    candidates = list(_candidates(paths, by_path, collections))
    by_name = group_by_form([*(other for other in collections if not other.is_set), *candidates])
    by_schema: dict[str, list[Collection]] = {}
    for other in (*collections, *candidates):
        for address in other.schemas:
            by_schema.setdefault(address, []).append(other)
    accepted: set[int] = set()
    referring = collections
    while referring:
        targets = {id(target) for other in referring for target in _targets(other, by_name)}
        held = {address for other in referring for address in _held_schemas(other)}
        targets |= {id(by_schema[address][0]) for address in held if len(by_schema.get(address, ())) == 1}
        # What they refer to may refer to others.
        referring = [candidate for candidate in candidates if id(candidate) in targets - accepted]
        accepted |= {id(candidate) for candidate in referring}
    return [candidate for candidate in candidates if id(candidate) in accepted]


def _candidates(
    paths: Iterable[str], by_path: OperationsByPath, collections: Sequence[Collection]
) -> Iterator[Collection]:
    assigned = {name for collection in collections for name in collection.operations}
    names = {collection.name for collection in collections}
    for path in paths:
        read = by_path[path].get("GET")
        if "{" in path or read is None or read.id in assigned:
            continue
        media_type, segment = json_response(read.success(200)), path.rpartition("/")[2]
        items = find_items(media_type.schema, segment) if media_type is not None else None
        shape = Shape.from_schema(items) if items is not None else Shape()
        key = words.find_identifier(segment, shape.names)
        if items is None or key is None or shape.member(key).types - {"null"} not in KEY_TYPES:
            continue
        collection = Collection(choose_name(path, names), path, key, {items.address: items}, required=[key])
        collection.operations = infer_on_collection(collection, {"GET": read}, {})
        if collection.operations:
            names.add(collection.name)
            yield collection


def _held_schemas(collection: Collection) -> Iterator[str]:
    """The addresses of the schemas of what the records of a collection hold, alone or in a list."""
    for field in sorted(collection.shape.names):
        shape = collection.shape.member(field)
        for part in (shape, shape.items) if "array" in shape.types else (shape,):
            yield from (schema.address for schema in part.unconditional())


def _targets(collection: Collection, by_name: Mapping[str, Sequence[Collection]]) -> Iterator[Collection]:
    """The collections to which fields of a collection refer by their names and types."""
    shape = collection.shape
    for field in sorted(shape.names - {collection.key, *collection.references}):
        targets, types = named_by(field, by_name), shape.member(field).types - {"null"}
        if len(targets) == 1 and types == targets[0].shape.member(targets[0].key).types - {"null"}:
            yield targets[0]
