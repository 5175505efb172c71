"""Addresses that look like those of another host: no link and no redirect of the server leads there."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask

from mockserver import BackgroundServer, Contract, create_app
from tests.attack.connection import Connection
from tests.attack.scale import combine

NAVIGATION = {"Sec-Fetch-Mode": "navigate"}
PATHS = [
    "//evil.example/", "///evil.example/", "/%5Cevil.example/", "/%5C%5Cevil.example/", "/%5c/evil.example/",
    "/%09/evil.example/", "/%0A/evil.example/", "/%0D%0A/evil.example/", "/%2F%2Fevil.example/", "/%2F/evil.example/",
    "/%20//evil.example/", "/https:evil.example/", "/@evil.example/", "//%5Cevil.example/", "/.//evil.example/",
]  # fmt: skip


@pytest.fixture(scope="module")
def guarded(built_in: Contract) -> Iterator[BackgroundServer]:
    with BackgroundServer(create_app(built_in, token="secret")) as running:
        yield running


def navigate(server: BackgroundServer, target: str) -> tuple[int, str, str]:
    """Status, `Location` and body of a page navigation."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    connection.request("GET", target, headers=NAVIGATION)
    response = connection.getresponse()
    status, location, body = response.status, response.getheader("Location", ""), response.read().decode()
    connection.close()
    return status, location, body


def as_browsers_read(base: str, address: str) -> str:
    """An absolute address; browsers drop tabs and line breaks, and read `\\` as `/` (WHATWG URL, section 4.4)."""
    return urljoin(base, re.sub(r"[\t\r\n]", "", address).replace("\\", "/"))


QUERIES = ["__token=secret", "__scenario=empty&__token=secret", "__sandbox=a&q=http://evil.example/"]


@pytest.mark.parametrize(("path", "query"), combine(PATHS, QUERIES))
def test_a_redirect_stays_on_the_server(guarded: BackgroundServer, path: str, query: str) -> None:
    status, location, _ = navigate(guarded, f"{path}?{query}")
    assert status == 303
    assert location[:1] == "/"
    assert location[1:2] not in ("/", "\\")
    assert as_browsers_read(guarded.url, location).startswith(f"{guarded.url}/")


@pytest.mark.parametrize("path", PATHS)
def test_the_page_for_the_token_links_to_the_server_alone(guarded: BackgroundServer, path: str) -> None:
    status, _, page = navigate(guarded, f"{path}?__token=wrong")
    links = re.findall(r'(?:href|src|action)="([^"]*)"', page)
    assert status == 401
    assert len(links) > 3
    assert [link for link in links if not as_browsers_read(guarded.url, link).startswith(f"{guarded.url}/")] == []


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/tutor?next=http://other.example/a?b&__token=secret", "/tutor?next=http://other.example/a?b"),
        ("/tutor/caf%C3%A9%20a%2Fb%25?__token=secret", "/tutor/caf%C3%A9%20a%2Fb%25"),
        ("/__mock/in/mine/admin/queue?__token=secret", "/__mock/in/mine/admin/queue"),
        ("/%5Cshare/a?__token=secret", "/%5Cshare/a"),
    ],
)
def test_a_redirect_leads_to_the_same_address_without_the_selection(
    guarded: BackgroundServer, target: str, location: str
) -> None:
    assert navigate(guarded, target)[:2] == (303, location)


@pytest.mark.parametrize(
    ("address", "name"), combine(["http://[::1", "//[", "http://a:99999/x"], ["Location", "Content-Location"])
)
def test_an_address_that_is_not_valid_is_sent_as_it_is(name: str, address: str) -> None:
    app = create_app()
    client = app.test_client()
    client.post(
        "/__mock/overrides", json={"operation": "listJobs", "status": 302, "violate": True, "headers": {name: address}}
    )
    response = client.get("/admin/jobs")
    assert response.status_code == 302
    assert response.headers[name] == address
    received = send_to(app, b"GET /admin/jobs HTTP/1.1\r\nHost: a\r\n\r\n")
    assert f"\r\n{name}: {address}\r\n".encode() in received


def send_to(app: Flask, data: bytes) -> bytes:
    connection = Connection(app)
    connection.send(data)
    return connection.received
