"""Which sandbox and scenario a request is for: header, base address, query, cookie, active scenario, default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from urllib.parse import parse_qsl, urlencode

from flask import Request

from mockserver.engine import sandboxes
from mockserver.engine.run import Run
from mockserver.engine.sandboxes import Sandbox
from mockserver.errors import Refusal
from mockserver.http import addressing
from mockserver.http.service import Service
from mockserver.refusals import BadSandbox, UnknownScenario

SCENARIO_HEADER, SANDBOX_HEADER = "X-Mock-Scenario", "X-Mock-Sandbox"
SCENARIO_QUERY, SANDBOX_QUERY = "__scenario", "__sandbox"
SCENARIO_COOKIE, SANDBOX_COOKIE = "mock_scenario", "mock_sandbox"
TOKEN_QUERY, TOKEN_COOKIE = "__token", "mock_token"
COOKIE_OF = {SCENARIO_QUERY: SCENARIO_COOKIE, SANDBOX_QUERY: SANDBOX_COOKIE, TOKEN_QUERY: TOKEN_COOKIE}


@dataclass(frozen=True)
class Selection:
    """What was chosen. `ignored` are the cookies that named nothing and were passed over."""

    sandbox: Sandbox
    scenario: str
    via: str
    ignored: tuple[str, ...] = ()

    @cached_property
    def run(self) -> Run:
        """The run, begun if this is its first use."""
        return self.sandbox.run(self.scenario)


class BadCookie(Exception):
    """A cookie named what does not exist: `refusal` says what, `cookie` is to be cleared."""

    def __init__(self, refusal: Refusal, cookie: str) -> None:
        self.refusal, self.cookie = refusal, cookie
        super().__init__(refusal, cookie)


def select_sandbox(mock: Service, request: Request, ignored: list[str], *, forgive: bool) -> Sandbox:
    """Choose the sandbox of one request; with `forgive`, a bad cookie is passed over, and noted in `ignored`.

    Raises BadSandbox or SandboxLimit, and BadCookie where a cookie was to blame.
    """
    for name, via in _named(request, SANDBOX_HEADER, addressing.SANDBOX, SANDBOX_QUERY, SANDBOX_COOKIE):
        try:
            return mock.sandboxes.get(name)
        except BadSandbox:
            _refuse(BadSandbox(name, via), via, SANDBOX_COOKIE, forgive, ignored)
    return mock.sandboxes.get(sandboxes.DEFAULT)


def select(mock: Service, request: Request, sandbox: Sandbox, ignored: list[str], *, forgive: bool) -> Selection:
    """Choose the scenario of one request in its sandbox. Raises as `select_sandbox` does, and UnknownScenario."""
    scenario, via = _scenario(mock, request, sandbox, forgive, ignored)
    return Selection(sandbox, scenario, via, tuple(ignored))


def _scenario(mock: Service, request: Request, sandbox: Sandbox, forgive: bool, ignored: list[str]) -> tuple[str, str]:
    known = mock.contract.scenarios
    for name, via in _named(request, SCENARIO_HEADER, addressing.SCENARIO, SCENARIO_QUERY, SCENARIO_COOKIE):
        if name in known:
            return name, via
        _refuse(UnknownScenario(name, known, via), via, SCENARIO_COOKIE, forgive, ignored)
    if sandbox.active_scenario is not None:
        return sandbox.active_scenario, "active scenario"
    return mock.contract.default_scenario, "default"


def sandbox_via(request: Request, sandbox: Sandbox) -> str:
    """What in the request chose its sandbox."""
    named = _named(request, SANDBOX_HEADER, addressing.SANDBOX, SANDBOX_QUERY, SANDBOX_COOKIE)
    return next((via for name, via in named if name == sandbox.name), "default")


def _named(request: Request, header: str, environ: str, query: str, cookie: str) -> Iterator[tuple[str, str]]:
    """Each name that the request gives, the one that counts most first, with where it stands."""
    sent = request.environ
    if (key := header_key(header)) in sent:
        yield sent[key], f"header {header}"
    if environ in sent:
        yield sent[environ], "base address"
    if "__" in sent.get("QUERY_STRING", "") and query in request.args:
        # Opening a page with an empty value takes the choice back.
        if request.args[query] or not is_navigation(request):
            yield request.args[query], f"query {query}"
    if "HTTP_COOKIE" in sent and cookie in request.cookies:
        yield request.cookies[cookie], f"cookie {cookie}"


@lru_cache(maxsize=1024)
def header_key(name: str) -> str:
    """The environ's name for a header (PEP 3333)."""
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def _refuse(refusal: Refusal, via: str, cookie: str, forgive: bool, ignored: list[str]) -> None:
    if via != f"cookie {cookie}":
        raise refusal
    if not forgive:
        raise BadCookie(refusal, cookie)
    ignored.append(cookie)


def is_navigation(request: Request) -> bool:
    """Whether a browser is opening a page: fetch metadata says so, or, without it, `Accept` names HTML."""
    if request.method != "GET":
        return False
    mode = request.headers.get("Sec-Fetch-Mode")
    return mode == "navigate" if mode is not None else "text/html" in request.headers.get("Accept", "")


def clean_address(request: Request) -> tuple[str, dict[str, str]] | None:
    """Where a navigation that brings a selection or a token goes, and the cookies it sets; None for others."""
    if "__" not in request.environ.get("QUERY_STRING", "") or not is_navigation(request):
        return None
    pairs = parse_qsl(request.query_string.decode("latin-1"), keep_blank_values=True)
    cookies = {COOKIE_OF[name]: value for name, value in pairs if name in COOKIE_OF}
    if not cookies:
        return None
    rest = urlencode([pair for pair in pairs if pair[0] not in COOKIE_OF])
    target = str(request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.path)
    path = "/" + target.partition("?")[0].partition("://")[2].partition("/")[2] if "://" in target else target
    # One slash: two would make it the address of another host.
    return "/" + path.partition("?")[0].lstrip("/\\") + (f"?{rest}" if rest else ""), cookies
