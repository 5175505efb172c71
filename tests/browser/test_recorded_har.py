"""What Chromium records of its own traffic becomes a contract directory that gives the same responses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import requests
from click.testing import CliRunner
from playwright.sync_api import Browser, Page

from mockserver import BackgroundServer, create_app
from mockserver.cli.main import main
from tests.browser.conftest import SECONDS

CALLS = """async () => {
    const read = async (path, options) => {
        const response = await fetch(path, options);
        return [response.status, await response.json()];
    };
    return [
        await read("/admin/jobs?limit=3&status=failed"),
        await read("/admin/jobs/job-7"),
        await read("/admin/jobs/job-7/retry", {method: "POST", headers: {Authorization: "Bearer s3cr3t-t0k3n-0f-mine"}}),
        await read("/admin/jobs/job-7"),
        await read("/admin/jobs/job-3/cancel", {method: "POST"}),
    ];
}"""


def call(page: Page, url: str) -> list[Any]:
    page.goto(f"{url}/tutor/courses")
    responses: list[Any] = page.evaluate(CALLS)
    return responses


def test_the_browser_gets_what_it_has_recorded(browser: Browser, tmp_path: Path) -> None:
    har, directory = tmp_path / "traffic.har", tmp_path / "recorded"
    with BackgroundServer(create_app()) as server:
        document = requests.get(f"{server.url}/openapi.json", timeout=SECONDS).json()
        context = browser.new_context(record_har_path=har)
        recorded = call(context.new_page(), server.url)
        context.close()
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    arguments = ["init", "--from", str(har), "--contract", str(tmp_path / "openapi.json"), str(directory)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    with BackgroundServer(create_app(directory)) as server:
        page = browser.new_page()
        try:
            assert call(page, server.url) == recorded
        finally:
            page.close()
    assert "s3cr3t-t0k3n-0f-mine" not in "".join(path.read_text() for path in directory.rglob("*.*"))
