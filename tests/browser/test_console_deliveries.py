"""The console: the deliveries of webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from mockserver import BackgroundServer, create_app
from tests.browser.conftest import SECONDS, CheckPage
from tests.browser.pages import open_console, poll
from tests.conftest import write_contract
from tests.push.receiver import Receiver


@pytest.fixture
def hook_server(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[BackgroundServer]:
    """Serves a contract with two webhooks."""

    def change(files: dict[str, Any]) -> None:
        files["schemas/resources.yaml"]["webhooks"] = {
            "cancelled": {"on": ["jobs.cancel"], "to": f"{receiver.url}/hooks"},
            "noted": {"on": ["jobs.update"], "to": f"{receiver.url}/noted"},
        }

    with BackgroundServer(create_app(write_contract(tmp_path_factory.mktemp("hooks"), change))) as server:
        yield server


@pytest.fixture
def sandbox() -> str:
    """The one that the requests of `call` are in."""
    return "default"


def call(server: BackgroundServer, method: str, path: str, body: Any = None) -> None:
    requests.request(method, server.url + path, json=body, timeout=SECONDS).raise_for_status()


def wait_for_attempt(server: BackgroundServer, attempts: int = 1) -> None:
    call(server, "GET", f"/__mock/deliveries?attempts={attempts}&wait=30s")


def rows(page: Page) -> Locator:
    return page.get_by_role("tabpanel").get_by_role("row").filter(has=page.get_by_role("rowheader"))


def cells(row: Locator) -> list[str]:
    return row.get_by_role("rowheader").all_inner_texts() + row.get_by_role("cell").all_inner_texts()


def test_a_delivery_is_shown_with_its_attempts_until_it_is_delivered(
    page: Page, hook_server: BackgroundServer, receiver: Receiver
) -> None:
    receiver.statuses = [503]
    open_console(page, "deliveries", hook_server.url)
    expect(page.get_by_text("No deliveries yet.")).to_be_visible()
    call(hook_server, "POST", "/jobs/a/cancel")
    wait_for_attempt(hook_server)
    poll(page)
    expect(rows(page)).to_contain_text("503")
    assert cells(rows(page)) == [
        "cancelled", "jobs.cancel", "a", f"{receiver.url}/hooks", "pending", "00:00:10.000 503",
        "2026-01-01 00:00:15.000",
    ]  # fmt: skip
    call(hook_server, "POST", "/__mock/clock", {"advance": "5s"})
    wait_for_attempt(hook_server, 2)
    poll(page)
    expect(rows(page)).to_contain_text("delivered")
    assert cells(rows(page))[4:] == ["delivered", "00:00:10.000 503\n00:00:15.000 200", "\N{EN DASH}"]


def test_the_newest_delivery_comes_first(page: Page, hook_server: BackgroundServer) -> None:
    for key in ("a", "b"):
        call(hook_server, "POST", f"/jobs/{key}/cancel")
    open_console(page, "deliveries", hook_server.url)
    expect(page.get_by_text("2 deliveries")).to_be_visible()
    assert [cells(row)[2] for row in rows(page).all()] == ["b", "a"]


def test_deliveries_are_filtered(page: Page, hook_server: BackgroundServer) -> None:
    call(hook_server, "POST", "/jobs/a/cancel")
    call(hook_server, "PATCH", "/jobs/b", {"note": "n"})
    wait_for_attempt(hook_server)
    open_console(page, "deliveries", hook_server.url)
    panel = page.get_by_role("tabpanel")
    panel.get_by_label("Webhook").select_option("noted")
    expect(page.get_by_text("1 delivery", exact=True)).to_be_visible()
    assert cells(rows(page))[:3] == ["noted", "jobs.update", "b"]
    panel.get_by_label("Status").select_option("failed")
    expect(page.get_by_text("No delivery matches the filters.")).to_be_visible()


def test_the_list_is_cleared(page: Page, hook_server: BackgroundServer) -> None:
    call(hook_server, "POST", "/jobs/a/cancel")
    open_console(page, "deliveries", hook_server.url)
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_text("No deliveries yet.")).to_be_visible()


def test_without_webhooks_there_is_no_such_tab(page: Page, server: BackgroundServer) -> None:
    open_console(page, "deliveries")
    expect(page.get_by_role("tab")).to_have_text(["Scenarios", "Records", "Overrides", "Journal", "Contract"])


def test_the_deliveries_are_accessible(
    page: Page, hook_server: BackgroundServer, receiver: Receiver, check_accessibility: CheckPage
) -> None:
    open_console(page, "deliveries", hook_server.url)
    expect(page.get_by_text("No deliveries yet.")).to_be_visible()
    check_accessibility(page)
    receiver.statuses = [500, 410]
    for key in ("a", "b", "x%2Fy"):
        call(hook_server, "POST", f"/jobs/{key}/cancel")
        wait_for_attempt(hook_server)
    poll(page)
    expect(rows(page)).to_have_count(3)
    check_accessibility(page)
