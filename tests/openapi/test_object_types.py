"""Every member of every object of an OpenAPI document has a type, and a value of another type is a mistake."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver import Contract, ContractError, create_app, load_contract
from mockserver.errors import Problem
from mockserver.openapi import object_types
from mockserver.syntax import json_pointer
from tests.attack.scale import some
from tests.documents.broken import document, load

STRINGS = {
    "openapi": "3.0.3", "in": "query", "style": "form", "url": "https://example.com", "type": "http", "scheme": "basic",
    "default": "x", "propertyName": "kind",
}  # fmt: skip
VALUES: list[Any] = [5, {"x": 1}, []]
LITERALS = {"string": str, "boolean": bool}
Location = tuple[str, str, str]


def build(kind: str, expanded: set[str]) -> Any:
    """A value of a type: the first one of each kind with all the members that it may have, others with few."""
    if kind in LITERALS or kind == "any":
        return {"string": "x", "boolean": False, "any": 1}[kind]
    if kind[0] == "[":
        return [build(kind[1:-1], expanded)]
    if kind[0] == "{":
        return {"application/json" if kind == "{mediaType}" else "x": build(kind[1:-1], expanded)}
    if kind == "securityRequirement":
        return {"x": []}
    if kind in object_types.MAPS:
        name = {"paths": "/x", "responses": "200", "callback": "{$request.body#/url}"}[kind]
        return {name: build(object_types.MAPS[kind][0], expanded)}
    is_first = kind not in expanded
    expanded.add(kind)
    if kind == "schema":
        extensions = object_types.SCHEMA_EXTENSIONS_3_0 if is_first else {}
        keywords = {name: build_member(name, value, expanded) for name, value in extensions.items()}
        return {"oneOf": [{"type": "object", "properties": {"kind": {"type": "string"}}}], **keywords}
    needed = {*object_types.REQUIRED.get(kind, ()), *object_types.EXPECTED.get(kind, ()), "responses"}
    members = {n: k for n, k in object_types.MEMBERS[kind].items() if is_first or n in needed}
    return {name: build_member(name, value, expanded) for name, value in members.items()}


def build_member(name: str, kind: str, expanded: set[str]) -> Any:
    return STRINGS.get(name, "x") if kind == "string" else build(kind, expanded)


def find_locations(kind: str, value: Any, pointer: str = "", name: str = "") -> Iterator[Location]:
    """Pointer, owner and type of everything in a value of a type."""
    if isinstance(value, dict | list) and kind[0] in "[{":
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            below = json_pointer.append(pointer, key)
            yield below, kind, kind[1:-1]
            yield from find_locations(kind[1:-1], item, below)
    elif kind in object_types.MAPS:
        for key, item in value.items():
            below = json_pointer.append(pointer, key)
            yield below, kind, object_types.MAPS[kind][0]
            yield from find_locations(object_types.MAPS[kind][0], item, below)
    elif kind in object_types.MEMBERS or kind == "schema":
        members = object_types.MEMBERS.get(kind, object_types.SCHEMA_EXTENSIONS_3_0)
        for key, item in value.items():
            if key in members:
                below = json_pointer.append(pointer, key)
                yield below, f"{kind}.{key}", members[key]
                yield from find_locations(members[key], item, below)


COMPLETE = build("document", set())
# One location of each member of each kind of object.
LOCATIONS = list({(owner, kind): (pointer, owner, kind) for pointer, owner, kind in find_locations("document", COMPLETE)}.values())  # fmt: skip


def has_type(value: Any, kind: str) -> bool:
    if kind == "any":
        return True
    if kind in LITERALS:
        return isinstance(value, LITERALS[kind])
    if kind == "schema":
        return isinstance(value, dict | bool)
    return isinstance(value, list if kind[0] == "[" else dict)


def with_value(pointer: str, value: Any) -> Any:
    changed = copy.deepcopy(COMPLETE)
    *path, name = json_pointer.split(pointer)
    holder = json_pointer.resolve(changed, json_pointer.join(path))
    holder[int(name) if isinstance(holder, list) else name] = value
    return changed


def load_mistakes(path: Path) -> tuple[Contract | None, list[Problem]]:
    """The contract, unless nothing of it can be served, and its mistakes."""
    try:
        contract = load_contract(path)
    except ContractError as error:
        return None, list(error.problems)
    return contract, contract.warnings


def request_all(contract: Contract) -> set[str | None]:
    """The codes of the refusals, once every operation has been requested."""
    client = create_app(contract).test_client()
    responses = [
        client.open(operation.path, method=operation.method, json={"kind": "x"})
        for operation in contract.operations.values()
    ]
    return {response.headers.get("X-Mock-Code") for response in (*responses, client.get("/openapi.json"))}


def test_the_complete_document_has_every_member_of_every_object() -> None:
    owners = {owner for _, owner, _ in LOCATIONS}
    missing = {f"{kind}.{name}" for kind, members in object_types.MEMBERS.items() for name in members} - owners
    ignored = {f"{kind}.{name}" for kind, members in object_types.MEMBERS.items() for name in members if members[name] == "any"}  # fmt: skip
    assert missing - ignored == set()


def test_the_complete_document_has_no_mistake_of_type(tmp_path: Path) -> None:
    path = tmp_path / "api.json"
    path.write_text(json.dumps(COMPLETE))
    _, mistakes = load_mistakes(path)
    assert [problem for problem in mistakes if problem.code in ("type", "required", "unknown")] == []


@pytest.mark.parametrize(("pointer", "owner", "kind"), some(LOCATIONS, 48))
def test_a_value_of_another_type_is_a_mistake_with_its_line_and_makes_no_request_fail(
    tmp_path: Path, pointer: str, owner: str, kind: str
) -> None:
    path = tmp_path / "api.json"
    requested = {"x": 1} if has_type(5, kind) else 5
    for value in VALUES:
        if has_type(value, kind) and value != requested:
            continue
        text = json.dumps(with_value(pointer, value), indent=1)
        path.write_text(text)
        contract, mistakes = load_mistakes(path)
        if not has_type(value, kind):
            lines = [problem.line for problem in mistakes if problem.pointer == pointer]
            member = json.dumps(json_pointer.split(pointer)[-1])
            assert lines != [], value
            assert None not in lines
            assert member in text.splitlines()[(lines[0] or 0) - 1] or owner[0] == "["
        if contract is not None and value == requested:
            assert "internal-error" not in request_all(contract)


BRANCHES = {
    "Cat": {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}},
    "Dog": {"type": "object", "required": ["kind", "bark"], "properties": {"kind": {"type": "string"}}},
}
CHOICE = {"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("keywords", "pointer", "message"),
    [
        ({"discriminator": {"propertyName": {"a": 1}}}, "/discriminator/propertyName", "must be a string, but is an object"),
        ({"discriminator": {"propertyName": ["kind"]}}, "/discriminator/propertyName", "must be a string, but is an array"),
        ({"discriminator": {"propertyName": None}}, "/discriminator/propertyName", "must be a string, but is null"),
        ({"discriminator": {"mapping": {}}}, "/discriminator", '"propertyName" is required and missing'),
        ({"discriminator": "kind"}, "/discriminator", "must be an object, but is a string"),
        ({"discriminator": {"propertyName": "kind", "mapping": ["Cat"]}}, "/discriminator/mapping", "must be an object, but is an array"),
        ({"discriminator": {"propertyName": "kind", "mapping": {"c": {"$ref": "Cat"}}}}, "/discriminator/mapping/c", "must be a string, but is an object"),
        ({"discriminator": {"propertyName": "kind", "mapping": {"$ref": 1}}}, "/discriminator/mapping/$ref", "must be a string, but is a number; write it in quotes"),
        ({"xml": "x"}, "/xml", "must be an object, but is a string"),
        ({"xml": {"wrapped": "yes"}}, "/xml/wrapped", 'must be true or false, but is "yes"'),
        ({"externalDocs": []}, "/externalDocs", "must be an object, but is an array"),
    ],
)  # fmt: skip
def test_a_wrong_type_in_what_openapi_adds_to_schemas_is_left_out_and_the_rest_is_served(
    tmp_path: Path, keywords: dict[str, Any], pointer: str, message: str, version: str
) -> None:
    contract = load(tmp_path, document({"Thing": {**CHOICE, **keywords}, **BRANCHES}, version))
    mistakes = [(problem.pointer, problem.message) for problem in contract.warnings]
    assert mistakes == [(f"/components/schemas/Thing{pointer}", message)]
    assert create_app(contract).test_client().get("/things").status_code == 200


def test_a_mapping_to_a_schema_that_is_called_ref_is_not_a_reference(tmp_path: Path) -> None:
    schema = {**CHOICE, "discriminator": {"propertyName": "kind", "mapping": {"$ref": "Dog", "c": "Cat"}}}
    assert load(tmp_path, document({"Thing": schema, **BRANCHES})).warnings == []


@pytest.mark.parametrize("scopes", [None, "read", {"read": True}, ["read", 1]])
def test_a_requirement_with_invalid_scopes_is_a_mistake_and_still_required(tmp_path: Path, scopes: Any) -> None:
    api = document(security=[{"basic": scopes}])
    api["components"]["securitySchemes"] = {"basic": {"type": "http", "scheme": "basic"}}
    contract = load(tmp_path, api)
    mistakes = [(problem.pointer, problem.message) for problem in contract.warnings]
    assert mistakes == [("/security/0/basic", "must be an array of strings, the scopes")]
    assert create_app(contract).test_client().get("/things").status_code == 401


def test_nullable_is_a_boolean_in_3_0_and_nothing_in_3_1(tmp_path: Path) -> None:
    schemas = {"Thing": {"type": "string", "nullable": "yes"}}
    mistakes = [(problem.pointer, problem.message) for problem in load(tmp_path, document(schemas)).warnings]
    assert mistakes == [("/components/schemas/Thing/nullable", 'must be true or false, but is "yes"')]
    assert load(tmp_path, document(schemas, "3.1.0")).warnings == []
