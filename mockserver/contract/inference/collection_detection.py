"""Detects the collections that the operations of a document are about, as `resources.yaml` would declare them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from mockserver.contract.inference.collection import Collection, can_hold_parameter
from mockserver.contract.inference.operations import (
    Entry,
    envelope_entry,
    find_record_schema,
    has_success,
    infer_change,
    infer_creation,
    infer_list,
    infer_post_update,
    infer_response,
    json_response,
    record_examples,
    selects,
    sends_key,
)
from mockserver.documents.nodes import Node
from mockserver.openapi.model import MediaType, Operation, template_shape
from mockserver.schemas.shapes import Shape
from mockserver.syntax import words

# A segment that is a version is not a collection.
VERSION = re.compile(r"v[0-9][0-9a-z.]*")
RECORD_PATH = re.compile(r"(.*/([^{}/]+))/\{([^{}/]+)\}")
# The first words of paths below a collection that list those of its records that a query selects.
SEARCHES = ("search", "find", "filter", "query", "list")
Methods = Mapping[str, Operation]
FindField = Callable[[str, str, Iterable[str]], str | None]


def detect_collections(operations: Iterable[Operation]) -> list[Collection]:
    """The collections of a document, by the usual form of paths; operations that do not fit belong to none."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path.rstrip("/"), {})[operation.method] = operation
    collections: list[Collection] = []
    # Owners come first: their paths have fewer parameters.
    for path in sorted(by_path, key=lambda path: path.count("{")):
        record_path = _RecordPath.parse(path)
        if record_path is None:
            _add_nested_path(path, by_path[path], collections)
            continue
        methods, searches = _collection_methods(record_path, by_path), _searches(record_path, by_path)
        collection = _detect(record_path, by_path[path], methods, searches, collections)
        if collection is not None:
            collections.append(collection)
    return [collection for collection in collections if collection.operations]


@dataclass(frozen=True, slots=True)
class _RecordPath:
    """The path of a record: that of its collection, and the parameter that holds the key."""

    collection: str
    parameter: str

    @classmethod
    def parse(cls, path: str) -> _RecordPath | None:
        match = RECORD_PATH.fullmatch(path)
        if match is None or VERSION.fullmatch(match[2]):
            return None
        return cls(match[1], match[3])

    @property
    def segment(self) -> str:
        return self.collection.rpartition("/")[2]


def _collection_methods(path: _RecordPath, by_path: Mapping[str, Methods]) -> Methods:
    """The operations on a collection: also those of `/things` where the path of a record is `/thing/{id}`."""
    methods = dict(by_path.get(path.collection, {}))
    parent = path.collection.rpartition("/")[0]
    for other, operations in by_path.items():
        head, _, segment = other.rpartition("/")
        if head == parent and segment != path.segment and words.name_the_same(segment, path.segment):
            methods = {**operations, **methods}
    return methods


def _searches(path: _RecordPath, by_path: Mapping[str, Methods]) -> list[Operation]:
    """The operations that list the records that a query selects: `/pets/search`, `/pets/findByStatus`."""
    names = [(other, words.split(other.rpartition("/")[2])) for other in by_path]
    return [
        by_path[other]["GET"]
        for other, parts in names
        if other.rpartition("/")[0] == path.collection
        and "GET" in by_path[other]
        and parts[:1]
        and parts[0] in SEARCHES
    ]


@dataclass(frozen=True, slots=True)
class _ReadRecord:
    """The record in the response to a GET of its path: its schema, the member that holds it, and its key."""

    media_type: MediaType
    schema: Node
    member: str | None
    key: str


def _detect(
    path: _RecordPath,
    record_methods: Methods,
    collection_methods: Methods,
    searches: Sequence[Operation],
    collections: list[Collection],
) -> Collection | None:
    """The collection of the records at a path; None if it has been detected already, or if nothing can be done with it.

    Its records must be readable, and there must be another operation on them.
    """
    read = record_methods.get("GET")
    if read is None or len(record_methods) + len(collection_methods) < 2:
        return None
    record = _find_record(path, read)
    if record is None:
        return None
    shape = Shape.from_schema(record.schema)
    owners = _find_owners(path.collection, read, shape, record.key, collections)
    if owners is None:
        return None
    existing = next((other for other in collections if _is_same(other, path.segment, record)), None)
    collection = existing or Collection(
        _choose_name(path.collection, collections),
        path.collection,
        record.key,
        {record.schema.address: record.schema},
    )
    schemas_before = dict(collection.schemas)
    entries: dict[str, Entry] = {
        read.id: {"read": collection.name, **envelope_entry(record.member), **_path_entry(owners)}
    }
    entries |= _infer_on_collection(collection, collection_methods, owners)
    for search in searches:
        if selects(search, collection):
            entries |= _infer_on_collection(collection, {"GET": search}, owners)
    entries |= _infer_on_record(collection, record_methods, owners)
    usual = [collection_methods[method] for method in ("GET", "POST") if method in collection_methods]
    if len(entries) < 2 or any(has_success(operation) and operation.id not in entries for operation in usual):
        # Examples are sent for any key, which is better than records that the list lacks or that cannot be created.
        collection.schemas = schemas_before
        return None
    collection.operations |= entries
    collection.examples += record_examples(record.media_type, record.member)
    collection.bind_parameter(record.key, read, path.parameter)
    _bind_owners(collection, read, owners, collections, required=existing is None)
    return collection if existing is None else None


def _find_record(path: _RecordPath, read: Operation) -> _ReadRecord | None:
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


def _add_nested_path(path: str, methods: Methods, collections: list[Collection]) -> None:
    """Let another path list and create the records of a collection: `/users/{id}/posts` beside `/posts`."""
    if "{" not in path:
        return
    segment = path.rpartition("/")[2]
    for collection in collections:
        if not words.name_the_same(collection.segment, segment) or collection.path == path:
            continue
        for operation in methods.values():
            owners = _find_owners(path, operation, collection.shape, collection.key)
            if not owners:
                continue
            entries = _infer_on_collection(collection, {operation.method: operation}, owners)
            if entries:
                collection.operations |= entries
                _bind_owners(collection, operation, owners, collections, required=False)


def _infer_on_record(collection: Collection, methods: Methods, owners: Mapping[str, str]) -> dict[str, Entry]:
    """The entries of the operations on one record that fit."""
    entries: dict[str, Entry] = {}
    for method, kind in (("PUT", "replace"), ("PATCH", "update")):
        if method in methods:
            entry = infer_change(methods[method], collection)
            if entry is not None:
                entries[methods[method].id] = {kind: collection.name, **entry, **_path_entry(owners)}
    if "POST" in methods and (entry := infer_post_update(methods["POST"], collection)) is not None:
        entries[methods["POST"].id] = {"update": collection.name, **entry, **_path_entry(owners)}
    if "DELETE" in methods and has_success(methods["DELETE"]):
        # Any other response is an example; the record is deleted in any case.
        copy = replace(collection, schemas=dict(collection.schemas))
        response = infer_response(methods["DELETE"], 204, copy) or {}
        entries[methods["DELETE"].id] = {"delete": collection.name, **response, **_path_entry(owners)}
    return entries


def _infer_on_collection(collection: Collection, methods: Methods, owners: Mapping[str, str]) -> dict[str, Entry]:
    """The entries of the operations on the collection that fit."""
    entries: dict[str, Entry] = {}
    if "GET" in methods and (entry := infer_list(methods["GET"], collection)) is not None:
        entries[methods["GET"].id] = {"list": collection.name, **entry, **_path_entry(owners)}
    if "POST" in methods:
        entry = infer_creation(methods["POST"], collection)
        if entry is not None:
            entries[methods["POST"].id] = {"create": collection.name, **entry, **_path_entry(owners)}
    for method, kind in (("PUT", "replace"), ("PATCH", "update")):
        if method in methods and sends_key(methods[method], collection):
            entry = infer_change(methods[method], collection)
            if entry is not None:
                path = {"path": dict(owners)} if owners else {}
                entries[methods[method].id] = {kind: collection.name, **entry, **path}
    return entries


def _path_entry(owners: Mapping[str, str]) -> Entry:
    """The `path` of an entry: the parameters whose fields have other names."""
    renamed = {parameter: field for parameter, field in owners.items() if parameter != field}
    return {"path": renamed} if renamed else {}


def _find_owners(
    path: str, operation: Operation, shape: Shape, key: str, collections: Sequence[Collection] = ()
) -> dict[str, str] | None:
    """The field that each parameter of a collection's path holds; None if one of them holds none.

    A parameter that names a record of one of the `collections` may hold a hidden field, which the records lack.
    """
    owners: dict[str, str] = {}
    for segment, parameter in re.findall(r"([^/{}]*)/\{([^{}/]+)\}", path):
        field = words.find_owner_field(parameter, segment, shape.names, key)
        is_new = field is not None and field not in owners.values()
        if field is None or not is_new or not can_hold_parameter(shape, field, operation, parameter):
            owner = _find_owner(path, parameter, collections)
            if owner is None or not can_hold_parameter(owner.shape, owner.key, operation, parameter):
                return None
            field = _hidden_name(parameter, segment, {*shape.names, *owners.values()})
        owners[parameter] = field
    return owners if len(owners) == path.count("{") else None


def _bind_owners(
    collection: Collection,
    operation: Operation,
    owners: Mapping[str, str],
    collections: list[Collection],
    *,
    required: bool,
) -> None:
    """Let the records of a collection refer to those that precede them in the path."""
    for parameter, field in owners.items():
        owner = _find_owner(operation.path, parameter, collections)
        if field not in collection.shape.names and owner is not None:
            collection.hidden.append(field)
            collection.references[field] = owner.name
            continue
        collection.bind_parameter(field, operation, parameter, required=required)
        if owner is None or owner is collection or _refers_to(owner, collection.name, collections):
            continue
        if owner.shape.member(owner.key).types & collection.shape.member(field).types:
            collection.references.setdefault(field, owner.name)


def _find_owner(path: str, parameter: str, collections: Sequence[Collection]) -> Collection | None:
    """The collection whose records a parameter of a path names."""
    owner_path = _RecordPath.parse(path.partition(f"/{{{parameter}}}")[0] + f"/{{{parameter}}}")
    shape = template_shape(owner_path.collection) if owner_path is not None else ""
    return next((other for other in collections if template_shape(other.path) == shape), None)


def _hidden_name(parameter: str, segment: str, names: AbstractSet[str]) -> str:
    """A name for the field of an owner that only the path names: `project_id` for `{id}` after `projects`."""
    singular = words.singular_forms(segment)[-1]
    candidates = [parameter] if words.normalize(parameter) not in words.GENERIC_NAMES else []
    candidates += [f"{singular}_id", *(f"{singular}_id_{number}" for number in range(2, len(names) + 3))]
    return next(name for name in candidates if name not in names)


def _refers_to(start: Collection, name: str, collections: list[Collection]) -> bool:
    """Whether a collection is the one of that name or refers to it, directly or not."""
    targets = [other for other in collections if other.name in start.references.values()]
    return start.name == name or any(target.name == name or _refers_to(target, name, collections) for target in targets)


def _is_same(other: Collection, segment: str, record: _ReadRecord) -> bool:
    return (
        words.name_the_same(other.segment, segment)
        and record.schema.address in other.schemas
        and other.key == record.key
    )


def _choose_name(path: str, collections: list[Collection]) -> str:
    """A name that is not in use: the last segment of the path, with as many segments before it as that takes."""
    fixed = [segment for segment in path.split("/") if segment and "{" not in segment]
    segments = [re.sub(r"[^A-Za-z0-9_-]", "_", segment) for segment in fixed]
    names = ["_".join(segments[start:]) for start in range(len(segments) - 1, -1, -1)]
    candidates = [re.sub(r"^(?=[^A-Za-z_])", "_", name) for name in names]
    candidates += [f"{candidates[0]}_{number}" for number in range(2, len(collections) + 3)]
    in_use = {collection.name for collection in collections}
    return next(candidate for candidate in candidates if candidate not in in_use)
