"""What `--stateful` keeps of the usual shapes of an API: documents, and requests with the responses to expect.

A line is `METHOD path [body] = status [response]`; the collections are empty at first. After `~`, the response has
these members among others.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mockserver import create_app, load_contract
from mockserver.check.checker import ContractChecker
from mockserver.cli.main import main
from mockserver.contract.model import Contract
from mockserver.recorder.directory import files_from_contract, write
from tests.attack.scale import some
from tests.conftest import Serve
from tests.documents.api_shapes import API_SHAPES
from tests.documents.change_shapes import CHANGE_SHAPES
from tests.documents.owner_shapes import OWNER_SHAPES
from tests.documents.shapes import INTEGER, TEXT, array_of, crud, document, operation, record

Paths = dict[str, dict[str, Any]]
USER = record(id=INTEGER, name=TEXT)
SETTINGS = record(theme=TEXT, size=INTEGER)
TEAM = {**record(id=TEXT, name=TEXT, office=record(code=TEXT)), "required": ["id", "name"]}


def single(schema: Any, *more: str) -> dict[str, Any]:
    """The operations on a single record."""
    methods = {
        "get": operation(schema=schema),
        "put": operation(body=schema, schema=schema),
        "patch": operation(body={**schema, "required": []}, schema=schema),
        "post": operation(body=schema, status=201, schema=schema),
        "delete": operation(status=204),
    }
    return {name: methods[name] for name in ("get", *(more or ("put", "patch")))}


def users() -> Paths:
    """A collection that others belong to."""
    return crud("/users", "/users/{id}", USER)


def listed(collection: str, schema: Any) -> Paths:
    """A collection that can be listed and created in."""
    return {collection: crud(collection, "/x/{id}", schema)[collection]}


def item(path: str, schema: Any, *methods: str) -> Paths:
    """Operations on one record."""
    every = crud("/x", path, schema)[path]
    return {path: {name: every[name] for name in methods}}


SIZE = {"type": "object", "required": ["height"], "properties": {"height": INTEGER, "width": INTEGER}}
SIZE_PATCH = {"properties": {"height": INTEGER, "width": {"type": ["integer", "null"]}}, "type": "object"}
TAG = {"type": "object", "properties": {"id": INTEGER, "name": TEXT}}
PART = record(id=TEXT, size=SIZE, tags=array_of(TAG), marks=array_of(TEXT)) | {"required": ["id"]}
MARK = record(id=TEXT, user_id=INTEGER)
JSON_PATCH = operation(schema=USER) | {
    "requestBody": {
        "content": {
            "application/json-patch+json": {"schema": {"type": "array", "items": {"type": "object"}}},
            "application/merge-patch+json": {"schema": {**USER, "required": []}},
            "application/json": {"schema": {"type": "object"}},
        }
    }
}
STATUS = {"enum": ["open", "sent", "done"]}
ORDER = {
    "type": "object",
    "required": ["id", "status"],
    "properties": {
        "id": TEXT,
        "user_id": INTEGER,
        "status": STATUS,
        "pay_state": {"enum": ["paid", "due"], "default": "due"},
    },
}
BOOLEAN = {"type": "boolean"}
POST = record(
    id=TEXT,
    status={"enum": ["draft", "published", "cancelled"]},
    published=BOOLEAN,
    is_active=BOOLEAN,
    starred=BOOLEAN,
)
THING = record(id=TEXT, label=TEXT)
PAGE = {
    "type": "object",
    "properties": {"number": INTEGER, "size": {**INTEGER, "default": 2}},
    "additionalProperties": False,
}
FILTER = record(label=record(prefix=TEXT) | {"required": []}) | {"required": []}
OPTIONAL_THING = {"type": "object", "properties": {"label": TEXT, "limit": INTEGER}}
NOTE = record(id=INTEGER, text=TEXT)
SHAPES: dict[str, tuple[Paths, str]] = {
    "the settings": (
        {"/settings": single(SETTINGS)},
        """
        PUT /settings {"theme": "dark", "size": 1} = 200 {"theme": "dark", "size": 1}
        GET /settings = 200 {"theme": "dark", "size": 1}
        PATCH /settings {"size": 2} = 200 {"theme": "dark", "size": 2}
        GET /settings = 200 {"theme": "dark", "size": 2}
        """,
    ),
    "the settings that are created and deleted": (
        {"/settings": single(SETTINGS, "post", "delete")},
        """
        GET /settings = 404
        POST /settings {"theme": "dark", "size": 1} = 201 {"theme": "dark", "size": 1}
        GET /settings = 200 {"theme": "dark", "size": 1}
        POST /settings {"theme": "light", "size": 1} = 201 {"theme": "light", "size": 1}
        DELETE /settings = 204
        GET /settings = 404
        DELETE /settings = 404
        """,
    ),
    "the settings that a PUT creates": (
        {"/settings": single(SETTINGS, "put", "patch", "delete")},
        """
        PATCH /settings {"size": 2} = 404
        PUT /settings {"theme": "dark", "size": 1} = 200 {"theme": "dark", "size": 1}
        PATCH /settings {"size": 2} = 200 {"theme": "dark", "size": 2}
        DELETE /settings = 204
        PUT /settings {"theme": "light", "size": 1} = 200 {"theme": "light", "size": 1}
        GET /settings = 200 {"theme": "light", "size": 1}
        """,
    ),
    "the user who is logged in, in an envelope": (
        {
            "/v1/me": {
                "get": operation(schema=record(data=USER)),
                "put": operation(body=USER, schema=record(data=USER)),
            }
        },
        """
        PUT /v1/me {"id": 7, "name": "Ann"} = 200 {"data": {"id": 7, "name": "Ann"}}
        GET /v1/me = 200 {"data": {"id": 7, "name": "Ann"}}
        """,
    ),
    "bodies in an envelope, with a member that is an object in the records": (
        {
            "/teams": {
                "get": operation(schema=record(data=array_of(TEAM))),
                "post": operation(
                    body=record(data=record(name=TEXT, office=TEXT)), schema=record(data=TEAM), status=201
                ),
            },
            "/teams/{id}": {"get": operation(schema=record(data=TEAM))},
        },
        """
        POST /teams {"data": {"name": "a", "office": "7"}} = 201 {"data": {"id": "1", "name": "a"}}
        GET /teams/1 = 200 {"data": {"id": "1", "name": "a"}}
        """,
    ),
    "the profile of each user": (
        users() | {"/users/{id}/profile": single(record(bio=TEXT), "put", "patch", "delete")},
        """
        PUT /users/1/profile {"bio": "x"} = 404
        POST /users {"id": 1, "name": "Ann"} = 201
        POST /users {"id": 2, "name": "Bob"} = 201
        GET /users/1/profile = 404
        PUT /users/1/profile {"bio": "x"} = 200 {"bio": "x"}
        GET /users/1/profile = 200 {"bio": "x"}
        GET /users/2/profile = 404
        PUT /users/2/profile {"bio": "y"} = 200 {"bio": "y"}
        DELETE /users/1/profile = 204
        GET /users/1/profile = 404
        GET /users/2/profile = 200 {"bio": "y"}
        DELETE /users/2 = 204
        GET /users/2/profile = 404
        """,
    ),
    "the profile of each user, which says whose it is": (
        users() | {"/users/{id}/profile": single(record(user_id=INTEGER, bio=TEXT))},
        """
        POST /users {"id": 1, "name": "Ann"} = 201
        PATCH /users/1/profile {"bio": "x"} = 200 {"user_id": 1, "bio": "x"}
        GET /users/1/profile = 200 {"user_id": 1, "bio": "x"}
        PUT /users/1/profile {"user_id": 2, "bio": "x"} = 422
        GET /users/2/profile = 404
        """,
    ),
    "the profile of each user, which is always there": (
        users() | {"/users/{id}/profile": single(SETTINGS, "patch")},
        """
        POST /users {"id": 1, "name": "Ann"} = 201
        GET /users/1/profile = 200
        PATCH /users/1/profile {"theme": "dark", "size": 1} = 200 {"theme": "dark", "size": 1}
        GET /users/1/profile = 200 {"theme": "dark", "size": 1}
        GET /users/9/profile = 404
        PATCH /users/9/profile {"size": 1} = 404
        """,
    ),
    "the settings of what no collection has": (
        {"/devices/{serial}/settings": single(SETTINGS)},
        """
        PUT /devices/a/settings {"theme": "dark", "size": 1} = 200 {"theme": "dark", "size": 1}
        PUT /devices/b/settings {"theme": "light", "size": 1} = 200 {"theme": "light", "size": 1}
        GET /devices/a/settings = 200 {"theme": "dark", "size": 1}
        GET /devices/b/settings = 200 {"theme": "light", "size": 1}
        """,
    ),
    "the settings two levels below": (
        crud("/orgs", "/orgs/{org}", record(id=TEXT, label=TEXT))
        | crud("/orgs/{org}/projects", "/orgs/{org}/projects/{project}", record(id=TEXT, label=TEXT))
        | {"/orgs/{org}/projects/{project}/settings": single(SETTINGS, "put", "delete")},
        """
        POST /orgs {"id": "o", "label": "O"} = 201
        POST /orgs {"id": "q", "label": "Q"} = 201
        POST /orgs/o/projects {"id": "p", "label": "P"} = 201
        PUT /orgs/q/projects/p/settings {"theme": "dark", "size": 1} = 404
        PUT /orgs/o/projects/p/settings {"theme": "dark", "size": 1} = 200
        GET /orgs/o/projects/p/settings = 200 {"theme": "dark", "size": 1}
        GET /orgs/q/projects/p/settings = 404
        DELETE /orgs/o = 204
        GET /orgs/o/projects/p/settings = 404
        """,
    ),
    "a list of which no record can be read alone": (
        listed("/tags", record(text=TEXT)),
        """
        GET /tags = 200 []
        POST /tags {"text": "a"} = 201 {"text": "a"}
        POST /tags {"text": "a"} = 201 {"text": "a"}
        GET /tags = 200 [{"text": "a"}, {"text": "a"}]
        """,
    ),
    "a list below a record": (
        users() | listed("/users/{id}/notes", record(text=TEXT)),
        """
        POST /users/1/notes {"text": "a"} = 404
        POST /users {"id": 1, "name": "Ann"} = 201
        POST /users {"id": 2, "name": "Bob"} = 201
        POST /users/1/notes {"text": "a"} = 201 {"text": "a"}
        POST /users/1/notes {"text": "b"} = 201 {"text": "b"}
        GET /users/1/notes = 200 [{"text": "a"}, {"text": "b"}]
        GET /users/2/notes = 200 []
        GET /users/3/notes = 404
        """,
    ),
    "a list below a record, with keys": (
        users() | listed("/users/{id}/notes", NOTE),
        """
        POST /users {"id": 1, "name": "Ann"} = 201
        POST /users/1/notes {"id": 1, "text": "a"} = 201 {"id": 1, "text": "a"}
        POST /users/1/notes {"id": 1, "text": "a"} = 409
        GET /users/1/notes = 200 [{"id": 1, "text": "a"}]
        """,
    ),
    "a list of what can be deleted but not read": (
        listed("/keys", NOTE) | item("/keys/{id}", NOTE, "delete"),
        """
        POST /keys {"id": 1, "text": "a"} = 201 {"id": 1, "text": "a"}
        GET /keys = 200 [{"id": 1, "text": "a"}]
        DELETE /keys/1 = 204
        DELETE /keys/1 = 404
        GET /keys = 200 []
        """,
    ),
    "a list below a record, of records at a path of their own": (
        users() | listed("/users/{id}/notes", NOTE) | item("/notes/{petId}", NOTE, "get", "patch", "delete"),
        """
        POST /users {"id": 1, "name": "Ann"} = 201
        POST /users {"id": 2, "name": "Bob"} = 201
        POST /users/1/notes {"id": 5, "text": "a"} = 201 {"id": 5, "text": "a"}
        GET /notes/5 = 200 {"id": 5, "text": "a"}
        PATCH /notes/5 {"text": "b"} = 200 {"id": 5, "text": "b"}
        GET /users/1/notes = 200 [{"id": 5, "text": "b"}]
        GET /users/2/notes = 200 []
        DELETE /notes/5 = 204
        GET /users/1/notes = 200 []
        """,
    ),
    "the records of a collection that belong to another": (
        users()
        | crud("/orders", "/orders/{order_id}", record(id=TEXT, user_id=INTEGER))
        | {"/users/{id}/orders": {"get": operation(schema=array_of(record(id=TEXT, user_id=INTEGER)))}},
        """
        POST /users {"id": 1, "name": "Ann"} = 201
        POST /users {"id": 2, "name": "Bob"} = 201
        POST /orders {"id": "a", "user_id": 1} = 201
        POST /orders {"id": "b", "user_id": 2} = 201
        GET /users/1/orders = 200 [{"id": "a", "user_id": 1}]
        PATCH /orders/a {"user_id": 2} = 200
        GET /users/1/orders = 200 []
        GET /users/9/orders = 404
        """,
    ),
    "records two levels below are not found below another": (
        crud("/orgs", "/orgs/{org}", record(id=TEXT, label=TEXT))
        | crud("/orgs/{org}/projects", "/orgs/{org}/projects/{project}", record(id=TEXT, label=TEXT))
        | listed("/orgs/{org}/projects/{project}/notes", NOTE),
        """
        POST /orgs {"id": "o", "label": "O"} = 201
        POST /orgs {"id": "q", "label": "Q"} = 201
        POST /orgs/o/projects {"id": "p", "label": "P"} = 201
        POST /orgs/q/projects/p/notes {"id": 1, "text": "a"} = 404
        GET /orgs/q/projects/p/notes = 404
        POST /orgs/o/projects/p/notes {"id": 1, "text": "a"} = 201 {"id": 1, "text": "a"}
        GET /orgs/o/projects/p/notes = 200 [{"id": 1, "text": "a"}]
        """,
    ),
    "a part of a nested object": (
        {
            **crud("/parts", "/parts/{part_id}", PART),
            "/parts/{part_id}": {
                **crud("/parts", "/parts/{part_id}", PART)["/parts/{part_id}"],
                "patch": operation(body={"type": "object", "properties": {"size": SIZE_PATCH}}, schema=PART),
            },
        },
        """
        POST /parts {"id": "a", "size": {"height": 1, "width": 2}} = 201
        PATCH /parts/a {"size": {"width": 3}} = 200 {"id": "a", "size": {"height": 1, "width": 3}}
        PATCH /parts/a {"size": {"width": null}} = 200 {"id": "a", "size": {"height": 1}}
        POST /parts {"id": "b"} = 201
        PATCH /parts/b {"size": {"width": 3}} = 200 {"id": "b"}
        PATCH /parts/b {"size": {"height": 3}} = 200 {"id": "b", "size": {"height": 3}}
        """,
    ),
    "defaults of what is not sent": (
        {
            **crud("/parts", "/parts/{part_id}", PART),
            "/parts": {
                **crud("/parts", "/parts/{part_id}", PART)["/parts"],
                "post": operation(
                    body=record(id=TEXT, size={**SIZE, "default": {"height": 7}}, marks={"default": 5})
                    | {"required": []},
                    status=201,
                    schema=PART,
                ),
            },
        },
        """
        POST /parts {"id": "a"} = 201 {"id": "a", "size": {"height": 7}}
        POST /parts {"id": "b", "size": {"height": 8}, "marks": ["x"]} = 201 {"id": "b", "size": {"height": 8}, "marks": ["x"]}
        PUT /parts/a {"id": "a"} = 200 {"id": "a"}
        """,
    ),
    "pages and filters that are members of objects": (
        {
            **crud("/things", "/things/{thing_id}", THING),
            "/things": {
                **crud("/things", "/things/{thing_id}", THING)["/things"],
                "get": operation(schema=array_of(THING))
                | {
                    "parameters": [
                        {"name": "page", "in": "query", "style": "deepObject", "schema": PAGE},
                        {"name": "filter", "in": "query", "style": "deepObject", "schema": FILTER},
                        {"name": "selection", "in": "query", "schema": {"type": "object", "properties": {"id": TEXT}}},
                    ]
                },
            },
        },
        """
        POST /things {"id": "a", "label": "x"} = 201
        POST /things {"id": "b", "label": "y"} = 201
        POST /things {"id": "c", "label": "x"} = 201
        GET /things = 200 [{"id": "a", "label": "x"}, {"id": "b", "label": "y"}]
        GET /things?page[number]=2 = 200 [{"id": "c", "label": "x"}]
        GET /things?page[size]=1&page[number]=2 = 200 [{"id": "b", "label": "y"}]
        GET /things?filter[label][prefix]=x = 200 [{"id": "a", "label": "x"}, {"id": "c", "label": "x"}]
        GET /things?id=b = 200 [{"id": "b", "label": "y"}]
        GET /things?page[size]=z = 422
        GET /things?page[other]=1 = 422
        """,
    ),
    "lists that are selected by the items of a field": (
        {
            **crud("/parts", "/parts/{part_id}", PART),
            "/parts": {
                **crud("/parts", "/parts/{part_id}", PART)["/parts"],
                "get": operation(schema=array_of(PART))
                | {
                    "parameters": [
                        {"name": "marks", "in": "query", "schema": array_of(TEXT)},
                        {"name": "tags", "in": "query", "schema": TEXT},
                    ]
                },
            },
        },
        """
        POST /parts {"id": "a", "marks": ["x", "y"], "tags": [{"id": 1, "name": "t"}]} = 201
        POST /parts {"id": "b", "marks": ["z"], "tags": [{"id": 2, "name": "u"}, {"id": 1, "name": "t"}]} = 201
        POST /parts {"id": "c"} = 201
        GET /parts?marks=y&marks=q = 200 [{"id": "a", "marks": ["x", "y"], "tags": [{"id": 1, "name": "t"}]}]
        GET /parts?marks=q = 200 []
        GET /parts?tags=u,v = 200 [{"id": "b", "marks": ["z"], "tags": [{"id": 2, "name": "u"}, {"id": 1, "name": "t"}]}]
        GET /parts?marks=z&tags=t = 200 [{"id": "b", "marks": ["z"], "tags": [{"id": 2, "name": "u"}, {"id": 1, "name": "t"}]}]
        """,
    ),
    "a JSON Patch": (
        crud("/users", "/users/{id}", {**USER, "additionalProperties": False})
        | {"/users/{id}": crud("/users", "/users/{id}", USER)["/users/{id}"] | {"patch": JSON_PATCH}},
        """
        POST /users {"id": 1, "name": "Ann"} = 201
        PATCH /users/1 [{"op": "replace", "path": "/name", "value": "Bob"}] = 200 {"id": 1, "name": "Bob"}
        GET /users/1 = 200 {"id": 1, "name": "Bob"}
        PATCH /users/1 [{"op": "test", "path": "/name", "value": "Bob"}, {"op": "remove", "path": "/name"}] = 422
        PATCH /users/1 [{"op": "add", "path": "/name", "value": "x"}, {"op": "test", "path": "/name", "value": 1}] = 409 ~{"code": "patch-not-applicable", "pointer": "/1"}
        PATCH /users/1 [{"op": "replace", "path": "/none", "value": "x"}] = 409
        PATCH /users/1 [{"op": "set", "path": "/name", "value": "x"}] = 422
        PATCH /users/1 [{"op": "replace", "path": "/id", "value": 2}] = 422
        PATCH /users/1 [{"op": "replace", "path": "", "value": []}] = 422
        PATCH /users/1 {"name": 5} = 422
        PATCH /users/1 {"name": "Bob"} = 200 {"id": 1, "name": "Bob"}
        PATCH /users/9 [{"op": "test", "path": "/name", "value": "Bob"}] = 404
        GET /users/1 = 200 {"id": 1, "name": "Bob"}
        """,
    ),
    "the status of what is created": (
        {
            "/orders": {
                "get": operation(schema=array_of(ORDER)),
                "post": operation(body=record(user_id=INTEGER), status=201, schema=ORDER),
            },
            "/orders/{order_id}": {"get": operation(schema=ORDER)},
        },
        """
        POST /orders {"user_id": 9} = 201 {"id": "orders-1", "user_id": 9, "status": "open", "pay_state": "due"}
        GET /orders/orders-1 = 200 {"id": "orders-1", "user_id": 9, "status": "open", "pay_state": "due"}
        """,
    ),
    "a list that is counted and searched": (
        crud("/things", "/things/{thing_id}", THING)
        | {
            "/things/count": {"get": operation(schema=record(count=INTEGER), parameters=[("label", TEXT)])},
            "/things/search": {
                "get": operation(schema=array_of(THING), parameters=[("q", TEXT)]),
                "post": operation(body=OPTIONAL_THING, schema=record(items=array_of(THING), total=INTEGER)),
            },
        },
        """
        GET /things/count = 200 {"count": 0}
        POST /things {"id": "a", "label": "red"} = 201
        POST /things {"id": "b", "label": "red"} = 201
        POST /things {"id": "c", "label": "blue"} = 201
        GET /things/count = 200 {"count": 3}
        GET /things/count?label=red = 200 {"count": 2}
        GET /things/search?q=blue = 200 [{"id": "c", "label": "blue"}]
        POST /things/search {"label": "blue"} = 200 {"items": [{"id": "c", "label": "blue"}], "total": 1}
        POST /things/search {"label": "red", "limit": 1} = 200 {"items": [{"id": "a", "label": "red"}], "total": 2}
        """,
    ),
    "a number alone": (
        crud("/things", "/things/{thing_id}", THING) | {"/things/count": {"get": operation(schema=INTEGER)}},
        """
        POST /things {"id": "a", "label": "red"} = 201
        GET /things/count = 200 1
        """,
    ),
    "a collection that is deleted": (
        {"/things": {"delete": operation(status=204, parameters=[("label", TEXT)])}}
        | {"/things/{thing_id}": crud("/things", "/things/{thing_id}", THING)["/things/{thing_id}"]}
        | {
            "/things": crud("/things", "/x/{id}", THING)["/things"]
            | {"delete": operation(status=204, parameters=[("label", TEXT)])}
        },
        """
        POST /things {"id": "a", "label": "red"} = 201
        POST /things {"id": "b", "label": "red"} = 201
        POST /things {"id": "c", "label": "blue"} = 201
        DELETE /things?label=red = 204
        GET /things = 200 [{"id": "c", "label": "blue"}]
        DELETE /things?label=red = 204
        DELETE /things = 204
        GET /things = 200 []
        """,
    ),
    "a collection that is deleted by keys that nothing is known of is kept": (
        crud("/things", "/things/{thing_id}", THING)
        | {
            "/things": crud("/things", "/x/{id}", THING)["/things"]
            | {"delete": operation(status=204, parameters=[("ids", TEXT)])}
        },
        """
        POST /things {"id": "a", "label": "red"} = 201
        DELETE /things?ids=b = 204
        GET /things = 200 [{"id": "a", "label": "red"}]
        """,
    ),
    "a collection that is replaced": (
        crud("/things", "/things/{thing_id}", THING)
        | {
            "/things": crud("/things", "/x/{id}", THING)["/things"]
            | {"put": operation(body=array_of(THING), schema=array_of(THING))}
        },
        """
        POST /things {"id": "a", "label": "red"} = 201
        POST /things {"id": "b", "label": "red"} = 201
        PUT /things [{"id": "b", "label": "x"}, {"id": "c", "label": "y"}] = 200 [{"id": "b", "label": "x"}, {"id": "c", "label": "y"}]
        GET /things = 200 [{"id": "b", "label": "x"}, {"id": "c", "label": "y"}]
        GET /things/a = 404
        PUT /things [{"id": "b", "label": "x"}, {"id": "b", "label": "y"}] = 409
        PUT /things [] = 200 []
        GET /things = 200 []
        """,
    ),
    "a collection below an owner that is replaced": (
        users()
        | {
            "/users/{user_id}/marks": crud("/users/{user_id}/marks", "/x/{id}", MARK)["/users/{user_id}/marks"]
            | {"put": operation(body=array_of(MARK), schema=array_of(MARK))}
        },
        """
        PUT /users/1/marks [] = 404
        POST /users {"id": 1, "name": "Ann"} = 201
        PUT /users/1/marks [{"id": "a", "user_id": 1}] = 200 [{"id": "a", "user_id": 1}]
        PUT /users/1/marks [] = 200 []
        GET /users/1/marks = 200 []
        """,
    ),
    "records that are created together": (
        crud("/things", "/things/{thing_id}", THING)
        | {"/things/bulk": {"post": operation(body=array_of(THING), status=201, schema=record(items=array_of(THING)))}},
        """
        POST /things/bulk [{"id": "a", "label": "x"}, {"id": "b", "label": "y"}] = 201 {"items": [{"id": "a", "label": "x"}, {"id": "b", "label": "y"}]}
        GET /things/b = 200 {"id": "b", "label": "y"}
        POST /things/bulk [{"id": "c", "label": "x"}, {"id": "a", "label": "y"}] = 409
        GET /things = 200 [{"id": "a", "label": "x"}, {"id": "b", "label": "y"}]
        """,
    ),
    "records that are created together at the collection": (
        {
            "/things": {
                "get": operation(schema=array_of(THING)),
                "post": operation(body=array_of(THING), status=201, schema=array_of(THING)),
            }
        }
        | {"/things/{thing_id}": {"get": operation(schema=THING)}},
        """
        POST /things [{"id": "a", "label": "x"}] = 201 [{"id": "a", "label": "x"}]
        GET /things/a = 200 {"id": "a", "label": "x"}
        """,
    ),
    "actions that set a member": (
        crud("/posts", "/posts/{post_id}", POST)
        | {
            f"/posts/{{post_id}}/{word}": {"post": operation(schema=POST)}
            for word in ("publish", "unpublish", "cancel", "activate", "deactivate", "repost")
        }
        | {"/posts/{post_id}/star": {"put": operation(status=204), "delete": operation(status=204)}},
        """
        POST /posts/a/publish = 404
        POST /posts {"id": "a", "status": "draft", "published": false, "is_active": false, "starred": false} = 201
        POST /posts/a/publish = 200 {"id": "a", "status": "published", "published": true, "is_active": false, "starred": false}
        POST /posts/a/unpublish = 200 {"id": "a", "status": "draft", "published": false, "is_active": false, "starred": false}
        POST /posts/a/cancel = 200 {"id": "a", "status": "cancelled", "published": false, "is_active": false, "starred": false}
        POST /posts/a/activate = 200 {"id": "a", "status": "cancelled", "published": false, "is_active": true, "starred": false}
        POST /posts/a/deactivate = 200 {"id": "a", "status": "cancelled", "published": false, "is_active": false, "starred": false}
        PUT /posts/a/star = 204
        GET /posts/a = 200 {"id": "a", "status": "cancelled", "published": false, "is_active": false, "starred": true}
        DELETE /posts/a/star = 204
        POST /posts/a/repost = 200 {"id": "a", "status": "cancelled", "published": false, "is_active": false, "starred": false}
        POST /posts/b/repost = 404
        """,
    ),
    "a cart, whose lines a POST adds, is only a sample": (
        {
            "/cart": {
                "get": operation(schema=record(lines=TEXT)),
                "post": operation(body=record(product=TEXT), schema=record(lines=TEXT)),
            }
        },
        """
        POST /cart {"product": "x"} = 200
        GET /__mock/state?resource=cart = 404
        """,
    ),
}


EVERY_SHAPE = {**SHAPES, **API_SHAPES, **OWNER_SHAPES, **CHANGE_SHAPES}


@pytest.fixture(params=EVERY_SHAPE)
def shape(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Contract, str]:
    """A document with state, and the requests to send."""
    paths, lines = EVERY_SHAPE[request.param]
    file = tmp_path / "shapes.json"
    parameters = {"id": INTEGER, "petId": INTEGER, "issue_number": INTEGER}
    file.write_text(json.dumps(document(paths, **parameters)))
    return load_contract(file, stateful=True), lines


def send(contract: Contract, lines: str) -> None:
    """Send the requests to a server whose collections are empty, and compare the responses."""
    scenario = "empty" if contract.resources else None
    client = create_app(contract, scenario=scenario).test_client(use_cookies=False)
    for line in filter(None, map(str.strip, lines.splitlines())):
        request, _, expected = line.partition(" = ")
        method, path, body = [*request.split(" ", 2), ""][:3]
        content_type = "application/json-patch+json" if body.startswith('[{"op') else "application/json"
        response = client.open(path, method=method, data=body, content_type=content_type if body else None)
        status, _, value = expected.partition(" ")
        assert f"{request} = {response.status_code}" == f"{request} = {status}", response.text
        if value.startswith("~"):
            expected_value = json.loads(value[1:])
            assert only_members_of(response.json, expected_value) == expected_value, request
        elif value:
            assert response.json == json.loads(value), request


def only_members_of(value: Any, other: Any) -> Any:
    """The value without the members of objects that the other lacks."""
    if isinstance(value, dict) and isinstance(other, dict):
        return {name: only_members_of(value[name], other[name]) for name in other if name in value}
    if isinstance(value, list) and isinstance(other, list) and len(value) == len(other):
        return [only_members_of(item, other_item) for item, other_item in zip(value, other, strict=True)]
    return value


def test_an_api_keeps_what_its_clients_write(shape: tuple[Contract, str]) -> None:
    send(*shape)


@pytest.mark.parametrize("shape", some(EVERY_SHAPE, 16), indirect=True)
def test_a_directory_that_is_written_from_a_document_keeps_the_same(
    shape: tuple[Contract, str], tmp_path: Path
) -> None:
    contract, lines = shape
    assert [*write(tmp_path / "written", files_from_contract(contract))]
    send(load_contract(tmp_path / "written"), lines)


@pytest.mark.parametrize("shape", some(EVERY_SHAPE, 20), indirect=True)
def test_what_is_inferred_passes_the_check(shape: tuple[Contract, str]) -> None:
    checker = ContractChecker(shape[0])
    assert [*checker.steps()]
    assert checker.findings == []


def test_the_first_records_refer_to_those_of_other_collections(tmp_path: Path) -> None:
    order = record(id=INTEGER, customerId=INTEGER, shipping_address_id=INTEGER, petId=TEXT)
    paths = crud("/orders", "/orders/{id}", order) | crud("/customers", "/customers/{id}", USER)
    paths |= crud("/addresses", "/addresses/{id}", USER) | crud("/pets", "/pets/{id}", USER)
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(document(paths, id=INTEGER)))
    contract = load_contract(file, stateful=True)
    client = create_app(contract).test_client()
    assert contract.resources["orders"].links == {"customerId": "customers", "shipping_address_id": "addresses"}
    assert [row["customerId"] for row in client.get("/orders").json or ()] == [1, 2, 3]
    assert [row["shipping_address_id"] for row in client.get("/orders").json or ()] == [1, 2, 3]


def test_a_created_record_may_refer_to_nothing(serve: Serve) -> None:
    order = record(id=INTEGER, customer_id=INTEGER)
    paths = crud("/orders", "/orders/{id}", order) | crud("/customers", "/customers/{id}", USER)
    client = serve(document(paths, id=INTEGER), stateful=True)
    assert client.post("/orders", json={"id": 9, "customer_id": 99}).status_code == 201
    assert client.delete("/customers/1").status_code == 204


def test_the_operations_that_keep_no_state_are_named_with_the_reason(tmp_path: Path) -> None:
    paths = crud("/things", "/things/{thing_id}", THING) | {
        "/things/{thing_id}/share": {"post": operation(schema=THING)},
        "/things/export": {"get": operation(schema=record(url=TEXT))},
        "/health": {"get": operation(schema=record(ok=TEXT))},
        "/login": {"post": operation(body=record(name=TEXT), schema=record(token=TEXT))},
    }
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(document(paths)))
    result = CliRunner().invoke(main, ["check", str(file), "--stateful"])
    assert [line for line in result.output.splitlines() if line.startswith("without state")] == [
        "without state: POST /things/{thing_id}/share: returns the record as it is: no field has the name of the action",
        "without state: GET /things/export: "
        "its path, parameters, body or response are not those of an operation on things",
        "without state: GET /health: no operation writes what it returns",
        "without state: POST /login: no operation returns what it would write",
    ]


def test_query_parameters_without_effect_are_named(tmp_path: Path) -> None:
    paths = crud("/things", "/things/{thing_id}", THING)
    parameters = [("limit", INTEGER), ("mood", TEXT), ("locale", TEXT)]
    paths["/things"]["get"] = operation(schema=array_of(THING), parameters=parameters)
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(document(paths)))
    result = CliRunner().invoke(main, ["check", str(file), "--stateful"])
    assert "\nquery parameters without effect: GET /things: mood, locale\n" in result.output
