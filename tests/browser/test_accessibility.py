"""Each reference page in each of its states, light and dark, wide and narrow: axe finds nothing against WCAG 2.2 AA."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import WIDTHS, MakeContext
from tests.browser.pages import hold, open_queue, poll, problem

Steer = Callable[..., Any]
JOBS, COURSES, SESSIONS = "**/admin/jobs?*", "**/tutor/courses", "**/tutor/courses/*/sessions"
COURSE = "/tutor/courses/course-algebra"


def shows(path: str, text: str, held: str | None = None) -> Callable[[Page], None]:
    """Opens a page and waits for a text, with requests to `held` left without an answer."""

    def bring(page: Page) -> None:
        if held is not None:
            page.route(held, hold)
        page.goto(path)
        expect(page.locator("main").get_by_text(text, exact=True)).to_be_visible()

    return bring


def with_panel(page: Page) -> None:
    page.goto("/admin/queue?__scenario=baseline&job=job-11")
    expect(page.get_by_role("complementary").get_by_role("listitem")).to_have_count(5)


def with_dialog(page: Page) -> None:
    open_queue(page)
    page.get_by_role("button", name="Cancel job-23").click()


def paged(page: Page) -> None:
    open_queue(page, "?__scenario=large-queue&status=failed&page=2")
    expect(page.locator("#turn")).to_be_visible()


def with_problem(page: Page) -> None:
    open_queue(page, "?__scenario=flaky-actions")
    page.get_by_role("button", name="Retry job-7").click()
    expect(problem(page, "job-7")).to_be_visible()


def busy(page: Page) -> None:
    open_queue(page, "?__scenario=baseline")
    page.route("**/retry", hold)
    page.get_by_role("button", name="Retry job-35").click()
    expect(page.locator("tr[aria-busy]")).to_be_visible()


def stale(page: Page) -> None:
    open_queue(page)
    page.route(JOBS, lambda route: route.abort())
    poll(page)
    expect(page.get_by_text("The jobs could not be refreshed.")).to_be_visible()


STATES: dict[str, Callable[[Page], None]] = {
    "queue": lambda page: open_queue(page),
    "queue, loading": shows("/admin/queue", "Loading jobs…", JOBS),
    "queue, empty": shows("/admin/queue?__scenario=empty", "No jobs yet"),
    "queue, nothing matches": shows("/admin/queue?__scenario=baseline&text=nonsense", "No job matches"),
    "queue, error": shows("/admin/queue?__scenario=outage", "The jobs could not be loaded"),
    "queue, panel": with_panel,
    "queue, unknown job": lambda page: open_queue(page, "?job=nonsense") if wide(page) else with_panel(page),
    "queue, dialog": with_dialog,
    "queue, paged": paged,
    "queue, problem": with_problem,
    "queue, busy": busy,
    "queue, stale": stale,
    "courses": shows("/tutor", "Algebra I"),
    "courses, loading": shows("/tutor", "Loading courses…", COURSES),
    "courses, empty": shows("/tutor?__scenario=empty", "No courses yet"),
    "courses, error": shows("/tutor?__scenario=outage", "The courses could not be loaded"),
    "course": shows(f"{COURSE}?__scenario=baseline", "Processing"),
    "course, loading": shows(COURSE, "Loading sessions…", SESSIONS),
    "course, empty": shows("/tutor/courses/none-yet", "No sessions yet"),
    "course, unknown": shows("/tutor/courses/nonsense", "There is no such course"),
    "course, error": shows(f"{COURSE}?__scenario=outage", "The sessions could not be loaded"),
}


def wide(page: Page) -> bool:
    return page.viewport_size == WIDTHS["wide"]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_state_of_a_page_is_against_wcag(
    make_context: MakeContext, steer: Steer, violations: Callable[[Page], list[str]], scheme: str, width: str
) -> None:
    steer("PUT", "/__mock/state/courses/none-yet", {"title": "None yet"})
    page = make_context(color_scheme=scheme, viewport=WIDTHS[width], reduced_motion="reduce").new_page()
    found = {}
    for state, bring in STATES.items():
        bring(page)
        if problems := violations(page):
            found[state] = problems
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state
        page.unroute_all(behavior="ignoreErrors")
    assert found == {}


def test_statuses_are_told_apart_where_colours_are_forced(make_context: MakeContext) -> None:
    page = make_context(forced_colors="active").new_page()
    open_queue(page)
    drawn = page.eval_on_selector_all(
        "#rows .badge",
        "all => all.map(one => [one.innerText, one.querySelector('use').href.baseVal, getComputedStyle(one).borderTopWidth])",
    )
    assert len({(label, shape) for label, shape, _ in drawn}) == 5
    assert len({shape for _, shape, _ in drawn}) == 5
    assert {width for *_, width in drawn} == {"1px"}


def test_nothing_moves_where_less_motion_is_asked_for(make_context: MakeContext) -> None:
    page = make_context(reduced_motion="reduce").new_page()
    page.route(JOBS, hold)
    page.goto("/admin/queue")
    expect(page.get_by_text("Loading jobs…")).to_be_visible()
    lasting = "document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime > 10).length"
    assert page.evaluate(lasting) == 0
    page.unroute_all(behavior="ignoreErrors")
