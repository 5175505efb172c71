"""What the pages keep apart, and what they keep out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from mockserver import BackgroundServer
from tests.browser.conftest import MakeContext
from tests.browser.pages import badge, open_queue, poll, row, rows

Steer = Callable[..., Any]
SCRIPT = "<img src=x onerror=document.title='owned'>"
PAGES = ("/admin/queue", "/admin/queue?job=job-7", "/tutor", "/tutor/courses/course-algebra")
KILOBYTE = 1_000


def test_two_browsers_in_two_sandboxes_do_not_meet(make_context: MakeContext, sandbox: str) -> None:
    one, other = (make_context(own=f"{sandbox[:60]}-{name}").new_page() for name in "ab")
    open_queue(one)
    open_queue(other)
    one.get_by_role("button", name="Retry job-7").click()
    other.get_by_role("button", name="Retry job-35").click()
    for page, retried, left in ((one, "job-7", "job-35"), (other, "job-35", "job-7")):
        expect(badge(row(page, retried))).to_have_text("Queued")
        poll(page)
        expect(badge(row(page, left))).to_have_text("Failed")


def test_a_page_below_a_base_address_stays_in_its_sandbox_and_scenario(page: Page, sandbox: str, steer: Steer) -> None:
    base = f"/__mock/in/{sandbox[:50]}-based@stuck-queue"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{base}/admin/queue")
    expect(rows(page)).to_have_count(21)
    running = rows(page).filter(has_text="Processing")
    job = running.locator("th").inner_text()
    running.get_by_role("link").click()
    expect(page.get_by_role("complementary", name=job)).to_be_visible()
    expect(page).to_have_url(f"{base}/admin/queue?job={job}")
    running.get_by_role("button").click()
    page.get_by_role("button", name="Cancel job", exact=True).click()
    expect(badge(row(page, job))).to_have_text("Cancelled")
    page.get_by_role("link", name="Tutor").click()
    page.locator("#rows a").first.click()
    expect(page.locator("#rows tr")).not_to_have_count(0)
    assert [url for url in asked if base not in url] == []
    assert steer("GET", f"/admin/jobs/{job}", None, "stuck-queue")["status"] == "running"


def test_what_would_be_script_stays_text(page: Page, steer: Steer) -> None:
    key = quote(SCRIPT, safe="")
    steer("PUT", f"/__mock/state/courses/{key}", {"title": SCRIPT})
    steer("PUT", f"/__mock/state/sessions/{key}", {"course_id": SCRIPT, "title": SCRIPT})
    job = {"session_id": SCRIPT, "type": "transcription", "status": "failed", "updated_at": "2026-01-15T08:59:59.000Z"}
    steer("PUT", f"/__mock/state/jobs/{key}", job)
    open_queue(page)
    assert rows(page).first.locator("th").inner_text() == SCRIPT
    assert rows(page).first.locator(".session").inner_text() == SCRIPT
    rows(page).first.get_by_role("link").click()
    expect(page.get_by_role("complementary")).to_contain_text(SCRIPT)
    rows(page).first.get_by_role("button").click()
    expect(badge(rows(page).first)).to_have_text("Queued")
    rows(page).first.get_by_role("button").click()
    expect(page.get_by_role("dialog")).to_contain_text(SCRIPT)
    assert page.locator("img").count() == 0
    page.goto(f"/admin/queue?text={key}&job={key}%22'")
    expect(rows(page)).to_have_count(1)
    page.goto("/tutor")
    page.get_by_role("link", name=SCRIPT).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(SCRIPT)
    expect(page.get_by_role("rowheader")).to_have_text(SCRIPT)
    assert page.locator("img").count() == 0
    assert page.title().startswith(SCRIPT)


@pytest.mark.parametrize("path", PAGES)
def test_no_request_leaves_the_origin(make_context: MakeContext, server: BackgroundServer, path: str) -> None:
    context = make_context()
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(path)
    expect(page.locator("#rows > *")).not_to_have_count(0)
    assert [url for url in asked if not url.startswith(f"{server.url}/")] == []
    assert len(asked) > 5


@pytest.mark.parametrize("path", PAGES)
def test_scripts_and_styles_of_a_page_are_small(page: Page, path: str) -> None:
    sizes: dict[str, int] = {}
    page.on(
        "response",
        lambda answer: sizes.update({answer.url: len(answer.body())}) if answer.url.endswith((".js", ".css")) else None,
    )
    page.goto(path)
    expect(page.locator("#rows > *")).not_to_have_count(0)
    assert 5 * KILOBYTE < sum(sizes.values()) < 60 * KILOBYTE
