"""The entries that `resources.yaml` would have for the operations at the paths of a collection."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from mockserver.contract.inference.bulk_operations import (
    infer_count,
    infer_create_all,
    infer_delete_all,
    infer_delete_listed,
    infer_replace_all,
)
from mockserver.contract.inference.collection import Collection
from mockserver.contract.inference.envelopes import Entry
from mockserver.contract.inference.operations import (
    infer_change,
    infer_creation,
    infer_list,
    infer_post_update,
    infer_response,
    infer_stream,
    selects,
    sends_key,
)
from mockserver.contract.inference.operations_by_path import Methods, OperationsByPath
from mockserver.contract.inference.owners import path_entry
from mockserver.syntax import words

# The first words of paths below a collection that list those of its records that a query selects.
SEARCHES = ("search", "find", "filter", "query", "list")
# Those of paths that do to a collection what other APIs do at its own path.
LISTS = ("all", "page", "index")
CREATIONS = ("create", "add", "new", "insert", "register")
CHANGES = ("update", "edit", "modify", "change")
# Those of paths that create several.
BULK = ("bulk", "batch", "many")
# Words of paths that delete several, anywhere in them: `/things/bulk-delete`.
DELETIONS = frozenset({"delete", "remove", "destroy"})


def infer_on_collection(collection: Collection, methods: Methods, owners: Mapping[str, str]) -> dict[str, Entry]:
    """The entries of the operations on the collection that fit."""
    entries: dict[str, Entry] = {}
    if "GET" in methods and (entry := infer_list(methods["GET"], collection)) is not None:
        entries[methods["GET"].id] = {"list": collection.name, **entry, **path_entry(owners)}
    if "QUERY" in methods and selects(methods["QUERY"], collection):
        entry = infer_list(methods["QUERY"], collection)
        if entry is not None:
            entries[methods["QUERY"].id] = {"list": collection.name, **entry, **path_entry(owners)}
    if "POST" in methods:
        entry, kind = infer_creation(methods["POST"], collection), "create"
        if entry is None:
            entry, kind = infer_create_all(methods["POST"], collection), "create_all"
        if entry is not None:
            entries[methods["POST"].id] = {kind: collection.name, **entry, **path_entry(owners)}
    if "PUT" in methods and (entry := infer_replace_all(methods["PUT"], collection)) is not None:
        entries[methods["PUT"].id] = {"replace_all": collection.name, **entry, **path_entry(owners)}
    infer_deletion = infer_delete_all if "DELETE" in methods and methods["DELETE"].body is None else infer_delete_listed
    if "DELETE" in methods and (entry := infer_deletion(methods["DELETE"], collection)) is not None:
        entries[methods["DELETE"].id] = {"delete_all": collection.name, **entry, **path_entry(owners)}
    for method, kind in (("PUT", "replace"), ("PATCH", "update")):
        if method in methods and sends_key(methods[method], collection):
            entry = infer_change(methods[method], collection)
            if entry is not None:
                path = {"path": dict(owners)} if owners else {}
                entries[methods[method].id] = {kind: collection.name, **entry, **path}
    return entries


def infer_on_record(collection: Collection, methods: Methods, owners: Mapping[str, str]) -> dict[str, Entry]:
    """The entries of the operations on one record that fit."""
    entries: dict[str, Entry] = {}
    for method, kind in (("PUT", "replace"), ("PATCH", "update")):
        if method in methods:
            entry = infer_change(methods[method], collection)
            if entry is not None:
                entries[methods[method].id] = {kind: collection.name, **entry, **path_entry(owners)}
    if "POST" in methods and (entry := infer_post_update(methods["POST"], collection)) is not None:
        entries[methods["POST"].id] = {"update": collection.name, **entry, **path_entry(owners)}
    if "DELETE" in methods:
        # Any other response is an example; the record is deleted in any case.
        copy = replace(collection, schemas=dict(collection.schemas))
        response = infer_response(methods["DELETE"], 204, copy) or {}
        entries[methods["DELETE"].id] = {"delete": collection.name, **response, **path_entry(owners)}
    return entries


def infer_below(
    collection: Collection, path: str, by_path: OperationsByPath, owners: Mapping[str, str]
) -> dict[str, Entry]:
    """The entries of the operations at a word below the collection's path: `/pets/count`, `/pets/findByStatus`."""
    entries: dict[str, Entry] = {}
    for segment in by_path.below(path):
        if "{" in segment:
            continue
        methods = by_path[f"{path}/{segment}"]
        word = next(iter(words.split(segment)), "")
        for method, operation in methods.items():
            kind, entry, fields = "list", None, path_entry(owners)
            is_only_list = method == "GET" and "GET" not in by_path.get(path, {}) and word in (*SEARCHES, *LISTS)
            is_search = word in SEARCHES and method in ("GET", "POST", "QUERY") and selects(operation, collection)
            if (stream := infer_stream(operation, collection)) is not None:
                kind, entry = "stream", stream
            elif is_only_list or is_search:
                entry = infer_list(operation, collection)
            elif word in CREATIONS and method == "POST" and "POST" not in by_path.get(path, {}):
                kind, entry = "create", infer_creation(operation, collection)
            elif word in CHANGES and method in ("PUT", "PATCH", "POST") and sends_key(operation, collection):
                kind, entry, fields = (
                    "update",
                    infer_change(operation, collection),
                    {"path": dict(owners)} if owners else {},
                )
            elif word == "count" and method in ("GET", "POST"):
                kind, entry = "count", infer_count(operation, collection)
            elif _deletes_several(segment, method):
                kind, entry = "delete_all", infer_delete_listed(operation, collection)
            elif word in BULK and method == "POST":
                kind, entry = "create_all", infer_create_all(operation, collection)
            if entry is not None:
                entries[operation.id] = {kind: collection.name, **entry, **fields}
    return entries


def _deletes_several(segment: str, method: str) -> bool:
    """Whether the name of a path below a collection says that records are deleted there."""
    parts = words.split(segment)
    is_deletion = not DELETIONS.isdisjoint(parts) and method in ("POST", "DELETE")
    return is_deletion or (method == "DELETE" and not set(parts[:1]).isdisjoint(BULK))
