"""Overrides that have the real backend respond in one sandbox, patched or as it is."""

from __future__ import annotations

import gzip
import json
import socket
import zlib
from typing import Any

import pytest
import requests

from mockserver import BackgroundServer, Client, Contract, create_app
from mockserver.contract.upstream import BadUpstream
from mockserver.syntax.merge_patch import merge_patch
from tests.attack.scale import rounds
from tests.conftest import MakeContract
from tests.upstream.backend import Received
from tests.upstream.conftest import StartBackend, StartMock

JOB = {
    "id": "job-1",
    "session_id": "session-1",
    "type": "transcription",
    "status": "queued",
    "updated_at": "2026-01-15T09:00:00.000Z",
}


def json_response(value: Any, *lines: str, status: str = "200 OK") -> bytes:
    body = json.dumps(value).encode()
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *lines, "", ""]
    return "\r\n".join(head).encode() + body


def override(server: BackgroundServer, **fields: Any) -> None:
    Client(server.url).override(fields.pop("operation", "getJob"), upstream=True, **fields)


def test_the_backend_responds_in_that_sandbox_alone(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(json_response({**JOB, "status": "failed"}))
    server = mock(upstream)
    Client(server.url, sandbox="real").override("getJob", upstream=True)
    real = requests.get(f"{server.url}/admin/jobs/job-1", headers={"X-Mock-Sandbox": "real"}, timeout=10).json()
    mocked = requests.get(f"{server.url}/admin/jobs/job-1", timeout=10).json()
    assert real["status"] == "failed"
    assert mocked["status"] == "queued"
    assert len(upstream.received) == 1


def test_where_match_and_times_choose_the_requests(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(json_response(JOB))
    server = mock(upstream)
    override(server, where={"job_id": "job-7"}, match={"headers": {"X-Real": "1"}}, times=2)
    for path, headers in [("job-1", {"X-Real": "1"}), ("job-7", {}), *[("job-7", {"X-Real": "1"})] * 3]:
        requests.get(f"{server.url}/admin/jobs/{path}", headers=headers, timeout=10)
    assert [request.target for request in upstream.received] == ["/admin/jobs/job-7"] * 2


CONDITIONS = {"If-None-Match": '"1"', "If-Modified-Since": "Thu, 15 Jan 2026 09:00:00 GMT", "Range": "bytes=0-1"}


@pytest.mark.parametrize("changed", [{"patch": {"status": "failed"}}, {"status": 503}, {"headers": {"X-A": "1"}}])
def test_a_response_that_is_changed_is_requested_as_a_whole(
    backend: StartBackend, mock: StartMock, changed: dict[str, Any]
) -> None:
    upstream = backend(json_response(JOB))
    server = mock(upstream)
    override(server, **changed)
    requests.get(f"{server.url}/admin/jobs/job-1", headers={**CONDITIONS, "If-Match": '"1"'}, timeout=10)
    kept = {name for name in CONDITIONS if name.lower() in upstream.last.headers}
    assert kept == (CONDITIONS.keys() if "headers" in changed else set())
    assert upstream.last.headers["if-match"] == '"1"'


def test_the_condition_of_a_change_is_passed_on(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(json_response(JOB))
    server = mock(upstream)
    override(server, operation="retryJob", patch={"status": "failed"})
    requests.post(f"{server.url}/admin/jobs/job-1/retry", headers=CONDITIONS, timeout=10)
    assert upstream.last.headers["if-none-match"] == '"1"'


def test_a_response_that_is_recorded_is_requested_as_a_whole(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(json_response(JOB))
    server = mock(upstream, passes=["getJob"], on_exchange=lambda *_: None)
    requests.get(f"{server.url}/admin/jobs/job-1", headers=CONDITIONS, timeout=10)
    assert [name for name in CONDITIONS if name.lower() in upstream.last.headers] == []


def test_every_operation_can_be_passed_on(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend()
    server = mock(upstream)
    override(server, operation="*")
    for path in ("/admin/jobs", "/tutor/courses"):
        requests.get(server.url + path, timeout=10)
    assert [request.target for request in upstream.received] == ["/admin/jobs", "/tutor/courses"]


def test_the_body_of_a_request_is_passed_on(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(json_response(JOB))
    server = mock(upstream)
    override(server, operation="retryJob")
    body = b'{"because": "x"}' * 50_000
    requests.post(f"{server.url}/admin/jobs/job-7/retry", data=body, timeout=10)
    assert upstream.last.body == body
    assert upstream.last.headers["content-length"] == str(len(body))


@pytest.mark.parametrize(
    "target",
    ["/admin/jobs?limit=none", "/admin/jobs?nosuch=1", "/admin/jobs?limit=0"],
)
def test_what_is_wrong_with_a_request_is_for_the_backend_to_say(
    target: str, backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend(json_response({"jobs": [], "total": 0}))
    server = mock(upstream)
    override(server, operation="listJobs")
    response = requests.get(server.url + target, timeout=10)
    entry = Client(server.url).requests()[0]
    assert response.status_code == 200
    assert upstream.last.target == target
    assert len(entry["violations"]) == 1


@pytest.mark.parametrize("headers", [{"Prefer": "code=404"}, {"Idempotency-Key": "not valid"}, {"Accept": "text/csv"}])
def test_preferences_and_keys_are_for_the_backend(
    headers: dict[str, str], backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend(json_response(JOB))
    server = mock(upstream)
    override(server, operation="retryJob")
    response = requests.post(f"{server.url}/admin/jobs/job-7/retry", headers=headers, timeout=10)
    name, value = next(iter(headers.items()))
    assert response.status_code == 200
    assert upstream.last.headers[name.lower()] == value


def test_credentials_are_for_the_backend(backend: StartBackend, mock: StartMock, make_contract: MakeContract) -> None:
    def secure(files: dict[str, Any]) -> None:
        document = files["schemas/openapi.yaml"]
        document["components"] = {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}}
        document["security"] = [{"bearer": []}]

    server = mock(backend(), make_contract(secure))
    assert requests.get(f"{server.url}/jobs/1", timeout=10).status_code == 401
    override(server, where={"job_id": "1"})
    assert requests.get(f"{server.url}/jobs/1", timeout=10).status_code == 200


def test_status_and_headers_are_changed(backend: StartBackend, mock: StartMock) -> None:
    server = mock(backend(json_response(JOB, "X-Old: 1", "X-Kept: 1")))
    override(server, status=503, headers={"X-Old": "2", "Retry-After": "9"})
    response = requests.get(f"{server.url}/admin/jobs/job-1", timeout=10)
    headers = {name: response.headers[name] for name in ("X-Old", "X-Kept", "Retry-After")}
    assert response.status_code == 503
    assert response.reason == "Service Unavailable"
    assert response.json() == JOB
    assert headers == {"X-Old": "2", "X-Kept": "1", "Retry-After": "9"}


def test_a_delay_counts_from_the_request(backend: StartBackend, mock: StartMock) -> None:
    server = mock(backend(json_response(JOB)))
    override(server, delay="300ms")
    response = requests.get(f"{server.url}/admin/jobs/job-1", timeout=10)
    assert response.status_code == 200
    assert response.elapsed.total_seconds() >= 0.3


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [  # RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_patch_is_a_merge_patch(target: Any, patch: Any, merged: Any) -> None:
    assert merge_patch(target, patch) == merged


def deflate_raw(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


def test_a_patch_may_read_the_request(backend: StartBackend, mock: StartMock) -> None:
    server = mock(backend(json_response(JOB)))
    override(server, patch={"session_id": "{$request.path.job_id}"}, headers={"X-Was": "{$request.header.X-Is}"})
    response = requests.get(f"{server.url}/admin/jobs/job-7", headers={"X-Is": "a"}, timeout=10)
    assert response.json()["session_id"] == "job-7"
    assert response.headers["X-Was"] == "a"


@pytest.mark.parametrize(
    ("coding", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", deflate_raw), ("x-gzip", gzip.compress), ("identity", bytes)],
)  # fmt: skip
def test_a_compressed_body_is_patched_and_sent_plain(
    coding: str, encode: Any, backend: StartBackend, mock: StartMock
) -> None:
    body = encode(json.dumps(JOB).encode())
    lines = f'Content-Encoding: {coding}\r\nContent-Length: {len(body)}\r\nContent-Type: application/json\r\nETag: "1"'
    server = mock(backend(f"HTTP/1.1 200 OK\r\n{lines}\r\n\r\n".encode() + body))
    override(server, patch={"status": "failed", "session_id": None})
    response = requests.get(f"{server.url}/admin/jobs/job-1", timeout=10)
    expected = {name: value for name, value in {**JOB, "status": "failed"}.items() if name != "session_id"}
    assert response.json() == expected
    assert response.headers.get("Content-Encoding") is None
    assert response.headers.get("ETag") is None
    assert int(response.headers["Content-Length"]) == len(response.content)


def test_a_compressed_request_is_passed_on_as_it_was_sent(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(json_response(JOB))
    server = mock(upstream)
    override(server, operation="retryJob")
    body = gzip.compress(b"{}")
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert requests.post(f"{server.url}/admin/jobs/job-7/retry", body, headers=headers, timeout=10).status_code == 200
    assert (upstream.last.body, upstream.last.headers["content-encoding"]) == (body, "gzip")


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
        b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"a":1,"a":2}\n',
    ],
)
def test_a_body_that_is_not_json_cannot_be_patched(response: bytes, backend: StartBackend, mock: StartMock) -> None:
    server = mock(backend(response))
    override(server, patch={"a": 1})
    problem = requests.get(f"{server.url}/admin/jobs/job-1", timeout=10).json()
    assert problem["status"] == 502
    assert problem["code"] == "upstream-failed"
    assert problem["reason"].startswith("the override patches its body, which is not JSON: ")


def test_a_body_that_is_too_long_cannot_be_patched(backend: StartBackend, mock: StartMock) -> None:
    body = json.dumps(["x" * 11_000_000]).encode()
    server = mock(backend(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)))
    override(server, patch={"a": 1})
    problem = requests.get(f"{server.url}/admin/jobs/job-1", timeout=10).json()
    assert problem["code"] == "upstream-failed"
    assert problem["reason"] == "an override patches its body, which is longer than 10485760 bytes"


def test_a_compressed_body_may_not_blow_up(backend: StartBackend, mock: StartMock) -> None:
    body = gzip.compress(b'"' + b"x" * rounds(20_000_000, 200_000_000) + b'"')
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    server = mock(backend(head + body))
    override(server, patch={"a": 1})
    problem = requests.get(f"{server.url}/admin/jobs/job-1", timeout=10).json()
    assert (
        problem["reason"] == "the override patches its body, which is not JSON: the body is longer than 10485760 bytes"
    )


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_what_has_no_body_is_not_patched(status: str, backend: StartBackend, mock: StartMock) -> None:
    server = mock(backend(f"HTTP/1.1 {status}\r\n\r\n".encode()))
    override(server, patch={"a": 1})
    response = requests.get(f"{server.url}/admin/jobs/job-1", timeout=10)
    assert response.status_code == int(status[:3])
    assert response.content == b""


def test_a_patched_response_is_requested_whole(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(json_response(JOB))
    server = mock(upstream)
    override(server, patch={"status": "failed"})
    headers = {"Range": "bytes=0-3", "If-Range": '"1"', "Accept-Encoding": "br, gzip"}
    requests.get(f"{server.url}/admin/jobs/job-1", headers=headers, timeout=10)
    names = ("range", "if-range", "accept-encoding")
    assert {name: value for name, value in upstream.last.headers.items() if name in names} == {
        "accept-encoding": "gzip"
    }


def test_head_loses_the_length_of_what_would_be_patched(backend: StartBackend, mock: StartMock) -> None:
    server = mock(backend(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"))
    override(server, patch={"status": "failed"})
    response = requests.head(f"{server.url}/admin/jobs/job-1", timeout=10)
    assert response.status_code == 200
    assert response.headers.get("Content-Length") is None


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"body": {}}, "/body"), ({"example": "x"}, "/example"), ({"fault": "timeout"}, "/fault"),
        ({"commit": True}, "/commit"), ({"violate": True}, "/violate"),
    ],
)  # fmt: skip
def test_what_the_mock_would_respond_cannot_be_given_too(
    fields: dict[str, Any], pointer: str, backend: StartBackend, mock: StartMock
) -> None:
    server = mock(backend())
    body = {"operation": "getJob", "upstream": True, **fields}
    problem = requests.post(f"{server.url}/__mock/overrides", json=body, timeout=10).json()
    assert problem["status"] == 422
    assert [violation["pointer"] for violation in problem["violations"]] == [pointer]


def test_a_patch_needs_upstream(backend: StartBackend, mock: StartMock) -> None:
    body = {"operation": "getJob", "status": 200, "patch": {}}
    response = requests.post(f"{mock(backend()).url}/__mock/overrides", json=body, timeout=10)
    assert response.status_code == 422


def test_without_an_upstream_the_override_is_refused(mock: StartMock) -> None:
    body = {"operation": "getJob", "upstream": True}
    problem = requests.post(f"{mock(None).url}/__mock/overrides", json=body, timeout=10).json()
    assert problem["status"] == 422
    assert [violation["message"] for violation in problem["violations"]] == [
        "there is no upstream to respond: start the server with --upstream"
    ]


def test_a_scenario_may_have_the_upstream_respond_and_then_needs_one(
    make_contract: MakeContract, backend: StartBackend, mock: StartMock
) -> None:
    responses = [{"operation": "getMessage", "upstream": True, "patch": {"b": 2}}]
    root = make_contract(lambda files: files["scenarios/baseline.yaml"].update(responses=responses))
    with pytest.raises(BadUpstream) as raised:
        create_app(root)
    server = mock(backend(json_response({"a": 1})), root)
    assert str(raised.value) == 'The scenario "baseline" has the upstream respond: name it with --upstream.'
    assert requests.get(f"{server.url}/message", timeout=10).json() == {"a": 1, "b": 2}


def test_a_recording_holds_the_override(backend: StartBackend, mock: StartMock, built_in: Contract) -> None:
    server = mock(backend())
    override(server, patch={"status": "failed"})
    assert "upstream: true" in Client(server.url).recording()


def test_a_reset_ends_what_has_not_begun(backend: StartBackend, mock: StartMock) -> None:
    def respond(connection: socket.socket, _: Received) -> str:
        Client(server.url).reset()
        connection.recv(1)
        return "close"

    server = mock(backend(respond))
    override(server)
    problem = requests.get(f"{server.url}/admin/jobs/job-1", timeout=10).json()
    assert problem["status"] == 503
    assert problem["code"] == "reset-while-held"
    assert Client(server.url).requests() == []


def test_the_clock_moves_by_an_override_and_not_by_what_is_passed_on(
    make_contract: MakeContract, backend: StartBackend, mock: StartMock
) -> None:
    clock = {"start": "2026-01-15T09:00:00.000Z", "mode": "per-request", "step": "1s"}
    root = make_contract(lambda files: files["scenarios/baseline.yaml"].update(clock=clock))
    server = mock(backend(json_response("x")), root, passes=["getMessage"])
    start = Client(server.url).clock()["now"]
    for path in ("/message", "/nosuch"):
        requests.get(server.url + path, timeout=10)
    passed = Client(server.url).clock()["now"]
    override(server, operation="getJob")
    requests.get(f"{server.url}/jobs/1", timeout=10)
    assert start == "2026-01-15T09:00:00.000Z"
    assert passed == "2026-01-15T09:00:00.000Z"
    assert Client(server.url).clock()["now"] == "2026-01-15T09:00:01.000Z"


PADDING = b'"' + b"x" * 70_000 + b'"'


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{}", 200),
        (b'{"n": ' + b"1" * 30 + b"}", 200),
        (b'{"n": ' + b"1" * 30 + b', "p": ' + PADDING + b"}", 200),
        (b'{"p": ' + PADDING + b', "n": ' + b"1" * 5_000 + b"}", 502),
        (b"[" * 150 + b"]" * 150, 200),
        (b"[" * 500 + PADDING + b"]" * 500, 200),
        (b'{"p": ' + b"[" * 500 + PADDING + b"]" * 500 + b"}", 200),
        (b"[" * 100_000 + b"]" * 100_000, 502),
        (b'{"p": ' + PADDING + b', "s": "\\ud800"}', 502),
        (b'{"p": ' + PADDING + b', "f": 1e999}', 502),
        (b'{"p": ' + PADDING + b', "f": NaN}', 502),
        (b'{"p": ' + PADDING + b', "f": 1.0e-2}', 200),
        (b"\xff" + PADDING, 502),
    ],
)
def test_whatever_is_patched_is_json_or_502(
    body: bytes, status: int, backend: StartBackend, mock: StartMock, caplog: pytest.LogCaptureFixture
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    server = mock(backend(head + body))
    override(server, patch={"added": 1})
    response = requests.get(f"{server.url}/admin/jobs/job-1", timeout=10)
    assert response.status_code == status
    assert status == 502 or json.loads(response.content)["added"] == 1
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
