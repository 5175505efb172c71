"""From the operations of a document to the collections that they must be about: what `resources.yaml` would say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.contract import names
from mockserver.contract.documents import Node, Unresolved
from mockserver.contract.media import FORM, MULTIPART, is_json
from mockserver.contract.model import MediaType, Operation, Parameter, Response
from mockserver.contract.resources import properties
from mockserver.contract.shapes import Shape

KEY_TYPES = (frozenset({"string"}), frozenset({"integer"}))
# The query parameters that page a list, by what they do; no others are understood.
PAGING: Mapping[str, tuple[str, ...]] = {
    "limit": ("limit", "perpage", "pagesize"),
    "offset": ("offset",),
    "page": ("page", "pagenumber"),
}
TOTALS = ("total", "totalcount", "totalitems", "totalresults", "count")
FORMS = (FORM, MULTIPART)
# What stands there in a path is no collection.
VERSION = re.compile(r"v[0-9][0-9a-z.]*")
PATCHES = "json-patch"
BESIDE_REFERENCE = {"$ref", "description", "summary", "title"}


@dataclass(slots=True)
class Collection:
    """Records of one kind, and the operations on them.

    `schemas` are those that each record must meet, by address; `pins` the schemas of the path parameters by the field
    that they hold, `needed` the fields that a record must have. `operations` holds entries as `resources.yaml` does.
    """

    name: str
    path: str
    key: str
    schemas: dict[str, Node]
    pins: dict[str, list[str]] = field(default_factory=dict)
    needed: list[str] = field(default_factory=list)
    references: dict[str, str] = field(default_factory=dict)
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    examples: list[Any] = field(default_factory=list)

    @property
    def shape(self) -> Shape:
        """What all of its schemas admit together."""
        return Shape(tuple(self.schemas.values()))

    def admits(self, schema: Node) -> bool:
        """Whether records may meet another schema too, as far as can be told without making one."""
        return schema.address in self.schemas or _agree(self.shape, Shape.of(schema), self.key)

    def pin(self, field_name: str, operation: Operation, parameter: str, *, needed: bool = True) -> None:
        """Have a field hold what a path parameter does."""
        address = next(one.validator.address for one in operation.parameters if _is(one, parameter))
        found = self.pins.setdefault(field_name, [])
        found += [address] if address not in found else []
        if needed and field_name not in self.needed:
            self.needed.append(field_name)

    def schema(self) -> dict[str, Any]:
        """One schema of all that a record must meet."""
        pinned = {
            name: {"$ref": found[0]} if len(found) == 1 else {"allOf": [{"$ref": one} for one in found]}
            for name, found in self.pins.items()
        }
        return {"allOf": [{"required": self.needed, "properties": pinned}, *({"$ref": one} for one in self.schemas)]}

    def entry(self) -> dict[str, Any]:
        """What `resources.yaml` says of it, save its schema."""
        found: dict[str, Any] = {"key": self.key}
        if self.references:
            found |= {"references": self.references, "owned_by": list(self.references)}
        return found

    def told(self) -> str:
        """It in one line."""
        kinds = [next(iter(one)) for one in self.operations.values()]
        owners = f", owned by {' and '.join(self.references.values())}" if self.references else ""
        return f"{self.name}: {self.path}, key {self.key}{owners}; {', '.join(dict.fromkeys(kinds))}"


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
    media = _json(read.success(200)) if read is not None else None
    if read is None or media is None or media.schema is None or len(one) + len(many) < 2:
        return None
    shape = Shape.of(media.schema)
    key = names.key_field(path.parameter, path.segment, shape.names)
    if "object" not in shape.types or key is None or not _holds(shape, key, read, path.parameter):
        return None
    owners = _owners(path.collection, read, shape, key)
    if owners is None:
        return None
    same = next((other for other in known if _same(other, path.segment, media.schema, key)), None)
    collection = same or Collection(
        _name(path.collection, known), path.collection, key, {media.schema.address: media.schema}
    )
    added = {read.id: {"read": collection.name, **_path(owners)}}
    added |= _on_many(collection, many, owners) | _on_one(collection, one, owners)
    if len(added) < 2 or any(_succeeds(other) and other.id not in added for other in _usual(many)):
        # Samples answer for every key. Records that are not in the list, or of which none can be made, are worse.
        return None
    collection.operations |= added
    collection.examples += media.examples.values()
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


def _succeeds(operation: Operation) -> bool:
    """Whether an operation declares what it answers when all goes well."""
    return operation.success() is not None


def _on_one(collection: Collection, one: Mapping[str, Operation], owners: Mapping[str, str]) -> dict[str, Any]:
    """What `resources.yaml` says of the operations on one record, as far as they fit."""
    found: dict[str, Any] = {}
    for method, kind in (("PUT", "replace"), ("PATCH", "update")):
        if method in one and _takes_record(one[method], collection) and _answers(one[method], 200, collection):
            found[one[method].id] = {kind: collection.name, **_path(owners)}
    if "DELETE" in one and _succeeds(one["DELETE"]):
        found[one["DELETE"].id] = {"delete": collection.name, **_path(owners)}
    return found


def _on_many(collection: Collection, many: Mapping[str, Operation], owners: Mapping[str, str]) -> dict[str, Any]:
    """What `resources.yaml` says of the operations on the collection, as far as they fit."""
    found: dict[str, Any] = {}
    if "GET" in many and (entry := _list(many["GET"], collection)) is not None:
        found[many["GET"].id] = {"list": collection.name, **entry, **_path(owners)}
    if "POST" in many and _creates(many["POST"], collection) and _answers(many["POST"], 201, collection):
        found[many["POST"].id] = {"create": collection.name, **_path(owners)}
    return found


def _path(owners: Mapping[str, str]) -> dict[str, Any]:
    differing = {parameter: name for parameter, name in owners.items() if parameter != name}
    return {"path": differing} if differing else {}


def _owners(path: str, operation: Operation, shape: Shape, key: str) -> dict[str, str] | None:
    """The field that each parameter of a collection's path holds; None where one of them holds none."""
    found: dict[str, str] = {}
    for before, parameter in re.findall(r"([^/{}]*)/\{([^{}/]+)\}", path):
        name = names.owner_field(parameter, before, shape.names, key)
        if name is None or name in found.values() or not _holds(shape, name, operation, parameter):
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


_NO_JSON = MediaType("", None, None, {})


def _json(chosen: tuple[int, Response] | None) -> MediaType | None:
    """What a response holds as JSON: None where it has no body, `_NO_JSON` where that is none."""
    if chosen is None or not chosen[1].media:
        return None
    return next((one for name, one in chosen[1].media.items() if is_json(name)), _NO_JSON)


def _answers(operation: Operation, status: int, collection: Collection) -> bool:
    """Whether an operation answers with the record, which then has to meet that schema too, or with nothing."""
    chosen = operation.success(status)
    media = _json(chosen)
    if chosen is None or media is None:
        return chosen is not None
    if media.schema is None or not collection.admits(media.schema):
        return media is not _NO_JSON and media.schema is None
    collection.schemas[media.schema.address] = media.schema
    collection.examples += media.examples.values()
    return True


def _creates(operation: Operation, collection: Collection) -> bool:
    """Whether an operation makes a record: of one that is sent, or of something else, if it answers with the record."""
    media = _json(operation.success(201))
    answered = media is not None and media.schema is not None and media.schema.address in collection.schemas
    return _takes_record(operation, collection) or (answered and _takes_object(operation))


def _takes_object(operation: Operation) -> bool:
    media = operation.body.media if operation.body is not None else {}
    return not media or any(
        "object" in one.shape.types for name, one in media.items() if is_json(name) or name in FORMS
    )


def _takes_record(operation: Operation, collection: Collection) -> bool:
    """Whether a body has members of the record, as JSON or as a form."""
    media = [
        one
        for name, one in (operation.body.media if operation.body is not None else {}).items()
        if (is_json(name) and PATCHES not in name) or name == FORM
    ]
    record = collection.shape
    known = [
        one for one in media if "object" in one.shape.types and (one.shape.names & record.names or not one.shape.names)
    ]
    return bool(known)


def _list(operation: Operation, collection: Collection) -> dict[str, Any] | None:
    """What `resources.yaml` says of an operation that lists the records; None where it does not."""
    media = _json(operation.success(200))
    if media is None or media.schema is None:
        return None
    envelope: dict[str, str] | None = None
    items = _items(media.schema)
    if items is None:
        arrays = {name: one for name, at in properties(media.schema).items() if (one := _items(at)) is not None}
        fitting = [name for name in arrays if arrays[name].address in collection.schemas]
        fitting = fitting or [name for name in arrays if collection.admits(arrays[name])]
        if len(fitting) != 1:
            return None
        items, envelope = arrays[fitting[0]], {"items": fitting[0], **_total(media.schema)}
    if not collection.admits(items):
        return None
    collection.schemas[items.address] = items
    for example in media.examples.values():
        held = example.get(envelope["items"]) if envelope is not None and isinstance(example, dict) else example
        collection.examples += held if isinstance(held, list) else []
    paging = _paging(operation)
    return ({"envelope": envelope} if envelope is not None else {}) | ({"paging": paging} if paging else {})


def _items(schema: Node) -> Node | None:
    """The schema of an array's items, where those are objects."""
    try:
        array = _core(schema)
        if not (isinstance(array.value, dict) and isinstance(array.value.get("items"), dict)):
            return None
        items = array.child("items")
        while items.value.keys() <= BESIDE_REFERENCE and "$ref" in items.value:
            items = items.documents.at(items.value["$ref"])
    except Unresolved:
        return None
    is_array, are_objects = Shape.of(schema).types <= {"array", "null"}, "object" in Shape.of(items).types
    return items if is_array and are_objects and isinstance(items.value, dict) else None


def _core(schema: Node) -> Node:
    """What stands behind references and an `allOf` of one."""
    schema = schema.follow()
    while isinstance(schema.value, dict) and "items" not in schema.value and len(schema.value.get("allOf", ())) == 1:
        schema = schema.child("allOf", 0).follow()
    return schema


def _total(schema: Node) -> dict[str, str]:
    """The member of an envelope that counts the records before paging."""
    known = {names.plain(name): name for name, at in properties(schema).items() if "integer" in Shape.of(at).types}
    return next(({"total": known[one]} for one in TOTALS if one in known), {})


def _paging(operation: Operation) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in operation.parameters:
        for role, known in PAGING.items():
            if one.location == "query" and names.plain(one.name) in known and "integer" in one.notation.shape.types:
                found.setdefault(role, one.name)
    return found


def _holds(shape: Shape, name: str, operation: Operation, parameter: str) -> bool:
    """Whether a field can hold what a path parameter does: a string, or an integer."""
    found = next((one for one in operation.parameters if _is(one, parameter)), None)
    types = found.notation.shape.types - {"null"} if found is not None and found.notation.is_plain else frozenset()
    return types in KEY_TYPES and types <= shape.member(name).types


def _is(parameter: Parameter, name: str) -> bool:
    return parameter.location == "path" and parameter.name == name


def _agree(one: Shape, other: Shape, key: str) -> bool:
    """Whether a record may meet both: it has the key in both, and neither refuses what the other has."""
    if key not in other.names or "object" not in other.types:
        return False
    for closed, open_ in ((one, other), (other, one)):
        if _is_closed(closed) and not open_.names <= closed.names:
            return False
    return all(one.member(name).types & other.member(name).types for name in one.names & other.names)


def _is_closed(shape: Shape) -> bool:
    keywords = ("additionalProperties", "unevaluatedProperties")
    return any(place.value.get(keyword) is False for place, _ in shape.places() for keyword in keywords)


def in_order(collections: list[Collection]) -> Iterator[Collection]:
    """The collections, each after those that it refers to."""
    waiting, done = list(collections), set[str]()
    while waiting:
        ready = [one for one in waiting if done.issuperset(one.references.values())] or waiting[:1]
        yield from ready
        done |= {one.name for one in ready}
        waiting = [one for one in waiting if one.name not in done]
