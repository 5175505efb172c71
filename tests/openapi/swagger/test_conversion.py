"""What each part of a Swagger 2.0 document becomes in the OpenAPI 3.0 document that is served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver.documents.bundle import bundle
from mockserver.syntax import json_pointer
from tests.documents.broken import load
from tests.openapi.swagger.small import swagger

OPERATION = "/paths/~1things/post"
JSON_BODY = {"name": "b", "in": "body", "required": True, "schema": {"type": "object"}}
FILE = {"name": "f", "in": "formData", "type": "file"}
TEXT = {"name": "t", "in": "formData", "type": "string"}
NUMBERS = {"type": "array", "items": {"type": "integer"}}
BINARY = {"type": "string", "format": "binary"}


def converted(tmp_path: Path, document: dict[str, Any], **files: Any) -> dict[str, Any]:
    """The document as /openapi.json shows it."""
    return bundle(load(tmp_path, document, **files).openapi)


def query(collection_format: str | None) -> dict[str, Any]:
    """A parameter with an array in the query."""
    declared = {"name": "q", "in": "query", **NUMBERS}
    return declared if collection_format is None else {**declared, "collectionFormat": collection_format}


@pytest.mark.parametrize(
    ("members", "servers"),
    [
        ({"host": "a.example", "basePath": "/v1", "schemes": ["https", "http"]}, ["https://a.example/v1", "http://a.example/v1"]),
        ({"host": "a.example:8080", "schemes": ["https"]}, ["https://a.example:8080"]),
        ({"host": "a.example", "basePath": "/"}, ["//a.example"]),
        ({"host": "a.example", "basePath": "/v1/"}, ["//a.example/v1"]),
        ({"basePath": "/v1"}, ["/v1"]),
        ({"basePath": "v1"}, ["/v1"]),
        ({"host": "http://a.example/shop", "basePath": "/v1"}, ["http://a.example/shop/v1"]),
        ({"host": "http://a.example", "schemes": ["https"]}, ["https://a.example"]),
        ({"basePath": "/"}, []),
        ({"schemes": ["https"]}, []),
        ({}, []),
    ],
)  # fmt: skip
def test_host_path_and_schemes_become_servers(tmp_path: Path, members: dict[str, Any], servers: list[str]) -> None:
    document = converted(tmp_path, swagger(**members))
    assert [server["url"] for server in document.get("servers", [])] == servers


def test_the_schemes_of_an_operation_become_its_servers(tmp_path: Path) -> None:
    document = swagger(host="a.example", basePath="/v1", schemes=["http"], operation={"schemes": ["https"]})
    assert converted(tmp_path, document)["paths"]["/things"]["post"]["servers"] == [{"url": "https://a.example/v1"}]


@pytest.mark.parametrize(
    ("document", "pointer", "expected"),
    [
        # parameters
        (swagger({"name": "q", "in": "query", "type": "integer", "format": "int32", "minimum": 1, "maximum": 9, "default": 2, "required": True, "description": "D", "x-a": 1}), "/parameters/0", {"name": "q", "in": "query", "required": True, "description": "D", "x-a": 1, "schema": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 9, "default": 2}}),
        (swagger({"name": "q", "in": "query", "type": "number", "minimum": 1, "exclusiveMinimum": True, "multipleOf": 2, "enum": [2, 4]}), "/parameters/0/schema", {"type": "number", "minimum": 1, "exclusiveMinimum": True, "multipleOf": 2, "enum": [2, 4]}),
        (swagger({"name": "q", "in": "query", "type": "string", "pattern": "a", "minLength": 1, "maxLength": 2, "allowEmptyValue": True}), "/parameters/0", {"name": "q", "in": "query", "allowEmptyValue": True, "schema": {"type": "string", "pattern": "a", "minLength": 1, "maxLength": 2}}),
        (swagger({"name": "q", "in": "query", "type": "string", "x-nullable": True, "x-example": "E"}), "/parameters/0", {"name": "q", "in": "query", "schema": {"type": "string", "nullable": True}, "example": "E"}),
        (swagger({"name": "q", "in": "query"}), "/parameters/0", {"name": "q", "in": "query", "schema": {"type": "string"}}),
        (swagger({"name": "q", "in": "query", "schema": {"type": "integer"}}), "/parameters/0", {"name": "q", "in": "query", "schema": {"type": "integer"}}),
        (swagger({"name": "q", "in": "query", "type": "file"}), "/parameters/0/schema", BINARY),
        # collections
        (swagger(query(None)), "/parameters/0", {"name": "q", "in": "query", "style": "form", "explode": False, "schema": NUMBERS}),
        (swagger(query("csv")), "/parameters/0", {"name": "q", "in": "query", "style": "form", "explode": False, "schema": NUMBERS}),
        (swagger(query("multi")), "/parameters/0", {"name": "q", "in": "query", "style": "form", "explode": True, "schema": NUMBERS}),
        (swagger(query("ssv")), "/parameters/0", {"name": "q", "in": "query", "style": "spaceDelimited", "explode": False, "schema": NUMBERS}),
        (swagger(query("pipes")), "/parameters/0", {"name": "q", "in": "query", "style": "pipeDelimited", "explode": False, "schema": NUMBERS}),
        (swagger(query("tsv")), "/parameters/0", {"name": "q", "in": "query", "style": "form", "explode": False, "x-collectionFormat": "tsv", "schema": NUMBERS}),
        (swagger({"name": "h", "in": "header", **NUMBERS}), "/parameters/0", {"name": "h", "in": "header", "style": "simple", "schema": NUMBERS}),
        (swagger({"name": "h", "in": "header", **NUMBERS, "collectionFormat": "multi"}), "/parameters/0", {"name": "h", "in": "header", "style": "simple", "schema": NUMBERS}),
        (swagger({"name": "h", "in": "header", **NUMBERS, "collectionFormat": "pipes"}), "/parameters/0", {"name": "h", "in": "header", "style": "simple", "x-collectionFormat": "pipes", "schema": NUMBERS}),
        (swagger({"name": "q", "in": "query", "type": "array", "items": {**NUMBERS, "collectionFormat": "pipes"}}), "/parameters/0/schema/items", {**NUMBERS, "x-collectionFormat": "pipes"}),
        (swagger({"name": "q", "in": "query", "type": "string", "collectionFormat": "csv"}), "/parameters/0", {"name": "q", "in": "query", "schema": {"type": "string"}}),
        # bodies
        (swagger(JSON_BODY), "/requestBody", {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}),
        (swagger(JSON_BODY, consumes=["application/xml"]), "/requestBody/content", {"application/xml": {"schema": {"type": "object"}}}),
        (swagger(JSON_BODY, consumes=["application/xml"], operation={"consumes": ["a/b", "c/d"]}), "/requestBody/content", {"a/b": {"schema": {"type": "object"}}, "c/d": {"schema": {"type": "object"}}}),
        (swagger(JSON_BODY, consumes=["application/xml"], operation={"consumes": []}), "/requestBody/content", {"application/json": {"schema": {"type": "object"}}}),
        (swagger({**JSON_BODY, "description": "D", "x-a": 1, "x-example": {"a": 1}}), "/requestBody", {"required": True, "description": "D", "x-a": 1, "content": {"application/json": {"schema": {"type": "object"}, "example": {"a": 1}}}}),
        (swagger({**JSON_BODY, "x-examples": {"application/json": {"a": 1}}}), "/requestBody/content/application~1json/example", {"a": 1}),
        (swagger({"name": "b", "in": "body"}), "/requestBody", {"content": {"application/json": {}}}),
        (swagger(item={"parameters": [JSON_BODY]}), "/requestBody", {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}),
        (swagger({"name": "own", "in": "body", "schema": {"type": "array"}}, item={"parameters": [JSON_BODY]}), "/requestBody", {"content": {"application/json": {"schema": {"type": "array"}}}}),
        # forms
        (swagger(TEXT), "/requestBody", {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": {"t": {"type": "string"}}}}}}),
        (swagger({**TEXT, "required": True, "description": "D", "default": "x"}), "/requestBody", {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": {"t": {"type": "string", "default": "x", "description": "D"}}, "required": ["t"]}}}}),
        (swagger(TEXT, FILE), "/requestBody/content", {"multipart/form-data": {"schema": {"type": "object", "properties": {"t": {"type": "string"}, "f": BINARY}}}}),
        (swagger(FILE, operation={"consumes": ["application/x-www-form-urlencoded"]}), "/requestBody/content", {"multipart/form-data": {"schema": {"type": "object", "properties": {"f": BINARY}}}}),
        (swagger(TEXT, operation={"consumes": ["multipart/form-data"]}), "/requestBody/content", {"multipart/form-data": {"schema": {"type": "object", "properties": {"t": {"type": "string"}}}}}),
        (swagger(TEXT, consumes=["application/json"]), "/requestBody/content", {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": {"t": {"type": "string"}}}}}),
        (swagger({"name": "l", "in": "formData", **NUMBERS, "collectionFormat": "multi"}), "/requestBody/content/application~1x-www-form-urlencoded/encoding", {"l": {"style": "form", "explode": True}}),
        (swagger({"name": "l", "in": "formData", **NUMBERS}), "/requestBody/content/application~1x-www-form-urlencoded/encoding", {"l": {"style": "form", "explode": False}}),
        (swagger({"name": "l", "in": "formData", **NUMBERS, "collectionFormat": "ssv"}), "/requestBody/content/application~1x-www-form-urlencoded/encoding", {"l": {"style": "spaceDelimited", "explode": False}}),
        (swagger(TEXT, JSON_BODY), "/requestBody", {"required": False, "content": {"application/json": {"schema": {"type": "object"}}, "application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": {"t": {"type": "string"}}}}}}),
        (swagger(JSON_BODY, {**JSON_BODY, "schema": {"type": "array"}}), "/requestBody/content", {"application/json": {"schema": {"type": "object"}}}),
        # responses
        (swagger(response={"schema": {"type": "string"}}), "/responses/200", {"description": "ok", "content": {"application/json": {"schema": {"type": "string"}}}}),
        (swagger(response={"schema": {"type": "string"}}, produces=["text/plain"]), "/responses/200/content", {"text/plain": {"schema": {"type": "string"}}}),
        (swagger(response={"schema": {"type": "string"}}, produces=["text/plain"], operation={"produces": ["a/b"]}), "/responses/200/content", {"a/b": {"schema": {"type": "string"}}}),
        (swagger(response={"schema": {"type": "string"}}, produces=["text/plain"], operation={"produces": []}), "/responses/200/content", {"application/json": {"schema": {"type": "string"}}}),
        (swagger(produces=["text/plain"]), "/responses/200", {"description": "ok"}),
        (swagger(response={"schema": {"type": "file"}}), "/responses/200/content", {"application/octet-stream": {"schema": BINARY}}),
        (swagger(response={"schema": {"type": "file"}}, produces=["image/png"]), "/responses/200/content", {"image/png": {"schema": BINARY}}),
        (swagger(response={"schema": {"type": "string"}, "examples": {"application/json": "a", "text/plain": "b"}}), "/responses/200/content", {"application/json": {"schema": {"type": "string"}, "example": "a"}, "text/plain": {"schema": {"type": "string"}, "example": "b"}}),
        (swagger(response={"examples": {"application/json": None}}), "/responses/200/content", {"application/json": {"example": None}}),
        (swagger(response={"schema": {"type": "object"}, "examples": {"id": 1}}), "/responses/200/content", {"application/json": {"schema": {"type": "object"}, "example": {"id": 1}}}),
        (swagger(response={"headers": {"X-A": {"type": "integer", "format": "int32", "description": "D", "x-b": 1}}, "x-c": 1}), "/responses/200", {"description": "ok", "x-c": 1, "headers": {"X-A": {"description": "D", "x-b": 1, "schema": {"type": "integer", "format": "int32"}}}}),
        (swagger(response={"headers": {"X-A": {**NUMBERS, "collectionFormat": "tsv"}}}), "/responses/200/headers/X-A", {"x-collectionFormat": "tsv", "schema": NUMBERS}),
        # schemas
        (swagger(response={"schema": {"type": "string", "x-nullable": True}}), "/responses/200/content/application~1json/schema", {"type": "string", "nullable": True}),
        (swagger(response={"schema": {"type": ["string", "null"]}}), "/responses/200/content/application~1json/schema", {"type": "string", "nullable": True}),
        (swagger(response={"schema": {"type": "object", "properties": {"f": {"type": "file"}}}}), "/responses/200/content/application~1json/schema/properties/f", BINARY),
        (swagger(response={"schema": {"$ref": "#/definitions/A", "x-nullable": True}}, definitions={"A": {"type": "object"}}), "/responses/200/content/application~1json/schema", {"allOf": [{"$ref": "#/components/schemas/A"}], "nullable": True}),
        (swagger(response={"schema": {"$ref": "A"}}, definitions={"A": {"type": "object"}}), "/responses/200/content/application~1json/schema", {"$ref": "#/components/schemas/A"}),
        (swagger(response={"schema": {"$ref": "#/definitions/A/properties/b"}}, definitions={"A": {"properties": {"b": {"type": "string"}}}}), "/responses/200/content/application~1json/schema", {"$ref": "#/components/schemas/A/properties/b"}),
        (swagger(response={"schema": {"$ref": "#/definitions/Page%C2%ABA%C2%BB"}}, definitions={"Page\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}A\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}": {"type": "object"}}), "/responses/200/content/application~1json/schema", {"$ref": "#/components/schemas/Page_A_"}),
        # what stays
        (swagger(operation={"deprecated": True, "tags": ["a"], "x-a": 1, "summary": "S", "description": "D", "externalDocs": {"url": "u"}}), "", {"operationId": "thing", "deprecated": True, "tags": ["a"], "x-a": 1, "summary": "S", "description": "D", "externalDocs": {"url": "u"}, "responses": {"200": {"description": "ok"}}}),
        (swagger(operation={"requestBody": {"content": {"text/plain": {}}}}), "/requestBody", {"content": {"text/plain": {}}}),
    ],
)  # fmt: skip
def test_a_part_of_an_operation_becomes_what_openapi_has_for_it(
    tmp_path: Path, document: dict[str, Any], pointer: str, expected: Any
) -> None:
    assert json_pointer.resolve(converted(tmp_path, document), OPERATION + pointer) == expected


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"type": "basic", "description": "D"}, {"type": "http", "scheme": "basic", "description": "D"}),
        ({"type": "apiKey", "name": "k", "in": "query"}, {"type": "apiKey", "name": "k", "in": "query"}),
        ({"type": "oauth2", "flow": "implicit", "authorizationUrl": "u", "scopes": {"a": "A"}, "x-a": 1}, {"type": "oauth2", "x-a": 1, "flows": {"implicit": {"authorizationUrl": "u", "scopes": {"a": "A"}}}}),
        ({"type": "oauth2", "flow": "password", "tokenUrl": "t", "scopes": {}}, {"type": "oauth2", "flows": {"password": {"tokenUrl": "t", "scopes": {}}}}),
        ({"type": "oauth2", "flow": "application", "tokenUrl": "t"}, {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "t", "scopes": {}}}}),
        ({"type": "oauth2", "flow": "accessCode", "authorizationUrl": "u", "tokenUrl": "t", "scopes": {}}, {"type": "oauth2", "flows": {"authorizationCode": {"authorizationUrl": "u", "tokenUrl": "t", "scopes": {}}}}),
    ],
)  # fmt: skip
def test_a_security_definition_becomes_a_security_scheme(
    tmp_path: Path, declared: dict[str, Any], expected: dict[str, Any]
) -> None:
    document = converted(tmp_path, swagger(securityDefinitions={"s": declared}, security=[{"s": []}]))
    assert document["components"]["securitySchemes"] == {"s": expected}


def test_what_is_shared_becomes_components(tmp_path: Path) -> None:
    limit = {"name": "limit", "in": "query", "type": "integer"}
    document = converted(
        tmp_path,
        swagger(
            {"$ref": "#/parameters/Limit"},
            {"$ref": "#/parameters/Body"},
            operation={"responses": {"200": {"$ref": "#/responses/Ok"}}},
            parameters={"Limit": limit, "Body": JSON_BODY, "Field": TEXT},
            responses={"Ok": {"description": "ok", "schema": {"$ref": "#/definitions/A"}}},
            definitions={"A": {"type": "object"}},
        ),
    )
    assert document["components"] == {
        "schemas": {"A": {"type": "object"}},
        "parameters": {"Limit": {"name": "limit", "in": "query", "schema": {"type": "integer"}}},
        "requestBodies": {"Body": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}},
        "responses": {
            "Ok": {
                "description": "ok",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}},
            }
        },
    }


def test_operations_refer_to_what_is_shared(tmp_path: Path) -> None:
    document = swagger(
        {"$ref": "#/parameters/Limit"},
        {"$ref": "#/parameters/Body"},
        operation={"responses": {"200": {"$ref": "#/responses/Ok"}}},
        parameters={"Limit": {"name": "limit", "in": "query", "type": "integer"}, "Body": JSON_BODY},
        responses={"Ok": {"description": "ok"}},
    )
    assert converted(tmp_path, document)["paths"]["/things"]["post"] == {
        "operationId": "thing",
        "parameters": [{"$ref": "#/components/parameters/Limit"}],
        "requestBody": {"$ref": "#/components/requestBodies/Body"},
        "responses": {"200": {"$ref": "#/components/responses/Ok"}},
    }


def test_shared_fields_of_forms_become_members_of_each_form(tmp_path: Path) -> None:
    document = swagger({"$ref": "#/parameters/Field"}, FILE, parameters={"Field": TEXT})
    content = converted(tmp_path, document)["paths"]["/things"]["post"]["requestBody"]["content"]
    schema = {"type": "object", "properties": {"t": {"type": "string"}, "f": BINARY}}
    assert content == {"multipart/form-data": {"schema": schema}}


def test_what_is_shared_has_the_media_types_of_each_operation(tmp_path: Path) -> None:
    document = swagger(
        {"$ref": "#/parameters/Body"},
        operation={"consumes": ["a/b"], "produces": ["c/d"], "responses": {"200": {"$ref": "#/responses/Ok"}}},
        parameters={"Body": {"name": "b", "in": "body", "schema": {"$ref": "#/definitions/A"}}},
        responses={"Ok": {"description": "ok", "schema": {"$ref": "#/definitions/A"}}},
        definitions={"A": {"type": "object"}},
    )
    schema = {"schema": {"$ref": "#/components/schemas/A"}}
    assert converted(tmp_path, document)["paths"]["/things"]["post"] == {
        "operationId": "thing",
        "requestBody": {"content": {"a/b": schema}},
        "responses": {"200": {"description": "ok", "content": {"c/d": schema}}},
    }


@pytest.mark.parametrize(("method", "has_body"), [("get", False), ("head", False), ("put", True), ("delete", True)])
def test_the_body_of_a_path_is_that_of_its_operations_other_than_reads(
    tmp_path: Path, method: str, has_body: bool
) -> None:
    document = swagger(method=method, item={"parameters": [JSON_BODY]})
    assert ("requestBody" in converted(tmp_path, document)["paths"]["/things"][method]) == has_body


@pytest.mark.parametrize("method", ["get", "put", "post", "delete", "options", "head", "patch"])
def test_every_method_is_converted(tmp_path: Path, method: str) -> None:
    document = swagger({"name": "q", "in": "query", "type": "string"}, method=method)
    parameter = converted(tmp_path, document)["paths"]["/things"][method]["parameters"][0]
    assert parameter == {"name": "q", "in": "query", "schema": {"type": "string"}}


def test_what_the_document_says_about_itself_stays(tmp_path: Path) -> None:
    members: dict[str, Any] = {"tags": [{"name": "a"}], "externalDocs": {"url": "u"}, "x-a": {"b": 1}}
    document = converted(tmp_path, swagger(**members))
    del document["paths"]
    assert document == {"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, **members}


def test_a_schema_in_an_extension_is_converted_where_it_is(tmp_path: Path) -> None:
    models: dict[str, Any] = {"x-models": {"A": {"type": "string", "x-nullable": True}}}
    document = converted(tmp_path, swagger(response={"schema": {"$ref": "#/x-models/A"}}, **models))
    assert document["x-models"] == {"A": {"type": "string", "nullable": True}}


ANIMAL = {
    "type": "object",
    "discriminator": "kind",
    "required": ["kind"],
    "properties": {"kind": {"type": "string"}},
}
HEIR = {"allOf": [{"$ref": "#/definitions/Animal"}, {"type": "object"}]}


@pytest.mark.parametrize(
    ("definitions", "kinds"),
    [
        ({"Animal": ANIMAL}, {"Animal": None}),
        ({"Animal": ANIMAL, "Cat": HEIR, "Dog": HEIR}, {"Animal": ["Animal", "Cat", "Dog"], "Cat": ["Cat"], "Dog": ["Dog"]}),
        ({"Animal": ANIMAL, "Cat": HEIR, "Lion": {"allOf": [{"$ref": "#/definitions/Cat"}]}}, {"Animal": ["Animal", "Cat", "Lion"], "Cat": ["Cat", "Lion"], "Lion": ["Lion"]}),
        ({"Animal": ANIMAL, "Cat": {**HEIR, "x-discriminator-value": "cat"}}, {"Animal": ["Animal", "cat"], "Cat": ["cat"]}),
        ({"Animal": {**ANIMAL, "properties": {"kind": {"type": "string", "enum": ["ANIMAL", "CAT"]}}}, "Cat": HEIR}, {"Animal": ["ANIMAL", "CAT"], "Cat": ["CAT"]}),
        ({"Animal": {**ANIMAL, "properties": {"kind": {"type": "string", "enum": ["x"]}}}, "Cat": {**HEIR, "properties": {"kind": {}}}}, {"Animal": ["x"], "Cat": None}),
        ({"Animal": {**ANIMAL, "properties": {"kind": {"$ref": "#/definitions/Animal/x-kind"}}, "x-kind": {"type": "string", "enum": ["cat"]}}, "Cat": HEIR}, {"Animal": None, "Cat": ["cat"]}),
        ({"Animal": {**ANIMAL, "properties": {"kind": {"type": "integer"}}}, "Cat": {**HEIR, "properties": {"kind": {}}}}, {"Animal": None, "Cat": None}),
        ({"Animal": ANIMAL, "Cat": {"allOf": [{"$ref": "#/definitions/Animal"}], "properties": {"kind": {"type": "string", "enum": ["c"]}}}}, {"Animal": ["Animal", "c"], "Cat": ["c"]}),
    ],
)  # fmt: skip
def test_a_discriminator_is_the_name_of_the_definition_or_of_one_that_inherits(
    tmp_path: Path, definitions: dict[str, Any], kinds: dict[str, Any]
) -> None:
    schemas = converted(tmp_path, swagger(definitions=definitions))["components"]["schemas"]
    assert {name: schemas[name]["properties"]["kind"].get("enum") for name in schemas} == kinds


def test_a_discriminator_becomes_an_object(tmp_path: Path) -> None:
    definitions = {"Animal": ANIMAL, "Cat": {**HEIR, "x-discriminator-value": "cat"}}
    schemas = converted(tmp_path, swagger(definitions=definitions))["components"]["schemas"]
    mapping = {"cat": "#/components/schemas/Cat"}
    assert schemas["Animal"]["discriminator"] == {"propertyName": "kind", "mapping": mapping}
