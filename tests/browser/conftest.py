"""A real browser: Debian's Chromium, driven by Playwright. Nothing is downloaded."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from mockserver import BackgroundServer

MakeContext = Callable[..., BrowserContext]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# What Chromium would otherwise say to hosts that nobody asked it to talk to.
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SECONDS = 10
# A page may be slow to settle where other work shares the machine.
expect.set_options(timeout=2 * SECONDS * 1_000)
# WCAG 2.2 AA (and what it builds on).
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]}}
WIDTHS = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 360, "height": 740}}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; in CI a missing one is a failure."""
    if CHROMIUM is None:
        told = "there is no Chromium here; on Debian: apt-get install chromium"
        pytest.fail(told) if os.environ.get("CI") else pytest.skip(told)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> str:
    """A sandbox of the test's own."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", request.node.name).strip("-")[-64:]


@pytest.fixture
def make_context(browser: Browser, server: BackgroundServer, sandbox: str) -> Iterator[MakeContext]:
    """Makes browser contexts whose cookies choose the test's sandbox (or another) and a scenario.

    A page that throws, or that is refused something by its policy, fails the test.
    """
    made: list[BrowserContext] = []
    errors: list[str] = []

    def make(scenario: str | None = None, own: str | None = None, **options: Any) -> BrowserContext:
        context = browser.new_context(base_url=server.url, **options)
        context.set_default_timeout(SECONDS * 1_000)
        cookies = {"mock_sandbox": own or sandbox} | ({"mock_scenario": scenario} if scenario else {})
        context.add_cookies([{"name": name, "value": value, "url": server.url} for name, value in cookies.items()])
        context.on("weberror", lambda error: errors.append(str(error.error)))
        context.on(
            "console",
            lambda message: errors.append(message.text) if "Content Security Policy" in message.text else None,
        )
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()
    assert errors == []


@pytest.fixture
def page(make_context: MakeContext) -> Page:
    """A page in the test's sandbox, in the default scenario."""
    return make_context().new_page()


@pytest.fixture
def steer(server: BackgroundServer, sandbox: str) -> Callable[..., Any]:
    """Calls the control API, or the mocked one, in the test's sandbox: `steer("POST", "/__mock/clock", {…}, scenario)`."""

    def call(method: str, path: str, body: Any = None, scenario: str | None = None) -> Any:
        headers = {"X-Mock-Sandbox": sandbox} | ({"X-Mock-Scenario": scenario} if scenario else {})
        answer = requests.request(method, server.url + path, json=body, headers=headers, timeout=SECONDS)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    return call


@pytest.fixture(scope="session")
def violations() -> Callable[[Page], list[str]]:
    """What axe finds against WCAG 2.2 AA on a page as it is: rule and element of each violation."""
    axe = Axe()

    def find(page: Page) -> list[str]:
        found = axe.run(page, options=AXE).response["violations"]
        return [f"{one['id']}: {node['target']} {node['html'][:120]}" for one in found for node in one["nodes"]]

    return find
