"""Headers of responses: each is sent once, by whoever has the say, and scripts of other origins may read all of them."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from mockserver import BackgroundServer, create_app, load_contract
from tests.attack.scale import combine
from tests.conftest import MakeContract, Serve
from tests.http.overrides.test_overrides import add

DATE = "Tue, 15 Nov 1994 08:12:31 GMT"
VARY = "Origin, Cookie, Accept, Prefer, Baggage, X-Mock-Scenario, X-Mock-Sandbox"
OWN = {
    "ETag": '"v1"',
    "Cache-Control": "max-age=60",
    "Date": DATE,
    "Access-Control-Allow-Origin": "*",
    "X-Mock-Scenario": "declared",
    "Server": "nginx",
    "Link": "</items?page=2>; rel=next",
    "X-Total-Count": "5",
}


def document(headers: dict[str, Any], status: str = "200") -> dict[str, Any]:
    response = {
        "description": "items",
        "headers": headers,
        "content": {"application/json": {"schema": {"type": "object"}, "example": {"a": 1}}},
    }
    operation = {"operationId": "listItems", "responses": {status: response}}
    other = {**operation, "operationId": "sendItems"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Items", "version": "1"},
        "paths": {"/items": {"get": operation, "post": other}},
    }


def examples(headers: dict[str, str]) -> dict[str, Any]:
    return {name: {"schema": {"type": "string"}, "example": value} for name, value in headers.items()}


def required(name: str, **schema: Any) -> dict[str, Any]:
    return {name: {"required": True, "schema": schema or {"type": "string"}}}


@pytest.fixture
def declared(serve: Serve) -> Iterator[BackgroundServer]:
    """A server whose operation declares values of headers that the server sets too."""
    client = serve(document(examples({**OWN, "Vary": "Accept-Encoding, accept"})))
    with BackgroundServer(client.application) as running:
        yield running


def ask(server: BackgroundServer, method: str, **headers: str) -> tuple[int, list[tuple[str, str]]]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    connection.request(method, "/items", headers=headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, response.getheaders()


# The method, the condition and the status of a request.
REQUESTS = [("GET", "", 200), ("HEAD", "", 200), ("GET", '"v1"', 304), ("POST", "", 200)]


@pytest.mark.parametrize(("name", "case"), combine(OWN, REQUESTS))
def test_a_declared_value_is_sent_once_in_place_of_the_servers(
    declared: BackgroundServer, name: str, case: tuple[str, str, int]
) -> None:
    method, condition, status = case
    headers = {"If-None-Match": condition} if condition else {}
    answered, sent = ask(declared, method, Origin="https://app.example", **headers)
    assert answered == status
    assert [value for key, value in sent if key.lower() == name.lower()] == [OWN[name]]


def test_a_declared_vary_is_merged_with_the_servers(declared: BackgroundServer) -> None:
    values = [value for name, value in ask(declared, "GET")[1] if name == "Vary"]
    assert values == ["Accept-Encoding, accept, Origin, Cookie, Prefer, Baggage, X-Mock-Scenario, X-Mock-Sandbox"]


def test_a_response_with_its_own_date_is_the_same_each_time(declared: BackgroundServer) -> None:
    first = ask(declared, "GET")
    assert [ask(declared, "GET") for _ in range(3)] == [first] * 3


SERVERS = [
    "Content-Length", "Content-Encoding", "Content-Type", "Date", "Connection", "Keep-Alive", "Transfer-Encoding", "Trailer",
    "Upgrade", "Vary", "Access-Control-Allow-Origin", "X-Mock-Sandbox",
]  # fmt: skip


@pytest.mark.parametrize(("name", "method"), combine(SERVERS, ["get", "post"]))
def test_a_required_header_that_is_the_servers_own_business_is_never_missing(
    serve: Serve, method: str, name: str
) -> None:
    response = getattr(serve(document(required(name))), method)("/items")
    assert response.status_code == 200
    assert response.json == {"a": 1}


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_required_entity_tag_is_that_of_the_body(serve: Serve, method: str) -> None:
    plain, tagged = serve(document({})).get("/items"), getattr(serve(document(required("ETag"))), method)("/items")
    assert tagged.headers.getlist("ETag") == plain.headers.getlist("ETag")


def test_a_required_header_that_the_schema_wants_otherwise_is_generated(serve: Serve) -> None:
    client = serve(document(required("Cache-Control", type="string", pattern="^max-age=[1-9]0$")))
    values = client.get("/items").headers.getlist("Cache-Control")
    assert len(values) == 1
    assert values[0][:8] == "max-age="


@pytest.mark.parametrize("keyword", [{"default": "private"}, {"const": "private"}, {"enum": ["private"]}])
def test_what_the_schema_of_a_header_declares_counts_like_an_example(serve: Serve, keyword: dict[str, Any]) -> None:
    client = serve(document({"Cache-Control": {"schema": {"type": "string", **keyword}}}))
    assert client.get("/items").headers.getlist("Cache-Control") == ["private"]


def test_a_refusal_has_the_headers_that_its_declaration_requires(make_contract: MakeContract) -> None:
    def change(files: dict[str, Any]) -> None:
        responses = files["schemas/openapi.yaml"]["paths"]["/jobs/{job_id}"]["get"]["responses"]
        responses["404"]["headers"] = {"X-Request-Id": {"required": True, "schema": {"const": "r-1"}}}

    response = create_app(load_contract(make_contract(change))).test_client().get("/jobs/none")
    assert response.status_code == 404
    assert response.json == {"error": "no such job"}
    assert response.headers["X-Request-Id"] == "r-1"


@pytest.mark.parametrize(("name", "value"), OWN.items())
def test_a_header_of_an_override_is_sent_once_in_place_of_the_servers(
    client: FlaskClient, name: str, value: str
) -> None:
    add(client, operation="listJobs", headers={name.lower(): value})
    response = client.get("/admin/jobs", headers={"Origin": "https://app.example"})
    assert response.status_code == 200
    assert response.headers.getlist(name) == [value]


def test_a_condition_is_judged_by_the_tag_of_an_override(client: FlaskClient) -> None:
    add(client, operation="listJobs", headers={"ETag": 'W/"v2"'})
    response = client.get("/admin/jobs", headers={"If-None-Match": '"v2"'})
    assert response.status_code == 304
    assert response.headers.getlist("ETag") == ['W/"v2"']


@pytest.mark.parametrize(("asked", "sent"), [("X-Region", f"X-Region, {VARY}"), ("*", "*"), ("origin", None)])
def test_a_vary_of_an_override_is_merged(client: FlaskClient, asked: str, sent: str | None) -> None:
    add(client, operation="listJobs", headers={"Vary": asked})
    assert client.get("/admin/jobs").headers.getlist("Vary") == [sent or VARY.replace("Origin", "origin")]


def test_numbers_are_values_too(client: FlaskClient) -> None:
    entry = {"operation": "getJob", "status": 429, "headers": {"Retry-After": 5, "X-Limit": [10, 20.0]}}
    assert client.post("/__mock/overrides", json=entry).status_code == 201
    headers = client.get("/admin/jobs/job-1").headers
    assert headers["Retry-After"] == "5"
    assert headers.getlist("X-Limit") == ["10", "20"]


def test_a_list_of_values_is_a_header_for_each(client: FlaskClient) -> None:
    cookies = ["a=1; Path=/", "b=2; HttpOnly"]
    add(client, operation="getJob", headers={"Set-Cookie": cookies, "Location": ["/elsewhere"]})
    response = client.get("/admin/jobs/job-7")
    assert response.headers.getlist("Set-Cookie") == cookies
    assert response.headers.getlist("Location") == ["/elsewhere"]


@pytest.mark.parametrize(
    ("headers", "pointer", "keyword"),
    [
        ({"Set-Cookie": []}, "/headers/Set-Cookie", "minItems"),
        ({"Set-Cookie": ["a\r\nb"]}, "/headers/Set-Cookie/0", "pattern"),
        ({"Set-Cookie": [1.5]}, "/headers/Set-Cookie/0", "type"),
        ({"Content-Length": ["5"]}, "/headers/Content-Length", "framing"),
        ({"keep-alive": "timeout=5"}, "/headers/keep-alive", "framing"),
        ({"Trailer": "X"}, "/headers/Trailer", "framing"),
        ({"Upgrade": "h2c"}, "/headers/Upgrade", "framing"),
        ({"TE": "gzip"}, "/headers/TE", "framing"),
        ({"Proxy-Connection": "close"}, "/headers/Proxy-Connection", "framing"),
        ({"ETag": '"a"', "etag": '"b"'}, "/headers/etag", "duplicate"),
    ],
)
def test_headers_that_cannot_be_sent_are_refused(
    client: FlaskClient, headers: dict[str, Any], pointer: str, keyword: str
) -> None:
    response = client.post("/__mock/overrides", json={"operation": "getJob", "headers": headers})
    assert response.status_code == 422
    assert response.json["code"] == "invalid-request"
    assert [(entry["pointer"], entry["keyword"]) for entry in response.json["violations"]] == [(pointer, keyword)]


def test_headers_of_framing_in_a_scenario_are_an_error(problems: Any) -> None:
    text = "fixtures: small\nresponses:\n  - operation: getJob\n    headers: {Content-Length: '5'}\n"
    (problem,) = problems(**{"scenarios/baseline.yaml": text})
    assert problem.startswith("scenarios/baseline.yaml:4 /responses/0/headers/Content-Length: Content-Length cannot be")


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ({"body": {"a": 2}}, "r-1"),
        ({"body": {"a": 2}, "headers": {"x-request-id": "mine"}}, "mine"),
        ({"body": {"a": "!"}, "violate": True}, "r-1"),
    ],
)
def test_a_body_of_an_override_comes_with_the_required_headers(
    serve: Serve, override: dict[str, Any], value: str
) -> None:
    client = serve(document(required("X-Request-Id", const="r-1", type="string")))
    add(client, operation="listItems", **override)
    response = client.get("/items")
    assert response.status_code == 200
    assert response.json == override["body"]
    assert response.headers.getlist("X-Request-Id") == [value]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_a_response_carries_may_be_read_by_other_origins(declared: BackgroundServer, method: str) -> None:
    headers = dict(ask(declared, method, Origin="https://app.example")[1])
    exposed = "Date, ETag, Link, Server, X-Mock-Sandbox, X-Mock-Scenario, X-Total-Count"
    assert headers["Access-Control-Expose-Headers"] == exposed


def test_a_header_of_an_override_and_the_code_of_a_refusal_may_be_read_by_other_origins(client: FlaskClient) -> None:
    add(client, operation="getJob", status=503, headers={"Retry-After": "5"})
    response = client.get("/admin/jobs/job-7", headers={"Origin": "https://app.example"})
    exposed = "Date, Retry-After, X-Mock-Code, X-Mock-Sandbox, X-Mock-Scenario"
    assert response.headers["Access-Control-Expose-Headers"] == exposed


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"If-Modified-Since": "Wed, 21 Oct 2015 07:28:00 GMT"}, 304),
        ({"If-Modified-Since": "Wed, 21 Oct 2015 07:27:59 GMT"}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Modified-Since": "Wed, 21 Oct 2015 07:28:00 GMT", "If-None-Match": '"other"'}, 200),
    ],
)
def test_a_declared_time_of_modification_is_compared(serve: Serve, sent: dict[str, str], status: int) -> None:
    client = serve(document(examples({"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"})))
    response = client.get("/items", headers=sent)
    assert (response.status_code, bool(response.data)) == (status, status == 200)
    assert client.post("/items", headers=sent).status_code == 200


def test_a_sample_of_a_time_of_modification_is_not_that_of_a_record(make_contract: MakeContract) -> None:
    sent = {"If-Modified-Since": DATE}

    def change(files: dict[str, Any]) -> None:
        operation = files["schemas/openapi.yaml"]["paths"]["/jobs/{job_id}"]["get"]
        headers = {"Last-Modified": {"required": True, "schema": {"type": "string"}, "example": DATE}}
        operation["responses"]["200"]["headers"] = headers

    client = create_app(load_contract(make_contract(change))).test_client()
    path = f"/jobs/{client.get('/jobs').json[0]['id']}"
    assert client.get(path, headers=sent).status_code == 200
    add(client, operation="getJob", status=200, headers={"Last-Modified": DATE})
    assert client.get(path, headers=sent).status_code == 304
