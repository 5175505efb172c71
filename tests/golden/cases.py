"""The requests whose answers are recorded: cases, each of them a server's settings and requests in order.

A request is the bytes that are sent. Every case has a server of its own, so none depends on another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from typing import Any
from urllib.parse import quote

BUILT_IN, SMALL, BROKEN, KENNEL, TEMPLATE = "", "small", "broken", "kennel", "template"
SHOP, STUDIO, LEDGER = "shop.yaml", "studio.yaml", "ledger.yaml"
MEBI = 1024 * 1024
HOST = "Host: localhost:4080"
JSON = "Content-Type: application/json"
NAVIGATION = "Sec-Fetch-Mode: navigate"
JOBS = [f"job-{number}" for number in range(1, 13)]
STILL = [
    "baseline", "cancel-race", "empty", "fails-then-recovers", "flaky-actions", "forbidden", "large-queue", "outage",
    "stuck-queue",
]  # fmt: skip
OPERATION_PATHS = [
    "/admin/jobs", "/admin/jobs/job-7", "/admin/jobs/job-7/retry", "/admin/jobs/job-1/cancel", "/admin/jobs/job-7/events",
    "/tutor/courses", "/tutor/courses/course-algebra/sessions",
]  # fmt: skip
# What the test suite compares with: so many requests, spread over each case of these names, of which the last is one.
REDUCED_REQUESTS = 4
REDUCED = (
    "scenario/baseline/*", "scenario/*/actions", "scenario/fails-then-recovers/clock", "methods/built-in", "list/[!o]*", "control/[!fr]*", "guard/[!a]*",
    "pages/plain", "pages/token", "selection/*", "address/*", "conditional/kept", "conditional/shop", "negotiation/shop", "bodies/*", "idempotency/[!i]*",
    "override/*", "fault/[!hs]*", "prefer/shop", "prefer/actions", "cors/*", "violations/*", "shop/[!s]*", "shop/shapes", "studio/reads", "studio/bodies",
    "ledger/reads", "ledger/overridden", "stateful/*", "connection/*",
)  # fmt: skip
NOT_REDUCED = (
    "scenario/large-queue/*", "scenario/happy-path/*", "control/real-clock", "control/documents", "control/elsewhere/*", "override/pipelined",
    "connection/pieces",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """How a server is started: arguments of `load_contract` and `create_app`, or options of the command line."""

    contract: str = BUILT_IN
    stateful: bool = False
    strict_examples: bool | None = None
    scenario: str | None = None
    strict: bool = True
    allow_hosts: tuple[str, ...] = ()
    token: str | None = None
    serve_pages: bool = True
    body_limit: int = 10 * MEBI
    sandbox_limit: int = 10_000
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """Bytes to send, and how many answers to expect; on a connection of its own with `fresh`.

    With `apart` it is sent on a connection of its own, and its answer is read when everything else is done. `pause` is
    in seconds, and comes before.
    """

    raw: bytes
    answers: int = 1
    fresh: bool = False
    apart: bool = False
    pause: float = 0.0

    @property
    def title(self) -> str:
        """The first line of what is sent, shortened."""
        return self.raw.partition(b"\r\n")[0][:120].decode("latin-1")


@dataclass(frozen=True)
class Case:
    """Requests in order to one server. With `real_time` instants cannot stay the same."""

    name: str
    steps: tuple[Step, ...]
    settings: Settings = field(default_factory=Settings)
    fronts: tuple[str, ...] = ("protocol", "wsgi")
    real_time: bool = False


Maker = Callable[[], Iterable[Case]]
_MAKERS: list[Maker] = []


def _makes(maker: Maker) -> Maker:
    _MAKERS.append(maker)
    return maker


def all_cases() -> list[Case]:
    """Every case. Names are unique."""
    cases = [case for maker in _MAKERS for case in maker()]
    names = [case.name for case in cases]
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)
    return cases


def reduced_cases() -> list[Case]:
    """A sample of them for the test suite."""
    return [_thinned(case) for case in all_cases() if _matches(case, REDUCED) and not _matches(case, NOT_REDUCED)]


def _matches(case: Case, patterns: Iterable[str]) -> bool:
    return any(fnmatch(case.name, pattern) for pattern in patterns)


def _thinned(case: Case) -> Case:
    """Some of the requests of a case, in their order: what is left out has not happened."""
    last = len(case.steps) - 1
    stored = {round(number * last / (REDUCED_REQUESTS - 1)) for number in range(REDUCED_REQUESTS)}
    return replace(case, steps=tuple(case.steps[number] for number in sorted(stored)))


def ask(
    method: str, target: str, *lines: str, body: bytes = b"", host: str | None = HOST, version: str = "1.1"
) -> Step:
    """A request as a client writes it; `lines` are headers."""
    heads = [f"{method} {target} HTTP/{version}", *([host] if host is not None else []), *lines]
    if body or method in ("POST", "PUT", "PATCH"):
        heads.append(f"Content-Length: {len(body)}")
    return Step("\r\n".join([*heads, "", ""]).encode("latin-1") + body)


def get(target: str, *lines: str) -> Step:
    """A GET."""
    return ask("GET", target, *lines)


def post(target: str, *lines: str) -> Step:
    """A POST without a body."""
    return ask("POST", target, *lines)


def send(method: str, target: str, value: Any, *lines: str) -> Step:
    """A request with a body of JSON."""
    return ask(method, target, JSON, *lines, body=json.dumps(value).encode())


def _case(name: str, steps: Iterable[Step], settings: Settings | None = None, **more: Any) -> Case:
    return Case(name, tuple(steps), settings or Settings(), **more)


def _gets(targets: Iterable[str], *lines: str) -> list[Step]:
    return [get(target, *lines) for target in targets]


def _own(name: str, steps: Iterable[Step], settings: Settings | None = None) -> Case:
    """A case of the project's own server alone."""
    return _case(name, steps, settings, fronts=("protocol",))


# From here on, a list of requests is a line.
# fmt: off
JOURNAL = _gets(["/__mock/requests", "/__mock/requests?brief=true&limit=3", "/__mock/verdict", "/__mock/violations"])
STATE = _gets(["/__mock/state", "/__mock/clock", "/__mock/overrides", "/__mock/recording"])


# The built-in contract in each scenario.


def _reads() -> list[Step]:
    targets = [
        "/admin/jobs", "/admin/jobs?limit=5", "/admin/jobs?status=failed&limit=3", "/admin/jobs?status=failed&status=queued&offset=2&limit=4",
        "/admin/jobs?type=summarization&limit=3", "/admin/jobs?session_id=session-3", "/admin/jobs?sort=status,-id&limit=4",
        *(f"/admin/jobs/{job}" for job in JOBS[:9]), *(f"/admin/jobs/{job}/events" for job in JOBS[:5]), "/admin/jobs/none", "/admin/jobs/none/events",
        "/tutor/courses", "/tutor/courses/course-algebra/sessions", "/tutor/courses/course-biology/sessions", "/tutor/courses/none/sessions",
    ]
    heads = [ask("HEAD", target) for target in ("/admin/jobs?limit=2", "/admin/jobs/job-7", "/admin/jobs/none", "/tutor/courses")]
    # Twice each, so that an answer that is kept is given, too.
    again = _gets(["/admin/jobs?limit=5", "/admin/jobs/job-7", "/tutor/courses"])
    return [*_gets(targets), *heads, *again, *again]


def _actions() -> list[Step]:
    steps = []
    for job in JOBS[:8]:
        steps += [post(f"/admin/jobs/{job}/cancel"), post(f"/admin/jobs/{job}/retry")]
    steps += [post("/admin/jobs/job-7/retry"), post("/admin/jobs/job-7/cancel"), post("/admin/jobs/job-7/cancel"), post("/admin/jobs/none/retry")]
    return [*steps, *_gets(["/admin/jobs?limit=4", "/admin/jobs/job-7/events", "/tutor/courses/course-algebra/sessions", "/__mock/state?resource=jobs&limit=5"])]


def _moves() -> list[Step]:
    moves = [{"advance": "6s"}, {"advance": "next"}, {"advance": "30s"}, {"advance": "next"}, {"rewind": "10s"}, {"set": "2026-01-15T09:10:00Z"}, {"advance": "1h"}]
    steps = []
    for number, move in enumerate(moves):
        steps += [send("POST", "/__mock/clock", move), get("/admin/jobs?limit=6"), get(f"/admin/jobs/{JOBS[number]}")]
        steps += [post(f"/admin/jobs/{JOBS[number + 2]}/{'retry' if number % 2 else 'cancel'}")]
    return [*steps, send("POST", "/__mock/clock", {"undo": 1}), get("/admin/jobs/job-1/events"), *STATE, *JOURNAL]


@_makes
def _scenarios() -> Iterator[Case]:
    parts = {"reads": _reads, "actions": _actions, "clock": _moves}
    for scenario in STILL:
        for name, part in parts.items():
            yield _case(f"scenario/{scenario}/{name}", part(), Settings(scenario=scenario))
    moving = [*_reads(), *_actions(), get("/__mock/clock"), get("/__mock/state?limit=2"), send("POST", "/__mock/clock", {"mode": "manual"})]
    yield _case("scenario/happy-path/moving", moving, Settings(scenario="happy-path"), real_time=True)
    slow = [get("/admin/jobs?limit=2"), get("/admin/jobs/job-7"), post("/admin/jobs/job-7/retry"), get("/tutor/courses"), get("/tutor/courses/course-algebra/sessions")]
    yield _own("scenario/slow/held", [*slow, *_gets(["/admin/jobs/none", "/admin/jobs?limit=0"]), *JOURNAL], Settings(scenario="slow"))
    every = [ask(method, path) for path in OPERATION_PATHS for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")]
    yield _case("methods/built-in", [*every, get("/__mock/requests?brief=true"), get("/__mock/verdict")])
    control = ["health", "reset", "scenarios", "scenario", "sandboxes", "sandboxes/x", "state", "state/jobs/job-1", "state/jobs/job-1/start", "clock", "overrides", "overrides/x", "recording", "requests", "verdict", "violations", "openapi.json", "docs", "assets/other/shared/dom.js", "nothing"]
    tried = [ask(method, f"/__mock/{path}") for path in control for method in ("HEAD", "PATCH", "OPTIONS", "PUT", "TRACE")]
    yield _case("methods/control", tried)


@_makes
def _lists() -> Iterator[Case]:
    sorts = ["id", "-id", "status", "-status,id", "type,-updated_at", "updated_at", "-updated_at,id", "session_id,type,status,-id", "id,id", "bad", "-", "", "id,", "id;type", "+id", "ID"]
    yield _case("list/sort", _gets(f"/admin/jobs?limit=3&sort={sort}" for sort in sorts))
    numbers = ["1", "2", "36", "37", "100", "500", "0", "-1", "501", "1.0", "1e1", "a", "", "01", "%31", "٣".encode().decode("latin-1"), "999999999999999999999"]
    yield _case("list/limit", _gets(f"/admin/jobs?limit={number}" for number in numbers))
    offsets = ["0", "1", "34", "36", "1000", "2147483647", "2147483648", "-1", "x", ""]
    yield _case("list/offset", _gets(f"/admin/jobs?limit=2&offset={number}" for number in offsets))
    filters = [
        "status=queued", "status=running", "status=succeeded", "status=failed", "status=cancelled", "status=failed&status=cancelled", "status=failed,queued",
        "status=", "status=none", "status=Failed", "status[]=failed", "type=transcription", "type=summarization&type=transcription", "type=x", "session_id=session-1",
        "session_id=none", "session_id=", "session_id=session-1&session_id=session-2", "status=failed&type=transcription&session_id=session-3", "unknown=1",
        "status=failed&unknown=1", "limit=2&limit=3", "__anything=1", "__anything", "&&", "=", "=1", "limit=2&", "status=%66ailed", "status=failed%20", "status=failed+",
        "%73tatus=failed", "status=%ff", "status=%zz", "status=a%00b", "limit=2#fragment", "limit=2?x=1", "limit=2;offset=1",
    ]
    yield _case("list/filters", _gets(f"/admin/jobs?{query}" for query in filters))
    refused = ["limit=0&offset=-1", "limit=x&sort=bad&status=none&type=none&session_id=", "limit=0&nothing=1&more=2", "sort=&sort=id", "offset=1.5"]
    yield _case("list/refused", [*_gets(f"/admin/jobs?{query}" for query in refused), *_gets(["/tutor/courses?limit=1", "/admin/jobs/job-1?x=1", "/admin/jobs/job-1/events?limit=1"]), post("/admin/jobs/job-7/retry?x=1"), *JOURNAL])


@_makes
def _control() -> Iterator[Case]:
    yield _case("control/misc", _gets(["/__mock/health", "/__mock/scenarios", "/__mock/sandboxes", "/__mock/violations", "/__mock/verdict", "/__mock/requests", "/__mock/nothing", "/__mock/healt", "/__mock/health/", "/__mock/health?x=1", "/__mockery", "/__mock/state/jobs"]))
    yield _case("control/documents", [step for target in ("/openapi.json", "/__mock/openapi.json") for step in (get(target), ask("HEAD", target), get(target, "Accept: text/yaml"), get(target, "If-None-Match: *"))])
    put = "/__mock/scenario"
    names: list[Any] = ["empty", "stuck-queue", "emty", "", 7, None]
    scenarios = [step for name in names for step in (send("PUT", put, {"name": name}), get("/__mock/scenarios"), get("/admin/jobs?limit=1"))]
    bodies: list[Any] = [{}, [], "empty", None, {"name": "empty", "more": 1}]
    scenarios += [send("PUT", put, body) for body in bodies] + [ask("DELETE", put), get("/admin/jobs?limit=1"), ask("DELETE", put)]
    scenarios += [send("PUT", put, {"name": "empty"}, "X-Mock-Scenario: baseline"), send("PUT", put, {"name": "empty"}, "X-Mock-Sandbox: other"), get("/__mock/sandboxes"), post("/__mock/reset"), get("/__mock/scenarios")]
    yield _case("control/scenarios", scenarios)
    state: list[Step] = _gets(f"/__mock/state{query}" for query in ("", "?resource=jobs&limit=2", "?resource=jobs&limit=1&offset=35", "?resource=none", "?resource=job", "?limit=0", "?limit=-1", "?offset=x", "?more=1", "?resource=job_events&limit=2", "?limit=1&resource=courses&resource=jobs"))
    job = {"session_id": "session-1", "type": "transcription", "status": "queued", "updated_at": "2026-01-15T09:00:00.000Z"}
    place = "/__mock/state/jobs/job-99"
    puts: list[Any] = [job, {**job, "status": "running"}, {"id": "job-99", **job}, {"id": "other", **job}, {**job, "session_id": "none"}, {**job, "status": "x"}, {**job, "updated_at": "yesterday"}, {**job, "more": 1}, {"status": "queued"}, {}, [], 7, None]
    state += [send("PUT", place, value) for value in puts]
    state += [get("/admin/jobs/job-99"), get("/admin/jobs/job-99/events"), post("/admin/jobs/job-99/cancel"), ask("DELETE", place), ask("DELETE", place), get("/admin/jobs/job-99")]
    state += [ask("DELETE", f"/__mock/state/{rest}") for rest in ("jobs/job-1", "sessions/session-1", "courses/course-algebra", "job_events/1", "nothing/1", "session/session-1")]
    state += [send("PUT", f"/__mock/state/{rest}", {"title": "New"}) for rest in ("courses/course-new", "courses/a%2Fb", "courses/%C3%A9", "job_events/1", "nothing/1", "sessions/session-9")]
    state += [send("PUT", "/__mock/state/sessions/session-9", {"course_id": "course-new", "status_badge": {"status": "none", "label": "x", "style": "info"}}), send("PUT", "/__mock/state/sessions/session-9", {"course_id": "course-new", "title": "Nine"}), get("/tutor/courses/course-new/sessions"), get("/tutor/courses")]
    yield _case("control/state", [*state, *STATE])
    fires = [f"{job}/{name}" for job in ("job-1", "job-2", "job-7", "none") for name in ("start", "succeed", "fail", "retry", "cancel", "cancl", "retry")]
    yield _case("control/fire", [*(post(f"/__mock/state/jobs/{rest}") for rest in fires), post("/__mock/state/courses/course-algebra/start"), post("/__mock/state/none/x/start"), send("POST", "/__mock/state/jobs/job-9/retry", {}), send("POST", "/__mock/state/jobs/job-9/retry", {"x": 1}), *STATE, get("/admin/jobs/job-7/events")])
    moves: list[Any] = [
        {"advance": "1s"}, {"advance": "PT30S"}, {"advance": "1h30m"}, {"advance": "250ms"}, {"advance": "next"}, {"advance": "0s"}, {"advance": "-1s"}, {"advance": ""}, {"advance": "1"}, {"advance": 5}, {"advance": "1y"}, {"advance": "999999999h"},
        {"set": "2026-01-15T10:00:00Z"}, {"set": "2026-01-15T12:30:00+02:00"}, {"set": "2026-01-15T08:00:00Z"}, {"set": "2026-01-15"}, {"set": "x"}, {"set": "9999-12-31T23:59:59.999Z"}, {"rewind": "10s"}, {"rewind": "99h"}, {"rewind": "x"}, {"undo": 1}, {"undo": 0}, {"undo": 99}, {"undo": "1"},
        {"mode": "per-request", "step": "1s"}, {"mode": "per-request"}, {"mode": "real", "speed": 0}, {"mode": "real", "speed": 2_000_000}, {"mode": "x"}, {"mode": "manual"}, {"mode": "manual", "step": "1s"}, {"speed": 2}, {"step": "1s"}, {"advance": "1s", "rewind": "1s"}, {}, [], None, "x", {"advance": "1s", "x": 1},
    ]
    yield _case("control/clock", [step for move in moves for step in (send("POST", "/__mock/clock", move), get("/__mock/clock"))])
    undoing = [post("/admin/jobs/job-7/retry"), send("POST", "/__mock/clock", {"advance": "5s"}), post("/admin/jobs/job-1/cancel"), send("POST", "/__mock/clock", {"undo": 1}), get("/admin/jobs/job-1"), send("POST", "/__mock/clock", {"undo": 1}), get("/admin/jobs/job-7"), send("POST", "/__mock/clock", {"undo": 1})]
    yield _case("control/undo", [*undoing, post("/admin/jobs/job-7/retry"), send("POST", "/__mock/clock", {"advance": "5s"}), send("POST", "/__mock/clock", {"rewind": "5s"}), get("/admin/jobs/job-7"), *STATE])
    each = [send("POST", "/__mock/clock", {"mode": "per-request", "step": "2s"})]
    each += _gets(["/__mock/clock", "/admin/jobs/job-1", "/__mock/clock", "/admin/jobs/job-1", "/admin/jobs?limit=0", "/nowhere", "/__mock/clock", "/admin/queue", "/__mock/clock"])
    yield _case("control/per-request", [*each, post("/admin/jobs/job-7/retry"), get("/admin/jobs/job-1"), *JOURNAL], Settings(scenario="fails-then-recovers"))
    real = [send("POST", "/__mock/clock", {"mode": "real", "speed": 0.5}), get("/__mock/clock"), post("/admin/jobs/job-7/retry"), get("/admin/jobs/job-7"), send("POST", "/__mock/clock", {"mode": "real"}), get("/__mock/state?limit=1"), send("POST", "/__mock/clock", {"mode": "manual"}), get("/__mock/recording")]
    yield _case("control/real-clock", real, real_time=True)
    entries: list[Any] = [
        {"operation": "getJob", "status": 503}, {"operation": "getJob", "where": {"job_id": "job-2"}, "status": 404, "times": 2}, {"operation": "listJobs", "delay": "1ms"}, {"operation": "listJobs", "delay": {"uniform": ["1ms", "2ms"]}},
        {"operation": "listCourses", "example": "one"}, {"operation": "listCourses", "example": "two"}, {"operation": "getjob"}, {"operation": "nothing", "status": 500}, {"operation": "getJob", "status": 200}, {"operation": "getJob", "status": 204}, {"operation": "getJob", "status": 99},
        {"operation": "getJob", "status": "503"}, {"operation": "getJob", "body": {"id": 7}}, {"operation": "getJob", "body": {"id": 7}, "violate": True}, {"operation": "getJob", "body": None}, {"operation": "getJob", "where": {"x": 1}}, {"operation": "getJob", "where": {}}, {"operation": "listJobs", "where": {"limit": 5}, "status": 429},
        {"operation": "getJob", "delay": "x"}, {"operation": "getJob", "delay": {"uniform": ["2s", "1s"]}}, {"operation": "getJob", "delay": "11h"}, {"operation": "getJob", "fault": "x"}, {"operation": "getJob", "fault": "timeout", "delay": "1ms", "times": 1}, {"operation": "getJob", "times": 0}, {"operation": "getJob", "times": 1.5},
        {"operation": "getJob", "headers": {"X-A": "b"}}, {"operation": "getJob", "headers": {"X-A": "b\nc"}}, {"operation": "getJob", "headers": {"Content-Length": "5"}}, {"operation": "getJob", "headers": {"X A": "b"}}, {"operation": "getJob", "headers": {"X-A": 1}}, {"operation": "getJob", "headers": {"Content-Type": "text/plain"}},
        {"operation": "retryJob", "status": 503, "commit": True}, {"operation": "getJob", "commit": True}, {"operation": "getJob", "commit": "yes"}, {"operation": "getJob", "more": 1}, {"status": 503}, {}, [], None, 7,
    ]
    places = [send("POST", "/__mock/overrides", entry) for entry in entries]
    rest = [get("/__mock/overrides"), get("/__mock/recording"), ask("DELETE", "/__mock/overrides/override-1"), ask("DELETE", "/__mock/overrides/override-1"), ask("DELETE", "/__mock/overrides/x"), get("/__mock/overrides"), get("/__mock/verdict"), ask("DELETE", "/__mock/overrides"), get("/__mock/overrides"), ask("DELETE", "/__mock/overrides")]
    yield _case("control/overrides", [*places, *rest])
    outage = [get("/__mock/overrides"), send("POST", "/__mock/overrides", {"operation": "getJob", "status": 500}), get("/admin/jobs/job-1"), get("/__mock/overrides"), ask("DELETE", "/__mock/overrides/scenario-1"), ask("DELETE", "/__mock/overrides"), get("/admin/jobs/job-1")]
    yield _case("control/overrides-of-the-scenario", outage, Settings(scenario="outage"))
    journal = [get("/admin/jobs?limit=1"), get("/admin/jobs/none"), post("/admin/jobs/job-7/retry", "Authorization: Bearer x", "Cookie: a=b; session=c", "X-Api-Key: k", "X-Plain: p"), get("/nowhere?token=abc&a=b"), ask("OPTIONS", "/admin/jobs"), get("/favicon.ico"), ask("DELETE", "/admin/jobs"), get("/admin/jobs?limit=0"), send("POST", "/admin/jobs/job-9/retry", {"password": "p", "deep": [{"api_key": "k", "b": 1}]})]
    queries = ["", "?brief=true", "?brief=1", "?limit=2", "?limit=0", "?limit=1001", "?offset=3&limit=2", "?offset=99", "?operation=getJob", "?operation=getJob&operation=listJobs", "?operation=none", "?status=404", "?status=4XX", "?status=2XX&status=405", "?status=4xx", "?status=999", "?unmatched=true", "?unmatched=true&status=405", "?number=2", "?number=0", "?number=99", "?number=x", "?x=1"]
    yield _case("control/journal", [*journal, *_gets(f"/__mock/requests{query}" for query in queries), get("/__mock/verdict"), ask("DELETE", "/__mock/requests"), get("/__mock/requests"), get("/__mock/verdict"), get("/admin/jobs/job-1"), get("/__mock/requests"), get("/__mock/sandboxes")])
    boxes = [get("/admin/jobs/job-7", f"X-Mock-Sandbox: {name}") for name in ("a", "b", "a.b-c_D")]
    boxes += [get("/__mock/sandboxes"), ask("DELETE", "/__mock/sandboxes/a"), ask("DELETE", "/__mock/sandboxes/a"), ask("DELETE", "/__mock/sandboxes/%20"), ask("DELETE", "/__mock/sandboxes/b", "X-Mock-Sandbox: b"), ask("DELETE", "/__mock/sandboxes/default"), get("/__mock/sandboxes")]
    yield _case("control/sandboxes", boxes)
    limit = [get("/admin/jobs/job-7", f"X-Mock-Sandbox: {name}") for name in ("a", "b", "c", "d")]
    yield _case("control/sandbox-limit", [*limit, get("/__mock/sandboxes"), get("/__mock/health"), get("/admin/jobs/job-1", "X-Mock-Sandbox: e"), ask("DELETE", "/__mock/sandboxes/a", "X-Mock-Sandbox: b"), *limit], Settings(sandbox_limit=3))
    resets: list[Any] = [{}, {"scope": "sandbox"}, {"scope": "run"}, {"scope": "all"}, {"scope": "x"}, {"more": 1}, [], None]
    changed = [post("/admin/jobs/job-7/retry"), post("/admin/jobs/job-7/retry", "X-Mock-Sandbox: other"), send("PUT", "/__mock/scenario", {"name": "stuck-queue"}), post("/admin/jobs/job-4/cancel")]
    yield _case("control/reset", [step for value in resets for step in (*changed, send("POST", "/__mock/reset", value), get("/__mock/sandboxes"), get("/__mock/scenarios"))] + [post("/__mock/reset"), post("/__mock/reset", "X-Mock-Scenario: empty"), get("/__mock/requests")])
    kinds = ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/problem+json", "x", ""]
    bad = [b"", b"{", b"{}", b'{"advance": "1s"}', b'{"advance": "1s", "advance": "2s"}', b"[NaN]", b'"\\ud800"', b"\xff\xfe", b"\xef\xbb\xbf{}", b"{} x", b"[" * 201 + b"]" * 201, b"null", b"1e999", b"'x'", b"{\n  x: 1}"]
    yield _case("control/content-types", [ask("POST", "/__mock/clock", f"Content-Type: {kind}", body=b'{"advance": "1s"}') for kind in kinds] + [ask("POST", "/__mock/clock", body=b'{"advance": "1s"}'), ask("POST", "/__mock/clock", JSON, "Content-Encoding: gzip", body=b"x"), ask("POST", "/__mock/reset", "Content-Type: text/plain")])
    yield _case("control/malformed", [ask("POST", "/__mock/clock", JSON, body=body) for body in bad] + [ask("PUT", "/__mock/scenario", JSON, body=body) for body in bad])
    yield _case("control/too-large", [ask("POST", "/__mock/clock", JSON, body=b" " * size) for size in (999, 1_001)] + [ask("POST", "/admin/jobs/job-7/retry", JSON, body=b" " * size) for size in (0, 999, 1_000)], Settings(body_limit=1_000))
    yield _own("control/far-too-large", [ask("POST", "/admin/jobs/job-7/retry", JSON, body=b" " * size) for size in (1_001, 100_000)] + [get("/__mock/requests")], Settings(body_limit=1_000))
    for scenario in ("empty", "large-queue", "stuck-queue"):
        yield _case(f"control/elsewhere/{scenario}", _gets(["/__mock/state?limit=3", "/__mock/clock", "/__mock/overrides", "/__mock/recording", "/__mock/scenarios"], f"X-Mock-Scenario: {scenario}"))


@_makes
def _pages() -> Iterator[Case]:
    pages = ["/", "/__mock", "/__mock/", "/admin/queue", "/admin/queue/", "/tutor", "/tutor/", "/tutor/courses/course-algebra", "/tutor/courses/none", "/__mock/docs", "/__mock/docs/", "/__mock/docs/control", "/admin", "/admin/", "/admin/queue?x=1", "/admin/queue?__scenario=", "/favicon.ico"]
    wanted = ["/__mock/assets/other/shared/dom.js", "/__mock/assets/other/shared/base.css", "/__mock/assets/other/shared/icon.svg", "/__mock/assets/other/console/console.js", "/__mock/assets/other/tutoring/queue.js", "/__mock/assets/other/docs/docs.css", "/__mock/assets/other/token/token.css", "/__mock/assets/other/swagger/swagger-ui.css", "/__mock/assets/other/swagger/none.css", "/__mock/assets/other/shared/none.js", "/__mock/assets/other/shared/../shell.py", "/__mock/assets/other/shared/%2e%2e%2f%2e%2e%2fshell.py", "/__mock/assets/", "/__mock/assets"]
    methods = [ask(method, page) for page in ("/__mock/", "/admin/queue", "/tutor", "/__mock/docs", "/") for method in ("HEAD", "POST", "OPTIONS", "DELETE")]
    yield _case("pages/plain", [*_gets(pages), *methods, *_gets(["/__mock/requests?brief=true", "/__mock/verdict"])])
    yield _case("pages/browser", _gets(pages, "Accept: text/html,application/xhtml+xml,*/*;q=0.8", NAVIGATION, "Sec-Fetch-Site: none", "Cookie: mock_scenario=empty; mock_sandbox=qa"))
    yield _case("pages/bad-cookies", [*_gets(pages[:8], "Cookie: mock_scenario=gone; mock_sandbox=a/b", NAVIGATION), *_gets(pages[:8], "X-Mock-Scenario: gone")])
    yield _case("pages/base-address", [step for page in pages for step in (get(f"/__mock/in/qa{page}"), get(f"/__mock/in/qa@empty{page}"))])
    yield _case("pages/assets", [step for asset in wanted for step in (get(asset), ask("HEAD", asset), get(asset, "Range: bytes=0-9"), get(asset, "If-None-Match: *"))])
    yield _case("pages/none", [*_gets(pages), *_gets(wanted[:3]), get("/__mock/health")], Settings(serve_pages=False))
    for name in (SMALL, SHOP, TEMPLATE):
        yield _case(f"pages/{name.partition('.')[0]}", [*_gets(pages), get("/openapi.json"), get("/__mock/scenarios")], Settings(contract=name))
    for scenario in ("empty", "large-queue", "outage", "fails-then-recovers"):
        yield _case(f"pages/in-{scenario}", _gets(["/__mock/", "/admin/queue", "/tutor", "/tutor/courses/course-algebra"]), Settings(scenario=scenario))
    token = Settings(token="s3cret é")
    ways: list[tuple[str, ...]] = [(), ("X-Mock-Token: wrong",), ("Cookie: mock_token=wrong",), ("X-Mock-Token: s3cret \xe9",), ("X-Mock-Token: s3cret \xc3\xa9",)]
    yield _case("pages/token", [get(page, NAVIGATION, *lines) for page in (*pages[:8], wanted[0]) for lines in ways[:3]] + [get("/__mock/health", *lines) for lines in ways], token)


@_makes
def _guards() -> Iterator[Case]:
    hosts = ["localhost", "localhost:1", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1]:4080", "evil.example", "evil.example:4080", "localhost.evil.example", "10.0.0.1", "mock.internal", "mock.internal:80", "", "::1", "[bad", "a b", "127.0.0.1.evil.example"]
    targets = [("GET", "/__mock/state?limit=0"), ("POST", "/__mock/reset"), ("GET", "/__mock/"), ("GET", "/admin/jobs/job-7"), ("GET", "/__mock/health"), ("GET", "/__mock/assets/other/shared/dom.js")]
    for name, allowed in (("host", ()), ("allowed-host", ("Mock.Internal",))):
        yield _case(f"guard/{name}", [ask(method, target, host=f"Host: {host}") for host in hosts for method, target in targets[: 4 if allowed else 6]], Settings(allow_hosts=allowed))
    origins = ["http://localhost:4080", "http://localhost:3000", "https://localhost", "http://127.0.0.1:1", "http://evil.example", "https://localhost.evil.example", "null", "", "file://", "http://[::1]:1", "http://[bad", "chrome-extension://abc", "http://mock.internal"]
    requested = [("GET", "/__mock/state?limit=0"), ("POST", "/__mock/reset"), ("GET", "/admin/jobs/job-7"), ("GET", "/__mock/")]
    yield _case("guard/origin", [ask(method, target, f"Origin: {origin}") for origin in origins for method, target in requested])
    yield _case("guard/allowed-origin", [ask(method, target, f"Origin: {origin}", host="Host: mock.internal") for origin in origins for method, target in requested], Settings(allow_hosts=("mock.internal",)))
    sites = ["same-origin", "same-site", "cross-site", "none", "x"]
    modes = ["navigate", "cors", "no-cors"]
    yield _case("guard/fetch-metadata", [ask(method, target, f"Sec-Fetch-Site: {site}", f"Sec-Fetch-Mode: {mode}") for site in sites for mode in modes for method, target in requested])
    settings = Settings(token="s3cret")
    ways: list[tuple[str, ...]] = [
        (), ("X-Mock-Token: s3cret",), ("X-Mock-Token: wrong",), ("X-Mock-Token: ",), ("Cookie: mock_token=s3cret",), ("Cookie: mock_token=wrong",), ("Cookie: mock_token=s3cret", "Sec-Fetch-Site: same-origin"), ("Cookie: mock_token=s3cret", "Sec-Fetch-Site: cross-site"),
        ("Cookie: mock_token=s3cret", "Origin: http://localhost:4080"), ("Cookie: mock_token=s3cret", "Origin: http://evil.example"), ("Cookie: mock_token=s3cret", NAVIGATION), ("X-Mock-Token: s3cret", "Origin: http://evil.example"), ("X_Mock_Token: s3cret",), ("Authorization: Bearer s3cret",),
    ]
    calls = [("GET", "/__mock/state?limit=0"), ("POST", "/__mock/reset"), ("GET", "/__mock/"), ("GET", "/admin/jobs/job-7"), ("OPTIONS", "/__mock/state")]
    yield _case("guard/token", [ask(method, target, *lines) for lines in ways for method, target in calls], settings)
    queries = ["/__mock/?__token=s3cret", "/__mock/?__token=wrong", "/__mock/state?__token=s3cret", "/admin/queue?__token=s3cret&x=1", "/admin/queue?__token=wrong", "/tutor?__token=s3cret&__scenario=empty&__sandbox=a", "/__mock/?__token=", "/openapi.json?__token=s3cret", "/__mock/in/a/__mock/?__token=s3cret"]
    yield _case("guard/token-in-query", [get(query, *lines) for query in queries for lines in ((), (NAVIGATION,), ("Accept: text/html",))], settings)
    yield _case("guard/token-host", [ask("GET", "/__mock/state?limit=0", "X-Mock-Token: s3cret", host=f"Host: {host}") for host in hosts[:12]], settings)
    yield _case("guard/no-token-asked", _gets(["/__mock/?__token=x", "/admin/queue?__token=x"], NAVIGATION))


@_makes
def _selection() -> Iterator[Case]:
    header = ["X-Mock-Sandbox: h", "X-Mock-Scenario: empty"]
    cookie = "Cookie: mock_scenario=stuck-queue; mock_sandbox=c"
    targets = ["/admin/jobs?limit=1", "/admin/jobs?limit=1&__scenario=outage&__sandbox=q", "/__mock/in/b/admin/jobs?limit=1", "/__mock/in/b@forbidden/admin/jobs?limit=1", "/__mock/in/b@forbidden/admin/jobs?limit=1&__scenario=outage&__sandbox=q", "/__mock/scenarios", "/__mock/scenarios?__scenario=outage&__sandbox=q", "/__mock/in/b@forbidden/__mock/scenarios"]
    ways: list[list[str]] = [[], header, [cookie], [*header, cookie], [header[0]], [header[1]], [header[1], "X-Mock-Scenario: outage"], ["Cookie: mock_scenario=stuck-queue; mock_scenario=empty"], ["Cookie: mock_scenario=empty", "Cookie: mock_sandbox=two"]]
    yield _case("selection/ways", [get(target, *lines) for target in targets for lines in ways] + [get("/__mock/sandboxes")])
    names = ["", "a", "a b", "a/b", "../x", "x" * 64, "x" * 65, "\xe9", "\xc3\xa9", "a,b", "a@b", "-", ".", "default"]
    yield _case("selection/sandbox-names", [step for name in names for step in (get("/admin/jobs/job-1", f"X-Mock-Sandbox: {name}"), get(f"/admin/jobs/job-1?__sandbox={quote(name, encoding='latin-1')}"), get("/admin/jobs/job-1", f"Cookie: mock_sandbox={quote(name, encoding='latin-1')}"), get(f"/__mock/in/{quote(name, safe='', encoding='latin-1')}/admin/jobs/job-1"))])
    kinds = ["", "emty", "Empty", "empty ", "baseline", "x" * 300, "a%0d%0aSet-Cookie:%20x=1", "%C3%A9"]
    yield _case("selection/scenario-names", [step for name in kinds for step in (get("/admin/jobs?limit=1", f"X-Mock-Scenario: {name}"), get(f"/admin/jobs?limit=1&__scenario={quote(name, safe='%')}"), get("/admin/jobs?limit=1", f"Cookie: mock_scenario={name.strip()}"), get(f"/__mock/in/a@{quote(name, safe='%')}/admin/jobs?limit=1"))])
    bases = ["/__mock/in", "/__mock/in/", "/__mock/in/a", "/__mock/in/a/", "/__mock/in//admin/jobs", "/__mock/in/a@/admin/jobs", "/__mock/in/@empty/admin/jobs", "/__mock/in/a@empty@x/admin/jobs", "/__mock/in/a%40empty/admin/jobs?limit=1", "/__mock/in/a@empty/__mock/in/b/admin/jobs?limit=1", "/__mock/in/a/__mock/state?limit=0", "/__mock/in/a/openapi.json", "/__mock/in/a//admin/jobs", "/__mock/in/a/nowhere", "/__mock/in/a/__mock/health", "/__mock/in/a@empty/__mock/scenarios"]
    based = [*_gets(bases), send("PUT", "/__mock/in/a/__mock/state/courses/new", {"title": "x"}), send("POST", "/__mock/in/a/__mock/overrides", {"operation": "getJob", "status": 500}), post("/__mock/in/a/admin/jobs/job-7/retry"), get("/__mock/in/a/admin/jobs/job-7"), post("/__mock/in/a/__mock/reset"), get("/admin/jobs/job-7"), get("/__mock/in/a/__mock/requests?brief=true")]
    yield _case("selection/base-address", based)
    moved = ["/admin/jobs?limit=2&__scenario=empty&__sandbox=qa", "/admin/jobs?__scenario=", "/admin/jobs?__sandbox=&x=%C3%A9", "/admin/queue?__scenario=empty", "/?__scenario=empty", "//evil.example/x?__scenario=empty", "/\\evil.example?__scenario=empty", "/%2F/evil.example?__scenario=empty", "/admin/jobs?__scenario=gone", "/admin/jobs?__sandbox=a/b", "/__mock/in/a/admin/queue?__scenario=empty", "/admin/jobs?__scenario=empty&__scenario=outage", "/admin/jobs?__scenario=a;b", "/nowhere?__scenario=empty", "/admin/jobs?__code=404&__scenario=empty", "/a%20b?__sandbox=x&q=a+b&r"]
    yield _case("selection/navigation", [get(target, *lines) for target in moved for lines in ((NAVIGATION,), ("Accept: text/html",), ("Accept: text/html", "Sec-Fetch-Mode: cors"))] + [ask("POST", moved[0], NAVIGATION), ask("HEAD", moved[0], NAVIGATION)])
    cookies = ["mock_scenario=gone", "mock_sandbox=a/b", "mock_scenario=gone; mock_sandbox=a/b", "mock_scenario=", "mock_scenario=empty; mock_sandbox=ok; other=1", 'mock_scenario="empty"', "mock_scenario", "=", ";;", "a=b; mock_scenario=em\xe9"]
    yield _case("selection/cookies", [get(target, f"Cookie: {cookie}") for cookie in cookies for target in ("/admin/jobs?limit=1", "/__mock/scenarios", "/tutor", "/nowhere")])
    yield _case("selection/default", _gets(["/admin/jobs?limit=1", "/__mock/scenarios", "/tutor/courses"]), Settings(scenario="empty"))


@_makes
def _addresses() -> Iterator[Case]:
    paths = ["/admin/jobs/", "//admin/jobs", "/admin//jobs", "/admin/jobs//", "/Admin/jobs", "/admin/jobs/a%2Fb", "/admin/jobs/a%2fb/events", "/admin/jobs/%2e%2e", "/admin/jobs/..", "/admin/jobs/.", "/admin/jobs/%C3%A9", "/admin/jobs/\xc3\xa9", "/admin/jobs/%ff", "/admin/jobs/\xff", "/admin/jobs/%00", "/admin/jobs/a%20b", "/admin/jobs/a+b", "/admin/jobs/a%25b", "/admin/jobs/a%252Fb", "/admin/jobs/%zz", "/admin/jobs/%", "/admin/jobs/job%2D7", "/%61dmin/jobs/job-7", "/admin/jobs/job-7;v=1", "/admin/jobs/job-7%3Bv", "/admin/jobs/a,b", "/admin/jobs/a%2Cb", "/admin/jobs/a:b", "/admin/jobs/a@b", "/admin/jobs/%F0%9F%98%80", "/admin/jobs/" + "x" * 300, "/nowhere", "/admin", "/tutor/course", "/admin/job", "/tutor/courses/course-algebra", "/tutor/courses/course-algebra/session", "/__mock/in/a%2Fb/admin/jobs", "/__mock%2Fhealth", "/__mock//health", "/admin/jobs/job-7/", "/admin/jobs/job-7/retry/", "/*", "/openapi.json/", "/openapi.yaml"]
    yield _case("address/paths", [*_gets(paths), *JOURNAL])
    yield _case("address/methods", [ask(method, path) for path in paths[:14] for method in ("POST", "HEAD", "OPTIONS")])
    small = ["/jobs", "/jobs/x%2Fy", "/jobs/x/y", "/jobs/x%252Fy", "/jobs/none", "/owners/1/jobs", "/owners/01/jobs", "/owners/x/jobs", "/owners/9/jobs", "/owners/1.0/jobs", "/owners/%31/jobs", "/message", "/message?x=1", "/jobs?status=queued,done", "/jobs?status=queued&status=done", "/jobs?owner_id=1", "/jobs?note=x", "/jobs?sort=-id", "/jobs?sort=x", "/jobs?limit=1"]
    yield _case("address/small", [*_gets(small), post("/jobs/x%2Fy/cancel"), post("/jobs/x%2Fy/cancel"), get("/__mock/requests?brief=true"), get("/__mock/state/jobs/x%2Fy"), post("/__mock/state/jobs/x%2Fy/finish"), ask("DELETE", "/__mock/state/jobs/x%2Fy"), ask("DELETE", "/__mock/state/owners/3"), ask("DELETE", "/__mock/state/owners/x")], Settings(contract=SMALL))
    forms = ["http://localhost:4080/admin/jobs/job-7", "http://other.example/admin/jobs/job-7", "http://localhost:4080", "http://localhost:4080?x=1", "http://localhost:4080/admin/jobs?limit=1", "*", "HTTP://localhost/__mock/health", "http://localhost/__mock/in/a@empty/admin/jobs", "http://localhost/admin/jobs?__scenario=empty"]
    yield _own("address/absolute", [get(target, *lines) for target in forms for lines in ((), (NAVIGATION,))] + [ask("OPTIONS", "*"), ask("OPTIONS", "/*")])


@_makes
def _conditions() -> Iterator[Case]:
    cases = [(BUILT_IN, "/admin/jobs/job-7", "/__mock/clock", "/openapi.json"), (SHOP, "/pets/7", "/pets", "/__mock/scenarios"), (SMALL, "/jobs", "/jobs/a", "/message")]
    tags = ['"x"', "*", 'W/"x"', "x", "", '"a", "b"', "*, *", '"']
    for name, *targets in cases:
        steps = [ask(method, target, f"If-None-Match: {tag}") for target in targets for tag in tags for method in ("GET", "HEAD")]
        yield _case(f"conditional/{name.partition('.')[0] or 'built-in'}", steps, Settings(contract=name))
    # The tags that these answers have, so that the condition holds.
    known = ['"f6ea2f8a1c1b1bd0e5b6c9c7a6bd2a7a"', TAG_OF_JOB_7, f"W/{TAG_OF_JOB_7}", f'"x", {TAG_OF_JOB_7}', TAG_OF_JOB_7.strip('"')]
    again = [step for tag in known for step in (get("/admin/jobs/job-7", f"If-None-Match: {tag}"), ask("HEAD", "/admin/jobs/job-7", f"If-None-Match: {tag}"), get("/admin/jobs/job-7", f"If-None-Match: {tag}"))]
    changed = [post("/admin/jobs/job-7/retry"), get("/admin/jobs/job-7", f"If-None-Match: {TAG_OF_JOB_7}"), post("/__mock/reset"), get("/admin/jobs/job-7", f"If-None-Match: {TAG_OF_JOB_7}"), get("/admin/jobs/job-7", f"If-None-Match: {TAG_OF_JOB_7}", "X-Mock-Sandbox: other"), post("/admin/jobs/job-7/retry", f"If-None-Match: {TAG_OF_JOB_7}"), get("/admin/jobs/job-7", f"If-Match: {TAG_OF_JOB_7}"), get("/admin/jobs/none", "If-None-Match: *"), get("/admin/jobs/job-7", "If-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT"), get("/admin/jobs/job-7", "Range: bytes=0-1")]
    yield _case("conditional/kept", [*again, *changed, *JOURNAL])


TAG_OF_JOB_7 = '"245993e833d2fc01730ed358c33deb67a1d0802c"'
ACCEPTS = ["*/*", "application/json", "application/*", "text/html", "text/plain", "application/problem+json", "application/xml", "text/*;q=0.5, application/json;q=0.4", "application/json;q=0", "*/*;q=0", "*/*;q=0.1, application/json;q=0", "text/csv", "image/*", "image/gif", "application/json; charset=utf-8", "application/json;v=1", "", "x", "*", "application/json;q=2", "application/json;q=x", "text/event-stream", "application/vnd.studio.v2+json", '"application/json"']


@_makes
def _negotiation() -> Iterator[Case]:
    places = {
        "built-in": (BUILT_IN, ["/admin/jobs/job-7", "/admin/jobs/none", "/__mock/clock", "/__mock/recording"]), "shop": (SHOP, ["/pets/7", "/pets/7/photo", "/secret?api_key=1"]),
        "studio": (STUDIO, ["/export", "/events", "/nothing"]), "ledger": (LEDGER, ["/text", "/xml-only", "/only-errors"]),
    }
    for name, (contract, targets) in places.items():
        yield _case(f"negotiation/{name}", [get(target, f"Accept: {accept}", *(["Authorization: Digest x"] if "secret" in target else [])) for target in targets for accept in ACCEPTS], Settings(contract=contract))
    yield _case("negotiation/actions", [post(f"/admin/jobs/{job}/retry", f"Accept: {accept}") for job, accept in zip(JOBS * 2, ACCEPTS, strict=False)] + [get("/__mock/state?limit=0&resource=jobs")])


BAD_JSON = [b"", b"{", b"{}", b"null", b"[]", b'{"a": 1, "a": 2}', b'{"a": NaN}', b'"\\ud800"', b"\xff", b"\xef\xbb\xbf{}", b"{}{}", b"[" * 201 + b"]" * 201, b'{"a": 1e999}', b"{'a': 1}", b'{"a":\n 01}', b'{"a": "\t"}', b"tru", b"123456789012345678901234567890"]


@_makes
def _bodies() -> Iterator[Case]:
    kinds = ["application/json", "application/json; charset=utf-8", "application/json; charset=latin-1", "application/vnd.x+json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=b", "application/xml", "x", ""]
    job = {"owner_id": 1, "note": "n"}
    values: list[Any] = [{}, job, {"id": "a", **job}, {"id": "new", **job}, {"owner_id": 9}, {"owner_id": "1"}, {"owner_id": 1, "status": "done"}, {"owner_id": 1, "more": 1}, {"owner_id": 1, "id": ""}, [], 7, None, {"owner_id": 1, "updated_at": "2020-01-01T00:00:00Z"}]
    steps = [send("POST", "/jobs", value) for value in values] + [send(method, f"/jobs/{key}", value) for method in ("PUT", "PATCH") for key in ("a", "none") for value in values[:9]]
    steps += [ask("DELETE", "/jobs/a"), ask("DELETE", "/jobs/a"), ask("DELETE", "/jobs/none"), ask("DELETE", "/jobs/b", JSON, body=b'{"x": 1}'), ask("DELETE", "/jobs/b", JSON, body=b"{}"), ask("GET", "/jobs/b", JSON, body=b'{"x": 1}'), get("/jobs"), *STATE]
    yield _case("bodies/small", [*steps, *JOURNAL], Settings(contract=SMALL))
    yield _case("bodies/malformed", [ask(method, target, JSON, body=body) for body in BAD_JSON for method, target in (("POST", "/jobs"), ("PATCH", "/jobs/a"), ("POST", "/jobs/b/cancel"))], Settings(contract=SMALL))
    yield _case("bodies/kinds", [ask("POST", "/jobs", f"Content-Type: {kind}", body=b'{"owner_id": 1}') for kind in kinds] + [ask("POST", "/jobs", body=b'{"owner_id": 1}'), ask("POST", "/jobs", JSON, "Content-Encoding: gzip", body=b"x"), ask("POST", "/jobs", JSON, "Content-Encoding: identity", body=b'{"owner_id": 1}'), ask("POST", "/jobs", JSON, JSON, body=b'{"owner_id": 1}')], Settings(contract=SMALL))
    yield _case("bodies/built-in", [ask("POST", "/admin/jobs/job-7/retry", *lines, body=body) for body in (b"", b"{}", b"null", b" ", b"x", b'{"a": 1}', b"[]") for lines in ((), (JSON,), ("Content-Type: text/plain",))])


@_makes
def _idempotency() -> Iterator[Case]:
    retry, cancel = "/admin/jobs/job-7/retry", "/admin/jobs/job-1/cancel"
    keys = ["k", '"k"', '"k', "", '""', "a b", '"a b"', "a,b", '"a\\"b"', '"a\\b"', "x" * 255, "x" * 256, "é".encode().decode("latin-1"), "\xe9", '"k"; p=1', "k, k"]
    yield _case("idempotency/keys", [post(retry, f"Idempotency-Key: {key}") for key in keys] + [post(retry, "Idempotency-Key: a", "Idempotency-Key: b")])
    reuse = [post(retry, "Idempotency-Key: k"), post(retry, "Idempotency-Key: k"), post(cancel, "Idempotency-Key: k"), post(f"{retry}?x=1", "Idempotency-Key: k"), ask("POST", retry, "Idempotency-Key: k", JSON, body=b"{}"), post(retry, "Idempotency-Key: k", "X-Mock-Sandbox: other"), post(retry, "Idempotency-Key: k", "X-Mock-Scenario: stuck-queue"), get("/admin/jobs/job-7", "Idempotency-Key: k"), get("/admin/jobs/job-7", 'Idempotency-Key: "')]
    conflict = [post("/admin/jobs/job-3/cancel", "Idempotency-Key: c"), post("/admin/jobs/job-3/cancel", "Idempotency-Key: c"), post("/admin/jobs/none/retry", "Idempotency-Key: n"), post("/admin/jobs/none/retry", "Idempotency-Key: n"), send("POST", "/__mock/clock", {"advance": "1h"}), post(retry, "Idempotency-Key: k"), send("POST", "/__mock/clock", {"undo": 1}), post(retry, "Idempotency-Key: k"), post("/__mock/reset"), post(retry, "Idempotency-Key: k"), post("/nowhere", "Idempotency-Key: k"), *STATE, *JOURNAL]
    yield _case("idempotency/replayed", [*reuse, *conflict])
    spoiled = [send("POST", "/__mock/overrides", {"operation": "retryJob", "status": 503, "times": 1}), post(retry, "Idempotency-Key: k"), post(retry, "Idempotency-Key: k"), post(retry, "Idempotency-Key: k"), send("POST", "/__mock/overrides", {"operation": "cancelJob", "status": 504, "times": 1, "commit": True}), post(cancel, "Idempotency-Key: c"), post(cancel, "Idempotency-Key: c"), send("POST", "/__mock/overrides", {"operation": "cancelJob", "headers": {"X-A": "b"}, "times": 2}), post("/admin/jobs/job-2/cancel", "Idempotency-Key: d"), post("/admin/jobs/job-2/cancel", "Idempotency-Key: d"), *STATE, *JOURNAL]
    yield _case("idempotency/overridden", spoiled)
    created = [send("POST", "/jobs", {"owner_id": 1}, "Idempotency-Key: a"), send("POST", "/jobs", {"owner_id": 1}, "Idempotency-Key: a"), send("POST", "/jobs", {"owner_id": 2}, "Idempotency-Key: a"), send("POST", "/jobs", {"owner_id": "x"}, "Idempotency-Key: b"), send("POST", "/jobs", {"owner_id": 1}, "Idempotency-Key: b"), get("/jobs"), send("PUT", "/jobs/a", {"owner_id": 2}, "Idempotency-Key: a")]
    yield _case("idempotency/created", created, Settings(contract=SMALL))
    yield _case("idempotency/samples", [send("POST", "/tracks", {"title": "t", "length": 5}, f"Idempotency-Key: {key}") for key in ("a", "a", "x" * 65)] + [send("POST", "/tracks", {"title": "u", "length": 5}, "Idempotency-Key: a")], Settings(contract=STUDIO))
    held = [send("POST", "/__mock/overrides", {"operation": "retryJob", "delay": "700ms", "times": 1}), replace(post(retry, "Idempotency-Key: f"), apart=True), post(retry, "Idempotency-Key: f"), post(retry, "Idempotency-Key: g"), replace(get("/__mock/requests"), pause=1.0), post(retry, "Idempotency-Key: f")]
    yield _own("idempotency/in-flight", held)


def _override(**entry: Any) -> Step:
    return send("POST", "/__mock/overrides", entry)


@_makes
def _overrides() -> Iterator[Case]:
    item, two, many = "/admin/jobs/job-1", "/admin/jobs/job-2", "/admin/jobs?limit=1"
    where = [_override(operation="getJob", where={"job_id": "job-2"}, status=503), get(item), get(two), _override(operation="listJobs", where={"limit": 1, "status": ["failed"]}, status=429), get(many), get("/admin/jobs?limit=1&status=failed"), get("/admin/jobs?status=failed&limit=1&offset=0"), _override(operation="listJobs", where={"sort": "-updated_at,id"}, status=500), get("/admin/jobs?limit=2")]
    yield _case("override/where", [*where, *JOURNAL])
    yield _case("override/times", [_override(operation="getJob", status=500), _override(operation="getJob", status=503, times=2), *_gets([item] * 4), get("/__mock/overrides"), ask("HEAD", item), get("/admin/jobs/none"), get(f"{item}?x=1"), get(item, "Accept: text/html"), *JOURNAL])
    yield _case("override/headers", [_override(operation="getJob", headers={"X-A": "b", "Retry-After": "3", "ETag": '"own"', "Cache-Control": "no-store", "content-type": "text/plain"}), get(item), get(item, 'If-None-Match: "own"'), get("/admin/jobs/none"), _override(operation="listCourses", status=503, headers={"Retry-After": "1", "Set-Cookie": "a=b", "Vary": "X-Own", "X-Mock-Scenario": "x"}), get("/tutor/courses"), _override(operation="listCourses", headers={"X-\u00c4": "\u00e4"}), _override(operation="listCourses", headers={"X-A": "\u00e4 \u20ac"}), get("/tutor/courses")])
    job = {"id": "job-1", "session_id": "s", "type": "transcription", "status": "failed", "updated_at": "2026-01-15T09:00:00.000Z"}
    bodies = [_override(operation="getJob", body=job), get(item), ask("HEAD", item), _override(operation="getJob", body={"no": "job"}, violate=True), get(item), _override(operation="getJob", status=418, body={"tea": "pot"}), get(item), _override(operation="getJob", status=404, body={"tea": "pot"}), _override(operation="getJob", status=404, body={"tea": "pot"}, violate=True), get(item), _override(operation="listCourses", example="one"), get("/tutor/courses"), _override(operation="getJob", status=500, body="text"), get(item), _override(operation="getJob", status=500, body=None), get(item), *JOURNAL]
    yield _case("override/bodies", bodies)
    committed = [_override(operation="retryJob", status=503, times=1), post("/admin/jobs/job-7/retry"), get("/admin/jobs/job-7"), _override(operation="retryJob", status=503, times=1, commit=True), post("/admin/jobs/job-7/retry"), get("/admin/jobs/job-7"), _override(operation="cancelJob", commit=True, body=job), post("/admin/jobs/job-3/cancel"), post("/admin/jobs/job-1/cancel"), get(item), send("POST", "/__mock/clock", {"undo": 2}), get("/__mock/overrides"), *STATE, *JOURNAL]
    yield _case("override/commit", committed)
    yield _case("override/every-status", [step for status in (400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 418, 422, 423, 429, 451, 499, 500, 501, 502, 503, 504, 507, 599) for step in (_override(operation="getJob", status=status, times=1), get(item))])
    yield _case("override/delay", [_override(operation="getJob", delay="30ms", times=1), get(item), _override(operation="getJob", delay={"uniform": ["1ms", "20ms"]}, status=503, times=2), get(item), get(two), get("/__mock/requests?brief=true")])
    foreign = [_override(operation="getPet", status=404), get("/pets/7"), _override(operation="getPet", example="dog"), get("/pets/7"), get("/pets/7", "Accept: application/xml"), _override(operation="getPet", status=500, headers={"X-A": "1"}), get("/pets/7"), _override(operation="getPet", body={"id": 1, "name": "x", "kind": "dog"}), get("/pets/7"), get("/pets/7", "Accept: text/csv"), _override(operation="listPets", body=[]), get("/pets"), _override(operation="addPhoto", status=415), post("/pets/7/photo"), _override(operation="nothing"), *JOURNAL]
    yield _case("override/shop", foreign, Settings(contract=SHOP))
    outage = [step for path in OPERATION_PATHS for step in (get(path, "X-Mock-Scenario: outage"), get(path, "X-Mock-Scenario: forbidden"))]
    yield _case("override/scenarios", outage)
    yield _own("override/pipelined", [_override(operation="getJob", delay="100ms", times=1), Step(get(item).raw + get(two).raw + get(many).raw, 3), get("/__mock/requests?brief=true")])


@_makes
def _faults() -> Iterator[Case]:
    job, listed = "/admin/jobs/job-7", "/admin/jobs?limit=2"
    for fault in ("empty-response", "connection-reset", "malformed-chunk", "random-data-then-close"):
        steps = [_override(operation="getJob", fault=fault, times=2), get(job), ask("HEAD", job), get(job), _override(operation="listJobs", fault=fault, delay="20ms", status=503), get(listed), _override(operation="retryJob", fault=fault, commit=True, times=1), post("/admin/jobs/job-7/retry"), get(job), *JOURNAL]
        yield _own(f"fault/{fault}", steps)
    yield _own("fault/timeout", [_override(operation="getJob", fault="timeout", delay="50ms", times=1), get(job), get(job), *JOURNAL])
    yield _own("fault/slow-body", [_override(operation="getJob", fault="slow-body", delay="200ms", times=1), get(job), get(job), *JOURNAL])
    held = [_override(operation="getJob", delay="60s"), replace(get(job), apart=True), replace(get("/admin/jobs/job-1"), apart=True), get("/__mock/requests?brief=true"), post("/__mock/reset"), get(job), get("/__mock/requests?brief=true")]
    yield _own("fault/held", held)
    yield _own("fault/foreign", [_override(operation="getPet", fault=fault, times=1) for fault in ("empty-response", "malformed-chunk")] + [get("/pets/7"), get("/pets/7", "Accept: text/csv"), get("/pets/7")], Settings(contract=SHOP))


@_makes
def _preferences() -> Iterator[Case]:
    requested = ["code=404", "code=200", "code=503", "code=999", "code=x", "code=", "code=201", "example=dog", "example=cat", "example=none", "dynamic=true", "dynamic=false", "dynamic=x", "dynamic", "code=404, example=x", "code=200, dynamic=true", "example=dog; q=1", "respond-async", "CODE=404", 'code="404"', 'example="dog"', "code=404, code=200", "return=minimal, code=500"]
    for name, contract, target in (("shop", SHOP, "/pets/7"), ("built-in", BUILT_IN, "/admin/jobs/job-7"), ("ledger", LEDGER, "/accounts/a-1")):
        headers = [get(target, f"Prefer: {text}") for text in requested]
        queries = [get(f"{target}?{'&'.join('__' + part.replace(' ', '%20') for part in text.split(', '))}") for text in requested[:17]]
        both = [get(f"{target}?__code=404", "Prefer: code=200"), get(target, "Prefer: code=404", "Prefer: dynamic=true"), ask("HEAD", target, "Prefer: code=404"), get(f"{target}?__code=200", "Accept: application/xml"), get(f"{target}?__other=1")]
        yield _case(f"prefer/{name}", [*headers, *queries, *both, get("/__mock/requests?brief=true"), get("/__mock/state")], Settings(contract=contract))
    actions = [post("/admin/jobs/job-7/retry", f"Prefer: {text}") for text in ("code=409", "code=200", "code=422", "code=500", "example=cancelled", "code=409, example=cancelled")]
    yield _case("prefer/actions", [*actions, get("/admin/jobs/job-7"), _override(operation="getJob", status=503), get("/admin/jobs/job-7", "Prefer: code=404"), get("/admin/jobs/none", "Prefer: code=200"), get("/admin/jobs?limit=0", "Prefer: code=200"), get("/admin/jobs/job-7", "Prefer: code=404", "Accept: text/html"), post("/admin/jobs/job-7/retry", "Prefer: code=409", "Idempotency-Key: k"), post("/admin/jobs/job-7/retry", "Idempotency-Key: k"), get("/__mock/clock", "Prefer: code=404")])
    yield _case("prefer/samples", [get(f"{target}?__dynamic=true") for target in ("/samples", "/tracks", "/events", "/export", "/files/a.txt", "/nothing", "/impossible", "/tracks/x")] + [get("/tracks", f"Prefer: code={code}") for code in (200, 201, 404)], Settings(contract=STUDIO))


@_makes
def _sharing() -> Iterator[Case]:
    origins = ["http://localhost:3000", "http://evil.example", "null"]
    targets = ["/admin/jobs/job-7", "/admin/jobs/none", "/nowhere", "/__mock/clock", "/__mock/in/a@empty/admin/jobs", "/__mock/in/a/__mock/clock", "/openapi.json", "/admin/queue"]
    preflights = [ask("OPTIONS", target, f"Origin: {origin}", f"Access-Control-Request-Method: {method}", *lines) for target in targets for origin in origins[:2] for method, lines in (("GET", ()), ("POST", ("Access-Control-Request-Headers: content-type, x-mock-sandbox",)))]
    yield _case("cors/preflight", [*preflights, ask("OPTIONS", "/admin/jobs", "Origin: http://a.example"), ask("OPTIONS", "/admin/jobs", "Access-Control-Request-Method: GET"), ask("OPTIONS", "/admin/jobs", "Origin: http://a.example", "Access-Control-Request-Method: x y", "Access-Control-Request-Private-Network: true"), get("/__mock/requests")])
    yield _case("cors/actual", [get(target, f"Origin: {origin}") for target in targets for origin in origins] + [post("/admin/jobs/job-7/retry", f"Origin: {origin}") for origin in origins] + [get("/admin/jobs/job-7", "Origin: http://localhost:3000", "If-None-Match: *"), get("/admin/jobs/job-7", "Origin: http://localhost:3000", "Cookie: mock_sandbox=a/b"), ask("OPTIONS", "/pets", "Origin: x")])
    yield _case("cors/shop", [ask("OPTIONS", "/nothing", *lines) for lines in ((), ("Origin: http://a.example",), ("Origin: http://a.example", "Access-Control-Request-Method: GET"))], Settings(contract=STUDIO))
    yield _case("cors/token", [ask("OPTIONS", "/__mock/clock", f"Origin: {origin}", "Access-Control-Request-Method: POST") for origin in origins] + [get("/__mock/clock", f"Origin: {origin}", "X-Mock-Token: t") for origin in origins] + [get("/__mock/clock", f"Origin: {origin}") for origin in origins], Settings(token="t"))


@_makes
def _violations() -> Iterator[Case]:
    requested = [get("/jobs"), ask("HEAD", "/jobs"), get("/jobs/a"), post("/jobs/a/cancel"), get("/jobs/a"), get("/jobs?limit=1"), get("/jobs", "X-Mock-Sandbox: other"), get("/jobs/none"), *JOURNAL, get("/__mock/sandboxes"), ask("DELETE", "/__mock/violations"), get("/__mock/violations"), get("/__mock/verdict"), get("/jobs", "X-Mock-Scenario: empty"), post("/jobs/b/cancel", "Idempotency-Key: k"), post("/jobs/b/cancel", "Idempotency-Key: k"), *STATE]
    for name, strict in (("strict", True), ("lenient", False)):
        yield _case(f"violations/{name}", requested, Settings(contract=BROKEN, strict=strict))
    yield _case("violations/lenient-built-in", [*_gets(["/admin/jobs?limit=1", "/admin/jobs/none", "/__mock/verdict"]), _override(operation="getJob", body={"a": 1}), _override(operation="getJob", body={"a": 1}, violate=True), get("/admin/jobs/job-1"), *JOURNAL], Settings(strict=False))


# Foreign documents.


def _part(name: str, content: bytes, *lines: str) -> bytes:
    heads = [f'Content-Disposition: form-data; name="{name}"', *lines] if not name.startswith(";") else [f"Content-Disposition: form-data{name}", *lines]
    return b"--b\r\n" + "\r\n".join(heads).encode() + b"\r\n\r\n" + content + b"\r\n"


def _multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--b--\r\n"


@_makes
def _shop() -> Iterator[Case]:
    settings = Settings(contract=SHOP)
    queries = [
        "", "status=sold", "status=none", "tags=a,b", "tags=a%2Cb,c", "tags=a&tags=b", "tags=a,b,c,d", "tags=", "pipes=1|2", "pipes=1%7C2", "pipes=x", "pipes=3000000000", "spaces=a%20b", "spaces=a+b", "limit=0", "limit=51", "limit=5&limit=6", "exact=true", "exact=1", "exact=", "ratio=0.5", "ratio=0", "ratio=0.3", "ratio=1e0",
        "raw=a/b?c", "raw=toolongtoolong", "empty=", "empty", "old=x", "filter=%7B%22a%22:1%7D", "filter=%7B%7D", "filter=x", "unknown=1",
    ]
    headers = ["X-Request-Id: 0b8a2a2e-3a63-4a0c-8d5c-1f0d7b4b7d10", "X-Request-Id: x", "X-Flags: 1,2", "X-Flags: 1, x", "X-Flags: "]
    yield _case("shop/reads", [*_gets(f"/pets?{query}" for query in queries), *(get("/pets", line) for line in headers), *_gets(["/pets/7", "/pets/x", "/pets/9223372036854775808", "/pets/findByTag?tag=a", "/pets/findByTag", "/pets/findByTag?tag=a&tag=a", "/redirect", "/limited", "/secret"]), post("/pets/findByTag"), *JOURNAL], settings)
    prefixes = ["", "/api/v1", "/api/v2", "/api/v3", "/internal", "/other", "/api", "/API/v1"]
    yield _case("shop/prefixes", [get(f"{prefix}{path}") for prefix in prefixes for path in ("/pets/7", "/limited", "/__mock/health", "/openapi.json", "/nowhere")], settings)
    shapes = [";matrix=1;matrix=2/.x,1,y,2/r=1,g=2", ";matrix=1/.x,1/r=1", "1/.x,1/r=1", ";matrix=a/.x,1/r=1", ";matrix=1/x,1/r=1", ";matrix=1/.x,a/g=2", ";matrix=1,2/.x,1/r=1", "%3Bmatrix%3D1/.x%2C1/r%3D1", ";matrix=1;other=2/.x,1,z,3/r=1,b=2"]
    yield _case("shop/shapes", _gets(f"/shapes/{shape}" for shape in shapes), settings)
    ways: list[tuple[str, ...]] = [(), ("Authorization: Bearer x",), ("Authorization: bearer",), ("Authorization: Basic eDp5",), ("Authorization: Basic ",), ("Authorization: Digest a=b",), ("X-Api-Key: k",), ("X-Api-Key: ",), ("Cookie: sid=1",), ("Cookie: sid=1", "X-Api-Key: k")]
    guarded = [ask(method, target, *lines) for lines in ways for method, target in (("POST", "/pets"), ("DELETE", "/pets/7"), ("GET", "/secret"), ("GET", "/secret?api_key=1"), ("GET", "/secret?api_key="))]
    yield _case("shop/security", [*guarded, get("/__mock/requests")], settings)
    key = "X-Api-Key: k"
    pets: list[Any] = [{"name": "Tom", "kind": "cat"}, {"name": "Tom"}, {"name": "", "kind": "cow", "lives": 10}, {"name": "Tom", "kind": "cat", "tags": None}, {"name": "Tom", "kind": "cat", "tags": [1]}, {"name": None, "kind": "cat"}, {"name": "Tom", "kind": "cat", "id": 5, "more": True}, [], "x", None]
    yield _case("shop/bodies", [send("POST", "/pets", pet, key) for pet in pets] + [send("PUT", "/pets/7", pet) for pet in pets] + [ask("PATCH", "/pets/7", f"Content-Type: {kind}", body=body) for kind in ("application/merge-patch+json", "application/json", "application/json-patch+json") for body in (b'{"name": "x"}', b'{"name": ""}', b'{"tags": null}', b"{}", b"")], settings)
    form = "Content-Type: application/x-www-form-urlencoded"
    forms = [b"name=Tom&kind=cat", b"name=Tom&kind=cat&tags=a,b", b"name=Tom&kind=cat&tags=a&tags=b", b"name=Tom", b"name=Tom&kind=cat&lives=x", b"name=Tom&kind=cat&lives=3", b"name=T%C3%A9&kind=cat", b"name=%ff&kind=cat", b"name=a+b&kind=dog&barks=true", b"", b"=&&", b"name=Tom&kind=cat&barks=1", b"&".join(b"a=1" for _ in range(1_100))]
    photo, multi = "/pets/7/photo", "Content-Type: multipart/form-data; boundary=b"
    file = _part('file"; filename="a.png', b"\x89PNG\xff", "Content-Type: image/png")
    parts = [
        _multipart(file), _multipart(file, _part("caption", b"short")), _multipart(file, _part("caption", b"much too long a caption")), _multipart(_part("caption", b"x")), _multipart(file, _part("meta", b'{"w": 1}', JSON)), _multipart(file, _part("meta", b'{"w": "x"}', JSON)), _multipart(file, _part("meta", b"{", JSON)), _multipart(file, _part("labels", b"a"), _part("labels", b"b")),
        _multipart(_part('file"; filename="a.txt', b"x", "Content-Type: text/plain")), _multipart(_part("file", b"x" * 65)), _multipart(file, file), _multipart(file, _part("more", b"x")), b"--b--\r\n", b"", b"--b\r\n\r\n", b"--c\r\n", _multipart(_part("; x=y", b"nameless")), file, _multipart(_part("file*=UTF-8''%e2%82%ac", b"x")),
    ]
    other = [ask("POST", photo, f"Content-Type: {kind}", body=body) for kind, body in (("text/plain", b"abc"), ("text/plain", b"abcdef"), ("text/plain; charset=utf-8", "é".encode()), ("text/plain", b"\xff"), ("application/octet-stream", b"\x00\xff"), ("image/png", b"x"), ("multipart/form-data", b"x"), ("application/json", b"{}"))]
    yield _case("shop/forms", [ask("POST", "/pets", form, key, body=body) for body in forms] + [ask("POST", "/pets", "Content-Type: application/xml", key, body=b"<a/>")] + [ask("POST", photo, multi, body=body) for body in parts] + other + JOURNAL[:1], settings)
    yield _case("shop/methods", [ask(method, path) for path in ("/pets", "/pets/7", "/pets/findByTag", "/pets/7/photo", "/redirect", "/api/v1/pets") for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")], settings)
    yield _case("shop/samples", _gets(f"/pets/{number}" for number in range(8)) + _gets(f"/pets/{number}?__dynamic=true" for number in range(8)) + _gets(f"/pets?offset={number}" for number in range(4)), settings)
    yield _own("shop/seed", [*_gets(["/pets", "/pets/7?__dynamic=true", "/pets?status=sold", "/__mock/recording", "/__mock/scenarios"])], Settings(contract=SHOP, options=("--seed", "42")))
    yield _own("seed/built-in", [*_gets(["/__mock/recording", "/admin/jobs?limit=2", "/__mock/health"]), send("POST", "/__mock/clock", {"advance": "1m"}), get("/__mock/health", "Host: x")], Settings(options=("--seed", "5", "--scenario", "fails-then-recovers", "--allow-host", "mock.internal", "--lenient", "--no-pages")))


TRACK = "0b8a2a2e-3a63-4a0c-8d5c-1f0d7b4b7d10"


@_makes
def _studio() -> Iterator[Case]:
    settings = Settings(contract=STUDIO)
    queries = ["", "filter[artist]=x", "filter[year][from]=1990&filter[year][to]=2000", "filter[year][from]=x", "filter[tags][]=a&filter[tags][]=b", "filter[tags][0]=a", "filter[none]=1", "filter=x", "filter[artist]=a&filter[artist]=b", "filter%5Bartist%5D=x", "since=2026-01-01T00:00:00Z", "since=2026-01-01", "since=2026-13-01T00:00:00Z", "day=2026-02-30", "day=2026-02-28", "kind=single", "kind=null", "kind=x", "kind=", "page=0", "page=1&per_page=11", "sort=x"]
    cookies = ["session=abcdef01", "session=x", "visits=3", "visits=-1", "visits=x; session=abcdef01", "session=a; session=abcdef01"]
    paths = [f"/tracks/{TRACK}", "/tracks/x", f"/tracks/{TRACK.upper()}", "/samples", "/samples?a=1", "/events", "/export", "/impossible", "/nothing", "/files/a.txt", "/files/a.b.md", "/files/a.exe", "/files/.txt", "/lookup?kind=a", "/lookup", "/lookup?kind=b", "/lookup?kind=a&x=1", f"/tracks/{TRACK}/notes", f"/tracks/{TRACK}/notes/1", f"/tracks/{TRACK}/notes/x"]
    yield _case("studio/reads", [*_gets(f"/tracks?{query}" for query in queries), *(get("/tracks", f"Cookie: {cookie}") for cookie in cookies), *_gets(paths), ask("HEAD", "/nothing"), ask("OPTIONS", "/nothing"), ask("HEAD", "/impossible"), *JOURNAL], settings)
    tracks: list[Any] = [{"title": "t", "length": 5}, {"title": "t"}, {"id": TRACK, "title": "t", "length": 5, "secret": "s"}, {"title": "", "length": 601, "code": "x", "kind": "y"}, {"title": "t", "length": 5, "kind": None, "code": "AB-123"}, {"title": "t", "length": 5.0}, {"title": "t", "length": 5.5}, {"title": "t", "length": 5, "more": 1}, {"title": "t", "length": 5, "created_at": "x"}, {"title": "x" * 31, "length": True}]
    yield _case("studio/bodies", [send(method, path, track) for method, path in (("POST", "/tracks"), ("PUT", f"/tracks/{TRACK}"), ("PATCH", f"/tracks/{TRACK}")) for track in tracks] + [send("POST", f"/tracks/{TRACK}/notes", note) for note in ({"text": "x"}, {"text": "x" * 21}, {"text": "x", "more": 1}, {})] + JOURNAL[:1], settings)
    yield _case("studio/samples", _gets(f"/samples?seed={number}" for number in range(6)) + _gets(f"/tracks?page={number}" for number in range(1, 6)) + _gets(f"/files/name{number}.txt" for number in range(3)), settings)
    yield _case("studio/pages", _gets(["/", "/__mock/", "/__mock/docs", "/openapi.json", "/__mock/scenarios", "/__mock/state", "/__mock/recording"]), settings)


@_makes
def _ledger() -> Iterator[Case]:
    settings = Settings(contract=LEDGER)
    paths = ["/accounts", "/accounts?limit=4", "/accounts?nonsense=x", "/accounts/a-1", "/accounts/x", "/guarded", "/only-errors", "/default-only", "/xml-only", "/text", "/twice/1/2", "/twice/1/fixed", "/twice/x/fixed", "/nowhere"]
    examples = [get(f"/accounts/a-1?__example={name}") for name in ("poor", "rich", "broken", "none")]
    refused = [get("/accounts/a-1?__code=404"), get("/accounts/a-1?__code=401"), get("/accounts?__code=503"), get("/accounts?__code=503", "Accept: application/json"), get("/guarded", "X-Key: k"), send("POST", "/accounts", {}), send("POST", "/accounts", {"id": "a-1", "balance": 1, "currency": "EUR"}), ask("POST", "/accounts", JSON, body=b"{"), ask("POST", "/accounts"), send("PUT", "/accounts/a-1", {"id": "x"}), ask("DELETE", "/accounts/a-1"), ask("DELETE", "/accounts/x"), ask("PATCH", "/accounts/a-1")]
    texts = [ask("POST", "/text", f"Content-Type: {kind}", body=body) for kind in ("text/plain", "text/markdown", "image/png", "application/json") for body in (b"ab", b"abc", b"")]
    yield _case("ledger/reads", [*_gets(paths), *examples, *refused, *texts, *JOURNAL], settings)
    overridden = [step for operation, target in (("listAccounts", "/accounts"), ("getAccount", "/accounts/a-1"), ("getErrors", "/only-errors"), ("getText", "/text")) for status in (400, 401, 404, 409, 500, 503) for step in (_override(operation=operation, status=status, times=1), get(target))]
    yield _case("ledger/overridden", overridden, settings)
    for strict in (True, False):
        yield _case(f"ledger/{'strict' if strict else 'lenient'}", [*_gets(paths), *JOURNAL], Settings(contract=LEDGER, strict=strict, stateful=True))


@_makes
def _stateful() -> Iterator[Case]:
    shop = Settings(contract=SHOP, stateful=True)
    key, basic = "X-Api-Key: k", "Authorization: Basic eDp5"
    listed = [get("/pets"), get("/pets?limit=1&offset=1"), get("/pets?status=sold"), get("/pets?x=1"), get("/__mock/state")]
    created = [send("POST", "/pets", {"name": "Tom", "kind": "cat", "lives": 9}, key), send("POST", "/pets", {"name": "Rex", "kind": "dog"}, key), send("POST", "/pets", {"name": "Bad", "kind": "cow"}, key), ask("POST", "/pets", "Content-Type: application/x-www-form-urlencoded", key, body=b"name=Web&kind=dog&barks=true")]
    changed = [get("/pets/1"), get("/pets/10"), get("/api/v1/pets/1"), send("PUT", "/pets/1", {"name": "New", "kind": "dog"}), send("PUT", "/pets/99", {"name": "New", "kind": "dog"}), ask("PATCH", "/pets/1", "Content-Type: application/merge-patch+json", body=b'{"name": "P", "tags": null}'), ask("PATCH", "/pets/1", JSON, body=b'{"name": ""}'), ask("PATCH", "/pets/99", JSON, body=b'{"name": "x"}'), ask("DELETE", "/pets/1"), ask("DELETE", "/pets/1", basic), ask("DELETE", "/pets/1", basic), get("/pets/1"), get("/pets")]
    yield _case("stateful/shop", [*listed, *created, get("/__mock/state"), *changed, *STATE, *JOURNAL, post("/__mock/reset"), get("/pets"), get("/pets", "X-Mock-Scenario: empty")], shop)
    studio = Settings(contract=STUDIO, stateful=True)
    own = f"/tracks/{TRACK}"
    steps = [get("/tracks"), get("/tracks?page=2&per_page=2"), get("/tracks?kind=single"), get("/tracks?sort=title"), send("POST", "/tracks", {"title": "t", "length": 5, "secret": "s"}), send("POST", "/tracks", {"id": TRACK, "title": "own", "length": 7}), send("POST", "/tracks", {"id": TRACK, "title": "own", "length": 7}), get("/__mock/state"), get(own), get(own, "If-None-Match: *")]
    steps += [send("PUT", own, {"title": "put", "length": 9}), send("PUT", own, {"title": "put", "length": 9}, 'If-Match: "x"'), send("PUT", own, {"title": "put", "length": 10}, "If-Match: *"), send("PATCH", own, {"title": "patched"}), send("PATCH", own, {"title": None}), send("PATCH", own, {"length": 0}), send("PATCH", own, {"more": 1}), send("PATCH", own, {"title": "q"}, 'If-Match: "x"')]
    steps += [get(f"{own}/notes"), send("POST", f"{own}/notes", {"text": "n"}), send("POST", f"{own}/notes", {"text": "m"}), get(f"{own}/notes"), get(f"{own}/notes/1"), get(f"{own}/notes/7"), ask("DELETE", f"{own}/notes/7"), ask("DELETE", own, 'If-Match: "x"'), ask("DELETE", own), get(own), get(f"{own}/notes"), send("POST", "/__mock/clock", {"advance": "1h"}), send("POST", "/tracks", {"title": "later", "length": 5}), send("POST", "/__mock/clock", {"undo": 1}), get("/tracks")]
    yield _case("stateful/studio", [*steps, *STATE, *JOURNAL], studio)
    kennel = [get("/owners"), get("/owners?page=2&per_page=1"), get("/owners?status=gone"), get("/owners?search=x"), get("/owners?none=1"), get("/owners/1"), get("/owners/77"), send("POST", "/owners", {"name": "Ada", "password": "secret"}), send("POST", "/owners", {"name": ""}), send("PUT", "/owners/4", {"name": "B"}), send("PATCH", "/owners/4", {"status": "gone", "password": "p"}), send("PATCH", "/owners/4", {"status": "x"}), get("/owners/4"), get("/pets"), get("/pets?limit=1"), get("/pets?species=cat,dog"), get("/pets?tags=x"), get("/owners/1/pets"), get("/owners/77/pets"), send("POST", "/pets", {"name": "Tom", "owner_id": 2}), send("POST", "/pets", {"name": "Tom", "owner_id": 99}), send("POST", "/owners/1/visits", {"reason": "r"}), get("/owners/1/visits"), ask("DELETE", "/owners/2"), ask("DELETE", "/owners/2"), get("/pets"), get("/staff/ada"), send("PUT", "/staff/ada", {"username": "ada", "role": "r"}), send("PUT", "/staff/other", {"username": "ada"}), get("/reports"), get("/reports/1"), ask("DELETE", "/reports/1")]
    yield _case("stateful/kennel", [*kennel, *STATE, *JOURNAL], Settings(contract=KENNEL, stateful=True))
    yield _case("stateful/kennel-samples", kennel, Settings(contract=KENNEL))
    account = {"id": "a-50", "balance": 1, "currency": "EUR"}
    ledger = [get("/accounts"), send("POST", "/accounts", account), send("POST", "/accounts", account), send("POST", "/accounts", {"id": "x"}), get("/accounts/a-50"), get("/accounts/a-51"), send("PUT", "/accounts/a-50", {**account, "balance": 2}), send("PUT", "/accounts/a-50", {**account, "id": "a-51"}), send("PUT", "/accounts/a-51", {**account, "id": "a-51"}), ask("DELETE", "/accounts/a-50"), ask("DELETE", "/accounts/a-50"), get("/accounts/a-50"), get("/accounts"), get("/accounts?limit=1")]
    yield _case("stateful/ledger", [*ledger, *STATE, *JOURNAL], Settings(contract=LEDGER, stateful=True))
    template = [get("/tasks"), get("/tasks/task-1"), get("/__mock/state"), send("POST", "/tasks", {"title": "t"}), post("/tasks/task-1/finish"), post("/tasks/task-1/start"), get("/tasks", "X-Mock-Scenario: busy"), get("/tasks", "X-Mock-Scenario: empty"), get("/openapi.json"), *STATE, *JOURNAL]
    yield _case("template/reads", template, Settings(contract=TEMPLATE))


@_makes
def _connections() -> Iterator[Case]:
    job = "/admin/jobs/job-7"
    plain = get(job).raw

    def raw(text: str, **more: Any) -> Step:
        return Step(text.encode("latin-1"), fresh=True, **more)

    refused = [
        "GARBAGE\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "BREW /admin/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /admin/jobs HTTP/2.0\r\nHost: localhost\r\n\r\n", "GET  /admin/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /admin/jobs\r\n\r\n", "GET /admin/jobs HTTP/1.1\nHost: localhost\n\n", "GET /admin/jobs HTTP/1.1\r\nHost : localhost\r\n\r\n", "GET /admin/jobs HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n", "GET /admin/jobs HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n", "GET /admin jobs HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /admin/jobs/job-7/retry HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", "POST /admin/jobs/job-7/retry HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "POST /admin/jobs/job-7/retry HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "POST /admin/jobs/job-7/retry HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "GET /admin/jobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\r\n\r\nGET /__mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n", "\x16\x03\x01\x00\x05hello\r\n\r\n",
    ]
    yield _own("connection/refused", [raw(text) for text in refused])
    long = [raw(f"GET /{'x' * size} HTTP/1.1\r\nHost: localhost\r\n\r\n") for size in (4_000, 65_535, 65_600)] + [raw(f"GET {job} HTTP/1.1\r\nHost: localhost\r\nX-Long: {'x' * size}\r\n\r\n") for size in (5_000, 60_000, 66_000)]
    yield _own("connection/long", long)
    versions = [raw(f"GET {job} HTTP/1.0\r\n\r\n"), raw(f"GET {job} HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"), raw(f"GET {job} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), raw(f"HEAD {job} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), raw(f"GET {job} HTTP/1.1\r\nhost: localhost\r\nCONNECTION: Close\r\n\r\n"), raw(f"GET {job} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"), raw(f"GET {job} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n")]
    yield _own("connection/versions", versions)
    together = [Step(plain * 5, 5), Step(plain + ask("HEAD", job).raw + get("/admin/jobs/none").raw + post("/admin/jobs/job-7/retry").raw + plain, 5), Step(plain * 20, 20), get("/__mock/requests?brief=true&limit=40")]
    yield _own("connection/pipelined", together)
    chunked = "Transfer-Encoding: chunked"
    bodies = [Step(ask("PUT", "/__mock/scenario", JSON, chunked).raw.replace(b"Content-Length: 0\r\n", b"") + body) for body in (b'11\r\n{"name": "empty"}\r\n0\r\n\r\n', b'8;x=y\r\n{"name":\r\n9\r\n "empty"}\r\n0\r\nX-Trailer: t\r\n\r\n', b"0\r\n\r\n")]
    expecting = [Step(ask("PUT", "/__mock/scenario", JSON, "Expect: 100-continue", body=body).raw) for body in (b'{"name": "empty"}', b"{", b"x" * 2_000)]
    yield _own("connection/bodies", [*bodies, *expecting, get("/__mock/requests")], Settings(body_limit=1_000))
    odd = ["X_Mock_Sandbox: u", "X-Mock_Scenario: empty", "x-mock-sandbox: lower", "X-MOCK-SANDBOX: upper", "X-Mock-Sandbox:tight", "X-Mock-Sandbox:   spaced  ", "Content_Type: text/plain", "If_None_Match: *", "X-Twice: a", "Accept: application/json", "Proxy: evil", "X-Forwarded-For: 1.2.3.4", "X-Empty:", "Keep-Alive: 5", "TE: trailers", "X-Latin: \xe9", "X-Utf: \xc3\xa9"]
    yield _own("connection/headers", [get(job, line) for line in odd] + [get(job, "X-Twice: a", "X-Twice: b"), get(job, "Accept: text/html", "Accept: application/json"), get(job, "X-Mock-Sandbox: a", "X-Mock-Sandbox: b"), get("/__mock/requests", "X-Mock-Sandbox: lower"), get("/__mock/requests?limit=40")])
    stored = [step for target in (job, "/admin/jobs?limit=3", "/tutor/courses", "/admin/jobs/none") for step in (get(target), get(target), get(target, "Accept: */*"), get(target), ask("HEAD", target), ask("HEAD", target), get(target, "Connection: keep-alive"))]
    moving = [get(job), post("/admin/jobs/job-7/retry"), get(job), get(job), post("/__mock/reset"), get(job), get(job), _override(operation="getJob", status=503, times=1), get(job), get(job), get(job), send("PUT", "/__mock/scenario", {"name": "empty"}), get(job), get(job), ask("DELETE", "/__mock/scenario"), get(job), send("POST", "/__mock/clock", {"advance": "1h"}), get(job), ask("DELETE", "/__mock/sandboxes/default"), get(job), get(job)]
    yield _own("connection/kept", [*stored, *moving, get("/__mock/requests?limit=100")])
    split = [Step(plain[:20], 0), Step(plain[20:], 1), Step(plain + plain[:10], 1), Step(plain[10:], 1)]
    yield _own("connection/pieces", [replace(step, pause=0.05) for step in split])
