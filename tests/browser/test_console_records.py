"""The console: records and their lifecycle."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import CallApi, PageIn
from tests.browser.pages import open_console, poll, tab_to

RECOVERING = "fails-then-recovers"


def test_a_record_is_moved_through_its_lifecycle(page: Page, call_api: CallApi) -> None:
    open_console(page, "records")
    page.get_by_role("button", name="start job-1", exact=True).click()
    row = page.get_by_role("row").filter(has=page.get_by_role("button", name="job-1", exact=True))
    expect(row).to_contain_text("running")
    # The button that was pressed is gone, so its neighbour has the focus.
    expect(page.get_by_role("button", name="succeed job-1", exact=True)).to_be_focused()
    page.get_by_role("button", name="job-1", exact=True).click()
    detail = page.get_by_role("complementary", name="job-1")
    expect(detail.get_by_role("heading")).to_be_focused()
    expect(detail.get_by_role("img", name="Lifecycle of jobs, now running")).to_be_visible()
    expect(detail.locator(".current")).to_contain_text("running")
    detail.get_by_role("button", name="fail", exact=True).click()
    expect(detail.get_by_role("img", name="Lifecycle of jobs, now failed")).to_be_visible()
    expect(detail.get_by_role("button", name="retry")).to_be_focused()
    expect(detail).to_contain_text('"status": "failed"')
    assert call_api("GET", "/admin/jobs/job-1")["status"] == "failed"
    detail.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="job-1", exact=True)).to_be_focused()


def test_a_transition_that_is_no_longer_allowed_is_refused_with_the_reason(page: Page, call_api: CallApi) -> None:
    open_console(page, "records")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="start job-1", exact=True)).to_be_visible()
    call_api("POST", "/admin/jobs/job-1/cancel")
    page.get_by_role("button", name="start job-1", exact=True).click()
    expect(page.get_by_role("tabpanel")).to_contain_text("409 transition-not-allowed start is not allowed while")
    expect(page.get_by_role("tabpanel")).to_contain_text("POST /__mock/state/jobs/job-1/start")


def test_records_are_filtered_by_state_and_text(page: Page) -> None:
    open_console(page, "records")
    expect(page.get_by_text("36 records", exact=True)).to_be_visible()
    page.get_by_label("State").select_option("failed")
    expect(page.get_by_text("10 of 36 records")).to_be_visible()
    page.get_by_label("Contains").fill("SESSION-3")
    expect(page.get_by_role("tabpanel").get_by_role("row")).to_have_count(3)
    page.get_by_label("Contains").fill("nothing like that")
    expect(page.get_by_text("No record matches the filters.")).to_be_visible()
    page.get_by_label("Resource").select_option("job_events")
    page.get_by_label("Contains").fill("")
    expect(page.get_by_text("74 records")).to_be_visible()
    expect(page.get_by_text("1–50 of 74")).to_be_visible()
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_text("51–74 of 74")).to_be_visible()


def test_five_thousand_records_are_paged_and_loaded_again_only_after_changes(
    page_in: PageIn, call_api: CallApi
) -> None:
    page = page_in("large-queue")
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url.partition("/__mock/")[2]))
    open_console(page, "records")
    expect(page.get_by_text("1–50 of 5,000")).to_be_visible()
    # Further polls request the clock, and the records only once they have changed.
    for _ in range(2):
        with page.expect_response("**/__mock/clock"):
            poll(page)
    assert [path for path in requested if path.startswith("state")] == ["state?resource=jobs"]
    expect(page.get_by_role("tabpanel").get_by_role("row")).to_have_count(51)
    with page.expect_response("**/__mock/state?resource=jobs"):
        page.get_by_role("button", name=re.compile("^cancel ")).first.click()


def test_the_console_can_be_used_by_keyboard_alone(page: Page) -> None:
    open_console(page, "scenarios")
    page.get_by_role("tab", name="Scenarios").focus()
    for view in ("Records", "Overrides", "Journal", "Contract", "Scenarios", "Records"):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name=view)).to_be_focused()
        expect(page.get_by_role("tabpanel", name=view)).to_be_visible()
    expect(page).to_have_url(re.compile("#records$"))
    page.keyboard.press("End")
    expect(page.get_by_role("tabpanel", name="Contract")).to_be_visible()
    page.keyboard.press("Home")
    page.get_by_role("tab", name="Scenarios").press("ArrowRight")
    row = page.get_by_role("button", name="job-1", exact=True)
    expect(row).to_be_visible()
    tab_to(page, row)
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary").get_by_role("heading", name="job-1")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("complementary").get_by_role("button", name="start")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary").get_by_role("button", name="succeed")).to_be_focused()
    page.keyboard.press("Escape")
    expect(row).to_be_focused()
