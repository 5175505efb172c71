"""Documents in which a path has several owners or none, each with requests and the responses to expect.

The lines of requests are those of `api_shapes`.
"""

from __future__ import annotations

from typing import Any

from tests.documents.shapes import INTEGER, TEXT, array_of, crud, operation, record

Paths = dict[str, dict[str, Any]]
THING = record(id=TEXT, label=TEXT)
ISSUE = record(id=INTEGER, number=INTEGER, title=TEXT)
COMMENT = record(id=INTEGER, body=TEXT)
MESSAGE = record(sid=TEXT, to=TEXT, message_body=TEXT)
PET = {
    "oneOf": [
        record(id=TEXT, kind={"const": "cat"}, lives=INTEGER),
        record(id=TEXT, kind={"const": "dog"}, bark=TEXT),
    ]
}
TAG = record(id=INTEGER, repo=TEXT, name=TEXT)
ISSUES = "/repos/{owner}/{repo}/issues"
OWNER_SHAPES: dict[str, tuple[Paths, str]] = {
    "owners beside each other, and an id beside the number": (
        {
            ISSUES: {
                "get": operation(schema=array_of(ISSUE)),
                "post": operation(body=record(title=TEXT), status=201, schema=ISSUE),
            },
            f"{ISSUES}/{{issue_number}}": {
                "get": operation(schema=ISSUE),
                "patch": operation(body=record(title=TEXT), schema=ISSUE),
            },
            f"{ISSUES}/{{issue_number}}/comments": {
                "get": operation(schema=array_of(COMMENT)),
                "post": operation(body=record(body=TEXT), status=201, schema=COMMENT),
            },
            f"{ISSUES}/comments/{{comment_id}}": {
                "get": operation(schema=COMMENT),
                "patch": operation(body=record(body=TEXT), schema=COMMENT),
                "delete": operation(status=204),
            },
        },
        """
        POST /repos/ann/web/issues {"title": "a"} = 201 ~{"number": 1, "title": "a"}
        POST /repos/ann/web/issues {"title": "b"} = 201 ~{"number": 2, "title": "b"}
        PATCH /repos/ann/web/issues/2 {"title": "c"} = 200 ~{"number": 2, "title": "c"}
        GET /repos/bob/web/issues = 200 []
        POST /repos/ann/web/issues/1/comments {"body": "x"} = 201 {"id": 1, "body": "x"}
        GET /repos/ann/web/issues/comments/1 = 200 {"id": 1, "body": "x"}
        PATCH /repos/ann/web/issues/comments/1 {"body": "y"} = 200 {"id": 1, "body": "y"}
        GET /repos/ann/web/issues/1/comments = 200 [{"id": 1, "body": "y"}]
        GET /repos/ann/web/issues/2/comments = 200 []
        GET /repos/bob/web/issues/comments/1 = 404
        DELETE /repos/ann/web/issues/comments/1 = 204
        GET /repos/ann/web/issues/1/comments = 200 []
        """,
    ),
    "a record with the name of the last owner": (
        {
            "/orgs/{org}/{repo}/tags": {
                "get": operation(schema=array_of(TAG)),
                "post": operation(body=record(name=TEXT), status=201, schema=TAG),
            },
            "/orgs/{org}/{repo}/tags/{tag}": {"get": operation(schema=TAG)},
        },
        """
        POST /orgs/ann/web/tags {"name": "x"} = 201 {"id": 1, "repo": "web", "name": "x"}
        GET /orgs/ann/web/tags = 200 [{"id": 1, "repo": "web", "name": "x"}]
        GET /orgs/bob/web/tags = 200 []
        GET /orgs/ann/app/tags = 200 []
        """,
    ),
    "another path that deletes and changes": (
        {
            **crud("/products", "/products/{product_id}", THING),
            "/products/{product_id}/variants": {
                "get": operation(schema=array_of(THING)),
                "post": operation(body=THING, status=201, schema=THING),
            },
            "/variants/{variant_id}": {"get": operation(schema=THING)},
            "/products/{product_id}/variants/{variant_id}": {
                "patch": operation(body=record(label=TEXT), schema=THING),
                "delete": operation(status=204),
            },
        },
        """
        POST /products {"id": "p", "label": "x"} = 201
        POST /products {"id": "q", "label": "x"} = 201
        POST /products/p/variants {"id": "a", "label": "x"} = 201
        PATCH /products/p/variants/a {"label": "y"} = 200 {"id": "a", "label": "y"}
        PATCH /products/q/variants/a {"label": "z"} = 404
        GET /variants/a = 200 {"id": "a", "label": "y"}
        DELETE /products/q/variants/a = 404
        DELETE /products/p/variants/a = 204
        GET /variants/a = 404
        """,
    ),
    "bodies in another spelling": (
        {
            "/messages": {
                "get": operation(schema=array_of(MESSAGE)),
                "post": operation(body=record(To=TEXT, MessageBody=TEXT), status=201, schema=MESSAGE),
            },
            "/messages/{sid}": {
                "get": operation(schema=MESSAGE),
                "put": operation(body=record(MessageBody=TEXT), schema=MESSAGE),
                "post": operation(body=record(To=TEXT), schema=MESSAGE),
            },
        },
        """
        POST /messages {"To": "ann", "MessageBody": "hi"} = 201 ~{"to": "ann", "message_body": "hi"}
        GET /messages = 200 [{"sid": "messages-1", "to": "ann", "message_body": "hi"}]
        POST /messages/messages-1 {"To": "bob"} = 200 {"sid": "messages-1", "to": "bob", "message_body": "hi"}
        PUT /messages/messages-1 {"MessageBody": "yo"} = 200 {"sid": "messages-1", "to": "bob", "message_body": "yo"}
        """,
    ),
    "a word for each operation": (
        {
            "/api/user/list": {"get": operation(schema=record(code=INTEGER, data=array_of(THING)))},
            "/api/user/add": {"post": operation(body=record(label=TEXT), schema=record(code=INTEGER, data=THING))},
            "/api/user/update": {"put": operation(body=THING, schema=record(code=INTEGER, data=THING))},
            "/api/user/{userId}": {
                "get": operation(schema=record(code=INTEGER, data=THING)),
                "delete": operation(schema=record(code=INTEGER)),
            },
        },
        """
        POST /api/user/add {"label": "x"} = 200 ~{"data": {"id": "user-1", "label": "x"}}
        GET /api/user/list = 200 ~{"data": [{"id": "user-1", "label": "x"}]}
        PUT /api/user/update {"id": "user-1", "label": "y"} = 200 ~{"data": {"id": "user-1", "label": "y"}}
        PUT /api/user/update {"id": "none", "label": "y"} = 404
        GET /api/user/user-1 = 200 ~{"data": {"id": "user-1", "label": "y"}}
        DELETE /api/user/user-1 = 200
        GET /api/user/user-1 = 404
        """,
    ),
    "records of several kinds": (
        crud("/pets", "/pets/{pet_id}", PET),
        """
        POST /pets {"id": "a", "kind": "cat", "lives": 9} = 201 {"id": "a", "kind": "cat", "lives": 9}
        POST /pets {"id": "b", "kind": "dog", "bark": "x"} = 201 {"id": "b", "kind": "dog", "bark": "x"}
        PUT /pets/a {"id": "a", "kind": "cat", "lives": 8} = 200 {"id": "a", "kind": "cat", "lives": 8}
        PATCH /pets/a {"id": "a", "kind": "cat", "lives": 7} = 200 {"id": "a", "kind": "cat", "lives": 7}
        GET /pets = 200 [{"id": "a", "kind": "cat", "lives": 7}, {"id": "b", "kind": "dog", "bark": "x"}]
        """,
    ),
    "the root": (
        crud("/", "/{thing}", THING),
        """
        POST / {"id": "a", "label": "x"} = 201 {"id": "a", "label": "x"}
        GET / = 200 [{"id": "a", "label": "x"}]
        PUT /a {"id": "a", "label": "y"} = 200 {"id": "a", "label": "y"}
        DELETE /a = 204
        GET /a = 404
        """,
    ),
    "a key in parentheses": (
        crud("/things", "/things({thing})", THING),
        """
        POST /things {"id": "a", "label": "x"} = 201 {"id": "a", "label": "x"}
        GET /things = 200 [{"id": "a", "label": "x"}]
        GET /things(a) = 200 {"id": "a", "label": "x"}
        PUT /things(a) {"id": "a", "label": "y"} = 200 {"id": "a", "label": "y"}
        GET /things = 200 [{"id": "a", "label": "y"}]
        DELETE /things(a) = 204
        GET /things(a) = 404
        """,
    ),
}
