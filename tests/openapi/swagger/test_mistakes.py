"""Mistakes in Swagger 2.0 documents: reported with the place where they are written, and served as well as possible."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver import ContractError, load_contract
from tests.documents.broken import load
from tests.openapi.swagger.small import swagger
from tests.openapi.test_loading import list_warnings

OPERATION = "/paths/~1things/post"
PARAMETER = f"{OPERATION}/parameters/0"
BODY = {"name": "b", "in": "body", "schema": {"type": "object"}}
TEXT = {"name": "t", "in": "formData", "type": "string"}
LATER = "belongs to OpenAPI 3.0, Swagger 2.0 does not have it; it is read as in 3.0"


@pytest.mark.parametrize(
    ("document", "warning"),
    [
        (swagger() | {"swagger": 2.0}, '/swagger: must be a string: write "2.0", in quotes'),
        (swagger(host="http://a.example"), '/host: "http://a.example" has a scheme, which belongs into schemes; it is read as if it were there'),
        (swagger(host="a.example/v1"), '/host: "a.example/v1" has a path, which belongs into basePath; it is read as if it were there'),
        (swagger(basePath="v1"), '/basePath: "v1" must begin with a slash; it is read as "/v1"'),
        (swagger(BODY, TEXT), f"{OPERATION}/parameters/1: a request has a body or a form, not both; each is accepted in its media types"),
        (swagger(BODY, BODY), f'{OPERATION}/parameters/1: there can be one body; this one is ignored in favour of "b"'),
        (swagger({"name": "q", "in": "query"}), f'{PARAMETER}: the parameter "q" has no type; it is any text'),
        (swagger({"name": "b", "in": "body"}), f'{PARAMETER}: the body "b" has no schema; it may be anything'),
        (swagger({"name": "q", "in": "query", "type": "file"}), f"{PARAMETER}/type: a file is sent in a form: write in: formData"),
        (swagger({"name": "q", "in": "querry", "type": "string"}), f'{PARAMETER}: is not a valid parameter: it needs "name", and "in", which is query, header, path, formData or body. Did you mean "query"?'),
        (swagger({"name": "q", "in": "query", "schema": {"type": "string"}}), f'{PARAMETER}/schema: "schema" {LATER}'),
        (swagger(operation={"requestBody": {"content": {}}}), f'{OPERATION}/requestBody: "requestBody" {LATER}'),
        (swagger(components={"schemas": {}}), f'/components: "components" {LATER}'),
        (swagger({**BODY, "schema": {"oneOf": [{"type": "string"}]}}), f'{PARAMETER}/schema/oneOf: "oneOf" {LATER}'),
        (swagger(definitions={"A": {"type": "string", "nullable": True}}), f'/definitions/A/nullable: "nullable" {LATER}'),
        (swagger(operation={"consumes": ["a/b"]}), f"{OPERATION}/consumes: has no effect, since the operation has no body or form parameter"),
        (swagger(operation={"produces": "a/b"}), f"{OPERATION}/produces: must be an array of media types"),
        (swagger({"name": "f", "in": "formData", "type": "file"}, consumes=["application/x-www-form-urlencoded"]), f"{PARAMETER}: a file cannot be sent as application/x-www-form-urlencoded; the form is multipart/form-data: add this to consumes"),
        (swagger({"name": "q", "in": "query", "type": "array", "collectionFormat": "comma"}), f'{PARAMETER}/collectionFormat: "comma" is not a collectionFormat; it is read as csv. Valid: csv, ssv, tsv, pipes, multi'),
        (swagger(response={"examples": {"id": 1}}), f"{OPERATION}/responses/200/examples: examples are by media type, such as application/json: …; this is read as the example itself"),
        (swagger(operation={"responses": {}}), f"{OPERATION}/responses: there must be at least one response, for example for 200"),
        (swagger(operation={"summry": "x"}), f'{OPERATION}/summry: "summry" is not a member of an operation. Did you mean "summary"?'),
        (swagger(method="put", item={"post": {"operationId": "thing", "responses": {"200": {"description": "ok"}}}}), f'{OPERATION}/operationId: "thing" is already the operationId of PUT /things'),
        (swagger(securityDefinitions={"o": {"type": "oauth2", "flow": "code"}}), '/securityDefinitions/o: "code" is not a flow of Swagger 2.0; valid: implicit, password, application, accessCode'),
        # Mistakes that are found after the conversion have their place before it.
        (swagger({"$ref": "#/parameters/A"}, parameters={}), f'{PARAMETER}/$ref: "api.json#/parameters/A" points nowhere: /parameters has no "A".'),
        (swagger({"$ref": "#/definitions/Thing"}), f'{PARAMETER}/$ref: "api.json#/definitions/Thing" points nowhere: the file has no "definitions". Known: info, paths, swagger.'),
        (swagger(BODY, {"name": "q", "in": "query", "type": "strng"}), f'{OPERATION}/parameters/1/type: is not a valid JSON Schema: "strng" is not a valid type. Did you mean "string"?'),
        (swagger({"name": "q", "in": "query", "type": "array", "items": {"type": "strng"}}), f'{PARAMETER}/items/type: is not a valid JSON Schema: "strng" is not a valid type. Did you mean "string"?'),
        (swagger({**TEXT, "type": "strng"}), f'{PARAMETER}/type: is not a valid JSON Schema: "strng" is not a valid type. Did you mean "string"?'),
        (swagger({**BODY, "schema": {"type": "strng"}}), f'{PARAMETER}/schema/type: is not a valid JSON Schema: "strng" is not a valid type. Did you mean "string"?'),
        (swagger(response={"headers": {"X": {"type": "strng"}}}), f'{OPERATION}/responses/200/headers/X/type: is not a valid JSON Schema: "strng" is not a valid type. Did you mean "string"?'),
        (swagger(response={"schema": {"type": "strng"}}), f'{OPERATION}/responses/200/schema/type: is not a valid JSON Schema: "strng" is not a valid type. Did you mean "string"?'),
        (swagger(definitions={"A b": {"properties": {"c": {"type": "strng"}}}}), '/definitions/A b/properties/c/type: is not a valid JSON Schema: "strng" is not a valid type. Did you mean "string"?'),
        (swagger(definitions={"A": 5}), "/definitions/A: is not a valid JSON Schema: it is a number"),
        (swagger(response={"schema": {"type": "integer"}, "examples": {"application/json": {}}}), f"{OPERATION}/responses/200/examples/application~1json: the example does not match its schema: {{}} is not of type integer; the invalid parts are regenerated"),
        (swagger(parameters=5), "/parameters: must be an object, but is 5"),
    ],
)  # fmt: skip
def test_a_mistake_is_a_warning_where_it_is_written(tmp_path: Path, document: dict[str, Any], warning: str) -> None:
    assert warning in list_warnings(load(tmp_path, document))


def test_a_warning_has_the_line_of_the_document(tmp_path: Path) -> None:
    path = tmp_path / "api.yaml"
    path.write_text(
        'swagger: "2.0"\ninfo: {title: T, version: "1"}\npaths:\n  /a:\n    post:\n      parameters:\n'
        "        - name: b\n          in: body\n          schema:\n            type: strng\n"
        "      responses: {default: {description: ok}}\n"
    )
    assert [(problem.line, problem.code) for problem in load_contract(path).warnings] == [(10, "schema")]


def test_a_mistake_in_another_file_has_its_place_there(tmp_path: Path) -> None:
    document = swagger({"$ref": "shared.json#/parameters/q"})
    shared = {"parameters": {"q": {"name": "q", "in": "query", "type": "strng"}}}
    (warning,) = load(tmp_path, document, shared=shared).warnings
    assert warning.file == "shared.json"
    assert warning.pointer == "/parameters/q/type"


def test_what_openapi_has_no_form_for_is_one_warning(tmp_path: Path) -> None:
    array = {"type": "array", "items": {"type": "string"}}
    document = swagger(
        {"name": "q", "in": "query", **array, "collectionFormat": "tsv"},
        {"name": "h", "in": "header", **array, "collectionFormat": "pipes"},
    )
    (warning,) = load(tmp_path, document).warnings
    assert warning.pointer == "/swagger"
    assert warning.code == "converted"
    assert warning.message == (
        "is served as OpenAPI 3.0, which has no form for some of it. The server follows it, and /openapi.json shows it "
        f"by an extension or not at all: collectionFormat tsv in the query ({OPERATION}/parameters/0), "
        f"collectionFormat pipes in the header ({OPERATION}/parameters/1)"
    )


def test_a_document_without_a_mistake_has_no_warning(tmp_path: Path) -> None:
    document = swagger(BODY, {"name": "q", "in": "query", "type": "string"}, response={"schema": {"type": "string"}})
    assert list_warnings(load(tmp_path, document)) == []


def test_a_mistake_in_a_contract_directory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "swagger.yaml").write_text(
        'swagger: "2.0"\ninfo: {title: T, version: "1"}\npaths:\n  /a:\n    get:\n'
        "      parameters: [{name: q, in: query, type: strng}]\n      responses: {default: {description: ok}}\n"
    )
    with pytest.raises(ContractError) as caught:
        load_contract(tmp_path)
    assert [(problem.file, problem.line, problem.pointer) for problem in caught.value.problems] == [
        ("schemas/swagger.yaml", 6, "/paths/~1a/get/parameters/0/type")
    ]
