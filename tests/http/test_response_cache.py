"""Answers with and without the layer that keeps them are the same, whatever is done in between."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver import Contract, create_app
from mockserver.engine.sandboxes import Sandboxes
from mockserver.http import response_cache as kept_answers
from mockserver.http.service import BODY_LIMIT, Service
from mockserver.http.service import control as control_api
from mockserver.server import wsgi_bridge
from mockserver.web.app import build

CONSTANT = wsgi_bridge.constant_environ(("localhost", 80), ("127.0.0.1", 1))


class Time:
    """The machine's clock, which goes on when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Server:
    """What the protocol does with a request, without a socket."""

    app: Flask
    time: Time
    keeps: bool
    again: int = 0

    def ask(self, method: str, target: str, headers: dict[str, str], body: Any = None) -> tuple[bytes, bytes]:
        """Head and body of the answer."""
        sent = [(b"host", b"localhost"), *((name.lower().encode(), text.encode()) for name, text in headers.items())]
        data = b"" if body is None else json.dumps(body).encode()
        if data:
            sent.append((b"content-type", b"application/json"))
        raw = repr((method, target, sent, data)).encode()
        if self.keeps and (known := self.app.find_kept(raw)) is not None:  # type: ignore[attr-defined]
            self.again += 1
            found: tuple[bytes, bytes] = known
            return found
        environ = wsgi_bridge.environ(CONSTANT, method, "1.1", target.encode(), sent, data)
        head, answer = wsgi_bridge.call(self.app, environ)
        answer = b"" if method == "HEAD" else answer
        delivery: wsgi_bridge.Delivery = environ[wsgi_bridge.DELIVERY]
        if self.keeps and delivery.keep is not None and not data:
            delivery.keep(raw, head, answer)
        return head, answer

    def json(self, method: str, target: str, body: Any = None, **headers: str) -> Any:
        """The answer's body."""
        return json.loads(self.ask(method, target, headers, body)[1] or b"null")


def make(contract: Contract, keeps: bool) -> Server:
    time = Time()
    sandboxes = Sandboxes(contract, seconds=time)
    mock = Service(contract, sandboxes, control_api(), True, frozenset(), None, BODY_LIMIT)
    return Server(build(mock, serve_pages=False), time, keeps)


@pytest.fixture
def server(built_in: Contract) -> Server:
    return make(built_in, keeps=True)


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


@settings(max_examples=150, deadline=None)
@given(STEPS, st.lists(st.tuples(READS, HEADERS), min_size=1, max_size=3))
def test_answers_are_the_same_with_and_without(built_in: Contract, steps: list[Any], looks: list[Any]) -> None:
    keeping, plain = make(built_in, keeps=True), make(built_in, keeps=False)
    for method, target, headers, body in [("wait", "", {}, 0.0), *steps]:
        if method == "wait":
            keeping.time.now += body
            plain.time.now += body
        else:
            assert keeping.ask(method, target, headers, body) == plain.ask(method, target, headers, body)
        # Looked at twice, so that the second look may be a kept one.
        for look, with_headers in looks * 2:
            assert keeping.ask("GET", look, with_headers) == plain.ask("GET", look, with_headers)
    for sandbox in ("default", "one", "two"):
        assert journal_of(keeping, sandbox) == journal_of(plain, sandbox)


def test_a_kept_answer_is_given_until_something_changes(server: Server) -> None:
    def look() -> tuple[int, Any]:
        before = server.again
        return server.again - before, server.json("GET", "/admin/jobs/job-7")

    first = look()[1]
    assert look()[1] == first
    assert server.again == 1
    server.ask("POST", "/admin/jobs/job-7/retry", {})
    assert look()[1]["status"] == "queued"
    assert look()[1]["status"] == "queued"
    assert server.again == 2
    # Elsewhere nothing has changed, and nothing that happens elsewhere changes it.
    server.ask("POST", "/admin/jobs/job-7/retry", {"X-Mock-Sandbox": "other"})
    look()
    assert server.again == 3


def test_a_kept_answer_falls_due_with_a_clock_that_goes_on_by_itself(server: Server) -> None:
    sandbox = {"X-Mock-Scenario": "fails-then-recovers"}
    server.json("POST", "/__mock/clock", {"mode": "real"}, **sandbox)
    assert [server.json("GET", "/admin/jobs/job-1", **sandbox)["status"] for _ in range(2)] == ["queued", "queued"]
    server.time.now += 4.9
    assert server.json("GET", "/admin/jobs/job-1", **sandbox)["status"] == "queued"
    assert server.again == 2
    server.time.now += 0.1
    assert server.json("GET", "/admin/jobs/job-1", **sandbox)["status"] == "running"


def test_each_request_meets_an_override_for_itself(server: Server) -> None:
    server.ask("POST", "/__mock/overrides", {}, {"operation": "getJob", "status": 503, "times": 2})
    heads = [server.ask("GET", "/admin/jobs/job-7", {})[0][:12] for _ in range(4)]
    assert heads == [b"HTTP/1.1 503", b"HTTP/1.1 503", b"HTTP/1.1 200", b"HTTP/1.1 200"]


def test_the_journal_tells_of_kept_answers(server: Server) -> None:
    for _ in range(3):
        server.ask("GET", "/admin/jobs/job-7", {"X-Trace": "1"})
    entries = server.json("GET", "/__mock/requests")["requests"]
    assert server.again == 2
    assert [entry["number"] for entry in entries] == [3, 2, 1]
    assert {entry["request"]["headers"]["X-Trace"] for entry in entries} == {"1"}
    assert server.json("GET", "/__mock/verdict") == {"verdict": "passed", "requests": 3}


def test_what_is_kept_is_bounded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_answers, "KEPT_LIMIT", 3)
    for number in range(5):
        server.ask("GET", f"/admin/jobs?limit={number}", {})
    server.ask("GET", "/admin/jobs?limit=1", {})
    assert server.again == 0
    server.ask("GET", "/admin/jobs?limit=4", {})
    assert server.again == 1


def test_an_evicted_sandbox_is_not_answered_for(built_in: Contract) -> None:
    server = make(built_in, keeps=True)
    mock: Service = server.app.extensions["mockserver"]
    mock.sandboxes.limit = 2
    server.ask("POST", "/admin/jobs/job-7/retry", {"X-Mock-Sandbox": "one"})
    assert [server.json("GET", "/admin/jobs/job-7", **{"X-Mock-Sandbox": "one"})["status"] for _ in range(2)] == ["queued"] * 2  # fmt: skip
    server.time.now += 1_000
    for name in ("two", "three"):
        server.ask("GET", "/admin/jobs/job-7", {"X-Mock-Sandbox": name})
        server.time.now += 1_000
    assert server.json("GET", "/admin/jobs/job-7", **{"X-Mock-Sandbox": "one"})["status"] == "failed"


def test_other_servers_are_not_asked_to_keep_anything(built_in: Contract) -> None:
    client = create_app(built_in).test_client()
    assert client.get("/admin/jobs").data == client.get("/admin/jobs").data
