"""Measures whether polling leaks memory in the console's pages; part of `make bench`, exit code 1 if it does.

The page polls without its pauses, while an app sends requests to the mocked API. The heap, garbage-collected, is
compared after 100 polls and after 1,000.
"""

from __future__ import annotations

import requests
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from mockserver import BackgroundServer, create_app
from tests.browser.conftest import CHROMIUM, QUIET, SECONDS

# The browser compiles code that runs often: until that is done, its own memory grows.
WARM_UP, FIRST, LAST = 200, 100, 1_000
GROWTH_LIMIT = 1.1
SCENARIO = "fails-then-recovers"
# Replaces the page's timer and `fetch`: a poll starts as soon as the last one has ended, after one request to the mocked
# API; each tenth also advances the clock by a second. `after(n)` resolves when n polls have started.
POLL_WITHOUT_PAUSES = """
  let polls = 0;
  const waiting = [], realSetTimeout = window.setTimeout, realFetch = window.fetch;
  window.after = (number) => new Promise((resolve) => waiting.push([number, resolve]));
  window.setTimeout = (callback, time, ...rest) => realSetTimeout(callback, time === 1000 ? 0 : time, ...rest);
  window.fetch = async (address, ...rest) => {
    if (address.endsWith("/__mock/clock") && !rest[0].body) {
      polls += 1;
      for (const [number, resolve] of waiting) if (polls >= number) resolve();
      await (await realFetch(`/admin/jobs/job-${polls % 36 + 1}`)).text();
      if (polls % 10 === 0) await (await realFetch("/__mock/clock", {
        method: "POST", headers: {"Content-Type": "application/json"}, body: '{"advance": "1s"}',
      })).text();
    }
    return realFetch(address, ...rest);
  };
"""


def heap_after(page: Page, session: CDPSession, polls: int) -> float:
    """Bytes of the heap in use after this number of polls and a garbage collection."""
    page.evaluate("(polls) => window.after(polls)", WARM_UP + polls)
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"]
    return used


def growth(browser: Browser, url: str, view: str) -> float:
    """The heap after the last poll, divided by that after the first hundred."""
    context = browser.new_context(base_url=url)
    for name, value in (("mock_scenario", SCENARIO), ("mock_sandbox", view)):
        context.add_cookies([{"name": name, "value": value, "url": url}])
    # The journal's list is full from the start.
    for number in range(110):
        headers = {"X-Mock-Scenario": SCENARIO, "X-Mock-Sandbox": view}
        requests.get(f"{url}/admin/jobs/job-{number % 36 + 1}", headers=headers, timeout=SECONDS)
    context.add_init_script(POLL_WITHOUT_PAUSES)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("HeapProfiler.enable")
    page.goto(f"/__mock/#{view}")
    early, late = heap_after(page, session, FIRST), heap_after(page, session, LAST)
    print(f"console, {view}: {early / 1e6:.2f} MB after {FIRST} polls, {late / 1e6:.2f} MB after {LAST:,}")
    context.close()
    return late / early


def main() -> None:
    """Measure each view that has a list."""
    with BackgroundServer(create_app()) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        factor = max(growth(browser, server.url, view) for view in ("records", "overrides", "journal"))
        browser.close()
    if factor > GROWTH_LIMIT:
        raise SystemExit(f"the console leaks memory: the heap grew {factor:.2f}-fold")


if __name__ == "__main__":
    main()
