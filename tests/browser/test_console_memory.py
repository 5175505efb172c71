"""What the console holds does not grow with its polls: 1,000 of them, an hour's worth of some, as fast as they go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import MakeContext

FIRST, LAST = 100, 1_000
# Polls follow each other at once, each after one more request of an app to the mocked API.
HASTE = """
  window.polls = 0;
  let reached = [];
  window.after = (polls) => new Promise((resolve) => reached.push([polls, resolve]));
  const wait = window.setTimeout, ask = window.fetch;
  window.setTimeout = (act, time, ...rest) => wait(act, time === 1000 ? 0 : time, ...rest);
  window.fetch = async (address, ...rest) => {
    if (address.endsWith("/__mock/clock") && !rest[0].body) {
      window.polls += 1;
      for (const [polls, resolve] of reached) if (window.polls >= polls) resolve();
      await (await ask(`/admin/jobs/job-${window.polls % 40}`)).text();
      if (window.polls % 10 === 0) await (await ask("/__mock/clock", {
        method: "POST", headers: {"Content-Type": "application/json"}, body: '{"advance": "1s"}',
      })).text();
    }
    return ask(address, ...rest);
  };
"""


def used_after(page: Page, session: CDPSession, polls: int) -> float:
    """Bytes of the heap in use after so many polls, once what nobody holds is gone."""
    page.evaluate("(polls) => window.after(polls)", polls)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"]
    page.get_by_role("button", name="Resume").click()
    return used


@pytest.mark.parametrize("view", ["journal", "records"])
def test_a_thousand_polls_leave_nothing_behind(make_context: MakeContext, steer: Callable[..., Any], view: str) -> None:
    context = make_context(scenario="fails-then-recovers")
    context.add_init_script(HASTE)
    page = context.new_page()
    # The page's list is full from the beginning.
    for number in range(110):
        steer("GET", f"/admin/jobs/job-{number % 36 + 1}", scenario="fails-then-recovers")
    session = context.new_cdp_session(page)
    session.send("HeapProfiler.enable")
    page.goto(f"/__mock/#{view}")
    early = used_after(page, session, FIRST)
    late = used_after(page, session, LAST)
    print(view, early, late)
    assert late < early * 1.1
