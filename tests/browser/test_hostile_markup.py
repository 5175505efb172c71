"""Markup in every text that a page shows: nothing runs, and nothing becomes an element."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from mockserver import BackgroundServer, create_app
from tests.attack.scale import IS_FULL, some
from tests.browser.conftest import SECONDS
from tests.browser.pages import open_console, poll
from tests.conftest import write_contract

# In a text, in an attribute with either quote, in a template, in a script and in Markdown.
MARKUP = (
    '"\'`><hostile-element></hostile-element><img src=x onerror="window.hostile=1"><svg onload=window.hostile=1>'
    "<script>window.hostile=1</script></script><script>window.hostile=1</script>{{7*7}}${7*7}"
    "[link](javascript:window.hostile=1)<!--"
)
LINK = "javascript:window.hostile=1"
KEY = "<img src=x onerror=window.hostile=1>"
# What in the address of a page of Swagger UI may name a document.
NAMING = ["configUrl", "url", "urls.primaryName", "spec", "oauth2RedirectUrl"]


@pytest.fixture(scope="module")
def hostile_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundServer]:
    """Serves a contract with MARKUP wherever its author may write a text, and requests with it in the journal."""

    def change(files: dict[str, Any]) -> None:
        document = files["schemas/openapi.yaml"]
        document["info"] = {
            "title": MARKUP, "version": MARKUP, "description": MARKUP, "summary": MARKUP, "termsOfService": LINK,
            "contact": {"name": MARKUP, "url": LINK, "email": MARKUP}, "license": {"name": MARKUP, "url": LINK},
        }  # fmt: skip
        document["tags"] = [{"name": MARKUP, "description": MARKUP, "externalDocs": {"url": LINK}}]
        document["externalDocs"] = {"url": LINK, "description": MARKUP}
        document["servers"] = [{"url": "https://api.example.com", "description": MARKUP}]
        for item in document["paths"].values():
            for method, operation in item.items():
                if method != "parameters":
                    operation |= {"summary": MARKUP, "description": MARKUP, "tags": [MARKUP]}
        files["schemas/job.json"] |= {"title": MARKUP, "description": MARKUP, "examples": [MARKUP]}
        files["schemas/job.json"]["properties"]["note"] |= {"description": MARKUP}
        files["scenarios/baseline.yaml"]["summary"] = MARKUP
        files["scenarios/'\"><hostile-element>.yaml"] = {"fixtures": "small", "summary": MARKUP}
        files["fixtures/small/jobs.json"][0] |= {"note": MARKUP, "id": KEY}
        files["fixtures/small/jobs.json"][1]["note"] = MARKUP
        files["schemas/resources.yaml"]["webhooks"] = {
            MARKUP: {"on": ["jobs.cancel"], "to": "http://127.0.0.1:9/{$record#/note}", "body": "$record"}
        }

    root = write_contract(tmp_path_factory.mktemp("hostile"), change)
    with BackgroundServer(create_app(root)) as server, requests.Session() as session:
        headers = {"X-Note": MARKUP, "User-Agent": MARKUP, "Cookie": f"a={quote(MARKUP)}"}
        session.get(f"{server.url}/{quote(MARKUP)}?q={quote(MARKUP)}", headers=headers, timeout=SECONDS)
        session.get(f"{server.url}/jobs/{quote(KEY, safe='')}", headers=headers, timeout=SECONDS)
        session.post(f"{server.url}/jobs", json={"note": MARKUP, MARKUP: MARKUP}, headers=headers, timeout=SECONDS)
        session.post(f"{server.url}/jobs/{quote(KEY, safe='')}/cancel", timeout=SECONDS)
        override = {
            "operation": "getMessage", "status": 503, "headers": {"X-A": "<hostile-element>"}, "body": {"a": MARKUP},
        }  # fmt: skip
        session.post(f"{server.url}/__mock/overrides", json=override, timeout=SECONDS).raise_for_status()
        session.get(f"{server.url}/message", timeout=SECONDS)
        yield server


@pytest.fixture
def sandbox() -> str:
    """The one that the requests of `hostile_server` are in."""
    return "default"


def test_nothing_of_the_console_is_markup_of_the_contract_or_a_request(
    page: Page, hostile_server: BackgroundServer
) -> None:
    for view in ("scenarios", "records", "overrides", "journal", "deliveries", "contract"):
        open_console(page, view, hostile_server.url)
        poll(page)
        check(page)
    open_console(page, "journal", hostile_server.url)
    buttons = page.get_by_role("tabpanel").get_by_role("table").get_by_role("button")
    expect(buttons.first).to_be_visible()
    for index in range(min(buttons.count(), 5)):
        buttons.nth(index).click()
        check(page)


def test_a_delivery_is_shown_as_text(page: Page, hostile_server: BackgroundServer) -> None:
    open_console(page, "deliveries", hostile_server.url)
    row = page.get_by_role("tabpanel").get_by_role("row").filter(has=page.get_by_role("rowheader"))
    expect(row).to_contain_text(f"{MARKUP}jobs.cancel{KEY}http://127.0.0.1:9/{quote(MARKUP, safe='')[:20]}")
    check(page)


def test_the_selected_record_is_shown_as_text(page: Page, hostile_server: BackgroundServer) -> None:
    open_console(page, "records", hostile_server.url)
    page.get_by_role("tabpanel").get_by_role("button", name=KEY, exact=True).first.click()
    expect(page.get_by_role("complementary")).to_contain_text("<hostile-element>")
    check(page)


@pytest.mark.parametrize("hash_", some(["<img src=x onerror=window.hostile=1>", LINK, "records/<hostile-element>"], 2))
def test_the_fragment_of_the_address_is_no_markup(page: Page, hostile_server: BackgroundServer, hash_: str) -> None:
    page.goto(f"{hostile_server.url}/__mock/#{hash_}")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    check(page)


def test_the_api_documentation_runs_nothing_of_the_contract(browser: Browser, hostile_server: BackgroundServer) -> None:
    # Not `page`, which fails where the Content-Security-Policy has to stop something: Swagger UI cleans HTML only then.
    with browser.new_context() as context:
        check_documentation(context.new_page(), hostile_server)


def check_documentation(page: Page, hostile_server: BackgroundServer) -> None:
    page.goto(f"{hostile_server.url}/__mock/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    page.locator(".opblock-summary-control").first.click()
    assert page.evaluate("window.hostile") is None
    assert page.locator("a[href^='javascript:' i]").count() == 0


# One that Swagger UI obeys may hide what it makes of the others.
@pytest.mark.parametrize("names", [[name] for name in NAMING] if IS_FULL else [NAMING], ids="-".join)
def test_the_api_documentation_loads_no_document_that_the_address_names(
    page: Page, bare_server: BackgroundServer, names: list[str]
) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    query = "&".join(f"{name}=http://evil.example/openapi.json" for name in names)
    page.goto(f"{bare_server.url}/__mock/docs?{query}")
    expect(page.locator(".opblock").first).to_be_visible()
    assert [url for url in requested if not url.startswith((bare_server.url, "data:"))] == []


def check(page: Page) -> None:
    """Nothing has run, nothing has become an element, and no link runs anything."""
    assert page.evaluate("window.hostile") is None
    assert page.locator("hostile-element, img[src='x'], svg[onload]").count() == 0
    assert page.locator("a[href^='javascript:' i]").count() == 0
