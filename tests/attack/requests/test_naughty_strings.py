"""Strings that software tends to get wrong, in every place where a client may put one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from mockserver import BackgroundServer, create_app
from tests.attack.naughty import STRINGS
from tests.attack.raw_http import send, statuses
from tests.attack.scale import rounds
from tests.conftest import write_contract

NON_EMPTY = [text for text in STRINGS if text]
# Fields of HTTP hold no control characters but the tab, and no white space at their ends (RFC 9110, section 5.5).
FIELD_VALUES = [
    text for text in NON_EMPTY if text == text.strip(" \t") and not any(ord(c) < 32 or ord(c) == 127 for c in text)
]
# Every string in every place takes minutes. Of the places that take each as it is, each gets other ones.
SOME, SOME_FIELD_VALUES = NON_EMPTY[:: rounds(15, 1)], FIELD_VALUES[:: rounds(15, 1)]
STEP = rounds(6, 1)
SERVER_ERRORS = range(500, 600)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundServer]:
    """Serves the small contract, with a `note` that a query can filter by."""

    def change(files: dict[str, Any]) -> None:
        note = {"name": "note", "in": "query", "schema": {"type": "string"}}
        files["schemas/openapi.yaml"]["paths"]["/jobs"]["get"]["parameters"].append(note)

    with BackgroundServer(create_app(write_contract(tmp_path_factory.mktemp("small"), change)), "127.0.0.1") as running:
        yield running


def exchange(
    server: BackgroundServer, method: str, target: str, body: Any = None, headers: bytes = b"", sandbox: str = "naughty"
) -> tuple[int, Any]:
    """Status and JSON of the response to a request whose body is JSON."""
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Mock-Sandbox: {sandbox}\r\n"
    if body is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    received = send(server.url, head.encode() + headers + b"\r\n" + content)
    (status,) = statuses(received)
    text = received.partition(b"\r\n\r\n")[2]
    return status, json.loads(text) if text else None


def job(key: str, note: str) -> dict[str, Any]:
    return {"id": key, "owner_id": 1, "status": "queued", "updated_at": "2026-01-01T00:00:01.000Z", "note": note}


def test_a_key_comes_back_as_it_was_put(server: BackgroundServer) -> None:
    for text in NON_EMPTY[::STEP]:
        if text in (".", ".."):
            continue  # a client removes such a segment before it sends the path (RFC 3986, section 5.2.4)
        key = quote(text, safe="")
        fields = {name: value for name, value in job(text, "a").items() if name != "id"}
        assert exchange(server, "PUT", f"/__mock/state/jobs/{key}", fields)[0] in (200, 201), ascii(text)
        assert exchange(server, "GET", f"/jobs/{key}") == (200, job(text, "a"))
        assert exchange(server, "DELETE", f"/__mock/state/jobs/{key}")[0] == 204, ascii(text)


def test_a_text_in_a_body_comes_back_as_it_was_sent(server: BackgroundServer) -> None:
    for text in STRINGS[:: rounds(2, 1)]:
        assert exchange(server, "PATCH", "/jobs/a", {"note": text})[0] == 200, ascii(text)
        assert exchange(server, "GET", "/jobs/a")[1]["note"] == text


@pytest.mark.parametrize("encode", [lambda text: quote(text, safe=""), quote_plus], ids=["percent", "plus"])
def test_a_text_in_a_query_finds_the_record_with_it_and_no_other(server: BackgroundServer, encode: Any) -> None:
    for text in NON_EMPTY[1 % STEP :: STEP]:
        exchange(server, "PATCH", "/jobs/a", {"note": text}, sandbox="queries")
        status, result = exchange(server, "GET", f"/jobs?note={encode(text)}", sandbox="queries")
        assert status == 200
        assert [record["note"] for record in result] == [text]


def test_a_name_of_a_member_is_no_server_error(server: BackgroundServer) -> None:
    statuses_by_text = {
        text: exchange(server, "PATCH", "/jobs/b", {text: "a"})[0] for text in STRINGS[2 % STEP :: STEP]
    }
    assert {text: status for text, status in statuses_by_text.items() if status in SERVER_ERRORS} == {}


@pytest.mark.parametrize("target", ["/{}", "/jobs/{}/{}", "/jobs?{}", "/jobs?{}={}", "/__mock/{}", "/__mock/in/{}/jobs", "/__mock/in/a@{}/jobs", "/jobs?__scenario={}", "/jobs?__sandbox={}", "/jobs?__code={}", "/__mock/overrides/{}", "/__mock/requests?path={}", "/__mock/assets/{}"])  # fmt: skip
def test_no_target_is_a_server_error(server: BackgroundServer, target: str) -> None:
    for text in SOME:
        status, problem = exchange(server, "GET", target.replace("{}", quote(text, safe="")))
        assert status not in SERVER_ERRORS, (text, problem)


@pytest.mark.parametrize(
    "name",
    [
        "X-Mock-Scenario", "X-Mock-Sandbox", "Prefer", "Accept", "If-None-Match", "Idempotency-Key", "Origin", "Content-Type",
        "Cookie", "Baggage", "Authorization", "Accept-Encoding", "Range", "Expect", "X-Anything",
    ],
)  # fmt: skip
def test_no_header_is_a_server_error(server: BackgroundServer, name: str) -> None:
    for text in SOME_FIELD_VALUES:
        value = text.encode()
        for field in (value, b"mock_sandbox=" + value) if name == "Cookie" else (value,):
            request = b"GET /jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + name.encode() + b": " + field
            assert not {*statuses(send(server.url, request + b"\r\n\r\n"))} & {*SERVER_ERRORS}, field


@pytest.mark.parametrize(
    ("method", "path", "member"),
    [
        ("PUT", "/__mock/scenario", "name"),
        ("POST", "/__mock/clock", "advance"),
        ("POST", "/__mock/clock", "set"),
        ("POST", "/__mock/reset", "scope"),
        ("POST", "/__mock/overrides", "operation"),
    ],
)
def test_no_member_of_the_control_api_is_a_server_error(
    server: BackgroundServer, method: str, path: str, member: str
) -> None:
    for text in SOME:
        status, problem = exchange(server, method, path, {member: text}, sandbox="control")
        assert status not in SERVER_ERRORS, (text, problem)


def test_the_journal_has_a_header_byte_for_byte(server: BackgroundServer) -> None:
    for text in FIELD_VALUES[::STEP]:
        exchange(server, "GET", "/jobs", headers=b"X-Text: " + text.encode() + b"\r\n", sandbox="journal")
        _, journal = exchange(server, "GET", "/__mock/requests?limit=1", sandbox="journal")
        headers = {name.lower(): value for name, value in journal["requests"][0]["request"]["headers"].items()}
        assert headers["x-text"] in (text, text.encode().decode("latin-1"))
