"""What admins do, and what tutors see of it, in scenario after scenario."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import MakeContext
from tests.browser.pages import badge, cancel, open_queue, poll, problem, row, rows, told

Steer = Callable[..., Any]


def stamp(page: Page, job: str) -> str:
    return row(page, job).locator("time").get_attribute("datetime") or ""


def attempts(page: Page) -> list[Request]:
    """The POSTs that the page sends from now on."""
    found: list[Request] = []
    page.on("request", lambda request: found.append(request) if request.method == "POST" else None)
    return found


def test_a_retry_changes_status_and_time_and_the_tutor_sees_it_at_once(make_context: MakeContext, steer: Steer) -> None:
    context = make_context()
    tutor = context.new_page()
    tutor.goto("/tutor/courses/course-algebra")
    expect(tutor.locator("#rows tr").nth(2).locator(".badge")).to_have_text("Failed")
    page = context.new_page()
    open_queue(page)
    before = stamp(page, "job-7")
    page.get_by_role("button", name="Retry job-7").click()
    expect(badge(row(page, "job-7"))).to_have_text("Queued")
    assert stamp(page, "job-7") == steer("GET", "/admin/jobs/job-7")["updated_at"] > before
    poll(tutor)
    expect(tutor.locator("#rows tr").nth(2).locator(".badge")).to_have_text("Queued")


def test_a_cancellation_is_asked_about_and_changes_status_and_time(make_context: MakeContext, steer: Steer) -> None:
    context = make_context()
    page = context.new_page()
    open_queue(page)
    before = stamp(page, "job-2")
    page.get_by_role("button", name="Cancel job-2", exact=True).click()
    dialog = page.get_by_role("dialog", name="Cancel job-2?")
    expect(dialog).to_contain_text("transcription of session-4 is Processing")
    dialog.get_by_role("button", name="Keep job").click()
    expect(badge(row(page, "job-2"))).to_have_text("Processing")
    assert steer("GET", "/admin/jobs/job-2")["status"] == "running"
    cancel(page, "job-2")
    expect(badge(row(page, "job-2"))).to_have_text("Cancelled")
    assert stamp(page, "job-2") == steer("GET", "/admin/jobs/job-2")["updated_at"] > before
    tutor = context.new_page()
    tutor.goto("/tutor/courses/course-algebra")
    expect(tutor.locator("#rows tr").nth(3).locator(".badge")).to_have_text("Cancelled")


def test_the_panel_offers_the_same_actions(page: Page) -> None:
    open_queue(page, "?job=job-7")
    panel = page.get_by_role("complementary", name="job-7")
    panel.get_by_role("button", name="Retry job-7").click()
    expect(panel.locator("dd .badge")).to_have_text("Queued")
    expect(badge(row(page, "job-7"))).to_have_text("Queued")
    expect(panel.get_by_role("heading", name="job-7")).to_be_focused()
    expect(panel.get_by_role("listitem").last).to_contain_text("retry")


def test_a_job_moves_on_as_the_clock_is_moved(make_context: MakeContext, steer: Steer) -> None:
    steer("POST", "/__mock/clock", {"mode": "manual"}, "happy-path")
    page = make_context("happy-path").new_page()
    open_queue(page)
    page.get_by_role("button", name="Retry job-7").click()
    expect(badge(row(page, "job-7"))).to_have_text("Queued")
    for seconds, label in ((10, "Processing"), (40, "Ready")):
        steer("POST", "/__mock/clock", {"advance": f"{seconds}s"}, "happy-path")
        poll(page)
        expect(badge(row(page, "job-7"))).to_have_text(label)
        expect(told(page)).to_have_text(f"job-7: {label}")
    expect(row(page, "job-7").get_by_role("button")).to_have_count(0)


def test_a_job_that_finished_first_is_fetched_again_with_the_problem_beside_it(make_context: MakeContext) -> None:
    page = make_context("cancel-race").new_page()
    open_queue(page)
    sent = attempts(page)
    cancel(page, "job-2")
    expect(badge(row(page, "job-2"))).to_have_text("Ready")
    expect(problem(page, "job-2")).to_contain_text('409: cancel is not allowed while "job-2" of jobs is succeeded')
    expect(problem(page, "job-2").get_by_role("button", name="Try again")).to_be_hidden()
    expect(row(page, "job-2").get_by_role("button")).to_have_count(0)
    problem(page, "job-2").get_by_role("button", name="Dismiss").click()
    expect(problem(page, "job-2")).to_have_count(0)
    expect(page.get_by_role("link", name="job-2", exact=True)).to_be_focused()
    assert len(sent) == 1


def test_a_retry_that_fails_on_the_way_works_when_repeated(make_context: MakeContext) -> None:
    page = make_context("flaky-actions").new_page()
    open_queue(page)
    sent = attempts(page)
    page.get_by_role("button", name="Retry job-7").click()
    expect(problem(page, "job-7")).to_contain_text("The retry failed. 503")
    expect(badge(row(page, "job-7"))).to_have_text("Failed")
    problem(page, "job-7").get_by_role("button", name="Try again").click()
    expect(badge(row(page, "job-7"))).to_have_text("Queued")
    expect(problem(page, "job-7")).to_have_count(0)
    keys = [request.headers["idempotency-key"] for request in sent]
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_a_cancellation_whose_answer_was_lost_is_got_back(make_context: MakeContext) -> None:
    page = make_context("flaky-actions").new_page()
    open_queue(page, "?status=running")
    cancel(page, "job-2")
    lost = page.locator("#problems")
    expect(lost).to_contain_text("job-2: The cancellation failed. 504")
    expect(row(page, "job-2")).to_have_count(0)
    with page.expect_response("**/admin/jobs/job-2/cancel") as answered:
        lost.get_by_role("button", name="Try again").click()
    assert answered.value.headers["idempotency-replayed"] == "true"
    expect(lost).to_be_empty()
    expect(told(page)).to_have_text("job-2: Cancelled")


def test_another_action_on_the_job_has_a_key_of_its_own(page: Page, steer: Steer) -> None:
    open_queue(page)
    sent = attempts(page)
    page.get_by_role("button", name="Retry job-7").click()
    expect(badge(row(page, "job-7"))).to_have_text("Queued")
    cancel(page, "job-7")
    expect(badge(row(page, "job-7"))).to_have_text("Cancelled")
    assert len({request.headers["idempotency-key"] for request in sent}) == 2


def test_a_broken_connection_is_told_in_the_row(page: Page, steer: Steer) -> None:
    # Every time, since a browser itself sends once more what broke on a connection that it had kept.
    steer("POST", "/__mock/overrides", {"operation": "retryJob", "status": 503, "fault": "connection-reset"})
    open_queue(page)
    page.get_by_role("button", name="Retry job-7").click()
    expect(problem(page, "job-7")).to_contain_text("The server cannot be reached, or it broke the connection.")
    steer("DELETE", "/__mock/overrides")
    problem(page, "job-7").get_by_role("button", name="Try again").click()
    expect(badge(row(page, "job-7"))).to_have_text("Queued")


def test_an_outage_is_an_error_until_it_is_over(page: Page, steer: Steer) -> None:
    steer("PUT", "/__mock/scenario", {"name": "outage"})
    page.goto("/admin/queue")
    expect(page.get_by_role("heading", name="The jobs could not be loaded")).to_be_visible()
    expect(page.locator("#error")).to_contain_text("503")
    steer("DELETE", "/__mock/scenario")
    page.get_by_role("button", name="Try again").click()
    expect(rows(page)).to_have_count(36)
    steer("PUT", "/__mock/scenario", {"name": "outage"})
    poll(page)
    expect(page.get_by_text("The jobs could not be refreshed.")).to_be_visible()
    expect(rows(page)).to_have_count(36)
    page.get_by_role("button", name="Retry job-7").click()
    expect(problem(page, "job-7")).to_contain_text("503")
    steer("DELETE", "/__mock/scenario")
    poll(page)
    expect(page.get_by_text("The jobs could not be refreshed.")).to_be_hidden()


def test_a_slow_server_is_waited_for_and_never_anticipated(make_context: MakeContext) -> None:
    page = make_context("slow").new_page()
    page.goto("/admin/queue")
    expect(page.get_by_text("Loading jobs…")).to_be_visible()
    expect(rows(page)).to_have_count(36)
    button = page.get_by_role("button", name="Retry job-7")
    button.click()
    expect(row(page, "job-7")).to_have_attribute("aria-busy", "true")
    busy = page.get_by_role("button", name="Retrying… job-7")
    expect(busy).to_have_attribute("aria-disabled", "true")
    expect(busy).to_be_focused()
    expect(badge(row(page, "job-7"))).to_have_text("Failed")
    sent = attempts(page)
    busy.press("Enter")
    expect(badge(row(page, "job-7"))).to_have_text("Queued")
    expect(row(page, "job-7")).not_to_have_attribute("aria-busy", "true")
    assert sent == []


def test_where_there_is_nothing_both_pages_say_so(make_context: MakeContext) -> None:
    page = make_context("empty").new_page()
    page.goto("/admin/queue")
    expect(page.get_by_role("heading", name="No jobs yet")).to_be_visible()
    page.goto("/tutor")
    expect(page.get_by_role("heading", name="No courses yet")).to_be_visible()


def test_one_of_five_thousand_is_retried_where_it_is(make_context: MakeContext, steer: Steer) -> None:
    page = make_context("large-queue").new_page()
    open_queue(page, "?status=failed&sort=id&page=2")
    expect(page.locator("#range")).to_contain_text("51")
    job = page.locator("#rows th").first.inner_text()
    total = page.locator("#range").inner_text().split()[-2]
    page.get_by_role("button", name=f"Retry {job}", exact=True).click()
    expect(page.locator("#range")).to_contain_text(f"of {int(total) - 1} jobs")
    expect(row(page, job)).to_have_count(0)
    assert steer("GET", f"/admin/jobs/{job}", None, "large-queue")["status"] == "queued"
