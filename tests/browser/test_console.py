from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect


def test_the_console_opens(page: Page) -> None:
    page.goto("/__mock/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tutoring ingestion API")


def test_the_console_is_accessible(page: Page, violations: Callable[[Page], list[str]]) -> None:
    page.goto("/__mock/")
    assert violations(page) == []
