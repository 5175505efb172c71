"""Detects the collections that the operations of a document are about, as `resources.yaml` would declare them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from mockserver.contract.inference.actions import infer_action
from mockserver.contract.inference.collection import (
    HIDDEN_KEY,
    KEY_TYPES,
    Collection,
    DetectedCollections,
    can_hold_parameter,
    free_name,
)
from mockserver.contract.inference.collection_entries import infer_below, infer_on_collection, infer_on_record
from mockserver.contract.inference.envelopes import (
    Entry,
    envelope_entry,
    find_items,
    find_record_schema,
    record_examples,
)
from mockserver.contract.inference.further_paths import (
    add_actions,
    add_items,
    add_members,
    add_nested_path,
    add_record_path,
    group_by_operation,
)
from mockserver.contract.inference.item_lists import are_items_of_owner, detect_holder
from mockserver.contract.inference.member_sets import detect_member_set, may_be_member_set
from mockserver.contract.inference.operations import has_success, json_response
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
from mockserver.contract.inference.referred_lists import detect_referred_lists
from mockserver.contract.inference.single_records import detect_single_record
from mockserver.documents.nodes import Node
from mockserver.openapi.model import MediaType, Operation
from mockserver.schemas.shapes import Shape
from mockserver.syntax import words

# What the paths of some APIs end with.
JSON_SUFFIX = ".json"
FindField = Callable[[str, str, Iterable[str]], str | None]


def detect_collections(operations: Iterable[Operation]) -> list[Collection]:
    """The collections of a document, by the usual form of paths; operations that do not fit belong to none."""
    listed = list(operations)
    by_path, detected = _by_plain_path(listed), DetectedCollections()
    # Owners come first: their paths have fewer parameters.
    ordered = [(path, RecordPath.parse(path)) for path in sorted(by_path, key=lambda path: path.count("{"))]
    record_paths = [(path, record_path) for path, record_path in ordered if record_path is not None]
    other_paths = [path for path, record_path in ordered if record_path is None]
    set_paths = {path for path, record_path in record_paths if may_be_member_set(record_path, by_path[path], by_path)}
    # Sets come after the collections of their members.
    for path, record_path in sorted(record_paths, key=lambda item: (item[0].count("{"), item[0] in set_paths)):
        member_set = detect_member_set(record_path.collection, by_path, detected) if path in set_paths else None
        methods = _collection_methods(record_path, by_path)
        collection = member_set or _detect_by_record(record_path, by_path[path], methods, by_path, detected)
        if collection is not None:
            detected.add(collection)
    for path in other_paths:
        add_nested_path(path, by_path[path], detected)
    for path, record_path in record_paths:
        if "GET" not in by_path[path]:
            add_record_path(record_path, by_path[path], detected)
    members = add_members(by_path, detected)
    _detect_at_other_paths([path for path in other_paths if path not in members], by_path, detected)
    # One that can only be read has not got the operations at the other paths that its detection expected.
    collections = [collection for collection in detected if len(collection.operations) > 1]
    add_items(by_path, collections)
    add_actions(by_path, collections)
    collections += detect_referred_lists(other_paths, by_path, collections)
    set_unique_within(collections, {operation.id: operation for operation in listed})
    link(collections)
    return collections


def _by_plain_path(operations: Sequence[Operation]) -> OperationsByPath:
    """The operations by path; `/things/{id}.json` is the path of a record like `/things/{id}`."""
    by_path = OperationsByPath()
    paths = {operation.path for operation in operations}
    for operation in operations:
        path = plain_path(operation.path)
        plain = path.removesuffix(JSON_SUFFIX)
        by_path.setdefault(path if plain in paths else plain, {})[operation.method] = operation
    return by_path


def _detect_at_other_paths(paths: Sequence[str], by_path: OperationsByPath, detected: DetectedCollections) -> None:
    """Detect the collections at paths that are not those of records and whose operations belong to none yet."""
    assigned = group_by_operation(detected)

    def is_free(path: str) -> bool:
        return assigned.keys().isdisjoint(operation.id for operation in by_path[path].values())

    for path in paths:
        if is_free(path):
            member_set = detect_member_set(path, by_path, detected)
            if member_set is not None:
                detected.add(member_set)
                assigned |= group_by_operation([member_set])
    for path in paths:
        if is_free(path):
            holder = detect_holder(path, by_path, assigned, detected)
            if holder is not None:
                detected.add(holder)
                assigned |= group_by_operation([holder])
    for path in paths:
        if is_free(path):
            collection = _detect_list(path, by_path, detected) or detect_single_record(path, by_path[path], detected)
            if collection is not None:
                detected.add(collection)


def _collection_methods(path: RecordPath, by_path: OperationsByPath) -> Methods:
    """The operations on a collection: also those of `/things` where the path of a record is `/thing/{id}`."""
    methods = dict(by_path.get(path.collection, {}))
    parent = path.collection.rpartition("/")[0]
    for segment in by_path.named_below(parent, path.segment):
        if segment != path.segment:
            methods = {**by_path[f"{parent}/{segment}"], **methods}
    return methods


class _ReadRecord(Struct, frozen=True):
    """The record in the response to a GET of its path: its schema, the member that holds it, and its key."""

    media_type: MediaType
    schema: Node
    member: str | None
    key: str


def _detect_by_record(
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
    entries |= _infer_actions(collection, path, by_path, owners) if not below else {}
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


def _infer_actions(
    collection: Collection, path: str, by_path: OperationsByPath, owners: Mapping[str, str]
) -> dict[str, Entry]:
    """The entries of the actions on records at whose own path nothing can be done: `/notifications/{id}/read`."""
    entries: dict[str, Entry] = {}
    for record_path in by_path.records_below.get(path, ()):
        parameter = record_path.rpartition("/")[2][1:-1]
        for segment in by_path.below(record_path):
            operations = [] if "{" in segment else by_path[f"{record_path}/{segment}"].values()
            for operation in operations:
                entry = _infer_action_by(parameter, segment, operation, collection)
                if entry is not None:
                    entries[operation.id] = entry | path_entry(owners)
                    collection.bind_parameter(collection.key, operation, parameter)
    return entries


def _infer_action_by(parameter: str, segment: str, operation: Operation, collection: Collection) -> Entry | None:
    """The entry of an action that changes the record which a parameter names."""
    shape, key = collection.shape, collection.key
    names_record = words.find_key_field(parameter, collection.segment, shape.names) == key
    if operation.method == "GET" or not names_record or not can_hold_parameter(shape, key, operation, parameter):
        return None
    entry = infer_action(segment, operation, collection)
    return entry if entry is not None and "update" in entry else None


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


def _is_same(other: Collection, record: _ReadRecord) -> bool:
    return record.schema.address in other.schemas and other.key == record.key
