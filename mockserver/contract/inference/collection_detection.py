"""Detects the collections that the operations of a document are about, as `resources.yaml` would declare them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from mockserver.contract.inference.actions import infer_action
from mockserver.contract.inference.collection import (
    HIDDEN_KEY,
    KEY_TYPES,
    Collection,
    DetectedCollections,
    can_hold_parameter,
    free_name,
)
from mockserver.contract.inference.entries import infer_below, infer_on_collection, infer_on_record
from mockserver.contract.inference.envelopes import (
    Entry,
    envelope_entry,
    find_items,
    find_record_schema,
    record_examples,
)
from mockserver.contract.inference.item_lists import are_items_of_owner, detect_holder, infer_items
from mockserver.contract.inference.member_paths import find_member, infer_member
from mockserver.contract.inference.operations import (
    has_success,
    json_response,
)
from mockserver.contract.inference.operations_by_path import Methods, OperationsByPath
from mockserver.contract.inference.owners import (
    RecordPath,
    bind_owners,
    choose_name,
    find_owners,
    link,
    may_have_unknown_owners,
    path_entry,
    plain_path,
    set_unique_within,
)
from mockserver.contract.inference.single_records import detect_single_record
from mockserver.dataclass import dataclass
from mockserver.documents.nodes import Node
from mockserver.openapi.model import MediaType, Operation
from mockserver.schemas.shapes import Shape
from mockserver.syntax import words

# What the paths of some APIs end with.
JSON_SUFFIX = ".json"
FindField = Callable[[str, str, Iterable[str]], str | None]


def detect_collections(operations: Iterable[Operation]) -> list[Collection]:
    """The collections of a document, by the usual form of paths; operations that do not fit belong to none."""
    by_path = OperationsByPath()
    listed = list(operations)
    paths = {operation.path for operation in listed}
    for operation in listed:
        path = plain_path(operation.path)
        # `/things/{id}.json` is the path of a record like `/things/{id}`.
        plain = path.removesuffix(JSON_SUFFIX)
        by_path.setdefault(path if plain in paths else plain, {})[operation.method] = operation
    detected = DetectedCollections()
    # Owners come first: their paths have fewer parameters.
    ordered = [(path, RecordPath.parse(path)) for path in sorted(by_path, key=lambda path: path.count("{"))]
    for path, record_path in ordered:
        if record_path is not None:
            methods = _collection_methods(record_path, by_path)
            collection = _detect(record_path, by_path[path], methods, by_path, detected)
            if collection is not None:
                detected.add(collection)
    other_paths = [path for path, record_path in ordered if record_path is None]
    for path in other_paths:
        _add_nested_path(path, by_path[path], detected)
    for path, record_path in ordered:
        if record_path is not None and "GET" not in by_path[path]:
            _add_record_path(record_path, by_path[path], detected)
    members = _add_members(by_path, detected)
    assigned = _group_by_operation(detected)
    for path in other_paths:
        if path not in members and assigned.keys().isdisjoint(operation.id for operation in by_path[path].values()):
            holder = detect_holder(path, by_path, assigned, detected)
            if holder is not None:
                detected.add(holder)
                assigned |= _group_by_operation([holder])
    for path in other_paths:
        methods = by_path[path] if path not in members else {}
        if methods and assigned.keys().isdisjoint(operation.id for operation in methods.values()):
            collection = _detect_list(path, by_path, detected) or detect_single_record(path, methods, detected)
            if collection is not None:
                detected.add(collection)
    # One that can only be read has not got the operations at the other paths that its detection expected.
    collections = [collection for collection in detected if len(collection.operations) > 1]
    _add_items(by_path, collections)
    _add_actions(by_path, collections)
    set_unique_within(collections, {operation.id: operation for operation in listed})
    link(collections)
    return collections


def _collection_methods(path: RecordPath, by_path: OperationsByPath) -> Methods:
    """The operations on a collection: also those of `/things` where the path of a record is `/thing/{id}`."""
    methods = dict(by_path.get(path.collection, {}))
    parent = path.collection.rpartition("/")[0]
    for segment in by_path.named_below(parent, path.segment):
        if segment != path.segment:
            methods = {**by_path[f"{parent}/{segment}"], **methods}
    return methods


def _group_by_operation(collections: Iterable[Collection]) -> defaultdict[str, list[Collection]]:
    """The collections by the operationIds of their operations."""
    holders = defaultdict[str, list[Collection]](list)
    for collection in collections:
        for name in collection.operations:
            holders[name].append(collection)
    return holders


def _add_members(by_path: Mapping[str, Methods], collections: Iterable[Collection]) -> set[str]:
    """Let operations read and write a member of a record at a path of its own; returns the paths of members.

    Those that do not fit return samples: they keep no second value of the member.
    """
    paths: set[str] = set()
    holders = _group_by_operation(collections)
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


def _add_items(by_path: OperationsByPath, collections: Iterable[Collection]) -> None:
    """Let operations below a record's path change the items of a list that the record holds."""
    holders = _group_by_operation(collections)
    for path in by_path:
        for collection, fields in _readers(by_path, path, holders) if "{" in path else ():
            entries = infer_items(collection, path, by_path, holders)
            collection.operations |= {name: entry | fields for name, entry in entries.items()}
            for name in entries:
                holders[name].append(collection)


def _add_actions(by_path: Mapping[str, Methods], collections: Iterable[Collection]) -> None:
    """Let the operations at a word below a record's path change it: `POST /things/{id}/archive`."""
    holders = _group_by_operation(collections)
    for path, methods in by_path.items():
        head, _, segment = path.rpartition("/")
        if "{" in segment or "GET" in methods or "{" not in head:
            continue
        for collection, fields in _readers(by_path, head, holders):
            if collection.single:
                continue
            for operation in methods.values():
                entry = infer_action(segment, operation, collection)
                if entry is not None and operation.id not in collection.operations:
                    collection.operations[operation.id] = entry | fields


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


@dataclass(frozen=True, slots=True)
class _ReadRecord:
    """The record in the response to a GET of its path: its schema, the member that holds it, and its key."""

    media_type: MediaType
    schema: Node
    member: str | None
    key: str


def _detect(
    path: RecordPath,
    record_methods: Methods,
    collection_methods: Methods,
    by_path: OperationsByPath,
    collections: DetectedCollections,
) -> Collection | None:
    """The collection of the records at a path; None if it has been detected already, or if nothing can be done with it.

    Its records must be readable, and there must be another operation on them.
    """
    read = record_methods.get("GET")
    record = _find_record(path, read) if read is not None else None
    if read is None or record is None:
        return None
    nested_creation = _find_nested_creation(path, record, by_path)
    if nested_creation is None and len(record_methods) + len(collection_methods) < 2:
        return None
    if "GET" not in collection_methods and are_items_of_owner(path.collection, read, by_path, collections):
        return None
    shape = Shape.from_schema(record.schema)
    creation = collection_methods.get("POST") or nested_creation
    allow_unknown = may_have_unknown_owners(record.key, shape, creation, record_methods.get("PUT"))
    owners = find_owners(path.collection, read, shape, record.key, collections, allow_unknown=allow_unknown)
    if owners is None:
        return None
    existing = next((other for other in collections.named(path.segment) if _is_same(other, record)), None)
    collection = existing or Collection(
        choose_name(path.collection, collections.names),
        path.collection,
        record.key,
        {record.schema.address: record.schema},
    )
    schemas_before = dict(collection.schemas)
    entries: dict[str, Entry] = {
        read.id: {"read": collection.name, **envelope_entry(record.member), **path_entry(owners)}
    }
    entries |= infer_on_collection(collection, collection_methods, owners)
    entries |= infer_below(collection, path.collection, by_path, owners)
    entries |= infer_on_record(collection, record_methods, owners)
    usual = [collection_methods[method] for method in ("GET", "POST") if method in collection_methods]
    is_alone = len(entries) < 2 and nested_creation is None
    if is_alone or any(has_success(operation) and operation.id not in entries for operation in usual):
        # Examples are sent for any key, which is better than records that the list lacks or that cannot be created.
        collection.schemas = schemas_before
        return None
    collection.operations |= entries
    collection.examples += record_examples(record.media_type, record.member)
    collection.bind_parameter(record.key, read, path.parameter)
    bind_owners(collection, read, owners, collections, required=existing is None)
    return collection if existing is None else None


def _detect_list(path: str, by_path: OperationsByPath, collections: DetectedCollections) -> Collection | None:
    """The collection that a path lists, where no record can be read alone; None if there is none.

    There must be another operation on the records: a creation, or one at the path of a record.
    """
    methods, listing = by_path[path], by_path[path].get("GET")
    media_type = json_response(listing.success(200)) if listing is not None else None
    segment = path.rpartition("/")[2]
    items = find_items(media_type.schema, segment) if media_type is not None else None
    if listing is None or items is None:
        return None
    others = [f"{path}/{below}" for below in by_path.below(path)]
    record_paths = [(other, parsed) for other in others if (parsed := RecordPath.parse(other)) is not None]
    below = [(by_path[other], parsed.parameter) for other, parsed in record_paths]
    if any("GET" in operations for operations, _ in below):
        return None
    record_methods, parameter = below[0] if below else ({}, "")
    creation = methods.get("POST")
    shape = Shape.from_schema(items)
    names = shape.names
    key = words.find_key_field(parameter, segment, names) if parameter else words.find_identifier(segment, names)
    on_record = next(iter(record_methods.values()), None)
    if on_record is not None and (key is None or not can_hold_parameter(shape, key, on_record, parameter)):
        return None
    if key is None or shape.member(key).types - {"null"} not in KEY_TYPES:
        key = free_name(HIDDEN_KEY, shape.names)
    allow_unknown = may_have_unknown_owners(key, shape, creation, record_methods.get("PUT"))
    owners = find_owners(path, listing, shape, key, collections, allow_unknown=allow_unknown)
    if owners is None:
        return None
    collection = Collection(choose_name(path, collections.names), path, key, {items.address: items})
    entries = infer_on_collection(collection, methods, owners) | infer_on_record(collection, record_methods, owners)
    entries |= infer_below(collection, path, by_path, owners)
    usual = [methods[method] for method in ("GET", "POST") if method in methods]
    # A PUT without a body, as of a role of a user, adds what only another collection knows.
    usual += [record_methods["PUT"]] if "PUT" in record_methods else []
    if len(entries) < 2 or any(has_success(operation) and operation.id not in entries for operation in usual):
        return None
    collection.operations = entries
    if key not in shape.names:
        collection.hidden.append(key)
    elif on_record is not None:
        collection.bind_parameter(key, on_record, parameter)
    elif key not in collection.required:
        collection.required.append(key)
    bind_owners(collection, listing, owners, collections, required=True)
    return collection


def _find_nested_creation(path: RecordPath, record: _ReadRecord, by_path: Mapping[str, Methods]) -> Operation | None:
    """The operation that creates the records of a path below a further owner, and returns them.

    `/issues/{issue}/comments` for `/issues/comments/{comment}` or `/comments/{comment}`.
    """
    names = Shape.from_schema(record.schema).names

    def is_record(schema: Node) -> bool:
        return Shape.from_schema(schema).names == names

    for other, methods in by_path.items():
        segment = other.rpartition("/")[2]
        is_below_owner = "{" in other and other != path.collection and words.name_the_same(segment, path.segment)
        media_type = json_response(methods["POST"].success(201)) if is_below_owner and "POST" in methods else None
        if media_type is not None and media_type.schema is not None:
            if find_record_schema(media_type.schema, path.segment, is_record) is not None:
                return methods["POST"]
    return None


def _find_record(path: RecordPath, read: Operation) -> _ReadRecord | None:
    media_type = json_response(read.success(200))
    if media_type is None or media_type.schema is None:
        return None

    # A field that the parameter does not name is looked for last: an envelope may have a `code` or a `name`, too.
    for find_field in (words.find_key_field, words.find_usual_key_field):

        def fits(schema: Node, find_field: FindField = find_field) -> bool:
            shape = Shape.from_schema(schema)
            key = find_field(path.parameter, path.segment, shape.names)
            return "object" in shape.types and key is not None and can_hold_parameter(shape, key, read, path.parameter)

        is_usual = find_field is words.find_usual_key_field
        record = find_record_schema(media_type.schema, path.segment, fits, members_first=is_usual)
        if record is not None:
            schema, member = record
            key = find_field(path.parameter, path.segment, Shape.from_schema(schema).names) or ""
            return _ReadRecord(media_type, schema, member, key)
    return None


def _add_nested_path(path: str, methods: Methods, collections: DetectedCollections) -> None:
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


def _add_record_path(path: RecordPath, methods: Methods, collections: DetectedCollections) -> None:
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


def _is_same(other: Collection, record: _ReadRecord) -> bool:
    return record.schema.address in other.schemas and other.key == record.key
