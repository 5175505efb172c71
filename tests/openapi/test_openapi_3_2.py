from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import Contract, create_app
from tests.documents.broken import document, load

OWN_URI = "https://example.com/api/openapi"
CAKE = {"type": "object", "required": ["name"], "properties": {"name": {"const": "Opera"}}}
# Of parts with the boundary "b", each as its headers and its content.
JSON_PART, TEXT_PART, PNG_PART = (
    "Content-Type: application/json\r\n\r\n%s",
    "\r\n%s",
    "Content-Type: image/png\r\n\r\n%s",
)


def load_3_2(folder: Path, paths: dict[str, Any], files: dict[str, Any] | None = None, **members: Any) -> Contract:
    return load(folder, {"openapi": "3.2.0", "info": {"title": "T", "version": "1"}, "paths": paths} | members, **(files or {}))  # fmt: skip


def get_operation(content: dict[str, Any]) -> dict[str, Any]:
    return {"get": {"responses": {"200": {"content": content}}}}


def test_a_document_of_3_2_needs_no_description_of_a_response(tmp_path: Path) -> None:
    assert not load_3_2(tmp_path, {"/a": {"get": {"responses": {"200": {"summary": "A cake"}}}}}).warnings


@pytest.mark.parametrize(
    "reference",
    [
        f"{OWN_URI}#/components/schemas/Cake",
        "openapi#/components/schemas/Cake",
        "https://example.com/api/cake.json",
        "cake.json",
        "shared/parts#/components/schemas/Cake",
        "https://example.com/schemas/cake",
    ],
)
def test_references_are_relative_to_the_uri_that_a_document_gives_itself(tmp_path: Path, reference: str) -> None:
    parts = {"openapi": "3.2.0", "$self": "https://example.com/api/shared/parts", "info": {}}
    files = {
        "cake": CAKE,
        "below__parts": {**parts, "components": {"schemas": {"Cake": {"$ref": "../../schemas/cake"}}}},
        "below__identified": {**CAKE, "$id": "https://example.com/schemas/cake"},
    }
    paths = {"/cake": get_operation({"application/json": {"schema": {"$ref": reference}}})}
    contract = load_3_2(tmp_path, paths, files, **{"$self": OWN_URI}, components={"schemas": {"Cake": CAKE}})
    assert not contract.warnings
    assert create_app(contract).test_client().get("/cake").get_json() == {"name": "Opera"}


def test_other_methods_do_not_take_the_place_of_the_usual_ones(tmp_path: Path) -> None:
    responses: dict[str, Any] = {"responses": {"204": {}}}
    misplaced = {"operationId": "misplaced", **responses}
    others = {"NOTIFY": responses, "get": {"operationId": "shadowed", **responses}, "POST": misplaced}
    contract = load_3_2(tmp_path, {"/a": {"get": responses, "additionalOperations": others}})
    assert list(contract.operations) == ["GET /a", "NOTIFY /a", "misplaced"]
    assert [(warning.pointer, warning.code) for warning in contract.warnings] == [
        ("/paths/~1a/additionalOperations/POST", "method"),
        ("/paths/~1a/additionalOperations/get", "method"),
    ]


def test_a_query_lists_the_records_that_its_body_selects(tmp_path: Path) -> None:
    cake = {
        "type": "object",
        "required": ["id", "name"],
        "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
    }
    cakes = {"application/json": {"schema": {"type": "array", "items": cake}}}
    wanted = {"type": "object", "properties": {"name": {"type": "string"}, "limit": {"type": "integer"}}}
    examples = [{"id": 1, "name": "Opera"}, {"id": 2, "name": "Linzer"}, {"id": 3, "name": "Opera"}]
    cakes_with_example = {"application/json": {**cakes["application/json"], "example": examples}}
    query = {
        "requestBody": {"content": {"application/json": {"schema": wanted}}},
        "responses": {"200": {"content": cakes}},
    }
    key = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    paths = {
        "/cakes": {**get_operation(cakes_with_example), "query": query},
        "/cakes/{id}": {**get_operation({"application/json": {"schema": cake}}), "parameters": [key]},
    }
    load_3_2(tmp_path, paths)
    client = create_app(tmp_path / "api.json", stateful=True).test_client()
    sent = [{"name": "Opera"}, {"name": "Opera", "limit": 1}, {"name": "Sacher"}]
    lists = [client.open("/cakes", method="QUERY", json=body).get_json() for body in sent]
    assert [[record["id"] for record in records] for records in lists] == [[1, 3], [1], []]
    # The tag is that of the GET at the same address.
    assert client.open("/cakes", method="QUERY", json={}, headers={"If-None-Match": "*"}).status_code == 200


def test_files_beside_the_document_that_cannot_be_read_are_left_alone(tmp_path: Path) -> None:
    paths = {"/cake": get_operation({"application/json": {"schema": {"$ref": "https://example.com/schemas/gone"}}})}
    (tmp_path / "broken.yaml").write_text("$id: [")
    warnings = load_3_2(tmp_path, paths, {}, **{"$self": OWN_URI}).warnings
    assert [warning.file for warning in warnings] == ["api.json"]


def test_a_reference_to_what_no_file_is_identified_by_is_a_warning(tmp_path: Path) -> None:
    paths = {"/cake": get_operation({"application/json": {"schema": {"$ref": "https://example.com/schemas/gone"}}})}
    warnings = load_3_2(tmp_path, paths, {}, **{"$self": OWN_URI}).warnings
    assert [warning.code for warning in warnings] == ["outside"]


@pytest.mark.parametrize("name", ["#/components/securitySchemes/key", f"{OWN_URI}#/components/securitySchemes/key"])
def test_a_requirement_may_name_a_security_scheme_by_its_uri(tmp_path: Path, name: str) -> None:
    schemes = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    paths = {"/a": {"get": {"security": [{name: []}], "responses": {"204": {}}}}}
    contract = load_3_2(tmp_path, paths, {}, **{"$self": OWN_URI}, components={"securitySchemes": schemes})
    client = create_app(contract).test_client()
    refused = client.get("/a")
    assert not contract.warnings
    assert refused.headers["WWW-Authenticate"] == 'ApiKey realm="key", in="header", name="X-Key"'
    assert client.get("/a", headers={"X-Key": "x"}).status_code == 204


FORM_PART = "Content-Type: application/x-www-form-urlencoded\r\n\r\n%s"
FORM_ITEM = {"type": "object", "properties": {"a": {"type": "object"}}}


def post_parts(client: FlaskClient, *parts: str, kind: str = "multipart/mixed") -> list[tuple[str, str]]:
    """Pointer and keyword of each violation."""
    data = "".join(f"--b\r\n{part}\r\n" for part in parts) + "--b--\r\n"
    response = client.post("/cakes", data=data.encode(), content_type=f"{kind}; boundary=b")
    assert response.status_code in (204, 422), response.text
    violations = response.get_json(force=True)["violations"] if response.status_code == 422 else []
    return [(violation["pointer"], violation["keyword"]) for violation in violations]


@pytest.mark.parametrize(
    ("kind", "media", "parts", "violations"),
    [
        ("multipart/mixed", {"itemSchema": CAKE}, [JSON_PART % '{"name": "Opera"}'], []),
        ("multipart/mixed", {"itemSchema": CAKE}, [JSON_PART % '{"name": "Opera"}', JSON_PART % "{}"], [("/1", "required")]),
        ("multipart/mixed", {"itemSchema": CAKE}, [TEXT_PART % '{"name": "Opera"}'], []),
        ("multipart/mixed", {"itemSchema": CAKE}, [JSON_PART % "{"], [("/0", "content"), ("/0", "type")]),
        ("multipart/form-data", {"itemSchema": {"type": "integer"}}, [TEXT_PART % "5", TEXT_PART % "x"], [("/1", "type")]),
        ("multipart/mixed", {"itemSchema": {}, "itemEncoding": {"contentType": "image/*"}}, [PNG_PART % "x", JSON_PART % "1"], [("/1", "contentType")]),
        ("multipart/mixed", {"itemSchema": FORM_ITEM}, [FORM_PART % "a=%7B%7D", FORM_PART % "a=%5B"], [("/1/a", "content")]),
        ("multipart/related", {"schema": {"type": "array", "minItems": 3, "prefixItems": [CAKE, {}]}, "prefixEncoding": [{"contentType": "application/json"}, {"contentType": "image/png"}]}, [JSON_PART % "{}", TEXT_PART % "x"], [("", "minItems"), ("/0", "required")]),
        ("multipart/mixed", {"schema": {"type": "array"}, "itemEncoding": {"headers": {"X-A": {"required": True, "schema": {"type": "integer"}}}}}, ["X-A: 1\r\n\r\nx", "X-A: a\r\n\r\nx", TEXT_PART % "x"], [("/1", "type"), ("/2", "required")]),
    ],
)  # fmt: skip
def test_parts_are_validated_by_their_position(
    tmp_path: Path, kind: str, media: dict[str, Any], parts: list[str], violations: list[tuple[str, str]]
) -> None:
    operation = {"requestBody": {"content": {kind: media}}, "responses": {"204": {}}}
    client = create_app(load_3_2(tmp_path, {"/cakes": {"post": operation}})).test_client()
    assert sorted(post_parts(client, *parts, kind=kind)) == sorted(violations)


@pytest.mark.parametrize(
    ("part", "violations"),
    [
        ('Content-Disposition: form-data; name="cake"\r\n' + JSON_PART % '{"name": "Opera"}', []),
        ('Content-Disposition: form-data; name="cake"\r\n' + JSON_PART % "{}", [("/cake", "required")]),
        (JSON_PART % "{}", []),
    ],
)
def test_parts_with_names_are_the_members_of_an_object(
    tmp_path: Path, part: str, violations: list[tuple[str, str]]
) -> None:
    media = {"schema": {"type": "object", "required": ["cake"], "properties": {"cake": CAKE}}}
    operation = {"requestBody": {"content": {"multipart/mixed": media}}, "responses": {"204": {}}}
    client = create_app(load_3_2(tmp_path, {"/cakes": {"post": operation}})).test_client()
    assert post_parts(client, part) == violations


def test_the_json_of_all_forms_in_parts_is_counted(tmp_path: Path) -> None:
    operation = {"requestBody": {"content": {"multipart/mixed": {"itemSchema": FORM_ITEM}}}, "responses": {"204": {}}}
    client = create_app(load_3_2(tmp_path, {"/cakes": {"post": operation}})).test_client()
    part = FORM_PART % ('a={"b":[' + "0," * 100_000 + "0]}")
    data = f"--b\r\n{part}\r\n" * 4 + "--b--\r\n"
    response = client.post("/cakes", data=data.encode(), content_type="multipart/mixed; boundary=b")
    assert (response.status_code, response.get_json()["code"]) == (413, "too-many-values")


def test_the_parts_of_a_response_have_the_types_of_their_encodings(tmp_path: Path) -> None:
    media = {
        "schema": {"type": "array", "prefixItems": [CAKE, {"type": "string"}, {"const": 7}], "minItems": 3, "maxItems": 3},
        "prefixEncoding": [{"contentType": "application/vnd.cake+json"}, {"contentType": "image/*"}],
        "itemEncoding": {"contentType": "text/plain"},
    }  # fmt: skip
    client = create_app(load_3_2(tmp_path, {"/cakes": get_operation({"multipart/mixed": media})})).test_client()
    response = client.get("/cakes")
    kind, _, boundary = response.headers["Content-Type"].partition("; boundary=")
    preamble, *parts, end = response.data.split(f"--{boundary}".encode())
    assert (kind, preamble, end) == ("multipart/mixed", b"", b"--\r\n")
    assert parts[0] == b'\r\nContent-Type: application/vnd.cake+json\r\n\r\n{"name":"Opera"}\r\n'
    assert parts[1].startswith(b"\r\nContent-Type: image/png\r\n\r\n\x89PNG")
    assert parts[2] == b"\r\nContent-Type: text/plain\r\n\r\n7\r\n"
    assert client.get("/cakes").data == response.data


def test_parts_of_which_nothing_is_known_are_none(tmp_path: Path) -> None:
    media: dict[str, Any] = {"itemEncoding": {"contentType": "image/png"}}
    contract = load_3_2(tmp_path, {"/cakes": get_operation({"multipart/mixed": media})})
    response = create_app(contract).test_client().get("/cakes")
    assert response.text == f"--{response.mimetype_params['boundary']}--\r\n"


def test_a_multipart_form_may_be_a_response(tmp_path: Path) -> None:
    schema = {"type": "object", "required": ["cake", "tags"], "properties": {"cake": CAKE, "tags": {"const": ["a", "b"]}}}  # fmt: skip
    contract = load_3_2(tmp_path, {"/cakes": get_operation({"multipart/form-data": {"schema": schema}})})
    response = create_app(contract).test_client().get("/cakes")
    boundary = response.headers["Content-Type"].partition("; boundary=")[2]
    names = [part.partition(b"\r\n")[0] for part in response.data.split(f"--{boundary}\r\n".encode())[1:]]
    assert names == [b'Content-Disposition: form-data; name="%s"' % name for name in (b"cake", b"tags", b"tags")]


@pytest.mark.parametrize("kind", ["application/jsonl", "application/geo+json-seq"])
def test_a_sequence_follows_its_schema_and_that_of_its_items(tmp_path: Path, kind: str) -> None:
    media = {"schema": {"type": "array", "minItems": 3, "maxItems": 3}, "itemSchema": CAKE}
    operation = {"requestBody": {"content": {kind: media}}, "responses": {"200": {"content": {kind: media}}}}
    client = create_app(load_3_2(tmp_path, {"/cakes": {"post": operation}})).test_client()
    mark = "\x1e" if kind.endswith("seq") else ""
    line = f'{mark}{{"name":"Opera"}}\n'
    assert client.post("/cakes", data=line * 3, content_type=kind).text == line * 3
    refused = client.post("/cakes", data=f"{line}{mark}{{}}\n", content_type=kind)
    assert [item["pointer"] for item in refused.get_json(force=True)["violations"]] == ["", "/1"]


def test_the_items_of_an_example_that_violate_their_schema_are_repaired(tmp_path: Path) -> None:
    media = {"itemSchema": CAKE, "example": [{"name": "Opera", "a": 1}, {"a": 2}]}
    contract = load_3_2(tmp_path, {"/cakes": get_operation({"application/jsonl": media})})
    response = create_app(contract).test_client().get("/cakes")
    assert response.text == '{"name":"Opera","a":1}\n{"a":2,"name":"Opera"}\n'


def test_a_part_may_be_a_url_encoded_form(tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"size": {"type": "object", "properties": {"width": {"type": "integer"}}}},
    }
    kind = "application/x-www-form-urlencoded"
    media = {"schema": schema, "encoding": {"size": {"contentType": kind, "encoding": {"width": {"style": "form"}}}}}
    operation = {"requestBody": {"content": {"multipart/form-data": media}}, "responses": {"204": {}}}
    contract = load_3_2(tmp_path, {"/cakes": {"post": operation}})
    client = create_app(contract).test_client()
    head = f'Content-Disposition: form-data; name="size"\r\nContent-Type: {kind}\r\n\r\n'
    assert not contract.warnings
    assert post_parts(client, f"{head}width=5", kind="multipart/form-data") == []
    assert post_parts(client, f"{head}width=x", kind="multipart/form-data") == [("/size/width", "type")]


def test_a_document_of_3_1_needs_descriptions(tmp_path: Path) -> None:
    responses = {"responses": {"204": {"summary": "x"}}}
    contract = load(tmp_path, document(version="3.1.0", paths={"/a": {"get": responses}}))
    assert [warning.code for warning in contract.warnings] == ["expected"]
