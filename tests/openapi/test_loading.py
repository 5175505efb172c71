from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver import Contract, ContractError, create_app, load_contract
from tests.documents.broken import document, load, thing_validator


def list_warnings(contract: Contract) -> list[str]:
    """Each warning as one line, without the file."""
    return [f"{warning.pointer}: {warning.message}" for warning in contract.warnings]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"swagger": "1.1", "paths": {}}, "/swagger: is a Swagger 1.1 document; OpenAPI 3.0 to 3.2 are supported, and so is Swagger 2.0"),
        ({"swaggerVersion": "1.2"}, "/swaggerVersion: is a Swagger 1.2 document; OpenAPI 3.0 to 3.2 are supported, and so is Swagger 2.0"),
        ({"swagger": "2.0", "paths": []}, "/paths: must be an object with a path item for each path"),
        ({"asyncapi": "3.0.0"}, "/asyncapi: is an AsyncAPI document"),
        ({"info": {"_postman_id": "x", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/"}}, "is a Postman collection. Export it as OpenAPI"),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}, "is a JSON Schema. Serve the OpenAPI document that refers to it"),
        ({"type": "object", "properties": {}}, "is a JSON Schema."),
        ({"log": {"entries": []}}, "is a HAR file"),
        ({"openapi": "4.0.0"}, '/openapi: OpenAPI 3.0 to 3.2 are supported, OpenAPI "4.0.0" is not'),
        ({"openapi": "3.1.0", "paths": []}, "/paths: must be an object with a path item for each path"),
        ({"name": "x"}, 'is not an OpenAPI document: it has no "openapi"'),
        ([1], "is not an OpenAPI document: it does not contain an object"),
        ("null", "is empty."),
        ("{", "is not valid JSON"),
        ({"openapi": "3.0.3", "paths": {"/a": 5}}, "/paths/~1a: must be an object, but is a number"),
    ],
)  # fmt: skip
def test_a_file_of_another_format_is_rejected_with_what_to_do(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(ContractError) as caught:
        load(tmp_path, content)
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1


GET = {"responses": {"200": {"description": "ok", "content": {"application/json": {"example": 1}}}}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"paths": {}}, ": has no operations: nothing is served"),
        ({"paths": {"/a": {"get": GET}, "/b": None}}, "/paths/~1b: must be an object, but is null"),
        ({"paths": {"/a": {"get": GET}, "b": {"get": GET}}}, "/paths/b: a path must begin with a slash"),
        ({"paths": {"/a/{x}": {"get": GET}}}, "/paths/~1a~1{x}/get: {x} in the path is not declared as a path parameter."),
        ({"paths": {"/a": {"get": GET | {"parameters": [{"name": "y", "in": "path", "required": True, "schema": {}}]}}}}, '/paths/~1a/get: the path parameter "y" is not in "/a"'),
        ({"paths": {"/a": {"get": GET | {"parameters": [{"name": "y"}, None]}}}}, '/paths/~1a/get/parameters/0: "in" is required and missing'),
        ({"paths": {"/a": {"get": GET | {"summry": "x"}}}}, '/paths/~1a/get/summry: "summry" is not a member of an operation. Did you mean "summary"?'),
        ({"paths": {"/a": {"get": GET | {"operationId": 5}}}}, "/paths/~1a/get/operationId: must be a string, but is a number; write it in quotes"),
        ({"paths": {"/a": {"get": {"responses": {"20": {"description": "x"}, "200": {"description": "ok"}}}}}}, "/paths/~1a/get/responses/20: the name of a response must be a status code, a range such as 2XX, or default"),
        ({"paths": {"/a": {"get": {}}}}, "/paths/~1a/get: there must be at least one response, for example for 200"),
        ({"paths": {"/a#b": {"get": GET}}}, "/paths/~1a#b: clients do not send what follows a #: requests match by the part before it, and by their parameters"),
        ({"info": {"title": "T"}}, '/info: the info should have "version"'),
    ],
)  # fmt: skip
def test_a_bare_document_with_a_mistake_is_served_with_a_warning(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    contract = load(tmp_path, document(None) | change)
    assert message in list_warnings(contract)
    create_app(contract).test_client().get("/openapi.json")


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "strng"}, '/type: is not a valid JSON Schema: "strng" is not a valid type. Did you mean "string"?'),
        ({"properties": {"a": None}}, "/properties/a: is not a valid JSON Schema: it is null"),
        ({"required": True}, "/required: is not a valid JSON Schema: it lists the names of required members, beside their properties"),
        ({"allOf": [{"minLength": "x"}]}, '/allOf/0/minLength: is not a valid JSON Schema: "x" is not of type "integer"'),
        ({"properties": {"": {"$ref": 5}}}, "/properties: is not a valid JSON Schema: 5 is not of type"),
        ({"pattern": "("}, '/pattern: "(" is not a valid ECMA-262 regular expression, or needs too much memory'),
        ({"pattern": "^.{1,2097152}$"}, '/pattern: "^.{1,2097152}$" is not a valid ECMA-262 regular expression, or needs too much memory'),
        ({"pattern": "/^[a-z]+$/"}, '/pattern: no text matches "/^[a-z]+$/": write it without slashes, as "^[a-z]+$"'),
        ({"pattern": "/^[a-z]+$/i"}, '/pattern: no text matches "/^[a-z]+$/i": write it without slashes, as "^[a-z]+$"'),
        ({"pattern": "^(?=a)(a+)+$"}, '/pattern: "^(?=a)(a+)+$" may backtrack catastrophically; a text that hits the limit does not match'),
        ({"$ref": "#/components/schemas/Thin"}, '/$ref: "api.json#/components/schemas/Thin" points nowhere: /components/schemas has no "Thin". Did you mean "Thing"?'),
        ({"oneOf": [{}], "not": {"$ref": "#/components/schemas/Thing/oneOf/-1"}}, '/not/$ref: "api.json#/components/schemas/Thing/oneOf/-1" points nowhere: /components/schemas/Thing/oneOf has no "-1".'),
        ({"$ref": "other.json"}, '/$ref: "other.json" points nowhere: there is no file "other.json".'),
        ({"$ref": "other.json#/a"}, '/$ref: "other.json#/a" points nowhere: there is no file "other.json".'),
        ({"$ref": "https://example.com/a.json"}, '/$ref: "https://example.com/a.json" points outside the contract directory; nothing is fetched.'),
        ({"$ref": "../a.json"}, '/$ref: "../a.json" points outside the contract directory'),
        ({"$ref": "#/components/schemas/Thing"}, "/$ref: makes the schema refer to itself for the same value; the reference is ignored"),
    ],
)  # fmt: skip
def test_a_schema_with_a_mistake_is_served_without_it(tmp_path: Path, schema: dict[str, Any], message: str) -> None:
    contract = load(tmp_path, document({"Thing": schema}))
    assert [line for line in list_warnings(contract) if f"/components/schemas/Thing{message}" in line] != []
    assert create_app(contract).test_client().get("/things").status_code in (200, 501)


@pytest.mark.parametrize(
    "schema", [{"$id": "http://[::1"}, {"$id": "https://example.com/a", "properties": {"b": {"$ref": "//["}}}]
)
def test_an_identifier_or_a_reference_that_is_not_an_address_does_no_harm(
    tmp_path: Path, schema: dict[str, Any]
) -> None:
    contract = load(tmp_path, document({"Thing": {"type": "object", **schema}}))
    assert create_app(contract).test_client().get("/things").status_code == 200


def test_a_relative_reference_is_resolved_against_its_own_file(tmp_path: Path) -> None:
    main = document(None, paths={"/a": {"$ref": "paths/a%20b.json"}, "/c": {"$ref": "paths/a%20b.json", "summary": "own"}})  # fmt: skip
    item = {"parameters": [{"$ref": "../parts.json#/parameters/Page"}], "get": {"operationId": "a", "responses": {"200": {"$ref": "../parts.json#/ok~1"}}}}  # fmt: skip
    parts = {
        "parameters": {"Page": {"name": "page", "in": "query", "schema": {"type": "integer"}}},
        "ok/": {"description": "ok", "content": {"application/json": {"schema": {"$ref": "schemas.d/word.json"}}}},
    }
    files = {"paths__a b": item, "parts": parts, "schemas.d__word": {"type": "string", "enum": ["word"]}}
    contract = load(tmp_path, main, **files)
    client = create_app(contract).test_client()
    assert client.get("/a").json == "word"
    assert client.get("/c?page=x").status_code == 422
    served = client.get("/openapi.json").json
    assert served["paths"]["/a"]["parameters"] == [parts["parameters"]["Page"]]
    assert served["components"]["schemas"]["Word"] == {"type": "string", "enum": ["word"]}


def test_references_to_ids_and_anchors_are_resolved(tmp_path: Path) -> None:
    thing = {
        "$id": "https://example.com/things/thing",
        "properties": {"a": {"$ref": "word"}, "b": {"$ref": "#own"}, "c": {"$ref": "#/$defs/own"}},
        "$defs": {"own": {"$anchor": "own", "type": "integer"}},
    }
    word = {"$id": "https://example.com/things/word", "type": "string"}
    contract = load(tmp_path, document({"Thing": thing, "Word": word}, "3.1.0"))
    assert contract.warnings == []
    is_valid = thing_validator(contract)
    assert is_valid({"a": "x", "b": 1, "c": 1})
    assert [is_valid(value) for value in ({"a": 1}, {"b": "x"}, {"c": "x"})] == [False, False, False]


def test_an_identifier_may_be_a_urn_and_an_anchor_belongs_to_its_identifier(tmp_path: Path) -> None:
    first = {
        "$id": "urn:example:first",
        "properties": {"a": {"$ref": "#part"}, "b": {"$ref": "#/$defs/part"}, "c": {"$ref": "urn:example:second#part"}},
        "$defs": {"part": {"$anchor": "part", "type": "integer"}},
    }
    second = {"$id": "urn:example:second", "$defs": {"part": {"$anchor": "part", "type": "string"}}}
    contract = load(tmp_path, document({"Second": second, "Thing": first}, "3.1.0"))
    assert contract.warnings == []
    is_valid = thing_validator(contract)
    assert is_valid({"a": 1, "b": 1, "c": "x"})
    assert [is_valid(value) for value in ({"a": "x"}, {"b": "x"}, {"c": 1})] == [False, False, False]


def test_a_dynamic_reference_between_files_is_dynamic(tmp_path: Path) -> None:
    tree = {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$dynamicAnchor": "node", "type": "object",
        "properties": {"children": {"type": "array", "items": {"$dynamicRef": "#node"}}},
    }  # fmt: skip
    strict = {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$dynamicAnchor": "node", "$ref": "tree.json",
        "unevaluatedProperties": False,
    }  # fmt: skip
    contract = load(tmp_path, document({"Thing": {"$ref": "strict.json"}}, "3.1.0"), tree=tree, strict=strict)
    is_valid = thing_validator(contract)
    assert is_valid({"children": [{"children": []}]})
    assert not is_valid({"children": [{"childern": []}]})


def test_two_operations_with_the_same_id_are_both_served(tmp_path: Path) -> None:
    paths = {"/a": {"get": GET | {"operationId": "x"}}, "/b": {"get": GET | {"operationId": "x"}}}
    contract = load(tmp_path, document(None, paths=paths))
    assert list(contract.operations) == ["x", "GET /b"]
    assert list_warnings(contract) == ['/paths/~1b/get/operationId: "x" is already the operationId of GET /a']


def test_paths_that_differ_only_in_parameter_names_share_their_methods(tmp_path: Path) -> None:
    parameters = {name: {"parameters": [{"name": name, "in": "path", "required": True, "schema": {}}]} for name in "xy"}
    paths = {"/a/{x}": {"get": GET} | parameters["x"], "/a/{y}": {"get": GET, "post": GET} | parameters["y"], "/a/{y}:z": {"get": GET} | parameters["y"]}  # fmt: skip
    contract = load(tmp_path, document(None, paths=paths))
    assert list(contract.operations) == ["GET /a/{x}", "GET /a/{y}", "POST /a/{y}", "GET /a/{y}:z"]
    assert list_warnings(contract) == ['/paths/~1a~1{y}: the path "/a/{y}" is the same as "/a/{x}"']


def test_a_discarded_validator_is_compiled_again(tmp_path: Path) -> None:
    names = [f"T{number}" for number in range(100)]
    contract = load(tmp_path, document({name: {"const": name} for name in names}))
    nodes = [contract.openapi.child("components", "schemas", name) for name in names]
    assert all(contract.schemas.validator(node).is_valid(name) for node, name in zip(nodes, names, strict=True))
    assert not contract.schemas.validator(nodes[0]).is_valid("T1")
    assert contract.schemas.validator(nodes[0]).violations("T1", "body") != []


def test_the_api_responds_under_each_prefix_of_its_servers(tmp_path: Path) -> None:
    servers = [
        {"url": "https://{region}.example.com/{stage}/api/", "variables": {"region": {"default": "eu"}, "stage": {"default": "v1", "enum": ["v1", "v2"]}}},
        {"url": "/here"}, {"url": "https://example.com"}, {"url": "{unknown}/x"},
    ]  # fmt: skip
    own_servers = {"servers": [{"url": "/own"}]}
    exact = {"get": {"responses": {"200": {"description": "ok", "content": {"application/json": {"example": "exact"}}}}}}  # fmt: skip
    paths = {"/a": {"get": GET}, "/b": {"get": GET} | own_servers, "/here/a": exact}
    client = create_app(load(tmp_path, document(None, paths=paths, servers=servers))).test_client()
    statuses = {path: client.get(path).status_code for path in ("/a", "/v1/api/a", "/v2/api/a", "/v3/api/a", "/b", "/own/b", "/v1/api/b")}  # fmt: skip
    assert statuses == {"/a": 200, "/v1/api/a": 200, "/v2/api/a": 200, "/v3/api/a": 404, "/b": 200, "/own/b": 200, "/v1/api/b": 404}  # fmt: skip
    assert client.get("/here/a").json == "exact"
    assert client.get("/here/here/a").json == "exact"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("api.example.com/v2", "/v2/a"),
        ("localhost:8080/api/", "/api/a"),
        ("api.example.com:8443", "/a"),
        ("10.0.0.1:80/x", "/x/a"),
    ],
)
def test_a_server_without_a_scheme_is_a_host_with_a_warning(tmp_path: Path, url: str, path: str) -> None:
    contract = load(tmp_path, document(None, paths={"/a": {"get": GET}}, servers=[{"url": url}]))
    assert [(problem.pointer, problem.code) for problem in contract.warnings] == [("/servers/0/url", "server")]
    assert create_app(contract).test_client().get(path).status_code == 200


@pytest.mark.parametrize("url", ["v1.0/api", "./api.v1", "/api.example.com/v2", "https://example.com:80/v2", "api"])
def test_a_relative_or_complete_address_of_a_server_is_no_mistake(tmp_path: Path, url: str) -> None:
    assert list_warnings(load(tmp_path, document(None, paths={"/a": {"get": GET}}, servers=[{"url": url}]))) == []


def test_strict_examples_make_a_broken_example_an_error_and_nothing_else(tmp_path: Path) -> None:
    content = {"application/json": {"schema": {"type": "strng", "minLength": 3}, "example": "x"}}
    paths = {"/a": {"get": {"responses": {"200": {"description": "ok", "content": content}}}}}
    contract = load(tmp_path, document(None, paths=paths))
    assert {warning.code for warning in contract.warnings} == {"schema", "example"}
    with pytest.raises(
        ContractError, match='the example does not match its schema: "x" is shorter than 3 characters'
    ) as caught:
        load_contract(tmp_path / "api.json", strict_examples=True)
    assert [problem.code for problem in caught.value.problems] == ["example"]


def test_integers_of_a_request_are_limited_by_their_format_except_inside_data(tmp_path: Path) -> None:
    odd = {"type": "integer", "format": "int32"}
    schema = {"properties": {"n": odd | {"minimum": 0}, "default": odd}, "enum": [{"n": -1}, {"n": 1 << 40}, {"n": 1}, odd]}  # fmt: skip
    contract = load(tmp_path, document({"Thing": schema}))
    in_request, by_itself = thing_validator(contract, "request"), thing_validator(contract)
    assert [in_request({"n": n}) for n in (-1, 1 << 40, 1)] == [False, False, True]
    assert [by_itself({"n": n}) for n in (-1, 1 << 40, 1)] == [False, True, True]
    assert in_request(odd)


@pytest.mark.parametrize(
    ("form", "number", "is_valid"), [("uint8", 255, True), ("uint8", -1, False), ("int16", 32_768, False)]
)
@pytest.mark.parametrize("types", ["integer", ["null", "integer"]])
def test_an_integer_of_a_request_is_in_the_range_of_its_format(
    tmp_path: Path, form: str, number: int, is_valid: bool, types: Any
) -> None:
    contract = load(tmp_path, document({"Thing": {"type": types, "format": form}}, "3.1.0"))
    assert thing_validator(contract, "request")(number) == is_valid


def test_an_operation_without_a_success_response_gets_a_warning(tmp_path: Path) -> None:
    failing = {"404": {"description": "gone"}, "400": {"description": "bad"}}
    moved = {"302": {"description": "elsewhere"}}
    paths = {"/a": {"get": {"responses": failing}, "put": {"responses": failing}}, "/b": {"get": {"responses": moved}}}
    message = "declares no 2xx or default response; unless state is kept,"
    assert list_warnings(load(tmp_path, document(paths=paths))) == [
        f"/paths/~1a/get/responses: {message} every request gets the lowest declared status, 400",
        f"/paths/~1a/put/responses: {message} a valid request gets a 200 without a body",
    ]


def test_contradictory_bounds_get_a_warning(tmp_path: Path) -> None:
    schemas = {
        "A": {"type": "string", "minLength": 5, "maxLength": 2},
        "B": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 1}, "minItems": 2, "maxItems": 1},
    }
    assert list_warnings(load(tmp_path, document(schemas))) == [
        "/components/schemas/A/maxLength: no string matches this schema: minLength is 5, but maxLength is only 2",
        "/components/schemas/B/maxItems: no array matches this schema: minItems is 2, but maxItems is only 1",
    ]


@pytest.mark.parametrize("operation", [{}, {"responses": {}}])
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_an_operation_without_responses_succeeds_without_a_body(
    tmp_path: Path, operation: dict[str, Any], version: str
) -> None:
    contract = load(tmp_path, document(None, version, paths={"/a": {"post": operation}}))
    assert [problem.code for problem in contract.warnings] == ["responses"]
    response = create_app(contract).test_client().post("/a", json={"a": 1})
    assert response.status_code == 200
    assert response.data == b""


def test_a_document_of_webhooks_alone_is_refused(tmp_path: Path) -> None:
    hooks = {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "webhooks": {"x": {"post": GET}}}
    with pytest.raises(ContractError) as error:
        load(tmp_path, hooks)
    assert [(problem.pointer, problem.code) for problem in error.value.problems] == [("/webhooks", "no-paths")]


@pytest.mark.parametrize(
    ("server", "names"),
    [
        ({"url": "https://{host}/{version}", "variables": {"host": {"default": "h"}}}, ["version"]),
        ({"url": "/{a}/{b}"}, ["a", "b"]),
        ({"url": "/{a}", "variables": {"a": {"default": "x"}}}, []),
    ],
)
def test_a_variable_of_a_server_that_is_not_declared_is_a_warning(
    tmp_path: Path, server: dict[str, Any], names: list[str]
) -> None:
    contract = load(tmp_path, document(None, servers=[server]))
    messages = [problem.message for problem in contract.warnings if problem.pointer == "/servers/0/url"]
    assert [message.partition("{")[2].partition("}")[0] for message in messages] == names


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("aGk=", 200),
        ("aGk", 200),
        ("-_-_", 200),
        ("", 200),
        ("%%%", 422),
        ("a", 422),
        ("aGk=x", 422),
        ("=", 422),
        ("aG=", 422),
    ],
)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_bytes_are_in_base64(tmp_path: Path, version: str, text: str, status: int) -> None:
    body = {"content": {"application/json": {"schema": {"type": "string", "format": "byte"}}}}
    paths = {"/a": {"post": {"requestBody": body, "responses": {"200": {"description": "ok"}}}}}
    client = create_app(load(tmp_path, document(None, version, paths=paths))).test_client()
    assert client.post("/a", json=text).status_code == status


def with_example(name: str = "application/json", **media: Any) -> dict[str, Any]:
    """A document with one operation that responds in a media type with this entry."""
    responses = {"200": {"description": "ok", "content": {name: media}}}
    return document(None, "3.1.0", paths={"/a": {"get": {"responses": responses}}})


@pytest.mark.parametrize(
    ("file", "content", "kind", "expected"),
    [
        ("ex.json", '{"a": 1}', "application/json", b'{"a":1}'),
        ("deep/ex.json", '{"a": 2}', "application/json", b'{"a":2}'),
        ("ex.yaml", "a: 3", "application/json", b'{"a":3}'),
        ("ex.txt", "hello", "text/plain", b"hello"),
        ("ex.csv", "a,b\n", "text/csv", b"a,b\n"),
        ("ex.xml", "<a/>", "application/xml", b"<a/>"),
    ],
)
def test_an_external_example_is_the_value_of_its_file(
    tmp_path: Path, file: str, content: str, kind: str, expected: bytes
) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(content)
    contract = load(tmp_path, with_example(kind, examples={"e": {"externalValue": file}}))
    assert contract.warnings == []
    response = create_app(contract).test_client().get("/a")
    assert response.status_code == 200
    assert response.data == expected


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        ({"example": {"$ref": "ex.json"}}, {"a": 1}),
        ({"examples": {"e": {"value": {"$ref": "./ex.json"}}}}, {"a": 1}),
        ({"example": {"$ref": "#/components/examples/E"}}, {"a": 2}),
        ({"example": {"$ref": "#/components/examples/E/value"}}, {"a": 2}),
        ({"example": {"$ref": "none.json"}}, {"$ref": "none.json"}),
        ({"example": {"$ref": "../secret.json"}}, {"$ref": "../secret.json"}),
        ({"schema": {"properties": {"$ref": {"type": "string"}}}, "example": {"$ref": "#/components"}}, {"$ref": "#/components"}),
    ],
)  # fmt: skip
def test_an_example_that_is_a_reference_is_what_it_leads_to(
    tmp_path: Path, media: dict[str, Any], expected: Any
) -> None:
    (tmp_path / "ex.json").write_text('{"a": 1}')
    (tmp_path.parent / "secret.json").write_text('"secret"')
    document = with_example(**media) | {"components": {"examples": {"E": {"value": {"a": 2}}}}}
    contract = load(tmp_path, document)
    assert [problem.code for problem in contract.warnings] == ["example-notation"]
    assert create_app(contract).test_client().get("/a").get_json() == expected


@pytest.mark.parametrize(
    "reference", ["none.json", "../secret.json", "/etc/passwd", "https://example.com/a.json", "folder"]
)
def test_an_external_example_outside_the_directory_is_ignored_with_a_warning(tmp_path: Path, reference: str) -> None:
    (tmp_path.parent / "secret.json").write_text('"secret"')
    (tmp_path / "folder").mkdir()
    schema = {"type": "object", "required": ["a"], "properties": {"a": {"enum": [1]}}}
    contract = load(tmp_path, with_example(schema=schema, examples={"e": {"externalValue": reference}}))
    assert [problem.code for problem in contract.warnings] == ["external-value"]
    assert create_app(contract).test_client().get("/a").get_json() == {"a": 1}


@pytest.mark.parametrize(
    ("media", "codes"),
    [
        ({"example": {"$ref": "#/components/examples/E"}}, ["example-notation"]),
        ({"example": '{"a": 1}'}, ["example-notation"]),
        ({"example": "[1]"}, ["example-notation"]),
        ({"schema": {"type": "object"}, "example": '{"a": 1}'}, ["example-notation"]),
        ({"schema": {"type": "string"}, "example": '{"a": 1}'}, []),
        ({"example": "{a"}, []),
        ({"schema": {"type": "object", "example": {"$ref": "#/components/examples/E"}}}, ["example-notation"]),
    ],
)
def test_an_example_that_is_a_reference_or_json_in_quotes_is_a_warning(
    tmp_path: Path, media: dict[str, Any], codes: list[str]
) -> None:
    assert [problem.code for problem in load(tmp_path, with_example(**media)).warnings] == codes


def test_a_warning_about_json_in_quotes_says_what_to_write(tmp_path: Path) -> None:
    contract = load(tmp_path, with_example(schema={"type": "object"}, example='{"a": 1}'))
    assert "it is JSON in quotes: write the value itself, without the quotes" in contract.warnings[0].message
    assert create_app(contract).test_client().get("/a").get_json() == {"a": 1}


def test_operations_of_openapi_3_2_are_served(tmp_path: Path) -> None:
    item = {"query": GET, "additionalOperations": {"COPY": GET, "LINK": GET}, "get": GET}
    client = create_app(load(tmp_path, document(None, "3.2.0", paths={"/a": item}))).test_client()
    statuses = {name: client.open("/a", method=name).status_code for name in ("QUERY", "COPY", "LINK", "GET", "PUT")}
    assert statuses == {"QUERY": 200, "COPY": 200, "LINK": 200, "GET": 200, "PUT": 405}
    assert client.put("/a").headers["Allow"] == "COPY, GET, HEAD, LINK, OPTIONS, QUERY"


@pytest.mark.parametrize(
    ("kind", "schema", "expected"),
    [
        (
            "application/jsonl",
            {"type": "object", "required": ["a"], "properties": {"a": {"const": 1}}},
            '{"a":1}\n{"a":1}\n',
        ),
        (
            "text/event-stream",
            {
                "type": "object",
                "required": ["event", "data"],
                "properties": {"event": {"const": "add"}, "data": {"const": "x"}},
            },
            "event: add\ndata: x\n\nevent: add\ndata: x\n\n",
        ),
        ("application/json-seq", {"const": 1}, "\x1e1\n\x1e1\n"),
        (
            "text/event-stream",
            {
                "type": "object",
                "required": ["data"],
                "properties": {
                    "data": {
                        "type": "string",
                        "contentMediaType": "application/json",
                        "contentSchema": {"type": "object", "required": ["a"], "properties": {"a": {"const": 1}}},
                    }
                },
            },
            'data: {"a":1}\n\ndata: {"a":1}\n\n',
        ),
    ],
)
def test_a_sequence_has_items_of_the_item_schema(
    tmp_path: Path, kind: str, schema: dict[str, Any], expected: str
) -> None:
    contract = load(tmp_path, with_example(kind, itemSchema=schema) | {"openapi": "3.2.0"})
    assert create_app(contract).test_client().get("/a").text == expected


def test_a_document_of_3_1_has_the_item_schema_as_an_extension(tmp_path: Path) -> None:
    schema = {"$ref": "#/components/schemas/Line"}
    lines = with_example("application/jsonl", **{"x-itemSchema": schema})
    lines["components"] = {
        "schemas": {"Line": {"type": "object", "required": ["a"], "properties": {"a": {"const": 1}}}}
    }
    contract = load(tmp_path, lines)
    assert create_app(contract).test_client().get("/a").text == '{"a":1}\n{"a":1}\n'
    assert contract.warnings == []


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ({"responses": {"200": {"description": "ok", "schema": {}}}}, '"schema" is not a member of a response. Did you mean content: {application/json: {schema: …}}?'),
        ({**GET, "requestBody": {"content": {}, "schema": {}}}, '"schema" is not a member of a request body. Did you mean content: {application/json: {schema: …}}?'),
        ({**GET, "parameters": [{"name": "a", "in": "query", "schema": {}, "type": "string"}]}, '"type" is not a member of a parameter. Did you mean schema: {type: …}?'),
        ({**GET, "parameters": [{"name": "a", "in": "query", "schema": {}, "enum": []}]}, '"enum" is not a member of a parameter. Did you mean schema: {enum: …}?'),
    ],
)  # fmt: skip
def test_a_member_that_belongs_elsewhere_is_a_warning_that_says_where(
    tmp_path: Path, operation: dict[str, Any], message: str
) -> None:
    contract = load(tmp_path, document(None, paths={"/a": {"post": operation}}))
    assert message in [problem.message for problem in contract.warnings]


@pytest.mark.parametrize(
    ("name", "accepted", "expected"),
    [
        ("json", "*/*", "application/json"),
        ("", "*/*", "application/json"),
        ("application/json, application/xml", "*/*", "application/json"),
        ("application/json, application/xml", "application/xml", "application/xml; charset=utf-8"),
        ("xml", "*/*", "application/xml; charset=utf-8"),
    ],
)
def test_a_name_that_is_no_media_type_stands_for_those_that_are_meant(
    tmp_path: Path, name: str, accepted: str, expected: str
) -> None:
    contract = load(tmp_path, with_example(name, schema={"type": "object", "properties": {"a": {"const": "x"}}}))
    assert [problem.code for problem in contract.warnings] == ["media-type"]
    response = create_app(contract).test_client().get("/a", headers={"Accept": accepted})
    assert response.headers["Content-Type"] == expected
    assert ">x<" in response.text if "xml" in expected else response.json == {"a": "x"}


@pytest.mark.parametrize("name", ["Application/JSON", 'application/json; profile="a,b"', "text/*", "*", "*/*"])
def test_a_name_that_is_a_media_type_is_no_mistake(tmp_path: Path, name: str) -> None:
    assert list_warnings(load(tmp_path, with_example(name, schema={"type": "string"}))) == []


def test_a_parameter_that_is_declared_twice_is_a_warning(tmp_path: Path) -> None:
    parameters = [{"name": "q", "in": "query", "schema": {"type": kind}} for kind in ("string", "integer")]
    paths = {"/a": {"get": {"parameters": parameters, "responses": {"200": {"description": "ok"}}}}}
    contract = load(tmp_path, document(None, paths=paths))
    [warning] = list_warnings(contract)
    assert 'the query parameter "q" is declared twice; the last one counts' in warning


@pytest.mark.parametrize(
    ("media", "message"),
    [
        ({"examples": {"one": {"a": 1}}}, '"a" is not a member of an example. Did you mean value: {a: …}?'),
        (
            {"example": {"summary": "x", "value": {"a": 1}}},
            "the example is served with its member value: write the value itself, or examples: {NAME: {value: …}}",
        ),
    ],
)
def test_an_example_that_is_written_like_another_kind_is_a_warning(
    tmp_path: Path, media: dict[str, Any], message: str
) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    [warning] = list_warnings(load(tmp_path, with_example(schema=schema, **media)))
    assert warning.endswith(message)
