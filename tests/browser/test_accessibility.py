"""The reference pages conform to WCAG 2.2 AA as far as axe can tell, in each of their states."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import REPEATED_ROWS, CheckPage, MakeContext
from tests.browser.pages import STATUSES, hold, open_queue, poll, problem

JOBS, COURSES, SESSIONS = "**/admin/jobs?*", "**/tutor/courses", "**/tutor/courses/*/sessions"
COURSE = "/tutor/courses/course-algebra"


def shows(path: str, text: str, held: str | None = None) -> Callable[[Page], None]:
    """Opens a page and waits for a text; requests to `held` never get a response."""

    def reach(page: Page) -> None:
        if held is not None:
            page.route(held, hold)
        page.goto(path)
        expect(page.locator("main").get_by_text(text, exact=True)).to_be_visible()

    return reach


def show_panel(page: Page) -> None:
    open_queue(page, "?text=job-11&job=job-11")
    expect(page.get_by_role("complementary").get_by_role("listitem")).to_have_count(5)


def show_dialog(page: Page) -> None:
    open_queue(page, "?text=job-23")
    page.get_by_role("button", name="Cancel job-23").click()


def show_pages(page: Page) -> None:
    open_queue(page, "?__scenario=large-queue&status=failed&page=2")
    expect(page.locator("#turn")).to_be_visible()


def show_problem(page: Page) -> None:
    open_queue(page, "?__scenario=flaky-actions&text=job-7")
    page.get_by_role("button", name="Retry job-7").click()
    expect(problem(page, "job-7")).to_be_visible()


def show_busy_row(page: Page) -> None:
    open_queue(page, "?text=job-35")
    page.route("**/retry", hold)
    page.get_by_role("button", name="Retry job-35").click()
    expect(page.locator("tr[aria-busy]")).to_be_visible()


def show_stale_rows(page: Page) -> None:
    open_queue(page, "?text=job-3")
    page.route(JOBS, lambda route: route.abort())
    poll(page)
    expect(page.get_by_text("The jobs could not be refreshed.")).to_be_visible()


def show_empty_course(page: Page) -> None:
    page.context.request.put("/__mock/state/courses/none-yet", data={"title": "None yet"})
    page.goto("/tutor/courses/none-yet")
    expect(page.get_by_text("No sessions yet")).to_be_visible()


# Where the rows are not what differs, few of them are listed.
STATES: dict[str, Callable[[Page], None]] = {
    "queue": lambda page: open_queue(page),
    "queue, loading": shows("/admin/queue", "Loading jobs…", JOBS),
    "queue, empty": shows("/admin/queue?__scenario=empty", "No jobs yet"),
    "queue, nothing matches": shows("/admin/queue?text=nonsense", "No job matches"),
    "queue, error": shows("/admin/queue?__scenario=outage", "The jobs could not be loaded"),
    "queue, panel": show_panel,
    "queue, unknown job": lambda page: open_queue(page, "?text=job-11&job=nonsense"),
    "queue, dialog": show_dialog,
    "queue, paged": show_pages,
    "queue, problem": show_problem,
    "queue, busy": show_busy_row,
    "queue, stale": show_stale_rows,
    "courses": shows("/tutor", "Algebra I"),
    "courses, loading": shows("/tutor", "Loading courses…", COURSES),
    "courses, empty": shows("/tutor?__scenario=empty", "No courses yet"),
    "courses, error": shows("/tutor?__scenario=outage", "The courses could not be loaded"),
    "course": shows(COURSE, "Processing"),
    "course, loading": shows(COURSE, "Loading sessions…", SESSIONS),
    "course, empty": show_empty_course,
    "course, unknown": shows("/tutor/courses/nonsense", "There is no such course"),
    "course, error": shows(f"{COURSE}?__scenario=outage", "The sessions could not be loaded"),
}


# These differ from another state in a text or two.
FULL = [
    "queue, nothing matches", "queue, unknown job", "courses, loading", "courses, error", "course, loading", "course, empty",
]  # fmt: skip


@pytest.mark.parametrize(
    "state", [pytest.param(state, marks=pytest.mark.full) if state in FULL else state for state in STATES]
)
def test_a_state_of_a_page_is_accessible(page: Page, check_accessibility: CheckPage, state: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    STATES[state](page)
    check_accessibility(page)


def test_the_rows_that_are_checked_include_every_status(page: Page) -> None:
    open_queue(page)
    checked = page.evaluate(
        f"""() => {{
            const repeated = ({REPEATED_ROWS})();
            return [...document.querySelectorAll("#rows tr")].filter((row) => !repeated.includes(row))
                .map((row) => row.querySelector(".badge").dataset.status);
        }}"""
    )
    assert sorted(checked) == sorted(STATUSES)


def test_statuses_differ_in_shape_and_word_where_colours_are_forced(make_context: MakeContext) -> None:
    page = make_context(forced_colors="active").new_page()
    open_queue(page)
    drawn = page.eval_on_selector_all(
        "#rows .badge",
        """badges => badges.map(
            badge => [badge.innerText, badge.querySelector('use').href.baseVal, getComputedStyle(badge).borderTopWidth])""",
    )
    assert len({(label, shape) for label, shape, _ in drawn}) == 5
    assert len({shape for _, shape, _ in drawn}) == 5
    assert {width for *_, width in drawn} == {"1px"}


def test_nothing_moves_where_reduced_motion_is_preferred(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.route(JOBS, hold)
    page.goto("/admin/queue")
    expect(page.get_by_text("Loading jobs…")).to_be_visible()
    lasting = "document.getAnimations().filter(animation => animation.effect.getComputedTiming().endTime > 10).length"
    assert page.evaluate(lasting) == 0
