"""The queue: the panel with a job and its events."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import CallApi, PageIn
from tests.browser.pages import (
    open_queue,
    poll,
    row,
)  # fmt: skip

LIST = "**/admin/jobs?*"


def test_a_job_and_its_events_are_shown_beside_the_list(page: Page) -> None:
    open_queue(page)
    page.get_by_role("link", name="job-11", exact=True).click()
    panel = page.get_by_role("complementary", name="job-11")
    expect(panel.get_by_role("listitem")).to_have_count(5)
    expect(panel.get_by_role("listitem").nth(1)).to_contain_text("fail Failed")
    expect(panel.get_by_role("listitem").nth(1)).to_contain_text("2026-01-15 06:37:20.695 UTC after 6 min 16 s")
    expect(page).to_have_url("/admin/queue?job=job-11")
    expect(page.get_by_role("heading", name="job-11")).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.get_by_role("link", name="job-11", exact=True)).to_be_focused()
    page.go_back()
    expect(panel).to_be_visible()


def test_an_address_opens_a_job_that_the_list_does_not_show(page_in: PageIn) -> None:
    page = page_in("large-queue")
    open_queue(page, "?job=job-4999&sort=id")
    panel = page.get_by_role("complementary", name="job-4999")
    expect(panel.locator("time").first).to_be_visible()
    expect(row(page, "job-4999")).to_have_count(0)


def test_a_job_without_events_has_a_note(page: Page) -> None:
    open_queue(page, "?job=job-1")
    expect(page.get_by_role("complementary").get_by_text("No events yet.")).to_be_visible()


def test_an_unknown_job_has_a_note(page: Page) -> None:
    open_queue(page, "?job=nonsense")
    expect(page.get_by_role("complementary", name="nonsense").get_by_text("There is no such job.")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("complementary")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_the_panel_is_kept_up_to_date(page: Page, call_api: CallApi) -> None:
    open_queue(page, "?job=job-7")
    panel = page.get_by_role("complementary", name="job-7")
    events = panel.get_by_role("listitem")
    before = len(call_api("GET", "/admin/jobs/job-7/events")["events"])
    expect(events).to_have_count(before)
    call_api("POST", "/admin/jobs/job-7/retry")
    poll(page)
    expect(panel.locator("dd .badge")).to_have_text("Queued")
    expect(events).to_have_count(before + 1)
    call_api("POST", "/__mock/state/jobs/job-7/start")
    poll(page)
    expect(events).to_have_count(before + 2)
