from __future__ import annotations

import json
import wave
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mockserver import ContractError, create_app, load_contract
from mockserver.contract.server_settings import with_seed
from mockserver.http.response import binary_samples
from mockserver.http.response.text_bodies import body_text
from tests.attack.scale import combine
from tests.conftest import MakeContract

PET: dict[str, Any] = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "tag": {"type": "string", "writeOnly": True},
    },
}
ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"type": "integer"},
        "message": {"type": "string"},
        "charge": {"type": "string"},
    },
    "additionalProperties": False,
}
PETS: dict[str, Any] = {
    "responses": {
        "200": {
            "description": "a pet",
            "headers": {
                "X-Rate-Limit": {"schema": {"type": "integer", "minimum": 1, "maximum": 9}},
                "X-Trace": {"schema": {"type": "string"}, "example": "abc"},
                "Content-Length": {"schema": {"type": "integer"}},
            },
            "content": {
                "application/json": {
                    "schema": PET,
                    "examples": {
                        "cat": {"value": {"id": 1, "name": "Cat"}},
                        "dog": {"value": {"id": "two", "name": "Dog"}},
                    },
                },
                "application/xml": {"schema": PET, "example": "<pet><id>1</id><name>Cat</name></pet>"},
                "text/csv": {"schema": {"type": "string"}, "example": "id,name\n1,Cat\n"},
            },
        },
        "202": {"description": "later"},
        "4XX": {"description": "wrong", "content": {"application/json": {"schema": ERROR}}},
        "default": {"description": "else", "content": {"application/json": {"schema": ERROR}}},
    }
}
OF_PATH = {"parameters": [{"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}]}

Serve = Callable[..., FlaskClient]


def media(name: str, **entry: Any) -> dict[str, Any]:
    return {"get": {"responses": {"200": {"description": "x", "content": {name: entry}}}}}


@pytest.fixture
def document(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Writes a bare document with these paths."""

    def write(paths: dict[str, Any]) -> Path:
        path = tmp_path / "api.json"
        path.write_text(json.dumps({"openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "paths": paths}))
        return path

    return write


@pytest.fixture
def serve(document: Callable[[dict[str, Any]], Path]) -> Serve:
    """A client of a bare document with these paths."""
    return lambda paths: create_app(document(paths)).test_client(use_cookies=False)


@pytest.fixture
def pets(serve: Serve) -> FlaskClient:
    return serve(
        {
            "/pets/{petId}": {"get": PETS, **OF_PATH},
            "/gone": {"delete": {"responses": {"204": {"description": "gone"}}}},
        }
    )


def code(answer: TestResponse) -> str | None:
    return answer.headers.get("X-Mock-Code")


def test_the_first_example_is_the_answer(pets: FlaskClient) -> None:
    response = pets.get("/pets/5")
    assert response.status_code == 200
    assert response.get_json() == {"id": 1, "name": "Cat"}
    assert response.headers["X-Trace"] == "abc"
    assert 1 <= int(response.headers["X-Rate-Limit"]) <= 9


def test_an_example_is_selected_by_name_and_its_invalid_parts_are_generated_again(pets: FlaskClient) -> None:
    for response in (pets.get("/pets/5", headers={"Prefer": "example=dog"}), pets.get("/pets/5?__example=dog")):
        result = response.get_json()
        assert response.status_code == 200
        assert result["name"] == "Dog"
        assert type(result["id"]) is int
        assert response.headers["Preference-Applied"] == "example=dog"


def test_a_generated_response_is_requested_and_contains_the_path_parameters(pets: FlaskClient) -> None:
    response = pets.get("/pets/5", headers={"Prefer": "dynamic=true"})
    assert response.get_json()["id"] == 5
    assert "tag" not in response.get_json()
    assert response.get_json()["name"] != "Cat"
    assert response.data == pets.get("/pets/5?__dynamic=true").data
    assert response.data != pets.get("/pets/6?__dynamic=true").data
    assert pets.get("/pets/5", headers={"Prefer": "dynamic=false"}).get_json()["name"] == "Cat"


@pytest.mark.parametrize("status", [404, 418, 500])
def test_a_status_is_selected_by_its_code_its_range_or_default(pets: FlaskClient, status: int) -> None:
    for response in (pets.get("/pets/5", headers={"Prefer": f"code={status}"}), pets.get(f"/pets/5?__code={status}")):
        assert response.status_code == status
        assert response.get_json()["status"] == status
        assert code(response) is None
        assert response.headers["Preference-Applied"] == f"code={status}"


def test_a_preferred_error_says_which_it_is_and_no_more(serve: Serve) -> None:
    members = {
        "code": {"type": "integer"},
        "error": {"type": "string"},
        "message": {"type": "string"},
        "trace": {"type": "string"},
    }
    form = {"content": {"application/json": {"schema": {"type": "object", "properties": members}}}, "description": "x"}
    client = serve({"/a": {"get": {"responses": {"200": {"description": "x"}, "404": form}}}})
    assert client.get("/a?__code=404").get_json() == {"code": 404, "error": "Not Found", "message": "Not Found"}


def test_a_preferred_answer_may_have_no_body(pets: FlaskClient) -> None:
    response = pets.get("/pets/5", headers={"Prefer": "code=202"})
    assert response.status_code == 202
    assert response.data == b""
    assert pets.delete("/gone").status_code == 204
    assert pets.delete("/gone").data == b""


@pytest.mark.parametrize(
    ("prefer", "available"),
    [
        ("example=bird", ["cat", "dog", "example"]),
        ("code=abc", ["200", "202", "4XX", "default"]),
        ("dynamic=perhaps", ["false", "true"]),
        ("code=202, example=cat", []),
    ],
)
def test_what_is_preferred_and_not_there_is_refused_with_what_there_is(
    pets: FlaskClient, prefer: str, available: list[str]
) -> None:
    response = pets.get("/pets/5", headers={"Prefer": prefer})
    problem = response.get_json()
    assert response.status_code == 400
    assert response.content_type == "application/problem+json"
    assert problem["code"] == "unknown-preference"
    assert problem["available"] == available


def test_a_status_that_is_not_declared_is_refused_with_those_that_are(pets: FlaskClient) -> None:
    response = pets.delete("/gone", headers={"Prefer": "code=404"})
    assert response.status_code == 400
    assert response.get_json()["available"] == ["204"]


def test_the_name_of_an_example_in_quotes_may_have_any_characters(serve: Serve) -> None:
    name = 'a; "b", c=d\\e'
    examples = {"first": {"value": 1}, name: {"value": 2}}
    client = serve({"/a": media("application/json", examples=examples)})
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    response = client.get("/a", headers={"Prefer": f'example="{quoted}"; foo="bar"'})
    assert response.get_json() == 2
    assert response.headers["Preference-Applied"] == f'example="{quoted}"'


@pytest.mark.parametrize("prefer", ["return=minimal", "respond-async, wait=10", "code;x=1=", "", "handling=lenient"])
def test_preferences_that_we_do_not_know_are_ignored(pets: FlaskClient, prefer: str) -> None:
    if "code" not in prefer:
        response = pets.get("/pets/5", headers={"Prefer": prefer})
        assert response.status_code == 200
        assert "Preference-Applied" not in response.headers


def test_the_header_counts_before_the_query_and_names_and_values_are_read_as_the_rfc_has_them(
    pets: FlaskClient,
) -> None:
    response = pets.get("/pets/5?__code=500", headers={"Prefer": 'wait=1, CODE="404"; foo, example=dog'})
    assert code(response) == "unknown-preference"
    response = pets.get("/pets/5?__code=500", headers=[("Prefer", "wait=1"), ("Prefer", 'CODE="404"; foo')])
    assert response.status_code == 404
    assert response.headers["Preference-Applied"] == "code=404"


def test_a_preferred_answer_touches_no_state_and_comes_before_overrides(small_client: FlaskClient) -> None:
    before = small_client.get("/__mock/state").get_json()["fingerprint"]
    small_client.post("/__mock/overrides", json={"operation": "getJob", "status": 503, "times": 1})
    with_override = small_client.get("/__mock/state").get_json()["fingerprint"]
    response = small_client.get("/jobs/a", headers={"Prefer": "code=404"})
    assert response.status_code == 404
    assert response.get_json() == {"error": "no such job"}
    small_client.delete("/jobs/a", headers={"Prefer": "code=204"})
    small_client.post("/jobs/a/cancel", headers={"Prefer": "code=200", "Idempotency-Key": "one"})
    assert small_client.get("/__mock/state").get_json()["fingerprint"] == with_override != before
    assert small_client.get("/jobs/a").status_code == 503


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("application/xml, application/json;q=0.9", "application/xml"),
        ("application/xml;q=0.1, application/json;q=0.9", "application/json"),
        ("application/json;q=0, */*", "application/xml"),
        ("text/*, application/json;q=0.2", "text/csv; charset=utf-8"),
        ("application/*;q=0.5, text/csv;q=0.4", "application/json"),
        ("image/png, */*;q=0.1", "application/json"),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "application/json"),
        ("application/json; charset=utf-8", "application/json"),
        ("APPLICATION/JSON", "application/json"),
        ("application/*+json", "application/json"),
        ("application/*+json;q=0, application/xml;q=0.1", "application/xml"),
        ("application/*;q=0.9, application/*+json;q=0.1", "application/xml"),
    ],
)
def test_the_media_type_is_the_one_that_is_liked_best(pets: FlaskClient, accept: str, kind: str) -> None:
    response = pets.get("/pets/5", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.content_type.removesuffix("; charset=utf-8") == kind.removesuffix("; charset=utf-8")


@pytest.mark.parametrize(
    "accept", ["image/png", "application/json;q=0, application/xml;q=0, text/csv;q=0.0", "nonsense"]
)
def test_what_is_not_acceptable_is_406_with_what_there_is(serve: Serve, accept: str) -> None:
    response = serve({"/pets": {"get": {"responses": {"200": PETS["responses"]["200"]}}}}).get(
        "/pets", headers={"Accept": accept}
    )
    assert response.status_code == 406
    assert response.get_json()["available"] == ["application/json", "application/xml", "text/csv"]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/problem+json", 200),
        ("application/json", 200),
        ("text/html, application/json;q=0.1", 200),
        ("application/json;q=0", 406),
        ("application/*", 406),
        ("text/plain", 406),
    ],
)
def test_a_media_type_of_errors_alone_excludes_no_success(serve: Serve, accept: str, status: int) -> None:
    responses = {
        "200": {"description": "x", "content": {"image/png": {}, "image/gif": {}}},
        "404": {"description": "x", "content": {"application/json": {}}},
        "default": {"description": "x", "content": {"application/problem+json": {}}},
        "204": {"description": "x", "content": {"text/plain": {}}},
    }
    response = serve(one_path({"get": {"responses": responses}})).get("/a", headers={"Accept": accept})
    assert response.status_code == status
    assert response.content_type == ("image/png" if status == 200 else "application/problem+json")


def test_a_refusal_in_a_form_that_has_no_example_says_what_is_wrong(pets: FlaskClient) -> None:
    response = pets.get("/pets/5", headers={"Accept": "image/png"})
    assert response.status_code == 406
    assert code(response) == "not-acceptable"
    assert response.get_json()["status"] == 406
    assert list(response.get_json()) == ["status", "message"]
    assert response.get_json()["message"].startswith('Accept: "image/png" excludes every media type')
    assert pets.get("/pets/5", headers={"Accept": "image/png", "Prefer": "code=404"}).status_code == 404


def test_lines_of_json_are_a_value_each(serve: Serve) -> None:
    line = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
    several = {"type": "array", "items": line, "minItems": 2, "maxItems": 2}
    content = {"application/x-ndjson": {"schema": line}, "application/jsonl": {"schema": several}}
    client = serve({"/a": {"get": {"responses": {"200": {"description": "x", "content": content}}}}})
    for kind, count in (("application/x-ndjson", 1), ("application/jsonl", 2)):
        response = client.get("/a", headers={"Accept": kind})
        assert response.content_type == kind
        assert response.text[-1] == "\n"
        assert [list(json.loads(item)) for item in response.text.splitlines()] == [["id"]] * count


@pytest.mark.parametrize(
    ("name", "schema", "is_list"),
    [
        ("errors", {"type": "array", "items": {"type": "string"}, "minItems": 1}, True),
        ("errors", {"type": "string"}, False),
        ("reason", {"type": "string"}, False),
        ("errorMessage", {"type": "string"}, False),
    ],
)
def test_a_refusal_says_what_is_wrong_under_the_names_that_documents_have_for_it(
    serve: Serve, name: str, schema: dict[str, Any], is_list: bool
) -> None:
    form = {"type": "object", "required": [name], "properties": {name: schema}, "additionalProperties": False}
    reported = {"description": "wrong", "content": {"application/json": {"schema": form}}}
    count = {"name": "count", "in": "query", "required": True, "schema": {"type": "integer"}}
    client = serve(
        {"/a": {"get": {"parameters": [count], "responses": {"200": {"description": "x"}, "422": reported}}}}
    )
    detail = 'The request violates the contract: query count: "x" is not of type integer'
    assert client.get("/a?count=x").get_json() == {name: [detail] if is_list else detail}


@pytest.mark.parametrize(("explode", "text"), [(False, "of,1,is,true"), (True, "of=1,is=true")])
def test_an_object_in_a_header_is_written_as_it_is_declared(serve: Serve, explode: bool, text: str) -> None:
    members = {"of": {"const": 1}, "is": {"const": True}}
    form = {"type": "object", "required": ["of", "is"], "properties": members}
    headers = {"X-Own": {"explode": explode, "schema": form}}
    response = serve({"/a": {"get": {"responses": {"200": {"description": "x", "headers": headers}}}}}).get("/a")
    assert response.status_code == 200
    assert response.headers.get("X-Own") == text


def test_what_has_no_body_is_acceptable_whatever_is_declared_for_it(serve: Serve) -> None:
    content = {"application/json": {"schema": {"type": "object"}}}
    client = serve({"/a": {"delete": {"responses": {"204": {"description": "x", "content": content}}}}})
    response = client.delete("/a", headers={"Accept": "text/html"})
    assert response.status_code == 204
    assert response.data == b""
    assert "Content-Type" not in response.headers


@pytest.mark.parametrize("name", ["Location", "Content-Location"])
def test_a_header_that_leads_somewhere_is_an_address(serve: Serve, name: str) -> None:
    headers = {name: {"schema": {"type": "string"}, "required": True}}
    client = serve({"/a": {"post": {"responses": {"201": {"description": "x", "headers": headers}}}}})
    assert urlsplit(client.post("/a").headers[name]).scheme == "https"


def test_a_header_that_is_declared_by_its_content_holds_that(serve: Serve) -> None:
    form = {"type": "object", "required": ["of"], "properties": {"of": {"const": "ö"}}}
    headers = {
        "X-Made": {"content": {"application/json": {"schema": form}}},
        "X-Given": {"content": {"application/json": {"schema": {"type": "array"}, "example": [1, 2]}}},
    }
    client = serve({"/a": {"get": {"responses": {"200": {"description": "x", "headers": headers}}}}})
    response = client.get("/a")
    assert response.status_code == 200
    assert json.loads(response.headers["X-Made"]) == {"of": "ö"}
    assert json.loads(response.headers["X-Given"]) == [1, 2]


def test_head_has_the_headers_of_get_and_options_the_methods(pets: FlaskClient) -> None:
    got, head = pets.get("/pets/5"), pets.head("/pets/5")
    assert head.status_code == 200
    assert head.data == b""
    assert [head.headers[name] for name in ("Content-Type", "ETag", "X-Trace")] == [
        got.headers[name] for name in ("Content-Type", "ETag", "X-Trace")
    ]
    response = pets.options("/pets/5")
    assert response.status_code == 204
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_declared_head_and_options_operations_are_answered(serve: Serve) -> None:
    of = {"responses": {"200": {"description": "x", "headers": {"X-Own": {"schema": {"const": "yes"}}}}}}
    client = serve({"/a": {"head": of, "options": of}})
    assert [
        (item.status_code, item.headers["X-Own"], item.data) for item in (client.head("/a"), client.options("/a"))
    ] == [(200, "yes", b"")] * 2


def test_text_comes_from_the_example_or_the_schema(serve: Serve) -> None:
    client = serve({
        "/plain": media("text/plain", schema={"type": "string", "minLength": 5}),
        "/number": media("text/plain", schema={"const": 7}),
        "/html": media("text/html", example="<p>hi</p>"),
        "/events": media("text/event-stream", schema={"type": "object", "properties": {"a": {"const": 1}}}),
        "/form": media("application/x-www-form-urlencoded", schema={"type": "object", "properties": {"a": {"const": "b c"}}}),
    })  # fmt: skip
    assert len(client.get("/plain").text) >= 5
    result = [client.get(path).data for path in ("/number", "/html", "/events", "/form")]
    assert result == [b"7", b"<p>hi</p>", b'data: {"a":1}\n\n', b"a=b+c"]


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/event-stream", None])
@pytest.mark.parametrize("body", [{"stream": True}, {"stream": False}, {}])
def test_a_body_with_stream_asks_for_events(serve: Serve, accept: str | None, body: dict[str, Any]) -> None:
    content = {
        "application/json": {"example": {"id": "a"}},
        "text/event-stream": {"example": "data: a\n\ndata: [DONE]\n\n"},
    }
    operation = {
        "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": {"200": {"description": "x", "content": content}},
    }
    response = serve({"/chat": {"post": operation}}).post(
        "/chat", json=body, headers={"Accept": accept} if accept else {}
    )
    asks = body.get("stream") is True or accept == "text/event-stream"
    assert response.status_code == 200
    assert response.mimetype == ("text/event-stream" if asks else "application/json")


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"data": {"a": "x\u2028y\x85z"}}, 'data: {"a":"x\u2028y\x85z"}\n\n'),
        ({"data": "one\r\ntwo\rthree\n"}, "data: one\ndata: two\ndata: three\ndata: \n\n"),
        ({"id": "1\n2", "data": ""}, "id: 1 2\ndata: \n\n"),
    ],
)
def test_only_what_ends_a_line_of_an_event_divides_its_data(event: dict[str, Any], text: str) -> None:
    assert body_text([event], "text/event-stream") == text


@pytest.mark.parametrize(
    ("kind", "begins"),
    [("image/png", b"\x89PNG\r\n"), ("image/gif", b"GIF89a"), ("image/jpeg", b"\xff\xd8\xff\xdb"), ("image/webp", b"RIFF\x1a"), ("audio/wav", b"RIFF$"), ("application/pdf", b"%PDF-"), ("application/zip", b"PK"), ("image/svg+xml", b"<svg"), ("application/octet-stream", b"")],
)  # fmt: skip
def test_a_binary_answer_is_a_file_of_its_kind(serve: Serve, kind: str, begins: bytes) -> None:
    client = serve({"/file": media(kind, schema={"type": "string", "format": "binary"})})
    response = client.get("/file")
    assert response.status_code == 200
    assert response.mimetype == kind
    assert response.data.startswith(begins) is True
    assert len(response.data) > 0
    assert client.get("/file").data == response.data


def test_xml_without_an_example_and_a_schema_is_501_and_says_which_media_type(serve: Serve) -> None:
    response = serve({"/a": media("application/xml")}).get("/a")
    assert response.status_code == 501
    assert code(response) == "no-example"
    assert "application/xml" in response.get_json()["detail"]


@pytest.mark.parametrize(
    ("declared", "accept", "kind"),
    [
        ("*/*", "*/*", "application/json"), ("*/*", "text/html, */*;q=0.8", "application/json"),
        ("application/*", "application/vnd.own+json", "application/vnd.own+json"), ("text/*", "text/csv", "text/csv"),
        ("text/*", "*/*", "text/plain"), ("application/*+json", "*/*", "application/json"),
        ("application/*+json", "text/html, application/hal+json", "application/hal+json"),
        ("application/hal+json", "application/*+json", "application/hal+json"),
    ],
)  # fmt: skip
def test_where_a_range_is_declared_a_media_type_of_it_is_sent(
    serve: Serve, declared: str, accept: str, kind: str
) -> None:
    response = serve({"/a": media(declared, schema={"type": "string"})}).get("/a", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.mimetype == kind


@pytest.mark.parametrize(
    ("declared", "kind"),
    [("image/*", "image/png"), ("font/*", "font/woff2"), ("application/*", "application/octet-stream"), ("*/*", "application/octet-stream")],
)  # fmt: skip
def test_where_a_range_of_bytes_is_declared_bytes_of_it_are_sent(serve: Serve, declared: str, kind: str) -> None:
    response = serve({"/a": media(declared, schema={"type": "string", "format": "binary"})}).get("/a")
    assert response.status_code == 200
    assert response.mimetype == kind


def test_what_a_schema_says_of_a_body_of_another_kind_holds(serve: Serve) -> None:
    client = serve({
        "/token": media("application/jwt", schema={"type": "string", "pattern": "^[a-z]{3}$"}),
        "/bytes": media("application/octet-stream", schema={"type": "string", "format": "binary", "maxLength": 9}),
    })  # fmt: skip
    token, some = client.get("/token"), client.get("/bytes")
    assert token.mimetype == "application/jwt"
    assert len(token.text) == 3
    assert token.text.islower() is True
    assert some.status_code == 200
    assert len(some.data) == 9


def test_an_operation_without_a_success_answers_with_the_lowest_status_there_is(serve: Serve) -> None:
    client = serve({
        "/moved": {"get": {"responses": {"404": {"description": "x"}, "302": {"description": "x", "headers": {"Location": {"schema": {"type": "string", "format": "uri"}}}}}}},
        "/wrong": {"get": {"responses": {"4XX": {"description": "x"}}}},
    })  # fmt: skip
    response = client.get("/moved")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("https://") is True
    assert client.get("/wrong").status_code == 400


@pytest.mark.parametrize("place", ["schema", "media type"])
def test_members_of_examples_that_are_write_only_are_not_sent(serve: Serve, place: str) -> None:
    secret = {"type": "string", "writeOnly": True}
    schema: dict[str, Any] = {
        "type": "object",
        "required": ["name", "password"],
        "properties": {
            "name": {"type": "string"},
            "password": secret,
            "cards": {"items": {"properties": {"pin": secret}}},
        },
    }
    example = {"name": "Ann", "password": "leak", "cards": [{"pin": "leak", "bank": "A"}, {}]}
    media = (
        {"schema": schema, "example": example} if place == "media type" else {"schema": {**schema, "example": example}}
    )
    responses = {"200": {"description": "x", "content": {"application/json": media}}}
    response = serve({"/user": {"get": {"responses": responses}}}).get("/user")
    assert response.get_json() == {"name": "Ann", "cards": [{"bank": "A"}, {}]}


def test_items_of_a_sequence_are_sent_without_their_write_only_members(serve: Serve) -> None:
    properties = {"id": {"const": 1}, "pin": {"type": "string", "writeOnly": True}}
    item = {"type": "object", "required": ["id", "pin"], "properties": properties}
    responses = {"200": {"description": "x", "content": {"application/jsonl": {"itemSchema": item}}}}
    client = serve({"/cards": {"get": {"responses": responses}}})
    assert client.get("/cards").data == b'{"id":1}\n' * 2


def test_a_write_only_member_is_sent_where_an_example_would_be_invalid_without_it(serve: Serve) -> None:
    schema = {"minProperties": 1, "properties": {"password": {"writeOnly": True}}}
    media = {"application/json": {"schema": schema, "example": {"password": "a"}}}
    client = serve({"/user": {"get": {"responses": {"200": {"description": "x", "content": media}}}}})
    assert client.get("/user").get_json() == {"password": "a"}


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_change_that_declares_errors_without_content_alone_succeeds(serve: Serve, method: str) -> None:
    content = {"application/json": {"example": {"reason": "full"}}}
    client = serve({
        "/pets": {method: {"responses": {"405": {"description": "Invalid input"}}}},
        "/full": {method: {"responses": {"503": {"description": "It is always full", "content": content}}}},
    })  # fmt: skip
    response = client.open("/pets", method=method)
    assert (response.status_code, response.data) == (200, b"")
    assert client.open("/pets", method=method, headers={"Prefer": "code=405"}).status_code == 405
    response = client.open("/full", method=method)
    assert (response.status_code, response.json) == (503, {"reason": "full"})


def test_an_invalid_example_is_a_warning_in_a_bare_document_and_an_error_on_request(
    document: Callable[[dict[str, Any]], Path],
) -> None:
    path = document({"/pets/{petId}": {"get": PETS, **OF_PATH}})
    contract = load_contract(path)
    assert [(item.pointer, item.code) for item in contract.warnings] == [
        ("/paths/~1pets~1{petId}/get/responses/200/content/application~1json/examples/dog/value", "example")
    ]
    assert contract.invalid_examples == 1
    with pytest.raises(ContractError, match="the example does not match its schema at /id"):
        load_contract(path, strict_examples=True)


def test_an_invalid_example_is_an_error_in_a_directory_unless_repair_is_enabled(make_contract: MakeContract) -> None:
    def change(files: dict[str, Any]) -> None:
        files["schemas/openapi.yaml"]["paths"]["/message"]["get"]["responses"]["200"]["content"]["application/json"][
            "example"
        ] = 7

    root = make_contract(change)
    with pytest.raises(ContractError, match="the example does not match its schema: 7 is not of type string"):
        load_contract(root)
    client = create_app(load_contract(root, strict_examples=False)).test_client()
    assert client.get("/message").get_json() == "7"


def test_an_override_repairs_an_invalid_example_too(pets: FlaskClient) -> None:
    pets.post("/__mock/overrides", json={"operation": "GET /pets/{petId}", "example": "dog"})
    result = pets.get("/pets/5").get_json()
    assert result["name"] == "Dog"
    assert type(result["id"]) is int


def test_another_seed_makes_other_answers(document: Callable[[dict[str, Any]], Path]) -> None:
    path = document({"/a": media("application/json", schema={"type": "integer"})})
    result = [
        create_app(with_seed(load_contract(path), seed)).test_client().get("/a").data for seed in (None, None, 5, 5, 6)
    ]
    assert result[0] == result[1]
    assert result[2] == result[3]
    assert len(set(result)) == 3


def test_a_refusal_in_words_where_the_operation_declares_text(serve: Serve) -> None:
    responses = {**media("application/json", schema={"type": "string"})["get"]["responses"]}
    responses["406"] = {"description": "x", "content": {"text/plain": {"schema": {"type": "string"}}}}
    response = serve({"/a": {"get": {"responses": responses}}}).get("/a", headers={"Accept": "image/png"})
    assert response.status_code == 406
    assert response.mimetype == "text/plain"
    assert code(response) == "not-acceptable"
    assert response.text.startswith('Accept: "image/png" excludes')


@pytest.fixture
def ungeneratable(make_contract: MakeContract) -> FlaskClient:
    """A client of the small contract whose default scenario has records that cannot be generated."""

    def change(files: dict[str, Any]) -> None:
        files["schemas/job.json"]["properties"]["note"] |= {"pattern": "^a$", "minLength": 2}

    scenario = "generate: {owners: {count: 1}, jobs: {count: 2}}"
    return create_app(load_contract(make_contract(change, **{"scenarios/baseline.yaml": scenario}))).test_client()


@pytest.mark.parametrize("path", ["/jobs", "/jobs/jobs-1", "/owners/1/jobs"])
def test_an_operation_on_records_that_cannot_be_generated_is_501_with_the_reason(
    ungeneratable: FlaskClient, path: str
) -> None:
    problem: Any = ungeneratable.get(path).json
    assert problem["status"] == 501
    assert problem["code"] == "no-example"
    assert "no record of jobs can be generated: schemas/job.json#/properties/note: " in problem["detail"]


def test_an_unknown_path_stays_404_where_records_cannot_be_generated(ungeneratable: FlaskClient) -> None:
    problem: Any = ungeneratable.get("/nowhere").json
    assert problem["status"] == 404
    assert problem["code"] == "unknown-path"


def test_an_operation_without_behaviour_needs_no_records(ungeneratable: FlaskClient) -> None:
    assert ungeneratable.get("/message").status_code == 200


def test_the_journal_holds_a_request_whose_records_cannot_be_generated(ungeneratable: FlaskClient) -> None:
    ungeneratable.get("/jobs")
    journal: Any = ungeneratable.get("/__mock/requests").json
    assert [(entry["operation"], entry["status"]) for entry in journal["requests"]] == [("listJobs", 501)]


def test_another_scenario_can_be_chosen_where_records_cannot_be_generated(ungeneratable: FlaskClient) -> None:
    assert ungeneratable.put("/__mock/scenario", json={"name": "empty"}).status_code == 200
    assert ungeneratable.get("/jobs").status_code == 200


@pytest.mark.parametrize(
    ("statuses", "sent"), [(["101"], 501), (["1XX"], 501), (["101", "400"], 400), (["101", "200"], 200)]
)
def test_an_informational_status_is_never_the_response(
    serve: Callable[..., FlaskClient], statuses: list[str], sent: int
) -> None:
    """A client would wait for the final one (RFC 9110, section 15.2)."""
    responses = {status: {"description": "x"} for status in statuses}
    assert serve({"/a": {"get": {"responses": responses}}}).get("/a").status_code == sent


@pytest.mark.parametrize(
    ("declared", "sent", "encoding"),
    [
        ("text/plain", "text/plain; charset=utf-8", "utf-8"),
        ("text/html", "text/html; charset=utf-8", "utf-8"),
        ("text/csv", "text/csv; charset=utf-8", "utf-8"),
        ("text/javascript", "text/javascript; charset=utf-8", "utf-8"),
        ("application/javascript", "application/javascript; charset=utf-8", "utf-8"),
        ("application/xml", "application/xml; charset=utf-8", "utf-8"),
        ("image/svg+xml", "image/svg+xml; charset=utf-8", "utf-8"),
        ("text/csv; header=present", "text/csv; header=present; charset=utf-8", "utf-8"),
        ("text/plain; charset=iso-8859-1", "text/plain; charset=iso-8859-1", "latin-1"),
        ("text/plain; charset=UTF-16", "text/plain; charset=utf-16", "utf-16"),
        ('text/plain; charset="windows-1252"', 'text/plain; charset="windows-1252"', "cp1252"),
        ("application/octet-stream", "application/octet-stream", "utf-8"),
        ("application/x-ndjson", "application/x-ndjson", "utf-8"),
    ],
)
def test_text_is_written_in_its_charset_and_says_which(serve: Serve, declared: str, sent: str, encoding: str) -> None:
    response = serve(one_path(media(declared, example="grün"))).get("/a")
    assert response.status_code == 200
    assert response.content_type == sent
    assert response.data.decode(encoding) == "grün"


def test_characters_that_the_charset_lacks_are_references_in_markup(serve: Serve) -> None:
    response = serve(one_path(media("text/html; charset=us-ascii", example="<p>10 €</p>"))).get("/a")
    assert response.data == b"<p>10 &#8364;</p>"


@pytest.mark.parametrize("charset", ["iso-8859-1", "us-ascii", "no-such-charset", "base64"])
def test_text_that_its_charset_cannot_hold_is_a_violation(serve: Serve, charset: str) -> None:
    response = serve(one_path(media(f"text/plain; charset={charset}", example="10 €"))).get("/a")
    assert response.status_code == 500
    assert response.json["violations"][0]["keyword"] == "charset"


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "status", "kind"),
    [
        (BROWSER, 200, "application/json"),
        ("application/xml, application/json;q=0.1", 200, "application/json"),
        ("application/xml, */*;q=0.1", 200, "application/json"),
        ("application/xml", 501, "application/problem+json"),
        ("application/xml, application/json;q=0", 501, "application/problem+json"),
        ("text/html", 406, "application/problem+json"),
    ],
)
def test_a_type_that_cannot_be_written_gives_way_to_what_is_accepted_too(
    serve: Serve, accept: str, status: int, kind: str
) -> None:
    content = {"application/xml": {}, "application/json": {"schema": PET}}
    document = one_path({"get": {"responses": {"200": {"description": "x", "content": content}}}})
    response = serve(document).get("/a", headers={"Accept": accept})
    assert response.status_code == status
    assert response.content_type == kind


@pytest.mark.parametrize("entry", [{"schema": PET}, {"example": "<pet/>"}], ids=["generated", "example"])
@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (BROWSER, "application/json"),
        ("application/xml;q=0.9, */*;q=0.8", "application/xml"),
        ("text/html, application/xml;q=0.9, application/json;q=0", "application/xml"),
        ("text/html, application/xml;q=0, */*;q=0.8", "application/json"),
    ],
)
def test_the_address_bar_of_a_browser_gets_json_rather_than_xml(
    serve: Serve, accept: str, kind: str, entry: dict[str, Any]
) -> None:
    content = {"application/xml": entry, "application/json": {"schema": PET}}
    document = one_path({"get": {"responses": {"200": {"description": "x", "content": content}}}})
    assert serve(document).get("/a", headers={"Accept": accept}).mimetype == kind


def test_the_address_bar_of_a_browser_gets_xml_where_nothing_else_is_declared(serve: Serve) -> None:
    response = serve(one_path(media("application/xml", schema=PET))).get("/a", headers={"Accept": BROWSER})
    assert response.mimetype == "application/xml"


@pytest.mark.parametrize("kind", ["text/html", "text/csv", "application/xhtml+xml"])
@pytest.mark.parametrize("entry", [{"schema": PET}, {"example": {"id": 1}}], ids=["generated", "example"])
def test_json_is_never_sent_under_the_name_of_another_syntax(serve: Serve, kind: str, entry: dict[str, Any]) -> None:
    response = serve(one_path(media(kind, **entry))).get("/a")
    assert response.status_code == 501
    assert response.json["code"] == "no-example"


def one_path(item: dict[str, Any]) -> dict[str, Any]:
    return {"/a": item}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "minLength": 36, "maxLength": 36},
        {"type": "array", "minItems": 3, "items": {"type": "string", "minLength": 5, "maxLength": 5}},
    ],
)
def test_a_header_always_has_the_declared_length(serve: Serve, schema: dict[str, Any]) -> None:
    headers = {"X-Trace": {"required": True, "schema": schema}}
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    client = serve({"/a/{id}": {"parameters": [parameter], "get": {"responses": {"200": {"description": "x", "headers": headers}}}}})  # fmt: skip
    assert {client.get(f"/a/{number}").status_code for number in range(60)} == {200}


@pytest.mark.parametrize(
    ("kind", "schema", "example", "expected"),
    [
        ("text/plain", {"type": "string", "enum": ["a"]}, "b", b"a"),
        ("text/plain", {"type": "string", "maxLength": 3}, "abcdef", b"abc"),
        ("text/plain", {"type": "integer", "enum": [7]}, "x", b"7"),
        ("text/plain", {"type": "integer"}, "7", b"7"),
        ("text/plain", {"type": "boolean", "enum": [True]}, "maybe", b"true"),
        ("text/plain", {"type": "string"}, 5, b"5"),
        ("text/html", {"type": "string", "enum": ["<p>"]}, {"a": 1}, b"<p>"),
        ("text/csv", {"type": "string", "enum": ["a,b"]}, [1], b"a,b"),
        ("application/octet-stream", {"type": "string", "maxLength": 3}, "abcdef", b"abc"),
        ("*/*", {"type": "object", "required": ["a"], "properties": {"a": {"enum": [1]}}}, {"a": "x"}, b'{"a":1}'),
    ],
)
def test_a_wrong_example_is_repaired_in_any_media_type(
    serve: Serve, kind: str, schema: dict[str, Any], example: Any, expected: bytes
) -> None:
    response = serve({"/a": media(kind, schema=schema, example=example)}).get("/a")
    assert response.status_code == 200
    assert response.data == expected


# How the content of some media types begins.
BEGINNINGS = {"application/pdf": b"%PDF", "image/png": b"\x89PNG", "image/gif": b"GIF89a", "application/zip": b"PK"}


@pytest.mark.parametrize(
    ("kind", "schema", "example"),
    combine(BEGINNINGS, [{"type": "string", "format": "binary"}, {"type": "object"}, {}], [{"a": 1}, [1], 5]),
)
def test_json_is_not_sent_as_a_binary_media_type(serve: Serve, kind: str, schema: dict[str, Any], example: Any) -> None:
    response = serve({"/a": media(kind, schema=schema, example=example)}).get("/a")
    assert response.status_code == 200
    assert response.content_type == kind
    assert response.data.startswith(BEGINNINGS[kind])


@pytest.mark.parametrize("kind", ["*", "*/*", "application/*"])
def test_a_success_that_is_declared_as_a_range_is_json(serve: Serve, kind: str) -> None:
    response = serve({"/a": media(kind, schema={"type": "object", "properties": {"a": {"enum": [1]}}})}).get("/a")
    assert response.status_code == 200
    assert response.content_type == "application/json"
    assert response.get_json() == {"a": 1}


@pytest.mark.parametrize(
    ("kind", "accept", "status"),
    [
        ("application/vnd.x+json", "application/vnd.x+json; version=1", 200),
        ("application/json", "application/json; odata=verbose; indent=4", 200),
        ("application/json", "application/json;odata.metadata=minimal;IEEE754Compatible=true;q=0.5", 200),
        ("application/json; odata=verbose", "application/json; odata=verbose; indent=4", 200),
        ("application/json; odata=verbose", "application/json; odata=minimal", 406),
        ("application/json; v=1", "application/json; v=2; indent=4", 406),
        ("application/json", "application/json; v=1; q=0", 406),
    ],
)
def test_parameters_that_no_declared_media_type_has_exclude_none(
    serve: Serve, kind: str, accept: str, status: int
) -> None:
    client = serve({"/a": media(kind, example={"a": 1})})
    assert client.get("/a", headers={"Accept": accept}).status_code == status


def members(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": [members(a={"type": "string"}), members(b={"type": "integer"})]},
        {"oneOf": [members(a={"type": "string"}), members(a={"type": "string"}, b={"type": "integer"})]},
        {"oneOf": [members("a", a={"type": "string"}), members(a={"type": "string"})]},
        {"oneOf": [members("id", id={"type": "integer"}, x=members(y={"type": "string"})), members("id", id={"type": "integer"}, x=members(z={"type": "string"}))]},
        members("p", p={"oneOf": [members(a={"type": "string"}), members(b={"type": "integer"})]}),
        {"type": "array", "minItems": 2, "items": {"oneOf": [members(a={"type": "string"}), members(b={"type": "integer"}), members(c={"type": "boolean"})]}},
        {"oneOf": [{"type": "integer"}, {"type": "number"}]},
        {"oneOf": [members(a={"type": "string"}), {"type": "object", "additionalProperties": False}]},
    ],
)  # fmt: skip
def test_a_value_of_one_of_several_schemas_that_overlap_is_searched_for(serve: Serve, schema: dict[str, Any]) -> None:
    assert serve({"/a": media("application/json", schema=schema)}).get("/a").status_code == 200


@pytest.mark.parametrize(
    ("schema", "keys"),
    [
        ({"additionalProperties": False, "allOf": [members("a", a={"type": "string"})]}, {"a"}),
        ({"type": "null", "oneOf": [members("a", a={"type": "string"}), members("b", b={"type": "string"})]}, {"a"}),
        (members("x", x={"additionalProperties": False, "allOf": [members("a", a={"type": "string"})]}), {"x"}),
        ({"oneOf": [members("a", a={"type": "string"}), members("a", a={"type": "string"})]}, {"a"}),
    ],
)
def test_a_response_that_nothing_satisfies_is_sent_as_far_as_possible_where_the_server_is_lenient(
    document: Callable[[dict[str, Any]], Path], schema: dict[str, Any], keys: set[str]
) -> None:
    file = document({"/a": media("application/json", schema=schema)})
    strict, lenient = (create_app(file, strict=strict).test_client().get("/a") for strict in (True, False))
    assert strict.status_code == 501
    assert code(strict) == "no-example"
    assert lenient.status_code == 200
    assert set(lenient.get_json()) == keys
    assert int(lenient.headers["X-Mock-Violations"]) > 0


@pytest.mark.parametrize("text", ["日本", "naïve ☃ yes", "à bientôt €"])
def test_a_header_beyond_latin_1_is_sent_in_utf_8(serve: Serve, text: str) -> None:
    headers = {"X-Own": {"required": True, "schema": {"type": "string", "enum": [text]}}}
    response = serve({"/a": {"get": {"responses": {"200": {"description": "x", "headers": headers}}}}}).get("/a")
    assert response.status_code == 200
    assert response.headers["X-Own"].encode("latin-1").decode() == text


def test_a_form_keeps_text_beyond_latin_1(serve: Serve) -> None:
    content = media("application/x-www-form-urlencoded", example={"a": "日本"})
    assert serve({"/a": content}).get("/a").text == "a=%E6%97%A5%E6%9C%AC"


@pytest.mark.parametrize("declared", [{}, {"schema": {}}, {"schema": True}])
def test_json_that_nothing_describes_is_an_object(serve: Serve, declared: dict[str, Any]) -> None:
    response = serve({"/a": media("application/json", **declared)}).get("/a")
    assert response.get_json() == {}


@pytest.mark.parametrize(
    ("kind", "example", "expected"),
    [
        ("application/json", {"serializedValue": '{"a": [1]}'}, b'{"a":[1]}'),
        ("application/json", {"dataValue": 1, "serializedValue": "1.0"}, b"1"),
        ("text/plain", {"serializedValue": "a b"}, b"a b"),
    ],
)
def test_an_example_may_be_written_as_it_is_sent(
    serve: Serve, kind: str, example: dict[str, Any], expected: bytes
) -> None:
    assert serve({"/a": media(kind, examples={"one": example})}).get("/a").data == expected


def test_generated_audio_is_silence_that_can_be_played() -> None:
    with wave.open(BytesIO(binary_samples.generate_bytes("audio/wav", ""))) as audio:
        assert audio.getnchannels() == 1
        assert audio.getframerate() == 8_000
        assert audio.getnframes() == 0
