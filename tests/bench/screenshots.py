"""Takes the README's screenshots: `make screenshots`. That of the queue only if the server has its page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright

from mockserver import BackgroundServer, create_app
from tests.browser.conftest import CHROMIUM, QUIET, SECONDS

DOCS = Path(__file__).parents[2] / "docs"
BYTES_LIMIT = 200_000
SCENARIO = "fails-then-recovers"


def console(page: Page) -> None:
    """The records view with one job open, after the clock was advanced."""
    page.goto("/__mock/#records")
    page.get_by_role("button", name="Next event").click()
    expect(page.get_by_role("region", name="Clock")).to_contain_text("3 transitions fired")
    page.get_by_role("button", name="job-1", exact=True).click()
    expect(page.get_by_role("img", name="Lifecycle of jobs, now running")).to_be_visible()
    page.mouse.move(0, 0)


def queue(page: Page) -> None:
    """The queue page."""
    page.goto("/admin/queue")
    expect(page.get_by_role("row").nth(5)).to_be_visible()


def take(browser: Browser, url: str, name: str, show: Callable[[Page], None]) -> None:
    """Save one screenshot of a wide window in the light colour scheme. Raises SystemExit if the file is too large."""
    context = browser.new_context(
        base_url=url, color_scheme="light", viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
    )
    for cookie, value in (("mock_scenario", SCENARIO), ("mock_sandbox", "demo")):
        context.add_cookies([{"name": cookie, "value": value, "url": url}])
    page = context.new_page()
    show(page)
    path = DOCS / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    context.close()
    size = path.stat().st_size
    print(f"{path.relative_to(DOCS.parent)}: {size:,} bytes")
    if size > BYTES_LIMIT:
        raise SystemExit(f"{path.name} is larger than {BYTES_LIMIT:,} bytes")


def main() -> None:
    """Take each screenshot."""
    with BackgroundServer(create_app()) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        take(browser, server.url, "console", console)
        if requests.get(f"{server.url}/admin/queue", timeout=SECONDS).ok:
            take(browser, server.url, "queue", queue)
        browser.close()


if __name__ == "__main__":
    main()
