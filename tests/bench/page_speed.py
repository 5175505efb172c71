"""Measures how soon the queue shows its first rows, in a real browser. Run by hand; figures are medians.

From the start of the navigation to the frame that holds the rows, by the browser's own clock, in a fresh context (no
cache) and in one that has been here before. Then how long a search through all jobs takes, from the last key on.
"""

from __future__ import annotations

import shutil
import statistics

from playwright.sync_api import Browser, Page, sync_playwright

from mockserver import BackgroundServer, create_app

ROUNDS = 9
FIRST_ROWS = """new Promise((done) => new PerformanceObserver((list) => {
    for (const entry of list.getEntriesByName("rows-on-screen")) done(entry.startTime);
}).observe({ type: "mark", buffered: true }))"""
SEARCH = """([text, wanted]) => new Promise((done) => {
    const begun = performance.now();
    const range = document.getElementById("range");
    const watching = new MutationObserver(() => {
        if (range.textContent !== wanted) return;
        watching.disconnect();
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));
    });
    watching.observe(range, { childList: true });
    const input = document.getElementById("text");
    input.value = text;
    input.dispatchEvent(new Event("input"));
})"""


def first_rows(page: Page, scenario: str) -> float:
    """Milliseconds from navigation to the first rows on screen."""
    page.goto(f"/__mock/in/bench@{scenario}/admin/queue")
    found: float = page.evaluate(FIRST_ROWS)
    return found


def opened(browser: Browser, url: str, scenario: str, *, fresh: bool) -> float:
    """The median over some navigations."""
    found = []
    context = browser.new_context(base_url=url)
    for _ in range(ROUNDS):
        if fresh:
            context.close()
            context = browser.new_context(base_url=url)
        page = context.new_page()
        found.append(first_rows(page, scenario))
        page.close()
    context.close()
    return statistics.median(found)


def searched(page: Page) -> float:
    """Milliseconds from the last key of a search to its result on screen, the pause for typing included."""
    found: list[float] = []
    first_rows(page, "large-queue")
    everything = page.locator("#range").inner_text()
    for number in range(ROUNDS):
        found.append(page.evaluate(SEARCH, [f"job-{4000 + number}", "1 job"]))
        page.evaluate(SEARCH, ["", everything])
    return statistics.median(found)


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with BackgroundServer(create_app()) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for scenario, jobs in (("baseline", 36), ("large-queue", 5_000)):
            opened(browser, server.url, scenario, fresh=True)
            fresh, again = (opened(browser, server.url, scenario, fresh=fresh) for fresh in (True, False))
            print(f"first rows of {jobs:5,} jobs  {fresh:6.0f} ms, {again:.0f} ms with what the browser has kept")
        page = browser.new_page(base_url=server.url)
        print(f"search in 5,000 jobs  {searched(page):10.0f} ms")
        browser.close()


if __name__ == "__main__":
    main()
