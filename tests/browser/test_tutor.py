from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import MakeContext
from tests.browser.pages import badge, hold, poll, told

Steer = Callable[..., Any]
SESSIONS = "**/tutor/courses/*/sessions"
# By the built-in fixtures, one session of algebra for each status.
BADGES = {
    "session-1": ("succeeded", "Ready", "success"),
    "session-2": ("queued", "Queued", "neutral"),
    "session-3": ("failed", "Failed", "danger"),
    "session-4": ("running", "Processing", "info"),
    "session-5": ("cancelled", "Cancelled", "warning"),
    "session-6": ("none", "Not processed", "neutral"),
}


def session(page: Page, name: str) -> Locator:
    return page.locator("#rows tr").filter(has=page.get_by_role("cell", name=name, exact=True))


def test_the_courses_are_listed_and_lead_to_their_sessions(page: Page, steer: Steer) -> None:
    page.goto("/tutor")
    titles = [course["title"] for course in steer("GET", "/tutor/courses")["courses"]]
    expect(page.locator("#rows a")).to_have_text(titles)
    page.get_by_role("link", name="Algebra I").click()
    expect(page).to_have_url("/tutor/courses/course-algebra")
    expect(page.get_by_role("heading", level=1)).to_have_text("Algebra I")
    expect(page).to_have_title("Algebra I · Tutoring ingestion API")


@pytest.mark.parametrize("name", BADGES)
def test_a_session_has_the_badge_of_its_latest_job(page: Page, name: str) -> None:
    page.goto("/tutor/courses/course-algebra")
    status, label, style = BADGES[name]
    expect(badge(session(page, name))).to_have_text(label)
    expect(badge(session(page, name))).to_have_attribute("data-status", status)
    expect(badge(session(page, name))).to_have_attribute("data-style", style)
    expect(badge(session(page, name)).locator("use")).to_have_attribute(
        "href", f"/__mock/assets/tutoring/status.svg#{style}"
    )


def test_the_sessions_are_those_of_the_course_in_a_tab(page: Page, steer: Steer) -> None:
    page.goto("/tutor/courses/course-biology")
    expect(page.get_by_role("tab")).to_have_text(["Sessions"])
    expect(page.get_by_role("tab", name="Sessions", selected=True)).to_be_visible()
    listed = steer("GET", "/tutor/courses/course-biology/sessions")["sessions"]
    rows = page.get_by_role("tabpanel", name="Sessions").locator("tbody tr")
    expect(rows.locator("th")).to_have_text([one.get("title", one["id"]) for one in listed])
    expect(rows.locator(".badge")).to_have_text([one["status_badge"]["label"] for one in listed])


def test_a_session_without_a_title_shows_its_id(page: Page) -> None:
    page.goto("/tutor/courses/course-algebra")
    expect(page.get_by_role("rowheader", name="session-6")).to_be_visible()


def test_a_tutor_is_led_nowhere_but_to_courses(page: Page) -> None:
    for path in ("/tutor", "/tutor/courses/course-algebra"):
        page.goto(path)
        expect(page.locator("#rows > *")).not_to_have_count(0)
        links = page.eval_on_selector_all("main a", "links => links.map(link => new URL(link.href).pathname)")
        assert [link for link in links if not link.startswith("/tutor")] == []


def test_the_page_follows_the_server(page: Page, steer: Steer) -> None:
    page.goto("/tutor/courses/course-algebra")
    expect(badge(session(page, "session-3"))).to_have_text("Failed")
    steer("POST", "/admin/jobs/job-7/retry")
    expect(badge(session(page, "session-3"))).to_have_text("Queued")


def test_updates_can_be_paused(page: Page, steer: Steer) -> None:
    page.clock.install()
    page.goto("/tutor/courses/course-algebra")
    expect(badge(session(page, "session-3"))).to_have_text("Failed")
    page.get_by_role("button", name="Pause updates").click()
    expect(told(page)).to_have_text("Updates are paused.")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert asked == []


def test_an_unknown_course_says_so(page: Page) -> None:
    page.goto("/tutor/courses/nonsense")
    expect(page.get_by_role("heading", name="There is no such course")).to_be_visible()
    page.get_by_role("link", name="See all courses").click()
    expect(page).to_have_url("/tutor")


def test_a_course_may_have_any_id(page: Page, steer: Steer) -> None:
    steer("PUT", "/__mock/state/courses/a%2Fb%20%25%3F%22%C3%BC", {"title": "Odd"})
    page.goto("/tutor")
    page.get_by_role("link", name="Odd").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Odd")
    expect(page.get_by_role("heading", name="No sessions yet")).to_be_visible()


@pytest.mark.parametrize(("path", "what"), [("/tutor", "courses"), ("/tutor/courses/course-algebra", "sessions")])
def test_loading_and_error_are_states_of_their_own(page: Page, path: str, what: str) -> None:
    page.route("**/tutor/courses" if path == "/tutor" else SESSIONS, hold)
    page.goto(path)
    expect(page.get_by_text(f"Loading {what}…")).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")
    page.goto(f"{path}?__scenario=outage")
    expect(page.get_by_role("heading", name=f"The {what} could not be loaded")).to_be_visible()
    expect(page.locator("#error")).to_contain_text("503")
    page.goto(f"{path}?__scenario=empty")
    expect(
        page.get_by_role("heading", name="No courses yet" if path == "/tutor" else "There is no such course")
    ).to_be_visible()


def test_the_last_good_badges_stay_and_are_marked_when_the_server_fails(page: Page) -> None:
    page.goto("/tutor/courses/course-algebra")
    expect(page.locator("#rows tr")).to_have_count(6)
    page.route(SESSIONS, lambda route: route.abort())
    poll(page)
    expect(page.get_by_text("The sessions could not be refreshed.")).to_be_visible()
    expect(page.locator("#rows tr")).to_have_count(6)
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("The sessions could not be refreshed.")).to_be_hidden()


def test_the_focus_is_not_lost_with_the_button_that_was_pressed(make_context: MakeContext) -> None:
    page = make_context().new_page()
    page.route("**/tutor/courses", lambda route: route.abort())
    page.goto("/tutor")
    button = page.get_by_role("button", name="Try again")
    button.focus()
    page.unroute_all()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Algebra I")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
