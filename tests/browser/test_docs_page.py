"""The API docs: both documents, offline, tried out in the page's own sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from mockserver import BackgroundServer, create_app
from tests.browser.conftest import MakeContext
from tests.conftest import MakeContract

Steer = Callable[..., Any]


def try_out(page: Page, operation: str) -> None:
    """Open an operation, and execute it as it is filled in."""
    page.get_by_role("button", name=operation).first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()


def test_both_documents_can_be_read(page: Page) -> None:
    page.goto("/__mock/docs")
    expect(page.get_by_role("heading", name="Tutoring ingestion API")).to_be_visible()
    page.get_by_role("link", name="Control API").click()
    expect(page.get_by_role("heading", name="mockserver control API")).to_be_visible()
    expect(page.get_by_role("link", name="Control API")).to_have_attribute("aria-current", "page")


def test_no_request_leaves_the_origin(page: Page, server: BackgroundServer) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/__mock/docs")
    expect(page.get_by_role("heading", name="Tutoring ingestion API")).to_be_visible()
    assert [url for url in asked if not url.startswith((f"{server.url}/", "data:"))] == []


def test_what_is_tried_out_goes_to_the_pages_sandbox_and_scenario(
    make_context: MakeContext, steer: Steer, server: BackgroundServer
) -> None:
    page = make_context(scenario="empty").new_page()
    page.goto("/__mock/docs")
    with page.expect_response(f"{server.url}/tutor/courses") as answered:
        try_out(page, "GET /tutor/courses List courses")
    assert answered.value.json() == {"courses": []}
    assert answered.value.headers["x-mock-scenario"] == "empty"
    (entry,) = steer("GET", "/__mock/requests")["requests"]
    assert entry["request"]["headers"]["X-Mock-Scenario"] == "empty"


def test_it_works_below_a_base_address(page: Page, server: BackgroundServer) -> None:
    page.goto("/__mock/in/docs@empty/__mock/docs")
    with page.expect_response(f"{server.url}/__mock/in/docs@empty/tutor/courses") as answered:
        try_out(page, "GET /tutor/courses List courses")
    assert answered.value.headers["x-mock-sandbox"] == "docs"


def test_servers_that_the_document_names_are_not_called(make_context: MakeContext, make_contract: MakeContract) -> None:
    def add_servers(files: dict[str, Any]) -> None:
        elsewhere = [{"url": "https://api.example.com"}]
        document = files["schemas/openapi.yaml"]
        document["servers"] = document["paths"]["/message"]["servers"] = elsewhere
        document["paths"]["/message"]["get"]["servers"] = elsewhere

    with BackgroundServer(create_app(make_contract(add_servers))) as server:
        page = make_context().new_page()
        page.goto(f"{server.url}/__mock/docs")
        with page.expect_response(f"{server.url}/message") as answered:
            try_out(page, "GET /message")
        assert answered.value.json() == "hello"


def test_a_document_that_cannot_be_had_is_told(page: Page) -> None:
    page.route("**/openapi.json", lambda route: route.abort())
    page.goto("/__mock/docs")
    expect(page.get_by_role("alert")).to_contain_text("/openapi.json: The server cannot be reached")


def test_only_the_files_that_are_needed_are_served(page: Page, server: BackgroundServer) -> None:
    assert page.request.get("/__mock/assets/swagger/swagger-ui.css").status == 200
    assert page.request.get("/__mock/assets/swagger/index.css").status == 404
