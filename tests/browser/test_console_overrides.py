"""The console: overrides."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from mockserver import BackgroundServer
from tests.browser.conftest import CallApi, PageIn
from tests.browser.pages import open_console, poll

RECOVERING = "fails-then-recovers"


def test_an_override_is_added_applied_counted_and_removed(
    page: Page, call_api: CallApi, server: BackgroundServer
) -> None:
    open_console(page, "overrides")
    expect(page.get_by_text("No overrides: every operation responds normally")).to_be_visible()
    form = page.get_by_role("form", name="Add an override")
    form.get_by_label("Operation").select_option("getJob")
    form.get_by_label("Times").fill("2")
    form.get_by_label("Delay").fill("1ms")
    entry = json.loads(form.get_by_label("Override as JSON").input_value())
    assert entry == {"operation": "getJob", "status": 503, "times": 2, "delay": "1ms"}
    form.get_by_label("Override as JSON").fill(json.dumps({**entry, "where": {"job_id": "job-2"}}))
    # A field that is changed later keeps what was written by hand.
    form.get_by_label("Status").fill("500")
    form.get_by_role("button", name="Add").click()
    expect(form).to_contain_text("Added as override-1.")
    row = page.get_by_role("row").filter(has_text="getJob")
    expect(row).to_contain_text("0 of 2")
    expect(row).to_contain_text('{"status":500,"times":2,"delay":"1ms","where":{"job_id":"job-2"}}')
    statuses = {key: page.context.request.get(f"/admin/jobs/{key}").status for key in ("job-1", "job-2")}
    assert statuses == {"job-1": 200, "job-2": 500}
    poll(page)
    expect(row).to_contain_text("1 of 2")
    row.get_by_role("button", name="Remove override-1").click()
    expect(page.get_by_text("No overrides: every operation responds normally")).to_be_visible()
    assert call_api("GET", "/__mock/overrides") == {"overrides": []}


def test_an_array_adds_several_overrides_of_every_operation_too(page: Page) -> None:
    open_console(page, "overrides")
    form = page.get_by_role("form", name="Add an override")
    form.get_by_label("Operation").select_option("every operation")
    entry = json.loads(form.get_by_label("Override as JSON").input_value())
    form.get_by_label("Override as JSON").fill(json.dumps([entry, {**entry, "status": 500}]))
    form.get_by_role("button", name="Add").click()
    expect(form).to_contain_text("Added as override-2, override-1.")
    statuses = [page.context.request.get("/admin/jobs/job-1").status for _ in range(3)]
    assert statuses == [503, 500, 200]


def test_all_added_overrides_are_removed_and_those_of_the_scenario_stay(page_in: PageIn, call_api: CallApi) -> None:
    call_api("POST", "/__mock/overrides", {"operation": "getJob", "status": 500}, "outage")
    page = page_in("outage")
    open_console(page, "overrides")
    expect(page.get_by_role("cell", name="every time").first).to_be_visible()
    page.get_by_role("button", name="Remove all added").click()
    expect(page.get_by_role("button", name="Remove override-1")).to_be_hidden()
    expect(page.get_by_role("button", name="Remove all added")).to_be_hidden()
    left = call_api("GET", "/__mock/overrides", scenario="outage")["overrides"]
    expect(page.get_by_role("cell", name="scenario", exact=True)).to_have_count(len(left))


def test_an_invalid_override_is_refused_with_every_violation(page: Page) -> None:
    open_console(page, "overrides")
    form = page.get_by_role("form", name="Add an override")
    form.get_by_label("Override as JSON").fill('{"operation": "getJob", "status": 503, "where": {"a": 1, "b": 2}}')
    form.get_by_role("button", name="Add").click()
    expect(form.get_by_role("status")).to_contain_text("422 invalid-request")
    expect(form.get_by_role("status").get_by_role("listitem")).to_have_count(2)
    form.get_by_label("Override as JSON").fill("{")
    form.get_by_role("button", name="Add").click()
    expect(form.get_by_role("status")).to_contain_text("Not valid JSON")


def test_an_override_of_every_operation_is_added(page: Page) -> None:
    open_console(page, "overrides")
    form = page.get_by_role("form", name="Add an override")
    expect(form.get_by_label("Operation")).to_have_value("listJobs")
    form.get_by_label("Operation").select_option(label="every operation")
    form.get_by_role("button", name="Add").click()
    expect(form).to_contain_text("Added as override-1.")
    assert {page.context.request.get(path).status for path in ("/admin/jobs/job-1", "/tutor/courses")} == {503, 200}


def test_the_form_names_the_members_that_it_has_no_fields_for(page: Page) -> None:
    open_console(page, "overrides")
    hint = page.get_by_text("Further members:").inner_text()
    assert hint.split(": ")[1].rstrip(".").split(", ")[:4] == ["where", "match", "share", "headers"]
