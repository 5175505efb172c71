"""`mockserver.wsgi:app` on another WSGI server: the one of the standard library."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import pytest
import requests

from tests.cli.test_main import SECONDS
from tests.conftest import MakeContract


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch, make_contract: MakeContract) -> Iterator[str]:
    monkeypatch.setenv("MOCKSERVER_CONTRACT", str(make_contract()))
    monkeypatch.setenv("MOCKSERVER_SCENARIO", "baseline")
    module = importlib.reload(importlib.import_module("mockserver.wsgi"))
    server = make_server("127.0.0.1", 0, validator(module.app), handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(SECONDS)
    server.server_close()


def test_any_wsgi_server_serves_the_same(url: str) -> None:
    with requests.Session() as session:
        assert session.get(f"{url}/jobs/a", timeout=SECONDS).json()["status"] == "queued"
        assert session.post(f"{url}/jobs/a/cancel", timeout=SECONDS).json()["status"] == "cancelled"
        assert session.post(f"{url}/__mock/reset", timeout=SECONDS).status_code == 200
        assert session.get(f"{url}/jobs/50%25", timeout=SECONDS).headers["X-Mock-Code"] == "unknown-record"
        assert session.head(f"{url}/jobs", timeout=SECONDS).status_code == 200


def test_a_fault_closes_early_and_the_journal_says_so(url: str) -> None:
    override = {"operation": "getJob", "fault": "connection-reset"}
    requests.post(f"{url}/__mock/overrides", json=override, timeout=SECONDS)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(f"{url}/jobs/a", timeout=SECONDS)
    entry = requests.get(f"{url}/__mock/requests", timeout=SECONDS).json()["requests"][0]
    assert entry["override"] == "override-1"
    assert "connection-reset" in entry["note"]
