"""The queue while it polls: states of the page, focus, announcements, and the keyboard."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import CallApi, MakeContext, PageIn
from tests.browser.pages import (
    announcement,
    badge,
    chip,
    hold,
    open_queue,
    poll,
    row,
    rows,
    tab_to,
)  # fmt: skip

LIST = "**/admin/jobs?*"


def test_loading_empty_nothing_and_error_are_four_states(page: Page) -> None:
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
    expect(page.locator("[data-state]:visible")).to_have_count(1)


def test_after_an_error_the_last_rows_stay_and_are_marked_as_stale(page: Page) -> None:
    open_queue(page)
    page.route(LIST, lambda route: route.abort())
    poll(page)
    expect(page.get_by_text("The jobs could not be refreshed.")).to_be_visible()
    expect(page.get_by_text("Not up to date")).to_be_visible()
    expect(rows(page)).to_have_count(36)
    page.unroute_all()
    # Not by `click`: the page may have polled on its own before, and hidden the button.
    page.get_by_role("button", name="Try again", include_hidden=True).first.dispatch_event("click")
    expect(page.get_by_text("The jobs could not be refreshed.")).to_be_hidden()
    expect(announcement(page)).to_have_text("Updates work again.")


def test_the_page_polls(make_context: MakeContext, call_api: CallApi) -> None:
    page = make_context().new_page()
    page.clock.install()
    open_queue(page)
    call_api("POST", "/admin/jobs/job-7/retry")
    page.clock.fast_forward(2_000)
    expect(badge(row(page, "job-7"))).to_have_text("Queued")


def test_updates_can_be_paused_and_resumed(make_context: MakeContext, call_api: CallApi) -> None:
    page = make_context().new_page()
    page.clock.install()
    open_queue(page)
    page.get_by_role("button", name="Pause updates").click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    expect(announcement(page)).to_have_text("Updates paused.")
    call_api("POST", "/admin/jobs/job-7/retry")
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.clock.run_for(60_000)
    assert requested == []
    page.get_by_role("button", name="Resume updates").click()
    expect(badge(row(page, "job-7"))).to_have_text("Queued")
    expect(announcement(page)).to_have_text("Updates resumed.")


def test_polling_is_on_hold_while_a_dialog_is_open(make_context: MakeContext, call_api: CallApi) -> None:
    page = make_context().new_page()
    page.clock.install()
    open_queue(page)
    page.get_by_role("button", name="Cancel job-23").click()
    call_api("POST", "/admin/jobs/job-7/retry")
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.clock.run_for(60_000)
    assert requested == []
    page.keyboard.press("Escape")
    page.clock.run_for(3_000)
    expect(badge(row(page, "job-7"))).to_have_text("Queued")


def test_focus_selection_and_scroll_position_survive_updates(page: Page, call_api: CallApi) -> None:
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
    call_api("POST", "/__mock/state/jobs/job-2/succeed")
    poll(page)
    expect(badge(row(page, "job-2"))).to_have_text("Ready")
    expect(link).to_be_focused()
    assert page.evaluate("[getSelection().toString(), scrollY]") == before


def test_the_focus_moves_with_its_row(page: Page, call_api: CallApi) -> None:
    open_queue(page)
    link = page.get_by_role("link", name="job-32", exact=True)
    link.focus()
    call_api("POST", "/admin/jobs/job-32/retry")
    poll(page)
    expect(rows(page).first.locator("th")).to_have_text("job-32")
    expect(link).to_be_focused()


def test_the_focus_goes_to_the_next_row_when_its_row_is_removed(page: Page, call_api: CallApi) -> None:
    open_queue(page, "?status=failed")
    first, second = (job["id"] for job in call_api("GET", "/admin/jobs?status=failed&limit=2")["jobs"])
    page.get_by_role("link", name=first, exact=True).focus()
    call_api("POST", f"/admin/jobs/{first}/retry")
    poll(page)
    expect(row(page, first)).to_have_count(0)
    expect(page.get_by_role("link", name=second, exact=True)).to_be_focused()


def test_only_changes_to_jobs_that_were_acted_on_are_announced(page: Page, call_api: CallApi) -> None:
    open_queue(page)
    page.get_by_role("button", name="Retry job-7").click()
    expect(announcement(page)).to_have_text("job-7: Queued")
    call_api("POST", "/admin/jobs/job-35/retry")
    poll(page)
    expect(badge(row(page, "job-35"))).to_have_text("Queued")
    expect(announcement(page)).to_have_text("job-7: Queued")
    call_api("POST", "/__mock/state/jobs/job-7/start")
    poll(page)
    expect(announcement(page)).to_have_text("job-7: Processing")


def test_the_queue_can_be_used_by_keyboard_alone(page: Page) -> None:
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


def test_turning_pages_by_keyboard_keeps_the_focus(page_in: PageIn) -> None:
    page = page_in("large-queue")
    open_queue(page, "?page=99")
    button = page.get_by_role("button", name="Next")
    page.get_by_role("button", name="Previous").focus()
    tab_to(page, button)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Page 100 of 100")).to_be_visible()
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/admin/queue?page=100")
