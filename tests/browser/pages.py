"""What the tests of the reference pages do with them."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, Route, expect

DASH = "\N{EN DASH}"
STATUSES = ("queued", "running", "succeeded", "failed", "cancelled")


def open_queue(page: Page, search: str = "") -> None:
    """Open the queue, and wait for its first rows."""
    page.goto(f"/admin/queue{search}")
    expect(rows(page)).not_to_have_count(0)


def rows(page: Page) -> Locator:
    """The rows of jobs."""
    return page.locator("#rows tr:not(.wrong)")


def row(page: Page, job: str) -> Locator:
    """The row of a job."""
    return rows(page).filter(has=page.get_by_role("rowheader", name=job, exact=True))


def ids(page: Page) -> list[str]:
    """The jobs of the page, in its order."""
    return page.locator("#rows th a").all_inner_texts()


def badge(place: Locator) -> Locator:
    """The badge in a row."""
    return place.locator(".badge")


def problem(page: Page, job: str) -> Locator:
    """What the list says went wrong with a job."""
    return page.locator(f'#rows tr.wrong[data-job="{job}"]')


def chip(page: Page, label: str) -> Locator:
    """The filter of a status."""
    return page.get_by_role("group", name="Status").get_by_role("button", name=re.compile(f"^{label} "))


def counts(page: Page) -> dict[str, int]:
    """How many jobs the page counts in each status."""
    expect(page.locator(".count").first).not_to_have_text(DASH)
    found: dict[str, str] = page.eval_on_selector_all(
        ".chip", "chips => Object.fromEntries(chips.map(c => [c.dataset.status, c.querySelector('.count').innerText]))"
    )
    return {status: int(text.replace(",", "")) for status, text in found.items()}


def poll(page: Page) -> None:
    """Have the page ask again now, as it does when it is shown again."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def told(page: Page) -> Locator:
    """What is announced."""
    return page.get_by_role("status")


def cancel(page: Page, job: str) -> None:
    """Cancel a job, and say that it is meant."""
    page.get_by_role("button", name=f"Cancel {job}", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel job").click()


def is_focused(locator: Locator) -> bool:
    """Whether it has the focus."""
    focused: bool = locator.evaluate("element => element === document.activeElement")
    return focused


def tab_to(page: Page, locator: Locator, key: str = "Tab") -> None:
    """Go there by keyboard."""
    for _ in range(150):
        if is_focused(locator):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} does not lead to {locator}")


def hold(route: Route) -> None:
    """Never answer."""
