"""Fixtures for tests in a real browser: one Chromium and one server per contract for the whole session."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any, Literal
from zlib import crc32

import pytest
import requests
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from mockserver import BackgroundServer, Contract, create_app
from tests.attack.scale import IS_FULL
from tests.browser.pages import SCRIPT
from tests.conftest import require_program, write_contract

MakeContext = Callable[..., BrowserContext]
CallApi = Callable[..., Any]
CheckPage = Callable[[Page], None]
PageIn = Callable[[str], Page]

# The shell is Chromium without its windows, which takes a quarter less time.
BROWSERS = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
# The switch replaces that of Playwright, whose features come first. The last ones are pages of Chromium's own for its
# address bar, which it loads for every window, and which take longer than most pages under test.
DISABLED_FEATURES = [
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled",
    "PreconnectToSearch", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "PreloadTopChromeWebUI",
]  # fmt: skip
# Without these, Chromium connects to its maker's hosts in the background.
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", f"--disable-features={','.join(DISABLED_FEATURES)}",
]  # fmt: skip
SECONDS = 10
# Generous, because the machine may be busy with other work.
PATIENCE = 3 * SECONDS * 1_000
expect.set_options(timeout=PATIENCE)

TOKEN = "s3cret"
WIDTHS = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 360, "height": 740}}
# WCAG 2.2 AA, including the versions and levels that it builds on.
WCAG = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]}
# The rules whose result depends on colours; all others give the same result in the light and the dark scheme.
COLOUR_RULES = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
# The scheme, the width and the rules of each check. In the short form, each scheme has one width, and the checks of a
# test take turns, so that of all states together, both widths and the colours of both schemes are checked.
CHECKS: list[tuple[Literal["light", "dark"], str, dict[str, Any]]] = [
    ("light", "wide", WCAG),
    ("dark", "narrow", WCAG),
]
if IS_FULL:
    CHECKS += [("dark", "wide", COLOUR_RULES), ("light", "narrow", COLOUR_RULES)]
# Rows of a table that differ only in texts and addresses are made alike, so axe checks only the first one of each kind.
REPEATED_ROWS = """() => {
    const kinds = new Set();
    const kind = (row) => row.outerHTML.replace(/>[^<]*</g, "><")
        .replace(/ (id|href|title|datetime|data-job|data-key|aria-label)="[^"]*"/g, "");
    return [...document.querySelectorAll("tbody > tr")].filter((row) => kinds.size === kinds.add(kind(row)).size);
}"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests. Without one, tests are skipped, and fail in CI."""
    path = require_program(CHROMIUM, "Chromium is not installed; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def server(built_in: Contract) -> Iterator[BackgroundServer]:
    """One server over the built-in contract; tests keep apart by sandboxes."""
    with BackgroundServer(create_app(built_in)) as running:
        yield running


@pytest.fixture(scope="session")
def small_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundServer]:
    """Serves the small contract with an operation that breaks it, texts that look like script, and foreign `servers`."""

    def change(files: dict[str, Any]) -> None:
        document = files["schemas/openapi.yaml"]
        document["servers"] = [{"url": "https://api.example.com"}]
        message = document["paths"]["/message"]
        message["servers"] = message["get"]["servers"] = document["servers"]
        message["get"]["summary"] = SCRIPT
        broken = {"allOf": [{"$ref": "job.json"}, {"required": ["priority", "weight"]}]}
        document["paths"]["/jobs/{job_id}/broken"] = {
            "parameters": document["paths"]["/jobs/{job_id}"]["parameters"],
            "get": {
                "operationId": "getBrokenJob",
                "responses": {"200": {"description": "job", "content": {"application/json": {"schema": broken}}}},
            },
        }
        files["schemas/resources.yaml"]["operations"]["getBrokenJob"] = {"read": "jobs"}
        files["scenarios/baseline.yaml"]["summary"] = SCRIPT
        files["fixtures/small/jobs.json"][0]["note"] = SCRIPT

    with BackgroundServer(create_app(write_contract(tmp_path_factory.mktemp("small"), change))) as server:
        yield server


@pytest.fixture(scope="session")
def bare_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundServer]:
    """Serves an OpenAPI document that has no resources and no scenarios beside it."""
    path = tmp_path_factory.mktemp("bare") / "openapi.yaml"
    path.write_text(
        """
        openapi: 3.1.0
        info: {title: Bare, version: '1'}
        paths:
          /ping:
            get:
              operationId: ping
              responses: {'200': {description: pong}}
        """
    )
    with BackgroundServer(create_app(path)) as server:
        yield server


@pytest.fixture(scope="session")
def token_server(built_in: Contract) -> Iterator[BackgroundServer]:
    """Serves the built-in contract; its control API and its pages require `TOKEN`."""
    with BackgroundServer(create_app(built_in, token=TOKEN)) as server:
        yield server


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> str:
    """A sandbox that no other test uses."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", request.node.name).strip("-")[:40]
    return f"{name}-{crc32(request.node.nodeid.encode()):08x}"


@pytest.fixture
def make_context(browser: Browser, server: BackgroundServer, sandbox: str) -> Iterator[MakeContext]:
    """Makes browser contexts whose cookies select the test's sandbox (or another one).

    The test fails if a page throws an error or violates its Content-Security-Policy.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def make(in_sandbox: str | None = None, **options: Any) -> BrowserContext:
        context = new_context(browser, errors, base_url=server.url, **options)
        contexts.append(context)
        add_cookie(context, server, "mock_sandbox", in_sandbox or sandbox)
        return context

    yield make
    for context in contexts:
        context.close()
    assert errors == []


def new_context(browser: Browser, errors: list[str], **options: Any) -> BrowserContext:
    """A context whose pages add what goes wrong in them to `errors`."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on(
        "console", lambda message: errors.append(message.text) if "Content Security Policy" in message.text else None
    )
    return context


def add_cookie(context: BrowserContext, server: BackgroundServer, name: str, value: str) -> None:
    context.add_cookies([{"name": name, "value": value, "url": server.url}])


@pytest.fixture(scope="session")
def errors() -> list[str]:
    """What went wrong in the shared page."""
    return []


@pytest.fixture(scope="session")
def shared_page(browser: Browser, server: BackgroundServer, errors: list[str]) -> Page:
    """The page that `page` lends to one test after the other, since a new one costs a process of Chromium."""
    return new_context(browser, errors, base_url=server.url).new_page()


@pytest.fixture
def page(shared_page: Page, errors: list[str], server: BackgroundServer, sandbox: str) -> Iterator[Page]:
    """A page in the test's sandbox, in the default scenario; it fails the test like those of `make_context`.

    It is not for tests that install a clock, which no page can get rid of, or that count pages.
    """
    add_cookie(shared_page.context, server, "mock_sandbox", sandbox)
    yield shared_page
    shared_page.unroute_all(behavior="ignoreErrors")
    shared_page.goto("about:blank")
    shared_page.context.clear_cookies()
    shared_page.set_viewport_size({"width": 1280, "height": 720})
    shared_page.emulate_media(color_scheme="null", reduced_motion="null")
    seen = errors.copy()
    errors.clear()
    assert seen == []


@pytest.fixture
def page_in(page: Page, server: BackgroundServer) -> PageIn:
    """Selects a scenario by a cookie and returns the page."""

    def select(scenario: str) -> Page:
        add_cookie(page.context, server, "mock_scenario", scenario)
        return page

    return select


@pytest.fixture
def call_api(server: BackgroundServer, sandbox: str) -> CallApi:
    """Sends a request in the test's sandbox: `call_api("POST", "/__mock/clock", {"advance": "5s"}, scenario)`."""

    def call(method: str, path: str, body: Any = None, scenario: str | None = None) -> Any:
        headers = {"X-Mock-Sandbox": sandbox} | ({"X-Mock-Scenario": scenario} if scenario else {})
        response = requests.request(method, server.url + path, json=body, headers=headers, timeout=SECONDS)
        assert response.ok, response.text
        return response.json() if response.content else None

    return call


@pytest.fixture
def check_accessibility(sandbox: str) -> CheckPage:
    """Fails where axe finds a violation of WCAG 2.2 AA, or where the page is wider than the window.

    The page is checked as it stands, without loading it again: light and dark, wide and narrow.
    """
    turns = itertools.count(crc32(sandbox.encode()))

    def check(page: Page) -> None:
        violations: dict[str, list[str]] = {}
        for scheme, width, rules in CHECKS if IS_FULL else [CHECKS[next(turns) % len(CHECKS)]]:
            page.set_viewport_size(WIDTHS[width])  # type: ignore[arg-type]
            page.emulate_media(color_scheme=scheme)
            page.evaluate("new Promise(requestAnimationFrame)")
            if described := find_violations(page, rules):
                violations[f"{scheme}, {width}"] = described
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                violations[f"width, {width}"] = ["The page is wider than the window."]
        assert violations == {}

    return check


def find_violations(page: Page, rules: dict[str, Any]) -> list[str]:
    """The rule and the element of each violation that axe finds."""
    if page.evaluate("!window.axe"):
        page.evaluate(AXE_SCRIPT)
    results = page.evaluate(
        f"""async (options) => {{
            const context = {{ include: [document.documentElement], exclude: ({REPEATED_ROWS})() }};
            return (await axe.run(context, options)).violations;
        }}""",
        {"runOnly": rules, "resultTypes": ["violations"]},
    )
    return [f"{rule['id']}: {node['target']} {node['html'][:120]}" for rule in results for node in rule["nodes"]]
