"""Which query parameters of an OpenAPI file (`--stateful`) select records, by their names."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import Serve
from tests.documents.shapes import INTEGER, TEXT, array_of, crud, document, operation, record

STAMP = {"type": "string", "format": "date-time"}
STATUS = {"enum": ["open", "done"]}
THING = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": INTEGER,
        "title": TEXT,
        "customer_id": INTEGER,
        "category": {"type": "object", "properties": {"id": INTEGER}},
        "attributes": {"type": "object", "properties": {"color": TEXT}},
        "status": STATUS,
        "created_at": STAMP,
        "address": TEXT,
        "tagList": array_of(TEXT),
        "orders": array_of(TEXT),
        "author": {"type": "object", "properties": {"username": TEXT, "bio": TEXT}},
        "maker": {"type": "object", "properties": {"id": TEXT, "name": TEXT}},
        "price": {"type": "object", "properties": {"amount": INTEGER, "currency": TEXT}},
        "weight": {"type": "object", "properties": {"amount": INTEGER, "unit": TEXT}},
        "seller_id": {"type": "string", "format": "uuid"},
        "page_id": INTEGER,
    },
}
THINGS = [
    {"id": 1, "title": "one", "customer_id": 7, "category": {"id": 4}, "attributes": {"color": "red"}, "status": "open", "created_at": "2026-01-01T00:00:00Z", "address": "x", "tagList": ["a", "b"], "orders": ["asc"], "author": {"username": "ada", "bio": "x"}, "maker": {"id": "m"}, "price": {"amount": 1080, "currency": "EUR"}, "weight": {"amount": 1, "unit": "g"}, "seller_id": "00000000-0000-4000-8000-000000000001", "page_id": 5},
    {"id": 2, "title": "two", "customer_id": 8, "category": {"id": 5}, "attributes": {"color": "blue"}, "status": "done", "created_at": "2026-01-02T00:00:00Z", "address": "x", "tagList": ["b"], "orders": [], "author": {"username": "bob", "bio": "y"}, "maker": {"id": "n"}, "price": {"amount": 990, "currency": "EUR"}, "weight": {"amount": 2, "unit": "g"}, "seller_id": "00000000-0000-4000-8000-000000000002"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "schema", "query", "expected"),
    [
        ("filter[title]", TEXT, "filter[title]=two", [2]),
        ("filter[color]", TEXT, "filter[color]=red", [1]),
        ("filter[created_at][gte]", STAMP, "filter[created_at][gte]=2026-01-02T00:00:00Z", [2]),
        ("customerId", INTEGER, "customerId=7", [1]),
        ("Title", TEXT, "Title=one", [1]),
        ("category_id", INTEGER, "category_id=5", [2]),
        ("category.id", INTEGER, "category.id=5", [2]),
        ("customer", INTEGER, "customer=7", [1]),
        ("customer", TEXT, "customer=7", [1, 2]),
        ("seller", {"type": "string", "format": "uuid"}, "seller=00000000-0000-4000-8000-000000000002", [2]),
        ("seller", TEXT, "seller=ada", [1, 2]),
        ("price", INTEGER, "price=990", [2]),
        ("min_price", INTEGER, "min_price=1000", [1]),
        ("price[lte]", INTEGER, "price[lte]=1000", [2]),
        ("min_weight", INTEGER, "min_weight=2", [1, 2]),
        ("page", INTEGER, "page=1", [1, 2]),
        ("ids", TEXT, "ids=2,9", [2]),
        ("ids", array_of(INTEGER), "ids=1&ids=2", [1, 2]),
        ("id[]", array_of(INTEGER), "id[]=1&id[]=3", [1]),
        ("status[]", array_of(STATUS), "status[]=done", [2]),
        ("since_id", INTEGER, "since_id=1", [2]),
        ("tag", TEXT, "tag=a", [1]),
        ("tag", array_of(TEXT), "tag=a&tag=b", [1, 2]),
        ("author", TEXT, "author=bob", [2]),
        ("maker", TEXT, "maker=m", [1, 2]),
        ("order", TEXT, "order=asc", [1, 2]),
        ("created_from", STAMP, "created_from=2026-01-02T00:00:00Z", [2]),
        ("created_to", STAMP, "created_to=2026-01-01T12:00:00Z", [1]),
        ("title__startswith", TEXT, "title__startswith=t", [2]),
        ("title_in", TEXT, "title_in=one,three", [1]),
        ("title_ne", TEXT, "title_ne=one", [2]),
        ("status", {"enum": ["open", "done", "all"]}, "status=done", [2]),
        ("status", {"enum": ["open", "done", "all"]}, "status=all", [1, 2]),
        ("status", {"enum": ["open", "done", "all"], "default": "open"}, "", [1]),
        ("Status", {"enum": ["open", "any"]}, "Status=any", [1, 2]),
        ("status", {"enum": ["open", "other"]}, "status=open", [1, 2]),
        ("to_address", TEXT, "to_address=a", [1, 2]),
        ("filter[title][contains]", TEXT, "filter[title][contains]=w", [2]),
        ("filters[title][$containsi]", TEXT, "filters[title][$containsi]=W", [2]),
        ("filters[title][$eq]", TEXT, "filters[title][$eq]=two", [2]),
        ("filter[status][neq]", TEXT, "filter[status][neq]=open", [2]),
    ],
)
def test_a_parameter_selects_by_the_field_that_its_name_says(
    serve: Serve, name: str, schema: dict[str, Any], query: str, expected: list[int]
) -> None:
    paths = crud("/things", "/things/{id}", THING)
    paths["/things"]["get"] = operation(schema=array_of(THING), parameters=[(name, schema)])
    client: FlaskClient = serve(document(paths, id=INTEGER), stateful=True, scenario="empty")
    for thing in THINGS:
        assert client.post("/things", json=thing).status_code == 201
    response = client.get(f"/things?{query}")
    assert [thing["id"] for thing in response.get_json()] == expected


DAY = {"type": "string", "format": "date"}
STAY = {"id": INTEGER, "check_in": DAY, "check_out": DAY}
STAYS = [
    {"id": 1, "check_in": "2026-03-01", "check_out": "2026-03-05"},
    {"id": 2, "check_in": "2026-03-08", "check_out": "2026-03-09"},
]
MEETINGS = [
    {"id": 1, "start": "2026-03-01T09:00:00Z", "end": "2026-03-01T10:00:00Z", "created_at": "2026-01-01T00:00:00Z"},
    {"id": 2, "start": "2026-03-02T09:00:00Z", "end": "2026-03-02T10:00:00Z", "created_at": "2026-01-01T00:00:00Z"},
]
MEETING = {"id": INTEGER, "start": STAMP, "end": STAMP, "created_at": STAMP}
NOTES = [{"id": number, "created_at": f"2026-03-0{number}T00:00:00Z", "origin": "x"} for number in (1, 2)]
NOTE = {"id": INTEGER, "created_at": STAMP, "origin": TEXT}


@pytest.mark.parametrize(
    ("members", "records", "parameters", "query", "expected"),
    [
        (STAY, STAYS, {"from": DAY, "to": DAY}, "from=2026-03-04&to=2026-03-07", [1]),
        (STAY, STAYS, {"from": DAY, "to": DAY}, "from=2026-03-06", [2]),
        (STAY, STAYS, {"from": DAY, "to": DAY}, "to=2026-03-07", [1]),
        (STAY, STAYS, {"start_date": TEXT, "end_date": TEXT}, "start_date=2026-03-06&end_date=2026-03-30", [2]),
        (STAY, STAYS, {"from": DAY}, "from=2026-03-06", [1, 2]),
        (MEETING, MEETINGS, {"timeMin": STAMP, "timeMax": STAMP}, "timeMin=2026-03-01T12:00:00Z", [2]),
        (MEETING, MEETINGS, {"start": DAY, "end": DAY}, "start=2026-03-01&end=2026-03-02", [1]),
        (NOTE, NOTES, {"from": STAMP, "to": STAMP}, "from=2026-03-01T12:00:00Z", [2]),
        (NOTE, NOTES, {"from": TEXT, "to": TEXT}, "from=Rome", [1, 2]),
    ],
)
def test_two_bounds_select_the_records_whose_time_is_between_them(
    serve: Serve, members: Any, records: Any, parameters: dict[str, Any], query: str, expected: list[int]
) -> None:
    paths = crud("/things", "/things/{id}", record(**members))
    paths["/things"]["get"] = operation(schema=array_of(record(**members)), parameters=[*parameters.items()])
    client: FlaskClient = serve(document(paths, id=INTEGER), stateful=True, scenario="empty")
    for thing in records:
        assert client.post("/things", json=thing).status_code == 201
    assert [thing["id"] for thing in client.get(f"/things?{query}").get_json()] == expected


@pytest.mark.parametrize(
    ("parameters", "query", "expected"),
    [
        ({"sort": TEXT}, "sort=title", [1, 2]),
        ({"sort": TEXT}, "sort=-title", [2, 1]),
        ({"sort": TEXT}, "sort=%2Btitle", [1, 2]),
        ({"sort": array_of(TEXT)}, "sort=status,asc&sort=id,desc", [2, 1]),
        ({"order_by": TEXT}, "order_by=title:desc", [2, 1]),
        ({"$orderby": TEXT}, "$orderby=title desc", [2, 1]),
        ({"sortBy": TEXT, "sortOrder": {"enum": ["ASC", "DESC"]}}, "sortBy=customerId&sortOrder=DESC", [2, 1]),
        ({"sort": {"enum": ["created", "title"]}, "direction": TEXT}, "sort=created&direction=desc", [2, 1]),
        ({"sort": TEXT}, "sort=price", [2, 1]),
        ({"sort": TEXT}, "sort=-price", [1, 2]),
        ({"sort": TEXT}, "sort=relevance", [1, 2]),
        ({"sort": {"enum": ["title", "relevance"]}}, "sort=title", [1, 2]),
        ({"sort": TEXT}, "", [1, 2]),
    ],
)
def test_a_list_is_sorted_as_usual_parameters_say(
    serve: Serve, parameters: dict[str, Any], query: str, expected: list[int]
) -> None:
    paths = crud("/things", "/things/{id}", THING)
    paths["/things"]["get"] = operation(schema=array_of(THING), parameters=[*parameters.items()])
    client: FlaskClient = serve(document(paths, id=INTEGER), stateful=True, scenario="empty")
    for thing in THINGS:
        assert client.post("/things", json=thing).status_code == 201
    response = client.get(f"/things?{query}")
    assert [thing["id"] for thing in response.get_json()] == expected
