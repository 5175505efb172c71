"""Documents whose operations change records in other ways than by their members, each with requests and responses.

The lines of requests are those of `api_shapes`. The clock stands at 2026-01-01.
"""

from __future__ import annotations

from typing import Any

from tests.documents.shapes import INTEGER, TEXT, array_of, crud, operation, record

Paths = dict[str, dict[str, Any]]
TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
PERHAPS_TIME: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
BOOLEAN: dict[str, Any] = {"type": "boolean"}
NOTE = record(id=TEXT, text=TEXT, updated_at=TIME, archived_at=PERHAPS_TIME, deleted_at=PERHAPS_TIME)
NEW_NOTE = record(id=TEXT, text=TEXT)
TASK = {
    **record(id=TEXT, status={"enum": ["todo", "in_progress", "done"]}),
    "properties": {
        "id": TEXT,
        "status": {"enum": ["todo", "in_progress", "done"]},
        "assignee_id": TEXT,
        "email": TEXT,
        "amount": INTEGER,
        "read": BOOLEAN,
        "started_at": TIME,
        "completed_on": {"type": "integer"},
    },
}
USER = record(name=TEXT, bio=TEXT)


def actions(path: str, schema: Any, **bodies: Any) -> Paths:
    """Actions below a record, by their words with `_` for a hyphen, each with its body."""
    return {
        f"{path}/{word.replace('_', '-')}": {"post": operation(body=bodies[word], schema=schema)} for word in bodies
    }


CHANGE_SHAPES: dict[str, tuple[Paths, str]] = {
    "times of changes, of actions, and of what has not happened": (
        {
            "/notes": {
                "get": operation(schema=array_of(NOTE)),
                "post": operation(body=NEW_NOTE, status=201, schema=NOTE),
            },
            "/notes/{note_id}": {
                "get": operation(schema=NOTE),
                "put": operation(body=NOTE, schema=NOTE),
                "patch": operation(body={**NOTE, "required": []}, schema=NOTE),
                "delete": operation(schema={"type": "object", "properties": {"message": {"const": "gone"}}}),
            },
            **actions("/notes/{note_id}", NOTE, archive=None, unarchive=None),
        },
        """
        POST /notes {"id": "a", "text": "x"} = 201 {"id": "a", "text": "x", "updated_at": "2026-01-01T00:00:00.000Z", "archived_at": null, "deleted_at": null}
        PATCH /notes/a {"updated_at": "2025-01-01T00:00:00Z"} = 200 ~{"updated_at": "2025-01-01T00:00:00Z"}
        PATCH /notes/a {"text": "x"} = 200 ~{"updated_at": "2025-01-01T00:00:00Z"}
        PATCH /notes/a {"text": "y"} = 200 ~{"updated_at": "2026-01-01T00:00:00.000Z"}
        PUT /notes/a {"id": "a", "text": "z", "updated_at": "2025-01-01T00:00:00Z", "archived_at": null, "deleted_at": null} = 200 ~{"updated_at": "2025-01-01T00:00:00Z"}
        PUT /notes/a {"id": "a", "text": "y", "updated_at": "2025-01-01T00:00:00Z", "archived_at": null, "deleted_at": null} = 200 ~{"updated_at": "2026-01-01T00:00:00.000Z"}
        POST /notes/a/archive = 200 ~{"archived_at": "2026-01-01T00:00:00.000Z"}
        POST /notes/a/unarchive = 200 ~{"archived_at": null}
        DELETE /notes/a = 200 {"message": "gone"}
        GET /notes/a = 404
        """,
    ),
    "actions with other words and with bodies": (
        crud("/tasks", "/tasks/{task_id}", TASK)
        | actions(
            "/tasks/{task_id}",
            TASK,
            start=None,
            complete=None,
            reopen=None,
            assign={"type": "object", "properties": {"assignee_id": TEXT}},
            change_email={"type": "object", "properties": {"email": TEXT}},
            refund={"type": "object", "properties": {"amount": INTEGER}},
            mark_as_read=None,
        ),
        """
        POST /tasks {"id": "a", "status": "todo"} = 201 {"id": "a", "status": "todo"}
        POST /tasks/a/start = 200 {"id": "a", "status": "in_progress", "started_at": "2026-01-01T00:00:00.000Z"}
        POST /tasks/a/complete = 200 ~{"status": "done", "completed_on": 1767225600}
        POST /tasks/a/reopen = 200 ~{"status": "done"}
        POST /tasks/a/assign {"assignee_id": "u7"} = 200 ~{"assignee_id": "u7"}
        POST /tasks/a/change-email {"email": "a@example.com"} = 200 ~{"email": "a@example.com"}
        POST /tasks/a/mark-as-read = 200 ~{"read": true}
        POST /tasks/a/refund {"amount": 9} = 200
        GET /tasks/a = 200 {"id": "a", "status": "done", "assignee_id": "u7", "email": "a@example.com", "read": true, "started_at": "2026-01-01T00:00:00.000Z", "completed_on": 1767225600}
        """,
    ),
    "a single record that is wrapped in its own name": (
        {
            "/user": {
                "get": operation(schema=record(user=USER)),
                "put": operation(body=record(user={**USER, "required": []}), schema=record(user=USER)),
            }
        },
        """
        PUT /user {"user": {"name": "Ada", "bio": "x"}} = 200 {"user": {"name": "Ada", "bio": "x"}}
        PUT /user {"user": {"name": "Ada", "bio": "y"}} = 200 {"user": {"name": "Ada", "bio": "y"}}
        GET /user = 200 {"user": {"name": "Ada", "bio": "y"}}
        """,
    ),
}
PRODUCT = record(id=INTEGER, name=TEXT, price=INTEGER)
LINE = {
    "type": "object",
    "required": ["id", "product_id", "quantity"],
    "properties": {"id": INTEGER, "product_id": INTEGER, "quantity": INTEGER, "name": TEXT, "unit_price": INTEGER},
}
CART = record(lines=array_of(LINE), total=INTEGER)
MONEY = record(amount={**INTEGER, "example": 4990}, currency={"enum": ["EUR", "CHF"]})
MONEY_LINE = record(id=INTEGER, product_id=INTEGER, quantity=INTEGER, unit_price=MONEY)
MONEY_CART = record(lines=array_of(MONEY_LINE), total={**MONEY, "example": {"amount": 4990, "currency": "EUR"}})
NEW_LINE = {**record(productId=INTEGER, quantity={**INTEGER, "default": 1}), "required": ["productId"]}
CHANGED_LINE = record(quantity=INTEGER)
BASKET = {**record(id=TEXT, lines=array_of(LINE), owner=TEXT), "required": ["id", "lines"]}
ARTICLE = record(slug=TEXT, tags=array_of(TEXT), like_count=INTEGER)
CHANGE_SHAPES |= {
    "a cart whose lines have prices of products": (
        crud("/products", "/products/{id}", PRODUCT)
        | {
            "/cart": {"get": operation(schema=record(data=CART)), "delete": operation(status=204)},
            "/cart/lines": {"post": operation(body=NEW_LINE, status=201, schema=record(data=CART))},
            "/cart/lines/{id}": {
                "put": operation(body=CHANGED_LINE, schema=record(data=CART)),
                "delete": operation(schema=record(data=CART)),
            },
        },
        """
        GET /cart = 200 {"data": {"lines": [], "total": 0}}
        POST /products {"id": 7, "name": "Pen", "price": 3} = 201
        POST /cart/lines {"productId": 7, "quantity": 2} = 201 {"data": {"lines": [{"id": 1, "product_id": 7, "quantity": 2, "name": "Pen", "unit_price": 3}], "total": 6}}
        POST /cart/lines {"productId": 7} = 201 ~{"data": {"total": 9}}
        PUT /cart/lines/1 {"quantity": 5} = 200 ~{"data": {"total": 18}}
        PUT /cart/lines/9 {"quantity": 5} = 404
        DELETE /cart/lines/2 = 200 {"data": {"lines": [{"id": 1, "product_id": 7, "quantity": 5, "name": "Pen", "unit_price": 3}], "total": 15}}
        GET /cart = 200 ~{"data": {"total": 15}}
        DELETE /cart = 204
        GET /cart = 200 {"data": {"lines": [], "total": 0}}
        """,
    ),
    "a cart whose amounts have a currency, whatever their examples": (
        crud("/products", "/products/{id}", record(id=INTEGER, name=TEXT, price=MONEY))
        | {
            "/cart": {"get": operation(schema=MONEY_CART)},
            "/cart/lines": {"post": operation(body=NEW_LINE, status=201, schema=MONEY_CART)},
            "/cart/lines/{id}": {"delete": operation(schema=MONEY_CART)},
        },
        """
        GET /cart = 200 ~{"lines": [], "total": {"amount": 0}}
        POST /products {"id": 7, "name": "Pen", "price": {"amount": 3, "currency": "CHF"}} = 201
        POST /cart/lines {"productId": 7, "quantity": 2} = 201 {"lines": [{"id": 1, "product_id": 7, "quantity": 2, "unit_price": {"amount": 3, "currency": "CHF"}}], "total": {"amount": 6, "currency": "CHF"}}
        POST /cart/lines {"productId": 7} = 201 ~{"total": {"amount": 9, "currency": "CHF"}}
        DELETE /cart/lines/1 = 200 ~{"total": {"amount": 3, "currency": "CHF"}}
        DELETE /cart/lines/2 = 200 ~{"lines": [], "total": {"amount": 0}}
        """,
    ),
    "baskets whose lines are returned alone": (
        crud("/baskets", "/baskets/{basket_id}", BASKET)
        | {
            "/baskets/{basket_id}/lines": {
                "post": operation(body=record(line=NEW_LINE), status=201, schema=record(line=LINE))
            },
            "/baskets/{basket_id}/lines/{product_id}": {
                "get": operation(schema=LINE),
                "patch": operation(body=CHANGED_LINE, schema=LINE),
                "delete": operation(status=204),
            },
        },
        """
        POST /baskets/a/lines {"line": {"productId": 7, "quantity": 2}} = 404
        POST /baskets {"id": "a", "lines": []} = 201 {"id": "a", "lines": []}
        POST /baskets/a/lines {"line": {"productId": 7, "quantity": 2}} = 201 ~{"line": {"product_id": 7, "quantity": 2}}
        GET /baskets/a/lines/7 = 200 ~{"product_id": 7, "quantity": 2}
        PATCH /baskets/a/lines/7 {"quantity": 3} = 200 ~{"product_id": 7, "quantity": 3}
        GET /baskets/a = 200 ~{"lines": [{"product_id": 7, "quantity": 3}]}
        DELETE /baskets/a/lines/7 = 204
        DELETE /baskets/a/lines/7 = 404
        GET /baskets/a = 200 {"id": "a", "lines": []}
        """,
    ),
    "several records that are deleted by their keys": (
        crud("/notes", "/notes/{id}", record(id=INTEGER, text=TEXT))
        | {
            "/notes": crud("/notes", "/notes/{id}", record(id=INTEGER, text=TEXT))["/notes"]
            | {"delete": operation(body=record(noteIds=array_of(INTEGER)), schema=record(deleted=INTEGER))},
            "/notes/bulk-delete": {"post": operation(body=record(ids=array_of(INTEGER)), status=204)},
            "/notes/remove": {"post": operation(body={**record(ids=array_of(INTEGER)), "required": []}, status=204)},
        },
        """
        POST /notes {"id": 1, "text": "x"} = 201
        POST /notes {"id": 2, "text": "y"} = 201
        POST /notes {"id": 3, "text": "z"} = 201
        POST /notes/remove {} = 204
        POST /notes/bulk-delete {"ids": [1, 9]} = 204
        GET /notes = 200 [{"id": 2, "text": "y"}, {"id": 3, "text": "z"}]
        DELETE /notes {} = 422
        DELETE /notes {"noteIds": [3]} = 200 {"deleted": 1}
        GET /notes = 200 [{"id": 2, "text": "y"}]
        """,
    ),
    "a list whose length has the name of its items": (
        {
            "/articles": {
                "get": operation(
                    schema=record(articles=array_of(ARTICLE), articlesCount=INTEGER), parameters=[("limit", INTEGER)]
                ),
                "post": operation(body=record(slug=TEXT), status=201, schema=ARTICLE),
            },
            "/articles/{slug}": {"get": operation(schema=ARTICLE)},
        },
        """
        POST /articles {"slug": "a"} = 201
        POST /articles {"slug": "b"} = 201
        GET /articles?limit=1 = 200 {"articles": [{"slug": "a", "tags": [], "like_count": 0}], "articlesCount": 2}
        """,
    ),
    "tags that are added and removed alone": (
        {
            "/articles": {
                "get": operation(schema=array_of(ARTICLE)),
                "post": operation(body=record(slug=TEXT), status=201, schema=ARTICLE),
            },
            "/articles/{slug}": {"get": operation(schema=ARTICLE)},
            "/articles/{slug}/tags": {
                "get": operation(schema=array_of(TEXT)),
                "put": operation(body=array_of(TEXT), schema=array_of(TEXT)),
            },
            "/articles/{slug}/tags/{tag}": {
                "put": operation(schema=array_of(TEXT)),
                "delete": operation(schema=array_of(TEXT)),
            },
        },
        """
        POST /articles {"slug": "a"} = 201 {"slug": "a", "tags": [], "like_count": 0}
        PUT /articles/a/tags ["x", "y"] = 200 ["x", "y"]
        PUT /articles/a/tags/z = 200 ["x", "y", "z"]
        PUT /articles/a/tags/z = 200 ["x", "y", "z"]
        DELETE /articles/a/tags/x = 200 ["y", "z"]
        DELETE /articles/a/tags/x = 404
        GET /articles/a = 200 {"slug": "a", "tags": ["y", "z"], "like_count": 0}
        GET /articles/a/tags = 200 ["y", "z"]
        """,
    ),
    "lines that are a collection of their own, and a POST that adds something else": (
        crud("/carts", "/carts/{cart_id}", record(id=TEXT, items=array_of(record(id=TEXT, label=TEXT))))
        | crud("/carts/{cart_id}/items", "/carts/{cart_id}/items/{item_id}", record(id=TEXT, label=TEXT))
        | {
            "/report": {"get": operation(schema=record(rows=array_of(record(id=TEXT))))},
            "/report/rows": {"post": operation(body=record(query=TEXT), schema=record(job=TEXT))},
        },
        """
        POST /carts {"id": "a", "items": []} = 201
        POST /carts/a/items {"id": "x", "label": "l"} = 201
        GET /carts/a/items = 200 [{"id": "x", "label": "l"}]
        POST /report/rows {"query": "x"} = 200
        GET /__mock/state?resource=report = 404
        """,
    ),
}
