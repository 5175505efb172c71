"""The EventSource and the WebSocket of a browser as clients of streams and channels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page

from mockserver import BackgroundServer, create_app
from tests.browser.conftest import SECONDS
from tests.conftest import write_contract

LISTEN = """(address) => {
    window.received = [];
    window.source = new EventSource(address);
    const note = (event) => window.received.push([event.type, event.lastEventId, event.data]);
    for (const type of ["ready", "retry", "start", "succeed", "fail", "cancel", "update", "put", "reset"]) window.source.addEventListener(type, note);
}"""
CONNECT = """(address) => {
    window.received = [];
    window.socket = new WebSocket(address.replace("http", "ws"));
    window.socket.onmessage = (event) => window.received.push(JSON.parse(event.data));
    window.socket.onclose = (event) => window.received.push(event.code);
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundServer]:
    def change(files: dict[str, Any]) -> None:
        reply = [{"match": {"const": "ping"}, "send": "pong"}]
        files["schemas/resources.yaml"]["channels"] = {"/live": {"stream": "jobs", "reply": reply}}

    root = write_contract(tmp_path_factory.mktemp("channels") / "contract", change)
    with BackgroundServer(create_app(root)) as server:
        yield server


def received(page: Page, count: int) -> list[Any]:
    """What has come, once it is so many."""
    page.wait_for_function(f"window.received.length >= {count}")
    messages: list[Any] = page.evaluate("window.received")
    return messages


@pytest.fixture(scope="module")
def built_in_server() -> Iterator[BackgroundServer]:
    with BackgroundServer(create_app()) as server:
        yield server


def test_an_event_source_gets_changes_and_continues_after_a_cut(browser: Browser, built_in_server: Any) -> None:
    url = built_in_server.url
    query = "?__sandbox=events&__scenario=dropped-stream"
    headers = {"X-Mock-Sandbox": "events", "X-Mock-Scenario": "dropped-stream"}

    def post(path: str) -> None:
        requests.post(f"{url}/admin/jobs/{path}", headers=headers, timeout=SECONDS).raise_for_status()

    failed = requests.get(f"{url}/admin/jobs?status=failed&limit=5", headers=headers, timeout=SECONDS).json()["jobs"]
    keys = [job["id"] for job in failed]
    page = browser.new_page()
    try:
        page.goto(f"{url}/tutor/courses")
        page.evaluate(LISTEN, f"{url}/admin/jobs/stream{query}")
        assert [event for event, _, _ in received(page, 1)] == ["ready"]
        for key in keys:
            post(f"{key}/retry")
        events = received(page, 1 + len(keys))
        assert [event for event, _, _ in events] == ["ready"] + ["retry"] * len(keys)
        assert [json.loads(data)["id"] for _, _, data in events[1:]] == keys
    finally:
        page.close()


def test_a_web_socket_gets_changes_and_replies_and_is_closed_by_a_reset(browser: Browser, server: Any) -> None:
    page = browser.new_page()
    try:
        page.goto(f"{server.url}/jobs")
        page.evaluate(CONNECT, f"{server.url}/live")
        (ready,) = received(page, 1)
        assert ready["event"] == "ready"
        page.evaluate("window.socket.send('ping')")
        assert received(page, 2)[1] == "pong"
        requests.post(f"{server.url}/jobs/a/cancel", timeout=SECONDS).raise_for_status()
        event = received(page, 3)[2]
        assert (event["event"], event["key"], event["record"]["status"]) == ("cancel", "a", "cancelled")
        requests.post(f"{server.url}/__mock/reset", timeout=SECONDS)
        messages = received(page, 5)
        assert messages[3]["event"] == "reset"
        assert messages[4] == 1012
    finally:
        page.close()
