"""Responses with and without the caches are the same, whatever is done in between."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver import Contract
from mockserver.engine.sandboxes import Sandboxes
from mockserver.http import caches
from mockserver.http.pipeline import prepare
from mockserver.http.request.addressing import build_request
from mockserver.http.service import Service
from mockserver.server.served_app import EncodedResponse, respond
from mockserver.syntax.instants import parse_instant
from mockserver.web.services import create_service


class Time:
    """The machine's clock, which moves only when a test moves it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Server:
    """What the protocol does with a request, without a socket."""

    service: Service
    time: Time
    caches: bool
    hits: int = 0

    def ask(self, method: str, target: str, headers: dict[str, str], body: Any = None) -> tuple[int, bytes, bytes]:
        """Status, head and body of the response."""
        data = b"" if body is None else json.dumps(body).encode()
        sent = {"Host": "localhost", **headers, **({"Content-Type": "application/json"} if data else {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        raw = f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + data
        service = self.service
        if self.caches and (cached := service.responses.find(raw)) is not None:
            self.hits += 1
            before, _, content = cached.dated(b"Date: now\r\n").partition(b"Date: now\r\n\r\n")
            return int(before[9:12]), before, content
        prepared = service.prepared.find(raw) if self.caches else None
        prepared = prepared or prepare(service, build_request(method, target, sent, data))
        response = EncodedResponse(service, prepared, *respond(service, prepared))
        if self.caches:
            response.remember(raw)
        return int(response.head[9:12]), response.head, response.body

    def json(self, method: str, target: str, body: Any = None, **headers: str) -> Any:
        """The answer's body."""
        return json.loads(self.ask(method, target, headers, body)[2] or b"null")


def make(contract: Contract, caches: bool) -> Server:
    time = Time()
    return Server(create_service(contract, Sandboxes(contract, seconds=time)), time, caches)


@pytest.fixture
def server(built_in: Contract) -> Server:
    return make(built_in, caches=True)


JOBS = [f"job-{number}" for number in (1, 2, 7, 14)]
READS = st.sampled_from(
    [
        "/admin/jobs?limit=5", "/admin/jobs?limit=5&status=failed", "/admin/jobs?limit=0", "/admin/jobs/job-7",
        "/admin/jobs/nobody", "/admin/jobs/job-2/events", "/tutor/courses", "/tutor/courses/course-algebra/sessions",
        "/admin/jobs/job-7?__scenario=empty", "/__mock/in/one@fails-then-recovers/admin/jobs/job-1", "/admin/job",
    ]
)  # fmt: skip
SOME_HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "X-Mock-Sandbox": st.sampled_from(["one", "two", "one/two"]),
        "X-Mock-Scenario": st.sampled_from(["baseline", "fails-then-recovers", "cancel-race", "flaky-actions", "none"]),
        "Cookie": st.sampled_from(["mock_scenario=empty", "mock_sandbox=two", "mock_sandbox=a/b"]),
        "Accept": st.sampled_from(["*/*", "text/html", "application/json;q=0.1"]),
        "Origin": st.sampled_from(["http://localhost:3000", "https://elsewhere.example"]),
        "If-None-Match": st.sampled_from(["*", '"none"']),
        "Idempotency-Key": st.sampled_from(["a", "b"]),
    },
)
# Mostly none, so that requests meet what others have done.
HEADERS: st.SearchStrategy[Any] = st.one_of(st.just({}), st.just({}), SOME_HEADERS)
POSTS = st.one_of(
    st.tuples(st.sampled_from([f"/admin/jobs/{job}/{act}" for job in JOBS for act in ("retry", "cancel")]), st.none()),
    st.tuples(st.sampled_from([f"/__mock/state/jobs/{job}/{act}" for job in JOBS for act in ("start", "fail")]), st.none()),
    st.tuples(
        st.just("/__mock/clock"),
        st.sampled_from(
            [
                {"advance": "5s"}, {"advance": "next"}, {"rewind": "3s"}, {"undo": 1}, {"mode": "real", "speed": 10},
                {"mode": "manual"}, {"mode": "per-request", "step": "4s"},
            ]
        ),
    ),
    st.tuples(st.just("/__mock/reset"), st.sampled_from([None, {"scope": "run"}, {"scope": "all"}])),
    st.tuples(
        st.just("/__mock/overrides"),
        st.sampled_from(
            [
                {"operation": "listJobs", "status": 503, "times": 1}, {"operation": "listJobs", "headers": {"X-A": "1"}},
                {"operation": "getJob", "where": {"job_id": "job-7"}, "status": 404},
            ]
        ),
    ),
)  # fmt: skip
STEPS: st.SearchStrategy[Any] = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["GET", "GET", "HEAD"]), READS, HEADERS, st.none()),
        POSTS.flatmap(lambda post: st.tuples(st.just("POST"), st.just(post[0]), HEADERS, st.just(post[1]))),
        st.tuples(st.just("PUT"), st.just("/__mock/scenario"), HEADERS, st.just({"name": "fails-then-recovers"})),
        st.tuples(st.just("DELETE"), st.sampled_from(["/__mock/overrides", "/__mock/scenario", "/__mock/sandboxes/one"]), HEADERS, st.none()),
        st.tuples(st.just("wait"), st.just(""), st.just({}), st.floats(0, 30)),
    ),
    max_size=12,
)  # fmt: skip


def journal_of(server: Server, sandbox: str) -> Any:
    entries = server.json("GET", "/__mock/requests?limit=500", **{"X-Mock-Sandbox": sandbox})["requests"]
    return [{name: value for name, value in entry.items() if name != "milliseconds"} for entry in entries]


@given(STEPS, st.lists(st.tuples(READS, HEADERS), min_size=1, max_size=3))
def test_responses_are_the_same_with_and_without_caches(built_in: Contract, steps: list[Any], looks: list[Any]) -> None:
    keeping, plain = make(built_in, caches=True), make(built_in, caches=False)
    for method, target, headers, body in [("wait", "", {}, 0.0), *steps]:
        if method == "wait":
            keeping.time.now += body
            plain.time.now += body
        else:
            assert keeping.ask(method, target, headers, body) == plain.ask(method, target, headers, body)
        # Looked at twice, so that the second look may be a cached one.
        for look, with_headers in looks * 2:
            assert keeping.ask("GET", look, with_headers) == plain.ask("GET", look, with_headers)
    for sandbox in ("default", "one", "two"):
        assert journal_of(keeping, sandbox) == journal_of(plain, sandbox)


def test_a_cached_response_is_sent_until_something_changes(server: Server) -> None:
    def look() -> tuple[int, Any]:
        before = server.hits
        return server.hits - before, server.json("GET", "/admin/jobs/job-7")

    first = look()[1]
    assert look()[1] == first
    assert server.hits == 1
    server.ask("POST", "/admin/jobs/job-7/retry", {})
    assert look()[1]["status"] == "queued"
    assert look()[1]["status"] == "queued"
    assert server.hits == 2
    # Elsewhere nothing has changed, and nothing that happens elsewhere changes it.
    server.ask("POST", "/admin/jobs/job-7/retry", {"X-Mock-Sandbox": "other"})
    look()
    assert server.hits == 3


def test_a_cached_response_expires_when_something_falls_due_on_a_real_clock(server: Server) -> None:
    sandbox = {"X-Mock-Scenario": "fails-then-recovers"}
    server.json("POST", "/__mock/clock", {"mode": "real"}, **sandbox)
    assert [server.json("GET", "/admin/jobs/job-1", **sandbox)["status"] for _ in range(2)] == ["queued", "queued"]
    server.time.now += 4.9
    assert server.json("GET", "/admin/jobs/job-1", **sandbox)["status"] == "queued"
    assert server.hits == 2
    server.time.now += 0.1
    assert server.json("GET", "/admin/jobs/job-1", **sandbox)["status"] == "running"


def test_each_request_moves_a_clock_that_counts_requests(server: Server) -> None:
    begins = server.json("POST", "/__mock/clock", {"mode": "per-request", "step": "1s"})["now"]
    for _ in range(3):
        server.ask("GET", "/admin/jobs/job-7", {})
    assert parse_instant(server.json("GET", "/__mock/clock")["now"]) - parse_instant(begins) == 3_000


def test_each_request_meets_an_override_for_itself(server: Server) -> None:
    server.ask("POST", "/__mock/overrides", {}, {"operation": "getJob", "status": 503, "times": 2})
    heads = [server.ask("GET", "/admin/jobs/job-7", {})[0] for _ in range(4)]
    assert heads == [503, 503, 200, 200]


def test_the_journal_has_cached_responses(server: Server) -> None:
    for _ in range(3):
        server.ask("GET", "/admin/jobs/job-7", {"X-Trace": "1"})
    entries = server.json("GET", "/__mock/requests")["requests"]
    assert server.hits == 2
    assert [entry["number"] for entry in entries] == [3, 2, 1]
    assert {entry["request"]["headers"]["X-Trace"] for entry in entries} == {"1"}
    assert server.json("GET", "/__mock/verdict") == {"verdict": "passed", "requests": 3}


def test_what_is_noted_of_how_a_run_began_is_noted_once(server: Server) -> None:
    server.service.sandboxes.get("default").run("baseline").notice = "it has started over"
    for _ in range(3):
        server.ask("GET", "/admin/jobs/job-7", {})
    entries = server.json("GET", "/__mock/requests")["requests"]
    assert [entry.get("note") for entry in entries] == [None, None, "it has started over"]


def test_the_cache_is_bounded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "COUNT_LIMIT", 3)
    for number in range(5):
        server.ask("GET", f"/admin/jobs?limit={number}", {})
    server.ask("GET", "/admin/jobs?limit=1", {})
    assert server.hits == 0
    server.ask("GET", "/admin/jobs?limit=4", {})
    assert server.hits == 1


def test_the_cache_keeps_the_latest_responses_that_fit(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "BYTES_LIMIT", 8_000)
    for number in (*range(20), 17, 18, 19):
        server.ask("GET", "/admin/jobs/job-7", {"X-Trace": f"{number:02}"})
    assert server.hits == 3
    server.ask("GET", "/admin/jobs/job-7", {"X-Trace": "00"})
    assert server.hits == 3


def test_a_response_that_would_fill_the_cache_is_not_kept(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "BYTES_LIMIT", 2_000)
    for _ in range(2):
        server.ask("GET", "/admin/jobs/job-7", {})
    assert server.hits == 0


def test_a_sandbox_that_is_read_from_the_cache_is_not_idle(built_in: Contract) -> None:
    server = make(built_in, caches=True)
    sandbox = server.service.sandboxes.get("default")
    for _ in range(2):
        server.ask("GET", "/admin/jobs/job-7", {})
    server.time.now = 700.0
    raw = b"GET /admin/jobs/job-7 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    cached = server.service.responses.find(raw)
    assert cached is not None
    for date in (b"Date: later\r\n", b"Date: still later\r\n"):
        server.time.now += 1
        response = cached.dated(date)
        assert sandbox.last_used == server.time.now
        assert response.count(b"Date: ") == response.count(date) == 1


def test_no_cached_response_outlives_its_sandbox(built_in: Contract) -> None:
    server = make(built_in, caches=True)
    server.service.sandboxes.limit = 2
    server.ask("POST", "/admin/jobs/job-7/retry", {"X-Mock-Sandbox": "one"})
    assert [server.json("GET", "/admin/jobs/job-7", **{"X-Mock-Sandbox": "one"})["status"] for _ in range(2)] == ["queued"] * 2  # fmt: skip
    server.time.now += 1_000
    for name in ("two", "three"):
        server.ask("POST", "/admin/jobs/job-7/retry", {"X-Mock-Sandbox": name})
        server.time.now += 1_000
    assert server.json("GET", "/admin/jobs/job-7", **{"X-Mock-Sandbox": "one"})["status"] == "failed"


def test_a_request_that_differs_by_its_sandbox_alone_is_not_read_again(server: Server) -> None:
    def raw(sandbox: str) -> bytes:
        return f"POST /admin/jobs/job-7/retry HTTP/1.1\r\nHost: localhost\r\nX-Mock-Sandbox: {sandbox}\r\n\r\n".encode()

    server.ask("POST", "/admin/jobs/job-7/retry", {"X-Mock-Sandbox": "first"})
    prepared = server.service.prepared.find(raw("second"))
    assert prepared is not None
    assert prepared.choice is not None
    assert prepared.choice.sandbox == "second"
    assert ("X-Mock-Sandbox", "second") in prepared.logged.headers
    assert prepared.request.header("X-Mock-Sandbox") == "second"
    assert server.json("POST", "/admin/jobs/job-7/retry", **{"X-Mock-Sandbox": "second"})["status"] == "queued"


@pytest.mark.parametrize("name", ["", "no/name", "two words", "a\r\nX-Mock-Sandbox: b"])
def test_a_request_with_another_kind_of_sandbox_header_is_read_for_itself(server: Server, name: str) -> None:
    raw = "GET /admin/jobs/job-7 HTTP/1.1\r\nHost: localhost\r\nX-Mock-Sandbox: {}\r\n\r\n"
    server.ask("GET", "/admin/jobs/job-7", {"X-Mock-Sandbox": "first"})
    assert server.service.prepared.find(raw.format("other").encode()) is not None
    assert server.service.prepared.find(raw.format(name).encode()) is None


def test_a_request_whose_body_is_long_before_it_is_compressed_is_not_kept(server: Server) -> None:
    sent = {"Host": "localhost", "Content-Encoding": "gzip"}
    kept = []
    for spaces in (10, caches.REQUEST_LIMIT):
        data = gzip.compress(b"{" + b" " * spaces + b"}")
        prepared = prepare(server.service, build_request("POST", "/admin/jobs/job-7/retry", sent, data))
        server.service.prepared.add(data, prepared)
        kept.append(server.service.prepared.find(data) is prepared)
    assert kept == [True, False]
