"""Responses of the real backend that are not what the contract declares: passed on, listed, and counted if asked for."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
import requests

from mockserver import BackgroundServer, Client, VerdictFailed
from mockserver.http.messages import Request
from mockserver.http.service import ReceivedResponse
from tests.attack.scale import combine
from tests.conftest import MakeContract
from tests.ports import free_port
from tests.redis_server import RedisServer
from tests.upstream.backend import Backend, body_of, exchange, get, status_of
from tests.upstream.conftest import StartBackend, StartMock
from tests.upstream.test_overrides import JOB, json_response

BAD_JOB = {**JOB, "status": "exploded"}


def drift_of(server: BackgroundServer) -> list[dict[str, Any]]:
    return [violation for breach in Client(server.url).drift() for violation in breach["violations"]]


def passing(mock: StartMock, backend: Backend) -> BackgroundServer:
    return mock(backend, passes=["getJob", "listJobs", "retryJob"])


def test_a_response_that_drifts_is_passed_on_unchanged_and_listed(backend: StartBackend, mock: StartMock) -> None:
    server = passing(mock, backend(json_response(BAD_JOB)))
    response = requests.get(f"{server.url}/admin/jobs/job-1", timeout=10)
    listed = requests.get(f"{server.url}/__mock/drift", timeout=10).json()
    assert response.status_code == 200
    assert response.content == json.dumps(BAD_JOB).encode()
    at = listed["drift"][0].pop("at")
    keyword, message = (listed["drift"][0]["violations"][0].pop(name) for name in ("keyword", "message"))
    assert listed == {
        "drift": [
            {
                "number": 1, "operation": "getJob", "method": "GET", "path": "/admin/jobs/job-1", "status": 200,
                "scenario": "baseline", "violations": [{"location": "body", "pointer": "/status"}],
            }
        ],
        "total": 1,
    }  # fmt: skip
    assert keyword == "enum"
    assert "exploded" in message
    assert at is not None


def test_the_journal_marks_what_was_passed_on_and_drifted(backend: StartBackend, mock: StartMock) -> None:
    server = passing(mock, backend(json_response(BAD_JOB)))
    for path in ("/admin/jobs/job-1", "/nosuch", "/tutor/courses"):
        requests.get(server.url + path, timeout=10)
    entries = Client(server.url).requests()
    assert [(entry["path"], entry.get("upstream"), len(entry.get("drift", ()))) for entry in entries] == [
        ("/tutor/courses", None, 0), ("/nosuch", True, 0), ("/admin/jobs/job-1", True, 1),
    ]  # fmt: skip
    assert entries[1]["response"]["body"] == BAD_JOB


@pytest.mark.parametrize(
    ("response", "violations"),
    [
        (json_response(JOB), []),
        # The status falls under `default`, which declares problems.
        (json_response({"error": "x"}, status="503 Down"), [("header", "", "content")]),
        (json_response([]), [("body", "", "type")]),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi", [("header", "", "content")]),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", [("header", "", "required")]),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{,", [("body", "", "content")]),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", [("body", "", "content")]),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", []),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n\x00\x01", []),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi", [("body", "", "content")]),
    ],
)  # fmt: skip
def test_status_media_type_headers_and_body_are_validated(
    response: bytes, violations: list[tuple[str, str, str]], backend: StartBackend, mock: StartMock
) -> None:
    server = passing(mock, backend(response))
    exchange(server.url, get("/admin/jobs/job-1"))
    violations_found = [
        (violation["location"], violation["pointer"], violation["keyword"]) for violation in drift_of(server)
    ]
    assert violations_found == violations


def test_a_status_that_is_not_declared_is_drift(
    make_contract: MakeContract, backend: StartBackend, mock: StartMock
) -> None:
    server = mock(backend(json_response({}, status="202 Accepted")), make_contract(), passes=["getMessage"])
    requests.get(f"{server.url}/message", timeout=10)
    assert drift_of(server) == [
        {
            "location": "status",
            "pointer": "",
            "keyword": "responses",
            "message": "the status 202 is not declared, only 200",
        }
    ]


def test_a_required_header_that_is_missing_is_drift(
    make_contract: MakeContract, backend: StartBackend, mock: StartMock
) -> None:
    def require(files: dict[str, Any]) -> None:
        response = files["schemas/openapi.yaml"]["paths"]["/message"]["get"]["responses"]["200"]
        response["headers"] = {"X-Count": {"required": True, "schema": {"type": "integer"}}}

    server = mock(backend(json_response("hi", "X-Other: 1")), make_contract(require), passes=["getMessage"])
    requests.get(f"{server.url}/message", timeout=10)
    assert [(violation["name"], violation["keyword"]) for violation in drift_of(server)] == [("X-Count", "required")]


def test_a_compressed_body_is_judged_and_passed_on_as_it_came(backend: StartBackend, mock: StartMock) -> None:
    body = gzip.compress(json.dumps(BAD_JOB).encode())
    head = f"Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}"
    server = passing(mock, backend(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + body))
    received = exchange(server.url, get("/admin/jobs/job-1", "Accept-Encoding: gzip"))
    assert body_of(received) == body
    assert [violation["pointer"] for violation in drift_of(server)] == ["/status"]


def test_a_body_over_the_limit_is_not_validated(backend: StartBackend, mock: StartMock) -> None:
    body = json.dumps(["x" * 11_000_000]).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    server = passing(mock, backend(head + body))
    assert len(requests.get(f"{server.url}/admin/jobs/job-1", timeout=10).content) == len(body)
    assert drift_of(server) == []


def test_head_is_judged_without_a_body(backend: StartBackend, mock: StartMock) -> None:
    server = passing(mock, backend(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"))
    requests.head(f"{server.url}/admin/jobs/job-1", timeout=10)
    assert drift_of(server) == []


def test_drift_is_judged_before_an_override_changes_it(backend: StartBackend, mock: StartMock) -> None:
    server = mock(backend(json_response(JOB)))
    Client(server.url).override("getJob", upstream=True, patch={"status": "exploded"})
    assert requests.get(f"{server.url}/admin/jobs/job-1", timeout=10).json()["status"] == "exploded"
    assert drift_of(server) == []


def test_a_response_that_breaks_off_is_no_drift(backend: StartBackend, mock: StartMock) -> None:
    def respond(connection: Any, _: Any) -> str:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}")
        return "close"

    server = passing(mock, backend(respond))
    with pytest.raises(requests.RequestException):
        requests.get(f"{server.url}/admin/jobs/job-1", timeout=10)
    entry = Client(server.url).requests()[0]
    assert drift_of(server) == []
    assert entry["note"] == "the response was broken off: it closed the connection before the body was complete"


@pytest.mark.parametrize("clear", ["DELETE /__mock/drift", "POST /__mock/reset"])
def test_drift_is_cleared(clear: str, backend: StartBackend, mock: StartMock) -> None:
    server = passing(mock, backend(json_response(BAD_JOB)))
    requests.get(f"{server.url}/admin/jobs/job-1", timeout=10)
    method, path = clear.split()
    before = Client(server.url).drift()
    requests.request(method, server.url + path, timeout=10).raise_for_status()
    assert len(before) == 1
    assert Client(server.url).drift() == []


def test_drift_belongs_to_a_sandbox(backend: StartBackend, mock: StartMock) -> None:
    server = passing(mock, backend(json_response(BAD_JOB)))
    requests.get(f"{server.url}/admin/jobs/job-1", headers={"X-Mock-Sandbox": "a"}, timeout=10)
    assert [len(Client(server.url, sandbox=name).drift()) for name in ("a", "b")] == [1, 0]


def test_the_verdict_counts_drift_if_asked_to(backend: StartBackend, mock: StartMock) -> None:
    server = passing(mock, backend(json_response(BAD_JOB)))
    client = Client(server.url)
    requests.get(f"{server.url}/admin/jobs/job-1", timeout=10)
    client.verdict()
    client.verdict(drift="ignore")
    with pytest.raises(VerdictFailed) as raised:
        client.verdict(drift="fail")
    assert raised.value.problem["detail"] == "1 response of the upstream violated the contract."
    assert len(raised.value.problem["drift"]) == 1
    assert "Responses of the upstream that violated the contract:" in str(raised.value)


def test_a_verdict_without_drift_passes(backend: StartBackend, mock: StartMock) -> None:
    server = passing(mock, backend(json_response(JOB)))
    requests.get(f"{server.url}/admin/jobs/job-1", timeout=10)
    Client(server.url).verdict(drift="fail")


def test_an_unknown_value_of_drift_is_refused(mock: StartMock) -> None:
    assert requests.get(f"{mock(None).url}/__mock/verdict?drift=maybe", timeout=10).status_code == 422


@pytest.mark.parametrize("target", ["/nosuch", "/admin/jobs/job-1"])
@pytest.mark.parametrize("response", [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", b"garbage"])
def test_what_is_passed_on_is_neither_unmatched_nor_refused(
    target: str, response: bytes, backend: StartBackend, mock: StartMock
) -> None:
    server = passing(mock, backend(response))
    assert status_of(exchange(server.url, get(target))) in (404, 502)
    Client(server.url).verdict()


def test_a_request_that_violates_the_contract_is_noted(backend: StartBackend, mock: StartMock) -> None:
    server = passing(mock, backend(json_response({"jobs": [], "total": 0})))
    requests.get(f"{server.url}/admin/jobs?limit=none", timeout=10)
    entry = Client(server.url).requests()[0]
    assert [(violation["location"], violation["name"]) for violation in entry["violations"]] == [("query", "limit")]
    Client(server.url).verdict()


def test_each_exchange_is_handed_to_a_listener(backend: StartBackend, mock: StartMock) -> None:
    exchanges: list[tuple[str, bytes, ReceivedResponse | str]] = []

    def listen(request: Request, response: ReceivedResponse | str) -> None:
        exchanges.append((request.path, request.body, response))

    server = mock(backend(json_response([1], "X-Up: 1")), on_exchange=listen)
    requests.post(f"{server.url}/nosuch", data=b"abc", timeout=10)
    headers = (("Content-Type", "application/json"), ("Content-Length", "3"), ("X-Up", "1"))
    assert exchanges == [("/nosuch", b"abc", ReceivedResponse(200, headers, b"[1]"))]


def test_a_listener_gets_the_reason_why_there_is_no_response(mock: StartMock) -> None:
    exchanges: list[tuple[str, ReceivedResponse | str]] = []
    server = mock(
        f"http://127.0.0.1:{free_port()}",
        on_exchange=lambda request, response: exchanges.append((request.path, response)),
    )
    requests.get(f"{server.url}/nosuch", timeout=10)
    assert exchanges == [("/nosuch", "the connection was refused")]


@pytest.mark.parametrize("name", ["Location", "Link"])
def test_a_listener_gets_addresses_on_this_server(name: str, backend: StartBackend, mock: StartMock) -> None:
    exchanges: list[dict[str, str]] = []
    upstream = backend()
    server = mock(f"{upstream.url}/api", on_exchange=lambda _, response: exchanges.append(dict(response.headers)))
    address = "<{}>; rel=next" if name == "Link" else "{}"
    upstream.respond = json_response([], f"{name}: {address.format(f'{upstream.url}/api/next')}")
    requests.get(f"{server.url}/nosuch", timeout=10)
    assert exchanges[0][name] == address.format(f"{server.url}/next")


def test_requests_that_were_passed_on_can_be_verified(backend: StartBackend, mock: StartMock) -> None:
    server = passing(mock, backend(json_response(JOB)))
    requests.post(f"{server.url}/admin/jobs/job-7/retry", json={}, timeout=10)
    Client(server.url).verify({"operation": "retryJob", "where": {"job_id": "job-7"}, "body": {"const": {}}})


def test_a_listener_that_fails_breaks_no_response(
    backend: StartBackend, mock: StartMock, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("listener")

    server = mock(backend(), on_exchange=fail)
    assert [requests.get(f"{server.url}/x", timeout=10).text for _ in range(2)] == ["ok", "ok"]
    assert "GET /x failed" in caplog.text


def test_processes_that_share_a_store_share_drift(backend: StartBackend, mock: StartMock, redis: RedisServer) -> None:
    upstream = backend(json_response(BAD_JOB))
    servers = [mock(upstream, passes=["getJob"], store=redis.url) for _ in range(2)]
    requests.get(f"{servers[0].url}/admin/jobs/job-1", timeout=10)
    seen = [len(Client(server.url).drift()) for server in servers]
    Client(servers[1].url).reset()
    assert seen == [1, 1]
    assert [len(Client(server.url).drift()) for server in servers] == [0, 0]


OTHER_TYPES = ["application/problem+json", ";;;", "\xff", "text/html; charset=nosuch", "a" * 5_000]
BODIES = [
    b"\xff\xfe{}", b"[" * 100_000 + b"]" * 100_000, b"[" * 300, b"NaN", b'"\\ud800"', b'{"a":1,"a":2}', b"9" * 5_000,
    b"1e999", b'{"status": ' + b"1" * 400 + b"}", b"\x00", b'"' + b"x" * 100_000 + b'"', b"[NaN, " + b"1," * 40_000 + b"1]",
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "content_type"), [*combine(BODIES, ["application/json"]), *combine(BODIES, OTHER_TYPES)]
)
def test_nothing_that_the_backend_sends_is_an_error_of_this_server(
    body: bytes, content_type: str, backend: StartBackend, mock: StartMock, caplog: pytest.LogCaptureFixture
) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode("latin-1")
    server = passing(mock, backend(head + body))
    received = exchange(server.url, get("/admin/jobs/job-1"))
    assert status_of(received) == 200
    assert body_of(received) == body
    assert drift_of(server)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
