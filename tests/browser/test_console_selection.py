"""The console: which sandbox and scenario a browser is in, and how it switches."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from mockserver import BackgroundServer
from tests.browser.conftest import TOKEN, CallApi, MakeContext, PageIn
from tests.browser.pages import open_console, poll

RECOVERING = "fails-then-recovers"


def fetch(context: BrowserContext, address: str) -> Any:
    """The JSON that a page of the app would get in this browser, which sends its cookies."""
    response = context.request.get(address)
    assert response.ok, response.text()
    return response.json()


def test_the_console_shows_sandbox_and_scenario_and_what_selected_them(page: Page, sandbox: str) -> None:
    open_console(page, "scenarios")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tutoring ingestion API")
    facts = page.get_by_role("region", name="This browser")
    expect(facts).to_contain_text(f"{sandbox} by cookie mock_sandbox")
    expect(facts).to_contain_text("baseline by default")


def test_switching_applies_to_all_ports_and_to_no_other_browser(
    make_context: MakeContext, server: BackgroundServer, small_server: BackgroundServer
) -> None:
    context, other_browser = make_context(), make_context()
    page = context.new_page()
    open_console(page, "scenarios")
    page.get_by_role("link", name="Switch to empty").click()
    expect(page.get_by_role("region", name="This browser")).to_contain_text("empty by cookie mock_scenario")
    expect(page).to_have_url(f"{server.url}/__mock/")
    expect(page.get_by_role("listitem").filter(has_text="empty").get_by_text("in use")).to_be_visible()
    assert fetch(context, f"{small_server.url}/jobs") == []
    assert fetch(context, f"{server.url}/admin/jobs")["total"] == 0
    assert fetch(other_browser, f"{server.url}/admin/jobs")["total"] == 36
    page.get_by_role("link", name="Back to the default").click()
    expect(page.get_by_role("region", name="This browser")).to_contain_text("baseline by default")


def test_a_switch_by_the_control_api_is_shown(page: Page, call_api: CallApi) -> None:
    open_console(page, "scenarios")
    call_api("PUT", "/__mock/scenario", {"name": "empty"})
    poll(page)
    expect(page.get_by_role("region", name="This browser")).to_contain_text("empty by active scenario")
    expect(page.get_by_role("banner").first).to_contain_text("scenario empty")
    expect(page.get_by_role("link", name="Switch to empty")).to_be_hidden()


def test_another_sandbox_is_entered_and_left(make_context: MakeContext, server: BackgroundServer, sandbox: str) -> None:
    context = make_context()
    page = context.new_page()
    open_console(page, "scenarios")
    page.get_by_label("Another sandbox").fill(f"{sandbox}-two")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("region", name="This browser")).to_contain_text(f"{sandbox}-two by cookie")
    page.get_by_role("link", name="Leave this sandbox").click()
    expect(page.get_by_role("region", name="This browser")).to_contain_text("default by default")
    page.get_by_label("Another sandbox").fill("no/name")
    page.get_by_role("button", name="Go").click()
    assert page.get_by_label("Another sandbox").evaluate("field => field.validity.patternMismatch")


def test_an_ignored_cookie_is_shown(page_in: PageIn) -> None:
    page = page_in("nope")
    open_console(page, "scenarios")
    expect(page.get_by_text("not valid on this server: mock_scenario")).to_be_visible()


def test_a_scenario_is_shared_as_link_command_and_headers(
    make_context: MakeContext, server: BackgroundServer, sandbox: str
) -> None:
    context = make_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    open_console(page, "scenarios")
    page.get_by_role("button", name="Copy for empty").click()
    dialog = page.get_by_role("dialog")
    copied = {}
    for name in ("link", "curl", "playwright headers"):
        page.evaluate("navigator.clipboard.writeText('')")
        dialog.get_by_role("button", name=f"Copy {name}").click()
        page.wait_for_function("navigator.clipboard.readText()")
        copied[name] = page.evaluate("navigator.clipboard.readText()")
    expect(dialog.get_by_text("Copied.")).to_be_visible()
    assert copied["link"] == f"{server.url}/__mock/?__scenario=empty&__sandbox={sandbox}"
    assert copied["curl"] == (
        f"curl -H 'X-Mock-Scenario: empty' -H 'X-Mock-Sandbox: {sandbox}' '{server.url}/admin/jobs'"
    )
    headers = json.loads(copied["playwright headers"].removeprefix("extraHTTPHeaders: ").removesuffix(","))
    assert headers == {"X-Mock-Scenario": "empty", "X-Mock-Sandbox": sandbox}
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Copy for empty")).to_be_focused()
    friend = make_context(in_sandbox=f"{sandbox}-friend").new_page()
    friend.goto(copied["link"])
    expect(friend.get_by_role("region", name="This browser")).to_contain_text(f"{sandbox} by cookie")


def test_it_works_below_a_base_address(page: Page, call_api: CallApi, server: BackgroundServer, sandbox: str) -> None:
    below = f"{sandbox}-below"
    base = f"/__mock/in/{below}@empty"
    open_console(page, "records", base)
    expect(page.get_by_role("region", name="This browser")).to_contain_text(f"{below} by base address")
    expect(page.get_by_text("There are no records.")).to_be_visible()
    page.get_by_role("tab", name="Scenarios").click()
    page.get_by_role("link", name="Switch to baseline").click()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(page).to_have_url(f"{server.url}/__mock/in/{below}@baseline/__mock/")
    page.get_by_role("tab", name="Records").click()
    page.get_by_role("button", name="start job-1", exact=True).click()
    expect(page.get_by_role("button", name="succeed job-1", exact=True)).to_be_visible()
    assert fetch(page.context, f"/__mock/in/{below}@baseline/admin/jobs/job-1")["status"] == "running"
    assert call_api("GET", "/admin/jobs/job-1")["status"] == "queued"
    page.get_by_role("tab", name="Scenarios").click()
    page.get_by_role("button", name="Copy for empty").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"{server.url}/__mock/?__scenario=empty&__sandbox={below}")


def test_a_browser_enters_the_token_once(make_context: MakeContext, token_server: BackgroundServer) -> None:
    url = token_server.url
    context = make_context()
    page = context.new_page()
    page.goto(f"{url}/__mock/")
    expect(page.get_by_role("heading", name="This server requires a token")).to_be_visible()
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text("This token is not correct.")).to_be_visible()
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(page).to_have_url(f"{url}/__mock/")
    page.get_by_role("button", name="+30 s").click()
    expect(page.get_by_role("region", name="Clock")).to_contain_text("It is 09:00:30.000.")
    assert TOKEN not in page.content()
    (cookie,) = [cookie for cookie in context.cookies(url) if cookie["name"] == "mock_token"]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert cookie["path"] == "/"
    docs = context.new_page()
    docs.goto(f"{url}/__mock/docs?__token={TOKEN}")
    assert docs.url == f"{url}/__mock/docs"
