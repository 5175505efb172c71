"""Retries and cancellations on the queue, and their effect on the tutor's pages, in several scenarios."""

from __future__ import annotations

from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import CallApi, MakeContext, PageIn
from tests.browser.pages import DASH, announcement, badge, cancel, held, open_queue, poll, problem, row, rows


def expect_stamp(page: Page, job: str, stamp: str) -> None:
    expect(row(page, job).locator("time")).to_have_attribute("datetime", stamp)


def attempts(page: Page) -> list[Request]:
    """The POSTs that the page sends from now on."""
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request) if request.method == "POST" else None)
    return requests


def test_a_retry_changes_status_and_time_and_the_tutors_badge(make_context: MakeContext, call_api: CallApi) -> None:
    context = make_context()
    tutor = context.new_page()
    tutor.goto("/tutor/courses/course-algebra")
    expect(tutor.locator("#rows tr").nth(2).locator(".badge")).to_have_text("Failed")
    page = context.new_page()
    open_queue(page)
    before = call_api("GET", "/admin/jobs/job-7")["updated_at"]
    expect_stamp(page, "job-7", before)
    page.get_by_role("button", name="Retry job-7").click()
    expect(badge(row(page, "job-7"))).to_have_text("Queued")
    after = call_api("GET", "/admin/jobs/job-7")["updated_at"]
    assert after > before
    expect_stamp(page, "job-7", after)
    poll(tutor)
    expect(tutor.locator("#rows tr").nth(2).locator(".badge")).to_have_text("Queued")


def test_a_confirmed_cancellation_changes_status_and_time(make_context: MakeContext, call_api: CallApi) -> None:
    context = make_context()
    page = context.new_page()
    open_queue(page)
    before = call_api("GET", "/admin/jobs/job-2")["updated_at"]
    expect_stamp(page, "job-2", before)
    page.get_by_role("button", name="Cancel job-2", exact=True).click()
    dialog = page.get_by_role("dialog", name="Cancel job-2?")
    expect(dialog).to_contain_text("transcription of session-4 is Processing")
    dialog.get_by_role("button", name="Keep job").click()
    expect(badge(row(page, "job-2"))).to_have_text("Processing")
    assert call_api("GET", "/admin/jobs/job-2")["status"] == "running"
    cancel(page, "job-2")
    expect(badge(row(page, "job-2"))).to_have_text("Cancelled")
    after = call_api("GET", "/admin/jobs/job-2")["updated_at"]
    assert after > before
    expect_stamp(page, "job-2", after)
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


def test_a_job_progresses_when_the_clock_is_advanced(page_in: PageIn, call_api: CallApi) -> None:
    call_api("POST", "/__mock/clock", {"mode": "manual"}, "happy-path")
    page = page_in("happy-path")
    open_queue(page)
    page.get_by_role("button", name="Retry job-7").click()
    expect(badge(row(page, "job-7"))).to_have_text("Queued")
    for seconds, label in ((10, "Processing"), (40, "Ready")):
        call_api("POST", "/__mock/clock", {"advance": f"{seconds}s"}, "happy-path")
        poll(page)
        expect(badge(row(page, "job-7"))).to_have_text(label)
        expect(announcement(page)).to_have_text(f"job-7: {label}")
    expect(row(page, "job-7").get_by_role("button")).to_have_count(0)


def test_after_a_conflict_the_job_is_loaded_again_and_the_problem_shown(page_in: PageIn) -> None:
    page = page_in("cancel-race")
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


def test_a_repeated_retry_has_the_same_idempotency_key(page_in: PageIn) -> None:
    page = page_in("flaky-actions")
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


def test_a_lost_response_is_replayed_when_the_cancellation_is_repeated(page_in: PageIn) -> None:
    page = page_in("flaky-actions")
    open_queue(page, "?status=running")
    cancel(page, "job-2")
    lost = page.locator("#problems")
    expect(lost).to_contain_text("job-2: The cancellation failed. 504")
    expect(row(page, "job-2")).to_have_count(0)
    with page.expect_response("**/admin/jobs/job-2/cancel") as response:
        lost.get_by_role("button", name="Try again").click()
    assert response.value.headers["idempotency-replayed"] == "true"
    expect(lost).to_be_empty()
    expect(announcement(page)).to_have_text("job-2: Cancelled")


def test_another_action_on_the_job_has_another_key(page: Page, call_api: CallApi) -> None:
    open_queue(page)
    sent = attempts(page)
    page.get_by_role("button", name="Retry job-7").click()
    expect(badge(row(page, "job-7"))).to_have_text("Queued")
    cancel(page, "job-7")
    expect(badge(row(page, "job-7"))).to_have_text("Cancelled")
    assert len({request.headers["idempotency-key"] for request in sent}) == 2


def test_a_broken_connection_is_reported_in_the_row(page: Page, call_api: CallApi) -> None:
    # Every time, since a browser itself sends once more what broke on a connection that it had kept.
    call_api("POST", "/__mock/overrides", {"operation": "retryJob", "status": 503, "fault": "connection-reset"})
    open_queue(page)
    page.get_by_role("button", name="Retry job-7").click()
    expect(problem(page, "job-7")).to_contain_text("The server cannot be reached or closed the connection.")
    call_api("DELETE", "/__mock/overrides")
    problem(page, "job-7").get_by_role("button", name="Try again").click()
    expect(badge(row(page, "job-7"))).to_have_text("Queued")


def test_an_outage_is_an_error_until_it_ends(page: Page, call_api: CallApi) -> None:
    call_api("PUT", "/__mock/scenario", {"name": "outage"})
    page.goto("/admin/queue")
    expect(page.get_by_role("heading", name="The jobs could not be loaded")).to_be_visible()
    expect(page.locator("#error")).to_contain_text("503")
    call_api("DELETE", "/__mock/scenario")
    page.get_by_role("button", name="Try again").click()
    expect(rows(page)).to_have_count(36)
    call_api("PUT", "/__mock/scenario", {"name": "outage"})
    poll(page)
    expect(page.get_by_text("The jobs could not be refreshed.")).to_be_visible()
    expect(rows(page)).to_have_count(36)
    page.get_by_role("button", name="Retry job-7").click()
    expect(problem(page, "job-7")).to_contain_text("503")
    call_api("DELETE", "/__mock/scenario")
    poll(page)
    expect(page.get_by_text("The jobs could not be refreshed.")).to_be_hidden()


def test_a_slow_response_is_awaited_and_never_anticipated(page: Page) -> None:
    with held(page, "/admin/jobs?"):
        page.goto("/admin/queue")
        expect(page.get_by_text("Loading jobs…")).to_be_visible()
    expect(rows(page)).to_have_count(36)
    with held(page, "/retry") as requests:
        page.get_by_role("button", name="Retry job-7").click()
        expect(row(page, "job-7")).to_have_attribute("aria-busy", "true")
        busy = page.get_by_role("button", name="Retrying… job-7")
        expect(busy).to_have_attribute("aria-disabled", "true")
        expect(busy).to_be_focused()
        expect(badge(row(page, "job-7"))).to_have_text("Failed")
        busy.press("Enter")
    expect(badge(row(page, "job-7"))).to_have_text("Queued")
    expect(row(page, "job-7")).not_to_have_attribute("aria-busy", "true")
    assert len(requests) == 1


def test_empty_pages_have_a_note(page_in: PageIn) -> None:
    page = page_in("empty")
    page.goto("/admin/queue")
    expect(page.get_by_role("heading", name="No jobs yet")).to_be_visible()
    page.goto("/tutor")
    expect(page.get_by_role("heading", name="No courses yet")).to_be_visible()


def test_a_job_on_a_later_page_is_retried(page_in: PageIn, call_api: CallApi) -> None:
    page = page_in("large-queue")
    open_queue(page, "?status=failed&sort=id&page=2")
    listed = call_api("GET", "/admin/jobs?status=failed&sort=id&limit=50&offset=50", None, "large-queue")
    job, total = listed["jobs"][0]["id"], listed["total"]
    expect(page.locator("#range")).to_have_text(f"51{DASH}100 of {total} jobs")
    expect(rows(page).first.locator("th")).to_have_text(job)
    page.get_by_role("button", name=f"Retry {job}", exact=True).click()
    expect(page.locator("#range")).to_contain_text(f"of {total - 1} jobs")
    expect(row(page, job)).to_have_count(0)
    assert call_api("GET", f"/admin/jobs/{job}", None, "large-queue")["status"] == "queued"
