"""The queue: the list, its filters, order and pages."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from mockserver.web.pages.asset_files import folder_address
from tests.browser.conftest import CallApi, PageIn
from tests.browser.pages import (
    DASH,
    STATUSES,
    badge,
    chip,
    expect_counts,
    expect_ids,
    open_queue,
    poll,
    row,
    rows,
)  # fmt: skip

ANY = re.compile("")


def test_the_list_shows_every_job_with_its_fields(page: Page, call_api: CallApi) -> None:
    listed = call_api("GET", "/admin/jobs")["jobs"]
    open_queue(page)
    expect(rows(page)).to_have_count(36)
    shown = page.eval_on_selector_all(
        "#rows tr",
        """rows => rows.map(row => ({
            id: row.cells[0].innerText, session_id: row.cells[1].innerText, type: row.cells[2].innerText,
            status: row.querySelector(".badge").dataset.status, updated_at: row.querySelector("time").dateTime,
        }))""",
    )
    assert shown == listed


def test_a_badge_has_the_label_and_style_of_the_contract_and_a_shape(page: Page, call_api: CallApi) -> None:
    open_queue(page)
    for job, label, style in (
        ("job-1", "Queued", "neutral"),
        ("job-2", "Processing", "info"),
        ("job-7", "Failed", "danger"),
    ):
        expect(badge(row(page, job))).to_have_text(label)
        expect(badge(row(page, job))).to_have_attribute("data-style", style)
        symbol = badge(row(page, job)).locator("use")
        expect(symbol).to_have_attribute("href", f"{folder_address()}/tutoring/status.svg#{style}")


def test_a_time_is_exact_and_relative_to_the_clock_of_the_run(page: Page, call_api: CallApi) -> None:
    open_queue(page)
    expect(row(page, "job-1").locator(".when")).to_have_text("2026-01-15 08:58:08.170 UTC 1 min ago")
    call_api("POST", "/__mock/clock", {"advance": "2h"})
    poll(page)
    expect(row(page, "job-1").locator(".when")).to_have_text("2026-01-15 08:58:08.170 UTC 2 h ago")


def test_without_access_to_the_clock_only_the_exact_time_is_shown(page: Page) -> None:
    page.route("**/__mock/clock", lambda route: route.fulfill(status=401, json={"title": "Unauthorized"}))
    with page.expect_response("**/__mock/clock"):
        open_queue(page)
    expect(row(page, "job-1").locator(".when")).to_have_text("2026-01-15 08:58:08.170 UTC")


def test_only_actions_that_the_status_allows_are_offered(page: Page) -> None:
    open_queue(page)
    offered = page.eval_on_selector_all(
        "#rows tr",
        """rows => rows.map(row => [row.querySelector(".badge").dataset.status,
            [...row.querySelectorAll("button > :first-child")].map(word => word.innerText).join()])""",
    )
    assert {tuple(status_and_actions) for status_and_actions in offered} == {
        ("queued", "Cancel"), ("running", "Cancel"), ("succeeded", ""), ("failed", "Retry"), ("cancelled", ""),
    }  # fmt: skip


def test_filters_narrow_the_list_and_are_in_the_address(page: Page, call_api: CallApi) -> None:
    transcriptions = call_api("GET", "/admin/jobs?status=running&status=failed&type=transcription")["total"]
    open_queue(page)
    chip(page, "Failed").click()
    expect(rows(page)).to_have_count(10)
    chip(page, "Processing").click()
    expect(rows(page)).to_have_count(13)
    page.get_by_label("Type").select_option("transcription")
    expect(page).to_have_url("/admin/queue?status=running&status=failed&type=transcription")
    expect(page.locator("#range")).to_have_text(f"{transcriptions} jobs")
    expect(page.locator("#rows .type")).to_have_text(["transcription"] * transcriptions)
    page.reload()
    expect(chip(page, "Failed")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Type")).to_have_value("transcription")
    page.get_by_role("button", name="Clear the filters").click()
    expect(rows(page)).to_have_count(36)
    expect(page).to_have_url("/admin/queue")


def test_back_and_forward_restore_filters(page: Page) -> None:
    open_queue(page)
    chip(page, "Failed").click()
    expect(rows(page)).to_have_count(10)
    page.get_by_label("Search").fill("session-3")
    expect(rows(page)).to_have_count(2)
    page.go_back()
    expect(rows(page)).to_have_count(10)
    expect(page.get_by_label("Search")).to_have_value("")
    page.go_back()
    expect(rows(page)).to_have_count(36)
    page.go_forward()
    page.go_forward()
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_label("Search")).to_have_value("session-3")


def test_unknown_values_in_the_address_are_ignored(page: Page) -> None:
    open_queue(page, "?status=nonsense&type=nonsense&sort=nonsense&page=-1")
    expect(rows(page)).to_have_count(36)


def test_a_page_beyond_the_last_is_replaced_by_the_last(page: Page) -> None:
    open_queue(page, "?page=7")
    expect(page).to_have_url("/admin/queue")
    expect(rows(page)).to_have_count(36)


def test_the_counts_agree_with_the_list(page: Page, call_api: CallApi) -> None:
    listed = call_api("GET", "/admin/jobs")["jobs"]
    expected = {status: sum(job["status"] == status for job in listed) for status in STATUSES}
    open_queue(page)
    expect_counts(page, expected)
    open_queue(page, "?status=failed")
    expect_counts(page, expected)
    open_queue(page, "?text=session-2")
    matching = [job["status"] for job in listed if "session-2" in job["session_id"]]
    expect_counts(page, {status: matching.count(status) for status in STATUSES})


def test_columns_sort_both_ways(page: Page, call_api: CallApi) -> None:
    open_queue(page)
    header = page.get_by_role("columnheader", name="Updated")
    expect(header).to_have_attribute("aria-sort", "descending")
    for sort, order in (("status", "ascending"), ("-status", "descending")):
        page.get_by_role("button", name="Status", exact=True).click()
        expect(page).to_have_url(f"/admin/queue?sort={sort}")
        expect(page.get_by_role("columnheader", name="Status")).to_have_attribute("aria-sort", order)
        expect_ids(page, [job["id"] for job in call_api("GET", f"/admin/jobs?sort={sort},id")["jobs"]])
    expect(header).not_to_have_attribute("aria-sort", ANY)


def test_five_thousand_jobs_are_paged_counted_and_found(page_in: PageIn, call_api: CallApi) -> None:
    page = page_in("large-queue")
    open_queue(page)
    expect(page.locator("#range")).to_have_text(f"1{DASH}50 of 5,000 jobs")
    expected = {
        status: call_api("GET", f"/admin/jobs?status={status}&limit=1", None, "large-queue")["total"]
        for status in STATUSES
    }
    expect_counts(page, expected)
    assert sum(expected.values()) == 5_000
    page.get_by_role("button", name="Last").click()
    expect(page.locator("#range")).to_have_text(f"4,951{DASH}5,000 of 5,000 jobs")
    last_page = call_api("GET", "/admin/jobs?limit=50&offset=4950", None, "large-queue")["jobs"]
    expect_ids(page, [job["id"] for job in last_page])
    chip(page, "Failed").click()
    expect(page.locator("#range")).to_have_text(f"1{DASH}50 of {expected['failed']} jobs")
    chip(page, "Failed").click()
    page.get_by_label("Search").fill("JOB-4999")
    expect(page.locator("#range")).to_have_text("1 job")
    expect_ids(page, ["job-4999"])


def test_search_results_have_the_order_of_the_list(page_in: PageIn, call_api: CallApi) -> None:
    page = page_in("large-queue")
    listed: list[Any] = []
    for offset in range(0, 5_000, 500):
        listed += call_api("GET", f"/admin/jobs?sort=-status,id&limit=500&offset={offset}", None, "large-queue")["jobs"]
    matching = [job["id"] for job in listed if "session-17" in job["session_id"]]
    open_queue(page, "?text=session-17&sort=-status&page=2")
    expect(page.locator("#range")).to_have_text(f"51{DASH}100 of {len(matching)} jobs")
    expect_ids(page, matching[50:100])


def test_nothing_is_wider_than_a_narrow_window(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    for search in ("", "?job=job-11", "?status=failed"):
        page.goto(f"/admin/queue{search}")
        expect(page.locator("#list, #side").locator("visible=true").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_targets_are_at_least_24_pixels_large(page: Page) -> None:
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 740})
        open_queue(page)
        small = page.eval_on_selector_all(
            "main a, main button, main input, main select",
            """targets => targets.map(target => [target.innerText, target.getBoundingClientRect()])
                .filter(([, box]) => box.width > 0 && (box.width < 24 || box.height < 24)).map(([text]) => text)""",
        )
        assert small == []
