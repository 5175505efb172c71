"""What the path of a record says of it: its collection, its key, and the records that it belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain

from msgspec import Struct

from mockserver.contract.behaviour import BEHAVIOUR_KINDS, CREATING, ITEM_KINDS, BehaviourKind
from mockserver.contract.inference.collection import KEY_TYPES, Collection, DetectedCollections, can_hold_parameter
from mockserver.contract.inference.envelopes import Entry
from mockserver.contract.record_identity import has_key_in_body, requires_field, sends_field
from mockserver.openapi.model import Operation
from mockserver.schemas.shapes import Shape
from mockserver.syntax import words

# A segment that is a version is not a collection.
VERSION = re.compile(r"v[0-9][0-9a-z.]*")
# The last words of the names of integers that are counted for each owner.
LOCAL_NUMBERS = ("number", "index", "position", "line", "iid", "version", "revision", "sequence", "seq")
# A key in parentheses, as in OData.
KEY_IN_PARENTHESES = re.compile(r"\('?(\{[^{}/]+\})'?\)(?=/|$)")
RECORD_PATH = re.compile(r"(.*/([^{}/]+))/\{([^{}/]+)\}")


class RecordPath(Struct, frozen=True):
    """The path of a record: that of its collection, and the parameter that holds the key."""

    collection: str
    parameter: str

    @classmethod
    def parse(cls, path: str) -> RecordPath | None:
        """Read a path; None if it does not end with the parameter of a key."""
        match = RECORD_PATH.fullmatch(path)
        if match is None or VERSION.fullmatch(match[2]):
            return None
        return cls(match[1], match[3])

    @property
    def segment(self) -> str:
        """The last segment of the collection's path."""
        return self.collection.rpartition("/")[2]


def plain_path(path: str) -> str:
    """A path as most APIs write it: without a slash at its end, and `/things/{id}` for `/things({id})`."""
    return KEY_IN_PARENTHESES.sub(r"/\1", path).rstrip("/")


def path_entry(owners: Mapping[str, str]) -> Entry:
    """The `path` of an entry: the parameters whose fields have other names."""
    renamed = {parameter: field for parameter, field in owners.items() if parameter != field}
    return {"path": renamed} if renamed else {}


def find_owners(
    path: str,
    operation: Operation,
    shape: Shape,
    key: str,
    collections: DetectedCollections | None,
    *,
    collection: Collection | None = None,
    allow_unknown: bool = False,
) -> dict[str, str] | None:
    """The field that each parameter of a collection's path holds; None if one of them holds none.

    A parameter that names a record of one of the `collections` may hold a hidden field, which the records lack. So may
    one that holds a hidden field of the `collection` itself already, and, with `allow_unknown`, one that names no
    record: `{owner}` and `{repo}` in `/repos/{owner}/{repo}/issues`.
    """
    owners: dict[str, str] = {}
    for segment, parameter in _parameters(path):
        if collection is not None and parameter in collection.hidden:
            owners[parameter] = parameter
            continue
        field = words.find_owner_field(parameter, segment, shape.names, key)
        is_new = field is not None and field not in owners.values()
        if field is None or not is_new or not can_hold_parameter(shape, field, operation, parameter):
            owner = _find_owner(path, parameter, collections, collection) if collections is not None else None
            is_known = owner is not None and can_hold_parameter(owner.shape, owner.key, operation, parameter)
            if not is_known and not (owner is None and allow_unknown):
                return None
            field = _hidden_name(parameter, segment, {*shape.names, *owners.values()})
        owners[parameter] = field
    return owners if len(owners) == path.count("{") else None


def _parameters(path: str) -> Iterator[tuple[str, str]]:
    """The parameters of a path with the segments whose records they name; the last of several beside each other has it.

    The others, such as `{owner}` in `/repos/{owner}/{repo}`, have an empty one.
    """
    for segment, parameters in re.findall(r"([^/{}]*)((?:/\{[^{}/]+\})+)", path):
        *others, last = re.findall(r"\{([^{}]+)\}", parameters)
        yield from (("", parameter) for parameter in others)
        yield segment, last


def has_collection(path: str, parameter: str, collections: DetectedCollections) -> bool:
    """Whether a parameter of a path names a record of one of the collections."""
    return _find_owner(path, parameter, collections) is not None


def bind_owners(
    collection: Collection,
    operation: Operation,
    owners: Mapping[str, str],
    collections: DetectedCollections,
    *,
    required: bool,
) -> None:
    """Let the records of a collection refer to those that precede them in the path."""
    for parameter, field in owners.items():
        owner = _find_owner(plain_path(operation.path), parameter, collections)
        if field not in collection.shape.names:
            collection.hidden += [field] if field not in collection.hidden else []
            collection.references |= {field: owner.name} if owner is not None else {}
            continue
        collection.bind_parameter(field, operation, parameter, required=required)
        if owner is None or owner is collection or _refers_to(owner, collection.name, collections):
            continue
        if owner.shape.member(owner.key).types & collection.shape.member(field).types:
            collection.references.setdefault(field, owner.name)


def set_unique_within(collections: Sequence[Collection], operations: Mapping[str, Operation]) -> None:
    """Let the keys of records be unique only below their owners, where clients choose the keys or they are numbers.

    Every operation on a record must have a path that names the same owners, and so must one that creates records.
    """
    # A single record has the key of its owner alone.
    of_singles = {other.references.get(other.key) for other in collections if other.single}
    by_form = group_by_form(collections)
    for collection in collections:
        if collection.single or collection.key in collection.hidden or collection.name in of_singles:
            continue
        owners = {
            _owner_fields(operations[name], entry, collection)
            for name, entry in collection.operations.items()
            if not entry.keys() & {"list", "count", "delete_all", *ITEM_KINDS}
        }
        fields = owners.pop() if len(owners) == 1 else ()
        on_records = [(operations[name], next(iter(entry))) for name, entry in collection.operations.items()]
        creation = next((operation for operation, kind in on_records if kind == "create"), None)
        replacement = next((operation for operation, kind in on_records if kind == "replace"), None)
        if fields and is_local_key(
            collection.key, collection.shape, creation, replacement, by_form, collection.segment
        ):
            collection.unique_within = list(fields)
    by_name = {collection.name: collection for collection in collections}
    for collection in collections:
        fields_of = {*collection.shape.names, *collection.hidden}
        for field, target in list(collection.references.items()):
            if not fields_of.issuperset(by_name[target].unique_within if target in by_name else ()):
                # The field alone does not say which record it is.
                del collection.references[field]


def may_have_unknown_owners(key: str, shape: Shape, creation: Operation | None, replacement: Operation | None) -> bool:
    """Whether owners of records may be in no collection: the server chooses the keys, or each owner has its own."""
    is_assigned = creation is not None and not sends_field(creation, key)
    return is_assigned or is_local_key(key, shape, creation, replacement)


def is_local_key(
    key: str,
    shape: Shape,
    creation: Operation | None,
    replacement: Operation | None,
    by_form: Mapping[str, Sequence[Collection]] | None = None,
    segment: str = "",
) -> bool:
    """Whether each owner may have a record with the same key: clients choose it, or it is a number.

    Or it refers to a record of a collection of another name than `segment`, given by the forms of their names.
    """
    member, parts = shape.member(key), words.split(key)
    if any(schema.value.get("format") == "uuid" for schema, _ in member.schemas()):
        return False
    if member.types - {"null"} == {"integer"} and parts[-1:] and parts[-1] in LOCAL_NUMBERS:
        return True
    # Many documents have one schema for bodies and records, so a body must have an `id` that the server chooses.
    is_identifier = len(parts) == 1 and parts[0] in words.IDENTIFIERS
    if creation is not None and not is_identifier and requires_field(creation, key):
        return True
    if replacement is not None:
        is_only_way = creation is None and "404" not in replacement.responses
        if "201" in replacement.responses or is_only_way:
            return True
    return len(parts) > 1 and any(other.segment != segment for other in named_by(key, by_form or {}))


def _owner_fields(operation: Operation, entry: Entry, collection: Collection) -> tuple[str, ...]:
    """The fields of the owners that the path of an operation gives."""
    kind: BehaviourKind = next(kind for kind in BEHAVIOUR_KINDS if kind in entry)
    path = entry.get("path", {})
    names = operation.path_names
    if entry.keys().isdisjoint(CREATING) and not has_key_in_body(kind, operation, path, collection.key):
        names = names[:-1]
    return tuple(path.get(name, name) for name in names)


def link(collections: Sequence[Collection]) -> None:
    """Let the fields of all collections refer to the others by their names: `customer_id` to `/customers`."""
    # A field alone does not say which record it is whose key is unique only below its owner.
    by_name = group_by_form(other for other in collections if not other.is_set and not other.unique_within)
    for collection in collections:
        shape = collection.shape
        key = set() if collection.unique_within else {collection.key}
        for field in sorted(shape.names - collection.references.keys() - key):
            types = shape.member(field).types - {"null"}
            targets = [other for other in named_by(field, by_name) if other is not collection]
            if len(targets) == 1 and types & targets[0].shape.member(targets[0].key).types and types in KEY_TYPES:
                collection.links[field] = targets[0].name
        for entry in collection.operations.values():
            if "add_item" in entry:
                _link_items(collection.shape.member(entry["member"]).items, entry, by_name)


def _link_items(items: Shape, entry: Entry, by_name: Mapping[str, Sequence[Collection]]) -> None:
    """Let new items of a list refer to the records of collections by their names, and have what these have."""
    copied: dict[str, str] = {}
    for field in sorted(items.names - {entry.get("by", "")}):
        targets = named_by(field, by_name)
        if len(targets) == 1 and items.member(field).types & targets[0].shape.member(targets[0].key).types:
            copied[field] = targets[0].name
    entry |= {"copy": copied} if copied else {}


def group_by_form(collections: Iterable[Collection]) -> dict[str, list[Collection]]:
    """The collections by each form of their segments."""
    by_form: dict[str, list[Collection]] = {}
    for collection in collections:
        for form in dict.fromkeys(words.singular_forms(collection.segment)):
            by_form.setdefault(form, []).append(collection)
    return by_form


def named_by(field: str, by_name: Mapping[str, Sequence[Collection]]) -> list[Collection]:
    """The collections of which a field has the name of the key: `customer_id`, or `billing_customer_id`."""
    *parts, last = words.split(field) or [""]
    named = [other for start in range(len(parts)) for other in by_name.get("".join(parts[start:]), ())]
    targets = {id(other): other for other in named}.values()
    return [other for other in targets if other.key not in other.hidden and last in ("id", words.normalize(other.key))]


def _find_owner(
    path: str, parameter: str, collections: DetectedCollections, excluded: Collection | None = None
) -> Collection | None:
    """The collection, other than `excluded`, whose records a parameter of a path names."""
    owner_path = RecordPath.parse(path.partition(f"/{{{parameter}}}")[0] + f"/{{{parameter}}}")
    possible = collections.at(owner_path.collection if owner_path is not None else "")
    return next((other for other in possible if other is not excluded), None)


def _hidden_name(parameter: str, segment: str, names: AbstractSet[str]) -> str:
    """A name for the field of an owner that only the path names: `project_id` for `{id}` after `projects`."""
    singular = words.singular_forms(segment)[-1] or "owner"
    candidates = [parameter] if words.normalize(parameter) not in words.GENERIC_NAMES else []
    candidates += [f"{singular}_id", *(f"{singular}_id_{number}" for number in range(2, len(names) + 3))]
    return next(name for name in candidates if name not in names)


def _refers_to(start: Collection, name: str, collections: Iterable[Collection]) -> bool:
    """Whether a collection is the one of that name or refers to it, directly or not."""
    targets = [other for other in collections if other.name in start.references.values()]
    return start.name == name or any(target.name == name or _refers_to(target, name, collections) for target in targets)


def choose_name(path: str, names_in_use: AbstractSet[str]) -> str:
    """A name that is not in use: the last segment of the path, with as many segments before it as that takes."""
    parts = [segment for segment in path.split("/") if segment]
    fixed = [segment for segment in parts if "{" not in segment] or parts or ["root"]
    segments = [re.sub(r"[^A-Za-z0-9_-]", "_", segment) for segment in fixed]
    names = ["_".join(segments[start:]) for start in range(len(segments) - 1, -1, -1)]
    candidates = [re.sub(r"^(?=[^A-Za-z_])", "_", name) for name in names]
    numbered = (f"{candidates[0]}_{number}" for number in range(2, len(names_in_use) + 3))
    return next(candidate for candidate in chain(candidates, numbered) if candidate not in names_in_use)
