"""Measures whether the console's polls leave anything behind: `make bench` runs it; exit code 1 where they do.

An hour of polling goes as fast as it can, requests of an app coming in meanwhile; the heap is compared, garbage
collected, after 100 polls and after 1,000.
"""

from __future__ import annotations

import requests
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from mockserver import BackgroundServer, create_app
from tests.browser.conftest import CHROMIUM, QUIET, SECONDS

# The browser compiles what runs often: before that is done, its own code grows.
WARMING, FIRST, LAST = 200, 100, 1_000
GROWTH_LIMIT = 1.1
SCENARIO = "fails-then-recovers"
# One poll follows the other, each after one more request to the mocked API, and every tenth after a second.
HASTE = """
  let polls = 0;
  const reached = [], wait = window.setTimeout, ask = window.fetch;
  window.after = (number) => new Promise((resolve) => reached.push([number, resolve]));
  window.setTimeout = (act, time, ...rest) => wait(act, time === 1000 ? 0 : time, ...rest);
  window.fetch = async (address, ...rest) => {
    if (address.endsWith("/__mock/clock") && !rest[0].body) {
      polls += 1;
      for (const [number, resolve] of reached) if (polls >= number) resolve();
      await (await ask(`/admin/jobs/job-${polls % 36 + 1}`)).text();
      if (polls % 10 === 0) await (await ask("/__mock/clock", {
        method: "POST", headers: {"Content-Type": "application/json"}, body: '{"advance": "1s"}',
      })).text();
    }
    return ask(address, ...rest);
  };
"""


def used_after(page: Page, session: CDPSession, polls: int) -> float:
    """Bytes of the heap in use after so many polls, once what nobody holds is gone."""
    page.evaluate("(polls) => window.after(polls)", WARMING + polls)
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"]
    return used


def growth(browser: Browser, url: str, view: str) -> float:
    """How many times as much of the heap is in use after the last poll as after the first hundred."""
    context = browser.new_context(base_url=url)
    for name, value in (("mock_scenario", SCENARIO), ("mock_sandbox", view)):
        context.add_cookies([{"name": name, "value": value, "url": url}])
    # The journal's list is full from the beginning.
    for number in range(110):
        headers = {"X-Mock-Scenario": SCENARIO, "X-Mock-Sandbox": view}
        requests.get(f"{url}/admin/jobs/job-{number % 36 + 1}", headers=headers, timeout=SECONDS)
    context.add_init_script(HASTE)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("HeapProfiler.enable")
    page.goto(f"/__mock/#{view}")
    early, late = used_after(page, session, FIRST), used_after(page, session, LAST)
    print(f"console, {view}: {early / 1e6:.2f} MB after {FIRST} polls, {late / 1e6:.2f} MB after {LAST:,}")
    context.close()
    return late / early


def main() -> None:
    """Measure each view that lists things."""
    with BackgroundServer(create_app()) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        grown = max(growth(browser, server.url, view) for view in ("records", "overrides", "journal"))
        browser.close()
    if grown > GROWTH_LIMIT:
        raise SystemExit(f"the console holds on to something: the heap grew {grown:.2f}-fold")


if __name__ == "__main__":
    main()
