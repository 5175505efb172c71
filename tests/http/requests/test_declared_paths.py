"""Paths as documents write them: with encoded characters, fragments, several templates of one shape, HEAD apart."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any

import pytest

from mockserver import BackgroundServer, create_app

UUID = "0e8400e2-e29b-41d4-a716-446655440000"


Sent = tuple[str, str, dict[str, str]]


def get(value: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    """An operation that responds with a text."""
    content = {"application/json": {"example": value}}
    return {"parameters": list(parameters), "responses": {"200": {"description": "ok", "content": content}}}


def parameter(name: str, location: str = "path", **schema: Any) -> dict[str, Any]:
    """A required parameter."""
    return {"name": name, "in": location, "required": True, "schema": {"type": "string", **schema}}


def ask(folder: Path, paths: dict[str, Any], *requests: Sent, **document: Any) -> list[Any]:
    """The statuses and bodies of the responses to requests, sent as they are."""
    file = folder / "openapi.json"
    file.write_text(
        json.dumps({"openapi": "3.0.3", "info": {"title": "Paths", "version": "1"}, "paths": paths, **document})
    )
    results = []
    with BackgroundServer(create_app(file), "127.0.0.1") as server:
        for method, target, headers in requests:
            connection = http.client.HTTPConnection(server.url.removeprefix("http://").rstrip("/"))
            connection.putrequest(method, target)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            results.append((response.status, json.loads(response.read() or b"null")))
            connection.close()
    return results


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/a%20b", "/a%20b"),
        ("/c%40d", "/c@d"),
        ("/c%40d", "/c%40d"),
        ("/c@d", "/c%40d"),
        ("/%C3%A4", "/%C3%A4"),
        ("/%c3%a4", "/%C3%A4"),
        ("/ä", "/%C3%A4"),
        ("/e%2Ff", "/e%2Ff"),
        ("/e%2ff", "/e%2Ff"),
        ("/100%", "/100%25"),
        ("/100%25", "/100%25"),
        ("/a%3Ab/x", "/a:b/x"),
        ("//x", "//x"),
        ("/", "/"),
        ("/q#fragment", "/q"),
        ("/q#a/b", "/q"),
    ],
)
def test_a_path_matches_however_it_is_encoded(tmp_path: Path, path: str, target: str) -> None:
    assert ask(tmp_path, {path: {"get": get("here")}}, ("GET", target, {})) == [(200, "here")]


def test_a_base_path_with_encoded_characters_matches(tmp_path: Path) -> None:
    servers = [{"url": "https://example.com/api%20v1"}]
    assert ask(tmp_path, {"/a": {"get": get("here")}}, ("GET", "/api%20v1/a", {}), servers=servers) == [(200, "here")]


def test_an_empty_first_segment_is_no_value_of_a_template(tmp_path: Path) -> None:
    paths = {
        "//x": {"get": get("double")},
        "/x": {"get": get("single")},
        "/{a}/z": {"get": get("template", parameter("a"))},
    }
    requests: list[Sent] = [("GET", "//x", {}), ("GET", "/x", {}), ("GET", "//z", {})]
    assert [status for status, _ in ask(tmp_path, paths, *requests)] == [200, 200, 404]


def test_of_two_templates_of_one_shape_the_one_with_valid_parameters_responds(tmp_path: Path) -> None:
    paths = {
        "/files/{name}": {"get": get("name", parameter("name")), "delete": get("deleted", parameter("name"))},
        "/files/{id}": {"get": get("id", parameter("id", format="uuid"))},
    }
    requests: list[Sent] = [
        ("GET", f"/files/{UUID}", {}),
        ("GET", "/files/a.png", {}),
        ("DELETE", f"/files/{UUID}", {}),
    ]
    assert ask(tmp_path, paths, *requests) == [(200, "id"), (200, "name"), (200, "deleted")]


def test_of_two_templates_of_one_shape_the_first_says_what_is_wrong(tmp_path: Path) -> None:
    number = {"name": "number", "in": "path", "required": True, "schema": {"type": "integer"}}
    paths = {
        "/a/{number}": {"get": get("number", number)},
        "/a/{id}": {"get": get("id", parameter("id", format="uuid"))},
    }
    ((status, body),) = ask(tmp_path, paths, ("GET", "/a/x", {}))
    assert status == 422
    assert body["violations"][0]["name"] == "number"


def test_operations_that_differ_in_a_fragment_are_chosen_by_their_parameters(tmp_path: Path) -> None:
    paths = {
        f"/#X-Target={name}": {"post": get(name, parameter("X-Target", "header", enum=[name]))}
        for name in ("A", "B", "C")
    }
    requests: list[Sent] = [("POST", "/", {"X-Target": name}) for name in ("A", "B", "C")]
    assert ask(tmp_path, paths, *requests) == [(200, "A"), (200, "B"), (200, "C")]


def test_operations_that_differ_in_a_fragment_and_a_query_are_chosen_by_both(tmp_path: Path) -> None:
    paths = {
        f"/#Action={name}": {"get": get(name, parameter("Action", "query", enum=[name]))} for name in ("Add", "Drop")
    }
    requests: list[Sent] = [("GET", f"/?Action={name}", {}) for name in ("Add", "Drop")]
    assert ask(tmp_path, paths, *requests) == [(200, "Add"), (200, "Drop")]


def test_head_has_the_response_that_is_declared_for_it(tmp_path: Path) -> None:
    exists = {"X-Exists": {"required": True, "schema": {"type": "string", "enum": ["yes"]}}}
    head = {"responses": {"204": {"description": "there", "headers": exists}}}
    file = tmp_path / "openapi.json"
    paths = {"/a/{id}": {"parameters": [parameter("id")], "get": get("got"), "head": head}, "/b": {"get": get("got")}}
    servers = [{"url": "/v1"}]
    file.write_text(
        json.dumps({"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": paths, "servers": servers})
    )
    client = create_app(file).test_client(use_cookies=False)
    answers = [client.head("/a/1"), client.head("/v1/a/1"), client.head("/b"), client.get("/a/1")]
    assert [(answer.status_code, answer.headers.get("X-Exists")) for answer in answers] == [
        (204, "yes"), (204, "yes"), (200, None), (200, None),
    ]  # fmt: skip


def test_the_response_of_head_alone_has_no_length_of_what_get_sends(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    paths = {"/a": {"get": get("got"), "head": {"responses": {"200": {"description": "there"}}}}}
    file.write_text(json.dumps({"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": paths}))
    with BackgroundServer(create_app(file), "127.0.0.1") as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://").rstrip("/"))
        connection.request("HEAD", "/a")
        assert connection.getresponse().getheader("Content-Length") is None
        connection.close()


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("/users", "its path has 2 segments, the request's 1: the request lacks /v1 at its start"),
        ("/v1/users/5", "its path has 2 segments, the request's 3: the request has /5 at its end"),
        ("/api/v1/users", "its path has 2 segments, the request's 3: the request has /api at its start"),
        ("/V1/Users", "segment 1 is 'v1', not 'V1'; paths are case-sensitive"),
        ("/v1/users/5/x/y", "its path has 2 segments, the request's 5: the request has /5/x/y at its end"),
    ],
)
def test_the_nearest_operation_names_the_segments_that_differ(tmp_path: Path, target: str, why: str) -> None:
    ((status, body),) = ask(tmp_path, {"/v1/users": {"get": get("here")}}, ("GET", target, {}))
    assert status == 404
    assert [candidate["why"] for candidate in body["nearest"]] == [why]


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("/users/", "its path has 2 segments, the request's 1: the request lacks /{id} at its end"),
        ("/users//5", "its path has 2 segments, the request's 3: segment 2 of the request is empty"),
        ("/files/a", "segment 2 is '{name}.{ext}', not 'a'"),
        ("/files/.txt", "segment 2 is '{name}.{ext}', not '.txt'"),
    ],
)
def test_the_nearest_operation_has_a_value_for_each_parameter(tmp_path: Path, target: str, why: str) -> None:
    paths = {
        "/users/{id}": {"parameters": [parameter("id")], "get": get("a user")},
        "/files/{name}.{ext}": {"parameters": [parameter("name"), parameter("ext")], "get": get("a file")},
    }
    ((status, body),) = ask(tmp_path, paths, ("GET", target, {}))
    assert status == 404
    assert body["nearest"][0]["why"] == why


def test_an_array_of_too_few_different_items_says_so(tmp_path: Path) -> None:
    schema = {"type": "array", "uniqueItems": True, "minItems": 3, "items": {"enum": ["a", "b"]}}
    content = {"application/json": {"schema": schema}}
    paths = {"/a": {"get": {"responses": {"200": {"description": "ok", "content": content}}}}}
    ((status, body),) = ask(tmp_path, paths, ("GET", "/a", {}))
    assert status == 501
    assert "it has 2 items, but must have at least 3 different ones" in body["detail"]
