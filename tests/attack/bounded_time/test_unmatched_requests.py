"""A request that matches no operation is cheap, however many operations there are and whatever its path is."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from mockserver import create_app
from mockserver.errors import nearest
from mockserver.http import nearest_operations
from mockserver.http.nearest_operations import NearestOperations
from mockserver.openapi.model import Operation
from tests.attack.growth import assert_grows_linearly
from tests.conftest import Serve

METHODS = ("get", "put", "delete")


def document(paths: int) -> dict[str, object]:
    """A document whose paths are all similar."""
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    operation = {"parameters": [parameter], "responses": {"200": {"description": "ok"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Large", "version": "1"},
        "paths": {
            f"/api/v1/things{number}/{{id}}/parts": dict.fromkeys(METHODS, operation)
            for number in range(paths)
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory) -> list[Operation]:
    """Those of a document with 400 paths."""
    file = tmp_path_factory.mktemp("large") / "openapi.json"
    file.write_text(json.dumps(document(400)))
    return list(create_app(file).extensions["mockserver"].contract.operations.values())


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The path of every operation that is compared in full."""
    compared: list[str] = []
    similarity = nearest_operations._similarity

    def count(operation: Operation, path: str) -> float:
        compared.append(operation.path)
        return similarity(operation, path)

    monkeypatch.setattr(nearest_operations, "_similarity", count)
    return compared


def test_of_many_paths_few_are_compared_in_full(operations: list[Operation], counted: list[str]) -> None:
    NearestOperations(operations).find("GET", "/api/v1/thing17/5/parts")
    assert len(counted) == nearest_operations.COMPARED


def test_the_same_path_is_compared_once(operations: list[Operation], counted: list[str]) -> None:
    search = NearestOperations(operations)
    for _ in range(3):
        search.find("GET", "/api/v1/thing17/5/parts")
    assert len(counted) == nearest_operations.COMPARED


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("/api/v1/things17/5/part", "/api/v1/things17/{id}/parts"),
        ("/api/v1/thigns399/5/parts", "/api/v1/things399/{id}/parts"),
        ("/api/v2/things250/5/parts", "/api/v1/things250/{id}/parts"),
        ("/api/v1/things250/5/parts/", "/api/v1/things250/{id}/parts"),
        ("/v1/things250/5/parts", "/api/v1/things250/{id}/parts"),
        ("/api/v1/things250/0123456789abcdef0123456789abcdef/parts/x", "/api/v1/things250/{id}/parts"),
    ],
)
def test_of_many_paths_the_nearest_one_comes_first(operations: list[Operation], path: str, operation: str) -> None:
    best = NearestOperations(operations).find("DELETE", path)[0]
    assert best["method"] == "DELETE"
    assert best["path"] == operation


def test_a_path_that_shares_nothing_has_no_nearest_operations(operations: list[Operation]) -> None:
    assert NearestOperations(operations).find("GET", "~~~~") == []


@pytest.mark.parametrize("text", ["a", "/a", "/api/v1/things", "/", "ab/", "{id}/", "%2F"])
def test_the_time_to_compare_a_long_path_is_bounded(operations: list[Operation], text: str) -> None:
    def prepare(size: int) -> Callable[[], object]:
        path = f"/{text * (size // len(text))}"
        return lambda: NearestOperations(operations[:60]).find("GET", path)

    assert_grows_linearly(prepare, 4_000)


def test_the_time_of_unmatched_requests_and_their_verdict_grows_linearly(serve: Serve) -> None:
    client = serve(document(100))

    def prepare(size: int) -> Callable[[], object]:
        def work() -> None:
            client.post("/__mock/reset")
            for number in range(size):
                client.get(f"/api/v1/thing/{number}")
            assert len(client.get("/__mock/verdict").json["unmatched"]) == size

        return work

    assert_grows_linearly(prepare, 20)


def test_the_time_to_suggest_one_of_many_names_is_bounded() -> None:
    def prepare(size: int) -> Callable[[], object]:
        names = [f"sandbox-{number}" for number in range(size)]
        return lambda: nearest("sandbox-17x", names)

    assert_grows_linearly(prepare, 2_500)


def test_of_many_names_one_that_begins_alike_is_suggested() -> None:
    assert nearest("sandbox-9999x", [f"sandbox-{number}" for number in range(10_000)], 1) == ("sandbox-9999",)


@pytest.mark.parametrize("path", ["/p/{a}.{b}-{c}/x", "/p/{a}.{b}.json/x", "/p/{a}{b}{c}x/x"])
def test_a_segment_with_several_parameters_is_matched_in_linear_time(serve: Serve, path: str) -> None:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {}} for name in "abc" if f"{{{name}}}" in path
    ]
    item = {"parameters": parameters, "get": {"responses": {"204": {"description": "done"}}}}
    client = serve({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {path: item}})
    assert client.get("/p/a.b-c.jsonx/x").status_code == (404 if "json" in path else 204)
    assert client.get("/p/a.b.c.json/x").status_code == (204 if "json" in path else 404)

    def prepare(size: int) -> Callable[[], object]:
        target = f"/p/{'.' * size}/x"
        return lambda: client.get(target)

    assert prepare(8)().status_code == 404  # type: ignore[attr-defined]
    assert_grows_linearly(prepare, 2_000)
