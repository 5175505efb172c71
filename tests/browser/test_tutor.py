"""The tutor's pages: courses, and the sessions of a course."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from mockserver.web.pages.asset_files import folder_address
from tests.attack.scale import some
from tests.browser.conftest import CallApi, MakeContext
from tests.browser.pages import announcement, badge, hold, poll

SESSIONS = "**/tutor/courses/*/sessions"
# The built-in fixtures have a session of this course for each status.
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


def test_courses_are_listed_and_link_to_their_sessions(page: Page, call_api: CallApi) -> None:
    page.goto("/tutor")
    titles = [course["title"] for course in call_api("GET", "/tutor/courses")["courses"]]
    expect(page.locator("#rows a")).to_have_text(titles)
    page.get_by_role("link", name="Algebra I").click()
    expect(page).to_have_url("/tutor/courses/course-algebra")
    expect(page.get_by_role("heading", level=1)).to_have_text("Algebra I")
    expect(page).to_have_title("Algebra I · Tutoring ingestion API")


@pytest.mark.parametrize("name", some(BADGES, 2))
def test_a_session_has_the_badge_of_its_latest_job(page: Page, name: str) -> None:
    page.goto("/tutor/courses/course-algebra")
    status, label, style = BADGES[name]
    expect(badge(session(page, name))).to_have_text(label)
    expect(badge(session(page, name))).to_have_attribute("data-status", status)
    expect(badge(session(page, name))).to_have_attribute("data-style", style)
    expect(badge(session(page, name)).locator("use")).to_have_attribute(
        "href", f"{folder_address()}/tutoring/status.svg#{style}"
    )


def test_the_sessions_of_a_course_are_in_a_tab(page: Page, call_api: CallApi) -> None:
    page.goto("/tutor/courses/course-biology")
    expect(page.get_by_role("tab")).to_have_text(["Sessions"])
    expect(page.get_by_role("tab", name="Sessions", selected=True)).to_be_visible()
    listed = call_api("GET", "/tutor/courses/course-biology/sessions")["sessions"]
    rows = page.get_by_role("tabpanel", name="Sessions").locator("tbody tr")
    expect(rows.locator("th")).to_have_text([session.get("title", session["id"]) for session in listed])
    expect(rows.locator(".badge")).to_have_text([session["status_badge"]["label"] for session in listed])


def test_a_session_without_a_title_shows_its_id(page: Page) -> None:
    page.goto("/tutor/courses/course-algebra")
    expect(page.get_by_role("rowheader", name="session-6")).to_be_visible()


def test_the_tutors_pages_link_only_to_each_other(page: Page) -> None:
    for path in ("/tutor", "/tutor/courses/course-algebra"):
        page.goto(path)
        expect(page.locator("#rows > *")).not_to_have_count(0)
        links = page.eval_on_selector_all("main a", "links => links.map(link => new URL(link.href).pathname)")
        assert [link for link in links if not link.startswith("/tutor")] == []


def test_badges_are_kept_up_to_date(make_context: MakeContext, call_api: CallApi) -> None:
    page = make_context().new_page()
    page.clock.install()
    page.goto("/tutor/courses/course-algebra")
    expect(badge(session(page, "session-3"))).to_have_text("Failed")
    call_api("POST", "/admin/jobs/job-7/retry")
    page.clock.fast_forward(2_000)
    expect(badge(session(page, "session-3"))).to_have_text("Queued")


def test_updates_can_be_paused(make_context: MakeContext, call_api: CallApi) -> None:
    page = make_context().new_page()
    page.clock.install()
    page.goto("/tutor/courses/course-algebra")
    expect(badge(session(page, "session-3"))).to_have_text("Failed")
    page.get_by_role("button", name="Pause updates").click()
    expect(announcement(page)).to_have_text("Updates paused.")
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.clock.run_for(60_000)
    assert requested == []


def test_an_unknown_course_has_a_note(page: Page) -> None:
    page.goto("/tutor/courses/nonsense")
    expect(page.get_by_role("heading", name="There is no such course")).to_be_visible()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    page.get_by_role("link", name="See all courses").click()
    expect(page).to_have_url("/tutor")


def test_a_course_may_have_any_id(page: Page, call_api: CallApi) -> None:
    call_api("PUT", "/__mock/state/courses/a%2Fb%20%25%3F%22%C3%BC", {"title": "Odd"})
    page.goto("/tutor")
    page.get_by_role("link", name="Odd").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Odd")
    expect(page.get_by_role("heading", name="No sessions yet")).to_be_visible()


@pytest.mark.parametrize(("path", "what"), [("/tutor", "courses"), ("/tutor/courses/course-algebra", "sessions")])
def test_loading_error_and_empty_are_different_states(page: Page, path: str, what: str) -> None:
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


def test_after_an_error_the_last_badges_stay_and_are_marked_as_stale(page: Page) -> None:
    page.goto("/tutor/courses/course-algebra")
    expect(page.locator("#rows tr")).to_have_count(6)
    page.route(SESSIONS, lambda route: route.abort())
    poll(page)
    expect(page.get_by_text("The sessions could not be refreshed.")).to_be_visible()
    expect(page.locator("#rows tr")).to_have_count(6)
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("The sessions could not be refreshed.")).to_be_hidden()


def test_the_focus_goes_to_the_heading_when_the_pressed_button_disappears(page: Page) -> None:
    page.route("**/tutor/courses", lambda route: route.abort())
    page.goto("/tutor")
    button = page.get_by_role("button", name="Try again")
    button.focus()
    page.unroute_all()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Algebra I")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
