"""Writes a very large OpenAPI document, made up in the manner of a large product's whole API.

`python -m tests.bench.large_document FILE [SHARE]` writes JSON, or YAML by the suffix; the same each time. With SHARE,
such as 0.25, it has that share of everything. `python -m tests.bench.large_document --measure FILE` prints the CPU
seconds and the megabytes until the document is served.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from mockserver import create_app, load_contract
from mockserver.cli.garbage import paused_garbage_collection
from tests.bench.documents import megabytes

# Of the whole: an entity has two schemas, itself and a page of it; errors and pages have three more.
ENTITIES, COMPLEX_TYPES, ENUMS = 1_500, 700, 298
# The entities that the others include.
BASES = 20
ROOTS, NESTED_PER_ROOT, ACTIONS = 300, 5, 622
PROPERTIES, COMPLEX_PROPERTIES, LINKS = 9, 5, 3
# Of the members of objects.
ENUM_SHARE, COMPLEX_SHARE = 0.12, 0.15
WORDS = (
    "access", "account", "activity", "agent", "alert", "app", "approval", "article", "asset", "assignment", "audit",
    "badge", "board", "booking", "bucket", "calendar", "case", "channel", "chart", "claim", "cloud", "column",
    "comment", "company", "connector", "contact", "content", "contract", "cost", "customer", "dashboard", "delivery",
    "device", "directory", "document", "domain", "drive", "endpoint", "event", "export", "feature", "file", "filter",
    "folder", "group", "history", "identity", "import", "incident", "inventory", "invoice", "item", "journal", "key",
    "label", "ledger", "license", "location", "mailbox", "meeting", "message", "metric", "network", "notebook",
    "notice", "offer", "order", "package", "page", "payment", "permission", "place", "plan", "policy", "printer",
    "process", "product", "profile", "project", "protocol", "query", "queue", "rating", "record", "region", "report",
    "request", "resource", "review", "role", "room", "rule", "schedule", "schema", "score", "search", "section",
    "security", "session", "shift", "site", "stage", "status", "storage", "subscription", "tag", "task", "team",
    "template", "tenant", "term", "thread", "ticket", "token", "topic", "user", "vendor", "version", "workbook",
)  # fmt: skip
SENTENCE = "The value is set by the service when the object is created. Read-only. Supports filters."
IDENTIFIER = {"type": "string", "readOnly": True, "description": "The unique identifier."}
PLAIN_TYPES: tuple[tuple[dict[str, Any], Any], ...] = (
    ({"type": "string"}, "A text of a few words"),
    ({"type": "string", "format": "date-time"}, "2024-05-17T08:30:00Z"),
    ({"type": "string", "format": "uuid"}, "6f1c2a52-0d1e-4c58-9a3b-1f6a7c1f2b90"),
    ({"type": "boolean"}, True),
    ({"type": "integer", "format": "int32"}, 42),
    ({"type": "number", "format": "double"}, 12.5),
    ({"type": "array", "items": {"type": "string"}}, ["first", "second"]),
)
Object = dict[str, Any]


def main() -> None:
    """Write the document to a file, or measure how one is loaded."""
    if sys.argv[1] == "--measure":
        measure(Path(sys.argv[2]))
        return
    file, share = Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    document = LargeDocument(share).create()
    if file.suffix == ".json":
        file.write_text(json.dumps(document, separators=(",", ":")))
    else:
        file.write_text(yaml.dump(document, Dumper=_PlainDumper, sort_keys=False, width=120))


class _PlainDumper(yaml.CSafeDumper):
    """Writes what occurs several times as often, since people do not write aliases."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


def measure(file: Path) -> None:
    """Print the CPU seconds and the megabytes until a document is served, and each step of them."""
    with paused_garbage_collection():
        started = time.process_time()
        contract = load_contract(file)
        loaded = time.process_time()
        create_app(contract)
        ended = time.process_time()
    print(f"{len(contract.operations):,} operations: contract {loaded - started:.2f} s, ", end="")
    print(f"application {ended - loaded:.2f} s, {ended:.2f} s with the start of Python, {megabytes()} MB")


class LargeDocument:
    """Creates the document, or one with a share of everything in it."""

    def __init__(self, share: float = 1.0) -> None:
        self._random = random.Random(ENTITIES)
        self._enums, self._complex_types, self._entities = (
            [f"{prefix}.{name_of(number)}" for number in range(round(count * share))]
            for prefix, count in (("kinds", ENUMS), ("types", COMPLEX_TYPES), ("product", ENTITIES))
        )
        self._roots, self._actions = round(ROOTS * share), round(ACTIONS * share)
        # An example of each schema.
        self._examples: dict[str, Any] = {}

    def create(self) -> Object:
        """The document."""
        schemas = dict(self._schemas())
        return {
            "openapi": "3.0.4",
            "info": {"title": "A large product", "version": "v1.0", "description": SENTENCE},
            "servers": [{"url": "https://api.example.com/v1.0"}],
            "paths": dict(self._paths()),
            "components": {
                "schemas": schemas,
                "parameters": dict(_shared_parameters()),
                "responses": dict(_shared_responses()),
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            },
            "security": [{"token": []}],
        }

    def _schemas(self) -> Iterator[tuple[str, Object]]:
        for number, name in enumerate(self._enums):
            values = [f"{WORDS[(number + 7 * step) % len(WORDS)]}{step}" for step in range(4)]
            self._examples[name] = values[0]
            yield name, {"title": name, "type": "string", "enum": [*values, "unknownFutureValue"]}
        for number, name in enumerate(self._complex_types):
            yield name, self._object(name, range(COMPLEX_PROPERTIES), self._complex_types[:number])
        for number, name in enumerate(self._entities):
            is_base = number < BASES
            first = 0 if is_base else PROPERTIES
            schema = self._object(name, range(first, first + PROPERTIES), self._complex_types)
            own = {"id": IDENTIFIER} if is_base else {}
            schema["properties"] = {**own, **schema["properties"], **dict(self._links())}
            self._examples[name] = {"id": f"{number}-1", **self._examples[name]}
            base = reference("schemas", self._entities[number % BASES])
            yield name, schema if is_base else {"allOf": [base, schema], "title": name}
            yield f"{name}CollectionResponse", page_of(name)
        yield from _error_schemas()

    def _object(self, name: str, numbers: range, complex_types: list[str]) -> Object:
        """An object, whose members have these numbers in their names."""
        properties, example = {}, {}
        for number in numbers:
            member = f"{self._random.choice(WORDS)}{self._random.choice(WORDS).capitalize()}{number}"
            choice = self._random.random()
            if choice < ENUM_SHARE:
                kind = self._random.choice(self._enums)
                properties[member], example[member] = nullable(kind), self._examples[kind]
            elif choice < ENUM_SHARE + COMPLEX_SHARE and complex_types:
                properties[member], example[member] = nullable(self._random.choice(complex_types)), None
            else:
                schema, example[member] = self._random.choice(PLAIN_TYPES)
                properties[member] = {**schema, "description": SENTENCE}
        self._examples[name] = example
        return {"title": name, "type": "object", "properties": properties}

    def _links(self) -> Iterator[tuple[str, Object]]:
        """Members that are other entities, by which most schemas lead to each other."""
        for number in range(LINKS):
            entity = self._random.choice(self._entities)
            array = {"type": "array", "items": reference("schemas", entity), "description": SENTENCE}
            yield f"{self._random.choice(WORDS)}Link{number}", array if number % 2 else nullable(entity)

    def _paths(self) -> Iterator[tuple[str, Object]]:
        size, actions = len(self._entities), 0
        for root in range(self._roots):
            entity = self._entities[root]
            yield from self._collection("", entity, [])
            item, parameters = f"/{plural(entity)}/{{{key_of(entity)}}}", [key_parameter(entity)]
            for nested in range(NESTED_PER_ROOT):
                yield from self._collection(item, self._entities[(7 * root + nested + 1) % size], parameters)
            for number in range(self._actions * (root + 1) // self._roots - actions):
                yield f"{item}/product.{WORDS[actions % len(WORDS)]}{number}", self._action(entity, parameters, actions)
                actions += 1

    def _collection(self, owner: str, entity: str, parameters: list[Object]) -> Iterator[tuple[str, Object]]:
        """Six operations of a collection, below an item of another one if it has an `owner`."""
        path, schema, example = f"{owner}/{plural(entity)}", reference("schemas", entity), self._examples[entity]
        name = path.replace("/", ".").replace("{", "by-").replace("}", "").strip(".")
        page = {"@odata.count": 1, "@odata.nextLink": f"https://api.example.com{path}?$skip=1", "value": [example]}
        page_schema = reference("schemas", f"{entity}CollectionResponse")
        body = {"description": "New values", "required": True, "content": content(schema, example)}
        selected = [list_parameter("$select", list(example)), list_parameter("$expand", ["*", *list(example)[:4]])]
        listed = [reference("parameters", parameter) for parameter in ("top", "skip", "search", "filter", "count")]
        in_path = {"parameters": parameters} if parameters else {}
        yield (
            path,
            {
                "description": f"Provides operations to manage the collection of {entity} entities.",
                **in_path,
                "get": operation(f"{name}.List", "200", content(page_schema, page), [*listed, *selected]),
                "post": {**operation(f"{name}.Create", "201", content(schema, example)), "requestBody": body},
            },
        )
        yield (
            f"{path}/{{{key_of(entity)}}}",
            {
                "description": f"Provides operations to manage one {entity}.",
                "parameters": [*parameters, key_parameter(entity)],
                "get": operation(f"{name}.Get", "200", content(schema, example), selected),
                "patch": {**operation(f"{name}.Update", "200", content(schema, example)), "requestBody": body},
                "delete": operation(f"{name}.Delete", "204", {}, [reference("parameters", "ifMatch")]),
            },
        )
        count = operation(f"{name}.Count", "200", {}, listed[2:4])
        count["responses"]["200"] = reference("responses", "count")
        yield f"{path}/$count", {**in_path, "get": count}

    def _action(self, entity: str, parameters: list[Object], number: int) -> Object:
        kind = self._complex_types[number % len(self._complex_types)]
        members = {"kind": nullable(self._enums[number % len(self._enums)]), "values": reference("schemas", kind)}
        schema = {"type": "object", "properties": members}
        body = {"required": True, "content": content(schema, {"values": self._examples[kind]})}
        response = content(reference("schemas", entity), self._examples[entity])
        action = {**operation(f"action{number}", "200", response), "requestBody": body}
        return {"description": "Provides an action.", "parameters": parameters, "post": action}


def name_of(number: int) -> str:
    """A name of two words and the number."""
    first, second = divmod(number * 31 + 7, len(WORDS))
    return f"{WORDS[first % len(WORDS)]}{WORDS[second].capitalize()}{number}"


def plural(entity: str) -> str:
    """The segment of a path for the collection of an entity."""
    return f"{entity.partition('.')[2]}s"


def key_of(entity: str) -> str:
    """The name of the path parameter that selects an entity."""
    return f"{entity.partition('.')[2]}-id"


def key_parameter(entity: str) -> Object:
    """The path parameter that selects an entity."""
    description = f"The unique identifier of {entity}"
    return {
        "name": key_of(entity), "in": "path", "description": description, "required": True,
        "schema": {"type": "string"}, "x-product-key-type": entity,
    }  # fmt: skip


def list_parameter(name: str, values: list[str]) -> Object:
    """A query parameter that lists some of these values."""
    items = {"type": "string", "enum": values}
    return {
        "name": name, "in": "query", "description": "Properties to be returned", "style": "form", "explode": False,
        "schema": {"uniqueItems": True, "type": "array", "items": items},
    }  # fmt: skip


def reference(kind: str, name: str) -> Object:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def nullable(name: str) -> Object:
    """What a schema describes, or null."""
    return {"anyOf": [reference("schemas", name), {"type": "object", "nullable": True}], "description": SENTENCE}


def page_of(entity: str) -> Object:
    """A page of entities."""
    properties = {"value": {"type": "array", "items": reference("schemas", entity)}}
    pagination = reference("schemas", "product.PaginationCountResponse")
    own = {"type": "object", "properties": properties}
    return {"title": f"Collection of {entity}", "type": "object", "allOf": [pagination, own]}


def content(schema: Object, example: Any) -> Object:
    """A body in JSON."""
    return {"application/json": {"schema": schema, "example": example}}


def operation(name: str, status: str, media: Object, parameters: Sequence[Object] = ()) -> Object:
    """An operation with one response of success, and two of failure."""
    success = {"description": "Success", "content": media} if media else {"description": "Success"}
    errors = {"4XX": reference("responses", "error"), "5XX": reference("responses", "error")}
    listed = {"parameters": list(parameters)} if parameters else {}
    return {
        "tags": [name.partition(".")[0]], "summary": f"Invoke {name}", "description": SENTENCE, "operationId": name,
        **listed, "responses": {status: success, **errors}, "x-product-operation-type": "operation",
    }  # fmt: skip


def _shared_parameters() -> Iterator[tuple[str, Object]]:
    for name, schema in (
        ("top", {"minimum": 0, "type": "integer"}),
        ("skip", {"minimum": 0, "type": "integer"}),
        ("search", {"type": "string"}),
        ("filter", {"type": "string"}),
        ("count", {"type": "boolean"}),
    ):
        yield name, {"name": f"${name}", "in": "query", "description": SENTENCE, "schema": schema}
    schema = {"type": "string"}
    yield "ifMatch", {"name": "If-Match", "in": "header", "description": "ETag", "schema": schema}


def _shared_responses() -> Iterator[tuple[str, Object]]:
    schema = {"minimum": 0, "type": "integer", "format": "int32"}
    yield "count", {"description": "The count of the collection", "content": {"text/plain": {"schema": schema}}}
    error = content(reference("schemas", "product.Error"), {"error": {"code": "notFound", "message": "Not found"}})
    yield "error", {"description": "Error", "content": error}


def _error_schemas() -> Iterator[tuple[str, Object]]:
    text = {"type": "string"}
    main = {"type": "object", "required": ["code", "message"], "properties": {"code": text, "message": text}}
    error = reference("schemas", "product.MainError")
    yield "product.Error", {"type": "object", "required": ["error"], "properties": {"error": error}}
    yield "product.MainError", main
    count = {"type": "integer", "format": "int64", "nullable": True}
    link = {"type": "string", "nullable": True}
    properties = {"@odata.count": count, "@odata.nextLink": link}
    yield "product.PaginationCountResponse", {"type": "object", "properties": properties}


if __name__ == "__main__":
    main()
