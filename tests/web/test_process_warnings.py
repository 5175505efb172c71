"""The warning about several processes that do not share their state."""

from __future__ import annotations

import logging

import pytest
from flask import Flask

from mockserver.cli.serve import app_from_environment
from mockserver.web.process_warnings import MESSAGE


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno == logging.WARNING]


@pytest.mark.parametrize("path", ["/admin/jobs", "/__mock/health", "/nowhere"])
def test_the_first_request_of_several_processes_is_one_warning(
    app: Flask, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    for _ in range(3):
        app.test_client().get(path, environ_overrides={"wsgi.multiprocess": True})
    assert warnings(caplog) == [MESSAGE]


def test_one_process_is_no_warning(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    app.test_client().get("/admin/jobs")
    assert warnings(caplog) == []


@pytest.mark.parametrize(("workers", "count"), [("4", 1), ("1", 0), ("", 0), ("auto", 0)])
def test_the_environment_may_say_how_many_processes_there_are(
    workers: str, count: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", workers)
    app = app_from_environment()
    assert warnings(caplog) == [MESSAGE] * count
    app.test_client().get("/admin/jobs", environ_overrides={"wsgi.multiprocess": True})
    assert warnings(caplog) == [MESSAGE]


def test_processes_that_share_their_state_are_no_warning(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    monkeypatch.setenv("MOCKSERVER_STORE", "redis://127.0.0.1:1/0")
    app = app_from_environment()
    app.test_client().get("/__mock/health", environ_overrides={"wsgi.multiprocess": True})
    assert MESSAGE not in warnings(caplog)
