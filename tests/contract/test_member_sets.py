"""Sets of records of another collection, such as the products on a wishlist, are inferred and kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import Contract, create_app, load_contract
from mockserver.check.checker import ContractChecker
from mockserver.errors import ContractError
from tests.documents.kennel import array, ref

Change = Callable[[dict[str, Any]], object]
Load = Callable[..., Contract]
DONE: dict[str, Any] = {"204": {"description": "done"}}
KEY = {"name": "userId", "in": "path", "required": True, "schema": {"type": "integer"}}
PROJECT = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}


def shown(schema: Any, status: str = "200") -> dict[str, Any]:
    return {status: {"description": "ok", "content": {"application/json": {"schema": schema}}}}


def operation(name: str, responses: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"operationId": name, "responses": responses, **more}


def body(**members: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": [*members], "properties": members}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Projects", "version": "1"},
    "paths": {
        "/users": {
            "get": operation("listUsers", shown(array("User"))),
            "post": operation("createUser", shown(ref("User"), "201"), requestBody=body(name={"type": "string"})),
        },
        "/users/{userId}": {
            "parameters": [KEY],
            "get": operation("getUser", shown(ref("User"))),
            "patch": operation("updateUser", shown(ref("User")), requestBody=body(name={"type": "string"})),
            "delete": operation("deleteUser", DONE),
        },
        "/projects": {
            "get": operation("listProjects", shown(array("Project"))),
            "post": operation("createProject", shown(ref("Project"), "201"), requestBody=body(name={"type": "string"})),
        },
        "/projects/{id}": {"parameters": [PROJECT], "get": operation("getProject", shown(ref("Project")))},
        "/projects/{id}/members": {
            "parameters": [PROJECT],
            "get": operation("listMembers", shown(array("User"))),
        },
        "/projects/{id}/members/{userId}": {
            "parameters": [PROJECT, KEY],
            "get": operation("isMember", {**DONE, "404": {"description": "not a member"}}),
            "put": operation("addMember", {**DONE, "404": {"description": "no such user"}}),
            "delete": operation("removeMember", DONE),
        },
        "/following": {
            "get": operation(
                "listFollowing",
                shown(
                    {
                        "type": "object",
                        "properties": {"users": array("User"), "total": {"type": "integer"}},
                    }
                ),
                parameters=[{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
            ),
            "post": operation("follow", shown(ref("User"), "201"), requestBody=body(user_id={"type": "integer"})),
            "delete": operation("unfollowAll", DONE),
        },
        "/following/{userId}": {"parameters": [KEY], "delete": operation("unfollow", DONE)},
    },
    "components": {
        "schemas": {
            "User": {
                "type": "object",
                "required": ["id", "name"],
                "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
            },
            "Project": {
                "type": "object",
                "required": ["id", "name"],
                "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
            },
        }
    },
}


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads the document, changed, with the resources that are inferred from it."""

    def load_changed(change: Change | None = None) -> Contract:
        document = json.loads(json.dumps(DOCUMENT))
        if change is not None:
            change(document["paths"])
        path = tmp_path / "projects.json"
        path.write_text(json.dumps(document))
        return load_contract(path, stateful=True)

    return load_changed


@pytest.fixture
def client(load: Load) -> FlaskClient:
    return create_app(load()).test_client()


def ids(client: FlaskClient, path: str) -> list[int]:
    listed: Any = client.get(path).json
    return [user["id"] for user in (listed["users"] if isinstance(listed, dict) else listed)]


def test_sets_are_inferred(load: Load) -> None:
    assert [line for line in load().inferred.values() if "owned by users" in line] == [
        "following: /following, key user_id, owned by users; list, create, delete_all, delete",
        "members: /projects/{id}/members, key userId, owned by users and projects; list, read, replace, delete",
    ]


def test_an_inferred_set_passes_the_check(load: Load) -> None:
    checker = ContractChecker(load())
    assert [*checker.steps()]
    assert checker.findings == []


def test_a_member_is_added_and_removed_below_its_owner(client: FlaskClient) -> None:
    added = next(user for user in ids(client, "/users") if user not in ids(client, "/projects/1/members"))
    others = ids(client, "/projects/2/members")
    assert client.put(f"/projects/1/members/{added}").status_code == 204
    assert client.put(f"/projects/1/members/{added}").status_code == 204
    assert ids(client, "/projects/1/members").count(added) == 1
    assert ids(client, "/projects/2/members") == others
    assert client.get(f"/projects/1/members/{added}").status_code == 204
    assert client.delete(f"/projects/1/members/{added}").status_code == 204
    assert client.get(f"/projects/1/members/{added}").status_code == 404
    assert added not in ids(client, "/projects/1/members")


@pytest.mark.parametrize("path", ["/projects/1/members/99", "/projects/99/members/1"])
def test_what_does_not_exist_is_no_member_and_has_none(client: FlaskClient, path: str) -> None:
    assert client.put(path).status_code == 404


def test_a_member_is_named_by_the_body(client: FlaskClient) -> None:
    assert ids(client, "/following") == [1, 2]
    added = client.post("/following", json={"user_id": 3})
    assert (added.status_code, added.json) == (201, client.get("/users/3").json)
    assert client.get("/following?limit=1").json == {"users": [client.get("/users/1").json], "total": 3}
    client.delete("/following")
    assert ids(client, "/following") == []


def test_members_are_the_records_themselves(client: FlaskClient) -> None:
    client.patch("/users/2", json={"name": "Ada"})
    listed: Any = client.get("/following").json
    assert [user["name"] for user in listed["users"] if user["id"] == 2] == ["Ada"]
    client.delete("/users/2")
    assert ids(client, "/following") == [1]


@pytest.mark.parametrize(
    "change",
    [
        lambda paths: paths["/following"].pop("post"),
        lambda paths: paths["/following"]["post"].update(requestBody=body(user_id={}, note={})),
        lambda paths: paths["/following"]["post"].update(responses=shown({"type": "object", "properties": {"a": {}}})),
        lambda paths: paths["/following/{userId}"].update(
            put=operation("replaceFollowed", DONE, requestBody=body(a={}))
        ),
        lambda paths: paths["/following"]["get"].update(responses=shown(array("Project"))),
    ],
    ids=["nothing is added", "a body with more", "another response", "a member with a body", "records of another kind"],
)
def test_a_set_whose_operations_do_not_fit_is_none(load: Load, change: Change) -> None:
    resources = load(change).resources
    assert "following" not in resources or not resources["following"].is_set


def test_nothing_but_references_makes_a_set(load: Load) -> None:
    resources = load().resources
    assert {name for name, resource in resources.items() if resource.is_set} == {"following", "members"}


def test_a_set_whose_members_can_be_read_is_one(load: Load) -> None:
    def let_members_be_read(paths: dict[str, Any]) -> None:
        creation = operation("addMember", shown(ref("User"), "201"), requestBody=body(user_id={"type": "integer"}))
        paths["/projects/{id}/members"]["post"] = creation
        member = paths["/projects/{id}/members/{userId}"]
        del member["put"]
        member["get"] = operation("getMember", {**shown(ref("User")), "404": {"description": "not a member"}})

    client = create_app(load(let_members_be_read)).test_client()
    user: Any = client.get("/users/3").json
    client.delete("/projects/1/members/3")
    assert client.get("/projects/1/members/3").status_code == 404
    assert client.post("/projects/1/members", json={"user_id": 3}).json == user
    assert client.get("/projects/1/members/3").json == user


def test_a_set_that_comes_before_the_collection_of_its_members_is_one(load: Load) -> None:
    def put_first(paths: dict[str, Any]) -> None:
        others = dict(paths)
        paths.clear()
        paths["/favorites"] = {"get": operation("listFavorites", shown(array("User")))}
        paths["/favorites/{userId}"] = {
            "parameters": [KEY],
            "get": operation("getFavorite", shown(ref("User"))),
            "put": operation("addFavorite", shown(ref("User"))),
            "delete": operation("removeFavorite", DONE),
        }
        paths.update(others)

    contract = load(put_first)
    assert contract.resources["favorites"].is_set
    assert contract.behaviours["addFavorite"].shown == "userId"


def test_a_removal_that_responds_with_a_member_returns_the_removed_one(load: Load) -> None:
    def let_removal_respond(paths: dict[str, Any]) -> None:
        paths["/following/{userId}"]["delete"] = operation("unfollow", shown(ref("User")))

    client = create_app(load(let_removal_respond)).test_client()
    client.post("/following", json={"user_id": 3})
    assert client.delete("/following/3").json == client.get("/users/3").json


def test_a_collection_that_is_called_like_its_schema_is_no_set(load: Load) -> None:
    def add_others(paths: dict[str, Any]) -> None:
        paths["/users"] = {"get": paths["/users"]["get"]}
        paths["/users/{userId}"] = {
            "parameters": [KEY],
            "get": operation("getUser", shown(ref("User"))),
            "put": operation("touchUser", shown(ref("User"))),
            "delete": operation("deleteUser", DONE),
        }
        paths["/retired"] = {"get": operation("listRetired", shown(array("User")))}
        paths["/retired/{userId}"] = {
            "parameters": [KEY],
            "get": operation("getRetired", shown(ref("User"))),
            "delete": operation("forgetRetired", DONE),
        }

    resources = load(add_others).resources
    assert not resources["users"].is_set
    assert not resources["retired"].is_set


@pytest.mark.parametrize("product", [{"type": ["integer", "null"]}, {"type": "integer"}])
def test_a_field_that_may_refer_to_nothing_cannot_be_shown(tmp_path: Path, product: dict[str, Any]) -> None:
    number = {"type": "integer"}
    is_required = "null" in product["type"]
    pick = {
        "type": "object",
        "required": ["id"] + ["product"] * is_required,
        "properties": {"id": number, "product": product},
    }
    paths = {"/picks": {"get": operation("listPicks", shown({"type": "array", "items": {}}))}}
    resources = {
        "products": {"schema": "product.json", "key": "id"},
        "picks": {"schema": "pick.json", "key": "id", "references": {"product": "products"}},
    }
    files: dict[str, Any] = {
        "openapi.yaml": {"openapi": "3.1.0", "info": {"title": "Picks", "version": "1"}, "paths": paths},
        "product.json": {"type": "object", "required": ["id"], "properties": {"id": number}},
        "pick.json": pick,
        "resources.yaml": {"resources": resources, "operations": {"listPicks": {"list": "picks", "show": "product"}}},
    }
    (tmp_path / "schemas").mkdir()
    for name, data in files.items():
        (tmp_path / "schemas" / name).write_text(json.dumps(data))
    with pytest.raises(ContractError, match='"product" may be null or missing, and then no record can be shown'):
        load_contract(tmp_path)
