"""The API docs: both documents, offline; requests go to the sandbox of the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from mockserver import BackgroundServer
from tests.browser.conftest import CallApi, PageIn


def try_out(page: Page, operation: str) -> None:
    """Open an operation, and execute it as it is filled in."""
    page.get_by_role("button", name=operation).first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()


def test_both_documents_can_be_read_and_no_request_leaves_the_origin(page: Page, server: BackgroundServer) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto("/__mock/docs")
    expect(page.get_by_role("heading", name="Tutoring ingestion API")).to_be_visible()
    page.get_by_role("link", name="Control API").click()
    expect(page.get_by_role("heading", name="mockserver control API")).to_be_visible()
    expect(page.get_by_role("link", name="Control API")).to_have_attribute("aria-current", "page")
    assert [url for url in requested if not url.startswith((f"{server.url}/", "data:"))] == []


def test_requests_from_the_docs_have_the_sandbox_and_scenario_of_the_page(
    page_in: PageIn, call_api: CallApi, server: BackgroundServer
) -> None:
    page = page_in("empty")
    page.goto("/__mock/docs")
    with page.expect_response(f"{server.url}/tutor/courses") as response:
        try_out(page, "GET /tutor/courses List courses")
    assert response.value.json() == {"courses": []}
    assert response.value.headers["x-mock-scenario"] == "empty"
    (entry,) = call_api("GET", "/__mock/requests")["requests"]
    assert entry["request"]["headers"]["X-Mock-Scenario"] == "empty"


@pytest.mark.full
def test_it_works_below_a_base_address(page: Page, server: BackgroundServer, sandbox: str) -> None:
    base = f"/__mock/in/{sandbox}-below@empty"
    page.goto(f"{base}/__mock/docs")
    with page.expect_response(f"{server.url}{base}/tutor/courses") as response:
        try_out(page, "GET /tutor/courses List courses")
    assert response.value.headers["x-mock-sandbox"] == f"{sandbox}-below"


def test_servers_that_the_document_names_are_not_called(page: Page, small_server: BackgroundServer) -> None:
    page.goto(f"{small_server.url}/__mock/docs")
    with page.expect_response(f"{small_server.url}/message") as response:
        try_out(page, "GET /message")
    assert response.value.json() == "hello"


def test_a_document_that_cannot_be_loaded_is_reported(page: Page) -> None:
    page.route("**/openapi.json", lambda route: route.abort())
    page.goto("/__mock/docs")
    expect(page.get_by_role("alert")).to_contain_text("/openapi.json: The server cannot be reached")


def test_only_the_needed_files_of_swagger_ui_are_served(page: Page, server: BackgroundServer) -> None:
    assert page.request.get("/__mock/assets/0/swagger/swagger-ui.css").status == 200
    assert page.request.get("/__mock/assets/0/swagger/index.css").status == 404
