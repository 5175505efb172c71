"""The console: the clock and the run."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from mockserver import create_app
from tests.browser.conftest import CallApi, PageIn
from tests.browser.pages import open_console, poll

RECOVERING = "fails-then-recovers"


def test_moving_the_clock_lists_the_fired_transitions(page_in: PageIn, call_api: CallApi) -> None:
    page = page_in(RECOVERING)
    open_console(page, "records")
    clock = page.get_by_role("region", name="Clock")
    expect(clock).to_contain_text("2026-01-15 09:00:05.000, in 5 s")
    clock.get_by_role("button", name="Next transition").click()
    expect(clock).to_contain_text("3 transitions fired. It is 09:00:05.000.")
    expect(clock.get_by_role("listitem").first).to_have_text("09:00:05.000 job-1 start jobs")
    expect(page.get_by_role("row", name="job-1", exact=False).first).to_contain_text("running")
    clock.get_by_role("button", name="+30 s").click()
    expect(clock).to_contain_text("09:00:35.000")
    clock.get_by_role("button", name="−30 s").click()
    expect(clock).to_contain_text("Later commands undone. It is 09:00:05.000.")
    clock.get_by_label("Duration").fill("1h")
    clock.get_by_role("button", name="Advance").click()
    expect(clock).to_contain_text("10:00:05.000")
    assert call_api("GET", "/__mock/clock", scenario=RECOVERING)["now"] == "2026-01-15T10:00:05.000Z"


def test_the_last_command_is_undone(page: Page, call_api: CallApi) -> None:
    call_api("POST", "/admin/jobs/job-7/retry")
    open_console(page, "scenarios")
    expect(page.get_by_role("region", name="Run")).to_contain_text("revision 1")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("region", name="Run")).to_contain_text("2, revision 0")
    assert call_api("GET", "/admin/jobs/job-7")["status"] == "failed"


def test_the_clock_is_set_to_real_time_at_a_speed(page: Page, call_api: CallApi) -> None:
    open_console(page, "scenarios")
    clock = page.get_by_role("region", name="Clock")
    clock.get_by_label("Mode").select_option("real")
    clock.get_by_label("Speed").fill("60")
    clock.get_by_role("button", name="Set").click()
    expect(clock).to_contain_text("real time, × 60")
    assert call_api("GET", "/__mock/clock")["speed"] == 60
    clock.get_by_label("Mode").select_option("manual")
    clock.get_by_role("button", name="Set").click()
    expect(clock.get_by_role("definition").get_by_text("manual", exact=True)).to_be_visible()


def test_an_error_is_shown_beside_the_request_that_caused_it(page: Page) -> None:
    open_console(page, "scenarios")
    page.get_by_role("button", name="−30 s").click()
    status = page.get_by_role("region", name="Clock").get_by_role("status")
    expect(status).to_contain_text("422 before-start The clock of this run begins at 2026-01-15T09:00:00.000Z")
    expect(status).to_contain_text('POST /__mock/clock {"rewind":"30s"}')
    page.get_by_role("button", name="+30 s").click()
    expect(status).to_have_text("0 transitions fired. It is 09:00:30.000.")


def test_a_run_and_a_sandbox_are_reset_after_confirmation(page: Page, call_api: CallApi) -> None:
    call_api("POST", "/admin/jobs/job-7/retry")
    open_console(page, "scenarios")
    page.get_by_role("button", name="Reset run").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert call_api("GET", "/admin/jobs/job-7")["status"] == "queued"
    page.get_by_role("button", name="Reset run").click()
    page.get_by_role("dialog").get_by_role("button", name="Reset").click()
    expect(page.get_by_text("The run was reset.")).to_be_visible()
    assert call_api("GET", "/admin/jobs/job-7")["status"] == "failed"
    assert call_api("GET", "/__mock/requests")["seen"] == 3
    page.get_by_role("button", name="Reset sandbox").click()
    page.get_by_role("dialog").get_by_role("button", name="Reset").click()
    expect(page.get_by_text("The sandbox was reset.")).to_be_visible()
    assert call_api("GET", "/__mock/requests")["seen"] == 0


def test_a_recording_is_downloaded_and_can_be_served(page: Page, call_api: CallApi, tmp_path: Path) -> None:
    call_api("POST", "/admin/jobs/job-7/retry")
    open_console(page, "scenarios")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download recording").click()
    assert downloading.value.suggested_filename == "baseline-recording.yaml"
    path = tmp_path / "bug.yaml"
    downloading.value.save_as(path)
    client = create_app(scenario=str(path)).test_client()
    assert client.get("/admin/jobs/job-7").json["status"] == "queued"
    assert client.get("/__mock/state").json["fingerprint"] == call_api("GET", "/__mock/state")["fingerprint"]


def test_polling_pauses_and_resumes(page: Page, call_api: CallApi) -> None:
    open_console(page, "scenarios")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused")).to_be_visible()
    call_api("POST", "/admin/jobs/job-7/retry")
    expect(page.get_by_role("region", name="Run")).to_contain_text("revision 0")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("region", name="Run")).to_contain_text("revision 1")


def test_an_unreachable_server_is_reported_and_tried_again(page: Page) -> None:
    open_console(page, "scenarios")
    page.route("**/__mock/clock", lambda route: route.abort())
    poll(page)
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")
    expect(page.get_by_text("Trying again")).to_be_visible()
    page.unroute("**/__mock/clock")
    poll(page)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()
