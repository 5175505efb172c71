from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import create_app
from mockserver.http.path_precedence import find_covered

OK = {"responses": {"200": {"description": "ok"}}}


def serve(tmp_path: Path, paths: dict[str, list[str]], **members: Any) -> FlaskClient:
    def item(path: str, methods: list[str]) -> dict[str, Any]:
        names = [part.partition("}")[0] for part in path.split("{")[1:]]
        parameters = [{"name": name, "in": "path", "required": True, "schema": {}} for name in names]
        return {"parameters": parameters} | {element: {"operationId": f"{element} {path}", **OK} for element in methods}

    created = {path: item(path, methods) for path, methods in paths.items()}
    file = tmp_path / "api.json"
    file.write_text(
        json.dumps({"openapi": "3.1.0", "info": {"title": "P", "version": "1"}, "paths": created, **members})
    )
    return create_app(file).test_client()


def test_a_concrete_path_is_matched_before_a_templated_one_whatever_the_method(tmp_path: Path) -> None:
    client = serve(tmp_path, {"/pet/{petId}": ["get", "post"], "/pet/findByStatus": ["get"]})
    refused = client.post("/pet/findByStatus")
    assert refused.status_code == 405
    assert refused.json["code"] == "method-not-allowed"
    assert refused.headers["Allow"] == "GET, HEAD, OPTIONS"
    methods = ("GET", "HEAD", "OPTIONS")
    assert [client.open("/pet/findByStatus", method=method).status_code for method in methods] == [200, 200, 204]
    assert client.options("/pet/findByStatus").headers["Allow"] == "GET, HEAD, OPTIONS"
    assert client.post("/pet/1").status_code == 200


def test_the_journal_says_that_a_concrete_path_was_matched(tmp_path: Path) -> None:
    client = serve(tmp_path, {"/pet/{petId}": ["get", "post"], "/pet/findByStatus": ["get"]})
    client.post("/pet/findByStatus")
    (entry,) = client.get("/__mock/requests").json["requests"]
    assert entry["operation"] is None
    assert entry["nearest"][0]["why"] == "a concrete path is matched before its templated one"


def test_so_it_is_below_the_prefix_of_a_server(tmp_path: Path) -> None:
    paths = {"/pet/{petId}": ["post"], "/pet/findByStatus": ["get"]}
    client = serve(tmp_path, paths, servers=[{"url": "https://example.com/v3"}])
    assert [client.post(f"/v3/pet/{name}").status_code for name in ("findByStatus", "1")] == [405, 200]


def test_a_prefix_takes_nothing_from_a_path_that_is_declared(tmp_path: Path) -> None:
    client = serve(tmp_path, {"/api/{name}": ["post"], "/things": ["get"]}, servers=[{"url": "/api"}])
    assert [client.get("/api/things").status_code, client.post("/api/things").status_code] == [200, 200]


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["/a/b", "/a/{}"], {"/a/b"}),
        (["/a/{}", "/{}/{}", "/{}/b"], {"/a/{}", "/{}/b"}),
        (["/a/{}", "/{}/b"], set()),
        (["/{}.json", "/{}.{}", "/a.b.json"], {"/a.b.json"}),
        (["/a.json", "/{}.json", "/{}"], {"/a.json", "/{}.json"}),
        (["/a", "/a/{}", "/"], set()),
        (["/a/b/c", "/a/{}/d", "/{}/b/c"], {"/a/b/c"}),
    ],
)
def test_a_path_is_covered_by_one_that_matches_all_it_does(paths: list[str], found: set[str]) -> None:
    assert find_covered(paths) == found


def test_a_query_that_is_written_into_a_path_is_what_a_request_must_hold(tmp_path: Path) -> None:
    paths = {"/files/{id}": ["get"], "/files/{id}?beta=true": ["get"], "/files?beta=true&x=": ["get", "post"]}
    client = serve(tmp_path, paths, servers=[{"url": "/v1"}])

    def asked(target: str) -> Any:
        client.get(target)
        return client.get("/__mock/requests?limit=1").json["requests"][0]["operation"]

    for prefix in ("", "/v1"):
        assert asked(f"{prefix}/files/1?x=1") == "get /files/{id}"
        assert asked(f"{prefix}/files/1?x=1&beta=true") == "get /files/{id}?beta=true"
        assert asked(f"{prefix}/files?x=&beta=true") == "get /files?beta=true&x="
        assert asked(f"{prefix}/files?beta=true") is None
    warnings = client.application.extensions["mockserver"].contract.warnings
    assert [item.code for item in warnings] == ["query-in-path"] * 2


def test_of_several_parameters_in_a_segment_each_may_have_a_long_value(tmp_path: Path) -> None:
    client = serve(tmp_path, {"/images/{name}-{width}x{height}.{extension}": ["get"]})
    for size, status in ((64, 200), (200, 404)):
        assert client.get(f"/images/{'a' * size}-100x100.png").status_code == status
        assert client.get(f"/images/a-100x100.{'a' * size}").status_code == status


def test_a_path_parameter_that_is_not_in_the_path_is_not_required(tmp_path: Path) -> None:
    client = serve(tmp_path, {"/pic/{id}?key={KEY}": ["get"]})
    assert client.get("/pic/1?key=x").status_code == client.get("/pic/1").status_code == 200
