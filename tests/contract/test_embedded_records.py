"""What a record shows of another resource is one of its records, and the key beside it says which."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import create_app, load_contract
from tests.documents.kennel import array, ref


def shown(schema: Any, status: str = "200") -> dict[str, Any]:
    return {status: {"description": "ok", "content": {"application/json": {"schema": schema}}}}


def record(*required: str, **members: Any) -> dict[str, Any]:
    return {"type": "object", "required": ["id", *required], "properties": {"id": {"type": "integer"}, **members}}


KEYS = {"type": "array", "items": {"type": "integer"}}
POST = {
    "title": {"type": "string"},
    "author": ref("User"),
    "authorId": {"type": "integer"},
    "categories": array("Category"),
    "categoryIds": KEYS,
}
BODY = {
    "type": "object",
    "properties": {
        "title": POST["title"],
        "authorId": {"type": ["integer", "null"]},
        "categoryIds": KEYS,
        "author": ref("User"),
    },
}
SENT = {"content": {"application/json": {"schema": BODY}}}
PARAMETER = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Blog", "version": "1"},
    "paths": {
        "/posts": {
            "get": {"operationId": "listPosts", "responses": shown(array("Post"))},
            "post": {"operationId": "createPost", "requestBody": SENT, "responses": shown(ref("Post"), "201")},
        },
        "/posts/{id}": {
            "parameters": [PARAMETER],
            "get": {"operationId": "getPost", "responses": shown(ref("Post"))},
            "patch": {"operationId": "updatePost", "requestBody": SENT, "responses": shown(ref("Post"))},
        },
        "/users": {"get": {"operationId": "listUsers", "responses": shown(array("User"))}},
        "/users/{id}": {
            "parameters": [PARAMETER],
            "get": {"operationId": "getUser", "responses": shown(ref("User"))},
        },
        "/categories": {"get": {"operationId": "listCategories", "responses": shown(array("Category"))}},
    },
    "components": {
        "schemas": {
            "Post": record("author", "authorId", "categories", "categoryIds", **POST),
            "User": record("name", name={"type": "string"}),
            "Category": record("name", name={"type": "string"}),
        }
    },
}


def serve(path: Path, **schemas: Any) -> FlaskClient:
    """A client of the blog with other schemas for some of its records."""
    declared = DOCUMENT["components"]["schemas"] | schemas
    path.write_text(json.dumps(DOCUMENT | {"components": {"schemas": declared}}))
    return create_app(load_contract(path, stateful=True)).test_client()


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return serve(tmp_path / "blog.json")


# The author of a post may be null, and so may be the key.
AUTHOR_OR_NULL = POST | {
    "author": {"anyOf": [ref("User"), {"type": "null"}]},
    "authorId": {"type": ["integer", "null"]},
}


def get(client: FlaskClient, path: str) -> Any:
    return client.get(path).json


def test_generated_records_show_records_that_there_are(client: FlaskClient) -> None:
    users, categories = get(client, "/users"), get(client, "/categories")
    posts = get(client, "/posts")
    assert len(posts) == 3
    for post in posts:
        assert post["author"] in users
        assert post["authorId"] == post["author"]["id"]
        assert all(category in categories for category in post["categories"])
        assert post["categoryIds"] == [category["id"] for category in post["categories"]]


def test_a_new_record_shows_what_its_keys_name(client: FlaskClient) -> None:
    created: Any = client.post("/posts", json={"title": "x", "authorId": 2, "categoryIds": [3, 1]}).json
    assert created["author"] == get(client, "/users/2")
    assert [category["id"] for category in created["categories"]] == [3, 1]


def test_a_new_record_without_keys_shows_the_first(client: FlaskClient) -> None:
    created: Any = client.post("/posts", json={"title": "x"}).json
    assert (created["authorId"], created["author"]) == (1, get(client, "/users/1"))


def test_a_change_of_a_key_changes_what_is_shown(client: FlaskClient) -> None:
    changed: Any = client.patch("/posts/1", json={"authorId": 3}).json
    assert changed["author"] == get(client, "/users/3")
    assert changed["categories"] == get(client, "/posts/1")["categories"]


@pytest.mark.parametrize("keys", [{"authorId": 99}, {"categoryIds": [1, 99]}])
def test_a_key_of_nothing_changes_nothing_else(client: FlaskClient, keys: dict[str, Any]) -> None:
    before = get(client, "/posts/1")
    assert client.patch("/posts/1", json=keys).json == {**before, **keys}


def test_what_a_client_sends_is_kept(client: FlaskClient) -> None:
    author = {"id": 99, "name": "Ada"}
    created: Any = client.post("/posts", json={"author": author, "authorId": 1}).json
    changed: Any = client.patch("/posts/1", json={"author": author, "authorId": 2}).json
    assert created["author"] == changed["author"] == author


def test_what_may_be_null_follows_its_key(tmp_path: Path) -> None:
    client = serve(tmp_path / "blog.json", Post=record("author", **AUTHOR_OR_NULL))
    changed: Any = client.patch("/posts/1", json={"authorId": 3}).json
    created: Any = client.post("/posts", json={"title": "x", "authorId": 2}).json
    assert changed["author"] == get(client, "/users/3")
    assert created["author"] == get(client, "/users/2")


def test_a_new_record_without_keys_has_null_where_it_may(tmp_path: Path) -> None:
    client = serve(tmp_path / "blog.json", Post=record("author", **AUTHOR_OR_NULL))
    assert client.post("/posts", json={"title": "x"}).json["author"] is None


@pytest.mark.parametrize(
    ("author", "expected"), [({"anyOf": [ref("User"), {"type": "null"}]}, {"author": None}), (ref("User"), {})]
)
def test_a_removed_key_removes_what_is_shown(tmp_path: Path, author: Any, expected: Any) -> None:
    client = serve(tmp_path / "blog.json", Post=record(**AUTHOR_OR_NULL | {"author": author}))
    changed: Any = client.patch("/posts/1", json={"authorId": None}).json
    assert {name: value for name, value in changed.items() if name == "author"} == expected


def test_a_summary_shows_its_members_alone(tmp_path: Path) -> None:
    summary = record("name", name={"type": "string"})
    user = {"allOf": [ref("Summary"), record(email={"type": "string", "format": "email"})]}
    client = serve(tmp_path / "blog.json", Post=record(**POST | {"author": ref("Summary")}), Summary=summary, User=user)
    changed: Any = client.patch("/posts/1", json={"authorId": 3}).json
    author = get(client, "/users/3")
    assert changed["author"] == {"id": 3, "name": author["name"]}


def test_records_that_show_each_other_stay_small(tmp_path: Path) -> None:
    category = record("name", name={"type": "string"}, posts=array("Post"), postIds=KEYS)
    document = json.loads(json.dumps(DOCUMENT))
    document["paths"]["/categories/{id}"] = {
        "parameters": [PARAMETER],
        "patch": {
            "operationId": "updateCategory",
            "requestBody": {"content": {"application/json": {"schema": record(postIds=KEYS) | {"required": []}}}},
            "responses": shown(ref("Category")),
        },
    }
    document["components"]["schemas"]["Category"] = category
    path = tmp_path / "blog.json"
    path.write_text(json.dumps(document))
    client = create_app(load_contract(path, stateful=True)).test_client()
    for count in (8, 9, 8, 9):
        post = client.patch("/posts/1", json={"categoryIds": [1] * count})
        assert len(post.data) < 100_000
        assert len(post.json["categories"]) == count
        client.patch("/categories/1", json={"postIds": [1] * count})


def test_of_several_resources_with_a_schema_the_one_called_like_it_is_shown(tmp_path: Path) -> None:
    document = json.loads(json.dumps(DOCUMENT))
    document["paths"]["/blocked"] = {"get": {"operationId": "listBlocked", "responses": shown(array("User"))}}
    document["paths"]["/blocked/{id}"] = {
        "parameters": [PARAMETER],
        "get": {"operationId": "getBlocked", "responses": shown(ref("User"))},
        "delete": {"operationId": "unblock", "responses": {"204": {"description": "done"}}},
    }
    path = tmp_path / "blog.json"
    path.write_text(json.dumps(document))
    client = create_app(load_contract(path, stateful=True)).test_client()
    changed: Any = client.patch("/posts/1", json={"authorId": 3}).json
    assert changed["author"] == get(client, "/users/3")


def test_a_new_record_shows_what_the_others_show(tmp_path: Path) -> None:
    client = serve(tmp_path / "blog.json", Post=record(**POST))
    created: Any = client.post("/posts", json={"title": "x", "authorId": 2, "categoryIds": [3]}).json
    assert created["author"] == get(client, "/users/2")
    assert [category["id"] for category in created["categories"]] == [3]
    other: Any = client.post("/posts", json={"title": "x"}).json
    assert "author" not in other


def test_what_was_removed_with_its_key_comes_back_with_another(tmp_path: Path) -> None:
    client = serve(tmp_path / "blog.json", Post=record(**AUTHOR_OR_NULL | {"author": ref("User")}))
    client.patch("/posts/2", json={"authorId": None})
    changed: Any = client.patch("/posts/2", json={"authorId": 3}).json
    assert changed["author"] == get(client, "/users/3")
