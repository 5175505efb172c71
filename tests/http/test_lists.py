"""Lists that compare, search and page by cursor, against a plain Python list as the model."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from mockserver import ContractError, create_app, load_contract

PRODUCT: dict[str, Any] = {
    "type": "object",
    "required": ["id", "title"],
    "properties": {
        "id": {"type": "integer"},
        "title": {"type": "string"},
        "description": {"type": ["string", "null"]},
        "price": {"type": "object", "properties": {"amount": {"type": "number"}}},
        "stock": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "made_at": {"type": "string", "format": "date-time"},
    },
    "additionalProperties": False,
}
PARAMETERS: dict[str, dict[str, Any]] = {
    "q": {"type": "string"},
    "min_price": {"type": "number"},
    "max_price": {"type": "number"},
    "stock": {"type": "integer"},
    "stock_in": {"type": "array", "items": {"type": "integer"}},
    "not_stock": {"type": "integer"},
    "tag": {"type": "string"},
    "made_after": {"type": "string"},
    "title_prefix": {"type": "string"},
    "above": {"type": "string"},
    "sort": {"type": "string"},
    "limit": {"type": "integer", "minimum": 0},
    "offset": {"type": "integer", "minimum": 0},
    "cursor": {"type": "string"},
}
ENVELOPE: dict[str, Any] = {
    "type": "object",
    "required": ["items", "total", "meta"],
    "properties": {
        "items": {"type": "array", "items": {"$ref": "product.json"}},
        "total": {"type": "integer"},
        "meta": {
            "type": "object",
            "required": ["next_cursor", "has_more"],
            "properties": {"next_cursor": {"type": ["string", "null"]}, "has_more": {"type": "boolean"}},
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
ENTRY: dict[str, Any] = {
    "list": "products",
    "envelope": {"items": "items", "total": "total"},
    "paging": {
        "limit": "limit", "offset": "offset", "sort": "sort",
        "cursor": "cursor", "next": "meta.next_cursor", "more": "meta.has_more",
    },
    "search": {"q": ["title", "description"]},
    "filters": {
        "min_price": {"field": "price.amount", "op": "gte"},
        "max_price": {"field": "price.amount", "op": "lte"},
        "stock_in": {"field": "stock", "op": "in"},
        "not_stock": {"field": "stock", "op": "ne"},
        "tag": {"field": "tags"},
        "made_after": {"field": "made_at", "op": "gt"},
        "title_prefix": {"field": "title", "op": "prefix"},
        "above": {"field": "title", "op": "gt"},
    },
}  # fmt: skip
RECORDS: list[dict[str, Any]] = [
    {"id": 1, "title": "Red Lamp", "description": "warm light", "price": {"amount": 10}, "stock": 3,
     "tags": ["home", "sale"], "made_at": "2026-01-15T10:00:00+01:00"},
    {"id": 2, "title": "Blue lamp", "price": {"amount": 20.5}, "stock": 0, "made_at": "2026-01-15T09:30:00Z"},
    {"id": 3, "title": "ÄRMEL", "description": "red wool", "stock": 5, "tags": [], "made_at": "2026-01-14T23:00:00-03:00"},
    {"id": 4, "title": "desk", "description": None, "price": {}, "tags": ["sale"]},
    {"id": 5, "title": "Red desk", "price": {"amount": 10.0}, "stock": 3},
]  # fmt: skip
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "contract.md"
Change = Callable[[dict[str, Any]], object]


def write(folder: Path, records: list[dict[str, Any]], change: Change | None = None) -> Path:
    """The contract of the products in `folder`; `change` changes its files."""
    key = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    product = {"content": {"application/json": {"schema": {"$ref": "product.json"}}}}
    get = {
        "operationId": "listProducts",
        "parameters": [{"name": name, "in": "query", "schema": schema} for name, schema in PARAMETERS.items()],
        "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": ENVELOPE}}}},
    }
    again = {**get, "operationId": "listOthers"}
    post = {"operationId": "addProduct", "requestBody": product, "responses": {"201": {"description": "ok", **product}}}
    put = {"operationId": "putProduct", "requestBody": product, "responses": {"200": {"description": "ok", **product}}}
    delete = {"operationId": "dropProduct", "responses": {"204": {"description": "gone"}}}
    files: dict[str, Any] = json.loads(
        json.dumps(
            {
                "schemas/openapi.json": {
                    "openapi": "3.1.0",
                    "info": {"title": "Shop", "version": "1"},
                    "paths": {
                        "/products": {"get": get, "post": post},
                        "/others": {"get": again},
                        "/products/{id}": {"parameters": [key], "put": put, "delete": delete},
                    },
                },
                "schemas/product.json": PRODUCT,
                "schemas/resources.json": {
                    "resources": {"products": {"schema": "product.json", "key": "id", "sort": ["title"]}},
                    "operations": {
                        "listProducts": ENTRY,
                        "listOthers": ENTRY,
                        "addProduct": {"create": "products"},
                        "putProduct": {"replace": "products"},
                        "dropProduct": {"delete": "products"},
                    },
                },
                "fixtures/shop/products.json": records,
            }
        )
    )
    if change is not None:
        change(files)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=1))
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> FlaskClient:
    """A client of the shop with five products."""
    return create_app(write(tmp_path, RECORDS)).test_client(use_cookies=False)


def get(client: FlaskClient, path: str = "/products", **query: Any) -> Any:
    response = client.get(f"{path}?{urlencode(query, doseq=True)}")
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()


def ids(listed: Any) -> list[int]:
    return [product["id"] for product in listed["items"]]


def code(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json()["violations"][0]["keyword"]


def walk(client: FlaskClient, **query: Any) -> list[int]:
    """The ids on all pages, by cursor."""
    page = get(client, **query)
    seen = ids(page)
    while page["meta"]["next_cursor"] is not None:
        assert page["meta"]["has_more"] is True
        page = get(client, cursor=page["meta"]["next_cursor"], **query)
        seen += ids(page)
    assert page["meta"]["has_more"] is False
    return seen


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"min_price": 10}, [1, 2, 5]),
        ({"min_price": 10.5}, [2]),
        ({"max_price": 10}, [1, 5]),
        ({"min_price": 30, "max_price": 10}, []),
        ({"stock": 3}, [1, 5]),
        ({"stock_in": [0, 5]}, [2, 3]),
        ({"not_stock": 3}, [2, 3]),
        ({"tag": "sale"}, [1, 4]),
        ({"made_after": "2026-01-15T09:00:00Z"}, [2]),
        ({"made_after": "2026-01-15"}, [1, 2, 3]),
        ({"title_prefix": "Red"}, [1, 5]),
        ({"title_prefix": "red"}, []),
        ({"above": "Red desk"}, [3, 4]),
        ({"q": "lamp"}, [1, 2]),
        ({"q": "RED"}, [1, 3, 5]),
        ({"q": "red  light"}, [1]),
        ({"q": "wool ärmel"}, [3]),
        ({"q": " "}, [1, 2, 3, 4, 5]),
        ({"q": "red", "max_price": 10, "stock": 3, "tag": "home"}, [1]),
        ({"q": "desk", "sort": "id", "limit": 1}, [4]),
        ({"q": "desk", "sort": "id", "limit": 1, "offset": 1}, [5]),
    ],
)
def test_a_list_has_the_records_that_the_query_selects(shop: FlaskClient, query: Any, expected: list[int]) -> None:
    assert sorted(ids(get(shop, **query))) == expected


def test_the_total_counts_what_is_selected(shop: FlaskClient) -> None:
    assert get(shop, q="lamp", limit=1)["total"] == 2


@pytest.mark.parametrize("query", ["min_price=abc", "made_after=yesterday", "stock_in=x", "made_after=2026-13-01"])
def test_a_value_that_cannot_be_compared_is_422(shop: FlaskClient, query: str) -> None:
    assert shop.get(f"/products?{query}").status_code == 422


def test_a_walk_visits_every_record_once_in_order(shop: FlaskClient) -> None:
    assert walk(shop, limit=2) == ids(get(shop))


def test_a_walk_may_change_the_size_of_its_pages(shop: FlaskClient) -> None:
    first = get(shop, limit=1)
    assert ids(get(shop, limit=9, cursor=first["meta"]["next_cursor"])) == ids(get(shop))[1:]


def test_an_empty_cursor_is_the_first_page(shop: FlaskClient) -> None:
    assert get(shop, cursor="", limit=2) == get(shop, limit=2)


def test_an_empty_page_has_no_cursor(shop: FlaskClient) -> None:
    assert get(shop, limit=0)["meta"]["next_cursor"] is None


def test_a_cursor_is_url_safe(shop: FlaskClient) -> None:
    cursor = get(shop, limit=4)["meta"]["next_cursor"]
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize(
    "query",
    [{"sort": "id"}, {"sort": "-title"}, {"q": "e"}, {"stock": 3}, {"min_price": 1}],
)
def test_a_cursor_of_another_selection_is_422(shop: FlaskClient, query: Any) -> None:
    cursor = get(shop, limit=1)["meta"]["next_cursor"]
    assert code(shop.get(f"/products?{urlencode({**query, 'cursor': cursor})}")) == (422, "cursor")


def test_a_cursor_of_another_operation_is_422(shop: FlaskClient) -> None:
    cursor = get(shop, limit=1)["meta"]["next_cursor"]
    assert code(shop.get(f"/others?cursor={cursor}")) == (422, "cursor")


def test_naming_the_order_of_the_resource_is_the_same_list(shop: FlaskClient) -> None:
    cursor = get(shop, limit=1)["meta"]["next_cursor"]
    assert get(shop, limit=1, sort="title", cursor=cursor) == get(shop, limit=1, cursor=cursor)


def test_a_cursor_with_any_character_changed_is_422(shop: FlaskClient) -> None:
    cursor = get(shop, limit=1)["meta"]["next_cursor"]
    for index, character in enumerate(cursor):
        for other in {"A", "B", "Q", "-", "=", "é", " "} - {character}:
            changed = cursor[:index] + other + cursor[index + 1 :]
            assert code(shop.get("/products", query_string={"cursor": changed})) == (422, "cursor")


@pytest.mark.parametrize("cursor", ["x", "0", "null", "a" * 3000, "=", "AAAA", "\0"])
def test_what_is_no_cursor_is_422(shop: FlaskClient, cursor: str) -> None:
    assert code(shop.get("/products", query_string={"cursor": cursor})) == (422, "cursor")


def test_a_cursor_outlives_the_record_it_was_made_from(shop: FlaskClient) -> None:
    order = ids(get(shop))
    cursor = get(shop, limit=2)["meta"]["next_cursor"]
    assert shop.delete(f"/products/{order[1]}").status_code == 204
    assert ids(get(shop, cursor=cursor)) == order[2:]


def test_a_cursor_is_right_after_a_reset(shop: FlaskClient) -> None:
    order = ids(get(shop))
    cursor = get(shop, limit=2)["meta"]["next_cursor"]
    assert shop.post("/__mock/reset", json={}).status_code == 200
    assert ids(get(shop, cursor=cursor)) == order[2:]


def test_a_cursor_shows_another_sandbox_only_its_own_records(shop: FlaskClient) -> None:
    headers = {"X-Mock-Sandbox": "other"}
    created = shop.post("/products", json={"id": 9, "title": "Mine only"}, headers=headers)
    assert created.status_code == 201
    cursor = shop.get("/products?limit=1", headers=headers).get_json()["meta"]["next_cursor"]
    assert ids(get(shop, cursor=cursor)) == ids(get(shop))[1:]


def test_a_change_changes_the_list_and_its_tag(shop: FlaskClient) -> None:
    tag = shop.get("/products?q=lamp").headers["ETag"]
    assert shop.get("/products?q=lamp", headers={"If-None-Match": tag}).status_code == 304
    shop.post("/products", json={"id": 9, "title": "A lamp"})
    assert shop.get("/products?q=lamp", headers={"If-None-Match": tag}).status_code == 200


def page_schema(files: dict[str, Any]) -> Any:
    get = files["schemas/openapi.json"]["paths"]["/products"]["get"]
    return get["responses"]["200"]["content"]["application/json"]["schema"]


def without_null(files: dict[str, Any]) -> None:
    page_schema(files)["properties"]["meta"]["properties"]["next_cursor"]["type"] = "string"


def optional(files: dict[str, Any]) -> None:
    without_null(files)
    page_schema(files)["properties"]["meta"]["required"] = ["has_more"]


@pytest.mark.parametrize(
    ("change", "end"),
    [
        (None, {"next_cursor": None, "has_more": False}),
        (optional, {"has_more": False}),
        (without_null, {"next_cursor": "", "has_more": False}),
    ],
)
def test_the_last_page_has_no_cursor_as_far_as_the_schema_allows(tmp_path: Path, change: Change, end: Any) -> None:
    client = create_app(write(tmp_path, RECORDS, change)).test_client(use_cookies=False)
    assert get(client)["meta"] == end


# Cursors that are keys.


def by_key(files: dict[str, Any]) -> None:
    parameters = files["schemas/openapi.json"]["paths"]["/products"]["get"]["parameters"]
    parameters += [
        {"name": name, "in": "query", "schema": {"type": "string"}} for name in ("starting_after", "ending_before")
    ]
    entry = files["schemas/resources.json"]["operations"]["listProducts"]
    entry["paging"] = {
        "limit": "limit",
        "cursor": "starting_after",
        "before": "ending_before",
        "more": "has_more",
        "sort": "sort",
    }
    properties = page_schema(files)["properties"]
    properties["has_more"] = {"type": "boolean"}
    del properties["meta"]
    page_schema(files)["required"] = ["items", "has_more"]


@pytest.fixture
def keyed(tmp_path: Path) -> FlaskClient:
    """A client of the shop whose cursors are keys."""
    return create_app(write(tmp_path, RECORDS, by_key)).test_client(use_cookies=False)


def test_a_walk_by_key_visits_every_record_once(keyed: FlaskClient) -> None:
    page = get(keyed, limit=2, sort="id")
    seen = ids(page)
    while page["has_more"]:
        page = get(keyed, limit=2, sort="id", starting_after=seen[-1])
        seen += ids(page)
    assert seen == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("key", "expected", "more"), [(5, [3, 4], True), (3, [1, 2], False), (2, [1], False), (1, [], False)]
)
def test_the_page_before_a_key_ends_there(keyed: FlaskClient, key: int, expected: list[int], more: bool) -> None:
    page = get(keyed, limit=2, sort="id", ending_before=key)
    assert ids(page) == expected
    assert page["has_more"] == more


@pytest.mark.parametrize("key", ["77", "x", "1.0"])
def test_a_key_of_no_record_is_422(keyed: FlaskClient, key: str) -> None:
    response = keyed.get(f"/products?starting_after={key}")
    assert response.status_code == 422
    assert response.headers["X-Mock-Code"] == "unknown-cursor"


def test_a_key_of_no_record_is_404_where_only_that_is_declared(tmp_path: Path) -> None:
    def change(files: dict[str, Any]) -> None:
        by_key(files)
        files["schemas/openapi.json"]["paths"]["/products"]["get"]["responses"]["404"] = {"description": "none"}

    client = create_app(write(tmp_path, RECORDS, change)).test_client(use_cookies=False)
    assert client.get("/products?starting_after=77").status_code == 404


def test_both_directions_at_once_are_422(keyed: FlaskClient) -> None:
    assert code(keyed.get("/products?starting_after=1&ending_before=3")) == (422, "cursor")


# The model.

TEXTS = st.sampled_from(["", "a", "B", "ab c", "Ä", "ß", "SS", "\U0001f600", "b a"])
STAMPS = st.sampled_from(["2026-01-15T10:00:00+01:00", "2026-01-15T09:00:00Z", "2026-01-15T09:00:00.5Z", "2026-01-16T00:00:00Z"])  # fmt: skip
PRODUCTS = st.fixed_dictionaries(
    {"title": TEXTS},
    optional={
        "description": TEXTS | st.none(),
        "price": st.fixed_dictionaries({}, optional={"amount": st.sampled_from([0, 1, 1.5, 2])}),
        "stock": st.integers(0, 3),
        "tags": st.lists(st.sampled_from("abc"), max_size=2),
        "made_at": STAMPS,
    },
)
QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "q": st.sampled_from(["a", "A b", "ä", "ss", "c  a", "\U0001f600"]),
        "min_price": st.sampled_from([0, 1, 1.5]),
        "max_price": st.sampled_from([1, 1.5, 3]),
        "stock": st.integers(0, 3),
        "stock_in": st.lists(st.integers(0, 3), min_size=1, max_size=2),
        "not_stock": st.integers(0, 3),
        "tag": st.sampled_from("abc"),
        "made_after": STAMPS | st.just("2026-01-15"),
        "title_prefix": st.sampled_from(["a", "b", "B"]),
        "sort": st.sampled_from(["title", "-title", "-stock,title", "id"]),
    },
)


def moment(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def is_selected(product: dict[str, Any], query: dict[str, Any]) -> bool:
    text = f"{product['title']}\n{product.get('description') or ''}".casefold()
    amount, stock = product.get("price", {}).get("amount"), product.get("stock")
    stamp = product.get("made_at")
    facts: dict[str, Callable[[Any], bool]] = {
        "q": lambda value: all(word in text for word in value.casefold().split()),
        "min_price": lambda value: amount is not None and amount >= value,
        "max_price": lambda value: amount is not None and amount <= value,
        "stock": lambda value: stock == value,
        "stock_in": lambda value: stock in value,
        "not_stock": lambda value: stock is not None and stock != value,
        "tag": lambda value: value in product.get("tags", []),
        "made_after": lambda value: stamp is not None and moment(stamp) > moment(value),
        "title_prefix": lambda value: product["title"].startswith(value),
    }
    return all(facts[name](value) for name, value in query.items() if name in facts)


def expected_order(products: list[dict[str, Any]], sort: str) -> list[int]:
    rows = list(products)
    for part in reversed(sort.split(",")):
        name = part.lstrip("-")
        rows.sort(key=lambda product, name=name: (name in product, product.get(name, 0)), reverse=part[0] == "-")  # type: ignore[misc]
    return [product["id"] for product in rows]


@given(st.lists(PRODUCTS, max_size=12), st.lists(st.tuples(QUERIES, st.integers(1, 4)), min_size=1, max_size=4))
def test_any_walk_agrees_with_a_plain_list(tmp_path: Path, products: list[Any], queries: list[Any]) -> None:
    records = [{"id": number, **product} for number, product in enumerate(products, 1)]
    client = create_app(write(tmp_path, records)).test_client(use_cookies=False)
    for query, limit in queries:
        selected = [product for product in records if is_selected(product, query)]
        assert walk(client, limit=limit, **query) == expected_order(selected, query.get("sort", "title"))


CHANGES = st.lists(
    st.tuples(st.sampled_from(["add", "drop", "put"]), st.integers(0, 9), TEXTS), max_size=4
)  # fmt: skip


@given(st.lists(TEXTS, min_size=1, max_size=10), st.sampled_from(["title", "-title", "id"]), st.data())
def test_a_walk_visits_what_stays_exactly_once_while_the_rest_changes(
    tmp_path: Path, titles: list[str], sort: str, data: st.DataObject
) -> None:
    records = [{"id": number, "title": title} for number, title in enumerate(titles, 1)]
    client = create_app(write(tmp_path, records)).test_client(use_cookies=False)
    staying, seen, cursor, number = set(range(1, len(titles) + 1)), list[int](), "", 100
    while cursor is not None:
        page = get(client, limit=2, sort=sort, cursor=cursor)
        seen += ids(page)
        cursor = page["meta"]["next_cursor"]
        for kind, key, title in data.draw(CHANGES):
            number += 1
            if kind == "add":
                client.post("/products", json={"id": number, "title": title})
            elif kind == "put":
                client.put(f"/products/{key}", json={"id": key, "title": title})
            else:
                client.delete(f"/products/{key}")
            staying -= {key} if kind != "add" else set()
    assert {key: seen.count(key) for key in staying} == dict.fromkeys(staying, 1)


def test_the_example_of_the_documentation_works(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\noperations:\n(  listProducts:.*?)```", DOCUMENTATION.read_text(), re.DOTALL)

    def change(files: dict[str, Any]) -> None:
        files["schemas/resources.json"]["operations"] |= yaml.safe_load(block)

    client = create_app(write(tmp_path, RECORDS, change)).test_client(use_cookies=False)
    assert walk(client, limit=1, q="lamp", min_price=5) == [2, 1]


# Mistakes in the entry.


def errors(folder: Path, change: Change) -> list[tuple[str, str]]:
    with pytest.raises(ContractError) as raised:
        load_contract(write(folder, [], change))
    return [(problem.pointer, problem.message) for problem in raised.value.problems if problem.line]


ROOT = "/operations/listProducts"


@pytest.mark.parametrize(
    ("part", "value", "pointer", "message"),
    [
        ("filters", {"min_price": {"field": "price.amonut", "op": "gte"}}, "/filters/min_price/field",
         'there is no field "price.amonut". Did you mean "price.amount"?'),
        ("filters", {"min_price": {"field": "prise"}}, "/filters/min_price/field",
         'there is no field "prise". Did you mean "price"?'),
        ("filters", {"min_price": {"field": "stock", "op": "gtr"}}, "/filters/min_price/op",
         'there is no operator "gtr". Did you mean "gt"?'),
        ("filters", {"min_prize": {"field": "stock"}}, "/filters/min_prize",
         'there is no query parameter "min_prize". Did you mean "min_price"?'),
        ("filters", {"tag": {"field": "stock"}}, "/filters/tag/field",
         '"tag" and the field "stock" have different types: they never compare'),
        ("filters", {"stock_in": {"field": "stock", "op": "lt"}}, "/filters/stock_in/op",
         'lt compares with one value, and "stock_in" is an array of them'),
        ("search", {"q": ["titel"]}, "/search/q/0", 'there is no field "titel". Did you mean "title"?'),
        ("search", {"stock": ["title"]}, "/search/stock", '"stock" must be a string to be searched for'),
        ("paging", {"cursor": "cursr"}, "/paging/cursor",
         'there is no query parameter "cursr". Did you mean "cursor"?'),
        ("paging", {"cursor": "cursor", "next": "meta.next"}, "/paging/next",
         'the schema of the response has no member "meta.next". Did you mean "meta.next_cursor"?'),
        ("paging", {"cursor": "cursor", "next": "meta.has_more"}, "/paging/next",
         '"meta.has_more" cannot hold a cursor, which is a string'),
        ("paging", {"cursor": "cursor", "next": "meta.next_cursor", "before": "q"}, "/paging/before",
         "pages before a cursor need cursors that are keys, without `next`"),
        ("envelope", {"items": "itmes"}, "/envelope/items",
         'the schema of the response has no member "itmes". Did you mean "items"?'),
    ],
)  # fmt: skip
def test_a_mistake_in_the_entry_is_an_error_with_the_nearest_name(
    tmp_path: Path, part: str, value: Any, pointer: str, message: str
) -> None:
    def change(files: dict[str, Any]) -> None:
        files["schemas/resources.json"]["operations"]["listProducts"][part] = value

    assert errors(tmp_path, change) == [(ROOT + pointer, message)]
