"""How lists of an OpenAPI file (`--stateful`) are paged, and how their responses lead to the other pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import Serve
from tests.documents.shapes import INTEGER, TEXT, array_of, document, operation, record

THING = record(id=INTEGER, label=TEXT)
THINGS = [{"id": number, "label": str(number)} for number in (1, 2, 3, 4, 5)]
OPTIONAL = {"type": ["string", "null"]}
ZERO = {"type": "integer", "default": 0}
LINK = {"Link": {"schema": TEXT}}
Paged = Callable[..., FlaskClient]


@pytest.fixture
def paged(serve: Serve) -> Paged:
    """Makes a client of five things whose list has these parameters and this envelope."""

    def make(parameters: dict[str, Any], envelope: Any = None, **more: Any) -> FlaskClient:
        listing = operation(schema=envelope or array_of(THING), parameters=list(parameters.items()))
        listing["responses"]["200"] |= more
        creation = operation(body=THING, status=201, schema=THING)
        paths = {"/things": {"get": listing, "post": creation}, "/things/{id}": {"get": operation(schema=THING)}}
        client = serve(document(paths, id=INTEGER), stateful=True, scenario="empty")
        for thing in THINGS:
            assert client.post("/things", json=thing).status_code == 201
        return client

    return make


@pytest.mark.parametrize(
    ("parameters", "query", "expected"),
    [
        ({"page": ZERO, "size": INTEGER}, "page=1&size=2", [3, 4]),
        ({"page": {"type": "integer", "minimum": 0}, "size": INTEGER}, "page=1&size=2", [3, 4]),
        ({"page": INTEGER, "size": INTEGER}, "page=1&size=2", [1, 2]),
        ({"skip": INTEGER, "take": INTEGER}, "skip=1&take=2", [2, 3]),
        ({"$skip": INTEGER, "$top": INTEGER}, "$skip=4&$top=2", [5]),
        ({"startAt": INTEGER, "maxResults": INTEGER}, "startAt=3&maxResults=9", [4, 5]),
        ({"startIndex": INTEGER, "count": INTEGER}, "startIndex=2&count=1", [2]),
        ({"startIndex": ZERO, "count": INTEGER}, "startIndex=2&count=1", [3]),
        ({"offset": {"type": "integer", "minimum": 1}, "limit": INTEGER}, "offset=2&limit=1", [2]),
        ({"page[offset]": INTEGER, "page[limit]": INTEGER}, "page[offset]=1&page[limit]=1", [2]),
        ({"_offset": INTEGER, "_count": INTEGER}, "_offset=1&_count=1", [2]),
        ({"size": INTEGER}, "size=1", [1, 2, 3, 4, 5]),
    ],
)
def test_a_list_is_paged_by_parameters_of_the_usual_names(
    paged: Paged, parameters: dict[str, Any], query: str, expected: list[int]
) -> None:
    assert [thing["id"] for thing in paged(parameters).get(f"/things?{query}").get_json()] == expected


@pytest.mark.parametrize(
    ("parameters", "envelope", "query", "expected"),
    [
        (
            {"page": ZERO, "size": {"type": "integer", "default": 2}},
            {"number": INTEGER, "size": INTEGER, "totalElements": INTEGER, "totalPages": INTEGER, "first": {"type": "boolean"}, "last": {"type": "boolean"}, "numberOfElements": INTEGER, "empty": {"type": "boolean"}},
            "page=2",
            {"number": 2, "size": 2, "totalElements": 5, "totalPages": 3, "first": False, "last": True, "numberOfElements": 1, "empty": False},
        ),
        (
            {"startAt": INTEGER, "maxResults": INTEGER},
            {"startAt": INTEGER, "maxResults": INTEGER, "total": INTEGER, "isLast": {"type": "boolean"}},
            "startAt=2&maxResults=2",
            {"startAt": 2, "maxResults": 2, "total": 5, "isLast": False},
        ),
        (
            {"startIndex": INTEGER, "count": INTEGER},
            {"totalResults": INTEGER, "startIndex": INTEGER, "itemsPerPage": INTEGER},
            "startIndex=2&count=3",
            {"totalResults": 5, "startIndex": 2, "itemsPerPage": 3},
        ),
        (
            {"page": INTEGER, "per_page": INTEGER},
            {"from": INTEGER, "to": INTEGER, "next_page": {"type": ["integer", "null"]}, "prev_page": {"type": ["integer", "null"]}},
            "page=3&per_page=2",
            {"from": 5, "to": 5, "next_page": None, "prev_page": 2},
        ),
        (
            {"offset": INTEGER, "limit": INTEGER, "note": TEXT},
            {"count": INTEGER, "next": {**OPTIONAL, "format": "uri"}, "previous": {**OPTIONAL, "format": "uri"}},
            "limit=2&offset=3&note=a+b",
            {"count": 5, "next": None, "previous": "http://localhost/things?limit=2&offset=1&note=a+b"},
        ),
        (
            {"page[number]": INTEGER, "page[size]": INTEGER},
            {"links": {"type": "object", "required": ["self"], "properties": {"self": TEXT, "first": TEXT, "last": TEXT, "prev": OPTIONAL, "next": OPTIONAL}}},
            "page[size]=5",
            {"links": {"self": "http://localhost/things?page%5Bsize%5D=5", "first": "http://localhost/things?page%5Bsize%5D=5&page%5Bnumber%5D=1", "last": "http://localhost/things?page%5Bsize%5D=5&page%5Bnumber%5D=1"}},
        ),
        (
            {"page": INTEGER, "limit": INTEGER},
            {"_links": record(self=record(href=TEXT), next=record(href={"type": "string", "pattern": "^/"}))},
            "page=1&limit=3",
            {"_links": {"self": {"href": "http://localhost/things?page=1&limit=3"}, "next": {"href": "/things?page=2&limit=3"}}},
        ),
        (
            {"starting_after": TEXT, "limit": INTEGER},
            {"has_more": {"type": "boolean"}, "next_url": OPTIONAL},
            "limit=2",
            {"has_more": True, "next_url": "http://localhost/things?limit=2&starting_after=2"},
        ),
        (
            {"cursor": TEXT, "limit": INTEGER},
            {"next_cursor": OPTIONAL, "next": OPTIONAL},
            "limit=5",
            {"next_cursor": None, "next": None},
        ),
    ],
)  # fmt: skip
def test_an_envelope_tells_of_the_page_and_leads_to_others(
    paged: Paged, parameters: dict[str, Any], envelope: dict[str, Any], query: str, expected: dict[str, Any]
) -> None:
    client = paged(parameters, record(items=array_of(THING), **envelope))
    response: Any = client.get(f"/things?{query}").json
    assert {name: value for name, value in response.items() if name != "items"} == expected


def test_the_links_of_an_envelope_lead_through_the_whole_list(paged: Paged) -> None:
    client = paged(
        {"cursor": TEXT, "limit": INTEGER}, record(items=array_of(THING), next_cursor=OPTIONAL, next=OPTIONAL)
    )
    address, things = "/things?limit=2", []
    while address:
        page: Any = client.get(address).json
        things += page["items"]
        address = page["next"]
    assert things == THINGS


@pytest.mark.parametrize(
    ("parameters", "query", "expected"),
    [
        ({"page": INTEGER, "per_page": INTEGER}, "per_page=2&page=2", {"next": "page=3", "prev": "page=1", "first": "page=1", "last": "page=3"}),
        ({"page": INTEGER, "per_page": INTEGER}, "per_page=2&page=3", {"prev": "page=2", "first": "page=1", "last": "page=3"}),
        ({"limit": INTEGER, "offset": INTEGER}, "limit=2&offset=2", {"next": "offset=4", "prev": "offset=0", "first": "offset=0", "last": "offset=4"}),
        ({"page": INTEGER, "per_page": INTEGER}, "per_page=9", {}),
        ({"page": INTEGER, "per_page": INTEGER}, "page=1", {}),
    ],
)  # fmt: skip
def test_a_declared_header_links_to_the_other_pages(
    paged: Paged, parameters: dict[str, Any], query: str, expected: dict[str, str]
) -> None:
    response = paged(parameters, headers=LINK).get(f"/things?{query}")
    start = f"http://localhost/things?{query.partition('&')[0]}&"
    links = [f'<{start}{part}>; rel="{relation}"' for relation, part in expected.items()]
    assert response.headers.get("Link", "") == ", ".join(links)


def test_a_header_that_the_links_do_not_match_is_left_out(paged: Paged) -> None:
    short = {"Link": {"schema": {"type": "string", "maxLength": 3}}}
    response = paged({"page": INTEGER, "limit": INTEGER}, headers=short).get("/things?limit=1")
    assert response.status_code == 200
    assert "Link" not in response.headers
