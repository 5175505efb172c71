"""Requests behind a proxy that removes a prefix from the path."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mockserver import Contract, create_app, load_contract
from tests.attack.connection import Connection
from tests.conftest import MakeContract

PREFIX = {"X-Forwarded-Prefix": "/mock"}
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Accept": "text/html"}


@pytest.fixture
def forwarded(built_in: Contract) -> FlaskClient:
    """A client of a server that trusts the headers."""
    return create_app(built_in, forwarded=True).test_client(use_cookies=False)


@pytest.fixture
def small_forwarded(make_contract: MakeContract) -> Flask:
    return create_app(load_contract(make_contract()), forwarded=True)


@pytest.mark.parametrize("path", ["/__mock/", "/__mock/docs", "/__mock/docs/control", "/admin/queue", "/tutor"])
def test_every_link_of_a_page_has_the_prefix(forwarded: FlaskClient, path: str) -> None:
    text = forwarded.get(path, headers=PREFIX).text
    links = re.findall(r'(?:href|src|data-root|data-mount)="(/[^"]*)"', text)
    assert len(links) > 5
    assert [link for link in links if not link.startswith("/mock")] == []


def test_a_page_below_a_base_address_has_both(forwarded: FlaskClient) -> None:
    text = forwarded.get("/__mock/in/a/__mock/docs", headers=PREFIX).text
    assert 'data-root="/mock/__mock/in/a"' in text


def test_location_of_a_created_record_has_the_prefix(small_forwarded: Flask) -> None:
    record = {"id": "z", "owner_id": 1, "status": "queued", "updated_at": "2026-01-01T00:00:00.000Z"}
    for path, location in [("/jobs", "/mock/jobs/z"), ("/__mock/in/a/jobs", "/mock/__mock/in/a/jobs/z")]:
        response = small_forwarded.test_client().post(path, json=record, headers=PREFIX)
        assert response.status_code == 201
        assert response.headers["Location"] == location


def test_location_of_the_control_api_has_the_prefix(forwarded: FlaskClient) -> None:
    response = forwarded.post("/__mock/overrides", json={"operation": "getJob", "status": 500}, headers=PREFIX)
    assert response.headers["Location"].startswith("/mock/__mock/overrides/")


def test_a_navigation_that_selects_is_redirected_below_the_prefix_with_its_cookies(forwarded: FlaskClient) -> None:
    response = forwarded.get("/tutor?__scenario=empty&a=b", headers=PREFIX | NAVIGATION)
    assert response.status_code == 303
    assert response.headers["Location"] == "/mock/tutor?a=b"
    assert response.headers["Set-Cookie"] == "mock_scenario=empty; Path=/mock; SameSite=Lax"


def test_a_cookie_is_removed_at_its_path(forwarded: FlaskClient) -> None:
    response = forwarded.get("/tutor?__scenario=", headers=PREFIX | NAVIGATION)
    assert response.status_code == 303
    assert "Path=/mock;" in response.headers["Set-Cookie"]
    assert "Max-Age=0" in response.headers["Set-Cookie"]


def test_the_root_leads_to_the_console_below_the_prefix(forwarded: FlaskClient) -> None:
    assert forwarded.get("/", headers=PREFIX).headers["Location"] == "/mock/__mock/"


@pytest.mark.parametrize(
    ("value", "prefix"),
    [
        ("/mock", "/mock"),
        ("/mock/", "/mock"),
        ("/a/b", "/a/b"),
        ("/other, /mock", "/mock"),
        ("", ""),
        ("/", ""),
        ("mock", ""),
        ("//evil.example", ""),
        ("/\\evil.example", ""),
        ("http://evil.example", ""),
        ('/"><script>', ""),
        ("/a b", ""),
        ("/é", ""),
    ],
)
def test_a_prefix_is_a_path_and_nothing_else(forwarded: FlaskClient, value: str, prefix: str) -> None:
    response = forwarded.get("/", headers={"X-Forwarded-Prefix": value})
    assert response.headers["Location"] == f"{prefix}/__mock/"


def test_the_headers_are_not_trusted_by_default(client: FlaskClient) -> None:
    headers = PREFIX | {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    assert client.get("/", headers=headers).headers["Location"] == "/__mock/"
    assert 'data-root=""' in client.get("/tutor", headers=headers).text


def test_the_scheme_and_host_are_those_of_the_client(make_contract: MakeContract) -> None:
    def absolute(files: dict[str, Any]) -> None:
        created = files["schemas/openapi.yaml"]["paths"]["/jobs"]["post"]["responses"]["201"]
        created["headers"] = {"Location": {"required": True, "schema": {"type": "string", "pattern": "^https?://"}}}

    client = create_app(load_contract(make_contract(absolute)), forwarded=True).test_client()
    record = {"id": "z", "owner_id": 1, "status": "queued", "updated_at": "2026-01-01T00:00:00.000Z"}
    headers = PREFIX | {"X-Forwarded-Host": "api.example:8443", "X-Forwarded-Proto": "https"}
    response = client.post("/jobs", json=record, headers=headers)
    assert response.headers["Location"] == "https://api.example:8443/mock/jobs/z"


@pytest.mark.parametrize(
    ("host", "sent_host", "status"),
    [
        ("public", "localhost", 200),
        ("localhost", "public", 200),
        ("localhost", "evil", 403),
        ("evil", "localhost", 403),
    ],
)
def test_the_control_api_checks_the_host_that_was_sent_and_the_one_that_is_forwarded(
    built_in: Contract, host: str, sent_host: str, status: int
) -> None:
    client = create_app(built_in, forwarded=True, allow_hosts=["public"]).test_client()
    headers = {"Host": sent_host, "X-Forwarded-Host": host}
    assert client.get("/__mock/state", headers=headers).status_code == status


def test_a_page_of_the_forwarded_origin_may_use_the_control_api_with_its_cookie(built_in: Contract) -> None:
    client = create_app(built_in, forwarded=True, token="t").test_client(use_cookies=False)
    headers = {"Cookie": "mock_token=t", "Origin": "https://public.example", "X-Forwarded-Host": "public.example"}
    assert client.post("/__mock/reset", headers=headers).status_code == 200
    del headers["X-Forwarded-Host"]
    assert client.post("/__mock/reset", headers=headers).status_code == 403


def test_the_server_gives_the_same_and_the_journal_has_the_request_as_it_was_sent(small_forwarded: Flask) -> None:
    connection = Connection(small_forwarded)
    head = b"POST /jobs HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Host: api.example\r\nX-Forwarded-Prefix: /mock\r\n"
    body = json.dumps({"id": "z", "owner_id": 1, "status": "queued", "updated_at": "2026-01-01T00:00:00.000Z"}).encode()
    connection.send(head + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    assert b"Location: /mock/jobs/z\r\n" in connection.received
    entry = small_forwarded.test_client().get("/__mock/requests").json["requests"][0]
    assert entry["request"]["headers"]["Host"] == "localhost"
