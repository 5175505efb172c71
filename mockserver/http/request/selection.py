"""Which sandbox and scenario a request is for: header, base address, query, cookie, active scenario, default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from mockserver.engine.sandboxes import DEFAULT, NAME, Sandbox
from mockserver.errors import Refusal
from mockserver.http.exchange import SANDBOX_HEADER, Selection
from mockserver.http.messages import Request
from mockserver.refusals import BadSandbox, UnknownScenario

if TYPE_CHECKING:
    from mockserver.http.service import Service

SCENARIO_HEADER = "X-Mock-Scenario"
SCENARIO_QUERY, SANDBOX_QUERY = "__scenario", "__sandbox"
SCENARIO_COOKIE, SANDBOX_COOKIE = "mock_scenario", "mock_sandbox"
TOKEN_QUERY, TOKEN_COOKIE = "__token", "mock_token"
COOKIE_OF = {SCENARIO_QUERY: SCENARIO_COOKIE, SANDBOX_QUERY: SANDBOX_COOKIE, TOKEN_QUERY: TOKEN_COOKIE}
BASE_ADDRESS, ACTIVE, FALLBACK = "base address", "active scenario", "default"


@dataclass(slots=True)
class Choice:
    """What a request itself says of sandbox and scenario, and where it says so.

    `scenario` is empty where the request names none: then the sandbox's active one counts, or the server's default.
    `refusal` says why a name cannot be used; `expired_cookie` is the cookie to clear if it came from one. `ignored`
    are the cookies that were passed over because they name nothing here.
    """

    sandbox: str = ""
    sandbox_via: str = FALLBACK
    scenario: str = ""
    scenario_via: str = FALLBACK
    ignored: tuple[str, ...] = ()
    refusal: Refusal | None = None
    expired_cookie: str | None = None

    def with_sandbox(self, sandbox: str) -> Choice:
        """The same choice in another sandbox."""
        return Choice(sandbox, self.sandbox_via, self.scenario, self.scenario_via, self.ignored)


def choose(service: Service, request: Request, *, forgive: bool) -> Choice:
    """Read the names in a request, first match wins; with `forgive`, a cookie that names nothing is passed over."""
    choice = Choice()
    for name, via in _names(request, SANDBOX_HEADER, request.base_sandbox, SANDBOX_QUERY, SANDBOX_COOKIE):
        if NAME.fullmatch(name):
            choice.sandbox, choice.sandbox_via = name, via
            break
        if _is_refused(choice, BadSandbox(name, via), via, SANDBOX_COOKIE, forgive=forgive):
            return choice
    choice.sandbox = choice.sandbox or DEFAULT
    scenarios = service.contract.scenarios
    for name, via in _names(request, SCENARIO_HEADER, request.base_scenario, SCENARIO_QUERY, SCENARIO_COOKIE):
        if name in scenarios:
            choice.scenario, choice.scenario_via = name, via
            break
        if _is_refused(choice, UnknownScenario(name, scenarios, via), via, SCENARIO_COOKIE, forgive=forgive):
            break
    return choice


def select(sandbox: Sandbox, choice: Choice, default_scenario: str) -> Selection:
    """The sandbox and scenario of a choice, as they are now."""
    if choice.scenario:
        return Selection(sandbox, choice.scenario, choice.scenario_via, choice.ignored)
    if sandbox.active_scenario is not None:
        return Selection(sandbox, sandbox.active_scenario, ACTIVE, choice.ignored)
    return Selection(sandbox, default_scenario, FALLBACK, choice.ignored)


def _names(request: Request, header: str, base: str | None, query: str, cookie: str) -> Iterator[tuple[str, str]]:
    """Each name that the request gives, the one that counts most first, with the place that it comes from."""
    value = request.header(header)
    if value is not None:
        yield value, f"header {header}"
    if base is not None:
        yield base, BASE_ADDRESS
    if b"__" in request.query_string and query in request.args:
        # Opening a page with an empty value takes the choice back.
        if request.args[query] or not is_navigation(request):
            yield request.args[query], f"query {query}"
    if request.header("Cookie") is not None and cookie in request.cookies:
        yield request.cookies[cookie], f"cookie {cookie}"


def _is_refused(choice: Choice, refusal: Refusal, via: str, cookie: str, *, forgive: bool) -> bool:
    """Note a name that cannot be used; whether that refuses the request."""
    from_cookie = via == f"cookie {cookie}"
    if from_cookie and forgive:
        choice.ignored = (*choice.ignored, cookie)
        return False
    choice.refusal, choice.expired_cookie = refusal, cookie if from_cookie else None
    return True


def is_navigation(request: Request) -> bool:
    """Whether a browser is opening a page: fetch metadata says so, or, without it, `Accept` names HTML."""
    if request.method != "GET":
        return False
    mode = request.header("Sec-Fetch-Mode")
    return mode == "navigate" if mode is not None else "text/html" in (request.header("Accept") or "")


def redirect_target(request: Request) -> tuple[str, dict[str, str]] | None:
    """Where a navigation that brings a selection or a token goes, and the cookies it sets; None for others."""
    if b"__" not in request.query_string or not is_navigation(request):
        return None
    pairs = parse_qsl(request.query, keep_blank_values=True)
    cookies = {COOKIE_OF[name]: value for name, value in pairs if name in COOKIE_OF}
    if not cookies:
        return None
    rest = urlencode([pair for pair in pairs if pair[0] not in COOKIE_OF])
    target = request.target or request.path
    path = "/" + target.partition("?")[0].partition("://")[2].partition("/")[2] if "://" in target else target
    # One slash: two would make it the address of another host.
    return "/" + path.partition("?")[0].lstrip("/\\") + (f"?{rest}" if rest else ""), cookies
