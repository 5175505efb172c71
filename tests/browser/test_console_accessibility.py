"""The console and the token's page keep WCAG 2.2 AA as far as axe can tell, in every state, scheme and width."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from mockserver import BackgroundServer, create_app
from tests.browser.conftest import WIDTHS, MakeContext

Steer = Callable[..., Any]
Violations = Callable[[Page], list[str]]
LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in WIDTHS]


@pytest.fixture(params=LOOKS, ids=["-".join(look) for look in LOOKS])
def look(request: pytest.FixtureRequest) -> dict[str, Any]:
    """How a context shows its pages."""
    scheme, width = request.param
    return {"color_scheme": scheme, "viewport": WIDTHS[width]}


@pytest.fixture
def judge(violations: Violations) -> Callable[[Page], None]:
    """Fails where axe finds something, or where the page is wider than the window."""

    def check(page: Page) -> None:
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    return check


def open_view(page: Page, view: str) -> None:
    page.goto(f"/__mock/#{view}")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


@contextmanager
def held(page: Page, path: str) -> Iterator[None]:
    """Hold every answer to paths that begin like this."""
    waiting: list[Route] = []
    let_go = False

    def hold(route: Route) -> None:
        if let_go:
            route.continue_()
        else:
            waiting.append(route)

    page.route(lambda url: path in url, hold)
    yield
    let_go = True
    for route in waiting:
        route.continue_()


def test_scenarios_and_dialogs(make_context: MakeContext, look: dict[str, Any], judge: Callable[[Page], None]) -> None:
    page = make_context(**look).new_page()
    open_view(page, "scenarios")
    judge(page)
    page.get_by_role("button", name="Copy for empty").click()
    judge(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Reset sandbox").click()
    judge(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="−30 s").click()
    expect(page.get_by_text("before-start")).to_be_visible()
    page.route("**/__mock/clock", lambda route: route.abort())
    expect(page.get_by_role("alert")).to_be_visible()
    judge(page)
    page.get_by_role("tab", name="Contract").click()
    judge(page)


def test_records(make_context: MakeContext, look: dict[str, Any], judge: Callable[[Page], None]) -> None:
    page = make_context(scenario="fails-then-recovers", **look).new_page()
    with held(page, "/__mock/state"):
        page.goto("/__mock/#records")
        expect(page.get_by_role("tabpanel").get_by_text("Loading…")).to_be_visible()
        judge(page)
    page.get_by_role("button", name="Next event").click()
    page.get_by_role("button", name="job-1", exact=True).click()
    expect(page.get_by_role("img", name="Lifecycle of jobs, now running")).to_be_visible()
    judge(page)
    page.get_by_role("button", name="Close").click()
    page.get_by_label("Contains").fill("nothing is like that")
    expect(page.get_by_text("No record is like that.")).to_be_visible()
    judge(page)


def test_records_of_an_empty_run(
    make_context: MakeContext, look: dict[str, Any], judge: Callable[[Page], None]
) -> None:
    page = make_context(scenario="empty", **look).new_page()
    open_view(page, "records")
    expect(page.get_by_text("There are no records.")).to_be_visible()
    judge(page)


def test_overrides(
    make_context: MakeContext, look: dict[str, Any], judge: Callable[[Page], None], steer: Steer
) -> None:
    page = make_context(**look).new_page()
    with held(page, "/__mock/overrides"):
        page.goto("/__mock/#overrides")
        expect(page.get_by_role("tabpanel").get_by_text("Loading…")).to_be_visible()
        judge(page)
    expect(page.get_by_text("None: every operation answers")).to_be_visible()
    judge(page)
    steer("POST", "/__mock/overrides", {"operation": "getJob", "where": {"job_id": "job-2"}, "status": 503, "times": 2})
    page.get_by_label("The whole entry").fill("{}")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("422 invalid-request")).to_be_visible()
    expect(page.get_by_role("button", name="Remove override-1")).to_be_visible()
    judge(page)


def test_the_journal(make_context: MakeContext, look: dict[str, Any], judge: Callable[[Page], None], steer: Steer, server: BackgroundServer) -> None:  # fmt: skip
    page = make_context(**look).new_page()
    with held(page, "/__mock/requests"):
        page.goto("/__mock/#journal")
        expect(page.get_by_role("tabpanel").get_by_text("Loading…")).to_be_visible()
        judge(page)
    expect(page.get_by_text("No requests yet.")).to_be_visible()
    judge(page)
    steer("POST", "/__mock/overrides", {"operation": "getJob", "where": {"job_id": "job-2"}, "status": 503, "times": 2})
    for path in ("/admin/jobs", "/admin/jobs/job-2", "/admin/job", "/admin/jobs?limit=0"):
        page.context.request.get(f"{server.url}{path}")
    page.get_by_role("button", name="GET /admin/job", exact=True).click()
    expect(page.get_by_role("complementary", name="GET /admin/job")).to_be_visible()
    page.get_by_role("button", name="Verdict").click()
    expect(page.get_by_role("region", name="Verdict")).to_be_visible()
    judge(page)
    page.get_by_role("tabpanel").get_by_label("Status").select_option("3XX")
    expect(page.get_by_text("No request that is kept is like that.")).to_be_visible()
    judge(page)


def test_the_page_that_asks_for_the_token(
    make_context: MakeContext, look: dict[str, Any], judge: Callable[[Page], None], built_in: Any
) -> None:
    with BackgroundServer(create_app(built_in, token="s3cret")) as server:
        page = make_context(**look).new_page()
        page.goto(f"{server.url}/__mock/?__token=wrong")
        expect(page.get_by_text("That is not the token.")).to_be_visible()
        judge(page)


def test_targets_are_large_enough_to_be_met(page: Page) -> None:
    open_view(page, "records")
    expect(page.get_by_role("button", name="job-1", exact=True)).to_be_visible()
    small = page.evaluate(
        """() => [...document.querySelectorAll("main :is(button, input, select, a.button)")]
          .filter((one) => one.checkVisibility())
          .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
          .filter(([, box]) => box.width < 24 || box.height < 24).map(([text]) => text)"""
    )
    assert small == []


def test_the_lifecycle_can_be_read_where_colours_are_forced(make_context: MakeContext) -> None:
    page = make_context(forced_colors="active", color_scheme="dark").new_page()
    open_view(page, "records")
    page.get_by_role("button", name="job-2", exact=True).click()
    current = page.locator("figure:not([hidden]) .current")
    expect(current).to_have_count(1)
    fill, ink, width = current.evaluate(
        """(box) => [getComputedStyle(box.children[0]).fill, getComputedStyle(box.children[1]).fill,
                     getComputedStyle(box.children[0]).strokeWidth]"""
    )
    assert fill != ink
    assert width == "3px"
