"""Measures how soon the queue page shows its first rows in a browser: `python -m tests.bench.page_speed`.

From the start of the navigation to the frame with the rows, by the browser's clock, without and with the browser's
cache. Then a search through all jobs, from the last key to the result. Figures are medians.
"""

from __future__ import annotations

import statistics

from playwright.sync_api import Browser, Page, sync_playwright

from mockserver import BackgroundServer, create_app
from tests.browser.conftest import CHROMIUM

ROUNDS = 9
FIRST_ROWS = """new Promise((done) => new PerformanceObserver((list) => {
    for (const entry of list.getEntriesByName("rows-on-screen")) done(entry.startTime);
}).observe({ type: "mark", buffered: true }))"""
SEARCH = """([text, result]) => new Promise((done) => {
    const start = performance.now();
    const range = document.getElementById("range");
    const observer = new MutationObserver(() => {
        if (range.textContent !== result) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
    });
    observer.observe(range, { childList: true });
    const input = document.getElementById("text");
    input.value = text;
    input.dispatchEvent(new Event("input"));
})"""


def first_rows(page: Page, scenario: str) -> float:
    """Milliseconds from navigation to the first rows on screen."""
    page.goto(f"/__mock/in/bench@{scenario}/admin/queue")
    milliseconds: float = page.evaluate(FIRST_ROWS)
    return milliseconds


def time_navigation(browser: Browser, url: str, scenario: str, *, cached: bool) -> float:
    """The median of some navigations, each in a fresh browser context or all in the same one."""
    milliseconds = []
    context = browser.new_context(base_url=url)
    for _ in range(ROUNDS):
        if not cached:
            context.close()
            context = browser.new_context(base_url=url)
        page = context.new_page()
        milliseconds.append(first_rows(page, scenario))
        page.close()
    context.close()
    return statistics.median(milliseconds)


def time_search(page: Page) -> float:
    """Milliseconds from the last key of a search to its result on screen, including the pause that ends typing."""
    milliseconds: list[float] = []
    first_rows(page, "large-queue")
    all_rows = page.locator("#range").inner_text()
    for number in range(ROUNDS):
        milliseconds.append(page.evaluate(SEARCH, [f"job-{4000 + number}", "1 job"]))
        page.evaluate(SEARCH, ["", all_rows])
    return statistics.median(milliseconds)


def main() -> None:
    """Print the figures."""
    with BackgroundServer(create_app()) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for scenario, jobs in (("baseline", 36), ("large-queue", 5_000)):
            # The server's caches fill first.
            time_navigation(browser, server.url, scenario, cached=False)
            first, again = (time_navigation(browser, server.url, scenario, cached=cached) for cached in (False, True))
            print(f"first rows of {jobs:5,} jobs  {first:6.0f} ms, {again:.0f} ms with the browser's cache")
        page = browser.new_page(base_url=server.url)
        print(f"search in 5,000 jobs  {time_search(page):10.0f} ms")
        browser.close()


if __name__ == "__main__":
    main()
