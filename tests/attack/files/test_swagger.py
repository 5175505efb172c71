"""Swagger 2.0 documents that are hostile, or larger than any: the conversion ends, and in time that grows with them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mockserver import ContractError, load_contract
from tests.attack.growth import assert_grows_linearly
from tests.attack.scale import some
from tests.documents.broken import load
from tests.openapi.swagger.small import swagger

ODD = [
    None,
    True,
    5,
    "x",
    [],
    [None],
    {},
    {"$ref": 5},
    {"$ref": "#/nowhere"},
    {"$ref": "#"},
    {"in": "body"},
    {"": None},
]
PLACES = [
    ("host",), ("basePath",), ("schemes",), ("consumes",), ("produces",), ("definitions",), ("definitions", "A"),
    ("parameters",), ("parameters", "A"), ("responses",), ("responses", "A"), ("securityDefinitions",),
    ("securityDefinitions", "A"), ("security",), ("components",), ("components", "schemas"), ("servers",), ("info",),
    ("paths", "/things"), ("paths", "/things", "parameters"), ("paths", "/things", "post"),
    ("paths", "/things", "post", "parameters"), ("paths", "/things", "post", "consumes"),
    ("paths", "/things", "post", "schemes"), ("paths", "/things", "post", "responses"),
    ("paths", "/things", "post", "responses", "200"), ("paths", "/things", "post", "responses", "200", "schema"),
    ("paths", "/things", "post", "responses", "200", "headers"),
    ("paths", "/things", "post", "responses", "200", "examples"),
    ("paths", "/things", "post", "responses", "200", "headers", "X"),
    ("paths", "/things", "post", "parameters", 0), ("paths", "/things", "post", "parameters", 0, "type"),
    ("paths", "/things", "post", "parameters", 0, "items"),
    ("paths", "/things", "post", "parameters", 0, "collectionFormat"),
    ("paths", "/things", "post", "parameters", 1, "schema"), ("paths", "/things", "post", "parameters", 1, "x-examples"),
    ("definitions", "A", "discriminator"), ("definitions", "A", "allOf"), ("definitions", "A", "properties"),
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_value_of_any_type_in_any_place_is_reported_or_served(tmp_path: Path, place: tuple[str | int, ...]) -> None:
    for value in some(ODD, 3):
        array = {"name": "q", "in": "query", "type": "array", "items": {"type": "string"}}
        document: Any = swagger(
            array,
            {"name": "b", "in": "body", "schema": {"$ref": "#/definitions/A"}},
            response={"schema": {"type": "string"}, "headers": {"X": {"type": "string"}}},
            definitions={"A": {"type": "object"}, "B": {"allOf": [{"$ref": "#/definitions/A"}]}},
            parameters={},
            responses={},
            securityDefinitions={},
            components={},
        )
        holder = document
        for token in place[:-1]:
            holder = holder[token]
        holder[place[-1]] = value
        with suppress(ContractError):
            list(load(tmp_path, document).warnings)


CYCLES: list[dict[str, Any]] = [
    {"parameters": {"A": {"$ref": "#/parameters/B"}, "B": {"$ref": "#/parameters/A"}}},
    {"responses": {"A": {"$ref": "#/responses/A"}}},
    {"definitions": {"A": {"$ref": "#/definitions/B"}, "B": {"$ref": "#/definitions/A"}}},
    {"definitions": {"A": {"discriminator": "k", "properties": {"k": {}}, "allOf": [{"$ref": "#/definitions/A"}]}}},
]


@pytest.mark.parametrize("members", CYCLES, ids=str)
def test_references_in_a_circle_end(tmp_path: Path, members: dict[str, Any]) -> None:
    document = swagger(
        {"$ref": "#/parameters/A"}, operation={"responses": {"200": {"$ref": "#/responses/A"}}}, **members
    )
    assert load(tmp_path, document).warnings


def loading(document: dict[str, Any]) -> Callable[[], object]:
    path = Path(tempfile.mkdtemp()) / "api.json"
    path.write_text(json.dumps(document))
    return lambda: load_contract(path)


def definitions(size: int) -> dict[str, Any]:
    return swagger(definitions={f"A{number}": {"type": "object", "x-nullable": True} for number in range(size)})


def inheritance(size: int) -> dict[str, Any]:
    """Families of nine definitions, each inheriting from the one before it."""
    kind = {"discriminator": "kind", "properties": {"kind": {"type": "string"}}}
    families: dict[str, Any] = {}
    for number in range(size):
        families[f"A{number}"] = kind
        if number % 9:
            families[f"A{number}"] = {"allOf": [{"$ref": f"#/definitions/A{number - 1}"}], "discriminator": "kind"}
    return swagger(definitions=families)


def collections(size: int) -> dict[str, Any]:
    array = {"in": "query", "type": "array", "items": {"type": "string"}, "collectionFormat": "tsv"}
    return swagger(*({"name": f"q{number}", **array} for number in range(size)))


def form(size: int) -> dict[str, Any]:
    return swagger(*({"name": f"q{number}", "in": "formData", "type": "string"} for number in range(size)))


def shared(size: int) -> dict[str, Any]:
    fields = {f"q{number}": {"name": f"q{number}", "in": "query", "type": "string"} for number in range(size)}
    return swagger(*({"$ref": f"#/parameters/{name}"} for name in fields), parameters=fields)


@pytest.mark.parametrize("make", some([inheritance, definitions, collections, form, shared], 2))
def test_the_time_to_load_grows_with_the_document(make: Callable[[int], dict[str, Any]]) -> None:
    assert_grows_linearly(lambda size: loading(make(size)), 400)
