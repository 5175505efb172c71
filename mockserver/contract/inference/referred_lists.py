"""Detects lists that are only read, but whose items the records of other collections refer to: `/categories`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mockserver.contract.inference.collection import KEY_TYPES, Collection
from mockserver.contract.inference.entries import infer_on_collection
from mockserver.contract.inference.envelopes import find_items
from mockserver.contract.inference.operations import json_response
from mockserver.contract.inference.operations_by_path import OperationsByPath
from mockserver.contract.inference.owners import choose_name, group_by_form, named_by
from mockserver.schemas.shapes import Shape
from mockserver.syntax import words


def detect_referred_lists(
    paths: Iterable[str], by_path: OperationsByPath, collections: Sequence[Collection]
) -> Iterator[Collection]:
    """The collections at paths that only list them, if a field of a record has the name of their key: `category_id`.

    As samples, they would lack what these fields refer to.
    """
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
        if any(_refers(other, collection) for other in collections):
            collection.operations = infer_on_collection(collection, {"GET": read}, {})
            if collection.operations:
                names.add(collection.name)
                yield collection


def _refers(collection: Collection, target: Collection) -> bool:
    by_name, shape = group_by_form([target]), collection.shape
    types = target.shape.member(target.key).types - {"null"}
    fields = shape.names - {collection.key, *collection.references}
    return any(named_by(field, by_name) and shape.member(field).types - {"null"} == types for field in sorted(fields))
