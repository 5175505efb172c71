"""XML by its schema over HTTP: responses, requests, examples, errors, overrides and records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mockserver import ContractError, load_contract
from mockserver.check.checker import ContractChecker
from mockserver.http.gateway.validation import validate_response
from tests.conftest import Serve

XML, JSON = "application/xml", "application/json"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
TEXT = {"type": "string"}
SCHEMAS: dict[str, Any] = {
    "Tag": {"type": "object", "properties": {"id": {"type": "integer"}, "name": TEXT}, "xml": {"name": "tag"}},
    "Pet": {
        "type": "object",
        "required": ["name", "photoUrls"],
        "additionalProperties": False,
        "properties": {
            "id": {"type": "integer", "xml": {"attribute": True}},
            "name": {"type": "string", "minLength": 2},
            "photoUrls": {
                "type": "array",
                "items": {"type": "string", "xml": {"name": "photoUrl"}},
                "xml": {"wrapped": True},
            },
            "tags": {"type": "array", "items": {"$ref": "#/components/schemas/Tag"}},
            "price": {"type": "number", "xml": {"namespace": "urn:shop", "prefix": "s"}},
        },
        "xml": {"name": "pet"},
    },
    "Error": {
        "type": "object",
        "required": ["message"],
        "additionalProperties": False,
        "properties": {"code": TEXT, "message": TEXT},
        "xml": {"name": "error"},
    },
}
PET = {"id": 7, "name": "A & B", "photoUrls": ["u"], "tags": [{"id": 1, "name": "t"}], "price": 1.5}
PET_XML = (
    '<pet id="7"><name>A &amp; B</name><photoUrls><photoUrl>u</photoUrl></photoUrls>'
    '<tag><id>1</id><name>t</name></tag><s:price xmlns:s="urn:shop">1.5</s:price></pet>'
)


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def api(*media_types: str, entry: dict[str, Any] | None = None) -> dict[str, Any]:
    """A document of pets in these media types; `entry` is beside the schema of the response of getPet."""

    def content(schema: dict[str, Any], **beside: Any) -> dict[str, Any]:
        return {"description": "x", "content": {name: {"schema": schema, **beside} for name in media_types or (XML,)}}

    error, pets = content(ref("Error")), {"type": "array", "items": ref("Pet"), "xml": {"name": "pets"}}
    body = {**content(ref("Pet")), "required": True}
    pet = {"200": content(ref("Pet"), **(entry or {})), "404": error, "422": error}
    parameters = [{"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "components": {"schemas": SCHEMAS},
        "paths": {
            "/pets": {
                "get": {"operationId": "listPets", "responses": {"200": content(pets)}},
                "post": {
                    "operationId": "createPet",
                    "requestBody": body,
                    "responses": {"201": content(ref("Pet")), "400": error, "422": error},
                },
            },
            "/pets/{petId}": {
                "parameters": parameters,
                "get": {"operationId": "getPet", "responses": pet},
                "put": {"operationId": "replacePet", "requestBody": body, "responses": pet},
                "delete": {"operationId": "deletePet", "responses": {"204": {"description": "x"}, "404": error}},
            },
        },
    }


def post(client: FlaskClient, data: str | bytes, content_type: str = XML, **headers: str) -> TestResponse:
    return client.post("/pets", data=data, content_type=content_type, headers=headers)


def violations(response: TestResponse) -> list[tuple[str, str]]:
    return [(item["pointer"], item["keyword"]) for item in response.get_json()["violations"]]


def without_error_form(document: dict[str, Any]) -> dict[str, Any]:
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                operation["responses"] = {k: v for k, v in operation["responses"].items() if k[0] == "2"}
    return document


def test_xml_is_generated_from_its_schema(serve: Serve) -> None:
    response = serve(api()).get("/pets/7")
    root = ElementTree.fromstring(response.data)
    assert response.status_code == 200
    assert response.content_type == "application/xml; charset=utf-8"
    assert response.text.startswith(DECLARATION)
    assert root.tag == "pet"
    assert root.attrib == {"id": "7"}
    assert {child.tag for child in root} == {"name", "photoUrls", "tag", "{urn:shop}price"}


def test_generated_xml_is_the_generated_json(serve: Serve) -> None:
    client = serve(api(JSON, XML))
    value = client.get("/pets/7", headers={"Accept": JSON}).get_json()
    document = client.get("/pets/7", headers={"Accept": XML}).text
    client.post("/__mock/overrides", json={"operation": "getPet", "body": value, "headers": {"Content-Type": XML}})
    assert client.get("/pets/7", headers={"Accept": XML}).text == document


def test_generated_xml_has_an_entity_tag_and_a_length(serve: Serve) -> None:
    client = serve(api())
    response = client.get("/pets/7")
    assert response.content_length == len(response.data)
    assert client.get("/pets/7", headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
    assert client.head("/pets/7").content_length == len(response.data)


@pytest.mark.parametrize("media_type", [XML, "text/xml", "application/vnd.shop+xml", "application/soap+xml; action=x"])
def test_every_media_type_of_xml_is_written_and_read(serve: Serve, media_type: str) -> None:
    client = serve(api(media_type))
    assert ElementTree.fromstring(client.get("/pets/7").data).tag == "pet"
    assert post(client, PET_XML, media_type).status_code == 201
    assert post(client, "<pet/>", media_type).status_code == 422


@pytest.mark.parametrize(
    ("charset", "codec"),
    [("iso-8859-1", "iso-8859-1"), ("us-ascii", "us-ascii"), ("utf-16", "utf-16")],
)
def test_xml_is_written_in_the_charset_of_its_media_type(serve: Serve, charset: str, codec: str) -> None:
    kind = f"application/xml; charset={charset}"
    response = serve(api(kind, entry={"example": {"name": "Zoë €", "photoUrls": []}})).get("/pets/7")
    assert response.content_type == kind
    assert response.data.decode(codec).startswith(f'<?xml version="1.0" encoding="{charset.upper()}"?>\n')
    assert ElementTree.fromstring(response.data).findtext("name") == "Zoë €"


EXAMPLES: list[tuple[Any, str]] = [
    (PET, DECLARATION + PET_XML),
    (PET_XML, PET_XML),
    ("<!-- as it is -->\n" + PET_XML, "<!-- as it is -->\n" + PET_XML),
]


@pytest.mark.parametrize(("example", "document"), EXAMPLES)
def test_an_example_is_sent_as_text_or_written_by_the_schema(serve: Serve, example: Any, document: str) -> None:
    assert serve(api(entry={"example": example})).get("/pets/7").text == document


@pytest.mark.parametrize("is_text", [True, False])
def test_an_example_in_xml_is_sent_without_its_write_only_members(serve: Serve, is_text: bool) -> None:
    document = api(
        entry={"example": "<pet><name>Rex</name><pin>1</pin></pet>" if is_text else {"name": "Rex", "pin": "1"}}
    )
    properties = {"name": TEXT, "pin": TEXT | {"writeOnly": True}}
    document["components"]["schemas"] = document["components"]["schemas"] | {
        "Pet": {"type": "object", "properties": properties, "xml": {"name": "pet"}},
    }
    assert serve(document).get("/pets/7").text == DECLARATION + "<pet><name>Rex</name></pet>"


def test_an_example_that_is_an_object_needs_no_schema(serve: Serve) -> None:
    content = {XML: {"example": {"a": [1, 2], "b": None}}}
    operation = {"responses": {"200": {"description": "x", "content": content}}}
    response = serve({"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {"/a": {"get": operation}}}).get("/a")  # fmt: skip
    root = ElementTree.fromstring(response.data)
    assert [(child.tag, child.text) for child in root] == [("a", "1"), ("a", "2"), ("b", None)]


def test_an_example_is_chosen_by_name(serve: Serve) -> None:
    examples = {"first": {"value": PET_XML}, "second": {"value": PET | {"id": 8}}}
    client = serve(api(entry={"examples": examples}))
    assert 'id="8"' in client.get("/pets/7", headers={"Prefer": "example=second"}).text


INVALID_EXAMPLES = {
    "a violation": ('<pet id="x"><name>Rex</name><photoUrls/></pet>', "/id"),
    "a member that is missing": ("<pet><name>Rex</name></pet>", '"photoUrls" is required'),
    "an object": ({"id": "x", "name": "Rex", "photoUrls": []}, "/id"),
    "another root": ("<dog><name>Rex</name><photoUrls/></dog>", "the element <dog> is sent, where <pet> is declared"),
    "no XML": ("<pet><name>Rex</name>", "the body is not XML: no element found at line 1 column 22"),
}


@pytest.mark.parametrize(("example", "message"), INVALID_EXAMPLES.values(), ids=list(INVALID_EXAMPLES))
def test_an_example_that_violates_the_schema_is_a_mistake(tmp_path: Path, example: Any, message: str) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(api(entry={"example": example})))
    with pytest.raises(ContractError) as caught:
        load_contract(file, strict_examples=True)
    assert message in str(caught.value)


@pytest.mark.parametrize(("example", "message"), INVALID_EXAMPLES.values(), ids=list(INVALID_EXAMPLES))
def test_an_example_that_violates_the_schema_is_repaired(serve: Serve, example: Any, message: str) -> None:
    response = serve(api(entry={"example": example})).get("/pets/7")
    root = ElementTree.fromstring(response.data)
    assert response.status_code == 200
    assert root.tag == "pet"
    assert root.find("photoUrls") is not None
    assert root.get("id", "0").isdigit()
    if "no XML" not in str(message) and "not XML" not in message:
        assert root.findtext("name") == "Rex"


def test_a_string_is_the_text_of_the_root(serve: Serve) -> None:
    document = api()
    document["components"] = {
        "schemas": {**SCHEMAS, "Pet": {"type": "string", "enum": ["a<b"], "xml": {"name": "pet"}}}
    }
    assert serve(document).get("/pets/7").text == f"{DECLARATION}<pet>a&lt;b</pet>"


def test_a_string_without_an_xml_object_is_still_xml(serve: Serve) -> None:
    document = api()
    document["components"] = {"schemas": {**SCHEMAS, "Pet": {"type": "string"}}}
    assert ElementTree.fromstring(serve(document).get("/pets/7").data).tag == "root"


BODIES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "valid": (PET_XML, []),
    "valid, with white space": (PET_XML.replace("><", ">\n  <"), []),
    "a declaration": (DECLARATION + PET_XML, []),
    "one tag": ("<pet><name>Rex</name><photoUrls/><tag/></pet>", []),
    "another prefix": (PET_XML.replace("s:price", "t:price").replace(":s=", ":t="), []),
    "no members": ("<pet/>", [("", "required"), ("", "required")]),
    "a text that is too short": ("<pet><name>R</name><photoUrls/></pet>", [("/name", "minLength")]),
    "an attribute that is no number": ('<pet id="x"><name>Rex</name><photoUrls/></pet>', [("/id", "type")]),
    "an unknown element": ("<pet><name>Rex</name><photoUrls/><color>red</color></pet>", [("", "additionalProperties")]),
    "an unknown attribute": ('<pet color="red"><name>Rex</name><photoUrls/></pet>', [("", "additionalProperties")]),
    "mixed content": ("<pet>red<name>Rex</name><photoUrls/></pet>", [("", "additionalProperties")]),
    "a member twice": ("<pet><name>Rex</name><name>Max</name><photoUrls/></pet>", [("/name", "type")]),
    "a wrong type in an item": ("<pet><name>Rex</name><photoUrls/><tag><id>1</id></tag><tag><id>x</id></tag></pet>", [("/tags/1/id", "type")]),
    "an element for an attribute": ("<pet><id>7</id><name>Rex</name><photoUrls/></pet>", [("/id", "xml")]),
    "an item of another name": ("<pet><name>Rex</name><photoUrls><url/></photoUrls></pet>", [("/photoUrls/0", "xml")]),
    "another namespace": (PET_XML.replace("urn:shop", "urn:stop"), [("/price", "xml")]),
    "another root": ("<dog><name>Rex</name><photoUrls/></dog>", [("", "xml")]),
    "nil that is not allowed": ('<pet xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><name i:nil="true"/><photoUrls/></pet>', [("/name", "type")]),
    "nothing": ("", [("", "required")]),
}  # fmt: skip


@pytest.mark.parametrize(("data", "expected"), BODIES.values(), ids=list(BODIES))
def test_a_body_is_validated_by_its_schema(serve: Serve, data: str, expected: list[tuple[str, str]]) -> None:
    response = post(serve(without_error_form(api())), data)
    assert response.status_code == (422 if expected else 201)
    assert (violations(response) if expected else []) == expected


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b'<?xml version="1.0" encoding="ISO-8859-1"?>' + "<pet><name>Zoë</name><photoUrls/></pet>".encode("latin-1"), XML),
        ("<pet><name>Zoë</name><photoUrls/></pet>".encode("latin-1"), f"{XML}; charset=ISO-8859-1"),
        ('<?xml version="1.0" encoding="UTF-8"?><pet><name>Zoë</name><photoUrls/></pet>'.encode("latin-1"), f'{XML}; charset="latin1"'),
        ("<pet><name>Zoë</name><photoUrls/></pet>".encode("utf-16"), XML),
        ('<?xml version="1.0" encoding="UTF-16"?><pet><name>Zoë</name><photoUrls/></pet>'.encode("utf-16-le"), XML),
        ("<pet><name>Zoë</name><photoUrls/></pet>".encode("utf-16-be"), f"{XML}; charset=utf-16be"),
        ("<pet><name>Zoë</name><photoUrls/></pet>".encode("utf-8-sig"), f"{XML}; charset=iso-8859-1"),
        (b"<pet><name>Zo&#xEB;</name><photoUrls/></pet>", XML),
    ],
)  # fmt: skip
def test_a_body_is_read_in_its_encoding(serve: Serve, data: bytes, content_type: str) -> None:
    client = serve(api(JSON, XML), stateful=True)
    created = post(client, data, content_type, Accept=JSON)
    assert created.status_code == 201
    assert created.get_json()["name"] == "Zoë"


def test_malformed_xml_is_400_with_its_place(serve: Serve) -> None:
    response = post(serve(without_error_form(api())), "<pet>\n  <name></pet>")
    assert response.status_code == 400
    assert response.headers["X-Mock-Code"] == "malformed-body"
    assert response.get_json()["detail"] == "The request body cannot be read: mismatched tag at line 2 column 11."


def test_xml_without_a_schema_is_not_validated(serve: Serve) -> None:
    document = api()
    document["paths"]["/pets"]["post"]["requestBody"]["content"] = {XML: {}}
    assert post(serve(document), "<anything>").status_code == 201


def test_a_refusal_is_written_in_the_declared_form_as_xml(serve: Serve) -> None:
    response = post(serve(api()), '<pet id="<"/>')
    assert response.status_code == 400
    assert response.content_type == "application/xml; charset=utf-8"
    error = ElementTree.fromstring(response.data)
    assert error.tag == "error"
    assert error.findtext("code") == "malformed-body"


@pytest.mark.parametrize(("accept", "kind"), [(XML, XML), (JSON, JSON), ("*/*", JSON), ("text/html", JSON), (f"{JSON};q=0.5, {XML}", XML)])  # fmt: skip
def test_a_refusal_is_in_the_media_type_that_the_client_prefers(serve: Serve, accept: str, kind: str) -> None:
    client = serve(api(JSON, XML))
    assert client.post("/pets", json={}, headers={"Accept": accept}).mimetype == kind


def test_a_refusal_that_is_a_text_is_the_text_of_the_root(serve: Serve) -> None:
    document = api()
    error = {"type": "string", "xml": {"name": "oops"}}
    document["paths"]["/pets"]["post"]["responses"]["422"]["content"] = {XML: {"schema": error}}
    root = ElementTree.fromstring(post(serve(document), "<pet><name>Rex</name></pet>").data)
    assert root.tag == "oops"
    assert root.text == 'The request violates the contract: "photoUrls" is required and missing'


def test_an_example_of_an_error_is_filled_and_written_as_xml(serve: Serve) -> None:
    document = api()
    document["paths"]["/pets"]["post"]["responses"]["422"]["content"][XML]["example"] = {"code": "E1", "message": "?"}
    response = post(serve(document), "<pet><name>Rex</name></pet>")
    root = ElementTree.fromstring(response.data)
    assert root.findtext("code") == "E1"
    assert "photoUrls" in (root.findtext("message") or "")


@pytest.mark.parametrize("stateful", [False, True])
def test_a_contract_in_xml_alone_is_checked_without_a_finding(tmp_path: Path, *, stateful: bool) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(api()))
    checker = ContractChecker(load_contract(file, stateful=stateful))
    list(checker.steps())
    assert [str(finding.problem) for finding in checker.findings] == []


UPSTREAM: list[tuple[bytes, str, list[tuple[str, str]]]] = [
    (PET_XML.encode(), XML, []),
    (PET_XML.encode("utf-16"), XML, []),
    ("<pet><name>Zoë</name><photoUrls/></pet>".encode("latin-1"), f"{XML}; charset=iso-8859-1", []),
    (b"<pet><name>R</name><photoUrls/></pet>", XML, [("/name", "minLength")]),
    (b"<dog><name>Rex</name><photoUrls/></dog>", XML, [("", "xml")]),
    (b"<pet>", XML, [("", "content")]),
    (b"<!DOCTYPE pet><pet/>", XML, [("", "content")]),
]


@pytest.mark.parametrize(("body", "kind", "expected"), UPSTREAM)
def test_a_response_of_the_upstream_in_xml_is_validated(
    tmp_path: Path, body: bytes, kind: str, expected: list[tuple[str, str]]
) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(api()))
    operation = load_contract(file).operations["getPet"]
    found = validate_response(operation, "GET", 200, [("Content-Type", kind)], body)
    assert [(item.pointer, item.keyword) for item in found] == expected


def override(client: FlaskClient, **entry: Any) -> TestResponse:
    return client.post("/__mock/overrides", json={"operation": "getPet", **entry})


def test_the_json_of_an_override_is_written_as_xml(serve: Serve) -> None:
    client = serve(api())
    assert override(client, body=PET).status_code == 201
    response = client.get("/pets/7")
    assert response.content_type == "application/xml; charset=utf-8"
    assert response.text == DECLARATION + PET_XML


def test_the_text_of_an_override_is_sent_as_it_is(serve: Serve) -> None:
    client = serve(api())
    assert override(client, body=PET_XML).status_code == 201
    response = client.get("/pets/7")
    assert response.content_type == "application/xml; charset=utf-8"
    assert response.text == PET_XML


@pytest.mark.parametrize(
    ("body", "pointer", "keyword"),
    [
        ({"name": "R", "photoUrls": []}, "/body/name", "minLength"),
        ("<pet><name>R</name><photoUrls/></pet>", "/body/name", "minLength"),
        ("<dog><name>Rex</name><photoUrls/></dog>", "/body", "xml"),
        ("<pet>", "/body", "content"),
    ],
)
def test_the_body_of_an_override_is_validated(serve: Serve, body: Any, pointer: str, keyword: str) -> None:
    client = serve(api())
    refused = override(client, body=body)
    assert refused.status_code == 422
    assert violations(refused) == [(pointer, keyword)]
    assert override(client, body=body, violate=True).status_code == 201


def test_the_json_of_an_override_is_xml_with_an_undeclared_status(serve: Serve) -> None:
    client = serve(api())
    override(client, status=503, body={"reason": "down"}, headers={"Content-Type": XML})
    assert client.get("/pets/7").text == f"{DECLARATION}<root><reason>down</reason></root>"


@pytest.mark.parametrize("media_types", [(XML,), (JSON, XML), (XML, JSON)])
def test_a_record_that_was_sent_as_xml_is_a_record(serve: Serve, media_types: tuple[str, ...]) -> None:
    client = serve(api(*media_types), stateful=True)
    created = post(client, PET_XML, Accept=XML)
    assert created.status_code == 201
    assert created.text == DECLARATION + PET_XML
    assert created.headers["Location"].endswith("/pets/7")
    assert client.get("/pets/7", headers={"Accept": XML}).text == DECLARATION + PET_XML
    assert PET_XML in client.get("/pets", headers={"Accept": XML}).text
    records = client.get("/__mock/state").get_json()["records"]["pets"]
    assert [item for item in records if item["id"] == 7] == [PET]


def test_a_record_is_the_same_as_json_and_as_xml(serve: Serve) -> None:
    client = serve(api(JSON, XML), stateful=True)
    client.post("/pets", json=PET)
    assert client.get("/pets/7", headers={"Accept": XML}).text == DECLARATION + PET_XML
    post(client, PET_XML.replace('id="7"', 'id="8"'))
    assert client.get("/pets/8").get_json() == PET | {"id": 8}


def test_records_are_replaced_and_deleted_in_xml_alone(serve: Serve) -> None:
    client = serve(api(), stateful=True)
    assert client.put("/pets/1", data=PET_XML.replace('id="7"', 'id="1"'), content_type=XML).status_code == 200
    assert "A &amp; B" in client.get("/pets/1").text
    assert client.delete("/pets/1").status_code == 204
    missing = client.get("/pets/1")
    assert missing.status_code == 404
    assert ElementTree.fromstring(missing.data).findtext("code") == "unknown-record"


def test_an_idempotency_key_replays_xml(serve: Serve) -> None:
    client = serve(api(), stateful=True)
    first, second = (post(client, PET_XML, **{"Idempotency-Key": "k-1"}) for _ in range(2))
    assert second.text == first.text
    assert second.headers["Idempotency-Replayed"] == "true"


def test_records_begin_with_the_examples_in_xml(serve: Serve) -> None:
    client = serve(api(entry={"example": PET_XML}), stateful=True)
    assert client.get("/pets/7").text == DECLARATION + PET_XML


def test_a_condition_of_an_override_is_about_the_value_of_xml(serve: Serve) -> None:
    client = serve(api())
    match = {"body": {"properties": {"name": {"const": "Rex"}}, "required": ["name"]}}
    client.post("/__mock/overrides", json={"operation": "createPet", "status": 503, "match": match})
    assert post(client, "<pet><name>Rex</name><photoUrls/></pet>").status_code == 503
    assert post(client, "<pet><name>Max</name><photoUrls/></pet>").status_code == 201


@pytest.mark.parametrize("accept", [XML, JSON])
def test_a_range_is_read_as_xml_and_written_as_what_is_accepted(serve: Serve, accept: str) -> None:
    client = serve(api("*/*"), stateful=True)
    created = post(client, PET_XML, Accept=accept)
    assert created.status_code == 201
    assert created.mimetype == accept
    assert post(client, "<pet/>").status_code == 422


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
def test_every_version_of_openapi_has_xml(serve: Serve, version: str) -> None:
    client = serve({**api(), "openapi": version})
    assert ElementTree.fromstring(client.get("/pets/7").data).tag == "pet"
    assert post(client, PET_XML).status_code == 201
