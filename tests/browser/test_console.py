"""The console: everything that it offers, done in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import BrowserContext, Page, expect

from mockserver import BackgroundServer, create_app
from tests.browser.conftest import SECONDS, MakeContext
from tests.conftest import MakeContract

Steer = Callable[..., Any]
RECOVERING = "fails-then-recovers"


def open_view(page: Page, view: str, base: str = "") -> None:
    """Open the console at one of its views, and wait until the server has answered."""
    page.goto(f"{base}/__mock/#{view}")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def ask_from(context: BrowserContext, address: str) -> Any:
    """The JSON that a page of the app would get in this browser, cookies and all."""
    answer = context.request.get(address)
    assert answer.ok, answer.text()
    return answer.json()


def test_the_console_tells_where_this_browser_is_and_what_chose_it(page: Page, sandbox: str) -> None:
    open_view(page, "scenarios")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tutoring ingestion API")
    facts = page.get_by_role("region", name="This browser")
    expect(facts).to_contain_text(f"{sandbox} by cookie mock_sandbox")
    expect(facts).to_contain_text("baseline by default")


def test_switching_reaches_the_app_on_any_port_and_nobody_else(
    make_context: MakeContext, server: BackgroundServer, built_in: Any, sandbox: str
) -> None:
    context, other = make_context(), make_context()
    page = context.new_page()
    open_view(page, "scenarios")
    page.get_by_role("link", name="Switch to empty").click()
    expect(page.get_by_role("region", name="This browser")).to_contain_text("empty by cookie mock_scenario")
    assert page.url == f"{server.url}/__mock/"
    expect(page.get_by_role("listitem").filter(has_text="empty").get_by_text("in use")).to_be_visible()
    with BackgroundServer(create_app(built_in)) as app_next_door:
        assert ask_from(context, f"{app_next_door.url}/admin/jobs")["total"] == 0
    assert ask_from(context, f"{server.url}/admin/jobs")["total"] == 0
    assert ask_from(other, f"{server.url}/admin/jobs")["total"] == 36
    page.get_by_role("link", name="Back to the default").click()
    expect(page.get_by_role("region", name="This browser")).to_contain_text("baseline by default")


def test_a_switch_made_elsewhere_shows_by_itself(page: Page, steer: Steer) -> None:
    open_view(page, "scenarios")
    steer("PUT", "/__mock/scenario", {"name": "empty"})
    expect(page.get_by_role("region", name="This browser")).to_contain_text("empty by active scenario")
    expect(page.get_by_role("banner").first).to_contain_text("scenario empty")
    expect(page.get_by_role("link", name="Switch to empty")).to_be_hidden()


def test_a_sandbox_is_named_and_left(make_context: MakeContext, server: BackgroundServer, sandbox: str) -> None:
    context = make_context()
    page = context.new_page()
    open_view(page, "scenarios")
    page.get_by_label("Another sandbox").fill(f"{sandbox[:50]}-two")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("region", name="This browser")).to_contain_text(f"{sandbox[:50]}-two by cookie")
    page.get_by_role("link", name="Leave this sandbox").click()
    expect(page.get_by_role("region", name="This browser")).to_contain_text("default by default")
    page.get_by_label("Another sandbox").fill("no/name")
    page.get_by_role("button", name="Go").click()
    assert page.get_by_label("Another sandbox").evaluate("field => field.validity.patternMismatch")


def test_a_cookie_that_names_nothing_is_told(make_context: MakeContext) -> None:
    page = make_context(scenario="nope").new_page()
    open_view(page, "scenarios")
    expect(page.get_by_text("passed over: mock_scenario")).to_be_visible()


def test_a_scenario_is_handed_on_as_link_command_and_headers(
    make_context: MakeContext, server: BackgroundServer, sandbox: str
) -> None:
    context = make_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    open_view(page, "scenarios")
    page.get_by_role("button", name="Copy for empty").click()
    dialog = page.get_by_role("dialog")
    copied = {}
    for name in ("link", "curl", "playwright headers"):
        dialog.get_by_role("button", name=f"Copy {name}").click()
        expect(dialog.get_by_text("Copied.")).to_be_visible()
        copied[name] = page.evaluate("navigator.clipboard.readText()")
    assert copied["link"] == f"{server.url}/__mock/?__scenario=empty&__sandbox={sandbox}"
    assert copied["curl"] == (
        f"curl -H 'X-Mock-Scenario: empty' -H 'X-Mock-Sandbox: {sandbox}' '{server.url}/admin/jobs'"
    )
    headers = json.loads(copied["playwright headers"].removeprefix("extraHTTPHeaders: ").removesuffix(","))
    assert headers == {"X-Mock-Scenario": "empty", "X-Mock-Sandbox": sandbox}
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Copy for empty")).to_be_focused()
    friend = make_context(own="somebody-else").new_page()
    friend.goto(copied["link"])
    expect(friend.get_by_role("region", name="This browser")).to_contain_text(f"{sandbox} by cookie")


def test_the_clock_moves_and_tells_what_fired(make_context: MakeContext, steer: Steer) -> None:
    page = make_context(scenario=RECOVERING).new_page()
    open_view(page, "records")
    clock = page.get_by_role("region", name="Clock")
    expect(clock).to_contain_text("2026-01-15 09:00:05.000, in 5 s")
    clock.get_by_role("button", name="Next event").click()
    expect(clock).to_contain_text("3 transitions fired. It is 09:00:05.000.")
    expect(clock.get_by_role("listitem").first).to_have_text("09:00:05.000 job-1 start jobs")
    expect(page.get_by_role("row", name="job-1", exact=False).first).to_contain_text("running")
    clock.get_by_role("button", name="+30 s").click()
    expect(clock).to_contain_text("09:00:35.000")
    clock.get_by_role("button", name="−30 s").click()
    expect(clock).to_contain_text("What came later is undone. It is 09:00:05.000.")
    clock.get_by_label("Duration").fill("1h")
    clock.get_by_role("button", name="Advance").click()
    expect(clock).to_contain_text("10:00:05.000")
    assert steer("GET", "/__mock/clock", scenario=RECOVERING)["now"] == "2026-01-15T10:00:05.000Z"


def test_the_last_command_is_undone(page: Page, steer: Steer) -> None:
    steer("POST", "/admin/jobs/job-7/retry")
    open_view(page, "scenarios")
    expect(page.get_by_role("region", name="Run")).to_contain_text("revision 1")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("region", name="Run")).to_contain_text("2, revision 0")
    assert steer("GET", "/admin/jobs/job-7")["status"] == "failed"


def test_the_clock_runs_by_itself_at_a_speed(page: Page, steer: Steer) -> None:
    open_view(page, "scenarios")
    clock = page.get_by_role("region", name="Clock")
    clock.get_by_label("Moved by").select_option("real")
    clock.get_by_label("Speed").fill("60")
    clock.get_by_role("button", name="Set").click()
    expect(clock).to_contain_text("time, × 60")
    assert steer("GET", "/__mock/clock")["speed"] == 60
    clock.get_by_label("Moved by").select_option("manual")
    clock.get_by_role("button", name="Set").click()
    expect(clock.get_by_text("hand", exact=True)).to_be_visible()


def test_a_refusal_is_told_beside_what_was_asked_for(page: Page) -> None:
    open_view(page, "scenarios")
    page.get_by_role("button", name="−30 s").click()
    told = page.get_by_role("region", name="Clock").get_by_role("status")
    expect(told).to_contain_text("422 before-start The clock of this run begins at 2026-01-15T09:00:00.000Z")
    expect(told).to_contain_text('POST /__mock/clock {"rewind":"30s"}')
    page.get_by_role("button", name="+30 s").click()
    expect(told).to_have_text("0 transitions fired. It is 09:00:30.000.")


def test_a_run_and_a_sandbox_are_reset_once_that_is_meant(page: Page, steer: Steer) -> None:
    steer("POST", "/admin/jobs/job-7/retry")
    open_view(page, "scenarios")
    page.get_by_role("button", name="Reset run").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert steer("GET", "/admin/jobs/job-7")["status"] == "queued"
    page.get_by_role("button", name="Reset run").click()
    page.get_by_role("dialog").get_by_role("button", name="Reset").click()
    expect(page.get_by_text("The run is at its start.")).to_be_visible()
    assert steer("GET", "/admin/jobs/job-7")["status"] == "failed"
    assert steer("GET", "/__mock/requests")["seen"] == 3
    page.get_by_role("button", name="Reset sandbox").click()
    page.get_by_role("dialog").get_by_role("button", name="Reset").click()
    expect(page.get_by_text("The sandbox is at its start.")).to_be_visible()
    assert steer("GET", "/__mock/requests")["seen"] == 0


def test_a_record_is_moved_through_its_lifecycle(page: Page, steer: Steer) -> None:
    open_view(page, "records")
    page.get_by_role("button", name="start job-1", exact=True).click()
    row = page.get_by_role("row").filter(has=page.get_by_role("button", name="job-1", exact=True))
    expect(row).to_contain_text("running")
    # The button that was pressed is gone, so its neighbour has the focus.
    expect(page.get_by_role("button", name="succeed job-1", exact=True)).to_be_focused()
    page.get_by_role("button", name="job-1", exact=True).click()
    detail = page.get_by_role("complementary", name="job-1")
    expect(detail.get_by_role("heading")).to_be_focused()
    expect(detail.get_by_role("img", name="Lifecycle of jobs, now running")).to_be_visible()
    expect(detail.locator(".current")).to_contain_text("running")
    detail.get_by_role("button", name="fail", exact=True).click()
    expect(detail.get_by_role("img", name="Lifecycle of jobs, now failed")).to_be_visible()
    expect(detail.get_by_role("button", name="retry")).to_be_focused()
    expect(detail).to_contain_text('"status": "failed"')
    assert steer("GET", "/admin/jobs/job-1")["status"] == "failed"
    detail.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="job-1", exact=True)).to_be_focused()


def test_a_transition_that_somebody_else_made_impossible_is_refused_in_words(page: Page, steer: Steer) -> None:
    open_view(page, "records")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="start job-1", exact=True)).to_be_visible()
    steer("POST", "/admin/jobs/job-1/cancel")
    page.get_by_role("button", name="start job-1", exact=True).click()
    expect(page.get_by_role("tabpanel")).to_contain_text("409 transition-not-allowed start is not allowed while")
    expect(page.get_by_role("tabpanel")).to_contain_text("POST /__mock/state/jobs/job-1/start")


def test_records_are_found_by_state_and_text(page: Page) -> None:
    open_view(page, "records")
    expect(page.get_by_text("36 records", exact=True)).to_be_visible()
    page.get_by_label("State").select_option("failed")
    expect(page.get_by_text("10 of 36 records")).to_be_visible()
    page.get_by_label("Contains").fill("SESSION-3")
    expect(page.get_by_role("tabpanel").get_by_role("row")).to_have_count(3)
    page.get_by_label("Contains").fill("nothing like that")
    expect(page.get_by_text("No record is like that.")).to_be_visible()
    page.get_by_label("Resource").select_option("job_events")
    page.get_by_label("Contains").fill("")
    expect(page.get_by_text("74 records")).to_be_visible()
    expect(page.get_by_text("1–50 of 74")).to_be_visible()
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_text("51–74 of 74")).to_be_visible()


def test_five_thousand_records_are_shown_a_page_at_a_time_and_fetched_when_they_change(
    make_context: MakeContext, steer: Steer
) -> None:
    page = make_context(scenario="large-queue").new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.partition("/__mock/")[2]))
    open_view(page, "records")
    expect(page.get_by_text("1–50 of 5,000")).to_be_visible()
    # A second poll: the clock is asked again, the records are not.
    with page.expect_request("**/__mock/clock"):
        pass
    with page.expect_request("**/__mock/clock"):
        pass
    assert [one for one in asked if one.startswith("state")] == ["state?resource=jobs"]
    expect(page.get_by_role("tabpanel").get_by_role("row")).to_have_count(51)
    with page.expect_response("**/__mock/state?resource=jobs"):
        page.get_by_role("button", name=re.compile("^cancel ")).first.click()


def test_an_override_is_added_met_counted_and_removed(page: Page, steer: Steer, server: BackgroundServer) -> None:
    open_view(page, "overrides")
    expect(page.get_by_text("None: every operation answers")).to_be_visible()
    form = page.get_by_role("form", name="Add an override")
    form.get_by_label("Operation").select_option("getJob")
    form.get_by_label("Times").fill("2")
    form.get_by_label("Delay").fill("1ms")
    entry = json.loads(form.get_by_label("The whole entry").input_value())
    assert entry == {"operation": "getJob", "status": 503, "times": 2, "delay": "1ms"}
    form.get_by_label("The whole entry").fill(json.dumps({**entry, "where": {"job_id": "job-2"}}))
    # A field that is changed later keeps what was written by hand.
    form.get_by_label("Status").fill("500")
    form.get_by_role("button", name="Add").click()
    expect(form).to_contain_text("Added as override-1.")
    row = page.get_by_role("row").filter(has_text="getJob")
    expect(row).to_contain_text("0 of 2")
    expect(row).to_contain_text('{"status":500,"times":2,"delay":"1ms","where":{"job_id":"job-2"}}')
    answer = page.context.request.get(f"{server.url}/admin/jobs/job-2")
    assert (answer.status, page.context.request.get(f"{server.url}/admin/jobs/job-1").status) == (500, 200)
    expect(row).to_contain_text("1 of 2")
    row.get_by_role("button", name="Remove override-1").click()
    expect(page.get_by_text("None: every operation answers")).to_be_visible()
    assert steer("GET", "/__mock/overrides") == {"overrides": []}


def test_every_added_override_goes_at_once_and_the_scenarios_own_stay(make_context: MakeContext, steer: Steer) -> None:
    steer("POST", "/__mock/overrides", {"operation": "getJob", "status": 500}, "outage")
    page = make_context(scenario="outage").new_page()
    open_view(page, "overrides")
    expect(page.get_by_role("cell", name="every time").first).to_be_visible()
    page.get_by_role("button", name="Remove all added").click()
    expect(page.get_by_role("button", name="Remove override-1")).to_be_hidden()
    expect(page.get_by_role("button", name="Remove all added")).to_be_hidden()
    left = steer("GET", "/__mock/overrides", scenario="outage")["overrides"]
    expect(page.get_by_role("cell", name="scenario", exact=True)).to_have_count(len(left))


def test_an_override_that_cannot_be_is_refused_in_full(page: Page) -> None:
    open_view(page, "overrides")
    form = page.get_by_role("form", name="Add an override")
    form.get_by_label("The whole entry").fill('{"operation": "getJob", "status": 503, "where": {"a": 1, "b": 2}}')
    form.get_by_role("button", name="Add").click()
    expect(form.get_by_role("status")).to_contain_text("422 invalid-request")
    expect(form.get_by_role("status").get_by_role("listitem")).to_have_count(2)
    form.get_by_label("The whole entry").fill("{")
    form.get_by_role("button", name="Add").click()
    expect(form.get_by_role("status")).to_contain_text("That is no JSON")


def test_the_journal_shows_what_comes_in_and_why_nothing_matched(
    page: Page, steer: Steer, server: BackgroundServer
) -> None:
    open_view(page, "journal")
    expect(page.get_by_text("No requests yet.")).to_be_visible()
    steer("GET", "/admin/jobs?status=failed")
    page.context.request.get(f"{server.url}/admin/job")
    page.context.request.get(f"{server.url}/admin/jobs?limit=0")
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
    expect(page.get_by_text("No request that is kept is like that.")).to_be_visible()
    page.get_by_role("tabpanel").get_by_label("Status").select_option("")
    page.get_by_role("tabpanel").get_by_label("Operation").select_option("")
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_text("No request that is kept is like that.")).to_be_visible()


def test_what_fired_is_told_with_the_request_that_came_after(make_context: MakeContext, steer: Steer) -> None:
    steer("POST", "/__mock/clock", {"advance": "5s"}, RECOVERING)
    steer("GET", "/admin/jobs/job-1", scenario=RECOVERING)
    page = make_context(scenario=RECOVERING).new_page()
    open_view(page, "journal")
    page.get_by_role("button", name="GET /admin/jobs/job-1").click()
    expect(page.get_by_role("complementary")).to_contain_text("09:00:05.000 jobs job-1 start")


def test_the_verdict_is_shown_as_it_is(page: Page, steer: Steer, server: BackgroundServer) -> None:
    open_view(page, "journal")
    page.get_by_role("button", name="Verdict").click()
    verdict = page.get_by_role("region", name="Verdict")
    expect(verdict).to_contain_text("Passed 0 requests")
    expect(verdict).to_be_focused()
    steer("POST", "/__mock/overrides", {"operation": "listCourses", "status": 500})
    page.context.request.get(f"{server.url}/nowhere/at/all")
    page.get_by_role("button", name="Verdict").click()
    expect(verdict).to_contain_text("Failed 1 request matched no operation; 1 override was never used.")
    expect(verdict).to_contain_text("GET /nowhere/at/all")
    expect(verdict).to_contain_text('"operation":"listCourses"')


def test_an_answer_that_breaks_the_contract_is_told_with_every_violation(
    make_context: MakeContext, make_contract: MakeContract
) -> None:
    def break_it(files: dict[str, Any]) -> None:
        content = files["schemas/openapi.yaml"]["paths"]["/jobs/{job_id}"]["get"]["responses"]["200"]["content"]
        content["application/json"]["schema"] = {"allOf": [{"$ref": "job.json"}, {"required": ["priority", "weight"]}]}

    with BackgroundServer(create_app(make_contract(break_it))) as server:
        requests.get(f"{server.url}/jobs/a", timeout=SECONDS)
        page = make_context(own="default").new_page()
        open_view(page, "journal", server.url)
        told = page.get_by_role("region", name="Answers that broke the contract")
        expect(told).to_contain_text("GET /jobs/a 200")
        expect(told.get_by_role("listitem").filter(has_text="(required)")).to_have_count(3)
        page.get_by_role("button", name="GET /jobs/a").click()
        expect(page.get_by_role("complementary").get_by_text("(required)")).to_have_count(2)
        page.get_by_role("button", name="Verdict").click()
        expect(page.get_by_role("region", name="Verdict")).to_contain_text('"weight" is required and missing')
        page.get_by_role("button", name="Clear violations").click()
        expect(told).to_be_hidden()


def test_the_recording_is_downloaded_and_served(page: Page, steer: Steer, tmp_path: Path) -> None:
    steer("POST", "/admin/jobs/job-7/retry")
    open_view(page, "scenarios")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download recording").click()
    assert downloading.value.suggested_filename == "baseline-recording.yaml"
    path = tmp_path / "bug.yaml"
    downloading.value.save_as(path)
    client = create_app(scenario=str(path)).test_client()
    assert client.get("/admin/jobs/job-7").json["status"] == "queued"
    assert client.get("/__mock/state").json["fingerprint"] == steer("GET", "/__mock/state")["fingerprint"]


def test_polling_pauses_and_resumes_in_view(page: Page, steer: Steer) -> None:
    open_view(page, "scenarios")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused")).to_be_visible()
    steer("POST", "/admin/jobs/job-7/retry")
    expect(page.get_by_role("region", name="Run")).to_contain_text("revision 0")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("region", name="Run")).to_contain_text("revision 1")


def test_a_server_that_is_gone_is_told_and_asked_again(make_context: MakeContext, built_in: Any) -> None:
    server = BackgroundServer(create_app(built_in)).start()
    page = make_context().new_page()
    open_view(page, "scenarios", server.url)
    page.route("**/__mock/clock", lambda route: route.abort())
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")
    expect(page.get_by_text("Trying again")).to_be_visible()
    page.unroute("**/__mock/clock")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()
    server.stop()


def test_the_keyboard_alone_does_it(page: Page) -> None:
    open_view(page, "scenarios")
    page.get_by_role("tab", name="Scenarios").focus()
    for view in ("Records", "Overrides", "Journal", "Contract", "Scenarios", "Records"):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name=view)).to_be_focused()
        expect(page.get_by_role("tabpanel", name=view)).to_be_visible()
    assert page.url.endswith("#records")
    page.keyboard.press("End")
    expect(page.get_by_role("tabpanel", name="Contract")).to_be_visible()
    page.keyboard.press("Home")
    page.get_by_role("tab", name="Scenarios").press("ArrowRight")
    row = page.get_by_role("button", name="job-1", exact=True)
    expect(row).to_be_visible()
    for _ in range(12):
        if row.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(row).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary").get_by_role("heading", name="job-1")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("complementary").get_by_role("button", name="start")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary").get_by_role("button", name="succeed")).to_be_focused()
    page.keyboard.press("Escape")
    expect(row).to_be_focused()


SCRIPT = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"


def test_what_would_be_script_stays_text(make_context: MakeContext, make_contract: MakeContract) -> None:
    def add_scripts(files: dict[str, Any]) -> None:
        files["scenarios/baseline.yaml"] = {**files["scenarios/baseline.yaml"], "summary": SCRIPT}
        files["schemas/openapi.yaml"]["paths"]["/message"]["get"]["summary"] = SCRIPT
        files["fixtures/small/jobs.json"][0]["note"] = SCRIPT

    with BackgroundServer(create_app(make_contract(add_scripts))) as server:
        page = make_context(own="default").new_page()
        requests.get(
            f"{server.url}/jobs/{SCRIPT}", headers={"X-Note": SCRIPT, "X-Mock-Sandbox": "default"}, timeout=SECONDS
        )
        requests.post(f"{server.url}/jobs", json={"note": SCRIPT}, timeout=SECONDS)
        open_view(page, "scenarios", server.url)
        expect(page.get_by_text(SCRIPT).first).to_be_visible()
        page.get_by_role("tab", name="Records").click()
        page.get_by_role("button", name="a", exact=True).click()
        expect(page.get_by_role("complementary")).to_contain_text("onerror")
        page.get_by_role("tab", name="Journal").click()
        page.get_by_role("button", name="GET /jobs/<img").click()
        expect(page.get_by_role("complementary")).to_contain_text(f"X-Note: {SCRIPT}")
        page.get_by_role("tab", name="Contract").click()
        expect(page.get_by_role("cell", name=SCRIPT)).to_be_visible()
        expect(page).to_have_title("Console · Small")
        assert page.locator("img, main script").count() == 0


def test_no_request_leaves_the_origin(page: Page, server: BackgroundServer) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for view in ("scenarios", "records", "overrides", "journal", "contract"):
        open_view(page, view)
    assert [url for url in asked if not url.startswith(f"{server.url}/")] == []


def test_it_works_with_a_small_contract(make_context: MakeContext, make_contract: MakeContract) -> None:
    with BackgroundServer(create_app(make_contract())) as server:
        page = make_context(own="default").new_page()
        open_view(page, "records", server.url)
        page.get_by_role("button", name="start x/y", exact=True).click()
        row = page.get_by_role("row").filter(has=page.get_by_role("button", name="x/y", exact=True))
        expect(row).to_contain_text("running")
        page.get_by_label("Resource").select_option("owners")
        expect(page.get_by_text("3 records")).to_be_visible()
        page.get_by_role("button", name="2", exact=True).click()
        expect(page.get_by_role("complementary", name="2")).to_contain_text('"state": "busy"')


def test_it_works_with_a_bare_openapi_document(make_context: MakeContext, tmp_path: Path) -> None:
    path = tmp_path / "bare.yaml"
    document = {"openapi": "3.1.0", "info": {"title": "Bare", "version": "1"}, "paths": {
        "/ping": {"get": {"operationId": "ping", "responses": {"200": {"description": "pong"}}}},
    }}  # fmt: skip
    path.write_text(json.dumps(document))
    with BackgroundServer(create_app(path)) as server:
        page = make_context(own="default").new_page()
        for view in ("records", "overrides", "journal", "contract"):
            open_view(page, view, server.url)
        expect(page.get_by_role("row", name="ping")).to_be_visible()
        page.get_by_role("tab", name="Records").click()
        expect(page.get_by_text("This contract declares no resources")).to_be_visible()


def test_it_works_below_a_base_address(page: Page, steer: Steer, server: BackgroundServer) -> None:
    base = "/__mock/in/below@empty"
    open_view(page, "records", base)
    expect(page.get_by_role("region", name="This browser")).to_contain_text("below by base address")
    expect(page.get_by_text("There are no records.")).to_be_visible()
    page.get_by_role("tab", name="Scenarios").click()
    page.get_by_role("link", name="Switch to baseline").click()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    assert page.url == f"{server.url}/__mock/in/below@baseline/__mock/"
    page.get_by_role("tab", name="Records").click()
    page.get_by_role("button", name="start job-1", exact=True).click()
    expect(page.get_by_role("button", name="succeed job-1", exact=True)).to_be_visible()
    below = requests.get(f"{server.url}/__mock/in/below@baseline/admin/jobs/job-1", timeout=SECONDS).json()
    assert (below["status"], steer("GET", "/admin/jobs/job-1")["status"]) == ("running", "queued")
    page.get_by_role("tab", name="Scenarios").click()
    page.get_by_role("button", name="Copy for empty").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"{server.url}/__mock/?__scenario=empty&__sandbox=below")


def test_with_a_token_a_browser_brings_it_once(make_context: MakeContext, built_in: Any) -> None:
    with BackgroundServer(create_app(built_in, token="s3cret")) as server:
        context = make_context(own="default")
        page = context.new_page()
        page.goto(f"{server.url}/__mock/")
        expect(page.get_by_role("heading", name="This server asks for a token")).to_be_visible()
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_text("That is not the token.")).to_be_visible()
        page.get_by_label("Token").fill("s3cret")
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        assert page.url == f"{server.url}/__mock/"
        page.get_by_role("button", name="+30 s").click()
        expect(page.get_by_role("region", name="Clock")).to_contain_text("It is 09:00:30.000.")
        assert "s3cret" not in page.content()
        (cookie,) = [one for one in context.cookies(server.url) if one["name"] == "mock_token"]
        assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
        other = context.new_page()
        other.goto(f"{server.url}/__mock/docs?__token=s3cret")
        assert other.url == f"{server.url}/__mock/docs"


def test_scripts_and_styles_of_the_page_stay_small(page: Page) -> None:
    sizes: dict[str, int] = {}
    page.on(
        "response",
        lambda answer: (
            sizes.update({answer.url: len(answer.body())}) if re.search(r"\.(js|css)$", answer.url) else None
        ),
    )
    open_view(page, "scenarios")
    assert len(sizes) > 10
    assert sum(sizes.values()) < 60_000
