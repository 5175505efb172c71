"""The console: the journal, violations, and the verdict."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from mockserver import BackgroundServer
from tests.browser.conftest import CallApi, PageIn
from tests.browser.pages import open_console, poll

RECOVERING = "fails-then-recovers"


def test_the_journal_shows_requests_and_why_none_matched(
    page: Page, call_api: CallApi, server: BackgroundServer
) -> None:
    open_console(page, "journal")
    expect(page.get_by_text("No requests yet.")).to_be_visible()
    call_api("GET", "/admin/jobs?status=failed")
    page.context.request.get(f"{server.url}/admin/job")
    page.context.request.get(f"{server.url}/admin/jobs?limit=0")
    poll(page)
    expect(page.get_by_text("3 requests")).to_be_visible()
    page.get_by_role("button", name="GET /admin/job", exact=True).click()
    detail = page.get_by_role("complementary", name="GET /admin/job")
    expect(detail).to_contain_text("GET /admin/jobs listJobs: segment 2 is 'jobs', not 'job'")
    expect(detail).to_contain_text('"code": "unknown-path"')
    expect(detail).to_contain_text("Cookie: [redacted]")
    page.get_by_role("button", name="GET /admin/jobs?limit=0").click()
    expect(page.get_by_role("complementary")).to_contain_text("query limit 0 is less than the minimum of 1")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="GET /admin/jobs?limit=0")).to_be_focused()
    page.get_by_label("Unmatched only").check()
    expect(page.get_by_text("1 of 3 requests")).to_be_visible()
    page.get_by_label("Unmatched only").uncheck()
    page.get_by_role("tabpanel").get_by_label("Operation").select_option("listJobs")
    page.get_by_role("tabpanel").get_by_label("Status").select_option("4XX")
    expect(page.get_by_text("1 of 3 requests")).to_be_visible()
    page.get_by_role("tabpanel").get_by_label("Status").select_option("5XX")
    expect(page.get_by_text("No request in the journal matches the filters.")).to_be_visible()
    page.get_by_role("tabpanel").get_by_label("Status").select_option("")
    page.get_by_role("tabpanel").get_by_label("Operation").select_option("")
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_text("No request in the journal matches the filters.")).to_be_visible()


def test_fired_transitions_are_shown_with_the_next_request(page_in: PageIn, call_api: CallApi) -> None:
    call_api("POST", "/__mock/clock", {"advance": "5s"}, RECOVERING)
    call_api("GET", "/admin/jobs/job-1", scenario=RECOVERING)
    page = page_in(RECOVERING)
    open_console(page, "journal")
    page.get_by_role("button", name="GET /admin/jobs/job-1").click()
    expect(page.get_by_role("complementary")).to_contain_text("09:00:05.000 jobs job-1 start")


def test_the_verdict_is_shown_with_its_reasons(page: Page, call_api: CallApi, server: BackgroundServer) -> None:
    open_console(page, "journal")
    page.get_by_role("button", name="Verdict").click()
    verdict = page.get_by_role("region", name="Verdict")
    expect(verdict).to_contain_text("Passed 0 requests")
    expect(verdict).to_be_focused()
    call_api("POST", "/__mock/overrides", {"operation": "listCourses", "status": 500})
    page.context.request.get(f"{server.url}/nowhere/at/all")
    page.get_by_role("button", name="Verdict").click()
    expect(verdict).to_contain_text("Failed 1 request matched no operation; 1 override was never used.")
    expect(verdict).to_contain_text("GET /nowhere/at/all")
    expect(verdict).to_contain_text('"operation":"listCourses"')


def test_a_response_that_violates_the_contract_is_shown_with_every_violation(
    page: Page, small_server: BackgroundServer
) -> None:
    page.context.request.get(f"{small_server.url}/jobs/a/broken")
    open_console(page, "journal", small_server.url)
    region = page.get_by_role("region", name="Responses that violate the contract")
    expect(region).to_contain_text("GET /jobs/a/broken 200")
    expect(region.get_by_role("listitem").filter(has_text="(required)")).to_have_count(3)
    page.get_by_role("button", name="GET /jobs/a/broken").click()
    expect(page.get_by_role("complementary").get_by_text("(required)")).to_have_count(2)
    page.get_by_role("button", name="Verdict").click()
    expect(page.get_by_role("region", name="Verdict")).to_contain_text('"weight" is required and missing')
    page.get_by_role("button", name="Clear violations").click()
    expect(region).to_be_hidden()
