"""From the operations of a document to the collections that they must be about: what `resources.yaml` would say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mockserver.contract.inference.collection import Collection, holds
from mockserver.contract.inference.operations import (
    answers,
    creates,
    enveloped,
    examples,
    held,
    json_of,
    list_of,
    succeeds,
    takes_record,
)
from mockserver.documents.tree import Node
from mockserver.openapi.model import Operation
from mockserver.schemas.shapes import Shape
from mockserver.syntax import words

# What stands there in a path is no collection.
VERSION = re.compile(r"v[0-9][0-9a-z.]*")


def derive(operations: Iterable[Operation]) -> list[Collection]:
    """The collections that operations of the usual shape are about; those that do not fit are in none."""
    by_path: dict[str, dict[str, Operation]] = {}
    for one in operations:
        by_path.setdefault(one.path.rstrip("/"), {})[one.method] = one
    found: list[Collection] = []
    for path in sorted(by_path, key=lambda path: path.count("{")):
        above = _Path.of(path)
        if above is None:
            _share(path, by_path[path], found)
            continue
        collection = _collection(above, by_path[path], by_path.get(above.collection, {}), found)
        if collection is not None:
            found.append(collection)
    return [one for one in found if one.operations]


@dataclass(frozen=True, slots=True)
class _Path:
    """The path of one record: that of its collection, and the last parameter."""

    collection: str
    parameter: str

    @classmethod
    def of(cls, path: str) -> _Path | None:
        found = re.fullmatch(r"(.*/([^{}/]+))/\{([^{}/]+)\}", path)
        if found is None or VERSION.fullmatch(found[2]):
            return None
        return cls(found[1], found[3])

    @property
    def segment(self) -> str:
        return self.collection.rpartition("/")[2]


def _collection(
    path: _Path, one: Mapping[str, Operation], many: Mapping[str, Operation], known: list[Collection]
) -> Collection | None:
    """The collection of the records at a path, where those can be read, and more than that."""
    read = one.get("GET")
    media = json_of(read.success(200)) if read is not None else None
    if read is None or media is None or media.schema is None or len(one) + len(many) < 2:
        return None

    def fits(schema: Node) -> bool:
        shape = Shape.of(schema)
        key = words.key_field(path.parameter, path.segment, shape.names)
        return "object" in shape.types and key is not None and holds(shape, key, read, path.parameter)

    record = held(media.schema, path.segment, fits)
    if record is None:
        return None
    schema, item = record
    shape = Shape.of(schema)
    key = words.key_field(path.parameter, path.segment, shape.names) or ""
    owners = _owners(path.collection, read, shape, key)
    if owners is None:
        return None
    same = next((other for other in known if _same(other, path.segment, schema, key)), None)
    collection = same or Collection(_name(path.collection, known), path.collection, key, {schema.address: schema})
    before = dict(collection.schemas)
    added = {read.id: {"read": collection.name, **enveloped(item), **_path(owners)}}
    added |= _on_many(collection, many, owners) | _on_one(collection, one, owners)
    if len(added) < 2 or any(succeeds(other) and other.id not in added for other in _usual(many)):
        # Samples answer for every key. Records that are not in the list, or of which none can be made, are worse.
        collection.schemas = before
        return None
    collection.operations |= added
    collection.examples += examples(media, item)
    collection.pin(key, read, path.parameter)
    _own(collection, read, owners, known, needed=same is None)
    return collection if same is None else None


def _share(path: str, many: Mapping[str, Operation], known: list[Collection]) -> None:
    """Let another path to records of a known collection list and make them: `/users/{id}/posts` beside `/posts`."""
    if "{" not in path:
        return
    segment = path.rpartition("/")[2]
    for collection in known:
        if collection.path.rpartition("/")[2] != segment or collection.path == path:
            continue
        for operation in many.values():
            owners = _owners(path, operation, collection.shape, collection.key)
            if not owners:
                continue
            added = _on_many(collection, {operation.method: operation}, owners)
            if added:
                collection.operations |= added
                _own(collection, operation, owners, known, needed=False)


def _usual(many: Mapping[str, Operation]) -> list[Operation]:
    return [many[method] for method in ("GET", "POST") if method in many]


def _on_one(collection: Collection, one: Mapping[str, Operation], owners: Mapping[str, str]) -> dict[str, Any]:
    """What `resources.yaml` says of the operations on one record, as far as they fit."""
    found: dict[str, Any] = {}
    for method, kind in (("PUT", "replace"), ("PATCH", "update")):
        if method in one:
            taken = takes_record(one[method], collection)
            answered = answers(one[method], 200, collection) if taken is not None else None
            if taken is not None and answered is not None:
                found[one[method].id] = {kind: collection.name, **taken, **answered, **_path(owners)}
    if "DELETE" in one and succeeds(one["DELETE"]):
        # What is answered otherwise is a sample; the record is gone in any case.
        answered = answers(one["DELETE"], 204, replace(collection, schemas=dict(collection.schemas))) or {}
        found[one["DELETE"].id] = {"delete": collection.name, **answered, **_path(owners)}
    return found


def _on_many(collection: Collection, many: Mapping[str, Operation], owners: Mapping[str, str]) -> dict[str, Any]:
    """What `resources.yaml` says of the operations on the collection, as far as they fit."""
    found: dict[str, Any] = {}
    if "GET" in many and (entry := list_of(many["GET"], collection)) is not None:
        found[many["GET"].id] = {"list": collection.name, **entry, **_path(owners)}
    if "POST" in many:
        taken = creates(many["POST"], collection)
        answered = answers(many["POST"], 201, collection) if taken is not None else None
        if taken is not None and answered is not None:
            found[many["POST"].id] = {"create": collection.name, **taken, **answered, **_path(owners)}
    return found


def _path(owners: Mapping[str, str]) -> dict[str, Any]:
    differing = {parameter: name for parameter, name in owners.items() if parameter != name}
    return {"path": differing} if differing else {}


def _owners(path: str, operation: Operation, shape: Shape, key: str) -> dict[str, str] | None:
    """The field that each parameter of a collection's path holds; None where one of them holds none."""
    found: dict[str, str] = {}
    for before, parameter in re.findall(r"([^/{}]*)/\{([^{}/]+)\}", path):
        name = words.owner_field(parameter, before, shape.names, key)
        if name is None or name in found.values() or not holds(shape, name, operation, parameter):
            return None
        found[parameter] = name
    return found if len(found) == path.count("{") else None


def _own(
    collection: Collection, operation: Operation, owners: Mapping[str, str], known: list[Collection], *, needed: bool
) -> None:
    """Have the records of a collection belong to those that stand before them in the path."""
    for parameter, name in owners.items():
        collection.pin(name, operation, parameter, needed=needed)
        above = _Path.of(operation.path.partition(f"/{{{parameter}}}")[0] + f"/{{{parameter}}}")
        shape = _unnamed(above.collection) if above is not None else ""
        owner = next((one for one in known if _unnamed(one.path) == shape), None)
        if owner is not None and owner is not collection and not _leads(owner, collection.name, known):
            if owner.shape.member(owner.key).types & collection.shape.member(name).types:
                collection.references.setdefault(name, owner.name)


def _leads(start: Collection, name: str, known: list[Collection]) -> bool:
    """Whether a collection refers to the one of that name, however far."""
    targets = [one for one in known if one.name in start.references.values()]
    return start.name == name or any(one.name == name or _leads(one, name, known) for one in targets)


def _unnamed(path: str) -> str:
    return re.sub(r"\{[^{}]*\}", "{}", path)


def _same(other: Collection, segment: str, schema: Node, key: str) -> bool:
    return other.path.rpartition("/")[2] == segment and schema.address in other.schemas and other.key == key


def _name(path: str, known: list[Collection]) -> str:
    """A name for the collection, after the last segment of its path, or as many as it takes."""
    parts = [re.sub(r"[^A-Za-z0-9_-]", "_", one) for one in path.split("/") if one and "{" not in one]
    taken = {one.name for one in known}
    found = [re.sub(r"^(?=[^A-Za-z_])", "_", "_".join(parts[start:])) for start in range(len(parts) - 1, -1, -1)]
    found += [f"{found[0]}_{number}" for number in range(2, len(known) + 3)]
    return next(one for one in found if one not in taken)
