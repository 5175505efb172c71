"""The console and the page that asks for the token conform to WCAG 2.2 AA as far as axe can tell, in every state."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from mockserver import BackgroundServer
from tests.browser.conftest import CallApi, CheckPage, MakeContext, PageIn
from tests.browser.pages import held, open_console, poll


def test_scenarios_and_dialogs(page: Page, check_accessibility: CheckPage) -> None:
    open_console(page, "scenarios")
    check_accessibility(page)
    page.get_by_role("button", name="Copy for empty").click()
    check_accessibility(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Reset sandbox").click()
    check_accessibility(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="−30 s").click()
    expect(page.get_by_text("before-start")).to_be_visible()
    page.route("**/__mock/clock", lambda route: route.abort())
    poll(page)
    expect(page.get_by_role("alert")).to_be_visible()
    check_accessibility(page)


def test_the_contract(page: Page, check_accessibility: CheckPage) -> None:
    open_console(page, "contract")
    check_accessibility(page)


def test_records(page_in: PageIn, check_accessibility: CheckPage) -> None:
    page = page_in("fails-then-recovers")
    with held(page, "/__mock/state"):
        page.goto("/__mock/#records")
        expect(page.get_by_role("tabpanel").get_by_text("Loading…")).to_be_visible()
        check_accessibility(page)
    page.get_by_role("button", name="Next transition").click()
    page.get_by_role("button", name="job-1", exact=True).click()
    expect(page.get_by_role("img", name="Lifecycle of jobs, now running")).to_be_visible()
    check_accessibility(page)
    page.get_by_role("button", name="Close").click()
    page.get_by_label("Contains").fill("nothing is like that")
    expect(page.get_by_text("No record matches the filters.")).to_be_visible()
    check_accessibility(page)


@pytest.mark.full
def test_records_of_an_empty_run(page_in: PageIn, check_accessibility: CheckPage) -> None:
    page = page_in("empty")
    open_console(page, "records")
    expect(page.get_by_text("There are no records.")).to_be_visible()
    check_accessibility(page)


def test_overrides(page: Page, check_accessibility: CheckPage, call_api: CallApi) -> None:
    with held(page, "/__mock/overrides"):
        page.goto("/__mock/#overrides")
        expect(page.get_by_role("tabpanel").get_by_text("Loading…")).to_be_visible()
        check_accessibility(page)
    expect(page.get_by_text("No overrides: every operation responds normally")).to_be_visible()
    check_accessibility(page)
    override = {"operation": "getJob", "where": {"job_id": "job-2"}, "status": 503, "times": 2}
    call_api("POST", "/__mock/overrides", override)
    poll(page)
    page.get_by_label("Override as JSON").fill("{}")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("422 invalid-request")).to_be_visible()
    expect(page.get_by_role("button", name="Remove override-1")).to_be_visible()
    check_accessibility(page)


def test_the_journal(page: Page, check_accessibility: CheckPage, call_api: CallApi) -> None:
    with held(page, "/__mock/requests"):
        page.goto("/__mock/#journal")
        expect(page.get_by_role("tabpanel").get_by_text("Loading…")).to_be_visible()
        check_accessibility(page)
    expect(page.get_by_text("No requests yet.")).to_be_visible()
    check_accessibility(page)
    override = {"operation": "getJob", "where": {"job_id": "job-2"}, "status": 503, "times": 2}
    call_api("POST", "/__mock/overrides", override)
    for path in ("/admin/jobs", "/admin/jobs/job-2", "/admin/job", "/admin/jobs?limit=0"):
        page.context.request.get(path)
    poll(page)
    page.get_by_role("button", name="GET /admin/job", exact=True).click()
    expect(page.get_by_role("complementary", name="GET /admin/job")).to_be_visible()
    page.get_by_role("button", name="Verdict").click()
    expect(page.get_by_role("region", name="Verdict")).to_be_visible()
    check_accessibility(page)
    page.get_by_role("tabpanel").get_by_label("Status").select_option("3XX")
    expect(page.get_by_text("No request in the journal matches the filters.")).to_be_visible()
    check_accessibility(page)


def test_the_page_that_asks_for_the_token(
    page: Page, check_accessibility: CheckPage, token_server: BackgroundServer
) -> None:
    page.goto(f"{token_server.url}/__mock/?__token=wrong")
    expect(page.get_by_text("This token is not correct.")).to_be_visible()
    check_accessibility(page)


def test_targets_are_at_least_24_pixels_large(page: Page) -> None:
    open_console(page, "records")
    expect(page.get_by_role("button", name="job-1", exact=True)).to_be_visible()
    small = page.evaluate(
        """() => [...document.querySelectorAll("main :is(button, input, select, a.button)")]
          .filter((target) => target.checkVisibility())
          .map((target) => [target.outerHTML.slice(0, 80), target.getBoundingClientRect()])
          .filter(([, box]) => box.width < 24 || box.height < 24).map(([text]) => text)"""
    )
    assert small == []


def test_the_lifecycle_can_be_read_where_colours_are_forced(make_context: MakeContext) -> None:
    page = make_context(forced_colors="active", color_scheme="dark").new_page()
    open_console(page, "records")
    page.get_by_role("button", name="job-2", exact=True).click()
    current = page.locator("figure:not([hidden]) .current")
    expect(current).to_have_count(1)
    fill, ink, width = current.evaluate(
        """(box) => [getComputedStyle(box.children[0]).fill, getComputedStyle(box.children[1]).fill,
                     getComputedStyle(box.children[0]).strokeWidth]"""
    )
    assert fill != ink
    assert width == "3px"
