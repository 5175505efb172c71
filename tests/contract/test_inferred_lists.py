"""Lists of an OpenAPI file (`--stateful`) page by cursor, search and compare by the usual names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from mockserver import create_app, load_contract
from mockserver.cli.main import main

BOOK: dict[str, Any] = {
    "type": "object",
    "required": ["id", "title", "price", "created_at"],
    "properties": {
        "id": {"type": "string"},
        "title": {"type": "string"},
        "kind": {"enum": ["novel", "play"]},
        "price": {"type": "number"},
        "created_at": {"type": "string", "format": "date-time"},
    },
}
BOOKS = [
    {"id": f"b{number}", "title": title, "kind": "novel", "price": number * 10, "created_at": f"2026-01-0{number}T00:00:00Z"}
    for number, title in enumerate(["Emma", "Persuasion", "Sense and Sensibility", "Hamlet", "Pride and Prejudice"], 1)
]  # fmt: skip


def write(folder: Path, parameters: list[tuple[str, str]], envelope: dict[str, Any] | None) -> Path:
    """A document of books with these query parameters; without an `envelope`, the list is an array."""
    items: dict[str, Any] = {"type": "array", "items": BOOK}
    page: dict[str, Any] = {"type": "object", "required": ["data"], "properties": {"data": items, **(envelope or {})}}
    listed = {"schema": items if envelope is None else page, "example": BOOKS if envelope is None else {"data": BOOKS}}
    record = {"description": "ok", "content": {"application/json": {"schema": BOOK}}}
    path = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    query = [{"name": name, "in": "query", "schema": {"type": kind}} for name, kind in parameters]
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Books", "version": "1"},
        "paths": {
            "/books": {
                "get": {
                    "operationId": "listBooks",
                    "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}, *query],
                    "responses": {"200": {"description": "ok", "content": {"application/json": listed}}},
                }
            },
            "/books/{id}": {"get": {"operationId": "getBook", "parameters": [path], "responses": {"200": record}}},
        },
    }
    file = folder / "books.json"
    file.write_text(json.dumps(document))
    return file


def serve(folder: Path, parameters: list[tuple[str, str]], envelope: dict[str, Any] | None = None) -> FlaskClient:
    return create_app(write(folder, parameters, envelope), stateful=True).test_client()


def get(client: FlaskClient, **query: Any) -> Any:
    response = client.get("/books", query_string=query)
    assert response.status_code == 200, response.text
    return response.json


NULLABLE = {"type": ["string", "null"]}


@pytest.mark.parametrize("parameter", ["cursor", "after", "starting_after", "page_token", "pageToken"])
@pytest.mark.parametrize(
    ("envelope", "place"),
    [
        ({"next_cursor": NULLABLE}, ["next_cursor"]),
        ({"nextPageToken": {"type": "string"}}, ["nextPageToken"]),
        ({"meta": {"type": "object", "properties": {"nextCursor": NULLABLE}}}, ["meta", "nextCursor"]),
        ({"pagination": {"type": "object", "properties": {"next_page_token": NULLABLE}}}, ["pagination", "next_page_token"]),
    ],
)  # fmt: skip
def test_a_walk_by_cursor_ends_and_sees_each_record_once(
    tmp_path: Path, parameter: str, envelope: dict[str, Any], place: list[str]
) -> None:
    client = serve(tmp_path, [(parameter, "string")], envelope)
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    for _ in range(10):
        page = get(client, **query)
        seen += [book["id"] for book in page["data"]]
        following: Any = page
        for name in place:
            following = (following or {}).get(name)
        if not following:
            break
        query[parameter] = following
    assert seen == [book["id"] for book in BOOKS]


def test_has_more_is_false_on_the_last_page(tmp_path: Path) -> None:
    client = serve(tmp_path, [("starting_after", "string")], {"has_more": {"type": "boolean"}})
    assert get(client, limit=2)["has_more"] is True
    assert get(client, limit=2, starting_after="b3")["has_more"] is False
    assert [book["id"] for book in get(client, limit=2, starting_after="b3")["data"]] == ["b4", "b5"]


def test_ending_before_goes_back(tmp_path: Path) -> None:
    parameters = [("starting_after", "string"), ("ending_before", "string")]
    client = serve(tmp_path, parameters, {"has_more": {"type": "boolean"}})
    assert [book["id"] for book in get(client, limit=2, ending_before="b4")["data"]] == ["b2", "b3"]


@pytest.mark.parametrize("parameter", ["q", "query", "search"])
def test_a_search_looks_for_words_in_texts(tmp_path: Path, parameter: str) -> None:
    client = serve(tmp_path, [(parameter, "string")])
    assert [book["id"] for book in get(client, **{parameter: "AND sens"})] == ["b3"]
    assert get(client, **{parameter: "novel"}) == []


@pytest.mark.parametrize("parameter", ["title_like", "title:contains", "title[contains]", "titleContains"])
def test_a_search_may_be_in_one_field(tmp_path: Path, parameter: str) -> None:
    client = serve(tmp_path, [(parameter, "string")])
    assert [book["id"] for book in get(client, **{parameter: "AND sens"})] == ["b3"]


@pytest.mark.parametrize(("parameter", "kind"), [("price_like", "number"), ("none_like", "string"), ("like", "string")])
def test_what_is_no_text_is_not_searched(tmp_path: Path, parameter: str, kind: str) -> None:
    assert len(get(serve(tmp_path, [(parameter, kind)]), **{parameter: 1})) == 5


def test_a_page_may_start_at_a_record(tmp_path: Path) -> None:
    assert [book["id"] for book in get(serve(tmp_path, [("_start", "integer")]), limit=2, _start=1)] == ["b2", "b3"]


@pytest.mark.parametrize(
    ("parameter", "kind", "value", "expected"),
    [
        ("min_price", "number", 40, ["b4", "b5"]),
        ("maxPrice", "number", 20, ["b1", "b2"]),
        ("price_gte", "number", 50, ["b5"]),
        ("price_lt", "number", 20, ["b1"]),
        ("created_after", "string", "2026-01-04T00:00:00Z", ["b5"]),
        ("created_before", "string", "2026-01-02T00:00:00Z", ["b1"]),
        ("created_at_gte", "string", "2026-01-05T00:00:00Z", ["b5"]),
        ("min_weight", "number", 5, ["b1", "b2", "b3", "b4", "b5"]),
    ],
)
def test_a_parameter_compares_with_the_field_that_it_names(
    tmp_path: Path, parameter: str, kind: str, value: Any, expected: list[str]
) -> None:
    client = serve(tmp_path, [(parameter, kind)])
    assert [book["id"] for book in get(client, **{parameter: value})] == expected


def test_before_alone_is_no_cursor(tmp_path: Path) -> None:
    client = serve(tmp_path, [("before", "string")])
    assert len(get(client, before="2026-01-01")) == 5


def test_init_writes_what_was_inferred(tmp_path: Path) -> None:
    parameters = [("cursor", "string"), ("q", "string"), ("min_price", "number")]
    file = write(tmp_path, parameters, {"next_cursor": NULLABLE})
    result = CliRunner().invoke(main, ["init", "--from", str(file), str(tmp_path / "books")])
    assert result.exit_code == 0, result.output
    client = create_app(load_contract(tmp_path / "books")).test_client()
    page = get(client, limit=1, q="a", min_price=20)
    assert [book["id"] for book in page["data"]] == ["b2"]
    assert [book["id"] for book in get(client, limit=1, q="a", min_price=20, cursor=page["next_cursor"])["data"]] == [
        "b3"
    ]
