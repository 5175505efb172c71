"""Steps and locators that the tests of pages share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, Route, expect

DASH = "\N{EN DASH}"
# Text that a page must show as text.
SCRIPT = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"
STATUSES = ("queued", "running", "succeeded", "failed", "cancelled")


def open_console(page: Page, view: str, base: str = "") -> None:
    """Open the console at one of its views, and wait until the server has responded."""
    page.goto(f"{base}/__mock/#{view}")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def open_queue(page: Page, search: str = "") -> None:
    """Open the queue, and wait until it is loaded: the rows come first, the counts last."""
    page.goto(f"/admin/queue{search}")
    expect(rows(page)).not_to_have_count(0)
    expect(page.locator(".count", has_text=DASH)).to_have_count(0)


def rows(page: Page) -> Locator:
    """The rows of jobs."""
    return page.locator("#rows tr:not(.wrong)")


def row(page: Page, job: str) -> Locator:
    """The row of a job."""
    return rows(page).filter(has=page.get_by_role("rowheader", name=job, exact=True))


def expect_ids(page: Page, jobs: list[str]) -> None:
    """Wait until the page lists these jobs, in this order."""
    expect(page.locator("#rows th a")).to_have_text(jobs)


def badge(place: Locator) -> Locator:
    """The badge in a row."""
    return place.locator(".badge")


def problem(page: Page, job: str) -> Locator:
    """The row that says which action on a job failed."""
    return page.locator(f'#rows tr.wrong[data-job="{job}"]')


def chip(page: Page, label: str) -> Locator:
    """The button that filters by a status."""
    return page.get_by_role("group", name="Status").get_by_role("button", name=re.compile(f"^{label} "))


def expect_counts(page: Page, numbers: dict[str, int]) -> None:
    """Wait until the page shows these numbers of jobs for each status."""
    expect(page.locator(".chip")).to_have_count(len(numbers))
    for status, number in numbers.items():
        expect(page.locator(f'.chip[data-status="{status}"] .count')).to_have_text(f"{number:,}")


def poll(page: Page) -> None:
    """Make the page poll now, as it does when its tab becomes visible."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def source_sizes(page: Page) -> list[int]:
    """The size in bytes of each script and style sheet that the page has loaded."""
    addresses = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    # The browser reports no size for what it took from its cache.
    return [len(page.request.get(address).body()) for address in addresses if address.endswith((".js", ".css"))]


def announcement(page: Page) -> Locator:
    """The text that is announced to screen readers."""
    return page.get_by_role("status")


def cancel(page: Page, job: str) -> None:
    """Cancel a job, and confirm it."""
    page.get_by_role("button", name=f"Cancel {job}", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel job").click()


def tab_to(page: Page, locator: Locator, key: str = "Tab") -> None:
    """Press a key until this element has the focus."""
    for _ in range(150):
        if locator.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"Pressing {key} did not focus {locator}.")


def hold(route: Route) -> None:
    """Leave a request without a response."""


@contextmanager
def held(page: Page, path: str) -> Iterator[list[Route]]:
    """Hold the responses to requests whose address contains `path`, and release them at the end."""
    routes: list[Route] = []
    is_held = True

    def handle(route: Route) -> None:
        if is_held:
            routes.append(route)
        else:
            route.continue_()

    page.route(lambda url: path in url, handle)
    yield routes
    is_held = False
    for route in routes:
        route.continue_()
