"""The Python client, against a server over real sockets."""

from __future__ import annotations

import json
import pickle
import re
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from mockserver import (
    BackgroundServer,
    Client,
    ExpectationError,
    MockError,
    VerdictFailed,
    __version__,
    create_app,
    load_contract,
)
from mockserver.client.report import LINES_LIMIT, describe_missing_deliveries, describe_requests, describe_verdict
from mockserver.control.document import load_control_api
from tests.conftest import MakeContract
from tests.ports import free_port

ROOT = Path(__file__).parent.parent.parent
RETRY = "/admin/jobs/job-7/retry"


@pytest.fixture
def mock(server: BackgroundServer) -> Iterator[Client]:
    """A client in a sandbox of its own."""
    with Client(server.url, f"client-{uuid.uuid4()}") as client:
        yield client
        client.delete()


@pytest.fixture
def answer() -> Iterator[Callable[..., str]]:
    """Starts a server that responds to every request with one status and body; returns its address."""
    servers: list[HTTPServer] = []

    def start(status: int, body: str, **headers: str) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                pass

        servers.append(HTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def free_address() -> str:
    """An address at which no server listens."""
    return f"http://127.0.0.1:{free_port()}"


def failure(call: Callable[[], object]) -> MockError:
    """The error that a call raises."""
    with pytest.raises(MockError) as caught:
        call()
    return caught.value


# What selects the sandbox.


def test_the_address_selects_the_sandbox(mock: Client) -> None:
    requests.post(mock.url + RETRY, timeout=10)
    assert requests.get(f"{mock.url}/admin/jobs/job-7", timeout=10).json()["status"] == "queued"


def test_the_headers_select_the_sandbox(mock: Client, server: BackgroundServer) -> None:
    requests.post(server.url + RETRY, headers=mock.headers, timeout=10)
    assert [entry["operation"] for entry in mock.requests()] == ["retryJob"]


def test_the_session_selects_the_sandbox(mock: Client, server: BackgroundServer) -> None:
    mock.session.post(server.url + RETRY)
    assert [entry["operation"] for entry in mock.requests()] == ["retryJob"]


def test_the_names_of_an_address_and_a_sandbox_make_the_base_address() -> None:
    assert Client("http://localhost:4080/", "a").url == "http://localhost:4080/__mock/in/a"


def test_a_sandbox_of_its_own_replaces_that_of_a_base_address() -> None:
    assert Client("http://localhost:4080/__mock/in/a@empty", "b").url == "http://localhost:4080/__mock/in/b"


def test_a_server_under_a_path_keeps_the_path() -> None:
    assert Client("https://example.test/mock", "a").url == "https://example.test/mock/__mock/in/a"


def test_without_a_sandbox_the_address_selects_it(mock: Client) -> None:
    mock.session.post(mock.url + RETRY)
    assert [entry["operation"] for entry in Client(mock.url).requests()] == ["retryJob"]


def test_without_a_sandbox_the_default_one_is_used(built_in: Any) -> None:
    with BackgroundServer(create_app(built_in)) as server, Client(server.url) as client:
        assert client.reset()["sandbox"] == "default"


@pytest.mark.parametrize(
    "url", ["localhost:4080", "", "http://", "ftp://localhost", "http://localhost:99999", "http://[::1"]
)
def test_an_address_of_no_server_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="is not the address of a server; write it like http://localhost:4080"):
        Client(url)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä", "😀", "x" * 65, "a\n", ".", ".."])
def test_a_name_that_no_sandbox_may_have_is_refused_at_once(name: str) -> None:
    with pytest.raises(ValueError, match="is not a valid sandbox name: use 1 to 64 of"):
        Client("http://localhost:4080", name)


def test_a_proxy_of_the_environment_is_not_used_for_loopback(mock: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", free_address())
    assert mock.session.get(f"{mock.url}/admin/jobs/job-7").status_code == 200
    assert mock.requests()[0]["operation"] == "getJob"


# The control API.


def test_every_operation_of_the_control_api_has_a_method(mock: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the client calls nothing else."""
    document = load_control_api().operations.values()
    declared = {(operation.method, tuple(operation.path.split("/"))) for operation in document}
    called: set[tuple[str, tuple[str, ...]]] = set()
    send = requests.Session.send

    def record(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        path = request.path_url.partition("?")[0].split("/")
        fitting = [
            (method, declared_path)
            for method, declared_path in declared
            if method == request.method
            and len(path) == len(declared_path)
            and all(name[:1] == "{" or name == part for name, part in zip(declared_path, path, strict=True))
        ]
        called.add(fitting[0] if fitting else (str(request.method), tuple(path)))
        return send(session, request, **options)

    monkeypatch.setattr(requests.Session, "send", record)
    job = mock.state(resource="jobs")["records"]["jobs"][0]
    mock.health()
    mock.scenarios()
    mock.scenario("empty")
    mock.clear_scenario()
    mock.sandboxes()
    mock.reset()
    mock.put("jobs", "new", {**job, "id": "new", "status": "queued"})
    mock.fire("jobs", "new", "start")
    mock.remove("jobs", "new")
    mock.recording()
    mock.clock()
    mock.advance("6s")
    mock.set_clock("2026-01-15T10:00:00Z")
    mock.rewind("30s")
    mock.undo()
    mock.clock_mode("real", speed=10)
    mock.clock_mode("manual")
    mock.override("getJob", status=503)
    mock.overrides()
    mock.remove_override("override-1")
    mock.add_overrides({"operation": "getJob", "status": 503})
    mock.clear_overrides()
    mock.requests()
    mock.verify({"operation": "getJob", "times": 0})
    mock.clear_requests()
    mock.verdict()
    mock.violations()
    mock.clear_violations()
    mock.drift()
    mock.clear_drift()
    mock.deliveries()
    mock.clear_deliveries()
    mock.openapi()
    mock.control_openapi()
    mock.delete()
    # npm downloads the JavaScript package.
    assert called == declared - {("GET", ("", "__mock", "kit.tgz"))}


def test_a_scenario_is_the_active_one_of_the_sandbox(mock: Client) -> None:
    assert mock.scenario("empty")["scenario"] == "empty"
    assert mock.session.get(f"{mock.url}/admin/jobs").json() == {"jobs": [], "total": 0}


def test_a_cleared_scenario_is_that_of_the_server(mock: Client) -> None:
    mock.scenario("empty")
    mock.clear_scenario()
    assert mock.scenarios()["selected"]["scenario"] == "baseline"


def test_a_reset_returns_to_the_initial_state(mock: Client) -> None:
    before = mock.state()["fingerprint"]
    mock.fire("jobs", "job-7", "retry")
    assert mock.reset()["fingerprint"] == before


def test_a_deleted_sandbox_is_gone(mock: Client, server: BackgroundServer) -> None:
    mock.fire("jobs", "job-7", "retry")
    mock.delete()
    assert mock.sandbox not in [sandbox["name"] for sandbox in Client(server.url).sandboxes()]


def test_a_sandbox_that_does_not_exist_can_be_deleted(mock: Client) -> None:
    mock.delete()
    mock.delete()


def test_a_record_is_put_and_returned_with_its_derived_fields(make_contract: MakeContract) -> None:
    with BackgroundServer(create_app(load_contract(make_contract()))) as server, Client(server.url, "a") as mock:
        assert mock.put("owners", 7, {"id": 7}) == {"id": 7, "state": "idle"}
        assert mock.fire("jobs", "x/y", "start")["status"] == "running"


def test_the_clock_moves(mock: Client) -> None:
    mock.scenario("fails-then-recovers")
    start = mock.clock()["now"]
    assert len(mock.advance("6s")["fired"]) == 3
    assert mock.advance("next")["now"] == "2026-01-15T09:00:20.000Z"
    assert mock.set_clock("2026-01-15T09:00:05Z")["now"] == "2026-01-15T09:00:05.000Z"
    assert mock.rewind("5s")["now"] == start


def test_the_clock_is_set_to_a_datetime(mock: Client) -> None:
    instant = datetime(2026, 1, 15, 11, 30, tzinfo=timezone(timedelta(hours=2)))
    assert mock.set_clock(instant)["now"] == "2026-01-15T09:30:00.000Z"


def test_the_clock_is_not_set_to_a_datetime_without_an_offset(mock: Client) -> None:
    assert failure(lambda: mock.set_clock(datetime(2026, 1, 15))).status == 422


def test_a_change_is_undone(mock: Client) -> None:
    before = mock.state()["fingerprint"]
    mock.fire("jobs", "job-7", "retry")
    mock.undo(1)
    assert mock.state()["fingerprint"] == before


def test_the_report_of_an_unused_override_says_why(mock: Client) -> None:
    mock.override("getJob", where={"job_id": "job-7"}, status=503)
    mock.session.get(f"{mock.url}/admin/jobs/job-6")
    with pytest.raises(VerdictFailed) as caught:
        mock.verdict()
    assert str(caught.value).splitlines()[-2:] == [
        "    closest: #1 GET /admin/jobs/job-6 -> 200 getJob",
        '      where job_id: expected "job-7", came "job-6"',
    ]


def test_a_verification_may_wait(mock: Client) -> None:
    expected = {"operation": "getJob"}
    with pytest.raises(ExpectationError):
        mock.verify(expected, timeout=0.05)
    mock.session.get(f"{mock.url}/admin/jobs/job-2")
    mock.verify(expected, timeout=30)


def test_a_body_of_bytes_is_sent_as_it_is(mock: Client) -> None:
    mock.override("getJob", body=b"{", violate=True, headers={"Content-Type": "application/json"})
    assert mock.session.get(f"{mock.url}/admin/jobs/job-2").content == b"{"


def test_a_body_of_bytes_of_several_overrides_is_sent_as_it_is(mock: Client) -> None:
    headers = {"Content-Type": "application/json"}
    mock.add_overrides({"operation": "getJob", "body": b"{", "violate": True, "headers": headers})
    assert mock.session.get(f"{mock.url}/admin/jobs/job-2").content == b"{"


def test_several_overrides_are_a_sequence_of_responses(mock: Client) -> None:
    entries = [{"operation": "getJob", "status": status, "times": 1} for status in (503, 429)]
    assert mock.add_overrides(*entries) == ["override-2", "override-1"]
    statuses = [mock.session.get(f"{mock.url}/admin/jobs/job-2").status_code for _ in range(3)]
    assert statuses == [503, 429, 200]


def test_an_override_replaces_a_response_until_it_is_removed(mock: Client) -> None:
    override = mock.override("getJob", where={"job_id": "job-2"}, status=503)
    assert mock.session.get(f"{mock.url}/admin/jobs/job-2").status_code == 503
    mock.remove_override(override)
    assert mock.session.get(f"{mock.url}/admin/jobs/job-2").status_code == 200


def test_a_recording_is_a_scenario_file(mock: Client) -> None:
    mock.fire("jobs", "job-7", "retry")
    commands = yaml.safe_load(mock.recording())["commands"]
    assert [command["fire"] for command in commands] == [{"resource": "jobs", "key": "job-7", "transition": "retry"}]


@pytest.mark.parametrize(
    ("call", "status", "code", "text"),
    [
        (lambda mock: mock.scenario("empt"), 422, "unknown-scenario", 'Did you mean "empty"?'),
        (lambda mock: mock.fire("jobs", "job-3", "cancel"), 409, "transition-not-allowed", "cancel is not allowed while"),
        (lambda mock: mock.fire("jobs", "job-1", "strt"), 404, "unknown-transition", "strt"),
        (lambda mock: mock.put("jbs", "a", {}), 404, "unknown-resource", "jbs"),
        (lambda mock: mock.put("jobs", "a", {"status": "lost"}), 422, "invalid-record", '/status: "lost" is not one of'),
        (lambda mock: mock.remove("jobs", "a/../b?c#d"), 404, "unknown-record", "a/../b?c#d"),
        (lambda mock: mock.advance("6 seconds"), 422, "bad-time", "is not a valid duration"),
        (lambda mock: mock.undo(5), 422, "nothing-to-undo", "no changes to undo"),
        (lambda mock: mock.override("getJop", status=503), 422, "invalid-request", 'Did you mean "getJob"?'),
        (lambda mock: mock.override("getJob", stats=503), 422, "invalid-request", "stats"),
        (lambda mock: mock.remove_override("override-9"), 404, "unknown-override", "override-9"),
        (lambda mock: mock.requests(operations="getJob"), 422, "invalid-request", "operations"),
        (lambda mock: mock.wait_for("getJop"), 422, "invalid-request", 'Did you mean "getJob"?'),
        (lambda mock: mock.verify({"operation": "getJop"}), 422, "invalid-request", 'Did you mean "getJob"?'),
    ],
)  # fmt: skip
def test_an_unknown_name_raises_at_once(
    mock: Client, call: Callable[[Client], object], status: int, code: str, text: str
) -> None:
    error = failure(lambda: call(mock))
    assert error.status == status
    assert error.code == code
    assert error.problem["code"] == code
    assert text in str(error)


def test_a_rejected_call_is_named_with_its_method_and_address(mock: Client, server: BackgroundServer) -> None:
    error = failure(lambda: mock.scenario("empt"))
    assert str(error).endswith(f"(PUT {server.url}/__mock/scenario responded with 422 unknown-scenario)")


# The journal.


def test_the_journal_is_newest_first_and_filtered(mock: Client) -> None:
    for path in ("/admin/jobs/job-1", "/admin/jobs", "/admin/jobs/nope"):
        mock.session.get(mock.url + path)
    assert [entry["number"] for entry in mock.requests()] == [3, 2, 1]
    assert [entry["number"] for entry in mock.requests(operation=["getJob", "retryJob"], status="2XX")] == [1]
    assert "request" not in mock.requests(brief=True)[0]


def test_the_whole_journal_is_returned(mock: Client) -> None:
    for _ in range(120):
        mock.session.get(f"{mock.url}/admin/jobs/job-1")
    assert len(mock.requests()) == 120


def test_a_wait_returns_the_entries_as_soon_as_they_come(mock: Client) -> None:
    later = threading.Timer(0.2, lambda: mock.session.post(mock.url + RETRY))
    later.start()
    entries = mock.wait_for("retryJob", timeout=60)
    later.join()
    assert [entry["path"] for entry in entries] == ["/admin/jobs/job-7/retry"]


def test_a_wait_returns_all_that_match_its_filters(mock: Client) -> None:
    for key in ("job-7", "job-7", "job-3"):
        mock.session.post(f"{mock.url}/admin/jobs/{key}/retry")
    assert [entry["number"] for entry in mock.wait_for("retryJob", status=200)] == [2, 1]


def test_a_wait_raises_with_what_came_instead(mock: Client) -> None:
    mock.session.get(f"{mock.url}/admin/jobs?status=failed")
    with pytest.raises(ExpectationError) as caught:
        mock.wait_for("retryJob", times=2, timeout=0.05)
    assert str(caught.value) == (
        "Expected 2 requests to retryJob within 0.05 s; 0 came. The latest requests of the sandbox:\n"
        "#1 GET /admin/jobs?status=failed -> 200 listJobs"
    )


def test_a_wait_without_requests_says_so(mock: Client) -> None:
    with pytest.raises(ExpectationError, match="No requests were received"):
        mock.wait_for("retryJob", timeout=0)


def test_a_wait_may_be_longer_than_one_call_may_take(mock: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.client.client.WAIT_LIMIT", 0.05)
    with pytest.raises(ExpectationError, match=r"Expected 1 request to retryJob within 0\.12 s; 0 came"):
        mock.wait_for("retryJob", timeout=0.12)


def test_requests_are_verified(mock: Client) -> None:
    mock.session.post(mock.url + RETRY)
    mock.session.get(f"{mock.url}/admin/jobs")
    mock.verify(
        {"operation": "retryJob", "where": {"job_id": "job-7"}, "times": 1},
        {"operation": "listJobs", "times": {"at_most": 1}},
        in_order=True,
    )


def test_a_failed_verification_shows_what_came_closest(mock: Client) -> None:
    mock.session.post(mock.url + RETRY)
    with pytest.raises(ExpectationError) as caught:
        mock.verify({"operation": "retryJob", "where": {"job_id": "job-8"}, "times": 1}, {"operation": "retryJob"})
    assert str(caught.value).splitlines() == [
        "1 of 2 expectations failed.",
        'Expected {"operation": "retryJob", "where": {"job_id": "job-8"}, "times": 1}',
        "  came 0 times",
        "  closest: #1 POST /admin/jobs/job-7/retry -> 200 retryJob",
        '    where job_id: expected "job-8", came "job-7"',
    ]


def test_an_order_that_was_not_kept_is_shown(mock: Client) -> None:
    mock.session.post(mock.url + RETRY)
    mock.session.get(f"{mock.url}/admin/jobs")
    with pytest.raises(ExpectationError, match="not in order: it should have come after request 2"):
        mock.verify({"operation": "listJobs"}, {"operation": "retryJob"}, in_order=True)


def test_a_failed_expectation_is_an_assertion_error(mock: Client) -> None:
    with pytest.raises(AssertionError):
        mock.verify({"operation": "retryJob"})


# The verdict.


def test_a_sandbox_without_mistakes_passes(mock: Client) -> None:
    mock.session.get(f"{mock.url}/admin/jobs")
    mock.verdict()


def test_a_failed_verdict_says_what_came_and_what_came_closest(mock: Client) -> None:
    mock.session.get(f"{mock.url}/admin/job/job-1?x=1")
    mock.override("getJob", where={"job_id": "job-2"}, status=503)
    with pytest.raises(VerdictFailed) as caught:
        mock.verdict()
    lines = str(caught.value).splitlines()
    assert lines[:4] == [
        "The verdict failed: 1 request matched no operation; 1 override was never used.",
        "Requests that matched no operation:",
        "  #1 GET /admin/job/job-1?x=1 -> 404 unknown-path",
        "    closest: getJob (GET /admin/jobs/{job_id}): segment 2 is 'jobs', not 'job'",
    ]
    assert lines[-2:] == [
        "Overrides that were never used; send a request that they match, or remove them:",
        '  override-1 for getJob in the scenario baseline: {"where": {"job_id": "job-2"}, "status": 503}',
    ]


def test_a_report_of_missing_deliveries_says_that_there_are_none() -> None:
    report = describe_missing_deliveries(1, 0.5, {"total": 0, "deliveries": []})
    assert report == "Expected 1 delivery within 0.5 s; 0 matched. The latest deliveries:\n  none"


def test_a_report_of_missing_deliveries_names_the_operation_of_a_callback() -> None:
    callback: dict[str, Any] = {"webhook": "done", "event": "startJob", "resource": None, "key": None, "url": "http://localhost/", "status": "pending", "attempts": []}  # fmt: skip
    report = describe_missing_deliveries(2, 0.5, {"total": 1, "deliveries": [callback]})
    assert report.endswith("  done: startJob to http://localhost/ -> pending")


def test_a_report_says_what_violated_the_contract_and_how_to_allow_it() -> None:
    violation = {
        "location": "query",
        "name": "status",
        "pointer": "/0",
        "keyword": "enum",
        "message": '"x" is not one of "y".',
    }
    request = {"number": 1, "method": "GET", "path": "/admin/jobs", "operation": "listJobs", "status": 422}
    response = {"headers": {"X-Mock-Code": "invalid-request"}, "body": {"detail": "The request violates the contract."}}
    refused = {**request, "query": "status=x", "violations": [violation], "fired": [], "response": response}
    invalid = {**request, "status": 200, "violations": [{**violation, "location": "body", "name": None, "pointer": ""}]}
    problem = {
        "detail": "Two reasons.",
        "violations": [invalid],
        "unmatched": [],
        "unused_overrides": [],
        "refused": [refused],
    }
    assert describe_verdict(problem).splitlines() == [
        "The verdict failed: Two reasons.",
        "Responses that violated the contract:",
        "  #1 GET /admin/jobs -> 200 listJobs",
        '    body: "x" is not one of "y".',
        "Requests that the server refused:",
        "  #1 GET /admin/jobs?status=x -> 422 invalid-request listJobs",
        '    query status /0: "x" is not one of "y".',
        '    if the test does this on purpose: allow=["invalid-request"]',
    ]


def test_a_report_of_many_requests_leaves_the_earliest_out(mock: Client) -> None:
    for _ in range(LINES_LIMIT + 2):
        mock.session.get(f"{mock.url}/admin/jobs/job-1")
    lines = describe_requests(mock.requests()).splitlines()
    assert lines[:2] == ["(2 earlier requests left out)", "#3 GET /admin/jobs/job-1 -> 200 getJob"]
    assert len(lines) == LINES_LIMIT + 1


def test_the_reasons_of_a_verdict_are_data_too(mock: Client) -> None:
    mock.session.get(f"{mock.url}/admin/job")
    with pytest.raises(VerdictFailed) as caught:
        mock.verdict()
    assert [entry["path"] for entry in caught.value.problem["unmatched"]] == ["/admin/job"]


def test_every_member_is_documented() -> None:
    text = (ROOT / "docs" / "testing-python.md").read_text()
    members = [name for name in vars(Client) if not name.startswith("_")]
    assert [name for name in (*members, "url", "headers") if f"`{name}" not in text] == []


# Servers that are not there, or not what they should be.


def test_a_server_that_is_not_there_is_named_in_one_sentence() -> None:
    address = free_address()
    error = failure(Client(address, "a").clock)
    assert error.status is None
    assert error.code == "unreachable"
    assert (
        str(error)
        == f"No server can be reached at {address} (Connection refused): is `mockserver serve` running there?"
    )


def test_a_server_that_closes_the_connection_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        closing = threading.Thread(target=lambda: listening.accept()[0].close())
        closing.start()
        error = failure(Client(f"http://127.0.0.1:{listening.getsockname()[1]}", "a").clock)
        closing.join()
    assert error.code == "unreachable"
    assert re.search(r"\((Remote end closed connection without response|Connection reset by peer)\)", str(error))


def test_the_reason_is_not_an_error_that_is_being_handled() -> None:
    try:
        raise OSError(2, "another reason")
    except OSError:
        error = failure(Client(free_address(), "a").clock)
    assert "(Connection refused)" in str(error)


@pytest.mark.parametrize("version", ["0.0.9", "0.0", "0"])
def test_a_server_that_is_too_old_is_named_with_both_versions(answer: Callable[..., str], version: str) -> None:
    address = answer(200, json.dumps({"status": "ok", "version": version}))
    error = failure(Client(address, "a").clock)
    assert error.code == "too-old"
    assert str(error) == (
        f"The mockserver at {address} has version {version}, which is too old for version {__version__} of this "
        "client: update the server, or install the client of its version."
    )


def test_a_newer_server_is_used(answer: Callable[..., str]) -> None:
    assert Client(answer(200, '{"status": "ok", "version": "99.1.0"}'), "a").health()["version"] == "99.1.0"


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, "<html>hello</html>"), (200, "[]"), (200, '{"status": "ok"}'), (404, "nothing"), (302, "")],
)
def test_another_server_at_the_address_is_recognized(answer: Callable[..., str], status: int, body: str) -> None:
    address = answer(status, body, Location="/elsewhere")
    error = failure(Client(address, "a").clock)
    assert error.status == status
    assert error.code == "not-mockserver"
    assert str(error).startswith(
        f"The server at {address} is not a mockserver: it responds to GET /__mock/health with {status}"
    )


def test_a_token_is_taken_from_the_environment_and_sent_to_the_control_api_only(
    built_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with BackgroundServer(create_app(built_in, token="s3cret")) as server:
        error = failure(Client(server.url, "a").clock)
        assert error.code == "token-required"
        assert "Set the environment variable MOCKSERVER_TOKEN, or the argument `token`" in str(error)
        monkeypatch.setenv("MOCKSERVER_TOKEN", "s3cret")
        mock = Client(server.url, "a")
        assert mock.clock()["mode"] == "manual"
        assert "X-Mock-Token" not in mock.session.headers


def test_errors_can_be_pickled(mock: Client) -> None:
    error = failure(lambda: mock.verify({"operation": "retryJob"}))
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is ExpectationError
    assert copy.status == error.status
    assert copy.code == error.code
    assert copy.problem == error.problem
    assert str(copy) == str(error)  # fmt: skip


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import mockserver.web.app", "requests"),
        ("import mockserver.web.app", "mockserver.client"),
        ("from mockserver import Client", "flask"),
        ("from mockserver import Client", "mockserver.http"),
    ],
)
def test_client_and_server_are_imported_one_without_the_other(code: str, absent: str) -> None:
    command = f"{code}\nimport sys\nassert {absent!r} not in sys.modules"
    subprocess.run([sys.executable, "-c", command], check=True, cwd=ROOT, timeout=60)
