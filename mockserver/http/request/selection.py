"""Selects the sandbox and scenario of a request: header, baggage, base address, query, cookie, active one, default."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote_plus

from msgspec import Struct

from mockserver.engine.sandbox import Sandbox
from mockserver.engine.sandboxes import DEFAULT, NAME
from mockserver.errors import Refusal
from mockserver.http.exchange import SANDBOX_HEADER, Selection
from mockserver.http.messages import PATH_CHARACTERS, Request
from mockserver.http.request.baggage import find_baggage_member
from mockserver.refusals import BadSandbox, UnknownScenario

if TYPE_CHECKING:
    from mockserver.http.service import Service

SCENARIO_HEADER = "X-Mock-Scenario"
SCENARIO_QUERY, SANDBOX_QUERY = "__scenario", "__sandbox"
SCENARIO_COOKIE, SANDBOX_COOKIE = "mock_scenario", "mock_sandbox"
TOKEN_QUERY, TOKEN_COOKIE = "__token", "mock_token"
COOKIE_OF = {SCENARIO_QUERY: SCENARIO_COOKIE, SANDBOX_QUERY: SANDBOX_COOKIE, TOKEN_QUERY: TOKEN_COOKIE}
BAGGAGE_HEADER = "Baggage"
BASE_ADDRESS, ACTIVE, FALLBACK = "base address", "active scenario", "default"


class Choice(Struct):
    """The sandbox and scenario that a request names, and where it names them (`…_via`).

    `scenario` is empty if the request names none: the active scenario of the sandbox applies, or the server's default.
    `refusal` says why a name cannot be used. `ignored` are the cookies that name no valid sandbox or scenario. They do
    not count, and are left alone: ports and paths of a host share cookies, so they may belong to another server.
    `is_foreign` says that the request changes nothing and comes from a page of another site.
    """

    sandbox: str = ""
    sandbox_via: str = FALLBACK
    scenario: str = ""
    scenario_via: str = FALLBACK
    ignored: tuple[str, ...] = ()
    refusal: Refusal | None = None
    is_foreign: bool = False


def read_choice(service: Service, request: Request) -> Choice:
    """Read the names in a request, first match wins."""
    choice = Choice()
    for name, via in _names(request, SANDBOX_HEADER, request.base_sandbox, SANDBOX_QUERY, SANDBOX_COOKIE):
        if NAME.fullmatch(name):
            choice.sandbox, choice.sandbox_via = name, via
            break
        if _is_refused(choice, BadSandbox(name, via), via, SANDBOX_COOKIE):
            # It belongs to no sandbox, but somebody should find it in a journal.
            choice.sandbox = DEFAULT
            return choice
    choice.sandbox = choice.sandbox or DEFAULT
    scenarios = service.contract.scenarios
    for name, via in _names(request, SCENARIO_HEADER, request.base_scenario, SCENARIO_QUERY, SCENARIO_COOKIE):
        if name in scenarios:
            choice.scenario, choice.scenario_via = name, via
            break
        if _is_refused(choice, UnknownScenario(name, scenarios, via), via, SCENARIO_COOKIE):
            break
    return choice


def resolve(sandbox: Sandbox, choice: Choice, default_scenario: str) -> Selection:
    """The sandbox and the scenario that a choice selects now."""
    if choice.scenario:
        return Selection(sandbox, choice.scenario, choice.scenario_via, choice.ignored)
    if sandbox.active_scenario is not None:
        return Selection(sandbox, sandbox.active_scenario, ACTIVE, choice.ignored)
    return Selection(sandbox, default_scenario, FALLBACK, choice.ignored)


def _names(request: Request, header: str, base: str | None, query: str, cookie: str) -> Iterator[tuple[str, str]]:
    """Yield each name in the request and where it comes from, in order of precedence."""
    value = request.header(header)
    if value is not None:
        yield value, f"header {header}"
    baggage = request.header(BAGGAGE_HEADER)
    if baggage is not None and (member := find_baggage_member(baggage, cookie.replace("_", "-"))) is not None:
        yield member, f"header {BAGGAGE_HEADER.lower()}"
    if base is not None:
        yield base, BASE_ADDRESS
    if b"__" in request.query_string and query in request.args:
        # Opening a page with an empty value clears the choice.
        if request.args[query] or not is_navigation(request):
            yield request.args[query], f"query {query}"
    if request.header("Cookie") is not None:
        # Several, where another server of this host has set one for a path.
        for text in request.cookies.getlist(cookie):
            yield text, f"cookie {cookie}"


def _is_refused(choice: Choice, refusal: Refusal, via: str, cookie: str) -> bool:
    """Record a name that cannot be used, and return whether the request is refused for it."""
    if via != f"cookie {cookie}":
        choice.refusal = refusal
        return True
    if cookie not in choice.ignored:
        choice.ignored = (*choice.ignored, cookie)
    return False


def is_navigation(request: Request) -> bool:
    """Whether a browser is opening a page: fetch metadata says so, or, without it, `Accept` names HTML."""
    if request.method != "GET":
        return False
    mode = request.header("Sec-Fetch-Mode")
    return mode == "navigate" if mode is not None else "text/html" in (request.header("Accept") or "")


def redirect_target(request: Request) -> tuple[str, dict[str, str]] | None:
    """The redirect of a navigation with a selection or token in its query, and the cookies to set; None for others."""
    if b"__" not in request.query_string or not is_navigation(request):
        return None
    pairs = parse_qsl(request.query, keep_blank_values=True)
    cookies = {COOKIE_OF[name]: value for name, value in pairs if name in COOKIE_OF}
    if not cookies:
        return None
    pieces = (piece for piece in request.query.split("&") if unquote_plus(piece.partition("=")[0]) not in COOKIE_OF)
    # As it was sent: to an application, `?a` may be something else than `?a=`.
    rest = quote("&".join(filter(None, pieces)), safe=f"{PATH_CHARACTERS}?", encoding="latin-1")
    return f"{own_address(request)}?{rest}" if rest else own_address(request), cookies


def own_address(request: Request) -> str:
    """The path of a request as an address on this server, percent-encoded, for a link or a redirect to it.

    Two slashes or backslashes at the start of an address would begin the name of another host, and browsers ignore
    tabs and line breaks in it (WHATWG URL, section 4.4).
    """
    return "/" + quote(f"{request.root_path}{request.path}", safe=PATH_CHARACTERS).lstrip("/")
