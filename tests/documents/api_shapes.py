"""Documents in the styles of well-known APIs, each with requests and the responses to expect.

A line is `METHOD path [body] = status [response]`; after `~`, the response has these members among others. The
collections are empty at first.
"""

from __future__ import annotations

from typing import Any

from tests.documents.shapes import INTEGER, TEXT, array_of, crud, operation, record

Paths = dict[str, dict[str, Any]]
THING = record(id=TEXT, label=TEXT)
NEW_THING = {"type": "object", "required": ["label"], "properties": {"label": TEXT}}
STATUS = {"enum": ["open", "done"]}
TASK = record(id=TEXT, status=STATUS, label=TEXT)
LINK = record(href=TEXT)


def listing(collection: str, item: str, schema: Any, envelope: Any, item_envelope: Any = None) -> Paths:
    """A collection whose list is in an envelope, and perhaps whose records are in one."""
    one = item_envelope or schema
    paths = crud(collection, item, schema)
    paths[collection] = {
        "get": operation(schema=envelope),
        "post": operation(body=schema, status=201, schema=one),
    }
    paths[item] = {
        "get": operation(schema=one),
        "put": operation(body=schema, schema=one),
        "delete": operation(status=204),
    }
    return paths


ISSUE = record(number=INTEGER, title=TEXT, state={"enum": ["open", "closed"], "default": "open"})
NEW_ISSUE = {"type": "object", "required": ["title"], "properties": {"title": TEXT}}
LINE = record(productId=TEXT, quantity=INTEGER)
MEMBER = record(userId=TEXT, role=TEXT)
TRANSLATION = record(lang=TEXT, text=TEXT)
ISSUES = "/repos/{owner}/{repo}/issues"
API_SHAPES: dict[str, tuple[Paths, str]] = {
    "HAL": (
        listing(
            "/things",
            "/things/{thing_id}",
            THING,
            record(
                _embedded=record(things=array_of(THING)),
                _links=record(self=LINK),
                page=record(size=INTEGER, totalElements=INTEGER, totalPages=INTEGER, number=INTEGER),
            ),
        ),
        """
        POST /things {"id": "a", "label": "x"} = 201 {"id": "a", "label": "x"}
        POST /things {"id": "b", "label": "y"} = 201
        GET /things = 200 ~{"_embedded": {"things": [{"id": "a", "label": "x"}, {"id": "b", "label": "y"}]}, "page": {"size": 2, "totalElements": 2, "totalPages": 1}}
        DELETE /things/a = 204
        GET /things = 200 ~{"_embedded": {"things": [{"id": "b", "label": "y"}]}, "page": {"size": 1, "totalElements": 1, "totalPages": 1}}
        """,
    ),
    "envelopes in envelopes": (
        listing(
            "/things",
            "/things/{thing_id}",
            THING,
            record(response=record(items=array_of(THING), total=INTEGER), status=TEXT),
            record(response=record(thing=THING), status=TEXT),
        ),
        """
        GET /things = 200 ~{"response": {"items": [], "total": 0}}
        POST /things {"id": "a", "label": "x"} = 201 ~{"response": {"thing": {"id": "a", "label": "x"}}}
        GET /things/a = 200 ~{"response": {"thing": {"id": "a", "label": "x"}}}
        PUT /things/a {"id": "a", "label": "y"} = 200 ~{"response": {"thing": {"id": "a", "label": "y"}}}
        GET /things = 200 ~{"response": {"items": [{"id": "a", "label": "y"}], "total": 1}}
        """,
    ),
    "a page in data, with a cursor beside the list": (
        {
            "/things": {
                "get": operation(
                    schema=record(data=record(items=array_of(THING), next_cursor={"type": ["string", "null"]})),
                    parameters=[("cursor", TEXT), ("limit", INTEGER)],
                ),
                "post": operation(body=THING, status=201, schema=record(data=THING)),
            },
            "/things/{thing_id}": {"get": operation(schema=record(data=THING))},
        },
        """
        POST /things {"id": "a", "label": "x"} = 201 {"data": {"id": "a", "label": "x"}}
        GET /things = 200 {"data": {"items": [{"id": "a", "label": "x"}], "next_cursor": null}}
        GET /things?limit=0 = 200
        GET /things/a = 200 {"data": {"id": "a", "label": "x"}}
        """,
    ),
    "GitHub": (
        {
            ISSUES: {
                "get": operation(schema=array_of(ISSUE)),
                "post": operation(body=NEW_ISSUE, status=201, schema=ISSUE),
            },
            f"{ISSUES}/{{issue_number}}": {
                "get": operation(schema=ISSUE),
                "patch": operation(
                    body={"type": "object", "properties": {"state": {"enum": ["open", "closed"]}}}, schema=ISSUE
                ),
            },
            f"{ISSUES}/{{issue_number}}/comments": {
                "get": operation(schema=array_of(record(id=INTEGER, body=TEXT))),
                "post": operation(body=record(body=TEXT), status=201, schema=record(id=INTEGER, body=TEXT)),
            },
        },
        """
        GET /repos/ann/web/issues = 200 []
        POST /repos/ann/web/issues {"title": "a"} = 201 {"number": 1, "title": "a", "state": "open"}
        POST /repos/bob/web/issues {"title": "b"} = 201 {"number": 1, "title": "b", "state": "open"}
        POST /repos/ann/web/issues {"title": "c"} = 201 {"number": 2, "title": "c", "state": "open"}
        GET /repos/ann/web/issues = 200 [{"number": 1, "title": "a", "state": "open"}, {"number": 2, "title": "c", "state": "open"}]
        GET /repos/bob/web/issues = 200 [{"number": 1, "title": "b", "state": "open"}]
        GET /repos/bob/app/issues = 200 []
        POST /repos/ann/web/issues/1/comments {"body": "x"} = 201 {"id": 1, "body": "x"}
        POST /repos/bob/app/issues/1/comments {"body": "x"} = 404
        GET /repos/ann/web/issues/1/comments = 200 [{"id": 1, "body": "x"}]
        GET /repos/bob/web/issues/1/comments = 200 []
        GET /repos/ann/web/issues/2/comments = 200 []
        PATCH /repos/ann/web/issues/1 {"state": "closed"} = 200 {"number": 1, "title": "a", "state": "closed"}
        GET /repos/bob/web/issues/2 = 404
        GET /repos/bob/web/issues/1 = 200 {"number": 1, "title": "b", "state": "open"}
        """,
    ),
    "items of carts, put by their product": (
        crud("/carts", "/carts/{cartId}", THING)
        | {
            "/carts/{cartId}/items": {"get": operation(schema=array_of(LINE))},
            "/carts/{cartId}/items/{productId}": {
                "get": operation(schema=LINE),
                "put": operation(body=record(quantity=INTEGER), status=201, schema=LINE),
                "delete": operation(status=204),
            },
            "/carts/{cartId}/items/{productId}/notes": {
                "get": operation(schema=array_of(record(id=INTEGER, text=TEXT))),
                "post": operation(body=record(text=TEXT), status=201, schema=record(id=INTEGER, text=TEXT)),
            },
        },
        """
        POST /carts {"id": "a", "label": "x"} = 201
        POST /carts {"id": "b", "label": "y"} = 201
        PUT /carts/a/items/p1 {"quantity": 1} = 201 {"productId": "p1", "quantity": 1}
        PUT /carts/b/items/p1 {"quantity": 2} = 201 {"productId": "p1", "quantity": 2}
        PUT /carts/c/items/p1 {"quantity": 2} = 404
        GET /carts/a/items = 200 [{"productId": "p1", "quantity": 1}]
        GET /carts/b/items/p1 = 200 {"productId": "p1", "quantity": 2}
        POST /carts/a/items/p1/notes {"text": "x"} = 201 {"id": 1, "text": "x"}
        POST /carts/a/items/p2/notes {"text": "x"} = 404
        GET /carts/a/items/p1/notes = 200 [{"id": 1, "text": "x"}]
        GET /carts/b/items/p1/notes = 200 []
        DELETE /carts/b/items/p1 = 204
        GET /carts/a/items/p1 = 200 {"productId": "p1", "quantity": 1}
        DELETE /carts/a = 204
        GET /carts/a/items/p1 = 404
        """,
    ),
    "members of projects, posted by their user": (
        crud("/projects", "/projects/{projectId}", THING)
        | {
            "/projects/{projectId}/members": {
                "get": operation(schema=array_of(MEMBER)),
                "post": operation(body=MEMBER, status=201, schema=MEMBER),
            },
            "/projects/{projectId}/members/{userId}": {
                "get": operation(schema=MEMBER),
                "patch": operation(body={"type": "object", "properties": {"role": TEXT}}, schema=MEMBER),
                "delete": operation(status=204),
            },
        },
        """
        POST /projects {"id": "a", "label": "x"} = 201
        POST /projects {"id": "b", "label": "y"} = 201
        POST /projects/a/members {"userId": "u,1", "role": "owner"} = 201 {"userId": "u,1", "role": "owner"}
        POST /projects/b/members {"userId": "u,1", "role": "guest"} = 201 {"userId": "u,1", "role": "guest"}
        POST /projects/a/members {"userId": "u,1", "role": "guest"} = 409
        PATCH /projects/a/members/u,1 {"role": "admin"} = 200 {"userId": "u,1", "role": "admin"}
        GET /projects/b/members = 200 [{"userId": "u,1", "role": "guest"}]
        DELETE /projects/b/members/u,1 = 204
        GET /projects/a/members = 200 [{"userId": "u,1", "role": "admin"}]
        """,
    ),
    "translations of products, put by their language": (
        crud("/products", "/products/{productId}", THING)
        | {
            "/products/{productId}/translations": {"get": operation(schema=array_of(TRANSLATION))},
            "/products/{productId}/translations/{lang}": {
                "get": operation(schema=TRANSLATION),
                "put": operation(body=record(lang=TEXT, text=TEXT), status=201, schema=TRANSLATION),
            },
        },
        """
        POST /products {"id": "a", "label": "x"} = 201
        POST /products {"id": "b", "label": "y"} = 201
        PUT /products/a/translations/de {"lang": "de", "text": "eins"} = 201 {"lang": "de", "text": "eins"}
        PUT /products/b/translations/de {"lang": "de", "text": "zwei"} = 201 {"lang": "de", "text": "zwei"}
        GET /products/a/translations = 200 [{"lang": "de", "text": "eins"}]
        PUT /products/a/translations/de {"lang": "fr", "text": "un"} = 422
        """,
    ),
    "a member at a path of its own": (
        crud("/tasks", "/tasks/{task_id}", TASK)
        | {
            "/tasks/{task_id}/status": {
                "get": operation(schema=record(status=STATUS)),
                "put": operation(body=record(status=STATUS), schema=record(status=STATUS)),
            },
            "/tasks/{task_id}/label": {
                "get": operation(schema=TEXT),
                "put": operation(body=TEXT, status=204),
            },
        },
        """
        GET /tasks/a/status = 404
        POST /tasks {"id": "a", "status": "open", "label": "x"} = 201
        GET /tasks/a/status = 200 {"status": "open"}
        PUT /tasks/a/status {"status": "done"} = 200 {"status": "done"}
        GET /tasks/a = 200 {"id": "a", "status": "done", "label": "x"}
        PATCH /tasks/a {"status": "open"} = 200
        GET /tasks/a/status = 200 {"status": "open"}
        PUT /tasks/b/status {"status": "done"} = 404
        PUT /tasks/a/status {"status": "other"} = 422
        PUT /tasks/a/label "y" = 204
        GET /tasks/a/label = 200 "y"
        GET /tasks/a = 200 {"id": "a", "status": "open", "label": "y"}
        """,
    ),
    "the user who is logged in, beside the users": (
        crud("/users", "/users/{id}", record(id=INTEGER, name=TEXT))
        | {
            "/me": {
                "get": operation(schema=record(id=INTEGER, name=TEXT)),
                "patch": operation(
                    body={"type": "object", "properties": {"name": TEXT}}, schema=record(id=INTEGER, name=TEXT)
                ),
            }
        },
        """
        PATCH /me {"name": "Ann"} = 200
        GET /users = 200 []
        """,
    ),
    "a record with two keys is only a sample": (
        {
            "/prices/{country}/{currency}": {
                "get": operation(schema=record(country=TEXT, currency=TEXT, amount=INTEGER)),
                "put": operation(
                    body=record(country=TEXT, currency=TEXT, amount=INTEGER),
                    schema=record(country=TEXT, currency=TEXT, amount=INTEGER),
                ),
                "delete": operation(status=204),
            },
            "/prices": {"get": operation(schema=array_of(record(country=TEXT, currency=TEXT, amount=INTEGER)))},
        },
        """
        PUT /prices/de/eur {"country": "de", "currency": "eur", "amount": 1} = 200
        PUT /prices/fr/eur {"country": "fr", "currency": "eur", "amount": 1} = 200
        GET /prices/fr/eur = 200
        GET /__mock/state?resource=prices = 404
        """,
    ),
    "uuid keys in camel case, below a prefix": (
        {
            "/api/v1/lineItems": {
                "get": operation(
                    schema=array_of(record(lineItemId={"type": "string", "format": "uuid"}, unitPrice=INTEGER))
                ),
                "post": operation(
                    body=record(unitPrice=INTEGER),
                    status=201,
                    schema=record(lineItemId={"type": "string", "format": "uuid"}, unitPrice=INTEGER),
                ),
            },
            "/api/v1/lineItems/{lineItemId}": {
                "get": operation(schema=record(lineItemId={"type": "string", "format": "uuid"}, unitPrice=INTEGER)),
                "delete": operation(status=204),
            },
        },
        """
        GET /api/v1/lineItems = 200 []
        POST /api/v1/lineItems {"unitPrice": 3} = 201 ~{"unitPrice": 3}
        GET /api/v1/lineItems = 200 ~[{"unitPrice": 3}]
        """,
    ),
    "kebab case and slugs": (
        crud("/blog-posts", "/blog-posts/{slug}", record(slug=TEXT, title=TEXT)),
        """
        POST /blog-posts {"slug": "a-b", "title": "x"} = 201
        GET /blog-posts/a-b = 200 {"slug": "a-b", "title": "x"}
        """,
    ),
    "Pascal case": (
        crud("/Api/Products", "/Api/Products/{ProductId}", record(ProductId=INTEGER, Name=TEXT)),
        """
        POST /Api/Products {"ProductId": 4, "Name": "x"} = 201
        GET /Api/Products/4 = 200 {"ProductId": 4, "Name": "x"}
        """,
    ),
    "irregular plurals": (
        crud("/people", "/people/{person_id}", record(person_id=INTEGER, name=TEXT))
        | crud(
            "/people/{person_id}/children",
            "/people/{person_id}/children/{child_id}",
            record(child_id=INTEGER, person_id=INTEGER, name=TEXT),
        ),
        """
        POST /people {"person_id": 1, "name": "x"} = 201
        POST /people/1/children {"child_id": 2, "person_id": 1, "name": "y"} = 201
        GET /people/1/children/2 = 200 {"child_id": 2, "person_id": 1, "name": "y"}
        GET /people/2/children = 404
        """,
    ),
    "lists of summaries": (
        {
            "/things": {
                "get": operation(schema=record(things=array_of(record(id=TEXT, label=TEXT)))),
                "post": operation(body=record(label=TEXT, notes=TEXT), status=201, schema=record(id=TEXT)),
            },
            "/things/{id}": {
                "get": operation(schema=record(id=TEXT, label=TEXT, notes=TEXT)),
                "delete": operation(status=204),
            },
        },
        """
        POST /things {"label": "x", "notes": "y"} = 201
        """,
    ),
    "a creation that answers with the key alone": (
        {
            "/things": {
                "get": operation(schema=array_of(THING)),
                "post": operation(body=NEW_THING, status=201, schema=TEXT),
            },
            "/things/{thing_id}": {"get": operation(schema=THING)},
        },
        """
        POST /things {"label": "x"} = 201 "things-1"
        GET /things/things-1 = 200 {"id": "things-1", "label": "x"}
        """,
    ),
    "a creation that answers with Location alone": (
        {
            "/things": {
                "get": operation(schema=array_of(THING)),
                "post": operation(body=NEW_THING, status=201, headers={"Location": {"schema": TEXT}}),
            },
            "/things/{thing_id}": {"get": operation(schema=THING)},
        },
        """
        POST /things {"label": "x"} = 201
        GET /things/things-1 = 200 {"id": "things-1", "label": "x"}
        """,
    ),
    "a PUT that creates": (
        {
            "/things/{thing_id}": {
                "get": operation(schema=THING),
                "put": operation(body=NEW_THING, schema=THING),
                "delete": operation(status=204),
            },
        },
        """
        GET /things/a = 404
        PUT /things/a {"label": "x"} = 200 {"id": "a", "label": "x"}
        GET /things/a = 200 {"id": "a", "label": "x"}
        DELETE /things/a = 204
        """,
    ),
    "Stripe": (
        {
            "/v1/customers": {
                "get": operation(
                    schema=record(
                        object={"enum": ["list"]},
                        data=array_of(record(id=TEXT, object={"enum": ["customer"]}, email=TEXT)),
                        has_more={"type": "boolean"},
                        url=TEXT,
                    ),
                    parameters=[("limit", INTEGER), ("starting_after", TEXT), ("ending_before", TEXT)],
                ),
                "post": operation(
                    body=record(email=TEXT), schema=record(id=TEXT, object={"enum": ["customer"]}, email=TEXT)
                ),
            },
            "/v1/customers/{customer}": {
                "get": operation(schema=record(id=TEXT, object={"enum": ["customer"]}, email=TEXT)),
                "post": operation(
                    body={"type": "object", "properties": {"email": TEXT}},
                    schema=record(id=TEXT, object={"enum": ["customer"]}, email=TEXT),
                ),
                "delete": operation(schema=record(id=TEXT, object={"enum": ["customer"]}, deleted={"enum": [True]})),
            },
        },
        """
        POST /v1/customers {"email": "a@x"} = 200 {"id": "customers-1", "object": "customer", "email": "a@x"}
        POST /v1/customers/customers-1 {"email": "b@x"} = 200 {"id": "customers-1", "object": "customer", "email": "b@x"}
        GET /v1/customers = 200 ~{"object": "list", "data": [{"id": "customers-1", "object": "customer", "email": "b@x"}], "has_more": false}
        DELETE /v1/customers/customers-1 = 200 {"id": "customers-1", "object": "customer", "deleted": true}
        GET /v1/customers/customers-1 = 404
        """,
    ),
    "Twilio": (
        {
            "/2010/Accounts/{AccountSid}/Messages.json": {
                "get": operation(
                    schema=record(
                        messages=array_of(record(sid=TEXT, account_sid=TEXT, body=TEXT)),
                        page=INTEGER,
                        page_size=INTEGER,
                    )
                ),
                "post": operation(
                    body=record(body=TEXT), status=201, schema=record(sid=TEXT, account_sid=TEXT, body=TEXT)
                ),
            },
            "/2010/Accounts/{AccountSid}/Messages/{Sid}.json": {
                "get": operation(schema=record(sid=TEXT, account_sid=TEXT, body=TEXT)),
                "delete": operation(status=204),
            },
        },
        """
        POST /2010/Accounts/AC1/Messages.json {"body": "hi"} = 201 {"sid": "Messages-1", "account_sid": "AC1", "body": "hi"}
        GET /2010/Accounts/AC1/Messages/Messages-1.json = 200 {"sid": "Messages-1", "account_sid": "AC1", "body": "hi"}
        GET /2010/Accounts/AC2/Messages.json = 200 ~{"messages": []}
        DELETE /2010/Accounts/AC1/Messages/Messages-1.json = 204
        GET /2010/Accounts/AC1/Messages.json = 200 ~{"messages": []}
        """,
    ),
    "Jira": (
        {
            "/rest/api/3/issue": {
                "post": operation(
                    body=record(fields=record(summary=TEXT)), status=201, schema=record(id=TEXT, key=TEXT, self=TEXT)
                )
            },
            "/rest/api/3/issue/{issueIdOrKey}": {
                "get": operation(schema=record(id=TEXT, key=TEXT, fields=record(summary=TEXT))),
                "put": operation(body=record(fields=record(summary=TEXT)), status=204),
                "delete": operation(status=204),
            },
        },
        """
        POST /rest/api/3/issue {"fields": {"summary": "x"}} = 201
        """,
    ),
    "Shopify": (
        {
            "/admin/products.json": {
                "get": operation(schema=record(products=array_of(record(id=INTEGER, title=TEXT)))),
                "post": operation(
                    body=record(product=record(title=TEXT)),
                    status=201,
                    schema=record(product=record(id=INTEGER, title=TEXT)),
                ),
            },
            "/admin/products/count.json": {"get": operation(schema=record(count=INTEGER))},
            "/admin/products/{product_id}.json": {
                "get": operation(schema=record(product=record(id=INTEGER, title=TEXT))),
                "put": operation(
                    body=record(product=record(title=TEXT)), schema=record(product=record(id=INTEGER, title=TEXT))
                ),
                "delete": operation(schema=record()),
            },
        },
        """
        POST /admin/products.json {"product": {"title": "x"}} = 201 {"product": {"id": 1, "title": "x"}}
        GET /admin/products/1.json = 200 {"product": {"id": 1, "title": "x"}}
        PUT /admin/products/1.json {"product": {"title": "y"}} = 200 {"product": {"id": 1, "title": "y"}}
        GET /admin/products.json = 200 {"products": [{"id": 1, "title": "y"}]}
        GET /admin/products/count.json = 200 {"count": 1}
        DELETE /admin/products/1.json = 200
        GET /admin/products.json = 200 {"products": []}
        """,
    ),
    "JSON:API": (
        listing(
            "/articles",
            "/articles/{id}",
            record(type={"enum": ["articles"]}, id=TEXT, attributes=record(title=TEXT)),
            record(
                data=array_of(record(type={"enum": ["articles"]}, id=TEXT, attributes=record(title=TEXT))),
                links=record(self=TEXT),
            ),
            record(data=record(type={"enum": ["articles"]}, id=TEXT, attributes=record(title=TEXT))),
        )
        | {},
        """
        GET /articles = 200 ~{"data": []}
        """,
    ),
    "FHIR": (
        {
            "/Patient": {
                "get": operation(
                    schema=record(
                        resourceType={"enum": ["Bundle"]},
                        total=INTEGER,
                        entry=array_of(
                            record(resource=record(resourceType={"enum": ["Patient"]}, id=TEXT, gender=TEXT))
                        ),
                    )
                ),
                "post": operation(
                    body=record(resourceType={"enum": ["Patient"]}, gender=TEXT),
                    status=201,
                    schema=record(resourceType={"enum": ["Patient"]}, id=TEXT, gender=TEXT),
                ),
            },
            "/Patient/{id}": {
                "get": operation(schema=record(resourceType={"enum": ["Patient"]}, id=TEXT, gender=TEXT)),
                "put": operation(
                    body=record(resourceType={"enum": ["Patient"]}, gender=TEXT),
                    schema=record(resourceType={"enum": ["Patient"]}, id=TEXT, gender=TEXT),
                ),
                "delete": operation(status=204),
            },
        },
        """
        POST /Patient {"resourceType": "Patient", "gender": "x"} = 201
        """,
    ),
    "SCIM": (
        listing(
            "/scim/v2/Groups",
            "/scim/v2/Groups/{groupId}",
            record(schemas=array_of(TEXT), id=TEXT, userName=TEXT),
            record(
                schemas=array_of(TEXT),
                totalResults=INTEGER,
                startIndex=INTEGER,
                itemsPerPage=INTEGER,
                Resources=array_of(record(schemas=array_of(TEXT), id=TEXT, userName=TEXT)),
            ),
        ),
        """
        POST /scim/v2/Groups {"schemas": ["u"], "id": "a", "userName": "ann"} = 201
        GET /scim/v2/Groups = 200 ~{"totalResults": 1, "startIndex": 1, "itemsPerPage": 1, "Resources": [{"schemas": ["u"], "id": "a", "userName": "ann"}]}
        """,
    ),
    "the number of things, at the root": (
        crud("/things", "/things/{thing_id}", THING) | {"/count": {"get": operation(schema=record(count=INTEGER))}},
        """
        GET /things = 200 []
        """,
    ),
    "OData": (
        listing(
            "/odata/Things",
            "/odata/Things/{ID}",
            record(ID=INTEGER, Name=TEXT),
            {
                "type": "object",
                "required": ["value"],
                "properties": {"@odata.count": INTEGER, "value": array_of(record(ID=INTEGER, Name=TEXT))},
            },
        ),
        """
        POST /odata/Things {"ID": 1, "Name": "x"} = 201
        GET /odata/Things = 200 {"@odata.count": 1, "value": [{"ID": 1, "Name": "x"}]}
        """,
    ),
    "soft deletion": (
        crud(
            "/things",
            "/things/{thing_id}",
            {"type": "object", "required": ["id"], "properties": {"id": TEXT, "deleted_at": TEXT}},
        ),
        """
        POST /things {"id": "a"} = 201
        DELETE /things/a = 204
        GET /things = 200 []
        """,
    ),
}
