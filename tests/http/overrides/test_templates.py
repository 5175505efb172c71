"""Overrides whose body, patch and headers have runtime expressions that read the request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import create_app
from tests.http.overrides.test_overrides import add

DOCUMENT = """
openapi: 3.1.0
info: {title: Things, version: "1"}
paths:
  /things/{id}:
    post:
      operationId: changeThing
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
        - {name: q, in: query, schema: {type: string}}
        - {name: tag, in: query, schema: {type: array, items: {type: string}}}
      requestBody: {content: {application/json: {schema: {}}}}
      responses:
        "200":
          description: The thing
          content:
            application/json: {schema: {type: object, properties: {id: {type: integer}}}, example: {id: 1, name: a}}
            text/html: {schema: {type: string}}
"""


@pytest.fixture
def things(tmp_path: Path) -> FlaskClient:
    path = tmp_path / "things.yaml"
    path.write_text(DOCUMENT)
    return create_app(path).test_client(use_cookies=False)


def change(client: FlaskClient, **options: Any) -> Any:
    return client.post("/things/7?q=a+b&tag=x&tag=y", **{"json": {"a": {"b": [1, None]}, "text": "t"}, **options})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{$request.path.id}", 7),
        ("{$request.query.q}", "a b"),
        ("{$request.query.tag}", ["x", "y"]),
        ("{$request.header.X-Own}", "own"),
        ("{$request.header.x-own}", "own"),
        ("{$request.body}", {"a": {"b": [1, None]}, "text": "t"}),
        ("{$request.body#/a/b}", [1, None]),
        ("{$request.body#/a/b/1}", None),
        ("{$method}", "POST"),
        ("{$url}", "http://localhost/things/7?q=a+b&tag=x&tag=y"),
        ("{$now}", "2026-01-01T00:00:00.000Z"),
        ("no. {$request.path.id}: {$request.body#/text}", "no. 7: t"),
        ("{$request.path.id}{$request.path.id}", "77"),
        ("[{$request.body#/a}]", '[{"b":[1,null]}]'),
        ("[{$request.body#/none}]", "[]"),
        ("{$other} {} {{$request.path.id}}", "{$other} {} {7}"),
    ],
)
def test_an_expression_is_the_value_that_it_leads_to(things: FlaskClient, text: str, value: Any) -> None:
    add(things, operation="changeThing", body={"value": text})
    assert change(things, headers={"X-Own": "own"}).json == {"value": value}


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ({"a": "{$request.body#/none}", "b": 1}, {"b": 1}),
        ({"a": ["{$request.header.X-None}", "{$request.path.id}"]}, {"a": [7]}),
    ],
)
def test_a_member_or_an_item_that_leads_to_nothing_is_left_out(things: FlaskClient, body: Any, sent: Any) -> None:
    add(things, operation="changeThing", body=body)
    assert change(things).json == sent


def test_headers_and_patches_may_have_expressions_too(things: FlaskClient) -> None:
    headers = {
        "Location": "/things/{$request.path.id}",
        "X-Text": "{$request.body#/text}",
        "X-None": "{$request.body#/x}",
    }
    add(things, operation="changeThing", patch={"name": "{$request.body#/text}"}, headers=headers)
    response = change(things, json={"text": "a\r\nSet-Cookie: b"})
    assert response.json == {"id": 1, "name": "a\r\nSet-Cookie: b"}
    assert response.headers["Location"] == "/things/7"
    assert response.headers["X-Text"] == "a Set-Cookie: b"
    assert response.headers["X-None"] == ""
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("\u65e5 \xe9", "\u65e5 \xe9".encode()),
        ("\xe9", b"\xe9"),
        ("a\x01b\x7f", b"a b"),
        ("\na\tb ", b"a\tb"),
    ],
)
def test_a_header_has_the_octets_that_stand_for_a_text(things: FlaskClient, text: str, sent: bytes) -> None:
    add(things, operation="changeThing", headers={"X-Text": "{$request.body#/text}"})
    assert change(things, json={"text": text}).headers["X-Text"].encode("latin-1") == sent


def test_a_header_whose_bytes_are_utf_8_is_read_as_that(things: FlaskClient) -> None:
    add(things, operation="changeThing", body={"name": "{$request.header.X-Own}"})
    assert change(things, headers={"X-Own": "\xe9".encode().decode("latin-1")}).json == {"name": "\xe9"}


def test_a_patch_that_leads_to_nothing_changes_nothing(things: FlaskClient) -> None:
    add(things, operation="changeThing", patch="{$request.body#/none}")
    assert change(things).json == {"id": 1, "name": "a"}


def test_a_header_that_is_read_is_named_by_vary(things: FlaskClient) -> None:
    add(things, operation="changeThing", body={"name": "{$request.header.X-Own}"})
    assert "X-Own" in change(things).headers["Vary"].split(", ")


def test_the_request_is_escaped_in_html(things: FlaskClient) -> None:
    headers = {"Content-Type": "text/html"}
    add(things, operation="changeThing", body="<b>{$request.body#/text}</b>", headers=headers)
    assert change(things, json={"text": "<script>"}, headers={"Accept": "*/*"}).text == "<b>&lt;script&gt;</b>"


def test_what_a_template_becomes_is_validated(things: FlaskClient) -> None:
    add(things, operation="changeThing", body={"id": "{$request.query.q}"})
    response = change(things)
    assert response.status_code == 500
    assert response.json["code"] == "contract-violation"
    add(things, operation="changeThing", body={"id": "{$request.query.q}"}, violate=True)
    assert change(things).json == {"id": "a b"}


@pytest.mark.parametrize(
    ("member", "pointer", "message"),
    [
        (
            {"body": {"a": ["{$request.pth.id}"]}},
            "/body/a/0",
            '"$request.pth.id" is not a runtime expression. Did you mean "$request.path.name"?',
        ),
        (
            {"headers": {"content-type": "{$request.header.Accept}"}, "body": "a"},
            "/headers/content-type",
            "the media type of a body cannot depend on the request",
        ),
        ({"body": "{$request.path.ID}"}, "/body", 'there is no path parameter "ID". Known: id.'),
        ({"set": {"a": "no. {$request.query.id}"}}, "/set/a", 'there is no query parameter "id".'),
        ({"headers": {"X-A": "{$request}"}}, "/headers/X-A", '"$request" is not a runtime expression.'),
        ({"patch": {"a": "{$request.body.b}"}}, "/patch/a", '"$request.body.b" is not a runtime expression.'),
    ],
)
def test_an_expression_without_meaning_is_refused(
    things: FlaskClient, member: dict[str, Any], pointer: str, message: str
) -> None:
    response = things.post("/__mock/overrides", json={"operation": "changeThing", **member})
    assert response.status_code == 422
    (violation,) = response.get_json()["violations"]
    assert violation["pointer"] == pointer
    assert violation["message"].startswith(message)


def test_a_recording_has_the_expressions_themselves(things: FlaskClient) -> None:
    add(things, operation="changeThing", body={"id": "{$request.path.id}"})
    assert change(things).json == {"id": 7}
    assert "{$request.path.id}" in things.get("/__mock/recording").text


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"id": "{$request.path.id}"}, []),
        ({"id": "{$request.query.q}", "name": ["{$now}"]}, []),
        ({"id": "a", "name": "{$now}"}, ["/body/id"]),
        ({"name": "{$now}"}, []),
    ],
)
def test_what_no_template_can_mend_is_refused_when_it_is_added(
    things: FlaskClient, body: dict[str, Any], pointers: list[str]
) -> None:
    response = things.post("/__mock/overrides", json={"operation": "changeThing", "body": body})
    assert [violation["pointer"] for violation in response.get_json().get("violations", ())] == pointers


def test_a_missing_member_is_refused_when_a_template_is_added(client: FlaskClient) -> None:
    entry = {"operation": "retryJob", "status": 503, "body": {"error": "no retry of {$request.path.job_id}"}}
    problem: Any = client.post("/__mock/overrides", json=entry).json
    assert [violation["keyword"] for violation in problem["violations"]] == ["required"] * 3
