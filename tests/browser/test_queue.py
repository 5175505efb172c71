from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import MakeContext
from tests.browser.pages import (
    DASH,
    STATUSES,
    badge,
    chip,
    counts,
    hold,
    ids,
    is_focused,
    open_queue,
    poll,
    row,
    rows,
    tab_to,
    told,
)  # fmt: skip

Steer = Callable[..., Any]
LIST = "**/admin/jobs?*"


def test_the_list_shows_every_job_with_its_fields(page: Page, steer: Steer) -> None:
    listed = steer("GET", "/admin/jobs")["jobs"]
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


def test_a_status_has_the_contracts_word_and_style_and_a_shape(page: Page, steer: Steer) -> None:
    open_queue(page)
    for job, label, style in (
        ("job-1", "Queued", "neutral"),
        ("job-2", "Processing", "info"),
        ("job-7", "Failed", "danger"),
    ):
        expect(badge(row(page, job))).to_have_text(label)
        expect(badge(row(page, job))).to_have_attribute("data-style", style)
        symbol = badge(row(page, job)).locator("use").get_attribute("href")
        assert symbol is not None
        assert symbol.endswith(f"status.svg#{style}")


def test_a_time_is_exact_and_says_how_long_ago_by_the_runs_clock(page: Page, steer: Steer) -> None:
    open_queue(page)
    expect(row(page, "job-1").locator(".when")).to_have_text("2026-01-15 08:58:08.170 UTC 1 min ago")
    steer("POST", "/__mock/clock", {"advance": "2h"})
    poll(page)
    expect(row(page, "job-1").locator(".when")).to_have_text("2026-01-15 08:58:08.170 UTC 2 h ago")


def test_where_the_clock_is_refused_the_exact_time_stands_alone(page: Page) -> None:
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
    assert {tuple(one) for one in offered} == {
        ("queued", "Cancel"), ("running", "Cancel"), ("succeeded", ""), ("failed", "Retry"), ("cancelled", ""),
    }  # fmt: skip


def test_filters_narrow_the_list_and_stand_in_the_address(page: Page) -> None:
    open_queue(page)
    chip(page, "Failed").click()
    expect(rows(page)).to_have_count(10)
    chip(page, "Processing").click()
    expect(rows(page)).to_have_count(13)
    page.get_by_label("Type").select_option("transcription")
    expect(page).to_have_url("/admin/queue?status=running&status=failed&type=transcription")
    expect(page.locator("#range")).to_have_text(f"{len(ids(page))} jobs")
    for text in page.locator("#rows .type").all_inner_texts():
        assert text == "transcription"
    page.reload()
    expect(chip(page, "Failed")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Type")).to_have_value("transcription")
    page.get_by_role("button", name="Clear the filters").click()
    expect(rows(page)).to_have_count(36)
    expect(page).to_have_url("/admin/queue")


def test_back_and_forward_lead_through_the_filters(page: Page) -> None:
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


def test_an_address_that_asks_for_what_is_unknown_shows_the_list(page: Page) -> None:
    open_queue(page, "?status=nonsense&type=nonsense&sort=nonsense&page=-1")
    expect(rows(page)).to_have_count(36)


def test_a_page_beyond_the_last_leads_to_the_last(page: Page) -> None:
    open_queue(page, "?page=7")
    expect(page).to_have_url("/admin/queue")
    expect(rows(page)).to_have_count(36)


def test_the_counts_agree_with_the_list(page: Page, steer: Steer) -> None:
    listed = steer("GET", "/admin/jobs")["jobs"]
    expected = {status: sum(job["status"] == status for job in listed) for status in STATUSES}
    open_queue(page)
    assert counts(page) == expected
    open_queue(page, "?status=failed")
    assert counts(page) == expected
    open_queue(page, "?text=session-2")
    assert counts(page) == {
        status: sum(job["status"] == status and "session-2" in job["session_id"] for job in listed)
        for status in STATUSES
    }


def test_columns_sort_both_ways(page: Page, steer: Steer) -> None:
    open_queue(page)
    header = page.get_by_role("columnheader", name="Updated")
    expect(header).to_have_attribute("aria-sort", "descending")
    for sort, order in (("status", "ascending"), ("-status", "descending")):
        page.get_by_role("button", name="Status", exact=True).click()
        expect(page).to_have_url(f"/admin/queue?sort={sort}")
        expect(page.get_by_role("columnheader", name="Status")).to_have_attribute("aria-sort", order)
        expect(rows(page).first.locator(".badge")).to_have_text("Cancelled" if sort == "status" else "Ready")
        assert ids(page) == [job["id"] for job in steer("GET", f"/admin/jobs?sort={sort},id")["jobs"]]
    assert header.get_attribute("aria-sort") is None


def test_five_thousand_jobs_are_paged_counted_and_found(make_context: MakeContext, steer: Steer) -> None:
    page = make_context("large-queue").new_page()
    open_queue(page)
    expect(page.locator("#range")).to_have_text(f"1{DASH}50 of 5,000 jobs")
    expected = {
        status: steer("GET", f"/admin/jobs?status={status}&limit=1", None, "large-queue")["total"]
        for status in STATUSES
    }
    assert counts(page) == expected
    assert sum(expected.values()) == 5_000
    page.get_by_role("button", name="Last").click()
    expect(page.locator("#range")).to_have_text(f"4,951{DASH}5,000 of 5,000 jobs")
    wanted = steer("GET", "/admin/jobs?limit=50&offset=4950", None, "large-queue")["jobs"]
    expect(rows(page).first.locator("th")).to_have_text(wanted[0]["id"])
    assert ids(page) == [job["id"] for job in wanted]
    chip(page, "Failed").click()
    expect(page.locator("#range")).to_have_text(f"1{DASH}50 of {expected['failed']} jobs")
    chip(page, "Failed").click()
    page.get_by_label("Search").fill("JOB-4999")
    expect(page.locator("#range")).to_have_text("1 job")
    assert ids(page) == ["job-4999"]


def test_a_text_is_looked_for_in_the_lists_own_order(make_context: MakeContext, steer: Steer) -> None:
    page = make_context("large-queue").new_page()
    listed: list[Any] = []
    for offset in range(0, 5_000, 500):
        listed += steer("GET", f"/admin/jobs?sort=-status,id&limit=500&offset={offset}", None, "large-queue")["jobs"]
    matching = [job["id"] for job in listed if "session-17" in job["session_id"]]
    open_queue(page, "?text=session-17&sort=-status&page=2")
    expect(page.locator("#range")).to_have_text(f"51{DASH}100 of {len(matching)} jobs")
    assert ids(page) == matching[50:100]


def test_a_job_and_what_happened_to_it_stand_beside_the_list(page: Page) -> None:
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


def test_a_jobs_own_address_opens_it_though_the_list_does_not_show_it(make_context: MakeContext) -> None:
    page = make_context("large-queue").new_page()
    open_queue(page, "?job=job-4999&sort=id")
    panel = page.get_by_role("complementary", name="job-4999")
    expect(panel.locator("time").first).to_be_visible()
    expect(row(page, "job-4999")).to_have_count(0)


def test_a_job_without_events_says_so(page: Page) -> None:
    open_queue(page, "?job=job-1")
    expect(page.get_by_role("complementary").get_by_text("Nothing has happened to it yet.")).to_be_visible()


def test_an_unknown_job_says_so(page: Page) -> None:
    open_queue(page, "?job=nonsense")
    expect(page.get_by_role("complementary", name="nonsense").get_by_text("There is no such job.")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("complementary")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_the_panel_follows_its_job(page: Page, steer: Steer) -> None:
    open_queue(page, "?job=job-7")
    panel = page.get_by_role("complementary", name="job-7")
    events = panel.get_by_role("listitem")
    expect(events).not_to_have_count(0)
    before = events.count()
    steer("POST", "/admin/jobs/job-7/retry")
    poll(page)
    expect(panel.locator("dd .badge")).to_have_text("Queued")
    expect(events).to_have_count(before + 1)
    steer("POST", "/__mock/state/jobs/job-7/start")
    poll(page)
    expect(events).to_have_count(before + 2)


def test_loading_empty_nothing_and_error_are_four_states(make_context: MakeContext) -> None:
    page = make_context().new_page()
    page.route(LIST, hold)
    page.goto("/admin/queue")
    expect(page.get_by_text("Loading jobs…")).to_be_visible()
    expect(page.get_by_role("region", name="Jobs")).to_have_attribute("aria-busy", "true")
    page.unroute_all(behavior="ignoreErrors")
    page.goto("/admin/queue?text=nonsense")
    expect(page.get_by_role("heading", name="No job matches")).to_be_visible()
    page.locator("#list").get_by_role("button", name="Clear the filters").click()
    expect(rows(page)).to_have_count(36)
    expect(page.get_by_label("Search")).to_be_focused()
    page.goto("/admin/queue?__scenario=empty")
    expect(page.get_by_role("heading", name="No jobs yet")).to_be_visible()
    page.goto("/admin/queue?__scenario=forbidden")
    expect(page.get_by_role("heading", name="The jobs could not be loaded")).to_be_visible()
    expect(page.locator("#error")).to_contain_text("403")
    assert page.locator("[data-state]:visible").count() == 1


def test_the_last_good_rows_stay_and_are_marked_when_the_server_fails(page: Page) -> None:
    open_queue(page)
    page.route(LIST, lambda route: route.abort())
    poll(page)
    expect(page.get_by_text("The jobs could not be refreshed.")).to_be_visible()
    expect(page.get_by_text("Not up to date")).to_be_visible()
    expect(rows(page)).to_have_count(36)
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("The jobs could not be refreshed.")).to_be_hidden()
    expect(told(page)).to_have_text("Updates work again.")


def test_the_page_asks_again_by_itself(page: Page, steer: Steer) -> None:
    open_queue(page)
    steer("POST", "/admin/jobs/job-7/retry")
    expect(badge(row(page, "job-7"))).to_have_text("Queued")


def test_updates_can_be_paused_and_resumed(page: Page, steer: Steer) -> None:
    page.clock.install()
    open_queue(page)
    page.get_by_role("button", name="Pause updates").click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    expect(told(page)).to_have_text("Updates are paused.")
    steer("POST", "/admin/jobs/job-7/retry")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert asked == []
    page.get_by_role("button", name="Resume updates").click()
    expect(badge(row(page, "job-7"))).to_have_text("Queued")
    expect(told(page)).to_have_text("Updates are on.")


def test_the_list_holds_still_while_a_dialog_is_open(page: Page, steer: Steer) -> None:
    page.clock.install()
    open_queue(page)
    page.get_by_role("button", name="Cancel job-23").click()
    steer("POST", "/admin/jobs/job-7/retry")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert asked == []
    page.keyboard.press("Escape")
    page.clock.run_for(3_000)
    expect(badge(row(page, "job-7"))).to_have_text("Queued")


def test_focus_selection_and_scroll_survive_what_the_server_changes(page: Page, steer: Steer) -> None:
    open_queue(page)
    link = page.get_by_role("link", name="job-16", exact=True)
    link.focus()
    page.evaluate("""() => {
        const session = document.querySelector("#rows tr:nth-child(18) .session");
        getSelection().selectAllChildren(session);
        scrollTo(0, 500);
    }""")
    before = page.evaluate("[getSelection().toString(), scrollY]")
    assert before[0].startswith("session-")
    steer("POST", "/__mock/state/jobs/job-2/succeed")
    poll(page)
    expect(badge(row(page, "job-2"))).to_have_text("Ready")
    assert is_focused(link)
    assert page.evaluate("[getSelection().toString(), scrollY]") == before


def test_the_focus_goes_along_with_a_row_that_moves(page: Page, steer: Steer) -> None:
    open_queue(page)
    link = page.get_by_role("link", name="job-32", exact=True)
    link.focus()
    steer("POST", "/admin/jobs/job-32/retry")
    poll(page)
    expect(rows(page).first.locator("th")).to_have_text("job-32")
    assert is_focused(link)


def test_the_focus_goes_to_the_next_row_when_its_own_leaves_the_list(page: Page, steer: Steer) -> None:
    open_queue(page, "?status=failed")
    first, second = ids(page)[:2]
    page.get_by_role("link", name=first, exact=True).focus()
    steer("POST", f"/admin/jobs/{first}/retry")
    poll(page)
    expect(row(page, first)).to_have_count(0)
    assert is_focused(page.get_by_role("link", name=second, exact=True))


def test_a_change_to_ones_own_job_is_announced_and_no_other(page: Page, steer: Steer) -> None:
    open_queue(page)
    page.get_by_role("button", name="Retry job-7").click()
    expect(told(page)).to_have_text("job-7: Queued")
    steer("POST", "/admin/jobs/job-35/retry")
    poll(page)
    expect(badge(row(page, "job-35"))).to_have_text("Queued")
    expect(told(page)).to_have_text("job-7: Queued")
    steer("POST", "/__mock/state/jobs/job-7/start")
    poll(page)
    expect(told(page)).to_have_text("job-7: Processing")


def test_the_keyboard_alone_does_everything(page: Page) -> None:
    open_queue(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    tab_to(page, chip(page, "Failed"))
    page.keyboard.press("Space")
    expect(rows(page)).to_have_count(10)
    expect(chip(page, "Failed")).to_be_focused()
    page.keyboard.press("Space")
    expect(rows(page)).to_have_count(36)

    sort = page.get_by_role("button", name="Id", exact=True)
    tab_to(page, sort)
    page.keyboard.press("Enter")
    expect(rows(page).first.locator("th")).to_have_text("job-1")
    expect(sort).to_be_focused()

    tab_to(page, page.get_by_role("button", name="Retry job-15"))
    page.keyboard.press("Enter")
    expect(badge(row(page, "job-15"))).to_have_text("Queued")
    expect(page.get_by_role("link", name="job-15", exact=True)).to_be_focused()

    button = page.get_by_role("button", name="Cancel job-15")
    tab_to(page, button)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Cancel job-15?")).to_be_visible()
    expect(page.get_by_role("button", name="Keep job")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(badge(row(page, "job-15"))).to_have_text("Queued")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Cancel job", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(badge(row(page, "job-15"))).to_have_text("Cancelled")
    link = page.get_by_role("link", name="job-15", exact=True)
    expect(link).to_be_focused()

    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="job-15")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(link).to_be_focused()


def test_the_keyboard_turns_pages_without_losing_its_place(make_context: MakeContext) -> None:
    page = make_context("large-queue").new_page()
    open_queue(page, "?page=99")
    button = page.get_by_role("button", name="Next")
    tab_to(page, button, "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Page 100 of 100")).to_be_visible()
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/admin/queue?page=100")


def test_nothing_is_wider_than_a_narrow_window(make_context: MakeContext) -> None:
    page = make_context(viewport={"width": 360, "height": 740}).new_page()
    for search in ("", "?job=job-11", "?status=failed"):
        page.goto(f"/admin/queue{search}")
        expect(page.locator("#list, #side").locator("visible=true").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_everything_that_is_pressed_is_large_enough(make_context: MakeContext) -> None:
    for width in (1280, 360):
        page = make_context(viewport={"width": width, "height": 740}).new_page()
        open_queue(page)
        small = page.eval_on_selector_all(
            "main a, main button, main input, main select",
            """all => all.map(one => [one.innerText, one.getBoundingClientRect()])
                .filter(([, box]) => box.width > 0 && (box.width < 24 || box.height < 24)).map(([text]) => text)""",
        )
        assert small == []
