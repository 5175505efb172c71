"""Adds operations at further paths to the collections whose records they list, read or change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mockserver.contract.inference.actions import infer_action
from mockserver.contract.inference.collection import Collection, DetectedCollections, can_hold_parameter
from mockserver.contract.inference.collection_entries import infer_on_collection, infer_on_record
from mockserver.contract.inference.envelopes import Entry
from mockserver.contract.inference.item_lists import infer_items
from mockserver.contract.inference.member_paths import find_member, infer_member
from mockserver.contract.inference.operations_by_path import Methods, OperationsByPath
from mockserver.contract.inference.owners import RecordPath, bind_owners, find_owners
from mockserver.syntax import words


def add_nested_path(path: str, methods: Methods, collections: DetectedCollections) -> None:
    """Let another path list and create the records of a collection: `/users/{userId}/posts` beside `/posts`.

    Where nothing else lists or creates them, the owner may be known from the path alone.
    """
    if "{" not in path:
        return
    segment = path.rpartition("/")[2]
    for collection in collections.named(segment):
        if collection.path == path:
            continue
        is_elsewhere = any(entry.keys() & {"list", "create"} for entry in collection.operations.values())
        owner_candidates = None if is_elsewhere else collections
        for operation in methods.values():
            owners = find_owners(
                path, operation, collection.shape, collection.key, owner_candidates, collection=collection
            )
            if not owners:
                continue
            entries = infer_on_collection(collection, {operation.method: operation}, owners)
            if entries:
                collection.operations |= entries
                bind_owners(collection, operation, owners, collections, required=False)


def add_record_path(path: RecordPath, methods: Methods, collections: DetectedCollections) -> None:
    """Let another path write the records of a collection: `DELETE /users/{userId}/posts/{id}` beside `/posts/{id}`."""
    for collection in collections.named(path.segment):
        operation = next(iter(methods.values()))
        if (
            collection.path == path.collection
            or words.find_key_field(path.parameter, path.segment, collection.shape.names) != collection.key
            or not can_hold_parameter(collection.shape, collection.key, operation, path.parameter)
        ):
            continue
        owners = find_owners(
            path.collection, operation, collection.shape, collection.key, collections, collection=collection
        )
        known_fields = {*collection.references, *collection.shape.names, *collection.hidden}
        if owners is not None and known_fields.issuperset(owners.values()):
            entries = infer_on_record(collection, methods, owners)
            collection.operations |= {
                name: entry for name, entry in entries.items() if name not in collection.operations
            }


def add_members(by_path: Mapping[str, Methods], collections: Iterable[Collection]) -> set[str]:
    """Let operations read and write a member of a record at a path of its own; returns the paths of members.

    Those that do not fit return samples: they keep no second value of the member.
    """
    paths: set[str] = set()
    holders = group_by_operation(collections)
    for path, methods in by_path.items():
        head, _, segment = path.rpartition("/")
        for collection, fields in _readers(by_path, head, holders) if "{" not in segment else ():
            if any(operation.id in holders for operation in methods.values()):
                continue
            member = find_member(segment, collection)
            if member is None:
                continue
            is_own_list = "array" in collection.shape.member(member).types and "POST" in methods
            paths |= {path} if not is_own_list else set()
            entries = infer_member(member, methods, collection)
            collection.operations |= {name: entry | fields for name, entry in entries.items()}
            for name in entries:
                holders[name].append(collection)
    return paths


def add_items(by_path: OperationsByPath, collections: Iterable[Collection]) -> None:
    """Let operations below a record's path change the items of a list that the record holds."""
    holders = group_by_operation(collections)
    for path in by_path:
        for collection, fields in _readers(by_path, path, holders) if "{" in path else ():
            entries = infer_items(collection, path, by_path, holders)
            collection.operations |= {name: entry | fields for name, entry in entries.items()}
            for name in entries:
                holders[name].append(collection)


def add_actions(by_path: Mapping[str, Methods], collections: Iterable[Collection]) -> None:
    """Let the operations at a word below a record's path change it: `POST /things/{id}/archive`."""
    holders = group_by_operation(collections)
    for path, methods in by_path.items():
        head, _, segment = path.rpartition("/")
        if "{" in segment or "GET" in methods:
            continue
        for collection, fields in _on_records(by_path, head, holders):
            for operation in methods.values():
                entry = infer_action(segment, operation, collection)
                if entry is not None and operation.id not in collection.operations:
                    collection.operations[operation.id] = entry | fields


def group_by_operation(collections: Iterable[Collection]) -> defaultdict[str, list[Collection]]:
    """The collections by the operationIds of their operations."""
    holders = defaultdict[str, list[Collection]](list)
    for collection in collections:
        for name in collection.operations:
            holders[name].append(collection)
    return holders


def _on_records(
    by_path: Mapping[str, Methods], path: str, holders: Mapping[str, Sequence[Collection]]
) -> Iterator[tuple[Collection, Entry]]:
    """As `_readers`; where no operation reads a record at the path, the collections whose records are changed there."""
    readers = list(_readers(by_path, path, holders))
    changed: dict[str, tuple[Collection, Entry]] = {}
    for operation in by_path.get(path, {}).values() if not readers else ():
        for collection in holders.get(operation.id, ()):
            entry = collection.operations[operation.id]
            if entry.keys() & {"update", "replace", "delete"}:
                fields = {name: part for name, part in entry.items() if name == "path"}
                changed.setdefault(collection.name, (collection, fields))
    yield from (*readers, *changed.values())


def _readers(
    by_path: Mapping[str, Methods], path: str, holders: Mapping[str, Sequence[Collection]]
) -> Iterator[tuple[Collection, Entry]]:
    """The collections of which a record is read at a path, each with the `path` of the entry that reads it."""
    read = by_path.get(path, {}).get("GET")
    if read is None:
        return
    for collection in tuple(holders.get(read.id, ())):
        entry = collection.operations[read.id]
        if "read" in entry:
            yield collection, {name: part for name, part in entry.items() if name == "path"}
