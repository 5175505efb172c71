"""The queue lives on the stream of jobs: it requests nothing while nothing changes, and polls where the stream fails."""

from __future__ import annotations

from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import CallApi, MakeContext
from tests.browser.pages import badge, open_queue, row

STREAM = "**/admin/jobs/stream"


def requested(page: Page) -> list[str]:
    """The path of each request for jobs from now on."""
    paths: list[str] = []

    def add(request: Request) -> None:
        if "/admin/jobs" in request.url:
            paths.append(request.url.partition("/admin/")[2].partition("?")[0])

    page.on("request", add)
    return paths


def open_stream(page: Page) -> None:
    """Open the queue, and wait until its stream is open and what that caused is loaded."""
    page.clock.install()
    with page.expect_response(STREAM):
        open_queue(page)
    page.clock.fast_forward(100)
    page.wait_for_load_state("networkidle")


def test_a_change_is_shown_without_polling(make_context: MakeContext, call_api: CallApi) -> None:
    page = make_context().new_page()
    open_stream(page)
    paths = requested(page)
    page.clock.fast_forward(60_000)
    page.wait_for_timeout(200)
    assert paths == []
    with page.expect_request("**/admin/jobs?*"):
        call_api("POST", "/admin/jobs/job-7/retry")
        page.clock.run_for(200)
    expect(badge(row(page, "job-7"))).to_have_text("Queued")


def test_a_hidden_tab_lets_go_of_the_stream(make_context: MakeContext) -> None:
    page = make_context().new_page()
    open_stream(page)
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/stream")):
        page.evaluate(
            "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
    with page.expect_request(STREAM):
        page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")


def test_where_the_stream_fails_the_page_polls(make_context: MakeContext, call_api: CallApi) -> None:
    page = make_context().new_page()
    page.route(STREAM, lambda route: route.fulfill(status=503))
    page.clock.install()
    open_queue(page)
    call_api("POST", "/admin/jobs/job-7/retry")
    page.clock.fast_forward(2_000)
    expect(badge(row(page, "job-7"))).to_have_text("Queued")
