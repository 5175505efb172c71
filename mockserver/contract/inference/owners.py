"""What the path of a record says of it: its collection, its key, and the records that it belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from mockserver.contract.inference.collection import KEY_TYPES, Collection, can_hold_parameter
from mockserver.contract.inference.envelopes import Entry
from mockserver.openapi.model import Operation, template_shape
from mockserver.schemas.shapes import Shape
from mockserver.syntax import words

# A segment that is a version is not a collection.
VERSION = re.compile(r"v[0-9][0-9a-z.]*")
RECORD_PATH = re.compile(r"(.*/([^{}/]+))/\{([^{}/]+)\}")


@dataclass(frozen=True, slots=True)
class RecordPath:
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


def path_entry(owners: Mapping[str, str]) -> Entry:
    """The `path` of an entry: the parameters whose fields have other names."""
    renamed = {parameter: field for parameter, field in owners.items() if parameter != field}
    return {"path": renamed} if renamed else {}


def find_owners(
    path: str,
    operation: Operation,
    shape: Shape,
    key: str,
    collections: Sequence[Collection] = (),
    *,
    allow_unknown: bool = False,
) -> dict[str, str] | None:
    """The field that each parameter of a collection's path holds; None if one of them holds none.

    A parameter that names a record of one of the `collections` may hold a hidden field, which the records lack. With
    `allow_unknown`, so may one that names no record: `{owner}` and `{repo}` in `/repos/{owner}/{repo}/issues`.
    """
    owners: dict[str, str] = {}
    for segment, parameter in re.findall(r"([^/{}]*)/\{([^{}/]+)\}", path):
        field = words.find_owner_field(parameter, segment, shape.names, key)
        is_new = field is not None and field not in owners.values()
        if field is None or not is_new or not can_hold_parameter(shape, field, operation, parameter):
            owner = _find_owner(path, parameter, collections)
            is_known = owner is not None and can_hold_parameter(owner.shape, owner.key, operation, parameter)
            if not is_known and not (owner is None and allow_unknown):
                return None
            field = _hidden_name(parameter, segment, {*shape.names, *owners.values()})
        owners[parameter] = field
    return owners if len(owners) == path.count("{") else None


def has_collection(path: str, parameter: str, collections: Sequence[Collection]) -> bool:
    """Whether a parameter of a path names a record of one of the collections."""
    return _find_owner(path, parameter, collections) is not None


def bind_owners(
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
        if field not in collection.shape.names:
            collection.hidden += [field] if field not in collection.hidden else []
            collection.references |= {field: owner.name} if owner is not None else {}
            continue
        collection.bind_parameter(field, operation, parameter, required=required)
        if owner is None or owner is collection or _refers_to(owner, collection.name, collections):
            continue
        if owner.shape.member(owner.key).types & collection.shape.member(field).types:
            collection.references.setdefault(field, owner.name)


def link(collections: Sequence[Collection]) -> None:
    """Let the fields of all collections refer to the others by their names: `customer_id` to `/customers`."""
    by_name: dict[str, list[Collection]] = {}
    for collection in collections:
        for name in dict.fromkeys(words.singular_forms(collection.segment)):
            by_name.setdefault(name, []).append(collection)
    for collection in collections:
        shape = collection.shape
        for field in sorted(shape.names - collection.references.keys() - {collection.key}):
            types = shape.member(field).types - {"null"}
            targets = [other for other in _named_by(field, by_name) if other is not collection]
            if len(targets) == 1 and types & targets[0].shape.member(targets[0].key).types and types in KEY_TYPES:
                collection.links[field] = targets[0].name


def _named_by(field: str, by_name: Mapping[str, Sequence[Collection]]) -> list[Collection]:
    """The collections of which a field has the name of the key: `customer_id`, or `billing_customer_id`."""
    *parts, last = words.split(field) or [""]
    named = [other for start in range(len(parts)) for other in by_name.get("".join(parts[start:]), ())]
    targets = {id(other): other for other in named}.values()
    return [other for other in targets if other.key not in other.hidden and last in ("id", words.normalize(other.key))]


def _find_owner(path: str, parameter: str, collections: Sequence[Collection]) -> Collection | None:
    """The collection whose records a parameter of a path names."""
    owner_path = RecordPath.parse(path.partition(f"/{{{parameter}}}")[0] + f"/{{{parameter}}}")
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


def choose_name(path: str, collections: list[Collection]) -> str:
    """A name that is not in use: the last segment of the path, with as many segments before it as that takes."""
    fixed = [segment for segment in path.split("/") if segment and "{" not in segment]
    segments = [re.sub(r"[^A-Za-z0-9_-]", "_", segment) for segment in fixed]
    names = ["_".join(segments[start:]) for start in range(len(segments) - 1, -1, -1)]
    candidates = [re.sub(r"^(?=[^A-Za-z_])", "_", name) for name in names]
    candidates += [f"{candidates[0]}_{number}" for number in range(2, len(collections) + 3)]
    in_use = {collection.name for collection in collections}
    return next(candidate for candidate in candidates if candidate not in in_use)
