"""The reference pages: isolation of sandboxes, markup in records, and what pages load."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from mockserver import BackgroundServer
from tests.browser.conftest import CallApi, MakeContext
from tests.browser.pages import SCRIPT, badge, open_queue, poll, row, rows, source_sizes

PAGES = ("/admin/queue", "/admin/queue?job=job-7", "/tutor", "/tutor/courses/course-algebra")
KILOBYTE = 1_000


def test_browsers_in_different_sandboxes_are_isolated(make_context: MakeContext, sandbox: str) -> None:
    first, second = (make_context(in_sandbox=f"{sandbox}-{name}").new_page() for name in "ab")
    open_queue(first)
    open_queue(second)
    first.get_by_role("button", name="Retry job-7").click()
    second.get_by_role("button", name="Retry job-35").click()
    for page, retried, unchanged in ((first, "job-7", "job-35"), (second, "job-35", "job-7")):
        expect(badge(row(page, retried))).to_have_text("Queued")
        poll(page)
        expect(badge(row(page, unchanged))).to_have_text("Failed")


def test_below_a_base_address_every_request_has_its_prefix(page: Page, sandbox: str, call_api: CallApi) -> None:
    base = f"/__mock/in/{sandbox}-based@stuck-queue"
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
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
    assert [url for url in requested if base not in url] == []
    assert call_api("GET", f"/admin/jobs/{job}", None, "stuck-queue")["status"] == "running"


def test_markup_in_records_is_shown_as_text(page: Page, call_api: CallApi) -> None:
    key = quote(SCRIPT, safe="")
    call_api("PUT", f"/__mock/state/courses/{key}", {"title": SCRIPT})
    call_api("PUT", f"/__mock/state/sessions/{key}", {"course_id": SCRIPT, "title": SCRIPT})
    job = {"session_id": SCRIPT, "type": "transcription", "status": "failed", "updated_at": "2026-01-15T08:59:59.000Z"}
    call_api("PUT", f"/__mock/state/jobs/{key}", job)
    open_queue(page)
    expect(rows(page).first.locator("th")).to_have_text(SCRIPT)
    expect(rows(page).first.locator(".session")).to_have_text(SCRIPT)
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
    expect(page).to_have_title(f"{SCRIPT} · Tutoring ingestion API")


@pytest.mark.parametrize("path", PAGES)
def test_no_request_leaves_the_origin_and_scripts_and_styles_are_small(
    page: Page, server: BackgroundServer, path: str
) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(path)
    expect(page.locator("#rows > *")).not_to_have_count(0)
    assert [url for url in requested if not url.startswith(f"{server.url}/")] == []
    assert len(requested) > 5
    assert 5 * KILOBYTE < sum(source_sizes(page)) < 64 * KILOBYTE
