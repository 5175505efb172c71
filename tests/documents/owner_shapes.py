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
