"""The console with contracts other than the built-in one, and what it loads."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from mockserver import BackgroundServer
from tests.browser.pages import SCRIPT, open_console, source_sizes

RECOVERING = "fails-then-recovers"


def test_it_works_with_a_small_contract(page: Page, small_server: BackgroundServer) -> None:
    open_console(page, "records", small_server.url)
    page.get_by_role("button", name="start x/y", exact=True).click()
    row = page.get_by_role("row").filter(has=page.get_by_role("button", name="x/y", exact=True))
    expect(row).to_contain_text("running")
    page.get_by_label("Resource").select_option("owners")
    expect(page.get_by_text("3 records")).to_be_visible()
    page.get_by_role("button", name="2", exact=True).click()
    expect(page.get_by_role("complementary", name="2")).to_contain_text('"state": "busy"')


def test_it_works_with_a_bare_openapi_document(page: Page, bare_server: BackgroundServer) -> None:
    for view in ("records", "overrides", "journal", "contract"):
        open_console(page, view, bare_server.url)
    expect(page.get_by_role("row", name="ping")).to_be_visible()
    page.get_by_role("tab", name="Records").click()
    expect(page.get_by_text("This contract declares no resources")).to_be_visible()


def test_markup_in_texts_of_contract_and_requests_is_shown_as_text(page: Page, small_server: BackgroundServer) -> None:
    page.context.request.get(f"{small_server.url}/jobs/{SCRIPT}", headers={"X-Note": SCRIPT})
    page.context.request.post(f"{small_server.url}/jobs", data={"note": SCRIPT})
    open_console(page, "scenarios", small_server.url)
    expect(page.get_by_text(SCRIPT).first).to_be_visible()
    page.get_by_role("tab", name="Records").click()
    page.get_by_role("button", name="a", exact=True).click()
    expect(page.get_by_role("complementary")).to_contain_text("onerror")
    page.get_by_role("tab", name="Journal").click()
    page.get_by_role("button", name="GET /jobs/<img").click()
    expect(page.get_by_role("complementary")).to_contain_text(f"X-Note: {SCRIPT}", ignore_case=True)
    page.get_by_role("tab", name="Contract").click()
    expect(page.get_by_role("cell", name=SCRIPT)).to_be_visible()
    expect(page).to_have_title("Console · Small")
    assert page.locator("img, main script").count() == 0


def test_no_request_leaves_the_origin(page: Page, server: BackgroundServer) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    for view in ("scenarios", "records", "overrides", "journal", "contract"):
        open_console(page, view)
    assert [url for url in requested if not url.startswith(f"{server.url}/")] == []


def test_scripts_and_styles_of_the_page_stay_small(page: Page) -> None:
    open_console(page, "scenarios")
    sizes = source_sizes(page)
    assert len(sizes) > 10
    assert 5_000 < sum(sizes) < 64_000
